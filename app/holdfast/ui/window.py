"""The window: where everything hangs together."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
    QWindow,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QMainWindow,
    QStackedWidget,
    QWidget,
)

from holdfast.core.errors import HoldfastError
from holdfast.core.job import Job
from holdfast.ui.agenda import Agenda
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, Scroll, column, reading_order, row
from holdfast.ui.page import Page
from holdfast.ui.pages.today import TodayPage
from holdfast.ui.parts import Tag, local_paths
from holdfast.ui.place import place_window
from holdfast.ui.sidebar import PLACES, Sidebar, plain_window
from holdfast.ui.strip import Strip
from holdfast.ui.tokens import MIN_WINDOW
from holdfast.ui.widgets import Button, FocusRing, Label

if TYPE_CHECKING:
    from holdfast.compose import Kept
    from holdfast.compose.recording import Session
    from holdfast.ui.capture_bar import CaptureBar
    from holdfast.ui.pages.shot import RegionPicker
    from holdfast.ui.runner import Task
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.series import SeriesFile

STAMP_MS = 10 * 60 * 1000
"""How often what is pending is looked at while the window is open."""
COMPACT = 760
"""Below this width the sidebar shows icons only."""
ASIDE_MS = 400
"""How long the desktop needs to draw itself once the window stepped aside."""


class MainWindow(QMainWindow):
    """Sidebar, band, pages, strip."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._pages: dict[str, Page] = {}
        self._rooms: dict[str, Scroll] = {}
        self._closing = False
        self._hidden: list[QWidget] = []
        self._plain: QWidget | None = None
        self._pickers: list[RegionPicker] = []
        self._shot_case = self._record_case = ""
        self._bar: CaptureBar | None = None
        self._picked: Callable[[tuple[int, int, int, int]], None] = lambda _: None
        self._unchecked: set[str] = set()
        """Cases with captures after which this computer was not looked at yet."""
        self._stamping: Task | None = None
        self._here = ""
        self._unit = desk.look.unit
        self.setMinimumSize(MIN_WINDOW)
        self.setAcceptDrops(True)
        self._build()
        self._keys()
        desk.wanted.connect(self.go)
        # Rows come and go with the data; their place in the order is given when it is quiet.
        desk.runner.idle.connect(self._order)
        desk.changed.connect(desk.look_ahead)
        desk.looked_ahead.connect(self._counted)
        desk.look.changed.connect(self._dressed)
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
        self.strip.pending_wanted.connect(self.stamp_now)
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
            "stamp": lambda _: self.stamp_now(),
            "saved": self._saved,
            "links": self._links_to,
            "closed": self._closed,
            "links_logged_in": self._links_in,
            "files": self._files_to,
            "recheck": self._recheck,
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

    def _go_cases(self, what: object) -> None:
        """With one case this place is that case; from the case the table is one step back."""
        only = self.desk.agenda.only
        if what is None and self._here not in ("case", "cases") and only:
            self._open("case", (only, ""))
        else:
            self._open("cases", what)

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

    # --- keeping ---------------------------------------------------------------------------------

    def keep(
        self,
        links: Sequence[str],
        case: str = "",
        *,
        done: str = "",
        logged_in: bool = False,
        close_banner: bool = False,
    ) -> None:
        """These links are kept, one after the other, all in one case.

        ``done`` names a reminder that this fulfils; ``logged_in`` uses the case's own browser;
        ``close_banner`` keeps the page alone, once as it is and once with that closed.
        """
        holdfast = self.desk.holdfast

        def work(job: Job) -> list[Kept]:
            all_kept: list[Kept] = []
            matter = case
            for link in links:
                if logged_in:
                    kept = holdfast.keep_logged_in(link, job, matter)
                elif close_banner:
                    kept = holdfast.keep(link, job, matter, "page", close_banner=True)
                else:
                    # Of one link a series is offered; of many nobody wants to be asked each time.
                    kept = holdfast.keep(link, job, matter, choose=len(links) == 1)
                matter = matter or kept.case.id
                all_kept.append(kept)
            if done and any(kept.exhibits for kept in all_kept):
                holdfast.followup_done(done)
            return all_kept

        shown = (
            links[0]
            if len(links) == 1
            else self.desk.say("keeping.several", first=links[0], count=len(links))
        )
        self._keeping(
            work,
            shown,
            again=lambda: self.keep(
                links, case, done=done, logged_in=logged_in, close_banner=close_banner
            ),
        )

    def keep_files(self, paths: Sequence[Path], case: str = "") -> None:
        """These files are kept as received."""
        if not paths:
            return
        holdfast = self.desk.holdfast
        shown = ", ".join(path.name for path in paths[:5])
        self._keeping(
            lambda job: [holdfast.keep_files(paths, job, case)],
            shown,
            again=lambda: self.keep_files(paths, case),
        )

    def _keeping(
        self,
        work: Callable[[Job], list[Kept]],
        shown: str,
        *,
        again: Callable[[], None],
    ) -> None:
        from holdfast.ui.pages.keeping import Keep

        task = self.desk.runner.start(work, "task.keeping")
        keep = Keep(task=task, target=shown)
        task.succeeded.connect(lambda done: self._kept(done, shown, again))
        task.failed.connect(lambda error: self._not_kept(error, shown, again))
        task.finished.connect(self._kept_or_not)
        self.page("keeping")
        self._open("keeping", keep)

    def _watching(self) -> bool:
        """Whether the person still looks at the keeping, so that its end may take its place."""
        return self._here in ("keeping", "shot", "record", "phone")

    def _kept(self, done: list[Kept], shown: str, again: Callable[[], None]) -> None:
        self.desk.changed.emit()
        exhibits = [exhibit for kept in done for exhibit in kept.exhibits]
        failed = [failure for kept in done for failure in kept.failed]
        failed = [failure for failure in failed if failure.error.code != "cancelled"]
        self.stamp_now()
        series = next((kept.series for kept in done if kept.series), "")
        if series and len(done) == 1 and self._watching():
            self._open("series", (done[0].case.id, series))
        elif exhibits:
            case = done[0].case.id
            self._unchecked.add(case)
            self.strip.say(self.desk.say("strip.kept", count=len(exhibits)))
            login = next((one for one in failed if one.error.code == "video_login"), None)
            if self._watching() and login is not None:
                self.trouble(
                    login.error, target=login.target, kept=exhibits, case=case, again=again
                )
            elif self._watching():
                numbers = [exhibit.number for exhibit in exhibits]
                self._open("receipt", (case, numbers, [failure.error for failure in failed]))
        elif failed:
            first = failed[0]
            self._not_kept(first.error, first.target or shown, again, case=done[0].case.id)
        elif self._watching():
            self.strip.say(self.desk.say("strip.cancelled"))
            self._open("today", "")

    def _not_kept(
        self, error: Exception, shown: str, again: Callable[[], None], case: str = ""
    ) -> None:
        self.desk.changed.emit()
        self.trouble(error, target=shown, again=again, case=case)

    def _check_after(self) -> None:
        """Where nothing is being kept any more, this computer is looked at once more.

        It runs behind everything else, and what comes of it is a line in the record.
        """
        if self.desk.runner.named or not self._unchecked:
            return
        holdfast, cases = self.desk.holdfast, tuple(self._unchecked)
        self._unchecked.clear()

        def work(job: Job) -> bool:
            checks = [holdfast.check_after(case, job) for case in cases]
            return any(checks)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda done: self.desk.changed.emit() if done else None)

    def _kept_or_not(self) -> None:
        self._check_after()
        if self._here == "keeping" and not self.desk.runner.named:
            self._open("today", "")

    def practise(self) -> None:
        """The whole job once, in the practice world."""
        from holdfast.ui.pages.keeping import Keep

        holdfast, lang = self.desk.holdfast, self.desk.lang
        task = self.desk.runner.start(
            lambda job: holdfast.practise(None, job, lang), "task.practise"
        )
        task.succeeded.connect(self._practised)
        task.failed.connect(lambda error: self.trouble(error, again=self.practise, practice=True))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.finished.connect(self._kept_or_not)
        target = self.desk.say("practise.target")
        keep = Keep(task=task, target=target, practice=True, title="practise.title")
        self._open("keeping", keep)

    def _practised(self, run: object) -> None:
        case = getattr(run, "case", "")
        if self._watching():
            self._open("case", (getattr(case, "id", case), ""))

    def _links_to(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep(what[1], what[0])

    def _closed(self, what: object) -> None:
        """A page is kept once more, and what lay over it is closed after it was kept as it is."""
        if isinstance(what, tuple):
            self.keep(what[1], what[0], close_banner=True)

    def _links_in(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep(what[1], what[0], logged_in=True)

    def _recheck(self, what: object) -> None:
        """The links of a case are kept once more; the reminder is done when they were."""
        if not isinstance(what, tuple):
            return
        case, follow_up = what
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.case_file(case), writes=False)
        task.failed.connect(self.trouble)

        def again(file: CaseFile) -> None:
            standing = [e.url for e in file.exhibits if e.url and not e.withdrawn]
            links = tuple(dict.fromkeys(standing))
            if links:
                self.keep(links, case, done=follow_up)
            else:
                self._open("case", (case, ""))

        task.succeeded.connect(again)

    def _list(self, what: object) -> None:
        """The episodes of a link are listed in a case, and shown."""
        if not isinstance(what, tuple):
            return
        from holdfast.ui.pages.keeping import Keep

        case, link = what
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(
            lambda job: holdfast.inventory(link, job, case), "task.listing"
        )
        task.succeeded.connect(self._listed)
        task.failed.connect(
            lambda error: self.trouble(
                error, target=link, again=lambda: self._list((case, link)), case=case
            )
        )
        task.finished.connect(self._kept_or_not)
        self._open("keeping", Keep(task=task, target=link))

    def _listed(self, file: SeriesFile) -> None:
        self.desk.changed.emit()
        self.stamp_now()
        if self._watching():
            self._open("series", (file.series.case_id, file.series.id))

    def _files_to(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep_files(what[1], what[0])

    # --- the screen ------------------------------------------------------------------------------

    def _draw_region(self, then: Callable[[tuple[int, int, int, int]], None]) -> None:
        from holdfast.ui.pages.shot import pickers

        self._picked = then
        self.window().hide()
        QTimer.singleShot(ASIDE_MS, self, lambda: self._pick(pickers(self.desk)))

    def _pick(self, found: list[RegionPicker]) -> None:
        self._pickers = found
        for picker in found:
            picker.picked.connect(self._region)
            picker.left.connect(self._unpick)
            picker.show()
        if found:
            found[0].activateWindow()

    def _region(self, region: tuple[int, int, int, int]) -> None:
        self._drop_pickers()
        self._picked(region)

    def _unpick(self) -> None:
        self._drop_pickers()
        self.window().show()

    def _drop_pickers(self) -> None:
        for picker in self._pickers:
            picker.hide()
            picker.deleteLater()
        self._pickers = []

    def _shoot(self, monitor: int | None, region: tuple[int, int, int, int] | None) -> None:
        """The window steps aside, the picture is taken, the window is back."""
        holdfast, case = self.desk.holdfast, self._shot_case
        self.window().hide()

        def now() -> None:
            self._keeping(
                lambda job: [holdfast.shot(job, case, monitor, region)],
                self.desk.say("shot.target"),
                again=lambda: self._shoot(monitor, region),
            )
            self.desk.runner.named[-1].finished.connect(self.window().show)

        QTimer.singleShot(ASIDE_MS, self, now)

    def _record(self, target: str, box: object) -> None:
        """The window steps aside for the bar; when it is stopped, what was recorded is sealed."""
        holdfast, case = self.desk.holdfast, self._record_case
        if self._bar is not None:
            self._bar.activateWindow()
            return
        task = self.desk.runner.start(lambda _: holdfast.recording(target, case))
        task.succeeded.connect(lambda session: self._recording(session, target, box))
        task.failed.connect(lambda error: self._not_recorded(error, target, box))

    def _not_recorded(self, error: Exception, target: str, box: object) -> None:
        self.window().show()
        self.trouble(error, again=lambda: self._record(target, box))

    def _recording(self, session: Session, target: str, box: object) -> None:
        from holdfast.ui.capture_bar import CaptureBar, on_desktop

        script = target.partition(";script:")[2]
        bar = CaptureBar(self.desk, session, on_desktop(box), script)
        self._bar = bar
        bar.stopping.connect(self.window().show)
        self.window().hide()
        bar.show()
        self._keeping(
            lambda job: [session.run(job)],
            self.desk.say("record.target"),
            again=lambda: self._record(target, box),
        )
        self.desk.runner.named[-1].finished.connect(self._recorded)

    def _recorded(self) -> None:
        if self._bar is not None:
            self._bar.over()
            self._bar = None
        self.window().show()

    # --- time-stamps and what comes next ----------------------------------------------------------

    def begin(self) -> None:
        """What a crash cut short is looked after; then what is due."""
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(holdfast.recover)
        task.succeeded.connect(lambda _: self.desk.changed.emit())
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

    def _network(self) -> None:
        """Whether the system says there is a network; silence counts as one."""
        from PySide6.QtNetwork import QNetworkInformation as Network

        if Network.loadBackendByFeatures(Network.Feature.Reachability):
            known = Network.instance()
            known.reachabilityChanged.connect(self._reachable)
            self._reachable(known.reachability())

    def _reachable(self, reachability: object) -> None:
        from PySide6.QtNetwork import QNetworkInformation as Network

        gone = reachability == Network.Reachability.Disconnected
        self.strip.show_online(offline=gone or self.desk.holdfast.settings.offline)

    def stamp_now(self) -> None:
        """What is queued is sent and what is pending looked at, in the background."""
        if self._stamping is not None or self._closing:
            return
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(holdfast.stamp)
        self._stamping = task
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        # No witness at hand is no trouble: the queue says so and tries again.
        task.finished.connect(self._stamped)

    def _stamped(self) -> None:
        self._stamping = None
        self.desk.look_ahead()

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


class PracticeBand(QFrame):
    """Over everything that belongs to the rehearsal; it cannot be hidden."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("practice")
        px = desk.look.px
        self.tag = Tag(desk, "practice.tag", tone="text")
        self.sentence = Label(desk, "practice.band", role="caption", tone="secondary")
        self.end = Button(desk, "practice.end", kind="link")
        line = Fold(self.tag, self.sentence, self.end, gap=px(12), below=px(460), stretch=(0, 1, 0))
        self.setLayout(column(line, margins=(px(24), px(2), px(24), px(2))))
        self.setAccessibleName(desk.say("practice.band"))


class DropFrame(QWidget):
    """A hairline frame with a sentence while something hovers over the window."""

    def __init__(self, desk: Desk, over: QWidget) -> None:
        super().__init__(over)
        self._desk, self._over = desk, over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_over(self) -> None:
        """It lies over everything."""
        self.setGeometry(self._over.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color("accent"), 2))
        inside = self.rect().adjusted(6, 6, -6, -6)
        painter.drawRoundedRect(inside, look.px(8), look.px(8))
        font = look.font("heading", bold=True)
        painter.setFont(font)
        box = QRect(0, 0, self.width() // 2, look.px(64))
        box.moveCenter(inside.center())
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(box, look.px(8), look.px(8))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._desk.say("drop.sentence"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setGeometry(self._over.rect())


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
    "farewell": ("farewell", "FarewellPage"),
}
