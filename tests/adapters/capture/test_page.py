"""A real browser against pages that misbehave."""

from __future__ import annotations

import hashlib
import io
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakes.certificate import self_signed
from fakes.processes import lingering
from fakes.site import Page, html, serving
from holdfast.adapters import tab as tabs
from holdfast.adapters import tiles
from holdfast.adapters.capture import Means
from holdfast.adapters.capture.page import Page as PageSource
from holdfast.adapters.clock import SystemClock
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job
from holdfast.practice.world import PracticeWorld

pytestmark = pytest.mark.usefixtures("browser")

WORDS = "<p>这里有足够多的文字，不止十个字。</p>"


def visit(means: Means, url: str, room: Path) -> Captured:
    return PageSource(means).capture(url, room, Job())


def checks(captured: Captured) -> dict[str, tuple[str, str]]:
    return {check.check: (check.outcome, check.detail) for check in captured.completeness}


def read(captured: Captured, name: str) -> bytes:
    (file,) = [file for file in captured.files if file.path == f"files/{name}"]
    return file.at.read_bytes()


def record(captured: Captured) -> Any:
    return json.loads(read(captured, "page.json"))


def test_no_row_is_missing_or_doubled(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row of 20 px has its number as its colour; two pictures, cut into tiles."""
    monkeypatch.setattr(tiles, "PICTURE", 9000)
    rows = "".join(
        f"<div style='height:20px;background:rgb({n % 256},{n // 256},77)'></div>"
        for n in range(600)
    )
    fixed = "<header style='position:fixed;top:0;right:0;width:99px;height:50px'>menu</header>"
    with serving({"/": html(f"<style>body{{margin:0}}</style>{fixed}{rows}{WORDS}")}) as site:
        captured = visit(means, site.url(), room)
    height = int(checks(captured)["picture_height"][1].split("/")[0])
    assert checks(captured)["picture_height"] == ("pass", f"{height}/{height}")
    parts = [Image.open(io.BytesIO(read(captured, f"page-{n}.png"))) for n in (1, 2)]
    assert [part.mode for part in parts] == ["RGB", "RGB"]
    assert [part.size for part in parts] == [(1280, 9000), (1280, height - 9000)]
    column = np.concatenate([np.asarray(part)[:, 20] for part in parts])[:12_000]
    number = np.arange(600).repeat(20)
    expected = np.stack([number % 256, number // 256, np.full(12_000, 77)], axis=1)
    np.testing.assert_array_equal(column, expected)


NASTY = "<img src=x onerror=alert(1)> {{7*7}} | =cmd \u202egnp\x1b[31m ../../x 😀" + "长" * 300


def test_an_odd_page_is_kept_with_everything_odd_about_it(means: Means, room: Path) -> None:
    with serving({"/": "secret"}) as inside:
        body = f"""<meta itemprop=author content="桃花剧场">
        <p>播放 312.7 万 点赞 7.6 万</p><p>本作品含 AI 生成内容</p>{WORDS}
        <form><input type=password></form>
        <div id=late style="margin-top:3000px"></div><img loading=lazy src=/late.png>
        <img src=/gone.png><img src="{inside.url("/image")}">
        <iframe src="{inside.url("/frame")}"></iframe>
        <iframe src="http://localhost:PORT/inner"></iframe>
        <script>
          alert("挡住的话");
          fetch("{inside.url("/fetch")}"); fetch("http://169.254.169.254/latest");
          new Worker(URL.createObjectURL(new Blob(["fetch('{inside.url("/worker")}')"])));
          history.replaceState({{}}, "", "/replaced#/deep");
          document.body.innerText; Object.defineProperty(document, "title", {{get: () => "假"}});
        </script>"""
        pages: dict[str, Page | str] = {
            "/start": Page("", 302, {"Location": "/next"}),
            "/next": Page("", 301, {"Location": "/page", "Set-Cookie": "a=b"}),
            "/late.png": Page(b"late"),
        }
        with serving(pages) as site:
            site.pages["/page"] = Page(
                html(body.replace("PORT", str(site.port)), NASTY.replace("<", "&lt;")),
                headers={"Content-Type": "text/html; charset=utf-8", "X-Odd": "1"},
            )
            loop = f"http://localhost:{site.port}/inner"
            captured = visit(means, site.url("/start"), room)
            start, end = site.url("/start"), site.url("/replaced#/deep")
            passed = (site.url("/start"), site.url("/next"))
            assert "/late.png" in site.asked
        assert inside.asked == [], "nothing inside was reached"

    target = captured.target
    assert (target.typed, target.url, target.final_url) == (start, start, end)
    assert target.redirects == passed
    assert captured.network is not None
    assert captured.network.address == site.pair
    assert captured.network.dns == ("127.0.0.1",)

    found = checks(captured)
    assert found["http_status"] == ("pass", "200")
    assert found["login_wall"][0] == "warn"
    assert found["certificate"][0] == "not_checked"
    assert found["network_errors"][0] == "warn"
    assert f"{site.pair}: HTTP 404" in found["network_errors"][1]
    for path in ("image", "frame", "fetch", "worker"):
        assert inside.url(f"/{path}") in found["refused_addresses"][1]
    refused = [one["url"] for one in record(captured)["refused"]]
    assert "http://169.254.169.254/latest" in refused
    assert loop in refused, "localhost was not what the person typed"

    seen = captured.observations
    assert seen.title.startswith("<img src=x onerror=alert(1)> {{7*7}}")
    assert "\u202e" not in seen.title
    assert "\x1b" not in seen.title
    assert (seen.status, seen.account) == (200, "桃花剧场")
    assert {(one.name, one.value) for one in seen.counters} == {
        ("plays", "312.7 万"),
        ("likes", "7.6 万"),
        ("ai_label", "本作品含 AI 生成内容"),
    }

    facts = record(captured)
    assert facts["dialogs"] == ["alert: 挡住的话"]
    assert {"name": "X-Odd", "value": "1"} in facts["document"]["headers"]
    assert "Headless" not in facts["user_agent"]
    assert read(captured, "page.mhtml").startswith(b"From: <Saved by Blink>")
    assert "这里有足够多的文字" in read(captured, "page.txt").decode()
    assert b"<input type=password>" in read(captured, "document.bin")
    with Image.open(io.BytesIO(read(captured, "viewport.png"))) as picture:
        assert (picture.mode, picture.size) == ("RGB", (1280, 900))
    assert captured.components[0].version.count(".") == 3


def test_a_certificate_that_nobody_trusts_is_kept_and_marked(
    means: Means, room: Path, tmp_path: Path
) -> None:
    pair = self_signed(tmp_path, "localhost")
    with serving({"/": html(WORDS)}, tls=pair) as site:
        captured = visit(means, f"https://localhost:{site.port}/", room)
    assert checks(captured)["certificate"] == ("fail", "CERT_AUTHORITY_INVALID")
    assert not captured.complete
    assert captured.network is not None
    assert captured.network.tls_version == "TLS 1.3"
    der = read(captured, "certificate-1.der")
    assert captured.network.certificate_sha256 == (hashlib.sha256(der).hexdigest(),)
    import ssl

    assert ssl.DER_cert_to_PEM_cert(der).split() == pair[0].read_text().split()


def test_what_the_page_says_of_itself_is_red(means: Means, room: Path, tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path / "world", SystemClock()) as world:
        captured = visit(means, world.site_url + "removed", room)
    assert checks(captured)["removed"] == ("fail", "视频已下架")
    assert not captured.complete


def test_a_page_without_an_end_is_kept_and_marked(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "LOAD_SECONDS", 1.0)
    pages = {
        "/": Page(html(f"{WORDS}<img src=/never.png>"), 404),
        "/never.png": Page(b"x", hang=True),
    }
    with serving(pages) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["page_finished"] == ("fail", "loading")
    assert checks(captured)["http_status"] == ("fail", "404")
    assert read(captured, "page.png")


def test_a_script_that_never_lets_go_is_stopped(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "EVALUATE_SECONDS", 1.0)
    script = "<script>onload = () => setTimeout(() => { while (true) {} }, 100)</script>"
    with serving({"/": html(WORDS + script)}) as site:
        captured = visit(means, site.url(), room)
    assert checks(captured)["page_finished"] == ("fail", "stopped")
    assert "这里有足够多的文字" in read(captured, "page.txt").decode()


def code(means: Means, url: str, room: Path) -> tuple[type[HoldfastError], str]:
    with pytest.raises(HoldfastError) as caught:
        visit(means, url, room)
    assert list(room.rglob("*")) == []
    return type(caught.value), caught.value.code


def test_a_redirect_to_the_inside_leaves_nothing(means: Means, room: Path) -> None:
    with serving({"/": "secret"}) as inside:
        with serving({"/": Page("", 302, {"Location": inside.url()})}) as site:
            assert code(means, site.url(), room) == (Refused, "link_private")
        assert inside.asked == []
    assert code(means, "http://169.254.169.254/", room) == (Refused, "link_private")


def test_a_name_that_changes_its_mind_is_caught(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We are told a public address; the browser, looking for itself, lands on this computer."""
    real = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        return real("93.184.216.34" if host == "rebind.localhost" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with serving({"/": html(WORDS)}) as site:
        url = f"http://rebind.localhost:{site.port}/"
        assert code(means, url, room) == (Refused, "link_rebound")


@pytest.mark.parametrize("link", ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x"])
def test_other_links_are_refused_before_anything_starts(
    means: Means, room: Path, link: str
) -> None:
    assert not PageSource(means).suits(link)
    assert code(means, link, room) == (Refused, "link_not_web")


def test_without_a_browser_there_is_advice(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.adapters.launch._candidates", lambda: iter(()))
    with serving({"/": html(WORDS)}) as site:
        assert code(means, site.url(), room) == (Unavailable, "no_browser")
    assert PageSource(means).parts()[0].version == ""


@pytest.mark.parametrize(
    ("method", "said"), [("Page.crash", "page_crashed"), ("Browser.crash", "browser_gone")]
)
def test_a_crash_leaves_what_was_kept_and_no_process(
    means: Means,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    method: str,
    said: str,
) -> None:
    """The page's process dies, or its browser does, while it is being read."""
    real = tabs.Tab.place

    def broken(tab: tabs.Tab, box: int, x: float, y: float) -> tiles.Place:
        if y > 3000:
            tab._browser.send(method, {}, tab._session if method == "Page.crash" else "")
        return real(tab, box, x, y)

    monkeypatch.setattr(tabs.Tab, "place", broken)
    with serving({"/": html(f"{WORDS}<div style='height:9000px'>long</div>")}) as site:
        captured = visit(means, site.url(), room)
    found = checks(captured)
    assert found["browser_ended"] == ("fail", said)
    assert found["http_status"] == ("pass", "200")
    assert found["picture_height"][0] == "not_checked"
    assert not captured.complete
    assert record(captured)["ended"] == said
    assert read(captured, "document.bin")
    with Image.open(io.BytesIO(read(captured, "page.png"))) as picture:
        picture.load()
        assert 900 < picture.height < 9000
    assert lingering(str(tmp_path)) == {}


def test_a_crash_before_anything_was_kept_leaves_nothing(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tab: tabs.Tab) -> bytes:
        return bytes(tab._call("Page.crash"))

    monkeypatch.setattr(tabs.Tab, "picture", broken)
    with serving({"/": html(WORDS)}) as site:
        assert code(means, site.url(), room) == (Unavailable, "page_crashed")


BANNER = """<div id=b style='position:fixed;inset:0;background:rgba(0,0,0,.6);color:white'>
  <p>我们使用 Cookie 和类似技术</p><button onclick='b.remove()'>全部同意</button>%s</div>
  <div style='height:2500px'>下面的内容</div>"""


def pixel(data: bytes, y: int) -> tuple[int, ...]:
    with Image.open(io.BytesIO(data)) as picture:
        return tuple(np.asarray(picture.convert("RGB"))[y, 1200])


def test_a_notice_over_the_page_is_told_and_left(means: Means, room: Path) -> None:
    with serving(
        {"/": html(WORDS + BANNER % "<button onclick='b.remove()'>拒绝</button>")}
    ) as site:
        captured = visit(means, site.url(), room)
    outcome, detail = checks(captured)["covered"]
    assert outcome == "fail"
    assert detail.startswith("100 %: 我们使用 Cookie")
    assert record(captured)["closed"] is None
    assert pixel(read(captured, "viewport.png"), 800) == (102, 102, 102)
    assert "下面的内容" in read(captured, "page.txt").decode()


def test_a_notice_is_closed_when_that_was_asked_and_both_states_stay(
    means: Means, room: Path
) -> None:
    with serving(
        {"/": html(WORDS + BANNER % "<button onclick='b.remove()'>拒绝</button>")}
    ) as site:
        captured = PageSource(means).closing().capture(site.url(), room, Job())
    closed = record(captured)["closed"]
    assert (closed["button"], closed["covered_after"]) == ("拒绝", 0)
    assert closed["picture"]["files"][0]["file"] == "closed-page.png"
    assert pixel(read(captured, "viewport.png"), 800) == (102, 102, 102)
    assert pixel(read(captured, "closed-viewport.png"), 800) == (255, 255, 255)
    assert "Cookie" in read(captured, "page.txt").decode()
    assert "Cookie" not in read(captured, "closed-page.txt").decode()
    assert checks(captured)["covered_closed"][0] == "warn"
    assert captured.complete, "the second state shows what the first hid"


def test_nothing_is_agreed_to(means: Means, room: Path) -> None:
    with serving({"/": html(WORDS + BANNER % "")}) as site:
        captured = PageSource(means).closing().capture(site.url(), room, Job())
    assert record(captured)["closed"] == {"button": "", "covered_after": 100}
    assert not any(file.name.startswith("closed") for file in captured.files)


def test_labels_and_filing_numbers_are_told_with_their_place(means: Means, room: Path) -> None:
    body = """<style>body{margin:0;font:20px sans-serif} p{margin:0;position:absolute}</style>
      <p style='left:40px;top:1500px'>作者声明：含 <b>AI 生成</b> 内容</p>
      <iframe src=/frame style='position:absolute;left:100px;top:2000px;border:0;height:300px'>
      </iframe>
      <div style='position:absolute;top:2600px;left:0;width:400px;height:100px;overflow:auto'>
        <div style='height:900px;padding-top:600px'>疑似AI创作</div></div>
      <p style='left:40px;top:3000px'>京ICP备12345678号-1</p>"""
    frame = "<body style='margin:0'><p style='margin:50px 0 0 7px'>Made with AI</p>"
    with serving({"/": html(body), "/frame": frame}) as site:
        captured = visit(means, site.url(), room)
    shown = {one.text: one for one in captured.observations.shown}
    label = shown["作者声明：含 AI 生成 内容"]
    assert (label.kind, label.file, label.x) == ("ai_label", "page.png", 40)
    assert 1490 <= label.y <= 1510
    assert label.width > 200
    framed = shown["Made with AI"]
    assert (framed.file, framed.x) == ("page.png", 107)
    assert 2040 <= framed.y <= 2060
    assert "疑似AI创作" in shown
    number = shown["京ICP备12345678号-1"]
    assert (number.kind, number.file) == ("icp", "page.png")
    assert 2995 <= number.y <= 3010
    picture = Image.open(io.BytesIO(read(captured, "page.png"))).convert("L")
    there = picture.crop((label.x, label.y, label.x + label.width, label.y + label.height))
    assert there.getextrema()[0] < 100, "something is written there"
    runs = json.loads(read(captured, "page-text.json"))["runs"]
    assert {"京ICP备12345678号-1", "AI 生成", "Made with AI"} <= {run["text"] for run in runs}
    box = record(captured)["pictures"][1]
    assert (box["files"][0]["file"], box["whole"]) == ("box-1.png", True)
    assert read(captured, "box-1.png")


def test_a_list_that_keeps_only_what_is_in_view_is_read_whole(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy computer the page may not come to draw its first screen in 0.7 s.
    assert "least = 700" in tabs.LOOK
    monkeypatch.setattr(tabs, "LOOK", tabs.LOOK.replace("least = 700", "least = 8000"))
    body = """<main id=m style='position:relative;height:6000px'></main><script>
      const draw = () => { m.replaceChildren(); const first = Math.floor(scrollY / 30);
        for (let n = first; n < Math.min(first + 31, 200); n++) { const row =
          document.createElement('div'); row.textContent = '第 ' + n + ' 条评论';
          row.style.cssText = `position:absolute;top:${n * 30}px`; m.append(row); } };
      addEventListener('scroll', () => setTimeout(draw, 20)); draw();</script>"""
    with serving({"/": html(f"<style>body{{margin:0}}</style>{body}")}) as site:
        captured = visit(means, site.url(), room)
    text = read(captured, "page.txt").decode()
    assert [n for n in range(200) if f"第 {n} 条评论" not in text] == []
    runs = json.loads(read(captured, "page-text.json"))["runs"]
    places = {run["text"]: run["y"] for run in runs}
    assert all(abs(places[f"第 {n} 条评论"] - n * 30) <= 6 for n in range(200))
    assert checks(captured)["picture_height"] == ("pass", "6000/6000")


def test_the_page_is_printed_and_its_copies_agree(means: Means, room: Path) -> None:
    with serving({"/": html(WORDS * 30 + "<div style='height:3000px'></div>")}) as site:
        captured = visit(means, site.url(), room)
    found = checks(captured)
    assert found["text_laid_out"] == ("pass", "30/30")
    assert found["text_archived"] == ("pass", "30/30")
    assert found["pdf_pages"][0] == "pass"
    import pikepdf

    with pikepdf.open(io.BytesIO(read(captured, "page.pdf"))) as pdf:
        assert len(pdf.pages) == int(found["pdf_pages"][1]) > 1
    assert captured.complete
