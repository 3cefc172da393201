"""What is on record: the ledger of a pack, its heads, and everything that its lines speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from holdfast.core import ed25519
from holdfast.core.bag import Contents, Seen
from holdfast.core.canonical import Json, stated
from holdfast.core.cosigned import judge_cosigned
from holdfast.core.evidence import World, read_manifest, safe_path
from holdfast.core.exported import judge_exported
from holdfast.core.ledger import (
    MAX_KEYS,
    MAX_NOTE,
    Checkpoint,
    LedgerEntry,
    Ref,
    VerifierKey,
    leaf_hash,
    origin,
    read_checkpoint,
    read_entry,
    read_key,
    read_proof,
    root_from_inclusion,
    tree_roots,
    world_of,
)
from holdfast.core.pack import (
    ENTRIES,
    HEAD,
    KEYS,
    PAYLOAD,
    capture_path,
    exhibit_folder,
    inclusion_path,
    payload,
    read_checkpoint_path,
    read_proof_name,
)
from holdfast.core.reading import Reading
from holdfast.core.succession import NAMING, Signing, judge_succession, signing

MAX_LEDGER = 256 << 20
MAX_CAPTURE = 16 << 20

_NUMBER = re.compile(r"E[0-9]{4,9}")
_WITHHELD = re.compile(rb'\{"withheld":"([0-9a-f]{64})"\}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An exhibit as the ledger has it."""

    number: str
    seq: int
    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A ledger that could be read, and what of the pack it accounts for."""

    ledger: str
    world: World
    entries: tuple[LedgerEntry | None, ...]
    """In order; None where only the leaf hash was given."""
    leaves: tuple[bytes, ...]
    exhibits: tuple[Sealed, ...]
    checkpoints: Mapping[str, Checkpoint]
    """Heads whose root is the ledger's, by path below ``data/``."""
    recorded: frozenset[str]
    """Paths below ``data/`` that a line, or a manifest that a line names, accounts for."""
    changed: frozenset[str]
    """Those of them that are not what the record says, of all that no manifest lists."""
    certificates: Mapping[str, str]
    """SHA-256 of chains and roots as the last export had them, by path below ``data/``."""
    proofs: Mapping[tuple[str, str, str], AbstractSet[str]]
    """SHA-256 of the proofs that confirmed a subject, or that were imported for it, by its path,
    the protocol, the authority."""
    signers: tuple[Signing, ...] = ()
    """The keys in ``key.txt`` that the ledger names, with how far each may sign."""
    manifests: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """What the manifests of the exhibits say of when they were made, by exhibit number."""
    files: Mapping[str, Sequence[Ref]] = field(default_factory=dict)
    """What the manifests list, by path below ``data/``."""

    def holds(self, path: str, contents: Contents) -> bool:
        """Whether a file that is there is what the record says; waits until it is hashed."""
        now = contents.sha256(payload(path)), contents.size(payload(path))
        listed = self.files.get(path, ())
        return path not in self.changed and all((ref.sha256, ref.size) == now for ref in listed)


def withheld_leaf(line: bytes) -> bytes | None:
    """The leaf hash that stands in place of a withheld line, else None."""
    hit = _WITHHELD.fullmatch(line)
    return bytes.fromhex(hit[1].decode()) if hit else None


def judge_record(contents: Contents, seen: Seen, *, live: bool = False) -> Record | None:
    """The ledger replayed, its heads recomputed, and every file that a line names compared.

    Those that only manifests list are left to ``judge_files``, for they are still being hashed.
    None when the ledger itself cannot be read; that is then broken.  A ``live`` case may have lines
    after its last head and needs no case file.
    """
    reading = Reading(contents, seen, live)
    ledger = _ledger(reading)
    if ledger is None:
        return None
    entries, leaves = ledger
    first = next((entry for entry in entries if entry is not None), None)
    head = _checkpoint(reading, HEAD)
    ledger_id, world = _identity(first, head)
    keys = _keys(reading, entries, origin(ledger_id, world))
    signers = signing(entries, keys)
    checkpoints = _heads(reading, ledger_id, world, leaves, head, signers)
    judge_succession(reading, entries, checkpoints, keys)
    exhibits = _exhibits(reading, entries, world)
    _documents(reading, entries)
    judge_cosigned(reading, entries, leaves, origin(ledger_id, world), keys)
    _renewals(reading, entries, exhibits)
    if not live:
        judge_exported(reading, entries, ledger_id, world, signers, head)
    if len(reading.cases) > 1:
        reading.seen.say(payload(ENTRIES), "exhibit_other", "broken", "case")
    known = frozenset(sound.note for sound in checkpoints.values())
    for exhibit in exhibits:
        _inclusion(reading, exhibit, leaves, known)
    return Record(
        ledger=ledger_id,
        world=world,
        signers=signers,
        entries=entries,
        leaves=leaves,
        exhibits=exhibits,
        checkpoints=checkpoints,
        recorded=frozenset(reading.recorded),
        changed=frozenset(reading.changed),
        certificates=_certificates(entries),
        proofs=_proofs(entries),
        manifests=reading.manifests,
        files=reading.files,
    )


def judge_files(contents: Contents, record: Record, seen: Seen) -> None:
    """What the manifests list is there and is what they say; withheld lines are counted."""
    reading = Reading(contents, seen, live=False)
    for refs in record.files.values():
        for ref in refs:
            reading.matches(ref)
    if None in record.entries:
        count = record.entries.count(None)
        seen.say(payload(ENTRIES), "ledger_withheld", "unchecked", str(count))


# --- lines ---------------------------------------------------------------------------------------


def _ledger(
    reading: Reading,
) -> tuple[tuple[LedgerEntry | None, ...], tuple[bytes, ...]] | None:
    raw = reading.read(ENTRIES, MAX_LEDGER)
    if raw is None:
        return None
    name, say = payload(ENTRIES), reading.seen.say
    lines = raw.split(b"\n")
    if lines.pop() or not lines:
        say(name, "ledger_line", "broken", str(len(lines)))
        return None
    entries: list[LedgerEntry | None] = []
    leaves: list[bytes] = []
    ledger_id = ""
    for seq, line in enumerate(lines):
        if (leaf := withheld_leaf(line)) is not None:
            entries.append(None)
            leaves.append(leaf)
            continue
        try:
            entry = read_entry(line)
        except ValueError:
            say(name, "ledger_line", "broken", str(seq))
            return None
        ledger_id = ledger_id or entry.ledger
        if entry.seq != seq or entry.ledger != ledger_id:
            say(name, "ledger_order", "broken", str(seq))
        entries.append(entry)
        leaves.append(leaf_hash(line))
    return tuple(entries), tuple(leaves)


def _identity(first: LedgerEntry | None, head: Checkpoint | None) -> tuple[str, World]:
    """Which ledger it is and of which world, from its opening line, else from its head."""
    named = head.origin if head is not None else ""
    world: World = world_of(named)
    if first is None:
        return named.rpartition("/")[2], world
    if first.seq == 0:
        world = "practice" if first.facts.get("world") == "practice" else "real"
    return first.ledger, world


# --- heads ---------------------------------------------------------------------------------------


def _checkpoint(reading: Reading, path: str) -> Checkpoint | None:
    raw = reading.read(path, MAX_NOTE)
    if raw is None:
        return None
    try:
        return read_checkpoint(raw)
    except ValueError as error:
        reading.seen.say(payload(path), "checkpoint_malformed", "broken", str(error))
        return None


def _heads(
    reading: Reading,
    ledger_id: str,
    world: World,
    leaves: Sequence[bytes],
    head: Checkpoint | None,
    keys: Sequence[Signing],
) -> dict[str, Checkpoint]:
    """Every checkpoint that stands on this ledger; the others are broken."""
    say = reading.seen.say
    found: dict[str, Checkpoint] = {} if head is None else {HEAD: head}
    for name in reading.contents.listed:
        path = name.removeprefix(PAYLOAD)
        size = read_checkpoint_path(path) if path != name else None
        if size is None or name not in reading.contents:
            continue
        if (checkpoint := _checkpoint(reading, path)) is not None:
            if checkpoint.size == size:
                found[path] = checkpoint
            else:
                say(name, "checkpoint_other", "broken", str(checkpoint.size))
    if payload(KEYS) not in reading.contents and any(c.signatures for c in found.values()):
        say(payload(KEYS), "file_missing", "broken")
    roots = tree_roots(leaves, (checkpoint.size for checkpoint in found.values()))
    sound: dict[str, Checkpoint] = {}
    for path, checkpoint in found.items():
        name = payload(path)
        if checkpoint.origin != origin(ledger_id, world):
            say(name, "checkpoint_other", "broken", checkpoint.origin)
        elif checkpoint.size > len(leaves):
            say(name, "ledger_truncated", "broken", f"{len(leaves)} < {checkpoint.size}")
        elif roots.get(checkpoint.size) != checkpoint.root:
            say(name, "checkpoint_root", "broken", str(checkpoint.size))
            # Either may be the changed one.
            say(payload(ENTRIES), "checkpoint_root", "broken", str(checkpoint.size))
        elif _signed(reading, name, checkpoint, keys):
            sound[path] = checkpoint
    if head is not None and head.size < len(leaves) and not reading.live:
        say(payload(ENTRIES), "ledger_after_head", "broken", f"{len(leaves)} > {head.size}")
    if HEAD in sound:
        say(payload(ENTRIES), "ledger_match", "ok", str(len(leaves)))
    return sound


def _keys(
    reading: Reading, entries: Sequence[LedgerEntry | None], name: str
) -> tuple[VerifierKey, ...]:
    """The keys in ``key.txt`` that the ledger itself names; any other is broken."""
    if payload(KEYS) not in reading.contents:
        return ()
    raw = reading.read(KEYS, MAX_NOTE)
    named = [
        entry.facts.get("key") for entry in entries if entry is not None and entry.act in NAMING
    ]
    stated = any(key is not None for key in named)
    keys = []
    lines = (raw or b"").decode("utf-8", "replace").splitlines()
    if len(lines) > MAX_KEYS:
        # Each may cost a signature to be computed for every head.
        reading.seen.say(payload(KEYS), "key_malformed", "broken", f"{len(lines)} > {MAX_KEYS}")
    for line in dict.fromkeys(lines[:MAX_KEYS]):
        try:
            key = read_key(line)
        except ValueError as error:
            reading.seen.say(payload(KEYS), "key_malformed", "broken", str(error))
            continue
        # A ledger that was opened while its key could not be had names none.
        if key.name != name or (stated and line not in named):
            reading.seen.say(payload(KEYS), "key_other", "broken", line)
        else:
            keys.append(key)
    return tuple(keys)


def _signed(
    reading: Reading,
    name: str,
    checkpoint: Checkpoint,
    keys: Sequence[Signing],
) -> bool:
    if not checkpoint.signatures:
        reading.seen.say(name, "checkpoint_unsigned", "weak")
        return True
    if any(
        checkpoint.size <= until and checkpoint.signed_by(key, ed25519.verify)
        for key, until in keys
    ):
        return True
    reading.seen.say(name, "checkpoint_signature", "broken")
    return False


# --- what the lines speak of ---------------------------------------------------------------------


def _exhibits(
    reading: Reading, entries: Sequence[LedgerEntry | None], world: World
) -> tuple[Sealed, ...]:
    exhibits: dict[str, Sealed] = {}
    for entry in entries:
        if entry is None or entry.act != "exhibit.sealed":
            continue
        number = entry.subject
        refs = entry.refs
        fits = _NUMBER.fullmatch(number) and [r.path for r in refs] == [capture_path(number)]
        if not fits or number in exhibits:
            reading.seen.say(payload(ENTRIES), "ledger_exhibit", "broken", str(entry.seq))
            continue
        exhibits[number] = Sealed(number=number, seq=entry.seq, ref=refs[0])
        if reading.matches(refs[0]):
            _manifest(reading, number, world)
    return tuple(exhibits.values())


def _manifest(reading: Reading, number: str, world: World) -> None:
    """A manifest is this exhibit's, and names its case; its files are to be compared."""
    path = capture_path(number)
    name, say = payload(path), reading.seen.say
    raw = reading.read(path, MAX_CAPTURE)
    try:
        manifest = read_manifest(raw or b"")
        # Manifests are long, and this is all that is looked at again.
        reading.manifests[number] = {
            key: manifest[key] for key in ("not_before", "clock") if key in manifest
        }
        refs = _file_refs(number, manifest.get("files"))
    except ValueError as error:
        say(name, "exhibit_manifest", "broken", str(error))
        return
    if manifest.get("exhibit") != number or manifest.get("world") != world:
        told = [stated(manifest.get(key)) for key in ("exhibit", "world")]
        say(name, "exhibit_other", "broken", ", ".join(told))
    for ref in refs:
        reading.expects(ref)
    if isinstance(named := manifest.get("case"), str):
        reading.cases.add(named)


def _file_refs(number: str, files: Json) -> list[Ref]:
    match files:
        case [*listed]:
            return [_file_ref(number, file) for file in listed]
    raise ValueError("no list of files")


def _file_ref(number: str, file: Json) -> Ref:
    match file:
        case {"path": str(path), "size": int(size), "sha256": str(sha256), "sm3": str(sm3)}:
            if safe_path(path) and path.startswith("files/"):
                folder = f"exhibits/{number}"
                return Ref(path=f"{folder}/{path}", size=size, sha256=sha256, sm3=sm3)
    raise ValueError("a file without path, size and digests")


def _documents(reading: Reading, entries: Sequence[LedgerEntry | None]) -> None:
    issued = {
        ref: None
        for entry in entries
        if entry is not None and entry.act in ("document.issued", "notice.approved")
        for ref in entry.refs
    }
    for ref in issued:
        if safe_path(ref.path) and ref.path.startswith("documents/"):
            # Where two lines speak of two documents in one place, one of them is not there.
            reading.matches(ref)
        else:
            reading.seen.say(payload(ENTRIES), "ledger_document", "broken", ref.path)


def _renewals(
    reading: Reading, entries: Sequence[LedgerEntry | None], exhibits: Sequence[Sealed]
) -> None:
    """Proofs that a renewal took up are as they were then.

    A selective pack does not bring those of the exhibits that it withholds.
    """
    shown = {exhibit_folder(exhibit.number) for exhibit in exhibits}
    whole = None not in entries
    for entry in entries:
        if entry is None or entry.act != "proofs.renewed":
            continue
        for ref in entry.refs:
            name, folder = payload(ref.path), "/".join(ref.path.split("/")[:2])
            if read_proof_name(ref.path) is None:
                reading.seen.say(payload(ENTRIES), "renewal_malformed", "broken", str(entry.seq))
            elif name in reading.contents:
                now = reading.contents.sha256(name)
                if now != ref.sha256:
                    reading.seen.say(name, "file_changed", "broken", f"{ref.sha256} → {now}")
            elif whole or folder in shown or folder == "ledger/checkpoints":
                reading.seen.say(name, "file_missing", "broken")


def _certificates(entries: Sequence[LedgerEntry | None]) -> dict[str, str]:
    """As the last export had them; a selective one has no use for some."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry is not None and entry.act == "pack.exported":
            listed = entry.facts.get("certificates")
            found = {}
            for one in listed if isinstance(listed, list) else ():
                match one:
                    case {"path": str(path), "sha256": str(sha256)}:
                        found[path] = sha256
    return found


def _proofs(
    entries: Sequence[LedgerEntry | None],
) -> Mapping[tuple[str, str, str], AbstractSet[str]]:
    found: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries:
        if entry is not None and entry.act in ("timestamp.confirmed", "timestamp.imported"):
            match entry.facts:
                case {"kind": str(kind), "authority": str(by), "proof_sha256": str(sha256)}:
                    found.setdefault((entry.subject, kind, by), set()).add(sha256)
    return found


def _inclusion(
    reading: Reading,
    exhibit: Sealed,
    leaves: Sequence[bytes],
    known: frozenset[bytes],
) -> None:
    """The exhibit's own proof leads from its line to a head that is in the pack."""
    path = inclusion_path(exhibit.number)
    if reading.live and payload(path) not in reading.contents:
        return
    raw = reading.read(path, MAX_NOTE)
    if raw is None:
        return
    try:
        index, steps, checkpoint = read_proof(raw)
        if exhibit.seq >= len(leaves):
            raise ValueError("no such line")  # its line says so; that it stands elsewhere was said
        root = root_from_inclusion(leaves[exhibit.seq], index, checkpoint.size, steps)
    except ValueError as error:
        reading.seen.say(payload(path), "inclusion_malformed", "broken", str(error))
        return
    if index != exhibit.seq or root != checkpoint.root or checkpoint.note not in known:
        reading.seen.say(payload(path), "inclusion_differs", "broken")
