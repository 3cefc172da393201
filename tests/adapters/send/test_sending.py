"""Ways of sending: prepared, never sent; hostile text stays text in every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

import pytest

from fakes.letters import CATALOG
from holdfast.adapters.send.email import Email
from holdfast.adapters.send.paper import Paper
from holdfast.adapters.send.webform import WebForm
from holdfast.core.notice import FormEntry, Notice, Parcel
from holdfast.ports import SendingWay

HOSTILE = "=cmd|'/c calc'!A1 {{title}} <img src=x> \r\nBcc: evil@else.example \u202e\x1b[31m 林"

NOTICE = Notice(
    id="0198f2c4-0000-7000-8000-000000000000",
    case_id="case",
    number="L01",
    document="HF-2026-0001-L01",
    regime="civil-1195",
    platform="practice",
    lang="zh",
    answers={},
    text="正文",
    form=(
        FormEntry(id="name", label="权利人姓名", text="林某某", limit=30),
        FormEntry(
            id="statement", label="侵权说明", text="第一行\n2. 假标签", limit=10, shortened=True
        ),
        FormEntry(id="id_number", label="证件号码", text="330106********002X", secret=True),
        FormEntry(id="identity", label="身份证明", text=""),
    ),
    drafted="2026-11-21T03:00:00.000Z",
)


def parcel(notice: Notice = NOTICE, platform: str = "practice", **changes: object) -> Parcel:
    words = CATALOG.words(notice.lang).words
    made = Parcel(
        notice=notice,
        platform=CATALOG.platform(platform),
        subject="关于涉嫌侵害人格权益的通知 HF-2026-0001-L01",
        cover="演练短剧平台：\n\n现提交通知书。",
        sender_name="林某某",
        sender_email="lin@practice.example",
        issued="2026-11-21T03:05:00.000Z",
        attachments=(
            ("HF-2026-0001-L01.pdf", "application/pdf", b"%PDF-1.7 letter"),
            ("HF-2026-0001-R1.pdf", "application/pdf", b"%PDF-1.7 report"),
        ),
        words={k.removeprefix("sheet."): v for k, v in words.items() if k.startswith("sheet.")},
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def mail(one: Parcel) -> EmailMessage:
    (sheet,) = Email().prepare(one)
    assert sheet.suffix == ".eml"
    return cast("EmailMessage", message_from_bytes(sheet.data, policy=SMTP))


def text(way: SendingWay, one: Parcel) -> str:
    (sheet,) = way.prepare(one)
    return sheet.data.decode()


@pytest.mark.parametrize("way", [Email(), WebForm(), Paper()])
def test_the_same_parcel_gives_the_same_bytes(way: SendingWay) -> None:
    assert way.prepare(parcel()) == way.prepare(parcel())
    assert way.id in {"email", "webform", "paper"}


# --- mail ----------------------------------------------------------------------------------------


def test_a_mail_draft_is_unsent_addressed_dated_and_carries_its_annexes() -> None:
    draft = mail(parcel())
    assert draft["X-Unsent"] == "1"
    assert draft["To"] == "tousu@yanlian.example"
    assert str(draft["From"]) == "林某某 <lin@practice.example>"
    assert draft["Subject"] == "关于涉嫌侵害人格权益的通知 HF-2026-0001-L01"
    assert draft["Date"].datetime.isoformat() == "2026-11-21T03:05:00+00:00"
    assert draft["Message-ID"].startswith("<0198f2c4")
    enclosed = {part.get_filename(): part.get_content() for part in draft.iter_attachments()}
    assert enclosed == {
        "HF-2026-0001-L01.pdf": b"%PDF-1.7 letter",
        "HF-2026-0001-R1.pdf": b"%PDF-1.7 report",
    }
    body = draft.get_body()
    assert body is not None
    said = body.get_content()
    assert "现提交通知书" in said
    assert "HF-2026-0001-R1.pdf" in said


def test_other_annexes_change_the_boundary_and_nothing_is_left_to_chance() -> None:
    (one,) = Email().prepare(parcel())
    (other,) = Email().prepare(parcel(attachments=(("a.pdf", "application/pdf", b"other"),)))
    assert one.data != other.data
    assert b"\r\n" in one.data
    assert b"\n" not in one.data.replace(b"\r\n", b"")  # as RFC 5322 writes lines


def test_a_platform_without_a_known_address_gets_no_addressee() -> None:
    draft = mail(parcel(platform="hongguo"))
    assert draft["To"] is None
    assert mail(parcel(sender_email=""))["From"] is None


def test_annexes_too_large_for_a_mail_are_named() -> None:
    body = mail(parcel(left_out=("HF-2026-0001-R1.pdf",))).get_body()
    assert body is not None
    assert "未随本邮件发出" in body.get_content()


@pytest.mark.parametrize("field", ["subject", "sender_name", "attachment"])
def test_no_header_can_be_injected(field: str) -> None:
    changes: Mapping[str, object] = {
        "subject": {"subject": HOSTILE},
        "sender_name": {"sender_name": HOSTILE},
        "attachment": {"attachments": ((HOSTILE, "application/pdf", b"x"),)},
    }[field]
    draft = mail(parcel(**changes))
    assert draft["Bcc"] is None
    assert set(draft.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "X-Unsent", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert draft["X-Unsent"] == "1"
    headers = bytes(draft).split(b"\r\n\r\n", 1)[0]
    assert b"\x1b" not in headers
    assert "\u202e" not in headers.decode()


def test_an_address_that_is_none_is_refused_rather_than_written() -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        Email().prepare(parcel(sender_email="a@b.example\r\nBcc: c@d.example"))


# --- form ----------------------------------------------------------------------------------------


def test_the_form_sheet_keeps_the_platforms_order_with_counts() -> None:
    sheet = text(WebForm(), parcel())
    assert sheet.index("1. 权利人姓名") < sheet.index("2. 侵权说明") < sheet.index("4. 身份证明")
    assert "[3 / 30 字]" in sheet
    assert "[10 / 10 字]" in sheet
    assert "为字数限制缩写" in sheet
    assert "[18 字 · 字数限制未核实]" in sheet
    assert "此处遮盖" in sheet
    assert "上传材料或者由你勾选" in sheet


def test_text_cannot_pass_for_a_label() -> None:
    lines = text(WebForm(), parcel()).split("\n")
    assert "     2. 假标签" in lines
    assert "2. 假标签" not in lines


def test_hostile_text_on_the_sheets_is_visible_text() -> None:
    entry = FormEntry(id="name", label=HOSTILE, text=HOSTILE, limit=500)
    sheet = text(WebForm(), parcel(replace(NOTICE, form=(entry,))))
    assert "{{title}} <img src=x>" in sheet
    assert "\u202e" not in sheet
    assert "\x1b" not in sheet
    posting = text(Paper(), parcel(attachments=((HOSTILE, "application/pdf", b""),)))
    assert "\x1b" not in posting
    assert "Bcc: evil" in posting
    assert not any(line.startswith("Bcc") for line in posting.split("\n"))


def test_a_platform_without_a_form_gets_no_sheet() -> None:
    assert WebForm().prepare(parcel(replace(NOTICE, form=()))) == ()


# --- paper ---------------------------------------------------------------------------------------


def test_the_posting_list_names_sheets_and_steps_and_invents_no_address() -> None:
    sheet = text(Paper(), parcel(left_out=("big.pdf",)))
    for name in ("HF-2026-0001-L01.pdf", "HF-2026-0001-R1.pdf", "big.pdf"):
        assert f"[ ] {name}" in sheet
    assert "收件人：演练短剧平台 演练短剧平台运营方（演练）" in sheet
    assert "这里没有替你填写" in sheet
    assert sheet.count("[ ]") == 7
    assert "身份证明" not in sheet  # the letter names none, so none is asked for


@pytest.mark.parametrize("way", [Email(), WebForm(), Paper()])
def test_what_the_letter_names_and_no_file_holds_is_left_to_the_person(way: SendingWay) -> None:
    added = ("身份证明（复印件）", "证据 E0001 的文件")
    one = parcel(replace(NOTICE, by_hand=added))
    body = mail(one).get_body()
    sheet = body.get_content() if isinstance(way, Email) and body else text(way, one)
    for what in added:
        assert what in sheet
    hostile = parcel(replace(NOTICE, by_hand=(HOSTILE,)))
    assert "\x1b" not in way.prepare(hostile)[0].data.decode()
    if isinstance(way, Email):
        assert "发送前请自行添加" in sheet
        assert "添加" not in str(mail(parcel()).get_body())


def test_the_operator_that_the_person_named_counts() -> None:
    named = replace(NOTICE, answers={"operator": "某公司"})
    assert "红果免费短剧 某公司" in text(Paper(), parcel(named, platform="hongguo"))
    bare = text(Paper(), parcel(replace(NOTICE, lang="en"), platform="hongguo"))
    assert "To: Hongguo\n" in bare
