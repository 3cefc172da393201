"""``holdfast headers`` and ``holdfast stamps``, over a mined chain behind real protocols."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from fakes import miner
from fakes.chain import MinedChain, line_server
from fakes.environment import ask_nobody
from holdfast.adapters import witness
from holdfast.cli import run as command
from holdfast.compose import open_holdfast
from holdfast.core.bitcoin import PERIOD, CheckpointTable
from holdfast.core.job import Job
from holdfast.core.opentimestamps import MAGIC
from holdfast.practice import node as practice_node
from holdfast.practice.electrum import ElectrumService
from holdfast.practice.server import Service
from holdfast.usecases.headers import DEEP

HEIGHT = PERIOD + 700


@pytest.fixture(scope="module")
def chain() -> MinedChain:
    held = hashlib.sha256(b"the file").digest()
    return MinedChain(
        miner.chain(
            2 * PERIOD + DEEP,
            root_at=lambda height: held if height == HEIGHT else height.to_bytes(32, "big"),
        )
    )


@pytest.fixture(autouse=True)
def table(chain: MinedChain, monkeypatch: pytest.MonkeyPatch) -> CheckpointTable:
    """The program knows the mined chain's first period, and its explorers show all of it."""
    made = miner.table(chain.raws, 1)
    monkeypatch.setattr(witness, "checkpoints", lambda: made)
    monkeypatch.setattr(witness, "fetch", chain.fetch)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: "practice")
    return made


@pytest.fixture
def node(chain: MinedChain) -> Iterator[str]:
    answer = practice_node.Node(chain).answer  # type: ignore[arg-type]  # a stand-in
    service = Service(answer, world=1, body_limit=practice_node.BODY_LIMIT)
    service.serve()
    yield service.url + "/"
    service.close()


@pytest.fixture
def electrum(chain: MinedChain) -> Iterator[str]:
    service = ElectrumService(chain, world=1)  # type: ignore[arg-type]  # a stand-in
    service.serve()
    yield f"tcp://127.0.0.1:{service.port}"
    service.close()


def told(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = command([*words, "--data", str(data), "--lang", "en"])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_checkpoints_are_refreshed_from_two_explorers(
    capsys: pytest.CaptureFixture[str], data: Path, chain: MinedChain
) -> None:
    code, out, _ = told(capsys, data, "headers", "show")
    assert code == 0
    assert f"block {PERIOD - 1}; that came with the program" in out
    code, out, err = told(capsys, data, "headers", "refresh")
    assert code == 0, err
    assert f"1 new checkpoints, {PERIOD} block headers checked" in out
    assert "Blockstream, mempool.space agree" in out
    assert (data / "bitcoin" / "headers.bin").read_bytes() == miner.joined(
        chain.raws[PERIOD : 2 * PERIOD]
    )
    assert "Nothing new yet" in told(capsys, data, "headers", "refresh")[1]
    found = json.loads(told(capsys, data, "headers", "show", "--json")[1])["chain"]
    assert found["height"] == 2 * PERIOD - 1
    assert found["sources"] == ["Blockstream", "mempool.space"]


def test_offline_nobody_is_asked(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    ask_nobody(data)
    code, _, err = told(capsys, data, "headers", "refresh")
    assert code == 1
    assert "Work offline" in err


def test_headers_that_are_kept_here_settle_a_proof_without_a_network(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"the file")
    leaf = (
        b"\x00"
        + bytes.fromhex("0588960d73d71901")
        + b"\x02"
        + bytes((HEIGHT & 127 | 128, HEIGHT >> 7))
    )
    (tmp_path / "a.txt.ots").write_bytes(
        MAGIC + b"\x01\x08" + hashlib.sha256(b"the file").digest() + leaf
    )
    assert told(capsys, data, "headers", "refresh")[0] == 0
    with open_holdfast_at(data) as holdfast:
        holdfast.save_settings(replace(holdfast.settings, offline=True))
    code, out, _ = told(capsys, data, "verify", str(file), "--json")
    (seen,) = json.loads(out)["timestamps"]
    assert (code, seen["status"], seen["by"]) == (0, "confirmed", f"block {HEIGHT}")
    # Without them it could not be checked here, and that is what is said.
    (data / "bitcoin" / "headers.bin").unlink()
    code, out, _ = told(capsys, data, "verify", str(file), "--json")
    assert (code, json.loads(out)["timestamps"][0]["status"]) == (5, "unchecked")


def test_a_folder_that_cannot_be_written_to_is_said(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    data.mkdir()
    (data / "bitcoin").write_text("in the way")
    code, _, err = told(capsys, data, "headers", "refresh")
    assert code == 1
    assert "could not be kept" in err


def test_a_node_is_tried_and_its_password_lies_in_no_setting(
    capsys: pytest.CaptureFixture[str], data: Path, node: str
) -> None:
    code, _, err = told(capsys, data, "headers", "node", node)
    assert (code, "did not accept the login" in err) == (1, True)
    code, out, _ = told(capsys, data, "headers", "node", node, "--user", "practice")
    assert (code, f"Your own node: {node}" in out) == (0, True)
    assert "practice" not in (data / "settings.json").read_text()
    secret = data / "keys" / "node.secret"
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("practice:practice", 0o600)
    # Chosen again without a name, what is known still serves; the node is asked with it.
    assert told(capsys, data, "headers", "node", node)[0] == 0
    with open_holdfast_at(data) as holdfast:
        (own,) = holdfast._own_sources()
        assert own.tip() == 2 * PERIOD + DEEP - 1
    code, out, _ = told(capsys, data, "headers", "node", "none")
    assert (code, "Your own node: none" in out) == (0, True)
    assert not secret.exists()


def test_a_node_s_login_file_is_enough(
    capsys: pytest.CaptureFixture[str], data: Path, node: str, tmp_path: Path
) -> None:
    cookie = tmp_path / ".cookie"
    code, _, err = told(capsys, data, "headers", "node", node, "--cookie", str(cookie))
    assert (code, ".cookie could not be read" in err) == (1, True)
    cookie.write_text("practice:practice")
    assert told(capsys, data, "headers", "node", node, "--cookie", str(cookie))[0] == 0
    assert not (data / "keys" / "node.secret").exists()


def test_an_electrum_server_is_tried(
    capsys: pytest.CaptureFixture[str], data: Path, electrum: str
) -> None:
    code, out, _ = told(capsys, data, "headers", "electrum", electrum)
    assert (code, f"Electrum server: {electrum}" in out) == (0, True)
    with open_holdfast_at(data) as holdfast:
        (own,) = holdfast._own_sources()
        assert own.operator == "Electrum 127.0.0.1"
        # It settles a block by its run alone.
        found = holdfast._explorers(holdfast.authorities()).about(PERIOD + 5)
        assert {who for who, _, _ in found} == {"Electrum 127.0.0.1"}
    assert told(capsys, data, "headers", "electrum", "none")[0] == 0
    code, _, err = told(capsys, data, "headers", "electrum", "tcp://8.8.8.8:1")
    assert (code, "cannot be used" in err) == (1, True)
    with line_server(lambda _line: None) as port:
        assert told(capsys, data, "headers", "electrum", f"tcp://127.0.0.1:{port}")[0] == 3


def test_one_operator_is_one_voice_however_it_is_asked(data: Path) -> None:
    """An explorer's own Electrum server, or one beside the person's node, confirms nothing."""
    with open_holdfast_at(data) as holdfast:
        explorers = holdfast.authorities().explorers
        operator = explorers[0].operator
        host = explorers[0].url.split("/")[2]
        holdfast.save_settings(replace(holdfast.settings, electrum=f"electrum.{host}:50002"))
        assert [own.operator for own in holdfast._own_sources()] == [operator]
        holdfast.save_settings(
            replace(
                holdfast.settings, node="http://127.0.0.1:8332", electrum="tcp://localhost:50001"
            )
        )
        assert {own.operator for own in holdfast._own_sources()} == {"bitcoind 127.0.0.1"}


def test_addresses_that_were_changed_into_none_are_left_out(data: Path) -> None:
    with open_holdfast_at(data) as holdfast:
        for node, electrum in (("http://node.example", "nowhere"), ("x", "tcp://8.8.8.8:1")):
            holdfast.save_settings(replace(holdfast.settings, node=node, electrum=electrum))
            assert holdfast._own_sources() == ()


def test_another_chain_is_not_used(
    capsys: pytest.CaptureFixture[str], data: Path, electrum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = miner.table(miner.chain(PERIOD, spacing=100), 1)
    higher = miner.table(miner.chain(4 * PERIOD), 4)
    for known in (other, higher):
        monkeypatch.setattr(witness, "checkpoints", lambda known=known: known)
        code, _, err = told(capsys, data, "headers", "electrum", electrum)
        assert (code, "another chain" in err) == (1, True)
    assert "Electrum server: none" in told(capsys, data, "headers", "show")[1]


class open_holdfast_at:  # noqa: N801  reads as a word
    def __init__(self, data: Path) -> None:
        self.holdfast = open_holdfast(data)

    def __enter__(self):
        return self.holdfast

    def __exit__(self, *_: object) -> None:
        self.holdfast.close()


def test_a_case_s_time_stamps_show_what_calendars_answered(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    ask_nobody(data)
    (tmp_path / "a.txt").write_text("a")
    with open_holdfast_at(data) as holdfast:
        empty = holdfast.open_case("nothing").number
        assert told(capsys, data, "stamps", "--case", empty)[1].startswith("This case has no")
        case = holdfast._store.open_case("rehearsed", "practice")
        holdfast.keep_files([tmp_path / "a.txt"], Job(), case.number)
        holdfast.stamp(Job())
        holdfast.stamp(Job(), now=True)
    code, out, _ = told(capsys, data, "stamps", "--case", case.number)
    assert code == 0
    assert "/digest  answered 200" in out
    assert "/timestamp/" in out
    found = json.loads(told(capsys, data, "stamps", "--case", case.number, "--json")[1])["stamps"]
    bodies = [heard["body"] for one in found for heard in one["answers"]]
    assert bodies
    assert all(bytes.fromhex(body) for body in bodies)
    assert told(capsys, data, "stamp", "--now")[0] in (0, 3)
