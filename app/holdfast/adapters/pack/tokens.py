"""Checks RFC 3161 tokens with nothing but Python and, where there is one, the ``openssl`` program.

The profile is ours (``core.rfc3161``); openssl does the public-key arithmetic: the signature, and
the path to one root at a time, so that no trust store of the system ever counts.  This is the
checker of ``verify.pyz``; the program itself uses its own libraries.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from holdfast.adapters.pack.openssl import find_openssl, is_old, run
from holdfast.core.canonical import moment, one_line, rfc3339
from holdfast.core.certificates import fingerprint, write_pem
from holdfast.core.practice import ROOT_FINGERPRINTS
from holdfast.core.revocation import climb, objection
from holdfast.core.rfc3161 import (
    SM2_SIGNATURES,
    Certificate,
    MalformedToken,
    Token,
    check_profile,
    find_signer,
    read_certificate,
    read_certificates,
    read_query,
    read_response,
)
from holdfast.core.timestamp import StampKind
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, TimestampSeen

_KNOWN_SIGNATURES = re.compile(
    r"1\.2\.840\.113549\.1\.1\.(1|5|1[0-4])|1\.2\.840\.10045\.4\.(1|3\.[1-4])"
    r"|2\.16\.840\.1\.101\.3\.4\.3\.(10|11|12)"
)
"""RSA, RSASSA-PSS and ECDSA: where these fail, the signature is wrong and not merely unknown."""

_RSA_PSS = "1.2.840.113549.1.1.10"
"""Says nothing without its parameters."""

_EDDSA = frozenset({"1.3.101.112", "1.3.101.113"})
"""Not every openssl knows these in a token."""

_NO_PATH_ERRORS = frozenset({2, 7, 9, 10, 18, 19, 20, 21, 27, 68})
"""X509_V_ERR codes that say only that nothing leads from the signer to this root; of them 68 that
a certificate is signed over a hash that can be made to collide."""

_LEVEL = "1"
"""Refuses certificates signed over MD5 and, where openssl is at least 3.0, over SHA-1."""


class OpensslTokens:
    """Judges tokens against the roots that are given, and always knows the practice ones."""

    def __init__(self, practice_roots: Sequence[bytes] = (), openssl: str | None = None) -> None:
        """``practice_roots`` are PEM; ``openssl`` is found when not given, empty for none."""
        self._practice = tuple(practice_roots)
        self._openssl = find_openssl() if openssl is None else openssl

    @property
    def id(self) -> StampKind:
        """A StampKind."""
        return "rfc3161"

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """What the token shows about ``subject``; bad tokens are findings."""
        try:
            token = read_response(proof)
            query = read_query(help.query) if help.query is not None else None
        except MalformedToken as malformed:
            return _seen(subject, "broken"), (malformed.finding(subject),)
        try:
            chain = read_certificates(help.chain) if help.chain.strip() else ()
            roots = _roots((*help.roots, *self._practice))
        except ValueError as error:
            detail = one_line(str(error))[:100]
            return _seen(subject, "unchecked"), (
                Finding(
                    subject=subject,
                    rule="token_help_unreadable",
                    outcome="unchecked",
                    detail=detail,
                ),
            )
        told = list(
            check_profile(
                token,
                subject,
                digest,
                query=query,
                chain=chain,
                now=moment(help.now) if help.now else None,
            )
        )
        signer = find_signer(token, chain)
        root: Certificate | None = None
        if signer is not None:
            arithmetic = _Arithmetic(self._openssl, token, signer, chain)
            rule, outcome, detail, root = arithmetic.judge(roots, only=help.named_root)
            if rule:
                told.append(Finding(subject=subject, rule=rule, outcome=outcome, detail=detail))
        others = (*token.certificates, *chain)
        path = climb(signer, others, root) if signer is not None and root is not None else ()
        if signer is not None and root is not None and not path:
            # openssl takes names for the same that are spelled otherwise; the others do not.
            told.append(_unknown_root(subject, token, signer))
        told += _against(subject, path)
        return _shown(subject, token, path, told, counts=help.practice)


def _against(subject: str, path: Sequence[Certificate]) -> list[Finding]:
    """What openssl does not ask of a path that it found good."""
    try:
        detail = objection(path) if path else ""
    except ValueError as error:
        detail = one_line(str(error))[:100]
        return [
            Finding(
                subject=subject, rule="token_chain_unreadable", outcome="unchecked", detail=detail
            )
        ]
    if not detail:
        return []
    return [Finding(subject=subject, rule="token_chain", outcome="broken", detail=detail)]


def _unknown_root(subject: str, token: Token, signer: Certificate) -> Finding:
    stated = _stated(token, signer)
    return Finding(subject=subject, rule="token_root_unknown", outcome="unchecked", detail=stated)


def _stated(token: Token, signer: Certificate) -> str:
    """By whom and from when the token says it is."""
    return f"{signer.common_name} · {rfc3339(token.info.gen_time)}"


def _roots(pems: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Each root once, in the order given."""
    found = {raw: read_certificate(raw) for pem in pems for raw in read_certificates(pem)}
    return tuple(found.values())


def _seen(subject: str, status: str) -> TimestampSeen:
    return TimestampSeen(subject=subject, kind="rfc3161", network="", status=status)


def _shown(
    subject: str,
    token: Token,
    path: Sequence[Certificate],
    told: list[Finding],
    *,
    counts: bool,
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    outcomes = {finding.outcome for finding in told}
    if "broken" in outcomes:
        return _seen(subject, "broken"), tuple(told)
    if "unchecked" in outcomes or not path:
        return _seen(subject, "unchecked"), tuple(told)
    signer, root = path[0], path[-1]
    practice = fingerprint(root.raw) in ROOT_FINGERPRINTS
    time = rfc3339(token.info.gen_time)
    by = signer.common_name or root.common_name
    good = Finding(
        subject=subject,
        rule="token_simulated" if practice else "token_good",
        outcome="ok" if counts or not practice else "unchecked",
        detail=f"{by} · {time}",
    )
    seen = TimestampSeen(
        subject=subject,
        kind="rfc3161",
        network="practice" if practice else root.common_name or "rfc3161",
        status="simulated" if practice else "confirmed",
        time=time,
        by=by,
        path=tuple(one.raw for one in path),
    )
    return seen, (good, *told)


def _bears(raw: bytes, signer: tuple[bytes, int]) -> bool:
    try:
        one = read_certificate(raw)
    except ValueError:
        return True
    return (one.issuer, one.serial) == signer


@dataclass(frozen=True, slots=True)
class _Arithmetic:
    """Signature and path of one token."""

    openssl: str
    token: Token
    signer: Certificate
    chain: tuple[bytes, ...]

    def judge(
        self, roots: Sequence[Certificate], *, only: bool
    ) -> tuple[str, FindingOutcome, str, Certificate | None]:
        """Rule (empty when all is well), outcome, detail, and the root that the path ends in."""
        if not self.openssl:
            return "token_no_openssl", "unchecked", self.signer.common_name, None
        algorithm = self.token.signer.signature_algorithm
        known = _KNOWN_SIGNATURES.fullmatch(algorithm) is not None
        if algorithm == _RSA_PSS and not self.token.signer.signature_parameters:
            known = False
        if algorithm in SM2_SIGNATURES or not (known or algorithm in _EDDSA):
            # Nothing signs this name, and openssl goes by the key alone.
            return "token_signature_uncheckable", "unchecked", algorithm, None
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            room = Path(folder)
            named = self._named(roots)
            for root in named:
                if self._all_holds(root, room):
                    return "", "ok", "", root
            # Something does not: what it is needs to be asked apart.
            if not (holds := self._signature_holds(room)):
                if known and holds is not None:
                    return "token_signature", "broken", self.signer.common_name, None
                return "token_signature_uncheckable", "unchecked", algorithm, None
            trouble = ""
            for root in named:
                against = self._path_to(root, room)
                if against is None:
                    return "", "ok", "", root
                trouble = trouble or against
        if trouble:
            return "token_chain", "broken", trouble, None
        stated = _stated(self.token, self.signer)
        if only:
            return "token_chain", "broken", stated, None
        return "token_root_unknown", "unchecked", stated, None

    def _named(self, roots: Sequence[Certificate]) -> list[Certificate]:
        """The roots that anybody here names as an issuer; the others need not be tried."""
        issuers = {self.signer.issuer}
        for raw in (*self.token.certificates, *self.chain):
            try:
                issuers.add(read_certificate(raw).issuer)
            except ValueError:
                continue
        return [root for root in roots if root.subject in issuers]

    def _all_holds(self, root: Certificate, room: Path) -> bool:
        """Signature and path in one run of the program, which is how nearly every token goes.

        No certificate beside the chosen signer bears its issuer and serial number, so that none
        can take its place.
        """
        signer = (self.signer.issuer, self.signer.serial)
        others = [
            raw
            for raw in dict.fromkeys((*self.token.certificates, *self.chain))
            if raw != root.raw and not _bears(raw, signer)
        ]
        (room / "token.der").write_bytes(self.token.raw)
        (room / "root.pem").write_bytes(write_pem((root.raw,)))
        (room / "all.pem").write_bytes(write_pem((self.signer.raw, *others)))
        done = run(
            (
                *(self.openssl, "cms", "-verify", "-inform", "DER"),
                *("-in", str(room / "token.der"), "-binary", "-out", os.devnull),
                *("-nointern", "-certfile", str(room / "all.pem")),
                *("-CAfile", str(room / "root.pem"), "-no-CApath"),
                *(() if is_old(self.openssl) else ("-no-CAstore",)),
                *("-purpose", "timestampsign", "-policy_check", "-auth_level", _LEVEL),
                *("-attime", self._moment(root)),
            )
        )
        return done.returncode == 0

    def _moment(self, root: Certificate) -> str:
        """The token's time in seconds; one before where a certificate ends with that second.

        It is good through the last second it names (RFC 5280 §4.1.2.5), and to openssl it is not.
        """
        time = self.token.info.gen_time.replace(microsecond=0)
        ends = {root.not_after}
        for raw in (self.signer.raw, *self.token.certificates, *self.chain):
            with suppress(ValueError):
                ends.add(read_certificate(raw).not_after)
        return str(int(time.timestamp()) - (time in ends))

    def _signature_holds(self, room: Path) -> bool | None:
        """Whether it does; None where openssl cannot read what stands beside what is signed."""
        token, signer = room / "token.der", room / "signer.pem"
        token.write_bytes(self.token.raw)
        signer.write_bytes(write_pem((self.signer.raw,)))
        done = run(
            (
                self.openssl,
                "cms",
                "-verify",
                "-inform",
                "DER",
                "-in",
                str(token),
                "-noverify",
                # Only the signer that the profile chose, never another of the same name.
                "-nointern",
                "-certfile",
                str(signer),
                "-binary",
                "-out",
                os.devnull,
            )
        )
        if b"Error reading SMIME Content Info" in done.stderr:
            return None
        return done.returncode == 0

    def _path_to(self, root: Certificate, room: Path) -> str | None:
        """None when the signer's path to ``root`` holds at the token's time.

        Else what is against it; empty when there simply is no path.
        """
        (room / "root.pem").write_bytes(write_pem((root.raw,)))
        others = [raw for raw in (*self.token.certificates, *self.chain) if raw != root.raw]
        (room / "others.pem").write_bytes(write_pem(others or [self.signer.raw]))
        done = run(
            (
                self.openssl,
                "verify",
                "-no-CApath",
                *(() if is_old(self.openssl) else ("-no-CAstore",)),
                "-CAfile",
                str(room / "root.pem"),
                "-untrusted",
                str(room / "others.pem"),
                "-purpose",
                "timestampsign",
                "-policy_check",
                "-auth_level",
                _LEVEL,
                "-attime",
                self._moment(root),
                str(room / "signer.pem"),
            )
        )
        if done.returncode == 0:
            return None
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        codes = [int(code) for code in re.findall(r"error (\d+) at", said)]
        if codes and not set(codes) & _NO_PATH_ERRORS:
            return f"X509_V_ERR {codes[0]}"
        return ""
