"""What only the command line could do once, reached in the window where one would look for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.ui.widgets import Label
from holdfast.ui.window import MainWindow

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def called(fake: FakeHoldfast, verb: str) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == verb]


def pick(qtbot: QtBot, window: MainWindow, *texts: str) -> None:
    """The entry of the case's menu, or of a menu within it, that begins so."""
    page = window.page("case")
    page._add()
    menu = page.menu
    for text in texts:
        action = next(one for one in menu.actions() if one.text().startswith(text))
        menu = action.menu() or menu
    page.menu.close()
    action.trigger()
    settle(qtbot, window)


@pytest.fixture
def case(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> tuple[MainWindow, str]:
    window = open_(full, lang="en")
    xu = full.cases()[1].id
    window.go("case", (xu, ""))
    settle(qtbot, window)
    return window, xu


@pytest.mark.parametrize(("entry", "how"), [("the page", "page"), ("the video", "video")])
def test_only_the_page_or_only_the_video_of_a_link_is_kept(
    qtbot: QtBot,
    full: FakeHoldfast,
    case: tuple[MainWindow, str],
    monkeypatch: pytest.MonkeyPatch,
    entry: str,
    how: str,
) -> None:
    window, xu = case
    link = "https://a.example/1"
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *_: (link, True))
    pick(qtbot, window, "Links, but only", entry)
    assert called(full, "keep") == [("keep", link, xu, how)]


def test_from_whom_files_came_is_asked_before_they_are_sealed(
    qtbot: QtBot,
    full: FakeHoldfast,
    case: tuple[MainWindow, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, xu = case
    said: Any = [("", False), ("a viewer, by mail", True)]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: said.pop(0))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["a.mp4"], ""))
    pick(qtbot, window, "Files that somebody")
    assert not called(full, "keep_files"), "whoever turned back keeps nothing"
    pick(qtbot, window, "Files that somebody")
    asked = ("keep_files", (Path("a.mp4"),), xu, "a viewer, by mail")
    assert called(full, "keep_files") == [asked]


def test_the_links_of_a_case_are_kept_again_at_any_time(
    qtbot: QtBot, full: FakeHoldfast, case: tuple[MainWindow, str]
) -> None:
    window, xu = case
    due = [f.id for f in full.case_file(xu).followups if f.term.startswith("recheck")]
    pick(qtbot, window, "Is it still online")
    links = {e.url for e in full.case_file(xu).exhibits if e.url}
    assert {call[1] for call in called(full, "keep")} == links
    ticked = {call[1] for call in called(full, "followup_done")}
    assert ticked <= set(due)
    assert ticked == set() or not full.looks_due(xu)


def test_a_signature_that_does_not_name_its_key_is_asked_for_it(
    qtbot: QtBot,
    full: FakeHoldfast,
    case: tuple[MainWindow, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    window, xu = case
    window.go("case", (xu, "documents"))
    settle(qtbot, window)
    rows = window.page("case").documents.custody
    full.fail["cosigned"] = Refused("cosigned_none", name="a.txt")

    def answer(*_: object) -> tuple[str, bool]:
        full.fail.clear()
        return "second+1d2c3b4a+BA==", True

    monkeypatch.setattr(QInputDialog, "getText", answer)
    rows.put(tmp_path / "a.txt")
    settle(qtbot, window)
    settle(qtbot, window)
    assert called(full, "cosigned")[-1][-1] == "second+1d2c3b4a+BA=="
    full.fail["cosigned"] = Refused("cosigned_none", name="a.txt")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("", False))
    rows.put(tmp_path / "a.txt")
    settle(qtbot, window)
    said = [label.text() for label in window.page("trouble").findChildren(Label)]
    assert any("second device" in text for text in said)


def test_labels_in_files_are_read_where_things_are_verified(
    qtbot: QtBot,
    full: FakeHoldfast,
    open_: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_(full, lang="en")
    window.go("verify", None)
    settle(qtbot, window)
    page = window.page("verify")
    full.marked = ({"path": "a & b.mp4", "format": "mp4", "read": True, "labels": [], "iptc": []},)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["a & b.mp4"], ""))
    qtbot.mouseClick(page.marks.go, LEFT)
    settle(qtbot, window)
    assert called(full, "marks") == [("marks", (Path("a & b.mp4"),))]
    said = [label.text() for label in page.marks.findChildren(Label)]
    assert any(text.startswith("a & b.mp4 · ") for text in said)
    assert any("not detected does not mean" in text for text in said)
    assert not called(full, "keep_files")


def test_what_is_pending_is_looked_at_at_once_when_asked_for(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    qtbot.mouseClick(window.strip.pending, LEFT)
    settle(qtbot, window)
    assert called(full, "stamp")[-1] == ("stamp", "", "now")


def test_a_series_leaves_the_site_alone_as_long_as_was_chosen(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full, lang="en")
    lin = full.cases()[0].id
    window.go("series", (lin, ""))
    settle(qtbot, window)
    page = window.page("series")
    page.gap.setCurrentIndex(page.gap.findText("5 s between episodes"))
    window.desk.choose(language="zh")
    settle(qtbot, window)
    assert page.gap.currentText() == "两集之间停 5 秒"
    qtbot.mouseClick(page.keep, LEFT)
    settle(qtbot, window)
    assert called(full, "choose_episodes")[0][-1] == 5_000


def test_a_newer_downloader_may_come_from_another_index(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    window.go("settings", None)
    settle(qtbot, window)
    page = window.page("settings")
    page.index.setText(" https://mirror.example/simple/yt-dlp/ ")
    qtbot.mouseClick(page.fetch, LEFT)
    settle(qtbot, window)
    asked = called(full, "fetch_downloader")
    assert asked == [("fetch_downloader", "https://mirror.example/simple/yt-dlp/")]


def test_a_closed_case_takes_another_name(
    qtbot: QtBot,
    full: FakeHoldfast,
    case: tuple[MainWindow, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window, xu = case
    full.close_case(xu)
    window.desk.changed.emit()
    settle(qtbot, window)
    page = window.page("case")
    assert page.more.text().strip() == "More"
    page._add()
    page.menu.close()
    assert len(page.menu.actions()) == 1
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Another name", True))
    pick(qtbot, window, "Rename")
    assert full.case_file(xu).case.title == "Another name"


def test_where_a_letter_goes_is_what_the_person_entered(
    qtbot: QtBot, full: FakeHoldfast, case: tuple[MainWindow, str]
) -> None:
    window, xu = case
    answers = {
        "used": "face",
        "name": "Xu",
        "platform_name": "Drama Park",
        "platform_email": "copy@drama.example",
        "channel": "Drama Park, 1 Road",
    }
    letter = full.draft(xu, "civil-1195", "other", answers, "en", Job())
    full.approve(letter.id, Job())
    window.go("send", (xu, letter.id))
    settle(qtbot, window)
    page = window.page("send")
    assert page.title.text().endswith("to Drama Park")
    assert "Drama Park, 1 Road. You entered this yourself" in page.note.text()
    assert page.ways["email"].radio.isEnabled()
    qtbot.mouseClick(page.ways["email"].radio, LEFT)
    settle(qtbot, window)
    said = [label.text() for label in page.findChildren(Label)]
    assert "copy@drama.example" in said
