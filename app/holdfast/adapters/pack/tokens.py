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
from dataclasses import dataclass
from pathlib import Path

from holdfast.adapters.pack.openssl import OpensslSignatures, find_openssl, is_old, run
from holdfast.core import der
from holdfast.core.algorithms import (
    EDDSA,
    RSA_PSS,
    SIGNED_OVER,
    SIZES,
    SM2_SIGNATURES,
    fits_key,
    pss,
)
from holdfast.core.canonical import moment, one_line, rfc3339
from holdfast.core.certificates import (
    Certificate,
    fingerprint,
    read_certificate,
    read_certificates,
    write_pem,
)
from holdfast.core.path import Signed, climb, objection
from holdfast.core.practice import ROOT_FINGERPRINTS
from holdfast.core.revocation import read_signed
from holdfast.core.rfc3161 import (
    MalformedToken,
    Token,
    check_profile,
    choices,
    find_signer,
    held_to_lists,
    read_query,
    read_response,
)
from holdfast.core.timestamp import StampKind
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, TimestampSeen, weight

_KNOWN_SIGNATURES = re.compile(
    r"1\.2\.840\.113549\.1\.1\.(1|5|1[0-4])|1\.2\.840\.10045\.4\.(1|3\.[1-4])"
    r"|2\.16\.840\.1\.101\.3\.4\.3\.(10|11|12)"
)
"""RSA, RSASSA-PSS and ECDSA: where these fail, the signature is wrong and not merely unknown."""

_NO_PATH_ERRORS = frozenset({2, 7, 9, 10, 18, 19, 20, 21, 27, 68})
"""X509_V_ERR codes that say only that nothing leads from the signer to this root; of them 68 that
a certificate is signed over a hash that can be made to collide."""

_MD = frozenset({"1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4"})
"""RSA over MD2 and MD5."""

_MOST_REMEMBERED = 256
"""Pairs of certificates."""

_LEVEL = "1"
"""Refuses certificates signed over MD5 and, where openssl is at least 3.0, over SHA-1."""


class OpensslTokens:
    """Judges tokens against the roots that are given, and always knows the practice ones."""

    def __init__(self, practice_roots: Sequence[bytes] = (), openssl: str | None = None) -> None:
        """``practice_roots`` are PEM; ``openssl`` is found when not given, empty for none."""
        self._practice = tuple(practice_roots)
        self._openssl = find_openssl() if openssl is None else openssl
        self._signed: dict[tuple[bytes, bytes], bool] = {}

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
        path: tuple[Certificate, ...] = ()
        # Of a hash that nobody takes nothing can be said, whoever signed.
        if signer is not None and token.signer.digest_algorithm in SIZES:
            others = (*token.certificates, *chain)
            arithmetic = _Arithmetic(self._openssl, token, signer, others, self._may_have_signed)
            rule, outcome, detail, path = arithmetic.judge(roots, only=help.named_root)
            if rule:
                told.append(Finding(subject=subject, rule=rule, outcome=outcome, detail=detail))
        return _shown(subject, token, path, told, counts=help.practice)

    def _may_have_signed(self, issuer: Certificate, subject: Certificate) -> bool:
        """``path.Signed``; the same certificates come with every token of an authority."""
        known = (issuer.raw, subject.raw)
        if known not in self._signed:
            if len(self._signed) >= _MOST_REMEMBERED:
                self._signed.clear()
            self._signed[known] = _may_have_signed(self._openssl, issuer, subject)
        return self._signed[known]


def _may_have_signed(openssl: str, issuer: Certificate, subject: Certificate) -> bool:
    try:
        signed = read_signed(subject.raw)
    except ValueError:
        return False
    # Somebody else's certificate can be made to fit such a signature.
    if SIGNED_OVER.get(signed.algorithm) == "sha1" or signed.algorithm in _MD:
        return False
    # What has to be computed otherwise is left to the judgement of the whole path.
    return signed.by(issuer.public_key, OpensslSignatures(openssl)) is not False


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


@dataclass(frozen=True, slots=True)
class _Arithmetic:
    """Signature and path of one token."""

    openssl: str
    token: Token
    signer: Certificate
    others: tuple[bytes, ...]
    signed: Signed

    def judge(
        self, roots: Sequence[Certificate], *, only: bool
    ) -> tuple[str, FindingOutcome, str, tuple[Certificate, ...]]:
        """Rule (empty when all is well), outcome, detail, and the path, signer first."""
        if not self.openssl:
            return "token_no_openssl", "unchecked", self.signer.common_name, ()
        algorithm = self.token.signer.signature_algorithm
        known = _KNOWN_SIGNATURES.fullmatch(algorithm) is not None
        if algorithm == RSA_PSS and pss(self.token.signer.signature_parameters) is None:
            known = False
        # Not every openssl knows EdDSA in a token.
        if algorithm in SM2_SIGNATURES or not (known or algorithm in EDDSA):
            return "token_signature_uncheckable", "unchecked", algorithm, ()
        if not fits_key(algorithm, self.signer.public_key):
            return "token_signature", "broken", self.signer.common_name, ()
        with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            room = Path(folder)
            (room / "token.der").write_bytes(essence(self.token.raw))
            (room / "signer.pem").write_bytes(write_pem((self.signer.raw,)))
            doubted: list[tuple[Certificate, ...]] = []
            against = ""
            for path in self._paths(roots):
                if objected := objection(path):
                    against = against or objected
                elif self._all_holds(path, room):
                    return self._good(path)
                else:
                    doubted.append(path)
            # Something does not: what it is needs to be asked apart.
            if not self._signature_holds(room):
                if known and self._key_is_read(room):
                    return "token_signature", "broken", self.signer.common_name, ()
                return "token_signature_uncheckable", "unchecked", algorithm, ()
            for path in doubted:
                said = self._against(path, room)
                if said is None:
                    return self._good(path)
                against = against or said
        stated = f"{self.signer.common_name} · {rfc3339(self.token.info.gen_time)}"
        if against or only:
            return "token_chain", "broken", against or stated, ()
        return "token_root_unknown", "unchecked", stated, ()

    def _good(
        self, path: tuple[Certificate, ...]
    ) -> tuple[str, FindingOutcome, str, tuple[Certificate, ...]]:
        """What ``judge`` says where signature and path hold, by the token's own lists."""
        listed, which = held_to_lists(self.token, path)
        return ("", "ok", "", path) if listed == "ok" else ("token_chain_listed", listed, which, ())

    def _paths(self, roots: Sequence[Certificate]) -> list[tuple[Certificate, ...]]:
        """One to each root that somebody here leads to, first those that the lists allow."""
        time = self.token.info.gen_time
        found = [
            climb(self.signer, others, root, time, self.signed)
            for others in choices(self.token, self.others)
            for root in roots
        ]
        return sorted(
            (path for path in found if path),
            key=lambda path: weight(held_to_lists(self.token, path)[0]),
        )

    def _all_holds(self, path: Sequence[Certificate], room: Path) -> bool:
        """Signature and path in one run of the program, which is how nearly every token goes."""
        (room / "root.pem").write_bytes(write_pem((path[-1].raw,)))
        # What lies between is looked for in the token itself, and not in what stands beside it.
        whole = essence(self.token.raw, [one.raw for one in path[1:-1]])
        (room / "whole.der").write_bytes(whole)
        done = run(
            (
                *(self.openssl, "cms", "-verify", "-inform", "DER"),
                *("-in", str(room / "whole.der"), "-binary", "-out", os.devnull),
                *("-nointern", "-certfile", str(room / "signer.pem")),
                *self._trusting(path, room),
            )
        )
        return done.returncode == 0

    def _trusting(self, path: Sequence[Certificate], room: Path) -> tuple[str, ...]:
        """The end of ``path`` and nothing else, for what it is worth at the token's time."""
        return (
            *("-CAfile", str(room / "root.pem"), "-no-CApath"),
            *(() if is_old(self.openssl) else ("-no-CAstore",)),
            # What is pinned is the end, also where somebody else issued it.
            "-partial_chain",
            *("-purpose", "timestampsign", "-policy_check", "-auth_level", _LEVEL),
            *("-attime", self._moment(path)),
        )

    def _moment(self, path: Sequence[Certificate]) -> str:
        """The token's time in seconds; one before where a certificate ends with that second.

        It is good through the last second it names (RFC 5280 §4.1.2.5), and to openssl it is not.
        """
        time = self.token.info.gen_time.replace(microsecond=0)
        return str(int(time.timestamp()) - (time in {one.not_after for one in path}))

    def _signature_holds(self, room: Path) -> bool:
        done = run(
            (
                *(self.openssl, "cms", "-verify", "-inform", "DER"),
                *("-in", str(room / "token.der"), "-noverify"),
                # Only the signer that the profile chose, never another of the same name.
                *("-nointern", "-certfile", str(room / "signer.pem")),
                *("-binary", "-out", os.devnull),
            )
        )
        return done.returncode == 0

    def _key_is_read(self, room: Path) -> bool:
        """Whether openssl knows the kind of key, a curve for instance, that the signer has."""
        done = run((self.openssl, "x509", "-in", str(room / "signer.pem"), "-noout", "-pubkey"))
        return done.returncode == 0

    def _against(self, path: Sequence[Certificate], room: Path) -> str | None:
        """None when a path holds at the token's time.

        Else what is against it; empty when it simply is none.
        """
        (room / "root.pem").write_bytes(write_pem((path[-1].raw,)))
        (room / "others.pem").write_bytes(write_pem([one.raw for one in path[:-1]]))
        done = run(
            (
                *(self.openssl, "verify", "-untrusted", str(room / "others.pem")),
                *self._trusting(path, room),
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


def essence(token: bytes, certificates: Sequence[bytes] = ()) -> bytes:
    """A token (DER) with what its signature is about and beside it only these ``certificates``.

    Nothing signs the certificates, lists, hashes and attributes around it, so that anybody can put
    there what openssl stumbles over; what counts of them has been read here.
    """
    kind, wrapper = der.read(token).children
    version, _, content, *_, signers = wrapper.children[0].children
    parts = [part.raw for part in signers.children[0].children[:6]]
    hashes, signer = der.element(der.SET, parts[2]), der.element(der.SEQUENCE, *parts)
    with_it = (der.element(0xA0, *sorted(certificates)),) if certificates else ()
    data = (version.raw, hashes, content.raw, *with_it, der.element(der.SET, signer))
    return der.element(der.SEQUENCE, kind.raw, der.element(0xA0, der.element(der.SEQUENCE, *data)))
