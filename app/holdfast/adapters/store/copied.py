"""A copied database, read without a trace: never written, never migrated, nothing in it run.

The file may have been made to harm.  Its tables have to be those that our migrations make, word for
word, before a row is read; views, triggers, extensions and functions of its own never run; rows,
sizes and counts are bounded; and a person can stop it at any moment.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from holdfast.adapters.store.schema import MIGRATIONS, shape
from holdfast.core.bag import Unreadable
from holdfast.core.canonical import moment, one_line
from holdfast.core.copied import CopiedCase, CopiedHead
from holdfast.core.errors import Cancelled, Refused, Tampered
from holdfast.core.evidence import safe_path
from holdfast.core.job import Job
from holdfast.core.ledger import read_entry
from holdfast.core.record import MAX_LEDGER
from holdfast.core.timestamp import Stamp
from holdfast.core.verdict import Finding

if TYPE_CHECKING:
    from cattrs.preconf.json import JsonConverter

MAGIC: Final = b"SQLite format 3\0"
MAX_FILE: Final = 16 << 30
MAX_ROW: Final = 16 << 20
MAX_CASES: Final = 10_000
MAX_NOUN: Final = 1 << 20
MAX_NOUNS: Final = 200_000
MAX_WORKING: Final = 256 << 20
MAX_OBJECTS: Final = 1_000_000
SMALL: Final = 64 << 20
BEAT: Final = 20_000
"""Steps of SQLite's machine between two looks at whether to stop."""

_MIGRATIONS = "_sqlite_migrations"
_BARE = ("-wal", "-journal")
_OURS = {"ledger", "checkpoint", "noun", _MIGRATIONS, "sqlite_master"}
_PRAGMAS = frozenset({"integrity_check"})
_FUNCTIONS = frozenset({"length", "json_valid", "count"})
_NUMBER = re.compile(r"HF-[0-9]{4}-[0-9]{4,9}")
_ID = re.compile(r"[0-9a-f-]{36}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AUTHORITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def is_database(path: Path) -> bool:
    """Whether a file begins as every SQLite database does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@contextmanager
def open_copied(path: Path, job: Job) -> Iterator[CopiedDatabase]:
    """The database at ``path``, ready to be looked at.

    Lines that SQLite has not yet moved out of ``-wal`` are read from a private copy, so that
    nothing appears beside the file.  Raises Unreadable (``copy_other`` for what is none of ours,
    ``copy_damaged``, ``copy_shape``, ``copy_too_many``), Refused and Cancelled.
    """
    before = _marks(path)
    with ExitStack() as room:
        at = path
        unfinished = any(size for _, size in before[1:])
        try:
            if unfinished:
                folder = room.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-"))
                at = _settled(path, Path(folder), job)
            opened = room.enter_context(closing(_connect(at)))
        except sqlite3.Error as error:
            raise Unreadable("copy_damaged", one_line(str(error))[:200]) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Refused("verify_unreadable", name=path.name, reason=reason) from error
        database = CopiedDatabase(opened, path.parent, job, unfinished=unfinished)
        yield database
    if _marks(path) != before:
        raise Refused("copy_in_use", name=one_line(path.name)[:100])


def _marks(path: Path) -> list[tuple[int, int]]:
    """When each of the database's files was last written, and its size; (0, 0) for none."""
    found = []
    for ending in ("", *_BARE):
        place = path.with_name(path.name + ending)
        try:
            about = place.lstat()
        except OSError:
            found.append((0, 0))
            continue
        if ending and not stat.S_ISREG(about.st_mode):
            found.append((0, 0))
            continue
        if about.st_size > MAX_FILE:
            raise Refused("verify_too_large", name=place.name, limit=MAX_FILE)
        found.append((about.st_mtime_ns, about.st_size))
    return found


def _settled(path: Path, folder: Path, job: Job) -> Path:
    """A copy in ``folder`` into which SQLite has moved what still lay beside the file."""
    at = folder / "copy.db"
    for ending in ("", *_BARE):
        source = path.with_name(path.name + ending)
        if ending and (source.is_symlink() or not source.is_file()):
            continue
        with source.open("rb") as file, at.with_name(at.name + ending).open("xb") as copy:
            while block := file.read(1 << 20):
                job.step("reading", detail=path.name)
                copy.write(block)
    with closing(sqlite3.connect(at, isolation_level=None)) as once:
        once.set_authorizer(_may_settle)
        # The first reading plays back a journal, the second moves in what lies in a -wal.
        once.execute("PRAGMA schema_version")
        once.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return at


def _may_settle(action: int, first: str | None, *_: str | None) -> int:
    fine = action == sqlite3.SQLITE_PRAGMA and first in ("schema_version", "wal_checkpoint")
    return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY


def _connect(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
    )
    try:
        for limit, most in (
            (sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW),
            (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1 << 16),
            (sqlite3.SQLITE_LIMIT_COLUMN, 100),
            (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        ):
            conn.setlimit(limit, most)
        for pragma in (
            "trusted_schema = OFF",
            "query_only = ON",
            "cell_size_check = ON",
            "mmap_size = 0",
            "temp_store = MEMORY",
        ):
            conn.execute(f"PRAGMA {pragma}")
    except BaseException:
        conn.close()
        raise
    conn.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    conn.set_authorizer(_may)
    return conn


def _may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Reading our own tables and nothing else."""
    match action:
        case sqlite3.SQLITE_SELECT:
            fine = True
        case sqlite3.SQLITE_READ:
            fine = first in _OURS or first == "sqlite_schema"
        case sqlite3.SQLITE_PRAGMA:
            fine = first in _PRAGMAS
        case sqlite3.SQLITE_FUNCTION:
            fine = second in _FUNCTIONS
        case _:
            fine = False
    return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY


class CopiedDatabase:
    """What lies in one copied file, and beside it."""

    def __init__(
        self, conn: sqlite3.Connection, folder: Path, job: Job, *, unfinished: bool
    ) -> None:
        self._conn = conn
        self._job = job
        self._stopped: BaseException | None = None
        self._findings: list[Finding] = []
        conn.set_progress_handler(self._beat, BEAT)
        self._look_at_shape()
        self._check_pages()
        if unfinished:
            self._say("copy_unfinished", "ok")
        self._nouns = self._working()
        self.objects = CopiedObjects(folder / "objects")

    def troubles(self) -> tuple[Finding, ...]:
        """What the file itself shows; ``subject`` is empty."""
        return tuple(self._findings)

    def _say(self, rule: str, outcome: Any, detail: str = "") -> None:
        self._findings.append(Finding(subject="", rule=rule, outcome=outcome, detail=detail))

    def _beat(self) -> int:
        try:
            self._job.step("reading")
        except (Cancelled, KeyboardInterrupt) as error:
            # SQLite swallows what is raised here, so it is kept for whoever asked.
            self._stopped = error
            return 1
        return 0

    def _rows(self, sql: str, *values: str) -> Iterator[tuple[Any, ...]]:
        try:
            for row in self._conn.execute(sql, values):  # noqa: UP028  a cursor has its own close
                yield row
        except (sqlite3.Error, OverflowError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        if self._stopped is not None:
            raise self._stopped from None
        raise Unreadable("copy_damaged", one_line(str(error))[:200]) from error

    # --- the file itself -------------------------------------------------------------------------

    def _look_at_shape(self) -> None:
        """The tables are those our migrations make.  Raises Unreadable."""
        ours, found = shape(), {}
        rows = self._rows("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 1000")
        for kind, name, owner, sql in rows:
            # What SQLite makes itself, and the index of the migrations, are no one's statement.
            own = (kind, owner) == ("index", _MIGRATIONS)
            if isinstance(name, str) and not name.startswith("sqlite_") and not own:
                found[str(kind), name] = " ".join(str(sql).split())
        tables = {key for key in ours if key[0] == "table"}
        if not any((kind, name) in found for _, name in tables for kind in ("table", "view")):
            raise Unreadable("copy_other")
        record = ("table", _MIGRATIONS)
        if record in found and found[record].upper().startswith("CREATE TABLE"):
            rows = self._rows("SELECT name FROM _sqlite_migrations LIMIT 1000")
            newer = {str(row[0]) for row in rows} - MIGRATIONS.keys()
            if newer:
                raise Unreadable("copy_of_newer", one_line(", ".join(sorted(newer)))[:100])
        for key in sorted(tables):
            if found.get(key) != ours[key]:
                raise Unreadable("copy_shape", key[1])
        missing = sorted(name for kind, name in ours.keys() - found.keys() if kind == "trigger")
        changed = sorted(
            name
            for kind, name in ours.keys() & found.keys()
            if found[kind, name] != ours[kind, name]
        )
        strange = sorted(name for _, name in found.keys() - ours.keys() - {record})
        if missing or changed:
            self._say("copy_guards", "weak", one_line(", ".join([*missing, *changed]))[:200])
        if strange:
            self._say("copy_strange", "weak", one_line(", ".join(strange))[:200])
        self._checked = () if not strange and not changed else tuple(name for _, name in tables)

    def _check_pages(self) -> None:
        """The pages hang together.  Raises Unreadable."""
        asked = [f"PRAGMA integrity_check('{name}')" for name in self._checked]
        for sql in asked or ["PRAGMA integrity_check(1)"]:
            for row in self._rows(sql):
                if row[0] != "ok":
                    raise Unreadable("copy_damaged", one_line(str(row[0]))[:200])
                break

    # --- working state ---------------------------------------------------------------------------

    def _working(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Cases, stamps and issued documents, by kind and case; what cannot be read is counted."""
        self._unread: dict[str, int] = defaultdict(int)
        found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        whole = 0
        rows = self._rows(
            "SELECT kind, id, case_id, body FROM noun WHERE kind IN ('Case', 'Stamp', 'Issued')"
            " ORDER BY id LIMIT ?",
            str(MAX_NOUNS),
        )
        for kind, id_, case_id, body in rows:
            case = str(case_id)
            whole += len(body) if isinstance(body, str) else 0
            if whole > MAX_WORKING:
                raise Unreadable("copy_too_many", str(MAX_WORKING))
            value = _object(body)
            if value is None or value.get("id") != id_:
                self._unread[case] += 1
            else:
                found[str(kind), case].append(value)
        return found

    def case_ids(self) -> tuple[str, ...]:
        """Every case that any row speaks of, oldest first.  Raises Unreadable."""
        found: dict[str, None] = {}
        for sql in (
            "SELECT DISTINCT case_id FROM ledger LIMIT 10001",
            "SELECT DISTINCT case_id FROM checkpoint LIMIT 10001",
        ):
            found |= {str(row[0]): None for row in self._rows(sql)}
        found |= {case: None for kind, case in self._nouns if kind == "Case"}
        if len(found) > MAX_CASES:
            raise Unreadable("copy_too_many", str(MAX_CASES))
        return tuple(sorted(found))

    def case(self, case_id: str) -> CopiedCase:
        """Everything of one case.  Raises Unreadable."""
        bodies, indexed, acts, whole = [], [], [], 0
        sql = "SELECT seq, body, leaf, act FROM ledger WHERE case_id = ? ORDER BY seq"
        for count, (seq, body, leaf, act) in enumerate(self._rows(sql, case_id)):
            if not isinstance(body, bytes) or not isinstance(leaf, bytes):
                raise Unreadable("copy_damaged", f"ledger {count}")
            whole += len(body) + 1
            if whole > MAX_LEDGER:
                raise Unreadable("copy_too_many", str(MAX_LEDGER))
            if count % 1000 == 0:
                self._job.step("reading")
            bodies.append(body)
            indexed.append((seq if isinstance(seq, int) else -1, leaf, str(act)))
            acts.append(_act(body))
        stated = self._stated(case_id)
        return CopiedCase(
            id=one_line(case_id)[:64],
            number=str(stated.get("number", "")),
            world="practice" if stated.get("world") == "practice" else "real",
            ledger=str(stated.get("ledger_id", "")),
            bodies=tuple(bodies),
            indexed=tuple(indexed),
            acts=tuple(acts),
            heads=tuple(self._heads(case_id)),
            stamps=self._stamps(case_id),
            printed=frozenset(
                size
                for one in self._nouns["Issued", case_id]
                if isinstance(size := one.get("checkpoint_size"), int)
            ),
            unread=self._unread[case_id],
        )

    def _stated(self, case_id: str) -> dict[str, Any]:
        """What the case says of itself; empty where it says nothing that can be used."""
        for one in self._nouns["Case", case_id]:
            number, ledger = one.get("number"), one.get("ledger_id")
            if (
                isinstance(number, str)
                and _NUMBER.fullmatch(number)
                and isinstance(ledger, str)
                and _ID.fullmatch(ledger)
                and one.get("world") in ("real", "practice")
            ):
                return one
        return {}

    def _heads(self, case_id: str) -> Iterator[CopiedHead]:
        sql = "SELECT size, root, note FROM checkpoint WHERE case_id = ? ORDER BY size"
        for size, root, note in self._rows(sql, case_id):
            sound = isinstance(size, int) and 0 <= size < 1 << 53 and isinstance(root, bytes)
            if not sound or not isinstance(note, bytes | None):
                raise Unreadable("copy_damaged", "checkpoint")
            yield CopiedHead(size=size, root=root, note=note)

    def _stamps(self, case_id: str) -> tuple[Stamp, ...]:
        found = []
        for one in self._nouns["Stamp", case_id]:
            stamp = _stamp(one)
            if stamp is None:
                self._unread[case_id] += 1
            else:
                found.append(stamp)
        return tuple(found)


def _object(body: object) -> dict[str, Any] | None:
    if not isinstance(body, str) or len(body) > MAX_NOUN:
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _act(body: bytes) -> str:
    try:
        return read_entry(body).act
    except ValueError:
        return ""


@cache
def _converter() -> JsonConverter:
    from cattrs.preconf.json import make_converter

    return make_converter()


def _stamp(value: dict[str, Any]) -> Stamp | None:
    """A stamp whose every name may be used as one; None for any other."""
    from cattrs.errors import BaseValidationError

    try:
        stamp = _converter().structure(value, Stamp)
        if stamp.time is not None:
            moment(stamp.time)
    except (BaseValidationError, ValueError, TypeError, KeyError, RecursionError):
        return None
    named = (stamp.proof, stamp.query, stamp.root, stamp.chain, *stamp.revocation)
    fine = (
        all(not sha256 or _SHA256.fullmatch(sha256) for sha256 in named)
        and _SHA256.fullmatch(stamp.subject.sha256)
        and safe_path(stamp.subject.path)
        and (stamp.kind == "opentimestamps" or _AUTHORITY.fullmatch(stamp.authority))
    )
    return stamp if fine else None


class CopiedObjects:
    """The ``objects`` folder beside a copied database.  No link in it is followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def present(self) -> bool:
        """Whether there is such a folder at all."""
        return _is(self._folder, stat.S_ISDIR)

    def path(self, sha256: str) -> Path:
        """Where the bytes lie.  Raises Tampered where no ordinary file of that name does."""
        within = self._folder / sha256[:2]
        place = within / sha256
        if not (
            _SHA256.fullmatch(sha256)
            and self.present
            and _is(within, stat.S_ISDIR)
            and _is(place, stat.S_ISREG)
        ):
            raise Tampered("object_missing", sha256=sha256[:64])
        return place

    def read(self, sha256: str) -> bytes:
        """Small bytes, checked against their name.  Raises Tampered."""
        try:
            with self.path(sha256).open("rb") as file:
                data = file.read(SMALL + 1)
        except OSError as error:
            raise Tampered("object_missing", sha256=sha256) from error
        if len(data) > SMALL or hashlib.sha256(data).hexdigest() != sha256:
            raise Tampered("object_changed", sha256=sha256)
        return data

    def weight(self, job: Job) -> int:
        """Bytes of everything there."""
        found = 0
        for count, place in enumerate(self._places()):
            if count % 1000 == 0:
                job.step("reading")
            with suppress(OSError):
                found += place.lstat().st_size
        return found

    def beginning(self, with_: bytes, at_most: int, job: Job) -> Iterator[bytes]:
        """Every object of at most so many bytes that begins so, whoever still speaks of it."""
        for count, place in enumerate(self._places()):
            if count > MAX_OBJECTS:
                return
            if count % 1000 == 0:
                job.step("reading")
            with suppress(OSError), place.open("rb") as file:
                if file.read(len(with_)) == with_ and place.stat().st_size <= at_most:
                    yield with_ + file.read(at_most)

    def _places(self) -> Iterator[Path]:
        if not self.present:
            return
        for number in range(256):
            within = self._folder / f"{number:02x}"
            if _is(within, stat.S_ISDIR):
                with suppress(OSError):
                    yield from (one for one in sorted(within.iterdir()) if _is(one, stat.S_ISREG))


def _is(place: Path, kind: Any) -> bool:
    """Whether it is that kind of thing itself, and no link to one."""
    try:
        return bool(kind(place.lstat().st_mode))
    except OSError:
        return False
