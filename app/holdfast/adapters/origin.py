"""Where a page or a video came from, looked into beside its capture and kept as one more record.

What the connection showed is read out of the capture itself.  Domain names, registries and the
like are asked of others at the same time; that never delays a capture by more than some seconds,
and never breaks one: what was not obtained is a line that says why.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.adapters import http
from holdfast.core.canonical import canonical, moment, one_line, rfc3339, visible
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured, CapturedFile, Component, World, safe_name
from holdfast.core.icp import Filing, filings
from holdfast.core.job import Job
from holdfast.core.origin import (
    FILE,
    MOST_ANSWER,
    Connection,
    Fact,
    Lookup,
    Origin,
    Registries,
    What,
    read_date,
    read_rdap,
    read_whois,
)
from holdfast.ports import CaptureSource, Clock

if TYPE_CHECKING:
    from dns.resolver import Resolver

SECONDS = 5.0
"""For all look-ups, from when the capture began."""
MORE_SECONDS = 2.5
"""For those that only the capture's end could name: another host, the server's own address."""
REMEMBERED = 600.0
"""Seconds for which an answer serves further captures; it keeps the time at which it was given."""
TRACED: frozenset[str] = frozenset({"page", "video"})
"""Sources whose captures come from somewhere on the network."""

_RECORDS = ("A", "AAAA", "CNAME")
_ZONE = ("NS", "SOA")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RDAP = {"accept": "application/rdap+json"}
_RDAP_LIMIT = 256 << 10
_WHOIS_PORT = 43
_MOST_READ = 8 << 20
_STEP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom look-ups ask.  ``loopback`` opens ``host:port`` pairs on this computer, for tests."""

    clock: Clock
    registries: Callable[[], Registries]
    resolver: Callable[[], Resolver] | None = None
    """The system's own, unless another is given."""
    loopback: frozenset[str] = frozenset()
    known: dict[tuple[What, str], tuple[float, Lookup]] = field(default_factory=dict)
    """What was answered lately: sixty episodes do not ask a registry sixty times."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A capture source whose captures say where they came from."""

    inner: CaptureSource
    sources: Sources
    world: World
    offline: bool = False

    @property
    def id(self) -> str:
        """The source's own."""
        return self.inner.id

    def suits(self, target: str) -> bool:
        """As the source."""
        return self.inner.suits(target)

    def parts(self) -> tuple[Component, ...]:
        """As the source."""
        return self.inner.parts()

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """As the source, with ``origin.json`` among the files.  Raises what the source raises."""
        trace = Trace(self.sources, target, self.world, offline=self.offline)
        try:
            return trace.into(self.inner.capture(target, room, job), room, job)
        finally:
            trace.close()


def traced(
    source: CaptureSource, sources: Sources, world: World, *, offline: bool
) -> CaptureSource:
    """The source, traced if what it captures comes from the network."""
    return Traced(source, sources, world, offline) if source.id in TRACED else source


class Trace:
    """The look-ups about one target, begun when this is made."""

    def __init__(self, sources: Sources, target: str, world: World, *, offline: bool) -> None:
        self._sources = sources
        self._world = world
        self._offline = offline
        self._end = time.monotonic() + SECONDS
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="origin")
        self._asked: dict[tuple[What, str], Future[Lookup]] = {}
        self._seen: set[str] = set()
        if (host := _host(target)) and not self._silence(host):
            self._begin(host, http.link(target).port)

    def close(self) -> None:
        """Nobody waits for what was asked any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def into(self, captured: Captured, room: Path, job: Job) -> Captured:
        """The capture with ``origin.json``; unchanged where that cannot be written."""
        url = captured.target.final_url or captured.target.url
        host = _host(url) or _host(captured.target.typed)
        silence = self._silence(host)
        if host and not silence:
            self._begin(host, http.link(url).port if _host(url) else 443)
            if captured.network is not None:
                self._begin_address(captured.network.address)
        lookups = self._collected(job)
        origin = Origin(
            host=host,
            domain=self._sources.registries().registrable(host),
            connection=_connection(captured, url),
            lookups=lookups,
            not_asked="" if lookups else silence,
            filings=_filings(captured),
            registries_as_of=self._sources.registries().as_of,
        )
        return self._kept(captured, room, canonical(origin.body()))

    def _kept(self, captured: Captured, room: Path, data: bytes) -> Captured:
        taken = {file.path.removeprefix("files/") for file in captured.files}
        name = safe_name(FILE.removeprefix("files/"), taken)
        at = room / "files" / name
        try:
            at.write_bytes(data)
        except OSError:
            # The capture is what matters; a disk that is full is said where it is sealed.
            at.unlink(missing_ok=True)
            return captured
        file = CapturedFile(
            at=at,
            path=f"files/{name}",
            media_type="application/json",
            obtained=rfc3339(self._sources.clock.now()),
            role="record",
            name=name,
        )
        return replace(captured, files=(*captured.files, file))

    # --- asking ----------------------------------------------------------------------------------

    def _silence(self, host: str) -> str:
        """Why nobody is asked about ``host``; empty when somebody is."""
        if self._world == "practice":
            return "practice"
        if self._offline:
            return "offline"
        address = _address(host)
        if address is None:
            # A name without a dot is of this network only.
            return "private" if "." not in host.strip(".") else ""
        try:
            http.judge(address, host=host, inside=False)
        except Refused:
            return "private"
        return ""

    def _begin(self, host: str, port: int) -> None:
        if host in self._seen:
            return
        self._seen.add(host)
        address = _address(host)
        if address is not None:
            self._begin_address(str(address))
            return
        domain = self._sources.registries().registrable(host)
        for name, kinds in ((host, _RECORDS), (domain, _ZONE)):
            for kind in kinds if name else ():
                self._ask("dns", f"{name} {kind}", partial(self._dns, name, kind))
        if domain:
            self._ask("domain", domain, partial(self._domain, domain))
        self._ask("address", host, partial(self._address_of, host, port))

    def _begin_address(self, text: str) -> None:
        """The registry of the address that served the page, ``address`` or ``address:port``."""
        address = _address(text) or _address(text.rpartition(":")[0])
        if address is None:
            return
        known = self._asked.get(("address", str(address)))
        guessed = [
            future
            for (what, _), future in self._asked.items()
            if what == "address" and future.done() and not future.exception()
        ]
        if known is None and str(address) not in {f.result().question for f in guessed}:
            self._ask("address", str(address), partial(self._network, address))

    def _ask(self, what: What, question: str, call: Callable[[], Lookup]) -> None:
        if (what, question) not in self._asked:
            if time.monotonic() > self._end - MORE_SECONDS:
                self._end = time.monotonic() + MORE_SECONDS
            self._asked[what, question] = self._pool.submit(self._told, what, question, call)

    def _told(self, what: What, question: str, call: Callable[[], Lookup]) -> Lookup:
        """The answer, or why there is none, with the time at which it was given."""
        known = self._sources.known
        until, found = known.get((what, question), (0.0, None))
        if found is not None and time.monotonic() < until:
            return found
        try:
            found = call()
        except HoldfastError as error:
            found = Lookup(what=what, question=question, missing=_reason(error))
        found = replace(found, at=rfc3339(self._sources.clock.now()))
        if not found.missing:
            known[what, question] = (time.monotonic() + REMEMBERED, found)
        return found

    def _collected(self, job: Job) -> tuple[Lookup, ...]:
        """What came in time, in the order in which it was asked.  Cancelling ends the waiting."""
        futures = tuple(self._asked.values())
        with suppress(Cancelled):
            # What was captured is there; an end is asked for again where it is sealed.
            job.step("origin")
        while (left := self._end - time.monotonic()) > 0 and not job.cancelled:
            if not wait(futures, timeout=min(left, _STEP)).not_done:
                break
        found = []
        for (what, question), future in self._asked.items():
            if not future.done():
                now = rfc3339(self._sources.clock.now())
                found.append(Lookup(what=what, question=question, at=now, missing="slow"))
            elif future.exception() is not None:
                found.append(Lookup(what=what, question=question, missing="failed"))
            else:
                found.append(future.result())
        return tuple(dict.fromkeys(found))

    @property
    def _left(self) -> float:
        return max(0.2, self._end - time.monotonic())

    # --- the look-ups ----------------------------------------------------------------------------

    def _dns(self, name: str, kind: str) -> Lookup:
        import dns.exception
        import dns.resolver

        question = f"{name} {kind}"
        try:
            resolver = (self._sources.resolver or dns.resolver.Resolver)()
            resolver.lifetime = min(3.0, self._left)
            answer = resolver.resolve(
                f"{name}.", kind, search=False, raise_on_no_answer=False, tcp=False
            )
        except dns.resolver.NoResolverConfiguration:
            return Lookup(what="dns", question=question, missing="no_resolver")
        except dns.resolver.NXDOMAIN:
            return Lookup(what="dns", question=question, missing="not_found")
        except dns.resolver.LifetimeTimeout:
            return Lookup(what="dns", question=question, missing="slow")
        except (dns.exception.DNSException, OSError, ValueError):
            return Lookup(what="dns", question=question, missing="no_answer")
        facts = tuple(
            _record(line)
            for rrset in answer.response.answer[:10]
            for line in rrset.to_text().splitlines()[:20]
        )
        asked = f"{answer.nameserver}:{answer.port}" if answer.nameserver else ""
        text = visible("\n".join(rrset.to_text() for rrset in answer.response.answer[:10]))
        return Lookup(
            what="dns", question=question, asked=asked, facts=facts, answer=text[:MOST_ANSWER]
        )

    def _domain(self, domain: str) -> Lookup:
        kind, server = self._sources.registries().about(domain)
        if kind == "rdap":
            return self._rdap("domain", domain, f"{server}domain/{domain}", "domain")
        if kind == "whois":
            return self._whois(domain, server)
        return Lookup(what="domain", question=domain, missing="no_server")

    def _address_of(self, host: str, port: int) -> Lookup:
        addresses = http.resolve(host, port, allow=self._sources.loopback, seconds=self._left)
        return self._network(addresses[0])

    def _network(self, address: http.Address) -> Lookup:
        question = str(address)
        http.judge(address, host=question, inside=False)
        base = self._sources.registries().about_address(address)
        if not base:
            return Lookup(what="address", question=question, missing="no_server")
        return self._rdap("address", question, f"{base}ip/{question}", "ip network")

    def _rdap(
        self, what: What, question: str, url: str, kind: Literal["domain", "ip network"]
    ) -> Lookup:
        """What an RDAP server says; sent on once, to a registry that we know."""
        reply = self._fetch(url)
        if reply.status in _REDIRECTS:
            lead = reply.header("location")
            if not self._sources.registries().known(lead):
                return Lookup(what=what, question=question, asked=url, missing="redirect")
            url, reply = lead, self._fetch(lead)
        asked = f"{url} ({reply.address})"
        found = Lookup(what=what, question=question, asked=asked)
        if reply.status != 200:
            missing = "not_found" if reply.status == 404 else "refused"
            return replace(found, missing=missing)
        answer = visible(reply.body.decode("utf-8", "replace"))[:MOST_ANSWER]
        try:
            return replace(found, facts=read_rdap(reply.body, kind), answer=answer)
        except ValueError:
            return replace(found, answer=answer, missing="garbled")

    def _fetch(self, url: str) -> http.Reply:
        return http.fetch(
            url,
            headers=_RDAP,
            limit=_RDAP_LIMIT,
            timeout=self._left,
            allow_loopback=self._sources.loopback,
        )

    def _whois(self, domain: str, server: str) -> Lookup:
        host, _, port = server.partition(":")
        raw, address = http.ask(
            host,
            int(port or _WHOIS_PORT),
            f"{domain}\r\n".encode("ascii"),
            limit=MOST_ANSWER,
            timeout=self._left,
            allow=self._sources.loopback,
        )
        answer = visible(raw.decode("utf-8", "replace").replace("\r\n", "\n"))
        found = Lookup(what="domain", question=domain, asked=f"{server} ({address})", answer=answer)
        try:
            return replace(found, facts=read_whois(answer))
        except LookupError:
            return replace(found, missing="not_found")
        except ValueError:
            return replace(found, missing="garbled")


def _record(line: str) -> Fact:
    """A line of a DNS answer in text form: its type, and what it says."""
    kind, _, value = line.rpartition(" IN ")[2].partition(" ")
    return Fact(name=one_line(kind)[:10], value=one_line(value)[:300])


_REASONS = {
    "link_private": "private",
    "link_made_up": "private",
    "host_unknown": "no_answer",
    "host_unreachable": "no_answer",
    "host_slow": "slow",
    "host_garbled": "garbled",
    "host_too_much": "garbled",
    "host_certificate": "refused",
}


def _reason(error: HoldfastError) -> str:
    return _REASONS.get(error.code, "failed")


def _host(target: str) -> str:
    try:
        return http.link(target).host
    except (Refused, Unavailable):
        return ""


def _address(text: str) -> http.Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


# --- what the capture itself shows ---------------------------------------------------------------


def _connection(captured: Captured, url: str) -> Connection:
    network = captured.network
    date = next((value for name, value in _headers(captured) if name.lower() == "date"), "")
    since, until = moment(captured.started), moment(captured.finished)
    return Connection(
        url=url,
        redirects=captured.target.redirects,
        address="" if network is None else network.address,
        date=read_date(date, since, until) if date else None,
        certificates=tuple(_certificate(raw) for raw in _certificates(captured)),
    )


def _headers(captured: Captured) -> Sequence[tuple[str, str]]:
    """The response headers of the document, as the page's own record has them."""
    try:
        told: Any = json.loads(_read(captured, "files/page.json") or b"null")
    except (ValueError, RecursionError):
        return ()
    match told:
        case {"document": {"headers": [*headers]}}:
            return [
                (str(one.get("name")), str(one.get("value")))
                for one in headers
                if isinstance(one, dict)
            ]
    return ()


def _certificates(captured: Captured) -> list[bytes]:
    return [
        raw
        for file in captured.files
        if file.path.startswith("files/certificate-") and file.path.endswith(".der")
        if (raw := _read(captured, file.path))
    ][:20]


def _filings(captured: Captured) -> tuple[Filing, ...]:
    return filings(_read(captured, "files/page.txt").decode("utf-8", "replace"))


def _read(captured: Captured, path: str) -> bytes:
    """A file of the capture, as far as it is read here; empty when there is none."""
    for file in captured.files:
        if file.path == path:
            try:
                with file.at.open("rb") as stream:
                    return stream.read(_MOST_READ)
            except OSError:
                return b""
    return b""


def _certificate(raw: bytes) -> tuple[Fact, ...]:
    """What a certificate says of itself; its fingerprint alone where it cannot be read."""
    import hashlib

    from cryptography import x509

    facts = []
    try:
        found = x509.load_der_x509_certificate(raw)
        facts += [
            Fact(name="subject", value=one_line(found.subject.rfc4514_string())[:500]),
            Fact(name="issuer", value=one_line(found.issuer.rfc4514_string())[:500]),
            Fact(
                name="valid",
                value=f"{rfc3339(found.not_valid_before_utc)} – "
                f"{rfc3339(found.not_valid_after_utc)}",
            ),
            Fact(name="serial", value=f"{found.serial_number:x}"),
            Fact(name="names", value=", ".join(_names(found))[:1000]),
        ]
    except ValueError:
        facts.append(Fact(name="unreadable", value=str(len(raw))))
    facts.append(Fact(name="sha256", value=hashlib.sha256(raw).hexdigest()))
    return tuple(fact for fact in facts if fact.value)


def _names(certificate: Any) -> list[str]:
    """The host names and addresses that a certificate is for (RFC 5280 §4.2.1.6)."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [one_line(str(name.value))[:255] for name in list(extension.value)[:100]]
