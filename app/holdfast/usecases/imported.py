"""A time-stamp that was obtained elsewhere joins the case: whatever it is about is found by digest.

It is kept as received.  One that leads to a root we pin is a witness like any other; one that
leads to a root the person named says what it says, and whoever checks must get that root himself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.core.algorithms import SM2_SIGNATURES
from holdfast.core.canonical import Json, one_line, rfc3339
from holdfast.core.case import Case
from holdfast.core.certificates import (
    Certificate,
    fingerprint,
    read_certificate,
    read_certificates,
    write_pem,
)
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit, World
from holdfast.core.job import Job
from holdfast.core.pack import IMPORTED, capture_path, checkpoint_path, exhibit_folder
from holdfast.core.rfc3161 import MalformedToken, Token, find_signer, read_response
from holdfast.core.timestamp import Stamp, StampStatus, Subject
from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen
from holdfast.core.witness import MAX_PROOF
from holdfast.ports import Clock, ProofChecker, Store, Vault
from holdfast.usecases.cases import open_for_work
from holdfast.usecases.timestamp import DONE
from holdfast.usecases.verify import certificates_file, small_file

Digests = Callable[[Path, Sequence[str], Callable[[int], None]], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import."""

    stamp: Stamp
    exhibit: str
    """Number of the exhibit it is about; empty for a head of the ledger."""
    stated: str
    """The time the token states, RFC 3339: claimed only where ``stamp`` is confirmed."""
    signer: str
    """Who it says signed it."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an import works with."""

    store: Store
    vault: Vault
    clock: Clock
    checker: ProofChecker
    roots: tuple[bytes, ...]
    """Pinned roots, PEM."""
    digests: Digests
    published: Callable[[Sequence[Certificate], Token, World], tuple[bytes, ...] | None] = (
        lambda *_: ()
    )
    """What is published about the certificates of a token's path, signer first; None where that
    says that the token must not count.  Never raises."""


def import_token(
    reference: str,
    token: Path,
    *,
    root: Path | None,
    chain: Path | None,
    means: Means,
    job: Job,
) -> Imported:
    """The token in that file is a stamp of whatever in the case it is about.

    The same one again is welcome when it brings a root or a chain that was missing, or counts now;
    what was brought with it before is still there.  Raises Refused:
    ``import_unreadable``, ``import_refusal``, ``import_stranger``, ``import_broken``,
    ``import_world``, ``import_known``, ``certificates_unreadable`` and those of a missing file.
    """
    store = means.store
    case = open_for_work(reference, store=store)
    raw = small_file(token, MAX_PROOF)
    found = _read(raw, token.name)
    subject, exhibit = _subject(case, found, means, job)
    earlier = _earlier(case, subject, raw, store)
    given = _given(root, chain, earlier, means.vault)
    seen, findings = _judge(subject, raw, found, given, means)
    _refuse_what_fails(case, seen, findings)
    published = _published(case, found, seen, means)
    if earlier is not None and not _says_more(earlier, given, seen, means):
        raise Refused("import_known", name=one_line(token.name)[:100])
    stamp = _stamp(case, subject, raw, found, given, (seen, findings), earlier, means, published)
    signer = find_signer(found, _links(given.chain))
    name = signer.common_name if signer is not None else ""
    stated = rfc3339(found.info.gen_time)
    with store.custody(case.id) as custody:
        custody.append(
            "timestamp.imported", subject.path, facts=_facts(stamp, found, stated, given)
        )
        custody.save(stamp)
    return Imported(stamp=stamp, exhibit=exhibit, stated=stated, signer=name, findings=findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What the person named beside the token, PEM or DER."""

    root: bytes
    chain: bytes


def _given(root: Path | None, chain: Path | None, earlier: Stamp | None, vault: Vault) -> _Given:
    """What is named now, else what was named when the same token came before."""

    def either(path: Path | None, kept: str) -> bytes:
        if path is not None:
            return certificates_file(path)
        return vault.read(kept) if kept else b""

    return _Given(
        root=either(root, earlier.root if earlier else ""),
        chain=either(chain, earlier.chain if earlier else ""),
    )


def _says_more(earlier: Stamp, given: _Given, seen: TimestampSeen, means: Means) -> bool:
    brings = (given.root and not earlier.root) or (given.chain and not earlier.chain)
    return bool(brings) or (earlier.status not in DONE and _counts(seen, means.roots))


def _read(raw: bytes, name: str) -> Token:
    try:
        return read_response(raw)
    except MalformedToken as malformed:
        code = "import_refusal" if malformed.rule == "token_refused" else "import_unreadable"
        raise Refused(code, name=one_line(name)[:100], detail=malformed.detail) from malformed


def _links(pem: bytes) -> tuple[bytes, ...]:
    return read_certificates(pem) if pem else ()


# --- what it is about ----------------------------------------------------------------------------


def _subject(case: Case, token: Token, means: Means, job: Job) -> tuple[Subject, str]:
    """The first manifest, file or head with that digest, and its exhibit's number."""
    name, wanted = token.info.imprint_algorithm, token.info.imprint
    for subject, exhibit, sm3 in _candidates(case, means.store):
        if name == "sha256":
            digest: bytes | None = bytes.fromhex(subject.sha256)
        elif name == "sm3" and sm3:
            digest = bytes.fromhex(sm3)
        else:
            digest = _computed(subject, name, means, job)
        if digest == wanted:
            return subject, exhibit
    raise Refused("import_stranger", case=case.number, digest=wanted.hex(), algorithm=name)


def _candidates(case: Case, store: Store) -> Iterator[tuple[Subject, str, str]]:
    """Everything that may be dated: subject, exhibit's number, SM3."""
    for exhibit in sorted(store.all(Exhibit, case.id), key=lambda one: one.number):
        path = capture_path(exhibit.number)
        digest = exhibit.digest
        yield Subject(kind="manifest", path=path, sha256=digest.sha256), exhibit.number, digest.sm3
        for file in exhibit.artifacts:
            path = f"{exhibit_folder(exhibit.number)}/{file.path}"
            subject = Subject(kind="file", path=path, sha256=file.digest.sha256)
            yield subject, exhibit.number, file.digest.sm3
    for head in store.checkpoints(case.id):
        sha256 = hashlib.sha256(head.note).hexdigest()
        yield Subject(kind="checkpoint", path=checkpoint_path(head.size), sha256=sha256), "", ""


def _computed(subject: Subject, name: str, means: Means, job: Job) -> bytes | None:
    """Another digest of the same bytes; None where it cannot be had."""
    job.step("checking", detail=subject.path)
    if subject.kind == "checkpoint":
        return None
    return means.digests(means.vault.path(subject.sha256), (name,), lambda _: None).get(name)


# --- what it is worth ----------------------------------------------------------------------------


def _judge(
    subject: Subject, raw: bytes, token: Token, given: _Given, means: Means
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    """By our pinned roots; where none of them is reached, by the one the person named."""

    def digest(name: str) -> bytes:
        # The file was found by this very digest.
        if name != token.info.imprint_algorithm:
            raise ValueError(name)
        return token.info.imprint

    lent = ProofHelp(roots=means.roots, chain=given.chain, now=rfc3339(means.clock.now()))
    seen, findings = means.checker.check(subject.path, digest, raw, lent)
    if seen.status != "unchecked" or not given.root:
        return seen, findings
    own = ProofHelp(roots=(given.root,), named_root=True, chain=given.chain, now=lent.now)
    return means.checker.check(subject.path, digest, raw, own)


def _refuse_what_fails(case: Case, seen: TimestampSeen, findings: Sequence[Finding]) -> None:
    if seen.status == "broken":
        first = next(finding for finding in findings if finding.outcome == "broken")
        raise Refused("import_broken", rule=first.rule, detail=first.detail)
    if seen.path and _is_of_another_world(seen, case):
        raise Refused("import_world")


def _published(case: Case, token: Token, seen: TimestampSeen, means: Means) -> tuple[bytes, ...]:
    """Revocation lists and answers of today about a token that counts; it is kept with it.

    Raises Refused where they say that it must not count.
    """
    if not _counts(seen, means.roots):
        return ()
    path = tuple(read_certificate(raw) for raw in seen.path)
    found = means.published(path, token, case.world)
    if found is None:
        raise Refused("import_broken", rule="token_revoked", detail=seen.by)
    return found


def _is_of_another_world(seen: TimestampSeen, case: Case) -> bool:
    return (seen.network == "practice") != (case.world == "practice")


def _earlier(case: Case, subject: Subject, raw: bytes, store: Store) -> Stamp | None:
    sha256 = hashlib.sha256(raw).hexdigest()
    same = (
        stamp
        for stamp in store.all(Stamp, case.id)
        if stamp.proof == sha256 and stamp.subject.path == subject.path
    )
    return next(same, None)


def _stamp(
    case: Case,
    subject: Subject,
    raw: bytes,
    token: Token,
    given: _Given,
    judged: tuple[TimestampSeen, tuple[Finding, ...]],
    earlier: Stamp | None,
    means: Means,
    published: Sequence[bytes],
) -> Stamp:
    """Kept verbatim, with the root it leads to, or else the one that was named."""
    vault, (seen, findings) = means.vault, judged
    proof = vault.keep_bytes(raw).sha256
    if subject.kind == "checkpoint":
        head = next(
            one.note
            for one in means.store.checkpoints(case.id)
            if hashlib.sha256(one.note).hexdigest() == subject.sha256
        )
        vault.keep_bytes(head)
    roots = seen.path[-1:] or _links(given.root)[:1]
    counts = _counts(seen, means.roots)
    status: StampStatus = (
        "unchecked" if not counts else "simulated" if seen.network == "practice" else "confirmed"
    )
    return Stamp(
        id=earlier.id if earlier is not None else means.clock.new_id(),
        case_id=case.id,
        subject=subject,
        kind="rfc3161",
        authority=f"{IMPORTED}{proof[:12]}",
        world=case.world,
        status=status,
        time=seen.time if counts else None,
        by=seen.by if counts else "",
        reason="" if counts else _reason(token, seen, findings),
        proof=proof,
        imported=True,
        revocation=tuple(vault.keep_bytes(one).sha256 for one in published)
        or (earlier.revocation if earlier is not None else ()),
        bare=token.bare,
        root=vault.keep_bytes(write_pem(roots)).sha256 if roots else "",
        chain=vault.keep_bytes(write_pem(_links(given.chain))).sha256 if given.chain else "",
    )


def _counts(seen: TimestampSeen, roots: Sequence[bytes]) -> bool:
    """Whether it leads to a root that we pin, or to one of the practice world."""
    known = {raw for pem in roots for raw in read_certificates(pem)}
    return seen.network == "practice" or (bool(seen.path) and seen.path[-1] in known)


_REASONS = {
    "token_future": "clock",
    "token_signer_absent": "no_certificate",
    "token_root_unknown": "untrusted",
}


def _reason(token: Token, seen: TimestampSeen, findings: Sequence[Finding]) -> str:
    """Why nothing is claimed from it."""
    if seen.path:
        return "named_root"
    if token.signer.signature_algorithm in SM2_SIGNATURES:
        return "sm2"
    rule = next((one.rule for one in findings if one.outcome == "unchecked"), "")
    return _REASONS.get(rule, "uncheckable")


def _facts(stamp: Stamp, token: Token, stated: str, given: _Given) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "kind": "rfc3161",
        "authority": stamp.authority,
        "sha256": stamp.subject.sha256,
        "algorithm": token.info.imprint_algorithm,
        "proof_sha256": stamp.proof,
        "stated": stated,
        "status": stamp.status,
        "simulated": stamp.status == "simulated",
    }
    if stamp.reason:
        facts["reason"] = stamp.reason
    if stamp.revocation:
        facts["revocation"] = list(stamp.revocation)
    if given.root:
        facts["named_root"] = [fingerprint(raw) for raw in _links(given.root)]
    return facts
