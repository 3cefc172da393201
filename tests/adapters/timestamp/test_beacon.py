"""The newest block and round: agreed on, weighed and verified, or said not to be there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from fakes import miner
from fakes.clock import FakeClock
from fakes.web import UNREACHABLE, Behaviour, Web, answering, hostile
from holdfast.adapters import witness
from holdfast.adapters.catalog import Catalog
from holdfast.adapters.timestamp import beacon as module
from holdfast.adapters.timestamp.beacon import Beacon
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.core.bitcoin import PERIOD, CheckpointTable, display, double_sha256
from holdfast.core.drand import PRACTICE
from holdfast.core.errors import Cancelled
from holdfast.core.job import Job
from holdfast.core.not_before import NOT_ASKED, NotBefore
from holdfast.core.timestamp import Authorities, Explorer
from holdfast.practice import beacon as signer
from holdfast.practice.world import PracticeWorld

A, B, C = (f"https://{name}.example/api" for name in "abc")
M, N = "https://m.example", "https://n.example"
LATEST = f"/{PRACTICE.hash}/public/latest"
NUMBER = PRACTICE.newest(FakeClock().time.timestamp())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy computer may take longer over two signatures than a capture waits for them."""
    monkeypatch.setitem(module.SECONDS, "real", module.SECONDS["practice"])


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


def asked(*urls: str, mirrors: tuple[str, ...] = (), one: bool = False) -> Authorities:
    """Real authorities; their rounds are signed by the key that tests have."""
    explorers = tuple(
        Explorer(id=f"x{at}", url=url, operator="one" if one else f"Operator {at}")
        for at, url in enumerate(urls)
    )
    beacons = (replace(PRACTICE, urls=mirrors),) if mirrors else ()
    return Authorities(world="real", explorers=explorers, beacons=beacons)


def beacon(
    table: CheckpointTable, clock: FakeClock | None = None, *, offline: bool = False
) -> Beacon:
    return Beacon(
        clock or FakeClock(),
        lambda authorities, seconds: Esplora(authorities, table, seconds=seconds),
        lambda: offline,
    )


def show(web: Web, base: str, chain: list[bytes], tip: int, *, at: int | None = None) -> None:
    """An explorer with ``chain``, which says that its tip is ``tip``."""
    web.pages[f"{base}/blocks/tip/height"] = str(tip).encode()
    for height in range(max(0, (at or tip) - 4), min(len(chain), (at or tip) + 1)):
        name = display(double_sha256(chain[height]))
        web.pages[f"{base}/block-height/{height}"] = name.encode()
        web.pages[f"{base}/block/{name}/header"] = chain[height].hex().encode()


def says(number: int, **changed: object) -> bytes:
    told: dict[str, object] = {"round": number, "signature": signer.sign(number).hex()}
    return json.dumps(told | changed).encode()


def hash_of(raw: bytes) -> str:
    return display(double_sha256(raw))


# --- the block ------------------------------------------------------------------------------------


def test_two_sources_agree_on_the_newest_block(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    tip = PERIOD + 20
    for base in (A, B):
        show(web, base, chain, tip)
    found = beacon(table).latest(asked(A, B), Job())
    assert found.network == "bitcoin"
    assert found.bitcoin is not None
    assert (found.bitcoin.height, found.bitcoin.hash) == (tip, hash_of(chain[tip]))
    assert found.bitcoin.sources == ("x0", "x1")
    assert bytes.fromhex(found.bitcoin.header) == chain[tip]
    # These miners lived years ago, which is said too.
    assert found.reasons == ("clock",)


def test_a_tip_that_only_one_has_gives_way_to_the_block_both_have(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show(web, A, chain, PERIOD + 21)
    show(web, B, chain, PERIOD + 20)
    found = beacon(table).latest(asked(A, B), Job())
    assert found.bitcoin is not None
    assert found.bitcoin.height == PERIOD + 20
    assert len(found.bitcoin.sources) == 2


def test_a_fork_at_the_tip_gives_way_to_the_block_below(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    tip = PERIOD + 20
    bits = miner.bits_of(chain[tip])
    other = miner.mine(double_sha256(chain[tip - 1]), 1_700_000_000, bits, b"\1" * 32)
    show(web, A, chain, tip)
    show(web, B, [*chain[:tip], other], tip)
    found = beacon(table).latest(asked(A, B), Job())
    assert found.bitcoin is not None
    assert found.bitcoin.height == tip - 1


def test_sources_that_never_agree_give_nothing(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    tip = PERIOD + 20
    bits = miner.bits_of(chain[tip])
    others = [miner.mine(bytes(32), 1_700_000_000 + at, bits) for at in range(len(chain))]
    show(web, A, chain, tip)
    show(web, B, others, tip)
    assert beacon(table).latest(asked(A, B), Job()) == NotBefore(reason="bitcoin_disagree")


def test_tips_far_apart_are_no_agreement_but_an_outlier_is_left_alone(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    show(web, A, chain, 10**8, at=PERIOD + 20)
    show(web, B, chain, PERIOD + 20)
    assert beacon(table).latest(asked(A, B), Job()).reason == "bitcoin_disagree"
    show(web, C, chain, PERIOD + 20)
    found = beacon(table).latest(asked(A, B, C), Job()).bitcoin
    assert found is not None
    assert found.height == PERIOD + 20


def test_one_source_only_is_said(web: Web, chain: list[bytes], table: CheckpointTable) -> None:
    tip = PERIOD + 20
    show(web, A, chain, tip)
    web.pages[f"{B}/blocks/tip/height"] = UNREACHABLE
    found = beacon(table).latest(asked(A, B), Job())
    assert found.bitcoin is not None
    assert found.bitcoin.sources == ("x0",)
    assert "bitcoin_one_source" in found.reasons
    # The other has the tip and cannot show the block.
    web.pages[f"{B}/blocks/tip/height"] = str(tip).encode()
    again = beacon(table).latest(asked(A, B), Job())
    assert "bitcoin_one_source" in again.reasons
    # Two addresses of one operator are one source.
    show(web, B, chain, tip)
    same = beacon(table).latest(asked(A, B, one=True), Job())
    assert "bitcoin_one_source" in same.reasons


@pytest.mark.parametrize("page", [b"", b"-5", b"<html>", b"9" * 2000, 404, 302, UNREACHABLE])
def test_explorers_that_talk_nonsense_are_nobody(
    web: Web, table: CheckpointTable, page: bytes | int
) -> None:
    for base in (A, B):
        web.pages[f"{base}/blocks/tip/height"] = page
    assert beacon(table).latest(asked(A, B), Job()) == NotBefore(reason="no_answer")


def test_a_block_without_its_work_is_no_block(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    tip = PERIOD + 20
    lazy = miner.mine(
        double_sha256(chain[tip - 1]), 1_700_000_000, miner.bits_of(chain[tip]), work=False
    )
    for base in (A, B):
        show(web, base, [*chain[:tip], lazy], tip)
    assert beacon(table).latest(asked(A, B), Job()).reason == "no_answer"
    assert beacon(table).latest(asked(A), Job()).reason == "no_answer"


# --- the round ------------------------------------------------------------------------------------


def test_a_verified_round_is_had(web: Web, table: CheckpointTable) -> None:
    web.pages[M + LATEST] = says(NUMBER)
    found = beacon(table).latest(asked(mirrors=(M,)), Job())
    assert found.drand is not None
    assert (found.drand.chain, found.drand.round) == (PRACTICE.hash, NUMBER)
    assert found.drand.signature == signer.sign(NUMBER).hex()
    assert (found.network, found.reason) == ("bitcoin", "")


def test_the_newest_genuine_round_of_several_mirrors_is_taken(
    web: Web, table: CheckpointTable
) -> None:
    web.pages[M + LATEST] = says(NUMBER - 1)
    web.pages[N + LATEST] = says(NUMBER + 9, signature=signer.sign(NUMBER).hex())
    found = beacon(table).latest(asked(mirrors=(M, N)), Job())
    assert found.drand is not None
    assert found.drand.round == NUMBER - 1


def test_a_forged_round_is_refused_and_said(web: Web, table: CheckpointTable) -> None:
    web.pages[M + LATEST] = says(NUMBER, signature=signer.sign(NUMBER - 1).hex())
    found = beacon(table).latest(asked(mirrors=(M,)), Job())
    assert found == NotBefore(reason="drand_refused")


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"[" * 3000,
        b"7",
        b"{}",
        lambda: says(NUMBER, signature="zz"),
        lambda: says(NUMBER, signature=7),
        lambda: says(0),
        lambda: says(1, round=True),
        lambda: says(1, round=2**60),
        lambda: says(1, round="1"),
        lambda: says(NUMBER, randomness="00" * 32),
        404,
        301,
        UNREACHABLE,
    ],
)
def test_a_beacon_that_talks_nonsense_is_nobody(
    web: Web, table: CheckpointTable, page: bytes | int | Callable[[], bytes]
) -> None:
    web.pages[M + LATEST] = page() if callable(page) else page
    assert beacon(table).latest(asked(mirrors=(M,)), Job()) == NotBefore(reason="no_answer")


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_does_not_fit_the_newest_round_is_said(
    web: Web, table: CheckpointTable, hours: int
) -> None:
    web.pages[M + LATEST] = says(NUMBER)
    clock = FakeClock()
    clock.advance(hours=hours)
    found = beacon(table, clock).latest(asked(mirrors=(M,)), Job())
    assert found.drand is not None
    assert found.reasons == ("clock",)


# --- both -----------------------------------------------------------------------------------------


def test_one_value_without_the_other_is_said(
    web: Web, chain: list[bytes], table: CheckpointTable
) -> None:
    web.pages[M + LATEST] = says(NUMBER)
    half = beacon(table).latest(asked(A, B, mirrors=(M,)), Job())
    assert half.bitcoin is None
    assert half.drand is not None
    assert half.reasons == ("bitcoin_no_answer",)
    for base in (A, B):
        show(web, base, chain, PERIOD + 20)
    del web.pages[M + LATEST]
    other = beacon(table).latest(asked(A, B, mirrors=(M,)), Job())
    assert other.drand is None
    assert other.reasons == ("drand_no_answer", "clock")


def test_offline_nobody_is_asked(web: Web, table: CheckpointTable) -> None:
    found = beacon(table, offline=True).latest(asked(A, B, mirrors=(M,)), Job())
    assert found == NotBefore(reason="offline")
    assert web.asked == []


def test_where_everybody_is_switched_off_nobody_is_asked(table: CheckpointTable) -> None:
    assert beacon(table).latest(asked(), Job()) == NOT_ASKED


def test_captures_in_one_go_share_what_was_had(web: Web, table: CheckpointTable) -> None:
    web.pages[M + LATEST] = says(NUMBER)
    clock = FakeClock()
    it = beacon(table, clock)
    first = it.latest(asked(mirrors=(M,)), Job())
    assert it.latest(asked(mirrors=(M,)), Job()) is first
    assert len(web.asked) == 1
    clock.advance(seconds=61)
    it.latest(asked(mirrors=(M,)), Job())
    assert len(web.asked) == 2


def test_that_nobody_answered_is_not_remembered(web: Web, table: CheckpointTable) -> None:
    it = beacon(table)
    assert it.latest(asked(mirrors=(M,)), Job()).reason == "no_answer"
    web.pages[M + LATEST] = says(NUMBER)
    assert it.latest(asked(mirrors=(M,)), Job()).drand is not None


def test_a_bug_of_ours_is_not_taken_for_silence(
    monkeypatch: pytest.MonkeyPatch, table: CheckpointTable
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise AssertionError("a bug")

    monkeypatch.setattr(witness, "fetch", broken)
    with pytest.raises(AssertionError):
        beacon(table).latest(asked(mirrors=(M,)), Job())


# --- over a real wire -----------------------------------------------------------------------------


def slow(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
    """A byte now and then, for as long as somebody listens."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(400):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.SECONDS, "practice", 0.5)


def practice_asked(url: str) -> Authorities:
    return Authorities(
        world="practice",
        explorers=(Explorer(id="x", url=url, operator="x"),),
        beacons=(replace(PRACTICE, urls=(url,)),),
    )


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    "behaviour",
    [slow, answering(b"x" * 10**6), answering(b"", 302, Location="http://127.0.0.1:1/")],
    ids=["drips", "floods", "redirects"],
)
def test_hostile_servers_cost_a_moment_and_nothing_else(
    behaviour: Behaviour, table: CheckpointTable
) -> None:
    with hostile(behaviour) as server:
        found = beacon(table).latest(practice_asked(server.url), Job())
    assert found == NotBefore(reason="no_answer")


@pytest.mark.usefixtures("brief")
def test_the_person_may_stop_the_waiting(table: CheckpointTable) -> None:
    job = Job(lambda _: job.cancel())
    with hostile(slow) as server, pytest.raises(Cancelled):
        beacon(table).latest(practice_asked(server.url), job)


# --- the practice world ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeWorld]:
    with PracticeWorld.start(tmp_path_factory.mktemp("world"), FakeClock()) as made:
        yield made
        assert made.faults() == ()


def real_table() -> CheckpointTable:
    return witness.checkpoints()


def test_the_practice_world_has_both_and_is_called_practice(world: PracticeWorld) -> None:
    world.mine(2)
    found = beacon(real_table()).latest(world.authorities(), Job())
    assert found.network == "practice"
    assert found.bitcoin is not None
    assert len(found.bitcoin.sources) == 2
    assert found.drand is not None
    assert found.drand.chain == PRACTICE.hash
    assert found.reason == ""


def get(world: PracticeWorld, path: str) -> tuple[int, bytes]:
    (chain,) = world.authorities().beacons
    reply = witness.fetch(chain.urls[0], path, world="practice", limit=9999, timeout=9)
    return reply.status, reply.body


def test_the_practice_beacon_speaks_as_drand_does(world: PracticeWorld) -> None:
    (chain,) = world.authorities().beacons
    status, body = get(world, f"/{chain.hash}/info")
    assert status == 200
    assert json.loads(body)["schemeID"] == "bls-unchained-g1-rfc9380"
    status, body = get(world, f"/{chain.hash}/public/7")
    assert json.loads(body)["signature"] == signer.sign(7).hex()
    assert get(world, f"/{chain.hash}/public/{2 * NUMBER}")[0] == 404
    assert get(world, f"/{chain.hash}/public/0")[0] == 404
    assert get(world, "/public/latest")[0] == 404


def test_the_shipped_addresses_belong_to_the_real_world() -> None:
    shipped = Catalog().authorities("real")
    assert [one.id for one in shipped.beacons] == ["drand-quicknet"]
    assert shipped.beacons[0].hash != PRACTICE.hash
