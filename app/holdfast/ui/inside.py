"""The inside of the window: everything a person works with, put in its place."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

if TYPE_CHECKING:
    from holdfast.compose import Holdfast
    from holdfast.ui.window import MainWindow

log = logging.getLogger(__name__)


def open_window(app: QApplication, holdfast: Holdfast) -> MainWindow:
    """Everything a person works with, dressed and not yet shown."""
    from holdfast.ui.desk import Desk
    from holdfast.ui.pictures import limited
    from holdfast.ui.runner import Runner
    from holdfast.ui.theme import Look
    from holdfast.ui.window import MainWindow

    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    limited()
    look = Look(holdfast.icons)
    runner = Runner()
    desk = Desk(holdfast, runner, look)
    desk.wear()
    app.styleHints().colorSchemeChanged.connect(lambda _: desk.wear())
    app.setWindowIcon(look.icon("holdfast"))
    return MainWindow(desk)


def heed_interrupts(window: QMainWindow) -> None:
    """Ctrl+C in the terminal closes the window as the person would."""
    signal.signal(signal.SIGINT, lambda *_: window.close())
    # Python sees a signal only when it runs.
    breath = QTimer(window)
    breath.timeout.connect(lambda: None)
    breath.start(500)


def install_crash_hook(window: MainWindow) -> None:
    """A mistake of ours is said in the window, with a text to copy; nothing is sent anywhere."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("unforeseen", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            QTimer.singleShot(0, window, lambda: window.trouble(error))
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
    if sys.stderr is not None and not faulthandler.is_enabled():
        faulthandler.enable()
