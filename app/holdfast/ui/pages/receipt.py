"""The receipt: what was kept, that it is safe, and four doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column, emptied, row, rule
from holdfast.ui.page import Page
from holdfast.ui.parts import CopyButton, Proves, Tag, Thumb, panel, panel_row
from holdfast.ui.phrases import (
    exhibit_state,
    full_time,
    grouped,
    sealing_lines,
    size,
    stamps_of,
    utc_time,
)
from holdfast.ui.pictures import load_picture
from holdfast.ui.save import save_as
from holdfast.ui.widgets import Button, Door, Glyph, Label, Line

if TYPE_CHECKING:
    from holdfast.core.canonical import Json
    from holdfast.core.evidence import Exhibit
    from holdfast.usecases.cases import CaseFile

DOORS = (
    ("receipt.door.down", "removed"),
    ("receipt.door.keep", "lock"),
    ("receipt.door.notary", "scales"),
    ("receipt.door.help", "help"),
)


class ReceiptPage(Page):
    """No primary button: what comes next is the person's choice."""

    place = "today"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._case = ""
        self._numbers: tuple[str, ...] = ()
        self._file: CaseFile | None = None
        self._errors: Sequence[Exception] = ()
        self.thumb = Thumb(desk, wide=332, high=168)
        self.hint = Label(desk, "picture.hint", role="caption", tone="secondary")
        self.title = Label(desk, "receipt.title", role="title")
        self.tags = QWidget()
        self._tags = Flow(gap=px(8))
        self.tags.setLayout(self._tags)
        self.about = Label(desk)
        self.incomplete = Label(desk, tone="warning")
        self.red = Label(desk, role="caption", tone="warning")
        self.failed = Label(desk, role="caption", tone="secondary")
        self.instead = Button(desk, "trouble.do.screen", icon="screenshot", size="small")
        self.instead.clicked.connect(lambda: desk.wanted.emit("shot", self._case))
        self.closed = Button(desk, "receipt.closed", icon="close", size="small")
        self.closed.clicked.connect(lambda: desk.wanted.emit("closed", (self._case, self._covered)))
        self.closed.hide()
        self._covered: tuple[str, ...] = ()
        self.log_in = Button(desk, "trouble.do.browse", icon="page", size="small")
        self.log_in.clicked.connect(self._log_in)
        self.log_in.hide()
        self.sealed, self.fingerprint = Line(desk), Line(desk, role="mono")
        self.stamp_glyph = Glyph(desk, "pending", "secondary", size=18)
        self.stamps = Label(desk)
        self.take_in = Button(desk, "import.open", kind="link")
        self.take_in.clicked.connect(lambda: desk.wanted.emit("token", self._case))
        self.copy = CopyButton(desk, "copy.sha256")
        self.safe = Label(desk, "receipt.safe", role="strong")
        self.save = Button(desk, "receipt.save", icon="download", size="small")
        self.save.clicked.connect(self._save)
        self.proves = Proves(desk)
        self.doors = [Door(desk, key, icon) for key, icon in DOORS]
        self._build()
        for door, act in zip(
            self.doors, (self._down, self._only_keep, self._notary, self._help), strict=True
        ):
            door.clicked.connect(act)
        desk.changed.connect(self._reload)

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        left = QWidget()
        left.setLayout(column(self.thumb, self.hint, None, gap=px(8)))
        rows = panel(
            self._row("lock", "receipt.sealed", self.sealed),
            self._row(self.stamp_glyph, "receipt.stamps", self.stamps),
            self._row("file", "receipt.fingerprint", self.fingerprint, self.copy),
        )
        heading = row(self.title, gap=px(16))
        safe = Fold(self.safe, self.save, gap=px(8), below=px(360), stretch=(1, 0))
        right = QWidget()
        right.setLayout(
            column(
                heading,
                self.tags,
                self.about,
                self.incomplete,
                self.red,
                self.failed,
                _left(self.log_in, self.instead, self.closed),
                px(4),
                rows,
                px(4),
                safe,
                _left(self.take_in),
                None,
                gap=px(8),
            )
        )
        top = Fold(left, right, gap=px(24), below=px(760), stretch=(0, 1))
        doors = column(
            Fold(*self.doors[:2], gap=px(12), below=px(520), stretch=(1, 1)),
            Fold(*self.doors[2:], gap=px(12), below=px(520), stretch=(1, 1)),
            gap=px(12),
        )
        side = px(24)
        inside = column(
            top,
            px(20),
            self.proves,
            px(16),
            rule(),
            px(20),
            Label(desk, "receipt.next", role="heading"),
            px(12),
            doors,
            px(8),
            Label(desk, "receipt.no_hurry", role="caption", tone="secondary"),
            None,
            margins=(side, side, side, side),
        )
        self.body(inside)

    def _row(self, icon: str | Glyph, key: str, value: QWidget, *more: QWidget) -> QWidget:
        px = self.desk.look.px
        glyph = Glyph(self.desk, icon, "secondary", size=18) if isinstance(icon, str) else icon
        name = Label(self.desk, key, tone="secondary", wrap=False)
        name.setMinimumWidth(px(84))
        return panel_row(glyph, name, value, *more, wide=2, desk=self.desk)

    def arrive(self, what: object) -> None:
        """``what``: a case's id; or it, the numbers that were just kept, and what failed beside."""
        case, numbers, *more = what if isinstance(what, tuple) else (what, ())
        self._errors = more[0] if more else ()
        if isinstance(case, str) and case:
            self._case, self._numbers = case, tuple(numbers)
            self._file = None
            self._reload()
        self.doors[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _reload(self) -> None:
        if not self._case or not self.isVisible():
            return
        holdfast, case = self.desk.holdfast, self._case

        def work(_: Job) -> CaseFile:
            return holdfast.case_file(case)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(self._show)

    def _show(self, file: CaseFile) -> None:
        fresh = self._file is None
        self._file = file
        self.rehearse(practice=file.case.world == "practice")
        self.retell()
        kept = self._kept()
        if fresh and kept:
            load_picture(self.desk, kept[0], self.thumb)
        self._tell_red(kept)
        self._tell_covered(kept)

    def _tell_red(self, kept: tuple[Exhibit, ...]) -> None:
        """What is lacking, in words, as soon as the manifests were read."""
        holdfast, lang = self.desk.holdfast, self.desk.lang
        lacking = [exhibit for exhibit in kept if not exhibit.complete]
        self.red.setVisible(bool(lacking))
        self.log_in.hide()
        if not lacking:
            return

        def work(_: Job) -> tuple[str, bool]:
            lines = [line for exhibit in lacking for line in holdfast.red(exhibit, lang)]
            return "\n".join(lines), any(_wants_login(holdfast.manifest(one)) for one in lacking)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda both: self._show_red(*both))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _tell_covered(self, kept: tuple[Exhibit, ...]) -> None:
        """A page over which something lay can be kept once more with that closed."""
        holdfast = self.desk.holdfast
        pages = [exhibit for exhibit in kept if exhibit.source == "page" and exhibit.url]

        def work(_: Job) -> tuple[str, ...]:
            return tuple(page.url for page in pages if covered(holdfast.manifest(page)))

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(self._show_covered)

    def _show_covered(self, links: tuple[str, ...]) -> None:
        self._covered = links
        self.closed.setVisible(bool(links))

    def _show_red(self, lines: str, login: bool) -> None:
        self.red.show_text(lines)
        self.log_in.setVisible(login)

    def _log_in(self) -> None:
        url = next((one.url for one in self._kept() if one.url), "")
        self.desk.wanted.emit("browsing", (self._case, url))

    def _kept(self) -> tuple[Exhibit, ...]:
        if self._file is None:
            return ()
        standing = [e for e in self._file.exhibits if not e.withdrawn]
        mine = [e for e in standing if not self._numbers or e.number in self._numbers]
        return tuple(mine)

    def retell(self) -> None:
        file, kept = self._file, self._kept()
        if file is None or not kept:
            return
        emptied(self._tags)
        for exhibit in kept[:12]:
            tag = Tag(self.desk)
            tag.show_text(exhibit.number)
            self._tags.addWidget(tag)
        files = [artifact for exhibit in kept for artifact in exhibit.artifacts]
        first = kept[0]
        self.about.tell(
            "receipt.about",
            title=first.caption or first.title or first.url or file.case.title,
            count=len(files),
            size=size(sum(artifact.size for artifact in files)),
        )
        told = (self.desk.trouble(error) for error in self._errors)
        self.failed.show_text("\n".join(f"{t.what}{self.desk.say('gap')}{t.now}" for t in told))
        self.failed.setVisible(bool(self._errors))
        lacking = [exhibit.number for exhibit in kept if not exhibit.complete]
        self.incomplete.setVisible(bool(lacking))
        self.incomplete.tell("receipt.incomplete", exhibits=", ".join(lacking))
        # Of what was on a site a picture can still be taken; of what was recorded it makes no more.
        sites = (one for one in kept if one.source in ("page", "video", "series"))
        self.instead.setVisible(any(not one.complete for one in sites))
        last = kept[-1]
        self.sealed.show_text(full_time(last.sealed))
        self.sealed.setToolTip(utc_time(last.sealed))
        lines = sealing_lines(file)
        stamps = stamps_of(first, file.stamps, lines.get(first.number))
        state = exhibit_state(self.desk, stamps, practice=self.practice)
        self.stamp_glyph.draw(state.icon, state.tone)
        self.stamps.show_text(state.sentence)
        self.stamps.dye(state.tone)
        self.fingerprint.show_text(grouped(first.digest.sha256))
        self.copy.holds(first.digest.sha256)
        self.proves.show_lines(
            (self.desk.say("receipt.proves", count=len(files)),),
            ("proves.not.server", "proves.not.maker", "proves.not.court"),
        )

    def _save(self) -> None:
        save_as(
            self,
            self.desk,
            name=f"{self.desk.say('receipt.file')}.pdf",
            work=lambda path, job: self.desk.holdfast.document(
                "receipt", self._case, self.desk.lang, job, path
            ),
            button=self.save,
        )

    def _down(self) -> None:
        self.desk.wanted.emit("letter", (self._case, ""))

    def _only_keep(self) -> None:
        self.desk.wanted.emit("today", "")

    def _notary(self) -> None:
        self.desk.wanted.emit("documents", self._case)

    def _help(self) -> None:
        self.desk.wanted.emit("help", None)


def covered(manifest: Mapping[str, Json]) -> bool:
    """Whether something lay over the page when it was kept, and was not closed."""
    checks = manifest.get("completeness")
    return isinstance(checks, list) and any(
        isinstance(one, Mapping)
        and one.get("check") == "covered"
        and one.get("outcome") in ("warn", "fail")
        for one in checks
    )


def _left(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    holder.setLayout(Flow(*widgets, gap=8))
    return holder


def _wants_login(manifest: Mapping[str, Any]) -> bool:
    """Whether what was kept is the site asking to log in."""
    return any(
        check["check"] == "login_wall" and check["outcome"] == "fail"
        for check in manifest["completeness"]
    )
