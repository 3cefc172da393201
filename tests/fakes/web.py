"""The internet as a dictionary, and a loopback server that misbehaves on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from holdfast.adapters.http import Reply
from holdfast.core.errors import HoldfastError, Unavailable


class Web:
    """Stands in for ``witness.fetch`` where the real one would leave this computer."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int | HoldfastError] = {}
        self.asked: list[str] = []

    def fetch(self, base: str, path: str, **_asked: object) -> Reply:
        """The page of an address; a number is a status, an error is raised."""
        address = base + path
        self.asked.append(address)
        page = self.pages.get(address, 404)
        if isinstance(page, HoldfastError):
            raise page
        status, body = (page, b"Not found") if isinstance(page, int) else (200, page)
        return Reply(status=status, headers=(), body=body, address="192.0.2.1:443")


UNREACHABLE = Unavailable("host_unreachable", host="example")

Behaviour = Callable[[BaseHTTPRequestHandler, bytes], None]


class Hostile:
    """A server on loopback that does what ``behaviour`` says with each request it gets."""

    def __init__(self, url: str, stopping: threading.Event) -> None:
        self.url = url
        self.stopping = stopping
        self.requests: list[tuple[str, str, bytes]] = []


def answering(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """Says ``body`` whatever it is asked."""

    def behave(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


@contextmanager
def hostile(behaviour: Behaviour) -> Iterator[Hostile]:
    """A server that runs for the length of the block."""
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            it.requests.append((self.command, self.path, sent))
            behaviour(self, sent)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what these tests provoke."""

    server = Server(("127.0.0.1", 0), Handler)
    it = Hostile(f"http://127.0.0.1:{server.server_address[1]}", stopping)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield it
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
