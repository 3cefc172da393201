"""Questions of a letter, one a row, each with why it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from PySide6.QtCore import QDate, QDateTime, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDateEdit, QDateTimeEdit, QFrame, QPlainTextEdit, QWidget

from holdfast.core.canonical import rfc3339
from holdfast.core.notice import Question
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column, row
from holdfast.ui.widgets import Check, Field, Glyph, Label, Radio, called, draw_arrow

TYPING_MS = 300


def option_key(desk: Desk, question: Question, option: str) -> str:
    """The words of an option, its own for this question where there are such."""
    own = f"notice.option.{question.id}.{option}"
    return own if desk.knows(own) else f"notice.option.{option}"


class QuestionRow(QFrame):
    """One question; ``answered`` once the person paused or went on."""

    answered = Signal(str, str)
    """Question, answer."""

    def __init__(self, desk: Desk, question: Question) -> None:
        super().__init__()
        self.desk, self.question = desk, question
        px = desk.look.px
        self._given = ""
        self._chosen = False
        self.setObjectName("row")
        self.title = Label(desk, f"notice.question.{question.id}", role="strong")
        self.why = Label(
            desk, f"notice.question.{question.id}.why", role="caption", tone="secondary"
        )
        self.wrong = Label(desk, role="caption", tone="warning")
        self.wrong.hide()
        self.mark = Glyph(desk, "", "secondary", size=16)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING_MS)
        self._timer.timeout.connect(self.flush)
        self.options: dict[str, Check | Radio] = {}
        self.line: Field | None = None
        self.text: QPlainTextEdit | None = None
        self.date: QDateEdit | None = None
        control = self._control()
        head = row(self.title, self.mark, gap=px(8))
        head.setStretch(0, 1)
        inside = column(head, self.why, control, self.wrong, gap=px(4))
        side = px(24)
        inside.setContentsMargins(side, px(12), side, px(12))
        self.setLayout(inside)

    def _control(self) -> QWidget:
        question, desk = self.question, self.desk
        if question.kind in ("one", "many"):
            return self._choices()
        if question.kind == "long":
            self.text = QPlainTextEdit()
            self.text.setTabChangesFocus(True)
            self.text.setFixedHeight(desk.look.px(88))
            self.text.setAccessibleName(desk.say(f"notice.question.{question.id}"))
            self.text.textChanged.connect(self._timer.start)
            return self.text
        if question.kind == "date":
            self.date = DateField(desk, f"notice.question.{question.id}")
            self.date.dateChanged.connect(self._choose_day)
            return self.date
        self.line = Field(desk, f"notice.question.{question.id}", limit=question.limit)
        self.title.setBuddy(self.line)
        if question.kind == "email":
            # Half an address is no answer; it is asked for when the field is left.
            self.line.editingFinished.connect(self.flush)
        else:
            self.line.textEdited.connect(lambda _: self._timer.start())
            self.line.editingFinished.connect(self.flush)
        return self.line

    def _choices(self) -> QWidget:
        flow = Flow(gap=self.desk.look.px(16))
        for option in self.question.options:
            key = option_key(self.desk, self.question, option)
            box: Check | Radio
            box = Check(self.desk, key) if self.question.kind == "many" else Radio(self.desk, key)
            box.clicked.connect(self.flush)
            self.options[option] = box
            flow.addWidget(box)
        holder = QWidget()
        holder.setLayout(flow)
        return holder

    def show_answer(self, answer: str) -> None:
        """It holds that answer, unless the person is writing in it."""
        self._given = answer
        if self.options:
            ticked = set(answer.split(","))
            for option, box in self.options.items():
                if isinstance(box, Radio):
                    # A group of radio buttons refuses to be empty otherwise.
                    box.setAutoExclusive(bool(answer))
                box.setChecked(option in ticked)
                if isinstance(box, Radio):
                    box.setAutoExclusive(True)
        elif self.line is not None and not self.line.hasFocus():
            self.line.setText(answer)
        elif self.text is not None and not self.text.hasFocus():
            self.text.blockSignals(True)
            self.text.setPlainText(answer)
            self.text.blockSignals(False)
        elif self.date is not None:
            self.date.blockSignals(True)
            self._chosen = bool(answer)
            if answer:
                self.date.setDate(QDate.fromString(answer, Qt.DateFormat.ISODate))
            self.date.blockSignals(False)
        self._tick()

    def suggest(self, day: str) -> None:
        """A day that holds as long as nobody chose one; it is no answer."""
        if self.date is not None and not self._chosen:
            self.date.blockSignals(True)
            self.date.setDate(QDate.fromString(day, Qt.DateFormat.ISODate))
            self.date.blockSignals(False)

    def _choose_day(self) -> None:
        """A date field cannot be empty: only a day that was changed is an answer."""
        self._chosen = True
        self._timer.start()

    @property
    def first(self) -> QWidget:
        """Where writing begins."""
        found = next(iter(self.options.values()), None) or self.line or self.text or self.date
        assert found is not None
        return found

    def answer(self) -> str:
        """What stands there now."""
        if self.options:
            return ",".join(option for option, box in self.options.items() if box.isChecked())
        if self.line is not None:
            return self.line.text().strip()
        if self.text is not None:
            return self.text.toPlainText().strip()
        assert self.date is not None
        return self.date.date().toString(Qt.DateFormat.ISODate) if self._chosen else ""

    def flush(self) -> None:
        """What was written counts now."""
        self._timer.stop()
        given = self.answer()
        if given != self._given:
            self._given = given
            self.wrong.hide()
            self._tick()
            self.answered.emit(self.question.id, given)

    def complain(self, sentence: str) -> None:
        """The answer cannot be taken as it is."""
        self.wrong.show_text(sentence)
        self.wrong.show()

    def _tick(self) -> None:
        there = bool(self._given)
        self.mark.draw("check" if there else "", "secondary")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange and self.text is not None:
            self.text.setAccessibleName(self.desk.say(f"notice.question.{self.question.id}"))


class DateField(QDateEdit):
    """A day, in local order, with a calendar."""

    def __init__(self, desk: Desk, key: str) -> None:
        super().__init__()
        self.setCalendarPopup(True)
        self.setDisplayFormat("yyyy-MM-dd")
        called(self, desk, key)
        today = desk.holdfast.now().astimezone().date()
        self.setDate(QDate(today.year, today.month, today.day))
        self.setMaximumWidth(desk.look.px(200))
        self._desk = desk

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_arrow(QPainter(self), self, self._desk, "calendar")


class MomentField(QDateTimeEdit):
    """When something happened, to the minute; as it was opened it means now."""

    def __init__(self, desk: Desk, key: str) -> None:
        super().__init__()
        self._desk = desk
        self.setCalendarPopup(True)
        self.setDisplayFormat("yyyy-MM-dd HH:mm")
        called(self, desk, key)
        self.setMaximumWidth(desk.look.px(240))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_arrow(QPainter(self), self, self._desk, "calendar")

    def begin(self) -> None:
        """It shows now."""
        now = self._desk.holdfast.now().astimezone()
        self.setDateTime(QDateTime.fromSecsSinceEpoch(int(now.timestamp())))

    def told(self) -> str:
        """RFC 3339; empty where it is this very minute, which is known to the second."""
        at = self.dateTime().toUTC().toPython()
        when = rfc3339(at.replace(tzinfo=UTC))  # type: ignore[attr-defined] # a datetime of Qt's
        return "" if when[:16] == rfc3339(self._desk.holdfast.now())[:16] else when


def first_answers(answers: Mapping[str, str], party: Mapping[str, str]) -> dict[str, str]:
    """What is already known: the letter's own answers and the person's data."""
    return {**{name: text for name, text in party.items() if text}, **answers}
