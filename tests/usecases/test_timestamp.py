from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.core.canonical import moment
from holdfast.core.case import Case
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.timestamp import Answer, Authorities, Heard, Stamp, StampKind, read_heard
from holdfast.usecases import preserve, timestamp
from holdfast.usecases.timestamp import StampRun


class Witness:
    """Answers as it is told; remembers what it was asked."""

    def __init__(self, id: StampKind, targets: tuple[str, ...]) -> None:
        self.id: StampKind = id
        self._targets = targets
        self.asked: list[tuple[str, ...]] = []
        self.upgraded: list[bytes] = []
        self.answer = Answer(sha256="", status="pending", proof=b"pending")
        self.fuller: Answer | None = None

    def targets(self, _authorities: Authorities) -> tuple[str, ...]:
        return self._targets

    def ask(
        self, sha256s: Sequence[str], _authority: str, _authorities: Authorities, _job: Job
    ) -> tuple[Answer, ...]:
        self.asked.append(tuple(sha256s))
        return tuple(replace(self.answer, sha256=digest) for digest in sha256s)

    def upgrade(self, sha256: str, proof: bytes, _authorities: Authorities, _job: Job) -> Answer:
        self.upgraded.append(proof)
        return replace(self.fuller or self.answer, sha256=sha256)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


def kept(at: Desk, world: World = "real", count: int = 1) -> Case:
    case = at.store.open_case("a", world)
    for n in range(count):
        preserve.preserve(
            case, FakeSource({"a": bytes([n])}), "http://x/", store=at.store, vault=at.vault,
            clock=at.clock, maker=at.maker, job=Job(),
        )  # fmt: skip
    return case


def run(
    at: Desk, *witnesses: Witness, worlds: tuple[World, ...] = ("real",), now: bool = False
) -> StampRun:
    return timestamp.stamp(
        at.store.all(Case),
        stampers=witnesses,
        authorities={world: Authorities(world=world) for world in worlds},
        store=at.store,
        vault=at.vault,
        clock=at.clock,
        job=Job(),
        now=now,
    )


def stamps(at: Desk, case: Case, kind: str) -> list[Stamp]:
    return [s for s in at.store.all(Stamp, case.id) if s.kind == kind]


def acts(at: Desk, case: Case) -> list[str]:
    return [e.act for e in at.store.entries(case.id) if e.act.startswith("timestamp")]


def test_everything_of_every_case_goes_out_in_one_request(at: Desk) -> None:
    first, second = kept(at, count=2), kept(at)
    witness = Witness("opentimestamps", ("",))
    assert run(at, witness) == StampRun(asked=8, pending=8)
    assert len(witness.asked) == 1
    assert timestamp.waiting(at.store.all(Case), store=at.store) > 0
    for case in (first, second):
        assert {s.status for s in stamps(at, case, "opentimestamps")} == {"pending"}
        assert acts(at, case) == ["timestamp.requested"]
    assert {s.status for s in stamps(at, first, "rfc3161")} == {"queued"}


def test_a_pending_proof_is_completed_and_the_pending_one_is_kept(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    assert run(at, witness) == StampRun()  # not due yet
    assert witness.upgraded == []
    at.clock.advance(minutes=61)
    run(at, witness)
    assert set(witness.upgraded) == {b"pending"}
    witness.fuller = Answer(
        sha256="", status="confirmed", proof=b"whole", time="2026-11-13T02:12:44.000Z", by="block 9"
    )
    at.clock.advance(hours=7)
    assert run(at, witness).confirmed == 3
    for stamp in stamps(at, case, "opentimestamps"):
        assert (stamp.status, stamp.time) == ("confirmed", "2026-11-13T02:12:44.000Z")
        assert at.vault.read(stamp.proof) == b"whole"
        assert [at.vault.read(old) for old in stamp.superseded] == [b"pending"]
    assert acts(at, case) == ["timestamp.requested", *["timestamp.confirmed"] * 3]
    at.clock.advance(days=9)
    witness.upgraded.clear()
    run(at, witness)
    assert witness.upgraded == []


def test_a_broken_upgrade_never_replaces_what_is_kept(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    witness.fuller = Answer(sha256="", status="broken", proof=b"bad", reason="garbage")
    at.clock.advance(hours=1)
    run(at, witness)
    for stamp in stamps(at, case, "opentimestamps"):
        assert (stamp.status, stamp.reason) == ("pending", "garbage")
        assert at.vault.read(stamp.proof) == b"pending"


def test_what_could_not_be_had_is_asked_again_later_and_later(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia", "yi"))
    witness.answer = Answer(sha256="", status="queued", reason="unreachable")
    assert run(at, witness).failed == 4
    waits = []
    for _ in range(12):
        stamp = stamps(at, case, "rfc3161")[0]
        assert (stamp.status, stamp.reason) == ("queued", "unreachable")
        due = timestamp.next_due([stamp])
        assert due is not None
        waits.append((due - at.clock.time).total_seconds())
        at.clock.time = due
        run(at, witness)
    assert waits == sorted(waits)
    assert 50 < waits[0] < 61
    assert waits[-1] <= 6 * 3600
    assert acts(at, case) == ["timestamp.failed"] * 2  # said once an authority, not once a try


def test_an_authority_may_ask_for_patience(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia",))
    witness.answer = Answer(sha256="", status="queued", reason="slow", retry_s=900)
    run(at, witness)
    due = timestamp.next_due([s for s in stamps(at, case, "rfc3161") if s.authority == "jia"])
    assert due is not None
    assert 890 < (due - at.clock.time).total_seconds() <= 900
    assert {s.attempts for s in stamps(at, case, "rfc3161") if s.authority == "yi"} == {0}


def test_tokens_keep_query_and_answer(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia",))
    witness.answer = Answer(
        sha256="", status="confirmed", proof=b"tsr", query=b"tsq", time="2026-11-12T13:09:02.000Z"
    )
    run(at, witness)
    token = next(s for s in stamps(at, case, "rfc3161") if s.authority == "jia")
    assert (at.vault.read(token.proof), at.vault.read(token.query)) == (b"tsr", b"tsq")
    assert timestamp.next_due([token]) is None


def test_worlds_are_never_mixed_and_the_practice_world_lets_nobody_wait(at: Desk) -> None:
    real, practice = kept(at), kept(at, "practice")
    witness = Witness("opentimestamps", ("",))
    run(at, witness, worlds=("practice",))
    assert {s.status for s in stamps(at, real, "opentimestamps")} == {"queued"}
    assert {s.status for s in stamps(at, practice, "opentimestamps")} == {"pending"}
    witness.fuller = Answer(sha256="", status="simulated", proof=b"whole", time="x")
    assert run(at, witness, worlds=("practice",)).confirmed == 3
    line = at.store.entries(practice.id)[-1]
    assert line.facts["simulated"] is True


def test_no_stamp_ever_causes_another_head(at: Desk) -> None:
    case = kept(at)
    before = len(at.store.checkpoints(case.id))
    run(at, Witness("opentimestamps", ("",)))
    assert len(at.store.checkpoints(case.id)) == before


def test_a_very_long_run_is_written_in_several_lines(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp, "LINE_LIMIT", 2)
    case = kept(at, count=2)
    run(at, Witness("opentimestamps", ("",)))
    assert acts(at, case) == ["timestamp.requested"] * 3


def test_tokens_of_two_authorities_for_one_digest_never_share_a_proof(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia", "yi"))
    answers = iter(["jia", "jia", "yi", "yi"])

    def ask(
        sha256s: Sequence[str], authority: str, _authorities: Authorities, _job: Job
    ) -> tuple[Answer, ...]:
        next(answers)
        proof = authority.encode()
        return tuple(Answer(sha256=one, status="unchecked", proof=proof) for one in sha256s)

    def upgrade(sha256: str, proof: bytes, _authorities: Authorities, _job: Job) -> Answer:
        return Answer(sha256=sha256, status="confirmed", proof=proof + b"!", time="x")

    witness.ask, witness.upgrade = ask, upgrade  # type: ignore[method-assign]  # a fake
    run(at, witness)
    at.clock.advance(hours=1)
    assert run(at, witness).confirmed == 4
    for stamp in stamps(at, case, "rfc3161"):
        assert at.vault.read(stamp.proof) == stamp.authority.encode() + b"!"


def test_what_was_only_put_off_is_no_failure(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia",))
    witness.answer = Answer(sha256="", status="queued", reason="too_soon", retry_s=15)
    run(at, witness)
    assert acts(at, case) == []


def test_a_promise_is_looked_at_by_its_age_for_eight_weeks_and_that_is_said(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    begun, waits = at.clock.time, []
    while (found := stamps(at, case, "opentimestamps"))[0].reason != timestamp.OVERDUE:
        due = timestamp.next_due(found)
        assert due is not None
        waits.append((due - at.clock.time).total_seconds())
        at.clock.time = due
        run(at, witness)
    assert waits == sorted(waits, key=round)
    assert {round(wait / 3600) for wait in waits} == {1, 3, 6, 24}
    assert (at.clock.time - begun).days >= 56
    # The promise stays, is looked at no more by itself, and the calendars are asked afresh.
    old = [s for s in found if s.reason == timestamp.OVERDUE]
    assert {(s.status, s.next_try) for s in old} == {("pending", None)}
    assert {at.vault.read(s.proof) for s in old} == {b"pending"}
    assert acts(at, case) == ["timestamp.requested", "timestamp.failed"]
    assert at.store.entries(case.id)[-1].facts["reason"] == "overdue"
    witness.upgraded.clear()
    assert run(at, witness).pending == len(old)
    assert witness.upgraded == []
    fresh = stamps(at, case, "opentimestamps")[len(old) :]
    assert {(s.status, s.reason) for s in fresh} == {("pending", "")}
    assert {s.subject for s in fresh} == {s.subject for s in old}
    queued = sum(s.status == "queued" for s in at.store.all(Stamp, case.id))
    assert timestamp.waiting((case,), store=at.store) == len(fresh) + queued
    # Whoever asks for it by hand has the old promise looked at too, and it may still be kept.
    witness.fuller = Answer(sha256="", status="confirmed", proof=b"whole", time="x", by="block 9")
    assert run(at, witness, now=True).confirmed == 2 * len(old)


def test_after_a_long_while_a_promise_is_looked_at_on_two_days_before_it_is_given_up(
    at: Desk,
) -> None:
    """A computer that was off for months, or whose clock was years behind when it asked."""
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    witness.fuller = Answer(sha256="", status="pending", reason="unreachable")
    at.clock.advance(days=400)
    run(at, witness)
    found = stamps(at, case, "opentimestamps")
    assert {s.reason for s in found} == {"unreachable"}
    due = timestamp.next_due(found)
    assert due is not None
    assert timedelta(hours=23) < due - at.clock.time <= timedelta(days=1)
    at.clock.advance(days=1)
    run(at, witness)
    assert {s.reason for s in stamps(at, case, "opentimestamps") if s.proof} == {timestamp.OVERDUE}
    # Looked at by hand it stays given up, and that is not said again.
    said = acts(at, case).count("timestamp.failed")
    run(at, witness, now=True)
    assert acts(at, case).count("timestamp.failed") == said


def test_a_promise_is_as_old_as_it_is_however_long_it_took_to_get_it(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    witness.answer = Answer(sha256="", status="queued", reason="unreachable")
    run(at, witness)
    at.clock.advance(weeks=9)
    witness.answer = Answer(sha256="", status="pending", proof=b"pending")
    run(at, witness)
    due = timestamp.next_due(stamps(at, case, "opentimestamps"))
    assert due is not None
    assert due - at.clock.time <= timedelta(hours=1)
    at.clock.advance(hours=1)
    run(at, witness)
    assert {s.reason for s in stamps(at, case, "opentimestamps")} == {""}


def test_a_clock_that_was_years_ahead_gives_up_no_promise_for_good(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    promised = {s.id for s in stamps(at, case, "opentimestamps")}
    right = at.clock.time
    # Calendars speak https, whose certificates have all ended by such a clock.
    witness.fuller = Answer(sha256="", status="pending", reason="unreachable")
    for days in (4000, 1):
        at.clock.advance(days=days)
        run(at, witness)
    found = [s for s in stamps(at, case, "opentimestamps") if s.id in promised]
    assert {s.reason for s in found} == {timestamp.OVERDUE}
    at.clock.time = right + timedelta(hours=3)
    witness.fuller = Answer(sha256="", status="confirmed", proof=b"whole", time="x", by="block 9")
    run(at, witness)
    found = [s for s in stamps(at, case, "opentimestamps") if s.id in promised]
    assert {(s.status, s.reason) for s in found} == {("confirmed", "")}


def test_a_block_that_nobody_shows_is_looked_for_on_and_on(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    witness.fuller = Answer(sha256="", status="unchecked", reason="no_header")
    at.clock.advance(weeks=9)
    run(at, witness)
    # The calendar kept its promise; that no explorer shows the block is not its fault.
    (stamp, *_) = stamps(at, case, "opentimestamps")
    assert (stamp.status, stamp.reason) == ("pending", "no_header")
    assert (moment(stamp.next_try or "") - at.clock.time).days == 6
    other = kept(at)
    witness.fuller = Answer(sha256="", status="one_source", proof=b"one", time="x", by="block 9")
    run(at, witness)
    at.clock.advance(hours=2)
    run(at, witness)
    (stamp, *_) = stamps(at, other, "opentimestamps")
    assert stamp.status == "one_source"
    at.clock.advance(weeks=9)
    before = at.clock.time
    run(at, witness)
    (stamp, *_) = stamps(at, other, "opentimestamps")
    assert (moment(stamp.next_try or "") - before).days == 7


def test_nothing_is_looked_at_before_its_turn_unless_somebody_asks(at: Desk) -> None:
    kept(at)
    witness = Witness("opentimestamps", ("",))
    run(at, witness)
    assert run(at, witness) == StampRun()
    assert run(at, witness, now=True).pending == 3


def test_every_answer_of_a_calendar_is_kept_as_it_came(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    first = Heard(asked="https://a.example/digest", at="t1", status=200, body=b"\x00promise")
    witness.answer = Answer(sha256="", status="pending", proof=b"pending", heard=(first,))
    run(at, witness)
    not_yet = Heard(asked="https://a.example/timestamp/00", at="t2", status=404, body=b"Pending")
    witness.fuller = Answer(sha256="", status="pending", reason="waiting", heard=(not_yet,))
    run(at, witness, now=True)
    # The same said again adds nothing.
    witness.fuller = replace(witness.fuller, heard=(replace(not_yet, at="t3"),))
    run(at, witness, now=True)
    refused = replace(not_yet, at="t4", status=500, body=b"\xff")
    witness.fuller = replace(witness.fuller, heard=(refused,), reason="refused")
    run(at, witness, now=True)
    for stamp in stamps(at, case, "opentimestamps"):
        kept_now = [read_heard(at.vault.read(one)) for one in stamp.answers]
        assert kept_now == [first, not_yet, refused]
    (asked,) = [e for e in at.store.entries(case.id) if e.act == "timestamp.requested"]
    assert asked.facts["answers"] == [stamps(at, case, "opentimestamps")[0].answers[0]]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"asked":"","at":"","body":"zz","format":"holdfast-calendar-answer/1","status":1}',
        b'{"asked":"","at":"","body":"","format":"holdfast-calendar-answer/2","status":1}',
    ],
)
def test_a_record_that_is_none_is_not_read(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_heard(raw)


def test_what_another_window_brought_meanwhile_is_not_undone(at: Desk) -> None:
    case = kept(at)
    slow, quick = Witness("rfc3161", ("jia",)), Witness("rfc3161", ("jia",))
    quick.answer = Answer(sha256="", status="confirmed", proof=b"token", time="x")
    slow.answer = Answer(sha256="", status="queued", reason="unreachable")
    ask = slow.ask

    def late(*asked: object) -> tuple[Answer, ...]:
        run(at, quick)
        return ask(*asked)  # type: ignore[arg-type]  # passed on as they came

    slow.ask = late  # type: ignore[method-assign]  # a fake
    run(at, slow)
    mine = [s for s in stamps(at, case, "rfc3161") if s.authority == "jia"]
    assert {(s.status, at.vault.read(s.proof)) for s in mine} == {("confirmed", b"token")}
    assert acts(at, case) == ["timestamp.confirmed"] * 2
    # Whoever comes late with a time-stamp where there is none has it kept.
    other = kept(at)
    slow.answer, quick.answer = quick.answer, slow.answer
    run(at, slow)
    mine = [s for s in stamps(at, other, "rfc3161") if s.authority == "jia"]
    assert {s.status for s in mine} == {"confirmed"}


def test_a_pending_answer_does_not_undo_a_whole_proof(at: Desk) -> None:
    case = kept(at)
    slow, quick = Witness("opentimestamps", ("",)), Witness("opentimestamps", ("",))
    run(at, slow)
    quick.fuller = Answer(sha256="", status="confirmed", proof=b"whole", time="x", by="block 9")
    upgrade = slow.upgrade

    def late(*asked: object) -> Answer:
        run(at, quick, now=True)
        return upgrade(*asked)  # type: ignore[arg-type]  # passed on as they came

    slow.upgrade = late  # type: ignore[method-assign]  # a fake
    run(at, slow, now=True)
    found = stamps(at, case, "opentimestamps")
    assert {(s.status, at.vault.read(s.proof)) for s in found} == {("confirmed", b"whole")}


def test_what_is_sealed_while_an_older_head_is_asked_for_is_asked_for_as_well(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia",))
    witness.answer = Answer(sha256="", status="confirmed", proof=b"token", time="x")
    ask = witness.ask

    def meanwhile(*asked: object) -> tuple[Answer, ...]:
        if not acts(at, case):
            preserve.preserve(
                case, FakeSource({"a": b"more"}), "http://x/", store=at.store, vault=at.vault,
                clock=at.clock, maker=at.maker, job=Job(),
            )  # fmt: skip
        return ask(*asked)  # type: ignore[arg-type]  # passed on as they came

    witness.ask = meanwhile  # type: ignore[method-assign]  # a fake
    run(at, witness)
    run(at, witness)
    heads = {
        s.subject.path: s.status
        for s in stamps(at, case, "rfc3161")
        if s.subject.kind == "checkpoint" and s.authority == "jia"
    }
    # The first is that of a case in which nothing is kept yet, and is shown to nobody.
    _, *sizes = [head.size for head in at.store.checkpoints(case.id)]
    assert heads == {f"ledger/checkpoints/{size}.txt": "confirmed" for size in sizes}


def test_a_lost_proof_is_asked_for_anew_and_stops_nobody_else(at: Desk) -> None:
    case = kept(at)
    witness = Witness("opentimestamps", ("",))
    heard = Heard(asked="https://a.example/digest", at="t1", status=200, body=b"promise")
    witness.answer = Answer(sha256="", status="pending", proof=b"pending", heard=(heard,))
    run(at, witness)
    other = kept(at)
    witness.answer = replace(witness.answer, proof=b"another", heard=())
    run(at, witness)
    (lost,) = {s.proof for s in stamps(at, case, "opentimestamps")}
    at.vault.path(lost).unlink()
    for answer in {one for s in stamps(at, case, "opentimestamps") for one in s.answers}:
        at.vault.path(answer).unlink()
    witness.fuller = Answer(sha256="", status="confirmed", proof=b"whole", time="x", by="block 9")
    run(at, witness, now=True)
    assert {s.status for s in stamps(at, other, "opentimestamps")} == {"confirmed"}
    old, fresh = (
        [s for s in stamps(at, case, "opentimestamps") if (s.reason == timestamp.LOST) is gone]
        for gone in (True, False)
    )
    assert len(old) == len(fresh) == 3
    assert {s.status for s in fresh} == {"queued"}
    assert at.store.entries(case.id)[-1].facts["reason"] == "proof_lost"
    lines = len(acts(at, case))
    run(at, witness, now=True)
    # That is said once, and a file that was put back completes as any other.
    assert [e for e in acts(at, case)[lines:] if e == "timestamp.failed"] == []
    at.vault.keep_bytes(b"pending")
    run(at, witness, now=True)
    assert {s.status for s in stamps(at, case, "opentimestamps")} == {"confirmed"}


def test_a_clock_that_was_years_ahead_puts_nothing_off_once_it_is_right(at: Desk) -> None:
    case = kept(at)
    witness = Witness("rfc3161", ("jia",))
    witness.answer = Answer(sha256="", status="queued", reason="unreachable")
    right = at.clock.time
    at.clock.advance(days=4000)
    run(at, witness)
    at.clock.time = right
    witness.answer = Answer(sha256="", status="confirmed", proof=b"token", time="x")
    assert run(at, witness).confirmed == 2
    mine = [s for s in stamps(at, case, "rfc3161") if s.authority == "jia"]
    assert {s.status for s in mine} == {"confirmed"}
