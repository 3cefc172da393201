"""The cleanliness protocol (清洁性检查): what this computer was like around a capture.

A reading states raw values and what they mean for a capture; it never adds up to a score.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.canonical import Json, visible
from holdfast.core.evidence import ClockReading, Outcome

ITEMS = (
    "system",
    "program",
    "rights",
    "clock",
    "hosts",
    "proxy",
    "tunnel",
    "dns",
    "roots",
    "processes",
    "disk",
    "displays",
)
"""Everything that a whole run reads, in the order in which it is told."""
SHORT = ("clock", "hosts", "proxy", "dns")
"""What is read once more just before sealing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A raw value as it was found; text from this computer, shown as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One item of the protocol.  ``pass`` fine, ``warn`` to be explained, ``fail`` wrong."""

    item: str
    """One of ITEMS."""
    outcome: Outcome
    facts: tuple[Fact, ...] = ()
    remark: str = ""
    """What the person says about it."""

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest."""
        return {
            "item": self.item,
            "outcome": self.outcome,
            "values": [
                {"name": visible(fact.name), "value": visible(fact.value)} for fact in self.facts
            ],
            "remark": visible(self.remark),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRun:
    """One run of the protocol, whole or short."""

    started: str
    """RFC 3339."""
    finished: str
    readings: tuple[Reading, ...]
    clock: ClockReading | None = None
    """The system's clock with its offset, where one could be measured."""

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest."""
        return {
            "started": self.started,
            "finished": self.finished,
            "readings": [reading.body() for reading in self.readings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The run before a capture, and the short one just before it was sealed."""

    before: EnvironmentRun
    sealing: EnvironmentRun

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest."""
        return {"before": self.before.body(), "sealing": self.sealing.body()}
