"""What a real PulseAudio plays, heard through its monitor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from fakes.desktop import pulse, screen, tone
from fakes.recorder import recording

_HEAR = """
import json, sys
from holdfast.adapters import sound
from holdfast.adapters.sound import Ear
if "patient" in sys.argv:
    sound.WARM_UP = 60.0
heard, lost = [], []
ear = Ear(heard.append, lost.append)
opened = ear.open()
print(json.dumps({"opened": opened, "device": ear.device, "trouble": ear.trouble}), flush=True)
ear.close()
"""


def hear(server: str, *more: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", _HEAR, "ear", *more],  # the library reads its name from there
        capture_output=True,
        check=True,
        env={**os.environ, "PULSE_SERVER": server},
        timeout=120,
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_without_a_sound_server_the_reason_is_told(tmp_path: Path) -> None:
    told = hear(f"unix:{tmp_path}/nobody")
    assert told["opened"] is False
    assert told["trouble"]


def test_the_monitor_of_the_default_output_is_heard(tmp_path: Path) -> None:
    with pulse(tmp_path / "pulse") as server:
        told = hear(server.server, "patient")
    assert told["opened"] is True, told
    assert "Null Output" in str(told["device"])


def test_a_computer_without_any_output_has_no_device(tmp_path: Path) -> None:
    with pulse(tmp_path / "pulse", sink=False) as server:
        told = hear(server.server)
    assert told["opened"] is False
    assert told["trouble"] in ("no device", "no answer")


def sound_of(folder: Path, names: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    parts = []
    for name in names:
        with av.open(str(folder / name)) as film:
            if film.streams.audio:
                parts += [frame.to_ndarray()[0] for frame in film.decode(audio=0)]
    return np.concatenate(parts)


def test_a_tone_that_is_played_is_in_the_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with screen() as desk, pulse(tmp_path / "pulse") as server, tone(server.server, tmp_path):
        monkeypatch.setenv("PULSE_SERVER", server.server)
        with recording(desk.name, tmp_path / "r", sound=True, milliseconds=4500) as worker:
            worker.until("ended")
            assert worker.ended() == 0
            made = worker.segments
            sound = sound_of(worker.folder, [one.file for one in made])
            states = [event["state"] for event in worker.events("sound")]
    assert states == ["on", "ended"]
    assert max(one.level for one in made) > 100
    assert sum(one.sound_ms for one in made) > 3000
    whole = len(sound) // 48_000 * 48_000
    spectrum = np.abs(np.fft.rfft(sound[:whole] * np.hanning(whole)))
    loudest = np.fft.rfftfreq(whole, 1 / 48_000)[spectrum.argmax()]
    assert abs(loudest - 880) < 3


def test_a_sound_server_that_dies_is_said_and_the_picture_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with screen() as desk, pulse(tmp_path / "pulse") as server:
        monkeypatch.setenv("PULSE_SERVER", server.server)
        with recording(desk.name, tmp_path / "r", sound=True) as worker:
            worker.until("segment")
            server.kill()
            assert worker.until("sound", state="lost")["reason"]
            worker.until("segment")
            worker.until("segment")
            worker.order(do="stop")
            worker.until("ended", why="stopped")
            assert worker.ended() == 0
            last = worker.segments[-1]
            with av.open(str(worker.folder / last.file)) as film:
                assert film.streams.video
    assert last.sound_ms == 0


def test_sound_that_cannot_be_had_does_not_stop_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    with (
        screen() as desk,
        recording(desk.name, tmp_path / "r", sound=True, milliseconds=600) as worker,
    ):
        assert worker.until("sound", state="none")["reason"]
        worker.until("ended", why="time")
        assert worker.ended() == 0
        assert worker.segments
