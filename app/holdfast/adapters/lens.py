"""Where a recording's pictures come from: a part of the desktop, as it is at this moment."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from holdfast.adapters.picture import Lens, Lost, Picture
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALLEST = 16
"""Pixels a side that can be encoded."""
_REGION = re.compile(r"region:(-?\d{1,6}),(-?\d{1,6}),(\d{1,6}),(\d{1,6})")


_BROKEN = (OSError, ValueError, AssertionError)
"""What the screen library raises besides its own error; it asserts that the server answers."""


def is_wayland() -> bool:
    """Whether the screen can be had through the desktop's portal only."""
    if not sys.platform.startswith("linux"):
        return False
    session = os.environ.get("XDG_SESSION_TYPE", "")
    lone = os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY")
    return session == "wayland" or bool(lone)


def lens(area: str) -> Lens:
    """A lens on ``area``.  Raises Refused or Unavailable."""
    if is_wayland():
        from holdfast.adapters.portal import PortalLens

        return PortalLens(area)
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise Unavailable("screen_none")
    return DesktopLens(area)


def windows() -> tuple[Any, ...]:
    """The windows that can be recorded, topmost first; not ours, which steps aside.

    Raises Unavailable.
    """
    if sys.platform.startswith("linux") and not is_wayland() and os.environ.get("DISPLAY"):
        from holdfast.adapters.x11 import Display

        with Display() as display:
            return tuple(one for one in display.windows() if one.process != os.getpid())
    raise Unavailable("record_windows")


class Keys(Protocol):
    """Keys that reach us wherever the focus is."""

    def pressed(self) -> tuple[str, ...]:
        """The letters that were pressed since the last look."""
        ...

    def close(self) -> None: ...


def hotkeys(letters: str) -> Keys | None:
    """Ctrl+Shift and each of ``letters``, from anywhere; None where the system keeps them."""
    if not sys.platform.startswith("linux") or is_wayland() or not os.environ.get("DISPLAY"):
        return None
    from holdfast.adapters.x11 import Display

    try:
        display = Display()
    except Unavailable:
        return None
    if display.grab(letters):
        return display
    display.close()
    return None


_EXCLUDE_FROM_CAPTURE = 0x11


def hidden_from_capture(window: int) -> bool:
    """Whether the system keeps that window of ours out of what programs see of the screen."""
    if sys.platform == "win32":
        import ctypes

        set_affinity = ctypes.windll.user32.SetWindowDisplayAffinity
        return bool(set_affinity(window, _EXCLUDE_FROM_CAPTURE))
    return False


class DesktopLens:
    """A monitor, all of them, a region or a window of a desktop that programs may read."""

    def __init__(self, area: str) -> None:
        self._area = area
        self._grabber: Any = self._open()
        self._desktop: Any = None
        try:
            if area.startswith("window:"):
                from holdfast.adapters.x11 import Display

                if not sys.platform.startswith("linux"):
                    raise Unavailable("record_windows")
                self._desktop = Display()
            self._monitors = list(self._grabber.monitors)
            self._box = self._find(self._monitors)
        except Lost as error:
            self.close()
            raise Refused("record_window_gone") from error
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _open() -> Any:
        import mss
        from mss.exception import ScreenShotError

        try:
            # The pointer belongs to what a person sees; elsewhere the system draws it itself.
            return mss.MSS(with_cursor=sys.platform.startswith("linux"))
        except (ScreenShotError, *_BROKEN) as error:
            raise Unavailable("screen_none") from error

    def _find(self, monitors: list[dict[str, int]]) -> dict[str, int]:
        """The box that the area is now.  Raises Refused, or Lost for a window that is not shown."""
        kind, _, rest = self._area.partition(":")
        whole = monitors[0]
        box: tuple[int, int, int, int]
        if kind in ("all", "monitor"):
            number = int(rest or 0)
            if number >= len(monitors):
                raise Refused("screen_monitor", number=number, count=len(monitors) - 1)
            one = monitors[number]
            box = (one["left"], one["top"], one["width"], one["height"])
        elif kind == "window":
            place = self._desktop.place(int(rest))
            if place is None:
                raise Lost("hidden" if self._desktop.exists(int(rest)) else "gone")
            box = _within(place, whole)
        else:
            found = _REGION.fullmatch(self._area)
            assert found is not None
            x, y, wide, high = (int(group) for group in found.groups())
            box = _within((x, y, wide, high), whole)
            if box != (x, y, wide, high):
                raise Refused("screen_region", region=rest)
        if box[2] < SMALLEST or box[3] < SMALLEST:
            if kind == "window":
                raise Lost("hidden")
            raise Refused("screen_region", region=rest)
        return dict(zip(("left", "top", "width", "height"), box, strict=True))

    def look(self) -> Picture:
        from mss.exception import ScreenShotError

        if self._grabber is None:
            raise Lost("gone")
        try:
            shot = self._grabber.grab(self._box)
        except (ScreenShotError, *_BROKEN) as error:
            raise Lost("unreadable") from error
        return Picture(shot.width, shot.height, shot.raw)

    def check(self) -> str:
        import mss
        from mss.exception import ScreenShotError

        try:
            # What one connection once learnt of the monitors it never asks again.
            with mss.MSS() as fresh:
                monitors = list(fresh.monitors)
        except (ScreenShotError, *_BROKEN) as error:
            raise Lost("gone") from error
        try:
            box = self._find(monitors)
        except Refused as error:
            raise Lost("gone") from error
        changed = [
            name
            for name, differs in (
                (
                    "resized",
                    (box["width"], box["height"]) != (self._box["width"], self._box["height"]),
                ),
                ("moved", (box["left"], box["top"]) != (self._box["left"], self._box["top"])),
                ("monitors", len(monitors) != len(self._monitors)),
            )
            if differs
        ]
        self._box, self._monitors = box, monitors
        return changed[0] if changed else ""

    def reopen(self) -> None:
        """A new connection, after the old one broke.  Raises Lost."""
        self._let_go()
        try:
            self._grabber = self._open()
        except Unavailable as error:
            raise Lost("gone") from error

    def facts(self) -> Mapping[str, Any]:
        return {
            "area": dict(self._box),
            "monitors": [
                {
                    "number": number,
                    **{side: int(one[side]) for side in ("left", "top", "width", "height")},
                    "primary": bool(one.get("is_primary", False)),
                    "name": one_line(str(one.get("name") or one.get("output") or "")),
                }
                for number, one in enumerate(self._monitors[1:], 1)
            ],
            "pointer": "drawn by the screen library" if sys.platform == "linux" else "not drawn",
            "way": "desktop",
        }

    def _let_go(self) -> None:
        from mss.exception import ScreenShotError

        # Once and no more: a connection that broke is freed before that is complained of.
        grabber, self._grabber = self._grabber, None
        with suppress(ScreenShotError, *_BROKEN):
            if grabber is not None:
                grabber.close()

    def close(self) -> None:
        self._let_go()
        if self._desktop is not None:
            self._desktop.close()


def _within(box: tuple[int, int, int, int], whole: Mapping[str, int]) -> tuple[int, int, int, int]:
    """The part of a box that lies on the desktop."""
    left, top = max(box[0], whole["left"]), max(box[1], whole["top"])
    right = min(box[0] + box[2], whole["left"] + whole["width"])
    bottom = min(box[1] + box[3], whole["top"] + whole["height"])
    return left, top, max(0, right - left), max(0, bottom - top)
