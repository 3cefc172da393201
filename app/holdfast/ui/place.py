"""Where a window stands."""

from __future__ import annotations

import base64
import binascii

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from holdfast.ui.tokens import FIRST_WINDOW, MIN_WINDOW


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
