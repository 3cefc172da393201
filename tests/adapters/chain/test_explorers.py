"""Explorers on loopback that lie, drip, flood and send us elsewhere: each is one sentence."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from fakes import miner
from fakes.web import Behaviour, answering, hostile
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.core.bitcoin import BadHeader, display, double_sha256
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job
from holdfast.core.timestamp import Authorities, Explorer
from holdfast.ports import ChainSource

METADATA = "http://169.254.169.254/latest/meta-data/"


def explorer(url: str, seconds: float = 5.0) -> ChainSource:
    known = Explorer(id="x", url=url, operator="X")
    return Esplora(Authorities(world="practice", explorers=(known,)), seconds=seconds).sources()[0]


def drips(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
    import time

    handler.send_response(200)
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b"0")
        handler.wfile.flush()
        time.sleep(0.1)


def shows(raw: bytes, *, called: bytes | None = None) -> Behaviour:
    name = display(double_sha256(called or raw)).encode()

    def behave(handler: BaseHTTPRequestHandler, sent: bytes) -> None:
        answering(name if "block-height" in handler.path else raw.hex().encode())(handler, sent)

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        answering(b""),
        answering(b"<html>welcome to our hotel</html>"),
        answering(b"0" * 200_000),
        answering(b"gone", 503),
        answering(b"", 302, Location=METADATA),
        answering(b"", 301, Location="file:///etc/passwd"),
        drips,
        shows(miner.mine(bytes(32), 1), called=miner.mine(bytes(32), 2)),
        shows(miner.mine(bytes(32), 1, 0x207FFFFE)),
        shows(miner.mine(bytes(32), 1, work=False)),
        shows(b"short"),
    ],
)
def test_what_cannot_be_true_is_one_sentence(behaviour: Behaviour) -> None:
    with hostile(behaviour) as there:
        source = explorer(there.url, 0.5)
        with pytest.raises((Refused, Unavailable, BadHeader)):
            source.header(7)
        with pytest.raises((Refused, Unavailable, BadHeader)):
            source.stretch(5, 7, Job())


def test_no_redirect_is_followed() -> None:
    with hostile(answering(b"7")) as elsewhere:
        moved = answering(b"", 302, Location=elsewhere.url)
        with hostile(moved) as there, pytest.raises(Unavailable):
            explorer(there.url).tip()
    assert elsewhere.requests == []
