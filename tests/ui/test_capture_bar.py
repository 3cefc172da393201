"""The page that begins a recording, and the bar that stays while it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QInputDialog
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast, FakeSession
from holdfast.adapters.capture.recording import Standing
from holdfast.core.errors import Refused
from holdfast.ui.capture_bar import CaptureBar, clock, on_desktop
from holdfast.ui.rows import ROW
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton
RUNNING = Standing(phase="recording", elapsed_ms=408_000, frames=9792, level=300, sound="on")


def called(fake: FakeHoldfast, verb: str) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == verb]


def begun(qtbot: QtBot, window: MainWindow, fake: FakeHoldfast, *, script: bool) -> CaptureBar:
    """A recording of the first monitor has begun from the page."""
    window.go("record", "")
    settle(qtbot, window)
    page = window.here
    page.script.setChecked(script)
    qtbot.mouseClick(page.monitors.itemAt(0).widget(), LEFT)
    qtbot.waitUntil(lambda: window._bar is not None)
    bar = window._bar
    assert bar is not None
    fake.session.standing = RUNNING
    bar.tick()
    return bar


def end(qtbot: QtBot, window: MainWindow, fake: FakeHoldfast) -> None:
    fake.session.stopped.set()
    settle(qtbot, window)


def test_today_leads_to_the_page_and_the_page_to_the_bar(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    qtbot.mouseClick(window.page("today").ways[1], LEFT)
    settle(qtbot, window)
    page = window.here
    assert page.monitors.count() == 2
    assert page.model.rowCount() == 2
    bar = begun(qtbot, window, fake, script=False)
    assert called(fake, "recording") == [("recording", "record;monitor:1;audio", "")]
    assert not window.isVisible()
    assert bar.isVisible()
    qtbot.mouseClick(bar.stop_button, LEFT)
    assert window.isVisible()
    assert fake.session.orders[-1] == ("stop",)
    settle(qtbot, window)
    assert window._bar is None
    assert type(window.here).__name__ == "ReceiptPage"


def test_a_window_is_chosen_with_the_keyboard(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    window.go("record", "")
    settle(qtbot, window)
    window.here.sound.setChecked(False)
    window.here.script.setChecked(True)
    QTest.keyClick(window.here.windows, Qt.Key.Key_Down)
    QTest.keyClick(window.here.windows, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window._bar is not None)
    assert called(fake, "recording") == [("recording", "record;window:78;script:drama", "")]
    end(qtbot, window, fake)


def test_a_region_is_drawn_and_recorded(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    window = open_(fake)
    window.go("record", "")
    settle(qtbot, window)
    qtbot.mouseClick(window.here.region, LEFT)
    qtbot.waitUntil(lambda: bool(window._pickers))
    QTest.keyClick(window._pickers[0], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window._bar is not None)
    ((_, target, _),) = called(fake, "recording")
    assert str(target).startswith("record;region:")
    end(qtbot, window, fake)


def test_a_recording_that_cannot_begin_is_told(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    fake.fail["recording"] = Refused("record_target", target="x")
    window.go("record", "")
    settle(qtbot, window)
    qtbot.mouseClick(window.here.monitors.itemAt(0).widget(), LEFT)
    settle(qtbot, window)
    assert type(window.here).__name__ == "TroublePage"
    assert window.isVisible()


def test_steps_are_ticked_part_by_part_by_mouse_and_keys(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=True)
    bar.list.setFocus()
    QTest.keyClick(bar.list, Qt.Key.Key_Space)
    assert fake.session.orders == [("mark", "time")]
    fake.session.standing = Standing(
        phase="recording", elapsed_ms=9000, marks={"time": 5000, "play.start": 7000}
    )
    bar.tick()
    first, second, _, play = (bar.model.index(n).data(ROW) for n in range(4))
    assert (first.at_ms, first.current) == (5000, False)
    assert second.current
    assert play.mark == "play.middle"
    assert "中段" in bar.model.spoken(play)
    assert bar.model.index(0).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    at = bar.list.visualRect(bar.model.index(3)).center()
    qtbot.mouseClick(bar.list.viewport(), LEFT, pos=at)
    assert fake.session.orders[-1] == ("mark", "play.middle")
    # What is on record is not put there twice.
    at = bar.list.visualRect(bar.model.index(0)).center()
    qtbot.mouseClick(bar.list.viewport(), LEFT, pos=at)
    assert fake.session.orders[-1] == ("mark", "play.middle")
    end(qtbot, window, fake)


def test_the_bar_says_how_it_goes(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=False)
    assert bar.elapsed.text() == "06:48"
    assert not bar.dropped.isVisible()
    assert bar.meter.lit > 6
    for standing, words in (
        (Standing(phase="recording", dropped=1), ""),
        (Standing(phase="recording", sound="none"), "没有录到声音"),
        (Standing(phase="recording", sound="lost"), "声音断了"),
        (Standing(phase="recording", level=0, silent_ms=12_000), "12 秒没有声音"),
        (Standing(phase="recording", screen="lost"), "看不到屏幕"),
    ):
        fake.session.standing = standing
        bar.tick()
        assert words in bar.sentence.text()
    fake.session.standing = Standing(phase="recording", dropped=1)
    bar.tick()
    assert bar.dropped.isVisible()
    assert bar.dropped.property("tone") == "warning"
    assert bar._card is not None
    assert bar._card.isVisible()
    end(qtbot, window, fake)


def test_pausing_asks_why_and_going_on_does_not(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=False)
    qtbot.mouseClick(bar.pause, LEFT)
    reasons = [action for action in bar.menu.actions() if not action.isSeparator()]
    reasons[0].trigger()
    assert fake.session.orders[-1] == ("pause", "要输入密码或私人信息")
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (" the bell ", True))
    reasons[-1].trigger()
    assert fake.session.orders[-1] == ("pause", "the bell")
    bar.menu.close()
    fake.session.standing = Standing(phase="resting")
    bar.tick()
    qtbot.mouseClick(bar.pause, LEFT)
    assert fake.session.orders[-1] == ("resume",)
    end(qtbot, window, fake)


def test_keys_mark_and_stop_and_closing_is_stopping(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=False)
    bar.activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(bar, Qt.Key.Key_M, both)
    assert fake.session.orders == [("mark", "")]
    bar.close()
    assert fake.session.orders[-1] == ("stop",)
    bar.stop()
    assert fake.session.orders.count(("stop",)) == 1
    settle(qtbot, window)


@pytest.mark.parametrize("scale", [100, 200])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_bar_is_named_and_folds(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, lang: str, scale: int
) -> None:
    window = open_(fake, lang=lang, scale=scale)
    bar = begun(qtbot, window, fake, script=True)
    high = bar.height()
    for button in bar.findChildren(QAbstractButton):
        heard = QAccessible.queryAccessibleInterface(button)
        assert heard.text(QAccessible.Text.Name).strip()
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width()
    qtbot.mouseClick(bar.fold, LEFT)
    assert bar.height() < high / 2
    assert bar.short.isVisible()
    qtbot.mouseClick(bar.fold, LEFT)
    assert bar.height() == high
    end(qtbot, window, fake)


def test_hiding_at_once_hides_the_bar_and_brings_it_back(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=False)
    window.hide_at_once()
    assert not bar.isVisible()
    window.hide_at_once()
    assert bar.isVisible()
    end(qtbot, window, fake)


def test_it_stands_beside_what_is_recorded(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    window = open_(fake)
    session = FakeSession(fake, "record;all", "")
    whole = window.screen().geometry()
    part = QRect(whole.x() + 300, whole.y() + 300, whole.width(), whole.height())
    bar = CaptureBar(window.desk, session, part, "")
    assert not bar.is_in_picture
    bar.over()
    bar = CaptureBar(window.desk, session, whole, "")
    bar.tick()
    assert bar.is_in_picture
    assert "会录进画面" in bar.sentence.text()
    bar.over()


def test_times_and_places_are_told_as_people_read_them() -> None:
    assert clock(408_000) == "06:48"
    assert clock(4_008_000) == "1:06:48"
    assert on_desktop(None) is None


@pytest.mark.parametrize("script", [True, False])
def test_the_keyboard_is_never_on_stopping_before_anybody_put_it_there(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, script: bool
) -> None:
    window = open_(fake)
    window.go("record", "")
    settle(qtbot, window)
    window.here.script.setChecked(script)
    qtbot.mouseClick(window.here.monitors.itemAt(0).widget(), LEFT)
    qtbot.waitUntil(lambda: window._bar is not None)
    bar = window._bar
    fake.session.standing = Standing(phase="opening")
    for _ in range(2):
        bar.tick()
        assert bar.focusWidget() is bar.fold
    fake.session.standing = RUNNING
    bar.tick()
    assert bar.focusWidget() is (bar.list if script else bar.mark_button)
    end(qtbot, window, fake)


def test_what_lacks_of_the_sound_hides_neither_a_mark_nor_where_the_bar_is(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    bar = begun(qtbot, window, fake, script=False)
    bar._hidden, bar._box = False, None
    said = []
    for elapsed in (408_000, 414_000):
        fake.session.standing = replace(RUNNING, sound="none", level=None, elapsed_ms=elapsed)
        bar.tick()
        said.append(bar.sentence.text())
    assert said == [bar.desk.say("bar.sound.none"), bar.desk.say("bar.inside")]
    bar.mark()
    bar.tick()
    assert bar.sentence.text() == bar.desk.say("bar.marked", time=clock(414_000))
    end(qtbot, window, fake)
