"""What a letter may state of the one it follows: how that was sent, what came, what is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from holdfast.core.canonical import moment
from holdfast.core.document import Field
from holdfast.core.earlier import Earlier
from holdfast.core.evidence import Exhibit
from holdfast.core.notice import chosen
from holdfast.core.pen import Pen, Sources, written_day, written_instant

REQUESTS = ("stop_promotion", "check_others", "tell", "preserve")


def second(sources: Sources, past: Earlier, pen: Pen) -> dict[str, Field]:
    """Fields of a letter that follows ``past``: nothing but what the record holds of it."""
    if pen.given("still") != "yes":
        pen.open.append("still")
    first = past.first
    standing = {exhibit.number for exhibit in sources.exhibits}
    asked_by = date.fromisoformat(first.reply_by) if first.reply_by else None
    return {
        "still": pen.given("still") == "yes",
        "first": {
            "number": first.document,
            "date": written_day(date.fromisoformat(first.dated or first.approved[:10]), pen),
            "reply_by": written_day(asked_by, pen) if asked_by else "",
        },
        "asked": asked_by is not None and not first.edited,
        "passed": asked_by is not None and not first.edited and asked_by < sources.today,
        "deliveries": _deliveries(sources, past, pen),
        "reference": pen.clause("reference"),
        "checks": _checks(sources, past, pen),
        "rechecked": bool(past.checks),
        "unchecked": "" if past.checks else pen.bracket("rechecks"),
        "answered": bool(past.answers),
        "answers": [
            {
                "at": written_instant(moment(one.received), sources.offset_minutes, pen),
                "what": pen(f"came.{one.kind}"),
                "exhibit": one.exhibit if one.exhibit in standing else "—",
            }
            for one in past.answers
        ],
        "countered": any(one.kind == "counter_statement" for one in past.answers),
        "knowledge": pen.clause("knowledge"),
        "requests": _requests(first.answers, pen, by_hand=first.edited),
        "papers": pen.join(sorted(past.papers & standing)),
    }


def reached(exhibit: Exhibit, sources: Sources) -> bool:
    """Whether the record does not speak against the content having been there."""
    status = _status(exhibit, sources)
    return status is None or status < 400


def _deliveries(sources: Sources, past: Earlier, pen: Pen) -> list[Field]:
    standing = {exhibit.number for exhibit in sources.exhibits}
    names = {letter.id: letter.document for letter in past.letters}
    return [
        {
            "letter": names[one.notice_id],
            "by": pen(f"by.{one.channel}"),
            "sent": written_instant(moment(one.sent), sources.offset_minutes, pen),
            "proof": one.receipt if one.receipt in standing else "—",
        }
        for one in past.submissions
    ]


def _checks(sources: Sources, past: Earlier, pen: Pen) -> list[Field]:
    rows: list[Field] = []
    for exhibit in past.checks:
        started = sources.manifests.get(exhibit.number, {}).get("started") or exhibit.sealed
        state = _state(exhibit, sources, pen)
        rows.append(
            {
                "n": str(len(rows) + 1),
                "where": exhibit.url or pen("no_address"),
                "at": written_instant(moment(str(started)), sources.offset_minutes, pen),
                "state": state if exhibit.url in past.addresses else pen("check.new", state=state),
                "exhibit": exhibit.number,
                "hash": exhibit.digest.sha256[:16],
            }
        )
    return rows


def _state(exhibit: Exhibit, sources: Sources, pen: Pen) -> str:
    status = _status(exhibit, sources)
    if status is not None:
        return pen("check.open" if status < 400 else "check.shut", status=status)
    return pen("check.video" if exhibit.source == "video" and exhibit.complete else "check.kept")


def _status(exhibit: Exhibit, sources: Sources) -> int | None:
    """What the server answered when the page was kept again, where the record says so."""
    seen = sources.manifests.get(exhibit.number, {}).get("observations")
    status = seen.get("status") if isinstance(seen, Mapping) else None
    return status if isinstance(status, int) and status > 0 else None


def _requests(asked: Mapping[str, str], pen: Pen, *, by_hand: bool) -> list[Field]:
    """What is asked beside the measures of the law; the first request stands in the template."""
    before = frozenset() if by_hand else chosen(asked, "measures")
    rows: list[Field] = []
    for option in REQUESTS:
        if pen.ticked("measures", option):
            again = option == "preserve" and option in before
            text = pen(f"request.{option}.again" if again else f"request.{option}")
            rows.append({"n": str(len(rows) + 2), "text": text})
    return rows
