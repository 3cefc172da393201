"""The browser profile of a case: a folder used for nothing else, with a record beside it.

``<data>/profiles/<case id>/``: ``profile.json`` (made when, used how often, by which browser),
``lock`` while it is in use, ``browser/`` with what the browser itself keeps.  It never goes into an
exhibit or a pack, for whoever has it is logged in.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from filelock import FileLock, Timeout

from holdfast.adapters.disk import put
from holdfast.core.browsing import Profile
from holdfast.core.canonical import Json, moment, one_line, rfc3339
from holdfast.core.errors import Refused
from holdfast.core.evidence import Component
from holdfast.ports import Clock

LIMIT = 64 << 10
# Passwords are not offered to be saved, nobody signs in to the browser itself, and it asks nothing.
_WISHES: dict[str, Any] = {
    "credentials_enable_service": False,
    "profile": {"password_manager_enabled": False},
    "autofill": {"profile_enabled": False, "credit_card_enabled": False},
    "signin": {"allowed": False},
    "translate": {"enabled": False},
    "download": {"prompt_for_download": False},
    "browser": {"has_seen_welcome_page": True, "check_default_browser": False},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A profile that nobody else can open meanwhile."""

    profile: Profile
    folder: Path
    """What the browser is given."""


Lease: TypeAlias = Callable[[Path], AbstractContextManager[Held]]
"""Given a browser, holds the profile of a case for it until the end."""


class Profiles:
    """The profiles below a data folder."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._home = data / "profiles"
        self._clock = clock

    def of(self, case_id: str) -> Profile | None:
        """What is known of the profile of a case, or None when it has none."""
        home = self._home / case_id
        if not home.is_dir():
            return None
        return _read(home / "profile.json", case_id)

    def note(self, profile: Profile) -> None:
        """The record says this from now on."""
        home = self._home / profile.case_id
        body = {
            "created": profile.created,
            "used": profile.used,
            "browser": profile.browser,
            "last": profile.last,
            "cookies": profile.cookies,
        }
        put(home / "profile.json", json.dumps(body).encode())

    @contextmanager
    def held(self, case_id: str, executable: Path) -> Iterator[Held]:
        """The profile is ours until the end; made when there was none, and used once more.

        Raises Refused(``profile_in_use``) when another process has it.
        """
        home = self._home / case_id
        fresh = not home.is_dir()
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        with _alone(home):
            folder = _place(home, executable)
            _refuse_running(folder)
            now = rfc3339(self._clock.now())
            known = _read(home / "profile.json", case_id)
            if fresh:
                known = Profile(case_id=case_id, created=now, used=0, cookies=0)
            _furnish(folder)
            used = None if known.used is None else known.used + 1
            profile = replace(known, used=used, last=now)
            self.note(profile)
            yield Held(profile=profile, folder=folder)

    def forget(self, case_id: str) -> bool:
        """Whether there was one; it is gone with every log-in in it.

        Raises Refused(``profile_in_use``) while it is open.
        """
        home = self._home / case_id
        if not home.is_dir():
            return False
        with _alone(home):
            for folder in _places(home):
                _refuse_running(folder)
                shutil.rmtree(folder, ignore_errors=True)
            (home / "profile.json").unlink(missing_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        return True


def browser_record(
    product: Component, profile: Profile | None, now: str, *, by: Literal["person", "program"]
) -> dict[str, Json]:
    """What ``browser.json`` says of the browser and its profile; None: a fresh one, gone since."""
    return {
        "browser": f"{product.name} {product.version}".strip(),
        "opened_by": by,
        "extensions": "off",
        "profile": {"kind": "fresh"}
        if profile is None
        else {
            "kind": "case",
            "created": profile.created or None,
            "age_days": profile.age_days(now),
            "used": profile.used,
            "cookies": profile.cookies,
        },
    }


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    lock = FileLock(home / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Refused("profile_in_use") from error
    try:
        yield
    finally:
        lock.release()


def _place(home: Path, executable: Path) -> Path:
    """Where the browser keeps it; a snap sees no hidden folders."""
    if executable.is_relative_to("/snap"):
        common = _snap(home)
        if common.parent.is_dir():
            return common
    return home / "browser"


def _snap(home: Path) -> Path:
    return Path.home() / "snap" / "chromium" / "common" / f"holdfast-{home.name}"


def _places(home: Path) -> tuple[Path, ...]:
    return tuple(one for one in (home / "browser", _snap(home)) if one.is_dir())


def _refuse_running(folder: Path) -> None:
    """Nothing, unless a browser that we did not start works in the folder.

    Chromium marks that with a link to ``host-process``; one left over from a crash counts for
    nothing, as it does for Chromium.
    """
    try:
        host, _, number = str((folder / "SingletonLock").readlink()).rpartition("-")
    except OSError:
        return
    if host != socket.gethostname() or (number.isdigit() and _alive(int(number))):
        raise Refused("profile_in_use")


def _alive(process: int) -> bool:
    """Whether there is such a process; only POSIX has these links."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _furnish(folder: Path) -> None:
    """A profile that was never opened has our wishes in it."""
    wishes = folder / "Default" / "Preferences"
    if wishes.exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    wishes.parent.mkdir(mode=0o700, exist_ok=True)
    wishes.write_text(json.dumps(_WISHES), encoding="utf-8")


def _read(file: Path, case_id: str) -> Profile:
    """What the record says; what it does not say well is not known."""
    try:
        if file.stat().st_size > LIMIT:
            raise ValueError("too large")
        body = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(body, dict):
            raise ValueError("not an object")
    except (OSError, ValueError, RecursionError):
        return Profile(case_id=case_id)
    return Profile(
        case_id=case_id,
        created=_time(body.get("created")),
        used=_count(body.get("used")),
        browser=one_line(str(body.get("browser") or ""))[:100],
        last=_time(body.get("last")),
        cookies=_count(body.get("cookies")),
    )


def _count(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 1 << 31 else None  # type: ignore[operator,return-value]  # it is whole


def _time(value: object) -> str:
    try:
        moment(str(value))
    except ValueError:
        return ""
    return str(value)
