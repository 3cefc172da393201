from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast.adapters.capture import Means
from holdfast.adapters.capture import file as module
from holdfast.adapters.capture.file import ReceivedFiles, media_type
from holdfast.core.errors import Refused
from holdfast.core.evidence import Captured
from holdfast.core.job import Job

NASTY = [
    "..\u2215up.mp4",
    "\u202e4pm.exe",
    "\x1b[31mred.png",
    "=cmd|calc.csv",
    "<img src=x>.png",
]


@pytest.fixture
def source(means: Means) -> ReceivedFiles:
    return ReceivedFiles(means)


def take(source: ReceivedFiles, target: Path, room: Path) -> Captured:
    return source.capture(str(target), room, Job())


def test_a_file_is_received_where_it_lies(
    source: ReceivedFiles, tmp_path: Path, room: Path
) -> None:
    given = tmp_path / "第3集 😀.mp4"
    given.write_bytes(b"\x00\x00\x00\x18ftypmp42")
    captured = take(source, given, room)
    original, record = captured.files
    assert (original.at, original.path, original.name) == (given, "files/3.mp4", "第3集 😀.mp4")
    assert (original.media_type, original.role) == ("video/mp4", "original")
    assert captured.received is not None
    facts = json.loads(record.at.read_bytes())
    assert (facts[0]["path"], facts[0]["size"], record.role) == ("files/3.mp4", 12, "record")
    assert captured.complete
    assert captured.observations.title == "第3集 😀.mp4"


def test_a_huge_file_is_not_read(source: ReceivedFiles, tmp_path: Path, room: Path) -> None:
    given = tmp_path / "film.mkv"
    with given.open("wb") as file:
        file.write(b"\x1aE\xdf\xa3")
        file.truncate(40 << 30)
    captured = take(source, given, room)
    assert captured.files[0].media_type == "video/x-matroska"
    assert captured.files[0].at == given
    assert json.loads(captured.files[1].at.read_bytes())[0]["size"] == 40 << 30


def test_a_folder_is_its_files_in_order(source: ReceivedFiles, tmp_path: Path, room: Path) -> None:
    given = tmp_path / "聊天记录"
    for name in ("b/1.png", "b/1.PNG", "a.txt", "b/c/1.png", "received.json"):
        path = given / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    captured = take(source, given, room)
    assert [(file.path, file.name) for file in captured.files] == [
        ("files/a.txt", "a.txt"),
        ("files/received-2.json", "received.json"),
        ("files/1.PNG", "b/1.PNG"),
        ("files/1-2.png", "b/1.png"),
        ("files/1-3.png", "b/c/1.png"),
        ("files/received.json", "received.json"),
    ]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_are_text_and_never_paths(
    source: ReceivedFiles, tmp_path: Path, room: Path, name: str
) -> None:
    given = tmp_path / name
    given.write_bytes(b"x")
    captured = take(source, given, room)
    assert captured.files[0].path.isascii()
    assert ".." not in captured.files[0].path
    assert "\u202e" not in captured.files[0].name
    assert "\x1b" not in captured.files[0].name


def test_what_is_empty_is_said(source: ReceivedFiles, tmp_path: Path, room: Path) -> None:
    (tmp_path / "empty.txt").touch()
    assert not take(source, tmp_path / "empty.txt", room).complete
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "a").touch()
    (folder / "b").write_bytes(b"x")
    captured = take(source, folder, room)
    assert captured.complete
    assert captured.completeness[0].outcome == "warn"
    assert captured.completeness[0].detail == "a"


def test_links_and_devices_in_a_folder_are_left_out_loudly(
    source: ReceivedFiles, tmp_path: Path, room: Path
) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "real").write_bytes(b"x")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    captured = take(source, folder, room)
    assert [file.name for file in captured.files] == ["real", "received.json"]
    assert not captured.complete
    assert captured.completeness[1].detail == "link, loop, pipe"


def code(source: ReceivedFiles, target: Path | str, room: Path) -> str:
    with pytest.raises(Refused) as caught:
        source.capture(str(target), room, Job())
    assert list(room.iterdir()) == []
    return caught.value.code


def test_what_is_no_file_is_refused(source: ReceivedFiles, tmp_path: Path, room: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "socket"))
        assert code(source, tmp_path / "socket", room) == "file_special"
    assert code(source, tmp_path / "nothing", room) == "file_missing"
    assert code(source, tmp_path / "a" / "below", room) == "file_missing"
    assert code(source, tmp_path / "link", room) == "file_link"
    assert code(source, tmp_path / "dangling", room) == "file_link"
    assert code(source, tmp_path / "pipe", room) == "file_special"
    assert code(source, "/dev/null", room) == "file_special"
    assert code(source, tmp_path / "empty", room) == "folder_empty"
    assert code(source, "/" + "x" * 5000, room) == "file_unreadable"


def test_what_may_not_be_read_is_refused(
    source: ReceivedFiles, tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "secret"
    given.write_bytes(b"x")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert code(source, given, room) == "file_unreadable"


def test_a_file_that_goes_away_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file_unreadable"):
        media_type(tmp_path / "gone")


def test_folders_have_limits(
    source: ReceivedFiles, tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        (folder / str(number)).write_bytes(b"x")
    monkeypatch.setattr(module, "MOST_FILES", 3)
    assert code(source, folder, room) == "folder_too_large"
    deep = tmp_path / "deep"
    (deep / "a" / "b" / "c").mkdir(parents=True)
    (deep / "a" / "b" / "c" / "file").write_bytes(b"x")
    monkeypatch.setattr(module, "MOST_LEVELS", 2)
    assert code(source, deep, room) == "folder_too_large"


def test_a_time_that_no_calendar_has_is_left_empty() -> None:
    assert module._modified(SimpleNamespace(st_mtime=1e20)) == ""  # type: ignore[arg-type]  # as from a strange disk
    assert module._modified(SimpleNamespace(st_mtime=0.0)) == "1970-01-01T00:00:00.000Z"  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize(
    ("target", "suits"),
    [
        ("/any/path", True),
        ("https://example.com/", False),
        ("", False),
        ("a\0b", False),
        ("nothing-here.mp4", False),
    ],
)
def test_a_path_is_known_by_its_form(source: ReceivedFiles, target: str, suits: bool) -> None:
    assert source.suits(target) is suits


def test_a_relative_path_suits_when_it_is_there(
    source: ReceivedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.mp4").touch()
    monkeypatch.chdir(tmp_path)
    assert source.suits("here.mp4")


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("a.bin", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.txt", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a", b"RIFF1234WEBP", "image/webp"),
        ("a.html", b"<html>", "text/html"),
        ("a.unknown-ending", b"?", "application/octet-stream"),
    ],
)
def test_bytes_say_more_than_names(tmp_path: Path, name: str, start: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(start)
    assert media_type(tmp_path / name) == kind
