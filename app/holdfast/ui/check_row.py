"""Settings' part about this program: what it contains, and whether that works here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from holdfast.core.canonical import one_line
from holdfast.core.evidence import Check
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column, emptied, row
from holdfast.ui.widgets import Button, Glyph, Label

LOOKS = {
    "pass": ("check", "text"),
    "warn": ("warning", "warning"),
    "fail": ("warning", "warning"),
    "not_checked": ("unchecked", "secondary"),
}


class CheckRow(QWidget):
    """One button; what was found stands under it, what is wrong first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self.go = Button(desk, "settings.check.go", icon="verify", size="small")
        self.go.clicked.connect(self._check)
        self.said = Label(desk)
        self.said.hide()
        self.found = column(gap=px(2))
        buttons = QWidget()
        buttons.setLayout(Flow(self.go, gap=px(8)))
        self.setLayout(column(buttons, self.said, self.found, gap=px(6)))

    def _check(self) -> None:
        holdfast, lang = self.desk.holdfast, self.desk.lang
        task = self.desk.runner.start(
            lambda job: holdfast.selfcheck(job, lang), "task.check", writes=False
        )
        self.go.setEnabled(False)
        task.finished.connect(lambda: self.go.setEnabled(True))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.succeeded.connect(self._show)

    def _show(self, checks: Sequence[Check]) -> None:
        emptied(self.found)
        missing = [check for check in checks if check.outcome == "fail"]
        self.said.tell("settings.check.missing" if missing else "settings.check.fine")
        self.said.show()
        for check in sorted(checks, key=lambda check: list(LOOKS)[::-1].index(check.outcome)):
            self.found.addWidget(self._line(check))

    def _line(self, check: Check) -> QWidget:
        icon, tone = LOOKS[check.outcome]
        state = self.desk.say(f"cli.check.{check.outcome}")
        words = Label(self.desk, role="caption", tone="" if tone == "text" else tone)
        detail = f" · {one_line(check.detail)}" if check.detail else ""
        words.show_text(f"{state} · {check.check}{detail}")
        line = row(Glyph(self.desk, icon, tone, size=16), words, gap=self.desk.look.px(8))
        line.setStretch(1, 1)
        holder = QWidget()
        holder.setLayout(line)
        return holder
