"""Real clicks through the flows of the window."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from fakes.holdfast import HOSTILE, VERDICTS, FakeHoldfast
from holdfast.core.canonical import Json
from holdfast.core.errors import Refused, Tampered, Unavailable
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job
from holdfast.core.pace import Pace
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.ui.agenda import NextItem
from holdfast.ui.pages.trouble import TroublePage, Woe
from holdfast.ui.rows import ROW
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def click(qtbot: QtBot, window: MainWindow, widget: object) -> None:
    qtbot.mouseClick(widget, LEFT)
    settle(qtbot, window)


def called(fake: FakeHoldfast, verb: str) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == verb]


def ids(fake: FakeHoldfast) -> dict[str, str]:
    return {case.title[:1]: case.id for case in fake.cases()}


# --- Today, keeping, the receipt -----------------------------------------------------------------


def test_a_link_is_kept_with_one_paste_and_one_key(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    today = window.page("today")
    assert today.question.isVisible()
    QGuiApplication.clipboard().setText("  https://example.test/v/12 \n")
    assert QApplication.focusWidget() is today.field
    QTest.keyClick(today.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(today.field, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert called(fake, "keep") == [("keep", "https://example.test/v/12", "")]
    receipt = window.here
    assert type(receipt).__name__ == "ReceiptPage"
    assert receipt.safe.text() == "现在可以关闭了，它是安全的。"
    assert "已封存" in receipt.stamps.text()
    assert called(fake, "stamp")
    assert QApplication.focusWidget() is receipt.doors[0]


def test_several_links_go_into_one_case_each_once(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    today = window.page("today")
    high = today.field.height()
    QGuiApplication.clipboard().setText("https://a.test/1\n\nhttps://a.test/2\nhttps://a.test/1\n")
    QTest.keyClick(today.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert today.field.height() > high
    click(qtbot, window, today.keep_button)
    links = called(fake, "keep")
    assert [link for _, link, _ in links] == ["https://a.test/1", "https://a.test/2"]
    assert len(fake.files) == 1
    assert links[1][2] == fake.cases()[0].id


def test_an_empty_field_is_told_what_is_missing(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    today = window.page("today")
    assert today.keep_button.isEnabled()
    click(qtbot, window, today.keep_button)
    assert today.missing.isVisible()
    assert QApplication.focusWidget() is today.field
    QTest.keyClicks(today.field, "h")
    assert not today.missing.isVisible()
    assert not called(fake, "keep")


def test_keeping_shows_four_stages_and_can_go_on_behind(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    fake.hold = threading.Event()
    window.keep(["https://example.test/v"])
    assert fake.held.wait(60)
    keeping = window.here
    qtbot.waitUntil(lambda: keeping.stages[1].bar.isVisible())
    assert [stage.glyph.name for stage in keeping.stages] == ["check", "pending", "ring", "ring"]
    assert keeping.stages[1].amount.text() == "2 / 6"
    assert keeping.stages[1].bar.percent == 33
    assert window.strip.running.isVisible()
    assert "正在保存" in window.strip.running.text()
    qtbot.mouseClick(keeping.go_on, LEFT)
    assert type(window.here).__name__ == "TodayPage"
    qtbot.mouseClick(window.strip.running, LEFT)
    assert window.here is keeping
    qtbot.mouseClick(keeping.go_on, LEFT)
    fake.hold.set()
    settle(qtbot, window)
    # It ended behind: the person is where they were, and the strip says so.
    assert type(window.here).__name__ == "TodayPage"
    assert window.strip.note.text() == "已封存 1 件"
    assert not window.strip.running.isVisible()


def test_cancelling_keeps_the_person_on_today(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    fake.hold = threading.Event()
    window.keep(["https://example.test/v"])
    assert fake.held.wait(60)
    keeping = window.here
    qtbot.mouseClick(keeping.cancel, LEFT)
    assert not keeping.cancel.isEnabled()
    fake.hold.set()
    settle(qtbot, window)
    assert type(window.here).__name__ == "TodayPage"


def test_a_page_that_something_lay_over_can_be_kept_with_it_closed(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fake.manifest

    def manifest(exhibit: Exhibit) -> Mapping[str, Json]:
        lying = {"check": "covered", "outcome": "warn", "detail": "30 %: Cookie"}
        return {**real(exhibit), "completeness": [lying]}

    window = open_(fake)
    window.keep(["https://example.test/v"])
    settle(qtbot, window)
    assert not window.here.closed.isVisible()
    monkeypatch.setattr(fake, "manifest", manifest)
    window.desk.changed.emit()
    settle(qtbot, window)
    assert window.here.closed.text().strip() == "关掉提示，再保存一次"
    case = fake.cases()[0].id
    link = fake.files[case].exhibits[0].url
    qtbot.mouseClick(window.here.closed, LEFT)
    settle(qtbot, window)
    assert ("keep", link, case, "page", "closed") in fake.calls
    assert len(fake.files[case].exhibits) == 2


def test_a_time_stamp_that_arrives_changes_the_receipt_in_place(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    window.keep(["https://example.test/v"])
    settle(qtbot, window)
    receipt = window.here
    case = fake.cases()[0].id
    assert receipt.stamps.text() == "已封存，时间戳待发送"
    fake.stamp_on(case, fake.files[case].exhibits[0], "pending")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert receipt.stamps.text() == "已封存，时间戳确认中"
    assert receipt.stamps.property("tone") == "pending"
    fake.stamp_on(case, fake.files[case].exhibits[0], "confirmed")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert receipt.stamps.text().startswith("可信时间戳已确认（不晚于 ")
    assert receipt.stamps.property("tone") == "confirmed"


@pytest.mark.parametrize(
    ("door", "page"),
    [(0, "LetterPage"), (1, "TodayPage"), (2, "CasePage"), (3, "HelpPage")],
)
def test_each_door_leads_where_it_says(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, door: int, page: str
) -> None:
    window = open_(full)
    window.go("receipt", ids(full)["何"])
    settle(qtbot, window)
    click(qtbot, window, window.here.doors[door])
    assert type(window.here).__name__ == page


def test_files_by_button_and_by_dropping(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "照片.jpg"
    file.write_bytes(b"x")
    window = open_(fake)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file)], ""))
    click(qtbot, window, window.page("today").ways[3])
    assert called(fake, "keep_files") == [("keep_files", (file,), "")]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)), QUrl("https://example.test/")])
    window.go("settings", None)
    enter = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    )
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    assert window.frame.isVisible()
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(drop)
    settle(qtbot, window)
    assert not window.frame.isVisible()
    assert len(called(fake, "keep_files")) == 2
    text = QMimeData()
    text.setText("https://example.test/dropped")
    window.dropEvent(
        QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, text, LEFT, Qt.KeyboardModifier.NoModifier
        )
    )
    settle(qtbot, window)
    assert window.page("today").field.links() == ("https://example.test/dropped",)


def test_next_lists_what_waits_and_each_button_leads_there(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    today = window.page("today")
    rows = [one for one in today.model.rows if isinstance(one, NextItem)]
    assert [one.section for one in rows] == ["decide"] * 4 + ["near"] + ["wait"]
    assert not today.question.isVisible()
    seen = {}
    for at, one in enumerate(today.model.rows):
        again = "next.failed.title"  # keeps, and so changes this very list
        if isinstance(one, NextItem) and one.action and one.title.key != again:
            index = today.model.index(at)
            where = today.list._delegate.button(today.list.visualRect(index), one).center()
            QTest.mouseClick(today.list.viewport(), LEFT, pos=where)
            settle(qtbot, window)
            seen[one.title.key] = type(window.here).__name__
            window.go("today", "")
            settle(qtbot, window)
    assert seen == {
        "next.draft.title": "LetterPage",
        "next.cut.title": "CasePage",
        "next.kept.title": "ReceiptPage",
        "followup.reply": "AnswerPage",
        "next.stamps.title": "TodayPage",
    }
    assert len(called(full, "stamp")) >= 1
    # By keyboard too.
    today.list.setCurrentIndex(today.model.index(1))
    today.list.setFocus()
    QTest.keyClick(today.list, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert type(window.here).__name__ == "LetterPage"


def test_a_record_that_was_set_back_is_said_first_and_verified(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    """Only who verified the case was told, and who did not went on in the older copy."""
    he = ids(full)["何"]
    full.behind.add(he)
    window = open_(full)
    today = window.page("today")
    at, item = next(
        (at, one)
        for at, one in enumerate(today.model.rows)
        if isinstance(one, NextItem) and one.title.key == "next.back.title"
    )
    assert full.files[he].case.number in item.title.say(window.desk)
    today.list.setCurrentIndex(today.model.index(at))
    today.list.setFocus()
    QTest.keyClick(today.list, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert type(window.here).__name__ == "VerifyPage"
    assert called(full, "verify")[0][1] == (he,)


def test_what_failed_is_tried_again_in_its_own_case(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    today = window.page("today")
    at = next(
        at
        for at, one in enumerate(today.model.rows)
        if isinstance(one, NextItem) and one.title.key == "next.failed.title"
    )
    today.list.setCurrentIndex(today.model.index(at))
    today.list.setFocus()
    QTest.keyClick(today.list, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert called(full, "keep") == [("keep", "https://example.test/v/13", ids(full)["何"])]
    assert type(window.here).__name__ == "ReceiptPage"


def test_what_is_settled_and_what_is_old_news_is_not_listed(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    he = ids(full)["何"]

    def told() -> set[str]:
        window.desk.changed.emit()
        settle(qtbot, window)
        return {one.title.key for one in window.desk.agenda.items}

    assert {"next.failed.title", "next.cut.title"} <= told()
    failed, cut = full.files[he].attempts
    old = replace(cut, at="2026-11-01T00:00:00.000Z")
    full.put(he, attempts=(replace(failed, later="E0001"), old))
    assert not {"next.failed.title", "next.cut.title"} & told()


def test_a_reminder_to_look_again_keeps_the_link_again_and_is_done(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    running = full.files[case].followups[0]
    full.put(case, followups=(replace(running, term="recheck_1", due="2026-11-18"),))
    window.desk.changed.emit()
    settle(qtbot, window)
    items = [one for one in window.desk.agenda.items if one.section == "near"]
    assert items[0].line.key == "next.due.today"
    window.go(items[0].place, items[0].what)
    settle(qtbot, window)
    assert called(full, "keep") == [("keep", "https://duanju.practice.example/v/taohuadu/12", case)]
    assert called(full, "followup_done") == [("followup_done", running.id)]
    assert type(window.here).__name__ == "ReceiptPage"
    full.put(case, exhibits=())
    window.go("recheck", (case, running.id))
    settle(qtbot, window)
    assert type(window.here).__name__ == "CasePage"


def test_a_date_that_only_the_person_knows_to_be_over_is_ticked_off_when_they_say_so(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    running = full.files[case].followups[0]
    full.put(case, followups=(replace(running, term="put_back", due="2026-11-18"),))
    window.desk.changed.emit()
    settle(qtbot, window)
    (item,) = [one for one in window.desk.agenda.items if one.title.key == "followup.put_back"]
    for yes, done in ((False, []), (True, [("followup_done", running.id)])):
        monkeypatch.setattr("holdfast.ui.ask.ask", lambda *_, **__: yes)  # noqa: B023  called at once
        window.go(item.place, item.what)
        settle(qtbot, window)
        assert called(full, "followup_done") == done


def test_practising_opens_the_rehearsal_under_its_band_in_grey(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    click(qtbot, window, window.page("today").practise_button)
    assert called(fake, "practise") == [("practise", "zh")]
    case = window.here
    assert type(case).__name__ == "CasePage"
    assert window.band.isVisible()
    assert case.detail.chip.label.text().startswith("演练：可信时间戳已确认")
    assert case.detail.chip.label.property("tone") == "secondary"
    assert case.detail.chip.glyph.name == "confirmed"
    click(qtbot, window, window.band.end)
    assert not window.band.isVisible()


# --- screenshots ---------------------------------------------------------------------------------


def test_a_monitor_is_chosen_and_the_window_steps_aside(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    click(qtbot, window, window.page("today").ways[0])
    shot = window.here
    assert shot.monitors.count() == 2
    qtbot.mouseClick(shot.monitors.itemAt(1).widget(), LEFT)
    assert not window.isVisible()
    qtbot.waitUntil(lambda: bool(called(fake, "shot")))
    settle(qtbot, window)
    assert called(fake, "shot") == [("shot", "", 2, None)]
    qtbot.waitUntil(window.isVisible)
    assert type(window.here).__name__ == "ReceiptPage"


def test_a_region_is_drawn_by_mouse_and_by_keys(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    window.go("shot", "")
    settle(qtbot, window)
    qtbot.mouseClick(window.here.region, LEFT)
    qtbot.waitUntil(lambda: bool(window._pickers))
    picker = window._pickers[0]
    QTest.mousePress(picker, LEFT, pos=QPoint(10, 20))
    QTest.mouseMove(picker, QPoint(110, 70))
    QTest.mouseRelease(picker, LEFT, pos=QPoint(110, 70))
    qtbot.waitUntil(lambda: bool(called(fake, "shot")))
    settle(qtbot, window)
    _, _, monitor, (x, y, wide, high) = called(fake, "shot")[0]
    assert monitor is None
    assert (x, y) == (10, 20)
    assert (wide, high) in ((101, 51), (100, 50))
    # With the keyboard: moved, made larger, taken; and Esc changes nothing.
    window.go("shot", "")
    qtbot.mouseClick(window.here.region, LEFT)
    qtbot.waitUntil(lambda: bool(window._pickers))
    picker = window._pickers[0]
    before = picker.part.topLeft(), picker.part.width()
    QTest.keyClick(picker, Qt.Key.Key_Left)
    QTest.keyClick(picker, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert (picker.part.topLeft() + QPoint(20, 0), picker.part.width() - 20) == before
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert len(called(fake, "shot")) == 1


# --- a case --------------------------------------------------------------------------------------


def test_the_timeline_leads_and_the_detail_follows(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("case", (ids(full)["许"], "E0001"))
    settle(qtbot, window)
    case = window.here
    assert case.detail.tag.text() == "E0001"
    assert case.detail.chip.label.text().startswith("可信时间戳已确认（不晚于")
    exhibit = full.files[ids(full)["许"]].exhibits[0]
    row = case.detail.findChildren(
        type(case.detail.copy) if hasattr(case.detail, "copy") else QLabel
    )
    assert row
    from holdfast.ui.parts import HashLabel

    first = case.detail.findChild(HashLabel)
    digest = exhibit.artifacts[0].digest
    assert first.sha256.text().replace("\n", " ") == " ".join(
        digest.sha256[i : i + 8] for i in range(0, 64, 8)
    )
    assert first.sm3.text().replace("\n", " ").replace(" ", "") == digest.sm3
    qtbot.mouseClick(first.copy, LEFT)
    assert QGuiApplication.clipboard().text() == digest.sha256
    first.sha256.setSelection(0, 17)
    QTest.keyClick(first.sha256, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == digest.sha256[:16]
    case.list.setFocus()
    QTest.keyClick(case.list, Qt.Key.Key_Up)
    settle(qtbot, window)
    assert case.detail.tag.text() == "E0002"
    assert "登录后观看" in case.detail.origin.findChildren(QLabel)[-1].text() or any(
        "登录后观看" in label.text() for label in case.detail.origin.findChildren(QLabel)
    )


def test_a_picture_is_blurred_until_asked_for_and_again_when_left(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("case", (ids(full)["许"], "E0001"))
    settle(qtbot, window)
    thumb = window.here.detail.thumb
    assert thumb.button.isVisible()
    assert not thumb.shown
    soft = thumb.picture.copy()
    qtbot.mouseClick(thumb.button, LEFT)
    assert thumb.shown
    assert thumb.picture != soft
    window.go("today", "")
    assert not thumb.shown
    assert thumb.picture == soft


def test_words_and_purpose_are_written_in_the_table(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("case", (ids(full)["林"], "evidence"))
    settle(qtbot, window)
    tab = window.here.evidence
    assert [tab.chips[n].text() for n in ("all", "nopurpose")] == ["全部 3", "没写证明目的 2"]
    index = tab.proxy.index(1, 3)
    tab.table.setCurrentIndex(index)
    tab.table.edit(index)
    editor = QApplication.focusWidget()
    QTest.keyClicks(editor, "shows the face")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert called(full, "describe") == [
        ("describe", ids(full)["林"], "E0002", None, "shows the face")
    ]
    assert tab.chips["nopurpose"].text() == "没写证明目的 1"
    qtbot.mouseClick(tab.chips["nopurpose"], LEFT)
    assert tab.proxy.rowCount() == 1
    qtbot.mouseClick(tab.chips["all"], LEFT)
    tab.search.setText("shows face")
    qtbot.waitUntil(lambda: tab.proxy.rowCount() == 1)
    tab.search.clear()
    qtbot.waitUntil(lambda: tab.proxy.rowCount() == 3)
    # Enter opens the row; a copied row is a row of a table.
    tab.table.selectRow(0)
    tab.table.setCurrentIndex(tab.proxy.index(0, 0))
    tab.table.setFocus()
    QTest.keyClick(tab.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\t")[0] == "E0001"
    QTest.keyClick(tab.table, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert window.here.detail.tag.text() == "E0001"


def test_withdrawing_asks_and_the_safe_answer_is_the_default(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    window.go("case", (ids(full)["许"], "E0001"))
    settle(qtbot, window)
    seen: list[QMessageBox] = []

    def answer(yes: bool) -> None:
        def exec_(box: QMessageBox) -> int:
            seen.append(box)
            wanted = box.buttons()[0] if yes else box.defaultButton()
            wanted.click()
            return 0

        monkeypatch.setattr(QMessageBox, "exec", exec_)

    answer(yes=False)
    click(qtbot, window, window.here.detail.withdraw)
    assert seen[0].textFormat() == Qt.TextFormat.PlainText
    assert not called(full, "withdraw")
    answer(yes=True)
    click(qtbot, window, window.here.detail.withdraw)
    assert called(full, "withdraw") == [("withdraw", ids(full)["许"], "E0001")]


def test_documents_are_issued_in_the_chosen_language_and_opened(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Path] = []
    for module in ("holdfast.ui.save", "holdfast.ui.pages.case_tabs"):
        monkeypatch.setattr(f"{module}.open_outside", opened.append)
    window = open_(full)
    case = ids(full)["林"]
    window.go("case", (case, "documents"))
    settle(qtbot, window)
    tab = window.here.documents
    tab.lang["evidence-report"].setCurrentIndex(1)
    click(qtbot, window, tab.issue["evidence-report"])
    assert called(full, "document") == [("document", "evidence-report", case, "en", None)]
    assert opened
    assert opened[0].suffix == ".pdf"
    assert len(full.files[case].documents) == 1
    target = tmp_path / "pack.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, window.here.documents.export)
    assert called(full, "export") == [("export", case, target)]
    assert window.strip.note.text() == "已存为 pack.zip"


def test_personal_details_are_saved_with_the_party(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("case", (ids(full)["何"], "people"))
    settle(qtbot, window)
    people = window.here.people
    QTest.keyClicks(people.fields["name"], "He")
    click(qtbot, window, people.save)
    party = full.files[ids(full)["何"]].parties[0]
    assert (party.role, party.name) == ("claimant", "He")
    assert (
        people.fields["id_number"].echoMode()
        == people.fields["id_number"].EchoMode.PasswordEchoOnEdit
    )


def test_more_evidence_can_be_added_to_a_case(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = ids(full)["何"]
    window.go("case", (case, ""))
    settle(qtbot, window)
    qtbot.mouseClick(window.here.more, LEFT)
    ways = {one.text(): one for one in window.here.menu.actions() if one.text()}
    links, shot, recorded = ways["链接"], ways["截图"], ways["录屏"]
    assert "检查取证环境" in ways
    monkeypatch.setattr(
        QInputDialog, "getMultiLineText", lambda *a, **k: ("https://a.test/1\n", True)
    )
    links.trigger()
    settle(qtbot, window)
    assert called(full, "keep") == [("keep", "https://a.test/1", case)]
    window.here.menu.hide() if hasattr(window.here, "menu") else None
    shot.trigger()
    settle(qtbot, window)
    assert window._shot_case == case
    recorded.trigger()
    settle(qtbot, window)
    assert window._record_case == case


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [((" 新的名称 ", True), True), (("新的名称", False), False), (("  ", True), False)],
)
def test_a_case_is_renamed_from_its_page(
    qtbot: QtBot,
    full: FakeHoldfast,
    open_: Open,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[str, bool],
    wanted: bool,
) -> None:
    window = open_(full)
    case = ids(full)["何"]
    window.go("case", (case, ""))
    settle(qtbot, window)
    before = window.here.title.text()
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: answer)
    qtbot.mouseClick(window.here.more, LEFT)
    ways = {one.text(): one for one in window.here.menu.actions()}
    ways["给这个案件改名…"].trigger()
    window.here.menu.hide()
    settle(qtbot, window)
    assert bool(called(full, "rename_case")) is wanted
    assert window.here.title.text() == ("新的名称" if wanted else before)


def test_the_table_of_cases_filters_searches_sorts_and_opens(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("cases", "")
    settle(qtbot, window)
    cases = window.here
    first = cases.proxy.index(0, 1).data()
    assert first.startswith("许某")
    qtbot.mouseClick(cases.chips["unstamped"], LEFT)
    assert cases.proxy.rowCount() == 2
    qtbot.mouseClick(cases.chips["all"], LEFT)
    cases.search.setText("第七夜")
    qtbot.waitUntil(lambda: cases.proxy.rowCount() == 1)
    cases.table.setCurrentIndex(cases.proxy.index(0, 1))
    cases.table.setFocus()
    QTest.keyClick(cases.table, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert window.here.title.text() == "何某·有声剧《第七夜》"


def test_with_one_case_the_place_opens_that_case(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    fake.open_case("Only")
    window = open_(fake)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, window)
    assert type(window.here).__name__ == "CasePage"
    click(qtbot, window, window.here.back)
    assert type(window.here).__name__ == "CasesPage"


# --- letters -------------------------------------------------------------------------------------


def test_three_questions_then_the_letter_then_approval_then_sending(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.ui.pages.send.open_outside", lambda path: None)
    monkeypatch.setattr("holdfast.ui.save.open_outside", lambda path: None)
    window = open_(full)
    case = ids(full)["何"]
    window.go("letter", (case, ""))
    settle(qtbot, window)
    letter = window.here
    steps = letter.steps
    steps.platform.setCurrentIndex(steps.platform.findData("douyin"))
    steps.platform.activated.emit(steps.platform.currentIndex())
    settle(qtbot, window)
    qtbot.mouseClick(steps.next, LEFT)
    assert steps.line.wrong.isVisible(), "nothing was chosen yet"
    qtbot.mouseClick(steps.line.options["face"], LEFT)
    qtbot.mouseClick(steps.next, LEFT)
    qtbot.mouseClick(steps.line.options["no"], LEFT)
    qtbot.mouseClick(steps.next, LEFT)
    qtbot.mouseClick(steps.back, LEFT)
    assert steps.line.options["no"].isChecked()
    qtbot.mouseClick(steps.next, LEFT)
    QTest.keyClicks(steps.line.line, "He Mou")
    click(qtbot, window, steps.next)
    assert letter.stack.currentIndex() == 1
    _, _, regime, platform, answers, lang = called(full, "draft")[-1]
    assert (regime, platform, lang) == ("civil-1195", "douyin", "zh")
    assert answers["used"] == "face"
    assert answers["agreed"] == "no"
    assert answers["name"] == "He Mou"
    assert "He Mou" in letter.paper.toPlainText()
    assert not letter.approve.isEnabled()
    QTest.keyClicks(letter.rows["id_number"].line, "33010020000101002X")
    letter.rows["id_number"].flush()
    settle(qtbot, window)
    assert letter.approve.isEnabled()
    click(qtbot, window, letter.approve)
    send = window.here
    assert type(send).__name__ == "SendPage"
    assert full.files[case].notices[0].status == "approved"
    assert not send.done.isEnabled()
    # The number is copied in full and shown masked.
    shown = " ".join(label.text() for label in send.findChildren(QLabel))
    assert "33010020000101002X" not in shown
    click(qtbot, window, send.copies[-1])
    assert QGuiApplication.clipboard().text() == "33010020000101002X"
    assert send.done.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    click(qtbot, window, send.folder)
    assert len(list(tmp_path.glob("*.eml"))) == 1
    click(qtbot, window, send.done)
    notice = full.files[case].notices[0]
    assert called(full, "sent") == [("sent", notice.id, "webform", "", None)]
    assert type(window.here).__name__ == "CasePage"


def test_a_day_that_nobody_chose_is_no_answer(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["何"]
    window.go("letter", (case, ""))
    settle(qtbot, window)
    letter = window.here
    steps = letter.steps
    steps.platform.setCurrentIndex(steps.platform.findData("douyin"))
    steps.platform.activated.emit(steps.platform.currentIndex())
    letter._open_letter()
    settle(qtbot, window)
    row = letter.rows["reply_by"]
    assert row.answer() == ""
    letter._leave()  # what stands in every row counts now
    settle(qtbot, window)
    assert not any("reply_by" in answers for _, _, _, _, answers, _ in called(full, "draft"))
    row.date.setDate(row.date.date().addDays(9))
    row.flush()
    settle(qtbot, window)
    assert called(full, "draft")[-1][4]["reply_by"] == row.answer() != ""
    row.show_answer("")
    row.suggest("2026-12-01")
    assert (row.date.date().toString("yyyy-MM-dd"), row.answer()) == ("2026-12-01", "")
    row.show_answer("2026-12-24")
    row.suggest("2026-12-01")
    assert row.answer() == "2026-12-24", "what was chosen stays"


def test_ctrl_enter_copies_and_moves_on(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    case = ids(full)["许"]
    window.go("send", (case, full.files[case].notices[0].id))
    settle(qtbot, window)
    assert window.here.late.isHidden()
    for text in ("侵犯肖像权 → 我是权利人", "林某"):
        QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert QGuiApplication.clipboard().text() == text
    assert window.here.copies[1].text().strip() == "已复制"
    assert window.here.copies[0].text().strip() == "复制"


def test_what_a_letter_needs_beside_its_files_and_in_time_is_said_where_it_is_sent(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = ids(full)["许"]
    sent = full.files[case].notices[0]
    waiting = replace(
        sent, status="approved", reply_by="2020-01-02", by_hand=("身份证明", "证据 E0001")
    )
    full.put(case, notices=(waiting,))
    window.go("send", (case, sent.id))
    settle(qtbot, window)
    page = window.here
    assert "2020-01-02" in page.late.text()
    assert not page.late.isHidden()
    page.ways["paper"].radio.click()
    settle(qtbot, window)
    said = [label.text() for label in page.findChildren(QLabel)]
    for what in waiting.by_hand:
        assert sum(what in text for text in said) == 2, "among the files and among the steps"


def test_the_persons_own_words_replace_ours_and_can_be_taken_back(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = ids(full)["林"]
    notice = full.files[case].notices[0].id
    window.go("letter", (case, notice))
    settle(qtbot, window)
    letter = window.here
    assert letter.paper.isReadOnly()
    click(qtbot, window, letter.edit)
    letter.paper.setPlainText("my own words")
    click(qtbot, window, letter.edit)
    assert called(full, "edit") == [("edit", notice, "my own words")]
    assert letter.restore.isVisible()
    monkeypatch.setattr("holdfast.ui.ask.ask", lambda *a, **k: True)
    click(qtbot, window, letter.restore)
    assert called(full, "edit")[-1] == ("edit", notice, "")


def test_an_answer_that_cannot_be_taken_is_said_under_its_question(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("letter", (ids(full)["林"], ""))
    settle(qtbot, window)
    letter = window.here
    full.fail["draft"] = Refused("answer_not_an_address", question="email")
    QTest.keyClicks(letter.rows["email"].line, "x")
    letter.rows["email"].flush()
    settle(qtbot, window)
    assert letter.rows["email"].wrong.isVisible()
    assert window.here is letter
    full.fail["draft"] = Refused("wrong_basis_likeness")
    letter.rows["used"].options["work"].click()
    settle(qtbot, window)
    assert letter.refusal.isVisible()
    del full.fail["draft"]
    letter.rows["used"].options["work"].click()
    settle(qtbot, window)
    assert not letter.refusal.isVisible()


def test_an_answer_is_recorded_with_its_date(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    case = ids(full)["许"]
    notice = full.files[case].notices[0].id
    window.go("answer", (case, notice))
    settle(qtbot, window)
    page = window.here
    assert not page.save.isEnabled()
    qtbot.mouseClick(page.kinds["more_asked"], LEFT)
    qtbot.mouseClick(page.by, LEFT)
    page.when.setDateTime(page.when.dateTime().addDays(-3))
    expected = page.when.told()
    QTest.keyClicks(page.note, "please prove")
    click(qtbot, window, page.save)
    _, id_, kind, when, note, file, by = called(full, "answer")[0]
    assert (id_, kind, when, note, file) == (notice, "more_asked", expected, "please prove", None)
    assert expected.startswith("2026-11-15T")  # the clocks begin when it came, not when it is told
    assert by == "2026-11-18"


# --- verifying -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(VERDICTS))
def test_each_verdict_has_its_sentence_shape_and_colour(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, state: str
) -> None:
    fake.verdict = VERDICTS[state]
    window = open_(fake)
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    page = window.here
    assert called(fake, "verify") == [("verify", ("a.zip",), {})], "practice never counts here"
    assert page.state == state
    tone = {"ok": "confirmed", "weak": "warning", "broken": "broken", "pending": "pending"}
    assert page.box.glyph.tone == tone.get(state, "secondary")
    assert page.now.isVisible() == (state != "ok")
    assert window.band.isVisible() == (state == "practice")
    if state == "broken":
        assert "不符" in page.model.rows[0][1][0].text
    click(qtbot, window, page.copy)
    assert page.box.sentence.text() in QGuiApplication.clipboard().text()


def test_what_was_found_is_saved_as_a_paper(
    qtbot: QtBot,
    fake: FakeHoldfast,
    open_: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.verdict = VERDICTS["broken"]
    window = open_(fake)
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    target = tmp_path / "found.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, window.here.paper)
    assert called(fake, "verification") == [("verification", "broken", ("a.zip",), target, "zh")]
    assert target.exists()
    assert window.strip.note.text() == "已存为 found.pdf"


def test_a_paper_about_something_else_is_never_shown_under_what_was_dropped_since(
    qtbot: QtBot,
    fake: FakeHoldfast,
    open_: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.verdict = VERDICTS["ok"]
    window = open_(fake)
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    go = threading.Event()
    looking = fake.looking

    def slow(targets: Sequence[str], out: Path, job: Job) -> object:
        go.wait(10)
        return looking(targets, out, job)

    monkeypatch.setattr(fake, "looking", slow)
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *a, **k: (str(tmp_path / "found.pdf"), "")
    )
    page = window.here
    qtbot.mouseClick(page.paper, LEFT)
    fake.verdict = VERDICTS["broken"]
    page.verify(("b.zip",))
    qtbot.waitUntil(lambda: page._task is None)
    assert page.state == "broken"
    fake.verdict = VERDICTS["ok"]
    go.set()
    settle(qtbot, window)
    assert (tmp_path / "found.pdf").exists()
    assert page.zone.title.text() == "b.zip"
    assert page.state == "broken", "the paper was about a.zip"


def test_nothing_of_the_one_before_is_said_of_the_next(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.verdict = VERDICTS["practice"]
    window = open_(fake)
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    page = window.here
    click(qtbot, window, page.copy)
    assert page.copy.text().strip() == window.desk.say("copied")
    assert window.band.isVisible()
    go = threading.Event()

    def verify(_targets: object, job: Job) -> object:
        while not go.wait(0.01):
            job.step("checking", 1, 10)
        return VERDICTS["ok"]

    monkeypatch.setattr(fake, "verify", verify)
    page.verify(("b.zip",))
    assert not window.band.isVisible(), "nobody knows yet that it is a rehearsal"
    go.set()
    settle(qtbot, window)
    assert page.copy.text().strip() == window.desk.say("verify.copy")


def test_a_name_without_an_end_widens_no_page(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    fake.verdict = VERDICTS["broken"]
    window = open_(fake, size=(1024, 640))
    name = "x" * 250 + ".zip"
    window.go("verify", (name,))
    settle(qtbot, window)
    page = window.here
    assert page.zone.width() < window.width() - window.sidebar.width()
    fake.fail["verify"] = Refused("verify_unreadable", name=name, reason="y" * 250)
    page.verify((name,))
    settle(qtbot, window)
    for label in (window.here.what, window.here.why):
        edge = label.mapTo(window, label.rect().topRight()).x()
        assert edge <= window.width()


def test_dropping_on_verify_verifies_and_keeps_nothing(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, tmp_path: Path
) -> None:
    window = open_(fake)
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "p.zip"))])
    window.dropEvent(
        QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
        )
    )
    settle(qtbot, window)
    assert called(fake, "verify")
    assert not called(fake, "keep_files")


def test_what_is_wrong_stands_above_everything_that_is_right(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    stamps = tuple(
        TimestampSeen(
            subject=f"E{number:04d}",
            kind="opentimestamps",
            network="practice",
            status="simulated",
            time="2026-11-12T13:09:02.000Z",
            by="block 7",
        )
        for number in range(1, 40)
    )
    fake.verdict = Verdict(
        verdict="broken",
        recorded=True,
        findings=(
            Finding(subject="", rule="world_practice", outcome="unchecked"),
            Finding(subject="data/ledger/entries.jsonl", rule="ledger_match", outcome="ok"),
            Finding(subject="data/case.json", rule="file_changed", outcome="broken", detail="a"),
            Finding(subject="", rule="bag_info", outcome="weak", detail="9999-99-99T99:99:99Z"),
            Finding(
                subject="E0001", rule="exhibit_dated", outcome="ok", detail="2026-11-12T13:09:02Z"
            ),
        ),
        timestamps=stamps,
    )
    window = open_(fake, lang="zh")
    window.go("verify", ("pack.zip",))
    settle(qtbot, window)
    page = window.here
    rows = [tuple(cell.text for cell in cells) for _, cells in page.model.rows]
    assert rows[0][1] == "data/case.json"
    assert "9999-99-99T99:99:99Z" in rows[1][2]
    assert "\u533a\u5757 7" in rows[2][2]
    # A time in a finding is the one that people here read on their clocks, as elsewhere.
    assert not [row for row in rows if "T13:09" in row[2]]
    assert page.practice, "a rehearsal says so whatever was found"


def test_a_long_verification_says_how_far_it_is_and_can_be_stopped(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def verify(_targets: object, job: Job) -> object:
        while True:
            job.step("checking", 1_500_000_000, 10_000_000_000, "film.mp4")
            go.wait(0.01)

    monkeypatch.setattr(fake, "verify", verify)
    monkeypatch.setattr(Pace, "left", lambda *_: 130.0)
    window = open_(fake, lang="en")
    window.go("verify", ("big.zip",))
    page = window.here
    qtbot.waitUntil(lambda: "left" in page.left.text())
    assert page.left.text() == "1.5 GB of 10.0 GB · about 2 min left"
    assert page.waiting.isVisible()
    click(qtbot, window, page.stop)
    qtbot.waitUntil(lambda: page.stopped.isVisible())
    assert not page.waiting.isVisible()
    assert page._task is None
    # Something else may be dropped while the first is still being let go.
    page.verify(("one.zip",))
    monkeypatch.setattr(fake, "verify", lambda *_: VERDICTS["ok"])
    page.verify(("two.zip",))
    qtbot.waitUntil(lambda: page._result.isVisible())
    assert page._targets == ("two.zip",)
    assert not page.stopped.isVisible()


def test_what_the_person_has_is_held_against_what_they_drop(
    qtbot: QtBot,
    fake: FakeHoldfast,
    open_: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_(fake)
    window.go("verify", None)
    aids = window.here.aids
    assert not aids.go.isEnabled(), "there is nothing yet to be held against anything"
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    assert not aids.inside.isVisible()
    click(qtbot, window, aids.open)
    aids.head.setText(f"27:{'9f' * 32}  28:{'8e' * 32}")
    for name in ("root", "chain", "headers"):
        path = str(tmp_path / f"{name}.pem")
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, path=path: (path, ""))
        click(qtbot, window, aids.files[name])
        assert f"{name}.pem" in aids.files[name].text()
    aids.digests.setChecked(True)
    click(qtbot, window, aids.go)
    how = {
        **{name: tmp_path / f"{name}.pem" for name in ("root", "chain", "headers")},
        "heads": (f"27:{'9f' * 32}", f"28:{'8e' * 32}"),
        "all_digests": True,
    }
    assert called(fake, "verify")[-1] == ("verify", ("a.zip",), how)
    target = tmp_path / "found.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, window.here.paper)
    assert called(fake, "verify")[-1] == ("verify", ("a.zip",), how)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: ("", ""))
    click(qtbot, window, aids.files["root"])
    assert "root.pem" in aids.files["root"].text()
    # Whatever counts can be seen: closed, none of it does.
    click(qtbot, window, aids.open)
    window.go("verify", ("b.zip",))
    settle(qtbot, window)
    assert called(fake, "verify")[-1] == ("verify", ("b.zip",), {})
    click(qtbot, window, aids.open)
    click(qtbot, window, aids.clear)
    click(qtbot, window, aids.go)
    assert called(fake, "verify")[-1] == ("verify", ("b.zip",), {})


def test_a_folder_can_be_chosen_without_a_mouse(
    qtbot: QtBot,
    fake: FakeHoldfast,
    open_: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_(fake)
    window.go("verify", None)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: str(tmp_path))
    click(qtbot, window, window.here.zone.more)
    assert called(fake, "verify") == [("verify", (str(tmp_path),), {})]


# --- trouble -------------------------------------------------------------------------------------


def test_every_error_code_has_three_sentences_and_one_way_on(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    for lang in ("zh", "en"):
        window.desk.choose(language=lang)
        codes = window.desk.words.errors
        assert len(codes) > 50
        for code in codes:
            for kind in (Refused, Unavailable, Tampered):
                window.trouble(kind(code), target="https://x.test/", again=lambda: None, case="c")
                page = window.here
                assert isinstance(page, TroublePage)
                for label in (page.what, page.why, page.now):
                    assert label.text().strip(), f"{lang} {code}"
                assert page.primary.isVisible()
                assert page.primary.text().strip()


@pytest.mark.parametrize(
    ("error", "way", "leads"),
    [
        (Unavailable("host_unreachable"), "again", "KeepingPage"),
        (Unavailable("page_stuck"), "screen", "ShotPage"),
        (Unavailable("no_browser"), "settings", "SettingsPage"),
        (Refused("link_malformed", link="x"), "back", "TodayPage"),
        (Tampered("object_changed"), "case", "CasePage"),
    ],
)
def test_the_one_button_does_what_the_sentence_says(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, error: Exception, way: str, leads: str
) -> None:
    window = open_(full)
    full.fail["keep"] = error
    window.keep(["https://example.test/v"], ids(full)["何"])
    settle(qtbot, window)
    page = window.here
    assert isinstance(page, TroublePage)
    if way == "case":
        window.go("trouble", Woe(error=error, case=ids(full)["何"]))
    assert page.way == way
    assert page.target.text() == "https://example.test/v" or way == "case"
    del full.fail["keep"]
    full.hold = threading.Event()
    qtbot.mouseClick(page.primary, LEFT)
    assert type(window.here).__name__ == leads
    full.hold.set()
    settle(qtbot, window)


def test_what_failed_beside_is_said_on_the_receipt(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("receipt", (ids(full)["何"], ["E0001"], [Unavailable("video_unsupported")]))
    settle(qtbot, window)
    assert window.here.failed.isVisible()
    assert window.here.failed.text().startswith(
        window.desk.words.errors["video_unsupported"].what[:4]
    )


def test_the_second_way_on_is_a_picture_of_the_screen(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    window.trouble(Unavailable("page_failed", reason="x"), target="https://x.test/", again=print)
    assert window.here.way == "again"
    click(qtbot, window, window.here.other)
    assert type(window.here).__name__ == "ShotPage"


def test_a_failure_inside_a_capture_is_told_with_its_reason(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    fake.fail["keep_inside"] = Unavailable("host_unreachable", host="example.test")
    window.keep(["https://example.test/v"])
    settle(qtbot, window)
    assert isinstance(window.here, TroublePage)
    assert window.here.woe.target == "https://example.test/v"


def test_our_own_mistake_is_said_and_can_be_copied(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    fake.fail["keep"] = ZeroDivisionError("x")
    window.keep(["https://example.test/v"])
    settle(qtbot, window)
    page = window.here
    assert page.what.text() == "留证自己出了错，不是你的问题。"
    click(qtbot, window, page.primary)
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(page.details, LEFT)
    assert page.technical.isVisible()


# --- settings ------------------------------------------------------------------------------------


def test_settings_hold_at_once(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, tmp_path: Path
) -> None:
    window = open_(fake)
    window.go("settings", None)
    settle(qtbot, window)
    page = window.here
    page.language.setCurrentIndex(page.language.findData("en"))
    page.language.activated.emit(page.language.currentIndex())
    assert fake.settings.language == "en"
    assert window.windowTitle() == "Holdfast 留证"
    settle(qtbot, window)
    page = window.page("settings")
    page.theme.setCurrentIndex(page.theme.findData("dark"))
    page.theme.activated.emit(page.theme.currentIndex())
    assert window.desk.look.dark
    qtbot.mouseClick(page.boxes["tsa-b"], LEFT)
    assert fake.settings.disabled == ("tsa-b",)
    qtbot.mouseClick(page.offline, LEFT)
    assert fake.settings.offline
    QTest.keyClicks(page.name, "Lin")
    page.name.editingFinished.emit()
    page.letterhead.setPlainText("A\nB")
    assert (fake.settings.operator_name, fake.settings.letterhead) == ("Lin", "A\nB")
    page.scale.setCurrentIndex(page.scale.findData(150))
    page.scale.activated.emit(page.scale.currentIndex())
    settle(qtbot, window)
    assert fake.settings.text_scale == 150
    assert window.sidebar.width() == window.desk.look.px(176)
    assert type(window.here).__name__ == "SettingsPage"


def test_hostile_titles_are_text_everywhere(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    case = ids(full)["许"]
    for place, what in (("case", (case, "E0002")), ("receipt", (case, ["E0002"])), ("today", "")):
        window.go(place, what)
        settle(qtbot, window)
        for label in window.findChildren(QLabel):
            assert label.textFormat() == Qt.TextFormat.PlainText, label.text()
    case_page = window.page("case")
    assert case_page.detail.title.text() == HOSTILE
    for at in range(case_page.model.rowCount()):
        tip = case_page.model.index(at).data(Qt.ItemDataRole.ToolTipRole)
        assert tip is None or "<img" not in tip
    spoken = [case_page.model.index(i).data() for i in range(case_page.model.rowCount())]
    assert any("<img src=x" in (text or "") for text in spoken)
    assert case_page.model.index(0).data(ROW) is not None
