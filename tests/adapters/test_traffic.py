"""A real browser, and everything that it received."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.certificate import self_signed
from fakes.site import Page, Site, html, serving
from holdfast.adapters import browser, launch, lookup, traffic
from holdfast.adapters.browser import Browser
from holdfast.adapters.lookup import Lookups
from holdfast.adapters.tab import Tab
from holdfast.adapters.traffic import Exchange, Traffic, encoded
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WORDS = "<p>这里有足够多的文字，不止十个字。</p>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving({"/": html(WORDS), "/empty": html(WORDS)}) as site:
        yield site


@pytest.fixture(scope="module")
def program(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    log = tmp_path_factory.mktemp("browser") / "log"
    allow = frozenset({site.pair, f"localhost:{site.port}"})
    with browser.running(found, allow=allow, log=log, job=Job()) as running:
        yield running


@contextmanager
def heard(program: Browser, url: str, room: Path) -> Iterator[tuple[Tab, Traffic]]:
    tab = Tab(program)
    listening = Traffic(program, tab.session, room)
    tab.open(url)
    try:
        yield tab, listening
    finally:
        listening.stop()


def fetching(*calls: str) -> str:
    """A page whose script makes these calls and then says that it is done."""
    lines = "".join(f"await {call}.catch(() => 0);" for call in calls)
    icon = "<link rel=icon href='data:,'>"
    return html(
        f"{icon}{WORDS}<script>(async () => {{ {lines} document.title = 'done'; }})()</script>"
    )


def done(program: Browser, tab: Tab, seconds: int = 30) -> None:
    for _ in range(seconds * 10):
        if tab.evaluate("document.title") == "done":
            return
        program.wait(lambda: False, 0.1)
    raise AssertionError("the page's script did not come to its end")


def by_path(listening: Traffic) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = {}
    for one in listening.exchanges:
        found.setdefault("/" + one.url.split("/", 3)[3], []).append(one)
    return found


def test_every_kind_of_answer_is_kept_as_it_came(
    program: Browser, site: Site, tmp_path: Path
) -> None:
    chinese = "这是用国标码写的一页。" * 20
    site.pages.update(
        {
            "/kinds": Page(
                fetching(
                    "fetch('/gzip').then(r => r.text())",
                    "fetch('/gbk').then(r => r.text())",
                    "fetch('/bom').then(r => r.text())",
                    "fetch('/binary').then(r => r.arrayBuffer())",
                    "fetch('/there').then(r => r.text())",
                    "fetch('/gzip', {method: 'HEAD'})",
                    "fetch('/posted', {method: 'POST', body: 'a=1&b=二'}).then(r => r.text())",
                    "fetch('/tagged').then(r => r.text())",
                    "fetch('/tagged', {cache: 'no-cache'}).then(r => r.text())",
                    "fetch('/none').then(r => r.text())",
                    "fetch('/gone').then(r => r.text())",
                )
            ),
            "/gzip": Page(
                gzip.compress(b"squeezed " * 1000),
                headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"},
            ),
            "/gbk": Page(chinese.encode("gbk"), headers={"Content-Type": "text/html; charset=gbk"}),
            "/bom": Page(b"\xef\xbb\xbfmarked", headers={"Content-Type": "text/css"}),
            "/binary": Page(bytes(range(256)), headers={"Content-Type": "application/x-odd"}),
            "/there": Page("", 302, {"Location": "/here", "Set-Cookie": "a=b; HttpOnly"}),
            "/here": Page("arrived", headers={"Content-Type": "text/plain"}),
            "/posted": Page("thanks", headers={"Content-Type": "text/plain"}),
            "/tagged": Page("same", headers={"ETag": '"1"', "Content-Type": "text/plain"}),
            "/none": Page("", 204),
        }
    )
    with heard(program, site.url("/kinds"), tmp_path) as (tab, listening):
        done(program, tab)
        listening.settle()
        found = by_path(listening)
        text = {
            path: listening.spool.whole(many[-1].body)
            for path, many in found.items()
            if many[-1].body is not None
        }
    assert text["/gbk"] == chinese.encode("gbk"), "in the bytes that came"
    assert found["/gbk"][0].charset in ("gbk", "gb18030")
    assert text["/bom"] == b"\xef\xbb\xbfmarked"
    assert text["/binary"] == bytes(range(256))
    squeezed, asked_only = found["/gzip"]
    assert listening.exchanges[0].address == "127.0.0.1"
    assert (squeezed.received, squeezed.whole) == (9000, True)
    assert ("Content-Encoding", "gzip") in squeezed.headers
    assert (asked_only.method, asked_only.body, asked_only.whole) == ("HEAD", None, True)
    hop, arrived = found["/there"][0], found["/here"][0]
    assert (hop.status, hop.redirect, hop.whole) == (302, True, True)
    assert ("Set-Cookie", "a=b; HttpOnly") in hop.headers, "raw headers, hop by hop"
    assert text["/here"] == b"arrived"
    assert ("Cookie", "a=b") in arrived.asked_headers
    assert found["/posted"][0].posted.decode() == "a=1&b=二"
    assert site.posted == ["a=1&b=二".encode()]
    assert [one.status for one in found["/tagged"]] == [200, 304]
    assert found["/none"][0].whole
    assert found["/gone"][0].status == 404
    assert all(one.trouble == "" for one in listening.exchanges)


def test_what_is_not_whole_is_named_and_kept_as_far_as_it_came(
    program: Browser, site: Site, tmp_path: Path
) -> None:
    plain = {"Content-Type": "text/plain"}
    site.pages.update(
        {
            "/lacking": Page(
                fetching(
                    "fetch('/short').then(r => r.text())",
                    "(async () => { const c = new AbortController();"
                    " const r = await fetch('/left', {signal: c.signal}); c.abort(); })()",
                    "(async () => { fetch('/hangs').then(r => r.text()); })()",
                    "fetch('/blob').then(r => r.blob())",
                    "fetch('/nothing').then(r => r.blob())",
                    "fetch('http://127.0.0.1:9/').then(r => r.text())",
                )
            ),
            "/short": Page(b"s" * 500, headers=plain, declared=1000),
            "/left": Page(b"l" * 500, headers=plain, hang=True),
            "/blob": Page(b"b" * 500, headers=plain),
            "/nothing": Page(b"", headers=plain),
            "/hangs": Page(b"h" * 500, headers=plain, hang=True),
        }
    )
    with heard(program, site.url("/lacking"), tmp_path) as (tab, listening):
        done(program, tab)
        program.wait(
            lambda: any(one.url.endswith("/hangs") and one.received for one in listening.page()), 10
        )
        listening.settle()
        found = {path: many[0] for path, many in by_path(listening).items()}
        assert found["/hangs"].body is not None
        assert listening.spool.whole(found["/hangs"].body) == b"h" * 500
        told = {path: (one.trouble, one.whole) for path, one in found.items()}
    assert told["/short"] == ("short", False)
    assert told["/left"] == ("aborted", False)
    assert told["/hangs"] == ("open", False)
    assert told["/blob"] == ("unseen", False)
    assert told["/nothing"] == ("", True)
    assert traffic.told(found["/short"]) == (
        f"{site.pair}/short (short: ERR_CONTENT_LENGTH_MISMATCH)"
    )
    refused = [one for one in listening.exchanges if ":9/" in one.url]
    assert [one.trouble for one in refused] == ["blocked"]


def test_frames_and_workers_are_heard(program: Browser, site: Site, tmp_path: Path) -> None:
    site.pages.update(
        {
            "/outer": Page(
                html(
                    f"{WORDS}<iframe src='http://localhost:{site.port}/inner'></iframe><script>"
                    "new Worker('/worker.js').onmessage = () => { document.title = 'done'; };"
                    "</script>"
                )
            ),
            "/inner": Page(html(f"{WORDS}<img src=/in-frame.png>")),
            "/in-frame.png": Page(DOT, headers={"Content-Type": "image/png"}),
            "/worker.js": Page(
                "fetch('/in-worker').then(r => r.text()).then(() => postMessage(1))",
                headers={"Content-Type": "text/javascript"},
            ),
            "/in-worker": Page("from a worker", headers={"Content-Type": "text/plain"}),
        }
    )
    with heard(program, site.url("/outer"), tmp_path) as (tab, listening):
        done(program, tab)
        tab.settle()
        listening.settle()
        found = {path: many[0] for path, many in by_path(listening).items()}
        for path, body in (("/in-frame.png", DOT), ("/in-worker", b"from a worker")):
            one = found[path]
            assert one.body is not None
            assert listening.spool.whole(one.body) == body
    assert found["/worker.js"].whole
    assert found["/inner"].whole


def test_a_flood_is_cut_off(
    program: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five gigabytes that the page reads and throws away: neither it nor we take them all."""
    monkeypatch.setattr(traffic, "CUT_OFF", 32 << 20)
    reading = (
        "fetch('/flood').then(async r => { const s = r.body.getReader();"
        " while (!(await s.read()).done) {} })"
    )
    flood = Page(b"", headers={"Content-Type": "application/octet-stream"}, flood=5 << 30)
    site.pages.update({"/flooded": Page(fetching(reading)), "/flood": flood})
    before = site.sent
    with heard(program, site.url("/flooded"), tmp_path) as (tab, listening):
        done(program, tab, 60)
        listening.settle()
        (one,) = by_path(listening)["/flood"]
        assert listening.spool.size < 1 << 20
    assert (one.trouble, one.whole, one.body) == ("too_large", False, None)
    assert one.received < 2 << 30
    assert site.sent - before < 3 << 30


def test_what_a_page_asks_with_fills_no_memory(
    program: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "MOST_HELD", 300_000)
    posting = "fetch('/empty', {method: 'POST', body: 'x'.repeat(400000)}).then(r => r.text())"
    long = "fetch('/empty?' + 'a'.repeat(1000000)).catch(() => 0)"
    heavy = "fetch('/empty', {headers: {'X-A': 'b'.repeat(50000)}}).then(r => r.text())"
    site.pages["/heavy"] = Page(fetching(posting, long, *[heavy] * 6))
    with heard(program, site.url("/heavy"), tmp_path) as (tab, listening):
        done(program, tab)
        listening.settle()
    assert listening.full
    assert listening.unrecorded
    assert max(len(one.url) for one in listening.exchanges) <= 8192
    assert sum(len(one.posted) for one in listening.exchanges) == 0


def test_a_page_after_one_that_was_too_much_is_heard_whole(
    program: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "MOST_REQUESTS", 4)
    site.pages["/much"] = Page(fetching(*[f"fetch('/empty?{n}')" for n in range(9)]))
    tab = Tab(program)
    listening = Traffic(program, tab.session, tmp_path, tab.frame)
    tab.open(site.url("/much"))
    done(program, tab)
    assert listening.unrecorded
    tab.open(site.url("/empty"))
    listening.settle()
    listening.stop()
    assert listening.unrecorded == 0
    assert "/much" not in by_path(listening)
    assert by_path(listening)["/empty"][0].whole


def test_more_than_the_browser_holds_is_said(
    program: Browser, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "LARGEST_BODY", 1 << 20)
    monkeypatch.setattr(traffic, "LARGEST_TOTAL", 5 << 19)
    # The page, four of its calls, and the icon that the browser asks for when it likes.
    monkeypatch.setattr(traffic, "MOST_REQUESTS", 6)
    calls = [f"fetch('/large{n}').then(r => r.arrayBuffer())" for n in range(6)]
    site.pages["/larges"] = Page(fetching(*calls))
    sizes = (2 << 20, 1 << 20, (1 << 20) - 1, (1 << 20) - 2, 0, 0)
    for n, size in enumerate(sizes):
        site.pages[f"/large{n}"] = Page(bytes([n]) * size)
    with heard(program, site.url("/larges"), tmp_path) as (tab, listening):
        done(program, tab)
        listening.settle()
        found = {path: many[0] for path, many in by_path(listening).items()}
    assert found["/large0"].trouble == "too_large"
    assert found["/large1"].whole
    assert found["/large2"].whole
    assert (found["/large3"].trouble, listening.full) == ("full", True)
    assert len(listening.exchanges) == 6
    assert listening.unrecorded >= 1


@pytest.mark.no_cover
def test_thousands_of_requests(program: Browser, site: Site, tmp_path: Path) -> None:
    site.pages["/many"] = Page(
        html(
            f"{WORDS}<script>(async () => {{ let n = 0; const one = async () => {{"
            " while (n < 2000) await fetch('/small?' + n++).then(r => r.text()); };"
            " await Promise.all([...Array(20)].map(one)); document.title = 'done'; })()</script>"
        )
    )
    site.pages["/small"] = Page("small", headers={"Content-Type": "text/plain"})
    with heard(program, site.url("/many"), tmp_path) as (tab, listening):
        done(program, tab, 240)
        listening.settle()
        small = [one for one in listening.exchanges if "/small" in one.url]
        assert len({one.url for one in small}) == 2_000
        assert all(one.whole and one.body is not None for one in small)
        assert listening.spool.size < 100_000, "the same bytes are kept once"


def test_what_came_before_a_page_can_be_forgotten(
    program: Browser, site: Site, tmp_path: Path
) -> None:
    with heard(program, site.url("/?before"), tmp_path) as (tab, listening):
        tab.open(site.url("/?after"))
        assert tab.document is not None
        listening.forget_before(tab.document.request)
        listening.settle()
        (first, *_) = listening.exchanges
        assert first.url == site.url("/?after")
        assert first.number > 1
        assert first.whole


# --- our own requests ----------------------------------------------------------------------------


@pytest.fixture
def ask(
    program: Browser, site: Site, tmp_path: Path
) -> Iterator[tuple[Lookups, Traffic, Callable[[Exchange | None], bytes]]]:
    site.pages["/page"] = Page(html(WORDS), headers={"Set-Cookie": "seen=1"})
    with heard(program, site.url("/page"), tmp_path) as (tab, listening):
        lookups = Lookups(program, tab, listening, site.url("/page#part"))

        def body(one: Exchange | None) -> bytes:
            assert one is not None
            assert one.body is not None
            return listening.spool.whole(one.body)

        yield lookups, listening, body
        lookups.close()


Ask = tuple[Lookups, Traffic, Callable[[Exchange | None], bytes]]


def test_a_look_up_is_ours_and_has_the_page_s_cookies(site: Site, ask: Ask) -> None:
    lookups, listening, body = ask
    data = bytes(range(256)) * 4096
    site.pages["/film"] = Page(data, headers={"Content-Type": "video/mp4"})
    site.pages["/to-film"] = Page("", 302, {"Location": "/film"})
    one = lookups.get(site.url("/film"))
    assert body(one) == data
    assert one is not None
    assert (one.source, one.whole, one.status) == ("lookup", True, 200)
    listening.settle()
    (cookies,) = [value for name, value in one.asked_headers if name == "Cookie"]
    assert "seen=1" in cookies
    assert ("Referer", site.url("/page")) in one.asked_headers
    agents = [value for name, value in one.asked_headers if name == "User-Agent"]
    assert "Headless" not in str(agents)
    part = lookups.get(site.url("/film"), (100, 50))
    assert body(part) == data[100:150]
    assert part is not None
    assert part.status == 206
    sent_on = lookups.get(site.url("/to-film"))
    assert body(sent_on) == data
    assert [one.source for one in listening.exchanges[-2:]] == ["lookup", "lookup"]
    assert all(one.source == "network" for one in listening.page())


def test_a_look_up_that_fails_says_so(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups, listening, _ = ask
    monkeypatch.setattr(lookup, "ANSWER_SECONDS", 2.0)
    with serving({"/": "secret"}) as inside:
        site.pages["/inside"] = Page("", 302, {"Location": inside.url()})
        for url, reason in (
            (site.url("/nowhere"), "HTTP 404"),
            (inside.url(), "BLOCKED"),
            (site.url("/inside"), "BLOCKED"),
            ("http://nobody.invalid/", "NAME_NOT_RESOLVED"),
        ):
            one = lookups.get(url)
            assert one is not None
            assert (one.trouble, one.body) == ("broken", None)
            assert reason in one.reason
        assert inside.asked == []
    assert lookups.get("file:///etc/passwd") is None
    monkeypatch.setattr(lookup, "MOST", 0)
    assert lookups.get(site.url("/page")) is None
    assert listening.spool.size < 10_000


def test_a_look_up_is_cut_off_and_short_ones_are_marked(
    site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups, _listening, body = ask
    monkeypatch.setattr(lookup, "LARGEST", 8 << 20)
    headers = {"Content-Type": "video/mp4"}
    site.pages["/endless"] = Page(b"", headers=headers, flood=5 << 30)
    site.pages["/lies"] = Page(b"x" * 5000, headers=headers, declared=9000)
    before = site.sent
    one = lookups.get(site.url("/endless"))
    assert one is not None
    assert (one.trouble, one.whole) == ("too_large", False)
    assert 8 << 20 < len(body(one)) < 64 << 20
    assert site.sent - before < 1 << 30
    short = lookups.get(site.url("/lies"))
    assert short is not None
    assert short.trouble in ("short", "broken")
    assert not short.whole
    after = lookups.get(site.url("/page"))
    assert after is not None
    assert after.whole, "and the next one works"


def test_a_host_with_an_untrusted_certificate(tmp_path: Path) -> None:
    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    pair = self_signed(tmp_path, "localhost")
    with serving({"/": html(WORDS), "/film": "film"}, tls=pair) as secure:
        url = f"https://localhost:{secure.port}/"
        allow = frozenset({f"localhost:{secure.port}"})
        with (
            browser.running(found, allow=allow, log=tmp_path / "log", job=Job()) as running,
            heard(running, url, tmp_path) as (tab, listening),
        ):
            assert tab.certificate_error
            lookups = Lookups(running, tab, listening, url)
            one = lookups.get(f"{url}film")
            assert one is not None
            assert one.whole
            listening.settle()
            document = next(one for one in listening.page() if one.url == url and one.answer)
            assert (document.answer or {})["securityDetails"]["protocol"] == "TLS 1.3"


# --- small parts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "charset", "size", "raw", "exact"),
    [
        ("a", "", 1, b"a", True),
        ("ä", "windows-1252", 1, b"\xe4", True),
        ("ä", "no-such", 2, "ä".encode(), True),
        ("a", "utf-8", 4, b"\xef\xbb\xbfa", True),
        ("a", "utf-16le", 4, b"\xff\xfea\0", True),
        ("\ufffd", "utf-8", 1, "\ufffd".encode(), False),
        ("中", "windows-1252", 1, "中".encode(), False),
        ("\ud800", "utf-8", 1, b"?", False),
    ],
)
def test_a_decoded_text_goes_back_into_its_bytes(
    text: str, charset: str, size: int, raw: bytes, exact: bool
) -> None:
    found, _, was_exact = encoded(text, charset, size)
    assert (found, was_exact) == (raw, exact)


def test_a_record_of_an_exchange_is_plain_json(
    program: Browser, site: Site, tmp_path: Path
) -> None:
    from holdfast.core.canonical import canonical

    with heard(program, site.url("/empty"), tmp_path) as (_, listening):
        listening.settle()
        (first, *_) = listening.exchanges
        said = json.loads(canonical(traffic.described(first)))
    assert said["url"] == site.url("/empty")
    assert said["sha256"] == first.body.sha256 if first.body else None
