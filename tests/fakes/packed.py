"""A practice case as a person would leave it: captured, sealed, stamped by the practice world,
with an issued document; and everything needed to export and verify it.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from fakes.clock import FakeClock
from fakes.desk import FakeSource
from holdfast.adapters import x509
from holdfast.adapters.pack import verifier
from holdfast.adapters.pack.packs import Packs
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.adapters.store.vault import Vault, hasher
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.adapters.timestamp.opentimestamps import OpenTimestamps, OpenTimestampsChecker
from holdfast.adapters.timestamp.rfc3161 import Rfc3161, Rfc3161Checker
from holdfast.adapters.witness import checkpoints
from holdfast.core import minisign
from holdfast.core.bag import Unreadable
from holdfast.core.canonical import moment, rfc3339
from holdfast.core.case import Case, Party
from holdfast.core.document import Issued
from holdfast.core.evidence import Component, World
from holdfast.core.exported import list_comment
from holdfast.core.job import Job
from holdfast.core.judge import judge_pack
from holdfast.core.ledger import Ref, read_checkpoint, read_entry
from holdfast.core.pack import (
    BAG_INFO,
    MANIFEST,
    PAYLOAD,
    SIGNATURE,
    TAG_MANIFEST,
    write_manifest,
)
from holdfast.core.timestamp import Authorities, Tsa
from holdfast.core.verdict import Finding, ProofHelp, Verdict
from holdfast.core.witness import Terms
from holdfast.practice.world import PracticeWorld
from holdfast.usecases import case_view, export, preserve, timestamp
from holdfast.usecases.preserve import Maker
from holdfast.usecases.verify import Bench, Options, Shelf, verify

PAGE = b"<!doctype html><title>\xe7\xac\xac 12 \xe9\x9b\x86</title>"


@dataclass
class Rehearsal:
    """A data folder with one practice case, and the practice world it was stamped in."""

    data: Path
    world: PracticeWorld
    clock: FakeClock
    store: Store
    vault: Vault
    authorities: Authorities
    case: Case | None = None
    documents: list[Issued] = field(default_factory=list)

    @property
    def number(self) -> str:
        assert self.case is not None
        return self.case.number

    @property
    def tsas(self) -> tuple[Tsa, ...]:
        return self.authorities.tsas

    @property
    def maker(self) -> Maker:
        asks = (("opentimestamps", ""), *(("rfc3161", tsa.id) for tsa in self.tsas))
        return Maker(
            operator="person:0",
            tool=Component(name="Holdfast", version="0"),
            packages=(),
            asks=lambda _world: asks,
        )

    def capture(self, files: Mapping[str, bytes]) -> str:
        assert self.case is not None
        return preserve.preserve(
            self.case,
            FakeSource(dict(files)),
            "https://drama.example/ep/12",
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            maker=self.maker,
            job=Job(),
        ).number

    def issue(self, data: bytes) -> Issued:
        """A document as the writers record one."""
        assert self.case is not None
        number = f"{self.number}-R{len(self.documents) + 1}"
        with self.store.custody(self.case.id) as custody:
            head = custody.head()
        digest = self.vault.keep_bytes(data)
        issued = Issued(
            id=self.clock.new_id(),
            case_id=self.case.id,
            number=number,
            kind="evidence-report",
            lang="zh",
            issued=rfc3339(self.clock.now()),
            sha256=digest.sha256,
            size=len(data),
            media_type="application/pdf",
            path=f"documents/{number}.pdf",
            checkpoint_size=head.size,
        )
        ref = Ref(path=issued.path, size=len(data), sha256=digest.sha256, sm3=digest.sm3)
        with self.store.custody(self.case.id) as custody:
            custody.append("document.issued", number, [ref], {"kind": issued.kind})
            custody.save(issued)
        self.documents.append(issued)
        return issued

    def stamp(self) -> timestamp.StampRun:
        assert self.case is not None
        return timestamp.stamp(
            [self.case],
            stampers=(OpenTimestamps(self.clock, Esplora), Rfc3161(self.clock)),
            authorities={self.case.world: self.authorities},
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            job=Job(),
        )

    def stamp_all(self) -> None:
        """Every time-stamp that was queued is complete."""
        self.stamp()
        self.world.mine()
        self.clock.advance(hours=12)
        self.stamp()

    def export(self, out: Path, *, headers: bool = True) -> Path:
        return export.export(
            self.number,
            out,
            store=self.store,
            vault=self.vault,
            format=Packs(hasher),
            tsas=self.tsas,
            headers=self.header_run if headers else None,
            job=Job(),
        )

    def header_run(self, world: World, heights: tuple[int, ...], job: Job) -> tuple[int, bytes]:
        assert world == "practice"
        return Esplora(self.authorities).run(heights, job)

    @property
    def shelf(self) -> Shelf:
        def find(reference: str) -> Case | None:
            from holdfast.core.errors import Refused

            try:
                return self.store.case(reference)
            except Refused:
                return None

        return Shelf(
            find=find,
            view=lambda case: case_view.CaseView(
                case,
                store=self.store,
                vault=self.vault,
                tsas=self.tsas,
                digests=Packs(hasher).digests,
            ),
            issued=lambda sha256: case_view.issued_here(sha256, store=self.store),
        )


def bench(**changed: object) -> Bench:
    packs = Packs(hasher)
    parts: dict[str, object] = {
        "checkers": (OpenTimestampsChecker(), Rfc3161Checker()),
        "table": checkpoints(),
        "roots": verifier.pinned_roots(),
        "known_verifiers": verifier.known_verifiers,
        "open_pack": packs.open,
        "digests": packs.digests,
        "now": "2030-01-01T00:00:00.000Z",
        "holds": x509.holds,
        **changed,
    }
    return Bench(**parts)  # type: ignore[arg-type] # by name


def judged(
    *targets: Path | str, practice: bool = True, shelf: Shelf | None = None, **options: object
) -> Verdict:
    return verify(
        targets,
        Options(practice=practice, **options),  # type: ignore[arg-type] # by name
        bench=bench(),
        job=Job(),
        shelf=shelf,
    )


def broken(verdict: Verdict) -> set[str]:
    """What is named as broken."""
    return {finding.subject for finding in verdict.findings if finding.outcome == "broken"}


def rules(verdict: Verdict, outcomes: Sequence[str] = ("broken", "weak", "unchecked")) -> set[str]:
    return {finding.rule for finding in verdict.findings if finding.outcome in outcomes}


@contextmanager
def rehearsal(folder: Path) -> Iterator[Rehearsal]:
    """A practice case with two exhibits and a document, everything stamped."""
    clock = FakeClock("2026-11-12T13:06:31+00:00")
    store = Store(folder / "data", clock, Keys(folder / "data" / "keys"))
    with PracticeWorld.start(folder / "world", clock) as world:
        made = Rehearsal(
            data=folder / "data",
            world=world,
            clock=clock,
            store=store,
            vault=Vault(folder / "data"),
            authorities=world.authorities(),
        )
        key = store._keys.key()
        assert key is not None
        OWNERS[minisign.key_line(key.public)] = key
        made.case = store.open_case("演练 <b>案件</b>", "practice")
        try:
            made.capture({"page.html": PAGE, "shot/full.png": b"\x89PNG" + bytes(5000)})
            made.store.save(
                Party(id=clock.new_id(), case_id=made.case.id, role="claimant", name="林某某")
            )
            made.capture({"video.mp4": bytes(range(256)) * 400})
            made.issue(b"%PDF-1.7 practice report")
            made.stamp_all()
            yield made
        finally:
            store.close()


@contextmanager
def copied(made: Rehearsal, folder: Path) -> Iterator[Rehearsal]:
    """The same case in a data folder of its own; ``made``'s store has been closed for that."""
    data = shutil.copytree(made.data, folder / "data")
    store = Store(data, made.clock, Keys(data / "keys"))
    try:
        yield replace(
            made, data=data, store=store, vault=Vault(data), documents=list(made.documents)
        )
    finally:
        store.close()


# --- packs in memory -----------------------------------------------------------------------------


class MemoryPack:
    """A pack in a dictionary, so that a test may change any byte of it."""

    def __init__(self, files: Mapping[str, bytes], troubles: Sequence[Finding] = ()) -> None:
        self.files = dict(files)
        self._troubles = tuple(troubles)
        self.unreadable: dict[str, str] = {}
        self.missing_hashes: set[str] = set()

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.files))

    def troubles(self) -> tuple[Finding, ...]:
        return self._troubles

    def size(self, name: str) -> int:
        if self.unreadable.get(name) == "size":
            raise Unreadable("file_unreadable", "size")
        return len(self.files[name])

    def read(self, name: str, limit: int) -> bytes:
        if self.unreadable.get(name) == "read":
            raise Unreadable("file_unreadable", "read")
        if len(self.files[name]) > limit:
            raise Unreadable("file_too_large", str(limit))
        if self.unreadable.get(name) == "unsteady":
            return self.files[name] + b"!"
        return self.files[name]

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        if self.unreadable.get(name) == "digests":
            raise Unreadable("file_unreadable", "digests")
        tick(len(self.files[name]))
        return {
            algorithm: hashlib.new(algorithm, self.files[name]).digest()
            for algorithm in algorithms
            if algorithm not in self.missing_hashes
        }


def rebagged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files under manifests made anew: what somebody does who wants a change to go unseen."""
    made = dict(files)
    body = {name: data for name, data in made.items() if name.startswith(PAYLOAD)}
    oxum = f"Payload-Oxum: {sum(map(len, body.values()))}.{len(body)}"
    info = made.get(BAG_INFO, b"").decode().splitlines()
    kept = [line for line in info if not line.startswith("Payload-Oxum")]
    made[BAG_INFO] = "".join(f"{line}\n" for line in [*kept, oxum]).encode()
    made[MANIFEST] = write_manifest((n, hashlib.sha256(d).hexdigest()) for n, d in body.items())
    tags = [n for n in made if n not in body and n not in (TAG_MANIFEST, SIGNATURE)]
    made[TAG_MANIFEST] = write_manifest((n, hashlib.sha256(made[n]).hexdigest()) for n in tags)
    if SIGNATURE in made:
        made[SIGNATURE] = _signed_again(made)
    return made


OWNERS: dict[str, Any] = {}
"""Keys of rehearsals, as minisign names them: somebody who has the key takes every care."""


def _signed_again(files: Mapping[str, bytes]) -> bytes:
    """The signature over the new list, where its key is at hand; else the old one."""
    lines = files.get("data/ledger/entries.jsonl", b"").rstrip(b"\n").split(b"\n")
    for name, key in OWNERS.items():
        if any(f'"manifest_key":"{name}"'.encode() in line for line in lines):
            listed = files[TAG_MANIFEST]
            return minisign.sign(listed, _said_along(files, lines[-1]), key.public, key.sign).note
    return files[SIGNATURE]


def _said_along(files: Mapping[str, bytes], line: bytes) -> str:
    """The comment that belongs to the last line and the head, as far as they can be read."""
    try:
        at = int(moment(read_entry(line).at).timestamp())
        return list_comment(read_checkpoint(files["data/ledger/checkpoint.txt"]), at)
    except (KeyError, ValueError):
        return "again"


class Remembering:
    """A checker that does not do the same arithmetic twice, for tests with hundreds of packs."""

    def __init__(self, checker: Any) -> None:
        self._checker = checker
        self._known: dict[object, object] = {}

    @property
    def id(self) -> str:
        return str(self._checker.id)

    def check(self, subject: str, digest: Any, proof: bytes, help: ProofHelp) -> Any:
        try:
            about = digest("sha256")
        except (ValueError, LookupError) as error:
            about = repr(error)
        key = (subject, about, proof, help)
        if key not in self._known:
            self._known[key] = self._checker.check(subject, digest, proof, help)
        return self._known[key]


CHECKERS = (Remembering(OpenTimestampsChecker()), Remembering(Rfc3161Checker()))


def terms(**changed: object) -> Terms:
    parts: dict[str, object] = {
        "checkers": CHECKERS,
        "table": checkpoints(),
        "help": ProofHelp(
            roots=verifier.pinned_roots(), practice=True, now="2030-01-01T00:00:00.000Z"
        ),
        "known_verifiers": verifier.known_verifiers,
        "holds": x509.holds,
        **changed,
    }
    return Terms(**parts)  # type: ignore[arg-type] # by name


def look(files: Mapping[str, bytes], **changed: object) -> Verdict:
    """The verdict over a pack in memory."""
    return judge_pack(MemoryPack(files), terms(**changed), Job())


def flipped(data: bytes, at: int | None = None) -> bytes:
    """One bit of one byte changed; in the middle unless said otherwise."""
    place = len(data) // 2 if at is None else at
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


@dataclass(frozen=True)
class Finished:
    """A practice case as it left: the same pack as files, as a folder, as a ZIP."""

    files: Mapping[str, bytes]
    folder: Path
    archive: Path
    number: str


@cache
def finished() -> Finished:
    """One exported practice case for all tests of a process."""
    home = Path(tempfile.mkdtemp(prefix="holdfast-packed-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with rehearsal(home / "made") as made:
        archive = made.export(home / "pack.zip")
        folder = made.export(home / "pack")
        number = made.number
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return Finished(files=files, folder=folder, archive=archive, number=number)
