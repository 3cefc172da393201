"""Checks in a case's record: what the ledger says, what it keeps out, remarks that came later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from fakes.environment import VALUES, FakeWatch, run
from fakes.papers import captured, seal
from holdfast.adapters.resources import words
from holdfast.core.canonical import canonical
from holdfast.core.case import Case
from holdfast.core.errors import Cancelled, Refused, Tampered
from holdfast.core.evidence import read_manifest
from holdfast.core.job import Job
from holdfast.core.timestamp import Stamp
from holdfast.usecases import environment, preserve
from holdfast.usecases.case_json import case_file_bytes
from holdfast.usecases.cases import case_file
from holdfast.usecases.preserve import Maker
from holdfast.usecases.report import Teller
from holdfast.usecases.sittings import not_before, on_record, told_not_before


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def case(table: Desk) -> Case:
    return table.store.open_case("林某 x", "real")


def tools(table: Desk) -> dict[str, object]:
    return {
        "store": table.store,
        "vault": table.vault,
        "clock": table.clock,
        "maker": table.maker,
    }


def sealed(table: Desk, case: Case, watch: FakeWatch | None = None) -> str:
    what = captured(table.data / "s" / table.clock.new_id(), "file", {"note.txt": b"voice"})
    return seal(table, case, what, watch).number


def test_a_manifest_carries_both_runs_the_offset_and_the_values(table: Desk, case: Case) -> None:
    watch = FakeWatch(values=VALUES)
    number = sealed(table, case, watch)
    exhibit = table.store.exhibit(case.id, number)
    manifest = json.loads(table.vault.read(exhibit.digest.sha256))
    assert watch.calls == ["before", "sealing", "not_before"]
    assert len(manifest["environment"]["before"]["readings"]) == 12
    assert len(manifest["environment"]["sealing"]["readings"]) == 4
    assert manifest["clock"]["offset_ms"] == 180
    assert manifest["clock"]["uncertainty_ms"] == 40
    assert manifest["not_before"]["bitcoin"]["height"] == 921_000
    found = environment.surroundings(exhibit, vault=table.vault)
    assert found is not None
    assert found.before.counts["warn"] == 2


def test_the_watch_is_told_what_is_kept_and_where(table: Desk, case: Case) -> None:
    seen: list[tuple[str, ...]] = []

    def watch(world: str, target: str = "", case: str = "") -> FakeWatch:
        seen.append((world, target, case))
        return FakeWatch()

    maker = Maker(
        operator="p", tool=table.maker.tool, packages=(), asks=lambda _world: (), watch=watch
    )
    keep = partial(
        preserve.preserve,
        case,
        store=table.store,
        vault=table.vault,
        clock=table.clock,
        maker=maker,
        job=Job(),
    )
    keep(FakeSource({"a.txt": b"a"}), "https://drama.example/1")
    given = FakeWatch()
    keep(FakeSource({"a.txt": b"a"}), "https://drama.example/2", watch=given)
    assert seen == [("real", "https://drama.example/1", case.id)]
    assert given.calls == ["before", "sealing", "not_before"]
    # What was cut short is sealed with what was looked at as well.
    with pytest.raises(Cancelled):
        keep(FakeSource({"a.txt": b"a"}, error=Cancelled()), "https://drama.example/3")
    last = table.store.all(type(table.store.exhibit(case.id, "E0001")), case.id)[-1]
    assert environment.surroundings(last, vault=table.vault) is not None


def test_a_check_is_a_line_with_counts_and_no_words(table: Desk, case: Case) -> None:
    told = run().explained({"tunnel": "林某单位的 VPN"})
    made = environment.record(case, told, "after", **tools(table))
    entry = table.store.entries(case.id)[-1]
    assert entry.act == "environment.checked"
    assert entry.subject == made.id
    assert entry.refs == ()
    assert entry.facts["outcomes"] == {"pass": 9, "warn": 2, "fail": 0, "not_checked": 1}
    assert entry.facts["remarks"] == 1
    assert entry.facts["sha256"] == made.sha256
    assert "VPN" not in entry.body.decode()
    assert "OpenVPN" not in entry.body.decode()
    assert table.vault.read(made.sha256) == made.body()
    assert table.store.checkpoints(case.id)[-1].size == entry.seq + 1
    assert environment.checks_of(case.id, store=table.store) == (made,)


def test_a_check_takes_the_place_of_a_head_that_waits_and_asks_for_no_other(
    table: Desk, case: Case
) -> None:
    def waiting() -> set[str]:
        return {
            stamp.subject.path
            for stamp in table.store.all(Stamp, case.id)
            if stamp.subject.kind == "checkpoint"
        }

    environment.record(case, run(), "before", **tools(table))
    assert waiting() == set()
    sealed(table, case)
    environment.record(case, run(), "after", **tools(table))
    assert waiting() == {"ledger/checkpoints/4.txt"}


def test_a_remark_on_an_exhibit_stands_beside_its_manifest(table: Desk, case: Case) -> None:
    number = sealed(table, case, FakeWatch())
    digest = table.store.exhibit(case.id, number).digest
    first = environment.explain(case, number, {"tunnel": "单位办公用"}, **tools(table))
    again = environment.explain(case, number, {"processes": "听歌"}, **tools(table))
    assert (first.exhibit, again.exhibit) == (number, number)
    assert again.id == first.id
    assert again.earlier == (first.sha256,)
    assert again.run.remarks == 2
    assert table.store.exhibit(case.id, number).digest == digest
    lines = [e for e in table.store.entries(case.id) if e.act == "environment.checked"]
    assert [line.facts["sha256"] for line in lines] == [first.sha256, again.sha256]
    assert lines[1].facts["earlier"] == [first.sha256]
    # Saying the same again writes nothing.
    environment.explain(case, again.id, {"processes": "听歌"}, **tools(table))
    assert len(table.store.entries(case.id)) == len(lines) + 2


@pytest.mark.parametrize("reference", ["E0001", "E0099", "", "x" * 500])
def test_what_has_no_check_cannot_be_remarked_on(table: Desk, case: Case, reference: str) -> None:
    sealed(table, case)
    with pytest.raises(Refused, match="environment_unknown"):
        environment.explain(case, reference, {"dns": "x"}, **tools(table))


def test_a_remark_on_no_item_is_refused(table: Desk, case: Case) -> None:
    with pytest.raises(Refused, match="environment_item"):
        environment.explain(case, "E0001", {"weather": "x"}, **tools(table))


def test_what_was_written_down_minutes_ago_is_the_run_before(table: Desk, case: Case) -> None:
    told = partial(environment.stated, case.id, store=table.store, clock=table.clock)
    assert told() is None
    at = table.clock.now()
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    fresh = run()
    fresh = type(fresh)(started=stamp, finished=stamp, readings=fresh.readings)
    environment.record(case, fresh, "before", **tools(table))
    environment.record(case, run(), "after", **tools(table))
    assert told() == fresh
    table.clock.advance(minutes=11)
    assert told() is None


def test_what_is_printed_is_what_the_ledger_names(table: Desk, case: Case) -> None:
    sealed(table, case, FakeWatch())
    made = environment.record(case, run(), "after", **tools(table))
    environment.explain(case, made.id, {"dns": "x"}, **tools(table))
    (found,) = on_record(table.store.entries(case.id), table.vault)
    assert (found.when, found.seq) == ("after", 2)
    assert found.run.remarks == 1
    table.vault.path(found.sha256).chmod(0o600)
    table.vault.path(found.sha256).write_bytes(b"{}")
    with pytest.raises(Tampered):
        on_record(table.store.entries(case.id), table.vault)


def test_bytes_that_are_no_check_are_not_printed(table: Desk, case: Case) -> None:
    for raw in (b"[]", b"{", b'{"format":"holdfast-environment/1"}'):
        digest = table.vault.keep_bytes(raw)
        with table.store.custody(case.id) as custody:
            custody.append("environment.checked", "x", facts={"sha256": digest.sha256})
        with pytest.raises(Tampered):
            on_record(table.store.entries(case.id)[-1:], table.vault)


def test_a_pack_carries_the_checks_as_they_were_hashed(table: Desk, case: Case) -> None:
    made = environment.record(case, run(), "after", **tools(table))
    (held,) = json.loads(case_file_bytes(case, store=table.store))["environment"]
    assert held["sha256"] == made.sha256
    assert canonical(held["record"]) == table.vault.read(made.sha256)


def test_values_in_a_manifest_have_their_times() -> None:
    header = bytes(68) + (1_790_000_000).to_bytes(4, "little") + bytes(8)
    held = {
        "network": "practice",
        "bitcoin": {"height": 7, "hash": "00", "sources": ["a", 1], "header": header.hex()},
        "drand": {"chain": "c", "round": 11, "signature": "x"},
    }
    found = not_before({"not_before": held}, {"c": (1000, 3)})
    assert found["block_time"] == 1_790_000_000
    assert found["round_time"] == 1030
    assert (found["known"], found["practice"], found["sources"]) == (True, True, "a")
    genesis = {"network": "practice", "bitcoin": {"height": 0, "hash": "00"}}
    assert not_before({"not_before": genesis}, {})["height"] == "0"
    say = Teller(words=words("en"), lang="en", offset_minutes=480)
    told = told_not_before({"not_before": held}, {"c": (1000, 3)}, say)
    assert told["time"] == told["round_time"] == "1970-01-01 08:17:10 +08:00 (00:17:10Z)"
    alone = told_not_before({"not_before": {**held, "drand": None}}, {}, say)["time"]
    # A miner may write a time that is still to come: by itself it is no earliest time.
    assert alone != told["block_time"]
    assert str(told["block_time"]) in str(alone)
    assert "may be two hours off" in str(alone)
    odd = {"network": "bitcoin", "bitcoin": {"height": 7, "hash": "00", "header": "zz"}}
    assert not_before({"not_before": odd}, {})["block_time"] == ""
    for none in ({}, {"not_before": {"reason": "offline"}}, {"not_before": []}):
        assert not_before(none, {})["known"] is False


def test_case_file_is_not_disturbed(table: Desk, case: Case) -> None:
    environment.record(case, run(), "after", **tools(table))
    assert case_file(case.id, store=table.store).entries[-1].act == "environment.checked"


def test_manifests_without_a_watch_say_so(table: Desk, case: Case) -> None:
    exhibit = table.store.exhibit(case.id, sealed(table, case))
    manifest = read_manifest(table.vault.read(exhibit.digest.sha256))
    assert manifest["environment"] == {"reason": "not asked"}
    assert environment.surroundings(exhibit, vault=table.vault) is None
