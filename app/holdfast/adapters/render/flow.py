"""Pages: what stands together, where a page ends, how tables and paragraphs are divided.

Items are measured from the top; a page is filled from top to bottom and never gone back to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from holdfast.adapters.render.paper import HEIGHT, MM, Bookmark, Page
from holdfast.adapters.render.setting import (
    HAIRLINE,
    HEAD,
    INK,
    NOTE,
    Colour,
    Line,
    TextStyle,
    draw_line,
    ink,
    number,
)

LEFT, RIGHT = 25 * MM, 20 * MM
TOP, BOTTOM = 27 * MM, 25 * MM
MEASURE = 165 * MM
ROOM = HEIGHT - TOP - BOTTOM
CLOSE_ENOUGH = 0.5
"""Points by which something may stand over, so that roundings do not push a box to a new page."""


# --- drawing -------------------------------------------------------------------------------------


def rule(page: Page, x: float, y: float, width: float, weight: float, colour: Colour = INK) -> None:
    """A horizontal rule."""
    page.operators.append(
        f"{ink(colour, 'RG')} {number(weight)} w {number(x)} {number(y)} m "
        f"{number(x + width)} {number(y)} l S"
    )


def frame(
    page: Page,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: Colour | None = None,
    stroke: Colour | None = None,
    weight: float = 0.4,
) -> None:
    """A rectangle with its lower left corner at x, y."""
    parts = []
    if fill is not None:
        parts.append(ink(fill))
    if stroke is not None:
        parts.append(f"{ink(stroke, 'RG')} {number(weight)} w")
    how = {(True, True): "B", (True, False): "f", (False, True): "S"}
    operator = how.get((fill is not None, stroke is not None), "n")
    box = f"{number(x)} {number(y)} {number(width)} {number(height)} re {operator}"
    page.operators.append(" ".join((*parts, box)))


# --- items ---------------------------------------------------------------------------------------


class Item(Protocol):
    """Something that stands on a page."""

    @property
    def before(self) -> float:
        """Space above, left out at the top of a page."""
        ...

    @property
    def after(self) -> float: ...

    @property
    def keep_next(self) -> bool:
        """Whether what follows must begin on the same page."""
        ...

    def height(self) -> float:
        """Without the space around."""
        ...

    def least(self) -> float:
        """What must fit for it to begin on a page."""
        ...

    def split(self, room: float) -> tuple[Item, Item] | None:
        """Two parts of which the first fits; None when it cannot be divided there."""
        ...

    def draw(self, page: Page, x: float, top: float) -> None: ...


@dataclass(slots=True)
class Prose:
    """A paragraph: set lines that keep two together on either side of a page's end."""

    lines: list[Line]
    style: TextStyle
    number: Line | None = None
    """The number of an item, at the margin."""
    keep_next: bool = False
    before: float = 0
    after: float = 0

    def height(self) -> float:
        return len(self.lines) * self.style.leading

    def least(self) -> float:
        count = len(self.lines)
        return (count if count < 4 else 2) * self.style.leading

    def split(self, room: float) -> tuple[Item, Item] | None:
        fit = int((room + CLOSE_ENOUGH) // self.style.leading)
        fit = min(fit, len(self.lines) - 2)
        if fit < 2:
            return None
        first = Prose(self.lines[:fit], self.style, self.number, False, self.before, 0)
        rest = Prose(self.lines[fit:], self.style, None, self.keep_next, 0, self.after)
        return first, rest

    def draw(self, page: Page, x: float, top: float) -> None:
        y = top - baseline(self.style)
        if self.number is not None:
            page.operators += draw_line(self.number, x, y)
        for line in self.lines:
            page.operators += draw_line(line, x, y, heavy=self.style.heavy)
            y -= self.style.leading


def baseline(style: TextStyle) -> float:
    """From the top of a line to its baseline: letters stand in the middle of the leading."""
    return style.leading / 2 + style.size * 0.36


@dataclass(slots=True)
class Drawn:
    """A block of one piece."""

    tall: float
    paint: Callable[[Page, float, float], None]
    keep_next: bool = False
    before: float = 0
    after: float = 0

    def height(self) -> float:
        return self.tall

    def least(self) -> float:
        return self.tall

    def split(self, room: float) -> tuple[Item, Item] | None:  # noqa: ARG002  one piece
        return None

    def draw(self, page: Page, x: float, top: float) -> None:
        self.paint(page, x, top)


@dataclass(slots=True)
class CellLine:
    """One line in a cell."""

    line: Line
    style: TextStyle


@dataclass(slots=True)
class TableRow:
    """Cells as lines; what is put above and below them."""

    cells: list[list[CellLine]]
    group: bool = False

    def height(self, pad: tuple[float, float]) -> float:
        return pad[0] + pad[1] + max(map(_tall, self.cells), default=0)


def _tall(cell: Sequence[CellLine]) -> float:
    return sum(line.style.leading for line in cell)


@dataclass(slots=True)
class Grid:
    """A table, with a head (grid) or without (key-value)."""

    widths: list[float]
    head: TableRow | None
    rows: list[TableRow]
    pad: tuple[float, float] = (3.2, 4.0)
    side: float = 4.0
    middle: bool = False
    keep_next: bool = False
    before: float = 0
    after: float = 6
    opens: bool = True
    closes: bool = True

    def _head_height(self) -> float:
        return self.head.height(self.pad) if self.head else 0

    def height(self) -> float:
        return self._head_height() + sum(row.height(self.pad) for row in self.rows)

    def least(self) -> float:
        """The head and the first rows that cannot be parted."""
        if not self.rows:
            return self._head_height()
        count = self._together(0)
        rows = sum(row.height(self.pad) for row in self.rows[:count])
        return min(self._head_height() + rows, ROOM)

    def _together(self, start: int) -> int:
        """How many rows from ``start`` stay together: group rows with the one below."""
        at = start
        while at < len(self.rows) - 1 and self.rows[at].group:
            at += 1
        return at + 1 - start

    def split(self, room: float) -> tuple[Item, Item] | None:
        used = self._head_height()
        count = 0
        while count < len(self.rows):
            step = self._together(count)
            tall = sum(row.height(self.pad) for row in self.rows[count : count + step])
            if used + tall > room + CLOSE_ENOUGH:
                break
            used, count = used + tall, count + step
        if count == len(self.rows) - 1 and count > 1 and not self.rows[count - 2].group:
            count -= 1  # a table's final row is never alone on a page
        if count == 0:
            return self._split_row(room)
        return self._part(self.rows[:count], first=True), self._part(self.rows[count:], first=False)

    def _part(self, rows: list[TableRow], *, first: bool) -> Grid:
        return Grid(
            self.widths,
            self.head,
            rows,
            self.pad,
            self.side,
            self.middle,
            self.keep_next and not first,
            self.before if first else 0,
            0 if first else self.after,
        )

    def _split_row(self, room: float) -> tuple[Item, Item] | None:
        """A row taller than a page is divided between its lines."""
        row = self.rows[0]
        if row.height(self.pad) + self._head_height() <= ROOM:
            return None
        space = room - self._head_height() - sum(self.pad)
        above: list[list[CellLine]] = []
        below: list[list[CellLine]] = []
        for cell in row.cells:
            fit, tall = 0, 0.0
            while fit < len(cell) and tall + cell[fit].style.leading <= space:
                tall += cell[fit].style.leading
                fit += 1
            above.append(cell[:fit])
            below.append(cell[fit:])
        if not any(above) or not any(below):
            return None
        return (
            self._part([TableRow(above)], first=True),
            self._part([TableRow(below), *self.rows[1:]], first=False),
        )

    def draw(self, page: Page, x: float, top: float) -> None:
        width = sum(self.widths)
        y = top
        if self.head is not None:
            tall = self.head.height(self.pad)
            frame(page, x, y - tall, width, tall, fill=HEAD)
            self._draw_row(page, self.head, x, y, tall)
            rule(page, x, y - tall, width, 0.5)
            y -= tall
        for at, row in enumerate(self.rows):
            tall = row.height(self.pad)
            if row.group:
                frame(page, x, y - tall, width, tall, fill=NOTE)
            self._draw_row(page, row, x, y, tall)
            y -= tall
            if at < len(self.rows) - 1:
                rule(page, x, y, width, 0.4, HAIRLINE)
        rule(page, x, top, width, 0.8)
        rule(page, x, y, width, 0.8)

    def _draw_row(self, page: Page, row: TableRow, x: float, top: float, tall: float) -> None:
        left = x
        for at, cell in enumerate(row.cells):
            y = top - self.pad[0]
            if self.middle:
                y -= (tall - sum(self.pad) - _tall(cell)) / 2
            for piece in cell:
                page.operators += draw_line(piece.line, left + self.side, y - baseline(piece.style))
                y -= piece.style.leading
            left += self.widths[at]


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty paper, points."""

    tall: float


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows starts on a new page, unless so many points of this one are free."""

    unless: float = ROOM


@dataclass(frozen=True, slots=True)
class Running:
    """What the header says beside the case number from here on."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """An anchor; with a title it is a bookmark too."""

    name: str
    title: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Together:
    """Items that stay on one page if one page can hold them."""

    items: tuple[AnyItem, ...]


AnyItem: TypeAlias = "Item | Gap | NewPage | Running | Place | Together"


@dataclass(slots=True)
class Laid:
    """Pages as they came out."""

    pages: list[Page] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    """What each page's header says."""
    places: dict[str, int] = field(default_factory=dict)
    """Page number (from 1) of each anchor."""
    bookmarks: list[Bookmark] = field(default_factory=list)


def lay_out(items: Iterable[AnyItem]) -> Laid:
    """The items on pages."""
    flow = _Flow()
    flow.place(list(items))
    flow.end_page()
    return flow.laid


class _Flow:
    def __init__(self) -> None:
        self.laid = Laid()
        self.page = Page()
        self.left = ROOM
        self.running = ""
        self.shown: str | None = None
        """What the header says: that of the first thing on the page."""
        self.waiting: list[Place] = []

    @property
    def fresh(self) -> bool:
        """Whether nothing stands on the page yet."""
        return self.left >= ROOM

    def end_page(self) -> None:
        self._settle()
        self.laid.pages.append(self.page)
        self.laid.running.append(self.running if self.shown is None else self.shown)
        self.page, self.left, self.shown = Page(), ROOM, None

    def _settle(self) -> None:
        """Anchors that wait are here."""
        for place in self.waiting:
            page = len(self.laid.pages)
            if place.name:
                self.laid.places[place.name] = page + 1
            if place.title:
                top = HEIGHT - TOP - (ROOM - self.left) + 4
                self.laid.bookmarks.append(
                    Bookmark(title=place.title, level=place.level, page=page, top=top)
                )
        self.waiting = []

    def place(self, items: Sequence[AnyItem]) -> None:
        queue = list(items)
        at = 0
        while at < len(queue):
            item = queue[at]
            at += 1
            match item:
                case Gap(tall=tall):
                    if not self.fresh or not self.laid.pages:
                        self.left -= tall
                case NewPage(unless=unless):
                    if self.left < unless:
                        self.end_page()
                case Running(text=text):
                    self.running = text
                case Place():
                    # One with a title waits for its heading; a bare one ends what went before.
                    if item.title:
                        self.waiting.append(item)
                    else:
                        self.laid.places[item.name] = len(self.laid.pages) + 1
                case Together(items=inner):
                    if _room_for(inner) > self.left and _room_for(inner) <= ROOM:
                        self.end_page()
                    self.place(inner)
                case _:
                    self._item(item, queue[at:])

    def _item(self, item: Item, following: Sequence[AnyItem]) -> None:
        before = 0 if self.fresh else item.before
        needed = before + item.least()
        if item.keep_next:
            needed = before + item.height() + item.after + _next_least(following)
        if needed > self.left + CLOSE_ENOUGH and not self.fresh:
            self.end_page()
            before = 0
        while before + item.height() > self.left + CLOSE_ENOUGH:
            parts = item.split(self.left - before)
            if parts is None:
                if self.fresh:
                    break  # nothing more can be done for what no page can hold
                self.end_page()
                before = 0
                continue
            self._draw(parts[0], before)
            self.end_page()
            item, before = parts[1], 0
        self._draw(item, before)
        self.left -= item.after

    def _draw(self, item: Item, before: float) -> None:
        self.left -= before
        self._settle()
        if self.shown is None:
            self.shown = self.running
        item.draw(self.page, LEFT, HEIGHT - TOP - (ROOM - self.left))
        self.left -= item.height()


def _room_for(items: Sequence[AnyItem]) -> float:
    total = 0.0
    for item in items:
        match item:
            case Gap(tall=tall):
                total += tall
            case Together(items=inner):
                total += _room_for(inner)
            case NewPage() | Running() | Place():
                pass
            case _:
                total += item.before + item.height() + item.after
    return total - CLOSE_ENOUGH


def _next_least(following: Sequence[AnyItem]) -> float:
    """What must fit below something that is kept with what follows it."""
    total = 0.0
    for item in following:
        match item:
            case Gap(tall=tall):
                total += tall
            case Together(items=inner):
                return total + min(_room_for(inner), ROOM / 2)
            case NewPage():
                return total
            case Running() | Place():
                pass
            case _:
                if item.keep_next:
                    total += item.before + item.height() + item.after
                    continue
                return total + item.before + item.least()
    return total
