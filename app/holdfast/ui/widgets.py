"""The controls that everything is made of.  Text from outside is plain text everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QFocusFrame,
    QLabel,
    QLineEdit,
    QProxyStyle,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from holdfast.ui.desk import Desk
from holdfast.ui.layout import column, row
from holdfast.ui.phrases import plain_tip


class Label(QLabel):
    """A sentence of the catalogues (``tell``) or a fact (``show_text``); it wraps."""

    def __init__(
        self, desk: Desk, key: str = "", *, role: str = "body", tone: str = "", wrap: bool = True
    ) -> None:
        super().__init__()
        self._desk, self._key, self._facts = desk, "", dict[str, object]()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setProperty("role", role)
        # Not dyed here: what was never shown has no style to be taken off.
        self.setProperty("tone", tone)
        if key:
            self.tell(key)

    def tell(self, key: str, **facts: object) -> None:
        """It says that sentence, in every language to come as well."""
        self._key, self._facts = key, facts
        self.setText(self._desk.say(key, **facts))

    def show_text(self, text: str) -> None:
        """It shows this fact."""
        self._key = ""
        self.setText(text)

    def dye(self, tone: str) -> None:
        """It has the colour of that token; empty: text."""
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange and self._key:
            self.setText(self._desk.say(self._key, **self._facts))
        super().changeEvent(event)


class Line(Label):
    """A fact of any length on one line, its end or middle left out; the whole in the tooltip."""

    def __init__(
        self,
        desk: Desk,
        *,
        role: str = "body",
        tone: str = "",
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(desk, role=role, tone=tone, wrap=False)
        self._elide = elide
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 6, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = self.fontMetrics().elidedText(
            " ".join(self.text().split()), self._elide, self.contentsRect().width()
        )
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)


class Glyph(QWidget):
    """A line icon in the colour of a token."""

    def __init__(self, desk: Desk, name: str, tone: str = "text", *, size: int = 20) -> None:
        super().__init__()
        self._desk, self._name, self._tone, self._size = desk, name, tone, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def draw(self, name: str, tone: str) -> None:
        """It is that icon in that colour."""
        self._name, self._tone = name, tone
        self.update()

    @property
    def name(self) -> str:
        """Which icon it is."""
        return self._name

    @property
    def tone(self) -> str:
        """In which colour."""
        return self._tone

    def sizeHint(self) -> QSize:
        side = self._desk.look.px(self._size)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._name:
            side = min(self.width(), self.height())
            picture = self._desk.look.pixmap(self._name, self._tone, side, self.devicePixelRatioF())
            QPainter(self).drawPixmap(
                (self.width() - side) // 2, (self.height() - side) // 2, picture
            )


def _entered(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Enter pressed the button that has the focus, as Space does."""
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if not plain or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return False
    if not event.isAutoRepeat():
        button.click()
    return True


class Button(QPushButton):
    """A button that says its outcome.  ``kind``: primary, link, chip, tab, strip, foot or none."""

    def __init__(
        self, desk: Desk, key: str = "", *, kind: str = "", icon: str = "", size: str = ""
    ) -> None:
        super().__init__()
        self._desk, self._key, self._icon = desk, "", icon
        self._facts: dict[str, object] = {}
        self._kind, self._spoken = kind, ""
        self.setProperty("kind", kind)
        self.setProperty("bulk", size)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._draw()
        if key:
            self.tell(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _entered(self, event):
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if self._kind in ("tab", "chip"):
            # It turns bold when it is chosen, and must not grow then.
            look = self._desk.look
            wide = QFontMetrics(look.font(bold=True)).horizontalAdvance(self.text())
            hint.setWidth(wide + (look.px(26) if self._kind == "chip" else look.px(2)))
        return hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def tell(self, key: str, **facts: object) -> None:
        """It says that sentence, in every language to come as well."""
        self._key, self._facts = key, facts
        self._say()

    def show_text(self, text: str) -> None:
        """It shows this fact."""
        self._key = ""
        self._write(text)

    def show_icon(self, icon: str) -> None:
        """It carries that icon."""
        self._icon = icon
        self._draw()

    def _say(self) -> None:
        if self._key:
            self._write(self._desk.say(self._key, **self._facts))

    def _write(self, text: str) -> None:
        # A single & would become an access key and vanish.
        shown = text.replace("&", "&&")
        # Qt leaves four pixels between an icon and its word; that is too near.
        if self._icon and shown:
            shown = "\n".join(f" {line}" for line in shown.split("\n"))
        self.setText(shown)
        if not self._spoken:
            super().setAccessibleName(text)

    def setAccessibleName(self, name: str) -> None:
        """It is called that aloud, whatever is written on it."""
        self._spoken = name
        super().setAccessibleName(name)

    def _draw(self) -> None:
        if self._icon:
            look = self._desk.look
            tone = {
                "primary": "on_accent",
                "link": "accent",
                "strip": "secondary",
                "foot": "secondary",
            }.get(self._kind, "text")
            if self.property("tone"):
                tone = str(self.property("tone"))
            self.setIcon(look.icon(self._icon, tone, size=18))
            self.setIconSize(QSize(look.px(18), look.px(18)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self._say()
            self._draw()
        super().changeEvent(event)


class IconButton(QToolButton):
    """A button that is only an icon; its name is spoken and in the tooltip."""

    def __init__(self, desk: Desk, icon: str, key: str, *, tone: str = "secondary") -> None:
        super().__init__()
        self._desk, self._icon, self._key, self._tone = desk, icon, key, tone
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._wear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _entered(self, event):
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        side = self._desk.look.px(32)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_icon(self, icon: str, key: str) -> None:
        """It is that icon with that name."""
        self._icon, self._key = icon, key
        self._wear()

    def _wear(self) -> None:
        look = self._desk.look
        self.setIcon(look.icon(self._icon, self._tone, size=18))
        self.setIconSize(QSize(look.px(18), look.px(18)))
        self.setAccessibleName(self._desk.say(self._key))
        self.setToolTip(plain_tip(self._desk.say(self._key)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self._wear()
        super().changeEvent(event)


class Door(QPushButton):
    """A large button: what happens, and one line of consequence."""

    def __init__(self, desk: Desk, key: str, icon: str, *, arrow: bool = True) -> None:
        """``key`` names the title; ``<key>.line`` the line beneath."""
        super().__init__()
        self._desk, self._key, self._spoken = desk, key, ""
        self.setObjectName("door")
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.title = Label(desk, key, role="strong")
        self.line = Label(desk, f"{key}.line", role="caption", tone="secondary")
        px = desk.look.px
        inside = row(
            Glyph(desk, icon, "accent"),
            column(None, self.title, self.line, None, gap=px(2)),
            gap=px(14),
            margins=(px(14), px(10), px(12), px(10)),
        )
        inside.setStretch(1, 1)
        if arrow:
            inside.addWidget(Glyph(desk, "right", "secondary", size=16))
        self._inside = inside
        self.setLayout(inside)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._say()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _entered(self, event):
            super().keyPressEvent(event)

    def _say(self) -> None:
        if not self._spoken:
            super().setAccessibleName(self._desk.say(self._key))
            self.setAccessibleDescription(self._desk.say(f"{self._key}.line"))

    def setAccessibleName(self, name: str) -> None:
        """It is called that aloud, and there is no more to say."""
        self._spoken = name
        super().setAccessibleName(name)
        self.setAccessibleDescription("")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self._say()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._inside.minimumSize()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._inside.totalHeightForWidth(width)


def _paint_mark(button: QAbstractButton, desk: Desk, *, round_: bool) -> None:
    look, painter = desk.look, QPainter(button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = look.px(16)
    box = QRect(look.px(2), (button.height() - side) // 2, side, side)
    on, enabled = button.isChecked(), button.isEnabled()
    outline = "accent" if on and enabled else "control" if enabled else "hairline"
    painter.setPen(QPen(look.color(outline), 1.2))
    filled = on and not round_
    painter.setBrush(look.color("accent" if filled else "surface"))
    radius = side / 2 if round_ else look.px(4)
    painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), radius, radius)
    if on and round_:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(box.center(), side * 0.28, side * 0.28)
    elif on:
        painter.drawPixmap(
            box.adjusted(2, 2, -2, -2),
            look.pixmap("check", "on_accent", side, button.devicePixelRatioF()),
        )
    painter.setPen(look.color("text" if enabled else "secondary"))
    words = button.rect().adjusted(box.right() + look.px(8), 0, 0, 0)
    painter.drawText(
        words,
        int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | Qt.TextFlag.TextWordWrap,
        button.text(),
    )


def _mark_size(button: QAbstractButton, desk: Desk) -> QSize:
    look, metrics = desk.look, QFontMetrics(button.font())
    wide = metrics.horizontalAdvance(button.text()) + look.px(32)
    return QSize(wide, max(look.px(32), metrics.height()))


if TYPE_CHECKING:
    _AnyButton = QAbstractButton
else:
    _AnyButton = object  # Qt takes one class of its own; the other base has to be a plain one.


class _Marked(_AnyButton):
    """What a box to tick and one of several have in common: words beside a mark of our own."""

    _round = False
    _desk: Desk
    _key: str

    def _named(self, desk: Desk, key: str) -> None:
        self._desk, self._key = desk, key
        self._say()

    def _say(self) -> None:
        if self._key:
            self.setText(self._desk.say(self._key))
            self.setAccessibleName(self.text())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self._say()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        return _mark_size(self, self._desk)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        _paint_mark(self, self._desk, round_=self._round)


class Check(_Marked, QCheckBox):
    """A box to tick."""

    def __init__(self, desk: Desk, key: str = "") -> None:
        super().__init__()
        self._named(desk, key)


class Radio(_Marked, QRadioButton):
    """One of several."""

    _round = True

    def __init__(self, desk: Desk, key: str = "") -> None:
        super().__init__()
        self._named(desk, key)


class Choice(QComboBox):
    """One of a list, with our own arrow."""

    def __init__(self, desk: Desk, key: str) -> None:
        """``key`` is what it is called aloud."""
        super().__init__()
        self._desk, self._key = desk, key
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setAccessibleName(desk.say(key))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self.setAccessibleName(self._desk.say(self._key))
        super().changeEvent(event)

    def wheelEvent(self, event: QEvent) -> None:
        # A wheel that scrolls the page must not change a choice on its way.
        event.ignore()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip:
            # What does not fit can be read whole.
            self.setToolTip(plain_tip(self.currentText()))
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        kind = QStyle.ComplexControl.CC_ComboBox
        room = self.style().subControlRect(kind, option, part, self).width()
        chosen = self.currentIndex() >= 0
        shown = self.currentText() if chosen else self.placeholderText()
        option.currentText = self.fontMetrics().elidedText(
            shown, Qt.TextElideMode.ElideRight, room - self._desk.look.px(4)
        )
        if not chosen:
            faint = self._desk.look.color("secondary")
            option.palette.setColor(QPalette.ColorRole.ButtonText, faint)
        painter.drawComplexControl(kind, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        draw_arrow(painter, self, self._desk)

    def showPopup(self) -> None:
        look, list_ = self._desk.look, self.view()
        list_.setMinimumWidth(min(look.px(640), list_.sizeHintForColumn(0) + look.px(32)))
        super().showPopup()


def draw_arrow(painter: QPainter, widget: QWidget, desk: Desk, icon: str = "down") -> None:
    """At the right end of a field stands that something opens there."""
    side = desk.look.px(16)
    picture = desk.look.pixmap(icon, "secondary", side, widget.devicePixelRatioF())
    right = widget.width() - side - desk.look.px(10)
    painter.drawPixmap(right, (widget.height() - side) // 2, picture)


class Field(QLineEdit):
    """A line to fill in."""

    def __init__(self, desk: Desk, key: str, *, hint: str = "", limit: int = 1000) -> None:
        """``key`` is what it is called aloud, ``hint`` what stands in it while it is empty."""
        super().__init__()
        self._desk, self._key, self._hint = desk, key, hint
        self.setMaxLength(limit)
        self._say()

    def _say(self) -> None:
        self.setAccessibleName(self._desk.say(self._key))
        if self._hint:
            self.setPlaceholderText(self._desk.say(self._hint))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self._say()
        super().changeEvent(event)


class Bar(QWidget):
    """How far something is: honest where the length is known, moving where it is not."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._done, self._total = 0, 0
        self._phase = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        called(self, desk, "progress.name")

    def show_progress(self, done: int, total: int | None) -> None:
        """``done`` of ``total``; None for a length nobody knows."""
        self._done, self._total = done, total or 0
        # Each report moves the busy form one step: it moves when work does, not for show.
        self._phase = (self._phase + 1) % 8
        self.setAccessibleDescription(f"{self.percent} %" if self._total else "")
        self.update()

    @property
    def percent(self) -> int:
        """Whole per cent done; 0 when nobody knows."""
        return min(100, self._done * 100 // self._total) if self._total else 0

    def sizeHint(self) -> QSize:
        return QSize(self._desk.look.px(120), self._desk.look.px(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.tokens.tint("pending", 0.16)))
        radius = self.height() / 2
        painter.drawRoundedRect(self.rect(), radius, radius)
        painter.setBrush(look.color("pending"))
        if self._total:
            wide = self.width() * min(self._done, self._total) // self._total
            painter.drawRoundedRect(QRect(0, 0, wide, self.height()), radius, radius)
        else:
            step = self.width() // 8
            painter.drawRoundedRect(
                QRect(self._phase * step, 0, step, self.height()), radius, radius
            )


class _RingStyle(QProxyStyle):
    """Leaves room for the gap and the line of the ring."""

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        if metric in (
            QStyle.PixelMetric.PM_FocusFrameHMargin,
            QStyle.PixelMetric.PM_FocusFrameVMargin,
        ):
            return 4
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returns: QStyleHintReturn | None = None,
    ) -> int:
        if hint is QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returns)


class _Ring(QFocusFrame):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._style = _RingStyle("Fusion")
        self.setStyle(self._style)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._desk.look.color("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 10, 10)


class FocusRing(QObject):
    """Draws one ring around whatever button has the focus; fields and cells draw their own."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ring: _Ring | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        if self._ring is not None:
            # Its parent may be gone, and it with it.
            from shiboken6 import isValid

            if isValid(self._ring):
                self._ring.setWidget(None)  # type: ignore[arg-type] # Qt takes null here
                self._ring.deleteLater()
            self._ring = None
        if isinstance(now, QAbstractButton) and now.window().isVisible():
            self._ring = _Ring(self._desk)
            self._ring.setWidget(now)


class _Called(QObject):
    """Says what a widget is called once more whenever another language is spoken."""

    def __init__(self, widget: QWidget, desk: Desk, key: str) -> None:
        super().__init__(widget)
        self._desk, self._key = desk, key
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LanguageChange and isinstance(watched, QWidget):
            watched.setAccessibleName(self._desk.say(self._key))
        return False


def called(widget: QWidget, desk: Desk, key: str) -> None:
    """Aloud the widget is called by that sentence, in every language to come as well."""
    widget.setAccessibleName(desk.say(key))
    _Called(widget, desk, key)


def announce(widget: QWidget, sentence: str) -> None:
    """Screen readers hear ``sentence``."""
    widget.setAccessibleDescription(sentence)
    QAccessible.updateAccessibility(QAccessibleEvent(widget, QAccessible.Event.DescriptionChanged))
