"""The custody ledger: an RFC 9162 Merkle log of canonical lines, and signed heads of it.

SHA-256 with leaf prefix 0x00 and node prefix 0x01; the root of nothing is SHA-256("").
Checkpoints are C2SP tlog-checkpoints: signed notes with Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.evidence import World

ACTS = frozenset(
    {
        "answer.received",
        "capture.failed",
        "capture.recovered",
        "case.closed",
        "case.opened",
        "checkpoint.cosigned",
        "document.issued",
        "environment.checked",
        "exhibit.described",
        "exhibit.sealed",
        "exhibit.viewed",
        "exhibit.withdrawn",
        "followup.done",
        "followup.set",
        "key.rotated",
        "licence.recorded",
        "notice.approved",
        "notice.discarded",
        "notice.drafted",
        "notice.sent",
        "pack.exported",
        "party.changed",
        "proofs.renewed",
        "redaction.made",
        "timestamp.confirmed",
        "timestamp.failed",
        "timestamp.imported",
        "timestamp.requested",
        "verify.run",
    }
)
"""Every act this version writes or knows.  A reader shows an unknown act as such."""

ED25519_NOTE = b"\x01"
COSIGNATURE_NOTE = b"\x04"
"""Signature types of C2SP signed-note: a log's own key, and a timestamped cosigner's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Bytes that a line speaks of.  ``path`` is relative to ``data/`` in a pack."""

    path: str
    size: int
    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of custody.  ``body`` is exactly what was hashed and is never written again."""

    body: bytes
    seq: int
    ledger: str
    at: str
    actor: str
    act: str
    subject: str
    refs: tuple[Ref, ...]

    @property
    def facts(self) -> Mapping[str, Json]:
        """What else the line says, read from its body each time.

        Few ask, and those of a ledger made to harm would take twenty times its size in memory.
        """
        found: Mapping[str, Json] = json.loads(self.body)["facts"]
        return found

    @property
    def leaf(self) -> bytes:
        """The RFC 9162 leaf hash, 32 bytes."""
        return leaf_hash(self.body)


def write_entry(
    *,
    ledger: str,
    seq: int,
    at: str,
    actor: str,
    act: str,
    subject: str,
    refs: Sequence[Ref],
    facts: Mapping[str, Json],
    nonce: bytes,
) -> LedgerEntry:
    """The line itself.  ``nonce`` is 16 random bytes, so that a leaf hash cannot be guessed."""
    if act not in ACTS:
        raise ValueError(f"{act} is no act")
    if len(nonce) != 16:
        raise ValueError("a nonce has 16 bytes")
    body = canonical(
        {
            "v": 1,
            "ledger": ledger,
            "seq": seq,
            "at": at,
            "actor": actor,
            "act": act,
            "subject": subject,
            "refs": [
                {"path": r.path, "size": r.size, "sha256": r.sha256, "sm3": r.sm3} for r in refs
            ],
            "facts": dict(facts),
            "nonce": nonce.hex(),
        }
    )
    return read_entry(body)


_ENTRY_KEYS = {
    "v": int,
    "ledger": str,
    "seq": int,
    "at": str,
    "actor": str,
    "act": str,
    "subject": str,
    "refs": list,
    "facts": dict,
    "nonce": str,
}
_HEX64 = re.compile(r"[0-9a-f]{64}")
_HEX32 = re.compile(r"[0-9a-f]{32}")


def read_entry(body: bytes) -> LedgerEntry:
    """The line that ``body`` holds.  Raises ValueError unless it is canonical and well-formed."""
    value = parse(body)
    if not isinstance(value, dict):
        raise ValueError("a ledger line is an object")
    for key, kind in _ENTRY_KEYS.items():
        if not isinstance(value.get(key), kind) or isinstance(value.get(key), bool):
            raise ValueError(f"a ledger line needs {key}")
    if value["v"] != 1:
        raise ValueError(f"ledger line version {value['v']} is not known here")
    if value["seq"] < 0 or not _HEX32.fullmatch(value["nonce"]):
        raise ValueError("a ledger line with a wrong seq or nonce")
    return LedgerEntry(
        body=body,
        seq=value["seq"],
        ledger=value["ledger"],
        at=value["at"],
        actor=value["actor"],
        act=value["act"],
        subject=value["subject"],
        refs=tuple(_read_ref(ref) for ref in value["refs"]),
    )


def _read_ref(value: Json) -> Ref:
    match value:
        case {"path": str(path), "size": int(size), "sha256": str(sha256), "sm3": str(sm3)} if (
            _HEX64.fullmatch(sha256)
            and _HEX64.fullmatch(sm3)
            and size >= 0
            and not isinstance(size, bool)
        ):
            return Ref(path=path, size=size, sha256=sha256, sm3=sm3)
    raise ValueError("a ledger line with a malformed ref")


# --- the tree, RFC 9162 §2.1 ---------------------------------------------------------------------


WIDE = 1024
"""Leaves of the perfect trees that a root is computed from at once."""


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ body)."""
    return hashlib.sha256(b"\0" + body).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes, in one pass and O(log n) memory (§2.1.1)."""
    peaks: list[bytes] = []
    rest, sha256, count = iter(leaves), hashlib.sha256, 0
    while len(row := list(islice(rest, WIDE))) == WIDE:
        # A perfect tree, level by level: a good deal quicker than leaf by leaf.
        while len(row) > 1:
            pairs = zip(row[::2], row[1::2], strict=True)
            row = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        _grow(peaks, count, row[0])
        count += 1
    last: list[bytes] = []
    for size, leaf in enumerate(row):
        _grow(last, size, leaf)
    return _bagged(peaks + last)


def tree_roots(leaves: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The Merkle tree hash over the first so many leaf hashes, for each of ``sizes`` there are.

    One pass, so that every checkpoint of a long ledger can be recomputed.
    """
    wanted = set(sizes)
    peaks: list[bytes] = []
    roots = {0: _bagged(peaks)} if 0 in wanted else {}
    for size, leaf in enumerate(leaves):
        _grow(peaks, size, leaf)
        if size + 1 in wanted:
            roots[size + 1] = _bagged(peaks)
    return roots


def _grow(peaks: list[bytes], size: int, leaf: bytes) -> None:
    """``leaf`` joins the perfect trees over ``size`` leaves, the widest first.

    Each bit set in ``size`` is one of them; the trailing ones are those that the leaf completes.
    """
    while size & 1:
        leaf = hashlib.sha256(b"\1" + peaks.pop() + leaf).digest()
        size >>= 1
    peaks.append(leaf)


def _bagged(peaks: Sequence[bytes]) -> bytes:
    """One root over perfect trees that stand side by side."""
    if not peaks:
        return hashlib.sha256(b"").digest()
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = _node(peak, root)
    return root


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


class Tree:
    """The trees over the first so many of a log's leaf hashes; each node is computed once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves
        self._nodes: dict[tuple[int, int], bytes] = {}

    def root(self, low: int, high: int) -> bytes:
        """Over the leaves from ``low`` up to ``high``."""
        if high - low == 1:
            return self._leaves[low]
        if (known := self._nodes.get((low, high))) is None:
            middle = low + _split(high - low)
            known = _node(self.root(low, middle), self.root(middle, high))
            self._nodes[low, high] = known
        return known

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The audit path of leaf ``index`` in the tree of the first ``size`` (§2.1.3.1)."""
        if not 0 <= index < size <= len(self._leaves):
            raise ValueError("no such leaf")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self.root(middle, high))
                high = middle
            else:
                path.append(self.root(low, middle))
                low = middle
        return tuple(reversed(path))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf ``index`` in the tree of ``leaves`` (§2.1.3.1)."""
    return Tree(leaves).inclusion(index, len(leaves))


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (§2.1.3.2).  Raises ValueError if it cannot fit."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    fn, sn, node = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise ValueError("the path is too long")
        if fn & 1 or fn == sn:
            node = _node(step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = _node(node, step)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("the path is too short")
    return node


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Proof that the tree of ``leaves`` only grew since it had ``first`` of them (§2.1.4.1)."""
    if not 0 < first <= len(leaves):
        raise ValueError("no such earlier size")
    return tuple(_subproof(leaves, first, whole=True))


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [tree_root(leaves)]
    middle = _split(len(leaves))
    if first <= middle:
        return [*_subproof(leaves[:middle], first, whole=whole), tree_root(leaves[middle:])]
    return [
        *_subproof(leaves[middle:], first - middle, whole=False),
        tree_root(leaves[:middle]),
    ]


def consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether ``path`` proves that the second head extends the first (§2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = _node(step, fr), _node(step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# --- heads: C2SP signed-note and tlog-checkpoint -------------------------------------------------


def origin(ledger_id: str, world: World) -> str:
    """The name under which heads of a ledger are signed; the world stands in it."""
    prefix = "practice." if world == "practice" else ""
    return f"{prefix}holdfast.local/{ledger_id}"


def world_of(origin_line: str) -> World:
    """The world that an origin says it is of."""
    return "practice" if origin_line.startswith("practice.") else "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head.  ``note`` is the whole file, signature lines included."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()
    """Key name and raw signature bytes (4-byte key id, then 64 of Ed25519)."""

    @property
    def text(self) -> bytes:
        """The signed text: three lines, the root in Base64."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()

    @property
    def note(self) -> bytes:
        """The checkpoint file: text, an empty line, signature lines."""
        lines = "".join(
            f"— {name} {base64.b64encode(raw).decode()}\n" for name, raw in self.signatures
        )
        return self.text + b"\n" + lines.encode()

    def signed(self, name: str, public_key: bytes, signature: bytes) -> Checkpoint:
        """The same head with one more signature."""
        return self.carrying(name, key_id(name, public_key) + signature)

    def carrying(self, name: str, raw: bytes) -> Checkpoint:
        """The same head with one more signature line; ``raw`` is key id and signature."""
        return Checkpoint(
            origin=self.origin,
            size=self.size,
            root=self.root,
            signatures=(*self.signatures, (name, raw)),
        )

    def signed_by(self, key: VerifierKey, verify: Callable[[bytes, bytes, bytes], bool]) -> bool:
        """Whether a signature by ``key`` stands on it and holds.

        ``verify`` takes public key, signature and message; Ed25519 is not in the standard library.
        """
        for name, raw in self.signatures:
            if name == key.name and raw[:4] == key_id(key.name, key.public_key):
                return verify(key.public_key, raw[4:], self.text)
        return False


MAX_NOTE = 1 << 20
MAX_KEYS = 64
"""Of one record: its first, and one for each time that it changed."""
_NOTE_SIZE = re.compile("0|[1-9][0-9]{0,14}")
_NOTE_SIGNATURE = re.compile(r"— (\S+) (\S+)")


def read_checkpoint(raw: bytes) -> Checkpoint:
    """The head in a checkpoint file.  Raises ValueError unless it re-reads byte for byte."""
    if len(raw) > MAX_NOTE:
        raise ValueError("a checkpoint of over 1 MiB")
    text, gap, tail = raw.decode().partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) != 3 or not lines[0] or not _NOTE_SIZE.fullmatch(lines[1]):
        raise ValueError("not a checkpoint: origin, size and root on three lines")
    signatures = []
    for line in tail.splitlines():
        hit = _NOTE_SIGNATURE.fullmatch(line)
        if hit is None:
            raise ValueError("not a checkpoint: a signature line is malformed")
        signatures.append((hit[1], _base64(hit[2])))
    found = Checkpoint(
        origin=lines[0], size=int(lines[1]), root=_base64(lines[2]), signatures=tuple(signatures)
    )
    if len(found.root) != 32 or found.note != raw:
        raise ValueError("not a checkpoint in its one form")
    return found


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("malformed Base64") from error


def key_id(name: str, public_key: bytes, kind: bytes = ED25519_NOTE) -> bytes:
    """Four bytes that tell keys of one name apart (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public_key).digest()[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key by name, C2SP vkey: ``name+keyid+base64(kind ‖ key)``."""

    name: str
    public_key: bytes
    kind: bytes = ED25519_NOTE

    @property
    def id(self) -> bytes:
        """Four bytes that stand before every signature by it."""
        return key_id(self.name, self.public_key, self.kind)

    def __str__(self) -> str:
        body = base64.b64encode(self.kind + self.public_key).decode()
        return f"{self.name}+{self.id.hex()}+{body}"


def read_key(text: str, kind: bytes = ED25519_NOTE) -> VerifierKey:
    """The key of that kind that a vkey line holds.  Raises ValueError."""
    name, _, rest = text.partition("+")
    _, _, body = rest.partition("+")
    raw = _base64(body)
    if raw[:1] != kind or len(raw) != 33:
        raise ValueError("not an Ed25519 verifier key")
    key = VerifierKey(name=name, public_key=raw[1:], kind=kind)
    if str(key) != text:
        raise ValueError("a verifier key whose id does not fit")
    return key


def read_keys(raw: bytes) -> tuple[VerifierKey, ...]:
    """The keys in the first lines of a ``key.txt``, each once; lines that are none are left out."""
    found = []
    for line in raw.decode("utf-8", "replace").splitlines()[:MAX_KEYS]:
        with suppress(ValueError):
            found.append(read_key(line))
    return tuple(dict.fromkeys(found))


# --- an exhibit's own proof: c2sp.org/tlog-proof@v1 ----------------------------------------------

PROOF_HEAD = "c2sp.org/tlog-proof@v1"


def write_proof(index: int, path: Sequence[bytes], checkpoint: Checkpoint) -> bytes:
    """An inclusion proof as a file: index, hashes, and the checkpoint it leads to."""
    hashes = "".join(base64.b64encode(step).decode() + "\n" for step in path)
    return f"{PROOF_HEAD}\nindex {index}\n{hashes}\n".encode() + checkpoint.note


def read_proof(raw: bytes) -> tuple[int, tuple[bytes, ...], Checkpoint]:
    """Index, audit path and checkpoint of a ``.tlog-proof``.  Raises ValueError."""
    if len(raw) > MAX_NOTE:
        raise ValueError("a proof of over 1 MiB")
    head, gap, note = raw.partition(b"\n\n")
    lines = head.decode().split("\n")
    if not gap or len(lines) < 2 or lines[0] != PROOF_HEAD or len(lines) > 66:
        raise ValueError("not a tlog-proof")
    hit = re.fullmatch("index (0|[1-9][0-9]{0,14})", lines[1])
    if hit is None:
        raise ValueError("not a tlog-proof: no index")
    path = tuple(_base64(line) for line in lines[2:])
    if any(len(step) != 32 for step in path):
        raise ValueError("not a tlog-proof: a hash of another length")
    checkpoint = read_checkpoint(note)
    if write_proof(int(hit[1]), path, checkpoint) != raw:
        raise ValueError("not a tlog-proof in its one form")
    return int(hit[1]), path, checkpoint
