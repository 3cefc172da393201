"""The episodes that a page or a feed names, read in a bounded way and never by guessing.

Read are schema.org's series, lists and episodes in JSON-LD and microdata, RSS 2.0, Atom and Media
RSS, and links that are numbered below the page's own address or by their words.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from holdfast.adapters.markup import Markup
from holdfast.core.canonical import one_line
from holdfast.core.evidence import Counter
from holdfast.core.observed import counted, counter_name
from holdfast.core.series import (
    MOST_EPISODES,
    Access,
    Listed,
    Listing,
    Origin,
    asks_money,
    listed,
    merged,
    number_in,
)

MOST_BYTES = 4 << 20
"""Of one page or feed that are read; the rest is kept and said to be unread."""
PARSE_SECONDS = 20.0
MOST_NODES = 100_000
MOST_DEPTH = 60
MOST_LEADS = 20
_CHUNK = 1 << 16
_SERIES = frozenset(
    {"TVSeries", "TVSeason", "CreativeWorkSeries", "CreativeWorkSeason", "VideoSeries",
     "RadioSeries", "PodcastSeries", "Series"}
)  # fmt: skip
_EPISODES = frozenset(
    {"TVEpisode", "Episode", "VideoObject", "Clip", "Movie", "RadioEpisode", "PodcastEpisode",
     "Video"}
)  # fmt: skip
_PARTS = ("episode", "episodes", "hasPart", "containsSeason", "season", "itemListElement")
_EPISODE = re.compile(
    r"(?i)(^|[/_.=-])(ep|episode|video|play|watch|p|v)?[/_=-]?\d{1,4}(\.html?)?/?$"
)
_LOCKED = re.compile(r"(?i)(^|[\s_-])(lock(ed)?|vip|paid|pay|premium)([\s_-]|$)")
_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,7})(?:\.\d{1,9})?S)?)?"
)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
     "wbr"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one page or feed holds."""

    listing: Listing = field(default_factory=Listing)
    feed: str = ""
    """The first feed of the page's own host that it names."""
    following: str = ""
    """Where the list goes on."""
    leads: tuple[tuple[str, str], ...] = ()
    """Title and address of each series on the page's own host, as an account lists them."""


def read_page(page: str, url: str) -> Reading:
    """What ``page``, found at ``url``, says of a series."""
    reader = _Page()
    complete = reader.read(page)
    told = [_Structured(url, "json-ld", reader.linked), _Structured(url, "microdata", reader.items)]
    structured = merged(one.listing() for one in told)
    numbered = _numbered(reader, url)
    # Where a page says in so many words what its episodes are, its other links add only locks.
    listings = [structured, numbered] if not structured.episodes else [structured, _locks(reader)]
    whole = merged(listings)
    whole = replace(
        whole,
        title=whole.title or reader.title,
        counters=whole.counters,
        cut=whole.cut or not complete,
    )
    return Reading(
        listing=whole,
        feed=_own(reader.feeds, url),
        following=_own(reader.following, url),
        leads=tuple(dict.fromkeys(lead for one in told for lead in one.leads))[:MOST_LEADS],
    )


def _own(leads: list[str], url: str) -> str:
    """The first of the leads that stays on the page's own host and is not the page; or empty."""
    for lead in leads:
        full = joined(url, lead)
        if full and full != url and urlsplit(full).netloc == urlsplit(url).netloc:
            return full
    return ""


def joined(url: str, lead: str) -> str:
    """An absolute web link, or empty."""
    try:
        full = urljoin(url, lead.strip())
    except ValueError:
        return ""
    return full[:8000] if full.startswith(("http://", "https://")) else ""


# --- HTML ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """An element that is not closed yet."""

    tag: str
    item: dict[str, Any] | None = None
    prop: str = ""
    into: dict[str, Any] | None = None
    """The item that its property belongs to."""
    text: list[str] = field(default_factory=list)
    href: str = ""
    locked: bool = False


class _Page(Markup):
    """One pass over a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.feeds: list[str] = []
        self.following: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.locks: list[str] = []
        self.linked: list[Any] = []
        self.items: list[Any] = []
        self._open: list[_Open] = []
        self._script: list[str] | None = None
        self._nodes = 0

    def read(self, page: str) -> bool:
        """Whether all of it was read, within what one page may take."""
        end = time.monotonic() + PARSE_SECONDS
        for begin in range(0, min(len(page), MOST_BYTES), _CHUNK):
            self.feed(page[begin : min(begin + _CHUNK, MOST_BYTES)])
            if time.monotonic() > end or self._nodes > MOST_NODES * 10:
                return False
        return len(page) <= MOST_BYTES and len(self.links) < MOST_EPISODES * 10

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._nodes += 1
        found = {name: value or "" for name, value in attrs}
        rel = found.get("rel", "").lower().split()
        if tag == "script" and "ld+json" in found.get("type", "").lower():
            self._script = []
        kind = found.get("type", "").lower() if tag == "link" and "alternate" in rel else ""
        if kind in {"application/rss+xml", "application/atom+xml"}:
            self.feeds.append(found.get("href", ""))
        if tag in {"a", "link"} and "next" in rel:
            self.following.append(found.get("href", ""))
        if tag == "meta" and found.get("property") == "og:title":
            self.title = one_line(found.get("content", ""))[:300]
        one = _Open(tag=tag, href=found.get("href", "") if tag == "a" else "")
        one.locked = bool(_LOCKED.search(found.get("class", "")))
        self._microdata(one, found)
        if tag in _VOID:
            self._closed(one)
        elif len(self._open) < MOST_DEPTH * 10:
            self._open.append(one)

    def _microdata(self, one: _Open, found: Mapping[str, str]) -> None:
        into = next((o.item for o in reversed(self._open) if o.item is not None), None)
        one.prop, one.into = found.get("itemprop", "").split(" ")[0], into
        if "itemscope" in found:
            one.item = {"@type": found.get("itemtype", "").rpartition("/")[2]}
            if into is None:
                self.items.append(one.item)
            elif one.prop:
                into.setdefault(one.prop, []).append(one.item)
            one.prop = ""
            return
        if not one.prop or into is None:
            one.prop = ""
            return
        for name in ("content", "href", "src", "datetime"):
            if name in found:
                into.setdefault(one.prop, []).append(found[name])
                one.prop = ""
                return

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
            return
        for one in self._open[-12:]:
            if (one.href or one.prop or one.locked or one.tag == "title") and len(one.text) < 100:
                one.text.append(data[:500])

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self._take_script("".join(self._script))
            self._script = None
        for depth, one in enumerate(reversed(self._open[-40:]), 1):
            if one.tag == tag:
                closed, self._open = self._open[-depth:], self._open[:-depth]
                for inner in reversed(closed):
                    self._closed(inner)
                return

    def _take_script(self, text: str) -> None:
        try:
            self.linked.append(json.loads(text))
        except (ValueError, RecursionError):
            return

    def _closed(self, one: _Open) -> None:
        words = one_line(" ".join(" ".join(one.text).split()))
        if one.tag == "title" and not self.title:
            self.title = words[:300]
        if one.prop and one.into is not None:
            one.into.setdefault(one.prop, []).append(words)
        if one.href and len(self.links) < MOST_EPISODES * 10:
            self.links.append((one.href, words[:200]))
        elif one.locked and not one.href and len(self.locks) < MOST_EPISODES:
            self.locks.append(words[:200])


def _numbered(reader: _Page, url: str) -> Listing:
    """Links below the page's own address that end in a number, or that call themselves 第N集."""
    here = url.partition("?")[0].partition("#")[0].rstrip("/") + "/"
    found: dict[str, Listed] = {}
    for lead, words in reader.links:
        full = joined(url, lead).partition("#")[0]
        named = number_in(words)
        below = full.startswith(here) and _EPISODE.search(full)
        if not full or not (below or (named is not None and _same_host(full, url))):
            continue
        # Of several links to one episode the one that numbers it names it; "Play" does not.
        if full in found and (named is None or number_in(found[full].title) is not None):
            continue
        at_end = re.search(r"(\d{1,4})(?:\.html?)?/?$", full) if below else None
        number = named if named is not None else int(at_end[1]) if at_end else None
        access: Access = "paid" if asks_money(words) else "unknown"
        title, counters = counted(words)
        found[full] = listed(
            "page", url=full, number=number, title=title, access=access, counters=counters
        )
        if len(found) > MOST_EPISODES:
            break
    return merged((Listing(episodes=tuple(found.values())), _locks(reader)))


def _locks(reader: _Page) -> Listing:
    """Numbers that stand under a lock and lead nowhere."""
    found = []
    for words in reader.locks:
        bare = re.fullmatch(r"\s*(\d{1,4})\s*", words)
        number = int(bare[1]) if bare else number_in(words)
        if number is not None:
            title = "" if bare else words
            found.append(listed("page", number=number, title=title, access="paid"))
    return Listing(episodes=tuple(found))


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc == urlsplit(other).netloc


# --- schema.org ----------------------------------------------------------------------------------


class _Structured:
    """JSON-LD or microdata as a listing; both are trees of the same names."""

    def __init__(self, url: str, origin: Origin, roots: list[Any]) -> None:
        self._url, self._origin, self._roots = url, origin, roots
        self._left = MOST_NODES
        self._loose: list[Listed] = []
        self.leads: list[tuple[str, str]] = []

    def listing(self) -> Listing:
        """Everything that is told, in its order."""
        found = list(self._series(self._roots, 0))
        if len(self._loose) > 1:
            # Several videos on one page are a list, though nobody calls them one.
            found.append(Listing(episodes=tuple(self._loose)))
        return merged(found)

    def _series(self, node: Any, depth: int) -> Iterator[Listing]:
        self._left -= 1
        if self._left < 0 or depth > MOST_DEPTH:
            return
        if isinstance(node, list):
            for one in node:
                yield from self._series(one, depth + 1)
            return
        if not isinstance(node, dict):
            return
        kinds = _kinds(node)
        if kinds & _SERIES or "ItemList" in kinds:
            yield self._one_series(node, kinds)
            return
        if kinds & _EPISODES:
            episode = self._episode(node)
            if episode.url and not _first(node, "partOfSeries"):
                self._loose.append(episode)
        for name in ("@graph", "mainEntity", "hasPart", "mainEntityOfPage", "subjectOf"):
            if name in node:
                yield from self._series(node[name], depth + 1)

    def _one_series(self, node: Mapping[str, Any], kinds: frozenset[str]) -> Listing:
        episodes: list[Listed] = []
        self._gather(node, episodes, 0)
        stated = _whole(_first(node, "numberOfEpisodes"))
        if stated is None and "ItemList" in kinds and not self.leads:
            stated = _whole(_first(node, "numberOfItems"))
        maker = next(
            (
                _first(node, name)
                for name in ("author", "creator", "publisher", "productionCompany", "provider")
                if _first(node, name)
            ),
            "",
        )
        name = _first(maker, "name") if isinstance(maker, dict) else maker
        return Listing(
            title=_words(_first(node, "name")),
            account=_words(name),
            stated=stated,
            counters=_counters(node),
            episodes=tuple(episodes[: MOST_EPISODES + 1]),
            cut=len(episodes) > MOST_EPISODES,
        )

    def _gather(self, node: Mapping[str, Any], into: list[Listed], depth: int) -> None:
        for part in _PARTS:
            members = node.get(part)
            for place, one in enumerate(members if isinstance(members, list) else [members], 1):
                self._left -= 1
                if self._left < 0 or depth > MOST_DEPTH or len(into) > MOST_EPISODES:
                    return
                if isinstance(one, str) and part in ("itemListElement", "episode", "hasPart"):
                    into.append(listed(self._origin, url=joined(self._url, one)))
                if not isinstance(one, dict):
                    continue
                self._member(one, into, place, depth)

    def _member(self, one: dict[str, Any], into: list[Listed], place: int, depth: int) -> None:
        inner = _first(one, "item")
        if "ListItem" in _kinds(one) and isinstance(inner, dict):
            place = _whole(_first(one, "position")) or place
            one = {"url": _first(one, "url"), "name": _first(one, "name")} | inner
        kinds = _kinds(one)
        if kinds & _SERIES:
            title, url = _words(_first(one, "name")), joined(self._url, _text(_first(one, "url")))
            before = len(into)
            self._gather(one, into, depth + 1)
            if len(into) == before and url and _same_host(url, self._url):
                self.leads.append((title, url))
            return
        if kinds & _EPISODES or "ListItem" in kinds or not kinds:
            into.append(self._episode(one))
        self._gather(one, into, depth + 1)

    def _episode(self, node: Mapping[str, Any]) -> Listed:
        link = next(
            (
                full
                for name in ("url", "mainEntityOfPage", "@id", "item")
                if (full := _joined_text(self._url, _first(node, name)))
            ),
            "",
        )
        published = _first(node, "datePublished") or _first(node, "uploadDate")
        return listed(
            self._origin,
            url=link,
            number=_whole(_first(node, "episodeNumber")) or _whole(_first(node, "position")),
            title=_words(_first(node, "name")),
            access=_access(node),
            duration_ms=_duration(_first(node, "duration") or _first(node, "timeRequired")),
            published=_words(published)[:40],
            counters=_counters(node),
        )


def _kinds(node: Any) -> frozenset[str]:
    if not isinstance(node, dict):
        return frozenset()
    kind = node.get("@type", "")
    names = kind if isinstance(kind, list) else [kind]
    return frozenset(str(name).rpartition("/")[2] for name in names if name)


def _first(node: Any, name: str) -> Any:
    """The value of a property, or its first; empty for none."""
    value = node.get(name, "") if isinstance(node, dict) else ""
    if isinstance(value, list):
        return value[0] if value else ""
    return value


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url") or value.get("@value") or ""
    return value if isinstance(value, str) else ""


def _joined_text(url: str, value: Any) -> str:
    text = _text(value)
    return joined(url, text) if text else ""


def _words(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or ""
    return one_line(value)[:300] if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,6}\s*", value):
        return int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1_000_000 else None


def _access(node: Mapping[str, Any]) -> Access:
    said = _first(node, "isAccessibleForFree")
    text = str(said).rpartition("/")[2].lower() if said != "" else ""
    subscription = str(_first(node, "requiresSubscription")).lower() == "true"
    price = str(_first(_first(node, "offers"), "price")).strip()
    costs = bool(re.fullmatch(r"[0-9.]{1,12}", price)) and price.strip("0.") != ""
    if text == "false" or subscription or costs:
        return "paid"
    return "free" if text == "true" else "unknown"


def _duration(value: Any) -> int | None:
    hit = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if hit is None or not any(hit.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in hit.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000


def _counters(node: Mapping[str, Any]) -> tuple[Counter, ...]:
    stated = node.get("interactionStatistic", [])
    found: dict[str, str] = {}
    for one in (stated if isinstance(stated, list) else [stated])[:20]:
        kind = _text(_first(one, "interactionType")) or next(
            iter(_kinds(_first(one, "interactionType"))), ""
        )
        name, count = counter_name(kind), _first(one, "userInteractionCount")
        if name and isinstance(count, int | str) and not isinstance(count, bool):
            found.setdefault(name, one_line(str(count))[:40])
    comments = _first(node, "commentCount")
    if isinstance(comments, int | str) and str(comments) and not isinstance(comments, bool):
        found.setdefault("comments", one_line(str(comments))[:40])
    return tuple(Counter(name=name, value=value) for name, value in found.items())


# --- feeds ---------------------------------------------------------------------------------------


def read_feed(feed: bytes, url: str) -> Reading:
    """What an RSS 2.0 or Atom feed names, in its order; nothing for anything else.

    A feed with a document type is not read: its entities could grow without end.
    """
    if len(feed) > MOST_BYTES or re.search(rb"<!(DOCTYPE|ENTITY)", feed, re.IGNORECASE):
        return Reading()
    try:
        root = ET.fromstring(feed)  # noqa: S314 -- no document type, bounded size
    except (ET.ParseError, ValueError, LookupError):
        return Reading()
    episodes: list[Listed] = []
    for node in root.iter():
        if _name(node) in ("item", "entry") and len(episodes) <= MOST_EPISODES:
            one = _entry(node, url)
            if one.url:
                episodes.append(one)
    channel = next((node for node in root.iter() if _name(node) in ("channel", "feed")), root)
    following = [
        node.get("href", "")
        for node in channel
        if _name(node) == "link" and node.get("rel", "") == "next"
    ]
    listing = Listing(
        title=one_line(_child(channel, "title"))[:300],
        account=one_line(_child(channel, "author", "creator"))[:200],
        episodes=tuple(episodes[:MOST_EPISODES]),
        cut=len(episodes) > MOST_EPISODES,
    )
    return Reading(listing=listing, following=_own(following, url))


def _name(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _child(node: ET.Element, *names: str) -> str:
    for one in node:
        if _name(one) in names:
            text = " ".join((one.text or "").split())
            return text or next((" ".join((o.text or "").split()) for o in one if o.text), "")
    return ""


def _within(node: ET.Element, name: str, attribute: str) -> str:
    return next((one.get(attribute, "") for one in node.iter() if _name(one) == name), "")


def _entry(node: ET.Element, url: str) -> Listed:
    title = one_line(_child(node, "title"))[:300]
    lead = _child(node, "link")
    if not lead:
        links = [one for one in node if _name(one) == "link"]
        best = [one for one in links if one.get("rel", "alternate") == "alternate"]
        lead = (best or links or [node])[0].get("href", "")
    if not lead and (guid := _child(node, "guid")).startswith(("http://", "https://")):
        lead = guid
    length = _within(node, "content", "duration") or _child(node, "duration")
    views = _within(node, "statistics", "views")
    return listed(
        "feed",
        url=joined(url, lead) if lead else "",
        number=_whole(_child(node, "episode")) or number_in(title),
        title=title,
        access="paid" if asks_money(title) else "unknown",
        duration_ms=_clock(length),
        published=one_line(_child(node, "pubDate", "published", "date"))[:40],
        counters=(Counter(name="plays", value=views[:40]),) if views.isdigit() else (),
    )


def _clock(text: str) -> int | None:
    """``1:02:03``, ``62:03`` or ``3723`` in milliseconds."""
    if not re.fullmatch(r"\d{1,7}(:\d{1,2}){0,2}", text):
        return None
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds * 1000 or None
