"""The window's pages, made when they are wanted, and time-stamps in the background."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QMainWindow,
    QStackedWidget,
    QWidget,
)

from holdfast.ui.desk import Desk
from holdfast.ui.layout import Scroll, reading_order
from holdfast.ui.overlays import PracticeBand
from holdfast.ui.page import Page
from holdfast.ui.sidebar import Sidebar
from holdfast.ui.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.core.job import Job
    from holdfast.ui.runner import Task


class Rooms(QMainWindow):
    """Knows its pages, opens them, and lets them speak of trouble."""

    sidebar: Sidebar
    band: PracticeBand
    stack: QStackedWidget
    strip: Strip

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._pages: dict[str, Page] = {}
        self._rooms: dict[str, Scroll] = {}
        self._closing = False
        self._stamping: Task | None = None
        self._here = ""

    def page(self, name: str) -> Page:
        """The page of that name, made when it is first wanted."""
        if name not in self._pages:
            page = make_page(name, self.desk)
            page.practice_changed.connect(self._band)
            self._pages[name] = page
            # A small window or large text: the page as a whole scrolls.
            self._rooms[name] = Scroll(page)
            self.stack.addWidget(self._rooms[name])
            self._connect(name, page)
        return self._pages[name]

    def _connect(self, name: str, page: Page) -> None:
        """What a page asks for is heard by whoever can do it; here nobody can."""

    def _open(self, place: str, what: object) -> None:
        page = self.page(place)
        self._here = place
        self.stack.setCurrentWidget(self._rooms[place])
        self.sidebar.mark(page.place)
        self._band()
        self._order()
        page.arrive(what)
        now = self.focusWidget()
        if now is None or not now.isVisibleTo(self):
            # The keyboard must never be nowhere.
            self.sidebar.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _order(self) -> None:
        """Tab goes as a person reads: sidebar, band, page, strip."""
        parts = [self.sidebar, self.band, self.here, self.strip]
        chain = [w for part in parts if part is not None for w in reading_order(part)]
        for one, following in itertools.pairwise(chain):
            QWidget.setTabOrder(one, following)

    def trouble(self, error: Exception, **about: object) -> None:
        """The page of troubles speaks of that."""
        from holdfast.ui.pages.trouble import Woe

        self._open("trouble", Woe(error=error, **about))  # type: ignore[arg-type] # fields of Woe

    def _band(self) -> None:
        page = self.here
        self.band.setVisible(page is not None and page.practice)

    @property
    def here(self) -> Page | None:
        """The page that is open."""
        return self._pages.get(self._here)

    def stamp_now(self) -> None:
        """What is queued is sent and what is pending looked at in its turn, in the background."""
        self._stamp(self.desk.holdfast.stamp)

    def stamp_asked(self) -> None:
        """The same because the person asks for it: also what is not in its turn yet."""
        holdfast = self.desk.holdfast
        self._stamp(lambda job: holdfast.stamp(job, now=True))

    def _stamp(self, verb: Callable[[Job], object]) -> None:
        if self._stamping is not None or self._closing:
            return
        task = self.desk.runner.start(verb)
        self._stamping = task
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        # No witness at hand is no trouble: the queue says so and tries again.
        task.finished.connect(self._stamped)

    def _stamped(self) -> None:
        self._stamping = None
        self.desk.look_ahead()


def make_page(name: str, desk: Desk) -> Page:
    """The page of that name.  Each is imported when it is first wanted."""
    from importlib import import_module

    module, kind = PAGES[name]
    found = getattr(import_module(f"holdfast.ui.pages.{module}"), kind)
    page = found(desk)
    assert isinstance(page, Page)
    return page


PAGES = {
    "today": ("today", "TodayPage"),
    "keeping": ("keeping", "KeepingPage"),
    "receipt": ("receipt", "ReceiptPage"),
    "trouble": ("trouble", "TroublePage"),
    "cases": ("cases", "CasesPage"),
    "case": ("case", "CasePage"),
    "letter": ("letter", "LetterPage"),
    "send": ("send", "SendPage"),
    "answer": ("answer", "AnswerPage"),
    "verify": ("verify", "VerifyPage"),
    "settings": ("settings", "SettingsPage"),
    "help": ("help", "HelpPage"),
    "series": ("series", "SeriesPage"),
    "shot": ("shot", "ShotPage"),
    "environment": ("environment", "EnvironmentPage"),
    "browsing": ("browsing", "BrowsingPage"),
    "phone": ("phone", "PhonePage"),
    "record": ("record", "RecordPage"),
    "token": ("token", "TokenPage"),
    "farewell": ("farewell", "FarewellPage"),
}
