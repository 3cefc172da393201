"""Drawing: pictures and their slices, frames, contents lines, QR codes.

Positions are points from the lower left corner of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.adapters.render.flow import MEASURE, CellLine, baseline, frame, rule
from holdfast.adapters.render.images import Picture
from holdfast.adapters.render.paper import Page
from holdfast.adapters.render.setting import (
    ACCENT,
    GREY,
    HAIRLINE,
    INK,
    Line,
    TextStyle,
    draw_line,
    ink,
    number,
)

PX = 72 / 96
"""Points of a pixel at 96 to the inch: nothing is enlarged beyond it."""
OVERLAP = 80
"""Pixels that two slices share."""
MAX_SLICES = 40


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of a long picture."""

    name: str
    picture: Picture
    first: int
    last: int
    scale: float
    overlap: Line
    ticks: list[tuple[int, Line]]
    caption: list[CellLine]
    at: int
    count: int


def draw_slice(one: Slice, page: Page, x: float, top: float) -> None:
    """A slice under a clip, with its ruler, the marks of its overlaps and its caption."""
    wide = one.picture.width * one.scale
    high = (one.last - one.first) * one.scale
    full = one.picture.height * one.scale
    bottom = top - high
    page.pictures.add(one.name)
    page.operators.append(
        f"q {number(x)} {number(bottom)} {number(wide)} {number(high)} re W n "
        f"{number(wide)} 0 0 {number(full)} {number(x)} "
        f"{number(top + one.first * one.scale - full)} cm /{one.name} Do Q"
    )
    frame(page, x, bottom, wide, high, stroke=INK, weight=0.4)
    for row, label in one.ticks:
        y = top - (row - one.first) * one.scale
        if y > bottom + 2:
            rule(page, x + wide + 1, y, 4, 0.4, GREY)
            page.operators += draw_line(label, x + wide + 6, y - 2)
    shared = OVERLAP * one.scale
    if one.at > 0:
        bracket(page, one.overlap, x, wide, top, top - shared)
    if one.at < one.count - 1:
        bracket(page, one.overlap, x, wide, bottom + shared, bottom)
    draw_lines(page, one.caption, x, bottom - 6)


def bracket(page: Page, label: Line, x: float, wide: float, top: float, bottom: float) -> None:
    """Marks beside the picture where two slices show the same rows."""
    colour = ink(ACCENT, "RG")
    for edge, turn in ((x - 3.5, 3.0), (x + wide + 24, -3.0)):
        page.operators.append(
            f"{colour} 0.8 w {number(edge + turn)} {number(top)} m {number(edge)} {number(top)} l "
            f"{number(edge)} {number(bottom)} l {number(edge + turn)} {number(bottom)} l S"
        )
    middle = (top + bottom) / 2 - label.width / 2
    page.operators += draw_line(label, x + wide + 33, middle, turned=True)


def slice_rows(height: int, first: float, other: float) -> tuple[int, list[tuple[int, int]]]:
    """How many slices a picture of that many rows takes, and the rows of those that are drawn."""
    if height <= first:
        return 1, [(0, height)]
    limit = int(min(first, other))
    step = limit - OVERLAP
    count = -(-(height - OVERLAP) // step)
    even = -(-(height + (count - 1) * OVERLAP) // count)
    rows = []
    for at in range(min(count, MAX_SLICES)):
        start = at * (even - OVERLAP)
        rows.append((start, min(height, start + even)))
    return count, rows


def draw_frames(
    row: Sequence[tuple[str, Line, tuple[float, float]]],
    wide: float,
    gap: float,
    high: float,
    style: TextStyle,
    page: Page,
    x: float,
    top: float,
) -> None:
    """A row of frames, each with its label."""
    for at, (name, label, (width, height)) in enumerate(row):
        left = x + at * (wide + gap)
        inset = (wide - width) / 2
        page.pictures.add(name)
        page.operators.append(
            f"q {number(width)} 0 0 {number(height)} {number(left + inset)} "
            f"{number(top - height)} cm /{name} Do Q"
        )
        frame(page, left + inset, top - height, width, height, stroke=INK, weight=0.4)
        page.operators += draw_line(label, left, top - high - 4 - baseline(style) + 2)


def toc_line(
    style: TextStyle,
    line: Line,
    page_number: Line,
    indent: float,
    page: Page,
    x: float,
    top: float,
) -> None:
    """A line of the contents, dots between title and page."""
    y = top - baseline(style)
    page.operators += draw_line(line, x + indent, y)
    page.operators += draw_line(page_number, x, y)
    start, end = x + indent + line.width + 5, x + MEASURE - page_number.width - 5
    if end > start:
        page.operators.append(
            f"q {ink(HAIRLINE, 'RG')} 0.6 w [0.6 2.4] 0 d {number(start)} {number(y)} m "
            f"{number(end)} {number(y)} l S Q"
        )


def draw_lines(page: Page, lines: Sequence[CellLine], x: float, top: float) -> float:
    """Draws lines one under the other; how tall they were."""
    y = top
    for piece in lines:
        page.operators += draw_line(piece.line, x, y - baseline(piece.style))
        y -= piece.style.leading
    return top - y


def draw_picture(
    page: Page, name: str, picture: Picture, x: float, y: float, wide: float, high: float
) -> None:
    """A picture with its lower left corner at x, y, turned as its file asks, in a thin frame."""
    page.pictures.add(name)
    matrix = {
        0: (wide, 0.0, 0.0, high, x, y),
        90: (0.0, -high, wide, 0.0, x, y + high),
        180: (-wide, 0.0, 0.0, -high, x + wide, y + high),
        270: (0.0, high, -wide, 0.0, x + wide, y),
    }[picture.turn]
    page.operators.append(f"q {' '.join(map(number, matrix))} cm /{name} Do Q")
    frame(page, x, y, wide, high, stroke=INK, weight=0.4)


def fit(picture: Picture, wide: float, high: float) -> tuple[float, float]:
    """The largest size within a box that does not enlarge the picture."""
    width, height = picture.shown
    scale = min(wide / width, high / height, PX)
    return width * scale, height * scale


def height_of(lines: Sequence[CellLine]) -> float:
    """How tall lines are, one under the other."""
    return sum(line.style.leading for line in lines)


def indices(option: str | None) -> frozenset[int]:
    """The numbers in an option such as ``0,4``."""
    return frozenset(int(part) for part in (option or "").split(",") if part)


def timecode(milliseconds: int) -> str:
    """``00:41.200``; hours only where there are any."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{seconds:02d}.{rest:03d}"
    return f"{hours}:{text}" if hours else text


def qr_modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The rows of a QR code (ISO/IEC 18004, error correction M), dark modules true."""
    import segno

    code = segno.make(text, error="m", micro=False, boost_error=False)
    return tuple(tuple(bool(cell) for cell in row) for row in code.matrix)


def draw_qr(page: Page, modules: Sequence[Sequence[bool]], x: float, y: float, side: float) -> None:
    """Dark modules as runs of rectangles; the quiet zone is the paper around."""
    cell = side / len(modules)
    parts = [ink(INK)]
    for row, line in enumerate(modules):
        at = 0
        while at < len(line):
            end = at
            while end < len(line) and line[end]:
                end += 1
            if end > at:
                left, bottom = x + at * cell, y + side - (row + 1) * cell
                box = (left, bottom, (end - at) * cell, cell)
                parts.append(f"{' '.join(map(number, box))} re")
            at = end + 1
    page.operators.append(" ".join((*parts, "f")))
