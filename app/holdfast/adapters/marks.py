"""The worker that opens untrusted media, asked from here; and the marks that it found, as a record.

A file that breaks the worker, or takes too long, costs its own marks only: it is *not checked*.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, TypeAlias

from holdfast.adapters import child
from holdfast.core import marks
from holdfast.core.canonical import Json, canonical, visible
from holdfast.core.evidence import MarkSeen
from holdfast.core.job import Job
from holdfast.ports import MarksRead, MediaFile

Line: TypeAlias = dict[str, Any]

SECONDS_A_FILE = 120.0
SECONDS_IN_ALL = 600.0
_LINE = 24 << 20
_RECORD = 8 << 20
_TOO_LARGE = "more metadata than is kept"


@dataclass(slots=True)
class _One:
    """What is known of one file's marks so far."""

    file: MediaFile
    format: str = ""
    tags: tuple[marks.Tag, ...] = ()
    faults: tuple[str, ...] = ()
    read: str = "not opened"
    """Why its metadata is unknown; empty once it is known."""
    c2pa: Line = field(default_factory=lambda: {"state": "not_checked", "detail": "not opened"})


class MediaMarks:
    """Reads the marks in pictures and videos."""

    def __init__(self) -> None:
        self._waiting: list[Worker] = []

    @contextmanager
    def ready(self) -> Iterator[None]:
        """As the port says."""
        with ExitStack() as undo:
            with suppress(OSError):  # which the reading finds too
                worker = Worker()
                undo.callback(worker.end)
                undo.callback(self._waiting.clear)
                worker.expect()
                self._waiting.append(worker)
            yield

    def read(self, files: Sequence[MediaFile], job: Job) -> MarksRead:
        """What stands in each file; never raises but Cancelled."""
        ones = self._ones(files, job)
        return MarksRead(record=_record(ones), seen=tuple(_seen(ones)), files=_told(ones))

    def tags(self, file: MediaFile, job: Job) -> tuple[marks.Tag, ...]:
        """One file's metadata by itself."""
        return self._ones((file,), job)[0].tags

    def _ones(self, files: Sequence[MediaFile], job: Job) -> list[_One]:
        ones = [_One(file=file) for file in files]
        left = list(range(len(ones)))
        deadline = time.monotonic() + SECONDS_IN_ALL
        while left and time.monotonic() < deadline:
            order = {
                "do": "marks",
                "files": [
                    {"at": str(ones[n].file.at), "media_type": ones[n].file.media_type}
                    for n in left
                ],
            }
            waiting = self._waiting.pop() if self._waiting else None
            left = _run(order, [ones[n] for n in left], left, job, waiting)
        return ones


def _run(
    order: Line,
    ones: Sequence[_One],
    numbers: Sequence[int],
    job: Job,
    waiting: Worker | None,
) -> list[int]:
    """One worker's go; the numbers of the files that it did not come to."""
    current, reason = 0, "the reader stopped"
    try:
        for line in asked(order, job, SECONDS_A_FILE, "reading", waiting):
            number = line.get("file")
            if not isinstance(number, int) or not 0 <= number < len(ones):
                continue
            one = ones[current := number]
            match line["event"]:
                case "begun":
                    one.read = one.c2pa["detail"] = "the reader stopped"
                case "tags":
                    one.tags = tuple(marks.Tag(**tag) for tag in line["tags"])
                    one.faults = tuple(map(str, line["faults"]))
                    one.format, one.read = str(line["format"])[:100], ""
                case "c2pa":
                    one.c2pa = line
                    if number == len(ones) - 1:
                        return []
    except Slow:
        reason = "took too long"
    except (TypeError, KeyError, ValueError):
        reason = "the reader's answer made no sense"
    one = ones[current]
    if one.read:
        one.read = reason
    if "event" not in one.c2pa:
        one.c2pa["detail"] = reason
    return list(numbers[current + 1 :])


class Slow(Exception):
    """The worker took too long over one thing."""


def command() -> list[str]:
    """How the worker is started."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", "media"]
    # -P: nothing is imported from the folder the program happens to be started in.
    return [sys.executable, "-P", "-m", "holdfast.adapters.media"]


class Worker:
    """A worker for one order, with a folder of its own."""

    def __init__(self) -> None:
        """It is coming up.  Raises OSError."""
        with ExitStack() as undo:
            folder = Path(undo.enter_context(TemporaryDirectory(prefix="holdfast-")))
            self._process = child.started(
                command(), errors=folder / "err", talk=True, folder=folder
            )
            undo.callback(child.ended, self._process)
            self._undo = undo.pop_all()

    def expect(self) -> None:
        """Marks will be asked for; what reading them needs is loaded meanwhile."""
        self._tell({"do": "wait"})

    def answers(self, order: Line) -> IO[bytes]:
        """The order is given; the stream of its answers."""
        self._tell(order)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        return self._process.stdout

    def _tell(self, order: Line) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """It is gone."""
        self._undo.close()


def asked(
    order: Line, job: Job, seconds: float, stage: str, waiting: Worker | None = None
) -> Iterator[Line]:
    """The worker's lines about one order; it is gone at the end, whatever happened.

    A worker that is ``waiting`` is asked, else a new one.  Raises Slow when it is silent for
    ``seconds``.  A worker that cannot be started says nothing.
    """
    with ExitStack() as undo:
        pool = undo.enter_context(ThreadPoolExecutor(1, thread_name_prefix="media"))
        try:
            worker = waiting or Worker()
        except OSError:
            return
        undo.callback(worker.end)
        lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        pool.submit(_lines, worker.answers(order), lines)
        heard = time.monotonic()
        while True:
            job.step(stage)
            if time.monotonic() - heard > seconds:
                raise Slow
            try:
                line = lines.get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                return
            heard = time.monotonic()
            yield line


def _lines(stream: IO[bytes], lines: queue.SimpleQueue[Line | None]) -> None:
    try:
        while raw := stream.readline(_LINE):
            line = json.loads(raw)
            if isinstance(line, dict) and isinstance(line.get("event"), str):
                lines.put(line)
    except ValueError:
        pass  # cut off in the middle: the end all the same
    finally:
        lines.put(None)


# --- as a record ---------------------------------------------------------------------------------


def _seen(ones: Sequence[_One]) -> Iterator[MarkSeen]:
    for one in ones:
        told = one.c2pa.get("manifest")
        yield from marks.seen(
            one.file.path,
            one.tags,
            read=one.read,
            c2pa=_manifest(told) if isinstance(told, dict) else None,
            c2pa_state=one.c2pa["state"],
            c2pa_detail=visible(str(one.c2pa.get("detail", ""))),
        )


def _manifest(told: Line) -> marks.Manifest:
    several = {
        name: tuple(map(str, told.get(name, ())))
        for name in ("problems", "actions", "source_types")
    }
    single = {name: str(told.get(name, "")) for name in ("generator", "signer", "state")}
    return marks.Manifest(**single, **several)  # type: ignore[arg-type] # names are the fields'


def _told(ones: Sequence[_One]) -> tuple[dict[str, Json], ...]:
    return tuple(
        {
            "path": one.file.path,
            "format": visible(one.format),
            "read": one.read,
            "labels": [label.body() for label in marks.labels(one.tags)],
            "iptc": list(marks.iptc(one.tags)),
            "c2pa": {
                "state": str(one.c2pa["state"]),
                "detail": visible(str(one.c2pa.get("detail", ""))),
                "manifest": _manifest(one.c2pa["manifest"]).body()
                if isinstance(one.c2pa.get("manifest"), dict)
                else None,
            },
            "tags": [tag.body() for tag in one.tags],
            "faults": [visible(fault) for fault in one.faults],
        }
        for one in ones
    )


def _record(ones: Sequence[_One]) -> bytes:
    """``marks.json``: everything as it was read; tags go first where it would grow too large."""
    files = [dict(one) for one in _told(ones)]
    body: dict[str, Json] = {
        "format": marks.RECORD_FORMAT,
        "tools": [{"name": name, "version": found} for name, found in _tools(ones)],
        "files": files,
    }
    raw = canonical(body)
    for file in files:
        if len(raw) <= _RECORD:
            break
        file["tags"], file["faults"] = [], [_TOO_LARGE]
        raw = canonical(body)
    return raw


def _tools(ones: Sequence[_One]) -> Iterator[tuple[str, str]]:
    for name in ("av", "c2pa-python"):
        with suppress(PackageNotFoundError):
            yield name, version(name)
    found = next((str(one.c2pa["version"]) for one in ones if one.c2pa.get("version")), "")
    if found:
        yield "c2pa-rs", visible(found)[:60]
