"""Writes packs: the same files give the same bytes, whole under their name or not at all.

Bytes of the vault are hashed again while they pass, so that a pack never carries on what changed
where it lay.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from zlib_ng.zlib_ng import crc32

from holdfast.adapters.disk import durable, durable_folder
from holdfast.adapters.pack import zipform
from holdfast.core.errors import Refused, Tampered
from holdfast.core.evidence import safe_path
from holdfast.core.job import Job
from holdfast.core.pack import PackFile

BLOCK = 4 << 20


def write_pack(files: Sequence[PackFile], out: Path, top: str, job: Job) -> Path:
    """The pack stands at ``out``, durable: a ZIP if its name ends so, else a folder.

    ``top`` is the one folder inside a ZIP.  A ZIP of that name is replaced, a folder never.  Raises
    Refused(``out_exists``, ``out_unwritable``) and Tampered(``object_changed``).
    """
    ordered = sorted(files, key=lambda file: file.name)
    names = [file.name for file in ordered]
    if not all(map(safe_path, (top, *names))) or len({n.casefold() for n in names}) < len(names):
        raise ValueError("a pack has safe names only, and each of them once")
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".zip":
            _write_zip(ordered, out, top, job)
        else:
            _write_folder(ordered, out, job)
    except OSError as error:
        raise _refusal(error, out) from error
    return out


def _refusal(error: OSError, out: Path) -> Refused:
    reason = error.strerror or type(error).__name__
    return Refused("out_unwritable", path=str(out), reason=reason)


class _Progress:
    """How many of all bytes have been written."""

    def __init__(self, files: Sequence[PackFile], job: Job) -> None:
        self._job = job
        self._total = sum(file.size for file in files)
        self._done = 0

    def step(self, name: str, count: int = 0) -> None:
        self._done += count
        self._job.step("exporting", self._done, self._total, name)


def _pour(file: PackFile, write: Callable[[bytes], object], progress: _Progress) -> int:
    """The file's bytes go to ``write``; their CRC-32.  Raises Tampered when they are others."""
    hashed, crc, size = hashlib.sha256(), 0, 0
    for block in _blocks(file):
        hashed.update(block)
        crc = crc32(block, crc)
        size += len(block)
        write(block)
        progress.step(file.name, len(block))
    if hashed.hexdigest() != file.sha256 or size != file.size:
        raise Tampered("object_changed", sha256=file.sha256)
    return crc


def _blocks(file: PackFile) -> Iterator[bytes]:
    if file.data is not None:
        yield file.data
        return
    assert file.at is not None
    try:
        with file.at.open("rb", buffering=0) as source:
            while block := source.read(BLOCK):
                yield block
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Tampered("object_unreadable", sha256=file.sha256, reason=reason) from error


def _write_zip(files: Sequence[PackFile], out: Path, top: str, job: Job) -> None:
    if out.is_dir():
        raise Refused("out_exists", path=str(out))
    progress = _Progress(files, job)
    with _draft(out) as draft:
        with draft.open("xb") as target:
            members = [_member(file, top, target, progress) for file in files]
            start = target.tell()
            directory = b"".join(map(zipform.central_header, members))
            target.write(directory)
            target.write(zipform.directory_end(len(members), len(directory), start))
            durable(target)
        draft.replace(out)
        durable_folder(out.parent)


def _member(file: PackFile, top: str, target: IO[bytes], progress: _Progress) -> zipform.Member:
    """One stored member; its CRC is written once it is known."""
    name, offset = f"{top}/{file.name}", target.tell()
    target.write(zipform.local_header(name, file.size, 0))
    crc = _pour(file, target.write, progress)
    end = target.tell()
    target.seek(offset)
    target.write(zipform.local_header(name, file.size, crc))
    target.seek(end)
    return zipform.Member(name=name, size=file.size, crc=crc, offset=offset)


def _write_folder(files: Sequence[PackFile], out: Path, job: Job) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused("out_exists", path=str(out))
    progress = _Progress(files, job)
    with _draft(out) as draft:
        draft.mkdir(mode=0o700)
        for file in files:
            place = draft / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as target:
                _pour(file, target.write, progress)
                durable(target)
        for folder in {draft / Path(file.name).parent for file in files}:
            durable_folder(folder)
        if out.exists():
            out.rmdir()
        draft.replace(out)
        durable_folder(out.parent)


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A name beside ``out`` that is gone afterwards unless it became ``out``."""
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}.new")
    try:
        yield draft
    except BaseException:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)
        raise
