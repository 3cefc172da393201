"""The hosts file: names that this computer does not look up but has been told."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from pathlib import Path

from holdfast.adapters.environment.place import Place, reading, unread
from holdfast.core.environment import Reading
from holdfast.core.evidence import Outcome

LIMIT = 8 << 20
"""Bytes that are looked at; block lists are large, and none is larger."""

_USUAL = frozenset(
    {
        "localhost",
        "localhost.localdomain",
        "localhost4",
        "localhost4.localdomain4",
        "localhost6",
        "localhost6.localdomain6",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "broadcasthost",
    }
)
"""Names that Windows, macOS and Linux put there themselves."""
_RESERVED = ipaddress.ip_network("fe00::/9")
"""Nobody's; Debian names its first address."""


def hosts(place: Place, _seconds: float) -> Reading:
    """Every name that is sent elsewhere, and the digest of the file."""
    at = path(place)
    try:
        with at.open("rb") as file:
            raw = file.read(LIMIT + 1)
    except FileNotFoundError:
        return reading("hosts", "pass", place.fact("path", at), place.fact("entries", 0))
    if len(raw) > LIMIT:
        return unread("hosts", "too_large", place.fact("path", at))
    entries = entries_of(raw.decode("utf-8-sig", errors="replace"), own_names())
    kept = [line for line, names in entries if place.host in names] if place.host else []
    outcome: Outcome = "fail" if kept else "warn" if entries else "pass"
    lines = dict.fromkeys((*kept, *(line for line, _ in entries)))
    return reading(
        "hosts",
        outcome,
        place.fact("path", at),
        place.fact("sha256", hashlib.sha256(raw).hexdigest()),
        place.fact("size", len(raw)),
        place.fact("entries", len(entries)),
        place.several("entry", list(lines)),
    )


def path(place: Place) -> Path:
    """Where the file lies on this system."""
    if place.system == "win32":
        windows = place.variables.get("SystemRoot", r"C:\Windows")
        return place.root / windows / "System32" / "drivers" / "etc" / "hosts"
    return place.at("etc", "hosts")


def entries_of(text: str, own: frozenset[str] = frozenset()) -> list[tuple[str, frozenset[str]]]:
    """Lines that say where a name leads, beyond what systems write themselves; with the names.

    ``own`` are names of this computer: they may lead to itself, and are not repeated.
    """
    found = []
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split()[:64] or [""]
        known = frozenset(name.lower().rstrip(".") for name in names)
        try:
            at = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            continue
        # No site on the net has a name without a dot.
        inward = not at.is_global or at.is_multicast or at in _RESERVED
        told = {n for n in known if not (inward and (n in _USUAL or n in own or "." not in n))}
        if told:
            shown = [name for name in names if name.lower().rstrip(".") in told]
            found.append((" ".join([address, *shown]), frozenset(told)))
    return found


def own_names() -> frozenset[str]:
    """What this computer is called; compared, never written down."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]}) - {""}
