"""Clocks: what is requested is never called a deadline, what is law is counted right."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.letters import CATALOG
from holdfast.core.deadline import (
    SOON_DAYS,
    FollowUp,
    after_answer,
    after_sending,
    day_after,
    days_left,
    finish,
    local_day,
    standing,
)
from holdfast.core.errors import Refused
from holdfast.core.notice import Notice, PlatformAnswer, Submission, Term

CIVIL = CATALOG.regime("civil-1195")
DMCA = CATALOG.regime("dmca-512c3")
NOW = "2026-11-21T03:00:00.000Z"
NOTICE = Notice(
    id="n",
    case_id="c",
    number="L01",
    document="HF-2026-0001-L01",
    regime="civil-1195",
    platform="practice",
    lang="zh",
    answers={},
    text="",
    reply_by="2026-11-27",
    drafted=NOW,
)


def ids() -> object:
    numbers = count()
    return lambda: f"id{next(numbers)}"


def sent(regime: object = CIVIL, at: str = NOW, notice: Notice = NOTICE) -> tuple[FollowUp, ...]:
    law = DMCA if regime is DMCA else CIVIL
    submission = Submission(id="s", case_id="c", notice_id="n", channel="email", sent=at)
    return after_sending(law, notice, submission, 480, ids(), NOW)  # type: ignore[arg-type]  # ids


def answered(kind: str, by: str = "", regime: object = CIVIL) -> tuple[FollowUp, ...]:
    law = DMCA if regime is DMCA else CIVIL
    came = PlatformAnswer(id="a", case_id="c", notice_id="n", kind=kind, received=NOW)  # type: ignore[arg-type]  # any
    return after_answer(law, NOTICE, came, by, 480, ids(), NOW)  # type: ignore[arg-type]  # ids


def test_sending_starts_the_requested_reply_and_the_rechecks() -> None:
    found = sent()
    assert [f.due for f in found] == sorted(f.due for f in found)
    by_term = {f.term: f for f in found}
    assert by_term["reply"].due == "2026-11-27"  # the day that the letter itself names
    assert by_term["reply"].basis == "requested"
    assert by_term["recheck_1"].due == "2026-11-22"
    assert by_term["recheck_30"].due == "2026-12-21"
    assert {f.basis for f in found} == {"requested", "product"}


def test_without_a_day_in_the_letter_the_reply_falls_after_the_default() -> None:
    found = {f.term: f for f in sent(notice=replace(NOTICE, reply_by=""))}
    assert found["reply"].due == "2026-11-28"


def test_the_day_is_the_local_one() -> None:
    assert local_day("2026-11-20T16:30:00.000Z", 480) == date(2026, 11, 21)
    assert local_day("2026-11-20T16:30:00.000Z", 0) == date(2026, 11, 20)
    assert local_day("2026-11-20T01:30:00.000Z", -300) == date(2026, 11, 19)


def test_nothing_is_statutory_where_the_law_sets_no_number() -> None:
    assert all(term.basis != "statutory" for term in CIVIL.terms)
    assert {f.basis for f in answered("counter_statement")} == {"product"}
    assert {f.rule for f in answered("counter_statement")} == {"cc-1196"}


def test_only_the_put_back_window_is_statutory_and_counts_business_days() -> None:
    assert [t.id for t in DMCA.terms if t.basis == "statutory"] == ["put_back"]
    (found,) = answered("counter_statement", regime=DMCA)
    # Saturday 21 November 2026: the tenth business day after it is Friday 4 December.
    assert (found.due, found.basis, found.rule) == ("2026-12-04", "statutory", "dmca-512g")


def test_a_date_that_the_platform_named_is_the_platforms() -> None:
    (found,) = answered("more_asked", by="2026-11-25")
    assert (found.term, found.basis, found.due) == ("platform_asked", "platform", "2026-11-25")
    assert answered("removed") == ()
    with pytest.raises(Refused, match="answer_not_a_date"):
        answered("more_asked", by="soon")


def test_where_it_stands() -> None:
    follow = sent()[0]
    due = date.fromisoformat(follow.due)
    expected = {-1: "overdue", 0: "today", 1: "soon", SOON_DAYS: "soon", SOON_DAYS + 1: "later"}
    for left, state in expected.items():
        assert standing(follow, due - timedelta(days=left)) == state
        assert days_left(follow, due - timedelta(days=left)) == left
    done = finish(follow, NOW)
    assert standing(done, due + timedelta(days=9)) == "done"
    assert done.done == NOW


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(min_value=1, max_value=400))
def test_days_are_counted_from_the_next_day(start: date, days: int) -> None:
    term = Term(id="t", start="sent", basis="requested", days=days)
    assert (day_after(start, term) - start).days == days


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(min_value=1, max_value=60))
def test_business_days_skip_weekends_and_nothing_else(start: date, days: int) -> None:
    term = Term(id="t", start="sent", basis="statutory", business_days=days)
    end = day_after(start, term)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert end.weekday() < 5
    assert sum(day.weekday() < 5 for day in between) == days
