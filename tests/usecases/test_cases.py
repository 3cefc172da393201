from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.core.case import Case, Licence, Party
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.usecases import cases, people, preserve


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
    people.describe(case.id, "claimant", {"name": "林某"}, store=at.store, clock=at.clock)
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


def told(at: Desk, case: Case, who: str, **given: str) -> Party:
    return people.describe(case.number, who, given, store=at.store, clock=at.clock)


def test_who_somebody_is_stands_with_them_and_never_in_the_ledger(at: Desk, case: Case) -> None:
    person = told(at, case, "claimant", name=" 林\u202e某 ", phone="1", email="a@b.example")
    assert (person.name, person.role) == (r"林\u{202E}某", "claimant")
    again = told(at, case, "claimant", phone="2", id_type="passport")
    assert (again.id, again.phone, again.email) == (person.id, "2", "a@b.example")
    lines = len(acts(at, case))
    assert told(at, case, "claimant", phone="2") == again
    assert len(acts(at, case)) == lines, "what did not change is no line"
    first, second = told(at, case, "infringer", name="A"), told(at, case, "infringer", name="B")
    assert told(at, case, first.id, phone="3").name == "A"
    assert [one.name for one in people.people(case, store=at.store)] == [again.name, "A", "B"]
    people.remove(case.number, second.id, store=at.store)
    assert [one.name for one in people.people(case, store=at.store)] == [again.name, "A"]
    assert acts(at, case)[-1] == "party.changed"
    assert "a@b.example" not in b"".join(e.body for e in at.store.entries(case.id)).decode()


def test_what_cannot_be_somebody_is_refused_and_changes_nothing(at: Desk, case: Case) -> None:
    claimant = told(at, case, "claimant", name="林某")
    for who, given, code in (
        ("judge", {"name": "x"}, "person_unknown"),
        ("", {"name": "x"}, "person_unknown"),
        ("infringer", {"phone": "1"}, "person_nameless"),
        ("claimant", {"email": "nowhere"}, "answer_not_an_address"),
        ("claimant", {"id_type": "library card"}, "answer_not_offered"),
        ("claimant", {"name": "x" * 81}, "answer_too_long"),
        ("claimant", {"role": "counsel"}, "answer_unknown"),
    ):
        with pytest.raises(Refused, match=code):
            told(at, case, who, **given)
    for who, code in (
        ("infringer", "person_unknown"),
        ("claimant", "person_unknown"),
        (claimant.id, "person_stays"),
    ):
        with pytest.raises(Refused, match=code):
            people.remove(case.number, who, store=at.store)
    assert people.people(case, store=at.store) == (claimant,)
