"""A run of headers put together a period at a time, from whoever gives one that holds.

Nobody is believed: each period must link to a checkpoint, or to the period before it, and the whole
to a checkpoint that every stranger's copy of the program knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.core.bitcoin import (
    HEADER_SIZE,
    MAX_RUN,
    PERIOD,
    BadHeader,
    CheckpointTable,
    extended,
    link,
    shared_run,
)
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.ports import ChainSource

Run = tuple[int, bytes]
"""First height and consecutive raw headers."""


def assemble(
    sources: Sequence[ChainSource],
    heights: Sequence[int],
    table: CheckpointTable,
    job: Job,
    *,
    world: World = "real",
    held: Run | None = None,
) -> Run:
    """A run that proves all ``heights`` by a checkpoint of ``table``; ``held`` is taken first.

    Raises Unavailable: ``header_run_missing`` when nobody gives headers that hold together,
    ``header_run_too_long`` beyond what anybody would read; and Cancelled.
    """
    first, last = shared_run(heights, table) if world == "real" else (0, max(heights))
    count = last - first + 1
    if count > MAX_RUN:
        raise Unavailable("header_run_too_long", blocks=count)
    parts: list[bytes] = []
    known, at = table, first
    while at <= last:
        end = min(last, at - at % PERIOD + PERIOD - 1) if world == "real" else last
        raw = _cut(held, at, end) or _asked(sources, at, end, known, _part(job, at - first, count))
        if end > known.height and len(raw) == PERIOD * HEADER_SIZE:
            known = extended(known, raw)
        parts.append(raw)
        at = end + 1
    whole = b"".join(parts)
    if link(first, whole, table) is None:
        raise Unavailable("header_run_missing", first=first, last=last)
    return first, whole


def _part(job: Job, before: int, total: int) -> Job:
    """Progress of one part told as progress of the whole; the whole's end is the part's end."""
    return Job(lambda told: job.step(told.stage, before + told.done, total, told.detail))


def _cut(held: Run | None, first: int, last: int) -> bytes:
    """Those headers out of a run; empty where it does not have them all."""
    if held is None or not held[0] <= first or last >= held[0] + len(held[1]) // HEADER_SIZE:
        return b""
    return held[1][(first - held[0]) * HEADER_SIZE : (last - held[0] + 1) * HEADER_SIZE]


def _asked(
    sources: Sequence[ChainSource], first: int, last: int, table: CheckpointTable, job: Job
) -> bytes:
    for source in sources:
        try:
            raw = source.stretch(first, last, job)
            if len(raw) == (last - first + 1) * HEADER_SIZE and link(first, raw, table) is not None:
                return raw
        except (Refused, Unavailable, BadHeader):
            continue
    raise Unavailable("header_run_missing", first=first, last=last)
