from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.canonical import (
    MAX_INTEGER,
    MAX_VALUES,
    canonical,
    moment,
    one_line,
    parse,
    rfc3339,
    visible,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
KEY = st.text(st.characters(max_codepoint=127), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=12,
)


@given(VALUE)
def test_the_bytes_are_those_of_the_rfc_8785_library(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert parse(canonical(value)) == value


@given(st.binary(max_size=60) | VALUE.map(lambda v: json.dumps(v).encode()))
def test_reading_takes_the_one_form_or_raises_value_error(raw: bytes) -> None:
    try:
        value = parse(raw)
    except ValueError:
        return
    assert canonical(value) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b"NaN",
        b"1.0",
        b"1e3",
        b"\xef\xbb\xbf{}",
        b'"\\ud800"',
        b" {}",
        b"[" * 100 + b"]" * 100,
        b"[" * 100_000,
        b"9007199254740992",
        b'{"\xc3\xa9":1}',
        b"\xff",
    ],
)
def test_other_spellings_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse(raw)


@pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {"é": 1}, "\ud800", 2**53, {1, 2}, object()])
def test_what_the_formats_do_not_allow_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)  # type: ignore[arg-type]  # that is the point


def test_controls_bidi_marks_and_surrogates_become_visible() -> None:
    assert visible("a\u202eb\x1b[31m\ud800") == r"a\u{202E}b\u{001B}[31m\u{D800}"
    assert visible("一家👨‍👩‍👧\n好\t") == "一家👨‍👩‍👧\n好\t"
    assert one_line(" a\n\tb\u2028c ") == "a b c"


@given(st.text(st.characters()))
def test_visible_text_can_be_hashed_and_stays_as_it_is(text: str) -> None:
    once = visible(text)
    once.encode()
    assert visible(once) == once


@given(
    st.datetimes(
        timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1)
    )
)
def test_times_have_milliseconds_and_come_back(time: datetime) -> None:
    back = moment(rfc3339(time))
    assert abs((time - back).total_seconds()) < 0.001
    assert rfc3339(back) == rfc3339(time)


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "2026-01-01", "2026-13-01T00:00:00Z", ""])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError):
        rfc3339(datetime(2026, 1, 1))


def test_early_years_have_four_digits_too() -> None:
    """A certificate can name the year 5, and its time is read again; found by the fuzzer."""
    early = datetime(5, 1, 1, tzinfo=UTC)
    assert rfc3339(early) == "0005-01-01T00:00:00.000Z"
    assert moment(rfc3339(early)) == early


def test_digits_of_other_scripts_are_no_time() -> None:
    with pytest.raises(ValueError):
        moment("２０２６-11-12T13:06:31Z")


@pytest.mark.parametrize(
    "one",
    [b"{}", *(pytest.param(one, marks=pytest.mark.no_cover) for one in (b"0", b"[]", b"[[]]"))],
)
def test_a_text_of_a_million_values_is_not_taken_up(one: bytes) -> None:
    """Eight million empty lists took two gigabytes, and lay in a ZIP of one megabyte."""
    most = MAX_VALUES // (1 + one.count(b"[") + one.count(b"{"))
    assert parse(b"[" + b",".join([one] * most) + b"]")
    with pytest.raises(ValueError, match="more values"):
        parse(b"[" + b",".join([one] * (most + 3)) + b"]")
