"""What is due, over all cases: promises, requests and deadlines, each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.core.canonical import rfc3339
from holdfast.core.case import Case
from holdfast.core.deadline import (
    FollowUp,
    Standing,
    days_left,
    finish,
    local_day,
    standing,
)
from holdfast.core.errors import Refused
from holdfast.core.notice import Notice
from holdfast.ports import Clock, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing that is due, with the case and the letter it belongs to."""

    follow_up: FollowUp
    case: Case
    notice: Notice
    standing: Standing
    days_left: int
    """Negative once the day has passed."""


def due(within_days: int, *, store: Store, clock: Clock) -> tuple[Due, ...]:
    """Everything open that falls within so many days, and what has passed; earliest first.

    Closed cases are left out.  Raises Refused for a negative number.
    """
    if within_days < 0:
        raise Refused("days_negative", days=within_days)
    today = local_day(rfc3339(clock.now()), clock.offset_minutes())
    cases = {case.id: case for case in store.all(Case) if not case.closed}
    notices = {notice.id: notice for notice in store.all(Notice)}
    found = [
        Due(
            follow_up=f,
            case=cases[f.case_id],
            notice=notices[f.notice_id],
            standing=standing(f, today),
            days_left=days_left(f, today),
        )
        for f in store.all(FollowUp)
        if f.case_id in cases and not f.done and days_left(f, today) <= within_days
    ]
    return tuple(sorted(found, key=lambda d: (d.follow_up.due, d.case.number, d.follow_up.term)))


def looks(case_id: str, *, store: Store, clock: Clock) -> tuple[str, ...]:
    """Ids of the reminders of a case to look again whether it is online, as far as they are due."""
    return tuple(
        one.follow_up.id
        for one in due(0, store=store, clock=clock)
        if one.case.id == case_id and one.follow_up.term.startswith("recheck")
    )


def done(follow_up_id: str, *, store: Store, clock: Clock) -> FollowUp:
    """The follow-up is ticked off, on record; a second time changes nothing."""
    found = store.get(FollowUp, follow_up_id)
    if found.done:
        return found
    finished = finish(found, rfc3339(clock.now()))
    notice = store.get(Notice, found.notice_id)
    with store.custody(found.case_id) as custody:
        custody.append("followup.done", notice.document, facts={"term": found.term})
        custody.save(finished)
    return finished
