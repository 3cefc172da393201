"""Reads OpenTimestamps proofs strictly: operations, attestations, limits.

A proof is a tree of messages.  Every edge is an operation on the message above it, every leaf an
attestation that its message existed.  The reader replays the operations from the file's digest and
hands back the attestations with the message each one speaks about.  It walks with a list instead
of the interpreter's stack, and whatever the bytes are it ends in a proof or in MalformedProof.

What is accepted has exactly one spelling: integers are minimal and no branch stands twice, so that
nothing can hide in a second copy that another reader would drop.  Branches may stand in any order,
because genuine writers differ in it and it means nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
MAX_PROOF = 1 << 20
"""Octets of a proof file; looked at before anything else."""
MAX_MESSAGE = 4096
"""Octets of an operation's argument, input and result."""
MAX_DEPTH = 256
"""Levels of the tree, the file's digest included."""
MAX_PAYLOAD = 8192
MAX_URI = 1000
MAX_INTEGER = 2**32 - 1
MAX_ATTESTATIONS = 64
"""Leaves of a tree; genuine proofs have a handful, and each may cost somebody a look-up."""
MAX_WORK = 1 << 24
"""Octets that all operations together may chew; a real proof needs a few thousand."""

Algorithm = Literal["sha256", "sha1", "ripemd160", "keccak256"]
AttestationKind = Literal["bitcoin", "litecoin", "ethereum", "pending", "unknown"]


class MalformedProof(ValueError):
    """The bytes are not an OpenTimestamps proof that can be read without doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A leaf: who speaks about which message.

    ``height`` belongs to the block chains, ``uri`` to a pending one (not to be contacted unless it
    is on our own list).  ``tag`` and ``payload`` are the bytes as they stood.
    """

    kind: AttestationKind
    message: bytes
    height: int | None = None
    uri: str = ""
    tag: bytes
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachedProof:
    """A proof about a file that lies elsewhere, by the file's digest."""

    digest_algorithm: Algorithm
    digest: bytes
    attestations: tuple[Attestation, ...]


def read_proof(raw: bytes) -> DetachedProof:
    """The proof that a detached ``.ots`` file holds.  Raises MalformedProof and nothing else."""
    if len(raw) > MAX_PROOF:
        raise MalformedProof("longer than a proof may be")
    if not raw.startswith(MAGIC):
        raise MalformedProof("not an OpenTimestamps proof")
    try:
        version, at = _integer(raw, len(MAGIC))
        if version != 1:
            raise MalformedProof(f"version {version} is not known")
        algorithm = _FILE_DIGESTS.get(raw[at])
    except IndexError as error:
        raise MalformedProof("ends too early") from error
    if algorithm is None:
        raise MalformedProof("the file digest is not made by a known hash")
    start = at + 1
    digest = raw[start : start + _DIGEST_SIZE[algorithm]]
    if len(digest) < _DIGEST_SIZE[algorithm]:
        raise MalformedProof("ends too early")
    attestations = _walk(raw, start + len(digest), digest, MAX_DEPTH, MAX_WORK)
    return DetachedProof(digest_algorithm=algorithm, digest=digest, attestations=attestations)


def read_timestamp(
    raw: bytes, message: bytes, *, levels: int = MAX_DEPTH, work: int = MAX_WORK
) -> tuple[Attestation, ...]:
    """The attestations of a bare tree over ``message``, which is how calendars answer.

    ``levels`` and ``work`` are what the proof it goes into has left.  Raises MalformedProof and
    nothing else.
    """
    if len(raw) > MAX_PROOF or len(message) > MAX_MESSAGE:
        raise MalformedProof("longer than a proof may be")
    return _walk(raw, 0, message, levels, work)


def digest_of(algorithm: Algorithm, data: bytes) -> bytes:
    """``data`` under one of the four hashes a proof may start from."""
    return _HASHES[algorithm](data)


def _integer(raw: bytes, at: int) -> tuple[int, int]:
    """A LEB128 integer in its shortest form, at most MAX_INTEGER, and what follows it.

    Raises IndexError past the end.
    """
    value = shift = 0
    while True:
        octet = raw[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if value > MAX_INTEGER or shift > 28:
            raise MalformedProof("a number is too large")
        if not octet & 0x80:
            if shift and not octet:
                raise MalformedProof("a number is not written in its shortest form")
            return value, at
        shift += 7


def _octets(raw: bytes, at: int, most: int) -> tuple[bytes, int]:
    """Octets behind their own length, and what follows them."""
    size, at = _integer(raw, at)
    if size > most:
        raise MalformedProof("a field is too short or too long")
    if at + size > len(raw):
        raise MalformedProof("ends too early")
    return raw[at : at + size], at + size


_FORK = 0xFF
_ATTESTATION = 0x00
_SHA256 = 0x08


def _walk(raw: bytes, at: int, message: bytes, levels: int, work: int) -> tuple[Attestation, ...]:
    """Every attestation of the tree from ``at`` on, in the order of the bytes, which end with it.

    A pack has thousands of proofs of thirty steps, so a step costs little: what a node has had
    already is remembered only where it forks, and lengths of one octet are read in place.
    """
    found: list[Attestation] = []
    # A message with branches still to come, its depth, and the branches that it already has.
    waiting: list[tuple[bytes, int, set[bytes]]] = []
    depth, end, sha256 = 1, len(raw), hashlib.sha256
    seen: set[bytes] | None = None
    try:
        while True:
            tag = raw[at]
            if tag == _FORK:
                seen = set() if seen is None else seen
                waiting.append((message, depth, seen))
                at += 1
                tag = raw[at]
            start = at
            at += 1
            if tag == _ATTESTATION:
                attestation, at = _attestation(raw, at, message)
                _once(seen, raw, start, at)
                found.append(attestation)
                if len(found) > MAX_ATTESTATIONS:
                    raise MalformedProof("has more attestations than a proof needs")
                if not waiting:
                    break
                message, depth, seen = waiting.pop()
                continue
            size = len(message)
            if tag == _SHA256:
                work -= size + 64
                message = sha256(message).digest()
            elif tag in (_APPEND, _PREPEND):
                more, at = (raw[at], at + 1) if raw[at] < 0x80 else _integer(raw, at)
                if not 1 <= more <= MAX_MESSAGE:
                    raise MalformedProof("a field is too short or too long")
                argument = raw[at : at + more]
                at += more
                if at > end:
                    raise MalformedProof("ends too early")
                if size + more > MAX_MESSAGE:
                    raise MalformedProof("a message grows too long")
                work -= size + 64
                message = message + argument if tag == _APPEND else argument + message
            else:
                work -= (size + 64) * (_SLOW if tag in _SLOW_TAGS else 1)
                # A slow hash is not begun that the rest would not pay for.
                message = _apply(tag, message) if work >= 0 else message
            if seen is not None:
                _once(seen, raw, start, at)
                seen = None
            if work < 0:
                raise MalformedProof("asks for more work than a proof needs")
            if depth >= levels:
                raise MalformedProof("nested too deeply")
            depth += 1
    except IndexError as error:
        raise MalformedProof("ends too early") from error
    if at != end:
        raise MalformedProof("something follows the proof")
    return tuple(found)


def _once(seen: set[bytes] | None, raw: bytes, start: int, end: int) -> None:
    """The branch at those octets is new to its node; numbers have one spelling, so octets do."""
    if seen is None:
        return
    branch = raw[start:end]
    if branch in seen:
        raise MalformedProof("a branch stands twice")
    seen.add(branch)


def _apply(tag: int, message: bytes) -> bytes:
    """The message under an operation without an argument."""
    operation = _UNARY.get(tag)
    if operation is None:
        raise MalformedProof(f"operation {tag:#04x} is not known")
    result = operation(message)
    if len(result) > MAX_MESSAGE:
        raise MalformedProof("a message grows too long")
    return result


_CHAINS: dict[bytes, AttestationKind] = {
    bytes.fromhex("0588960d73d71901"): "bitcoin",
    bytes.fromhex("06869a0d73d71b45"): "litecoin",
    bytes.fromhex("30fe8087b5c7ead7"): "ethereum",
}
_PENDING = bytes.fromhex("83dfe30d2ef90c8e")
_URI = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:")


def _attestation(raw: bytes, at: int, message: bytes) -> tuple[Attestation, int]:
    """The leaf at ``at``, and what follows it.  Raises IndexError past the end."""
    tag = raw[at : at + 8]
    payload, at = _octets(raw, at + 8, MAX_PAYLOAD)
    kind: AttestationKind = "unknown"
    height, uri = None, ""
    if tag == _PENDING:
        kind = "pending"
        address, end = _octets(payload, 0, MAX_URI)
        if not _URI.issuperset(address):
            raise MalformedProof("a calendar's address has a forbidden character")
        uri = address.decode("ascii")
        _ended(payload, end)
    elif tag in _CHAINS:
        kind = _CHAINS[tag]
        height, end = _integer(payload, 0)
        _ended(payload, end)
    leaf = Attestation(kind=kind, message=message, height=height, uri=uri, tag=tag, payload=payload)
    return leaf, at


def _ended(payload: bytes, at: int) -> None:
    if at != len(payload):
        raise MalformedProof("something follows the proof")


def _sha1(message: bytes) -> bytes:
    return hashlib.sha1(message, usedforsecurity=False).digest()


def _sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


# RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996): word order, rotations and constants of the two
# lines.  Written out because OpenSSL 3 hides it behind its legacy provider.
def _digits(text: str) -> bytes:
    return bytes(int(digit, 16) for digit in text if digit != " ")


_LEFT_WORDS = _digits(
    "0123456789abcdef 74d1a6f3c0952eb8 3ae49f812706db5c 19ba08c4d37fe562 40597c2ae138b6fd"
)
_RIGHT_WORDS = _digits(
    "5e7092b4d6f81a3c 6b370d5aef8c4912 f5137e69b8c2a04d 86413bf05c2d97ae cfa4158762de039b"
)
_LEFT_TURNS = _digits(
    "befc5879bdef6798 768db97f7cf9b7dc bd67e9dfe8d65c75 bcefef989e56865c 9f5b68dc5cdeb856"
)
_RIGHT_TURNS = _digits(
    "899bdff5778beec6 9df7c89b77c76fdb 97fb866ecd5edd75 f58bee6e69c9c5f8 85c9c5e68d65fdbb"
)
_LEFT_CONSTANTS = (0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_RIGHT_CONSTANTS = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0)
_WORD = 0xFFFFFFFF


def _mix(round_: int, x: int, y: int, z: int) -> int:
    if round_ == 0:
        return x ^ y ^ z
    if round_ == 1:
        return (x & y) | (~x & z)
    if round_ == 2:
        return (x | ~y & _WORD) ^ z
    if round_ == 3:
        return (x & z) | (y & ~z)
    return x ^ (y | ~z & _WORD)


def _line(
    state: list[int],
    words: list[int],
    order: bytes,
    turns: bytes,
    constants: tuple[int, ...],
    mirrored: int,
) -> list[int]:
    """One of the two lines over one block; the right line takes the functions backwards."""
    a, b, c, d, e = state
    for step in range(80):
        round_ = step // 16
        mixed = _mix(mirrored - round_ if mirrored else round_, b, c, d)
        t = (a + mixed + words[order[step]] + constants[round_]) & _WORD
        turn = turns[step]
        t = ((t << turn | t >> (32 - turn)) + e) & _WORD
        a, e, d, c, b = e, d, (c << 10 | c >> 22) & _WORD, b, t
    return [a, b, c, d, e]


def _ripemd160(message: bytes) -> bytes:
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64)
    padded += (len(message) * 8).to_bytes(8, "little")
    for start in range(0, len(padded), 64):
        words = [
            int.from_bytes(padded[at : at + 4], "little") for at in range(start, start + 64, 4)
        ]
        left = _line(state, words, _LEFT_WORDS, _LEFT_TURNS, _LEFT_CONSTANTS, 0)
        right = _line(state, words, _RIGHT_WORDS, _RIGHT_TURNS, _RIGHT_CONSTANTS, 4)
        state = [
            (state[(at + 1) % 5] + left[(at + 2) % 5] + right[(at + 3) % 5]) & _WORD
            for at in range(5)
        ]
    return b"".join(word.to_bytes(4, "little") for word in state)


def _round_constants() -> tuple[int, ...]:
    """Keccak's iota constants, from its linear feedback register x^8+x^6+x^5+x^4+1."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _lanes() -> tuple[tuple[int, int], ...]:
    """Keccak's rho and pi: for each target lane the source lane and its rotation."""
    moves = {0: (0, 0)}
    x, y = 1, 0
    for step in range(24):
        turn = (step + 1) * (step + 2) // 2 % 64
        moves[y + 5 * ((2 * x + 3 * y) % 5)] = (x + 5 * y, turn)
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(moves[lane] for lane in range(25))


_IOTA = _round_constants()
_MOVES = _lanes()
_LANE = (1 << 64) - 1


def _permute(lanes: list[int]) -> list[int]:
    """Keccak-f[1600]."""
    for constant in _IOTA:
        column = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        theta = [
            column[x - 1] ^ (column[(x + 1) % 5] << 1 & _LANE | column[(x + 1) % 5] >> 63)
            for x in range(5)
        ]
        moved = []
        for source, turn in _MOVES:
            lane = lanes[source] ^ theta[source % 5]
            moved.append(lane << turn & _LANE | lane >> (64 - turn))
        lanes = [
            moved[at] ^ (~moved[at - at % 5 + (at + 1) % 5] & moved[at - at % 5 + (at + 2) % 5])
            for at in range(25)
        ]
        lanes[0] ^= constant
    return lanes


def _keccak256(message: bytes) -> bytes:
    """Keccak with 256 bits as before FIPS 202: the padding starts with 0x01."""
    rate = 136
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            at = start + 8 * lane
            lanes[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


_HASHES: dict[Algorithm, Callable[[bytes], bytes]] = {
    "sha1": _sha1,
    "ripemd160": _ripemd160,
    "sha256": _sha256,
    "keccak256": _keccak256,
}
_DIGEST_SIZE: dict[Algorithm, int] = {"sha1": 20, "ripemd160": 20, "sha256": 32, "keccak256": 32}
_FILE_DIGESTS: dict[int, Algorithm] = {
    0x02: "sha1",
    0x03: "ripemd160",
    0x08: "sha256",
    0x67: "keccak256",
}
_APPEND, _PREPEND = 0xF0, 0xF1
_UNARY: dict[int, Callable[[bytes], bytes]] = {
    **{tag: _HASHES[algorithm] for tag, algorithm in _FILE_DIGESTS.items()},
    0xF2: lambda message: message[::-1],
    0xF3: lambda message: message.hex().encode(),
}
_SLOW_TAGS = (0x03, 0x67)
_SLOW = 256
"""How much dearer the two hashes are that run in Python."""
