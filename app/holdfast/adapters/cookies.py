"""The cookies of a case's profile, lent to another program for one download.

They go into a file in the capture's room in the form that curl and yt-dlp read, and are gone when
it ends.  They are keys to somebody's account: never an exhibit, never in a log, never counted by
name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from holdfast.adapters.browser import Browser

Jar: TypeAlias = Callable[[Path], AbstractContextManager[Path]]
"""Given a room, lends a cookies file in it until the end."""

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


@contextmanager
def lent(cookies: list[Mapping[str, Any]], room: Path) -> Iterator[Path]:
    """A cookies file in ``room`` that only this user can read; gone at the end."""
    file = room / "cookies.txt"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
            out.write(netscape(cookies))
        yield file
    finally:
        file.unlink(missing_ok=True)
