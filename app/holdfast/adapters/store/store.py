"""Cases, their ledgers and working state in one SQLite file.

Window and command line may be open together, so every append runs in BEGIN IMMEDIATE: it reads
the head and writes the next line under one lock.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from holdfast.adapters.store.keys import Keys, SigningKey
from holdfast.adapters.store.schema import MIGRATIONS, applied, migrate
from holdfast.core import ed25519
from holdfast.core.canonical import Json, rfc3339
from holdfast.core.case import Case
from holdfast.core.errors import HoldfastError, Refused, Tampered, Unavailable
from holdfast.core.evidence import Exhibit, World
from holdfast.core.ledger import (
    Checkpoint,
    LedgerEntry,
    Ref,
    VerifierKey,
    key_id,
    origin,
    read_checkpoint,
    read_entry,
    tree_root,
    write_entry,
)
from holdfast.core.timestamp import Stamp, StampKind, SubjectKind
from holdfast.ports import Clock

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

Noun = TypeVar("Noun")
NAME = "holdfast.db"
BUSY_S = 30.0
LITTLE = 1 << 16
"""Octets; what SQLite keeps beside a database takes 32 KiB at first."""


@cache
def _converter() -> JsonConverter:
    from cattrs.preconf.json import make_converter

    return make_converter()


class Store:
    """The database ``holdfast.db`` of a data folder, migrated and open."""

    def __init__(self, data: Path, clock: Clock, keys: Keys) -> None:
        self._clock = clock
        self._keys = keys
        self._lock = threading.RLock()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = data / NAME
        self._db = _open(self._path)
        self._opened = self._path.stat()
        with suppress(HoldfastError, OSError, ValueError):  # it is tried again the next time
            self._keys.settle(partial(self._announce, {}))

    def close(self) -> None:
        """The file is closed; nothing can be asked any more."""
        with self._lock:
            self._db.close()

    # --- cases -----------------------------------------------------------------------------------

    def open_case(self, title: str, world: World) -> Case:
        """A new case with the next number of its year, its ledger opened with case.opened,
        under a head: one without any looks like one whose heads were taken out.
        """
        now = self._clock.now()
        case_id = self._clock.new_id()
        with self._transaction():
            year = f"HF-{now.year}-"
            used = [int(c.number[len(year) :]) for c in self.all(Case) if c.number[:8] == year]
            case = Case(
                id=case_id,
                number=f"{year}{max(used, default=0) + 1:04d}",
                title=title,
                world=world,
                ledger_id=self._clock.new_id(),
                opened=rfc3339(now),
            )
            self.save(case)
            key = self.key(case_id)
            facts: dict[str, Json] = {"world": world, "key": str(key) if key else None}
            with self.custody(case_id) as custody:
                custody.append("case.opened", case.number, facts=facts)
                custody.head()
        return case

    def case(self, reference: str) -> Case:
        """The case of that number, id, or unique prefix of either.  Raises Refused."""
        cases = self.all(Case)
        exact = [c for c in cases if reference in (c.number, c.id)]
        if exact:
            return exact[0]
        hits = [
            c
            for c in cases
            if reference and (c.number.startswith(reference) or c.id.startswith(reference))
        ]
        if len(hits) == 1:
            return hits[0]
        raise Refused("case_ambiguous" if hits else "case_unknown", case=reference[:80])

    # --- the ledger ------------------------------------------------------------------------------

    @contextmanager
    def custody(self, case_id: str) -> Iterator[CaseCustody]:
        """A transaction on one case's ledger: everything in it happens, or nothing does."""
        with self._transaction():
            yield CaseCustody(self, self.get(Case, case_id))

    def entries(self, case_id: str) -> tuple[LedgerEntry, ...]:
        """Every line, in order.  Raises Tampered when a stored line is not what it was."""
        try:
            return tuple(read_entry(body) for body in self.bodies(case_id))
        except ValueError as error:
            raise Tampered("ledger_unreadable", reason=str(error)) from error

    def bodies(self, case_id: str) -> list[bytes]:
        """The exact bytes of every line, in order, unread."""
        rows = self._query("SELECT body FROM ledger WHERE case_id = ? ORDER BY seq", case_id)
        return [row[0] for row in rows]

    def leaves(self, case_id: str) -> list[bytes]:
        """Leaf hashes as they were stored, in order."""
        rows = self._query("SELECT leaf FROM ledger WHERE case_id = ? ORDER BY seq", case_id)
        return [row[0] for row in rows]

    def count(self, case_id: str, act: str) -> int:
        """How many lines carry an act."""
        rows = self._query(
            "SELECT count(*) FROM ledger WHERE case_id = ? AND act = ?", case_id, act
        )
        return int(rows[0][0])

    def append(
        self, case: Case, act: str, subject: str, refs: Sequence[Ref], facts: Mapping[str, Json]
    ) -> LedgerEntry:
        """One more line.  Only custody calls this, inside its transaction.

        A key that the ledger does not name yet is named first, so that heads signed with it hold.
        """
        key = self.key(case.id)
        if key is not None and act != "case.opened" and not self._names(case, key):
            self._rotated(case, key)
        return self._write(case, act, subject, refs, facts, key)

    def _rotated(self, case: Case, key: VerifierKey) -> None:
        facts: dict[str, Json] = {"key": str(key)}
        self._write(case, "key.rotated", case.number, (), facts, key)

    def _names(self, case: Case, key: VerifierKey) -> bool:
        rows = self._query(
            "SELECT body FROM ledger WHERE case_id = ? AND act IN ('case.opened', 'key.rotated')"
            " ORDER BY seq DESC LIMIT 1",
            case.id,
        )
        return bool(rows) and read_entry(rows[0][0]).facts.get("key") == str(key)

    def _write(
        self,
        case: Case,
        act: str,
        subject: str,
        refs: Sequence[Ref],
        facts: Mapping[str, Json],
        key: VerifierKey | None,
    ) -> LedgerEntry:
        rows = self._query("SELECT count(*) FROM ledger WHERE case_id = ?", case.id)
        signer = key_id(key.name, key.public_key).hex() if key else "unsigned"
        entry = write_entry(
            ledger=case.ledger_id,
            seq=int(rows[0][0]),
            at=rfc3339(self._clock.now()),
            actor=f"installation:{signer}",
            act=act,
            subject=subject,
            refs=refs,
            facts=facts,
            nonce=secrets.token_bytes(16),
        )
        self._db.execute(
            "INSERT INTO ledger (case_id, seq, act, body, leaf) VALUES (?, ?, ?, ?, ?)",
            [case.id, entry.seq, act, entry.body, entry.leaf],
        )
        return entry

    def head(self, case: Case) -> Checkpoint:
        """A head over every line so far, stored, and signed when the key can be had."""
        leaves = self.leaves(case.id)
        unsigned = Checkpoint(origin=self._origin(case), size=len(leaves), root=tree_root(leaves))
        with self._transaction():
            known = self._query(
                "SELECT note FROM checkpoint WHERE case_id = ? AND size = ?", case.id, len(leaves)
            )
            if not known:
                self._db.execute(
                    "INSERT INTO checkpoint (case_id, size, root) VALUES (?, ?, ?)",
                    [case.id, unsigned.size, unsigned.root],
                )
            return self._signed_now(case, unsigned)

    def _sign(self, case: Case, unsigned: Checkpoint) -> Checkpoint:
        key = self._keys.key()
        if key is None:
            return unsigned
        signed = unsigned.signed(unsigned.origin, key.public, key.sign(unsigned.text))
        self._db.execute(
            "UPDATE checkpoint SET note = ? WHERE case_id = ? AND size = ?",
            [signed.note, case.id, unsigned.size],
        )
        return signed

    def checkpoints(self, case_id: str) -> tuple[Checkpoint, ...]:
        """Every stored head, by size; those without a signature are signed now if they can be."""
        case = self.get(Case, case_id)
        found = []
        for size, root, note in self._query(
            "SELECT size, root, note FROM checkpoint WHERE case_id = ? ORDER BY size", case_id
        ):
            if note is None:
                unsigned = Checkpoint(origin=self._origin(case), size=size, root=root)
                found.append(self._signed_now(case, unsigned))
            else:
                found.append(read_checkpoint(note))
        return tuple(found)

    def _signed_now(self, case: Case, unsigned: Checkpoint) -> Checkpoint:
        """The stored head of that size; another process may have signed it meanwhile."""
        with self._transaction():
            ((note,),) = self._query(
                "SELECT note FROM checkpoint WHERE case_id = ? AND size = ?", case.id, unsigned.size
            )
            return self._sign(case, unsigned) if note is None else read_checkpoint(note)

    def key(self, case_id: str) -> VerifierKey | None:
        """The installation's public key under the ledger's origin; None until one can be had."""
        key = self._keys.key()
        if key is None:
            return None
        return VerifierKey(name=self._origin(self.get(Case, case_id)), public_key=key.public)

    def change_key(self) -> tuple[Case, ...]:
        """Another key signs from now on, and every case says so; those cases.

        What is there by now is signed by the key before, and so, beside the new one, is the head
        that says so: nobody else can take over a record like that.  What breaks off is carried
        through when the database is opened again.  Raises Unavailable(``key_locked``,
        ``database_busy``).
        """
        told: dict[str, Case] = {}
        self._keys.change(partial(self._announce, told))
        return tuple(told.values())

    def _announce(self, told: dict[str, Case], before: SigningKey, after: SigningKey) -> None:
        with self._transaction():
            # Those that another window opened meanwhile are there by the second time.
            cases = [case for case in self.all(Case) if case.id not in told]
        for case in cases:
            self._hand_over(case, before, after)
            told[case.id] = case

    def _hand_over(self, case: Case, before: SigningKey, after: SigningKey) -> None:
        """The case names the key that follows, under a head that both have signed.

        What is there by then is signed by the one before.
        """
        newest = self.checkpoints(case.id)[-1:]
        size = len(self.leaves(case.id))
        if any(head.size == size and self._by_both(head, before, after) for head in newest):
            return  # a change that broke off had come so far
        self.head(case)
        self.checkpoints(case.id)
        with self._transaction():
            self._rotated(case, VerifierKey(name=self._origin(case), public_key=after.public))
            self._head_by(case, (before, after))

    def _by_both(self, head: Checkpoint, *keys: SigningKey) -> bool:
        known = [VerifierKey(name=head.origin, public_key=key.public) for key in keys]
        return all(head.signed_by(key, ed25519.verify) for key in known)

    def _head_by(self, case: Case, keys: Sequence[SigningKey]) -> None:
        leaves = self.leaves(case.id)
        name = self._origin(case)
        head = Checkpoint(origin=name, size=len(leaves), root=tree_root(leaves))
        for key in keys:
            head = head.signed(name, key.public, key.sign(head.text))
        self._db.execute(
            "INSERT INTO checkpoint (case_id, size, root, note) VALUES (?, ?, ?, ?)",
            [case.id, head.size, head.root, head.note],
        )

    def sign(self, message: bytes) -> bytes:
        """64 bytes by the installation's key.  Raises Unavailable when it cannot be had."""
        key = self._keys.key()
        if key is None:
            raise Unavailable("key_locked")
        return key.sign(message)

    @staticmethod
    def _origin(case: Case) -> str:
        return origin(case.ledger_id, case.world)

    # --- working state ---------------------------------------------------------------------------

    def save(self, noun: object) -> None:
        """A frozen dataclass with ``id`` (and ``case_id``) is stored, replacing one of its id."""
        fields: Any = noun
        body = _converter().dumps(noun, ensure_ascii=False)
        case_id = fields.id if isinstance(noun, Case) else fields.case_id
        with self._transaction():
            self._db.execute(
                "INSERT INTO noun (kind, id, case_id, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                [type(noun).__name__, fields.id, case_id, body],
            )

    def drop(self, noun: object) -> None:
        """That noun is among the working state no more; the ledger keeps what it says of it."""
        fields: Any = noun
        with self._transaction():
            self._db.execute(
                "DELETE FROM noun WHERE kind = ? AND id = ?", [type(noun).__name__, fields.id]
            )

    def get(self, kind: type[Noun], id: str) -> Noun:
        """The noun of that id.  Raises Refused."""
        rows = self._query("SELECT body FROM noun WHERE kind = ? AND id = ?", kind.__name__, id)
        if not rows:
            raise Refused("not_found", kind=kind.__name__.lower(), id=id[:80])
        found: Noun = _converter().loads(rows[0][0], kind)
        return found

    def all(self, kind: type[Noun], case_id: str | None = None) -> tuple[Noun, ...]:
        """Every noun of that kind, oldest first; of one case, or of all."""
        sql = "SELECT body FROM noun WHERE kind = ?"
        rows = (
            self._query(f"{sql} ORDER BY id", kind.__name__)
            if case_id is None
            else self._query(f"{sql} AND case_id = ? ORDER BY id", kind.__name__, case_id)
        )
        return tuple(_converter().loads(row[0], kind) for row in rows)

    def unsent(self, case_id: str, kind: StampKind, subject: SubjectKind) -> tuple[Stamp, ...]:
        """Stamps of that protocol about such a subject that wait in the queue and were never sent.

        SQLite looks into the bodies: to read them all at each sealing made long cases slow.  An
        index over what they say would stand in the schema, and a copy with one is not opened
        where its schema is not trusted.
        """
        rows = self._query(
            "SELECT body FROM noun WHERE kind = 'Stamp' AND case_id = ?"
            " AND json_extract(body, '$.status') = 'queued'"
            " AND json_extract(body, '$.requested') IS NULL"
            " AND json_extract(body, '$.kind') = ?"
            " AND json_extract(body, '$.subject.kind') = ? ORDER BY id",
            case_id,
            kind,
            subject,
        )
        return tuple(_converter().loads(row[0], Stamp) for row in rows)

    def exhibit(self, case_id: str, number: str) -> Exhibit:
        """The exhibit of that number.  Raises Refused."""
        for found in self.all(Exhibit, case_id):
            if found.number == number:
                return found
        raise Refused("exhibit_unknown", exhibit=number[:20])

    # --- transactions ----------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT; nested ones belong to the outermost."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._still_there()
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._rollback()
                raise _explained(error, self._path) from error
            except BaseException:
                self._rollback()
                raise

    def _still_there(self) -> None:
        """What is open lies where the next start looks for it.  Raises Tampered.

        A service that keeps folders of two computers the same puts another file in its place, and
        SQLite would go on writing to the one that nobody can find any more.
        """
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), self._opened):
                return
        raise Tampered("database_exchanged", path=NAME)

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _query(self, sql: str, *parameters: str | int) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                raise _explained(error, self._path) from error


class CaseCustody:
    """An open transaction on one case's ledger."""

    def __init__(self, store: Store, case: Case) -> None:
        self._store = store
        self._case = case

    def next_exhibit(self) -> str:
        """The next exhibit number: one more than were ever sealed."""
        return f"E{self._store.count(self._case.id, 'exhibit.sealed') + 1:04d}"

    def append(
        self,
        act: str,
        subject: str,
        refs: Sequence[Ref] = (),
        facts: Mapping[str, Json] | None = None,
    ) -> LedgerEntry:
        """One more line in the case's ledger."""
        return self._store.append(self._case, act, subject, refs, facts or {})

    def head(self) -> Checkpoint:
        """A head over every line so far, signed when the key can be had, and stored."""
        return self._store.head(self._case)

    def save(self, noun: object) -> None:
        """As Store.save, in the same transaction."""
        self._store.save(noun)

    def drop(self, noun: object) -> None:
        """That noun is not among the working state any more, in the same transaction."""
        self._store.drop(noun)


def _explained(error: sqlite3.Error, path: Path) -> Exception:
    """What a person can be told; else the error itself, for then it is a bug of ours."""
    text = str(error)
    if "disk is full" in text or ("disk I/O" in text and _is_full(path)):
        return Refused("disk_full", name=NAME)
    if "locked" in text or "busy" in text:
        return Unavailable("database_busy")
    if "not a database" in text or "malformed" in text:
        return Tampered("database_damaged", path=NAME)
    if re.search("disk I/O|readonly|unable to open", text):
        return Refused("database_unreachable", reason=text)
    return error


def _is_full(path: Path) -> bool:
    """Whether there is no room beside the database, which SQLite does not always say so."""
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free < LITTLE
    return False


def _open(path: Path) -> sqlite3.Connection:
    try:
        conn = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_S)
    except sqlite3.Error as error:
        raise _explained(error, path) from error
    try:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA synchronous = FULL")
        # macOS flushes the drive itself only when asked for it.
        conn.execute("PRAGMA fullfsync = ON")
        conn.execute("PRAGMA checkpoint_fullfsync = ON")
        conn.execute("PRAGMA journal_mode = WAL")
        had = applied(conn)
        if had - MIGRATIONS.keys():
            raise Refused("database_newer", path=path.name)
        if not had and any((path.parent / "objects").glob("??/*")):
            # To begin anew here would hide that everything is lost.
            raise Tampered("database_missing", path=path.name)
        if MIGRATIONS.keys() - had:
            if had:
                _back_up(conn, path.with_name(f"{path.stem}.before-{len(had) + 1}.db"))
            conn.execute("BEGIN IMMEDIATE")
            migrate(conn)
            conn.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        conn.close()
        raise _explained(error, path) from error
    except BaseException:
        conn.close()
        raise
    return conn


def _back_up(conn: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        conn.backup(copy)
    path.chmod(0o600)
