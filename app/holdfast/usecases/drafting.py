"""How a letter is written: what the record holds, what the person answered, what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import get_args

from holdfast.core import letter
from holdfast.core.canonical import rfc3339
from holdfast.core.case import Case, Licence, Party, YesNo
from holdfast.core.deadline import local_day
from holdfast.core.document import Furniture, Issued, Lang, Order
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit, read_manifest
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint
from holdfast.core.notice import (
    Concern,
    Gauge,
    Notice,
    Platform,
    PlatformAnswer,
    Regime,
    Submission,
    addressed,
    concerns,
    elements,
    entered,
    reply_passed,
)
from holdfast.core.pen import Sources
from holdfast.core.words import Words
from holdfast.ports import Catalog, Clock, Renderer, Store, Vault
from holdfast.usecases.cases import open_for_work, record_licence
from holdfast.usecases.earlier import carried, earlier, named_exhibits
from holdfast.usecases.people import save_party

STATEMENT_TEMPLATE = "platform-notice-statement"
"""The short form for a field of a complaint form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What writing a letter needs of the world."""

    store: Store
    vault: Vault
    clock: Clock
    catalog: Catalog


def gauge(
    notice: Notice, regime: Regime, platform: Platform, made: letter.Draft, desk: Desk
) -> Gauge:
    """How complete the letter is; of one the person wrote, by what its text still says."""
    facts, unconfirmed = made.facts, made.unconfirmed
    if notice.edited:
        bracketed = ("text",) if letter.BRACKETS.search(notice.text) else ()
        unconfirmed = (*(q for q in made.unconfirmed if q in _ALWAYS_ASKED), *bracketed)
        party = claimant(desk.store.case(notice.case_id), desk.store)
        number = party.id_number if party else ""
        facts = letter.still_stated(facts, notice.text, notice.exhibits, number)
    found = list(concerns(regime, platform, notice.answers, _today(desk.clock)))
    enclosed = {annex.kind for annex in made.annexes}
    if regime.encloses and not enclosed.intersection(letter.ANNEX_KINDS):
        found.append(Concern(code="report_missing", facts={}))
    if notice.edited:
        found.append(Concern(code="edited", facts={}))
    if reply_passed(notice, _today(desk.clock)):
        found.append(Concern(code="reply_passed", facts={"date": notice.reply_by}))
    if notice.status == "drafted" and platform.form and platform.form_confidence == "uncertain":
        found.append(Concern(code="form_unread", facts={}))
    return Gauge(
        elements=elements(regime, facts),
        unconfirmed=unconfirmed,
        concerns=tuple(found),
    )


_ALWAYS_ASKED = frozenset(
    {"used", "agreed", "owner", "copied", "statements", "signature", "still", "platform_name"}
    | {"intimate", "adult", "requester", "union"}
)
"""Questions that must be answered even where the person wrote the letter themselves."""


def unapproved(
    case: Case, regime: Regime, platform: Platform, lang: Lang, named: str, store: Store
) -> Notice | None:
    """The letter that was begun and not approved yet.

    To a platform that is not on the list: the one to whom is ``named``; to whomever without a name.
    """
    for notice in store.all(Notice, case.id):
        about = (notice.regime, notice.platform, notice.lang)
        held = notice.answers.get("platform_name", "")
        same = platform.listed or not named or held in ("", named)
        if about == (regime.id, platform.id, lang) and notice.status == "drafted" and same:
            return notice
    return None


def blank(
    case: Case, regime: Regime, platform: Platform, lang: Lang, follows: str, desk: Desk
) -> Notice:
    """An empty letter with the case's next number, one more after ``follows`` where that is given.

    What the first one answered need not be asked again.  Raises Refused(``again_of_none``).
    """
    if bool(regime.follows) != bool(follows):
        raise Refused("again_of_none")
    first = desk.store.get(Notice, follows) if follows else None
    # One that was discarded keeps its number, which is on record.
    number = f"L{desk.store.count(case.id, 'notice.drafted') + 1:02d}"
    return Notice(
        id=desk.clock.new_id(),
        case_id=case.id,
        number=number,
        document=f"{case.number}-{number}",
        regime=regime.id,
        platform=platform.id,
        lang=lang,
        follows=follows,
        answers=carried(first, regime) if first else {},
        text="",
        drafted=rfc3339(desk.clock.now()),
    )


def write(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    desk: Desk,
    renderer: Renderer,
    job: Job,
) -> Notice:
    """The notice with its text, form and date as the record and the answers give them now."""
    dated = replace(notice, dated=_today(desk.clock).isoformat())
    made = compose(case, dated, regime, platform, desk)
    words = desk.catalog.words(notice.lang)
    edge = furniture(case, dated, words, desk.clock.now(), None, desk.clock)

    def text(template: str) -> str:
        order = Order(template=template, lang=notice.lang, fields=made.fields, furniture=edge)
        return renderer.text(order, job)

    lines = [line.strip() for line in text(STATEMENT_TEMPLATE).splitlines() if line.strip()]
    statement = ("" if notice.lang == "zh" else " ").join(lines)
    return replace(
        dated,
        text=text(regime.template),
        edited=False,
        unconfirmed=made.unconfirmed,
        entered=entered(notice.answers),
        reply_by=made.reply_by,
        exhibits=tuple(e.number for e in relied_on(case, dated, regime, desk.store)),
        form=letter.form(platform, made.facts, statement, notice.lang),
    )


def compose(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    desk: Desk,
) -> letter.Draft:
    """What the letter may say by the record and the answers as they are now."""
    exhibits = relied_on(case, notice, regime, desk.store)
    sources = Sources(
        case=case,
        exhibits=exhibits,
        manifests={e.number: read_manifest(desk.vault.read(e.digest.sha256)) for e in exhibits},
        claimant=claimant(case, desk.store),
        documents=desk.store.all(Issued, case.id),
        today=date.fromisoformat(notice.dated),
        offset_minutes=desk.clock.offset_minutes(),
        earlier=earlier(notice, desk.store),
    )
    words = desk.catalog.words(notice.lang)
    return letter.compose(
        regime, platform, sources, notice.answers, notice.lang, words, notice.document
    )


def relied_on(case: Case, notice: Notice, regime: Regime, store: Store) -> tuple[Exhibit, ...]:
    """The exhibits the letter names: those the person chose, else all but receipts of letters.

    One that no evidence goes along with names none but those that were chosen.

    An approved one names what it named when it was approved, whatever was withdrawn since.
    """
    every = sorted(store.all(Exhibit, case.id), key=lambda e: e.number)
    if notice.status != "drafted":
        return tuple(e for e in every if e.number in notice.exhibits)
    standing = [e for e in every if not e.withdrawn]
    past = earlier(notice, store)
    if past is not None:
        numbers = past.papers | {e.number for e in past.checks}
        return tuple(e for e in standing if e.number in numbers)
    wanted = named_exhibits(notice.answers.get("exhibits", ""), standing)
    if wanted or not regime.encloses:
        return wanted
    receipts = {s.receipt for s in store.all(Submission, case.id)}
    receipts |= {a.exhibit for a in store.all(PlatformAnswer, case.id)}
    return tuple(e for e in standing if e.number not in receipts)


def claimant(case: Case, store: Store) -> Party | None:
    """The person whose face, voice or work it is."""
    return next((p for p in store.all(Party, case.id) if p.role == "claimant"), None)


def keep_claimant(case: Case, given: Mapping[str, str], desk: Desk) -> None:
    """What was answered about the person stands with the Party and nowhere else."""
    known = claimant(case, desk.store)
    before = known or Party(id=desk.clock.new_id(), case_id=case.id, role="claimant")
    after = replace(
        before,
        name=before.name or given.get("name", ""),
        legal_name=given.get("name", before.legal_name),
        id_type=given.get("id_type", before.id_type),
        id_number=given.get("id_number", before.id_number),
        phone=given.get("phone", before.phone),
        email=given.get("email", before.email),
        address=given.get("address", before.address),
    )
    if after != before:
        save_party(after, store=desk.store)


def keep_licence(case: Case, answers: Mapping[str, str], desk: Desk) -> None:
    """What was answered about consent is on record: absence is stated, not assumed."""
    said = next((known for known in get_args(YesNo) if known == answers.get("agreed")), None)
    if said is None:
        return
    known = next(iter(desk.store.all(Licence, case.id)), None)
    before = known or Licence(id=desk.clock.new_id(), case_id=case.id, agreed=said)
    after = replace(before, agreed=said, described=answers.get("licence", ""))
    if known is None or after != before:
        record_licence(after, store=desk.store)


def about(notice: Notice, desk: Desk) -> tuple[Case, Regime, Platform]:
    """Case, law and addressee of a letter.  Raises Refused when the case was closed."""
    return (
        open_for_work(notice.case_id, store=desk.store),
        desk.catalog.regime(notice.regime),
        addressee(notice, desk.catalog),
    )


def addressee(notice: Notice, catalog: Catalog) -> Platform:
    """To whom the letter goes: from the list, or as the person named it."""
    return addressed(catalog.platform(notice.platform), notice.answers)


def open_notice(notice_id: str, store: Store) -> Notice:
    """The notice, while it may still change.  Raises Refused(``notice_frozen``)."""
    notice = store.get(Notice, notice_id)
    if notice.status != "drafted":
        raise Refused("notice_frozen", notice=notice.number)
    return notice


def furniture(
    case: Case,
    notice: Notice,
    words: Words,
    issued: datetime,
    head: Checkpoint | None,
    clock: Clock,
) -> Furniture:
    """What stands at the edge of the letter's pages; a draft has no head yet."""
    return Furniture(
        title=words(f"letter.header.{notice.regime}"),
        case_number=case.number,
        number=notice.document,
        issued=rfc3339(issued),
        offset_minutes=clock.offset_minutes(),
        checkpoint_size=head.size if head else 0,
        checkpoint_root=head.root.hex() if head else "",
        practice=case.world == "practice",
    )


def _today(clock: Clock) -> date:
    return local_day(rfc3339(clock.now()), clock.offset_minutes())
