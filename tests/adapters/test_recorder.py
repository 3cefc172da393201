"""The recorder's own process, on a real display that tests take away from it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from fakes.desktop import Screen, moving, screen
from fakes.portal import Portal, bus
from fakes.recorder import PATIENCE, recording
from holdfast.adapters import recorder
from holdfast.adapters.lens import windows
from holdfast.adapters.locking import Locking
from holdfast.core.chain import SEGMENTS
from holdfast.core.recording import read_chain, read_events


@pytest.fixture
def xvfb() -> Iterator[Screen]:
    with screen() as made:
        yield made


def frames(at: Path) -> list[Any]:
    with av.open(str(at)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def reddest(seen: list[Any]) -> int:
    """Pixels of the wandering square where most is seen of it; it leaves at an edge."""
    return max(
        int(np.all(np.abs(one.astype(int) - (200, 30, 40)) < 30, axis=2).sum()) for one in seen
    )


def test_every_segment_is_a_film_of_its_own_and_chained(xvfb: Screen, tmp_path: Path) -> None:
    with moving(xvfb.name), recording(xvfb.name, tmp_path / "r", milliseconds=4500) as worker:
        worker.until("ended", why="time")
        assert worker.ended() == 0
        made = worker.segments
    assert [one.file for one in made][:2] == ["segment-00000.mkv", "segment-00001.mkv"]
    for one in made:
        data = (worker.folder / one.file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256
        assert len(data) == one.size
        seen = frames(worker.folder / one.file)
        assert len(seen) == one.frames
        assert seen[0].shape == (480, 640, 3)
        with av.open(str(worker.folder / one.file)) as film:
            first = next(film.demux(video=0))
            assert (first.pts, first.is_keyframe) == (0, True)
    # The desk that Qt painted: light window, red square.
    assert reddest(seen) > 1000
    assert sum(one.frames for one in made) > 20
    started = worker.events("started")[0]
    assert started["area"] == {"left": 0, "top": 0, "width": 640, "height": 480}


def test_a_card_stands_first_and_says_what_it_is(xvfb: Screen, tmp_path: Path) -> None:
    lines = ["案件 HF-2026-0001", "Bitcoin 957123"]
    with recording(xvfb.name, tmp_path / "r", card=lines, milliseconds=500) as worker:
        worker.until("ended")
        worker.ended()
        card, *rest = worker.segments
    assert (card.kind, card.file, card.n) == ("card", "card-00000.mkv", 0)
    assert [one.kind for one in rest] == ["screen"] * len(rest)
    picture = frames(worker.folder / card.file)[0]
    assert picture.mean() > 200
    assert picture.min() < 80
    assert "drawn_by" in worker.events("started")[0]["card"]


def test_odd_sides_lose_no_pixel(xvfb: Screen, tmp_path: Path) -> None:
    with recording(xvfb.name, tmp_path / "r", area="region:3,5,101,77", milliseconds=400) as worker:
        worker.until("ended")
        worker.ended()
        (one,) = worker.segments
    assert (one.width, one.height) == (101, 77)
    assert frames(worker.folder / one.file)[0].shape == (78, 102, 3)


def test_pauses_and_moments_are_on_record(xvfb: Screen, tmp_path: Path) -> None:
    with recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("recording")
        worker.until("progress")
        worker.order(do="mark", step="time", at_ns=time.monotonic_ns())
        marked = worker.until("marked")
        assert marked["step"] == "time"
        worker.order(do="pause", reason="call\nfrom work")
        paused = worker.until("paused")
        worker.order(do="nonsense")
        worker.order(do="resume")
        resumed = worker.until("resumed")
        worker.until("segment")
        worker.until("progress")
        worker.order(do="stop")
        assert worker.until("ended")["why"] == "stopped"
        assert worker.ended() == 0
        first, *rest = worker.segments
    assert paused["reason"] == "call from work"
    assert first.to_ms <= paused["at_ms"] + 1000
    assert rest[0].from_ms >= resumed["at_ms"] - 200


def test_a_recorder_that_is_killed_loses_the_open_segment_at_most(
    xvfb: Screen, tmp_path: Path
) -> None:
    with moving(xvfb.name), recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("segment")
        worker.until("segment")
        told = worker.until("progress")
        worker.process.kill()
        worker.ended()
        made, wrong = read_chain((worker.folder / SEGMENTS).read_bytes())
    assert wrong in ("", "cut")
    safe = max(one.to_ms for one in made)
    assert len(made) >= 2
    open_ = sorted(at.name for at in worker.folder.glob("*.mkv"))[len(made) :]
    # What was closed is whole; what was open is at most one segment and the one being closed.
    assert len(open_) <= 2
    assert told["at_ms"] - safe <= 2000 * len(open_) + 1000
    for one in made:
        data = (worker.folder / one.file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256


def test_when_whoever_started_it_is_gone_it_closes_and_ends(xvfb: Screen, tmp_path: Path) -> None:
    with recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("recording")
        worker.until("progress")
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        assert worker.process.wait(PATIENCE) == 0
        (ended,) = worker.events("ended")
        assert ended["why"] == "parent"
        assert worker.segments


def test_a_polite_wish_to_end_is_heeded(xvfb: Screen, tmp_path: Path) -> None:
    with recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("progress")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.until("ended")["why"] == "asked"
        assert worker.ended() == 0


def test_a_screen_that_goes_away_ends_it_and_is_said(xvfb: Screen, tmp_path: Path) -> None:
    with recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("segment")
        xvfb.kill()
        worker.until("screen")
        assert worker.until("ended")["why"] == "screen"
        assert worker.ended() == 0
        assert worker.segments
        states = [event["state"] for event in worker.events("screen")]
    assert "gone" in states


def test_another_resolution_goes_on_in_a_new_film(xvfb: Screen, tmp_path: Path) -> None:
    if shutil.which("xrandr") is None:
        pytest.skip("xrandr is not installed")
    with recording(xvfb.name, tmp_path / "r") as worker:
        worker.until("segment")
        mode = ["20", "500", "510", "520", "530", "400", "410", "420", "430"]
        for order in (
            ["--newmode", "small", *mode],
            ["--addmode", "screen", "small"],
            ["--output", "screen", "--mode", "small"],
        ):
            subprocess.run(["xrandr", "-display", xvfb.name, *order], check=True)
        worker.until("screen", state="resized")
        worker.until("segment")
        worker.until("segment")
        worker.order(do="stop")
        worker.until("ended", why="stopped")
        worker.ended()
        sizes = [(one.width, one.height) for one in worker.segments]
    assert sizes[0] == (640, 480)
    assert sizes[-1] == (500, 400)


@pytest.mark.parametrize(
    ("area", "code"),
    [("monitor:7", "screen_monitor"), ("region:600,400,100,100", "screen_region"),
     ("region:1,1,4,4", "screen_region"), ("window:99999", "record_window_gone")],
)  # fmt: skip
def test_what_is_not_on_the_screen_is_refused(
    xvfb: Screen, tmp_path: Path, area: str, code: str
) -> None:
    with recording(xvfb.name, tmp_path / "r", area=area) as worker:
        assert worker.until("refused")["code"] == code
        assert worker.ended() == 1
        assert list(worker.folder.iterdir()) == []


def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    with recording(":987", tmp_path / "r") as worker:
        assert worker.until("refused")["code"] == "screen_none"
        assert worker.ended() == 1


def test_a_window_is_followed(
    xvfb: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openbox") is None:
        pytest.skip("openbox is not installed")
    from holdfast.adapters.x11 import Display

    manager = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": xvfb.name}, stderr=subprocess.DEVNULL
    )
    monkeypatch.setenv("DISPLAY", xvfb.name)
    try:
        with moving(xvfb.name, "桃花渡 第 12 集", managed=True) as pid:
            with Display() as display:
                end = time.monotonic() + PATIENCE
                while not any(one.process == pid for one in display.windows()):
                    assert time.monotonic() < end, "nobody manages it"
                    time.sleep(0.05)
                found = next(one for one in display.windows() if one.process == pid)
                assert found.title == "桃花渡 第 12 集"
                assert (found.width, found.height) == (400, 300)
            assert found.id in {one.id for one in windows()}
            with monkeypatch.context() as ours:
                ours.setattr(os, "getpid", lambda: pid)
                assert windows() == (), "our own window steps aside and is not there to be recorded"
            with recording(xvfb.name, tmp_path / "r", area=f"window:{found.id}") as worker:
                worker.until("segment")
                os.kill(pid, signal.SIGKILL)
                worker.until("screen", state="gone")
                assert worker.until("ended")["why"] == "screen"
                worker.ended()
                first = worker.segments[0]
        assert (first.width, first.height) == (400, 300)
        assert reddest(frames(worker.folder / first.file)) > 1000
    finally:
        manager.kill()
        manager.wait()


def test_a_full_disk_ends_it_before_sealing_has_no_room(xvfb: Screen, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "-m", "true"]
    if shutil.which("unshare") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("no mounts of our own may be made here")
    script = 'mount -t tmpfs -o size=70m none "$1" || exit 99; shift; exec "$@"'
    order = {
        "folder": str(disk), "area": "monitor:1", "preset": "ultrafast", "fps": 30,
    }  # fmt: skip
    # 70 MB less 8 for a file of the test's leaves less than sealing is promised.
    more = (
        f"head -c 8000000 /dev/zero > {disk}/other;"
        f"exec {sys.executable} -m holdfast.adapters.recorder"
    )
    process = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", script, "sh", str(disk), "sh", "-c", more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "DISPLAY": xvfb.name, "XDG_SESSION_TYPE": "", "WAYLAND_DISPLAY": ""},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    assert process.stdout is not None
    said = [json.loads(line) for line in process.stdout]
    process.wait(PATIENCE)
    process.stdin.close()
    process.stdout.close()
    assert said[-1]["event"] == "ended"
    assert said[-1]["why"] == "disk_full"
    assert any(line["event"] == "segment" for line in said)


def test_a_screen_that_is_locked_meanwhile_is_on_record(xvfb: Screen, tmp_path: Path) -> None:
    with bus(tmp_path) as address:
        desktop = Portal(address)
        try:
            session = {"DBUS_SESSION_BUS_ADDRESS": address}
            with recording(xvfb.name, tmp_path / "r", session) as worker:
                worker.until("recording")
                desktop.locked = True
                worker.until("screen", state="locked")
                desktop.locked = False
                worker.until("screen", state="unlocked")
                worker.order(do="stop")
                worker.until("ended", why="stopped")
                assert worker.ended() == 0
        finally:
            desktop.close()


def test_where_nobody_tells_of_locks_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert Locking().locked() is None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert Locking().locked() is None
    with bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        asked = Locking()
        assert asked.locked() is None
        asked.close()


# --- ticks, by a clock of our own ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("stall_ms", "least", "most"),
    [(0, 0, 0), (200, 0, 0), (1_000, 28 - recorder.CATCH_UP, 30 - recorder.CATCH_UP)],
)
def test_frames_that_are_late_are_caught_up_and_those_too_late_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stall_ms: int, least: int, most: int
) -> None:
    """Thirty frames a second for three seconds, and a screen that once answers late."""
    now = [0]

    def sleep(seconds: float) -> None:
        now[0] += max(1, round(seconds * 1e9))

    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic_ns=lambda: now[0], sleep=sleep))
    made = recorder.Recorder({"folder": str(tmp_path), "milliseconds": 3_000}, io.StringIO())
    taken: list[int] = []

    def look() -> str:
        now[0] += (stall_ms if len(taken) == 30 else 2) * 1_000_000
        return "picture"

    def offer(frame: Any) -> bool:
        taken.append(frame.at_ms)
        return True

    made._lens = SimpleNamespace(look=look)  # type: ignore[assignment]  # a screen of ours
    made._reel = SimpleNamespace(  # type: ignore[assignment]  # a film that is not written
        offer=offer, rest=lambda: None, voice=None, kept=0, gap_ms=0,
        pace=SimpleNamespace(fps=30, preset="fast"),
    )  # fmt: skip
    made._film()
    missed = made._dropped + made._missed
    assert least <= missed <= most
    assert len(taken) in (90 - missed, 91 - missed)
    apart = np.diff(taken)
    assert apart.min() >= 1000 / 30 / recorder.CLOSEST - 1, "frames that catch up stay apart"
    assert apart.max() <= stall_ms + 1000 / 30 + 1
    assert all(gap < 50 for gap in apart[60:]), "afterwards each comes at its time again"


@pytest.mark.parametrize("jump_ms", [8 * 3_600_000, -3_600_000, 1_500])
def test_a_computer_that_slept_or_a_clock_that_was_set_is_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_ms: int
) -> None:
    """Asleep, the count that frames are placed by stands still and shows no gap."""
    now, jumped = [0], [0]

    def sleep(seconds: float) -> None:
        now[0] += max(1, round(seconds * 1e9))

    def system() -> datetime:
        told = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)
        return told + timedelta(microseconds=now[0] // 1000, milliseconds=jumped[0])

    monkeypatch.setattr(recorder, "time", SimpleNamespace(monotonic_ns=lambda: now[0], sleep=sleep))
    made = recorder.Recorder({"folder": str(tmp_path), "milliseconds": 3_000}, io.StringIO())
    made._clock = SimpleNamespace(now=system)  # type: ignore[assignment]  # a clock of ours
    taken: list[int] = []

    def offer(frame: Any) -> bool:
        taken.append(frame.at_ms)
        jumped[0] = jump_ms if len(taken) > 30 else 0
        return True

    made._lens = SimpleNamespace(look=lambda: "picture")  # type: ignore[assignment]  # as above
    made._reel = SimpleNamespace(  # type: ignore[assignment]  # a film that is not written
        offer=offer, rest=lambda: None, voice=None, kept=0, gap_ms=0,
        pace=SimpleNamespace(fps=30, preset="fast"),
    )  # fmt: skip
    made._film()
    events = tmp_path / "events.jsonl"
    found = read_events(events.read_bytes()) if events.exists() else ()
    told = [(one["event"], one["moved_ms"]) for one in found]
    assert told == ([("clock", jump_ms)] if abs(jump_ms) >= recorder.APART_MS else [])
    assert np.diff(taken).max() < 100
