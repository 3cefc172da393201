"""Fonts that every system has: subsets of Noto Serif SC and Noto Sans SC (OFL), cut per document.

They come as declared wheels of data, never from what happens to be installed, so that the same
document has the same bytes everywhere.  Hashes and commands are set in ASCII of Noto Sans SC on a
fixed pitch: advances are widened and wide letters narrowed, so that extracted text has no gaps.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

FaceName = Literal["serif", "sans", "bold", "mono", "jp", "kr", "tc"]
FALLBACKS: tuple[FaceName, ...] = ("sans", "jp", "kr", "tc")
"""Asked in this order for a character that a face lacks."""
MAIN: tuple[FaceName, ...] = ("serif", "sans", "bold")
ASCII = frozenset(map(chr, range(0x20, 0x7F)))
ALWAYS = ASCII | frozenset("–—…·、，。：；（）“”‘’§×±■□◇▲")
RECIPE = b"4"
"""Changes when the same characters would give another subset."""
PITCH = 600
SIGN_WIDTH = 600
SIGNS = frozenset("×·±§÷")
"""Drawn full width by the fonts; here 0.6 em wide, their outlines in the middle."""
PROPORTIONAL = frozenset("“”‘’…—")
"""Marks that English sets in their narrow forms (GSUB ``pwid``)."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph as the PDF names it, and its advance in thousandths of an em."""

    code: int
    advance: int
    exact: bool = True
    """Whether the font's ToUnicode gives back this very character."""


@dataclass(frozen=True, slots=True)
class Font:
    """A subset that is ready to be measured, drawn with and embedded."""

    face: FaceName
    name: str
    """PostScript name with subset tag."""
    data: bytes = field(repr=False)
    """What is embedded: a TrueType file, or a bare CFF table."""
    cff: bool
    glyphs: Mapping[str, Glyph] = field(repr=False)
    narrow: Mapping[str, Glyph] = field(repr=False)
    unicode: Mapping[int, str] = field(repr=False)
    ascent: int
    descent: int
    cap_height: int
    box: tuple[int, int, int, int]


def _packed(package: str, *parts: str) -> Path:
    return Path(str(files(package).joinpath(*parts)))


@cache
def _source(face: FaceName) -> tuple[Path, int | None]:
    """The font file behind a face and the weight it is instantiated at."""
    if face == "serif":
        return _packed("pylopdf_fonts_zh_cn", "NotoSerifSC-Regular.otf"), None
    script = face.upper() if face in ("jp", "kr", "tc") else "SC"
    folder = ("fonts", "ofl", f"notosans{script.lower()}", f"NotoSans{script}[wght].ttf")
    return _packed("justmytype_intl_cjk", *folder), 700 if face == "bold" else 400


def _opened(path: Path) -> Any:
    """A declared font.

    The glyphs of one that names none (``post`` 3.0) are called by their numbers: the library would
    ask the whole character map for names each time, for what no subset keeps.
    """
    from fontTools.ttLib import TTFont

    font = TTFont(path, lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    if "glyf" in font and font["post"].formatType == 3.0:
        count = font["maxp"].numGlyphs
        font.setGlyphOrder([".notdef", *(f"g{number:05d}" for number in range(1, count))])
    return font


@lru_cache(maxsize=8)
def _coverage(path: Path) -> frozenset[int]:
    with _opened(path) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=20_000)
def covers(face: FaceName, char: str) -> bool:
    """Whether a face has a glyph for a character."""
    if face == "mono":
        return char in ASCII
    return ord(char) in _coverage(_source(face)[0])


@lru_cache(maxsize=20_000)
def face_for(face: FaceName, char: str) -> FaceName | None:
    """The face that draws a character wanted in ``face``; None when no declared font has it."""
    if char in ALWAYS and face in MAIN:
        return face
    for candidate in (face, *FALLBACKS):
        if covers(candidate, char):
            return candidate
    return None


class FontBook:
    """Makes subsets, and keeps them in a folder by what is in them.

    A folder that cannot be read or written is done without; a damaged file in it is made again.
    """

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache

    def load(self, wanted: Mapping[FaceName, Iterable[str]]) -> dict[FaceName, Font]:
        """One subset a face, with exactly the characters wanted and a few that are always there."""
        return {face: self._font(face, frozenset(chars)) for face, chars in sorted(wanted.items())}

    def _font(self, face: FaceName, chars: frozenset[str]) -> Font:
        path, weight = _source(face)
        every = ASCII if face == "mono" else chars
        if face in MAIN:
            every |= ALWAYS
        text = "".join(sorted(every))
        identity = f"{face} {path.name} {path.stat().st_size} {weight}\n{text}"
        key = hashlib.sha256(RECIPE + identity.encode("utf-8", "surrogatepass")).hexdigest()
        data = self._cached(key)
        if data is None:
            data = _subset(path, weight, text, fixed=face == "mono")
            self._keep(key, data)
        return _read(face, data, text)

    def _cached(self, key: str) -> bytes | None:
        if self._cache is None:
            return None
        try:
            raw = (self._cache / f"{key}.subset").read_bytes()
        except OSError:
            return None
        return raw[32:] if hashlib.sha256(raw[32:]).digest() == raw[:32] else None

    def _keep(self, key: str, data: bytes) -> None:
        if self._cache is None:
            return
        draft = self._cache / f".{key}.{os.urandom(4).hex()}"
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(hashlib.sha256(data).digest() + data)
            draft.replace(self._cache / f"{key}.subset")
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _subset(path: Path, weight: int | None, text: str, *, fixed: bool) -> bytes:
    """A font file with the glyphs of ``text`` and the narrow forms of its quotation marks."""
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options()
    options.layout_features = ["pwid"]
    # Taking hints out of CFF runs every outline once more, for nothing that print shows.
    options.hinting = weight is None
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.name_IDs = [1, 2, 6]
    # Advances of an instance come from gvar too, so HVAR need not be cut.
    options.drop_tables += ["GPOS", "BASE", "VORG", "vhea", "vmtx", "STAT", "GDEF", "HVAR", "VVAR"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    out = io.BytesIO()
    with _opened(path) as font:
        cutter.subset(font)
        if weight is not None:
            instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
        if fixed:
            _fix_pitch(font)
        else:
            _narrow_signs(font)
        font.save(out, reorderTables=True)
    return out.getvalue()


def _narrow_signs(font: Any) -> None:
    """The signs among the glyphs are SIGN_WIDTH wide."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names, glyphs = font.getBestCmap(), font.getGlyphSet()
    outlines = {}
    for name in {names[ord(char)] for char in SIGNS if ord(char) in names}:
        if font["hmtx"][name][0] > SIGN_WIDTH:
            outlines[name] = DecomposingRecordingPen(glyphs)
            glyphs[name].draw(outlines[name])
    for name, outline_ in sorted(outlines.items()):
        advance, left = font["hmtx"][name]
        shift = (SIGN_WIDTH - advance) // 2
        if "glyf" in font:
            pen = TTGlyphPen(None)
            outline_.replay(TransformPen(pen, (1, 0, 0, 1, shift, 0)))
            font["glyf"][name] = pen.glyph()
            font["glyf"][name].recalcBounds(font["glyf"])
        else:
            strings = font["CFF "].cff.topDictIndex[0].CharStrings
            private, common = strings[name].private, strings[name].globalSubrs
            pen = T2CharStringPen(SIGN_WIDTH - private.nominalWidthX, None)
            outline_.replay(TransformPen(pen, (1, 0, 0, 1, shift, 0)))
            strings[name] = pen.getCharString(private=private, globalSubrs=common)
        font["hmtx"][name] = (SIGN_WIDTH, left + shift)


def _fix_pitch(font: Any) -> None:
    """Every glyph of a TrueType font is as wide as every other, its outline in the middle."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs = font.getGlyphSet()
    made = {}
    for name in font.getGlyphOrder():
        advance = font["hmtx"][name][0]
        scale = min(1.0, PITCH * 0.97 / advance) if advance else 1.0
        outline = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(outline)
        pen = TTGlyphPen(None)
        shift = (PITCH - advance * scale) / 2
        outline.replay(TransformPen(pen, (scale, 0, 0, 1, shift, 0)))
        made[name] = pen.glyph()
    for name, glyph in made.items():
        font["glyf"][name] = glyph
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (PITCH, glyph.xMin if glyph.numberOfContours else 0)


def _read(face: FaceName, data: bytes, text: str) -> Font:
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(data), lazy=True)
    cff = "CFF " in font
    names = font.getBestCmap()
    advances = font["hmtx"]

    def code(name: str) -> int:
        # A CID-keyed CFF is addressed by CID, which is what its glyphs are called.
        if cff:
            return int(name.removeprefix("cid")) if name != ".notdef" else 0
        return int(font.getGlyphID(name))

    glyphs: dict[str, Glyph] = {}
    unicode: dict[int, str] = {}
    for char in text:
        name = names.get(ord(char))
        if name is not None:
            number = code(name)
            exact = unicode.setdefault(number, char) == char
            glyphs[char] = Glyph(number, advances[name][0], exact)
    narrow: dict[str, Glyph] = {}
    for char, name in _narrow(font, names).items():
        number = code(name)
        narrow[char] = Glyph(number, advances[name][0], unicode.setdefault(number, char) == char)
    digest = hashlib.sha256(data).digest()
    tag = "".join(chr(ord("A") + byte % 26) for byte in digest[:6])
    head, hhea, os2 = font["head"], font["hhea"], font["OS/2"]
    base = str(font["name"].getDebugName(6) or "NotoSansSC").replace("-Thin", "")
    ending = {"bold": "-Bold", "sans": "-Regular", "mono": "-Fixed"}.get(face, "")
    return Font(
        face=face,
        name=f"{tag}+{base.removesuffix('-Regular')}{ending or '-Regular'}",
        data=font.reader["CFF "] if cff else data,
        cff=cff,
        glyphs=glyphs,
        narrow=narrow,
        unicode=unicode,
        ascent=hhea.ascent,
        descent=hhea.descent,
        cap_height=os2.sCapHeight,
        box=(head.xMin, head.yMin, head.xMax, head.yMax),
    )


def _narrow(font: Any, names: Mapping[int, str]) -> dict[str, str]:
    """The proportional alternates that the font has for marks which it draws full width."""
    if "GSUB" not in font:
        return {}
    table = font["GSUB"].table
    found: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "pwid":
            continue
        for index in record.Feature.LookupListIndex:
            for lookup in table.LookupList.Lookup[index].SubTable:
                real = getattr(lookup, "ExtSubTable", lookup)
                mapping = getattr(real, "mapping", {})
                for char in PROPORTIONAL:
                    if (name := names.get(ord(char))) in mapping:
                        found[char] = mapping[name]
    return dict(sorted(found.items()))


def outline(font: Font, text: str) -> tuple[str, float]:
    """Path operators that draw ``text`` at 1000 units to the em, and how wide it is.

    For words that are drawn across a page and are no part of its text.
    """
    from fontTools.pens.basePen import BasePen
    from fontTools.ttLib import TTFont

    parts: list[str] = []

    class Operators(BasePen):  # type: ignore[misc]  # fontTools has no types
        def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  fontTools' own name
            parts.append(f"{pt[0] + left:.0f} {pt[1]:.0f} m")

        def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  fontTools names it
            parts.append(f"{pt[0] + left:.0f} {pt[1]:.0f} l")

        def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802  fontTools names it
            parts.append(" ".join(f"{x + left:.0f} {y:.0f}" for x, y in points) + " c")

        def _closePath(self) -> None:  # noqa: N802  fontTools names it
            parts.append("h")

    file = TTFont(io.BytesIO(font.data), lazy=True)
    names, glyphs = file.getBestCmap(), file.getGlyphSet()
    left = 0.0
    for char in text:
        name = names.get(ord(char), ".notdef")
        glyphs[name].draw(Operators(glyphs))
        left += glyphs[name].width
    return " ".join((*parts, "f")), left
