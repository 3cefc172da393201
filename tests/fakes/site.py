"""A small website on loopback whose pages misbehave in one way each."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    """Sends headers and body, and then nothing more until the site closes."""
    declared: int | None = None
    """Content-Length, when it is not the truth."""
    slow: Callable[[], None] | None = None
    flood: int = 0
    """So many zeros come after the body; they are never stored."""


@dataclass(slots=True)
class Site:
    pages: dict[str, Page]
    asked: list[str]
    port: int = 0
    sent: int = 0
    """Bytes of floods that went out."""
    posted: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.pair}{path}"


@contextmanager
def serving(
    pages: Mapping[str, Page | str], *, tls: tuple[Path, Path] | None = None
) -> Iterator[Site]:
    site = Site({path: _page(page) for path, page in pages.items()}, [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET(head=True)

        def do_POST(self) -> None:
            site.posted.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.do_GET()

        def do_GET(self, head: bool = False) -> None:
            site.asked.append(self.path)
            page = site.pages.get(self.path.split("?")[0], Page("<p>nothing here", 404))
            body = page.body.encode() if isinstance(page.body, str) else page.body
            status, headers = (
                page.status,
                {"Content-Type": "text/html; charset=utf-8", **page.headers},
            )
            if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted and status == 200:
                start = int(wanted[1])
                end = min(int(wanted[2] or len(body) - 1), len(body) - 1)
                headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                status, body = 206, body[start : end + 1]
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                whole = len(body) + page.flood
                length = page.declared if page.declared is not None else whole
                if page.hang:
                    length += 10
                self.send_header("Content-Length", str(length))
                if page.hang or page.declared is not None:
                    self.send_header("Connection", "close")
                self.end_headers()
                if not head:
                    self.wfile.write(body)
                    self.wfile.flush()
                for _ in range(0 if head else page.flood >> 20):
                    self.wfile.write(bytes(1 << 20))
                    site.sent += 1 << 20
                if page.slow is not None:
                    page.slow()
                if page.hang:
                    site.stopped.wait(120)
            except OSError:
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            site.stopped.set()
            server.shutdown()
            thread.join()


def _page(page: Page | str) -> Page:
    return page if isinstance(page, Page) else Page(page)


def html(body: str, title: str = "一页") -> str:
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><body>{body}"
