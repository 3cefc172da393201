"""The window is tested without a screen, with real clicks; a warning of Qt's is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast, furnished
from holdfast.ui.inside import open_window
from holdfast.ui.window import MainWindow

Open = Callable[..., MainWindow]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


class PatientBot(QtBot):
    """Waits as long as a busy computer needs."""

    def waitUntil(  # noqa: N802 -- pytest-qt calls it so
        self, callback: Callable[[], object], *, timeout: int = 60_000
    ) -> None:
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def fake(tmp_path: Path) -> FakeHoldfast:
    return FakeHoldfast(tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> FakeHoldfast:
    return furnished(tmp_path)


@pytest.fixture
def open_(qtbot: QtBot, qapp: QApplication) -> Iterator[Open]:
    made: list[MainWindow] = []

    def open_it(
        holdfast: FakeHoldfast,
        *,
        lang: str = "zh",
        theme: str = "light",
        scale: int = 100,
        size: tuple[int, int] = (1280, 800),
    ) -> MainWindow:
        holdfast.settings = replace(
            holdfast.settings,
            language=lang,
            theme=theme,
            text_scale=scale,
        )
        window = open_window(qapp, holdfast)
        window.resize(*size)
        window.show()
        window.activateWindow()
        made.append(window)
        settle(qtbot, window)
        return window

    yield open_it
    for window in made:
        window.desk.runner.shutdown()
        qapp.processEvents()
        window.hide()
        window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Everything under way has arrived."""
    for _ in range(3):
        QApplication.processEvents()
        qtbot.waitUntil(lambda: not window.desk.runner.busy)
        QApplication.processEvents()
