"""A site behind a log-in, as small as one can be, for a person in a browser of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fakes.site import html

SECRET = "s3cret-of-the-session"
PASSWORD = "hunter2-of-the-person"
BEARER = "bearer-of-the-person"
KEYS = (SECRET, PASSWORD, BEARER)
"""Whoever has one of them is in."""
WORDS = "<p>这里有足够多的文字，不止十个字。</p>"
FORM = html("<form method=post action=/login><input name=who><input type=password name=p></form>"
    "<p>请先登录</p>", "登录")  # fmt: skip
LOG_IN = f"document.forms[0].elements.p.value = '{PASSWORD}'; document.forms[0].submit()"
# What a page's scripts do with a log-in; the key stands in none of its own bytes.
_TALKS = """<script>
const key = ['bearer', 'of', 'the', 'person'].join('-');
console.log(key); console.error(key);
fetch('/api', {method: 'POST', body: key,
  headers: {Authorization: 'Bearer ' + key, 'X-CSRF-Token': key, 'X-Session-Id': key}});
</script>"""


@dataclass(slots=True)
class LoginSite:
    port: int = 0
    asked: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    inside: dict[str, bytes] = field(default_factory=dict)
    """What only they see who are in, by its path."""

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def login_site(**pages: str) -> Iterator[LoginSite]:
    """``/`` wants a log-in; each of ``pages`` is open to everybody under its name."""
    site = LoginSite(pages={f"/{name}": body for name, body in pages.items()})

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            site.asked.append(f"POST {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/api":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Auth-Token", BEARER)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
                return
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Set-Cookie", f"sid={SECRET}; Max-Age=86400; HttpOnly; Path=/")
            self.end_headers()

        def do_GET(self) -> None:
            site.asked.append(self.path)
            known = f"sid={SECRET}" in self.headers.get("Cookie", "")
            inside = html(f"<h1>只有登录后才看得到</h1>{WORDS}{_TALKS}", "我的页面")
            body = site.pages.get(self.path, inside if known else FORM).encode()
            if known:
                body = site.inside.get(self.path, body)
            self.send_response(200)
            if known:
                # As many sites do, it renews the log-in with every page.
                self.send_header("Set-Cookie", f"sid={SECRET}; Max-Age=86400; HttpOnly; Path=/")
            if self.path == "/download":
                self.send_header("Content-Disposition", "attachment; filename=a.bin")
            film = known and self.path.endswith(".mp4")
            self.send_header("Content-Type", "video/mp4" if film else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
