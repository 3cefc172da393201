"""What a person put before the checker, sorted: a folder into what lies in it, proofs to files.

Links are never followed from within a folder, and a folder ends where the limits say.  Travels in
``verify.pyz`` with ``verify``: only ``holdfast.core`` and the standard library.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from holdfast.core.canonical import one_line
from holdfast.core.job import Job
from holdfast.core.pack import DECLARATION, ENTRIES, MANIFEST, payload
from holdfast.core.timestamp import StampKind
from holdfast.core.verdict import Finding, Verdict

MOST_FILES: Final = 20_000
DEEPEST: Final = 12
MOST_NAMED: Final = 5
"""Files that a finding about many names."""

DATABASE: Final = "holdfast.db"
_MAGIC = b"SQLite format 3\0"

FORMS: Mapping[str, StampKind] = {
    ".ots": "opentimestamps",
    ".tsr": "rfc3161",
    ".tsa": "rfc3161",
}
_CLUTTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx"})
_BESIDE_DATABASE = (".db-wal", ".db-shm", ".db-journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing to be looked at."""

    named: str
    """As the person named it, or where it lies."""
    label: str = ""
    """Its path in the folder that was named; empty for what was named itself."""
    proofs: tuple[Path, ...] = ()
    """Proofs of it that were named together with it, from wherever they lie."""


@dataclass(slots=True)
class Sorted:
    """Everything that is to be looked at, and what the looking for it showed."""

    things: list[Thing] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the looking showed, as one verdict; none where that is nothing."""
        if not self.findings:
            return ()
        return (Verdict(verdict="unchecked", findings=tuple(self.findings)),)


def sort_targets(targets: Sequence[str | Path], job: Job) -> Sorted:
    """Folders that are no pack are opened, and proofs put to the files they are about."""
    found = Sorted()
    for target in targets:
        path = Path(target)
        if _is(path.is_dir) and not is_pack(path) and database_in(path) is None:
            before = len(found.things), len(found.findings)
            _Walk(path, found, job).look()
            if (len(found.things), len(found.findings)) == before:
                found.things.append(Thing(named=str(target)))
        else:
            found.things.append(Thing(named=str(target)))
    found.things = _with_proofs(found.things)
    return found


def is_pack(folder: Path) -> bool:
    """Whether something that lies in every pack lies in the folder."""
    return any(_is((folder / name).is_file) for name in (DECLARATION, MANIFEST, payload(ENTRIES)))


def database_in(folder: Path) -> Path | None:
    """The database of a data folder; None for any other folder."""
    path = folder / DATABASE
    return path if plain_file(path) and is_database(path) else None


def is_database(path: Path) -> bool:
    """Whether a file begins as every SQLite database does."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def _is(asked: object) -> bool:
    try:
        return bool(asked())  # type: ignore[operator] # a method of a path
    except (OSError, ValueError):
        return False


def weight(thing: Thing, job: Job) -> int:
    """About how many bytes looking at a thing reads."""
    found, waiting = 0, [Path(thing.named)]
    while waiting:
        path = waiting.pop()
        try:
            if not path.is_dir():
                found += path.stat().st_size
                continue
            job.step("reading")
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path / entry.name)
                    else:
                        found += entry.stat(follow_symlinks=False).st_size
        except (OSError, ValueError):
            continue
    return found


ABOUT_ALL = frozenset({"world_practice", "digest_sm3_skipped", "digest_sm3_unavailable"})


def labelled(thing: Thing, verdict: Verdict) -> Verdict:
    """Every finding says which of several things it is about."""
    name = Path(thing.named).name
    label = thing.label or one_line(name)

    def named(subject: str) -> str:
        return label if subject in ("", name, label) else f"{label}/{subject}"

    def said(finding: Finding) -> Finding:
        if finding.rule in ABOUT_ALL or finding.rule.startswith("kept_"):
            return finding
        return replace(finding, subject=named(finding.subject))

    return replace(
        verdict,
        findings=tuple(map(said, verdict.findings)),
        timestamps=tuple(replace(seen, subject=named(seen.subject)) for seen in verdict.timestamps),
    )


# --- a folder ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Walk:
    """One folder that is no pack, and everything below it."""

    root: Path
    sorted: Sorted
    job: Job
    seen: int = 0
    links: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    left: bool = False

    def look(self) -> None:
        self._folder(self.root, 0)
        name = one_line(self.root.name)
        for rule, names in (("folder_link", self.links), ("folder_unread", self.unread)):
            if names:
                self._say(name, rule, told(names))
        if self.left:
            self._say(name, "folder_too_many", str(self.seen))

    def _say(self, subject: str, rule: str, detail: str) -> None:
        self.sorted.findings.append(
            Finding(subject=subject, rule=rule, outcome="unchecked", detail=detail)
        )

    def _folder(self, folder: Path, depth: int) -> None:
        self.job.step("reading", detail=folder.name)
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            self.unread.append(self._label(folder))
            return
        for entry in listed:
            if self.seen >= MOST_FILES or depth > DEEPEST:
                self.left = True
                return
            if entry.name.lower() in _CLUTTER or entry.name.startswith("._"):
                continue
            self.seen += 1
            self._entry(entry, folder / entry.name, depth)

    def _entry(self, entry: os.DirEntry[str], path: Path, depth: int) -> None:
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            self.unread.append(self._label(path))
            return
        if entry.is_symlink() or leads_elsewhere(about):
            self.links.append(self._label(path))
        elif stat.S_ISDIR(about.st_mode):
            if is_pack(path) or database_in(path) is not None:
                self._add(path)
            else:
                self._folder(path, depth + 1)
        elif not stat.S_ISREG(about.st_mode):
            self.unread.append(self._label(path))
        elif self._counts(path):
            self._add(path)

    def _counts(self, path: Path) -> bool:
        """Whether a file is looked at for itself: queries and what SQLite leaves are not."""
        name = path.name.lower()
        return path.suffix.lower() != ".tsq" and not name.endswith(_BESIDE_DATABASE)

    def _add(self, path: Path) -> None:
        self.sorted.things.append(Thing(named=str(path), label=self._label(path)))

    def _label(self, path: Path) -> str:
        inside = "" if path == self.root else path.relative_to(self.root).as_posix()
        return one_line(inside) or one_line(path.name)


def leads_elsewhere(about: os.stat_result) -> bool:
    """Whether Windows would lead elsewhere from here (a junction is no symlink to Python 3.11)."""
    return bool(
        getattr(about, "st_file_attributes", 0)
        & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0x400)
    )


def told(names: Sequence[str]) -> str:
    """Many names in one line: how many, and the first of them."""
    first = ", ".join(name[:80] for name in names[:MOST_NAMED])
    return f"{len(names)}: {first}" + (" …" if len(names) > MOST_NAMED else "")


# --- proofs and their files ----------------------------------------------------------------------


def _with_proofs(things: Sequence[Thing]) -> list[Thing]:
    """Proofs that are about a file among the things are looked at with it, and not once more."""
    files: dict[str, list[int]] = {}
    for at, thing in enumerate(things):
        path = Path(thing.named)
        if path.suffix.lower() not in FORMS and _is(path.is_file):
            files.setdefault(path.name, []).append(at)
    found: list[Thing | None] = list(things)
    for at, thing in enumerate(things):
        path = Path(thing.named)
        if path.suffix.lower() not in FORMS or not _is(path.is_file):
            continue
        owner = _owner(path, files, things)
        mine = found[owner] if owner is not None else None
        if owner is None or mine is None:
            continue
        # What was found in a folder is not searched for once more: there may be thousands.
        if mine.label or path.absolute() not in beside(Path(mine.named)):
            found[owner] = replace(mine, proofs=(*mine.proofs, path))
        found[at] = None
    return [thing for thing in found if thing is not None]


def _owner(proof: Path, files: Mapping[str, Sequence[int]], things: Sequence[Thing]) -> int | None:
    """Which of the things a proof is about: its own file where that is one, else one so named."""
    subject = subject_of(proof)
    for name in _names(proof):
        named = files.get(name, ())
        for at in named:
            if subject is not None and Path(things[at].named).absolute() == subject:
                return at
        if subject is None and len(named) == 1:
            return named[0]
    return None


def _names(proof: Path) -> Iterator[str]:
    """Names of files that a proof may be about: F.ots, F.tsr, F.tsa, F.<tsa>.tsr."""
    once = Path(proof.name).with_suffix("")
    yield once.name
    if proof.suffix.lower() == ".tsr" and once.suffix:
        yield once.with_suffix("").name


def beside(path: Path) -> tuple[Path, ...]:
    """The proofs of a file: F.ots, F.tsr, F.tsa, F.<tsa>.tsr beside it, or below ``proofs``."""
    found = []
    for folder, name in _proof_places(path):
        try:
            listed = [] if folder.is_symlink() else sorted(folder.iterdir())
        except OSError:
            continue
        for one in listed:
            middle = one.name[len(name) : -len(one.suffix)] if one.suffix else ""
            if one.name.startswith(f"{name}.") and one.suffix.lower() in FORMS and plain_file(one):
                # F.<tsa>.tsr; "F.txt.ots" is a proof of F.txt and not of F.
                plain = not middle or (one.suffix.lower() == ".tsr" and middle.count(".") == 1)
                if plain:
                    found.append(one)
    return tuple(found)


def _proof_places(path: Path) -> tuple[tuple[Path, str], ...]:
    """Folder and file name under which proofs of ``path`` may lie: beside, or as in a pack."""
    path = path.absolute()
    places = [(path.parent, path.name)]
    if path.name == "capture.json":
        places.append((path.parent / "proofs", path.name))
    parts = path.parts
    for at in range(len(parts) - 2, 0, -1):
        if parts[at] == "files":
            places.append((Path(*parts[:at], "proofs", *parts[at:-1]), path.name))
            break
    return tuple(places)


def subject_of(proof: Path) -> Path | None:
    """The file that a proof is about, where it lies beside it or above its ``proofs`` folder."""
    proof = proof.absolute()
    once = proof.with_suffix("")
    candidates = [once]
    if proof.suffix.lower() == ".tsr" and once.suffix:
        candidates.append(once.with_suffix(""))
    for candidate in tuple(candidates):
        parts = candidate.parts
        if "proofs" in parts:
            at = len(parts) - 1 - parts[::-1].index("proofs")
            candidates.append(Path(*parts[:at], *parts[at + 1 :]))
    return next((one for one in candidates if plain_file(one) and _at_home(one, proof)), None)


def plain_file(path: Path) -> bool:
    """Whether it is an ordinary file itself, and no link to one; one that cannot be seen is not."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _at_home(subject: Path, proof: Path) -> bool:
    """Whether no link on the way leads a proof's file away from where the proof lies."""
    parts = proof.parts
    top = Path(*parts[: parts.index("proofs")]) if "proofs" in parts else proof.parent
    return subject.resolve().is_relative_to(top.resolve())
