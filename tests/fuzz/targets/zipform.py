"""Packs as ZIPs: any bytes give a pack whose members can be had within limits, or one sentence.

What is not said to be rewritten is octet for octet what our writer makes of the same members.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fuzz.target import Target
from holdfast.adapters.pack import zipform
from holdfast.adapters.pack.reader import open_pack
from holdfast.core.bag import ReadablePack, Unreadable
from holdfast.core.evidence import safe_path


@contextmanager
def file_of(data: bytes, folder: str = "/proc/self/fd") -> Iterator[Path]:
    """A file that is nowhere but in memory."""
    handle = os.memfd_create("input")
    try:
        os.write(handle, data)
        yield Path(folder) / str(handle)
    finally:
        os.close(handle)


def run(data: bytes) -> None:
    with file_of(data) as path, suppress(Unreadable), open_pack(path) as pack:
        _pack(pack, data)


def _pack(pack: ReadablePack, data: bytes) -> None:
    names = pack.names()
    assert len(set(map(str.casefold, names))) == len(names)
    whole: dict[str, bytes] = {}
    for name in names[:50]:
        assert safe_path(name)
        with suppress(Unreadable):
            pack.digests(name, ("sha256",), lambda _count: None)
            whole[name] = pack.read(name, 1 << 20)
            assert len(whole[name]) == pack.size(name)
    if not pack.troubles() and len(whole) == len(names):
        top = getattr(pack, "top", "")
        assert _written({top + name: body for name, body in whole.items()}) == data


def _written(files: dict[str, bytes]) -> bytes:
    made, directory = b"", b""
    for name in sorted(files):
        member = zipform.Member(
            name=name, size=len(files[name]), crc=zlib.crc32(files[name]), offset=len(made)
        )
        made += zipform.local_header(name, member.size, member.crc) + files[name]
        directory += zipform.central_header(member)
    return made + directory + zipform.directory_end(len(files), len(directory), len(made))


TARGET = Target(
    name="zipform",
    run=run,
    tokens=(
        zipform.LOCAL_SIGNATURE,
        zipform.CENTRAL_SIGNATURE,
        zipform.END_SIGNATURE,
        zipform.END64_SIGNATURE,
        zipform.LOCATOR_SIGNATURE,
        b"\xff\xff\xff\xff",
        b"\x01\x00\x10\x00",
        b"\x08\x00",
        b"../",
        b"bagit.txt",
        b"\x00\x00\xa4\x81",
        b"\x00\x00\xff\xa1",
    ),
    largest=16 << 10,
)
