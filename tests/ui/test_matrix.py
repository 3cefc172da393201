"""Every page in both languages, both schemes and two sizes: whole, named, and within reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDateTimeEdit,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from fakes.holdfast import VERDICTS, FakeHoldfast
from holdfast.core.errors import Unavailable
from holdfast.ui.layout import Scroll
from holdfast.ui.pages.trouble import Woe
from holdfast.ui.rooms import PAGES
from holdfast.ui.widgets import Line
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

pytestmark = pytest.mark.no_cover

CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView, QDateTimeEdit)


def places(fake: FakeHoldfast) -> Iterator[tuple[str, object]]:
    """Every page, with something to show."""
    ids = {case.title[:1]: case.id for case in fake.cases()}
    drafted = fake.case_file(ids["林"]).notices[0].id
    sent = fake.case_file(ids["许"]).notices[0].id
    kept = fake.case_file(ids["林"]).exhibits[:2]
    yield "today", ""
    yield "receipt", (ids["林"], ["E0001", "E0002"])
    yield "case", (ids["许"], "E0002")
    for tab in ("evidence", "letters", "documents", "people"):
        yield "case", (ids["林"], tab)
    yield "series", (ids["林"], "")
    yield "letter", (ids["林"], drafted)
    yield "letter", (ids["何"], "")
    yield "send", (ids["许"], sent)
    yield "answer", (ids["许"], sent)
    for name in VERDICTS:
        fake.verdict = VERDICTS[name]
        yield "verify", ("2026-031.zip",)
    yield "cases", ""
    yield "settings", None
    yield "help", None
    yield "environment", None
    yield "environment", (ids["许"], "E0001")
    yield "shot", ""
    yield "browsing", (ids["许"], "https://x.example/" + "a" * 200)
    yield "phone", ids["林"]
    yield "record", ""
    yield "token", ""
    yield "keeping", None
    yield (
        "trouble",
        Woe(
            error=Unavailable("explorer_garbled", operator="x"),
            target="https://x.example/" + "a" * 200,
            kept=kept,
            again=print,
        ),
    )
    yield "trouble", Woe(error=Unavailable("video_login", host="x.example"), target="https://x/")
    yield "trouble", Unavailable("no_browser")
    yield "trouble", ZeroDivisionError()
    yield "farewell", None


def shown(window: QWidget) -> Iterator[QWidget]:
    for widget in window.findChildren(QWidget):
        if widget.isVisibleTo(window) and widget.isVisible():
            yield widget


def inside_another(widget: QWidget) -> bool:
    """Parts that Qt makes for its own widgets."""
    parent = widget.parentWidget()
    while parent is not None:
        if (
            isinstance(parent, QComboBox | QDateTimeEdit | QAbstractItemView)
            and parent is not widget
        ):
            return True
        parent = parent.parentWidget()
    return False


def clipped(window: MainWindow) -> list[str]:
    """What does not fit, in words."""
    found = []
    for widget in shown(window):
        if inside_another(widget):
            continue
        size = widget.size()
        if isinstance(widget, QLabel) and not isinstance(widget, Line) and widget.text():
            if widget.wordWrap():
                need = QSize(0, widget.heightForWidth(size.width()))
            else:
                need = widget.sizeHint()
        elif isinstance(widget, QAbstractButton):
            need = widget.minimumSizeHint()
            if widget.hasHeightForWidth():
                need = QSize(need.width(), widget.heightForWidth(size.width()))
        elif isinstance(widget, Scroll) and widget.widget() is not None:
            need = QSize(widget.widget().minimumSizeHint().width(), 0)
            size = widget.viewport().size()
        else:
            continue
        if size.width() < need.width() - 1 or size.height() < need.height() - 1:
            text = getattr(widget, "text", lambda: "")()
            found.append(f"{type(widget).__name__} {text!r}: {size.toTuple()} < {need.toTuple()}")
    return found


def unnamed(window: MainWindow) -> list[str]:
    """Controls that a screen reader could not say."""
    found = []
    for widget in shown(window):
        if isinstance(widget, CONTROLS) and not inside_another(widget):
            if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
                continue
            heard = QAccessible.queryAccessibleInterface(widget)
            if not heard.text(QAccessible.Text.Name).strip():
                found.append(f"{type(widget).__name__} {widget.objectName()}")
    return found


def unreachable(window: MainWindow) -> list[str]:
    """Controls that Tab never comes to."""
    wanted = [
        widget
        for widget in shown(window)
        if isinstance(widget, CONTROLS)
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and not inside_another(widget)
    ]
    reached: set[QWidget] = set()
    window.sidebar.list.setFocus()
    for _ in range(len(wanted) * 3 + 20):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None:
            break
        reached.add(now)
    # Of a group of which one is chosen Tab comes to one; arrows move between them.
    groups = {group_of(w) for w in reached} - {None}
    return [
        f"{type(w).__name__} {w.accessibleName()}"
        for w in wanted
        if w not in reached and group_of(w) not in groups
    ]


def group_of(widget: QWidget) -> object:
    if not isinstance(widget, QAbstractButton):
        return None
    if widget.group() is not None:
        return widget.group()
    return widget.parentWidget() if isinstance(widget, QRadioButton) else None


@pytest.mark.parametrize("scale", [100, 200])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_whole_named_and_within_reach(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, lang: str, theme: str, scale: int
) -> None:
    size = (1280, 800) if scale == 100 else (960, 640)
    window = open_(full, lang=lang, theme=theme, scale=scale, size=size)
    wrong, seen = [], set()
    for place, what in places(full):
        if place == "keeping":
            window.page("keeping")
            window._open("keeping", None)
        else:
            window.go(place, what)
        settle(qtbot, window)
        # Layouts that follow from widths settle over a few turns.
        for _ in range(12):
            QApplication.processEvents()
        seen.add(place)
        for kind, found in (("clipped", clipped(window)), ("unnamed", unnamed(window))):
            wrong += [f"{place}: {kind}: {one}" for one in found]
        if theme == "light" and scale == 100:
            wrong += [f"{place}: unreachable: {one}" for one in unreachable(window)]
    assert not wrong, "\n".join(wrong)
    assert seen == set(PAGES)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_smallest_window_clips_nothing(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, lang: str
) -> None:
    window = open_(full, lang=lang, size=(960, 640))
    wrong = []
    for place, what in places(full):
        if place != "keeping":
            window.go(place, what)
            settle(qtbot, window)
            wrong += [f"{place}: {one}" for one in clipped(window)]
    assert not wrong, "\n".join(wrong)
    assert (window.width(), window.height()) == (960, 640)


def test_the_first_start_is_whole(qtbot: QtBot, fake: FakeHoldfast, open_: Open) -> None:
    for lang, scale in (("zh", 100), ("en", 200)):
        window = open_(fake, lang=lang, scale=scale, size=(960, 640))
        assert not clipped(window)
        assert not unnamed(window)
        window.hide()
