"""Packs as files, under the port's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

# It takes a third of the time that the standard library's takes; verify.pyz has no more than that.
from zlib_ng.zlib_ng import crc32

from holdfast.adapters.pack.hashing import Hasher
from holdfast.adapters.pack.reader import open_pack, read_digests
from holdfast.adapters.pack.readme import readme
from holdfast.adapters.pack.verifier import verify_html, verify_pyz
from holdfast.adapters.pack.writer import write_pack
from holdfast.core.bag import ReadablePack
from holdfast.core.job import Job
from holdfast.core.pack import PackFile, Readme


class Packs:
    """Writes, explains and reads packs.  A port's PackFormat."""

    def __init__(self, hasher: Callable[[str], Hasher]) -> None:
        """``hasher`` makes a hash by its hashlib name, or raises ValueError."""
        self._hasher = hasher

    def write(self, files: Sequence[PackFile], out: Path, top: str, job: Job) -> Path:
        return write_pack(files, out, top, job)

    def readme(self, facts: Readme) -> bytes:
        return readme(facts)

    def verifier(self) -> bytes:
        return verify_pyz()

    def browser_verifier(self) -> bytes:
        return verify_html()

    def open(self, path: Path) -> AbstractContextManager[ReadablePack]:
        return open_pack(path, self._hasher, crc32)

    def digests(
        self, path: Path, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        with path.open("rb", buffering=0) as file:
            return read_digests(file, algorithms, tick, self._hasher)
