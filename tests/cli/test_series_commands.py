"""Series and the downloader on the command line; killed in the middle, too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.film import film
from fakes.processes import lingering
from fakes.site import Page, Site, html, serving
from fakes.warm import begun
from holdfast.compose import open_holdfast
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job

pytestmark = pytest.mark.no_cover

MP4 = {"Content-Type": "video/mp4"}


def holdfast(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "holdfast", *words, "--data", str(data), "--lang", "en"]
    return subprocess.run(begun(line), capture_output=True, text=True, timeout=180, env=quiet())


def quiet() -> dict[str, str]:
    settings = {**os.environ, "LANG": "C.UTF-8"}
    settings.pop("DISPLAY", None)
    return settings


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return json.loads(done.stdout)["series"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A series of five: the second is gone, the third no video, the fourth cut, the sixth paid."""
    whole = film(tmp_path / "film.mp4")
    linked = {
        "@type": "TVSeries",
        "name": "五集",
        "numberOfEpisodes": 6,
        "episode": [
            {"@type": "TVEpisode", "episodeNumber": n, "name": f"第{n}集", "url": f"/ep/{n}",
             "isAccessibleForFree": n < 6}
            for n in range(1, 7)
        ],
    }  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    short = Page(whole[:-500], headers=MP4 | {"Accept-Ranges": "none"}, declared=len(whole))
    pages: dict[str, Page | str] = {
        "/s": html(script),
        "/ep/1": html("<video src=/1.mp4></video>"),
        "/ep/3": html("<p>not a film"),
        "/ep/4": html("<video src=/4.mp4></video>"),
        "/ep/5": html("<video src=/5.mp4></video>"),
        "/ep/6": html("<video src=/6.mp4></video>"),
        "/1.mp4": Page(whole, headers=MP4),
        "/4.mp4": short,
        "/5.mp4": Page(whole + b"\0" * 64, headers=MP4),
    }
    with serving(pages) as made:
        yield made


def test_each_episode_ends_as_it_deserves(site: Site, data: Path) -> None:
    (listed,) = told(holdfast("series", "list", site.url("/s"), "--json", data=data))
    assert [one["access"] for one in listed["episodes"]] == ["free"] * 5 + ["paid"]
    assert {one["state"] for one in listed["episodes"]} == {"listed"}
    done = holdfast("series", "keep", site.url("/s"), "--case", "HF", "--json", data=data)
    assert done.returncode == 3
    (kept,) = told(done)
    states = [(one["state"], one["code"], one["complete"]) for one in kept["episodes"]]
    assert states == [
        ("kept", "", True),
        ("failed", "http_status", True),
        ("failed", "video_unsupported", True),
        ("kept", "", False),
        ("kept", "", True),
        ("skipped", "episode_paid", True),
    ]
    assert "/ep/6" not in site.asked
    assert len(kept["inventories"]) == 2
    assert "evidence browser" in done.stderr
    site.pages["/ep/2"] = Page(html("<video src=/1.mp4></video>"))
    again = holdfast("series", "resume", "HF", "--again", "--json", data=data)
    (kept,) = told(again)
    assert [one["state"] for one in kept["episodes"]] == [
        "kept", "kept", "failed", "kept", "kept", "skipped",
    ]  # fmt: skip
    people = holdfast("series", "list", "HF", data=data)
    assert "6 episodes, 1 of them paid (the page says 6)" in people.stdout
    assert "kept (incomplete)" in people.stdout
    assert people.returncode == 3


def test_a_link_that_is_a_series_keeps_every_episode(site: Site, data: Path) -> None:
    done = holdfast("keep", site.url("/s"), "--as", "video", "--json", data=data)
    body = json.loads(done.stdout)
    assert [one["source"] for one in body["exhibits"]] == ["series", "video", "video", "video"]
    assert {one["code"] for one in body["failed"]} == {"http_status", "video_unsupported"}
    assert done.returncode == 0


def test_bad_wishes_are_one_sentence(site: Site, data: Path) -> None:
    done = holdfast("series", "keep", site.url("/s"), "--episodes", "9-8", data=data)
    assert done.returncode == 1
    assert "not clear which episodes" in done.stderr
    none = holdfast("series", "list", site.url("/ep/3"), data=data)
    assert (none.returncode, "No series was found" in none.stderr) == (1, True)
    made = json.loads(holdfast("case", "new", "x", "--json", data=data).stdout)
    number = made["case"]["number"]
    for verb in ("list", "pause"):
        assert "no series in this case" in holdfast("series", verb, number, data=data).stdout


def killed(line: list[str], until: threading.Event) -> None:
    """The command runs until then, and is then killed with everything it started."""
    running = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet(),
        start_new_session=True,
    )  # fmt: skip
    assert until.wait(90)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()


def test_kill_9_in_the_middle_loses_nothing_and_doubles_nothing(tmp_path: Path, data: Path) -> None:
    whole = film(tmp_path / "film.mp4")
    third, stay = threading.Event(), threading.Event()

    def slow() -> None:
        third.set()
        stay.wait(60)

    pages: dict[str, Page | str] = {
        "/s": html("".join(f"<a href=/s/{n}>第{n}集</a>" for n in range(1, 7)))
    }
    for n in range(1, 7):
        pages[f"/s/{n}"] = html(f"<video src=/{n}.mp4></video>")
        pages[f"/{n}.mp4"] = Page(whole + bytes([n]) * 8, headers=MP4)
    pages["/3.mp4"] = Page(whole[:2000], headers=MP4, declared=len(whole), slow=slow)
    with serving(pages) as site:
        line = [sys.executable, "-m", "holdfast", "--data", str(data), "series", "keep"]
        killed([*line, site.url("/s")], third)
        stay.set()
        site.pages["/3.mp4"] = Page(whole + b"3" * 8, headers=MP4)
        # Its downloader notices that nobody listens any more.
        assert lingering(str(data)) == {}
        done = holdfast("series", "resume", "HF", "--json", data=data)
    assert done.returncode == 0, done.stderr
    (kept,) = told(done)
    assert [one["state"] for one in kept["episodes"]] == ["kept"] * 6
    exhibits = [one["exhibit"] for one in kept["episodes"]]
    assert len(set(exhibits)) == 6
    opened = open_holdfast(data)
    try:
        every = opened._store.all(Exhibit)
        films = [
            (one.url.rpartition("/")[2], one.artifacts[0].digest.sha256)
            for one in every
            if one.source == "video" and one.complete
        ]
        assert sorted(n for n, _ in films) == ["1", "2", "3", "4", "5", "6"]
        assert len({digest for _, digest in films}) == 6
        assert opened.verify(["HF"], Job()).verdict in ("ok", "weak", "unchecked")
    finally:
        opened.close()


def test_one_queue_is_worked_on_by_one_program(site: Site, data: Path) -> None:
    opened = open_holdfast(data)
    try:
        file = opened.inventory(site.url("/s"), Job())
        opened.choose_episodes(file.series.id, "1")
        assert [one.left for one in opened.standings()] == [1]
        with opened._alone(file.series.id):
            assert opened.standings()[0].running
            done = holdfast("series", "resume", "HF", data=data)
            assert (done.returncode, "already being kept" in done.stderr) == (1, True)
        opened.pause_series(file.series.id)
        after = opened.keep_episodes(file.series.id, Job())
        assert after.episodes[0].state == "kept"
        assert opened.known_series("HF") == (after.series,)
    finally:
        opened.close()


def test_which_downloader_is_used(data: Path, tmp_path: Path) -> None:
    shown = holdfast("ytdlp", "show", "--json", data=data)
    assert json.loads(shown.stdout)["downloader"]["newer"] == ""
    assert holdfast("ytdlp", "update", data=data).returncode == 2
    (tmp_path / "x.whl").write_bytes(b"no")
    done = holdfast("ytdlp", "update", str(tmp_path / "x.whl"), data=data)
    assert (done.returncode, "cannot be used" in done.stderr) == (1, True)
    assert holdfast("ytdlp", "update", "--bundled", data=data).returncode == 0
