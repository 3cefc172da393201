from __future__ import annotations

from holdfast.core.browsing import Browse, Noticed, Profile, TabSeen, judged

AT = "2026-11-12T13:06:31.000Z"


def noticed(what: str, turn: int, *, open_: bool = False, url: str = "devtools") -> Noticed:
    return Noticed(what=what, at=AT, url=url, turn=turn, open=open_)  # type: ignore[arg-type]  # one of What


def outcomes(*seen: Noticed, entered: tuple[str, ...] = (), since: int = 5) -> dict[str, str]:
    return {check.check: check.outcome for check in judged(seen, entered, since)}


def test_nothing_noticed_is_fine_throughout() -> None:
    assert set(outcomes().values()) == {"pass"}


def test_tools_that_could_have_changed_the_page_are_red() -> None:
    assert outcomes(noticed("devtools", 2, open_=True))["devtools_opened"] == "fail"
    assert outcomes(noticed("devtools", 7))["devtools_opened"] == "fail"
    (check, *_) = judged([noticed("devtools", 2)], (), 5)
    assert (check.outcome, check.detail) == ("warn", AT)


def test_what_else_was_open_is_amber_and_a_way_in_is_red() -> None:
    seen = outcomes(
        noticed("extension", 1, url="chrome-extension://abc"),
        noticed("internal", 1, url="chrome://flags/"),
        noticed("download", 1, url="https://a.example/x"),
        entered=("ws://intranet.example/",),
    )
    assert seen == {
        "devtools_opened": "pass",
        "browser_extensions": "warn",
        "browser_pages": "warn",
        "inside_reached": "fail",
    }


def test_what_is_not_known_of_a_profile_stays_unknown() -> None:
    assert Profile(case_id="c").age_days(AT) is None
    old = Profile(case_id="c", created="2026-11-01T23:00:00.000Z")
    assert old.age_days(AT) == 10
    assert old.age_days("2026-10-01T00:00:00.000Z") == 0


def test_a_record_shows_text_from_outside_as_text() -> None:
    assert noticed("internal", 1, url="chrome://\u202e").body()["url"] == "chrome://\\u{202E}"


def test_one_tab_is_in_front() -> None:
    tabs = (TabSeen(id="a", url="", title=""), TabSeen(id="b", url="", title="", current=True))
    state = Browse(case_id="c", profile=Profile(case_id="c"), tabs=tabs)
    assert state.current is tabs[1]
    assert Browse(case_id="c", profile=Profile(case_id="c")).current is None
