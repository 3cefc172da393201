"""The next letter about the same content, when the first one led to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from holdfast.core.canonical import rfc3339
from holdfast.core.deadline import local_day
from holdfast.core.earlier import rechecks
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.core.notice import Notice, Regime
from holdfast.ports import Catalog, Clock, Renderer, Store, Vault
from holdfast.usecases import notify
from holdfast.usecases.cases import CaseFile, case_file
from holdfast.usecases.earlier import addresses


def again(
    notice_id: str,
    answers: Mapping[str, str | Sequence[str]],
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
    renderer: Renderer,
    job: Job,
) -> Notice:
    """A second notice to the same platform about the same content; one begun is taken up again.

    Raises Refused while it is too early: nothing was sent, or the day the letter asked for has not
    passed and nothing was kept again since.
    """
    notice = store.get(Notice, notice_id)
    first = store.get(Notice, notice.follows) if notice.follows else notice
    file = case_file(notice.case_id, store=store)
    regime = _next(first, catalog.regimes())
    if regime is None:
        raise Refused("again_no_such")
    begun = [n for n in file.notices if n.regime == regime.id and n.status == "drafted"]
    begun = [n for n in begun if _whose(n) == _whose(first)]
    if begun and begun[0].follows != first.id:
        raise Refused("again_begun", notice=begun[0].number)
    if not begun and first not in followable(file, clock=clock, catalog=catalog):
        raise Refused("again_too_early", notice=first.number)
    return notify.draft(
        first.case_id,
        regime.id,
        first.platform,
        {**_named(first), **answers},
        first.lang,
        follows=first.id,
        store=store,
        vault=vault,
        clock=clock,
        catalog=catalog,
        renderer=renderer,
        job=job,
    )


def followable(file: CaseFile, *, clock: Clock, catalog: Catalog) -> tuple[Notice, ...]:
    """The first letters in a case after which another one can be begun now, oldest first."""
    today = local_day(rfc3339(clock.now()), clock.offset_minutes())
    regimes = catalog.regimes()
    return tuple(
        notice
        for notice in file.notices
        if not file.case.closed
        and not notice.follows
        and _next(notice, regimes) is not None
        and (_passed(notice, file, today) or _kept_again(notice, file))
    )


def unanswered(file: CaseFile, *, clock: Clock, catalog: Catalog) -> tuple[Notice, ...]:
    """Those of them whose day has passed: it is time for the next one."""
    today = local_day(rfc3339(clock.now()), clock.offset_minutes())
    found = followable(file, clock=clock, catalog=catalog)
    return tuple(notice for notice in found if _passed(notice, file, today))


def _named(notice: Notice) -> dict[str, str]:
    """Whom a letter to somebody who is not on the list goes to."""
    name = notice.answers.get("platform_name", "")
    return {"platform_name": name} if name else {}


def _whose(notice: Notice) -> tuple[object, ...]:
    return notice.platform, notice.lang, _named(notice)


def _next(first: Notice, regimes: Sequence[Regime]) -> Regime | None:
    return next((regime for regime in regimes if regime.follows == first.regime), None)


def _matter(first: Notice, file: CaseFile) -> list[Notice]:
    """The letters of one matter, in order; empty while one of them is still to be sent."""
    letters = [n for n in file.notices if first.id in (n.id, n.follows)]
    return letters if all(n.status == "sent" for n in letters) else []


def _passed(first: Notice, file: CaseFile, today: date) -> bool:
    """Whether the day the newest letter asked for has passed and no removal is on record."""
    letters = _matter(first, file)
    ids = {letter.id for letter in letters}
    removed = any(a.notice_id in ids and a.kind == "removed" for a in file.answers)
    return bool(letters) and "" < letters[-1].reply_by < today.isoformat() and not removed


def _kept_again(first: Notice, file: CaseFile) -> bool:
    """Whether the content was kept again since the newest letter was sent or the newest answer."""
    letters = _matter(first, file)
    ids = {letter.id for letter in letters}
    sent = [s.sent for s in file.submissions if letters and s.notice_id == letters[-1].id]
    since = max([*sent, *(a.received for a in file.answers if a.notice_id in ids)], default="")
    papers = {s.receipt for s in file.submissions} | {a.exhibit for a in file.answers}
    others = [e for e in file.exhibits if e.number not in papers]
    return bool(sent) and bool(rechecks(addresses(letters, file.exhibits), since, others))
