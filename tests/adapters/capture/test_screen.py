from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import mss
import numpy as np
import pytest
from PIL import Image

from fakes.window import painted
from holdfast.adapters.capture import Means, screen
from holdfast.adapters.capture.screen import Screen
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job


def shoot(means: Means, target: str, room: Path) -> Captured:
    return Screen(means).capture(target, room, Job())


def test_every_pixel_is_kept_without_loss(means: Means, room: Path, display: str) -> None:
    with painted(display) as expected:
        captured = shoot(means, "monitor:1", room)
    with Image.open(room / "screen.png") as picture:
        assert (picture.mode, picture.size, picture.format) == ("RGB", (1280, 800), "PNG")
        np.testing.assert_array_equal(np.asarray(picture)[100:200, 100:300], expected)
    facts = json.loads((room / "screen.json").read_bytes())
    assert facts["monitors"][0]["width"] == 1280
    assert facts["pixels_per_unit_permille"] == 1000
    assert captured.complete
    assert [part.name for part in captured.components] == ["mss", "Pillow"]


def test_a_region_is_cut_out_exactly(means: Means, room: Path, display: str) -> None:
    with painted(display) as expected:
        shoot(means, "region:110,120,60,40", room)
    with Image.open(room / "screen.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected[20:60, 10:70])


def test_a_black_screen_is_red(means: Means, room: Path, display: str) -> None:
    captured = shoot(means, "all", room)
    assert not captured.complete
    assert captured.completeness[0].detail == "#000000"


def test_another_single_colour_is_amber(means: Means, room: Path, display: str) -> None:
    with painted(display, colour=(200, 10, 30)):
        captured = shoot(means, "region:110,120,60,40", room)
    assert captured.completeness[0].outcome == "warn"
    assert captured.completeness[0].detail == "#c80a1e"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("monitor:0", "screen_target"),
        ("everything", "screen_target"),
        ("region:1,2,3", "screen_target"),
        ("monitor:2", "screen_monitor"),
        ("region:0,0,0,10", "screen_region"),
        ("region:0,0,10,0", "screen_region"),
        ("region:-1,0,10,10", "screen_region"),
        ("region:0,-1,10,10", "screen_region"),
        ("region:1279,0,2,10", "screen_region"),
        ("region:0,799,10,2", "screen_region"),
    ],
)
def test_what_is_not_on_the_screen_is_refused(
    means: Means, room: Path, display: str, target: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        shoot(means, target, room)
    assert caught.value.code == code
    assert list(room.iterdir()) == []


def test_the_monitors_are_listed(means: Means, display: str) -> None:
    (one,) = Screen(means).monitors()
    assert (one.number, one.left, one.top, one.width, one.height) == (1, 0, 0, 1280, 800)


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "screen_none"),
        ({"DISPLAY": ":987"}, "screen_none"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "portal_none"),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, "portal_none"),
    ],
)
def test_without_a_screen_there_is_a_clear_answer(
    means: Means,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    code: str,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unavailable) as caught:
        shoot(means, "all", room)
    assert caught.value.code == code


class Desk:
    """Two monitors, the left one of them before the origin, as Windows and macOS have them."""

    monitors: list[dict[str, Any]] = [  # noqa: RUF012 -- as the library has it
        {"left": -1920, "top": 0, "width": 4480, "height": 1440},
        {
            "left": 0,
            "top": 0,
            "width": 2560,
            "height": 1440,
            "is_primary": True,
            "name": "DELL\x1b",
        },
        {"left": -1920, "top": 180, "width": 1920, "height": 1080, "output": "HDMI-1"},
    ]

    def __init__(self, scale: int = 1, trouble: Exception | None = None) -> None:
        self._scale, self._trouble = scale, trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grab(self, area: dict[str, int]) -> Any:
        if self._trouble:
            raise self._trouble
        width, height = area["width"] * self._scale, area["height"] * self._scale
        pixels = (bytes([1, 2, 3, 255]) + bytes([9, 9, 9, 255])) * (width * height // 2)
        return SimpleNamespace(size=(width, height), bgra=pixels)


def test_monitors_left_of_the_origin_and_sharp_ones(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "_grabber", lambda: Desk(scale=2))
    first, second = Screen(means).monitors()
    assert (first.primary, first.name) == (True, "DELL\\u{001B}")
    assert (second.left, second.name) == (-1920, "HDMI-1")
    shoot(means, "region:-100,200,10,20", room)
    with Image.open(room / "screen.png") as picture:
        assert picture.size == (20, 40)
        assert picture.getpixel((0, 0)) == (3, 2, 1)
    facts = json.loads((room / "screen.json").read_bytes())
    assert facts["pixels_per_unit_permille"] == 2000
    assert facts["area"] == {"left": -100, "top": 200, "width": 10, "height": 20}
    shoot(means, "monitor:2", room)
    assert json.loads((room / "screen.json").read_bytes())["area"]["top"] == 180


def test_a_system_that_will_not_hand_over_the_picture(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = mss.ScreenShotError("not permitted")
    monkeypatch.setattr(screen, "_grabber", lambda: Desk(trouble=trouble))
    with pytest.raises(HoldfastError, match="screen_grab"):
        shoot(means, "all", room)
