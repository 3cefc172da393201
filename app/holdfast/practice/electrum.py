"""The simulated chain as an Electrum server shows it: JSON-RPC in lines, on this computer only."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Callable
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from holdfast.core.bitcoin import PERIOD
from holdfast.practice import blocks
from holdfast.practice.chain import Chain
from holdfast.practice.server import HOST, Listening, Quiet, taking

LINE_LIMIT = 4_096
_VERSION = "1.4"
_NAME = re.compile(r"Practice ([0-9]{1,20})")


class ElectrumService(Listening):
    """One Electrum server, with the same life as ``server.Service``."""

    def __init__(self, chain: Chain, *, world: int, port: int | None = None) -> None:
        self.chain = chain
        self.world = world
        super().__init__(_Server, port)

    def answer(self, line: bytes) -> dict[str, Any]:
        """What one line is answered with."""
        try:
            asked = json.loads(line)
            name, params, id_ = asked["method"], asked.get("params", []), asked.get("id")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _failed(None, -32700, "cannot be read")
        methods: dict[str, Callable[..., Any]] = {
            "server.version": self._version,
            "server.ping": lambda: None,
            "blockchain.headers.subscribe": self._tip,
            "blockchain.block.header": self._header,
            "blockchain.block.headers": self._headers,
        }
        method = methods.get(name) if isinstance(name, str) else None
        if method is None or not isinstance(params, list):
            return _failed(id_, -32601, "unknown method")
        try:
            return {"jsonrpc": "2.0", "id": id_, "result": method(*params)}
        except (TypeError, ValueError) as error:
            return _failed(id_, 1, str(error))

    def _version(self, _client: str = "", _protocol: object = _VERSION) -> list[str]:
        return [f"Practice {self.world}", _VERSION]

    def _tip(self) -> dict[str, Any]:
        height = self.chain.tip
        return {"height": height, "hex": self._raw(height).hex()}

    def _header(self, height: int, cp_height: int = 0) -> str | dict[str, Any]:
        raw = self._raw(height)
        if not cp_height:
            return raw.hex()
        if not height <= cp_height <= self.chain.tip:
            raise ValueError("checkpoint height out of range")
        ids = [blocks.sha256d(one) for one in self.chain.headers(0, cp_height)]
        return {
            "header": raw.hex(),
            "branch": [blocks.shown(one.digest) for one in blocks.branch(ids, height)],
            "root": blocks.shown(blocks.merkle_root(ids)),
        }

    def _headers(self, start: int, count: int, cp_height: int = 0) -> dict[str, Any]:
        if cp_height or not isinstance(start, int) or not isinstance(count, int) or start < 0:
            raise ValueError("headers out of range")
        found = self.chain.headers(start, start + min(count, PERIOD) - 1)
        return {"count": len(found), "hex": b"".join(found).hex(), "max": PERIOD}

    def _raw(self, height: int) -> bytes:
        found = self.chain.headers(height, height) if isinstance(height, int) else []
        if not found:
            raise ValueError("height out of range")
        return found[0]


def _failed(id_: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": message}}


def is_world(port: int, world: int) -> bool:
    """Whether the Electrum server of that world answers at ``port`` already."""
    with contextlib.suppress(OSError, ValueError, KeyError, IndexError, TypeError):
        with socket.create_connection((HOST, port), timeout=5) as wire:
            wire.sendall(b'{"id":0,"method":"server.version","params":["",""]}\n')
            told = json.loads(wire.makefile("rb").readline(LINE_LIMIT))
        named = _NAME.fullmatch(str(told["result"][0]))
        return named is not None and int(named[1]) == world
    return False


class _Server(Quiet, ThreadingTCPServer):
    service: ElectrumService

    def __init__(self, service: ElectrumService, port: int) -> None:
        self.service = service
        with taking(port):
            super().__init__((HOST, port), _Handler)


class _Handler(StreamRequestHandler):
    timeout = 30
    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline(LINE_LIMIT):
            reply = self.server.service.answer(line)
            self.wfile.write(json.dumps(reply).encode() + b"\n")
