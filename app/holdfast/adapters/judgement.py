"""What a time-stamp token is worth: the profile, then signature, path and a second opinion.

Trust comes from the roots that are handed in and from nowhere else.  The token's own certificates
are links at most, and which world a token belongs to follows from the root that its chain ends in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from holdfast.adapters import x509
from holdfast.adapters.pack.openssl import find_openssl, run
from holdfast.adapters.resources import resource
from holdfast.core import der
from holdfast.core.algorithms import SIZES, hashed
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import Certificate, read_certificate, read_certificates, write_pem
from holdfast.core.practice import ROOT_FINGERPRINTS
from holdfast.core.rfc3161 import (
    MalformedToken,
    Query,
    Token,
    check_profile,
    choices,
    find_signer,
    held_to_lists,
    read_response,
)
from holdfast.core.timestamp import StampStatus
from holdfast.core.verdict import Finding, FindingOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a token is judged against."""

    roots: tuple[Certificate, ...]
    chain: tuple[bytes, ...] = ()
    only: bool = False
    """Whether a token that ends in none of ``roots`` is broken rather than unchecked."""
    query: Query | None = None
    policies: tuple[str, ...] = ()
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a token is worth.

    ``status`` is confirmed, simulated (confirmed by the practice world), unchecked or broken.
    """

    token: Token | None = None
    status: StampStatus
    findings: tuple[Finding, ...]
    signer: Certificate | None = None
    root: Certificate | None = None
    path: tuple[Certificate, ...] = ()
    """Signer first, root last; empty while no valid path is known."""

    @property
    def practice(self) -> bool:
        """Whether the chain ends in the practice world, whoever handed over the root."""
        return self.root is not None and x509.fingerprint(self.root) in ROOT_FINGERPRINTS

    @property
    def by(self) -> str:
        """Who signed, for people."""
        names = [one.common_name for one in (self.signer, self.root) if one is not None]
        return next((name for name in names if name), "")

    def first(self, *outcomes: FindingOutcome) -> str:
        """The rule of the first finding with one of ``outcomes``; empty when there is none."""
        return next((one.rule for one in self.findings if one.outcome in outcomes), "")


def judge(raw: bytes, subject: str, digest: Callable[[str], bytes], trust: Trust) -> Judgement:
    """The whole profile: what ``check_profile`` sees, then signature, path and a second opinion."""
    try:
        token = read_response(raw)
    except MalformedToken as malformed:
        return Judgement(status="broken", findings=(malformed.finding(subject),))
    signer = find_signer(token, trust.chain)
    told = list(
        check_profile(
            token,
            subject,
            digest,
            query=trust.query,
            policies=trust.policies,
            chain=trust.chain,
            now=trust.now,
        )
    )
    path = None
    # Of a hash that nobody takes nothing can be said, whoever signed.
    if signer is not None and token.signer.digest_algorithm in SIZES:
        more, path = _about_keys(token, signer, subject, trust)
        told += more
    status = _status(told, path)
    if path is None:
        return Judgement(token=token, status=status, findings=tuple(told), signer=signer)
    if status == "confirmed" and (doubter := disagrees(token, path.certificates)):
        doubt = f"{doubter} · {path.root.common_name}"
        told.append(_finding(subject, "token_second_opinion", "weak", doubt))
    judged = Judgement(
        token=token,
        status=status,
        findings=tuple(told),
        signer=signer,
        root=path.root,
        path=path.certificates,
    )
    if status == "confirmed" and judged.practice:
        return replace(judged, status="simulated")
    return judged


def _status(told: Sequence[Finding], path: x509.Path | None) -> StampStatus:
    outcomes = {finding.outcome for finding in told}
    if "broken" in outcomes:
        return "broken"
    return "unchecked" if "unchecked" in outcomes or path is None else "confirmed"


def _finding(subject: str, rule: str, outcome: FindingOutcome, detail: str) -> Finding:
    return Finding(subject=subject, rule=rule, outcome=outcome, detail=detail)


def _about_keys(
    token: Token, signer: Certificate, subject: str, trust: Trust
) -> tuple[list[Finding], x509.Path | None]:
    """What signature and path show, and the path when both are good."""
    state = x509.check_signature(token, signer)
    content = hashed(token.signer.digest_algorithm, token.info.raw)
    if content not in {None, token.signer.message_digest}:
        # What was signed is the digest; where the content has another, it is not signed.
        state = "bad"
    if state == "bad":
        return [_finding(subject, "token_signature", "broken", signer.common_name)], None
    if state == "uncheckable":
        algorithm = token.signer.signature_algorithm
        return [_finding(subject, "token_signature_uncheckable", "unchecked", algorithm)], None
    path = _best_path(token, signer, trust)
    if path is None:
        rule, outcome = _NO_PATH[trust.only]
        return [_finding(subject, rule, outcome, _issuer_of(token, signer))], None
    if path.state == "unreadable":
        return [_finding(subject, "token_chain_unreadable", "unchecked", path.trouble)], None
    if path.state == "broken":
        return [_finding(subject, "token_chain", "broken", path.trouble)], None
    listed, which = held_to_lists(token, path.certificates)
    if listed != "ok":
        return [_finding(subject, "token_chain_listed", listed, which)], None
    return [], path


_NO_PATH: dict[bool, tuple[str, FindingOutcome]] = {
    True: ("token_chain", "broken"),
    False: ("token_root_unknown", "unchecked"),
}


def _best_path(token: Token, signer: Certificate, trust: Trust) -> x509.Path | None:
    """A valid path to one of the roots, best one that the token's lists allow.

    Else one with trouble, else None.
    """
    found: list[tuple[int, x509.Path]] = []
    for others in choices(token, (*token.certificates, *trust.chain)):
        for root in (*trust.roots, *_practice_roots()):
            path = x509.find_path(signer, others, root, token.info.gen_time)
            if path is None:
                continue
            if path.state != "valid":
                found.append((2, path))
                continue
            listed, _ = held_to_lists(token, path.certificates)
            if listed == "ok":
                return path
            found.append((int(listed == "broken"), path))
    return min(found, key=lambda one: one[0])[1] if found else None


@cache
def _practice_roots() -> tuple[Certificate, ...]:
    """Always known, so that a practice token is named as such and never merely unknown."""
    raw = resource("authorities", "practice-roots.pem").read_bytes()
    return tuple(read_certificate(one) for one in read_certificates(raw))


def _issuer_of(token: Token, signer: Certificate) -> str:
    """Which authority the token says it comes from, and when: what is stated, not what is so."""
    return f"{signer.common_name} · {rfc3339(token.info.gen_time)}"


def disagrees(token: Token, path: Sequence[Certificate]) -> str:
    """Who else judged the same token and path and found otherwise; empty when nobody did.

    rfc3161-client is asked first; the program openssl where that cannot read the token, and where
    it refuses, so that a doubt is named with whoever shares it.
    """
    opinion = second_opinion(token, path)
    if opinion:
        return ""
    third = openssl_opinion(token, path)
    against = [
        who for who, said in (("rfc3161-client", opinion), ("openssl", third)) if said is False
    ]
    return ", ".join(against)


def openssl_opinion(token: Token, path: Sequence[Certificate]) -> bool | None:
    """What ``openssl ts -verify`` says at the token's own time; None where there is none to ask."""
    program = find_openssl()
    if not program:
        return None
    signer, *links, root = path
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        room = Path(folder)
        (room / "token").write_bytes(token.raw)
        (room / "root.pem").write_bytes(write_pem((root.raw,)))
        (room / "links.pem").write_bytes(write_pem([one.raw for one in (signer, *links)]))
        done = run(
            (
                program,
                *("ts", "-verify", "-token_in", "-in", str(room / "token")),
                *("-digest", token.info.imprint.hex()),
                *("-CAfile", str(room / "root.pem"), "-untrusted", str(room / "links.pem")),
                *("-attime", str(int(token.info.gen_time.timestamp()))),
            )
        )
    if b"Verification: OK" in done.stdout:
        return True
    return False if b"Verification: FAILED" in done.stdout else None


def second_opinion(token: Token, path: Sequence[Certificate]) -> bool | None:
    """What rfc3161-client says of the token and the same path; None when it cannot read it.

    It is given a copy whose certificate set is put in DER order, which genuine tokens are not and
    which nothing signs; a status of 1 is given as 0, which is ours to judge.
    """
    import rfc3161_client
    from cryptography.x509 import load_der_x509_certificate

    granted = der.element(der.SEQUENCE, der.integer(0))
    copy = der.element(der.SEQUENCE, granted, _in_der_order(token.raw))
    signer, *links, root = path
    try:
        response = rfc3161_client.decode_timestamp_response(copy)
        verifier = rfc3161_client.VerifierBuilder(
            tsa_certificate=load_der_x509_certificate(signer.raw),
            intermediates=[load_der_x509_certificate(one.raw) for one in links],
            roots=[load_der_x509_certificate(root.raw)],
        ).build()
        return bool(verifier.verify(response, token.info.imprint))
    except rfc3161_client.VerificationError:
        return False
    except (ValueError, TypeError):
        return None


def _in_der_order(raw: bytes) -> bytes:
    """The token with its certificates sorted as DER wants a SET OF (X.690 §11.6)."""
    kind, wrapper = der.read(raw).children
    parts = [
        der.element(0xA0, *sorted(one.raw for one in part.children))
        if part.tag == 0xA0
        else part.raw
        for part in wrapper.children[0].children
    ]
    signed_data = der.element(der.SEQUENCE, *parts)
    return der.element(der.SEQUENCE, kind.raw, der.element(0xA0, signed_data))
