"""Settings' part about Bitcoin's blocks: how far they are checked, and whom else to ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, column
from holdfast.ui.widgets import Button, Field, Label

if TYPE_CHECKING:
    from holdfast.compose.chain import ChainState
    from holdfast.usecases.headers import Refreshed


class ChainRow(QWidget):
    """A sentence and a button for everybody; two addresses for the few who have them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        px = desk.look.px
        self.reach = Label(desk, role="body")
        self.said = Label(desk, role="caption", tone="secondary")
        self.said.hide()
        self.refresh = Button(desk, "settings.chain.refresh", icon="again", size="small")
        self.refresh.clicked.connect(self._refresh)
        self.node = Field(desk, "settings.chain.node", hint="settings.chain.node.hint", limit=200)
        self.user = Field(desk, "settings.chain.user", hint="settings.chain.user.hint", limit=200)
        self.password = Field(
            desk, "settings.chain.password", hint="settings.chain.password.hint", limit=200
        )
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.cookie = Field(desk, "settings.chain.cookie", hint="settings.chain.cookie.hint")
        self.use_node = Button(desk, "settings.chain.use", size="small")
        self.use_node.clicked.connect(self._use_node)
        self.electrum = Field(
            desk, "settings.chain.electrum", hint="settings.chain.electrum.hint", limit=300
        )
        self.use_electrum = Button(desk, "settings.chain.use", size="small")
        self.use_electrum.clicked.connect(self._use_electrum)
        login = Fold(
            Fold(self.user, self.password, gap=px(8), below=px(280), stretch=(1, 1)),
            self.cookie,
            gap=px(8),
            below=px(560),
            stretch=(1, 1),
        )
        self.own = Button(desk, "settings.chain.own", size="small")
        self.own.clicked.connect(self._open_fields)
        asked = QWidget()
        asked.setLayout(Flow(self.refresh, self.own, gap=px(8)))
        self.fields = QWidget()
        self.fields.setLayout(
            column(
                self.node,
                Fold(login, self.use_node, gap=px(8), below=px(420), stretch=(1, 0)),
                Fold(self.electrum, self.use_electrum, gap=px(8), below=px(420), stretch=(1, 0)),
                gap=px(6),
                margins=(0, px(6), 0, 0),
            )
        )
        self.fields.hide()
        self.setLayout(column(self.reach, asked, self.said, self.fields, gap=px(6)))

    def show_state(self, state: ChainState) -> None:
        """How far blocks are checked, and who is asked beside the explorers."""
        key = "chain.reach" if state.height > state.shipped else "chain.reach.shipped"
        self.reach.tell(key, height=state.height, date=state.as_of[:10])
        self.node.setText(state.node)
        self.cookie.setText(state.node_cookie)
        self.electrum.setText(state.electrum)
        self.user.clear()
        self.password.clear()
        if state.node or state.electrum:
            self.fields.show()

    def _open_fields(self) -> None:
        self.fields.setVisible(self.fields.isHidden())

    def _refresh(self) -> None:
        self._start(self.desk.holdfast.refresh_headers, self._refreshed, "task.headers")

    def _refreshed(self, done: Refreshed) -> None:
        self._say(
            "chain.refreshed" if done.added else "chain.refreshed.nothing",
            added=done.added,
            headers=done.headers,
            height=done.height,
            sources=", ".join(done.sources),
        )
        self.show_state(self.desk.holdfast.chain_state())

    def _use_node(self) -> None:
        address, user = self.node.text().strip(), self.user.text().strip()
        password, cookie = self.password.text(), self.cookie.text().strip()
        holdfast = self.desk.holdfast

        def use(_: Job) -> ChainState:
            return holdfast.use_node(address, user, password, Path(cookie) if cookie else None)

        self._start(use, lambda state: self._used(state, state.node))

    def _use_electrum(self) -> None:
        address, holdfast = self.electrum.text().strip(), self.desk.holdfast
        self._start(
            lambda _: holdfast.use_electrum(address),
            lambda state: self._used(state, state.electrum),
        )

    def _used(self, state: ChainState, address: str) -> None:
        self.show_state(state)
        if address:
            self._say("settings.chain.used", address=address)
        else:
            self._say("settings.chain.ended")

    def _say(self, key: str, **facts: object) -> None:
        self.said.tell(key, **facts)
        self.said.show()

    def _start(
        self,
        verb: Callable[[Job], object],
        then: Callable[..., None],
        name: str = "",
    ) -> None:
        """Work that asks somebody; one at a time, and trouble is told where it belongs."""
        self._wait(busy=True)
        task = self.desk.runner.start(verb, name)
        task.succeeded.connect(then)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self._wait(busy=False))

    def _wait(self, *, busy: bool) -> None:
        for button in (self.refresh, self.use_node, self.use_electrum):
            button.setEnabled(not busy)
