"""The letter: whose words are on the table, to whom they go, and what is said about approving."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.job import Job
from holdfast.ui.widgets import Button, Label
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def edits(fake: FakeHoldfast) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == "edit"]


def test_words_that_were_being_written_stay_in_their_own_letter(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    """Whoever leaves in the middle finds them again; the next letter on the table has its own."""
    window = open_(full)
    lin, _, he = (case.id for case in full.cases())
    first = full.case_file(lin).notices[0].id
    answers = {"used": "voice", "agreed": "no", "name": "He"}
    second = full.draft(he, "civil-1195", "douyin", answers, "zh", Job())
    window.go("letter", (lin, first))
    settle(qtbot, window)
    page = window.page("letter")
    qtbot.mouseClick(page.edit, LEFT)
    page.paper.setPlainText("words of Lin")
    window.go("today", "")
    settle(qtbot, window)
    assert edits(full) == [("edit", first, "words of Lin")]
    window.go("letter", (he, second.id))
    settle(qtbot, window)
    assert page.paper.toPlainText() == second.text
    assert page.paper.isReadOnly()
    assert page.edit.text() == "自己改文字"
    # From one letter straight to another as well.
    qtbot.mouseClick(page.edit, LEFT)
    page.paper.setPlainText("words of He")
    window.go("letter", (lin, first))
    settle(qtbot, window)
    assert edits(full)[-1] == ("edit", second.id, "words of He")
    assert page.paper.toPlainText() == "words of Lin"
    assert page._notice.id == first


def test_closing_the_window_keeps_what_was_being_written(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "quit", lambda *_: None)
    window = open_(full)
    lin = full.cases()[0].id
    letter = full.case_file(lin).notices[0].id
    window.go("letter", (lin, letter))
    settle(qtbot, window)
    page = window.page("letter")
    qtbot.mouseClick(page.edit, LEFT)
    page.paper.setPlainText("to the end")
    window.close()
    settle(qtbot, window)
    assert edits(full) == [("edit", letter, "to the end")]


def test_what_approving_needs_is_said_as_long_as_it_is_needed(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    window.go("letter", (lin, full.case_file(lin).notices[0].id))
    settle(qtbot, window)
    page = window.page("letter")
    assert not page.approve.isEnabled()
    assert page.footer.sentence.text().startswith("补齐法律要求")
    qtbot.keyClicks(page.rows["id_number"].line, "33010020000101002X")
    page.rows["id_number"].flush()
    settle(qtbot, window)
    assert page.approve.isEnabled()
    assert page.footer.sentence.text().startswith("批准后文字定稿")
    qtbot.mouseClick(page.edit, LEFT)
    assert not page.approve.isEnabled()
    assert page.footer.sentence.text().startswith("改完先按")
    page.paper.setPlainText("mine")
    qtbot.mouseClick(page.edit, LEFT)
    settle(qtbot, window)
    # Answers change nothing in a text of one's own; a question that seems to would deceive.
    assert not page.rows["address"].line.isEnabled()
    assert "恢复模板" in page.follow.text()


def test_a_letter_goes_to_nobody_until_a_platform_is_chosen(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    he = full.cases()[2].id
    window.go("letter", (he, ""))
    settle(qtbot, window)
    page = window.page("letter")
    steps = page.steps
    assert steps.platform.currentIndex() == -1
    assert steps.platform.placeholderText() == "请选择平台"
    assert steps.platform.hasFocus()
    assert page.title.text() == "写一封通知：何某·有声剧《第七夜》"
    qtbot.mouseClick(steps.line.options["voice"], LEFT)
    qtbot.mouseClick(steps.next, LEFT)
    assert steps.line.wrong.isVisible()
    assert "哪个平台" in steps.line.wrong.text()
    steps.platform.setCurrentIndex(steps.platform.findData("douyin"))
    steps.platform.activated.emit(steps.platform.currentIndex())
    settle(qtbot, window)
    assert steps.line.options["voice"].isChecked(), "what was answered before is kept"
    assert page.title.text() == "给抖音写通知：何某·有声剧《第七夜》"
    # In the practice world there is one platform, and it needs no choosing.
    lin = full.cases()[0].id
    window.go("letter", (lin, "another"))
    settle(qtbot, window)
    assert steps.platform.currentData() == "practice"


def test_on_what_basis_is_chosen_before_the_first_question(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    """Once a letter is begun its basis stays; without this choice some could not be begun."""
    window = open_(full)
    lin, _, he = (case.id for case in full.cases())
    window.go("letter", (he, ""))
    settle(qtbot, window)
    page = window.page("letter")
    steps = page.steps
    assert not steps.regime.isVisible()
    window.go("letter", (lin, "another"))
    settle(qtbot, window)
    assert [steps.regime.itemData(at) for at in range(steps.regime.count())] == [
        "civil-1195",
        "dmca-512c3",
        "dsa-16",
        "tida",
    ]
    assert steps.regime.isVisible()
    steps.regime.setCurrentIndex(3)
    steps.regime.activated.emit(3)
    settle(qtbot, window)
    for answer in ("intimate", "adult"):
        assert steps.line.question.id == answer
        qtbot.mouseClick(steps.line.options["yes"], LEFT)
        qtbot.mouseClick(steps.next, LEFT)
    assert steps.line.question.id == "name"
    qtbot.mouseClick(steps.next, LEFT)
    settle(qtbot, window)
    drafted = [call for call in full.calls if call[0] == "draft"][-1]
    assert drafted[2:4] == ("tida", "practice")
    assert (drafted[4]["intimate"], drafted[5]) == ("yes", "en")


def late(full: FakeHoldfast) -> tuple[str, str]:
    """Case and letter: sent, and the day it asked for has passed."""
    xu = full.cases()[1].id
    (sent,) = full.case_file(xu).notices
    full.put(xu, notices=(replace(sent, reply_by="2020-01-08"),))
    return xu, sent.id


def test_when_nothing_came_the_next_letter_is_one_step_away(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    case, letter = late(full)
    window = open_(full)
    (item,) = [one for one in window.desk.agenda.items if one.title.key == "next.again.title"]
    assert (item.place, item.what) == ("again", (case, letter))
    window.go("send", (case, letter))
    settle(qtbot, window)
    assert window.page("send").again.isVisible()
    window.go("case", (case, "letters"))
    settle(qtbot, window)
    page = window.page("case")
    assert page.suggested(page.file)[:2] == ("next.again.action", "again")
    (again,) = [b for b in page.letters.findChildren(Button) if "再次通知" in b.text()]
    qtbot.mouseClick(again, LEFT)
    settle(qtbot, window)
    second = full.case_file(case).notices[-1]
    assert (second.regime, second.follows) == ("second-1195", letter)
    page = window.page("letter")
    assert window.here is page
    assert page.regime.currentData() == "second-1195"
    assert page.rows["still"].first.hasFocus()
    assert page.rows["used"].answer() == "face"
    window.go("send", (case, letter))
    settle(qtbot, window)
    assert not window.page("send").again.isVisible(), "it is being written"
    window.go("letter", (case, "another"))
    settle(qtbot, window)
    page = window.page("letter")
    assert page.regime.findData("second-1195") < 0, "it follows a letter, it begins none"


def another(window: MainWindow) -> Button:
    page = window.page("case")
    return next(b for b in page.letters.findChildren(Button) if "写一封通知" in b.text())


def test_a_second_letter_can_be_begun_while_the_first_is_a_draft(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    he = full.cases()[2].id
    full.draft(he, "civil-1195", "baidu_search", {"used": "voice"}, "zh", Job())
    window.go("case", (he, "letters"))
    settle(qtbot, window)
    qtbot.mouseClick(another(window), LEFT)
    settle(qtbot, window)
    page = window.page("letter")
    assert page._notice is None
    assert page.stack.currentIndex() == 0
    page.steps.platform.setCurrentIndex(page.steps.platform.findData("weibo"))
    page.steps.platform.activated.emit(page.steps.platform.currentIndex())
    qtbot.mouseClick(page.steps.line.options["voice"], LEFT)
    qtbot.mouseClick(page.steps.next, LEFT)
    qtbot.mouseClick(page.steps.line.options["no"], LEFT)
    qtbot.mouseClick(page.steps.next, LEFT)
    qtbot.keyClicks(page.steps.line.line, "He")
    qtbot.mouseClick(page.steps.next, LEFT)
    settle(qtbot, window)
    assert [n.platform for n in full.case_file(he).notices] == ["baidu_search", "weibo"]
    # The one that is meant to be continued still is.
    window.go("letter", (he, ""))
    settle(qtbot, window)
    assert page._notice.number == "L02"


def test_nothing_of_the_other_language_is_left_when_it_is_switched(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    lin, _, he = (case.id for case in full.cases())
    window.go("letter", (lin, full.case_file(lin).notices[0].id))
    settle(qtbot, window)
    page = window.page("letter")
    window.desk.choose(language="en")
    settle(qtbot, window)
    labels = [one.text() for one in page.law.findChildren(Label)]
    assert "True identity: missing" in labels
    assert not [text for text in labels if "真实" in text or "民法典" in text]
    assert page.platform.currentText() == "Yanlian Short Drama (practice platform)"
    window.go("letter", (he, ""))
    settle(qtbot, window)
    assert page.steps.platform.placeholderText() == "Choose a platform"
    window.desk.choose(language="zh")
    settle(qtbot, window)
    assert page.steps.platform.placeholderText() == "请选择平台"
    assert "抖音" in [page.steps.platform.itemText(n) for n in range(page.steps.platform.count())]
    assert page.steps.platform.currentIndex() == -1


def test_a_platform_that_is_not_on_the_list_is_named_first(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, lang="en")
    he = full.cases()[2].id
    window.go("letter", (he, ""))
    settle(qtbot, window)
    page = window.page("letter")
    steps = page.steps
    last = steps.platform.count() - 1
    assert steps.platform.itemText(last) == "Another platform (you name it)"
    steps.platform.setCurrentIndex(last)
    steps.platform.activated.emit(last)
    settle(qtbot, window)
    assert steps.line.title.text() == "What is the platform called?"
    qtbot.mouseClick(steps.next, LEFT)
    assert "fill this in" in steps.line.wrong.text()
    qtbot.keyClicks(steps.line.line, "Drama Park")
    qtbot.mouseClick(steps.next, LEFT)
    qtbot.mouseClick(steps.line.options["face"], LEFT)
    qtbot.mouseClick(steps.next, LEFT)
    qtbot.mouseClick(steps.line.options["no"], LEFT)
    qtbot.mouseClick(steps.next, LEFT)
    qtbot.keyClicks(steps.line.line, "He")
    qtbot.mouseClick(steps.next, LEFT)
    settle(qtbot, window)
    (letter,) = [n for n in full.case_file(he).notices if n.platform == "other"]
    assert letter.answers["platform_name"] == "Drama Park"
    assert "to Drama Park" in page.title.text()
    shown = {name for name, row in page.rows.items() if not row.isHidden()}
    assert {"platform_name", "platform_email", "operator", "channel"} <= shown
    # Another name is the same letter by another name.
    page.rows["platform_name"].line.setText("Drama Garden")
    page.rows["platform_name"].flush()
    settle(qtbot, window)
    (again,) = [n for n in full.case_file(he).notices if n.platform == "other"]
    assert (again.id, again.answers["platform_name"]) == (letter.id, "Drama Garden")
    window.go("case", (he, "letters"))
    settle(qtbot, window)
    said = [label.text() for label in window.page("case").letters.findChildren(Label)]
    assert f"{letter.number} · Drama Garden" in said


def test_a_draft_is_discarded_only_when_that_is_meant(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    letter = full.case_file(lin).notices[0].id
    for yes in (False, True):
        monkeypatch.setattr("holdfast.ui.pages.case_tabs.ask", lambda *_, **__: yes)  # noqa: B023  called at once
        window.go("case", (lin, "letters"))
        settle(qtbot, window)
        qtbot.mouseClick(window.page("case").letters.discard[letter], LEFT)
        settle(qtbot, window)
        assert (("discard", letter) in full.calls) is yes
    assert full.case_file(lin).notices == ()
