"""The person's own node: where it may be, how it is logged in to, and what it may say."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fakes import miner
from fakes.chain import MinedChain
from fakes.web import Behaviour, answering, hostile
from holdfast.adapters.chain import node as own
from holdfast.adapters.chain.node import Node, from_cookie, read_address
from holdfast.core.bitcoin import PERIOD, BadHeader, CheckpointTable
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job
from holdfast.practice.node import Node as Shown
from holdfast.practice.server import Request


@pytest.fixture(scope="module")
def chain() -> MinedChain:
    return MinedChain(miner.chain(PERIOD + 10))


@pytest.fixture(scope="module")
def table(chain: MinedChain) -> CheckpointTable:
    return miner.table(chain.raws, 1)


def node(url: str, table: CheckpointTable, seconds: float = 5.0) -> Node:
    return Node(url, lambda: "name:secret", table, seconds=seconds)


@pytest.mark.parametrize(
    "typed",
    ["http://127.0.0.1:8332", "localhost:8332", "http://192.168.0.7:8332/", "http://[::1]:8332"],
)
def test_a_node_is_here_or_in_the_local_network(typed: str) -> None:
    assert read_address(typed).port == 8332


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://node.example:8332",
        "http://8.8.8.8:8332",
        "https://127.0.0.1:8332",
        "http://169.254.169.254/",
        "http://127.0.0.1:8332/wallet",
        "http://127.0.0.1:8332/?x",
        "http://user:hunter2@127.0.0.1:8332",
        "file:///etc/passwd",
    ],
)
def test_other_addresses_are_refused_and_no_password_is_repeated(typed: str) -> None:
    with pytest.raises(Refused, match="node_address") as caught:
        read_address(typed)
    assert "hunter2" not in str(caught.value)


def test_the_cookie_is_read_when_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / ".cookie"
    login = from_cookie(file)
    for content in (None, b"", b"no colon", b"\xff:x", b"a:" + b"b" * 5000):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(Refused, match="node_cookie"):
            login()
    for content in ("__cookie__:00ff", "__cookie__:changed\n"):
        file.write_text(content)
        assert login() == content.strip()


def rpc(chain: MinedChain, **lies: Any) -> Behaviour:
    """bitcoind over a chain, some of its methods lying."""
    shown = Shown(chain)  # type: ignore[arg-type]  # a stand-in

    def behave(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        told = json.loads(
            shown.answer(
                Request(
                    method="POST",
                    path="/",
                    headers={"authorization": "Basic cHJhY3RpY2U6cHJhY3RpY2U="},
                    body=sent,
                )
            ).body
        )
        for call, one in zip(json.loads(sent), told, strict=True):
            if call["method"] in lies:
                one["result"] = lies[call["method"]]
        answering(json.dumps(told).encode())(handler, sent)

    return behave


def test_name_and_password_go_to_the_node_alone(chain: MinedChain, table: CheckpointTable) -> None:
    seen: list[str] = []
    honest = rpc(chain)

    def behave(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        seen.append(handler.headers["Authorization"])
        honest(handler, sent)

    with hostile(behave) as there:
        assert node(there.url, table).tip() == chain.tip
    assert seen == ["Basic bmFtZTpzZWNyZXQ="]


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("getblockcount", "many"),
        ("getblockcount", -1),
        ("getblockcount", True),
        ("getblockhash", None),
        ("getblockhash", "../x"),
        ("getblockheader", {"hash": 1}),
        ("getblockheader", "00" * 79),
        ("getblockheader", "00" * 80),
    ],
)
def test_lies_are_one_sentence(
    method: str, lie: object, chain: MinedChain, table: CheckpointTable
) -> None:
    with hostile(rpc(chain, **{method: lie})) as there:
        source = node(there.url, table)
        with pytest.raises((Unavailable, BadHeader)):
            source.tip() if method == "getblockcount" else source.header(PERIOD + 1)
        if method != "getblockcount":
            with pytest.raises((Unavailable, BadHeader)):
                source.stretch(PERIOD, PERIOD + 3, Job())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b"{}",
        b"[]",
        b"[5]",
        b'[{"id":7,"result":1}]',
        b'[{"id":0,"result":1,"error":{"code":-8}}]',
        b"x" * ((1 << 20) + 1),
    ],
)
def test_garbage_is_one_sentence(body: bytes, table: CheckpointTable) -> None:
    with hostile(answering(body)) as there, pytest.raises(Unavailable):
        node(there.url, table).tip()


def test_a_wrong_password_is_said(table: CheckpointTable) -> None:
    for status in (401, 403):
        with (
            hostile(answering(b"", status)) as there,
            pytest.raises(Refused, match="node_login") as caught,
        ):
            node(there.url, table).tip()
        assert "secret" not in str(caught.value)


def test_no_redirect_is_followed(table: CheckpointTable) -> None:
    with hostile(answering(b"")) as elsewhere:
        for target in (elsewhere.url, "http://169.254.169.254/latest/meta-data/"):
            moved = answering(b"", 302, Location=target)
            with hostile(moved) as there, pytest.raises(Unavailable):
                node(there.url, table).tip()
    assert elsewhere.requests == []


def test_a_slow_node_has_an_end(table: CheckpointTable) -> None:
    def behave(_handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
        time.sleep(0.8)

    with hostile(behave) as there, pytest.raises(Unavailable):
        node(there.url, table, 0.3).tip()


def test_a_long_stretch_is_asked_for_in_batches(
    chain: MinedChain, table: CheckpointTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "BATCH", 4)
    with hostile(rpc(chain)) as there:
        raw = node(there.url, table).stretch(PERIOD, PERIOD + 9, Job())
        assert raw == miner.joined(chain.raws[PERIOD : PERIOD + 10])
        assert len(there.requests) == 6
