"""A recorder that a test started, and what it says."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.core.chain import SEGMENTS
from holdfast.core.recording import EVENTS, Segment, read_chain, read_events

PATIENCE = 60.0


class Worker:
    """A recorder that was started, and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.said: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def order(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def until(self, event: str, **facts: Any) -> dict[str, Any]:
        """The next event of that name with these facts."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            line = self._lines.get(timeout=PATIENCE)
            assert line is not None, f"it ended before {event}: {self.said[-5:]}"
            self.said.append(line)
            if line["event"] == event and all(line.get(k) == v for k, v in facts.items()):
                return line
        raise AssertionError(event)

    def ended(self) -> int:
        while self._lines.get(timeout=PATIENCE) is not None:
            pass
        return self.process.wait(PATIENCE)

    @property
    def segments(self) -> tuple[Segment, ...]:
        found, wrong = read_chain((self.folder / SEGMENTS).read_bytes())
        assert wrong == ""
        return found

    def events(self, name: str) -> list[Any]:
        return [e for e in read_events((self.folder / EVENTS).read_bytes()) if e["event"] == name]


@contextmanager
def recording(
    display: str, folder: Path, session: Mapping[str, str] | None = None, **order: Any
) -> Iterator[Worker]:
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "holdfast.adapters.recorder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "DISPLAY": display, "XDG_SESSION_TYPE": "", "WAYLAND_DISPLAY": ""}
        | dict(session or {}),
        cwd=folder,
    )
    worker = Worker(process, folder)
    worker.order(
        **{"folder": str(folder), "area": "monitor:1", "preset": "ultrafast", "fps": 30} | order
    )
    try:
        yield worker
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        for stream in (process.stdin, process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass
