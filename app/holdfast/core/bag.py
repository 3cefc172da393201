"""A pack as bytes: whether the bag holds exactly what its manifests say, and nothing beside.

``ReadablePack`` is what judging needs of a folder, a ZIP or a case; the adapters that provide it
refuse links, ``..`` and the like themselves and say so in ``troubles``.  Every file is read once
for its digests, whatever its size, and small ones once more for their content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias, runtime_checkable

from holdfast.core.job import Job
from holdfast.core.pack import (
    BAG_DECLARATION,
    BAG_INFO,
    BROWSER_VERIFIER,
    DECLARATION,
    FETCH,
    MANIFEST,
    PAYLOAD,
    README,
    REQUIRED_TAGS,
    SIGNATURE,
    TAG_MANIFEST,
    TAGS,
    VERIFIER,
    read_manifest,
    read_proof_name,
)
from holdfast.core.verdict import Finding, FindingOutcome, TimestampSeen

MAX_MANIFEST = 64 << 20
SMALL_FILE = 64 << 10
"""Up to so many bytes a file is hashed before anything is judged."""


class Unreadable(ValueError):
    """Bytes that cannot be had.  ``rule`` is a key of the catalogues."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule
        self.detail = detail


_Had: TypeAlias = "Mapping[str, bytes] | Unreadable"


class ReadablePack(Protocol):
    """What judging needs of a pack.  Names are relative to the bag's root, ``/`` between parts."""

    def names(self) -> tuple[str, ...]:
        """Every file that may be read, sorted."""
        ...

    def troubles(self) -> tuple[Finding, ...]:
        """What the container itself does that no pack of ours does; such members are not read."""
        ...

    def size(self, name: str) -> int:
        """Bytes.  Raises Unreadable."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """The whole content.  Raises Unreadable, also when it is longer than ``limit``."""
        ...

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        """Digests under hashlib names, read in one pass; ``tick`` is told each block's bytes.

        An algorithm that cannot be had here is left out.  Raises Unreadable.
        """
        ...


@runtime_checkable
class SeveralAtOnce(Protocol):
    """A pack whose files can be hashed on several cores."""

    def each_digest(
        self,
        names: Sequence[str],
        algorithms: Sequence[str],
        tick: Callable[[str, int], None],
    ) -> Generator[tuple[str, _Had], None, None]:
        """As ``digests``, name by name, in no order; the work begins at once, until closed."""
        ...


@dataclass(slots=True, kw_only=True)
class Seen:
    """What has been seen so far, in the order of looking."""

    findings: list[Finding] = field(default_factory=list)
    timestamps: list[TimestampSeen] = field(default_factory=list)

    def say(self, subject: str, rule: str, outcome: FindingOutcome, detail: str = "") -> None:
        """One more finding."""
        self.findings.append(Finding(subject=subject, rule=rule, outcome=outcome, detail=detail))

    def broken(self) -> int:
        """How many findings are broken."""
        return sum(finding.outcome == "broken" for finding in self.findings)


class Contents:
    """The files of a pack with their digests, each read once.

    Small ones are hashed at the start; the others meanwhile, and while what the small ones say is
    judged, so that only who asks for one of them waits for it.
    """

    def __init__(self, pack: ReadablePack, seen: Seen, job: Job, *, sm3: bool) -> None:
        """What cannot be read is broken, said when everything was read, and as good as absent."""
        self._pack, self._seen, self._job, self._beside = pack, seen, job, job.beside()
        self._digests: dict[str, Mapping[str, bytes]] = {}
        self._failed: dict[str, Unreadable] = {}
        self._algorithms = ("sha256", "sm3") if sm3 else ("sha256",)
        self._sizes_by_name = sizes = self._sizes(seen)
        self._total, self._done = sum(sizes.values()), 0
        self._said = False
        several = isinstance(pack, SeveralAtOnce)
        small = {name for name in sizes if several and sizes[name] <= SMALL_FILE}
        self._later = self._hashing(self._in_turn(sizes.keys() - small))
        try:
            # To hand a small one to a thread and back takes longer than to hash it.
            for name, what in _one_by_one(pack, sorted(small), self._algorithms, self._tick):
                self._take(name, what)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Nothing is read any more."""
        self._later.close()

    def _sizes(self, seen: Seen) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for name in self._pack.names():
            try:
                sizes[name] = self._pack.size(name)
            except Unreadable as error:
                seen.say(name, error.rule, "broken", error.detail)
        return sizes

    def _in_turn(self, names: Iterable[str]) -> list[str]:
        """What is judged goes before what is only compared, of which the largest goes first.

        Else judging would wait for all of it, and a large one might be left over at the end.
        """
        paths = (name.removeprefix(PAYLOAD) for name in self._sizes_by_name)
        proofs = (read_proof_name(path) for path in paths)
        dated = {PAYLOAD + proof.subject for proof in proofs if proof is not None}

        def turn(name: str) -> tuple[int, int, str]:
            if name.split("/")[3:4] != ["files"]:
                return 0, 0, name
            return (1, 0, name) if name in dated else (2, -self._sizes_by_name[name], name)

        return sorted(names, key=turn)

    def _tick(self, name: str, count: int) -> None:
        self._done += count
        self._job.step("checking", self._done, self._total, name)

    def _hashing(self, names: Sequence[str]) -> Generator[tuple[str, _Had], None, None]:
        if isinstance(self._pack, SeveralAtOnce):
            return self._pack.each_digest(names, self._algorithms, self._tick)
        return _one_by_one(self._pack, names, self._algorithms, self._tick)

    def _take(self, name: str, what: _Had) -> None:
        if isinstance(what, Unreadable):
            self._failed[name] = what
        else:
            self._digests[name] = what

    def _whole(self) -> None:
        """Everything was read; what could not be is said, in order."""
        if self._said:
            return
        for name, what in self._later:
            self._take(name, what)
        self._said = True
        for name in sorted(self._failed):
            error = self._failed[name]
            self._seen.say(name, error.rule, "broken", error.detail)

    def __contains__(self, name: str) -> bool:
        if name not in self._sizes_by_name:
            return False
        while name not in self._digests and name not in self._failed:
            self._take(*next(self._later))
        return name in self._digests

    @property
    def listed(self) -> tuple[str, ...]:
        """Every file of the pack, also one that may turn out not to be readable."""
        return tuple(self._sizes_by_name)

    @property
    def names(self) -> tuple[str, ...]:
        """Every file that could be read."""
        self._whole()
        return tuple(name for name in self._sizes_by_name if name in self._digests)

    @property
    def sm3_missing(self) -> bool:
        """Whether a digest that was asked for cannot be had here."""
        self._whole()
        wanted = len(self._algorithms)
        return any(len(digests) < wanted for digests in self._digests.values())

    def _had(self, name: str) -> Mapping[str, bytes]:
        if name not in self:
            raise KeyError(name)
        return self._digests[name]

    def size(self, name: str) -> int:
        """Bytes."""
        return self._sizes_by_name[name]

    def sha256(self, name: str) -> str:
        """Lower-case hex.  Raises KeyError for what could not be read."""
        return self._had(name)["sha256"].hex()

    def sm3(self, name: str) -> str | None:
        """Lower-case hex; None when it was not asked for or cannot be had here."""
        value = self._had(name).get("sm3")
        return None if value is None else value.hex()

    def digest(self, name: str, algorithm: str) -> bytes:
        """Any digest, read again if it was not taken on the way.  Raises ValueError."""
        known = self._had(name)
        if algorithm not in known:
            known = {**known, **self._pack.digests(name, (algorithm,), lambda _count: None)}
            self._digests[name] = known
        if algorithm not in known:
            raise ValueError(f"{algorithm} cannot be computed here")
        return known[algorithm]

    def read(self, name: str, limit: int) -> bytes:
        """The content, which is the same that was hashed.  Raises Unreadable."""
        if name not in self:
            raise Unreadable("file_missing")
        # Between two that are read, signatures are computed: whoever wants to stop is heard here.
        self._beside.step("checking")
        data = self._pack.read(name, limit)
        if hashlib.sha256(data).digest() != self._digests[name]["sha256"]:
            raise Unreadable("file_unsteady")
        return data


def _one_by_one(
    pack: ReadablePack,
    names: Sequence[str],
    algorithms: Sequence[str],
    tick: Callable[[str, int], None],
) -> Generator[tuple[str, _Had], None, None]:
    for name in names:
        try:
            yield name, pack.digests(name, algorithms, partial(tick, name))
        except Unreadable as error:
            yield name, error


def judge_bag(contents: Contents, seen: Seen, known_verifiers: frozenset[str]) -> None:
    """Every file is what the bag's manifests say, every one is listed, and no other lies there."""
    if FETCH in contents:
        seen.say(FETCH, "bag_fetch", "broken")
    for name in contents.names:
        if not name.startswith(PAYLOAD) and name not in (*TAGS, FETCH):
            seen.say(name, "file_not_on_record", "broken")
    _declaration(contents, seen)
    before = seen.broken()
    payload = {name for name in contents.names if name.startswith(PAYLOAD)}
    unlisted = (TAG_MANIFEST, SIGNATURE)
    tags = {name for name in contents.names if name in TAGS and name not in unlisted}
    listed = _listed(contents, seen, MANIFEST, payload)
    so_far = seen.broken()
    _listed(contents, seen, TAG_MANIFEST, tags)
    if seen.broken() > so_far:
        # Nothing lists the last list, so it may be the changed one.
        seen.say(TAG_MANIFEST, "bag_tags", "broken")
    for name in REQUIRED_TAGS:
        if name not in contents:
            seen.say(name, "file_missing", "broken")
    if seen.broken() == before:
        seen.say(MANIFEST, "bag_match", "ok", str(len(listed)))
    if README in contents:
        # It is under the signature, which says only that it left like this.
        seen.say(README, "bag_readme", "unchecked")
    for name in (VERIFIER, BROWSER_VERIFIER):
        if name in contents and contents.sha256(name) not in known_verifiers:
            seen.say(name, "pack_verifier_unknown", "weak", contents.sha256(name))


def _declaration(contents: Contents, seen: Seen) -> None:
    if DECLARATION in contents:
        try:
            if contents.read(DECLARATION, 1000) != BAG_DECLARATION:
                seen.say(DECLARATION, "bag_declaration", "broken")
        except Unreadable as error:
            seen.say(DECLARATION, error.rule, "broken", error.detail)
    if BAG_INFO in contents:
        payload = [name for name in contents.names if name.startswith(PAYLOAD)]
        oxum = f"Payload-Oxum: {sum(map(contents.size, payload))}.{len(payload)}"
        try:
            told = contents.read(BAG_INFO, 100_000).decode().split("\n")
        except ValueError as error:
            rule = error.rule if isinstance(error, Unreadable) else "bag_info"
            seen.say(BAG_INFO, rule, "broken")
        else:
            if [line for line in told if line.startswith("Payload-Oxum:")] != [oxum]:
                seen.say(BAG_INFO, "bag_info", "broken", oxum.removeprefix("Payload-Oxum: "))


def _listed(contents: Contents, seen: Seen, manifest: str, present: set[str]) -> Mapping[str, str]:
    """What a manifest lists, compared with what is there."""
    if manifest not in contents:
        return {}
    try:
        listed = read_manifest(contents.read(manifest, MAX_MANIFEST))
    except Unreadable as error:
        seen.say(manifest, error.rule, "broken", error.detail)
        return {}
    except ValueError as error:
        seen.say(manifest, "bag_manifest", "broken", str(error))
        return {}
    for name, sha256 in listed.items():
        if name not in present:
            # A name of the other kind, or one that was never safe to read, is not there either.
            seen.say(name, "file_missing", "broken")
        elif contents.sha256(name) != sha256:
            seen.say(name, "file_changed", "broken", f"{sha256} → {contents.sha256(name)}")
    for name in sorted(present - listed.keys()):
        seen.say(name, "file_not_listed", "broken", manifest)
    return listed
