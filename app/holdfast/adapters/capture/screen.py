"""What is on the screen now, pixel for pixel."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from holdfast.adapters import portal
from holdfast.adapters.capture import Means
from holdfast.adapters.disk import room_for
from holdfast.adapters.lens import is_wayland
from holdfast.core.canonical import Json, canonical, one_line, rfc3339
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Observations,
    Target,
)
from holdfast.core.job import Job

if TYPE_CHECKING:
    import mss
    from PIL import Image

_MONITOR = re.compile(r"monitor:([1-9]\d{0,2})")
_REGION = re.compile(r"region:(-?\d{1,6}),(-?\d{1,6}),(\d{1,6}),(\d{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A screen as the system sees it: place and size in the system's pixels."""

    number: int
    """From 1, in the system's order."""
    left: int
    top: int
    width: int
    height: int
    primary: bool = False
    name: str = ""


class Screen:
    """Takes a picture of one monitor, of all together, or of a region.

    Targets are ``monitor:N``, ``all`` and ``region:X,Y,W,H`` in physical pixels of the whole
    desktop.  The picture is an RGB PNG without loss.
    """

    id: Literal["screen"] = "screen"

    def __init__(self, means: Means) -> None:
        self._clock = means.clock

    def suits(self, target: str) -> bool:
        """Whether ``target`` has the form of a part of the screen."""
        return bool(target == "all" or _MONITOR.fullmatch(target) or _REGION.fullmatch(target))

    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors of this desktop; none where the system asks the person which.

        Raises Unavailable as ``capture``.
        """
        if is_wayland():
            return ()
        with _grabber() as grabber:
            return _monitors(grabber)

    @room_for("screen.png")
    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """A picture of the screen.

        Raises Refused (``screen_target``, ``screen_region``, ``screen_monitor``, ``portal_area``,
        ``disk_full``) or Unavailable (``screen_none``, ``screen_grab``, and those of
        ``portal.picture``).
        """
        if not self.suits(target):
            raise Refused("screen_target", target=one_line(target[:60]))
        job.step("opening")
        if is_wayland():
            return self._through_portal(target, room, job)
        with _grabber() as grabber:
            monitors = _monitors(grabber)
            area = _area(target, monitors, grabber.monitors[0])
            started = rfc3339(self._clock.now())
            picture = _grab(grabber, area)
            finished = rfc3339(self._clock.now())
        job.step("saving")
        extremes = cast("tuple[tuple[int, int], ...]", picture.getextrema())  # one pair a channel
        picture.save(room / "screen.png", "PNG", compress_level=3)
        facts: dict[str, Json] = {
            "system": sys.platform,
            "area": dict(area),
            "picture": {"width": picture.width, "height": picture.height},
            "pixels_per_unit_permille": picture.width * 1000 // area["width"],
            "monitors": [
                {
                    "number": one.number,
                    "left": one.left,
                    "top": one.top,
                    "width": one.width,
                    "height": one.height,
                    "primary": one.primary,
                    "name": one.name,
                }
                for one in monitors
            ],
        }
        return self._handed_over(room, facts, target, started, finished, extremes)

    def _handed_over(
        self,
        room: Path,
        facts: dict[str, Json],
        target: str,
        started: str,
        finished: str,
        extremes: tuple[tuple[int, int], ...],
    ) -> Captured:
        (room / "screen.json").write_bytes(canonical(facts))
        return Captured(
            source="screen",
            target=Target(typed=target),
            files=(
                CapturedFile(
                    at=room / "screen.png",
                    path="files/screen.png",
                    media_type="image/png",
                    obtained=finished,
                    name="screen.png",
                ),
                CapturedFile(
                    at=room / "screen.json",
                    path="files/screen.json",
                    media_type="application/json",
                    obtained=finished,
                    role="record",
                    name="screen.json",
                ),
            ),
            started=started,
            finished=finished,
            components=self.parts(),
            completeness=(_picture_check(extremes),),
            observations=Observations(),
        )

    def _through_portal(self, target: str, room: Path, job: Job) -> Captured:
        """What the desktop's portal hands over, once the person agreed: always all of it."""
        if target != "all":
            raise Refused("portal_area")
        started = rfc3339(self._clock.now())
        picture = portal.picture()
        finished = rfc3339(self._clock.now())
        job.step("saving")
        extremes = cast("tuple[tuple[int, int], ...]", picture.getextrema())  # one pair a channel
        picture.save(room / "screen.png", "PNG", compress_level=3)
        facts: dict[str, Json] = {
            "system": sys.platform,
            "way": "desktop portal",
            "picture": {"width": picture.width, "height": picture.height},
        }
        return self._handed_over(room, facts, target, started, finished, extremes)

    def parts(self) -> tuple[Component, ...]:
        return (
            Component(name="mss", version=version("mss")),
            Component(name="Pillow", version=version("Pillow")),
        )


PIECE = Screen


def _picture_check(extremes: tuple[tuple[int, int], ...]) -> Check:
    """Red for a picture that is black all over, amber for any other single colour."""
    if any(low != high for low, high in extremes):
        return Check(check="picture_content", outcome="pass")
    colour = "#" + "".join(f"{low:02x}" for low, _ in extremes)
    outcome: Literal["fail", "warn"] = "fail" if colour == "#000000" else "warn"
    return Check(check="picture_content", outcome=outcome, detail=colour)


def _grabber() -> mss.MSS:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise Unavailable("screen_none")
    import mss
    from mss.exception import ScreenShotError

    try:
        return mss.MSS()
    except (ScreenShotError, OSError) as error:
        raise Unavailable("screen_none") from error


def _monitors(grabber: mss.MSS) -> tuple[Monitor, ...]:
    return tuple(
        Monitor(
            number=number,
            left=int(one["left"]),
            top=int(one["top"]),
            width=int(one["width"]),
            height=int(one["height"]),
            primary=bool(one.get("is_primary", False)),
            name=one_line(str(one.get("name") or one.get("output") or "")),
        )
        for number, one in enumerate(grabber.monitors[1:], start=1)
    )


def _area(target: str, monitors: tuple[Monitor, ...], desktop: dict[str, int]) -> dict[str, int]:
    """The part of the desktop that ``target`` names.  Raises Refused."""
    whole = {side: int(desktop[side]) for side in ("left", "top", "width", "height")}
    if target == "all":
        return whole
    if found := _MONITOR.fullmatch(target):
        number = int(found[1])
        if number > len(monitors):
            raise Refused("screen_monitor", number=number, count=len(monitors))
        one = monitors[number - 1]
        return {"left": one.left, "top": one.top, "width": one.width, "height": one.height}
    region = _REGION.fullmatch(target)
    assert region is not None
    left, top, width, height = (int(group) for group in region.groups())
    inside = (
        width > 0
        and height > 0
        and left >= whole["left"]
        and top >= whole["top"]
        and left + width <= whole["left"] + whole["width"]
        and top + height <= whole["top"] + whole["height"]
    )
    if not inside:
        raise Refused("screen_region", region=target.partition(":")[2])
    return {"left": left, "top": top, "width": width, "height": height}


def _grab(grabber: mss.MSS, area: dict[str, int]) -> Image.Image:
    from mss.exception import ScreenShotError
    from PIL import Image

    try:
        shot = grabber.grab(area)
    except (ScreenShotError, OSError) as error:
        raise Unavailable("screen_grab") from error
    return Image.frombuffer("RGB", shot.size, bytes(shot.bgra), "raw", "BGRX")
