"""What is put on a disk is there whole, or nothing is changed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from holdfast.adapters.disk import drop_drafts, gone, put


def test_a_file_is_there_for_nobody_else(tmp_path: Path) -> None:
    place = tmp_path / "note"
    put(place, b"before")
    put(place, b"after")
    assert place.read_bytes() == b"after"
    assert [one.name for one in tmp_path.iterdir()] == ["note"]
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_what_may_not_be_looked_at_is_not_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (gone(tmp_path), gone(tmp_path / "absent"), gone(Path("a\0b"))) == (False, True, True)

    def shut(_path: Path) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", shut)
    assert not gone(tmp_path / "within")


def test_on_a_full_disk_the_file_holds_what_it_held_and_no_draft_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "note"
    put(place, b"before")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            put(place, b"after")
    assert place.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["note"]


def test_what_a_kill_left_of_a_file_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "note[1]"
    put(place, b"whole")
    for name in (".note[1]-abcdefgh", ".note1-abcdefgh", ".note[1]"):
        (tmp_path / name).write_bytes(b"cut short")
    drop_drafts(place)
    assert {one.name for one in tmp_path.iterdir()} == {"note[1]", ".note1-abcdefgh", ".note[1]"}
    drop_drafts(tmp_path / "nowhere" / "note")
