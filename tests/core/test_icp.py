"""Filing numbers in a page's footer, as sites write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.icp import MOST_FILINGS, filings


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("© 2026 京ICP备16025439号-3", ["京ICP备16025439号-3"]),
        ("京ICP证030173号 京ICP备 12345678 号", ["京ICP证030173号", "京ICP备12345678号"]),
        ("粤公网安备 44030702000123号", ["粤公网安备44030702000123号"]),
        ("增值电信业务经营许可证：沪B2-20090059", ["沪B2-20090059"]),
        ("浙icp备2021000001号-12X", ["浙icp备2021000001号-12"]),
        ("京ICP备16025439号-3 京ICP备16025439号-3", ["京ICP备16025439号-3"]),
        ("ICP备16025439号", []),
        ("美ICP备16025439号", []),
        ("京ICP备123号", []),
        ("", []),
    ],
)
def test_numbers_are_read_as_they_stand(text: str, numbers: list[str]) -> None:
    assert [filing.number for filing in filings(text)] == numbers


def test_a_number_says_where_it_stands() -> None:
    (found,) = filings("title\n\n" + "x" * 300 + "  京ICP备16025439号   " + "y" * 300 + "\nend")
    assert (found.line, found.lines) == (3, 4)
    assert found.text.startswith("x")
    assert "京ICP备16025439号" in found.text
    assert len(found.text) <= 200


def test_a_page_full_of_numbers_is_read_so_far() -> None:
    text = "\n".join(f"京ICP备1602{at:04d}号" for at in range(50))
    assert len(filings(text)) == MOST_FILINGS


@given(st.text(alphabet=st.sampled_from("京沪ICP备证公网安B2-号0123456789 \n")))
def test_any_text_is_read_without_harm(text: str) -> None:
    for filing in filings(text):
        assert 1 <= filing.line <= filing.lines
        assert not set(filing.number) & set(" \n\t")
