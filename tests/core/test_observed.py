from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.observed import (
    MOST_PLACES,
    Run,
    Spot,
    counted,
    counter_name,
    counters,
    filing_spots,
    label,
    labels,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "播放 312.7 万\n点赞 7.6 万\n评论 6,412",
            [("plays", "312.7 万"), ("likes", "7.6 万"), ("comments", "6,412")],
        ),
        ("播放量：12亿 · 收藏数 30", [("plays", "12亿"), ("favourites", "30")]),
        ("1.2M views · 34K likes", [("plays", "1.2M"), ("likes", "34K")]),
        ("相关推荐 播放 311.8 万", []),
        ("播放 1\n这是另一段文字\n点赞 2", []),
        (
            "播放 9 万 简介……\n播放 1 万\n点赞 2\n评论 3\n其他 播放 4 点赞 5",
            [("plays", "1 万"), ("likes", "2"), ("comments", "3")],
        ),
        ("12 viewpoints and 3 likenesses", []),
        ("", []),
    ],
)
def test_only_a_run_of_named_numbers_counts(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.value) for one in counters(text)] == found


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    names = [one.name for one in counters(text)]
    assert len(names) == len(set(names)) != 1
    assert len(label(text)) <= 80


def test_a_label_is_the_line_that_carries_it() -> None:
    assert label("桃花渡\n  本作品含  AI 生成内容 \n评论") == "本作品含 AI 生成内容"
    assert label("Made with AI tools " + "x" * 200) == ("Made with AI tools " + "x" * 60) + "…"
    assert label("没有标识") == ""


def test_actions_of_schema_org_have_our_names() -> None:
    assert counter_name("https://schema.org/WatchAction") == "plays"
    assert counter_name("LikeAction") == "likes"
    assert counter_name("https://schema.org/EatAction") == ""


def run(text: str, x: int, y: int, width: int, **more: int) -> Run:
    return Run(text=text, x=x, y=y, width=width, height=20, **more)


def test_a_label_is_told_with_the_place_of_its_line() -> None:
    runs = [
        run("标题", 10, 0, 50),
        run("本作品含 ", 10, 400, 80),
        run("AI 生成", 90, 402, 60),
        run("内容", 150, 400, 40),
        run("评论", 10, 440, 40),
        run("made with AI", 5, 900, 90, box=1),
        run("框里", 5, 900, 30, frame=2),
    ]
    assert labels(runs) == (
        Spot(text="本作品含 AI 生成内容", x=10, y=400, width=180, height=22),
        Spot(text="made with AI", x=5, y=900, width=90, height=20, box=1),
    )
    assert labels(()) == ()


def test_things_beside_each_other_are_quoted_as_what_they_are() -> None:
    runs = [
        run("热播榜第 7 名", 10, 0, 90),
        run("古装", 112, 0, 30),
        run("本作品含 AI 生成内容", 160, 0, 150),
    ]
    (spot,) = labels(runs)
    assert spot.text == "热播榜第 7 名 古装 本作品含 AI 生成内容"
    assert (spot.x, spot.width) == (10, 300)


@pytest.mark.parametrize("before", [0, 15, 50, 300])
@pytest.mark.parametrize("after", [0, 50, 300])
def test_a_long_line_is_quoted_with_its_label_in_it(before: int, after: int) -> None:
    text = "前" * before + "本片由AI生成" + "后" * after
    quoted = label(text)
    assert "AI生成" in quoted
    assert len(quoted) == min(80, len(text))
    assert quoted.strip("…") in text
    (spot,) = labels([run(text, 0, 0, 500)])
    assert spot.text == quoted


def test_a_filing_number_is_told_with_the_place_of_its_own_runs() -> None:
    runs = [
        run("© 桃花剧场 ", 10, 9000, 100),
        run("京ICP备", 110, 9000, 60),
        run(" ", 170, 9000, 5),
        run("12345678号", 175, 9000, 90),
        run(" 联系我们", 265, 9000, 60),
    ]
    assert filing_spots([*runs, *runs]) == (
        Spot(text="京ICP备 12345678号", x=110, y=9000, width=155, height=20),
    )


def test_places_have_an_end() -> None:
    many = [run("AI生成", 0, 40 * n, 50) for n in range(MOST_PLACES + 9)]
    assert len(labels(many)) == MOST_PLACES


def test_a_line_that_names_one_thing_gives_up_its_numbers() -> None:
    title, found = counted("第2集 旧船新客 播放 1,329.5 万 · 点赞 3 万")
    assert title == "第2集 旧船新客"
    assert [(one.name, one.value) for one in found] == [("plays", "1,329.5 万"), ("likes", "3 万")]
    assert counted("第3集") == ("第3集", ())
    assert counted("1.2K views")[1][0].value == "1.2K"
