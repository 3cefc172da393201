"""Everything a page's browser received: heard while it happens, kept as it came.

A listener beside ``Tab``.  It never waits; bodies are asked for when they are complete and go into
one file.  What could not be had is listed one by one, with the reason.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from holdfast.adapters.browser import Browser, Params
from holdfast.adapters.http import MAX_LINK
from holdfast.adapters.spool import Body, Full, Spool
from holdfast.core.canonical import Json, one_line, rfc3339
from holdfast.core.errors import Unavailable

MOST_REQUESTS = 20_000
MOST_HELD = 256 << 20
"""Bytes of addresses, headers and what was posted, which wait in memory."""
LARGEST_BODY = 64 << 20
"""Bytes of one body that the browser is asked to hold; it holds that many per request."""
HELD_BY_BROWSER = 256 << 20
CUT_OFF = 1 << 30
"""Bytes of one body after which the page's loading is stopped."""
LARGEST_TOTAL = 4 << 30
ANSWER_SECONDS = 20.0
_ON_THE_WAY = 48 << 20
"""Bytes of bodies that are asked for at the same time."""
_MOST_POSTED = 16 << 20
_CHUNKED_END = len(b"0\r\n\r\n")
_CHARSET = re.compile(r"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?([\w-]{1,40})""")
# What browsers read the older names as (WHATWG Encoding §4.2): it has their bytes for their signs.
_CALLED = {"gb2312": "gb18030", "gbk": "gb18030"}
_WITHOUT_BODY = frozenset({204, 205, 304})

Source: TypeAlias = Literal["network", "cache", "worker", "lookup"]
Trouble: TypeAlias = Literal[
    "",
    "short",
    "broken",
    "aborted",
    "open",
    "evicted",
    "unseen",
    "too_large",
    "full",
    "text",
    "blocked",
]


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what came back.  Each hop of a redirect is one of its own."""

    number: int
    id: str
    session: str
    url: str
    method: str
    kind: str
    """Document, Image, Media, Fetch…, as the browser calls it."""
    started: str
    asked: Params
    frame: str = ""
    has_raw: bool = False
    answer: Params | None = None
    asked_raw: Params | None = None
    answer_raw: Params | None = None
    posted: bytes = b""
    source: Source = "network"
    received: int = 0
    """Bytes of the body that came, content encoding undone."""
    wire: int = 0
    """Bytes on the wire, headers included."""
    done: bool = False
    redirect: bool = False
    body: Body | None = None
    whole: bool = False
    """Whether ``body`` is all that the answer was to be."""
    trouble: Trouble = ""
    reason: str = ""
    """What the browser said of a failure."""
    charset: str = ""
    """Of a text that the browser only gave decoded and that was encoded anew."""

    @property
    def status(self) -> int:
        """As the server sent it: what the browser took from its cache still says 304 here."""
        if self.answer_raw is not None and self.answer_raw.get("statusCode"):
            return int(self.answer_raw["statusCode"])
        return int((self.answer or {}).get("status", 0))

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The answer's headers, as they came where the browser tells."""
        for told in (self.answer_raw, self.answer):
            if told is not None and told.get("headers"):
                return pairs(told["headers"])
        return []

    @property
    def asked_headers(self) -> list[tuple[str, str]]:
        """The request's headers, as they went out where the browser tells."""
        raw = (self.asked_raw or {}).get("headers")
        return pairs(raw or self.asked.get("headers", {}))

    def header(self, name: str) -> str:
        """The first header of the answer with that lower-case name, or empty."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def address(self) -> str:
        """IP address that was reached; empty where the browser does not tell."""
        return str((self.answer or {}).get("remoteIPAddress") or "").strip("[]")

    @property
    def media_type(self) -> str:
        """Without parameters, lower case."""
        said = self.header("content-type") or str((self.answer or {}).get("mimeType", ""))
        return one_line(said.partition(";")[0][:100]).lower()


def pairs(headers: Params) -> list[tuple[str, str]]:
    """The browser's table of headers as a list; it joins repeated ones with line feeds."""
    return [(str(name), line) for name, value in headers.items() for line in str(value).split("\n")]


@dataclass(slots=True)
class _Raw:
    """Raw headers by request, in the order of its hops."""

    asked: list[Params] = field(default_factory=list)
    answered: list[Params] = field(default_factory=list)


class Traffic:
    """What one page, its frames and its workers asked for and were given."""

    def __init__(self, program: Browser, session: str, room: Path, frame: str = "") -> None:
        """Where a ``frame`` is named, a page that was left in it is forgotten with all it had."""
        self._program = program
        self._root = session if frame else ""
        self._frame = frame
        self._sessions = {session}
        self._ours: set[str] = set()
        self._targets: dict[str, str] = {}
        """Session by frame or worker."""
        self.spool = Spool(room, LARGEST_TOTAL)
        self.exchanges: list[Exchange] = []
        self._count = 0
        self._held = 0
        self.unrecorded = 0
        """Requests beyond MOST_REQUESTS and MOST_HELD."""
        self.full = False
        """Whether a body was left out because there was no room for it."""
        self._current: dict[str, Exchange] = {}
        self._raw: dict[str, _Raw] = {}
        self._waiting: deque[Exchange] = deque()
        self._asked: dict[int, int] = {}
        self._on_the_way = 0
        self._closed = False
        self._handlers: dict[str, Callable[[str, Params], None]] = {
            "Target.attachedToTarget": self._attached,
            "Network.requestWillBeSent": self._request,
            "Network.requestWillBeSentExtraInfo": self._request_raw,
            "Network.responseReceivedExtraInfo": self._response_raw,
            "Network.requestServedFromCache": self._cached,
            "Network.responseReceived": self._response,
            "Network.dataReceived": self._data,
            "Network.loadingFinished": self._finished,
            "Network.loadingFailed": self._failed,
            "Page.frameNavigated": self._navigated,
        }
        program.listen(self._heard)

    def lookups_in(self, session: str) -> None:
        """Requests of ``session`` are ours, not the page's."""
        self._sessions.add(session)
        self._ours.add(session)

    def page(self) -> Iterator[Exchange]:
        """What the page itself asked for."""
        return (one for one in self.exchanges if one.source != "lookup")

    def forget_before(self, request: str) -> None:
        """What was asked for before ``request`` is no part of this: another page, a log-in."""
        first = next((one.number for one in self.exchanges if one.id == request), 0)
        for one in self.exchanges:
            if one.number < first:
                self._current.pop(one.id, None)
        self.exchanges = [one for one in self.exchanges if one.number >= first]
        if first:
            # What was too much for the page before is not lacking in this one.
            stays = {one.id for one in self.exchanges}
            self._raw = {id_: raw for id_, raw in self._raw.items() if id_ in stays}
            self._held = sum(_weight(one.asked) + len(one.posted) for one in self.exchanges)
            self.unrecorded, self.full = 0, False
        if first and all(one.body is None for one in self.exchanges):
            self.spool.clear()

    def settle(self) -> None:
        """Every body that was asked for is here, or was waited for long enough.

        What is still open is kept as far as it came.
        """
        self._program.wait(self._quiet, ANSWER_SECONDS)
        for one in self._current.values():
            if one.done or one.source == "lookup" or one.answer is None:
                continue
            if _bodiless(one):
                one.done, one.whole = True, True
            elif not one.trouble:
                one.trouble = "open"
                self._ask_so_far(one)
        self._program.wait(self._quiet, ANSWER_SECONDS)
        for one in self.exchanges:
            if not one.done and not one.trouble and one.source != "lookup":
                one.trouble = "open"
        self._match()

    def stop(self) -> None:
        """Nothing is heard any more, and the spool is gone."""
        self._closed = True
        self._program.unlisten(self._heard)
        self.spool.close()

    def _quiet(self) -> bool:
        return not self._asked and not self._waiting

    # --- what the browser reports ----------------------------------------------------------------

    def _heard(self, session: str, method: str, params: Params) -> None:
        if self._closed or session not in self._sessions:
            return
        if (handler := self._handlers.get(method)) is not None:
            handler(session, params)

    def _navigated(self, session: str, params: Params) -> None:
        if session == self._root and not params["frame"].get("parentId"):
            self.forget_before(str(params["frame"].get("loaderId", "")))

    def _attached(self, _session: str, params: Params) -> None:
        if params["targetInfo"].get("type") != "page":
            inner = str(params["sessionId"])
            self._sessions.add(inner)
            self._targets[str(params["targetInfo"]["targetId"])] = inner

    def _request(self, session: str, params: Params) -> None:
        id_ = str(params["requestId"])
        # What is longer than any link is not let out, and need not be held.
        url = str(params["request"]["url"])[:MAX_LINK]
        asked = params["request"] | {"url": url}
        if not url.startswith(("http:", "https:")):
            return
        if (before := params.get("redirectResponse")) is not None:
            self._redirected(id_, before, bool(params.get("redirectHasExtraInfo")))
        self._held += len(url) + _weight(asked)
        page = bool(self._frame) and params.get("frameId") == self._frame
        full = len(self.exchanges) >= MOST_REQUESTS or self._held > MOST_HELD
        # The document that another page begins with is always heard of: it makes room.
        if full and not (page and params.get("type") == "Document"):
            self.unrecorded += 1
            self._current.pop(id_, None)
            return
        one = Exchange(
            number=self._count + 1,
            id=id_,
            session=session,
            url=url,
            method=str(asked.get("method", "GET"))[:20],
            kind=str(params.get("type", "")),
            started=_time(params.get("wallTime", 0)),
            asked=asked,
            frame=str(params.get("frameId", "")),
            source="lookup" if session in self._ours else "network",
        )
        self._count += 1
        self.exchanges.append(one)
        self._current[id_] = one
        if asked.get("hasPostData"):
            self._posted(one)

    def _redirected(self, id_: str, answer: Params, has_raw: bool) -> None:
        if (one := self._current.get(id_)) is not None:
            one.answer, one.has_raw = answer, has_raw
            one.done, one.redirect, one.whole = True, True, True

    def _posted(self, one: Exchange) -> None:
        parts = one.asked.get("postDataEntries")
        if parts and all("bytes" in part for part in parts):
            self._take_posted(one, b"".join(base64.b64decode(p["bytes"]) for p in parts))
            return
        if self._held > MOST_HELD:
            self.full = True
            return

        def then(answer: Params) -> None:
            told = answer.get("result", {})
            data = str(told.get("postData", ""))
            raw = base64.b64decode(data) if told.get("base64Encoded") else data.encode()
            self._take_posted(one, raw)

        self._ask("Network.getRequestPostData", one, then)

    def _take_posted(self, one: Exchange, raw: bytes) -> None:
        if len(raw) > _MOST_POSTED or self._held + len(raw) > MOST_HELD:
            self.full = True
            return
        self._held += len(raw)
        one.posted = raw

    def _request_raw(self, _session: str, params: Params) -> None:
        self._raw_of(params).asked.append(params)

    def _response_raw(self, _session: str, params: Params) -> None:
        self._raw_of(params).answered.append(params)

    def _raw_of(self, params: Params) -> _Raw:
        id_ = str(params["requestId"])
        self._held += _weight(params)
        if self._held > MOST_HELD or (id_ not in self._raw and len(self._raw) >= MOST_REQUESTS):
            return _Raw()
        return self._raw.setdefault(id_, _Raw())

    def _cached(self, _session: str, params: Params) -> None:
        if (one := self._current.get(str(params["requestId"]))) is not None:
            one.source = "cache"

    def _response(self, session: str, params: Params) -> None:
        one = self._current.get(str(params["requestId"]))
        if one is None:
            return
        answer = params["response"]
        # A document begins in one process and ends in another: the later one holds its body.
        one.session, one.answer = session, answer
        one.has_raw = bool(params.get("hasExtraInfo"))
        one.kind = str(params.get("type", one.kind))
        if one.source == "network":
            if answer.get("fromServiceWorker"):
                one.source = "worker"
            elif answer.get("fromDiskCache") or answer.get("fromPrefetchCache"):
                one.source = "cache"

    def _data(self, _session: str, params: Params) -> None:
        one = self._current.get(str(params["requestId"]))
        if one is None:
            return
        one.received += int(params.get("dataLength", 0))
        if one.received > CUT_OFF and not one.trouble and one.source != "lookup":
            one.trouble = "too_large"
            self._program.send("Page.stopLoading", {}, one.session)

    def _finished(self, _session: str, params: Params) -> None:
        one = self._current.get(str(params["requestId"]))
        if one is None or one.done:
            return
        _resumed(one)
        one.done = True
        one.wire = int(params.get("encodedDataLength", 0))
        if one.source == "lookup" or one.trouble:
            return
        if _bodiless(one):
            one.whole = True
        elif one.received > LARGEST_BODY:
            one.trouble = "too_large"
        else:
            self._waiting.append(one)
            self._next()

    def _failed(self, _session: str, params: Params) -> None:
        one = self._current.get(str(params["requestId"]))
        if one is None or one.done:
            return
        _resumed(one)
        one.done = True
        one.reason = one_line(str(params.get("errorText", ""))[:100]).removeprefix("net::")
        if one.trouble:
            return
        if one.answer is not None and _bodiless(one):
            # The page let go of an answer that has nothing more to come.
            one.whole = True
        elif params.get("blockedReason") or "BLOCKED" in one.reason:
            one.trouble = "blocked"
        elif params.get("canceled"):
            one.trouble = "aborted"
        elif "CONTENT_LENGTH_MISMATCH" in one.reason or "INCOMPLETE" in one.reason:
            one.trouble = "short"
        else:
            one.trouble = "broken"

    # --- bodies ----------------------------------------------------------------------------------

    def _next(self) -> None:
        """Bodies are asked for in order, only so much of them at a time."""
        while self._waiting and (
            not self._on_the_way or self._on_the_way + self._waiting[0].received < _ON_THE_WAY
        ):
            self._ask_body(self._waiting.popleft())

    def _ask_body(self, one: Exchange) -> None:
        self._on_the_way += one.received

        def then(answer: Params) -> None:
            inner = self._targets.get(one.frame, one.session)
            if "error" in answer and inner != one.session:
                # A frame in a process of its own is announced here, and its document lies there.
                one.session = inner
                self._ask("Network.getResponseBody", one, then)
                return
            self._on_the_way -= one.received
            if "error" in answer:
                # An empty body is not kept by the browser, and nothing of it is missing.
                if one.received or one.header("content-length") != "0":
                    one.trouble = "evicted"
                    told = answer["error"].get("message", "")
                    one.reason = one_line(str(told)[:100])
                else:
                    self._keep(one, b"")
            else:
                self._came(one, answer["result"])
            self._next()

        self._ask("Network.getResponseBody", one, then)

    def _ask(self, method: str, one: Exchange, then: Callable[[Params], None]) -> None:
        key = id(then)
        self._asked[key] = one.number

        def answered(answer: Params) -> None:
            self._asked.pop(key, None)
            if not self._closed:
                then(answer)

        try:
            self._program.ask(method, {"requestId": one.id}, one.session, answered)
        except Unavailable:
            self._asked.pop(key, None)
            raise

    def _came(self, one: Exchange, told: Params) -> None:
        data = str(told.get("body", ""))
        if not data and not one.received and _carried(one) > _CHUNKED_END:
            # The page had it put into a blob, which goes past whoever listens.
            one.trouble = "unseen"
            return
        if told.get("base64Encoded"):
            self._keep(one, base64.b64decode(data))
            return
        raw, one.charset, exact = encoded(data, _charset(one), one.received)
        self._keep(one, raw)
        if not exact and not one.trouble:
            one.trouble = "text"

    def _keep(self, one: Exchange, data: bytes) -> None:
        try:
            one.body = self.spool.add(data)
        except Full:
            one.trouble, self.full = "full", True
            return
        one.whole = True
        declared = one.header("content-length")
        plain = not one.header("content-encoding")
        if plain and declared.isdigit() and one.source == "network" and len(data) < int(declared):
            one.whole, one.trouble = False, "short"

    def _ask_so_far(self, one: Exchange) -> None:
        """What has come of a body that has no end yet; only these bytes are raw as received."""

        def then(answer: Params) -> None:
            data = base64.b64decode(str(answer.get("result", {}).get("bufferedData", "")))
            if data:
                try:
                    one.body = self.spool.add(data)
                except Full:
                    self.full = True

        self._ask("Network.streamResourceContent", one, then)

    def _match(self) -> None:
        """Raw headers belong to the hops that are said to have some, in order."""
        hops: dict[str, list[Exchange]] = {}
        for one in self.exchanges:
            hops.setdefault(one.id, []).append(one)
        for id_, raw in self._raw.items():
            told = [one for one in hops.get(id_, []) if one.has_raw or one.answer is None]
            for one, asked in zip(told, raw.asked, strict=False):
                one.asked_raw = asked
            for one, answered in zip(told, raw.answered, strict=False):
                one.answer_raw = answered


def _time(wall: Any) -> str:
    """A CDP wall time, seconds since 1970, as RFC 3339."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return rfc3339(since + timedelta(milliseconds=round(float(wall) * 1000)))


def _resumed(one: Exchange) -> None:
    """What was open when somebody kept the page has an end after all."""
    if one.trouble == "open":
        one.trouble, one.body = "", None


def _bodiless(one: Exchange) -> bool:
    return one.method == "HEAD" or int((one.answer or {}).get("status", 0)) in _WITHOUT_BODY


def _weight(told: Params) -> int:
    """Bytes of the headers, each of which the browser tells more than once."""
    return 2 * sum(len(str(name)) + len(str(text)) for name, text in told["headers"].items())


def _carried(one: Exchange) -> int:
    """Bytes on the wire after the headers."""
    return one.wire - int((one.answer or {}).get("encodedDataLength", 0))


def _charset(one: Exchange) -> str:
    return str((one.answer or {}).get("charset", ""))


def encoded(text: str, charset: str, size: int) -> tuple[bytes, str, bool]:
    """Bytes of a text that was given decoded, the charset they are in, and whether they are exact.

    Exact means: as many bytes as came.  A byte order mark that the browser took away comes back.
    Where the server named no charset, the page itself may.
    """
    own = _CHARSET.search(text[:4096])
    named = (charset, own[1] if own else "", "utf-8")
    for name in dict.fromkeys(one for one in named if one):
        try:
            found = codecs.lookup(_CALLED.get(name.lower(), name)).name
            raw = text.encode(found)
        except (LookupError, UnicodeError):
            continue
        mark = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE}.get(found, b"")
        if mark and len(raw) + len(mark) == size:
            raw = mark + raw
        if found == "utf-8" or len(raw) == size:
            return raw, found, len(raw) == size and "\ufffd" not in text
    return text.encode("utf-8", "replace"), "utf-8", False


# --- as a record ---------------------------------------------------------------------------------

_SHOWN = 300


def described(one: Exchange) -> dict[str, Json]:
    """One line of ``traffic.json``."""
    return {
        "number": one.number,
        "at": one.started,
        "method": one_line(one.method),
        "url": one_line(one.url[:8000]),
        "kind": one_line(one.kind),
        "source": one.source,
        "status": one.status,
        "media_type": one.media_type,
        "address": one_line(one.address),
        "protocol": one_line(str((one.answer or {}).get("protocol", ""))[:40]),
        "received": one.received if one.body is None else one.body.size,
        "wire": one.wire,
        "sha256": None if one.body is None else one.body.sha256,
        "whole": one.whole,
        "trouble": one.trouble,
        "reason": one.reason,
        "charset": one.charset,
    }


def told(one: Exchange) -> str:
    """A body that is not whole, in a few words of fact."""
    parts = one.url.split("/", 3)
    place = one_line(f"{parts[2]}/{parts[3]}" if len(parts) > 3 else one.url)[:_SHOWN]
    return f"{place} ({one.trouble}{f': {one.reason}' if one.reason else ''})"
