"""Time-stamps that outlast their certificates (RFC 4998 in spirit).

A token shows a time for as long as its certificate is good.  Renewed in time it stays so: a ledger
line names the old proof's bytes, and a head over that line is stamped again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from holdfast.core.bag import Seen
from holdfast.core.canonical import moment
from holdfast.core.record import Record
from holdfast.core.witness import Dated

LASTING = frozenset({"confirmed", "simulated"})


def judge_renewals(
    record: Record, dated: Sequence[Dated], now: str, seen: Seen
) -> tuple[Dated, ...]:
    """What is dated, with those marked whose certificate has ended and that nothing renewed."""
    if not now:
        return tuple(dated)
    lines = _lines(record)
    judged: dict[Dated, str] = {}
    for one in sorted(dated, key=lambda one: one.until or "9999", reverse=True):
        judged[one] = _renewed(one, judged, lines, record, now)
    for one, by in judged.items():
        if one.until and has_ended(one.until, now):
            if by:
                seen.say(one.name, "renewal_holds", "ok", f"{one.until}, {by}")
            else:
                seen.say(one.name, "renewal_absent", "unchecked", one.until)
    return tuple(one if judged[one] else replace(one, lapsed=True) for one in dated)


def has_ended(until: str, now: str) -> bool:
    """Whether a certificate that was good until then has ended."""
    # Subtracted, since nothing can be added to the last second there is.
    return moment(now) - moment(until) > timedelta(seconds=1)


def _lines(record: Record) -> Mapping[str, int]:
    """The first line that names the bytes of a proof, by SHA-256."""
    found: dict[str, int] = {}
    for entry in record.entries:
        if entry is None:
            continue
        named = {ref.sha256 for ref in entry.refs} if entry.act == "proofs.renewed" else set()
        proof = entry.facts.get("proof_sha256") if entry.act == "timestamp.confirmed" else None
        if isinstance(proof, str):
            named.add(proof)
        for sha256 in named:
            found[sha256] = min(found.get(sha256, entry.seq), entry.seq)
    return found


def _renewed(
    one: Dated,
    judged: Mapping[Dated, str],
    lines: Mapping[str, int],
    record: Record,
    now: str,
) -> str:
    """The time by which the proof is known to have existed; empty when it has lapsed.

    ``judged`` are the witnesses that end later.  One of them must be about a head over a line that
    names this proof, and be from before this one ended.
    """
    if one.until is None or not has_ended(one.until, now):
        return one.time or now
    first = lines.get(one.proof)
    if first is None:
        return ""
    times = [
        later.time
        for later, by in judged.items()
        if by
        and later.time
        and later.status in LASTING
        and later.path in record.checkpoints
        and record.checkpoints[later.path].size > first
        and moment(later.time) <= moment(one.until)
    ]
    return min(times, key=moment, default="")
