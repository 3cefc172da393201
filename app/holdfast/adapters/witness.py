"""What leads to a judged anchor: the way to calendars and explorers, and the checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from holdfast.adapters import http
from holdfast.adapters.resources import resource
from holdfast.core.bitcoin import CheckpointTable
from holdfast.core.errors import Refused
from holdfast.core.evidence import World

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@cache
def checkpoints() -> CheckpointTable:
    """The table shipped with the program."""
    return CheckpointTable.parse(resource("authorities", "bitcoin-checkpoints.json").read_bytes())


def fetch(
    base: str,
    path: str,
    *,
    world: World,
    limit: int,
    timeout: float,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> http.Reply:
    """One answer from ``base`` + ``path``; at most ``limit`` bytes within ``timeout`` seconds.

    The real world speaks https with public addresses, the practice world http on this computer;
    neither ever crosses over.  No redirect is followed.  Raises Refused(``witness_address``) and
    whatever ``http.fetch`` raises.
    """
    found = http.link(base)
    inside = found.host in _LOOPBACK
    if (found.scheme, inside) != (("https", False) if world == "real" else ("http", True)):
        raise Refused("witness_address", address=found.url)
    return http.fetch(
        found.url.rstrip("/") + path,
        method=method,
        body=body,
        headers=headers,
        limit=limit,
        timeout=timeout,
        allow_loopback=frozenset({found.pair}) if inside else frozenset(),
    )
