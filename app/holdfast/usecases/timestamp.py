"""Time-stamps: ask for what is queued, look after what is pending.  Nothing ever waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from holdfast.core.canonical import Json, moment, rfc3339
from holdfast.core.case import Case
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.timestamp import Answer, Authorities, Stamp
from holdfast.ports import Clock, Stamper, Store, Vault

DONE = frozenset({"confirmed", "simulated"})
POSTPONED = frozenset({"too_soon", "stopped"})
"""Reasons of our own not to have asked at all: nothing failed."""
LINE_LIMIT = 500
"""Subjects named in one ledger line."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


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
) -> StampRun:
    """Everything queued was asked for once, everything pending looked at once.

    Worlds without authorities (the practice world while it sleeps) are left as they are.
    """
    touched: dict[str, Stamp] = {}
    for world, witnesses in authorities.items():
        mine = [case for case in cases if case.world == world]
        for stamper in stampers:
            run = _Run(stamper, witnesses, store, vault, clock, job)
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
        stamp.status in ("queued", "pending")
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
            self.job.step("stamping", 0, len(stamps), authority)
            digests = list(dict.fromkeys(stamp.subject.sha256 for stamp in stamps))
            answers = self.stamper.ask(digests, authority, self.authorities, self.job)
            by_digest = {answer.sha256: answer for answer in answers}
            done += self._record([(one, by_digest[one.subject.sha256]) for one in stamps])
        return done

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
                answers[stamp.proof] = self.stamper.upgrade(
                    stamp.subject.sha256,
                    self.vault.read(stamp.proof),
                    self.authorities,
                    self.job,
                )
        pairs = [(stamp, answers[stamp.proof]) for stamp in stamps]
        stayed = [self._later(*pair) for pair in pairs if not self._moved(*pair)]
        for stamp in stayed:
            self.store.save(stamp)
        return [*stayed, *self._record([pair for pair in pairs if self._moved(*pair)])]

    @staticmethod
    def _moved(stamp: Stamp, answer: Answer) -> bool:
        return answer.status not in ("queued", stamp.status)

    def _due(self, cases: Sequence[Case], status: str) -> list[Stamp]:
        now = self.clock.now()
        return [
            stamp
            for case in cases
            for stamp in self.store.all(Stamp, case.id)
            if stamp.kind == self.stamper.id
            and stamp.status == status
            and (stamp.next_try is None or moment(stamp.next_try) <= now)
        ]

    def _record(self, pairs: Sequence[tuple[Stamp, Answer]]) -> list[Stamp]:
        """The answers are in the vault, on the ledger, and shown by the stamps."""
        by_case: dict[str, list[tuple[Stamp, Answer]]] = defaultdict(list)
        for stamp, answer in pairs:
            by_case[stamp.case_id].append((stamp, answer))
        done: list[Stamp] = []
        for case_id, mine in by_case.items():
            after = [(stamp, self._answered(stamp, answer)) for stamp, answer in mine]
            with self.store.custody(case_id) as custody:
                for act, subject, facts in _lines(after):
                    custody.append(act, subject, facts=facts)
                for _, new in after:
                    custody.save(new)
            done += [new for _, new in after]
        return done

    def _answered(self, stamp: Stamp, answer: Answer) -> Stamp:
        now = self.clock.now()
        if answer.status in ("queued", "broken") or not answer.proof:
            return self._later(stamp, answer)
        proof = self.vault.keep_bytes(answer.proof).sha256
        query = self.vault.keep_bytes(answer.query).sha256 if answer.query else stamp.query
        lists = tuple(self.vault.keep_bytes(one).sha256 for one in answer.revocation)
        earlier = (stamp.proof,) if stamp.proof and stamp.proof != proof else ()
        done = answer.status in DONE
        return replace(
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
            requested=stamp.requested or rfc3339(now),
            next_try=None if done else rfc3339(now + self._wait(answer, 0)),
        )

    def _later(self, stamp: Stamp, answer: Answer) -> Stamp:
        now = self.clock.now()
        return replace(
            stamp,
            attempts=stamp.attempts + 1,
            reason=answer.reason,
            requested=stamp.requested or rfc3339(now),
            next_try=rfc3339(now + self._wait(answer, stamp.attempts)),
        )

    def _wait(self, answer: Answer, attempts: int) -> timedelta:
        """Back-off; nobody has to wait in the practice world."""
        if self.authorities.world == "practice":
            return timedelta(0)
        if answer.retry_s is not None:
            return timedelta(seconds=answer.retry_s)
        doubled: int = 1 << min(attempts, 12)
        return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _lines(
    after: Sequence[tuple[Stamp, Stamp]],
) -> list[tuple[str, str, dict[str, Json]]]:
    """What came of a run: first requests and failures in groups, confirmations one by one."""
    grouped: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
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
                grouped["timestamp.failed", new.kind, new.authority, new.reason].append(
                    new.subject.sha256
                )
        elif not old.proof:
            grouped["timestamp.requested", new.kind, new.authority, ""].append(new.subject.sha256)
    for (act, kind, authority, reason), subjects in grouped.items():
        for start in range(0, len(subjects), LINE_LIMIT):
            facts = {
                "kind": kind,
                "authority": authority,
                "subjects": list(subjects[start : start + LINE_LIMIT]),
            }
            if reason:
                facts["reason"] = reason
            lines.append((act, f"{kind}:{authority}" if authority else kind, facts))
    return lines


def next_due(stamps: Sequence[Stamp]) -> datetime | None:
    """When the queue wants to be looked at again; None when nothing is waiting."""
    times = [moment(s.next_try) for s in stamps if s.status not in (*DONE, "broken") and s.next_try]
    return min(times, default=None)
