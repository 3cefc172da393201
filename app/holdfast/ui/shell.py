"""The window before anything is in it: it stands at once and is furnished while looked at."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from holdfast.ui.tokens import DARK, FIRST_WINDOW, LIGHT, MIN_WINDOW, SIDEBAR

if TYPE_CHECKING:
    from holdfast.compose import Holdfast
    from holdfast.ui.window import MainWindow

BREATH_MS = 10
"""Time for the system to show what was painted."""
HALF = 128


class Shell(QMainWindow):
    """The outermost window; everything a person works with is its only child."""

    def __init__(self, holdfast: Holdfast) -> None:
        super().__init__()
        self._holdfast = holdfast
        self.inside: MainWindow | None = None
        self._asked = False
        theme = holdfast.settings.theme
        # By its colour: the name of the scheme would load every enum Qt has.
        dark = self.palette().window().color().lightness() < HALF
        self._tokens = DARK if theme == "dark" or (not theme and dark) else LIGHT
        self.setWindowTitle("留证 Holdfast")
        self.setMinimumSize(MIN_WINDOW)
        place_window(self, holdfast.settings.window)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._tokens.window))
        if self.inside is None:
            line = QRect(SIDEBAR, 0, 1, self.height())
            painter.fillRect(line, QColor(self._tokens.hairline))
        if not self._asked:
            self._asked = True
            QTimer.singleShot(BREATH_MS, self, self.furnish)

    def furnish(self) -> None:
        """Everything is in its place and at work."""
        from PySide6.QtCore import Qt

        from holdfast.ui.app import install_crash_hook, open_window

        app = QApplication.instance()
        assert isinstance(app, QApplication)
        inside = open_window(app, self._holdfast)
        inside.setWindowFlags(Qt.WindowType.Widget)
        self.setWindowIcon(app.windowIcon())
        self.setWindowTitle(inside.windowTitle())
        self.inside = inside
        self.setCentralWidget(inside)
        install_crash_hook(inside)
        inside.begin()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.inside is not None and not self.inside.close():
            # It is still writing, says so, and closes by itself.
            event.ignore()
            return
        event.accept()
        QApplication.quit()


def place_window(window: QWidget, last: str) -> None:
    """It stands where it stood last, or as large as was drawn where there is room."""
    try:
        known = base64.b64decode(last, validate=True)
    except binascii.Error:
        known = b""
    if known and window.restoreGeometry(QByteArray(known)):
        return
    screen = QGuiApplication.primaryScreen()
    room = screen.availableSize().expandedTo(MIN_WINDOW) if screen else FIRST_WINDOW
    window.resize(FIRST_WINDOW.boundedTo(room))
