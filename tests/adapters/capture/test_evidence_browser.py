"""A real, visible browser on a display of our own, and everything that can happen to it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakes.archives import validated
from fakes.desk import desk
from fakes.film import film, padded
from fakes.login import LOG_IN, SECRET, WORDS, LoginSite, login_site
from fakes.processes import alive, lingering, listening
from fakes.site import Page, html, serving
from holdfast.adapters import browser, http, launch
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.cookies import profile_jar
from holdfast.adapters.evidence_browser import Live, Session, need_screen
from holdfast.adapters.profile import Profiles
from holdfast.adapters.tab import Tab
from holdfast.adapters.tabs import noticed_in
from holdfast.core.browsing import How
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job
from holdfast.usecases.preserve import Attempt, preserve

pytestmark = [
    pytest.mark.usefixtures("browser", "display"),
    pytest.mark.xdist_group("evidence_browser"),
]


@contextmanager
def session(folder: Path, url: str = "", case: str = "c1") -> Iterator[Session]:
    made = Session(
        (case,),
        launch.find(),
        Profiles(folder, SystemClock()),
        SystemClock(),
        folder / "profiles" / case / "browser.err",
    )
    made.start(url, Job())
    try:
        yield made
    finally:
        made.close()


def until(one: Session, true: Callable[[], bool], seconds: float = 60) -> None:
    """The session's thread itself waits, so that it hears meanwhile."""
    assert one.ask(lambda: one._running.wait(true, seconds), Job())


def front(one: Session) -> Tab:
    return one.ask(one._place, Job()).tab


def run(one: Session, script: str) -> Any:
    """What a person's click would do."""
    question = {"expression": script, "userGesture": True, "returnByValue": True}
    tab = front(one)
    answer = one.ask(lambda: tab.asked("Runtime.evaluate", question, 60), Job())
    return answer.get("result", {}).get("value")


def loaded(one: Session, title: str) -> None:
    until(one, lambda: one.ask is not None and title in titles(one))


def titles(one: Session) -> list[str]:
    one._tabs.find_current()
    return [place.title for place in one._tabs.places.values()]


def keep(one: Session, how: How, room: Path, within: str = "") -> Captured:
    room.mkdir(exist_ok=True)
    return Live(one, how, within).capture("", room, Job())


def checks(captured: Captured) -> dict[str, str]:
    return {check.check: check.outcome for check in captured.completeness}


def read(captured: Captured, name: str) -> bytes:
    (file,) = [file for file in captured.files if file.path == f"files/{name}"]
    return file.at.read_bytes()


def record(captured: Captured) -> Any:
    return json.loads(read(captured, "browser.json"))


@pytest.fixture(scope="module")
def site() -> Iterator[LoginSite]:
    late = "<div style='height:6000px'>x</div><img loading=lazy src=/late.png>"
    with login_site(
        page=html(WORDS, "一页"),
        other=html(WORDS, "另一页"),
        long=html(WORDS + late, "长页"),
        asks=html(f"{WORDS}<script>setTimeout(() => alert('有话说'), 50)</script>", "问"),
        download="MZ",
        stuck=html(f"{WORDS}<script>setTimeout(() => {{ for (;;) {{}} }}, 300)</script>", "不停"),
    ) as opened:
        yield opened


def test_who_logs_in_once_stays_logged_in(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url()) as one:
        loaded(one, "登录")
        run(one, LOG_IN)
        loaded(one, "我的页面")
        assert one.state.profile.used == 1
    with session(tmp_path, site.url()) as two:
        loaded(two, "我的页面")
        assert two.state.profile.used == 2
        asked = len(site.asked)
        captured = keep(two, "page", tmp_path / "room")
        assert "/" not in site.asked[asked:], "nothing was loaded again"
    assert "只有登录后才看得到" in read(captured, "page.txt").decode()
    assert set(checks(captured).values()) <= {"pass", "not_checked"}
    assert captured.source == "page"
    assert captured.target.final_url == site.url()
    assert captured.network is not None
    assert captured.network.address == f"127.0.0.1:{site.port}"
    told = record(captured)
    assert (told["opened_by"], told["kept"], told["noticed"]) == ("person", "page", [])
    assert told["profile"]["kind"] == "case"
    assert (told["profile"]["used"], told["profile"]["cookies"]) == (2, 1)
    for file in captured.files:
        assert SECRET.encode() not in file.at.read_bytes(), file.path
    assert SECRET not in (tmp_path / "profiles" / "c1" / "profile.json").read_text()
    assert lingering(str(tmp_path)) == {}


def test_no_port_is_open(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")):
        assert alive(str(tmp_path))
        assert listening(str(tmp_path)) == []
        assert not list(tmp_path.rglob("DevToolsActivePort"))


def test_a_second_window_of_one_case_is_refused(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")) as one:
        with pytest.raises(Refused, match="profile_in_use"), session(tmp_path):
            raise AssertionError("two windows")
        with session(tmp_path, case="c2") as other:
            assert other.open
        assert one.open


def test_open_tools_are_noticed(
    site: LoginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = (*launch._SEEN, "--auto-open-devtools-for-tabs")
    monkeypatch.setattr(launch, "_SEEN", tools)
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        until(one, lambda: any(seen.what == "devtools" for seen in one._tabs.noticed))
        captured = keep(one, "page", tmp_path / "room")
        (seen, *_) = record(captured)["noticed"]
        assert (seen["what"], seen["open"]) == ("devtools", True)
        assert checks(captured)["devtools_opened"] == "fail"
        assert not captured.complete
        assert keep(one, "shot", tmp_path / "room2").complete is False


def test_tools_that_were_closed_before_the_page_came_are_amber(
    site: LoginSite, tmp_path: Path
) -> None:
    """Told as the browser tells it: created, destroyed, then another page."""
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        info = {"targetId": "T", "type": "other", "url": "devtools://devtools/x"}

        def shortly() -> None:
            one._tabs.heard("", "Target.targetCreated", {"targetInfo": info})
            one._tabs.heard("", "Target.targetDestroyed", {"targetId": "T"})

        one.ask(shortly, Job())
        assert checks(keep(one, "shot", tmp_path / "a"))["devtools_opened"] == "fail"
        one.go(site.url("/other"), Job())
        loaded(one, "另一页")
        assert checks(keep(one, "shot", tmp_path / "b"))["devtools_opened"] == "warn"


@pytest.mark.parametrize(
    ("kind", "url", "what"),
    [
        ("other", "devtools://devtools/bundled/devtools_app.html", "devtools"),
        ("service_worker", "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/x.js", "extension"),
        ("webview", "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/index.html", None),
        ("page", "chrome://flags/", "internal"),
        ("page", "view-source:https://a.example/", "internal"),
        ("page", "file:///etc/passwd", "internal"),
        ("page", "chrome://newtab/", None),
        ("page", "about:blank", None),
        ("browser_ui", "chrome://omnibox-popup.top-chrome/", None),
        ("page", "https://a.example/", None),
        ("other", "chrome-extension:", "extension"),
    ],
)
def test_what_a_target_means(kind: str, url: str, what: str | None) -> None:
    assert noticed_in(kind, url) == what


def test_pages_of_the_browser_are_noticed_and_not_kept(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path) as one:
        with pytest.raises(Refused, match="browse_nothing"):
            keep(one, "page", tmp_path / "none")
        for url in (
            "chrome://version/",
            f"view-source:{site.url('/page')}",
            "file:///etc/hostname",
        ):
            send(one, "Target.createTarget", {"url": url})
            until(one, lambda url=url: any(url in seen.url for seen in one._tabs.noticed))
            until(one, lambda url=url: one._place().url.startswith(url[:8]))
            with pytest.raises(Refused, match="browse_internal"):
                keep(one, "page", tmp_path / f"x{len(url)}")
        one.go(site.url("/page"), Job())
        loaded(one, "一页")
        captured = keep(one, "shot", tmp_path / "room")
        assert checks(captured)["browser_pages"] == "warn"
        assert len(record(captured)["noticed"]) >= 3


def send(one: Session, method: str, params: dict[str, Any]) -> None:
    one.ask(lambda: one._running.send(method, params), Job())


def test_what_a_page_opens_is_a_tab_and_what_is_in_front_is_kept(
    site: LoginSite, tmp_path: Path
) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, "window.open('/other'); 1")
        until(one, lambda: len(one._tabs.places) == 2)
        loaded(one, "另一页")
        captured = keep(one, "page", tmp_path / "a")
        assert captured.target.url == site.url("/other")
        assert checks(captured)["http_status"] == "pass"
        assert b"<title>" in read(captured, "document.bin"), "watched from its first byte"
        front_id = one.ask(one._place, Job()).id
        send(one, "Target.closeTarget", {"targetId": front_id})
        until(one, lambda: len(one._tabs.places) == 1)
        assert keep(one, "shot", tmp_path / "b").target.url == site.url("/page")
        one.ask(one._tell, Job())
        assert [tab.current for tab in one.state.tabs] == [True]


def test_an_archive_and_films_are_kept_and_our_look_ups_are_nobodys_tab(tmp_path: Path) -> None:
    """A player pulls a large film in part; the rest comes through a tab that nobody sees."""
    small = film(tmp_path / "s.mp4", seconds=2)
    large = padded(tmp_path / "l.mp4", 24 << 20)
    players = "".join(f"<video src=/{name}.mp4 muted></video>" for name in ("s", "l"))
    kind = {"Content-Type": "video/mp4", "Accept-Ranges": "bytes"}
    pages = {
        "/": html(f"{WORDS}{players}", "两部影片"),
        "/s.mp4": Page(small, headers=kind),
        "/l.mp4": Page(large, headers=kind),
    }
    seen: list[int] = []
    with serving(pages) as there, session(tmp_path, there.url()) as one:
        loaded(one, "两部影片")
        tabs = one._tabs

        def look(_session: str, _method: str, _params: Any) -> None:
            seen.append(len(tabs.seen()))

        one.ask(lambda: one._running.listen(look), Job())
        captured = keep(one, "page", tmp_path / "room")
        one.ask(one._tell, Job())
        assert [tab.url for tab in one.state.tabs] == [there.url()]
        assert record(captured)["tabs"] == 1
        assert record(captured)["noticed"] == []
        # Nor does the page take our tab for one that it opened itself.
        assert json.loads(read(captured, "page.json"))["popups"] == []
        open_now = one.ask(lambda: one._running.call("Target.getTargets"), Job())["targetInfos"]
        assert [each["url"] for each in open_now if each["type"] == "page"] == [there.url()]
    requests = json.loads(read(captured, "traffic.json"))["requests"]
    assert there.url("/l.mp4") in {each["url"] for each in requests if each["source"] == "lookup"}
    assert set(seen) == {1}, "our tab was there meanwhile, and in nobody's sight"
    (archive,) = [file.at for file in captured.files if file.path == "files/page.wacz"]
    assert validated(archive)
    assert [read(captured, f"media/{number}.mp4") for number in (1, 2)] == [small, large]
    assert checks(captured)["archive_whole"] == "pass"
    assert checks(captured)["media_whole"] == "pass"
    assert checks(captured)["media_archived"] == "pass"


def test_a_question_of_the_page_is_the_persons_to_answer(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/asks")) as one:
        until(one, lambda: any(place.tab.dialog for place in one._tabs.places.values()))
        with pytest.raises(Refused, match="browse_dialog"):
            keep(one, "page", tmp_path / "a")
        tab = front(one)
        one.ask(lambda: tab.asked("Page.handleJavaScriptDialog", {"accept": True}, 60), Job())
        until(one, lambda: not tab.dialog)
        captured = keep(one, "page", tmp_path / "b")
        assert json.loads(read(captured, "page.json"))["dialogs"] == ["alert: 有话说"]


def test_a_download_is_denied_and_said(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, "location = '/download'; 1")
        until(one, lambda: any(seen.what == "download" for seen in one._tabs.noticed))
        captured = keep(one, "page", tmp_path / "room")
        assert captured.complete
        assert record(captured)["noticed"][0]["url"] == site.url("/download")
    assert not list(tmp_path.rglob("*.bin.crdownload"))


def test_scrolling_to_the_end_loads_what_is_late_and_goes_back(
    site: LoginSite, tmp_path: Path
) -> None:
    with session(tmp_path, site.url("/long")) as one:
        loaded(one, "长页")
        run(one, "window.scrollTo({top: 300, behavior: 'instant'}); 1")
        as_it_is = keep(one, "page", tmp_path / "a")
        assert run(one, "scrollY") == 300
        whole = keep(one, "scroll", tmp_path / "b")
        assert "/late.png" in site.asked
        assert run(one, "scrollY") == 300
    assert [record(one_)["kept"] for one_ in (as_it_is, whole)] == ["page", "scroll"]
    with Image.open(io.BytesIO(read(whole, "page.png"))) as picture:
        assert picture.height > 6000


def test_a_screenshot_is_what_can_be_seen(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/long")) as one:
        loaded(one, "长页")
        captured = keep(one, "shot", tmp_path / "room")
    assert {file.path for file in captured.files} >= {"files/viewport.png", "files/browser.json"}
    assert "files/page.png" not in {file.path for file in captured.files}
    assert captured.observations.title == "长页"
    with Image.open(io.BytesIO(read(captured, "viewport.png"))) as picture:
        assert picture.height < 1000


def test_a_page_that_never_lets_go_is_kept_and_goes_on(
    site: LoginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, "setTimeout(() => { for (;;) {} }, 10); 1")
        with monkeypatch.context() as brief:
            brief.setattr("holdfast.adapters.tab.EVALUATE_SECONDS", 1.0)
            captured = keep(one, "page", tmp_path / "room")
        assert checks(captured)["page_finished"] == "fail"
        one.go(site.url("/other"), Job())
        loaded(one, "另一页")
        assert run(one, "1 + 1") == 2
        assert keep(one, "page", tmp_path / "b").complete


def test_the_gate_is_shut_for_a_person_too(site: LoginSite, tmp_path: Path) -> None:
    with serving({"/": "secret"}) as inside, session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, f"fetch('{inside.url()}').catch(() => 0); window.open('{inside.url()}'); 1")
        until(one, lambda: len(one._running.gate.refused) >= 2)
        assert inside.asked == []
        with pytest.raises(Refused, match="link_private"):
            one.go("http://169.254.169.254/latest", Job())
        one.go(inside.url(), Job())
        until(one, lambda: "/" in inside.asked)


def test_a_socket_into_this_network_is_red(site: LoginSite, tmp_path: Path) -> None:
    with web_socket() as port, session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, f"window.w = new WebSocket('ws://127.0.0.1:{port}/'); 1")
        until(one, lambda: bool(one._running.gate.entered))
        captured = keep(one, "page", tmp_path / "room")
    assert checks(captured)["inside_reached"] == "fail"
    (entry,) = record(captured)["inside_reached"]
    assert entry == {"url": f"ws://127.0.0.1:{port}/", "address": "127.0.0.1"}


@contextmanager
def web_socket() -> Iterator[int]:
    """Shakes hands once (RFC 6455 §4.2.2) and says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            with peer:
                asked = peer.recv(4096).decode()
                found = re.search(r"(?i)sec-websocket-key: (\S+)", asked)
                if found is None:
                    return  # whoever came went without a word
                magic = found[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(magic.encode()).digest()).decode()
                peer.sendall(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
                )
                peer.settimeout(20)
                try:
                    peer.recv(1)
                except OSError:
                    pass

        thread = threading.Thread(target=shake)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_page_from_outside_gets_no_socket_into_this_network(
    site: LoginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser itself refuses, whatever name leads there."""
    outside = f"--ip-address-space-overrides=127.0.0.1:{site.port}=public"
    monkeypatch.setattr(launch, "_SEEN", (*launch._SEEN, outside))
    with web_socket() as port, session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        script = (
            f"w = new WebSocket('ws://127.0.0.1:{port}/'); w.onopen = () => document.title = '开';"
            "w.onerror = () => document.title = '拒'; 1"
        )
        run(one, script)
        loaded(one, "拒")
        assert one._running.gate.entered == []


# --- when it ends in the middle ------------------------------------------------------------------


def killed(folder: Path, number: int) -> None:
    for process in alive(str(folder)):
        if process != os.getpid():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass


@pytest.mark.parametrize("end", ["killed", "closed", "tab"])
def test_what_was_there_is_sealed_when_it_ends_in_the_middle(
    site: LoginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Right after the picture: by kill -9, by the person closing the window, or only the tab."""
    archive = Tab.archive

    def interrupted(tab: Tab) -> bytes:
        if end == "killed":
            killed(tmp_path / "data" / "profiles", signal.SIGKILL)
        else:
            places = list(one._tabs.places.values())
            for place in places[-1:] if end == "tab" else places:
                one._running.send("Target.closeTarget", {"targetId": place.id})
        return archive(tab)

    with desk(tmp_path / "data") as at, session(tmp_path / "data", site.url("/page")) as one:
        loaded(one, "一页")
        if end == "tab":
            run(one, "window.open('/other'); 1")
            loaded(one, "另一页")
        monkeypatch.setattr(Tab, "archive", interrupted)
        case = at.store.open_case("x", "real")
        exhibit = preserve(
            case,
            Live(one, "page"),
            site.url("/page"),
            store=at.store,
            vault=at.vault,
            clock=at.clock,
            maker=at.maker,
            job=Job(),
        )
        monkeypatch.setattr(Tab, "archive", archive)
        assert not exhibit.complete
        assert {one.path for one in exhibit.artifacts} >= {"files/page.png", "files/browser.json"}
        manifest = json.loads(at.vault.read(exhibit.digest.sha256))
        assert manifest["source"] == "page"
        (check,) = [c for c in manifest["completeness"] if c["check"] == "browser_ended"]
        assert check["outcome"] == "fail"
        if end == "tab":
            assert keep(one, "shot", tmp_path / "after").complete
            return
        one._thread.join(60)
        assert not one.open
        assert one.state.ended == ("gone" if end == "killed" else "closed")
        with pytest.raises(Unavailable, match="browse_over"):
            keep(one, "page", tmp_path / "late")
    assert lingering(str(tmp_path)) == {}
    with session(tmp_path / "data", site.url("/page")) as again:
        loaded(again, "一页")


def test_closing_it_ourselves_in_the_middle_seals_what_was_there(
    site: LoginSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Tab.archive

    def interrupted(tab: Tab) -> bytes:
        threading.Thread(target=one.close).start()
        until_set = one._closing.wait(60)
        assert until_set
        return archive(tab)

    with desk(tmp_path / "data") as at, session(tmp_path / "data", site.url("/page")) as one:
        loaded(one, "一页")
        monkeypatch.setattr(Tab, "archive", interrupted)
        case = at.store.open_case("x", "real")
        with pytest.raises(Exception, match="cancelled"):
            preserve(
                case, Live(one, "page"), site.url("/page"), store=at.store, vault=at.vault,
                clock=at.clock, maker=at.maker, job=Job(),
            )  # fmt: skip
        (attempt,) = at.store.all(Attempt, case.id)
        assert attempt.exhibit == "E0001"


def test_a_page_that_does_not_want_to_be_left_is_left(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        run(one, "addEventListener('beforeunload', event => event.preventDefault()); 1")
        assert keep(one, "page", tmp_path / "room").complete
    assert one.state.ended == "closed"
    assert lingering(str(tmp_path)) == {}


@pytest.fixture
def manager(display: str) -> Iterator[None]:
    """Somebody who hides and shows the windows of the display."""
    if shutil.which("openbox") is None:
        pytest.skip("openbox is not installed")
    process = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
    )
    yield
    process.terminate()
    process.wait()


@pytest.mark.usefixtures("manager")
def test_it_hides_at_once_and_comes_back(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        (place,) = one._tabs.places.values()
        assert place.window

        def state() -> str:
            found = one._running.call("Browser.getWindowBounds", {"windowId": place.window})
            return str(found["bounds"]["windowState"])

        one.hide(hidden=True)
        until(one, lambda: state() == "minimized")
        one.hide(hidden=False)
        until(one, lambda: state() == "normal")
    one.hide(hidden=True)


def test_a_crashed_page_is_said(site: LoginSite, tmp_path: Path) -> None:
    with session(tmp_path, site.url("/page")) as one:
        loaded(one, "一页")
        tab = front(one)
        one.ask(lambda: one._running.send("Page.crash", {}, tab.session), Job())
        until(one, lambda: tab.crashed)
        with pytest.raises(Unavailable, match="page_crashed"):
            keep(one, "page", tmp_path / "room")
        assert one.open


def test_without_a_screen_it_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    need_screen()
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(Unavailable, match="browse_no_screen"):
        need_screen()


def test_a_browser_that_does_not_start_lets_the_profile_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for _ in range(2):
        made = Session(
            ("c1",), broken, Profiles(tmp_path, SystemClock()), SystemClock(),
            tmp_path / "profiles" / "c1" / "browser.err",
        )  # fmt: skip
        with pytest.raises(Unavailable, match="browser_start"):
            made.start("", Job())
        assert not made.open


# --- cookies for somebody else -------------------------------------------------------------------


def test_cookies_are_written_from_the_open_browser_and_from_the_profile(
    site: LoginSite, tmp_path: Path
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    with session(tmp_path, site.url()) as one:
        loaded(one, "登录")
        run(one, LOG_IN)
        loaded(one, "我的页面")
        file = one.jar(room, site.url())
        assert SECRET in file.read_text()
        assert "#HttpOnly_127.0.0.1" in file.read_text()
    profiles = Profiles(tmp_path, SystemClock())
    jar = profile_jar(lambda program: profiles.held("c1", program), launch.find(), Job())
    assert SECRET in jar(room, site.url()).read_text()
    assert [one.name for one in room.iterdir()] == ["cookies.txt"]
    assert lingering(str(tmp_path)) == {}


def test_what_was_typed_is_open_and_nothing_else() -> None:
    gate = browser.Gate(frozenset())
    assert isinstance(gate.judge("http://127.0.0.1:9/"), Refused)
    gate.open_to(http.typed_pair("http://127.0.0.1:9/"))
    assert gate.judge("http://127.0.0.1:9/") is None
    assert isinstance(gate.judge("http://127.0.0.1:10/"), Refused)
    gate.close()
