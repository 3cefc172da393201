"""Notices: drafted from record and answers, checked, approved by a person, sent by a person.

Approval freezes the text: everything that may go out is written, in the vault and on the ledger
before anything can be sent, and nothing here sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args

from holdfast.core import letter
from holdfast.core.canonical import moment, one_line, rfc3339, visible
from holdfast.core.case import Case, Licence, Party, YesNo
from holdfast.core.deadline import FollowUp, after_answer, after_sending, finish, local_day
from holdfast.core.document import Field, Furniture, Issued, Lang, Order
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit, read_manifest
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint, Ref
from holdfast.core.notice import (
    AnswerKind,
    ChannelId,
    Concern,
    Gauge,
    Notice,
    NoticeFile,
    Parcel,
    Platform,
    PlatformAnswer,
    Question,
    Regime,
    Submission,
    concerns,
    elements,
    guard,
)
from holdfast.core.questions import asked, read_answers
from holdfast.core.words import Words
from holdfast.ports import Catalog, Clock, Custody, Renderer, SendingWay, Store, Vault
from holdfast.usecases.cases import open_for_work, record_licence, save_party

OWN_TEMPLATE = "platform-notice-own"
"""A letter that the person wrote themselves."""
STATEMENT_TEMPLATE = "platform-notice-statement"
"""The short form for a field of a complaint form."""
TEXT_LIMIT = 40_000
MAIL_LIMIT = 15 * 1024 * 1024
"""Bytes of attachments; many mail services refuse more than 20 MiB once it is encoded."""

SealReceipt = Callable[[Path], Exhibit]
"""Seals a file the person already has, as received, into the notice's case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What writing a letter needs of the world."""

    store: Store
    vault: Vault
    clock: Clock
    catalog: Catalog
    renderer: Renderer


# --- drafting ------------------------------------------------------------------------------------


def questions(
    regime_id: str, platform_id: str, answers: Mapping[str, str], *, catalog: Catalog
) -> tuple[Question, ...]:
    """What is to be asked now, one per line, as far as the answers go."""
    return asked(catalog.regime(regime_id), catalog.platform(platform_id), answers)


def draft(
    case_ref: str,
    regime_id: str,
    platform_id: str,
    answers: Mapping[str, str | Sequence[str]],
    lang: Lang,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
    renderer: Renderer,
    job: Job,
) -> Notice:
    """A letter in the case that says no more than the record and the answers do.

    An unapproved one to the same platform on the same basis is taken up again, so that a flow
    resumes where it was; ``answers`` need only name what changed.  Raises Refused, for one when the
    basis is wrong (``wrong_basis_…``).
    """
    desk = Desk(store=store, vault=vault, clock=clock, catalog=catalog, renderer=renderer)
    case = open_for_work(case_ref, store=store)
    regime, platform = catalog.regime(regime_id), catalog.platform(platform_id)
    if lang not in regime.languages:
        raise Refused("notice_language", lang=lang, languages=", ".join(regime.languages))
    found = _unapproved(case, regime, platform, lang, store)
    if found is not None and found.edited:
        raise Refused("notice_edited", notice=found.number)
    whole = read_answers(regime, {**(found.answers if found else {}), **answers})
    guard(regime, platform, case.world, whole)
    personal = {q.id for q in regime.questions if q.party}
    _keep_claimant(case, {k: v for k, v in whole.items() if k in personal and k in answers}, desk)
    public = {k: v for k, v in whole.items() if k not in personal}
    _keep_licence(case, public, desk)
    blank = found or _blank(case, regime, platform, lang, desk)
    written = _write(case, replace(blank, answers=public), regime, platform, desk, job)
    with store.custody(case.id) as custody:
        if found is None:
            custody.append(
                "notice.drafted",
                written.document,
                facts={"regime": regime.id, "platform": platform.id, "lang": lang},
            )
        custody.save(written)
    return written


def revise(
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
    """The same letter with these answers changed.  Raises Refused once it is approved."""
    notice = _open_notice(notice_id, store)
    return draft(
        notice.case_id,
        notice.regime,
        notice.platform,
        answers,
        notice.lang,
        store=store,
        vault=vault,
        clock=clock,
        catalog=catalog,
        renderer=renderer,
        job=job,
    )


def edit(
    notice_id: str,
    text: str,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
    renderer: Renderer,
    job: Job,
) -> Notice:
    """The letter says what the person wrote and is marked as theirs; empty text brings ours back.

    Raises Refused once it is approved, or for text beyond 40,000 characters.
    """
    desk = Desk(store=store, vault=vault, clock=clock, catalog=catalog, renderer=renderer)
    notice = _open_notice(notice_id, store)
    clean = visible(text.replace("\r\n", "\n")).strip()
    if len(clean) > TEXT_LIMIT:
        raise Refused("notice_too_long", limit=TEXT_LIMIT)
    case, regime, platform = _about(notice, desk)
    if clean and clean != notice.text:
        changed = replace(notice, text=clean, edited=True)
    elif clean:
        changed = notice
    else:
        plain = replace(notice, edited=False)
        changed = _write(case, plain, regime, platform, desk, job)
    store.save(changed)
    return changed


def check(notice_id: str, *, store: Store, vault: Vault, clock: Clock, catalog: Catalog) -> Gauge:
    """Each element present or missing with its article, what is unconfirmed, and concerns."""
    notice = store.get(Notice, notice_id)
    regime, platform = catalog.regime(notice.regime), catalog.platform(notice.platform)
    case = store.case(notice.case_id)
    made = _compose(case, notice, regime, platform, store, vault, clock, catalog)
    return _gauge(notice, regime, platform, made, clock)


def _gauge(
    notice: Notice, regime: Regime, platform: Platform, made: letter.Draft, clock: Clock
) -> Gauge:
    open_questions = made.unconfirmed
    if notice.edited:
        bracketed = ("text",) if letter.BRACKETS.search(notice.text) else ()
        open_questions = (*(q for q in made.unconfirmed if q in _ALWAYS_ASKED), *bracketed)
    found = list(concerns(regime, platform, notice.answers, _today(clock)))
    if not made.annexes:
        found.append(Concern(code="report_missing", facts={}))
    if notice.edited:
        found.append(Concern(code="edited", facts={}))
    if notice.status == "drafted" and platform.form and platform.form_confidence == "uncertain":
        found.append(Concern(code="form_unread", facts={}))
    return Gauge(
        elements=elements(regime, made.facts),
        unconfirmed=tuple(open_questions),
        concerns=tuple(found),
    )


_ALWAYS_ASKED = frozenset({"used", "agreed", "owner", "copied", "statements", "signature"})
"""Questions that must be answered even where the person wrote the letter themselves."""


def _unapproved(
    case: Case, regime: Regime, platform: Platform, lang: Lang, store: Store
) -> Notice | None:
    for notice in store.all(Notice, case.id):
        about = (notice.regime, notice.platform, notice.lang)
        if about == (regime.id, platform.id, lang) and notice.status == "drafted":
            return notice
    return None


def _blank(case: Case, regime: Regime, platform: Platform, lang: Lang, desk: Desk) -> Notice:
    number = f"L{len(desk.store.all(Notice, case.id)) + 1:02d}"
    return Notice(
        id=desk.clock.new_id(),
        case_id=case.id,
        number=number,
        document=f"{case.number}-{number}",
        regime=regime.id,
        platform=platform.id,
        lang=lang,
        answers={},
        text="",
        drafted=rfc3339(desk.clock.now()),
    )


def _write(
    case: Case, notice: Notice, regime: Regime, platform: Platform, desk: Desk, job: Job
) -> Notice:
    """The notice with its text, form and date as the record and the answers give them now."""
    dated = replace(notice, dated=_today(desk.clock).isoformat())
    made = _compose(case, dated, regime, platform, desk.store, desk.vault, desk.clock, desk.catalog)
    words = desk.catalog.words(notice.lang)
    furniture = _furniture(case, dated, words, desk.clock.now(), None, desk.clock)

    def text(template: str) -> str:
        order = Order(template=template, lang=notice.lang, fields=made.fields, furniture=furniture)
        return desk.renderer.text(order, job)

    lines = [line.strip() for line in text(STATEMENT_TEMPLATE).splitlines() if line.strip()]
    statement = ("" if notice.lang == "zh" else " ").join(lines)
    return replace(
        dated,
        text=text(regime.template),
        edited=False,
        unconfirmed=made.unconfirmed,
        reply_by=made.reply_by,
        exhibits=tuple(e.number for e in _relied_on(case, dated, desk.store)),
        form=letter.form(platform, made.facts, statement, notice.lang),
    )


def _compose(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
) -> letter.Draft:
    exhibits = _relied_on(case, notice, store)
    sources = letter.Sources(
        case=case,
        exhibits=exhibits,
        manifests={e.number: read_manifest(vault.read(e.digest.sha256)) for e in exhibits},
        claimant=_claimant(case, store),
        documents=store.all(Issued, case.id),
        today=date.fromisoformat(notice.dated),
        offset_minutes=clock.offset_minutes(),
    )
    words = catalog.words(notice.lang)
    return letter.compose(
        regime, platform, sources, notice.answers, notice.lang, words, notice.document
    )


def _relied_on(case: Case, notice: Notice, store: Store) -> tuple[Exhibit, ...]:
    """The exhibits the letter names: those the person chose, else all but receipts of letters."""
    standing = [e for e in store.all(Exhibit, case.id) if not e.withdrawn]
    standing.sort(key=lambda e: e.number)
    chosen = notice.answers.get("exhibits", "").replace("、", ",").upper().split(",")
    wanted = [part.strip() for part in chosen if part.strip()]
    if wanted:
        known = {e.number: e for e in standing}
        for number in wanted:
            if number not in known:
                raise Refused("exhibit_unknown", exhibit=number[:20])
        return tuple(known[number] for number in dict.fromkeys(wanted))
    receipts = {s.receipt for s in store.all(Submission, case.id)}
    receipts |= {a.exhibit for a in store.all(PlatformAnswer, case.id)}
    return tuple(e for e in standing if e.number not in receipts)


def _claimant(case: Case, store: Store) -> Party | None:
    return next((p for p in store.all(Party, case.id) if p.role == "claimant"), None)


def _keep_claimant(case: Case, given: Mapping[str, str], desk: Desk) -> None:
    """What was answered about the person stands with the Party and nowhere else."""
    known = _claimant(case, desk.store)
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


def _keep_licence(case: Case, answers: Mapping[str, str], desk: Desk) -> None:
    """What was answered about consent is on record: absence is stated, not assumed."""
    said = next((known for known in get_args(YesNo) if known == answers.get("agreed")), None)
    if said is None:
        return
    known = next(iter(desk.store.all(Licence, case.id)), None)
    before = known or Licence(id=desk.clock.new_id(), case_id=case.id, agreed=said)
    after = replace(before, agreed=said, described=answers.get("licence", ""))
    if known is None or after != before:
        record_licence(after, store=desk.store)


def _about(notice: Notice, desk: Desk) -> tuple[Case, Regime, Platform]:
    return (
        open_for_work(notice.case_id, store=desk.store),
        desk.catalog.regime(notice.regime),
        desk.catalog.platform(notice.platform),
    )


def _open_notice(notice_id: str, store: Store) -> Notice:
    """The notice, while it may still change.  Raises Refused(``notice_frozen``)."""
    notice = store.get(Notice, notice_id)
    if notice.status != "drafted":
        raise Refused("notice_frozen", notice=notice.number)
    return notice


# --- approval ------------------------------------------------------------------------------------


def approve(
    notice_id: str,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
    renderer: Renderer,
    ways: Sequence[SendingWay],
    job: Job,
) -> Notice:
    """The letter is final: its files are in the vault and on the ledger, and it never changes.

    Raises Refused while something the law requires is missing or stands in brackets, and when the
    record changed since the text was last read.
    """
    desk = Desk(store=store, vault=vault, clock=clock, catalog=catalog, renderer=renderer)
    notice = _open_notice(notice_id, store)
    case, regime, platform = _about(notice, desk)
    guard(regime, platform, case.world, notice.answers)
    made = _compose(case, notice, regime, platform, store, vault, clock, catalog)
    gauge = _gauge(notice, regime, platform, made, clock)
    if gauge.missing:
        raise Refused("notice_incomplete", n=len(gauge.missing))
    if gauge.unconfirmed:
        raise Refused("notice_unconfirmed", n=len(gauge.unconfirmed))
    if not notice.edited:
        _still_as_read(case, notice, regime, platform, desk, job)
    with store.custody(case.id) as custody:
        head = custody.head()
    issued = clock.now()
    sheets = _sheets(case, notice, regime, platform, made, head, issued, desk, ways, job)
    job.step("sealing", 0, len(sheets))
    kept = [(name, media, data, vault.keep_bytes(data)) for name, media, data in sheets]
    files = tuple(
        NoticeFile(
            name=name,
            path=f"documents/{name}",
            sha256=digest.sha256,
            size=len(data),
            media_type=media,
        )
        for name, media, data, digest in kept
    )
    refs = [
        Ref(path=f"documents/{name}", size=len(data), sha256=digest.sha256, sm3=digest.sm3)
        for name, _, data, digest in kept
    ]
    approved = replace(
        notice,
        status="approved",
        approved=rfc3339(issued),
        checkpoint_size=head.size,
        files=files,
    )
    with store.custody(case.id) as custody:
        _unchanged(notice, store)
        custody.append(
            "notice.approved",
            notice.document,
            refs,
            {
                "regime": regime.id,
                "platform": platform.id,
                "lang": notice.lang,
                "edited": notice.edited,
                "issued": approved.approved,
                "checkpoint": head.size,
                "exhibits": list(notice.exhibits),
            },
        )
        custody.save(approved)
        for file in files:
            custody.save(_issued(approved, file, clock))
        custody.head()
    return approved


def _unchanged(notice: Notice, store: Store) -> None:
    if store.get(Notice, notice.id) != notice:
        raise Refused("notice_changed", notice=notice.number)


def _still_as_read(
    case: Case, notice: Notice, regime: Regime, platform: Platform, desk: Desk, job: Job
) -> None:
    """Raises Refused when the letter would read differently now; the new text is saved first."""
    now = _write(case, notice, regime, platform, desk, job)
    if (now.text, now.form) != (notice.text, notice.form):
        desk.store.save(now)
        raise Refused("notice_changed", notice=notice.number)


def _sheets(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    made: letter.Draft,
    head: Checkpoint,
    issued: datetime,
    desk: Desk,
    ways: Sequence[SendingWay],
    job: Job,
) -> list[tuple[str, str, bytes]]:
    """Name, media type and bytes of everything that may go out."""
    words = desk.catalog.words(notice.lang)
    order = Order(
        template=OWN_TEMPLATE if notice.edited else regime.template,
        lang=notice.lang,
        fields=_own_fields(notice.text) if notice.edited else made.fields,
        furniture=_furniture(case, notice, words, issued, head, desk.clock),
    )
    job.step("writing", 0, 3)
    pdf = desk.renderer.pdf(order, job)
    job.step("writing", 1, 3)
    docx = desk.renderer.docx(order, job)
    job.step("writing", 2, 3)
    sheets = [
        (f"{notice.document}.pdf", "application/pdf", pdf),
        (f"{notice.document}.docx", _DOCX, docx),
        (f"{notice.document}.txt", "text/plain; charset=utf-8", _plain(notice.text)),
    ]
    parcel = _parcel(notice, regime, platform, made, words, issued, pdf, desk)
    for way in ways:
        for sheet in way.prepare(parcel):
            sheets.append((f"{notice.document}{sheet.suffix}", sheet.media_type, sheet.data))
    return sheets


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _plain(text: str) -> bytes:
    return (text.rstrip("\n") + "\n").encode()


def _own_fields(text: str) -> Mapping[str, Field]:
    title, _, rest = text.partition("\n")
    return {
        "title": title.strip(),
        "paragraphs": [{"text": line.strip()} for line in rest.split("\n") if line.strip()],
    }


def _parcel(
    notice: Notice,
    regime: Regime,
    platform: Platform,
    made: letter.Draft,
    words: Words,
    issued: datetime,
    pdf: bytes,
    desk: Desk,
) -> Parcel:
    enclosed = [(f"{notice.document}.pdf", "application/pdf", pdf)]
    left_out = []
    room = MAIL_LIMIT - len(pdf)
    for annex in made.annexes:
        name = annex.path.rpartition("/")[2]
        if annex.size > room:
            left_out.append(name)
            continue
        room -= annex.size
        enclosed.append((name, annex.media_type, desk.vault.read(annex.sha256)))
    party = _claimant(desk.store.case(notice.case_id), desk.store)
    assert party is not None  # a name is required by every regime
    return Parcel(
        notice=notice,
        platform=platform,
        subject=words(f"letter.subject.{regime.id}", number=notice.document),
        cover=words("letter.cover", platform=platform.names(notice.lang), number=notice.document),
        sender_name=party.legal_name,
        sender_email=party.email,
        issued=rfc3339(issued),
        attachments=tuple(enclosed),
        left_out=tuple(left_out),
        words={
            key.removeprefix("sheet."): value
            for key, value in words.words.items()
            if key.startswith("sheet.")
        },
    )


def _furniture(
    case: Case,
    notice: Notice,
    words: Words,
    issued: datetime,
    head: Checkpoint | None,
    clock: Clock,
) -> Furniture:
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


def _issued(notice: Notice, file: NoticeFile, clock: Clock) -> Issued:
    return Issued(
        id=clock.new_id(),
        case_id=notice.case_id,
        number=notice.document,
        kind="platform-notice",
        lang=notice.lang,
        issued=notice.approved,
        sha256=file.sha256,
        size=file.size,
        media_type=file.media_type,
        path=file.path,
        checkpoint_size=notice.checkpoint_size,
    )


def files(
    notice_id: str, out_dir: Path, *, store: Store, vault: Vault, job: Job
) -> tuple[Path, ...]:
    """Copies of everything an approved notice consists of lie in ``out_dir``.

    Raises Refused before approval, and when a file of that name with other bytes is there.
    """
    notice = store.get(Notice, notice_id)
    if notice.status == "drafted":
        raise Refused("notice_not_approved", notice=notice.number)
    written = []
    out_dir.mkdir(parents=True, exist_ok=True)
    for done, file in enumerate(notice.files):
        job.step("saving", done, len(notice.files), file.name)
        data, at = vault.read(file.sha256), out_dir / file.name
        if at.exists() and at.read_bytes() != data:
            raise Refused("file_in_the_way", name=file.name)
        at.write_bytes(data)
        written.append(at)
    return tuple(written)


def full_value(notice_id: str, field_id: str, *, store: Store, catalog: Catalog) -> str:
    """What goes to the clipboard for one field of the platform's form: a masked number in full."""
    notice = store.get(Notice, notice_id)
    place = next((f for f in catalog.platform(notice.platform).form if f.id == field_id), None)
    entry = next((e for e in notice.form if e.id == field_id), None)
    if place is None or entry is None:
        raise Refused("field_unknown", field=one_line(field_id)[:40])
    party = _claimant(store.case(notice.case_id), store)
    if place.fills == "id_number" and party is not None:
        return party.id_number
    return entry.text


# --- after it went out ---------------------------------------------------------------------------


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
            regime, notice, submission, clock.offset_minutes(), clock.new_id, rfc3339(now)
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
        clock.offset_minutes(),
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
        for running in store.all(FollowUp, notice.case_id):
            if running.notice_id == notice.id and running.term == "reply" and not running.done:
                custody.append("followup.done", notice.document, facts={"term": running.term})
                custody.save(finish(running, rfc3339(now)))
        _set(clocks, notice, custody)
    return came


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


def _today(clock: Clock) -> date:
    return local_day(rfc3339(clock.now()), clock.offset_minutes())
