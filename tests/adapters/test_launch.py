from __future__ import annotations

import plistlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.processes import alive, lingering, program
from holdfast.adapters import browser, launch
from holdfast.adapters.tab import Tab
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job

# --- finding one ---------------------------------------------------------------------------------


def test_the_chosen_one_is_used(tmp_path: Path) -> None:
    chosen = program(tmp_path, "my-browser", "")
    assert launch.find(str(chosen)) == chosen


def test_a_choice_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    for chosen in (tmp_path / "nothing", tmp_path, tmp_path / "text"):
        with pytest.raises(Refused, match="browser_missing"):
            launch.find(str(chosen))


def test_an_installed_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "chromium", "")
    edge = program(tmp_path, "microsoft-edge", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launch.find() == edge


def test_without_any_there_is_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(launch, "_candidates", lambda: iter([tmp_path / "none"]))
    with pytest.raises(Unavailable, match="no_browser"):
        launch.find()


def test_each_system_has_its_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    chrome = "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    own = program(tmp_path, chrome, "")
    assert own in list(launch._candidates())
    info = own.parents[1] / "Info.plist"
    assert launch.version(own) == ""
    info.write_bytes(plistlib.dumps({"CFBundleShortVersionString": "156.0.8078.79"}))
    assert launch.version(own) == "156.0.8078.79"

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path / "Program Files"))
    monkeypatch.delenv("PROGRAMFILES(X86)", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    edge = program(tmp_path, "Program Files/Microsoft/Edge/Application/msedge.exe", "")
    assert edge in list(launch._candidates())
    assert launch.version(edge) == ""
    for number in ("99.0.1.2", "156.0.3.4", "Installer"):
        (edge.parent / number).mkdir()
    assert launch.version(edge) == "156.0.3.4"


def test_the_version_is_what_it_states(tmp_path: Path) -> None:
    said = program(tmp_path, "a", "echo Chromium 156.0.8078.79 built on Debian")
    assert launch.version(said) == "156.0.8078.79"
    assert launch.version(program(tmp_path, "b", "echo something")) == ""
    assert launch.version(tmp_path / "nothing") == ""


def test_a_snap_has_its_profile_where_it_can_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    snap = Path("/snap/bin/chromium")
    assert launch._snap_home(snap) is None
    common = tmp_path / "snap" / "chromium" / "common"
    common.mkdir(parents=True)
    assert launch._snap_home(snap) == common
    assert launch._snap_home(Path("/usr/bin/chromium")) is None


# --- one that waits ------------------------------------------------------------------------------


class Rooms:
    """Folders that are gone afterwards."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @contextmanager
    def __call__(self) -> Iterator[Path]:
        room = self.home / "room"
        room.mkdir()
        yield room
        shutil.rmtree(room)


WAITS = "sleep 60"


def test_a_spare_is_taken_once_by_who_wants_that_browser(tmp_path: Path) -> None:
    sleeper = program(tmp_path, "sleeper", WAITS)
    spare = launch.Spare(Rooms(tmp_path))
    assert spare.take(sleeper) is None
    spare.begin(sleeper)
    spare.begin(sleeper)
    assert spare.take(tmp_path / "another") is None
    taken = spare.take(sleeper)
    assert taken is not None
    assert spare.take(sleeper) is None
    assert taken.profile.is_dir()
    taken.end()
    assert not taken.profile.exists()
    assert taken.process.poll() is not None
    spare.end()
    assert not (tmp_path / "room").exists()


def test_a_spare_that_nobody_took_or_that_ended_by_itself_is_gone(tmp_path: Path) -> None:
    sleeper = program(tmp_path, "sleeper", WAITS)
    spare = launch.Spare(Rooms(tmp_path))
    spare.begin(sleeper)
    assert spare._ready is not None
    profile = str(spare._ready.profile)
    assert alive(profile)
    spare.end()
    assert lingering(profile) == {}
    assert not (tmp_path / "room").exists()
    short = program(tmp_path, "short", "exit 0")
    spare.begin(short)
    spare._ready.process.wait(60)
    assert spare.take(short) is None
    spare.end()
    spare.end()


def test_one_that_cannot_start_is_no_spare_and_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    spare = launch.Spare(Rooms(home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "PIPED", False)
        spare.begin(tmp_path / "nothing")
    assert spare.take(tmp_path / "nothing") is None
    assert [one.name for one in (home / "room").iterdir()] == ["browser.err"]
    spare.end()
    assert list(home.iterdir()) == []


def test_a_page_opens_in_the_blank_one_of_a_browser_that_waited(tmp_path: Path) -> None:
    try:
        found = launch.find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")
    spare = launch.Spare(Rooms(tmp_path))
    spare.begin(found)
    taken = spare.take(found)
    assert taken is not None
    with browser.spoken(taken, allow=frozenset(), job=Job()) as running:

        def pages() -> int:
            found = running.call("Target.getTargets")["targetInfos"]
            return [one["type"] for one in found].count("page")

        assert running.wait(lambda: pages() == 1, 60), "it came up with one"
        Tab(running)
        assert pages() == 1
        Tab(running)
        assert pages() == 2
    spare.end()
    assert list(tmp_path.iterdir()) == []
