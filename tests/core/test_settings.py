from __future__ import annotations

import pytest

from holdfast.core.errors import Refused
from holdfast.core.settings import LONGEST, Settings, chosen


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("language", "en", "en"),
        ("language", " ", ""),
        ("offline", "yes", True),
        ("offline", "no", False),
        ("disabled", "a, b，a", ("a", "b")),
        ("disabled", "", ()),
        ("operator_name", " Lin\u202e ", r"Lin\u{202E}"),
    ],
)
def test_a_setting_is_chosen_by_its_name(name: str, text: str, value: object) -> None:
    assert getattr(chosen(Settings(offline=True), name, text), name) == value


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("operator", "x", "setting_unknown"),
        ("text_scale", "200", "setting_unknown"),
        ("language", "fr", "setting_unfit"),
        ("offline", "1", "setting_unfit"),
        ("letterhead", "x" * (LONGEST + 1), "setting_unfit"),
    ],
)
def test_what_is_no_choice_is_refused(name: str, text: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        chosen(Settings(), name, text)
