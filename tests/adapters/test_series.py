from __future__ import annotations

import pytest

from holdfast.adapters import series

URL = "https://drama.example/series/peach"


def test_the_feed_of_the_same_host_is_taken() -> None:
    page = """<link rel="alternate" type="application/rss+xml" href="https://elsewhere.example/f">
    <link rel=stylesheet type="application/rss+xml" href=/no>
    <link rel="Alternate home" type="application/atom+xml" href="feed.xml">"""
    assert series.feed_of(page, URL) == "https://drama.example/series/feed.xml"
    assert series.feed_of("<p>nothing", URL) == ""
    assert (
        series.feed_of("<link rel=alternate type=application/rss+xml href='http://[x'>", URL) == ""
    )


def test_numbered_links_below_the_page_are_episodes() -> None:
    page = "".join(
        f'<a href="{lead}">'
        for lead in (
            "/series/peach/ep/1", "/series/peach/ep/2.html", "/series/peach/ep/1",
            "/series/plum/ep/1", "/series/peach/comments", "javascript:void(3)",
            "https://drama.example.evil.example/series/peach/ep/9",
        )
    )  # fmt: skip
    assert series.episodes_of(page, URL + "/?from=share#top") == (URL + "/ep/1", URL + "/ep/2.html")


def test_rss_and_atom_are_read_in_their_order() -> None:
    items = b"".join(
        b"<item><link>%s</link></item>" % one for one in (b" /e/2 ", b"/e/1", b"file:///x")
    )
    rss = b"<rss><channel><link>x</link>" + items + b"</channel></rss>"
    entries = b'<entry><link href="/e/7"/></entry><entry/>'
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom">' + entries + b"</feed>"
    assert series.episodes_in(rss, URL) == (
        "https://drama.example/e/2",
        "https://drama.example/e/1",
    )
    assert series.episodes_in(atom, URL) == ("https://drama.example/e/7", URL)


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
    assert series.episodes_in(feed, URL) == ()


def test_there_is_an_end_to_episodes() -> None:
    feed = b"".join(b"<item><link>/e/%d</link></item>" % n for n in range(2000))
    assert len(series.episodes_in(b"<rss>" + feed + b"</rss>", URL)) == series.MOST_EPISODES
