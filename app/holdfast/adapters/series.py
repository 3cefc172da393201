"""The episodes that a page or a feed names, read in a bounded way."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

MOST_BYTES = 4 << 20
MOST_EPISODES = 500
_EPISODE = re.compile(
    r"(?i)(^|[/_.=-])(ep|episode|video|play|watch|p|v)?[/_=-]?\d{1,4}(\.html?)?/?$"
)


class _Links(HTMLParser):
    """Feeds that a page names in its head, and where its links lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feeds: list[str] = []
        self.leads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and len(self.leads) < MOST_EPISODES * 10:
            self.leads.append(found.get("href", ""))
        if tag == "link" and "alternate" in found.get("rel", "").lower().split():
            kind = found.get("type", "").lower()
            if kind in {"application/rss+xml", "application/atom+xml"}:
                self.feeds.append(found.get("href", ""))


def feed_of(page: str, url: str) -> str:
    """The first feed that ``page``, found at ``url``, names on its own host; empty if none."""
    for feed in _read(page).feeds:
        full = _joined(url, feed)
        if full and urlsplit(full).netloc == urlsplit(url).netloc:
            return full
    return ""


def episodes_of(page: str, url: str) -> tuple[str, ...]:
    """Links of ``page`` that lie below its own address and end in a number, in their order."""
    here = url.partition("?")[0].partition("#")[0].rstrip("/") + "/"
    links = (_joined(url, lead) for lead in _read(page).leads)
    below = (link for link in links if link.startswith(here) and _EPISODE.search(link))
    return tuple(dict.fromkeys(below))[:MOST_EPISODES]


def episodes_in(feed: bytes, url: str) -> tuple[str, ...]:
    """The links of an RSS 2.0 or Atom feed in the order given; empty for anything else.

    A feed with a document type is not read: its entities could grow without end.
    """
    if len(feed) > MOST_BYTES or re.search(rb"<!(DOCTYPE|ENTITY)", feed, re.IGNORECASE):
        return ()
    try:
        root = ET.fromstring(feed)  # noqa: S314 -- no document type, bounded size
    except (ET.ParseError, ValueError, LookupError):
        return ()
    links = []
    for node in root.iter():
        name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
        if name == "item":
            links.append(_joined(url, (node.findtext("link") or "").strip()))
        elif name == "entry":
            lead = next((one for one in node if one.tag.endswith("}link")), None)
            links.append(_joined(url, lead.get("href", "") if lead is not None else ""))
    return tuple(dict.fromkeys(link for link in links if link))[:MOST_EPISODES]


def _read(page: str) -> _Links:
    reader = _Links()
    reader.feed(page[:MOST_BYTES])
    return reader


def _joined(url: str, lead: str) -> str:
    """An absolute web link, or empty."""
    try:
        full = urljoin(url, lead)
    except ValueError:
        return ""
    return full if full.startswith(("http://", "https://")) else ""
