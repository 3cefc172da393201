"""Settings' part about Bitcoin's blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Unavailable
from holdfast.core.timestamp import Stamp, Subject
from holdfast.ui.heard import HeardRow
from holdfast.ui.pages.settings import SettingsPage
from holdfast.ui.phrases import short_time, stamp_history, stamp_state
from holdfast.ui.window import MainWindow

Opens = Callable[[FakeHoldfast], MainWindow]


def row_of(window: MainWindow, qtbot: QtBot):
    window.go("settings", None)
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: "953567" in page.chain.reach.text())
    return page.chain


def test_newer_blocks_are_checked_and_that_is_said(
    full: FakeHoldfast, open_: Opens, qtbot: QtBot
) -> None:
    window = open_(full)
    row = row_of(window, qtbot)
    assert row.said.isHidden()
    assert row.fields.isHidden()
    row.refresh.click()
    qtbot.waitUntil(lambda: "957599" in row.reach.text())
    assert "4032" in row.said.text()
    row.refresh.click()
    qtbot.waitUntil(lambda: "4032" not in row.said.text())
    assert [call for call in full.calls if call[0] == "refresh_headers"] == [
        ("refresh_headers",)
    ] * 2


def test_a_node_and_a_server_are_chosen_and_ended(
    full: FakeHoldfast, open_: Opens, qtbot: QtBot
) -> None:
    window = open_(full)
    row = row_of(window, qtbot)
    row.own.click()
    assert not row.fields.isHidden()
    row.node.setText("http://127.0.0.1:8332")
    row.user.setText("me")
    row.password.setText("secret")
    row.use_node.click()
    qtbot.waitUntil(lambda: "127.0.0.1" in row.said.text())
    assert ("use_node", "http://127.0.0.1:8332", "me", True, None) in full.calls
    assert row.password.text() == ""
    row.cookie.setText("/x/.cookie")
    row.node.clear()
    row.use_node.click()
    qtbot.waitUntil(lambda: "127.0.0.1" not in row.said.text())
    assert full.calls[-1] == ("use_node", "", "", False, Path("/x/.cookie"))
    row.electrum.setText("electrum.example:50002")
    row.use_electrum.click()
    qtbot.waitUntil(lambda: "ssl://electrum.example:50002" in row.said.text())
    row.own.click()
    assert row.fields.isHidden()


def test_trouble_is_told_where_it_belongs(full: FakeHoldfast, open_: Opens, qtbot: QtBot) -> None:
    window = open_(full)
    row = row_of(window, qtbot)
    full.fail["refresh_headers"] = Unavailable("headers_two_sources", answered=1)
    row.refresh.click()
    qtbot.waitUntil(lambda: window._here == "trouble")
    assert row.refresh.isEnabled()


def test_the_answers_of_calendars_are_shown_to_whoever_asks(
    full: FakeHoldfast, open_: Opens, qtbot: QtBot
) -> None:
    stamp = Stamp(
        id="7",
        case_id="c",
        subject=Subject(kind="manifest", path="x", sha256="0" * 64),
        kind="opentimestamps",
        world="real",
        answers=("a", "b"),
    )
    row = HeardRow(open_(full).desk, stamp)
    qtbot.addWidget(row)
    assert row.said.isHidden()
    row.show_all.click()
    qtbot.waitUntil(lambda: not row.said.isHidden())
    lines = row.said.text().splitlines()
    assert len(lines) == 2
    assert "alice.example/timestamp/00 · 答复 404，7 字节" in lines[0]
    assert full.calls[-1] == ("answers", "7")


def test_a_pending_stamp_says_when_it_is_looked_at_and_what_is_kept(
    full: FakeHoldfast, open_: Opens
) -> None:
    desk = open_(full).desk
    stamp = Stamp(
        id="1",
        case_id="c",
        subject=Subject(kind="manifest", path="x", sha256="0" * 64),
        kind="opentimestamps",
        world="real",
        status="pending",
        next_try="2026-11-18T03:00:00.000Z",
        answers=("a", "b"),
    )
    told = stamp_history(desk, stamp)
    assert f"{short_time(desk, stamp.next_try or '')} 起会自动再看" in told
    assert "答复 2 份" in told
    assert stamp_history(desk, replace(stamp, next_try=None, answers=())) == ""
    late = replace(stamp, reason="overdue", next_try=None)
    assert "八周" in stamp_state(desk, late).sentence
    assert "八周" not in stamp_state(desk, stamp).sentence
