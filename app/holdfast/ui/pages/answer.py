"""What the platform answered: kept as evidence, and the clocks that follow from it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, at_most, column, row
from holdfast.ui.page import Page
from holdfast.ui.pages.questions import DateField, MomentField
from holdfast.ui.parts import Footer
from holdfast.ui.widgets import Button, Check, IconButton, Label, Line, Radio

KINDS = ("removed", "refused", "more_asked", "counter_statement", "other")


class AnswerPage(Page):
    """Nothing came is no answer; then the letter stays open and its dates run."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._case, self._letter = "", ""
        self._file: Path | None = None
        self.back = IconButton(desk, "left", "back")
        self.back.clicked.connect(lambda: desk.wanted.emit("case", (self._case, "letters")))
        self.title = Label(desk, "answer.title", role="title")
        self.line = Label(desk, "answer.line", tone="secondary")
        self.kinds = {kind: Radio(desk, f"notice.answer.{kind}") for kind in KINDS}
        for radio in self.kinds.values():
            radio.clicked.connect(self._ready)
        self.when = MomentField(desk, "answer.when")
        self.by = Check(desk, "answer.by")
        self.date = DateField(desk, "answer.by")
        self.date.setEnabled(False)
        self.by.toggled.connect(self.date.setEnabled)
        self.note = QPlainTextEdit()
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(px(110))
        self.file = Button(desk, "answer.file", icon="files", size="small")
        self.file.clicked.connect(self._choose)
        self.file_name = Line(desk, role="caption", tone="secondary")
        self.save = Button(desk, "answer.save", kind="primary")
        self.save.clicked.connect(self._save)
        self.footer = Footer(desk, self.save, key="answer.foot")
        self.note_label = Label(desk, "answer.note", role="strong")
        self.note_label.setBuddy(self.note)
        kinds, dates, came = QWidget(), QWidget(), QWidget()
        came.setLayout(
            Flow(Label(desk, "answer.when", tone="secondary", wrap=False), self.when, gap=px(8))
        )
        kinds.setLayout(column(*self.kinds.values()))
        dates.setLayout(Flow(self.by, self.date, gap=px(8)))
        files = row(self.file, self.file_name, gap=px(8))
        files.setStretch(1, 1)
        head = row(self.back, self.title, gap=px(8))
        head.setStretch(1, 1)
        side = px(24)
        inside = column(
            head,
            self.line,
            px(8),
            Label(desk, "answer.kind", role="strong"),
            kinds,
            came,
            dates,
            px(8),
            self.note_label,
            self.note,
            files,
            None,
            gap=px(8),
            margins=(side, side, side, side),
        )
        self.body(column(at_most(px(800), inside), None), footer=self.footer)
        self.retell()

    def arrive(self, what: object) -> None:
        """``what``: (case, notice)."""
        if not isinstance(what, tuple):
            return
        if what == (self._case, self._letter):
            # What was begun here goes on.
            return
        self._case, self._letter = what
        self._file = None
        self.by.setChecked(False)
        self.when.begin()
        self.note.clear()
        for radio in self.kinds.values():
            radio.setAutoExclusive(False)
            radio.setChecked(False)
            radio.setAutoExclusive(True)
        self._ready()
        self.retell()
        holdfast, case = self.desk.holdfast, self._case

        def work(_: Job) -> bool:
            return holdfast.case_file(case).case.world == "practice"

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda practice: self.rehearse(practice=practice))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        next(iter(self.kinds.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def retell(self) -> None:
        self.note.setAccessibleName(self.desk.say("answer.note"))
        self.file_name.show_text(self._file.name if self._file else "")

    def _ready(self) -> None:
        self.save.setEnabled(any(radio.isChecked() for radio in self.kinds.values()))

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.desk.say("answer.file"))
        if name:
            self._file = Path(name)
            self.retell()

    def _save(self) -> None:
        kind = next(name for name, radio in self.kinds.items() if radio.isChecked())
        by = self.date.date().toString("yyyy-MM-dd") if self.by.isChecked() else ""
        holdfast, letter, note, file = (
            self.desk.holdfast,
            self._letter,
            self.note.toPlainText(),
            self._file,
        )
        case, when = self._case, self.when.told()
        self.save.setEnabled(False)
        task = self.desk.runner.start(
            lambda _: holdfast.answer(letter, kind, when, note, file, by), "task.recording"
        )
        task.succeeded.connect(lambda _: self._recorded())
        task.succeeded.connect(lambda _: self.desk.wanted.emit("case", (case, "")))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(self._ready)

    def _recorded(self) -> None:
        self._letter = ""
        self.desk.changed.emit()
