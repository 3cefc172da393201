"""Names: what this computer is told about a site, and what resolvers elsewhere say of it.

Large sites answer every region with other addresses, so answers that differ are something to
explain and not wrong.  Wrong is a public name that leads to this computer, to a private network or
to a made-up address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeAlias

from holdfast.adapters.environment.place import Place, reading, unread
from holdfast.adapters.environment.sources import Resolver
from holdfast.core.environment import Reading
from holdfast.core.evidence import Outcome

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
MARGIN_S = 0.15
MOST_ADDRESSES = 8
_MADE_UP = ipaddress.ip_network("198.18.0.0/15")
_WORST: tuple[Outcome, ...] = ("pass", "not_checked", "warn", "fail")


@dataclass(slots=True)
class Asked:
    """What everybody said about one name."""

    name: str
    system: frozenset[Address] | None = None
    """None where the system had no answer."""
    elsewhere: dict[str, frozenset[Address]] = field(default_factory=dict)
    """By resolver; those that had no answer are left out."""


def dns(place: Place, seconds: float) -> Reading:
    """The answers for the site that is being kept, else for well-known names, side by side."""
    if place.silent:
        return unread("dns", place.silent)
    if place.host and _is_address(place.host):
        return unread("dns", "address", place.fact("name", place.host))
    names = (place.host,) if place.host else place.sources.names
    if not names or not place.sources.resolvers:
        return unread("dns", "nobody_known")
    asked = [_ask(name, place, seconds - MARGIN_S) for name in names[:1]]
    if not place.host and len(names) > 1 and asked[0].system is None:
        asked.append(_ask(names[1], place, seconds / 2))
    outcomes = [judged(one) for one in asked]
    worst = max(outcomes, key=lambda pair: _WORST.index(pair[0]))
    facts = []
    for one in asked:
        facts.append(place.fact("name", one.name))
        facts.append(place.fact("system", f"{one.name} {_listed(one.system)}"))
        for resolver in place.sources.resolvers:
            answer = _listed(one.elsewhere.get(resolver.id))
            facts.append(place.fact("resolver", f"{resolver.address} {one.name} {answer}"))
    answered = min(len(one.elsewhere) for one in asked)
    return reading(
        "dns",
        worst[0],
        place.fact("reason", worst[1]),
        place.fact("site", ", ".join(one.name for one in asked)),
        place.fact("answer", _listed(asked[0].system)),
        place.fact("resolvers", answered),
        tuple(facts),
    )


def _is_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def judged(one: Asked) -> tuple[Outcome, str]:
    """What the answers mean, and the reason in a word."""
    inside = [address for address in one.system or () if not _public(address)]
    if inside:
        return "fail", "made_up" if any(a in _MADE_UP for a in inside) else "private"
    if not one.elsewhere:
        return "not_checked", "no_answer"
    others = frozenset[Address]().union(*one.elsewhere.values())
    if not one.system:
        return ("warn", "unknown_here") if others else ("warn", "unknown")
    if one.system & others:
        return "pass", "same"
    if {_near(a) for a in one.system} & {_near(a) for a in others}:
        return "pass", "near"
    return "warn", "differs"


def _public(address: Address) -> bool:
    return address.is_global and address not in _MADE_UP


def _near(address: Address) -> str:
    """The larger network of an address: servers of one region of one site share it."""
    length = 16 if isinstance(address, ipaddress.IPv4Address) else 32
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def _listed(addresses: Iterable[Address] | None) -> str:
    if addresses is None:
        return "—"
    found = sorted(addresses, key=lambda a: (a.version, int(a)))
    shown = ", ".join(str(address) for address in found[:MOST_ADDRESSES])
    return shown + (" …" if len(found) > MOST_ADDRESSES else "") if found else "—"


# --- asking --------------------------------------------------------------------------------------


def _ask(name: str, place: Place, seconds: float) -> Asked:
    asked = Asked(name)
    resolvers = place.sources.resolvers
    pool = ThreadPoolExecutor(len(resolvers) + 1, thread_name_prefix="names")
    try:
        here = pool.submit(_system, name)
        futures: dict[str, Future[frozenset[Address]]] = {
            one.id: pool.submit(_resolver, name, one, seconds) for one in resolvers
        }
        wait([here, *futures.values()], timeout=seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if _done(here):
        asked.system = here.result()
    asked.elsewhere = {who: future.result() for who, future in futures.items() if _done(future)}
    return asked


def _done(future: Future[frozenset[Address]]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _system(name: str) -> frozenset[Address]:
    """As every program of this computer sees it, hosts file included.  Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return frozenset(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found)


def _resolver(name: str, one: Resolver, seconds: float) -> frozenset[Address]:
    """IPv4 and IPv6 addresses as a resolver knows them; empty when it knows that there are none.

    Raises OSError and DNSException.
    """
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype

    found: set[Address] = set()
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        question = dns.message.make_query(name, kind)
        answer, _ = dns.query.udp_with_fallback(
            question, one.address, timeout=seconds / 2, port=one.port
        )
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise OSError(f"{one.address} does not answer")
        for group in answer.answer:
            if group.rdtype == kind:
                found |= {ipaddress.ip_address(item.address) for item in group}
    return frozenset(found)
