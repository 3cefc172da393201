"""Time-stamps: ask for what is queued, look after what is pending.  Nothing ever waits for it.

When to look again is written down with each stamp, so it outlives the program.  A calendar needs
hours, so a promise is looked at by its age: hourly at first, daily in the end, for eight weeks.
Then the promise is kept but no longer followed, that is said, and the calendars are asked afresh.
A clock that is wrong for a while, or a computer that was off, ends no promise by itself.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from holdfast.core.canonical import Json, moment, rfc3339
from holdfast.core.case import Case
from holdfast.core.errors import Tampered
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.timestamp import Answer, Authorities, Heard, Stamp, read_heard
from holdfast.ports import Clock, Stamper, Store, Vault

DONE = frozenset({"confirmed", "simulated"})
POSTPONED = frozenset({"too_soon", "stopped"})
"""Reasons of our own not to have asked at all: nothing failed."""
LINE_LIMIT = 500
"""Subjects named in one ledger line."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
LOOKS = (
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=3), timedelta(hours=3)),
    (timedelta(days=14), timedelta(hours=6)),
    (timedelta(weeks=8), timedelta(days=1)),
)
"""Up to which age a proof that is not complete is looked at how often."""
PATIENCE = LOOKS[-1][0]
"""How long a calendar's promise is followed."""
OLD_WAIT = timedelta(weeks=1)
"""Between looks at an attested block that nobody could confirm in all that time; and how late a
look may be to be in its turn."""
OVERDUE = "overdue"
"""Reason of a promise that was not kept within PATIENCE."""
LOST = "proof_lost"
"""Reason of a promise that the vault has no more as it was."""
GIVEN_UP = frozenset({OVERDUE, LOST})
"""Reasons of promises that are followed no longer; their witnesses were asked afresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRun:
    """What one run over the queue brought."""

    asked: int = 0
    confirmed: int = 0
    pending: int = 0
    failed: int = 0


def stamp(
    cases: Sequence[Case],
    *,
    stampers: Sequence[Stamper],
    authorities: Mapping[World, Authorities],
    store: Store,
    vault: Vault,
    clock: Clock,
    job: Job,
    now: bool = False,
) -> StampRun:
    """Everything queued was asked for once, everything pending looked at once, where it is due.

    ``now`` looks at everything that waits, whenever its turn would be.  Worlds without authorities
    (the practice world while it sleeps) are left as they are.
    """
    touched: dict[str, Stamp] = {}
    for world, witnesses in authorities.items():
        mine = [case for case in cases if case.world == world]
        for stamper in stampers:
            run = _Run(stamper, witnesses, store, vault, clock, job, now)
            touched |= {one.id: one for one in run.ask(mine)}
            touched |= {one.id: one for one in run.upgrade(mine)}
    states = [one.status for one in touched.values()]
    confirmed = sum(state in DONE for state in states)
    failed = sum(state in ("queued", "broken") for state in states)
    return StampRun(
        asked=len(states),
        confirmed=confirmed,
        pending=len(states) - confirmed - failed,
        failed=failed,
    )


def waiting(cases: Sequence[Case], *, store: Store) -> int:
    """How many time-stamps are queued or pending."""
    return sum(
        stamp.status in ("queued", "pending") and stamp.reason not in GIVEN_UP
        for case in cases
        for stamp in store.all(Stamp, case.id)
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One protocol, one world, now."""

    stamper: Stamper
    authorities: Authorities
    store: Store
    vault: Vault
    clock: Clock
    job: Job
    now: bool = False
    _kept: dict[Heard, str] = field(default_factory=dict)
    """Records of answers that were written in this run: thousands of stamps share one."""
    _read: dict[str, Heard] = field(default_factory=dict)

    def ask(self, cases: Sequence[Case]) -> list[Stamp]:
        """Every queued digest goes out: one request an authority, whatever the number of cases."""
        wanted: dict[str, list[Stamp]] = defaultdict(list)
        for stamp in self._due(cases, "queued"):
            wanted[stamp.authority].append(stamp)
        known = self.stamper.targets(self.authorities)
        done: list[Stamp] = []
        for authority, stamps in wanted.items():
            if authority not in known:
                continue
            self._keep_heads(stamps)
            self.job.step("stamping", 0, len(stamps), authority)
            digests = list(dict.fromkeys(stamp.subject.sha256 for stamp in stamps))
            answers = self.stamper.ask(digests, authority, self.authorities, self.job)
            by_digest = {answer.sha256: answer for answer in answers}
            done += self._record([(one, by_digest[one.subject.sha256]) for one in stamps])
        return done

    def _keep_heads(self, stamps: Sequence[Stamp]) -> None:
        """Whatever head is shown to a witness lies in the vault as it is shown.

        It does already, unless what queued it was ended before.
        """
        heads = [stamp for stamp in stamps if stamp.subject.kind == "checkpoint"]
        wanted = {stamp.subject.sha256 for stamp in heads}
        for case_id in {stamp.case_id for stamp in heads}:
            for head in self.store.checkpoints(case_id):
                for note in (head.note, replace(head, signatures=()).note):
                    if hashlib.sha256(note).hexdigest() in wanted:
                        self.vault.keep_bytes(note)

    def upgrade(self, cases: Sequence[Case]) -> list[Stamp]:
        """Every pending proof was offered to those who can complete it."""
        stamps = [
            s
            for status in ("pending", "unchecked", "one_source")
            for s in self._due(cases, status)
            if s.proof and not s.imported
        ]
        answers: dict[str, Answer] = {}
        for done, stamp in enumerate(stamps):
            self.job.step("upgrading", done, len(stamps))
            if stamp.proof not in answers:
                answers[stamp.proof] = self._upgraded(stamp)
        pairs = [(stamp, answers[stamp.proof]) for stamp in stamps]
        stayed = [(one, self._later(one, how)) for one, how in pairs if not self._moved(one, how)]
        self._put_off(stayed)
        moved = self._record([pair for pair in pairs if self._moved(*pair)])
        return [*(after for _, after in stayed), *moved]

    def _upgraded(self, stamp: Stamp) -> Answer:
        """What became of a promise; one that was lost here holds nobody else's up."""
        sha256 = stamp.subject.sha256
        try:
            proof = self.vault.read(stamp.proof)
        except Tampered:
            return Answer(sha256=sha256, status=stamp.status, reason=LOST)
        return self.stamper.upgrade(sha256, proof, self.authorities, self.job)

    def _put_off(self, pairs: Sequence[tuple[Stamp, Stamp]]) -> None:
        """They are looked at again later; what is followed no longer is said and queued anew."""
        by_case: dict[str, list[tuple[Stamp, Stamp]]] = defaultdict(list)
        for before, after in pairs:
            by_case[before.case_id].append((before, after))
        for case_id, mine in by_case.items():
            with self.store.custody(case_id) as custody:
                said: dict[tuple[str, str, str, str], list[Stamp]] = {}
                for before, after in mine:
                    if self.store.get(Stamp, before.id) != before:
                        continue  # somebody else had an answer meanwhile
                    custody.save(after)
                    if after.reason in GIVEN_UP and before.reason not in GIVEN_UP:
                        key = ("timestamp.failed", after.kind, after.authority, after.reason)
                        said.setdefault(key, []).append(after)
                        custody.save(
                            Stamp(
                                id=self.clock.new_id(),
                                case_id=case_id,
                                subject=after.subject,
                                kind=after.kind,
                                authority=after.authority,
                                world=after.world,
                            )
                        )
                for act, subject, facts in _grouped_lines(said):
                    custody.append(act, subject, facts=facts)

    @staticmethod
    def _moved(stamp: Stamp, answer: Answer) -> bool:
        return answer.status not in ("queued", stamp.status)

    def _due(self, cases: Sequence[Case], status: str) -> list[Stamp]:
        at = self.clock.now()
        return [
            stamp
            for case in cases
            for stamp in self.store.all(Stamp, case.id)
            if stamp.kind == self.stamper.id
            and stamp.status == status
            and (self.now or self._is_due(stamp, at))
        ]

    def _is_due(self, stamp: Stamp, at: datetime) -> bool:
        if stamp.next_try is None:
            # What a clock that was far ahead gave up is followed again once it has been set right.
            early = stamp.reason == OVERDUE and self._age(stamp, at) < PATIENCE
            return early or stamp.reason not in GIVEN_UP
        # Nobody is put off for longer than OLD_WAIT: a clock that was far ahead has been set right.
        return not at < moment(stamp.next_try) <= at + 2 * OLD_WAIT

    def _heard(self, stamp: Stamp, heard: Sequence[Heard]) -> tuple[str, ...]:
        """The records of all answers about a stamp, with those that say something new."""
        answers = stamp.answers
        for one in heard:
            if any(known and one.repeats(known) for known in map(self._known, answers)):
                continue
            if one not in self._kept:
                self._kept[one] = self.vault.keep_bytes(one.record()).sha256
            answers = (*answers, self._kept[one])
        return answers

    def _known(self, sha256: str) -> Heard | None:
        """An answer that was kept; None where the vault has it no more as it was."""
        if sha256 not in self._read:
            try:
                self._read[sha256] = read_heard(self.vault.read(sha256))
            except Tampered:
                return None
        return self._read[sha256]

    def _record(self, pairs: Sequence[tuple[Stamp, Answer]]) -> list[Stamp]:
        """The answers are in the vault, on the ledger, and shown by the stamps."""
        by_case: dict[str, list[tuple[Stamp, Answer]]] = defaultdict(list)
        for stamp, answer in pairs:
            by_case[stamp.case_id].append((stamp, answer))
        done: list[Stamp] = []
        for case_id, mine in by_case.items():
            after = [(stamp, self._answered(stamp, answer)) for stamp, answer in mine]
            with self.store.custody(case_id) as custody:
                fresh = [
                    (old, kept)
                    for old, new in after
                    if (kept := self._beside(old, new)) is not None
                ]
                for act, subject, facts in _lines(fresh):
                    custody.append(act, subject, facts=facts)
                for _, kept in fresh:
                    custody.save(kept)
            done += [new for _, new in after]
        return done

    def _beside(self, asked: Stamp, answered: Stamp) -> Stamp | None:
        """What is to be kept of an answer, for the stamp may have changed while it was waited for.

        None where somebody else's answer stands.  A newer head may have been given its place in the
        queue; that one still waits, and this answer has a place of its own.
        """
        now = self.store.get(Stamp, asked.id)
        if now == asked:
            return answered
        if now.subject != asked.subject:
            return replace(answered, id=self.clock.new_id()) if answered.proof else None
        if answered.status in DONE and now.status not in DONE:
            earlier = (now.proof,) if now.proof not in ("", answered.proof) else ()
            return replace(answered, superseded=(*now.superseded, *earlier))
        return None

    def _answered(self, stamp: Stamp, answer: Answer) -> Stamp:
        now = self.clock.now()
        if answer.status in ("queued", "broken") or not answer.proof:
            return self._later(stamp, answer)
        proof = self.vault.keep_bytes(answer.proof).sha256
        query = self.vault.keep_bytes(answer.query).sha256 if answer.query else stamp.query
        lists = tuple(self.vault.keep_bytes(one).sha256 for one in answer.revocation)
        earlier = (stamp.proof,) if stamp.proof and stamp.proof != proof else ()
        done = answer.status in DONE
        # A promise is as old as it is, however long it took to get it.
        since = None if stamp.status == "queued" else stamp.requested
        new = replace(
            stamp,
            status=answer.status,
            proof=proof,
            query=query,
            superseded=(*stamp.superseded, *earlier),
            revocation=lists or stamp.revocation,
            time=answer.time,
            by=answer.by,
            reason="",
            attempts=0,
            requested=since or rfc3339(now),
            answers=self._heard(stamp, answer.heard),
        )
        return replace(new, next_try=None if done else self._next(new, answer, now))

    def _later(self, stamp: Stamp, answer: Answer) -> Stamp:
        now = self.clock.now()
        new = replace(
            stamp,
            attempts=stamp.attempts + 1,
            reason=answer.reason,
            requested=stamp.requested or rfc3339(now),
            answers=self._heard(stamp, answer.heard),
        )
        if answer.status == "pending" and self._is_overdue(new, now):
            new = replace(new, reason=OVERDUE)
        if new.reason in GIVEN_UP:
            return replace(new, next_try=None)
        return replace(new, next_try=self._next(new, answer, now))

    def _is_overdue(self, stamp: Stamp, now: datetime) -> bool:
        """Whether a promise had its weeks.

        One whose turn came long ago has another: nobody was there to look, or the clock was set.
        """
        if self.authorities.world != "real" or stamp.status != "pending":
            return False
        in_turn = stamp.next_try is None or now - moment(stamp.next_try) < OLD_WAIT
        return in_turn and self._age(stamp, now) >= PATIENCE

    @staticmethod
    def _age(stamp: Stamp, now: datetime) -> timedelta:
        return now - moment(stamp.requested) if stamp.requested else timedelta(0)

    def _next(self, stamp: Stamp, answer: Answer, now: datetime) -> str:
        """When the turn of a stamp comes again; nobody has to wait in the practice world."""
        if self.authorities.world == "practice":
            return rfc3339(now)
        if answer.retry_s is not None:
            return rfc3339(now + timedelta(seconds=answer.retry_s))
        if stamp.status == "queued":
            doubled: int = 1 << min(stamp.attempts - 1, 12)
            return rfc3339(now + min(FIRST_WAIT * doubled, LONGEST_WAIT))
        age = self._age(stamp, now)
        last = LOOKS[-1][1] if answer.status == "pending" else OLD_WAIT
        return rfc3339(now + next((wait for limit, wait in LOOKS if age < limit), last))


def _lines(
    after: Sequence[tuple[Stamp, Stamp]],
) -> list[tuple[str, str, dict[str, Json]]]:
    """What came of a run: first requests and failures in groups, confirmations one by one."""
    grouped: dict[tuple[str, str, str, str], list[Stamp]] = defaultdict(list)
    lines: list[tuple[str, str, dict[str, Json]]] = []
    for old, new in after:
        if new.status in DONE:
            facts: dict[str, Json] = {
                "kind": new.kind,
                "authority": new.authority,
                "sha256": new.subject.sha256,
                "time": new.time,
                "proof_sha256": new.proof,
                "simulated": new.status == "simulated",
            }
            if new.revocation:
                facts["revocation"] = list(new.revocation)
            lines.append(("timestamp.confirmed", new.subject.path, facts))
        elif new.status == "queued":
            if old.attempts == 0 and new.reason not in POSTPONED:
                grouped["timestamp.failed", new.kind, new.authority, new.reason].append(new)
        elif not old.proof:
            grouped["timestamp.requested", new.kind, new.authority, ""].append(new)
    return [*lines, *_grouped_lines(grouped)]


def _grouped_lines(
    grouped: Mapping[tuple[str, str, str, str], Sequence[Stamp]],
) -> list[tuple[str, str, dict[str, Json]]]:
    """A line for up to LINE_LIMIT subjects; it names the records of what calendars answered."""
    lines = []
    for (act, kind, authority, reason), stamps in grouped.items():
        for start in range(0, len(stamps), LINE_LIMIT):
            some = stamps[start : start + LINE_LIMIT]
            facts: dict[str, Json] = {
                "kind": kind,
                "authority": authority,
                "subjects": [stamp.subject.sha256 for stamp in some],
            }
            if answers := list(dict.fromkeys(one for stamp in some for one in stamp.answers)):
                facts["answers"] = list(answers)
            if reason:
                facts["reason"] = reason
            lines.append((act, f"{kind}:{authority}" if authority else kind, facts))
    return lines


def next_due(stamps: Sequence[Stamp]) -> datetime | None:
    """When the queue wants to be looked at again; None when nothing is waiting."""
    times = [moment(s.next_try) for s in stamps if s.status not in (*DONE, "broken") and s.next_try]
    return min(times, default=None)
