"""Settings: few choices, each with its consequence; they hold at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QFrame, QPlainTextEdit, QWidget

from holdfast.core.job import Job
from holdfast.core.timestamp import Authorities
from holdfast.ui.chain_row import ChainRow
from holdfast.ui.check_row import CheckRow
from holdfast.ui.desk import Desk
from holdfast.ui.key_row import KeyRow
from holdfast.ui.layout import Flow, Fold, at_most, column, emptied, row, rule
from holdfast.ui.page import Page
from holdfast.ui.parts import panel, panel_row
from holdfast.ui.save import open_outside
from holdfast.ui.widgets import Button, Check, Choice, Field, Label, Line

if TYPE_CHECKING:
    from holdfast.compose.chain import ChainState
    from holdfast.compose.series import DownloaderState

SCALES = (100, 125, 150, 175, 200)


class SettingsPage(Page):
    """No Save and no primary button: what is chosen holds."""

    place = "settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self.language = Choice(desk, "settings.language")
        self.theme = Choice(desk, "settings.theme")
        self.scale = Choice(desk, "settings.scale")
        for box in (self.language, self.theme, self.scale):
            box.setMinimumContentsLength(12)
        self.data = Line(desk, role="mono")
        self.open_data = Button(desk, "settings.data.open", icon="open", size="small")
        self.open_data.clicked.connect(lambda: open_outside(desk.holdfast.data))
        self.services = column()
        self.offline = Check(desk, "settings.offline")
        self.offline_line = Label(desk, "settings.offline.line", role="caption", tone="secondary")
        self.offline.setChecked(desk.holdfast.settings.offline)
        self.offline.clicked.connect(lambda on: desk.choose(offline=on))
        self.environment = Button(desk, "settings.environment.open", icon="steps", size="small")
        self.environment.clicked.connect(lambda: desk.wanted.emit("environment", None))
        self.chain = ChainRow(desk)
        self.browser_found = Label(desk, role="caption", tone="secondary")
        self.browser = Field(desk, "settings.browser", hint="settings.browser.auto")
        self.browser.setText(desk.holdfast.settings.browser)
        self.browser.editingFinished.connect(self._browser)
        self.browser_choose = Button(desk, "settings.browser.choose", size="small")
        self.browser_choose.clicked.connect(self._choose_browser)
        self.downloader = Label(desk, role="caption", tone="secondary")
        self.fetch = Button(desk, "settings.downloader.fetch", size="small")
        self.fetch.clicked.connect(self._fetch)
        self.index = Field(
            desk, "settings.downloader.index", hint="settings.downloader.index.hint", limit=300
        )
        self.wheel = Button(desk, "settings.downloader.choose", size="small")
        self.wheel.clicked.connect(self._choose_wheel)
        self.built_in = Button(desk, "settings.downloader.back", size="small")
        self.built_in.clicked.connect(
            lambda: self._downloader(lambda _: desk.holdfast.bundled_downloader())
        )
        self.built_in.hide()
        self.name = Field(desk, "settings.name", limit=100)
        self.name.setText(desk.holdfast.settings.operator_name)
        self.name.editingFinished.connect(
            lambda: desk.choose(operator_name=self.name.text().strip())
        )
        self.letterhead = QPlainTextEdit()
        self.letterhead.setTabChangesFocus(True)
        self.letterhead.setFixedHeight(px(72))
        self.letterhead.setPlainText(desk.holdfast.settings.letterhead)
        self.letterhead.textChanged.connect(
            lambda: desk.choose(letterhead=self.letterhead.toPlainText().strip()[:1000])
        )
        self.boxes: dict[str, Check] = {}
        self._authorities: Authorities | None = None
        self.language.activated.connect(lambda _: desk.choose(language=self.language.currentData()))
        self.theme.activated.connect(lambda _: desk.choose(theme=self.theme.currentData()))
        self.scale.activated.connect(lambda _: desk.choose(text_scale=self.scale.currentData()))
        self._build()
        self.retell()

    def _build(self) -> None:
        px, desk = self.desk.look.px, self.desk
        looks = QWidget()
        looks.setLayout(Flow(self.language, self.theme, self.scale, gap=px(8)))
        data = Fold(self.data, self.open_data, gap=px(8), below=px(420), stretch=(1, 0))
        services = QWidget()
        services.setLayout(column(self.services, self.offline, self.offline_line, gap=px(4)))
        browser = QWidget()
        browser.setLayout(
            column(
                Fold(self.browser, self.browser_choose, gap=px(8), below=px(420), stretch=(1, 0)),
                self.browser_found,
                gap=px(4),
            )
        )
        checked = QWidget()
        checked.setLayout(row(self.environment, None))
        buttons = QWidget()
        buttons.setLayout(Flow(self.fetch, self.wheel, self.built_in, gap=px(8)))
        downloader = QWidget()
        other = Label(desk, "settings.downloader.index", role="caption", tone="secondary")
        other.setBuddy(self.index)
        downloader.setLayout(column(self.downloader, buttons, other, self.index, gap=px(6)))
        name_label = Label(desk, "settings.name", role="caption", tone="secondary")
        name_label.setBuddy(self.name)
        head_label = Label(desk, "settings.letterhead", role="caption", tone="secondary")
        head_label.setBuddy(self.letterhead)
        person = QWidget()
        person.setLayout(column(name_label, self.name, head_label, self.letterhead, gap=px(4)))
        privacy = QWidget()
        privacy.setLayout(
            column(
                *(
                    Label(desk, f"settings.privacy.{name}")
                    for name in ("blur", "mask", "disk", "hide")
                ),
                gap=px(6),
            )
        )
        version = Label(desk, "settings.version", role="caption", tone="secondary")
        version.tell("settings.version", version=desk.holdfast.version)
        side = px(24)
        inside = column(
            Label(desk, "settings.title", role="title"),
            px(12),
            self._line("look", looks),
            self._line("data", data),
            self._line("services", services),
            self._line("chain", self.chain),
            self._line("key", KeyRow(desk)),
            self._line("browser_row", browser),
            self._line("environment", checked),
            self._line("downloader", downloader),
            self._line("check", CheckRow(desk)),
            self._line("person", person),
            self._line("privacy", privacy),
            rule(),
            px(8),
            version,
            None,
            margins=(side, side, side, side),
        )
        self.body(column(at_most(px(976), inside), None))

    def _line(self, name: str, control: QWidget) -> QFrame:
        px, desk = self.desk.look.px, self.desk
        title = Label(desk, f"settings.{name}", role="strong", wrap=False)
        title.setMinimumWidth(px(152))
        why = Label(desk, f"settings.{name}.line", role="caption", tone="secondary")
        body = QWidget()
        body.setLayout(column(control, why, gap=px(6)))
        top = QWidget()
        top.setLayout(column(title, None))
        fold = Fold(top, body, gap=px(16), below=px(560), stretch=(0, 1))
        frame = QFrame()
        frame.setObjectName("row")
        frame.setLayout(column(fold, margins=(0, px(14), 0, px(14))))
        return frame

    def arrive(self, what: object) -> None:
        holdfast = self.desk.holdfast

        def work(_: Job) -> tuple[Authorities, str, DownloaderState, ChainState]:
            return (
                holdfast.authorities(),
                holdfast.browser(),
                holdfast.downloader(),
                holdfast.chain_state(),
            )

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda found: self._show(*found))
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))

    def _show(
        self, authorities: Authorities, browser: str, downloader: DownloaderState, chain: ChainState
    ) -> None:
        self._authorities = authorities
        self.chain.show_state(chain)
        if browser:
            self.browser_found.tell("settings.browser.found", browser=browser)
        else:
            self.browser_found.tell("settings.browser.none")
        self._tell_downloader(downloader)
        self._tell_services()

    def _tell_downloader(self, state: DownloaderState) -> None:
        key = "newer" if state.sound else "unsound"
        version = state.newer or state.bundled
        self.downloader.tell(
            f"ytdlp.{key if state.newer else 'bundled'}", version=version, bundled=state.bundled
        )
        self.downloader.dye("secondary" if state.sound else "warning")
        self.built_in.setVisible(bool(state.newer))

    def _downloader(self, verb: Callable[[Job], DownloaderState], name: str = "") -> None:
        """Another downloader is used, or why not is said."""
        self.fetch.setEnabled(False)
        self.wheel.setEnabled(False)
        task = self.desk.runner.start(verb, name)
        task.succeeded.connect(self._tell_downloader)
        task.failed.connect(lambda error: self.desk.wanted.emit("trouble", error))
        task.finished.connect(lambda: self.fetch.setEnabled(True))
        task.finished.connect(lambda: self.wheel.setEnabled(True))

    def _fetch(self) -> None:
        holdfast, index = self.desk.holdfast, self.index.text().strip()
        self._downloader(lambda job: holdfast.fetch_downloader(job, index), "task.downloader")

    def _choose_wheel(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self,
            self.desk.say("settings.downloader.choose"),
            "",
            self.desk.say("settings.downloader.wheels"),
        )
        if name:
            self._downloader(lambda job: self.desk.holdfast.use_downloader(Path(name), job))

    def retell(self) -> None:
        settings, desk = self.desk.holdfast.settings, self.desk
        _fill(
            self.language,
            [("", desk.say("settings.system_language")), ("zh", "中文（简体）"), ("en", "English")],
            settings.language,
        )
        _fill(
            self.theme,
            [
                (name, desk.say(f"settings.theme.{name or 'system'}"))
                for name in ("", "light", "dark")
            ],
            settings.theme,
        )
        _fill(
            self.scale,
            [(n, desk.say("settings.scale.option", percent=n)) for n in SCALES],
            settings.text_scale,
        )
        self.letterhead.setAccessibleName(desk.say("settings.letterhead"))
        self.data.show_text(str(desk.holdfast.data))
        self._tell_services()

    def _tell_services(self) -> None:
        authorities, desk = self._authorities, self.desk
        if authorities is None:
            return
        emptied(self.services)
        self.boxes.clear()
        off = desk.holdfast.settings.disabled
        rows = []
        witnesses = [
            *((c.id, c.id, c.url, "opentimestamps") for c in authorities.calendars),
            *((t.id, t.name, t.url, "rfc3161") for t in authorities.tsas),
            *((b.id, b.name, b.urls[0], "drand") for b in authorities.beacons),
        ]
        for id_, name, url, kind in witnesses:
            box = Check(desk)
            box.setText(name)
            box.setAccessibleName(name)
            box.setChecked(id_ not in off)
            box.clicked.connect(lambda _=False: self._toggle())
            self.boxes[id_] = box
            witness = Label(desk, f"witness.{kind}", role="caption", tone="secondary")
            address = Line(desk, role="mono", tone="secondary")
            address.show_text(url)
            words = Fold(
                witness, address, gap=px_gap(desk), below=desk.look.px(300), stretch=(2, 3)
            )
            both = Fold(box, words, gap=px_gap(desk), below=desk.look.px(460), stretch=(2, 3))
            frame = panel_row(both, desk=desk, high=40)
            rows.append(frame)
        self.services.addWidget(panel(*rows))

    def _toggle(self) -> None:
        known = set(self.boxes)
        kept = tuple(i for i in self.desk.holdfast.settings.disabled if i not in known)
        off = tuple(name for name, box in self.boxes.items() if not box.isChecked())
        self.desk.choose(disabled=(*kept, *off))

    def _browser(self) -> None:
        self.desk.choose(browser=self.browser.text().strip())
        self.arrive(None)

    def _choose_browser(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.desk.say("settings.browser.choose"))
        if name:
            self.browser.setText(str(Path(name)))
            self._browser()


def px_gap(desk: Desk) -> int:
    """The gap between cells of a row."""
    return desk.look.px(12)


def _fill(box: Choice, options: list[tuple[object, str]], chosen: object) -> None:
    box.blockSignals(True)
    box.clear()
    for value, text in options:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
