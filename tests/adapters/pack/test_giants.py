"""More members than a pack can have, and files that are larger than any disk."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.packed import bench, broken, finished, rules
from holdfast.adapters.pack import zipform
from holdfast.adapters.pack.attachments import pdf_attachments
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.job import Job, Progress
from holdfast.core.pack import MAX_MEMBERS
from holdfast.core.verdict import Verdict
from holdfast.usecases.verify import Options, verify

pytestmark = pytest.mark.no_cover

TIB = 1 << 40


def judged(path: Path, job: Job | None = None) -> Verdict:
    looked = bench(attachments=pdf_attachments)
    return verify([path], Options(practice=True), bench=looked, job=job or Job())


def crowded(count: int, stated: int | None) -> Iterator[bytes]:
    """A ZIP of empty members, as our writer would write it; its end may state another number."""
    directory, at = [], 0
    for number in range(count):
        name = f"HF/{number:06d}"
        header = zipform.local_header(name, 0, 0)
        directory.append(
            zipform.central_header(zipform.Member(name=name, size=0, crc=0, offset=at))
        )
        at += len(header)
        yield header
    listed = b"".join(directory)
    yield listed
    if stated is None:
        yield zipform.directory_end(count, len(listed), at)
    else:
        yield struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, stated, stated, len(listed), at, 0)


@pytest.mark.parametrize("stated", [None, 10], ids=["said", "hidden"])
def test_more_members_than_a_pack_can_have(tmp_path: Path, stated: int | None) -> None:
    path = tmp_path / "crowd.zip"
    with path.open("wb") as file:
        file.writelines(crowded(MAX_MEMBERS + 1, stated))
    verdict = judged(path)
    assert verdict.verdict == "broken"
    assert "pack_too_many" in rules(verdict, ("broken",))


@pytest.fixture
def giant(tmp_path: Path) -> Path:
    """A file that says it has a tebibyte and takes no room."""
    path = tmp_path / "giant"
    with path.open("wb") as file:
        try:
            file.truncate(TIB)
        except OSError as error:
            pytest.skip(f"no sparse files here: {error}")
    return path


@pytest.mark.parametrize("name", ["f.ots", "f.tsr", "f.tsa"])
def test_a_giant_in_place_of_a_proof_is_not_read(giant: Path, name: str) -> None:
    with pytest.raises(Refused, match="verify_too_large"):
        judged(giant.rename(giant.with_name(name)))


def test_a_giant_in_place_of_a_document_or_anything_else_has_nothing_to_check(giant: Path) -> None:
    verdict = judged(giant)
    assert (verdict.verdict, rules(verdict)) == ("unchecked", {"proof_absent"})
    verdict = judged(giant.rename(giant.with_name("f.pdf")))
    assert (verdict.verdict, rules(verdict)) == ("unchecked", {"document_unknown"})


def test_a_giant_in_place_of_a_pack_is_looked_at_from_its_end(giant: Path) -> None:
    verdict = judged(giant.rename(giant.with_name("f.zip")))
    assert (verdict.verdict, rules(verdict)) == ("broken", {"pack_unreadable"})


def test_a_giant_in_a_pack_is_told_of_while_it_is_read_and_can_be_left(
    giant: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pack"
    for name, data in finished().files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    giant.rename(folder / "data" / "exhibits" / "E0001" / "files" / "giant.bin")
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.detail.endswith("giant.bin"):
            job.cancel()

    job = Job(report)
    with pytest.raises(Cancelled):
        judged(folder, job)
    assert seen[-1].total is not None
    assert seen[-1].total > TIB
    assert len(seen) < 1000


def test_a_member_that_says_it_is_a_giant_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "lie.zip"
    name = "HF/bagit.txt"
    raw = zipform.local_header(name, TIB, 0) + b"x"
    listed = zipform.central_header(zipform.Member(name=name, size=TIB, crc=0, offset=0))
    path.write_bytes(raw + listed + zipform.directory_end(1, len(listed), len(raw)))
    assert zipfile.is_zipfile(path)
    verdict = judged(path)
    assert verdict.verdict == "broken"
    assert "zip_overlap" in rules(verdict, ("broken",))
    assert "bagit.txt" in broken(verdict)


def test_a_directory_beyond_any_file_is_one_sentence(tmp_path: Path) -> None:
    """Python cannot even go there; found by the fuzzer."""
    path = tmp_path / "far.zip"
    locator = struct.pack("<4sIQI", zipform.LOCATOR_SIGNATURE, 0, 2**64 - 1, 1)
    path.write_bytes(b"PK\x03\x04" + locator + zipform.directory_end(1, 46, 0))
    verdict = judged(path)
    assert (verdict.verdict, rules(verdict, ("broken",))) == ("broken", {"pack_unreadable"})


@pytest.mark.parametrize("size", [0, 2, 100])
def test_a_member_whose_size_lies_is_named(tmp_path: Path, size: int) -> None:
    """Its checksum is right; found by the fuzzer."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("bagit.txt", "x"):
            archive.writestr(zipfile.ZipInfo(f"HF/{name}"), b"four")
    raw = made.getvalue()
    at = raw.rindex(b"PK\x01\x02") + 24
    path = tmp_path / "lie.zip"
    path.write_bytes(raw[:at] + size.to_bytes(4, "little") + raw[at + 4 :])
    verdict = judged(path)
    assert verdict.verdict == "broken"
    assert ("x", "file_unreadable") in {(one.subject, one.rule) for one in verdict.findings}
