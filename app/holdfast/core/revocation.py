"""Revocation lists and answers (RFC 5280 §5, RFC 6960), and what they mean for a token.

What an authority publishes about its certificates is signed, so it may come over any wire and lie
in any pack: a list or an answer counts when the issuer of the certificate signed it, or somebody
whom that issuer named for it.  The arithmetic is an adapter's; everything else is judged here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from holdfast.core import der
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import Certificate, read_certificate, read_extensions
from holdfast.core.path import is_valid
from holdfast.core.verdict import FindingOutcome

MAX_BYTES: Final = der.MAX_BYTES
MAX_ANSWERS: Final = 64
"""Single answers of one OCSP response that are looked at; it is asked about one."""

MAX_NAMESAKES: Final = 8
"""Certificates of one name whose keys are tried on one list or answer."""

Holds: TypeAlias = Callable[[bytes, str, bytes, bytes, bytes], bool | None]
"""(SubjectPublicKeyInfo, signature algorithm, its parameters, what was signed, signature) → whether
the signature holds; None where this machine has no arithmetic for it."""

_CRL_POINTS = "2.5.29.31"
_INFORMATION = "1.3.6.1.5.5.7.1.1"
_OCSP_AT = "1.3.6.1.5.5.7.48.1"
_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
_BASIC = "1.3.6.1.5.5.7.48.1.1"
_SCOPE = "2.5.29.28"
_REASON = "2.5.29.21"
_INVALID_SINCE = "2.5.29.24"
_SHA1 = "1.3.14.3.2.26"
_HASHES = {_SHA1: "sha1", "2.16.840.1.101.3.4.2.1": "sha256"}
_ISSUES_LISTS = 0x02
"""cRLSign in the first octet of KeyUsage."""

KEPT_AS: Final = frozenset({3, 4, 5})
"""affiliationChanged, superseded, cessationOfOperation: what was signed before stays good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What lists, answers and certificates have in common: signed bytes and their signature."""

    body: der.Node = field(repr=False)
    algorithm: str
    parameters: bytes = b""
    signature: bytes = field(repr=False)

    def by(self, key: bytes, holds: Holds) -> bool | None:
        """Whether the key (SubjectPublicKeyInfo) signed it; None where that cannot be computed."""
        return holds(key, self.algorithm, self.parameters, self.body.raw, self.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """When a certificate was withdrawn, and the reason code where one is stated."""

    since: datetime
    reason: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateList:
    """A complete CRL (RFC 5280 §5)."""

    signed: Signed
    issuer: bytes
    as_of: datetime
    until: datetime | None
    revoked: dict[int, list[Revoked]] = field(repr=False)
    """By serial number, of which one may stand there more than once."""
    users_only: bool = False
    authorities_only: bool = False
    places: tuple[str, ...] = ()
    """Distribution points it is for; empty: all that the issuer issued."""

    @property
    def signed_at(self) -> datetime:
        """When it was issued."""
        return self.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleAnswer:
    """What an OCSP response says about one certificate (RFC 6960 §4.2.1)."""

    hash: str
    name_hash: bytes
    key_hash: bytes
    serial: int
    state: Literal["good", "revoked", "unknown"]
    revoked: Revoked | None
    as_of: datetime
    until: datetime | None

    def names(self, issuer: Certificate) -> bool:
        """Whether it speaks about a certificate that ``issuer`` issued."""
        if _digest(self.hash, issuer.subject) != self.name_hash:
            return False
        try:
            # Certificates beside a list come with the pack; their keys may be anything.
            return _digest(self.hash, _key(issuer)) == self.key_hash
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspResponse:
    """A successful basic OCSP response."""

    signed: Signed
    made: datetime
    answers: tuple[SingleAnswer, ...]
    certificates: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def signed_at(self) -> datetime:
        """When it was made."""
        return self.made


Material: TypeAlias = CertificateList | OcspResponse


# --- where it is published -----------------------------------------------------------------------


def places(raw: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a certificate (DER) says its revocation list and its OCSP responder are: web addresses.

    Raises ValueError for what is no certificate.
    """
    try:
        extensions = _certificate_extensions(raw)
        _, points = extensions.get(_CRL_POINTS, (False, b""))
        _, information = extensions.get(_INFORMATION, (False, b""))
        lists = [
            name
            for point in (der.read(points).children if points else ())
            for part in point.children
            if part.tag == 0xA0
            for name in _full_names(part)
        ]
        responders = [
            name
            for access in (der.read(information).children if information else ())
            if access.children[0].oid() == _OCSP_AT
            for name in _web_names((access.children[1],))
        ]
    except IndexError as error:
        raise ValueError("no certificate") from error
    return tuple(dict.fromkeys(lists)), tuple(dict.fromkeys(responders))


def _certificate_extensions(raw: bytes) -> dict[str, tuple[bool, bytes]]:
    body = der.read(raw).children[0]
    holders = [part for part in body.children if part.tag == 0xA3]
    return read_extensions(holders[0].children[0] if holders else None)


def _full_names(point: der.Node) -> tuple[str, ...]:
    """The web addresses of a DistributionPointName: its fullName."""
    return tuple(
        name
        for choice in point.children
        if choice.tag == 0xA0
        for name in _web_names(choice.children)
    )


def _web_names(names: Sequence[der.Node]) -> tuple[str, ...]:
    found = (one.content.decode("ascii", "replace") for one in names if one.tag == 0x86)
    return tuple(name for name in found if name.lower().startswith(("http://", "https://")))


def ocsp_request(certificate: Certificate, issuer: Certificate) -> bytes:
    """DER of an OCSPRequest about one certificate, by SHA-1 as every responder knows it.

    Without a nonce, so that answers made beforehand fit (RFC 5019 §2.1).  Raises ValueError for an
    issuer whose key is none.
    """
    key = _key(issuer)
    name = der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, der.oid(_SHA1), der.element(der.NULL)),
        der.element(der.OCTET_STRING, _digest("sha1", issuer.subject)),
        der.element(der.OCTET_STRING, _digest("sha1", key)),
        der.integer(certificate.serial),
    )
    listed = der.element(der.SEQUENCE, der.element(der.SEQUENCE, name))
    return der.element(der.SEQUENCE, der.element(der.SEQUENCE, listed))


def _key(certificate: Certificate) -> bytes:
    """The bits of its public key.  Raises ValueError."""
    parts = der.read(certificate.public_key).children
    if len(parts) != 2:
        raise ValueError("no public key")
    return parts[1].bits()


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()


def subject_of(material: Material) -> tuple[Literal["crl", "ocsp"], bytes]:
    """Its form, and what it is about: two of one subject differ in age only."""
    if isinstance(material, CertificateList):
        return "crl", material.issuer + "\0".join(material.places).encode()
    about = (b"%x" % one.serial + one.name_hash + one.key_hash for one in material.answers)
    return "ocsp", b"".join(about)


# --- reading -------------------------------------------------------------------------------------


def read_material(raw: bytes) -> Material:
    """The revocation list or OCSP response that ``raw`` (DER) is.  Raises ValueError only.

    Delta and indirect lists, and lists of some reasons only, are refused: they say too little.
    """
    try:
        top = der.read(raw, MAX_BYTES).expect(der.SEQUENCE)
        if top.children[0].tag == der.ENUMERATED:
            return _response(top)
        return _list(top)
    except IndexError as error:
        raise ValueError("neither a revocation list nor an answer") from error


def read_signed(raw: bytes) -> Signed:
    """The signed bytes of a certificate (DER) and their signature.  Raises ValueError."""
    return _signed(der.read(raw, MAX_BYTES).expect(der.SEQUENCE).children)


def _signed(parts: Sequence[der.Node]) -> Signed:
    body, algorithm, signature = parts[:3]
    oid, *parameters = algorithm.expect(der.SEQUENCE).children
    return Signed(
        body=body.expect(der.SEQUENCE),
        algorithm=oid.oid(),
        parameters=b"".join(part.raw for part in parameters),
        signature=signature.bits(),
    )


def _list(top: der.Node) -> CertificateList:
    if len(top.children) != 3:
        raise ValueError("no revocation list")
    signed = _signed(top.children)
    parts = list(signed.body.children)
    if parts[0].tag == der.INTEGER and parts.pop(0).integer() != 1:
        raise ValueError("another version of revocation lists")
    if parts.pop(0).raw != top.children[1].raw:
        raise ValueError("two different signature algorithms")
    issuer, as_of = parts.pop(0).expect(der.SEQUENCE).raw, parts.pop(0).time()
    until = parts.pop(0).time() if parts and parts[0].tag in _TIMES else None
    entries = parts.pop(0).children if parts and parts[0].tag == der.SEQUENCE else ()
    if [part.tag for part in parts] not in ([], [0xA0]):
        raise ValueError("no revocation list")
    users, authorities, names = _scope(read_extensions(parts[0].children[0] if parts else None))
    revoked: dict[int, list[Revoked]] = {}
    for serial, entry in map(_entry, entries):
        revoked.setdefault(serial, []).append(entry)
    return CertificateList(
        signed=signed,
        issuer=issuer,
        as_of=as_of,
        until=until,
        revoked=revoked,
        users_only=users,
        authorities_only=authorities,
        places=names,
    )


_TIMES = (der.UTC_TIME, der.GENERALIZED_TIME)


def _scope(extensions: dict[str, tuple[bool, bytes]]) -> tuple[bool, bool, tuple[str, ...]]:
    """Users only, authorities only, distribution points."""
    if any(critical for oid, (critical, _) in extensions.items() if oid != _SCOPE):
        raise ValueError("a list with a critical extension that is not known")
    _, raw = extensions.get(_SCOPE, (False, b""))
    if not raw:
        return False, False, ()
    users, authorities = False, False
    names: tuple[str, ...] = ()
    for part in der.read(raw).expect(der.SEQUENCE).children:
        if part.tag == 0xA0:
            names = _full_names(part)
        elif part.tag == 0x81:
            users = True
        elif part.tag == 0x82:
            authorities = True
        else:
            raise ValueError("a list of some reasons, of others' certificates or of attributes")
    return users, authorities, names


def _entry(node: der.Node) -> tuple[int, Revoked]:
    serial, since, *rest = node.expect(der.SEQUENCE).children
    if len(rest) > 1:
        raise ValueError("no entry of a revocation list")
    extensions = read_extensions(rest[0] if rest else None)
    if any(critical for critical, _ in extensions.values()):
        raise ValueError("an entry with a critical extension")
    _, reason = extensions.get(_REASON, (False, b""))
    _, invalid = extensions.get(_INVALID_SINCE, (False, b""))
    times = [since.time(), *([der.read(invalid).time()] if invalid else [])]
    code = _reason(der.read(reason)) if reason else None
    return serial.integer(), Revoked(since=min(times), reason=code)


def _reason(node: der.Node) -> int:
    """A CRLReason (RFC 5280 §5.3.1)."""
    code = node.enumerated()
    if not 0 <= code <= 10:
        raise ValueError("an impossible reason")
    return code


def _response(top: der.Node) -> OcspResponse:
    if (status := top.children[0].enumerated()) != 0:
        raise ValueError(f"an OCSP response of status {status}")
    if len(top.children) != 2:
        raise ValueError("no OCSP response")
    kind, octets = top.children[1].expect(0xA0).children[0].expect(der.SEQUENCE).children
    if kind.oid() != _BASIC:
        raise ValueError("an OCSP response of another kind")
    basic = der.read(octets.octets(), MAX_BYTES).expect(der.SEQUENCE).children
    if [part.tag for part in basic[3:]] not in ([], [0xA0]):
        raise ValueError("no OCSP response")
    signed = _signed(basic)
    parts = list(signed.body.children)
    if parts[0].tag == 0xA0:
        parts.pop(0)
    responder, made, answers, *rest = parts
    if responder.tag not in (0xA1, 0xA2) or [part.tag for part in rest] not in ([], [0xA1]):
        raise ValueError("no OCSP response")
    if len(answers.expect(der.SEQUENCE).children) > MAX_ANSWERS:
        raise ValueError("too many answers")
    return OcspResponse(
        signed=signed,
        made=made.time(),
        answers=tuple(_answer(one) for one in answers.children),
        certificates=tuple(one.raw for one in basic[3].children[0].children) if basic[3:] else (),
    )


def _answer(node: der.Node) -> SingleAnswer:
    about, state, as_of, *rest = node.expect(der.SEQUENCE).children
    algorithm, name_hash, key_hash, serial = about.expect(der.SEQUENCE).children
    oid = algorithm.expect(der.SEQUENCE).children[0].oid()
    if oid not in _HASHES:
        raise ValueError(f"an answer named by {oid}")
    until = next((part.children[0].time() for part in rest if part.tag == 0xA0), None)
    revoked: Revoked | None = None
    if state.tag == 0xA1:
        since, *reason = state.children
        if len(reason) > 1:
            raise ValueError("an impossible OCSP state")
        code = _reason(reason[0].children[0]) if reason else None
        revoked = Revoked(since=since.time(), reason=code)
    elif state.tag not in (0x80, 0x82):
        raise ValueError("an impossible OCSP state")
    return SingleAnswer(
        hash=_HASHES[oid],
        name_hash=name_hash.octets(),
        key_hash=key_hash.octets(),
        serial=serial.integer(),
        state="revoked" if revoked else "good" if state.tag == 0x80 else "unknown",
        revoked=revoked,
        as_of=as_of.time(),
        until=until,
    )


# --- whose word it is ----------------------------------------------------------------------------


def vouched(material: Material, certificates: Sequence[Certificate], holds: Holds) -> bool | None:
    """Whether one of ``certificates`` signed it for those it issued, by itself or by a delegate.

    None where that cannot be computed here.  Of one name only so many are tried.
    """
    found: bool | None = False
    for issuer in [one for one in certificates if is_about(material, one)][:MAX_NAMESAKES]:
        state = _signed_for(material, issuer, holds)
        if state:
            return True
        found = None if state is None else found
    return found


def is_about(material: Material, issuer: Certificate) -> bool:
    """Whether by name it speaks about certificates that ``issuer`` issued."""
    if isinstance(material, CertificateList):
        return material.issuer == issuer.subject
    return any(answer.names(issuer) for answer in material.answers)


def _signed_for(material: Material, issuer: Certificate, holds: Holds) -> bool | None:
    """The same of one certificate that by name it ``is_about``."""
    if isinstance(material, CertificateList):
        return _may_list(issuer) and material.signed.by(issuer.public_key, holds)
    own = material.signed.by(issuer.public_key, holds)
    delegates = [_delegated(raw, material, issuer, holds) for raw in material.certificates[:8]]
    states = [own, *delegates]
    return True if True in states else None if None in states else False


def _may_list(issuer: Certificate) -> bool:
    """RFC 5280 §6.3.3 (f): where a key's uses are stated, signing lists is among them."""
    return issuer.key_uses is None or bool(issuer.key_uses & _ISSUES_LISTS)


def _delegated(
    raw: bytes, material: OcspResponse, issuer: Certificate, holds: Holds
) -> bool | None:
    """Whether a certificate in the response is a responder's that ``issuer`` named, and signed."""
    try:
        one, how = read_certificate(raw), read_signed(raw)
    except ValueError:
        return False
    fits = (
        one.issuer == issuer.subject
        and _OCSP_SIGNING in one.extended_key_usage
        and is_valid(one, material.made)
    )
    if not fits:
        return False
    named = how.by(issuer.public_key, holds)
    return material.signed.by(one.public_key, holds) if named else named


# --- what it means for a token -------------------------------------------------------------------

Told: TypeAlias = tuple[str, FindingOutcome, str]
"""Rule, outcome, detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """What one list or answer says about one certificate."""

    as_of: datetime
    until: datetime | None
    revoked: Revoked | None = None


def weigh(
    path: Sequence[Certificate], materials: Sequence[Material], moment: datetime, holds: Holds
) -> tuple[Told, ...]:
    """What ``materials`` say about each certificate of a path (signer first, root last).

    ``moment`` is the token's time.  Withdrawn before it, or because the key was in other hands, is
    broken; withdrawn later for a harmless reason is said; where nothing is said, that is said.
    """
    told: list[Told] = []
    silent: list[str] = []
    for at, (certificate, issuer) in enumerate(pairwise(path)):
        words = [
            word
            for material in materials
            for word in _about(material, certificate, issuer, holds, authority=at > 0)
            if word.revoked or _is_clean(word, certificate, moment)
        ]
        if not words:
            silent.append(certificate.common_name)
            continue
        ends = [
            _withdrawn(word.revoked, certificate, moment, signer=at == 0)
            for word in words
            if word.revoked is not None
        ]
        if ends:
            # What is known of a withdrawal grows; the gravest word stands, wherever it is written.
            told.append(next((end for end in ends if end[1] == "broken"), ends[0]))
        else:
            newest = max(word.as_of for word in words)
            told.append(("revocation_good", "ok", f"{certificate.common_name} · {rfc3339(newest)}"))
    if silent:
        told.append(("revocation_absent", "unchecked", ", ".join(silent)))
    return tuple(told)


def _about(
    material: Material,
    certificate: Certificate,
    issuer: Certificate,
    holds: Holds,
    *,
    authority: bool,
) -> list[_Word]:
    if isinstance(material, CertificateList):
        if material.issuer != certificate.issuer or not _covers(material, certificate, authority):
            return []
        entries = material.revoked.get(certificate.serial, (None,))
        words = [
            _Word(as_of=material.as_of, until=material.until, revoked=entry) for entry in entries
        ]
    else:
        words = [
            _Word(as_of=answer.as_of, until=answer.until, revoked=answer.revoked)
            for answer in material.answers
            if answer.serial == certificate.serial
            and answer.state != "unknown"
            and answer.names(issuer)
        ]
    return words if words and _signed_for(material, issuer, holds) else []


def _covers(material: CertificateList, certificate: Certificate, authority: bool) -> bool:
    """Whether the list is one for this certificate: its kind, and its distribution point."""
    if (material.users_only and authority) or (material.authorities_only and not authority):
        return False
    if not material.places:
        return True
    try:
        stated, _ = places(certificate.raw)
    except ValueError:
        return False
    return not set(material.places).isdisjoint(stated)


def _is_clean(word: _Word, certificate: Certificate, moment: datetime) -> bool:
    """Whether a word that names no withdrawal says something of ``moment``.

    An earlier one does where it was still to hold then; one that does not say until when was true
    when it was said (RFC 6960 §2.4).  After a certificate has ended, its withdrawal may be left out
    (RFC 5280 §3.3, RFC 6960 §4.4.4).
    """
    return word.as_of <= certificate.not_after and moment <= max(
        word.as_of, word.until or word.as_of
    )


def _withdrawn(word: Revoked, certificate: Certificate, moment: datetime, *, signer: bool) -> Told:
    """RFC 3161 §4 (1): without one of the harmless reasons, nothing that a TSA signed stands."""
    since, reason = word.since, word.reason
    said = "" if reason is None else f" · reason {reason}"
    detail = f"{certificate.common_name} · {rfc3339(since)}{said}"
    harmless = reason in KEPT_AS or reason == 0 or (reason is None and not signer)
    if since <= moment or not harmless:
        return "token_revoked", "broken", detail
    return "token_revoked_later", "ok", detail
