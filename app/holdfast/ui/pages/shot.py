"""A picture of the screen: a part that is drawn, one monitor, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import at_most, column, emptied
from holdfast.ui.page import Page
from holdfast.ui.widgets import Button, Door, Label

if TYPE_CHECKING:
    from holdfast.adapters.capture.screen import Monitor

SMALLEST = 8
"""Pixels: less is a slip of the hand."""


class ShotPage(Page):
    """The window steps aside before the picture is taken."""

    place = "today"
    wanted = Signal(object, object)
    """Monitor or None, region or None."""
    draw = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "shot.title", role="title")
        self.line = Label(desk, "shot.line", tone="secondary")
        self.region = Door(desk, "shot.region", "region")
        self.whole = Door(desk, "shot.all", "screens")
        self.region.clicked.connect(self.draw)
        self.whole.clicked.connect(lambda: self.wanted.emit(None, None))
        self.monitors = column(gap=px(12))
        self.back = Button(desk, "back")
        self.back.clicked.connect(lambda: desk.wanted.emit("today", ""))
        self._found: Sequence[Monitor] = ()
        inside = column(
            px(40),
            self.title,
            self.line,
            px(8),
            self.region,
            self.monitors,
            self.whole,
            px(8),
            self.back,
            None,
            gap=px(12),
            margins=(px(24),) * 4,
        )
        inside.setAlignment(self.back, Qt.AlignmentFlag.AlignLeft)
        self.body(column(at_most(px(760), inside), None))

    def arrive(self, what: object) -> None:
        holdfast = self.desk.holdfast

        def work(_: Job) -> tuple[Monitor, ...]:
            return holdfast.monitors()

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(self._show)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        self.region.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, monitors: Sequence[Monitor]) -> None:
        self._found = monitors
        self.retell()

    def retell(self) -> None:
        emptied(self.monitors)
        several = len(self._found) > 1
        self.whole.setVisible(several or not self._found)
        for monitor in self._found:
            door = Door(self.desk, "shot.monitor", "screen")
            door.title.tell(
                "shot.monitor.numbered" if several else "shot.monitor", n=monitor.number
            )
            size = f"{monitor.width} × {monitor.height}"
            door.line.show_text(f"{monitor.name} {size}".strip())
            door.setAccessibleName(f"{door.title.text()} {size}")
            number = monitor.number
            door.clicked.connect(lambda _=False, n=number: self.wanted.emit(n, None))
            self.monitors.addWidget(door)


def in_pixels(screen: QScreen, part: QRect) -> tuple[int, int, int, int]:
    """A part of a screen in the system's pixels: x, y, width, height on the whole desktop.

    A screen's corner is given in those already; what lies within it is scaled.
    """
    ratio = screen.devicePixelRatio()
    corner = screen.geometry().topLeft()
    return (
        corner.x() + round(part.x() * ratio),
        corner.y() + round(part.y() * ratio),
        round(part.width() * ratio),
        round(part.height() * ratio),
    )


class RegionPicker(QWidget):
    """One screen, frozen, on which a part is drawn by mouse or arrow keys."""

    picked = Signal(object)
    """x, y, width, height in the system's pixels."""
    left = Signal()

    def __init__(self, desk: Desk, screen: QScreen) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Window)
        self._desk, self._screen = desk, screen
        self._backdrop: QPixmap = screen.grabWindow(0)
        self._from: QPoint | None = None
        wide, high = screen.geometry().width(), screen.geometry().height()
        self.part = QRect(wide // 4, high // 4, wide // 2, high // 2)
        self._drawn = False
        self.setGeometry(screen.geometry())
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setWindowTitle(desk.say("shot.region"))
        self.setAccessibleName(desk.say("shot.region.how"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.drawPixmap(self.rect(), self._backdrop)
        shade = QColor(0, 0, 0, 110)
        whole, part = self.rect(), self.part
        for dark in (
            QRect(0, 0, whole.width(), part.top()),
            QRect(0, part.bottom() + 1, whole.width(), whole.height() - part.bottom() - 1),
            QRect(0, part.top(), part.left(), part.height()),
            QRect(part.right() + 1, part.top(), whole.width() - part.right() - 1, part.height()),
        ):
            painter.fillRect(dark, shade)
        painter.setPen(QPen(look.color("accent"), 2))
        painter.drawRect(part.adjusted(-1, -1, 0, 0))
        self._hint(painter)

    def _hint(self, painter: QPainter) -> None:
        look = self._desk.look
        font = look.font()
        text = self._desk.say("shot.region.how")
        metrics = QFontMetrics(font)
        wide = metrics.horizontalAdvance(text) + look.px(32)
        box = QRect((self.width() - wide) // 2, look.px(24), wide, look.px(40))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("raised"))
        painter.drawRoundedRect(box, look.px(8), look.px(8))
        painter.setPen(look.color("text"))
        painter.setFont(font)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            drawn = QRect(self._from, event.position().toPoint()).normalized()
            self.part = drawn.intersected(self.rect())
            self._drawn = True
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None
        if self._drawn:
            self._take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = 1 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 20
        grow = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        moves = {
            Qt.Key.Key_Left: (-step, 0),
            Qt.Key.Key_Right: (step, 0),
            Qt.Key.Key_Up: (0, -step),
            Qt.Key.Key_Down: (0, step),
        }
        key = Qt.Key(event.key())
        if key in moves:
            x, y = moves[key]
            part = self.part.adjusted(0, 0, x, y) if grow else self.part.translated(x, y)
            if part.width() >= SMALLEST and part.height() >= SMALLEST:
                self.part = part.intersected(self.rect())
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        self._drawn = False
        if min(self.part.width(), self.part.height()) >= SMALLEST:
            self.picked.emit(in_pixels(self._screen, self.part))

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.left.emit()


def pickers(desk: Desk) -> list[RegionPicker]:
    """One for each screen."""
    return [RegionPicker(desk, screen) for screen in QGuiApplication.screens()]
