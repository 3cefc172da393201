"""``holdfast browse`` as a person types it: a real window, a word a wish, an object at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.acceptance import need
from fakes.film import film
from fakes.keys import carrying, readings
from fakes.login import KEYS, LOG_IN, WORDS, login_site
from fakes.processes import alive, all_end, handles, lingering
from fakes.screen import display
from fakes.site import Page, html, serving
from fakes.warm import begun
from holdfast.compose import open_holdfast
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.job import Job

pytestmark = [pytest.mark.xdist_group("evidence_browser"), pytest.mark.no_cover]

AUTO = (
    f"<form method=post action=/login><input type=password name=p></form><script>{LOG_IN}</script>"
)
"""A page that logs in whoever opens it."""


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    need("chromium")
    with display() as name:
        yield name


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def environment(screen: str) -> dict[str, str]:
    settings = {**os.environ, "LANG": "C.UTF-8", "DISPLAY": screen}
    settings.pop("WAYLAND_DISPLAY", None)
    if not screen:
        settings.pop("DISPLAY")
    return settings


def holdfast(screen: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        begun([sys.executable, "-m", "holdfast", *words]),
        capture_output=True,
        text=True,
        input=typed,
        env=environment(screen),
        timeout=180,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


@contextmanager
def browsing(screen: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command while it runs, past its first words."""
    command = [sys.executable, "-m", "holdfast", "browse", *words, "--json", "--lang", "en"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment(screen), **pipes) as process:
        try:
            read_until(process, "Type: keep")
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if words in line:
            return seen
    raise AssertionError(seen)


def files(body: Any, number: int = 0) -> set[str]:
    return {artifact["path"] for artifact in body["exhibits"][number]["artifacts"]}


def test_pages_are_kept_one_word_at_a_time_and_the_login_lasts(screen: str, data: Path) -> None:
    script = "location.search || (location = '?in')"
    form = f"<script>{script}</script>{WORDS}"
    with login_site(page=html(WORDS, "一页"), other=html(form, "另一页")) as site:
        words = ("browse", site.url("/page"), "--json", "--data", str(data))
        typed = "nonsense\nkeep\nscroll\nshot\ngo javascript:alert(1)\nquit\n"
        done = holdfast(screen, *words, typed=typed)
        assert done.returncode == 0, done.stderr
        body = json.loads(done.stdout)
        assert len(body["exhibits"]) == 3
        assert body["failed"] == []
        assert all(one["complete"] for one in body["exhibits"])
        assert files(body) >= {"files/page.png", "files/page.mhtml", "files/browser.json"}
        assert (body["profile"]["used"], body["ended"]) == (1, "closed")
        assert "link_not_web" not in done.stderr
        number = body["case"]["number"]
        again = holdfast(
            screen, "browse", site.url("/page"), "--case", number, "--json", "--data", str(data),
            typed="shot\n",
        )  # fmt: skip
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["profile"]["used"] == 2
    verified = holdfast(screen, "verify", number, "--json", "--quiet", "--data", str(data))
    assert json.loads(verified.stdout)["verdict"] == "unchecked"
    assert lingering(str(data)) == {}


def test_a_profile_is_used_by_keep_and_never_leaves(
    screen: str, data: Path, tmp_path: Path
) -> None:
    """Logged in by hand, kept unattended; no pack has anything of the log-in in it."""
    with login_site(auto=html(AUTO, "登录")) as site:
        shared = ("--json", "--data", str(data))
        new = json.loads(holdfast(screen, "case", "new", "x", *shared).stdout)
        number = new["case"]["number"]
        early = holdfast(screen, "keep", site.url(), "--case", number, "--profile", *shared)
        assert early.returncode == 1
        assert "no browser with a log-in" in early.stderr
        with browsing(screen, site.url("/auto"), "--case", number, "--data", str(data)) as process:
            refused = holdfast(
                screen, "keep", site.url(), "--case", number, "--profile", "--as", "page", *shared
            )
            assert "open somewhere else" in refused.stderr
            second = holdfast(screen, "browse", "--case", number, *shared)
            assert second.returncode == 1
            assert "open somewhere else" in second.stderr
            while "POST /api" not in site.asked:
                assert process.poll() is None
                time.sleep(0.02)
            out, _ = process.communicate("shot\nkeep\nquit\n", timeout=120)
            assert len(json.loads(out)["exhibits"]) == 2
        kept = holdfast(
            screen, "keep", site.url(), "--case", number, "--profile", "--as", "page", *shared
        )
        assert kept.returncode == 0, kept.stderr
        body = json.loads(kept.stdout)
        assert body["exhibits"][0]["title"] == "我的页面"
        fresh = holdfast(screen, "keep", site.url(), "--case", number, "--as", "page", *shared)
        assert json.loads(fresh.stdout)["exhibits"][0]["title"] == "登录"
    pack = tmp_path / "pack"
    exported = holdfast(screen, "export", "--case", number, "--out", str(pack), *shared)
    assert exported.returncode == 0, exported.stderr
    verified = json.loads(holdfast(screen, "verify", str(pack), *shared).stdout)
    assert verified["verdict"] == "unchecked", "only a time-stamp is wanting"
    records = [json.loads(one.read_text()) for one in pack.rglob("browser.json")]
    assert sorted(one["profile"]["kind"] for one in records) == ["case", "case", "case", "fresh"]
    assert {one["opened_by"] for one in records} == {"person", "program"}
    assert carrying(pack, KEYS) == []
    assert carrying(data / "objects", KEYS) == []
    headers = [
        {
            one["name"].lower(): one["value"]
            for one in json.loads(kept.read_text())["document"]["headers"]
        }
        for kept in pack.rglob("page.json")
    ]
    assert [one.get("set-cookie") for one in headers].count("[withheld]") == 2
    told = b"".join(data for one in pack.rglob("page.wacz") for data in readings(one.read_bytes()))
    assert "只有登录后才看得到".encode() in told, "what the page itself said stays"
    assert b"POST /api HTTP/1.1" in told
    assert not [one for one in pack.rglob("*") if "profile" in one.name or "ookie" in one.name]
    gone = holdfast(screen, "browse", "--case", number, "--forget", *shared)
    assert gone.returncode == 0
    assert "what was kept stays" in gone.stderr
    assert list((data / "profiles").iterdir()) == []
    assert holdfast(screen, "browse", "--case", number, "--forget", *shared).returncode == 1


def test_a_video_is_kept_with_the_log_in(screen: str, data: Path, tmp_path: Path) -> None:
    clip = film(tmp_path / "film.mp4")
    with serving({"/film.mp4": Page(clip, headers={"Content-Type": "video/mp4"})}) as site:
        site.pages["/"] = Page(html(f"{WORDS}<video src='{site.url('/film.mp4')}'></video>"))
        done = holdfast(
            screen, "browse", site.url(), "--json", "--data", str(data), typed="video\nquit\n"
        )
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["exhibits"][0]["source"] == "video"
    assert not any("cookie" in path for path in files(body))


def test_a_series_behind_a_log_in_is_listed_and_kept_with_it(
    screen: str, data: Path, tmp_path: Path
) -> None:
    """Nobody else sees its list, and each episode asks for the log-in again."""
    with login_site(auto=html(AUTO, "登录")) as site:
        parts = []
        for number in (1, 2):
            clip = film(tmp_path / f"{number}.mp4", seconds=number)
            site.inside[f"/{number}.mp4"] = clip
            page = html(
                f"{WORDS}<video src='{site.url(f'/{number}.mp4')}'></video>", f"第{number}集"
            )
            site.inside[f"/episode/{number}"] = page.encode()
            url = site.url(f"/episode/{number}")
            part = {"@type": "TVEpisode", "episodeNumber": number, "name": f"第{number}集"}
            parts.append({**part, "url": url})
        series = {"@context": "https://schema.org", "@type": "TVSeries", "name": "桃花簪"}
        told = json.dumps({**series, "episode": parts})
        page = f"<script type='application/ld+json'>{told}</script>{WORDS}"
        site.inside["/series"] = html(page, "桃花簪").encode()
        shared = ("--json", "--data", str(data))
        new = json.loads(holdfast(screen, "case", "new", "x", *shared).stdout)
        number = new["case"]["number"]
        link = site.url("/series")
        listing = ("series", "list", link, "--profile")
        assert holdfast(screen, *listing, *shared).returncode == 2, "whose log-in?"
        early = holdfast(screen, *listing, "--case", number, *shared)
        assert early.returncode == 1
        assert "no browser with a log-in" in early.stderr
        typed = "shot\nquit\n"
        words = ("browse", site.url("/auto"), "--case", number)
        assert holdfast(screen, *words, *shared, typed=typed).returncode == 0
        outside = holdfast(screen, "series", "list", link, "--case", number, *shared)
        assert outside.returncode != 0, "who is not in sees no series"
        listed = holdfast(screen, *listing, "--case", number, *shared)
        assert listed.returncode == 0, listed.stderr
        assert len(json.loads(listed.stdout)["series"][0]["episodes"]) == 2
        words = ("keep", link, "--case", number, "--profile", "--as", "video")
        kept = holdfast(screen, *words, *shared)
        assert kept.returncode == 0, kept.stderr
        body = json.loads(kept.stdout)
        assert [one["source"] for one in body["exhibits"]] == ["series", "video", "video"]
        # Taken again, now without being told: it is known to be the person's own.
        again = holdfast(screen, "series", "list", link, "--case", number, *shared)
        assert again.returncode == 0, again.stderr
        (series,) = json.loads(again.stdout)["series"]
        assert series["logged_in"]
        assert len(series["inventories"]) == 3
        shown = holdfast(screen, "series", "list", number, "--lang", "en", "--data", str(data))
        assert "Listed with the log-in of this case." in shown.stdout
    stored = [one.read_bytes() for one in (data / "objects").rglob("*") if one.is_file()]
    lists = [one for one in stored if b"holdfast-inventory/1" in one and one.startswith(b"{")]
    assert {json.loads(one)["logged_in"] for one in lists} == {True}
    assert {site.inside["/1.mp4"], site.inside["/2.mp4"]} <= set(stored)
    assert carrying(data / "objects", KEYS) == []
    assert not list(data.rglob("cookies.txt"))


def test_a_closed_window_ends_the_command_with_a_sentence(screen: str, data: Path) -> None:
    with (
        login_site(page=html(WORDS, "一页")) as site,
        browsing(screen, site.url("/page"), "--data", str(data)) as process,
    ):
        for number in alive(str(data / "profiles")):
            try:
                os.kill(number, 9)
            except ProcessLookupError:
                pass
        told = read_until(process, "ended unexpectedly")
        out, _ = process.communicate(timeout=60)
    assert "Traceback" not in told
    body = json.loads(out)
    assert (body["ended"], body["exhibits"], process.returncode) == ("gone", [], 0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("browse", "file:///etc/passwd"), 1),
        (("browse", "http://169.254.169.254/"), 1),
        (("browse", "--forget"), 2),
        (("browse", "--case", "HF-1999-0001"), 1),
        (("keep", "https://a.example/", "--profile"), 2),
    ],
)
def test_bad_wishes_are_one_sentence(
    screen: str, data: Path, words: tuple[str, ...], code: int
) -> None:
    done = holdfast(screen, *words, "--data", str(data))
    assert done.returncode == code
    assert done.stderr.strip()


def test_without_a_screen_or_a_browser_it_says_so(data: Path, tmp_path: Path) -> None:
    need("chromium")
    done = holdfast("", "browse", "--data", str(data), "--lang", "en")
    assert done.returncode == 3
    assert "no screen" in done.stderr
    assert not (data / "profiles").exists()


def test_no_window_outlives_us(screen: str, data: Path) -> None:
    """Killed without a chance to close it."""
    with (
        login_site(page=html(WORDS, "一页")) as site,
        browsing(screen, site.url("/page"), "--data", str(data)) as process,
    ):
        mark = str(data / "profiles")
        browsers = handles(mark, besides=process.pid)
        assert browsers
        process.kill()
        assert all_end(browsers), "a browser was left behind"


def test_closing_holdfast_closes_the_browser_and_worlds_stay_apart(
    screen: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    opened = open_holdfast(data)
    with login_site(page=html(WORDS, "一页")) as site:
        practice = opened._store.open_case("x", "practice")
        with pytest.raises(Refused, match="mixed_worlds"):
            opened.browse(Job(), practice.id, site.url("/page"))
        with pytest.raises(Unavailable, match="browse_over"):
            opened.browse_keep(practice.id, "page", Job())
        assert opened.browsing() is None
        at_site = opened._practice_world().site_url
        opened.browse(Job(), practice.number, at_site)
        found = opened.browsing(practice.number)
        assert found is not None
        assert found.case_id == practice.id
        with pytest.raises(Refused, match="mixed_worlds"):
            opened.browse_to(practice.id, site.url("/page"), Job())
        with pytest.raises(Refused, match="browse_open"):
            opened.browse(Job(), practice.id)
        kept = opened.browse_keep(practice.id, "shot", Job())
        assert kept.exhibits[0].url == at_site
    opened.close()
    assert lingering(str(data / "profiles")) == {}
    assert not found.ended
    assert opened.browsing().ended == "closed"  # type: ignore[union-attr]  # there was one
