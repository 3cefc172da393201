"""Every byte of a folder as a reader could get at it: archives opened, members decompressed."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path


def readings(data: bytes) -> Iterator[bytes]:
    """``data``, and whatever lies inside it."""
    yield data
    # Quoted-printable, as in MHTML, breaks its lines anywhere.
    if b"=\r\n" in data:
        yield data.replace(b"=\r\n", b"")
    if data[:2] == b"\x1f\x8b":
        yield from readings(gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from readings(archive.read(name))


def carrying(folder: Path, keys: Iterable[str]) -> list[str]:
    """Which files below ``folder`` hold one of ``keys``, and which."""
    return [
        f"{one.relative_to(folder)}: {key}"
        for one in sorted(folder.rglob("*"))
        if one.is_file()
        for data in readings(one.read_bytes())
        for key in keys
        if key.encode() in data
    ]
