"""A time-stamp from elsewhere: chosen or dropped, put into the case, and told in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from holdfast.core.errors import Refused
from holdfast.ui.pages.case import CasePage
from holdfast.ui.pages.receipt import ReceiptPage
from holdfast.ui.pages.token import TokenPage
from holdfast.ui.pages.trouble import TroublePage

from .conftest import Open, settle

LEFT = Qt.MouseButton.LeftButton


def asked(fake: FakeHoldfast) -> list[tuple[object, ...]]:
    return [call for call in fake.calls if call[0] == "import_token"]


def test_from_the_receipt_to_the_case_with_a_root_that_comes_later(
    qtbot: QtBot,
    full: FakeHoldfast,
    open_: Open,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    window = open_(full)
    case = next(iter(full.files))
    window.go("receipt", case)
    settle(qtbot, window)
    receipt = window.page("receipt")
    assert isinstance(receipt, ReceiptPage)
    QTest.mouseClick(receipt.take_in, LEFT)
    settle(qtbot, window)
    page = window.page("token")
    assert isinstance(page, TokenPage)
    assert window.here is page
    assert not page.keep.isEnabled()
    assert not page.result.isVisible()
    # Turning back changes nothing.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    QTest.mouseClick(page.token.button, LEFT)
    assert not page.keep.isEnabled()
    token, root = tmp_path / "合同.tsa", tmp_path / "root.pem"
    page.token.dropped.emit([])
    page.token.dropped.emit([token])
    assert token.name in page.token.line.text()
    QTest.mouseClick(page.keep, LEFT)
    settle(qtbot, window)
    assert asked(full) == [("import_token", case, token, None, None)]
    assert "E0001" in page.about.text()
    assert "根证书" in page.said.text()
    assert not page.keep.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(root), ""))
    QTest.mouseClick(page.root.button, LEFT)
    assert page.keep.isEnabled()
    assert root.name in page.root.line.text()
    assert not page.result.isVisible()
    QTest.mouseClick(page.keep, LEFT)
    settle(qtbot, window)
    assert asked(full)[-1] == ("import_token", case, token, root, None)
    # An authority that leaves its certificates out sends them beside.
    page.chain.dropped.emit([tmp_path / "chain.pem"])
    assert "chain.pem" in page.chain.line.text()
    QTest.mouseClick(page.keep, LEFT)
    settle(qtbot, window)
    assert asked(full)[-1] == ("import_token", case, token, root, tmp_path / "chain.pem")
    assert "你自己给出" in page.said.text()
    assert not page.keep.isEnabled()
    QTest.mouseClick(page.back, LEFT)
    settle(qtbot, window)
    assert isinstance(window.here, CasePage)


def test_what_does_not_fit_is_told_and_nothing_is_lost(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_(full, lang="en")
    case = next(iter(full.files))
    window.go("token", case)
    page = window.page("token")
    assert isinstance(page, TokenPage)

    def refuse(*_: object, **__: object) -> object:
        raise Refused("import_stranger", case="HF-2026-0001", digest="00", algorithm="sha256")

    monkeypatch.setattr(full, "import_token", refuse)
    page.token.dropped.emit([tmp_path / "a.tsr"])
    QTest.mouseClick(page.keep, LEFT)
    settle(qtbot, window)
    assert isinstance(window.here, TroublePage)


def test_a_rehearsal_says_so_here_too(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    for file in tuple(full.files.values()):
        window.go("token", file.case.id)
        settle(qtbot, window)
        assert window.band.isVisible() == (file.case.world == "practice")
    assert {file.case.world for file in full.files.values()} == {"real", "practice"}
