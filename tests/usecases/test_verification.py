"""What verification found, as a paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.adapters.render import Writer
from holdfast.adapters.resources import words
from holdfast.core.document import Lang, Order
from holdfast.core.job import Job
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.usecases import verification
from holdfast.usecases.verification import Looked, Looking, paper

FILE = Looked(name="HF-2026-0001.zip", sha256="ab" * 32, size=12_345)
FINE = Finding(subject="data/ledger/entries.jsonl", rule="ledger_match", outcome="ok", detail="27")
LATE = TimestampSeen(
    subject="data/exhibits/E0001/capture.json",
    kind="rfc3161",
    network="rfc3161",
    status="confirmed",
    time="2026-11-21T02:20:33.000Z",
    by="TSA",
)


def told(verdict: Verdict, lang: Lang = "en", *looked: Looked) -> str:
    return Writer().text(written(verdict, lang, *looked), Job())


def written(verdict: Verdict, lang: Lang = "en", *looked: Looked) -> Order:
    return paper(
        verdict,
        Looking(at="2026-11-25T10:00:00.000Z", things=looked or (FILE,), out=Path("x.pdf")),
        words=words(lang),
        lang=lang,
        offset_minutes=480,
        version="9.9",
        verifier_sha256="cd" * 32,
    )


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "existed no later than 2026-11-21 10:20:33 +08:00"),
        ("zh", "2026-11-21 10:20:33 +08:00"),
    ],
)
def test_what_is_whole_is_said_with_its_time(lang: Lang, sentence: str) -> None:
    whole = Verdict(verdict="ok", findings=(FINE,), timestamps=(LATE,), recorded=True)
    text = told(whole, lang)
    assert sentence in text
    assert "ab" * 32 in text.replace(" ", "").replace("\n", "")
    assert "12,345" in text
    assert "9.9" in text
    assert words(lang)("ledger_match", detail="27") in text
    assert words(lang)("ui.verify.unchecked.now") not in text


def test_what_does_not_match_stands_first_and_what_now() -> None:
    changed = Finding(subject="data/x.png", rule="file_changed", outcome="broken", detail="a, b")
    later = Finding(subject="", rule="sm3_skipped", outcome="unchecked")
    findings = (FINE, later, changed)
    text = told(Verdict(verdict="broken", findings=findings, timestamps=(LATE,), recorded=True))
    assert "Does not match what was sealed. Findings: 1." in text
    assert text.index("data/x.png") < text.index("could not be checked") < text.index("matches")
    assert "Keep this copy as it is" in text
    assert "Which parts differ" in text


def test_a_fact_that_had_to_be_made_visible_is_said_once() -> None:
    odd = Finding(subject="x", rule="ledger_document", outcome="broken", detail="a\nb\u202ec")
    assert verification.said(odd, words("en")).count("a b\\u{202E}c") == 1


def test_rehearsals_say_so_on_every_page() -> None:
    practice = Finding(subject="", rule="world_practice", outcome="unchecked")
    simulated = TimestampSeen(
        subject="x",
        kind="opentimestamps",
        network="practice",
        status="simulated",
        time="not a time",
    )
    verdict = Verdict(verdict="unchecked", findings=(practice,), timestamps=(simulated,))
    order = written(verdict)
    assert order.furniture.practice
    assert "PRACTICE 演练" in told(verdict)
    assert "not a time" in told(verdict)


def test_the_digest_of_a_folder_says_of_what_it_is() -> None:
    folder = Looked(name="HF-2026-0001", sha256="ab" * 32)
    for lang in ("en", "zh"):
        of = {
            "en": "of its list of files, tagmanifest-sha256.txt",
            "zh": "tagmanifest-sha256.txt 的",
        }
        assert of[lang] in told(Verdict(verdict="ok", findings=(FINE,)), lang, folder)
        assert "tagmanifest" not in told(Verdict(verdict="ok", findings=(FINE,)), lang)


def test_a_case_has_neither_size_nor_digest_and_no_time_is_no_time() -> None:
    unsaid = TimestampSeen(subject="", kind="rfc3161", network="", status="pending")
    text = told(
        Verdict(verdict="unchecked", timestamps=(unsaid,)), "en", Looked(name="HF-2026-0001")
    )
    assert "SHA-256" not in text.split("Looked at")[1].split("When")[0]
    assert "the time-stamps are pending" in text
    bare = told(Verdict(verdict="weak", findings=(FINE,)))
    assert "something about it is weak" in bare
    assert "There is none" in bare


def test_many_findings_are_counted_and_unknown_rules_are_said_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verification, "MOST_ROWS", 3)
    many = [Finding(subject=f"f{n}", rule="file_missing", outcome="broken") for n in range(8)]
    fine = [Finding(subject=f"E{n}", rule="rule_of_tomorrow", outcome="ok") for n in range(4)]
    text = told(Verdict(verdict="broken", findings=(*many, *fine), timestamps=(LATE,) * 5))
    assert "f2" in text
    assert "f3" not in text
    assert "And 5 more of the same kind" in text
    assert "And 2 more; the program lists them all." in text
    assert "E0 and 3 more" in text
    assert "rule_of_tomorrow" in text


def test_what_could_not_be_looked_at_for_one_reason_is_told_once() -> None:
    names = ["a", "b", "c"]
    unseen = [Finding(subject=n, rule="file_unreadable", outcome="unchecked") for n in names]
    other = Finding(subject="d", rule="file_unreadable", outcome="unchecked", detail="else")
    text = told(Verdict(verdict="unchecked", findings=(*unseen, other)))
    assert text.count("a and 2 more") == 1
    rows = [line for line in text.splitlines() if "About: " in line]
    assert len([row for row in rows if row.endswith((": a and 2 more", ": d"))]) == 2


def test_text_from_outside_is_text(tmp_path: Path) -> None:
    hostile = Finding(
        subject="<b>{{x}}</b>\u202e\n# a", rule="file_unreadable", outcome="broken", detail="| a |"
    )
    order = written(
        Verdict(verdict="broken", findings=(hostile,)), "zh", Looked(name="</td>{{doc.no}}")
    )
    out = tmp_path / "x.pdf"
    Writer().pdf_file(order, out, Job())
    assert out.read_bytes().startswith(b"%PDF")
    assert "{{doc.no}}" in Writer().text(order, Job())
