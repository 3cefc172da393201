"""What a person may choose.  Defaults stand in code; everything has its consequence in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every choice there is.  Unknown keys of the file are kept when it is written again."""

    language: Literal["", "zh", "en"] = ""
    """Of the window and the command line; empty follows the system."""
    theme: Literal["", "light", "dark"] = ""
    """Empty follows the system."""
    operator: str = ""
    """Opaque id of the person who captures, made once; never a name."""
    operator_name: str = ""
    """Printed in documents only."""
    letterhead: str = ""
    browser: str = ""
    """Path of the browser for page captures; empty finds one."""
    adb: str = ""
    """Path of the program that talks to Android phones; empty finds one."""
    downloader: str = ""
    """Version of a newer yt-dlp that was fetched; empty uses the one of this build."""
    downloader_sha256: str = ""
    """Of its wheel: anything else that lies in its place is never run."""
    text_scale: int = 100
    """Per cent."""
    offline: bool = False
    """Ask nobody for time-stamps for now."""
    disabled: tuple[str, ...] = ()
    """Ids of calendars and time-stamp authorities not to be asked."""
    window: str = ""
    """Where the window stood last, opaque to everybody but the window."""
