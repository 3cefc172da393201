"""Fetched headers in the data folder: raw, with a note of when and from whom.

What lies there is linked to the shipped checkpoints each time it is read, so a changed file is
noticed and set aside, and a newer release of the program simply needs less of it.
"""

from __future__ import annotations

import json
from pathlib import Path

from holdfast.adapters.disk import put
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    MAX_HEADERS_FILE,
    BadHeader,
    CheckpointTable,
    extended,
)
from holdfast.ports import Shelved

_FORMAT = "holdfast-bitcoin-headers/1"
_NOTE_LIMIT = 64 << 10


class Shelf:
    """``headers.bin`` and ``headers.json`` in one folder.  A port's HeaderShelf."""

    def __init__(self, folder: Path, table: CheckpointTable) -> None:
        """``table`` is the shipped one."""
        self._folder = folder
        self._shipped = table
        self._known: tuple[tuple[int, int], Shelved, CheckpointTable] | None = None

    def read(self) -> Shelved:
        """The headers from the one after the last shipped checkpoint on; none when unsound."""
        return self._whole()[0]

    def table(self) -> CheckpointTable:
        """The shipped checkpoints and, behind them, those that follow from the headers here."""
        return self._whole()[1]

    def keep(self, shelved: Shelved) -> None:
        """These headers are here, durable.  Raises OSError where they cannot be written."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = {
            "format": _FORMAT,
            "first": shelved.first,
            "as_of": shelved.as_of,
            "sources": list(shelved.sources),
        }
        # The note goes last: headers without their note are still linked when they are read.
        put(self._folder / "headers.bin", shelved.raw)
        put(self._folder / "headers.json", json.dumps(note, ensure_ascii=False).encode())

    def _whole(self) -> tuple[Shelved, CheckpointTable]:
        # The command line may have fetched some while the window was open.
        try:
            about = (self._folder / "headers.bin").stat()
            mark = (about.st_mtime_ns, about.st_size)
        except OSError:
            mark = (0, 0)
        if self._known is None or self._known[0] != mark:
            self._known = (mark, *self._read())
        return self._known[1:]

    def _read(self) -> tuple[Shelved, CheckpointTable]:
        start = self._shipped.height + 1
        nothing = Shelved(first=start, raw=b""), self._shipped
        try:
            raw = _bounded(self._folder / "headers.bin", MAX_HEADERS_FILE)
            note = json.loads(_bounded(self._folder / "headers.json", _NOTE_LIMIT))
            first, as_of, sources = _note(note)
        except FileNotFoundError:
            return nothing
        except (OSError, ValueError, RecursionError):
            return self._aside(nothing)
        # A newer release knows some of them as checkpoints.
        raw = raw[max(0, start - first) * HEADER_SIZE :] if first <= start else b""
        if not raw:
            return nothing
        try:
            table = extended(self._shipped, raw, as_of=as_of, sources=sources)
        except BadHeader:
            return self._aside(nothing)
        return Shelved(first=start, raw=raw, as_of=as_of, sources=sources), table

    def _aside(self, nothing: tuple[Shelved, CheckpointTable]) -> tuple[Shelved, CheckpointTable]:
        for name in ("headers.bin", "headers.json"):
            file = self._folder / name
            if file.is_file():
                file.replace(file.with_name(f"damaged-{name}"))
        return nothing


def _note(note: object) -> tuple[int, str, tuple[str, ...]]:
    match note:
        case {
            "format": "holdfast-bitcoin-headers/1",
            "first": int(first),
            "as_of": str(as_of),
            "sources": list(sources),
        } if all(isinstance(one, str) for one in sources):
            return first, as_of, tuple(sources)
    raise ValueError("not a note of ours")


def _bounded(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise ValueError("too long")
    return raw
