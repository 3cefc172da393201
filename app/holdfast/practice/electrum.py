"""The simulated chain as an Electrum server shows it: JSON-RPC in lines, on this computer only."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from holdfast.core.bitcoin import PERIOD
from holdfast.core.errors import Unavailable
from holdfast.practice import blocks
from holdfast.practice.chain import Chain
from holdfast.practice.server import HOST, LOWEST_PORT, PORTS

LINE_LIMIT = 4_096
_VERSION = "1.4"
_NAME = re.compile(r"Practice ([0-9]{1,20})")


class ElectrumService:
    """One server on one loopback port, with the same life as ``server.Service``."""

    def __init__(self, chain: Chain, *, world: int, port: int | None = None) -> None:
        self.chain = chain
        self.world = world
        self.faults: list[BaseException] = []
        self._server = _Server(self, port) if port is not None else _anywhere(self)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_address[1]

    def serve(self) -> None:
        """It answers."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Nothing listens any more.  May be called twice."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

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


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    # On Windows this option would let a second program share the port.
    allow_reuse_address = not hasattr(socket, "SO_EXCLUSIVEADDRUSE")
    server_address: tuple[str, int]

    def __init__(self, service: ElectrumService, port: int) -> None:
        self.service = service
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise Unavailable("practice_port_taken", port=port) from error

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- inherited
        """Nothing is ever printed; a client that went away is no event at all."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError) and error is not None:
            self.service.faults.append(error)


class _Handler(StreamRequestHandler):
    timeout = 30
    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline(LINE_LIMIT):
            reply = self.server.service.answer(line)
            self.wfile.write(json.dumps(reply).encode() + b"\n")


def _anywhere(service: ElectrumService) -> _Server:
    for _ in range(100):
        try:
            return _Server(service, LOWEST_PORT + secrets.randbelow(PORTS))
        except Unavailable:
            continue
    raise Unavailable("practice_no_port")
