"""The one form of ZIP that packs have: stored, 1980-01-01, mode 0644, UTF-8, ZIP64 where needed.

The headers follow from names, sizes and CRCs alone (APPNOTE 6.3.9), so a reader can write them
again and compare: whatever differs was written by another program, or changed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 0xFFFFFFFF
COUNT_LIMIT: Final = 0xFFFF

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
END_SIGNATURE: Final = b"PK\x05\x06"
END64_SIGNATURE: Final = b"PK\x06\x06"
LOCATOR_SIGNATURE: Final = b"PK\x06\x07"

_PLAIN = 20
_ZIP64 = 45
_UTF8 = 0x0800
_DATE = (0 << 9) | (1 << 5) | 1
"""1980-01-01, the first day that ZIP knows."""
_UNIX = 3
_MODE = (0o100644 << 16) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A stored file: where its local header begins, how long and which CRC-32 it has."""

    name: str
    size: int
    crc: int
    offset: int


def local_header(name: str, size: int, crc: int) -> bytes:
    """What stands before a file's bytes (§4.3.7)."""
    large = size >= LIMIT
    extra = struct.pack("<HHQQ", 1, 16, size, size) if large else b""
    short = LIMIT if large else size
    raw = name.encode()
    return (
        struct.pack(
            "<4sHHHHHIIIHH",
            LOCAL_SIGNATURE,
            _ZIP64 if large else _PLAIN,
            _UTF8,
            0,
            0,
            _DATE,
            crc,
            short,
            short,
            len(raw),
            len(extra),
        )
        + raw
        + extra
    )


def central_header(member: Member) -> bytes:
    """A file's line in the directory (§4.3.12)."""
    size, offset = member.size, member.offset
    long = (*((size, size) if size >= LIMIT else ()), *((offset,) if offset >= LIMIT else ()))
    extra = struct.pack(f"<HH{len(long)}Q", 1, 8 * len(long), *long) if long else b""
    version = _ZIP64 if long else _PLAIN
    raw = member.name.encode()
    return (
        struct.pack(
            "<4sBBHHHHHIIIHHHHHII",
            CENTRAL_SIGNATURE,
            version,
            _UNIX,
            version,
            _UTF8,
            0,
            0,
            _DATE,
            member.crc,
            min(size, LIMIT),
            min(size, LIMIT),
            len(raw),
            len(extra),
            0,
            0,
            0,
            _MODE,
            min(offset, LIMIT),
        )
        + raw
        + extra
    )


def directory_end(count: int, size: int, offset: int) -> bytes:
    """What stands after the directory of ``size`` bytes at ``offset`` (§4.3.14 to §4.3.16)."""
    end = struct.pack(
        "<4sHHHHIIH",
        END_SIGNATURE,
        0,
        0,
        min(count, COUNT_LIMIT),
        min(count, COUNT_LIMIT),
        min(size, LIMIT),
        min(offset, LIMIT),
        0,
    )
    if count < COUNT_LIMIT and size < LIMIT and offset < LIMIT:
        return end
    end64 = struct.pack(
        "<4sQBBHIIQQQQ",
        END64_SIGNATURE,
        44,
        _ZIP64,
        _UNIX,
        _ZIP64,
        0,
        0,
        count,
        count,
        size,
        offset,
    )
    locator = struct.pack("<4sIQI", LOCATOR_SIGNATURE, 0, offset + size, 1)
    return end64 + locator + end
