"""The window: where everything hangs together."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QWindow,
)
from PySide6.QtWidgets import (
    QApplication,
    QStackedWidget,
    QWidget,
)

from holdfast.core.errors import HoldfastError
from holdfast.ui.agenda import Agenda
from holdfast.ui.aside import Aside
from holdfast.ui.desk import Desk
from holdfast.ui.layout import column, row
from holdfast.ui.overlays import DropFrame, PracticeBand
from holdfast.ui.page import Page
from holdfast.ui.pages.today import TodayPage
from holdfast.ui.parts import local_paths
from holdfast.ui.place import place_window
from holdfast.ui.rooms import PAGES
from holdfast.ui.sidebar import PLACES, Sidebar, plain_window
from holdfast.ui.strip import Strip
from holdfast.ui.widgets import FocusRing

if TYPE_CHECKING:
    from holdfast.usecases.preserve import Attempt

STAMP_MS = 10 * 60 * 1000
"""How often what is pending is looked at while the window is open."""
COMPACT = 760
"""Below this width the sidebar shows icons only."""


class MainWindow(Aside):
    """Sidebar, band, pages, strip."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._hidden: list[QWidget] = []
        self._plain: QWidget | None = None
        self._gone = False
        """Whether the system says that there is no network."""
        self._unit = desk.look.unit
        self.setAcceptDrops(True)
        self._build()
        self._keys()
        desk.wanted.connect(self.go)
        # Rows come and go with the data; their place in the order is given when it is quiet.
        desk.runner.idle.connect(self._order)
        desk.changed.connect(desk.look_ahead)
        desk.looked_ahead.connect(self._counted)
        desk.look.changed.connect(self._dressed)
        desk.chosen.connect(self._tell_online)
        self.setWindowTitle(desk.say("app.title"))
        place_window(self, desk.holdfast.settings.window)
        self.go("today", "")

    # --- how it is built -------------------------------------------------------------------------

    def _build(self) -> None:
        desk = self.desk
        self.sidebar = Sidebar(desk)
        self.sidebar.gone.connect(lambda place: self.go(place, None))
        self.sidebar.hide_wanted.connect(self.hide_at_once)
        self.band = PracticeBand(desk)
        self.band.hide()
        self.band.end.clicked.connect(lambda: self.go("today", ""))
        self.stack = QStackedWidget()
        self.stack.setObjectName("pages")
        self.strip = Strip(desk)
        self.strip.pending_wanted.connect(self.stamp_asked)
        self.strip.running_wanted.connect(lambda: self.go("keeping", None))
        self.strip.online_wanted.connect(lambda: self.go("settings", None))
        right = QWidget()
        right.setLayout(column(self.band, self.stack))
        middle = row(self.sidebar, right)
        middle.setStretch(1, 1)
        center = QWidget()
        center.setLayout(middle)
        self.setCentralWidget(center)
        self.setStatusBar(self.strip)
        self.frame = DropFrame(desk, center)
        self.ring = FocusRing(desk, self)

    def _keys(self) -> None:
        for number, place in enumerate(PLACES, 1):
            self._key(f"Alt+{number}", partial(self.go, place, None))
        self._key("Ctrl+L", self._to_link)
        self._key("Ctrl+F", self._to_search)
        self._key("F6", lambda: self._next_part(1))
        self._key("Shift+F6", lambda: self._next_part(-1))
        hide = self._key("Ctrl+Shift+H", self.hide_at_once)
        hide.setContext(Qt.ShortcutContext.ApplicationShortcut)
        # A shortcut sleeps under a dialog; the keys themselves are watched there.
        app = QGuiApplication.instance()
        assert isinstance(app, QApplication)
        self._watch = HideKey(self, self.hide_at_once)
        app.focusWindowChanged.connect(self._watch.follow)

    def _rebuild(self) -> None:
        """Lengths follow the size of the text: everything is laid out again."""
        here = self._here
        self._pages.clear()
        self._rooms.clear()
        old = self.takeCentralWidget()
        self.ring.deleteLater()
        counts, pending = dict(self.sidebar.model.counts), self.strip.pending_count
        self._build()
        self.sidebar.show_counts(counts)
        self.strip.show_pending(pending)
        self._tell_online()
        if old is not None:
            old.deleteLater()
        self._unit = self.desk.look.unit
        self._dress()
        self.go(here if here in (*PLACES, "help") else "today", None)

    def _dressed(self) -> None:
        # Chinese and English differ by half a pixel; that is no reason.
        if abs(self.desk.look.unit - self._unit) > 1:
            QTimer.singleShot(0, self, self._rebuild)

    def _key(self, keys: str, act: Callable[[], object]) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(act)
        return shortcut

    def _connect(self, name: str, page: Page) -> None:
        from holdfast.ui.pages.browsing import BrowsingPage
        from holdfast.ui.pages.keeping import KeepingPage
        from holdfast.ui.pages.phone import PhonePage
        from holdfast.ui.pages.record import RecordPage
        from holdfast.ui.pages.shot import ShotPage

        if isinstance(page, TodayPage):
            page.keep.connect(self.keep)
            page.files.connect(self.keep_files)
            page.shot.connect(lambda: self.go("shot", ""))
            page.browse.connect(lambda url: self.go("browsing", ("", url)))
            page.phone.connect(lambda: self.go("phone", ""))
            page.record.connect(lambda: self.go("record", ""))
            page.practise.connect(self.practise)
        elif isinstance(page, KeepingPage):
            page.background.connect(lambda: self.go("today", ""))
        elif isinstance(page, ShotPage):
            page.wanted.connect(self._shoot)
            page.draw.connect(lambda: self._draw_region(lambda region: self._shoot(None, region)))
        elif isinstance(page, RecordPage):
            page.wanted.connect(self._record)
            page.draw.connect(
                lambda: self._draw_region(
                    lambda part: page.begin("region:" + ",".join(map(str, part)), part)
                )
            )
        elif isinstance(page, BrowsingPage):
            page.kept.connect(self.stamp_now)
            page.show_recorder("record" in PAGES)
        elif isinstance(page, PhonePage):
            page.keep.connect(lambda work, shown, again: self._keeping(work, shown, again=again))
            page.kept.connect(self._kept)
            page.failed.connect(self._not_kept)

    # --- going places ----------------------------------------------------------------------------

    def go(self, place: str, what: object) -> None:
        """The person wants to be there, with what they bring."""
        if self._closing:
            return
        if place == "trouble" and not hasattr(what, "error"):
            self.trouble(what if isinstance(what, Exception) else HoldfastError("none"))
            return
        acts: dict[str, Callable[[object], None]] = {
            "stamp": lambda _: self.stamp_asked(),
            "saved": self._saved,
            "links": self._links_to,
            "links_only": self._links_only,
            "closed": self._closed,
            "links_logged_in": self._links_in,
            "files": self._files_to,
            "recheck": self._recheck,
            "again": self._again,
            "done": self._done,
            "list": self._list,
            "cases": self._go_cases,
            "documents": lambda case: self.go("case", (case, "documents")),
            "today_keep": lambda _: self.go("today", ""),
        }
        if place == "shot" and isinstance(what, str):
            self._shot_case = what
        if place == "record" and isinstance(what, str):
            self._record_case = what
        if place == "keeping" and "keeping" not in self._pages:
            return
        act = acts.get(place)
        if act is not None:
            act(what)
            return
        self._open(place, what)

    def _go_cases(self, what: object) -> None:
        """With one case this place is that case; from the case the table is one step back."""
        only = self.desk.agenda.only
        if what is None and self._here not in ("case", "cases") and only:
            self._open("case", (only, ""))
        else:
            self._open("cases", what)

    def _to_link(self) -> None:
        self.go("today", "")

    def _to_search(self) -> None:
        page = self.here
        from holdfast.ui.pages.case import CasePage

        field = getattr(page, "search", None)
        if isinstance(page, CasePage):
            page.turn_to("evidence")
            field = page.evidence.search
        if field is None:
            self._open("cases", "")
            field = getattr(self.page("cases"), "search", None)
        if isinstance(field, QWidget):
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _next_part(self, step: int) -> None:
        """The focus moves between sidebar, page (list, then detail) and strip."""
        page = self.here
        parts: list[QWidget] = [self.sidebar.list, *_parts(page), *_parts(self.strip)[:1]]
        now = QApplication.focusWidget()
        at = -1
        for index, part in enumerate(parts):
            if now is not None and (part is now or part.isAncestorOf(now)):
                at = index
        if at < 0 and now is not None and page is not None and page.isAncestorOf(now):
            at = 1 if step < 0 else len(parts) - 2
        parts[(at + step) % len(parts)].setFocus(Qt.FocusReason.TabFocusReason)

    # --- time-stamps and what comes next ----------------------------------------------------------

    def begin(self) -> None:
        """What a crash cut short is looked after; then what is due."""
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(holdfast.recover)
        task.succeeded.connect(self._recovered)
        task.failed.connect(self.trouble)
        task.finished.connect(self.stamp_now)
        timer = QTimer(self)
        timer.setInterval(STAMP_MS)
        timer.timeout.connect(self.stamp_now)
        timer.start()
        QTimer.singleShot(1000, self, self._network)
        damaged = holdfast.settings_damaged
        if damaged is not None:
            self.strip.say(self.desk.say("settings.damaged", name=damaged.name))

    def _recovered(self, attempts: Sequence[Attempt]) -> None:
        self.desk.changed.emit()
        for attempt in attempts:
            if attempt.left:
                self.strip.say(self.desk.say("strip.left", path=attempt.left))

    def _network(self) -> None:
        """Whether the system says there is a network; silence counts as one."""
        from PySide6.QtNetwork import QNetworkInformation as Network

        if Network.loadBackendByFeatures(Network.Feature.Reachability):
            known = Network.instance()
            known.reachabilityChanged.connect(self._reachable)
            self._reachable(known.reachability())

    def _reachable(self, reachability: object) -> None:
        from PySide6.QtNetwork import QNetworkInformation as Network

        self._gone = reachability == Network.Reachability.Disconnected
        self._tell_online()

    def _tell_online(self) -> None:
        self.strip.show_online(offline=self._gone or self.desk.holdfast.settings.offline)

    def _counted(self, agenda: Agenda) -> None:
        waits = sum(item.section != "wait" for item in agenda.items)
        self.sidebar.show_counts({"today": waits, "cases": agenda.cases})
        self.strip.show_pending(agenda.pending)

    def _saved(self, path: object) -> None:
        from holdfast.ui.save import open_outside

        if isinstance(path, Path):
            self.strip.say(self.desk.say("strip.saved", name=path.name))
            open_outside(path if path.suffix.lower() == ".pdf" else path.parent)

    # --- hiding ----------------------------------------------------------------------------------

    def hide_at_once(self) -> None:
        """Nothing of Holdfast can be seen; the same keys bring it back."""
        if self._plain is not None:
            self._plain.hide()
            self._plain.deleteLater()
            self._plain = None
            for window in self._hidden:
                window.show()
            self._hidden.clear()
            self.desk.holdfast.hide_browsers(hidden=False)
            return
        self.desk.holdfast.hide_browsers(hidden=True)
        plain = plain_window(self.desk)
        plain.setGeometry(self.window().geometry())
        plain.show()
        plain.activateWindow()
        self._plain = plain
        for window in QApplication.topLevelWidgets():
            if window is not plain and window.isVisible():
                if window is self.window() or window.property("returns"):
                    self._hidden.append(window)
                # A dialog that is hidden has been answered with its safe answer.
                window.hide()
        back = QShortcut(QKeySequence("Ctrl+Shift+H"), plain)
        back.activated.connect(self.hide_at_once)
        plain.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._plain and event.type() is QEvent.Type.Close:
            # Closing the plain window must not leave Holdfast running unseen.
            self.hide_at_once()
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    # --- dropping --------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event) or event.mimeData().hasText():
            event.acceptProposedAction()
            self.frame.show_over()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.frame.hide()
        event.acceptProposedAction()
        paths = local_paths(event)
        page = self.here
        if paths and self._here == "verify":
            self.go("verify", paths)
        elif paths:
            case = str(getattr(page, "reference", "")) if self._here == "case" else ""
            self.keep_files(paths, case)
        elif event.mimeData().hasText():
            self.go("today", event.mimeData().text().strip()[:2000])

    # --- its life --------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self.window().setWindowTitle(self.desk.say("app.title"))
            self.sidebar.retell()
            self.strip.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._dress()

    def _dress(self) -> None:
        self.sidebar.fold(narrow=self.width() < self.desk.look.px(COMPACT))

    def closeEvent(self, event: QCloseEvent) -> None:
        runner = self.desk.runner
        if self.here is not None and not self._closing:
            self.here.rest()
        if runner.writing and not self._closing:
            self._closing = True
            event.ignore()
            runner.cancel_all()
            self._open("farewell", None)
            runner.idle.connect(self.close)
            return
        if self._closing and runner.writing:
            event.ignore()
            return
        self._closing = True
        place = base64.b64encode(bytes(self.window().saveGeometry().data())).decode()
        # A full disk must not keep the window open.
        with suppress(OSError):
            self.desk.choose(window=place)
        event.accept()
        QApplication.quit()


class HideKey(QObject):
    """Sees Ctrl+Shift+H in whatever window of ours has the keyboard, dialogs included."""

    def __init__(self, parent: QObject, act: Callable[[], None]) -> None:
        super().__init__(parent)
        self._act = act

    def follow(self, window: QWindow | None) -> None:
        """That window is watched."""
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            if event.key() == Qt.Key.Key_H and event.modifiers() == both:
                self._act()
                return True
        return False


def _parts(widget: QWidget | None) -> list[QWidget]:
    """Where the focus may land in a part of the window: its list first, then its detail."""
    if widget is None:
        return []
    takes = Qt.FocusPolicy.TabFocus
    found = [
        child
        for child in widget.findChildren(QWidget)
        if child.isVisible() and child.isEnabled() and child.focusPolicy() & takes
    ]
    detail = [child for child in found if _within(child, "detail")]
    rest = [child for child in found if child not in detail]
    return [*rest[:1], *detail[:1]]


def _within(widget: QWidget, name: str) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if parent.objectName() == name:
            return True
        parent = parent.parentWidget()
    return False
