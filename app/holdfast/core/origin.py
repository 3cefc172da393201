"""Where something came from: what the connection showed, and look-ups made beside it.

Whatever is not the connection that served the page is *separate*: it was asked of somebody else,
at its own moment, and is marked so wherever it is shown.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeAlias

from holdfast.core.canonical import Json, one_line, rfc3339, visible
from holdfast.core.icp import Filing

FORMAT = "holdfast-origin/1"
FILE = "files/origin.json"
MOST_ANSWER = 64 << 10
MOST_FACTS = 60

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Range: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
What = Literal["dns", "domain", "address"]

MISSING = (
    "offline",
    "private",
    "practice",
    "no_server",
    "no_resolver",
    "no_answer",
    "slow",
    "refused",
    "redirect",
    "garbled",
    "not_found",
    "failed",
)
"""Why a look-up brought nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named value as it was told; text from outside."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One question to somebody who did not serve the page, and what was answered."""

    what: What
    question: str
    asked: str = ""
    """Whom: an address on the network, or the URL and the address behind it."""
    at: str = ""
    """When the answer was there, RFC 3339."""
    facts: tuple[Fact, ...] = ()
    answer: str = ""
    """The whole answer where it is text."""
    missing: str = ""
    """One of MISSING where nothing was obtained."""

    def body(self) -> dict[str, Json]:
        """As it stands in ``origin.json``."""
        return {
            "what": self.what,
            "separate": True,
            "question": visible(self.question),
            "asked": visible(self.asked),
            "at": self.at,
            "facts": _facts(self.facts),
            "answer": visible(self.answer),
            "not_obtained": self.missing,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """What the server said the time was, while our clock went from ``since`` to ``until``."""

    said: str
    """The header as sent."""
    server: datetime
    since: datetime
    until: datetime

    @property
    def apart(self) -> timedelta:
        """How far it lies outside that time: ahead of our clock, or behind (negative)."""
        # The header has whole seconds.
        if self.server + timedelta(seconds=1) < self.since:
            return self.server + timedelta(seconds=1) - self.since
        return max(self.server - self.until, timedelta())

    def body(self) -> dict[str, Json]:
        """As it stands in ``origin.json``."""
        return {
            "said": visible(self.said),
            "server": rfc3339(self.server),
            "ours_since": rfc3339(self.since),
            "ours_until": rfc3339(self.until),
            "apart_ms": int(self.apart / timedelta(milliseconds=1)),
        }


def read_date(said: str, since: datetime, until: datetime) -> Date | None:
    """An HTTP Date header (RFC 9110 §6.6.1) against our clock; None when it cannot be read."""
    try:
        server = parsedate_to_datetime(said.strip()[:100])
        if server.tzinfo is None:
            server = server.replace(tzinfo=UTC)
        return Date(said=said[:100], server=server.astimezone(UTC), since=since, until=until)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the connection that served the page showed of itself."""

    url: str
    redirects: tuple[str, ...] = ()
    """Every address that sent us on, in order."""
    address: str = ""
    date: Date | None = None
    certificates: tuple[tuple[Fact, ...], ...] = ()
    """The chain as the browser showed it, the server's own first."""

    def body(self) -> dict[str, Json]:
        """As it stands in ``origin.json``."""
        return {
            "separate": False,
            "url": visible(self.url),
            "redirects": [visible(url) for url in self.redirects],
            "address": visible(self.address),
            "date": None if self.date is None else self.date.body(),
            "certificates": [_facts(facts) for facts in self.certificates],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Everything that was learnt of where one capture came from."""

    host: str
    domain: str
    """The part of it that somebody registered, as far as known."""
    connection: Connection
    lookups: tuple[Lookup, ...] = ()
    not_asked: str = ""
    """Why nobody was asked: ``offline``, ``private``, ``practice``; else empty."""
    filings: tuple[Filing, ...] = ()
    registries_as_of: str = ""

    def body(self) -> dict[str, Json]:
        """``origin.json``."""
        return {
            "format": FORMAT,
            "host": visible(self.host),
            "domain": visible(self.domain),
            "connection": self.connection.body(),
            "lookups": [lookup.body() for lookup in self.lookups],
            "not_asked": self.not_asked,
            "icp": [
                {
                    "number": visible(filing.number),
                    "line": filing.line,
                    "of_lines": filing.lines,
                    "text": visible(filing.text),
                    "note": "found on the page; not checked with the ministry",
                }
                for filing in self.filings
            ],
            "registries_as_of": self.registries_as_of,
        }


def _facts(facts: Sequence[Fact]) -> list[Json]:
    return [{"name": visible(fact.name), "value": visible(fact.value)} for fact in facts]


# --- whom to ask ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """Who knows about domains and address ranges, and below which names others register."""

    rdap: Mapping[str, str] = field(default_factory=dict)
    """Top-level domain → base URL."""
    whois: Mapping[str, str] = field(default_factory=dict)
    """Top-level domain → host, for those without RDAP."""
    ranges: tuple[tuple[Range, str], ...] = ()
    suffixes: frozenset[str] = frozenset()
    as_of: str = ""

    def registrable(self, host: str) -> str:
        """The domain that somebody registered, as far as the suffixes tell; empty for none."""
        labels = host.rstrip(".").lower().split(".")
        length = 3 if ".".join(labels[-2:]) in self.suffixes else 2
        if len(labels) < length or not all(labels[-length:]) or labels[-1].isdigit():
            return ""
        return ".".join(labels[-length:])

    def about(self, domain: str) -> tuple[str, str]:
        """(``rdap``, base URL), (``whois``, host) or two empty ones, for a registrable domain."""
        top = domain.rpartition(".")[2]
        if top in self.rdap:
            return "rdap", self.rdap[top]
        return ("whois", self.whois[top]) if top in self.whois else ("", "")

    def about_address(self, address: Address) -> str:
        """Base URL of the registry that the narrowest range with ``address`` names; or empty."""
        held = [
            (range_.prefixlen, url)
            for range_, url in self.ranges
            if range_.version == address.version and address in range_
        ]
        return max(held)[1] if held else ""

    def known(self, url: str) -> bool:
        """Whether ``url`` lies below a registry that we know, so that it may be followed."""
        bases = {*self.rdap.values(), *(url for _, url in self.ranges)}
        return any(url.startswith(base) for base in bases)


# --- what they answer ----------------------------------------------------------------------------


def read_rdap(raw: bytes, kind: Literal["domain", "ip network"]) -> tuple[Fact, ...]:
    """What an RDAP answer (RFC 9083) says of a domain or a range.  Raises ValueError.

    The values are the registry's; what is missing or of another type is left out.
    """
    try:
        told = json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(told, dict) or told.get("objectClassName") != kind:
        raise ValueError("not an answer about that")
    facts = list(_domain(told) if kind == "domain" else _network(told))
    facts += _events(told)
    facts += _people(told)
    return tuple(facts[:MOST_FACTS])


def _domain(told: Mapping[str, Any]) -> Iterator[Fact]:
    yield from _plain("domain", told.get("ldhName"))
    yield from _plain("handle", told.get("handle"))
    for status in _list(told.get("status"))[:12]:
        yield from _plain("status", status)
    for server in _list(told.get("nameservers"))[:12]:
        if isinstance(server, dict):
            yield from _plain("nameserver", server.get("ldhName"))


def _network(told: Mapping[str, Any]) -> Iterator[Fact]:
    yield from _plain("name", told.get("name"))
    yield from _plain("handle", told.get("handle"))
    first, last = told.get("startAddress"), told.get("endAddress")
    if isinstance(first, str) and isinstance(last, str):
        yield from _plain("range", f"{first} – {last}")
    yield from _plain("country", told.get("country"))
    yield from _plain("type", told.get("type"))


_EVENTS = {"registration": "registered", "last changed": "changed", "expiration": "expires"}


def _events(told: Mapping[str, Any]) -> Iterator[Fact]:
    for event in _list(told.get("events"))[:20]:
        if isinstance(event, dict):
            name = _EVENTS.get(str(event.get("eventAction")))
            if name is not None:
                yield from _plain(name, event.get("eventDate"))


_ROLES = ("registrar", "registrant", "administrative", "abuse")


def _people(told: Mapping[str, Any], depth: int = 0) -> Iterator[Fact]:
    """Names of those with a role, and of those whom they name in turn."""
    for entity in _list(told.get("entities"))[:20]:
        if not isinstance(entity, dict):
            continue
        card = entity.get("vcardArray")
        entries = _list(card[1]) if isinstance(card, list) and len(card) > 1 else []
        for role in _ROLES:
            if role not in _list(entity.get("roles")):
                continue
            for entry in entries[:40]:
                match entry:
                    case ["fn" | "org" | "email" as kind, _, _, str(value)] if value.strip():
                        yield from _plain(role if kind == "fn" else f"{role} {kind}", value)
        if depth < 2:
            yield from _people(entity, depth + 1)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(name: str, value: object) -> Iterator[Fact]:
    if isinstance(value, str) and (text := one_line(value[:1000])):
        yield Fact(name=name, value=text[:300])


_LINE = re.compile(r"[ \t]*([^\s:：][^:：]{0,59}?)[ \t]*[:：][ \t]+(\S.*)")
_WHOIS = {
    "domain name": "domain",
    "domain": "domain",
    "roid": "handle",
    "registry domain id": "handle",
    "domain status": "status",
    "status": "status",
    "registrant": "registrant",
    "registrant name": "registrant",
    "registrant organization": "registrant org",
    "registrant contact email": "registrant email",
    "registrant email": "registrant email",
    "sponsoring registrar": "registrar",
    "registrar": "registrar",
    "registrar name": "registrar",
    "registrar abuse contact email": "abuse email",
    "name server": "nameserver",
    "nserver": "nameserver",
    "registration time": "registered",
    "creation date": "registered",
    "created": "registered",
    "updated date": "changed",
    "last updated": "changed",
    "changed": "changed",
    "expiration time": "expires",
    "registry expiry date": "expires",
    "expiration date": "expires",
    "paid-till": "expires",
}
_UNKNOWN = re.compile(r"(?i)no match|not found|no matching record|no entries found|no data found")


def read_whois(text: str) -> tuple[Fact, ...]:
    """What a WHOIS answer says of a domain, by the names that registries commonly use.

    Raises LookupError when it says that there is no such domain, ValueError when nothing in it is
    known here.
    """
    facts: list[Fact] = []
    for line in text[:MOST_ANSWER].splitlines():
        if line.lstrip().startswith(("%", "#", ">>>")):
            continue
        hit = _LINE.fullmatch(line)
        name = _WHOIS.get(hit[1].strip().lower()) if hit else None
        if hit and name:
            facts.extend(_plain(name, hit[2]))
    facts = list(dict.fromkeys(facts))[:MOST_FACTS]
    if any(fact.name != "status" for fact in facts):
        return tuple(facts)
    if _UNKNOWN.search(text[:2000]):
        raise LookupError("no such domain")
    raise ValueError("nothing that is known here")


# --- as people read it ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of what was learnt.  ``key`` is a key of the catalogues below ``origin.row``."""

    key: str
    value: str
    separate: bool = False
    """Whether it was asked of somebody who did not serve the page."""
    at: str = ""
    """When, RFC 3339, for separate ones."""
    missing: str = ""
    """One of MISSING, in place of a value."""
    place: str = ""
    """Line and number of lines of the page's text, for what stands there: ``214/220``."""


_SAID = frozenset({"date_ahead", "date_behind", "icp"})
"""Rows whose value is put into a sentence."""


def sentence(row: Row, say: Callable[..., str], time: Callable[[str], str]) -> str:
    """What stands for a row in one language: its value or why there is none, and when and by
    whom it was asked.  ``say`` takes a key of the catalogues, ``time`` an RFC 3339 time.
    """
    value = row.value
    if row.key in _SAID:
        value = say(f"origin.value.{row.key}", value=value, place=row.place)
    if row.missing:
        why = say("origin.missing", why=say(f"origin.missing.{row.missing}"))
        value = f"{value}: {why}" if value else why
    if row.separate and row.at:
        value = f"{value} [{say('origin.separate', at=time(row.at))}]"
    return value


_TOLD = (
    "registrant", "registrant org", "registrar", "registered", "expires", "name", "range",
    "country",
)  # fmt: skip
"""What of a registry's answer is shown in one line; the rest stands in the file."""


def rows(body: Mapping[str, Json]) -> tuple[Row, ...]:
    """An ``origin.json`` in lines, the connection first.  What has another form is left out."""
    found: list[Row] = []
    connection = body.get("connection")
    if isinstance(connection, Mapping):
        found += _connection_rows(connection)
    for filing in _maps(body.get("icp")):
        number, line, of = filing.get("number"), filing.get("line"), filing.get("of_lines")
        found.append(Row(key="icp", value=one_line(str(number)), place=f"{line}/{of}"))
    if reason := _known(body.get("not_asked")):
        found.append(Row(key="lookups", value="", separate=True, missing=reason))
    lookups = _maps(body.get("lookups"))
    found += _dns_rows([one for one in lookups if one.get("what") == "dns"])
    for lookup in lookups:
        what = str(lookup.get("what"))
        if what in ("domain", "address"):
            facts = _told(lookup)
            told = [value for name, value in facts if name in _TOLD]
            said = " · ".join((told or [value for _, value in facts])[:8])
            question = one_line(str(lookup.get("question")))
            found.append(
                Row(
                    key=what,
                    value=f"{question}: {said}" if said else question,
                    separate=True,
                    at=str(lookup.get("at") or ""),
                    missing=_known(lookup.get("not_obtained")),
                )
            )
    return tuple(found)


def _dns_rows(lookups: Sequence[Mapping[str, Json]]) -> Iterator[Row]:
    """All records in one line, and one for each reason why some were not obtained."""
    names: list[str] = []
    lacking: dict[str, list[str]] = {}
    at = max((str(one.get("at") or "") for one in lookups), default="")
    for lookup in lookups:
        if reason := _known(lookup.get("not_obtained")):
            lacking.setdefault(reason, []).append(one_line(str(lookup.get("question"))))
        names += [f"{name} {value}" for name, value in _told(lookup)]
    if names:
        value = " · ".join(tuple(dict.fromkeys(names))[:16])
        yield Row(key="dns", value=value, separate=True, at=at)
    for reason, questions in lacking.items():
        yield Row(key="dns", value=", ".join(questions), separate=True, at=at, missing=reason)


def _told(lookup: Mapping[str, Json]) -> list[tuple[str, str]]:
    return [
        (str(fact.get("name")), one_line(str(fact.get("value"))))
        for fact in _maps(lookup.get("facts"))
    ]


def _connection_rows(connection: Mapping[str, Json]) -> Iterator[Row]:
    redirects = connection.get("redirects")
    if isinstance(redirects, list) and redirects:
        way = [*redirects[:10], connection.get("url")]
        yield Row(key="redirects", value=" → ".join(one_line(str(url)) for url in way))
    date = connection.get("date")
    if isinstance(date, Mapping):
        apart = date.get("apart_ms")
        if isinstance(apart, int):
            key = "date" if not apart else "date_ahead" if apart > 0 else "date_behind"
            off = f" ({abs(apart) / 1000:.0f} s)" if apart else ""
            yield Row(key=key, value=one_line(f"{date.get('said')}{off}"))
    certificates = connection.get("certificates")
    if isinstance(certificates, list) and certificates:
        facts = {str(f.get("name")): one_line(str(f.get("value"))) for f in _maps(certificates[0])}
        wanted = ("subject", "issuer", "valid", "names")
        yield Row(
            key="certificate", value=" · ".join(facts[name] for name in wanted if facts.get(name))
        )


def _maps(value: object) -> list[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _known(reason: object) -> str:
    """A reason of ours; another one is as good as ``failed``."""
    if not reason:
        return ""
    return reason if isinstance(reason, str) and reason in MISSING else "failed"
