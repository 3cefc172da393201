"""A time-stamp from elsewhere: the file, the authority's root where it is needed, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from holdfast.core.canonical import one_line
from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, at_most, column
from holdfast.ui.page import Page
from holdfast.ui.parts import DropZone, panel, panel_row
from holdfast.ui.phrases import full_time
from holdfast.ui.widgets import Button, Glyph, Label

if TYPE_CHECKING:
    from holdfast.usecases.imported import Imported

TOKENS = "*.tsr *.tsa *.TSR *.TSA"
CERTIFICATES = "*.pem *.crt *.cer *.der"
_LOOKS = {
    "confirmed": ("confirmed", "confirmed"),
    "simulated": ("confirmed", "secondary"),
    "unchecked": ("unchecked", "secondary"),
}


class TokenPage(Page):
    """Nothing is kept before the button is pressed; what fails leaves the case as it was."""

    place = "cases"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._case = ""
        self._token: Path | None = None
        self._root: Path | None = None
        self._chain: Path | None = None
        self._found: Imported | None = None
        self.title = Label(desk, "import.title", role="title")
        self.line = Label(desk, "import.line", tone="secondary")
        self.token = DropZone(
            desk,
            title="import.token",
            line="import.token.line",
            button="import.choose",
            icon="file",
        )
        self.root = DropZone(
            desk, title="import.root", line="import.root.line", button="import.choose", icon="lock"
        )
        self.chain = DropZone(
            desk,
            title="import.chain",
            line="import.chain.line",
            button="import.choose",
            icon="lock",
        )
        for zone, name in self._zones():
            zone.dropped.connect(lambda paths, name=name: self._take(paths, name))
            zone.button.clicked.connect(lambda _=False, name=name: self._choose(name))
        self.keep = Button(desk, "import.keep", kind="primary")
        self.keep.clicked.connect(self._keep)
        self.back = Button(desk, "import.back")
        self.back.clicked.connect(lambda: desk.wanted.emit("case", self._case))
        self.glyph = Glyph(desk, "unchecked", "secondary", size=20)
        self.about = Label(desk, role="strong")
        self.said = Label(desk)
        words = QWidget()
        words.setLayout(column(self.about, self.said, gap=px(4)))
        self.result = panel(panel_row(self.glyph, words, wide=1, desk=desk))
        buttons = QWidget()
        buttons.setLayout(Flow(self.keep, self.back, gap=px(12)))
        inside = column(
            px(40),
            self.title,
            self.line,
            px(8),
            self.token,
            self.root,
            self.chain,
            px(4),
            buttons,
            px(8),
            self.result,
            None,
            gap=px(12),
            margins=(px(24),) * 4,
        )
        self.body(column(at_most(px(760), inside), None))

    def arrive(self, what: object) -> None:
        """``what``: the case's id."""
        if isinstance(what, str) and what:
            self._case = what
            holdfast, runner = self.desk.holdfast, self.desk.runner
            task = runner.start(
                lambda _: holdfast.case_file(what).case.world == "practice", writes=False
            )
            task.succeeded.connect(lambda practice: self.rehearse(practice=practice))
        self._token = self._root = self._chain = self._found = None
        self.retell()
        self.token.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _zones(self) -> tuple[tuple[DropZone, str], ...]:
        return ((self.token, "token"), (self.root, "root"), (self.chain, "chain"))

    def _choose(self, name: str) -> None:
        title = self.desk.say(f"import.{name}")
        kinds = TOKENS if name == "token" else CERTIFICATES
        chosen, _ = QFileDialog.getOpenFileName(self, title, "", f"{title} ({kinds});;* (*)")
        if chosen:
            self._take((Path(chosen),), name)

    def _take(self, paths: Sequence[Path | str], name: str) -> None:
        if not paths:
            return
        match name:
            case "token":
                self._token = Path(paths[0])
            case "root":
                self._root = Path(paths[0])
            case _:
                self._chain = Path(paths[0])
        self._found = None
        self.retell()

    def _keep(self) -> None:
        token, root, chain = self._token, self._root, self._chain
        case, holdfast = self._case, self.desk.holdfast
        if token is None:
            return

        def work(job: Job) -> Imported:
            return holdfast.import_token(case, token, job, root=root, chain=chain)

        task = self.desk.runner.start(work, "task.writing")
        self.keep.setEnabled(False)
        task.finished.connect(self.retell)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.succeeded.connect(self._show)

    def _show(self, found: Imported) -> None:
        self._found = found
        self.retell()
        self.desk.changed.emit()

    def retell(self) -> None:
        chosen = (self._token, self._root, self._chain)
        for (zone, name), path in zip(self._zones(), chosen, strict=True):
            if path is None:
                zone.line.tell(f"import.{name}.line")
            else:
                zone.line.tell("import.file", name=one_line(path.name)[:100])
        found = self._found
        # Where the root was missing, choosing one makes it ready again.
        self.keep.setEnabled(self._token is not None and found is None)
        self.result.setVisible(found is not None)
        if found is None:
            return
        icon, tone = _LOOKS[found.stamp.status]
        self.glyph.draw(icon, tone)
        say = self.desk.say
        subject = found.exhibit or found.stamp.subject.path
        self.about.show_text(say("import.about", subject=subject))
        key = f"import.{found.stamp.reason or found.stamp.status}"
        self.said.show_text(say(key, time=full_time(found.stated), by=found.signer))
