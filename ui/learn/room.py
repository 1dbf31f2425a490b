"""Room that is kept for what a block draws, so that nothing below it jumps when it comes."""

from engine.lessons.lesson import Experiment, Lesson
from ui.learn.charts import HEIGHT
from ui.replay.player import RUNS_AT_MOST

NETWORK = "network"
# Pixels, measured: around a block's charts, of a card beside its chart, of a sentence, of a row of a table.
AROUND, CARD, SENTENCE, TABLE_ROW = 110, 90, 40, 39
# Of a player with one run and with two, on a wide and on a narrow screen.
PLAYERS = {False: (0, 800, 1710), True: (0, 1760, 3300)}
NARROW = 640


def cards_height(experiment: Experiment, *, narrow: bool = False) -> int:
    """Return about how many pixels the charts of an experiment take."""
    together = experiment.kind in ("runs", "choices")
    charts = [show for show in experiment.show if show != NETWORK]
    cards = sum(1 if together and show != "gradients" else len(experiment.configs) for show in charts)
    return (cards if narrow else -(-cards // 2)) * (HEIGHT + CARD)


def players_height(experiment: Experiment, *, narrow: bool = False) -> int:
    """Return about how many pixels the players of an experiment take."""
    if NETWORK not in experiment.show:
        return 0
    full, rest = divmod(len(experiment.configs), RUNS_AT_MOST)
    return full * PLAYERS[narrow][RUNS_AT_MOST] + PLAYERS[narrow][rest]


def drawn_height(experiment: Experiment, *, narrow: bool = False) -> int:
    """Return about how many pixels charts, players and tables of an experiment take, rather too few."""
    total = cards_height(experiment, narrow=narrow) + players_height(experiment, narrow=narrow)
    if experiment.measures:
        runs = len(experiment.configs)
        total += SENTENCE if experiment.kind == "pair" else TABLE_ROW * (runs + 1)
    return total


def room_style(lesson: Lesson) -> str:
    """Return the CSS that keeps the room of each block of a lesson from the first moment on."""
    rules = {narrow: [] for narrow in (False, True)}
    for number, part in enumerate(lesson.parts):
        if isinstance(part, Experiment):
            for narrow, found in rules.items():
                place = f"{lesson.slug}_{number}"
                found += [
                    _rule(f"learn_block_{place}", AROUND + drawn_height(part, narrow=narrow)),
                    _rule(f"learn_cards_{place}", cards_height(part, narrow=narrow) - CARD // 4),
                    _rule(f"learn_players_{place}", players_height(part, narrow=narrow)),
                ]
    wide, narrow = (" ".join(found) for found in rules.values())
    return f"@media screen {{ {wide} }}\n@media screen and (max-width: {NARROW}px) {{ {narrow} }}"


def _rule(key: str, height: int) -> str:
    return f".st-key-{key} {{ min-height: {height}px; }}" if height > 0 else ""
