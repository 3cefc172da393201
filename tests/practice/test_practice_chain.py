"""The unmodified OpenTimestamps client against the calendars, the chain and the node."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import FakeClock
from fakes.practice import Got, ask
from holdfast.core import bitcoin, practice
from holdfast.practice import blocks
from holdfast.practice.chain import CONFIRMATIONS
from holdfast.practice.world import PracticeWorld

OTS = Path(sys.executable).with_name("ots")


def ots(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(OTS), *arguments],
        cwd=cwd,
        env={**os.environ, "HOME": str(cwd), "PATH": f"{OTS.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def rpc(world: PracticeWorld, method: str, *params: object, password: str = "practice") -> Got:
    url = world.rpc_url.replace("practice:practice@", "")
    return raw_rpc(
        url, json.dumps({"method": method, "params": params, "id": 7}).encode(), password
    )


def raw_rpc(url: str, body: bytes, password: str = "practice") -> Got:
    token = base64.b64encode(f"practice:{password}".encode()).decode()
    return ask(url, "POST", body, {"Authorization": f"Basic {token}"})


def result(got: Got) -> Any:
    assert got.status == 200
    answer = json.loads(got.body)
    assert answer["error"] is None
    assert answer["id"] == 7
    return answer["result"]


def error(got: Got) -> int:
    assert got.status >= 400
    code = json.loads(got.body)["error"]["code"]
    assert isinstance(code, int)
    return code


@pytest.fixture(scope="module")
def stamped(world: PracticeWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the client stamped with both calendars and upgraded once blocks stood."""
    room = tmp_path_factory.mktemp("stamped")
    for name in ("证据 1.txt", "two.txt", "three.txt"):
        (room / name).write_text(name, encoding="utf-8")
    names = [path.name for path in sorted(room.iterdir())]
    servers = [flag for one in world.authorities().calendars for flag in ("-c", one.url)]
    made = ots(*world.ots_flags(), "stamp", *servers, *names, cwd=room)
    assert made.returncode == 0, made.stderr
    proof = f"{names[0]}.ots"
    waiting = ots(*world.ots_flags(), "upgrade", proof, cwd=room)
    assert waiting.returncode == 1
    assert "Pending confirmation in Bitcoin blockchain" in waiting.stderr
    world.mine(1)
    shallow = ots(*world.ots_flags(), "upgrade", proof, cwd=room)
    assert shallow.returncode == 1
    assert f"waiting for {CONFIRMATIONS - 1} confirmations" in shallow.stderr
    world.mine(CONFIRMATIONS - 1)
    for name in names:
        done = ots(*world.ots_flags(), "upgrade", f"{name}.ots", cwd=room)
        assert done.returncode == 0, done.stderr
    return room


def test_the_printed_command_verifies(world: PracticeWorld, stamped: Path) -> None:
    for target in sorted(stamped.glob("*.txt")):
        command = world.ots_command(target.name)
        checked = ots(*shlex.split(command)[1:], cwd=stamped)
        assert checked.returncode == 0, checked.stderr
        assert "Success! Bitcoin block" in checked.stderr


def test_the_printed_command_runs_in_a_shell_and_may_name_the_proof(
    world: PracticeWorld, stamped: Path
) -> None:
    command = world.ots_command("证据 1.txt", "证据 1.txt.ots")
    assert command.startswith("ots --no-cache --no-default-whitelist -l http://127.0.0.1:")
    assert command.endswith("verify -f '证据 1.txt' '证据 1.txt.ots'")
    checked = subprocess.run(
        command,
        shell=True,
        cwd=stamped,
        env={**os.environ, "PATH": f"{OTS.parent}:{os.environ['PATH']}"},
        capture_output=True,
        timeout=60,
    )
    assert checked.returncode == 0


def test_a_changed_file_does_not_verify(
    world: PracticeWorld, stamped: Path, tmp_path: Path
) -> None:
    (tmp_path / "two.txt").write_text("two.txT", encoding="utf-8")
    (tmp_path / "two.txt.ots").write_bytes((stamped / "two.txt.ots").read_bytes())
    checked = ots(*shlex.split(world.ots_command("two.txt"))[1:], cwd=tmp_path)
    assert checked.returncode == 1
    assert "File does not match original!" in checked.stderr


def test_a_proof_from_this_chain_fails_on_another(
    stamped: Path, tmp_path: Path, clock: FakeClock
) -> None:
    with PracticeWorld.start(tmp_path / "other", clock) as other:
        other.mine(12)
        checked = ots(*shlex.split(other.ots_command("two.txt"))[1:], cwd=stamped)
    assert checked.returncode == 1
    assert "merkleroot" in checked.stderr


def test_finished_proofs_carry_the_practice_mark(stamped: Path) -> None:
    for proof in stamped.glob("*.ots"):
        assert practice.PROOF_MARK in proof.read_bytes()


def test_a_calendar_can_bring_the_chain_forward_itself(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "one.txt").write_text("one", encoding="utf-8")
    with PracticeWorld.start(tmp_path / "world", clock, mining="when_asked") as world:
        url = world.authorities().calendars[0].url
        ots(*world.ots_flags(), "stamp", "-m", "1", "-c", url, "one.txt", cwd=tmp_path)
        done = ots(*world.ots_flags(), "upgrade", "one.txt.ots", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        checked = ots(*shlex.split(world.ots_command("one.txt"))[1:], cwd=tmp_path)
        assert checked.returncode == 0, checked.stderr


def test_one_submission_may_cover_many(world: PracticeWorld) -> None:
    """Each of many digests in one block gets a proof of its own that leads to the header."""
    from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
    from opentimestamps.core.serialize import BytesDeserializationContext
    from opentimestamps.core.timestamp import Timestamp

    url = world.authorities().calendars[0].url
    messages = []
    for number in range(33):
        digest = hashlib.sha256(bytes([number])).digest()
        got = ask(f"{url}/digest", "POST", digest)
        stamp = Timestamp.deserialize(BytesDeserializationContext(got.body), digest)
        ((message, pending),) = stamp.all_attestations()
        assert pending == PendingAttestation(url)
        messages.append(message)
    tip = world.mine()
    height = tip - CONFIRMATIONS + 1
    explorer = world.authorities().explorers[0].url
    block_hash = ask(f"{explorer}/block-height/{height}").text
    header = bytes.fromhex(ask(f"{explorer}/block/{block_hash}/header").text)
    for message in messages:
        got = ask(f"{url}/timestamp/{message.hex()}")
        assert got.status == 200
        stamp = Timestamp.deserialize(BytesDeserializationContext(got.body), message)
        ((root, attestation),) = stamp.all_attestations()
        assert attestation == BitcoinBlockHeaderAttestation(height)
        assert root == header[36:68]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/digest", b"", 400),
        ("POST", "/digest", b"x" * 64, 200),
        ("POST", "/digest", b"x" * 65, 413),
        ("POST", "/elsewhere", b"x", 404),
        ("GET", "/timestamp/zz", None, 400),
        ("GET", "/timestamp/" + "00" * 44, None, 404),
        ("GET", "/", None, 200),
        ("GET", "/nothing", None, 404),
    ],
)
def test_calendar_answers(
    world: PracticeWorld, method: str, path: str, body: bytes | None, status: int
) -> None:
    url = world.authorities().calendars[1].url
    assert ask(url + path, method, body).status == status


def test_the_headers_link_from_the_genesis_and_pay_their_target(world: PracticeWorld) -> None:
    explorers = world.authorities().explorers
    assert len({explorer.operator for explorer in explorers}) == 2
    tip = int(ask(f"{explorers[0].url}/blocks/tip/height").text)
    previous = bytes(32)
    target = (practice.CHAIN_BITS & 0xFFFFFF) << (8 * ((practice.CHAIN_BITS >> 24) - 3))
    for height in range(tip + 1):
        hashes = {ask(f"{explorer.url}/block-height/{height}").text for explorer in explorers}
        (block_hash,) = hashes
        header = bytes.fromhex(ask(f"{explorers[1].url}/block/{block_hash}/header").text)
        assert len(header) == 80
        assert header[4:36] == previous
        previous = hashlib.sha256(hashlib.sha256(header).digest()).digest()
        assert previous[::-1].hex() == block_hash
        assert int.from_bytes(previous, "little") <= target
        if height == 0:
            assert block_hash == practice.GENESIS_HASH
    assert ask(f"{explorers[1].url}/blocks/tip/hash").text == block_hash


def test_block_times_never_go_back_whatever_the_clock_does(
    tmp_path: Path, clock: FakeClock
) -> None:
    other = FakeClock("2026-11-20T13:00:00+00:00")
    with PracticeWorld.start(tmp_path, other) as world:
        world.mine(7)
        other.advance(days=-3)
        world.mine(20)
        explorer = world.authorities().explorers[0].url
        medians: list[int] = []
        for height in range(28):
            block_hash = ask(f"{explorer}/block-height/{height}").text
            block = json.loads(ask(f"{explorer}/block/{block_hash}").body)
            assert block["height"] == height
            if height:
                assert block["timestamp"] > medians[-1]
            medians.append(block["mediantime"])
        assert medians == sorted(medians)


def test_our_own_reader_tells_the_chain_by_its_genesis(world: PracticeWorld) -> None:
    explorer = world.authorities().explorers[0].url
    tip = int(ask(f"{explorer}/blocks/tip/height").text)
    hashes = [ask(f"{explorer}/block-height/{height}").text for height in range(tip + 1)]
    raw = b"".join(bytes.fromhex(ask(f"{explorer}/block/{one}/header").text) for one in hashes)
    for first in (0, 1):
        run = bitcoin.link(first, raw[80 * first :], bitcoin.CheckpointTable(hashes=(), bits=()))
        assert run is not None
        assert run.network == "practice"


def test_esplora_describes_a_block(world: PracticeWorld) -> None:
    explorer = world.authorities().explorers[0].url
    first = ask(f"{explorer}/block-height/1").text
    block = json.loads(ask(f"{explorer}/block/{first}").body)
    assert block["previousblockhash"] == practice.GENESIS_HASH
    assert len(json.loads(ask(f"{explorer}/block/{first}/txids").body)) == block["tx_count"]
    genesis = json.loads(ask(f"{explorer}/block/{practice.GENESIS_HASH.upper()}").body)
    assert genesis["previousblockhash"] is None


@pytest.mark.parametrize(
    "path",
    [
        "block-height/999999",
        "block-height/-1",
        "block-height/９",
        "block-height/99999999999",
        "block/" + "0" * 64,
        "block/xyz",
        f"block/{practice.GENESIS_HASH}/elsewhere",
        "blocks/tip/elsewhere",
    ],
)
def test_esplora_knows_nothing_else(world: PracticeWorld, path: str) -> None:
    from urllib.parse import quote

    assert ask(f"{world.authorities().explorers[0].url}/{quote(path)}").status == 404


def test_another_explorer_is_not_there(world: PracticeWorld) -> None:
    url = world.authorities().explorers[0].url.replace("/jia/", "/bing/")
    assert ask(f"{url}/blocks/tip/height").status == 404


def test_the_node_answers_as_bitcoind_does(world: PracticeWorld) -> None:
    tip = result(rpc(world, "getblockcount"))
    best = result(rpc(world, "getblockhash", tip))
    assert result(rpc(world, "getbestblockhash")) == best
    info = result(rpc(world, "getblockchaininfo"))
    assert (info["chain"], info["blocks"], info["bestblockhash"]) == ("regtest", tip, best)
    raw = result(rpc(world, "getblockheader", best, False))
    told = result(rpc(world, "getblockheader", best))
    assert bytes.fromhex(raw)[36:68][::-1].hex() == told["merkleroot"]
    assert told["confirmations"] == 1
    assert result(rpc(world, "getblockhash", 0)) == practice.GENESIS_HASH


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("getblockhash", (10**30,), -8),
        ("getblockhash", (-1,), -8),
        ("getblockhash", ("1",), -3),
        ("getblockhash", (True,), -3),
        ("getblockhash", (), -3),
        ("getblockheader", ("0" * 64,), -5),
        ("getblockheader", ("zz",), -8),
        ("getblockheader", (), -8),
        ("stop", (), -32601),
    ],
)
def test_the_node_refuses_as_bitcoind_does(
    world: PracticeWorld, method: str, params: tuple[object, ...], code: int
) -> None:
    assert error(rpc(world, method, *params)) == code


def test_the_node_wants_its_password_and_sound_json(world: PracticeWorld) -> None:
    url = world.rpc_url.replace("practice:practice@", "")
    refused = rpc(world, "getblockcount", password="guess")
    assert refused.status == 401
    assert "www-authenticate" in refused.headers
    assert ask(url, "POST", b"{}").status == 401
    assert error(raw_rpc(url, b"{")) == -32700
    assert error(raw_rpc(url, b"[" * 60_000)) == -32700
    assert error(raw_rpc(url, b"[]")) == -32600
    # In a batch each call has its own answer.
    batch = raw_rpc(url, b'[{"id":1,"method":"getblockcount"},{"id":2,"method":"x"},5]')
    told = json.loads(batch.body)
    assert [(one["id"], (one["error"] or {}).get("code")) for one in told] == [
        (1, None),
        (2, -32601),
        (None, -32600),
    ]
    assert error(raw_rpc(url, b'{"params": {}}')) == -32600
    assert error(raw_rpc(url, b'{"method": ["getblockcount"]}')) == -32601
    assert raw_rpc(url, b" " * 70_000).status == 413


@given(st.integers(1, 40), st.data())
def test_a_branch_leads_to_the_merkle_root(count: int, data: st.DataObject) -> None:
    ids = [hashlib.sha256(bytes([number])).digest() for number in range(count)]
    index = data.draw(st.integers(0, count - 1))
    at = ids[index]
    for sibling in blocks.branch(ids, index):
        at = blocks.sha256d(sibling.digest + at if sibling.is_left else at + sibling.digest)
    assert at == blocks.merkle_root(ids)
