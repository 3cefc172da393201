"""Labels of AI makers in pictures, films and sound: each is only its writer's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from holdfast.core.canonical import Json
from holdfast.core.marks_told import headline, told
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column, emptied
from holdfast.ui.widgets import Button, Label

MOST_MARKED = 20
"""Files whose marks are told; the record has them all."""


def tell_marks(desk: Desk, box: QVBoxLayout, files: Sequence[Mapping[str, Json]]) -> None:
    """What stands in each of these files is said in ``box``, and what that does not show."""
    for file in files[:MOST_MARKED]:
        head = Label(desk, role="caption")
        name = str(file.get("path", "")).removeprefix("files/")
        head.show_text(f"{name} · {headline(file, desk.words)}")
        lines = Label(desk, role="caption", tone="secondary")
        lines.show_text("\n".join(told(file, desk.words)))
        box.addWidget(head)
        box.addWidget(lines)
    if files:
        box.addWidget(Label(desk, "mark.caution", role="caption", tone="secondary"))


class MarksRow(QWidget):
    """One button; what stands in the files that are chosen is said under it; nothing is kept."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self.go = Button(desk, "marks.go", size="small")
        self.go.clicked.connect(self._choose)
        self.line = Label(desk, "marks.line", role="caption", tone="secondary")
        self.found = column(gap=px(4))
        self._files: Sequence[Mapping[str, Json]] = ()
        buttons = QWidget()
        buttons.setLayout(Flow(self.go, gap=px(8)))
        self.setLayout(column(buttons, self.line, self.found, gap=px(4)))

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("marks.go"))
        if not names:
            return
        holdfast, paths = self.desk.holdfast, [Path(name) for name in names]
        task = self.desk.runner.start(
            lambda job: holdfast.marks(paths, job), "task.marks", writes=False
        )
        self.go.setEnabled(False)
        task.finished.connect(lambda: self.go.setEnabled(True))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.succeeded.connect(self._show)

    def _show(self, files: Sequence[Mapping[str, Json]]) -> None:
        self._files = files
        self.retell()

    def retell(self) -> None:
        """The same in the language that is spoken now."""
        emptied(self.found)
        tell_marks(self.desk, self.found, self._files)
