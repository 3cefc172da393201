"""A part of a case as a pack, a second device's word, and renewal, clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from fakes.holdfast import FakeHoldfast
from fakes.signers import Signer, head
from holdfast.core import cosignature
from holdfast.core.verdict import Finding, Verdict
from holdfast.ui.key_row import KeyRow
from holdfast.usecases.custody import RenewalDue

from .conftest import Open, settle
from .test_flows import called, click, ids


def test_some_exhibits_leave_without_the_people(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_(full)
    case = ids(full)["林"]
    window.go("case", (case, "documents"))
    settle(qtbot, window)
    rows = window.here.documents.custody
    rows.choose.setChecked(True)
    settle(qtbot, window)
    numbers = [exhibit.number for exhibit in full.files[case].exhibits]
    assert list(rows.ticks) == numbers
    for tick in rows.ticks.values():
        tick.setChecked(False)
    assert not rows.go.isEnabled()
    rows.ticks[numbers[0]].setChecked(True)
    rows.people.setChecked(True)
    target = tmp_path / "part.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, rows.go)
    assert called(full, "export") == [("export", case, target, (numbers[0],), True)]


def test_a_second_device_signs_what_was_saved_and_it_comes_back(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_(full)
    case = ids(full)["林"]
    window.go("case", (case, "documents"))
    settle(qtbot, window)
    rows = window.here.documents.custody
    target = tmp_path / "head.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, rows.save)
    assert called(full, "checkpoint") == [("checkpoint", case, target)]
    rows = window.here.documents.custody
    rows.since.setText(" 54 ")
    click(qtbot, window, rows.save)
    assert called(full, "checkpoint")[-1] == ("checkpoint", case, target, 54)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, rows.back)
    assert called(full, "cosigned") == [("cosigned", case, target)]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    click(qtbot, window, window.here.documents.custody.back)
    assert len(called(full, "cosigned")) == 1


def test_growth_since_a_head_that_somebody_kept_is_proved(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_(full)
    case = ids(full)["林"]
    window.go("case", (case, "documents"))
    settle(qtbot, window)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    click(qtbot, window, window.here.documents.custody.prove)
    assert not called(full, "consistency")
    kept, target = str(tmp_path / "kept.txt"), tmp_path / "proof.txt"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (kept, ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, window.here.documents.custody.prove)
    assert called(full, "consistency") == [("consistency", case, kept, "", target)]


def test_old_time_stamps_are_renewed(qtbot: QtBot, full: FakeHoldfast, open_: Open) -> None:
    window = open_(full)
    case = ids(full)["林"]
    full.renewal = (
        RenewalDue(
            case=full.files[case].case, count=7, until="2027-03-01T00:00:00.000Z", why="certificate"
        ),
    )
    window.go("case", (case, "documents"))
    settle(qtbot, window)
    settle(qtbot, window)
    click(qtbot, window, window.here.documents.custody.renew)
    assert called(full, "renew") == [("renew", case)]


def test_a_dropped_checkpoint_is_signed_or_put_on_record(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkpoint = head(3, Signer("owner"))
    file = tmp_path / "head.txt"
    file.write_bytes(checkpoint.note)
    window = open_(full)
    told = Finding(subject="head.txt", rule="kept_alone", outcome="unchecked")
    full.verdict = Verdict(verdict="unchecked", findings=(told,))
    window.go("verify", (file,))
    settle(qtbot, window)
    assert (window.here.sign.isHidden(), window.here.put.isHidden()) == (False, True)
    target = tmp_path / "signed.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(target), ""))
    click(qtbot, window, window.here.sign)
    assert called(full, "cosign") == [("cosign", file, target)]
    window.here.owner.setText("holdfast.local/x+1d2c3b4a+AQID")
    click(qtbot, window, window.here.sign)
    assert called(full, "cosign")[-1] == ("cosign", file, target, "holdfast.local/x+1d2c3b4a+AQID")
    second = Signer("second")
    key = cosignature.cosigner(cosignature.COSIGNER + second.public.hex(), second.public)
    signature = second.sign(cosignature.message(checkpoint, 5))
    file.write_bytes(cosignature.cosigned(checkpoint, key, 5, signature).note)
    held = Finding(subject="head.txt", rule="kept_holds", outcome="ok", detail="3 / 9")
    full.verdict = Verdict(verdict="ok", findings=(held,))
    window.go("verify", (file,))
    settle(qtbot, window)
    assert (window.here.sign.isHidden(), window.here.put.isHidden()) == (True, False)
    click(qtbot, window, window.here.put)
    assert called(full, "cosigned")[0][2] == file
    # Two things at once offer nothing.
    window.go("verify", (file, file))
    settle(qtbot, window)
    assert window.here.put.isHidden()


def test_another_signing_key_is_asked_about_first(
    qtbot: QtBot, full: FakeHoldfast, open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_(full)
    window.go("settings", None)
    settle(qtbot, window)
    row = window.here.findChild(KeyRow)
    answers = [False, True]
    monkeypatch.setattr("holdfast.ui.key_row.ask", lambda *_: answers.pop(0))
    click(qtbot, window, row.change)
    assert not called(full, "change_key")
    assert row.said.isHidden()
    click(qtbot, window, row.change)
    assert called(full, "change_key") == [("change_key",)]
    assert str(len(full.files)) in row.said.text()
    window.go("today", "")
    settle(qtbot, window)
