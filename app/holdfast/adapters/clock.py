"""The system's clock, and the ids that are made from it."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from holdfast.core.canonical import rfc3339

if TYPE_CHECKING:
    from holdfast.core.evidence import ClockReading


class SystemClock:
    """The only place that asks the machine for the time."""

    def now(self) -> datetime:
        """The system's time, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the one home of time

    def offset_minutes(self, at: datetime | None = None) -> int:
        """How far local time is from UTC at that moment, or now."""
        offset = (at or self.now()).astimezone().utcoffset()
        return int(offset.total_seconds() // 60) if offset else 0

    def reading(self) -> ClockReading:
        """System time beside the monotonic counter; no reference has been asked."""
        from holdfast.core.evidence import ClockReading

        return ClockReading(system=rfc3339(self.now()), monotonic_ns=time.monotonic_ns())

    def new_id(self) -> str:
        """A fresh UUIDv7 (RFC 9562 §5.7): sorts by time, guessable by nobody."""
        return uuid7(self.now(), secrets.token_bytes(10))


def uuid7(moment: datetime, noise: bytes) -> str:
    """The UUIDv7 of a time and ten random bytes, in its usual form."""
    stamp = max(0, int(moment.timestamp() * 1000)).to_bytes(6, "big")
    raw = bytearray(stamp + noise)
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
