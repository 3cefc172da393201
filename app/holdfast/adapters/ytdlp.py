"""yt-dlp asked from outside: its process is started, listened to, and ended whatever happens.

A process serves one set of exempt addresses.  Inside ``staying`` it is kept for the next order, so
that a queue of episodes does not start one for each.
"""

from __future__ import annotations

import errno
import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, TypeAlias

from holdfast.adapters import child, http
from holdfast.adapters.wheel import Wheel
from holdfast.core.canonical import one_line
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Component
from holdfast.core.job import Job

Line: TypeAlias = dict[str, Any]

LARGEST = 50 << 30
"""Bytes of one capture."""
SILENCE_SECONDS = 120.0
LONGEST_SECONDS = 6 * 3600.0
LOG_LINES = 2000
MOST_LINE = 8 << 20
"""Bytes of one line: a list of thousands of episodes is one."""
MOST_WORDS = 1 << 20
"""Bytes that are kept of the process's standard error."""

COUNTS = {
    "view_count": "plays",
    "like_count": "likes",
    "comment_count": "comments",
    "repost_count": "shares",
    "channel_follower_count": "followers",
}
"""Our names for what yt-dlp counts."""


@dataclass(slots=True)
class Run:
    """What the downloader has said so far."""

    tool: Component = Component(name="yt-dlp", version="")  # noqa: RUF009 -- frozen
    entries: tuple[Line, ...] = ()
    about: Line = field(default_factory=dict)
    cut: bool = False
    videos: list[Line] = field(default_factory=list)
    inspected: dict[str, Line] = field(default_factory=dict)
    joined: list[Line] = field(default_factory=list)
    sizes: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    reached: tuple[str, ...] = ()
    errors: str = ""
    """What the process wrote on its standard error meanwhile."""
    error: Line | None = None
    done: bool = False
    stage: str = "opening"
    here: int = 0
    total: int | None = None
    file: str = ""

    def hear(self, line: Line) -> None:
        """One line is taken in."""
        match line.get("event"):
            case "tool":
                self.tool = Component(
                    name="yt-dlp wheel" if line.get("wheel") else "yt-dlp",
                    version=one_line(line["version"]),
                    sha256=line["sha256"],
                )
            case "progress":
                self.stage, self.here = "saving", int(line["done"])
                self.total, self.file = line.get("total"), one_line(line["file"])
                if line.get("finished"):
                    self.sizes[line["file"]] = (self.here, self.total)
            case "log":
                if len(self.log) < LOG_LINES:
                    self.log.append(f"{line['level']}: {one_line(line['text'])}")
            case "entries":
                self.entries = tuple(line["entries"])
                self.about, self.cut = line["about"], bool(line.get("cut"))
            case "video":
                self.videos.append(line)
            case "inspected":
                self.inspected[line["file"]] = line
            case "joined":
                self.joined.append(line)
            case "error":
                self.error = line
            case "done":
                self.done = True
        self.reached = tuple(line.get("reached", self.reached))


class _Process:
    """One process and the thread that reads it."""

    def __init__(self, order: Line, wheel: Wheel | None) -> None:
        with ExitStack() as undo:
            self._folder = Path(undo.enter_context(TemporaryDirectory(prefix="holdfast-")))
            self._errors = self._folder / "worker.err"
            self._first: Line = {}
            self.tool = Component(name="yt-dlp", version="")
            if wheel is not None and (copy := wheel.copy(self._folder)) is not None:
                self._first = {"wheel": str(copy), "wheel_sha256": wheel.sha256}
            self.passed_over = wheel is not None and not self._first
            pool = undo.enter_context(ThreadPoolExecutor(1, thread_name_prefix="downloader"))
            try:
                self._child = child.started(
                    _command(), errors=self._errors, talk=True, folder=self._folder
                )
            except OSError as error:
                raise Unavailable("downloader_gone") from error
            undo.callback(child.ended, self._child)
            self.allow = order["allow"]
            self._lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
            assert self._child.stdout is not None
            pool.submit(_read, self._child.stdout, self._lines)
            self._open = undo.pop_all()

    def ask(self, order: Line, job: Job) -> Run:
        """What it said of one order.  Raises Unavailable(``downloader_gone``, ``host_slow``)."""
        assert self._child.stdin is not None
        heard = self._errors.stat().st_size
        with suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps(order | self._first).encode() + b"\n")
            self._child.stdin.flush()
        self._first = {}
        run = Run(tool=self.tool)
        _listen(run, self._lines, http.link(order["url"]).host if order["url"] else "", job)
        self.tool = run.tool
        with self._errors.open("rb") as file:
            file.seek(heard)
            run.errors = file.read()[-MOST_WORDS:].decode("utf-8", "replace")
        if self.passed_over:
            run.log.append(
                "warning: the yt-dlp that was fetched is not what it was; the one that came with"
                " Holdfast was used"
            )
        if run.error is None and not run.done:
            raise Unavailable("downloader_gone")
        return run

    def end(self) -> None:
        """The process is gone, and its folder."""
        self._open.close()


class Downloader:
    """yt-dlp in a process of its own."""

    def __init__(self, wheel: Wheel | None = None) -> None:
        """``wheel`` is a newer one that was fetched; it is used as long as it is what it was."""
        self._wheel = wheel
        self._lock = threading.Lock()
        self._staying = 0
        self._idle: _Process | None = None

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Within this, the process is kept for the next order."""
        with self._lock:
            self._staying += 1
        try:
            yield
        finally:
            idle = None
            with self._lock:
                self._staying -= 1
                if not self._staying:
                    idle, self._idle = self._idle, None
            if idle is not None:
                idle.end()

    def ask(self, order: Line, job: Job) -> Run:
        """What the downloader said of one order, until its end.

        Raises Cancelled, and Unavailable(``downloader_gone``, ``host_slow``); the process is gone
        then.
        """
        process = self._at_hand(order)
        try:
            run = process.ask(order, job)
        except BaseException:
            process.end()
            raise
        with self._lock:
            if self._staying and self._idle is None:
                self._idle = process
                return run
        process.end()
        return run

    def _at_hand(self, order: Line) -> _Process:
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is not None:
            if idle.allow == order["allow"]:
                return idle
            idle.end()
        return _Process(order, self._wheel)


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", "downloader"]
    # -P: nothing is imported from the folder the program happens to be started in.
    return [sys.executable, "-P", "-m", "holdfast.adapters.downloader"]


def _listen(run: Run, lines: queue.SimpleQueue[Line | None], host: str, job: Job) -> None:
    begun = heard = time.monotonic()
    while not run.done and run.error is None:
        job.step(run.stage, run.here, run.total, run.file)
        now = time.monotonic()
        if now - heard > SILENCE_SECONDS or now - begun > LONGEST_SECONDS:
            raise Unavailable("host_slow", host=host, seconds=int(now - begun))
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return
        heard = now
        run.hear(line)


def _read(stream: IO[bytes], lines: queue.SimpleQueue[Line | None]) -> None:
    """Every line of ``stream`` goes into ``lines``, and None at its end."""
    try:
        while raw := stream.readline(MOST_LINE):
            line = json.loads(raw)
            lines.put(line if isinstance(line, dict) else {})
    except ValueError:
        pass  # cut off in the middle: the end all the same
    finally:
        lines.put(None)


def permitted(
    allow: frozenset[str], found: http.Link, addresses: tuple[http.Address, ...]
) -> dict[str, Any]:
    """The addresses inside that the worker may reach, with their ports."""
    pairs = {(str(address), found.port) for address in addresses if found.pair in allow}
    for pair in allow - {found.pair}:
        host, _, port = pair.rpartition(":")
        try:
            inside = http.resolve(host.strip("[]"), int(port), allow=allow)
        except HoldfastError:
            continue
        pairs |= {(str(address), int(port)) for address in inside}
    return {"allow": sorted(pairs)}


def trouble(error: Line, host: str) -> HoldfastError:
    """The worker's error as one of ours."""
    if refused := error.get("refused"):
        return Refused("link_private", host=host, address=one_line(str(refused[0])))
    kind = str(error["kind"])
    match kind:
        case "http":
            return Unavailable("http_status", host=host, status=int(error["status"]))
        case "network":
            return Unavailable("host_unreachable", host=host)
        case "disk" if error.get("number") == errno.ENOSPC:
            return Refused("disk_full", name=host)
        case "series":
            return Refused("video_series", count=int(error["count"]))
        case "too_large":
            return Refused("video_too_large", gigabytes=LARGEST >> 30)
        case "wheel":
            return Refused("wheel_unusable", reason=one_line(str(error["text"]))[:300])
        case "unsupported" | "login" | "cookies" | "region" | "removed" | "protected":
            return Unavailable(f"video_{kind}", host=host)
    return Unavailable("video_failed", host=host, reason=one_line(str(error["text"]))[:300])
