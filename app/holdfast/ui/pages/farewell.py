"""The last page: what must not be cut off is being finished."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.layout import column, row
from holdfast.ui.page import Page
from holdfast.ui.widgets import Bar, Label


class FarewellPage(Page):
    """The window closes by itself as soon as nothing is being written."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.title = Label(desk, "farewell.title", role="title")
        self.line = Label(desk, "farewell.line", tone="secondary")
        self.bar = Bar(desk)
        self._column = QWidget()
        self._column.setMaximumWidth(px(720))
        self._column.setLayout(column(px(80), self.title, px(8), self.line, px(16), self.bar, None))
        air = row(QWidget(), self._column, QWidget(), margins=(px(24),) * 4)
        air.setStretch(1, 100)
        self.body(column(air, None))
        desk.runner.changed.connect(lambda: self.bar.show_progress(0, None))
