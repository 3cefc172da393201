from __future__ import annotations

import base64
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from filelock import FileLock

from fakes.clock import FakeClock
from fakes.desk import Desk, desk
from holdfast.adapters.store import keys as keys_module
from holdfast.adapters.store import store as store_module
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.schema import MIGRATIONS
from holdfast.adapters.store.store import Store
from holdfast.core import ed25519
from holdfast.core.case import Case, Party
from holdfast.core.errors import HoldfastError, Refused, Tampered, Unavailable
from holdfast.core.ledger import Checkpoint, consistency_proof, consistent, tree_root


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


def raw(at: Desk) -> sqlite3.Connection:
    """A connection that knows nothing of ours; its recursive triggers are off."""
    return sqlite3.connect(at.data / "holdfast.db", isolation_level=None)


def test_a_case_opens_with_its_number_and_first_line(at: Desk) -> None:
    first = at.store.open_case("一", "real")
    second = at.store.open_case("二", "practice")
    assert (first.number, second.number) == ("HF-2026-0001", "HF-2026-0002")
    (line,) = at.store.entries(second.id)
    assert (line.act, line.subject, line.seq) == ("case.opened", second.number, 0)
    assert line.facts["world"] == "practice"
    assert str(line.facts["key"]).startswith(f"practice.holdfast.local/{second.ledger_id}+")
    assert "二" not in line.body.decode()


def test_numbers_begin_anew_each_year(at: Desk) -> None:
    at.store.open_case("a", "real")
    at.clock.advance(days=60)
    assert at.store.open_case("b", "real").number == "HF-2027-0001"


def test_a_case_is_found_by_number_id_and_unique_prefix(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    at.clock.advance(days=60)
    at.store.open_case("b", "real")
    for reference in (case.number, case.id, "HF-2026"):
        assert at.store.case(reference) == case
    with pytest.raises(Refused, match="case_ambiguous"):
        at.store.case("HF-")
    for nothing in ("", "HF-2029", "%"):
        with pytest.raises(Refused, match="case_unknown"):
            at.store.case(nothing)


def test_every_way_of_changing_the_ledger_is_barred(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    with at.store.custody(case.id) as custody:
        custody.append("capture.failed", "x")
        custody.head()
    before = at.store.bodies(case.id)
    values = f"('{case.id}', 0, 'x', x'00', zeroblob(32))"
    other = raw(at)
    for statement in (
        "UPDATE ledger SET body = x'00'",
        "DELETE FROM ledger",
        f"INSERT INTO ledger VALUES {values}",
        f"INSERT OR REPLACE INTO ledger VALUES {values}",
        f"REPLACE INTO ledger VALUES {values.replace(', 0,', ', 1,')}",
        f"INSERT INTO ledger VALUES {values.replace(', 0,', ', 7,')}",
        "UPDATE OR REPLACE ledger SET seq = 0 WHERE seq = 1",
        "UPDATE checkpoint SET root = zeroblob(32)",
        "UPDATE checkpoint SET note = x'00'",
        "DELETE FROM checkpoint",
        f"INSERT OR REPLACE INTO checkpoint VALUES ('{case.id}', 2, zeroblob(32), NULL)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
    other.close()
    assert at.store.bodies(case.id) == before


def test_a_head_is_signed_covers_every_line_and_only_grows(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    key = at.store.key(case.id)
    assert key is not None
    for _ in range(5):
        with at.store.custody(case.id) as custody:
            custody.append("exhibit.viewed", "E0001")
            head = custody.head()
            assert custody.head() == head
        leaves = at.store.leaves(case.id)
        assert (head.size, head.root) == (len(leaves), tree_root(leaves))
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(
            head.signatures[0][1][4:], head.text
        )
    first, *_, last = at.store.checkpoints(case.id)
    path = consistency_proof(at.store.leaves(case.id), first.size)
    assert consistent(first.size, last.size, first.root, last.root, path)


def test_what_raises_leaves_nothing(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    with pytest.raises(RuntimeError), at.store.custody(case.id) as custody:
        assert custody.next_exhibit() == "E0001"
        custody.append("exhibit.sealed", "E0001")
        custody.save(Party(id="p", case_id=case.id, role="claimant", name="x"))
        raise RuntimeError
    assert len(at.store.entries(case.id)) == 1
    assert at.store.all(Party) == ()
    with at.store.custody(case.id) as custody:
        assert custody.next_exhibit() == "E0001"


def test_a_head_without_a_key_is_signed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(Keys, "key", lambda _self: None)
    store = Store(tmp_path, clock, Keys(tmp_path / "keys"))
    case = store.open_case("a", "real")
    with store.custody(case.id) as custody:
        assert custody.head().signatures == ()
    assert store.key(case.id) is None
    assert store.entries(case.id)[0].facts["key"] is None
    monkeypatch.undo()
    (head,) = store.checkpoints(case.id)
    assert len(head.signatures) == 1
    with store.custody(case.id) as custody:
        assert custody.head() == head
    store.close()


def test_nouns_are_kept_and_come_back(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    party = Party(id="p", case_id=case.id, role="platform", name="平台")
    at.store.save(party)
    at.store.save(Party(id="p", case_id=case.id, role="platform", name="另"))
    assert at.store.get(Party, "p").name == "另"
    assert at.store.all(Party, "other") == ()
    with pytest.raises(Refused, match="not_found"):
        at.store.get(Party, "q")
    with pytest.raises(Refused, match="exhibit_unknown"):
        at.store.exhibit(case.id, "E0009")


def test_a_line_that_is_not_what_it_was_is_said(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    other = raw(at)
    other.execute("DROP TRIGGER ledger_is_never_changed")
    other.execute("UPDATE ledger SET body = x'7b7d'")
    other.close()
    with pytest.raises(Tampered, match="ledger_unreadable"):
        at.store.entries(case.id)


APPENDS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from fakes.desk import desk
with desk(Path(sys.argv[1])) as at:
    for _ in range(20):
        with at.store.custody(sys.argv[2]) as custody:
            custody.append("exhibit.viewed", custody.next_exhibit())
            custody.head()
"""


def test_two_programs_append_to_one_ledger_without_losing_a_line(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    tests = str(Path(__file__).parents[1])
    others = [
        subprocess.Popen([sys.executable, "-c", APPENDS, str(at.data), case.id, tests])
        for _ in range(2)
    ]
    for _ in range(20):
        with at.store.custody(case.id) as custody:
            custody.append("exhibit.viewed", "E0001")
    assert [other.wait() for other in others] == [0, 0]
    assert [e.seq for e in at.store.entries(case.id)] == list(range(61))


def test_threads_share_one_store(at: Desk) -> None:
    case = at.store.open_case("a", "real")

    def append(_n: int) -> None:
        with at.store.custody(case.id) as custody:
            custody.append("exhibit.viewed", "E0001")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(40)))
    assert len(at.store.entries(case.id)) == 41


def test_a_database_that_stays_locked_is_said_to_be_busy(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_S", 0.01)
    other = raw(at)
    other.execute("BEGIN IMMEDIATE")
    reader = Store(at.data, at.clock, Keys(at.data / "keys"))
    assert reader.all(Case) == ()
    with pytest.raises(Unavailable, match="database_busy"):
        reader.open_case("a", "real")
    other.execute("ROLLBACK")
    assert reader.open_case("a", "real").number == "HF-2026-0001"
    reader.close()
    other.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    at.store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(Refused, match="disk_full"), at.store.custody(case.id) as custody:
        for _ in range(500):
            custody.append("exhibit.viewed", "E0001", facts={"x": "y" * 500})
    at.store._db.execute("PRAGMA max_page_count = 1000000")
    assert len(at.store.entries(case.id)) == 1


def test_a_newer_database_is_refused_and_left_alone(at: Desk) -> None:
    at.store._db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('holdfast', 'm999_future', 'x')"
    )
    with pytest.raises(Refused, match="database_newer"):
        Store(at.data, at.clock, Keys(at.data / "keys"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holdfast.db").write_bytes(b"not a database" * 500)
    with pytest.raises(Tampered, match="database_damaged"):
        Store(tmp_path, FakeClock(), Keys(tmp_path / "keys"))


def test_an_older_database_is_copied_before_it_is_migrated(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = at.store.open_case("a", "real")
    with at.store.custody(case.id) as custody:
        custody.append("exhibit.viewed", "E0001")
    monkeypatch.setitem(MIGRATIONS, "m002_more", ("CREATE TABLE more (x INTEGER) STRICT",))
    again = Store(at.data, at.clock, Keys(at.data / "keys"))
    assert len(again.entries(case.id)) == 2
    again.close()
    copy = sqlite3.connect(at.data / "holdfast.before-2.db")
    assert copy.execute("SELECT count(*) FROM ledger").fetchone() == (2,)
    copy.close()


# --- the key -------------------------------------------------------------------------------------


class FakeRing:
    """A keyring in memory, put where the library looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import keyring

        self.kept: dict[tuple[str, str], str] = {}
        self.locked = threading.Event()
        monkeypatch.setattr(keyring, "set_password", self.set)
        monkeypatch.setattr(keyring, "get_password", self.get)
        monkeypatch.setattr(keyring, "delete_password", self.forget)

    def forget(self, service: str, account: str) -> None:
        del self.kept[service, account]

    def set(self, service: str, account: str, secret: str) -> None:
        self.kept[service, account] = secret

    def get(self, service: str, account: str) -> str | None:
        from keyring.errors import KeyringLocked

        if self.locked.is_set():
            raise KeyringLocked
        return self.kept.get((service, account))


def test_without_a_keyring_the_key_lies_in_a_file_of_its_own(tmp_path: Path) -> None:
    made = Keys(tmp_path).key()
    assert made is not None
    assert Keys(tmp_path).place == "file"
    file = tmp_path / "installation.ed25519"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    again = Keys(tmp_path).key()
    assert again is not None
    assert again.public == made.public
    file.write_text("short")
    fresh = Keys(tmp_path).key()
    assert fresh is not None
    assert fresh.public != made.public
    assert (tmp_path / "installation.damaged").read_text() == "short"
    file.unlink()
    assert Keys(tmp_path).key() is not None
    file.unlink()
    file.mkdir()
    assert Keys(tmp_path).key() is None


def test_with_a_keyring_no_file_holds_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = FakeRing(monkeypatch)
    made = Keys(tmp_path).key()
    assert made is not None
    assert Keys(tmp_path).place == "keyring"
    assert not (tmp_path / "installation.ed25519").exists()
    again = Keys(tmp_path).key()
    assert again is not None
    assert again.public == made.public
    ring.locked.set()
    assert Keys(tmp_path).key() is None
    ring.locked.clear()
    ring.kept.clear()
    fresh = Keys(tmp_path).key()
    assert fresh is not None
    assert fresh.public != made.public


def test_a_key_that_was_replaced_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    made, beside = Keys(tmp_path), Keys(tmp_path)
    first, file = made.key(), tmp_path / "installation.ed25519"
    assert beside.key() is not None
    assert file.exists()
    ring = FakeRing(monkeypatch)
    made.change(lambda *_: None)
    second = made.key()
    assert (len(ring.kept), file.exists(), made.place) == (1, False, "keyring")
    made.change(lambda *_: None)
    third = beside.key()
    assert len(ring.kept) == 1
    assert first is not None
    assert second is not None
    assert third is not None
    assert len({first.public, second.public, third.public}) == 3
    ring.locked.set()
    with pytest.raises(Unavailable, match="key_locked"):
        Keys(tmp_path).change(lambda *_: None)
    monkeypatch.setattr(keyring, "set_password", lambda *_: None)
    ring.locked.clear()
    made.change(lambda *_: None)
    assert (ring.kept, made.place, file.exists()) == ({}, "file", True)


def test_a_keyring_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    over = threading.Event()
    monkeypatch.setattr(keyring, "set_password", lambda *_: over.wait(10))
    monkeypatch.setattr(keys_module, "PATIENCE_S", 0.05)
    assert Keys(tmp_path).key() is not None
    assert Keys(tmp_path).place == "file"
    over.set()


def test_closing_a_case_is_remembered_by_the_noun(at: Desk) -> None:
    case = at.store.open_case("a", "real")
    assert at.store.all(Case) == (case,)


def test_a_key_is_replaced_on_purpose_and_every_case_says_so(tmp_path: Path) -> None:
    with desk(tmp_path) as at, desk(tmp_path) as beside:
        first, second = at.store.open_case("a", "real"), at.store.open_case("b", "real")
        ended = at.store.open_case("c", "real")
        at.store.save(replace(ended, closed="2026-01-01T00:00:00.000Z"))
        before = at.store.key(first.id)
        assert before == beside.store.key(first.id)
        assert {case.id for case in at.store.change_key()} == {first.id, second.id, ended.id}
        now = at.store.key(first.id)
        assert now is not None
        assert before is not None
        assert now.public_key != before.public_key
        for case in (first, second, ended):
            acts = [entry.act for entry in at.store.entries(case.id)]
            assert acts == ["case.opened", "key.rotated"]
            old, new = at.store.checkpoints(case.id)
            key = at.store.key(case.id)
            assert key is not None
            former = replace(before, name=key.name)
            assert old.signed_by(former, ed25519.verify)
            assert not old.signed_by(key, ed25519.verify)
            assert new.signed_by(former, ed25519.verify)
            assert new.signed_by(key, ed25519.verify)
        # A program that ran all the while signs nothing with the key that was replaced.
        assert beside.store.key(first.id) == now
        with beside.store.custody(first.id) as custody:
            custody.append("exhibit.viewed", "E0001")
        acts = [entry.act for entry in at.store.entries(first.id)]
        assert acts == ["case.opened", "key.rotated", "exhibit.viewed"]


@pytest.mark.parametrize("after", range(5))
def test_a_change_of_the_key_that_breaks_off_is_carried_through_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """It breaks off after so many steps: each case told, another key kept, what lay there gone."""
    left = [after]

    def breaking(real: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object) -> object:
            if not left[0]:
                raise ZeroDivisionError
            left[0] -= 1
            return real(*given)

        return step

    with desk(tmp_path) as at, monkeypatch.context() as patch:
        cases = [at.store.open_case(name, "real") for name in "ab"]
        before = at.store.key(cases[0].id)
        assert before is not None
        patch.setattr(Store, "_hand_over", breaking(Store._hand_over))
        patch.setattr(Keys, "_keep", breaking(Keys._keep))
        patch.setattr(Keys, "_remember", breaking(Keys._remember))
        patch.setattr(Keys, "_forget", breaking(Keys._forget))
        with pytest.raises(ZeroDivisionError):
            at.store.change_key()
    with desk(tmp_path) as at:
        assert sorted(path.name for path in (tmp_path / "keys").glob("*.ed25519")) == [
            "installation.ed25519"
        ]
        for case in cases:
            with at.store.custody(case.id) as custody:
                custody.append("exhibit.viewed", "E0001")
            key = at.store.key(case.id)
            assert key is not None
            assert key.public_key != before.public_key
            acts = [entry.act for entry in at.store.entries(case.id)]
            assert acts == ["case.opened", "key.rotated", "exhibit.viewed"]
            over = [head for head in at.store.checkpoints(case.id) if head.size == 2]
            former = replace(before, name=key.name)
            assert over[0].signed_by(former, ed25519.verify)
            assert over[0].signed_by(key, ed25519.verify)


def test_a_key_that_nobody_can_read_is_not_waited_for(tmp_path: Path) -> None:
    with desk(tmp_path) as at:
        case = at.store.open_case("a", "real")
        before = at.store.key(case.id)
    (tmp_path / "keys" / "next.ed25519").write_bytes(b"?")
    with desk(tmp_path) as at:
        assert at.store.key(case.id) == before
    assert not (tmp_path / "keys" / "next.ed25519").exists()


def test_two_changes_of_the_key_do_not_cross(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_module, "PATIENCE_S", 0.1)
    with desk(tmp_path) as at:
        case = at.store.open_case("a", "real")
        with FileLock(tmp_path / "keys" / "change.lock"):
            with pytest.raises(Unavailable, match="database_busy"):
                at.store.change_key()
            (tmp_path / "keys" / "next.ed25519").write_bytes(b"?")
            with desk(tmp_path):
                pass  # which does not wait for it to be done
        assert [entry.act for entry in at.store.entries(case.id)] == ["case.opened"]


def test_a_key_that_cannot_be_had_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path) as at:
        case = at.store.open_case("a", "real")
        monkeypatch.setattr(at.store._keys, "key", lambda: None)
        with pytest.raises(Unavailable, match="key_locked"):
            at.store.change_key()
        assert [entry.act for entry in at.store.entries(case.id)] == ["case.opened"]


def test_a_new_key_is_named_on_the_ledger_before_it_signs(tmp_path: Path) -> None:
    with desk(tmp_path) as at:
        case = at.store.open_case("a", "real")
    (tmp_path / "keys" / "installation.ed25519").unlink()
    with desk(tmp_path) as at:
        with at.store.custody(case.id) as custody:
            custody.append("exhibit.viewed", "E0001")
            head = custody.head()
        key = at.store.key(case.id)
        assert key is not None
        acts = [entry.act for entry in at.store.entries(case.id)]
        assert acts == ["case.opened", "key.rotated", "exhibit.viewed"]
        assert at.store.entries(case.id)[1].facts["key"] == str(key)
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(
            head.signatures[0][1][4:], head.text
        )


def test_a_case_that_another_window_opens_meanwhile_is_handed_over_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path) as at, desk(tmp_path) as beside:
        case = at.store.open_case("a", "real")
        opened, keep = [], Keys._keep

        def meanwhile(keys: Keys, seed: bytes) -> None:
            opened.append(beside.store.open_case("b", "real"))
            keep(keys, seed)
            opened.append(beside.store.open_case("c", "real"))
            # The other window goes on in the one it had opened, by the new key.
            with beside.store.custody(opened[0].id) as custody:
                custody.append("exhibit.viewed", "E0001")
                custody.head()

        before = at.store.key(case.id)
        assert before is not None
        monkeypatch.setattr(Keys, "_keep", meanwhile)
        told = {one.id for one in at.store.change_key()}
        assert told == {case.id, *(one.id for one in opened)}
        for one in (case, opened[0]):
            key, last = at.store.key(one.id), at.store.checkpoints(one.id)[-1]
            assert key is not None
            assert last.size == len(at.store.entries(one.id))
            assert last.signed_by(replace(before, name=key.name), ed25519.verify)
            assert last.signed_by(key, ed25519.verify)


@pytest.mark.parametrize("forgotten", ["", None, "elsewhere 12"])
def test_a_key_in_a_file_outlives_that_its_place_is_forgotten(
    tmp_path: Path, forgotten: str | None
) -> None:
    made = Keys(tmp_path).key()
    assert made is not None
    if forgotten is None:
        (tmp_path / "place").unlink()
    else:
        (tmp_path / "place").write_text(forgotten)
    found = Keys(tmp_path).key()
    assert found is not None
    assert found.public == made.public
    assert Keys(tmp_path).place == "file"


def test_a_keyring_that_holds_something_else_gives_way_to_a_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = FakeRing(monkeypatch)
    made = Keys(tmp_path).key()
    assert made is not None
    for other in ("not base64", base64.b64encode(b"short").decode()):
        ring.kept = dict.fromkeys(ring.kept, other)
        found = Keys(tmp_path).key()
        assert found is not None
        assert found.public != made.public


NEVER_ENDS = """
import sys, threading, keyring
from pathlib import Path
from holdfast.adapters.store import keys
asked = []
def ask(*_):
    asked.append(1)
    threading.Event().wait()
keyring.get_password = ask
keys.PATIENCE_S = 0.05
(Path(sys.argv[1]) / "place").write_text("keyring 1")
mine = keys.Keys(Path(sys.argv[1]))
print([mine.key() for _ in range(3)], len(asked))
"""


def test_a_keyring_that_never_answers_is_asked_once_and_holds_no_process_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEVER_ENDS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split("\n")[0] == "[None, None, None] 1"


def test_two_that_sign_an_unsigned_head_at_once_sign_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path) as at, desk(tmp_path) as beside:
        case = at.store.open_case("a", "real")
        with monkeypatch.context() as locked, at.store.custody(case.id) as custody:
            locked.setattr(Keys, "key", lambda _: None)
            custody.append("exhibit.viewed", "E0001")
            custody.head()
        get = Store.get

        def meanwhile(store: Store, kind: type, id_: str) -> object:
            found = get(store, kind, id_)
            if store is at.store:
                rows = store._query
                monkeypatch.setattr(store, "_query", lambda *asked: late(rows, asked))
            return found

        def late(rows: Any, asked: Any) -> Any:
            monkeypatch.undo()
            found = rows(*asked)
            signed.extend(beside.store.checkpoints(case.id))
            return found

        signed: list[Checkpoint] = []
        monkeypatch.setattr(Store, "get", meanwhile)
        assert at.store.checkpoints(case.id) == tuple(signed)
        assert [(head.size, len(head.signatures)) for head in signed] == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("disk I/O error", "database_unreachable"),
        ("attempt to write a readonly database", "database_unreachable"),
        ("database disk image is malformed", "database_damaged"),
        ("database is locked", "database_busy"),
    ],
)
def test_what_a_database_says_while_it_is_open_is_one_sentence(
    at: Desk, said: str, code: str
) -> None:
    case = at.store.open_case("a", "real")

    class Failing:
        in_transaction = False

        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError(said)

    real = at.store._db
    at.store._db = Failing()  # type: ignore[assignment]  # it fails as a disk does
    for verb in (
        lambda: at.store.all(Case),
        lambda: at.store.save(case),
        lambda: at.store.open_case("b", "real"),
    ):
        with pytest.raises(HoldfastError, match=code):
            verb()
    at.store._db = real


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "holdfast.db").mkdir()
    with pytest.raises(Refused, match="database_unreachable"):
        Store(tmp_path, FakeClock(), Keys(tmp_path / "keys"))


@pytest.mark.parametrize("what", ["exchanged", "moved away"])
def test_nothing_is_written_to_a_database_that_lies_there_no_more(at: Desk, what: str) -> None:
    case = at.store.open_case("a", "real")
    database, other = at.data / "holdfast.db", at.data / "other"
    if what == "exchanged":
        # As services do that keep the folders of two computers the same.
        shutil.copy(database, other)
        other.replace(database)
    else:
        database.replace(other)
    with (
        pytest.raises(Tampered, match="database_exchanged"),
        at.store.custody(case.id) as custody,
    ):
        custody.append("exhibit.viewed", "E0001")
    assert not at.store._db.in_transaction
    assert len(at.store.entries(case.id)) == 1


def test_a_folder_of_keys_that_cannot_be_used_holds_no_sealing_up(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with desk(tmp_path) as at:
        case = at.store.open_case("a", "real")
        with at.store.custody(case.id) as custody:
            custody.append("exhibit.viewed", "E0001")
            assert custody.head().signatures == ()
        with pytest.raises(Unavailable, match="key_locked"):
            at.store.change_key()


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_database_that_is_gone_from_among_sealed_files_is_not_begun_anew(
    tmp_path: Path, left: str
) -> None:
    with desk(tmp_path) as at:
        at.store.open_case("a", "real")
        at.vault.keep_bytes(b"sealed")
    database = tmp_path / "holdfast.db"
    kept = database.read_bytes()
    for _ in range(2):
        if left == "nothing":
            database.unlink(missing_ok=True)
        else:
            database.write_bytes(b"")
        with pytest.raises(Tampered, match="database_missing"):
            Store(tmp_path, FakeClock(), Keys(tmp_path / "keys"))
    with pytest.raises(Tampered, match="database_missing"):
        Store(tmp_path, FakeClock(), Keys(tmp_path / "keys"))
    database.write_bytes(kept)
    with desk(tmp_path) as at:
        assert len(at.store.all(Case)) == 1
