"""The profile of a case: made once, used by one, known by little, gone when it is told to."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from holdfast.adapters import profile as profiles
from holdfast.adapters.cookies import netscape, written
from holdfast.adapters.profile import Profiles
from holdfast.core.errors import Refused

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def known(tmp_path: Path) -> Profiles:
    return Profiles(tmp_path, FakeClock())


def test_it_is_made_on_first_use_for_this_user_alone(known: Profiles, tmp_path: Path) -> None:
    assert known.of("c1") is None
    with known.held("c1", CHROMIUM) as held:
        assert (held.profile.used, held.profile.cookies) == (1, 0)
        assert held.profile.created
        assert held.folder == tmp_path / "profiles" / "c1" / "browser"
        wishes = json.loads((held.folder / "Default" / "Preferences").read_text())
        assert wishes["credentials_enable_service"] is False
    for folder in (tmp_path / "profiles", tmp_path / "profiles" / "c1", held.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with known.held("c1", CHROMIUM) as again:
        assert again.profile.used == 2
        assert again.profile.created == held.profile.created
    seen = known.of("c1")
    assert seen is not None
    assert seen.used == 2


def test_only_one_has_it(known: Profiles, tmp_path: Path) -> None:
    other = Profiles(tmp_path, FakeClock())
    with known.held("c1", CHROMIUM):
        with pytest.raises(Refused, match="profile_in_use"), other.held("c1", CHROMIUM):
            raise AssertionError("two have it")
        with pytest.raises(Refused, match="profile_in_use"):
            other.forget("c1")
        with other.held("c2", CHROMIUM):
            pass
    with other.held("c1", CHROMIUM) as held:
        assert held.profile.used == 2, "who was refused did not use it"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such link")
def test_a_browser_that_somebody_else_started_has_it(known: Profiles, tmp_path: Path) -> None:
    with known.held("c1", CHROMIUM) as held:
        mark = held.folder / "SingletonLock"
    for theirs in (f"{socket.gethostname()}-{os.getpid()}", "elsewhere-1"):
        mark.unlink(missing_ok=True)
        mark.symlink_to(theirs)
        with pytest.raises(Refused, match="profile_in_use"), known.held("c1", CHROMIUM):
            raise AssertionError("two have it")
        with pytest.raises(Refused, match="profile_in_use"):
            known.forget("c1")
    mark.unlink()
    mark.symlink_to(f"{socket.gethostname()}-{2**22 + 1}")
    with known.held("c1", CHROMIUM):
        pass


def test_it_is_gone_when_it_is_forgotten(known: Profiles, tmp_path: Path) -> None:
    assert not known.forget("c1")
    with known.held("c1", CHROMIUM) as held:
        (held.folder / "Default" / "Cookies").write_text("x")
    assert known.forget("c1")
    assert list((tmp_path / "profiles").iterdir()) == []
    with known.held("c1", CHROMIUM) as held:
        assert held.profile.used == 1


@pytest.mark.parametrize(
    "record",
    ["", "nonsense", "[1]", "[" * 90_000, '{"created": "yesterday", "used": "7", "cookies": -1}',
     '{"created": 3, "used": true, "browser": null}', " " * (profiles.LIMIT + 1)],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_not_known(
    known: Profiles, tmp_path: Path, record: str
) -> None:
    with known.held("c1", CHROMIUM):
        pass
    (tmp_path / "profiles" / "c1" / "profile.json").write_text(record)
    seen = known.of("c1")
    assert seen is not None
    assert (seen.created, seen.used, seen.cookies, seen.browser) == ("", None, None, "")
    with known.held("c1", CHROMIUM) as held:
        assert held.profile.used is None, "never invented"


def test_a_snap_keeps_it_where_it_can_see_it(
    known: Profiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    common = tmp_path / "home" / "snap" / "chromium" / "common"
    common.mkdir(parents=True)
    with known.held("c1", Path("/snap/bin/chromium")) as held:
        assert held.folder == common / "holdfast-c1"
        assert held.folder.is_dir()
    assert known.forget("c1")
    assert not held.folder.exists()


COOKIES = [
    {"name": "sid", "value": "v", "domain": ".a.example", "path": "/", "expires": 1_900_000_000.5,
     "httpOnly": True, "secure": True, "session": False},
    {"name": "s", "value": "", "domain": "b.example", "path": "/x", "expires": -1, "session": True},
    {"name": "bad", "value": "a\tb\nc", "domain": "c.example"},
    {"name": "", "value": "x", "domain": ""},
]  # fmt: skip


def test_cookies_are_for_this_user_alone(tmp_path: Path) -> None:
    import http.cookiejar

    (tmp_path / "cookies.txt").write_text("left over")
    file = written(COOKIES, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    jar = http.cookiejar.MozillaCookieJar(str(file))
    jar.load(ignore_discard=True, ignore_expires=True)
    assert {(c.domain, c.name, c.value, c.path, c.secure) for c in jar} == {
        (".a.example", "sid", "v", "/", True),
        ("b.example", "s", "", "/x", False),
    }
    assert "bad" not in netscape(COOKIES)
