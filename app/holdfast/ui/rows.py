"""Rows: models that hold facts, and one delegate per kind of row that draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.phrases import plain_tip

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


def renew(model: Any, rows: list[Any], key: Callable[[Any], object], columns: int) -> None:
    """A model that keeps its rows in a list holds these; what stands the same at both ends is
    changed in its place.

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
        renew(self, list(rows), self.key, 1)

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
