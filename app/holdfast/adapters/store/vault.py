"""The vault: content-addressed files, written once, read-only, durable before they count.

Reading happens once.  SHA-256 and the copy run in the reading thread, SM3 beside them over a
bounded ring of buffers, so that memory stays flat whatever the size.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from holdfast.adapters.disk import FULL, durable, durable_folder
from holdfast.core.errors import HoldfastError, Refused, Tampered
from holdfast.core.evidence import Digest
from holdfast.core.job import Job

BLOCK = 4 << 20
RING = 4
SMALL = 64 << 20
DRAFT = ".new-"
A_DAY_S = 86_400


class Hasher(Protocol):
    """What hashlib and its stand-in have in common."""

    def update(self, data: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Sm3:
    """SM3 from ``cryptography`` where the system's OpenSSL was built without it."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives import hashes

        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: memoryview, /) -> None:
        self._hash.update(data)

    def hexdigest(self) -> str:
        return self._hash.finalize().hex()


def sm3() -> Hasher:
    """A fresh SM3 (GB/T 32905) hash."""
    try:
        return hashlib.new("sm3")
    except ValueError:
        return _Sm3()


def hasher(name: str) -> Hasher:
    """A fresh hash by its hashlib name.  Raises ValueError for one that cannot be had."""
    return sm3() if name == "sm3" else hashlib.new(name)


def digest_bytes(data: bytes) -> Digest:
    """Both digests of bytes in memory."""
    beside = sm3()
    beside.update(memoryview(data))
    return Digest(sha256=hashlib.sha256(data).hexdigest(), sm3=beside.hexdigest())


@dataclass(slots=True, kw_only=True)
class Room:
    """A staging folder that this process holds."""

    path: Path
    left: bool = False

    def leave(self) -> None:
        """What is in it stays for the next start to recover, whatever ends the work."""
        self.left = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """A staging folder whose process is gone."""

    capture_id: str
    about: Mapping[str, str]
    path: Path


class Vault:
    """The files below a data folder: ``objects/``, ``staging/``."""

    def __init__(self, data: Path) -> None:
        """Raises Refused(``data_unwritable``) where the folders cannot be made."""
        self._data = data
        self._objects = data / "objects"
        self._staging = data / "staging"
        for folder in (data, self._objects, self._staging):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(error, folder) from error

    # --- staging ---------------------------------------------------------------------------------

    @contextmanager
    def room(self, capture_id: str, about: Mapping[str, str]) -> Iterator[Room]:
        """A locked staging folder.

        It is gone afterwards, after an expected error too, unless it is to be left.  When the
        process dies or trips over a bug of ours it stays, and the next start recovers what is in
        it.  Raises Refused where there can be none.
        """
        home = self._staging / capture_id
        with self._held(home):
            try:
                room = _furnish(home, about)
            except OSError as error:
                raise _unwritable(error, self._staging) from error
            try:
                yield room
            except HoldfastError:
                if not room.left:
                    self.discard(capture_id)
                raise
            self.discard(capture_id)

    @contextmanager
    def _held(self, home: Path) -> Iterator[None]:
        """Nobody else looks after that room.  Raises TimeoutError where somebody does.

        The lock lies beside it: it is there before the room is, and until the room is gone.
        """
        # It brings asyncio, which whoever only reads need not wait for.
        from filelock import FileLock

        lock = FileLock(home.with_name(f"{home.name}.lock"), timeout=0)
        try:
            lock.acquire()
        except TimeoutError:
            raise
        except OSError as error:
            raise _unwritable(error, self._staging) from error
        try:
            yield
        finally:
            lock.release()
            if not home.exists():
                with suppress(OSError):
                    Path(lock.lock_file).unlink(missing_ok=True)

    def abandoned(self) -> Iterator[Abandoned]:
        """Rooms that nobody holds any more, oldest first; each is held while it is looked at.

        Raises Refused where nobody may look for them.
        """
        with suppress(OSError):
            self._sweep()
        try:
            homes = [home for home in sorted(self._staging.iterdir()) if home.is_dir()]
        except OSError as error:
            raise _unwritable(error, self._staging) from error
        for home in homes:
            try:
                with self._held(home):
                    if home.is_dir():  # else somebody was quicker
                        yield self._look(home)
            except TimeoutError:
                continue

    def _sweep(self) -> None:
        """Drafts that nobody has written to for a day are gone: whoever did was killed."""
        with tempfile.TemporaryFile(dir=self._objects) as probe:
            now = os.fstat(probe.fileno()).st_mtime
        for draft in self._objects.glob(f"{DRAFT}*"):
            with suppress(OSError):
                if now - draft.stat().st_mtime > A_DAY_S:
                    draft.unlink()

    @staticmethod
    def _look(home: Path) -> Abandoned:
        try:
            about = json.loads((home / "about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            about = {}
        return Abandoned(capture_id=home.name, about=about, path=home / "work")

    def discard(self, capture_id: str) -> None:
        """A room that this process holds is gone."""
        shutil.rmtree(self._staging / capture_id, onerror=_make_removable)

    # --- keeping ---------------------------------------------------------------------------------

    def keep(self, at: Path, job: Job, stage: str = "sealing") -> tuple[Digest, int]:
        """The file's bytes are in the vault and durable; its digests and its size in bytes.

        A file in a room is linked in, any other is copied while it is read.  Raises Refused when it
        is no ordinary file, changes under the reading, or the disk is full: nothing is kept then.
        """
        try:
            with _open_ordinary(at) as source:
                if self._staging in at.parents:
                    return self._adopt(at, source, job, stage)
                return self._copy(at, source, job, stage)
        except OSError as error:
            raise self._refusal(error, at) from error

    def _adopt(self, at: Path, source: IO[bytes], job: Job, stage: str) -> tuple[Digest, int]:
        digest, size = _read(source, at.name, job, stage, lambda _block: None)
        place = self._place(digest.sha256)
        if not self._holds(place, digest.sha256, job):
            with at.open("r+b") as written:
                durable(written)
            try:
                os.link(at, place)
            except OSError:
                return self._copy(at, source, job, stage)
        self._settle(place)
        return digest, size

    def _copy(self, at: Path, source: IO[bytes], job: Job, stage: str) -> tuple[Digest, int]:
        source.seek(0)
        self._objects.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._objects, prefix=DRAFT)
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb", buffering=0) as target:
                digest, size = _read(source, at.name, job, stage, _writer(target))
                durable(target)
            place = self._place(digest.sha256)
            if self._holds(place, digest.sha256, job):
                draft.unlink()
            else:
                draft.replace(place)
            self._settle(place)
            return digest, size
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def keep_bytes(self, data: bytes) -> Digest:
        """As keep, for small bytes in memory."""
        digest = digest_bytes(data)
        try:
            place = self._place(digest.sha256)
            if not self._holds(place, digest.sha256, Job()):
                self._write(data, place)
            self._settle(place)
        except OSError as error:
            raise self._refusal(error, self._objects / digest.sha256) from error
        return digest

    def _write(self, data: bytes, place: Path) -> None:
        handle, name = tempfile.mkstemp(dir=self._objects, prefix=DRAFT)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(data)
                durable(target)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _holds(self, place: Path, sha256: str, job: Job) -> bool:
        """Whether the bytes lie there already.

        Anything else of that name – damaged, cut short, a link – is set aside and never sealed on.
        """
        try:
            about = place.lstat()
        except FileNotFoundError:
            return False
        if stat.S_ISREG(about.st_mode):
            with suppress(OSError):
                place.chmod(0o400)
            with place.open("rb", buffering=0) as file:
                if _read(file, sha256[:8], job, "checking", lambda _: None)[0].sha256 == sha256:
                    return True
        place.replace(self._objects / f".damaged-{sha256}")
        return False

    def _place(self, sha256: str) -> Path:
        folder = self._objects / sha256[:2]
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / sha256

    def _settle(self, place: Path) -> None:
        with suppress(OSError):
            # FAT and some network drives know no such bits; they guard against accidents only.
            place.chmod(0o400)
        durable_folder(place.parent)
        durable_folder(self._objects)

    def _refusal(self, error: OSError, at: Path) -> Refused:
        """Why a file was not kept: because of itself, or of the place where it was to go."""
        named = error.filename2 or error.filename
        place = Path(os.fsdecode(named)) if isinstance(named, (str, bytes, os.PathLike)) else at
        if self._data in place.parents and place != at and error.errno not in FULL:
            return _unwritable(error, place.parent if place.name.startswith(DRAFT) else place)
        ours = self._staging in at.parents or self._objects in at.parents
        if ours and not isinstance(error, FileNotFoundError) and error.errno not in FULL:
            return _unwritable(error, at.parent)
        return _refusal(error, at)

    # --- reading ---------------------------------------------------------------------------------

    def path(self, sha256: str) -> Path:
        """Where the bytes lie.  Raises Tampered when they do not.

        Of a place that may not be looked at nobody knows; whoever opens it is told why.
        """
        place = self._objects / sha256[:2] / sha256
        try:
            lies = place.is_file()
        except PermissionError:
            return place
        if not lies:
            raise Tampered("object_missing", sha256=sha256)
        return place

    def read(self, sha256: str) -> bytes:
        """Small bytes, checked against their name.  Raises Tampered."""
        place = self.path(sha256)
        try:
            if place.stat().st_size > SMALL:
                raise Refused("object_too_large", sha256=sha256)
            data = place.read_bytes()
        except OSError as error:
            raise _unreadable(error, sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Tampered("object_changed", sha256=sha256)
        return data

    def beginning(self, with_: tuple[bytes, ...], at_most: int) -> Iterator[bytes]:
        """Every object of at most so many bytes that begins so, whoever still speaks of it."""
        longest = max(map(len, with_))
        for place in sorted(self._objects.glob("[0-9a-f][0-9a-f]/*")):
            try:
                about = place.lstat()
                # A pipe would be waited for without end.
                if not stat.S_ISREG(about.st_mode) or about.st_size > at_most:
                    continue
                with place.open("rb") as file:
                    if (begins := file.read(longest)).startswith(with_):
                        yield begins + file.read()
            except OSError:
                continue

    def digest(self, sha256: str, job: Job) -> Digest:
        """What the stored bytes hash to now.  Raises Tampered."""
        try:
            with self.path(sha256).open("rb", buffering=0) as source:
                return _read(source, sha256[:8], job, "checking", lambda _block: None)[0]
        except OSError as error:
            raise _unreadable(error, sha256) from error


def _furnish(home: Path, about: Mapping[str, str]) -> Room:
    """What it is about is durable before anything is in it."""
    home.mkdir(mode=0o700)
    with (home / "about.json").open("wb") as file:
        file.write(json.dumps(dict(about)).encode())
        durable(file)
    (home / "work").mkdir(mode=0o700)
    durable_folder(home)
    durable_folder(home.parent)
    return Room(path=home / "work")


def _make_removable(remove: Callable[[str], object], path: str, _error: object) -> None:
    """Windows refuses to remove read-only files, and a linked-in original is read-only."""
    Path(path).chmod(stat.S_IRWXU)
    remove(path)


def _open_ordinary(at: Path) -> IO[bytes]:
    if at.is_symlink() or not stat.S_ISREG(at.stat().st_mode):
        raise Refused("not_a_file", name=at.name)
    return at.open("rb", buffering=0)


def _writer(target: IO[bytes]) -> Callable[[memoryview], None]:
    def write(block: memoryview) -> None:
        while block:
            block = block[target.write(block) :]

    return write


def _read(
    source: IO[bytes], name: str, job: Job, stage: str, write: Callable[[memoryview], None]
) -> tuple[Digest, int]:
    """Read once: SHA-256 and ``write`` here, SM3 in a thread beside."""
    before = os.fstat(source.fileno())
    first, second = hashlib.sha256(), sm3()
    free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
    full: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
    for _ in range(RING):
        free.put(bytearray(min(BLOCK, max(before.st_size, 1))))
    beside = threading.Thread(target=_hash_beside, args=(second, full, free))
    beside.start()
    done = 0
    try:
        while True:
            job.step(stage, done, before.st_size, name)
            buffer = free.get()
            got = source.readinto(buffer)  # type: ignore[attr-defined] # an unbuffered file has it
            if not got or done + got > before.st_size:
                break  # at its end, or growing, perhaps for ever
            full.put((buffer, got))
            block = memoryview(buffer)[:got]
            first.update(block)
            write(block)
            done += got
    finally:
        full.put(None)
        beside.join()
    after = os.fstat(source.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or (
        done != after.st_size
    ):
        raise Refused("file_changed", name=name)
    return Digest(sha256=first.hexdigest(), sm3=second.hexdigest()), done


def _hash_beside(
    hasher: Hasher,
    full: queue.SimpleQueue[tuple[bytearray, int] | None],
    free: queue.SimpleQueue[bytearray],
) -> None:
    while (item := full.get()) is not None:
        buffer, size = item
        hasher.update(memoryview(buffer)[:size])
        free.put(buffer)


def _refusal(error: OSError, at: Path) -> Refused:
    if error.errno in FULL:
        return Refused("disk_full", name=at.name)
    if isinstance(error, FileNotFoundError):
        return Refused("file_missing", name=at.name)
    if isinstance(error, PermissionError):
        return Refused("file_forbidden", name=at.name)
    return Refused("file_unreadable", name=at.name, reason=error.strerror or type(error).__name__)


def _unreadable(error: OSError, sha256: str) -> Tampered:
    reason = error.strerror or type(error).__name__
    return Tampered("object_unreadable", sha256=sha256, reason=reason)


def _unwritable(error: OSError, place: Path) -> Refused:
    if error.errno in FULL:
        return Refused("disk_full", name=place.name)
    reason = error.strerror or type(error).__name__
    return Refused("data_unwritable", path=str(place), reason=reason)
