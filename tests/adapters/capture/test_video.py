"""Real yt-dlp, in its own process, against pages with a film."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fakes.processes import lingering
from fakes.site import Page, html, serving
from holdfast.adapters import ytdlp
from holdfast.adapters.capture import Means, video
from holdfast.adapters.capture.video import Video
from holdfast.adapters.clock import SystemClock
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job, Progress
from holdfast.practice.world import PracticeWorld

MP4 = {"Content-Type": "video/mp4"}


def keep(means: Means, url: str, room: Path) -> Captured:
    return Video(means).capture(url, room, Job())


def checks(captured: Captured) -> dict[str, tuple[str, str]]:
    return {check.check: (check.outcome, check.detail) for check in captured.completeness}


def watch(title: str, film: str = "/film.mp4") -> str:
    return html(f'<video src="{film}" poster="/cover.jpg"></video>', title)


def test_the_original_is_kept_to_the_byte(means: Means, room: Path, bright: bytes) -> None:
    title = "../../第3集 \u202egnp {{7*7}} <b>=cmd 😀" + "长" * 300
    pages = {
        "/watch": watch(title.replace("<", "&lt;")),
        "/film.mp4": Page(bright, headers=MP4),
        "/cover.jpg": Page(b"\xff\xd8\xff", headers={"Content-Type": "image/jpeg"}),
    }
    steps: list[Progress] = []
    with serving(pages) as site:
        captured = Video(means).capture(site.url("/watch"), room, Job(steps.append))
        assert captured.network is not None
        assert captured.network.address == site.pair
    files = {file.path: file for file in captured.files}
    assert list(files) == [
        "files/video.mp4",
        "files/cover.jpg",
        "files/download.log",
        "files/info.json",
        "files/video.json",
    ]
    assert files["files/video.mp4"].at.read_bytes() == bright
    assert [file.role for file in captured.files] == ["original", *["record"] * 4]
    assert json.loads(files["files/info.json"].at.read_bytes())["ext"] == "mp4"
    assert str(room) not in files["files/info.json"].at.read_text(encoding="utf-8")
    assert str(room) not in files["files/download.log"].at.read_text(encoding="utf-8")
    assert "\u202e" not in files["files/video.mp4"].name
    assert "第3集" in files["files/video.mp4"].name
    assert captured.observations.title.startswith("../../第3集")
    assert "\u202e" not in captured.observations.title
    found = checks(captured)
    assert found["download_whole"] == ("pass", str(len(bright)))
    assert found["video_track"][0] == found["audio_track"][0] == "pass"
    assert found["video_frames"][0] == found["picture_content"][0] == "pass"
    assert captured.complete
    tool = captured.components[0]
    assert (tool.name, len(tool.sha256)) == ("yt-dlp", 64)
    assert any(step.stage == "saving" and step.total == len(bright) for step in steps)


def test_the_hash_of_the_downloader_can_be_made_by_anyone(tmp_path: Path) -> None:
    import subprocess

    from holdfast.adapters.downloader import package_sha256

    package = tmp_path / "thing"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("one")
    (package / "inner" / "b.py").write_text("two")
    (package / "inner.py").write_text("three")
    (package / "data.bin").write_text("not counted")
    command = "find thing -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    said = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert said.stdout.decode().split()[0] == package_sha256(str(package / "__init__.py"))
    assert package_sha256(str(tmp_path / "bundle" / "__init__.pyc")) == ""


def test_black_and_silent_is_said(means: Means, room: Path, black: bytes) -> None:
    with serving({"/film.mp4": Page(black, headers=MP4)}) as site:
        captured = keep(means, site.url("/film.mp4"), room)
    found = checks(captured)
    assert found["picture_content"][0] == "fail"
    assert found["audio_track"][0] == "warn"
    assert not captured.complete


def test_a_file_that_is_no_film_is_said(means: Means, room: Path) -> None:
    """It is really a list that would lead elsewhere; nothing follows it."""
    with serving({"/": "secret"}) as inside:
        lying = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{inside.url('/part.ts')}\n"
        with serving({"/film.mp4": Page(lying, headers=MP4)}) as site:
            captured = keep(means, site.url("/film.mp4"), room)
        assert inside.asked == []
    assert checks(captured)["video_track"][0] == "fail"
    assert not captured.complete


def test_a_download_that_breaks_off_is_kept_and_red(
    means: Means, room: Path, bright: bytes
) -> None:
    short = Page(bright[:-500], headers=MP4 | {"Accept-Ranges": "none"}, declared=len(bright))
    with serving({"/film.mp4": short}) as site:
        captured = keep(means, site.url("/film.mp4"), room)
    assert checks(captured)["download_whole"][0] == "fail"
    (original,) = [file for file in captured.files if file.role == "original"]
    assert bright.startswith(original.at.read_bytes())
    assert original.path == "files/video.mp4"
    assert not captured.complete


def code(means: Means, url: str, room: Path) -> tuple[type[HoldfastError], str]:
    with pytest.raises(HoldfastError) as caught:
        keep(means, url, room)
    assert list(room.rglob("*")) == []
    return type(caught.value), caught.value.code


def test_where_nothing_can_be_had(means: Means, room: Path, bright: bytes) -> None:
    with serving({"/film.mp4": Page(bright, headers=MP4)}) as inside:
        pages = {
            "/loopback": Page("", 302, {"Location": inside.url("/film.mp4")}),
            "/within": watch("x", inside.url("/film.mp4")),
            "/page": html("<p>no film here"),
            "/500": Page("broken", 500),
        }
        with serving(pages) as site:
            assert code(means, site.url("/loopback"), room) == (Refused, "link_private")
            assert code(means, site.url("/within"), room) == (Refused, "link_private")
            assert code(means, site.url("/page"), room) == (Unavailable, "video_unsupported")
            assert code(means, site.url("/500"), room) == (Unavailable, "http_status")
        assert inside.asked == []
    assert code(means, site.url("/"), room) == (Unavailable, "host_unreachable")


@pytest.mark.parametrize("link", ["file:///etc/passwd", "javascript:alert(1)", "ytsearch:x"])
def test_other_links_are_refused(means: Means, room: Path, link: str) -> None:
    assert not Video(means).suits(link)
    assert code(means, link, room) == (Refused, "link_not_web")


def test_a_film_beyond_the_limit_is_refused(
    means: Means, room: Path, bright: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "LARGEST", 1000)
    with serving({"/film.mp4": Page(bright, headers=MP4)}) as site:
        assert code(means, site.url("/film.mp4"), room) == (Refused, "video_too_large")


def test_a_series_is_not_one_video(means: Means, room: Path, tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path / "world", SystemClock()) as world:
        feed = world.series_url + "/feed.xml"
        assert code(means, feed, room) == (Refused, "video_series")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("raise SystemExit(3)", "downloader_gone"),
        ("print('garbage', flush=True)", "downloader_gone"),
        ("import os; os.kill(os.getpid(), 9)", "downloader_gone"),
        ("import time; print('{}', flush=True); time.sleep(60)", "host_slow"),
    ],
)
def test_a_worker_that_fails_is_ended(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    mark = f"mark={room}"
    command = [sys.executable, "-c", f"import sys; sys.stdin.readline(); {script}", mark]
    monkeypatch.setattr(ytdlp, "_command", lambda: command)
    # Only who says nothing is waited for; on a busy computer, others take a while to begin.
    patience = 0.5 if expected == "host_slow" else 60
    monkeypatch.setattr(ytdlp, "SILENCE_SECONDS", patience)
    with serving({"/film.mp4": "x"}) as site:
        assert code(means, site.url("/film.mp4"), room) == (Unavailable, expected)
    assert lingering(mark) == {}


def test_a_worker_that_cannot_start(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ytdlp, "_command", lambda: [str(room / "nothing")])
    with serving({"/film.mp4": "x"}) as site:
        assert code(means, site.url("/film.mp4"), room) == (Unavailable, "downloader_gone")


def test_a_bundle_asks_itself_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert ytdlp._command() == [sys.executable, "--worker", "downloader"]


# --- judgement alone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"kind": "network", "text": "x", "refused": ["10.0.0.1:80"]}, "link_private"),
        ({"kind": "http", "status": 403, "text": ""}, "http_status"),
        ({"kind": "network", "text": ""}, "host_unreachable"),
        ({"kind": "disk", "number": 28, "text": ""}, "disk_full"),
        ({"kind": "disk", "number": 13, "text": "denied"}, "video_failed"),
        ({"kind": "series", "count": 8, "text": ""}, "video_series"),
        ({"kind": "too_large", "text": ""}, "video_too_large"),
        ({"kind": "login", "text": ""}, "video_login"),
        ({"kind": "cookies", "text": ""}, "video_cookies"),
        ({"kind": "wheel", "text": ""}, "wheel_unusable"),
        ({"kind": "region", "text": ""}, "video_region"),
        ({"kind": "removed", "text": ""}, "video_removed"),
        ({"kind": "protected", "text": ""}, "video_protected"),
        ({"kind": "other", "text": "what\x1b"}, "video_failed"),
    ],
)
def test_each_trouble_has_its_code(error: ytdlp.Line, code: str) -> None:
    trouble = ytdlp.trouble(error, "example.com")
    assert trouble.code == code
    assert "\x1b" not in str(trouble)


def test_why_there_is_no_file() -> None:
    live, large, none = ytdlp.Run(), ytdlp.Run(), ytdlp.Run()
    live.hear({"event": "video", "live": True})
    large.hear({"event": "log", "level": "info", "text": "File is larger than max-filesize"})
    assert video._nothing(live, "h").code == "video_live"
    assert video._nothing(large, "h").code == "video_too_large"
    assert video._nothing(none, "h").code == "video_unsupported"


FILM = {
    "event": "inspected", "file": "video-1-0.mp4", "video": True, "audio": True, "frames": 16,
    "duration_ms": 9000, "colour": "", "broken": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("said_ms", "film", "name", "expected"),
    [
        (9400, {}, "video_length", ("pass", "9000/9400")),
        (60_000, {}, "video_length", ("fail", "9000/60000")),
        (None, {}, "video_length", ("not_checked", "9000")),
        (9000, {"duration_ms": None}, "video_length", ("not_checked", "")),
        (None, {"frames": 0}, "video_frames", ("fail", "0")),
        (None, {"broken": "InvalidDataError"}, "video_frames", ("fail", "InvalidDataError")),
        (None, {"video": False}, "video_frames", ("not_checked", "")),
        (None, {"video": False}, "picture_content", ("not_checked", "")),
        (None, {"video": False}, "video_track", ("fail", "")),
    ],
)
def test_films_are_judged(
    said_ms: int | None, film: ytdlp.Line, name: str, expected: tuple[str, str]
) -> None:
    run = ytdlp.Run()
    run.hear({"event": "video", "duration_ms": said_ms})
    run.hear(FILM | film)
    found = {one.check: (one.outcome, one.detail) for one in video._checks(run, {})}
    assert found[name] == expected


def test_a_size_that_was_never_told_is_not_checked() -> None:
    run = ytdlp.Run()
    assert video._whole(run, {"video-1-0.mp4": 5}).outcome == "not_checked"
    run.hear(
        {"event": "progress", "file": "video-1-0.mp4", "done": 5, "total": 9, "finished": True}
    )
    assert video._whole(run, {"video-1-0.mp4": 5}).detail == "5/9"
    run.hear({"event": "error", "kind": "network", "text": ""})
    assert video._whole(run, {"video-1-0.mp4": 9}).outcome == "fail"


def test_what_was_only_needed_on_the_way_is_cleared(tmp_path: Path) -> None:
    for name in ("video-1-0.mp4", "video-1-0.mp4.ytdl", "video-1-0.mp4.part-Frag3", "cover-1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "video-2-0.mp4.part").touch()
    assert video._originals(tmp_path) == {"video-1-0.mp4": 1}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cover-1.jpg", "video-1-0.mp4"]


def test_two_originals_keep_their_numbers(means: Means, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in (
        "video-1-f1.mp4",
        "video-1-f2.m4a",
        "subtitles-1.zh-Hans.vtt",
        "video-1.info.json",
    ):
        (folder / name).write_bytes(b"x")
    run = ytdlp.Run(errors=f"Warning in {tmp_path}/files \x1b[0m")
    run.hear({"event": "video", "title": "\u202e标题"})
    files = Video(means)._files(folder, run, tmp_path)
    assert [file.path for file in files] == [
        "files/video-1-f1.mp4", "files/video-1-f2.m4a", "files/download.log",
        "files/subtitles-1.zh-Hans.vtt", "files/video-1.info.json", "files/video.json",
    ]  # fmt: skip
    assert files[0].name == "\\u{202E}标题 [video-1-f1.mp4]"
    log = (folder / "download.log").read_text(encoding="utf-8")
    assert "…/files" in log
    assert "\x1b" not in log


def test_what_a_site_counts_is_kept_as_it_was_said() -> None:
    seen = video._observed({"title": "a\nb", "account": "某某", "counts": {"view_count": 12}})
    assert (seen.title, seen.account) == ("a b", "某某")
    assert [(one.name, one.value) for one in seen.counters] == [("plays", "12")]
