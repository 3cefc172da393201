"""The one bridge to threads: work goes out, signals come back on the thread of the window."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from holdfast.core.errors import Cancelled, HoldfastError
from holdfast.core.job import Job, Progress

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)

WORKERS = 6
SOON_S = 0.04
"""Reports of one stage that come sooner than that after the last are passed over."""


class Task(QObject):
    """One piece of background work.  Its signals arrive on the thread that made it."""

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    finished = Signal()
    """Always, and always last."""
    _posted = Signal(object)

    def __init__(
        self, work: Callable[[Job], Any], name: str, *, writes: bool, parent: QObject
    ) -> None:
        # A parent owns it, so that no worker that lets go last can destroy it.
        super().__init__(parent)
        self.name, self.writes = name, writes
        self.last: Progress | None = None
        self._work = work
        self._told = ("", 0.0)
        self._job = Job(self._report)
        # A closure posted to an object of the window's thread always runs there.
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def cancelled(self) -> bool:
        """Whether an end was asked for."""
        return self._job.cancelled

    def cancel(self) -> None:
        """Ask for an end at the next step."""
        self._job.cancel()

    def run(self) -> None:
        """Do the work.  Runs on a worker thread and touches no widget."""
        try:
            self._posted.emit(partial(self.succeeded.emit, self._work(self._job)))
        except Cancelled:
            pass
        except HoldfastError as error:
            self._posted.emit(partial(self.failed.emit, error))
        except Exception as error:  # the one place that may catch everything
            log.exception("background work failed")
            self._posted.emit(partial(self.failed.emit, error))
        self._posted.emit(self.finished.emit)

    def _report(self, progress: Progress) -> None:
        # A fast disk gives thousands of reports a second, and nobody can read as many.
        now = time.monotonic()
        whole = progress.total is None or progress.done >= progress.total
        if progress.stage == self._told[0] and now - self._told[1] < SOON_S and not whole:
            return
        self._told = (progress.stage, now)
        self._posted.emit(partial(self._progress, progress))

    def _progress(self, progress: Progress) -> None:
        self.last = progress
        self.progressed.emit(progress)

    @Slot(object)
    def _deliver(self, closure: Callable[[], None]) -> None:
        closure()


class Runner(QObject):
    """Starts tasks and knows which are still at work."""

    changed = Signal()
    """A task started, moved or ended."""
    idle = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._threads: ThreadPoolExecutor | None = None
        self._tasks: list[Task] = []

    def start(self, work: Callable[[Job], Any], name: str = "", *, writes: bool = True) -> Task:
        """The work is on its way.

        ``name`` is a key of the catalogues for the strip, empty for what is too short to be
        named.  ``writes`` is False for what may be forgotten when the window closes.
        """
        task = Task(work, name, writes=writes, parent=self)
        self._tasks.append(task)
        task.progressed.connect(lambda _: self.changed.emit())
        task.finished.connect(lambda: self._end(task))
        self._pool().submit(task.run)
        self.changed.emit()
        return task

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            # Not before the first work: the window stands sooner.
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="holdfast")
        return self._threads

    def _end(self, task: Task) -> None:
        self._tasks.remove(task)
        task.deleteLater()
        self.changed.emit()
        if not self._tasks:
            self.idle.emit()

    @property
    def named(self) -> tuple[Task, ...]:
        """Tasks that a person should see, oldest first."""
        return tuple(task for task in self._tasks if task.name)

    @property
    def writing(self) -> tuple[Task, ...]:
        """Tasks that must not be killed."""
        return tuple(task for task in self._tasks if task.writes)

    @property
    def busy(self) -> bool:
        """Whether anything is still at work."""
        return bool(self._tasks)

    def cancel_all(self) -> None:
        """Everything is asked to end."""
        for task in self._tasks:
            task.cancel()

    def shutdown(self) -> None:
        """No worker is left; waits for what must be finished."""
        self.cancel_all()
        self._pool().shutdown(wait=True, cancel_futures=True)
