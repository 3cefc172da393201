"""Colours by what they mean, and the sizes of the window: needed before anything else."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

MIN_WINDOW = QSize(960, 640)
FIRST_WINDOW = QSize(1280, 800)

SIDEBAR = 176


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The colours of one scheme by what they mean."""

    window: str
    surface: str
    raised: str
    text: str
    secondary: str
    hairline: str
    accent: str
    hover: str
    pressed: str
    on_accent: str
    control: str
    selection: str
    nav: str
    section: str
    confirmed: str
    pending: str
    warning: str
    broken: str

    def tint(self, name: str, part: float = 0.10) -> str:
        """``name`` laid thinly over the surface."""
        return _mix(getattr(self, name), self.surface, part)


def _mix(over: str, under: str, part: float) -> str:
    a, b = QColor(over), QColor(under)
    return QColor(
        round(a.red() * part + b.red() * (1 - part)),
        round(a.green() * part + b.green() * (1 - part)),
        round(a.blue() * part + b.blue() * (1 - part)),
    ).name()


LIGHT = Tokens(
    window="#F6F6F3",
    surface="#FFFFFF",
    raised="#FFFFFF",
    text="#1B1F24",
    secondary="#5A6570",
    hairline="#E2E4E1",
    accent="#1D5F5B",
    hover="#174E4A",
    pressed="#134240",
    on_accent="#FFFFFF",
    control="#858E97",
    selection="#E8EFEF",
    nav="#DCE4E1",
    section="#FAFAF8",
    confirmed="#2B7048",
    pending="#43648F",
    warning="#8A6100",
    broken="#A03434",
)
DARK = Tokens(
    window="#17191C",
    surface="#1E2125",
    raised="#262A2F",
    text="#E8EAEC",
    secondary="#9AA4AE",
    hairline="#33383E",
    accent="#5FB3AC",
    hover="#78C4BD",
    pressed="#56A29C",
    on_accent="#10201F",
    control="#6C7680",
    selection="#243032",
    nav="#202B2D",
    section="#1A1C20",
    confirmed="#6CC08B",
    pending="#8FB0DC",
    warning="#D9B25A",
    broken="#E58A8A",
)


def token_names() -> tuple[str, ...]:
    """Every token."""
    return tuple(field.name for field in fields(Tokens))
