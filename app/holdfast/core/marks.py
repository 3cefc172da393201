"""Marks that makers and platforms put into pictures and videos, taken apart and explained.

The label is that of GB 45438-2025 annex E: a metadata field whose name contains ``AIGC``, its value
``{"AIGC": {…}}`` or the inner object by itself.  What is not known here is shown as it stands and
said to be unexplained; what is not found is *not detected*, never absent, for platforms strip
metadata when they encode a video anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.parsers import expat

from holdfast.core.canonical import Json, visible
from holdfast.core.evidence import MarkSeen

RECORD_FORMAT = "holdfast-marks/1"
LONGEST_LABEL = 64 << 10
"""Characters; real ones have a few hundred."""
LONGEST_XMP = 1 << 20
MOST_PROPERTIES = 400
DEEPEST = 32
LONGEST_VALUE = 8 << 10
"""Characters of a tag that are kept."""

State = Literal["found", "malformed", "not_detected", "not_checked"]
Kind = Literal["aigc", "c2pa", "iptc"]

FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_VARIANTS = {"ReserveCode1": "ReservedCode1", "ReserveCode2": "ReservedCode2"}
"""Spellings that were seen in the field."""
_PROVIDER = re.compile(r"00([0-9A-Z])([0-9A-Z])([0-9A-Z]{18})([0-9A-Z])([0-9A-Z]{4})")
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a unified social credit code (GB 32100-2015)."""
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ DigitalSourceType"
_SOURCE_TYPES = re.compile(
    r"https?://cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,60})|([A-Za-z]{1,60})"
)
MADE_BY_AI = frozenset(
    {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia",
     "compositeSynthetic"}
)  # fmt: skip
"""IPTC's words for media that a program made, or had a part in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One piece of metadata as it stands in the file."""

    place: str
    """Where it stands, e.g. ``PNG tEXt`` or ``moov.meta``."""
    name: str
    value: str
    """Text, made visible and cut at LONGEST_VALUE; hex where it is no text."""
    form: Literal["text", "hex"] = "text"
    size: int = 0
    """Bytes of the value in the file."""

    def body(self) -> dict[str, Json]:
        """As it stands in the record."""
        return {
            "place": visible(self.place),
            "name": visible(self.name),
            "value": self.value,
            "form": self.form,
            "size": self.size,
        }


def text_tag(place: str, name: str, value: str, size: int | None = None) -> Tag:
    """A tag that is text."""
    return Tag(
        place=place,
        name=visible(name)[:200],
        value=visible(value)[:LONGEST_VALUE],
        size=len(value.encode("utf-8", "replace")) if size is None else size,
    )


def raw_tag(place: str, name: str, value: bytes, size: int | None = None) -> Tag:
    """A tag that is bytes."""
    return Tag(
        place=place,
        name=visible(name)[:200],
        value=value[: LONGEST_VALUE // 4].hex(),
        form="hex",
        size=len(value) if size is None else size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider's code taken apart (TC260-PG-20252A): leads to a service, not a film's maker.

    27 characters: ``00``, kind of subject, kind of binding, 18 of the subject, kind of service, 4
    that the provider chose.
    """

    code: str
    credit: str = ""
    """The unified social credit code; empty when the subject is not bound by one."""
    credit_holds: bool = False
    """Whether its check character is right."""
    service: Literal["", "generates", "spreads"] = ""
    own: str = ""
    """The provider's own four characters: a model or an app."""

    def body(self) -> dict[str, Json]:
        """As it stands in the record."""
        return {
            "code": visible(self.code),
            "credit_code": self.credit,
            "credit_code_holds": self.credit_holds,
            "service": self.service,
            "own": self.own,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AiLabel:
    """The label of GB 45438-2025 as it was found."""

    place: str
    raw: str
    fault: str = ""
    """Why it is not what the standard asks for; empty when it is."""
    fields: tuple[tuple[str, str], ...] = ()
    """Names and values as they stand, those of the standard first."""
    producer: Provider | None = None
    propagator: Provider | None = None

    @property
    def state(self) -> State:
        """Whether it is a label or only meant to be one."""
        return "malformed" if self.fault else "found"

    def field(self, name: str) -> str:
        """The value of a field; empty when it is not there."""
        return dict(self.fields).get(name, "")

    def body(self) -> dict[str, Json]:
        """As it stands in the record."""
        return {
            "place": visible(self.place),
            "raw": visible(self.raw)[:LONGEST_VALUE],
            "fault": self.fault,
            "fields": [{"name": visible(n), "value": visible(v)} for n, v in self.fields],
            "producer": None if self.producer is None else self.producer.body(),
            "propagator": None if self.propagator is None else self.propagator.body(),
        }


# --- the label -----------------------------------------------------------------------------------


def names_label(name: str) -> bool:
    """Whether a metadata field of that name carries the label."""
    return "AIGC" in name.upper()


def ai_label(raw: str, place: str) -> AiLabel:
    """The label in a field's value, wrapped or bare; what is wrong with it is its ``fault``.

    Faults: ``too_long``, ``not_json``, ``not_object``, ``twice`` (a key stands twice),
    ``not_text`` (a value is no text), ``no_label`` (Label is missing or not 1, 2 or 3).
    """
    if len(raw) > LONGEST_LABEL:
        return AiLabel(place=place, raw=raw[:LONGEST_VALUE], fault="too_long")
    try:
        value = json.loads(raw.strip("\0 \t\r\n"), object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return AiLabel(place=place, raw=raw, fault="not_json")
    if isinstance(value, _Object) and len(value.pairs) == 1 and value.pairs[0][0] == "AIGC":
        value = value.pairs[0][1]
        if isinstance(value, str):  # wrapped once more as text, as some encoders do
            return _inner(value, raw, place)
    if not isinstance(value, _Object):
        return AiLabel(place=place, raw=raw, fault="not_object")
    return _read(value, raw, place)


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object with its pairs in their order, so that a key that stands twice is noticed."""

    pairs: tuple[tuple[str, object], ...]


def _pairs(pairs: list[tuple[str, object]]) -> _Object:
    return _Object(tuple(pairs))


def _inner(text: str, raw: str, place: str) -> AiLabel:
    try:
        value = json.loads(text, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        return AiLabel(place=place, raw=raw, fault="not_json")
    if not isinstance(value, _Object):
        return AiLabel(place=place, raw=raw, fault="not_object")
    return _read(value, raw, place)


def _read(value: _Object, raw: str, place: str) -> AiLabel:
    found: dict[str, str] = {}
    faults: list[str] = []
    for name, one in value.pairs:
        known = _VARIANTS.get(name, name)[:100]
        if known in found:
            faults.append("twice")
        elif isinstance(one, str):
            found[known] = one
        else:
            faults.append("not_text")
            found[known] = _shown(one)
    if found.get("Label") not in ("1", "2", "3"):
        faults.append("no_label")
    order = [name for name in FIELDS if name in found]
    order += [name for name in found if name not in FIELDS]
    return AiLabel(
        place=place,
        raw=raw,
        fault=faults[0] if faults else "",
        fields=tuple((name, found[name]) for name in order[:40]),
        producer=provider(found.get("ContentProducer", "")),
        propagator=provider(found.get("ContentPropagator", "")),
    )


def _shown(value: object) -> str:
    if isinstance(value, _Object):
        return "{…}"
    return "[…]" if isinstance(value, list) else json.dumps(value)[:200]


def provider(code: str) -> Provider | None:
    """The parts of a provider's code; None for a name or anything else that is not one."""
    hit = _PROVIDER.fullmatch(code)
    if hit is None:
        return None
    subject, binding, number, service, own = hit.groups()
    if (subject, binding) != ("1", "1"):
        # How other subjects are bound could not be read anywhere: shown, not explained.
        return Provider(code=code)
    kinds: dict[str, Literal["generates", "spreads"]] = {"1": "generates", "2": "spreads"}
    return Provider(
        code=code,
        credit=number,
        credit_holds=credit_code(number),
        service=kinds.get(service, ""),
        own=own,
    )


def credit_code(number: str) -> bool:
    """Whether the check character of a unified social credit code is right (GB 32100-2015)."""
    if len(number) != 18 or any(one not in _CREDIT for one in number):
        return False
    total = sum(_CREDIT.index(one) * 3**place for place, one in enumerate(number[:17]))
    return _CREDIT[-total % 31] == number[17]


# --- XMP -----------------------------------------------------------------------------------------


def xmp(packet: bytes, place: str) -> tuple[Tag, ...]:
    """Every simple property of an XMP packet, as ``namespace name``.

    Raises ValueError for what is not well-formed, has a document type or entities of its own,
    nests too deeply or is too long.
    """
    if len(packet) > LONGEST_XMP:
        raise ValueError("XMP too long")
    reader = _Xmp(place)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refused
    parser.EntityDeclHandler = _refused
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(packet.rstrip(b"\0 \r\n\t"), True)
    except expat.ExpatError as error:
        raise ValueError(f"XMP is not well-formed: {error}") from error
    return tuple(reader.tags)


def _refused(*_: object) -> None:
    raise ValueError("XMP with a document type")


_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_BARE = frozenset({f"{_RDF}{name}" for name in ("RDF", "Description", "Seq", "Bag", "Alt", "li")})
_PLAIN = frozenset(
    {f"{_RDF}about", f"{_RDF}parseType", "http://www.w3.org/XML/1998/namespace lang"}
)


class _Xmp:
    """Collects properties while expat reads."""

    def __init__(self, place: str) -> None:
        self.tags: list[Tag] = []
        self._place = place
        self._path: list[str] = []
        self._texts: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._path) >= DEEPEST:
            raise ValueError("XMP nests too deeply")
        self._path.append(name)
        self._texts.append("")
        for key, value in attributes.items():
            if key not in _PLAIN and " " in key:
                self._add(key, value)

    def text(self, data: str) -> None:
        if self._texts:  # pragma: no branch -- expat gives text within elements only
            self._texts[-1] += data

    def end(self, _: str) -> None:
        text = self._texts.pop().strip()
        if text:
            named = [name for name in self._path if name not in _BARE]
            self._add(named[-1] if named else self._path[-1], text)
        self._path.pop()

    def _add(self, name: str, value: str) -> None:
        if len(self.tags) >= MOST_PROPERTIES:
            raise ValueError("XMP has too many properties")
        self.tags.append(text_tag(self._place, name, value))


def source_type(value: str) -> str:
    """IPTC's digital source type by its short name; empty for what is none."""
    hit = _SOURCE_TYPES.fullmatch(value.strip())
    return "" if hit is None else hit[1] or hit[2]


# --- what was found in one file ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A C2PA manifest, as far as it explains where a file came from."""

    generator: str
    signer: str
    state: str
    """As the reader said: ``Valid``, ``Trusted``, ``Invalid``."""
    problems: tuple[str, ...] = ()
    """Codes of the specification, e.g. ``signingCredential.untrusted``."""
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()

    def body(self) -> dict[str, Json]:
        """As it stands in the record."""
        return {
            "generator": self.generator,
            "signer": self.signer,
            "state": self.state,
            "problems": list(self.problems),
            "actions": list(self.actions),
            "source_types": list(self.source_types),
        }


def manifest(store: object) -> Manifest:
    """What the active manifest of a C2PA store says.  Raises ValueError when there is none."""
    active = _map(_map(_map(store).get("manifests")).get(_text(_map(store).get("active_manifest"))))
    if not active:
        raise ValueError("no active manifest")
    claimed = [_map(one) for one in _list(active.get("claim_generator_info"))]
    named = [f"{_text(one.get('name'))} {_text(one.get('version'))}".strip() for one in claimed]
    signature = _map(active.get("signature_info"))
    actions: list[str] = []
    kinds: list[str] = []
    for assertion in map(_map, _list(active.get("assertions"))):
        data = _map(assertion.get("data"))
        if _text(assertion.get("label")).startswith("c2pa.actions"):
            for action in map(_map, _list(data.get("actions"))):
                actions.append(_text(action.get("action")))
                kinds.append(source_type(_text(action.get("digitalSourceType"))))
    problems = [_text(_map(one).get("code")) for one in _list(_map(store).get("validation_status"))]
    return Manifest(
        generator=", ".join(filter(None, named)) or _text(active.get("claim_generator")),
        signer=", ".join(
            filter(None, (_text(signature.get("common_name")), _text(signature.get("issuer"))))
        ),
        state=_text(_map(store).get("validation_state")),
        problems=_several(problems),
        actions=_several(actions),
        source_types=_several(kinds),
    )


def _several(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))[:20]


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value[:200] if isinstance(value, list) else ()


def _text(value: object) -> str:
    return visible(value)[:300] if isinstance(value, str) else ""


def labels(tags: Iterable[Tag]) -> tuple[AiLabel, ...]:
    """Every label in the tags of one file, each text once."""
    found: dict[str, AiLabel] = {}
    for tag in tags:
        # Some tools write it where a description belongs.
        told = '"AIGC"' in tag.value and tag.value.lstrip().startswith("{")
        if tag.form == "text" and (names_label(tag.name) or told):
            found.setdefault(tag.value.strip("\0 \t\r\n"), ai_label(tag.value, tag.place))
    return tuple(found.values())[:20]


def iptc(tags: Iterable[Tag]) -> tuple[str, ...]:
    """IPTC digital source types that stand in XMP."""
    return _several(source_type(tag.value) for tag in tags if tag.name == IPTC)


def seen(
    file: str, tags: Sequence[Tag], *, read: str, c2pa: Manifest | None, c2pa_state: State,
    c2pa_detail: str,
) -> tuple[MarkSeen, ...]:  # fmt: skip
    """What stands in a capture's manifest about one file.

    ``read`` is empty when its metadata could be read, else why not.
    """
    marks: list[MarkSeen] = []
    for label in labels(tags):
        facts = [f"{name}={label.field(name)}" for name in FIELDS[:5] if label.field(name)]
        detail = "; ".join([*([label.fault] if label.fault else ()), *facts])
        marks.append(MarkSeen(file=file, kind="aigc", state=label.state, detail=detail[:400]))
    if not marks:
        state: State = "not_checked" if read else "not_detected"
        marks.append(MarkSeen(file=file, kind="aigc", state=state, detail=read))
    for kind in iptc(tags):
        marks.append(MarkSeen(file=file, kind="iptc", state="found", detail=kind))
    detail = c2pa_detail
    if c2pa is not None:
        parts = (c2pa.generator, c2pa.signer, c2pa.state, *c2pa.problems, *c2pa.source_types)
        detail = "; ".join(filter(None, parts))
    marks.append(MarkSeen(file=file, kind="c2pa", state=c2pa_state, detail=detail[:400]))
    return tuple(marks)


def looked_at(source: str, path: str, role: str, media_type: str) -> bool:
    """Whether a file of a capture may carry somebody else's marks: not what we drew ourselves."""
    kind = media_type.partition("/")[0]
    if role != "original" or kind not in ("image", "video", "audio"):
        return False
    if source in ("screen", "recording"):
        return False
    return not (source in ("page", "phone") and media_type == "image/png" and _OURS.search(path))


_OURS = re.compile(
    r"^files/(?:closed-)?(page|box|screen|tile|view|viewport|start|after|before)[-0-9a-z]*\.png$"
)
"""Pictures that a capture makes itself."""
