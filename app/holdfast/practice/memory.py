"""What the practice world remembers, in one small database that survives a kill -9."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.core.errors import Refused

_VERSION = 1
_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE block (height INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, header BLOB NOT NULL)
    STRICT;
CREATE TABLE tx (
    height INTEGER NOT NULL REFERENCES block, position INTEGER NOT NULL, raw BLOB NOT NULL,
    PRIMARY KEY (height, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE commitment (
    message BLOB NOT NULL, calendar TEXT NOT NULL, arrived INTEGER NOT NULL,
    height INTEGER REFERENCES block, transaction_id TEXT, proof BLOB,
    PRIMARY KEY (calendar, message)
) STRICT;
CREATE INDEX pending ON commitment (calendar, arrived) WHERE height IS NULL;
"""


class Memory:
    """One connection for every service, one writer at a time."""

    def __init__(self, folder: Path) -> None:
        """Opens ``folder``, making it when it is new.

        Raises Refused(``practice_folder``) when it cannot be written to, and
        Refused(``practice_damaged``) when what lies there cannot be read.
        """
        self._lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                folder / "practice.db", isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise Refused("practice_folder", folder=str(folder)) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            is_about_the_disk = isinstance(error, sqlite3.OperationalError)
            code = "practice_folder" if is_about_the_disk else "practice_damaged"
            raise Refused(code, folder=str(folder)) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: everything in it is durable afterwards, or nothing is.

        Inside another one it is part of that.
        """
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def setting(self, name: str) -> int | None:
        """A remembered number."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return int(found[0][0]) if found else None

    def remember(self, **values: int) -> None:
        """All of them stand from now on, or none does."""
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", values.items())

    def count(self, name: str) -> int:
        """One more of ``name``; how many there were before."""
        with self.writing() as db:
            before = self.setting(name) or 0
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, before + 1))
        return before

    def close(self) -> None:
        """The file is free."""
        with self._lock:
            self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        with self.writing() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                # executescript would end the transaction that makes this all or nothing.
                for statement in _SCHEMA.split(";")[:-1]:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise sqlite3.DatabaseError
