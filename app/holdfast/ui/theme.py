"""How everything looks: the only home of colours, sizes and fonts."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtWidgets import QApplication

from holdfast.ui.sheet import sheet
from holdfast.ui.tokens import DARK, LIGHT

SCALES = {"title": 1.6, "heading": 1.25, "body": 1.0, "caption": 0.88}
BODY = {"zh": 14.0, "en": 13.5}
"""Pixels of the body text at 100 %."""
_CHINESE = {
    "darwin": ("PingFang SC",),
    "win32": ("Microsoft YaHei UI", "Microsoft YaHei"),
}.get(sys.platform, ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC"))
_CHINESE_FIRST = sys.platform.startswith("linux")
"""Where the system's own font has no Chinese, letters of two designs would stand side by side."""


class Look(QObject):
    """The scheme and size in force; ``changed`` after either became another."""

    changed = Signal()

    def __init__(self, icons: Path) -> None:
        super().__init__()
        self._icons = icons
        # The system's own, whatever was made of the application's font since.
        self._system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._families = (QFontInfo(self._system).family(), *_CHINESE)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._mono = (QFontInfo(fixed).family(), *_CHINESE)
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self.tokens = LIGHT
        self.unit = BODY["zh"]

    def wear(self, *, theme: str, text_scale: int, lang: str) -> None:
        """Windows and widgets wear ``theme`` (empty: the system's) at that text size."""
        dark = theme == "dark" or (not theme and self.system_is_dark())
        self.tokens = DARK if dark else LIGHT
        body = max(BODY[lang], QFontInfo(self._system).pixelSize())
        self.unit = body * text_scale / 100
        system = QFontInfo(self._system).family()
        if lang == "zh" and _CHINESE_FIRST:
            self._families = (*_CHINESE, system)
        else:
            self._families = (system, *_CHINESE)
        self._pixmaps.clear()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setFont(self.font())
        app.setPalette(self._palette())
        app.setStyleSheet(sheet(self))
        self.changed.emit()

    @staticmethod
    def system_is_dark() -> bool:
        """Whether the system prefers dark."""
        return QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark

    @property
    def dark(self) -> bool:
        """Whether the dark scheme is worn."""
        return self.tokens is DARK

    def px(self, drawn: float) -> int:
        """A length that was drawn at 14 px body, at the size in force."""
        return round(drawn * self.unit / 14)

    def color(self, name: str) -> QColor:
        """The colour of a token."""
        return QColor(getattr(self.tokens, name))

    def tint(self, name: str) -> QColor:
        """A state's colour laid thinly over the surface."""
        return QColor(self.tokens.tint(name))

    def font_that_fills(self, wide: int, letters: int) -> QFont:
        """Bold mono letters, as large as so many of them fit into ``wide``, within reason."""
        font = self.font("title", bold=True, mono=True)
        font.setPixelSize(max(self.px(20), min(self.px(44), wide * 10 // (letters * 7))))
        return font

    def font(self, role: str = "body", *, bold: bool = False, mono: bool = False) -> QFont:
        """The system's font in one of the four sizes."""
        font = QFont(self._system)
        font.setFamilies(list(self._mono if mono else self._families))
        if mono:
            font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPixelSize(max(1, round(self.unit * SCALES[role])))
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def font_px(self, role: str) -> int:
        """The height of a role's letters in pixels."""
        return max(1, round(self.unit * SCALES[role]))

    @property
    def mono_families(self) -> str:
        """Families for fingerprints and addresses, as a style sheet names them."""
        return ", ".join(f'"{family}"' for family in self._mono)

    def pixmap(self, name: str, color: str, size: int, ratio: float) -> QPixmap:
        """A line icon in a token's colour (or ``#rrggbb``), ``size`` logical pixels square."""
        tone = color if color.startswith("#") else str(getattr(self.tokens, color))
        key = (name, tone, size, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = _draw(self._icons / f"{name}.svg", tone, size, ratio)
        return self._pixmaps[key]

    def icon(self, name: str, color: str = "text", *, size: int = 20, off: str = "") -> QIcon:
        """The same as an icon; ``off`` is its colour when disabled."""
        icon, side = QIcon(), self.px(size)
        ratio = QApplication.primaryScreen().devicePixelRatio()
        icon.addPixmap(self.pixmap(name, color, side, ratio))
        icon.addPixmap(self.pixmap(name, off or "secondary", side, ratio), QIcon.Mode.Disabled)
        return icon

    def _palette(self) -> QPalette:
        t, role, group = self.tokens, QPalette.ColorRole, QPalette.ColorGroup
        palette = QPalette()
        for which, tone in {
            role.Window: t.window,
            role.Base: t.surface,
            role.AlternateBase: t.section,
            role.Button: t.surface,
            role.ToolTipBase: t.raised,
            role.WindowText: t.text,
            role.Text: t.text,
            role.ButtonText: t.text,
            role.ToolTipText: t.text,
            role.BrightText: t.broken,
            role.Highlight: t.accent,
            role.HighlightedText: t.on_accent,
            role.Accent: t.accent,
            role.Link: t.accent,
            role.LinkVisited: t.accent,
            role.PlaceholderText: t.secondary,
            role.Mid: t.hairline,
            role.Midlight: t.hairline,
            role.Light: t.surface,
            role.Dark: t.control,
            role.Shadow: t.hairline,
        }.items():
            palette.setColor(which, QColor(tone))
        for which in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(group.Disabled, which, QColor(t.secondary))
        return palette


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _draw(path: Path, tone: str, size: int, ratio: float) -> QPixmap:
    # Svg is imported with the first icon: it is ours, drawn by nobody else.
    from PySide6.QtSvg import QSvgRenderer

    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(path).replace("currentColor", tone).encode()))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(name: str) -> float:
    color = QColor(name)
    parts = (color.redF(), color.greenF(), color.blueF())
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
