"""What was received is judged from facts."""

from __future__ import annotations

from holdfast.core import received
from holdfast.core.evidence import Check
from holdfast.core.received import BodySeen, FilmSeen


def by_name(checks: tuple[Check, ...]) -> dict[str, tuple[str, str]]:
    return {one.check: (one.outcome, one.detail) for one in checks}


def test_bodies_are_listed_one_by_one() -> None:
    assert received.bodies([], 0) == Check(check="bodies_whole", outcome="pass")
    aborted = BodySeen(place="a/1 (aborted)", trouble="aborted")
    assert received.bodies([aborted], 0).outcome == "warn"
    short = BodySeen(place="a/2 (short)", trouble="short")
    found = received.bodies([aborted, short], 0)
    assert (found.outcome, found.detail) == ("fail", "2: a/1 (aborted); a/2 (short)")
    assert received.bodies([], 7).detail == "1: +7 requests not recorded"
    assert received.bodies([], 7).outcome == "fail"


def test_a_detail_is_never_too_long() -> None:
    many = [BodySeen(place=f"host/{n:060}", trouble="short") for n in range(100)]
    detail = received.bodies(many, 0).detail
    assert len(detail) == received.LONGEST
    assert detail.startswith("100: ")
    assert detail.endswith("…")


def test_an_archive_is_whole_when_its_digests_and_its_document_are_right() -> None:
    assert received.archive(9, (), True) == Check(check="archive_whole", outcome="pass", detail="9")
    assert received.archive(9, (), None).outcome == "warn"
    assert received.archive(9, (), False).outcome == "fail"
    assert received.archive(9, ("a.warc.gz",), True).detail == "1: a.warc.gz"


def test_where_there_is_no_film_that_is_said() -> None:
    assert by_name(received.films((), False)) == {"media_whole": ("not_checked", "")}


def test_a_film_that_is_all_there() -> None:
    film = FilmSeen(
        name="1", streamed=True, found_ms=6100, stated_ms=6000, difference=3, archived=True
    )
    assert by_name(received.films((film,), False)) == {
        "media_whole": ("pass", "1"),
        "media_joined": ("pass", "1"),
        "media_length": ("pass", "6100/6000 ms"),
        "media_picture": ("pass", "3"),
        "media_archived": ("pass", "1"),
    }


def test_a_film_of_which_nothing_else_is_known() -> None:
    assert by_name(received.films((FilmSeen(name="1"),), False)) == {
        "media_whole": ("pass", "1"),
        "media_joined": ("not_checked", ""),
        "media_length": ("not_checked", ""),
        "media_picture": ("not_checked", ""),
        "media_archived": ("not_checked", ""),
    }


def test_what_is_missing_short_strange_or_locked() -> None:
    films = (
        FilmSeen(name="1", missing=("2.ts",), trouble="no picture"),
        FilmSeen(name="2", cut=True, found_ms=1000, stated_ms=9000),
        FilmSeen(name="3", difference=90, archived=False, protected=True),
    )
    assert by_name(received.films(films, True)) == {
        "media_whole": ("fail", "3: 1: 2.ts; 2: cut off; more than is kept at once"),
        "media_joined": ("warn", "1: 1: no picture"),
        "media_length": ("fail", "1: 2: 1000/9000 ms"),
        "media_picture": ("warn", "1: 3: 90"),
        "media_archived": ("fail", "1: 3"),
        "media_protected": ("warn", "1: 3"),
    }


def test_a_film_without_a_known_end_is_amber() -> None:
    found = by_name(received.films((FilmSeen(name="1", ended=False),), False))
    assert found["media_whole"] == ("warn", "1: 1")
