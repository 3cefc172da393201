"""What a case's ledger shows to others: heads to keep, proof of growth, cosignatures, renewal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.core import cosignature, ed25519
from holdfast.core.bag import ReadablePack
from holdfast.core.canonical import rfc3339
from holdfast.core.case import Case
from holdfast.core.certificates import read_certificates
from holdfast.core.errors import Refused, Tampered
from holdfast.core.growth import Growth, grown, read_growth
from holdfast.core.job import Job
from holdfast.core.ledger import (
    COSIGNATURE_NOTE,
    Checkpoint,
    Ref,
    VerifierKey,
    key_id,
    read_key,
    tree_root,
)
from holdfast.core.lifetime import Lifetime, RenewalRule, lifetime
from holdfast.core.pack import (
    cosigned_path,
    payload,
    read_proof_name,
    stamp_path,
)
from holdfast.core.timestamp import Stamp
from holdfast.ports import Clock, Store, Vault
from holdfast.usecases.preserve import Maker, keep_head, queue_checkpoint

REFS_A_LINE = 500
DONE = frozenset({"confirmed", "simulated"})


# --- heads for others to keep --------------------------------------------------------------------


def request(reference: str, since: int | None, *, store: Store) -> Growth:
    """The newest head with the key it is signed with, and proof since the last one cosigned.

    Nothing of the case stands in it but how many lines there are.  Raises Refused.
    """
    case = store.case(reference)
    with store.custody(case.id) as custody:
        head = custody.head()
    old = _last_cosigned(case, store) if since is None else since
    return _proved(case, old, _with_key(head, store.key(case.id)), store)


def _last_cosigned(case: Case, store: Store) -> int:
    sizes = [
        size
        for entry in store.entries(case.id)
        if entry.act == "checkpoint.cosigned" and isinstance(size := entry.facts.get("size"), int)
    ]
    return max(sizes, default=0)


def _with_key(head: Checkpoint, key: VerifierKey | None) -> Checkpoint:
    """The same signature once more under a name in which its key stands, for whoever has none."""
    if key is None:
        return head
    for name, raw in head.signatures:
        if name == key.name and raw[:4] == key.id:
            own = f"{cosignature.LOG}{key.public_key.hex()}"
            return head.carrying(own, key_id(own, key.public_key) + raw[4:])
    return head


def consistency(reference: str, first: int | Growth, last: int | None, *, store: Store) -> Growth:
    """Proof that the head of size ``last``, or the newest, only adds to ``first``.

    Raises Refused(``ledger_no_size``), and Tampered when a kept head is not of this record's past.
    """
    case = store.case(reference)
    heads = {head.size: head for head in store.checkpoints(case.id)}
    size = max(heads, default=0) if last is None else last
    lines = len(store.entries(case.id))
    if size not in heads:
        raise Refused("ledger_no_size", size=size, lines=lines)
    old = first if isinstance(first, int) else first.checkpoint.size
    proof = _proved(case, old, heads[size], store)
    if not isinstance(first, int):
        kept = first.checkpoint
        if kept.origin != heads[size].origin:
            raise Refused("cosigned_other", name=kept.origin)
        if not proof.extends(kept.size, kept.root):
            raise Tampered("ledger_contradicts", name=kept.origin, size=kept.size, lines=lines)
    return proof


def _proved(case: Case, old: int, head: Checkpoint, store: Store) -> Growth:
    leaves = [entry.leaf for entry in store.entries(case.id)]
    if old < 0 or old > head.size:
        raise Refused("ledger_no_size", size=old, lines=len(leaves))
    return grown(leaves, old, head)


# --- cosignatures --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A second key's word that it had seen a head."""

    key: str
    size: int
    time: str


def cosigned(
    reference: str, name: str, raw: bytes, key: str, *, store: Store, vault: Vault
) -> Cosigned:
    """The cosignature in a file is on record; one that is already there changes nothing.

    ``key`` is the cosigner's, where its name does not hold it.  Raises Refused, and Tampered when
    what was signed is not a head of this record.
    """
    case = store.case(reference)
    try:
        head = read_growth(raw).checkpoint
        given = (read_key(key, COSIGNATURE_NOTE),) if key else ()
    except ValueError as error:
        raise Refused("checkpoint_unreadable", name=name, reason=str(error)) from error
    entries = store.entries(case.id)
    if head.origin.rpartition("/")[2] != case.ledger_id:
        raise Refused("cosigned_other", name=name)
    if head.size > len(entries) or head.root != tree_root(e.leaf for e in entries[: head.size]):
        raise Tampered("ledger_contradicts", name=name, size=head.size, lines=len(entries))
    for one in (*given, *_in_names(head)):
        seconds = cosignature.seen_by(head, one, ed25519.verify)
        if seconds is not None:
            return _put(case, head, one, seconds, store=store, vault=vault)
    raise Refused("cosigned_none", name=name)


def _in_names(head: Checkpoint) -> list[VerifierKey]:
    """The cosigners whose keys stand in their names."""
    return [
        cosignature.cosigner(name, key)
        for name, _ in head.signatures
        if (key := cosignature.named_key(name, cosignature.COSIGNER)) is not None
    ]


def _put(
    case: Case,
    head: Checkpoint,
    key: VerifierKey,
    seconds: int,
    *,
    store: Store,
    vault: Vault,
) -> Cosigned:
    """Only the cosignature is kept: the record has its own signature on the head."""
    lines = tuple(one for one in head.signatures if one[0] == key.name)
    note = Checkpoint(origin=head.origin, size=head.size, root=head.root, signatures=lines).note
    path = cosigned_path(head.size, key.id.hex())
    made = Cosigned(key=str(key), size=head.size, time=cosignature.instant(seconds))
    digest = vault.keep_bytes(note)
    with store.custody(case.id) as custody:
        known = (
            ref.path
            for entry in store.entries(case.id)
            if entry.act == "checkpoint.cosigned"
            for ref in entry.refs
        )
        if path not in known:
            custody.append(
                "checkpoint.cosigned",
                path,
                [Ref(path=path, size=len(note), sha256=digest.sha256, sm3=digest.sm3)],
                {"key": made.key, "size": made.size, "time": made.time},
            )
            custody.head()
    return made


def cosignatures(reference: str, *, store: Store) -> tuple[Cosigned, ...]:
    """Every cosignature on record, in order."""
    found = []
    for entry in store.entries(store.case(reference).id):
        if entry.act == "checkpoint.cosigned":
            match entry.facts:
                case {"key": str(key), "size": int(size), "time": str(time)}:
                    found.append(Cosigned(key=key, size=size, time=time))
    return tuple(found)


# --- renewal -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDue:
    """Time-stamps of a case that age soon and are not renewed."""

    case: Case
    count: int
    until: str
    """When the first of them does, RFC 3339."""
    why: str


def renewals(
    cases: Sequence[Case],
    rule: RenewalRule,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    chains: Sequence[tuple[str, bytes]] = (),
) -> tuple[RenewalDue, ...]:
    """What ages within the margin and is named in no renewal yet, the earliest first."""
    now = clock.now()
    found = []
    for case in cases:
        ends = [
            life
            for stamp in _unrenewed(case, store)
            if (life := _life(stamp, rule, vault, dict(chains))) and _near(life, rule, now)
        ]
        if ends:
            first = min(ends, key=lambda life: life.ends)
            found.append(
                RenewalDue(case=case, count=len(ends), until=rfc3339(first.ends), why=first.why)
            )
    return tuple(sorted(found, key=lambda one: (one.until, one.case.number)))


def _unrenewed(case: Case, store: Store) -> list[Stamp]:
    named = {
        ref.sha256
        for entry in store.entries(case.id)
        if entry.act == "proofs.renewed"
        for ref in entry.refs
    }
    return [
        stamp
        for stamp in store.all(Stamp, case.id)
        if stamp.status in DONE and stamp.proof and stamp.proof not in named
    ]


def _life(
    stamp: Stamp, rule: RenewalRule, vault: Vault, chains: dict[str, bytes]
) -> Lifetime | None:
    if stamp.kind != "rfc3161":
        return None
    try:
        chain = read_certificates(chains.get(stamp.authority, b"")) if chains else ()
    except ValueError:
        chain = ()
    try:
        return lifetime(vault.read(stamp.proof), chain, rule.ageing)
    except (ValueError, Tampered):
        return None


def _near(life: Lifetime, rule: RenewalRule, now: datetime) -> bool:
    return life.ends - rule.margin <= now


def renew(
    due: RenewalDue,
    view: ReadablePack,
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    maker: Maker,
    job: Job,
) -> int:
    """Every complete proof is named in the ledger, and a head over that is queued to be stamped.

    How many were named.  ``view`` is the case as it would lie in a pack: only what lies there can
    be renewed.
    """
    case = due.case
    proofs = {stamp.proof: stamp_path(stamp) for stamp in _unrenewed(case, store)}
    refs = []
    for name in view.names():
        path = name.removeprefix(payload(""))
        if read_proof_name(path) is None:
            continue
        sha256 = view.digests(name, ("sha256",), lambda _: None)["sha256"].hex()
        if proofs.get(sha256) == path:
            digest = vault.digest(sha256, job)
            refs.append(Ref(path=path, size=view.size(name), sha256=sha256, sm3=digest.sm3))
    with store.custody(case.id) as custody:
        for start in range(0, len(refs), REFS_A_LINE):
            custody.append(
                "proofs.renewed",
                case.number,
                refs[start : start + REFS_A_LINE],
                {"why": due.why, "until": due.until},
            )
        head = custody.head()
        queue_checkpoint(case, head, custody, store=store, clock=clock, maker=maker)
    keep_head(head, vault)
    return len(refs)
