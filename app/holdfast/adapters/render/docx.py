"""Documents as DOCX, for those who must edit them.  Words only: pictures stay in the PDF.

The same order gives the same bytes: the container is written again with fixed dates.
"""

from __future__ import annotations

import io
import re
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
    column_widths,
    plain,
)
from holdfast.adapters.render.edges import MARK, Edges, edges
from holdfast.adapters.render.text import SILENT
from holdfast.core.canonical import moment
from holdfast.core.document import Order
from holdfast.core.words import Words

SERIF, SANS = "Noto Serif SC", "Noto Sans SC"
CELL = 8.5
"""Points, in tables."""
MEASURE = 165
"""Millimetres between the margins."""


def write_docx(order: Order, tree: Tree, reference: str, words: Words) -> bytes:
    """The document as a lawyer would open it; ``reference`` is what its number is called."""
    from docx import Document
    from docx.shared import Mm, Pt

    document: Any = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin, section.bottom_margin = Mm(27), Mm(25)
    normal = document.styles["Normal"]
    _face(normal.element.get_or_add_rPr(), SERIF)
    _languages(document.styles.element)
    normal.font.name, normal.font.size = SERIF, Pt(10.5 if order.lang == "zh" else 10)
    properties = document.core_properties
    properties.title = f"{order.furniture.title} {order.furniture.number}".strip()
    properties.author = properties.comments = properties.keywords = ""
    properties.language = "zh-CN" if order.lang == "zh" else "en"
    when = moment(order.furniture.issued)
    properties.created = properties.modified = when.replace(tzinfo=None)
    properties.last_modified_by = ""
    properties.revision = 1
    _furnish(section, edges(order.furniture, reference, words))
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


def _languages(styles: Any) -> None:
    """Chinese is Chinese: else Word sets it in Japanese shapes, and looks it up as English."""
    from docx.oxml.ns import qn

    for lang in styles.iter(qn("w:lang")):
        lang.set(qn("w:eastAsia"), "zh-CN")


# --- the edges of a page -------------------------------------------------------------------------


def _furnish(section: Any, said: Edges) -> None:
    """Header and footer of every page, as in the PDF; a practice document says that it is one."""
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    if said.practice:
        head._p.append(_watermark())  # noqa: SLF001  python-docx has no other door
    _edge(head, said.title)
    _edge(head, f"\t{MARK if said.practice else ''}", bold=True)
    _edge(head, f"\t{said.case}")
    _edge(foot, f"{said.state}\t\t")
    fields = {"{page}": "PAGE", "{pages}": "NUMPAGES"}
    for part in re.split(r"(\{pages?\})", said.page("{page}", "{pages}")):
        _counted(foot, fields[part]) if part in fields else _edge(foot, part)
    for line in filter(None, (said.number, said.practice)):
        _edge(section.footer.add_paragraph(), line)
    for paragraph in (head, *section.footer.paragraphs):
        paragraph.style = "Normal"
        paragraph.paragraph_format.space_after = _mm(0)
        _stops(paragraph)
    section.header_distance, section.footer_distance = _mm(14), _mm(9)


def _mm(length: float) -> Any:
    from docx.shared import Mm

    return Mm(length)


def _stops(paragraph: Any) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT

    stops = paragraph.paragraph_format.tab_stops
    stops.add_tab_stop(_mm(MEASURE / 2), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(_mm(MEASURE), WD_TAB_ALIGNMENT.RIGHT)


def _edge(paragraph: Any, text: str, *, bold: bool = False) -> None:
    _run(paragraph, text, 7.5, bold=bold, face=SANS)


def _counted(paragraph: Any, field: str) -> None:
    """A number that the word processor counts."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    counted = OxmlElement("w:fldSimple")
    counted.set(qn("w:instr"), field)
    _edge(paragraph, "1")
    counted.append(paragraph.runs[-1]._r)  # noqa: SLF001  as above
    paragraph._p.append(counted)  # noqa: SLF001  as above


def _watermark() -> Any:
    """PRACTICE 演练 across the page, behind its words, as word processors draw it."""
    from docx.oxml import parse_xml

    return parse_xml(_WATERMARK)


_WATERMARK = f"""<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"><w:pict>
<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800"
 path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/>
<v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>
<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>
<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>
<v:path textpathok="t" o:connecttype="custom"/><v:textpath on="t" fitshape="t"/></v:shapetype>
<v:shape id="practice" o:spid="_x0000_s2049" type="#_x0000_t136" fillcolor="#1B1F24" stroked="f"
 style="position:absolute;margin-left:0;margin-top:0;width:520pt;height:84pt;rotation:308;
 z-index:-1;mso-position-horizontal:center;mso-position-horizontal-relative:margin;
 mso-position-vertical:center;mso-position-vertical-relative:margin">
<v:fill opacity=".06"/><v:textpath style="font-family:&quot;{SANS}&quot;" string="{MARK}"/>
</v:shape></w:pict></w:r>"""


# --- its blocks ----------------------------------------------------------------------------------


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
                before = len(document.paragraphs)
                _blocks(document, content, indent=indent)
                for paragraph in document.paragraphs[before:-1]:
                    paragraph.paragraph_format.keep_with_next = True
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
    if not rows and not block.head:
        return
    widths = column_widths(block, MEASURE)
    table = document.add_table(rows=0, cols=len(widths))
    table.style = "Table Grid"
    table.autofit = False
    _sides(table)
    if block.head:
        cells = table.add_row().cells
        for cell, content in zip(cells, block.head, strict=False):
            _runs(cell.paragraphs[0], content, size=CELL, bold=True, face=SANS)
    for row in rows:
        cells = table.add_row().cells
        if row.group:
            merged = cells[0].merge(cells[-1])
            _runs(merged.paragraphs[0], row.cells[0], size=CELL, bold=True, face=SANS)
            continue
        for cell, content in zip(cells, row.cells, strict=False):
            _runs(cell.paragraphs[0], content, size=CELL, bold=False, face=SANS)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=False):
            _room(cell)
            cell.width = _mm(width) if len(set(row.cells)) > 1 else _mm(MEASURE)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = _mm(width)
    document.add_paragraph()


def _sides(table: Any) -> None:
    """Four points at each side of a cell, as in the PDF: codes fit into their columns."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    kept = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        one = OxmlElement(side)
        one.set(qn("w:w"), str(4 * 20))
        one.set(qn("w:type"), "dxa")
        kept.append(one)
    # Where the schema wants it: before how the table looks.
    look = table._tbl.tblPr.find(qn("w:tblLook"))  # noqa: SLF001  python-docx has no other door
    look.addprevious(kept)


def _room(cell: Any) -> None:
    """What stands in a cell keeps off its lines."""
    from docx.shared import Pt

    first, last = cell.paragraphs[0], cell.paragraphs[-1]
    first.paragraph_format.space_before = last.paragraph_format.space_after = Pt(3)


def _settled(raw: bytes) -> bytes:
    """The same container with every date fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(out, "w") as after:
        for name in sorted(before.namelist()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, before.read(name))
    return out.getvalue()
