"""An Android phone, behind the real adb client and a server of ours."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from fakes import adb as fake
from fakes.adb import APK, FakeAdb, FakePhone
from fakes.apk import apk
from fakes.film import film
from holdfast.adapters import adb
from holdfast.adapters.capture import Means
from holdfast.adapters.capture import phone as module
from holdfast.adapters.capture.phone import PhoneScreen
from holdfast.adapters.clock import SystemClock
from holdfast.core.chain import chained
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Unavailable
from holdfast.core.evidence import Captured
from holdfast.core.job import Job, Progress


def png(colour: str = "", size: tuple[int, int] = (54, 96)) -> bytes:
    image = Image.new("RGB", size, colour or "teal")
    if not colour:
        image.putpixel((3, 3), (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def phone(tmp_path: Path) -> FakePhone:
    return FakePhone(
        screen=png(), film=film(tmp_path / "film.mp4", seconds=1), files={APK: apk(b"certificate")}
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, phone: FakePhone) -> Iterator[FakeAdb]:
    monkeypatch.setattr(module, "SEGMENT_SECONDS", 1)
    with fake.serving(monkeypatch, phone) as found:
        yield found


@pytest.fixture
def source() -> PhoneScreen:
    return PhoneScreen(Means(clock=SystemClock()))


def checks(captured: Captured) -> dict[str, tuple[str, str]]:
    return {check.check: (check.outcome, check.detail) for check in captured.completeness}


def record(captured: Captured) -> dict[str, Any]:
    (file,) = (one for one in captured.files if one.path == "files/phone.json")
    found: dict[str, Any] = json.loads(file.at.read_bytes())
    return found


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(HoldfastError) as caught:
        work()
    return caught.value.code


# --- a picture -----------------------------------------------------------------------------------


def test_the_screen_with_what_the_phone_says_of_itself(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.offset = 90.0
    captured = source.capture("phone::screen", room, Job())
    assert captured.files[0].at.read_bytes() == phone.screen
    assert checks(captured)["phone_picture"] == ("pass", "")
    assert checks(captured)["phone_root"] == ("pass", "")
    assert checks(captured)["phone_app"] == ("pass", fake.PACKAGE)
    assert checks(captured)["phone_clock"][0] == "warn"
    told = record(captured)
    assert 89_000 < told["before"]["clock_offset_ms"] < 91_000
    assert told["before"]["clock_uncertainty_ms"] < 5000
    assert told["app"]["version_name"] == "31.2.0"
    assert told["app"]["activity"] == ".player.PlayerActivity"
    assert told["app"]["apk_sha256"] == hashlib.sha256(phone.files[APK]).hexdigest()
    digest = hashlib.sha256(b"certificate").hexdigest()
    assert {one["scheme"]: one["sha256"] for one in told["app"]["certificates"]} == {
        "v2": [digest], "v3": [digest],
    }  # fmt: skip
    assert "gsm.sim.operator.alpha" not in json.dumps(told), "the owner's network is their own"
    assert captured.observations.title == f"Pictor 9 · {fake.PACKAGE}"
    assert list(room.iterdir()) == [room / "files"]


def test_a_black_picture_is_red_and_one_colour_is_amber(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.screen = png("black")
    assert checks(source.capture("phone::screen", room, Job()))["phone_picture"] == (
        "fail", "#000000",
    )  # fmt: skip
    phone.screen = png("white")
    again = room.parent / "again"
    again.mkdir()
    outcome = checks(source.capture("phone::screen", again, Job()))["phone_picture"]
    assert outcome == ("warn", "#ffffff")


@pytest.mark.parametrize(
    "screen", [b"", b"garbage", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, png()[:60], b"\xff" * 3000]
)
def test_what_is_no_picture_leaves_nothing(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path, screen: bytes
) -> None:
    phone.screen = screen
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "phone_picture"
    assert list(room.iterdir()) == []


def test_a_picture_of_a_billion_pixels_is_not_opened(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.screen = phone.screen[:16] + (40_000).to_bytes(4) * 2 + phone.screen[24:]
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "phone_picture"


def test_a_phone_that_lies_hides_or_says_nothing_is_written_down_as_it_is(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.in_front, phone.installed, phone.properties = "", "", {}
    phone.files = {}
    captured = source.capture("phone::screen", room, Job())
    told = record(captured)
    assert told["app"] is None
    assert told["properties"] == []
    assert checks(captured)["phone_app"][0] == "not_checked"
    assert checks(captured)["phone_root"][0] == "not_checked"
    assert [part.name for part in captured.components] == ["adb"]


def test_signs_of_root_are_amber(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.files["/system/xbin/su"] = b""
    phone.properties["ro.boot.verifiedbootstate"] = "orange"
    outcome, detail = checks(source.capture("phone::screen", room, Job()))["phone_root"]
    assert outcome == "warn"
    assert "/system/xbin/su" in detail
    assert "orange" in detail


def test_an_app_whose_file_cannot_be_read_has_no_certificate(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.files[APK] = b"not an app"
    app = record(source.capture("phone::screen", room, Job()))["app"]
    assert (app["certificates"], app["certificate_note"]) == ([], "no ZIP")
    phone.files[APK] = apk(b"", signed=False)
    again = room.parent / "again"
    again.mkdir()
    app = record(source.capture("phone::screen", again, Job()))["app"]
    assert app["certificate_note"].startswith("no signing block")


# --- which phone ---------------------------------------------------------------------------------


def test_phones_are_listed_as_they_are(server: FakeAdb, source: PhoneScreen, room: Path) -> None:
    server.phones.append(FakePhone(serial="PIC0002", state="unauthorized"))
    found = source.phones(room, Job())
    assert [(one.serial, one.state, one.model) for one in found] == [
        ("PIC0001", "device", "Pictor 9"), ("PIC0002", "unauthorized", "Pictor 9"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("states", "target", "code"),
    [
        ([], "phone::screen", "phone_none"),
        (["unauthorized"], "phone::screen", "phone_unauthorized"),
        (["offline"], "phone::screen", "phone_offline"),
        (["recovery"], "phone::screen", "phone_offline"),
        (["device", "device"], "phone::screen", "phone_several"),
        (["device"], "phone:OTHER:screen", "phone_not_there"),
        (["device", "unauthorized"], "phone:P1:screen", "phone_unauthorized"),
    ],
)
def test_a_phone_that_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, source: PhoneScreen, room: Path, states: list[str],
    target: str, code: str,
) -> None:  # fmt: skip
    phones = [FakePhone(serial=f"P{n}", state=state) for n, state in enumerate(states)]
    with fake.serving(monkeypatch, *phones):
        assert code_of(lambda: source.capture(target, room, Job())) == code
    assert list(room.iterdir()) == []


@pytest.mark.parametrize(
    "target",
    ["phone", "phone::", "phone::screen;reboot", "phone:a b:screen", "phone:-x:screen",
     "phone::record:", "phone::record:999999", "phone:;rm:screen"],
)  # fmt: skip
def test_other_targets_are_refused(source: PhoneScreen, room: Path, target: str) -> None:
    assert not source.suits(target)
    with pytest.raises(Refused, match="phone_target"):
        source.capture(target, room, Job())


# --- adb itself ----------------------------------------------------------------------------------


def test_without_adb_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: PhoneScreen, room: Path
) -> None:
    fake.without_adb(monkeypatch, tmp_path)
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "adb_missing"
    assert source.parts()[0].version == ""


def test_adb_is_taken_from_the_settings_or_an_sdk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake.without_adb(monkeypatch, tmp_path)
    with pytest.raises(Refused, match="adb_chosen"):
        adb.find(str(tmp_path / "nothing"))
    kit = tmp_path / "kit" / "platform-tools"
    kit.mkdir(parents=True)
    (kit / "adb").write_text("#!/bin/sh\n")
    (kit / "adb").chmod(0o755)
    assert adb.find(str(kit / "adb")) == kit / "adb"
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "kit"))
    assert adb.find() == kit / "adb"
    assert adb.version(kit / "adb") == ""


def program(at: Path, script: str) -> Means:
    at.write_text(f"#!/bin/sh\n{script}\n")
    at.chmod(0o755)
    return Means(clock=SystemClock(), adb=str(at))


@pytest.mark.parametrize(
    "script", ["echo no good >&2; exit 1", "exit 127", "case $1 in devices) exit 3;; esac"]
)
def test_an_adb_that_fails_is_one_sentence(tmp_path: Path, room: Path, script: str) -> None:
    source = PhoneScreen(program(tmp_path / "adb", script))
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "adb_failed"
    assert list(room.iterdir()) == []


def test_an_adb_that_hangs_is_given_up(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adb, "START_SECONDS", 0.3)
    source = PhoneScreen(program(tmp_path / "adb", "exec sleep 60"))
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "adb_failed"


@pytest.mark.parametrize("answer", [b"FAIL0003no!", b"OKAY", b"\xff" * 40, b"OKAY0004zzzz", b""])
def test_a_server_that_talks_nonsense_is_one_sentence(
    server: FakeAdb, source: PhoneScreen, room: Path, answer: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(adb, "START_SECONDS", 3.0)
    monkeypatch.setattr(adb, "SECONDS", 3.0)
    server.answer = answer
    code = code_of(lambda: source.capture("phone::screen", room, Job()))
    assert code in {"adb_failed", "phone_slow", "phone_none"}


def test_endless_and_silent_answers_come_to_an_end(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(adb, "PICTURE", 1 << 20)
    phone.endless = frozenset({"screencap"})
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "phone_endless"
    less = {"most": 1 << 20, "seconds": 1.0}
    monkeypatch.setattr(adb.Connected.ask, "__kwdefaults__", less | {"into": None})
    monkeypatch.setattr(adb.Connected.shell, "__kwdefaults__", less)
    phone.endless, phone.mute = frozenset(), frozenset({"getprop"})
    assert code_of(lambda: source.capture("phone::screen", room, Job())) == "phone_slow"
    assert list(room.iterdir()) == []


def test_a_phone_lost_before_its_picture_leaves_nothing(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    def report(step: Progress) -> None:
        if step.stage == "saving":
            phone.lose()

    job = Job(report)
    code = code_of(lambda: source.capture("phone::screen", room, job))
    assert code in {"phone_gone", "phone_picture"}
    assert list(room.iterdir()) == []


# --- a recording ---------------------------------------------------------------------------------


def chain(room: Path) -> list[dict[str, Any]]:
    @dataclass(frozen=True)
    class Line:
        n: int
        sha256: str
        link: str
        body: dict[str, Any]

    def line(body: Any) -> Line:
        return Line(body["n"], body["sha256"], body["link"], body)

    found, damage = chained((room / "files" / "segments.jsonl").read_bytes(), line)
    assert damage == ""
    return [one.body for one in found]


def test_a_recording_in_chained_segments(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    # As many as a busy computer begins in this time; it is two and more.
    captured = source.capture("phone:PIC0001:record:4", room, Job())
    segments = chain(room)
    assert len(segments) > 1
    for segment in segments:
        data = (room / segment["file"]).read_bytes()
        assert data == phone.film
        assert segment["sha256"] == hashlib.sha256(data).hexdigest() == segment["sha256_on_phone"]
        assert segment["size"] == len(data)
    found = checks(captured)
    assert found["phone_fetched"] == ("pass", str(len(segments)))
    assert found["phone_lost"] == ("pass", "")
    assert found["viewing_copy"] == ("pass", "")
    assert found["phone_picture"][0] == "pass"
    roles = {file.path: (file.role, file.derived_from) for file in captured.files}
    assert roles["files/viewing.mp4"] == ("derived", "files/segment-0001.mp4")
    assert roles["files/segments.jsonl"] == ("record", None)
    assert [name for name in phone.files if "holdfast" in name] == [], "nothing stays on the phone"
    assert record(captured)["segments"] == len(segments)
    import av

    with av.open(str(room / "files" / "viewing.mp4")) as whole:
        assert whole.duration is not None
        assert whole.duration >= len(segments) * 950_000


def test_it_is_stopped_by_hand_and_is_whole(
    server: FakeAdb, phone: FakePhone, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_SECONDS", 60)
    stop = threading.Event()
    phone.on_record = lambda _: stop.set()
    source = PhoneScreen(Means(clock=SystemClock()), stop)
    captured = source.capture("phone::record:600", room, Job())
    assert captured.complete
    assert len(chain(room)) == 1
    assert any(command.startswith("kill -2 ") for command in phone.asked)


def test_it_is_stopped_before_its_process_is_known(
    server: FakeAdb, phone: FakePhone, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wish to stop counted as passed on, and nobody had been told: it ran on and was lost."""
    monkeypatch.setattr(module, "SEGMENT_SECONDS", 60)
    stop = threading.Event()

    def late() -> None:
        stop.set()
        time.sleep(0.5)

    phone.before_record = late
    captured = PhoneScreen(Means(clock=SystemClock()), stop).capture(
        "phone::record:600", room, Job()
    )
    assert captured.complete
    assert len(chain(room)) == 1


def test_a_phone_lost_half_way_leaves_what_was_fetched(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    def lose(number: int) -> None:
        if number == 3:
            phone.lose()

    phone.on_record = lose
    captured = source.capture("phone::record:60", room, Job())
    assert not captured.complete
    assert checks(captured)["phone_lost"][0] == "fail"
    assert 1 <= len(chain(room)) <= 2
    assert record(captured)["lost"] == checks(captured)["phone_lost"][1]


def test_a_film_that_is_larger_than_its_phone_said_is_not_fetched_for_ever(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(adb, "SEGMENT", 1 << 20)
    phone.pours = True
    assert code_of(lambda: source.capture("phone::record:1", room, Job())) == "phone_endless"
    assert list(room.iterdir()) == []


def test_a_recording_ends_before_the_disk_is_full_and_says_so(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    free = [1 << 30, 1 << 30, 1 << 20]
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: SimpleNamespace(free=free.pop(0) if free[1:] else free[0])
    )
    captured = source.capture("phone::record:60", room, Job())
    assert checks(captured)["phone_lost"] == ("fail", "disk_full")
    assert len(chain(room)) == 2
    code = code_of(lambda: source.capture("phone::record:10", room.parent, Job()))
    assert code == "record_no_space"
    assert not (room.parent / "files").exists()


def test_a_phone_lost_at_once_leaves_nothing(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.on_record = lambda _: phone.lose()
    assert code_of(lambda: source.capture("phone::record:10", room, Job())) == "phone_gone"
    assert list(room.iterdir()) == []


def test_a_phone_without_a_recorder_says_so(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.recorder = False
    with pytest.raises(Unavailable, match="screenrecord: not found") as caught:
        source.capture("phone::record:10", room, Job())
    assert caught.value.code == "phone_no_recorder"


def test_a_black_recording_is_red(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path, tmp_path: Path
) -> None:
    phone.film = film(tmp_path / "black.mp4", seconds=1, black=True)
    captured = source.capture("phone::record:1", room, Job())
    assert checks(captured)["phone_picture"] == ("fail", "#000000")


def test_garbage_instead_of_a_film_is_kept_and_said(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    phone.film = b"no film at all"
    captured = source.capture("phone::record:1", room, Job())
    assert (room / "files/segment-0001.mp4").read_bytes() == phone.film
    assert checks(captured)["viewing_copy"][0] == "warn"
    assert checks(captured)["phone_picture"][0] == "not_checked"


def test_cancelled_it_keeps_its_segments_for_sealing(
    server: FakeAdb, source: PhoneScreen, phone: FakePhone, room: Path
) -> None:
    job = Job()

    def cancel(number: int) -> None:
        if number == 3:
            job.cancel()

    phone.on_record = cancel
    with pytest.raises(Cancelled):
        source.capture("phone::record:60", room, job)
    assert len(chain(room)) >= 1
    assert json.loads((room / "files/phone.json").read_bytes())["lost"] == "cancelled"
