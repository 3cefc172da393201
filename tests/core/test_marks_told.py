"""Marks in words, in both languages, for every shape of a record."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from fakes.labels import CODE, INNER
from holdfast.adapters.resources import words
from holdfast.core.canonical import Json
from holdfast.core.marks import ai_label
from holdfast.core.marks_told import headline, told


def file(**more: Any) -> dict[str, Json]:
    made: dict[str, Any] = {
        "path": "files/a.mp4", "format": "x", "read": "", "labels": [], "iptc": [],
        "c2pa": {"state": "not_detected", "detail": "", "manifest": None}, "tags": [], "faults": [],
    }  # fmt: skip
    return made | more


def c2pa(**more: Any) -> dict[str, Any]:
    manifest = {
        "generator": "Maker", "signer": "Firm", "state": "Valid", "problems": [], "actions": [],
        "source_types": [],
    } | more  # fmt: skip
    return {"c2pa": {"state": "found", "detail": "", "manifest": manifest}}


def label(raw: object) -> dict[str, Json]:
    return ai_label(raw if isinstance(raw, str) else json.dumps(raw), "moov.meta").body()


FILES = [
    file(),
    file(read="broken"),
    file(labels=[label(INNER)]),
    file(labels=[label(INNER | {"Label": "2", "ContentProducer": "A name"})]),
    file(labels=[label(INNER | {"Label": "3", "ContentProducer": CODE[:21] + "0" + CODE[22:]})]),
    file(labels=[label(INNER | {"ContentProducer": CODE[:22] + "9ABCD", "Extra": "x"})]),
    *(file(labels=[label(raw)]) for raw in ("{", "[]", '{"Label":"9"}', '{"Label":1}')),
    file(labels=[label('{"Label":"1","Label":"1"}')]),
    file(labels=[label("x" * 70_000)]),
    file(iptc=["trainedAlgorithmicMedia"]),
    file(**c2pa()),
    file(**c2pa(state="Trusted", generator="", signer="")),
    file(**c2pa(state="Invalid", problems=["assertion.dataHash.mismatch"])),
    file(**c2pa(problems=["signingCredential.untrusted"], source_types=["compositeSynthetic"])),
    file(**c2pa(problems=["timeStamp.mismatch"])),
    file(c2pa={"state": "malformed", "detail": "why", "manifest": None}),
    file(c2pa={"state": "?", "detail": "extra not installed", "manifest": None}),
    {"labels": 3, "c2pa": 4, "iptc": None},
]


@pytest.mark.parametrize(("lang", "one"), list(itertools.product(("zh", "en"), FILES)))
def test_every_record_can_be_told(lang: str, one: dict[str, Json]) -> None:
    say = words(lang)
    lines = told(one, say)
    assert lines
    assert headline(one, say)
    assert all("{" not in line or "原文" in line or "As it stands" in line for line in lines)
    assert not any("absent" in line.lower() or "不存在" in line for line in lines)


def test_headlines() -> None:
    say = words("en")
    assert "made by AI" in headline(file(labels=[label(INNER)]), say)
    assert "made by AI" in headline(file(iptc=["trainedAlgorithmicMedia"]), say)
    assert "made by AI" in headline(file(**c2pa(source_types=["trainedAlgorithmicMedia"])), say)
    assert "does not follow" in headline(file(labels=[label("{")]), say)
    assert "detected" in headline(file(**c2pa(source_types=["digitalCapture"])), say)
    assert "could not be read" in headline(file(read="x"), say)


def test_a_code_leads_to_a_company_and_says_what_it_does_not() -> None:
    lines = "\n".join(told(file(labels=[label(INNER)]), words("en")))
    assert "91110102MAD55U9H0F" in lines
    assert "not necessarily" in lines
