"""What the use-cases need of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

# What stands in signatures only, so that a command loads no more than it uses.
if TYPE_CHECKING:
    from holdfast.core.bag import ReadablePack
    from holdfast.core.canonical import Json
    from holdfast.core.case import Case
    from holdfast.core.document import Lang, Order
    from holdfast.core.environment import EnvironmentRun
    from holdfast.core.evidence import (
        Captured,
        ClockReading,
        Component,
        Digest,
        Exhibit,
        MarkSeen,
        World,
    )
    from holdfast.core.job import Job
    from holdfast.core.ledger import Checkpoint, LedgerEntry, Ref, VerifierKey
    from holdfast.core.not_before import NotBefore
    from holdfast.core.notice import Contact, Parcel, Platform, Regime, Rule, Sheet
    from holdfast.core.pack import PackFile, Readme
    from holdfast.core.timestamp import Answer, Authorities, Stamp, StampKind, SubjectKind
    from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen
    from holdfast.core.words import Words

Noun = TypeVar("Noun")


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The system's time, aware, UTC."""
        ...

    def reading(self) -> ClockReading:
        """A clock reading for a capture manifest."""
        ...

    def offset_minutes(self, at: datetime | None = None) -> int:
        """How far local time is from UTC at that moment: summer time comes and goes.  None: now."""
        ...

    def new_id(self) -> str:
        """A fresh UUIDv7 (RFC 9562 §5.7)."""
        ...


class CaptureSource(Protocol):
    """One way of obtaining evidence.

    ``id`` is what the manifest calls the source.  ``capture`` writes only below ``room`` (an empty
    folder of its own) and hands over everything it obtained, its own log included as ``record``.
    What went wrong but left something is a red completeness check; what left nothing raises
    Refused or Unavailable.  Cancelled may be raised at any step.
    """

    @property
    def id(self) -> str: ...

    def suits(self, target: str) -> bool:
        """Whether it can try ``target`` at all, from its form alone."""
        ...

    def capture(self, target: str, room: Path, job: Job) -> Captured: ...

    def parts(self) -> tuple[Component, ...]:
        """The programs and libraries it works with, for selfcheck; empty ones are missing."""
        ...


@runtime_checkable
class Salvager(Protocol):
    """A capture source that can tell what its own remains are."""

    def remains(self, target: str, room: Path, code: str, started: str) -> Captured | None:
        """What a capture that did not end left in its room, incomplete; None for nothing.

        ``code`` is why it did not end, ``started`` when it began as far as anybody knows.
        """
        ...


class Watch(Protocol):
    """What is looked at around one capture.  It began when the watch was made, beside the rest."""

    def before(self, job: Job) -> EnvironmentRun:
        """The whole run of the cleanliness protocol, waited for."""
        ...

    def not_before(self, job: Job) -> NotBefore:
        """Values that nobody could know earlier, waited for."""
        ...

    def sealing(self, job: Job) -> EnvironmentRun:
        """The short run, made now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A picture, film or sound to be read."""

    path: str
    """What it is called in the capture."""
    at: Path
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksRead:
    """What makers and platforms put into some files (``core.marks``)."""

    record: bytes
    """``marks.json``, canonical."""
    seen: tuple[MarkSeen, ...]
    files: tuple[Mapping[str, Json], ...] = ()
    """The record's own ``files``."""


class MediaReader(Protocol):
    """Reads the marks in untrusted pictures and videos."""

    def ready(self) -> AbstractContextManager[None]:
        """Files are expected: whoever reads them comes up meanwhile, and nobody stays behind."""
        ...

    def read(self, files: Sequence[MediaFile], job: Job) -> MarksRead:
        """What stands in each file; what cannot be read is *not checked*.  Raises Cancelled."""
        ...


class Beacons(Protocol):
    """Where values come from that nobody could know earlier."""

    def latest(self, authorities: Authorities, job: Job) -> NotBefore:
        """The newest block and round that could be verified, or why not.  Never raises but
        Cancelled.
        """
        ...


class Room(Protocol):
    """A staging folder held by this process while a capture runs."""

    @property
    def path(self) -> Path: ...

    def leave(self) -> None:
        """What is in it stays for the next start to recover, whatever ends the work."""
        ...


class Abandoned(Protocol):
    """A staging folder whose process is gone."""

    @property
    def capture_id(self) -> str: ...
    @property
    def about(self) -> Mapping[str, str]:
        """What ``Vault.room`` was told; empty when even that was lost."""
        ...

    @property
    def path(self) -> Path: ...


class Vault(Protocol):
    """Content-addressed bytes, written once and read-only."""

    def room(self, capture_id: str, about: Mapping[str, str]) -> AbstractContextManager[Room]:
        """A locked staging folder; discarded on a clean exit, kept for recovery after a crash."""
        ...

    def abandoned(self) -> Iterator[Abandoned]:
        """Rooms that nobody holds any more, oldest first; each is held while it is looked at."""
        ...

    def discard(self, capture_id: str) -> None:
        """A room that this process holds is gone."""
        ...

    def keep(self, at: Path, job: Job, stage: str = "sealing") -> tuple[Digest, int]:
        """The file's bytes are in the vault, durable; its digests and size.

        Inside a room the file is moved, elsewhere it is copied.  Raises Refused when the source
        changes under the reading or the disk is full; then nothing was kept.
        """
        ...

    def keep_bytes(self, data: bytes) -> Digest:
        """As keep, for small bytes in memory."""
        ...

    def path(self, sha256: str) -> Path:
        """Where the bytes lie.  Raises Tampered(``object_missing``)."""
        ...

    def read(self, sha256: str) -> bytes:
        """The bytes, checked against their name.  Raises Tampered."""
        ...

    def digest(self, sha256: str, job: Job) -> Digest:
        """What the stored bytes hash to now."""
        ...


class Custody(Protocol):
    """An open transaction on one case's ledger; everything in it happens or nothing does."""

    def next_exhibit(self) -> str:
        """The next exhibit number, E0001…; burnt only if the transaction is committed."""
        ...

    def append(
        self,
        act: str,
        subject: str,
        refs: Sequence[Ref] = (),
        facts: Mapping[str, Json] | None = None,
    ) -> LedgerEntry: ...

    def head(self) -> Checkpoint:
        """A head over every line so far, signed when the key can be had, and stored."""
        ...

    def save(self, noun: object) -> None:
        """As Store.save, in the same transaction."""
        ...

    def drop(self, noun: object) -> None:
        """That noun is among the working state no more; the ledger keeps what it says of it."""
        ...


class Store(Protocol):
    """Cases, their ledgers, and working state."""

    def open_case(self, title: str, world: World) -> Case:
        """A new case with the next number, its ledger opened with case.opened."""
        ...

    def case(self, reference: str) -> Case:
        """The case of that number, id or unique prefix.  Raises Refused."""
        ...

    def custody(self, case_id: str) -> AbstractContextManager[Custody]: ...

    def entries(self, case_id: str) -> tuple[LedgerEntry, ...]: ...

    def count(self, case_id: str, act: str) -> int:
        """How many lines of that act the case's ledger has."""
        ...

    def checkpoints(self, case_id: str) -> tuple[Checkpoint, ...]:
        """Every stored head, by size; signed now if its key was missing then."""
        ...

    def key(self, case_id: str) -> VerifierKey | None:
        """The installation's public key under the ledger's origin; None until one can be had."""
        ...

    def change_key(self) -> tuple[Case, ...]:
        """Another key signs from now on, and the ledger of every case says so; those cases."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 by the installation's key.  Raises Unavailable(``key_locked``)."""
        ...

    def save(self, noun: object) -> None:
        """A frozen dataclass with ``id`` and ``case_id`` is stored, replacing one of its id."""
        ...

    def get(self, kind: type[Noun], id: str) -> Noun:
        """Raises Refused(``not_found``)."""
        ...

    def all(self, kind: type[Noun], case_id: str | None = None) -> tuple[Noun, ...]:
        """Every noun of that kind, oldest first; of one case or of all."""
        ...

    def unsent(self, case_id: str, kind: StampKind, subject: SubjectKind) -> tuple[Stamp, ...]:
        """Stamps of that protocol about such a subject that wait in the queue and were never sent.

        A case may have tens of thousands, and each sealing asks.
        """
        ...

    def exhibit(self, case_id: str, number: str) -> Exhibit: ...


class Stamper(Protocol):
    """One time-stamp protocol."""

    @property
    def id(self) -> StampKind: ...

    def ask(
        self, sha256s: Sequence[str], authority: str, authorities: Authorities, job: Job
    ) -> tuple[Answer, ...]:
        """One answer a digest (hex), in order.

        ``authority`` names one of ``targets(authorities)``.  The world's refusals are answers with
        status queued and a reason, never exceptions.
        """
        ...

    def upgrade(self, sha256: str, proof: bytes, authorities: Authorities, job: Job) -> Answer:
        """Where a kept proof stands now; with fuller ``proof`` bytes if they hold."""
        ...

    def targets(self, authorities: Authorities) -> tuple[str, ...]:
        """The ids that each digest is to be asked of; ``("",)`` when it asks all at once."""
        ...


class Catalog(Protocol):
    """Dated data shipped with the program."""

    def authorities(self, world: World) -> Authorities: ...

    def regimes(self) -> tuple[Regime, ...]:
        """Every law under which a platform can be asked to act; never empty."""
        ...

    def platforms(self, world: World) -> tuple[Platform, ...]:
        """Every addressee of one world; never empty."""
        ...

    def regime(self, id: str) -> Regime:
        """Raises Refused(``regime_unknown``)."""
        ...

    def platform(self, id: str) -> Platform:
        """Raises Refused(``platform_unknown``)."""
        ...

    def rule(self, id: str) -> Rule:
        """The article of that id, whichever regime names it.  Raises Refused(``rule_unknown``)."""
        ...

    def contacts(self, lang: Lang) -> tuple[Contact, ...]:
        """People who can help, each with its source."""
        ...

    def words(self, lang: Lang) -> Words:
        """The catalogues of one language, for what is printed in letters."""
        ...


class SendingWay(Protocol):
    """One way for an approved notice to reach its addressee.  It prepares; a person sends."""

    @property
    def id(self) -> str:
        """A ChannelId."""
        ...

    def prepare(self, parcel: Parcel) -> tuple[Sheet, ...]:
        """The files this way needs.  The same parcel gives the same bytes."""
        ...


class HeaderSource(Protocol):
    """Where 80-byte block headers come from."""

    def headers(self, height: int) -> Iterator[tuple[str, bytes]]:
        """(operator, raw header) from each source that answered."""
        ...


class ChainSource(Protocol):
    """One witness of the chain: an explorer, the person's own node, or an Electrum server.

    Raises Refused, Unavailable, and BadHeader (``core.bitcoin``) for headers that cannot be true.
    """

    @property
    def operator(self) -> str:
        """Who runs it; two sources of one operator count once."""
        ...

    def tip(self) -> int:
        """How high its chain is."""
        ...

    def header(self, height: int) -> bytes:
        """The raw header at ``height``, sound in itself however few blocks stand on it."""
        ...

    def stretch(self, first: int, last: int, job: Job) -> bytes:
        """Consecutive raw headers, both ends included; not yet linked to anything."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """Headers beyond the shipped checkpoints that were fetched here, from height ``first`` on."""

    first: int
    raw: bytes
    as_of: str = ""
    """When the last of them were fetched, RFC 3339; empty when there are none."""
    sources: tuple[str, ...] = ()
    """The operators who agreed."""


class HeaderShelf(Protocol):
    """Where fetched headers are kept.  Nothing on it is believed: readers link it anew."""

    def read(self) -> Shelved:
        """What is there."""
        ...

    def keep(self, shelved: Shelved) -> None:
        """This is there, durable, instead of what was."""
        ...


class ProofChecker(Protocol):
    """Judges the proofs of one protocol, offline but for what ``help`` brings."""

    @property
    def id(self) -> str:
        """A StampKind."""
        ...

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """What the proof shows about ``subject``.

        ``digest(name)`` gives the subject's digest under a hashlib name, read once and remembered.
        Never raises for bad proofs: they are findings.
        """
        ...


class Renderer(Protocol):
    """Writes documents.  Templates are parsed first; fields become text nodes, never markup."""

    def pdf(self, order: Order, job: Job) -> bytes: ...

    def pdf_file(self, order: Order, at: Path, job: Job) -> None:
        """As pdf, written straight to a file, one picture at a time."""
        ...

    def docx(self, order: Order, job: Job) -> bytes: ...

    def text(self, order: Order, job: Job) -> str: ...


class PackFormat(Protocol):
    """Packs as files."""

    def write(self, files: Sequence[PackFile], out: Path, top: str, job: Job) -> Path:
        """The pack stands at ``out``, durable: a ZIP if its name ends so, else a folder.

        Raises Refused(``out_exists``, ``out_unwritable``), Tampered.
        """
        ...

    def readme(self, facts: Readme) -> bytes:
        """README.html, zh and en.  The same facts give the same bytes."""
        ...

    def verifier(self) -> bytes:
        """verify.pyz, the same bytes in every pack of a release."""
        ...

    def browser_verifier(self) -> bytes:
        """verify.html, the same bytes in every pack of a release."""
        ...

    def open(self, path: Path) -> AbstractContextManager[ReadablePack]:
        """A folder or ZIP that may have been made to harm.  Raises Unreadable."""
        ...

    def digests(
        self, path: Path, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        """Digests of a plain file under hashlib names, in one pass.  Raises OSError."""
        ...
