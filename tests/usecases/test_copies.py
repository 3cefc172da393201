"""Copied databases: each thing that may have been done to one is found, and the case is named."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.packed import Rehearsal, bench, broken, rehearsal, rules
from holdfast.adapters.pack.packs import Packs
from holdfast.adapters.store import copied
from holdfast.adapters.store.copied import open_copied
from holdfast.adapters.store.vault import hasher
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.job import Job, Progress
from holdfast.core.ledger import leaf_hash, write_entry
from holdfast.core.verdict import Verdict
from holdfast.usecases import copies
from holdfast.usecases.verify import Options, Shelf, verify

ENTRIES = "data/ledger/entries.jsonl"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("made")) as case:
        yield case


@pytest.fixture
def copy(made: Rehearsal, tmp_path: Path) -> Path:
    """The data folder, as somebody copies one whose program has been closed."""
    home = tmp_path / "copy"
    home.mkdir()
    with (
        closing(sqlite3.connect(made.data / "holdfast.db")) as source,
        closing(sqlite3.connect(home / "holdfast.db")) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    shutil.copytree(made.data / "objects", home / "objects")
    return home / "holdfast.db"


def judged(
    made: Rehearsal,
    *targets: Path,
    shelf: Shelf | None = None,
    job: Job | None = None,
    heads: tuple[str, ...] = (),
) -> Verdict:
    read = copies.Bench(
        open=open_copied, digests=Packs(hasher).digests, tsas=lambda _world: made.tsas
    )
    looked = bench(
        copies=lambda path, terms, job: copies.judge_copy(path, terms, job, bench=read, shelf=shelf)
    )
    options = Options(practice=True, heads=heads)
    return verify(targets, options, bench=looked, job=job or Job(), shelf=shelf)


def altered(database: Path, *statements: str, bare: bool = True) -> None:
    """As somebody with another program alters one; ``bare`` puts the triggers back afterwards."""
    with closing(sqlite3.connect(database, isolation_level=None)) as conn:
        triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = triggers.fetchall()
        for name, _ in found:
            conn.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            conn.execute(statement)
        for _, sql in found if bare else ():
            with suppress(sqlite3.OperationalError):  # a view has no such triggers
                conn.execute(sql)


def listed(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
    }


# --- what is sound -------------------------------------------------------------------------------


def test_a_sound_copy_is_fine_and_stays_as_it_is(made: Rehearsal, copy: Path) -> None:
    before = listed(copy.parent)
    for target in (copy, copy.parent):
        verdict = judged(made, target)
        assert verdict.verdict == "ok", [f for f in verdict.findings if f.outcome != "ok"]
        assert verdict.findings[0].rule == "world_practice"
        told = {finding.rule: finding for finding in verdict.findings}
        assert told["copy_read"].detail == "1"
        assert told["ledger_match"].subject == f"{made.number}/{ENTRIES}"
        assert told["copy_heads"].subject.startswith(made.number)
        assert {seen.subject.split("/")[0] for seen in verdict.timestamps} == {made.number}
    assert listed(copy.parent) == before


def test_files_that_were_not_copied_along_could_not_be_checked(made: Rehearsal, copy: Path) -> None:
    shutil.rmtree(copy.parent / "objects")
    verdict = judged(made, copy)
    assert verdict.verdict == "unchecked"
    assert "copy_objects_absent" in rules(verdict)
    assert not broken(verdict)


def test_lines_in_the_second_file_are_read_from_a_private_copy(made: Rehearsal, copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("INSERT INTO noun VALUES ('Party', 'p', 'c', '{}')")
        elsewhere = copy.parent.with_name("second")
        shutil.copytree(copy.parent, elsewhere)
    (elsewhere / "holdfast.db-shm").unlink()
    assert (elsewhere / "holdfast.db-wal").stat().st_size
    before = listed(elsewhere)
    verdict = judged(made, elsewhere)
    assert verdict.verdict == "ok", [f for f in verdict.findings if f.outcome == "broken"]
    assert "copy_unfinished" in rules(verdict, ("ok",))
    assert listed(elsewhere) == before


# --- what somebody may have done -----------------------------------------------------------------


def test_lines_that_were_cut_off_are_found(made: Rehearsal, copy: Path) -> None:
    altered(copy, "DELETE FROM ledger WHERE seq > 1")
    verdict = judged(made, copy)
    assert verdict.verdict == "broken"
    assert "ledger_truncated" in rules(verdict)
    assert all(subject.startswith(made.number) for subject in broken(verdict))


def test_a_whole_rollback_shows_in_the_vault_and_against_what_was_kept(
    made: Rehearsal, copy: Path, tmp_path: Path
) -> None:
    assert made.case is not None
    head = made.store.checkpoints(made.case.id)[-1]
    altered(
        copy,
        "DELETE FROM ledger WHERE seq >= 2",
        "DELETE FROM checkpoint WHERE size > 2",
        "DELETE FROM noun WHERE kind = 'Stamp'",
    )
    verdict = judged(made, copy)
    assert "kept_in_vault" in rules(verdict)
    assert any(f.subject == made.number for f in verdict.findings if f.rule == "kept_in_vault")
    kept = tmp_path / "kept.txt"
    kept.write_bytes(head.note)
    verdict = judged(made, copy, kept)
    assert verdict.verdict == "broken"
    (told,) = [f for f in verdict.findings if f.rule == "kept_rollback"]
    assert made.number in told.detail
    verdict = judged(made, copy, shelf=made.shelf, heads=(f"{head.size}:{head.root.hex()}",))
    assert "kept_rollback" in rules(verdict)


def test_an_edited_line_is_found(made: Rehearsal, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as conn:
        (body,) = conn.execute("SELECT body FROM ledger WHERE seq = 1").fetchone()
    other = body.replace(b"2026", b"2025", 1)
    altered(copy, f"UPDATE ledger SET body = X'{other.hex()}' WHERE seq = 1")
    verdict = judged(made, copy)
    assert {"copy_row", "checkpoint_root"} <= rules(verdict)
    # With every care: the leaf beside it is made anew as well.
    altered(copy, f"UPDATE ledger SET leaf = X'{leaf_hash(other).hex()}' WHERE seq = 1")
    verdict = judged(made, copy)
    assert verdict.verdict == "broken"
    assert "checkpoint_root" in rules(verdict)
    assert f"{made.number}/{ENTRIES}" in broken(verdict)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE ledger SET act = 'case.closed' WHERE seq = 1", "copy_row"),
        ("UPDATE ledger SET seq = seq + 1000 WHERE seq = 3", "copy_row"),
        ("UPDATE ledger SET body = X'00' WHERE seq = 1", "ledger_line"),
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 3", "checkpoint_root"),
        ("UPDATE checkpoint SET note = X'00' WHERE size = 3", "checkpoint_malformed"),
        (
            "UPDATE checkpoint SET note = (SELECT min(note) FROM checkpoint) WHERE size = 3",
            "checkpoint_other",
        ),
        ("DELETE FROM checkpoint", "copy_headless"),
        ("DELETE FROM noun WHERE kind = 'Case'", "copy_nameless"),
        ("DELETE FROM ledger", "copy_empty"),
        ("UPDATE noun SET body = '{\"id\":1}' WHERE kind = 'Stamp'", "copy_working"),
        (
            (
                "UPDATE noun SET body = json_set(body, '$.proof', '../../etc/passwd')"
                " WHERE kind = 'Stamp'"
            ),
            "copy_working",
        ),
        (
            "UPDATE noun SET body = json_set(body, '$.time', 'soon') WHERE kind = 'Stamp'",
            "copy_working",
        ),
        ("UPDATE noun SET body = '[]' WHERE kind = 'Issued'", "copy_working"),
        (
            "UPDATE noun SET body = json_set(body, '$.number', '../x') WHERE kind = 'Case'",
            "copy_nameless",
        ),
    ],
)
def test_what_is_changed_in_a_row_is_found(
    made: Rehearsal, copy: Path, statement: str, rule: str
) -> None:
    altered(copy, statement)
    verdict = judged(made, copy)
    assert rule in rules(verdict), verdict.findings


def test_an_object_that_is_changed_or_gone_is_found(made: Rehearsal, copy: Path) -> None:
    (film,) = [
        path
        for path in (copy.parent / "objects").rglob("*")
        if path.is_file() and path.stat().st_size == 256 * 400
    ]
    film.chmod(0o600)
    film.write_bytes(film.read_bytes()[:-1] + b"!")
    name = f"{made.number}/data/exhibits/E0002/files/video.mp4"
    verdict = judged(made, copy)
    assert name in broken(verdict)
    assert "file_changed" in rules(verdict)
    film.unlink()
    verdict = judged(made, copy)
    assert name in broken(verdict)
    assert "copy_object_missing" in rules(verdict)
    film.symlink_to("/etc/hostname")
    assert "copy_object_missing" in rules(judged(made, copy))


# --- beside this computer's own case -------------------------------------------------------------


def shelf_of(made: Rehearsal, **changed: object) -> Shelf:
    return replace(made.shelf, of_ledger=lambda _: made.case, cases=lambda: (made.case,), **changed)  # type: ignore[arg-type] # by name


def test_a_copy_is_held_against_our_own_case(made: Rehearsal, copy: Path) -> None:
    shelf = shelf_of(made)
    assert "copy_same" in rules(judged(made, copy, shelf=shelf), ("ok",))
    altered(copy, "DELETE FROM ledger WHERE seq >= 4", "DELETE FROM checkpoint WHERE size > 4")
    assert "copy_older" in rules(judged(made, copy, shelf=shelf))


def test_a_copy_that_tells_another_story_is_a_fork(made: Rehearsal, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as conn:
        (case_id,) = conn.execute("SELECT DISTINCT case_id FROM ledger").fetchone()
        (count,) = conn.execute("SELECT count(*) FROM ledger").fetchone()
    assert made.case is not None
    line = write_entry(
        ledger=made.case.ledger_id,
        seq=count - 1,
        at="2026-11-12T13:06:31.000Z",
        actor="person:0",
        act="case.closed",
        subject=made.number,
        refs=(),
        facts={},
        nonce=bytes(16),
    )
    more = (
        f"INSERT INTO ledger VALUES ('{case_id}', {{seq}}, 'case.closed',"
        f" X'{line.body.hex()}', X'{line.leaf.hex()}')"
    )
    altered(copy, more.format(seq=count))
    verdict = judged(made, copy, shelf=shelf_of(made))
    assert "copy_newer" in rules(verdict)
    altered(
        copy,
        f"DELETE FROM ledger WHERE seq >= {count - 1}",
        more.format(seq=count - 1),
    )
    verdict = judged(made, copy, shelf=shelf_of(made))
    (told,) = [f for f in verdict.findings if f.rule == "copy_fork"]
    assert (told.outcome, told.detail) == ("broken", str(count - 1))
    assert told.subject.startswith(made.number)


def test_our_own_case_that_cannot_be_read_is_said(made: Rehearsal, copy: Path) -> None:
    def damaged(_case: object) -> object:
        raise Refused("object_too_large")

    verdict = judged(made, copy, shelf=shelf_of(made, view=damaged))
    assert "copy_own_unread" in rules(verdict)


def test_our_own_database_is_no_copy(made: Rehearsal) -> None:
    shelf = shelf_of(made, database=made.data / "holdfast.db")
    before = listed(made.data)
    for target in (made.data, made.data / "holdfast.db"):
        verdict = judged(made, target, shelf=shelf)
        assert verdict.verdict == "ok"
        assert "copy_is_own" in rules(verdict, ("ok",))
        assert any(f.subject == f"{made.number}/{ENTRIES}" for f in verdict.findings)
    assert listed(made.data) == before


# --- files that were made to harm ----------------------------------------------------------------


def test_a_database_of_another_program_is_a_file_like_any_other(
    made: Rehearsal, tmp_path: Path
) -> None:
    other = tmp_path / "contacts.db"
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("CREATE TABLE people (name TEXT)")
        conn.commit()
    assert rules(judged(made, other)) == {"proof_absent"}
    assert rules(judged(made, other, shelf=shelf_of(made))) == {"file_unknown"}
    other.rename(tmp_path / "holdfast.db")
    with pytest.raises(Refused) as caught:
        judged(made, tmp_path)
    assert caught.value.code == "verify_no_pack"


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (
            (
                "ALTER TABLE ledger RENAME TO old",
                (
                    "CREATE VIEW ledger AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                    " FROM n) SELECT 'c' case_id, i seq, 'x' act, x'00' body, x'00' leaf FROM n"
                ),
            ),
            "copy_shape",
        ),
        (("DROP TABLE checkpoint", "CREATE TABLE checkpoint (size, root, note)"), "copy_shape"),
        (("CREATE VIEW more AS SELECT * FROM ledger",), "copy_strange"),
        (("DROP INDEX ledger_act", "CREATE INDEX ledger_act ON ledger (seq)"), "copy_guards"),
        (
            ("INSERT INTO _sqlite_migrations VALUES (99, 'holdfast', 'm999_later', '2030')",),
            "copy_of_newer",
        ),
    ],
)
def test_a_database_of_another_shape_is_said_and_none_of_it_runs(
    made: Rehearsal, copy: Path, statements: tuple[str, ...], rule: str
) -> None:
    altered(copy, *statements)
    assert rule in rules(judged(made, copy))


def test_missing_guards_are_said(made: Rehearsal, copy: Path) -> None:
    altered(copy, bare=False)
    verdict = judged(made, copy)
    assert verdict.verdict == "weak"
    assert "copy_guards" in rules(verdict)


def test_lines_that_an_index_leads_past_are_not_passed_over(made: Rehearsal, copy: Path) -> None:
    """SQLite finds lines through an index; one made for fewer lines hides all others."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as conn:
        triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = triggers.fetchall()
        for name, _ in found:
            conn.execute(f"DROP TRIGGER {name}")
        for table, number in (("ledger", "seq"), ("checkpoint", "size")):
            fewer = f"{table}2"
            (sql,) = conn.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", [table]
            ).fetchone()
            conn.execute(sql.replace(f"CREATE TABLE {table}", f"CREATE TABLE {fewer}"))
            columns = ", ".join(row[1] for row in conn.execute(f"PRAGMA table_info({table})"))
            conn.execute(
                f"INSERT INTO {fewer} (rowid, {columns})"
                f" SELECT rowid, {columns} FROM {table} WHERE {number} <= 4"
            )
            conn.execute("PRAGMA writable_schema = ON")
            roots = {
                of: conn.execute(
                    "SELECT rootpage FROM sqlite_master WHERE name = ?",
                    [f"sqlite_autoindex_{of}_1"],
                ).fetchone()[0]
                for of in (table, fewer)
            }
            for of, other in ((table, fewer), (fewer, table)):
                conn.execute(
                    "UPDATE sqlite_master SET rootpage = ? WHERE name = ?",
                    [roots[other], f"sqlite_autoindex_{of}_1"],
                )
            conn.execute("PRAGMA writable_schema = RESET")
            conn.execute(f"DROP TABLE {fewer}")
        for _, sql in found:
            conn.execute(sql)
    verdict = judged(made, copy)
    assert rules(verdict, ("broken",)) == {"copy_damaged"}


def test_damaged_pages_are_broken(made: Rehearsal, copy: Path) -> None:
    raw = copy.read_bytes()
    for spoilt in (
        raw[:100] + os.urandom(4000) + raw[4100:],
        raw[: len(raw) // 2],
        raw[:4096] + bytes(len(raw) - 4096),
        raw[:16] + bytes(len(raw) - 16),
    ):
        copy.write_bytes(spoilt)
        verdict = judged(made, copy)
        assert verdict.verdict == "broken", verdict
        assert rules(verdict) <= {"copy_damaged", "copy_shape"}


def test_what_is_too_much_is_not_read(
    made: Rehearsal, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MAX_CASES", 0), ("MAX_LEDGER", 10), ("MAX_WORKING", 10)):
        with monkeypatch.context() as less:
            less.setattr(copied, name, value)
            assert "copy_too_many" in rules(judged(made, copy))
    monkeypatch.setattr(copied, "MAX_FILE", 10)
    with pytest.raises(Refused) as caught:
        judged(made, copy)
    assert caught.value.code == "verify_too_large"


def test_a_database_that_is_being_written_is_refused(made: Rehearsal, copy: Path) -> None:
    def touch(progress: Progress) -> None:
        if progress.stage == "checking":
            os.utime(copy, (1, 1))

    with pytest.raises(Refused) as caught:
        judged(made, copy, job=Job(touch))
    assert caught.value.code == "copy_in_use"


def test_it_can_be_stopped_at_any_moment(
    made: Rehearsal, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copied, "BEAT", 1)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled), open_copied(copy, job):
        raise AssertionError
    for nth in (1, 20, 200):
        seen = 0

        def stop(_progress: Progress, nth: int = nth) -> None:
            nonlocal seen
            seen += 1
            if seen == nth:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            judged(made, copy, job=Job(stop))
