"""What evidence is shown with: chips, fingerprints, blurred pictures, what it proves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from holdfast.ui.desk import Desk
from holdfast.ui.layout import Flow, Fold, Part, column, emptied, framed, row
from holdfast.ui.phrases import State, grouped, plain_tip
from holdfast.ui.widgets import Button, Glyph, IconButton, Label, Line, called

if TYPE_CHECKING:
    from holdfast.core.evidence import Digest


def panel(*rows: QWidget) -> QFrame:
    """Rows in a rounded frame, a hairline between them."""
    box = column()
    for index, one in enumerate(rows):
        if index:
            one.setObjectName("row")
        box.addWidget(one)
    return framed(box, "panel")


def panel_row(
    *parts: Part, desk: Desk, wide: int | None = None, high: int = 44, gap: int = 12
) -> QFrame:
    """One row of a panel; the part at ``wide`` takes what room is left."""
    px = desk.look.px
    inside = row(*parts, gap=px(gap), margins=(px(16), px(6), px(16), px(6)))
    if wide is not None:
        inside.setStretch(wide, 1)
    frame = framed(inside)
    frame.setMinimumHeight(px(high))
    return frame


class Tag(Label):
    """A small outlined word: an exhibit number, 草稿, 演练."""

    def __init__(self, desk: Desk, key: str = "", *, tone: str = "secondary") -> None:
        super().__init__(desk, key, role="caption", tone=tone, wrap=False)
        self.setObjectName("tag")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class Chip(QFrame):
    """Where a time-stamp stands: shape, word and, where it is real, colour."""

    def __init__(self, desk: Desk, *, wrap: bool = True) -> None:
        super().__init__()
        self._desk, self._tone = desk, "secondary"
        self.glyph = Glyph(desk, "lock", "secondary", size=16)
        self.label = Label(desk, role="caption", wrap=wrap)
        px = desk.look.px
        box = row(self.glyph, self.label, gap=px(6), margins=(px(6), px(3), px(8), px(3)))
        box.setStretch(1, 1)
        self.setLayout(box)

    def show_state(self, state: State) -> None:
        """It says that state."""
        self._tone = state.tone
        self.glyph.draw(state.icon, state.tone)
        self.label.show_text(state.sentence)
        self.label.dye(state.tone)
        self.setAccessibleName(state.sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._desk.look.tint(self._tone))
        look = self._desk.look
        words = self.label.fontMetrics().horizontalAdvance(self.label.text())
        wide = min(self.width(), words + look.px(42))
        painter.drawRoundedRect(0, 0, wide, self.height(), look.px(8), look.px(8))


class CopyButton(IconButton):
    """Copies a text and says so until something else is copied."""

    def __init__(self, desk: Desk, key: str = "copy") -> None:
        super().__init__(desk, "copy", key)
        self._plain, self._name = "", key
        self.clicked.connect(self.copy)

    def holds(self, plain: str) -> None:
        """That text is what it copies."""
        self._plain = plain

    def copy(self) -> None:
        """The text is on the clipboard."""
        QGuiApplication.clipboard().setText(self._plain)
        self.show_icon("check", "copied")
        QTimer.singleShot(2000, self, lambda: self.show_icon("copy", self._name))


class _Grouped(Label):
    """A fingerprint in groups of eight, as many a line as fit; copying gives it without gaps."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, role="hash")
        self._digest = ""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def show_digest(self, digest: str) -> None:
        """It shows this one."""
        self._digest = digest
        self._break()

    def _break(self) -> None:
        groups = grouped(self._digest).split()
        one = self.fontMetrics().horizontalAdvance("0" * 9)
        fit = next((n for n in (8, 4, 2) if n * one <= self.width()), 1)
        lines = [" ".join(groups[i : i + fit]) for i in range(0, len(groups), fit)]
        if self.text() != "\n".join(lines):
            self.show_text("\n".join(lines))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._break()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("0" * 18), self.fontMetrics().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText("".join(self.selectedText().split()))
            event.accept()
            return
        super().keyPressEvent(event)


class HashLabel(QWidget):
    """Both fingerprints of some bytes, to be compared by eye and copied whole."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.sha256, self.sm3 = _Grouped(desk), _Grouped(desk)
        self.copy = CopyButton(desk, "copy.sha256")
        px = desk.look.px
        lines = column(gap=px(2))
        for name, label in (("SHA-256", self.sha256), ("SM3", self.sm3)):
            tag = Label(desk, role="hash", tone="secondary", wrap=False)
            tag.show_text(name)
            tag.setMinimumWidth(tag.fontMetrics().horizontalAdvance("SHA-256 "))
            tag.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            line = row(tag, label, gap=px(8))
            line.setStretch(1, 1)
            lines.addLayout(line)
        whole = row(lines, self.copy, gap=px(8))
        whole.setStretch(0, 1)
        self.setLayout(whole)

    def show_digest(self, digest: Digest) -> None:
        """It shows these two."""
        self.sha256.show_digest(digest.sha256)
        self.sm3.show_digest(digest.sm3)
        self.sha256.setAccessibleName(f"SHA-256 {grouped(digest.sha256)}")
        self.sm3.setAccessibleName(f"SM3 {grouped(digest.sm3)}")
        self.copy.holds(digest.sha256)


class Thumb(QFrame):
    """A picture that stays blurred until it is asked for, and blurs again when it is left."""

    asked = Signal()
    """The person wants to see it."""

    def __init__(self, desk: Desk, *, wide: int, high: int) -> None:
        super().__init__()
        self._desk, self.wide, self.high = desk, wide, high
        self.setObjectName("panel")
        self._clear, self._soft = QImage(), QImage()
        self._icon = "page"
        self.canvas = _Canvas(desk, self)
        self.button = Button(desk, "picture.show", kind="strip", icon="eye")
        self.button.clicked.connect(self._toggle)
        self.setLayout(column(self.canvas, self.button, margins=(1, 1, 1, 1)))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.shown = False
        self.show_pictures(QImage(), QImage(), "page")

    @property
    def room(self) -> QSize:
        """How large a picture it can show, in device pixels."""
        ratio = self.devicePixelRatioF()
        px = self._desk.look.px
        return QSize(round(px(self.wide) * ratio), round(px(self.high) * ratio))

    def show_pictures(self, clear: QImage, soft: QImage, icon: str) -> None:
        """It holds that picture, blurred; ``icon`` stands where there is none."""
        self._clear, self._soft, self._icon = clear, soft, icon
        self.button.setVisible(not clear.isNull())
        self.blur()

    def blur(self) -> None:
        """Nothing can be recognised."""
        self.shown = False
        self.button.tell("picture.show")
        self.button.show_icon("eye")
        self.canvas.update()

    def _toggle(self) -> None:
        if self.shown:
            self.blur()
            return
        self.shown = True
        self.button.tell("picture.blur")
        self.button.show_icon("blur")
        self.canvas.update()
        self.asked.emit()

    def hideEvent(self, event: QEvent) -> None:
        self.blur()

    @property
    def picture(self) -> QImage:
        """What is on view now."""
        return self._clear if self.shown else self._soft

    @property
    def icon(self) -> str:
        """What stands there when there is no picture."""
        return self._icon


class _Canvas(QWidget):
    def __init__(self, desk: Desk, thumb: Thumb) -> None:
        super().__init__()
        self._desk, self._thumb = desk, thumb
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        px = self._desk.look.px
        return QSize(px(self._thumb.wide), px(self._thumb.high))

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shape, radius = QPainterPath(), look.px(7)
        shape.addRoundedRect(self.rect().adjusted(0, 0, 0, radius), radius, radius)
        painter.setClipPath(shape)
        picture = self._thumb.picture
        if not picture.isNull():
            painter.drawImage(self.rect(), picture)
            return
        painter.fillRect(self.rect(), look.color("section"))
        side = look.px(28)
        glyph = look.pixmap(self._thumb.icon, "secondary", side, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - side) // 2, (self.height() - side) // 2, glyph)


class Proves(QWidget):
    """What something shows and, always beside it, what it does not."""

    def __init__(self, desk: Desk, *, stronger: Signal | None = None) -> None:
        super().__init__()
        self._desk = desk
        self._does, self._not = column(gap=desk.look.px(4)), column(gap=desk.look.px(4))
        self.more = Button(desk, "proves.stronger", kind="link")
        self.more.clicked.connect(self._unfold)
        self.how = Label(desk, "proves.how", role="caption", tone="secondary")
        self.how.hide()
        px = desk.look.px
        does = column(Label(desk, "proves.does", role="small"), self._does, None, gap=px(4))
        doesnt = column(
            Label(desk, "proves.not", role="small"), self._not, self.more, None, gap=px(4)
        )
        fold = Fold(gap=px(24), below=px(420))
        fold.box.addLayout(does, 1)
        fold.box.addLayout(doesnt, 1)
        self.setLayout(column(fold, self.how, gap=px(4)))
        self.show_lines((), ("proves.not.server", "proves.not.maker", "proves.not.court"))

    def _unfold(self) -> None:
        self.how.setVisible(not self.how.isVisible())

    def show_lines(self, does: Sequence[str], does_not: Sequence[str]) -> None:
        """``does`` are finished sentences, ``does_not`` keys of the catalogues."""
        emptied(self._does)
        emptied(self._not)
        for sentence in does:
            self._does.addWidget(self._dashed(Label(self._desk, role="caption"), sentence))
        for key in does_not:
            self._not.addWidget(self._dashed(Label(self._desk, key, role="caption"), ""))

    def _dashed(self, label: Label, sentence: str) -> QWidget:
        if sentence:
            label.show_text(sentence)
        dash = Label(self._desk, role="caption", tone="secondary", wrap=False)
        dash.show_text("–")
        dash.setAlignment(Qt.AlignmentFlag.AlignTop)
        line = row(dash, label, gap=self._desk.look.px(6))
        line.setStretch(1, 1)
        holder = QWidget()
        holder.setLayout(line)
        return holder


class VerdictBox(QFrame):
    """One sentence, tinted and shaped by its state."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._tone = desk, "secondary"
        self.glyph = Glyph(desk, "unchecked", "secondary", size=28)
        self.sentence = Label(desk, role="heading")
        self.beneath = Label(desk, tone="secondary")
        px = desk.look.px
        box = row(
            self.glyph,
            column(self.sentence, self.beneath, gap=px(4)),
            gap=px(16),
            margins=(px(16), px(12), px(16), px(12)),
        )
        box.setStretch(1, 1)
        box.setAlignment(self.glyph, Qt.AlignmentFlag.AlignTop)
        self.setLayout(box)

    def show_verdict(self, icon: str, tone: str, sentence: str, beneath: str) -> None:
        """It says that."""
        self._tone = tone
        self.glyph.draw(icon, tone)
        self.sentence.show_text(sentence)
        self.beneath.show_text(beneath)
        self.beneath.setVisible(bool(beneath))
        self.setAccessibleName(sentence)
        self.setAccessibleDescription(beneath)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.color(self._tone), 1))
        painter.setBrush(look.tint(self._tone))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), look.px(8), look.px(8))


class Gauge(QWidget):
    """Which elements of a letter are there and which are missing, with their articles."""

    def __init__(self, desk: Desk, title: str) -> None:
        super().__init__()
        self._desk = desk
        self._count = Label(desk, role="caption", tone="secondary", wrap=False)
        self._segments = _Segments(desk)
        self._lines = column(gap=desk.look.px(2))
        self._articles = Label(desk, role="caption", tone="secondary")
        px = desk.look.px
        head = row(Label(desk, title, role="small"), None, self._count)
        self.setLayout(column(head, self._segments, self._lines, self._articles, None, gap=px(6)))

    def show_elements(
        self, elements: Sequence[tuple[str, bool, str]], articles: Sequence[str]
    ) -> None:
        """(what, whether it is there, what stands there) of each, and where they come from."""
        self._articles.show_text("\n".join(dict.fromkeys(articles)))
        self._articles.setVisible(bool(articles))
        emptied(self._lines)
        self._segments.show_states([there for _, there, _ in elements])
        self._count.show_text(f"{sum(there for _, there, _ in elements)} / {len(elements)}")
        for what, there, detail in elements:
            name = Label(self._desk, role="caption", tone="" if there else "warning")
            if there:
                name.show_text(what)
            else:
                name.tell("gauge.missing", what=what)
            aside = Label(self._desk, role="caption", tone="secondary")
            aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            aside.show_text(detail)
            glyph = Glyph(
                self._desk,
                "check" if there else "warning",
                "text" if there else "warning",
                size=16,
            )
            line = row(glyph, name, aside, gap=self._desk.look.px(6))
            line.setStretch(1, 3)
            line.setStretch(2, 2)
            holder = QWidget()
            holder.setLayout(line)
            self._lines.addWidget(holder)


class _Segments(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._states: Sequence[bool] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_states(self, states: Sequence[bool]) -> None:
        self._states = states
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._desk.look.px(100), self._desk.look.px(6))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._states:
            return
        painter, look = QPainter(self), self._desk.look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = look.px(4)
        wide = (self.width() - gap * (len(self._states) - 1)) / len(self._states)
        for index, there in enumerate(self._states):
            box = QRect(round(index * (wide + gap)), 0, round(wide), self.height())
            painter.setPen(QPen(look.color("text" if there else "control"), 1))
            painter.setBrush(look.color("text" if there else "surface"))
            painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), look.px(3), look.px(3))


class DropZone(QFrame):
    """A place to drop files on, with a button for those who would rather choose."""

    dropped = Signal(object)
    """Paths."""

    def __init__(
        self, desk: Desk, *, title: str, line: str, button: str, icon: str, more: str = ""
    ) -> None:
        """``more`` is the key of a second button."""
        super().__init__()
        self.setObjectName("drop")
        self.setAcceptDrops(True)
        self.title = Label(desk, title, role="strong")
        self.line = Label(desk, line, role="caption", tone="secondary")
        self.button = Button(desk, button)
        self.more = Button(desk, more) if more else None
        px = desk.look.px
        words = column(self.title, self.line, gap=px(2))
        left = QWidget()
        inner = row(Glyph(desk, icon, "secondary"), words, gap=px(16))
        inner.setStretch(1, 1)
        left.setLayout(inner)
        buttons: QWidget = self.button
        if self.more is not None:
            buttons = QWidget()
            buttons.setLayout(Flow(self.button, self.more, gap=px(8)))
        fold = Fold(left, buttons, gap=px(12), below=px(420 if not more else 560), stretch=(1, 0))
        self.setLayout(column(fold, margins=(px(16), px(14), px(16), px(14))))
        called(self, desk, title)

    def _hover(self, hovering: str) -> None:
        self.setProperty("hovering", hovering)
        self.style().unpolish(self)
        self.style().polish(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event):
            event.acceptProposedAction()
            self._hover("true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hover("false")

    def dropEvent(self, event: QDropEvent) -> None:
        self._hover("false")
        event.acceptProposedAction()
        self.dropped.emit(local_paths(event))


def local_paths(event: QDropEvent) -> tuple[Path, ...]:
    """The files of this computer that are being dragged."""
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())


class Footer(QFrame):
    """The foot of a page: a sentence left, the buttons right, the primary one last."""

    def __init__(self, desk: Desk, *buttons: Button, key: str = "") -> None:
        super().__init__()
        self.setObjectName("footer")
        px = desk.look.px
        self.sentence = Label(desk, key, role="caption", tone="secondary")
        holder = QWidget()
        holder.setLayout(Flow(*buttons, gap=px(8)))
        fold = Fold(self.sentence, holder, gap=px(16), below=px(500), stretch=(1, 0))
        self.setLayout(column(fold, margins=(px(24), px(12), px(24), px(12))))


class Facts(QWidget):
    """Names and what stands for them, one pair a line."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._box = column(gap=desk.look.px(4))
        self.setLayout(self._box)

    def show_facts(self, facts: Sequence[tuple[str, str, bool]]) -> None:
        """(key of the name, what stands there, whether it is an address or fingerprint)."""
        emptied(self._box)
        px = self._desk.look.px
        for key, text, mono in facts:
            name = Label(self._desk, key, role="caption", tone="secondary", wrap=False)
            name.setMinimumWidth(px(80))
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            value = Line(self._desk, role="mono") if mono else Label(self._desk, role="caption")
            value.show_text(text)
            if not mono:
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            line = row(name, value, gap=px(8))
            line.setStretch(1, 1)
            holder = QWidget()
            holder.setLayout(line)
            self._box.addWidget(holder)


def titled(desk: Desk, key: str, inside: QWidget) -> QVBoxLayout:
    """A small heading over something."""
    return column(Label(desk, key, role="small"), inside, gap=desk.look.px(8))


def tip(widget: QWidget, text: str) -> None:
    """The tooltip shows ``text`` and nothing else."""
    widget.setToolTip(plain_tip(text))
