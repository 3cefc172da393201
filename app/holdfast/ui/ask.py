"""Questions before what cannot be undone: the safe answer is the default."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from holdfast.ui.desk import Desk


def ask(parent: QWidget, desk: Desk, key: str, **facts: object) -> bool:
    """Whether the person said yes to ``key``; ``<key>.yes`` and ``<key>.no`` are the answers."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setText(desk.say(key, **facts))
    yes = box.addButton(desk.say(f"{key}.yes"), QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(desk.say(f"{key}.no"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.exec()
    return box.clickedButton() is yes
