"""Sending: three ways, each done by a person and recorded when they say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QPlainTextEdit,
    QWidget,
)

from holdfast.core.job import Job
from holdfast.core.notice import FormEntry, Notice, Platform, addressed, mask, reply_passed
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Fold, column, emptied, framed, row
from holdfast.ui.page import Page
from holdfast.ui.pages.questions import MomentField
from holdfast.ui.parts import Chip, Footer, panel, panel_row
from holdfast.ui.phrases import State, full_time, size
from holdfast.ui.save import open_outside, save_as
from holdfast.ui.widgets import Button, Glyph, IconButton, Label, Line, Radio

if TYPE_CHECKING:
    from holdfast.usecases.cases import CaseFile

WAYS = (("email", "letter"), ("webform", "form"), ("paper", "print"))
SECRET_MS = 60_000
"""A full number leaves the clipboard after a minute."""


class _Way(QFrame):
    """A card with a radio button: one way of sending."""

    def __init__(self, desk: Desk, name: str, icon: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        px = desk.look.px
        self.radio = Radio(desk, f"send.{name}")
        self.line = Label(desk, f"send.{name}.line", role="caption", tone="secondary")
        head = row(self.radio, Glyph(desk, icon, "secondary", size=18), gap=px(8))
        head.setStretch(0, 1)
        under = column(self.line, margins=(px(26), 0, 0, 0))
        self.setLayout(column(head, under, gap=px(4), margins=(px(12), px(6), px(12), px(8))))


class SendPage(Page):
    """It never sends and never submits; it prepares, and records what the person did."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._case, self._letter = "", ""
        self._notice: Notice | None = None
        self._platform: Platform | None = None
        self._file: CaseFile | None = None
        self.back = IconButton(desk, "left", "back")
        self.back.clicked.connect(lambda: desk.wanted.emit("case", (self._case, "letters")))
        self.title = Line(desk, role="heading")
        self.frozen = Chip(desk, wrap=False)
        self.ways = {name: _Way(desk, name, icon) for name, icon in WAYS}
        group = QButtonGroup(self)
        for way in self.ways.values():
            group.addButton(way.radio)
            way.radio.clicked.connect(self.retell)
        self.ways["webform"].radio.setChecked(True)
        self.attachments = column()
        self.folder = Button(desk, "send.files", icon="download", size="small")
        self.folder.clicked.connect(self._save_files)
        self.note = Label(desk, role="caption", tone="secondary")
        self.late = Label(desk, tone="warning")
        self.content = column(gap=desk.look.px(8))
        self.copies: list[Button] = []
        self._at = 0
        self.history = column()
        self.again = Button(desk, "next.again.action", size="small")
        self.again.clicked.connect(lambda: desk.wanted.emit("again", (self._case, self._letter)))
        self.when = MomentField(desk, "send.when")
        self.receipt = Button(desk, "send.receipt", icon="files", size="small")
        self.receipt.clicked.connect(self._choose_receipt)
        self.receipt_name = Line(desk, role="caption", tone="secondary")
        self._receipt: Path | None = None
        self.done = Button(desk, kind="primary")
        self.done.clicked.connect(self._sent)
        self.footer = Footer(desk, self.done, key="send.foot")
        self._prepared = False
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self._copy_next)
        self._build()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        side = px(24)
        head = Fold(
            _pair(self.back, self.title), self.frozen, gap=px(12), below=px(620), stretch=(1, 0)
        )
        top = framed(column(head, margins=(px(12), px(10), side, px(10))), "head")
        left = QWidget()
        left.setLayout(
            column(
                Label(desk, "send.how", role="strong"),
                *self.ways.values(),
                Label(desk, "send.several", role="caption", tone="secondary"),
                px(8),
                Label(desk, "send.attachments", role="strong"),
                self.attachments,
                self.folder,
                self.note,
                None,
                gap=px(8),
            )
        )
        when = row(
            Label(desk, "send.when", tone="secondary", wrap=False), self.when, None, gap=px(8)
        )
        receipt = row(self.receipt, self.receipt_name, gap=px(8))
        receipt.setStretch(1, 1)
        right = QWidget()
        right.setLayout(
            column(
                self.late,
                self.content,
                px(8),
                Label(desk, "send.record", role="strong"),
                when,
                receipt,
                self.history,
                row(self.again, None),
                None,
                gap=px(8),
            )
        )
        fold = Fold(left, right, gap=px(24), below=px(760), stretch=(2, 5))
        self.body(
            column(fold, None, margins=(side, px(16), side, side)), footer=self.footer, top=top
        )

    def arrive(self, what: object) -> None:
        """``what``: (case, notice)."""
        if isinstance(what, tuple):
            self._case, self._letter = what
            self._prepared, self._receipt, self._notice = False, None, None
            self._at = 0
            self.when.begin()
            self._load()
            self.ways[self.way].radio.setFocus(Qt.FocusReason.OtherFocusReason)

    def _load(self) -> None:
        holdfast, case = self.desk.holdfast, self._case

        def work(_: Job) -> tuple[CaseFile, tuple[Platform, ...]]:
            file = holdfast.case_file(case)
            return file, holdfast.platforms(file.case.world)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda both: self._show(*both))
        task.failed.connect(self._trouble)

    def _show(self, file: CaseFile, platforms: tuple[Platform, ...]) -> None:
        self._file = file
        self._notice = next((n for n in file.notices if n.id == self._letter), None)
        if self._notice is None:
            return
        wanted = self._notice.platform
        known = next((p for p in platforms if p.id == wanted), None)
        self._platform = addressed(known, self._notice.answers) if known is not None else None
        self.rehearse(practice=file.case.world == "practice")
        mail = self._platform is not None and bool(self._platform.email)
        self.ways["email"].radio.setEnabled(mail)
        self.ways["email"].line.tell(self._mail_key(mail))
        self.retell()

    def _mail_key(self, known: bool) -> str:
        if not known or self._platform is None:
            return "send.email.unknown"
        return "send.email.line" if self._platform.listed else "send.email.entered"

    @property
    def way(self) -> str:
        """The way that is chosen."""
        return next(name for name, way in self.ways.items() if way.radio.isChecked())

    def retell(self) -> None:
        notice, platform, desk = self._notice, self._platform, self.desk
        if notice is None or platform is None:
            return
        name = platform.names(desk.lang)
        self.title.show_text(desk.say("send.title", number=notice.number, platform=name))
        self.frozen.show_state(
            State(
                icon="lock",
                tone="secondary",
                sentence=desk.say("send.frozen", time=full_time(notice.approved)),
                short="",
            )
        )
        today = desk.holdfast.now().astimezone().date()
        self.late.setVisible(reply_passed(notice, today))
        self.late.tell("notice.concern.reply_passed", date=notice.reply_by)
        self.done.tell(f"send.done.{self.way}")
        self.done.setEnabled(self._prepared)
        self.note.tell(
            "send.source" if platform.listed else "send.source.entered",
            checked=platform.checked_on.isoformat(),
            channel=notice.answers.get("channel")
            or notice.answers.get("agent")
            or platform.channel(desk.lang)
            or desk.say("notice.unknown"),
        )
        self.receipt_name.show_text(self._receipt.name if self._receipt else "")
        self._tell_attachments(notice)
        emptied(self.content)
        self.copies.clear()
        {"email": self._tell_email, "webform": self._tell_form, "paper": self._tell_paper}[
            self.way
        ](notice, platform)
        self._tell_history()

    def _tell_attachments(self, notice: Notice) -> None:
        emptied(self.attachments)
        rows = []
        for file in notice.files:
            # They differ at their end.
            name = Line(self.desk, elide=Qt.TextElideMode.ElideMiddle)
            amount = Label(self.desk, role="caption", tone="secondary")
            amount.setWordWrap(False)
            name.show_text(file.name)
            amount.show_text(size(file.size))
            frame = panel_row(
                Glyph(self.desk, "document", "secondary", size=16),
                name,
                amount,
                wide=1,
                desk=self.desk,
                high=36,
                gap=8,
            )
            rows.append(frame)
        if rows:
            self.attachments.addWidget(panel(*rows))
        for what in notice.by_hand:
            line = Label(self.desk, role="caption", tone="secondary")
            line.show_text(self.desk.say("sheet.post_add", what=what))
            self.attachments.addWidget(line)

    def _tell_email(self, notice: Notice, platform: Platform) -> None:
        desk = self.desk
        self.content.addWidget(Label(desk, "send.email.title", role="strong"))
        facts = (("send.to", platform.email), ("send.subject", self._subject(notice)))
        rows = [self._copied(desk.say(key), text, text) for key, text in facts]
        self.content.addWidget(panel(*rows))
        self.content.addWidget(Label(desk, "send.email.body", role="caption", tone="secondary"))
        self.content.addWidget(self._text(notice.text))
        self.content.addWidget(Label(desk, "send.email.how", role="caption", tone="secondary"))

    def _subject(self, notice: Notice) -> str:
        key = f"letter.subject.{notice.regime}"
        return self.desk.say_or(key, notice.document, number=notice.document)

    def _tell_form(self, notice: Notice, platform: Platform) -> None:
        desk = self.desk
        self.content.addWidget(Label(desk, "send.form.title", role="strong"))
        self.content.addWidget(Label(desk, "send.form.line", role="caption", tone="secondary"))
        rows = [self._entry(entry) for entry in notice.form if entry.text]
        if rows:
            self.content.addWidget(panel(*rows))
        else:
            self.content.addWidget(self._text(notice.text))

    def _entry(self, entry: FormEntry) -> QFrame:
        desk = self.desk
        notes = []
        if entry.limit:
            notes.append(desk.say("sheet.form_count_of", n=entry.count, limit=entry.limit))
        if entry.shortened:
            notes.append(desk.say("sheet.form_shortened"))
        if entry.secret:
            notes.append(desk.say("send.secret"))
        shown = mask(entry.text) if entry.secret and "*" not in entry.text else entry.text
        return self._copied(
            entry.label,
            shown,
            entry.text,
            note=" · ".join(notes),
            field=entry.id,
            secret=entry.secret,
        )

    def _copied(
        self,
        name: str,
        shown: str,
        plain: str,
        *,
        note: str = "",
        field: str = "",
        secret: bool = False,
    ) -> QFrame:
        desk, px = self.desk, self.desk.look.px
        label, text = Label(desk, tone="secondary"), Label(desk)
        label.show_text(name)
        label.setFixedWidth(px(112))
        text.show_text(shown)
        beneath = Label(desk, role="caption", tone="secondary")
        beneath.show_text(note)
        if not note:
            beneath.hide()
        copy = Button(desk, "copy", icon="copy", size="small")
        copy.setProperty("field", name)
        self._tell_copy(copy, "copy")
        copy.clicked.connect(lambda: self._copy(copy, plain, field, secret=secret))
        self.copies.append(copy)
        words = QWidget()
        words.setLayout(column(text, beneath, gap=px(2)))
        both = Fold(label, words, gap=px(12), below=px(360), stretch=(0, 1))
        return panel_row(both, copy, wide=0, desk=desk, high=48)

    def _copy(self, button: Button, plain: str, field: str, *, secret: bool) -> None:
        for other in self.copies:
            self._tell_copy(other, "copy")
        if secret:
            holdfast, letter = self.desk.holdfast, self._letter
            task = self.desk.runner.start(
                lambda _: holdfast.full_value(letter, field), writes=False
            )
            task.succeeded.connect(self._clip_secret)
            task.failed.connect(self._trouble)
        else:
            QGuiApplication.clipboard().setText(plain)
        self._tell_copy(button, "copied")
        self._at = self.copies.index(button) + 1
        self._prepare()

    def _tell_copy(self, button: Button, key: str) -> None:
        """What it did or would do, and aloud with which field."""
        button.tell(key)
        button.show_icon("check" if key == "copied" else "copy")
        button.setAccessibleName(f"{self.desk.say(key)}: {button.property('field')}")

    def _clip_secret(self, number: str) -> None:
        QGuiApplication.clipboard().setText(number)

        def forget() -> None:
            if QGuiApplication.clipboard().text() == number:
                QGuiApplication.clipboard().clear()

        QTimer.singleShot(SECRET_MS, self, forget)

    def _copy_next(self) -> None:
        if self._at < len(self.copies):
            button = self.copies[self._at]
            button.click()
            if self._at < len(self.copies):
                self.copies[self._at].setFocus(Qt.FocusReason.TabFocusReason)

    def _tell_paper(self, notice: Notice, platform: Platform) -> None:
        desk = self.desk
        self.content.addWidget(Label(desk, "send.paper.title", role="strong"))
        said = [
            desk.say("sheet.post_sign"),
            *(desk.say("sheet.post_add", what=what) for what in notice.by_hand),
            desk.say("sheet.post_register"),
            desk.say("sheet.post_address"),
            desk.say("sheet.post_receipt"),
        ]
        rows = []
        for number, sentence in enumerate(said, 1):
            step, line = Label(desk, wrap=False), Label(desk)
            step.show_text(str(number))
            line.show_text(sentence)
            rows.append(panel_row(step, line, wide=1, desk=desk))
        self.content.addWidget(panel(*rows))

    def _text(self, text: str) -> QPlainTextEdit:
        paper = QPlainTextEdit()
        paper.setReadOnly(True)
        paper.setTabChangesFocus(True)
        paper.setPlainText(text)
        paper.setMinimumHeight(self.desk.look.px(220))
        paper.setAccessibleName(self.desk.say("letter.paper"))
        return paper

    def _tell_history(self) -> None:
        emptied(self.history)
        if self._file is None:
            return
        self.again.setVisible(self._notice in self.desk.holdfast.followable(self._file))
        for one in self._file.submissions:
            if one.notice_id == self._letter:
                said = Label(self.desk, role="caption", tone="secondary")
                said.tell(
                    "letters.sent",
                    channel=self.desk.say(f"notice.channel.{one.channel}"),
                    time=full_time(one.sent),
                )
                self.history.addWidget(said)

    def _prepare(self) -> None:
        self._prepared = True
        self.done.setEnabled(True)

    def _save_files(self) -> None:
        def then(paths: tuple[Path, ...]) -> None:
            self._prepare()
            if paths:
                open_outside(paths[0].parent)

        save_as(
            self,
            self.desk,
            name="",
            folder=True,
            work=lambda path, job: self.desk.holdfast.notice_files(self._letter, path, job),
            button=self.folder,
            then=then,
        )

    def _choose_receipt(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.desk.say("send.receipt"))
        if name:
            self._receipt = Path(name)
            self.receipt_name.show_text(self._receipt.name)
            self._prepare()

    def _sent(self) -> None:
        holdfast, letter, way, receipt = (self.desk.holdfast, self._letter, self.way, self._receipt)
        when, case = self.when.told(), self._case
        self.done.setEnabled(False)
        task = self.desk.runner.start(
            lambda _: holdfast.sent(letter, way, when, receipt), "task.recording"
        )
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.succeeded.connect(lambda _: self.desk.wanted.emit("case", (case, "letters")))
        task.failed.connect(self._trouble)
        task.finished.connect(lambda: self.done.setEnabled(True))

    def _trouble(self, error: Exception) -> None:
        self.desk.wanted.emit("trouble", error)


def _pair(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    inside = row(*widgets, gap=8)
    inside.setStretch(len(widgets) - 1, 1)
    holder.setLayout(inside)
    return holder
