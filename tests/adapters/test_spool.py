"""Bodies in one file."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from holdfast.adapters.spool import Full, Spool


def test_bodies_come_back_as_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 30)
    large = bytes(range(256)) * 9000
    first, second, third = (spool.add(data) for data in (b"", b"hello", large))
    assert [spool.whole(one) for one in (first, second, third)] == [b"", b"hello", large]
    assert third.sha256 == hashlib.sha256(large).hexdigest()
    assert third.head == large[:4096]
    assert b"".join(spool.read(third, 3, 10)) == large[3:13]
    assert b"".join(spool.read(third, len(large) - 2, 10)) == large[-2:]
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1 << 30)
    first = spool.add(b"x" * 1000)
    assert spool.add(b"x" * 1000) is first
    assert spool.size == 1000
    other = spool.add(b"y" * 10)
    assert spool.whole(first) == b"x" * 1000
    assert spool.whole(other) == b"y" * 10
    spool.close()


def test_what_does_not_fit_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    writer = spool.begin()
    writer.write(b"a" * 900)
    with pytest.raises(Full):
        writer.write(b"b" * 200)
    assert spool.whole(writer.end()) == b"a" * 900
    spool.close()


def test_the_disk_is_never_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _at: usage)
    spool = Spool(tmp_path, 1 << 40)
    with pytest.raises(Full):
        spool.add(b"a")
    spool.close()
