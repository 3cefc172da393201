from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.canonical import canonical
from holdfast.core.chain import FIRST_LINK, linked
from holdfast.core.evidence import Check
from holdfast.core.recording import (
    PRESETS,
    SCRIPTS,
    SPEEDS,
    Pace,
    Segment,
    Tale,
    Wish,
    next_pace,
    read_chain,
    read_events,
    read_wish,
    viewing_copy,
)

WISH = Wish(area="all")


def segment(n: int, previous: str = FIRST_LINK, **changes: Any) -> Segment:
    sha256 = hashlib.sha256(bytes([n])).hexdigest()
    made = Segment(
        n=n, kind="screen", file=f"segment-{n:05d}.mkv", size=10, sha256=sha256,
        link=linked(previous, sha256), from_ms=n * 2000, to_ms=n * 2000 + 2000,
        started="2026-11-25T19:00:00.000Z", ended="2026-11-25T19:00:02.000Z", frames=60,
        dropped=0, gap_ms=40, preset="ultrafast", fps=30, width=640, height=480, samples=4,
        sound_ms=2000, level=300,
    )  # fmt: skip
    return replace(made, **changes)


def chain(count: int) -> list[Segment]:
    made: list[Segment] = []
    for n in range(count):
        made.append(segment(n, made[-1].link if made else FIRST_LINK))
    return made


def lines(segments: list[Segment]) -> bytes:
    return b"".join(one.line() for one in segments)


# --- the wish ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "record;all",
        "record:30;monitor:1;audio;script:drama",
        "record;window:4194311",
        "record:1;region:-1920,0,641,481;audio",
        "record;all;script:drama",
    ],
)
def test_a_wish_is_written_as_it_is_read(target: str) -> None:
    wish = read_wish(target)
    assert wish is not None
    assert wish.target() == target


@pytest.mark.parametrize(
    "target",
    ["", "all", "record", "record:0;all", "record;monitor:0", "record;all;script:x", "record;all\n",
     "record;region:1,2,3", "record;all;video", "record;window:-1"],
)  # fmt: skip
def test_what_is_no_wish_is_none(target: str) -> None:
    assert read_wish(target) is None


def test_a_step_of_several_parts_is_ticked_part_by_part() -> None:
    marks = [name for step in SCRIPTS["drama"] for name in step.marks]
    assert marks[0] == "time"
    assert marks[3:6] == ["play.start", "play.middle", "play.end"]


# --- the chain -----------------------------------------------------------------------------------


def test_a_chain_is_read_back_whole() -> None:
    made = chain(3)
    assert read_chain(lines(made)) == (tuple(made), "")
    assert made[0].link == hashlib.sha256(bytes(32) + bytes.fromhex(made[0].sha256)).hexdigest()


def test_a_line_that_a_crash_cut_off_is_no_damage() -> None:
    made = chain(3)
    raw = lines(made)
    assert read_chain(raw[:-20]) == (tuple(made[:2]), "cut")


@pytest.mark.parametrize("which", ["dropped", "swapped", "changed", "renamed", "numbered"])
def test_a_chain_that_was_touched_breaks_where_it_was_touched(which: str) -> None:
    made = chain(4)
    match which:
        case "dropped":
            touched = [made[0], *made[2:]]
        case "swapped":
            touched = [made[0], made[2], made[1], made[3]]
        case "changed":
            touched = [made[0], replace(made[1], sha256="0" * 64), *made[2:]]
        case "renamed":
            touched = [made[0], replace(made[1], file="../../etc.mkv"), *made[2:]]
        case _:
            touched = [made[0], replace(made[1], n=7), *made[2:]]
    assert read_chain(lines(touched)) == (tuple(made[:1]), "line 2")


@pytest.mark.parametrize(
    "wrong",
    [
        b"[]",
        b"7",
        b"{}",
        b'{"a":1.5}',
        json.dumps(json.loads(segment(0).line())).encode(),
        segment(0).line().replace(b'"frames":60', b'"frames":true')[:-1],
        segment(0).line().replace(b'"frames":60', b'"frames":-1')[:-1],
        segment(0).line().replace(b'"frames":60', b'"frames":"60"')[:-1],
        segment(0).line().replace(b'"preset":"ultrafast"', b'"preset":1')[:-1],
        segment(0).line().replace(b'"kind":"screen"', b'"kind":"dream"')[:-1],
        segment(0, link="x").line()[:-1],
        segment(0, sha256="00").line()[:-1],
    ],
)
def test_a_line_that_no_recorder_writes_is_refused(wrong: bytes) -> None:
    assert read_chain(wrong + b"\n\n") == ((), "line 1")


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_readers(raw: bytes) -> None:
    read_chain(raw)
    read_events(raw)


def test_events_are_those_lines_that_are_whole() -> None:
    raw = b'{"event":"ended","why":"time"}\n[]\n{"event":7}\nnonsense\n{"event":"mar'
    assert read_events(raw) == ({"event": "ended", "why": "time"},)


# --- the pace ------------------------------------------------------------------------------------


def pace(preset: str = "superfast", fps: int = 30, calm: int = 0) -> Pace:
    return Pace(preset=preset, fps=fps, wanted=30, calm=calm)


@pytest.mark.parametrize(
    ("before", "busy", "dropped", "after"),
    [
        (pace(), 900, 0, pace("ultrafast")),
        (pace(), 100, 5, pace("ultrafast")),
        (pace("ultrafast"), 990, 20, pace("ultrafast", 24)),
        (pace("ultrafast"), 990, 0, pace("ultrafast")),
        (pace("ultrafast", 10), 990, 20, pace("ultrafast", 10)),
        (pace(calm=2), 600, 0, pace()),
        (pace(calm=2), 100, 1, pace()),
        (pace(), 100, 0, pace(calm=1)),
        (pace(calm=3), 100, 0, pace("veryfast")),
        (pace("veryfast", calm=3), 100, 0, pace("veryfast")),
        (pace("ultrafast", 15, 3), 100, 0, pace("ultrafast", 20)),
        (pace("ultrafast", 24, 3), 100, 0, pace("ultrafast", 30)),
    ],
)
def test_the_pace_gives_way_and_comes_back(
    before: Pace, busy: int, dropped: int, after: Pace
) -> None:
    assert next_pace(before, busy=busy, frames=60, dropped=dropped) == after


@given(
    st.sampled_from(PRESETS), st.sampled_from(SPEEDS), st.integers(0, 5000), st.integers(0, 200),
    st.integers(0, 200),
)  # fmt: skip
def test_every_pace_leads_to_one_that_can_be_kept(
    preset: str, fps: int, busy: int, frames: int, dropped: int
) -> None:
    found = next_pace(
        Pace(preset=preset, fps=fps, wanted=30, calm=3), busy=busy, frames=frames, dropped=dropped
    )
    assert found.preset in PRESETS
    assert found.fps in SPEEDS


# --- the whole of it -----------------------------------------------------------------------------


def event(name: str, at_ms: int = 0, **facts: Any) -> dict[str, Any]:
    return {"event": name, "at_ms": at_ms, "at": "2026-11-25T19:00:00.000Z", **facts}


ENDED = event("ended", why="stopped")


def tale(*events: dict[str, Any], segments: list[Segment] | None = None, **changes: Any) -> Tale:
    made = chain(2) if segments is None else segments
    whole = {"wish": WISH, "segments": tuple(made), "events": events, **changes}
    return Tale(**whole)


def check(of: Tale, name: str) -> Check:
    return next(one for one in of.checks() if one.check == name)


def test_a_recording_that_went_well_is_whole() -> None:
    told = tale(event("started", area={"left": 0}), ENDED)
    assert {one.outcome for one in told.checks()} <= {"pass", "not_checked"}
    body = told.body()
    assert canonical(body)
    assert body["frames"] == 120
    assert body["recorder"] == {"at_ms": 0, "at": "2026-11-25T19:00:00.000Z", "area": {"left": 0}}
    assert body["pace"] == [{"preset": "ultrafast", "fps": 30}]


def test_a_clock_that_moved_is_said() -> None:
    assert check(tale(ENDED), "record_clock").outcome == "pass"
    moved = tale(event("clock", 9_000, moved_ms=28_800_000), event("clock", moved_ms=-3_000), ENDED)
    found = check(moved, "record_clock")
    assert (found.outcome, found.detail) == ("warn", "+28800.0 s, -3.0 s")
    assert [one["moved_ms"] for one in moved.body()["clock"]] == [28_800_000, -3_000]  # type: ignore[index,union-attr,call-overload]  # Json


def test_nothing_at_all_is_a_body_as_well() -> None:
    told = tale(segments=[])
    assert told.body()["chain"]["last"] == FIRST_LINK  # type: ignore[index,call-overload]  # Json
    assert check(told, "record_frames").outcome == "fail"
    assert check(told, "record_picture").outcome == "not_checked"
    assert check(told, "record_still").outcome == "not_checked"


@pytest.mark.parametrize(
    ("events", "interrupted", "why"),
    [((), "", "crash"), ((ENDED,), "crash", "crash"),
     ((event("ended", why="screen"),), "", "screen"),
     ((event("ended", why="disk_full"),), "", "disk_full")],
)  # fmt: skip
def test_an_end_that_was_not_wished_is_red(
    events: tuple[dict[str, Any], ...], interrupted: str, why: str
) -> None:
    found = check(tale(*events, interrupted=interrupted), "interrupted")
    assert (found.outcome, found.detail) == ("fail", why)


def test_a_chain_that_does_not_hold_is_red_and_an_unfinished_file_amber() -> None:
    assert check(tale(ENDED, damage="line 2"), "record_chain").outcome == "fail"
    assert check(tale(ENDED, altered=("a",)), "record_chain").detail == "a"
    assert check(tale(ENDED, damage="cut"), "record_chain").outcome == "pass"
    open_ = tale(ENDED, damage="cut", strangers=("segment-00002.mkv",))
    assert check(open_, "record_chain").outcome == "warn"


@pytest.mark.parametrize(
    ("dropped", "outcome"), [(0, "pass"), (1, "warn"), (30, "warn"), (61, "fail")]
)
def test_frames_that_are_missing_are_counted(dropped: int, outcome: str) -> None:
    found = [replace(one, dropped=dropped) for one in chain(2)]
    assert check(tale(ENDED, segments=found), "record_frames").outcome == outcome


@pytest.mark.parametrize(("gap", "outcome"), [(40, "pass"), (1500, "warn"), (6000, "fail")])
def test_a_gap_is_a_gap_wherever_it_is(gap: int, outcome: str) -> None:
    first, second = chain(2)
    within = [first, replace(second, gap_ms=gap)]
    assert check(tale(ENDED, segments=within), "record_gap").outcome == outcome
    apart = [first, replace(second, from_ms=first.to_ms + gap, to_ms=first.to_ms + gap + 2000)]
    assert check(tale(ENDED, segments=apart), "record_gap").outcome == outcome
    rest = tale(event("paused", 1900, reason="x"), event("resumed", 4000), ENDED, segments=apart)
    assert check(rest, "record_gap").outcome == "pass"


@pytest.mark.parametrize(
    ("states", "outcome"),
    [((), "pass"), (("resized",), "warn"), (("lost", "gone"), "fail"), (("locked",), "fail")],
)
def test_what_the_screen_did_is_said(states: tuple[str, ...], outcome: str) -> None:
    events = [event("screen", state=state) for state in states]
    found = check(tale(*events, ENDED), "record_screen")
    assert (found.outcome, found.detail) == (outcome, ", ".join(states))


@pytest.mark.parametrize(
    ("plain", "dark", "outcome", "detail"),
    [(0, 0, "pass", "0 %"), (1, 0, "warn", "25 %"), (4, 0, "fail", "100 %"),
     (4, 4, "fail", "100 %, black")],
)  # fmt: skip
def test_a_picture_of_one_colour_is_told(plain: int, dark: int, outcome: str, detail: str) -> None:
    found = [replace(one, plain=plain, dark=dark) for one in chain(2)]
    seen = check(tale(ENDED, segments=found), "record_picture")
    assert (seen.outcome, seen.detail) == (outcome, detail)


def test_a_picture_that_never_changes_is_amber() -> None:
    still = [replace(one, still=4) for one in chain(2)]
    assert check(tale(ENDED, segments=still), "record_still").outcome == "warn"
    assert check(tale(ENDED), "record_still").outcome == "pass"


def test_sound_is_judged_only_where_it_was_asked_for() -> None:
    loud = Wish(area="all", sound=True)
    assert check(tale(ENDED), "record_sound").outcome == "not_checked"
    assert check(tale(ENDED, wish=loud), "record_sound").outcome == "pass"
    assert check(tale(ENDED, wish=loud), "silence").outcome == "pass"
    quiet = [replace(one, level=3, sound_ms=100) for one in chain(2)]
    assert check(tale(ENDED, wish=loud, segments=quiet), "silence").outcome == "warn"
    assert check(tale(ENDED, wish=loud, segments=quiet), "record_sound").outcome == "warn"
    lost = tale(event("sound", state="lost", reason="FAILED"), ENDED, wish=loud)
    assert check(lost, "record_sound") == Check(
        check="record_sound", outcome="fail", detail="lost: FAILED"
    )


def test_steps_have_their_place_and_those_left_out_are_said() -> None:
    card, *rest = chain(3)
    card = replace(card, kind="card", file="card-00000.mkv", from_ms=0, to_ms=2000)
    first, second = (replace(one, from_ms=one.from_ms - 2000, to_ms=one.to_ms - 2000)
                     for one in rest)  # fmt: skip
    told = tale(
        event("marked", 2500, step="time"),
        event("marked", 2600, step="play.start"),
        event("marked", 9000, step=""),
        event("paused", 3000, reason="two\nlines"),
        ENDED,
        segments=[card, first, second],
        wish=Wish(area="all", script="drama"),
    )
    marked = told.steps()
    assert marked[0] == {
        "step": "time", "at_ms": 2500, "at": "2026-11-25T19:00:00.000Z",
        "segment": 2, "within_ms": 500, "viewing": 1, "viewing_ms": 4500,
    }  # fmt: skip
    assert marked[2]["segment"] is None  # type: ignore[index,call-overload]  # Json
    assert told.pauses() == [{"from_ms": 3000, "to_ms": None, "reason": "two lines"}]
    assert told.skipped() == ["filing", "account", "play.middle", "play.end", "numbers", "label"]
    assert check(told, "record_steps").outcome == "warn"
    script = SCRIPTS["drama"]
    done = [event("marked", 1, step=name) for step in script for name in step.marks]
    whole = tale(*done, ENDED, wish=Wish(area="all", script="drama"))
    assert check(whole, "record_steps").outcome == "pass"


def test_a_moment_is_counted_in_the_viewing_copy_that_shows_it() -> None:
    """Another size of the picture begins another file, whose clock begins at 0."""
    first, second, third, fourth = chain(4)
    sizes = [replace(first, width=639), second, replace(third, width=800, height=600)]
    sizes.append(replace(fourth, width=800, height=600))
    marks = [event("marked", at, step="") for at in (100, 2100, 4500, 6500)]

    def places(told: Tale) -> list[tuple[Any, Any]]:
        return [(one["viewing"], one["viewing_ms"]) for one in told.steps()]  # type: ignore[index,call-overload]  # Json

    assert places(tale(*marks, segments=sizes)) == [(1, 100), (1, 2100), (2, 500), (2, 2500)]
    without = tale(*marks, segments=sizes, altered=(third.file,))
    assert places(without) == [(1, 100), (1, 2100), (None, None), (2, 500)]
    assert [viewing_copy(number) for number in (1, 2)] == ["recording.mp4", "recording-2.mp4"]


def test_what_events_lack_is_nothing() -> None:
    told = tale({"event": "marked"}, {"event": "ended"})
    assert told.steps()[0]["at_ms"] == 0  # type: ignore[index,call-overload]  # Json
    assert told.why == ""
