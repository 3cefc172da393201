"""What a recorder sees: pictures, whoever hands them over, and that there is none now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Lost(Exception):
    """The screen does not hand over a picture now; ``state`` says what is known of it."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame: BGRA rows without gaps."""

    width: int
    height: int
    pixels: bytearray | bytes


class Lens(Protocol):
    """Something that sees a part of the screen."""

    def look(self) -> Picture:
        """What is there now.  Raises Lost."""
        ...

    def check(self) -> str:
        """Looks whether the part is still where it was, and follows it: what changed, or nothing.

        Called from a thread of its own, about once a second.  Raises Lost.
        """
        ...

    def facts(self) -> Mapping[str, Any]:
        """What is looked at, for the record."""
        ...

    def close(self) -> None: ...
