"""The page of a series: real clicks on ticks, keep, pause, go on."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> tuple[MainWindow, Any]:
    window = open_(full)
    case = full.cases()[0].id
    window.go("series", (case, ""))
    settle(qtbot, window)
    page = window.here
    assert type(page).__name__ == "SeriesPage"
    return window, page


def click(qtbot: QtBot, window: MainWindow, widget: Any) -> None:
    qtbot.mouseClick(widget, LEFT)
    settle(qtbot, window)


def ticked(page: Any) -> list[int]:
    return [one.episode.place for one in page._rows if one.ticked]


def called(fake: FakeHoldfast, verb: str) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == verb]


def test_what_is_chosen_is_kept_and_told_row_by_row(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window, page = opened(qtbot, full, open_)
    # Everything that is free and not there yet is chosen to begin with.
    assert ticked(page) == list(range(6, 49))
    click(qtbot, window, page.none)
    assert page.footer.sentence.text() == "还没有选。请勾选要保存的集。"
    click(qtbot, window, page.keep)
    assert called(full, "choose_episodes") == []
    page.range.setText("7-9, 50")
    click(qtbot, window, page.only)
    assert ticked(page) == [7, 8, 9]
    page.pages.setChecked(True)
    click(qtbot, window, page.keep)
    assert called(full, "choose_episodes")[0][2:] == ((7, 8, 9), True)
    states = [one.episode.state for one in page._rows[6:9]]
    assert states == ["kept", "kept", "failed"]
    assert page.model.rows[6][1][-1].text == "已存为 E0027"
    assert "404" in page.model.rows[8][1][-1].full
    click(qtbot, window, page.again)
    assert called(full, "keep_episodes")[-1][2] is True


def test_a_list_that_a_log_in_brought_says_so(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    _, page = opened(qtbot, full, open_)
    assert not page.own.isVisible()
    (file,) = full.serials.values()
    full.serials[file.series.id] = replace(file, series=replace(file.series, own=True))
    _, page = opened(qtbot, full, open_)
    assert page.own.isVisible()
    assert page.own.text() == "是用这个案件的登录状态列出的。"


def test_ticks_follow_clicks_and_the_space_bar(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window, page = opened(qtbot, full, open_)
    click(qtbot, window, page.none)
    table = page.table
    at = table.visualRect(page.index_of(6)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=QPoint(at.x(), at.y()))
    assert ticked(page) == [6]
    table.selectRow(6)
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert ticked(page) == [6, 7]
    # What is kept, and what has to be paid for, cannot be chosen.
    for row in (0, 59):
        table.selectRow(row)
        QTest.keyClick(table, Qt.Key.Key_Space)
    assert ticked(page) == [6, 7]
    click(qtbot, window, page.all)
    assert len(ticked(page)) == 44
    page.range.setText("x")
    QTest.keyClick(page.range, Qt.Key.Key_Return)
    assert page.wrong.isVisible()
    assert "60" in page.wrong.text()


def test_pause_and_go_on(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window, page = opened(qtbot, full, open_)
    page.range.setText("10-14")
    click(qtbot, window, page.only)
    full.hold = threading.Event()
    full.held.clear()
    qtbot.mouseClick(page.keep, LEFT)
    qtbot.waitUntil(full.held.is_set)
    qtbot.waitUntil(page.pause.isVisible)
    assert not page.keep.isEnabled()
    qtbot.waitUntil(lambda: "第" in page.state.text())
    qtbot.mouseClick(page.pause, LEFT)
    qtbot.waitUntil(lambda: bool(called(full, "pause_series")))
    assert page.state.text() == "当前这一集存完就停。"
    full.hold.set()
    settle(qtbot, window)
    full.hold = None
    assert [one.episode.state for one in page._rows[9:14]] == ["kept"] * 2 + ["queued"] * 3
    assert page.state.text() == "已暂停，还有 3 集在排队。"
    assert page.keep.text() == "接着保存"
    # Today says so as well, and leads back.
    window.go("today", "")
    settle(qtbot, window)
    waits = [item for item in window.desk.agenda.items if item.place == "series"]
    assert waits[0].title.say(window.desk) == "长街旧梦 还有 3 集没有保存"
    window.go(waits[0].place, waits[0].what)
    settle(qtbot, window)
    click(qtbot, window, page.keep)
    assert [one.episode.state for one in page._rows[9:14]] == ["kept"] * 5


def test_a_queue_goes_on_while_the_person_is_elsewhere(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window, page = opened(qtbot, full, open_)
    full.hold = threading.Event()
    full.held.clear()
    qtbot.mouseClick(page.keep, LEFT)
    qtbot.waitUntil(full.held.is_set)
    window.go("cases", "")
    assert window.desk.runner.named
    full.hold.set()
    settle(qtbot, window)
    full.hold = None
    assert full.standings()[0].left == 0


def test_why_a_queue_stopped_is_said(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    (file,) = full.serials.values()
    episodes = tuple(
        replace(one, state="queued", code="host_unreachable", facts=(("host", "x.example"),))
        if one.place == 6
        else one
        for one in file.episodes
    )
    stopped = replace(file.series, state="paused", code="host_unreachable")
    full.serials[stopped.id] = replace(file, series=stopped, episodes=episodes)
    _, page = opened(qtbot, full, open_)
    assert page.why.isVisible()
    assert "x.example" in page.why.text()


def test_a_link_that_is_a_series_is_offered(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    window = open_(fake)
    window.keep(["https://drama.example/series"])
    settle(qtbot, window)
    assert type(window.here).__name__ == "SeriesPage"


def test_a_case_leads_to_its_series_and_takes_new_ones(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    case = full.cases()[0].id
    window.go("case", (case, ""))
    settle(qtbot, window)
    here: Any = window.here
    here._add()
    ways = {action.text(): action for action in here.menu.actions()}
    ways["剧集：长街旧梦"].trigger()
    settle(qtbot, window)
    assert type(window.here).__name__ == "SeriesPage"
    window.go("case", (case, ""))
    settle(qtbot, window)
    asked = ("https://drama.example/other", True)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: asked)
    here._add_series()
    settle(qtbot, window)
    assert called(full, "inventory") == [("inventory", asked[0], case)]
    page: Any = window.here
    assert page.title.text() == "长街旧梦"
    click(qtbot, window, page.renew)
    assert len(called(full, "inventory")) == 2
    click(qtbot, window, window.page("series").open)  # type: ignore[attr-defined]  # SeriesPage
    assert type(window.here).__name__ == "CasePage"


def test_the_downloader_is_a_choice_of_the_settings(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    window.go("settings", None)
    settle(qtbot, window)
    page: Any = window.here
    assert "2026.10.26" in page.downloader.text()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/x/y.whl", ""))
    click(qtbot, window, page.wheel)
    assert "2026.11.20" in page.downloader.text()
    click(qtbot, window, page.built_in)
    assert not page.built_in.isVisible()
    click(qtbot, window, page.fetch)
    assert type(window.here).__name__ == "TroublePage"
