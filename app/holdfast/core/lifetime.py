"""For how long a token shows its time: until its certificates end, or its algorithms age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.core import der
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import Certificate, read_certificate
from holdfast.core.rfc3161 import Token, find_signer, read_response

_RSA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
"""DER of rsaEncryption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """Until when an algorithm is recommended, by whom."""

    id: str
    kind: str
    """``digest``, or ``rsa`` for moduli of fewer than ``bits``."""
    name: str = ""
    """Under hashlib, for a digest."""
    bits: int = 0
    until: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRule:
    """When time-stamps are to be renewed: dated data, and how long before."""

    ageing: tuple[Ageing, ...]
    margin: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """When a token ages, and of what: ``certificate`` or the id of an ``Ageing``."""

    ends: datetime
    why: str


def path_of(token: Token, chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """The certificate that signed and those above it, as far as they are at hand.

    By name only: whether they hold is judged elsewhere.  A self-issued one ends it and is not in
    it, since a root is trusted for being pinned.
    """
    found: list[Certificate] = []
    above = find_signer(token, chain)
    by_name: dict[bytes, Certificate] = {}
    for raw in (*token.certificates, *chain):
        try:
            one = read_certificate(raw)
        except ValueError:
            continue
        by_name.setdefault(one.subject, one)
    while above is not None and above.issuer != above.subject and above not in found:
        found.append(above)
        above = by_name.get(above.issuer)
    return tuple(found)


def lifetime(raw: bytes, chain: Sequence[bytes], ageing: Sequence[Ageing]) -> Lifetime | None:
    """When a token ages first; None where nothing is known of that.  Raises ValueError."""
    token = read_response(raw)
    path = path_of(token, chain)
    ends = [Lifetime(ends=one.not_after, why="certificate") for one in path]
    digests = {token.info.imprint_algorithm, token.signer.digest_algorithm}
    smallest = min((bits for one in path if (bits := rsa_bits(one.public_key))), default=0)
    for one in ageing:
        if one.name in digests or (one.kind == "rsa" and 0 < smallest < one.bits):
            ends.append(Lifetime(ends=one.until, why=one.id))
    return min(ends, key=lambda one: one.ends, default=None)


def rsa_bits(public_key: bytes) -> int:
    """The length of an RSA modulus in a SubjectPublicKeyInfo; 0 for anything else."""
    return rsa_numbers(public_key)[0].bit_length()


def rsa_numbers(public_key: bytes) -> tuple[int, int]:
    """Modulus and exponent of an RSA key in a SubjectPublicKeyInfo; zeros for anything else."""
    try:
        algorithm, key = der.read(public_key).children
        if algorithm.children[0].raw != _RSA:
            return 0, 0
        modulus, exponent = der.read(key.content[1:]).children
        return modulus.integer(), exponent.integer()
    except (ValueError, IndexError):
        return 0, 0


def until(path: Sequence[bytes]) -> str | None:
    """When the first certificate (DER) behind a token ends, RFC 3339; None where none is known.

    ``path`` is the one it was found to stand on, signer first, root last: a token can bring any
    number of others of the same names.  The root is trusted for being pinned.
    """
    ends = [read_certificate(raw).not_after for raw in path[:-1]]
    return rfc3339(min(ends)) if ends else None
