"""Headers kept here are linked whenever they are read; whoever costs least is asked first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import miner
from fakes.chain import Shows
from holdfast.adapters.chain.shelf import Shelf
from holdfast.adapters.chain.sources import HERE, Sources
from holdfast.core.anchor import judge
from holdfast.core.bitcoin import PERIOD, CheckpointTable, extended
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job
from holdfast.core.opentimestamps import Attestation
from holdfast.ports import ChainSource, Shelved


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    return miner.chain(3 * PERIOD + 20, root_at=lambda height: height.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def shipped(chain: list[bytes]) -> CheckpointTable:
    return miner.table(chain, 1)


def fetched(chain: list[bytes]) -> Shelved:
    return Shelved(
        first=PERIOD,
        raw=miner.joined(chain[PERIOD : 2 * PERIOD]),
        as_of="2026-11-25T00:00:00.000Z",
        sources=("A", "B"),
    )


# --- the shelf ------------------------------------------------------------------------------------


def test_an_empty_shelf_is_the_shipped_table(tmp_path: Path, shipped: CheckpointTable) -> None:
    shelf = Shelf(tmp_path / "bitcoin", shipped)
    assert shelf.table() is shipped
    assert shelf.read() == Shelved(first=PERIOD, raw=b"")


def test_kept_headers_lengthen_the_table(
    tmp_path: Path, chain: list[bytes], shipped: CheckpointTable
) -> None:
    shelf = Shelf(tmp_path / "bitcoin", shipped)
    shelf.keep(fetched(chain))
    for seen in (shelf, Shelf(tmp_path / "bitcoin", shipped)):
        assert seen.read() == fetched(chain)
        table = seen.table()
        assert (table.height, table.as_of, table.sources) == (
            2 * PERIOD - 1,
            "2026-11-25T00:00:00.000Z",
            ("A", "B"),
        )
        assert table.hashes == miner.table(chain, 2).hashes
        assert table.bits == miner.table(chain, 2).bits


def test_another_program_s_headers_are_seen(
    tmp_path: Path, chain: list[bytes], shipped: CheckpointTable
) -> None:
    window, command = Shelf(tmp_path, shipped), Shelf(tmp_path, shipped)
    assert window.table() is shipped
    command.keep(fetched(chain))
    assert window.table().height == 2 * PERIOD - 1


def test_a_newer_release_needs_less_of_them(
    tmp_path: Path, chain: list[bytes], shipped: CheckpointTable
) -> None:
    whole = Shelved(first=PERIOD, raw=miner.joined(chain[PERIOD : 3 * PERIOD]), as_of="x")
    Shelf(tmp_path, shipped).keep(whole)
    newer = Shelf(tmp_path, miner.table(chain, 2))
    assert newer.read().first == 2 * PERIOD
    assert newer.table().height == 3 * PERIOD - 1
    assert Shelf(tmp_path, miner.table(chain, 3)).read().raw == b""
    # An older one has a gap, and does without.
    Shelf(tmp_path, shipped).keep(Shelved(first=2 * PERIOD, raw=whole.raw[PERIOD * 80 :]))
    assert Shelf(tmp_path, shipped).read().raw == b""


@pytest.mark.parametrize("damage", ["flip", "cut", "swap", "note", "other note", "long", "bytes"])
def test_what_was_changed_is_set_aside(
    damage: str, tmp_path: Path, chain: list[bytes], shipped: CheckpointTable
) -> None:
    Shelf(tmp_path, shipped).keep(fetched(chain))
    file, note = tmp_path / "headers.bin", tmp_path / "headers.json"
    raw = bytearray(file.read_bytes())
    if damage == "flip":
        raw[50_000] ^= 1
    if damage == "cut":
        del raw[-1:]
    if damage == "swap":
        raw[:160] = raw[80:160] + raw[:80]
    file.write_bytes(raw)
    if damage == "note":
        note.write_text("[" * 2000)
    if damage == "other note":
        note.write_text(json.dumps({"format": "holdfast-bitcoin-headers/2"}))
    if damage == "long":
        note.write_bytes(b" " * 70_000)
    if damage == "bytes":
        note.write_bytes(b"\xff\xff")
    shelf = Shelf(tmp_path, shipped)
    assert shelf.table() is shipped
    assert (tmp_path / "damaged-headers.bin").exists()
    assert not file.exists()
    shelf.keep(fetched(chain))
    assert shelf.table().height == 2 * PERIOD - 1


# --- everybody ------------------------------------------------------------------------------------


class Explorers:
    """Two explorers who both show the chain; counts what it is asked."""

    def __init__(self, chain: list[bytes]) -> None:
        self.chain = chain
        self.asked: list[int] = []

    def headers(self, height: int) -> Iterator[tuple[str, bytes]]:
        self.asked.append(height)
        return iter((who, self.chain[height]) for who in ("A", "B"))

    def about(self, height: int) -> tuple[tuple[str, int, bytes], ...]:
        return tuple((who, height, raw) for who, raw in self.headers(height))


def everybody(
    chain: list[bytes],
    shipped: CheckpointTable,
    *own: ChainSource,
    held: bool = False,
    table: CheckpointTable | None = None,
) -> tuple[Sources, Explorers]:
    explorers = Explorers(chain)
    kept = (PERIOD, miner.joined(chain[PERIOD : 2 * PERIOD]))
    found = Sources(
        world="real",
        explorers=explorers,
        each=(Shows("A", chain), Shows("B", chain)),
        own=own,
        shipped=shipped,
        table=table or (extended(shipped, kept[1]) if held else shipped),
        about=explorers.about,
        held=kept if held else None,
    )
    return found, explorers


def attested(height: int) -> Attestation:
    return Attestation(
        kind="bitcoin",
        message=height.to_bytes(32, "big"),
        height=height,
        tag=bytes.fromhex("0588960d73d71901"),
        payload=b"",
    )


def test_what_is_kept_here_settles_a_block_without_asking(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    silent = Shows("node", chain)
    sources, explorers = everybody(chain, shipped, silent, held=True)
    table = extended(shipped, miner.joined(chain[PERIOD : 2 * PERIOD]))
    for height in (PERIOD, PERIOD + 700, 2 * PERIOD - 1):
        found = judge(attested(height), headers=sources.about(height), table=table)
        assert (found.status, found.sources) == ("confirmed", (HERE,))
    assert explorers.asked == []
    assert silent.asked == []
    # Below and beyond it others are asked.
    assert {who for who, _, _ in sources.about(2 * PERIOD + 3)} == {"node"}
    assert {who for who, _, _ in sources.about(5)} == {"node"}


def test_the_person_s_own_node_settles_a_block_by_its_run(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    node = Shows("node", chain)
    sources, explorers = everybody(chain, shipped, node)
    found = judge(attested(PERIOD + 9), headers=sources.about(PERIOD + 9), table=shipped)
    assert (found.status, found.sources) == ("confirmed", ("node",))
    sources.about(PERIOD + 9)
    assert node.asked.count(f"stretch {PERIOD} {PERIOD + 9}") == 1
    assert explorers.asked == []
    assert [who for who, _ in sources.headers(7)] == ["node", "A", "B"]


def test_far_from_a_checkpoint_it_is_one_voice_among_others(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    node = Shows("node", chain)
    sources, _ = everybody(chain, shipped, node)
    shown = sources.about(3 * PERIOD + 5)
    assert [(who, at) for who, at, _ in shown] == [
        (who, 3 * PERIOD + 5) for who in ("node", "A", "B")
    ]


def test_who_is_silent_young_or_wrong_is_left_out(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    silent = Shows("silent", chain)
    silent.silent = True
    young = Shows("young", chain[: PERIOD + 12])
    stray = miner.mine(bytes(32), 1, miner.bits_of(chain[PERIOD]))
    wrong = Shows("wrong", chain, lies={PERIOD + 2: stray})
    elsewhere = Shows("elsewhere", [*chain[: PERIOD - 1], stray, *chain[PERIOD:]])
    sources, _ = everybody(chain, shipped, silent, young, wrong, elsewhere)
    assert {who for who, _, _ in sources.about(PERIOD + 9)} == {"elsewhere"}
    assert [who for who, _ in sources.headers(PERIOD + 9)] == ["wrong", "elsewhere", "A", "B"]
    only, _ = everybody(chain, shipped, wrong)
    assert {who for who, _, _ in only.about(PERIOD + 9)} == {"A", "B"}
    moved = [*chain[:PERIOD], *(miner.chain(PERIOD + 20)[PERIOD:])]
    unlinked, _ = everybody(chain, shipped, Shows("moved", moved))
    assert {who for who, _, _ in unlinked.about(PERIOD + 9)} == {"A", "B"}


def test_who_lets_everybody_wait_is_left_alone_for_a_while(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    node = Shows("node", chain)
    node.silent = True
    for code, times in (("host_slow", 1), ("host_unreachable", 2)):
        node.silence = code
        node.asked.clear()
        sources, _ = everybody(chain, shipped, node)
        for height in (PERIOD + 9, PERIOD + 10):
            assert {who for who, _, _ in sources.about(height)} == {"A", "B"}
        assert node.asked == ["tip"] * times
        list(sources.headers(PERIOD + 11))
        assert node.asked == ["tip"] * (1 if times == 1 else 3)


def test_a_pack_s_run_takes_what_is_here_and_asks_for_the_rest(
    chain: list[bytes], shipped: CheckpointTable
) -> None:
    node = Shows("node", chain)
    sources, _ = everybody(chain, shipped, node, held=True)
    first, raw = sources.run((PERIOD + 9, 2 * PERIOD + 3), Job())
    assert (first, raw) == (PERIOD, miner.joined(chain[PERIOD : 2 * PERIOD + 4]))
    assert node.asked == [f"stretch {2 * PERIOD} {2 * PERIOD + 3}"]
    node.raws = node.raws[:5]
    assert sources.run((PERIOD + 9,), Job())[0] == PERIOD
    nobody, _ = everybody(chain, shipped)
    object.__setattr__(nobody, "_each", ())
    with pytest.raises(Unavailable, match="header_run_missing"):
        nobody.run((9,), Job())
