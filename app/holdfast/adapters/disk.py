"""What a disk has no room for, and what it can promise."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO

from holdfast.core.errors import Refused

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system calls it."""
_NO_SUCH_CALL = (errno.EINVAL, errno.ENOTSUP)

ROOM_TO_RECORD = 256 << 20
"""Bytes that must be free before a recording, or another part of one, begins."""


def gone(path: Path) -> bool:
    """Whether nothing lies there; where nobody may look something may well lie."""
    try:
        path.stat()
    except PermissionError:
        return False
    except (OSError, ValueError):
        return True
    return False


def room_to_record(folder: Path) -> None:
    """There is room for a recording.  Raises Refused(``record_no_space``) where there is not."""
    free = shutil.disk_usage(folder).free
    if free < ROOM_TO_RECORD:
        raise Refused("record_no_space", megabytes=free >> 20)


@contextmanager
def room_for(name: str) -> Iterator[None]:
    """Within this a disk that is full is nobody's bug.  Raises Refused(``disk_full``)."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Refused("disk_full", name=name) from error
        raise


def put(place: Path, data: bytes) -> None:
    """The file holds these bytes, durable and for nobody else, or what it held before.

    Somebody else may put another one there at the same moment: one of them is there then, whole.
    """
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=_begun(place))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            durable(file)
        Path(name).replace(place)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise
    durable_folder(place.parent)


def drop_drafts(place: Path) -> None:
    """What was begun of the file and cut short is gone, for it may hold a secret."""
    for draft in place.parent.glob(f"{escape(_begun(place))}*"):
        draft.unlink(missing_ok=True)


def _begun(place: Path) -> str:
    """How the name of a file begins that is to take that place."""
    return f".{place.name}-"


def durable(file: IO[bytes]) -> None:
    """What was written to the file survives a power cut."""
    file.flush()
    if sys.platform == "darwin":
        import fcntl

        # fsync(2) leaves it in the drive's own memory there; a network drive may know no more.
        with suppress(OSError):
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
            return
    os.fsync(file.fileno())


def durable_folder(folder: Path) -> None:
    """The folder's entries survive a power cut, where the file system can promise that.

    Windows has no such call and needs none; some network drives refuse it for folders.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
    finally:
        os.close(handle)
