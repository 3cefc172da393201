"""The root of a long ledger against hashing its lines one by one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator

from rows import Row, median_ratio, ratios, seconds

from holdfast.core.ledger import LedgerEntry, Ref, leaf_hash, read_entry, tree_root, write_entry

TARGET = 2.0


def ledger_root(pairs: int = 15, count: int = 100_000) -> Iterator[Row]:
    """CPU seconds, pair by pair: the root over all lines, bodies included, and each line alone."""
    bodies = [_entry(seq).body for seq in range(count)]
    ours, theirs = [], []
    for _ in range(pairs):
        theirs.append(seconds(lambda: [hashlib.sha256(body).digest() for body in bodies])[1])
        ours.append(seconds(lambda: tree_root(leaf_hash(body) for body in bodies))[1])
    size = sum(map(len, bodies)) // count
    yield Row(
        bench="ledger",
        claim=f"root of {count:,} lines of {size} bytes ÷ hashing them one by one",
        measured=ratios(ours, theirs),
        target=f"≤ {TARGET:.0f}",
        met=median_ratio(ours, theirs) <= TARGET,
    )
    yield Row(
        bench="ledger",
        claim="the same in seconds",
        measured=f"{min(ours):.2f} s against {min(theirs):.2f} s",
        target="reported",
    )
    parsing = seconds(lambda: [read_entry(body) for body in bodies])[1]
    yield Row(
        bench="ledger",
        claim=f"parsing those {count:,} lines strictly",
        measured=f"{parsing:.1f} s",
        target="reported apart",
    )


def _entry(seq: int) -> LedgerEntry:
    """A line like those of a case: a time-stamp that was asked for."""
    return write_entry(
        ledger="019a7d52-8f4e-7c3a-9d10-5a3b2c1d0e4f",
        seq=seq,
        at="2026-11-12T13:06:31.000Z",
        actor="installation:1d2c3b4a",
        act="timestamp.requested",
        subject=f"E{seq % 9999 + 1:04d}",
        refs=[
            Ref(
                path=f"exhibits/E{seq % 9999 + 1:04d}/capture.json",
                size=4096 + seq % 1000,
                sha256=secrets.token_hex(32),
                sm3=secrets.token_hex(32),
            )
        ],
        facts={"kind": "opentimestamps", "authority": ""},
        nonce=secrets.token_bytes(16),
    )
