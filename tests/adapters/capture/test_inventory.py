"""The inventory of a series, from the practice site and from pages that misbehave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.site import Page, Site, html, serving
from holdfast.adapters.capture import Means
from holdfast.adapters.capture import series as source
from holdfast.adapters.capture.series import Inventory
from holdfast.adapters.clock import SystemClock
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job
from holdfast.core.series import read_listing
from holdfast.practice.world import PracticeWorld

XML = {"Content-Type": "application/rss+xml"}


def take(means: Means, url: str, room: Path) -> Captured:
    return Inventory(means).capture(url, room, Job())


def code(means: Means, url: str, room: Path) -> tuple[type[HoldfastError], str]:
    with pytest.raises(HoldfastError) as caught:
        take(means, url, room)
    assert list(room.rglob("*")) == []
    return type(caught.value), caught.value.code


def checks(captured: Captured) -> dict[str, tuple[str, str]]:
    return {check.check: (check.outcome, check.detail) for check in captured.completeness}


def feed(*links: str, more: str = "") -> Page:
    items = "".join(f"<item><title>第{n}集</title><link>{link}</link></item>"
                    for n, link in enumerate(links, 1))  # fmt: skip
    return Page(f"<rss><channel><title>F</title>{more}{items}</channel></rss>", headers=XML)


@pytest.mark.no_cover
def test_the_practice_series_is_evidence_of_what_cost_money(
    means: Means, room: Path, tmp_path: Path
) -> None:
    with PracticeWorld.start(tmp_path / "world", SystemClock()) as world:
        captured = take(means, world.long_series_url, room)
        again = Inventory(means).look(world.long_series_url, Job())
    files = {file.path: file for file in captured.files}
    assert [(path, file.role) for path, file in files.items()] == [
        ("files/page-01.html", "original"),
        ("files/feed-02.xml", "original"),
        ("files/inventory.json", "derived"),
    ]
    assert files["files/inventory.json"].derived_from == "files/page-01.html"
    raw = files["files/inventory.json"].at.read_bytes()
    told = json.loads(raw)
    assert (told["listed"], told["free"], told["paid"], told["stated"]) == (72, 60, 12, 72)
    assert [one["status"] for one in told["read"]] == [200, 200]
    third = told["episodes"][2]
    assert (third["number"], third["title"], third["access"]) == (3, "旧梦之03", "free")
    assert third["duration_ms"] == 6000
    assert third["from"]["title"] == third["from"]["counters"] == "json-ld"
    assert told["episodes"][60]["url"] == ""
    assert captured.source == "series"
    assert captured.observations.title == "《长街旧梦》"
    assert captured.observations.account == "桃花剧场🌸"
    assert checks(captured)["series_count"] == ("pass", "72/72")
    assert captured.complete
    # Its counters grow at each visit.
    before = read_listing(raw).counters[0].value
    assert int(again.listing.counters[0].value) > int(before)


def test_an_account_lists_both_its_series(means: Means, room: Path, tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path / "world", SystemClock()) as world:
        captured = take(means, world.account_url, room)
    (raw,) = (file.at.read_bytes() for file in captured.files if file.role == "derived")
    listing = read_listing(raw)
    groups = [one.group for one in listing.episodes]
    assert (groups.count("《桃花渡》"), groups.count("《长街旧梦》")) == (24, 72)
    assert listing.paid == 16 + 12
    assert sum(file.role == "original" for file in captured.files) == 5


def test_a_page_in_words_alone_and_its_locks(means: Means, tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path / "world", SystemClock()) as world:
        found = Inventory(means).look(world.series_url, Job())
    listing = found.listing
    assert (len(listing.episodes), listing.paid, listing.stated) == (24, 16, None)
    first = listing.episodes[0]
    assert first.title == "第1集 桃花落水"
    assert first.counters[0].name == "plays"
    assert (first.origins["title"], first.origins["published"]) == ("page", "feed")


def test_a_feed_alone_is_listed_by_the_downloader_and_by_us(means: Means, room: Path) -> None:
    pages = {"/feed.xml": feed("/e/1", "/e/2")}
    with serving(pages) as site:
        captured = take(means, site.url("/feed.xml"), room)
    files = {file.path: file for file in captured.files}
    assert set(files) == {
        "files/feed-01.xml", "files/downloader.json", "files/inventory.json",
    }  # fmt: skip
    listing = read_listing(files["files/inventory.json"].at.read_bytes())
    assert len(listing.episodes) == 2
    assert listing.title == "F"
    assert captured.components[0].name == "yt-dlp"


@pytest.mark.no_cover
def test_one_video_is_no_series(means: Means, room: Path, bright: bytes) -> None:
    pages = {
        "/film.mp4": Page(bright, headers={"Content-Type": "video/mp4"}),
        "/watch": html("<video src=/film.mp4></video><a href=/watch/ep/1>第1集</a>"),
        "/page": html("<p>nothing"),
        "/login": Page(html("<p>x"), 403),
    }
    with serving(pages) as site:
        quick = Inventory(means).look(site.url("/watch"), Job(), thorough=False)
        assert quick.listing.episodes == ()
        assert quick.documents == []
        assert code(means, site.url("/watch"), room) == (Refused, "series_none")
        assert code(means, site.url("/page"), room) == (Refused, "series_none")
        assert code(means, site.url("/login"), room) == (Unavailable, "http_status")
        assert code(means, site.url("/gone"), room) == (Unavailable, "http_status")
    assert code(means, site.url("/"), room) == (Unavailable, "host_unreachable")
    assert code(means, "ftp://x.example/", room) == (Refused, "link_not_web")


def cyclic(site: Site) -> None:
    site.pages["/a"] = Page(
        html("<link rel=alternate type=application/rss+xml href=/f1><a rel=next href=/b>b</a>"
             "<a href=/a/1>1</a><a href=/a/2>2</a>")
    )  # fmt: skip
    site.pages["/b"] = Page(html("<a rel=next href=/a>a</a><a href=/b/1>第3集</a>"))
    for name, other in (("f1", "f2"), ("f2", "f1")):
        site.pages[f"/{name}"] = feed(f"/{name}/9", more=f'<link rel="next" href="/{other}"/>')


def test_circles_are_walked_once(means: Means) -> None:
    with serving({}) as site:
        cyclic(site)
        found = Inventory(means).look(site.url("/a"), Job())
        asked = [path for path in site.asked if path in ("/b", "/f1", "/f2")]
    assert asked == ["/b", "/f1", "/f2"]
    assert [one.url.rpartition("/")[2] for one in found.listing.episodes].count("9") == 2
    assert not found.listing.cut


def test_a_list_without_end_is_cut_and_says_so(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST_FETCHES", 5)
    pages = {
        f"/l/{n}": html(f"<a rel=next href=/l/{n + 1}>m</a><a href=/l/{n}/1>第{n}集</a>")
        for n in range(10)
    }
    with serving(pages) as site:
        captured = take(means, site.url("/l/0"), room)
    assert checks(captured)["series_whole"] == ("warn", "5")
    assert len([file for file in captured.files if file.role == "original"]) == 5


@pytest.mark.no_cover
def test_a_list_that_breaks_off_is_cut_and_says_so(means: Means, room: Path) -> None:
    pages = {
        "/l": html("<a rel=next href=/gone>m</a><a href=/l/1>1</a><a href=/l/2>2</a>"),
        "/accounts": html(
            '<script type="application/ld+json">{"@type":"ItemList","itemListElement":['
            '{"@type":"TVSeries","name":"A","url":"/gone"},'
            '{"@type":"TVSeries","name":"B","url":"/l"}]}</script>'
        ),
    }
    with serving(pages) as site:
        captured = take(means, site.url("/l"), room)
        found = Inventory(means).look(site.url("/accounts"), Job())
    assert checks(captured)["series_whole"][0] == "warn"
    assert found.listing.cut
    assert {one.group for one in found.listing.episodes} == {"B"}


@pytest.mark.no_cover
def test_a_hundred_thousand_links_have_an_end(means: Means, room: Path) -> None:
    page = html("".join(f"<a href=/s/{n}>第{n}集</a>" for n in range(100_000)))
    with serving({"/s": page}) as site:
        captured = take(means, site.url("/s"), room)
    assert checks(captured)["series_whole"] == ("warn", "2000")


def test_fewer_than_stated_is_said(means: Means, room: Path) -> None:
    told = '{"@type":"TVSeries","numberOfEpisodes":60,"episode":["/e/1","/e/2"]}'
    page = html(f'<script type="application/ld+json">{told}</script>')
    with serving({"/s": page}) as site:
        captured = take(means, site.url("/s"), room)
    assert checks(captured)["series_count"] == ("warn", "2/60")
    assert captured.complete


@pytest.mark.no_cover
def test_nothing_inside_is_read(means: Means, room: Path) -> None:
    with serving({"/feed": feed("/e/1", "/e/2")}) as inside:
        pages = {
            "/to": Page("", 302, {"Location": inside.url("/feed")}),
            "/next": html(
                f"<a rel=next href={inside.url('/feed')}>n</a><a href=/next/1>1</a>"
                "<a href=/next/2>2</a>"
            ),
            "/loop": Page("", 302, {"Location": "/loop"}),
            "/nowhere": Page("", 302, {"Location": "http://[x"}),
        }
        with serving(pages) as site:
            assert code(means, site.url("/to"), room) == (Refused, "link_private")
            found = Inventory(means).look(site.url("/next"), Job())
            assert len(found.listing.episodes) == 2
            assert code(means, site.url("/loop"), room)[0] is Unavailable
            assert code(means, site.url("/nowhere"), room)[0] is Unavailable
        assert inside.asked == []


def test_what_was_looked_at_is_written_down_without_asking_again(means: Means, room: Path) -> None:
    with serving({"/s": html("<a href=/s/1>1</a><a href=/s/2>2</a>")}) as site:
        inventory = Inventory(means)
        found = inventory.look(site.url("/s"), Job())
        asked = len(site.asked)
        captured = inventory.holding(found).capture(site.url("/s"), room, Job())
        assert len(site.asked) == asked
    assert captured.network is not None
    assert captured.network.address == site.pair


def test_what_the_downloader_lists_becomes_episodes() -> None:
    entry = {
        "url": "https://x.example/1", "title": "第3集", "number": None, "paid": True,
        "duration_ms": 5, "counts": {"view_count": 7}, "timestamp": 1_800_000_000,
    }  # fmt: skip
    one = source._episode(entry, "https://x.example/")
    assert (one.number, one.access, one.duration_ms) == (3, "paid", 5)
    assert one.published.startswith("2027-01-15T")
    assert one.counters[0].value == "7"
    assert set(one.origins.values()) == {"downloader"}
    never = {"url": "u", "number": 4, "published": "20260101", "timestamp": 1 << 39}
    bare = source._episode(never, "https://x.example/")
    assert (bare.number, bare.published, bare.access) == (4, "20260101", "unknown")
