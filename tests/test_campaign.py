"""Short campaigns; the long ones are ``dev.py campaign`` and ``dev.py meanings``."""

from __future__ import annotations

import random  # noqa: TID251  the same changes again, from the same seed
from collections import Counter
from pathlib import Path

import pytest

import campaign
import meanings
from fakes.packed import finished

pytestmark = pytest.mark.no_cover


def test_every_checker_finds_every_change_and_names_the_file(tmp_path: Path) -> None:
    kinds: Counter[str] = Counter()
    missed = campaign.campaign(40, 20261125, tmp_path, lambda _, seen: kinds.update(seen))
    assert missed == []
    assert set(kinds) == set(campaign.KINDS)


def test_a_checker_that_finds_nothing_would_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(campaign, "program", lambda _: ("ok", set()))
    assert campaign.main(["--count", "3", "--seed", "1"]) == 1
    said = capsys.readouterr().out
    assert sum(" holdfast: ok: " in line for line in said.splitlines()) == 3


def test_a_pack_is_whole_again_after_each_change(tmp_path: Path) -> None:
    files = finished().files
    for name, data in files.items():
        at = tmp_path / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)
    pack, chance = campaign.Pack(tmp_path, files), random.Random(3)
    for _ in range(60):
        with pack.changed(chance):
            assert read(tmp_path) != files
        assert read(tmp_path) == files


def test_what_says_something_else_is_judged_alike_by_every_checker(tmp_path: Path) -> None:
    differed, called = meanings.meanings(25, 20261127, tmp_path)
    assert differed == []
    assert set(called) == {"broken", "weak"}


def test_a_checker_that_says_something_else_would_be_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(meanings, "program", lambda _: ("ok", set()))
    assert meanings.main(["--count", "1", "--seed", "1"]) == 1
    assert "#0 verify.pyz says broken, not ok" in capsys.readouterr().out


def read(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
