"""What happens to an approved notice: that it was sent, what came back, and which clocks run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

from holdfast.core.canonical import moment, one_line, rfc3339, visible
from holdfast.core.deadline import ANSWERED, FollowUp, after_answer, after_sending, finish
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit
from holdfast.core.notice import AnswerKind, ChannelId, Notice, PlatformAnswer, Submission
from holdfast.ports import Catalog, Clock, Custody, Store
from holdfast.usecases.earlier import followed

SealReceipt = Callable[[Path], Exhibit]
"""Seals a file the person already has, as received, into the notice's case."""


def sent(
    notice_id: str,
    channel: str,
    when: str,
    receipt: Path | None,
    *,
    store: Store,
    clock: Clock,
    catalog: Catalog,
    seal_receipt: SealReceipt,
) -> Submission:
    """That the notice was sent is on record, its receipt sealed, and the clocks run.

    ``when`` is RFC 3339; empty is now.  A second way is recorded on its own and starts no second
    set of clocks.  Raises Refused before approval, for an unknown channel or an impossible time.
    """
    notice = store.get(Notice, notice_id)
    if notice.status == "drafted":
        raise Refused("notice_not_approved", notice=notice.number)
    way = _channel(channel)
    now = clock.now()
    at = _when(when, now, not_before=notice.approved)
    exhibit = seal_receipt(receipt) if receipt is not None else None
    submission = Submission(
        id=clock.new_id(),
        case_id=notice.case_id,
        notice_id=notice.id,
        channel=way,
        sent=at,
        receipt=exhibit.number if exhibit else "",
    )
    first = notice.status == "approved"
    regime = catalog.regime(notice.regime)
    clocks = (
        after_sending(
            regime,
            notice,
            submission,
            clock.offset_minutes(moment(at)),
            clock.new_id,
            rfc3339(now),
        )
        if first
        else ()
    )
    with store.custody(notice.case_id) as custody:
        custody.append(
            "notice.sent",
            notice.document,
            facts={"channel": way, "sent": at, "receipt": submission.receipt},
        )
        custody.save(submission)
        custody.save(replace(notice, status="sent"))
        if first and notice.follows:
            # The newest letter asks anew; the day the earlier ones asked for is over.
            _over(followed(notice, store), notice.case_id, rfc3339(now), store, custody)
        _set(clocks, notice, custody)
    return submission


def answer(
    notice_id: str,
    kind: str,
    when: str,
    note: str,
    letter_file: Path | None,
    by: str = "",
    *,
    store: Store,
    clock: Clock,
    catalog: Catalog,
    seal_receipt: SealReceipt,
) -> PlatformAnswer:
    """What the platform answered is on record; the clocks it ends are done, those it starts run.

    ``by`` is a date (YYYY-MM-DD) that the platform itself named.  Raises Refused before sending.
    """
    notice = store.get(Notice, notice_id)
    if notice.status != "sent":
        raise Refused("notice_not_sent", notice=notice.number)
    known = _answer_kind(kind)
    now = clock.now()
    first = min(s.sent for s in store.all(Submission, notice.case_id) if s.notice_id == notice.id)
    received = _when(when, now, not_before=first)
    exhibit = seal_receipt(letter_file) if letter_file is not None else None
    came = PlatformAnswer(
        id=clock.new_id(),
        case_id=notice.case_id,
        notice_id=notice.id,
        kind=known,
        received=received,
        note=visible(note)[:2000],
        exhibit=exhibit.number if exhibit else "",
    )
    clocks = after_answer(
        catalog.regime(notice.regime),
        notice,
        came,
        by,
        clock.offset_minutes(moment(received)),
        clock.new_id,
        rfc3339(now),
    )
    with store.custody(notice.case_id) as custody:
        custody.append(
            "answer.received",
            notice.document,
            facts={"kind": known, "received": received, "exhibit": came.exhibit},
        )
        custody.save(came)
        _over((notice,), notice.case_id, rfc3339(now), store, custody)
        _set(clocks, notice, custody)
    return came


def _over(
    letters: Sequence[Notice], case_id: str, now: str, store: Store, custody: Custody
) -> None:
    """What these letters waited for an answer by is done."""
    names = {letter.id: letter.document for letter in letters}
    for running in store.all(FollowUp, case_id):
        if running.notice_id in names and running.term in ANSWERED and not running.done:
            custody.append("followup.done", names[running.notice_id], facts={"term": running.term})
            custody.save(finish(running, now))


def _set(clocks: Sequence[FollowUp], notice: Notice, custody: Custody) -> None:
    for running in clocks:
        custody.append(
            "followup.set",
            notice.document,
            facts={"term": running.term, "basis": running.basis, "due": running.due},
        )
        custody.save(running)


def _channel(channel: str) -> ChannelId:
    for known in get_args(ChannelId):
        if channel == known:
            return known  # type: ignore[no-any-return]  # get_args gives the literals themselves
    raise Refused("channel_unknown", channel=one_line(channel)[:40])


def _answer_kind(kind: str) -> AnswerKind:
    for known in get_args(AnswerKind):
        if kind == known:
            return known  # type: ignore[no-any-return]  # get_args gives the literals themselves
    raise Refused("answer_kind_unknown", kind=one_line(kind)[:40])


def _when(when: str, now: datetime, not_before: str) -> str:
    """The stated time, to the minute neither before what it follows nor in the future."""
    if not when:
        return rfc3339(now)
    try:
        at = moment(when)
    except ValueError as error:
        raise Refused("time_unreadable", time=one_line(when)[:40]) from error
    if at > now + timedelta(minutes=1):
        raise Refused("time_ahead", time=when)
    if at + timedelta(minutes=1) <= moment(not_before):
        raise Refused("time_before", time=when)
    return rfc3339(at)
