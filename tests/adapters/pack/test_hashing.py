"""Files hashed several at once: results, progress, and every way to end."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fakes.packed import finished, judged
from holdfast.adapters.pack import hashing
from holdfast.adapters.pack.hashing import Small, digests_of, several_at_once
from holdfast.adapters.pack.reader import open_pack
from holdfast.core.bag import Contents, Seen, Unreadable
from holdfast.core.errors import Cancelled
from holdfast.core.job import Job, Progress


def hashed(name: str, told: Callable[[int], None]) -> Mapping[str, bytes]:
    if name == "bad":
        raise Unreadable("file_unreadable", name)
    told(1)
    return {"sha256": hashlib.sha256(name.encode()).digest()}


def test_each_name_comes_once_and_trouble_comes_with_it() -> None:
    ticks: list[tuple[str, int]] = []
    names = [f"n{at}" for at in range(50)] + ["bad"]
    found = dict(several_at_once(names, hashed, lambda *tick: ticks.append(tick)))
    assert found.keys() == set(names)
    assert isinstance(found["bad"], Unreadable)
    assert found["n7"] == {"sha256": hashlib.sha256(b"n7").digest()}
    assert sorted(ticks) == sorted((name, 1) for name in names[:-1])
    assert dict(several_at_once([], hashed, lambda *_: None)) == {}


def test_a_wish_to_stop_ends_every_thread() -> None:
    before = set(threading.enumerate())

    def endless(_name: str, told: Callable[[int], None]) -> Mapping[str, bytes]:
        while True:
            told(1)

    def stop(_name: str, _count: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(several_at_once(["a", "b", "c"], endless, stop))
    begun = several_at_once(["a", "b"], endless, lambda *_: None)
    begun.close()
    assert set(threading.enumerate()) <= before, "others may end meanwhile"


def test_the_haste_of_two_at_once_ends_with_them() -> None:
    before = sys.getswitchinterval()
    first = several_at_once(["a"], hashed, lambda *_: None)
    second = several_at_once(["b"], hashed, lambda *_: None)
    first.close()
    second.close()
    assert sys.getswitchinterval() == before


def test_a_mistake_in_a_thread_is_one_here() -> None:
    def wrong(_name: str, _told: object) -> Mapping[str, bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(several_at_once(["a"], wrong, lambda *_: None))


def test_small_files_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "MOST_KEPT", 10)
    small = Small()
    small.keep("a", b"12345678")
    small.keep("b", b"12345678")
    assert (small.get("a"), small.get("b")) == (b"12345678", None)
    assert digests_of(b"", ("sha256", "nonsense"), lambda _: None, hashlib.new) == {  # type: ignore[arg-type] # as reader has it
        "sha256": hashlib.sha256(b"").digest()
    }


@pytest.mark.parametrize("what", ["folder", "archive"])
def test_folder_and_zip_give_what_one_by_one_gives(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = getattr(finished(), what)
    verdict = judged(path)
    told: list[Progress] = []
    with open_pack(path) as pack:
        contents = Contents(pack, Seen(), Job(told.append), sm3=True)
        for name in contents.names:
            whole = pack.read(name, 1 << 30)
            assert contents.sha256(name) == hashlib.sha256(whole).hexdigest()
            assert contents.sm3(name) == hashlib.new("sm3", whole).hexdigest()
        contents.close()
        with pytest.raises(KeyError):
            contents.sha256("nothing")
    assert told[-1].done == told[-1].total
    monkeypatch.setattr(hashing.os, "cpu_count", lambda: 1)
    assert judged(path) == verdict


def test_a_zip_with_another_checksum_is_not_readable(tmp_path: Path) -> None:
    raw = bytearray(finished().archive.read_bytes())
    place = raw.index(bytes(range(256)) * 4)
    raw[place] ^= 1
    bent = tmp_path / "bent.zip"
    bent.write_bytes(raw)
    verdict = judged(bent)
    (told,) = [f for f in verdict.findings if f.rule == "file_unreadable"]
    assert told.subject == "data/exhibits/E0002/files/video.mp4"
    assert told.detail.startswith("Bad CRC-32")
