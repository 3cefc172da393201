"""The page of the environment check: looked at, explained, written down; the look afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Unavailable
from holdfast.core.job import Job
from holdfast.ui.pages.case import CasePage
from holdfast.ui.pages.environment import REMARK, EnvironmentPage
from holdfast.ui.window import MainWindow

from .conftest import Open, settle


def page_of(window: MainWindow) -> EnvironmentPage:
    page = window.page("environment")
    assert isinstance(page, EnvironmentPage)
    return page


def case_of(fake: FakeHoldfast, sign: str = "许") -> str:
    return next(case.id for case in fake.cases() if case.title.startswith(sign))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_case_it_is_only_shown(
    open_: Open, full: FakeHoldfast, lang: str, qtbot: QtBot
) -> None:
    window = open_(full, lang=lang)
    window.go("environment", None)
    settle(qtbot, window)
    page = page_of(window)
    assert page.model.rowCount() == 12
    assert page.write.isHidden()
    assert not page.again.isHidden()
    words = [page.model.index(row, 1).data() for row in range(12)]
    assert set(words) == (
        {"正常", "需说明", "未能检查"}
        if lang == "zh"
        else {"fine", "to be explained", "not checked"}
    )
    # The first that wants a word is in hand, with its raw values.
    assert page.model.rows[page.table.currentIndex().row()][0].item == "tunnel"
    assert not page.raw.isHidden()


def test_a_remark_is_written_and_goes_into_the_record(
    open_: Open, full: FakeHoldfast, qtbot: QtBot
) -> None:
    window = open_(full)
    case = case_of(full)
    window.go("environment", case)
    settle(qtbot, window)
    page = page_of(window)
    index = page.model.index(6, REMARK)
    page.table.setCurrentIndex(index)
    page.table.edit(index)
    field = page.table.findChild(QLineEdit)
    assert field is not None
    assert field.placeholderText() == "写一句，会原样进报告"
    field.setText("单位办公用")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert page.model.index(6, REMARK).data() == "单位办公用"
    qtbot.mouseClick(page.write, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert ("write_environment", case, {"tunnel": "单位办公用"}) in full.calls
    assert isinstance(window.here, CasePage)


def test_it_can_be_looked_at_again(open_: Open, full: FakeHoldfast, qtbot: QtBot) -> None:
    window = open_(full)
    case = case_of(full)
    window.go("environment", case)
    settle(qtbot, window)
    qtbot.mouseClick(page_of(window).again, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    looks = [call for call in full.calls if call[0] == "environment"]
    assert looks == [("environment", case, False), ("environment", case, True)]


def test_an_exhibits_check_is_shown_and_remarks_stand_beside_it(
    open_: Open, full: FakeHoldfast, qtbot: QtBot
) -> None:
    window = open_(full)
    case = case_of(full)
    window.go("case", (case, "E0001"))
    settle(qtbot, window)
    here = window.here
    assert isinstance(here, CasePage)
    assert not here.detail.environment.isHidden()
    here.detail.environment.click()
    settle(qtbot, window)
    page = page_of(window)
    assert window.here is page
    assert page.again.isHidden()
    assert "E0001" in page.when.text()
    assert "快 0.18 秒" in page.sealing.text()
    page._edited(page.model.rows[9][0], REMARK, "听歌")
    page.write.click()
    settle(qtbot, window)
    assert ("explain_environment", case, "E0001", {"processes": "听歌"}) in full.calls
    window.go("environment", (case, "E0001"))
    settle(qtbot, window)
    assert page.model.index(9, REMARK).data() == "听歌"


def test_a_check_in_the_timeline_opens(open_: Open, full: FakeHoldfast, qtbot: QtBot) -> None:
    case = case_of(full)
    made = full.check_after(case, Job())
    assert made is not None
    window = open_(full)
    window.go("case", (case, ""))
    settle(qtbot, window)
    here = window.here
    assert isinstance(here, CasePage)
    at = next(n for n, one in enumerate(here.model.rows) if getattr(one, "check", "") == made.id)
    here._open(here.model.index(at))
    settle(qtbot, window)
    assert window.here is page_of(window)
    assert "取证后" in page_of(window).when.text()


def test_an_exhibit_without_a_check_says_so(
    open_: Open, full: FakeHoldfast, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(full, "surroundings", lambda _exhibit: None)
    window = open_(full)
    window.go("environment", (case_of(full), "E0001"))
    settle(qtbot, window)
    page = page_of(window)
    assert page.when.text() == "这项证据的清单里没有环境检查。"
    assert page.footer.isHidden()


def test_trouble_has_its_page(open_: Open, full: FakeHoldfast, qtbot: QtBot) -> None:
    full.fail["environment"] = Unavailable("database_busy")
    window = open_(full)
    window.go("environment", None)
    settle(qtbot, window)
    assert window._here == "trouble"


def test_a_rehearsal_keeps_its_band_and_the_language_can_change(
    open_: Open, full: FakeHoldfast, qtbot: QtBot
) -> None:
    window = open_(full)
    window.go("environment", case_of(full, "林"))
    settle(qtbot, window)
    page = page_of(window)
    assert page.practice == (full.case_file(case_of(full, "林")).case.world == "practice")
    window.desk.choose(language="en")
    settle(qtbot, window)
    assert page.model.index(0, 0).data() == "System"
    full.settings = replace(full.settings, language="zh")


def test_after_keeping_this_computer_is_looked_at_once_more(
    open_: Open, fake: FakeHoldfast, qtbot: QtBot
) -> None:
    window = open_(fake)
    window.keep(["https://drama.example/1", "https://drama.example/2"])
    settle(qtbot, window)
    looks = [call for call in fake.calls if call[0] == "check_after"]
    assert len(looks) == 1
    window._check_after()
    settle(qtbot, window)
    assert len([call for call in fake.calls if call[0] == "check_after"]) == 1


def test_it_is_reached_from_today_and_settings(
    open_: Open, full: FakeHoldfast, qtbot: QtBot
) -> None:
    window = open_(full)
    window.page("today").check.click()
    settle(qtbot, window)
    assert window._here == "environment"
    window.go("settings", None)
    settle(qtbot, window)
    window.page("settings").environment.click()
    settle(qtbot, window)
    assert window._here == "environment"
