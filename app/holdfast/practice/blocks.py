"""Bitcoin's own structures, just enough of them to simulate a chain with real proofs.

Transactions and headers are serialised as Bitcoin's are, so an unmodified client cannot tell the
difference; only the work is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.practice import CHAIN_BITS, PROOF_MARK, SEED

GENESIS_TIME = 1577836800
"""2020-01-01T00:00:00Z: fixed, and earlier than any run."""

_VERSION = 0x20000000
_SUBSIDY = 50 * 100_000_000
_OP_RETURN = b"\x6a"
_ANYBODY = bytes([len(PROOF_MARK)]) + PROOF_MARK + b"\x75\x51"
"""A script that anybody may spend: push the mark, OP_DROP, OP_1."""
_TARGET = (CHAIN_BITS & 0xFFFFFF) << (8 * ((CHAIN_BITS >> 24) - 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block: its 80-byte header and its raw transactions, coinbase first."""

    height: int
    header: bytes
    transactions: tuple[bytes, ...]

    @property
    def id(self) -> bytes:
        """The header's double SHA-256, in the order of the wire."""
        return sha256d(self.header)

    @property
    def hash(self) -> str:
        """The id as people and programs write it: reversed, lower-case hex."""
        return shown(self.id)

    @property
    def time(self) -> int:
        """nTime, seconds since 1970."""
        return int.from_bytes(self.header[68:72], "little")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """One step up the Merkle tree of a block."""

    digest: bytes
    is_left: bool


def sha256d(data: bytes) -> bytes:
    """SHA-256 of the SHA-256."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def shown(digest: bytes) -> str:
    """A digest in display order."""
    return digest[::-1].hex()


def genesis() -> Block:
    """The first block, the same on every machine."""
    coinbase = _transaction(b"\x00" * 32, 0xFFFFFFFF, _push(SEED), [(_SUBSIDY, _ANYBODY)])
    return mined(0, b"\x00" * 32, GENESIS_TIME, (coinbase,))


def mined(height: int, previous: bytes, time: int, transactions: tuple[bytes, ...]) -> Block:
    """The block over ``transactions`` with the smallest nonce that meets the target."""
    root = merkle_root([sha256d(raw) for raw in transactions])
    fixed = (
        _VERSION.to_bytes(4, "little")
        + previous
        + root
        + time.to_bytes(4, "little")
        + CHAIN_BITS.to_bytes(4, "little")
    )
    nonce = 0
    while True:
        header = fixed + nonce.to_bytes(4, "little")
        if int.from_bytes(sha256d(header), "little") <= _TARGET:
            return Block(height=height, header=header, transactions=transactions)
        nonce += 1


def coinbase(height: int) -> bytes:
    """The first transaction of a block; its input begins with the height (BIP 34)."""
    number = height.to_bytes((height.bit_length() // 8) + 1, "little")
    script = _push(number) + _push(PROOF_MARK)
    return _transaction(b"\x00" * 32, 0xFFFFFFFF, script, [(_SUBSIDY, _ANYBODY)])


def commitment(digest: bytes, spent: bytes) -> bytes:
    """A transaction that carries ``digest`` in an OP_RETURN and spends output 0 of ``spent``.

    Its input carries the practice mark, so every proof that runs through it shows what it is.
    """
    return _transaction(
        spent, 0, _push(PROOF_MARK), [(_SUBSIDY, _ANYBODY), (0, _OP_RETURN + _push(digest))]
    )


def merkle_root(ids: Sequence[bytes]) -> bytes:
    """Bitcoin's Merkle root: an odd one is paired with itself."""
    return _climb(ids, 0)[0]


def branch(ids: Sequence[bytes], index: int) -> tuple[Sibling, ...]:
    """What leads from the id at ``index`` up to the root, nearest first."""
    return _climb(ids, index)[1]


def _climb(ids: Sequence[bytes], index: int) -> tuple[bytes, tuple[Sibling, ...]]:
    level = list(ids)
    siblings: list[Sibling] = []
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        siblings.append(Sibling(digest=level[index ^ 1], is_left=bool(index % 2)))
        level = [sha256d(level[at] + level[at + 1]) for at in range(0, len(level), 2)]
        index //= 2
    return level[0], tuple(siblings)


def _transaction(
    spent: bytes, output: int, script: bytes, outputs: Sequence[tuple[int, bytes]]
) -> bytes:
    raw = (1).to_bytes(4, "little") + b"\x01" + spent + output.to_bytes(4, "little")
    raw += len(script).to_bytes(1, "little") + script + b"\xff\xff\xff\xff"
    raw += len(outputs).to_bytes(1, "little")
    for value, target in outputs:
        raw += value.to_bytes(8, "little") + len(target).to_bytes(1, "little") + target
    return raw + b"\x00" * 4


def _push(data: bytes) -> bytes:
    """A direct push; good for at most 75 bytes, and all of ours are shorter."""
    return len(data).to_bytes(1, "little") + data
