"""The worker that opens untrusted media: what it finds, and what it cannot be made to do."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from fakes.film import film
from fakes.labels import INNER
from fakes.processes import lingering
from fakes.signing import signed
from holdfast.adapters import marks as parent
from holdfast.adapters import media
from holdfast.adapters.marks import MediaMarks
from holdfast.core.canonical import parse
from holdfast.core.errors import Cancelled
from holdfast.core.job import Job, Progress
from holdfast.ports import MediaFile

LABEL = json.dumps({"AIGC": INNER})


@pytest.fixture
def helpers_begin_at_once() -> None:
    """They are what is looked at here."""


def labelled(at: Path) -> MediaFile:
    info = PngImagePlugin.PngInfo()
    info.add_text("AIGC", LABEL)
    Image.new("RGB", (40, 30)).save(at, "PNG", pnginfo=info)
    return MediaFile(path="files/a.png", at=at, media_type="image/png")


def states(found: tuple[object, ...]) -> list[tuple[str, str, str]]:
    return [(one.file, one.kind, one.state) for one in found]  # type: ignore[attr-defined] # MarkSeen


def test_labels_and_credentials_of_several_files(tmp_path: Path) -> None:
    jpeg = tmp_path / "b"
    jpeg.write_bytes(signed())
    movie = tmp_path / "c"
    film(tmp_path / "c.mp4")
    (tmp_path / "c.mp4").rename(movie)
    found = MediaMarks().read(
        [
            labelled(tmp_path / "a"),
            MediaFile(path="files/b.jpg", at=jpeg, media_type="image/jpeg"),
            MediaFile(path="files/c.mp4", at=movie, media_type="video/mp4"),
        ],
        Job(),
    )
    assert states(found.seen) == [
        ("files/a.png", "aigc", "found"),
        ("files/a.png", "c2pa", "not_detected"),
        ("files/b.jpg", "aigc", "not_detected"),
        ("files/b.jpg", "c2pa", "found"),
        ("files/c.mp4", "aigc", "not_detected"),
        ("files/c.mp4", "c2pa", "not_detected"),
    ]
    assert "trainedAlgorithmicMedia" in found.seen[3].detail
    record = parse(found.record)
    assert isinstance(record, dict)
    assert record["format"] == "holdfast-marks/1"
    assert {tool["name"] for tool in record["tools"]} >= {"av"}  # type: ignore[index, union-attr] # its own shape
    assert [tag["name"] for tag in found.files[2]["tags"]]  # type: ignore[index, union-attr, call-overload] # its own shape
    assert lingering(str(tmp_path)) == {}


def test_whoever_waits_is_asked_once_and_stays_no_longer_than_that(tmp_path: Path) -> None:
    reader = MediaMarks()
    file = labelled(tmp_path / "a")
    with reader.ready():
        (waiting,) = reader._waiting
        assert reader.read([file], Job()).seen[0].state == "found"
        assert waiting._process.poll() is not None
        assert reader.read([file], Job()).seen[0].state == "found", "a new one, as ever"
    with pytest.raises(Cancelled), reader.ready():
        (waiting,) = reader._waiting
        raise Cancelled
    assert waiting._process.poll() is not None
    assert reader._waiting == []


def test_whoever_waits_for_nothing_ends(tmp_path: Path) -> None:
    waiting = parent.Worker()
    waiting.expect()
    waiting._process.stdin.close()  # type: ignore[union-attr] # it is a pipe
    assert waiting._process.wait(30) == 0
    waiting.end()


def test_a_reader_that_cannot_be_started_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "command", lambda: [str(tmp_path / "nothing")])
    reader = MediaMarks()
    with reader.ready():
        assert reader._waiting == []


def test_a_changed_file_no_longer_matches_its_credentials(tmp_path: Path) -> None:
    data = bytearray(signed())
    data[-40] ^= 1
    (tmp_path / "a").write_bytes(data)
    file = MediaFile(path="files/a.jpg", at=tmp_path / "a", media_type="image/jpeg")
    found = MediaMarks().read([file], Job())
    assert "Invalid" in found.seen[-1].detail
    assert "assertion.dataHash.mismatch" in found.seen[-1].detail


def test_credentials_that_lie_elsewhere_are_not_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        (tmp_path / "a").write_bytes(signed(remote=f"http://127.0.0.1:{port}/manifest"))
        file = MediaFile(path="files/a.jpg", at=tmp_path / "a", media_type="image/jpeg")
        found = MediaMarks().read([file], Job())
        assert found.seen[-1].state in ("malformed", "not_detected")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_without_the_extra_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    file = labelled(tmp_path / "a")
    assert media.c2pa(file.at, "image/png") == {
        "state": "not_checked", "detail": "extra not installed",
    }  # fmt: skip


def test_a_kind_that_has_no_credentials_is_not_asked_for_any(tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    assert media.c2pa(labelled(tmp_path / "a").at, "video/x-flv")["state"] == "not_checked"


def worker(script: str) -> list[str]:
    return [sys.executable, "-c", script]


ENDS = "import sys; sys.stdin.readline()"
DIES = (
    "import json,sys,os; o=json.loads(sys.stdin.readline())\n"
    "say=lambda **f: print(json.dumps(f), flush=True)\n"
    "for n,f in enumerate(o['files']):\n"
    "  say(event='begun', file=n)\n"
    "  if f['media_type']=='image/x-evil': os._exit(9)\n"
    "  say(event='tags', file=n, format='x', tags=[], faults=[])\n"
    "  say(event='c2pa', file=n, state='not_detected', detail='')\n"
)
HANGS = (
    "import sys,time; sys.stdin.readline()\n"
    'print(\'{"event":"begun","file":0}\', flush=True); time.sleep(60)'
)
LIES = (
    "import sys; sys.stdin.readline()\n"
    'print(\'{"event":"begun","file":0}\')\n'
    'print(\'{"event":"tags","file":0,"format":1,"tags":[{"evil":1}],"faults":[]}\')\n'
)
BABBLES = "import sys; sys.stdin.readline(); sys.stdout.write('x' * 1000); sys.stdout.flush()"


def files(tmp_path: Path, *kinds: str) -> list[MediaFile]:
    (tmp_path / "a").write_bytes(b"x")
    return [
        MediaFile(path=f"files/{n}", at=tmp_path / "a", media_type=k) for n, k in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("script", "why"),
    [(ENDS, "stopped"), (HANGS, "took too long"), (LIES, "made no sense"), (BABBLES, "")],
)
def test_a_worker_that_breaks_leaves_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr(parent, "command", lambda: worker(script))
    if script == HANGS:
        monkeypatch.setattr(parent, "SECONDS_A_FILE", 0.5)
    found = MediaMarks().read(files(tmp_path, "image/png"), Job())
    assert [one.state for one in found.seen] == ["not_checked", "not_checked"]
    assert why in found.seen[0].detail


def test_a_file_that_kills_the_worker_costs_its_own_marks_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "command", lambda: worker(DIES))
    found = MediaMarks().read(
        files(tmp_path, "image/png", "image/x-evil", "image/png", "image/x-evil"), Job()
    )
    assert [one.state for one in found.seen if one.kind == "aigc"] == [
        "not_detected", "not_checked", "not_detected", "not_checked",
    ]  # fmt: skip


def test_a_worker_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "command", lambda: [str(tmp_path / "nothing")])
    found = MediaMarks().read(files(tmp_path, "image/png"), Job())
    assert found.seen[0].state == "not_checked"


def test_it_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "command", lambda: worker(HANGS))

    def report(_: Progress) -> None:
        job.cancel()

    job = Job(report)
    with pytest.raises(Cancelled):
        MediaMarks().read(files(tmp_path, "image/png"), job)


def test_too_much_metadata_leaves_the_record_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "_RECORD", 200)
    record = parse(MediaMarks().read([labelled(tmp_path / "a")], Job()).record)
    assert isinstance(record, dict)
    (file,) = record["files"]  # type: ignore[misc, union-attr] # its own shape
    assert file["tags"] == []  # type: ignore[index, call-overload] # its own shape
    assert file["labels"]  # type: ignore[index, call-overload] # its own shape


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 9)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
    ],
)
def test_inside_it_nothing_connects_and_nothing_starts(attempt: str) -> None:
    script = (
        "import sys\nfrom holdfast.adapters import media\nsys.addaudithook(media._heard)\n"
        f"try:\n    {attempt}\nexcept PermissionError:\n    print('refused')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout.strip() == "refused", ran.stderr


def test_it_may_not_write_files(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no such limits here")
    script = (
        "import signal\nfrom pathlib import Path\nfrom holdfast.adapters import media\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nmedia._bounded(writes=False)\n"
        f"try:\n    Path({str(tmp_path / 'x')!r}).write_bytes(b'1')\n"
        "except OSError:\n    print('refused')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout.strip() == "refused", ran.stderr


def ordered(order: dict[str, object]) -> list[dict[str, object]]:
    return list(parent.asked(order, Job(), 30, "reading"))


def test_a_picture_of_a_billion_pixels_is_not_opened(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("1", (10, 10)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = (40_000).to_bytes(4) * 2
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    (tmp_path / "a").write_bytes(data)
    lines = ordered({"do": "code", "at": str(tmp_path / "a"), "begins": "X"})
    assert lines[-1]["event"] == "error"


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\nhttp://127.0.0.1/x", b"\0" * 5000])
def test_what_is_no_film_ends_as_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    lines = ordered({"do": "code", "at": str(tmp_path / "a"), "begins": "X"})
    assert lines[-1]["event"] == "error"


def test_parts_that_do_not_fit_are_not_joined(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(b"no film")
    parts = [str(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    lines = ordered({"do": "join", "files": parts, "out": str(tmp_path / "o.mp4")})
    assert lines[-1]["event"] == "error"
