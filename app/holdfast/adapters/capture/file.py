"""Files the person already has: received, not captured."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from mimetypes import MimeTypes
from pathlib import Path
from typing import Literal

from holdfast.adapters.capture import Means
from holdfast.core.canonical import canonical, one_line, rfc3339, visible
from holdfast.core.errors import Refused
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Observations,
    Received,
    Target,
    safe_name,
)
from holdfast.core.job import Job

MOST_FILES = 5000
MOST_LEVELS = 32

_MOUNT_POINT = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT; the name exists on Windows alone

# Only the table that ships with Python: what a system maps a name to is no fact about the file.
_TYPES = MimeTypes(filenames=())
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/x-matroska"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"ID3", "audio/mpeg"),
)


class ReceivedFiles:
    """Hands over a file, or every file of a folder, where it lies; the vault copies it.

    Nothing is read here but the first bytes, so that size costs no memory.
    """

    id: Literal["file"] = "file"

    def __init__(self, means: Means) -> None:
        self._clock = means.clock

    def suits(self, target: str) -> bool:
        """Whether ``target`` is an absolute path, or the path of something that is there."""
        if not target or "\0" in target or "://" in target:
            return False
        return Path(target).is_absolute() or os.path.lexists(target)

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The files at the path ``target``.

        Raises Refused: ``file_missing``, ``file_link``, ``file_special``, ``file_unreadable``,
        ``folder_empty``, ``folder_too_large``.
        """
        job.step("opening", detail=one_line(Path(target).name))
        started = rfc3339(self._clock.now())
        path = Path(target)
        left_out: list[str] = []
        if _kind(path) == "folder":
            found = list(_below(path, job, left_out))
            if not found:
                raise Refused("folder_empty", name=one_line(path.name))
        else:
            found = [(path.name, path)]
        finished = rfc3339(self._clock.now())
        taken: list[str] = ["received.json"]
        files, facts = [], []
        for done, (name, at) in enumerate(found):
            job.step("saving", done, len(found), one_line(name))
            about = at.lstat()
            taken.append(safe_name(name, taken))
            files.append(
                CapturedFile(
                    at=at,
                    path=f"files/{taken[-1]}",
                    media_type=media_type(at),
                    obtained=finished,
                    name=visible(name),
                )
            )
            facts.append((taken[-1], visible(name), about.st_size, _modified(about)))
        record = room / "received.json"
        record.write_bytes(
            canonical(
                [
                    {"path": f"files/{kept}", "name": name, "size": size, "modified": modified}
                    for kept, name, size, modified in facts
                ]
            )
        )
        files.append(
            CapturedFile(
                at=record,
                path="files/received.json",
                media_type="application/json",
                obtained=finished,
                role="record",
                name="received.json",
            )
        )
        return Captured(
            source="file",
            target=Target(typed=one_line(path.name)),
            files=tuple(files),
            started=started,
            finished=finished,
            completeness=_completeness(facts, left_out),
            observations=Observations(title=one_line(path.name)),
            received=Received(),
        )

    def parts(self) -> tuple[Component, ...]:
        return ()


PIECE = ReceivedFiles


def _completeness(facts: list[tuple[str, str, int, str]], left_out: list[str]) -> tuple[Check, ...]:
    empty = [name for _, name, size, _ in facts if size == 0]
    return (
        Check(
            check="file_content",
            outcome="pass" if not empty else "fail" if len(empty) == len(facts) else "warn",
            detail=one_line(", ".join(empty))[:400],
        ),
        Check(
            check="folder_whole",
            outcome="fail" if left_out else "pass",
            detail=one_line(", ".join(left_out))[:400],
        ),
    )


def _kind(path: Path) -> Literal["file", "folder"]:
    """What lies at ``path`` itself, links not followed.  Raises Refused."""
    name = one_line(path.name)
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refused("file_missing", name=name) from error
    except (OSError, ValueError) as error:
        raise Refused("file_unreadable", name=name, reason=one_line(str(error))[:200]) from error
    if stat.S_ISLNK(mode) or _junction(path):
        raise Refused("file_link", name=name)
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        raise Refused("file_special", name=name)
    if not os.access(path, os.R_OK):
        raise Refused("file_unreadable", name=name, reason=os.strerror(errno.EACCES))
    return "file"


def _modified(about: os.stat_result) -> str:
    """When the file system says the file was changed last; empty for a time no calendar has."""
    try:
        return rfc3339(datetime.fromtimestamp(about.st_mtime, tz=UTC))
    except (OverflowError, ValueError, OSError):
        return ""


def _junction(path: Path) -> bool:
    """Whether Windows sees a reparse point here, its second kind of link."""
    return getattr(path.lstat(), "st_reparse_tag", 0) == _MOUNT_POINT


def _below(folder: Path, job: Job, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """Every ordinary file below ``folder`` with its name from there, in the order of names.

    Links, devices and what cannot be read are named in ``left_out``.
    """
    count = 0
    waiting: list[tuple[Path, int]] = [(folder, 0)]
    while waiting:
        here, level = waiting.pop()
        try:
            entries = sorted(here.iterdir(), key=lambda entry: os.fsencode(entry.name))
        except OSError:
            left_out.append(str(here.relative_to(folder)))
            continue
        deeper = []
        for entry in entries:
            job.step("opening", count, None, one_line(entry.name))
            name = entry.relative_to(folder).as_posix()
            try:
                kind = _kind(entry)
            except Refused:
                left_out.append(name)
                continue
            if kind == "folder":
                deeper.append((entry, level + 1))
            else:
                count += 1
                yield name, entry
            if count > MOST_FILES or level >= MOST_LEVELS:
                raise Refused("folder_too_large", name=one_line(folder.name), most=MOST_FILES)
        waiting += reversed(deeper)


def media_type(at: Path) -> str:
    """What the first bytes say, else what the name says, else ``application/octet-stream``."""
    try:
        with at.open("rb") as file:
            start = file.read(32)
    except OSError as error:
        reason = one_line(str(error.strerror))
        raise Refused("file_unreadable", name=one_line(at.name), reason=reason) from error
    for offset, signature, kind in _SIGNATURES:
        if start[offset:].startswith(signature):
            return kind
    return _TYPES.guess_type(at.name)[0] or "application/octet-stream"
