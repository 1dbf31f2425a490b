"""What framed charts are made of, and the one message that carries all of them."""

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
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
    """

    key: str
    state: Hashable
    draw: Callable[[], Figure | EncodedFigure]
    identity: str
    alt: str

    def encoded(self) -> EncodedFigure:
        """Return the figure as what is sent of it."""
        found = self.draw()
        return encode_figure(found) if isinstance(found, Figure) else found


@dataclass(frozen=True)
class ChartCard:
    """A frame with a title, charts one below the other and a sentence; title and sentence may be empty.

    Room for the sentence is kept (``ui/shared/style.css``), so that nothing jumps. Both are shown as
    plain text.
    """

    title: str
    charts: Sequence[Chart]
    sentence: str = ""


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
            places.append({"key": chart.key, "serial": known["serial"], "offset": end, "size": len(blob)})
            blobs.append(blob + bytes(-len(blob) % 8))
            end += len(blobs[-1])
        listed.append({"title": card.title, "sentence": card.sentence, "charts": places})
    text = json.dumps({**header, "cards": listed}, allow_nan=False, separators=(",", ":"))
    return framed(text, blobs), held


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
