"""Ten thousand digests: stamped with one request, and verified once their proofs are complete."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rows import Row, seconds

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps, OpenTimestampsChecker
from holdfast.core.job import Job
from holdfast.core.opentimestamps import read_proof
from holdfast.core.timestamp import Answer, Authorities, Calendar
from holdfast.core.verdict import ProofHelp
from holdfast.practice.server import Reply, Request, Service
from holdfast.practice.world import PracticeWorld


def stamping(count: int = 10_000) -> Iterator[Row]:
    """``count`` digests through one calendar of the practice world, behind a counter."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PracticeWorld.start(Path(folder), SystemClock()) as world,
    ):
        known = world.authorities()
        counter = _Counter(known.calendars[0])
        try:
            authorities = replace(known, calendars=(counter.calendar,))
            stamper = OpenTimestamps(SystemClock(), Esplora)
            digests = [secrets.token_hex(32) for _ in range(count)]
            answers: list[Answer] = []
            _ask(stamper, digests[:2], authorities)
            counter.asked.clear()
            wall, cpu = seconds(lambda: answers.extend(_ask(stamper, digests, authorities)))
        finally:
            counter.service.close()
        complete = _complete(stamper, digests, answers, world)
        run = Esplora(known).run((world.mine(0),), Job())
    _check(digests, answers)
    yield Row(
        bench="stamping",
        claim=f"requests to a calendar for {count:,} digests",
        measured=str(len(counter.asked)),
        target="1",
        met=counter.asked == ["POST /digest"],
    )
    yield Row(
        bench="stamping",
        claim=f"tree, request and {count:,} proofs, each read back by our own reader",
        measured=f"{cpu:.2f} s CPU, {wall:.2f} s wall",
        target="≤ 1 s CPU",
        met=cpu <= 1,
    )
    yield from _verifying(digests, complete, run)
    sizes = sorted(len(answer.proof) for answer in answers)
    yield Row(
        bench="stamping",
        claim="bytes of one such proof while it is pending (median)",
        measured=str(sizes[len(sizes) // 2]),
        target="reported",
    )


def _complete(
    stamper: OpenTimestamps, digests: list[str], answers: list[Answer], world: PracticeWorld
) -> list[bytes]:
    """What the proofs become once a block is deep enough: the calendar's tree under their tip."""
    world.mine()
    pending = answers[0].proof
    done = stamper.upgrade(digests[0], pending, world.authorities(), Job())
    if done.status != "simulated":
        raise SystemExit(f"{done.status} {done.reason}: not complete")
    whole = done.proof
    same = next(at for at, (a, b) in enumerate(zip(whole, pending, strict=False)) if a != b)
    # All proofs share what stands above the tip, and only that has changed.
    old, new = pending[same:], whole[same:]
    return [answer.proof.removesuffix(old) + new for answer in answers]


def _verifying(digests: list[str], proofs: list[bytes], run: tuple[int, bytes]) -> Iterator[Row]:
    """All of them judged against headers that lie here."""
    checker = OpenTimestampsChecker()
    lent = ProofHelp(header_run=run, practice=True)
    known = [bytes.fromhex(digest) for digest in digests]
    states: list[str] = []

    def verify() -> None:
        for digest, proof in zip(known, proofs, strict=True):
            seen, _ = checker.check("f", lambda _name, digest=digest: digest, proof, lent)
            states.append(seen.status)

    wall, cpu = seconds(verify)
    if set(states) != {"simulated"}:
        raise SystemExit(f"not complete: {sorted(set(states))}")
    yield Row(
        bench="stamping",
        claim=f"{len(proofs):,} complete proofs verified against a local header run",
        measured=f"{cpu:.2f} s CPU, {wall:.2f} s wall",
        target="≤ 3 s",
        met=wall <= 3,
    )
    yield Row(
        bench="stamping",
        claim="bytes of one such proof when it is complete (median)",
        measured=str(sorted(map(len, proofs))[len(proofs) // 2]),
        target="reported",
    )


def _ask(
    stamper: OpenTimestamps, digests: list[str], authorities: Authorities
) -> tuple[Answer, ...]:
    (target,) = stamper.targets(authorities)
    return stamper.ask(digests, target, authorities, Job())


def _check(digests: list[str], answers: list[Answer]) -> None:
    """Every digest has its own proof that is on its way to the same place."""
    if [answer.sha256 for answer in answers] != digests:
        raise SystemExit("not one answer a digest, in order")
    ends = set()
    for answer in answers:
        read = read_proof(answer.proof)
        if answer.status != "pending" or read.digest.hex() != answer.sha256:
            raise SystemExit(f"{answer.status} {answer.reason}: not a proof about its digest")
        ends |= {attestation.message for attestation in read.attestations}
    if len(ends) != 1:
        raise SystemExit("the proofs end in more than one promise")


class _Counter:
    """Stands before a calendar, hands everything on, and notes what came."""

    def __init__(self, calendar: Calendar) -> None:
        self._behind = calendar.url
        self.asked: list[str] = []
        self.service = Service(self._answer, world=0, body_limit=64)
        self.calendar = replace(
            calendar, url=self.service.url, answers_as=(calendar.url, self.service.url)
        )
        self.service.serve()

    def _answer(self, request: Request) -> Reply:
        import httpcore

        self.asked.append(f"{request.method} {request.path}")
        got = httpcore.request(request.method, self._behind + request.path, content=request.body)
        return Reply(status=got.status, body=got.content)
