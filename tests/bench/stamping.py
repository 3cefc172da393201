"""Ten thousand exhibits, one request: what the OpenTimestamps stamper sends, counted."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rows import Row, seconds

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps
from holdfast.core.job import Job
from holdfast.core.opentimestamps import read_proof
from holdfast.core.timestamp import Answer, Authorities, Calendar
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
            wall, cpu = seconds(lambda: answers.extend(_ask(stamper, digests, authorities)))
        finally:
            counter.service.close()
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
        measured=f"{cpu:.1f} s CPU, {wall:.1f} s wall",
        target="reported",
    )
    sizes = sorted(len(answer.proof) for answer in answers)
    yield Row(
        bench="stamping",
        claim="bytes of one such proof while it is pending (median)",
        measured=str(sizes[len(sizes) // 2]),
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
