"""Find someone to help: people and offices, each with where its number was read."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from holdfast.core.job import Job
from holdfast.core.notice import Contact
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, at_most, column, emptied, row
from holdfast.ui.page import Page
from holdfast.ui.parts import CopyButton, panel
from holdfast.ui.widgets import Glyph, Label


class HelpPage(Page):
    """Contacts from dated data.  Where no number is known, none is shown."""

    place = "help"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "help.title", role="title")
        self.line = Label(desk, "help.line", tone="secondary")
        self.list = column()
        self.foot = Label(desk, "help.foot", role="caption", tone="secondary")
        side = px(24)
        inside = column(
            self.title,
            self.line,
            px(8),
            self.list,
            px(8),
            self.foot,
            None,
            gap=px(8),
            margins=(side, side, side, side),
        )
        self.body(column(at_most(px(960), inside)))
        self._contacts: tuple[Contact, ...] = ()

    def arrive(self, what: object) -> None:
        self.retell()

    def retell(self) -> None:
        if not self.isVisible():
            return
        holdfast, lang = self.desk.holdfast, self.desk.lang

        def work(_: Job) -> tuple[Contact, ...]:
            return holdfast.contacts(lang)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(self._show)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show(self, contacts: tuple[Contact, ...]) -> None:
        self._contacts = contacts
        emptied(self.list)
        rows = [self._row(contact) for contact in contacts]
        if rows:
            self.list.addWidget(panel(*rows))

    def _row(self, contact: Contact) -> QFrame:
        px, desk = self.desk.look.px, self.desk
        name, helps = Label(desk, role="strong"), Label(desk, tone="secondary")
        name.show_text(contact.name)
        helps.show_text(contact.helps)
        source = Label(desk, role="caption", tone="secondary")
        source.tell(
            "help.source",
            source=contact.source,
            checked=contact.checked_on.isoformat(),
            confidence=desk.say_or(f"notice.confidence.{contact.confidence}", contact.confidence),
        )
        ways = column(gap=px(4))
        for key, text in (
            ("help.phone", contact.phone),
            ("help.web", contact.web),
            ("help.email", contact.email),
        ):
            if text:
                ways.addLayout(self._way(key, text))
        if not (contact.phone or contact.web or contact.email):
            ways.addWidget(Label(desk, "help.unknown", role="caption", tone="secondary"))
        words, side = QWidget(), QWidget()
        words.setLayout(column(name, helps, source, None, gap=px(4)))
        side.setLayout(column(ways, None))
        side.setMinimumWidth(px(200))
        fold = Fold(words, side, gap=px(16), below=px(560), stretch=(3, 1))
        frame = QFrame()
        frame.setLayout(column(fold, margins=(px(16), px(12), px(16), px(12))))
        return frame

    def _way(self, key: str, text: str) -> QHBoxLayout:
        desk = self.desk
        value = Label(desk)
        value.show_text(text)
        copy = CopyButton(desk, key)
        copy.holds(text)
        icon = {"help.phone": "phone", "help.web": "page", "help.email": "letter"}[key]
        line = row(Glyph(desk, icon, "secondary", size=16), value, copy, gap=desk.look.px(8))
        line.setStretch(1, 1)
        return line
