"""Readings that ask somebody: servers of the test's own on this computer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clockwork import ntp, ntp_answer, resolver
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.environment import clock, names, sntp
from holdfast.adapters.environment.names import Asked
from holdfast.adapters.environment.place import Place
from holdfast.adapters.environment.sources import Dated, Ntp, Resolver, Sources
from holdfast.core.environment import Reading
from holdfast.core.errors import Unavailable

Make = Callable[..., Place]


def values(reading: Reading, name: str) -> list[str]:
    return [fact.value for fact in reading.facts if fact.name == name]


def told_by(ports: dict[str, int], dated: tuple[Dated, ...] = ()) -> Sources:
    clocks = tuple(Ntp(id=name, host="127.0.0.1", port=port) for name, port in ports.items())
    inside = {f"127.0.0.1:{port}" for port in ports.values()}
    inside |= {one.url.split("/")[2] for one in dated}
    return Sources(clocks=clocks, dated=dated, inside=frozenset(inside))


# --- SNTP ----------------------------------------------------------------------------------------


@given(st.binary(max_size=100), st.integers(0, 2**64 - 1))
def test_any_answer_is_read_or_refused(raw: bytes, asked: int) -> None:
    try:
        told = sntp.read_answer(raw, asked, 1.8e9)
    except ValueError:
        return
    assert 1 <= told.stratum <= 15


def question(mark: int = 7) -> bytes:
    return sntp.PACKET.pack(sntp.ASK, 0, 0, 0, 0, 0, b"", 0, 0, 0, mark)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"short", "48 bytes"),
        (ntp_answer(question(), 0, head=4 << 3 | 3), "not a server"),
        (ntp_answer(question(8), 0), "another question"),
        (ntp_answer(question(), 0, stratum=0), "does not know"),
        (ntp_answer(question(), 0, stratum=16), "does not know"),
        (ntp_answer(question(), 0, head=3 << 6 | 4 << 3 | 4), "does not know"),
        (ntp_answer(question(), 0)[:32] + bytes(16), "no time"),
    ],
    ids=["short", "client", "other", "kiss", "unsynchronised", "alarm", "empty"],
)
def test_what_is_no_answer_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        sntp.read_answer(raw, 7, 1.8e9)


def test_times_go_on_after_the_era_ends() -> None:
    """2036-02-07 is the end of the first era (RFC 5905 §6)."""
    later = datetime(2040, 1, 1, tzinfo=UTC).timestamp()
    stamp = sntp.stamp(datetime(2040, 1, 1, tzinfo=UTC))
    raw = sntp.PACKET.pack(4 << 3 | 4, 2, 0, 0, 0, 0, b"", 0, 7, stamp, stamp)
    assert abs(sntp.read_answer(raw, 7, later).sent - later) < 1e-3
    assert sntp.stamp(datetime(2026, 1, 1, tzinfo=UTC)) >> 32 == 3976214400


def test_the_offset_of_a_clock_that_is_five_minutes_behind(place: Make) -> None:
    with ntp(300.0) as port:
        ahead, unsure, stratum = sntp.ask("127.0.0.1", port, "x", place().clock, 60)
    assert -300_100 < ahead < -299_900
    assert 0 < unsure < 2_000
    assert stratum == 2


def test_silence_and_noise_are_told_apart(place: Make) -> None:
    with ntp(answer=lambda _raw: None) as port, pytest.raises(Unavailable, match="host_slow"):
        sntp.ask("127.0.0.1", port, "x", place().clock, 0.3)
    with ntp(answer=lambda _raw: b"noise") as port, pytest.raises(Unavailable) as garbled:
        sntp.ask("127.0.0.1", port, "x", place().clock, 0.5)
    assert garbled.value.code in ("host_garbled", "host_slow")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="host_unreachable"):
        sntp.ask("127.0.0.1", port, "x", place().clock, 60)


# --- the clock -----------------------------------------------------------------------------------


@pytest.fixture
def three() -> Iterator[Callable[..., dict[str, int]]]:
    from contextlib import ExitStack

    with ExitStack() as held:

        def begin(*ahead: float) -> dict[str, int]:
            return {f"clock-{n}": held.enter_context(ntp(one)) for n, one in enumerate(ahead, 1)}

        yield begin


def test_three_clocks_that_agree(place: Make, three: Callable[..., dict[str, int]]) -> None:
    found = clock.clock(place(sources=told_by(three(0, 0.01, -0.01))), 60)
    assert found.outcome == "pass"
    assert abs(int(found.value("offset_ms"))) < 500
    assert found.value("reference") == "clock-1, clock-2, clock-3"
    assert (found.value("answered"), found.value("asked")) == ("3", "3")


def test_a_liar_among_four(place: Make, three: Callable[..., dict[str, int]]) -> None:
    found = clock.clock(place(sources=told_by(three(0, 0, 0, 4_000))), 60)
    assert found.outcome == "pass"
    assert found.value("agreeing") == "3"
    assert "clock-4" not in found.value("reference")


def test_a_computer_that_is_minutes_fast(place: Make, three: Callable[..., dict[str, int]]) -> None:
    found = clock.clock(place(sources=told_by(three(-600, -600, -600))), 60)
    assert found.outcome == "fail"
    assert 599_000 < int(found.value("offset_ms")) < 601_000


def test_two_are_too_few_and_silence_is_counted(
    place: Make, three: Callable[..., dict[str, int]]
) -> None:
    ports = three(0, 0)
    with ntp(answer=lambda _raw: None) as mute:
        found = clock.clock(place(sources=told_by(ports | {"mute": mute})), 1)
    assert found.outcome == "warn"
    (silent,) = values(found, "silent")
    assert silent.startswith("mute host_")


@pytest.mark.parametrize("reason", ["offline", "practice"])
def test_nobody_is_asked_when_nobody_may_be(place: Make, reason: str) -> None:
    sources = told_by({"x": 1})
    assert clock.clock(place(sources=sources, silent=reason), 1).value("reason") == reason
    assert names.dns(place(sources=sources, silent=reason), 1).value("reason") == reason


def test_nobody_known_and_nobody_there(place: Make) -> None:
    assert clock.clock(place(), 1).value("reason") == "nobody_known"
    private = Sources(clocks=(Ntp(id="inside", host="127.0.0.1", port=9),))
    found = clock.clock(place(sources=private), 1)
    assert found.value("reason") == "no_answer"
    assert values(found, "silent") == ["inside link_private"]


class Dates(BaseHTTPRequestHandler):
    """A site whose clock is two minutes ahead."""

    def do_HEAD(self) -> None:
        self.send_response_only(200)
        at = SystemClock().now() + timedelta(seconds=120)
        self.send_header("Date", format_datetime(at, usegmt=True))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_the_date_of_an_answer_is_good_to_a_second(place: Make) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dates)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        found = clock.clock(place(sources=told_by({}, (Dated(id="site", url=url),))), 60)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert abs(int(found.value("offset_ms")) + 120_000) < 3_000
    assert int(found.value("uncertainty_ms")) >= 500


def test_a_date_that_is_none() -> None:
    for text in ("", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT"):
        with pytest.raises(Unavailable, match="host_garbled"):
            clock.from_date(text, 0, 0)
    ahead, unsure = clock.from_date("Thu, 01 Jan 2026 00:00:00 GMT", 1_767_225_600_500, 200)
    assert (ahead, unsure) == (100, 600)


# --- names ---------------------------------------------------------------------------------------


def asked(system: list[str] | None, *elsewhere: list[str]) -> Asked:
    found = Asked("drama.example")
    found.system = None if system is None else frozenset(map(ip_address, system))
    for n, addresses in enumerate(elsewhere):
        found.elsewhere[str(n)] = frozenset(map(ip_address, addresses))
    return found


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (asked(["8.8.8.8"], ["8.8.8.8", "8.8.4.4"], ["8.8.4.4"]), ("pass", "same")),
        (asked(["8.8.1.1"], ["8.8.200.1"]), ("pass", "near")),
        (asked(["8.8.8.8"], ["9.9.9.9"]), ("warn", "differs")),
        (asked(["2606:4700::1"], ["2606:4700:1::2"]), ("pass", "near")),
        (asked(["10.0.0.1"], ["8.8.8.8"]), ("fail", "private")),
        (asked(["127.0.0.1"]), ("fail", "private")),
        (asked(["198.18.0.9"], ["8.8.8.8"]), ("fail", "made_up")),
        (asked(["8.8.8.8"]), ("not_checked", "no_answer")),
        (asked(None), ("not_checked", "no_answer")),
        (asked(None, ["8.8.8.8"]), ("warn", "unknown_here")),
        (asked([], []), ("warn", "unknown")),
    ],
)
def test_what_answers_mean(found: Asked, outcome: tuple[str, str]) -> None:
    assert names.judged(found) == outcome


def test_answers_stand_side_by_side(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    system = [(0, 0, 0, "", ("8.8.8.8", 0)), (0, 0, 0, "", ("2001:4860::8%eth0", 0, 0, 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: system)
    known = {"drama.example": ("8.8.8.8", "2001:4860::8"), "other.example": ("9.9.9.9",)}
    with resolver(known) as one, resolver({}, rcode=dns.rcode.SERVFAIL) as two:
        sources = Sources(
            resolvers=(
                Resolver(id="a", address="127.0.0.1", operator="A", port=one),
                Resolver(id="b", address="127.0.0.1", operator="B", port=two),
            ),
        )
        found = names.dns(place(sources=sources, host="drama.example"), 60)
    assert (found.outcome, found.value("reason")) == ("pass", "same")
    assert found.value("resolvers") == "1"
    assert found.value("answer") == "8.8.8.8, 2001:4860::8"
    assert values(found, "resolver") == [
        "127.0.0.1 drama.example 8.8.8.8, 2001:4860::8",
        "127.0.0.1 drama.example —",
    ]


def test_without_a_site_well_known_names_are_asked(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_a: object, **_k: object) -> None:
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with resolver({"a.example": ("8.8.8.8",)}) as port:
        sources = Sources(
            resolvers=(Resolver(id="a", address="127.0.0.1", operator="A", port=port),),
            names=("a.example", "b.example"),
        )
        found = names.dns(place(sources=sources), 60)
    assert (found.outcome, found.value("site")) == ("warn", "a.example, b.example")


@pytest.mark.parametrize("host", ["localhost", "203.0.113.7", "2001:db8::1"])
def test_an_address_is_not_looked_up(place: Make, host: str) -> None:
    sources = Sources(resolvers=(Resolver(id="a", address="127.0.0.1", operator="A", port=1),))
    assert names.dns(place(sources=sources, host=host), 1).value("reason") == "address"
