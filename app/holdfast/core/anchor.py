"""What an OpenTimestamps proof is worth with the block headers at hand.

``judge`` weighs one attestation, ``check`` a whole proof about a subject.  Neither asks anybody:
headers come from explorers, a file, or the run in a pack, and none is believed for its own sake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from holdfast.core import canonical, practice
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    BadHeader,
    CheckpointTable,
    Header,
    Network,
    display,
    link,
    objection,
    parse_header,
)
from holdfast.core.opentimestamps import Attestation, DetachedProof, MalformedProof, read_proof
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, TimestampSeen

AnchorStatus = Literal["pending", "confirmed", "one_source", "unchecked", "broken", "simulated"]

COLLISIONS = frozenset(
    {
        # SHAttered (Stevens and others, 2017): the two documents, and their first 320 bytes.
        "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
        "f92d74e3874587aaf443d1db961d4e26dde13e9c",
    }
)
"""SHA-1 digests that two different published files share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What one attestation is worth with the headers at hand.

    ``time`` is the header's own (not later than; miners' clocks may be two hours off), ``by`` names
    the block, ``reason`` is a code for what stands in the way, ``sources`` are those who agree;
    none for a run that links to a checkpoint by itself.
    """

    status: AnchorStatus
    network: Network = ""
    time: str | None = None
    by: str = ""
    reason: str = ""
    sources: tuple[str, ...] = ()


def judge(
    attestation: Attestation,
    *,
    headers: Sequence[tuple[str, int, bytes]] = (),
    run: tuple[int, bytes] | None = None,
    table: CheckpointTable,
) -> Anchor:
    """What ``attestation`` is worth, given headers as (operator, height, 80 bytes) and a run.

    A run that links to a checkpoint settles it.  Otherwise each header must have its work and its
    chain's target, and two operators must agree; whoever calls vouches that they are independent.
    A header of no known chain proves nothing, whatever its fields say.
    """
    if attestation.kind != "bitcoin" or attestation.height is None:
        return _elsewhere(attestation)
    if len(attestation.message) != 32:
        return Anchor(status="broken", by=_block(attestation), reason="not_a_root")
    by_run = _by_run(attestation, _runs(attestation.height, headers, run), table)
    if by_run is not None and by_run.status in ("confirmed", "simulated"):
        return by_run
    here = [(who, raw) for who, height, raw in headers if height == attestation.height]
    by_header = _by_headers(attestation, here, table)
    if by_run is None:
        return by_header
    if by_run.network == "bitcoin" and by_header.status in ("confirmed", "one_source"):
        return Anchor(status="unchecked", by=_block(attestation), reason="sources_disagree")
    if by_run.status == "broken" and by_header.status in ("broken", "unchecked"):
        return by_run
    return by_run if by_header.reason == "no_header" else by_header


def _block(attestation: Attestation) -> str:
    return f"block {attestation.height}"


def _elsewhere(attestation: Attestation) -> Anchor:
    if attestation.kind == "pending":
        return Anchor(status="pending", by=attestation.uri)
    if attestation.kind == "unknown":
        return Anchor(status="unchecked", by=attestation.tag.hex(), reason="unknown_attestation")
    chain = attestation.kind.capitalize()
    return Anchor(
        status="unchecked", by=f"{chain} {_block(attestation)}", reason="unsupported_chain"
    )


def _runs(
    height: int, headers: Sequence[tuple[str, int, bytes]], run: tuple[int, bytes] | None
) -> list[tuple[str, int, bytes]]:
    """The given run, and the stretch around ``height`` that each source's headers make up."""
    runs = [("", *run)] if run is not None else []
    by_source: dict[str, dict[int, bytes]] = {}
    for who, at, raw in headers:
        by_source.setdefault(who, {})[at] = raw
    for who, known in by_source.items():
        if height not in known:
            continue
        first = last = height
        while first - 1 in known:
            first -= 1
        while last + 1 in known:
            last += 1
        stretch = [known[at] for at in range(first, last + 1)]
        if all(len(raw) == HEADER_SIZE for raw in stretch):
            runs.append((who, first, b"".join(stretch)))
    return runs


def _by_run(
    attestation: Attestation, runs: list[tuple[str, int, bytes]], table: CheckpointTable
) -> Anchor | None:
    """The judgement of the first run that links and agrees, else what the others say against it.

    A stretch of single headers that does not hold together is no run; only a given one can be bad.
    """
    against: Anchor | None = None
    height, by = attestation.height or 0, _block(attestation)
    for who, first, raw in runs:
        try:
            linked = link(first, raw, table)
        except BadHeader:
            if not who and against is None:
                against = Anchor(status="unchecked", by=by, reason="bad_run")
            continue
        header = linked.header(height) if linked is not None else None
        if linked is None or header is None:
            continue
        if header.merkle_root == attestation.message:
            return Anchor(
                status="confirmed" if linked.network == "bitcoin" else "simulated",
                network=linked.network,
                time=_time(header),
                by=by,
                sources=(who,) if who else (),
            )
        if against is None or against.network != "bitcoin":
            against = Anchor(status="broken", network=linked.network, by=by, reason="root_differs")
    return against


@lru_cache(maxsize=256)
def _time(header: Header) -> str:
    return canonical.rfc3339(datetime.fromtimestamp(header.time, UTC))


def _by_headers(
    attestation: Attestation, here: list[tuple[str, bytes]], table: CheckpointTable
) -> Anchor:
    by = _block(attestation)
    agree: dict[str, Header] = {}
    against: list[str] = []
    for who, raw in here:
        try:
            header = parse_header(raw)
        except BadHeader:
            against.append("not_a_header")
            continue
        if reason := objection(attestation.height or 0, header, table):
            against.append(reason)
        elif header.merkle_root == attestation.message:
            agree[who] = header
        else:
            against.append("root_differs")
    # One header that counts outweighs any number that prove nothing.
    differs = "root_differs" in against
    if not agree:
        if not against:
            return Anchor(status="unchecked", by=by, reason="no_header")
        reason = "root_differs" if differs else against[0]
        return Anchor(status="broken", network="bitcoin" if differs else "", by=by, reason=reason)
    if differs or len({header.hash for header in agree.values()}) > 1:
        return Anchor(status="unchecked", by=by, reason="sources_disagree")
    return Anchor(
        status="confirmed" if len(agree) > 1 else "one_source",
        network="bitcoin",
        time=_time(next(iter(agree.values()))),
        by=by,
        reason=against[0] if against else "",
        sources=tuple(sorted(agree)),
    )


_RANK: tuple[AnchorStatus, ...] = (
    "confirmed",
    "one_source",
    "simulated",
    "pending",
    "unchecked",
    "broken",
)


def best(anchors: Sequence[Anchor]) -> Anchor:
    """The anchor that says most, the earliest time among equals.  Raises ValueError without any.

    An attested block that could not be looked up says more than a promise.
    """

    def weight(one: Anchor) -> tuple[float, str]:
        attested = one.status == "unchecked" and one.reason in _LOOKED_FOR
        return _RANK.index("pending") - 0.5 if attested else _RANK.index(one.status), one.time or ""

    return min(anchors, key=weight)


_LOOKED_FOR = frozenset({"no_header", "sources_disagree", "bad_run"})


def check(
    subject: str,
    digest: Callable[[str], bytes],
    proof: bytes,
    help: ProofHelp,
    table: CheckpointTable,
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    """What a detached proof shows about ``subject``; bad proofs are findings, never errors.

    ``digest(name)`` gives the subject's digest under a hashlib name.  It raises ValueError for a
    hash that cannot be had here, and LookupError when there is no subject beside the proof.
    """
    try:
        read = read_proof(proof)
    except MalformedProof as error:
        told = (
            Finding(subject=subject, rule="ots_malformed", outcome="broken", detail=str(error)),
        )
        return _seen(subject, Anchor(status="broken"), proof), told
    findings = list(_about_digest(subject, digest, read))
    if any(finding.outcome == "broken" for finding in findings):
        # Whatever the rest proves, it does not prove it about this subject.
        return _seen(subject, Anchor(status="broken"), proof), tuple(findings)
    anchors = [
        judge(attestation, headers=help.headers, run=help.header_run, table=table)
        for attestation in read.attestations
    ]
    findings.extend(
        _finding(subject, attestation, anchor, help)
        for attestation, anchor in zip(read.attestations, anchors, strict=True)
    )
    chosen = best(anchors)
    if any(finding.rule == "ots_digest_unknown" for finding in findings):
        chosen = Anchor(status="unchecked", network=chosen.network, by=chosen.by)
    return _seen(subject, chosen, proof), tuple(dict.fromkeys(findings))


def _about_digest(
    subject: str, digest: Callable[[str], bytes], read: DetachedProof
) -> list[Finding]:
    told: list[tuple[str, FindingOutcome]] = []
    algorithm = read.digest_algorithm
    try:
        if digest(algorithm) != read.digest:
            told.append(("ots_digest_differs", "broken"))
    except ValueError:
        told.append(("ots_digest_unknown", "unchecked"))
    except LookupError:
        told.append(("ots_no_subject", "weak"))
    if read.digest.hex() in COLLISIONS:
        told.append(("ots_digest_shared", "weak"))
    elif algorithm in ("sha1", "ripemd160"):
        told.append(("ots_digest_weak", "weak"))
    return [
        Finding(subject=subject, rule=rule, outcome=outcome, detail=algorithm)
        for rule, outcome in told
    ]


def _finding(subject: str, attestation: Attestation, anchor: Anchor, help: ProofHelp) -> Finding:
    outcomes: dict[AnchorStatus, FindingOutcome] = {
        "confirmed": "ok",
        "one_source": "weak",
        "simulated": "ok" if help.practice else "unchecked",
        "pending": "unchecked",
        "unchecked": "unchecked",
        "broken": "broken",
    }
    named = anchor.status in ("unchecked", "broken")
    detail = f"{anchor.by}, {anchor.time}" if anchor.time else anchor.by
    if anchor.reason == "no_header":
        # Enough to compare by hand with any explorer.
        detail = f"{anchor.by}, {display(attestation.message)}"
    return Finding(
        subject=subject,
        rule=f"ots_{anchor.reason if named else anchor.status}",
        outcome=outcomes[anchor.status],
        detail=canonical.one_line(detail),
    )


def _seen(subject: str, anchor: Anchor, proof: bytes) -> TimestampSeen:
    # Every completed practice proof carries the mark, so it is named even without its headers.
    network = anchor.network or ("practice" if practice.PROOF_MARK in proof else "")
    return TimestampSeen(
        subject=subject,
        kind="opentimestamps",
        network=network,
        status=anchor.status,
        time=anchor.time,
        by=anchor.by,
    )
