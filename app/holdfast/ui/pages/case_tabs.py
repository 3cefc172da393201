"""The tabs of a case beside its timeline: evidence, letters, documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QButtonGroup, QFrame, QWidget

from holdfast.core.document import Issued
from holdfast.core.evidence import Exhibit
from holdfast.core.notice import Notice, Platform, addressed
from holdfast.ui.ask import ask
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, Scroll, column, emptied, framed
from holdfast.ui.pages.cases import SEARCH_MS
from holdfast.ui.pages.custody import CustodyRows
from holdfast.ui.parts import Tag, panel, panel_row
from holdfast.ui.phrases import (
    LANGUAGES,
    State,
    exhibit_state,
    full_time,
    short_time,
    stamps_by_exhibit,
)
from holdfast.ui.save import open_outside, save_as
from holdfast.ui.story import title_of
from holdfast.ui.tables import Cell, CellTable, Filtered, Table
from holdfast.ui.widgets import Button, Choice, Field, Glyph, Label

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile

EVIDENCE = (
    "evidence.number",
    "evidence.name",
    "evidence.source",
    "evidence.purpose",
    "evidence.stamp",
    "evidence.complete",
    "evidence.sealed",
)
NAME, PURPOSE = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """An exhibit and what the chips ask about it."""

    exhibit: Exhibit
    state: State


class EvidenceTab(QWidget):
    """Every exhibit a row; caption and purpose are written in place."""

    opened = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self._file: CaseFile | None = None
        self.search = Field(desk, "cases.search", hint="evidence.search.hint")
        self.chips = {
            name: Button(desk, f"evidence.view.{name}", kind="chip")
            for name in ("all", "pending", "weak", "nopurpose", "incomplete")
        }
        group = QButtonGroup(self)
        for chip in self.chips.values():
            chip.setCheckable(True)
            group.addButton(chip)
            chip.clicked.connect(self._filter)
        self.chips["all"].setChecked(True)
        self.model = CellTable(
            desk, EVIDENCE, frozenset({NAME, PURPOSE}), key=lambda one: one.exhibit.id
        )
        self.model.edited.connect(self._edit)
        self.proxy = Filtered(also=lambda one: f"{one.exhibit.title} {one.exhibit.url}")
        self.proxy.setSourceModel(self.model)
        self.table = Table(desk, "case.tab.evidence", high=34)
        self.table.setModel(self.proxy)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.opened.connect(lambda one: self.opened.emit(one.exhibit.number))
        self._rows: list[EvidenceRow] = []
        self._fitted: tuple[str, str, int] | None = None
        """For what columns were given their widths; after that they are the person's."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(SEARCH_MS)
        timer.timeout.connect(lambda: self.proxy.search(self.search.text()))
        self.search.textChanged.connect(lambda _: timer.start())
        chips = QWidget()
        chips.setLayout(Flow(*self.chips.values(), gap=px(8)))
        self.search.setMinimumWidth(px(220))
        bar = Fold(self.search, chips, gap=px(12), below=px(760), stretch=(0, 1))
        self.hint = Label(desk, "evidence.hint", role="caption", tone="secondary")
        side = px(24)
        top = framed(column(bar, margins=(side, px(12), side, px(12))), "head")
        foot = framed(column(self.hint, margins=(side, px(8), side, px(8))), "footer")
        self.setLayout(column(top, self.table, foot))

    def show_case(self, file: CaseFile) -> None:
        """These exhibits."""
        self._file = file
        stamps = stamps_by_exhibit(file)
        practice = file.case.world == "practice"
        self._rows = [
            EvidenceRow(
                exhibit=exhibit,
                state=exhibit_state(
                    self.desk,
                    stamps[exhibit.number],
                    practice=practice,
                ),
            )
            for exhibit in file.exhibits
        ]
        for name, chip in self.chips.items():
            count = sum(self._passes(name, one) for one in self._rows)
            chip.tell(f"evidence.view.{name}", count=count)
        self.table.nothing = "table.nothing" if self._rows else "evidence.none"
        self.model.show_rows([(one, self._cells(one)) for one in self._rows])
        self.proxy.anew()
        fitted = (file.case.id, self.desk.lang, len(self._rows))
        if self._fitted is None or self._fitted[:2] != fitted[:2] or not self._fitted[2]:
            self._fit()
        elif fitted != self._fitted:
            self.table.widen(self.desk.look.px(280))
        self._fitted = fitted

    def _fit(self) -> None:
        self.table.resizeColumnsToContents()
        px = self.desk.look.px
        for index, widest in ((NAME, px(280)), (PURPOSE, px(320))):
            self.table.setColumnWidth(
                index, max(px(140), min(self.table.columnWidth(index), widest))
            )

    def _cells(self, one: EvidenceRow) -> tuple[Cell, ...]:
        desk, exhibit, state = self.desk, one.exhibit, one.state
        missing = Cell(text="", full=desk.say("evidence.nopurpose"), icon="warning", tone="warning")
        gone = exhibit.withdrawn
        return (
            Cell(text=exhibit.number, tag=desk.say("evidence.withdrawn") if gone else ""),
            Cell(text=title_of(desk, exhibit), tone="secondary" if gone else "text"),
            Cell(text=desk.say(f"source.{exhibit.source}"), tone="secondary"),
            Cell(text=exhibit.purpose) if exhibit.purpose else missing,
            Cell(text=state.short, full=state.sentence, icon=state.icon, tone=state.tone),
            Cell(text=desk.say("evidence.whole"), tone="secondary")
            if exhibit.complete
            else Cell(text=desk.say("evidence.lacking"), icon="warning", tone="warning"),
            Cell(
                text=short_time(desk, exhibit.sealed),
                full=full_time(exhibit.sealed),
                tone="secondary",
                sort=exhibit.sealed,
            ),
        )

    def _passes(self, name: str, one: EvidenceRow) -> bool:
        exhibit = one.exhibit
        if name == "pending":
            return one.state.icon in ("pending", "lock")
        if name == "weak":
            return one.state.icon in ("one-source", "broken", "unchecked")
        if name == "nopurpose":
            return not exhibit.purpose and not exhibit.withdrawn
        if name == "incomplete":
            return not exhibit.complete
        return True

    def _filter(self) -> None:
        chosen = next(name for name, chip in self.chips.items() if chip.isChecked())
        self.proxy.only(lambda one: self._passes(chosen, one))

    def _edit(self, one: EvidenceRow, at: int, text: str) -> None:
        assert self._file is not None
        holdfast, case, number = self.desk.holdfast, self._file.case.id, one.exhibit.number
        if at == PURPOSE:
            task = self.desk.runner.start(lambda _: holdfast.describe(case, number, purpose=text))
        else:
            task = self.desk.runner.start(lambda _: holdfast.describe(case, number, caption=text))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))


class Rows(Scroll):
    """A body of panels under small headings."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.box = column(gap=desk.look.px(8))
        side = desk.look.px(24)
        super().__init__(framed(column(self.box, None, margins=(side, side, side, side)), "body"))
        self._drawn = ""
        """Id of the case that was drawn last."""

    @contextmanager
    def _anew(self, case: str) -> Iterator[None]:
        """It is drawn once more; of the same case place and keyboard stay where they were."""
        bar, now = self.verticalScrollBar(), QApplication.focusWidget()
        held = bar.value() if case == self._drawn else 0
        name = now.accessibleName() if now is not None and self.isAncestorOf(now) else ""
        self._drawn = case
        emptied(self.box)
        yield
        if name:
            for child in self.findChildren(QWidget):
                if child.accessibleName() == name and child.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    child.setFocus(Qt.FocusReason.OtherFocusReason)
                    break
        # How far it can be scrolled is known once it is laid out.
        QTimer.singleShot(0, self, lambda: bar.setValue(held))

    def _heading(self, key: str) -> None:
        """What follows is about something else than what stands above."""
        if self.box.count():
            self.box.addSpacing(self.desk.look.px(8))
        self.box.addWidget(Label(self.desk, key, role="small"))

    def _line(self, icon: str, title: str, line: str, *actions: QWidget, tag: str = "") -> QFrame:
        px, desk = self.desk.look.px, self.desk
        name, beneath = Label(desk, role="strong"), Label(desk, role="caption", tone="secondary")
        name.show_text(title)
        beneath.show_text(line)
        words = QWidget()
        words.setLayout(column(name, beneath, gap=px(2)))
        side = QWidget()
        if tag:
            mark = Tag(desk)
            mark.show_text(tag)
            side.setLayout(Flow(mark, *actions, gap=px(8)))
        else:
            side.setLayout(Flow(*actions, gap=px(8)))
        fold = Fold(words, side, gap=px(12), below=px(420), stretch=(1, 0))
        fold.box.setAlignment(side, Qt.AlignmentFlag.AlignVCenter)
        return panel_row(Glyph(desk, icon, "secondary", size=18), fold, wide=1, desk=desk, high=52)


ANOTHER = "another"
"""In the place of a letter's id: a new one, whatever else is still a draft."""


class LettersTab(Rows):
    """Letters of the case, and the way to write another."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.platforms: dict[str, Platform] = {}
        """The addressees, by id."""
        self.discard: dict[str, Button] = {}

    def show_case(self, file: CaseFile) -> None:
        """These letters."""
        with self._anew(file.case.id):
            self._draw(file)

    def _draw(self, file: CaseFile) -> None:
        desk, case = self.desk, file.case
        rows = [self._letter(file, notice) for notice in file.notices]
        if rows:
            self.box.addWidget(panel(*rows))
        else:
            self.box.addWidget(Label(desk, "letters.none", tone="secondary"))
        if not case.closed:
            new = Button(desk, "letters.new", icon="plus", size="small")
            new.clicked.connect(lambda: desk.wanted.emit("letter", (case.id, ANOTHER)))
            holder = QWidget()
            holder.setLayout(Flow(new, gap=0))
            self.box.addWidget(holder)

    def _letter(self, file: CaseFile, notice: Notice) -> QFrame:
        desk, case = self.desk, file.case.id
        actions: list[QWidget] = []
        draft = notice.status == "drafted"
        if not (draft and file.case.closed):
            go = Button(desk, f"letters.go.{notice.status}", size="small")
            place = "letter" if draft else "send"
            go.clicked.connect(lambda: desk.wanted.emit(place, (case, notice.id)))
            actions.append(go)
            if draft:
                actions.append(self._discarding(notice))
        if notice.status == "sent":
            answer = Button(desk, "case.step.answer", size="small")
            answer.clicked.connect(lambda: desk.wanted.emit("answer", (case, notice.id)))
            actions.append(answer)
        if notice in desk.holdfast.followable(file):
            again = Button(desk, "next.again.action", size="small")
            again.clicked.connect(lambda: desk.wanted.emit("again", (case, notice.id)))
            actions.append(again)
        ways = [s for s in file.submissions if s.notice_id == notice.id]
        line = desk.say("letters.drafted", time=full_time(notice.drafted))
        if notice.approved:
            line = desk.say("letters.approved", time=full_time(notice.approved))
        for way in ways:
            line = desk.say(
                "letters.sent",
                channel=desk.say(f"notice.channel.{way.channel}"),
                time=full_time(way.sent),
            )
        known = self.platforms.get(notice.platform)
        named = addressed(known, notice.answers).names(desk.lang) if known else notice.platform
        platform = named or desk.say("letters.unnamed")
        title = desk.say("letters.title", number=notice.number, platform=platform)
        return self._line(
            "letter", title, line, *actions, tag=desk.say(f"notice.status.{notice.status}")
        )

    def _discarding(self, notice: Notice) -> Button:
        desk = self.desk
        button = Button(desk, "letters.discard", size="small")
        button.setAccessibleName(f"{desk.say('letters.discard')}: {notice.number}")
        button.clicked.connect(lambda: self._discard(notice))
        self.discard[notice.id] = button
        return button

    def _discard(self, notice: Notice) -> None:
        if not ask(self, self.desk, "letters.discard.ask", number=notice.number):
            return
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.discard(notice.id))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))


DOCUMENTS = ("evidence-report", "evidence-list", "receipt")


class DocumentsTab(Rows):
    """What can be issued, what was, and the pack of everything."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._file: CaseFile | None = None
        self.lang: dict[str, Choice] = {}
        self.issue: dict[str, Button] = {}
        self.export, self.verify = Button(desk), Button(desk)
        self.custody = CustodyRows(desk, self, self._line)

    def show_case(self, file: CaseFile) -> None:
        """These documents."""
        chosen = {kind: box.currentData() for kind, box in self.lang.items()}
        with self._anew(file.case.id):
            self._draw(file, chosen)

    def _draw(self, file: CaseFile, chosen: dict[str, str]) -> None:
        self.lang.clear()
        self.issue.clear()
        self._file = file
        desk = self.desk
        self._heading("documents.issue")
        rows = [self._offer(kind, chosen.get(kind), file) for kind in DOCUMENTS]
        self.box.addWidget(panel(*rows))
        self._heading("documents.export.title")
        self.export = Button(desk, "documents.export", icon="pack", size="small")
        self.export.setEnabled(bool(file.exhibits))
        self.export.clicked.connect(self._export)
        self.box.addWidget(
            panel(
                self._line(
                    "pack",
                    desk.say("documents.pack"),
                    desk.say("documents.pack.line"),
                    self.export,
                    self.custody.begin(file),
                )
            )
        )
        self.verify = Button(desk, "documents.verify", icon="verify", size="small")
        self.verify.clicked.connect(lambda: desk.wanted.emit("verify", (file.case.number,)))
        title, line = desk.say("documents.verify.title"), desk.say("documents.verify.line")
        self.box.addWidget(panel(self._line("verify", title, line, self.verify)))
        for row in self.custody.beneath(file):
            self.box.addWidget(row)
        self._heading("ledger.title")
        self.box.addWidget(self.custody.with_others(file))
        self._heading("documents.issued")
        issued = [self._issued(one) for one in reversed(file.documents)]
        self.box.addWidget(
            panel(*issued) if issued else Label(desk, "documents.none", tone="secondary")
        )

    def _offer(self, kind: str, lang: str | None, file: CaseFile) -> QFrame:
        desk = self.desk
        choice = Choice(desk, "documents.lang")
        for name, language in LANGUAGES.items():
            choice.addItem(language, name)
        choice.setMinimumContentsLength(6)
        choice.setCurrentIndex(choice.findData(lang or desk.lang))
        button = Button(desk, "documents.make", size="small")
        button.setAccessibleName(
            f"{desk.say('documents.make')}: {desk.say(f'document.kind.{kind}')}"
        )
        button.setEnabled(bool(file.exhibits))
        button.clicked.connect(lambda: self._issue(kind))
        self.lang[kind], self.issue[kind] = choice, button
        return self._line(
            "document",
            desk.say(f"document.kind.{kind}"),
            desk.say(f"document.kind.{kind}.line"),
            choice,
            button,
        )

    def _issued(self, issued: Issued) -> QFrame:
        desk = self.desk
        button = Button(desk, "documents.open", icon="open", size="small")
        button.setAccessibleName(f"{desk.say('documents.open')}: {issued.number}")
        button.clicked.connect(lambda: self._open(issued))
        kind = desk.say_or(f"document.kind.{issued.kind}", issued.kind)
        return self._line(
            "document",
            f"{kind} {issued.number}",
            desk.say(
                "documents.issued.line", time=full_time(issued.issued), lang=LANGUAGES[issued.lang]
            ),
            button,
        )

    def _issue(self, kind: str) -> None:
        assert self._file is not None
        holdfast, case, lang = self.desk.holdfast, self._file.case.id, self.lang[kind].currentData()
        button = self.issue[kind]
        button.setEnabled(False)
        task = self.desk.runner.start(
            lambda job: holdfast.document_path(holdfast.document(kind, case, lang, job)),
            "task.document",
        )
        task.succeeded.connect(lambda path: self.desk.wanted.emit("saved", path))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(self.desk.changed)

    def _open(self, issued: Issued) -> None:
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.document_path(issued))
        task.succeeded.connect(open_outside)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _export(self) -> None:
        assert self._file is not None
        holdfast, case = self.desk.holdfast, self._file.case
        save_as(
            self,
            self.desk,
            name=f"{case.number}.zip",
            work=lambda path, job: holdfast.export(case.id, path, job),
            button=self.export,
        )
