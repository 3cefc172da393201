"""What a document is made of.

A parsed template and a filled one share these nodes; ``Field``, ``Section`` and ``When`` are gone
once the fields are filled, and what they held stands in ``Text`` nodes, which no writer reads as
markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Style = Literal["body", "small", "flush", "center", "eyebrow"]
TableKind = Literal["kv", "grid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text in one face."""

    text: str
    bold: bool = False
    grey: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A place where a field's text will stand, in the face of that place."""

    name: str
    bold: bool = False
    grey: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A new line in a cell or paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Ids of the rules on which the sentence before leans; never printed."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """Hash values, each with its label; 64 hex digits stand as two lines of 4 x 8."""

    pairs: tuple[tuple[tuple[Inline, ...], tuple[Inline, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRef:
    """The page or pages between two anchors."""

    first: tuple[Inline, ...]
    last: tuple[Inline, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSize:
    """How large a picture is, as its file says."""

    picture: tuple[Inline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineSection:
    """Words that stand once per item, if something is present, or if it is absent."""

    name: str
    absent: bool
    content: tuple[Inline, ...]


Inline: TypeAlias = "Text | Field | Break | Rule | Hash | PageRef | PixelSize | InlineSection"
Inlines: TypeAlias = "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Level 1 is the document's title."""

    level: int
    content: Inlines
    anchor: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph; ``number`` makes it an item that hangs at two ems."""

    content: Inlines
    style: Style = "body"
    number: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; a ``group`` row spans all columns and stays with the row below."""

    cells: tuple[Inlines, ...]
    group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSection:
    """Rows once per item, if something is present, or if it is absent."""

    name: str
    absent: bool
    rows: tuple[AnyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWhen:
    """A row that stands behind a condition."""

    condition: str
    row: Row


AnyRow: TypeAlias = "Row | RowSection | RowWhen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``options``: ``w`` widths in mm, ``center`` and ``bold`` column indices, ``pad``, ``v``."""

    kind: TableKind
    options: Mapping[str, str]
    head: tuple[Inlines, ...]
    rows: tuple[AnyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A block that the writer draws: integrity, sign, figure, slices, contact, note, code…"""

    name: str
    args: tuple[Inlines, ...]
    content: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Empty paper, millimetres."""

    mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBreak:
    """What follows starts on a new page, unless that share of this one is still free."""

    unless: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Blocks that stay on one page."""

    content: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What the header says at the right from here on, beside the case number."""

    content: Inlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A place that a page reference can name."""

    name: Inlines


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Blocks once per item, if something is present, or if it is absent."""

    name: str
    absent: bool
    content: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Blocks behind a condition."""

    condition: str
    content: tuple[Block, ...]


Block: TypeAlias = (
    "Heading | Paragraph | Table | Box | Space | PageBreak | Keep | Current | Anchor"
    " | Section | When"
)
Tree: TypeAlias = "tuple[Block, ...]"


def column_widths(block: Table, width: float, mm: float = 1.0) -> list[float]:
    """How wide each column is, of ``width`` in all; ``mm`` is a millimetre in its unit.

    Columns of a key-value table are label and value.
    """
    rows = [row for row in block.rows if isinstance(row, Row)]
    count = len(block.head) or max((len(row.cells) for row in rows), default=1)
    given = [float(part) * mm for part in block.options.get("w", "").split(",") if part]
    if len(given) != count:
        even = [width / count] * count
        given = [32 * mm, width - 32 * mm] if block.kind == "kv" else even
    scale = width / sum(given)
    return [column * scale for column in given]


def plain(content: Inlines) -> str:
    """The words of filled inline content, without faces; hashes and references as they stand."""
    parts: list[str] = []
    for node in content:
        match node:
            case Text(text=text):
                parts.append(text)
            case Break():
                parts.append("\n")
            case Hash(pairs=pairs):
                shown = [" ".join(filter(None, (plain(a), plain(b)))) for a, b in pairs]
                parts.append("\n".join(shown))
            case PageRef() | PixelSize() | Rule() | Field() | InlineSection():
                pass
    return "".join(parts)
