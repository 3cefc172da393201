from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fakes.processes import all_end, handles, lingering, listening, program
from fakes.site import html, serving
from holdfast.adapters import browser, launch
from holdfast.adapters.tab import Tab
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.job import Job


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where log and profile lie; nothing but the log may be left in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def left(home: Path) -> list[str]:
    return [one.name for one in home.iterdir() if one.name != "log"]


# --- starting and ending -------------------------------------------------------------------------


# Says that it listens where nobody does.
LIES = """for a in "$@"; do case "$a" in --user-data-dir=*)
printf "1\\n/devtools/browser/x\\n" > "${a#*=}/DevToolsActivePort";; esac; done; sleep 60"""
# Does not go when asked, and has a child of its own.
STUBBORN = "trap '' TERM; sh -c \"trap '' TERM; sleep 60\" & sleep 60"


# Speaks, but not as a browser does.
BABBLES = "head -c 100000 /dev/urandom >&4; sleep 60"


@pytest.mark.parametrize("piped", [True, False], ids=["pipe", "socket"])
@pytest.mark.parametrize(
    "script", ["echo no display >&2; exit 1", "sleep 60", LIES, STUBBORN, BABBLES]
)
def test_a_browser_that_does_not_start_is_ended(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, script: str, piped: bool
) -> None:
    monkeypatch.setattr(launch, "PIPED", piped)
    monkeypatch.setattr(launch, "START_SECONDS", 0.5)
    monkeypatch.setattr("holdfast.adapters.child.GRACE", 0.2)
    path = program(tmp_path, "browser", script)
    with (
        pytest.raises(Unavailable, match="browser_start"),
        browser.running(path, allow=frozenset(), log=home / "log", job=Job()),
    ):
        raise AssertionError("it cannot run")
    assert lingering(str(tmp_path)) == {}
    assert left(home) == []


def test_a_file_that_cannot_run_does_not_start(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "not-a-program"
    path.write_bytes(b"\x00")
    path.chmod(0o755)
    with (
        pytest.raises(Unavailable, match="browser_start"),
        browser.running(path, allow=frozenset(), log=home / "log", job=Job()),
    ):
        raise AssertionError("it cannot run")
    assert left(home) == []


def test_waiting_for_the_start_can_be_cancelled(tmp_path: Path, home: Path) -> None:
    job = Job()
    job.cancel()
    path = program(tmp_path, "browser", "sleep 60")
    with (
        pytest.raises(Cancelled),
        browser.running(path, allow=frozenset(), log=home / "log", job=job),
    ):
        raise AssertionError("cancelled before")
    assert lingering(str(tmp_path)) == {}


# --- the protocol --------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
@pytest.mark.parametrize("piped", [True, False], ids=["pipe", "socket"])
def test_a_running_browser_answers_refuses_and_keeps_its_gate(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, piped: bool
) -> None:
    monkeypatch.setattr(launch, "PIPED", piped)
    with serving({"/": html("<p>one</p>"), "/popup": html("two")}) as site:
        allow = frozenset({site.pair})
        log = home / "log"
        with browser.running(launch.find(), allow=allow, log=log, job=Job()) as running:
            assert running.call("Browser.getVersion")["protocolVersion"]
            # No door at all; else one on this computer alone, behind a path nobody can guess.
            doors = listening(str(tmp_path))
            assert len(doors) == (0 if piped else 1)
            assert all(address == "127.0.0.1" for address, _ in doors)
            with pytest.raises(Unavailable, match="browser_refused"):
                running.call("No.suchCommand")
            with pytest.raises(Unavailable, match="browser_stuck"):
                running.call("Browser.getVersion", seconds=0)
            assert not running.wait(lambda: False, 0.05)

            tab = Tab(running)
            tab.open(site.url())
            assert tab.evaluate("navigator.webdriver") is False
            assert (tab.body(), tab.certificates()) == (b"<!doctype html><meta charset=utf-8>"
                + "<title>一页</title><body><p>one</p>".encode(), ())  # fmt: skip

            click = {"expression": "window.open('/popup'); 1", "userGesture": True}
            running.call("Runtime.evaluate", click, tab._session)
            assert running.wait(lambda: bool(tab.popups), 60)

            for url in ("data:,x", "blob:x", "about:blank", site.url("/x")):
                assert running.gate.judge(url) is None
            assert isinstance(running.gate.judge("ftp://x/"), Refused)
            with closing(socket.create_server(("127.0.0.1", 0))) as other:
                inside = f"http://127.0.0.1:{other.getsockname()[1]}/"
                assert isinstance(running.gate.judge(inside), Refused)
            running.call("Browser.close")
            with pytest.raises(Unavailable, match="browser_gone"):
                running.wait(lambda: False, 60)
            with pytest.raises(Unavailable, match="browser_gone"):
                running.call("Browser.getVersion")
    assert lingering(str(tmp_path)) == {}
    assert left(home) == []


def test_no_browser_outlives_us(tmp_path: Path, home: Path) -> None:
    """We are killed without a chance to end it."""
    script = """
import sys, time
from pathlib import Path
from holdfast.adapters import browser, launch
from holdfast.core.job import Job
log = Path(sys.argv[1])
with browser.running(launch.find(), allow=frozenset(), log=log, job=Job()):
    print("up", flush=True)
    sys.stdin.read()
"""
    try:
        launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    command = [sys.executable, "-c", script, str(home / "log")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]  # two pipes
        assert process.stdout.readline() == b"up\n"
        browsers = handles(str(home), besides=process.pid)
        assert browsers
        process.kill()
    assert all_end(browsers), "a browser was left behind"
