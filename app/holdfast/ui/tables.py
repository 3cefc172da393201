"""Tables of cells: sorted, searched, filtered, written in and copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from holdfast.ui.desk import Desk
from holdfast.ui.phrases import plain_tip
from holdfast.ui.rows import ROW, Index, Painter, renew


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
        renew(self, list(rows), lambda row: self._key(row[0]), len(self.columns))
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
