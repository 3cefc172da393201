"""A page, or a box that scrolls inside it, as one long picture made of the screens a reader sees.

The page is only scrolled.  The browser's own way of reaching beyond its window makes the page one
pixel small for a moment: layouts for telephones come up, and lists empty themselves.  What hangs
in the window while the page moves (a fixed header, a button, a bar) is not altered either: each
screen gives the rows that nothing hangs over, so that the picture shows such a thing where it was
first, and the rows below it from another screen.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from holdfast.core.canonical import Json, one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]

PICTURE = 16_000
"""Rows of pixels of one picture; a longer page has several."""
TALLEST = 200_000
"""CSS pixels of a page's height that are pictured."""
WIDEST = 4000
"""CSS pixels of a page's width that are pictured."""
GROWN = 30
"""Screens that a page may grow by, or move down in all, while it is pictured."""
LONGEST = 600.0
"""Seconds after which a picture is given up: a page that answers slowly enough has no end."""
OVERLAP = 40
"""CSS pixels that two screens share: they must show the same, or the page has moved."""
SLACK = 20
"""CSS pixels above these, so that they are found too where the page moved up a little."""
ALIKE = 0.02
"""Share of pixels that may differ where two screens show the same rows: a film plays on."""
TALL = 0.5
"""Share of the window that a hanging thing may take up before it is left where it hangs."""
LEAST = 0.15
"""Share of the window that must be free; else every screen is taken as it is."""
PATIENCE = 6
"""Further looks in all, beside one each, at screens that do not go on from the last."""
MOST_NOTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What hangs in the window while the rest moves, CSS pixels of the window."""

    name: str
    top: float
    bottom: float
    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a box stands now, CSS pixels."""

    x: float
    y: float
    """How far it is scrolled."""
    left: float
    top: float
    """Where its visible part begins in the window."""
    across: float
    down: float
    """Its visible part."""
    width: float
    height: float
    """All that is in it."""
    scale: float
    """Pixels of the screen to one CSS pixel."""
    bars: tuple[Bar, ...] = ()
    changes: int = 0
    """Parts of the page that came or went since the last look."""
    waiting: int = 0
    """Pictures in view that had not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One picture file: rows ``top`` to ``top + rows`` of the whole, in pixels."""

    file: str
    top: int
    rows: int


@dataclass(slots=True, kw_only=True)
class Unrolled:
    """What came of picturing a box from top to bottom."""

    box: int
    """0 is the page itself."""
    scale: float = 1.0
    parts: list[Part] = field(default_factory=list)
    rows: int = 0
    """Pixels that the pictures cover."""
    width: int = 0
    content_height: float = 0.0
    """CSS pixels, when the end was reached or given up."""
    content_width: float = 0.0
    first_height: float = 0.0
    """CSS pixels, when it began."""
    began: float = 0.0
    """CSS pixels above the first row that were never in view."""
    screens: int = 0
    hanging: dict[str, str] = field(default_factory=dict)
    """What hung in the window: ``once`` in the picture, or ``repeated`` in every screen."""
    moved: list[tuple[int, int]] = field(default_factory=list)
    """(row, by how many pixels the rows below had moved when they were pictured)."""
    unlike: list[int] = field(default_factory=list)
    """Rows where two screens did not show the same although they should."""
    waited: int = 0
    """Pictures that had not come when their screen was taken."""
    whole: bool = True
    """False when it was given up before its end."""
    colour: str = ""
    """``#rrggbb`` when every pixel is the same."""

    @property
    def steady(self) -> bool:
        """Whether nothing moved or was missing on the way; by one pixel edges are rounded."""
        return not (self.unlike or self.waited or any(abs(by) > 1 for _, by in self.moved))

    @property
    def covered(self) -> bool:
        """Whether the pictures reach the end, with no rows left out where something moved."""
        return self.whole and self.height >= round(self.content_height - self.began) - 1

    @property
    def height(self) -> int:
        """CSS pixels that the pictures cover."""
        return round(self.rows / self.scale)

    def body(self) -> dict[str, Json]:
        """As it stands in page.json.  Scales are written as text, for numbers there are whole."""
        return {
            "box": self.box,
            "scale": f"{self.scale:g}",
            "width": self.width,
            "rows": self.rows,
            "content_width": round(self.content_width),
            "content_height": round(self.content_height),
            "first_height": round(self.first_height),
            "began": round(self.began),
            "screens": self.screens,
            "files": [{"file": p.file, "top": p.top, "rows": p.rows} for p in self.parts],
            "hanging": [
                {"name": one_line(name), "shown": shown} for name, shown in self.hanging.items()
            ],
            "moved": [{"row": row, "by": by} for row, by in self.moved],
            "unlike": list(self.unlike),
            "images_missing": self.waited,
            "whole": self.whole,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """The largest run of rows over which nothing hangs, and what is left hanging in it."""

    top: float
    bottom: float
    hanging: tuple[Bar, ...] = ()


def free_rows(place: Place) -> Free:
    """What of a screen can be used, CSS pixels from its top."""
    low = [bar for bar in place.bars if bar.bottom - bar.top <= place.down * TALL]
    left = [bar for bar in place.bars if bar not in low]
    best, at = (0.0, 0.0), 0.0
    ends = sorted((bar.top, bar.bottom) for bar in low)
    for top, bottom in [*ends, (place.down, place.down)]:
        if top - at > best[1] - best[0]:
            best = (at, top)
        at = max(at, bottom)
    if best[1] - best[0] < place.down * LEAST:
        return Free(top=0.0, bottom=place.down, hanging=place.bars)
    return Free(top=best[0], bottom=best[1], hanging=tuple(left))


def load() -> None:
    """What joins screens is loaded, so that the first of them need not wait for it."""
    import_module("numpy")
    import_module("PIL.PngImagePlugin")


class PngRows:
    """A PNG that grows by rows; after ``close`` its head says how many there are."""

    _HEAD = 33
    """Signature and IHDR."""

    def __init__(self, at: Path, width: int) -> None:
        self._file = at.open("w+b")
        self._width = width
        self._zip = zlib.compressobj(2)
        self.rows = 0
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._head(0)

    def _head(self, rows: int) -> None:
        # Eight bits of each of three colours, no interlacing (ISO/IEC 15948 §11.2.2).
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", self._width, rows, 8, 2, 0, 0, 0))

    def _chunk(self, kind: bytes, data: bytes) -> None:
        check = zlib.crc32(kind + data)
        self._file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))

    def add(self, pixels: Pixels) -> None:
        """These rows, below those before."""
        import numpy as np

        rows = len(pixels)
        flat = pixels.reshape(rows, -1)
        # Each line begins with its filter: 2 is the difference from the line above (§9.2).
        lines = np.empty((rows, self._width * 3 + 1), np.uint8)
        lines[:, 0] = 2
        lines[0, 0], lines[0, 1:] = 0, flat[0]
        np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
        if data := self._zip.compress(lines.data):
            self._chunk(b"IDAT", data)
        self.rows += rows

    def close(self) -> None:
        """The file is a whole picture of the rows that came."""
        self._chunk(b"IDAT", self._zip.flush())
        self._chunk(b"IEND", b"")
        self._file.seek(8)
        self._head(self.rows)
        self._file.close()


class Album:
    """Picture files of PICTURE rows each, written beside whoever takes the screens."""

    def __init__(
        self, folder: Path, stem: str, expected: int, written: Callable[[str], None]
    ) -> None:
        """``expected`` rows will come, or more; ``written`` hears the name of each whole file."""
        self._folder = folder
        self._stem = stem
        self._several = expected > PICTURE
        self._written = written
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="png")
        self._last: Future[None] | None = None
        self._png: PngRows | None = None
        self._colour: Pixels | None = None
        """Of every pixel so far; None once two differ."""
        self._name = ""
        self.parts: list[Part] = []
        self.rows = 0

    def add(self, pixels: Pixels) -> None:
        """Rows go below those before, into the next file when one is full."""
        while len(pixels):
            if self._png is None:
                number = len(self.parts) + 1
                one = number == 1 and not self._several
                self._name = f"{self._stem}.png" if one else f"{self._stem}-{number}.png"
                self._png = PngRows(self._folder / self._name, pixels.shape[1])
            room = PICTURE - (self.rows - self._full)
            some, pixels = pixels[:room], pixels[room:]
            self._wait()
            self._last = self._hands.submit(self._draw, self._png, some)
            self.rows += len(some)
            if len(some) == room:
                self._end()

    def _draw(self, png: PngRows, pixels: Pixels) -> None:
        if not self.parts and not png.rows:
            self._colour = pixels[0, 0].copy()
        if self._colour is not None and (pixels != self._colour).any():
            self._colour = None
        png.add(pixels)

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()
            self._last = None

    def _end(self) -> None:
        self._wait()
        assert self._png is not None
        self._png.close()
        self.parts.append(Part(file=self._name, top=self._full, rows=self._png.rows))
        self._png = None
        self._written(self._name)

    @property
    def _full(self) -> int:
        """Rows in files that are complete."""
        return self.parts[-1].top + self.parts[-1].rows if self.parts else 0

    def close(self) -> None:
        """Every file is a whole picture of what came."""
        try:
            if self._png is not None:
                self._end()
        finally:
            self._hands.shutdown()

    @property
    def colour(self) -> str:
        """``#rrggbb`` when every pixel is the same, else empty."""
        if self._colour is None:
            return ""
        return "#" + "".join(f"{value:02x}" for value in self._colour)


class Lens(Protocol):
    """What takes the screens."""

    def place(self, box: int, x: float, y: float) -> Place:
        """The box scrolled as near to (x, y) as it goes, once what comes into view is there."""
        ...

    def screen(self, place: Place) -> Pixels:
        """The visible part of the box now, its pixels untouched."""
        ...

    def changed(self) -> bool:
        """Whether something came or went since the place was looked at."""
        ...


class Unrolling:
    """Takes the screens of one box from top to bottom."""

    def __init__(
        self, lens: Lens, box: int, *, grows: bool = True, seen: Callable[[Place], None]
    ) -> None:
        """``seen`` hears of each place before its screen is taken.  What never ends does not
        ``grows``: it is pictured as far as it went when this began.
        """
        self._lens = lens
        self._seen = seen
        self._grows = grows
        self._album: Album
        self._patience = PATIENCE
        self._tail: Pixels | None = None
        self.done = Unrolled(box=box)

    def into(self, folder: Path, stem: str, written: Callable[[str], None]) -> Unrolled:
        """The box is pictured into ``folder``.  What was taken stays when this raises."""
        first = self._lens.place(self.done.box, 0, 0)
        self.done.scale, self.done.first_height = first.scale, first.height
        self.done.content_height, self.done.content_width = first.height, first.width
        self.done.began = first.y
        self._album = Album(folder, stem, pixel(first.height * first.scale), written)
        try:
            self._down(first)
        finally:
            self._album.close()
            self.done.parts, self.done.rows = self._album.parts, self._album.rows
            self.done.colour = self._album.colour
        return self.done

    def _down(self, place: Place) -> None:
        done, scale = self.done, place.scale
        limit = min(place.height + (GROWN * place.down if self._grows else 0), TALLEST)
        over = time.monotonic() + LONGEST
        at = pixel(place.y * scale)
        """The row of the box, in pixels, that comes next."""
        while True:
            place, free = self._uncovered(place, at)
            pixels = self._taken(place)
            self._note(place, free)
            start = self._start(pixels, at - pixel(place.y * scale), pixel(free.top * scale))
            looks = 0
            while start is None and (looks == 0 or (looks < 4 and self._patience)):
                # Perhaps it was still being drawn, which takes a busy machine long.
                self._patience -= bool(looks)
                looks += 1
                self._lens.place(done.box, 0, place.y)
                pixels = self._taken(place)
                start = self._start(pixels, at - pixel(place.y * scale), pixel(free.top * scale))
            if start is None:
                start = max(at - pixel(place.y * scale), 0)
                if len(done.unlike) < MOST_NOTED:
                    done.unlike.append(done.rows)
            end = min(pixel(free.bottom * scale), pixel((limit - place.y) * scale), len(pixels))
            frame = done.rows + end - start - pixel((place.height - done.began) * scale)
            # Edges were rounded the other way on the way down: below is the frame of the box.
            end -= frame if 0 < frame <= 2 else 0
            if end <= start:
                break
            self._album.add(pixels[start:end])
            done.rows = self._album.rows
            self._tail = pixels[max(start, end - pixel(OVERLAP * scale)) : end].copy()
            at = pixel(place.y * scale) + end
            done.content_height, done.content_width = place.height, place.width
            if at >= pixel(min(place.height, limit) * scale) - 1:
                break
            # What rolls through a window that stays where it is goes on as long as it likes.
            rolled = done.rows >= pixel((limit + GROWN * place.down) * scale)
            if rolled or time.monotonic() > over:
                break
            wanted = at / scale - free_rows(place).top - OVERLAP - SLACK
            unit = _unit(scale)
            place = self._lens.place(done.box, 0, max(wanted // unit * unit, place.y + unit))
        done.whole = at >= pixel(place.height * scale) - 1

    def _uncovered(self, place: Place, at: int) -> tuple[Place, Free]:
        """A place where nothing hangs over the rows that come next and those shared with before.

        What hangs at the top may have grown, or come down: a little higher up they are free.
        """
        unit = _unit(place.scale)
        for _ in range(3):
            free = self._free(place)
            if self._tail is None or place.y <= 0:
                break
            lacking = place.y + free.top - (at - len(self._tail)) / place.scale
            if lacking <= 0:
                break
            place = self._lens.place(self.done.box, 0, max(place.y - -(-lacking // unit) * unit, 0))
        return place, self._free(place)

    def _free(self, place: Place) -> Free:
        """At the top and at the end of the box what hangs there stays in the picture."""
        free = free_rows(place)
        last = place.y + place.down >= place.height - 1
        return Free(
            top=0.0 if self._tail is None else free.top,
            bottom=place.down if last else free.bottom,
            hanging=free.hanging,
        )

    def _taken(self, place: Place) -> Pixels:
        """The screens beside one another at a place, once more if something came meanwhile."""
        pixels = self._row_of_screens(place)
        if self._lens.changed():
            self._lens.place(self.done.box, 0, place.y)
            pixels = self._row_of_screens(place)
        return pixels

    def _note(self, place: Place, free: Free) -> None:
        done = self.done
        done.screens += 1
        done.waited += place.waiting
        self._seen(place)
        for bar in place.bars if len(done.hanging) < MOST_NOTED else ():
            if bar in free.hanging and place.height > place.down + 1:
                done.hanging[bar.name] = "repeated"
            else:
                done.hanging.setdefault(bar.name, "once")

    def _row_of_screens(self, place: Place) -> Pixels:
        """What is in view, and beside it what is reached by going to the right."""
        import numpy as np

        width = min(place.width, WIDEST)
        pixels = self._lens.screen(place)
        across = [pixels]
        x, have = place.x + place.across, pixels.shape[1]
        wanted = pixel(width * place.scale)
        while have < wanted - pixel(place.scale):
            beside = self._lens.place(self.done.box, x, place.y)
            if beside.x + beside.across <= have / place.scale + 0.5 or beside.y != place.y:
                break
            more = self._lens.screen(beside)[:, have - pixel(beside.x * place.scale) :]
            across.append(more[: len(pixels)])
            have += more.shape[1]
            x = beside.x + beside.across
        whole = np.concatenate(across, axis=1)[:, :wanted] if len(across) > 1 else pixels
        return self._as_wide(whole)

    def _as_wide(self, pixels: Pixels) -> Pixels:
        """A page that became wider or narrower fits into the picture it began."""
        import numpy as np

        if not self.done.width:
            self.done.width = pixels.shape[1]
        lacking = self.done.width - pixels.shape[1]
        if lacking > 0:
            pixels = np.pad(pixels, ((0, 0), (0, lacking), (0, 0)))
        return pixels[:, : self.done.width]

    def _start(self, pixels: Pixels, start: int, free: int) -> int | None:
        """The row of this screen that comes next, or None where two screens do not agree on it.

        Rows above ``free`` are hung over and cannot be compared.
        """
        tail = self._tail
        if tail is None:
            return start
        if start - len(tail) >= free and alike(pixels[start - len(tail) : start], tail):
            return start
        # Something moved: what was last seen is looked for in this screen.
        if (found := _where(pixels[free:], tail, start - free)) is None:
            return None
        if len(self.done.moved) < MOST_NOTED:
            self.done.moved.append((self.done.rows, found + free - start))
        return found + free


def pixel(length: float) -> int:
    """The whole pixel to which the browser moves an edge: halves go up."""
    return floor(length + 0.5)


def alike(one: Pixels, other: Pixels) -> bool:
    """Whether two cuts show the same but for a few pixels."""
    if one.shape != other.shape:
        return False
    differ = (one != other).any(axis=2).mean()
    return bool(differ <= ALIKE)


def _where(pixels: Pixels, tail: Pixels, near: int) -> int | None:
    """The row below ``tail`` where it stands in ``pixels``, nearest to ``near``; None if nowhere.

    Rows of one colour stand anywhere and prove nothing.
    """
    if (tail == tail[:1, :1]).all():
        return None
    rows = range(len(tail), len(pixels) + 1)
    for end in sorted(rows, key=lambda row: abs(row - near)):
        first = pixels[end - len(tail)]
        if (first != tail[0]).any(axis=1).mean() > ALIKE:
            continue
        if alike(pixels[end - len(tail) : end], tail):
            return end
    return None


def _unit(scale: float) -> int:
    """How many CSS pixels make a whole number of the screen's."""
    for unit in range(1, 41):
        if abs(unit * scale - round(unit * scale)) < 0.004 * unit:
            return unit
    return 1
