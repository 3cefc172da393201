"""What a page or a feed names, in the forms that sites use and in those that wish us ill."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.adapters import series
from holdfast.adapters.series import read_feed, read_page
from holdfast.core.series import MOST_EPISODES

URL = "https://drama.example/series/peach"


def linked(*told: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(one)}</script>' for one in told)


# --- links ---------------------------------------------------------------------------------------


def test_the_feed_and_the_next_page_of_the_same_host_are_taken() -> None:
    page = """<link rel="alternate" type="application/rss+xml" href="https://elsewhere.example/f">
    <link rel=stylesheet type="application/rss+xml" href=/no>
    <link rel="Alternate home" type="application/atom+xml" href="feed.xml">
    <a rel=next href="https://drama.example/series/peach">itself</a><a rel="next" href="?page=2">"""
    found = read_page(page, URL)
    assert found.feed == "https://drama.example/series/feed.xml"
    assert found.following == URL + "?page=2"
    nothing = read_page("<link rel=alternate type=application/rss+xml href='http://[x'>", URL)
    assert (nothing.feed, nothing.following, nothing.listing.episodes) == ("", "", ())


def test_numbered_links_below_the_page_are_episodes() -> None:
    page = "".join(
        f'<a href="{lead}">{words}</a>'
        for lead, words in (
            ("/series/peach/ep/1", "Play"),
            ("/series/peach/ep/1", "第1集 桃花落水 播放 1.2 万"),
            ("/series/peach/ep/2.html", "<b>第2集</b> 会员"),
            ("/series/peach/ep/1", "again"),
            ("/series/plum/ep/1", "other"),
            ("/watch?v=abc", "第7集"),
            ("/series/peach/comments", "all"),
            ("javascript:void(3)", "3"),
            ("https://drama.example.evil.example/series/peach/ep/9", "第9集"),
        )
    )
    found = read_page(
        page + '<li class="lock">3</li><i class=vip>第4集 雨</i><b class=lock>x</b>', URL
    )
    told = [(one.number, one.url, one.title, one.access) for one in found.listing.episodes]
    assert told == [
        (1, URL + "/ep/1", "第1集 桃花落水", "unknown"),
        (2, URL + "/ep/2.html", "第2集 会员", "paid"),
        (3, "", "", "paid"),
        (4, "", "第4集 雨", "paid"),
        (7, "https://drama.example/watch?v=abc", "第7集", "unknown"),
    ]
    assert found.listing.episodes[0].counters[0].value == "1.2 万"
    assert set(found.listing.episodes[0].origins.values()) == {"page"}


def test_the_title_is_what_the_page_calls_itself() -> None:
    assert read_page("<title> a\n b </title>", URL).listing.title == "a b"
    both = "<title>x</title><meta property=og:title content='《桃花渡》'>"
    assert read_page(both, URL).listing.title == "《桃花渡》"


# --- schema.org ----------------------------------------------------------------------------------


def test_linked_data_of_a_series() -> None:
    told = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": ["TVSeries"],
                "name": "桃花渡",
                "numberOfEpisodes": "3",
                "author": {"name": "剧场"},
                "interactionStatistic": [
                    {"interactionType": {"@type": "WatchAction"}, "userInteractionCount": 9000},
                    {"interactionType": "http://schema.org/LikeAction",
                     "userInteractionCount": "7 万"},
                    {"interactionType": "OtherAction", "userInteractionCount": 1},
                ],
                "containsSeason": {
                    "@type": "TVSeason",
                    "episode": [
                        {"@type": "TVEpisode", "url": "ep/1", "episodeNumber": 1, "name": "一",
                         "isAccessibleForFree": True, "timeRequired": "PT1H2M3S",
                         "datePublished": "2026-11-18", "commentCount": 4},
                        {"@type": "TVEpisode", "@id": "/series/ep/2", "episodeNumber": "2",
                         "isAccessibleForFree": "http://schema.org/False"},
                        {"@type": "TVEpisode", "episodeNumber": 3, "name": {"@value": "三"},
                         "offers": {"price": "1.00"}},
                        {"@type": "TVEpisode", "url": "javascript:x", "name": "四",
                         "requiresSubscription": True},
                    ],
                },
            }
        ],
    }  # fmt: skip
    listing = read_page(linked(told), URL).listing
    assert (listing.title, listing.account, listing.stated) == ("桃花渡", "剧场", 3)
    assert {one.name: one.value for one in listing.counters} == {"plays": "9000", "likes": "7 万"}
    first, second, third, fourth = listing.episodes
    assert (first.url, first.number, first.title) == ("https://drama.example/series/ep/1", 1, "一")
    assert (first.access, first.duration_ms, first.published) == ("free", 3_723_000, "2026-11-18")
    assert first.counters[0].name == "comments"
    assert (second.url, second.access) == ("https://drama.example/series/ep/2", "paid")
    assert (third.url, third.title, third.access) == ("", "三", "paid")
    assert (fourth.url, fourth.access) == ("", "paid")
    assert set(first.origins.values()) == {"json-ld"}


def test_a_list_and_its_places() -> None:
    told = {
        "@type": "ItemList",
        "numberOfItems": 2,
        "itemListElement": [
            {"@type": "ListItem", "position": 2, "url": "/e/2", "name": "two"},
            {"@type": "ListItem", "position": 1, "item": {"@type": "VideoObject", "url": "/e/1",
             "name": "one", "duration": "PT90S"}},
            "/e/3",
        ],
    }  # fmt: skip
    listing = read_page(linked(told), URL).listing
    assert [(one.number, one.title) for one in listing.episodes] == [
        (2, "two"), (None, "one"), (None, ""),
    ]  # fmt: skip
    assert listing.stated == 2


def test_an_account_leads_to_its_series_on_its_own_host() -> None:
    told = {
        "@type": "ItemList",
        "numberOfItems": 3,
        "itemListElement": [
            {"@type": "ListItem", "item": {"@type": "TVSeries", "name": "A", "url": "/s/a"}},
            {"@type": "TVSeries", "name": "B", "url": "https://elsewhere.example/s/b"},
            {"@type": "TVSeries", "name": "C", "url": "/s/c",
             "episode": {"@type": "Episode", "url": "/s/c/1"}},
        ],
    }  # fmt: skip
    found = read_page(linked(told), URL)
    assert found.leads == (("A", "https://drama.example/s/a"),)
    assert [one.url for one in found.listing.episodes] == ["https://drama.example/s/c/1"]
    assert found.listing.stated is None


def test_several_loose_videos_are_a_list_and_one_is_not() -> None:
    one = {"@type": "VideoObject", "url": "/v/1", "name": "x"}
    part = {"@type": "TVEpisode", "url": "/v/3", "partOfSeries": {"name": "s"}}
    assert read_page(linked(one, part), URL).listing.episodes == ()
    assert len(read_page(linked(one, {**one, "url": "/v/2"}), URL).listing.episodes) == 2


def test_microdata_is_read_too() -> None:
    page = """<div itemscope itemtype="https://schema.org/TVSeries"><h1 itemprop=name>桃花渡</h1>
    <meta itemprop=numberOfEpisodes content=2>
    <div itemprop=episode itemscope itemtype="https://schema.org/TVEpisode">
      <a itemprop=url href=/ep/1><span itemprop=name>第一集</span></a>
      <meta itemprop=episodeNumber content=1>
      <time itemprop=datePublished datetime=2026-11-18>x</time>
      <link itemprop=isAccessibleForFree href="https://schema.org/True"/>
    </div><div itemprop=episode itemscope itemtype="https://schema.org/TVEpisode">
      <meta itemprop=episodeNumber content=2><meta itemprop=isAccessibleForFree content=False>
    </div></div><p itemprop=name>outside</p>"""
    listing = read_page(page, URL).listing
    assert (listing.title, listing.stated) == ("桃花渡", 2)
    first, second = listing.episodes
    assert (first.url, first.title, first.access) == (
        "https://drama.example/ep/1", "第一集", "free",
    )  # fmt: skip
    assert (first.published, second.access) == ("2026-11-18", "paid")
    assert set(first.origins.values()) == {"microdata"}


@pytest.mark.parametrize(
    "nasty",
    [
        "<script type=application/ld+json>{not json</script>",
        "<script type=application/ld+json>" + "[" * 100_000 + "</script>",
        linked({"@type": "TVSeries", "episode": [1, None, [], {"@type": 3}], "name": 7}),
        linked({"@type": "ItemList", "itemListElement": {"a": 1}}),
        linked({"@type": {"x": 1}, "numberOfEpisodes": -4}),
        linked({"@type": "TVSeries", "numberOfEpisodes": True, "author": 3, "episode": "x"}),
        "<div itemscope itemtype=x><div itemprop=a itemscope></div>" * 5000,
        "<a href=/series/peach/ep/1>" * 20_000,
        "<![x[<a href=/series/peach/ep/1>第1集</a>",
        "<![ <a href=/series/peach/ep/1>第1集</a>",
    ],
)
def test_what_makes_no_sense_is_survived(nasty: str) -> None:
    assert len(read_page(nasty, URL).listing.episodes) <= 2


@pytest.mark.no_cover
def test_a_hundred_thousand_links_have_an_end() -> None:
    page = "".join(f"<a href=/series/peach/ep/{n}>第{n}集</a>" for n in range(100_000))
    found = read_page(page, URL).listing
    assert (len(found.episodes), found.cut) == (MOST_EPISODES, True)
    huge = linked({"@type": "TVSeries", "episode": [{"@type": "Episode", "url": f"/{n}"} for n in
                  range(30_000)]})  # fmt: skip
    found = read_page(huge, URL).listing
    assert (len(found.episodes), found.cut) == (MOST_EPISODES, True)


def test_no_page_is_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "PARSE_SECONDS", -1.0)
    assert read_page("<p>x", URL).listing.cut


@given(st.text(max_size=300))
@settings(max_examples=60)
def test_any_text_is_a_page(text: str) -> None:
    read_page(text, URL)
    read_page(f"<script type='application/ld+json'>{text}</script>", URL)
    read_feed(text.encode(), URL)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "episode", "itemListElement", "item", "name", "url", "position",
                 "offers", "interactionStatistic", "author", "@graph", "duration"]
            ),
            inner | st.sampled_from(["TVSeries", "ItemList", "ListItem", "Episode", "/a"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(json_like)
@settings(max_examples=150)
def test_any_linked_data_is_survived(told: object) -> None:
    read_page(linked(told), URL)


# --- feeds ---------------------------------------------------------------------------------------


def test_rss_and_atom_are_read_in_their_order() -> None:
    items = b"".join(
        b"<item><title>t %d</title><link>%s</link></item>" % (at, one)
        for at, one in enumerate((b" /e/2 ", b"/e/1", b"file:///x"))
    )
    rss = b"<rss><channel><title>T</title><link>x</link>" + items + b"</channel></rss>"
    found = read_feed(rss, URL).listing
    assert found.title == "T"
    assert [(one.url, one.title) for one in found.episodes] == [
        ("https://drama.example/e/2", "t 0"),
        ("https://drama.example/e/1", "t 1"),
    ]
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><author><name>A</name></author>'
        b'<link rel="next" href="?page=2"/><entry><link rel="edit" href="/x"/>'
        b'<link href="/e/7"/><published>2026-11-18</published></entry><entry/></feed>'
    )
    reading = read_feed(atom, URL)
    assert [one.url for one in reading.listing.episodes] == ["https://drama.example/e/7"]
    assert reading.listing.account == "A"
    assert reading.following == URL + "?page=2"


def test_media_rss_tells_length_and_views() -> None:
    feed = """<rss xmlns:media="m" xmlns:itunes="i"><channel><item><title>第3集 付费</title>
    <guid>https://drama.example/e/3</guid><itunes:episode>3</itunes:episode>
    <itunes:duration>1:02:03</itunes:duration><pubDate>Wed, 18 Nov 2026</pubDate>
    <media:community><media:statistics views="12"/></media:community></item>
    <item><guid>tag:x</guid></item>
    <item><title>EP 4</title><link>/e/4</link><media:content duration="62"/></item>
    <item><link>/e/5</link><itunes:duration>soon</itunes:duration></item></channel></rss>"""
    third, fourth, fifth = read_feed(feed.encode(), URL).listing.episodes
    assert (third.number, third.duration_ms, third.access) == (3, 3_723_000, "paid")
    assert (third.counters[0].value, third.published) == ("12", "Wed, 18 Nov 2026")
    assert (fourth.number, fourth.duration_ms) == (4, 62_000)
    assert fifth.duration_ms is None
    assert set(third.origins.values()) == {"feed"}


@pytest.mark.parametrize(
    "feed",
    [
        b"",
        b"not xml",
        b"<rss><item><link>/e/1</link></item>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><rss><item><link>/e/1</link></item></rss>',
        b"<rss>" + b" " * series.MOST_BYTES + b"</rss>",
        b'<?xml version="1.0" encoding="no-such"?><rss/>',
    ],
)
def test_what_is_no_feed_has_no_episodes(feed: bytes) -> None:
    assert read_feed(feed, URL).listing.episodes == ()


def test_there_is_an_end_to_a_feed() -> None:
    feed = b"".join(b"<item><link>/e/%d</link></item>" % n for n in range(5000))
    found = read_feed(b"<rss>" + feed + b"</rss>", URL).listing
    assert (len(found.episodes), found.cut) == (MOST_EPISODES, True)
