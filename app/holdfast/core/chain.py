"""Segments of a recording, each linked to all before it, as lines of a file that only grows.

What is on the chain was whole on the disk at that time; a line that was changed, moved or left out
shows in every link after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from holdfast.core.canonical import Json, parse

FIRST_LINK = "0" * 64
"""What stands before the first segment."""
SEGMENTS = "segments.jsonl"
MOST_LINES = 200_000


class Linked(Protocol):
    """A segment on a chain."""

    @property
    def n(self) -> int:
        """Its place, from 0."""

    @property
    def sha256(self) -> str:
        """Of its file."""

    @property
    def link(self) -> str:
        """As ``linked`` after that of the segment before it."""


Segment = TypeVar("Segment", bound=Linked)


def linked(previous: str, sha256: str) -> str:
    """The link of a segment after the link ``previous``."""
    return hashlib.sha256(bytes.fromhex(previous) + bytes.fromhex(sha256)).hexdigest()


def chained(raw: bytes, segment_of: Callable[[Json], Segment]) -> tuple[tuple[Segment, ...], str]:
    """The segments up to the first line that is not whole, and what is wrong there, or nothing.

    ``segment_of`` raises ValueError for what is no segment, and lets no hash pass that is none.
    A last line without its end is what a crash leaves: ``cut``.
    """
    found: list[Segment] = []
    previous = FIRST_LINK
    for number, line in enumerate(raw.split(b"\n")[:MOST_LINES]):
        if not line:
            continue
        try:
            segment = segment_of(parse(line))
        except ValueError:
            return tuple(found), "cut" if raw.endswith(line) else f"line {number + 1}"
        if segment.n != len(found) or segment.link != linked(previous, segment.sha256):
            return tuple(found), f"line {number + 1}"
        previous = segment.link
        found.append(segment)
    return tuple(found), ""
