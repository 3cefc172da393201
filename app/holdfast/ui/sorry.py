"""What is said when no window can be opened at all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from holdfast.core.words import Trouble


def sorry(trouble: Trouble, argv: Sequence[str]) -> int:
    """The person has read what happened, why, and what now; the exit code of a refusal."""
    app = QApplication.instance() or QApplication(list(argv))
    box = QMessageBox()
    box.setIcon(QMessageBox.Icon.Information)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("留证 Holdfast")
    box.setText(trouble.what)
    box.setInformativeText(f"{trouble.why}\n{trouble.now}")
    box.exec()
    app.quit()
    return 1
