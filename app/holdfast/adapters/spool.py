"""Bodies as they come in: one file, each body a stretch of it with its digest."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEAVE_FREE = 1 << 30
"""Bytes of the disk that are never filled."""
_BLOCK = 1 << 20
_LOOK_EVERY = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Bytes in the spool."""

    at: int
    size: int
    sha256: str
    head: bytes
    """How it begins: enough to tell what it is."""


class Full(Exception):
    """There is no room for more: the total is reached, or the disk is nearly full."""


class Spool:
    """A file that only grows, up to ``limit`` bytes.  The same bytes are kept once.

    It has no name in ``folder``: however this process ends, nothing of it stays.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed by ``close``
        self._limit = limit
        self._known: dict[str, Body] = {}
        self._looked = 0
        self.size = 0

    def add(self, data: bytes) -> Body:
        """``data`` is kept.  Raises Full."""
        writer = self.begin()
        writer.write(data)
        return writer.end()

    def begin(self) -> Writer:
        """A body that comes in pieces.  One at a time."""
        return Writer(self)

    def read(self, body: Body, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The body, or ``length`` bytes of it from ``start``, block after block."""
        end = body.size if length is None else min(body.size, start + length)
        while start < end:
            self._file.seek(body.at + start)
            block = self._file.read(min(_BLOCK, end - start))
            start += len(block)
            yield block

    def whole(self, body: Body) -> bytes:
        """The whole body; for what is known to be small."""
        return b"".join(self.read(body))

    def clear(self) -> None:
        """It is empty again; no body of before may be read."""
        self._known.clear()
        self.size = self._looked = 0
        self._file.truncate(0)

    def close(self) -> None:
        """The file is gone."""
        self._file.close()

    def append(self, data: bytes, at: int) -> None:
        """``data`` stands at ``at``.  Raises Full."""
        if at + len(data) > self._limit:
            raise Full
        if at + len(data) > self._looked:
            if shutil.disk_usage(self._folder).free < LEAVE_FREE + _LOOK_EVERY:
                raise Full
            self._looked = at + len(data) + _LOOK_EVERY
        self._file.seek(at)
        self._file.write(data)

    def settle(self, body: Body) -> Body:
        """The body, or the one that is the same; its own bytes are then written over."""
        known = self._known.setdefault(body.sha256, body)
        if known is body:
            self.size = body.at + body.size
        return known


class Writer:
    """A body on its way into the spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._at = spool.size
        self._hash = hashlib.sha256()
        self._head = b""
        self.size = 0

    def write(self, data: bytes) -> None:
        """More of it.  Raises Full, and what came before stays."""
        self._spool.append(data, self._at + self.size)
        self._hash.update(data)
        if len(self._head) < 4096:
            self._head += data[: 4096 - len(self._head)]
        self.size += len(data)

    def end(self) -> Body:
        """The body as far as it came."""
        body = Body(at=self._at, size=self.size, sha256=self._hash.hexdigest(), head=self._head)
        return self._spool.settle(body)
