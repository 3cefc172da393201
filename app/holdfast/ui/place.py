"""Where a window stands."""

from __future__ import annotations

import base64
import binascii

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from holdfast.ui.tokens import FIRST_WINDOW, MIN_WINDOW

_FRAME = QSize(16, 40)
"""What the system draws around a window, about."""


def place_window(window: QWidget, last: str) -> None:
    """It stands where it stood last, or as large as was drawn where there is room.

    It never has to be larger than the screen: on a small one, or where everything is drawn larger,
    what does not fit is scrolled to.
    """
    screen = QGuiApplication.primaryScreen()
    room = screen.availableSize() - _FRAME if screen else FIRST_WINDOW
    window.setMinimumSize(MIN_WINDOW.boundedTo(room))
    try:
        known = base64.b64decode(last, validate=True)
    except binascii.Error:
        known = b""
    if known and window.restoreGeometry(QByteArray(known)):
        return
    window.resize(FIRST_WINDOW.boundedTo(room))
