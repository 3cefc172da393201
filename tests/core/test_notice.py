"""The gauge, the wrong-basis guard, masking and shortening."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.letters import CATALOG
from holdfast.core.errors import Refused
from holdfast.core.notice import (
    PLATFORM_STALE_DAYS,
    REGIME_STALE_DAYS,
    Bilingual,
    Gauge,
    Notice,
    chosen,
    concerns,
    elements,
    fit,
    fit_lines,
    guard,
    mask,
    reply_passed,
)

CIVIL = CATALOG.regime("civil-1195")
DMCA = CATALOG.regime("dmca-512c3")
TIDA = CATALOG.regime("tida")
DSA = CATALOG.regime("dsa-16")
PRACTICE = CATALOG.platform("practice")
DOUYIN = CATALOG.platform("douyin")
YOUTUBE = CATALOG.platform("youtube")


def test_a_text_in_both_languages_speaks_either() -> None:
    both = Bilingual(zh="及时", en="promptly")
    assert (both("zh"), both("en")) == ("及时", "promptly")


def test_an_article_is_found_by_its_id_and_cited_in_full() -> None:
    assert CIVIL.rule("cc-1195").citation("zh") == "《中华人民共和国民法典》第一千一百九十五条"
    assert (
        CIVIL.rule("cc-1195").citation("en")
        == "Civil Code of the People’s Republic of China, art. 1195"
    )
    assert DMCA.rule("dmca-512c3").citation("en") == "17 U.S.C. § 512(c)(3)(A)"
    with pytest.raises(KeyError):
        CIVIL.rule("cc-0")


# What must stand in a notice for each law, by the fact that states it.
CIVIL_LAW = {"preliminary_evidence": {"exhibits"}, "true_identity": {"name", "id_number"}}
DMCA_LAW = {
    "signature": {"signature"},
    "copyrighted_work": {"work"},
    "material": {"places"},
    "reachable": {"name", "address", "phone", "email"},
    "good_faith": {"good_faith", "fair_use"},
    "perjury": {"accurate", "authority", "owner"},
}


@pytest.mark.parametrize(
    ("regime", "law"), [(CIVIL, CIVIL_LAW), (DMCA, DMCA_LAW)], ids=["civil", "dmca"]
)
def test_each_fact_that_the_law_requires_is_missed_when_it_is_not_stated(
    regime: object, law: dict[str, set[str]]
) -> None:
    assert regime in (CIVIL, DMCA)
    known = CIVIL if regime is CIVIL else DMCA
    every = {name: "x" for needed in law.values() for name in needed}
    whole = {e.id: e for e in elements(known, every) if e.need == "law"}
    assert {name for name, e in whole.items() if e.state == "present"} == set(law)
    for name, needed in law.items():
        for fact in needed:
            found = {e.id: e.state for e in elements(known, {**every, fact: ""})}
            assert found[name] == "missing"


def test_an_element_names_its_article_and_shows_what_stands_there() -> None:
    found = {e.id: e for e in elements(CIVIL, {"exhibits": "E0001–E0003"})}
    assert found["preliminary_evidence"].detail == "E0001–E0003"
    assert found["preliminary_evidence"].article.en.endswith("art. 1195")
    assert found["true_identity"].detail == ""


def test_a_requirement_with_a_condition_applies_only_under_it() -> None:
    conditional = replace(CIVIL.requirements[0], when="voice")
    regime = replace(CIVIL, requirements=(conditional,))
    assert elements(regime, {"exhibits": "E0001"}) == ()
    assert elements(regime, {"exhibits": "E0001", "voice": "x"})[0].state == "present"


def test_the_gauge_is_ready_when_nothing_the_law_requires_is_missing_or_open() -> None:
    present = elements(CIVIL, {"exhibits": "E0001", "name": "n", "id_number": "1"})
    assert Gauge(elements=present).ready  # good-to-state ones may be missing
    assert not Gauge(elements=present, unconfirmed=("operator",)).ready
    short = Gauge(elements=elements(CIVIL, {"name": "n", "id_number": "1"}))
    assert not short.ready
    assert [e.id for e in short.missing] == ["preliminary_evidence"]


# --- the wrong basis -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"used": "face"}, "wrong_basis_copyright"),
        ({"used": "voice"}, "wrong_basis_copyright"),
        ({"used": "face,voice"}, "wrong_basis_copyright"),
        ({"used": "work", "owner": "no"}, "wrong_basis_owner"),
        ({"used": "work", "owner": "unsure"}, "wrong_basis_owner"),
        ({"used": "work", "owner": "yes", "copied": "no"}, "wrong_basis_copied"),
        ({"used": "work", "owner": "yes", "copied": "unsure"}, "wrong_basis_copied"),
    ],
)
def test_a_face_without_a_copyright_gets_no_dmca_notice(answers: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as caught:
        guard(DMCA, PRACTICE, "practice", answers)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        now = CATALOG.words(lang).trouble(caught.value).now
        assert "1195" in now or "第一千一百九十五条" in now  # the right way has a name


@pytest.mark.parametrize(
    "answers",
    [{}, {"used": "work"}, {"used": "face,work", "owner": "agent", "copied": "yes"}],
)
def test_a_copied_work_may_go_by_the_dmca(answers: dict[str, str]) -> None:
    guard(DMCA, PRACTICE, "practice", answers)


def test_a_work_alone_gets_no_notice_for_likeness() -> None:
    with pytest.raises(Refused, match="wrong_basis_likeness"):
        guard(CIVIL, PRACTICE, "practice", {"used": "work"})
    guard(CIVIL, PRACTICE, "practice", {"used": "face,work"})


def test_a_notice_fits_its_platform_and_its_world() -> None:
    with pytest.raises(Refused, match="wrong_basis_platform"):
        guard(DMCA, DOUYIN, "real", {})
    with pytest.raises(Refused, match="wrong_basis_platform"):
        guard(CIVIL, YOUTUBE, "real", {})
    with pytest.raises(Refused, match="notice_other_world"):
        guard(CIVIL, DOUYIN, "practice", {})
    with pytest.raises(Refused, match="notice_other_world"):
        guard(CIVIL, PRACTICE, "real", {})


# --- concerns ------------------------------------------------------------------------------------


def codes(*args: object) -> list[str]:
    return [concern.code for concern in concerns(*args)]  # type: ignore[arg-type]  # as given


def test_stale_law_and_stale_platforms_are_concerns() -> None:
    law, platform = CIVIL.checked_on, PRACTICE.checked_on
    assert codes(CIVIL, PRACTICE, {}, law) == []
    assert codes(CIVIL, PRACTICE, {}, platform + timedelta(days=PLATFORM_STALE_DAYS)) == []
    late = platform + timedelta(days=PLATFORM_STALE_DAYS + 1)
    assert codes(CIVIL, PRACTICE, {}, late) == ["platform_stale"]
    later = law + timedelta(days=REGIME_STALE_DAYS + 1)
    assert codes(CIVIL, PRACTICE, {}, later) == ["law_stale", "platform_stale"]
    assert concerns(CIVIL, PRACTICE, {}, later)[0].facts == {"checked": law.isoformat()}
    assert codes(CIVIL, PRACTICE, {}, date(1999, 1, 1)) == []  # a clock that is wrong


def test_a_reply_is_late_only_for_a_letter_that_waits_to_be_sent() -> None:
    letter = Notice(
        id="n", case_id="c", number="L01", document="HF-2026-0001-L01", regime="civil-1195",
        platform="practice", lang="zh", status="approved", answers={}, text="", drafted="",
        reply_by="2026-11-20",
    )  # fmt: skip
    assert [reply_passed(letter, date(2026, 11, day)) for day in (19, 20, 21)] == [
        False,
        True,
        True,
    ]
    assert not reply_passed(replace(letter, status="sent"), date(2026, 11, 21))
    assert not reply_passed(replace(letter, reply_by=""), date(2026, 11, 21))


def test_an_operator_that_was_not_read_is_a_concern_until_the_person_names_one() -> None:
    today = DOUYIN.checked_on
    assert codes(CIVIL, DOUYIN, {}, today) == ["operator_unread"]
    assert codes(CIVIL, DOUYIN, {"operator": "x"}, today) == []


def test_what_a_letter_leaves_out_is_said() -> None:
    today = PRACTICE.checked_on
    assert codes(CIVIL, PRACTICE, {"used": "face,work"}, today) == ["work_left_out"]
    assert codes(DMCA, PRACTICE, {"used": "voice,work"}, today) == ["likeness_left_out"]


def test_unknown_operators_and_channels_count_as_unknown() -> None:
    hongguo = CATALOG.platform("hongguo")
    assert not hongguo.operator_known
    assert not hongguo.channel_known
    guessed = replace(hongguo, operator="某公司")  # a name with the mark "uncertain" stays unknown
    assert not guessed.operator_known
    assert DOUYIN.operator_known
    assert DOUYIN.channel_known


# --- numbers and lengths -------------------------------------------------------------------------


def test_an_identity_number_shows_six_and_four() -> None:
    assert mask("33010619900101002X") == "330106********002X"
    assert mask("E12345678") == "******678"
    assert mask("12") == "**"
    assert mask("") == ""


@given(st.text(max_size=60))
def test_a_mask_hides_more_than_it_shows_in_short_numbers_and_keeps_the_length(text: str) -> None:
    shown = mask(text)
    assert len(shown) == len(text)
    hidden = sum(a != b or b == "*" for a, b in zip(shown, text, strict=True))
    assert hidden >= min(len(text), 4) or len(text) - len(text) // 3 <= hidden


def test_ticked_options_are_read_from_commas() -> None:
    assert chosen({"used": "face,voice"}, "used") == {"face", "voice"}
    assert chosen({"used": ""}, "used") == chosen({}, "used") == frozenset()


def test_a_text_is_shortened_at_a_sentence() -> None:
    assert fit("一句。两句。", None) == ("一句。两句。", False)
    assert fit("一句。", 3) == ("一句。", False)
    assert fit("一句。两句三句。", 5) == ("一句。", True)
    assert fit("没有句号的长文字", 4) == ("没有句…", True)
    assert fit("Version 2.5 was shown. It is at https://a.example/b", 45) == (
        "Version 2.5 was shown.",
        True,
    )
    assert fit("See https://a.example/ep/3", 16) == ("See https://a.e…", True)


def test_addresses_are_shortened_by_whole_lines() -> None:
    two = "https://a.example/1\nhttps://b.example/2"
    assert fit_lines(two, None) == fit_lines(two, 100) == (two, False)
    assert fit_lines(two, 38) == ("https://a.example/1", True)
    assert fit_lines(two, 19) == ("https://a.example/1", True)
    assert fit_lines(two, 10) == ("https://a…", True)


@given(st.text(max_size=200), st.integers(min_value=1, max_value=200))
def test_a_shortened_text_keeps_to_its_limit(text: str, limit: int) -> None:
    shown, shortened = fit(text, limit)
    assert len(shown) <= limit
    assert shortened == (len(text) > limit)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"adult": "no", "intimate": "yes"}, "minor_depicted"),
        ({"intimate": "no"}, "wrong_basis_intimate"),
        ({"intimate": "yes", "requester": "no"}, "wrong_basis_requester"),
    ],
)
def test_a_request_for_removal_is_only_for_an_adult_and_an_intimate_picture(
    answers: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        guard(TIDA, PRACTICE, "practice", answers)


def test_an_adult_may_ask_for_the_removal_of_an_intimate_picture() -> None:
    answers = {"intimate": "yes", "adult": "yes", "requester": "self"}
    guard(TIDA, PRACTICE, "practice", answers)
    with pytest.raises(Refused, match="wrong_basis_platform"):
        guard(TIDA, YOUTUBE, "real", answers)


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"union": "no"}, "wrong_basis_union"), ({"used": "work"}, "wrong_basis_likeness")],
)
def test_a_notice_of_illegal_content_is_for_a_likeness_in_the_union(
    answers: dict[str, str], code: str
) -> None:
    guard(DSA, PRACTICE, "practice", {"union": "yes", "used": "face"})
    with pytest.raises(Refused, match=code):
        guard(DSA, PRACTICE, "practice", answers)


def test_a_second_notice_goes_where_the_first_may_go_and_only_while_it_is_there() -> None:
    second = CATALOG.regime("second-1195")
    guard(second, DOUYIN, "real", {"used": "face", "still": "yes"})
    with pytest.raises(Refused, match="wrong_basis_platform"):
        guard(second, YOUTUBE, "real", {"still": "yes"})
    with pytest.raises(Refused, match="again_gone"):
        guard(second, DOUYIN, "real", {"still": "no"})
    assert second.rule("cc-1195") == CIVIL.rule("cc-1195")
