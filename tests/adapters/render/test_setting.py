from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.papers import SAMPLE
from holdfast.adapters.render.fonts import Font, FontBook, face_for, outline
from holdfast.adapters.render.setting import (
    GREY,
    INK,
    Line,
    TextStyle,
    atoms,
    break_lines,
    draw_line,
    number,
    spans,
    utf16,
)

Set = Callable[..., list[Line]]
NO_START = set("，。、；：！？）》」』】〕”’")
NO_END = set("（《「『【〔“‘")


def shown(lines: list[Line]) -> list[str]:
    return ["".join(atom.char for atom in line.atoms) for line in lines]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    text=st.text(alphabet=st.sampled_from(sorted(set(SAMPLE))), min_size=1, max_size=120),
    width=st.floats(min_value=60, max_value=300),
)
def test_lines_begin_and_end_as_chinese_wants(set_lines: Set, text: str, width: float) -> None:
    lines = set_lines(text, width)
    texts = shown(lines)
    kept = "".join(texts).replace(" ", "")
    assert kept == text.replace(" ", ""), "nothing is lost and nothing is added"
    for line, before in zip(lines[1:], texts, strict=False):
        first, last = line.atoms[0].char if line.atoms else "", before[-1:]
        if len(before) > 3:
            assert first not in NO_START or before[-1] in NO_START | NO_END
            assert not (last in NO_END and first not in NO_START | NO_END), texts
    for line in lines:
        if line.atoms:
            slack = 0.5 * 10 if line.atoms[-1].kind == "close" else 0
            longest = len(line.atoms) == 1 or line.width - slack <= width + 0.1
            crowded = {atom.char for atom in line.atoms} <= NO_START | NO_END | set("—…")
            assert longest or crowded or _unbreakable(line)


@pytest.mark.parametrize(
    "text", ["0m—《m——“一 ”", "00—《 m——", "一一一一《  一一一", "一一一一一一  ，一"]
)
def test_a_blank_parts_no_mark_from_its_word(set_lines: Set, text: str) -> None:
    texts = shown(set_lines(text, 60))
    assert "".join(texts).replace(" ", "") == text.replace(" ", "")
    for before, line in pairwise(texts):
        assert before.rstrip()[-1] not in NO_END
        assert line.lstrip()[0] not in NO_START


def _unbreakable(line: Line) -> bool:
    """A row of marks that may not be parted may stand over."""
    tail = [atom.kind for atom in line.atoms[1:]]
    return tail.count("close") + tail.count("open") + tail.count("dash") >= len(tail) - 2


@pytest.mark.parametrize("width", [90.0, 131.0, 177.0, 240.0])
def test_pairs_stay_whole(set_lines: Set, width: float) -> None:
    for text in shown(set_lines(SAMPLE, width)):
        assert text.count("—") in (0, 2)
        assert text.count("…") in (0, 2)
        assert text[:1] not in NO_START
        assert text[-1:] not in NO_END


def test_an_address_breaks_after_its_signs_only(set_lines: Set) -> None:
    texts = shown(set_lines("https://play.yanlian.example/series/taohuadu/ep/3?x=1&y=2", 150))
    assert len(texts) > 1
    assert all(text[-1] in "/?&=_" for text in texts[:-1])


def test_a_word_wider_than_the_measure_breaks_where_it_must(set_lines: Set) -> None:
    texts = shown(set_lines("a" * 80, 60))
    assert "".join(texts) == "a" * 80
    assert len(texts) > 3
    assert shown(set_lines("aaaaaaaaa-bbbbbbbbbbbb", 75))[0].endswith("-")


def test_full_width_marks_lose_half_an_em_together(set_lines: Set) -> None:
    apart = set_lines("《三》三（三）", 500)[0].width
    together = set_lines("《三》（三）三", 500)[0].width
    assert apart - together == pytest.approx(5)
    line = set_lines("三：“可以。”三", 500)[0]
    groups = [atom.actual for atom in line.atoms if atom.opens]
    assert groups == ["：“", "。”"], "what stands over each other says what it is"


def test_han_and_latin_stand_apart_by_less_than_a_blank(set_lines: Set) -> None:
    line = set_lines("共12项", 500)[0]
    assert [gap > 0 for gap in line.gaps] == [False, True, False, True]
    assert max(line.gaps) < 0.1 * 10


def test_justified_lines_fill_the_measure_or_stay_ragged(set_lines: Set) -> None:
    lines = set_lines("他说可以随后又等了三天再看一千一百九十五条" * 3, 104)
    assert lines[0].width == pytest.approx(104)
    assert lines[-1].width < 104
    ragged = set_lines("看 https://play.yanlian.example/series/ 看看看看看看看看看", 165)[0]
    assert ragged.width < 165


def test_line_feeds_indents_and_alignment(set_lines: Set) -> None:
    style = TextStyle(face="serif", size=10, leading=16, indent=2)
    lines = set_lines("他说\n\n可以" + "看" * 30, 200, style=style)
    assert shown(lines)[:3] == ["他说", "", "可以" + "看" * 18]
    assert [line.x for line in lines[:3]] == [20, 0, 0]
    centred = TextStyle(face="serif", size=10, leading=16, align="center")
    assert set_lines("看", 100, style=centred)[0].x == pytest.approx(45)
    right = TextStyle(face="serif", size=10, leading=16, align="right")
    assert set_lines("看", 100, style=right)[0].x == pytest.approx(90)
    assert shown(set_lines("", 100)) == [""]
    assert shown(set_lines("   ", 100)) == [""]


def test_an_opening_mark_is_flush_at_the_start_of_a_line(set_lines: Set) -> None:
    lines = set_lines("看" * 10 + "（看看看）", 100)
    assert lines[1].atoms[0].char == "（"
    assert lines[1].gaps[0] == -5


def test_english_takes_the_narrow_quotation_marks(serif: Font, set_lines: Set) -> None:
    assert serif.glyphs["“"].advance == 1000
    assert serif.narrow["“"].advance < 600
    wide = set_lines("“a”", 500)[0].width
    assert set_lines("“a”", 500, "en")[0].width < wide
    assert set_lines("t’s", 500)[0].atoms[1].glyph == serif.narrow["’"], "an apostrophe"


class TestFaces:
    def test_rare_names_come_from_fonts_that_have_them(self) -> None:
        assert face_for("serif", "䶮") == "serif"
        assert face_for("serif", "𠮷") == "jp"
        assert face_for("sans", "한") == "kr"
        assert face_for("mono", "证") == "sans"
        assert face_for("mono", "“") == "sans"
        assert face_for("serif", "🌸") is None

    def test_what_no_font_has_is_shown_and_keeps_its_character(self) -> None:
        made = list(spans("a🌸👨‍👩‍👧1️⃣吉𠮷b\nc", "serif", GREY))
        assert [(span.text, span.actual) for span in made] == [
            ("a", ""),
            ("[U+1F338]", "🌸"),
            ("[U+1F468 U+200D U+1F469 U+200D U+1F467]", "👨‍👩‍👧"),
            ("[U+0031 U+FE0F U+20E3]", "1️⃣"),
            ("吉", ""),
            ("𠮷", ""),
            ("b", ""),
            ("\n", ""),
            ("c", ""),
        ]

    def test_a_lone_joiner_is_shown(self) -> None:
        assert [span.text for span in spans("看\u200d", "serif", INK)] == ["看", "[U+200D]"]

    def test_two_of_the_same_are_two(self, font_cache: Path) -> None:
        content = list(spans("🌸🌸", "serif", INK))
        fonts = FontBook(font_cache).load({"sans": set("[U+1F338] ")})
        style = TextStyle(face="sans", size=10, leading=16)
        (line,) = break_lines(atoms(content, 10, fonts, "zh"), 500, style)
        drawn = " ".join(draw_line(line, 0, 0))
        assert drawn.count(utf16("🌸")) == 2

    def test_subsets_are_kept_by_content_and_made_again_when_damaged(self, tmp_path: Path) -> None:
        book = FontBook(tmp_path)
        first = book.load({"mono": set("ab")})["mono"]
        (kept,) = tmp_path.iterdir()
        kept.write_bytes(kept.read_bytes()[:-5])
        assert book.load({"mono": set("ab")})["mono"].data == first.data
        assert all(glyph.advance == 600 for glyph in first.glyphs.values())

    def test_a_cache_that_cannot_be_written_is_done_without(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        made = FontBook(tmp_path / "file" / "cache").load({"mono": set()})["mono"]
        assert made.data == FontBook(None).load({"mono": set()})["mono"].data

    def test_words_can_be_drawn_as_outlines(self, font_cache: Path) -> None:
        font = FontBook(font_cache).load({"sans": set("[U+1F338] ")})["sans"]
        drawing, wide = outline(font, "U[")
        assert drawing.endswith("f")
        assert wide > 800


def test_numbers_are_short_and_plain() -> None:
    assert [number(value) for value in (1, 1.5, -0.0001, 0.12345, 1e-9, 1e6)] == [
        "1",
        "1.5",
        "0",
        "0.123",
        "0",
        "1000000",
    ]


def test_drawing_nothing_draws_nothing() -> None:
    assert draw_line(Line([], [], 0, 0), 1, 2) == []
