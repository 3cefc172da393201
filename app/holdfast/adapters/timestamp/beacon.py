"""Not before: the newest Bitcoin block and the newest drand round, each believed for nothing.

A block counts when two operators name the same one and its header has the work that the chain
demands; a round when the chain's own key signed it.  Everything is asked side by side within
SECONDS, and what was had serves every capture of the next minute.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from threading import Lock
from typing import Protocol, TypeVar

from holdfast.adapters import bls, witness
from holdfast.core.bitcoin import BadHeader, display, parse_header
from holdfast.core.drand import MAX_ROUND, DrandChain, read_signature
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.not_before import NOT_ASKED, Block, NotBefore, Round
from holdfast.core.timestamp import Authorities, Explorer
from holdfast.ports import Clock

SECONDS: dict[World, float] = {"real": 4.0, "practice": 20.0}
"""For all answers together; the practice world first has to make what it answers."""
REMEMBERED = timedelta(seconds=60)
NEAR = 3
"""Blocks by which honest tips may differ for a moment."""
BLOCK_AGE = timedelta(hours=3)
ROUND_AGE = timedelta(minutes=10)
"""Beyond which a newest value and this computer's clock do not fit together."""
_LIMIT = 4096
_STEP = 0.1

Key = TypeVar("Key")
Result = TypeVar("Result")


class Explorers(Protocol):
    """Where a block's header comes from, sound in itself."""

    def tip(self, explorer: Explorer) -> int: ...
    def young(self, explorer: Explorer, height: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Had:
    """One of the two values, with the time that it carries, and what is to be said of it."""

    block: Block | None = None
    round: Round | None = None
    time: int | None = None
    reasons: tuple[str, ...] = ()


class Beacon:
    """A port's Beacons.  ``explorers`` gives a world's headers, each answer within some seconds."""

    def __init__(
        self,
        clock: Clock,
        explorers: Callable[[Authorities, float], Explorers],
        offline: Callable[[], bool] = lambda: False,
    ) -> None:
        """``offline`` says whether the person wants nobody of the real world asked."""
        self._clock = clock
        self._explorers = explorers
        self._offline = offline
        self._lock = Lock()
        self._known: dict[Authorities, tuple[datetime, NotBefore]] = {}

    def latest(self, authorities: Authorities, job: Job) -> NotBefore:
        """The newest values that could be verified, or why not.  Raises Cancelled alone."""
        if not authorities.explorers and not authorities.beacons:
            return NOT_ASKED
        if authorities.world == "real" and self._offline():
            return NotBefore(reason="offline")
        # Whoever comes second waits for the first and is given the same.
        with self._lock:
            now = self._clock.now()
            until, known = self._known.get(authorities, (now, NOT_ASKED))
            if until <= now:
                known = self._asked(authorities, job)
                self._known = {}
                if known.bitcoin or known.drand:
                    self._known[authorities] = (now + REMEMBERED, known)
            return known

    def _asked(self, authorities: Authorities, job: Job) -> NotBefore:
        seconds = SECONDS[authorities.world]
        end = time.monotonic() + seconds
        calls: dict[str, Callable[[], _Had]] = {}
        if authorities.explorers:
            source = self._explorers(authorities, seconds)
            calls["bitcoin"] = partial(_block, authorities.explorers, source, end)
        if authorities.beacons:
            calls["drand"] = partial(_round, authorities.beacons, authorities.world, end)
        had = _together(calls, end + _VERIFYING, job)
        block, newest = had.get("bitcoin", _Had()), had.get("drand", _Had())
        reasons = [
            code
            for name, one in (("bitcoin", block), ("drand", newest))
            if name in calls
            for code in one.reasons or (() if name in had else (f"{name}_no_answer",))
        ]
        if block.block is None and newest.round is None:
            silent = all(code.endswith("_no_answer") for code in reasons)
            return NotBefore(reason="no_answer" if silent else " ".join(reasons))
        if authorities.world == "real" and self._odd(block, newest):
            reasons.append("clock")
        return NotBefore(
            network="bitcoin" if authorities.world == "real" else "practice",
            bitcoin=block.block,
            drand=newest.round,
            reason=" ".join(reasons),
        )

    def _odd(self, block: _Had, newest: _Had) -> bool:
        """Whether a newest value is of a time that this computer's clock does not know."""
        now = self._clock.now().timestamp()
        return any(
            one.time is not None and abs(now - one.time) > age.total_seconds()
            for one, age in ((block, BLOCK_AGE), (newest, ROUND_AGE))
        )


_VERIFYING = 8.0
"""Seconds that arithmetic may take on a busy machine when the network has used up its own."""


# --- the block -----------------------------------------------------------------------------------


def _block(explorers: Sequence[Explorer], source: Explorers, end: float) -> _Had:
    """The highest block that two operators confirm, else the one that only one could show."""
    tips = _answers({one: partial(source.tip, one) for one in explorers}, end)
    if not tips:
        return _Had(reasons=("bitcoin_no_answer",))
    if len({one.operator for one in tips}) < 2:
        return _alone(source, *max(tips.items(), key=lambda item: item[1]), end)
    heights = sorted(tips.values(), reverse=True)
    common = next((low for high, low in pairwise(heights) if high - low <= NEAR), None)
    if common is None:
        return _Had(reasons=("bitcoin_disagree",))
    asked = [one for one, tip in tips.items() if tip >= common]
    for height in range(common, max(-1, common - NEAR), -1):
        raws = _answers({one: partial(source.young, one, height) for one in asked}, end)
        agreed = _agreed(raws)
        if len(agreed) > 1:
            return _had(height, raws[agreed[0]], agreed)
        if not raws:
            return _Had(reasons=("bitcoin_no_answer",))
        if len(raws) == 1:
            ((who, raw),) = raws.items()
            return _had(height, raw, (who,), "bitcoin_one_source")
    return _Had(reasons=("bitcoin_disagree",))


def _agreed(raws: Mapping[Explorer, bytes]) -> tuple[Explorer, ...]:
    """Those who show the same header; of one operator only one, of several groups the largest."""
    groups: dict[bytes, dict[str, Explorer]] = {}
    for who, raw in raws.items():
        groups.setdefault(raw, {}).setdefault(who.operator, who)
    return tuple(max(groups.values(), key=len, default={}).values())


def _alone(source: Explorers, who: Explorer, tip: int, end: float) -> _Had:
    raws = _answers({who: partial(source.young, who, tip)}, end)
    if not raws:
        return _Had(reasons=("bitcoin_no_answer",))
    return _had(tip, raws[who], (who,), "bitcoin_one_source")


def _had(height: int, raw: bytes, sources: Sequence[Explorer], *reasons: str) -> _Had:
    header = parse_header(raw)
    block = Block(
        height=height,
        hash=display(header.hash),
        sources=tuple(source.id for source in sources),
        header=raw.hex(),
    )
    return _Had(block=block, time=header.time, reasons=reasons)


# --- the round -----------------------------------------------------------------------------------


def _round(beacons: Sequence[DrandChain], world: World, end: float) -> _Had:
    """The newest round that its chain signed; mirrors serve the same rounds and need no trust."""
    mirrors = [(chain, url) for chain in beacons for url in chain.urls]
    given = _answers({one: partial(_latest, *one, world, end) for one in mirrors}, end)
    newest = sorted(
        ((chain, *told) for (chain, _), told in given.items()),
        key=lambda one: one[0].time(one[1]),
        reverse=True,
    )
    for chain, number, signature in dict.fromkeys(newest):
        if bls.signed(chain, number, signature):
            found = Round(chain=chain.hash, round=number, signature=signature.hex())
            return _Had(round=found, time=chain.time(number))
    return _Had(reasons=("drand_refused" if given else "drand_no_answer",))


def _latest(chain: DrandChain, url: str, world: World, end: float) -> tuple[int, bytes]:
    """Number and signature of the newest round as a mirror tells them.  Raises Unavailable."""
    left = max(0.1, end - time.monotonic())
    path = f"/{chain.hash}/public/latest"
    reply = witness.fetch(url, path, world=world, limit=_LIMIT, timeout=left)
    try:
        told = json.loads(reply.body) if reply.status == 200 else None
    except (ValueError, RecursionError):
        told = None
    match told:
        case {"round": int(number), "signature": str(written), **rest} if _is_round(number):
            signature = read_signature(written)
            named = rest.get("randomness")
            if signature and named in (None, hashlib.sha256(signature).hexdigest()):
                return number, signature
    raise Unavailable("host_garbled", host=url)


def _is_round(number: int) -> bool:
    return type(number) is int and 0 < number < MAX_ROUND


# --- side by side --------------------------------------------------------------------------------


def _answers(calls: Mapping[Key, Callable[[], Result]], end: float) -> dict[Key, Result]:
    """What came in time and made sense, in the order of the calls."""
    pool = ThreadPoolExecutor(max(1, len(calls)), thread_name_prefix="beacon")
    try:
        futures = {key: pool.submit(call) for key, call in calls.items()}
        wait(futures.values(), timeout=max(0.0, end - time.monotonic()))
        return {key: future.result() for key, future in futures.items() if _good(future)}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _good(future: Future[Result]) -> bool:
    if not future.done():
        return False
    error = future.exception()
    if error is not None and not isinstance(error, Refused | Unavailable | BadHeader):
        raise error
    return error is None


def _together(calls: Mapping[str, Callable[[], _Had]], end: float, job: Job) -> dict[str, _Had]:
    """The values that were had by ``end``; the person may stop the waiting."""
    pool = ThreadPoolExecutor(max(1, len(calls)), thread_name_prefix="beacon")
    try:
        futures = {name: pool.submit(call) for name, call in calls.items()}
        while wait(futures.values(), timeout=_STEP).not_done and time.monotonic() < end:
            job.step("beacons")
        return {name: future.result() for name, future in futures.items() if future.done()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
