"""Pages that were made to be too much, and what becomes of each: kept and marked, or refused."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from fakes.processes import lingering
from fakes.site import Page, html, serving
from holdfast.adapters import launch, tiles
from holdfast.adapters import tab as tabs
from holdfast.adapters.capture import Means
from holdfast.adapters.capture.page import Page as PageSource
from holdfast.core.errors import Refused
from holdfast.core.evidence import Captured
from holdfast.core.job import Job

pytestmark = pytest.mark.usefixtures("browser")

WORDS = "<p>这里有足够多的文字，不止十个字。</p>"


def visit(means: Means, url: str, room: Path) -> Captured:
    return PageSource(means).capture(url, room, Job())


def checks(captured: Captured) -> dict[str, tuple[str, str]]:
    return {check.check: (check.outcome, check.detail) for check in captured.completeness}


def names(captured: Captured) -> set[str]:
    return {file.name for file in captured.files}


def read(captured: Captured, name: str) -> bytes:
    (file,) = [file for file in captured.files if file.name == name]
    return file.at.read_bytes()


def record(captured: Captured) -> Any:
    return json.loads(read(captured, "page.json"))


@pytest.mark.no_cover
def test_a_page_taller_than_anything_is_kept_in_parts_as_far_as_it_is_said(
    means: Means, room: Path
) -> None:
    body = (
        f"<body style='margin:0'>{WORDS}<div style='height:240000px;background:"
        "repeating-linear-gradient(red 0 500px,blue 500px 1000px)'></div>"
    )
    with serving({"/": body}) as site:
        captured = visit(means, site.url(), room)
    (picture,) = record(captured)["pictures"]
    assert picture["rows"] == tiles.TALLEST
    assert picture["whole"] is False
    assert [part["rows"] for part in picture["files"]] == [16_000] * 12 + [8_000]
    assert [part["top"] for part in picture["files"]] == list(range(0, 200_000, 16_000))
    outcome, detail = checks(captured)["picture_height"]
    assert outcome == "fail"
    assert detail.startswith("200000/24")
    with Image.open(io.BytesIO(read(captured, "page-13.png"))) as last:
        assert last.size == (1280, 8_000)
        last.load()


def test_a_page_that_never_ends_is_kept_as_far_as_it_was_read(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "_SCROLL_STEPS", 10)
    endless = f"""{WORDS}<main id=m style='height:3000px'></main><script>
      new IntersectionObserver(() => {{ m.style.height = m.offsetHeight + 3000 + 'px'; }},
        {{rootMargin: '2000px'}}).observe(document.body.appendChild(
          document.createElement('footer')));
      addEventListener('scroll', () => {{ m.style.height = m.offsetHeight + 900 + 'px'; }});
    </script>"""
    with serving({"/": html(endless)}) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["picture_height"][0] == "fail"
    assert not captured.complete
    (picture,) = record(captured)["pictures"]
    assert picture["rows"] >= 9000


@pytest.mark.no_cover
def test_ten_thousand_requests_are_let_through_one_by_one(means: Means, room: Path) -> None:
    script = """<script>(async () => { for (let n = 0; n < 10000; n += 100)
      await Promise.all([...Array(100).keys()].map(m =>
        fetch('/gone?' + (n + m)).then(answer => answer.text())));
      document.title = 'all asked'; })()</script>"""
    with serving({"/": html(WORDS + script)}) as site:
        captured = visit(means, site.url(), room)
        assert len(site.asked) > 500
    assert {"page.png", "page.mhtml", "page.txt", "page.pdf"} <= names(captured)
    assert len(record(captured)["failed"]) == tabs.MOST_NOTED
    outcome, detail = checks(captured)["network_errors"]
    assert (outcome, len(detail) <= 400) == ("warn", True)


def test_dialogs_downloads_and_windows_are_turned_away_and_told(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The browser itself lets no window open that nobody clicked for; what if it did?
    lax = (*launch._ARGUMENTS, "--disable-popup-blocking")
    monkeypatch.setattr(launch, "_ARGUMENTS", lax)
    monkeypatch.setattr(tabs, "LOAD_SECONDS", 5.0)
    script = """<a id=a download href='/a.exe'>x</a><script>
      onbeforeunload = event => { event.preventDefault(); return 'stay'; };
      alert('one'); if (confirm('two')) document.body.innerText = 'accepted';
      if (prompt('three') !== null) document.body.innerText = 'answered';
      a.click();
      for (let n = 0; n < 100; n++) window.open('/window?' + n);
      location = '/save';
    </script>"""
    attached = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment; filename=../../a.exe",
    }
    pages: dict[str, Page | str] = {
        "/": html(WORDS + script),
        "/window": html("<p>a window</p><script>alert('from a window')</script>"),
        "/a.exe": Page(b"MZ", headers=attached),
        "/save": Page(b"MZ", headers=attached),
    }
    with serving(pages) as site:
        captured = visit(means, site.url(), room)
    told = record(captured)
    assert {"alert: one", "confirm: two", "prompt: three"} <= set(told["dialogs"])
    assert any("a.exe" in url or "save" in url for url in told["downloads"])
    assert "这里有足够多的文字" in read(captured, "page.txt").decode()
    assert not [path for path in room.rglob("*") if path.suffix == ".exe"]
    assert len(told["popups"]) == 100
    assert checks(captured)["http_status"] == ("pass", "200")


def test_a_page_written_over_after_it_loaded_is_kept_as_it_is_then(
    means: Means, room: Path
) -> None:
    script = """<script>onload = () => setTimeout(() => { document.open();
      document.write('<title>新</title><p>后来写进去的文字，也有十个字以上。</p>' +
        '<div style="height:3000px">下面</div><p>末尾</p>');
      document.close(); }, 50)</script>"""
    with serving({"/": html(WORDS + script)}) as site:
        captured = visit(means, site.url(), room)
    assert captured.complete
    text = read(captured, "page.txt").decode()
    assert "后来写进去的文字" in text
    assert "末尾" in text
    assert captured.observations.title == "新"


def test_a_script_that_blocks_while_the_page_loads_is_stopped(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "LOAD_SECONDS", 2.0)
    monkeypatch.setattr(tabs, "EVALUATE_SECONDS", 2.0)
    with serving({"/": html(f"{WORDS}<script>for (;;) {{}}</script>")}) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["page_finished"][0] == "fail"
    assert not captured.complete


def test_a_service_worker_reaches_nothing_inside(means: Means, room: Path) -> None:
    with serving({"/": "secret"}) as inside:
        worker = (
            f"onfetch = event => event.respondWith(fetch('{inside.url('/fetched')}'));"
            f"oninstall = event => event.waitUntil(fetch('{inside.url('/installed')}', "
            "{mode: 'no-cors'}).catch(() => 0)); onactivate = event => "
            "event.waitUntil(clients.claim());"
        )
        script = """<script>navigator.serviceWorker.register('/worker.js').then(() =>
          navigator.serviceWorker.ready).then(() => fetch('/late')).catch(() => 0)</script>"""
        pages: dict[str, Page | str] = {
            "/": html(WORDS + script),
            "/worker.js": Page(worker, headers={"Content-Type": "text/javascript"}),
        }
        with serving(pages) as site:
            captured = visit(means, site.url(), room)
            assert "/worker.js" in site.asked
        assert inside.asked == []
    assert inside.url("/installed") in [one["url"] for one in record(captured)["refused"]]
    assert checks(captured)["refused_addresses"][0] == "warn"


def test_a_name_that_leads_inside_is_refused(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect to a name whose address is on this computer."""
    real = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "inside.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with serving({"/": "secret"}) as inside:
        away = f"http://inside.example:{inside.port}/"
        moved = serving({"/": Page("", 302, {"Location": away})})
        with moved as site, pytest.raises(Refused) as caught:
            visit(means, site.url(), room)
        assert inside.asked == []
    assert caught.value.code == "link_private"
    assert list(room.rglob("*")) == []


def test_a_browser_that_is_killed_leaves_what_was_kept(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = tabs.Tab.archive

    def killed(tab: tabs.Tab) -> bytes:
        for process in psutil.process_iter(["cmdline"]):
            if f"--user-data-dir={tmp_path}" in " ".join(process.info["cmdline"] or []):
                os.kill(process.pid, signal.SIGKILL)
        return real(tab)

    monkeypatch.setattr(tabs.Tab, "archive", killed)
    with serving({"/": html(WORDS)}) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["browser_ended"] == ("fail", "browser_gone")
    assert {"viewport.png", "page.png", "page.txt", "page-text.json", "page.json"} <= names(
        captured
    )
    assert "page.mhtml" not in names(captured)
    assert not captured.complete
    assert lingering(str(tmp_path)) == {}


@pytest.mark.parametrize("when", ["scroll", "beforeprint"])
def test_what_is_kept_is_all_of_one_page_though_it_wants_to_go_on(
    means: Means, room: Path, when: str
) -> None:
    goes = f"<script>addEventListener('{when}', () => {{ location = '/second' }})</script>"
    pages = {"/": html(f"{WORDS}<p style='height:3000px'>{goes}"), "/second": html(WORDS, "另一页")}
    with serving(pages) as site:
        captured = visit(means, site.url(), room)
        assert "/second" not in site.asked
        assert checks(captured)["page_stayed"] == ("warn", site.url("/second"))
        told = json.loads(read(captured, "page.json"))
        assert told["document"]["url"] == captured.target.final_url == site.url()
        assert told["held"][0] == site.url("/second")
    assert captured.target.redirects == ()
    assert captured.observations.title == "一页"
    assert {"page.mhtml", "page.wacz", "page.pdf"} <= names(captured)


@pytest.mark.parametrize("when", ["scroll", "beforeprint"])
def test_a_page_that_goes_elsewhere_all_the_same_is_kept_as_far_as_it_went(
    means: Means, room: Path, when: str
) -> None:
    goes = f"<script>addEventListener('{when}', () => {{ location = 'about:blank' }})</script>"
    with serving({"/": html(f"{WORDS}<p style='height:3000px'>{goes}")}) as site:
        captured = visit(means, site.url(), room)
        told = json.loads(read(captured, "page.json"))
        assert told["document"]["url"] == captured.target.final_url == site.url()
    assert checks(captured)["page_stayed"] == ("fail", "about:blank")
    assert "browser_ended" not in checks(captured)
    assert {"viewport.png", "document.bin", "page.wacz"} <= names(captured)
    # Each file once, or sealing refuses them all.
    assert len({file.path for file in captured.files}) == len(captured.files)
    assert checks(captured)["archive_whole"][0] in ("pass", "warn")


def test_markup_that_pythons_own_reader_gives_up_on_costs_nothing(means: Means, room: Path) -> None:
    with serving({"/": html(f"{WORDS}<xmp><![x[ 甲 </xmp><p>末尾也有字</p>")}) as site:
        captured = visit(means, site.url(), room)
    assert {"page.mhtml", "page.wacz", "page.pdf"} <= names(captured)
    assert checks(captured)["text_archived"][0] in ("pass", "warn")


FIELDS = [
    "parentElement", "contains", "getBoundingClientRect", "querySelectorAll", "localName",
    "className", "nodeName", "childNodes", "clientHeight", "scrollTop", "scrollTo",
    "scrollIntoView", "innerText", "getAttribute", "shadowRoot",
]  # fmt: skip


def test_the_fields_of_a_form_do_not_pass_for_what_a_node_is(means: Means, room: Path) -> None:
    """``<input name="parentElement">`` is what a form says its parent is."""
    fields = "".join(f"<input type=hidden name={name}>" * 2 for name in FIELDS)
    box = "height:300px;overflow-y:auto;background:#eee"
    forms = f"""<form>{fields}{WORDS}</form>
      <form style="{box}" class=close title=x>{fields}<p style="height:900px">长</p>末尾</form>
      <form style="position:sticky;top:0;background:red">{fields}粘住的</form>
      <p style="height:2000px">下面</p>"""
    with serving({"/": html(forms)}) as site:
        captured = visit(means, site.url(), room)
    assert captured.complete
    assert "box-1.png" in names(captured)
    for name in ("page_finished", "picture_height", "inner_scroll", "text_laid_out"):
        assert checks(captured)[name][0] == "pass", name


def test_a_box_with_something_over_it_is_not_said_to_be_pictured(means: Means, room: Path) -> None:
    over = "<div style='position:fixed;left:0;top:0;width:600px;height:300px;background:lime'>x"
    box = "<div style='height:300px;overflow-y:auto;background:#eee'><p style='height:2000px'>长"
    with serving(
        {"/": html(f"{over}</div>{WORDS}{box}</p>末尾</div><p style='height:3000px'>下")}
    ) as site:
        captured = visit(means, site.url(), room)
    (_, inner) = record(captured)["pictures"]
    lost = inner["rows"] < inner["content_height"] - 1
    assert checks(captured)["inner_scroll"][0] == ("warn" if lost else "pass")


def test_a_full_disk_is_said_to_be_one(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tabs.Tab, "archive", full)
    with serving({"/": html(WORDS)}) as site, pytest.raises(Refused, match="disk_full"):
        visit(means, site.url(), room)
    assert not (room / "files").exists()


def test_half_characters_and_addresses_that_are_none_cost_nothing(means: Means, room: Path) -> None:
    """As where a script shortens a title in the middle of a face."""
    odd = f"""{WORDS}<p id=p style='width:300px'></p><video src='http://['></video>
      <script>p.textContent = '甲\\ud83d 乙\\ude00 '.repeat(100);
        document.title = '桃\\ud83d'</script>"""
    with serving({"/": html(odd)}) as site:
        captured = visit(means, site.url(), room)
    assert {"page-text.json", "page.wacz", "page.pdf"} <= names(captured)
    assert checks(captured)["text_laid_out"][0] == "pass"
    assert captured.observations.title == r"桃\u{D83D}"
    assert r"甲\u{D83D}" in read(captured, "page.txt").decode()


def test_a_bug_of_ours_leaves_what_was_kept_for_the_next_start(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(*_: object) -> None:
        raise ValueError("not thought of")

    monkeypatch.setattr(tabs.Tab, "archive", buggy)
    with serving({"/": html(WORDS)}) as site, pytest.raises(ValueError, match="not thought of"):
        visit(means, site.url(), room)
    assert {"viewport.png", "page.png", "page.txt"} <= {
        at.name for at in (room / "files").iterdir()
    }


@pytest.mark.parametrize("where", ["header", "page"])
def test_a_page_in_an_older_encoding_is_held_against_its_copies(
    means: Means, room: Path, where: str
) -> None:
    body = html(WORDS * 20).replace("utf-8", "gb2312").encode("gbk")
    kind = "text/html; charset=gb2312" if where == "header" else "text/html"
    with serving({"/": Page(body, headers={"Content-Type": kind})}) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["text_archived"] == ("pass", "20/20")
    assert checks(captured)["bodies_whole"][0] == "pass"
    assert checks(captured)["archive_whole"][0] == "pass"
    (first, *_) = json.loads(read(captured, "traffic.json"))["requests"]
    assert first["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_page_whose_root_is_a_form_is_kept(means: Means, room: Path) -> None:
    form = f"""<form xmlns="http://www.w3.org/1999/xhtml"><input name="scrollHeight"/>
      <input name="clientHeight"/>{WORDS}</form>"""
    kind = {"Content-Type": "application/xhtml+xml; charset=utf-8"}
    with serving({"/": Page(form, headers=kind)}) as site:
        captured = visit(means, site.url(), room)
    assert {"page.png", "page.mhtml", "page.wacz"} <= names(captured)
