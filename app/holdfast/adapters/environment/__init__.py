"""The cleanliness protocol: one file for each kind of reading, all of them at once.

``Look`` is one run that is under way.  Every reading has a time limit, and so has the whole; what
is not there by then is written down as not checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeAlias

from holdfast.adapters.environment import (
    clock,
    hosts,
    machine,
    names,
    processes,
    proxy,
    roots,
    tunnel,
)
from holdfast.adapters.environment.place import Place, unread
from holdfast.core.canonical import rfc3339
from holdfast.core.environment import ITEMS, EnvironmentRun, Reading
from holdfast.core.evidence import ClockReading
from holdfast.core.job import Job

LIMIT_S = 3.0
"""The whole run, from its beginning."""
TICK_S = 0.05

Read: TypeAlias = Callable[[Place, float], Reading]
"""A reading and the seconds it has."""

READINGS: Mapping[str, Read] = {
    "system": machine.system,
    "program": machine.program,
    "rights": machine.rights,
    "clock": clock.clock,
    "hosts": hosts.hosts,
    "proxy": proxy.proxy,
    "tunnel": tunnel.tunnel,
    "dns": names.dns,
    "roots": roots.roots,
    "processes": processes.processes,
    "disk": machine.disk,
    "displays": machine.displays,
}
_SECONDS: Mapping[str, float] = {"clock": 2.5, "dns": 2.5, "roots": 2.5, "displays": 2.5}
_USUAL_S = 1.5


class Look:
    """A run of the protocol; it has begun."""

    def __init__(self, place: Place, items: Sequence[str] = ITEMS) -> None:
        self._place = place
        self._items = tuple(items)
        self._began = time.monotonic()
        self._started = rfc3339(place.clock.now())
        self._run: EnvironmentRun | None = None
        self._pool = ThreadPoolExecutor(len(self._items), thread_name_prefix="environment")
        self._futures: dict[str, Future[Reading]] = {
            item: self._pool.submit(READINGS[item], place, _SECONDS.get(item, _USUAL_S))
            for item in self._items
        }
        self._pool.shutdown(wait=False)

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def run(self, job: Job | None = None) -> EnvironmentRun:
        """What was read, waited for LIMIT_S at most.  Never raises.

        A wish to cancel ends the waiting; what is not there yet is then not checked.
        """
        if self._run is None:
            readings = tuple(self._reading(item, job) for item in self._items)
            # Another thread may have waited as well; all are told the same.
            self._run = self._run or EnvironmentRun(
                started=self._started,
                finished=rfc3339(self._place.clock.now()),
                readings=readings,
                clock=self._clock(readings),
            )
        return self._run

    def _reading(self, item: str, job: Job | None) -> Reading:
        future = self._futures[item]
        while not future.done():
            left = LIMIT_S - self.age
            if left <= 0 or (job is not None and job.cancelled):
                return unread(item, "too_slow" if left <= 0 else "cancelled")
            wait([future], min(left, TICK_S))
        error = future.exception()
        if error is not None:
            # A reading that fails must not cost the capture; its kind of failure is written down.
            return unread(item, "failed", self._place.fact("error", type(error).__name__))
        return future.result()

    def _clock(self, readings: Sequence[Reading]) -> ClockReading | None:
        found = next((one for one in readings if one.item == "clock"), None)
        if found is None or not found.value("offset_ms"):
            return None
        now = self._place.clock.reading()
        return ClockReading(
            system=now.system,
            monotonic_ns=now.monotonic_ns,
            offset_ms=int(found.value("offset_ms")),
            reference=found.value("reference"),
            uncertainty_ms=int(found.value("uncertainty_ms")),
        )
