"""People of a case: whoever else is in it is added, changed and taken out where they stand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def test_somebody_else_is_added_changed_and_taken_out(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    window.go("case", (lin, "people"))
    settle(qtbot, window)
    people = window.page("case").people
    qtbot.mouseClick(people.add, LEFT)
    settle(qtbot, window)
    people.role.setCurrentIndex(people.role.findData("platform"))
    qtbot.keyClicks(people.other["name"], "Some Site")
    # A time-stamp that arrives meanwhile takes nothing away.
    window.desk.changed.emit()
    settle(qtbot, window)
    assert people.other["name"].text() == "Some Site"
    qtbot.mouseClick(people.keep, LEFT)
    settle(qtbot, window)
    (other,) = [p for p in full.case_file(lin).parties if p.role == "platform"]
    assert other.name == "Some Site"
    assert not people.other
    qtbot.mouseClick(people.change[other.id], LEFT)
    settle(qtbot, window)
    assert people.other["name"].hasFocus()
    qtbot.keyClicks(people.other["phone"], "010")
    qtbot.mouseClick(people.keep, LEFT)
    settle(qtbot, window)
    asked = [call[1:3] for call in full.calls if call[0] == "describe_party"]
    assert asked[-1] == (lin, other.id)
    for yes in (False, True):
        monkeypatch.setattr("holdfast.ui.pages.people.ask", lambda *_, **__: yes)  # noqa: B023  called at once
        qtbot.mouseClick(people.remove[other.id], LEFT)
        settle(qtbot, window)
        assert any(p.role == "platform" for p in full.case_file(lin).parties) is not yes


def test_which_paper_it_is_can_be_chosen_and_waits_to_be_saved(
    qtbot: QtBot, full: FakeHoldfast, open_: Open
) -> None:
    window = open_(full)
    lin = full.cases()[0].id
    window.go("case", (lin, "people"))
    settle(qtbot, window)
    people = window.page("case").people
    people.id_type.setCurrentIndex(people.id_type.findData("passport"))
    window.desk.changed.emit()
    settle(qtbot, window)
    assert people.id_type.currentData() == "passport"
    qtbot.mouseClick(people.save, LEFT)
    settle(qtbot, window)
    assert next(p for p in full.case_file(lin).parties).id_type == "passport"
    assert not people._writing()
