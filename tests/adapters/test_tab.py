"""One browser, many pages."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fakes.site import Page, Site, html, serving
from holdfast.adapters import browser, launch, tab
from holdfast.adapters.tab import Tab
from holdfast.core.errors import HoldfastError, Unavailable
from holdfast.core.job import Job

WORDS = "<p>这里有足够多的文字，不止十个字。</p>"


LIES = """<script>Object.defineProperty(HTMLElement.prototype, 'innerText', {get() {
  fetch('/noticed'); return '伪造的文字'; }})</script>"""


@pytest.fixture(scope="module")
def inside() -> Iterator[Site]:
    """A service on this computer that nobody typed."""
    with serving({"/": "secret"}) as site:
        yield site


@pytest.fixture(scope="module")
def site(inside: Site) -> Iterator[Site]:
    pages: dict[str, Page | str] = {
        "/": html(WORDS),
        "/download": Page(
            b"MZ",
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": "attachment; filename=../../a.exe",
            },
        ),
        "/204": Page("", 204),
        "/500": Page("", 500),
        "/loop": Page("", 302, {"Location": "/loop"}),
        "/file": Page("", 302, {"Location": "file:///etc/passwd"}),
        "/loopback": Page("", 302, {"Location": inside.url()}),
        "/metadata": Page("", 302, {"Location": "http://169.254.169.254/latest"}),
        "/script": html(f"{WORDS}<script>location = '{inside.url()}'</script>"),
        "/unknown": html(f"{WORDS}<script>location = 'http://nobody.invalid/'</script>"),
        "/moves": html(f"{WORDS}<script>location = '/?moved'</script>"),
        "/inner": html(f"<p>文字在框里</p><img src=/gone.png>{LIES}"),
        "/same": html(f"<p>不是这样的</p>{LIES}"),
        "/hidden": html(f"<p>看不见</p>{LIES}"),
        "/grows": html(
            "<div style='height:2000px'>x</div><script>onscroll = () => "
            "document.body.append(Object.assign(document.createElement('div'), "
            "{style: 'height:2000px'}))</script>"
        ),
    }
    with serving(pages) as site:
        other = f"http://localhost:{site.port}"
        frames = (f"{other}/inner", f"{other}/hidden' style='display:none", "/same")
        held = "".join(f"<iframe src='{one}'></iframe>" for one in frames)
        site.pages["/frames"] = Page(html(WORDS + held))
        yield site


@pytest.fixture(scope="module")
def running(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    allow = frozenset({site.pair, f"localhost:{site.port}"})
    log = tmp_path_factory.mktemp("browser") / "log"
    with browser.running(found, allow=allow, log=log, job=Job()) as program:
        yield program


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/download", "page_download"),
        ("/204", "page_nothing"),
        ("/500", "http_status"),
        ("/loop", "page_redirects"),
        ("/file", "page_failed"),
        ("/loopback", "link_private"),
        ("/metadata", "link_private"),
        ("/script", "link_private"),
        ("/unknown", "host_unknown"),
    ],
)
def test_where_there_is_no_page(
    running: browser.Browser, site: Site, inside: Site, path: str, code: str
) -> None:
    page = Tab(running)
    with pytest.raises(HoldfastError) as caught:
        page.open(site.url(path))
        running.wait(lambda: bool(page.unreachable), 60)
        page.check_there()
    assert caught.value.code == code
    assert inside.asked == []


def test_a_server_that_is_gone_or_silent(
    running: browser.Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.gate, "_allow", running.gate._allow | {"127.0.0.1:1"})
    with pytest.raises(Unavailable, match=r"page_failed|host_unreachable"):
        Tab(running).open("http://127.0.0.1:1/")
    monkeypatch.setattr(tab, "NAVIGATE_SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        pair = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(running.gate, "_allow", running.gate._allow | {pair})
        with pytest.raises(Unavailable, match="host_slow"):
            Tab(running).open(f"http://{pair}/")


def test_a_page_is_open_and_none_of_the_browsers_own(running: browser.Browser, site: Site) -> None:
    """What the address line suggests would be two more, in a process that costs every capture."""
    tab = Tab(running)
    tab.open(site.url("/"))
    running.wait(lambda: False, 0.5)
    every = running.call("Target.getTargets", {"filter": [{}]})["targetInfos"]
    assert site.url("/") in {one["url"] for one in every}
    assert [one["url"] for one in every if one["url"].startswith("chrome")] == []


def test_a_script_that_blocks_a_picture_is_stopped(
    running: browser.Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It let go of the last question, and lets go no more when the picture is asked for."""
    tab = Tab(running)
    tab.open(site.url("/"))
    looping = {"expression": "setTimeout(() => { for (;;) {} }, 0)"}
    running.call("Runtime.evaluate", looping, tab.session)
    running.wait(lambda: False, 0.2)
    monkeypatch.setattr("holdfast.adapters.tab.EVALUATE_SECONDS", 1.0)
    assert tab.picture().startswith(b"\x89PNG")
    assert not tab.answering
    assert tab.picture().startswith(b"\x89PNG")


def test_a_page_that_moves_on_by_script_is_followed(running: browser.Browser, site: Site) -> None:
    page = Tab(running)
    page.open(site.url("/moves"))
    assert running.wait(lambda: page.document is not None and "moved" in page.document.url, 60)
    assert page.passed == [site.url("/moves")]


def test_frames_of_other_sites_are_read_and_watched(running: browser.Browser, site: Site) -> None:
    page = Tab(running)
    page.open(site.url("/frames"))
    # Each says what is shown in it, whatever its scripts make of our words; and none notices.
    assert sorted(page.frame_texts()) == ["不是这样的", "文字在框里"]
    assert "/noticed" not in site.asked
    assert f"localhost:{site.port}: HTTP 404" in page.failed
    assert page.document is not None
    assert page.document.url == site.url("/frames")


def test_a_page_that_grows_while_it_is_read_has_no_end(
    running: browser.Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tab, "_SCROLL_STEPS", 4)
    page = Tab(running)
    page.open(site.url("/grows"))
    before = page.place(0, 0, 0).height
    assert not page.scroll_through()
    assert page.place(0, 0, 0).height > before


def test_a_page_that_never_answers_again_is_given_up(
    running: browser.Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Tab(running)
    page.open(site.url())
    monkeypatch.setattr(tab, "EVALUATE_SECONDS", 0.0)
    with pytest.raises(Unavailable, match="page_stuck"):
        page.evaluate("1")
    assert not page.answering
    with pytest.raises(Unavailable, match="browser_stuck"):
        page.evaluate("1")


def test_the_log_of_what_happened_has_an_end() -> None:
    notes: list[str] = []
    for number in range(tab.MOST_NOTED + 5):
        tab._note(notes, f"{number} \x1b" + "x" * 5000)
    assert len(notes) == tab.MOST_NOTED
    assert len(notes[0]) < 2100
    assert "\x1b" not in notes[0]


def test_the_host_of_anything_can_be_named(tmp_path: Path) -> None:
    assert tab._host("https://example.com/a") == "example.com"
    assert tab._host("about:blank") == "about:blank"
