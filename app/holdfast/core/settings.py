"""What a person may choose.  Defaults stand in code; everything has its consequence in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from holdfast.core.canonical import one_line, visible
from holdfast.core.errors import Refused


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
    node: str = ""
    """Address of the person's own Bitcoin node; its password lies in the keyring, not here."""
    node_cookie: str = ""
    """Path of the file that the node writes its login into; empty: the password is used."""
    electrum: str = ""
    """Address of an Electrum server to be asked for block headers."""
    electrum_certificate: str = ""
    """SHA-256 of the certificate that it showed when it was chosen."""
    window: str = ""
    """Where the window stood last, opaque to everybody but the window."""


BY_NAME = ("language", "operator_name", "letterhead", "browser", "adb", "offline", "disabled")
"""What can be chosen by its name alone.  Of the rest, the window's own looks are chosen there, and
a node, a server and a downloader are tried before they are used.
"""
LONGEST = 1000


def chosen(settings: Settings, name: str, text: str) -> Settings:
    """The settings with that one as written: several by commas, yes and no as such.

    Raises Refused(``setting_unknown``, ``setting_unfit``).
    """
    if name not in BY_NAME:
        raise Refused("setting_unknown", name=one_line(name)[:40], names=", ".join(BY_NAME))
    value: Any = visible(text).strip()
    match name:
        case "language" if value not in ("", "zh", "en"):
            raise Refused("setting_unfit", name=name, fits="zh, en")
        case "offline" if value not in ("yes", "no"):
            raise Refused("setting_unfit", name=name, fits="yes, no")
        case "offline":
            value = value == "yes"
        case "disabled":
            value = tuple(dict.fromkeys(part for part in re.split(r"[\s,，、]+", value) if part))
        case _ if len(value) > LONGEST:
            raise Refused("setting_unfit", name=name, fits=f"≤ {LONGEST}")
        case _:
            pass
    return replace(settings, **{name: value})
