"""Marks in words: what a label or a manifest says.  ``mark.caution`` belongs beneath it, always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from holdfast.core.canonical import Json, one_line
from holdfast.core.marks import FIELDS, MADE_BY_AI
from holdfast.core.words import Words


def told(file: Mapping[str, Json], say: Words) -> tuple[str, ...]:
    """One file of ``marks.json``, line by line, for people."""
    return (*_labels(file, say), *_iptc(file, say), *_c2pa(file, say))


def headline(file: Mapping[str, Json], say: Words) -> str:
    """The first of it: whether anything says that the file was made by AI."""
    labels = [label for label in map(_map, _list(file.get("labels"))) if not label.get("fault")]
    kinds = [*_list(file.get("iptc")), *_list(_manifest(file).get("source_types"))]
    if labels or any(kind in MADE_BY_AI for kind in kinds):
        return say("mark.headline.says")
    if _list(file.get("labels")):
        return say("mark.headline.malformed")
    return say("mark.headline.unread") if file.get("read") else say("mark.headline.none")


def _labels(file: Mapping[str, Json], say: Words) -> Iterator[str]:
    labels = [_map(label) for label in _list(file.get("labels"))]
    for label in labels:
        yield from _label(label, say)
    if not labels and file.get("read"):
        yield say("mark.aigc.not_checked", why=_text(file.get("read")))
    elif not labels:
        yield say("mark.aigc.not_detected")


def _label(label: Mapping[str, Json], say: Words) -> Iterator[str]:
    place = _text(label.get("place"))
    fields = {
        _text(_map(one).get("name")): _text(_map(one).get("value"))
        for one in _list(label.get("fields"))
    }
    fault = _text(label.get("fault"))
    if fault:
        yield say("mark.aigc.malformed", place=place, why=say(f"mark.fault.{fault}"))
        yield say("mark.aigc.raw", raw=one_line(_text(label.get("raw")))[:400])
    else:
        yield say("mark.aigc.found", place=place)
    meaning = fields.get("Label", "")
    if meaning in ("1", "2", "3"):
        yield say(f"mark.label.{meaning}")
    for name in FIELDS[1:]:
        if fields.get(name):
            yield say("mark.field", name=say(f"mark.field.{name}"), value=fields[name][:200])
            yield from _provider(label, name, say)
    for name, value in fields.items():
        if name not in FIELDS:
            yield say("mark.field.unknown", name=name, value=value[:200])


def _provider(label: Mapping[str, Json], name: str, say: Words) -> Iterator[str]:
    part = {"ContentProducer": "producer", "ContentPropagator": "propagator"}.get(name)
    if part is None:
        return
    provider = _map(label.get(part))
    if not provider.get("credit_code"):
        yield say("mark.provider.unexplained")
        return
    yield say("mark.provider.credit", code=_text(provider.get("credit_code")))
    if not provider.get("credit_code_holds"):
        yield say("mark.provider.wrong")
    service = _text(provider.get("service"))
    if service:
        yield say(f"mark.provider.{service}", own=_text(provider.get("own")))
    else:
        yield say("mark.provider.own", own=_text(provider.get("own")))


def _iptc(file: Mapping[str, Json], say: Words) -> Iterator[str]:
    for kind in _list(file.get("iptc")):
        yield say("mark.iptc", kind=_text(kind))


def _c2pa(file: Mapping[str, Json], say: Words) -> Iterator[str]:
    c2pa = _map(file.get("c2pa"))
    state = _text(c2pa.get("state"))
    if state != "found":
        known = state if state in ("not_detected", "malformed") else "not_checked"
        yield say(f"mark.c2pa.{known}", why=_text(c2pa.get("detail")))
        return
    manifest = _manifest(file)
    yield say(
        "mark.c2pa.found",
        generator=_text(manifest.get("generator")) or "?",
        signer=_text(manifest.get("signer")) or "?",
    )
    kinds = [_text(kind) for kind in _list(manifest.get("source_types"))]
    if kinds:
        yield say("mark.c2pa.kinds", kinds=", ".join(kinds))
    problems = [_text(one) for one in _list(manifest.get("problems"))]
    other = [one for one in problems if one != "signingCredential.untrusted"]
    if manifest.get("state") == "Invalid":
        yield say("mark.c2pa.broken", problems=", ".join(problems))
    elif other:
        yield say("mark.c2pa.problems", problems=", ".join(problems))
    elif manifest.get("state") == "Trusted":
        yield say("mark.c2pa.holds")
    else:
        yield say("mark.c2pa.stranger")


def _manifest(file: Mapping[str, Json]) -> Mapping[str, Json]:
    return _map(_map(file.get("c2pa")).get("manifest"))


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
