"""Reads lessons from their files: front matter, Markdown, and the blocks between."""

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from engine.config.errors import shown
from engine.lessons.block import Block
from engine.lessons.blocks import Reader, read_code, read_pair, read_run, read_runs, read_step
from engine.lessons.lesson import QUIZ, BrokenLesson, Lesson, LessonError, Part, Prose
from engine.lessons.questions import read_question
from engine.paths import LESSONS

FOLDER_VARIABLE = "BACKPROP_LAB_LESSONS"
NAME = re.compile(r"^(?:(?P<number>[0-9]{2})-)?(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.md$")
FENCE = re.compile(r"^(?P<marks>`{3,}|~{3,})[ \t]*(?P<word>[^`]*?)[ \t]*$")
CHARACTERS_AT_MOST = 200_000
READERS: dict[str, Reader] = {
    "run": read_run,
    "pair": read_pair,
    "runs": read_runs,
    "step": read_step,
    "question": read_question,
    "code": read_code,
}


def lesson_folders() -> list[Path]:
    """Return the folders with lessons: the project's own, then that of the environment variable."""
    own = os.environ.get(FOLDER_VARIABLE, "")
    return [LESSONS, *([Path(own)] if own else [])]


def read_lessons(folders: Sequence[Path] | None = None) -> list[Lesson | BrokenLesson]:
    """Return all lessons in their order, the quiz last; those that cannot be shown say why.

    A folder that is not there has none. A lesson replaces one of the same name in a folder before; others
    of that folder come after it.

    Parameters
    ----------
    folders : sequence of Path, optional
        By default :func:`lesson_folders`.
    """
    found: dict[str, Lesson | BrokenLesson] = {}
    for folder in lesson_folders() if folders is None else folders:
        for path in sorted(folder.glob("*.md")):
            if path.name != "README.md":
                lesson = read_file(path)
                found[lesson.slug] = lesson
    quiz = found.pop(QUIZ, None)
    return [*found.values(), *([quiz] if quiz else [])]


def read_file(path: Path) -> Lesson | BrokenLesson:
    """Return the lesson in a file, or why it cannot be shown."""
    file, named = f"{path.parent.name}/{path.name}", NAME.match(path.name)
    number = int(named["number"]) if named and named["number"] else None
    slug = named["slug"] if named else path.stem
    try:
        if named is None or (number is None) != (slug == QUIZ):
            raise LessonError(f"{file}: the name must be a number and words, such as 03-loss.md, or quiz.md")
        about = path.stat()
        return _read(path, about.st_mtime_ns, about.st_size, file, slug, number)
    except LessonError as error:
        return BrokenLesson(slug, file, number, str(error))
    except (OSError, UnicodeDecodeError) as error:
        return BrokenLesson(
            slug, file, number, f"{file}: the file must be readable text in UTF-8, got {error}"
        )


@lru_cache(maxsize=128)
def _read(path: Path, changed: int, size: int, file: str, slug: str, number: int | None) -> Lesson:
    if size > CHARACTERS_AT_MOST:
        raise LessonError(f"{file}: a lesson must have at most {CHARACTERS_AT_MOST:,} bytes, got {size:,}")
    return lesson_from_text(path.read_text("utf-8"), file, slug, number)


def lesson_from_text(text: str, file: str, slug: str, number: int | None) -> Lesson:
    """Return the lesson that a text is.

    Parameters
    ----------
    file : str
        What sentences call it.

    Raises
    ------
    LessonError
        One sentence with file and line on the first thing that is wrong.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    end = next((place for place, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if not lines or lines[0].rstrip() != "---" or end is None:
        raise LessonError(
            f"{file}, line 1: a lesson must begin with title, minutes and after between two lines ---"
        )
    head = Block("\n".join(lines[1:end]), file, 1, "lesson's head")
    keys = ("title", "minutes", "after")
    head.check_keys(keys, keys)
    minutes = head.number("minutes")
    if not 0 < minutes <= 600:
        raise head.wrong(f"must be more than 0 and at most 600, got {shown(minutes)}", "minutes")
    parts = _parts(lines, end + 1, file)
    return Lesson(slug, file, number, head.text("title"), minutes, head.text("after"), tuple(parts))


def _parts(lines: Sequence[str], start: int, file: str) -> list[Part]:
    """Return prose and blocks from a line on, counted from 0."""
    parts: list[Part] = []
    prose: list[str] = []
    begun, place = start, start

    def close_prose() -> None:
        content = "\n".join(prose).strip("\n")
        if content.strip():
            parts.append(Prose(content, f"{file}, line {begun + 1}"))
        prose.clear()

    while place < len(lines):
        fence = FENCE.match(lines[place])
        if fence is None:
            prose.append(lines[place])
            place += 1
            continue
        end = _closing(lines, place, fence["marks"])
        if end is None:
            raise LessonError(
                f"{file}, line {place + 1}: a block must be closed by {fence['marks']}, got none"
            )
        if fence["word"] in READERS:
            close_prose()
            block = Block("\n".join(lines[place + 1 : end]), file, place + 1, fence["word"])
            parts.append(READERS[fence["word"]](block))
            begun = end + 1
        else:
            prose += lines[place : end + 1]
        place = end + 1
    close_prose()
    return parts


def _closing(lines: Sequence[str], opened: int, marks: str) -> int | None:
    for place in range(opened + 1, len(lines)):
        line = lines[place].rstrip()
        if line.startswith(marks) and not line.strip(marks[0]):
            return place
    return None
