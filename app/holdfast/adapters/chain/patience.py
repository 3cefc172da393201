"""Who let us wait for nothing is left alone for a while.

A pack may name hundreds of blocks, and every proof would wait for whoever cannot be reached.
"""

from __future__ import annotations

from time import monotonic
from typing import Final

from holdfast.core.errors import HoldfastError

LEFT_ALONE_S: Final = 60.0
_WAITED_FOR: Final = frozenset({"host_slow", "host_unknown"})


class Patience:
    """Remembers, by any name, who kept us waiting."""

    def __init__(self) -> None:
        self._until: dict[object, float] = {}

    def has_with(self, who: object) -> bool:
        """Whether that one may be asked now."""
        return monotonic() >= self._until.get(who, 0.0)

    def learn(self, who: object, trouble: Exception) -> None:
        """That one answered with ``trouble``: where it took its time, it is left alone."""
        if isinstance(trouble, HoldfastError) and trouble.code in _WAITED_FOR:
            self._until[who] = monotonic() + LEFT_ALONE_S
