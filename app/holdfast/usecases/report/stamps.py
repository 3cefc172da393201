"""Time-stamps and lines of the ledger, as documents print them."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.core import pack
from holdfast.core.canonical import Json, one_line
from holdfast.core.document import Field
from holdfast.core.evidence import Exhibit
from holdfast.core.ledger import LedgerEntry
from holdfast.core.timestamp import Stamp
from holdfast.usecases.report.telling import Fields, Teller

COMPLETE = ("confirmed", "one_source", "simulated")
MARKS = {"confirmed": "■", "simulated": "■", "one_source": "◇", "pending": "□"}


def stamp_row(stamp: Stamp, exhibit: Exhibit, say: Teller) -> Fields:
    """A stamp as a row: kind, status in the one wording, proof."""
    fields = stamp_status(stamp, say)
    proof = pack.stamp_path(stamp) if stamp.proof else ""
    size = pack.read_checkpoint_path(stamp.subject.path)
    fields["proof"] = proof.removeprefix(f"exhibits/{exhibit.number}/proofs/").removeprefix(
        "ledger/"
    )
    fields["by"] = one_line(say.words.fact(stamp.by))
    fields["covers"] = say("stamp.covers", size=size) if size is not None else ""
    return fields


def stamp_status(stamp: Stamp, say: Teller) -> Fields:
    """What may be said of a stamp: mark, status, the time in UTC, and whether it is practice."""
    status = "confirmed" if stamp.status == "simulated" else stamp.status
    if stamp.status in COMPLETE and stamp.time is None:
        status = "unchecked"
    text = ""
    if status == "confirmed" and stamp.time:
        text = say(f"stamp.{stamp.kind}.confirmed", time=say.local(stamp.time))
    elif status == "queued" and stamp.attempts:
        when = say("stamp.next", time=say.local(stamp.next_try)) if stamp.next_try else ""
        text = say("stamp.failed", next=when)
    else:
        text = say(f"stamp.{status}")
    practice = stamp.world == "practice" and bool(stamp.proof)
    return {
        "kind": _witness(stamp, say),
        "mark": MARKS.get(stamp.status, "") if status != "unchecked" else "",
        "status": text,
        "utc": say.utc(stamp.time) if stamp.time and status == "confirmed" else "",
        "practice": say(f"stamp.{stamp.kind}.practice") if practice else "",
    }


def _witness(stamp: Stamp, say: Teller) -> str:
    """Who says so: an authority by its name here, or whoever signed what came from elsewhere."""
    if not stamp.imported:
        return say(f"stamp.{stamp.kind}", authority=stamp.authority)
    if stamp.by:
        return say("stamp.elsewhere.by", by=one_line(stamp.by))
    return say("stamp.elsewhere")


# --- the ledger ----------------------------------------------------------------------------------


def operations(entries: Sequence[LedgerEntry], say: Teller) -> list[Field]:
    """Every line of the ledger, in order: when, what, and which line."""
    rows: list[Field] = []
    for entry in entries:
        act = say.known(f"act.{entry.act}", entry.act)
        rows.append(
            {
                "n": entry.seq,
                "at": say.local(entry.at)[:19],
                "text": act,
                "detail": _operation(entry, say),
                "failed": entry.act in ("capture.failed", "timestamp.failed"),
            }
        )
    return rows


def _operation(entry: LedgerEntry, say: Teller) -> str:
    """What a line is about, from its subject and facts."""
    facts = entry.facts
    match entry.act:
        case "exhibit.sealed" | "exhibit.described" | "exhibit.withdrawn" | "exhibit.viewed":
            return one_line(entry.subject)
        case "capture.failed" | "capture.recovered":
            source = say.known(f"doc.kind.{facts.get('source')}", str(facts.get("source") or ""))
            parts = [source, str(facts.get("exhibit") or ""), _why(facts.get("code"), say)]
            return one_line(" · ".join(part for part in parts if part))
        case "timestamp.confirmed":
            time = facts.get("time")
            when = say.local(time) if isinstance(time, str) else ""
            return one_line(f"{entry.subject} · {when}".strip(" ·"))
        case "timestamp.requested" | "timestamp.failed":
            subjects = facts.get("subjects")
            count = len(subjects) if isinstance(subjects, list) else 1
            return one_line(say("operation.stamps", by=entry.subject, count=count))
        case (
            "document.issued"
            | "notice.drafted"
            | "notice.discarded"
            | "notice.approved"
            | "notice.sent"
        ):
            return one_line(entry.subject)
        case "environment.checked":
            when = "after" if facts.get("when") == "after" else "before"
            told = say(f"operation.environment.{when}", exhibit=str(facts.get("exhibit") or ""))
            sha256 = str(facts.get("sha256") or "")
            return one_line(f"{told} · SHA-256 {sha256[:8]}…{sha256[-8:]}")
        case "case.opened" | "case.closed" | "pack.exported":
            return one_line(entry.subject)
        case _:
            return ""


def _why(code: Json, say: Teller) -> str:
    """Why a capture failed, in words where the catalogues have some that need no facts."""
    name = str(code or "")
    trouble = say.words.errors.get(name)
    if trouble is not None and "{" not in trouble.what:
        return trouble.what.rstrip("。.")
    return say.known(f"check.{name}", name)
