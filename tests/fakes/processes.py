"""Looks for processes by something that only they were started with."""

from __future__ import annotations

from pathlib import Path


def alive(mark: str) -> list[int]:
    """Ids of processes whose command line or folder has ``mark`` in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            folder = str((entry / "cwd").resolve())
        except OSError:
            continue
        if command and (mark in command or mark in folder):
            found.append(int(entry.name))
    return found


def program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
