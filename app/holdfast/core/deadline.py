"""Follow-ups: clocks computed from a regime and what happened to a notice.

A period is called statutory only where the law itself sets it.  Everything else is a request of
the person, a practice of the platform, or a reminder of this program, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta, timezone
from typing import Literal

from holdfast.core.canonical import moment
from holdfast.core.errors import Refused
from holdfast.core.notice import Notice, PlatformAnswer, Regime, Submission, Term, TermBasis

Standing = Literal["overdue", "today", "soon", "later", "done"]
SOON_DAYS = 3
ANSWERED = frozenset({"reply", "removal", "platform_asked"})
"""Terms that are over when the platform answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A promise or a deadline with its legal basis, or ``requested`` when the law gives none."""

    id: str
    case_id: str
    notice_id: str
    term: str
    """Words under ``followup.<term>``."""
    basis: TermBasis
    rule: str
    """Id of the article a statutory one rests on, or that gives the law's own word."""
    due: str
    """Local date, YYYY-MM-DD."""
    set: str
    """RFC 3339."""
    done: str = ""
    """RFC 3339; empty while it is open."""


def day_after(start: date, term: Term) -> date:
    """The day on which ``term`` ends; the day it starts on is not counted."""
    day = start + timedelta(days=term.days)
    left = term.business_days
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5:
            left -= 1
    return day


def after_sending(
    regime: Regime,
    notice: Notice,
    submission: Submission,
    offset_minutes: int,
    new_id: Callable[[], str],
    now: str,
) -> tuple[FollowUp, ...]:
    """The clocks that start when a notice was sent, earliest first.

    The reply falls on the date that the letter itself requests.
    """
    start = local_day(submission.sent, offset_minutes)
    made = []
    for term in regime.terms:
        if term.start != "sent":
            continue
        due = day_after(start, term)
        if term.basis == "requested" and notice.reply_by:
            due = date.fromisoformat(notice.reply_by)
        made.append(_follow_up(term, notice, due, new_id(), now))
    return tuple(sorted(made, key=lambda f: f.due))


def after_answer(
    regime: Regime,
    notice: Notice,
    answer: PlatformAnswer,
    by: str,
    offset_minutes: int,
    new_id: Callable[[], str],
    now: str,
) -> tuple[FollowUp, ...]:
    """The clocks that start with what came back, earliest first.

    ``by`` is a date (YYYY-MM-DD) that the platform named, or empty: it is the platform's date and
    no period of law.  Raises Refused for anything else.
    """
    start = local_day(answer.received, offset_minutes)
    made = [
        _follow_up(term, notice, day_after(start, term), new_id(), now)
        for term in regime.terms
        if term.start == answer.kind
    ]
    if by:
        named = Term(id="platform_asked", start="answer", basis="platform")
        made.append(_follow_up(named, notice, _date(by), new_id(), now))
    return tuple(sorted(made, key=lambda f: f.due))


def _follow_up(term: Term, notice: Notice, due: date, id: str, now: str) -> FollowUp:
    return FollowUp(
        id=id,
        case_id=notice.case_id,
        notice_id=notice.id,
        term=term.id,
        basis=term.basis,
        rule=term.rule,
        due=due.isoformat(),
        set=now,
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("answer_not_a_date", question="by") from error


def local_day(instant: str, offset_minutes: int) -> date:
    """The local date of an RFC 3339 instant."""
    return moment(instant).astimezone(timezone(timedelta(minutes=offset_minutes))).date()


def days_left(follow_up: FollowUp, today: date) -> int:
    """Whole days until it is due; negative once it has passed."""
    return (date.fromisoformat(follow_up.due) - today).days


def standing(follow_up: FollowUp, today: date) -> Standing:
    """Where it stands on ``today``."""
    if follow_up.done:
        return "done"
    left = days_left(follow_up, today)
    if left < 0:
        return "overdue"
    if left == 0:
        return "today"
    return "soon" if left <= SOON_DAYS else "later"


def finish(follow_up: FollowUp, at: str) -> FollowUp:
    """The same follow-up, done at ``at`` (RFC 3339)."""
    return replace(follow_up, done=at)
