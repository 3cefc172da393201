"""How far the system's clock is off: several sources asked at once, none of them believed alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC
from email.utils import parsedate_to_datetime

from holdfast.adapters import http
from holdfast.adapters.environment import sntp
from holdfast.adapters.environment.place import Place, reading, unread
from holdfast.adapters.environment.sources import Dated, Ntp
from holdfast.core.environment import Reading
from holdfast.core.errors import HoldfastError, Unavailable
from holdfast.core.offset import Sample, agreed

MARGIN_S = 0.15
"""Kept back from the time allowed, so that who answered in time is counted."""


def clock(place: Place, seconds: float) -> Reading:
    """The offset most sources agree on, its uncertainty, and what each one said."""
    if place.silent:
        return unread("clock", place.silent)
    known = place.sources
    asks: list[tuple[str, Callable[[], Sample]]] = [
        *((one.id, _ntp(one, place, seconds - MARGIN_S)) for one in known.clocks),
        *((one.id, _dated(one, place, seconds - MARGIN_S)) for one in known.dated),
    ]
    if not asks:
        return unread("clock", "nobody_known")
    pool = ThreadPoolExecutor(len(asks), thread_name_prefix="clock")
    try:
        futures = {pool.submit(ask): name for name, ask in asks}
        wait(futures, timeout=seconds - MARGIN_S)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    samples = [future.result() for future in futures if _answered(future)]
    silent = [f"{name} {_why(one)}" for one, name in futures.items() if not _answered(one)]
    said = [
        f"{one.source} {one.offset_ms:+.0f} ms ±{max(1, round(one.uncertainty_ms))}"
        for one in samples
    ]
    found = agreed(samples)
    if found is None:
        return unread("clock", "no_answer", *place.several("silent", silent))
    return reading(
        "clock",
        found.outcome,
        place.fact("offset_ms", found.offset_ms),
        place.fact("uncertainty_ms", found.uncertainty_ms),
        place.fact("agreeing", len(found.agreeing)),
        place.fact("answered", len(samples)),
        place.fact("asked", len(asks)),
        place.fact("reference", ", ".join(found.agreeing)),
        place.several("source", said),
        place.several("silent", silent),
    )


def _answered(future: Future[Sample]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _why(future: Future[Sample]) -> str:
    if not future.done() or future.cancelled():
        return "host_slow"
    error = future.exception()
    return error.code if isinstance(error, HoldfastError) else type(error).__name__


def _ntp(one: Ntp, place: Place, seconds: float) -> Callable[[], Sample]:
    def ask() -> Sample:
        end = time.monotonic() + seconds
        addresses = http.resolve(one.host, one.port, allow=place.sources.inside, seconds=seconds)
        # A name may lead to both families while this network has one.
        trouble: Unavailable | None = None
        for at in addresses[:2]:
            left = end - time.monotonic()
            try:
                ahead, unsure, _ = sntp.ask(str(at), one.port, one.host, place.clock, left)
            except Unavailable as error:
                trouble = error
                continue
            return Sample(source=one.id, offset_ms=ahead, uncertainty_ms=unsure)
        raise trouble or Unavailable("host_unknown", host=one.host)

    return ask


def _dated(one: Dated, place: Place, seconds: float) -> Callable[[], Sample]:
    def ask() -> Sample:
        left, began = place.clock.now(), time.monotonic()
        reply = http.fetch(
            one.url,
            method="HEAD",
            limit=1 << 16,
            timeout=seconds,
            allow_loopback=place.sources.inside,
        )
        took = (time.monotonic() - began) * 1000
        ahead, unsure = from_date(reply.header("date"), left.timestamp() * 1000, took)
        return Sample(source=one.id, offset_ms=ahead, uncertainty_ms=unsure)

    return ask


def from_date(text: str, left_ms: float, took_ms: float) -> tuple[float, float]:
    """Offset and uncertainty in ms from a Date header, which is cut to the second.

    It was written at some time between question and answer.  Raises Unavailable(``host_garbled``).
    """
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError) as error:
        raise Unavailable("host_garbled", host="") from error
    told = at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000
    return left_ms + took_ms / 2 - (told + 500), 500 + took_ms / 2
