"""What the record holds of the letter that another one follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from holdfast.core.earlier import Earlier, rechecks
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit
from holdfast.core.links import links_in
from holdfast.core.notice import Notice, PlatformAnswer, Regime, Submission
from holdfast.ports import Store

_ASKED_ANEW = frozenset({"measures", "reply_by", "exhibits"})
"""Questions of both letters whose answer belongs to one of them alone."""


def followed(notice: Notice, store: Store) -> tuple[Notice, ...]:
    """The letters that were sent before ``notice`` in its matter, the first one first."""
    return tuple(
        letter
        for letter in store.all(Notice, notice.case_id)
        if notice.follows in (letter.id, letter.follows)
        and letter.status == "sent"
        and letter.drafted < notice.drafted
    )


def earlier(notice: Notice, store: Store) -> Earlier | None:
    """The matter so far, or None for a letter that follows none.

    An approved letter names what it named when it was approved, whatever was kept since.
    """
    if not notice.follows:
        return None
    letters = followed(notice, store)
    ids = {letter.id for letter in letters}
    submissions = sorted(
        (s for s in store.all(Submission, notice.case_id) if s.notice_id in ids),
        key=lambda s: s.sent,
    )
    answers = sorted(
        (a for a in store.all(PlatformAnswer, notice.case_id) if a.notice_id in ids),
        key=lambda a: a.received,
    )
    exhibits = sorted(store.all(Exhibit, notice.case_id), key=lambda e: e.number)
    past = Earlier(
        first=store.get(Notice, notice.follows),
        letters=letters,
        submissions=tuple(submissions),
        answers=tuple(answers),
        addresses=addresses(letters, exhibits),
        checks=(),
    )
    return _with_checks(past, notice, exhibits)


def _with_checks(past: Earlier, notice: Notice, exhibits: Sequence[Exhibit]) -> Earlier:
    others = [e for e in exhibits if e.number not in past.papers]
    if notice.status != "drafted":
        return replace(past, checks=tuple(e for e in others if e.number in notice.exhibits))
    since = min((s.sent for s in past.submissions), default=past.first.approved)
    wanted = named_exhibits(
        notice.answers.get("rechecks", ""),
        [e for e in others if not e.withdrawn and e.sealed > since],
    )
    return replace(past, checks=wanted or rechecks(past.addresses, since, others))


def addresses(letters: Sequence[Notice], exhibits: Sequence[Exhibit]) -> frozenset[str]:
    """Where the content stood by these letters."""
    listed = {number for letter in letters for number in letter.exhibits}
    found = {e.url for e in exhibits if e.number in listed and e.url}
    return frozenset(found.union(*(links_in(n.answers.get("link", "")) for n in letters)))


def carried(first: Notice, regime: Regime) -> dict[str, str]:
    """What the first letter answered already, as far as ``regime`` asks it too."""
    known = {question.id for question in regime.questions} - _ASKED_ANEW
    return {name: answer for name, answer in first.answers.items() if name in known}


def named_exhibits(text: str, standing: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """The exhibits whose numbers the person wrote, each once.  Raises Refused."""
    known = {e.number: e for e in standing}
    wanted = dict.fromkeys(re.findall(r"[^\s,，、;；]+", text.upper()))
    for number in wanted:
        if number not in known:
            raise Refused("exhibit_unknown", exhibit=number[:20])
    return tuple(known[number] for number in wanted)
