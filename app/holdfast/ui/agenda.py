"""What comes next, over all cases: what waits for the person, what is due, what is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from holdfast.core.canonical import rfc3339
from holdfast.core.deadline import ANSWERED
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.compose import Holdfast
    from holdfast.compose.series import Standing
    from holdfast.core.case import Case
    from holdfast.core.notice import Notice
    from holdfast.ui.desk import Desk
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.follow_up import Due

Section = Literal["decide", "near", "wait"]
SECTIONS: tuple[Section, ...] = ("decide", "near", "wait")
NEAR_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A sentence that is said in whatever language is spoken when it is read."""

    key: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def say(self, desk: Desk) -> str:
        """The sentence now."""
        told = {
            name: fact.say(desk) if isinstance(fact, Phrase) else fact
            for name, fact in self.facts.items()
        }
        return desk.say(self.key, **told)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextItem:
    """One thing that comes next, and the one step that follows."""

    section: Section
    icon: str
    tone: str
    title: Phrase
    line: Phrase
    case: str = ""
    practice: bool = False
    at: str = ""
    """RFC 3339, or a date; when it happened or falls due."""
    late: bool = False
    action: str = ""
    """Key of what its button says; empty: nothing to do but wait."""
    place: str = ""
    what: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """Everything that comes next."""

    items: tuple[NextItem, ...] = ()
    cases: int = 0
    pending: int = 0
    only: str = ""
    """Id of the one open case, if there is just one."""


def look_ahead(holdfast: Holdfast, job: Job) -> Agenda:
    """The agenda as the data stands.  Reads every open case."""
    cases = holdfast.cases()
    items: list[NextItem] = []
    pending = 0
    waiting_cases = []
    oldest = ""
    standings = holdfast.standings() if cases else ()
    since = rfc3339(holdfast.now() - timedelta(days=NEAR_DAYS))
    for done, case in enumerate(cases):
        job.step("reading", done, len(cases))
        if case.closed:
            continue
        file = holdfast.case_file(case.id)
        mine = [one for one in standings if one.series.case_id == case.id]
        items.extend(item for one in mine for item in _series(one, case))
        links = frozenset().union(*(one.links for one in mine))
        items.extend(_of_case(file, links, since))
        items.extend(_again(notice, case) for notice in holdfast.unanswered(file))
        waits = [s for s in file.stamps if s.status in ("queued", "pending")]
        if waits:
            pending += len(waits)
            waiting_cases.append(case)
            oldest = min([oldest, *(s.requested or "" for s in waits)], key=lambda t: t or "9")
    if cases:
        items.extend(map(_set_back, holdfast.set_back))
        items.extend(_due(due) for due in holdfast.due(NEAR_DAYS))
    if pending:
        items.append(_waiting(pending, waiting_cases, oldest))
    order = {section: n for n, section in enumerate(SECTIONS)}
    items.sort(key=lambda item: (order[item.section], item.at or "9"))
    open_cases = [case.id for case in cases if not case.closed]
    only = open_cases[0] if len(open_cases) == 1 else ""
    return Agenda(items=tuple(items), cases=len(cases), pending=pending, only=only)


def _series(standing: Standing, case: Case) -> Iterator[NextItem]:
    """A queue that nobody works on and that is not at its end, or that left some out."""
    if standing.running or not (standing.left or standing.failed):
        return
    kind = "waits" if standing.left else "failed"
    facts = {"title": standing.series.title, "count": standing.left or standing.failed}
    yield NextItem(
        section="decide",
        icon="pack",
        tone="accent",
        title=Phrase(key=f"next.series.{kind}", facts=facts),
        line=Phrase(key=f"next.series.{kind}.line"),
        case=case.title,
        practice=case.world == "practice",
        action=f"next.series.{kind}.action",
        place="series",
        what=(case.id, standing.series.id),
    )


def _of_case(file: CaseFile, episodes: frozenset[str], since: str) -> Iterator[NextItem]:
    """``episodes`` are links that their series already speaks of; what was recovered before
    ``since`` is no news any more.
    """
    case = file.case
    about = {"case": case.title, "practice": case.world == "practice"}
    for notice in file.notices:
        if notice.status != "sent":
            yield _letter(notice, case)
    kept = {exhibit.url for exhibit in file.exhibits}
    for attempt in file.attempts:
        over = attempt.later or (not attempt.exhibit and attempt.target in episodes)
        if attempt.code == "cancelled" or over:
            continue
        if attempt.exhibit and attempt.at < since:
            continue
        if attempt.exhibit:
            yield NextItem(
                section="decide",
                icon="warning",
                tone="accent",
                title=Phrase(key="next.cut.title"),
                line=Phrase(key="next.cut.line", facts={"exhibit": attempt.exhibit}),
                at=attempt.at,
                action="next.cut.action",
                place="case",
                what=(case.id, attempt.exhibit),
                **about,  # type: ignore[arg-type] # title and world of the case
            )
        elif attempt.target not in kept and attempt.source in ("page", "video"):
            yield NextItem(
                section="decide",
                icon="link",
                tone="accent",
                title=Phrase(key="next.failed.title"),
                line=Phrase(key="next.failed.line", facts={"target": attempt.target}),
                at=attempt.at,
                action="next.failed.action",
                place="links",
                what=(case.id, (attempt.target,)),
                **about,  # type: ignore[arg-type] # title and world of the case
            )
    standing = [exhibit for exhibit in file.exhibits if not exhibit.withdrawn]
    if standing and not file.notices:
        yield NextItem(
            section="decide",
            icon="lock",
            tone="accent",
            title=Phrase(key="next.kept.title", facts={"count": len(standing)}),
            line=Phrase(key="next.kept.line"),
            at=standing[-1].sealed,
            action="next.kept.action",
            place="receipt",
            what=case.id,
            **about,  # type: ignore[arg-type] # title and world of the case
        )


def _set_back(case: Case) -> NextItem:
    """The database may be an older copy: whoever goes on in it writes another history."""
    return NextItem(
        section="decide",
        icon="warning",
        tone="warning",
        title=Phrase(key="next.back.title", facts={"number": case.number}),
        line=Phrase(key="next.back.line"),
        case=case.title,
        practice=case.world == "practice",
        action="next.back.action",
        place="verify",
        what=(case.id,),
    )


def _letter(notice: Notice, case: Case) -> NextItem:
    step = "draft" if notice.status == "drafted" else "approved"
    return NextItem(
        section="decide",
        icon="letter",
        tone="accent",
        title=Phrase(key=f"next.{step}.title", facts={"number": notice.number}),
        line=Phrase(key=f"next.{step}.line"),
        case=case.title,
        practice=case.world == "practice",
        at=notice.approved or notice.drafted,
        action=f"next.{step}.action",
        place="letter" if step == "draft" else "send",
        what=(case.id, notice.id),
    )


def _again(notice: Notice, case: Case) -> NextItem:
    """The day a letter asked for is over and nothing came: the next one may be written."""
    return NextItem(
        section="decide",
        icon="letter",
        tone="accent",
        title=Phrase(key="next.again.title", facts={"number": notice.number}),
        line=Phrase(key="next.again.line"),
        case=case.title,
        practice=case.world == "practice",
        at=notice.reply_by,
        action="next.again.action",
        place="again",
        what=(case.id, notice.id),
    )


def _due(due: Due) -> NextItem:
    follow_up = due.follow_up
    late = due.days_left < 0
    place = "done"
    if follow_up.term in ANSWERED:
        place = "answer"
    elif follow_up.term.startswith("recheck"):
        place = "recheck"
    return NextItem(
        section="near",
        icon="calendar",
        tone="warning" if due.days_left <= 1 else "secondary",
        title=Phrase(key=f"followup.{follow_up.term}"),
        line=Phrase(
            key=_LEFT.get(due.days_left, "next.due.late" if late else "next.due.line"),
            facts={
                "days": abs(due.days_left),
                "basis": Phrase(key=f"followup.basis.{follow_up.basis}"),
                "number": due.notice.number,
            },
        ),
        case=due.case.title,
        practice=due.case.world == "practice",
        at=follow_up.due,
        late=due.days_left <= 1,
        action=f"next.due.{place}",
        place=place,
        what=(due.case.id, due.notice.id if place == "answer" else follow_up.id),
    )


_LEFT = {-1: "next.due.yesterday", 0: "next.due.today", 1: "next.due.tomorrow"}


def _waiting(count: int, cases: list[Case], oldest: str) -> NextItem:
    one = cases[0] if len(cases) == 1 else None
    return NextItem(
        section="wait",
        icon="pending",
        tone="pending",
        title=Phrase(key="next.stamps.title", facts={"count": count}),
        line=Phrase(key="next.stamps.line"),
        case=one.title if one else "",
        practice=all(case.world == "practice" for case in cases),
        at=oldest,
        action="next.stamps.action",
        place="stamp",
        what=None,
    )
