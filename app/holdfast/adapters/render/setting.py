"""Lines of text: where they may break, how far apart their characters stand, how they are drawn.

Chinese: no line begins with a closing mark or ends with an opening one; two adjacent full-width
marks lose half an em; Han and Latin stand a little apart.  All of it is done by positioning and
stays below 0.1 em, from where readers that extract text would see a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from holdfast.adapters.render.fonts import FaceName, Font, Glyph, face_for
from holdfast.core.document import Lang

Colour = tuple[float, float, float]


def _colour(hex_: str) -> Colour:
    red, green, blue = (int(hex_[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


INK = _colour("1B1F24")
GREY = _colour("5F6B76")
HAIRLINE = _colour("C3CAD1")
HEAD = _colour("ECEFF2")
NOTE = _colour("F6F4F1")
ACCENT = _colour("7A1F1F")

Align = Literal["left", "center", "right"]
LATIN_GAP = 0.095
STRETCH = 0.095
"""The most that is put between two Han characters to fill a line, in ems."""
CARRIED_ON = "\0"
"""Stands as ``actual`` where something began on the line before and was named there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """How a paragraph is set; sizes in points, ``indent`` and ``hang`` in ems."""

    face: FaceName
    size: float
    leading: float
    colour: Colour = INK
    align: Align = "left"
    justify: bool = False
    indent: float = 0
    hang: float = 0
    before: float = 0
    after: float = 0
    heavy: bool = False
    """Drawn with a thin stroke of its own colour: a bold of a face that has none."""


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one face and colour; ``actual`` is what it stands for when a font lacks it."""

    text: str
    face: FaceName
    colour: Colour
    actual: str = ""
    size: float = 0
    """Points; 0: that of the style."""


NEW_LINE = Span("\n", "sans", INK)

_JOINED = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"
_CLUSTER = re.compile(f"[^\u200d{_JOINED}](?:\u200d.|[{_JOINED}])*", re.DOTALL)


def spans(text: str, face: FaceName, colour: Colour) -> Iterator[Span]:
    """The text in faces that have its characters; the others as visible ``[U+XXXX]``."""
    run, run_face = "", face
    for cluster in _clusters(text):
        if cluster == "\n":
            if run:
                yield Span(run, run_face, colour)
                run = ""
            yield NEW_LINE
            continue
        found = face_for(face, cluster) if len(cluster) == 1 else None
        if found is None:
            if run:
                yield Span(run, run_face, colour)
                run = ""
            shown = " ".join(f"U+{ord(char):04X}" for char in cluster)
            yield Span(f"[{shown}]", "sans", colour, actual=cluster)
            continue
        if found != run_face and run:
            yield Span(run, run_face, colour)
            run = ""
        run, run_face = run + cluster, found
    if run:
        yield Span(run, run_face, colour)


def _clusters(text: str) -> Iterator[str]:
    """Characters; those that emoji join are one cluster."""
    if text.isascii():
        yield from text
        return
    at = 0
    while at < len(text):
        hit = _CLUSTER.match(text, at)
        if hit is None:
            yield text[at]
            at += 1
        else:
            yield hit.group()
            at = hit.end()


# --- atoms ---------------------------------------------------------------------------------------

Kind: TypeAlias = Literal["han", "open", "close", "dash", "space", "latin", "mark"]
_OPEN = frozenset("（《「『【〔〈｛［“‘")
_CLOSE = frozenset("，。、；：！？）》」』】〕〉｝］”’")
_DASH = frozenset("—…")
_LATIN_CLOSE = frozenset(")]},.;:!?%°")
_AFTER = frozenset("/?&=_")


class Atom:
    """One character on its way into a line."""

    __slots__ = ("actual", "char", "colour", "face", "glyph", "kind", "opens", "size")

    def __init__(
        self,
        char: str,
        glyph: Glyph,
        face: FaceName,
        size: float,
        colour: Colour,
        actual: str,
        kind: Kind,
        *,
        opens: bool = False,
    ) -> None:
        self.char = char
        self.glyph = glyph
        self.face = face
        self.size = size
        self.colour = colour
        self.actual = actual
        self.kind = kind
        self.opens = opens
        """Whether ``actual`` begins here."""

    @property
    def width(self) -> float:
        """Its advance in points."""
        return self.glyph.advance * self.size / 1000


def _kind(char: str, advance: int, face: FaceName) -> Kind:
    if char == " ":
        return "space"
    if char.isascii():
        return "latin"
    if advance >= 900 and face != "mono":
        if char in _OPEN:
            return "open"
        if char in _CLOSE:
            return "close"
        if char in _DASH:
            return "dash"
        return "han"
    return "mark" if char in _OPEN or char in _CLOSE else "latin"


def atoms(
    content: Sequence[Span], size: float, fonts: Mapping[FaceName, Font], lang: Lang
) -> list[Atom]:
    """The characters of spans with their glyphs; English takes the narrow quotation marks."""
    made: list[Atom] = []
    for span in content:
        points = span.size or size
        if span.text == "\n":
            made.append(Atom("\n", Glyph(0, 0), span.face, points, span.colour, "", "space"))
            continue
        font = fonts[span.face]
        for at, char in enumerate(span.text):
            glyph = font.glyphs[char]
            if char in font.narrow and (lang == "en" or _inside_word(span.text, at)):
                glyph = font.narrow[char]
            kind = _kind(char, glyph.advance, span.face)
            actual = span.actual or ("" if glyph.exact else char)
            opens = bool(actual) and (not span.actual or at == 0)
            made.append(
                Atom(char, glyph, span.face, points, span.colour, actual, kind, opens=opens)
            )
    return made


def _inside_word(text: str, at: int) -> bool:
    """Whether a mark is an apostrophe between two Latin letters."""
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return text[at] == "’" and len(around) == 2 and around.isascii() and around.isalpha()


def _gap(before: Atom, after: Atom) -> float:
    """What is put between two characters, or taken away, in points."""
    kinds = before.kind, after.kind
    if kinds in (("close", "open"), ("close", "close"), ("open", "open")):
        return -0.5 * after.size
    if kinds in (("han", "latin"), ("latin", "han")):
        lone = after if before.kind == "han" else before
        if lone.char.isalnum() or lone.char in "#@%+$":
            return LATIN_GAP * min(before.size, after.size)
    return 0.0


def _may_break(before: Atom, after: Atom, token: int, solid: Atom) -> bool:
    """Whether a line may end between two characters; ``token`` is the length of a Latin word.

    ``solid`` is what stands before any blanks there: an opening mark keeps what it opens with it,
    and a closing one what it closes, also across them (UAX #14, LB13 and LB14).
    """
    if before.actual and before.actual == after.actual and not after.opens:
        return False
    if before.kind == "space":
        return after.kind not in ("space", "close") and solid.kind != "open"
    if after.kind in ("close", "space") or before.kind == "open":
        return False
    if before.kind == "dash" and after.kind == "dash" and before.char == after.char:
        return False
    if not {"latin", "mark"} & {before.kind, after.kind}:
        return True
    if after.kind == "latin" and after.char in _LATIN_CLOSE:
        return False
    if after.kind == "mark" or before.kind == "mark":
        return False
    if before.kind == "latin" and after.kind == "latin":
        if before.char == "-" and after.char.isalpha():
            return True
        return token > 12 and before.char in _AFTER and after.char not in _AFTER
    if before.char in "([{§#@$":
        return False
    return not (after.kind == "latin" and after.char in _AFTER)


# --- lines ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """Characters with the space before each, in points."""

    atoms: list[Atom]
    gaps: list[float]
    x: float
    """From the paragraph's left edge."""
    width: float


def break_lines(content: list[Atom], width: float, style: TextStyle) -> list[Line]:
    """The lines of a paragraph in a measure of ``width`` points."""
    lines: list[Line] = []
    tokens = _token_lengths(content)
    start, total = 0, len(content)
    first = True
    while start < total:
        left = style.hang * style.size + (style.indent * style.size if first else 0)
        end, forced = _line_end(content, tokens, start, width - left, first=first)
        last = forced or end >= total
        line = _line(content[start:end], left, width - left, style, first=first, last=last)
        lines.append(line)
        start = end
        while start < total and content[start].kind == "space" and not forced:
            if content[start].char == "\n":
                start += 1
                break
            start += 1
        if forced:
            start += 1
        first = False
    return lines or [Line([], [], 0, 0)]


def _token_lengths(content: Sequence[Atom]) -> list[int]:
    """For each character the length of the Latin word it stands in."""
    lengths = [0] * len(content)
    start = 0
    for at in range(len(content) + 1):
        if at == len(content) or content[at].kind != "latin":
            for inside in range(start, at):
                lengths[inside] = at - start
            start = at + 1
    return lengths


def _flush(atom: Atom, *, first: bool) -> float:
    """How far an opening mark moves left at the start of a line."""
    return 0.5 * atom.size if atom.kind == "open" and not first else 0.0


def _line_end(
    content: Sequence[Atom], tokens: Sequence[int], start: int, width: float, *, first: bool
) -> tuple[int, bool]:
    """Where the line from ``start`` ends, and whether a line feed stands there."""
    used = -_flush(content[start], first=first)
    best = 0
    solid = content[start]
    for at in range(start, len(content)):
        atom = content[at]
        if atom.char == "\n":
            return at, True
        if at > start:
            before = content[at - 1]
            solid = solid if before.kind == "space" else before
            if _may_break(before, atom, tokens[at - 1], solid):
                best = at
            used += _gap(before, atom)
        used += atom.width
        spare = 0.5 * atom.size if atom.kind == "close" else 0.0
        if used - spare > width + 0.01 and atom.kind != "space" and at > start:
            return (best or _emergency(content, start, at)), False
    return len(content), False


def _emergency(content: Sequence[Atom], start: int, at: int) -> int:
    """A word wider than the measure breaks after a sign if it can, else where it must."""
    for place in range(at, start + max(2, (at - start) // 2), -1):
        if content[place - 1].char in "-./_?&=,:" and not content[place].actual:
            return place
    while at - 1 > start and content[at].kind in ("close", "mark") and at - start > 2:
        at -= 1
    return at


def _line(
    content: Sequence[Atom], left: float, width: float, style: TextStyle, *, first: bool, last: bool
) -> Line:
    shown = list(content)
    while shown and shown[-1].kind == "space":
        shown.pop()
    if not shown:
        return Line([], [], left, 0)
    for atom in shown:
        if not atom.actual or atom.opens:
            break
        atom.actual = CARRIED_ON
    gaps = [-_flush(shown[0], first=first)]
    gaps += [_gap(before, after) for before, after in pairwise(shown)]
    _name_overlaps(shown, gaps)
    natural = sum(gaps) + sum(atom.width for atom in shown)
    tail = 0.5 * shown[-1].size if shown[-1].kind == "close" else 0.0
    if style.justify and not last:
        places = [at for at in range(1, len(shown)) if _stretches(shown[at - 1], shown[at])]
        slack = width - (natural - (tail if natural > width else 0))
        if places and 0 < slack / len(places) <= STRETCH * style.size:
            for at in places:
                gaps[at] += slack / len(places)
            natural += slack
    x = left
    if style.align == "center":
        x += (width - natural) / 2
    elif style.align == "right":
        x += width - natural
    return Line(shown, gaps, x, natural)


def _name_overlaps(shown: Sequence[Atom], gaps: Sequence[float]) -> None:
    """Characters that stand over each other say together what they are.

    Their boxes overlap although their shapes do not, and readers that extract text would take
    that for the end of a line.
    """
    at = 1
    while at < len(shown):
        if gaps[at] >= -0.1 * shown[at].size:
            at += 1
            continue
        end = at + 1
        while end < len(shown) and gaps[end] < -0.1 * shown[end].size:
            end += 1
        group = shown[at - 1 : end]
        actual = "".join(
            atom.actual or atom.char for atom in group if atom.opens or not atom.actual
        )
        for atom in group:
            atom.actual, atom.opens = actual, atom is group[0]
        at = end


def _stretches(before: Atom, after: Atom) -> bool:
    return before.kind in ("han", "close") and after.kind in ("han", "open")


# --- drawing -------------------------------------------------------------------------------------


def number(value: float) -> str:
    """A number as PDF wants it: short, never in exponent form."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def ink(colour: Colour, operator: str = "rg") -> str:
    """The operator that sets a fill (rg) or stroke (RG) colour."""
    return " ".join(number(part) for part in colour) + f" {operator}"


def draw_line(
    line: Line,
    x: float,
    y: float,
    *,
    heavy: bool = False,
    turned: bool = False,
) -> list[str]:
    """Operators that draw a line with its baseline at ``y``; ``turned``: upwards."""
    if not line.atoms:
        return []
    matrix = "0 1 -1 0" if turned else "1 0 0 1"
    start = x + line.x + line.gaps[0]
    out = ["BT", f"{matrix} {number(start)} {number(y)} Tm"]
    state: tuple[object, ...] = ()
    actual = ""
    parts: list[str] = []
    codes: list[str] = []
    adjust = 0.0

    def flush() -> None:
        nonlocal codes, parts
        if codes:
            parts.append(f"<{''.join(codes)}>")
        if parts:
            out.append(f"[{' '.join(parts)}] TJ")
        codes, parts = [], []

    for at, atom in enumerate(line.atoms):
        look = atom.face, atom.size, atom.colour
        if at and line.gaps[at]:
            adjust = -line.gaps[at] * 1000 / line.atoms[at - 1].size
            if codes:
                parts.append(f"<{''.join(codes)}>")
                codes = []
            parts.append(number(adjust))
        if atom.actual != actual or atom.opens:
            flush()
            if actual:
                out.append("EMC")
            actual = atom.actual
            if actual:
                out.append(f"/Span <</ActualText {utf16(actual.strip(CARRIED_ON))}>> BDC")
        if look != state:
            flush()
            out.append(f"/{atom.face} {number(atom.size)} Tf {ink(atom.colour)}")
            if heavy:
                weight = number(atom.size * 0.022)
                out.append(f"2 Tr {weight} w {ink(atom.colour, 'RG')}")
            state = look
        codes.append(f"{atom.glyph.code:04X}")
    flush()
    if actual:
        out.append("EMC")
    if heavy:
        out.append("0 Tr")
    out.append("ET")
    return out


def utf16(text: str) -> str:
    """Text as a PDF hex string in UTF-16BE with its mark."""
    raw = text.encode("utf-16-be", "surrogatepass").hex().upper()
    return f"<FEFF{raw}>"
