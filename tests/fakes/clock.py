"""A clock that tests set and that moves on by itself a little at each reading."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from holdfast.adapters.clock import uuid7
from holdfast.core.canonical import rfc3339
from holdfast.core.evidence import ClockReading


class FakeClock:
    def __init__(self, start: str = "2026-11-12T13:06:31+00:00", tick_ms: int = 10) -> None:
        self.time = datetime.fromisoformat(start).astimezone(UTC)
        self.tick = timedelta(milliseconds=tick_ms)

    def now(self) -> datetime:
        self.time += self.tick
        return self.time

    def advance(self, **much: float) -> None:
        self.time += timedelta(**much)

    def reading(self) -> ClockReading:
        return ClockReading(system=rfc3339(self.now()), monotonic_ns=123_456_789)

    def offset_minutes(self, at: datetime | None = None) -> int:
        return 480

    def new_id(self) -> str:
        return uuid7(self.now(), secrets.token_bytes(10))
