"""The rendered text of a page, run by run with its place, as the browser laid it out.

A list that keeps only the rows in view is read again at every screen: what came is added.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from holdfast.adapters.tab import Tab
from holdfast.adapters.tiles import Place
from holdfast.core.canonical import Json, canonical, one_line, visible
from holdfast.core.observed import Run

MOST_RUNS = 200_000
MOST_TEXT = 2000
SECONDS = 20.0
"""How long reading again may take in all."""


class PageText:
    """Every run of text that was laid out while a page was pictured."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._known: set[tuple[str, int, int, int, int]] = set()
        self._spent = 0.0
        self._first = 0
        self.runs: list[Run] = []
        self.frames: list[tuple[str, int | None, int | None]] = []
        """(address, x, y) of each frame; no place is known of one that has its own process."""
        self.partial = False

    def whole(self) -> None:
        """Everything laid out now is read."""
        for near, snapshot in self._tab.snapshots():
            self._take(snapshot, near)
        self._first = len(self.runs)

    def passed(self, place: Place, box: int) -> None:
        """What came or changed since the last look is read, as far as it is in view."""
        if not place.changes:
            return
        if self._spent > SECONDS:
            self.partial = True
            return
        began = time.monotonic()
        for near, snapshot in self._tab.snapshots():
            if near:
                self._take(snapshot, near, place, box)
            break
        self._spent += time.monotonic() - began

    def _take(
        self, snapshot: dict[str, Any], near: bool, view: Place | None = None, box: int = 0
    ) -> None:
        strings: list[str] = snapshot["strings"]
        at: dict[int, tuple[int | None, int | None]] = {0: (0, 0) if near else (None, None)}
        page = snapshot["documents"][0]
        scrolled = (page.get("scrollOffsetX", 0), page.get("scrollOffsetY", 0))
        for number, document in enumerate(snapshot["documents"]):
            left, top = at.get(number, (None, None))
            if number and left is not None and top is not None:
                left -= round(document.get("scrollOffsetX", 0))
                top -= round(document.get("scrollOffsetY", 0))
            for inner, place in _holders(document):
                if left is not None and top is not None:
                    at[inner] = (round(left + place[0]), round(top + place[1]))
            frame = self._frame(_text(strings, document["documentURL"]), left, top)
            for text, bounds in _boxes(document, strings):
                x, y = round(bounds[0] + (left or 0)), round(bounds[1] + (top or 0))
                if view is not None:
                    # Where it stands in the window, and from there in what is scrolled.
                    across, down = x - scrolled[0] - view.left, y - scrolled[1] - view.top
                    if not (0 <= across < view.across and -bounds[3] < down < view.down):
                        continue
                    if box:
                        x, y = round(across + view.x), round(down + view.y)
                self._add(text, x, y, bounds, frame, box)

    def _add(self, text: str, x: int, y: int, bounds: list[float], frame: int, box: int) -> None:
        key = (text, x, y, frame, box)
        if key in self._known:
            return
        if len(self.runs) >= MOST_RUNS:
            self.partial = True
            return
        self._known.add(key)
        run = Run(
            text=visible(text[:MOST_TEXT]),
            x=x,
            y=y,
            width=round(bounds[2]),
            height=round(bounds[3]),
            frame=frame,
            box=box,
        )
        self.runs.append(run)

    def _frame(self, url: str, left: int | None, top: int | None) -> int:
        found = (one_line(url[:2000]), left, top)
        if found not in self.frames:
            self.frames.append(found)
        return self.frames.index(found)

    @property
    def later(self) -> tuple[Run, ...]:
        """What was not there when the page was first read, from top to bottom."""
        return tuple(sorted(self.runs[self._first :], key=lambda run: (run.box, run.y, run.x)))

    def body(self) -> bytes:
        """``page-text.json``."""
        frames: list[Json] = [{"url": url, "x": x, "y": y} for url, x, y in self.frames]
        runs: list[Json] = [
            {
                "text": run.text,
                "x": run.x,
                "y": run.y,
                "width": run.width,
                "height": run.height,
                "frame": run.frame,
                "box": run.box,
            }
            for run in self.runs
        ]
        return canonical(
            {"unit": "css-pixel", "frames": frames, "runs": runs, "partial": self.partial}
        )


def _text(strings: list[str], index: int) -> str:
    return strings[index] if 0 <= index < len(strings) else ""


def _boxes(document: dict[str, Any], strings: list[str]) -> Iterator[tuple[str, list[float]]]:
    """Each run with its box in its own document."""
    boxes, texts = document["textBoxes"], document["layout"]["text"]
    for index, bounds, start, length in zip(
        boxes["layoutIndex"], boxes["bounds"], boxes["start"], boxes["length"], strict=True
    ):
        text = _text(strings, texts[index])
        # Offsets count UTF-16 units; most text has none that need two.
        if len(text) != start + length or start:
            # What cuts a text off may leave half a character: a script, or the end of a line.
            wide = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * (start + length)]
            text = wide.decode("utf-16-le", "surrogatepass")
        if text.strip():
            yield text, bounds


def _holders(document: dict[str, Any]) -> Iterator[tuple[int, list[float]]]:
    """(number of the document inside, box of the element that holds it)."""
    inner = document["nodes"].get("contentDocumentIndex", {"index": [], "value": []})
    layout = document["layout"]
    holder = {node: place for place, node in enumerate(layout["nodeIndex"])}
    for node, number in zip(inner["index"], inner["value"], strict=True):
        if node in holder:
            yield number, layout["bounds"][holder[node]]
