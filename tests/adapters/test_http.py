from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.certificate import self_signed
from fakes.registry import whois
from fakes.site import Page, serving
from holdfast.adapters import http
from holdfast.core.errors import HoldfastError, Refused, Unavailable

Resolver = Callable[[dict[str, list[str]]], None]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Names lead where the test says; each look-up takes the next answer."""

    def answer(names: dict[str, list[str]]) -> None:
        def look_up(host: str, port: int, **_: object) -> list[Any]:
            if host not in names:
                raise socket.gaierror(-2, "unknown")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in names[host]]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return answer


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://www.example.com/a?b=1#c ", "https://www.example.com/a?b=1"),
        ("HTTP://EXAMPLE.com:80", "http://example.com/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("www.example.com", "https://www.example.com/"),
        ("v.example.com/abc/", "https://v.example.com/abc/"),
        ("127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("localhost:8000", "http://localhost:8000/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("https://例子.测试/路径?名=值", "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84?%E5%90%8D=%E5%80%BC"),
        ("7.43 复制打开，看看【某某】 https://v.example.com/abc/ 03/12", "https://v.example.com/abc/"),
        ("看这个：https://v.example.com/abc，真的", "https://v.example.com/abc"),
    ],
)  # fmt: skip
def test_a_link_is_found_in_what_was_typed(text: str, url: str) -> None:
    assert http.link(text).url == url


def test_a_fragment_is_kept_apart() -> None:
    found = http.link("https://example.com/app#/video/1")
    assert (found.url, found.fragment, found.pair) == (
        "https://example.com/app",
        "/video/1",
        "example.com:443",
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "link_malformed"),
        ("hello", "link_malformed"),
        ("video.mp4", "link_malformed"),
        ("https://", "link_malformed"),
        ("https://a..b/", "link_malformed"),
        ("https://a b/", "link_malformed"),
        ("https://good.example\\@127.0.0.1/", "link_malformed"),
        ("https://x:99999/", "link_malformed"),
        ("https://x:0/", "link_malformed"),
        ("https://[::zz]/", "link_malformed"),
        # What Python makes of a byte on the command line that is no UTF-8.
        ("https://a.example/\udc9b", "link_malformed"),
        ("https://a.example/?q=\ud800#\udfff", "link_malformed"),
        ("https://[v1.a]/", "link_malformed"),
        ("https://[fe80::1%eth0]/", "link_malformed"),
        ("https://[::%\u597d]/", "link_malformed"),  # an address of this network; by the fuzzer
        ("https://\u2028x/", "link_malformed"),
        ("https://" + "a" * 9000, "link_malformed"),
        ("file:///etc/passwd", "link_not_web"),
        ("javascript:alert(1)", "link_not_web"),
        ("data:text/html,<p>", "link_not_web"),
        ("chrome://settings", "link_not_web"),
        ("ytsearch:桃花渡", "link_not_web"),
        ("https://user:secret@example.com/", "link_credentials"),
    ],
)
def test_what_is_no_web_link_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        http.link(text)
    assert caught.value.code == code


@given(st.text(max_size=60))
def test_any_text_is_a_link_or_refused(text: str) -> None:
    try:
        found = http.link(text)
    except Refused:
        return
    assert found.url.isascii()
    assert found.scheme in {"http", "https"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "fe80::1", "fc00::1", "fd00:ec2::254", "100.64.0.1", "100.100.100.200", "224.0.0.1",
        "ff02::1", "0.0.0.0", "::", "255.255.255.255", "240.0.0.1", "168.63.129.16",
        "::ffff:127.0.0.1", "::ffff:192.168.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "192.0.0.192",
        "2001:0:53aa:64c:0:0:80ff:fffe", "fec0::2",
    ],
)  # fmt: skip
def test_no_name_leads_inside(address: str, resolver: Resolver) -> None:
    resolver({"evil.example": [address]})
    with pytest.raises(Refused) as caught:
        http.guard("https://evil.example/")
    assert caught.value.code == "link_private"
    assert not http.reached("https://evil.example/", address)


def test_one_bad_address_among_good_ones_refuses_the_name(resolver: Resolver) -> None:
    resolver({"evil.example": ["93.184.216.34", "127.0.0.1"]})
    with pytest.raises(Refused, match="link_private"):
        http.guard("https://evil.example/")


def test_a_fake_ip_proxy_is_told_apart(resolver: Resolver) -> None:
    resolver({"good.example": ["198.18.0.7"]})
    with pytest.raises(Refused, match="link_made_up"):
        http.guard("https://good.example/")


def test_public_addresses_pass(resolver: Resolver) -> None:
    resolver({"good.example": ["93.184.216.34", "2606:2800:220:1::1"]})
    _, addresses = http.guard("https://good.example/")
    assert [str(one) for one in addresses] == ["93.184.216.34", "2606:2800:220:1::1"]
    assert http.reached("https://good.example/", "[2606:2800:220:1::1]")


def test_a_name_that_nobody_knows_is_unavailable(resolver: Resolver) -> None:
    resolver({"empty.example": []})
    for name in ("nobody.example", "empty.example"):
        with pytest.raises(Unavailable, match="host_unknown"):
            http.guard(f"https://{name}/")


def test_only_what_was_typed_as_an_address_may_be_inside(resolver: Resolver) -> None:
    resolver(
        {"127.0.0.1": ["127.0.0.1"], "nas.example": ["192.168.1.5"], "192.168.1.5": ["192.168.1.5"]}
    )
    assert http.typed_pair("http://127.0.0.1:8000/x") == {"127.0.0.1:8000"}
    assert http.typed_pair("http://nas.example/") == frozenset()
    allow = frozenset({"127.0.0.1:8000", "nas.example:80", "192.168.1.5:80"})
    http.guard("http://127.0.0.1:8000/", allow=allow)
    http.guard("http://192.168.1.5/", allow=allow)
    for url in ("http://127.0.0.1:8001/", "http://nas.example/"):
        with pytest.raises(Refused, match="link_private"):
            http.guard(url, allow=allow)


def test_metadata_services_stay_shut_even_when_typed() -> None:
    for url in ("http://169.254.169.254/latest", "http://168.63.129.16/"):
        with pytest.raises(Refused, match="link_private"):
            http.guard(url, allow=http.typed_pair(url))


def test_other_spellings_of_this_computer_are_seen_through() -> None:
    for host in ("2130706433", "0x7f.1", "127.1", "[::ffff:7f00:1]"):
        with pytest.raises(Refused, match="link_private"):
            http.guard(f"http://{host}/")


# --- fetching ------------------------------------------------------------------------------------


def test_one_request_gives_one_answer() -> None:
    with serving({"/": Page("hello", 201, {"X-Thing": "1"})}) as site:
        reply = http.fetch(site.url(), allow_loopback=frozenset({site.pair}))
    assert (reply.status, reply.body, reply.address) == (201, b"hello", site.pair)
    assert reply.header("x-thing") == "1"
    assert reply.header("x-other") == ""


def test_loopback_is_shut_unless_named() -> None:
    with serving({"/": "x"}) as site:
        with pytest.raises(Refused, match="link_private"):
            http.fetch(site.url())
        assert site.asked == []


def test_redirects_are_answers_and_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving({"/": Page("", 302, {"Location": "http://169.254.169.254/"})}) as site:
        reply = http.fetch(site.url(), allow_loopback=frozenset({site.pair}))
    assert (reply.status, reply.header("location")) == (302, "http://169.254.169.254/")


def test_the_connection_goes_to_the_address_that_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name leads elsewhere at its second look-up; there is none."""
    real, asked = socket.getaddrinfo, []

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        if len(asked) > 1 and host == "localhost":
            raise AssertionError("looked up twice")
        return real(host, *rest, **more)

    with serving({"/": "x"}) as site:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        pair = f"localhost:{site.port}"
        reply = http.fetch(f"http://{pair}/", allow_loopback=frozenset({pair}))
    assert reply.address == site.pair
    assert asked[0] == "localhost"


def code_of(url: str, **more: Any) -> str:
    found = http.link(url)
    with pytest.raises(HoldfastError) as caught:
        http.fetch(url, allow_loopback=frozenset({found.pair}), **more)
    assert isinstance(caught.value, Unavailable)
    return caught.value.code


def test_too_much_is_cut_off() -> None:
    with serving({"/": "x" * 100}) as site:
        assert code_of(site.url(), limit=99) == "host_too_much"
        assert (
            http.fetch(site.url(), limit=100, allow_loopback=frozenset({site.pair})).body
            == b"x" * 100
        )


def test_a_slow_drip_meets_the_deadline() -> None:
    stop = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def drip() -> None:
            # Whoever is out of time before they called, on a busy computer, never comes.
            try:
                line, _ = door.accept()
            except OSError:
                return
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(0.02):
                    try:
                        line.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert code_of(f"http://127.0.0.1:{door.getsockname()[1]}/", timeout=0.3) == "host_slow"
        finally:
            stop.set()
            door.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_deadline_that_has_passed_sends_nothing() -> None:
    with serving({"/": "x"}) as site:
        assert code_of(site.url(), timeout=0) == "host_slow"
        assert site.asked == []


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-hello\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_garbage_is_garbage(said: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def talk() -> None:
            line, _ = door.accept()
            with line:
                line.recv(4096)
                line.sendall(said)

        thread = threading.Thread(target=talk)
        thread.start()
        assert code_of(f"http://127.0.0.1:{door.getsockname()[1]}/") == "host_garbled"
        thread.join()


def test_nobody_there() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port = door.getsockname()[1]
    assert code_of(f"http://127.0.0.1:{port}/") == "host_unreachable"


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = self_signed(tmp_path, "localhost")
    with serving({"/": "x"}, tls=pair) as site:
        url = f"https://localhost:{site.port}/"
        assert code_of(url) == "host_certificate"
        real = ssl.create_default_context
        monkeypatch.setattr(ssl, "create_default_context", lambda: real(cafile=pair[0]))
        reply = http.fetch(url, allow_loopback=frozenset({f"localhost:{site.port}"}))
        assert reply.body == b"x"
        assert code_of(site.url().replace("http:", "https:")) == "host_certificate"


# --- one plain question ---------------------------------------------------------------------------


def test_a_plain_question_is_answered_until_the_other_side_ends() -> None:
    heard: list[bytes] = []

    def say(line: bytes) -> Iterator[bytes]:
        heard.append(line)
        yield b"one "
        yield b"two"

    with whois(say) as pair:
        host, port = pair.split(":")
        answer = http.ask(host, int(port), b"example.cn\r\n", allow=frozenset({pair}))
    assert answer == (b"one two", pair)
    assert heard == [b"example.cn\r\n"]


def test_a_plain_question_is_judged_like_any_other(resolver: Resolver) -> None:
    resolver({"whois.example": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]})
    for host in ("127.0.0.1", "whois.example"):
        with pytest.raises(Refused) as caught:
            http.ask(host, 43, b"x\r\n")
        assert caught.value.code == "link_private"


@pytest.mark.parametrize(
    ("say", "seconds", "code"),
    [
        (lambda _: iter([b"x" * 1000] * 40), 60, "host_too_much"),
        (lambda _: (sleep(0.05) or b" " for _ in range(200)), 0.5, "host_slow"),
    ],
    ids=["flood", "drip"],
)
def test_an_answer_without_end_has_one(say: Any, seconds: float, code: str) -> None:
    with whois(say) as pair, pytest.raises(Unavailable) as caught:
        host, port = pair.split(":")
        http.ask(host, int(port), b"x\r\n", limit=9999, timeout=seconds, allow=frozenset({pair}))
    assert caught.value.code == code


def test_nobody_answers_a_plain_question() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pair = f"127.0.0.1:{port}"
    with pytest.raises(Unavailable) as caught:
        http.ask("127.0.0.1", port, b"x\r\n", allow=frozenset({pair}))
    assert caught.value.code == "host_unreachable"
