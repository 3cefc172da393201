"""Segments of a recording and the lines about them, so that what stands there survives a crash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from holdfast.adapters import disk

_BLOCK = 1 << 20


def settled(path: Path, *, durable: bool = True) -> tuple[str, int]:
    """The file is on the disk; its SHA-256 and size.

    ``durable`` is False only where its cost is measured; nothing is hashed then.
    """
    if not durable:
        return "0" * 64, path.stat().st_size
    whole, size = hashlib.sha256(), 0
    with path.open("r+b", buffering=0) as file:
        disk.durable(file)
        while block := file.read(_BLOCK):
            whole.update(block)
            size += len(block)
    return whole.hexdigest(), size


def append(path: Path, line: bytes, *, durable: bool = True) -> None:
    """The line stands at the end of the file, on the disk."""
    with path.open("ab", buffering=0) as file:
        file.write(line)
        if durable:
            disk.durable(file)
