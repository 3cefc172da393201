"""Keeping: four stages in words, an honest bar, and two ways to go on."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from holdfast.core.job import Progress
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, column, emptied, row
from holdfast.ui.page import Page
from holdfast.ui.parts import Footer, panel
from holdfast.ui.phrases import size
from holdfast.ui.runner import Task
from holdfast.ui.widgets import Bar, Button, Glyph, Label, Line, announce

STAGES = ("opening", "saving", "sealing", "stamping")
MOST_LINES = 200


def stage_of(stage: str) -> int:
    """Which of the four a use-case's stage belongs to; what is not named saves what is there."""
    return STAGES.index(stage) if stage in STAGES else 1


def amount(done: int, total: int | None) -> str:
    """``61.3 MB / 96.0 MB`` for bytes, ``3 / 9`` for steps, empty when nothing is counted."""
    if total is None:
        return size(done) if done >= 10_000 else ""
    if total >= 10_000:
        return f"{size(done)} / {size(total)}"
    return f"{done} / {total}"


class _Stage(QFrame):
    """One of the four."""

    def __init__(self, desk: Desk, stage: str) -> None:
        super().__init__()
        px = desk.look.px
        self._stage = stage
        self.glyph = Glyph(desk, "ring", "secondary")
        self.title = Label(desk, f"keeping.{stage}")
        self.line = Label(desk, f"keeping.{stage}.line", role="caption", tone="secondary")
        self.bar = Bar(desk)
        self.amount = Label(desk, role="caption", wrap=False)
        self.detail = Line(desk, role="caption", tone="secondary")
        self._under = QWidget()
        under = row(self.amount, self.detail, gap=px(8))
        under.setStretch(1, 1)
        self._under.setLayout(under)
        words = column(self.title, self.line, self.bar, self._under, gap=px(4))
        whole = row(self.glyph, words, gap=px(12), margins=(px(24), px(14), px(24), px(14)))
        whole.setStretch(1, 1)
        whole.setAlignment(self.glyph, Qt.AlignmentFlag.AlignTop)
        self.setLayout(whole)
        self.show_state("coming")

    def show_state(self, state: str) -> None:
        """``done``, ``now`` or ``coming``."""
        icon, tone = {
            "done": ("check", "text"),
            "now": ("pending", "pending"),
            "coming": ("ring", "secondary"),
        }[state]
        self.glyph.draw(icon, tone)
        self.title.setProperty("role", "strong" if state == "now" else "body")
        self.title.dye("secondary" if state == "coming" else "")
        self.bar.setVisible(state == "now")
        self._under.setVisible(state == "now")


@dataclass(slots=True)
class Keep:
    """What is being kept, for the page and the strip."""

    task: Task
    target: str
    practice: bool = False
    title: str = "keeping.title"
    """Key of what is going on."""


class KeepingPage(Page):
    """What happens while something is kept."""

    place = "today"
    background = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "keeping.title", role="title")
        self.target = Line(desk, role="mono", tone="secondary", elide=Qt.TextElideMode.ElideMiddle)
        self.stages = [_Stage(desk, stage) for stage in STAGES]
        self.seen_title = Label(desk, "keeping.seen", role="heading")
        self.seen = column()
        self._seen_holder = QWidget()
        self._seen_holder.setLayout(self.seen)
        self.cancel = Button(desk, "keeping.cancel")
        self.go_on = Button(desk, "keeping.background", kind="primary")
        self.cancel.clicked.connect(self._cancel)
        self.go_on.clicked.connect(self.background)
        self.footer = Footer(desk, self.cancel, self.go_on, key="keeping.foot")
        address = row(Glyph(desk, "link", "secondary", size=16), self.target, gap=px(8))
        address.setStretch(1, 1)
        right = QWidget()
        right.setLayout(column(self.seen_title, px(8), self._seen_holder, None))
        left = QWidget()
        left.setLayout(column(panel(*self.stages), None))
        fold = Fold(left, right, gap=px(24), below=px(720), stretch=(5, 6))
        side = px(24)
        inside = column(
            self.title, px(6), address, px(24), fold, None, margins=(side, px(28), side, side)
        )
        self.body(inside, footer=self.footer)
        self._keep: Keep | None = None
        self._stage = -1
        self._lines: list[tuple[str, str]] = []

    def arrive(self, what: object) -> None:
        if isinstance(what, Keep):
            self._begin(what)
        self.go_on.setFocus(Qt.FocusReason.OtherFocusReason)

    def _begin(self, keep: Keep) -> None:
        self._keep = keep
        self._stage = -1
        self._lines.clear()
        emptied(self.seen)
        self.title.tell(keep.title)
        self.target.show_text(keep.target)
        self.rehearse(practice=keep.practice)
        self.cancel.setEnabled(True)
        self.cancel.tell("keeping.cancel")
        for stage in self.stages:
            stage.show_state("coming")
        keep.task.progressed.connect(self._progress)
        self._progress(keep.task.last or Progress(stage="opening"))

    def _progress(self, progress: Progress) -> None:
        if self._keep is None or (self.sender() not in (None, self._keep.task)):
            return
        now = stage_of(progress.stage)
        if now != self._stage:
            self._stage = now
            for index, stage in enumerate(self.stages):
                stage.show_state("done" if index < now else "now" if index == now else "coming")
            sentence = self.desk.say(f"keeping.{STAGES[now]}")
            self.title.setAccessibleDescription(sentence)
            announce(self.stages[now].bar, sentence)
        stage = self.stages[now]
        stage.bar.show_progress(progress.done, progress.total)
        counted = amount(progress.done, progress.total)
        stage.amount.show_text(counted or self.desk.say("keeping.unknown"))
        stage.detail.show_text(progress.detail)
        line = (progress.stage, progress.detail)
        if progress.detail and line not in self._lines and len(self._lines) < MOST_LINES:
            self._lines.append(line)
            self.seen.addWidget(self._line(*line))

    def _line(self, stage: str, detail: str) -> QFrame:
        px = self.desk.look.px
        frame = QFrame()
        frame.setObjectName("row" if len(self._lines) > 1 else "")
        name = Label(self.desk, role="caption", tone="secondary")
        name.show_text(
            self.desk.say_or(f"stage.{stage}", self.desk.say(f"keeping.{STAGES[stage_of(stage)]}"))
        )
        text = Line(self.desk, role="caption")
        text.show_text(detail)
        inside = row(Glyph(self.desk, "file", "secondary", size=16), text, name, gap=px(10))
        inside.setStretch(1, 1)
        inside.setContentsMargins(0, px(8), 0, px(8))
        frame.setLayout(inside)
        return frame

    def _cancel(self) -> None:
        if self._keep is not None:
            self._keep.task.cancel()
            self.cancel.setEnabled(False)
            self.cancel.tell("keeping.cancelling")
