"""What is looked at around captures: one sitting, many captures.

A whole run costs a second of this computer's attention, so captures within ten minutes of one
share it; the manifest carries the run's own times.  What is read just before sealing is read anew,
unless that was done within the last seconds: two hundred files do not ask the time two hundred
times.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from holdfast.adapters.environment import TICK_S, Look
from holdfast.core.environment import ITEMS, SHORT, EnvironmentRun
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.not_before import NotBefore

SITTING_S = 600.0
SEALING_S = 5.0
NEWEST_S = 30.0
"""Not-before values may be this old: an earlier one is as true, and a block takes ten minutes."""
WAIT_S = 6.0
"""For not-before values after the capture has ended; a beacon that is silent is given up sooner."""

Begin = Callable[[World, str, Sequence[str]], Look]
"""Begins a run in a world, about a site (or none), of these items."""
Values = Callable[[Job], NotBefore]


class Sitting:
    """The runs of this process, shared by captures that follow one another."""

    def __init__(self, begin: Begin, values: Callable[[World, Job], NotBefore]) -> None:
        self._begin = begin
        self._values = values
        self._whole: dict[World, Look] = {}
        self._short: dict[tuple[World, str], Look] = {}
        self._newest: dict[World, tuple[float, Asked]] = {}
        self._lock = threading.Lock()

    def whole(self, world: World, host: str = "", *, fresh: bool = False) -> Look:
        """The whole run of this sitting; a new one where it is too old or ``fresh`` is wanted."""
        with self._lock:
            known = self._whole.get(world)
            if known is None or fresh or known.age > SITTING_S:
                known = self._whole[world] = self._begin(world, host, ITEMS)
            return known

    def after(self, world: World) -> Look:
        """A new whole run, which no capture shares."""
        return self._begin(world, "", ITEMS)

    def short(self, world: World, host: str = "") -> Look:
        """A short run about the site, made now or a moment ago."""
        with self._lock:
            known = self._short.get((world, host))
            if known is None or known.age > SEALING_S:
                self._short = {k: one for k, one in self._short.items() if one.age <= SEALING_S}
                known = self._short[world, host] = self._begin(world, host, SHORT)
            return known

    def newest(self, world: World) -> Asked:
        """Not-before values, asked for now or a moment ago."""
        with self._lock:
            known = self._newest.get(world)
            if known is None or time.monotonic() - known[0] > NEWEST_S:
                known = (time.monotonic(), Asked(lambda job: self._values(world, job)))
                self._newest[world] = known
            return known[1]

    def watch(self, world: World, host: str = "", stated: EnvironmentRun | None = None) -> Around:
        """Begins to look, beside whatever else begins now.

        ``stated`` is a run of the last minutes that a person has already written down.
        """
        return Around(self, world, host, stated)


class Asked:
    """Not-before values on their way."""

    def __init__(self, values: Values) -> None:
        pool = ThreadPoolExecutor(1, thread_name_prefix="not-before")
        self._future: Future[NotBefore] = pool.submit(values, Job())
        pool.shutdown(wait=False)

    def had(self, job: Job, seconds: float = WAIT_S) -> NotBefore:
        """The values, waited for that long at most, or why there are none.  Never raises."""
        end = time.monotonic() + seconds
        while not self._future.done():
            left = end - time.monotonic()
            if left <= 0 or job.cancelled:
                # They end by themselves, and the next capture may still have them.
                return NotBefore(reason="no_answer")
            wait([self._future], min(left, TICK_S))
        if self._future.exception() is not None:
            return NotBefore(reason="no_answer")
        return self._future.result()


class Around:
    """What surrounds one capture (``ports.Watch``)."""

    def __init__(
        self, sitting: Sitting, world: World, host: str, stated: EnvironmentRun | None
    ) -> None:
        self._sitting, self._world, self._host = sitting, world, host
        self._before: Look | EnvironmentRun = stated or sitting.whole(world, host)
        self._newest = sitting.newest(world)

    def before(self, job: Job) -> EnvironmentRun:
        """The whole run, waited for."""
        known = self._before
        return known.run(job) if isinstance(known, Look) else known

    def not_before(self, job: Job) -> NotBefore:
        """Values that nobody could know earlier, waited for."""
        return self._newest.had(job)

    def sealing(self, job: Job) -> EnvironmentRun:
        """The short run, made now or a moment ago."""
        return self._sitting.short(self._world, self._host).run(job)
