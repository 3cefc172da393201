"""``holdfast phone`` and ``holdfast marks`` as a person types them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from fakes import adb as fake
from fakes.command import holdfast, said
from fakes.film import film
from holdfast.cli.phone import drawn


def phone(tmp_path: Path) -> fake.FakePhone:
    picture = io.BytesIO()
    Image.effect_noise((40, 60), 90).save(picture, "PNG")
    return fake.FakePhone(screen=picture.getvalue(), film=film(tmp_path / "f.mp4", seconds=1))


def test_list_shot_and_record(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake.serving(monkeypatch, phone(tmp_path)):
        listed = holdfast("phone", "list", "--json", data=data)
        assert json.loads(listed.stdout)["phones"][0]["state"] == "device"
        shot = holdfast("phone", "shot", "--json", data=data)
        assert shot.returncode == 0
        number = json.loads(shot.stdout)["case"]["number"]
        recorded = holdfast("phone", "record", "--seconds", "1", "--case", number, data=data)
        assert recorded.returncode == 0, said(recorded)
        assert "E0002" in recorded.stdout


def test_no_phone_and_no_adb_end_3(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake.serving(monkeypatch):
        none = holdfast("phone", "list", "--lang", "zh", data=data)
        assert none.returncode == 3
        assert "USB 调试" in none.stdout
        shot = holdfast("phone", "shot", data=data)
        assert shot.returncode == 3
        assert "Build number" in said(shot)
    missing = holdfast(
        "phone", "list", data=data, PATH=str(tmp_path), HOME=str(tmp_path), ANDROID_HOME=""
    )
    assert missing.returncode == 3
    assert "Platform-Tools" in said(missing)


def test_ctrl_c_ends_a_recording_whole(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "win32":
        pytest.skip("no such signal here")
    one = phone(tmp_path)
    with fake.serving(monkeypatch, one):
        line = [sys.executable, "-m", "holdfast", "phone", "record", "--data", str(data), "--json"]
        process = subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ.copy()
        )
        one.on_record = lambda _: process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    (exhibit,) = json.loads(out)["exhibits"]
    assert exhibit["complete"] is True


def test_a_code_and_an_import(tmp_path: Path, data: Path) -> None:
    given = holdfast("phone", "code", "--json", data=data)
    code = json.loads(given.stdout)
    assert code["payload"].startswith("HOLDFAST:")
    assert "█" in given.stderr
    movie = tmp_path / "a.mp4"
    film(movie)
    done = holdfast("phone", "import", str(movie), "--code", code["code"], data=data)
    assert done.returncode == 0, said(done)
    assert code["case"] in done.stdout
    assert "not detected" in done.stdout
    wrong = holdfast("phone", "import", str(movie), "--code", "CCCC-CCCC", data=data)
    assert wrong.returncode == 1
    assert "never gave" in said(wrong)


def test_marks_are_explained_and_nothing_is_kept(tmp_path: Path, data: Path) -> None:
    film(tmp_path / "a.mp4")
    done = holdfast("marks", str(tmp_path / "a.mp4"), data=data)
    assert done.returncode == 0, said(done)
    assert "No metadata label under GB 45438-2025 detected" in done.stdout
    assert "does not mean there was none" in done.stdout
    body = json.loads(holdfast("marks", "--json", str(tmp_path / "a.mp4"), data=data).stdout)
    assert body["files"][0]["labels"] == []
    assert json.loads(holdfast("case", "list", "--json", data=data).stdout)["cases"] == []
    missing = holdfast("marks", str(tmp_path / "nothing.mp4"), data=data)
    assert missing.returncode == 1


def test_a_drawn_code_is_read_off_the_terminal() -> None:
    import cv2
    import numpy as np
    import segno

    picture = tuple(tuple(map(bool, row)) for row in segno.make_qr("HOLDFAST:K7RM-X3PD").matrix)
    lines = list(drawn(picture))
    high = 2 * len(lines)
    seen = np.zeros((high, len(lines[0])), np.uint8)
    for y, line in enumerate(lines):
        for x, sign in enumerate(line):
            seen[2 * y, x] = 255 * (sign in "█▀")
            seen[2 * y + 1, x] = 255 * (sign in "█▄")
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(
        np.kron(seen, np.ones((8, 8), np.uint8)).astype(np.uint8)
    )
    assert text == "HOLDFAST:K7RM-X3PD"
