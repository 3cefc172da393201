"""Bitcoin block headers without a node: proof of work, checkpoints, and what an anchor is worth.

A header alone proves only what it cost.  So a header counts when its target is as hard as the
checkpointed chain demands at that height, or when it stands in a run of headers that links to a
checkpoint.  The practice chain is recognised by a run from its genesis block and by nothing else;
its targets are refused everywhere else.

Hashes are kept in the order of the bytes; ``display`` turns them into what explorers print.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from holdfast.core import practice

HEADER_SIZE = 80
PERIOD = 2016
"""Blocks between two retargets."""
TIMESPAN = 14 * 24 * 3600
"""Seconds that a period is meant to take."""
BITS_LIMIT = 0x1D00FFFF
"""The easiest target of the real chain."""
GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
GENESIS_TIME = 1231006505
TOLERANCE = 4
"""How much easier than the last known period a target may be where the table has ended."""
CHEAP = 16
"""How much easier than the newest known period is too easy for blocks that no later checkpoint
holds: whoever has today's machines makes the blocks of years ago in minutes."""
MAX_HEADERS_FILE = 128 << 20
"""Octets of an imported header file; the whole chain takes 80 MB as raw records."""
MAX_RUN = MAX_HEADERS_FILE // HEADER_SIZE
"""Headers of the longest run that anybody will read."""
MOST_RUNS = 20
"""Runs remembered once they were walked through: those of a pack, and the person's own."""

Network = Literal["bitcoin", "practice", ""]


class BadHeader(ValueError):
    """The bytes are not a header, a header file or a checkpoint table that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The six fields of a block header; ``time`` is what the miner wrote, in Unix seconds."""

    version: int
    previous: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int
    hash: bytes

    @property
    def has_work(self) -> bool:
        """Whether the hash meets the target the header itself names."""
        target = target_of(self.bits)
        return target is not None and int.from_bytes(self.hash, "little") <= target


def double_sha256(data: bytes | memoryview) -> bytes:
    """SHA-256 of SHA-256, Bitcoin's block hash in byte order."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def display(hash_: bytes) -> str:
    """A hash as explorers print it: reversed, in hexadecimal."""
    return hash_[::-1].hex()


def parse_header(raw: bytes) -> Header:
    """The header in exactly 80 bytes.  Raises BadHeader."""
    if len(raw) != HEADER_SIZE:
        raise BadHeader("a header has 80 bytes")
    return Header(
        version=int.from_bytes(raw[:4], "little", signed=True),
        previous=raw[4:36],
        merkle_root=raw[36:68],
        time=int.from_bytes(raw[68:72], "little"),
        bits=int.from_bytes(raw[72:76], "little"),
        nonce=int.from_bytes(raw[76:], "little"),
        hash=double_sha256(raw),
    )


def target_of(bits: int) -> int | None:
    """The target that the compact form names; None when it is zero, negative or too large."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (exponent - 3) if exponent >= 3 else mantissa >> 8 * (3 - exponent)
    if bits & 0x800000 or not 0 < target < 1 << 256:
        return None
    return target


def bits_of(target: int) -> int:
    """The compact form of a target, its low bits cut off as the chain cuts them."""
    size = (target.bit_length() + 7) // 8
    mantissa = target >> 8 * (size - 3) if size > 3 else target << 8 * (3 - size)
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def retarget(bits: int, first_time: int, last_time: int, limit: int = BITS_LIMIT) -> int:
    """The bits of the next period, from the times of a period's first and last block."""
    span = min(max(last_time - first_time, TIMESPAN // 4), TIMESPAN * 4)
    target = (target_of(bits) or 0) * span // TIMESPAN
    return bits_of(min(target, target_of(limit) or 0))


@dataclass(frozen=True, slots=True, eq=False)
class CheckpointTable:
    """The chain at every retarget: what the last block of each period was, and how hard the next.

    ``hashes[p]`` is the hash, in byte order, of the last block of period p, at height
    ``2016 (p + 1) - 1``; ``bits[p]`` is the target of the blocks in period p, one more than hashes.
    ``limit`` is the easiest target of the chain.
    """

    hashes: tuple[bytes, ...]
    bits: tuple[int, ...]
    genesis: bytes = field(default=bytes.fromhex(GENESIS_HASH)[::-1])
    limit: int = BITS_LIMIT
    as_of: str = ""
    sources: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> CheckpointTable:
        """The table in the shipped JSON file.  Raises BadHeader."""
        try:
            content = json.loads(raw)
            if content["format"] != "holdfast-bitcoin-checkpoints/1":
                raise BadHeader("another kind of table")
            rows = [(bytes.fromhex(hash_)[::-1], int(bits, 16)) for hash_, bits in content["rows"]]
            table = cls(
                hashes=tuple(hash_ for hash_, _ in rows),
                bits=(int(content["first_bits"], 16), *(bits for _, bits in rows)),
                as_of=str(content["as_of"]),
                sources=tuple(str(source) for source in content["source"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadHeader("the checkpoint table cannot be read") from error
        fits = all(0 <= bits < 1 << 32 for bits in table.bits)
        if not rows or not fits or any(len(hash_) != 32 for hash_ in table.hashes):
            raise BadHeader("the checkpoint table cannot be read")
        return table

    @property
    def height(self) -> int:
        """The height of the last checkpoint."""
        return PERIOD * len(self.hashes) - 1

    def hash_at(self, height: int) -> bytes | None:
        """The hash that the chain has at ``height``, where the table knows one."""
        if height == 0:
            return self.genesis
        period, position = divmod(height + 1, PERIOD)
        return self.hashes[period - 1] if not position and 0 < period <= len(self.hashes) else None

    def bits_at(self, height: int) -> int | None:
        """The bits that every block of the chain has at ``height``, where the table knows them."""
        period = height // PERIOD
        return self.bits[period] if 0 <= period < len(self.bits) else None

    def allows(self, height: int, bits: int) -> bool:
        """Whether a header of the chain may name ``bits`` at ``height``.

        Within the table there is one right answer; beyond it the target may be up to TOLERANCE
        times easier than the last one known, and never easier than the chain's limit.
        """
        if (known := self.bits_at(height)) is not None:
            return bits == known
        target = target_of(bits)
        return target is not None and target <= self.easiest(height)

    def easiest(self, height: int) -> int:
        """The largest number that the hash of a block of the chain can be at ``height``."""
        if (known := self.bits_at(height)) is not None:
            return target_of(known) or 0
        last, limit = target_of(self.bits[-1]), target_of(self.limit)
        return min((last or 0) * TOLERANCE, limit or 0)

    def earliest_time(self, height: int) -> int:
        """Unix seconds before which the chain was not there yet, some months short of the truth.

        Each target says how long the period before it took, and those add up; of the first year,
        when there was none easier, two weeks each.  What is not in a period is left out.
        """
        starts = _starts(self)
        return starts[min(height // PERIOD, len(starts) - 1)]

    def settles(self, end: int) -> int:
        """Below which height a run that holds together up to ``end`` is the chain's.

        Blocks after the last checkpoint that it meets count while such work is dear.
        """
        begin = end - end % PERIOD
        if begin == end or begin > self.height:
            return end
        newest, old = (target_of(bits) or 0 for bits in (self.bits[-1], self.bits[begin // PERIOD]))
        # The first block is known as well.
        return end if old <= newest * CHEAP else max(begin, 1)


@lru_cache(maxsize=16)
def _starts(table: CheckpointTable) -> tuple[int, ...]:
    found = [GENESIS_TIME]
    for before, after in pairwise(target_of(bits) or 0 for bits in table.bits):
        # What took less than a quarter of its time made the next four times as hard, and no more.
        took = TIMESPAN * after // before if 0 < before < 4 * after else 0
        found.append(found[-1] + min(took, 4 * TIMESPAN))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedRun:
    """Consecutive raw headers, from height ``first``, that were proved to belong to a chain."""

    network: Network
    first: int
    raw: bytes = field(repr=False)

    @property
    def last(self) -> int:
        """The height of its last header."""
        return self.first + len(self.raw) // HEADER_SIZE - 1

    def header(self, height: int) -> Header | None:
        """The header at ``height``, if the run covers it."""
        at = (height - self.first) * HEADER_SIZE
        if not 0 <= at < len(self.raw):
            return None
        return _parsed(self.raw[at : at + HEADER_SIZE])


# Thousands of proofs end in a few blocks.
@lru_cache(maxsize=256)
def _parsed(raw: bytes) -> Header:
    return parse_header(raw)


def link(first: int, raw: bytes, table: CheckpointTable) -> LinkedRun | None:
    """The run of raw headers from height ``first``, once a checkpoint of a chain proves it.

    Every header names the one before it, has its own work, and has the target that the table
    states or that the times of the period before give.  None when the run touches no checkpoint.
    What stands at its end, within the table and before the next checkpoint, is left out where its
    work would be cheap today.  Raises BadHeader when it contradicts itself or a checkpoint.
    """
    if first < 0 or not raw or len(raw) % HEADER_SIZE:
        raise BadHeader("not a run of 80-byte headers")
    return _link(first, raw, table)


# The proofs of one pack lean on one run, so its few thousand headers are hashed once; a pack may
# bring more, and then every proof is tried with each of them.
@lru_cache(maxsize=MOST_RUNS)
def _link(first: int, raw: bytes, table: CheckpointTable) -> LinkedRun | None:
    if _starts_practice(first, raw):
        _walk(first, raw, _practice_bits, lambda _height: None, lambda _height: 0)
        return LinkedRun(network="practice", first=first, raw=raw)
    demanded = _chain_bits(first, raw, table)
    anchored = _walk(first, raw, demanded, table.hash_at, table.earliest_time)
    if not anchored and not (first and table.hash_at(first - 1) == raw[4:36]):
        return None
    count = table.settles(first + len(raw) // HEADER_SIZE) - first
    if count <= 0:
        return None
    return LinkedRun(network="bitcoin", first=first, raw=raw[: count * HEADER_SIZE])


def _starts_practice(first: int, raw: bytes) -> bool:
    if first == 0:
        return raw[:HEADER_SIZE] == practice.GENESIS_HEADER
    return first == 1 and display(raw[4:36]) == practice.GENESIS_HASH


def _practice_bits(_height: int) -> int:
    return practice.CHAIN_BITS


def _chain_bits(first: int, raw: bytes, table: CheckpointTable) -> Callable[[int], int | None]:
    """The bits that the chain demands at the first height of each period within the run."""

    def field_at(height: int, offset: int) -> int:
        at = (height - first) * HEADER_SIZE + offset
        return int.from_bytes(raw[at : at + 4], "little")

    def demanded(height: int) -> int | None:
        known = table.bits_at(height)
        if known is not None or height % PERIOD or height - PERIOD < first:
            return known
        start, end = height - PERIOD, height - 1
        return retarget(
            field_at(end, 72), field_at(start, 68), field_at(end, 68), limit=table.limit
        )

    return demanded


def _walk(
    first: int,
    raw: bytes,
    demanded: Callable[[int], int | None],
    known_hash: Callable[[int], bytes | None],
    earliest_time: Callable[[int], int],
) -> bool:
    """Whether a known hash was met on the way through a run that holds together."""
    view = memoryview(raw)
    anchored = False
    previous = raw[4:36]
    bits: int | None = None
    own, target, since = 0, 0, 0
    for height, at in enumerate(range(0, len(raw), HEADER_SIZE), first):
        if view[at + 4 : at + 36] != previous:
            raise BadHeader(f"block {height} does not follow the one before it")
        if not at or height % PERIOD == 0:
            bits, since = demanded(height), earliest_time(height)
        if int.from_bytes(view[at + 68 : at + 72], "little") < since:
            raise BadHeader(f"block {height} is dated before its chain was there")
        if (named := int.from_bytes(view[at + 72 : at + 76], "little")) != own:
            own, target = named, target_of(named) or 0
        if bits is not None and own != bits:
            raise BadHeader(f"block {height} has another target than its chain")
        previous = double_sha256(view[at : at + HEADER_SIZE])
        if int.from_bytes(previous, "little") > target:
            raise BadHeader(f"block {height} has no proof of work")
        if (known := known_hash(height)) is not None:
            if known != previous:
                raise BadHeader(f"leaves the chain at block {height}")
            anchored = True
    return anchored


def extended(
    table: CheckpointTable, raw: bytes, *, as_of: str = "", sources: tuple[str, ...] = ()
) -> CheckpointTable:
    """The table with every whole period of a run that begins after its last checkpoint.

    Nothing is believed: each header links to the one before, has its work, and has the target that
    the times of the period before give.  Raises BadHeader, also for a run without a whole period.
    """
    first = table.height + 1
    if len(raw) < PERIOD * HEADER_SIZE or link(first, raw, table) is None:
        raise BadHeader("the headers do not lead on from the last checkpoint by a whole period")
    hashes, bits = list(table.hashes), list(table.bits)
    for at in range(0, len(raw) - PERIOD * HEADER_SIZE + 1, PERIOD * HEADER_SIZE):
        begin = parse_header(raw[at : at + HEADER_SIZE])
        end = parse_header(raw[at + (PERIOD - 1) * HEADER_SIZE : at + PERIOD * HEADER_SIZE])
        hashes.append(end.hash)
        bits.append(retarget(end.bits, begin.time, end.time, limit=table.limit))
    return CheckpointTable(
        hashes=tuple(hashes),
        bits=tuple(bits),
        genesis=table.genesis,
        limit=table.limit,
        as_of=as_of or table.as_of,
        sources=sources or table.sources,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFile:
    """What an imported header file holds: single headers by height, or one consecutive run."""

    headers: tuple[tuple[int, bytes], ...] = ()
    run: tuple[int, bytes] | None = None


_LINE = re.compile(rb"(\d{1,9})\s+([0-9A-Fa-f]{160})")


def parse_headers(data: bytes, table: CheckpointTable) -> HeaderFile:
    """What a file given with ``--headers`` holds.

    Either lines of ``height hex``, or raw 80-byte records whose heights follow from the checkpoint
    they touch.  Raises BadHeader.
    """
    if len(data) > MAX_HEADERS_FILE:
        raise BadHeader("longer than the whole chain")
    lines = data.split(b"\n", 1)[0].strip()
    if _LINE.fullmatch(lines):
        return _header_lines(data)
    if not data or len(data) % HEADER_SIZE:
        raise BadHeader("neither lines of height and header nor raw 80-byte records")
    return HeaderFile(run=(_first_height(data, table), data))


def _header_lines(data: bytes) -> HeaderFile:
    found: dict[int, bytes] = {}
    for line in data.splitlines():
        if not (text := line.strip()):
            continue
        if not (hit := _LINE.fullmatch(text)):
            raise BadHeader("a line is not a height and 160 hexadecimal digits")
        height, raw = int(hit[1]), bytes.fromhex(hit[2].decode())
        if found.setdefault(height, raw) != raw:
            raise BadHeader(f"block {height} stands twice, differently")
    headers = tuple(sorted(found.items()))
    first = headers[0][0]
    if headers[-1][0] - first != len(headers) - 1:
        return HeaderFile(headers=headers)
    return HeaderFile(headers=headers, run=(first, b"".join(raw for _, raw in headers)))


def _first_height(data: bytes, table: CheckpointTable) -> int:
    """The height of the first raw record, from the checkpoint that the records touch."""
    if data.startswith(practice.GENESIS_HEADER):
        return 0
    if display(data[4:36]) == practice.GENESIS_HASH:
        return 1
    heights = {hash_: PERIOD * (at + 1) - 1 for at, hash_ in enumerate(table.hashes)}
    heights[table.genesis] = 0
    if (before := heights.get(data[4:36])) is not None:
        return before + 1
    view = memoryview(data)
    for position, at in enumerate(range(0, min(len(data), PERIOD * HEADER_SIZE), HEADER_SIZE)):
        height = heights.get(double_sha256(view[at : at + HEADER_SIZE]))
        if height is not None and height >= position:
            return height - position
    raise BadHeader("the records touch no checkpoint, so nothing says which blocks they are")


def objection(height: int, header: Header, table: CheckpointTable) -> str:
    """Why a lone header cannot be one of the real chain at ``height``; empty when it can."""
    if not header.has_work:
        return "no_work"
    if not table.allows(height, header.bits):
        return "target_too_easy"
    if header.time < table.earliest_time(height):
        return "too_early"
    known = table.hash_at(height)
    if known is not None and known != header.hash:
        return "not_in_chain"
    return ""


def practice_objection(height: int, header: Header) -> str:
    """Why a lone header cannot be one of the practice chain at ``height``; empty when it can."""
    if header.bits != practice.CHAIN_BITS or not header.has_work:
        return "no_work"
    if height == 0 and display(header.hash) != practice.GENESIS_HASH:
        return "not_in_chain"
    return ""


def shared_run(heights: Iterable[int], table: CheckpointTable) -> tuple[int, int]:
    """First and last height of the run that proves all ``heights`` to a stranger.

    It begins after the newest checkpoint that is older than the oldest of them, and ends with the
    oldest that is newer than all, where there is one.  Raises ValueError without any height.
    """
    first, last = min(wanted := tuple(heights)), max(wanted)
    end = last - last % PERIOD + PERIOD - 1
    return min(first - first % PERIOD, table.height + 1), end if end <= table.height else last


def shortest_run(heights: Iterable[int], table: CheckpointTable) -> tuple[int, int]:
    """First and last height of the fewest headers that link all ``heights`` to a checkpoint.

    Raises ValueError without any height.
    """
    first, last = min(wanted := tuple(heights)), max(wanted)
    end = last - last % PERIOD + PERIOD - 1
    if end > table.height:
        return min(first - first % PERIOD, table.height + 1), last
    return first, end
