"""The phone's page: what is connected, what to do when nothing is, and a code to be filmed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import Received
from holdfast.core.phone import Phone
from holdfast.ui.pages.phone import PhonePage
from holdfast.ui.pages.receipt import ReceiptPage
from holdfast.ui.pages.trouble import TroublePage
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, window: MainWindow, case: str = "") -> PhonePage:
    window.go("phone", case)
    settle(qtbot, window)
    page = window.page("phone")
    assert isinstance(page, PhonePage)
    return page


def button(page: PhonePage, name: str) -> QPushButton:
    (found,) = (
        one for one in page.findChildren(QPushButton)
        if one.accessibleName().startswith(name) and "Pictor" in one.accessibleName()
    )  # fmt: skip
    return found


def asked(fake: FakeHoldfast, verb: str) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == verb]


def texts(page: PhonePage) -> str:
    from PySide6.QtWidgets import QLabel

    return "\n".join(one.text() for one in page.findChildren(QLabel) if one.isVisible())


def test_a_screenshot_from_today_is_two_clicks(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    window = open_(fake)
    (way,) = (
        one for one in window.page("today").findChildren(QPushButton)
        if one.isVisible() and one.accessibleName() == window.desk.say("today.way.phone")
    )  # fmt: skip
    QTest.mouseClick(way, LEFT)
    settle(qtbot, window)
    page = window.page("phone")
    assert isinstance(page, PhonePage)
    QTest.mouseClick(button(page, "截图"), LEFT)
    settle(qtbot, window)
    assert asked(fake, "phone_shot") == [("phone_shot", "PIC0001", "")]
    assert isinstance(window.here, ReceiptPage)


def test_a_phone_that_is_not_ready_says_what_to_do_on_it(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    page = opened(qtbot, open_(fake))
    assert "允许" in texts(page)
    assert len([b for b in page.findChildren(QPushButton) if "PIC0002" in b.accessibleName()]) == 0


def test_no_phone_shows_the_steps_and_looks_again(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    fake.connected = ()
    window = open_(fake, lang="en")
    page = opened(qtbot, window)
    assert "Build number" in texts(page)
    fake.connected = (Phone(serial="P", state="device", model="Pictor 9"),)
    QTest.mouseClick(page.again, LEFT)
    settle(qtbot, window)
    assert "Build number" not in texts(page)


def test_without_adb_its_place_can_be_said(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fail["phones"] = Unavailable("adb_missing")
    window = open_(fake)
    page = opened(qtbot, window)
    assert page.choose.isVisible()
    assert "Platform-Tools" in texts(page)
    fake.fail.clear()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("/opt/adb", ""))
    QTest.mouseClick(page.choose, LEFT)
    settle(qtbot, window)
    assert fake.settings.adb == str(Path("/opt/adb"))
    assert not page.choose.isVisible()


def test_any_other_trouble_is_told_in_place(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    fake.fail["phones"] = Unavailable("adb_failed", reason="<b>no</b>")
    page = opened(qtbot, open_(fake, lang="en"))
    assert "did not start" in texts(page)


def test_a_recording_shows_its_time_and_ends_by_hand(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    case = full.cases()[0].id
    page = opened(qtbot, window, case)
    QTest.mouseClick(button(page, "录屏"), LEFT)
    qtbot.waitUntil(lambda: "1:05 / 60:00" in page.elapsed.text())
    assert page.stop.isVisible()
    assert not page.title.isVisible()
    QTest.mouseClick(page.stop, LEFT)
    assert not page.stop.isEnabled()
    settle(qtbot, window)
    assert asked(full, "phone_record") == [("phone_record", "PIC0001", 3600, case)]
    assert isinstance(window.here, ReceiptPage)


def test_a_recording_that_fails_ends_in_words(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open
) -> None:
    fake.fail["phone_record"] = Unavailable("phone_gone", serial="PIC0001")
    window = open_(fake)
    page = opened(qtbot, window)
    QTest.mouseClick(button(page, "录屏"), LEFT)
    settle(qtbot, window)
    assert isinstance(window.here, TroublePage)
    assert page._task is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_camera_reads_the_code_off_the_window(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, theme: str
) -> None:
    window = open_(full, theme=theme)
    page = opened(qtbot, window, full.cases()[0].id)
    QTest.mouseClick(page.code, LEFT)
    settle(qtbot, window)
    assert page.card.isVisible()
    picture = page.card.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    wide = picture.bytesPerLine()
    seen = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), wide)
    text, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(seen[:, : picture.width()].copy())
    assert text.startswith("HOLDFAST:")
    assert text.endswith(":917442:" + "5D" * 8)
    code = text.split(":")[1]
    assert f"{code[:4]}-{code[4:]}" in page.card.accessibleName()


def test_the_recorded_file_is_brought_with_its_code(
    qtbot: QtBot, fake: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    window = open_(fake)
    page = opened(qtbot, window)
    QTest.mouseClick(page.code, LEFT)
    settle(qtbot, window)
    code = page.card.accessibleName().rpartition(" ")[2].replace("-", "")
    opened(qtbot, window)
    assert page.card.isVisible(), "coming back, the code is still there"
    page.said.setText(" 0:03 ")
    file = tmp_path / "IMG.mov"
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file)], ""))
    QTest.mouseClick(page.bring, LEFT)
    settle(qtbot, window)
    ((_, paths, case, said_code, said),) = asked(fake, "phone_import")
    assert (paths, said_code, said) == ((file,), code, "0:03")
    assert case == fake.cases()[-1].id
    assert isinstance(window.here, ReceiptPage)
    opened(qtbot, window)
    page.source.setText(" my cousin's ")
    QTest.mouseClick(page.bring, LEFT)
    settle(qtbot, window)
    assert asked(fake, "phone_import")[-1][-1] == Received(source="my cousin's", how="0:03")


def test_the_exhibit_tells_marks_of_files_and_page_together(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    full.marked = (
        {"path": "files/video.mp4", "labels": [], "read": "", "iptc": [],
         "c2pa": {"state": "not_detected"}},
    )  # fmt: skip
    window = open_(full, lang="en")
    window.go("case", (full.cases()[0].id, "E0001"))
    settle(qtbot, window)
    from PySide6.QtWidgets import QLabel

    told = "\n".join(one.text() for one in window.findChildren(QLabel))
    assert "No metadata label under GB 45438-2025 detected" in told
    assert "does not mean there was none" in told
    QApplication.processEvents()


def test_labels_on_a_page_with_their_place_or_without() -> None:
    from holdfast.ui.exhibit import page_label

    old = {"observations": {"counters": [{"name": "ai_label", "value": "AI 生成"}, 3]}}
    assert page_label(old) == "AI 生成"
    spot = {"kind": "ai_label", "text": "AI 生成", "file": "page.png", "x": 4, "y": 80}
    both = {"observations": {**old["observations"], "shown": [spot, {"kind": "icp"}]}}
    assert page_label(both) == "AI 生成 (page.png 4, 80)"
    assert page_label({}) == ""
