"""What lies over the window's pages: the rehearsal's band, the frame of a drop."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QWidget,
)

from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, column
from holdfast.ui.parts import Tag
from holdfast.ui.widgets import Button, Label, called


class PracticeBand(QFrame):
    """Over everything that belongs to the rehearsal; it cannot be hidden."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("practice")
        px = desk.look.px
        self.tag = Tag(desk, "practice.tag", tone="text")
        self.sentence = Label(desk, "practice.band", role="caption", tone="secondary")
        self.end = Button(desk, "practice.end", kind="link")
        line = Fold(self.tag, self.sentence, self.end, gap=px(12), below=px(460), stretch=(0, 1, 0))
        self.setLayout(column(line, margins=(px(24), px(2), px(24), px(2))))
        called(self, desk, "practice.band")


class DropFrame(QWidget):
    """A hairline frame with a sentence while something hovers over the window."""

    def __init__(self, desk: Desk, over: QWidget) -> None:
        super().__init__(over)
        self._desk, self._over = desk, over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_over(self) -> None:
        """It lies over everything."""
        self.setGeometry(self._over.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color("accent"), 2))
        inside = self.rect().adjusted(6, 6, -6, -6)
        painter.drawRoundedRect(inside, look.px(8), look.px(8))
        font = look.font("heading", bold=True)
        painter.setFont(font)
        box = QRect(0, 0, self.width() // 2, look.px(64))
        box.moveCenter(inside.center())
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(box, look.px(8), look.px(8))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._desk.say("drop.sentence"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setGeometry(self._over.rect())
