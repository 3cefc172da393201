"""Recording the screen: what is recorded, with or without sound, and whether step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListView, QStyleOptionViewItem

from holdfast.core.errors import HoldfastError
from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import at_most, column, emptied
from holdfast.ui.page import Page
from holdfast.ui.rows import ROW, Painter, RowDelegate, RowList
from holdfast.ui.widgets import Button, Check, Door, Label, called

if TYPE_CHECKING:
    from holdfast.adapters.capture.screen import Monitor
    from holdfast.adapters.x11 import Window

ROWS = 6
"""So many windows are in view; more scroll."""


class WindowModel(RowList):
    """The windows that can be recorded."""

    def spoken(self, one: Window) -> str:
        return f"{one.title} {one.width} × {one.height}"


class WindowDelegate(RowDelegate):
    """Title and size."""

    high = 38

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        look, px = self.desk.look, self.desk.look.px
        brush.icon(QRect(box.x() + px(14), box.y(), px(20), box.height()), "page", "secondary", 18)
        size = QRect(box.right() - px(126), box.y(), px(112), box.height())
        right = Qt.AlignmentFlag.AlignRight
        text = f"{one.width} × {one.height}"
        brush.text(size, text, look.font("caption"), "secondary", right)
        title = QRect(box.x() + px(46), box.y(), size.left() - box.x() - px(58), box.height())
        brush.text(title, one.title or str(one.id), look.font(), "text")
        self.hairline(brush, box)


class WindowList(QListView):
    """Enter or a double click takes one."""

    taken = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setObjectName("panel")
        self.setItemDelegate(WindowDelegate(desk, self))
        called(self, desk, "record.windows")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def fit(self, count: int) -> None:
        """It is as high as what it holds, up to a limit."""
        self.setFixedHeight(self._desk.look.px(38) * min(ROWS, max(1, count)) + 2)

    def _take(self) -> None:
        one = self.currentIndex().data(ROW)
        if one is not None:
            self.taken.emit(one)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take()


class RecordPage(Page):
    """Choosing begins it: the window steps aside and the bar takes its place."""

    place = "today"
    wanted = Signal(str, object)
    """A recording's target, and the box on the desktop that it records, or None."""
    draw = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "record.title", role="title")
        self.line = Label(desk, "record.line", tone="secondary")
        self.sound = Check(desk, "record.sound")
        self.sound.setChecked(True)
        self.sound_line = Label(desk, "record.sound.line", role="caption", tone="secondary")
        self.script = Check(desk, "record.script")
        self.script_line = Label(desk, "record.script.line", role="caption", tone="secondary")
        self.region = Door(desk, "record.region", "region")
        self.whole = Door(desk, "record.all", "screens")
        self.monitors = column(gap=px(12))
        self.windows_title = Label(desk, "record.windows", role="heading")
        self.windows_line = Label(desk, role="caption", tone="secondary")
        self.windows = WindowList(desk)
        self.model = WindowModel(desk)
        self.windows.setModel(self.model)
        self.back = Button(desk, "back")
        self.region.clicked.connect(self.draw)
        self.whole.clicked.connect(lambda: self.begin("all", self._desktop()))
        self.windows.taken.connect(
            lambda one: self.begin(f"window:{one.id}", (one.left, one.top, one.width, one.height))
        )
        self.back.clicked.connect(lambda: desk.wanted.emit("today", ""))
        self._found: Sequence[Monitor] = ()
        inside = column(
            px(16),
            self.title,
            self.line,
            px(4),
            column(self.sound, self.sound_line),
            column(self.script, self.script_line),
            px(8),
            self.monitors,
            self.whole,
            self.region,
            px(8),
            self.windows_title,
            self.windows_line,
            self.windows,
            px(8),
            self.back,
            None,
            gap=px(10),
            margins=(px(24),) * 4,
        )
        for line in (self.sound_line, self.script_line):
            line.setContentsMargins(px(24), 0, 0, 0)
        inside.setAlignment(self.back, Qt.AlignmentFlag.AlignLeft)
        self.body(column(at_most(px(760), inside), None))

    def arrive(self, what: object) -> None:
        holdfast = self.desk.holdfast

        def work(_: Job) -> tuple[Any, Any]:
            monitors = holdfast.monitors()
            try:
                return monitors, holdfast.windows()
            except HoldfastError:
                return monitors, None

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda found: self._show(*found))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        self.region.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, monitors: Sequence[Monitor], windows: Sequence[Window] | None) -> None:
        self._found = monitors
        self.model.show_rows([one for one in windows or () if one.title])
        self.windows.fit(len(self.model.rows))
        self.windows.setVisible(bool(self.model.rows))
        if self.model.rows:
            self.windows.setCurrentIndex(self.model.index(0))
        key = "" if self.model.rows else ".empty" if windows is not None else ".none"
        self.windows_line.tell(f"record.windows{key or '.line'}")
        self.retell()

    def retell(self) -> None:
        emptied(self.monitors)
        several = len(self._found) > 1
        self.whole.setVisible(several or not self._found)
        self.region.setVisible(bool(self._found))
        for monitor in self._found:
            door = Door(self.desk, "record.monitor", "screen")
            door.title.tell(
                "record.monitor.numbered" if several else "record.monitor", n=monitor.number
            )
            size = f"{monitor.width} × {monitor.height}"
            door.line.show_text(f"{monitor.name} {size}".strip())
            door.setAccessibleName(f"{door.title.text()} {size}")
            box = (monitor.left, monitor.top, monitor.width, monitor.height)
            area = f"monitor:{monitor.number}"
            door.clicked.connect(lambda _=False, a=area, b=box: self.begin(a, b))
            self.monitors.addWidget(door)

    def _desktop(self) -> tuple[int, int, int, int] | None:
        whole = QRect()
        for one in self._found:
            whole = whole.united(QRect(one.left, one.top, one.width, one.height))
        return (whole.x(), whole.y(), whole.width(), whole.height()) if self._found else None

    def begin(self, area: str, box: tuple[int, int, int, int] | None) -> None:
        """That part is recorded, as the boxes are ticked."""
        sound = ";audio" if self.sound.isChecked() else ""
        script = ";script:drama" if self.script.isChecked() else ""
        self.wanted.emit(f"record;{area}{sound}{script}", box)
