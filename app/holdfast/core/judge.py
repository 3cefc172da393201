"""Verification: a pack, a case or a lone file judged, as pure functions over what can be read.

Nothing a pack brings is believed for being there, and nothing in it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from holdfast.core import ed25519
from holdfast.core.bag import Contents, ReadablePack, Seen, judge_bag
from holdfast.core.earliest import judge_not_before
from holdfast.core.growth import Lines, judge_kept
from holdfast.core.job import Job
from holdfast.core.ledger import origin
from holdfast.core.lifetime import until
from holdfast.core.pack import PAYLOAD, standing
from holdfast.core.record import Record, judge_files, judge_record
from holdfast.core.renewal import has_ended, judge_renewals
from holdfast.core.rfc3161 import read_response
from holdfast.core.timestamp import StampKind
from holdfast.core.verdict import (
    Finding,
    FindingOutcome,
    TimestampSeen,
    Verdict,
    conclude,
    practice_first,
    readable,
)
from holdfast.core.witness import (
    Terms,
    as_rehearsed,
    judge_dates,
    judge_witnesses,
    weigh_ots,
)


def judge_pack(pack: ReadablePack, terms: Terms, job: Job) -> Verdict:
    """What an exported pack shows: bag, record, witnesses, in this order."""
    return _judge(pack, terms, job, live=False)


def judge_case(pack: ReadablePack, terms: Terms, job: Job) -> Verdict:
    """What a case in its own vault shows; it has no bag around it and may still grow."""
    return _judge(pack, terms, job, live=True)


def _judge(pack: ReadablePack, terms: Terms, job: Job, *, live: bool) -> Verdict:
    """The bag is judged last, for it waits for every file; what it shows stands first all the same.

    Until then everything else is judged while the large files are being hashed.
    """
    first, bag, on_record, strange, rest = (Seen() for _ in range(5))
    first.findings.extend(pack.troubles())
    contents = Contents(pack, first, job, sm3=terms.all_digests)
    try:
        known = frozenset[str]() if live else terms.known_verifiers()
        record = judge_record(contents, on_record, live=live)
        dated: tuple[FindingOutcome, ...] = ()
        if record is not None:
            dated = _witnessed(contents, record, terms, rest, job, live=live)
            judge_files(contents, record, on_record)
            _strangers(contents, record, strange)
        if not live:
            judge_bag(contents, bag, known)
        _second_digests(contents, rest, terms)
    finally:
        contents.close()
    whole = Seen(timestamps=rest.timestamps)
    for seen in (first, bag, on_record, strange, rest):
        whole.findings.extend(seen.findings)
    return replace(_verdict(whole, dated), recorded=True)


def _witnessed(
    contents: Contents, record: Record, terms: Terms, seen: Seen, job: Job, *, live: bool
) -> tuple[FindingOutcome, ...]:
    """How each exhibit is dated."""
    if record.world == "practice":
        _rehearsal(seen, terms)
    judge_kept(terms.kept, _lines(record, live=live), seen, ed25519.verify)
    witnesses = judge_witnesses(contents, record, terms, seen, job)
    witnesses = judge_renewals(record, witnesses, terms.help.now, seen)
    judge_not_before(contents, record, witnesses, terms, seen)
    return judge_dates(record, witnesses, seen, practice_counts=terms.help.practice)


def _lines(record: Record, *, live: bool) -> Lines:
    name = origin(record.ledger, record.world)
    return Lines(origin=name, leaves=record.leaves, signers=record.signers, live=live)


def _strangers(contents: Contents, record: Record, seen: Seen) -> None:
    """Nothing lies in the payload that no line speaks of and that does not verify itself."""
    numbers = {exhibit.number for exhibit in record.exhibits}
    for name in contents.names:
        path = name.removeprefix(PAYLOAD)
        if path == name:
            continue
        kind = standing(path, record.recorded)
        foreign = kind == "inclusion" and path.split("/")[1] not in numbers
        if kind == "stranger" or foreign:
            seen.say(name, "file_not_on_record", "broken")


def _second_digests(contents: Contents, seen: Seen, terms: Terms) -> None:
    if not terms.all_digests:
        seen.say("", "digest_sm3_skipped", "unchecked")
    elif contents.sm3_missing:
        seen.say("", "digest_sm3_unavailable", "unchecked")


def _rehearsal(seen: Seen, terms: Terms) -> None:
    seen.say("", "world_practice", "ok" if terms.help.practice else "unchecked")


def _verdict(seen: Seen, dated: Sequence[FindingOutcome]) -> Verdict:
    findings = practice_first(map(readable, seen.findings))
    return Verdict(
        verdict=conclude(findings, dated),
        findings=findings,
        timestamps=tuple(seen.timestamps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseProof:
    """A proof that lies beside its file, or alone."""

    name: str
    kind: StampKind
    raw: bytes
    query: bytes | None = None


def judge_file(
    name: str,
    digest: Callable[[str], bytes] | None,
    proofs: Sequence[LooseProof],
    terms: Terms,
) -> Verdict:
    """What loose proofs show about a file; without ``digest`` there is no file beside them.

    ``digest(name)`` gives the file's digest under a hashlib name, or raises ValueError.
    """
    seen = Seen()
    states: list[str] = []
    lapsed: list[str] = []
    for proof in proofs:
        stamp, findings = _loose(name, digest, proof, terms)
        seen.findings.extend(findings)
        seen.timestamps.append(stamp)
        if _has_lapsed(proof, stamp, terms, seen):
            lapsed.append(stamp.time or "")
        else:
            states.append(stamp.status)
    if any(stamp.network == "practice" for stamp in seen.timestamps):
        _rehearsal(seen, terms)
    if digest is None:
        seen.say(name, "proof_without_file", "weak")
    state = _best_state(states, terms)
    if lapsed and state != "ok":
        seen.say(name, "exhibit_lapsed", "weak", min(lapsed))
        state = "weak"
    return _verdict(seen, (state,))


def _loose(
    name: str, digest: Callable[[str], bytes] | None, proof: LooseProof, terms: Terms
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    checker = terms.checker(proof.kind)
    if proof.kind == "opentimestamps":
        stamp, findings = weigh_ots(proof.name, digest or _absent, proof.raw, checker, terms)
    else:
        lent = replace(terms.help, query=proof.query)
        own = digest or _imprint(proof.raw)
        stamp, findings = checker.check(proof.name, own, proof.raw, lent)
    return replace(as_rehearsed(stamp), subject=name), findings


def _has_lapsed(proof: LooseProof, stamp: TimestampSeen, terms: Terms, seen: Seen) -> bool:
    """Whether a certificate behind it has ended, so that it could have been made since; said."""
    if _best_state((stamp.status,), terms) != "ok" or not terms.help.now:
        return False
    end = until(stamp.path)
    if end is None or not has_ended(end, terms.help.now):
        return False
    seen.say(proof.name, "renewal_absent", "unchecked", end)
    return True


def _absent(_algorithm: str) -> bytes:
    raise LookupError("no file beside the proof")


def _imprint(raw: bytes) -> Callable[[str], bytes]:
    """The digest that a token is about, in place of a file that is not there."""

    def digest(algorithm: str) -> bytes:
        info = read_response(raw).info
        if algorithm != info.imprint_algorithm:
            raise ValueError(algorithm)
        return info.imprint

    return digest


def _best_state(states: Sequence[str], terms: Terms) -> FindingOutcome:
    if "confirmed" in states or ("simulated" in states and terms.help.practice):
        return "ok"
    return "weak" if "one_source" in states else "unchecked"
