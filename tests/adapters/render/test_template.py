from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.render.blocks import (
    Anchor,
    Box,
    Break,
    Current,
    Hash,
    Heading,
    Keep,
    PageBreak,
    PageRef,
    Paragraph,
    PixelSize,
    Row,
    Space,
    Table,
    Text,
    plain,
)
from holdfast.adapters.render.template import (
    BadTemplate,
    UnknownField,
    fields_used,
    fill,
    parse,
    rules_used,
)
from holdfast.core.document import Field

TEXTS = Path(__file__).parents[3].parent / "shared" / "design" / "pages" / "text"


def words(source: str, **fields: Field) -> list[str]:
    """The paragraphs of a filled template."""
    found = []
    for block in fill(parse(source), fields):
        if isinstance(block, Paragraph | Heading):
            found.append(plain(block.content))
        elif isinstance(block, Keep):
            found += [plain(one.content) for one in block.content if isinstance(one, Paragraph)]
    return found


def rows(source: str, **fields: Field) -> list[list[str]]:
    (table,) = fill(parse(source), fields)
    assert isinstance(table, Table)
    return [[plain(cell) for cell in row.cells] for row in table.rows if isinstance(row, Row)]


class TestBlocks:
    def test_headings_carry_their_level_and_anchor(self) -> None:
        tree = fill(parse("# T\n## A {#a-{{n}}}\n### B"), {"n": 3})
        assert [(b.level, plain(b.content), plain(b.anchor)) for b in tree] == [  # type: ignore[union-attr]  # headings all
            (1, "T", ""),
            (2, "A", "a-3"),
            (3, "B", ""),
        ]

    def test_styles_and_items(self) -> None:
        tree = parse("{small} a\n{flush} b\n{center} c\n{eyebrow} d\n1. e\nf")
        found = [(b.style, plain(b.number), plain(b.content)) for b in tree]  # type: ignore[union-attr]  # paragraphs all
        assert found == [
            ("small", "", "a"),
            ("flush", "", "b"),
            ("center", "", "c"),
            ("eyebrow", "", "d"),
            ("body", "1", "e"),
            ("body", "", "f"),
        ]

    def test_the_furniture_of_a_page(self) -> None:
        tree = fill(
            parse(
                "<!-- space 2.5 -->\n<!-- break -->\n<!-- break 40 -->\n<!-- cur: E{{n}} -->\n"
                "<!-- anchor: end-{{n}} -->\n<!-- document: x -->\n<!-- rule: cc-1 -->"
            ),
            {"n": "1"},
        )
        assert tree[0] == Space(mm=2.5)
        assert tree[1:3] == (PageBreak(), PageBreak(unless=0.4))
        assert isinstance(tree[3], Current)
        assert plain(tree[3].content) == "E1"
        assert isinstance(tree[4], Anchor)
        assert plain(tree[4].name) == "end-1"

    def test_items_count_on_across_conditions(self) -> None:
        source = "#. a\n<!-- when: no -->\n#. b\n{{#yes}}\n#. c\n{{/yes}}\ntext\n#. d"
        tree = fill(parse(source), {"no": False, "yes": True})
        numbers = [(plain(b.number), plain(b.content)) for b in tree if isinstance(b, Paragraph)]
        assert numbers == [("1", "a"), ("2", "c"), ("", "text"), ("1", "d")]

    def test_kept_blocks_count_their_own_items(self) -> None:
        (keep,) = fill(parse("<!-- keep -->\n#. a\n#. b\n<!-- /keep -->"), {})
        assert isinstance(keep, Keep)
        assert [plain(b.number) for b in keep.content if isinstance(b, Paragraph)] == ["1", "2"]

    def test_boxes_keep_arguments_apart_from_fields_with_blanks(self) -> None:
        (box,) = fill(parse("::: figure {{f}} 92\ncaption {{f}}\n:::"), {"f": "a b"})
        assert isinstance(box, Box)
        assert [plain(arg) for arg in box.args] == ["a b", "92"]

    def test_code_knows_nothing_but_fields_and_sections(self) -> None:
        source = "::: code\n{{#lines}}\n{{.}}\n{{/lines}}\n| **x** <br> {{y}}\n:::"
        (box,) = fill(parse(source), {"lines": ["a `b`", "c|d"], "y": "z"})
        assert isinstance(box, Box)
        lines = [plain(b.content) for b in box.content if isinstance(b, Paragraph)]
        assert lines == ["a `b`", "c|d", "| **x** <br> z"]


class TestInline:
    def test_faces(self) -> None:
        (block,) = fill(parse("a **b** {g}c{/g} `d` {{#x}}e{{/x}}<br>f"), {"x": 1})
        assert isinstance(block, Paragraph)
        faces = [
            (node.text, node.bold, node.grey, node.code)
            for node in block.content
            if isinstance(node, Text) and node.text.strip()
        ]
        assert faces == [
            ("a ", False, False, False),
            ("b", True, False, False),
            ("c", False, True, False),
            ("d", False, False, True),
            ("e", False, False, False),
            ("f", False, False, False),
        ]
        assert Break() in block.content

    def test_a_section_takes_the_face_around_it(self) -> None:
        (block,) = fill(parse("**{{#x}}{{x}}{{/x}}**"), {"x": "v"})
        assert isinstance(block, Paragraph)
        assert block.content == (Text(text="v", bold=True),)

    def test_marks(self) -> None:
        tree = fill(
            parse("@hash SHA-256 {{h}} - {{i}}\n@page a-b\n@size {{p}} , x"),
            {"h": "00", "i": "11", "p": "pic"},
        )
        hash_, page, size = (b.content for b in tree if isinstance(b, Paragraph))
        assert isinstance(hash_[0], Hash)
        assert plain(hash_) == "SHA-256 00\n11"
        assert page == (PageRef(first=(Text(text="a"),), last=(Text(text="b"),)),)
        assert size == (PixelSize(picture=(Text(text="pic"),)), Text(text=", x"))

    def test_a_bar_can_stand_in_a_cell(self) -> None:
        assert rows("| a \\| b | c |") == [["a | b", "c"]]


class TestTables:
    def test_head_groups_lists_and_conditions(self) -> None:
        source = (
            "<!-- table: grid w=1,2 center=0 -->\n| A | B |\n|---|---|\n"
            "{{#groups}}\n| ~{{title}} | |\n{{#items}}\n| {{n}} | {{title}} |\n{{/items}}\n"
            "{{/groups}}\n<!-- when: !empty -->\n| x | y |\n<!-- when: empty -->\n| p | q |\n"
            "{{^groups}}\n| none | |\n{{/groups}}\ntext"
        )
        groups = [{"title": "G", "items": [{"n": 1}, {"n": 2, "title": "own"}]}]
        table, text = fill(parse(source), {"groups": groups, "empty": ""})
        assert isinstance(table, Table)
        assert table.options == {"w": "1,2", "center": "0"}
        assert [plain(cell) for cell in table.head] == ["A", "B"]
        found = [
            (row.group, [plain(c) for c in row.cells]) for row in table.rows if isinstance(row, Row)
        ]
        assert found == [
            (True, ["G"]),
            (False, ["1", "G"]),
            (False, ["2", "own"]),
            (False, ["x", "y"]),
        ]
        assert isinstance(text, Paragraph)

    def test_a_table_ends_where_a_section_opens_something_else(self) -> None:
        source = "{{#a}}\n| x | y |\n{{#b}}\ntext\n{{/b}}\n{{/a}}"
        tree = fill(parse(source), {"a": True, "b": True})
        assert [type(block) for block in tree] == [Table, Paragraph]


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "stands"),
        [
            ("a", True),
            ("!a", False),
            ("b", False),
            ("!b", True),
            ("a & !b", True),
            ("a & b", False),
            ("m.x", True),
            ("none.x", False),
            ("!none.x", True),
        ],
    )
    def test_truth(self, condition: str, stands: bool) -> None:
        fields: dict[str, Field] = {"a": [1], "b": "", "m": {"x": 1}, "none": None}
        assert words(f"<!-- when: {condition} -->\ntext", **fields) == ["text"] * stands

    def test_around_several_and_at_the_end_of_one(self) -> None:
        source = (
            "<!-- when: a -->\none\n\n<!-- when: b -->\ntwo\n<!-- /when: a -->\n"
            "three <!-- when: b -->\n<!-- when: a -->\nfour\nfive\n<!-- /when -->\nsix"
        )
        assert words(source, a=True, b=False) == ["one", "four", "five", "six"]
        assert words(source, a=False, b=True) == ["three", "six"]

    def test_a_list_looks_outwards_and_absent_means_empty(self) -> None:
        source = "{{#xs}}\n{{.}} {{name}}\n{{/xs}}\n{{^xs}}\nnone\n{{/xs}}"
        assert words(source, xs=["a", "b"], name="n") == ["a n", "b n"]
        assert words(source, xs=[], name="n") == ["none"]

    @pytest.mark.parametrize(
        "source", ["{{x}}", "{{a.x}}", "{{flag}}", "<!-- when: x -->\ny", "{{#x}}\ny\n{{/x}}"]
    )
    def test_an_unknown_or_unprintable_field_raises(self, source: str) -> None:
        with pytest.raises(UnknownField):
            fill(parse(source), {"a": {"b": "c"}, "flag": True})


@pytest.mark.parametrize(
    "source",
    [
        "{{#x}}\ntext",
        "{{/x}}",
        "text {{/x}}",
        "text {{#x}} more",
        "**bold",
        "<!-- something: else -->",
        "text <!-- something -->",
        "<!-- table: list -->\n| a |",
        "<!-- table: kv wide -->\n| a |",
        "::: unknown\n:::",
        "::: note\ntext",
        "::: code\n{{#x}}\na\n:::",
        "<!-- when: a or b -->\ntext",
        "<!-- when: a -->",
        "<!-- /when -->",
        "<!-- when: a -->\n{{#x}}\n<!-- /when -->\n{{/x}}",
        "<!-- keep -->\ntext",
        "| a | b",
        "| x |\n{{#r}}\n| a |\ntext\n{{/r}}",
        "<!-- table: grid -->\n{{#r}}\n| a |\n{{/r}}\n|---|",
        "@hash one",
        "<!-- space wide -->",
        "text <!-- rule: Not An Id -->",
        "{{#a}}\n<!-- when: b -->\n{{/a}}",
    ],
)
def test_what_is_not_the_syntax_is_refused(source: str) -> None:
    with pytest.raises(BadTemplate):
        parse(source)


def test_rules_and_fields_are_found_however_deep() -> None:
    source = (
        "# T {{t}}\na<!-- rule: r1, r2 · a remark -->{{#s}}b<!-- rule: r3 -->{{/s}}\n"
        "| {{c}}<!-- rule: r4 --> |\n{{#rs}}\n| x<!-- rule: r5 --> |\n{{/rs}}\n"
        "<!-- when: w -->\n| y<!-- rule: r6 --> |\n"
        "::: note {{n}}\nc<!-- rule: r7 -->\n:::\n<!-- keep -->\n{{#k}}\nd<!-- rule: r8 -->\n"
        "{{/k}}\n<!-- /keep -->\n<!-- when: w -->\ne<!-- rule: r9 -->\n@hash a {{h}}\n"
        "@page {{p}}\n@size {{z}}\n<!-- cur: {{u}} -->\n<!-- space 1 -->\n"
        "<!-- table: grid -->\n| {{hd}} |\n|---|\n"
    )
    tree = parse(source)
    assert rules_used(tree) == {f"r{n}" for n in range(1, 10)}
    assert fields_used(tree) == {"t", "c", "n", "h", "p", "z", "u", "hd"}


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the drawn pages are not beside the project")
@pytest.mark.parametrize("name", ["evidence-report.zh", "platform-notice.en", "revocation.zh"])
def test_the_drawn_texts_are_in_the_syntax(name: str) -> None:
    assert rules_used(parse((TEXTS / f"{name}.md").read_text(encoding="utf-8")))


@given(st.text(alphabet=st.sampled_from("{}<>!-|*`@#:&ab.\n \\/~^$gbr"), max_size=60))
def test_a_field_is_never_markup(hostile: str) -> None:
    source = "## {{x}} {#{{x}}}\n{{x}} **{{x}}** `{{x}}`\n| ~ | {{x}} |\n::: code\n{{x}}\n:::"
    tree = fill(parse(source), {"x": hostile})
    heading, paragraph, table, code = tree
    assert isinstance(heading, Heading)
    assert plain(heading.content) == plain(heading.anchor) == hostile
    assert isinstance(paragraph, Paragraph)
    assert plain(paragraph.content) == f"{hostile} {hostile} {hostile}"
    assert isinstance(table, Table)
    assert isinstance(code, Box)


@given(st.text(alphabet=st.sampled_from("{}<>!-|*`@#:& wenkab.\n/^"), max_size=80))
def test_any_text_is_a_template_or_is_refused(source: str) -> None:
    try:
        parse(source)
    except BadTemplate:
        pass
