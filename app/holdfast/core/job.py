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
