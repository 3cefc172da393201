"""The conversation with the desktop's portal, over a real bus with a portal of the test's."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from fakes.clock import FakeClock
from fakes.portal import Portal, bus, portal
from fakes.recorder import recording
from holdfast.adapters import portal as adapter
from holdfast.adapters.capture import Means
from holdfast.adapters.capture.screen import Screen
from holdfast.adapters.lens import lens, windows
from holdfast.adapters.picture import Lost
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.job import Job

FRAMES = """#!{python}
import os, sys, time
fd = int([a for a in sys.argv if a.startswith("fd=")][0][3:])
os.fstat(fd)  # it was handed down
for n in range(400):
    os.write(1, bytes([n % 256, 10, 200, 0]) * (64 * 48))
    time.sleep(0.02)
    if {few} and n == 60:
        break
"""


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    with portal(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in GStreamer's place that writes frames as it would."""
    folder = tmp_path / "bin"
    folder.mkdir()
    at = folder / adapter.READER
    at.write_text(FRAMES.format(python=sys.executable, few=False), encoding="utf-8")
    at.chmod(at.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return at


def shoot(room: Path) -> object:
    room.mkdir(exist_ok=True)
    return Screen(Means(clock=FakeClock())).capture("all", room, Job())


def test_a_picture_that_the_person_agreed_to_is_kept(desktop: Portal, tmp_path: Path) -> None:
    at = tmp_path / "屏 幕.png"
    Image.new("RGB", (40, 30), (3, 200, 5)).save(at)
    desktop.uri = at.as_uri()
    shoot(tmp_path / "room")
    with Image.open(tmp_path / "room" / "screen.png") as picture:
        assert (picture.size, picture.getpixel((1, 1))) == ((40, 30), (3, 200, 5))
    assert [member for member, _ in desktop.asked] == ["Screenshot"]
    assert Screen(Means(clock=FakeClock())).monitors() == ()


@pytest.mark.parametrize(
    ("code", "uri", "expected"),
    [(1, "", "portal_refused"), (2, "", "portal_refused"), (0, "", "portal_picture"),
     (0, "http://x/y.png", "portal_picture"), (0, "file://host/y.png", "portal_picture"),
     (0, "file:///nonexistent.png", "portal_picture"), (0, "file:///etc/hosts", "portal_picture"),
     (0, "file:///dev/zero", "portal_picture")],
)  # fmt: skip
def test_what_the_portal_refuses_or_garbles_is_said(
    desktop: Portal, tmp_path: Path, code: int, uri: str, expected: str
) -> None:
    desktop.code, desktop.uri = code, uri
    with pytest.raises(Unavailable) as caught:
        shoot(tmp_path / "room")
    assert caught.value.code == expected
    assert list((tmp_path / "room").iterdir()) == []


def test_a_portal_that_never_answers_is_not_waited_for(
    desktop: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.silent = True
    monkeypatch.setattr(adapter, "ANSWER_SECONDS", 0.2)
    with pytest.raises(Unavailable) as caught:
        shoot(tmp_path / "room")
    assert caught.value.code == "portal_slow"


def test_a_desktop_without_a_portal_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    with bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(Unavailable) as caught:
            shoot(tmp_path / "room")
    assert caught.value.code == "portal_none"


def test_a_portal_that_knows_no_screens_is_said(desktop: Portal, tmp_path: Path) -> None:
    desktop.refuses = True
    with pytest.raises(Unavailable) as caught:
        shoot(tmp_path / "room")
    assert caught.value.code == "portal_none"


def test_a_part_cannot_be_chosen_for_the_person(desktop: Portal, tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    with pytest.raises(Refused) as caught:
        Screen(Means(clock=FakeClock())).capture("monitor:1", tmp_path / "room", Job())
    assert caught.value.code == "portal_area"
    with pytest.raises(Refused, match="portal_area"):
        lens("region:1,2,3,4")
    with pytest.raises(Unavailable, match="record_windows"):
        windows()


def test_the_stream_is_asked_for_and_read(desktop: Portal, reader: Path) -> None:
    seen = lens("all")
    try:
        picture = seen.look()
        assert (picture.width, picture.height) == (64, 48)
        assert bytes(picture.pixels[1:4]) == bytes([10, 200, 0])
        assert seen.check() == ""
        assert "node 42" in str(seen.facts()["way"])
    finally:
        seen.close()
    asked = dict(desktop.asked)
    assert list(asked) == ["CreateSession", "SelectSources", "Start", "OpenPipeWireRemote"]
    options = asked["SelectSources"][-1]
    assert options["types"] == ("u", 1)
    assert options["cursor_mode"] == ("u", 2)
    with pytest.raises(Lost):
        seen.look()


@pytest.mark.parametrize(
    ("streams", "code"),
    [([], "portal_refused"), ([(1, {})], "portal_none"),
     ([(1, {"size": ("(ii)", (9, 99999))})], "portal_none")],
)  # fmt: skip
def test_a_stream_that_is_none_is_said(
    desktop: Portal, reader: Path, streams: list[object], code: str
) -> None:
    desktop.streams = streams
    with pytest.raises(HoldfastError, match=code):
        lens("all")


def test_without_a_reader_recording_is_refused_before_anybody_is_asked(
    desktop: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unavailable, match="portal_reader"):
        lens("all")
    assert desktop.asked == []


def test_a_reader_that_gives_nothing_is_said(desktop: Portal, reader: Path) -> None:
    reader.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    with pytest.raises(Unavailable, match="portal_reader"):
        lens("all")


def test_a_stream_that_ends_ends_the_recording(
    desktop: Portal, reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.write_text(FRAMES.format(python=sys.executable, few=True), encoding="utf-8")
    session = {
        "XDG_SESSION_TYPE": "wayland",
        "WAYLAND_DISPLAY": "wayland-7",
    }
    with recording("", tmp_path / "r", session, area="all") as worker:
        worker.until("recording")
        worker.until("screen", state="gone")
        assert worker.until("ended")["why"] == "screen"
        assert worker.ended() == 0
        assert worker.segments[0].width == 64
