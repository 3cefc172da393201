"""The inventory of a series: what its page, its feed and the downloader say its episodes are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, MozillaCookieJar
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin
from urllib.request import Request

from holdfast.adapters import http, series
from holdfast.adapters.capture import Means
from holdfast.adapters.disk import room_for
from holdfast.adapters.ytdlp import COUNTS, Line, Run, permitted, trouble
from holdfast.core.canonical import Json, canonical, one_line, rfc3339, visible
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Counter,
    Network,
    Observations,
    Outcome,
    Target,
)
from holdfast.core.job import Job
from holdfast.core.series import Listed, Listing, listed, merged, number_in

MOST_FETCHES = 40
MOST_TOTAL = 64 << 20
LARGEST_PAGE = 16 << 20
LOOK_SECONDS = 180.0
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A page or feed as it came."""

    url: str
    body: bytes
    status: int
    media_type: str
    address: str
    obtained: str


@dataclass(slots=True, kw_only=True)
class Found:
    """What was read, before it is written down."""

    target: str
    url: str
    started: str
    dns: tuple[str, ...]
    listing: Listing = field(default_factory=Listing)
    documents: list[_Document] = field(default_factory=list)
    redirects: list[str] = field(default_factory=list)
    tool: Component | None = None
    entries: tuple[Line, ...] = ()
    reached: tuple[str, ...] = ()
    error: HoldfastError | None = None
    """What the downloader ran into."""
    unread: HoldfastError | None = None
    """What the page ran into."""


class Inventory:
    """Takes the inventory of a link, and says nothing where it is one video."""

    id: Literal["series"] = "series"

    def __init__(
        self, means: Means, found: Found | None = None, cookies: Path | None = None
    ) -> None:
        self._means = means
        self._found = found
        self._cookies = cookies

    def suits(self, target: str) -> bool:
        """Whether ``target`` is a web link, or a shared message with one inside."""
        try:
            http.link(target)
        except Refused:
            return False
        return True

    def parts(self) -> tuple[Component, ...]:
        return (Component(name="yt-dlp", version=version("yt-dlp")),)

    def holding(self, found: Found) -> Inventory:
        """A source whose capture writes down what was found, without asking again."""
        return Inventory(self._means, found)

    def logged_in(self, cookies: Path) -> Inventory:
        """The same, but asked for with the cookies of a Netscape file, which nothing is kept of."""
        return Inventory(self._means, cookies=cookies)

    def staying(self) -> AbstractContextManager[None]:
        """Within this, one downloader serves every order."""
        return self._means.downloader.staying()

    def look(self, target: str, job: Job, *, thorough: bool = True) -> Found:
        """What the link leads to; its listing has no episodes when it is no series.

        Unless ``thorough``, a link that the downloader knows as one video is not read any further.
        Raises Refused and Unavailable of ``http.guard``, and Cancelled.
        """
        allow = self._means.loopback | http.typed_pair(target)
        link, addresses = http.guard(target, allow=allow)
        found = Found(
            target=target,
            url=link.url,
            started=rfc3339(self._means.clock.now()),
            dns=tuple(str(address) for address in addresses),
        )
        job.step("listing", detail=link.host)
        order = {"do": "list", "url": link.url, **permitted(allow, link, addresses)}
        # Read first: the downloader writes into its file what sites say.
        jar = _jar(self._cookies)
        if self._cookies is not None:
            order["cookies"] = str(self._cookies)
        run = self._means.downloader.ask(order, job)
        found.tool, found.entries, found.reached = run.tool, run.entries, run.reached
        if run.error is not None and run.error["kind"] != "unsupported":
            found.error = trouble(run.error, link.host)
            if isinstance(found.error, Refused) and run.error.get("refused"):
                raise found.error
        elif run.error is None and not run.entries and not thorough:
            return found
        reader = _Reader(found, allow, self._means, job, jar)
        told = [*reader.listings(), _of_downloader(run, link.url)]
        found.listing = replace(merged(told), own=self._cookies is not None)
        if len(found.listing.episodes) < 2 and not _is_list(told, run):
            found.listing = replace(found.listing, episodes=())
        return found

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The page, its feed and ``inventory.json``.

        Raises as ``look``, and what the site or downloader said, or Refused(``series_none``),
        where no series was found.
        """
        job.step("opening", detail=one_line(target[:200]))
        found = self._found or self.look(target, job)
        host = http.link(found.url).host
        if not found.listing.episodes:
            raise found.error or found.unread or Refused("series_none", host=host)
        job.step("saving", 0, len(found.documents))
        folder = room / "files"
        with room_for(host):
            folder.mkdir()
            files = tuple(self._files(folder, found))
        listing, first = found.listing, found.documents[0] if found.documents else None
        return Captured(
            source="series",
            target=Target(
                typed=target,
                url=found.url,
                final_url=first.url if first else "",
                redirects=tuple(found.redirects),
            ),
            files=files,
            started=found.started,
            finished=rfc3339(self._means.clock.now()),
            components=() if found.tool is None else (found.tool,),
            network=Network(
                address=first.address if first else next(iter(found.reached), ""), dns=found.dns
            ),
            completeness=_checks(listing, first),
            observations=Observations(
                title=one_line(listing.title),
                status=first.status if first else None,
                account=one_line(listing.account),
                counters=listing.counters,
            ),
        )

    def _files(self, folder: Path, found: Found) -> Iterator[CapturedFile]:
        """What was read as it came, and what was made of it."""
        now = rfc3339(self._means.clock.now())
        read: list[Json] = []
        first = ""
        for number, one in enumerate(found.documents, 1):
            name = f"feed-{number:02d}.xml" if _is_feed(one) else f"page-{number:02d}.html"
            (folder / name).write_bytes(one.body)
            first = first or f"files/{name}"
            read.append({"path": f"files/{name}", "url": visible(one.url), "status": one.status})
            yield CapturedFile(
                at=folder / name,
                path=f"files/{name}",
                media_type=one.media_type,
                obtained=one.obtained,
                name=one_line(one.url),
            )
        if found.entries:
            at = folder / "downloader.json"
            at.write_bytes(canonical([_plain(entry) for entry in found.entries]))
            yield CapturedFile(
                at=at,
                path="files/downloader.json",
                media_type="application/json",
                obtained=now,
                role="record",
                name="yt-dlp",
            )
            first = first or "files/downloader.json"
        body = found.listing.body() | {"url": visible(found.url), "read": read}
        at = folder / "inventory.json"
        at.write_bytes(canonical(body))
        yield CapturedFile(
            at=at,
            path="files/inventory.json",
            media_type="application/json",
            obtained=now,
            role="derived",
            name="inventory.json",
            derived_from=first,
        )


PIECE = Inventory


def _is_feed(document: _Document) -> bool:
    return "xml" in document.media_type and "html" not in document.media_type


def _plain(entry: Line) -> Json:
    return {
        name: visible(value) if isinstance(value, str) else value
        for name, value in entry.items()
        if isinstance(value, str | int | bool | None) and not isinstance(value, float)
    }


def _is_list(told: list[Listing], run: Run) -> bool:
    """Whether a single episode is a list of one: a feed or the downloader says it is a list."""
    return bool(run.entries) or any(
        origin == "feed" for one in told for e in one.episodes for origin in e.origins.values()
    )


def _checks(listing: Listing, first: _Document | None) -> tuple[Check, ...]:
    count = len(listing.episodes)
    outcome: Outcome = "not_checked"
    if listing.stated is not None:
        outcome = "pass" if count >= listing.stated else "warn"
    detail = f"{count}/{listing.stated}" if listing.stated is not None else str(count)
    checks = [
        Check(check="series_count", outcome=outcome, detail=detail),
        Check(check="series_whole", outcome="warn" if listing.cut else "pass", detail=str(count)),
    ]
    if first is not None:
        fine: Outcome = "pass" if first.status == 200 else "fail"
        checks.insert(0, Check(check="http_status", outcome=fine, detail=str(first.status)))
    return tuple(checks)


def _jar(cookies: Path | None) -> CookieJar:
    """The cookies of the file, each for the addresses that it was set for; empty without one."""
    jar = MozillaCookieJar()
    if cookies is not None:
        jar.load(str(cookies), ignore_discard=True, ignore_expires=True)
        for one in jar:
            # Nought is no date here: the cookie lasts as long as its browser.
            one.expires = one.expires or None
    return jar


# --- the downloader's words ----------------------------------------------------------------------


def _of_downloader(run: Run, base: str) -> Listing:
    about = run.about
    stated = about.get("count")
    return Listing(
        title=one_line(str(about.get("title", "")))[:300] if run.entries else "",
        account=one_line(str(about.get("account", "")))[:200],
        stated=stated if isinstance(stated, int) and run.entries else None,
        counters=_counted(about) if run.entries else (),
        episodes=tuple(_episode(entry, base) for entry in run.entries),
        cut=run.cut,
    )


def _episode(entry: Line, base: str) -> Listed:
    title = one_line(str(entry.get("title", "")))[:300]
    number = entry.get("number")
    published = str(entry.get("published", ""))
    if isinstance(entry.get("timestamp"), int):
        with suppress(ValueError, OverflowError, OSError):  # a time that no calendar has
            published = rfc3339(datetime.fromtimestamp(int(entry["timestamp"]), UTC))
    duration = entry.get("duration_ms")
    return listed(
        "downloader",
        # Of a feed the downloader gives the link as it stands there.
        url=series.joined(base, str(entry.get("url", ""))),
        number=number if isinstance(number, int) else number_in(title),
        title=title,
        access="paid" if entry.get("paid") else "unknown",
        duration_ms=duration if isinstance(duration, int) else None,
        published=one_line(published)[:40],
        counters=_counted(entry),
    )


def _counted(told: Line) -> tuple[Counter, ...]:
    counts: Any = told.get("counts", {})
    return tuple(
        Counter(name=name, value=str(counts[key])) for key, name in COUNTS.items() if key in counts
    )


# --- pages and feeds -----------------------------------------------------------------------------


class _Reader:
    """Reads pages and feeds of one link, each once, until enough was read."""

    def __init__(
        self, found: Found, allow: frozenset[str], means: Means, job: Job, jar: CookieJar
    ) -> None:
        self._found, self._allow, self._means, self._job = found, allow, means, job
        self._jar = jar
        self._end = time.monotonic() + LOOK_SECONDS
        self._seen: set[str] = set()
        self._total = 0
        self._cut = False

    def listings(self) -> list[Listing]:
        """What each said, the page itself first."""
        try:
            told = list(self._from(self._found.url, "", 0))
        except Refused:
            raise
        except HoldfastError as error:
            if isinstance(error, Unavailable):
                self._found.unread = error
                return []
            raise
        if self._cut:
            told.append(Listing(cut=True))
        return told

    def _from(self, url: str, group: str, depth: int) -> Iterator[Listing]:
        """The list at ``url`` with what it goes on to, and the series that it leads to."""
        first = self._read(url)
        reading = first
        while reading is not None:
            yield _grouped(reading.listing, group)
            reading = self._next(reading.following)
        if first is None:
            return
        feed = self._next(first.feed)
        while feed is not None:
            yield _grouped(replace(feed.listing, stated=None), group)
            feed = self._next(feed.following)
        for title, lead in first.leads if depth == 0 else ():
            try:
                inner = list(self._from(lead, title, 1))
            except HoldfastError:
                self._cut = True
                continue
            # A series of an account has its own numbers and counters.
            for listing in inner:
                yield replace(listing, stated=None, counters=(), title="", account="")

    def _next(self, url: str) -> series.Reading | None:
        """What follows; a list that goes on to something that fails is a list that was cut."""
        if not url:
            return None
        try:
            return self._read(url)
        except Unavailable:
            self._cut = True
            return None

    def _read(self, url: str) -> series.Reading | None:
        if url in self._seen:
            return None
        enough = len(self._seen) >= MOST_FETCHES or self._total > MOST_TOTAL
        if enough or time.monotonic() > self._end:
            self._cut = True
            return None
        self._seen.add(url)
        document = self._fetched(url)
        self._seen.add(document.url)
        self._total += len(document.body)
        self._found.documents.append(document)
        if document.status != 200:
            raise Unavailable(
                "http_status", host=http.link(document.url).host, status=document.status
            )
        if _is_feed(document):
            return series.read_feed(document.body, document.url)
        text = document.body.decode("utf-8", "replace")
        return series.read_page(text, document.url)

    def _fetched(self, url: str) -> _Document:
        """The body at ``url`` or where it redirects to, every hop judged anew."""
        for _ in range(6):
            self._job.step("listing", len(self._seen), detail=one_line(url[:200]))
            left = max(1.0, min(30.0, self._end - time.monotonic()))
            asking = Request(http.link(url).url)  # noqa: S310  what is asked is judged by http.fetch
            self._jar.add_cookie_header(asking)
            sent = asking.get_header("Cookie")
            reply = http.fetch(
                url,
                headers={"cookie": sent} if sent else None,
                limit=LARGEST_PAGE,
                timeout=left,
                allow_loopback=self._allow,
            )
            lead = reply.header("location")
            if reply.status not in _MOVED or not lead:
                kind = reply.header("content-type").partition(";")[0].strip().lower()
                if reply.body.lstrip()[:5] == b"<?xml" and "html" not in kind:
                    kind = "application/xml"
                return _Document(
                    url=url,
                    body=reply.body,
                    status=reply.status,
                    media_type=kind if "xml" in kind else "text/html",
                    address=reply.address,
                    obtained=rfc3339(self._means.clock.now()),
                )
            try:
                url = urljoin(url, lead)
            except ValueError as error:
                raise Unavailable("host_garbled", host=http.link(url).host) from error
            self._found.redirects.append(one_line(url)[:2000])
        raise Unavailable("page_redirects", host=http.link(url).host)


def _grouped(listing: Listing, group: str) -> Listing:
    if not group:
        return listing
    return replace(listing, episodes=tuple(replace(one, group=group) for one in listing.episodes))
