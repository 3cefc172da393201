"""Chains with real links and real, cheap work: the real rules at a target anybody can meet."""

from __future__ import annotations

import struct
from collections.abc import Callable

from holdfast.core.bitcoin import (
    HEADER_SIZE,
    PERIOD,
    TIMESPAN,
    CheckpointTable,
    double_sha256,
    retarget,
    target_of,
)

EASY = 0x207FFFFF
START = 1_600_000_000


def mine(
    previous: bytes, time: int, bits: int = EASY, root: bytes = bytes(32), *, work: bool = True
) -> bytes:
    """A header over ``previous``; with ``work=False`` one that just misses its target."""
    target = target_of(bits) or 0
    for nonce in range(1 << 20):
        raw = struct.pack("<i32s32sIII", 4, previous, root, time, bits, nonce)
        if (int.from_bytes(double_sha256(raw), "little") <= target) is work:
            return raw
    raise AssertionError("too hard for a test")


def chain(
    length: int,
    *,
    spacing: int = TIMESPAN // PERIOD,
    root_at: Callable[[int], bytes] = lambda _height: bytes(32),
    limit: int = EASY,
) -> list[bytes]:
    """Headers from a genesis on, retargeted every period."""
    headers: list[bytes] = []
    previous, bits = bytes(32), limit
    for height in range(length):
        if height and height % PERIOD == 0:
            first, last = headers[height - PERIOD], headers[-1]
            bits = retarget(bits, time_of(first), time_of(last), limit=limit)
        raw = mine(previous, START + height * spacing, bits, root_at(height))
        headers.append(raw)
        previous = double_sha256(raw)
    return headers


def time_of(raw: bytes) -> int:
    return int.from_bytes(raw[68:72], "little")


def bits_of(raw: bytes) -> int:
    return int.from_bytes(raw[72:76], "little")


def table(headers: list[bytes], periods: int, *, limit: int = EASY) -> CheckpointTable:
    """Checkpoints over the first ``periods`` periods of a mined chain."""
    firsts = [headers[period * PERIOD] for period in range(periods)]
    follows = retarget(
        bits_of(headers[periods * PERIOD - 1]),
        time_of(headers[(periods - 1) * PERIOD]),
        time_of(headers[periods * PERIOD - 1]),
        limit=limit,
    )
    return CheckpointTable(
        hashes=tuple(
            double_sha256(headers[(period + 1) * PERIOD - 1]) for period in range(periods)
        ),
        bits=(*(bits_of(first) for first in firsts), follows),
        genesis=double_sha256(headers[0]),
        limit=limit,
    )


def joined(headers: list[bytes]) -> bytes:
    raw = b"".join(headers)
    assert len(raw) == HEADER_SIZE * len(headers)
    return raw
