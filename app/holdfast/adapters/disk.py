"""What a disk has no room for, and what it can promise."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.core.errors import Refused

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system calls it."""
_NO_SUCH_CALL = (errno.EINVAL, errno.ENOTSUP)


@contextmanager
def room_for(name: str) -> Iterator[None]:
    """Within this a disk that is full is nobody's bug.  Raises Refused(``disk_full``)."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Refused("disk_full", name=name) from error
        raise


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
