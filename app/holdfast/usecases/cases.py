"""Cases: open, look at, describe, close."""

from __future__ import annotations

from dataclasses import dataclass, replace

from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.case import Case, Infringement, Licence, Party
from holdfast.core.deadline import FollowUp
from holdfast.core.document import Issued
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit, World
from holdfast.core.ledger import LedgerEntry
from holdfast.core.notice import Notice, PlatformAnswer, Submission
from holdfast.core.timestamp import Stamp
from holdfast.ports import Clock, Store
from holdfast.usecases.preserve import Attempt

TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything in a case as it stood at one moment."""

    case: Case
    exhibits: tuple[Exhibit, ...]
    attempts: tuple[Attempt, ...]
    """Captures that failed, were cancelled or cut short."""
    stamps: tuple[Stamp, ...]
    parties: tuple[Party, ...]
    licences: tuple[Licence, ...]
    infringements: tuple[Infringement, ...]
    notices: tuple[Notice, ...]
    submissions: tuple[Submission, ...]
    answers: tuple[PlatformAnswer, ...]
    followups: tuple[FollowUp, ...]
    documents: tuple[Issued, ...]
    entries: tuple[LedgerEntry, ...]


def open_case(title: str, world: World, *, store: Store) -> Case:
    """A new case with its ledger.  Raises Refused for an empty title."""
    return store.open_case(_title(title), world)


def _title(title: str) -> str:
    if not any(sign.isprintable() and not sign.isspace() for sign in title):
        raise Refused("title_empty")
    return one_line(title)[:TITLE_LIMIT]


def case_file(reference: str, *, store: Store) -> CaseFile:
    """A snapshot of the case of that number, id or unique prefix."""
    case = store.case(reference)
    return CaseFile(
        case=case,
        exhibits=tuple(sorted(store.all(Exhibit, case.id), key=lambda e: e.number)),
        attempts=store.all(Attempt, case.id),
        stamps=store.all(Stamp, case.id),
        parties=store.all(Party, case.id),
        licences=store.all(Licence, case.id),
        infringements=store.all(Infringement, case.id),
        notices=store.all(Notice, case.id),
        submissions=store.all(Submission, case.id),
        answers=store.all(PlatformAnswer, case.id),
        followups=store.all(FollowUp, case.id),
        documents=store.all(Issued, case.id),
        entries=store.entries(case.id),
    )


def standing_links(file: CaseFile) -> tuple[str, ...]:
    """The links of what is still relied on in a case, each once: they can be kept again."""
    links = (one.url for one in file.exhibits if one.url and not one.withdrawn)
    return tuple(dict.fromkeys(links))


def open_for_work(reference: str, *, store: Store) -> Case:
    """The case, if it still takes new lines.  Raises Refused when it was closed."""
    case = store.case(reference)
    if case.closed:
        raise Refused("case_closed", case=case.number)
    return case


def close_case(reference: str, *, store: Store, clock: Clock) -> Case:
    """The case takes no more captures; nothing in it is lost, and it can still be exported."""
    case = open_for_work(reference, store=store)
    closed = replace(case, closed=rfc3339(clock.now()))
    with store.custody(case.id) as custody:
        custody.append("case.closed", case.number)
        custody.head()
        custody.save(closed)
    return closed


def rename(reference: str, title: str, *, store: Store) -> Case:
    """The case carries another title; its number and ledger stay."""
    case = replace(store.case(reference), title=_title(title))
    store.save(case)
    return case


def describe(
    reference: str, number: str, caption: str | None, purpose: str | None, *, store: Store
) -> Exhibit:
    """The exhibit carries these words of the person; None leaves one as it was."""
    case = store.case(reference)
    exhibit = store.exhibit(case.id, number)
    described = replace(
        exhibit,
        caption=exhibit.caption if caption is None else one_line(caption)[:500],
        purpose=exhibit.purpose if purpose is None else one_line(purpose)[:500],
    )
    if described == exhibit:
        return exhibit
    with store.custody(case.id) as custody:
        custody.append("exhibit.described", number)
        custody.save(described)
    return described


def withdraw(reference: str, number: str, *, store: Store) -> Exhibit:
    """The exhibit is no longer relied on; its number, files and lines stay for ever."""
    case = store.case(reference)
    exhibit = store.exhibit(case.id, number)
    if exhibit.withdrawn:
        return exhibit
    withdrawn = replace(exhibit, withdrawn=True)
    with store.custody(case.id) as custody:
        custody.append("exhibit.withdrawn", number)
        custody.head()
        custody.save(withdrawn)
    return withdrawn


def record_licence(licence: Licence, *, store: Store) -> Licence:
    """What was agreed, or that nothing was, is on record."""
    with store.custody(licence.case_id) as custody:
        custody.append("licence.recorded", licence.id, facts={"agreed": licence.agreed})
        custody.save(licence)
    return licence
