"""Which questions are asked, and answers in their one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.letters import CATALOG
from holdfast.core.errors import Refused
from holdfast.core.questions import asked, read_answers

CIVIL = CATALOG.regime("civil-1195")
DMCA = CATALOG.regime("dmca-512c3")


def ids(platform: str, answers: dict[str, str], regime: object = CIVIL) -> list[str]:
    law = DMCA if regime is DMCA else CIVIL
    return [q.id for q in asked(law, CATALOG.platform(platform), answers)]


def test_the_three_questions_of_the_frightened_person_come_first() -> None:
    assert ids("practice", {})[:3] == ["used", "agreed", "name"]


def test_what_the_catalogue_does_not_know_is_asked() -> None:
    assert {"operator", "channel"} <= set(ids("hongguo", {}))
    assert not {"operator", "channel"} & set(ids("practice", {}))
    assert "agent" in ids("youtube", {}, DMCA)
    assert "agent" not in ids("practice", {}, DMCA)
    named = {"platform_name", "platform_email"}
    assert named <= set(ids("other", {}))
    assert named <= set(ids("other", {}, DMCA))
    assert not named & set(ids("hongguo", {}))


def test_questions_follow_the_answers() -> None:
    assert "voice_features" not in ids("practice", {"used": "face"})
    assert "features" in ids("practice", {"used": "face,voice"})
    assert "voice_features" in ids("practice", {"used": "face,voice"})
    assert "licence" in ids("practice", {"agreed": "yes"})
    assert "licence" not in ids("practice", {"agreed": "unsure"})
    assert "own" not in ids("practice", {})
    assert "own" in ids("practice", {"handle": "林间有桃"})


def test_defaults_stand_until_they_are_answered() -> None:
    answers = read_answers(CIVIL, {})
    assert answers["id_shown"] == "masked"
    assert "preserve" in answers["measures"]
    assert read_answers(CIVIL, {"measures": []})["measures"] == ""


def test_options_are_given_as_a_list_or_with_commas_and_ordered() -> None:
    assert read_answers(CIVIL, {"used": ["voice", "face"]})["used"] == "face,voice"
    assert read_answers(CIVIL, {"used": " voice , face"})["used"] == "face,voice"


@pytest.mark.parametrize("day", ["20261120", "2026-W47-5", " 2026-11-20 "])
def test_a_date_has_one_form_however_it_was_written(day: str) -> None:
    assert read_answers(CIVIL, {"reply_by": day})["reply_by"] == "2026-11-20"


@pytest.mark.parametrize(
    ("given_answers", "code"),
    [
        ({"nonsense": "x"}, "answer_unknown"),
        ({"used": "soul"}, "answer_not_offered"),
        ({"agreed": "yes,no"}, "answer_not_one"),
        ({"name": "长" * 81}, "answer_too_long"),
        ({"reply_by": "tomorrow"}, "answer_not_a_date"),
        ({"email": "lin at home"}, "answer_not_an_address"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "answer_not_an_address"),
    ],
)
def test_an_answer_that_cannot_stand_is_refused_in_words(
    given_answers: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        read_answers(CIVIL, given_answers)
    assert caught.value.code == code
    for lang in ("zh", "en"):
        assert "{" not in str(CATALOG.words(lang).trouble(caught.value))


def test_good_answers_stand_as_given() -> None:
    answers = read_answers(
        CIVIL,
        {"email": "lin@practice.example", "reply_by": "2026-11-28", "features": "眉眼\n痣"},
    )
    assert answers["email"] == "lin@practice.example"
    assert answers["reply_by"] == "2026-11-28"
    assert answers["features"] == "眉眼\n痣"


def test_controls_and_bidi_marks_are_made_visible() -> None:
    answers = read_answers(CIVIL, {"name": "林\u202e某\x1b[31m", "recognition": "a\u2066b"})
    assert answers["name"] == "林\\u{202E}某\\u{001B}[31m"
    assert answers["recognition"] == "a\\u{2066}b"


@given(st.text(max_size=60))
def test_a_name_is_always_one_line(name: str) -> None:
    try:
        kept = read_answers(CIVIL, {"name": name})["name"]
    except Refused:  # controls made visible take more room than they had
        kept = ""
    assert len(kept.splitlines()) <= 1
