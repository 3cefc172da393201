"""How things stand beside and below one another, also when the text is large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

Part: TypeAlias = "QWidget | QLayout | int | None"
"""Something in a row or column: a widget, a layout, a gap in pixels, or None for what is left."""


def column(
    *parts: Part, gap: int = 0, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QVBoxLayout:
    """The parts below one another."""
    box = QVBoxLayout()
    _fill(box, parts, gap, margins)
    return box


def row(
    *parts: Part, gap: int = 0, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    """The parts beside one another."""
    box = QHBoxLayout()
    _fill(box, parts, gap, margins)
    return box


def _fill(
    box: QBoxLayout, parts: Iterable[Part], gap: int, margins: tuple[int, int, int, int]
) -> None:
    box.setSpacing(gap)
    box.setContentsMargins(*margins)
    for part in parts:
        add(box, part)


def add(box: QBoxLayout, part: Part) -> None:
    """The part stands at the end of the box."""
    if part is None:
        box.addStretch(1)
    elif isinstance(part, int):
        box.addSpacing(part)
    elif isinstance(part, QLayout):
        box.addLayout(part)
    else:
        box.addWidget(part)


def framed(inside: QLayout, name: str = "", *, parent: QWidget | None = None) -> QFrame:
    """The layout in a frame of that name in the style sheet."""
    frame = QFrame(parent)
    frame.setObjectName(name)
    frame.setLayout(inside)
    return frame


def at_most(wide: int, inside: QLayout) -> QHBoxLayout:
    """The layout at the left, no wider than that.

    A column would ask for its height at the full width and get too little.
    """
    holder = QWidget()
    holder.setMaximumWidth(wide)
    holder.setLayout(inside)
    line = row(holder, None)
    line.setStretch(0, 100)
    return line


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def emptied(layout: QLayout) -> None:
    """Nothing is left in the layout."""
    while layout.count():
        item = layout.takeAt(0)
        assert item is not None
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif isinstance(inner, QLayout):
            emptied(inner)


class Fold(QWidget):
    """Its parts stand beside one another, and below one another where it is too narrow."""

    def __init__(self, *parts: Part, gap: int, below: int, stretch: tuple[int, ...] = ()) -> None:
        """``below`` is the width in pixels under which the parts are stacked.

        They are stacked as well where their words do not fit beside one another.
        """
        super().__init__()
        self._below, self._parts = below, parts
        self.box = row(*parts, gap=gap)
        for index, share in enumerate(stretch):
            self.box.setStretch(index, share)
        self.setLayout(self.box)

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = event.size().width() < max(self._below, self._beside())
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self.box.direction() is not direction:
            self.box.setDirection(direction)
            self.updateGeometry()
        super().resizeEvent(event)

    def _beside(self) -> int:
        """How wide its parts are beside one another, at least."""
        return sum(map(_least, self._parts)) + self.box.spacing() * (len(self._parts) - 1)

    def minimumSizeHint(self) -> QSize:
        items = [self.box.itemAt(i) for i in range(self.box.count())]
        sizes = [item.minimumSize() for item in items if item is not None]
        narrowest = max((size.width() for size in sizes), default=0)
        if not self.box.hasHeightForWidth():
            return QSize(narrowest, super().minimumSizeHint().height())
        # How high it really is follows from its width, and whoever lays it out asks for that.
        return QSize(narrowest, max((size.height() for size in sizes), default=0))


def _least(part: Part) -> int:
    """How wide a part is, at least; asked of itself, for items of layouts belong to Qt."""
    if isinstance(part, QLayout):
        return part.minimumSize().width()
    if not isinstance(part, QWidget):
        return part or 0
    if part.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Ignored:
        return part.minimumWidth()
    return max(part.minimumSizeHint().width(), part.minimumWidth())


class Flow(QLayout):
    """Parts in a line that breaks where it must, as words do."""

    def __init__(self, *parts: QWidget, gap: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)
        for part in parts:
            self.addWidget(part)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        # Qt asks for items beyond the last and wants None.
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        # A layout of Qt's wants all the room there is unless it says otherwise.
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        gaps = self._gap * max(0, len(shown) - 1)
        return QSize(
            sum(size.width() for size in shown) + gaps,
            max((size.height() for size in shown), default=0),
        )

    def minimumSize(self) -> QSize:
        shown = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(
            max((size.width() for size in shown), default=0),
            max((size.height() for size in shown), default=0),
        )

    def _place(self, rect: QRect, *, move: bool) -> int:
        y = rect.y()
        for line in self._lines(rect.width()):
            x, high = rect.x(), max(item.sizeHint().height() for item in line)
            for item in line if move else ():
                size = item.sizeHint()
                # A word beside a button stands at its middle.
                item.setGeometry(QRect(QPoint(x, y + (high - size.height()) // 2), size))
                x += size.width() + self._gap
            y += high + self._gap
        return max(0, y - self._gap - rect.y())

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        room = 0
        for item in self._items:
            if item.isEmpty():
                continue
            wide = item.sizeHint().width()
            if not lines or wide > room:
                lines.append([])
                room = width
            lines[-1].append(item)
            room -= wide + self._gap
        return lines


class Scroll(QScrollArea):
    """A body that scrolls up and down and never sideways."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        inside.setObjectName(inside.objectName() or "body")
        self.viewport().setObjectName("viewport")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        # What is inside may be endless; a page asks for little and takes what there is.
        line = self.fontMetrics().height()
        return QSize(line * 14, line * 12)

    def minimumSizeHint(self) -> QSize:
        inside = self.widget()
        wide = inside.minimumSizeHint().width() if inside is not None else 0
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(wide + bar, self.fontMetrics().height() * 6)


def reading_order(widget: QWidget) -> Iterator[QWidget]:
    """What can have the focus within ``widget``, as a person reads: down, and from the left."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        inside = widget.widget()
        if inside is not None:
            yield from reading_order(inside)
    elif isinstance(widget, QSplitter):
        for at in range(widget.count()):
            part = widget.widget(at)
            if part is not None:
                yield from reading_order(part)
    elif isinstance(widget, QStackedWidget):
        now = widget.currentWidget()
        if now is not None:
            yield from reading_order(now)
    else:
        layout = _held(widget.layout, QLayout)
        if layout is not None:
            yield from _in_layout(layout)


Kind = TypeVar("Kind")


def _held(read: Callable[[], Any], kind: type[Kind]) -> Kind | None:
    """What Qt holds there.

    After much has been drawn anew, PySide may still know something that stood at the same address
    before, and give that; it is forgotten, and asked again.
    """
    found = read()
    if found is not None and not isinstance(found, kind):
        from shiboken6 import invalidate

        invalidate(found)
        found = read()
    return found if isinstance(found, kind) else None


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for at in range(layout.count()):
        item = layout.itemAt(at)
        assert item is not None
        widget, inner = _held(item.widget, QWidget), item.layout()
        if widget is not None:
            yield from reading_order(widget)
        elif isinstance(inner, QLayout):
            yield from _in_layout(inner)
