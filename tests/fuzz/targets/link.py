"""Addresses that people paste, also in the message an app made of them."""

from __future__ import annotations

from fuzz.target import Target
from holdfast.adapters import http
from holdfast.core.errors import Refused
from holdfast.core.series import same_link


def run(data: bytes) -> None:
    # As the command line gives what is no text.
    text = data.decode("utf-8", "surrogateescape")
    same_link(text)
    try:
        found = http.link(text)
    except Refused:
        return
    assert found.scheme in {"http", "https"}
    assert 0 < found.port < 65536
    assert found.url.isascii()
    assert not set(" \t\r\n\\") & set(found.url)
    again = http.link(found.url)
    assert (again.scheme, again.host, again.port) == (found.scheme, found.host, found.port)
    assert again.url == found.url


TARGET = Target(
    name="link",
    run=run,
    tokens=(
        b"https://",
        b"http://",
        b"www.",
        "复制打开 ".encode(),
        b"@",
        b"[::1]",
        b"127.0.0.1",
        b":65536",
        b"%00",
        b"xn--",
        "。".encode(),
        "．".encode(),
        b"javascript:",
        b"file:///",
        b"#",
    ),
    largest=10 << 10,
)
