"""A case as a story: its ledger and its nouns as moments a person recognises."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from holdfast.core.evidence import Exhibit
from holdfast.core.ledger import LedgerEntry
from holdfast.ui.desk import Desk
from holdfast.ui.phrases import day, exhibit_state, local, size, stamps_by_exhibit
from holdfast.ui.pictures import ICONS
from holdfast.ui.rows import SectionRow
from holdfast.ui.timeline import Moment

if TYPE_CHECKING:
    from holdfast.core.timestamp import Stamp
    from holdfast.usecases.cases import CaseFile

_ACTS = {
    "case.opened": "cases",
    "case.closed": "cases",
    "capture.failed": "warning",
    "capture.recovered": "again",
    "exhibit.withdrawn": "removed",
    "document.issued": "document",
    "environment.checked": "check",
    "notice.drafted": "letter",
    "notice.discarded": "removed",
    "notice.approved": "letter",
    "notice.sent": "letter",
    "answer.received": "inbox",
    "followup.set": "calendar",
    "followup.done": "check",
    "licence.recorded": "person",
    "pack.exported": "pack",
    "verify.run": "verify",
}
"""Acts that are part of the story; the rest is housekeeping and stands in the record only."""


def title_of(desk: Desk, exhibit: Exhibit) -> str:
    """What an exhibit is called: the person's words first, then what it called itself."""
    named = exhibit.caption or exhibit.title or exhibit.url
    return named or desk.say(f"source.{exhibit.source}")


def story(desk: Desk, file: CaseFile) -> list[Any]:
    """Everything that happened, newest first, with a heading for each day."""
    moments = sorted(_moments(desk, file), key=lambda m: m.at, reverse=True)
    rows: list[Any] = []
    for on, group in groupby(moments, key=lambda m: local(m.at).date()):
        rows.append(SectionRow(text=day(desk, on), of=on))
        rows.extend(group)
    return rows


def _moments(desk: Desk, file: CaseFile) -> list[Moment]:
    exhibits = {exhibit.number: exhibit for exhibit in file.exhibits}
    letters = {notice.document: notice for notice in file.notices}
    documents = {issued.number: issued for issued in file.documents}
    stamps = stamps_by_exhibit(file)
    found: list[Moment] = []
    # A day's time-stamps are one moment: hundreds of them would bury what the person did.
    stamped: dict[date, int] = {}
    for entry in file.entries:
        if entry.act == "timestamp.confirmed":
            on = local(entry.at).date()
            stamped[on] = stamped.get(on, 0) + _count(entry)
    last: dict[date, LedgerEntry] = {
        local(entry.at).date(): entry
        for entry in file.entries
        if entry.act == "timestamp.confirmed"
    }
    for on, entry in last.items():
        title = desk.say("story.timestamp.confirmed", count=stamped[on])
        found.append(Moment(at=entry.at, icon="confirmed", title=title, line=""))
    for entry in file.entries:
        if entry.act == "exhibit.sealed" and entry.subject in exhibits:
            found.append(_sealed(desk, file, exhibits[entry.subject], stamps[entry.subject]))
        elif entry.act in _ACTS:
            letter = letters.get(entry.subject)
            issued = documents.get(entry.subject)
            kind = desk.say_or(f"document.kind.{issued.kind}", issued.kind) if issued else ""
            found.append(
                Moment(
                    at=entry.at,
                    icon=_ACTS[entry.act],
                    title=desk.say(
                        f"story.{entry.act}",
                        subject=letter.number if letter else entry.subject,
                        count=_count(entry),
                        kind=kind,
                    ),
                    line=_line(desk, entry),
                    exhibit=entry.subject if entry.subject in exhibits else "",
                    letter=letter.id if letter else "",
                    check=entry.subject if entry.act == "environment.checked" else "",
                )
            )
    return found


def _count(entry: LedgerEntry) -> int:
    subjects = entry.facts.get("subjects")
    return len(subjects) if isinstance(subjects, list | tuple) else max(1, len(entry.refs))


def _line(desk: Desk, entry: LedgerEntry) -> str:
    code = entry.facts.get("code")
    if entry.act == "capture.failed" and isinstance(code, str):
        three = desk.words.errors.get(code)
        return three.what if three else code
    channel = entry.facts.get("channel")
    if isinstance(channel, str):
        return desk.say_or(f"notice.channel.{channel}", channel)
    due = entry.facts.get("due")
    if isinstance(due, str):
        return due
    return desk.say_or(f"story.{entry.act}.line", "")


def _sealed(desk: Desk, file: CaseFile, exhibit: Exhibit, stamps: tuple[Stamp, ...]) -> Moment:
    state = exhibit_state(desk, stamps, practice=file.case.world == "practice")
    total = size(sum(artifact.size for artifact in exhibit.artifacts))
    return Moment(
        at=exhibit.sealed,
        icon=ICONS[exhibit.source],
        title=f"{exhibit.number} {title_of(desk, exhibit)}",
        line=desk.say(
            "story.sealed.line",
            source=desk.say(f"source.{exhibit.source}"),
            count=len(exhibit.artifacts),
            size=total,
        ),
        exhibit=exhibit.number,
        state=state.icon if exhibit.complete else "warning",
        tone=state.tone if exhibit.complete else "warning",
        state_text=state.sentence,
    )
