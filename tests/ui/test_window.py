"""The window itself: start, keys, languages, hiding, closing."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Refused, Unavailable
from holdfast.ui import app as ui_app
from holdfast.ui import inside as ui_inside
from holdfast.ui.phrases import exhibit_state, plain_tip, size
from holdfast.ui.pictures import blurred, limited, preview_of, read
from holdfast.ui.shell import Shell
from holdfast.ui.theme import contrast
from holdfast.ui.tokens import DARK, LIGHT, token_names
from holdfast.ui.widgets import Button, Label

from .conftest import Open, settle

HEAVY = ("yt_dlp", "cv2", "av", "reportlab", "pyhanko", "httpx", "cryptography", "numpy", "PIL")


def test_nothing_heavy_is_imported_before_the_window_stands(tmp_path: Path) -> None:
    """In a process of its own, with the real Holdfast on an empty folder."""
    script = f"""
import sys, os
from pathlib import Path
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QTimer
from holdfast.compose import open_holdfast
from holdfast.ui.app import main
shown = []
def look():
    app = QApplication.instance()
    inside = [w.inside for w in app.topLevelWidgets() if hasattr(w, "inside")][0]
    if inside is None or not inside.isVisible():
        QTimer.singleShot(10, look)
        return
    print(",".join(m for m in {HEAVY!r} if m in sys.modules) or "none", flush=True)
    os._exit(0)
QApplication([])
QTimer.singleShot(0, look)
main(open_holdfast(Path({str(tmp_path)!r})), ["holdfast"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "none", done.stdout + done.stderr


def test_the_shell_is_furnished_and_closes_with_what_is_inside(
    qtbot: QtBot, qapp: QApplication, fake: FakeHoldfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui_inside, "install_crash_hook", lambda window: None)
    monkeypatch.setattr(ui_inside, "heed_interrupts", lambda window: None)
    left: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", lambda *_: left.append(True))
    shell = Shell(fake)
    qtbot.addWidget(shell)
    shell.show()
    qtbot.waitUntil(lambda: shell.inside is not None)
    inside = shell.inside
    settle(qtbot, inside)
    assert inside.window() is shell
    assert inside.isVisible()
    assert inside.page("today").field.hasFocus(), "a link is pasted without a click"
    assert shell.windowTitle() == "留证 Holdfast"
    assert ("recover",) in fake.calls
    shell.resize(1111, 777)
    inside.hide_at_once()
    assert not shell.isVisible()
    assert inside._plain.isVisible()
    inside.hide_at_once()
    assert shell.isVisible()
    shell.close()
    assert left
    assert fake.settings.window
    inside.desk.runner.shutdown()
    again = Shell(fake)
    assert again.height() > 640, "where it stood last, as far as the screen allows"
    again._asked = True
    again.deleteLater()


def test_hide_hides_even_under_a_dialog_and_comes_back(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    dialog = QDialog(window)
    dialog.setModal(True)
    with qtbot.waitExposed(dialog, timeout=60_000):
        dialog.show()
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_H, both)
    assert not window.isVisible()
    assert not dialog.isVisible()
    plain = window._plain
    assert plain.isVisible()
    assert "Holdfast" not in plain.windowTitle()
    assert "留证" not in plain.windowTitle()
    # Closing the plain page is no way to lose Holdfast.
    plain.close()
    assert window.isVisible()
    qtbot.mouseClick(window.sidebar.hide_button, Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    QTest.keyClick(window._plain.windowHandle(), Qt.Key.Key_H, both)
    assert window.isVisible()


def test_languages_change_while_it_runs_and_nothing_is_left_behind(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, lang="zh")
    for place in ("today", "cases", "settings", "help", "verify", "shot"):
        window.go(place, None)
        settle(qtbot, window)
    window.desk.choose(language="en")
    settle(qtbot, window)
    for place in ("help", "settings"):
        window.go(place, None)
        settle(qtbot, window)
    own = {"中文（简体）", "演练 PRACTICE", "留证", "时间戳服务甲", "时间戳服务乙"}
    chinese = [
        widget.text()
        for kind in (QLabel, QPushButton)
        for widget in window.findChildren(kind)
        if any("\u4e00" <= letter <= "\u9fff" for letter in widget.text())
    ]
    names = " ".join(f"{case.title}" for case in full.cases())
    left = [text for text in chinese if text.strip() not in own and text not in names]
    assert not [text for text in left if "案" in text or "设置" in text or "证据" in text], left
    assert window.sidebar.model.index(0).data() == "Today 5"
    window.desk.choose(language="zh")
    assert window.sidebar.model.index(0).data() == "今天 5"


def test_the_keys_lead_where_they_say(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    alt, control = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
    for key, page in (
        (Qt.Key.Key_2, "CasesPage"),
        (Qt.Key.Key_3, "VerifyPage"),
        (Qt.Key.Key_4, "SettingsPage"),
        (Qt.Key.Key_1, "TodayPage"),
    ):
        QTest.keyClick(window, key, alt)
        settle(qtbot, window)
        assert type(window.here).__name__ == page
    QTest.keyClick(window, Qt.Key.Key_F, control)
    settle(qtbot, window)
    assert QApplication.focusWidget() is window.page("cases").search
    case = full.cases()[0].id
    window.go("case", (case, ""))
    settle(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_F, control)
    assert QApplication.focusWidget() is window.here.evidence.search
    QTest.keyClick(window, Qt.Key.Key_L, control)
    assert QApplication.focusWidget() is window.page("today").field
    window.sidebar.list.setFocus()
    seen = []
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_F6)
        seen.append(QApplication.focusWidget())
    assert window.sidebar.list in seen
    assert len(set(seen)) == 3
    QTest.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is seen[1]
    window.sidebar.list.setCurrentIndex(window.sidebar.model.index(3))
    QTest.keyClick(window.sidebar.list, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert type(window.here).__name__ in ("SettingsPage", "TodayPage")


def test_closing_waits_for_what_is_written_and_says_so(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", lambda *_: left.append(True))
    window = open_(fake)
    go, wrote = threading.Event(), []

    def write(job: object) -> None:
        go.wait(60)
        wrote.append(True)

    task = window.desk.runner.start(write, "task.writing")
    window.close()
    assert window.isVisible()
    assert type(window.here).__name__ == "FarewellPage"
    assert task.cancelled
    window.close()
    assert window.isVisible()
    assert not left
    go.set()
    qtbot.waitUntil(lambda: bool(left))
    assert wrote == [True]
    assert not window.isVisible()


def test_closing_with_nothing_to_write_is_at_once(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "quit", lambda *_: None)
    window = open_(fake)

    def full_disk(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fake, "save_settings", full_disk)
    window.close()
    assert not window.isVisible()


def test_the_strip_counts_and_says_offline(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    assert window.strip.pending.isVisible()
    assert window.strip.pending.text().strip() == "4 个时间戳确认中"
    full.calls.clear()
    qtbot.mouseClick(window.strip.pending, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert ("stamp", "", "now") in full.calls, "a person who asks is not told to wait for its turn"
    window.strip.show_online(offline=True)
    assert window.strip.online.text().strip() == "离线"
    qtbot.mouseClick(window.strip.online, Qt.MouseButton.LeftButton)
    assert type(window.here).__name__ == "SettingsPage"


def test_a_silent_time_stamp_service_is_no_trouble(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    full.fail["stamp"] = Unavailable("host_unreachable", host="x")
    window = open_(full)
    window.stamp_now()
    settle(qtbot, window)
    assert type(window.here).__name__ == "TodayPage"


def test_trouble_at_the_start_is_told(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    fake.fail["recover"] = Refused("database_newer", found=9, known=1)
    window = open_(fake)
    fake.settings_damaged = Path("settings.damaged.json")
    window.begin()
    settle(qtbot, window)
    assert type(window.here).__name__ == "TroublePage"
    assert "settings.damaged.json" in window.strip.note.text()


def test_the_crash_hook_shows_our_mistake(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(fake)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    ui_inside.install_crash_hook(window)
    error = ZeroDivisionError("x")
    sys.excepthook(ZeroDivisionError, error, None)
    qtbot.waitUntil(lambda: type(window.here).__name__ == "TroublePage")


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_contrast_is_enough_to_read(tokens: object) -> None:
    for text in ("text", "secondary", "accent", "confirmed", "pending", "warning", "broken"):
        for ground in ("window", "surface", "raised", "selection", "section"):
            ratio = contrast(getattr(tokens, text), getattr(tokens, ground))
            assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"
        if text not in ("text", "secondary", "accent"):
            assert contrast(getattr(tokens, text), tokens.tint(text)) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.secondary, tokens.hairline) >= 4.5 or tokens is LIGHT
    for ground in ("window", "surface"):
        assert contrast(tokens.control, getattr(tokens, ground)) >= 3
    assert set(token_names()) >= {"accent", "pending"}


def test_no_colour_and_no_size_stands_outside_the_theme() -> None:
    import re

    folder = Path(ui_app.__file__).parent
    for file in folder.rglob("*.py"):
        if file.name in ("tokens.py", "theme.py"):
            continue
        source = file.read_text(encoding="utf-8")
        assert not re.search(r'"#[0-9a-fA-F]{6}"', source), file.name
        assert "setPixelSize" not in source, file.name


def test_an_ampersand_of_theirs_is_no_access_key(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    desk = open_(fake).desk
    button = Button(desk)
    qtbot.addWidget(button)
    button.show_text("A & B")
    assert button.text() == "A && B"
    assert button.accessibleName() == "A & B"
    assert plain_tip("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    label = Label(desk)
    qtbot.addWidget(label)
    label.show_text("<b>x</b>")
    QApplication.sendEvent(label, QEvent(QEvent.Type.LanguageChange))
    assert label.text() == "<b>x</b>"


@pytest.mark.qt_log_ignore("Rejecting image", extend=True)
def test_hostile_pictures_are_no_pictures(tmp_path: Path) -> None:
    from PIL import Image
    from PySide6.QtCore import QSize

    limited()
    small = QSize(60, 40)
    broken = tmp_path / "b.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40)
    assert read(broken, "image/png", small).isNull()
    bomb = tmp_path / "bomb.png"
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 20_000, 8, 0, 0, 0, 0)
    bomb.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    assert read(bomb, "image/png", small).isNull(), "1.2 gigapixels"
    svg = tmp_path / "x.png"
    svg.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    assert read(svg, "image/png", small).isNull(), "it is what it was recorded as, or nothing"
    assert read(svg, "image/svg+xml", small).isNull()
    tall = tmp_path / "tall.png"
    Image.new("RGB", (300, 9_000), (10, 200, 30)).save(tall)
    picture = read(tall, "image/png", small)
    assert (picture.width(), picture.height()) == (60, 40)
    soft = blurred(picture)
    assert soft.size() == picture.size()
    assert blurred(QImage()).isNull()


def test_words_for_states_without_any_time_stamp(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    desk = open_(full).desk
    assert exhibit_state(desk, (), practice=False).sentence == "已封存，时间戳待发送"
    assert exhibit_state(desk, (), practice=True).sentence == "演练：已封存，时间戳待发送"
    case = full.cases()[2].id
    exhibit = full.files[case].exhibits[0]
    stamp = full.files[case].stamps[0]
    refused = replace(
        stamp,
        status="queued",
        attempts=2,
        reason="unreachable",
        next_try="2026-11-18T02:00:00.000Z",
    )
    sentence = exhibit_state(desk, (refused,), practice=False).sentence
    assert sentence.startswith("时间戳暂未取得（连不上；下次 11-18")
    assert preview_of(exhibit).media_type == "image/png"
    assert preview_of(replace(exhibit, artifacts=())) is None
    assert [size(n) for n in (0, 999, 1000, 3_400_000, 119_000_000, 2_000_000_000, 5 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 KB",
        "3.4 MB",
        "119 MB",
        "2.0 GB",
        "5.0 TB",
    ]
