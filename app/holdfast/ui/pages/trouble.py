"""Trouble: what happened, why, what now.  One page for every error there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from holdfast.core.errors import HoldfastError, Tampered, Unavailable
from holdfast.core.evidence import Exhibit
from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, column, emptied, row, rule
from holdfast.ui.page import Page
from holdfast.ui.parts import panel, panel_row
from holdfast.ui.phrases import breakable, short_time
from holdfast.ui.widgets import Button, Glyph, Label, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Woe:
    """An error, what it was about, and the ways on."""

    error: Exception
    target: str = ""
    again: Callable[[], None] | None = None
    """Does the same once more."""
    kept: Sequence[Exhibit] = field(default_factory=tuple)
    """What was kept nevertheless."""
    case: str = ""
    practice: bool = False


_SCREEN_INSTEAD = frozenset(
    {
        "http_status",
        "page_nothing",
        "page_stuck",
        "video_cookies",
        "video_live",
        "video_protected",
        "video_region",
        "video_unsupported",
    }
)
"""Errors of a link whose picture on the screen can be kept instead."""
_LOGIN = frozenset({"profile_none", "video_login"})
"""Errors of a link that only somebody who is logged in can open."""
_SCREEN_TOO = frozenset(
    {
        "browse_no_screen",
        "browser_garbled",
        "browser_missing",
        "browser_refused",
        "browser_start",
        "host_unreachable",
        "no_browser",
        "page_crashed",
        "page_failed",
        "video_failed",
    }
)
"""Errors where a picture of the screen is the other way on."""
_IN_SETTINGS = frozenset({"browser_missing", "no_browser"})
"""Errors that a choice in the settings mends."""


class TroublePage(Page):
    """Never a traceback: three sentences and one button that does the *now*."""

    place = "today"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        px = desk.look.px
        self._woe = Woe(error=Unavailable("none"))
        self.target = Line(desk, role="mono", tone="secondary", elide=Qt.TextElideMode.ElideMiddle)
        self.what = Label(desk, role="title")
        self.why, self.now = Label(desk), Label(desk)
        for label in (self.what, self.why, self.now):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.primary = Button(desk, kind="primary", size="large")
        self.other = Button(desk, "trouble.back", size="large")
        self.primary.clicked.connect(lambda: self._take(self.way))
        self.other.clicked.connect(lambda: self._take(self.other_way))
        self.files = Button(desk, "today.way.files", size="large")
        self.files.clicked.connect(self._choose)
        self.note = Label(desk, "trouble.browse.note", role="caption", tone="secondary")
        self.kept_title = Label(desk, "trouble.kept", role="strong")
        self.kept = column()
        self.details = Button(desk, "trouble.details", kind="link", icon="down")
        self.details.clicked.connect(self._unfold)
        self.technical = QPlainTextEdit()
        self.technical.setReadOnly(True)
        self.technical.setTabChangesFocus(True)
        self.technical.hide()
        self._target_row = QWidget()
        address = row(Glyph(desk, "link", "secondary", size=16), self.target, gap=px(8))
        address.setStretch(1, 1)
        self._target_row.setLayout(address)
        glyph = Glyph(desk, "warning", "warning", size=24)
        title = row(glyph, self.what, gap=px(16))
        title.setStretch(1, 1)
        title.setAlignment(glyph, Qt.AlignmentFlag.AlignTop)
        buttons = QWidget()
        buttons.setLayout(Flow(self.primary, self.other, self.files, gap=px(8)))
        lines = column(
            self._pair("trouble.why", self.why),
            self._pair("trouble.now", self.now),
            px(4),
            buttons,
            self.note,
            gap=px(16),
            margins=(px(40), px(16), 0, 0),
        )
        foot = row(self.kept_title, None, self.details)
        inside = column(
            px(40),
            self._target_row,
            px(16),
            title,
            lines,
            px(24),
            rule(),
            px(12),
            foot,
            px(4),
            self.kept,
            self.technical,
            None,
        )
        self._column = QWidget()
        self._column.setMaximumWidth(px(760))
        self._column.setLayout(inside)
        air = row(QWidget(), self._column, QWidget(), margins=(px(20), px(16), px(20), px(24)))
        air.setStretch(1, 100)
        self.body(column(air, None))

    def _pair(self, key: str, label: Label) -> QWidget:
        px = self.desk.look.px
        name = Label(self.desk, key, tone="secondary", wrap=False)
        name.setMinimumWidth(px(64))
        name.setAlignment(Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        inside = row(name, label, gap=px(8))
        inside.setStretch(1, 1)
        holder.setLayout(inside)
        return holder

    def arrive(self, what: object) -> None:
        if isinstance(what, Woe):
            self._woe = what
            self.technical.hide()
            self.rehearse(practice=what.practice)
            self.retell()
        self.primary.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def woe(self) -> Woe:
        """What it speaks of."""
        return self._woe

    def retell(self) -> None:
        woe = self._woe
        three = self.desk.trouble(woe.error)
        self.what.show_text(breakable(three.what))
        self.why.show_text(breakable(three.why))
        self.now.show_text(breakable(three.now))
        self.target.show_text(woe.target)
        self._target_row.setVisible(bool(woe.target))
        self.primary.tell(f"trouble.do.{self.way}")
        self.other.setVisible(self.way != self.other_way)
        self.other.tell("trouble.do.screen" if self.other_way == "screen" else "trouble.back")
        self.note.setVisible(self.way == "browse")
        code = woe.error.code if isinstance(woe.error, HoldfastError) else type(woe.error).__name__
        self.files.setVisible(code in _IN_SETTINGS)
        self.technical.setPlainText(f"{code}\n{woe.error}\n{woe.target}")
        self.technical.setAccessibleName(self.desk.say("trouble.details"))
        emptied(self.kept)
        self.kept_title.setVisible(bool(woe.kept))
        rows = [self._kept_row(exhibit) for exhibit in woe.kept]
        if rows:
            self.kept.addWidget(panel(*rows))

    def _kept_row(self, exhibit: Exhibit) -> QWidget:
        title = Line(self.desk)
        title.show_text(exhibit.caption or exhibit.title or exhibit.url)
        state = Label(self.desk, role="caption", wrap=False)
        state.tell("trouble.kept.row", number=exhibit.number)
        at = Label(self.desk, role="caption", tone="secondary", wrap=False)
        at.show_text(short_time(self.desk, exhibit.sealed))
        return panel_row(
            Glyph(self.desk, "lock", "secondary", size=18), title, at, state, wide=1, desk=self.desk
        )

    @property
    def way(self) -> str:
        """What the primary button does: again, browse, screen, settings, case, copy or back."""
        woe = self._woe
        if not isinstance(woe.error, HoldfastError):
            return "copy"
        if woe.error.code in _LOGIN:
            return "browse"
        if woe.error.code in _SCREEN_INSTEAD:
            return "screen"
        if woe.error.code in _IN_SETTINGS:
            return "settings"
        if isinstance(woe.error, Tampered) and woe.case:
            return "case"
        if isinstance(woe.error, Unavailable) and woe.again is not None:
            return "again"
        return "back"

    @property
    def other_way(self) -> str:
        """What the second button does: screen or back."""
        error = self._woe.error
        too = isinstance(error, HoldfastError) and error.code in _SCREEN_TOO | _LOGIN
        return "screen" if too else "back"

    def _take(self, way: str) -> None:
        woe = self._woe
        if way == "again" and woe.again is not None:
            woe.again()
        elif way == "browse":
            self.desk.wanted.emit("browsing", (woe.case, woe.target))
        elif way == "screen":
            self.desk.wanted.emit("shot", woe.case)
        elif way == "settings":
            self.desk.wanted.emit("settings", None)
        elif way == "case":
            self.desk.wanted.emit("case", (woe.case, ""))
        elif way == "copy":
            QGuiApplication.clipboard().setText(self.technical.toPlainText())
            self.primary.tell("copied")
        else:
            self.desk.wanted.emit("today", woe.target)

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.desk.say("today.way.files"))
        if names:
            paths = tuple(Path(name) for name in names)
            self.desk.wanted.emit("files", (self._woe.case, paths))

    def _unfold(self) -> None:
        shown = not self.technical.isVisible()
        self.technical.setVisible(shown)
        self.details.show_icon("up" if shown else "down")
