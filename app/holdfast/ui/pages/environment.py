"""The environment check: what this computer is like around a capture, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QLineEdit, QStyleOptionViewItem, QWidget

from holdfast.core.environment import (
    REMARK_LIMIT,
    EnvironmentCheck,
    EnvironmentRun,
    Reading,
    said,
)
from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, column
from holdfast.ui.page import Page
from holdfast.ui.parts import Facts, Footer, panel, panel_row
from holdfast.ui.phrases import full_time
from holdfast.ui.runner import Task
from holdfast.ui.tables import Cell, CellDelegate, CellTable, Table
from holdfast.ui.widgets import Bar, Button, Label

COLUMNS = ("environment.item", "environment.outcome", "environment.seen", "environment.remark")
REMARK = 3
HIGH = 36
LOOKS = {
    "pass": ("check", "text"),
    "warn": ("warning", "warning"),
    "fail": ("warning", "warning"),
    "not_checked": ("unchecked", "secondary"),
}
"""Never green: that is for confirmed time-stamps alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows: a run, where it stands, and the short one that belongs to it."""

    run: EnvironmentRun
    case: str = ""
    number: str = ""
    """Of the case."""
    practice: bool = False
    reference: str = ""
    """The stored check or the exhibit it is of; empty while it is not on record."""
    when: str = "none"
    sealing: EnvironmentRun | None = None


class _Remarks(CellDelegate):
    """A field for one sentence."""

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        field = QLineEdit(parent)
        field.setMaxLength(REMARK_LIMIT)
        field.setPlaceholderText(self.desk.say("environment.remark.hint"))
        field.setAccessibleName(self.desk.say("environment.remark"))
        return field


class EnvironmentPage(Page):
    """``arrive`` takes nothing, a case, or a case with an exhibit's number or a check's id."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._what: tuple[str, str] = ("", "")
        self._shown: Shown | None = None
        self._task: Task | None = None
        self._remarks: dict[str, str] = {}
        self.title = Label(desk, "environment.title", role="title", wrap=False)
        self.when = Label(desk, tone="secondary")
        self.summary = Label(desk, role="strong")
        self.limits = Label(desk, "environment.limits", role="caption", tone="secondary")
        self.model = CellTable(desk, COLUMNS, frozenset({REMARK}), key=lambda one: one.item)
        self.model.edited.connect(self._edited)
        self.table = Table(desk, "environment.table", high=HIGH)
        self.table.setObjectName("panel")
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(REMARK, _Remarks(desk, self.table, HIGH))
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.selectionModel().currentRowChanged.connect(self._select)
        self.sealing = Label(desk, role="caption", tone="secondary")
        self.why = Label(desk, tone="secondary")
        self.raw_title = Label(desk, "environment.raw", role="strong")
        self.raw = Facts(desk)
        self.asks = Label(desk, "environment.asks", role="caption", tone="secondary")
        self.bar = Bar(desk)
        self.stop = Button(desk, "cancel", size="small")
        self.stop.clicked.connect(self._stop)
        running = Label(desk, "environment.running", role="caption", tone="secondary")
        self.waiting = panel(panel_row(running, self.bar, self.stop, wide=0, desk=desk))
        self.again = Button(desk, "environment.again", icon="again")
        self.again.clicked.connect(lambda: self._look(fresh=True))
        self.write = Button(desk, "environment.write", kind="primary")
        self.write.clicked.connect(self._write)
        self.footer = Footer(desk, self.again, self.write, key="environment.foot.free")
        self._build()

    def _build(self) -> None:
        px = self.desk.look.px
        head = Fold(self.title, self.when, gap=px(12), below=px(480), stretch=(0, 1))
        head.box.setAlignment(self.when, Qt.AlignmentFlag.AlignBottom)
        self._found = QWidget()
        self._found.setLayout(
            column(
                self.summary,
                px(4),
                self.limits,
                px(12),
                self.table,
                px(8),
                self.sealing,
                px(16),
                self.raw_title,
                px(4),
                self.why,
                px(8),
                self.raw,
            )
        )
        side = px(24)
        inside = column(
            head,
            px(8),
            self.waiting,
            self._found,
            px(16),
            self.asks,
            None,
            margins=(side, side, side, side),
        )
        self.body(inside, footer=self.footer)
        self._found.hide()
        self.waiting.hide()

    def arrive(self, what: object) -> None:
        case, reference = what if isinstance(what, tuple) else (what, "")
        self._what = (str(case or ""), str(reference or ""))
        self._shown = None
        self._remarks.clear()
        self._found.hide()
        self.write.setEnabled(False)
        self._look(fresh=False)

    # --- getting it ------------------------------------------------------------------------------

    def _look(self, *, fresh: bool) -> None:
        if self._task is not None:
            return
        holdfast, (case, reference) = self.desk.holdfast, self._what

        def work(job: Job) -> Shown | None:
            file = holdfast.case_file(case).case if case else None
            practice = file is not None and file.world == "practice"
            number = file.number if file is not None else ""
            if not reference:
                run = holdfast.environment(job, case, fresh=fresh)
                when = "before" if case else "none"
                return Shown(run=run, case=case, number=number, practice=practice, when=when)
            written = {one.exhibit or one.id: one for one in holdfast.environments(case)}
            held = written.get(reference)
            sealing = None
            if reference not in {one.id for one in written.values()}:
                exhibits = holdfast.case_file(case).exhibits
                exhibit = next(one for one in exhibits if one.number == reference)
                around = holdfast.surroundings(exhibit)
                if around is None:
                    return None
                sealing = around.sealing
                run, when = (held.run if held else around.before), "exhibit"
            else:
                assert held is not None
                run, when = held.run, held.when
            return Shown(
                run=run,
                case=case,
                number=number,
                practice=practice,
                reference=reference,
                when=when,
                sealing=sealing,
            )

        self.waiting.show()
        self.bar.show_progress(0, None)
        self.again.setEnabled(False)
        task = self.desk.runner.start(work, writes=False)
        self._task = task
        task.succeeded.connect(self._show)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(self._ended)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _ended(self) -> None:
        self._task = None
        self.waiting.hide()
        self.again.setEnabled(True)

    def _show(self, shown: Shown | None) -> None:
        self._shown = shown
        if shown is None:
            self.when.tell("environment.none")
            self.footer.hide()
            return
        self._remarks = {one.item: one.remark for one in shown.run.readings if one.remark}
        self._found.show()
        self.footer.show()
        self.rehearse(practice=shown.practice)
        self.again.setVisible(not shown.reference)
        self.write.setVisible(bool(shown.case))
        self.write.setEnabled(True)
        self.asks.setVisible(not shown.reference)
        self.retell()
        self.table.setCurrentIndex(self.model.index(_first_open(shown.run), REMARK))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- saying it -------------------------------------------------------------------------------

    def retell(self) -> None:
        shown, desk = self._shown, self.desk
        if shown is None:
            return
        counts = shown.run.counts
        time = full_time(shown.run.started)
        self.when.tell(f"environment.when.{shown.when}", time=time, number=shown.reference)
        self.summary.tell(
            "environment.summary",
            total=len(shown.run.readings),
            fine=counts["pass"],
            explain=counts["warn"] + counts["fail"],
            unchecked=counts["not_checked"],
        )
        foot = "exhibit" if shown.when == "exhibit" else "" if shown.case else "free"
        self.footer.sentence.tell("environment.foot" + (f".{foot}" if foot else ""))
        self.write.tell("environment.write.remarks" if shown.reference else "environment.write")
        at = self.table.currentIndex().row()
        self.model.show_rows([(one, self._cells(one)) for one in shown.run.readings])
        self.table.setCurrentIndex(self.model.index(max(0, at), REMARK))
        self._fit()
        self.sealing.setVisible(shown.sealing is not None)
        if shown.sealing is not None:
            seen = [
                f"{desk.say(f'environment.item.{one.item}')}: {said(one, desk.words)}"
                for one in shown.sealing.readings
            ]
            when = desk.say("environment.sealing", time=full_time(shown.sealing.started))
            self.sealing.show_text("\n".join([when, *seen]))
        self._tell_raw()

    def _cells(self, one: Reading) -> tuple[Cell, ...]:
        desk = self.desk
        icon, tone = LOOKS[one.outcome]
        sentence = said(one, desk.words)
        why = desk.say_or(f"environment.why.{one.item}", sentence)
        return (
            Cell(text=desk.say_or(f"environment.item.{one.item}", one.item), full=why),
            Cell(text=desk.say(f"environment.outcome.{one.outcome}"), icon=icon, tone=tone),
            Cell(text=sentence, tone="secondary"),
            Cell(
                text=self._remarks.get(one.item, ""),
                full=self._remarks.get(one.item) or desk.say("environment.remark.hint"),
            ),
        )

    def _fit(self) -> None:
        """Every row is in view; the page scrolls, not the table."""
        px = self.desk.look.px
        self.table.resizeColumnsToContents()
        for at, widest in ((0, px(200)), (1, px(180)), (2, px(460))):
            self.table.setColumnWidth(at, min(self.table.columnWidth(at), widest))
        header = self.table.horizontalHeader().sizeHint().height()
        high = header + px(HIGH) * self.model.rowCount() + px(4)
        self.table.setFixedHeight(high)

    def _select(self, *_: object) -> None:
        self._tell_raw()

    def _tell_raw(self) -> None:
        """What was found of the row in hand, value by value."""
        index = self.table.currentIndex()
        one = self.table.what(index) if index.isValid() else None
        for widget in (self.raw_title, self.why, self.raw):
            widget.setVisible(isinstance(one, Reading))
        if not isinstance(one, Reading):
            return
        desk = self.desk
        self.why.show_text(desk.say_or(f"environment.why.{one.item}", ""))
        self.raw.show_facts(
            [
                (f"environment.fact.{fact.name}", fact.value or "—", False)
                for fact in one.facts
                if desk.knows(f"environment.fact.{fact.name}")
            ]
        )

    def _edited(self, one: Reading, _at: int, text: str) -> None:
        self._remarks[one.item] = " ".join(text.split())[:REMARK_LIMIT]
        rows = [held.item for held, _ in self.model.rows]
        self.model.show_row(rows.index(one.item), one, self._cells(one))

    # --- writing it down -------------------------------------------------------------------------

    def _write(self) -> None:
        shown, holdfast = self._shown, self.desk.holdfast
        if shown is None or not shown.case:
            return
        remarks = dict(self._remarks)

        def work(job: Job) -> EnvironmentCheck:
            if shown.reference:
                return holdfast.explain_environment(shown.case, shown.reference, remarks)
            return holdfast.write_environment(shown.case, remarks, job)

        self.write.setEnabled(False)
        task = self.desk.runner.start(work, "task.environment")
        task.succeeded.connect(lambda _: self._written(shown))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self.write.setEnabled(True))

    def _written(self, shown: Shown) -> None:
        self.desk.changed.emit()
        back = shown.reference if shown.when == "exhibit" else ""
        self.desk.wanted.emit("case", (shown.case, back))


def _first_open(run: EnvironmentRun) -> int:
    """The row that most wants a word: the first to be explained, else the first."""
    for at, one in enumerate(run.readings):
        if one.outcome in ("warn", "fail") and not one.remark:
            return at
    return 0
