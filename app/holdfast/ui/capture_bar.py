"""The bar that stays on the screen while it is recorded, and the card that its first seconds show.

The bar asks a few times a second how the recording stands; the recording itself runs in a process
of its own and does not wait for anything here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QInputDialog,
    QListView,
    QMenu,
    QSizePolicy,
    QStyleOptionViewItem,
    QWidget,
)

from holdfast.ui.desk import Desk
from holdfast.ui.layout import column, framed, row
from holdfast.ui.rows import ROW, Index, Painter, RowDelegate, RowList
from holdfast.ui.widgets import Button, FocusRing, Glyph, IconButton, Label, Line, announce, called

if TYPE_CHECKING:
    from holdfast.adapters.capture.recording import Standing
    from holdfast.compose.recording import Session
    from holdfast.core.recording import Step

WIDE, FOLDED = 420, 48
TICK_MS = 100
CARD_MS = 3000
MARKED_S = 2
TURN_MS = 6000
"""How long one sentence of two stands."""
QUIET_MS = 10_000
"""So long without a sound before that is said."""
BARS = 12
REASONS = ("private", "call", "wait")
_ON_TOP = (
    Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
)


def clock(at_ms: int) -> str:
    """``06:48``, or ``1:06:48`` from an hour on."""
    seconds = at_ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{head}:{seconds % 60:02d}"


class LevelMeter(QWidget):
    """How loud it is, in twelve bars."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.lit = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        called(self, desk, "bar.level")

    def show_level(self, level: int | None) -> None:
        """Of a thousand; None when nothing is heard.  Loudness is felt by its logarithm."""
        lit = 0
        if level:
            lit = max(1, min(BARS, round(BARS + 4 * _log10(level / 1000))))
        if lit != self.lit:
            self.lit = lit
            self.setAccessibleDescription(f"{lit} / {BARS}")
            self.update()

    def sizeHint(self) -> QSize:
        px = self._desk.look.px
        return QSize(BARS * px(3) + (BARS - 1) * px(2), px(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        step = look.px(3) + look.px(2)
        for number in range(BARS):
            tone = "text" if number < self.lit else "hairline"
            bar = QRect(number * step, 0, look.px(3), self.height())
            painter.fillRect(bar, look.color(tone))


def _log10(value: float) -> float:
    import math

    return math.log10(max(value, 1e-6))


class Dot(QWidget):
    """A dot while it records, a ring while it rests."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._on = desk, False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_on(self, *, on: bool) -> None:
        """Whether it records."""
        self._on = on
        self.update()

    def sizeHint(self) -> QSize:
        side = self._desk.look.px(10)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._desk.look.color("text")
        painter.setPen(color)
        painter.setBrush(color if self._on else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(self.rect().adjusted(1, 1, -2, -2))


# --- the steps -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step as it stands."""

    step: Step
    done: tuple[str, ...] = ()
    """Which of its marks are on record."""
    at_ms: int | None = None
    """When it was done altogether."""
    current: bool = False

    @property
    def mark(self) -> str:
        """What ticking puts on record next; empty when nothing is left."""
        left = [mark for mark in self.step.marks if mark not in self.done]
        return left[0] if left else ""


class StepModel(RowList):
    """The steps of the script and what is left of each."""

    def __init__(self, desk: Desk, steps: Sequence[Step]) -> None:
        super().__init__(desk)
        self._marks: dict[str, int] = {}
        self._steps = tuple(steps)
        self.show_marks({})

    def show_marks(self, marks: dict[str, int]) -> None:
        """These are on record."""
        self._marks = marks
        rows, current = [], True
        for step in self._steps:
            done = tuple(mark for mark in step.marks if mark in marks)
            whole = len(done) == len(step.marks)
            at_ms = max(marks[mark] for mark in done) if whole else None
            rows.append(StepRow(step=step, done=done, at_ms=at_ms, current=current and not whole))
            current = current and whole
        if rows != self.rows:
            if len(rows) == len(self.rows):
                # The row under the keyboard stays under it.
                self.rows = rows
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            else:
                self.show_rows(rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.CheckStateRole:
            done = self.rows[index.row()].at_ms is not None
            return Qt.CheckState.Checked if done else Qt.CheckState.Unchecked
        return super().data(index, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsUserCheckable

    def line(self, one: StepRow) -> str:
        """What to show, or what is still missing."""
        left = [part for part in one.step.parts if f"{one.step.id}.{part}" not in one.done]
        if one.done and left:
            joined = self.desk.say("bar.and").join(self.desk.say(f"bar.part.{p}") for p in left)
            return self.desk.say("bar.missing", parts=joined)
        return self.desk.say(f"bar.step.{one.step.id}.line")

    def spoken(self, one: StepRow) -> str:
        title = self.desk.say(f"bar.step.{one.step.id}")
        if one.at_ms is not None:
            return f"{title}. {self.desk.say('bar.step.done', time=clock(one.at_ms))}"
        return f"{title}. {self.line(one)}"


class StepDelegate(RowDelegate):
    """Box, step, what to show, and when it was done."""

    high = 27

    def __init__(self, desk: Desk, parent: QWidget, model: StepModel) -> None:
        super().__init__(desk, parent)
        self._model = model

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        look, px = self.desk.look, self.desk.look.px
        if one.current:
            brush.painter.fillRect(box, look.color("selection"))
            brush.painter.fillRect(QRect(box.x(), box.y(), 2, box.height()), look.color("accent"))
        side = px(15)
        mark = QRect(box.x() + px(15), box.center().y() - side // 2, side, side)
        done = one.at_ms is not None
        brush.frame(mark, "accent" if done else "control", "accent" if done else "surface", 3)
        if done:
            brush.icon(mark, "check", "on_accent", 13)
        left = mark.right() + px(9)
        aside = px(52)
        title = self.desk.say(f"bar.step.{one.step.id}")
        room = box.right() - px(14) - left - aside
        font = look.font(bold=one.current)
        wide = brush.text(QRect(left, box.y(), room, box.height()), title, font, "text")
        beside = QRect(left + wide + px(9), box.y(), room - wide - px(9), box.height())
        brush.text(beside, self._model.line(one), look.font("caption"), "secondary")
        if done:
            at = QRect(box.right() - px(14) - aside, box.y(), aside, box.height())
            right = Qt.AlignmentFlag.AlignRight
            brush.text(at, clock(one.at_ms), look.font("caption"), "secondary", right)


class StepList(QListView):
    """Space, Enter or a click puts a step on record."""

    ticked = Signal(str)

    def __init__(self, desk: Desk, model: StepModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(StepDelegate(desk, self, model))
        called(self, desk, "bar.steps")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        # What is tinted is the step whose turn it is; the keyboard's place has its frame.
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setCurrentIndex(model.index(0))
        self.clicked.connect(self._tick)

    def _tick(self, index: Index) -> None:
        one = index.data(ROW)
        if isinstance(one, StepRow) and one.mark:
            self.ticked.emit(one.mark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tick(self.currentIndex())
            return
        super().keyPressEvent(event)


# --- the bar -------------------------------------------------------------------------------------


class CaptureBar(QWidget):
    """What is being recorded, how well, and what can be done about it."""

    stopping = Signal()
    """The person wants it to end; it is being sealed."""

    def __init__(self, desk: Desk, session: Session, box: QRect | None, script: str) -> None:
        """``box`` is what is recorded, on the desktop of Qt; None when nobody knows."""
        super().__init__(None, _ON_TOP)
        self.desk, self._session, self._box = desk, session, box
        self.setObjectName("page")
        self.setProperty("returns", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(desk.say("bar.title"))
        self._steps = desk.holdfast.script(script)
        self._folded, self._sure, self._stopped = False, False, False
        self._ready = False
        self._wide = 0
        self._grip: QPoint | None = None
        self._said = ""
        self._card: ProofCard | None = None
        self._marked_at = 0.0
        self._build()
        self._hidden = desk.holdfast.hidden_from_capture(int(self.winId()))
        self._keys = desk.holdfast.hotkeys("ms")
        for keys, act in (("Ctrl+Shift+M", self.mark), ("Ctrl+Shift+S", self.stop)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(act)
        self.ring = FocusRing(desk, self)
        self._fit()
        self.place()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(TICK_MS)
        # Until it records, the keyboard is where nothing happens: the rest is not there to press.
        self.fold.setFocus()
        self.tick()

    def _build(self) -> None:
        desk, px = self.desk, self.desk.look.px
        self.dot = Dot(desk)
        self.word = Label(desk, "bar.opening", role="strong", wrap=False)
        self.elapsed = Label(desk, role="strong", wrap=False)
        self.frames = Label(desk, role="caption", tone="secondary", wrap=False)
        self.warning = Glyph(desk, "warning", "warning", size=16)
        self.dropped = Label(desk, role="caption", tone="warning", wrap=False)
        self.speaker = Glyph(desk, "sound", "secondary", size=16)
        self.meter = LevelMeter(desk)
        self.pause = IconButton(desk, "pause", "bar.pause")
        self.fold = IconButton(desk, "up", "bar.fold")
        self.short = Button(desk, "bar.stop.short", kind="primary", size="small")
        self.short.hide()
        head = row(
            Glyph(desk, "grip", "secondary", size=12), self.dot, self.word, self.elapsed,
            self.frames, self.warning, self.dropped, None, self.speaker, self.meter, self.pause,
            self.fold, self.short, gap=px(7), margins=(px(12), px(4), px(8), px(4)),
        )  # fmt: skip
        self.head = framed(head, "head")
        self.model = StepModel(desk, self._steps)
        self.list = StepList(desk, self.model)
        self.now = Label(desk, role="caption", wrap=False)
        self.sentence = Line(desk, role="caption", tone="secondary")
        self.mark_button = Button(desk, "bar.mark", size="small")
        self.stop_button = Button(desk, "bar.stop", kind="primary", size="small")
        words = column(self.now, self.sentence, gap=px(1))
        foot = row(
            words, self.mark_button, self.stop_button, gap=px(8),
            margins=(px(12), px(6), px(8), px(6)),
        )  # fmt: skip
        foot.setStretch(0, 1)
        self.foot = framed(foot, "footer")
        self.list.setVisible(bool(self._steps))
        whole = framed(column(self.head, self.list, self.foot), "panel")
        whole.setFrameShape(QFrame.Shape.NoFrame)
        self.setLayout(column(whole))
        self.list.ticked.connect(self._session.mark)
        self.mark_button.clicked.connect(self.mark)
        self.stop_button.clicked.connect(self.stop)
        self.short.clicked.connect(self.stop)
        self.pause.clicked.connect(self._pause)
        self.fold.clicked.connect(self._fold)

    # --- where it is -----------------------------------------------------------------------------

    def _fit(self) -> None:
        px = self.desk.look.px
        head, foot = self.head.sizeHint(), self.foot.sizeHint()
        rows = px(StepDelegate.high) * len(self._steps) + px(3) * bool(self._steps)
        high = px(FOLDED) if self._folded else head.height() + rows + foot.height()
        # It grows with its words and never shrinks: nothing jumps about.
        wide = max(px(WIDE), head.width(), 0 if self._folded else foot.width(), self._wide)
        self._wide = 0 if self._folded else wide
        if self.size() != QSize(wide, high):
            self.setFixedSize(wide, high)
            self.move(_inside(self.geometry(), self))

    @property
    def is_in_picture(self) -> bool:
        """Whether it is recorded itself."""
        if self._hidden:
            return False
        return self._box is None or self._box.intersects(self.frameGeometry())

    def place(self) -> None:
        """It stands beside what is recorded where there is room, else where it covers least."""
        screens = QGuiApplication.screens()
        spots = [spot for screen in screens for spot in _corners(screen.availableGeometry(), self)]
        box = self._box
        free = [spot for spot in spots if box is not None and not box.intersects(spot)]
        self.move((free or spots)[0].topLeft())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grip = event.globalPosition().toPoint() - self.pos()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.move(event.globalPosition().toPoint() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def _fold(self) -> None:
        self._folded = not self._folded
        self.list.setVisible(bool(self._steps) and not self._folded)
        self.foot.setVisible(not self._folded)
        self.short.setVisible(self._folded)
        self.frames.setVisible(not self._folded)
        icon, key = ("down", "bar.unfold") if self._folded else ("up", "bar.fold")
        self.fold.show_icon(icon, key)
        bottom = self.geometry().bottom()
        self._fit()
        self.move(self.x(), max(0, bottom - self.height() + 1))

    # --- what it says ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Everything that moves is looked at again."""
        if self._keys is not None:
            for letter in self._keys.pressed():
                self.mark() if letter == "m" else self.stop()
        self.now.show_text(self._time())
        now = self._session.standing
        if now is None:
            self._say(self._where())
            return
        self._show(now)

    def _show(self, now: Standing) -> None:
        phase = "sealing" if now.phase == "over" or self._stopped else now.phase
        self.word.tell(f"bar.{phase}")
        self.dot.show_on(on=phase == "recording")
        self.elapsed.show_text(clock(now.elapsed_ms))
        self.frames.tell("bar.frames", count=f"{now.frames:,}".replace(",", "\u2009"))
        for widget in (self.warning, self.dropped):
            widget.setVisible(now.dropped > 0)
        self.dropped.tell("bar.dropped", count=now.dropped)
        self.meter.show_level(now.level)
        self.speaker.setVisible(now.level is not None)
        self.meter.setVisible(now.level is not None)
        resting = phase == "resting"
        self.pause.show_icon(
            "play" if resting else "pause", "bar.resume" if resting else "bar.pause"
        )
        busy = phase in ("opening", "sealing")
        for button in (self.pause, self.mark_button):
            button.setEnabled(not busy)
        self.list.setEnabled(not busy)
        if not busy and not self._ready:
            self._ready = True
            if self.fold.hasFocus():
                (self.list if self._steps else self.mark_button).setFocus()
        self.model.show_marks(dict(now.marks))
        self._fit()
        self._say(self._sentence(now))
        if phase == "recording" and self._card is None and self._session.shown is not None:
            self._card = ProofCard(self.desk, self._session, self._box, self)
            self._card.show()

    def _time(self) -> str:
        local = self.desk.holdfast.now().astimezone()
        offset = local.strftime("%z")
        return f"{local:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"

    def _where(self) -> str:
        return self.desk.say("bar.inside" if self.is_in_picture else "bar.outside")

    def _sentence(self, now: Standing) -> str:
        say = self.desk.say
        if now.screen in ("lost", "hidden", "locked"):
            return say(f"bar.screen.{now.screen}")
        if time.monotonic() - self._marked_at < MARKED_S:
            return say("bar.marked", time=clock(now.elapsed_ms))
        turn = now.elapsed_ms // TURN_MS % 2
        # In turn with where the bar is: neither may hide the other.
        if now.sound in ("none", "lost") and not turn:
            return say(f"bar.sound.{now.sound}")
        if now.silent_ms >= QUIET_MS and not turn:
            return say("bar.silent", seconds=now.silent_ms // 1000)
        if turn and not self.is_in_picture:
            return say("bar.keys.global" if self._keys is not None else "bar.keys.local")
        return self._where()

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self.sentence.show_text(sentence)
            announce(self.sentence, sentence)

    # --- what can be done ------------------------------------------------------------------------

    def mark(self) -> None:
        """This moment is on record."""
        self._session.mark()
        self._marked_at = time.monotonic()

    def stop(self) -> None:
        """It ends and is sealed."""
        if not self._stopped:
            self._stopped = True
            self._session.stop()
            for button in (self.stop_button, self.short):
                button.setEnabled(False)
            self.stopping.emit()

    def _pause(self) -> None:
        now = self._session.standing
        if now is not None and now.phase == "resting":
            self._session.resume()
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSection(self.desk.say("bar.pause.ask"))
        for reason in REASONS:
            text = self.desk.say(f"bar.pause.{reason}")
            action = menu.addAction(text)
            action.triggered.connect(lambda _=False, why=text: self._session.pause(why))
        menu.addAction(self.desk.say("bar.pause.other")).triggered.connect(self._pause_other)
        menu.popup(self.pause.mapToGlobal(self.pause.rect().bottomLeft()))
        self.menu = menu

    def _pause_other(self) -> None:
        text, fine = QInputDialog.getText(
            self, self.desk.say("bar.pause"), self.desk.say("bar.pause.ask")
        )
        if fine and text.strip():
            self._session.pause(text.strip()[:500])

    def over(self) -> None:
        """It is sealed, or could not be: the bar goes."""
        self._timer.stop()
        if self._card is not None:
            self._card.close()
        if self._keys is not None:
            self._keys.close()
            self._keys = None
        self._sure = True
        self.close()
        self.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.setWindowTitle(self.desk.say("bar.title"))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._sure:
            event.accept()
            return
        # Closing the bar is a wish to end, not to lose what was recorded.
        event.ignore()
        self.stop()


def on_desktop(box: object) -> QRect | None:
    """A box in the system's pixels on the desktop of Qt, which measures in its own."""
    if not isinstance(box, tuple):
        return None
    x, y, wide, high = box
    for screen in QGuiApplication.screens():
        corner, ratio = screen.geometry().topLeft(), screen.devicePixelRatio()
        part = QRect(
            corner.x() + round((x - corner.x()) / ratio),
            corner.y() + round((y - corner.y()) / ratio),
            round(wide / ratio),
            round(high / ratio),
        )
        if screen.geometry().intersects(part):
            return part
    return QRect(x, y, wide, high)


def _inside(place: QRect, near: QWidget) -> QPoint:
    """Where a window of that place stands whole on the screen."""
    screen = near.screen() or QGuiApplication.primaryScreen()
    free = screen.availableGeometry()
    return QPoint(
        max(free.left(), min(place.x(), free.right() - place.width() + 1)),
        max(free.top(), min(place.y(), free.bottom() - place.height() + 1)),
    )


def _corners(free: QRect, bar: QWidget) -> list[QRect]:
    """Where it could stand on a screen, what is wanted most first."""
    size, air = bar.size(), 16
    right, bottom = free.right() - size.width() - air, free.bottom() - size.height() - air
    left, top = free.left() + air, free.top() + air
    return [QRect(QPoint(x, y), size) for x, y in ((right, bottom), (right, top), (left, bottom),
            (left, top))]  # fmt: skip


class ProofCard(QWidget):
    """Case, time and values, on the screen itself for the first seconds of the recording."""

    def __init__(self, desk: Desk, session: Session, box: QRect | None, bar: QWidget) -> None:
        super().__init__(None, _ON_TOP | Qt.WindowType.WindowDoesNotAcceptFocus)
        self._desk, self._session = desk, session
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("page")
        px = desk.look.px
        self.title = Label(desk, "proof.title", role="caption", tone="secondary", wrap=False)
        self.time = Label(desk, role="mono", wrap=False)
        shown = session.shown
        assert shown is not None
        case = Label(desk, role="mono", wrap=False)
        case.show_text(desk.say("record.card.case", case=shown.case))
        lines = []
        for text in shown.lines(desk.words):
            line = Label(desk, role="mono")
            line.show_text(text)
            line.setMaximumWidth(px(560))
            lines.append(line)
        self.setLayout(
            column(
                self.title, case, self.time, *lines, gap=px(4),
                margins=(px(16), px(12), px(16), px(12)),
            )
        )  # fmt: skip
        self.setAccessibleName(desk.say("proof.title"))
        self._tick()
        timer = QTimer(self)
        timer.timeout.connect(self._tick)
        timer.start(TICK_MS)
        QTimer.singleShot(CARD_MS, self, self.close)
        self.adjustSize()
        self._place(box, bar)

    def _tick(self) -> None:
        local = self._desk.holdfast.now().astimezone()
        offset = local.strftime("%z")
        text = f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000} {offset[:3]}:{offset[3:]}"
        self.time.show_text(self._desk.say("record.card.time", time=text))

    def _place(self, box: QRect | None, bar: QWidget) -> None:
        """In the middle of what is recorded, away from the bar."""
        screen = bar.screen() or QGuiApplication.primaryScreen()
        area = box or screen.availableGeometry()
        place = QRect(QPoint(0, 0), self.size())
        place.moveCenter(area.center())
        self.move(_inside(place, bar))
