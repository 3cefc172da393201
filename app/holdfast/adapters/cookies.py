"""The cookies of a case's profile, lent to another program for one download.

They go into a file in the capture's room in the form that curl and yt-dlp read, and are gone when
it ends.  They are keys to somebody's account: never an exhibit, never in a log, never counted by
name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from holdfast.adapters.browser import Browser, running
from holdfast.adapters.profile import Lease
from holdfast.core.job import Job

Jar: TypeAlias = Callable[[Path, str], Path]
"""Given a room and a link, writes a cookies file into the room."""

MOST = 20_000
_BAD = re.compile(r"[\x00-\x1f\x7f]")


def all_cookies(program: Browser) -> list[Mapping[str, Any]]:
    """Every cookie that the running browser holds.  Raises Unavailable."""
    found = program.call("Storage.getCookies").get("cookies", [])
    return [one for one in found[:MOST] if isinstance(one, dict)]


def netscape(cookies: list[Mapping[str, Any]]) -> str:
    """The cookies as a ``cookies.txt``; one that would break its lines is left out."""
    lines = ["# Netscape HTTP Cookie File"]
    for cookie in cookies:
        domain, path = str(cookie.get("domain", "")), str(cookie.get("path") or "/")
        name, value = str(cookie.get("name", "")), str(cookie.get("value", ""))
        if not domain or any(_BAD.search(part) for part in (domain, path, name, value)):
            continue
        expires = 0 if cookie.get("session") else max(0, int(float(cookie.get("expires") or 0)))
        marked = f"#HttpOnly_{domain}" if cookie.get("httpOnly") else domain
        lines.append(
            "\t".join(
                (
                    marked,
                    "TRUE" if domain.startswith(".") else "FALSE",
                    path,
                    "TRUE" if cookie.get("secure") else "FALSE",
                    str(expires),
                    name,
                    value,
                )
            )
        )
    return "\n".join(lines) + "\n"


def written(cookies: list[Mapping[str, Any]], room: Path) -> Path:
    """A cookies file in ``room`` that only this user can read.  Whoever asked for it deletes it."""
    file = room / "cookies.txt"
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
        out.write(netscape(cookies))
    return file


def profile_jar(lease: Lease, executable: Path, job: Job) -> Jar:
    """The cookies of a profile that is not open, by opening it unseen for a moment."""

    def jar(room: Path, _link: str) -> Path:
        log = room / "browser.err"
        try:
            with (
                lease(executable) as held,
                running(
                    executable, allow=frozenset(), log=log, job=job, profile=held.folder
                ) as program,
            ):
                found = all_cookies(program)
        finally:
            log.unlink(missing_ok=True)
        return written(found, room)

    return jar
