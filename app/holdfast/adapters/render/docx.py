"""Documents as DOCX, for those who must edit them.  Words only: pictures stay in the PDF.

The same order gives the same bytes: the container is written again with fixed dates.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from holdfast.adapters.render.blocks import (
    Block,
    Box,
    Break,
    Hash,
    Heading,
    Inlines,
    Keep,
    PageBreak,
    Paragraph,
    Row,
    Table,
    Text,
    Tree,
    plain,
)
from holdfast.adapters.render.text import SILENT
from holdfast.core.canonical import moment
from holdfast.core.document import Order

SERIF, SANS = "Noto Serif SC", "Noto Sans SC"


def write_docx(order: Order, tree: Tree) -> bytes:
    """The document as a lawyer would open it."""
    from docx import Document
    from docx.shared import Mm, Pt

    document: Any = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin, section.bottom_margin = Mm(27), Mm(25)
    normal = document.styles["Normal"]
    _face(normal.element.get_or_add_rPr(), SERIF)
    normal.font.name, normal.font.size = SERIF, Pt(10.5 if order.lang == "zh" else 10)
    properties = document.core_properties
    properties.title = f"{order.furniture.title} {order.furniture.number}".strip()
    properties.author = properties.comments = properties.keywords = ""
    properties.language = "zh-CN" if order.lang == "zh" else "en"
    when = moment(order.furniture.issued)
    properties.created = properties.modified = when.replace(tzinfo=None)
    properties.last_modified_by = ""
    properties.revision = 1
    _blocks(document, tree, indent=order.lang == "zh")
    out = io.BytesIO()
    document.save(out)
    return _settled(out.getvalue())


def _face(properties: Any, name: str) -> None:
    """Word picks its own font for Chinese unless ``eastAsia`` is named."""
    from docx.oxml.ns import qn

    fonts = properties.get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), name)


def _blocks(document: Any, tree: Iterable[Block], *, indent: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for block in tree:
        match block:
            case Heading(level=level, content=content):
                paragraph = document.add_paragraph()
                _runs(paragraph, content, size={1: 18, 2: 13}.get(level, 11), bold=True, face=SANS)
                paragraph.paragraph_format.keep_with_next = True
                paragraph.paragraph_format.space_before = Pt(8)
                if level == 1:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            case Paragraph(content=content, style=style, number=number):
                if not plain(content):
                    continue
                paragraph = document.add_paragraph()
                if number:
                    _run(paragraph, f"{plain(number)}. ", 0, bold=False, face=SERIF)
                elif indent and style == "body":
                    paragraph.paragraph_format.first_line_indent = Pt(21)
                if style in ("center", "eyebrow"):
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                paragraph.paragraph_format.space_after = Pt(5)
                _runs(paragraph, content, size=9 if style == "small" else 0, bold=False, face=SERIF)
            case Table():
                _table(document, block)
            case PageBreak():
                document.add_page_break()
            case Box(name="signline", content=content):
                for line in content:
                    if isinstance(line, Paragraph):
                        label, _, rest = plain(line.content).partition("|")
                        ruled = rest.strip() == "line"
                        shown = "________________" if ruled else rest.strip(" ")
                        paragraph = document.add_paragraph()
                        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                        _run(paragraph, f"{label.strip()} {shown}", 0, bold=False, face=SERIF)
            case Box(name=name, content=content) if name not in SILENT:
                _blocks(document, content, indent=False)
            case Keep(content=content):
                _blocks(document, content, indent=indent)
            case _:
                pass


def _runs(paragraph: Any, content: Inlines, *, size: float, bold: bool, face: str) -> None:
    for node in content:
        match node:
            case Text(text=text):
                _run(paragraph, text, size, bold=bold or node.bold, face=face)
            case Break():
                paragraph.add_run().add_break()
            case Hash():
                _run(paragraph, plain((node,)), size, bold=bold, face=face)
            case _:
                pass


def _run(paragraph: Any, text: str, size: float, *, bold: bool, face: str) -> None:
    from docx.shared import Pt

    run = paragraph.add_run(_storable(text))
    run.bold = bold or None
    if size:
        run.font.size = Pt(size)
    if face != SERIF:
        _face(run._element.get_or_add_rPr(), face)  # noqa: SLF001  python-docx has no other door


def _storable(text: str) -> str:
    """Text that XML can hold; what it cannot is shown as a code."""
    return "".join(
        char
        if char in "\t\n"
        or " " <= char < "\ud800"
        or "\ue000" <= char < "\ufffe"
        or char > "\uffff"
        else f"\\u{{{ord(char):04X}}}"
        for char in text
    )


def _table(document: Any, block: Table) -> None:
    rows = [row for row in block.rows if isinstance(row, Row)]
    columns = len(block.head) or max((len(row.cells) for row in rows), default=1)
    if not rows and not block.head:
        return
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    if block.head:
        cells = table.add_row().cells
        for cell, content in zip(cells, block.head, strict=False):
            _runs(cell.paragraphs[0], content, size=9, bold=True, face=SANS)
    for row in rows:
        cells = table.add_row().cells
        if row.group:
            merged = cells[0].merge(cells[-1])
            _runs(merged.paragraphs[0], row.cells[0], size=9, bold=True, face=SANS)
            continue
        for cell, content in zip(cells, row.cells, strict=False):
            _runs(cell.paragraphs[0], content, size=9, bold=False, face=SANS)
    document.add_paragraph()


def _settled(raw: bytes) -> bytes:
    """The same container with every date fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(out, "w") as after:
        for name in sorted(before.namelist()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, before.read(name))
    return out.getvalue()
