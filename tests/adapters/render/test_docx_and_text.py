from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from docx import Document

import holdfast.adapters.render as render
from fakes.papers import NASTY
from holdfast.adapters.render import Writer
from holdfast.adapters.render.template import parse
from holdfast.adapters.resources import words
from holdfast.core.document import Field, Furniture, Lang, Order
from holdfast.core.job import Job

SOURCE = """# 通知书 {{t}}
{center} （依据）
<!-- cur: x -->
::: accent
:::
<!-- space 2 -->
{flush} **致：**{{t}}
正文<br>第二行{{empty}}
{{empty}}
1. 一
{small} 小字 @hash SHA-256 00aa
<!-- table: kv w=30,135 -->
| 甲 | {{t}} |
| 乙 | a<br>b |
<!-- table: grid w=10,50,50 -->
| 序 | 内容 | 页 |
|---|---|---|
| ~组 | | |
| 1 | {{t}} | @page x |
<!-- table: grid -->
| 无头 | 值 |
<!-- break -->
<!-- keep -->
## 附件
::: note
**说明** 注
:::
::: signline
签名： | line
日期： | 　　年
:::
<!-- anchor: x -->
<!-- /keep -->
"""


@pytest.fixture(autouse=True)
def one_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "template", lambda _id, _lang: parse(SOURCE))


def order(text: str = "某某", lang: Lang = "zh") -> Order:
    fields: dict[str, Field] = {"t": text, "empty": ""}
    furniture = Furniture(
        title="致平台的通知",
        case_number="HF-2026-0042",
        number="HF-2026-0042-L01",
        issued="2026-11-21T02:20:33.000Z",
        offset_minutes=480,
        checkpoint_size=27,
        checkpoint_root="ab" * 32,
        practice=False,
    )
    return Order(template="evidence-list", lang=lang, fields=fields, furniture=furniture)


def opened(made: bytes) -> Any:
    return Document(io.BytesIO(made))


def test_text_is_one_paragraph_a_line() -> None:
    assert Writer().text(order(), Job()) == (
        "通知书 某某\n\n（依据）\n\n致：某某\n正文\n第二行\n1. 一\n小字 SHA-256 00aa\n\n"
        "甲：某某\n乙：a b\n\n组\n序：1\n  内容：某某\n\n无头\n  值\n\n附件\n\n说明 注\n\n"
        "签名： ________________\n日期： 　　年\n"
    )
    assert "甲: 某某" in Writer().text(order(lang="en"), Job())


def test_docx_holds_the_words_in_their_places() -> None:
    document = opened(Writer().docx(order(), Job()))
    texts = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
    assert texts == [
        "通知书 某某",
        "（依据）",
        "致：某某",
        "正文\n第二行",
        "1. 一",
        "小字 SHA-256 00aa",
        "附件",
        "说明 注",
        "签名： ________________",
        "日期： 　　年",
    ]
    kv, grid, bare = document.tables
    assert [[cell.text for cell in row.cells] for row in kv.rows] == [
        ["甲", "某某"],
        ["乙", "a\nb"],
    ]
    assert [row.cells[0].text for row in grid.rows] == ["序", "组", "1"]
    assert bare.rows[0].cells[1].text == "值"
    assert document.core_properties.title == "致平台的通知 HF-2026-0042-L01"
    assert document.core_properties.author == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_a_docx_says_what_it_is_of_and_that_practice_is_practice(lang: Lang) -> None:
    real = order(lang=lang)
    practised = replace(real, furniture=replace(real.furniture, practice=True))
    for made in (real, practised):
        (section,) = opened(Writer().docx(made, Job())).sections
        head, foot = section.header._element.xml, section.footer._element.xml
        head_text, foot_text = (
            "\n".join(one.text for one in part.paragraphs)
            for part in (section.header, section.footer)
        )
        assert head_text.startswith("致平台的通知\t")
        assert "HF-2026-0042" in head_text
        assert "HF-2026-0042-L01 · 2026-11-21 10:20:33 +08:00" in foot_text
        assert "abababab…abababab" in foot_text
        assert [f'w:instr="{name}"' in foot for name in ("PAGE", "NUMPAGES")] == [True, True]
        told = words(lang)("page.practice")
        assert (made is practised) == ("\tPRACTICE 演练\t" in head_text)
        assert (made is practised) == ('string="PRACTICE 演练"' in head)
        assert (made is practised) == (told in foot_text)


def test_a_docx_is_set_in_chinese_and_its_tables_as_in_the_pdf() -> None:
    document = opened(Writer().docx(order(), Job()))
    assert 'w:eastAsia="zh-CN"' in document.styles.element.xml
    kv, grid, _ = document.tables
    assert [round(cell.width.mm) for cell in kv.rows[0].cells] == [30, 135]
    assert [round(cell.width.mm) for cell in grid.rows[0].cells] == [15, 75, 75]
    signed = document.paragraphs[-4:]
    assert [one.paragraph_format.keep_with_next for one in signed] == [True, True, True, None]


def test_docx_names_its_fonts_for_chinese_too() -> None:
    with zipfile.ZipFile(io.BytesIO(Writer().docx(order(), Job()))) as box:
        styles = box.read("word/styles.xml").decode()
        assert 'w:eastAsia="Noto Serif SC"' in styles
        assert 'w:eastAsia="Noto Sans SC"' in box.read("word/document.xml").decode()


def test_docx_is_the_same_every_time() -> None:
    assert Writer().docx(order(), Job()) == Writer().docx(order(), Job())


@pytest.mark.parametrize("text", [NASTY, "\x00\x0b\ufffe]]>&<w:p/>", "\ud800"])
def test_hostile_text_is_only_text(text: str) -> None:
    document = opened(Writer().docx(order(text), Job()))
    shown = document.tables[0].rows[0].cells[1].text
    assert shown.replace("\\u{FFFE}", "\ufffe")[-5:] == text[-5:] or "\\u{" in shown
    assert len(document.tables) == 3
    if text is NASTY:
        assert "{{case.title}} | **x**" in shown
    assert Writer().text(order(text), Job())


def test_a_table_without_rows_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "# a\n<!-- table: grid -->\n{{#none}}\n| a | b |\n{{/none}}\n"
    monkeypatch.setattr(render, "template", lambda _id, _lang: parse(source))
    made = order()
    empty = Order(template=made.template, lang="zh", fields={"none": []}, furniture=made.furniture)
    assert opened(Writer().docx(empty, Job())).tables == []
    assert Writer().text(empty, Job()) == "a\n"
