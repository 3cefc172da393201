"""Beside what is verified: what the person has of their own to hold it against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QWidget

from holdfast.core.canonical import one_line
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column
from holdfast.ui.widgets import Button, Check, Field, Label

FILES = ("root", "chain", "headers")
"""Files that may be chosen, by what they are to verification."""


class Aids(QWidget):
    """Closed, nothing in it counts: whatever counts can be seen."""

    wanted = Signal()
    """What is being verified is to be verified once more, with these."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self._chosen: dict[str, Path] = {}
        self.open = Button(desk, "verify.aids", size="small")
        self.open.setCheckable(True)
        self.open.toggled.connect(self._toggle)
        self.head = Field(desk, "verify.aids.head", hint="verify.aids.head.hint", limit=200)
        self.head.returnPressed.connect(self.wanted)
        self.files = {name: Button(desk, size="small") for name in FILES}
        for name, button in self.files.items():
            button.clicked.connect(lambda _=False, name=name: self._choose(name))
        self.digests = Check(desk, "verify.aids.digests")
        self.go = Button(desk, "verify.aids.go", icon="again", size="small")
        self.go.clicked.connect(self.wanted)
        self.clear = Button(desk, "verify.aids.clear", size="small")
        self.clear.clicked.connect(self._clear)
        chosen, buttons = QWidget(), QWidget()
        chosen.setLayout(Flow(*self.files.values(), gap=px(8)))
        buttons.setLayout(Flow(self.go, self.clear, gap=px(8)))
        self.inside = QFrame()
        self.inside.setObjectName("panel")
        side = px(16)
        self.inside.setLayout(
            column(
                Label(desk, "verify.aids.line", role="caption", tone="secondary"),
                self.head,
                chosen,
                self.digests,
                buttons,
                gap=px(8),
                margins=(side, px(12), side, px(12)),
            )
        )
        self.inside.hide()
        self.setLayout(column(Fold(self.open, None, gap=0, below=0), self.inside, gap=px(8)))
        self.retell()

    def options(self) -> dict[str, Any]:
        """What verification is told beside its targets; nothing while this is closed."""
        if not self.open.isChecked():
            return {}
        told: dict[str, Any] = dict(self._chosen)
        if heads := self.head.text().split():
            told["heads"] = tuple(heads)
        if self.digests.isChecked():
            told["all_digests"] = True
        return told

    def retell(self) -> None:
        """Each button says what it is for, or what was chosen with it."""
        for name, button in self.files.items():
            path = self._chosen.get(name)
            if path is None:
                button.tell(f"verify.aids.{name}")
            else:
                button.tell(f"verify.aids.{name}.chosen", name=one_line(path.name)[:60])

    def _toggle(self, checked: bool) -> None:
        self.inside.setVisible(checked)

    def _choose(self, name: str) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.desk.say(f"verify.aids.{name}"))
        if chosen:
            self._chosen[name] = Path(chosen)
            self.retell()

    def _clear(self) -> None:
        self._chosen.clear()
        self.head.clear()
        self.digests.setChecked(False)
        self.retell()
