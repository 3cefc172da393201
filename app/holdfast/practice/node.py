"""The simulated chain as a node and as explorers show it: bitcoind's JSON-RPC, and Esplora."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable
from typing import Any

from holdfast.core.practice import CHAIN_BITS
from holdfast.practice import blocks
from holdfast.practice.blocks import Block
from holdfast.practice.chain import Chain
from holdfast.practice.server import Reply, Request, text

RPC_USER = "practice"
RPC_PASSWORD = "practice"  # noqa: S105 -- printed on purpose; it guards nothing
EXPLORERS = ("jia", "yi")
"""The first segment of each explorer's address."""

BODY_LIMIT = 65_536

_HEIGHT = re.compile(r"[0-9]{1,9}", re.ASCII)
_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_AUTHORIZATION = "Basic " + base64.b64encode(f"{RPC_USER}:{RPC_PASSWORD}".encode()).decode()


class Node:
    """``POST /`` is bitcoind; ``GET /jia/api/…`` and ``GET /yi/api/…`` are two explorers."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def answer(self, request: Request) -> Reply:
        """One request."""
        if request.method == "POST":
            return self._rpc(request)
        explorer, _, path = request.path.removeprefix("/").partition("/api/")
        if explorer in EXPLORERS and path:
            return self._esplora(path)
        return text(404, "Not found")

    def _rpc(self, request: Request) -> Reply:
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), _AUTHORIZATION.encode()):
            return Reply(status=401, headers=(("WWW-Authenticate", 'Basic realm="jsonrpc"'),))
        try:
            asked = json.loads(request.body)
        except (ValueError, RecursionError):
            return _failure(None, -32700, "Parse error", 500)
        if isinstance(asked, list) and asked:
            # A batch: each call has its own answer, and the whole is always 200.
            return Reply(
                body=b"[" + b",".join(self._call(one).body for one in asked) + b"]",
                content_type="application/json",
            )
        return self._call(asked)

    def _call(self, asked: object) -> Reply:
        if not isinstance(asked, dict) or not isinstance(asked.get("params", []), list):
            return _failure(None, -32600, "Invalid Request object", 400)
        call = _Call(self._chain, asked.get("params", []))
        methods: dict[object, Callable[[], Any]] = {
            "getblockcount": call.block_count,
            "getbestblockhash": call.best_block_hash,
            "getblockhash": call.block_hash,
            "getblockheader": call.block_header,
            "getblockchaininfo": call.chain_info,
        }
        name = asked.get("method")
        method = methods.get(name) if isinstance(name, str) else None
        if method is None:
            return _failure(asked.get("id"), -32601, "Method not found", 404)
        try:
            result = method()
        except _RpcError as error:
            return _failure(asked.get("id"), error.code, str(error), 500)
        return _json({"result": result, "error": None, "id": asked.get("id")})

    def _esplora(self, path: str) -> Reply:
        chain = self._chain
        match path.split("/"):
            case ["blocks", "tip", "height"]:
                return text(200, str(chain.tip))
            case ["blocks", "tip", "hash"]:
                return text(200, _known(chain.block(chain.tip)).hash)
            case ["block-height", height] if _HEIGHT.fullmatch(height):
                block = chain.block(int(height))
                return text(200, block.hash) if block else text(404, "Block not found")
            case ["block", block_hash, *rest] if _HASH.fullmatch(block_hash):
                block = chain.find(block_hash)
                if block is None:
                    return text(404, "Block not found")
                return self._esplora_block(block, rest)
        return text(404, "Not found")

    def _esplora_block(self, block: Block, rest: list[str]) -> Reply:
        ids = [blocks.shown(blocks.sha256d(raw)) for raw in block.transactions]
        match rest:
            case []:
                size = len(block.header) + 1 + sum(len(raw) for raw in block.transactions)
                return _json(
                    {
                        "id": block.hash,
                        "height": block.height,
                        "version": int.from_bytes(block.header[:4], "little"),
                        "timestamp": block.time,
                        "tx_count": len(ids),
                        "size": size,
                        "weight": size * 4,
                        "merkle_root": blocks.shown(block.header[36:68]),
                        "previousblockhash": _previous(block),
                        "mediantime": self._chain.median_time(block.height),
                        "nonce": int.from_bytes(block.header[76:], "little"),
                        "bits": CHAIN_BITS,
                        "difficulty": 0,
                    }
                )
            case ["header"]:
                return text(200, block.header.hex())
            case ["txids"]:
                return _json(ids)
        return text(404, "Not found")


class _RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Call:
    """One call of a node: its methods read ``params`` as bitcoind does."""

    def __init__(self, chain: Chain, params: list[Any]) -> None:
        self._chain = chain
        self._params = params

    def block_count(self) -> int:
        return self._chain.tip

    def best_block_hash(self) -> str:
        return _known(self._chain.block(self._chain.tip)).hash

    def block_hash(self) -> str:
        height = self._params[0] if self._params else None
        if not isinstance(height, int) or isinstance(height, bool):
            raise _RpcError(-3, "JSON value is not an integer as expected")
        block = self._chain.block(height) if 0 <= height <= self._chain.tip else None
        if block is None:
            raise _RpcError(-8, "Block height out of range")
        return block.hash

    def block_header(self) -> str | dict[str, Any]:
        wanted = self._params[0] if self._params else None
        if not isinstance(wanted, str) or not _HASH.fullmatch(wanted):
            raise _RpcError(-8, "blockhash must be of length 64")
        block = self._chain.find(wanted)
        if block is None:
            raise _RpcError(-5, "Block not found")
        if len(self._params) > 1 and not self._params[1]:
            return block.header.hex()
        return {
            "hash": block.hash,
            "confirmations": self._chain.tip - block.height + 1,
            "height": block.height,
            "version": int.from_bytes(block.header[:4], "little"),
            "merkleroot": blocks.shown(block.header[36:68]),
            "time": block.time,
            "mediantime": self._chain.median_time(block.height),
            "nonce": int.from_bytes(block.header[76:], "little"),
            "bits": f"{CHAIN_BITS:08x}",
            "nTx": len(block.transactions),
            "previousblockhash": _previous(block),
        }

    def chain_info(self) -> dict[str, Any]:
        return {
            "chain": "regtest",
            "blocks": self._chain.tip,
            "headers": self._chain.tip,
            "bestblockhash": self.best_block_hash(),
            "initialblockdownload": False,
            "pruned": False,
            "warnings": "PRACTICE 演练: a simulated chain",
        }


def _known(block: Block | None) -> Block:
    if block is None:
        raise AssertionError("a chain has a tip")
    return block


def _previous(block: Block) -> str | None:
    return blocks.shown(block.header[4:36]) if block.height else None


def _json(value: object) -> Reply:
    return Reply(body=json.dumps(value).encode(), content_type="application/json")


def _failure(id: object, code: int, message: str, status: int) -> Reply:
    body = {"result": None, "error": {"code": code, "message": message}, "id": id}
    return Reply(status=status, body=json.dumps(body).encode(), content_type="application/json")
