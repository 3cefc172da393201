"""Rows: models that hold facts, and one delegate per kind of row that draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from holdfast.ui.agenda import SECTIONS, NextItem
from holdfast.ui.desk import Desk
from holdfast.ui.phrases import local, plain_tip, short_day, short_time

Index: TypeAlias = "QModelIndex | QPersistentModelIndex"
ROW = Qt.ItemDataRole.UserRole
"""The row itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """A heading among rows; it cannot be selected."""

    text: str
    count: int = 0
    of: object = None
    """What it is the heading of, whatever language it says that in."""


def _renew(
    model: RowList | CellTable, rows: list[Any], key: Callable[[Any], object], columns: int
) -> None:
    """The model holds ``rows``; what stands the same at both ends is changed in its place.

    A reset would take the selection, the place and whatever is just being written in a cell.
    """
    old, new = [key(one) for one in model.rows], [key(one) for one in rows]
    top = 0
    while top < min(len(old), len(new)) and old[top] == new[top]:
        top += 1
    end = 0
    while end < min(len(old), len(new)) - top and old[-1 - end] == new[-1 - end]:
        end += 1
    if top + end < len(old):
        model.beginRemoveRows(QModelIndex(), top, len(old) - end - 1)
        del model.rows[top : len(old) - end]
        model.endRemoveRows()
    if top + end < len(new):
        model.beginInsertRows(QModelIndex(), top, len(new) - end - 1)
        model.rows[top:top] = rows[top : len(new) - end]
        model.endInsertRows()
    model.rows = rows
    if rows:
        model.dataChanged.emit(model.index(0, 0), model.index(len(rows) - 1, columns - 1))


class RowList(QAbstractListModel):
    """Rows of any kind, headings among them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.rows: list[Any] = []

    def show_rows(self, rows: Sequence[Any]) -> None:
        """These rows, from now on; those that were there keep selection and place."""
        _renew(self, list(rows), self.key, 1)

    def key(self, one: Any) -> object:
        """What makes a row the same row, whatever it says by now."""
        return one.of if isinstance(one, SectionRow) else one

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.rows[index.row()]
        if role == ROW:
            return one
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return one.text if isinstance(one, SectionRow) else self.spoken(one)
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(one, SectionRow):
            return plain_tip(self.spoken(one))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self.rows[index.row()], SectionRow):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def spoken(self, one: Any) -> str:
        """A row as a screen reader says it."""
        return str(one)


class Painter:
    """Draws text within boxes and remembers nothing."""

    def __init__(self, painter: QPainter, desk: Desk, ratio: float) -> None:
        self.painter, self.desk, self.ratio = painter, desk, ratio

    def text(
        self,
        box: QRect,
        text: str,
        font: QFont,
        tone: str,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> int:
        """One line, its end left out where it does not fit.  The width it took."""
        self.painter.setFont(font)
        self.painter.setPen(self.desk.look.color(tone))
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(
            " ".join(text.split()), Qt.TextElideMode.ElideRight, max(0, box.width())
        )
        self.painter.drawText(box, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
        return metrics.horizontalAdvance(shown)

    def icon(self, box: QRect, name: str, tone: str, size: int) -> None:
        """An icon in the middle of a box."""
        side = self.desk.look.px(size)
        picture = self.desk.look.pixmap(name, tone, side, self.ratio)
        at = QPoint(box.center().x() - side // 2, box.center().y() - side // 2)
        self.painter.drawPixmap(at, picture)

    def frame(self, box: QRect, tone: str, fill: str, radius: int, width: float = 1) -> None:
        """A rounded outline."""
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = self.desk.look
        self.painter.setPen(QPen(look.color(tone), width))
        self.painter.setBrush(look.color(fill) if fill else Qt.BrushStyle.NoBrush)
        self.painter.drawRoundedRect(box, look.px(radius), look.px(radius))


class RowDelegate(QStyledItemDelegate):
    """Draws headings, selection and hairlines; what is in a row is for each kind to say."""

    high = 46

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        px = self.desk.look.px
        is_section = isinstance(index.data(ROW), SectionRow)
        return QSize(px(120), px(32) if is_section else self.height(option))

    def height(self, option: QStyleOptionViewItem) -> int:
        """The height of a row that is no heading."""
        return self.desk.look.px(self.high)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = self.desk.look
        one = index.data(ROW)
        view = option.widget
        ratio = view.devicePixelRatioF() if view is not None else 1.0
        brush = Painter(painter, self.desk, ratio)
        box = option.rect
        painter.save()
        if isinstance(one, SectionRow):
            self.section(brush, box, one)
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            if chosen:
                painter.fillRect(box, look.color("selection"))
                painter.fillRect(QRect(box.x(), box.y(), 2, box.height()), look.color("accent"))
            self.draw(brush, box, one, option)
            if option.state & QStyle.StateFlag.State_HasFocus:
                brush.frame(box.adjusted(2, 2, -3, -3), "accent", "", 4, 2)
        painter.restore()

    def section(self, brush: Painter, box: QRect, one: SectionRow) -> None:
        """A heading."""
        look = self.desk.look
        brush.painter.fillRect(box, look.color("section"))
        side = look.px(16)
        font = look.font("caption", bold=True)
        wide = brush.text(box.adjusted(side, 0, -side, 0), one.text, font, "text")
        if one.count:
            brush.text(
                box.adjusted(side + wide + look.px(8), 0, 0, 0),
                str(one.count),
                look.font("caption"),
                "secondary",
            )
        self.hairline(brush, box)

    def hairline(self, brush: Painter, box: QRect) -> None:
        """The line under a row."""
        brush.painter.fillRect(
            QRect(box.x(), box.bottom(), box.width(), 1), self.desk.look.color("hairline")
        )

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        """What stands in the row."""
        raise AssertionError("each kind of row draws itself")


# --- Next ----------------------------------------------------------------------------------------


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


# --- Timeline ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened in a case."""

    at: str
    icon: str
    title: str
    line: str
    exhibit: str = ""
    """Number of the exhibit it is about."""
    letter: str = ""
    """Id of the notice it is about."""
    check: str = ""
    """Id of the environment check it is about."""
    state: str = ""
    """Icon of where its time-stamp stands."""
    tone: str = "secondary"
    state_text: str = ""


class TimelineModel(RowList):
    """What happened, newest first, by day."""

    def key(self, one: Any) -> object:
        if isinstance(one, Moment):
            return one.at, one.icon, one.exhibit, one.letter, one.check
        return super().key(one)

    def spoken(self, one: Moment) -> str:
        parts = (short_time(self.desk, one.at), one.title, one.line, one.state_text)
        return ". ".join(part for part in parts if part)


class TimelineDelegate(RowDelegate):
    """Time, icon, what happened, where its time-stamp stands."""

    high = 46

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        look = self.desk.look
        px = look.px
        time = QRect(box.x() + px(16), box.y(), px(42), box.height())
        brush.text(time, f"{local(one.at):%H:%M}", look.font("caption"), "secondary")
        tile = QRect(time.right() + px(6), box.center().y() - px(14), px(28), px(28))
        brush.frame(tile, "hairline", "surface", 8)
        brush.icon(tile, one.icon, "secondary", 16)
        state = px(28) if one.state else 0
        left = tile.right() + px(12)
        top = box.y() + px(4) if one.line else box.center().y() - px(10)
        words = QRect(left, top, box.right() - left - px(12) - state, px(20))
        brush.text(words, one.title, look.font(), "text")
        brush.text(words.translated(0, px(19)), one.line, look.font("caption"), "secondary")
        if one.state:
            at = QRect(box.right() - px(12) - px(20), box.y(), px(20), box.height())
            brush.icon(at, one.state, one.tone, 16)


# --- Tables --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in one cell: the short word, its full sentence, its colour and shape."""

    text: str
    full: str = ""
    tone: str = "text"
    icon: str = ""
    sort: str = ""
    bold: bool = False
    tag: str = ""


class CellTable(QAbstractTableModel):
    """A table of cells; every row stands for something."""

    edited = Signal(object, int, str)
    """Row's object, column, new text."""

    def __init__(
        self,
        desk: Desk,
        columns: Sequence[str],
        editable: frozenset[int] = frozenset(),
        *,
        key: Callable[[Any], object] = id,
    ):
        """``key``: what makes that for which a row stands the same, whatever it says by now."""
        super().__init__()
        self.desk, self.columns, self.editable, self._key = desk, columns, editable, key
        self.rows: list[tuple[Any, tuple[Cell, ...]]] = []

    def show_rows(self, rows: Sequence[tuple[Any, tuple[Cell, ...]]]) -> None:
        """These rows, from now on; those that were there keep selection, editor and place."""
        _renew(self, list(rows), lambda row: self._key(row[0]), len(self.columns))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def show_row(self, at: int, what: Any, cells: tuple[Cell, ...]) -> None:
        """That row, from now on; the others stay as they are."""
        self.rows[at] = (what, cells)
        self.dataChanged.emit(self.index(at, 0), self.index(at, len(cells) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.desk.say(self.columns[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        what, cells = self.rows[index.row()]
        cell = cells[index.column()]
        if role == ROW:
            return cell
        if role == Qt.ItemDataRole.UserRole + 1:
            return cell.sort or cell.text
        if role == Qt.ItemDataRole.UserRole + 2:
            return what
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return cell.full or cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cell.full or cell.text)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return found | Qt.ItemFlag.ItemIsEditable if index.column() in self.editable else found

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() not in self.editable:
            return False
        what, _ = self.rows[index.row()]
        self.edited.emit(what, index.column(), str(value))
        return True


class CellDelegate(QStyledItemDelegate):
    """Draws a cell: shape, word, colour, a tag behind."""

    def __init__(self, desk: Desk, parent: QWidget, high: int) -> None:
        super().__init__(parent)
        self.desk, self.high = desk, high

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        cell: Cell = index.data(ROW)
        look = self.desk.look
        wide = QFontMetrics(look.font(bold=cell.bold)).horizontalAdvance(cell.text) + look.px(24)
        if cell.icon:
            wide += look.px(22)
        if cell.tag:
            wide += QFontMetrics(look.font("caption")).horizontalAdvance(cell.tag) + look.px(20)
        return QSize(wide, look.px(self.high))

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        # A row that changes behind it must not take what is being written.
        if not (isinstance(editor, QLineEdit) and editor.isModified()):
            super().setEditorData(editor, index)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: Cell = index.data(ROW)
        look, box = self.desk.look, option.rect
        view = option.widget
        brush = Painter(painter, self.desk, view.devicePixelRatioF() if view else 1.0)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, look.color("selection"))
        painter.fillRect(QRect(box.x(), box.bottom(), box.width(), 1), look.color("hairline"))
        inner = box.adjusted(look.px(8), 0, -look.px(8), 0)
        if cell.icon:
            brush.icon(
                QRect(inner.x(), inner.y(), look.px(16), inner.height()), cell.icon, cell.tone, 16
            )
            inner.setLeft(inner.x() + look.px(22))
        font = look.font(bold=cell.bold)
        tag = look.font("caption")
        room = QFontMetrics(tag).horizontalAdvance(cell.tag) + look.px(20) if cell.tag else 0
        wide = brush.text(inner.adjusted(0, 0, -room, 0), cell.text, font, cell.tone)
        if cell.tag:
            high = look.px(20)
            at = QRect(
                inner.x() + wide + look.px(6), box.center().y() - high // 2, room - look.px(8), high
            )
            brush.frame(at, "control", "", 4)
            brush.text(at, cell.tag, tag, "secondary", Qt.AlignmentFlag.AlignHCenter)
        if option.state & QStyle.StateFlag.State_HasFocus:
            brush.frame(box.adjusted(1, 1, -2, -2), "accent", "", 4, 2)
        painter.restore()


class Filtered(QSortFilterProxyModel):
    """Rows that a chosen chip and a search let through, sorted by what their cells mean."""

    def __init__(self, also: Callable[[Any], str] = lambda _: "") -> None:
        """``also``: what is searched of a row beside what its cells say."""
        super().__init__()
        self._also = also
        self._passes: Callable[[Any], bool] = lambda _: True
        self._needle = ""
        self.setSortRole(Qt.ItemDataRole.UserRole + 1)
        self.setDynamicSortFilter(False)

    def anew(self) -> None:
        """Rows have changed: they are sorted and let through as they are now."""
        self.invalidate()

    def only(self, passes: Callable[[Any], bool]) -> None:
        """Rows whose object passes."""
        self._passes = passes
        self.invalidate()

    def search(self, needle: str) -> None:
        """Rows that hold these words anywhere."""
        self._needle = needle.casefold().strip()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        model = self.sourceModel()
        assert isinstance(model, CellTable)
        what, cells = model.rows[source_row]
        if not self._passes(what):
            return False
        if not self._needle:
            return True
        said = " ".join(f"{cell.text} {cell.full}" for cell in cells)
        held = f"{said} {self._also(what)}".casefold()
        return all(word in held for word in self._needle.split())


class Table(QTableView):
    """A table that copies as a table and opens a row with Enter."""

    opened = Signal(object)
    """What the row stands for."""

    def __init__(self, desk: Desk, key: str, *, high: int) -> None:
        super().__init__()
        self._desk, self._key, self._high = desk, key, high
        self.nothing = ""
        """Key of what stands where no row does."""
        self.setItemDelegate(CellDelegate(desk, self, high))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        self._dress()

    def resizeColumnsToContents(self) -> None:
        """Columns as wide as what they hold; the last one takes what is left."""
        super().resizeColumnsToContents()
        # Qt forgets the last one when it measures a table that is not laid out yet.
        self.horizontalHeader().setStretchLastSection(False)
        self.horizontalHeader().setStretchLastSection(True)

    def widen(self, most: int) -> None:
        """Columns that more has come into are wide enough for it, up to so many pixels."""
        for at in range(self.model().columnCount() - 1):
            wanted = min(most, self.sizeHintForColumn(at))
            if wanted > self.columnWidth(at):
                self.setColumnWidth(at, wanted)

    def _dress(self) -> None:
        self.setAccessibleName(self._desk.say(self._key))
        self.verticalHeader().setDefaultSectionSize(self._desk.look.px(self._high))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._dress()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.nothing:
            return
        empty = self.model().rowCount() == 0
        said = self._desk.say(self.nothing) if empty else ""
        self.setAccessibleDescription(said)
        if empty:
            look, painter = self._desk.look, QPainter(self.viewport())
            painter.setFont(look.font())
            painter.setPen(look.color("secondary"))
            side = look.px(24)
            box = self.viewport().rect().adjusted(side, look.px(16), -side, 0)
            painter.drawText(box, int(Qt.TextFlag.TextWordWrap), said)

    def what(self, index: Index) -> Any:
        """What the row of an index stands for."""
        return index.data(Qt.ItemDataRole.UserRole + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        editing = self.state() is QAbstractItemView.State.EditingState
        if enter and not editing and self.currentIndex().isValid():
            self.opened.emit(self.what(self.currentIndex()))
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.opened.emit(self.what(index))
            return
        super().mouseDoubleClickEvent(event)

    def copy(self) -> None:
        """The selected rows are on the clipboard as a table, with full sentences."""
        model = self.model()
        rows = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
        lines = []
        for number in rows:
            cells = (model.index(number, column) for column in range(model.columnCount()))
            spoken = (c.data(Qt.ItemDataRole.AccessibleTextRole) or "" for c in cells)
            lines.append("\t".join(_cell_text(text) for text in spoken))
        QGuiApplication.clipboard().setText("\n".join(lines))


def _cell_text(text: str) -> str:
    """One cell of a copied table: a spreadsheet must not take it for a formula."""
    flat = " ".join(text.split())
    return f"'{flat}" if flat[:1] in ("=", "+", "-", "@") else flat
