"""X.509 certificates: what they state, and files of them as packs hold them.

Reading verifies nothing; what is asked of a path of them stands in ``path``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from holdfast.core import der
from holdfast.core.algorithms import read_algorithm
from holdfast.core.canonical import one_line

_EXTENDED_KEY_USAGE = "2.5.29.37"
_SUBJECT_KEY_ID = "2.5.29.14"
_ISSUER_KEY_ID = "2.5.29.35"
_BASIC_CONSTRAINTS = "2.5.29.19"
_SUBJECT_ALT_NAME = "2.5.29.17"
KEY_USAGE: Final = "2.5.29.15"
_THIRD_VERSION = bytes.fromhex("a003020102")
"""What stands first in every certificate but those of the first version; of a second none is known
to have been made."""
_MAY_FOLLOW = frozenset({0x81, 0x82, 0xA3})
"""Tags behind the key: unique identifiers of its issuer and subject, and extensions."""
_FALSE = der.element(der.BOOLEAN, b"\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The parts of an X.509 certificate that the profile looks at."""

    raw: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    """DER of the Name."""
    subject: bytes = field(repr=False)
    serial: int
    not_before: datetime
    not_after: datetime
    public_key: bytes = field(repr=False)
    """DER of SubjectPublicKeyInfo."""
    first_version: bool = False
    """Whether it is of the version that had no extensions."""
    key_id: bytes | None = None
    issuer_key_id: bytes | None = None
    """Which key of its issuer signed it, where stated; beside it or instead, which certificate."""
    issuer_issuer: bytes | None = field(default=None, repr=False)
    issuer_serial: int | None = None
    extended_key_usage: tuple[str, ...] = ()
    key_uses: int | None = None
    """The first octet of KeyUsage; None where it is not stated."""
    authority: bool | None = None
    """Whether it may issue others; None where it does not say."""
    path_length: int | None = None
    """How many authorities may follow it, where stated."""
    critical: tuple[str, ...] = ()
    """Its critical extensions (OID)."""
    also_named: bytes = field(default=b"", repr=False)
    """What its subject is called beside its Name (subjectAltName), unread."""

    @property
    def extended_key_usage_critical(self) -> bool:
        """Whether its purposes bind also those who do not know them."""
        return _EXTENDED_KEY_USAGE in self.critical

    @property
    def common_name(self) -> str:
        """The subject's."""
        return common_name(self.subject)


def read_certificate(raw: bytes) -> Certificate:
    """The parts of an X.509 certificate that the profile needs.  Raises ValueError.

    Those of an authority come with every token of its, so the last few are remembered.
    """
    return _known_certificate(raw) if len(raw) <= _USUAL_CERTIFICATE else _certificate(raw)


_USUAL_CERTIFICATE = 8 << 10
"""Bytes; genuine ones have one to three thousand."""


@lru_cache(maxsize=256)
def _known_certificate(raw: bytes) -> Certificate:
    return _certificate(raw)


def _certificate(raw: bytes) -> Certificate:
    try:
        tbs, scheme, signature = der.read(raw).expect(der.SEQUENCE).exactly(3)
        parts = list(tbs.expect(der.SEQUENCE).children)
        first_version = parts[0].tag != 0xA0
        if not first_version and parts.pop(0).raw != _THIRD_VERSION:
            raise ValueError("a certificate of another version")
        serial, same_scheme, issuer, validity, subject, public_key, *rest = parts
        start, end = validity.expect(der.SEQUENCE).exactly(2)
        kind, key = public_key.expect(der.SEQUENCE).exactly(2)
        for algorithm, octets in ((scheme, signature), (same_scheme, signature), (kind, key)):
            read_algorithm(algorithm)
            octets.bits()
        tags = [part.tag for part in rest]
        if tags != sorted({*tags} & _MAY_FOLLOW):
            raise ValueError("something behind the key that no certificate has")
        listed = rest[-1].exactly(1)[0] if 0xA3 in tags else None
        extensions = read_extensions(listed)
        if listed and _FALSE in [part.raw for one in listed.children for part in one.children]:
            raise ValueError("an extension that states what need not be stated")
        stated = {oid: value for oid, (_, value) in extensions.items()}
        authority, path_length = _limits(stated.get(_BASIC_CONSTRAINTS))
        key_id = stated.get(_SUBJECT_KEY_ID)
        issuer_key_id, issuer_issuer, issuer_serial = _issuer_key(stated.get(_ISSUER_KEY_ID))
        return Certificate(
            raw=raw,
            issuer=_name(issuer),
            subject=_name(subject),
            serial=serial.integer(),
            not_before=start.time(),
            not_after=end.time(),
            public_key=public_key.raw,
            first_version=first_version,
            key_id=None if key_id is None else der.read(key_id).octets(),
            issuer_key_id=issuer_key_id,
            issuer_issuer=issuer_issuer,
            issuer_serial=issuer_serial,
            extended_key_usage=_purposes(stated.get(_EXTENDED_KEY_USAGE)),
            key_uses=_key_uses(stated.get(KEY_USAGE)),
            authority=authority,
            path_length=path_length,
            critical=tuple(oid for oid, (critical, _) in extensions.items() if critical),
            also_named=stated.get(_SUBJECT_ALT_NAME, b""),
        )
    except IndexError as error:
        raise ValueError("no certificate") from error


def _name(node: der.Node) -> bytes:
    """A Name (DER): sets of pairs of a kind and a value."""
    for group in node.expect(der.SEQUENCE).children:
        for pair in group.expect(der.SET).children:
            pair.expect(der.SEQUENCE).exactly(2)[0].expect(der.OID)
    return node.raw


_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


def read_certificates(raw: bytes) -> tuple[bytes, ...]:
    """The certificates (DER) of a PEM file in its order, or the one that a DER file is.

    Raises ValueError when there is none, or one is no certificate.
    """
    if len(raw) > der.MAX_BYTES:
        raise ValueError("more bytes than allowed")
    found = tuple(map(_block, _PEM.findall(raw))) or (raw,)
    for certificate in found:
        read_certificate(certificate)
    return found


def _block(text: bytes) -> bytes:
    """Base64 in its one spelling but for white space: libraries take others, not the same ones."""
    plain = b"".join(text.split())
    raw = binascii.a2b_base64(plain)
    if binascii.b2a_base64(raw, newline=False) != plain:
        raise ValueError("malformed Base64")
    return raw


def read_extensions(listed: der.Node | None) -> dict[str, tuple[bool, bytes]]:
    """(critical, value) by OID.  Raises ValueError when one stands twice (RFC 5280 §4.2)."""
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in listed.expect(der.SEQUENCE).children if listed else ():
        kind, *flag, value = extension.expect(der.SEQUENCE).children
        if kind.oid() in found or len(flag) > 1:
            raise ValueError("an extension stands twice, or says more than extensions do")
        found[kind.oid()] = (any(part.boolean() for part in flag), value.octets())
    return found


def _key_uses(usage: bytes | None) -> int | None:
    """Of the ninth use there is an octet of its own, which no rule here asks for."""
    if usage is None:
        return None
    return (der.read(usage).expect(der.BIT_STRING).content[1:] or b"\0")[0]


def _limits(constraints: bytes | None) -> tuple[bool | None, int | None]:
    """BasicConstraints: whether it is an authority, and how many may follow it."""
    if constraints is None:
        return None, None
    parts = list(der.read(constraints).expect(der.SEQUENCE).children)
    authority = bool(parts) and parts[0].tag == der.BOOLEAN and parts.pop(0).boolean()
    length = parts.pop(0).integer() if parts else None
    if parts or (length is not None and length < 0):
        raise ValueError("impossible BasicConstraints")
    return authority, length


def _issuer_key(named: bytes | None) -> tuple[bytes | None, bytes | None, int | None]:
    """AuthorityKeyIdentifier: key, and issuer and serial number of its certificate."""
    parts = () if named is None else der.read(named).expect(der.SEQUENCE).children
    found = {part.tag: part for part in parts}
    if len(found) != len(parts) or not found.keys() <= {0x80, 0xA1, 0x82}:
        raise ValueError("impossible AuthorityKeyIdentifier")
    key = found[0x80].content if 0x80 in found else None
    issuers = found[0xA1].children if 0xA1 in found else ()
    names = [one.children[0].raw for one in issuers if one.tag == 0xA4]
    serial = int.from_bytes(found[0x82].content, "big", signed=True) if 0x82 in found else None
    return key, names[0] if names else None, serial


def _purposes(usage: bytes | None) -> tuple[str, ...]:
    if usage is None:
        return ()
    return tuple(purpose.oid() for purpose in der.read(usage).expect(der.SEQUENCE).children)


def common_name(name: bytes) -> str:
    """The last common name in a Name (DER) as visible text; empty when it has none."""
    texts = [
        pair.children[1].content
        for group in der.read(name).children
        for pair in group.children
        if len(pair.children) == 2 and pair.children[0].raw == b"\x06\x03\x55\x04\x03"
    ]
    return one_line(texts[-1].decode("utf-8", "replace")[:200]) if texts else ""


# --- files of them -------------------------------------------------------------------------------


def read_pem(raw: bytes) -> tuple[bytes, ...]:
    """The DER of each certificate, in order.

    Raises ValueError unless ``write_pem`` gives the same bytes, so that nothing can stand between.
    """
    found = read_certificates(raw)
    if write_pem(found) != raw:
        raise ValueError("something stands beside the certificates")
    return found


def write_pem(certificates: Sequence[bytes]) -> bytes:
    """Certificates (DER) one after another in PEM (RFC 7468 §2), 64 columns."""
    return b"".join(_armoured(raw) for raw in certificates)


def _armoured(raw: bytes) -> bytes:
    text = base64.b64encode(raw).decode()
    rows = "".join(text[at : at + 64] + "\n" for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{rows}-----END CERTIFICATE-----\n".encode()


def fingerprint(raw: bytes) -> str:
    """SHA-256 of a certificate, lower-case hex."""
    return hashlib.sha256(raw).hexdigest()


def fingerprints(raw: bytes) -> tuple[str, ...]:
    """The fingerprint of each certificate in a PEM or DER file.  Raises ValueError."""
    return tuple(fingerprint(raw) for raw in read_certificates(raw))
