"""Today: one question, one field, and what comes next."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from holdfast.core.links import links_in
from holdfast.ui.agenda import Agenda
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column, row, rule
from holdfast.ui.next_rows import NextList, NextModel
from holdfast.ui.page import Page
from holdfast.ui.phrases import long_day
from holdfast.ui.widgets import Button, Door, Label

LINES = 6
"""So many links are in view; more scroll."""
LIMIT = 200_000
"""Characters that may be pasted at once."""


class LinkField(QPlainTextEdit):
    """Links, one a line.  Enter keeps them; Shift+Enter begins another line."""

    entered = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("bulk", "large")
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self._grow)
        self._say()
        self._grow()

    def _say(self) -> None:
        self._hint = self._desk.say("today.link.hint")
        self.setAccessibleDescription(self._hint)
        self.setAccessibleName(self._desk.say("today.link"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._say()
            self._grow()

    def _grow(self) -> None:
        look = self._desk.look
        line = self.fontMetrics().lineSpacing()
        lines = min(LINES, max(1, self.blockCount()))
        high = max(look.px(44), line * lines + look.px(22))
        side = look.px(32)
        # One line stands in the middle of its field.
        top = max(0, (high - line * lines) // 2 - look.px(10))
        self.setViewportMargins(side, top, 0, 0)
        self.setFixedHeight(high)
        several = self.blockCount() > LINES
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if several else policy.ScrollBarAlwaysOff
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.document().isEmpty():
            # Qt would break a long hint into lines that nobody sees.
            painter = QPainter(self.viewport())
            painter.setPen(self._desk.look.color("secondary"))
            box = self.viewport().rect().adjusted(self._desk.look.px(6), 0, 0, 0)
            # Where the caret stands, and as high.
            box.setTop(self.cursorRect().top())
            box.setHeight(self.cursorRect().height())
            shown = self.fontMetrics().elidedText(
                self._hint, Qt.TextElideMode.ElideRight, box.width()
            )
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def links(self) -> tuple[str, ...]:
        """What was typed or pasted, each once."""
        return tuple(links_in(self.toPlainText()))

    def insertFromMimeData(self, source: QMimeData) -> None:
        if source.hasText():
            self.insertPlainText(source.text().strip()[:LIMIT])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._icon.setGeometry(QRect(0, 0, self._desk.look.px(36), self.height()))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()

    @property
    def _icon(self) -> _LinkIcon:
        found = self.findChild(_LinkIcon)
        return found if found is not None else _LinkIcon(self._desk, self)


class _LinkIcon(QWidget):
    """The sign at the left of the field."""

    def __init__(self, desk: Desk, field: LinkField) -> None:
        super().__init__(field)
        self._desk = desk
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._desk.look
        side = look.px(18)
        picture = look.pixmap("link", "secondary", side, self.devicePixelRatioF())
        left = look.px(14)
        QPainter(self).drawPixmap(left, (look.px(44) - side) // 2, picture)

    def sizeHint(self) -> QSize:
        return QSize(self._desk.look.px(36), self._desk.look.px(44))


class TodayPage(Page):
    """Everything begins here."""

    place = "today"
    keep = Signal(object)
    """Links to be kept."""
    shot = Signal()
    phone = Signal()
    record = Signal()
    files = Signal(object)
    """Paths to be kept."""
    browse = Signal(str)
    """A link to begin with in the evidence browser, or nothing."""
    practise = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.question = Label(desk, "today.question", role="title")
        self.title = Label(desk, "today.title", role="title", wrap=False)
        self.date = Label(desk, tone="secondary", wrap=False)
        self.label = Label(desk, "today.link", role="strong")
        self.field = LinkField(desk)
        self.label.setBuddy(self.field)
        self.keep_button = Button(desk, "today.keep", kind="primary", size="large")
        self.missing = Label(desk, role="caption", tone="warning")
        self.missing.hide()
        self.promise = Label(desk, "today.promise", role="caption", tone="secondary")
        self.other = Label(desk, "today.other", tone="secondary")
        self.ways = [
            Door(desk, "today.way.shot", "screenshot", arrow=False),
            Door(desk, "today.way.record", "recording", arrow=False),
            Door(desk, "today.way.browse", "page", arrow=False),
            Door(desk, "today.way.files", "files", arrow=False),
            Door(desk, "today.way.phone", "phone", arrow=False),
        ]
        self.buttons = [
            Button(desk, "today.way.shot", icon="screenshot", size="small"),
            Button(desk, "today.way.record", icon="recording", size="small"),
            Button(desk, "today.way.browse", icon="page", size="small"),
            Button(desk, "today.way.files", icon="files", size="small"),
            Button(desk, "today.way.phone", icon="phone", size="small"),
        ]
        self.check = Button(desk, "today.environment", icon="steps", size="small")
        self.check.clicked.connect(lambda: desk.wanted.emit("environment", None))
        self.drop = Label(desk, "today.drop", role="caption", tone="secondary")
        self.practise_title = Label(desk, "today.practise.title", role="strong")
        self.practise_line = Label(desk, "today.practise.line", role="caption", tone="secondary")
        self.practise_button = Button(desk, "today.practise")
        self.next_title = Label(desk, "today.next", role="heading")
        self.list = NextList(desk)
        self.model = NextModel(desk)
        self.list.setModel(self.model)
        self._busy: bool | None = None
        self._build(px(800))
        self.field.entered.connect(self._keep)
        self.keep_button.clicked.connect(self._keep)
        acts = (
            self.shot.emit,
            self.record.emit,
            self._browse,
            self._choose,
            self.phone.emit,
        )
        for door, button, act in zip(self.ways, self.buttons, acts, strict=True):
            door.clicked.connect(act)
            button.clicked.connect(act)
        self.practise_button.clicked.connect(self.practise)
        self.field.textChanged.connect(self.missing.hide)
        self.list.acted.connect(lambda item: desk.wanted.emit(item.place, item.what))
        desk.looked_ahead.connect(self._show)
        self._show(desk.agenda)

    def _build(self, wide: int) -> None:
        px = self.desk.look.px
        head = row(self.title, self.date, None, gap=px(12))
        head.setContentsMargins(0, 0, 0, px(12))
        entry = Fold(self.field, self.keep_button, gap=px(8), below=px(460), stretch=(1, 0))
        self._entry = entry
        ways = Fold(*self.ways, gap=px(8), below=px(560), stretch=(1,) * len(self.ways))
        small = QWidget()
        small.setLayout(Flow(*self.buttons, self.check, gap=px(8)))
        self._small, self._ways = small, ways
        practise = Fold(
            _holding(self.practise_title, self.practise_line, gap=px(2)),
            self.practise_button,
            gap=px(12),
            below=px(460),
            stretch=(1, 0),
        )
        self._first_gap = QWidget()
        self._first_gap.setFixedHeight(px(56))
        self._line = rule()
        self._ask_group = _holding(
            self._first_gap, self.question, _gap(px(12)), self.label, _gap(px(8)), gap=0
        )
        self._other_group = _holding(
            _gap(px(8)), self.promise, _gap(px(16)), self.other, _gap(px(8)), ways, gap=0
        )
        self._next_group = _holding(_gap(px(20)), self.next_title, _gap(px(8)), self.list, gap=0)
        self._small_group = _holding(_gap(px(8)), small, gap=0)
        self._head = QWidget()
        self._head.setLayout(head)
        inside = column(
            self._head,
            self._ask_group,
            entry,
            self.missing,
            self._other_group,
            self._small_group,
            px(8),
            self.drop,
            self._next_group,
            px(24),
            self._line,
            px(16),
            practise,
            None,
        )
        self._column = QWidget()
        self._column.setLayout(inside)
        self._wide = wide
        self._left_air, self._right_air = QWidget(), QWidget()
        side = px(24)
        holder = row(
            self._left_air, self._column, self._right_air, margins=(side, px(24), side, px(24))
        )
        # What is wider than its limit goes to the air at both sides.
        holder.setStretch(1, 100)
        self.body(column(holder, None))

    def arrive(self, what: object) -> None:
        if isinstance(what, str) and what:
            self.field.setPlainText(what)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # After it is drawn: nobody waits for a list to see the field.
        QTimer.singleShot(0, self, self.desk.look_ahead)

    def retell(self) -> None:
        self.model.retell()
        today = self.desk.holdfast.now().astimezone().date()
        self.date.show_text(long_day(self.desk, today))

    def _show(self, agenda: Agenda) -> None:
        self.model.show_items(agenda.items)
        self._dress(busy=agenda.cases > 0)
        self.retell()

    def _dress(self, *, busy: bool) -> None:
        """The first start has one question; later there is work."""
        if self._busy == busy:
            return
        self._busy = busy
        for widget in (self._ask_group, self._other_group):
            widget.setVisible(not busy)
        for later in (self._head, self._small_group, self._next_group):
            later.setVisible(busy)
        self._column.setMaximumWidth(16_777_215 if busy else self._wide)
        for air in (self._left_air, self._right_air):
            air.setVisible(not busy)

    def _keep(self) -> None:
        links = self.field.links()
        if not links:
            self.missing.tell("today.missing")
            self.missing.show()
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.field.clear()
        self.keep.emit(links)

    def _browse(self) -> None:
        links = self.field.links()
        self.field.clear()
        self.browse.emit(links[0] if links else "")

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("today.way.files"))
        if names:
            self.files.emit(tuple(Path(name) for name in names))


def _gap(high: int) -> QWidget:
    gap = QWidget()
    gap.setFixedHeight(high)
    return gap


def _holding(*widgets: QWidget, gap: int) -> QWidget:
    holder = QWidget()
    holder.setLayout(column(*widgets, gap=gap))
    return holder
