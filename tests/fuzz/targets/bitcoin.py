"""Block headers: single ones, runs, files that a person gives, and checkpoint tables.

The first octet says which.  A table over a chain with cheap work stands in for the real one, so
that runs get as far as the retarget; of the real chain nothing can be made up.
"""

from __future__ import annotations

from functools import cache

from fakes import miner
from fuzz.target import Target
from holdfast.adapters.witness import checkpoints
from holdfast.core.anchor import judge
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    PERIOD,
    BadHeader,
    CheckpointTable,
    bits_of,
    extended,
    link,
    objection,
    parse_header,
    parse_headers,
    practice_objection,
    target_of,
)
from holdfast.core.opentimestamps import Attestation


@cache
def mined() -> tuple[list[bytes], CheckpointTable]:
    """A little more than one period of an easy chain, and a table over that period."""
    headers = miner.chain(PERIOD + 4)
    return headers, miner.table(headers, 1)


def run(data: bytes) -> None:
    kind, rest = (data[0] % 4, data[1:]) if data else (0, b"")
    (_file, _run, _table, _header)[kind](rest)


def _file(raw: bytes) -> None:
    for table in (checkpoints(), mined()[1]):
        try:
            found = parse_headers(raw, table)
        except BadHeader:
            continue
        assert found.run or found.headers
        if found.run is not None:
            _linked(*found.run, table)


def _run(raw: bytes) -> None:
    first, body = int.from_bytes(raw[:4], "big"), raw[4:]
    for table in (checkpoints(), mined()[1]):
        _linked(first, body, table)
        try:
            extended(table, body)
        except BadHeader:
            continue


def _linked(first: int, body: bytes, table: CheckpointTable) -> None:
    try:
        linked = link(first, body, table)
    except BadHeader:
        return
    if linked is None:
        return
    assert linked.raw == body
    assert linked.network == "practice" or table is not checkpoints()
    header = linked.header(first)
    assert header is not None
    assert header.has_work
    leaf = Attestation(
        kind="bitcoin", message=header.merkle_root, height=first, tag=bytes(8), payload=b""
    )
    found = judge(leaf, run=(first, body), table=table)
    assert found.status in ("confirmed", "simulated")


def _table(raw: bytes) -> None:
    try:
        table = CheckpointTable.parse(raw)
    except BadHeader:
        return
    assert len(table.bits) == len(table.hashes) + 1
    for height in (0, 1, PERIOD, table.height, table.height + 1, 10**9):
        table.hash_at(height)
        table.easiest(height)
        table.allows(height, 0x1D00FFFF)
    _linked(0, b"".join(mined()[0][:3]), table)


def _header(raw: bytes) -> None:
    try:
        header = parse_header(raw)
    except BadHeader:
        assert len(raw) != HEADER_SIZE
        return
    written = (
        header.version.to_bytes(4, "little", signed=True)
        + header.previous
        + header.merkle_root
        + b"".join(n.to_bytes(4, "little") for n in (header.time, header.bits, header.nonce))
    )
    assert written == raw
    if (target := target_of(header.bits)) is not None:
        assert (target_of(bits_of(target)) or 0) <= target
    objection(header.time % 10**6, header, checkpoints())
    practice_objection(header.time % 3, header)
    leaf = Attestation(
        kind="bitcoin", message=header.merkle_root, height=header.nonce, tag=bytes(8), payload=b""
    )
    shown = [("a", header.nonce, raw), ("b", header.nonce, raw)]
    assert judge(leaf, headers=shown, table=checkpoints()).status != "confirmed"


TARGET = Target(
    name="bitcoin",
    run=run,
    tokens=(
        b"holdfast-bitcoin-checkpoints/1",
        b'"rows":[["',
        b'"first_bits":"207fffff"',
        b"\xff\xff\x7f\x20",
        b"\xff\xff\x00\x1d",
    ),
)
