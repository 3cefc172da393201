"""What comes next, as rows with one button each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStyleOptionViewItem

from holdfast.ui.agenda import SECTIONS, NextItem
from holdfast.ui.desk import Desk
from holdfast.ui.phrases import short_day, short_time
from holdfast.ui.rows import ROW, Painter, RowDelegate, RowList, SectionRow


class NextModel(RowList):
    """What comes next, in three sections."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._items: tuple[NextItem, ...] = ()

    def show_items(self, items: tuple[NextItem, ...]) -> None:
        """These items, grouped."""
        self._items = items
        self.retell()

    def key(self, one: Any) -> object:
        if isinstance(one, NextItem):
            return one.title.key, one.place, repr(one.what)
        return super().key(one)

    def retell(self) -> None:
        """The same in the language that is spoken now."""
        rows: list[Any] = []
        for section in SECTIONS:
            mine = [item for item in self._items if item.section == section]
            if mine:
                title = self.desk.say(f"next.section.{section}")
                rows += [SectionRow(text=title, count=len(mine), of=section), *mine]
        self.show_rows(rows)

    def spoken(self, one: NextItem) -> str:
        parts = [one.title.say(self.desk), one.line.say(self.desk), one.case]
        if one.practice:
            parts.append(self.desk.say("practice.word"))
        parts.append(when(self.desk, one.at))
        return ". ".join(part for part in parts if part)


def when(desk: Desk, at: str) -> str:
    """A date or time of a row, short."""
    if not at:
        return ""
    if len(at) == 10:
        return short_day(desk, date.fromisoformat(at))
    return short_time(desk, at)


class NextDelegate(RowDelegate):
    """Icon, what happened, the case, the date, one button."""

    high = 60

    widest = 0
    """Of all buttons, in pixels."""

    def measure(self, items: Sequence[NextItem]) -> None:
        """The widest button decides where the columns are."""
        metrics = QFontMetrics(self.desk.look.font())
        self.widest = max(
            (
                metrics.horizontalAdvance(self.desk.say(one.action)) + self.desk.look.px(26)
                for one in items
                if one.action
            ),
            default=0,
        )

    def height(self, option: QStyleOptionViewItem) -> int:
        narrow = self._narrow(option.widget.width() if option.widget else 0)
        return self.desk.look.px(84 if narrow else 60)

    def _narrow(self, wide: int) -> bool:
        return wide < self.desk.look.px(820)

    def button(self, box: QRect, one: NextItem) -> QRect:
        """Where the row's button is; empty when it has none."""
        if not one.action:
            return QRect()
        look = self.desk.look
        text = self.desk.say(one.action)
        wide = QFontMetrics(look.font()).horizontalAdvance(text) + look.px(26)
        high = look.px(32)
        right = box.right() - look.px(16)
        return QRect(right - wide, box.center().y() - high // 2, wide, high)

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        look = self.desk.look
        px = look.px
        button = self.button(box, one)
        brush.icon(QRect(box.x() + px(16), box.y(), px(20), box.height()), one.icon, one.tone, 20)
        left, narrow = box.x() + px(52), self._narrow(box.width())
        aside = 0 if narrow else px(168) + px(144)
        if narrow:
            right = button.left() - px(12) if one.action else box.right() - px(16)
        else:
            # The same room for every button, so that cases and dates stand in columns.
            right = box.right() - px(16) - max(self.widest, px(120)) - px(12)
        words = QRect(left, box.y() + px(9), right - left - aside, px(22))
        beneath = words.translated(0, px(22))
        brush.text(words, one.title.say(self.desk), look.font(), "text")
        brush.text(beneath, one.line.say(self.desk), look.font("caption"), "secondary")
        late = "warning" if one.late else "pending" if one.section == "wait" else "text"
        moment_ = when(self.desk, one.at)
        if narrow:
            facts = " · ".join(part for part in (self._case(one), moment_) if part)
            brush.text(beneath.translated(0, px(22)), facts, look.font("caption"), late)
        else:
            case = QRect(words.right() + px(12), box.y(), px(156), box.height())
            brush.text(case, self._case(one), look.font(), "text")
            at = QRect(case.right() + px(12), box.y(), px(132), box.height())
            brush.text(at, moment_, look.font(), late)
        if one.action:
            brush.frame(button.adjusted(0, 0, -1, -1), "control", "surface", 8)
            middle = Qt.AlignmentFlag.AlignHCenter
            brush.text(button, self.desk.say(one.action), look.font(), "text", middle)
        self.hairline(brush, box)

    def _case(self, one: NextItem) -> str:
        if one.practice and one.case:
            return f"{self.desk.say('practice.word')} · {one.case}"
        return one.case


class NextList(QListView):
    """Rows with one button each: by click, Enter or the context menu."""

    acted = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setObjectName("panel")
        self._delegate = NextDelegate(desk, self)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.setAccessibleName(desk.say("today.next"))
        self.setTabKeyNavigation(False)

    def setModel(self, model: Any) -> None:
        super().setModel(model)
        model.dataChanged.connect(self._fit)
        model.rowsRemoved.connect(self._fit)

    def _fit(self) -> None:
        rows = getattr(self.model(), "rows", ())
        self._delegate.measure([one for one in rows if isinstance(one, NextItem)])
        # The page scrolls as a whole; a list that scrolls inside it would hide rows.
        model = self.model()
        high = sum(self.sizeHintForRow(i) for i in range(model.rowCount())) if model else 0
        self.setFixedHeight(high + 2 * self.frameWidth() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.setAccessibleName(self._desk.say("today.next"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        one = index.data(ROW) if index.isValid() else None
        if isinstance(one, NextItem):
            button = self._delegate.button(self.visualRect(index), one)
            if button.contains(event.position().toPoint()):
                self.acted.emit(one)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._act()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act()
            return
        super().keyPressEvent(event)

    def _act(self) -> None:
        one = self.currentIndex().data(ROW) if self.currentIndex().isValid() else None
        if isinstance(one, NextItem) and one.action:
            self.acted.emit(one)

    def _menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        one = index.data(ROW) if index.isValid() else None
        if isinstance(one, NextItem) and one.action:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(self._desk.say(one.action)).triggered.connect(
                lambda: self.acted.emit(one)
            )
            menu.popup(self.viewport().mapToGlobal(at))
