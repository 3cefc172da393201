"""The downloader's own judgement, without its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yt_dlp
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadCancelled, DownloadError, GeoRestrictedError, UnsupportedError

from fakes.film import film
from holdfast.adapters import downloader
from holdfast.adapters.downloader import Guard, Inside
from holdfast.adapters.films import inspected


def test_the_guard_lets_only_the_open_internet_and_what_was_named_through() -> None:
    guard = Guard(frozenset({("127.0.0.1", 8000)}))
    guard.judge(("93.184.216.34", 443))
    guard.judge(("2606:2800:220:1::1", 443, 0, 0))
    guard.judge(("127.0.0.1", 8000))
    guard.judge(("127.0.0.1", 8000))
    guard.judge(None)
    for address in (
        ("127.0.0.1", 8001),
        ("10.0.0.1", 80),
        ("::1", 8000, 0, 0),
        ("fe80::1%eth0", 80, 0, 2),
        ("169.254.169.254", 80),
        ("localhost", 8000),
        "/run/secrets.sock",
        (1,),
    ):
        with pytest.raises(Inside):
            guard.judge(address)
    assert guard.reached == ["93.184.216.34:443", "[2606:2800:220:1::1]:443", "127.0.0.1:8000"]
    assert guard.refused[0] == "127.0.0.1:8001"


def test_the_guard_lets_no_other_program_start() -> None:
    guard = Guard(frozenset())
    guard._heard("subprocess.Popen", ("/opt/deno", [], None, None))
    guard._heard("open", ("/etc/hosts",))
    for event, arguments in (
        ("subprocess.Popen", ("/usr/bin/ffmpeg", [], None, None)),
        ("subprocess.Popen", (b"curl", [], None, None)),
        ("os.system", ("deno",)),
        ("os.fork", ()),
    ):
        with pytest.raises(PermissionError):
            guard._heard(event, arguments)
    with pytest.raises(Inside):
        guard._heard("socket.connect", (None, ("127.0.0.1", 1)))


def test_once_watching_the_guard_cannot_be_passed() -> None:
    """Tried in a process of its own, for an audit hook stays for good."""
    script = """
import socket, subprocess, sys, os
from holdfast.adapters.downloader import Guard
guard = Guard(frozenset()); guard.watch()
door = socket.socket()
for act in (
    lambda: door.connect(("127.0.0.1", 9)),
    lambda: door.connect_ex(("127.0.0.1", 9)),
    lambda: socket.create_connection(("localhost", 9)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
):
    try: act()
    except OSError as error: print(type(error).__name__)
    else: print("passed")
"""
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True)
    assert said.stdout.decode().split() == ["Inside"] * 4 + ["PermissionError"] * 2


def failed(cause: Exception, text: str = "ERROR: trouble") -> DownloadError:
    return DownloadError(text, (type(cause), cause, None))


class Answer:
    status, reason, url = 403, "Forbidden", "https://example.com/"

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DownloadCancelled("too large"), "too_large"),
        (failed(GeoRestrictedError("not here")), "region"),
        (failed(UnsupportedError("https://x.example/")), "unsupported"),
        (failed(HTTPError(Answer())), "http"),
        (failed(OSError(28, "No space left on device")), "disk"),
        (DownloadError("ERROR: Fresh cookies (not necessarily logged in) are needed"), "cookies"),
        (DownloadError("ERROR: Sign in to confirm your age"), "login"),
        (DownloadError("ERROR: This video is DRM protected"), "protected"),
        (DownloadError("ERROR: Not available in your country"), "region"),
        (DownloadError("ERROR: This video has been removed"), "removed"),
        (DownloadError("ERROR: The read operation timed out"), "network"),
        (DownloadError("ERROR: something else"), "other"),
    ],
)
def test_troubles_are_sorted_by_what_can_be_done(error: Exception, kind: str) -> None:
    told = downloader._told(error)
    assert told["kind"] == kind
    if kind == "http":
        assert told["status"] == 403
    if kind == "disk":
        assert told["number"] == 28


def test_what_a_site_says_of_a_video_is_bounded() -> None:
    video: dict[str, Any] = {
        "title": "长" * 5000 + " (1)",
        "channel": "桃花剧场",
        "duration": 9.5,
        "view_count": 12,
        "like_count": "many",
        "extractor_key": "Thing",
        "requested_downloads": [{"format_id": "x" * 100}],
    }
    about = downloader._about(video)
    assert (len(about["title"]), about["account"], about["duration_ms"]) == (1000, "桃花剧场", 9500)
    assert about["counts"] == {"view_count": 12}
    assert about["formats"] == ["x" * 60]
    assert downloader._about({})["duration_ms"] is None


def test_films_are_looked_into(tmp_path: Path) -> None:
    film(tmp_path / "bright.mp4")
    film(tmp_path / "black.mp4", black=True)
    (tmp_path / "garbage.mp4").write_bytes(b"garbage" * 100)
    bright, black, garbage = (
        inspected(tmp_path / f"{name}.mp4") for name in ("bright", "black", "garbage")
    )
    assert (bright["video"], bright["audio"], bright["colour"]) == (True, True, "")
    assert (bright["width"], bright["height"]) == (160, 90)
    assert abs(bright["duration_ms"] - 2000) < 200
    assert (black["audio"], black["colour"]) == (False, "luma 16-16")
    assert (garbage["video"], garbage["frames"]) == (False, 0)
    assert garbage["broken"].startswith("InvalidDataError")


def test_sound_alone_is_no_picture(tmp_path: Path) -> None:
    import av
    import numpy as np

    with av.open(str(tmp_path / "tone.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    facts = inspected(tmp_path / "tone.wav")
    assert (facts["video"], facts["audio"], facts["broken"]) == (False, True, "")


def test_a_file_that_is_not_there_is_broken(tmp_path: Path) -> None:
    assert inspected(tmp_path / "nothing.mp4")["broken"]


def test_the_worker_says_in_one_line_what_it_ran_into(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    order = {
        "do": "get",
        "url": "http://127.0.0.1:9/",
        "room": str(blocked),
        "allow": [],
        "limit": 1,
    }
    said = subprocess.run(
        [sys.executable, "-P", "-m", "holdfast.adapters.downloader"],
        input=json.dumps(order).encode(),
        capture_output=True,
        env=os.environ | {"http_proxy": "http://127.0.0.1:1"},
    )
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert said.returncode == 1
    assert lines[-1]["event"] == "error"
    assert lines[-1]["refused"] == ["127.0.0.1:9"]
    assert lines[0]["version"] == yt_dlp.version.__version__
