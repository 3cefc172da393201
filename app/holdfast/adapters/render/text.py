"""Documents as plain text, for web forms and for reading before approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.adapters.render.blocks import (
    Block,
    Box,
    Heading,
    Inlines,
    Keep,
    PageRef,
    Paragraph,
    Row,
    Space,
    Table,
    Tree,
    plain,
)
from holdfast.core.document import Lang

SILENT = frozenset({"accent", "contact", "figure", "pair", "slices", "toc"})
"""Blocks that are nothing but drawings."""


def write_text(tree: Tree, lang: Lang) -> str:
    """The words of a filled document: one paragraph a line, blank lines around headings."""
    text = "\n".join(_lines(tree, ": " if lang == "en" else "："))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n") + "\n"


def _lines(tree: Iterable[Block], colon: str) -> Iterator[str]:
    for block in tree:
        match block:
            case Heading(content=content):
                yield ""
                yield plain(content)
                yield ""
            case Paragraph(content=content, number=number):
                text = plain(content).strip()
                if text:
                    yield f"{plain(number)}. {text}" if number else text
            case Table():
                yield from _table(block, colon)
            case Box(name=name, content=content):
                if name == "signline":
                    yield from _sign(content)
                elif name not in SILENT:
                    yield ""
                    yield from _lines(content, colon)
                    yield ""
            case Keep(content=content):
                yield from _lines(content, colon)
            case Space():
                yield ""
            case _:
                pass


def _table(table: Table, colon: str) -> Iterator[str]:
    yield ""
    head = [_cell(cell) for cell in table.head]
    for row in table.rows:
        if not isinstance(row, Row):
            continue
        cells = [_cell(cell) for cell in row.cells]
        if row.group:
            yield cells[0]
        elif table.kind == "kv":
            yield f"{cells[0]}{colon}{' '.join(filter(None, cells[1:]))}"
        else:
            named = zip(head, cells, strict=False) if head else (("", cell) for cell in cells)
            parts = [f"{name}{colon}{cell}" if name else cell for name, cell in named if cell]
            yield "\n  ".join(parts)
    yield ""


def _cell(cell: Inlines) -> str:
    if any(isinstance(node, PageRef) for node in cell):
        return ""
    return plain(cell).replace("\n", " ").strip()


def _sign(content: Iterable[Block]) -> Iterator[str]:
    yield ""
    for block in content:
        if isinstance(block, Paragraph):
            label, _, rest = plain(block.content).partition("|")
            ruled = rest.strip() == "line"
            yield label.strip() + (" ________________" if ruled else f" {rest.strip(' ')}")
