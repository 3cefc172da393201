from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.evidence import safe_name, safe_segment


@pytest.mark.parametrize(
    ("untrusted", "safe"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("第3集 渡口.mp4", "3.mp4"),
        ("渡口", "file"),
        ("CON.txt", "file-CON.txt"),
        (".bashrc", "file.bashrc"),
        ("a\u202egpj.exe", "a-gpj.exe"),
        ("x" * 300 + ".tar.gz", "x" * 60 + ".gz"),
        ("", "file"),
        ("name.", "name"),
    ],
)
def test_a_name_keeps_what_is_safe_of_it(untrusted: str, safe: str) -> None:
    assert safe_name(untrusted) == safe


def test_names_differ_even_where_case_does_not_count() -> None:
    taken = ["A.png"]
    for _ in range(3):
        taken.append(safe_name("a.PNG", taken))
    assert taken == ["A.png", "a-2.PNG", "a-3.PNG", "a-4.PNG"]


@given(st.text(max_size=200), st.lists(st.sampled_from(["file", "file-2", "a.b", "CON"])))
def test_every_name_becomes_a_free_safe_segment(untrusted: str, taken: list[str]) -> None:
    name = safe_name(untrusted, taken)
    assert safe_segment(name)
    assert name.lower() not in {other.lower() for other in taken}
