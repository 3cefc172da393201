r"""Templates of documents: parsed into a tree first, filled afterwards.

A field becomes a text node and nothing else, so that a page title can neither break a page nor
make a writer open a file.  One line is one block::

    # ## ###            title, heading, smaller heading; ``{#name}`` at the end is an anchor
    text                paragraph; a leading {small} {flush} {center} {eyebrow} is its style
    1. text             item; the number may be a field: ``{{n}}. {{text}}``; ``#.`` counts on
    | a | b |           row of the table that ``<!-- table: kv|grid w=… center=… -->`` opened;
                        ``|---|`` after the first row makes it the head; ``~`` begins a group row;
                        without a table line before them, rows are a key-value table
    ::: name args       a block that the writer draws, up to ``:::``
    {{#x}} … {{/x}}     on lines of their own: blocks or rows once per item, or if x is present
    {{^x}} … {{/x}}     if x is absent or empty
    <!-- when: c -->    the next block or row only if c; ``c`` is ``name``, ``!name``, ``a & b``
    <!-- when: c --> … <!-- /when -->      several blocks; the end belongs to the nearest open
                        ``when`` unless it names its own: ``<!-- /when: c -->``
    <!-- break -->  <!-- break 40 -->      a new page; unless 40 % of this one are free
    <!-- space 3 --> <!-- keep --> <!-- /keep --> <!-- cur: … --> <!-- anchor: … -->
    <!-- rule: id, id -->   after each legal sentence: ids of rules

Inside a line: ``{{a.b}}`` ``{{#x}}…{{/x}}`` ``{{^x}}…{{/x}}`` ``**bold**`` ``{g}grey{/g}`` a code
span in back-ticks, ``<br>``, ``@hash LABEL {{…}}`` (label ``-``: none), ``@page a-b``, ``@size x``,
and ``<!-- when: c -->`` at the end of a paragraph, for that one.  ``\|`` is a bar in a cell.
Inside a list ``{{.}}`` is the item itself; names are looked up in the item first, then outwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from holdfast.adapters.render.blocks import (
    Anchor,
    AnyRow,
    Block,
    Box,
    Break,
    Current,
    Field,
    Hash,
    Heading,
    Inline,
    Inlines,
    InlineSection,
    Keep,
    PageBreak,
    PageRef,
    Paragraph,
    PixelSize,
    Row,
    RowSection,
    RowWhen,
    Rule,
    Section,
    Space,
    Style,
    Table,
    Text,
    Tree,
    When,
)
from holdfast.core.document import Field as Value

STYLES: Mapping[str, Style] = {
    "{small}": "small",
    "{flush}": "flush",
    "{center}": "center",
    "{eyebrow}": "eyebrow",
}
BOXES = frozenset(
    {
        "accent", "bighash", "code", "contact", "figure", "integrity", "note", "pair",
        "receipthead", "sign", "signline", "slices", "toc",
    }
)  # fmt: skip
TOLD = ("document", "template", "gate", "field", "status strings", "note")
"""Comments for whoever reads the template."""

_NAME = r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*|\."
_SECTION = re.compile(rf"\{{\{{([#^/])({_NAME})\}}\}}")
_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->")
_INLINE = re.compile(
    rf"(?P<section>\{{\{{[#^/](?:{_NAME})\}}\}})|\{{\{{(?P<field>{_NAME})\}}\}}"
    r"|(?P<bold>\*\*)|(?P<code>`)|(?P<grey>\{g\})|(?P<ungrey>\{/g\})|(?P<br><br>)"
    r"|<!--\s*(?P<comment>.*?)\s*-->|@(?P<mark>hash|page|size) |(?P<escaped>\\\|)"
)
_ITEM = re.compile(rf"(\d{{1,3}}|#|\{{\{{(?:{_NAME})\}}\}})\. (.*)")
_ANCHOR = re.compile(r"(.*?)\s*\{#([^{}]*(?:\{\{[^{}]+\}\}[^{}]*)*)\}$")
_HEADING = re.compile(r"(#{1,3}) (.*)")
_CONDITION = re.compile(rf"!?(?:{_NAME})")


class BadTemplate(ValueError):
    """The template is not written in the one syntax."""


class UnknownField(KeyError):
    """A template names a field that the order does not carry."""


def parse(source: str) -> Tree:
    """The tree of a template.  Raises BadTemplate."""
    lines = [line.rstrip() for line in source.split("\n")]
    reader = _Reader(lines)
    tree = tuple(reader.blocks(frozenset()))
    if not reader.done:
        raise BadTemplate(f"line {reader.at + 1}: {reader.line}")
    return tree


def rules_used(tree: Tree) -> frozenset[str]:
    """The ids of every rule that a template, or what was made of it, leans on."""
    return frozenset(one for node in _inlines(tree) if isinstance(node, Rule) for one in node.ids)


def fields_used(tree: Tree) -> frozenset[str]:
    """The names of every field that is printed; list items by their own names."""
    return frozenset(node.name for node in _inlines(tree) if isinstance(node, Field))


# --- reading -------------------------------------------------------------------------------------


class _Reader:
    """The lines of a template and how far they are read."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.lines)

    @property
    def line(self) -> str:
        return self.lines[self.at]

    def blocks(self, ends: frozenset[str]) -> Iterator[Block]:
        """Blocks up to a line in ``ends``, which is left for the caller."""
        while not self.done:
            if not self.line.strip():
                self.at += 1
                continue
            if self.line.strip() in ends:
                return
            block = self.block()
            if block is not None:
                yield block

    def block(self) -> Block | None:
        line = self.line.strip()
        if hit := _SECTION.fullmatch(line):
            return self.section(hit[1], hit[2])
        if line.startswith("|"):
            return self.table("kv", {})
        if (hit := _COMMENT.fullmatch(line)) and line.count("<!--") == 1:
            return self.directive(hit[1])
        if line.startswith(":::"):
            return self.box()
        self.at += 1
        return _line(line)

    def section(self, sign: str, name: str) -> Section:
        end = f"{{{{/{name}}}}}"
        if sign == "/":
            raise BadTemplate(f"line {self.at + 1}: {self.line} closes nothing")
        self.at += 1
        content = tuple(self.blocks(frozenset({end})))
        self.close(end)
        return Section(name=name, absent=sign == "^", content=content)

    def close(self, end: str) -> None:
        if self.done:
            raise BadTemplate(f"{end} is missing")
        self.at += 1

    def directive(self, text: str) -> Block | None:
        verb, _, rest = text.partition(" ")
        rest = rest.strip()
        if verb == "when:":
            return self.when(rest)
        self.at += 1
        if verb == "table:":
            kind, *options = rest.split()
            if kind not in ("kv", "grid") or any("=" not in option for option in options):
                raise BadTemplate(f"line {self.at}: {text}")
            pairs = dict(option.split("=", 1) for option in options)
            return self.table("kv" if kind == "kv" else "grid", pairs)
        match verb:
            case "space":
                return Space(mm=_number(rest))
            case "break":
                return PageBreak(unless=_number(rest) / 100 if rest else 1.0)
            case "keep":
                content = tuple(self.blocks(frozenset({"<!-- /keep -->"})))
                self.close("<!-- /keep -->")
                return Keep(content=content)
            case "cur:":
                return Current(content=_inline(rest))
            case "anchor:":
                return Anchor(name=_inline(rest))
            case "rule:":
                return Paragraph(content=(_rule(rest),))
        if not text.startswith(TOLD):
            raise BadTemplate(f"line {self.at}: {text}")
        return None

    def when(self, condition: str) -> When:
        _terms(condition)
        end = self.end_of_when(condition)
        self.at += 1
        if end is None:
            while not self.done and not self.line.strip():
                self.at += 1
            if self.done or (block := self.block()) is None:
                raise BadTemplate(f"when: {condition} stands before nothing")
            return When(condition=condition, content=(block,))
        content: list[Block] = []
        while self.at < end:
            content.extend(self.blocks(frozenset({self.lines[end].strip()})))
            if self.at < end:
                raise BadTemplate(f"line {self.at + 1}: {self.line} closes nothing")
        self.at += 1
        return When(condition=condition, content=tuple(content))

    def end_of_when(self, condition: str) -> int | None:
        """The line that ends the ``when`` here, if it has an end of its own."""
        open_: list[tuple[int, str]] = []
        for at, raw in enumerate(self.lines):
            hit = _COMMENT.fullmatch(raw.strip())
            if hit is None:
                continue
            if hit[1].startswith("when:"):
                open_.append((at, hit[1][5:].strip()))
            elif hit[1].startswith("/when"):
                name = hit[1][5:].lstrip(":").strip()
                while open_:
                    opened, its = open_.pop()
                    if not name or name == its:
                        break
                else:
                    raise BadTemplate(f"line {at + 1}: {raw} closes nothing")
                if opened == self.at and its == condition:
                    return at
        return None

    def box(self) -> Box:
        name, *args = self.line.strip()[3:].split() or [""]
        if name not in BOXES:
            raise BadTemplate(f"line {self.at + 1}: {self.line}")
        self.at += 1
        lines = self.code() if name == "code" else self.blocks(frozenset({":::"}))
        content = tuple(lines)
        self.close(":::")
        return Box(name=name, args=tuple(_inline(arg) for arg in args), content=content)

    def code(self) -> Iterator[Block]:
        """Lines as they stand, where nothing but fields has a meaning."""
        while not self.done and self.line.strip() != ":::":
            line = self.line
            self.at += 1
            if hit := _SECTION.fullmatch(line.strip()):
                end = f"{{{{/{hit[2]}}}}}"
                inner = _Reader(self.lines)
                inner.at = self.at
                rows: list[Block] = []
                while not inner.done and inner.line.strip() not in (end, ":::"):
                    rows.append(Paragraph(content=_verbatim(inner.line)))
                    inner.at += 1
                if inner.done or inner.line.strip() != end:
                    raise BadTemplate(f"{end} is missing")
                self.at = inner.at + 1
                yield Section(name=hit[2], absent=hit[1] == "^", content=tuple(rows))
            else:
                yield Paragraph(content=_verbatim(line))

    # --- tables

    def table(self, kind: str, options: Mapping[str, str]) -> Table:
        rows = list(self.rows(""))
        head: tuple[Inlines, ...] = ()
        if len(rows) > 1 and isinstance(rows[1], Row) and _is_separator(rows[1]):
            if not isinstance(rows[0], Row):
                raise BadTemplate("the head of a table is a plain row")
            head = rows[0].cells
            rows = rows[2:]
        return Table(
            kind="kv" if kind == "kv" else "grid", options=options, head=head, rows=tuple(rows)
        )

    def rows(self, end: str) -> Iterator[AnyRow]:
        while not self.done:
            line = self.line.strip()
            if end and line == end:
                return
            if line.startswith("|"):
                self.at += 1
                yield _row(line)
                continue
            hit = _SECTION.fullmatch(line)
            if hit and hit[1] != "/" and self.leads_to_row():
                self.at += 1
                close = f"{{{{/{hit[2]}}}}}"
                rows = tuple(self.rows(close))
                self.close(close)
                yield RowSection(name=hit[2], absent=hit[1] == "^", rows=rows)
                continue
            note = _COMMENT.fullmatch(line)
            if note and note[1].startswith("when:") and self.leads_to_row():
                condition = note[1][5:].strip()
                _terms(condition)
                self.at += 2
                yield RowWhen(condition=condition, row=_row(self.lines[self.at - 1].strip()))
                continue
            if end:
                raise BadTemplate(f"line {self.at + 1}: {line!r} inside the rows of a table")
            return

    def leads_to_row(self) -> bool:
        """Whether the next line that is no section or condition is a row of this table."""
        for line in self.lines[self.at + 1 :]:
            text = line.strip()
            note = _COMMENT.fullmatch(text)
            if _SECTION.fullmatch(text) or (note and note[1].startswith("when:")):
                continue
            return text.startswith("|")
        return False


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadTemplate(f"{text!r} is no number") from error


def _is_separator(row: Row) -> bool:
    return all(
        len(cell) == 1 and isinstance(cell[0], Text) and set(cell[0].text) <= {"-", ":"}
        for cell in row.cells
    )


def _row(line: str) -> Row:
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
    if not line.endswith("|"):
        raise BadTemplate(f"a row that does not end: {line}")
    group = cells[0].startswith("~")
    if group:
        cells = [cells[0][1:].strip()]
    return Row(cells=tuple(_inline(cell) for cell in cells), group=group)


def _line(line: str) -> Block:
    if hit := _HEADING.fullmatch(line):
        text, anchor = hit[2], ""
        if named := _ANCHOR.fullmatch(text):
            text, anchor = named[1], named[2]
        return Heading(level=len(hit[1]), content=_inline(text), anchor=_inline(anchor))
    condition = ""
    if hit := re.fullmatch(r"(.*?)\s*<!--\s*when:\s*([^>]*?)\s*-->", line):
        line, condition = hit[1], hit[2]
        _terms(condition)
    paragraph: Block
    if hit := _ITEM.fullmatch(line):
        paragraph = Paragraph(content=_inline(hit[2]), number=_inline(hit[1]))
    else:
        style: Style = "body"
        for mark, named_style in STYLES.items():
            if line.startswith(mark):
                style, line = named_style, line[len(mark) :].lstrip(" ")
        paragraph = Paragraph(content=_inline(line), style=style)
    return When(condition=condition, content=(paragraph,)) if condition else paragraph


def _rule(text: str) -> Rule:
    """Ids, and after `` · `` a remark for whoever reads the template."""
    ids = tuple(one.strip() for one in text.partition(" · ")[0].split(","))
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9:_-]*", one) for one in ids):
        raise BadTemplate(f"rule: {text}")
    return Rule(ids=ids)


def _verbatim(line: str) -> Inlines:
    """Text and fields, in the code face."""
    nodes: list[Inline] = []
    at = 0
    for hit in re.finditer(rf"\{{\{{({_NAME})\}}\}}", line):
        if hit.start() > at:
            nodes.append(Text(text=line[at : hit.start()], code=True))
        nodes.append(Field(name=hit[1], code=True))
        at = hit.end()
    if at < len(line):
        nodes.append(Text(text=line[at:], code=True))
    return tuple(nodes)


def _inline(text: str) -> Inlines:
    nodes, at = _inline_until(text, 0, "")
    if at != len(text):
        raise BadTemplate(f"{text[at:]!r} closes nothing")
    return tuple(nodes)


def _inline_until(text: str, at: int, end: str) -> tuple[list[Inline], int]:
    """Inline nodes up to ``end`` (a closing section mark), and where reading stopped."""
    nodes: list[Inline] = []
    bold = grey = code = False
    while hit := _INLINE.search(text, at):
        if hit.start() > at:
            nodes.append(Text(text=text[at : hit.start()], bold=bold, grey=grey, code=code))
        at = hit.end()
        if hit["field"]:
            nodes.append(Field(name=hit["field"], bold=bold, grey=grey, code=code))
        elif mark := hit["section"]:
            if mark == end:
                return nodes, at
            if mark[2] == "/":
                raise BadTemplate(f"{mark} closes nothing in {text!r}")
            close = f"{{{{/{mark[3:]}"
            inner, at = _inline_until(text, at, close)
            if not text.startswith(close, at - len(close)):
                raise BadTemplate(f"{close} is missing in {text!r}")
            faced = tuple(_in_face(node, bold, grey, code) for node in inner)
            nodes.append(InlineSection(name=mark[3:-2], absent=mark[2] == "^", content=faced))
        elif hit["mark"]:
            stop = text.find("<br>", at)
            mark_end = end and text.find(end, at)
            stops = [place for place in (stop, mark_end or -1) if place >= 0]
            stop = min(stops, default=len(text))
            if hit["mark"] == "size" and (blank := text.find(" ", at, stop)) >= 0:
                stop = blank
            nodes.append(_marked(hit["mark"], text[at:stop]))
            at = stop + (text[stop : stop + 1] == " ")
        elif hit["comment"] is not None:
            nodes.extend(_inline_comment(hit["comment"]))
        elif hit["br"]:
            nodes.append(Break())
        elif hit["escaped"]:
            nodes.append(Text(text="|", bold=bold, grey=grey, code=code))
        elif hit["bold"]:
            bold = not bold
        elif hit["code"]:
            code = not code
        else:
            grey = bool(hit["grey"])
    if at < len(text):
        nodes.append(Text(text=text[at:], bold=bold, grey=grey, code=code))
        at = len(text)
    if bold or grey or code:
        raise BadTemplate(f"a face does not end in {text!r}")
    return nodes, at


def _in_face(node: Inline, bold: bool, grey: bool, code: bool) -> Inline:
    if isinstance(node, Text | Field):
        return replace(node, bold=bold or node.bold, grey=grey or node.grey, code=code or node.code)
    return node


def _inline_comment(text: str) -> Iterator[Inline]:
    if text.startswith("rule:"):
        yield _rule(text[5:])
    elif not text.startswith(TOLD):
        raise BadTemplate(f"<!-- {text} -->")


def _marked(mark: str, text: str) -> Inline:
    words = text.split()
    if mark == "page":
        first, _, last = "".join(words).partition("-")
        return PageRef(first=_inline(first), last=_inline(last))
    if mark == "size":
        return PixelSize(picture=_inline("".join(words)))
    if not words or len(words) % 2:
        raise BadTemplate(f"@hash {text}")
    pairs = zip(words[::2], words[1::2], strict=True)
    return Hash(
        pairs=tuple(
            (() if label == "-" else _inline(label), _inline(value)) for label, value in pairs
        )
    )


def _terms(condition: str) -> list[str]:
    terms = [term.strip() for term in condition.split("&")]
    if not all(_CONDITION.fullmatch(term) for term in terms):
        raise BadTemplate(f"when: {condition}")
    return terms


def _inlines(tree: Tree) -> Iterator[Inline]:
    """Every inline node of a tree, however deep."""
    for block in tree:
        match block:
            case Heading(content=content, anchor=anchor):
                yield from _deep((*content, *anchor))
            case Paragraph(content=content, number=number):
                yield from _deep((*number, *content))
            case Table(head=head, rows=rows):
                for cell in head:
                    yield from _deep(cell)
                yield from _row_inlines(rows)
            case Box(args=args, content=blocks):
                for arg in args:
                    yield from _deep(arg)
                yield from _inlines(blocks)
            case Keep(content=blocks) | Section(content=blocks) | When(content=blocks):
                yield from _inlines(blocks)
            case Current(content=content) | Anchor(name=content):
                yield from _deep(content)
            case Space() | PageBreak():
                pass


def _row_inlines(rows: Sequence[AnyRow]) -> Iterator[Inline]:
    for row in rows:
        match row:
            case Row(cells=cells) | RowWhen(row=Row(cells=cells)):
                for cell in cells:
                    yield from _deep(cell)
            case RowSection(rows=inner):
                yield from _row_inlines(inner)


def _deep(content: Inlines) -> Iterator[Inline]:
    for node in content:
        yield node
        match node:
            case Hash(pairs=pairs):
                for label, value in pairs:
                    yield from _deep((*label, *value))
            case PageRef(first=first, last=last):
                yield from _deep((*first, *last))
            case PixelSize(picture=picture):
                yield from _deep(picture)
            case InlineSection(content=inner):
                yield from _deep(inner)


# --- filling -------------------------------------------------------------------------------------


def fill(tree: Tree, fields: Mapping[str, Value]) -> Tree:
    """The tree with every field as text, every list written out, every condition decided.

    Raises UnknownField for a name that the fields do not carry, also in a condition.
    """
    return tuple(_counted(_Filler((fields,)).blocks(tree)))


def _counted(blocks: Iterable[Block]) -> Iterator[Block]:
    """Items numbered ``#`` count on from the item before them, or from 1."""
    count = 0
    for block in blocks:
        if isinstance(block, Paragraph) and block.number:
            if block.number == (Text(text="#"),):
                count += 1
                yield replace(block, number=(Text(text=str(count)),))
                continue
        elif isinstance(block, Keep):
            block = replace(block, content=tuple(_counted(block.content)))  # noqa: PLW2901  the same block
        else:
            count = 0
        yield block


class _Filler:
    """Fields as they are seen from inside the sections that are open, innermost last."""

    def __init__(self, scopes: tuple[Value, ...]) -> None:
        self.scopes = scopes

    def look_up(self, name: str) -> Value:
        if name == ".":
            return self.scopes[-1]
        first, *rest = name.split(".")
        for scope in reversed(self.scopes):
            if isinstance(scope, Mapping) and first in scope:
                value = scope[first]
                break
        else:
            raise UnknownField(name)
        for key in rest:
            if not value:
                return None
            if not isinstance(value, Mapping) or key not in value:
                raise UnknownField(name)
            value = value[key]
        return value

    def text(self, name: str) -> str:
        value = self.look_up(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise UnknownField(name)
        return str(value)

    def holds(self, condition: str) -> bool:
        return all(
            bool(self.look_up(term.removeprefix("!"))) != term.startswith("!")
            for term in _terms(condition)
        )

    def into(self, name: str, *, absent: bool) -> Iterator[_Filler]:
        """One filler for each time that a section stands."""
        value = self.look_up(name)
        if absent:
            if not value:
                yield self
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for item in value:
                yield _Filler((*self.scopes, item))
        elif value:
            yield _Filler((*self.scopes, value)) if isinstance(value, Mapping) else self

    def blocks(self, tree: Sequence[Block]) -> Iterator[Block]:
        for block in tree:
            match block:
                case Section(name=name, absent=absent, content=content):
                    for inner in self.into(name, absent=absent):
                        yield from inner.blocks(content)
                case When(condition=condition, content=content):
                    if self.holds(condition):
                        yield from self.blocks(content)
                case _:
                    yield self.block(block)

    def block(self, block: Block) -> Block:
        match block:
            case Heading():
                return replace(
                    block, content=self.inline(block.content), anchor=self.inline(block.anchor)
                )
            case Paragraph():
                return replace(
                    block, content=self.inline(block.content), number=self.inline(block.number)
                )
            case Table():
                head = tuple(self.inline(cell) for cell in block.head)
                return replace(block, head=head, rows=tuple(self.rows(block.rows)))
            case Box():
                args = tuple(self.inline(arg) for arg in block.args)
                return replace(block, args=args, content=tuple(self.blocks(block.content)))
            case Keep():
                return Keep(content=tuple(self.blocks(block.content)))
            case Current():
                return Current(content=self.inline(block.content))
            case Anchor():
                return Anchor(name=self.inline(block.name))
            case _:
                return block

    def rows(self, rows: Sequence[AnyRow]) -> Iterator[Row]:
        for row in rows:
            match row:
                case Row():
                    cells = tuple(self.inline(cell) for cell in row.cells)
                    yield Row(cells=cells, group=row.group)
                case RowWhen(condition=condition, row=inner_row):
                    if self.holds(condition):
                        yield from self.rows((inner_row,))
                case RowSection(name=name, absent=absent, rows=inner_rows):
                    for inner in self.into(name, absent=absent):
                        yield from inner.rows(inner_rows)

    def inline(self, content: Inlines) -> Inlines:
        return tuple(self.each(content))

    def each(self, content: Inlines) -> Iterator[Inline]:
        for node in content:
            match node:
                case Field(name=name, bold=bold, grey=grey, code=code):
                    yield Text(text=self.text(name), bold=bold, grey=grey, code=code)
                case InlineSection(name=name, absent=absent, content=inner_content):
                    for inner in self.into(name, absent=absent):
                        yield from inner.each(inner_content)
                case Hash(pairs=pairs):
                    yield Hash(pairs=tuple((self.inline(a), self.inline(b)) for a, b in pairs))
                case PageRef(first=first, last=last):
                    yield PageRef(first=self.inline(first), last=self.inline(last))
                case PixelSize(picture=picture):
                    yield PixelSize(picture=self.inline(picture))
                case _:
                    yield node
