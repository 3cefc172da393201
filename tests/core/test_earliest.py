"""Not before: genuine values hold, and every way of bending them is found and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes import miner
from fakes.packed import MemoryPack
from holdfast.core import earliest, practice
from holdfast.core.bag import Contents, Seen
from holdfast.core.bitcoin import PERIOD, CheckpointTable, display, double_sha256
from holdfast.core.canonical import canonical, rfc3339
from holdfast.core.drand import PRACTICE, DrandChain, chain_hash
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.ledger import Ref
from holdfast.core.record import Record, Sealed
from holdfast.core.verdict import ProofHelp
from holdfast.core.witness import Dated, Terms
from holdfast.practice import blocks

NAME = "data/exhibits/E0001/capture.json"
PATH = "exhibits/E0001/capture.json"
LATE = "2040-01-01T00:00:00.000Z"
KEY = "ab" * 96
CHAIN = DrandChain(
    id="real",
    name="real",
    hash=chain_hash(bytes.fromhex(KEY), 3, 1_600_000_000, "11" * 32, "real"),
    public_key=KEY,
    period=3,
    genesis=1_600_000_000,
    seed="11" * 32,
)
SIGNATURE = "cd" * 48
EASY = miner.EASY - 1
"""A target that anybody meets and that is not the practice chain's."""


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    return miner.chain(PERIOD + 20, limit=EASY)


@pytest.fixture(scope="module")
def table(chain: list[bytes]) -> CheckpointTable:
    return miner.table(chain, 1, limit=EASY)


def block(height: int, raw: bytes, **changed: object) -> dict[str, Any]:
    told = {"height": height, "hash": display(double_sha256(raw)), "sources": ["a", "b"]}
    return told | {"header": raw.hex()} | changed


def a_round(number: int, *, chain: DrandChain = CHAIN, signature: str = SIGNATURE) -> Any:
    return {"chain": chain.hash, "round": number, "signature": signature}


def signs(chain: DrandChain) -> Callable[[DrandChain, int, bytes], bool]:
    return lambda asked, _round, signature: asked == chain and signature == bytes.fromhex(SIGNATURE)


def look(
    told: object,
    table: CheckpointTable,
    *,
    world: World = "real",
    system: object = LATE,
    clock: object = None,
    dated: Iterable[Dated] = (),
    runs: Iterable[tuple[int, bytes]] = (),
    changed: frozenset[str] = frozenset(),
    manifest: bytes | None = None,
    **terms: Any,
) -> dict[str, tuple[str, str]]:
    """Rule → outcome and detail."""
    body = {
        "format": "holdfast-capture/1",
        "clock": {"system": system} if clock is None else clock,
        "not_before": told,
    }
    files = {NAME: canonical(body) if manifest is None else manifest}  # type: ignore[arg-type] # any value is tried
    for first, raw in runs:
        last = first + len(raw) // 80 - 1
        files[f"data/timestamps/headers/bitcoin-{first}-{last}.bin"] = raw
    seen = Seen()
    sealed = Sealed(number="E0001", seq=1, ref=Ref(path=PATH, size=1, sha256="", sm3=""))
    record = Record(
        ledger="",
        world=world,
        entries=(),
        leaves=(),
        exhibits=(sealed,),
        checkpoints={},
        recorded=frozenset(),
        changed=changed,
        certificates={},
        proofs={},
    )
    lent = Terms(checkers=(), table=table, beacons=(CHAIN,), **terms)
    contents = Contents(MemoryPack(files), seen, Job(), sm3=False)
    earliest.judge_not_before(contents, record, tuple(dated), lent, seen)
    assert len({finding.rule for finding in seen.findings}) == len(seen.findings)
    assert all(finding.subject == NAME for finding in seen.findings)
    return {finding.rule: (finding.outcome, finding.detail) for finding in seen.findings}


# --- nothing there --------------------------------------------------------------------------------


def test_what_was_not_asked_for_is_not_spoken_of(table: CheckpointTable) -> None:
    assert look({"reason": "not asked"}, table) == {}
    assert look(None, table) == {}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("offline", "offline"),
        ("bitcoin_disagree drand_no_answer", "bitcoin_disagree, drand_no_answer"),
        ("<b>something else</b>", "?"),
    ],
)
def test_what_could_not_be_had_is_said(table: CheckpointTable, reason: str, said: str) -> None:
    assert look({"reason": reason}, table) == {"not_before_absent": ("unchecked", said)}


@pytest.mark.parametrize(
    ("told", "part"),
    [
        (7, "not_before"),
        ([], "not_before"),
        ({}, "not_before"),
        ({"reason": 7}, "not_before"),
        ({"network": "bitcoin", "bitcoin": 7}, "bitcoin"),
        ({"network": "bitcoin", "bitcoin": {"height": -1, "hash": "ab" * 32}}, "bitcoin"),
        ({"network": "bitcoin", "bitcoin": {"height": 1, "hash": "AB" * 32}}, "bitcoin"),
        ({"network": "bitcoin", "bitcoin": {"height": 1, "hash": "ab"}}, "bitcoin"),
        (
            {"network": "bitcoin", "bitcoin": {"height": 1, "hash": "ab" * 32, "header": "00"}},
            "header",
        ),
        (
            {"network": "bitcoin", "bitcoin": {"height": 1, "hash": "ab" * 32, "header": 7}},
            "header",
        ),
        ({"network": "bitcoin", "drand": []}, "drand"),
        ({"network": "bitcoin", "drand": a_round(0)}, "drand"),
        ({"network": "bitcoin", "drand": a_round(2**50)}, "drand"),
        ({"network": "bitcoin", "drand": a_round(1, signature="ff")}, "drand"),
    ],
)
def test_what_cannot_be_read_is_broken(table: CheckpointTable, told: object, part: str) -> None:
    assert look(told, table) == {"not_before_malformed": ("broken", part)}


def test_a_manifest_that_is_not_what_was_sealed_is_left_to_whoever_said_so(
    table: CheckpointTable,
) -> None:
    assert look(7, table, changed=frozenset({PATH})) == {}
    assert look(7, table, manifest=b"{") == {}


# --- the block ------------------------------------------------------------------------------------


def test_a_block_of_a_linked_run_holds(chain: list[bytes], table: CheckpointTable) -> None:
    run = (PERIOD - 1, miner.joined(chain[PERIOD - 1 :]))
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    time = datetime.fromtimestamp(miner.time_of(chain[PERIOD + 4]), UTC)
    good = {"not_before_block": ("ok", f"{PERIOD + 4}, {rfc3339(time)}")}
    assert look(told, table, runs=[run]) == good
    assert look(told, table, help=ProofHelp(header_run=run)) == good
    bare = {"network": "bitcoin", "bitcoin": {"height": PERIOD + 4, "hash": told_hash(told)}}
    assert look(bare, table, runs=[run]) == good


def told_hash(told: Any) -> str:
    return str(told["bitcoin"]["hash"])


def test_a_run_that_holds_nothing_is_as_good_as_none(
    chain: list[bytes], table: CheckpointTable
) -> None:
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    torn = (PERIOD, chain[PERIOD + 1] + chain[PERIOD])
    unlinked = (PERIOD + 4, miner.joined(chain[PERIOD + 4 :]))
    short = (PERIOD - 1, chain[PERIOD - 1])
    found = look(told, table, runs=[torn, unlinked, short])
    assert {rule: outcome for rule, (outcome, _) in found.items()} == {
        "not_before_block_alone": "unchecked"
    }


def test_runs_are_read_once_and_a_few_of_them(
    chain: list[bytes], table: CheckpointTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked: list[int] = []
    monkeypatch.setattr(earliest, "link", lambda first, *_: linked.append(first))
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    runs = [(at, chain[at]) for at in range(30)]
    assert "not_before_block_alone" in look(told, table, runs=runs)
    assert len(linked) == 17


def test_a_run_that_cannot_be_read_is_as_good_as_none(
    chain: list[bytes], table: CheckpointTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earliest, "MAX_HEADERS_FILE", 79)
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    found = look(told, table, runs=[(PERIOD - 1, miner.joined(chain[PERIOD - 1 :]))])
    assert set(found) == {"not_before_block_alone"}


def test_explorers_are_asked_where_no_run_reaches(
    chain: list[bytes], table: CheckpointTable
) -> None:
    asked: list[int] = []

    def ask(height: int) -> list[tuple[str, int, bytes]]:
        asked.append(height)
        # One of them shows the way to a checkpoint too.
        return [
            ("A", height - 1, chain[height - 1]),
            *(("AB"[n], height, chain[height]) for n in (0, 1)),
        ]

    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    assert set(look(told, table, ask=ask)) == {"not_before_block"}
    assert asked == [PERIOD + 4]


def test_explorers_who_disagree_or_lie_settle_nothing(
    chain: list[bytes], table: CheckpointTable
) -> None:
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, chain[PERIOD + 4])}
    lazy = miner.mine(bytes(32), 1, EASY, work=False)
    for shown in ([], [("A", chain[5]), ("B", chain[6])], [("A", lazy)]):
        said = [(who, PERIOD + 4, raw) for who, raw in shown]
        assert set(look(told, table, ask=lambda _h, said=said: said)) == {"not_before_block_alone"}


def test_a_block_that_was_replaced_is_no_forgery(
    chain: list[bytes], table: CheckpointTable
) -> None:
    bits = miner.bits_of(chain[PERIOD + 4])
    orphan = miner.mine(double_sha256(chain[PERIOD + 3]), 1_700_000_000, bits, root=b"\1" * 32)
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, orphan)}
    run = (PERIOD - 1, miner.joined(chain[PERIOD - 1 :]))
    assert look(told, table, runs=[run])["not_before_block_left"][0] == "unchecked"
    bare = {"network": "bitcoin", "bitcoin": {"height": PERIOD + 4, "hash": told_hash(told)}}
    assert look(bare, table, runs=[run])["not_before_block_differs"][0] == "broken"


def test_a_hash_alone_can_only_be_impossible_or_unseen(table: CheckpointTable) -> None:
    small = {"network": "bitcoin", "bitcoin": {"height": PERIOD + 4, "hash": "00" * 31 + "01"}}
    assert look(small, table)["not_before_block_unseen"][0] == "unchecked"
    large = {"network": "bitcoin", "bitcoin": {"height": PERIOD + 4, "hash": "ff" * 32}}
    assert look(large, table)["not_before_block_impossible"][0] == "broken"


def test_a_header_is_its_own_and_has_its_work(chain: list[bytes], table: CheckpointTable) -> None:
    told = {"network": "bitcoin", "bitcoin": block(4, chain[4], hash="00" * 32)}
    assert look(told, table)["not_before_block_differs"][0] == "broken"
    bits = miner.bits_of(chain[PERIOD + 4])
    lazy = miner.mine(bytes(32), 1_700_000_000, bits, work=False)
    told = {"network": "bitcoin", "bitcoin": block(PERIOD + 4, lazy)}
    assert look(told, table)["not_before_block_impossible"] == (
        "broken",
        f"{PERIOD + 4}, no_work",
    )


def test_another_header_at_a_checkpoint_is_a_replaced_block(
    chain: list[bytes], table: CheckpointTable
) -> None:
    other = miner.mine(bytes(32), 1_700_000_000, EASY, root=b"\2" * 32)
    told = {"network": "bitcoin", "bitcoin": block(PERIOD - 1, other)}
    run = (PERIOD - 3, miner.joined(chain[PERIOD - 3 : PERIOD]))
    assert set(look(told, table, runs=[run])) == {"not_before_block_left"}


# --- practice stays practice ----------------------------------------------------------------------


def practice_run(length: int) -> list[bytes]:
    made = [blocks.genesis()]
    for height in range(1, length):
        raws = (blocks.coinbase(height),)
        made.append(blocks.mined(height, made[-1].id, made[-1].time + 600, raws))
    return [one.header for one in made]


def test_a_practice_block_counts_in_a_practice_record_alone(table: CheckpointTable) -> None:
    run = practice_run(4)
    told = {"network": "practice", "bitcoin": block(3, run[3])}
    joined = (0, miner.joined(run))
    assert set(look(told, table, world="practice", runs=[joined])) == {"not_before_block"}
    assert set(look(told, table, world="practice")) == {"not_before_block_alone"}
    bare = {"network": "practice", "bitcoin": {"height": 3, "hash": "ff" * 32}}
    assert set(look(bare, table, world="practice")) == {"not_before_block_unseen"}
    lazy = miner.mine(bytes(32), 1, practice.CHAIN_BITS, work=False)
    told = {"network": "practice", "bitcoin": block(3, lazy)}
    assert look(told, table, world="practice")["not_before_block_impossible"][1] == "3, no_work"


def test_a_practice_block_is_never_a_real_one(table: CheckpointTable) -> None:
    run = practice_run(4)
    told = {"network": "bitcoin", "bitcoin": block(3, run[3])}
    found = look(told, table, runs=[(0, miner.joined(run))])
    assert found == {"world_mixed": ("broken", f"{practice.CHAIN_BITS:08x}")}


def test_a_real_block_is_never_practice(chain: list[bytes], table: CheckpointTable) -> None:
    told = {"network": "practice", "bitcoin": block(4, chain[4])}
    assert set(look(told, table, world="practice")) == {"world_mixed"}


@pytest.mark.parametrize(("world", "network"), [("real", "practice"), ("practice", "bitcoin")])
def test_a_stated_network_that_is_not_the_derived_one_is_broken(
    table: CheckpointTable, world: World, network: str
) -> None:
    chain = CHAIN if world == "real" else PRACTICE
    told = {"network": network, "drand": a_round(5, chain=chain)}
    found = look(told, table, world=world, signed=signs(chain))
    assert found["world_mixed"] == ("broken", network)
    assert found["not_before_round"][0] == "ok"


# --- the round ------------------------------------------------------------------------------------


def test_a_signed_round_holds(table: CheckpointTable) -> None:
    told = {"network": "bitcoin", "drand": a_round(5)}
    time = rfc3339(datetime.fromtimestamp(CHAIN.time(5), UTC))
    assert look(told, table, signed=signs(CHAIN)) == {"not_before_round": ("ok", f"5, {time}")}


def test_without_arithmetic_a_round_is_not_checked(table: CheckpointTable) -> None:
    told = {"network": "bitcoin", "drand": a_round(5)}
    assert look(told, table)["not_before_round_unchecked"][0] == "unchecked"


def test_a_forged_signature_is_broken(table: CheckpointTable) -> None:
    told = {"network": "bitcoin", "drand": a_round(5, signature="ee" * 48)}
    assert look(told, table, signed=signs(CHAIN)) == {"not_before_signature": ("broken", "5, real")}


def test_a_chain_that_is_not_known_proves_nothing(table: CheckpointTable) -> None:
    other = {"chain": "99" * 32, "round": 5, "signature": SIGNATURE}
    found = look({"network": "bitcoin", "drand": other}, table, signed=signs(CHAIN))
    assert found == {"not_before_chain_unknown": ("unchecked", "99" * 32)}


def test_a_practice_round_is_never_a_real_one(table: CheckpointTable) -> None:
    named = {"network": "bitcoin", "drand": a_round(5, chain=PRACTICE)}
    assert set(look(named, table, signed=signs(PRACTICE))) == {"world_mixed"}
    # Signed by the practice key and called real: the signature says what it is.
    dressed = {"network": "bitcoin", "drand": a_round(5)}
    assert look(dressed, table, signed=signs(PRACTICE)) == {
        "world_mixed": ("broken", PRACTICE.hash)
    }


def test_a_real_round_is_never_practice(table: CheckpointTable) -> None:
    told = {"network": "practice", "drand": a_round(5)}
    assert set(look(told, table, world="practice", signed=signs(CHAIN))) == {"world_mixed"}
    forged = {"network": "practice", "drand": a_round(5, chain=PRACTICE)}
    found = look(forged, table, world="practice", signed=signs(CHAIN))
    assert set(found) == {"not_before_signature"}


# --- what else says a time ------------------------------------------------------------------------


def told_at(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))


def test_a_clock_that_was_behind_is_a_weakness(table: CheckpointTable) -> None:
    told = {"network": "bitcoin", "drand": a_round(100_000)}
    then = CHAIN.time(100_000)

    def rules(clock: object) -> set[str]:
        return set(look(told, table, clock=clock, signed=signs(CHAIN)))

    behind = {"not_before_round", "not_before_clock"}
    assert rules({"system": told_at(then - 30)}) == {"not_before_round"}
    assert rules({"system": told_at(then - 90)}) == behind
    assert rules({"system": told_at(then - 90), "offset_ms": None}) == behind
    assert rules({"system": told_at(then - 90), "offset_ms": -60_000}) == {"not_before_round"}
    assert rules({"system": told_at(then - 90), "offset_ms": 60_000}) == {"not_before_round"}
    assert rules({"system": told_at(then), "offset_ms": 2**53 - 1}) == {"not_before_round"}
    assert rules({"system": "9999-12-31T23:59:59.000Z"}) == {"not_before_round"}
    assert rules({"system": "yesterday"}) == {"not_before_round"}
    assert rules({}) == {"not_before_round"}


@pytest.mark.parametrize(
    ("kind", "early", "contradicts"),
    [
        ("rfc3161", 30, False),
        ("rfc3161", 90, True),
        ("opentimestamps", 90, False),
        ("opentimestamps", 3 * 3600, True),
    ],
)
def test_nothing_is_witnessed_before_what_it_contains_existed(
    table: CheckpointTable, kind: str, early: int, contradicts: bool
) -> None:
    told = {"network": "bitcoin", "drand": a_round(100_000)}
    witness = Dated(
        path=PATH, status="confirmed", time=told_at(CHAIN.time(100_000) - early), kind=kind
    )
    found = look(told, table, dated=[witness], signed=signs(CHAIN))
    assert ("not_before_contradiction" in found) is contradicts
    if contradicts:
        assert found["not_before_contradiction"][0] == "broken"
    late = [Dated(path=PATH, status="confirmed", time="9999-12-31T23:59:59.000Z", kind=kind)]
    assert "not_before_contradiction" not in look(told, table, dated=late, signed=signs(CHAIN))


def test_a_witness_without_a_time_or_about_something_else_contradicts_nothing(
    table: CheckpointTable,
) -> None:
    told = {"network": "bitcoin", "drand": a_round(100_000)}
    dated = [
        Dated(path=PATH, status="confirmed", time=None, kind="rfc3161"),
        Dated(path="exhibits/E0002/capture.json", status="confirmed", time=told_at(0), kind=""),
    ]
    assert set(look(told, table, dated=dated, signed=signs(CHAIN))) == {"not_before_round"}


def test_nobody_is_asked_twice_when_nobody_answers(
    chain: list[bytes], table: CheckpointTable
) -> None:
    asked: list[int] = []

    def ask(height: int) -> list[tuple[str, int, bytes]]:
        asked.append(height)
        return []

    judge = earliest._Judge(
        Contents(MemoryPack({}), Seen(), Job(), sm3=False),
        Record(
            ledger="",
            world="real",
            entries=(),
            leaves=(),
            exhibits=(),
            checkpoints={},
            recorded=frozenset(),
            changed=frozenset(),
            certificates={},
            proofs={},
        ),
        Terms(checkers=(), table=table, ask=ask),
        Seen(),
    )
    for height in (5, 6):
        told = {"network": "bitcoin", "bitcoin": block(height, chain[height])}
        assert len(list(judge.values("x", told))) == 1
    assert asked == [5]
