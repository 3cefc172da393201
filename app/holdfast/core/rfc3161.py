"""RFC 3161 time-stamp tokens: a strict reader and the profile that every token must meet.

Reading never trusts and never verifies a signature; it says what the bytes state.  The profile
(``check_profile``) is everything that can be judged without public-key arithmetic: the imprint,
the nonce, the policy, which certificate signed, and whether that certificate may sign time.  What
remains — the signature over ``Token.signed_bytes`` and the chain to a pinned root at ``gen_time`` —
needs a crypto library and is an adapter's work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from holdfast.core import der
from holdfast.core.algorithms import (
    RSA_PSS,
    SIGNED_OVER,
    SIZES,
    hash_name,
    hashed,
    read_algorithm,
    read_pss,
)
from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.certificates import Certificate, common_name, read_certificate
from holdfast.core.verdict import Finding, FindingOutcome, weight

MAX_BYTES: Final = der.MAX_BYTES
FUTURE_TOLERANCE: Final = timedelta(minutes=5)
"""How far a token may run ahead of the local clock before the two are said to disagree."""

COARSE: Final = timedelta(minutes=1)
"""An accuracy beyond this is said: a token is taken to say its time to the minute."""

MOST_CERTIFICATES: Final = 32
"""In one token, and named in one; authorities send two or three."""

MIN_NONCE: Final = 1 << 63
"""Nonces that we send have 64 bits, the first one set, so that none is ever shorter."""

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"

Digest = Callable[[str], bytes]
"""The subject's digest under a hashlib name.  ValueError for a name it cannot compute."""


class MalformedToken(ValueError):
    """Bytes that are no acceptable token.  ``rule`` is a key of the catalogues."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule
        self.detail = detail

    def finding(self, subject: str) -> Finding:
        """This as what verification saw."""
        return Finding(subject=subject, rule=self.rule, outcome="broken", detail=self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class EssCertId:
    """A certificate that the signer names (RFC 2634 §5.4, RFC 5035 §4)."""

    hash_algorithm: str
    """hashlib name, or the OID when there is none."""
    hash: bytes
    serial: int | None = None
    issuer: bytes | None = None
    """DER of the issuer's Name, where stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TstInfo:
    """What the authority signed (RFC 3161 §2.4.2)."""

    raw: bytes = field(repr=False)
    """DER, which ``Signer.message_digest`` covers."""
    policy: str
    imprint_algorithm: str
    """hashlib name, or the OID when there is none."""
    imprint: bytes
    serial: int
    gen_time: datetime
    """Aware, UTC, cut to microseconds."""
    accuracy: timedelta | None = None
    ordering: bool = False
    nonce: int | None = None
    tsa: bytes | None = field(default=None, repr=False)
    """DER of the Name that the authority gives itself, where it states one."""
    critical: tuple[str, ...] = ()
    """Extensions (OID) that whoever does not know them must not pass over; none is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The one SignerInfo of a token (RFC 5652 §5.3)."""

    issuer: bytes | None = None
    """DER of the signer certificate's issuer Name, with ``serial``."""
    serial: int | None = None
    key_id: bytes | None = None
    """Subject key identifier, where the certificate is named by it instead."""
    digest_algorithm: str
    """hashlib name, or the OID when there is none."""
    signature_algorithm: str
    """OID."""
    signature_parameters: bytes = b""
    """DER of the algorithm's parameters, where there are any (RSASSA-PSS)."""
    message_digest: bytes
    signing_certificates: tuple[EssCertId, ...]
    """From signingCertificate and signingCertificateV2: the first of each, the signer's."""
    lists: tuple[tuple[EssCertId, ...], ...] = ()
    """What follows the first in each that names more: with which others it is to be validated."""
    signed_bytes: bytes = field(repr=False)
    """What the signature is over: the signed attributes as read, under the SET tag."""
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token states; nothing in it has been verified."""

    raw: bytes = field(repr=False)
    """The token (ContentInfo) alone, as read."""
    status: int = 0
    """PKIStatus: 0 granted, 1 granted with modifications.  Refusals never become a Token."""
    bare: bool = False
    """Whether it came without the response around it, so that no status was stated."""
    info: TstInfo
    signer: Signer
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    """DER, in the token's own order; may hold strangers, may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a .tsq asked for."""

    imprint_algorithm: str
    imprint: bytes
    nonce: int | None = None
    policy: str = ""
    cert_req: bool = False


def read_response(raw: bytes) -> Token:
    """The token in a TimeStampResp, or a bare token (RFC 3161 §2.4.2).

    Raises MalformedToken: ``token_refused`` when the authority said no, ``token_not_der``,
    ``token_content``, ``token_version``, ``token_signers``, ``token_attributes`` otherwise.
    """
    try:
        top = der.read(raw, MAX_BYTES)
        top.expect(der.SEQUENCE)
        if top.children and top.children[0].tag == der.OID:
            return replace(_token(top, 0), bare=True)
        status, info = _status(top)
        if status > 1 or len(top.children) != 2:
            raise MalformedToken("token_refused", info)
        return _token(top.children[1], status)
    except MalformedToken:
        raise
    except (ValueError, IndexError) as error:
        raise MalformedToken("token_not_der", str(error)) from error


def _status(response: der.Node) -> tuple[int, str]:
    """PKIStatus, and what the authority says beside it."""
    if not 1 <= len(response.children) <= 2:
        raise ValueError("no TimeStampResp")
    info = response.children[0].expect(der.SEQUENCE)
    status = info.children[0].integer()
    said = [
        text.content.decode("utf-8", "replace")
        for part in info.children[1:]
        if part.tag == der.SEQUENCE
        for text in part.children
    ]
    if not 0 <= status <= 5:
        raise ValueError("impossible PKIStatus")
    return status, one_line(" ".join([f"status {status}", *said])[:200])


def _token(content_info: der.Node, status: int) -> Token:
    content_info.expect(der.SEQUENCE)
    kind, wrapper = content_info.exactly(2)
    if kind.oid() != _SIGNED_DATA:
        raise MalformedToken("token_content", kind.oid())
    (signed_data,) = wrapper.expect(0xA0).exactly(1)
    parts = list(signed_data.expect(der.SEQUENCE).children)
    version = parts.pop(0).integer()
    parts.pop(0).expect(der.SET)
    tst_info = _content(parts.pop(0))
    certificates: tuple[bytes, ...] = ()
    if parts[0].tag == 0xA0:
        # Other choices of CertificateSet are attribute certificates and the like.
        entries = parts.pop(0).children
        if len(entries) > MOST_CERTIFICATES:
            raise ValueError("more certificates than any authority sends")
        certificates = tuple(entry.raw for entry in entries if entry.tag == der.SEQUENCE)
    if parts[0].tag == 0xA1:
        parts.pop(0)
    (signers,) = parts
    if version != 3:
        raise MalformedToken("token_version", "SignedData")
    if len(signers.expect(der.SET).children) != 1:
        raise MalformedToken("token_signers", str(len(signers.children)))
    return Token(
        raw=content_info.raw,
        status=status,
        info=_tst_info(tst_info),
        signer=_signer(signers.children[0]),
        certificates=certificates,
    )


def _content(encapsulated: der.Node) -> bytes:
    kind, wrapper = encapsulated.expect(der.SEQUENCE).exactly(2)
    if kind.oid() != _TST_INFO:
        raise MalformedToken("token_content", kind.oid())
    (octets,) = wrapper.expect(0xA0).exactly(1)
    return octets.octets()


def _imprint(node: der.Node) -> tuple[str, bytes]:
    algorithm, value = node.expect(der.SEQUENCE).exactly(2)
    name, imprint = hash_name(algorithm), value.octets()
    if len(imprint) != SIZES.get(name, len(imprint)):
        raise ValueError(f"{len(imprint)} octets are no {name}")
    return name, imprint


def _tst_info(raw: bytes) -> TstInfo:
    top = der.read(raw).expect(der.SEQUENCE)
    version, policy, imprint, serial, time, *rest = top.children
    if version.integer() != 1:
        raise MalformedToken("token_version", "TSTInfo")
    algorithm, value = _imprint(imprint)
    accuracy, ordering, nonce = None, False, None
    if rest and rest[0].tag == der.SEQUENCE:
        accuracy = _accuracy(rest.pop(0))
    if rest and rest[0].tag == der.BOOLEAN:
        ordering = rest.pop(0).boolean()
    if rest and rest[0].tag == der.INTEGER:
        nonce = rest.pop(0).integer()
    if [part.tag for part in rest] not in ([], [0xA0], [0xA1], [0xA0, 0xA1]):
        raise ValueError("impossible TSTInfo")
    return TstInfo(
        raw=raw,
        policy=policy.oid(),
        imprint_algorithm=algorithm,
        imprint=value,
        serial=serial.integer(),
        gen_time=time.expect(der.GENERALIZED_TIME).time(),
        accuracy=accuracy,
        ordering=ordering,
        nonce=nonce,
        tsa=_own_name(rest[0]) if rest and rest[0].tag == 0xA0 else None,
        critical=_critical(rest[-1]) if rest and rest[-1].tag == 0xA1 else (),
    )


def _critical(extensions: der.Node) -> tuple[str, ...]:
    found = []
    for extension in extensions.children:
        kind, *flag, value = extension.expect(der.SEQUENCE).children
        value.octets()
        if True in [part.boolean() for part in flag]:
            found.append(kind.oid())
    return tuple(found)


def _own_name(node: der.Node) -> bytes | None:
    """The Name in the tsa field; None for one of another form."""
    (name,) = node.exactly(1)
    return name.children[0].expect(der.SEQUENCE).raw if name.tag == 0xA4 else None


def _accuracy(node: der.Node) -> timedelta:
    """Seconds, [0] milliseconds, [1] microseconds, each left out when zero."""
    values = {0x02: 0, 0x80: 0, 0x81: 0}
    for part in node.children:
        if part.tag not in values or len(part.content) > 4:
            raise ValueError("impossible Accuracy")
        values[part.tag] = int.from_bytes(part.content, "big")
    return timedelta(seconds=values[0x02], milliseconds=values[0x80], microseconds=values[0x81])


def _signer(node: der.Node) -> Signer:
    version, sid, digest, attributes, algorithm, signature, *rest = node.expect(
        der.SEQUENCE
    ).children
    issuer, serial, key_id = None, None, None
    if sid.tag == 0x80:
        key_id = sid.content
    else:
        name, number = sid.expect(der.SEQUENCE).exactly(2)
        issuer, serial = name.expect(der.SEQUENCE).raw, number.integer()
    if version.integer() != (1 if key_id is None else 3):
        raise MalformedToken("token_version", "SignerInfo")
    if [part.tag for part in rest] not in ([], [0xA1]):
        raise ValueError("impossible SignerInfo")
    attributes.expect(0xA0)
    message_digest, listed = _signed_attributes(attributes)
    oid, parameters = read_algorithm(algorithm)
    return Signer(
        issuer=issuer,
        serial=serial,
        key_id=key_id,
        digest_algorithm=hash_name(digest),
        signature_algorithm=oid,
        signature_parameters=parameters,
        message_digest=message_digest,
        signing_certificates=tuple(ids[0] for ids in listed),
        lists=tuple(ids[1:] for ids in listed if len(ids) > 1),
        signed_bytes=bytes((der.SET,)) + attributes.raw[1:],
        signature=signature.octets(),
    )


def _signed_attributes(attributes: der.Node) -> tuple[bytes, list[tuple[EssCertId, ...]]]:
    """The message digest and the certificates named (RFC 5652 §11, RFC 5816), by attribute."""
    found: dict[str, der.Node] = {}
    for attribute in attributes.children:
        kind, values = attribute.expect(der.SEQUENCE).exactly(2)
        if kind.oid() in found:
            raise MalformedToken("token_attributes", kind.oid())
        found[kind.oid()] = values.expect(der.SET)
    known = (_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2)
    single = {oid: found[oid].exactly(1)[0] for oid in known if oid in found}
    if _CONTENT_TYPE not in single or _MESSAGE_DIGEST not in single:
        raise MalformedToken("token_attributes")
    if single[_CONTENT_TYPE].oid() != _TST_INFO:
        raise MalformedToken("token_content", single[_CONTENT_TYPE].oid())
    named = [
        _ess_cert_ids(single[oid], default)
        for oid, default in ((_SIGNING_CERTIFICATE, "sha1"), (_SIGNING_CERTIFICATE_V2, "sha256"))
        if oid in single
    ]
    if not named:
        raise MalformedToken("token_attributes", "signingCertificate")
    return single[_MESSAGE_DIGEST].octets(), named


def _ess_cert_ids(node: der.Node, algorithm: str) -> tuple[EssCertId, ...]:
    """Each ESSCertID or ESSCertIDv2; ``algorithm`` is what holds when none is stated."""
    listed = node.expect(der.SEQUENCE).children[0].expect(der.SEQUENCE).children
    if not 0 < len(listed) <= MOST_CERTIFICATES:
        raise ValueError("no certificate is named, or more than any authority names")
    return tuple(_ess_cert_id(one, algorithm) for one in listed)


def _ess_cert_id(node: der.Node, algorithm: str) -> EssCertId:
    parts = list(node.expect(der.SEQUENCE).children)
    if algorithm != "sha1" and parts[0].tag == der.SEQUENCE:
        algorithm = hash_name(parts.pop(0))
    value = parts.pop(0).octets()
    if not parts:
        return EssCertId(hash_algorithm=algorithm, hash=value)
    (issuer_serial,) = parts
    names, serial = issuer_serial.expect(der.SEQUENCE).exactly(2)
    issuers = [name.children[0].raw for name in names.children if name.tag == 0xA4]
    return EssCertId(
        hash_algorithm=algorithm,
        hash=value,
        serial=serial.integer(),
        issuer=issuers[0] if issuers else None,
    )


def make_query(sha256: bytes, nonce: int) -> bytes:
    """DER of a TimeStampReq for a SHA-256 that asks for the certificate (RFC 3161 §2.4.1)."""
    if len(sha256) != 32:
        raise ValueError("no SHA-256")
    algorithm = der.element(der.SEQUENCE, der.oid(_SHA256), der.element(der.NULL))
    return der.element(
        der.SEQUENCE,
        der.integer(1),
        der.element(der.SEQUENCE, algorithm, der.element(der.OCTET_STRING, sha256)),
        der.integer(nonce),
        der.element(der.BOOLEAN, b"\xff"),
    )


def read_query(raw: bytes) -> Query:
    """What a .tsq asks for.  Raises MalformedToken(``query_not_der``)."""
    try:
        version, imprint, *rest = der.read(raw, MAX_BYTES).expect(der.SEQUENCE).children
        algorithm, value = _imprint(imprint)
        policy, nonce, cert_req = "", None, False
        if rest and rest[0].tag == der.OID:
            policy = rest.pop(0).oid()
        if rest and rest[0].tag == der.INTEGER:
            nonce = rest.pop(0).integer()
        if rest and rest[0].tag == der.BOOLEAN:
            cert_req = rest.pop(0).boolean()
        if version.integer() != 1 or [part.tag for part in rest] not in ([], [0xA0]):
            raise ValueError("impossible TimeStampReq")
    except (ValueError, IndexError) as error:
        raise MalformedToken("query_not_der", str(error)) from error
    return Query(
        imprint_algorithm=algorithm, imprint=value, nonce=nonce, policy=policy, cert_req=cert_req
    )


def _bears(certificate: Certificate, name: bytes) -> bool:
    """Whether a Name (DER) is one of a certificate's subject, as its own or beside it."""
    return name in certificate.also_named or _plain(name) == _plain(certificate.subject)


def _plain(name: bytes) -> list[tuple[bytes, bytes]]:
    """A Name without what makes no difference: kinds of strings, case and spaces."""
    return [
        (pair.children[0].raw, b" ".join(pair.children[1].content.lower().split()))
        for group in der.read(name).children
        for pair in group.children
        if len(pair.children) == 2
    ]


def find_signer(token: Token, chain: Sequence[bytes] = ()) -> Certificate | None:
    """The certificate that the token names as its signer, from itself or from ``chain`` (DER).

    Chosen by the SignerInfo's sid, never by place.  Where several bear that name, the one whose
    hash the token states; strangers and unreadable certificates are passed over.
    """
    signer, fitting = token.signer, []
    for raw in (*token.certificates, *chain):
        try:
            candidate = read_certificate(raw)
        except ValueError:
            continue
        if signer.key_id is not None:
            fits = candidate.key_id == signer.key_id
        else:
            fits = (candidate.issuer, candidate.serial) == (signer.issuer, signer.serial)
        if fits:
            fitting.append(candidate)
    named = [candidate for candidate in fitting if _is_named(token, candidate)]
    return next(iter(named or fitting), None)


def _is_named(token: Token, certificate: Certificate) -> bool:
    """Whether every ESSCertID of the token is this certificate's."""
    return all(
        hashed(named.hash_algorithm, certificate.raw) == named.hash
        and named.serial in {None, certificate.serial}
        and named.issuer in {None, certificate.issuer}
        for named in token.signer.signing_certificates
    )


def choices(token: Token, certificates: Sequence[bytes]) -> tuple[tuple[bytes, ...], ...]:
    """Among which of ``certificates`` (DER) a path is to be looked for, best first.

    Those that the token's lists allow come before all of them.
    """
    return tuple(dict.fromkeys((_allowed(token, certificates), tuple(certificates))))


def _allowed(token: Token, certificates: Sequence[bytes]) -> tuple[bytes, ...]:
    """Those that stand in each list of the token."""
    for further in token.signer.lists:
        names = {one.hash_algorithm for one in further}
        listed = {(one.hash_algorithm, one.hash) for one in further}
        certificates = [
            raw
            for raw in certificates
            if any((name, hashed(name, raw)) in listed for name in names)
        ]
    return tuple(certificates)


def held_to_lists(token: Token, path: Sequence[Certificate]) -> tuple[FindingOutcome, str]:
    """What a token's lists of certificates say of ``path``, signer first, and of which one.

    ``ok`` where each that is listed is in the path above the signer, and each link between signer
    and root is listed: programs ask the one or the other.  ``broken`` where a certificate of the
    path is listed as one of another issuer or number, which none takes; else ``unchecked``, for
    others that were not at hand may make a path that fits.
    """
    above = path[1:]
    told = [_about_listed(named, above) for further in token.signer.lists for named in further]
    fitting = _allowed(token, [one.raw for one in path])
    told += [("unchecked", one.common_name) for one in path[1:-1] if one.raw not in fitting]
    return max((("ok", ""), *told), key=lambda one: weight(one[0]))


def _about_listed(named: EssCertId, above: Sequence[Certificate]) -> tuple[FindingOutcome, str]:
    name = named.hash_algorithm
    for one in above:
        if hashed(name, one.raw) == named.hash:
            issuer = None if named.issuer is None else _plain(named.issuer)
            fits = named.serial in {None, one.serial} and issuer in (None, _plain(one.issuer))
            return ("ok", "") if fits else ("broken", one.common_name)
    return "unchecked", f"{name} {named.hash.hex()[:64]}"


def check_profile(
    token: Token,
    subject: str,
    digest: Digest,
    *,
    query: Query | None = None,
    policies: Sequence[str] = (),
    chain: Sequence[bytes] = (),
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """What the profile has to say against (and beside) a token; nothing broken means it is met.

    ``query`` is what was sent, ``policies`` the OIDs accepted (empty: any), ``chain`` certificates
    (DER) that may supply the signer's, ``now`` the local clock.  Signature and chain remain.
    """
    told: list[tuple[str, FindingOutcome, str]] = []
    if token.status == 1:
        told.append(("token_granted_with_mods", "ok", ""))
    if token.bare:
        told.append(("token_bare", "ok", ""))
    told += _about_imprint(token, digest)
    over, stated = _signed_over(token.signer), token.signer.digest_algorithm
    if over not in {"", stated} and stated in SIZES:
        told.append(("token_signature", "broken", f"{over} ≠ {stated}"))
    told += _about_query(token, query)
    if policies and token.info.policy not in policies:
        told.append(("token_policy", "broken", token.info.policy))
    told += _about_signer(token, find_signer(token, chain))
    accuracy = token.info.accuracy or timedelta()
    if token.info.critical:
        told.append(("token_extension", "unchecked", token.info.critical[0]))
    if accuracy > COARSE:
        told.append(("token_accuracy", "weak", f"± {accuracy // timedelta(seconds=1)} s"))
    allowed = FUTURE_TOLERANCE + accuracy
    if now is not None and token.info.gen_time - now > allowed:
        told.append(("token_future", "unchecked", rfc3339(token.info.gen_time)))
    return tuple(
        Finding(subject=subject, rule=rule, outcome=outcome, detail=detail)
        for rule, outcome, detail in told
    )


_Told = list[tuple[str, FindingOutcome, str]]


def _about_imprint(token: Token, digest: Digest) -> _Told:
    told: _Told = []
    info, signer = token.info, token.signer
    try:
        if info.imprint_algorithm not in SIZES:
            raise ValueError(info.imprint_algorithm)
        if digest(info.imprint_algorithm) != info.imprint:
            told.append(("token_imprint", "broken", info.imprint_algorithm))
    except ValueError:
        told.append(("token_hash_unknown", "unchecked", info.imprint_algorithm))
    content = hashed(signer.digest_algorithm, info.raw)
    if content is None:
        told.append(("token_hash_unknown", "unchecked", signer.digest_algorithm))
    elif content != signer.message_digest:
        told.append(("token_message_digest", "broken", signer.digest_algorithm))
    if "sha1" in {info.imprint_algorithm, signer.digest_algorithm}:
        told.append(("token_weak_hash", "weak", "sha1"))
    return told


def _signed_over(signer: Signer) -> str:
    """The hash that the signature's own algorithm names; empty where it names none.

    RFC 5652 §5.4 has one hash for content and attributes, the signer's.  Nothing signs either
    name, and programs differ in which one they follow where the two are not the same.
    """
    if signer.signature_algorithm != RSA_PSS:
        return SIGNED_OVER.get(signer.signature_algorithm, "")
    try:
        return read_pss(signer.signature_parameters)[0]
    except (ValueError, IndexError):
        return ""


def _about_query(token: Token, query: Query | None) -> _Told:
    if query is None:
        return []
    told: _Told = []
    info = token.info
    if (query.imprint_algorithm, query.imprint) != (info.imprint_algorithm, info.imprint):
        told.append(("token_query", "broken", info.imprint_algorithm))
    if query.nonce is not None and query.nonce != info.nonce:
        told.append(("token_nonce", "broken", ""))
    if query.policy not in {"", info.policy}:
        told.append(("token_policy", "broken", info.policy))
    return told


def _about_signer(token: Token, signer: Certificate | None) -> _Told:
    if signer is None:
        return [("token_signer_absent", "unchecked", "")]
    told: _Told = []
    name, time = signer.common_name, token.info.gen_time
    if not _is_named(token, signer):
        told.append(("token_signing_certificate", "broken", name))
    if token.info.tsa is not None and not _bears(signer, token.info.tsa):
        told.append(("token_tsa_name", "weak", common_name(token.info.tsa)))
    if signer.extended_key_usage != (TIME_STAMPING,) or not signer.extended_key_usage_critical:
        told.append(("token_key_usage", "broken", name))
    # A certificate ends with the last second it names.
    if time < signer.not_before or time - signer.not_after >= timedelta(seconds=1):
        told.append(("token_signer_validity", "broken", rfc3339(time)))
    return told
