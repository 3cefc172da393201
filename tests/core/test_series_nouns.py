from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.canonical import canonical
from holdfast.core.evidence import Counter
from holdfast.core.series import (
    MOST_EPISODES,
    NO_LINK,
    PAID,
    Episode,
    Inventory,
    Listed,
    Listing,
    amount,
    asks_money,
    chosen,
    listed,
    merged,
    number_in,
    read_listing,
    same_link,
    total,
    unkeepable,
)


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://x.example/a/?utm_source=app&b=1#top", "https://x.example/a?b=1"),
        ("https://x.example/a?share_token=1&from=weixin", "https://x.example/a"),
        ("https://x.example/", "https://x.example"),
        ("", ""),
    ],
)
def test_a_link_is_the_same_without_its_decoration(link: str, same: str) -> None:
    assert same_link(link) == same


@pytest.mark.parametrize(
    ("text", "number"),
    [("第 12 集 渡口", 12), ("Episode 3: x", 3), ("EP.07", 7), ("2026 年", None), ("", None)],
)
def test_a_number_stands_in_words(text: str, number: int | None) -> None:
    assert number_in(text) == number


def test_who_asks_for_money() -> None:
    for text in ("第9集 付费", "VIP 专享", "Members only", "解锁本集", "🔒 12"):
        assert asks_money(text), text
    for text in ("第9集", "The unpaid debt", "vipers"):
        assert not asks_money(text), text


def episode(place: int, number: int | None = None, **facts: object) -> Episode:
    one = Listed(number=number, title=f"t{place}", url=f"https://x.example/{place}")
    return Episode(id=str(place), case_id="c", series_id="s", place=place, listed=one, **facts)  # type: ignore[arg-type]  # fields of Episode


def test_each_fact_says_where_it_was_read_and_the_first_is_believed() -> None:
    page = listed("page", url="https://x.example/1", number=1, title="一")
    feed = listed("feed", url="https://x.example/1?utm_x=1", title="first", duration_ms=5)
    (one,) = merged((Listing(episodes=(page,)), Listing(title="T", episodes=(feed,)))).episodes
    assert (one.title, one.duration_ms) == ("一", 5)
    assert one.origins == {
        "number": "page", "title": "page", "url": "page", "duration_ms": "feed",
    }  # fmt: skip


def test_paid_wins_and_a_locked_number_meets_its_link() -> None:
    locked = listed("page", number=9, access="paid")
    free = listed("feed", url="https://x.example/9", number=9, access="free")
    other = listed("feed", url="https://x.example/09", number=9)
    whole = merged((Listing(episodes=(free, locked)), Listing(episodes=(other,))))
    assert [(one.url, one.access) for one in whole.episodes] == [
        ("https://x.example/9", "paid"),
        ("https://x.example/09", "unknown"),
    ]
    assert whole.episodes[0].origins["access"] == "page"
    assert whole.paid == 1
    # The other way round: first the lock, then its link.
    (one,) = merged((Listing(episodes=(locked,)), Listing(episodes=(free,)))).episodes
    assert (one.url, one.access) == ("https://x.example/9", "paid")


def test_the_first_to_state_a_fact_of_the_whole_is_believed() -> None:
    plays = (Counter(name="plays", value="1 万"),)
    whole = merged(
        (
            Listing(stated=60, cut=True),
            Listing(title="T", account="A", stated=61, counters=plays),
        )
    )
    assert (whole.title, whole.account, whole.stated, whole.cut) == ("T", "A", 60, True)
    assert whole.counters == plays


def test_episodes_stand_by_number_where_every_one_has_one() -> None:
    def titles(*numbers: int | None) -> list[int | None]:
        found = (
            listed("page", url=f"https://x.example/{at}", number=number)
            for at, number in enumerate(numbers)
        )
        return [one.number for one in merged((Listing(episodes=tuple(found)),)).episodes]

    assert titles(3, 1, 2) == [1, 2, 3]
    assert titles(3, None, 2) == [3, None, 2]
    assert titles(0, 1) == [0, 1]


def test_there_is_an_end_to_episodes() -> None:
    many = tuple(listed("page", url=f"https://x.example/{at}") for at in range(MOST_EPISODES + 5))
    whole = merged((Listing(episodes=many),))
    assert (len(whole.episodes), whole.cut) == (MOST_EPISODES, True)


def test_an_inventory_is_read_as_it_was_written() -> None:
    whole = Listing(
        title="T",
        account="A",
        stated=2,
        counters=(Counter(name="plays", value="1"),),
        episodes=(
            listed("feed", url="u", number=1, title="t", access="paid", duration_ms=1,
                   published="p", counters=(Counter(name="likes", value="3"),)),
            Listed(),
        ),
        cut=True,
    )  # fmt: skip
    assert read_listing(canonical(whole.body())) == whole
    assert whole.body()["paid"] == 1
    for raw in (b"{}", b"[]", canonical(whole.body() | {"episodes": [1]})):
        with pytest.raises(ValueError):
            read_listing(raw)


def test_what_is_not_even_tried() -> None:
    assert unkeepable(Listed(url="u", access="paid")) == PAID
    assert unkeepable(Listed(number=3)) == NO_LINK
    assert unkeepable(Listed(url="u")) == ""


def test_episodes_are_named_by_their_numbers_or_by_place() -> None:
    numbered = [episode(at, number=at + 10) for at in range(1, 6)]
    assert [one.place for one in chosen(numbered, "11-12, 15")] == [1, 2, 5]
    bare = [episode(1, number=7), episode(2)]
    assert [one.place for one in chosen(bare, "2–3")] == [2]
    assert len(chosen(bare, " ")) == 2
    for wish in ("x", "3-1", "1,,2", "99", "1-"):
        with pytest.raises(ValueError):
            chosen(numbered, wish)


@given(st.text(max_size=40))
def test_any_wish_is_answered(wish: str) -> None:
    try:
        found = chosen([episode(1), episode(2)], wish)
    except ValueError:
        return
    assert found


def test_an_episode_is_called_by_number_and_title() -> None:
    assert episode(1, number=3).label == "3 t1"
    assert Episode(
        id="1", case_id="c", series_id="s", place=1, listed=Listed(url="u\n")
    ).label == "u"  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "number"),
    [("1,286.4 万", 12_864_000), ("1.6亿", 160_000_000), ("3.2k", 3200), ("512", 512),
     ("9M", 9_000_000), ("many", None), ("", None)],
)  # fmt: skip
def test_counters_as_numbers(shown: str, number: int | None) -> None:
    assert amount(shown) == number


def test_a_total_is_what_is_said_of_the_whole_else_the_sum() -> None:
    def taken(whole: str, *parts: str) -> Inventory:
        return Inventory(
            id="i", case_id="c", series_id="s", exhibit="E0001", taken="t", listed=1, paid=0,
            counters=(Counter(name="plays", value=whole),) if whole else (),
            episodes=tuple(
                (str(at), (Counter(name="likes", value="1"), Counter(name="plays", value=one)))
                for at, one in enumerate(parts)
            ),
        )  # fmt: skip

    assert total(taken("2 万", "5"), "plays") == 20_000
    assert total(taken("", "5", "7", "?"), "plays") == 12
    assert total(taken("2", "5"), "likes") == 1
    assert total(taken(""), "plays") is None
