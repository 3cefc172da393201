"""Work that takes time: progress goes out, cancellation comes in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from holdfast.core.errors import Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a piece of work stands.  ``total`` is None when the length is honestly unknown."""

    stage: str
    done: int = 0
    total: int | None = None
    detail: str = ""


class Job:
    """The thread between a use-case and whoever waits for it.

    ``step`` is both the report and the only place where a wish to cancel takes effect, so a
    use-case that must finish what it began simply stops calling it.
    """

    def __init__(
        self,
        report: Callable[[Progress], None] | None = None,
        *,
        end: threading.Event | None = None,
    ) -> None:
        self._report = report
        self._cancelled = end or threading.Event()

    def beside(self) -> Job:
        """A job for work beside this one: it reports nothing, and ends when this one is to."""
        return Job(end=self._cancelled)

    def through(self, told: Callable[[Progress], Progress]) -> Job:
        """A job for a part of this one: ``told`` says how far this one is with it."""
        report = self._report
        if report is None:
            return self.beside()
        return Job(lambda progress: report(told(progress)), end=self._cancelled)

    def cancel(self) -> None:
        """Ask for an end at the next step.  May be called from any thread."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether an end was asked for."""
        return self._cancelled.is_set()

    def step(self, stage: str, done: int = 0, total: int | None = None, detail: str = "") -> None:
        """Report where the work stands.

        ``stage`` is a key of the catalogues (``opening``, ``saving``, ``sealing``, ``stamping``…),
        ``detail`` free text that may come from outside.  Raises Cancelled once an end was asked
        for.
        """
        if self._cancelled.is_set():
            raise Cancelled
        if self._report is not None:
            self._report(Progress(stage=stage, done=done, total=total, detail=detail))


class Span:
    """Several pieces of work, one after another, reported as one over ``total`` bytes."""

    def __init__(self, job: Job, total: int, stage: str = "checking") -> None:
        """Progress of ``stage`` is counted in bytes; that of others only says where it stands."""
        self._job, self._total, self._stage = job, total, stage
        self._before = self._here = self._last = 0

    def part(self) -> Job:
        """A job for the next piece; the one before it is over."""
        self._before += self._last
        self._here = self._last = 0
        return self._job.through(self._through)

    def _through(self, progress: Progress) -> Progress:
        if progress.stage == self._stage and progress.total is not None:
            self._last = progress.total
            self._here = min(progress.done, progress.total)
        done = self._before + self._here
        total = max(self._total, self._before + self._last)
        return Progress(stage=progress.stage, done=done, total=total, detail=progress.detail)
