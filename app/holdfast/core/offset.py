"""How far this clock is off, from several sources that may be wrong.

Each source gives an interval in which the offset must lie.  The offset is the middle of the part
that most sources agree on (Marzullo's algorithm, as RFC 5905 §11.2.1 uses it): a single source
that lies, or is slow, moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.evidence import Outcome

WANTED = 3
"""Sources that must agree before nothing has to be explained."""
FINE_MS = 1_000
WRONG_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one source says: this clock is ahead by ``offset_ms`` (behind when negative)."""

    source: str
    offset_ms: float
    uncertainty_ms: float
    """Half the width of the interval in which the truth lies, if the source tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What most sources allow."""

    offset_ms: int
    uncertainty_ms: int
    agreeing: tuple[str, ...]
    """The sources whose intervals hold it, in the order given."""

    @property
    def outcome(self) -> Outcome:
        """A minute is wrong; a second, or too few sources, is to be explained."""
        off = abs(self.offset_ms) - self.uncertainty_ms
        if off > WRONG_MS:
            return "fail"
        if off > FINE_MS or len(self.agreeing) < WANTED:
            return "warn"
        return "pass"


def agreed(samples: Sequence[Sample]) -> Agreement | None:
    """The offset on which most sources agree; None without any."""
    if not samples:
        return None
    edges: list[tuple[float, int]] = []
    for one in samples:
        edges.append((one.offset_ms - one.uncertainty_ms, 0))
        edges.append((one.offset_ms + one.uncertainty_ms, 1))
    edges.sort()
    best = count = 0
    low = high = edges[0][0]
    for (at, end), (following, _) in zip(edges, [*edges[1:], edges[-1]], strict=True):
        count += -1 if end else 1
        if count > best:
            best, low, high = count, at, following
    return Agreement(
        offset_ms=round((low + high) / 2),
        uncertainty_ms=max(1, round((high - low) / 2)),
        agreeing=tuple(
            one.source
            for one in samples
            if one.offset_ms - one.uncertainty_ms <= low
            and high <= one.offset_ms + one.uncertainty_ms
        ),
    )
