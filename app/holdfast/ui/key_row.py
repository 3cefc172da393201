"""Settings' part about the signing key: when to use another, and that it was done."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from holdfast.ui.ask import ask
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column
from holdfast.ui.widgets import Button, Label


class KeyRow(QWidget):
    """One button, asked about twice: whoever cosigns has to be told."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.change = Button(desk, "settings.key.change", icon="lock", size="small")
        self.change.clicked.connect(self._change)
        self.said = Label(desk, role="caption", tone="secondary")
        self.said.hide()
        buttons = QWidget()
        buttons.setLayout(Flow(self.change, gap=desk.look.px(8)))
        self.setLayout(column(buttons, self.said, gap=desk.look.px(6)))

    def _change(self) -> None:
        if not ask(self, self.desk, "settings.key.ask"):
            return
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.change_key(), "task.writing")
        self.change.setEnabled(False)
        task.finished.connect(lambda: self.change.setEnabled(True))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.succeeded.connect(self._changed)

    def _changed(self, cases: tuple[tuple[str, str], ...]) -> None:
        self.said.tell("settings.key.done", count=len(cases))
        self.said.show()
        self.desk.changed.emit()
