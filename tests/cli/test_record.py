"""``holdfast record`` as a person types it, and what is left when it is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.desktop import Screen, moving, screen
from fakes.processes import lingering
from fakes.warm import begun

pytestmark = pytest.mark.no_cover


@pytest.fixture
def xvfb() -> Iterator[Screen]:
    with screen() as made, moving(made.name):
        yield made


def line(*words: str) -> list[str]:
    return [sys.executable, "-m", "holdfast", *words]


def surroundings(display: str) -> dict[str, str]:
    return {**os.environ, "LANG": "C.UTF-8", "DISPLAY": display, "XDG_SESSION_TYPE": "",
            "WAYLAND_DISPLAY": ""}  # fmt: skip


def holdfast(display: str, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        begun(line(*words)), capture_output=True, text=True, env=surroundings(display), timeout=180
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def wait_for(seen: Any) -> None:
    end = time.monotonic() + 90
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.05)


def segments(data: Path) -> int:
    found = list(data.glob("staging/*/*/files/segments.jsonl"))
    return len(found[0].read_bytes().splitlines()) if found else 0


def manifest_of(data: Path, number: str, display: str) -> Any:
    shown = json.loads(
        holdfast(display, "case", "show", "HF-", "--json", "--data", str(data)).stdout
    )
    exhibit = next(one for one in shown["exhibits"] if one["number"] == number)
    sha256 = exhibit["digest"]["sha256"]
    return json.loads((data / "objects" / sha256[:2] / sha256).read_bytes())


def test_some_seconds_become_an_exhibit(xvfb: Screen, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = holdfast(
        xvfb.name, "record", "--seconds", "2", "--monitor", "1", "--script", "drama",
        "--data", str(data), "--json", "--lang", "en",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["number"] for one in told["exhibits"]] == ["E0001"]
    assert "2 s recorded" in done.stderr or "1 s recorded" in done.stderr
    found = manifest_of(data, "E0001", xvfb.name)
    assert found["source"] == "recording"
    assert found["target"]["typed"] == "record:2;monitor:1;script:drama"
    roles = {one["path"]: one["role"] for one in found["files"]}
    assert roles["files/recording.mp4"] == "derived"
    assert roles["files/card-00000.mkv"] == "original"
    assert roles["files/recording.json"] == "record"
    assert all(one["sha256"] and one["sm3"] for one in found["files"])


def test_ctrl_c_stops_and_seals(xvfb: Screen, tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = subprocess.Popen(
        line("record", "--data", str(data), "--lang", "en"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings(xvfb.name),
    )  # fmt: skip
    wait_for(lambda: segments(data) >= 2)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    assert "Stopped; sealing" in errors
    assert "E0001" in out
    assert lingering(str(data)) == {}


def test_a_program_that_is_killed_loses_the_open_segment_at_most(
    xvfb: Screen, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    process = subprocess.Popen(
        line("record", "--data", str(data)),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=surroundings(xvfb.name),
    )  # fmt: skip
    wait_for(lambda: segments(data) >= 3)
    before = segments(data)
    process.kill()
    process.wait()
    # The recorder notices that nobody is there, closes what is open, and ends.
    wait_for(lambda: lingering(str(data / "staging")) == {})
    note = tmp_path / "note.txt"
    note.write_text("x", encoding="utf-8")
    done = holdfast(
        xvfb.name, "keep", str(note), "--data", str(data), "--case", "HF-", "--lang", "en"
    )
    assert done.returncode == 0, done.stderr
    assert "E0001" in done.stderr
    found = manifest_of(data, "E0001", xvfb.name)
    assert found["source"] == "recording"
    films = [one for one in found["files"] if one["media_type"] == "video/x-matroska"]
    assert len(films) >= before
    assert {one["role"] for one in films} == {"original"}
    assert any(one["path"] == "files/recording.mp4" for one in found["files"])
    checks = {one["check"]: one for one in found["completeness"]}
    assert checks["interrupted"]["outcome"] == "fail"
    assert checks["record_chain"]["outcome"] == "pass"
    assert list((data / "staging").iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [("--region", "1,2"), ("--monitor", "0"), ("--monitor", "1", "--region", "0,0,9,9"),
     ("--window", "x"), ("--script", "opera"), ("--seconds", "0")],
)  # fmt: skip
def test_what_cannot_be_made_out_ends_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = holdfast("", "record", *words, "--data", str(tmp_path / "data"))
    assert done.returncode == 2


def test_without_a_screen_it_says_so_and_the_attempt_is_on_record(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = holdfast("", "record", "--seconds", "1", "--data", str(data), "--lang", "en")
    assert done.returncode == 3
    assert "no screen" in done.stderr
    shown = holdfast("", "case", "show", "HF-", "--json", "--data", str(data))
    assert "screen_none" in shown.stdout


def titles(display: str, data: str) -> set[str]:
    done = holdfast(display, "record", "--windows", "--json", "--data", data)
    assert done.returncode == 0
    return {one["title"] for one in json.loads(done.stdout)["windows"]}


def test_windows_are_listed(xvfb: Screen, tmp_path: Path) -> None:
    if shutil.which("openbox") is None:
        pytest.skip("openbox is not installed")
    data = str(tmp_path / "data")
    manager = subprocess.Popen(["openbox"], env=surroundings(xvfb.name), stderr=subprocess.DEVNULL)
    try:
        with moving(xvfb.name, "桃花渡", managed=True):
            wait_for(lambda: "桃花渡" in titles(xvfb.name, data))
    finally:
        manager.kill()
        manager.wait()
    assert holdfast("", "record", "--windows", "--data", data).returncode == 3
