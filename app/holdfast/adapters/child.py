"""Child processes with an end: asked first, given a moment, then stopped, with what they began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

GRACE = 3.0


def started(
    command: list[str],
    *,
    errors: Path,
    talk: bool = False,
    folder: Path | None = None,
    out: IO[bytes] | None = None,
    inherits: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """A child of its own group, its standard error in the file ``errors``.

    With ``talk`` its input and output are pipes; with ``out`` it writes into that file.  It
    ``inherits`` these descriptors, where the system knows such.  Raises OSError.
    """
    pipe: int = subprocess.PIPE if talk else subprocess.DEVNULL
    group: dict[str, Any] = {"start_new_session": True, "pass_fds": inherits}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        group = {"creationflags": flags}
    stream: IO[bytes]
    with errors.open("wb") as stream:
        return subprocess.Popen(
            command, stdin=pipe, stdout=out or pipe, stderr=stream, cwd=folder, **group
        )


def ended(child: subprocess.Popen[bytes]) -> None:
    """As ``killed``, but asked first, and with GRACE seconds to go by itself."""
    _signal(child, hard=False)
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
    killed(child)


def killed(child: subprocess.Popen[bytes]) -> None:
    """The child is gone, and nothing that it started runs on, though some may be dying still."""
    _signal(child, hard=True)
    child.wait()
    # Only now: a thread that still read from it would hold it open.
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def _signal(child: subprocess.Popen[bytes], *, hard: bool) -> None:
    if sys.platform == "win32":
        if hard and child.poll() is None:
            command = ["taskkill", "/F", "/T", "/PID", str(child.pid)]
            subprocess.run(command, capture_output=True, check=False)
        elif child.poll() is None:
            child.terminate()
        return
    try:
        os.killpg(child.pid, signal.SIGKILL if hard else signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return
