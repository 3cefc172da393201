"""Small things that people stumble over: words, places, and where the keyboard is."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from fakes.holdfast import VERDICTS, FakeHoldfast
from holdfast.adapters.catalog import Catalog
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import Check
from holdfast.core.job import Job
from holdfast.core.links import links_in
from holdfast.core.timestamp import Subject
from holdfast.ui.check_row import CheckRow
from holdfast.ui.layout import Flow, column, reading_order
from holdfast.ui.phrases import sealing_lines, short_time, stamps_by_exhibit, stamps_of
from holdfast.ui.widgets import Button, Choice, Door, IconButton, Label, Line, announce

from .conftest import Open, settle

MANY = {
    "ui.bar.frames",
    "ui.keeping.several",
    "ui.next.due.late",
    "ui.next.due.line",
    "ui.series.chart.say",
    "ui.verify.left.seconds",
}
"""Said of more than one only."""


def test_nothing_is_said_of_one_as_of_many(fake: FakeHoldfast) -> None:
    said = fake.words("en").words
    numbered = re.compile(r"\{(count|days|left|added)\} ?[a-z-]*s\b")
    wrong = {key for key, text in said.items() if key.startswith("ui.") and numbered.search(text)}
    assert wrong <= MANY


def test_where_help_was_read_is_said_in_the_language_of_the_window() -> None:
    for contact in Catalog().contacts("zh"):
        assert re.search(r"[\u4e00-\u9fff]", contact.source), contact.id
    for contact in Catalog().contacts("en"):
        assert contact.source.isascii(), contact.id


@pytest.mark.parametrize(("lang", "name"), [("zh", "中文"), ("en", "English")])
def test_an_issued_document_names_its_language(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, lang: str, name: str
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    full.document("receipt", lin, lang, Job())
    window.go("case", (lin, "documents"))
    settle(qtbot, window)
    tab = window.page("case").documents
    lines = [label.text() for label in tab.findChildren(QLabel) if "2026-11-18 " in label.text()]
    assert len(lines) == 1
    assert lines[0].endswith(f" · {name}")


def test_what_a_choice_cannot_show_whole_can_be_read_whole(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    box = Choice(window.desk, "letter.platform")
    box.addItem("a very long name of a platform indeed & <b>more</b>", "x")
    box.resize(120, 32)
    box.show()
    qtbot.addWidget(box)
    at = QPoint(5, 5)
    QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, at, box.mapToGlobal(at)))
    assert "indeed &amp; &lt;b&gt;more" in box.toolTip()
    short = box.grab().toImage()
    box.setItemText(0, "a very long name of a platform that goes on otherwise")
    assert box.grab().toImage() == short, "both end in the same dots"
    box.showPopup()
    assert box.view().width() > box.width()
    box.hidePopup()


def test_what_stands_in_a_line_stands_at_its_middle(qtbot: QtBot) -> None:
    holder, low, high, wide = QWidget(), QWidget(), QWidget(), QWidget()
    qtbot.addWidget(holder)
    low.setFixedSize(40, 20)
    high.setFixedSize(40, 36)
    wide.setFixedSize(90, 10)
    flow = Flow(low, high, wide, gap=8)
    holder.setLayout(flow)
    flow.setGeometry(QRect(0, 0, 100, 100))
    assert low.geometry().center().y() == high.geometry().center().y()
    assert wide.geometry() == QRect(0, 44, 90, 10)
    assert flow.heightForWidth(100) == 54
    assert flow.heightForWidth(300) == 36
    assert Flow(gap=8).heightForWidth(100) == 0


def test_the_keyboard_can_be_seen_in_a_folded_sidebar(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, size=(960, 640), scale=200)
    sidebar = window.sidebar
    assert sidebar.model.narrow
    window.page("today").field.setFocus()
    plain = sidebar.list.grab().toImage()
    sidebar.list.setFocus(Qt.FocusReason.TabFocusReason)
    assert sidebar.list.grab().toImage() != plain


@pytest.mark.parametrize("tab", ["timeline", "evidence", "letters", "documents", "people"])
def test_the_keyboard_begins_in_the_tab_that_was_opened(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, tab: str
) -> None:
    window = open_(full)
    window.go("case", (full.cases()[0].id, tab))
    settle(qtbot, window)
    page = window.page("case")
    begins = {"timeline": page.list, "evidence": page.evidence.table}.get(tab, page.tabs[tab])
    assert begins.hasFocus()


def test_findings_fill_their_table(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full, lang="en")
    full.verdict = VERDICTS["weak"]
    window.go("verify", ("a.zip",))
    settle(qtbot, window)
    table = window.page("verify").table
    wide = sum(table.columnWidth(at) for at in range(table.model().columnCount()))
    assert wide == table.viewport().width()


def test_when_the_browser_is_closed_the_keyboard_is_on_opening_it_again(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    xu = full.cases()[1].id
    window.go("browsing", (xu, "https://duanju.practice.example/v/taohuadu/12"))
    settle(qtbot, window)
    page = window.page("browsing")
    assert page.wishes["page"].hasFocus()
    full.browse_end(xu)
    page.look()
    assert page.reopen.hasFocus()


def test_a_case_is_closed_only_after_a_yes(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    window.go("case", (lin, "letters"))
    settle(qtbot, window)
    page = window.page("case")
    asked: list[str] = []
    answers = iter([False, True])

    def ask(*args: object, **_: object) -> bool:
        asked.append(str(args[-1]))
        return next(answers)

    monkeypatch.setattr("holdfast.ui.ask.ask", ask)
    for closed in (False, True):
        qtbot.mouseClick(page.more, Qt.MouseButton.LeftButton)
        next(one for one in page.menu.actions() if one.text() == "结案…").trigger()
        page.menu.hide()
        settle(qtbot, window)
        assert bool(full.case_file(lin).case.closed) is closed
    qtbot.mouseClick(page.more, Qt.MouseButton.LeftButton)
    assert [one.text() for one in page.menu.actions()] == ["给这个案件改名…"]
    page.menu.hide()
    assert asked == ["case.close.ask"] * 2
    # Nothing is offered that a closed case would refuse.
    assert [b.text() for b in page.letters.findChildren(Button)] == []
    window.go("cases", "")
    settle(qtbot, window)
    assert "closed" in {row.stage for row in window.page("cases")._rows}


def test_a_case_is_verified_where_it_lies(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    window.go("case", (full.cases()[1].id, "documents"))
    settle(qtbot, window)
    qtbot.mouseClick(window.page("case").documents.verify, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.here is window.page("verify")
    assert [call[1] for call in full.calls if call[0] == "verify"] == [("HF-2026-0002",)]


def test_settings_tell_what_this_program_contains(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("settings", None)
    settle(qtbot, window)
    row = window.page("settings").findChild(CheckRow)
    row.go.click()
    settle(qtbot, window)
    lines = [row.found.itemAt(at).widget().findChild(Label).text() for at in range(2)]
    assert lines == ["注意 · ots · not here", "正常 · Holdfast · 0.1.0 · Python 3.11"]
    assert row.said.text().startswith("该带的都在")
    full.selfchecked += (Check(check="cv2", outcome="fail"),)
    row.go.click()
    settle(qtbot, window)
    assert row.found.itemAt(0).widget().findChild(Label).text() == "不可用 · cv2"
    assert row.said.text().startswith("有一部分不可用")
    full.fail["selfcheck"] = Unavailable("disk_full")
    row.go.click()
    settle(qtbot, window)
    assert row.go.isEnabled()
    assert window.here is window.page("trouble")


def test_the_strip_says_offline_as_soon_as_that_is_chosen(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("settings", None)
    settle(qtbot, window)
    offline = window.page("settings").offline
    for said in ("离线", "在线"):
        qtbot.mouseClick(offline, Qt.MouseButton.LeftButton, pos=QPoint(10, offline.height() // 2))
        assert window.strip.online.text().strip() == said


def test_a_time_is_said_in_the_order_of_its_language_and_with_a_year_that_is_past(
    full: FakeHoldfast, open_: Open
) -> None:
    desk = open_(full).desk
    assert short_time(desk, "2026-11-12T12:00:00Z").startswith("11-12 ")
    assert short_time(desk, "2024-11-12T12:00:00Z").startswith("2024-11-12 ")
    desk.choose(language="en")
    assert short_time(desk, "2026-11-12T12:00:00Z").startswith("12 Nov ")
    assert short_time(desk, "2024-11-12T12:00:00Z").startswith("12 Nov 2024 ")


def test_what_stood_at_an_address_before_does_not_stop_the_order_of_the_keyboard(
    qtbot: QtBot,
) -> None:
    """PySide was seen to give a spacer that was long gone where a layout is."""
    gone = column(None).itemAt(0)

    class Stale(QWidget):
        def layout(self) -> QLayout:
            return gone if isValid(gone) else super().layout()

    holder, first, second = Stale(), QLineEdit(), QLineEdit()
    qtbot.addWidget(holder)
    holder.setLayout(column(first, second))
    assert list(reading_order(holder)) == [first, second]


def test_an_empty_table_says_why_it_is_empty(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    window.go("case", (full.cases()[0].id, "evidence"))
    settle(qtbot, window)
    tab = window.page("case").evidence
    plain = tab.table.viewport().grab().toImage()
    tab.search.setText("nowhere to be found")
    tab.proxy.search(tab.search.text())
    assert tab.proxy.rowCount() == 0
    assert tab.table.viewport().grab().toImage() != plain
    assert tab.table.accessibleDescription() == "没有符合的。换个词，或者选“全部”。"
    window.go("case", (full.open_case("new").id, "evidence"))
    settle(qtbot, window)
    tab.table.viewport().grab()
    assert tab.table.accessibleDescription().startswith("还没有证据")
    # What was announced of another table is not taken back by its being drawn.
    window.go("series", (full.cases()[0].id, ""))
    settle(qtbot, window)
    episodes = window.page("series").table
    announce(episodes, "said")
    episodes.viewport().grab()
    assert episodes.accessibleDescription() == "said"


def test_time_stamps_are_sorted_to_exhibits_as_one_by_one(full: FakeHoldfast) -> None:
    lin = full.cases()[0].id
    head = replace(
        full.case_file(lin).stamps[0],
        id="head",
        subject=Subject(kind="checkpoint", path="ledger/checkpoints/3.txt", sha256="0" * 64),
    )
    full.put(lin, stamps=(*full.case_file(lin).stamps, head))
    for case in full.cases():
        file = full.case_file(case.id)
        lines = sealing_lines(file)
        assert stamps_by_exhibit(file) == {
            one.number: stamps_of(one, file.stamps, lines.get(one.number)) for one in file.exhibits
        }


@pytest.mark.parametrize(
    ("pasted", "links"),
    [
        ("https://a.example/1", ["https://a.example/1"]),
        ("a.example/1\n\n a.example/1 \nb.example", ["a.example/1", "b.example"]),
        (
            "7.99 复制打开抖音，看看【桃花渡】第12集 https://v.douyin.com/iRNBho6u/ 04/15 g@O.XZ",
            ["https://v.douyin.com/iRNBho6u/"],
        ),
        (
            "看https://a.example/x，还有https://b.example/y。",
            ["https://a.example/x", "https://b.example/y"],
        ),
        ("(see HTTPS://a.example/x?q=1&r=(2).)", ["HTTPS://a.example/x?q=1&r=(2)"]),
        ("https://zh.example/wiki/中文", ["https://zh.example/wiki/中文"]),
        ("我的脸被用了", ["我的脸被用了"]),
        ("", []),
    ],
)
def test_the_link_is_found_in_what_an_app_gave_to_share(pasted: str, links: list[str]) -> None:
    assert links_in(pasted) == links


def test_a_button_is_called_what_it_does_in_every_language_and_after_it_was_pressed(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    lin, xu = (case.id for case in full.cases()[:2])
    window.go("verify", None)
    window.go("case", (lin, "documents"))
    settle(qtbot, window)
    window.desk.choose(language="en")
    settle(qtbot, window)
    assert window.band.accessibleName().startswith("The platform, the time-stamps")
    assert window.page("verify").zone.accessibleName().startswith("把证据包") is False
    issue = window.page("case").documents.issue["receipt"]
    assert issue.accessibleName() == "Issue: Receipt"
    window.go("shot", "")
    settle(qtbot, window)
    window.desk.choose(language="zh")
    settle(qtbot, window)
    doors = window.page("shot").findChildren(Door)
    assert {"屏幕 1 1920 × 1080", "屏幕 2 2560 × 1440"} <= {door.accessibleName() for door in doors}
    window.desk.choose(language="en")
    window.go("send", (xu, full.case_file(xu).notices[0].id))
    settle(qtbot, window)
    first, second = window.page("send").copies[:2]
    first.click()
    assert first.accessibleName() == "Copied: 投诉类型"
    second.click()
    assert first.accessibleName() == "Copy: 投诉类型"
    assert second.accessibleName() == "Copied: 权利人姓名"


@pytest.mark.parametrize(("scale", "size"), [(100, (780, 640)), (150, (1024, 640))])
def test_the_ways_to_begin_are_stacked_where_their_names_do_not_fit(
    fake: FakeHoldfast, open_: Open, scale: int, size: tuple[int, int]
) -> None:
    window = open_(fake, lang="en", scale=scale, size=size)
    today = window.page("today")
    for door in today.ways:  # type: ignore[attr-defined]  # the page of today has them
        assert door.width() >= door.minimumSizeHint().width()


def test_the_window_need_not_be_larger_than_the_screen(fake: FakeHoldfast, open_: Open) -> None:
    window = open_(fake)
    screen = window.screen().availableSize()
    assert screen.width() < 960, "the screen of these tests is a small one"
    assert window.minimumWidth() < screen.width()
    assert window.minimumHeight() <= 640


def test_files_to_send_can_be_told_apart_where_their_names_do_not_fit(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, lang="en", size=(960, 640))
    case = next(case.id for case in full.cases() if case.title.startswith("许"))
    window.go("send", (case, full.case_file(case).notices[0].id))
    settle(qtbot, window)
    page = window.page("send")
    shown = [
        line.fontMetrics().elidedText(line.text(), line._elide, line.contentsRect().width())
        for line in page.findChildren(Line)
        if line.text().startswith("HF-")
    ]
    assert [one[-3:] for one in shown] == ["pdf", "ocx", "eml"]


def test_enter_presses_what_has_the_focus_as_space_does(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    """A door, a button and an icon: the ring promises that something is pressed."""
    window = open_(full, size=(1280, 800))
    desk = window.desk
    for made in (
        Door(desk, "today.way.shot", "screenshot"),
        Button(desk, "today.way.shot"),
        IconButton(desk, "pause", "bar.pause"),
    ):
        qtbot.addWidget(made)
        pressed: list[str] = []
        made.clicked.connect(lambda *_, told=pressed: told.append("once"))
        QTest.keyClick(made, Qt.Key.Key_Return)
        QTest.keyClick(made, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
        QTest.keyClick(made, Qt.Key.Key_Space)
        assert pressed == ["once"] * 3


@pytest.mark.parametrize(("source", "offered"), [("page", True), ("recording", False)])
def test_a_picture_instead_is_offered_of_what_was_on_a_site_only(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, source: str, offered: bool
) -> None:
    window = open_(full)
    case = next(case.id for case in full.cases() if case.title.startswith("许"))
    full.exhibit(case, "half", source=source, complete=False)
    number = full.case_file(case).exhibits[-1].number
    window.go("receipt", (case, [number]))
    settle(qtbot, window)
    page = window.page("receipt")
    assert page.incomplete.isVisible()  # type: ignore[attr-defined]  # the page of receipts has them
    assert page.instead.isVisible() is offered  # type: ignore[attr-defined]  # as above


def test_whether_we_are_online_is_seen_also_where_it_is_tight(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, lang="en", scale=200, size=(1024, 640))
    assert window.strip.pending_count
    go = threading.Event()

    def work(job: Job) -> None:
        job.step("saving", 2, 6)
        go.wait(60)

    window.desk.runner.start(work, "task.keeping")
    qtbot.waitUntil(window.strip.running.isVisible)
    qtbot.waitUntil(lambda: window.strip.percent.text() == "33%")
    online = window.strip.online
    edge = online.mapTo(window.strip, QPoint(online.width(), 0)).x()
    go.set()
    settle(qtbot, window)
    assert edge <= window.strip.width()
