"""A case in its own vault, looked at as if it were a pack; and whose a single file is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from holdfast.core.bag import Unreadable
from holdfast.core.case import Case
from holdfast.core.errors import Tampered
from holdfast.core.evidence import Exhibit, read_manifest
from holdfast.core.ledger import Ref
from holdfast.core.timestamp import Tsa
from holdfast.core.verdict import Finding
from holdfast.ports import Store, Vault
from holdfast.usecases.packing import Packing


class CaseView:
    """A case in its own vault, readable like a pack.  A ``ReadablePack``."""

    def __init__(
        self,
        case: Case,
        *,
        store: Store,
        vault: Vault,
        tsas: Sequence[Tsa],
        digests: Callable[[Path, Sequence[str], Callable[[int], None]], Mapping[str, bytes]],
    ) -> None:
        """``digests`` are those of a plain file, in one pass.  Raises Tampered."""
        plan = Packing(case, store, vault, tuple(tsas), missing=[])
        plan.gather()
        self._digests = digests
        self._files = {file.name: file for file in plan.files.values()}

    def names(self) -> tuple[str, ...]:
        """Every file there is; what is missing shows when the ledger asks for it."""
        return tuple(sorted(self._files))

    def troubles(self) -> tuple[Finding, ...]:
        """None: nothing here came from outside."""
        return ()

    def size(self, name: str) -> int:
        """Bytes, as they lie."""
        file = self._files[name]
        return file.size if file.at is None else self._stat(file.at)

    @staticmethod
    def _stat(at: Path) -> int:
        try:
            return at.stat().st_size
        except OSError as error:
            raise Unreadable("file_unreadable", error.strerror or "") from error

    def read(self, name: str, limit: int) -> bytes:
        """The whole content.  Raises Unreadable."""
        file = self._files[name]
        if file.at is None:
            data = file.data or b""
        else:
            try:
                with file.at.open("rb") as source:
                    data = source.read(limit + 1)
            except OSError as error:
                raise Unreadable("file_unreadable", error.strerror or "") from error
        if len(data) > limit:
            raise Unreadable("file_too_large", str(limit))
        return data

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        """Digests in one pass.  Raises Unreadable."""
        file = self._files[name]
        if file.at is not None:
            try:
                return self._digests(file.at, algorithms, tick)
            except OSError as error:
                raise Unreadable("file_unreadable", error.strerror or "") from error
        found = {}
        for algorithm in algorithms:
            try:
                found[algorithm] = hashlib.new(algorithm, file.data or b"").digest()
            except ValueError:
                continue
        return found


def issued_here(sha256: str, *, store: Store) -> tuple[Case, Ref] | None:
    """The case and the ref of the document with this SHA-256, if a ledger here speaks of it."""
    for case in store.all(Case):
        for entry in store.entries(case.id):
            if entry.act in ("document.issued", "notice.approved"):
                for ref in entry.refs:
                    if ref.sha256 == sha256:
                        return case, ref
    return None


def kept_here(sha256: str, *, store: Store, vault: Vault) -> tuple[Case, str] | None:
    """The case of an exhibit's file with this SHA-256, and where it is, if a manifest lists it.

    Working tables say where to look; only what the sealed manifest itself says counts.
    """
    for case in store.all(Case):
        for exhibit in store.all(Exhibit, case.id):
            if exhibit.digest.sha256 == sha256:
                return case, f"{exhibit.number}, capture.json"
            if any(file.digest.sha256 == sha256 for file in exhibit.artifacts):
                named = _listed(exhibit, sha256, vault)
                if named is not None:
                    return case, f"{exhibit.number}, {named}"
    return None


def _listed(exhibit: Exhibit, sha256: str, vault: Vault) -> str | None:
    try:
        listed = read_manifest(vault.read(exhibit.digest.sha256)).get("files")
    except (Tampered, ValueError):
        return None
    for file in listed if isinstance(listed, list) else ():
        match file:
            case {"path": str(path), "sha256": str(found)} if found == sha256:
                return path
    return None
