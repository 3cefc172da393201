"""Verify: drop something, get one sentence, then everything beneath it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from holdfast.core.canonical import one_line
from holdfast.core.cosignature import COSIGNER
from holdfast.core.job import Job, Progress, Span
from holdfast.core.pace import Pace, rounded
from holdfast.core.verdict import Verdict
from holdfast.ui.aids import Aids
from holdfast.ui.desk import Desk
from holdfast.ui.found import LOOKS, found_rows
from holdfast.ui.layout import Flow, column
from holdfast.ui.marks import MarksRow
from holdfast.ui.page import Page
from holdfast.ui.parts import DropZone, Footer, Proves, VerdictBox, panel, panel_row
from holdfast.ui.phrases import breakable, full_time, size
from holdfast.ui.runner import Task
from holdfast.ui.save import save_as
from holdfast.ui.tables import CellTable, Table
from holdfast.ui.widgets import Bar, Button, Field, Label, Line
from holdfast.usecases import telling
from holdfast.usecases.targets import Thing, weight

COLUMNS = ("verify.outcome", "verify.subject", "verify.finding")
MOST_ROWS = 10
"""Findings that are in view at once; more scroll."""
MOST_OF_NAMES = 200
"""Characters of the names of what was dropped."""


class VerifyPage(Page):
    """Reads only.  The practice world's time-stamps never count here."""

    place = "verify"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._targets: tuple[str, ...] = ()
        self._verdict: Verdict | None = None
        self._task: Task | None = None
        self._at = ""
        self.title = Label(desk, "verify.title", role="title")
        self.zone = DropZone(
            desk,
            title="verify.drop",
            line="verify.drop.line",
            button="verify.choose",
            icon="pack",
            more="verify.choose.folder",
        )
        self.zone.dropped.connect(self.verify)
        self.zone.button.clicked.connect(self._choose)
        assert self.zone.more is not None
        self.zone.more.clicked.connect(self._choose_folder)
        self.aids = Aids(desk)
        self.aids.wanted.connect(self._start)
        self.marks = MarksRow(desk)
        self.box = VerdictBox(desk)
        self.advice = Label(desk)
        self.again = Button(desk, "verify.again", icon="again", size="small")
        self.again.clicked.connect(self._start)
        self.put = Button(desk, "ledger.put", icon="lock", size="small")
        self.put.clicked.connect(self._put)
        self.sign = Button(desk, "ledger.sign", icon="lock", size="small")
        self.sign.clicked.connect(self._sign)
        self.owner = Field(desk, "ledger.sign.owner", hint="ledger.sign.owner.hint", limit=300)
        self.now = panel(
            panel_row(
                Label(desk, "verify.now", role="strong", wrap=False),
                self.advice,
                self.again,
                wide=1,
                desk=desk,
            )
        )
        self.progress = Bar(desk)
        self.stage = Line(desk, role="caption", tone="secondary")
        self.stop = Button(desk, "cancel", size="small")
        self.stop.clicked.connect(self._stop)
        self.pace = Pace()
        self.left = Line(desk, role="caption", tone="secondary")
        told = QWidget()
        told.setLayout(column(self.stage, self.progress, self.left, gap=px(6)))
        self.waiting = panel(panel_row(told, self.stop, wide=0, desk=desk))
        self.stopped = Label(desk, "verify.stopped", tone="secondary")
        self.found = Label(desk, "verify.found", role="strong")
        self.model = CellTable(desk, COLUMNS)
        self.table = Table(desk, "verify.found", high=36)
        self.table.setObjectName("panel")
        self.table.setModel(self.model)
        self.proves = Proves(desk)
        self.copy = Button(desk, "verify.copy", icon="copy")
        self.copy.clicked.connect(self._copy)
        self.paper = Button(desk, "verify.paper", icon="download")
        self.paper.clicked.connect(self._save)
        self.other = Button(desk, "verify.other")
        self.other.clicked.connect(self._choose)
        self.footer = Footer(desk, self.copy, self.paper, self.other, key="verify.foot")
        side = px(24)
        self._result = QWidget()
        self._result.setLayout(
            column(
                self.box,
                self.now,
                self.owner,
                _left(self.put, self.sign, gap=px(8)),
                px(8),
                self.found,
                self.table,
                px(8),
                self.proves,
                gap=px(8),
            )
        )
        self.body(
            column(
                self.title,
                px(12),
                self.zone,
                px(8),
                self.aids,
                px(8),
                self.marks,
                px(16),
                self.waiting,
                self.stopped,
                self._result,
                None,
                margins=(side, side, side, side),
            ),
            footer=self.footer,
        )
        self._idle()

    def arrive(self, what: object) -> None:
        if isinstance(what, Sequence) and what:
            self.verify(what)
        self.zone.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _idle(self) -> None:
        self.aids.go.setEnabled(False)
        self.waiting.hide()
        self.stopped.hide()
        self._result.hide()
        self.footer.hide()

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("verify.choose"))
        if names:
            self.verify(tuple(names))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.desk.say("verify.choose.folder"))
        if name:
            self.verify((name,))

    def verify(self, targets: Sequence[str | Path]) -> None:
        """These are looked at; whatever was being looked at is let go."""
        if self._task is not None:
            self._task.cancel()
            self._task.finished.connect(lambda: self.verify(targets))
            return
        self._targets = tuple(str(target) for target in targets)
        self.aids.go.setEnabled(True)
        names = ", ".join(one_line(Path(target).name) for target in self._targets)
        cut = names if len(names) <= MOST_OF_NAMES else f"{names[:MOST_OF_NAMES]} …"
        self.zone.title.show_text(breakable(cut))
        self._start()

    def _start(self) -> None:
        if not self._targets or self._task is not None:
            return
        holdfast, targets, options = self.desk.holdfast, self._targets, self.aids.options()
        self._result.hide()
        self.footer.hide()
        self.stopped.hide()
        self.rehearse(practice=False)
        self.pace = Pace()
        self.stage.show_text(self.desk.say("task.verify"))
        self.left.show_text("")
        self.progress.show_progress(0, None)
        self.waiting.show()

        def work(job: Job) -> Verdict:
            return holdfast.verify(targets, job, **options)

        task = self.desk.runner.start(work, "task.verify", writes=False)
        self._task = task
        task.progressed.connect(self._progress)
        task.succeeded.connect(self._show)
        task.failed.connect(self._failed)
        task.finished.connect(self._ended)

    def _progress(self, progress: object) -> None:
        if not isinstance(progress, Progress):
            return
        desk, done, total = self.desk, progress.done, progress.total
        self.progress.show_progress(done, total)
        said = desk.say_or(f"stage.{progress.stage}", desk.say("task.verify"))
        self.stage.show_text(f"{said} {one_line(progress.detail)}".strip())
        if progress.stage != "checking" or not total:
            self.left.show_text("")
            return
        left = self.pace.left(time.monotonic(), done, total)
        parts = [desk.say("verify.amount", done=size(done), total=size(total))]
        if left is not None:
            unit, count = rounded(left)
            parts.append(desk.say(f"verify.left.{unit}", count=count))
        self.left.show_text(" · ".join(parts))

    def _ended(self) -> None:
        task, self._task = self._task, None
        self.waiting.hide()
        self.stopped.setVisible(task is not None and task.cancelled)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _failed(self, error: Exception) -> None:
        self._verdict = None
        self.desk.wanted.emit("trouble", error)

    def _show(self, verdict: Verdict) -> None:
        self._verdict = verdict
        from holdfast.core.canonical import rfc3339

        self._at = full_time(rfc3339(self.desk.holdfast.now()))
        self.copy.tell("verify.copy")
        self._result.show()
        self.footer.show()
        self.retell()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def state(self) -> str:
        """Which of the sentences is true."""
        assert self._verdict is not None
        return self._verdict.state

    def retell(self) -> None:
        self.aids.retell()
        self.marks.retell()
        verdict = self._verdict
        if verdict is None:
            return
        desk, state = self.desk, self.state
        icon, tone = LOOKS[state]
        broken = sum(f.outcome == "broken" for f in verdict.findings)
        time = full_time(verdict.sure) if verdict.sure else ""
        self.box.show_verdict(
            icon,
            tone,
            desk.words(telling.sentence(verdict), time=time, count=broken),
            desk.words(telling.line(verdict), count=len(verdict.findings)),
        )
        self.now.setVisible(state != "ok")
        self.again.setVisible(state in ("pending", "unchecked"))
        if state != "ok":
            self.advice.tell(telling.advice(verdict).removeprefix("ui."))
        rehearsed = any(finding.rule == "world_practice" for finding in verdict.findings)
        self.rehearse(practice=rehearsed or state == "practice")
        self.model.show_rows(found_rows(desk, verdict))
        rows = min(self.model.rowCount(), MOST_ROWS)
        high = self.table.horizontalHeader().sizeHint().height() + desk.look.px(36) * rows
        self.table.setMinimumHeight(high + desk.look.px(8))
        self.table.resizeColumnsToContents()
        limit = desk.look.px(320)
        if self.table.columnWidth(1) > limit:
            self.table.setColumnWidth(1, limit)
        self.proves.show_lines(
            (desk.words(telling.shows(verdict)),),
            ("proves.not.server", "proves.not.maker", "proves.not.court"),
        )
        self.footer.sentence.tell("verify.foot", time=self._at)
        self._offer(verdict)

    # --- a checkpoint that was dropped -----------------------------------------------------------

    def _offer(self, verdict: Verdict) -> None:
        """A single kept checkpoint: of our case it goes on record, of a stranger's it is signed."""
        rules = {finding.rule for finding in verdict.findings}
        alone = len(self._targets) == 1
        self.put.tell("ledger.put")
        self.put.setVisible(alone and "kept_holds" in rules and _cosigned(self._targets[0]))
        self.sign.setVisible(alone and "kept_alone" in rules)
        self.owner.setVisible(alone and "kept_alone" in rules)

    def _put(self) -> None:
        holdfast, path = self.desk.holdfast, Path(self._targets[0])
        self.put.setEnabled(False)
        task = self.desk.runner.start(
            lambda _: holdfast.cosigned(holdfast.case_of_checkpoint(path), path), "task.writing"
        )
        task.succeeded.connect(lambda _: self.put.tell("ledger.put.done"))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self.put.setEnabled(True))

    def _sign(self) -> None:
        holdfast, path = self.desk.holdfast, Path(self._targets[0])
        stated = self.owner.text().strip()
        known = stated or holdfast.log_key(path)

        def signed(_: object) -> None:
            key = "key" if known else "first"
            self.advice.tell(f"ledger.sign.{key}", mark=holdfast.log_key(path))

        save_as(
            self,
            self.desk,
            name=self.desk.say("ledger.sign.name", name=path.stem) + ".txt",
            work=lambda out, _: holdfast.cosign(path, out, log_key=stated),
            button=self.sign,
            then=signed,
        )

    def _save(self) -> None:
        """It is verified once more and written down as a PDF, where the person says."""
        holdfast, targets, lang = self.desk.holdfast, self._targets, self.desk.lang
        options = self.aids.options()

        def work(out: Path, job: Job) -> Verdict:
            span = Span(job, 2 * sum(weight(Thing(named=one), job) for one in targets))
            looking = holdfast.looking(targets, out, span.part())
            verdict = holdfast.verify(targets, span.part(), **options)
            holdfast.verification(verdict, looking, lang, job)
            return verdict

        def shown(verdict: Verdict) -> None:
            # Something else may have been dropped since.
            if self._targets == targets and self._task is None:
                self._show(verdict)

        name = f"{self.desk.say('verify.paper.name')}.pdf"
        save_as(self, self.desk, name=name, work=work, button=self.paper, then=shown)

    def _copy(self) -> None:
        """Sentence and findings are on the clipboard as text."""
        lines = [self.box.sentence.text(), self.box.beneath.text(), self._at, ""]
        for row_number in range(self.model.rowCount()):
            _, cells = self.model.rows[row_number]
            lines.append("\t".join(cell.full or cell.text for cell in cells))
        QGuiApplication.clipboard().setText("\n".join(lines))
        self.copy.tell("copied")


def _left(*widgets: QWidget, gap: int) -> QWidget:
    holder = QWidget()
    holder.setLayout(Flow(*widgets, gap=gap))
    return holder


def _cosigned(target: str) -> bool:
    """Whether a second key stands on the checkpoint; only looked at, not believed."""
    try:
        with Path(target).open("rb") as file:
            return COSIGNER.encode() in file.read(1 << 16)
    except OSError:
        return False
