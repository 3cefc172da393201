"""The drama site: pages, videos, counters, and the shelf of pages on which things go wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from fakes.clock import FakeClock
from fakes.practice import ask
from holdfast.practice import drama, film, library
from holdfast.practice.world import PracticeWorld

PLAYS = re.compile(r'class="plays">([0-9,.]+) 万<')


def test_the_urls_are_those_of_the_drawn_pages(world: PracticeWorld) -> None:
    assert world.episode_url.endswith("/series/taohuadu/ep/3")
    assert world.series_url.endswith("/series/taohuadu")
    assert world.account_url.endswith("/u/60021177")


def test_the_episode_page_shows_what_there_is_to_keep(world: PracticeWorld) -> None:
    page = ask(world.episode_url)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>《桃花渡》第3集 - 演练短剧</title>" in page.text
    for words in (
        "渡口重逢", "热播榜第 7 名", "第 9 集起付费", "2026-11-18 20:00 发布", "AI 生成",
        "这不是@林间有桃 吗？脸和那颗痣都一样", "60021177", "演练ICP备00000000号-0（虚构）",
        "侵权投诉", "PRACTICE SITE",
    ):  # fmt: skip
        assert words in page.text, words
    assert f'property="og:video" content="{world.site_url}video/3.mp4"' in page.text


def test_plays_grow_with_visits_and_with_time(world: PracticeWorld, clock: FakeClock) -> None:
    def plays() -> float:
        shown = PLAYS.search(ask(world.series_url + "/ep/2").text)
        assert shown is not None
        return float(shown[1].replace(",", ""))

    first, second = plays(), plays()
    clock.advance(hours=5)
    assert first < second < plays()


def test_only_a_look_counts_as_a_visit(world: PracticeWorld) -> None:
    url = world.series_url + "/ep/5"
    assert ask(url, "HEAD").headers["content-length"] == str(len(ask(url).body))


def test_a_series_names_its_free_episodes_twice(world: PracticeWorld) -> None:
    page = ask(world.series_url).text
    feed = re.search(r'rel="alternate" type="application/rss\+xml"[^>]* href="([^"]+)"', page)
    assert feed is not None
    linked = re.findall(r'class="vid" href="(/series/taohuadu/ep/\d+)"', page)
    assert linked == [f"/series/taohuadu/ep/{number}" for number in range(1, 9)]
    items = ET.fromstring(ask(world.site_url.rstrip("/") + feed[1]).body).findall("./channel/item")
    assert [item.findtext("link") for item in items] == [
        world.site_url.rstrip("/") + path for path in linked
    ]
    for path in linked:
        assert ask(world.site_url.rstrip("/") + path).status == 200


def test_accounts(world: PracticeWorld) -> None:
    page = ask(world.account_url).text
    for words in ("桃花剧场", "🌸", "42.8 万", "演练文化传播有限公司", "/series/taohuadu"):
        assert words in page
    own = ask(world.site_url + "u/10086001").text
    assert "林间有桃" in own
    assert "/v/10086001/20250412" in own


@pytest.mark.parametrize("path", ["", "agreement", "style.css", "favicon.svg", "bloom.svg",
    "cover/own.jpg", "complaint", "v/10086001/20250412"],
)  # fmt: skip
def test_pages_that_are_simply_there(world: PracticeWorld, path: str) -> None:
    got = ask(world.site_url + path)
    assert got.status == 200
    assert got.body


def test_the_video_is_h264_with_sound_and_is_made_once(
    world: PracticeWorld, tmp_path: Path
) -> None:
    import av

    url = world.site_url + "video/3.mp4"
    got = ask(url)
    assert got.headers["content-type"] == "video/mp4"
    assert ask(url).body == got.body
    (tmp_path / "film.mp4").write_bytes(got.body)
    with av.open(str(tmp_path / "film.mp4")) as held:
        video, sound = held.streams.video[0], held.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert sound.codec_context.name == "aac"
        assert (video.width, video.height) == (film.WIDTH, film.HEIGHT)
        frames = [frame.to_ndarray(format="gray") for frame in held.decode(video)]
    assert len(frames) == film.SECONDS * film.FRAMES_PER_SECOND
    assert all(frame.mean() > 60 for frame in frames)
    assert sum(bool((one != two).any()) for one, two in pairwise(frames)) > 80
    assert got.body.index(b"moov") < got.body.index(b"mdat")


def test_parts_of_a_video(world: PracticeWorld) -> None:
    url = world.site_url + "video/3.mp4"
    whole = ask(url).body
    size = len(whole)

    def part(wanted: str) -> tuple[int, str, bytes]:
        got = ask(url, headers={"Range": wanted})
        return got.status, got.headers.get("content-range", ""), got.body

    assert part("bytes=0-99") == (206, f"bytes 0-99/{size}", whole[:100])
    assert part("bytes=100-") == (206, f"bytes 100-{size - 1}/{size}", whole[100:])
    assert part("bytes=-7") == (206, f"bytes {size - 7}-{size - 1}/{size}", whole[-7:])
    assert part(f"bytes=5-{size * 2}")[1] == f"bytes 5-{size - 1}/{size}"
    assert part(f"bytes={size}-") == (416, f"bytes */{size}", b"")
    assert part("bytes=9-3")[0] == 416
    assert part("bytes=-0")[0] == 416
    for nonsense in ("bytes=-", "bytes=0-1,3-4", "lines=1-2"):
        assert part(nonsense) == (200, "", whole)
    head = ask(url, "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(size))


def test_a_downloader_takes_the_episode_from_its_page(world: PracticeWorld, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "yt_dlp", "--ignore-config", "--no-plugin-dirs", "--quiet",
        "--proxy", "", "-o", "film.%(ext)s", "--print", "after_move:%(title)s", "--",
        world.episode_url]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "《桃花渡》第3集 渡口重逢" in done.stdout
    assert (tmp_path / "film.mp4").read_bytes() == ask(world.site_url + "video/3.mp4").body


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("404", 404, "页面不存在"),
        ("elsewhere/../x", 404, "页面不存在"),
        ("series/taohuadu/ep/25", 404, "页面不存在"),
        ("video/9.mp4", 404, "页面不存在"),
        ("500", 500, "服务器"),
        ("login", 200, "请先登录"),
        ("captcha", 200, "安全验证"),
        ("removed", 200, "视频已下架"),
        ("series/taohuadu/ep/9", 200, "第 9 集起付费"),
        ("slow?seconds=0", 200, "用户协议"),
    ],
)
def test_trouble(world: PracticeWorld, path: str, status: int, words: str) -> None:
    got = ask(world.site_url + path)
    assert got.status == status
    assert words in got.text


def test_empty_is_not_one_byte(world: PracticeWorld) -> None:
    got = ask(world.site_url + "empty")
    assert (got.status, got.body) == (200, b"")


def test_redirects_lead_where_they_say(world: PracticeWorld) -> None:
    leads = {
        "redirect": "/redirect-again",
        "redirect-again": "/series/taohuadu/ep/3",
        "redirect-loop": "/redirect-loop",
        "redirect-private": "http://169.254.169.254/latest/meta-data/",
        "redirect-file": "file:///etc/passwd",
    }
    for path, target in leads.items():
        got = ask(world.site_url + path)
        assert (got.status, got.headers["location"]) == (302, target)
    inside = ask(world.site_url + "redirect-loopback").headers["location"]
    assert inside.startswith("http://127.0.0.1:")
    assert not inside.startswith(world.site_url)
    assert ask(inside).headers["practice-world"]


def test_a_download_under_a_hostile_name(world: PracticeWorld) -> None:
    got = ask(world.site_url + "download")
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''..%2F")


@pytest.mark.parametrize("name", sorted(library.NASTY_TITLES))
def test_hostile_titles_stay_text(world: PracticeWorld, name: str) -> None:
    from html import unescape

    page = ask(f"{world.site_url}title/{name}").text
    title = re.search(r"<title>(.*?) - 演练短剧</title>", page, re.DOTALL)
    assert title is not None
    assert unescape(title[1]) == library.NASTY_TITLES[name]
    assert "<img src=x" not in page
    assert "alert(2)</script>" not in page.replace("\\u003c/script", "")


def test_any_other_text_is_itself_a_title(world: PracticeWorld) -> None:
    page = ask(f"{world.site_url}title/{quote('自己的<b>题目')}").text
    assert "<title>自己的&lt;b&gt;题目 - 演练短剧</title>" in page
    assert len(library.NASTY_TITLES["everything"]) == len(library.NASTY_TITLES["long"]) == 300


def test_a_complaint_gets_a_number_and_keeps_nothing(world: PracticeWorld) -> None:
    first = ask(world.site_url + "complaint", "POST", "link=机密".encode())
    assert "演练 20261120-0031" in first.text or "演练 20261121-0031" in first.text
    assert "-0032" in ask(world.site_url + "complaint", "POST", b"link=x").text
    assert "机密" not in first.text
    assert ask(world.site_url + "login", "POST", b"x").status == 405


def test_numbers_as_such_sites_write_them() -> None:
    shown = [drama._large(count) for count in (512, 9_999, 12_864_000, 165_000_000)]
    assert shown == ["512", "9,999", "1,286.4 万", "1.6 亿"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_chromium_draws_the_page_and_the_long_one_is_exactly_so_high(
    world: PracticeWorld, tmp_path: Path
) -> None:
    from PIL import Image

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-proxy-server", f"--user-data-dir={tmp_path}/profile", *arguments],
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("--window-size=1280,1200", f"--screenshot={tmp_path}/page.png", world.episode_url)
    with Image.open(tmp_path / "page.png") as page:
        colours = page.convert("RGB").getcolors(1 << 20)
    assert colours is not None
    assert len(colours) > 2_000
    run("--window-size=1280,12500", f"--screenshot={tmp_path}/long.png", world.site_url + "long")
    with Image.open(tmp_path / "long.png") as page:
        bottom = page.convert("RGB").crop((0, 12_200, 1280, 12_500)).getcolors(1 << 20)
    assert bottom is not None
    assert len(bottom) > 20
