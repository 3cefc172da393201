"""Electrum servers that lie, drip, flood, and change who they are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import miner
from fakes.certificate import self_signed
from fakes.chain import MinedChain, line_server
from holdfast.adapters.chain import electrum
from holdfast.adapters.chain.electrum import Electrum, Server, climbed, read_server
from holdfast.adapters.pack.tokens import find_openssl
from holdfast.core.bitcoin import PERIOD, BadHeader, CheckpointTable
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.job import Job
from holdfast.practice import blocks
from holdfast.practice.electrum import ElectrumService


@pytest.fixture(scope="module")
def chain() -> MinedChain:
    return MinedChain(miner.chain(PERIOD + 10))


@pytest.fixture(scope="module")
def table(chain: MinedChain) -> CheckpointTable:
    return miner.table(chain.raws, 1)


def served(chain: MinedChain) -> Callable[[bytes], dict[str, Any]]:
    service = ElectrumService(chain, world=1)  # type: ignore[arg-type]  # a stand-in
    service.close()
    return service.answer


# --- who runs it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "operator"),
    [
        ("electrum.explorer.example", "An operator"),
        ("explorer.example", "An operator"),
        ("explorer.example.", "An operator"),
        ("other-explorer.example", "Electrum other-explorer.example"),
        ("electrum.example", "Electrum electrum.example"),
    ],
)
def test_an_explorer_s_own_server_is_no_second_operator(
    host: str, operator: str, table: CheckpointTable
) -> None:
    server = Server(host=host, port=50002)
    assert Electrum(server, table, others={"explorer.example": "An operator"}).operator == operator


# --- where it may be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("electrum.example.org:50002", "ssl://electrum.example.org:50002"),
        (" ssl://Electrum.Example:50002 ", "ssl://electrum.example:50002"),
        ("tcp://127.0.0.1:50001", "tcp://127.0.0.1:50001"),
        ("tcp://localhost:50001", "tcp://localhost:50001"),
        ("tcp://192.168.1.5:50001", "tcp://192.168.1.5:50001"),
        ("tcp://[::1]:50001", "tcp://[::1]:50001"),
    ],
)
def test_an_address_is_host_and_port(typed: str, written: str) -> None:
    assert read_server(typed).written == written
    assert read_server(written) == read_server(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "electrum.example.org",
        "electrum.example.org:0",
        "electrum.example.org:65536",
        "http://electrum.example.org:50001",
        "user@electrum.example.org:50002",
        "tcp://electrum.example.org:50001",
        "tcp://8.8.8.8:50001",
        "tcp://169.254.169.254:80",
        "tcp://[fe80::1]:50001",
        "a b:1",
    ],
)
def test_other_addresses_are_refused(typed: str) -> None:
    with pytest.raises(Refused, match="electrum_address"):
        read_server(typed)


def test_a_public_name_that_leads_inside_is_refused(
    table: CheckpointTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ipaddress

    from holdfast.adapters import http

    for inside in ("127.0.0.1", "10.0.0.1", "169.254.169.254"):
        monkeypatch.setattr(
            http, "_look_up", lambda *_, inside=inside: (ipaddress.ip_address(inside),)
        )
        with pytest.raises(Refused, match="link_private"):
            Electrum(read_server("electrum.example:50002"), table).tip()


def test_nobody_listens(table: CheckpointTable) -> None:
    with line_server(lambda _line: None) as port:
        pass
    with pytest.raises(Unavailable, match="host_unreachable"):
        Electrum(read_server(f"tcp://127.0.0.1:{port}"), table).tip()


# --- whose certificate ----------------------------------------------------------------------------


@pytest.mark.skipif(find_openssl() is None, reason="openssl is not here")
def test_the_certificate_is_the_one_that_was_seen_when_it_was_chosen(
    tmp_path: Path, chain: MinedChain, table: CheckpointTable
) -> None:
    answer = served(chain)

    def told(line: bytes) -> bytes:
        return json.dumps(answer(line)).encode() + b"\n"

    with line_server(told, self_signed(tmp_path, "electrum.example")) as port:
        typed = f"ssl://127.0.0.1:{port}"
        shown = Electrum(read_server(typed), table).certificate()
        assert len(shown) == 64
        assert Electrum(read_server(typed, shown), table).header(9) == chain.raws[9]
        for pin in ("", "00" * 32):
            with pytest.raises(Refused, match="electrum_certificate"):
                Electrum(read_server(typed, pin), table).tip()
        with pytest.raises(Unavailable):
            Electrum(read_server(f"tcp://127.0.0.1:{port}"), table, seconds=2).tip()
    with line_server(told) as port, pytest.raises(Unavailable):
        Electrum(read_server(f"ssl://127.0.0.1:{port}", shown), table, seconds=2).tip()


# --- what it may say ------------------------------------------------------------------------------


def result(value: object) -> bytes:
    return json.dumps({"id": 2, "result": value}).encode() + b"\n"


VERSION = json.dumps({"id": 1, "result": ["x", "1.4"]}).encode() + b"\n"


def asked(
    table: CheckpointTable,
    said: bytes | None,
    call: Callable[[Electrum], object],
    seconds: float = 3,
) -> object:
    answers = iter([VERSION, said])
    with line_server(lambda _line: next(answers, None)) as port:
        return call(Electrum(read_server(f"tcp://127.0.0.1:{port}"), table, seconds=seconds))


@pytest.mark.parametrize(
    "said",
    [
        None,
        b"",
        b"<html>welcome to our hotel</html>\n",
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        b"null\n",
        b"7\n",
        b'{"id":2}\n',
        b'{"id":2,"error":{"code":1},"result":1}\n',
        b'{"id":9,"result":{"height":1}}\n' * 9,
        result(None),
        result({"height": -1}),
        result({"height": "12"}),
        result([]),
        b"x" * (electrum.LIMIT + 65_536),
    ],
)
def test_what_is_no_answer_is_one_sentence(said: bytes | None, table: CheckpointTable) -> None:
    with pytest.raises(Unavailable):
        asked(table, said, lambda source: source.tip())


@pytest.mark.parametrize(
    "said",
    [
        {"count": 0, "hex": "", "max": 2016},
        {"count": 2, "hex": "00" * 80, "max": 2016},
        {"count": 1, "hex": "zz" * 80, "max": 2016},
        {"count": 99, "hex": "00" * 80 * 99, "max": 2016},
        {"count": 1, "hex": 5},
        {},
        [],
    ],
)
def test_headers_that_are_none_are_one_sentence(said: object, table: CheckpointTable) -> None:
    with pytest.raises(Unavailable):
        asked(table, result(said), lambda source: source.stretch(5, 9, Job()))


def test_notices_between_are_passed_over(table: CheckpointTable) -> None:
    notice = b'{"method":"blockchain.headers.subscribe","params":[{}]}\n'
    said = notice * 3 + result({"height": 12, "hex": ""})
    assert asked(table, said, lambda source: source.tip(), seconds=60) == 12


def test_a_drip_has_an_end(table: CheckpointTable) -> None:
    def slowly(_line: bytes) -> bytes:
        time.sleep(0.6)
        return b" "

    with line_server(slowly) as port, pytest.raises(Unavailable, match="host_slow"):
        Electrum(read_server(f"tcp://127.0.0.1:{port}"), table, seconds=0.3).tip()


# --- its tree -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie", ["header", "branch", "root", "long", "form", "checkpoint", "two trees"]
)
def test_a_tree_that_does_not_hold_is_not_believed(
    lie: str, chain: MinedChain, table: CheckpointTable
) -> None:
    honest = served(chain)
    raws = list(chain.raws)
    raws[PERIOD - 1] = raws[0]
    dishonest = served(MinedChain(raws))

    def told(line: bytes) -> bytes:
        answer = honest(line)
        height = (json.loads(line)["params"] or [None])[0]
        if json.loads(line)["method"] == "blockchain.block.header":
            found = answer["result"]
            if lie == "header" and height == 9:
                found["header"] = chain.raws[10].hex()
            if lie == "branch":
                found["branch"][0] = "00" * 32
            if lie == "root" and height == 9:
                found["root"] = "00" * 32
            if lie == "long":
                found["branch"] = ["00" * 32] * 41
            if lie == "form":
                found["branch"][0] = "../x"
            if lie == "checkpoint" or (lie == "two trees" and height == 9):
                answer = dishonest(line)
        return json.dumps(answer).encode() + b"\n"

    with line_server(told) as port:
        source = Electrum(read_server(f"tcp://127.0.0.1:{port}"), table)
        with pytest.raises((BadHeader, Unavailable)):
            source.header(9)


@given(st.integers(1, 70), st.data())
def test_branches_climb_as_the_chain_s_own_do(count: int, data: st.DataObject) -> None:
    ids = [blocks.sha256d(bytes([at])) for at in range(count)]
    at = data.draw(st.integers(0, count - 1))
    branch = [blocks.shown(one.digest) for one in blocks.branch(ids, at)]
    assert climbed(ids[at], at, branch) == blocks.shown(blocks.merkle_root(ids))


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"method":5,"id":1}',
        b'{"method":"server.peers.subscribe","id":1}',
        b'{"method":"blockchain.block.header","params":{"height":1},"id":1}',
        b'{"method":"blockchain.block.header","params":["1"],"id":1}',
        b'{"method":"blockchain.block.header","params":[5,99999],"id":1}',
        b'{"method":"blockchain.block.headers","params":[-1,5],"id":1}',
        b'{"method":"blockchain.block.headers","params":[0,"x"],"id":1}',
        b'{"method":"server.ping","params":[1],"id":1}',
    ],
)
def test_the_practice_server_says_what_is_wrong(line: bytes, chain: MinedChain) -> None:
    assert "error" in served(chain)(line)


def test_errors_have_words() -> None:
    from holdfast.adapters.resources import words

    for lang in ("zh", "en"):
        for error in (
            Refused("electrum_address", address="x"),
            Refused("electrum_certificate", host="x"),
            Refused("node_address", address="x"),
            Refused("node_login", host="x"),
            Refused("node_cookie", name="x"),
            Refused("headers_offline"),
            Refused("headers_unwritable", reason="x"),
            Unavailable("headers_two_sources", answered=1),
            Unavailable("headers_missing", first=1, last=2),
            Unavailable("headers_disagree", block=1, one="a", other="b"),
        ):
            assert isinstance(error, HoldfastError)
            assert "{" not in str(words(lang).trouble(error))
