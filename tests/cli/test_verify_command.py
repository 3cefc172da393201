"""Verifying from the command line: everything a person is told, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fakes.command import holdfast


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_folder_is_told_about_in_order(data: Path, tmp_path: Path, lang: str) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "photo.jpg").write_bytes(b"x")
    (sent / "up").symlink_to("..")
    done = holdfast("verify", str(sent), "--lang", lang, data=data)
    assert done.returncode == 5
    lines = done.stdout.splitlines()
    now, unchecked, shows = {
        "zh": ("接下来：", "没能核验的：", "这不能说明："),
        "en": ("What now: ", "What could not be checked:", "What this does not show:"),
    }[lang]
    assert lines[1].startswith(now)
    assert unchecked in lines
    assert lines[-1].startswith(shows)
    assert "1: photo.jpg" in done.stdout


def test_where_nobody_watches_each_stage_is_told_once(data: Path, tmp_path: Path) -> None:
    pack = Path(__file__).parents[1] / "fixtures/packs/0.1.0/stamped.zip"
    done = holdfast("verify", str(pack), "--lang", "en", data=data)
    told = done.stderr.splitlines()
    assert len(told) > 1
    assert sorted(told) == sorted(set(told))
    # And what is the same about many files is told once, with how many they are.
    unchecked = [line for line in done.stdout.splitlines() if line.startswith("  [not checked] ")]
    said = [line.partition(": ")[2] for line in unchecked]
    assert len(said) == len(set(said))
    assert any(" (+" in line for line in unchecked)


def test_a_copied_data_folder_is_read_and_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert holdfast("keep", str(tmp_path / "a.txt"), data=data).returncode == 0
    other = tmp_path / "other"
    before = sorted(path.name for path in data.iterdir())
    done = holdfast("verify", str(data), "--lang", "en", data=other)
    assert done.returncode == 5, done.stdout
    assert "HF-" in done.stdout
    assert sorted(path.name for path in data.iterdir()) == before
    own = holdfast("verify", str(data), "--lang", "en", data=data)
    assert "its own cases were checked (1)" in own.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "data").mkdir(parents=True)
    (pack / "bagit.txt").write_bytes(b"x")
    with (pack / "data" / "film.mp4").open("wb") as film:
        film.truncate(1 << 40)
    room = tmp_path / "tmp"
    room.mkdir()
    # Whoever runs the tests in the background has Ctrl-C ignored for everything they start.
    with subprocess.Popen(
        [sys.executable, "-m", "holdfast", "--data", str(tmp_path / "d"), "verify", str(pack)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(room), "LC_ALL": "en_US.UTF-8"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:
        try:
            assert running.stderr is not None
            assert running.stderr.readline().strip() == "Checking"
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            # It would hash a tebibyte beside every other test, and be blamed on the next.
            running.kill()
    assert running.returncode == 130
    assert err.strip() == "Stopped. Nothing was changed and nothing was left behind."
    assert out == ""
    assert list(room.iterdir()) == []
