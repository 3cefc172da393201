"""The window before anything is in it: it stands at once and is furnished while looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent, QColor, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from holdfast.ui.place import place_window
from holdfast.ui.tokens import DARK, LIGHT, SIDEBAR

if TYPE_CHECKING:
    from holdfast.compose import Holdfast
    from holdfast.ui.window import MainWindow

BREATH_MS = 10
"""Time for the system to show what was painted."""
HALF = 128
TALL = 1 << 14


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
        tokens = DARK if theme == "dark" or (not theme and dark) else LIGHT
        # By palettes: a painter's first stroke would load every enum as well.
        self.setPalette(_plain(tokens.window))
        self._line = QWidget(self)
        self._line.setAutoFillBackground(True)
        self._line.setPalette(_plain(tokens.hairline))
        self._line.setGeometry(SIDEBAR, 0, 1, TALL)
        self.setWindowTitle("留证 Holdfast")
        place_window(self, holdfast.settings.window)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._asked:
            self._asked = True
            QTimer.singleShot(BREATH_MS, self, self.furnish)

    def furnish(self) -> None:
        """Everything is in its place and at work."""
        from PySide6.QtCore import Qt

        from holdfast.ui.inside import heed_interrupts, install_crash_hook, open_window

        app = QApplication.instance()
        assert isinstance(app, QApplication)
        inside = open_window(app, self._holdfast)
        inside.setWindowFlags(Qt.WindowType.Widget)
        self.setWindowIcon(app.windowIcon())
        self.setWindowTitle(inside.windowTitle())
        self.inside = inside
        self._line.deleteLater()
        self.setPalette(QPalette())
        # Put into another window, it forgets where the keyboard was to begin.
        first = inside.focusWidget()
        self.setCentralWidget(inside)
        if first is not None:
            first.setFocus()
        install_crash_hook(inside)
        heed_interrupts(self)
        inside.begin()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.inside is not None and not self.inside.close():
            # It is still writing, says so, and closes by itself.
            event.ignore()
            return
        event.accept()
        QApplication.quit()


def _plain(colour: str) -> QPalette:
    """Nothing but this colour."""
    one = QColor(colour)
    return QPalette(one, one)
