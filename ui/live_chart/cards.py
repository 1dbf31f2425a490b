"""What framed charts are made of, and the one message that carries all of them."""

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.figures.figure import Figure
from ui.live_chart.encoding import EncodedFigure, encode_figure
from ui.live_chart.message import MESSAGES_OVERLAPPED, framed, message

Sent = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """One chart of a card.

    Attributes
    ----------
    key : str
        Constant key of the chart on its page.
    state : hashable
        All that the chart depends on: while it stays equal, the browser's chart is left as it is.
    draw : callable
        Returns the figure, with a fixed height, or what :func:`~ui.live_chart.encoding.encode_figure` made
        of it; called when the browser needs it. Text and grid take their colours from the page's theme.
    identity : str
        What is shown, such as the ids of the runs; zoom and hidden legend items are kept while it stays.
    alt : str
        Text for screen readers.
    cursor : {"", "line", "values"}
        What the pointer shows: Plotly's own labels; a line that all charts of the page with such a cursor
        and the same title of the x axis share; or that line with a table of the values of all lines there,
        whose columns can be pinned. Plotly's labels stay, but for ``values``.
    """

    key: str
    state: Hashable
    draw: Callable[[], Figure | EncodedFigure]
    identity: str
    alt: str
    cursor: str = ""

    def encoded(self) -> EncodedFigure:
        """Return the figure as what is sent of it."""
        found = self.draw()
        return encode_figure(found) if isinstance(found, Figure) else found


@dataclass(frozen=True)
class Chip:
    """What stands for some lines of a card's charts: a click hides and shows them, its cross takes them away.

    Attributes
    ----------
    group : str
        The ``legendgroup`` of its lines.
    colour, symbol : str
        Of its lines; the symbol by Plotly's name.
    number, text, note : str
        Its name, what comes before it and what comes after it, shown faint.
    about : str
        Shown while the pointer rests on it.
    settings : mapping
        What tells it from the others, by name; shown as a table beside the chart.
    """

    group: str
    colour: str
    symbol: str
    number: str
    text: str
    note: str = ""
    about: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChartCard:
    """A frame with a title, charts one below the other and a sentence; title and sentence may be empty.

    Room for the sentence is kept (``ui/shared/style.css``), so that nothing jumps. Both are shown as
    plain text. Chips take the place of the charts' legends, with ``key`` for what they do not say, such as
    what a dashed line is.
    """

    title: str
    charts: Sequence[Chart]
    sentence: str = ""
    chips: Sequence[Chip] = ()
    key: str = ""


def cards_message(header: dict[str, Any], cards: Sequence[ChartCard], sent: Sent) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and by chart what it will hold once they have arrived.

    The message of a chart that stays the same is in as many messages of the cards as Streamlit may merge
    (``MESSAGES_OVERLAPPED``), and from then on named only: a card that rests costs some hundred bytes.

    Parameters
    ----------
    header : dict
        What the browser needs to know of all of them.
    sent : dict
        What this function returned for the previous message, or what :func:`resent` made of it. Of charts
        that are away it keeps the serial: when they come back they are new to the browser.
    """
    blobs, held, listed, end = [], resent(sent), [], 0
    for card in cards:
        places = []
        for chart in card.charts:
            known = held[chart.key] = _held(chart, sent.get(chart.key, {}))
            blob = known["blob"]
            place = {"key": chart.key, "serial": known["serial"], "offset": end, "size": len(blob)}
            places.append({**place, "cursor": chart.cursor} if chart.cursor else place)
            blobs.append(blob + bytes(-len(blob) % 8))
            end += len(blobs[-1])
        words = {"title": card.title, "sentence": card.sentence}
        chips = _chips(card, held, sent) if card.chips else {}
        listed.append({**words, **chips, "charts": places})
    text = json.dumps({**header, "cards": listed}, allow_nan=False, separators=(",", ":"))
    return framed(text, blobs), held


def _chips(card: ChartCard, held: Sent, sent: Sent) -> dict[str, Any]:
    """Return the chips of a card as they are sent; those that the browser has got are named by a key only.

    What it holds of them is remembered with the first chart of the card.
    """
    chart = card.charts[0].key
    chips = {"chips": [asdict(chip) for chip in card.chips], "key": card.key}
    key = hashlib.blake2b(json.dumps(chips).encode(), digest_size=6).hexdigest()
    before, times = sent.get(chart, {}).get("chips", ("", 0))
    times = min(times if before == key else 0, MESSAGES_OVERLAPPED) + 1
    held[chart] = {**held[chart], "chips": (key, times)}
    return {"chipsKey": key, **(chips if times <= MESSAGES_OVERLAPPED else {})}


def resent(sent: Sent) -> Sent:
    """Return what makes the next message a whole one; serials go on, so that it is taken for a new one."""
    serials = {key: held["serial"] for key, held in sent.items()}
    return {key: {"serial": serial, "known": {"serial": serial}} for key, serial in serials.items()}


def _held(chart: Chart, held: Sent) -> Sent:
    """Return what the browser will hold of a chart, with its message, which is empty once it is known."""
    state = (chart.state, chart.identity, chart.alt)
    if held.get("state") == state:
        times = held["times"] + 1
        return {**held, "times": times, "blob": held["blob"] if times <= MESSAGES_OVERLAPPED else b""}
    about = {"identity": chart.identity, "title": chart.alt}
    blob, known = message(about, chart.encoded(), held.get("known", {}))
    return {"state": state, "times": 1, "blob": blob, "known": known, "serial": known["serial"]}
