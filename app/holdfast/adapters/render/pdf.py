"""From an order to a PDF: pages, what stands at their edges, and what is attached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from holdfast.adapters.render.blocks import Block, Box, Keep, Tree, plain
from holdfast.adapters.render.edges import MARK, edges
from holdfast.adapters.render.flow import LEFT, MEASURE, Laid, frame, lay_out, rule
from holdfast.adapters.render.fonts import Font, FontBook, outline
from holdfast.adapters.render.images import Contact, NotAPicture, Picture, contact, look
from holdfast.adapters.render.paper import (
    HEIGHT,
    MM,
    WIDTH,
    Attachment,
    Meta,
    Page,
    Paper,
    write,
)
from holdfast.adapters.render.setting import (
    ACCENT,
    GREY,
    HAIRLINE,
    INK,
    TextStyle,
    draw_line,
    ink,
    number,
)
from holdfast.adapters.render.sheet import Manner, Sheet
from holdfast.core.canonical import moment
from holdfast.core.document import Furniture, Order
from holdfast.core.job import Job
from holdfast.core.words import Words

EDGE = TextStyle(face="sans", size=7.5, leading=12, colour=GREY)


def write_pdf(
    order: Order,
    tree: Tree,
    manner: Manner,
    words: Words,
    book: FontBook,
    producer: str,
    out: BinaryIO,
    job: Job,
) -> None:
    """The document is in ``out``.  Raises Tampered when a picture is no longer what it was."""
    job.step("laying_out")
    drawings, films = _drawn_by(tree)
    pictures = {name: _looked(order.images.get(name)) for name in drawings}
    contacts = {name: _contact(order.images.get(name), job) for name in films}
    keys = {name: f"im{at}" for at, name in enumerate((*drawings, *films))}
    sheet = Sheet(
        lang=order.lang,
        manner=manner,
        words=words,
        furniture=order.furniture,
        pictures={keys[name]: one for name, one in pictures.items()},
        contacts={keys[name]: one for name, one in contacts.items()},
        keys=keys,
        root=order.furniture.checkpoint_root,
    )
    edges = _Edges(sheet, order.furniture)
    sheet.items(tree)
    edges.learn()
    sheet.fonts = book.load(sheet.wanted)
    fonts: dict[str, Font] = {str(face): font for face, font in sheet.fonts.items()}
    sheet.places = {"": 0}
    laid = lay_out(sheet.items(tree))
    if sheet.refers:
        sheet.places = laid.places or sheet.places
        laid = lay_out(sheet.items(tree))
    edges.draw(laid)
    drawn: dict[str, Picture | bytes] = {
        keys[name]: one for name, one in pictures.items() if one is not None
    }
    for name, film in contacts.items():
        for at, one in enumerate(film.frames if film else ()):
            drawn[f"{keys[name]}-{at}"] = one.jpeg
    used = {name for page in laid.pages for name in page.pictures}
    paper = Paper(
        meta=_meta(order, producer),
        pages=laid.pages,
        fonts=fonts,
        pictures={name: one for name, one in drawn.items() if name in used},
        forms={"practice": _watermark(fonts)} if order.furniture.practice else {},
        bookmarks=laid.bookmarks,
        attachments=[_attachment(*one) for one in order.attachments],
    )
    write(paper, out, job)


def _drawn_by(tree: Iterable[Block]) -> tuple[list[str], list[str]]:
    """Names of the pictures and of the videos that a filled tree draws, in order."""
    drawings: dict[str, None] = {}
    films: dict[str, None] = {}
    for block in tree:
        match block:
            case Box(name="figure" | "slices" | "receipthead", args=args) if args:
                drawings[plain(args[0])] = None
            case Box(name="pair", args=args):
                drawings.update(dict.fromkeys(map(plain, args[:2])))
            case Box(name="contact", args=args) if args:
                films[plain(args[0])] = None
            case Keep(content=content):
                inner = _drawn_by(content)
                drawings.update(dict.fromkeys(inner[0]))
                films.update(dict.fromkeys(inner[1]))
            case _:
                pass
    return [name for name in drawings if name], [name for name in films if name]


def _looked(path: Path | None) -> Picture | None:
    try:
        return look(path) if path is not None else None
    except NotAPicture:
        return None


def _contact(path: Path | None, job: Job) -> Contact | None:
    try:
        return contact(path, job) if path is not None else None
    except NotAPicture:
        return None


def _meta(order: Order, producer: str) -> Meta:
    furniture = order.furniture
    return Meta(
        title=f"{furniture.title} {furniture.number}".strip(),
        subject=furniture.case_number,
        language="zh-CN" if order.lang == "zh" else "en",
        moment=moment(furniture.issued),
        producer=producer,
    )


def _attachment(name: str, data: bytes, media_type: str) -> Attachment:
    """Manifests are the data behind the pages; proofs go with them."""
    relationship = "Data" if media_type == "application/json" else "Supplement"
    return Attachment(name=name, data=data, media_type=media_type, relationship=relationship)


# --- the edges of a page -------------------------------------------------------------------------


class _Edges:
    """Header, footer and what marks a practice document."""

    def __init__(self, sheet: Sheet, furniture: Furniture) -> None:
        self.sheet = sheet
        self.edges = edges(furniture, sheet.manner.reference, sheet.words)

    def learn(self) -> None:
        """Every character of the edges is wanted."""
        said = self.edges
        texts = (said.title, said.case, said.state, said.number, said.practice)
        for text in (*texts, said.page(0, 0), "　"):
            self.sheet.spans(text, "sans", GREY)
        self.sheet.spans(MARK, "bold", INK)

    def draw(self, laid: Laid) -> None:
        """Header, footer and mark stand on every page."""
        total = len(laid.pages)
        for at, page in enumerate(laid.pages):
            cover = self.sheet.manner.cover and at == 0
            if not cover:
                self._header(page, laid.running[at])
            self._footer(page, self.edges.page(at + 1, total))
            if self.edges.practice:
                self._box(page)
                page.operators.append("/Artifact BMC q /faint gs /practice Do Q EMC")

    def _header(self, page: Page, running: str) -> None:
        y = HEIGHT - 16 * MM + 2
        right = self.edges.case + (f"　{running}" if running else "")
        self._put(page, self.edges.title, y, "left", MEASURE * 0.42)
        self._put(page, right, y, "right", MEASURE * 0.42)
        rule(page, LEFT, HEIGHT - 18.5 * MM, MEASURE, 0.4, HAIRLINE)

    def _footer(self, page: Page, count: str) -> None:
        y = 18 * MM
        rule(page, LEFT, y, MEASURE, 0.4, HAIRLINE)
        self._put(page, self.edges.state, y - 10, "left", MEASURE * 0.7)
        self._put(page, count, y - 10, "right", MEASURE * 0.3, ink_=True)
        self._put(page, self.edges.number, y - 21, "left", MEASURE * 0.5)
        if self.edges.practice:
            self._put(page, self.edges.practice, y - 21, "right", MEASURE * 0.5)

    def _put(
        self, page: Page, text: str, y: float, side: str, width: float, *, ink_: bool = False
    ) -> None:
        style = replace(EDGE, colour=INK) if ink_ else EDGE
        line = self.sheet.one(text, style, width)
        x = LEFT if side == "left" else LEFT + MEASURE - line.width
        page.operators += draw_line(line, x, y)

    def _box(self, page: Page) -> None:
        style = TextStyle(face="bold", size=7.5, leading=12, colour=ACCENT)
        line = self.sheet.set(MARK, style, MEASURE)[0]
        wide = line.width + 14
        x, y = (WIDTH - wide) / 2 + 2.5 * MM, HEIGHT - 17 * MM
        frame(page, x, y, wide, 13, stroke=ACCENT, weight=0.9)
        page.operators += draw_line(line, x + 7, y + 3.8)


def _watermark(fonts: Mapping[str, Font]) -> str:
    """PRACTICE 演练 across the page, as outlines: it is seen and is no part of the text."""
    drawing, wide = outline(fonts["bold"], MARK)
    size = 84 / 1000
    cosine, sine = 0.6157, 0.7880  # 52 degrees
    left = WIDTH / 2 - cosine * wide * size / 2 + sine * 30
    bottom = HEIGHT / 2 - sine * wide * size / 2 - cosine * 30
    matrix = (cosine * size, sine * size, -sine * size, cosine * size, left, bottom)
    values = " ".join(f"{value:.5f}" for value in matrix)
    return f"{ink(INK)} {values} cm {drawing} {number(0)} w"
