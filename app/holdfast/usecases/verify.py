"""Verify: a case, a pack, a file with its proofs, a lone proof, an issued document, a copied
database, or a folder of all these.

What is looked at comes from the person; what it is held against is ours: pinned roots, our own
checkpoint table, our own code.  Nothing in a target is ever run.  Only ``holdfast.core`` and the
standard library are imported at run time, because this travels in ``verify.pyz``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.core.bag import ReadablePack, Unreadable
from holdfast.core.bitcoin import MAX_HEADERS_FILE, BadHeader, CheckpointTable, parse_headers
from holdfast.core.canonical import one_line
from holdfast.core.certificates import fingerprints
from holdfast.core.drand import DrandChain
from holdfast.core.enclosed import enclosed_heads, judge_enclosed, rehearsed
from holdfast.core.errors import Refused, Tampered
from holdfast.core.growth import Kept
from holdfast.core.job import Job, Span
from holdfast.core.judge import LooseProof, judge_case, judge_file, judge_pack
from holdfast.core.pack import DECLARATION, ENTRIES, MANIFEST, payload
from holdfast.core.revocation import Holds
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, Verdict, conclude, together
from holdfast.core.witness import MAX_PROOF, Checker, Terms
from holdfast.usecases.kept import about_kept, head_of, judge_against, judge_remains, sort_kept
from holdfast.usecases.targets import (
    FORMS,
    Thing,
    beside,
    database_in,
    is_database,
    is_pack,
    labelled,
    plain_file,
    sort_targets,
    subject_of,
    told,
    weight,
)

if TYPE_CHECKING:
    from holdfast.core.case import Case
    from holdfast.core.ledger import Ref

MAX_PEM = 1 << 20

_MARKS = {DECLARATION, MANIFEST, payload(ENTRIES)}
"""What lies in every pack; where none of it does, there is no pack to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person said beside the targets."""

    headers: Path | None = None
    root: Path | None = None
    chain: Path | None = None
    all_digests: bool = False
    practice: bool = False
    heads: tuple[str, ...] = ()
    """Heads as documents print them, ``27:`` and 64 hexadecimal digits, to be held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything a target is held against, and how bytes are had."""

    checkers: tuple[Checker, ...]
    table: CheckpointTable
    roots: tuple[bytes, ...]
    """Pinned roots, PEM."""
    known_verifiers: Callable[[], frozenset[str]]
    open_pack: Callable[[Path], AbstractContextManager[ReadablePack]]
    """Raises Unreadable for what is no pack."""
    digests: Callable[[Path, Sequence[str], Callable[[int], None]], Mapping[str, bytes]]
    """Digests of a plain file under hashlib names.  Raises OSError."""
    attachments: Callable[[Path], Mapping[str, bytes]] | None = None
    """What a PDF carries inside, by name; None where that cannot be looked at."""
    now: str = ""
    """RFC 3339; empty where the clock is not to be consulted."""
    ask: Callable[[int], Iterable[tuple[str, int, bytes]]] | None = None
    """(operator, height, header) at and around a height of the real chain; None: ask nobody."""
    beacons: tuple[DrandChain, ...] = ()
    """Pinned chains of signed rounds."""
    signed: Callable[[DrandChain, int, bytes], bool] | None = None
    """Whether a signature is a chain's of a round; None where that cannot be computed."""
    home: Path | None = None
    """The pack that the checker itself lies in: what a kept head is held against."""
    holds: Holds | None = None
    """Whether a signature on a revocation list holds; None where that cannot be computed."""
    copies: Callable[[Path, Terms, Job], Verdict | None] | None = None
    """Judges a copied database, None where it is none of ours; None where nobody here can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """This computer's own cases, where there are any."""

    find: Callable[[str], Case | None]
    """By number, id or unique prefix."""
    view: Callable[[Case], ReadablePack]
    """A case as it would lie in a pack."""
    issued: Callable[[str], tuple[Case, Ref] | None]
    """The case and the ref of the document with this SHA-256."""
    of_ledger: Callable[[str], Case | None] = lambda _ledger: None
    """The case that owns the ledger of that id."""
    heads: Callable[[Case], Iterable[bytes]] = lambda _case: ()
    """Checkpoint files of a case that lie in the vault, whatever the database says of them."""
    kept: Callable[[str], tuple[Case, str] | None] = lambda _sha256: None
    """The case of an exhibit's file with this SHA-256, and which exhibit and file it is."""
    cases: Callable[[], Sequence[Case]] = lambda: ()
    """Every case, oldest first."""
    database: Path | None = None
    """Where they are written down."""


def verify(
    targets: Sequence[str | Path],
    options: Options,
    *,
    bench: Bench,
    job: Job,
    shelf: Shelf | None = None,
) -> Verdict:
    """Everything that was found about every target, and the worst verdict.

    Raises Refused for a target that is not there or has nothing that could be checked.
    """
    if not targets:
        raise Refused("verify_nothing")
    found = sort_targets(targets, job)
    by_name = {thing.named: thing for thing in found.things}
    sorting = sort_kept(list(by_name), options.heads)
    terms = replace(_terms(options, bench), kept=sorting.kept)
    rest = sorting.rest
    if by_name and not rest:
        rest = tuple(_where_kept(sorting.kept, bench, shelf))
    things = [by_name.get(named, Thing(named=named)) for named in rest]
    verdicts = _each(things, bench, terms, shelf, job)
    return together((*verdicts, *found.verdicts(), *about_kept(sorting, verdicts)))


def _each(
    things: Sequence[Thing], bench: Bench, terms: Terms, shelf: Shelf | None, job: Job
) -> list[Verdict]:
    """Each thing judged; what a folder holds that nothing speaks of is told in one sentence."""
    if len(things) == 1 and not things[0].label:
        return [_Target(things[0], bench, terms, shelf, job).verdict()]
    span = Span(job, sum(weight(thing, job) for thing in things))
    verdicts, unknown = [], []
    for thing in things:
        judged = _Target(thing, bench, terms, shelf, span.part()).judged()
        if judged is None:
            unknown.append(thing.label)
        else:
            verdicts.append(labelled(thing, judged))
    if unknown:
        finding = Finding(
            subject="", rule="folder_unknown", outcome="unchecked", detail=told(unknown)
        )
        verdicts.append(Verdict(verdict="unchecked", findings=(finding,)))
    return verdicts


def _where_kept(kept: Sequence[Kept], bench: Bench, shelf: Shelf | None) -> list[str]:
    """What heads are held against when nothing else was named: our cases, or the pack around us."""
    found = []
    for one in kept:
        case = shelf.of_ledger(one.origin.rpartition("/")[2]) if shelf and one.origin else None
        if case is not None:
            found.append(case.id)
    if not found and bench.home is not None:
        found.append(str(bench.home))
    return list(dict.fromkeys(found))


def _terms(options: Options, bench: Bench) -> Terms:
    roots, named = bench.roots, False
    if options.root is not None:
        roots, named = (certificates_file(options.root),), True
    chain = b"" if options.chain is None else certificates_file(options.chain)
    lent = ProofHelp(
        roots=roots,
        named_root=named,
        chain=chain,
        practice=options.practice,
        now=bench.now,
    )
    if options.headers is not None:
        lent = _with_headers(lent, options.headers, bench.table)
    return Terms(
        checkers=bench.checkers,
        table=bench.table,
        help=lent,
        known_verifiers=bench.known_verifiers,
        all_digests=options.all_digests,
        ask=bench.ask,
        beacons=bench.beacons,
        signed=bench.signed,
        holds=bench.holds,
    )


def certificates_file(path: Path) -> bytes:
    """A PEM or DER file the person named.  Raises Refused."""
    raw = small_file(path, MAX_PEM)
    try:
        fingerprints(raw)
    except ValueError as error:
        raise Refused("certificates_unreadable", name=path.name) from error
    return raw


def _with_headers(lent: ProofHelp, path: Path, table: CheckpointTable) -> ProofHelp:
    try:
        found = parse_headers(small_file(path, MAX_HEADERS_FILE), table)
    except BadHeader as error:
        raise Refused("headers_unreadable", name=path.name, reason=str(error)) from error
    return replace(
        lent,
        headers=tuple((path.name, height, raw) for height, raw in found.headers),
        header_run=found.run,
    )


def small_file(path: Path, limit: int) -> bytes:
    """The content of a file the person named.  Raises Refused."""
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError as error:
        raise Refused("verify_missing", target=one_line(str(path))[:200]) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refused("verify_unreadable", name=path.name, reason=reason) from error
    if len(raw) > limit:
        raise Refused("verify_too_large", name=path.name, limit=limit)
    return raw


@dataclass(frozen=True, slots=True)
class _Target:
    """One thing to be looked at."""

    thing: Thing
    bench: Bench
    terms: Terms
    shelf: Shelf | None
    job: Job

    def verdict(self) -> Verdict:
        """Raises Refused."""
        named = self.thing.named
        path = Path(named)
        try:
            there = path.exists() or path.is_symlink()
            hidden = None
        except (OSError, ValueError) as error:
            there, hidden = False, error
        if there:
            return self._path(path)
        case = self.shelf.find(named) if self.shelf is not None else None
        if case is not None and self.shelf is not None:
            return self._case(case, self.shelf)
        if isinstance(hidden, PermissionError):
            # It may well be there.
            reason = hidden.strerror or type(hidden).__name__
            raise Refused("verify_unreadable", name=path.name, reason=reason)
        raise Refused("verify_missing", target=one_line(named)[:200])

    def judged(self) -> Verdict | None:
        """As ``verdict``; out of a folder, None for a file that nothing here speaks of, and a
        finding for one that cannot be looked at.
        """
        if not self.thing.label:
            return self.verdict()
        try:
            verdict = self.verdict()
        except Refused as refusal:
            if refusal.code == "verify_no_pack":
                return None
            rule, detail = "folder_refused", str(refusal.facts.get("reason", "")) or refusal.code
            if refusal.code == "verify_pack_deeper":
                rule, detail = "pack_deeper", str(refusal.facts["folder"])
            finding = Finding(subject="", rule=rule, outcome="unchecked", detail=detail)
            return Verdict(verdict="unchecked", findings=(finding,))
        rules = {finding.rule for finding in verdict.findings}
        return None if rules <= _UNKNOWN else verdict

    def _case(self, case: Case, shelf: Shelf) -> Verdict:
        try:
            view = shelf.view(case)
            judged = judge_case(view, self.terms, self.job)
            return together((judged, judge_remains(view, shelf.heads(case))))
        except Tampered as error:
            told = Finding(
                subject=case.number, rule="case_damaged", outcome="broken", detail=str(error)
            )
            return Verdict(verdict="broken", findings=(told,), recorded=True)

    def _path(self, path: Path) -> Verdict:
        if path.is_dir():
            return self._folder(path)
        if not path.is_file():
            raise Refused("verify_no_file", name=path.name)
        if path.suffix.lower() in FORMS:
            return self._proof(path)
        proofs = () if self.thing.label else beside(path)
        if proofs := (*proofs, *self.thing.proofs):
            return self._file(path, proofs)
        with suppress(Unreadable):
            if (known := self._within(path)) is not None:
                return known
        if self.shelf is not None and (known := self._on_record(path, self.shelf)) is not None:
            return known
        if _is_packed(path):
            return self._pack(path)
        if path.suffix.lower() == ".pdf":
            return self._stray_document(path)
        if self.shelf is None:
            finding = Finding(subject=path.name, rule="proof_absent", outcome="unchecked")
        else:
            finding = Finding(
                subject=path.name,
                rule="file_unknown",
                outcome="unchecked",
                detail=str(len(self.shelf.cases())),
            )
        return Verdict(verdict="unchecked", findings=(finding,))

    def _within(self, path: Path) -> Verdict | None:
        """What is in a copied database or a packed pack; None for any other file.

        Raises Unreadable for a ZIP that cannot be opened here.
        """
        if is_database(path) and (known := self._database(path)) is not None:
            return known
        return self._marked(path) if _is_packed(path) else None

    def _folder(self, path: Path) -> Verdict:
        """A pack's own folder, or a data folder; any other was opened before, and was empty."""
        if is_pack(path):
            return self._pack(path)
        database = database_in(path)
        if database is None:
            raise Refused("verify_empty", name=one_line(path.name)[:200])
        verdict = self._database(database)
        if verdict is None:
            raise Refused("verify_no_pack", name=path.name)
        return verdict

    def _database(self, path: Path) -> Verdict | None:
        """A copied database; None where it is another program's."""
        if self.shelf is not None and self._is_own(path, self.shelf):
            return self._own_database(path, self.shelf)
        if self.bench.copies is None:
            finding = Finding(subject=path.name, rule="copy_elsewhere", outcome="unchecked")
            return Verdict(verdict="unchecked", findings=(finding,))
        return self.bench.copies(path, self.terms, self.job)

    @staticmethod
    def _is_own(path: Path, shelf: Shelf) -> bool:
        try:
            return shelf.database is not None and path.samefile(shelf.database)
        except OSError:
            return False

    def _own_database(self, path: Path, shelf: Shelf) -> Verdict:
        """No copy at all: this computer's own cases, each as it stands."""
        cases = shelf.cases()
        finding = Finding(
            subject=path.name, rule="copy_is_own", outcome="ok", detail=str(len(cases))
        )
        own = Verdict(
            verdict="ok" if cases else "unchecked", findings=(finding,), recorded=bool(cases)
        )
        things = [Thing(named=case.id, label=case.number) for case in cases]
        each = [
            labelled(thing, self._case(case, shelf))
            for thing, case in zip(things, cases, strict=True)
        ]
        return together((own, *each))

    def _stray_document(self, path: Path) -> Verdict:
        """A PDF that no record here speaks of: what it carries is judged, itself it is not."""
        told = Finding(subject=path.name, rule="document_unknown", outcome="unchecked")
        inside = self._inside(path)
        about = [
            judge_file(name, _digest_of(data), proofs, self.terms)
            for name, data in inside.items()
            if (proofs := _enclosed(name, inside))
        ]
        seen = judge_enclosed(inside)
        if rehearsed(inside):
            counts: FindingOutcome = "ok" if self.terms.help.practice else "unchecked"
            seen = (Finding(subject="", rule="world_practice", outcome=counts), *seen)
        if seen:
            about.append(Verdict(verdict=conclude(seen, ("ok",)), findings=seen, recorded=True))
        about += self._held(*enclosed_heads(path.name, inside))
        return together((Verdict(verdict="unchecked", findings=(told,)), *about))

    def _inside(self, path: Path) -> Mapping[str, bytes]:
        if self.bench.attachments is None or path.suffix.lower() != ".pdf":
            return {}
        return self.bench.attachments(path)

    def _held(self, *kept: Kept) -> list[Verdict]:
        """Heads that came with something, held against this computer's own case of that ledger."""
        if self.shelf is None:
            return []
        found = []
        for one in kept:
            case = self.shelf.of_ledger(one.origin.rpartition("/")[2])
            if case is not None:
                found.append(judge_against(self.shelf.view(case), one))
        return found

    def _marked(self, path: Path) -> Verdict | None:
        """What a ZIP shows that bears the marks of a pack, also among what may not be read.

        Opened once, for that takes long.  Raises Unreadable where it cannot be, and where the pack
        lies in a folder further down.
        """
        with self.bench.open_pack(path) as pack:
            if deeper := _deeper(pack):
                raise Unreadable("pack_deeper", deeper)
            names = {*pack.names(), *(trouble.subject for trouble in pack.troubles())}
            return self._judged(path, pack) if any(map(_marks, names)) else None

    def _pack(self, path: Path) -> Verdict:
        try:
            with self.bench.open_pack(path) as pack:
                if deeper := _deeper(pack):
                    raise Refused("verify_pack_deeper", name=path.name, folder=deeper)
                if not _is_hostile(pack) and not _MARKS & set(pack.names()):
                    raise Refused("verify_no_pack", name=path.name)
                return self._judged(path, pack)
        except Unreadable as error:
            return _unreadable(path, error)

    def _judged(self, path: Path, pack: ReadablePack) -> Verdict:
        try:
            judged = judge_pack(pack, self.terms, self.job)
            return together((judged, *self._held(*head_of(path.name, pack))))
        except Unreadable as error:
            return _unreadable(path, error)

    def _proof(self, path: Path) -> Verdict:
        """A proof that was named itself: judged about its file if that lies where it should."""
        subject = subject_of(path)
        if subject is not None:
            return self._file(subject, (path,))
        return judge_file(path.name, None, (_loose(path),), self.terms)

    def _file(self, path: Path, proofs: Sequence[Path]) -> Verdict:
        known: dict[str, bytes] = {}

        def digest(algorithm: str) -> bytes:
            if algorithm not in known:
                known.update(self._digests(path, (algorithm,)))
            if algorithm not in known:
                raise ValueError(f"{algorithm} cannot be computed here")
            return known[algorithm]

        loose = tuple(_loose(proof) for proof in proofs)
        about = judge_file(path.name, digest, loose, self.terms)
        # That a pack existed by then says nothing about what is in it.
        try:
            inside = self._within(path)
        except Unreadable as error:
            # Another program may open it all the same.
            told = Finding(
                subject=path.name, rule=error.rule, outcome="unchecked", detail=error.detail
            )
            inside = Verdict(verdict="unchecked", findings=(told,))
        return about if inside is None else together((inside, about))

    def _digests(self, path: Path, algorithms: Sequence[str]) -> Mapping[str, bytes]:
        size, done = path.stat().st_size, 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            self.job.step("checking", done, size, path.name)

        try:
            return self.bench.digests(path, algorithms, tick)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("verify_unreadable", name=path.name, reason=reason) from error

    def _on_record(self, path: Path, shelf: Shelf) -> Verdict | None:
        """A document or an exhibit's file that a ledger here speaks of, together with its case."""
        sha256 = self._digests(path, ("sha256",))["sha256"].hex()
        rule, found = "document_on_record", shelf.issued(sha256)
        if found is not None:
            case, where = found[0], found[1].path.rpartition("/")[2]
        else:
            rule, kept = "file_on_record", shelf.kept(sha256)
            if kept is None:
                return None
            case, where = kept
        finding = Finding(
            subject=path.name, rule=rule, outcome="ok", detail=f"{case.number}, {where}"
        )
        about = together(
            (
                self._case(case, shelf),
                *self._held(*enclosed_heads(path.name, self._inside(path))),
            )
        )
        first = Verdict(verdict="ok", findings=(finding,))
        return replace(about, findings=together((first, about)).findings)


def _digest_of(data: bytes) -> Callable[[str], bytes]:
    """Each digest is computed once, however many proofs there are about it."""

    @cache
    def digest(algorithm: str) -> bytes:
        return hashlib.new(algorithm, data, usedforsecurity=False).digest()

    return digest


def _enclosed(name: str, inside: Mapping[str, bytes]) -> tuple[LooseProof, ...]:
    """The proofs of one attachment among the others: F.ots and F.<tsa>.tsr."""
    found = []
    for other, raw in inside.items():
        ending = other.removeprefix(f"{name}.")
        kind = FORMS.get(f".{ending.rpartition('.')[2]}")
        if other != ending and kind is not None and len(raw) <= MAX_PROOF:
            found.append(LooseProof(name=other, kind=kind, raw=raw))
    return tuple(found)


_UNKNOWN = frozenset({"proof_absent", "file_unknown"})
"""Rules of a file that nothing here speaks of."""


def _marks(name: str) -> bool:
    """Whether a name is of what lies in every pack, in whatever folder."""
    return name in _MARKS or name.endswith(tuple(f"/{mark}" for mark in _MARKS))


def _is_hostile(pack: ReadablePack) -> bool:
    """Whether the container does what no pack of ours does."""
    return any(trouble.outcome == "broken" for trouble in pack.troubles())


def _deeper(pack: ReadablePack) -> str:
    """The folder that a pack lies in which is not the one that was given; empty for none."""
    names = pack.names()
    if _is_hostile(pack) or _MARKS & set(names):
        return ""
    marks = ((name, f"/{mark}") for name in names for mark in _MARKS)
    return next((name.removesuffix(mark) for name, mark in marks if name.endswith(mark)), "")


def _unreadable(path: Path, error: Unreadable) -> Verdict:
    told = Finding(subject=path.name, rule=error.rule, outcome="broken", detail=error.detail)
    # What cannot be opened at all was held against no record.
    recorded = error.rule != "pack_unreadable"
    return Verdict(verdict="broken", findings=(told,), recorded=recorded)


def _is_packed(path: Path) -> bool:
    """Whether a file is a ZIP by its name or by how it begins."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _loose(path: Path) -> LooseProof:
    kind = FORMS[path.suffix.lower()]
    query = path.with_suffix(".tsq")
    return LooseProof(
        name=path.name,
        kind=kind,
        raw=small_file(path, MAX_PROOF),
        query=small_file(query, MAX_PROOF) if kind == "rfc3161" and plain_file(query) else None,
    )
