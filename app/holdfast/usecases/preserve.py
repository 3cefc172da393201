"""Capture and seal: all of it is kept, hashed, on record and durable, or nothing is.

Time-stamps are queued here and asked for elsewhere: evidence never waits for the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeAlias

from holdfast.core.canonical import one_line, rfc3339, visible
from holdfast.core.case import Case
from holdfast.core.environment import Environment
from holdfast.core.errors import Cancelled, HoldfastError, Refused
from holdfast.core.evidence import (
    Artifact,
    Capture,
    Captured,
    CapturedFile,
    Check,
    ClockReading,
    Component,
    Exhibit,
    Received,
    SourceKind,
    Target,
    World,
    safe_path,
    safe_segment,
)
from holdfast.core.job import Job
from holdfast.core.ledger import Checkpoint, Ref
from holdfast.core.not_before import NOT_ASKED, NotBefore
from holdfast.core.timestamp import Stamp, StampKind, Subject
from holdfast.ports import (
    Abandoned,
    CaptureSource,
    Clock,
    Custody,
    MediaReader,
    Salvager,
    Store,
    Vault,
    Watch,
)
from holdfast.usecases.marks import with_marks

Asks: TypeAlias = "tuple[tuple[StampKind, str], ...]"
"""Kind and authority of each witness."""

TITLE_LIMIT = 300
TOKENS_A_RUN = 10
"""Manifests that get a token of their own; beyond it the checkpoint's token covers them."""
FILES_STAMPED = 50
"""Originals of one exhibit that get a proof of their own; of more, as in a recording's hundreds of
segments, the manifest's proof covers each by the digest that it lists.
"""
SALVAGE_LIMIT = 10_000
_NOT_ITS_FAULT = frozenset(
    {
        "data_unwritable",
        "database_busy",
        "database_exchanged",
        "database_unreachable",
        "disk_full",
    }
)
"""Errors of the place where a capture was to go.  What it had saved may be gone from the world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A capture that left nothing, or that was cut short."""

    id: str
    case_id: str
    source: str
    target: str
    """What was asked for, visible text."""
    code: str
    at: str
    exhibit: str = ""
    """The number under which what was there was sealed nevertheless."""
    left: str = ""
    """Where what was there still lies, because it could not be sealed; that is not on record."""
    later: str = ""
    """The number under which the same target was kept at a later try; wherever that led."""


class Watching(Protocol):
    """Begins to look at this computer and for values that nobody could know earlier."""

    def __call__(self, world: World, target: str = "", case: str = "") -> Watch:
        """``target`` is what is about to be kept, ``case`` the id of the case it goes to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who and what makes the captures of this installation."""

    operator: str
    tool: Component
    packages: tuple[Component, ...]
    asks: Callable[[World], Asks]
    """Which witnesses each manifest and checkpoint of a world is to be shown to."""
    watch: Watching | None = None
    """None where nobody looks."""
    marks: MediaReader | None = None
    """Reads marks in what was captured; None where nobody looks."""


def preserve(
    case: Case,
    source: CaptureSource,
    target: str,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
    received: Received | None = None,
    watch: Watch | None = None,
    beside: Callable[[Exhibit], object] | None = None,
) -> Exhibit:
    """The target is a sealed exhibit of the case, or a line says that it could not be had.

    ``received`` is what the person says of material that was received rather than captured;
    ``watch`` is one that the capture itself shows values of; else a new one begins.  The noun that
    ``beside`` makes of the exhibit is saved with it, or neither is.

    What a cancelled capture had already saved is sealed as incomplete; what could not be sealed
    then, or found no room on the disk, or a vault or database that could not be written to, waits
    for the next start.  Raises what the source raised, after the line was written.
    """
    capture_id = clock.new_id()
    about = {"case": case.id, "source": source.id, "target": target}
    if watch is None and maker.watch is not None:
        watch = maker.watch(case.world, target, case.id)
    expecting = maker.marks.ready() if maker.marks is not None else nullcontext()
    with vault.room(capture_id, about) as room, expecting:
        started = rfc3339(clock.now())
        try:
            captured = source.capture(target, room.path, job)
            if received is not None and captured.received is not None:
                captured = replace(captured, received=received)
            kept = seal(
                captured,
                capture_id,
                case,
                store=store,
                vault=vault,
                clock=clock,
                maker=maker,
                job=job,
                watch=watch,
                beside=beside,
            )
        except HoldfastError as error:
            if error.code in _NOT_ITS_FAULT and _saved(room.path):
                room.leave()
            exhibit = None
            if isinstance(error, Cancelled):
                try:
                    remains = _salvage(
                        room.path, source.id, target, error.code, started, clock, source
                    )
                    if remains is not None:
                        exhibit = seal(
                            remains,
                            capture_id,
                            case,
                            store=store,
                            vault=vault,
                            clock=clock,
                            maker=maker,
                            job=Job(),
                            watch=watch,
                        )
                except HoldfastError:
                    room.leave()
                    raise
            try:
                _record_failure(capture_id, case, source.id, target, error, exhibit, store, clock)
            except HoldfastError:
                room.leave()
                raise
            raise
    _settle(case, source.id, target, kept, store)
    return kept


def _saved(work: Path) -> bool:
    """Whether a capture has written anything that could be sealed."""
    return any(path.is_file() for path in (work / "files").rglob("*"))


def _settle(case: Case, source: str, target: str, kept: Exhibit, store: Store) -> None:
    """What failed earlier with the same target waits for nobody any more."""
    for attempt in store.all(Attempt, case.id):
        same = (attempt.source, attempt.target) == (source, visible(target)[:2000])
        if same and not (attempt.exhibit or attempt.later):
            store.save(replace(attempt, later=kept.number))


def seal(
    captured: Captured,
    capture_id: str,
    case: Case,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
    watch: Watch | None = None,
    beside: Callable[[Exhibit], object] | None = None,
) -> Exhibit:
    """What was captured is an exhibit: hashed, in the vault, on the ledger, durable."""
    if not captured.files:
        raise Refused("nothing_captured")
    _check_names(captured.files)
    artifacts = tuple(_keep(file, vault, job) for file in captured.files)
    if maker.marks is not None:
        captured, artifacts = with_marks(captured, artifacts, maker.marks, vault, clock, job)
    job.step("sealing", len(artifacts), len(artifacts))
    reading, not_before, environment = _circumstances(watch, clock, job)
    with store.custody(case.id) as custody:
        number = custody.next_exhibit()
        manifest = Capture(
            id=capture_id,
            case_id=case.id,
            world=case.world,
            exhibit=number,
            operator=maker.operator,
            captured=captured,
            artifacts=artifacts,
            clock=reading,
            tool=maker.tool,
            packages=maker.packages,
            not_before=not_before,
            environment=environment,
        ).manifest()
        digest = vault.keep_bytes(manifest)
        path = f"exhibits/{number}/capture.json"
        entry = custody.append(
            "exhibit.sealed",
            number,
            [Ref(path=path, size=len(manifest), sha256=digest.sha256, sm3=digest.sm3)],
            {"capture": capture_id, "source": captured.source, "complete": captured.complete},
        )
        exhibit = Exhibit(
            id=capture_id,
            case_id=case.id,
            number=number,
            digest=digest,
            size=len(manifest),
            source=captured.source,
            title=_title(captured),
            url=visible(captured.target.final_url or captured.target.url),
            sealed=entry.at,
            complete=captured.complete,
            artifacts=artifacts,
        )
        custody.save(exhibit)
        if beside is not None:
            custody.save(beside(exhibit))
        head = custody.head()
        queue_stamps(case, exhibit, head, custody, store=store, clock=clock, maker=maker)
    keep_head(head, vault)
    return exhibit


def _circumstances(
    watch: Watch | None, clock: Clock, job: Job
) -> tuple[ClockReading, NotBefore, Environment | None]:
    """The clock at sealing, with its offset where it was measured, and what the watch saw."""
    reading = clock.reading()
    if watch is None:
        return reading, NOT_ASKED, None
    around = Environment(before=watch.before(job), sealing=watch.sealing(job))
    known = around.sealing.clock or around.before.clock
    if known is not None:
        reading = replace(
            reading,
            offset_ms=known.offset_ms,
            reference=known.reference,
            uncertainty_ms=known.uncertainty_ms,
        )
    return reading, watch.not_before(job), around


def _title(captured: Captured) -> str:
    named = captured.observations.title or captured.files[0].name or captured.target.typed
    return one_line(named)[:TITLE_LIMIT]


def _check_names(files: Sequence[CapturedFile]) -> None:
    seen: set[str] = {"capture.json"}
    for file in files:
        folded = file.path.casefold()
        if not safe_path(file.path) or not file.path.startswith("files/") or folded in seen:
            raise Refused("name_unsafe", name=visible(file.path)[:100])
        seen.add(folded)


def _keep(file: CapturedFile, vault: Vault, job: Job) -> Artifact:
    digest, size = vault.keep(file.at, job)
    return Artifact(
        path=file.path,
        name=visible(file.name),
        role=file.role,
        size=size,
        media_type=file.media_type,
        digest=digest,
        obtained=file.obtained,
        derived_from=file.derived_from,
    )


# --- the queue of time-stamps --------------------------------------------------------------------


def queue_stamps(
    case: Case,
    exhibit: Exhibit,
    head: Checkpoint,
    custody: Custody,
    *,
    store: Store,
    clock: Clock,
    maker: Maker,
) -> None:
    """The manifest, each original file and the newest head are queued for their witnesses."""
    folder = f"exhibits/{exhibit.number}"
    manifest = Subject(kind="manifest", path=f"{folder}/capture.json", sha256=exhibit.digest.sha256)
    waiting = len(store.unsent(case.id, "rfc3161", "manifest"))
    asks = maker.asks(case.world)
    for kind, authority in asks:
        if kind == "opentimestamps":
            originals = [a for a in exhibit.artifacts if a.role == "original"]
            for artifact in originals if len(originals) <= FILES_STAMPED else ():
                path = f"{folder}/{artifact.path}"
                subject = Subject(kind="file", path=path, sha256=artifact.digest.sha256)
                custody.save(_queued(case, subject, kind, authority, clock))
        elif waiting >= TOKENS_A_RUN * max(1, sum(k == kind for k, _ in asks)):
            continue
        custody.save(_queued(case, manifest, kind, authority, clock))
    queue_checkpoint(case, head, custody, store=store, clock=clock, maker=maker)


def queue_checkpoint(
    case: Case,
    head: Checkpoint,
    custody: Custody,
    *,
    store: Store,
    clock: Clock,
    maker: Maker,
) -> None:
    """The head is queued; one that was queued and never sent gives its place to it.

    An unsigned head is stamped as it is: the signature says which installation, not when.
    """
    sha256 = hashlib.sha256(head.note).hexdigest()
    subject = Subject(kind="checkpoint", path=f"ledger/checkpoints/{head.size}.txt", sha256=sha256)
    asks = maker.asks(case.world)
    unsent = {
        (stamp.kind, stamp.authority): stamp.id
        for kind in dict.fromkeys(kind for kind, _ in asks)
        for stamp in store.unsent(case.id, kind, "checkpoint")
    }
    for kind, authority in asks:
        fresh = _queued(case, subject, kind, authority, clock)
        custody.save(
            Stamp(
                id=unsent.get((kind, authority), fresh.id),
                case_id=case.id,
                subject=subject,
                kind=kind,
                authority=authority,
                world=case.world,
            )
        )


def keep_head(head: Checkpoint, vault: Vault) -> None:
    """A head that was queued lies in the vault, where it shows when a database is put back.

    To be called when the record has it: one that lay there earlier would outlive a kill, and the
    record would look as if it had been put back.  Where it cannot be kept now it is before a
    witness sees it.
    """
    with suppress(HoldfastError):
        vault.keep_bytes(head.note)


def _queued(case: Case, subject: Subject, kind: StampKind, authority: str, clock: Clock) -> Stamp:
    return Stamp(
        id=clock.new_id(),
        case_id=case.id,
        subject=subject,
        kind=kind,
        authority=authority,
        world=case.world,
    )


# --- what went wrong -----------------------------------------------------------------------------


def _record_failure(
    capture_id: str,
    case: Case,
    source: str,
    target: str,
    error: HoldfastError,
    exhibit: Exhibit | None,
    store: Store,
    clock: Clock,
) -> None:
    number = exhibit.number if exhibit else ""
    with store.custody(case.id) as custody:
        custody.append(
            "capture.failed",
            capture_id,
            facts={"code": error.code, "source": source, "exhibit": number},
        )
        custody.head()
        custody.save(
            Attempt(
                id=capture_id,
                case_id=case.id,
                source=source,
                target=visible(target)[:2000],
                code=error.code,
                at=rfc3339(clock.now()),
                exhibit=number,
            )
        )


def _salvage(
    room: Path,
    source: str,
    target: str,
    code: str,
    started: str,
    clock: Clock,
    knower: object,
) -> Captured | None:
    """What a capture that did not end had already saved below ``files``, marked incomplete.

    A source that knows what its own remains are tells them itself.
    """
    folder = room / "files"
    if isinstance(knower, Salvager) and folder.is_dir():
        return knower.remains(target, room, code, started)
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    now = rfc3339(clock.now())
    taken: set[str] = set()
    files = []
    for n, path in enumerate(found[:SALVAGE_LIMIT], 1):
        fits = safe_segment(path.name) and path.name.casefold() not in taken
        name = path.name if fits else f"part-{n:04d}"
        taken.add(name.casefold())
        files.append(
            CapturedFile(
                at=path,
                path=f"files/{name}",
                name=str(path.relative_to(folder)),
                media_type="application/octet-stream",
                obtained=now,
            )
        )
    if not files or source not in _KINDS:
        return None
    return Captured(
        source=_KINDS[source],
        target=Target(typed=target),
        files=tuple(files),
        started=started,
        finished=now,
        completeness=(Check(check="interrupted", outcome="fail", detail=code),),
    )


_KINDS: dict[str, SourceKind] = {
    "page": "page",
    "screen": "screen",
    "recording": "recording",
    "video": "video",
    "file": "file",
    "phone": "phone",
    "series": "series",
}


def recover(
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
    sources: Mapping[str, CaptureSource] | None = None,
) -> tuple[Attempt, ...]:
    """What a crash cut short is sealed as far as it went, or its failure is on record.

    Rooms that another process still holds are left alone.  ``sources`` are asked what remains of
    their own captures mean.  What cannot be sealed stays where it lies, stops nobody else, and is
    tried again the next time.
    """
    found: list[Attempt] = []
    for room in vault.abandoned():
        source = room.about.get("source", "")
        attempt = Attempt(
            id=room.capture_id,
            case_id=room.about.get("case", ""),
            source=source,
            target=visible(room.about.get("target", ""))[:2000],
            code="crash",
            at=rfc3339(clock.now()),
        )
        try:
            told = _recover(
                attempt,
                room,
                (sources or {}).get(source),
                store=store,
                vault=vault,
                clock=clock,
                maker=maker,
                job=job,
            )
        except Cancelled:
            raise
        except HoldfastError as error:
            told = replace(attempt, code=error.code, left=str(room.path))
        if told is not None:
            found.append(told)
    return tuple(found)


def _recover(
    attempt: Attempt,
    room: Abandoned,
    knower: CaptureSource | None,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
) -> Attempt | None:
    """What came of it; None where there was nothing to tell.  The room is gone then."""
    cases = {case.id: case for case in store.all(Case)}
    case = cases.get(attempt.case_id)
    sealed = any(exhibit.id == attempt.id for exhibit in store.all(Exhibit))
    if case is None and _saved(room.path) and not sealed:
        # It may be of a case that a newer copy of the database knows.
        raise Refused("case_unknown", case=attempt.case_id[:80])
    told = None
    if sealed:
        told = _half_told(attempt, store)
    elif case is not None:
        target = room.about.get("target", "")
        remains = _salvage(room.path, attempt.source, target, "crash", attempt.at, clock, knower)
        told = attempt
        if remains is not None:
            exhibit = seal(
                remains,
                attempt.id,
                case,
                store=store,
                vault=vault,
                clock=clock,
                maker=maker,
                job=job,
                beside=lambda made: replace(attempt, exhibit=made.number),
            )
            told = replace(attempt, exhibit=exhibit.number)
    if told is not None:
        with store.custody(told.case_id) as custody:
            custody.append(
                "capture.recovered" if told.exhibit else "capture.failed",
                told.id,
                facts={"code": "crash", "source": told.source, "exhibit": told.exhibit},
            )
            custody.head()
            custody.save(told)
    vault.discard(attempt.id)
    return told


def _half_told(attempt: Attempt, store: Store) -> Attempt | None:
    """A recovery that was itself cut short, after it had sealed and before its line."""
    for known in store.all(Attempt, attempt.case_id):
        if known.id == attempt.id and known.exhibit:
            said = (
                line.facts.get("exhibit") == known.exhibit
                for line in store.entries(attempt.case_id)
                if line.subject == known.id
            )
            return None if any(said) else known
    return None
