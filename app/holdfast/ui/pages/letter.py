"""The letter: questions left, the letter as it will go out right, a gauge beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QSplitter, QStackedWidget, QWidget

from holdfast.core.errors import HoldfastError
from holdfast.core.job import Job
from holdfast.core.notice import Gauge as NoticeGauge
from holdfast.core.notice import Notice, Platform, Question, Regime, addressed
from holdfast.core.questions import asked
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, Scroll, column, emptied, framed, row
from holdfast.ui.page import Page
from holdfast.ui.pages.questions import QuestionRow, first_answers
from holdfast.ui.parts import Footer, Gauge, Tag
from holdfast.ui.phrases import LANGUAGES
from holdfast.ui.widgets import Button, Choice, Glyph, IconButton, Label, Line

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QResizeEvent

    from holdfast.usecases.cases import CaseFile

FIRST = ("union", "used", "agreed", "intimate", "adult", "name")
"""Questions that come one a screen before the letter is shown for the first time.

What a platform is called that is not on the list is asked before them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the page reads before it can ask anything."""

    file: CaseFile
    regimes: tuple[Regime, ...]
    platforms: tuple[Platform, ...]


class LetterPage(Page):
    """Nothing leaves from here: approving freezes the text, sending is the next page."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shelf: Shelf | None = None
        self._case = ""
        self._notice: Notice | None = None
        self._regime: Regime | None = None
        self._platform: Platform | None = None
        self._changed: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._writing = False
        self._editing = False
        self._gauge: NoticeGauge | None = None
        self.rows: dict[str, QuestionRow] = {}
        self.back = IconButton(desk, "left", "back")
        self.back.clicked.connect(self._leave)
        self.title = Line(desk, role="heading")
        self.tag = Tag(desk, "notice.status.drafted")
        self.saved = Label(desk, role="caption", tone="secondary", wrap=False)
        self.platform = Choice(desk, "letter.platform")
        self.regime = Choice(desk, "letter.regime")
        self.lang = Choice(desk, "letter.lang")
        self.basis = Label(desk, role="caption", tone="secondary")
        self.note = Label(desk, role="caption", tone="secondary")
        self.refusal = Label(desk, tone="warning")
        self.refusal.hide()
        self.questions = column()
        self.paper = QPlainTextEdit()
        self.paper.setProperty("kind", "paper")
        self.paper.setReadOnly(True)
        self.paper.setTabChangesFocus(True)
        self.law, self.good = Gauge(desk, "notice.need.law"), Gauge(desk, "notice.need.good")
        self.concerns = column(gap=desk.look.px(4))
        self.edit = Button(desk, "letter.edit")
        self.restore = Button(desk, "letter.restore")
        self.restore.hide()
        self.approve = Button(desk, "letter.approve", kind="primary")
        self.edit.clicked.connect(self._edit)
        self.restore.clicked.connect(self._restore)
        self.approve.clicked.connect(self._approve)
        self.platform.activated.connect(self._choose_platform)
        self.regime.activated.connect(self._choose_regime)
        self.lang.activated.connect(self._choose_lang)
        self.steps = _Steps(desk)
        self.steps.answered.connect(self._answer)
        self.steps.finished.connect(self._open_letter)
        self.steps.platform.activated.connect(self._choose_first_platform)
        self.steps.regime.activated.connect(self._choose_first_regime)
        self.stack = QStackedWidget()
        self._build()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        side = px(24)
        head = row(self.back, self.title, self.tag, self.saved, gap=px(12))
        head.setStretch(1, 1)
        top = framed(column(head, margins=(px(12), px(10), side, px(10))), "head")
        address = column(
            _labelled(desk, "letter.platform", self.platform),
            _labelled(desk, "letter.regime", self.regime),
            _labelled(desk, "letter.lang", self.lang),
            self.basis,
            self.note,
            self.refusal,
            gap=px(8),
            margins=(side, px(12), side, px(12)),
        )
        self.address = QWidget()
        self.address.setLayout(address)
        title = row(Label(desk, "letter.questions", role="heading"), gap=px(8))
        title.setContentsMargins(side, px(16), side, px(8))
        self.follow = Label(desk, "letter.follow", role="caption", tone="secondary")
        self.follow.setContentsMargins(side, 0, side, px(8))
        self.questions_holder = QWidget()
        self.questions_holder.setLayout(self.questions)
        left = framed(
            column(title, self.follow, self.address, self.questions_holder, None), "detailbody"
        )
        sheet = framed(column(self.paper, margins=(px(24), px(20), px(24), px(20))), "sheetpaper")
        sheet.setMinimumHeight(px(260))
        gauges = Fold(self.law, self.good, gap=px(32), below=px(420), stretch=(1, 1))
        under = QWidget()
        under.setLayout(column(gauges, self.concerns, gap=px(8)))
        inside = column(sheet, px(12), under, margins=(side, px(16), side, px(12)))
        inside.setStretch(0, 1)
        right_body = Scroll(framed(inside, "body"))
        self.footer = Footer(desk, self.restore, self.edit, self.approve, key="letter.foot")
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(Scroll(left))
        self.splitter.addWidget(right_body)
        self.splitter.setSizes([px(440), px(664)])
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.stack.addWidget(self.steps)
        whole = QWidget()
        parts = column(self.splitter, self.footer)
        parts.setStretch(0, 1)
        whole.setLayout(parts)
        self.stack.addWidget(whole)
        layout = column(top, self.stack)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def arrive(self, what: object) -> None:
        """``what``: (case, notice); an empty notice begins one or takes up an unapproved one.

        One that is not there (``ANOTHER``) begins one in any case.
        """
        if not isinstance(what, tuple):
            return
        self.rest()
        self._case, wanted = what
        self._notice = self._gauge = None
        self._changed.clear()
        self._given.clear()
        holdfast, case = self.desk.holdfast, self._case

        def work(_: Job) -> Shelf:
            file = holdfast.case_file(case)
            mine = holdfast.platforms(file.case.world)
            return Shelf(file=file, regimes=holdfast.regimes(), platforms=mine)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda shelf: self._begin(shelf, wanted))
        task.failed.connect(self._trouble)

    def _begin(self, shelf: Shelf, wanted: str) -> None:
        case = shelf.file.case
        if self._case not in (case.id, case.number):
            return
        self._shelf, self._case = shelf, case.id
        self.rehearse(practice=case.world == "practice")
        open_letters = [n for n in shelf.file.notices if n.status == "drafted"]
        found = [n for n in open_letters if n.id == wanted] or (open_letters if not wanted else [])
        self._notice = found[-1] if found else None
        claimant = next((p for p in shelf.file.parties if p.role == "claimant"), None)
        party = (
            {
                "name": claimant.legal_name or claimant.name,
                "id_type": claimant.id_type,
                "id_number": claimant.id_number,
                "phone": claimant.phone,
                "email": claimant.email,
                "address": claimant.address,
            }
            if claimant
            else {}
        )
        self._given = first_answers(self._notice.answers if self._notice else {}, party)
        self._fill_choices()
        self._ask_all()
        self.retell()
        if self._notice is not None:
            self.stack.setCurrentIndex(1)
            first = next(iter(self.rows))
            self._changed[first] = self._given.get(first, "")
            self._write()
            self.rows[first].first.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.stack.setCurrentIndex(0)
            self._step()

    def _step(self) -> None:
        """The first questions; before it is known to whom, those of the first basis there is."""
        regimes = self._shelf.regimes if self._shelf is not None else ()
        regime = self._regime or next(iter(regimes), None)
        if regime is not None:
            unlisted = self._platform is not None and not self._platform.listed
            first = ("platform_name", *FIRST) if unlisted else FIRST
            self.steps.begin(regime, first, self._given, self.platform, self.regime)

    # --- to whom, on what basis, in which language -----------------------------------------------

    def _fill_choices(self) -> None:
        assert self._shelf is not None
        lang, notice = self.desk.lang, self._notice
        self.platform.clear()
        for platform in self._shelf.platforms:
            self.platform.addItem(platform.names(lang), platform.id)
        wanted = notice.platform if notice else self._guess()
        # Nobody's letter goes to whoever happens to stand first in the list.
        self.platform.setCurrentIndex(self.platform.findData(wanted))
        self._take_platform()
        if notice is not None:
            self.regime.setCurrentIndex(max(0, self.regime.findData(notice.regime)))
        self._take_regime()
        if notice is not None:
            self.lang.setCurrentIndex(max(0, self.lang.findData(notice.lang)))
        for box in (self.platform, self.regime, self.lang):
            box.setEnabled(notice is None)

    def _guess(self) -> str:
        """The only platform there is, or the one whose name stands in an exhibit's host."""
        assert self._shelf is not None
        if len(self._shelf.platforms) == 1:
            return self._shelf.platforms[0].id
        names = {
            part
            for exhibit in self._shelf.file.exhibits
            for part in (urlsplit(exhibit.url).hostname or "").split(".")
        }
        for platform in self._shelf.platforms:
            if platform.listed and platform.id.split("-")[0] in names:
                return platform.id
        return ""

    def _take_platform(self) -> None:
        assert self._shelf is not None
        chosen = self.platform.currentData()
        self._platform = next((p for p in self._shelf.platforms if p.id == chosen), None)
        before = self.regime.currentData()
        self.regime.clear()
        offered = self._platform.regimes if self._platform else ()
        if self._notice is not None:
            # One that follows a letter is offered by that letter alone.
            offered = (*offered, self._notice.regime)
        for regime in self._shelf.regimes:
            if regime.id in offered:
                self.regime.addItem(regime.names(self.desk.lang), regime.id)
        self.regime.setCurrentIndex(max(0, self.regime.findData(before)))

    def _take_regime(self) -> None:
        assert self._shelf is not None
        chosen = self.regime.currentData()
        self._regime = next((r for r in self._shelf.regimes if r.id == chosen), None)
        before = self.lang.currentData() or self.desk.lang
        self.lang.clear()
        for lang in self._regime.languages if self._regime else ():
            self.lang.addItem(LANGUAGES[lang], lang)
        self.lang.setCurrentIndex(max(0, self.lang.findData(before)))
        self._tell_basis()

    def _tell_basis(self) -> None:
        if self._regime is not None:
            self.basis.show_text(self._regime.short(self.desk.lang))
        if self._platform is not None:
            self.note.show_text(self._platform.note(self.desk.lang))
            self.note.setVisible(bool(self.note.text()))

    def _choose_platform(self) -> None:
        self._take_platform()
        self._choose_regime()

    def _choose_first_platform(self, at: int) -> None:
        self.platform.setCurrentIndex(at)
        self._take_platform()
        self._begin_anew()

    def _choose_first_regime(self, at: int) -> None:
        self.regime.setCurrentIndex(at)
        self._begin_anew()

    def _begin_anew(self) -> None:
        """The first questions of what was chosen; what was answered before is kept."""
        if self.steps.line is not None:
            self._given[self.steps.line.question.id] = self.steps.line.answer()
        self._take_regime()
        self._ask_all()
        self.retell()
        self._step()

    def _choose_regime(self) -> None:
        self._take_regime()
        self._ask_all()
        self._rewrite()

    def _choose_lang(self) -> None:
        self._rewrite()

    def _rewrite(self) -> None:
        self._changed.update(self._given)
        self._write()

    # --- questions -------------------------------------------------------------------------------

    def _ask_all(self) -> None:
        emptied(self.questions)
        self.rows.clear()
        if self._regime is None:
            return
        for question in self._regime.questions:
            line = QuestionRow(self.desk, question)
            line.show_answer(self._given.get(question.id, question.default))
            line.answered.connect(self._answer)
            self.rows[question.id] = line
            self.questions.addWidget(line)
        self._show_asked()

    def _show_asked(self) -> None:
        if self._regime is None or self._platform is None:
            return
        now = {q.id for q in asked(self._regime, self._platform, self._given)}
        for name, line in self.rows.items():
            line.setVisible(name in now)

    def _answer(self, question: str, answer: str) -> None:
        self._given[question] = answer
        self._changed[question] = answer
        if question in self.rows:
            self.rows[question].show_answer(answer)
        self._show_asked()
        if self.stack.currentIndex() == 1:
            self._write()

    def _open_letter(self) -> None:
        self.stack.setCurrentIndex(1)
        self._rewrite()
        self.platform.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- writing ---------------------------------------------------------------------------------

    def _write(self) -> None:
        """The letter follows the answers; one writing at a time, the latest answers last."""
        if self._writing or self._editing or not self._changed:
            return
        if self._regime is None or self._platform is None:
            return
        holdfast, given = self.desk.holdfast, dict(self._changed)
        case, regime, platform = self._case, self._regime.id, self._platform.id
        lang = self.lang.currentData() or self.desk.lang
        known = {question.id for question in self._regime.questions}
        given = {name: text for name, text in given.items() if name in known}
        if self._notice is not None and self._notice.edited:
            self._weigh(self._notice)
            self._changed.clear()
            return
        self._changed.clear()
        self._writing = True

        begun = self._notice.id if self._notice is not None else ""

        def work(job: Job) -> tuple[Notice, NoticeGauge]:
            if begun:
                notice = holdfast.revise(begun, given, job)
            else:
                notice = holdfast.draft(case, regime, platform, given, lang, job)
            return notice, holdfast.check(notice.id)

        task = self.desk.runner.start(work)
        task.succeeded.connect(lambda both: self._written(*both))
        task.failed.connect(lambda error: self._refused(error, given))
        task.finished.connect(self._wrote)

    def _wrote(self) -> None:
        self._writing = False
        if self._changed:
            QTimer.singleShot(0, self, self._write)

    def _written(self, notice: Notice, gauge: NoticeGauge) -> None:
        chosen = self._platform.id if self._platform is not None else ""
        held = notice.id if self._notice is None else self._notice.id
        if (notice.case_id, notice.platform, notice.id) != (self._case, chosen, held):
            # Another letter is on the table by now.
            return
        self.refusal.hide()
        self._notice = notice
        for box in (self.platform, self.regime, self.lang):
            box.setEnabled(False)
        self._show_notice(gauge)

    def _weigh(self, notice: Notice) -> None:
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda _: holdfast.check(notice.id), writes=False)
        task.succeeded.connect(self._show_notice)
        task.failed.connect(self._trouble)

    def _refused(self, error: Exception, given: dict[str, str]) -> None:
        """Said where it belongs: under the question, or above them all."""
        if not isinstance(error, HoldfastError):
            self._trouble(error)
            return
        three = self.desk.trouble(error)
        blamed = str(error.facts.get("question", ""))
        name = blamed if blamed in self.rows else next(iter(given), "")
        if error.code.startswith("answer_") and name in self.rows:
            self.rows[name].complain(f"{three.what}{self.desk.say('gap')}{three.now}")
            return
        self.refusal.show_text(str(three))
        self.refusal.show()

    def _show_notice(self, gauge: NoticeGauge) -> None:
        notice = self._notice
        if notice is None:
            return
        self._gauge = gauge
        if not self._editing:
            bar = self.paper.verticalScrollBar()
            held = bar.value()
            self.paper.setPlainText(notice.text)
            bar.setValue(held)
        if "reply_by" in self.rows and notice.reply_by:
            self.rows["reply_by"].suggest(notice.reply_by)
        self.approve.setEnabled(gauge.ready and not self._editing)
        self.restore.setVisible(notice.edited)
        # What the person wrote is theirs: answers would not change a word of it.
        self.questions_holder.setEnabled(not notice.edited)
        self.retell()

    def _tell_gauge(self, gauge: NoticeGauge) -> None:
        lang = self.desk.lang
        for meter, need in ((self.law, "law"), (self.good, "good")):
            meter.show_elements(
                [
                    (
                        self.desk.say(f"notice.element.{e.id}"),
                        e.state == "present",
                        e.detail,
                    )
                    for e in gauge.elements
                    if e.need == need
                ],
                [
                    e.article(lang)
                    for e in gauge.elements
                    if e.need == need and (need == "law" or e.state == "missing")
                ],
            )
        self._tell_concerns(gauge)

    def _tell_choices(self, shelf: Shelf) -> None:
        """Names in the language that is spoken now; what is chosen stays chosen."""
        lang = self.desk.lang
        names = {platform.id: platform.names(lang) for platform in shelf.platforms}
        names |= {regime.id: regime.names(lang) for regime in shelf.regimes}
        for box in (self.platform, self.steps.platform, self.regime, self.steps.regime):
            for at in range(box.count()):
                box.setItemText(at, names.get(box.itemData(at), box.itemText(at)))
        self.steps.platform.setPlaceholderText(self.desk.say("letter.platform.choose"))

    def _tell_concerns(self, gauge: NoticeGauge) -> None:
        emptied(self.concerns)
        lines = [
            self.desk.say(f"notice.concern.{concern.code}", **concern.facts)
            for concern in gauge.concerns
        ]
        for name in gauge.unconfirmed:
            question = self.desk.say_or(f"notice.question.{name}", self.desk.say("letter.text"))
            lines.append(self.desk.say("letter.unconfirmed", question=question))
        for sentence in lines:
            text = Label(self.desk, role="caption", tone="warning")
            text.show_text(sentence)
            line = row(Glyph(self.desk, "warning", "warning", size=16), text, gap=6)
            line.setStretch(1, 1)
            holder = QWidget()
            holder.setLayout(line)
            self.concerns.addWidget(holder)

    def retell(self) -> None:
        self.paper.setAccessibleName(self.desk.say("letter.paper"))
        self._tell_basis()
        shelf, notice = self._shelf, self._notice
        if shelf is None:
            return
        name = self._name()
        key = "letter.title" if notice else "letter.title.to" if name else "letter.title.new"
        number = notice.number if notice else ""
        self.title.show_text(
            self.desk.say(key, number=number, case=shelf.file.case.title, platform=name)
        )
        ready = self.approve.isEnabled()
        foot = "letter.foot.editing" if self._editing else "letter.foot.not"
        self.footer.sentence.tell("letter.foot" if ready else foot)
        self._tell_choices(shelf)
        if notice is not None and self._gauge is not None:
            self._tell_gauge(self._gauge)
        own = notice is not None and notice.edited
        self.follow.tell("letter.follow.own" if own else "letter.follow")
        self.saved.tell("letter.saved") if notice else self.saved.show_text("")

    def _name(self) -> str:
        """What the platform is called; empty as long as nobody said so."""
        if self._platform is None:
            return ""
        return addressed(self._platform, self._given).names(self.desk.lang)

    # --- the person's own words, and approval ----------------------------------------------------

    def _edit(self) -> None:
        if self._notice is None:
            return
        if not self._editing:
            self._editing = True
            self.paper.setReadOnly(False)
            self.paper.setFocus(Qt.FocusReason.OtherFocusReason)
            self.edit.tell("letter.edit.done")
            self.approve.setEnabled(False)
            self.retell()
            return
        self.rest()

    def rest(self) -> None:
        """What the person wrote is the letter's text from now on."""
        if self._editing and self._notice is not None:
            self._stop_edit()
            self._store_text(self.paper.toPlainText())

    def _stop_edit(self) -> None:
        self._editing = False
        self.paper.setReadOnly(True)
        self.edit.tell("letter.edit")

    def _restore(self) -> None:
        from holdfast.ui.ask import ask

        if self._notice is not None and ask(self, self.desk, "letter.restore.ask"):
            self._stop_edit()
            self._store_text("")

    def hideEvent(self, event: QHideEvent) -> None:
        # Whoever goes elsewhere in the middle of a sentence finds it again.
        self.rest()
        super().hideEvent(event)

    def _store_text(self, text: str) -> None:
        assert self._notice is not None
        holdfast, letter = self.desk.holdfast, self._notice.id

        def work(job: Job) -> tuple[Notice, NoticeGauge]:
            notice = holdfast.edit(letter, text, job)
            return notice, holdfast.check(letter)

        task = self.desk.runner.start(work)
        task.succeeded.connect(lambda both: self._written(*both))
        task.failed.connect(self._trouble)

    def _approve(self) -> None:
        if self._notice is None:
            return
        holdfast, letter, case = self.desk.holdfast, self._notice.id, self._case
        self.approve.setEnabled(False)
        task = self.desk.runner.start(lambda job: holdfast.approve(letter, job), "task.approving")
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.succeeded.connect(lambda _: self.desk.wanted.emit("send", (case, letter)))
        task.failed.connect(self._trouble)
        task.finished.connect(lambda: self.approve.setEnabled(True))

    def _trouble(self, error: Exception) -> None:
        self.desk.wanted.emit("trouble", error)

    def _leave(self) -> None:
        for line in self.rows.values():
            line.flush()
        self.desk.wanted.emit("case", (self._case, ""))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < self.desk.look.px(860)
        way = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() is not way:
            self.splitter.setOrientation(way)


def _labelled(desk: Desk, key: str, control: QWidget) -> QWidget:
    px = desk.look.px
    label = Label(desk, key, role="caption", tone="secondary", wrap=False)
    label.setMinimumWidth(px(64))
    label.setBuddy(control)
    inside = row(label, control, gap=px(8))
    inside.setStretch(1, 1)
    holder = QWidget()
    holder.setLayout(inside)
    return holder


class _Steps(QWidget):
    """The first questions, one a screen."""

    answered = Signal(str, str)
    finished = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self._at = 0
        self._questions: list[Question] = []
        self._given: Mapping[str, str] = {}
        self.count = Label(desk, tone="secondary")
        self.platform = Choice(desk, "letter.platform")
        self._to = _labelled(desk, "letter.platform", self.platform)
        self.regime = Choice(desk, "letter.regime")
        self._on = _labelled(desk, "letter.regime", self.regime)
        self.room = column()
        self.line: QuestionRow | None = None
        self.back = Button(desk, "back", size="large")
        self.next = Button(desk, "letter.next", kind="primary", size="large")
        self.back.clicked.connect(lambda: self._turn(-1))
        self.next.clicked.connect(lambda: self._turn(1))
        buttons = QWidget()
        buttons.setLayout(Flow(self.back, self.next, gap=px(8)))
        foot = column(buttons, margins=(px(24), px(8), px(24), 0))
        to = column(self._to, self._on, gap=px(8), margins=(px(24), 0, px(24), 0))
        self.count.setContentsMargins(px(24), 0, px(24), 0)
        inside = column(
            px(48), self.count, px(8), to, self.room, px(8), foot, None, margins=(px(24),) * 4
        )
        body = framed(inside, "body")
        body.setMaximumWidth(px(760))
        whole = row(None, body, None)
        whole.setStretch(1, 100)
        outer = QWidget()
        outer.setLayout(whole)
        self.setLayout(column(Scroll(outer)))

    def begin(
        self,
        regime: Regime,
        first: Sequence[str],
        given: Mapping[str, str],
        platforms: Choice,
        regimes: Choice,
    ) -> None:
        """The first of them is asked, with whom the letter goes to and on what basis."""
        for mine, theirs in ((self.platform, platforms), (self.regime, regimes)):
            mine.clear()
            for at in range(theirs.count()):
                mine.addItem(theirs.itemText(at), theirs.itemData(at))
            mine.setCurrentIndex(theirs.currentIndex())
        known = {question.id: question for question in regime.questions}
        self._questions = [known[name] for name in first if name in known]
        self._given, self._at = dict(given), 0
        self._ask()

    def _ask(self) -> None:
        emptied(self.room)
        question = self._questions[self._at]
        self.count.tell("letter.step", at=self._at + 1, count=len(self._questions))
        self.line = QuestionRow(self.desk, question)
        self.line.setObjectName("")
        self.line.title.setProperty("role", "title")
        self.line.show_answer(self._given.get(question.id, question.default))
        self.room.addWidget(self.line)
        self.back.setVisible(self._at > 0)
        self._to.setVisible(self._at == 0)
        self._on.setVisible(self._at == 0 and self.regime.count() > 1)
        unknown = self._at == 0 and self.platform.currentIndex() < 0
        first = self.platform if unknown else self.line.first
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn(self, step: int) -> None:
        line = self.line
        if line is None:
            return
        answer = line.answer()
        if step > 0 and self.platform.currentIndex() < 0:
            line.complain(self.desk.say("letter.platform.first"))
            self.platform.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if step > 0 and not answer:
            choice = line.question.kind in ("one", "many")
            line.complain(self.desk.say("letter.answer_first" if choice else "letter.fill_first"))
            return
        self._given = {**self._given, line.question.id: answer}
        self.answered.emit(line.question.id, answer)
        self._at += step
        if self._at >= len(self._questions):
            self.finished.emit()
        else:
            self._ask()
