"""The environment check as a record: bodies, remarks, reading back, words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.environment import READINGS, read, run
from holdfast.adapters.resources import words
from holdfast.core.canonical import Json, parse
from holdfast.core.environment import (
    ITEMS,
    REMARK_LIMIT,
    Environment,
    EnvironmentCheck,
    EnvironmentRun,
    Reading,
    raw_values,
    read_run,
    runs_of,
    said,
)

WORDS = words("en")


def test_a_run_reads_back_as_it_was_written() -> None:
    whole = run().explained({"tunnel": "office"})
    assert read_run(whole.body()) == replace(whole, clock=None)
    around = Environment(before=whole, sealing=run("2026-11-12T13:05:0", ("clock", "dns")))
    found = runs_of({"environment": around.body()})
    assert found is not None
    assert found.before.reading("tunnel") == whole.reading("tunnel")
    assert [one.item for one in found.sealing.readings] == ["clock", "dns"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"reason": "not asked"},
        {"before": {}, "sealing": {}},
        {"before": {"started": "t", "finished": "t", "readings": "x"}, "sealing": {}},
        {"before": {"started": "t", "finished": "t", "readings": [1]}, "sealing": {}},
    ],
)
def test_a_manifest_without_one_has_none(body: Json) -> None:
    assert runs_of({"environment": body}) is None


@pytest.mark.parametrize(
    "reading",
    [
        {"item": "hosts", "outcome": "green", "values": [], "remark": ""},
        {"item": "hosts", "outcome": "pass", "values": "text", "remark": ""},
        {"item": "hosts", "outcome": "pass", "values": [{"name": 1}], "remark": ""},
        {"item": "hosts", "outcome": "pass", "values": []},
    ],
)
def test_a_run_that_is_none_is_refused(reading: Json) -> None:
    with pytest.raises(ValueError, match="not a"):
        read_run({"started": "a", "finished": "b", "readings": [reading]})


def test_remarks_go_to_their_items_only_and_have_an_end() -> None:
    told = run().explained({"tunnel": "  two\n lines ", "dns": "x" * 2000})
    assert told.remarks == 2
    assert _of(told, "tunnel").remark == "two lines"
    assert len(_of(told, "dns").remark) == REMARK_LIMIT
    assert _of(told, "hosts").remark == ""
    assert told.reading("nothing") is None


def test_outcomes_are_counted_and_never_summed_up() -> None:
    assert run().counts == {"pass": 9, "warn": 2, "fail": 0, "not_checked": 1}


def test_a_check_is_known_by_its_bytes_and_its_id() -> None:
    one = EnvironmentCheck(
        id="1", case_id="c", world="real", when="after", at="2026-11-12T13:06:31.000Z", run=run()
    )
    body = parse(one.body())
    assert isinstance(body, dict)
    assert body["format"] == "holdfast-environment/1"
    assert body["when"] == "after"
    assert one.body() != replace(one, id="2").body()
    # What was not hashed does not count: digests of its own and of its past.
    assert one.body() == replace(one, sha256="a", earlier=("b",), at="").body()


def test_every_reading_is_said_in_both_languages() -> None:
    for lang in ("zh", "en"):
        catalogue = words(lang)
        for one in READINGS:
            sentence = said(one, catalogue)
            assert sentence
            assert "{" not in sentence
            assert all(name for name, _ in raw_values(one, catalogue))


def test_every_item_has_a_name_and_a_reason_why() -> None:
    for lang in ("zh", "en"):
        catalogue = words(lang)
        for item in ITEMS:
            assert catalogue(f"environment.item.{item}")
            assert catalogue(f"environment.why.{item}")


@pytest.mark.parametrize(
    ("reading", "sentence"),
    [
        (
            read(
                "clock",
                "fail",
                ("offset_ms", "-300000"),
                ("uncertainty_ms", "9"),
                ("agreeing", "3"),
            ),
            "300.00 s behind (±0.01), 3 sources say so; please set the clock first",
        ),
        (read("clock", "not_checked", ("reason", "offline")), "Offline: nobody was asked"),
        (read("clock", "warn", ("offset_ms", "x"), ("asked", "7"), ("agreeing", "1")),
         "0.00 s ahead (±0.00); 7 sources asked, 1 agree"),
        (read("hosts", "fail", ("entries", "1"), ("entry", "10.0.0.1 x.example")),
         "The site being kept is redirected here: 10.0.0.1 x.example"),
        (read("proxy", "warn", ("set", "1"), ("variable", "HTTP_PROXY=http://p")),
         "Set in 1 places, first: HTTP_PROXY=http://p"),
        (read("proxy", "pass", ("set", "0")), "None set in the system or in variables"),
        (read("dns", "fail", ("reason", "private"), ("site", "a.example"), ("answer", "10.0.0.1")),
         "a.example leads to this computer or a private network: 10.0.0.1"),
        (read("roots", "warn", ("added", "1"), ("root", "Corp CA; SHA-256 ab")),
         "1 are in no public list, for example: Corp CA"),
        (read("processes", "warn", ("total", "9"), ("program", "OBS (overlays): obs")),
         "9 at work, among them: OBS"),
        (read("disk", "fail", ("free", "150000000")),
         "Only 0.1 GB left; it will probably not fit"),
        (read("displays", "not_checked", ("reason", "something new")), "The system does not say"),
        (read("strange", "pass"), "The system does not say"),
        (read("tunnel", "not_checked", ("reason", "failed"), ("error", "OSError")),
         "The check did not work (OSError)"),
    ],
)  # fmt: skip
def test_what_was_seen_is_one_sentence(reading: Reading, sentence: str) -> None:
    assert said(reading, WORDS) == sentence


def test_a_value_nobody_named_keeps_its_own_name() -> None:
    assert raw_values(read("hosts", "pass", ("colour", "red")), WORDS) == (("colour", "red"),)


def _of(told: EnvironmentRun, item: str) -> Reading:
    found = told.reading(item)
    assert found is not None
    return found
