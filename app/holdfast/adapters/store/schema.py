"""The database's shape: migrations that are never edited after a release.

The ledger is append-only by triggers, against accidents: a line must carry the next number, so
that INSERT OR REPLACE, which skips DELETE triggers on most connections, has nothing to replace.
The outside time-stamps are the proof.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_SPINE = (
    """CREATE TABLE ledger (
        case_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        act TEXT NOT NULL,
        body BLOB NOT NULL,
        leaf BLOB NOT NULL CHECK (length(leaf) = 32),
        PRIMARY KEY (case_id, seq)
    ) STRICT""",
    "CREATE INDEX ledger_act ON ledger (case_id, act)",
    """CREATE TRIGGER ledger_grows_at_its_head BEFORE INSERT ON ledger
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM ledger WHERE case_id = NEW.case_id)
    BEGIN SELECT RAISE(ABORT, 'the ledger grows only at its head'); END""",
    """CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'a ledger line is never changed'); END""",
    """CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'a ledger line is never removed'); END""",
    """CREATE TABLE checkpoint (
        case_id TEXT NOT NULL,
        size INTEGER NOT NULL,
        root BLOB NOT NULL CHECK (length(root) = 32),
        note BLOB,
        PRIMARY KEY (case_id, size)
    ) STRICT""",
    """CREATE TRIGGER checkpoint_is_not_replaced BEFORE INSERT ON checkpoint
    WHEN EXISTS (SELECT 1 FROM checkpoint WHERE case_id = NEW.case_id AND size = NEW.size)
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never replaced'); END""",
    """CREATE TRIGGER checkpoint_is_only_signed BEFORE UPDATE ON checkpoint
    WHEN OLD.note IS NOT NULL OR NEW.case_id IS NOT OLD.case_id
      OR NEW.size IS NOT OLD.size OR NEW.root IS NOT OLD.root
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is only ever signed'); END""",
    """CREATE TRIGGER checkpoint_is_never_removed BEFORE DELETE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never removed'); END""",
    """CREATE TABLE noun (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        case_id TEXT NOT NULL,
        body TEXT NOT NULL CHECK (json_valid(body)),
        PRIMARY KEY (kind, id)
    ) STRICT""",
    "CREATE INDEX noun_case ON noun (kind, case_id)",
)


MIGRATIONS: dict[str, tuple[str, ...]] = {"m001_spine": _SPINE}
"""The statements of every migration this version knows, in their order; one more in a file means
that a newer Holdfast wrote it.
"""


def applied(conn: sqlite3.Connection) -> frozenset[str]:
    """The migrations that a database has had; none when it is new."""
    table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlite_migrations'"
    if conn.execute(table).fetchone() is None:
        return frozenset()
    names = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'holdfast'"
    return frozenset(row[0] for row in conn.execute(names))


def migrate(conn: sqlite3.Connection) -> None:
    """The database has had every migration.  The library is loaded for it alone: it is not asked
    for anything else, and brings numpy where there is one, which a command would wait for.
    """
    from sqlite_utils import Database, Migrations

    migrations = Migrations("holdfast")
    for name, statements in MIGRATIONS.items():
        migrations(name=name)(_running(statements))
    migrations.apply(Database(conn, execute_plugins=False))


def _running(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        for statement in statements:
            db.execute(statement)

    return run


def shape() -> Mapping[tuple[str, str], str]:
    """The statement that made each table, trigger and index, by kind and name."""
    found = {}
    for statement in _SPINE:
        hit = re.match(r"CREATE (TABLE|TRIGGER|INDEX) (\w+)", statement)
        assert hit is not None
        found[hit[1].lower(), hit[2]] = " ".join(statement.split())
    return found
