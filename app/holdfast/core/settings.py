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
