"""Paths of certificates from who signed a token to a pinned root: which there are, and which count.

Whether a key made a signature is an adapter's arithmetic, and each adapter has a second judge for a
whole path.  What is asked here is asked by every checker, so that all of them say the same where
those judges differ.  Certificates are links of a path or its beginning; only its end is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from holdfast.core.certificates import KEY_USAGE, Certificate, read_certificate
from holdfast.core.lifetime import rsa_numbers
from holdfast.core.rfc3161 import TIME_STAMPING

MAX_CERTIFICATES: Final = 64
"""How many of those of a token and its file are looked at; genuine ones bring two to five."""
MAX_LINKS: Final = 8
MAX_SIGNATURES: Final = 16
"""How many are computed in looking for one path; genuine ones have two or three, and each may cost
a program to be started."""

LEAST_RSA: Final = 1024
"""Bits.  Genuine time-stamps of the first years have as many; one of 512 costs a few hours."""

LEAST_EXPONENT: Final = 3
"""What is raised to the first power is signed by nobody; not every library minds."""

KNOWN_EXTENSIONS: Final = frozenset(
    {
        KEY_USAGE,
        "2.5.29.17",  # subjectAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.30",  # nameConstraints
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.33",  # policyMappings
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extKeyUsage
        "2.5.29.54",  # inhibitAnyPolicy
    }
)
"""Those that may be critical (RFC 5280 §4.2); whoever does not know another must not pass it over,
in a root either."""

_SIGNS = 0xC0
_ISSUES_CERTIFICATES = 0x04
"""digitalSignature and nonRepudiation, keyCertSign in the first octet of KeyUsage."""
_ANY_PURPOSE = "2.5.29.37.0"

Signed: TypeAlias = Callable[[Certificate, Certificate], bool]
"""(Issuer, subject) → whether the issuer's key may have signed it; named as its issuer it is."""


def is_valid(certificate: Certificate, moment: datetime) -> bool:
    """Whether it is between its two dates; it ends with the last second that it names."""
    late = moment - certificate.not_after >= timedelta(seconds=1)
    return certificate.not_before <= moment and not late


def names(subject: Certificate, issuer: Certificate) -> bool:
    """Whether ``subject`` says it is issued by ``issuer``: by name, and by key where it says which.

    A key that is named (RFC 5280 §4.2.1.1) tells two authorities of one name apart, so that no
    other will do.
    """
    key = None if issuer.key_id is None else subject.issuer_key_id
    return (
        subject.issuer == issuer.subject
        and key in {None, issuer.key_id}
        and subject.issuer_serial in {None, issuer.serial}
        and subject.issuer_issuer in {None, issuer.issuer}
    )


def climb(
    signer: Certificate,
    others: Sequence[bytes],
    root: Certificate,
    moment: datetime,
    signed: Signed,
) -> tuple[Certificate, ...]:
    """The certificates from ``signer`` over ``others`` (DER) to ``root``, both included.

    Empty when no chain of signatures, each certificate valid at ``moment``, leads there, and when
    too many bear one name to tell.  Breadth first, each certificate tried once.
    """
    if not is_valid(signer, moment) or not is_valid(root, moment):
        return ()
    links = _readable(others[:MAX_CERTIFICATES])
    waiting: list[tuple[Certificate, ...]] = [(signer,)]
    seen, left = {signer.raw}, MAX_SIGNATURES
    while waiting:
        chain = waiting.pop(0)
        last = chain[-1]
        above = [root, *(links if len(chain) < MAX_LINKS else ())]
        for one in (one for one in above if names(last, one) and is_valid(one, moment)):
            if one is not root and one.raw in seen:
                continue
            if not left:
                return ()
            left -= 1
            if signed(one, last):
                if one is root:
                    return (*chain, root)
                seen.add(one.raw)
                waiting.append((*chain, one))
    return ()


def _readable(raws: Sequence[bytes]) -> list[Certificate]:
    found = []
    for raw in raws:
        try:
            found.append(read_certificate(raw))
        except ValueError:
            continue
    return found


def objection(path: Sequence[Certificate]) -> str:
    """What speaks against a path for time-stamps whose signatures hold; empty for nothing.

    Signer first, root last.  A key that signs time signs nothing else (RFC 5280 §4.2.1.12), an
    authority says that it is one, how many may follow it and what it is for, a root as well, and no
    key is one that a single person could factor, or that signs nothing.
    """
    signer, *above = path
    for one in path:
        if unknown := [oid for oid in one.critical if oid not in KNOWN_EXTENSIONS]:
            return f"{one.common_name}: {unknown[0]}"
        if against := _about_key(one):
            return f"{one.common_name}: {against}"
    uses = signer.key_uses
    if uses is not None and not uses & _SIGNS:
        return "the signer's key is not for signatures"
    if uses is not None and uses & ~_SIGNS:
        return "the signer's key is not for signatures alone"
    below = 0
    for one in above:
        if against := _about_authority(one, below, is_root=one is above[-1]):
            return f"{one.common_name}: {against}"
        below += one.issuer != one.subject
    return ""


def _about_key(one: Certificate) -> str:
    modulus, exponent = rsa_numbers(one.public_key)
    if 0 < (bits := modulus.bit_length()) < LEAST_RSA:
        return f"RSA {bits}"
    if bits and (exponent < LEAST_EXPONENT or not exponent & 1):
        return f"RSA e={exponent}" if exponent.bit_length() < 64 else "RSA e"
    return ""


def _about_authority(one: Certificate, below: int, *, is_root: bool) -> str:
    states = one.authority
    if states is None:
        # Roots of the first years say nothing of it; later ones at least what their key is for.
        states = is_root and (one.first_version or one.key_uses is not None)
    if not states:
        return "CA"
    if one.key_uses is not None and not one.key_uses & _ISSUES_CERTIFICATES:
        return "keyCertSign"
    if one.path_length is not None and below > one.path_length:
        return "pathLenConstraint"
    purposes = one.extended_key_usage
    if purposes and not {TIME_STAMPING, _ANY_PURPOSE} & set(purposes):
        return "extendedKeyUsage"
    return ""
