"""What is on a phone: taken from an Android phone, or recorded on any phone with a code to show."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from holdfast.core.canonical import rfc3339
from holdfast.core.errors import HoldfastError
from holdfast.core.evidence import Received
from holdfast.core.job import Job, Progress
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, at_most, column, emptied, row, rule
from holdfast.ui.page import Page
from holdfast.ui.parts import panel, panel_row
from holdfast.ui.phrases import full_time
from holdfast.ui.runner import Task
from holdfast.ui.widgets import Bar, Button, Field, Glyph, Label

if TYPE_CHECKING:
    from holdfast.compose import CodeShown, Kept
    from holdfast.core.phone import Phone

LONGEST_MINUTES = 60
STEPS = ("phone.step.1", "phone.step.2", "phone.step.3", "phone.step.4")


class PhonePage(Page):
    """Two ways, one under the other; while a phone is recorded there is only that."""

    place = "today"
    keep = Signal(object, str, object)
    """Work that ends in a list of what was kept, what it is about, and how to do it again."""
    kept = Signal(object, str, object)
    failed = Signal(object, str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._case = ""
        self._found: Sequence[Phone] | None = None
        self._trouble: HoldfastError | None = None
        self._shown: CodeShown | None = None
        self._stop = threading.Event()
        self._task: Task | None = None
        self.title = Label(desk, "phone.title", role="title")
        self.line = Label(desk, "phone.line", tone="secondary")
        self.list = column(gap=px(8))
        self.again = Button(desk, "phone.again", icon="again", size="small")
        self.again.clicked.connect(self._look)
        self.choose = Button(desk, "phone.choose_adb", size="small")
        self.choose.clicked.connect(self._choose)
        self.code = Button(desk, "phone.code")
        self.code.clicked.connect(self._ask_code)
        self.card = CodeCard(desk)
        self.how = Label(desk, "phone.code.how", tone="secondary")
        self.said = Field(desk, "phone.said", limit=20)
        self.source = Field(desk, "phone.source", limit=200)
        self.bring = Button(desk, "phone.import", icon="files")
        self.bring.clicked.connect(self._import)
        self.back = Button(desk, "back")
        self.back.clicked.connect(lambda: desk.wanted.emit("today", ""))
        self.limits = Label(desk, "phone.code.limits", role="caption", tone="secondary")
        self.stop = Button(desk, "phone.stop", kind="primary", size="large")
        self.stop.clicked.connect(self._end)
        self.bar = Bar(desk)
        self.elapsed = Label(desk, role="mono", wrap=False)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self.card.update)
        self._build()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        buttons, bring = QWidget(), QWidget()
        buttons.setLayout(Flow(self.again, self.choose, gap=px(8)))
        bring.setLayout(Flow(self.code, self.bring, gap=px(8)))
        self._after = QWidget()
        said = Label(desk, "phone.said", role="caption", tone="secondary")
        said.setBuddy(self.said)
        source = Label(desk, "phone.source", role="caption", tone="secondary")
        source.setBuddy(self.source)
        after = (self.card, self.how, said, self.said, source, self.source)
        self._after.setLayout(column(*after, gap=px(8)))
        self._after.hide()
        self._ways = QWidget()
        self._ways.setLayout(
            column(
                self.title,
                self.line,
                px(8),
                Label(desk, "phone.android", role="heading"),
                self.list,
                buttons,
                px(8),
                rule(),
                px(8),
                Label(desk, "phone.elsewhere", role="heading"),
                Label(desk, "phone.elsewhere.line", tone="secondary"),
                self._after,
                bring,
                self.limits,
                px(8),
                row(self.back, None),
                gap=px(12),
            )
        )
        self._recording = QWidget()
        self._recording.setLayout(
            column(
                Label(desk, "phone.recording", role="title"),
                Label(desk, "phone.recording.line", tone="secondary"),
                px(8),
                self.bar,
                self.elapsed,
                px(8),
                row(self.stop, None),
                gap=px(12),
            )
        )
        self._recording.hide()
        inside = column(
            px(24), self._ways, self._recording, None, margins=(px(24),) * 4
        )  # fmt: skip
        self.body(column(at_most(px(760), inside), None))

    # --- arriving --------------------------------------------------------------------------------

    def arrive(self, what: object) -> None:
        if isinstance(what, str):
            self._case = what
            self._recall(what)
        if self._task is None:
            self._look()
            self.again.setFocus(Qt.FocusReason.OtherFocusReason)
        self.retell()

    def _recall(self, case: str) -> None:
        """A code that was given for this case and waits for its recording is shown again."""
        if not case or (self._shown is not None and self._shown.case.id == case):
            return
        self._shown = None
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.phone_codes(case), writes=False)
        task.succeeded.connect(lambda found: self._show_code(found[-1]) if found else None)

    def _look(self) -> None:
        self._found = self._trouble = None
        self.retell()
        task = self.desk.runner.start(self.desk.holdfast.phones, writes=False)
        task.succeeded.connect(self._show)
        task.failed.connect(self._not_found)

    def _show(self, found: Sequence[Phone]) -> None:
        self._found = found
        self.retell()

    def _not_found(self, error: Exception) -> None:
        self._found = ()
        self._trouble = error if isinstance(error, HoldfastError) else None
        self.retell()

    def retell(self) -> None:
        emptied(self.list)
        trouble = self._trouble
        self.choose.setVisible(trouble is not None and trouble.code.startswith("adb_"))
        if self._found is None:
            self.list.addWidget(Label(self.desk, "phone.looking", tone="secondary"))
        elif trouble is not None:
            self._tell_trouble(trouble)
        elif self._found:
            self.list.addWidget(panel(*(self._row(phone) for phone in self._found[:20])))
        else:
            self.list.addWidget(Label(self.desk, "phone.none"))
            for number, key in enumerate(STEPS, 1):
                self.list.addWidget(self._step(number, key))
        self._after.setVisible(self._shown is not None)
        self.code.tell("phone.import.again" if self._shown else "phone.code")
        if self._shown is not None:
            self.card.show_code(self._shown)

    def _tell_trouble(self, error: HoldfastError) -> None:
        if error.code == "adb_missing":
            self.list.addWidget(Label(self.desk, "phone.no_adb"))
            return
        told = self.desk.trouble(error)
        label = Label(self.desk)
        label.show_text(f"{told.what}{self.desk.say('gap')}{told.now}")
        self.list.addWidget(label)

    def _step(self, number: int, key: str) -> QWidget:
        count = Label(self.desk, tone="secondary", wrap=False)
        count.show_text(f"{number}.")
        count.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside = row(count, Label(self.desk, key), gap=self.desk.look.px(8))
        inside.setStretch(1, 1)
        holder = QWidget()
        holder.setLayout(inside)
        return holder

    def _row(self, phone: Phone) -> QWidget:
        desk, px = self.desk, self.desk.look.px
        name = Label(desk, role="strong")
        name.show_text(phone.model or phone.serial)
        state = Label(desk, role="caption", tone="secondary")
        if phone.state == "device":
            state.show_text(phone.serial)
        else:
            state.tell(f"phone.unready.{phone.state}")
        words = column(name, state, gap=px(2))
        glyph = Glyph(desk, "phone", "secondary")
        if phone.state != "device":
            return panel_row(glyph, words, desk=desk, wide=1, high=56)
        shot = Button(desk, "phone.shot", icon="screenshot", size="small")
        record = Button(desk, "phone.record", icon="recording", size="small")
        shot.clicked.connect(lambda: self._shoot(phone.serial))
        record.clicked.connect(lambda: self._record(phone.serial))
        for button in (shot, record):
            button.setAccessibleName(f"{button.text().strip()} {phone.model or phone.serial}")
        return panel_row(glyph, words, shot, record, desk=desk, wide=1, high=56)

    # --- an Android phone ------------------------------------------------------------------------

    def _shoot(self, serial: str) -> None:
        holdfast, case = self.desk.holdfast, self._case
        self.keep.emit(
            lambda job: [holdfast.phone_shot(job, serial, case)],
            self.desk.say("phone.target", serial=serial),
            lambda: self._shoot(serial),
        )

    def _record(self, serial: str) -> None:
        holdfast, case, stop = self.desk.holdfast, self._case, threading.Event()
        self._stop = stop

        def work(job: Job) -> list[Kept]:
            return [holdfast.phone_record(job, serial, LONGEST_MINUTES * 60, case, stop)]

        shown = self.desk.say("phone.target", serial=serial)
        again: Callable[[], None] = lambda: self._record(serial)  # noqa: E731 -- named for both
        task = self.desk.runner.start(work, "task.phone")
        self._task = task
        task.progressed.connect(self._progress)
        task.succeeded.connect(lambda done: self.kept.emit(done, shown, again))
        task.failed.connect(lambda error: self.failed.emit(error, shown, again))
        task.finished.connect(self._over)
        self.stop.setEnabled(True)
        self.elapsed.show_text("")
        self.bar.show_progress(0, None)
        self._ways.hide()
        self._recording.show()
        self.stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def _progress(self, progress: Progress) -> None:
        if progress.total and not self._stop.is_set():
            self.bar.show_progress(progress.done, progress.total)
            elapsed, total = _clock(progress.done), _clock(progress.total)
            self.elapsed.tell("phone.elapsed", elapsed=elapsed, total=total)

    def _end(self) -> None:
        self._stop.set()
        self.stop.setEnabled(False)
        self.bar.show_progress(0, None)
        self.elapsed.tell("phone.finishing")

    def _over(self) -> None:
        self._task = None
        self._recording.hide()
        self._ways.show()

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.desk.say("phone.choose_adb"))
        if name:
            self.desk.choose(adb=str(Path(name)))
            self._look()

    # --- any phone -------------------------------------------------------------------------------

    def _ask_code(self) -> None:
        holdfast = self.desk.holdfast
        case = self._case or (self._shown.case.id if self._shown is not None else "")
        self.code.setEnabled(False)
        task = self.desk.runner.start(lambda job: holdfast.phone_code(job, case))
        task.succeeded.connect(self._given)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self.code.setEnabled(True))

    def _given(self, shown: CodeShown) -> None:
        self._show_code(shown)
        self.desk.changed.emit()
        self.bring.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_code(self, shown: CodeShown) -> None:
        self._shown = shown
        self._tick.start()
        self.rehearse(practice=shown.case.world == "practice")
        self.retell()

    def _import(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("phone.import"))
        if names:
            self.bring_files(tuple(Path(name) for name in names))

    def bring_files(self, paths: Sequence[Path]) -> None:
        """These files are kept as received and looked through for the code."""
        holdfast, said, shown = self.desk.holdfast, self.said.text().strip(), self._shown
        code = shown.code.code if shown is not None else ""
        case = shown.case.id if shown is not None else self._case
        source = self.source.text().strip()
        received = Received(source=source, how=said) if source else None

        def work(job: Job) -> list[Kept]:
            return [holdfast.phone_import(paths, job, case, code, said=said, received=received)]

        self.keep.emit(
            work,
            ", ".join(path.name for path in paths[:5]),
            lambda: self.bring_files(paths),
        )

    def hideEvent(self, event: object) -> None:
        self._tick.stop()

    def showEvent(self, event: object) -> None:
        if self._shown is not None:
            self._tick.start()


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


class CodeCard(QWidget):
    """The code for a camera: always dark on light, whatever the window wears."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: CodeShown | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_code(self, shown: CodeShown) -> None:
        """It shows that one."""
        self._shown = shown
        self.setAccessibleName(f"{self._desk.say('phone.code.name')} {shown.code.shown}")
        self.setAccessibleDescription(" ".join(self._lines(shown)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._desk.look.px(560), self._desk.look.px(248))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._desk.look.px(360), self._desk.look.px(248))

    def _lines(self, shown: CodeShown) -> list[str]:
        say, code = self._desk.say, shown.code
        lines = [
            say("phone.code.case", case=shown.case.number),
            say("phone.code.issued", time=full_time(code.issued)),
        ]
        block = code.not_before.bitcoin
        if block is None:
            lines.append(say("phone.code.no_block"))
        else:
            lines.append(say("phone.code.block", height=block.height, hash=block.hash[-16:]))
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        shown, look = self._shown, self._desk.look
        if shown is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        side = self.height() - look.px(32)
        _draw(painter, shown.picture, QRect(look.px(16), look.px(16), side, side))
        painter.setPen(Qt.GlobalColor.black)
        left = side + look.px(40)
        wide = max(0, self.width() - left - look.px(16))
        # Nine letters in the width that there is: they are to be read in somebody's film.
        painter.setFont(look.font_that_fills(wide, letters=9))
        title = QRect(left, look.px(16), wide, look.px(52))
        aligned = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(title, int(aligned), shown.code.shown)
        now = full_time(rfc3339(self._desk.holdfast.now()))
        painter.setFont(look.font("body", bold=True))
        painter.drawText(QRect(left, look.px(74), wide, look.px(28)), int(aligned), now)
        painter.setFont(look.font("caption"))
        below = QRect(left, look.px(108), wide, self.height() - look.px(116))
        wrapped = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        painter.drawText(
            below, wrapped | int(Qt.TextFlag.TextWordWrap), "\n".join(self._lines(shown))
        )


def _draw(painter: QPainter, picture: Sequence[Sequence[bool]], room: QRect) -> None:
    """Whole pixels a square, so that nothing blurs."""
    unit = max(1, room.width() // (len(picture) + 2))
    start = room.topLeft()
    start.setX(start.x() + (room.width() - unit * len(picture)) // 2)
    start.setY(start.y() + (room.height() - unit * len(picture)) // 2)
    for y, line in enumerate(picture):
        for x, dark in enumerate(line):
            if dark:
                square = QRect(start.x() + x * unit, start.y() + y * unit, unit, unit)
                painter.fillRect(square, Qt.GlobalColor.black)
