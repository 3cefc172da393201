"""Notices: drafted from record and answers, checked, approved by a person, sent by a person.

Approval freezes the text: everything that may go out is written, in the vault and on the ledger
before anything can be sent, and nothing here sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from holdfast.core.canonical import one_line, rfc3339, visible
from holdfast.core.case import Case
from holdfast.core.document import Field, Issued, Lang, Order
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint, Ref
from holdfast.core.letter import Draft
from holdfast.core.notice import (
    Gauge,
    Notice,
    NoticeFile,
    Parcel,
    Platform,
    Question,
    Regime,
    fit,
    guard,
    mask,
)
from holdfast.core.questions import asked, read_answers
from holdfast.core.words import Words
from holdfast.ports import Catalog, Clock, Renderer, SendingWay, Store, Vault
from holdfast.usecases import drafting
from holdfast.usecases.cases import open_for_work
from holdfast.usecases.correspondence import SealReceipt, answer, sent

__all__ = [
    "SealReceipt",
    "answer",
    "approve",
    "check",
    "discard",
    "draft",
    "edit",
    "files",
    "full_value",
    "questions",
    "revise",
    "sent",
]

OWN_TEMPLATE = "platform-notice-own"
"""A letter that the person wrote themselves."""
TEXT_LIMIT = 40_000
MAIL_LIMIT = 15 * 1024 * 1024
"""Bytes of attachments; many mail services refuse more than 20 MiB once it is encoded."""


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
    follows: str = "",
) -> Notice:
    """A letter in the case that says no more than the record and the answers do.

    An unapproved one to the same platform on the same basis is taken up again, so that a flow
    resumes where it was; ``answers`` need only name what changed.  ``follows`` is the id of a
    letter that a new one follows.  Raises Refused, for one when the basis is wrong
    (``wrong_basis_…``).
    """
    desk = drafting.Desk(store=store, vault=vault, clock=clock, catalog=catalog)
    case = open_for_work(case_ref, store=store)
    regime, platform = catalog.regime(regime_id), catalog.platform(platform_id)
    if lang not in regime.languages:
        raise Refused("notice_language", lang=lang, languages=", ".join(regime.languages))
    named = read_answers(regime, answers).get("platform_name", "")
    found = drafting.unapproved(case, regime, platform, lang, named, store)
    blank = found or drafting.blank(case, regime, platform, lang, follows, desk)
    return _follow(case, blank, answers, desk, renderer, job, new=found is None)


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
    desk = drafting.Desk(store=store, vault=vault, clock=clock, catalog=catalog)
    notice = drafting.open_notice(notice_id, store)
    case = open_for_work(notice.case_id, store=store)
    return _follow(case, notice, answers, desk, renderer, job, new=False)


def _follow(
    case: Case,
    notice: Notice,
    answers: Mapping[str, str | Sequence[str]],
    desk: drafting.Desk,
    renderer: Renderer,
    job: Job,
    *,
    new: bool,
) -> Notice:
    """The letter follows these answers; that it was begun is on record."""
    if notice.edited:
        raise Refused("notice_edited", notice=notice.number)
    regime, listed = desk.catalog.regime(notice.regime), desk.catalog.platform(notice.platform)
    whole = read_answers(regime, {**notice.answers, **answers})
    guard(regime, listed, case.world, whole)
    personal = {q.id for q in regime.questions if q.party}
    drafting.keep_claimant(
        case, {k: v for k, v in whole.items() if k in personal and k in answers}, desk
    )
    public = {k: v for k, v in whole.items() if k not in personal}
    drafting.keep_licence(case, public, desk)
    answered = replace(notice, answers=public)
    platform = drafting.addressee(answered, desk.catalog)
    written = drafting.write(case, answered, regime, platform, desk, renderer, job)
    with desk.store.custody(case.id) as custody:
        if new:
            custody.append(
                "notice.drafted",
                written.document,
                facts={"regime": regime.id, "platform": platform.id, "lang": notice.lang},
            )
        else:
            drafting.open_notice(notice.id, desk.store)
        custody.save(written)
    return written


def discard(notice_id: str, *, store: Store) -> Notice:
    """A letter that was not approved is no more; that it was drafted and discarded is on record.

    Its number is not given again.  Raises Refused once it is approved, and in a closed case.
    """
    case = open_for_work(store.get(Notice, notice_id).case_id, store=store)
    with store.custody(case.id) as custody:
        notice = drafting.open_notice(notice_id, store)
        custody.append("notice.discarded", notice.document)
        custody.drop(notice)
    return notice


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
    desk = drafting.Desk(store=store, vault=vault, clock=clock, catalog=catalog)
    notice = drafting.open_notice(notice_id, store)
    clean = visible(text.replace("\r\n", "\n")).strip()
    if len(clean) > TEXT_LIMIT:
        raise Refused("notice_too_long", limit=TEXT_LIMIT)
    case, regime, platform = drafting.about(notice, desk)
    if clean and clean != notice.text.strip():
        changed = replace(notice, text=clean, edited=True)
    elif clean:
        changed = notice
    else:
        plain = replace(notice, edited=False)
        changed = drafting.write(case, plain, regime, platform, desk, renderer, job)
    store.save(changed)
    return changed


def check(
    notice_id: str,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    catalog: Catalog,
) -> Gauge:
    """Each element present or missing with its article, what is unconfirmed, and concerns."""
    desk = drafting.Desk(store=store, vault=vault, clock=clock, catalog=catalog)
    notice = store.get(Notice, notice_id)
    regime, platform = catalog.regime(notice.regime), drafting.addressee(notice, catalog)
    case = store.case(notice.case_id)
    made = drafting.compose(case, notice, regime, platform, desk)
    return drafting.gauge(notice, regime, platform, made, desk)


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
    desk = drafting.Desk(store=store, vault=vault, clock=clock, catalog=catalog)
    notice = drafting.open_notice(notice_id, store)
    case, regime, platform = drafting.about(notice, desk)
    guard(regime, platform, case.world, notice.answers)
    made = drafting.compose(case, notice, regime, platform, desk)
    gauge = drafting.gauge(notice, regime, platform, made, desk)
    if gauge.missing:
        raise Refused("notice_incomplete", n=len(gauge.missing))
    if gauge.unconfirmed:
        raise Refused("notice_unconfirmed", n=len(gauge.unconfirmed))
    if not notice.edited:
        _still_as_read(case, notice, regime, platform, desk, renderer, job)
    with store.custody(case.id) as custody:
        head = custody.head()
    issued = clock.now()
    sheets = _sheets(case, notice, regime, platform, made, head, issued, desk, renderer, ways, job)
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
        by_hand=made.by_hand,
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
                "entered": list(notice.entered),
                "issued": approved.approved,
                "checkpoint": head.size,
                "exhibits": list(notice.exhibits),
            },
        )
        custody.save(approved)
        custody.save(_issued(approved, files[0], clock))
        custody.head()
    return approved


def _unchanged(notice: Notice, store: Store) -> None:
    if store.get(Notice, notice.id) != notice:
        raise Refused("notice_changed", notice=notice.number)


def _still_as_read(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    desk: drafting.Desk,
    renderer: Renderer,
    job: Job,
) -> None:
    """Raises Refused when the letter would read differently now; the new text is saved first."""
    now = drafting.write(case, notice, regime, platform, desk, renderer, job)
    if (now.text, now.form) != (notice.text, notice.form):
        desk.store.save(now)
        raise Refused("notice_changed", notice=notice.number)


def _sheets(
    case: Case,
    notice: Notice,
    regime: Regime,
    platform: Platform,
    made: Draft,
    head: Checkpoint,
    issued: datetime,
    desk: drafting.Desk,
    renderer: Renderer,
    ways: Sequence[SendingWay],
    job: Job,
) -> list[tuple[str, str, bytes]]:
    """Name, media type and bytes of everything that may go out."""
    words = desk.catalog.words(notice.lang)
    practice = words("letter.practice") if case.world == "practice" else ""
    order = Order(
        template=OWN_TEMPLATE if notice.edited else regime.template,
        lang=notice.lang,
        fields=_own_fields(notice.text) if notice.edited else made.fields,
        furniture=drafting.furniture(case, notice, words, issued, head, desk.clock),
    )
    job.step("writing", 0, 3)
    pdf = renderer.pdf(order, job)
    job.step("writing", 1, 3)
    docx = renderer.docx(order, job)
    job.step("writing", 2, 3)
    sheets = [
        (f"{notice.document}.pdf", "application/pdf", pdf),
        (f"{notice.document}.docx", _DOCX, docx),
        (f"{notice.document}.txt", "text/plain; charset=utf-8", _plain(notice.text, practice)),
    ]
    parcel = _parcel(notice, regime, platform, made, words, issued, pdf, practice, desk)
    for way in ways:
        for sheet in way.prepare(parcel):
            sheets.append((f"{notice.document}{sheet.suffix}", sheet.media_type, sheet.data))
    return sheets


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _plain(text: str, practice: str) -> bytes:
    first = f"{practice}\n\n" if practice else ""
    return f"{first}{text.rstrip()}\n".encode()


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
    made: Draft,
    words: Words,
    issued: datetime,
    pdf: bytes,
    practice: str,
    desk: drafting.Desk,
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
    party = drafting.claimant(desk.store.case(notice.case_id), desk.store)
    assert party is not None  # a name is required by every regime
    return Parcel(
        notice=replace(notice, by_hand=made.by_hand),
        platform=platform,
        subject=words(f"letter.subject.{regime.id}", number=notice.document),
        cover=words("letter.cover", platform=platform.names(notice.lang), number=notice.document),
        sender_name=party.legal_name,
        sender_email=party.email,
        issued=rfc3339(issued),
        attachments=tuple(enclosed),
        left_out=tuple(left_out),
        practice=practice,
        words={
            key.removeprefix("sheet."): value
            for key, value in words.words.items()
            if key.startswith("sheet.")
        },
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
    """What goes to the clipboard for one field of the platform's form: a masked number in full.

    Raises Refused(``notice_frozen``) when the number is no longer the one that was approved.
    """
    notice = store.get(Notice, notice_id)
    place = next((f for f in catalog.platform(notice.platform).form if f.id == field_id), None)
    entry = next((e for e in notice.form if e.id == field_id), None)
    if place is None or entry is None:
        raise Refused("field_unknown", field=one_line(field_id)[:40])
    party = drafting.claimant(store.case(notice.case_id), store)
    if place.fills == "id_number" and party is not None:
        if notice.status != "drafted" and fit(mask(party.id_number), place.limit)[0] != entry.text:
            raise Refused("notice_frozen", notice=notice.number)
        return party.id_number
    return entry.text
