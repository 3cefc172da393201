"""Looks for processes by something that only they were started with."""

from __future__ import annotations

import time
from pathlib import Path

DYING_SECONDS = 5.0


def alive(mark: str) -> list[int]:
    """Ids of processes whose command line or folder has ``mark`` in it."""
    return list(_marked(mark))


def lingering(mark: str) -> dict[int, str]:
    """Those of ``alive`` that stay, with their command lines.

    A process that was killed is seen until the system comes to end it, later on a busy computer.
    """
    end = time.monotonic() + DYING_SECONDS
    while (found := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _marked(mark: str) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            folder = str((entry / "cwd").resolve())
        except OSError:
            continue
        if command and (mark in command or mark in folder):
            found[int(entry.name)] = command.replace("\0", " ")
    return found


def program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
