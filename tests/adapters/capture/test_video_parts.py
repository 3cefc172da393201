"""What lies beside a video: its parts, subtitles, comments, and a browser's cookies."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fakes.film import film
from fakes.site import Page, html, serving
from fakes.web import answering, hostile
from holdfast.adapters import downloader
from holdfast.adapters.capture import Means
from holdfast.adapters.capture.video import Video
from holdfast.adapters.downloader import _Lines
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import Captured, CapturedFile
from holdfast.core.job import Job

MP4 = {"Content-Type": "video/mp4"}
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


def cut(film: Path, folder: Path, *how: str) -> dict[str, Page]:
    """The film as a server would offer it in parts."""
    folder.mkdir()
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(film), "-c", "copy", *how], cwd=folder,
                   check=True)  # fmt: skip
    kinds = {".mpd": "application/dash+xml", ".m3u8": "application/vnd.apple.mpegurl"}
    return {
        f"/{path.name}": Page(
            path.read_bytes(), headers={"Content-Type": kinds.get(path.suffix, "video/mp4")}
        )
        for path in folder.iterdir()
    }


def files(captured: Captured) -> dict[str, CapturedFile]:
    return {file.path: file for file in captured.files}


@needs_ffmpeg
def test_picture_and_sound_apart_are_two_originals_and_one_derivative(
    means: Means, room: Path, tmp_path: Path
) -> None:
    film(tmp_path / "f.mp4", seconds=4)
    pages = cut(tmp_path / "f.mp4", tmp_path / "dash", "-f", "dash", "manifest.mpd")
    with serving(pages) as site:
        captured = Video(means).capture(site.url("/manifest.mpd"), room, Job())
    found = files(captured)
    originals = [path for path, file in found.items() if file.role == "original"]
    assert len(originals) == 2
    (joined,) = [file for file in captured.files if file.role == "derived"]
    told = json.loads(found["files/video.json"].at.read_bytes())
    assert told["joined"] == [
        {
            "path": joined.path,
            "from": [joined.derived_from, *(p for p in originals if p != joined.derived_from)],
            "how": "packets copied; nothing encoded anew",
        }
    ]
    assert {tuple(one["codecs"]) for one in told["files"]} == {("h264",), ("aac",)}
    assert joined.media_type == "video/mp4"
    checks = {check.check: check.outcome for check in captured.completeness}
    assert checks["audio_track"] == checks["video_track"] == checks["video_end"] == "pass"


@needs_ffmpeg
def test_a_transport_stream_is_called_so(means: Means, room: Path, tmp_path: Path) -> None:
    film(tmp_path / "f.mp4", seconds=4)
    pages = cut(tmp_path / "f.mp4", tmp_path / "hls", "-f", "hls", "-hls_time", "1", "list.m3u8")
    with serving(pages) as site:
        captured = Video(means).capture(site.url("/list.m3u8"), room, Job())
        del site.pages["/list0.ts"]
        (tmp_path / "second").mkdir()
        # A segment that is missing is never passed over.
        with pytest.raises(Unavailable):
            Video(means).capture(site.url("/list.m3u8"), tmp_path / "second", Job())
    (original,) = [file for file in captured.files if file.role == "original"]
    assert (original.path, original.media_type) == ("files/video.ts", "video/mp2t")
    assert original.at.read_bytes()[0] == 0x47
    told = json.loads(files(captured)["files/video.json"].at.read_bytes())
    assert told["files"][0]["container"] == "mpegts"


def test_subtitles_are_originals_to_the_byte(means: Means, room: Path, bright: bytes) -> None:
    words = "WEBVTT\n\n00:00.000 --> 00:01.000\n三年了，渡口的桃花又开了。\n".encode()
    pages = {
        "/watch": html(
            "<video src=/film.mp4><track kind=subtitles srclang=zh src=/zh.vtt></video>"
        ),
        "/film.mp4": Page(bright, headers=MP4),
        "/zh.vtt": Page(words, headers={"Content-Type": "text/vtt"}),
    }
    with serving(pages) as site:
        captured = Video(means).capture(site.url("/watch"), room, Job())
    (subtitles,) = [file for file in captured.files if file.media_type == "text/vtt"]
    assert subtitles.role == "original"
    assert subtitles.path == "files/subtitles.zh.vtt"
    assert subtitles.at.read_bytes() == words


def test_cookies_are_sent_and_are_nowhere_in_the_evidence(
    means: Means, room: Path, bright: bytes
) -> None:
    secret = "s3cr3t-session"
    asked: list[str] = []

    def export(into: Path, link: str) -> Path:
        asked.append(link)
        path = into / "cookies.txt"
        path.write_text(
            "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t" + secret + "\n"
        )
        return path

    sent: list[str] = []
    seen: dict[str, bytes] = {}

    def behave(handler: BaseHTTPRequestHandler, _sent: bytes) -> None:
        sent.append(handler.headers.get("Cookie", ""))
        page = b"<video src=/film.mp4></video>"
        if handler.path != "/watch" and handler.command == "GET":
            # Were everything to end now, this is what would be sealed at the next start.
            seen.update({at.name: at.read_bytes() for at in (room / "files").iterdir()})
        kind, body = ("text/html", page) if handler.path == "/watch" else ("video/mp4", bright)
        answering(body, **{"Content-Type": kind})(handler, b"")

    with hostile(behave) as site:
        captured = Video(means).logged_in(export).capture(site.url + "/watch", room, Job())
        assert asked == [site.url + "/watch"]
    assert f"sid={secret}" in sent[0]
    assert list(room.rglob("cookies*")) == []
    assert "video-1.info.json" in seen
    assert not [name for name, body in seen.items() if secret.encode() in body]
    for file in captured.files:
        assert secret.encode() not in file.at.read_bytes(), file.path


def test_cookies_are_gone_when_it_fails(means: Means, room: Path) -> None:
    def export(into: Path, _link: str) -> Path:
        (into / "cookies.txt").write_text("# Netscape HTTP Cookie File\n")
        return into / "cookies.txt"

    with serving({}) as site, pytest.raises(Unavailable):
        Video(means).logged_in(export).capture(site.url("/gone"), room, Job())
    assert list(room.iterdir()) == []


# --- comments, by an extractor of our own ---------------------------------------------------------


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    """A site with comments that never end, or that break."""
    import yt_dlp
    from yt_dlp.extractor.common import InfoExtractor

    whole = InfoExtractor.extract_comments

    class CommentsIE(InfoExtractor):
        _VALID_URL = r"http://127\.0\.0\.1:\d+/(?P<id>endless|broken|few|off)"

        def _real_extract(self, url: str) -> dict[str, Any]:
            kind = self._match_id(url)
            return {
                "id": kind,
                "title": kind,
                "url": url.rpartition("/")[0] + "/film.mp4",
                "ext": "mp4",
                "__post_extractor": self.extract_comments(kind),
            }

        def _get_comments(self, kind: str) -> Iterator[dict[str, Any]]:
            if kind == "off":
                raise self.CommentsDisabled
            number = 0
            while kind == "endless" or number < 3:
                number += 1
                yield {"id": str(number), "text": f"评论 {number}"}
            if kind == "broken":
                raise KeyError("shape of the site")

    class Ours(yt_dlp.YoutubeDL):
        def __init__(self, options: dict[str, Any]) -> None:
            super().__init__(options)
            self._ies = {"Comments": CommentsIE} | self._ies
            self.add_info_extractor(CommentsIE())
            self._ies = {"Comments": self._ies["Comments"]} | self._ies

    monkeypatch.setattr(yt_dlp, "YoutubeDL", Ours)
    monkeypatch.setattr(downloader, "_engines", {})
    downloader._bound_comments(_Lines(io.StringIO()))
    yield CommentsIE
    InfoExtractor.extract_comments = whole


@pytest.mark.parametrize(
    ("kind", "count", "complete"), [("few", 3, True), ("endless", 40, False), ("broken", 3, False)]
)
def test_comments_are_kept_within_bounds(
    extractor: type, room: Path, bright: bytes, monkeypatch: pytest.MonkeyPatch, kind: str,
    count: int, complete: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(downloader, "MOST_COMMENTS", 40)
    said = io.StringIO()
    with serving({"/film.mp4": Page(bright, headers=MP4)}) as site:
        order = {"do": "get", "url": site.url(f"/{kind}"), "room": str(room), "limit": 1 << 30}
        downloader._get(order, _Lines(said))
    told = json.loads((room / "comments-1.json").read_text(encoding="utf-8"))
    assert (len(told["comments"]), told["complete"]) == (count, complete)
    assert told["comments"][0]["text"] == "评论 1"
    assert "comments" not in json.loads((room / "video-1.info.json").read_text(encoding="utf-8"))


def test_no_comments_are_no_trouble(extractor: type, room: Path, bright: bytes) -> None:
    with serving({"/film.mp4": Page(bright, headers=MP4)}) as site:
        order = {"do": "get", "url": site.url("/off"), "room": str(room), "limit": 1 << 30}
        downloader._get(order, _Lines(io.StringIO()))
    assert not (room / "comments-1.json").exists()
    assert any(room.glob("video-1-*.mp4"))


def test_what_cannot_be_cleaned_is_not_kept(tmp_path: Path) -> None:
    room, beside = tmp_path / "room", tmp_path / "room-told"
    room.mkdir()
    beside.mkdir()
    (beside / "video-1.info.json").write_text('{"cookies": "sid=1')
    (beside / "video-2.info.json").write_text(
        json.dumps(
            {"formats": [{"cookies": "sid=1", "http_headers": {"Cookie": "sid=1", "A": "b"}}]}
        )
    )
    downloader._tidied(room)
    assert not beside.exists()
    assert not (room / "video-1.info.json").exists()
    assert json.loads((room / "video-2.info.json").read_text()) == {
        "formats": [{"http_headers": {"A": "b"}}]
    }
