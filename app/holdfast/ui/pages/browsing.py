"""The evidence browser's bar: what is in front, what can be kept of it, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from holdfast.ui.ask import ask
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, at_most, column, emptied, row
from holdfast.ui.page import Page
from holdfast.ui.parts import Footer, Tag, panel, panel_row
from holdfast.ui.phrases import full_time, short_time
from holdfast.ui.widgets import Button, Glyph, Label, Line

if TYPE_CHECKING:
    from holdfast.compose import Kept
    from holdfast.compose.browsing import Wish
    from holdfast.core.browsing import Browse, Profile
    from holdfast.core.case import Case
    from holdfast.core.evidence import Exhibit
    from holdfast.ui.runner import Task

LOOK_MS = 700
"""How often the browser is looked at while the page is open."""
MOST_ROWS = 50
WISHES: tuple[Wish, ...] = ("page", "scroll", "video", "shot")
_SAID = ("devtools", "extension", "internal", "download")


class BrowsingPage(Page):
    """The person works in the browser's own window; here are the buttons that keep."""

    place = "today"
    kept = Signal()
    """Something new is sealed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.case = ""
        self.state: Browse | None = None
        self._url = ""
        self._opening: Task | None = None
        self._task: Task | None = None
        self._profile: Profile | None = None
        self._rows: list[tuple[str, Exhibit | None, str]] = []
        self._matter: Case | None = None
        self.title = Label(desk, "browse.title", role="title", wrap=False)
        self.tag = Tag(desk)
        self.line = Label(desk, "browse.line", tone="secondary")
        self.front = Line(desk, role="strong")
        self.address = Line(desk, role="mono", tone="secondary", elide=Qt.TextElideMode.ElideMiddle)
        self.more = Label(desk, role="caption", tone="secondary")
        self.notice = Label(desk, role="caption", tone="warning")
        self.wishes = {
            wish: Button(desk, f"browse.{wish}", kind="primary" if wish == "page" else "")
            for wish in WISHES
        }
        for wish, button in self.wishes.items():
            button.clicked.connect(lambda _=False, w=wish: self.keep(w))
        self.record = Button(desk, "browse.record")
        self.record.clicked.connect(lambda: desk.wanted.emit("record", self.case))
        self.record.hide()
        self.cancel = Button(desk, "browse.cancel", kind="link")
        self.cancel.clicked.connect(self._cancel)
        self.said = Label(desk)
        self.kept_title = Label(desk, "browse.kept", role="strong")
        self.nothing = Label(desk, "browse.kept.none", role="caption", tone="secondary")
        self.list = column()
        self.about = Label(desk, role="caption", tone="secondary")
        self.forget = Button(desk, "browse.forget", kind="link")
        self.forget.clicked.connect(self._forget)
        self.reopen = Button(desk, "browse.reopen", kind="primary")
        self.reopen.clicked.connect(lambda: self.open(self._url))
        self.close_it = Button(desk, "browse.close")
        self.close_it.clicked.connect(self._end)
        self.footer = Footer(desk, self.close_it, self.reopen)
        self._build()
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.look)

    def _build(self) -> None:
        px = self.desk.look.px
        head = QWidget()
        head.setLayout(Flow(self.title, self.tag, gap=px(12)))
        words = column(self.front, self.address, gap=px(2))
        place = QWidget()
        inner = row(Glyph(self.desk, "page", "secondary"), words, gap=px(14))
        inner.setStretch(1, 1)
        place.setLayout(inner)
        self._front = panel(panel_row(place, desk=self.desk, wide=0, high=60))
        self._buttons = QWidget()
        self._buttons.setLayout(Flow(*self.wishes.values(), self.record, gap=px(8)))
        saying = row(self.said, self.cancel, gap=px(12))
        saying.setStretch(0, 1)
        inside = column(
            px(16),
            head,
            self.line,
            px(4),
            self._front,
            self.more,
            self.notice,
            self._buttons,
            saying,
            px(8),
            self.kept_title,
            self.nothing,
            self.list,
            px(8),
            self.about,
            self.forget,
            None,
            gap=px(10),
            margins=(px(24),) * 4,
        )
        inside.setAlignment(self.forget, Qt.AlignmentFlag.AlignLeft)
        self.body(column(at_most(px(860), inside), None), footer=self.footer)

    def show_recorder(self, there: bool) -> None:
        """Whether this build can record."""
        self.record.setVisible(there)

    # --- coming here -----------------------------------------------------------------------------

    def arrive(self, what: object) -> None:
        """``what``: (case or nothing, link or nothing)."""
        if isinstance(what, tuple):
            case, url = what
            known = self.desk.holdfast.browsing(case)
            if known is not None and not known.ended:
                self._take(known)
                if url:
                    self._go(url)
            elif self._opening is None:
                if case != self.case:
                    self._rows = []
                self.case = case
                self.open(url)
        self._look.start()
        self.retell()
        self._focus()

    def _focus(self) -> None:
        """The keyboard is where the next step is."""
        next_ = [self.wishes["page"], self.reopen, self.cancel]
        for button in next_:
            if button.isEnabled() and button.isVisibleTo(self):
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def open(self, url: str) -> None:
        """The browser of the case opens at ``url``, or blank."""
        holdfast, case = self.desk.holdfast, self.case
        self._url = url
        self.state = None
        self.said.tell("browse.opening")
        self._opening = self.desk.runner.start(lambda job: holdfast.browse(job, case, url))
        self._opening.succeeded.connect(self._opened)
        self._opening.failed.connect(self._not_opened)
        self._opening.finished.connect(self._opening_ended)
        self.retell()

    def _opened(self, state: Browse) -> None:
        self.said.show_text("")
        self._take(state)
        self.desk.changed.emit()

    def _not_opened(self, error: Exception) -> None:
        from holdfast.ui.pages.trouble import Woe

        self.said.show_text("")
        case, url = self.case, self._url
        woe = Woe(
            error=error,
            target=url,
            case=case,
            again=lambda: self.desk.wanted.emit("browsing", (case, url)),
        )
        self.desk.wanted.emit("trouble", woe)

    def _opening_ended(self) -> None:
        self._opening = None
        if self.state is None:
            self.said.show_text("")
        self.retell()
        self._focus()

    def _go(self, url: str) -> None:
        holdfast, case = self.desk.holdfast, self.case
        task = self.desk.runner.start(lambda job: holdfast.browse_to(case, url, job), writes=False)
        task.failed.connect(self._say)

    def _take(self, state: Browse) -> None:
        """That session is the one that is shown."""
        if state.case_id != self.case:
            self.case, self._rows, self._matter = state.case_id, [], None
        self.state, self._profile = state, state.profile
        if self._matter is None:
            holdfast, case = self.desk.holdfast, self.case
            task = self.desk.runner.start(lambda _: holdfast.case_file(case).case, writes=False)
            task.succeeded.connect(self._named)
        self.retell()

    def _named(self, case: Case) -> None:
        self._matter = case
        self.rehearse(practice=case.world == "practice")
        self.retell()

    def look(self) -> None:
        """How the browser stands now."""
        if not self.isVisible():
            self._look.stop()
            return
        if self._opening is not None or not self.case:
            return
        found = self.desk.holdfast.browsing(self.case)
        if found is not None and found != self.state:
            if found.ended and self.state is not None and not self.state.ended:
                self.said.show_text("")
            over = found.ended and (self.state is None or not self.state.ended)
            self.state, self._profile = found, found.profile
            self.retell()
            if over:
                self._focus()

    # --- keeping ---------------------------------------------------------------------------------

    def keep(self, wish: Wish) -> None:
        """That is kept of what is in front."""
        if self._task is not None:
            return
        holdfast, case = self.desk.holdfast, self.case
        self.said.tell("browse.saving")
        self._task = self.desk.runner.start(
            lambda job: holdfast.browse_keep(case, wish, job), "task.keeping"
        )
        self._task.succeeded.connect(self._kept)
        self._task.failed.connect(self._say)
        self._task.finished.connect(self._ended)
        self.retell()

    def _kept(self, kept: Kept) -> None:
        self.said.show_text("")
        for exhibit in kept.exhibits:
            self._rows.insert(0, (exhibit.caption or exhibit.title or exhibit.url, exhibit, ""))
        for failure in kept.failed:
            if failure.error.code != "cancelled":
                self._rows.insert(0, (failure.target, None, self._why(failure.error)))
                self._say(failure.error)
        del self._rows[MOST_ROWS:]
        self.desk.changed.emit()
        self.kept.emit()

    def _ended(self) -> None:
        self._task = None
        self.look()
        self.retell()
        self._focus()

    def _why(self, error: Exception) -> str:
        return self.desk.trouble(error).what

    def _say(self, error: Exception) -> None:
        told = self.desk.trouble(error)
        self.said.show_text(f"{told.what}{self.desk.say('gap')}{told.now}")

    def _cancel(self) -> None:
        for task in (self._task, self._opening):
            if task is not None:
                task.cancel()

    def _end(self) -> None:
        holdfast, case = self.desk.holdfast, self.case
        task = self.desk.runner.start(lambda _: holdfast.browse_end(case))
        task.finished.connect(self.look)
        self.close_it.setEnabled(False)

    def _forget(self) -> None:
        if not ask(self, self.desk, "browse.forget.ask", lost=self.desk.say("browse.forget.lost")):
            return
        holdfast, case = self.desk.holdfast, self.case
        task = self.desk.runner.start(lambda _: holdfast.forget_profile(case))
        task.succeeded.connect(self._forgotten)
        task.failed.connect(self._say)

    def _forgotten(self, _: object) -> None:
        self._profile = None
        self.said.tell("browse.forgotten")
        self.retell()

    # --- what it says ----------------------------------------------------------------------------

    def retell(self) -> None:
        state = self.state
        there = state is not None and not state.ended
        busy, opening = self._task is not None, self._opening is not None
        self.tag.setVisible(self._matter is not None)
        if self._matter is not None:
            self.tag.tell("browse.case", case=self._matter.number)
        self._tell_front(there)
        for button in (*self.wishes.values(), self.record):
            button.setEnabled(there and not busy)
        self.cancel.setVisible(busy or opening)
        self.close_it.setVisible(there)
        self.close_it.setEnabled(there)
        # One primary at a time: to keep while it is open, to open it while it is not.
        self.reopen.setVisible(not there and not opening)
        self._buttons.setVisible(there or opening)
        self.said.setVisible(bool(self.said.text()))
        self.footer.sentence.setVisible(state is not None)
        if state is not None:
            self.footer.sentence.tell(f"browse.{state.ended or 'behind'}")
        self._tell_notices()
        self._tell_rows()
        self._tell_profile()
        self.forget.setVisible(not there and self._profile is not None and not opening)

    def _tell_front(self, there: bool) -> None:
        tab = self.state.current if there and self.state is not None else None
        self._front.setVisible(there)
        self.line.setVisible(there)
        others = len(self.state.tabs) - 1 if there and self.state is not None else 0
        self.more.setVisible(others > 0)
        self.more.tell("browse.more", count=others)
        if tab is None or tab.url in ("", "about:blank"):
            self.front.tell("browse.blank")
            self.address.show_text("")
        else:
            self.front.show_text(tab.title or tab.url)
            self.address.show_text(tab.url)
        self.address.setVisible(bool(self.address.text()))

    def _tell_notices(self) -> None:
        lines = []
        noticed = self.state.noticed if self.state is not None else ()
        for what in _SAID:
            seen = [one for one in noticed if one.what == what]
            if not seen:
                continue
            was = what == "devtools" and not any(one.open for one in seen)
            lines.append(self.desk.say(f"browse.noticed.{what}{'.was' if was else ''}"))
        self.notice.show_text("\n".join(lines))
        self.notice.setVisible(bool(lines))

    def _tell_rows(self) -> None:
        emptied(self.list)
        self.nothing.setVisible(not self._rows)
        if self._rows:
            self.list.addWidget(panel(*(self._row(*one) for one in self._rows)))

    def _row(self, text: str, exhibit: Exhibit | None, why: str) -> QWidget:
        title, at = Line(self.desk), Label(self.desk, role="caption", tone="secondary", wrap=False)
        title.show_text(text)
        good = exhibit is not None and exhibit.complete
        state = Label(self.desk, role="caption", tone="" if good else "warning", wrap=False)
        if exhibit is None:
            state.tell("browse.not_kept")
            state.setToolTip(why)
        else:
            state.tell("browse.sealed" if good else "browse.partial", number=exhibit.number)
            at.show_text(short_time(self.desk, exhibit.sealed))
            at.setToolTip(full_time(exhibit.sealed))
        icon, tone = ("lock", "secondary") if good else ("warning", "warning")
        return panel_row(
            Glyph(self.desk, icon, tone, size=18), title, at, state, wide=1, desk=self.desk
        )

    def _tell_profile(self) -> None:
        profile = self._profile
        self.about.setVisible(profile is not None)
        if profile is None:
            return
        unknown = self.desk.say("browse.unknown")
        used = unknown if profile.used is None else profile.used
        cookies = unknown if profile.cookies is None else profile.cookies
        days = profile.age_days(self.desk.holdfast.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        if days is None:
            self.about.tell("browse.profile.unknown", used=used, cookies=cookies)
        elif days == 0:
            self.about.tell("browse.profile.today", used=used, cookies=cookies)
        else:
            self.about.tell("browse.profile", days=days, used=used, cookies=cookies)
