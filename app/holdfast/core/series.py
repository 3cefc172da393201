"""A series: what a page, a feed and a downloader say its episodes are, and how far keeping them is.

An inventory is evidence: how many episodes there were on a day, which of them cost money, and what
their counters said, each fact with where it was read.  The queue is working state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from holdfast.core.canonical import Json, one_line, parse
from holdfast.core.evidence import Counter

INVENTORY_FORMAT = "holdfast-inventory/1"
MOST_EPISODES = 2000
"""More than that in one series is a list made to tire us, or needs to be taken in parts."""

Access = Literal["free", "paid", "unknown"]
Origin = Literal["json-ld", "microdata", "feed", "page", "downloader"]
EpisodeState = Literal["listed", "queued", "running", "kept", "failed", "skipped"]
SeriesState = Literal["listed", "queued", "running", "paused", "done"]

FACTS = ("number", "title", "url", "access", "duration_ms", "published", "counters")
_PAYING = re.compile(
    r"付费|收费|会员|解锁|试看|🔒|(?<![a-z])s?vip(?![a-z])"
    r"|\b(locked|premium|paid|members?[ -]only|unlock)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"第\s{0,3}(?P<zh>\d{1,5})\s{0,3}[集话回期]"
    r"|(?i:\b(?:ep(?:isode)?)[ ._#-]{0,3}(?P<en>\d{1,5})\b)"
)
_RANGES = re.compile(r"\s*(\d{1,5})\s*(?:[-–~]\s*(\d{1,5})\s*)?")
# What links are decorated with on their way through apps; the episode is the same without them.
_DECORATION = re.compile(r"(?i)^(utm_\w+|spm\w*|share\w*|from|source|timestamp|fbclid|gclid)=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One episode as it was listed.  What nobody said is empty or None, never a guess."""

    url: str = ""
    number: int | None = None
    title: str = ""
    group: str = ""
    """Which series of an account it belongs to."""
    access: Access = "unknown"
    duration_ms: int | None = None
    published: str = ""
    """As it was written."""
    counters: tuple[Counter, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Where each fact was read, by the names in FACTS."""

    @property
    def key(self) -> str:
        """By what the same episode is known again."""
        return same_link(self.url) or f"{self.group}#{self.number}#{self.title}"

    def body(self) -> dict[str, Json]:
        """As it stands in ``inventory.json``."""
        return {
            "number": self.number,
            "title": self.title,
            "series": self.group,
            "url": self.url,
            "access": self.access,
            "duration_ms": self.duration_ms,
            "published": self.published,
            "counters": {one.name: one.value for one in self.counters},
            "from": dict(self.origins),
        }


def listed(origin: Origin, **facts: object) -> Listed:
    """An episode whose every stated fact was read at ``origin``."""
    told: dict[str, object] = {
        name: value for name, value in facts.items() if value not in ("", None, (), "unknown")
    }
    origins = {name: origin for name in FACTS if name in told}
    return Listed(**told, origins=origins)  # type: ignore[arg-type] # names are Listed's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one or several readings found."""

    title: str = ""
    account: str = ""
    stated: int | None = None
    """How many episodes the page itself says there are."""
    counters: tuple[Counter, ...] = ()
    episodes: tuple[Listed, ...] = ()
    cut: bool = False
    """Whether there was more than was read."""
    own: bool = False
    """Whether it was asked for as somebody who is logged in."""

    @property
    def paid(self) -> int:
        """How many are said to cost money."""
        return sum(one.access == "paid" for one in self.episodes)

    def body(self) -> dict[str, Json]:
        """``inventory.json`` but for where it was read."""
        own: dict[str, Json] = {"logged_in": True} if self.own else {}
        return own | {
            "format": INVENTORY_FORMAT,
            "title": self.title,
            "account": self.account,
            "stated": self.stated,
            "counters": {one.name: one.value for one in self.counters},
            "listed": len(self.episodes),
            "free": sum(one.access == "free" for one in self.episodes),
            "paid": self.paid,
            "unknown": sum(one.access == "unknown" for one in self.episodes),
            "cut": self.cut,
            "episodes": [one.body() for one in self.episodes],
        }


def read_listing(raw: bytes) -> Listing:
    """What an ``inventory.json`` of ours holds.  Raises ValueError for anything else."""
    match parse(raw):
        case {
            "format": "holdfast-inventory/1",
            "title": str(title),
            "account": str(account),
            "stated": int() | None as stated,
            "counters": dict(counters),
            "cut": bool(cut),
            "episodes": list(episodes),
            **rest,
        }:
            return Listing(
                title=title,
                account=account,
                stated=stated,
                counters=_counters(counters),
                episodes=tuple(_read_episode(one) for one in episodes),
                cut=cut,
                own=rest.get("logged_in") is True,
            )
    raise ValueError("not an inventory")


def _read_episode(body: Json) -> Listed:
    match body:
        case {
            "number": int() | None as number,
            "title": str(title),
            "series": str(group),
            "url": str(url),
            "access": "free" | "paid" | "unknown" as access,
            "duration_ms": int() | None as duration,
            "published": str(published),
            "counters": dict(counters),
            "from": dict(origins),
        }:
            return Listed(
                number=number,
                title=title,
                group=group,
                url=url,
                access=access,
                duration_ms=duration,
                published=published,
                counters=_counters(counters),
                origins={name: _ORIGINS[str(origin)] for name, origin in origins.items()},
            )
    raise ValueError("not an episode")


_ORIGINS: Mapping[str, Origin] = {
    "json-ld": "json-ld",
    "microdata": "microdata",
    "feed": "feed",
    "page": "page",
    "downloader": "downloader",
}


def _counters(body: Mapping[str, Json]) -> tuple[Counter, ...]:
    return tuple(Counter(name=name, value=str(value)) for name, value in body.items())


def same_link(url: str) -> str:
    """The link without fragment, decoration and a slash at its end; empty stays empty."""
    path, _, query = url.partition("#")[0].partition("?")
    left = "&".join(part for part in query.split("&") if part and not _DECORATION.match(part))
    return path.rstrip("/") + (f"?{left}" if left else "")


def number_in(text: str) -> int | None:
    """``3`` of 第3集 or Episode 3; None where it does not stand in these words."""
    hit = _NUMBERED.search(text[:500])
    return int(hit["zh"] or hit["en"]) if hit else None


def asks_money(text: str) -> bool:
    """Whether a line about an episode says that it has to be paid for or unlocked."""
    return bool(_PAYING.search(text[:500]))


def merged(listings: Iterable[Listing]) -> Listing:
    """One listing of several: an episode once, the first to state a fact is believed.

    Paid wins over free, whoever says so: a link in a feed does not make an episode free.
    """
    whole = Listing()
    found: dict[str, Listed] = {}
    numbers: dict[tuple[str, int], str] = {}
    for listing in listings:
        whole = Listing(
            title=whole.title or listing.title,
            account=whole.account or listing.account,
            stated=whole.stated if whole.stated is not None else listing.stated,
            counters=whole.counters or listing.counters,
            cut=whole.cut or listing.cut,
        )
        for one in listing.episodes:
            key = one.key
            if key not in found and one.number is not None:
                # A locked episode has no link on one page and one on another.
                twin = numbers.get((one.group, one.number), "")
                if twin in found and not (one.url and found[twin].url):
                    key = twin
            found[key] = _joined(found[key], one) if key in found else one
            if one.number is not None:
                numbers.setdefault((one.group, one.number), key)
    episodes = list(found.values())
    cut = whole.cut or len(episodes) > MOST_EPISODES
    return replace(whole, episodes=_ordered(episodes)[:MOST_EPISODES], cut=cut)


def _joined(first: Listed, other: Listed) -> Listed:
    facts: dict[str, object] = {}
    origins = dict(first.origins)
    for name in FACTS:
        have, more = getattr(first, name), getattr(other, name)
        missing = have in ("", None, (), "unknown") and more not in ("", None, (), "unknown")
        if missing or (name == "access" and more == "paid" and have == "free"):
            facts[name] = more
            origins[name] = other.origins.get(name, "page")
    return replace(first, **facts, group=first.group or other.group, origins=origins)  # type: ignore[arg-type] # names are Listed's own


def _ordered(episodes: Sequence[Listed]) -> tuple[Listed, ...]:
    """By number where every one of a group has one; else as they were listed."""
    groups: dict[str, list[Listed]] = {}
    for one in episodes:
        groups.setdefault(one.group, []).append(one)
    ordered: list[Listed] = []
    for members in groups.values():
        numbers = [one.number for one in members if one.number is not None]
        if len(numbers) == len(members) == len(set(numbers)):
            members.sort(key=lambda one: one.number or 0)
        ordered += members
    return tuple(ordered)


# --- the queue -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series that somebody wants kept, and where its queue stands."""

    id: str
    case_id: str
    url: str
    """As typed."""
    title: str
    state: SeriesState = "listed"
    code: str = ""
    """Why the queue paused by itself: the code of an error; empty when a person paused it."""
    pages: bool = False
    """Whether each episode's page is kept beside its video."""
    gap_ms: int = 0
    """How long the site is left alone between two episodes."""
    pause: bool = False
    """Somebody asked the queue to stop after the episode that is running."""
    own: bool = False
    """Whether the site is asked as the person who logged in to it in the case's own browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode of a series and what became of it."""

    id: str
    case_id: str
    series_id: str
    place: int
    """From 1, in the order of the inventory."""
    listed: Listed
    state: EpisodeState = "listed"
    exhibit: str = ""
    """Number of the exhibit that holds its video."""
    whole: bool = True
    """False when a completeness check of that exhibit is red."""
    page: str = ""
    """Number of the exhibit that holds its page."""
    code: str = ""
    """Code of the error for which it failed or was skipped."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the words of ``code`` name."""
    tries: int = 0

    @property
    def label(self) -> str:
        """What it is called in a line."""
        number = "" if self.listed.number is None else str(self.listed.number)
        return one_line(f"{number} {self.listed.title or self.listed.url}".strip())[:120]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One taking of a series' inventory: what its counters said then."""

    id: str
    case_id: str
    series_id: str
    exhibit: str
    taken: str
    """RFC 3339."""
    listed: int
    paid: int
    stated: int | None = None
    counters: tuple[Counter, ...] = ()
    """Of the series as a whole, as shown."""
    episodes: tuple[tuple[str, tuple[Counter, ...]], ...] = ()
    """Key and counters of each episode that has any."""


PAID = "episode_paid"
NO_LINK = "episode_no_link"


def unkeepable(one: Listed) -> str:
    """The code of why an episode is not even tried; empty when it may be.

    What has to be paid for is listed and left alone.
    """
    if one.access == "paid":
        return PAID
    return "" if one.url else NO_LINK


def chosen(episodes: Sequence[Episode], wish: str) -> tuple[Episode, ...]:
    """The episodes that ``1-3,7`` names: by their own numbers, or by place where they have none.

    An empty wish is all of them.  Raises ValueError for what is no such list, or names none.
    """
    if not wish.strip():
        return tuple(episodes)
    wanted: list[tuple[int, int]] = []
    for part in wish.split(","):
        hit = _RANGES.fullmatch(part)
        if hit is None:
            raise ValueError(part)
        first, last = int(hit[1]), int(hit[2] or hit[1])
        if last < first:
            raise ValueError(part)
        wanted.append((first, last))
    numbered = all(one.listed.number is not None for one in episodes)
    found = tuple(
        one
        for one in episodes
        if any(
            low <= ((one.listed.number or 0) if numbered else one.place) <= high
            for low, high in wanted
        )
    )
    if not found:
        raise ValueError(wish)
    return found


_SCALES = {"万": 10_000, "亿": 100_000_000, "k": 1000, "m": 1_000_000, "b": 1_000_000_000}
_COUNT = re.compile(r"(?P<count>\d[\d,]{0,20}(?:\.\d{1,6})?)\s?(?P<scale>[万亿kKmMbB]?)")


def amount(shown: str) -> int | None:
    """``1,286.4 万`` as a number, for a chart only; None when it is not written like one."""
    hit = _COUNT.fullmatch(shown.strip())
    if hit is None:
        return None
    return round(float(hit["count"].replace(",", "")) * _SCALES.get(hit["scale"].lower(), 1))


def total(inventory: Inventory, name: str) -> int | None:
    """A counter of the whole series at that taking; the sum of its episodes where only they say.

    None when neither does.
    """
    for one in inventory.counters:
        if one.name == name:
            return amount(one.value)
    found = [
        number
        for _, counters in inventory.episodes
        for one in counters
        if one.name == name and (number := amount(one.value)) is not None
    ]
    return sum(found) if found else None
