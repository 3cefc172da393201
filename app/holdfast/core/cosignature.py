"""Cosignatures: another key on a head, saying when it had seen it and that it only grew.

C2SP tlog-cosignature, the Ed25519 kind (0x04).  The time in it is the cosigner's own clock: it is a
statement and no time-stamp, and it says nothing about whose key that is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from holdfast.core.canonical import rfc3339
from holdfast.core.ledger import COSIGNATURE_NOTE, Checkpoint, VerifierKey

COSIGNER = "cosigner.holdfast.local/"
"""What stands before the public key, in hex, in the name of a cosigner of ours: whoever reads a
cosigned head then has the key as well, and need not be told it by another way."""
LOG = "key.holdfast.local/"
"""The same before a record's key, where a head is handed to somebody who has never seen one."""
_KEY = re.compile("[0-9a-f]{64}")

LATEST = 253_402_300_799
"""The last second of the year 9999; what lies beyond it is no time."""
_LENGTH = 4 + 8 + 64


def message(checkpoint: Checkpoint, seconds: int) -> bytes:
    """What a cosigner signs: a header, its time in seconds since 1970, and the head's text."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.text


def cosigned(
    checkpoint: Checkpoint, key: VerifierKey, seconds: int, signature: bytes
) -> Checkpoint:
    """The same head with that cosignature on it."""
    return checkpoint.carrying(key.name, key.id + struct.pack(">Q", seconds) + signature)


def cosigner(name: str, public_key: bytes) -> VerifierKey:
    """The key of a cosigner; the same 32 bytes under 0x01 would be another key."""
    return VerifierKey(name=name, public_key=public_key, kind=COSIGNATURE_NOTE)


def named_key(name: str, before: str) -> bytes | None:
    """The public key that stands in a name after ``COSIGNER`` or ``LOG``, else None."""
    text = name.removeprefix(before)
    return bytes.fromhex(text) if text != name and _KEY.fullmatch(text) else None


def seen_by(
    checkpoint: Checkpoint, key: VerifierKey, verify: Callable[[bytes, bytes, bytes], bool]
) -> int | None:
    """When, in seconds since 1970, ``key`` says that it had seen the head.

    None when no cosignature by it stands there, or the one that does is not sound.  ``verify``
    takes public key, signature and message.
    """
    for name, raw in checkpoint.signatures:
        if name == key.name and raw[:4] == key.id and len(raw) == _LENGTH:
            (seconds,) = struct.unpack(">Q", raw[4:12])
            if seconds > LATEST:
                return None
            whole = message(checkpoint, seconds)
            return seconds if verify(key.public_key, raw[12:], whole) else None
    return None


def instant(seconds: int) -> str:
    """RFC 3339 of what ``seen_by`` gave."""
    return rfc3339(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
