"""What verification found, as rows of a table: what is wrong first, then the time-stamps."""

from __future__ import annotations

import re

from holdfast.core.canonical import one_line
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.ui.desk import Desk
from holdfast.ui.phrases import full_time
from holdfast.ui.tables import Cell

LOOKS = {
    "ok": ("confirmed", "confirmed"),
    "weak": ("one-source", "warning"),
    "unchecked": ("unchecked", "secondary"),
    "broken": ("broken", "broken"),
    "pending": ("pending", "pending"),
    "practice": ("unchecked", "secondary"),
}
_ORDER = ("broken", "weak", "unchecked", "ok")
_GRAVE = ("broken", "weak")
_TIME = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")


def found_rows(
    desk: Desk, verdict: Verdict
) -> list[tuple[Finding | TimestampSeen, tuple[Cell, ...]]]:
    """Everything that was seen.  Nobody looks for what is wrong beneath a list of what is right."""
    ordered = sorted(verdict.findings, key=lambda finding: _ORDER.index(finding.outcome))
    grave = [finding for finding in ordered if finding.outcome in _GRAVE]
    return [
        *((finding, _cells(desk, finding)) for finding in grave),
        *((seen, _stamp_cells(desk, seen)) for seen in verdict.timestamps),
        *((finding, _cells(desk, finding)) for finding in ordered[len(grave) :]),
    ]


def _local(text: str) -> str:
    """The same sentence with its times as they are here; what only looks like one is left."""

    def here(found: re.Match[str]) -> str:
        try:
            return full_time(found[0])
        except (ValueError, OverflowError):
            return found[0]

    return _TIME.sub(here, text)


def _cells(desk: Desk, finding: Finding) -> tuple[Cell, ...]:
    icon, tone = LOOKS[finding.outcome]
    # What is copied from here must not look as if a line of it were ours.
    detail = one_line(desk.words.fact(finding.detail))
    said = one_line(desk.say_or(finding.rule, finding.rule, detail=detail))
    if detail and detail not in said:
        said = f"{said} {detail}"
    return (
        Cell(text=desk.say(f"verify.word.{finding.outcome}"), icon=icon, tone=tone),
        Cell(text=one_line(finding.subject) or "—"),
        Cell(text=_local(said), full=said, tone="secondary"),
    )


def _stamp_cells(desk: Desk, seen: TimestampSeen) -> tuple[Cell, ...]:
    icon, tone = {
        "confirmed": (
            "anchored" if seen.kind == "opentimestamps" else "confirmed",
            "confirmed",
        ),
        "simulated": (
            "anchored" if seen.kind == "opentimestamps" else "confirmed",
            "secondary",
        ),
        "pending": ("pending", "pending"),
        "one_source": ("one-source", "warning"),
        "broken": ("broken", "broken"),
    }.get(seen.status, ("unchecked", "secondary"))
    word = "confirmed" if seen.status == "simulated" else seen.status
    witness = desk.say(f"witness.{seen.kind}")
    said = " · ".join(
        part for part in (witness, desk.words.fact(seen.by), full_time(seen.time)) if part
    )
    if seen.status == "simulated":
        said = desk.say("state.practice", state=said)
    return (
        Cell(text=desk.say_or(f"short.{word}", word), icon=icon, tone=tone),
        Cell(text=one_line(seen.subject) or "—"),
        Cell(text=one_line(said), tone="secondary"),
    )
