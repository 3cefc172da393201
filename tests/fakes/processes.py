"""Looks for processes by something that only they were started with."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE_SECONDS = 30.0


def alive(mark: str) -> list[int]:
    """Ids of processes whose command line or folder has ``mark`` in it, once there are any.

    One that is just becoming another program has no command line for a moment.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return list(found)


def lingering(mark: str) -> dict[int, str]:
    """Processes of ``mark`` that stay, with their command lines.

    One that was killed is seen until the system comes to end it, later on a busy computer.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := _marked(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def handles(mark: str, *, besides: int = 0) -> list[int]:
    """Handles of the processes of ``mark``, open until ``all_end``.

    A browser begins helpers that end at once; one that is gone before it could be held has none.
    """
    found = []
    for number in alive(mark):
        if number != besides:
            with suppress(ProcessLookupError):
                found.append(os.pidfd_open(number))
    return found


def all_end(held: list[int]) -> bool:
    """Whether each process of these handles ends in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    ended = [select.select([one], [], [], max(0, end - time.monotonic()))[0] for one in held]
    for one in held:
        os.close(one)
    return all(ended)


def listening(mark: str) -> list[tuple[str, int]]:
    """Addresses and ports that the processes of ``mark``, and not this one, listen on."""
    found = []
    for number in alive(mark):
        with suppress(psutil.NoSuchProcess):
            for one in psutil.Process(number).net_connections("inet"):
                if one.status == psutil.CONN_LISTEN and number != os.getpid():
                    found.append((str(one.laddr.ip), int(one.laddr.port)))
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
