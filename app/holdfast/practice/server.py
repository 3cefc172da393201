"""HTTP services that can only be reached from this computer."""

from __future__ import annotations

import re
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from holdfast.core.errors import Unavailable

HOST = "127.0.0.1"
"""Not a choice anywhere: no parameter, setting or argument can name another address."""

# Below the range that Linux, macOS and Windows take outgoing ports from, so that a saved port is
# not in use by chance when the world is opened again.
LOWEST_PORT = 20_000
PORTS = 12_000
_LONGEST_PATH = 4_096
_WORLD = "Practice-World"
_OWN_NAME = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked.  ``path`` is percent-decoded; header names are lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the service closes, so that slow answers can end at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What it is told."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[Request], Reply]


def text(status: int, sentence: str) -> Reply:
    """A plain-text reply."""
    return Reply(status=status, body=sentence.encode(), content_type="text/plain; charset=utf-8")


class Listening:
    """A server on one loopback port: taken in ``__init__``, answering from ``serve`` on."""

    def __init__(self, kind: Callable[[Any, int], TCPServer], port: int | None) -> None:
        """``kind`` listens at a port for this service; it raises as ``listening`` does."""
        self.stopping = threading.Event()
        self.faults: list[BaseException] = []
        """What went wrong inside an answer; our own bugs, for tests to look at."""
        self._thread: threading.Thread | None = None
        self._server = kind(self, port) if port is not None else self._anywhere(kind)

    def _anywhere(self, kind: Callable[[Any, int], TCPServer]) -> TCPServer:
        for _ in range(100):
            try:
                return kind(self, LOWEST_PORT + secrets.randbelow(PORTS))
            except Unavailable:
                continue
        raise Unavailable("practice_no_port")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """It answers, those included who called since the port was taken."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Nothing listens any more.  May be called twice."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class Quiet:
    """What our socket servers share; for ``socketserver`` classes, before them."""

    service: Listening
    daemon_threads = True
    block_on_close = False
    # On Windows this option would let a second program share the port.
    allow_reuse_address = not hasattr(socket, "SO_EXCLUSIVEADDRUSE")

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Nothing is ever printed; a client that went away is no event at all."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError) and error is not None:
            self.service.faults.append(error)


@contextmanager
def taking(port: int) -> Iterator[None]:
    """Raises Unavailable(``practice_port_taken``) where the system says that it is."""
    try:
        yield
    except OSError as error:
        raise Unavailable("practice_port_taken", port=port) from error


class Service(Listening):
    """One HTTP service.

    ``port`` asks for exactly that port and raises Unavailable(``practice_port_taken``) when it is
    taken; without it a free one is found.  ``body_limit`` is in bytes.  Every reply carries
    ``world``, by which ``is_world`` knows the service again.
    """

    def __init__(
        self, answer: Answer, *, world: int, port: int | None = None, body_limit: int = 0
    ) -> None:
        self.answer = answer
        self.world = world
        self.body_limit = body_limit
        super().__init__(_Server, port)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``, without a slash at the end."""
        return f"http://{HOST}:{self.port}"


def is_world(port: int, world: int) -> bool:
    """Whether a service of that world answers at ``port`` already."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader(_WORLD) == str(world)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class _Server(Quiet, ThreadingHTTPServer):
    request_queue_size = 64
    service: Service
    server_address: tuple[str, int]

    def __init__(self, service: Service, port: int) -> None:
        self.service = service
        with taking(port):
            super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own would look the host's name up, which may ask the network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def version_string(self) -> str:
        return "practice"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the console belongs to the program."""

    def _handle(self) -> None:
        self._send(self._reply())

    def _reply(self) -> Reply:
        service = self.server.service
        # A page on the web must not reach in through a name that it points at this computer.
        if not _OWN_NAME.fullmatch(self.headers.get("Host", HOST)):
            return text(HTTPStatus.MISDIRECTED_REQUEST, "only 127.0.0.1 is served here")
        if len(self.path) > _LONGEST_PATH:
            return text(HTTPStatus.REQUEST_URI_TOO_LONG, "address too long")
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            return text(HTTPStatus.LENGTH_REQUIRED, "a length is needed")
        if int(length[:10]) > service.body_limit:
            return text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much")
        parts = urlsplit(self.path if self.path.startswith("/") else "/" + self.path)
        return service.answer(
            Request(
                method=self.command,
                path=unquote(parts.path, errors="replace"),
                query=parts.query,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(length)),
                stopping=service.stopping,
            )
        )

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.send_header("Cache-Control", "no-store")
        self.send_header(_WORLD, str(self.server.service.world))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
