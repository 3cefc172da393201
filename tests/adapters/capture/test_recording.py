"""Recordings as a capture source: what is handed over, and what is left of one that was cut."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest

from fakes.desktop import moving
from fakes.processes import alive, lingering
from holdfast.adapters.capture import Means, recording
from holdfast.adapters.capture.recording import Recording, Take
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured, CapturedFile, Check
from holdfast.core.job import Job
from holdfast.core.record import MAX_CAPTURE
from holdfast.core.recording import SEGMENT_MS, Wish, read_chain


def take(means: Means, wish: Wish, card: tuple[str, ...] = ("card",)) -> Take:
    return Recording(means).take(wish, card)


class Run:
    """A take at work in a thread of its own."""

    def __init__(self, made: Take, room: Path) -> None:
        self.take, self.job = made, Job()
        self.captured: Captured | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(room,))
        self._thread.start()

    def _work(self, room: Path) -> None:
        try:
            self.captured = self.take.capture(self.take.wish.target(), room, self.job)
        except HoldfastError as error:
            self.error = error

    def until(self, seen: Callable[[Any], bool]) -> None:
        end = time.monotonic() + 60
        while not seen(self.take.standing):
            assert time.monotonic() < end
            assert self._thread.is_alive()
            time.sleep(0.02)

    def ended(self) -> Captured:
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.captured is not None, self.error
        return self.captured


def check(captured: Captured, name: str) -> Check:
    return next(one for one in captured.completeness if one.check == name)


def record_of(room: Path) -> Any:
    return json.loads((room / "files" / "recording.json").read_bytes())


def test_a_steered_recording_keeps_every_step(means: Means, room: Path, display: str) -> None:
    with moving(display):
        run = Run(take(means, Wish(area="monitor:1", script="drama")), room)
        run.until(lambda now: now.phase == "recording" and now.frames > 2)
        run.take.mark("time")
        run.take.mark("play.start")
        run.take.mark()
        run.until(lambda now: "play.start" in now.marks and now.moments == 1)
        run.take.pause("somebody called")
        run.until(lambda now: now.phase == "resting")
        run.take.resume()
        run.until(lambda now: now.phase == "recording")
        run.take.stop()
        captured = run.ended()
    assert lingering(str(room)) == {}
    told = record_of(room)
    assert [step["step"] for step in told["steps"]] == ["time", "play.start", ""]
    assert "filing" in told["skipped"]
    assert told["pauses"][0]["reason"] == "somebody called"
    assert told["recorder"]["card"]["lines"] == ["card"]
    assert told["ended"] == "stopped"
    assert check(captured, "interrupted").outcome == "pass"
    assert check(captured, "record_chain").outcome == "pass"
    first, *rest = captured.files
    assert (first.path, first.role, first.derived_from) == (
        "files/recording.mp4", "derived", "files/segments.jsonl",
    )  # fmt: skip
    assert {one.role for one in rest if one.path.endswith(".mkv")} == {"original"}
    assert told["viewing"][0]["from"][0] == "card-00000.mkv"


def test_the_viewing_copy_has_the_very_pictures_of_the_segments(
    means: Means, room: Path, display: str
) -> None:
    with moving(display):
        Recording(means).capture("record:3;monitor:1", room, Job())
    folder = room / "files"
    segments, _ = read_chain((folder / "segments.jsonl").read_bytes())
    packets = []
    for one in segments:
        with av.open(str(folder / one.file)) as film:
            packets += [bytes(packet) for packet in film.demux(video=0) if packet.size]
    with av.open(str(folder / "recording.mp4")) as film:
        copied = [bytes(packet) for packet in film.demux(video=0) if packet.size]
        assert film.streams.video[0].codec_context.name == "h264"
    assert copied == packets
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
         str(folder / "recording.mp4")],
        capture_output=True, check=True,
    )  # fmt: skip
    whole = sum(one.to_ms - one.from_ms for one in segments)
    assert done.stderr == b""
    assert abs(float(done.stdout) * 1000 - whole) < 300


def worker_of(room: Path) -> int:
    (found,) = [pid for pid in alive(str(room))
                if b"recorder" in Path(f"/proc/{pid}/cmdline").read_bytes()]  # fmt: skip
    return found


def test_a_recorder_that_is_killed_leaves_an_exhibit(
    means: Means, room: Path, display: str
) -> None:
    run = Run(take(means, Wish(area="monitor:1")), room)
    run.until(lambda now: now.size > 0 and now.elapsed_ms > 2500)
    os.kill(worker_of(room), signal.SIGKILL)
    captured = run.ended()
    assert check(captured, "interrupted") == Check(
        check="interrupted", outcome="fail", detail="crash"
    )
    assert check(captured, "record_chain").outcome in ("pass", "warn")
    segments, _ = read_chain((room / "files" / "segments.jsonl").read_bytes())
    with av.open(str(room / "files" / "recording.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) >= sum(one.frames for one in segments)


def test_a_recording_that_was_cancelled_is_there_to_be_sealed(
    means: Means, room: Path, display: str
) -> None:
    source = Recording(means)
    run = Run(take(means, Wish(area="monitor:1")), room)
    run.until(lambda now: now.frames > 5)
    run.job.cancel()
    run._thread.join(60)
    assert isinstance(run.error, Cancelled)
    left = source.remains("record;monitor:1", room, "cancelled", "2026-11-12T13:06:31.000Z")
    assert left is not None
    assert check(left, "interrupted").detail == "cancelled"
    assert any(one.role == "original" for one in left.files)
    assert source.remains("nonsense", room, "crash", "2026-11-12T13:06:31.000Z") is None


def test_a_disk_that_filled_meanwhile_is_said_and_not_a_bug_of_ours(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (room / "files").mkdir()
    (room / "files" / "segment-00000.mkv").write_bytes(b"cut off")

    def full(_at: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refused, match="disk_full"):
        Recording(means).remains("record;all", room, "crash", "2026-11-12T13:06:31.000Z")
    assert (room / "files" / "segment-00000.mkv").is_file()


@pytest.mark.parametrize(("seconds", "most"), [(None, 86_400), (999_999, 86_400), (30, 30)])
def test_a_recording_that_nobody_stops_ends_while_it_can_still_be_verified(
    means: Means, room: Path, seconds: int | None, most: int
) -> None:
    order = take(means, Wish(area="all", seconds=seconds))._order(room)
    assert order["milliseconds"] == most * 1000
    listed = CapturedFile(
        at=room, path="files/segment-00001.mkv", media_type="video/x-matroska", name="x" * 17,
        obtained="2026-11-27T01:20:40.123Z", role="original", derived_from=None,
    )  # fmt: skip
    digests = len('"sha256":"","sm3":"","size":12345678,') + 2 * 64
    line = len(json.dumps([listed.path, listed.name, listed.obtained, listed.media_type]))
    keys = len('{"path":"","name":"","role":"original","media_type":"","obtained":""},')
    assert (line + digests + keys) * most * 1000 // SEGMENT_MS < MAX_CAPTURE


def test_remains_of_nothing_are_nothing(means: Means, room: Path) -> None:
    (room / "files").mkdir()
    (room / "files" / "events.jsonl").write_bytes(b'{"event":"started"}\n')
    assert Recording(means).remains("record;all", room, "crash", "2026-11-12T13:06:31.000Z") is None


def test_a_segment_that_was_exchanged_is_found(means: Means, room: Path, display: str) -> None:
    source = Recording(means)
    source.capture("record:3;monitor:1", room, Job())
    (room / "files" / "recording.mp4").unlink()
    first = next((room / "files").glob("segment-*.mkv"))
    kept = first.read_bytes()
    first.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    left = source.remains("record:3;monitor:1", room, "crash", "2026-11-12T13:06:31.000Z")
    assert left is not None
    assert check(left, "record_chain") == Check(
        check="record_chain", outcome="fail", detail=first.name
    )
    assert first.name not in record_of(room)["viewing"][0]["from"]


@pytest.mark.parametrize(
    ("target", "code"),
    [("all", "record_target"), ("record;all", "record_endless"),
     ("record:1;monitor:9", "screen_monitor"), ("record:1;region:0,0,9999,9", "screen_region"),
     ("record:1;window:7", "record_window_gone")],
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused(
    means: Means, room: Path, display: str, target: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        Recording(means).capture(target, room, Job())
    assert caught.value.code == code
    assert list(room.iterdir()) == []


def test_no_room_on_the_disk_is_said_before_it_begins(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(Refused) as caught:
        Recording(means).capture("record:1;all", room, Job())
    assert (caught.value.code, caught.value.facts) == ("record_no_space", {"megabytes": 100})


def test_a_recorder_that_cannot_be_started_is_said(
    means: Means, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_command", lambda: ["/nonexistent/recorder"])
    with pytest.raises(Unavailable) as caught:
        Recording(means).capture("record:1;all", room, Job())
    assert caught.value.code == "recorder_gone"
    monkeypatch.setattr(recording, "_command", lambda: ["false"])
    with pytest.raises(Unavailable) as caught:
        Recording(means).capture("record:1;all", room, Job())
    assert caught.value.code == "recorder_gone"


def test_the_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert recording._command()[1:] == ["--worker", "recorder"]
