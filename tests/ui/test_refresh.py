"""What somebody reads, picks or writes stays where it is while the data behind it changes."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Unavailable
from holdfast.ui.pages.case_tabs import PURPOSE
from holdfast.ui.rows import ROW
from holdfast.ui.widgets import Check

from .conftest import Open, settle


def test_what_is_being_written_in_a_table_outlives_a_time_stamp_that_arrives(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, size=(1280, 500))
    lin = full.cases()[0].id
    for number in range(20):
        full.exhibit(lin, f"x{number}")
    window.go("case", (lin, "evidence"))
    settle(qtbot, window)
    tab = window.page("case").evidence
    cell = tab.proxy.index(18, PURPOSE)
    tab.table.setCurrentIndex(cell)
    tab.table.setColumnWidth(PURPOSE, 333)
    tab.table.edit(cell)
    editor = tab.table.findChild(QLineEdit)
    qtbot.keyClicks(editor, "half a sent")
    place = tab.table.verticalScrollBar().value()
    assert place > 0
    full.exhibit(lin, "one more")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert tab.table.findChild(QLineEdit) is editor
    assert editor.text() == "half a sent"
    assert tab.table.verticalScrollBar().value() == place
    assert tab.table.columnWidth(PURPOSE) == 333
    assert tab.proxy.rowCount() == 24
    tab.table.commitData(editor)
    settle(qtbot, window)
    number = tab.table.what(tab.table.currentIndex()).exhibit.number
    assert ("describe", lin, number, None, "half a sent") in full.calls
    # A row that no longer belongs under the chosen chip goes.
    tab.chips["nopurpose"].click()
    shown = tab.proxy.rowCount()
    full.describe(lin, "E0004", purpose="said")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert tab.proxy.rowCount() == shown - 1


def test_a_selected_case_and_a_selected_task_stay_selected(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("cases", "")
    settle(qtbot, window)
    cases = window.page("cases")
    cases.table.setCurrentIndex(cases.proxy.index(1, 1))
    held = cases.table.what(cases.table.currentIndex()).file.case.id
    narrow = cases.table.columnWidth(1)
    full.open_case("one more, with a title that is longer than all the others")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert cases.proxy.rowCount() == 4
    assert cases.table.columnWidth(1) > narrow
    assert cases.table.what(cases.table.currentIndex()).file.case.id == held
    window.go("today", "")
    settle(qtbot, window)
    today = window.page("today")
    today.list.setCurrentIndex(today.model.index(3))
    item = today.list.currentIndex().data(ROW)
    high = today.list.height()
    xu = full.cases()[1].id
    full.draft(xu, "civil-1195", "weibo", {"used": "face"}, "zh", None)
    window.desk.changed.emit()
    settle(qtbot, window)
    assert today.list.currentIndex().data(ROW).title == item.title
    assert today.list.height() > high
    window.desk.choose(language="en")
    settle(qtbot, window)
    assert today.list.currentIndex().data(ROW).title == item.title
    assert cases.table.model().headerData(0, cases.table.horizontalHeader().orientation()) == (
        "Number"
    )


def test_the_timeline_does_not_jump_back_to_what_is_selected(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    for number in range(40):
        full.exhibit(lin, f"x{number}")
    window.go("case", (lin, "E0001"))
    settle(qtbot, window)
    page = window.page("case")
    bar = page.list.verticalScrollBar()
    assert bar.value() > 0
    bar.setValue(0)
    drawn = page.detail.files.itemAt(0).widget()
    window.desk.changed.emit()
    settle(qtbot, window)
    assert bar.value() == 0
    assert page.detail.exhibit.number == "E0001"
    assert page.detail.files.itemAt(0).widget() is drawn, "somebody may be copying from it"
    full.stamp_on(lin, page.detail.exhibit, "broken")
    window.desk.changed.emit()
    settle(qtbot, window)
    assert page.list.currentIndex().data(ROW).exhibit == "E0001"
    assert page.detail.chip.label.text() == "演练：与封存记录不符"


def test_a_tab_that_is_drawn_again_keeps_its_place_and_what_was_typed(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, size=(1000, 660))
    lin, xu = (case.id for case in full.cases()[:2])
    for number in range(30):
        full.exhibit(lin, f"x{number}")
    window.go("case", (lin, "documents"))
    settle(qtbot, window)
    tab = window.page("case").documents
    tab.custody.choose.click()
    settle(qtbot, window)
    tab.custody.people.click()
    tab.custody.since.setFocus()
    tab.custody.since.setText("12")
    tab.verticalScrollBar().setValue(300)
    window.desk.changed.emit()
    settle(qtbot, window)
    qtbot.waitUntil(lambda: tab.verticalScrollBar().value() == 300)
    assert tab.custody.since.text() == "12"
    assert tab.custody.since.hasFocus()
    assert tab.custody.people.isChecked()
    # Another case begins at its top, with nothing of this one.
    window.go("case", (xu, "documents"))
    settle(qtbot, window)
    qtbot.waitUntil(lambda: tab.verticalScrollBar().value() == 0)
    assert tab.custody.since.text() == ""
    tab.custody.choose.click()
    settle(qtbot, window)
    assert not tab.custody.people.isChecked()
    assert len(tab.findChildren(Check)) >= 3


def test_details_that_could_not_be_saved_are_still_there_to_be_saved_again(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    xu = full.cases()[1].id
    window.go("case", (xu, "people"))
    settle(qtbot, window)
    people = window.page("case").people
    people.fields["email"].setFocus()
    window.desk.changed.emit()
    settle(qtbot, window)
    assert people.fields["email"].hasFocus()
    qtbot.keyClicks(people.fields["email"], "a@b.example")
    full.fail["describe_party"] = Unavailable("disk_full")
    people.save.click()
    settle(qtbot, window)
    del full.fail["describe_party"]
    window.go("case", (xu, "people"))
    settle(qtbot, window)
    assert people.fields["email"].text() == "a@b.example"
    people.save.click()
    settle(qtbot, window)
    assert full.case_file(xu).parties[0].email == "a@b.example"
    assert not people.fields["email"].isModified()


def test_cases_are_found_by_whom_and_what_they_hold(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("cases", "")
    settle(qtbot, window)
    page = window.page("cases")

    def found(words: str) -> list[str]:
        page.search.setText(words)
        page._search()
        rows = (page.proxy.index(at, 0) for at in range(page.proxy.rowCount()))
        return sorted(page.table.what(row).file.case.number for row in rows)

    assert found("") == ["HF-2026-0001", "HF-2026-0002", "HF-2026-0003"]
    assert found("e0003") == ["HF-2026-0001", "HF-2026-0002"], "an exhibit's number"
    assert found("账号主页") == ["HF-2026-0002"], "a caption"
    assert found("example.test/v/13") == ["HF-2026-0003"], "a link that failed"
    full.describe_party(full.cases()[2].id, "infringer", {"name": "Zhao Qi"})
    window.desk.changed.emit()
    settle(qtbot, window)
    assert found("zhao") == ["HF-2026-0003"], "a party"
    assert found("nobody") == []


def test_what_is_not_stamped_is_counted_in_exhibits(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    """One exhibit with two requests under way is one; what is dated or broken waits for none."""
    window = open_(full)
    window.go("cases", "")
    settle(qtbot, window)
    counted = {row.file.case.number: row.unstamped for row in window.page("cases")._rows}
    assert counted == {"HF-2026-0001": 1, "HF-2026-0002": 0, "HF-2026-0003": 1}
