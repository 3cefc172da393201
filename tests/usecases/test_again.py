"""The next letter, from a date that passed without an answer to its own dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.office import CATALOG, FACE, URL, Room, frozen, room
from holdfast.core.deadline import FollowUp
from holdfast.core.errors import Refused
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job
from holdfast.core.notice import Notice
from holdfast.core.pack import CASE_FORMAT
from holdfast.usecases import again, case_json, cases, notify


@pytest.fixture
def office(tmp_path: Path, font_cache: Path, few_subsets: None) -> Iterator[Room]:
    yield from room(tmp_path / "data", font_cache)


def next_letter(office: Room, notice: Notice, **answers: str) -> Notice:
    return again.again(notice.id, answers, **office.world(), renderer=office.writer, job=Job())


def offered(office: Room) -> tuple[list[str], list[str]]:
    """After which letters another one can be begun, and which of them are late."""
    file = cases.case_file(office.case.id, store=office.at.store)
    world = {"clock": office.at.clock, "catalog": CATALOG}
    found = again.followable(file, **world), again.unanswered(file, **world)
    return [n.number for n in found[0]], [n.number for n in found[1]]


def waiting(office: Room) -> Notice:
    """A letter that was sent; nothing came."""
    notice = frozen(office)
    office.sent(notice)
    office.at.clock.advance(hours=1)
    return office.at.store.get(Notice, notice.id)


def test_it_is_too_early_until_a_day_passed_or_the_links_were_kept_again(office: Room) -> None:
    draft = office.draft(FACE)
    with pytest.raises(Refused, match="again_too_early"):
        next_letter(office, draft)
    first = waiting(office)
    assert offered(office) == ([], [])
    with pytest.raises(Refused, match="again_too_early"):
        next_letter(office, first)
    with pytest.raises(Refused, match="again_of_none"):
        office.draft({}, regime="second-1195")
    office.keep("https://play.yanlian.example/other")
    assert offered(office) == ([], [])
    office.keep()
    assert offered(office) == (["L01"], [])


def test_a_day_that_passed_opens_it_and_what_was_not_looked_at_again_is_bracketed(
    office: Room,
) -> None:
    first = waiting(office)
    office.at.clock.advance(days=6, hours=20)
    assert offered(office) == ([], []), "on the day itself there is still time"
    office.at.clock.advance(days=1)
    assert offered(office) == (["L01"], ["L01"])
    second = next_letter(office, first, still="yes")
    assert "（待确认：复查的证据" in second.text
    gauge = office.check(second)
    assert {e.id for e in gauge.missing} == {"preliminary_evidence"}
    with pytest.raises(Refused, match="notice_incomplete"):
        office.approve(second)
    assert offered(office) == ([], []), "it is being written"


def test_the_second_notice_tells_of_the_first_and_takes_over_its_clocks(office: Room) -> None:
    first = waiting(office)
    checked = office.keep()
    second = next_letter(office, first)
    assert (second.number, second.follows, second.regime) == ("L02", first.id, "second-1195")
    assert (second.answers["used"], second.answers["agreed"]) == ("face", "no")
    assert second.exhibits == (checked.number,) == ("E0002",)
    assert "仍可访问" not in second.text.partition("\n\n--")[0]
    assert office.check(second).unconfirmed == ("still",)
    with pytest.raises(Refused, match="again_gone"):
        next_letter(office, second, still="no")
    ready = next_letter(office, second, still="yes", reference="20261113-7")
    assert ready.id == second.id, "taken up again, from the one or the other letter"
    for said in ("HF-2026-0001-L01", checked.digest.sha256[:16], "20261113-7", "仍可访问", URL):
        assert said in ready.text
    facts = [e.facts for e in office.at.store.entries(office.case.id) if e.act == "notice.drafted"]
    assert facts[-1]["regime"] == "second-1195"
    approved = office.approve(ready)
    office.at.clock.advance(hours=1)
    office.keep()
    assert office.check(approved).ready, "it names what it named, whatever was kept since"
    office.sent(approved)
    open_ = {(f.notice_id, f.term) for f in office.at.store.all(FollowUp) if not f.done}
    assert (approved.id, "reply") in open_
    assert (first.id, "reply") not in open_
    body = case_json.case_file_bytes(office.case, store=office.at.store).decode()
    assert CASE_FORMAT in body
    assert f'"follows":"{first.id}"' in body


def test_it_is_not_offered_once_the_content_was_taken_down_until_it_is_back(office: Room) -> None:
    first = waiting(office)
    office.answer(first, "removed")
    office.at.clock.advance(days=9)
    assert offered(office) == ([], [])
    office.keep()
    assert offered(office) == (["L01"], [])
    second = next_letter(office, first, still="yes")
    assert "告知已下架" in second.text
    assert "未收到处理结果" not in second.text


def test_a_third_letter_names_both_that_were_sent(office: Room, tmp_path: Path) -> None:
    first = waiting(office)
    office.keep()
    second = next_letter(office, first, still="yes")
    at = office.at.clock.now().isoformat().replace("+00:00", "Z")
    office.at.store.save(replace(second, status="approved", approved=at))
    office.at.clock.advance(hours=1)
    slip = tmp_path / "slip.txt"
    slip.write_text("sent")
    notify.sent(
        second.id,
        "paper",
        "",
        slip,
        store=office.at.store,
        clock=office.at.clock,
        catalog=CATALOG,
        seal_receipt=office.receipt,
    )
    assert offered(office) == ([], [])
    office.at.clock.advance(days=5)
    assert offered(office) == (["L01"], ["L01"])
    third = next_letter(office, office.at.store.get(Notice, second.id), still="yes")
    assert (third.number, third.follows) == ("L03", first.id)
    assert third.text.count("HF-2026-0001-L02") == 1
    assert third.exhibits == ("E0002", "E0003")
    chosen = next_letter(office, first, rechecks="e0002")
    assert chosen.exhibits == ("E0002", "E0003")
    with pytest.raises(Refused, match="exhibit_unknown"):
        next_letter(office, first, rechecks="E0001")


def test_one_at_a_time_and_only_where_there_is_one(office: Room) -> None:
    first = waiting(office)
    office.keep()
    next_letter(office, first)
    other = replace(first, id=office.at.clock.new_id(), number="L03", follows="")
    office.at.store.save(other)
    with pytest.raises(Refused, match="again_begun"):
        next_letter(office, other)
    copied = replace(other, id=office.at.clock.new_id(), regime="dmca-512c3")
    office.at.store.save(copied)
    with pytest.raises(Refused, match="again_no_such"):
        next_letter(office, copied)


def test_an_exhibit_that_was_withdrawn_is_no_check(office: Room) -> None:
    waiting(office)
    checked = office.keep()
    office.at.store.save(replace(office.at.store.get(Exhibit, checked.id), withdrawn=True))
    assert offered(office) == ([], [])


def test_each_platform_that_is_not_on_the_list_has_its_own_second_letter(office: Room) -> None:
    office.case = office.at.store.open_case("何某", "real")
    office.keep("https://drama.example.org/1")
    made = []
    for name in ("甲", "乙"):
        named = {"platform_name": name, "operator": f"{name}公司", "channel": "举报"}
        notice = replace(
            office.draft({**FACE, **named}, platform="other"),
            status="approved",
            approved="2026-11-12T14:00:00.000Z",
        )
        office.at.store.save(notice)
        made.append(notice)
    office.at.clock.advance(hours=2)
    for notice in made:
        office.sent(notice)
    office.at.clock.advance(hours=1)
    office.keep("https://drama.example.org/1")
    written = [next_letter(office, notice, still="yes") for notice in made]
    assert [one.follows for one in written] == [one.id for one in made]
    for one, name in zip(written, ("甲", "乙"), strict=True):
        assert f"{name}公司" in one.text
        assert "平台名称" not in one.text
    assert next_letter(office, made[0]).id == written[0].id
