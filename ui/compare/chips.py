"""The chips of a comparison: one for each run, or for each group of seeds, by what makes it differ."""

from collections.abc import Mapping, Sequence

from engine.figures.bands import Seeds, format_run_ids
from engine.store.differences import Apart
from engine.store.row import RunRow
from ui.live_chart import Chip
from ui.shared.difference_text import difference_cells, difference_names
from ui.shared.run_state import settings_of, state_of
from ui.shared.text import visible

NAME_LENGTH, TEXT_LENGTH = 30, 60


def chips_of(
    rows: Sequence[RunRow], bands: Sequence[Seeds], apart: Apart, looks: Mapping[int, tuple[str, str]]
) -> list[Chip]:
    """Return the chips in the order of the runs; the runs of a band stand at the place of their first.

    Parameters
    ----------
    looks : mapping
        Colour and marker by run, as in the chart.
    """
    members = {run: list(band.runs.values()) for band in bands for run in band.runs.values()}
    groups = list(dict.fromkeys(tuple(members.get(row.id, [row.id])) for row in rows))
    names, cells = difference_names(apart, groups), difference_cells(apart, groups)
    by_id = {row.id: row for row in rows}
    return [
        _chip([by_id[run] for run in group], name, settings, looks[group[0]], is_alone=len(groups) == 1)
        for group, name, settings in zip(groups, names, cells, strict=True)
    ]


def _chip(
    rows: Sequence[RunRow], name: str, settings: Mapping[str, str], look: tuple[str, str], *, is_alone: bool
) -> Chip:
    ids = [row.id for row in rows]
    given = {visible(row.name, NAME_LENGTH) for row in rows}
    own = given.pop() if len(given) == 1 else ""
    text = name or own or (settings_of(rows[0]) if is_alone else "")
    return Chip(
        group=str(min(ids)),
        colour=look[0],
        symbol=look[1],
        number=f"{'' if text else 'run ' if len(ids) == 1 else 'runs '}{format_run_ids(ids)}",
        text=visible(text, TEXT_LENGTH),
        note="" if own == text else own,
        about=_about(rows, own),
        settings=settings,
    )


def _about(rows: Sequence[RunRow], own: str) -> str:
    name = f" · {own}" if own else ""
    if len(rows) == 1:
        return f"run {rows[0].id}{name} · {settings_of(rows[0])} · {state_of(rows[0])}"
    runs = format_run_ids([row.id for row in rows])
    return f"runs {runs}{name} · {len(rows)} seeds · {settings_of(rows[0])}"
