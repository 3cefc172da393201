"""Packs as files: written in one form, read without trust."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import socket
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.packed import broken, finished, flipped, judged, rules
from holdfast.adapters.pack import reader, zipform
from holdfast.adapters.pack.reader import FolderPack, open_pack
from holdfast.adapters.pack.writer import write_pack
from holdfast.core.bag import Unreadable
from holdfast.core.canonical import one_line
from holdfast.core.errors import Cancelled, Refused, Tampered
from holdfast.core.job import Job
from holdfast.core.pack import PackFile
from holdfast.core.verdict import Verdict

TOP = "HF-2026-0001"


def packed(name: str, data: bytes) -> PackFile:
    return PackFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)


def lying(name: str, at: Path, sha256: str = "", size: int | None = None) -> PackFile:
    data = at.read_bytes()
    return PackFile(
        name=name,
        sha256=sha256 or hashlib.sha256(data).hexdigest(),
        size=len(data) if size is None else size,
        at=at,
    )


# --- writing -------------------------------------------------------------------------------------


def test_a_zip_is_stored_sorted_dated_1980_and_plain(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(9 << 20))
    files = [packed("b.txt", b"two"), packed("a.txt", b"one"), lying("data/big", big)]
    out = write_pack(files, tmp_path / "new" / "x.zip", TOP, Job())
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
        assert [info.filename for info in infos] == [
            f"{TOP}/a.txt",
            f"{TOP}/b.txt",
            f"{TOP}/data/big",
        ]
        for info in infos:
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == stat.S_IFREG | 0o644
            assert info.flag_bits == 0x800
            assert info.extra == b""
        assert archive.read(f"{TOP}/data/big") == big.read_bytes()
    again = write_pack(list(reversed(files)), tmp_path / "y.zip", TOP, Job())
    assert again.read_bytes() == out.read_bytes()
    assert sorted(p.name for p in out.parent.iterdir()) == ["x.zip"]


def test_zip64_stands_only_where_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limits drawn close, the same writer makes what zipfile reads as ZIP64."""
    files = [packed(f"data/{n}", bytes(200 + n)) for n in range(5)]
    plain = write_pack(files, tmp_path / "plain.zip", TOP, Job()).read_bytes()
    assert zipform.END64_SIGNATURE not in plain
    monkeypatch.setattr(zipform, "COUNT_LIMIT", 3)
    counted = write_pack(files, tmp_path / "counted.zip", TOP, Job())
    assert zipform.END64_SIGNATURE in counted.read_bytes()
    with open_pack(counted) as pack:
        assert len(pack.names()) == 5
        assert not pack.troubles()
    end64 = zipform.directory_end(70_000, 10, zipform.LIMIT + 5)
    assert struct.unpack_from("<QQ", end64, 40) == (10, zipform.LIMIT + 5)


def test_sizes_and_offsets_beyond_four_gib_are_read_by_zipfile() -> None:
    """Headers only: the bytes themselves would take minutes."""
    size, offset = (5 << 30), (6 << 30)
    header = zipform.local_header("a", size, 7)
    assert struct.unpack_from("<HHQQ", header, 31) == (1, 16, size, size)
    member = zipform.Member(name="a", size=size, crc=7, offset=offset)
    central = zipform.central_header(member)
    body = central + zipform.directory_end(1, len(central), 0)
    (info,) = zipfile.ZipFile(io.BytesIO(body)).infolist()
    assert (info.file_size, info.compress_size, info.header_offset) == (size, size, offset)
    small = zipform.central_header(zipform.Member(name="a", size=1, crc=7, offset=offset))
    assert struct.unpack_from("<HHQ", small, 47) == (1, 8, offset)


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    out = tmp_path / "pack"
    out.mkdir()
    write_pack([packed("a", b"one"), packed("data/b/c", b"two")], out, TOP, Job())
    assert (out / "data/b/c").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["pack"]
    with pytest.raises(Refused) as refused:
        write_pack([packed("a", b"one")], out, TOP, Job())
    assert refused.value.code == "out_exists"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="out_exists"):
        write_pack([packed("a", b"one")], tmp_path / "file", TOP, Job())
    with pytest.raises(Refused, match="out_exists"):
        (tmp_path / "dir.zip").mkdir()
        write_pack([packed("a", b"one")], tmp_path / "dir.zip", TOP, Job())


@pytest.mark.parametrize("form", ["x.zip", "x"])
def test_what_changed_in_the_vault_leaves_no_pack_behind(tmp_path: Path, form: str) -> None:
    at = tmp_path / "object"
    at.write_bytes(b"changed")
    for bad in (lying("data/a", at, sha256="0" * 64), lying("data/a", at, size=9)):
        with pytest.raises(Tampered) as tampered:
            write_pack([packed("a", b"one"), bad], tmp_path / form, TOP, Job())
        assert tampered.value.code == "object_changed"
        assert [p.name for p in tmp_path.iterdir()] == ["object"]


@pytest.mark.parametrize("form", ["x.zip", "x"])
def test_a_cancelled_export_leaves_nothing_behind(tmp_path: Path, form: str) -> None:
    job = Job(lambda _progress: job.cancel())
    with pytest.raises(Cancelled):
        write_pack([packed("a", b"one"), packed("b", b"two")], tmp_path / form, TOP, job)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_disk_that_says_no_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Refused) as refused:
        write_pack([packed("a", b"one")], tmp_path / "x.zip", TOP, Job())
    assert (refused.value.code, refused.value.facts["reason"]) == (
        "out_unwritable", os.strerror(number),
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "con", "a" * 101, "ü"])
def test_no_unsafe_name_is_ever_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="safe"):
        write_pack([packed(name, b"")], tmp_path / "x.zip", TOP, Job())
    with pytest.raises(ValueError, match="safe"):
        write_pack([packed("a", b""), packed("A", b"")], tmp_path / "x.zip", TOP, Job())


# --- hostile ZIPs --------------------------------------------------------------------------------


def rezipped(tmp_path: Path, edit: Callable[[zipfile.ZipFile], None], **how: int) -> Path:
    """The practice pack packed by another program, and one thing done to it."""
    made = tmp_path / "made.zip"
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in sorted(finished().files.items()):
            info = zipfile.ZipInfo(f"{TOP}/{name}")
            info.compress_type = how.get("method", zipfile.ZIP_STORED)
            archive.writestr(info, data)
        edit(archive)
    return made


def verdict_of(path: Path) -> Verdict:
    return judged(path)


def test_a_pack_zipped_by_another_program_counts_and_is_said(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        verdict = verdict_of(rezipped(tmp_path, lambda _a: None, method=method))
        assert verdict.verdict == "weak"
        assert "zip_rewritten" in rules(verdict)


class _Slow(io.FileIO):
    """A file that hands over a few bytes at a time, as some network drives do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, 1000))


@pytest.mark.parametrize("form", ["folder", "archive"])
def test_a_file_that_comes_in_small_pieces_is_read_whole(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, opened = getattr(finished(), form), Path.open

    def slowly(self: Path, *how: Any, **more: Any) -> object:
        return _Slow(self) if more.get("buffering") == 0 else opened(self, *how, **more)

    monkeypatch.setattr(reader.os, "fdopen", lambda handle, *_, **__: _Slow(handle))
    monkeypatch.setattr(Path, "open", slowly)
    assert not broken(judged(pack))


def test_a_pack_without_a_top_folder_is_read(tmp_path: Path) -> None:
    bare = tmp_path / "bare.zip"
    with zipfile.ZipFile(bare, "w") as archive:
        for name, data in finished().files.items():
            archive.writestr(name, data)
    assert verdict_of(bare).verdict == "weak"


def entry(name: str, mode: int = 0o100644, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = method
    return info


@pytest.mark.parametrize(
    ("name", "mode", "rule"),
    [
        (f"{TOP}/../evil", 0o100644, "name_dangerous"),
        ("../evil", 0o100644, "zip_outside"),
        ("/etc/passwd", 0o100644, "zip_outside"),
        ("C:\\evil", 0o100644, "zip_outside"),
        (f"{TOP}/data\\evil", 0o100644, "name_dangerous"),
        (f"{TOP}/data/con.txt", 0o100644, "name_dangerous"),
        (f"{TOP}/data/{'a' * 200}", 0o100644, "name_dangerous"),
        (f"{TOP}/data/e\u202evil", 0o100644, "name_dangerous"),
        (f"{TOP}/DATA/case.json", 0o100644, "name_collides"),
        (f"{TOP}/data/link", 0o120777, "file_link"),
        (f"{TOP}/data/pipe", 0o010644, "file_special"),
        (f"{TOP}/data/../x/", 0o040755, "name_dangerous"),
    ],
)
def test_dangerous_members_are_named_and_never_read(
    tmp_path: Path, name: str, mode: int, rule: str
) -> None:
    verdict = verdict_of(rezipped(tmp_path, lambda a: a.writestr(entry(name, mode), b"x")))
    assert verdict.verdict == "broken"
    assert rules(verdict, ("broken",)) == {rule}


@pytest.mark.parametrize(
    "top",
    ["../", "/", "./", "C:/", "..\\x/", ".. /", "a\u202e/", "a\x1b[31m/", "a\nb/", "x" * 256 + "/"],
)
def test_a_pack_in_a_folder_that_leads_elsewhere_is_not_read(tmp_path: Path, top: str) -> None:
    """Other programs would unpack it over what lies there already."""
    path = in_folder(tmp_path / "x.zip", top)
    verdict = verdict_of(path)
    assert verdict.verdict == "broken"
    named = [f.subject for f in verdict.findings if f.rule == "name_dangerous"]
    assert named == [one_line(f"{top}bagit.txt")]


def test_a_pack_in_a_folder_that_somebody_renamed_is_read(tmp_path: Path) -> None:
    path = in_folder(tmp_path / "x.zip", "\u6848\u4ef6 2026 (copy)/")
    assert verdict_of(path).verdict == "ok"


def in_folder(at: Path, top: str) -> Path:
    """The pack in our own form, below another folder."""
    body, members = b"", []
    for name, data in sorted(finished().files.items()):
        crc = zlib.crc32(data)
        members.append(zipform.Member(name=top + name, size=len(data), crc=crc, offset=len(body)))
        body += zipform.local_header(top + name, len(data), crc) + data
    directory = b"".join(map(zipform.central_header, members))
    end = zipform.directory_end(len(members), len(directory), len(body))
    at.write_bytes(body + directory + end)
    return at


def test_empty_folders_in_a_zip_are_nothing(tmp_path: Path) -> None:
    def folder(archive: zipfile.ZipFile) -> None:
        archive.writestr(entry(f"{TOP}/", 0o040755), b"")
        archive.writestr(entry(f"{TOP}/data/empty/", 0o040755), b"")

    assert verdict_of(rezipped(tmp_path, folder)).verdict == "weak"


def test_a_folder_that_holds_bytes_is_a_lie(tmp_path: Path) -> None:
    path = rezipped(tmp_path, lambda a: a.writestr(entry(f"{TOP}/data/x", 0), b"hidden"))
    raw = path.read_bytes().replace(f"{TOP}/data/x".encode(), f"{TOP}/data//".encode())
    path.write_bytes(raw)
    assert "name_dangerous" in rules(verdict_of(path))


def test_two_members_of_one_name_are_found(tmp_path: Path) -> None:
    def twice(archive: zipfile.ZipFile) -> None:
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(f"{TOP}/data/case.json", b"{}")

    assert "name_twice" in rules(verdict_of(rezipped(tmp_path, twice)))


def test_a_bomb_is_not_opened(tmp_path: Path) -> None:
    def bomb(archive: zipfile.ZipFile) -> None:
        archive.writestr(entry(f"{TOP}/data/bomb", method=zipfile.ZIP_DEFLATED), bytes(8 << 20))

    verdict = verdict_of(rezipped(tmp_path, bomb))
    assert "zip_bomb" in rules(verdict)


def test_a_method_that_is_not_read_here_is_said(tmp_path: Path) -> None:
    def packed_otherwise(archive: zipfile.ZipFile) -> None:
        archive.writestr(entry(f"{TOP}/data/x", method=zipfile.ZIP_BZIP2), b"x" * 100)

    assert "zip_method" in rules(verdict_of(rezipped(tmp_path, packed_otherwise)))


def patched(tmp_path: Path, edit: Callable[[bytearray, int, int], None]) -> Path:
    """Our own ZIP with its local and central header of ``data/case.json`` given to ``edit``."""
    raw = bytearray(finished().archive.read_bytes())
    name = f"{finished().number}/data/case.json".encode()
    central = raw.rfind(name) - 46
    local = struct.unpack_from("<I", raw, central + 42)[0]
    assert raw[central : central + 4] == zipform.CENTRAL_SIGNATURE
    edit(raw, local, central)
    path = tmp_path / "patched.zip"
    path.write_bytes(raw)
    return path


def test_an_encrypted_member_is_said(tmp_path: Path) -> None:
    def lock(raw: bytearray, local: int, central: int) -> None:
        raw[local + 6] |= 1
        raw[central + 8] |= 1

    assert "zip_encrypted" in rules(verdict_of(patched(tmp_path, lock)))


def test_members_that_overlap_are_not_opened(tmp_path: Path) -> None:
    def grow(raw: bytearray, local: int, central: int) -> None:
        for at in (local + 18, local + 22, central + 20, central + 24):
            struct.pack_into("<I", raw, at, struct.unpack_from("<I", raw, at)[0] + 5000)

    assert "zip_overlap" in rules(verdict_of(patched(tmp_path, grow)))


def test_a_crc_or_header_that_lies_is_named(tmp_path: Path) -> None:
    def crc(raw: bytearray, _local: int, central: int) -> None:
        raw[central + 16] ^= 1

    verdict = verdict_of(patched(tmp_path, crc))
    assert "data/case.json" in broken(verdict)
    assert "file_unreadable" in rules(verdict)

    def name(raw: bytearray, local: int, _central: int) -> None:
        raw[local + 30] ^= 1

    assert "data/case.json" in broken(verdict_of(patched(tmp_path, name)))


def test_a_member_shorter_than_the_directory_says_is_not_read(tmp_path: Path) -> None:
    """Python's reader takes it, for the CRC is that of what is there."""

    def lie(raw: bytearray, _local: int, central: int) -> None:
        (size,) = struct.unpack_from("<I", raw, central + 24)
        struct.pack_into("<I", raw, central + 24, size + 5)

    archive = patched(tmp_path, lie)
    with open_pack(archive) as pack:
        size = pack.size("data/case.json")
        assert size == len(finished().files["data/case.json"]) + 5
        with pytest.raises(Unreadable, match="file_unreadable"):
            pack.read("data/case.json", size)
        with pytest.raises(Unreadable, match="file_unreadable"):
            pack.digests("data/case.json", ("sha256",), lambda _count: None)
    assert "data/case.json" in broken(verdict_of(archive))


@pytest.mark.parametrize("field", [4, 10, 12])
def test_a_changed_byte_in_a_local_header_is_at_least_said(tmp_path: Path, field: int) -> None:
    """Version, time and date: nothing reads them, and they are compared all the same."""

    def bend(raw: bytearray, local: int, _central: int) -> None:
        raw[local + field] ^= 1

    verdict = verdict_of(patched(tmp_path, bend))
    assert verdict.verdict == "weak"
    assert "zip_rewritten" in rules(verdict)


def test_every_byte_of_a_zip_counts(tmp_path: Path) -> None:
    """Wherever one bit turns, the pack is no longer simply ok."""
    raw = finished().archive.read_bytes()
    places = [0, 9, 40, len(raw) // 3, len(raw) // 2, len(raw) - 23, len(raw) - 1]
    places += [len(raw) - back for back in (60, 100, 2000)]
    path = tmp_path / "bent.zip"
    for at in places:
        path.write_bytes(flipped(raw, at))
        assert judged(path).verdict in ("broken", "weak"), at
    path.write_bytes(raw + b"!")
    assert judged(path).verdict != "ok"
    path.write_bytes(b"!" + raw)
    assert judged(path).verdict != "ok"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(10),
        b"PK\x05\x06" + b"\xff" * 18,
        b"nothing of the kind" * 100,
        zipform.directory_end(70_000, 10, 5) + bytes(3),
    ],
)
def test_what_is_no_zip_is_no_traceback(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(raw)
    verdict = judged(path)
    assert verdict.verdict == "broken"
    assert broken(verdict) == {"x.zip"}


def test_a_zip_of_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    for names in ((), ("holiday/photo.jpg",)):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        with pytest.raises(Refused) as refused:
            judged(path)
        assert refused.value.code == "verify_no_pack"


def test_troubles_of_whoever_reads_stay_theirs() -> None:
    with pytest.raises(KeyError), open_pack(finished().archive):
        raise KeyError("ours")


def test_a_truncated_zip_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(finished().archive.read_bytes()[:-1])
    assert broken(judged(path)) == {"x.zip"}


def test_more_members_than_a_pack_can_have_are_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_MEMBERS", 10)
    assert rules(judged(finished().archive)) == {"pack_too_many"}
    verdict = judged(finished().folder)
    assert "pack_too_many" in rules(verdict)
    monkeypatch.setattr(reader, "MAX_MEMBERS", 100_000)
    monkeypatch.setattr(reader, "MAX_DIRECTORY", 100)
    assert rules(judged(finished().archive)) == {"pack_too_many"}
    names = reader._Names()
    monkeypatch.setattr(reader, "MAX_MEMBERS", 1)
    assert names.admit("a")
    assert not names.admit("b")


def test_a_member_larger_than_it_may_be_is_not_read() -> None:
    with open_pack(finished().archive) as pack:
        with pytest.raises(Unreadable, match="file_too_large"):
            pack.read("verify.pyz", 10)
        assert pack.read("bagit.txt", 1000).startswith(b"BagIt")
        assert set(pack.digests("bagit.txt", ("sha256", "nonsense"), lambda _n: None)) == {"sha256"}


# --- hostile folders -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pack"
    for name, data in finished().files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_links_are_named_and_never_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not yours")
    (folder / "data/link").symlink_to(secret)
    (folder / "data/outside").symlink_to(tmp_path)
    verdict = judged(folder)
    assert broken(verdict) == {"data/link", "data/outside"}
    assert rules(verdict, ("broken",)) == {"file_link"}


def test_a_capture_replaced_by_a_link_to_itself_is_found(folder: Path, tmp_path: Path) -> None:
    name = "data/exhibits/E0001/capture.json"
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert name in broken(judged(folder))


def test_pipes_and_sockets_are_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "data/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder / "data")
        listening.bind("door")
        verdict = judged(folder)
    assert broken(verdict) == {"data/pipe", "data/door"}
    assert rules(verdict, ("broken",)) == {"file_special"}


def test_names_no_pack_has_are_named(folder: Path) -> None:
    (folder / "data/e\u202evil.png").write_bytes(b"")
    (folder / "data/CASE.json").write_bytes(b"")
    (folder / "data/sp ace").mkdir()
    (folder / "data/sp ace/x").write_bytes(b"")
    verdict = judged(folder)
    assert {"name_dangerous", "name_collides"} <= rules(verdict)
    assert all("\u202e" not in finding.subject for finding in verdict.findings)


def test_folders_without_end_are_left(folder: Path) -> None:
    deep = folder / "data"
    for _ in range(20):
        deep /= "d"
    deep.mkdir(parents=True)
    assert "pack_too_many" in rules(judged(folder))


def test_what_may_not_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open, real_scan = os.open, os.scandir

    def refuse(path: object, *rest: int) -> int:
        if str(path).endswith("case.json"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, *rest)  # type: ignore[call-overload,no-any-return] # as given

    def shut(path: object) -> object:
        if str(path).endswith("documents"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_scan(path)  # type: ignore[call-overload] # as given

    monkeypatch.setattr(reader.os, "open", refuse)
    monkeypatch.setattr(reader.os, "scandir", shut)
    verdict = judged(folder)
    assert {"data/case.json", "data/documents/"} <= broken(verdict)
    assert "file_unreadable" in rules(verdict)


def test_what_is_gone_while_a_folder_is_listed_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what lies in a folder that may be listed and not entered."""
    real_scan, name = os.scandir, "data/exhibits/E0001/capture.json"

    class Listed:
        def __init__(self, path: object) -> None:
            with real_scan(path) as entries:  # type: ignore[call-overload] # as given
                self._entries = list(entries)

        def __enter__(self) -> list[os.DirEntry[str]]:
            if any(entry.name == "capture.json" for entry in self._entries):
                (folder / name).unlink(missing_ok=True)
            return self._entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Listed)
    pack = FolderPack(folder)
    assert name not in pack.names()
    assert (name, "file_unreadable") in {(f.subject, f.rule) for f in pack.troubles()}


def test_a_file_that_turns_into_a_pipe_is_not_waited_for(folder: Path) -> None:
    name = "data/case.json"
    pack = FolderPack(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(Unreadable, match="file_special"):
        pack.digests(name, ("sha256",), lambda _: None)


def test_a_file_that_turns_into_something_else_is_refused(folder: Path) -> None:
    pack = FolderPack(folder)
    (folder / "bagit.txt").unlink()
    os.mkfifo(folder / "bagit.txt")
    handle = os.open(folder / "bagit.txt", os.O_RDWR)
    try:
        with pytest.raises(Unreadable, match="file_special"):
            pack.read("bagit.txt", 10)
    finally:
        os.close(handle)
