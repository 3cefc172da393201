"""The outside witnesses in a pack: each proof judged about its own subject, and what it dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from holdfast.core import practice
from holdfast.core.bag import Contents, Seen, Unreadable
from holdfast.core.bitcoin import (
    HEADER_SIZE,
    MAX_HEADERS_FILE,
    BadHeader,
    CheckpointTable,
    link,
)
from holdfast.core.certificates import fingerprint, fingerprints, read_pem
from holdfast.core.drand import DrandChain
from holdfast.core.evidence import World
from holdfast.core.growth import Kept
from holdfast.core.job import Job
from holdfast.core.lifetime import until
from holdfast.core.opentimestamps import MalformedProof, read_proof
from holdfast.core.pack import (
    IMPORTED,
    PAYLOAD,
    ProofForm,
    ProofName,
    chain_path,
    payload,
    proof_path,
    read_certificates_path,
    read_checkpoint_path,
    read_headers_path,
    read_proof_name,
    read_revocation_path,
    root_path,
    standing,
)
from holdfast.core.record import Record, Sealed
from holdfast.core.revocation import Holds
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, TimestampSeen
from holdfast.core.withdrawn import Withdrawals

MAX_PROOF = 1 << 20
MAX_CERTIFICATES = 1 << 20
MAX_RUNS = 16
"""Header runs of one pack: ours have one, and every proof is tried with each."""

_ABOUT_QUERY = frozenset({"token_query", "token_nonce", "token_policy", "query_not_der"})

DATES = frozenset({"confirmed", "one_source", "simulated"})
"""States in which a witness says a time."""


class Checker(Protocol):
    """Judges proofs of one protocol; ``ports.ProofChecker`` in core's own words."""

    @property
    def id(self) -> str:
        """A StampKind."""
        ...

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """What the proof shows about ``subject``; never raises for bad proofs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what a pack is judged: our own roots, table and checkers, never what it brings."""

    checkers: tuple[Checker, ...]
    table: CheckpointTable
    help: ProofHelp = field(default_factory=ProofHelp)
    """``roots`` are pinned or named by the person; ``header_run`` is the person's own."""
    known_verifiers: Callable[[], frozenset[str]] = frozenset
    """SHA-256 of every verify.pyz and verify.html that a release of ours put into packs."""
    all_digests: bool = False
    ask: Callable[[int], Iterable[tuple[str, int, bytes]]] | None = field(default=None, repr=False)
    """(operator, height, header) at and around a height, from whoever shows the chain; None where
    nobody may be asked."""
    beacons: tuple[DrandChain, ...] = ()
    """The real world's chains of rounds that are pinned; the practice one is always known."""
    signed: Callable[[DrandChain, int, bytes], bool] | None = field(default=None, repr=False)
    """Whether a round's signature is its chain's; None where pairings cannot be computed."""
    kept: tuple[Kept, ...] = ()
    """Heads that somebody kept, to be held against whatever is of their ledger."""
    holds: Holds | None = None
    """Whether a signature on a revocation list holds; None where nothing can compute it."""

    def checker(self, kind: str) -> Checker:
        """The checker of one protocol.  Raises KeyError."""
        return {checker.id: checker for checker in self.checkers}[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """What one witness says about one subject, by path below ``data/``."""

    path: str
    status: str
    time: str | None
    kind: str = ""
    """A StampKind."""
    name: str = ""
    """Of the proof, in the bag."""
    proof: str = ""
    """SHA-256 of the proof."""
    until: str | None = None
    """When the first certificate behind it ends; None for what leans on none."""
    lapsed: bool = False
    """It has ended, and nothing shows that the proof existed before."""


def judge_witnesses(
    contents: Contents, record: Record, terms: Terms, seen: Seen, job: Job
) -> tuple[Dated, ...]:
    """Every proof, chain and header run in the pack judged; what they date.

    A proof speaks about a file that is on record or a checkpoint of this ledger.  Whatever ends in
    another world than the ledger's is broken.
    """
    witnesses = _Witnesses(contents, record, terms, seen)
    runs = witnesses.header_runs()
    witnesses.certificates()
    witnesses.revocations()
    witnesses.absent()
    found = []
    proofs = witnesses.proofs()
    for done, (name, proof) in enumerate(proofs):
        job.step("checking_proofs", done, len(proofs), name)
        if (dated := witnesses.weigh(name, proof, runs)) is not None:
            found.append(dated)
    witnesses.withdrawals.conclude(seen)
    return tuple(found)


_WITNESSES = frozenset({"headers", "certificates", "revocation", "proof"})


@dataclass(slots=True)
class _Witnesses:
    contents: Contents
    record: Record
    terms: Terms
    seen: Seen
    withdrawals: Withdrawals = field(default_factory=Withdrawals)
    standings: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """(name, path) of what witnesses consist of, by standing."""
    named: list[tuple[str, ProofName]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.contents.listed:
            path = name.removeprefix(PAYLOAD)
            kind = standing(path, self.record.recorded) if path != name else "stranger"
            if kind in _WITNESSES and name in self.contents:
                self.standings.setdefault(kind, []).append((name, path))
        named = ((name, read_proof_name(path)) for name, path in self._of("proof"))
        self.named = [(name, proof) for name, proof in named if proof is not None]

    def _of(self, kind: str) -> Sequence[tuple[str, str]]:
        """(name, path) of the payload files of one standing."""
        return self.standings.get(kind, ())

    def _read(self, name: str, limit: int) -> bytes | None:
        try:
            return self.contents.read(name, limit)
        except Unreadable as error:
            self.seen.say(name, error.rule, "broken", error.detail)
            return None

    # --- what proofs lean on ---------------------------------------------------------------------

    def header_runs(self) -> tuple[tuple[int, bytes], ...]:
        """The pack's own runs that hold together, each linked to a checkpoint or said not to be."""
        runs: list[tuple[int, bytes]] = []
        for name, path in self._of("headers"):
            if len(runs) == MAX_RUNS:
                self.seen.say(name, "headers_broken", "broken", f"> {MAX_RUNS}")
                continue
            first, last = read_headers_path(path) or (0, 0)
            raw = self._read(name, MAX_HEADERS_FILE)
            if raw is None:
                continue
            if len(raw) != (last - first + 1) * HEADER_SIZE:
                self.seen.say(name, "headers_size", "broken", str(len(raw)))
                continue
            try:
                linked = link(first, raw, self.terms.table)
            except BadHeader as error:
                self.seen.say(name, "headers_broken", "broken", str(error))
                continue
            if linked is None:
                self.seen.say(name, "headers_unlinked", "unchecked", f"{first}–{last}")
            elif (linked.network == "practice") != (self.record.world == "practice"):
                self.seen.say(name, "world_mixed", "broken", linked.network)
            else:
                self.seen.say(name, "headers_linked", "ok", f"{first}–{linked.last}")
                if linked.last < last:
                    rest = f"{linked.last + 1}–{last}"
                    self.seen.say(name, "headers_unlinked", "unchecked", rest)
            runs.append((first, raw))
        return tuple(runs)

    def certificates(self) -> None:
        """Chains and roots can be read and belong to a token that is there."""
        used = {proof.authority for _, proof in self.proofs()}
        for name, path in self._of("certificates"):
            authority, what = read_certificates_path(path) or ("", "")
            if not self._as_exported(name, path, authority, used):
                continue
            raw = self._read(name, MAX_CERTIFICATES)
            if raw is None:
                continue
            try:
                found = [fingerprint(der) for der in read_pem(raw)]
            except ValueError as error:
                self.seen.say(name, "certificates_malformed", "broken", str(error))
                continue
            if what == "root":
                self._root(name, authority, found)

    def _as_exported(self, name: str, path: str, authority: str, used: set[str]) -> bool:
        """Whether it is what the export line names, for an authority whose token is there."""
        if authority not in used:
            self.seen.say(name, "file_not_on_record", "broken")
            return False
        now = self.contents.sha256(name)
        listed = self.record.certificates.get(path, now)
        if listed != now:
            self.seen.say(name, "file_changed", "broken", f"{listed} → {now}")
            return False
        return True

    def revocations(self) -> None:
        """Lists and answers count when somebody in their authority's chain signed them."""
        used: dict[str, list[str]] = {}
        beside: dict[str, tuple[list[bytes], list[bytes]]] = {}
        for name, proof in self.proofs():
            if proof.form == "tsr":
                used.setdefault(proof.authority, []).append(name)
        for name, path in self._of("revocation"):
            authority = read_revocation_path(path) or ""
            if not self._as_exported(name, path, authority, set(used)):
                continue
            if (raw := self._read(name, MAX_CERTIFICATES)) is not None:
                if authority not in beside:
                    pems = [self._optional(path(authority)) for path in (chain_path, root_path)]
                    tokens = [self._read(token, MAX_PROOF) or b"" for token in used[authority]]
                    beside[authority] = pems, tokens
                rule, outcome, detail = self.withdrawals.add(
                    authority, raw, beside[authority], self.terms.holds
                )
                if rule:
                    self.seen.say(name, rule, outcome, detail)

    def _root(self, name: str, authority: str, found: Sequence[str]) -> None:
        """Whether a root that the pack brings is one we know; being there earns it no trust."""
        if len(found) != 1:
            self.seen.say(name, "certificates_malformed", "broken", str(len(found)))
            return
        if found[0] in practice.ROOT_FINGERPRINTS:
            if self.record.world != "practice":
                self.seen.say(name, "world_mixed", "broken", found[0])
        elif found[0] not in self._pinned():
            named = authority.startswith(IMPORTED)
            rule = "certificates_root_named" if named else "certificates_root_unknown"
            self.seen.say(name, rule, "unchecked", found[0])

    def _pinned(self) -> frozenset[str]:
        return frozenset(mark for pem in self.terms.help.roots for mark in fingerprints(pem))

    def absent(self) -> None:
        """Whatever the record says was confirmed or exported is still there."""
        wanted = set(self.record.certificates)
        for subject, kind, authority in self.record.proofs:
            form: ProofForm = "ots" if kind == "opentimestamps" else "tsr"
            wanted.add(proof_path(subject, form, authority))
        for path in sorted(wanted):
            if payload(path) not in self.contents:
                self.seen.say(payload(path), "file_missing", "broken")

    # --- proofs ----------------------------------------------------------------------------------

    def proofs(self) -> Sequence[tuple[str, ProofName]]:
        """Every proof file, with what its name says."""
        return self.named

    def weigh(self, name: str, proof: ProofName, runs: Sequence[tuple[int, bytes]]) -> Dated | None:
        """What one proof file is worth, said; None when it dates nothing."""
        if not self._has_subject(name, proof) or proof.form == "tsq":
            return None
        if not self._as_confirmed(name, proof):
            return None
        raw = self._read(name, MAX_PROOF)
        if raw is None:
            return None
        stamp, findings = self._check(name, proof, raw, runs)
        stamp = as_rehearsed(stamp)
        self.seen.findings.extend(findings)
        self._blame_query(proof, findings)
        self.seen.timestamps.append(replace(stamp, subject=payload(proof.subject)))
        if _contradicts(stamp, self.record.world):
            self.seen.say(name, "world_mixed", "broken", stamp.network)
            return None
        if stamp.status not in DATES:
            return None
        return Dated(
            path=proof.subject,
            status=stamp.status,
            time=stamp.time,
            kind=proof.kind,
            name=name,
            proof=self.contents.sha256(name),
            until=until(stamp.path),
        )

    def _has_subject(self, name: str, proof: ProofName) -> bool:
        """Whether the proof speaks of something that may be dated; said when it does not."""
        subject = payload(proof.subject)
        if proof.subject in self.record.recorded or proof.subject in self.record.checkpoints:
            token = payload(proof_path(proof.subject, "tsr", proof.authority))
            if proof.form != "tsq" or token in self.contents:
                # About bytes that are no longer there a proof says nothing; that was said.
                there = subject in self.contents
                return there and self.record.holds(proof.subject, self.contents)
        elif read_checkpoint_path(proof.subject) is not None:
            if subject in self.contents:
                # A head that does not hold; that was said where it was read.
                return False
            self.seen.say(subject, "file_missing", "broken")
        self.seen.say(name, "proof_stranger", "broken", subject)
        return False

    def _as_confirmed(self, name: str, proof: ProofName) -> bool:
        """Whether it is the proof that the record says confirmed its subject, where it says so."""
        listed = self.record.proofs.get((proof.subject, proof.kind, proof.authority))
        now = self.contents.sha256(name)
        if listed is not None and now not in listed:
            self.seen.say(name, "file_changed", "broken", f"{min(listed)} → {now}")
            return False
        return True

    def _blame_query(self, proof: ProofName, findings: Sequence[Finding]) -> None:
        """Where question and answer do not fit, both files are named: either may have changed."""
        query = payload(proof_path(proof.subject, "tsq", proof.authority))
        for finding in findings:
            if finding.rule in _ABOUT_QUERY and query in self.contents:
                self.seen.findings.append(replace(finding, subject=query))

    def _check(
        self, name: str, proof: ProofName, raw: bytes, runs: Sequence[tuple[int, bytes]]
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        subject = payload(proof.subject)

        def digest(algorithm: str) -> bytes:
            return self.contents.digest(subject, algorithm)

        checker = self.terms.checker(proof.kind)
        if proof.kind == "rfc3161":
            lent = self._token_help(proof)
            stamp, findings = checker.check(name, digest, raw, lent)
            if any(finding.rule == "token_root_unknown" for finding in findings):
                root = self._optional(root_path(proof.authority))
                own = replace(lent, roots=(root,) if root else ())
                findings = _by_its_own_root(findings, checker.check(name, digest, raw, own))
            return self.withdrawals.judge(proof.authority, name, stamp, findings)
        return weigh_ots(name, digest, raw, checker, self.terms, runs)

    def _token_help(self, proof: ProofName) -> ProofHelp:
        lent = self.terms.help
        chain = self._optional(chain_path(proof.authority))
        query = proof_path(proof.subject, "tsq", proof.authority)
        return replace(
            lent,
            chain=lent.chain + chain,
            query=self._optional(query) if payload(query) in self.contents else None,
        )

    def _optional(self, path: str) -> bytes:
        if payload(path) not in self.contents:
            return b""
        return self._read(payload(path), MAX_CERTIFICATES) or b""


def _by_its_own_root(
    findings: tuple[Finding, ...], again: tuple[TimestampSeen, tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """Where a token leads to the root that came with it, that is said; it is trusted no more."""
    stamp, _ = again
    if stamp.status != "confirmed":
        return findings
    detail = f"{stamp.by} · {stamp.time}"
    return tuple(
        replace(finding, rule="token_root_named", detail=detail)
        if finding.rule == "token_root_unknown"
        else finding
        for finding in findings
    )


def _contradicts(stamp: TimestampSeen, world: World) -> bool:
    """Whether a witness that says a time is of another world than the ledger."""
    known = bool(stamp.network) and stamp.status in DATES
    return known and (stamp.network == "practice") != (world == "practice")


def as_rehearsed(stamp: TimestampSeen) -> TimestampSeen:
    """A practice witness is simulated, also where the caller lets it count."""
    if stamp.network == "practice" and stamp.status == "confirmed":
        return replace(stamp, status="simulated")
    return stamp


def weigh_ots(
    name: str,
    digest: Callable[[str], bytes],
    raw: bytes,
    checker: Checker,
    terms: Terms,
    runs: Sequence[tuple[int, bytes]] = (),
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    """The best that an OpenTimestamps proof is worth with each run there is, then by asking.

    A run that a pack brings counts only through its link to a checkpoint, so it is tried as a run
    and its headers are never taken for somebody's word.
    """
    own = () if terms.help.header_run is None else (terms.help.header_run,)
    tries: list[ProofHelp] = [replace(terms.help, header_run=run) for run in (*runs, *own)] or [
        terms.help
    ]
    results: list[tuple[TimestampSeen, tuple[Finding, ...]]] = []
    for lent in tries:
        results.append(checker.check(name, digest, raw, lent))
        if results[-1][0].status in ("confirmed", "simulated"):
            break
    stamp, findings = _best(results)
    wanting = stamp.status in ("unchecked", "one_source") and stamp.network != "practice"
    if wanting and terms.ask is not None:
        asked = replace(tries[-1], headers=(*terms.help.headers, *_asked(raw, terms.ask)))
        stamp, findings = _best(((stamp, findings), checker.check(name, digest, raw, asked)))
    if stamp.status in ("confirmed", "simulated"):
        # What other calendars once promised says nothing more about a proof that is complete.
        findings = tuple(finding for finding in findings if finding.rule != "ots_pending")
    return stamp, findings


def _asked(
    raw: bytes, ask: Callable[[int], Iterable[tuple[str, int, bytes]]]
) -> Iterator[tuple[str, int, bytes]]:
    try:
        attestations = read_proof(raw).attestations
    except MalformedProof:
        return
    for height in sorted({a.height for a in attestations if a.kind == "bitcoin" and a.height}):
        yield from ask(height)


_RANK: Mapping[str, int] = {
    state: rank
    for rank, state in enumerate(
        ("confirmed", "simulated", "one_source", "broken", "pending", "unchecked")
    )
}
"""Which of several answers about one proof counts: a settled one before one that lacks headers."""


def _best(
    results: Sequence[tuple[TimestampSeen, tuple[Finding, ...]]],
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    return min(results, key=lambda result: _RANK.get(result[0].status, len(_RANK)))


def judge_dates(
    record: Record, dated: Sequence[Dated], seen: Seen, *, practice_counts: bool
) -> tuple[FindingOutcome, ...]:
    """How each exhibit is dated: by a witness about its manifest, or about a head over its line."""
    outcomes = []
    about = Abouts(record, dated)
    for exhibit in record.exhibits:
        rule, outcome, time = _dating(about(exhibit), practice_counts=practice_counts)
        seen.say(exhibit.number, rule, outcome, time)
        outcomes.append(outcome)
    if not record.exhibits:
        seen.say("", "exhibit_none", "unchecked")
    return tuple(outcomes)


class Abouts:
    """Which witnesses speak of which exhibit, found without going through all of them each time."""

    def __init__(self, record: Record, dated: Sequence[Dated]) -> None:
        sizes = {path: checkpoint.size for path, checkpoint in record.checkpoints.items()}
        self._own: dict[str, list[tuple[int, Dated]]] = {}
        self._heads: list[tuple[int, int, Dated]] = []
        for order, witness in enumerate(dated):
            if witness.path in sizes:
                self._heads.append((order, sizes[witness.path], witness))
            else:
                self._own.setdefault(witness.path, []).append((order, witness))

    def __call__(self, exhibit: Sealed) -> list[Dated]:
        """The witnesses about an exhibit's manifest, or about a head over its line, in order."""
        heads = [(order, one) for order, size, one in self._heads if size > exhibit.seq]
        found = [*self._own.get(exhibit.ref.path, ()), *heads]
        return [witness for _, witness in sorted(found, key=lambda pair: pair[0])]


def _dating(about: Sequence[Dated], *, practice_counts: bool) -> tuple[str, FindingOutcome, str]:
    def earliest(status: str) -> str:
        return min((w.time or "" for w in sound if w.status == status), default="")

    sound = [witness for witness in about if not witness.lapsed] or about
    states = {witness.status for witness in sound}
    if (
        sound
        and all(witness.lapsed for witness in sound)
        and ("confirmed" in states or practice_counts)
    ):
        return "exhibit_lapsed", "weak", min(witness.time or "" for witness in sound)
    if "confirmed" in states:
        return "exhibit_dated", "ok", earliest("confirmed")
    if "simulated" in states:
        outcome: FindingOutcome = "ok" if practice_counts else "unchecked"
        return "exhibit_rehearsed", outcome, earliest("simulated")
    if "one_source" in states:
        return "exhibit_one_source", "weak", earliest("one_source")
    return "exhibit_undated", "unchecked", ""
