"""The sidebar: four places, someone to help, and a way to hide."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyleOptionViewItem, QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.layout import column, row
from holdfast.ui.phrases import plain_tip
from holdfast.ui.rows import ROW, Painter, RowDelegate, RowList
from holdfast.ui.widgets import Button, Label

PLACES = ("today", "cases", "verify", "settings")


class _PlaceList(RowList):
    counts: dict[str, int]
    narrow = False

    def spoken(self, one: str) -> str:
        count = self.counts.get(one, 0)
        name = self.desk.say(f"place.{one}")
        return f"{name} {count}" if count else name


class _PlaceDelegate(RowDelegate):
    high = 44

    def paint(self, painter: Any, option: QStyleOptionViewItem, index: Any) -> None:
        # The selection here is rounded and stands inside the row.
        look = self.desk.look
        px = look.px
        view = option.widget
        brush = Painter(painter, self.desk, view.devicePixelRatioF() if view else 1.0)
        name = str(index.data(ROW))
        box = option.rect.adjusted(px(12), px(2), -px(12), -px(2))
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            brush.frame(box, "nav", "nav", 8)
        tone = "accent" if chosen else "text"
        brush.icon(QRect(box.x() + px(12), box.y(), px(20), box.height()), name, tone, 18)
        model = index.model()
        count = model.counts.get(name, 0)
        font = look.font(bold=chosen)
        aside = look.font("caption", bold=chosen)
        room = QFontMetrics(aside).horizontalAdvance(str(count)) + px(16) if count else px(8)
        if not model.narrow:
            words = box.adjusted(px(44), 0, -room, 0)
            brush.text(words, self.desk.say(f"place.{name}"), font, tone)
        if count and not model.narrow:
            right = Qt.AlignmentFlag.AlignRight
            faint = "accent" if chosen else "secondary"
            brush.text(box.adjusted(0, 0, -px(12), 0), str(count), aside, faint, right)
        if option.state & QStyle.StateFlag.State_HasFocus:
            brush.frame(box.adjusted(1, 1, -2, -2), "accent", "", 8, 2)
        painter.restore()


class Sidebar(QFrame):
    """Always in the same spot."""

    gone = Signal(str)
    """To a place."""
    hide_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self.setObjectName("sidebar")
        self.setFixedWidth(px(176))
        self.name = Label(desk, "app.name", role="heading", wrap=False)
        self.other = Label(desk, "app.other", role="caption", tone="secondary", wrap=False)
        self.model = _PlaceList(desk)
        self.model.counts = {}
        self.model.show_rows(PLACES)
        self.list = QListView()
        self.list.setObjectName("nav")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_PlaceDelegate(desk, self.list))
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedHeight(px(44) * len(PLACES) + 2)
        self.list.setTabKeyNavigation(False)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        self.help = Button(desk, "place.help", kind="foot", icon="help")
        self.help.setCheckable(True)
        self.hide_button = Button(desk, "place.hide", kind="foot", icon="hide")
        self.help.clicked.connect(lambda: self.gone.emit("help"))
        self.hide_button.clicked.connect(self.hide_wanted)
        head = row(self.name, self.other, None, gap=px(6))
        head.setContentsMargins(px(24), 0, px(4), 0)
        foot = column(self.help, self.hide_button, gap=px(4), margins=(px(12), 0, px(12), px(12)))
        self.setLayout(column(head, px(12), self.list, None, foot, margins=(0, px(16), 0, 0)))
        self.retell()

    def retell(self) -> None:
        """Names in the language that is spoken now."""
        self.list.setAccessibleName(self.desk.say("place.list"))
        for button, key in ((self.help, "place.help"), (self.hide_button, "place.hide")):
            button.setAccessibleName(self.desk.say(key).replace("\n", " "))
            button.setToolTip(plain_tip(self.desk.say(key)))
        self.model.layoutChanged.emit()

    def show_counts(self, counts: dict[str, int]) -> None:
        """So many things wait in each place."""
        self.model.counts = counts
        self.list.viewport().update()

    def fold(self, *, narrow: bool) -> None:
        """Only icons where there is little room; names are spoken and in tooltips."""
        if narrow == self.model.narrow:
            return
        self.model.narrow = narrow
        self.setFixedWidth(self.desk.look.px(68 if narrow else 176))
        self.name.setVisible(not narrow)
        self.other.setVisible(not narrow)
        for button, key in ((self.help, "place.help"), (self.hide_button, "place.hide")):
            button.tell(key) if not narrow else button.show_text("")
        self.retell()

    def mark(self, place: str) -> None:
        """That place is where the person is."""
        self.help.setChecked(place == "help")
        if place in PLACES:
            self.list.setCurrentIndex(self.model.index(PLACES.index(place)))
        else:
            self.list.setCurrentIndex(QModelIndex())

    def _go(self, index: QModelIndex) -> None:
        self.gone.emit(PLACES[index.row()])

    def sizeHint(self) -> QSize:
        return QSize(self.desk.look.px(176), super().sizeHint().height())


def plain_window(desk: Desk) -> QWidget:
    """What stands there instead: an empty page of notes."""
    from PySide6.QtWidgets import QPlainTextEdit

    page = QPlainTextEdit()
    page.setWindowTitle(desk.say("hidden.title"))
    page.setAccessibleName(desk.say("hidden.title"))
    page.setObjectName("hidden")
    return page
