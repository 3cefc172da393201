"""The cleanliness protocol (清洁性检查): what this computer was like around a capture.

A reading states raw values and what they mean for a capture; it never adds up to a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from holdfast.core.canonical import Json, canonical, visible
from holdfast.core.evidence import ClockReading, Outcome, World
from holdfast.core.words import Words

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
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
REMARK_LIMIT = 500
"""Characters of what a person says about a reading."""
CHECK_FORMAT = "holdfast-environment/1"

When = Literal["before", "after"]


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

    def value(self, name: str) -> str:
        """The first raw value of that name, or empty."""
        return next((fact.value for fact in self.facts if fact.name == name), "")


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

    def reading(self, item: str) -> Reading | None:
        """What was read of an item; None where the run did not look."""
        return next((one for one in self.readings if one.item == item), None)

    def explained(self, remarks: Mapping[str, str]) -> EnvironmentRun:
        """The same run with what a person says, by item; items that are not named stay as they are.

        Remarks are cut to REMARK_LIMIT characters.
        """
        return replace(
            self,
            readings=tuple(
                replace(one, remark=" ".join(remarks[one.item].split())[:REMARK_LIMIT])
                if one.item in remarks
                else one
                for one in self.readings
            ),
        )

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many readings came out how.  Never a score."""
        return {
            outcome: sum(one.outcome == outcome for one in self.readings) for outcome in OUTCOMES
        }

    @property
    def remarks(self) -> int:
        """How many readings carry a remark."""
        return sum(bool(one.remark) for one in self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The run before a capture, and the short one just before it was sealed."""

    before: EnvironmentRun
    sealing: EnvironmentRun

    def body(self) -> dict[str, Json]:
        """As it stands in a manifest."""
        return {"before": self.before.body(), "sealing": self.sealing.body()}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentCheck:
    """A run that was written into a case's record beside its captures.

    ``sha256`` is of ``body()`` in canonical form, as the ledger names it.  Writing remarks makes
    a new body and a new line; ``earlier`` are the digests that older lines name.
    """

    id: str
    case_id: str
    world: World
    when: When
    at: str
    """When the ledger line was written, RFC 3339."""
    run: EnvironmentRun
    sha256: str = ""
    exhibit: str = ""
    """The exhibit whose manifest carries this run, when remarks on it were written later."""
    earlier: tuple[str, ...] = ()

    def body(self) -> bytes:
        """The canonical bytes whose digest stands in the ledger.  The id keeps it unguessable."""
        return canonical(
            {
                "format": CHECK_FORMAT,
                "id": self.id,
                "case": self.case_id,
                "world": self.world,
                "when": self.when,
                "exhibit": self.exhibit,
                "run": self.run.body(),
            }
        )


def runs_of(manifest: Mapping[str, Json]) -> Environment | None:
    """The two runs that a manifest carries; None where it has none, or none that can be read."""
    match manifest.get("environment"):
        case {"before": before, "sealing": sealing}:
            try:
                return Environment(before=read_run(before), sealing=read_run(sealing))
            except ValueError:
                return None
    return None


def read_run(value: Json) -> EnvironmentRun:
    """A run as ``EnvironmentRun.body`` writes it.  Raises ValueError; unknown keys are left."""
    match value:
        case {"started": str(started), "finished": str(finished), "readings": readings} if (
            isinstance(readings, Sequence) and not isinstance(readings, str)
        ):
            return EnvironmentRun(
                started=started,
                finished=finished,
                readings=tuple(_read_reading(one) for one in readings),
            )
    raise ValueError("not a run of the environment check")


def _read_reading(value: Json) -> Reading:
    match value:
        case {
            "item": str(item),
            "outcome": "pass" | "warn" | "fail" | "not_checked" as outcome,
            "values": values,
            "remark": str(remark),
        } if isinstance(values, Sequence) and not isinstance(values, str):
            facts = tuple(_read_fact(one) for one in values)
            return Reading(item=item, outcome=outcome, facts=facts, remark=remark)
    raise ValueError("not a reading of the environment check")


def _read_fact(value: Json) -> Fact:
    match value:
        case {"name": str(name), "value": str(text)}:
            return Fact(name=name, value=text)
    raise ValueError("not a raw value of the environment check")


# --- in words ------------------------------------------------------------------------------------


def said(reading: Reading, words: Words) -> str:
    """What was seen, in one sentence."""
    item, outcome, reason = reading.item, reading.outcome, reading.value("reason")
    facts = {fact.name: fact.value for fact in reversed(reading.facts)}
    keys = [f"environment.{item}.{outcome}.{reason}", f"environment.{item}.{outcome}"]
    if outcome == "not_checked":
        keys = [f"environment.{item}.{outcome}.{reason}", f"environment.reason.{reason}"]
    match item:
        case "clock" if outcome != "not_checked":
            off = _number(facts.get("offset_ms"))
            facts["seconds"] = f"{abs(off) / 1000:.2f}"
            facts["unsure"] = f"{_number(facts.get('uncertainty_ms')) / 1000:.2f}"
            keys = [f"environment.clock.{outcome}.{'ahead' if off >= 0 else 'behind'}"]
        case "disk":
            facts["gigabytes"] = f"{_number(facts.get('free')) / 1e9:.1f}"
        case "proxy":
            facts["first"] = reading.facts[1].value if len(reading.facts) > 1 else ""
        case "processes":
            programs = (one.value for one in reading.facts if one.name == "program")
            facts["first"] = ", ".join(one.partition(" (")[0] for one in programs)
        case "roots":
            facts["first"] = facts.get("root", "").partition(";")[0]
    key = next((one for one in keys if one in words.words), "environment.reason.unknown")
    return words(key, **facts)


def raw_values(reading: Reading, words: Words) -> tuple[tuple[str, str], ...]:
    """Every raw value with what it is called."""
    return tuple(
        (
            words(f"environment.fact.{one.name}")
            if f"environment.fact.{one.name}" in words.words
            else one.name,
            one.value,
        )
        for one in reading.facts
    )


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
