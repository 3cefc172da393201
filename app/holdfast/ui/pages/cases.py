"""Cases: one matter a row, sorted by what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QInputDialog, QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column, framed
from holdfast.ui.next_rows import when
from holdfast.ui.page import Page
from holdfast.ui.phrases import full_time, short_time, undated
from holdfast.ui.tables import Cell, CellTable, Filtered, Table
from holdfast.ui.widgets import Button, Field, Label

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile

COLUMNS = (
    "cases.number",
    "cases.title_column",
    "cases.stage",
    "cases.next",
    "cases.basis",
    "cases.weak",
    "cases.unstamped",
    "cases.last",
)
SOON_DAYS = 7
SEARCH_MS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """What the table says about one case."""

    file: CaseFile
    due: str
    basis: str
    weak: int
    unstamped: int
    stage: str
    held: str
    """What can be searched beside what the row says: parties, links, numbers, captions."""


def stage(file: CaseFile) -> str:
    """How far a case has come, as a word of the catalogues."""
    if file.case.closed:
        return "closed"
    statuses = {notice.status for notice in file.notices}
    for status in ("drafted", "approved", "sent"):
        if status in statuses:
            return status
    return "kept" if file.exhibits else "empty"


def weak_count(file: CaseFile) -> int:
    """Exhibits that something speaks against: incomplete, or a time-stamp that is not sure."""
    doubtful = {
        stamp.subject.path.split("/")[1]
        for stamp in file.stamps
        if stamp.status in ("one_source", "broken") and stamp.subject.path.startswith("exhibits/")
    }
    return sum(
        (not exhibit.complete or exhibit.number in doubtful) and not exhibit.withdrawn
        for exhibit in file.exhibits
    )


def held_words(file: CaseFile) -> str:
    """Who is in a case and what, for the search."""
    people = (f"{party.name} {party.legal_name}" for party in file.parties)
    things = (f"{e.number} {e.caption} {e.title} {e.url}" for e in file.exhibits)
    tried = (attempt.target for attempt in file.attempts)
    letters = (f"{notice.number} {notice.document}" for notice in file.notices)
    return "\n".join((*people, *things, *tried, *letters))


def case_row(file: CaseFile) -> CaseRow:
    """The row of a case."""
    running = sorted((f for f in file.followups if not f.done), key=lambda f: f.due)
    return CaseRow(
        file=file,
        due=running[0].due if running else "",
        basis=running[0].basis if running else "",
        weak=weak_count(file),
        unstamped=undated(file),
        stage=stage(file),
        held=held_words(file),
    )


class CasesPage(Page):
    """With one case this place opens that case; the table is a step back from it."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "cases.title", role="title", wrap=False)
        self.search = Field(desk, "cases.search", hint="cases.search.hint")
        self.new = Button(desk, "cases.new", kind="primary")
        self.new.clicked.connect(self._new)
        self.chips = {
            name: Button(desk, f"cases.view.{name}", kind="chip")
            for name in ("all", "due", "weak", "unstamped", "mine")
        }
        group = QButtonGroup(self)
        for chip in self.chips.values():
            chip.setCheckable(True)
            group.addButton(chip)
            chip.clicked.connect(self._filter)
        self.chips["all"].setChecked(True)
        self.model = CellTable(desk, COLUMNS, key=lambda one: one.file.case.id)
        self.proxy = Filtered(also=lambda one: one.held)
        self.proxy.setSourceModel(self.model)
        self.table = Table(desk, "cases.title", high=38)
        self.table.setModel(self.proxy)
        self.table.nothing = "table.nothing"
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
        self.table.opened.connect(lambda one: desk.wanted.emit("case", (one.file.case.id, "")))
        self.foot = Label(desk, "cases.foot", role="caption", tone="secondary")
        self.empty = Label(desk, "cases.empty", tone="secondary")
        self._rows: list[CaseRow] = []
        self._fitted: tuple[str, int] | None = None
        """For which words columns were given their widths; after that they are the person's."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(SEARCH_MS)
        timer.timeout.connect(self._search)
        self.search.textChanged.connect(lambda _: timer.start())
        head = Fold(self.title, self.search, self.new, gap=px(12), below=px(520), stretch=(1, 1, 0))
        chips = QWidget()
        chips.setLayout(Flow(*self.chips.values(), gap=px(8)))
        top = column(head, px(12), chips, margins=(px(24), px(24), px(24), px(12)))
        foot = framed(column(self.foot, margins=(px(24), px(12), px(24), px(12))), "footer")
        self._empty = framed(column(self.empty, None, margins=(px(24),) * 4), "body")
        self.setLayout(column(framed(top, "head"), self.table, self._empty, foot))
        desk.changed.connect(self.reload)

    def arrive(self, what: object) -> None:
        self.reload()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def reload(self) -> None:
        """The table as the data stands."""
        if not self.isVisible():
            return
        holdfast = self.desk.holdfast

        def work(_: Job) -> list[CaseRow]:
            return [case_row(holdfast.case_file(case.id)) for case in holdfast.cases()]

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(self._show)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show(self, rows: list[CaseRow]) -> None:
        self._rows = rows
        self.table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self.retell()

    def retell(self) -> None:
        counts = {name: sum(self._passes(name, one) for one in self._rows) for name in self.chips}
        for name, chip in self.chips.items():
            chip.tell(f"cases.view.{name}", count=counts[name])
        self.model.show_rows([(one, self._cells(one)) for one in self._rows])
        self.proxy.anew()
        fitted = (self.desk.lang, len(self._rows))
        if self._fitted is None or self._fitted[0] != fitted[0] or not self._fitted[1]:
            self._fit()
        elif fitted != self._fitted:
            self.table.widen(self.desk.look.px(320))
        self._fitted = fitted

    def _fit(self) -> None:
        self.table.resizeColumnsToContents()
        widest = self.desk.look.px(320)
        for index in range(len(COLUMNS)):
            if self.table.columnWidth(index) > widest:
                self.table.setColumnWidth(index, widest)

    def _cells(self, one: CaseRow) -> tuple[Cell, ...]:
        desk, case = self.desk, one.file.case
        last = one.file.entries[-1].at if one.file.entries else case.opened
        none = Cell(text="—", tone="secondary", sort="0")
        due = Cell(text=desk.say("cases.no_date"), tone="secondary", sort="9")
        if one.due:
            late = self._soon(one)
            due = Cell(
                text=when(desk, one.due),
                tone="warning" if late else "text",
                bold=late,
                sort=one.due,
            )
        return (
            Cell(text=case.number, tone="secondary"),
            Cell(
                text=case.title,
                bold=True,
                tag=desk.say("practice.word") if case.world == "practice" else "",
            ),
            Cell(text=desk.say(f"cases.stage.{one.stage}")),
            due,
            Cell(text=desk.say(f"basis.{one.basis}"), tone="secondary") if one.basis else none,
            self._counted(one.weak, "warning", "warning", none),
            self._counted(one.unstamped, "pending", "pending", none),
            Cell(text=short_time(desk, last), full=full_time(last), tone="secondary", sort=last),
        )

    def _counted(self, count: int, icon: str, tone: str, none: Cell) -> Cell:
        if not count:
            return none
        text = self.desk.say("cases.count", count=count)
        return Cell(text=text, icon=icon, tone=tone, sort=f"{count:06d}")

    def _soon(self, one: CaseRow) -> bool:
        if not one.due:
            return False
        from datetime import date

        today = self.desk.holdfast.now().astimezone().date()
        return (date.fromisoformat(one.due) - today).days <= SOON_DAYS

    def _passes(self, name: str, one: CaseRow) -> bool:
        if name == "due":
            return self._soon(one)
        if name == "weak":
            return one.weak > 0
        if name == "unstamped":
            return one.unstamped > 0
        if name == "mine":
            return one.stage in ("drafted", "approved")
        return True

    def _filter(self) -> None:
        chosen = next(name for name, chip in self.chips.items() if chip.isChecked())
        self.proxy.only(lambda one: self._passes(chosen, one))

    def _search(self) -> None:
        self.proxy.search(self.search.text())

    def _new(self) -> None:
        title, fine = QInputDialog.getText(
            self, self.desk.say("cases.new"), self.desk.say("cases.new.ask")
        )
        if fine and title.strip():
            holdfast = self.desk.holdfast
            task = self.desk.runner.start(lambda _: holdfast.open_case(title))
            task.succeeded.connect(lambda case: self.desk.wanted.emit("case", (case.id, "")))
            task.succeeded.connect(lambda _: self.desk.changed.emit())
            task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
