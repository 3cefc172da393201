"""What a ledger shows: every attack on it really done to files and database, and found."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.packed import Rehearsal, bench, broken, copied, judged, rehearsal, rules
from fakes.signers import Signer
from holdfast.adapters.cosigner import Cosigner
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.core import cosignature
from holdfast.core.canonical import canonical, parse
from holdfast.core.errors import Refused, Tampered, Unavailable
from holdfast.core.evidence import Exhibit
from holdfast.core.growth import write_growth
from holdfast.core.job import Job
from holdfast.core.ledger import (
    MAX_NOTE,
    Checkpoint,
    LedgerEntry,
    leaf_hash,
    origin,
    read_checkpoint,
    read_key,
    tree_root,
)
from holdfast.core.lifetime import Ageing, RenewalRule
from holdfast.core.notice import PlatformAnswer
from holdfast.core.timestamp import Stamp
from holdfast.core.verdict import Verdict
from holdfast.usecases import custody, preserve
from holdfast.usecases.verify import Options, Shelf, verify


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("made")) as made:
        made.store.close()
        yield made


@pytest.fixture
def case(made: Rehearsal, tmp_path: Path) -> Iterator[Rehearsal]:
    with copied(made, tmp_path / "case") as mine:
        yield mine


def ident(case: Rehearsal) -> str:
    assert case.case is not None
    return case.case.id


def lines(case: Rehearsal) -> tuple[LedgerEntry, ...]:
    return case.store.entries(ident(case))


def shelf(case: Rehearsal) -> Shelf:
    """As the program has it: cases by ledger, and the checkpoints that lie in the vault."""

    def of_ledger(ledger: str) -> Any:
        assert case.case is not None
        return case.store.case(case.number) if ledger == case.case.ledger_id else None

    def heads(found: Any) -> Iterator[bytes]:
        named = origin(found.ledger_id, found.world)
        return case.vault.beginning((f"{named}\n".encode(),), MAX_NOTE)

    return replace(case.shelf, of_ledger=of_ledger, heads=heads)


def here(case: Rehearsal, *targets: Path | str, **options: Any) -> Verdict:
    return judged(*targets, shelf=shelf(case), **options)


def keep(case: Rehearsal, at: Path) -> Path:
    """The newest checkpoint as somebody else keeps it."""
    at.write_bytes(custody.request(case.number, None, store=case.store).checkpoint.note)
    return at


def opened(case: Rehearsal) -> sqlite3.Connection:
    """The database as whoever sits at the computer can have it: without its triggers."""
    conn = sqlite3.connect(case.data / "holdfast.db", isolation_level=None)
    for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {name}")
    return conn


def rewritten(case: Rehearsal, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """The whole ledger is another one, and every head is made anew with the real key."""
    conn = opened(case)
    bodies = change([entry.body for entry in lines(case)])
    (ident_, named) = (ident(case), origin(case.store.case(case.number).ledger_id, "practice"))
    key = Keys(case.data / "keys").key()
    assert key is not None
    sizes = [row[0] for row in conn.execute("SELECT size FROM checkpoint").fetchall()]
    conn.execute("DELETE FROM ledger")
    conn.execute("DELETE FROM checkpoint")
    leaves = [leaf_hash(body) for body in bodies]
    for seq, body in enumerate(bodies):
        act = json.loads(body)["act"]
        conn.execute(
            "INSERT INTO ledger (case_id, seq, act, body, leaf) VALUES (?, ?, ?, ?, ?)",
            [ident_, seq, act, body, leaves[seq]],
        )
    for size in {min(size, len(bodies)) for size in sizes} | {len(bodies)}:
        bare = Checkpoint(origin=named, size=size, root=tree_root(leaves[:size]))
        note = bare.signed(named, key.public, key.sign(bare.text)).note
        conn.execute(
            "INSERT INTO checkpoint (case_id, size, root, note) VALUES (?, ?, ?, ?)",
            [ident_, size, bare.root, note],
        )
    conn.close()


def with_time(body: bytes, at: str) -> bytes:
    value = dict(json.loads(body))
    return canonical({**value, "at": at})


# --- attacks -------------------------------------------------------------------------------------


def test_a_truncated_ledger_is_found_by_its_own_heads_a_kept_one_and_a_pack(
    case: Rehearsal, tmp_path: Path
) -> None:
    pack = case.export(tmp_path / "pack.zip")
    kept = keep(case, tmp_path / "kept.txt")
    conn = opened(case)
    conn.execute("DELETE FROM ledger WHERE seq >= 4")
    conn.close()
    # Its own heads are still there.
    assert "ledger_truncated" in rules(here(case, case.number), ("broken",))
    rewritten(case, lambda bodies: bodies)
    # Heads and all: the kept one, the pack and what lies in the vault know better.
    assert "kept_rollback" in rules(here(case, kept), ("broken",))
    assert "kept_rollback_here" in rules(here(case, pack), ("broken",))
    assert here(case, kept).verdict == here(case, pack).verdict == "broken"


def test_an_older_copy_of_the_database_is_found_by_what_is_newer(
    case: Rehearsal, tmp_path: Path
) -> None:
    copy = tmp_path / "older"
    case.store._query("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(case.data, copy)
    case.capture({"later.txt": b"later"})
    kept = keep(case, tmp_path / "kept.txt")
    printed = read_checkpoint(kept.read_bytes())
    case.stamp_all()
    pack = case.export(tmp_path / "pack.zip")
    # Database and all go back to what they were; the vault keeps what came later.
    case.store.close()
    for name in ("holdfast.db-wal", "holdfast.db-shm"):
        (case.data / name).unlink(missing_ok=True)
    shutil.copy(copy / "holdfast.db", case.data / "holdfast.db")
    case.store = Store(case.data, case.clock, Keys(case.data / "keys"))
    assert "kept_in_vault" in rules(here(case, case.number), ("weak",))
    assert "kept_rollback" in rules(here(case, kept), ("broken",))
    assert "kept_rollback_here" in rules(here(case, pack), ("broken",))
    told = here(case, case.number, heads=(f"{printed.size}:{printed.root.hex()}",))
    assert "kept_rollback" in rules(told, ("broken",))
    # The older copy by itself contradicts nothing.
    assert judged(case.number, shelf=case.shelf).verdict == "ok"


class Killed(BaseException):
    """Nothing of ours runs after it."""


def test_a_kill_before_the_record_has_a_head_leaves_none(
    case: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_killed(*args: Any, **named: Any) -> None:
        queue(*args, **named)
        raise Killed

    queue = preserve.queue_stamps
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(preserve, "queue_stamps", then_killed)
        case.capture({"later.txt": b"later"})
    case.capture({"later.txt": b"later"})
    assert "kept_in_vault" not in {finding.rule for finding in here(case, case.number).findings}


def test_a_kill_before_a_head_is_kept_is_made_good_before_a_witness_sees_it(
    case: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(preserve, "keep_head", killed)
        case.capture({"later.txt": b"later"})
    head = case.store.checkpoints(ident(case))[-1].note
    assert head not in shelf(case).heads(case.store.case(case.number))
    case.stamp_all()
    assert head in shelf(case).heads(case.store.case(case.number))
    assert here(case, case.export(tmp_path / "pack.zip")).verdict == "ok"


def test_a_fork_is_found_by_a_head_of_the_same_size(case: Rehearsal, tmp_path: Path) -> None:
    kept = keep(case, tmp_path / "kept.txt")
    pack = case.export(tmp_path / "pack.zip")

    def other(bodies: list[bytes]) -> list[bytes]:
        at = next(n for n, body in enumerate(bodies) if b"document.issued" in body)
        value = dict(json.loads(bodies[at]))
        return [*bodies[:at], canonical({**value, "nonce": "0" * 32}), *bodies[at + 1 :]]

    rewritten(case, other)
    for target in (kept, pack):
        assert "kept_fork" in rules(here(case, target), ("broken",))
    # The line came after the last stamped head, and the key is the real one: by itself this case
    # contradicts nothing.  That is why heads are to be given away.
    assert here(case, case.number).verdict == "ok"


def test_back_dating_a_line_changes_every_head_after_it(case: Rehearsal, tmp_path: Path) -> None:
    kept = keep(case, tmp_path / "kept.txt")
    rewritten(
        case,
        lambda bodies: [bodies[0], with_time(bodies[1], "2020-01-01T00:00:00.000Z"), *bodies[2:]],
    )
    assert "kept_fork" in rules(here(case, kept), ("broken",))
    assert "checkpoint_root" in rules(here(case, case.number), ("broken",))


def test_one_replaced_line_is_found_without_anything_from_outside(case: Rehearsal) -> None:
    conn = opened(case)
    body = with_time(lines(case)[2].body, "2020-01-01T00:00:00.000Z")
    conn.execute("UPDATE ledger SET body = ?, leaf = ? WHERE seq = 2", [body, leaf_hash(body)])
    conn.close()
    assert broken(here(case, case.number)) >= {"data/ledger/entries.jsonl"}


def test_a_ledger_replaced_as_a_whole_is_found_by_what_was_anchored(
    case: Rehearsal, tmp_path: Path
) -> None:
    kept = keep(case, tmp_path / "kept.txt")
    pack = case.export(tmp_path / "pack.zip")
    rewritten(
        case,
        lambda bodies: [canonical({**dict(json.loads(b)), "nonce": "f" * 32}) for b in bodies],
    )
    assert "checkpoint_root" in rules(here(case, case.number), ("broken",))
    for target in (kept, pack):
        assert "kept_fork" in rules(here(case, target), ("broken",))


def test_a_ledger_replaced_with_its_key_is_found_by_a_kept_head(
    case: Rehearsal, tmp_path: Path
) -> None:
    kept = keep(case, tmp_path / "kept.txt")
    shutil.rmtree(case.data / "keys")
    case.store._keys = Keys(case.data / "keys")
    key = str(case.store.key(ident(case)))

    def anew(bodies: list[bytes]) -> list[bytes]:
        first = dict(json.loads(bodies[0]))
        facts = {**first["facts"], "key": key}
        return [canonical({**first, "facts": facts}), *bodies[1:]]

    rewritten(case, anew)
    assert "kept_other_key" in rules(here(case, kept), ("broken",))


def test_a_kept_head_holds_and_an_older_pack_is_only_older(case: Rehearsal, tmp_path: Path) -> None:
    pack = case.export(tmp_path / "pack.zip")
    before = keep(case, tmp_path / "before.txt")
    assert here(case, before).verdict == "ok"
    case.capture({"later.txt": b"later"})
    after = keep(case, tmp_path / "after.txt")
    found = here(case, before, pack)
    assert found.verdict == "ok"
    assert rules(found, ("ok",)) >= {"kept_holds", "kept_holds_here"}
    # A stranger has the pack alone, and a newer head: nobody cheated.
    assert "kept_newer" in rules(judged(after, pack), ("unchecked",))
    alone = judged(after)
    assert (alone.verdict, rules(alone)) == ("unchecked", {"kept_alone"})
    damaged = tmp_path / "damaged.txt"
    damaged.write_bytes(before.read_bytes()[:-9])
    assert "kept_malformed" in rules(judged(damaged, pack), ("broken",))
    with pytest.raises(Refused, match="head_unreadable"):
        judged(pack, heads=("7:nothing",))


def test_proof_between_two_heads_is_a_file_that_a_stranger_can_check(
    case: Rehearsal, tmp_path: Path
) -> None:
    kept = keep(case, tmp_path / "kept.txt")
    case.capture({"later.txt": b"later"})
    case.store.checkpoints(ident(case))
    growth = custody.consistency(
        case.number, custody.read_growth(kept.read_bytes()), None, store=case.store
    )
    proof = tmp_path / "proof.txt"
    proof.write_bytes(write_growth(growth))
    found = judged(proof, kept)
    assert "kept_consistent" in rules(found, ("ok",))
    # They were held against one another, so none of them is said to be alone.
    assert rules(found, ("unchecked",)) == {"kept_between"}
    assert custody.consistency(case.number, growth.old, None, store=case.store) == growth
    with pytest.raises(Refused, match="ledger_no_size"):
        custody.consistency(case.number, 9999, None, store=case.store)
    with pytest.raises(Refused, match="ledger_no_size"):
        custody.consistency(case.number, 1, 9999, store=case.store)
    other = replace(growth.checkpoint, root=bytes(32), size=growth.old)
    with pytest.raises(Tampered, match="ledger_contradicts"):
        custody.consistency(
            case.number, replace(growth, checkpoint=other, old=0, path=()), None, store=case.store
        )
    foreign = replace(growth.checkpoint, origin="holdfast.local/x")
    with pytest.raises(Refused, match="cosigned_other"):
        custody.consistency(
            case.number, replace(growth, checkpoint=foreign), None, store=case.store
        )


# --- cosignatures --------------------------------------------------------------------------------


def asked(case: Rehearsal, since: int | None = None) -> bytes:
    return write_growth(custody.request(case.number, since, store=case.store))


def second(case: Rehearsal, tmp_path: Path, name: str = "second") -> Cosigner:
    return Cosigner(tmp_path / name, case.clock)


def put(case: Rehearsal, raw: bytes, key: str = "") -> custody.Cosigned:
    return custody.cosigned(case.number, "signed.txt", raw, key, store=case.store, vault=case.vault)


def test_a_second_device_signs_and_everybody_can_see_it(case: Rehearsal, tmp_path: Path) -> None:
    signed = second(case, tmp_path).sign("request.txt", asked(case))
    seen = put(case, signed.note)
    assert put(case, signed.note) == seen
    assert custody.cosignatures(case.number, store=case.store) == (seen,)
    assert sum(entry.act == "checkpoint.cosigned" for entry in lines(case)) == 1
    assert "cosigned_holds" in rules(here(case, case.number), ("ok",))
    pack = case.export(tmp_path / "pack")
    assert judged(pack).verdict == "ok"
    name = next(p for p in pack.rglob("*.cosigned-*.txt"))
    # In verify.pyz too, and a changed one is named.
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(pack / "verify.pyz"), "--practice", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert {f["rule"] for f in json.loads(run.stdout)["findings"]} >= {
        "cosigned_holds",
        "signature_holds",
    }
    name.write_bytes(name.read_bytes()[:-8] + b"AAAAAA=\n")
    assert name.relative_to(pack).as_posix() in broken(judged(pack))


def test_a_second_device_signs_nothing_that_shrinks_or_forks(
    case: Rehearsal, tmp_path: Path
) -> None:
    device = second(case, tmp_path)
    first = asked(case)
    head = device.sign("first", first)
    case.capture({"later.txt": b"later"})
    with pytest.raises(Refused, match="cosign_needs_proof") as caught:
        device.sign("bare", asked(case, 0))
    assert caught.value.facts == {"seen": head.size}
    device.sign("grown", asked(case, head.size))
    with pytest.raises(Refused, match="cosign_smaller"):
        device.sign("first", first)
    longer = custody.request(case.number, head.size, store=case.store).checkpoint
    case.capture({"third.txt": b"third"})
    grown = custody.request(case.number, longer.size, store=case.store)
    forged = replace(grown, path=(bytes(32), *grown.path[1:]))
    with pytest.raises(Tampered, match="cosign_fork"):
        device.sign("forged", write_growth(forged))
    # The same size again, and the same root: signed again.
    assert device.sign("again", write_growth(grown)).size == grown.checkpoint.size
    rewritten(
        case,
        lambda bodies: [canonical({**dict(json.loads(b)), "nonce": "e" * 32}) for b in bodies],
    )
    with pytest.raises(Tampered, match="cosign_fork"):
        device.sign("fork", asked(case, 0))


def test_a_second_device_knows_whose_record_it_is(case: Rehearsal, tmp_path: Path) -> None:
    device = second(case, tmp_path)
    head = case.store.checkpoints(ident(case))[-1]
    with pytest.raises(Refused, match="cosign_unsigned"):
        device.sign("no key comes along", head.note)
    with pytest.raises(Refused, match="checkpoint_unreadable"):
        device.sign("garbage", b"garbage")
    key = case.store.key(ident(case))
    assert device.sign("key named", head.note, key).size == head.size
    other = Signer("somebody else")
    bare = Checkpoint(origin=head.origin, size=head.size, root=head.root)
    name = cosignature.LOG + other.public.hex()
    forged = bare.signed(name, other.public, other.sign(bare.text))
    with pytest.raises(Refused, match="cosign_other_key"):
        device.sign("another key", forged.note)
    stated = other.named(head.origin)
    fresh = bare.signed(head.origin, other.public, other.sign(bare.text))
    assert device.sign("as the owner says", fresh.note, stated).size == head.size
    memory = next((tmp_path / "second" / "seen").glob("*.txt"))
    memory.write_bytes(b"garbage")
    with pytest.raises(Tampered, match="database_damaged"):
        device.sign("memory gone", head.note, key)


def test_only_what_was_signed_about_this_case_comes_back(case: Rehearsal, tmp_path: Path) -> None:
    request = custody.request(case.number, None, store=case.store).checkpoint
    with pytest.raises(Refused, match="cosigned_none"):
        put(case, request.note)
    with pytest.raises(Refused, match="checkpoint_unreadable"):
        put(case, b"garbage")
    with pytest.raises(Refused, match="checkpoint_unreadable"):
        put(case, request.note, "no key")
    foreign = replace(request, origin="holdfast.local/01930000-0000-7000-8000-000000000009")
    with pytest.raises(Refused, match="cosigned_other"):
        put(case, foreign.note)
    with pytest.raises(Tampered, match="ledger_contradicts"):
        put(case, replace(request, root=bytes(32)).note)
    # A witness of other people's, whose key is told beside.
    public = cosignature.cosigner("witness.example/w1", Signer("w1").public)
    told = Signer("w1").sign(cosignature.message(request, 1700000000))
    note = cosignature.cosigned(request, public, 1700000000, told).note
    assert put(case, note, str(public)).time == "2023-11-14T22:13:20.000Z"
    assert "cosigned_holds" in rules(here(case, case.number), ("ok",))


# --- keys ----------------------------------------------------------------------------------------


def test_a_new_key_is_on_the_ledger_in_packs_and_in_verify_pyz(
    case: Rehearsal, tmp_path: Path
) -> None:
    before = case.export(tmp_path / "before")
    shutil.rmtree(case.data / "keys")
    case.store._keys = Keys(case.data / "keys")
    case.capture({"later.txt": b"later"})
    case.stamp_all()
    assert [e.act for e in lines(case)].count("key.rotated") == 1
    pack = case.export(tmp_path / "after")
    keys = (pack / "data/ledger/key.txt").read_text().splitlines()
    assert len({read_key(line).public_key for line in keys}) == 2
    # The key before it is gone, and so nothing shows that the one who had it agreed.
    for verdict in (here(case, case.number), judged(pack)):
        assert verdict.verdict == "weak"
        assert "key_succeeded" in rules(verdict, ("weak",))
    assert here(case, before).verdict == "ok"
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(pack / "verify.pyz"), "--practice", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0
    assert json.loads(run.stdout)["verdict"] in ("ok", "weak")


def test_a_key_that_was_replaced_on_purpose_hands_over_to_the_next(
    case: Rehearsal, tmp_path: Path
) -> None:
    for _ in range(2):
        case.store.change_key()
    case.capture({"later.txt": b"later"})
    case.stamp_all()
    assert [e.act for e in lines(case)].count("key.rotated") == 2
    pack = case.export(tmp_path / "after")
    for verdict in (here(case, case.number), judged(pack)):
        assert verdict.verdict == "ok"
        assert "key_succeeded" not in rules(verdict, ("weak",))


def test_without_its_key_nothing_is_signed(
    case: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case.store._keys, "key", lambda: None)
    with pytest.raises(Unavailable, match="key_locked"):
        case.store.sign(b"x")


# --- renewal -------------------------------------------------------------------------------------

SOON = RenewalRule(ageing=(), margin=timedelta(days=180))


def renewals(case: Rehearsal, rule: RenewalRule) -> tuple[custody.RenewalDue, ...]:
    assert case.case is not None
    return custody.renewals(
        (case.case,),
        rule,
        store=case.store,
        vault=case.vault,
        clock=case.clock,
        chains=tuple((tsa.id, tsa.chain) for tsa in case.tsas),
    )


def test_old_stamps_are_stamped_again_and_the_new_one_covers_their_bytes(
    case: Rehearsal, tmp_path: Path
) -> None:
    assert renewals(case, SOON) == ()
    early = RenewalRule(ageing=(), margin=timedelta(days=365 * 40))
    (due,) = renewals(case, early)
    assert (due.why, due.until[:4]) == ("certificate", "2044")
    count = custody.renew(
        due,
        shelf(case).view(due.case),
        store=case.store,
        vault=case.vault,
        clock=case.clock,
        maker=case.maker,
        job=Job(),
    )
    renewed = [entry for entry in lines(case) if entry.act == "proofs.renewed"]
    assert count == sum(len(entry.refs) for entry in renewed) > 0
    assert renewals(case, early) == ()
    case.stamp_all()
    covered = [
        s
        for s in case.store.all(Stamp, ident(case))
        if s.subject.kind == "checkpoint"
        and s.status == "simulated"
        and int(s.subject.path.split("/")[-1][:-4]) > renewed[0].seq
    ]
    assert covered
    pack = case.export(tmp_path / "pack")
    assert judged(pack).verdict == "ok"
    # A proof that was renewed and is another one now is named.
    ref = next(ref for ref in renewed[0].refs if ref.path.endswith(".tsq") or ref.path)
    (pack / "data" / ref.path).unlink()
    assert f"data/{ref.path}" in broken(judged(pack))


def test_an_algorithm_that_ages_is_a_reason_of_its_own(case: Rehearsal) -> None:
    aged = Ageing(
        id="sha256",
        kind="digest",
        name="sha256",
        until=datetime(2026, 12, 1, tzinfo=UTC),
        source="x",
    )
    (due,) = renewals(case, replace(SOON, ageing=(aged,)))
    assert (due.why, due.until) == ("sha256", "2026-12-01T00:00:00.000Z")


def at(pack: Path, now: str) -> Verdict:
    return verify([pack], Options(practice=True), bench=bench(now=now), job=Job())


def test_a_token_outlives_its_certificate_through_what_was_stamped_later(
    case: Rehearsal, tmp_path: Path
) -> None:
    case.capture({"later.txt": b"later"})
    case.stamp_all()
    pack = case.export(tmp_path / "pack")
    assert "renewal_absent" not in rules(at(pack, "2044-01-01T00:00:00.000Z"))
    late = at(pack, "2050-01-01T00:00:00.000Z")
    # The line that confirmed a token is under a head that Bitcoin dates before the end.
    assert "renewal_holds" in rules(late, ("ok",))
    assert late.verdict == "ok"


# --- selective packs -----------------------------------------------------------------------------


def selective(case: Rehearsal, out: Path, **how: Any) -> Path:
    from fakes.packed import Packs, hasher
    from holdfast.usecases import export

    return export.export(
        case.number,
        out,
        store=case.store,
        vault=case.vault,
        format=Packs(hasher),
        tsas=case.tsas,
        headers=case.header_run,
        job=Job(),
        **how,
    )


def test_a_selective_pack_proves_what_is_there_and_says_what_is_not(
    case: Rehearsal, tmp_path: Path
) -> None:
    pack = selective(case, tmp_path / "part", only=("E0002",), without_parties=True)
    found = judged(pack)
    assert found.verdict == "ok"
    assert "ledger_withheld" in rules(found, ("unchecked",))
    assert not (pack / "data/exhibits/E0001").exists()
    assert not (pack / "data/documents").exists()
    text = b"".join(p.read_bytes() for p in pack.rglob("*") if p.is_file())
    first = next(e for e in lines(case) if e.act == "exhibit.sealed")
    for secret in ("林某某".encode(), first.refs[0].sha256.encode(), b"page.html", first.body):
        assert secret not in text
    told: Any = parse((pack / "data/case.json").read_bytes())
    assert told["left_out"]["exhibits"] == ["E0001"]
    assert told["left_out"]["documents"] == [case.documents[0].number]
    assert [party["role"] for party in told["parties"]] == ["claimant"]
    head = read_checkpoint((pack / "data/ledger/checkpoint.txt").read_bytes())
    assert head.size == len(lines(case))
    assert "E0001" in (pack / "README.html").read_text()
    # Again, nothing is new; and the whole pack is whole after it.
    size = len(lines(case))
    assert selective(case, tmp_path / "again.zip", only=("E0002",), without_parties=True)
    assert len(lines(case)) == size
    assert judged(case.export(tmp_path / "whole")).verdict == "ok"
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(pack / "verify.pyz"), "--practice", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert json.loads(run.stdout)["verdict"] == "ok"


def test_without_the_people_nothing_goes_along_that_names_them(
    case: Rehearsal, tmp_path: Path
) -> None:
    assert case.case is not None
    name = "\u6797\u67d0\u67d0"
    case.store.save(replace(case.store.case(case.number), title=f"{name} v. X"))
    for exhibit in case.store.all(Exhibit, case.case.id):
        case.store.save(replace(exhibit, caption=f"{name}, 2nd from left", purpose=f"shows {name}"))
    pack = selective(case, tmp_path / "all", without_parties=True)
    assert judged(pack).verdict == "ok"
    assert {path.name for path in (pack / "data/exhibits").iterdir()} == {"E0001", "E0002"}
    # Reports, lists, receipts and letters say who it is about, and so may the title.
    assert not (pack / "data/documents").exists()
    text = b"".join(p.read_bytes() for p in pack.rglob("*") if p.is_file())
    assert name.encode() not in text
    told: Any = parse((pack / "data/case.json").read_bytes())
    assert told["left_out"]["documents"] == [case.documents[0].number]
    assert (told["title"], told["left_out"]["exhibits"]) == (case.number, [])
    readme = (pack / "README.html").read_text("utf-8")
    assert "Who the people are was left out" in readme
    assert "data/documents" not in readme
    assert judged(case.export(tmp_path / "whole")).verdict == "ok"


def test_what_a_platform_answered_goes_along_with_everything_and_with_no_part(
    case: Rehearsal, tmp_path: Path
) -> None:
    assert case.case is not None
    answer = PlatformAnswer(
        id="01a1cfdd-f104-706d-af63-ecd28ba03700",
        case_id=case.case.id,
        notice_id="n",
        kind="refused",
        received="2026-11-20T02:00:00Z",
        note="\u6797\u67d0\u67d0 is asked for more",
    )
    case.store.save(answer)
    told: Any = parse((case.export(tmp_path / "whole") / "data/case.json").read_bytes())
    assert [(one["kind"], one["note"]) for one in told["answers"]] == [("refused", answer.note)]
    part = selective(case, tmp_path / "part", only=("E0002",))
    told = parse((part / "data/case.json").read_bytes())
    assert (told["answers"], told["left_out"]["answers"]) == ([], 1)


def test_a_selection_names_what_was_sealed(case: Rehearsal, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="exhibit_unknown"):
        selective(case, tmp_path / "x", only=("E0009",))
    # All of them is everything.
    whole = selective(case, tmp_path / "all.zip", only=("E0001", "E0002"))
    assert whole.read_bytes() == case.export(tmp_path / "whole.zip").read_bytes()


def test_nobody_can_withhold_more_than_the_export_said(case: Rehearsal, tmp_path: Path) -> None:
    pack = selective(case, tmp_path / "part", only=("E0002",))
    entries = pack / "data/ledger/entries.jsonl"
    bodies = entries.read_bytes().split(b"\n")
    at_ = next(n for n, b in enumerate(bodies) if b'"act":"timestamp.confirmed"' in b)
    bodies[at_] = b'{"withheld":"' + leaf_hash(bodies[at_]).hex().encode() + b'"}'
    entries.write_bytes(b"\n".join(bodies))
    assert "withheld_otherwise" in rules(judged(pack), ("broken",))


# --- the signed list -----------------------------------------------------------------------------


def test_the_list_of_files_is_signed_and_every_change_of_that_is_named(
    case: Rehearsal, tmp_path: Path
) -> None:
    pack = case.export(tmp_path / "pack")
    found = judged(pack)
    assert "signature_holds" in rules(found, ("ok",))
    file = pack / "tagmanifest-sha256.txt.minisig"
    good = file.read_bytes()
    for change, rule in (
        (good.replace(b"file:", b"File:"), "signature_broken"),
        (good[:-4], "signature_malformed"),
        (good * 99, "file_too_large"),
    ):
        file.write_bytes(change)
        told = judged(pack)
        assert (rule in rules(told, ("broken",)), file.name in broken(told)) == (True, True)
    file.unlink()
    assert file.name in broken(judged(pack))
