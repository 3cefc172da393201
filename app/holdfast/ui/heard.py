"""Beneath a time-stamp: what calendars answered about it, line by line, for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from holdfast.core.canonical import one_line
from holdfast.core.timestamp import Heard, Stamp
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column
from holdfast.ui.phrases import full_time
from holdfast.ui.widgets import Button, Label


class HeardRow(QWidget):
    """A button that becomes the list; it is read from the vault only then."""

    def __init__(self, desk: Desk, stamp: Stamp) -> None:
        super().__init__()
        self.desk = desk
        self.show_all = Button(desk, "exhibit.stamps.show", kind="link")
        self.show_all.clicked.connect(lambda: self._read(stamp))
        self.said = Label(desk, role="caption", tone="secondary")
        self.said.hide()
        self._holder = QWidget()
        self._holder.setLayout(Flow(self.show_all, gap=0))
        self.setLayout(column(self._holder, self.said, gap=0))

    def _read(self, stamp: Stamp) -> None:
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.answers(stamp), writes=False)
        self.show_all.setEnabled(False)
        task.finished.connect(lambda: self.show_all.setEnabled(True))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.succeeded.connect(self._tell)

    def _tell(self, answers: Sequence[Heard]) -> None:
        self.said.show_text("\n".join(self._line(heard) for heard in answers))
        self.said.show()
        self._holder.hide()

    def _line(self, heard: Heard) -> str:
        return self.desk.say(
            "exhibit.stamps.answer",
            time=full_time(heard.at),
            asked=one_line(heard.asked)[:200],
            status=heard.status,
            size=len(heard.body),
        )
