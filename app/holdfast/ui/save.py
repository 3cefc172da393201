"""Saving something under a name the person chooses, and saying that it was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.widgets import Button


def save_as(
    parent: QWidget,
    desk: Desk,
    *,
    name: str,
    work: Callable[[Path, Job], Any],
    button: Button | None = None,
    folder: bool = False,
    then: Callable[[Any], None] | None = None,
) -> None:
    """``work`` writes to where the person said; nothing happens when they turned back."""
    if folder:
        chosen = QFileDialog.getExistingDirectory(parent, desk.say("save.folder"))
    else:
        chosen, _ = QFileDialog.getSaveFileName(parent, desk.say("save.as"), name)
    if not chosen:
        return
    path = Path(chosen)
    task = desk.runner.start(lambda job: work(path, job), "task.writing")
    if button is not None:
        button.setEnabled(False)
        task.finished.connect(lambda: button.setEnabled(True))
    task.failed.connect(lambda error: desk.wanted.emit("trouble", error))
    task.succeeded.connect(lambda _: desk.wanted.emit("saved", path))
    if then is not None:
        task.succeeded.connect(then)
    task.succeeded.connect(lambda _: desk.changed.emit())


def open_outside(path: Path) -> None:
    """The system's own program shows it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
