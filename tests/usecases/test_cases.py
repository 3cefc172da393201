from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.core.case import Case, Licence, Party
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.usecases import cases, preserve


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


@pytest.fixture
def case(at: Desk) -> Case:
    case = cases.open_case(" 林某\n《桃花渡》 ", "real", store=at.store)
    preserve.preserve(
        case, FakeSource({"a": b"x"}), "http://x/", store=at.store, vault=at.vault,
        clock=at.clock, maker=at.maker, job=Job(),
    )  # fmt: skip
    return case


def acts(at: Desk, case: Case) -> list[str]:
    return [entry.act for entry in at.store.entries(case.id)]


def test_a_title_is_one_visible_line(at: Desk, case: Case) -> None:
    assert case.title == "林某 《桃花渡》"
    for empty in ("", " \n", "\u200b\u202e"):
        with pytest.raises(Refused, match="title_empty"):
            cases.open_case(empty, "real", store=at.store)


def test_a_snapshot_holds_everything(at: Desk, case: Case) -> None:
    cases.save_party(Party(id="p", case_id=case.id, role="claimant", name="林某"), store=at.store)
    cases.record_licence(Licence(id="l", case_id=case.id, agreed="no"), store=at.store)
    file = cases.case_file(case.number, store=at.store)
    assert [e.number for e in file.exhibits] == ["E0001"]
    assert (file.parties[0].name, file.licences[0].agreed) == ("林某", "no")
    assert len(file.stamps) == 7
    assert [e.act for e in file.entries][-2:] == ["party.changed", "licence.recorded"]
    assert "林某" not in b"".join(e.body for e in file.entries).decode()


def test_captions_are_the_persons_words_and_stay_out_of_the_ledger(at: Desk, case: Case) -> None:
    told = cases.describe(case.number, "E0001", "播放页\u202e", None, store=at.store)
    assert (told.caption, told.purpose) == (r"播放页\u{202E}", "")
    both = cases.describe(case.number, "E0001", None, "证明使用", store=at.store)
    assert (both.caption, both.purpose) == (r"播放页\u{202E}", "证明使用")
    lines = len(acts(at, case))
    assert cases.describe(case.number, "E0001", None, None, store=at.store) == both
    assert len(acts(at, case)) == lines
    assert "播放页" not in b"".join(at.store.bodies(case.id)).decode()


def test_withdrawing_takes_nothing_away(at: Desk, case: Case) -> None:
    gone = cases.withdraw(case.number, "E0001", store=at.store)
    assert gone.withdrawn
    assert cases.withdraw(case.number, "E0001", store=at.store) == gone
    assert acts(at, case).count("exhibit.withdrawn") == 1
    assert at.vault.read(gone.digest.sha256)


def test_a_closed_case_takes_nothing_more_and_can_be_read(at: Desk, case: Case) -> None:
    closed = cases.close_case(case.number, store=at.store, clock=at.clock)
    assert closed.closed
    assert acts(at, case)[-1] == "case.closed"
    for again in (cases.open_for_work,):
        with pytest.raises(Refused, match="case_closed"):
            again(case.number, store=at.store)
    with pytest.raises(Refused, match="case_closed"):
        cases.close_case(case.number, store=at.store, clock=at.clock)
    assert cases.case_file(case.number, store=at.store).exhibits


def test_a_case_can_be_called_something_else(at: Desk, case: Case) -> None:
    assert cases.rename(case.number, "新名字", store=at.store).title == "新名字"
    assert at.store.case(case.number).title == "新名字"
    with pytest.raises(Refused, match="title_empty"):
        cases.rename(case.number, " ", store=at.store)
