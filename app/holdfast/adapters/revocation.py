"""Fetches what authorities publish about their certificates: revocation lists and OCSP answers.

Plain http will do, because each is signed; the addresses come from certificates that a pinned root
stands behind, and are judged like any other.  Whatever goes wrong, there is simply nothing to keep:
a time-stamp never waits for it and never fails by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from holdfast.adapters import x509
from holdfast.adapters.http import fetch, link
from holdfast.core.certificates import Certificate
from holdfast.core.errors import HoldfastError
from holdfast.core.revocation import (
    MAX_BYTES,
    ocsp_request,
    places,
    read_material,
    vouched,
    weigh,
)
from holdfast.core.rfc3161 import Token
from holdfast.core.timestamp import Authorities
from holdfast.ports import Clock

EACH_SECONDS: Final = 8.0
ALL_SECONDS: Final = 20.0
"""For everything about one path."""
OCSP_LIMIT: Final = 64 << 10
MOST_PLACES: Final = 2
"""Addresses of one kind that are tried for one certificate."""
AGAIN_AFTER: Final = timedelta(hours=1)
"""How long an answer, or none, serves for further tokens of the same certificate."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_Near: TypeAlias = frozenset[str] | None
"""``host:port`` of every practice authority; None in the real world, which is never near."""


class Revocations:
    """Asks once for a while about each certificate, however many tokens it signs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._had: dict[tuple[bytes, _Near], tuple[float, tuple[bytes, ...]]] = {}

    def collect(self, path: Sequence[Certificate], authorities: Authorities) -> tuple[bytes, ...]:
        """What is published about the certificates of a path (signer first), as received.

        Only what reads, and what the issuer or its delegate signed.  The keys of practice
        authorities are public, so in their world nobody but they are asked: addresses in a
        certificate may be anybody's.  Never raises.
        """
        end = time.monotonic() + ALL_SECONDS
        near = _near(authorities)
        found: list[bytes] = []
        for certificate, issuer in pairwise(path):
            key = (certificate.raw, near)
            then, had = self._had.get(key, (0.0, ()))
            if key not in self._had or time.monotonic() - then > AGAIN_AFTER.total_seconds():
                had = self._about(certificate, issuer, near, end)
                self._had[key] = (time.monotonic(), had)
            found += had
        return tuple(dict.fromkeys(found))

    def _about(
        self, certificate: Certificate, issuer: Certificate, near: _Near, end: float
    ) -> tuple[bytes, ...]:
        try:
            lists, responders = places(certificate.raw)
            asked = ocsp_request(certificate, issuer)
        except ValueError:
            return ()
        ways: tuple[tuple[tuple[str, ...], Callable[[str], bytes | None]], ...] = (
            (lists, lambda url: _fetched(url, near, end)),
            (responders, lambda url: _fetched(url, near, end, asked)),
        )
        found = []
        for urls, way in ways:
            for url in urls[:MOST_PLACES]:
                raw = way(url)
                if raw is not None and _stands(raw, issuer):
                    found.append(raw)
                    break
        return tuple(found)


def _near(authorities: Authorities) -> _Near:
    """Where on this computer the authorities of practice lie; None for the real world."""
    if authorities.world != "practice":
        return None
    return frozenset(where.pair for where in (link(tsa.url) for tsa in authorities.tsas))


def _stands(raw: bytes, issuer: Certificate) -> bool:
    try:
        return vouched(read_material(raw), (issuer,), x509.holds) is True
    except ValueError:
        return False


def _fetched(url: str, near: _Near, end: float, question: bytes = b"") -> bytes | None:
    """What lies at an address; None for anything but an answer.

    The practice world lies on this computer and the real one never does.
    """
    seconds = min(EACH_SECONDS, end - time.monotonic())
    if seconds <= 0:
        return None
    try:
        where = link(url)
        if where.host in _LOOPBACK if near is None else where.pair not in near:
            return None
        reply = fetch(
            where.url,
            method="POST" if question else "GET",
            body=question,
            headers={"content-type": "application/ocsp-request"} if question else {},
            limit=OCSP_LIMIT if question else MAX_BYTES,
            timeout=seconds,
            allow_loopback=near or frozenset(),
        )
    except HoldfastError:
        return None
    return reply.body if reply.status == 200 else None


def withdrawn(path: Sequence[Certificate], token: Token, raws: Sequence[bytes]) -> bool:
    """Whether what was published ends the token."""
    told = weigh(path, [read_material(raw) for raw in raws], token.info.gen_time, x509.holds)
    return any(outcome == "broken" for _, outcome, _ in told)
