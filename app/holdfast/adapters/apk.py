"""The certificate that an Android app was signed with, from a few pieces of its APK.

Read from the APK Signing Block (schemes v2, v3, v3.1; source.android.com, *APK Signature Scheme*),
which lies before the ZIP's central directory, so that an app of hundreds of megabytes need not
leave the phone.  The signature itself is not verified here: Android did that when it installed the
app.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator

TAIL = 22 + 65535
"""Bytes at the end of a ZIP in which its end record lies."""
LARGEST_BLOCK = 4 << 20
_END = b"PK\x05\x06"
_MAGIC = b"APK Sig Block 42"
_SCHEMES = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}


def certificates(size: int, piece: Callable[[int, int], bytes]) -> dict[str, tuple[str, ...]]:
    """SHA-256 of each signer's certificate by scheme; ``piece(offset, count)`` gives bytes.

    Empty when the app has no such block (signed with v1 alone).  Raises ValueError for what is no
    APK.
    """
    tail_at = max(0, size - TAIL)
    directory = _directory(piece(tail_at, size - tail_at))
    if directory < 32 or directory > size:
        raise ValueError("no central directory")
    footer = piece(directory - 24, 24)
    if footer[8:] != _MAGIC:
        return {}
    (length,) = struct.unpack("<Q", footer[:8])
    if not 24 <= length <= min(LARGEST_BLOCK, directory - 8):
        raise ValueError("signing block of an impossible length")
    block = piece(directory - length, length - 24)
    found: dict[str, tuple[str, ...]] = {}
    try:
        for number, value in _pairs(block):
            scheme = _SCHEMES.get(number)
            if scheme and scheme not in found:
                found[scheme] = tuple(
                    hashlib.sha256(certificate).hexdigest() for certificate in _signers(value)
                )
    except struct.error as error:
        raise ValueError("signing block cut off") from error
    return found


def _directory(tail: bytes) -> int:
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise ValueError("no ZIP")
    return int(struct.unpack("<I", tail[at + 16 : at + 20])[0])


def _pairs(block: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 12 <= len(block):
        length, number = struct.unpack("<QI", block[at : at + 12])
        if length < 4 or at + 8 + length > len(block):
            raise ValueError("signing block entry does not fit")
        yield number, block[at + 12 : at + 8 + length]
        at += 8 + length


def _signers(value: bytes) -> Iterator[bytes]:
    """The first certificate of each signer: the one whose key signed."""
    signers, _ = _prefixed(value)
    while signers:
        signer, signers = _prefixed(signers)
        signed, _ = _prefixed(signer)
        _, rest = _prefixed(signed)  # digests
        listed, _ = _prefixed(rest)
        first, _ = _prefixed(listed)
        if first:
            yield first


def _prefixed(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack("<I", data[:4])
    if 4 + length > len(data):
        raise ValueError("signing block part does not fit")
    return data[4 : 4 + length], data[4 + length :]
