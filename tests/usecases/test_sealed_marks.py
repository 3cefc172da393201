"""Marks beside what was sealed: read from the kept bytes, written into the manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.evidence import Captured, Exhibit, MarkSeen
from holdfast.core.job import Job
from holdfast.ports import MarksRead, MediaFile
from holdfast.usecases import preserve
from holdfast.usecases.marks import explain


class FakeReader:
    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple[MediaFile, bytes]] = []
        self.error = error

    def ready(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self, files: Sequence[MediaFile], job: Job) -> MarksRead:
        if self.error is not None:
            raise self.error
        self.asked += [(file, file.at.read_bytes()) for file in files]
        seen = tuple(MarkSeen(file=f.path, kind="aigc", state="not_detected") for f in files)
        return MarksRead(record=b'{"files":[]}', seen=seen, files=({"path": "x"},))


class Media(FakeSource):
    """Hands over pictures."""

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        got = super().capture(target, room, job)
        typed = tuple(replace(file, media_type="image/jpeg") for file in got.files)
        return replace(got, files=typed)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


def keep(at: Desk, source: FakeSource, reader: FakeReader) -> Exhibit:
    return preserve.preserve(
        at.store.open_case("a", "real"), source, "http://x.example/", store=at.store,
        vault=at.vault, clock=at.clock, maker=replace(at.maker, marks=reader), job=Job(),
    )  # fmt: skip


def test_marks_are_read_from_the_kept_bytes_and_sealed(at: Desk) -> None:
    reader = FakeReader()
    exhibit = keep(at, Media({"a.jpg": b"jpeg"}), reader)
    assert [data for _, data in reader.asked] == [b"jpeg"]
    assert [a.path for a in exhibit.artifacts] == ["files/a.jpg", "files/marks.json"]
    body = json.loads(at.vault.read(exhibit.digest.sha256))
    assert body["observations"]["marks"] == [
        {"file": "files/a.jpg", "kind": "aigc", "state": "not_detected", "detail": ""}
    ]
    assert body["files"][1]["role"] == "record"
    assert at.vault.read(body["files"][1]["sha256"]) == b'{"files":[]}'


def test_where_there_is_no_media_nobody_looks(at: Desk) -> None:
    reader = FakeReader()
    exhibit = keep(at, FakeSource({"a.txt": b"text"}), reader)
    assert reader.asked == []
    assert "marks" not in json.loads(at.vault.read(exhibit.digest.sha256))["observations"]


def test_a_file_that_is_called_like_the_record_keeps_its_name(at: Desk) -> None:
    exhibit = keep(at, Media({"marks.json": b"theirs"}), FakeReader())
    assert [a.path for a in exhibit.artifacts] == ["files/marks.json"]


def test_cancelling_the_reading_is_cancelling_the_capture(at: Desk) -> None:
    with pytest.raises(Cancelled):
        keep(at, Media({"a.jpg": b"jpeg"}), FakeReader(Cancelled()))


def test_files_are_explained_without_keeping_them(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"jpeg")
    reader = FakeReader()
    assert explain([file], {file: "image/jpeg"}, reader, Job()) == ({"path": "x"},)
    with pytest.raises(Refused, match="file_missing"):
        explain([tmp_path / "b"], {}, reader, Job())
