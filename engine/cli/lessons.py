"""The command that lists the lessons and checks what they claim."""

import json
from typing import Annotated, Any

import typer

from engine.cli.options import AsJson

FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command of this file to the command line."""
    app.command("lessons")(lessons_command)


def lessons_command(
    check: Annotated[
        bool, typer.Option("--check", help="train every block; status 1 if a claim fails")
    ] = False,
    only: Annotated[str | None, typer.Option(help="name of a lesson, such as loss")] = None,
    as_json: AsJson = False,
) -> None:
    """List the lessons, and with --check train what their blocks describe and check every claim."""
    from engine.config import ConfigError
    from engine.config.errors import unknown_name
    from engine.lessons.reading import read_lessons

    lessons = read_lessons()
    slugs = frozenset(each.slug for each in lessons)
    if only is not None and only not in slugs:
        raise ConfigError(unknown_name("lesson", only, sorted(slugs)))
    failed = 0
    for lesson in lessons:
        if only in (None, lesson.slug):
            failed += _report(lesson, slugs, check, as_json)
    if failed and check:
        raise SystemExit(FAILED)


def _report(lesson: Any, slugs: frozenset[str], check: bool, as_json: bool) -> int:
    """Print a lesson and what was found in it; return how many claims of it fail."""
    from engine.lessons.checking import check_lesson
    from engine.lessons.lesson import BrokenLesson

    if isinstance(lesson, BrokenLesson):
        data = {"lesson": lesson.slug, "error": lesson.sentence}
        print(json.dumps(data) if as_json else f"{lesson.slug}: cannot be shown\n  {lesson.sentence}")
        return 1
    title = f"{lesson.slug}: {lesson.title} ({lesson.minutes:g} min)"
    found = list(check_lesson(lesson, slugs)) if check else []
    if as_json:
        data = {
            "lesson": lesson.slug,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "after": lesson.after,
        }
        claims = [{"place": each.place, "holds": each.holds, "found": each.sentence} for each in found]
        print(json.dumps({**data, "claims": claims} if check else data))
    else:
        lines = [f"  {'holds ' if each.holds else 'FAILS '} {each.place}: {each.sentence}" for each in found]
        print("\n".join([title, *(lines if check else [f"  {lesson.after}"])]))
    return sum(not each.holds for each in found)
