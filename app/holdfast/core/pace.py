"""How long something that counts its bytes will still take, said no more exactly than is known."""

from __future__ import annotations

from typing import Final, Literal

Unit = Literal["seconds", "minutes", "hours"]

WARM: Final = 2.0
"""Seconds that have to pass before anything is said."""


class Pace:
    """Told where the work stands, and when; forgets everything when the work starts afresh."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._total: int | None = None
        self._done = 0

    def left(self, at: float, done: int, total: int | None) -> float | None:
        """Seconds still to go at the pace so far; None while that cannot honestly be said.

        ``at`` is a monotonic time in seconds.
        """
        if total is None or self._began is None or total != self._total or done < self._done:
            self._began, self._total, self._done = (at, done), total, done
            return None
        self._done = done
        began, first = self._began
        passed, gained = at - began, done - first
        if passed < WARM or gained <= 0 or done >= total:
            return None
        return passed / gained * (total - done)


def rounded(seconds: float) -> tuple[Unit, int]:
    """As people say it: in steps of ten seconds, then whole minutes, then whole hours."""
    if seconds < 55:
        return "seconds", max(10, -(-int(seconds) // 10) * 10)
    if seconds < 55 * 60:
        return "minutes", max(1, round(seconds / 60))
    return "hours", max(1, round(seconds / 3600))
