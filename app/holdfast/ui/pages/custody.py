"""Beside the documents of a case: a part of it as a pack, a second device's word, renewal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QFrame, QInputDialog, QWidget

from holdfast.core.canonical import one_line
from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column
from holdfast.ui.parts import panel
from holdfast.ui.phrases import full_time
from holdfast.ui.save import save_as
from holdfast.ui.widgets import Button, Check, Field, Label

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.custody import RenewalDue

Line = Callable[..., QFrame]


class CustodyRows:
    """Rows of the documents tab; what was ticked outlives that the tab is drawn again."""

    def __init__(self, desk: Desk, parent: QWidget, line: Line) -> None:
        self.desk, self._parent, self._line = desk, parent, line
        self.open = False
        """Whether the exhibits of a partial pack are being chosen."""
        self.left_out: set[str] = set()
        self.without_parties = False
        self.typed = ""
        """How many lines somebody saw last, as far as it was typed."""
        self._case = ""
        self._asked: tuple[str, int] = ("", 0)
        self._due: tuple[RenewalDue, ...] = ()
        self.choose, self.go, self.save, self.back, self.renew = (Button(desk) for _ in range(5))
        self.prove = Button(desk)
        self.since = Field(desk, "ledger.since", hint="ledger.since.hint", limit=9)
        self.ticks: dict[str, Check] = {}
        self.people = Check(desk, "ledger.choose.people")

    def begin(self, file: CaseFile) -> Button:
        """Another drawing of the tab; the button that opens the choice."""
        if file.case.id != self._case:
            self._case, self.open, self.left_out, self._due = file.case.id, False, set(), ()
            self.typed, self.without_parties = "", False
        self.choose = Button(self.desk, "ledger.choose", size="small")
        self.choose.setCheckable(True)
        self.choose.setChecked(self.open)
        self.choose.setEnabled(len(file.exhibits) > 0)
        self.choose.toggled.connect(self._toggle)
        self._look(file)
        return self.choose

    def _toggle(self, checked: bool) -> None:
        self.open = checked
        self.desk.changed.emit()

    def beneath(self, file: CaseFile) -> list[QWidget]:
        """What belongs below the row of the pack."""
        made: list[QWidget] = [self._chooser(file)] if self.open else []
        if self._due:
            made.append(panel(*(self._renewal(due) for due in self._due)))
        return made

    def with_others(self, file: CaseFile) -> QFrame:
        """What somebody else can sign, and keep, of the record."""
        return panel(self._second(file), self._asked_for(), self._growth(file))

    # --- a part of the case ----------------------------------------------------------------------

    def _chooser(self, file: CaseFile) -> QFrame:
        desk, px = self.desk, self.desk.look.px
        self.ticks = {}
        for exhibit in file.exhibits:
            tick = Check(desk)
            name = exhibit.caption or exhibit.title or exhibit.url
            shown = one_line(f"{exhibit.number}  {name[:40]}".strip())
            tick.setText(shown)
            # A & in somebody's title is no shortcut.
            tick.setShortcut("")
            tick.setAccessibleName(shown)
            tick.setChecked(exhibit.number not in self.left_out)
            tick.toggled.connect(lambda on, number=exhibit.number: self._tick(number, on=on))
            self.ticks[exhibit.number] = tick
        self.people = Check(desk, "ledger.choose.people")
        self.people.setChecked(self.without_parties)
        self.people.toggled.connect(self._leave_people)
        self.go = Button(desk, "ledger.choose.go", icon="pack", size="small")
        self.go.clicked.connect(lambda: self._export(file))
        self._can_go()
        body = QFrame()
        body.setObjectName("panel")
        side = px(16)
        buttons = QWidget()
        buttons.setLayout(Flow(self.go, gap=px(8)))
        body.setLayout(
            column(
                Label(desk, "ledger.choose.title", role="strong"),
                Label(desk, "ledger.choose.line", role="caption", tone="secondary"),
                px(4),
                *self.ticks.values(),
                px(4),
                self.people,
                px(4),
                buttons,
                gap=px(6),
                margins=(side, px(12), side, px(12)),
            )
        )
        return body

    def _tick(self, number: str, *, on: bool) -> None:
        if on:
            self.left_out.discard(number)
        else:
            self.left_out.add(number)
        self._can_go()

    def _leave_people(self, on: bool) -> None:
        self.without_parties = on

    def _can_go(self) -> None:
        some = any(tick.isChecked() for tick in self.ticks.values())
        self.go.setEnabled(some)
        self.go.setToolTip("" if some else self.desk.say("ledger.choose.none"))

    def _export(self, file: CaseFile) -> None:
        only = tuple(number for number, tick in self.ticks.items() if tick.isChecked())
        holdfast, case, without = self.desk.holdfast, file.case, self.without_parties
        chosen = () if len(only) == len(self.ticks) else only
        save_as(
            self._parent,
            self.desk,
            name=f"{case.number}-{len(only)}.zip",
            work=lambda path, job: holdfast.export(
                case.id, path, job, only=chosen, without_parties=without
            ),
            button=self.go,
        )

    # --- a second device -------------------------------------------------------------------------

    def _second(self, file: CaseFile) -> QFrame:
        desk = self.desk
        self.save = Button(desk, "ledger.save", icon="download", size="small")
        self.save.clicked.connect(lambda: self._save(file))
        self.back = Button(desk, "ledger.back", size="small")
        self.back.clicked.connect(self._bring)
        line = desk.say("ledger.second.line")
        signed = [e for e in file.entries if e.act == "checkpoint.cosigned"]
        if signed:
            facts = signed[-1].facts
            time = full_time(str(facts.get("time")))
            said = desk.say("ledger.second.seen", time=time, size=facts.get("size"))
            line = f"{line}\n{said}"
        return self._line("lock", desk.say("ledger.second"), line, self.save, self.back)

    def _asked_for(self) -> QFrame:
        desk = self.desk
        self.since = Field(desk, "ledger.since", hint="ledger.since.hint", limit=9)
        self.since.setFixedWidth(desk.look.px(120))
        self.since.setText(self.typed)
        self.since.textChanged.connect(self._type)
        title, line = desk.say("ledger.since"), desk.say("ledger.since.line")
        return self._line("steps", title, line, self.since)

    def _type(self, text: str) -> None:
        self.typed = text

    def _save(self, file: CaseFile) -> None:
        holdfast, case = self.desk.holdfast, file.case
        text = self.since.text().strip()
        since = int(text) if text.isascii() and text.isdecimal() else None
        save_as(
            self._parent,
            self.desk,
            name=f"{case.number}-{len(file.entries)}.txt",
            work=lambda path, _: holdfast.checkpoint(case.id, path, since),
            button=self.save,
        )

    def _growth(self, file: CaseFile) -> QFrame:
        desk = self.desk
        self.prove = Button(desk, "ledger.prove", icon="download", size="small")
        self.prove.clicked.connect(lambda: self._prove(file))
        return self._line(
            "verify", desk.say("ledger.prove.title"), desk.say("ledger.prove.line"), self.prove
        )

    def _prove(self, file: CaseFile) -> None:
        """Somebody kept a head: the proof that everything after it was only added."""
        holdfast, case = self.desk.holdfast, file.case
        kept, _ = QFileDialog.getOpenFileName(self._parent, self.desk.say("ledger.prove"))
        if not kept:
            return
        save_as(
            self._parent,
            self.desk,
            name=f"{Path(kept).stem}-{len(file.entries)}.txt",
            work=lambda path, _: holdfast.consistency(case.id, kept, "", path),
            button=self.prove,
        )

    def _bring(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._parent, self.desk.say("ledger.back"))
        if name:
            self.put(Path(name))

    def put(self, path: Path, key: str = "") -> None:
        """The cosignature in that file is on record; ``key`` is its signer's, if that was said."""
        holdfast, case = self.desk.holdfast, self._case
        task = self.desk.runner.start(lambda _: holdfast.cosigned(case, path, key), "task.writing")
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self._not_put(error, path, key))

    def _not_put(self, error: Exception, path: Path, key: str) -> None:
        """Whoever signed with another program says under which key; without one that is trouble."""
        if getattr(error, "code", "") == "cosigned_none" and not key:
            said, fine = QInputDialog.getText(
                self._parent, self.desk.say("ledger.back"), self.desk.say("ledger.back.key")
            )
            if fine and said.strip():
                self.put(path, said.strip())
                return
        self.desk.wanted.emit("trouble", error)

    # --- renewal ---------------------------------------------------------------------------------

    def _look(self, file: CaseFile) -> None:
        """Asked once for each state of the case."""
        state = (file.case.id, len(file.entries))
        if state == self._asked:
            return
        self._asked = state
        holdfast, case = self.desk.holdfast, file.case.id

        def work(_: Job) -> tuple[RenewalDue, ...]:
            return holdfast.renewals(case)

        self.desk.runner.start(work, writes=False).succeeded.connect(self._found)

    def _found(self, due: tuple[RenewalDue, ...]) -> None:
        mine = tuple(one for one in due if one.case.id == self._case)
        if mine != self._due:
            self._due = mine
            self.desk.changed.emit()

    def _renewal(self, due: RenewalDue) -> QFrame:
        desk = self.desk
        self.renew = Button(desk, "ledger.renew", icon="again", size="small")
        self.renew.clicked.connect(self._renew)
        line = desk.say("ledger.renew.line", count=due.count, until=full_time(due.until))
        return self._line("pending", desk.say("ledger.renew.title"), line, self.renew)

    def _renew(self) -> None:
        holdfast, case = self.desk.holdfast, self._case
        self.renew.setEnabled(False)

        def work(job: Job) -> object:
            holdfast.renew(job, case)
            return holdfast.stamp(job, case)

        task = self.desk.runner.start(work, "task.writing")
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(self.desk.changed)
