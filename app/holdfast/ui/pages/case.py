"""A case: who and what, one suggested next step, and everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QListView,
    QMenu,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from holdfast.core.job import Job
from holdfast.core.links import links_in
from holdfast.core.notice import Notice, Platform
from holdfast.ui.desk import Desk
from holdfast.ui.exhibit import ExhibitDetail
from holdfast.ui.layout import Flow, Fold, Scroll, column, framed, row
from holdfast.ui.page import Page
from holdfast.ui.pages.case_tabs import DocumentsTab, EvidenceTab, LettersTab
from holdfast.ui.pages.cases import stage
from holdfast.ui.pages.people import PeopleTab
from holdfast.ui.phrases import day, local
from holdfast.ui.rows import ROW
from holdfast.ui.story import story
from holdfast.ui.timeline import Moment, TimelineDelegate, TimelineModel
from holdfast.ui.widgets import Button, Glyph, IconButton, Label, Line
from holdfast.usecases.cases import standing_links

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from holdfast.core.browsing import Profile
    from holdfast.core.series import Series
    from holdfast.usecases.cases import CaseFile

TABS = ("timeline", "evidence", "letters", "documents", "people")
NARROW = 1120
"""Below this width the detail goes under its list."""


Read: TypeAlias = "tuple[CaseFile, dict[str, Platform], Profile | None, tuple[Series, ...]]"
"""A case as it stands, and what its page needs beside it."""


class CasePage(Page):
    """Header, five tabs, and the selected thing in full."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.file: CaseFile | None = None
        self.profile: Profile | None = None
        """Of the case's own browser, where the person has logged in; None without one."""
        self.series: tuple[Series, ...] = ()
        self.reference = ""
        self._wanted = ""
        self.back = IconButton(desk, "left", "case.all")
        self.back.clicked.connect(lambda: desk.wanted.emit("cases", None))
        self.title = Line(desk, role="title")
        self.about = Label(desk, tone="secondary")
        self.status_glyph = Glyph(desk, "info", "secondary", size=16)
        self.status = Label(desk)
        self.suggest = Label(desk, "case.suggested", role="caption", tone="secondary", wrap=False)
        self.step = Button(desk, kind="primary")
        self.step.clicked.connect(self._step)
        self.more = Button(desk, "case.add", icon="plus")
        self.more.clicked.connect(self._add)
        self.menu = QMenu(self)
        self.tabs = {name: Button(desk, f"case.tab.{name}", kind="tab") for name in TABS}
        group = QButtonGroup(self)
        for name, tab in self.tabs.items():
            tab.setCheckable(True)
            group.addButton(tab)
            tab.clicked.connect(lambda _=False, to=name: self.turn_to(to))
        self.model = TimelineModel(desk)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(TimelineDelegate(desk, self.list))
        self.list.setAccessibleName(desk.say("case.tab.timeline"))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.selectionModel().currentChanged.connect(self._select)
        self.list.activated.connect(self._open)
        self.detail = ExhibitDetail(desk)
        self.blank = Label(desk, "case.blank", tone="secondary")
        self.evidence = EvidenceTab(desk)
        self.letters = LettersTab(desk)
        self.documents = DocumentsTab(desk)
        self.people = PeopleTab(desk)
        self._build()
        self.evidence.opened.connect(self.show_exhibit)
        desk.changed.connect(self.reload)

    def _build(self) -> None:
        px = self.desk.look.px
        status = row(self.status_glyph, self.status, gap=px(8))
        status.setStretch(1, 1)
        names = row(self.back, self.title, gap=px(8))
        names.setStretch(1, 1)
        left = QWidget()
        left.setLayout(column(names, self.about, status, gap=px(6)))
        right = QWidget()
        buttons = QWidget()
        buttons.setLayout(Flow(self.more, self.step, gap=px(8)))
        right.setLayout(column(self.suggest, buttons, None, gap=px(6)))
        head = Fold(left, right, gap=px(16), below=px(620), stretch=(1, 0))
        tabs = QWidget()
        tabs.setLayout(Flow(*self.tabs.values(), gap=px(24)))
        side = px(24)
        top = framed(column(head, px(10), tabs, margins=(side, px(18), side, 0)), "head")
        detail = Scroll(self.detail)
        self.detail.setObjectName("detailbody")
        empty = framed(column(self.blank, None, margins=(side, side, side, side)), "detailbody")
        self.pane = QStackedWidget()
        self.pane.setObjectName("detail")
        self.pane.addWidget(empty)
        self.pane.addWidget(detail)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.pane)
        self.splitter.setSizes([px(360), px(744)])
        self.splitter.setStretchFactor(1, 1)
        self.stack = QStackedWidget()
        for widget in (self.splitter, self.evidence, self.letters, self.documents, self.people):
            self.stack.addWidget(widget)
        layout = column(top, self.stack)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.turn_to("timeline")

    def arrive(self, what: object) -> None:
        """``what``: (case, exhibit number or name of a tab)."""
        if isinstance(what, tuple):
            reference, wanted = what
            if reference != self.reference:
                self.reference, self.file = reference, None
                self.pane.setCurrentIndex(0)
                self.turn_to("timeline")
            self._wanted = wanted
            if wanted in TABS:
                self.turn_to(wanted)
                self._wanted = ""
        self._focus()
        self.reload()

    def _focus(self) -> None:
        """The keyboard is where the tab on top begins."""
        at = TABS[self.stack.currentIndex()]
        begins = {"timeline": self.list, "evidence": self.evidence.table}
        begins.get(at, self.tabs[at]).setFocus(Qt.FocusReason.OtherFocusReason)

    def reload(self) -> None:
        """The case as the data stands."""
        if not self.reference or not self.isVisible():
            return
        holdfast, reference = self.desk.holdfast, self.reference

        def work(_: Job) -> Read:
            file = holdfast.case_file(reference)
            known = holdfast.platforms(file.case.world) if file.notices else ()
            to = {platform.id: platform for platform in known}
            profile = holdfast.case_profile(file.case.id)
            return file, to, profile, holdfast.known_series(reference)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda found: self._show(*found))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show(
        self,
        file: CaseFile,
        platforms: dict[str, Platform],
        profile: Profile | None,
        series: tuple[Series, ...],
    ) -> None:
        if file.case.id != self.reference and file.case.number != self.reference:
            return
        self.file, self.profile, self.series = file, profile, series
        self.letters.platforms = platforms
        self.rehearse(practice=file.case.world == "practice")
        self.retell()
        if self._wanted:
            self.show_exhibit(self._wanted)
            self._wanted = ""
        elif self.pane.currentIndex() == 0 and file.exhibits:
            tab = TABS[self.stack.currentIndex()]
            self.show_exhibit(file.exhibits[-1].number)
            # The tab that was asked for stays on top.
            self.turn_to(tab)

    def retell(self) -> None:
        file = self.file
        self.list.setAccessibleName(self.desk.say("case.tab.timeline"))
        if file is None:
            return
        case = file.case
        self.title.show_text(case.title)
        since = day(self.desk, local(case.opened).date())
        self.about.tell("case.about", number=case.number, since=since)
        self.status.tell(f"case.status.{stage(file)}")
        counts = {
            "timeline": 0,
            "evidence": len(file.exhibits),
            "letters": len(file.notices),
            "documents": len(file.documents),
            "people": len(file.parties),
        }
        for name, tab in self.tabs.items():
            text = self.desk.say(f"case.tab.{name}")
            tab.show_text(f"{text}  {counts[name]}" if counts[name] else text)
        key, _, _ = self.suggested(file)
        self.step.setVisible(bool(key))
        self.suggest.setVisible(bool(key))
        if key:
            self.step.tell(key)
        self.more.tell("case.more" if case.closed else "case.add")
        self.more.show_icon("down" if case.closed else "plus")
        self.model.show_rows(story(self.desk, file))
        for inside in (self.evidence, self.letters, self.documents, self.people):
            inside.show_case(file)
        if self.detail.exhibit is not None:
            for exhibit in file.exhibits:
                if exhibit.number == self.detail.exhibit.number:
                    self.detail.show_exhibit(file, exhibit)

    def suggested(self, file: CaseFile) -> tuple[str, str, object]:
        """(what its button says, where it leads, with what): the one next step."""
        case = file.case
        if case.closed:
            return ("", "", None)
        for notice in file.notices:
            if notice.status == "drafted":
                return ("next.draft.action", "letter", (case.id, notice.id))
        for notice in file.notices:
            if notice.status == "approved":
                return ("next.approved.action", "send", (case.id, notice.id))
        late = self.desk.holdfast.unanswered(file)
        if late:
            return ("next.again.action", "again", (case.id, late[-1].id))
        sent = [notice for notice in file.notices if notice.status == "sent"]
        if sent:
            return ("case.step.answer", "answer", (case.id, sent[-1].id))
        if file.exhibits:
            return ("case.step.letter", "letter", (case.id, ""))
        return ("case.step.keep", "today", "")

    def _step(self) -> None:
        if self.file is not None:
            _, place, what = self.suggested(self.file)
            self.desk.wanted.emit(place, what)

    def _add(self) -> None:
        """Ways of adding to this case; a closed one takes another name and nothing more."""
        desk, case = self.desk, self.reference
        self.menu.clear()
        if self.file is not None and self.file.case.closed:
            self.menu.addAction(desk.say("case.rename")).triggered.connect(self._rename)
            self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
            return
        self.menu.addAction(desk.say("case.add.links")).triggered.connect(
            lambda: self._add_links("links")
        )
        only = self.menu.addMenu(desk.say("case.add.only"))
        for how in ("page", "video"):
            only.addAction(desk.say(f"case.add.only.{how}")).triggered.connect(
                lambda _=False, of=how: self._add_links("links_only", of)
            )
        self.menu.addAction(desk.say("case.add.series")).triggered.connect(self._add_series)
        self.menu.addAction(desk.say("today.way.shot")).triggered.connect(
            lambda: desk.wanted.emit("shot", case)
        )
        self.menu.addAction(desk.say("today.way.record")).triggered.connect(
            lambda: desk.wanted.emit("record", case)
        )
        self.menu.addAction(desk.say("case.browse")).triggered.connect(
            lambda: desk.wanted.emit("browsing", (case, ""))
        )
        if self.profile is not None:
            again = self.menu.addAction(desk.say("case.browse.again"))
            again.triggered.connect(lambda: self._add_links("links_logged_in"))
        self.menu.addAction(desk.say("today.way.phone")).triggered.connect(
            lambda: desk.wanted.emit("phone", case)
        )
        self.menu.addAction(desk.say("today.way.files")).triggered.connect(
            lambda: self._add_files("")
        )
        self.menu.addAction(desk.say("case.add.given")).triggered.connect(self._add_given)
        for one in self.series:
            self.menu.addAction(desk.say("case.series", title=one.title)).triggered.connect(
                lambda _=False, id_=one.id: desk.wanted.emit("series", (case, id_))
            )
        self.menu.addSeparator()
        if self.file is not None and standing_links(self.file):
            self.menu.addAction(desk.say("case.recheck")).triggered.connect(
                lambda: desk.wanted.emit("recheck", (case, ""))
            )
        self.menu.addAction(desk.say("case.environment")).triggered.connect(
            lambda: desk.wanted.emit("environment", case)
        )
        self.menu.addAction(desk.say("case.rename")).triggered.connect(self._rename)
        self.menu.addAction(desk.say("case.close")).triggered.connect(self._close)
        self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _rename(self) -> None:
        if self.file is None:
            return
        desk, reference, now = self.desk, self.reference, self.file.case.title
        answer, fine = QInputDialog.getText(
            self,
            desk.say("case.rename"),
            desk.say("case.rename.ask"),
            QLineEdit.EchoMode.Normal,
            now,
        )
        title = answer.strip()
        if not fine or title in ("", now):
            return
        task = desk.runner.start(lambda _: desk.holdfast.rename_case(reference, title))
        task.succeeded.connect(lambda _: desk.changed.emit())
        task.failed.connect(lambda error: desk.wanted.emit("trouble", error))

    def _close(self) -> None:
        from holdfast.ui.ask import ask

        if not ask(self, self.desk, "case.close.ask"):
            return
        holdfast, reference = self.desk.holdfast, self.reference
        task = self.desk.runner.start(lambda _: holdfast.close_case(reference))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _add_links(self, place: str, *how: str) -> None:
        text, fine = QInputDialog.getMultiLineText(
            self, self.desk.say("case.add.links"), self.desk.say("case.add.links.ask")
        )
        links = tuple(links_in(text))
        if fine and links:
            self.desk.wanted.emit(place, (self.reference, links, *how))

    def _add_series(self) -> None:
        link, fine = QInputDialog.getText(
            self, self.desk.say("case.add.series"), self.desk.say("case.add.series.ask")
        )
        links = links_in(link)
        if fine and links:
            self.desk.wanted.emit("list", (self.reference, links[0]))

    def _add_given(self) -> None:
        """Files of somebody else's: from whom is sealed with them, so it is asked before."""
        source, fine = QInputDialog.getText(
            self, self.desk.say("case.add.given"), self.desk.say("case.add.given.ask")
        )
        if fine:
            self._add_files(source.strip())

    def _add_files(self, source: str) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("today.way.files"))
        if names:
            paths = tuple(Path(name) for name in names)
            self.desk.wanted.emit("files", (self.reference, paths, source))

    def turn_to(self, tab: str) -> None:
        """That tab is on top."""
        self.tabs[tab].setChecked(True)
        self.stack.setCurrentIndex(TABS.index(tab))

    def show_exhibit(self, number: str) -> None:
        """The exhibit is selected in the timeline and shown in full."""
        if self.file is None:
            return
        self.turn_to("timeline")
        for at in range(self.model.rowCount()):
            one = self.model.rows[at]
            if isinstance(one, Moment) and one.exhibit == number:
                self.list.setCurrentIndex(self.model.index(at))
                return

    def _select(self, current: QModelIndex, _: QModelIndex) -> None:
        one = current.data(ROW) if current.isValid() else None
        if not isinstance(one, Moment) or self.file is None:
            return
        for exhibit in self.file.exhibits:
            if exhibit.number == one.exhibit:
                self.detail.show_exhibit(self.file, exhibit)
                self.pane.setCurrentIndex(1)

    def _open(self, index: QModelIndex) -> None:
        one = index.data(ROW)
        if isinstance(one, Moment) and one.letter:
            self.desk.wanted.emit(*letter_place(self.reference, one.letter, self._notices()))
        elif isinstance(one, Moment) and one.check:
            self.desk.wanted.emit("environment", (self.reference, one.check))

    def _notices(self) -> Sequence[Notice]:
        return self.file.notices if self.file is not None else ()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px = self.desk.look.px
        narrow = event.size().width() < px(NARROW - 176)
        way = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() is not way:
            self.splitter.setOrientation(way)
            sizes = [px(220), px(420)] if narrow else [px(360), px(744)]
            QTimer.singleShot(0, self.splitter, lambda: self.splitter.setSizes(sizes))


def letter_place(case: str, id: str, notices: Sequence[Notice]) -> tuple[str, object]:
    """Where a letter is continued: written while it is a draft, sent once it is approved."""
    for notice in notices:
        if notice.id == id and notice.status != "drafted":
            return ("send", (case, id))
    return ("letter", (case, id))
