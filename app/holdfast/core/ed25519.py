"""Checks Ed25519 signatures (RFC 8032 §5.1.7) with integers alone, so that it works anywhere.

Only checking, which handles nothing secret; signing is left to a library that keeps its timing to
itself.  As OpenSSL does, it recomputes the point R and compares it as bytes.  It takes no key that
is spelled otherwise than RFC 8032 wants, and none that signs nothing: of small order, whose
"signatures" anybody can make.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final, TypeAlias

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)

_Point: TypeAlias = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 §5.1.4)."""

_Ready: TypeAlias = tuple[int, int, int, int]
"""What is added of a point: Y - X, Y + X, 2dT, 2Z."""

_NEUTRAL: _Point = (0, 1, 1, 0)
_DIGITS: Final = 64
"""Digits of four bits in a number below the group's order."""


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` (64 bytes) by ``public_key`` (32 bytes) stands on ``message``."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    powers = _powers(public_key)
    scalar = int.from_bytes(signature[32:], "little")
    if powers is None or scalar >= _ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(hashed, "little") % _ORDER
    return _encode(_sum(((scalar, _base()), (challenge, powers)))) == signature[:32]


@lru_cache(maxsize=128)
def _powers(public_key: bytes) -> tuple[_Ready, ...] | None:
    """1, 16, 16², … 16⁶³ times minus the point of a key; None where it is no key.

    A pack has few keys and may have thousands of signatures by them.
    """
    point = _decode(public_key)
    if point is None or _is_small(point):
        return None
    x, y, z, t = point
    return _ladder((_P - x, y, z, _P - t))


def _is_small(point: _Point) -> bool:
    """Whether eight times the point is nothing: X is 0, and Y is Z."""
    for _ in range(3):
        point = _double(point)
    x, y, z, _ = point
    return not x % _P and not (y - z) % _P


def _ladder(point: _Point) -> tuple[_Ready, ...]:
    found = []
    for _ in range(_DIGITS):
        found.append(_ready(point))
        for _ in range(4):
            point = _double(point)
    return tuple(found)


def _sum(terms: Iterable[tuple[int, Sequence[_Ready]]]) -> _Point:
    """The sum of each number times the point whose powers stand beside it.

    All powers with the same digit are added up first, and each sum is then taken that many times
    (Yao 1976; the buckets of Pippenger): no doubling is left.
    """
    buckets = [_NEUTRAL] * 16
    for number, powers in terms:
        left = number
        for power in powers:
            if digit := left & 15:
                buckets[digit] = _add(buckets[digit], power)
            left >>= 4
    above = total = _NEUTRAL
    for bucket in reversed(buckets[1:]):
        above = _add(above, _ready(bucket))
        total = _add(total, _ready(above))
    return total


def _ready(point: _Point) -> _Ready:
    x, y, z, t = point
    return (y - x, y + x, 2 * _D * t % _P, 2 * z)


def _add(one: _Point, other: _Ready) -> _Point:
    """RFC 8032 §5.1.4, with what it needs of the second point worked out before."""
    x, y, z, t = one
    a = (y - x) * other[0] % _P
    b = (y + x) * other[1] % _P
    c = t * other[2] % _P
    d = z * other[3] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _double(point: _Point) -> _Point:
    """RFC 8032 §5.1.4."""
    x, y, z, _ = point
    a, b = x * x, y * y
    h = a + b
    e = (h - (x + y) * (x + y)) % _P
    g = a - b
    f = (2 * z * z + g) % _P
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _decode(raw: bytes) -> _Point | None:
    """The point that 32 bytes name (RFC 8032 §5.1.3), or None."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (sign and not x):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _encode(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


@cache
def _base() -> tuple[_Ready, ...]:
    point = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert point is not None
    return _ladder(point)
