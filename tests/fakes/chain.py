"""A mined chain behind every protocol that shows headers, and a line server that misbehaves."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.adapters.http import Reply
from holdfast.core.bitcoin import display, double_sha256
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job
from holdfast.practice.blocks import Block
from holdfast.practice.node import Node
from holdfast.practice.server import Request


class MinedChain:
    """Stands in for ``practice.chain.Chain`` with headers of one's own."""

    def __init__(self, headers: Sequence[bytes]) -> None:
        self.raws = list(headers)
        self._heights = {display(double_sha256(raw)): at for at, raw in enumerate(headers)}

    @property
    def tip(self) -> int:
        return len(self.raws) - 1

    def headers(self, first: int, last: int) -> list[bytes]:
        return self.raws[max(0, first) : last + 1]

    def block(self, height: int) -> Block | None:
        if not 0 <= height <= self.tip:
            return None
        return Block(height=height, header=self.raws[height], transactions=())

    def find(self, block_hash: str) -> Block | None:
        at = self._heights.get(block_hash)
        return None if at is None else self.block(at)

    def fetch(self, _base: str, path: str, **_asked: object) -> Reply:
        """In place of ``witness.fetch``: the explorer of this chain."""
        told = Node(self).answer(Request(method="GET", path="/jia/api" + path))  # type: ignore[arg-type]  # a stand-in
        return Reply(status=told.status, headers=(), body=told.body, address="192.0.2.1:443")


class Shows:
    """A ChainSource over a list of headers; ``lies`` replaces single ones."""

    def __init__(
        self, operator: str, headers: Sequence[bytes], *, lies: dict[int, bytes] | None = None
    ) -> None:
        self.operator = operator
        self.raws = list(headers)
        self.lies = lies or {}
        self.asked: list[str] = []
        self.silent = False
        self.silence = "host_unreachable"

    def tip(self) -> int:
        self.asked.append("tip")
        if self.silent:
            raise Unavailable(self.silence, host=self.operator)
        return len(self.raws) - 1

    def header(self, height: int) -> bytes:
        self.asked.append(f"header {height}")
        if not 0 <= height < len(self.raws):
            raise Unavailable("explorer_garbled", operator=self.operator)
        return self.lies.get(height, self.raws[height])

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        self.asked.append(f"stretch {first} {last}")
        job.step("headers", 0, last - first + 1, self.operator)
        return b"".join(
            self.lies.get(height, self.raws[height]) for height in range(first, last + 1)
        )


@contextmanager
def line_server(
    answer: Callable[[bytes], bytes | None], certificate: tuple[Path, Path] | None = None
) -> Iterator[int]:
    """A loopback port where each line is answered with octets as they are; None hangs up."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 10

        def setup(self) -> None:
            if certificate is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificate)
                self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def handle(self) -> None:
            while line := self.rfile.readline():
                told = answer(line)
                if told is None:
                    return
                self.wfile.write(told)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what these tests provoke."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
