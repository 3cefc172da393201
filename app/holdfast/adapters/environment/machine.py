"""The computer itself: system, rights, disk, displays; and this program's own build."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import holdfast
from holdfast.adapters.environment.place import Place, reading, unread
from holdfast.core.canonical import rfc3339
from holdfast.core.environment import Reading
from holdfast.core.evidence import Outcome

LOW_BYTES = 2 << 30
"""Less than this may not be enough for a recording."""
FULL_BYTES = 200 << 20
FILE_LIMIT = 1 << 16


# --- system --------------------------------------------------------------------------------------


def system(place: Place, seconds: float) -> Reading:
    """Which system this is, since when it runs, and its time zone.  Never the computer's name."""
    import psutil  # type: ignore[import-untyped]  # it ships no types

    booted = datetime.fromtimestamp(psutil.boot_time(), UTC)
    minutes = place.clock.offset_minutes()
    sign = "-" if minutes < 0 else "+"
    offset = f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return reading(
        "system",
        "pass",
        place.fact("os", _named(place, seconds)),
        place.fact("kernel", f"{platform.system()} {platform.release()}"),
        place.fact("version", platform.version()),
        place.fact("machine", platform.machine()),
        place.fact("boot", rfc3339(booted)),
        place.fact("zone", f"{_zone(place)} {offset}".strip()),
    )


def _named(place: Place, seconds: float) -> str:
    """The system as its maker calls it."""
    if place.system == "darwin":
        version = place.hear(["sw_vers", "-productVersion"], seconds).strip()
        return f"macOS {version}".strip()
    if place.system == "win32":
        known = place.registry(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
        build = f"{known.get('CurrentBuild', '')}.{known.get('UBR', '')}".strip(".")
        # Windows 11 still calls itself 10 there; its builds begin with 22000.
        name = str(known.get("ProductName", "Windows"))
        if build.partition(".")[0].isdecimal() and int(build.partition(".")[0]) >= 22000:
            name = name.replace("Windows 10", "Windows 11")
        return f"{name} {known.get('DisplayVersion', '')} {build}".strip()
    for line in _text(place.at("etc", "os-release")).splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip('"')
    return platform.system()


def _zone(place: Place) -> str:
    """The name of the time zone, where the system has one."""
    if place.system == "win32":
        key = r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
        return str(place.registry(key).get("TimeZoneKeyName", ""))
    if place.variables.get("TZ"):
        return place.variables["TZ"].lstrip(":")
    at = place.at("etc", "localtime")
    target = str(at.readlink()) if at.is_symlink() else ""
    return target.partition("zoneinfo/")[2] or _text(place.at("etc", "timezone")).strip()


def _text(at: Path) -> str:
    """The beginning of a small file of the system; empty when it cannot be read."""
    try:
        with at.open("rb") as file:
            return file.read(FILE_LIMIT).decode(errors="replace")
    except OSError:
        return ""


# --- this program --------------------------------------------------------------------------------


def program(place: Place, _seconds: float) -> Reading:
    """Which build of Holdfast this is, with its digest."""
    built = build()
    return reading(
        "program",
        "pass" if built.sha256 else "warn",
        place.fact("version", holdfast.__version__),
        place.fact("kind", built.kind),
        place.fact("sha256", built.sha256),
        *([place.fact("files", built.files)] if built.files else ()),
        place.fact("python", platform.python_version()),
    )


class Build:
    """How this program came here: ``frozen``, ``wheel`` or ``checkout``, and what it hashes to."""

    __slots__ = ("files", "kind", "sha256")

    def __init__(self, kind: str, sha256: str, files: int = 0) -> None:
        self.kind, self.sha256, self.files = kind, sha256, files


@cache
def build() -> Build:
    """This build, looked at once while the program runs.

    Frozen: the SHA-256 of the executable.  Else of the list ``sha256sum`` would write of all files
    of the package, sorted by name, so that anyone can do it again.
    """
    if getattr(sys, "frozen", False):
        with Path(sys.executable).open("rb") as file:
            return Build("frozen", hashlib.file_digest(file, "sha256").hexdigest())
    package = Path(holdfast.__file__).resolve().parent
    digest, count = package_digest(package)
    kind = "wheel" if (package / "resources").is_dir() else "checkout"
    return Build(kind, digest, count)


def package_digest(package: Path) -> tuple[str, int]:
    """SHA-256 over ``<sha256>  <path>`` lines of all files below, and how many they are."""
    lines = []
    for at in sorted(package.rglob("*")):
        if at.is_file() and "__pycache__" not in at.parts:
            sha256 = hashlib.sha256(at.read_bytes()).hexdigest()
            lines.append(f"{sha256}  {at.relative_to(package).as_posix()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest(), len(lines)


# --- rights, disk --------------------------------------------------------------------------------


def rights(place: Place, _seconds: float) -> Reading:
    """Whether this program runs with the rights of an administrator."""
    high = elevated()
    if high is None:
        return unread("rights", "unknown")
    return reading(
        "rights", "warn" if high else "pass", place.fact("administrator", "yes" if high else "no")
    )


def elevated() -> bool | None:
    """Whether this process may change the system; None where that cannot be told."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def disk(place: Place, _seconds: float) -> Reading:
    """How much room is left where evidence is kept."""
    space = shutil.disk_usage(place.data)
    outcome: Outcome = (
        "fail" if space.free < FULL_BYTES else "warn" if space.free < LOW_BYTES else "pass"
    )
    return reading(
        "disk",
        outcome,
        place.fact("free", space.free),
        place.fact("total", space.total),
    )


# --- displays ------------------------------------------------------------------------------------


def displays(place: Place, seconds: float) -> Reading:
    """Which monitors there are, their sizes in pixels, and the kind of session."""
    session = place.variables.get("XDG_SESSION_TYPE", "")
    if place.system.startswith("linux") and not session:
        session = (
            "wayland"
            if place.variables.get("WAYLAND_DISPLAY")
            else "x11"
            if place.variables.get("DISPLAY")
            else "none"
        )
    facts = [place.fact("session", session)] if session else []
    monitors = _monitors(place, seconds)
    if not monitors:
        return unread("displays", "no_display", *facts)
    return reading(
        "displays",
        "pass",
        place.fact("count", len(monitors)),
        tuple(facts),
        place.several("display", monitors),
    )


def _monitors(place: Place, seconds: float) -> list[str]:
    if place.system == "darwin":
        return mac_displays(place.hear(["system_profiler", "SPDisplaysDataType"], seconds))
    if place.system == "win32":
        return _windows_displays()
    if place.variables.get("DISPLAY"):
        found = x_displays(place.hear(["xrandr", "--current"], min(seconds, 1.0)))
        return found or _seen_by_mss()
    return []


def x_displays(said: str) -> list[str]:
    """The connected outputs of ``xrandr --current``."""
    hits = re.findall(r"^(\S+) connected(?: primary)? (\d+x\d+\+-?\d+\+-?\d+)", said, re.MULTILINE)
    return [f"{place} {name}" for name, place in hits]


def mac_displays(said: str) -> list[str]:
    """The resolutions that ``system_profiler SPDisplaysDataType`` lists."""
    found = []
    for line in said.splitlines():
        name, _, value = line.strip().partition(":")
        if name == "Resolution":
            found.append(value.strip())
        elif name == "UI Looks like" and found:
            found[-1] += f" ({value.strip()})"
    return found


def _seen_by_mss() -> list[str]:
    """Monitors as the screenshots see them."""
    import mss
    from mss.exception import ScreenShotError

    try:
        with mss.mss() as eye:
            return [f"{m['width']}x{m['height']}+{m['left']}+{m['top']}" for m in eye.monitors[1:]]
    except (ScreenShotError, OSError):
        return []


def _windows_displays() -> list[str]:
    found = _seen_by_mss()
    if sys.platform == "win32" and found:
        import ctypes

        # 96 dots per inch are 100 %.
        scale = ctypes.windll.user32.GetDpiForSystem() * 100 // 96
        found = [f"{one} {scale} %" for one in found]
    return found
