"""Newer checkpoints: every header since the last one is fetched, linked, and agreed upon.

The work decides, not the word of a server: each target is recomputed from the times of the period
before.  That two operators name the same last block of each period is asked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.bitcoin import HEADER_SIZE, PERIOD, BadHeader, CheckpointTable, extended, link
from holdfast.core.canonical import rfc3339
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job
from holdfast.ports import ChainSource, Clock, HeaderShelf, Shelved

DEEP = 100
"""Blocks that must stand on the last header of a period before it becomes a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """Where the checkpoints stand after a refresh."""

    height: int
    """Of the last checkpoint."""
    added: int
    """Checkpoints that are new."""
    headers: int
    """Headers that were fetched for them."""
    sources: tuple[str, ...]
    """The operators who agreed; empty when nothing was new."""


def refresh(
    sources: Sequence[ChainSource],
    *,
    shelf: HeaderShelf,
    shipped: CheckpointTable,
    clock: Clock,
    job: Job,
) -> Refreshed:
    """Every whole period since the last shipped checkpoint is on the shelf.

    Each period is kept as soon as it holds, so an end that is asked for loses at most one.  Raises
    Unavailable: ``headers_two_sources`` when fewer than two operators answer, ``headers_missing``
    when nobody gives a period that links, ``headers_disagree`` when operators name different
    blocks; and Cancelled.
    """
    known = shelf.read()
    table = extended(shipped, known.raw) if known.raw else shipped
    begun, fetched = table.height, 0
    tips = _tips(sources)
    if len({source.operator for source, _ in tips}) < 2:
        raise Unavailable("headers_two_sources", answered=len(tips))
    # Two have to have it.
    top = sorted(tip for _, tip in tips)[-2]
    last = (top - DEEP + 1) // PERIOD * PERIOD - 1
    total = max(0, last - begun)
    agreed: tuple[str, ...] = ()
    while table.height < last:
        first = table.height + 1
        who, raw = _period([source for source, _ in tips], first, table, job, fetched, total)
        agreed = _agreed(
            [source for source, _ in tips], who, first + PERIOD - 1, raw[-HEADER_SIZE:]
        )
        table = extended(table, raw)
        fetched += PERIOD
        known = Shelved(
            first=known.first,
            raw=known.raw + raw,
            as_of=rfc3339(clock.now()),
            sources=tuple(sorted({*known.sources, *agreed})),
        )
        shelf.keep(known)
    return Refreshed(
        height=table.height,
        added=(table.height - begun) // PERIOD,
        headers=fetched,
        sources=agreed,
    )


def _tips(sources: Sequence[ChainSource]) -> list[tuple[ChainSource, int]]:
    found = []
    for source in sources:
        try:
            found.append((source, source.tip()))
        except (Refused, Unavailable):
            continue
    return found


def _period(
    sources: Sequence[ChainSource],
    first: int,
    table: CheckpointTable,
    job: Job,
    done: int,
    total: int,
) -> tuple[str, bytes]:
    """The operator and the headers of one whole period that leads on from the table."""
    part = Job(lambda told: job.step(told.stage, done + told.done, total, told.detail))
    for source in sources:
        try:
            raw = source.stretch(first, first + PERIOD - 1, part)
            if len(raw) == PERIOD * HEADER_SIZE and link(first, raw, table) is not None:
                return source.operator, raw
        except (Refused, Unavailable, BadHeader):
            continue
    raise Unavailable("headers_missing", first=first, last=first + PERIOD - 1)


def _agreed(sources: Sequence[ChainSource], who: str, height: int, raw: bytes) -> tuple[str, ...]:
    """Everybody who names that header at that height, two operators at least."""
    agree = {who}
    for source in sources:
        if source.operator == who:
            continue
        try:
            shown = source.header(height)
        except (Refused, Unavailable, BadHeader):
            continue
        if shown != raw:
            raise Unavailable("headers_disagree", block=height, one=who, other=source.operator)
        agree.add(source.operator)
    if len(agree) < 2:
        raise Unavailable("headers_two_sources", answered=1)
    return tuple(sorted(agree))
