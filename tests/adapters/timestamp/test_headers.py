"""Explorers are believed for nothing: what they say is hashed, weighed and linked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from fakes import miner
from fakes.clock import FakeClock
from fakes.web import UNREACHABLE, Web
from holdfast.adapters import witness
from holdfast.adapters.chain import assembly, patience
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.core.bitcoin import (
    PERIOD,
    CheckpointTable,
    display,
    double_sha256,
    link,
    parse_header,
)
from holdfast.core.errors import Cancelled, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job, Progress
from holdfast.core.timestamp import Authorities, Explorer
from holdfast.practice.world import PracticeWorld

A, B = "https://a.example/api", "https://b.example/api"


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    return miner.chain(PERIOD + 60)


@pytest.fixture(scope="module")
def table(chain: list[bytes]) -> CheckpointTable:
    return miner.table(chain, 1)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    made = Web()
    monkeypatch.setattr(witness, "fetch", made.fetch)
    return made


def esplora(table: CheckpointTable, *urls: str, world: World = "real") -> Esplora:
    explorers = tuple(
        Explorer(id=f"x{at}", url=url, operator=f"Operator {at}") for at, url in enumerate(urls)
    )
    return Esplora(Authorities(world=world, explorers=explorers), table)


def show(web: Web, base: str, height: int, raw: bytes, *, tip: int = 10**6) -> None:
    name = display(double_sha256(raw))
    web.pages[f"{base}/block-height/{height}"] = name.encode() + b"\n"
    web.pages[f"{base}/block/{name}/header"] = raw.hex().encode()
    web.pages[f"{base}/blocks/tip/height"] = str(tip).encode()


def listed(raw: bytes, height: int) -> dict[str, object]:
    header = parse_header(raw)
    return {
        "id": display(header.hash),
        "height": height,
        "version": header.version,
        "timestamp": header.time,
        "merkle_root": display(header.merkle_root),
        "previousblockhash": display(header.previous),
        "bits": header.bits,
        "nonce": header.nonce,
        "difficulty": 1.5,
    }


def show_list(web: Web, base: str, chain: list[bytes], top: int, count: int = 10) -> None:
    blocks = [listed(chain[at], at) for at in range(top, max(-1, top - count), -1)]
    web.pages[f"{base}/blocks/{top}"] = json.dumps(blocks).encode()


# --- single headers -------------------------------------------------------------------------------


def test_each_operator_s_header_comes_with_its_name(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    for base in (A, B):
        show(web, base, 7, chain[7])
    source = esplora(table, A, B)
    assert list(source.headers(7)) == [("Operator 0", chain[7]), ("Operator 1", chain[7])]
    assert source.about(7) == (("Operator 0", 7, chain[7]), ("Operator 1", 7, chain[7]))
    before = len(web.asked)
    source.about(7)
    assert len(web.asked) == before


def test_who_does_not_answer_is_left_out(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show(web, B, 7, chain[7])
    assert [who for who, _ in esplora(table, A, B).headers(7)] == ["Operator 1"]
    web.pages[f"{A}/block-height/7"] = UNREACHABLE
    assert [who for who, _ in esplora(table, A, B).headers(7)] == ["Operator 1"]
    assert list(esplora(table).headers(7)) == []


@pytest.mark.parametrize("code", ["host_slow", "host_unknown"])
def test_who_lets_everybody_wait_is_left_alone_for_a_while(
    code: str,
    web: Web,
    chain: list[bytes],
    table: CheckpointTable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pack names hundreds of blocks, and whoever cannot be reached keeps silent for each."""
    show(web, B, 6, chain[6])
    for height in (7, 8):
        show(web, B, height, chain[height])
        web.pages[f"{A}/block-height/{height}"] = Unavailable(code, host="a.example", seconds=20)
    show(web, A, 6, chain[6])
    source = esplora(table, A, B)
    list(source.headers(6))
    web.asked.clear()
    for height in (7, 8):
        assert [who for who, _ in source.headers(height)] == ["Operator 1"]
    assert [asked for asked in web.asked if asked.startswith(A)] == [f"{A}/block-height/7"]
    # What it showed before is known all the same.
    assert ("Operator 0", chain[6]) in source.headers(6)
    now = time.monotonic()
    monkeypatch.setattr(patience, "monotonic", lambda: now + patience.LEFT_ALONE_S + 1)
    show(web, A, 8, chain[8])
    assert [who for who, _ in source.headers(8)] == ["Operator 0", "Operator 1"]


def test_headers_that_cannot_be_true_are_left_out(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    source = esplora(table, A)
    show(web, A, 7, chain[7])
    name = display(double_sha256(chain[7]))
    for wrong in (chain[8].hex(), chain[7].hex()[:-2], "<html>", chain[7].hex() + "00"):
        web.pages[f"{A}/block/{name}/header"] = wrong.encode()
        assert list(source.headers(7)) == []
    lazy = miner.mine(bytes(32), 1, work=False)
    easy = miner.mine(bytes(32), 1, 0x207FFFFE)
    stray = miner.mine(bytes(32), 1)
    for height, raw in ((7, lazy), (7, easy), (PERIOD - 1, stray)):
        show(web, A, height, raw)
        assert list(source.headers(height)) == []
    for wrong in (b"../../etc/passwd", b"00", name.upper().encode()):
        web.pages[f"{A}/block-height/7"] = wrong
        assert list(source.headers(7)) == []
    assert not any("passwd" in asked for asked in web.asked)


def test_a_block_is_final_when_six_stand(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    height = PERIOD + 5
    for tip, final in ((height + 4, False), (height + 5, True)):
        show(web, A, height, chain[height], tip=tip)
        assert bool(list(esplora(table, A).headers(height))) is final
    web.pages[f"{A}/blocks/tip/height"] = b"many"
    assert list(esplora(table, A).headers(height)) == []
    # Below the last checkpoint nothing can be replaced any more.
    show(web, A, 7, chain[7], tip=0)
    assert list(esplora(table, A).headers(7))


# --- runs -----------------------------------------------------------------------------------------


def test_a_run_is_listed_ten_at_a_time(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    for top in (PERIOD + 34, PERIOD + 24, PERIOD + 14, PERIOD + 4):
        show_list(web, A, chain, top)
    steps: list[Progress] = []
    first, raw = esplora(table, A).run((PERIOD + 34, PERIOD + 20), Job(steps.append))
    assert (first, raw) == (PERIOD, miner.joined(chain[PERIOD : PERIOD + 35]))
    assert len(web.asked) == 4
    assert [(step.done, step.total) for step in steps] == [(0, 35), (10, 35), (20, 35), (30, 35)]
    assert link(first, raw, table) is not None


def test_a_run_reaches_from_the_checkpoint_before_its_blocks_to_the_one_after_them(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    for top in range(5, PERIOD, 10):
        show_list(web, A, chain, top)
    assert esplora(table, A).run((24, 3), Job()) == (0, miner.joined(chain[:PERIOD]))


def test_a_run_beyond_the_last_checkpoint_is_linked_a_period_at_a_time(
    web: Web, chain: list[bytes]
) -> None:
    known = CheckpointTable(
        hashes=(), bits=(miner.EASY,), genesis=double_sha256(chain[0]), limit=miner.EASY
    )
    for top in range(5, PERIOD, 10):
        show_list(web, A, chain, top)
    for top in (PERIOD + 25, PERIOD + 15, PERIOD + 5):
        show_list(web, A, chain, top)
    steps: list[Progress] = []
    first, raw = esplora(known, A).run((PERIOD + 25,), Job(steps.append))
    assert (first, raw) == (0, miner.joined(chain[: PERIOD + 26]))
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {step.total for step in steps} == {PERIOD + 26}


def test_without_lists_blocks_are_asked_one_by_one(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    for height in range(PERIOD, PERIOD + 3):
        show(web, A, height, chain[height])
    assert esplora(table, A).run((PERIOD + 2,), Job())[1] == miner.joined(
        chain[PERIOD : PERIOD + 3]
    )


@pytest.mark.parametrize(
    "page",
    [
        b"not json",
        b"{}",
        b"[]",
        b"[5]",
        b"[" * 5000,
        b'[{"height": 1}]',
        b'[{"id":"","height":1,"version":1,"timestamp":-1,"merkle_root":"","previousblockhash":""}]',
    ],
)
def test_a_list_that_is_none_is_passed_over(
    page: bytes, web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show(web, A, PERIOD, chain[PERIOD])
    web.pages[f"{A}/blocks/{PERIOD}"] = page
    assert esplora(table, A).run((PERIOD,), Job()) == (PERIOD, chain[PERIOD])


def test_a_list_that_lies_is_passed_over(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show(web, A, PERIOD, chain[PERIOD])
    good = listed(chain[PERIOD], PERIOD)
    for lie in (
        [good | {"timestamp": 1}],
        [good | {"height": PERIOD + 1}],
        [good, listed(chain[PERIOD - 2], PERIOD - 2)],
    ):
        web.pages[f"{A}/blocks/{PERIOD}"] = json.dumps(lie).encode()
        assert esplora(table, A).run((PERIOD,), Job()) == (PERIOD, chain[PERIOD])


def test_another_explorer_may_have_the_run(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show_list(web, B, chain, PERIOD)
    for bits in (miner.EASY - 1, miner.bits_of(chain[PERIOD])):
        other = miner.mine(bytes(32), 1, bits)
        show_list(web, A, [*chain[:PERIOD], other], PERIOD)
        assert esplora(table, A, B).run((PERIOD,), Job())[1] == chain[PERIOD]
        with pytest.raises(Unavailable, match="header_run_missing"):
            esplora(table, A).run((PERIOD,), Job())


def test_a_run_has_a_length_and_may_be_given_up(
    web: Web, table: CheckpointTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "MAX_RUN", 20)
    with pytest.raises(Unavailable, match="header_run_too_long"):
        esplora(table, A).run((PERIOD + 30,), Job())
    with pytest.raises(Unavailable, match="header_run_missing"):
        esplora(table, A).run((PERIOD + 3,), Job())
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        esplora(table, A).run((PERIOD + 3,), job)
    assert len(web.asked) == 2


# --- the practice world ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("practice"), FakeClock()) as opened:
        opened.mine(8)
        yield opened


def test_the_practice_chain_comes_from_its_genesis(world: PracticeWorld) -> None:
    source = Esplora(world.authorities())
    found = source.about(5)
    assert len(found) == 12
    assert len({who for who, _, _ in found}) == 2
    first, raw = source.run((3, 5), Job())
    linked = link(first, raw, witness.checkpoints())
    assert linked is not None
    assert (first, linked.network, len(raw)) == (0, "practice", 6 * 80)
    assert dict(source.headers(5)).keys() == {who for who, _, _ in found}
    assert source.about(99) == ()


def test_the_practice_world_has_its_own_rules(web: Web, table: CheckpointTable) -> None:
    source = esplora(table, A, world="practice")
    for raw in (miner.mine(bytes(32), 1), miner.mine(bytes(32), 1, 0x207FFFFE)):
        show(web, A, 0, raw)
        assert source.about(0) == ()


def test_part_of_a_practice_run_is_none(web: Web, table: CheckpointTable) -> None:
    for height in (1, 2):
        show(web, A, height, miner.mine(bytes([height] * 32), 1))
    assert esplora(table, A, world="practice").about(2) == ()


def test_real_explorers_are_not_asked_on_this_computer(world: PracticeWorld) -> None:
    inside = world.authorities().explorers
    assert list(Esplora(Authorities(world="real", explorers=inside)).headers(1)) == []
    outside = Explorer(id="x", url="https://mempool.space/api", operator="mempool.space")
    assert Esplora(Authorities(world="practice", explorers=(outside,))).about(1) == ()
