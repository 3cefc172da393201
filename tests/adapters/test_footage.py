"""Films of a page, caught in a real browser: whole, joined, compared, and honest about the rest."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes import streams
from fakes.clock import FakeClock
from fakes.film import film, padded
from fakes.site import Page, Site, html, serving
from holdfast.adapters import lookup, wacz
from holdfast.adapters.capture import Means
from holdfast.adapters.capture.page import Page as PageSource
from holdfast.adapters.filmkeeper import JOIN_SECONDS
from holdfast.adapters.footage import elements_of
from holdfast.adapters.joiner import form_of
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job

assert JOIN_SECONDS > 60
WORDS = streams.WORDS


@pytest.fixture(autouse=True)
def there_is_a_browser() -> None:
    from holdfast.adapters.launch import find

    try:
        find()
    except Unavailable:
        pytest.skip("no Chromium, Chrome or Edge is installed")


class Kept:
    """A captured page, looked into."""

    def __init__(self, captured: Captured, site: Site) -> None:
        self.captured = captured
        self.checks = {one.check: (one.outcome, one.detail) for one in captured.completeness}
        self.files = {one.path.removeprefix("files/"): one for one in captured.files}
        self.asked = list(site.asked)

    def read(self, name: str) -> bytes:
        return self.files[name].at.read_bytes()

    @property
    def films(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.read("media.json"))["films"]
        return found

    def archived(self, url: str) -> frozenset[str]:
        return wacz.read(self.files["page.wacz"].at).bodies.get(url, frozenset())


def keep(pages: Mapping[str, Page | str], tmp_path: Path) -> Kept:
    room = tmp_path / "room"
    room.mkdir()
    with serving(pages) as site:
        captured = PageSource(Means(clock=FakeClock())).capture(site.url(), room, Job())
        kept = Kept(captured, site)
    assert [one.name for one in room.iterdir()] == ["files"], "nothing is left lying about"
    names = [one.path.rpartition("/")[2] for one in captured.files]
    assert len(names) == len(set(names)), "what a crash leaves is kept by its last name"
    return kept


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def probed(at: Path) -> float:
    """Seconds of a film, as ffprobe has it."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", at]
    return float(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def served(data: bytes, kind: str = "video/mp4") -> Page:
    return Page(data, headers={"Content-Type": kind, "Accept-Ranges": "bytes"})


def test_a_plain_video_is_what_the_server_had(tmp_path: Path) -> None:
    mp4 = film(tmp_path / "f.mp4", seconds=4)
    sound = film(tmp_path / "g.mp4", seconds=2)
    kept = keep(
        {
            "/": html(f"{WORDS}<video src=/f.mp4 muted></video><audio src=/g.m4a></audio>"),
            "/f.mp4": served(mp4),
            "/g.m4a": served(sound, "audio/mp4"),
        },
        tmp_path,
    )
    first, second = kept.films
    assert kept.read("media/1.mp4") == mp4
    assert kept.read("media/2.m4a") == sound
    assert [one["pieces"][0]["from"] for one in (first, second)] == ["page", "page"]
    assert sha256(mp4) in kept.archived(first["url"])
    assert kept.checks["media_whole"] == ("pass", "2")
    assert kept.checks["media_length"][0] == "pass"
    assert kept.checks["media_picture"] == ("pass", "0")
    assert kept.checks["media_archived"] == ("pass", "2")
    assert kept.checks["bodies_whole"] == ("pass", "")
    assert kept.checks["archive_whole"][0] == "pass"
    assert kept.files["media/1.mp4"].role == "original"


def test_what_a_player_pulled_in_part_is_asked_for_by_us_and_said_so(tmp_path: Path) -> None:
    mp4 = padded(tmp_path / "f.mp4", 24 << 20)
    kept = keep(
        {"/": html(f"{WORDS}<video src=/f.mp4 muted></video>"), "/f.mp4": served(mp4)}, tmp_path
    )
    (one,) = kept.films
    assert sha256(kept.read("media/1.mp4")) == sha256(mp4)
    assert one["pieces"][0]["from"] == "lookup"
    assert sha256(mp4) in kept.archived(one["url"])
    requests = json.loads(kept.read("traffic.json"))["requests"]
    film_s = [each for each in requests if each["url"] == one["url"]]
    assert {each["source"] for each in film_s} == {"network", "lookup"}
    assert {each["status"] for each in film_s if each["source"] == "network"} == {206}
    assert kept.checks["media_whole"] == ("pass", "1")
    assert kept.checks["bodies_whole"] == ("pass", ""), "made good"


def test_ranges_that_cover_a_file_are_put_together(tmp_path: Path) -> None:
    mp4 = film(tmp_path / "f.mp4", seconds=4)
    half = len(mp4) // 2
    asks = "".join(
        f"await fetch('/f.mp4', {{headers: {{Range: 'bytes={span}'}}}}).then(r => r.arrayBuffer());"
        for span in (f"0-{half - 1}", f"{half - 9}-{len(mp4) - 1}")
    )
    page = html(f"{WORDS}<script>(async () => {{ {asks} }})()</script>")
    kept = keep({"/": page, "/f.mp4": served(mp4)}, tmp_path)
    (one,) = kept.films
    assert kept.read("media/1-range-1.bin") == mp4[:half]
    assert kept.read("media/1-range-2.bin") == mp4[half - 9 :]
    assert kept.read("media/1.mp4") == mp4
    whole = kept.files["media/1.mp4"]
    assert (whole.role, whole.derived_from) == ("derived", "files/media/1-range-1.bin")
    assert sha256(mp4) in kept.archived(one["url"]), "as a resource that names no answer"
    assert {each["from"] for each in one["pieces"]} == {"page"}


@pytest.mark.parametrize("way", ["ts", "fmp4", "aes", "dash"])
def test_a_stream_is_kept_in_pieces_and_joined(tmp_path: Path, way: streams.Way) -> None:
    pages: dict[str, Page | str] = dict(streams.stream(tmp_path / "made", way, "/s"))
    names = {"ts": "list.m3u8", "fmp4": "list.m3u8", "aes": "list.m3u8", "dash": "list.mpd"}
    first = {"ts": "0.ts", "fmp4": "0.m4s", "aes": "0.ts", "dash": "0-001.m4s"}[way]
    pages["/"] = streams.asking(f"/s/{names[way]}", f"/s/{first}")
    kept = keep(pages, tmp_path)
    (one,) = kept.films
    said = {piece["url"].rpartition("/")[2]: piece for piece in one["pieces"]}
    assert said[first]["from"] == "page"
    assert {piece["from"] for piece in one["pieces"]} == {"page", "lookup"}
    for path, page in pages.items():
        if path.startswith("/s/"):
            piece = said[path.rpartition("/")[2]]
            data = page.body if isinstance(page, Page) else page
            assert kept.read(piece["path"].removeprefix("files/")) == data, "as received"
    joined = kept.files["media/1.mp4"]
    assert joined.role == "derived"
    assert joined.derived_from == one["pieces"][0]["path"]
    assert one["seen"]["packets"] == one["seen"]["packets_in"] > 60
    assert (one["seen"]["video"], one["seen"]["audio"]) == ("h264", "aac")
    assert abs(probed(joined.at) - streams.SECONDS) < 0.4
    assert kept.checks["media_whole"] == ("pass", "1")
    assert kept.checks["media_joined"] == ("pass", "1")
    assert kept.checks["media_length"][0] == "pass"
    assert kept.checks["media_archived"] == ("pass", "1")


def test_a_master_list_is_followed_to_the_variant_that_played(tmp_path: Path) -> None:
    low = streams.stream(tmp_path / "low", "ts", "/low")
    high = streams.stream(tmp_path / "high", "fmp4", "/high")
    master = b"""#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1000
low/list.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9000
high/list.m3u8
"""
    pages: dict[str, Page | str] = {
        **low,
        **high,
        "/master.m3u8": Page(master, headers={"Content-Type": "application/x-mpegurl"}),
    }
    pages["/"] = streams.asking("/master.m3u8")
    kept = keep(pages, tmp_path)
    assert "/high/3.m4s" in kept.asked
    assert "/low/list.m3u8" not in kept.asked
    assert kept.checks["media_whole"] == ("pass", "1")
    (one,) = kept.films
    assert [p["what"] for p in one["pieces"][:3]] == ["playlist", "playlist", "init"]


def test_a_script_that_feeds_a_player_is_caught_and_compared(tmp_path: Path) -> None:
    pages: dict[str, Page | str] = dict(streams.stream(tmp_path / "made", "fmp4", "/s"))
    del pages["/s/list.m3u8"]
    pages["/"] = streams.feeding("/s/init.mp4", *(f"/s/{n}.m4s" for n in range(6)))
    kept = keep(pages, tmp_path)
    (one,) = kept.films
    assert (one["way"], one["ended"]) == ("loose", False)
    assert kept.checks["media_whole"] == ("warn", "1: 1")
    assert kept.checks["media_joined"] == ("pass", "1")
    assert kept.checks["media_length"][0] == "pass", "as long as what played"
    assert kept.checks["media_picture"][0] == "pass"
    assert one["played_ms"] == one["seen"]["milliseconds"]
    assert "/s/5.m4s" in kept.asked


def test_missing_pieces_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    pages: dict[str, Page | str] = dict(streams.stream(tmp_path / "made", "ts", "/s"))
    pages["/s/3.ts"] = Page("gone", 404)
    pages["/"] = streams.asking("/s/list.m3u8")
    kept = keep(pages, tmp_path)
    assert kept.checks["media_whole"] == ("fail", "1: 1: 3.ts")
    assert not kept.captured.complete
    assert "media/1.mp4" not in kept.files
    assert sum(name.endswith(".ts") for name in kept.files) == 5


def test_a_protected_film_is_kept_as_it_came(tmp_path: Path) -> None:
    pages: dict[str, Page | str] = dict(streams.stream(tmp_path / "made", "ts", "/s"))
    listed = pages["/s/list.m3u8"]
    assert isinstance(listed, Page)
    assert isinstance(listed.body, bytes)
    key = b'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"'
    body = listed.body.replace(b"#EXTINF", key + b"\n#EXTINF", 1)
    pages["/s/list.m3u8"] = Page(body, headers=listed.headers)
    pages["/"] = streams.asking("/s/list.m3u8")
    kept = keep(pages, tmp_path)
    assert kept.checks["media_protected"] == ("warn", "1: 1")
    assert kept.checks["media_whole"] == ("pass", "1")
    assert kept.checks["media_joined"][0] == "not_checked"
    assert "media/1-0006.ts" in kept.files
    assert "media/1.mp4" not in kept.files


def test_what_is_no_film_behind_a_player_is_kept_and_marked(tmp_path: Path) -> None:
    mp4 = film(tmp_path / "f.mp4", seconds=2)
    broken = mp4[:40] + b"\xff" * (len(mp4) - 40)
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    kept = keep(
        {
            "/": html(f"{WORDS}<video src=/f.mp4></video><video src=/g.mp4></video>"),
            "/f.mp4": served(broken),
            "/g.mp4": served(playlist),
        },
        tmp_path,
    )
    assert kept.read("media/1.mp4") == broken
    assert kept.checks["media_joined"][0] == "warn"
    assert b"passwd" in next(
        kept.read(name) for name in kept.files if name.startswith("media/2")
    ), "read by nobody"


def test_a_body_of_five_gigabytes_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "LARGEST", 16 << 20)
    mp4 = film(tmp_path / "f.mp4", seconds=2)
    page = Page(mp4, headers={"Content-Type": "video/mp4"}, flood=5 << 30)
    kept = keep({"/": html(f"{WORDS}<video src=/f.mp4></video>"), "/f.mp4": page}, tmp_path)
    assert kept.checks["media_whole"] == ("fail", "1: 1: cut off")
    assert kept.checks["bodies_whole"][0] == "fail"
    assert "too_large" in kept.checks["bodies_whole"][1]
    assert len(kept.read("media/1.mp4")) < 80 << 20
    assert kept.read("media/1.mp4").startswith(mp4)


def test_a_page_without_films_says_so(tmp_path: Path) -> None:
    kept = keep({"/": html(WORDS)}, tmp_path)
    assert kept.checks["media_whole"] == ("not_checked", "")
    assert "media.json" not in kept.files
    assert "media_length" not in kept.checks


def test_what_the_probe_tells_is_not_trusted() -> None:
    assert elements_of(None) == []
    assert elements_of([1, {"urls": "x"}, {"tag": "video", "urls": [5], "ms": None}]) != []
    (one,) = elements_of([{"tag": "odd", "urls": ["https://a/b#c"], "ms": 5, "picture": ""}])
    assert (one.tag, one.url, one.milliseconds) == ("video", "https://a/b", 5)
    # A script sets the length of what it feeds to anything; a record has room for no such number.
    for ms in (1e15, 1e300, -1, "x", [5]):
        (one,) = elements_of([{"tag": "video", "urls": [], "ms": ms}])
        assert one.milliseconds == 0


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"\0\0\0\x18ftypisom", "mp4"),
        (b"\x47" + bytes(187) + b"\x47", "mpegts"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"ID3\x04\0\0\0\0\0\x02xx\xff\xf1", "aac"),
        (b"ID3\x04\0\0\0\0\0\x02xx....", "mp3"),
        (b"\xff\xfb", "mp3"),
        (b"RIFF....WAVE", "wav"),
        (b"OggS", "ogg"),
        (b"#EXTM3U\n", ""),
        (b"", ""),
        (b"ffconcat version 1.0", ""),
    ],
)
def test_a_form_is_told_by_how_it_begins_and_never_a_playlist(head: bytes, form: str) -> None:
    assert form_of(head) == form
