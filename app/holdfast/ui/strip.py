"""The strip at the bottom: what is running, what is pending, and whether there is a network."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStatusBar, QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.layout import row
from holdfast.ui.pages.keeping import amount
from holdfast.ui.phrases import plain_tip
from holdfast.ui.widgets import Bar, Button, Label


class Strip(QStatusBar):
    """Each segment opens the list it counts."""

    running_wanted = Signal()
    pending_wanted = Signal()
    online_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self.setObjectName("strip")
        self.setSizeGripEnabled(False)
        self.pending_count = 0
        self.offline = desk.holdfast.settings.offline
        self.running = Button(desk, kind="strip", icon="again")
        self.bar = Bar(desk)
        self.bar.setFixedWidth(px(120))
        self.percent = Label(desk, role="caption", tone="secondary", wrap=False)
        self.pending = Button(desk, kind="strip", icon="pending")
        self.pending.setProperty("tone", "pending")
        self.promise = Button(desk, "strip.promise", kind="strip", icon="lock")
        self.online = Button(desk, kind="strip", icon="online")
        self.note = Label(desk, role="caption", tone="secondary", wrap=False)
        self.running.clicked.connect(self.running_wanted)
        self.pending.clicked.connect(self.pending_wanted)
        self.promise.clicked.connect(lambda: desk.wanted.emit("settings", None))
        self.online.clicked.connect(self.online_wanted)
        holder = QWidget()
        inside = row(
            self.running,
            self.bar,
            self.percent,
            self.pending,
            self.promise,
            self.note,
            None,
            self.online,
            gap=px(6),
            margins=(px(8), 0, px(8), 0),
        )
        holder.setLayout(inside)
        self.addWidget(holder, 1)
        self.setContentsMargins(0, 0, 0, 0)
        desk.runner.changed.connect(self.refresh)
        self.refresh()

    def show_pending(self, count: int) -> None:
        """So many time-stamps are queued or on their way."""
        self.pending_count = count
        self.refresh()

    def show_online(self, *, offline: bool) -> None:
        """Whether the network was seen."""
        self.offline = offline
        self.refresh()

    def say(self, sentence: str) -> None:
        """A short sentence until the next one."""
        self.note.show_text(sentence)
        self.note.setToolTip(plain_tip(sentence))

    def refresh(self) -> None:
        """Everything is said again."""
        desk = self.desk
        tasks = desk.runner.named
        busy = bool(tasks)
        tight = self.width() < desk.look.px(720) and self.pending_count > 0
        for widget in (self.running, self.percent):
            widget.setVisible(busy)
        # Where it is tight the number beside it says as much, and whether we are online stays seen.
        self.bar.setVisible(busy and not tight)
        if busy:
            last = tasks[-1].last
            said = desk.say(tasks[-1].name)
            if len(tasks) > 1:
                said = desk.say("strip.several", said=said, count=len(tasks))
            counted = amount(last.done, last.total) if last is not None else ""
            self.running.show_text(f"{said} {counted}".strip())
            self.bar.show_progress(last.done if last else 0, last.total if last else None)
            self.percent.show_text(f"{self.bar.percent}%" if last and last.total else "")
        self.pending.setVisible(self.pending_count > 0)
        self.pending.tell("strip.pending", count=self.pending_count)
        self.promise.setVisible(not busy and not tight)
        self.online.show_icon("offline" if self.offline else "online")
        self.online.tell("strip.offline" if self.offline else "strip.online")
        self.online.setToolTip(
            plain_tip(desk.say("strip.offline.tip" if self.offline else "strip.online.tip"))
        )
