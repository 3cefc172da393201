"""What happened in a case, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QStyleOptionViewItem

from holdfast.ui.phrases import local, short_time
from holdfast.ui.rows import Painter, RowDelegate, RowList


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened in a case."""

    at: str
    icon: str
    title: str
    line: str
    exhibit: str = ""
    """Number of the exhibit it is about."""
    letter: str = ""
    """Id of the notice it is about."""
    check: str = ""
    """Id of the environment check it is about."""
    state: str = ""
    """Icon of where its time-stamp stands."""
    tone: str = "secondary"
    state_text: str = ""


class TimelineModel(RowList):
    """What happened, newest first, by day."""

    def key(self, one: Any) -> object:
        if isinstance(one, Moment):
            return one.at, one.icon, one.exhibit, one.letter, one.check
        return super().key(one)

    def spoken(self, one: Moment) -> str:
        parts = (short_time(self.desk, one.at), one.title, one.line, one.state_text)
        return ". ".join(part for part in parts if part)


class TimelineDelegate(RowDelegate):
    """Time, icon, what happened, where its time-stamp stands."""

    high = 46

    def draw(self, brush: Painter, box: QRect, one: Any, option: QStyleOptionViewItem) -> None:
        look = self.desk.look
        px = look.px
        time = QRect(box.x() + px(16), box.y(), px(42), box.height())
        brush.text(time, f"{local(one.at):%H:%M}", look.font("caption"), "secondary")
        tile = QRect(time.right() + px(6), box.center().y() - px(14), px(28), px(28))
        brush.frame(tile, "hairline", "surface", 8)
        brush.icon(tile, one.icon, "secondary", 16)
        state = px(28) if one.state else 0
        left = tile.right() + px(12)
        top = box.y() + px(4) if one.line else box.center().y() - px(10)
        words = QRect(left, top, box.right() - left - px(12) - state, px(20))
        brush.text(words, one.title, look.font(), "text")
        brush.text(words.translated(0, px(19)), one.line, look.font("caption"), "secondary")
        if one.state:
            at = QRect(box.right() - px(12) - px(20), box.y(), px(20), box.height())
            brush.icon(at, one.state, one.tone, 16)
