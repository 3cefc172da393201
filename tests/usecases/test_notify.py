"""A letter from its first answer to the platform's reply, with a real store, vault and writer."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fakes.office import CATALOG, FACE, URL, WHO, Room, frozen, room
from fakes.papers import usual, with_more_characters
from holdfast.core.case import Licence, Party
from holdfast.core.deadline import FollowUp
from holdfast.core.document import Issued
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.job import Job, Progress
from holdfast.core.notice import Notice, PlatformAnswer, Submission
from holdfast.usecases import cases, follow_up, notify

PERSONAL = ("林某某", "33010619900101002X", "13800000000", "lin@practice.example", "演练路")


@pytest.fixture
def office(tmp_path: Path, font_cache: Path, few_subsets: None) -> Iterator[Room]:
    yield from room(tmp_path / "data", font_cache)


@pytest.fixture(scope="module")
def approved(
    tmp_path_factory: pytest.TempPathFactory, font_cache: Path
) -> Iterator[tuple[Room, Notice]]:
    """One letter that was approved; tests that share it change nothing in it."""
    folder = tmp_path_factory.mktemp("approved")
    for made in room(folder / "data", font_cache):
        with pytest.MonkeyPatch.context() as patch:
            with_more_characters(patch, usual())
            notice = made.approve(made.draft(FACE))
        yield made, notice


# --- drafting ------------------------------------------------------------------------------------


def test_a_draft_says_what_the_record_and_the_answers_hold(office: Room) -> None:
    notice = office.draft(FACE)
    assert (notice.number, notice.document) == ("L01", "HF-2026-0001-L01")
    assert notice.status == "drafted"
    assert notice.exhibits == ("E0001",)
    assert URL in notice.text
    assert "330106********002X" in notice.text
    assert "涉嫌" in notice.text
    assert notice.reply_by == "2026-11-19"
    assert [entry.id for entry in notice.form] == [f.id for f in CATALOG.platform("practice").form]
    assert office.at.store.get(Notice, notice.id) == notice


def test_what_is_cut_to_fit_a_form_still_asks_for_something(office: Room) -> None:
    notice = office.draft(FACE, lang="en")
    (said,) = [entry for entry in notice.form if entry.id == "statement"]
    assert said.shortened
    assert said.text.startswith("Please promptly take necessary measures")
    assert said.text.endswith(".")


def test_nothing_personal_is_on_the_ledger_or_with_the_notice(office: Room) -> None:
    notice = office.draft(FACE | {"handle": "林间有桃"})
    bodies = b"".join(e.body for e in office.at.store.entries(office.case.id)).decode()
    for word in (*PERSONAL, "林间有桃"):
        assert word not in bodies
    assert not set(notice.answers) & set(WHO)
    (party,) = office.at.store.all(Party)
    assert (party.legal_name, party.role) == ("林某某", "claimant")
    (licence,) = office.at.store.all(Licence)
    assert licence.agreed == "no"
    assert office.acts()[-3:] == ["party.changed", "licence.recorded", "notice.drafted"]


def test_a_flow_resumes_where_it_was(office: Room) -> None:
    first = office.draft({"used": "face"})
    lines = len(office.acts())
    second = office.draft({"features": "眉眼"})
    assert second.id == first.id
    assert second.answers["used"] == "face"
    assert "眉眼" in second.text
    assert len(office.acts()) == lines  # taking it up again is not an act
    revised = notify.revise(
        first.id, {"features": ""}, **office.world(), renderer=office.writer, job=Job()
    )
    assert "眉眼" not in revised.text


def test_another_platform_or_language_is_another_letter(office: Room) -> None:
    assert office.draft(FACE).number == "L01"
    assert office.draft({"used": "face"}, lang="en").number == "L02"
    assert office.draft({"used": "work"}, regime="dmca-512c3", lang="en").number == "L03"


@pytest.mark.parametrize(
    ("answers", "changes", "code"),
    [
        ({"used": "face"}, {"regime": "dmca-512c3", "lang": "en"}, "wrong_basis_copyright"),
        ({"used": "work"}, {}, "wrong_basis_likeness"),
        ({}, {"platform": "douyin"}, "notice_other_world"),
        ({}, {"platform": "nobody"}, "platform_unknown"),
        ({}, {"regime": "nothing"}, "regime_unknown"),
        ({}, {"regime": "dmca-512c3"}, "notice_language"),
        ({"exhibits": "E0009"}, {}, "exhibit_unknown"),
        ({"soul": "x"}, {}, "answer_unknown"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_leaves_no_letter(
    office: Room, answers: dict[str, str], changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        office.draft(answers, **changes)
    assert caught.value.code == code
    assert office.at.store.all(Notice) == ()
    assert "notice.drafted" not in office.acts()


def test_a_closed_case_takes_no_letter(office: Room) -> None:
    cases.close_case(office.case.id, store=office.at.store, clock=office.at.clock)
    with pytest.raises(Refused, match="case_closed"):
        office.draft(FACE)


def test_withdrawn_exhibits_are_left_out_and_chosen_ones_stand(office: Room) -> None:
    office.keep(URL + "?b")
    office.keep(URL + "?c")
    cases.withdraw(office.case.id, "E0002", store=office.at.store)
    assert office.draft(FACE).exhibits == ("E0001", "E0003")
    assert office.draft({"exhibits": " e0003 、E0003"}).exhibits == ("E0003",)
    assert office.draft({"exhibits": "E0001，e0003；E0001"}).exhibits == ("E0001", "E0003")
    frozen_ = replace(office.draft({"exhibits": "E0003"}), status="approved")
    office.at.store.save(frozen_)
    cases.withdraw(office.case.id, "E0003", store=office.at.store)
    assert office.check(frozen_).elements[0].detail == "E0003"


def test_questions_come_from_law_and_platform() -> None:
    asked = notify.questions("civil-1195", "hongguo", {}, catalog=CATALOG)
    assert {"operator", "channel"} <= {question.id for question in asked}


# --- the gauge and the text ----------------------------------------------------------------------


def test_the_gauge_names_what_is_there_and_what_is_not(office: Room) -> None:
    notice = office.draft({"used": "face", "agreed": "no", "name": "林某某"})
    gauge = office.check(notice)
    states = {element.id: element.state for element in gauge.elements}
    assert states["preliminary_evidence"] == "present"
    assert states["true_identity"] == "missing"
    assert not gauge.ready
    assert gauge.unconfirmed == ("id_number",)
    assert [c.code for c in gauge.concerns] == ["report_missing"]
    whole = office.check(office.draft(WHO))
    assert whole.ready
    assert [c.code for c in whole.concerns] == ["report_missing"]


def test_what_nobody_verified_is_never_printed_until_the_person_says_it(office: Room) -> None:
    office.case = office.at.store.open_case("真实", "real")
    office.keep()
    notice = office.draft(FACE, platform="hongguo")
    assert "（待确认：以平台《用户协议》落款主体为准）" in notice.text
    gauge = office.check(notice)
    assert gauge.unconfirmed == ("operator", "channel")
    assert "form_unread" in [concern.code for concern in gauge.concerns]
    with pytest.raises(Refused, match="notice_unconfirmed"):
        office.approve(notice)
    said = office.draft({"operator": "某公司", "channel": "侵权投诉入口"}, platform="hongguo")
    assert "待确认" not in said.text
    assert office.check(said).ready


def test_stale_data_warns_beside_the_gauge(office: Room) -> None:
    notice = office.draft(FACE)
    office.at.clock.advance(days=400)
    codes = [concern.code for concern in office.check(notice).concerns]
    assert codes[:2] == ["law_stale", "platform_stale"]


def test_a_letter_that_waited_too_long_to_be_sent_says_so(office: Room) -> None:
    notice = replace(office.draft(FACE), status="approved", approved="2026-11-12T14:00:00.000Z")
    office.at.store.save(notice)
    for days, late in ((6, False), (1, True), (5, True)):
        office.at.clock.advance(days=days)
        codes = [concern.code for concern in office.check(notice).concerns]
        assert ("reply_passed" in codes) == late


def test_own_words_are_marked_kept_and_may_be_taken_back(office: Room) -> None:
    notice = office.draft(FACE)
    edited = office.edit(notice, notice.text.replace("通知人认为", "我认为") + "\r\n再见\u202e")
    assert edited.edited
    assert "再见\\u{202E}" in edited.text
    gauge = office.check(edited)
    assert gauge.ready
    assert "edited" in [concern.code for concern in gauge.concerns]
    with pytest.raises(Refused, match="notice_edited"):
        office.draft({"features": "眉眼"})
    assert office.edit(edited, edited.text).text == edited.text
    back = office.edit(edited, "  ")
    assert (back.text, back.edited) == (notice.text, False)
    unchanged = office.edit(back, back.text)
    assert not unchanged.edited


def test_own_words_must_still_hold_what_the_law_requires(office: Room) -> None:
    notice = office.draft(FACE)
    edited = office.edit(notice, "请删除。（待确认：谁）")
    gauge = office.check(edited)
    assert {e.id for e in gauge.missing} == {"preliminary_evidence", "true_identity"}
    assert gauge.unconfirmed == ("text",)
    with pytest.raises(Refused, match="notice_incomplete"):
        office.approve(edited)
    with pytest.raises(Refused, match="notice_too_long"):
        office.edit(notice, "字" * 40_001)


def test_own_words_of_a_copyright_notice_must_still_say_how_to_reach_you(office: Room) -> None:
    work = {
        "used": "work", "owner": "yes", "copied": "yes", "work": "the film", "signature": "typed",
        "fair_use": "a whole copy", "statements": "good_faith,accurate,authority",
    }  # fmt: skip
    who = {name: told for name, told in WHO.items() if name != "id_number"}
    notice = office.draft(who | work, regime="dmca-512c3", lang="en")
    assert office.check(notice).ready
    kept = [line for line in notice.text.splitlines() if "13800000000" not in line]
    gauge = office.check(office.edit(notice, "\n".join(kept)))
    assert {e.id for e in gauge.missing} == {"reachable"}
    unsigned = notice.text[: notice.text.index("6. Signature")]
    assert {e.id for e in office.check(office.edit(notice, unsigned)).missing} == {"signature"}


# --- approval ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"used": "face", "agreed": "no"}, "notice_incomplete"),
        (WHO | {"used": "face"}, "notice_unconfirmed"),
        (WHO | {"used": "face", "agreed": "yes"}, "notice_unconfirmed"),
    ],
)
def test_nothing_is_approved_with_gaps_or_brackets(
    office: Room, answers: dict[str, str], code: str
) -> None:
    notice = office.draft(answers)
    with pytest.raises(Refused) as caught:
        office.approve(notice)
    assert caught.value.code == code
    assert office.at.store.get(Notice, notice.id).status == "drafted"
    assert "notice.approved" not in office.acts()


def test_what_is_approved_is_what_was_read(office: Room) -> None:
    notice = office.draft(FACE)
    office.keep(URL + "?later")
    with pytest.raises(Refused, match="notice_changed"):
        office.approve(notice)
    fresh = office.at.store.get(Notice, notice.id)
    assert fresh.status == "drafted"
    assert fresh.exhibits == ("E0001", "E0002")


def test_a_letter_that_changes_while_it_is_written_is_not_approved(office: Room) -> None:
    notice = office.draft(FACE)

    def meddle(progress: Progress) -> None:
        if progress.stage == "sealing":
            office.at.store.save(replace(notice, reply_by="2026-12-01"))

    with pytest.raises(Refused, match="notice_changed"):
        office.approve(notice, Job(meddle))
    assert "notice.approved" not in office.acts()


def test_a_cancelled_approval_approves_nothing(office: Room) -> None:
    notice = office.draft(FACE)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        office.approve(notice, job)
    assert office.at.store.get(Notice, notice.id) == notice


def test_approval_freezes_files_and_text(approved: tuple[Room, Notice]) -> None:
    office, notice = approved
    assert notice.status == "approved"
    assert [file.name for file in notice.files] == [
        f"HF-2026-0001-L01{suffix}"
        for suffix in (".pdf", ".docx", ".txt", ".eml", "-form.txt", "-post.txt")
    ]
    for file in notice.files:
        data = office.at.vault.read(file.sha256)
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert len(data) == file.size
    for change in (
        lambda: office.edit(notice, "x"),
        lambda: office.approve(notice),
        lambda: notify.revise(
            notice.id, {"title": "x"}, **office.world(), renderer=office.writer, job=Job()
        ),
    ):
        with pytest.raises(Refused, match="notice_frozen"):
            change()
    assert office.at.store.get(Notice, notice.id).text == notice.text


def test_approval_is_on_the_ledger_with_every_file_and_a_checkpoint(
    approved: tuple[Room, Notice],
) -> None:
    office, notice = approved
    (entry,) = [e for e in office.at.store.entries(office.case.id) if e.act == "notice.approved"]
    assert entry.subject == notice.document
    assert {(ref.path, ref.sha256, ref.size) for ref in entry.refs} == {
        (file.path, file.sha256, file.size) for file in notice.files
    }
    assert entry.facts["checkpoint"] == notice.checkpoint_size
    sizes = {checkpoint.size for checkpoint in office.at.store.checkpoints(office.case.id)}
    assert {notice.checkpoint_size, entry.seq + 1} <= sizes
    for word in PERSONAL:
        assert word not in entry.body.decode()
    (issued,) = [i for i in office.at.store.all(Issued) if i.kind == "platform-notice"]
    assert (issued.path, issued.checkpoint_size) == (notice.files[0].path, notice.checkpoint_size)


def data_of(office: Room, notice: Notice, suffix: str) -> bytes:
    (file,) = [f for f in notice.files if f.name == f"{notice.document}{suffix}"]
    return office.at.vault.read(file.sha256)


def test_the_pdf_says_what_was_approved(
    approved: tuple[Room, Notice], pdftotext: Callable[[bytes], str]
) -> None:
    office, notice = approved
    said = "".join(pdftotext(data_of(office, notice, ".pdf")).split())
    for sentence in ("关于涉嫌侵害肖像权、个人信息权益的通知书", "从未授权", "PRACTICE演练"):
        assert sentence in said
    assert "33010619900101002X" not in said


@pytest.fixture
def pdftotext(tmp_path: Path) -> Callable[[bytes], str]:
    import subprocess

    def read(data: bytes) -> str:
        at = tmp_path / "letter.pdf"
        at.write_bytes(data)
        run = subprocess.run(["pdftotext", "-raw", at, "-"], capture_output=True, check=True)
        return run.stdout.decode()

    return read


def test_every_sheet_of_the_practice_world_says_so_first(approved: tuple[Room, Notice]) -> None:
    office, notice = approved
    for suffix in (".txt", "-form.txt", "-post.txt"):
        assert data_of(office, notice, suffix).decode().startswith("PRACTICE 演练")
    mail: Any = message_from_bytes(data_of(office, notice, ".eml"), policy=SMTP)
    assert mail["Subject"].startswith("PRACTICE 演练")
    assert mail["To"] == "tousu@yanlian.example"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["HF-2026-0001-L01.pdf"]
    with zipfile.ZipFile(BytesIO(data_of(office, notice, ".docx"))) as docx:
        whole = "".join(docx.read(name).decode() for name in docx.namelist() if "xml" in name)
    assert "演练" in whole


def test_the_files_are_handed_out_as_they_were_frozen(
    approved: tuple[Room, Notice], tmp_path: Path
) -> None:
    office, notice = approved
    out = tmp_path / "letters"
    written = notify.files(notice.id, out, store=office.at.store, vault=office.at.vault, job=Job())
    assert [at.name for at in written] == [file.name for file in notice.files]
    again = notify.files(notice.id, out, store=office.at.store, vault=office.at.vault, job=Job())
    assert again == written
    written[0].chmod(0o600)
    written[0].write_bytes(b"mine")
    with pytest.raises(Refused, match="file_in_the_way"):
        notify.files(notice.id, out, store=office.at.store, vault=office.at.vault, job=Job())


def test_the_full_number_comes_only_when_it_is_copied(approved: tuple[Room, Notice]) -> None:
    office, notice = approved

    def copied(field: str) -> str:
        return notify.full_value(notice.id, field, store=office.at.store, catalog=CATALOG)

    assert copied("id_number") == "33010619900101002X"
    assert copied("name") == "林某某"
    assert "19900101" not in "".join(entry.text for entry in notice.form)
    with pytest.raises(Refused, match="field_unknown"):
        copied("soul")


def test_a_number_that_was_changed_since_is_not_passed_off_as_the_approved_one(
    office: Room,
) -> None:
    notice = frozen(office)
    copied = notify.full_value(notice.id, "id_number", store=office.at.store, catalog=CATALOG)
    assert copied == WHO["id_number"]
    (party,) = office.at.store.all(Party)
    office.at.store.save(replace(party, id_number="440106199001010038"))
    with pytest.raises(Refused, match="notice_frozen"):
        notify.full_value(notice.id, "id_number", store=office.at.store, catalog=CATALOG)


def test_a_report_is_enclosed_and_one_too_large_is_named(office: Room) -> None:
    store, vault = office.at.store, office.at.vault
    small, big = vault.keep_bytes(b"%PDF small"), vault.keep_bytes(b"%PDF big")
    for kind, number, digest, size in (
        ("evidence-report", "R1", small, 10),
        ("evidence-list", "R2", big, notify.MAIL_LIMIT),
    ):
        store.save(
            Issued(
                id=number,
                case_id=office.case.id,
                number=f"HF-2026-0001-{number}",
                kind=kind,
                lang="zh",
                issued="2026-11-12T13:07:00.000Z",
                sha256=digest.sha256,
                size=size,
                media_type="application/pdf",
                path=f"documents/HF-2026-0001-{number}.pdf",
                checkpoint_size=3,
            )
        )
    notice = office.approve(office.draft(FACE))
    assert "网络侵权证据保全报告 HF-2026-0001-R1" in notice.text
    mail: Any = message_from_bytes(data_of(office, notice, ".eml"), policy=SMTP)
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == ["HF-2026-0001-L01.pdf", "HF-2026-0001-R1.pdf"]
    said = mail.get_body().get_content()
    assert "HF-2026-0001-R2.pdf" in said
    assert "身份证明（复印件" in said
    assert "E0001 的文件" not in said
    assert notice.by_hand == ("身份证明（复印件，加注“仅用于本次维权”）",)


def test_evidence_that_no_enclosed_report_shows_is_for_the_person_to_add(office: Room) -> None:
    notice = office.approve(office.draft(FACE))
    assert "2. 证据 E0001 的文件" in notice.text
    for suffix in ("-form.txt", "-post.txt"):
        assert "证据 E0001 的文件" in data_of(office, notice, suffix).decode()
    mail: Any = message_from_bytes(data_of(office, notice, ".eml"), policy=SMTP)
    assert "证据 E0001 的文件" in mail.get_body().get_content()


def test_a_letter_in_own_words_goes_out_in_those_words(
    office: Room, pdftotext: Callable[[bytes], str]
) -> None:
    notice = office.draft(FACE)
    words = "关于我的脸\n\n我是林某某（330106********002X）。证据 E0001 里涉嫌用了我的脸。\n删。"
    approved = office.approve(office.edit(notice, words))
    assert approved.text == words
    said = "".join(pdftotext(data_of(office, approved, ".pdf")).split())
    assert "涉嫌用了我的脸" in said
    assert "从未授权" not in said
    assert words in data_of(office, approved, ".txt").decode()
    (entry,) = [e for e in office.at.store.entries(office.case.id) if e.act == "notice.approved"]
    assert entry.facts["edited"] is True


INTIMATE = {
    **WHO,
    "intimate": "yes",
    "adult": "yes",
    "requester": "self",
    "depiction": "A picture",
    "statements": "nonconsensual",
    "signature": "typed",
}


def test_a_request_for_removal_takes_no_evidence_along_and_starts_the_48_hours(
    office: Room,
) -> None:
    who = {k: v for k, v in INTIMATE.items() if k not in ("id_number", "address")}
    bare = office.draft(who, regime="tida", lang="en")
    assert bare.exhibits == ()
    assert URL not in bare.text
    assert office.check(bare).unconfirmed == ("link",)
    with pytest.raises(Refused, match="notice_incomplete"):
        office.approve(bare)
    named = office.draft({"exhibits": "e0001"}, regime="tida", lang="en")
    assert named.exhibits == ("E0001",)
    assert URL in named.text
    assert office.check(named).concerns == ()
    approved = office.approve(named)
    mail: Any = message_from_bytes(data_of(office, approved, ".eml"), policy=SMTP)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["HF-2026-0001-L01.pdf"]
    assert approved.by_hand == ()
    assert approved.reply_by == ""
    office.at.clock.advance(hours=1)
    office.sent(approved)
    clocks = {f.term: (f.basis, f.due) for f in office.at.store.all(FollowUp)}
    assert clocks["removal"] == ("statutory", "2026-11-14")
    assert "reply" not in clocks
    office.answer(approved, "removed")
    assert all(f.done for f in office.at.store.all(FollowUp) if f.term == "removal")


# --- after it went out ---------------------------------------------------------------------------


def test_sending_is_recorded_with_its_receipt_and_starts_the_clocks(
    office: Room, tmp_path: Path
) -> None:
    notice = frozen(office)
    slip = tmp_path / "receipt.txt"
    slip.write_text("received", encoding="utf-8")
    submission = notify.sent(
        notice.id,
        "webform",
        "2026-11-12T14:30:00Z",
        slip,
        store=office.at.store,
        clock=office.at.clock,
        catalog=CATALOG,
        seal_receipt=office.receipt,
    )
    assert (submission.receipt, submission.sent) == ("E0002", "2026-11-12T14:30:00.000Z")
    assert office.at.store.get(Notice, notice.id).status == "sent"
    clocks = {f.term: f for f in office.at.store.all(FollowUp)}
    assert clocks["reply"].due == notice.reply_by
    assert clocks["reply"].basis == "requested"
    assert office.acts().count("followup.set") == len(clocks) == 6
    second = office.sent(notice, "paper")
    assert second.receipt == ""
    assert office.acts().count("notice.sent") == 2
    assert len(office.at.store.all(FollowUp)) == 6  # a second way starts no second clocks
    assert office.draft(FACE).exhibits == ("E0001",)  # a receipt is no evidence of the matter


def test_days_are_those_of_the_clocks_on_the_day_it_was_sent(
    office: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def summer_until_november(at: datetime | None = None) -> int:
        return -300 if at is None or at.month > 10 else -240

    notice = replace(frozen(office), approved="2026-10-31T00:00:00.000Z")
    office.at.store.save(notice)
    monkeypatch.setattr(office.at.clock, "offset_minutes", summer_until_november)
    office.sent(notice, when="2026-10-31T04:30:00Z")  # half past midnight where it was sent
    (first,) = [f for f in office.at.store.all(FollowUp) if f.term == "recheck_1"]
    assert first.due == "2026-11-01"


@pytest.mark.parametrize(
    ("channel", "when", "code"),
    [
        ("pigeon", "", "channel_unknown"),
        ("email", "yesterday", "time_unreadable"),
        ("email", "2027-01-01T00:00:00Z", "time_ahead"),
        ("email", "2026-11-12T13:58:00Z", "time_before"),
    ],
)
def test_an_impossible_sending_is_refused(office: Room, channel: str, when: str, code: str) -> None:
    notice = frozen(office)
    with pytest.raises(Refused) as caught:
        office.sent(notice, channel, when)
    assert caught.value.code == code
    assert office.at.store.all(Submission) == ()


def test_nothing_leaves_without_approval(office: Room, tmp_path: Path) -> None:
    notice = office.draft(FACE)
    with pytest.raises(Refused, match="notice_not_approved"):
        office.sent(notice)
    with pytest.raises(Refused, match="notice_not_approved"):
        notify.files(
            notice.id, tmp_path / "o", store=office.at.store, vault=office.at.vault, job=Job()
        )
    with pytest.raises(Refused, match="notice_not_sent"):
        office.answer(notice, "removed")


def test_an_answer_ends_the_wait_for_it_and_starts_its_own_clocks(
    office: Room, tmp_path: Path
) -> None:
    notice = frozen(office)
    office.sent(notice)
    office.at.clock.advance(days=2)
    came = office.answer(notice, "counter_statement")
    assert came.note == "他们说\\u{202E}已处理"
    clocks = {f.term: f for f in office.at.store.all(FollowUp)}
    assert clocks["reply"].done
    assert clocks["counter_reminder"].basis == "product"  # the law says "reasonable", no number
    assert clocks["recheck_30"].done == ""
    slip = tmp_path / "letter.txt"
    slip.write_text("more please", encoding="utf-8")
    asked = notify.answer(
        notice.id,
        "more_asked",
        "",
        "",
        slip,
        "2026-11-20",
        store=office.at.store,
        clock=office.at.clock,
        catalog=CATALOG,
        seal_receipt=office.receipt,
    )
    assert asked.exhibit == "E0002"
    named = [f for f in office.at.store.all(FollowUp) if f.term == "platform_asked"]
    assert [(f.due, f.basis) for f in named] == [("2026-11-20", "platform")]
    assert office.acts().count("answer.received") == 2
    office.answer(notice, "removed")
    over = [f for f in office.at.store.all(FollowUp) if f.term == "platform_asked"]
    assert [bool(f.done) for f in over] == [True]  # what they asked for by that day is past


@pytest.mark.parametrize(
    ("kind", "when", "by", "code"),
    [
        ("silence", "", "", "answer_kind_unknown"),
        ("removed", "2026-11-12T14:00:00Z", "", "time_before"),
        ("more_asked", "", "soon", "answer_not_a_date"),
    ],
)
def test_an_impossible_answer_is_refused(
    office: Room, kind: str, when: str, by: str, code: str
) -> None:
    notice = frozen(office)
    office.sent(notice)
    with pytest.raises(Refused) as caught:
        office.answer(notice, kind, when, by)
    assert caught.value.code == code
    assert office.at.store.all(PlatformAnswer) == ()


# --- what is due ---------------------------------------------------------------------------------


def test_what_is_due_over_all_cases_earliest_first(office: Room) -> None:
    notice = frozen(office)
    office.sent(notice)
    world: dict[str, Any] = {"store": office.at.store, "clock": office.at.clock}
    assert [d.follow_up.term for d in follow_up.due(3, **world)] == ["recheck_1", "recheck_3"]
    office.at.clock.advance(days=2)
    late, soon = follow_up.due(1, **world)
    assert (late.standing, late.days_left) == ("overdue", -1)
    assert (soon.standing, soon.case.id, soon.notice.id) == ("soon", office.case.id, notice.id)
    ticked = follow_up.done(late.follow_up.id, **world)
    lines = len(office.acts())
    assert follow_up.done(ticked.id, **world) == ticked
    assert len(office.acts()) == lines
    assert [d.follow_up.term for d in follow_up.due(1, **world)] == ["recheck_3"]
    with pytest.raises(Refused, match="days_negative"):
        follow_up.due(-1, **world)
    cases.close_case(office.case.id, store=office.at.store, clock=office.at.clock)
    assert follow_up.due(90, **world) == ()


# --- discarding, and whom the list does not know --------------------------------------------------


def discard(office: Room, notice: Notice) -> Notice:
    return notify.discard(notice.id, store=office.at.store)


def test_a_draft_can_be_discarded_and_nothing_on_record_changes(office: Room) -> None:
    first = office.draft(FACE)
    before = office.at.store.entries(office.case.id)
    discard(office, first)
    after = office.at.store.entries(office.case.id)
    assert after[:-1] == before
    assert (after[-1].act, after[-1].subject, after[-1].facts) == (
        "notice.discarded",
        first.document,
        {},
    )
    assert office.at.store.all(Notice, office.case.id) == ()
    for late in (office.check, office.approve, lambda n: discard(office, n)):
        with pytest.raises(Refused, match="not_found"):
            late(first)
    assert office.draft(FACE).number == "L02", "a number that is on record is not given again"


def test_what_is_approved_or_closed_is_not_discarded(office: Room) -> None:
    approved = office.approve(office.draft(FACE))
    with pytest.raises(Refused, match="notice_frozen"):
        discard(office, approved)
    drafted = office.draft(FACE)
    cases.close_case(office.case.id, store=office.at.store, clock=office.at.clock)
    with pytest.raises(Refused, match="case_closed"):
        discard(office, drafted)
    assert "notice.discarded" not in office.acts()


@pytest.fixture
def real(office: Room) -> Room:
    """A case of the real world with one exhibit, in the same office."""
    office.case = office.at.store.open_case("何某", "real")
    office.keep("https://drama.example.org/1")
    return office


OTHER = {"platform": "other"}
MY_WORK = {
    "used": "work",
    "owner": "yes",
    "copied": "yes",
    "work": "My photograph",
    "fair_use": "It is copied whole",
    "statements": "good_faith,accurate,authority",
    "signature": "typed",
}
THEIRS = {"platform_name": "短剧乐园", "operator": "某某（北京）科技有限公司"}


def test_a_platform_that_is_not_on_the_list_is_named_by_the_person(real: Room) -> None:
    notice = real.draft(FACE, **OTHER)
    for open_ in ("平台名称", "《用户协议》", "投诉入口"):
        assert open_ in notice.text
    assert {"platform_name", "operator", "channel"} <= set(real.check(notice).unconfirmed)
    with pytest.raises(Refused, match="notice_unconfirmed"):
        real.approve(notice)
    named = notify.revise(
        notice.id,
        {**THEIRS, "channel": "短剧乐园 App 内“举报”", "platform_email": "ts@drama.example.org"},
        **real.world(),
        renderer=real.writer,
        job=Job(),
    )
    assert (named.id, "待确认" in named.text) == (notice.id, False)
    assert "短剧乐园的运营主体 某某（北京）科技有限公司" in named.text
    assert named.entered == ("platform_name", "platform_email", "operator", "channel")
    codes = [concern.code for concern in real.check(named).concerns]
    assert "addressee_entered" in codes
    assert "platform_stale" not in codes
    sent = real.approve(named)
    assert b"To: ts@drama.example.org" in data_of(real, sent, ".eml")
    assert "短剧乐园" in data_of(real, sent, "-post.txt").decode()
    (entry,) = [e for e in real.at.store.entries(real.case.id) if e.act == "notice.approved"]
    assert entry.facts["entered"] == list(named.entered)
    assert "短剧乐园" not in b"".join(e.body for e in real.at.store.entries(real.case.id)).decode()


def test_each_platform_that_is_not_on_the_list_has_its_own_letter(real: Room) -> None:
    first = real.draft(FACE, **OTHER)
    assert real.draft({**FACE, "platform_name": "甲"}, **OTHER).id == first.id
    second = real.draft({**FACE, "platform_name": "乙"}, **OTHER)
    assert second.id != first.id
    assert real.draft({"platform_name": "甲", "agreed": "yes"}, **OTHER).id == first.id
    # Of one on the list the name is not the person's to say.
    weibo = real.draft({**FACE, "platform_name": "丙"}, platform="weibo")
    assert "微博" in weibo.text
    assert "丙" not in weibo.text


def test_a_law_that_asks_for_an_agent_waits_for_nothing_that_is_never_asked(real: Room) -> None:
    who = {name: told for name, told in WHO.items() if name != "id_number"}
    answers = {**who, **MY_WORK, "agent": "Copyright Agent, X Corp."}
    for platform, more in (("x", {}), ("tiktok", {}), ("other", {"platform_name": "Drama"})):
        notice = real.draft({**answers, **more}, regime="dmca-512c3", platform=platform, lang="en")
        assert real.check(notice).unconfirmed == (), platform
