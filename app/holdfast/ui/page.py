"""What every page is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.layout import Scroll, column, framed
from holdfast.ui.parts import Footer


class Page(QFrame):
    """One place in the window; ``practice`` while it shows something of the practice world."""

    practice_changed = Signal()
    place = ""
    """Which of the four in the sidebar it belongs to."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.practice = False
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def arrive(self, what: object) -> None:
        """The person came here, with what they brought."""

    def rest(self) -> None:
        """What is half written here is put where it will be found again."""

    def retell(self) -> None:
        """Everything that is not a plain sentence is said again."""

    def rehearse(self, *, practice: bool) -> None:
        """The band is over this page, or not."""
        if practice != self.practice:
            self.practice = practice
            self.practice_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.retell()

    def body(
        self, inside: QVBoxLayout, *, footer: Footer | None = None, top: QWidget | None = None
    ) -> Scroll:
        """The page is a body that scrolls, between what stays at its top and its foot."""
        holder = framed(inside, "body")
        scroll = Scroll(holder)
        parts = [part for part in (top, scroll, footer) if part is not None]
        self.setLayout(column(*parts))
        return scroll
