"""What a letter may state: only what the record and the answers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from fakes.letters import (
    CATALOG,
    PAGE,
    PAGE_MANIFEST,
    PERSON,
    drafted,
    earlier,
    exhibit,
    issued,
    page_manifest,
    sources,
)
from holdfast.core.document import Field, Lang
from holdfast.core.earlier import rechecks
from holdfast.core.letter import BRACKETS, form, still_stated
from holdfast.core.questions import read_answers

FACE = {"used": "face", "agreed": "no"}
WORK = {
    "used": "work",
    "owner": "yes",
    "copied": "yes",
    "work": "《桃夭》",
    "statements": "good_faith,accurate,authority",
    "signature": "typed",
    "fair_use": "whole copy",
}


def rows(fields: Mapping[str, Field], name: str) -> list[dict[str, Any]]:
    return [dict(cast("Mapping[str, Any]", row)) for row in cast("Sequence[Field]", fields[name])]


def test_a_page_is_named_where_it_was_reached_with_what_it_said_of_itself() -> None:
    made = drafted("civil-1195", sources(PAGE, manifests={"E0001": PAGE_MANIFEST}), FACE, "zh")
    assert rows(made.fields, "items") == [
        {
            "n": "1",
            "what": "桃花渡 第3集",
            "where": "https://play.yanlian.example/ep/3",
            "account": "账号“桃花剧场🌸”",
            "exhibits": "E0001",
        }
    ]
    (line,) = rows(made.fields, "observed")
    assert line["text"] == (
        "证据 E0001：2026-11-20 21:03 +08:00（13:03Z）打开上述网址，服务器返回 HTTP 200。"
        "页面当时显示：播放 312.7万。"
    )


def test_exhibits_of_one_address_share_a_row_and_its_first_one_gets_title_and_time_codes() -> None:
    url = "https://play.yanlian.example/u/1"
    record = sources(
        PAGE,
        exhibit("E0002", "video", "https://play.yanlian.example/ep/3", "ep3.mp4"),
        exhibit("E0003", "page", url, "主页", "账号主页"),
        manifests={"E0001": PAGE_MANIFEST, "E0003": page_manifest(url, account="")},
    )
    made = drafted(
        "civil-1195", record, FACE | {"title": "《桃花渡》第3集", "timecodes": "00:41"}, "zh"
    )
    first, second = rows(made.fields, "items")
    assert first["what"] == "《桃花渡》第3集，00:41"
    assert first["exhibits"] == "E0001、E0002"
    assert (second["what"], second["account"]) == ("账号主页", "")
    assert made.facts["exhibits"] == "E0001–E0003"
    assert made.facts["places"] == "2 处"


def test_links_that_were_not_kept_stand_without_evidence() -> None:
    other = "https://play.yanlian.example/ep/9"
    record = sources(PAGE, manifests={"E0001": PAGE_MANIFEST})
    made = drafted("civil-1195", record, FACE | {"link": f"{other}\n{PAGE.url}"}, "en")
    found = rows(made.fields, "items")
    assert [(row["where"], row["exhibits"]) for row in found] == [(PAGE.url, "E0001"), (other, "—")]
    assert found[1]["what"] == "see the exhibits"


def test_a_link_is_found_in_what_an_app_copies_when_something_is_shared() -> None:
    text = (
        "7.43 复制打开抖音，看看【桃花剧场的作品】桃花渡 https://v.play.example/iR4/ aBc:/ \n"
        "(https://play.yanlian.example/a_(b)), https://play.yanlian.example/c?x=1&y=2。再看\n"
        "App 内搜索“桃花渡”第 3 集\n\nhttps://v.play.example/iR4/"
    )
    made = drafted("civil-1195", sources(PAGE), FACE | {"link": text}, "zh")
    assert [row["where"] for row in rows(made.fields, "items")] == [
        PAGE.url,
        "https://v.play.example/iR4/",
        "https://play.yanlian.example/a_(b)",
        "https://play.yanlian.example/c?x=1&y=2",
        "App 内搜索“桃花渡”第 3 集",
    ]


def test_a_file_belongs_to_the_link_the_person_names_when_nothing_else_has_one() -> None:
    made = drafted("civil-1195", sources(exhibit("E0001", title="a.mp3")), FACE, "zh")
    (row,) = rows(made.fields, "items")
    assert (row["where"], row["what"]) == ("见所列证据", "a.mp3")
    assert made.facts["places"] == made.facts["links"] == made.facts["locations"] == ""
    linked = drafted(
        "civil-1195", sources(exhibit("E0001", title="a.mp3")), FACE | {"link": PAGE.url}, "zh"
    )
    (row,) = rows(linked.fields, "items")
    assert (row["where"], row["exhibits"]) == (PAGE.url, "E0001")


def test_what_has_no_address_beside_a_page_is_enclosed_and_no_place_of_its_own() -> None:
    record = sources(PAGE, exhibit("E0002", title="a.mp3"), manifests={"E0001": PAGE_MANIFEST})
    made = drafted("civil-1195", record, FACE, "zh")
    assert [row["exhibits"] for row in rows(made.fields, "items")] == ["E0001"]
    assert "a.mp3" not in made.facts["locations"]


@pytest.mark.parametrize(
    ("one", "manifest"),
    [
        (exhibit("E0001", "video", PAGE.url), PAGE_MANIFEST),
        (exhibit("E0001", "page", PAGE.url, complete=False), PAGE_MANIFEST),
        (PAGE, page_manifest(PAGE.url, status=404)),
        (PAGE, {}),
        (PAGE, {"target": "odd", "observations": "odd"}),
    ],
)
def test_only_a_complete_page_that_answered_is_called_accessible(
    one: Any, manifest: Mapping[str, Any]
) -> None:
    made = drafted("civil-1195", sources(one, manifests={"E0001": manifest}), FACE, "zh")
    assert made.fields["observed"] == []


def test_a_page_without_counters_is_only_called_accessible() -> None:
    for counters in ([], None, ["odd"]):
        manifest = {**PAGE_MANIFEST, "observations": {"status": 200, "counters": counters}}
        made = drafted("civil-1195", sources(PAGE, manifests={"E0001": manifest}), FACE, "en")
        (line,) = rows(made.fields, "observed")
        assert line["text"] == (
            "Exhibit E0001: the address was opened at 2026-11-20 21:03 +08:00 (13:03Z);"
            " the server answered HTTP 200."
        )


def test_utc_carries_its_date_where_that_is_another_day() -> None:
    manifest = {**PAGE_MANIFEST, "started": "2026-11-20T23:59:00.000Z"}
    made = drafted("civil-1195", sources(PAGE, manifests={"E0001": manifest}), FACE, "zh")
    line = rows(made.fields, "observed")[0]["text"]
    assert "2026-11-21 07:59 +08:00（2026-11-20T23:59Z）" in line


def test_west_of_greenwich_the_offset_is_negative() -> None:
    record = replace(sources(PAGE, manifests={"E0001": PAGE_MANIFEST}), offset_minutes=-210)
    made = drafted("civil-1195", record, FACE, "en")
    assert "2026-11-20 09:33 -03:30 (13:03Z)" in rows(made.fields, "observed")[0]["text"]


# --- who writes ----------------------------------------------------------------------------------


def test_the_number_is_masked_unless_the_person_decides_otherwise() -> None:
    record = sources(PAGE)
    masked = rows(drafted("civil-1195", record, FACE, "zh").fields, "sender")
    assert "330106********002X" in masked[1]["value"]
    full = rows(drafted("civil-1195", record, FACE | {"id_shown": "full"}, "zh").fields, "sender")
    assert "33010619900101002X" in full[1]["value"]
    facts = drafted("civil-1195", record, FACE | {"id_shown": "full"}, "zh").facts
    assert "19900101" not in "".join(facts.values())


def test_what_is_not_stated_about_the_person_leaves_no_row() -> None:
    party = replace(PERSON, phone="", email="", address="")
    made = drafted("civil-1195", sources(PAGE, claimant=party), FACE, "zh")
    assert [row["label"] for row in rows(made.fields, "sender")] == ["通知人", "证件"]
    assert made.unconfirmed == ()
    assert made.facts["contact"] == made.facts["address"] == ""


def test_nobody_named_leaves_brackets_that_are_open() -> None:
    made = drafted("civil-1195", sources(PAGE, claimant=None), {}, "en")
    assert set(made.unconfirmed) == {"used", "agreed", "name", "id_number"}
    values = " ".join(row["value"] for row in rows(made.fields, "sender"))
    assert BRACKETS.search(values)
    assert made.facts["name"] == made.facts["phone"] == ""


def test_an_entry_that_is_known_for_another_place_is_not_printed_for_this_one() -> None:
    record = sources(PAGE, manifests={"E0001": PAGE_MANIFEST})
    made = drafted("civil-1195", record, FACE, "zh", "wechat_channels")
    assert made.unconfirmed == ("channel",)  # what is known is the way for a personal account


def test_unknown_operators_stay_in_brackets_until_the_person_names_them() -> None:
    made = drafted("civil-1195", sources(PAGE), FACE, "zh", "hongguo")
    assert made.unconfirmed == ("operator", "channel")
    platform = cast("Mapping[str, str]", made.fields["platform"])
    assert BRACKETS.search(platform["operator"])
    assert BRACKETS.search(platform["channel"])
    said = drafted(
        "civil-1195",
        sources(PAGE),
        FACE | {"operator": "某公司", "channel": "入口"},
        "zh",
        "hongguo",
    )
    assert said.unconfirmed == ()
    assert cast("Mapping[str, str]", said.fields["platform"])["operator"] == "某公司"


# --- claims --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "rights", "portrait", "voice"),
    [
        ("face", "肖像权、个人信息权益", True, False),
        ("voice", "声音权益、个人信息权益", False, True),
        ("face,voice", "肖像、声音、个人信息权益", True, True),
        ("", "肖像权、个人信息权益", True, False),
    ],
)
def test_the_claims_follow_what_was_used(
    used: str, rights: str, portrait: bool, voice: bool
) -> None:
    answers = {"used": used, "features": "眉眼。", "voice_features": "音色；"}
    made = drafted("civil-1195", sources(PAGE), answers, "zh")
    assert made.fields["rights"] == made.facts["rights"] == rights
    assert (made.fields["portrait"], made.fields["voice"]) == (portrait, voice)
    assert made.fields["features"] == ("眉眼" if portrait else "")
    assert made.fields["voice_features"] == ("音色" if voice else "")
    assert made.facts["articles"] == f"{7 + portrait + voice} 条"
    numbers = cast("Mapping[str, str]", made.fields["no"])
    standing = [numbers[name] for name in ("picture", "sound", "portrait", "voice", "disclaimer")]
    shown = [number for number in standing if number]
    assert shown == sorted(shown)
    assert shown[0] == "1"


def test_sections_are_numbered_without_a_gap() -> None:
    whole = drafted("civil-1195", sources(PAGE), FACE, "zh")
    numbers = cast("Mapping[str, str]", whole.fields["no"])
    assert [numbers[f"section_{n}"] for n in ("preserve", "after", "truth")] == ["七", "八", "九"]
    without = drafted("civil-1195", sources(PAGE), FACE | {"measures": "tell"}, "en")
    numbers = cast("Mapping[str, str]", without.fields["no"])
    assert [numbers[f"section_{n}"] for n in ("after", "truth")] == ["7", "8"]
    assert without.facts["measures"] == "1 measures" or "1" in without.facts["measures"]
    none = drafted("civil-1195", sources(PAGE), FACE | {"measures": ""}, "en")
    assert none.facts["measures"] == ""


@pytest.mark.parametrize("said", ["no", "yes", "unsure"])
def test_exactly_one_sentence_about_consent_stands(said: str) -> None:
    made = drafted("civil-1195", sources(PAGE), {"used": "face", "agreed": said}, "zh")
    standing = [kind for kind in ("no", "yes", "unsure") if made.fields[f"agreed_{kind}"]]
    assert standing == [said]
    assert ("licence" in made.unconfirmed) == (said == "yes")


def test_the_licence_stands_as_the_person_described_it() -> None:
    answers = {"used": "face", "agreed": "yes", "licence": "2025 年的画册。"}
    made = drafted("civil-1195", sources(PAGE), answers, "zh")
    assert made.fields["licence"] == "2025 年的画册"
    assert made.unconfirmed == ()


def test_recognition_is_taken_from_the_first_thing_that_was_said() -> None:
    record = sources(PAGE)
    assert drafted("civil-1195", record, FACE, "zh").facts["recognisable"] == ""
    named = drafted("civil-1195", record, FACE | {"recognition": "评论里有人点名"}, "zh")
    assert named.facts["recognisable"] == "评论里有人点名"


def test_own_material_stands_only_under_a_name() -> None:
    made = drafted("civil-1195", sources(PAGE), FACE | {"own": "《桃夭》"}, "zh")
    assert not made.fields["own_named"]
    named = drafted("civil-1195", sources(PAGE), FACE | {"own": "《桃夭》", "handle": "林"}, "zh")
    assert named.fields["own_named"]
    assert named.facts["right_basis"] == "《桃夭》"


def test_the_reply_falls_on_the_day_that_was_asked_for() -> None:
    assert drafted("civil-1195", sources(PAGE), FACE, "zh").reply_by == "2026-11-28"
    made = drafted("civil-1195", sources(PAGE), FACE | {"reply_by": "2026-12-01"}, "en")
    assert made.reply_by == "2026-12-01"
    assert cast("Mapping[str, str]", made.fields["notice"])["reply_by"] == "1 December 2026"


@pytest.mark.parametrize("day", ["2026-11-21", "2025-12-01"])
def test_a_reply_is_not_requested_by_a_day_that_is_here_or_past(day: str) -> None:
    made = drafted("civil-1195", sources(PAGE), FACE | {"reply_by": day}, "zh")
    assert "reply_by" in made.unconfirmed
    assert BRACKETS.search(cast("Mapping[str, str]", made.fields["notice"])["reply_by"])


# --- annexes -------------------------------------------------------------------------------------


def test_a_document_that_does_not_exist_is_not_named() -> None:
    made = drafted("civil-1195", sources(PAGE), FACE, "zh")
    assert [row["text"][:4] for row in rows(made.fields, "annexes")] == ["身份证明", "证据 E"]
    assert made.annexes == ()
    nothing = drafted("civil-1195", sources(), FACE, "zh")
    assert [row["n"] for row in rows(nothing.fields, "annexes")] == ["1"]


def test_the_newest_report_and_list_are_enclosed() -> None:
    documents = (
        issued("evidence-report", "HF-2026-0001-R1"),
        issued("evidence-report", "HF-2026-0001-R2"),
        issued("evidence-report", "HF-2026-0001-R2", "text/plain"),
        issued("evidence-list", "HF-2026-0001-R3"),
        issued("receipt", "HF-2026-0001-R4"),
    )
    made = drafted("civil-1195", sources(PAGE, documents=documents), FACE, "zh")
    assert [a.number for a in made.annexes] == ["HF-2026-0001-R2", "HF-2026-0001-R3"]
    lines = [row["text"] for row in rows(made.fields, "annexes")]
    assert len(lines) == 3
    assert not any("的文件" in line for line in lines)
    assert made.by_hand == (lines[0],)


def test_a_letter_encloses_what_speaks_its_language() -> None:
    documents = (
        issued("evidence-report", "HF-2026-0001-R1"),
        replace(issued("evidence-report", "HF-2026-0001-R2"), lang="en"),
        replace(issued("evidence-list", "HF-2026-0001-D1"), lang="en"),
    )
    record = sources(PAGE, documents=documents)
    for lang, report in (("zh", "HF-2026-0001-R1"), ("en", "HF-2026-0001-R2")):
        made = drafted("civil-1195", record, FACE, cast("Lang", lang))
        assert [a.number for a in made.annexes] == [report, "HF-2026-0001-D1"]


def test_evidence_that_no_enclosed_report_shows_is_named_and_added_by_hand() -> None:
    later = replace(exhibit("E0002", title="a.mp3"), sealed="2026-11-20T15:00:00.000Z")
    documents = (issued("evidence-report", "HF-2026-0001-R1"),)
    record = sources(PAGE, later, documents=documents)
    made = drafted("civil-1195", record, FACE, "zh")
    lines = [row["text"] for row in rows(made.fields, "annexes")]
    assert lines[1:] == ["网络侵权证据保全报告 HF-2026-0001-R1", "证据 E0002 的文件"]
    assert made.by_hand == (lines[0], lines[2])
    dmca = drafted("dmca-512c3", record, WORK, "en")
    assert dmca.by_hand == ("Files of exhibits E0002",)  # no identity paper: the law asks for none
    assert dmca.fields["enclosed"]
    assert not drafted("dmca-512c3", sources(), WORK, "en").fields["enclosed"]


# --- copyright -----------------------------------------------------------------------------------


def test_a_whole_copyright_notice_has_nothing_open() -> None:
    made = drafted("dmca-512c3", sources(PAGE), WORK, "en")
    assert made.unconfirmed == ()
    assert made.fields["as_owner"]
    assert not made.fields["as_agent"]
    assert made.fields["typed"]
    assert made.facts["rights"] == "copyright"
    assert made.facts["owner"] == "the owner"
    assert made.facts["signature"] == "typed"
    assert made.facts["articles"]


def test_every_gap_of_a_copyright_notice_is_open() -> None:
    made = drafted("dmca-512c3", sources(PAGE, claimant=None), {}, "en", "youtube")
    assert set(made.unconfirmed) == {
        "used", "owner", "copied", "signature", "statements", "work", "fair_use",
        "name", "address", "phone", "email", "agent",
    }  # fmt: skip
    assert made.facts["owner"] == made.facts["signature"] == made.facts["good_faith"] == ""


def test_an_agent_states_the_authority_and_may_sign_by_hand() -> None:
    answers = WORK | {"owner": "agent", "signature": "by_hand", "agent": "Agent of the site"}
    made = drafted("dmca-512c3", sources(PAGE), answers | {"published": "2025-04-12."}, "en", "x")
    assert made.fields["as_agent"]
    assert made.fields["by_hand"]
    assert made.fields["platform"] == {"name": "X", "agent": "Agent of the site"}
    assert made.fields["published"] == "2025-04-12"


# --- forms ---------------------------------------------------------------------------------------


def test_the_form_follows_the_platforms_order_and_limits() -> None:
    practice = CATALOG.platform("practice")
    record = sources(PAGE, manifests={"E0001": PAGE_MANIFEST})
    made = drafted("civil-1195", record, FACE | {"timecodes": "00:41"}, "zh")
    entries = form(practice, made.facts, "说明。" * 200, "zh")
    assert [e.id for e in entries] == [f.id for f in practice.form]
    by_id = {e.id: e for e in entries}
    assert by_id["statement"].shortened
    assert by_id["statement"].count == 498
    assert by_id["link"].text == PAGE.url
    assert by_id["id_number"].text == "330106********002X"
    assert by_id["id_number"].secret
    assert by_id["location"].text == "00:41"


def test_a_form_of_unknown_limits_takes_the_text_whole_and_leaves_attachments_empty() -> None:
    tieba = CATALOG.platform("baidu_tieba")
    made = drafted("civil-1195", sources(PAGE), FACE, "zh", "baidu_tieba")
    by_id = {e.id: e for e in form(tieba, made.facts, "说明。" * 200, "zh")}
    assert by_id["statement"].count == 600
    assert by_id["statement"].limit is None
    assert by_id["identity"].text == ""


def test_a_text_in_own_words_states_what_its_words_say() -> None:
    made = drafted("dmca-512c3", sources(PAGE, manifests={"E0001": PAGE_MANIFEST}), WORK, "en")
    number = PERSON.id_number
    sworn = (
        "accurate; under penalty of perjury; a good faith belief; no fair use; copyright; /s/ 林"
    )
    reached = "138-0000-0000, Lin@practice.example, 演练路 8 号（演练地址）"
    whole = f"林某某, {number}, {reached}, {PAGE.url}, E0001: {sworn}"
    facts = still_stated(made.facts, whole, ("E0001",), number)
    assert facts == dict(made.facts)
    nothing = still_stated(made.facts, "please remove it", ("E0001",), number)
    lost = {name for name, value in made.facts.items() if value and not nothing[name]}
    assert lost == {
        "exhibits", "name", "id_number", "places", "good_faith", "accurate", "authority",
        "phone", "email", "address", "contact", "work", "fair_use", "signature",
    }  # fmt: skip


def test_answers_are_read_before_they_are_written() -> None:
    assert read_answers(CATALOG.regime("civil-1195"), FACE)["used"] == "face"


def test_a_request_for_removal_keeps_a_place_for_all_that_is_not_known() -> None:
    made = drafted("tida", sources(claimant=None), {}, "en", "x")
    assert made.unconfirmed == (
        "channel", "intimate", "adult", "requester", "signature", "statements", "link",
        "depiction", "name", "email",
    )  # fmt: skip
    assert made.reply_by == ""
    assert (made.annexes, made.by_hand) == ((), ())
    assert [made.facts[name] for name in ("depiction", "requester", "copies")] == ["", "", ""]


def test_a_notice_of_illegal_content_never_guesses_national_law_nor_an_address() -> None:
    made = drafted("dsa-16", sources(PAGE, claimant=None), {"agreed": "yes"}, "en", "tiktok")
    assert made.unconfirmed == (
        "channel", "union", "used", "statements", "licence", "country",
        "national_law", "name", "email",
    )  # fmt: skip
    assert made.facts["national_law"] == made.facts["bona_fide"] == ""
    half = drafted("dsa-16", sources(PAGE), {"national_law": "§ 22"}, "en")
    assert half.facts["national_law"] == "", "a provision without its country says nothing"
    assert made.by_hand == ("Files of exhibits E0001",)


def test_a_second_notice_waits_for_what_was_looked_at_again() -> None:
    made = drafted("second-1195", sources(past=earlier()), FACE, "zh")
    assert made.unconfirmed == ("still", "rechecks")
    assert made.facts["rechecked"] == made.facts["still"] == ""
    said = FACE | {"still": "yes"}
    gone = replace(PAGE, number="E0002")
    record = sources(
        gone, manifests={"E0002": page_manifest(PAGE.url, status=404)}, past=earlier(gone)
    )
    unread = drafted("second-1195", record, said, "zh")
    assert unread.facts["rechecked"] == "E0002"
    assert unread.facts["still"] == "", "a server that says it is gone is no sign that it is there"
    seen = drafted("second-1195", sources(gone, past=earlier(gone)), said, "en")
    assert seen.facts["still"] == "stated"
    assert rows(seen.fields, "checks")[0]["state"] == "see the exhibit"


def test_the_newest_of_each_address_and_kind_is_the_re_check() -> None:
    later = [
        replace(PAGE, number=f"E000{n}", sealed=f"2026-11-2{n}T00:00:00.000Z") for n in (2, 3, 4, 5)
    ]
    film, other = replace(later[1], source="video"), replace(later[2], url="https://else.example/")
    every = (PAGE, later[0], film, other, replace(later[3], withdrawn=True))
    found = rechecks(frozenset({PAGE.url}), "2026-11-21T00:00:00.000Z", every)
    assert found == (later[0], film)
    assert rechecks(frozenset({PAGE.url}), "2026-11-29T00:00:00.000Z", every) == ()
