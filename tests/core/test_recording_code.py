"""Codes: made, read back, judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.canonical import canonical, rfc3339
from holdfast.core.not_before import Block, NotBefore
from holdfast.core.recording_code import (
    BEGINS,
    LENGTH,
    LETTERS,
    Judged,
    RecordingCode,
    Sighting,
    issue,
    judge,
    made_after,
    record,
    typed,
)

NOW = datetime(2026, 11, 12, 13, 6, 31, tzinfo=UTC)
BLOCK = NotBefore(bitcoin=Block(height=917442, hash="00000000" + "ab" * 28))


def code(number: int = 1, **more: str) -> RecordingCode:
    made = issue(number.to_bytes(16), id=f"i{number}", case_id=more.pop("case_id", "k"), now=NOW)
    return replace(made, **more)  # type: ignore[arg-type] # every field given is text


def judged(sightings: list[Sighting], known: list[RecordingCode], **more: object) -> Judged:
    given: dict[str, object] = {"case_id": "k", "wanted": "", "now": NOW, "looked": True}
    return judge(sightings, known, **(given | more))  # type: ignore[arg-type] # names are fields


def outcomes(found: Judged) -> list[tuple[str, str]]:
    return [(check.check, check.outcome) for check in found.checks]


@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_read_back_however_it_is_typed(random: bytes) -> None:
    made = issue(random, id="i", case_id="k", now=NOW, not_before=BLOCK)
    assert len(made.code) == LENGTH
    assert set(made.code) <= set(LETTERS)
    for text in (made.code, made.shown, made.shown.lower(), f" {made.code[:4]} {made.code[4:]} ",
                 made.payload, made.shown.replace("-", "–")):  # fmt: skip
        assert typed(text) == made.code
    assert made.payload == f"{BEGINS}{made.code}:917442:{'AB' * 8}"
    assert set(made.payload) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"), "QR letters"


@given(st.text(max_size=30))
def test_anything_else_is_no_code(text: str) -> None:
    found = typed(text)
    assert found == "" or (len(found) == LENGTH and set(found) <= set(LETTERS))


def test_letters_cannot_be_taken_for_one_another() -> None:
    assert not set(LETTERS) & set("0O1ILZ25S8BG6Q")
    assert len(set(LETTERS)) == len(LETTERS)


def test_a_code_without_a_block_says_only_itself() -> None:
    assert code().payload == BEGINS + code().code


def test_the_code_that_was_seen_passes_with_its_place() -> None:
    one = code()
    found = judged([Sighting(file="files/a.mp4", text=one.payload, at_ms=62_300)], [one])
    assert outcomes(found) == [("code_seen", "pass")]
    assert found.checks[0].detail == f"{one.shown} files/a.mp4 01:02.3"
    assert found.code == one
    picture = judged([Sighting(file="files/a.jpg", text=one.payload)], [one])
    assert picture.checks[0].detail == f"{one.shown} files/a.jpg"


def test_what_is_odd_about_a_code_is_said_beside_it() -> None:
    one, two = code(1), code(2)
    sight = [Sighting(file="f", text=one.payload, at_ms=0)]
    assert outcomes(judged(sight, [one], case_id="other"))[1:] == [("code_case", "warn")]
    assert outcomes(judged(sight, [one, two], wanted=two.code))[1:] == [("code_named", "warn")]
    assert outcomes(judged(sight, [replace(one, used="E0003")]))[1:] == [("code_used", "warn")]
    late = NOW + timedelta(hours=25)
    assert outcomes(judged(sight, [one], now=late))[1:] == [("code_expired", "warn")]


def test_the_best_of_several_is_taken() -> None:
    mine, other = code(1), code(2, case_id="other")
    sight = [Sighting(file="f", text=one.payload, at_ms=0) for one in (other, mine)]
    assert judged(sight, [other, mine]).code == mine
    assert judged(sight, [other, mine], wanted=other.code).code == other


def test_not_detected_unknown_and_not_looked_at() -> None:
    assert outcomes(judged([], [code()])) == [("code_seen", "warn")]
    assert outcomes(judged([], [], looked=False)) == [("code_seen", "not_checked")]
    strange = judged([Sighting(file="f", text=f"{BEGINS}ZZZZ", at_ms=1)], [code()])
    assert outcomes(strange) == [("code_seen", "warn"), ("code_known", "warn")]
    assert strange.code is None


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        ([], "not_checked"),
        ([rfc3339(NOW + timedelta(minutes=1))], "pass"),
        ([rfc3339(NOW - timedelta(minutes=4))], "pass"),
        ([rfc3339(NOW + timedelta(1)), rfc3339(NOW - timedelta(hours=1))], "warn"),
    ],
)
def test_the_files_own_time_against_the_codes(made: list[str], outcome: str) -> None:
    assert made_after(code(), made).outcome == outcome


def test_the_record_has_a_canonical_form() -> None:
    one = issue(bytes(16), id="i", case_id="k", now=NOW, not_before=BLOCK)
    sight = Sighting(file="f", text=one.payload, at_ms=10)
    made = [("f", "creation_time", "2026")]
    canonical(record(one, [sight], pictures=3, said="0:03", made=made))
    assert record(None, [], pictures=0, said="", made=[])["code"] is None
