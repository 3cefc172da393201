"""Members of a ZIP that another program wrote: what stands before them, and between them.

Every member has two headers, and programs differ in which one they follow.  Only the standard
library is used, because this travels in ``verify.pyz``.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from holdfast.adapters.pack import zipform
from holdfast.core.evidence import plain_folder

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCKED: Final = 0x1 | 0x40 | 0x2000
_UTF8: Final = 0x800
_DESCRIBED: Final = 0x8
"""Checksum and sizes stand after the content, and perhaps also before it."""
_SECOND_NAME: Final = 0x7075
"""Info-ZIP's Unicode path: some programs unpack a member under that name."""
_DESCRIPTORS: Final = frozenset({0, 12, 16, 20, 24})


_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """Where the content of a member begins, and whether its two headers say the same."""

    begin: int
    alike: bool


def find_member(file: IO[bytes], info: zipfile.ZipInfo, name: str, top: str) -> Member | None:
    """The member whose path in the pack is ``name``; None where no header of that name is there."""
    file.seek(info.header_offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(zipform.LOCAL_SIGNATURE):
        return None
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(raw)
    named, extra = file.read(name_size), file.read(extra_size)
    try:
        # As this header says that it is written, which zipfile and the page go by.
        if named.decode("utf-8" if flags & _UTF8 else "cp437") != info.orig_filename:
            return None
    except UnicodeDecodeError:
        return None
    told = ((crc, info.CRC), (packed, info.compress_size), (size, info.file_size))
    # Beyond 4 GiB the true size stands elsewhere; one that follows the content may be left out.
    open_ = {zipform.LIMIT, *((0,) if flags & _DESCRIBED else ())}
    alike = (
        method == info.compress_type
        and not flags & _LOCKED
        and all(here in open_ or here == there for here, there in told)
        and all(_leads_to(one, name, top) for one in (*_seconds(extra), *_seconds(info.extra)))
    )
    return Member(info.header_offset + _LOCAL.size + name_size + extra_size, alike)


def _seconds(extra: bytes) -> Iterator[bytes]:
    """The other names of a member."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _SECOND_NAME:
            yield extra[at + 9 : at + 4 + size]
        at += 4 + size


def _leads_to(second: bytes, name: str, top: str) -> bool:
    """Whether another name is the same below the folder that everything lies in."""
    try:
        text = second.decode()
    except UnicodeDecodeError:
        return False
    if not top:
        return text == name
    folder, _, rest = text.partition("/")
    return plain_folder(folder) and rest == name


def between(infos: Sequence[zipfile.ZipInfo], begins: Sequence[int | None], directory: int) -> int:
    """How many bytes before the directory belong to no member; ``begins`` are those of contents."""
    placed = sorted(zip(infos, begins, strict=True), key=lambda pair: pair[0].header_offset)
    ends = [info.header_offset for info, _ in placed[1:]] + [directory] * bool(placed)
    left = placed[0][0].header_offset if placed else directory
    for (info, begin), end in zip(placed, ends, strict=True):
        if begin is not None:
            rest = end - begin - info.compress_size
            left += 0 if info.flag_bits & _DESCRIBED and rest in _DESCRIPTORS else rest
    return left


class Inflated(io.RawIOBase):
    """The content of a deflated member.  Raises zlib.error, EOFError, ValueError while it is read.

    It ends with the last of its bytes and where its directory says: browsers refuse what stands
    behind that, and other programs may unpack it.
    """

    def __init__(self, file: IO[bytes], begin: int, info: zipfile.ZipInfo) -> None:
        self._file, self._info = file, info
        self._engine = zlib.decompressobj(-15)
        self._at, self._end = begin, begin + info.compress_size
        self._done = self._crc = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        piece = b""
        while not piece and not self._engine.eof:
            piece = self._engine.decompress(self._engine.unconsumed_tail or self._more(), len(view))
        self._done, self._crc = self._done + len(piece), zlib.crc32(piece, self._crc)
        if self._done > self._info.file_size or not (piece or self._is_whole()):
            raise ValueError("Error while decompressing data")
        if not piece and self._crc != self._info.CRC:
            raise ValueError("Bad CRC-32")
        view[: len(piece)] = piece
        return len(piece)

    def _more(self) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(_BLOCK, self._end - self._at))
        if not data:
            raise EOFError
        self._at += len(data)
        return data

    def _is_whole(self) -> bool:
        used = self._at == self._end and not self._engine.unused_data
        return used and self._done == self._info.file_size
