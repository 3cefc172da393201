from __future__ import annotations

import hashlib
import re
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest

import holdfast.adapters.render as render
from fakes.papers import (
    NASTY,
    SAMPLE,
    film,
    has,
    image_bytes,
    pdf_text,
    png,
    run,
    squeezed,
)
from holdfast.adapters.render import Writer
from holdfast.adapters.render.drawing import slice_rows, timecode
from holdfast.adapters.render.template import parse
from holdfast.core.document import Field, Furniture, Lang, Order
from holdfast.core.errors import Cancelled, Tampered
from holdfast.core.job import Job

ROOT = hashlib.sha256(b"root").hexdigest()

Make = Callable[..., Path]


@pytest.fixture
def make(
    tmp_path: Path, font_cache: Path, few_subsets: None, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """Writes a PDF of a template's source."""

    def make(
        source: str,
        fields: dict[str, Field] | None = None,
        *,
        images: dict[str, Path] | None = None,
        lang: Lang = "zh",
        kind: str = "evidence-list",
        practice: bool = False,
        attachments: tuple[tuple[str, bytes, str], ...] = (),
        name: str = "out.pdf",
    ) -> Path:
        monkeypatch.setattr(render, "template", lambda _id, _lang: parse(source))
        order = Order(
            template=kind,
            lang=lang,
            fields=fields or {},
            furniture=Furniture(
                title="留证 Holdfast　试样",
                case_number="HF-2026-0042",
                number="HF-2026-0042-R1",
                issued="2026-11-21T02:20:33.000Z",
                offset_minutes=480,
                checkpoint_size=27,
                checkpoint_root=ROOT,
                practice=practice,
            ),
            images=images or {},
            attachments=attachments,
        )
        at = tmp_path / name
        Writer(font_cache).pdf_file(order, at, Job())
        return at

    return make


def drawn(page: pikepdf.Page) -> list[pikepdf.Object]:
    """The images that a page can draw."""
    objects = page.Resources.XObject
    return [objects[key] for key in objects if objects[key].Subtype == pikepdf.Name.Image]


def bodies(at: Path) -> list[str]:
    """What each page says between header and footer, without white space."""
    pages = pdf_text(at, "-raw").split("\f")[:-1]
    return [squeezed(page) for page in pages]


@pytest.mark.skipif(not has("qpdf", "pdffonts", "pdftotext"), reason="qpdf, poppler-utils missing")
class TestFile:
    def test_it_is_sound_and_every_font_is_in_it(self, make: Make) -> None:
        at = make(f"# 标题\n{SAMPLE} 𠮷 한 `abc`\n::: sign\na\nb\n:::", practice=True)
        assert "No syntax or stream" in run("qpdf", "--check", at)
        fonts = run("pdffonts", at).splitlines()[2:]
        assert len(fonts) == 6
        for line in fonts:
            assert re.search(r"CID (TrueType|Type 0C)\s+Identity-H\s+yes yes yes", line), line

    def test_text_comes_out_as_it_went_in(self, make: Make) -> None:
        text = "他说：“可以。”（《民法典》第1195条），共12项——𠮷䶮㐂 ＡＢ１ "
        text += "🌸👨‍👩‍👧 a＿b 1280×4724·三 ¾"
        at = make("{flush} {{t}}\n| a | {{t}} |", {"t": text})
        assert squeezed(pdf_text(at)).count(squeezed(text)) == 2
        assert text in " ".join(pdf_text(at).split()), "blanks stand where they stood"
        for family in ("👨‍👩‍👧", "👨‍👩‍👧‍👦🌸"):
            narrow = make("<!-- table: grid w=15,150 -->\n| {{t}} | x |", {"t": family})
            assert family in squeezed(pdf_text(narrow, "-raw")), "also over several lines"
        long = "看" * 30 + "，" + "第3集。" * 40
        assert squeezed(long) in squeezed(pdf_text(make("{{t}}", {"t": long})))

    def test_english_text_comes_out_as_it_went_in(self, make: Make) -> None:
        text = "“No later than T” – it’s § 512(c)(3); 1280 × 4724 · 林某某’s"
        at = make("{flush} {{t}}", {"t": text}, lang="en")
        assert text in " ".join(pdf_text(at).split())

    def test_commands_come_out_exactly(self, make: Make) -> None:
        lines = ["sed -n 3p data/x.txt | base64 -d | od -An -v -tx1", 'py "${name}: OK" \\', "-a ~"]
        at = make("::: code\n{{#l}}\n{{.}}\n{{/l}}\n:::", {"l": lines})
        found = pdf_text(at).splitlines()
        assert [line for line in found if line in lines] == lines

    def test_the_same_order_gives_the_same_bytes(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(png(30, 20))
        film(tmp_path / "f.mp4", 1)
        source = "# T\n::: figure a\nc\n:::\n::: contact f\n:::\n::: integrity\nx\n:::"
        images = {"a": tmp_path / "a.png", "f": tmp_path / "f.mp4"}
        files = (("x.json", b"{}", "application/json"),)
        first = make(source, images=images, attachments=files)
        second = make(source, images=images, attachments=files, name="other.pdf")
        assert first.read_bytes() == second.read_bytes()

    def test_structure_for_archives(self, make: Make) -> None:
        files = (
            ("b.ots", b"proof", "application/octet-stream"),
            ("a.json", b"{}", "application/json"),
        )
        at = make("# 标题 🌸\n## 一 {#a}\n### 二\n## 三 {#b}", attachments=files)
        with pikepdf.open(at) as pdf:
            assert pdf.pdf_version == "1.7"
            assert str(pdf.Root.Lang) == "zh-CN"
            assert str(pdf.docinfo.Title) == "留证 Holdfast　试样 HF-2026-0042-R1"
            with pdf.open_metadata() as meta:
                assert meta.pdfa_status == "3B"
                assert meta["dc:title"] == str(pdf.docinfo.Title)
            (intent,) = pdf.Root.OutputIntents
            assert intent.S == pikepdf.Name.GTS_PDFA1
            assert sorted(pdf.attachments) == ["a.json", "b.ots"]
            assert pdf.attachments["a.json"].get_file().read_bytes() == b"{}"
            kinds = [str(spec.AFRelationship) for spec in pdf.Root.AF]
            assert kinds == ["/Data", "/Supplement"]
            with pdf.open_outline() as outline:
                assert [item.title for item in outline.root] == ["一", "三"]
                assert [item.title for item in outline.root[0].children] == ["二"]

    def test_signature_fields_are_there_and_empty(self, make: Make) -> None:
        source = "::: sign 50\n权利人\n公证员\n:::\n<!-- break -->\n::: sign\n取证人\n复核人\n:::"
        with pikepdf.open(make(source)) as pdf:
            fields = list(pdf.Root.AcroForm.Fields)
            assert [str(one.T) for one in fields] == [f"signature-{n}" for n in (1, 2, 3, 4)]
            assert all(pikepdf.Name.Sig == one.FT and "/V" not in one for one in fields)
            assert len(pdf.pages[1].Annots) == 2


@pytest.mark.skipif(not has("pdftotext"), reason="poppler-utils missing")
class TestPages:
    def test_edges(self, make: Make) -> None:
        source = "<!-- cur: 证据 E0001 -->\na\n<!-- break -->\n<!-- cur: 证据 E0002 -->\nb"
        first, second = bodies(make(source, practice=True))
        assert "案件HF-2026-0042证据E0001" in first
        assert "案件HF-2026-0042证据E0002" in second
        assert "第1页/共2页" in first
        assert f"检查点27条·根{ROOT[:8]}…{ROOT[-8:]}" in first
        assert "文号HF-2026-0042-R1·2026-11-2110:20:33+08:00" in first
        assert "PRACTICE演练" in first
        assert "演练文件，不得用于真实投诉、公证或诉讼" in first
        (real,) = bodies(make("a"))
        assert "演练" not in real

    def test_a_cover_has_no_header(self, make: Make) -> None:
        first, second = bodies(make("# 封面\n<!-- break -->\nb", kind="evidence-report"))
        assert "案件HF-2026-0042" not in first
        assert "案件HF-2026-0042" in second

    def test_contents_and_references_name_the_pages(self, make: Make) -> None:
        source = (
            "::: toc\n:::\n| 页 | @page a-a-end |\n| 单 | @page b |\n<!-- break -->\n"
            "## 甲 {#a}\n<!-- break -->\nx\n<!-- anchor: a-end -->\n<!-- break -->\n## 乙 {#b}"
        )
        first = bodies(make(source))[0]
        assert "甲2" in first
        assert "乙4" in first
        assert "页2–3" in first
        assert "单4" in first

    def test_tables_break_well(self, make: Make) -> None:
        items: list[Field] = [{"n": f"行{n}"} for n in range(60)]
        source = (
            "<!-- table: grid w=100,65 -->\n| 头 | 值 |\n|---|---|\n{{#i}}\n| {{n}} | x |\n{{/i}}"
        )
        pages = bodies(make(source, {"i": items}))
        assert len(pages) == 2
        assert all("头值" in page for page in pages), "the head is on each page"
        assert "行58" in pages[1], "the final row is never alone"

    def test_a_group_stays_with_its_first_row(self, make: Make) -> None:
        for count in range(27, 35):
            source = "<!-- table: grid -->\n| 头 | 值 |\n|---|---|\n" + "| 行 | x |\n" * count
            source += "| ~组 | |\n| 首 | y |\n| 次 | y |\n| 末 | y |"
            for page in bodies(make(source)):
                assert ("组" in page) == ("首" in page)

    def test_a_row_taller_than_a_page_is_divided(self, make: Make) -> None:
        pages = bodies(make("| a | {{t}} |", {"t": "字" * 6000}))
        assert len(pages) == 3
        assert sum(page.count("字") for page in pages) == 6000

    def test_headings_stay_with_what_follows(self, make: Make) -> None:
        for count in range(24, 34):
            source = "段\n" * count + "## 标题\n后文一\n后文二"
            for page in bodies(make(source)):
                assert ("标题" in page) == ("后文一" in page)

    def test_paragraphs_keep_two_lines_on_either_side(self, make: Make) -> None:
        for count in range(22, 32):
            pages = bodies(make("段\n" * count + "{flush} {{t}}", {"t": "字" * 47 * 4}))
            for page in pages:
                assert page.count("字") == 0 or page.count("字") > 47

    def test_what_is_kept_stays_on_one_page(self, make: Make) -> None:
        source = "段\n" * 30 + "<!-- keep -->\n甲\n::: sign 36\na\nb\n:::\n乙\n<!-- /keep -->"
        for page in bodies(make(source)):
            assert ("甲" in page) == ("乙" in page)

    def test_a_soft_break_needs_room(self, make: Make) -> None:
        assert len(bodies(make("a\n<!-- break 40 -->\nb"))) == 1
        assert len(bodies(make("段\n" * 28 + "<!-- break 40 -->\nb"))) == 2

    def test_hostile_text_is_only_text(self, make: Make) -> None:
        source = (
            "# {{t}}\n## {{t}} {#x}\n### {{t}}\n{{t}}\n1. {{t}}\n{small} {{t}}\n| {{t}} | {{t}} |\n"
            "<!-- table: grid -->\n| {{t}} | b |\n|---|---|\n| ~{{t}} |\n"
            "| `{{t}}` | @hash {{t}} {{t}} |\n"
            "::: code\n{{t}}\n:::\n::: note\n{{t}}\n:::\n::: bighash\n{{t}}\n:::\n"
            "::: signline\n{{t}} | line\n:::\n::: integrity {{t}}\n{{t}}\n:::\n::: toc\n:::\n"
            "<!-- cur: {{t}} -->\n::: receipthead {{t}}\n| {{t}} | x |\n:::\n"
            "::: figure {{t}}\n{{t}}\n:::\n"
            "::: sign\n{{t}}\nb\n:::"
        )
        at = make(source, {"t": NASTY[:200]})
        assert "No syntax" in run("qpdf", "--check", at)
        text = squeezed(pdf_text(at))
        assert "<imgsrc=file:///etc/passwd>{{case.title}}|**x**`y`<br><!--break-->" in text
        assert "[U+202E]" in pdf_text(at) or "\u202e" in pdf_text(at)


class TestPictures:
    def test_pixels_are_identical(self, make: Make, tmp_path: Path) -> None:
        for name, raw in (("a.png", png(40, 30)), ("b.jpg", image_bytes(40, 30, "JPEG"))):
            (tmp_path / name).write_bytes(raw)
            at = make("::: figure p 50\n图 @size p 止\n:::", images={"p": tmp_path / name})
            with pikepdf.open(at) as pdf:
                (image,) = drawn(pdf.pages[0])
                got = pikepdf.PdfImage(image).as_pil_image().convert("RGB").tobytes()
            from PIL import Image

            with Image.open(tmp_path / name) as source:
                assert got == source.convert("RGB").tobytes()
            if has("pdftotext"):
                assert "图40×30像素止" in bodies(at)[0]

    def test_indexed_turned_and_transparent_pictures_are_drawn(
        self, make: Make, tmp_path: Path
    ) -> None:
        from PIL import Image

        exif = Image.Exif()
        exif[0x0112] = 6
        (tmp_path / "a").write_bytes(png(8, 8, 3, bits=2))
        (tmp_path / "b").write_bytes(image_bytes(8, 4, "JPEG", exif=exif))
        Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save(tmp_path / "c", "PNG")
        images = {name: tmp_path / name for name in "abc"}
        source = (
            "::: figure a\n:::\n::: figure b\n:::\n::: pair c a\n左\n右\n:::\n::: pair c no\n:::"
        )
        with pikepdf.open(make(source, images=images)) as pdf:
            assert len(drawn(pdf.pages[0])) == 3

    def test_long_pages_are_slices_of_one_image(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "p.png").write_bytes(png(300, 2000))
        at = make("::: slices p\n:::\n末", images={"p": tmp_path / "p.png"})
        with pikepdf.open(at) as pdf:
            numbers = {image.objgen for page in pdf.pages for image in drawn(page)}
            assert len(pdf.pages) == 3
            assert len(numbers) == 1, "the same object under a clip"
        if has("pdftotext"):
            assert ["重叠" in page for page in bodies(at)] == [True, True, True]
            assert "切片1/3第0–719像素行，高720像素" in bodies(at)[0]

    def test_a_tall_figure_is_shown_in_slices_too(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "p.png").write_bytes(png(64, 2400))
        source = "::: figure p 60\n图\n:::\n正文\n<!-- anchor: end -->"
        pages = bodies(make(source, images={"p": tmp_path / "p.png"}))
        assert "正文" in pages[0]
        assert "切片1/" in pages[1]

    def test_slices_cover_every_row_and_overlap(self) -> None:
        for height in (10, 1000, 1001, 4724, 30_000):
            count, rows = slice_rows(height, 900.0, 1000.0)
            assert count == len(rows)
            assert rows[0][0] == 0
            assert rows[-1][1] == height
            for before, after in pairwise(rows):
                assert before[1] - after[0] == 80
            assert all(last - first <= 1000 for first, last in rows)
        count, rows = slice_rows(100_000, 900.0, 1000.0)
        assert len(rows) == 40 < count

    def test_very_long_pages_say_what_is_left(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "p.png").write_bytes(png(10, 32_000, 0))
        at = make("::: slices p\n:::", images={"p": tmp_path / "p.png"})
        assert "此处印出前40段" in bodies(at)[-1]

    def test_what_cannot_be_drawn_is_said(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"nothing")
        source = (
            "::: figure x\n图注\n:::\n::: slices x\n:::\n::: contact x\n:::\n::: figure no\n:::"
        )
        (page,) = bodies(make(source, images={"x": tmp_path / "x"}))
        assert page.count("此图像无法在打印件中显示") == 4
        assert "图注" in page

    def test_frames_of_a_film(self, make: Make, tmp_path: Path) -> None:
        film(tmp_path / "f", 3)
        at = make("::: contact f\n:::", images={"f": tmp_path / "f"})
        with pikepdf.open(at) as pdf:
            assert len(drawn(pdf.pages[0])) == 12
        assert "00:00.000" in pdf_text(at)

    def test_a_picture_that_changed_stops_the_document(self, make: Make, tmp_path: Path) -> None:
        raw = png(9, 9)
        at = tmp_path / hashlib.sha256(raw).hexdigest()
        at.write_bytes(png(9, 9, shade=7))
        with pytest.raises(Tampered, match="image_changed"):
            make("::: figure p\n:::", images={"p": at})

    def test_memory_stays_flat(self, make: Make, tmp_path: Path) -> None:
        """Forty pictures of 3 MB each take the room of a few."""
        import os

        line = os.urandom(3 * 1000)
        for number in range(40):
            rows = b"".join(b"\0" + bytes([number]) + line[1:] for _ in range(1000))
            raw = png(1, 1)
            import struct
            import zlib

            from fakes.papers import _chunk

            header = struct.pack(">IIBBBBB", 1000, 1000, 8, 2, 0, 0, 0)
            body = zlib.compress(rows, 0)
            whole = raw[:8] + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
            (tmp_path / f"{number}.png").write_bytes(whole)
        source = "\n".join(f"::: figure p{number}\n:::" for number in range(40))
        images = {f"p{number}": tmp_path / f"{number}.png" for number in range(40)}
        make("a")
        tracemalloc.start()
        at = make(source, images=images)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert at.stat().st_size > 120_000_000
        assert peak < 40_000_000


def test_time_codes() -> None:
    assert [timecode(ms) for ms in (0, 41_200, 3_661_005)] == [
        "00:00.000",
        "00:41.200",
        "1:01:01.005",
    ]


def test_it_can_be_cancelled(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "step", _no)
    with pytest.raises(Cancelled):
        make("a")


def _no(*_: object) -> None:
    raise Cancelled
