"""What holds of everybody who shows headers: explorers, a node, an Electrum server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fakes import miner
from fakes.chain import MinedChain
from fakes.clock import FakeClock
from holdfast.adapters import witness
from holdfast.adapters.chain.assembly import assemble
from holdfast.adapters.chain.electrum import Electrum, read_server
from holdfast.adapters.chain.node import Node
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.core.bitcoin import PERIOD, BadHeader, CheckpointTable, link
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.job import Job
from holdfast.core.timestamp import Authorities, Explorer
from holdfast.ports import ChainSource
from holdfast.practice import node as practice_node
from holdfast.practice.electrum import ElectrumService
from holdfast.practice.server import Service
from holdfast.practice.world import PracticeWorld

KINDS = ("explorer", "node", "electrum")
Make = Callable[[str], ChainSource]


@pytest.fixture(scope="module")
def chain() -> MinedChain:
    return MinedChain(miner.chain(PERIOD + 40))


@pytest.fixture(scope="module")
def table(chain: MinedChain) -> CheckpointTable:
    return miner.table(chain.raws, 1)


@pytest.fixture(scope="module")
def other(chain: MinedChain) -> MinedChain:
    """The same chain up to the checkpoint, then another one with the same rules."""
    made = chain.raws[:PERIOD]
    bits = miner.bits_of(chain.raws[PERIOD])
    for height in range(PERIOD, PERIOD + 40):
        previous = miner.double_sha256(made[-1])
        made.append(miner.mine(previous, miner.START + height, bits, b"\1" * 32))
    return MinedChain(made)


@pytest.fixture
def over(table: CheckpointTable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A source of each kind over a chain, speaking its real protocol on loopback."""
    closing: list[Callable[[], None]] = []

    def make(kind: str, shown: MinedChain) -> ChainSource:
        if kind == "explorer":
            monkeypatch.setattr(witness, "fetch", shown.fetch)
            explorer = Explorer(id="x", url="https://x.example/api", operator="X")
            return Esplora(Authorities(world="real", explorers=(explorer,)), table).sources()[0]
        if kind == "node":
            answer = practice_node.Node(shown).answer  # type: ignore[arg-type]  # a stand-in
            web = Service(answer, world=1, body_limit=practice_node.BODY_LIMIT)
            web.serve()
            closing.append(web.close)
            return Node(web.url, lambda: "practice:practice", table)
        served = ElectrumService(shown, world=1)  # type: ignore[arg-type]  # a stand-in
        served.serve()
        closing.append(served.close)
        return Electrum(read_server(f"tcp://127.0.0.1:{served.port}"), table)

    yield make  # type: ignore[misc]  # takes the chain too
    for close in closing:
        close()


@pytest.mark.parametrize("kind", KINDS)
class TestHeaderSource:
    def test_it_has_a_name_and_a_tip(self, kind: str, over: Make, chain: MinedChain) -> None:
        source = over(kind, chain)
        assert source.operator
        assert source.tip() == chain.tip

    def test_single_headers_are_the_chain_s(self, kind: str, over: Make, chain: MinedChain) -> None:
        source = over(kind, chain)
        for height in (0, 7, PERIOD - 1, PERIOD, PERIOD + 39):
            assert source.header(height) == chain.raws[height]

    def test_what_is_not_there_cannot_be_had(
        self, kind: str, over: Make, chain: MinedChain
    ) -> None:
        source = over(kind, chain)
        for height in (chain.tip + 1, 10**8):
            with pytest.raises((Refused, Unavailable, BadHeader)):
                source.header(height)

    def test_a_stretch_links(
        self, kind: str, over: Make, chain: MinedChain, table: CheckpointTable
    ) -> None:
        source = over(kind, chain)
        raw = source.stretch(PERIOD - 30, PERIOD + 39, Job())
        assert raw == miner.joined(chain.raws[PERIOD - 30 : PERIOD + 40])
        assert link(PERIOD - 30, raw, table) is not None
        assert source.stretch(5, 5, Job()) == chain.raws[5]

    def test_a_run_is_put_together(
        self, kind: str, over: Make, chain: MinedChain, table: CheckpointTable
    ) -> None:
        run = assemble((over(kind, chain),), (PERIOD + 9, PERIOD + 30), table, Job())
        assert run == (PERIOD, miner.joined(chain.raws[PERIOD : PERIOD + 31]))

    def test_the_person_may_change_their_mind(
        self, kind: str, over: Make, chain: MinedChain
    ) -> None:
        source, job = over(kind, chain), Job()
        job.cancel()
        with pytest.raises(Cancelled):
            source.stretch(0, 300, job)

    def test_an_easier_target_or_no_work_is_no_header(
        self, kind: str, over: Make, chain: MinedChain, table: CheckpointTable
    ) -> None:
        raws = list(chain.raws)
        raws[PERIOD + 3] = miner.mine(bytes(32), 1, miner.EASY - 1)
        raws[PERIOD + 4] = miner.mine(bytes(32), 1, miner.bits_of(raws[PERIOD]), work=False)
        source = over(kind, MinedChain(raws))
        for height in (PERIOD + 3, PERIOD + 4):
            with pytest.raises((BadHeader, Unavailable)):
                source.header(height)
        with pytest.raises(Unavailable, match="header_run_missing"):
            assemble((source,), (PERIOD + 9,), table, Job())

    def test_another_chain_than_the_checkpoint_s_links_nowhere(
        self, kind: str, over: Make, chain: MinedChain, table: CheckpointTable
    ) -> None:
        raws = list(chain.raws)
        raws[PERIOD - 1] = miner.mine(bytes(32), 1, miner.bits_of(raws[PERIOD - 1]))
        source = over(kind, MinedChain(raws))
        with pytest.raises((BadHeader, Unavailable)):
            source.header(PERIOD - 1)
        with pytest.raises(Unavailable, match="header_run_missing"):
            assemble((source,), (PERIOD - 5, PERIOD + 3), table, Job())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("practice"), FakeClock()) as opened:
        opened.mine(30)
        yield opened
        assert opened.faults() == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_practice_world_shows_one_chain_in_every_way(kind: str, world: PracticeWorld) -> None:
    shipped = witness.checkpoints()
    source: ChainSource = Esplora(world.authorities(), shipped).sources()[0]
    if kind == "node":
        source = Node(world.node_url, lambda: "practice:practice", shipped, world="practice")
    if kind == "electrum":
        source = Electrum(
            read_server(world.electrum_address),
            CheckpointTable(hashes=(), bits=(0x207FFFFF,)),
            world="practice",
        )
    assert source.tip() == 30
    first, raw = assemble((source,), (9, 30), shipped, Job(), world="practice")
    linked = link(first, raw, shipped)
    assert linked is not None
    assert linked.network == "practice"
    assert source.header(9) == raw[9 * 80 : 10 * 80]
    with pytest.raises((BadHeader, Unavailable)):
        Electrum(read_server(world.electrum_address), shipped).header(9)


def test_a_second_program_uses_the_electrum_server_of_the_first(
    world: PracticeWorld, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shared")
    with (
        PracticeWorld.start(folder, FakeClock()) as first,
        PracticeWorld.start(folder, FakeClock()) as second,
    ):
        assert first.electrum_address == second.electrum_address
        assert first.electrum_address != world.electrum_address
        first.mine(2)
        server = read_server(second.electrum_address)
        assert Electrum(server, witness.checkpoints(), world="practice").tip() == 2


def test_runs_of_other_chains_are_passed_over(
    over: Make, chain: MinedChain, other: MinedChain, table: CheckpointTable
) -> None:
    # Both keep every rule: only work done can tell them apart, so the first that links is taken.
    for kind in KINDS:
        run = assemble((over(kind, other),), (PERIOD + 9,), table, Job())
        assert run[1] == miner.joined(other.raws[PERIOD : PERIOD + 10])
    assert chain.raws[PERIOD] != other.raws[PERIOD]
