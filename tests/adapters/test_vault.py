from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.store import vault as module
from holdfast.adapters.store.vault import Vault, digest_bytes
from holdfast.core.errors import Cancelled, Refused, Tampered
from holdfast.core.job import Job


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "data")


def openssl(algorithm: str, at: Path) -> str:
    said = subprocess.run(
        ["openssl", "dgst", f"-{algorithm}", "-r", str(at)],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split()[0]


@pytest.mark.parametrize("size", [0, 1, (4 << 20) - 1, 4 << 20, (20 << 20) + 7])
def test_a_copied_file_has_the_digests_that_openssl_gives(
    vault: Vault, tmp_path: Path, size: int
) -> None:
    original = tmp_path / "a.bin"
    original.write_bytes(os.urandom(size))
    digest, found = vault.keep(original, Job())
    assert found == size
    assert digest.sha256 == openssl("sha256", original)
    assert digest.sm3 == openssl("sm3", original)
    kept = vault.path(digest.sha256)
    assert kept.read_bytes() == original.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o400
    assert vault.digest(digest.sha256, Job()) == digest


@given(st.binary(max_size=100))
def test_both_stand_ins_for_sm3_agree(data: bytes) -> None:
    slow = module._Sm3()
    slow.update(memoryview(data))
    assert slow.hexdigest() == digest_bytes(data).sm3


def test_sm3_of_abc_is_the_published_one() -> None:
    assert digest_bytes(b"abc").sm3 == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_without_openssls_sm3_the_other_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_name: str) -> None:
        raise ValueError

    monkeypatch.setattr(hashlib, "new", none)
    assert digest_bytes(b"abc").sm3.startswith("66c7f0f4")


def test_a_file_in_a_room_is_moved_in_and_stays_there_until_the_end(vault: Vault) -> None:
    with vault.room("one", {"case": "c"}) as room:
        at = room.path / "x"
        at.write_bytes(b"hello")
        digest, _ = vault.keep(at, Job())
        assert at.exists()
        assert vault.path(digest.sha256).samefile(at)
    assert vault.read(digest.sha256) == b"hello"
    assert list(vault.abandoned()) == []


def test_where_links_are_not_to_be_had_it_is_copied(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with vault.room("one", {}) as room:
        at = room.path / "x"
        at.write_bytes(b"hello")
        assert vault.read(vault.keep(at, Job())[0].sha256) == b"hello"


def test_the_same_bytes_are_kept_once(vault: Vault, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"same")
    first, _ = vault.keep(tmp_path / "a", Job())
    assert vault.keep(tmp_path / "b", Job())[0] == first
    assert vault.keep_bytes(b"same") == first
    with vault.room("r", {}) as room:
        (room.path / "c").write_bytes(b"same")
        assert vault.keep(room.path / "c", Job())[0] == first


def test_links_folders_and_devices_are_refused(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", ""):
        with pytest.raises(Refused, match="not_a_file"):
            vault.keep(tmp_path / name, Job())
    with pytest.raises(Refused, match="file_missing"):
        vault.keep(tmp_path / "nothing", Job())


@pytest.mark.parametrize(
    ("number", "code", "of_bytes"),
    [
        (errno.ENOSPC, "disk_full", "disk_full"),
        (errno.EDQUOT, "disk_full", "disk_full"),
        (errno.EACCES, "file_forbidden", "data_unwritable"),
        (errno.EIO, "file_unreadable", "data_unwritable"),
    ],
)
def test_a_failing_disk_leaves_nothing_and_says_why(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str,
    of_bytes: str,
) -> None:  # fmt: skip
    (tmp_path / "a").write_bytes(b"x" * 100)

    def fail(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Refused, match=code):
        vault.keep(tmp_path / "a", Job())
    with pytest.raises(Refused, match=of_bytes):
        vault.keep_bytes(b"y")
    assert [p for p in (tmp_path / "data" / "objects").rglob("*") if p.is_file()] == []


def test_a_file_that_grows_under_the_reading_is_not_kept(vault: Vault, tmp_path: Path) -> None:
    at = tmp_path / "a"
    at.write_bytes(b"x" * 10)

    def grow(_progress: object) -> None:
        with at.open("ab") as file:
            file.write(b"y")

    with pytest.raises(Refused, match="file_changed"):
        vault.keep(at, Job(grow))


def test_cancelling_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        vault.keep(tmp_path / "a", job)
    assert list((tmp_path / "data" / "objects").glob(".new-*")) == []


def test_what_was_changed_or_lost_is_said(vault: Vault) -> None:
    digest = vault.keep_bytes(b"hello")
    at = vault.path(digest.sha256)
    at.chmod(0o600)
    at.write_bytes(b"hallo")
    with pytest.raises(Tampered, match="object_changed"):
        vault.read(digest.sha256)
    assert vault.digest(digest.sha256, Job()) != digest
    at.unlink()
    with pytest.raises(Tampered, match="object_missing"):
        vault.read(digest.sha256)


def test_what_is_too_large_for_memory_is_not_read_at_once(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", 3)
    with pytest.raises(Refused, match="object_too_large"):
        vault.read(vault.keep_bytes(b"hello").sha256)


DIES = """
import os, sys
from pathlib import Path
from holdfast.adapters.store.vault import Vault
from holdfast.core.job import Job
vault = Vault(Path(sys.argv[1]))
with vault.room("dead", {"case": "c", "target": "t"}) as room:
    (room.path / "files").mkdir()
    (room.path / "files" / "x").write_bytes(b"hello")
    vault.keep(room.path / "files" / "x", Job())
    os.kill(os.getpid(), 9)
"""


def test_a_killed_process_leaves_its_room_with_everything_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    subprocess.run([sys.executable, "-c", DIES, str(data)], check=False)
    vault = Vault(data)
    (found,) = vault.abandoned()
    assert found.capture_id == "dead"
    assert found.about == {"case": "c", "target": "t"}
    assert (found.path / "files" / "x").read_bytes() == b"hello"
    vault.discard("dead")
    assert list(vault.abandoned()) == []


def test_a_room_that_is_held_is_not_abandoned_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    with vault.room("live", {}):
        assert list(vault.abandoned()) == []
    (tmp_path / "staging" / "odd").mkdir()
    (tmp_path / "staging" / "stray").write_text("x")
    (found,) = vault.abandoned()
    assert (found.capture_id, found.about) == ("odd", {})


def test_an_expected_error_clears_the_room_and_a_bug_leaves_it_for_the_next_start(
    vault: Vault, tmp_path: Path
) -> None:
    with pytest.raises(Refused), vault.room("expected", {}):
        raise Refused("disk_full")
    assert list((tmp_path / "data" / "staging").iterdir()) == [], "its lock is gone, too"
    with pytest.raises(RuntimeError), vault.room("bug", {}) as room:
        (room.path / "x").write_bytes(b"hello")
        raise RuntimeError
    (found,) = vault.abandoned()
    assert found.capture_id == "bug"


@pytest.mark.parametrize("how", ["outside", "in a room", "in memory"])
@pytest.mark.parametrize("harm", ["changed", "cut short", "a link"])
def test_what_lies_damaged_in_the_vault_is_never_taken_for_the_bytes(
    vault: Vault, tmp_path: Path, how: str, harm: str
) -> None:
    place = vault.path(vault.keep_bytes(b"the original").sha256)
    place.chmod(0o600)
    if harm == "a link":
        place.unlink()
        (tmp_path / "elsewhere").write_bytes(b"the original")
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_bytes(b"the 0riginal" if harm == "changed" else b"the ori")
    with vault.room("r", {}) as room:
        at = (room.path if how == "in a room" else tmp_path) / "a.txt"
        at.write_bytes(b"the original")
        if how == "in memory":
            vault.keep_bytes(b"the original")
        else:
            vault.keep(at, Job())
    assert place.read_bytes() == b"the original"
    assert not place.is_symlink()
    assert place.stat().st_mode & 0o777 == 0o400
    assert len(list((tmp_path / "data" / "objects").glob(".damaged-*"))) == 1


def test_a_room_is_looked_after_by_one_at_a_time(vault: Vault, tmp_path: Path) -> None:
    staging = tmp_path / "data" / "staging"
    for name in ("a", "b"):
        (staging / name / "work").mkdir(parents=True)
    mine, other = vault.abandoned(), Vault(tmp_path / "data").abandoned()
    assert next(mine).capture_id == "a"
    assert next(other).capture_id == "b"
    with vault.room("c", {}):
        vault.discard("a")
        assert list(mine) == []
    vault.discard("b")
    assert list(other) == []
    assert list(staging.iterdir()) == []


def test_a_draft_that_somebody_was_killed_over_goes_after_a_day(
    vault: Vault, tmp_path: Path
) -> None:
    for name, age in ((".new-old", 90_000), (".new-now", 10)):
        draft = tmp_path / "data" / "objects" / name
        draft.write_bytes(b"half")
        then = draft.stat().st_mtime - age
        os.utime(draft, (then, then))
    assert list(vault.abandoned()) == []
    assert [one.name for one in (tmp_path / "data" / "objects").iterdir()] == [".new-now"]


def test_a_vault_that_cannot_be_written_is_told_from_a_file_that_cannot_be_read(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "a.txt"
    at.write_bytes(b"x")
    place = tmp_path / "data" / "objects" / hashlib.sha256(b"x").hexdigest()[:2]
    place.write_bytes(b"in the way")
    for keep in (lambda: vault.keep(at, Job()), lambda: vault.keep_bytes(b"x")):
        with pytest.raises(Refused, match="data_unwritable") as refused:
            keep()
        assert refused.value.facts["path"] == str(place)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "objects").write_bytes(b"in the way")
    with pytest.raises(Refused, match="data_unwritable"):
        Vault(tmp_path / "other")
    known = vault.keep_bytes(b"known").sha256

    def unreadable(_path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    with pytest.raises(Tampered, match="object_unreadable"):
        vault.read(known)


def test_what_may_not_be_looked_at_is_said_by_whoever_opens_it(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = vault.keep_bytes(b"known").sha256
    place, real, real_open = vault.path(known), Path.stat, Path.open

    def stat_(self: Path, **more: bool) -> os.stat_result:
        if self == place:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, **more)

    def open_(self: Path, *rest: Any, **more: Any) -> Any:
        if self == place:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(self, *rest, **more)

    monkeypatch.setattr(Path, "stat", stat_)
    monkeypatch.setattr(Path, "open", open_)
    assert vault.path(known) == place
    for asked in (lambda: vault.read(known), lambda: vault.digest(known, Job())):
        with pytest.raises(Tampered, match="object_unreadable"):
            asked()


def test_where_nobody_may_look_for_rooms_that_is_said(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_path: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", shut)
    with pytest.raises(Refused, match="data_unwritable"):
        list(vault.abandoned())


def test_a_folder_that_takes_no_draft_is_named_and_not_the_draft(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "a.txt"
    at.write_bytes(b"x")
    objects = tmp_path / "data" / "objects"

    def shut(**how: Any) -> None:
        where = str(how["dir"] / f"{how['prefix']}1234")
        raise PermissionError(errno.EACCES, "Permission denied", where)

    monkeypatch.setattr(tempfile, "mkstemp", shut)
    with pytest.raises(Refused, match="data_unwritable") as refused:
        vault.keep(at, Job())
    assert refused.value.facts["path"] == str(objects)


def test_what_is_no_file_in_the_vault_is_passed_over(vault: Vault, tmp_path: Path) -> None:
    folder = vault.path(vault.keep_bytes(b"head one").sha256).parent
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    assert list(vault.beginning((b"head",), 100)) == [b"head one"]
    assert list(vault.beginning((b"head", b"longer"), 5)) == []


def test_windows_has_no_fsync_for_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened a folder"))
    monkeypatch.setattr(os, "name", "nt")
    module.durable_folder(tmp_path)


def test_a_drive_without_bits_links_or_durable_folders_keeps_all_the_same(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As FAT sticks and network drives are; what is written is durable even so."""
    fsync = os.fsync

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(Path, "chmod", refuse)
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "fsync", files_only)
    with vault.room("r", {}) as room:
        (room.path / "a.txt").write_bytes(b"x")
        digest, _ = vault.keep(room.path / "a.txt", Job())
    assert vault.read(digest.sha256) == b"x"
    assert vault.read(vault.keep_bytes(b"y").sha256) == b"y"


def test_a_drive_that_is_broken_or_knows_no_locks_is_one_sentence(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", broken)
        with pytest.raises(Refused, match="data_unwritable"), vault.room("r", {}):
            pytest.fail("a room that is not durable")

    def lockless(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", lockless)
    with pytest.raises(Refused, match="data_unwritable"), vault.room("s", {}):
        pytest.fail("a room that nobody holds")
