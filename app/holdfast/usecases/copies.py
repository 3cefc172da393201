"""A copied database, case by case, held against itself, its objects, and this computer's own cases.

It only reads.  Every finding names the case it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from holdfast.core.bag import ReadablePack, Seen, Unreadable
from holdfast.core.canonical import one_line
from holdfast.core.case import Case
from holdfast.core.copied import CopiedCase, as_checkpoint, judge_kin, judge_rows
from holdfast.core.document import Issued
from holdfast.core.errors import HoldfastError, Refused, Tampered
from holdfast.core.evidence import World
from holdfast.core.job import Job, Span
from holdfast.core.judge import judge_case
from holdfast.core.ledger import MAX_NOTE, Checkpoint, LedgerEntry, leaf_hash, origin, read_entry
from holdfast.core.pack import ENTRIES, HEAD, KEYS, checkpoint_path, payload
from holdfast.core.record import MAX_LEDGER
from holdfast.core.timestamp import Stamp, Tsa
from holdfast.core.verdict import Finding, Verdict, conclude, together
from holdfast.core.witness import Terms
from holdfast.usecases.case_view import CaseView
from holdfast.usecases.kept import head_of, judge_against, judge_remains
from holdfast.usecases.targets import ABOUT_ALL
from holdfast.usecases.verify import Shelf

if TYPE_CHECKING:
    from holdfast.ports import Store, Vault


class CopiedObjects(Protocol):
    """The objects beside a copied database."""

    @property
    def present(self) -> bool: ...

    def weight(self, job: Job) -> int:
        """Bytes of everything there."""
        ...

    def path(self, sha256: str) -> Path: ...

    def read(self, sha256: str) -> bytes: ...

    def beginning(self, with_: bytes, at_most: int, job: Job) -> Iterator[bytes]: ...


class Copied(Protocol):
    """A copied database that was opened without a trace."""

    @property
    def objects(self) -> CopiedObjects: ...

    def troubles(self) -> tuple[Finding, ...]:
        """What the file itself shows; ``subject`` is empty."""
        ...

    def case_ids(self) -> tuple[str, ...]:
        """Raises Unreadable."""
        ...

    def case(self, case_id: str) -> CopiedCase:
        """Raises Unreadable."""
        ...


Digests = Callable[[Path, Sequence[str], Callable[[int], None]], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a copy is read with."""

    open: Callable[[Path, Job], AbstractContextManager[Copied]]
    digests: Digests
    tsas: Callable[[World], Sequence[Tsa]]
    """The authorities of a world, for their chains."""


def judge_copy(
    path: Path, terms: Terms, job: Job, *, bench: Bench, shelf: Shelf | None
) -> Verdict | None:
    """What a copied database shows; None for a database that is none of ours.  Raises Refused."""
    name = one_line(path.name)
    try:
        with bench.open(path, job) as copied:
            found = [replace(finding, subject=name) for finding in copied.troubles()]
            ids = copied.case_ids()
            found.append(
                Finding(
                    subject=name,
                    rule="copy_read",
                    outcome="ok" if ids else "unchecked",
                    detail=str(len(ids)),
                )
            )
            about = Verdict(verdict=conclude(found, ("ok",)), findings=tuple(found), recorded=True)
            if not ids:
                return replace(about, verdict="unchecked")
            span = Span(job, copied.objects.weight(job))
            each = [
                _case(copied.case(one), copied.objects, terms, span.part(), bench, shelf)
                for one in ids
            ]
            return together((about, *each))
    except Unreadable as error:
        if error.rule == "copy_other":
            return None
        told = Finding(
            subject=name,
            rule=error.rule,
            outcome="unchecked" if error.rule == "copy_of_newer" else "broken",
            detail=error.detail,
        )
        return Verdict(verdict=told.outcome, findings=(told,), recorded=True)


def _case(
    case: CopiedCase,
    objects: CopiedObjects,
    terms: Terms,
    job: Job,
    bench: Bench,
    shelf: Shelf | None,
) -> Verdict:
    job.step("reading", detail=case.name)
    rows = Seen()
    judge_rows(case, rows)
    verdicts = [Verdict(verdict=conclude(rows.findings, ("ok",)), findings=tuple(rows.findings))]
    if case.bodies:
        view, spoilt = _view(case, objects, bench)
        judged = judge_case(view, terms, job)
        if spoilt:
            told = Finding(subject="", rule="copy_spoilt", outcome="broken", detail=spoilt)
            verdicts.append(Verdict(verdict="broken", findings=(told,)))
        judged = _told_of_objects(judged) if objects.present else _without_objects(judged)
        notes = objects.beginning(f"{origin(case.ledger, case.world)}\n".encode(), MAX_NOTE, job)
        verdicts += [judged, judge_remains(view, notes), *_kin(case, view, shelf)]
    return _named(case.name, together(verdicts))


def _view(case: CopiedCase, objects: CopiedObjects, bench: Bench) -> tuple[ReadablePack, str]:
    """The case as it would lie in a pack; and why only its record does, where nothing more can."""
    records = _Records(case)
    try:
        return (
            CaseView(
                Case(
                    id=case.id,
                    number=case.name,
                    title="",
                    world=case.world,
                    ledger_id=case.ledger,
                    opened="",
                ),
                # Only their reading halves are used to look at a case.
                store=cast("Store", records),
                vault=cast("Vault", objects),
                tsas=bench.tsas(case.world),
                digests=bench.digests,
            ),
            "",
        )
    except HoldfastError as error:
        return _Bare(records), error.code
    except (ValueError, KeyError, IndexError, OSError) as error:
        return _Bare(records), one_line(str(error))[:100] or type(error).__name__


class _Records:
    """What ``CaseView`` asks of a store, out of a copy."""

    def __init__(self, case: CopiedCase) -> None:
        self.case = case

    def custody(self, _case_id: str) -> AbstractContextManager[None]:
        """Nobody writes into a copy."""
        return nullcontext()

    def entries(self, _case_id: str) -> tuple[LedgerEntry, ...]:
        try:
            return tuple(read_entry(body) for body in self.case.bodies)
        except ValueError as error:
            raise Tampered("ledger_unreadable", reason=str(error)) from error

    def checkpoints(self, _case_id: str) -> tuple[Checkpoint, ...]:
        return tuple(as_checkpoint(self.case, head) for head in self.case.heads)

    def key(self, _case_id: str) -> None:
        return None

    def all(self, kind: type[Any], _case_id: str | None = None) -> tuple[Any, ...]:
        if kind is Stamp:
            return self.case.stamps
        if kind is Issued:
            return tuple(_Printed(size) for size in sorted(self.case.printed))
        return ()


@dataclass(frozen=True, slots=True)
class _Printed:
    """As much of an issued document as says which head it names."""

    checkpoint_size: int


class _Bare:
    """A record alone: lines, heads and the keys that the lines name.  A ``ReadablePack``."""

    def __init__(self, records: _Records) -> None:
        case = records.case
        self._files = {payload(ENTRIES): b"".join(body + b"\n" for body in case.bodies)}
        notes = {head.size: head.note for head in case.heads if head.note is not None}
        for size, note in notes.items():
            self._files[payload(checkpoint_path(size))] = note
        if notes:
            self._files[payload(HEAD)] = notes[max(notes)]
        if keys := _keys(case.bodies):
            self._files[payload(KEYS)] = keys

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def troubles(self) -> tuple[Finding, ...]:
        return ()

    def size(self, name: str) -> int:
        return len(self._files[name])

    def read(self, name: str, limit: int) -> bytes:
        if len(self._files[name]) > limit:
            raise Unreadable("file_too_large", str(limit))
        return self._files[name]

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        import hashlib

        tick(len(self._files[name]))
        return {one: hashlib.new(one, self._files[name]).digest() for one in algorithms}


def _keys(bodies: Sequence[bytes]) -> bytes:
    found: dict[str, None] = {}
    for body in bodies:
        try:
            entry = read_entry(body)
        except ValueError:
            continue
        key = entry.facts.get("key")
        if entry.act in ("case.opened", "key.rotated") and isinstance(key, str):
            found[key] = None
    return "".join(f"{key}\n" for key in found).encode()


_IN_DATABASE = frozenset({payload(KEYS), payload(HEAD), payload(ENTRIES)})


def _told_of_objects(judged: Verdict) -> Verdict:
    """What is missing is missing beside the database, and not in a pack."""
    return replace(
        judged,
        findings=tuple(
            replace(f, rule="copy_object_missing")
            if f.rule == "file_missing" and f.subject not in _IN_DATABASE
            else f
            for f in judged.findings
        ),
    )


def _without_objects(judged: Verdict) -> Verdict:
    """Nothing of the files was copied along: that they are missing says nothing against them."""
    missing = {
        f.subject
        for f in judged.findings
        if f.rule == "file_missing" and f.subject not in _IN_DATABASE
    }
    kept = tuple(f for f in judged.findings if f.rule != "file_missing" or f.subject not in missing)
    told = Finding(
        subject="", rule="copy_objects_absent", outcome="unchecked", detail=str(len(missing))
    )
    findings = (*kept, told)
    return replace(judged, verdict=conclude(findings, ("unchecked",)), findings=findings)


def _kin(case: CopiedCase, view: ReadablePack, shelf: Shelf | None) -> Iterator[Verdict]:
    """The copy beside this computer's own case of the same ledger."""
    own = shelf.of_ledger(case.ledger) if shelf is not None else None
    if shelf is None or own is None:
        return
    try:
        mine = shelf.view(own)
        raw = mine.read(payload(ENTRIES), MAX_LEDGER)
    except (Tampered, Refused, Unreadable) as error:
        code = error.code if isinstance(error, HoldfastError) else error.rule
        told = Finding(subject="", rule="copy_own_unread", outcome="unchecked", detail=code)
        yield Verdict(verdict="unchecked", findings=(told,))
        return
    seen = Seen()
    judge_kin(case.leaves, [leaf_hash(body) for body in raw.split(b"\n")[:-1]], seen)
    yield Verdict(verdict=conclude(seen.findings, ("ok",)), findings=tuple(seen.findings))
    for head in head_of("", view):
        yield judge_against(mine, head)


def _named(name: str, verdict: Verdict) -> Verdict:
    """Every finding says which case it is about."""

    def told(finding: Finding) -> Finding:
        if finding.rule in ABOUT_ALL:
            return finding
        if finding.rule.startswith("kept_") and finding.subject:
            # Its subject is the file that somebody kept.
            return replace(finding, detail=f"{name}: {finding.detail}")
        return replace(finding, subject=f"{name}/{finding.subject}" if finding.subject else name)

    return replace(
        verdict,
        findings=tuple(told(finding) for finding in verdict.findings),
        timestamps=tuple(
            replace(seen, subject=f"{name}/{seen.subject}") for seen in verdict.timestamps
        ),
    )
