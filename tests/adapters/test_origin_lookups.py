"""Where a capture came from: read out of it, asked beside it, and never in its way."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import dns.resolver
import pytest

from fakes.certificate import self_signed
from fakes.clock import FakeClock
from fakes.registry import name_server, whois
from fakes.web import answering, hostile
from holdfast.adapters import http
from holdfast.adapters import origin as module
from holdfast.adapters.origin import Sources, Traced, traced
from holdfast.core.canonical import parse
from holdfast.core.errors import Cancelled, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Component,
    Network,
    SourceKind,
    Target,
    World,
)
from holdfast.core.job import Job
from holdfast.core.origin import Registries, rows

SERVER = "93.184.215.14"
RDAP_DOMAIN = json.dumps(
    {
        "objectClassName": "domain",
        "ldhName": "EXAMPLE.COM",
        "entities": [
            {"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "R Inc"]]]}
        ],
    }
).encode()
RDAP_NETWORK = json.dumps({"objectClassName": "ip network", "name": "EDGE"}).encode()
WHOIS = "Domain Name: example.cn\r\nSponsoring Registrar: 示例\r\n".encode()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers is waited for, however busy the computer is; tests of the silent say for how long
    these are.
    """
    monkeypatch.setattr(module, "SECONDS", 60.0)


class Fake:
    """A capture source that brings what it is told to."""

    def __init__(
        self,
        final: str = "",
        *,
        id: SourceKind = "page",
        files: dict[str, bytes] | None = None,
        address: str = "",
        error: Exception | None = None,
    ) -> None:
        self._final, self._id, self._files = final, id, files or {"page.txt": b"text"}
        self._address, self._error = address, error

    @property
    def id(self) -> str:
        return self._id

    def suits(self, target: str) -> bool:
        return target.startswith("http")

    def parts(self) -> tuple[Component, ...]:
        return (Component(name="fake", version="1"),)

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        if self._error is not None:
            raise self._error
        folder = room / "files"
        folder.mkdir()
        files = []
        for name, data in self._files.items():
            (folder / name).write_bytes(data)
            files.append(
                CapturedFile(
                    at=folder / name,
                    path=f"files/{name}",
                    media_type="application/octet-stream",
                    obtained="2026-11-12T13:06:32.000Z",
                )
            )
        return Captured(
            source=self._id,
            target=Target(
                typed=target,
                url=target,
                final_url=self._final,
                redirects=("https://short.example/a",) if self._final else (),
            ),
            files=tuple(files),
            started="2026-11-12T13:06:31.000Z",
            finished="2026-11-12T13:06:41.000Z",
            network=Network(address=self._address) if self._address else None,
        )


def known(**changed: Any) -> Registries:
    return replace(Registries(suffixes=frozenset({"com.cn"}), as_of="2026-07-27"), **changed)


def no_names() -> dns.resolver.Resolver:
    raise dns.resolver.NoResolverConfiguration


def sources(registries: Registries, resolver: Any = no_names, *open_: str) -> Sources:
    return Sources(
        clock=FakeClock(),
        registries=lambda: registries,
        resolver=resolver,
        loopback=frozenset(open_),
    )


def record(
    tmp_path: Path,
    source: Fake,
    found: Sources,
    target: str = "https://www.example.com/v/12",
    *,
    world: World = "real",
    offline: bool = False,
    job: Job | None = None,
) -> Any:
    captured = Traced(source, found, world, offline).capture(target, tmp_path, job or Job())
    (file,) = [file for file in captured.files if file.path == "files/origin.json"]
    assert file.role == "record"
    return parse(file.at.read_bytes())


def looked(body: Any, what: str) -> dict[str, Any]:
    return {one["question"]: one for one in body["lookups"] if one["what"] == what}


@pytest.fixture(autouse=True)
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names lead to one public address, without anybody being asked."""

    def look_up(host: str, port: int, seconds: float) -> tuple[http.Address, ...]:
        try:
            return (ipaddress.ip_address(host.strip("[]")),)
        except ValueError:
            pass
        if host.startswith("gone"):
            raise Unavailable("host_unknown", host=host)
        return (ipaddress.ip_address("10.0.0.7" if host.startswith("inside") else SERVER),)

    monkeypatch.setattr(http, "_look_up", look_up)


# --- what is not traced ---------------------------------------------------------------------------


def test_only_what_comes_from_the_network_is_traced() -> None:
    found = sources(known())
    screen = Fake(id="screen")
    assert traced(screen, found, "real", offline=False) is screen
    page = traced(Fake(), found, "real", offline=False)
    assert isinstance(page, Traced)
    assert (page.id, page.suits("https://x"), page.parts()[0].name) == ("page", True, "fake")


def test_what_cannot_be_captured_has_no_origin(tmp_path: Path) -> None:
    failing = Fake(error=Unavailable("host_slow", host="x", seconds=1))
    with pytest.raises(Unavailable):
        Traced(failing, sources(known()), "real").capture(
            "https://www.example.com", tmp_path, Job()
        )


@pytest.mark.parametrize(
    ("target", "world", "offline", "why"),
    [
        ("https://www.example.com/", "practice", False, "practice"),
        ("https://www.example.com/", "real", True, "offline"),
        ("http://127.0.0.1:8000/", "real", False, "private"),
        ("http://192.168.1.5/", "real", False, "private"),
        ("http://[fe80::1]/", "real", False, "private"),
        ("http://localhost:8000/", "real", False, "private"),
    ],
)
def test_nobody_is_asked_about_what_concerns_nobody(
    tmp_path: Path, target: str, world: World, offline: bool, why: str
) -> None:
    def never() -> dns.resolver.Resolver:
        raise AssertionError("asked")

    found = sources(known(), never)
    body = record(tmp_path, Fake(target), found, target, world=world, offline=offline)
    assert body["not_asked"] == why
    assert body["lookups"] == []
    assert [row.missing for row in rows(body) if row.separate] == [why]


# --- the connection -------------------------------------------------------------------------------


def test_the_connection_is_read_out_of_the_capture(tmp_path: Path) -> None:
    page = json.dumps(
        {"document": {"headers": [{"name": "Date", "value": "Thu, 12 Nov 2026 13:06:33 GMT"}, 7]}}
    ).encode()
    (tmp_path / "keys").mkdir()
    pem, _key = self_signed(tmp_path / "keys", "www.example.com")
    certificate = ssl.PEM_cert_to_DER_cert(pem.read_text("ascii"))
    source = Fake(
        "https://www.example.com/v/12",
        files={
            "page.json": page,
            "page.txt": "正文\n© 2026 京ICP备16025439号-3".encode(),
            "certificate-1.der": certificate,
            "certificate-2.der": b"no certificate",
        },
        address=f"{SERVER}:443",
    )
    body = record(tmp_path, source, sources(known()), offline=True)
    connection = body["connection"]
    assert connection["separate"] is False
    assert connection["redirects"] == ["https://short.example/a"]
    assert connection["address"] == f"{SERVER}:443"
    assert connection["date"]["apart_ms"] == 0
    first, second = (
        {fact["name"]: fact["value"] for fact in facts} for facts in connection["certificates"]
    )
    assert "www.example.com" in first["subject"] + first["names"]
    assert {"issuer", "valid", "serial", "sha256"} <= set(first)
    assert set(second) == {"unreadable", "sha256"}
    assert body["icp"] == [
        {
            "number": "京ICP备16025439号-3",
            "line": 2,
            "of_lines": 2,
            "text": "© 2026 京ICP备16025439号-3",
            "note": "found on the page; not checked with the ministry",
        }
    ]


@pytest.mark.parametrize("page", [b"", b"{", b"[" * 200_000, b"7", b'{"document":null}'])
def test_a_record_of_another_form_is_no_trouble(tmp_path: Path, page: bytes) -> None:
    source = Fake(files={"page.json": page, "video.mp4": b"x"}, id="video")
    body = record(tmp_path, source, sources(known()), offline=True)
    assert body["connection"]["date"] is None
    assert body["connection"]["certificates"] == []


def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    source = Fake(files={"origin.json": b"the site's own"}, id="video")
    captured = Traced(source, sources(known()), "real", True).capture(
        "https://www.example.com/", tmp_path, Job()
    )
    paths = [file.path for file in captured.files]
    assert paths == ["files/origin.json", "files/origin-2.json"]
    assert captured.files[0].at.read_bytes() == b"the site's own"


def test_a_disk_that_is_full_does_not_take_the_capture_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(at: Path, data: bytes) -> int:
        if at.name == "origin.json":
            raise OSError(28, "No space left on device")
        with at.open("wb") as stream:
            return stream.write(data)

    monkeypatch.setattr(Path, "write_bytes", full)
    captured = Traced(Fake(), sources(known()), "real", True).capture(
        "https://www.example.com/", tmp_path, Job()
    )
    assert [file.path for file in captured.files] == ["files/page.txt"]


# --- look-ups -------------------------------------------------------------------------------------


@pytest.fixture
def registry() -> Iterator[tuple[Registries, str]]:
    """An RDAP server for .com and for every address."""

    def behave(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
        body = RDAP_DOMAIN if "/domain/" in handler.path else RDAP_NETWORK
        answering(body)(handler, b"")

    with hostile(behave) as server:
        base = server.url + "/"
        every = ipaddress.ip_network("0.0.0.0/0")
        yield known(rdap={"com": base}, ranges=((every, base),)), server.url.removeprefix("http://")


def test_everything_is_asked_and_marked(tmp_path: Path, registry: tuple[Registries, str]) -> None:
    registries, pair = registry
    records: dict[tuple[str, str], str | None] = {
        ("www.example.com", "A"): SERVER,
        ("www.example.com", "CNAME"): "edge.example.net.",
        ("example.com", "NS"): "ns1.example.com.",
        ("example.com", "SOA"): "ns1.example.com. admin.example.com. 1 2 3 4 5",
    }
    with name_server(records) as resolver:
        found = sources(registries, lambda: resolver, pair)
        source = Fake("https://www.example.com/v/12", address=f"{SERVER}:443")
        body = record(tmp_path, source, found)
    assert body["domain"] == "example.com"
    assert all(one["separate"] and one["at"] for one in body["lookups"])
    names = looked(body, "dns")
    assert set(names) == {
        *(f"www.example.com {kind}" for kind in ("A", "AAAA", "CNAME")),
        *(f"example.com {kind}" for kind in ("NS", "SOA")),
    }
    assert names["www.example.com A"]["facts"] == [{"name": "A", "value": SERVER}]
    assert names["www.example.com A"]["asked"].startswith("127.0.0.1:")
    assert names["www.example.com AAAA"]["facts"] == []
    assert names["www.example.com AAAA"]["not_obtained"] == ""
    domain = looked(body, "domain")["example.com"]
    assert {"name": "registrar", "value": "R Inc"} in domain["facts"]
    assert domain["asked"].endswith(f"/domain/example.com ({pair})")
    assert json.loads(domain["answer"])["ldhName"] == "EXAMPLE.COM"
    assert looked(body, "address")[SERVER]["facts"] == [{"name": "name", "value": "EDGE"}]
    assert {row.key for row in rows(body)} >= {"redirects", "dns", "domain", "address"}


def test_another_host_and_the_server_s_own_address_are_asked_about_too(
    tmp_path: Path, registry: tuple[Registries, str]
) -> None:
    registries, pair = registry
    source = Fake("https://other.example.com/v", address="[2001:db8::7]:443")
    body = record(tmp_path, source, sources(registries, no_names, pair))
    assert body["host"] == "other.example.com"
    assert {"www.example.com A", "other.example.com A"} <= set(looked(body, "dns"))
    assert len(looked(body, "domain")) == 1
    body = record(
        tmp_path / "two" if (tmp_path / "two").mkdir() is None else tmp_path,
        Fake("https://www.example.com/v", address="8.8.4.4:443"),
        sources(registries, no_names, pair),
    )
    assert {SERVER, "8.8.4.4"} <= set(looked(body, "address"))


def test_an_address_for_a_host_is_asked_about_alone(
    tmp_path: Path, registry: tuple[Registries, str]
) -> None:
    registries, pair = registry
    target = f"http://{SERVER}/v"
    body = record(tmp_path, Fake(target), sources(registries, no_names, pair), target)
    assert body["domain"] == ""
    assert [one["what"] for one in body["lookups"]] == ["address"]


def test_captures_in_one_go_ask_a_registry_once(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def answer(line: bytes) -> Iterator[bytes]:
        asked.append(line)
        yield WHOIS

    with whois(answer) as pair:
        found = sources(known(whois={"cn": pair}), no_names, pair)
        bodies = []
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            target = f"https://www.example.cn/v/{number}"
            bodies.append(record(tmp_path / str(number), Fake(), found, target))
    assert len(asked) == 1
    first, *others = (looked(body, "domain")["example.cn"] for body in bodies)
    assert all(other == first for other in others)


def test_whois_is_asked_where_there_is_no_rdap(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def answer(line: bytes) -> Iterator[bytes]:
        asked.append(line)
        yield WHOIS

    with whois(answer) as pair:
        found = sources(known(whois={"cn": pair}), no_names, pair)
        body = record(tmp_path, Fake(), found, "https://www.example.com.cn/v")
    assert asked == [b"example.com.cn\r\n"]
    told = looked(body, "domain")["example.com.cn"]
    assert {"name": "registrar", "value": "示例"} in told["facts"]
    assert told["asked"] == f"{pair} ({pair})"


def slowly(_line: bytes) -> Iterator[bytes]:
    for _ in range(400):
        yield b" "
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: iter([b"No matching record."]), "not_found"),
        (lambda _: iter([b"\xff\xfe garbage"]), "garbled"),
        (lambda _: iter([]), "garbled"),
        (lambda _: iter([b"x" * 50_000] * 4), "garbled"),
        (slowly, "slow"),
    ],
    ids=["unknown", "garbage", "nothing", "flood", "drip"],
)
def test_a_hostile_whois_server_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, why: str
) -> None:
    if why == "slow":
        monkeypatch.setattr(module, "SECONDS", 0.6)
    with whois(answer) as pair:
        found = sources(known(whois={"cn": pair}), no_names, pair)
        body = record(tmp_path, Fake(), found, "https://www.example.cn/v")
    assert looked(body, "domain")["example.cn"]["not_obtained"] == why


def drip(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(400):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (answering(b"<html>"), "garbled"),
        (answering(b"[" * 100_000), "garbled"),
        (answering(b"x" * 10**6), "garbled"),
        (answering(b"", 404), "not_found"),
        (answering(b"", 429), "refused"),
        (answering(b"", 302, Location="http://127.0.0.1:1/ip"), "redirect"),
        (answering(b"", 302), "redirect"),
        (drip, "slow"),
    ],
    ids=["html", "deep", "flood", "unknown", "busy", "inside", "nowhere", "drip"],
)
def test_a_hostile_rdap_server_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: Any, why: str
) -> None:
    if why == "slow":
        monkeypatch.setattr(module, "SECONDS", 0.6)
    with hostile(behaviour) as server:
        pair = server.url.removeprefix("http://")
        found = sources(known(rdap={"com": server.url + "/"}), no_names, pair)
        body = record(tmp_path, Fake(), found)
    assert looked(body, "domain")["example.com"]["not_obtained"] == why


def test_a_registry_may_send_us_on_to_another_that_we_know(tmp_path: Path) -> None:
    with hostile(answering(RDAP_DOMAIN)) as second:
        lead = second.url + "/domain/example.com"
        with hostile(answering(b"", 301, Location=lead)) as first:
            registries = known(rdap={"com": first.url + "/", "net": second.url + "/"})
            pairs = (s.url.removeprefix("http://") for s in (first, second))
            body = record(tmp_path, Fake(), sources(registries, no_names, *pairs))
    told = looked(body, "domain")["example.com"]
    assert told["not_obtained"] == ""
    assert told["asked"].startswith(lead)


def test_registries_that_lead_inside_are_not_called(tmp_path: Path) -> None:
    registries = known(rdap={"com": "https://inside.example/"}, whois={"cn": "127.0.0.1:9"})
    body = record(tmp_path, Fake(), sources(registries))
    assert looked(body, "domain")["example.com"]["not_obtained"] == "private"
    (tmp_path / "two").mkdir()
    body = record(tmp_path / "two", Fake(), sources(registries), "https://www.example.cn/v")
    assert looked(body, "domain")["example.cn"]["not_obtained"] == "private"


def test_what_nobody_is_known_for_is_said(tmp_path: Path) -> None:
    body = record(tmp_path, Fake(), sources(known()), "https://gone.example.zz/v")
    assert looked(body, "domain")["example.zz"]["not_obtained"] == "no_server"
    assert looked(body, "address")["gone.example.zz"]["not_obtained"] == "no_answer"
    assert {one["not_obtained"] for one in looked(body, "dns").values()} == {"no_resolver"}
    (tmp_path / "two").mkdir()
    body = record(tmp_path / "two", Fake(), sources(known()))
    assert looked(body, "address")[SERVER]["not_obtained"] == "no_server"


def test_a_name_server_that_is_silent_or_knows_nothing_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.6)
    records: dict[tuple[str, str], str | None] = {("example.com", "NS"): None}
    with name_server(records) as resolver:
        body = record(tmp_path, Fake(), sources(known(), lambda: resolver))
    names = looked(body, "dns")
    assert names["example.com NS"]["not_obtained"] == "slow"
    assert names["www.example.com A"]["not_obtained"] == "not_found"


def test_a_resolver_that_fails_is_a_line(tmp_path: Path) -> None:
    def failing() -> dns.resolver.Resolver:
        raise OSError("no such device")

    body = record(tmp_path, Fake(), sources(known(), failing))
    assert {one["not_obtained"] for one in looked(body, "dns").values()} == {"no_answer"}


def test_a_mistake_of_ours_costs_its_own_line_only(tmp_path: Path) -> None:
    def mistaken() -> dns.resolver.Resolver:
        raise AssertionError("a bug")

    body = record(tmp_path, Fake(), sources(known(), mistaken))
    assert {one["not_obtained"] for one in looked(body, "dns").values()} == {"failed"}


def test_whoever_wants_an_end_waits_for_nobody_and_loses_nothing(tmp_path: Path) -> None:
    waiting = threading.Event()

    def stuck() -> dns.resolver.Resolver:
        waiting.wait(5)
        raise OSError("too late")

    job = Job()
    job.cancel()
    try:
        body = record(tmp_path, Fake(), sources(known(), stuck), job=job)
    finally:
        waiting.set()
    assert {one["not_obtained"] for one in looked(body, "dns").values()} == {"slow"}
    with pytest.raises(Cancelled):
        job.step("sealing")


def test_what_is_no_link_has_no_host(tmp_path: Path) -> None:
    body = record(tmp_path, Fake(), sources(known()), "no link at all")
    assert (body["host"], body["lookups"]) == ("", [])
