"""What counts: broken, unchecked, weak, ok are never merged into one another."""

from __future__ import annotations

import json

import pytest

from holdfast.core.verdict import (
    MOST_TOLD,
    Finding,
    FindingOutcome,
    TimestampSeen,
    Verdict,
    conclude,
    practice_first,
    readable,
    together,
    worst,
)


def told(rule: str, outcome: FindingOutcome) -> Finding:
    return Finding(subject="x", rule=rule, outcome=outcome)


@pytest.mark.parametrize(
    ("findings", "dated", "verdict"),
    [
        ((), ("ok", "ok"), "ok"),
        ((), (), "unchecked"),
        ((), ("ok", "unchecked"), "unchecked"),
        ((), ("ok", "weak"), "weak"),
        ((("pack_verifier_unknown", "weak"),), ("ok",), "weak"),
        # A witness that is weaker than another one weakens nothing.
        ((("ots_one_source", "weak"),), ("ok",), "ok"),
        ((("ots_pending", "unchecked"),), ("ok",), "ok"),
        ((("pack_verifier_unknown", "weak"),), ("unchecked",), "unchecked"),
        ((("file_changed", "broken"),), ("ok",), "broken"),
        ((("file_changed", "broken"),), ("unchecked",), "broken"),
    ],
)
def test_the_verdict_follows_from_findings_and_dates(
    findings: tuple[tuple[str, FindingOutcome], ...],
    dated: tuple[FindingOutcome, ...],
    verdict: FindingOutcome,
) -> None:
    assert conclude((told(*one) for one in findings), dated) == verdict


def stamped(subject: str, status: str, time: str) -> TimestampSeen:
    return TimestampSeen(
        subject=subject, kind="opentimestamps", network="bitcoin", status=status, time=time
    )


@pytest.mark.parametrize(
    ("verdict", "stamps", "rules", "sure"),
    [
        ("ok", [("a", "confirmed", "2026"), ("b", "confirmed", "2027")], (), "2027"),
        ("ok", [("a", "confirmed", "2026"), ("b", "one_source", "2027")], (), "2026"),
        ("weak", [("a", "confirmed", "2026"), ("a", "one_source", "2027")], (), "2026"),
        ("weak", [("a", "confirmed", "2026")], ("pack_verifier_unknown",), "2026"),
        # What one source dates is not known by the time of something else.
        ("weak", [("a", "confirmed", "2026"), ("b", "one_source", "2027")], (), ""),
        ("weak", [("a", "confirmed", "2026")], ("exhibit_one_source",), ""),
        ("weak", [("a", "confirmed", "2026")], ("exhibit_lapsed",), ""),
        ("weak", [], (), ""),
    ],
)
def test_a_time_is_said_of_all_only_where_it_is_known_of_all(
    verdict: FindingOutcome, stamps: list[tuple[str, str, str]], rules: tuple[str, ...], sure: str
) -> None:
    found = Verdict(
        verdict=verdict,
        findings=tuple(told(rule, "weak") for rule in rules),
        timestamps=tuple(stamped(*one) for one in stamps),
    )
    assert found.sure == sure


def test_the_worst_of_several_counts() -> None:
    assert worst(()) == "ok"
    assert worst(("ok", "weak")) == "weak"
    assert worst(("weak", "unchecked", "ok")) == "unchecked"
    assert worst(("unchecked", "broken")) == "broken"
    practice = told("world_practice", "ok")
    one = Verdict(verdict="ok", findings=(told("bag_match", "ok"),))
    both = together((one, Verdict(verdict="broken", findings=(practice, *one.findings))))
    assert both.verdict == "broken"
    assert both.findings == (practice, told("bag_match", "ok"))
    assert practice_first((told("a", "ok"), practice, practice)) == (practice, told("a", "ok"))


def test_the_body_is_the_documented_object() -> None:
    seen = TimestampSeen(
        subject="f", kind="rfc3161", network="practice", status="simulated", time="t", by="b"
    )
    body = Verdict(verdict="weak", findings=(told("r", "ok"),), timestamps=(seen,)).body()
    assert json.loads(json.dumps(body)) == {
        "verdict": "weak",
        "findings": [{"subject": "x", "rule": "r", "outcome": "ok", "detail": ""}],
        "timestamps": [
            {
                "subject": "f",
                "kind": "rfc3161",
                "network": "practice",
                "status": "simulated",
                "time": "t",
                "by": "b",
            }
        ],
    }


def test_nothing_is_told_that_is_longer_than_somebody_reads() -> None:
    short = Finding(subject="a" * MOST_TOLD, rule="x", outcome="broken", detail="b")
    assert readable(short) is short
    long = readable(Finding(subject="a" * 5000, rule="x", outcome="broken", detail="b" * 5000))
    assert (long.subject, long.detail) == ("a" * 1000 + "…", "b" * 1000 + "…")


def test_what_could_not_be_opened_is_told_from_what_differs() -> None:
    torn = told("pack_unreadable", "broken")
    assert Verdict(verdict="broken", findings=(torn,)).unopened
    assert not Verdict(verdict="broken", findings=(torn, told("file_changed", "broken"))).unopened
    assert not Verdict(verdict="ok").unopened
