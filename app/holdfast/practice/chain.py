"""The simulated chain: digests wait, a block takes them in, and each gets its proof."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.ports import Clock
from holdfast.practice import blocks
from holdfast.practice.blocks import Block
from holdfast.practice.memory import Memory

if TYPE_CHECKING:
    import sqlite3

    from opentimestamps.core.timestamp import Timestamp

CONFIRMATIONS = 6
"""How deep a block must lie before a calendar gives its proofs out."""

_MEDIAN_OF = 11


@dataclass(frozen=True, slots=True)
class Committed:
    """Where a calendar's message stands; all None while it waits for a block."""

    height: int | None
    transaction: str | None
    """Id of the transaction that carries it, display order."""
    proof: bytes | None
    """Serialised time-stamp from the message to the block header."""


class Chain:
    """Real headers over real transactions, from the fixed genesis; only the work is missing."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock
        with memory.writing() as db:
            if not memory.rows("SELECT 1 FROM block"):
                _store(db, blocks.genesis())

    @property
    def tip(self) -> int:
        """The height of the newest block."""
        return int(self._memory.rows("SELECT max(height) FROM block")[0][0])

    def block(self, height: int) -> Block | None:
        """The block at a height."""
        header = self._memory.rows("SELECT header FROM block WHERE height = ?", height)
        if not header:
            return None
        raws = self._memory.rows("SELECT raw FROM tx WHERE height = ? ORDER BY position", height)
        return Block(
            height=height,
            header=bytes(header[0][0]),
            transactions=tuple(bytes(raw[0]) for raw in raws),
        )

    def headers(self, first: int, last: int) -> list[bytes]:
        """The raw headers that there are from one height to another, in order."""
        return [
            bytes(row[0])
            for row in self._memory.rows(
                "SELECT header FROM block WHERE height BETWEEN ? AND ? ORDER BY height", first, last
            )
        ]

    def find(self, block_hash: str) -> Block | None:
        """The block of a hash in display order."""
        found = self._memory.rows("SELECT height FROM block WHERE hash = ?", block_hash.lower())
        return self.block(int(found[0][0])) if found else None

    def median_time(self, height: int) -> int:
        """The median nTime of the eleven blocks up to ``height``; a later block must exceed it."""
        times = sorted(
            int.from_bytes(bytes(row[0])[68:72], "little")
            for row in self._memory.rows(
                "SELECT header FROM block WHERE height <= ? ORDER BY height DESC LIMIT ?",
                height,
                _MEDIAN_OF,
            )
        )
        return times[len(times) // 2]

    def commit(self, calendar: str, message: bytes) -> None:
        """``message`` waits for the next block."""
        with self._memory.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO commitment (message, calendar, arrived) VALUES (?, ?, ?)",
                (message, calendar, int(self._clock.now().timestamp())),
            )

    def committed(self, calendar: str, message: bytes) -> Committed | None:
        """Where a message of that calendar stands."""
        found = self._memory.rows(
            "SELECT height, transaction_id, proof FROM commitment"
            " WHERE calendar = ? AND message = ?",
            calendar,
            message,
        )
        return Committed(*found[0]) if found else None

    def waiting(self, calendar: str) -> int:
        """How many messages of that calendar no block has taken in yet."""
        count = self._memory.rows(
            "SELECT count(*) FROM commitment WHERE calendar = ? AND height IS NULL", calendar
        )
        return int(count[0][0])

    def mine(self, count: int) -> int:
        """``count`` more blocks, the first with everything that waited; the new tip's height."""
        with self._memory.writing() as db:
            for _ in range(count):
                self._mine_one(db)
        return self.tip

    def _mine_one(self, db: sqlite3.Connection) -> None:
        height = self.tip + 1
        previous = self.block(height - 1)
        if previous is None:
            raise AssertionError("a chain has a tip")
        waiting = _waiting(db)
        raws = [blocks.coinbase(height)]
        tips: list[tuple[str, list[Timestamp], Timestamp]] = []
        # What it spends is what makes two commitments of one digest two transactions.
        spent = blocks.sha256d(previous.transactions[0])
        for calendar, messages in waiting.items():
            leaves, tip = _gather(messages)
            raws.append(blocks.commitment(tip.msg, spent))
            tips.append((calendar, leaves, tip))
            spent = blocks.sha256d(raws[-1])
        now = math.ceil(self._clock.now().timestamp())
        block = blocks.mined(
            height, previous.id, max(now, self.median_time(height - 1) + 1), tuple(raws)
        )
        _store(db, block)
        for index, (calendar, leaves, tip) in enumerate(tips, start=1):
            _attest(block, index, tip)
            db.executemany(
                "UPDATE commitment SET height = ?, transaction_id = ?, proof = ?"
                " WHERE calendar = ? AND message = ?",
                [
                    (
                        height,
                        blocks.shown(blocks.sha256d(raws[index])),
                        serialized(leaf),
                        calendar,
                        leaf.msg,
                    )
                    for leaf in leaves
                ],
            )


def serialized(stamp: Timestamp) -> bytes:
    """A time-stamp as calendars send it."""
    from opentimestamps.core.serialize import BytesSerializationContext

    context = BytesSerializationContext()
    stamp.serialize(context)
    return bytes(context.getbytes())


def _store(db: sqlite3.Connection, block: Block) -> None:
    db.execute("INSERT INTO block VALUES (?, ?, ?)", (block.height, block.hash, block.header))
    db.executemany(
        "INSERT INTO tx VALUES (?, ?, ?)",
        [(block.height, position, raw) for position, raw in enumerate(block.transactions)],
    )


def _waiting(db: sqlite3.Connection) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for calendar, message in db.execute(
        "SELECT calendar, message FROM commitment WHERE height IS NULL ORDER BY calendar, arrived"
    ):
        found.setdefault(calendar, []).append(bytes(message))
    return found


def _gather(messages: Sequence[bytes]) -> tuple[list[Timestamp], Timestamp]:
    """A time-stamp for each message, and the tip of the tree over all of them."""
    from opentimestamps.core.op import OpSHA256
    from opentimestamps.core.timestamp import Timestamp, make_merkle_tree

    leaves = [Timestamp(message) for message in messages]
    return leaves, make_merkle_tree([leaf.ops.add(OpSHA256()) for leaf in leaves])


def _attest(block: Block, index: int, tip: Timestamp) -> None:
    """Leads from the tip through its transaction and the block's tree to the header."""
    from opentimestamps.core.notary import BitcoinBlockHeaderAttestation
    from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256

    before, after = block.transactions[index].split(tip.msg)
    stamp = tip.ops.add(OpPrepend(before)).ops.add(OpAppend(after))
    stamp = stamp.ops.add(OpSHA256()).ops.add(OpSHA256())
    ids = [blocks.sha256d(raw) for raw in block.transactions]
    for sibling in blocks.branch(ids, index):
        side = OpPrepend if sibling.is_left else OpAppend
        stamp = stamp.ops.add(side(sibling.digest)).ops.add(OpSHA256()).ops.add(OpSHA256())
    stamp.attestations.add(BitcoinBlockHeaderAttestation(block.height))
