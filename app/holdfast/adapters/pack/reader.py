"""Reads packs that may have been made to harm: folders and ZIPs, nothing unpacked, nothing run.

What no pack of ours contains (links, ``..``, backslashes, names that collide, encrypted or
over-compressed members) is said and never opened.  Only the standard library and ``holdfast.core``
are used, because this travels in ``verify.pyz``.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import IO, Final

from holdfast.adapters.pack import zipform
from holdfast.adapters.pack.hashing import (
    BLOCK,
    Checksum,
    Digests,
    Had,
    Hasher,
    Small,
    digests_of,
    read_through,
    several_at_once,
)
from holdfast.adapters.pack.members import Inflated, between, find_member
from holdfast.core.bag import SMALL_FILE, ReadablePack, Unreadable
from holdfast.core.canonical import one_line
from holdfast.core.evidence import plain_folder, safe_path
from holdfast.core.pack import DECLARATION, MAX_MEMBERS
from holdfast.core.verdict import Finding

MAX_DIRECTORY: Final = 64 << 20
"""Bytes of a ZIP's directory; 100,000 members need less than half."""
MAX_RATIO: Final = 200
SMALL: Final = 1 << 20
"""Below this many bytes a ratio says nothing."""
MAX_RATIO_OF_ALL: Final = 30
"""Of what all members unpack to; text in a pack that somebody packed anew has three to ten."""
SMALL_ALL: Final = 16 << 20
MAX_DEPTH: Final = 12
_PDF = re.compile(rb"%PDF-[0-9]")
_PDF_WITHIN = 1024 + 6
"""Programs that show PDFs look so far for where one begins."""


def _hashlib(name: str) -> Hasher:
    return hashlib.new(name, usedforsecurity=False)


@contextmanager
def open_pack(
    path: Path, hasher: Callable[[str], Hasher] = _hashlib, crc32: Checksum = zlib.crc32
) -> Iterator[ReadablePack]:
    """The folder or ZIP at ``path``, ready to be judged.

    ``hasher`` makes a hash by its hashlib name, or raises ValueError.  Raises Unreadable
    (``pack_unreadable``, ``pack_too_many``) for what cannot be read as a pack at all.
    """
    if path.is_dir():
        yield FolderPack(path, hasher)
        return
    with ExitStack() as open_files:
        try:
            file = open_files.enter_context(path.open("rb"))
            _look_at_directory(file)
            archive = open_files.enter_context(zipfile.ZipFile(file))
            pack = ZipPack(file, archive, hasher, crc32, path=path)
            open_files.callback(pack.close)
        except Unreadable:
            raise
        except _ZIP_ERRORS as error:
            raise Unreadable("pack_unreadable", _why(error)) from error
        yield pack


def read_digests(
    file: IO[bytes],
    algorithms: Sequence[str],
    tick: Callable[[int], None],
    hasher: Callable[[str], Hasher] = _hashlib,
) -> Mapping[str, bytes]:
    """Digests of everything that ``file`` has still to give, in one pass."""
    return read_through(file, algorithms, tick, hasher, size=BLOCK)


def _up_to(file: IO[bytes], most: int) -> bytes:
    """So many bytes, or all that there are; an unbuffered file may hand over fewer at a time."""
    data = file.read(most)
    while len(data) < most and (more := file.read(most - len(data))):
        data += more
    return data


def _read_whole(file: IO[bytes], limit: int) -> bytes:
    data = _up_to(file, limit + 1)
    if len(data) > limit:
        raise Unreadable("file_too_large", str(limit))
    return data


def _why(error: Exception) -> str:
    """A short reason without any path of this machine."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return one_line(str(error))[:200] or type(error).__name__


class _Names:
    """Which names may be read: safe on every system, and different from each other there."""

    def __init__(self) -> None:
        self.troubles: list[Finding] = []
        self._folded: dict[str, str] = {}

    def trouble(self, name: str, rule: str, detail: str = "") -> None:
        self.troubles.append(
            Finding(subject=one_line(name)[:400], rule=rule, outcome="broken", detail=detail)
        )

    def admit(self, name: str) -> bool:
        """Whether ``name`` is new and safe; said when it is not."""
        if not safe_path(name):
            self.trouble(name, "name_dangerous")
            return False
        other = self._folded.setdefault(name.casefold(), name)
        if other != name or len(self._folded) > MAX_MEMBERS:
            self.trouble(name, "name_collides" if other != name else "pack_too_many", other)
            return False
        return True


_AS_IT_LIES: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
"""A file may have become a link or a pipe since it was listed; a pipe would never open."""


class FolderPack:
    """A folder.  Links are never followed, in it or to it from within."""

    def __init__(self, root: Path, hasher: Callable[[str], Hasher] = _hashlib) -> None:
        self._root = root
        self._hasher = hasher
        self._known = _Names()
        self._sizes: dict[str, int] = {}
        self._small = Small()
        self._walk(root, "", 0)

    def _walk(self, folder: Path, prefix: str, depth: int) -> None:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._known.trouble(prefix or folder.name, "file_unreadable", _why(error))
            return
        for entry in found:
            name = prefix + entry.name
            if len(self._sizes) >= MAX_MEMBERS or depth > MAX_DEPTH:
                self._known.trouble(name, "pack_too_many")
                return
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError as error:
                # It is gone by now, or its folder may be listed and not entered.
                self._known.trouble(name, "file_unreadable", _why(error))
                continue
            if entry.is_symlink() or _is_reparse_point(about):
                self._known.trouble(name, "file_link")
            elif stat.S_ISDIR(about.st_mode):
                if self._known.admit(name):
                    self._walk(folder / entry.name, f"{name}/", depth + 1)
            elif not stat.S_ISREG(about.st_mode):
                self._known.trouble(name, "file_special")
            elif self._known.admit(name):
                self._sizes[name] = about.st_size

    def names(self) -> tuple[str, ...]:
        """Every file that may be read, sorted."""
        return tuple(sorted(self._sizes))

    def troubles(self) -> tuple[Finding, ...]:
        """Links, special files and names that no pack of ours has."""
        return tuple(self._known.troubles)

    def size(self, name: str) -> int:
        """Bytes."""
        return self._sizes[name]

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            handle = os.open(self._root / name, _AS_IT_LIES)
            with os.fdopen(handle, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise Unreadable("file_special")
                yield file
        except OSError as error:
            raise Unreadable("file_unreadable", _why(error)) from error

    def read(self, name: str, limit: int) -> bytes:
        """The whole content.  Raises Unreadable."""
        kept = self._small.get(name)
        if kept is not None and len(kept) <= limit:
            return kept
        with self._open(name) as file:
            return _read_whole(file, limit)

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        """Digests in one pass.  Raises Unreadable."""
        with self._open(name) as file:
            if self._sizes[name] <= SMALL_FILE:
                data = _up_to(file, SMALL_FILE + 1)
                if len(data) <= SMALL_FILE:
                    self._small.keep(name, data)
                    return digests_of(data, algorithms, tick, self._hasher)
                file.seek(0)
            return read_through(file, algorithms, tick, self._hasher, size=self._sizes[name])

    def each_digest(
        self,
        names: Sequence[str],
        algorithms: Sequence[str],
        tick: Callable[[str, int], None],
    ) -> Had:
        """As ``digests``, several files at once."""
        return several_at_once(names, lambda name, told: self.digests(name, algorithms, told), tick)


def _is_reparse_point(about: os.stat_result) -> bool:
    """Whether Windows would lead elsewhere from here (a junction is no symlink to Python 3.11)."""
    return bool(
        getattr(about, "st_file_attributes", 0)
        & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0x400)
    )


# --- ZIP -----------------------------------------------------------------------------------------

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    ValueError,
    KeyError,
)
"""What ``zipfile`` raises over files that are none, or that were made to hurt it."""

_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQBBHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_PATCHED = 0x20
"""Said by zipfile not to be read."""


def _look_at_directory(file: IO[bytes]) -> None:
    """The directory has a size that may be read into memory.  Raises Unreadable, BadZipFile."""
    length = file.seek(0, os.SEEK_END)
    # Looked for as zipfile looks for it, which takes one octet more than a comment may have.
    file.seek(max(0, length - _END.size - 0x10000))
    tail = file.read()
    at = tail.rfind(zipform.END_SIGNATURE)
    last = tail[-_END.size :]
    if last.startswith(zipform.END_SIGNATURE) and last.endswith(bytes(2)):
        at = len(tail) - len(last)
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("no end of directory")
    _, _, _, _, count, size, _, _ = _END.unpack_from(tail, at)
    start = length - len(tail) + at - _LOCATOR.size
    if start >= 0:
        file.seek(start)
        mark, _, place, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if mark == zipform.LOCATOR_SIGNATURE:
            file.seek(place)
            fields = _END64.unpack(file.read(_END64.size))
            count, size = fields[8], fields[9]
    if count > MAX_MEMBERS or size > MAX_DIRECTORY:
        raise Unreadable("pack_too_many", str(count))
    file.seek(0)


class ZipPack:
    """A ZIP with one top folder, read member by member."""

    def __init__(
        self,
        file: IO[bytes],
        archive: zipfile.ZipFile,
        hasher: Callable[[str], Hasher] = _hashlib,
        crc32: Checksum = zlib.crc32,
        *,
        path: Path | None = None,
    ) -> None:
        """``path`` is where ``file`` lies, if members may be read several at once."""
        self._path = path
        self._resting: list[IO[bytes]] = []
        """The ZIP opened for whoever reads a member next: to open it takes longer than most do."""
        self._file, self._archive = file, archive
        self._hasher, self._crc32 = hasher, crc32
        self._known = _Names()
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._packed = self._unpacked = 0
        self._small = Small()
        infos = archive.infolist()
        if any(info.header_offset < 0 for info in infos):
            raise zipfile.BadZipFile("Bad offset of a member")
        # From Python 3.13 on ``filename`` may come from another field than the directory's own.
        names = [info.orig_filename.partition("\0")[0] for info in infos]
        self.top = _top(names)
        overlapping = _overlapping(infos, archive.start_dir)
        if self.top and not plain_folder(self.top[:-1]):
            # Whoever unpacks it by another program may find its files elsewhere.
            first = self.top + DECLARATION
            self._known.trouble(first if first in names else self.top, "name_dangerous")
        else:
            for info in infos:
                self._admit(info, overlaps=info.header_offset in overlapping)
        self._ours = _is_ours(file, archive)
        if not self._known.troubles and not self._ours:
            self._look_between(file, infos, archive.start_dir)
        if not self._known.troubles and not self._ours:
            self._known.troubles.append(Finding(subject="", rule="zip_rewritten", outcome="weak"))
        file.seek(0)
        if _PDF.search(file.read(_PDF_WITHIN)):
            # Whatever such a program shows of it, no record speaks of that.
            self._known.troubles.append(Finding(subject="", rule="zip_is_pdf", outcome="weak"))

    def _look_between(
        self, file: IO[bytes], infos: Sequence[zipfile.ZipInfo], directory: int
    ) -> None:
        """Another program might unpack what we do not see: by other headers, or between them."""
        begins = []
        for info in infos:
            name = info.orig_filename.removeprefix(self.top)
            member = find_member(file, info, name, self.top)
            begins.append(member.begin if member else None)
            if member is not None and not member.alike:
                self._known.trouble(name, "zip_header")
        if left := between(infos, begins, directory):
            self._known.trouble("", "zip_between", str(left))

    def _admit(self, info: zipfile.ZipInfo, *, overlaps: bool) -> None:
        # ``filename`` was already bent by zipfile: cut at NUL, backslashes turned on Windows.
        whole = info.orig_filename
        name = whole.removeprefix(self.top)
        if self.top and name == whole:
            self._known.trouble(whole, "zip_outside")
            return
        kind = stat.S_IFMT(info.external_attr >> 16)
        if whole.endswith("/"):
            if (name and not safe_path(name[:-1])) or info.file_size or info.compress_size:
                self._known.trouble(whole, "name_dangerous")
            return
        if name in self._members:
            self._known.trouble(name, "name_twice")
        elif not self._known.admit(name):
            return
        elif overlaps:
            self._known.trouble(name, "zip_overlap")
        elif info.flag_bits & _ENCRYPTED:
            self._known.trouble(name, "zip_encrypted")
        elif kind == stat.S_IFLNK:
            self._known.trouble(name, "file_link")
        elif kind not in (0, stat.S_IFREG):
            self._known.trouble(name, "file_special")
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self._known.trouble(name, "zip_method", str(info.compress_type))
        elif info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
            self._known.trouble(name, "zip_bomb", f"{info.compress_size} → {info.file_size}")
        elif self._all_too_large(info):
            # A thousand small ones are as bad as a large one.
            self._known.trouble(name, "zip_bomb", f"{self._packed} → {self._unpacked}")
        else:
            self._members[name] = info

    def _all_too_large(self, info: zipfile.ZipInfo) -> bool:
        self._packed += info.compress_size
        self._unpacked += info.file_size
        return self._unpacked > max(SMALL_ALL, MAX_RATIO_OF_ALL * self._packed)

    def names(self) -> tuple[str, ...]:
        """Every member that may be read, sorted."""
        return tuple(sorted(self._members))

    def troubles(self) -> tuple[Finding, ...]:
        """What no ZIP of ours does."""
        return tuple(self._known.troubles)

    def size(self, name: str) -> int:
        """Bytes."""
        return self._members[name].file_size

    def close(self) -> None:
        """Nothing more is read."""
        for file in self._resting:
            file.close()

    @contextmanager
    def _own(self, path: Path) -> Iterator[IO[bytes]]:
        """The ZIP, at no certain place, for one reader among several."""
        try:
            file = self._resting.pop()
        except IndexError:
            file = path.open("rb", buffering=0)
        try:
            yield file
        finally:
            self._resting.append(file)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        info = self._members[name]
        try:
            if info.compress_type == zipfile.ZIP_STORED or info.flag_bits & _PATCHED:
                with self._archive.open(info) as file:
                    yield file
            else:
                with self._own(self._path) if self._path else nullcontext(self._file) as file:
                    member = find_member(file, info, name, self.top)
                    if member is None:
                        raise Unreadable(
                            "file_unreadable", "File name in directory and header differ"
                        )
                    yield io.BufferedReader(Inflated(file, member.begin, info), SMALL)
        except Unreadable:
            raise
        except _ZIP_ERRORS as error:
            raise Unreadable("file_unreadable", _why(error)) from error

    def read(self, name: str, limit: int) -> bytes:
        """The whole content.  Raises Unreadable."""
        if self.size(name) > limit:
            raise Unreadable("file_too_large", str(limit))
        kept = self._small.get(name)
        if kept is not None:
            return kept
        with self._open(name) as file:
            # What is asked for is set aside at once, so no more than there is.
            data = _read_whole(file, self.size(name))
        self._as_stated(name, len(data))
        return data

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        """Digests in one pass.  Raises Unreadable."""
        if not self._ours or self._path is None:
            return self._member(name, algorithms, tick)
        try:
            with self._own(self._path) as file:
                return self._stored(file, name, algorithms, tick)
        except OSError as error:
            raise Unreadable("file_unreadable", _why(error)) from error

    def _stored(
        self,
        file: IO[bytes],
        name: str,
        algorithms: Sequence[str],
        tick: Callable[[int], None],
    ) -> Digests:
        """A member of a ZIP in our own form: its headers are known to be where they should be."""
        info, crc, done = self._members[name], 0, 0

        def beside(block: memoryview) -> None:
            nonlocal crc, done
            crc, done = self._crc32(block, crc), done + len(block)

        header = zipform.local_header(info.orig_filename, info.file_size, info.CRC)
        file.seek(info.header_offset + len(header))
        if info.file_size <= SMALL_FILE:
            data = _up_to(file, info.file_size)
            beside(memoryview(data))
            self._small.keep(name, data)
            found = digests_of(data, algorithms, tick, self._hasher)
        else:
            found = read_through(
                file,
                algorithms,
                tick,
                self._hasher,
                size=info.file_size,
                most=info.file_size,
                beside=beside,
            )
        if done != info.file_size:
            raise Unreadable("file_unreadable", "EOFError")
        if crc != info.CRC:
            raise Unreadable(
                "file_unreadable", f"Bad CRC-32 for file {one_line(info.orig_filename)!r}"[:200]
            )
        return found

    def each_digest(
        self,
        names: Sequence[str],
        algorithms: Sequence[str],
        tick: Callable[[str, int], None],
    ) -> Had:
        """As ``digests``; several members at once where the ZIP is in our own form."""
        turn: AbstractContextManager[object] = (
            Lock() if not self._ours or self._path is None else nullcontext()
        )

        def digests(name: str, told: Callable[[int], None]) -> Digests:
            with turn:
                return self.digests(name, algorithms, told)

        return several_at_once(names, digests, tick)

    def _member(self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]) -> Digests:
        """A member of a ZIP that somebody packed anew."""
        read = 0

        def count(octets: int) -> None:
            nonlocal read
            read += octets
            tick(octets)

        with self._open(name) as file:
            found = read_digests(file, algorithms, count, self._hasher)
        self._as_stated(name, read)
        return found

    def _as_stated(self, name: str, read: int) -> None:
        """A member may end before the size that is stated, with a checksum that is right."""
        if read != self.size(name):
            raise Unreadable("file_unreadable", f"{read} ≠ {self.size(name)}")


def _top(names: Sequence[str]) -> str:
    """The folder that everything lies in, with its slash; empty when the bag lies bare."""
    if DECLARATION in names:
        return ""
    for name in names:
        top, slash, rest = name.partition("/")
        if slash and rest == DECLARATION:
            return top + slash
    first = names[0] if names else ""
    return first[: first.find("/") + 1]


def _overlapping(infos: Sequence[zipfile.ZipInfo], start_of_directory: int) -> frozenset[int]:
    """Offsets of members whose bytes would run into the next one: one lie can hide a bomb."""
    placed = sorted(infos, key=lambda info: info.header_offset)
    ends = [info.header_offset for info in placed[1:]] + [start_of_directory] * bool(placed)
    return frozenset(
        info.header_offset
        for info, end in zip(placed, ends, strict=True)
        if info.header_offset + 30 + info.compress_size + len(info.orig_filename.encode()) > end
    )


def _is_ours(file: IO[bytes], archive: zipfile.ZipFile) -> bool:
    """Whether every byte that is no content is what our writer writes."""
    at = 0
    directory = bytearray()
    infos = archive.infolist()
    names = [info.orig_filename for info in infos]
    if names != sorted(names):
        return False
    for info in infos:
        name, size = info.orig_filename, info.file_size
        header = zipform.local_header(name, size, info.CRC)
        file.seek(at)
        if info.header_offset != at or file.read(len(header)) != header:
            return False
        directory += zipform.central_header(
            zipform.Member(name=name, size=size, crc=info.CRC, offset=at)
        )
        at += len(header) + size
    end = directory + zipform.directory_end(len(infos), len(directory), at)
    file.seek(at)
    return file.read(len(end) + 1) == end
