"""The PDF file: reportlab's objects, with what evidence needs and its writer lacks.

Written straight to disk, one object at a time; PDF/A-3b structure (XMP, sRGB output intent,
attachments with a relationship); identity fonts with a ToUnicode that is right above U+FFFF; no
font that is not embedded; the same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfdoc

from holdfast.adapters.render.fonts import Font
from holdfast.adapters.render.images import Picture, read
from holdfast.adapters.render.setting import number, utf16
from holdfast.core.job import Job

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM

Rect = tuple[float, float, float, float]


@dataclass(slots=True)
class Page:
    """One page on its way to the file."""

    operators: list[str] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)
    fields: list[tuple[str, Rect]] = field(default_factory=list)
    """Empty signature fields: name and place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A line of the outline, leading to a height on a page (from 0)."""

    title: str
    level: int
    page: int
    top: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What the file says of itself."""

    title: str
    subject: str
    language: str
    """BCP 47."""
    moment: datetime
    producer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file inside the file."""

    name: str
    data: bytes
    media_type: str
    relationship: str
    """AFRelationship: Data, Supplement, Source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Everything that is in the file."""

    meta: Meta
    pages: Sequence[Page]
    fonts: Mapping[str, Font]
    pictures: Mapping[str, Picture | bytes]
    """By the name they are drawn under; bytes are JPEG made for print."""
    forms: Mapping[str, str]
    """Drawings that several pages share."""
    bookmarks: Sequence[Bookmark]
    attachments: Sequence[Attachment]


def write(paper: Paper, out: BinaryIO, job: Job) -> None:
    """The file is in ``out``.  Raises Tampered when a picture changed since it was kept."""
    _Writer(paper, out, job).write()


class _Lazy(pdfdoc.PDFObject):  # type: ignore[misc]  # reportlab has no types
    """A stream whose content is read when its turn to be written comes, and let go after."""

    def __init__(self, entries: Mapping[str, Any], content: Callable[[], bytes]) -> None:
        self._entries = entries
        self._content = content

    def format(self, document: Any) -> bytes:
        content = self._content()
        head = pdfdoc.PDFDictionary({**self._entries, "Length": len(content)}).format(document)
        # PDF/A wants an end of line before endstream (ISO 19005-1 6.1.7), which reportlab omits.
        return b"".join((head, b"\nstream\n", content, b"\nendstream\n"))


class _Writer:
    def __init__(self, paper: Paper, out: BinaryIO, job: Job) -> None:
        self._paper = paper
        self._out = out
        self._job = job
        self._doc: Any = pdfdoc.PDFDocument(invariant=True, pdfVersion=(1, 7))
        self._written = 0
        self._picture_count = 0
        self._digest = hashlib.sha256()

    # --- small things

    def _name(self, text: str) -> str:
        return "/" + "".join(
            char if char.isalnum() or char in "+-_." else f"#{ord(char):02X}" for char in text
        )

    def _dict(self, **entries: Any) -> Any:
        return pdfdoc.PDFDictionary(entries)

    def _array(self, entries: Sequence[Any]) -> Any:
        return pdfdoc.PDFArrayCompact(entries)

    def _text(self, text: str) -> bytes:
        return utf16(text).encode()

    def _reference(self, thing: Any) -> Any:
        return self._doc.Reference(thing)

    def _stream(self, content: bytes, *, compressed: bool = True, **entries: Any) -> Any:
        if compressed:
            entries["Filter"] = self._name("FlateDecode")
            content = zlib.compress(content, 9)
        return self._reference(_Lazy(entries, lambda: content))

    # --- the file

    def write(self) -> None:
        paper = self._paper
        fonts = {name: self._font(font) for name, font in sorted(paper.fonts.items())}
        pictures = {name: self._picture(one) for name, one in paper.pictures.items()}
        forms = {name: self._form(drawing) for name, drawing in sorted(paper.forms.items())}
        state = self._reference(self._dict(Type="/ExtGState", ca="0.055", CA="0.055"))
        tree = self._dict(Type="/Pages", Count=len(paper.pages))
        tree_reference = self._reference(tree)
        pages: list[Any] = []
        signatures: list[Any] = []
        for page in paper.pages:
            self._job.step("rendering", len(pages), len(paper.pages))
            resources = self._dict(
                Font=self._dict(**fonts),
                ExtGState=self._dict(faint=state),
                XObject=self._dict(
                    **forms, **{name: pictures[name] for name in sorted(page.pictures)}
                ),
            )
            content = self._stream("\n".join(page.operators).encode("ascii"))
            entry = self._dict(
                Type="/Page",
                Parent=tree_reference,
                MediaBox=self._array([0, 0, number(WIDTH), number(HEIGHT)]),
                Resources=resources,
                Contents=content,
            )
            reference = self._reference(entry)
            if page.fields:
                widgets = [self._signature(name, rect, reference) for name, rect in page.fields]
                signatures += widgets
                entry.dict["Annots"] = self._array(widgets)
            pages.append(reference)
        tree.dict["Kids"] = self._array(pages)
        catalog = self._catalog(tree_reference, pages, signatures)
        self._finish(self._reference(catalog), self._reference(self._info()))

    def _catalog(self, tree: Any, pages: Sequence[Any], signatures: Sequence[Any]) -> Any:
        meta = self._paper.meta
        catalog = self._dict(
            Type="/Catalog",
            Pages=tree,
            Lang=self._text(meta.language),
            Metadata=self._metadata(),
            OutputIntents=self._array([self._output_intent()]),
            ViewerPreferences=self._dict(DisplayDocTitle="true"),
            PageLabels=self._dict(Nums=self._array([0, self._dict(S="/D")])),
        )
        if self._paper.bookmarks:
            catalog.dict["Outlines"] = self._outline(pages)
            catalog.dict["PageMode"] = "/UseOutlines"
        if self._paper.attachments:
            files = [(one.name, self._attachment(one)) for one in self._paper.attachments]
            files.sort(key=lambda pair: pair[0].encode("utf-16-be"))
            names = [part for name, file in files for part in (self._text(name), file)]
            embedded = self._dict(Names=self._array(names))
            catalog.dict["Names"] = self._dict(EmbeddedFiles=embedded)
            catalog.dict["AF"] = self._array([file for _, file in files])
        if signatures:
            form = self._dict(Fields=self._array(signatures), SigFlags=1)
            catalog.dict["AcroForm"] = form
        return catalog

    def _finish(self, catalog: Any, info: Any) -> None:
        """Every object is formatted when its turn comes, so that one picture is held at a time."""
        document = self._doc
        self._put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets: list[int] = []
        while len(offsets) + 1 in document.numberToId:
            id = document.numberToId[len(offsets) + 1]  # noqa: A001  reportlab's word
            offsets.append(self._written)
            body = pdfdoc.PDFIndirectObject(id, document.idToObject[id]).format(document)
            self._put(body)
        start = self._written
        rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
        self._put(f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n{rows}".encode())
        key = f"<{self._digest.hexdigest()[:32].upper()}>".encode()
        trailer = self._dict(
            Size=len(offsets) + 1, Root=catalog, Info=info, ID=self._array([key, key])
        )
        self._put(
            b"trailer\n" + trailer.format(document) + f"\nstartxref\n{start}\n%%EOF\n".encode()
        )

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._out.write(data)
        self._written += len(data)

    # --- what the file says of itself

    def _date(self) -> str:
        return self._paper.meta.moment.strftime("D:%Y%m%d%H%M%SZ")

    def _info(self) -> Any:
        meta = self._paper.meta
        date = f"({self._date()})".encode()
        return self._dict(
            Title=self._text(meta.title),
            Subject=self._text(meta.subject),
            Producer=self._text(meta.producer),
            CreationDate=date,
            ModDate=date,
        )

    def _metadata(self) -> Any:
        meta = self._paper.meta
        moment = meta.moment.strftime("%Y-%m-%dT%H:%M:%SZ")

        def words(text: str) -> str:
            return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'

        packet = (
            '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
            ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
            ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">\n'
            "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>\n"
            f"<dc:title>{words(meta.title)}</dc:title>\n"
            f"<dc:description>{words(meta.subject)}</dc:description>\n"
            f"<dc:language><rdf:Bag><rdf:li>{meta.language}</rdf:li></rdf:Bag></dc:language>\n"
            f"<pdf:Producer>{escape(meta.producer)}</pdf:Producer>\n"
            f"<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>\n"
            '</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
        )
        return self._stream(packet.encode(), compressed=False, Type="/Metadata", Subtype="/XML")

    def _output_intent(self) -> Any:
        profile = self._stream(_srgb(), N=3, Alternate="/DeviceRGB")
        condition = b"(sRGB IEC61966-2.1)"
        return self._dict(
            Type="/OutputIntent",
            S="/GTS_PDFA1",
            OutputConditionIdentifier=condition,
            Info=condition,
            DestOutputProfile=profile,
        )

    def _outline(self, pages: Sequence[Any]) -> Any:
        """Bookmarks as a tree; a level that is skipped counts as the next one."""
        root = self._dict(Type="/Outlines")
        root_reference = self._reference(root)
        stack: list[tuple[int, Any, Any]] = [(0, root, root_reference)]
        last: dict[int, tuple[Any, Any]] = {}
        for mark in self._paper.bookmarks:
            while stack[-1][0] >= mark.level:
                stack.pop()
            _, parent, parent_reference = stack[-1]
            place = [pages[mark.page], "/XYZ", 0, number(mark.top), "null"]
            item = self._dict(
                Title=self._text(mark.title), Parent=parent_reference, Dest=self._array(place)
            )
            reference = self._reference(item)
            before = last.get(id(parent))
            if before is None:
                parent.dict["First"] = reference
            else:
                before[0].dict["Next"] = reference
                item.dict["Prev"] = before[1]
            parent.dict["Last"] = reference
            last[id(parent)] = (item, reference)
            stack.append((mark.level, item, reference))
        root.dict["Count"] = sum(mark.level == 1 for mark in self._paper.bookmarks)
        return root_reference

    def _attachment(self, file: Attachment) -> Any:
        moment = f"({self._date()})".encode()
        content = self._stream(
            file.data,
            Type="/EmbeddedFile",
            Subtype=self._name(file.media_type),
            Params=self._dict(Size=len(file.data), ModDate=moment),
        )
        name = self._text(file.name)
        return self._reference(
            self._dict(
                Type="/Filespec",
                F=name,
                UF=name,
                AFRelationship=self._name(file.relationship),
                EF=self._dict(F=content, UF=content),
            )
        )

    def _signature(self, name: str, rect: Rect, page: Any) -> Any:
        """An empty signature field; its appearance is empty too, the box around it is drawn."""
        left, bottom, right, top = rect
        box = [0, 0, number(right - left), number(top - bottom)]
        empty = self._stream(
            b"", compressed=False, Type="/XObject", Subtype="/Form", BBox=self._array(box)
        )
        return self._reference(
            self._dict(
                Type="/Annot",
                Subtype="/Widget",
                FT="/Sig",
                T=self._text(name),
                F=4,
                P=page,
                Rect=self._array([number(edge) for edge in rect]),
                AP=self._dict(N=empty),
            )
        )

    # --- what pages draw with

    def _form(self, drawing: str) -> Any:
        return self._stream(
            drawing.encode("ascii"),
            Type="/XObject",
            Subtype="/Form",
            BBox=self._array([0, 0, number(WIDTH), number(HEIGHT)]),
        )

    def _picture(self, picture: Picture | bytes) -> Any:
        if isinstance(picture, bytes):
            return self._reference(_Lazy(*_jpeg(picture)))
        entries: dict[str, Any] = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "Width": picture.width,
            "Height": picture.height,
            "BitsPerComponent": picture.bits,
            "ColorSpace": f"/{picture.colours}",
            "Filter": "/DCTDecode" if picture.form == "jpeg" else "/FlateDecode",
        }
        if picture.colours == "Indexed":
            palette = b"<" + picture.palette.hex().encode() + b">"
            top = len(picture.palette) // 3 - 1
            entries["ColorSpace"] = self._array(["/Indexed", "/DeviceRGB", top, palette])
        if picture.form == "png":
            entries["DecodeParms"] = self._dict(
                Predictor=15,
                Colors=3 if picture.colours == "DeviceRGB" else 1,
                BitsPerComponent=picture.bits,
                Columns=picture.width,
            )
        return self._reference(_Lazy(entries, lambda: self._pixels(picture)))

    def _pixels(self, picture: Picture) -> bytes:
        self._picture_count += 1
        self._job.step("rendering", self._picture_count, len(self._paper.pictures))
        return read(picture).stream

    def _font(self, font: Font) -> Any:
        """A composite font that addresses glyphs by number."""
        entries = {"Subtype": "/CIDFontType0C"} if font.cff else {"Length1": len(font.data)}
        file = self._stream(font.data, **entries)
        name = self._name(font.name)
        descriptor = self._dict(
            Type="/FontDescriptor",
            FontName=name,
            Flags=4 | (1 if font.face == "mono" else 0),
            FontBBox=self._array(list(font.box)),
            ItalicAngle=0,
            Ascent=font.ascent,
            Descent=font.descent,
            CapHeight=font.cap_height,
            StemV=140 if font.face == "bold" else 80,
        )
        descriptor.dict["FontFile3" if font.cff else "FontFile2"] = file
        widths: list[Any] = []
        every = {glyph.code: glyph for glyph in (*font.glyphs.values(), *font.narrow.values())}
        for code, glyph in sorted(every.items()):
            widths += [code, self._array([glyph.advance])]
        system = self._dict(Registry=b"(Adobe)", Ordering=b"(Identity)", Supplement=0)
        child = self._dict(
            Type="/Font",
            Subtype="/CIDFontType0" if font.cff else "/CIDFontType2",
            BaseFont=name,
            CIDSystemInfo=system,
            FontDescriptor=self._reference(descriptor),
            DW=1000,
            W=self._array(widths),
        )
        if not font.cff:
            child.dict["CIDToGIDMap"] = "/Identity"
        return self._reference(
            self._dict(
                Type="/Font",
                Subtype="/Type0",
                BaseFont=name,
                Encoding="/Identity-H",
                DescendantFonts=self._array([self._reference(child)]),
                ToUnicode=self._stream(_to_unicode(font.unicode)),
            )
        )


def _to_unicode(mapping: Mapping[int, str]) -> bytes:
    """A CMap from glyph numbers to UTF-16BE, at most 100 entries a block (ISO 32000 9.10.3)."""
    rows = [
        f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>"
        for code, char in sorted(mapping.items())
    ]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    body = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def _jpeg(raw: bytes) -> tuple[dict[str, Any], Callable[[], bytes]]:
    from PIL import Image

    with Image.open(io.BytesIO(raw)) as image:
        width, height = image.size
    entries: dict[str, Any] = {
        "Type": "/XObject",
        "Subtype": "/Image",
        "Width": width,
        "Height": height,
        "BitsPerComponent": 8,
        "ColorSpace": "/DeviceRGB",
        "Filter": "/DCTDecode",
    }
    return entries, lambda: raw


def _srgb() -> bytes:
    """An sRGB profile without its date of making."""
    from PIL import ImageCms

    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    raw[24:36] = bytes(12)
    raw[84:100] = bytes(16)
    return bytes(raw)
