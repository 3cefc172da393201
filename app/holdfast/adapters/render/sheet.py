"""From filled blocks to items on pages: faces, sizes and the blocks that are drawn.

The grid, the sizes and the colours are those of the design of the pages; text from outside comes
here only as ``Text`` nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from holdfast.adapters.render.blocks import (
    Anchor,
    AnyRow,
    Block,
    Box,
    Break,
    Current,
    Hash,
    Heading,
    Inline,
    Inlines,
    Keep,
    PageBreak,
    PageRef,
    Paragraph,
    PixelSize,
    Row,
    Space,
    Style,
    Table,
    Text,
    Tree,
    column_widths,
    plain,
)
from holdfast.adapters.render.drawing import (
    PX,
    Slice,
    draw_frames,
    draw_lines,
    draw_picture,
    draw_qr,
    draw_slice,
    fit,
    height_of,
    indices,
    qr_modules,
    slice_rows,
    timecode,
    toc_line,
)
from holdfast.adapters.render.flow import (
    MEASURE,
    ROOM,
    AnyItem,
    CellLine,
    Drawn,
    Gap,
    Grid,
    Item,
    NewPage,
    Place,
    Prose,
    Running,
    TableRow,
    Together,
    baseline,
    frame,
    rule,
)
from holdfast.adapters.render.fonts import FaceName, Font
from holdfast.adapters.render.images import Contact, Picture
from holdfast.adapters.render.paper import MM, Page
from holdfast.adapters.render.setting import (
    ACCENT,
    GREY,
    HAIRLINE,
    INK,
    NOTE,
    Colour,
    Line,
    Span,
    TextStyle,
    atoms,
    break_lines,
    draw_line,
    spans,
)
from holdfast.core.document import Furniture, Lang
from holdfast.core.words import Words

Look = Literal["report", "letter"]
SLICE_WIDTH, FIRST_SLICE, SLICE = 154 * MM, 205 * MM, 226 * MM
LONG_ROWS, LONG_SHAPE = 2000, 2.2
"""From how many rows and from which height to width a figure is also shown in slices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a document looks, from its ``document.toml``."""

    look: Look = "letter"
    cover: bool = False
    dense: bool = False
    """Fits on one page: smaller figure and spaces, never smaller type."""
    reference: Literal["report", "letter", "case", "check"] = "letter"
    """What the footer calls the document's number."""


def style_of(kind: str, lang: Lang, manner: Manner) -> TextStyle:
    """The text style of a kind of block."""
    zh = lang == "zh"
    report = manner.look == "report"
    match kind:
        case "title" if manner.cover:
            return TextStyle(face="serif", size=26, leading=40, align="center", heavy=True, after=4)
        case "title":
            size, leading = (20, 31) if zh else (17, 24)
            return TextStyle(
                face="serif", size=size, leading=leading, align="center", heavy=True, after=6
            )
        case "h1" if report:
            return TextStyle(face="bold", size=15, leading=22, before=13, after=7)
        case "h1" if zh:
            return TextStyle(face="bold", size=12, leading=19, before=8, after=4)
        case "h1":
            return TextStyle(face="bold", size=11, leading=16, before=6, after=2.5)
        case "h2":
            return TextStyle(face="bold", size=10.8, leading=17, before=8, after=3.5, colour=ACCENT)
        case "body" if zh:
            return TextStyle(face="serif", size=10.5, leading=17.5, indent=2, justify=True, after=5)
        case "body":
            return TextStyle(face="serif", size=9.8, leading=14.4, after=6)
        case "small":
            return TextStyle(face="sans", size=8.8, leading=14.2, justify=zh, after=3)
        case "eyebrow":
            return TextStyle(face="sans", size=10, leading=15, align="center", colour=GREY)
        case "caption":
            return TextStyle(face="sans", size=8, leading=12, colour=GREY, align="center")
        case "hash":
            return TextStyle(face="mono", size=7.6, leading=11.5)
        case "code":
            return TextStyle(face="mono", size=8, leading=12.6)
        case _:
            return TextStyle(face="sans", size=8.5, leading=13)


class Sheet:
    """Makes items of blocks for one document.

    Used twice: first without fonts, to learn which characters are wanted; then with them, once to
    learn on which page everything stands and once to print those numbers.
    """

    def __init__(
        self,
        *,
        lang: Lang,
        manner: Manner,
        words: Words,
        furniture: Furniture,
        pictures: Mapping[str, Picture | None],
        contacts: Mapping[str, Contact | None],
        keys: Mapping[str, str],
        root: str,
    ) -> None:
        self.lang = lang
        self.manner = manner
        self.words = words
        self.furniture = furniture
        self.pictures = pictures
        self.contacts = contacts
        self.keys = keys
        """Under which name a picture of the order is drawn."""
        self.root = root
        self.fonts: Mapping[FaceName, Font] | None = None
        self.places: Mapping[str, int] = {}
        self.wanted: dict[FaceName, set[str]] = {}
        self.headings: list[tuple[str, str, int]] = []
        self.refers = False
        """Whether a page number is printed that depends on where things stand."""
        self.signatures = 0
        self.long: list[tuple[str, list[CellLine]]] = []
        """Pictures much taller than wide, waiting for the end of their part."""

    # --- text

    def spans(self, text: str, face: FaceName, colour: Colour) -> list[Span]:
        """Text in faces; the characters are wanted from now on."""
        made = list(spans(text, face, colour))
        for span in made:
            self.wanted.setdefault(span.face, set()).update(span.text.replace("\n", ""))
        return made

    def lines(self, content: Sequence[Span], style: TextStyle, width: float) -> list[Line]:
        """Set lines; one empty line as long as there are no fonts."""
        if self.fonts is None:
            return [Line([], [], 0, 0)]
        return break_lines(atoms(content, style.size, self.fonts, self.lang), width, style)

    def set(self, text: str, style: TextStyle, width: float) -> list[Line]:
        """As ``lines``, of plain text."""
        return self.lines(self.spans(text, style.face, style.colour), style, width)

    def one(self, text: str, style: TextStyle, width: float) -> Line:
        """One line; what does not fit ends in an ellipsis."""
        content = self.spans(text, style.face, style.colour)
        made = self.lines(content, style, width)
        while len(made) > 1:
            shorter = " ".join(text.split())[: max(1, sum(len(a.atoms) for a in made[:1]) - 1)]
            text = shorter[: len(text) - 1] + "…" if not text.endswith("…") else text[:-2] + "…"
            made = self.lines(self.spans(text, style.face, style.colour), style, width)
        return made[0]

    def runs(self, content: Inlines, style: TextStyle) -> Iterator[list[Span] | Hash]:
        """Inline nodes as spans, cut where a hash stands by itself."""
        run: list[Span] = []
        for node in content:
            if isinstance(node, Hash):
                if run:
                    yield run
                run = []
                yield node
            else:
                run += self.node(node, style)
        if run:
            yield run

    def node(self, node: Inline, style: TextStyle) -> list[Span]:
        """One inline node as spans."""
        match node:
            case Text(text=text, bold=bold, grey=grey, code=code):
                face: FaceName = "bold" if bold else "mono" if code else style.face
                made = self.spans(text, face, GREY if grey else style.colour)
                if code and style.face != "mono":
                    return [replace(span, size=style.size * 0.9) for span in made]
                return made
            case Break():
                return self.spans("\n", style.face, style.colour)
            case PageRef(first=first, last=last):
                return self.spans(self.pages(plain(first), plain(last)), style.face, style.colour)
            case PixelSize(picture=name):
                found = self.pictures.get(self.keys.get(plain(name), ""))
                if found is None:
                    return []
                text = self.words("page.pixels", width=found.width, height=found.height)
                return self.spans(text, style.face, style.colour)
            case _:
                return []

    def pages(self, first: str, last: str) -> str:
        """``4`` or ``4–8``; as wide as it may become while pages are not known."""
        self.refers = True
        if not self.places:
            return "00–00" if last else "00"
        start = self.places.get(first, 0)
        end = self.places.get(last, start) if last else start
        return f"{start}–{end}" if end > start else f"{start}"

    def spanned(self, content: Inlines, style: TextStyle) -> list[Span]:
        """Inline nodes as spans, hashes on one line."""
        made: list[Span] = []
        for run in self.runs(content, style):
            made += self.spans(plain((run,)), "mono", INK) if isinstance(run, Hash) else run
        return made

    def cell(self, content: Inlines, style: TextStyle, width: float) -> list[CellLine]:
        """The lines of a cell."""
        made: list[CellLine] = []
        for run in self.runs(content, style):
            if isinstance(run, Hash):
                made += self.hash(run, width)
            else:
                made += [CellLine(line, style) for line in self.lines(run, style, width)]
        return made

    def hash(self, node: Hash, width: float) -> list[CellLine]:
        """Hash values as two lines of 4 x 8, their labels in grey before them."""
        style = style_of("hash", self.lang, self.manner)
        labels = [plain(label) for label, _ in node.pairs]
        column = max(map(len, labels), default=0)
        column = column + 3 if column else 0
        made: list[CellLine] = []
        for label, (_, value) in zip(labels, node.pairs, strict=True):
            text = plain(value)
            groups = [text[at : at + 8] for at in range(0, len(text), 8)]
            rows = [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)] or [""]
            for at, row in enumerate(rows):
                lead = (label if at == 0 else "").ljust(column)
                content = self.spans(lead, "mono", GREY) + self.spans(row, "mono", INK)
                made += [CellLine(line, style) for line in self.lines(content, style, width)]
        return made

    # --- blocks

    def items(self, tree: Tree) -> list[AnyItem]:
        """The items of a document."""
        self.signatures = 0
        made: list[AnyItem] = []
        for block in tree:
            made += self.block(block)
        return [*made, *self.long_pictures()]

    def long_pictures(self) -> Iterator[AnyItem]:
        """The slices of tall pictures that were shown small before."""
        waiting, self.long = self.long, []
        for name, caption in waiting:
            yield NewPage()
            yield self.loose(caption, 4)
            yield from self.slices([name], Box(name="slices", args=(), content=()))

    def block(self, block: Block) -> Iterator[AnyItem]:
        """The items of one block."""
        match block:
            case Heading():
                yield from self.heading(block)
            case Paragraph():
                if plain(block.content) or any(
                    isinstance(n, Hash | PageRef) for n in block.content
                ):
                    yield from self.paragraph(block, block.style)
            case Table():
                yield self.table(block)
            case Box():
                yield from self.box(block)
            case Space(mm=mm):
                yield Gap(mm * MM)
            case PageBreak(unless=unless):
                yield NewPage(unless * ROOM)
            case Keep(content=content):
                inner: list[AnyItem] = []
                for one in content:
                    inner += self.block(one)
                yield Together(tuple(inner))
            case Current(content=content):
                text = plain(content)
                self.spans(text, "sans", GREY)
                yield Running(text)
            case Anchor(name=name):
                yield from self.long_pictures()
                yield Place(plain(name))
            case _:
                pass

    def style(self, kind: str) -> TextStyle:
        """The text style of a kind of block in this document."""
        made = style_of(kind, self.lang, self.manner)
        if self.manner.dense:
            return replace(made, before=made.before * 0.6, after=made.after * 0.6)
        return made

    def heading(self, block: Heading) -> Iterator[AnyItem]:
        style = self.style({1: "title", 2: "h1"}.get(block.level, "h2"))
        title = plain(block.content).replace("\n", " ")
        anchor = plain(block.anchor)
        if block.level > 1:
            yield Place(anchor, title, block.level - 1)
            if anchor and self.fonts is None:
                self.headings.append((anchor, title, block.level))
                self.spans(title, "sans", INK)
        content = self.spanned(block.content, style)
        lines = self.lines(content, style, MEASURE)
        yield Prose(lines, style, None, True, style.before, style.after)

    def paragraph(self, block: Paragraph, kind: Style) -> Iterator[AnyItem]:
        style = self.style("body" if kind in ("flush", "center") else kind)
        if kind in ("flush", "center"):
            style = replace(style, indent=0, align="center" if kind == "center" else "left")
        label: Line | None = None
        if block.number:
            style = replace(style, indent=0, hang=2)
            text = plain(block.number) + "."
            label = self.set(text, replace(style, hang=0, justify=False), MEASURE)[0]
        for run in self.runs(block.content, style):
            if isinstance(run, Hash):
                yield self.loose(self.hash(run, MEASURE), style.after)
            else:
                lines = self.lines(run, style, MEASURE)
                yield Prose(lines, style, label, False, style.before, style.after)
            label = None

    def loose(self, lines: Sequence[CellLine], after: float) -> Item:
        """Lines of a cell that stand by themselves."""

        def paint(page: Page, x: float, top: float) -> None:
            draw_lines(page, lines, x, top)

        return Drawn(height_of(lines), paint, after=after)

    # --- tables

    def table(self, block: Table, width: float = MEASURE) -> Grid:
        """A table."""
        kv = block.kind == "kv"
        rows = [row for row in block.rows if isinstance(row, Row)]
        widths = column_widths(block, width, MM)
        centred = indices(block.options.get("center"))
        bold = indices(block.options.get("bold"))
        side = 1.5 if kv else 4.0
        if "pad" in block.options:
            above, _, below = block.options["pad"].partition(",")
            pad = (float(above), float(below or above))
        else:
            pad = (3.2, 4.2) if kv else (3.2, 4.0)
        if self.manner.dense:
            pad = (pad[0] * 0.55, pad[1] * 0.55)

        def cells(content: Sequence[Inlines], *, head: bool) -> list[list[CellLine]]:
            made = []
            for at, cell in enumerate(content):
                base = style_of("cell", self.lang, self.manner)
                face: FaceName = "bold" if head or at in bold else "sans"
                colour = GREY if kv and at == 0 else INK
                align: Literal["left", "center"] = "center" if at in centred else "left"
                style = replace(base, face=face, colour=colour, align=align)
                made.append(self.cell(cell, style, widths[at] - 2 * side))
            return made

        def row(one: AnyRow) -> TableRow:
            content = one.cells if isinstance(one, Row) else ()
            if isinstance(one, Row) and one.group:
                style = replace(style_of("cell", self.lang, self.manner), face="bold")
                return TableRow([self.cell(content[0], style, width - 2 * side)], group=True)
            return TableRow(cells(content[: len(widths)], head=False))

        return Grid(
            widths=widths,
            head=TableRow(cells(block.head, head=True)) if block.head else None,
            rows=[row(one) for one in rows],
            pad=pad,
            side=side,
            middle=block.options.get("v", "").upper() == "MIDDLE",
        )

    # --- drawn blocks

    def box(self, box: Box) -> Iterator[AnyItem]:
        """The items of a block that is drawn."""
        args = [self.keys.get(plain(arg), plain(arg)) for arg in box.args]
        drawer: Callable[[list[str], Box], Iterator[AnyItem]] = {
            "accent": self.accent,
            "bighash": self.bighash,
            "code": self.code,
            "contact": self.contact,
            "figure": self.figure,
            "integrity": self.integrity,
            "note": self.note,
            "pair": self.pair,
            "receipthead": self.receipthead,
            "sign": self.sign,
            "signline": self.signline,
            "slices": self.slices,
            "toc": self.toc,
        }[box.name]
        yield from drawer(args, box)

    def accent(self, _: list[str], __: Box) -> Iterator[AnyItem]:
        """The short rule under the title of a cover."""

        def paint(page: Page, x: float, top: float) -> None:
            wide = 18 * MM
            rule(page, x + (MEASURE - wide) / 2, top - 2, wide, 1.6, ACCENT)

        yield Drawn(4, paint)

    def stacked(self, box: Box, width: float, kind: str) -> list[CellLine]:
        """The paragraphs of a box as lines."""
        style = replace(style_of(kind, self.lang, self.manner), indent=0)
        made: list[CellLine] = []
        for block in box.content:
            if isinstance(block, Paragraph):
                made += self.cell(block.content, style, width)
        return made

    def integrity(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """The summary on a cover: QR code, what it is, the root."""
        side, pad = 28 * MM, 9.0
        text_left = side + 2 * pad + 4
        width = MEASURE - text_left - pad
        lines = self.stacked(box, width, "small")
        root = args[0] if args else self.root
        value = Hash(pairs=(((Text(text="SHA-256"),), (Text(text=root),)),))
        hashes = self.hash(value, width)
        tall = max(side + 2 * pad, height_of(lines) + height_of(hashes) + 2 * pad + 6)
        modules = qr_modules(f"holdfast:verify?r={root}")

        def paint(page: Page, x: float, top: float) -> None:
            frame(page, x, top - tall, MEASURE, tall, fill=NOTE, stroke=GREY, weight=0.6)
            draw_qr(page, modules, x + pad, top - pad - side, side)
            used = draw_lines(page, lines, x + text_left, top - pad)
            draw_lines(page, hashes, x + text_left, top - pad - used - 6)

        yield Drawn(tall, paint)

    def sign(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """Two empty boxes, each an empty signature field; room for a seal, never one drawn."""
        tall = float(args[0]) * MM if args else 36 * MM
        labels = [block for block in box.content if isinstance(block, Paragraph)]
        style = replace(style_of("small", self.lang, self.manner), colour=GREY)
        wide = MEASURE / max(2, len(labels))
        texts = [self.lines(self.spanned(one.content, style), style, wide - 16) for one in labels]
        date = self.set(self.words("page.date"), style, wide - 16)[0]
        first = self.signatures
        self.signatures += len(labels)

        def paint(page: Page, x: float, top: float) -> None:
            for at, lines in enumerate(texts):
                left = x + at * wide
                frame(page, left, top - tall, wide, tall, stroke=GREY, weight=0.6)
                draw_lines(page, [CellLine(line, style) for line in lines], left + 8, top - 4)
                page.operators += draw_line(date, left + 8, top - tall + 9)
                room = (left + 4, top - tall + 20, left + wide - 4, top - 20)
                page.fields.append((f"signature-{first + at + 1}", room))

        yield Drawn(tall, paint, after=4)

    def signline(self, _: list[str], box: Box) -> Iterator[AnyItem]:
        """Lines to sign on, at the right, with clear paper to their left."""
        style = replace(self.style("body"), indent=0, justify=False)
        left = MEASURE * 0.52
        rows: list[tuple[Line, bool]] = []
        for block in box.content:
            if not isinstance(block, Paragraph):
                continue
            text = plain(block.content)
            label, _bar, rest = text.partition("|")
            ruled = rest.strip() == "line"
            shown = label.rstrip() if ruled else f"{label.rstrip()} {rest.strip(' ')}"
            rows.append((self.set(shown, style, MEASURE - left)[0], ruled))
        step = 26.0

        def paint(page: Page, x: float, top: float) -> None:
            y = top - step
            for line, ruled in rows:
                page.operators += draw_line(line, x + left, y)
                if ruled:
                    start = x + left + line.width + 4
                    rule(page, start, y - 2.5, x + MEASURE - start, 0.6)
                y -= step

        yield Drawn(step * len(rows) + 8, paint, before=6)

    def note(self, _: list[str], box: Box) -> Iterator[AnyItem]:
        """A remark on ground, with an accent bar."""
        lines = self.stacked(box, MEASURE - 24, "small")
        tall = height_of(lines) + 13

        def paint(page: Page, x: float, top: float) -> None:
            frame(page, x, top - tall, MEASURE, tall, fill=NOTE)
            frame(page, x, top - tall, 2, tall, fill=ACCENT)
            draw_lines(page, lines, x + 12, top - 6)

        yield Drawn(tall, paint, before=4, after=8)

    def code(self, _: list[str], box: Box) -> Iterator[AnyItem]:
        """Commands on ground; each line as it is to be typed."""
        style = style_of("code", self.lang, self.manner)
        lines: list[CellLine] = []
        for block in box.content:
            if isinstance(block, Paragraph):
                content = self.spanned(block.content, style)
                made = self.lines(content, style, MEASURE - 20)
                lines += [CellLine(line, style) for line in made]
        for start in range(0, len(lines), 40):
            yield self._code_box(lines[start : start + 40])

    def _code_box(self, lines: Sequence[CellLine]) -> Item:
        tall = height_of(lines) + 13

        def paint(page: Page, x: float, top: float) -> None:
            frame(page, x, top - tall, MEASURE, tall, fill=NOTE, stroke=HAIRLINE, weight=0.5)
            draw_lines(page, lines, x + 9, top - 6.5)

        return Drawn(tall, paint, before=2, after=7)

    def bighash(self, _: list[str], box: Box) -> Iterator[AnyItem]:
        """A fingerprint to copy by hand: two rows of four groups."""
        text = "".join(plain(b.content) for b in box.content if isinstance(b, Paragraph)).strip()
        groups = [text[at : at + 8] for at in range(0, len(text), 8)]
        style = TextStyle(face="mono", size=13.5, leading=17, align="center")
        wide = MEASURE / 4
        lines = [self.set(group, style, wide)[0] for group in groups]
        tall = 17 * ((len(groups) + 3) // 4) + 14

        def paint(page: Page, x: float, top: float) -> None:
            frame(page, x, top - tall, MEASURE, tall, stroke=INK, weight=0.9)
            for at, line in enumerate(lines):
                y = top - 7 - baseline(style) - 17 * (at // 4)
                page.operators += draw_line(line, x + wide * (at % 4), y)

        yield Drawn(tall, paint, before=1, after=6)

    def toc(self, _: list[str], __: Box) -> Iterator[AnyItem]:
        """The headings that have an anchor, with their pages."""
        for anchor, title, level in self.headings:
            grey = level > 2
            style = TextStyle(
                face="sans", size=8.5 if grey else 9.5, leading=16.5, colour=GREY if grey else INK
            )
            indent = 16.0 if grey else 0.0
            line = self.one(title, style, MEASURE - indent - 30)
            page_number = self.set(self.pages(anchor, ""), replace(style, align="right"), MEASURE)
            yield Drawn(16.5, partial(toc_line, style, line, page_number[0], indent))

    # --- pictures

    def figure(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """A picture in a thin frame, its caption under it."""
        most = float(args[1]) * MM if len(args) > 1 else 88 * MM
        picture = self.pictures.get(args[0])
        caption = self.stacked(box, MEASURE, "caption")
        if picture is None:
            yield from self.missing(caption)
            return
        wide, high = fit(picture, MEASURE, most)
        if picture.turn == 0 and picture.height > max(LONG_ROWS, picture.width * LONG_SHAPE):
            self.long.append((args[0], caption))
        tall = high + 5 + height_of(caption)

        def paint(page: Page, x: float, top: float) -> None:
            left = x + (MEASURE - wide) / 2
            draw_picture(page, args[0], picture, left, top - high, wide, high)
            draw_lines(page, caption, x, top - high - 5)

        yield Drawn(tall, paint, before=2, after=5)

    def missing(self, caption: Sequence[CellLine]) -> Iterator[AnyItem]:
        """A sentence in place of a picture that cannot be drawn here."""
        style = replace(style_of("small", self.lang, self.manner), align="center")
        lines = self.set(self.words("page.not_drawn"), style, MEASURE - 20)
        inner = [CellLine(line, style) for line in lines]
        tall = 26 + height_of(inner)

        def paint(page: Page, x: float, top: float) -> None:
            frame(page, x, top - tall, MEASURE, tall, stroke=HAIRLINE, weight=0.5)
            draw_lines(page, inner, x + 10, top - 13)
            draw_lines(page, caption, x, top - tall - 5)

        yield Drawn(tall + 5 + height_of(caption), paint, before=2, after=5)

    def slices(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """A long page cut into slices that overlap, one to a page, the same image under a clip."""
        picture = self.pictures.get(args[0])
        if picture is None:
            yield from self.missing(self.stacked(box, MEASURE, "caption"))
            return
        wide = min(SLICE_WIDTH, picture.width * PX)
        scale = wide / picture.width
        count, rows = slice_rows(picture.height, FIRST_SLICE / scale, SLICE / scale)
        style = replace(style_of("caption", self.lang, self.manner), align="left")
        side = replace(style, size=6.5, colour=ACCENT)
        overlap = self.set(self.words("page.overlap"), side, 60)[0]
        tick = TextStyle(face="mono", size=6, leading=8, colour=GREY)
        self.spans("0123456789", "mono", GREY)
        for at, (first, last) in enumerate(rows):
            caption = self.words(
                "page.slice", n=at + 1, total=count, first=first, last=last - 1, high=last - first
            )
            lines = [CellLine(line, style) for line in self.set(caption, style, MEASURE)]
            ticks = [
                (place, self.set(str(place), tick, 40)[0])
                for place in range(-(-first // 200) * 200, last, 200)
            ]
            high = (last - first) * scale
            paint = partial(
                draw_slice,
                Slice(args[0], picture, first, last, scale, overlap, ticks, lines, at, count),
            )
            if at:
                yield NewPage()
            yield Drawn(high + 6 + height_of(lines), paint)
        if count > len(rows):
            text = self.words("page.slices_left", shown=len(rows), total=count)
            small = self.style("small")
            yield Prose(self.set(text, small, MEASURE), small, before=4)

    def contact(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """Frames of a video with their time-codes, three across."""
        found = self.contacts.get(args[0])
        if found is None:
            yield from self.missing(self.stacked(box, MEASURE, "caption"))
            return
        wide, gap = 50.2 * MM, (MEASURE - 3 * 50.2 * MM) / 2
        high = min(wide * found.height / max(1, found.width), 60 * MM)
        style = replace(style_of("caption", self.lang, self.manner), align="left")
        for start in range(0, len(found.frames), 3):
            row = []
            for at in range(start, min(start + 3, len(found.frames))):
                code = timecode(found.frames[at].at_ms)
                content = self.spans(f"{at + 1}", "bold", INK) + self.spans("  ", "sans", INK)
                content += self.spans(code, "mono", INK)
                label = self.lines(content, style, wide)[0]
                one = found.frames[at]
                shape = min(wide / one.width, high / one.height)
                size = (one.width * shape, one.height * shape)
                row.append((f"{args[0]}-{at}", label, size))
            paint = partial(draw_frames, row, wide, gap, high, style)
            yield Drawn(high + 17, paint, after=3)

    def pair(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """Two pictures side by side at one height, a caption under each."""
        wide = (MEASURE - 5 * MM) / 2
        found = [self.pictures.get(name) for name in args[:2]]
        style = style_of("caption", self.lang, self.manner)
        captions = [
            self.cell(block.content, style, wide)
            for block in box.content
            if isinstance(block, Paragraph)
        ]
        high = min((fit(one, wide, 80 * MM)[1] for one in found if one), default=30 * MM)
        tall = high + 5 + max(map(height_of, captions), default=0)

        def paint(page: Page, x: float, top: float) -> None:
            for at, picture in enumerate(found):
                left = x + at * (wide + 5 * MM)
                if picture is None:
                    frame(page, left, top - high, wide, high, stroke=HAIRLINE)
                else:
                    width, real = fit(picture, wide, high)
                    inset = (wide - width) / 2
                    draw_picture(page, args[at], picture, left + inset, top - real, width, real)
                if at < len(captions):
                    draw_lines(page, captions[at], left, top - high - 5)

        yield Drawn(tall, paint, before=2, after=5)

    def receipthead(self, args: list[str], box: Box) -> Iterator[AnyItem]:
        """A small picture, and beside it what was kept."""
        picture = self.pictures.get(args[0]) if args else None
        table = next((block for block in box.content if isinstance(block, Table)), None)
        wide, high = fit(picture, 58 * MM, 48 * MM) if picture is not None else (0.0, 0.0)
        left = wide + 4 * MM if picture is not None else 0.0
        width = MEASURE - left
        options = {"w": f"28,{width / MM - 28}"}
        grid = (
            self.table(replace(table, options=options), width) if table else Grid([width], None, [])
        )
        tall = max(high, grid.height())

        def paint(page: Page, x: float, top: float) -> None:
            if picture is not None:
                draw_picture(page, args[0], picture, x, top - high, wide, high)
            grid.draw(page, x + left, top)

        yield Drawn(tall, paint, before=2, after=4)
