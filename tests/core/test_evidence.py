from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core.evidence import (
    Artifact,
    Capture,
    Captured,
    CapturedFile,
    Check,
    ClockReading,
    Component,
    Counter,
    Digest,
    MarkSeen,
    Network,
    Observations,
    Received,
    Shown,
    Target,
    plain_folder,
    read_manifest,
    safe_name,
    safe_path,
    safe_segment,
)

CAPTURE = Capture(
    id="018f",
    case_id="c",
    world="real",
    exhibit="E0001",
    operator="person:0",
    captured=Captured(
        source="page",
        target=Target(typed="http://a/\u202e", url="http://a/", redirects=("http://b/",)),
        files=(
            CapturedFile(
                at=Path("x"),
                path="files/x",
                media_type="image/png",
                obtained="2026-01-01T00:00:00Z",
            ),
        ),
        started="2026-01-01T00:00:00.000Z",
        finished="2026-01-01T00:00:01.000Z",
        components=(Component(name="Chromium", version="156"),),
        network=Network(address="127.0.0.1:80", certificate_sha256=("a" * 64,)),
        completeness=(Check(check="status", outcome="pass", detail="200"),),
        observations=Observations(counters=(Counter(name="plays", value="312.7万"),)),
        received=Received(source="a friend", how="USB", when="yesterday"),
    ),
    artifacts=(
        Artifact(
            path="files/x",
            name="x\x1b[31m",
            role="original",
            size=3,
            media_type="image/png",
            digest=Digest(sha256="a" * 64, sm3="b" * 64),
            obtained="2026-01-01T00:00:00Z",
        ),
    ),
    clock=ClockReading(system="2026-01-01T00:00:01.000Z", monotonic_ns=2**60),
    tool=Component(name="Holdfast", version="1"),
    packages=(Component(name="Python", version="3.11"),),
)


def test_the_manifest_says_everything_and_only_visible_text() -> None:
    body = json.loads(CAPTURE.manifest())
    assert body["target"]["typed"] == "http://a/\\u{202E}"
    assert body["files"][0]["name"] == "x\\u{001B}[31m"
    assert body["files"][0]["sm3"] == "b" * 64
    assert body["clock"]["monotonic_ns"] == str(2**60)
    assert body["not_before"] == {"reason": "not asked"}
    assert body["environment"] == {"reason": "not asked"}
    assert body["received"]["from"] == "a friend"
    assert [c["name"] for c in body["tool"]["components"]] == ["Chromium", "Python"]
    assert read_manifest(CAPTURE.manifest())["exhibit"] == "E0001"


def test_what_was_not_there_is_null() -> None:
    bare = replace(CAPTURE, captured=replace(CAPTURE.captured, network=None, received=None))
    body = json.loads(bare.manifest())
    assert body["network"] is None
    assert body["received"] is None


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"format":"holdfast-capture/2"}', b"x"])
def test_a_manifest_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_manifest(raw)


def test_a_capture_is_complete_unless_something_is_red() -> None:
    assert CAPTURE.captured.complete
    red = replace(CAPTURE.captured, completeness=(Check(check="status", outcome="fail"),))
    assert not red.complete


@pytest.mark.parametrize("path", ["files/a.png", "a", "E0001/files/x-1_2.tar.gz", "1/2/3"])
def test_plain_names_are_safe(path: str) -> None:
    assert safe_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a//b", "../a", "a/..", "a\\b", "CON", "nul.txt", "a/LPT1.x", ".hidden", "a b", "é",
     "a.", "x" * 101, "/".join("x" * 80 for _ in range(6)), "C:a", "a\n"],
)  # fmt: skip
def test_names_that_some_system_trips_over_are_not(path: str) -> None:
    assert not safe_path(path)


@pytest.mark.parametrize("name", ["HF-2026-0001", "\u6848\u4ef6 2026 (copy)", ".hidden", "x" * 255])
def test_a_folder_may_have_been_renamed(name: str) -> None:
    assert plain_folder(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".. ", "a/b", "a\\b", "C:", "a\tb", "a\nb", "a\u202eb", "a\x1bb", "x" * 256],
)
def test_a_folder_that_leads_elsewhere_or_hides_its_name_is_not_plain(name: str) -> None:
    assert not plain_folder(name)


@given(st.text(max_size=80), st.lists(st.sampled_from(["file", "file.txt", "A.PNG"])))
def test_any_name_becomes_a_safe_one_that_is_not_taken(name: str, taken: list[str]) -> None:
    found = safe_name(name, taken)
    assert safe_segment(found)
    assert found.lower() not in {t.lower() for t in taken}


def test_a_safe_name_resembles_what_it_was() -> None:
    assert safe_name("../../第12集 final.MP4") == "12-final.MP4"
    assert safe_name("con") == "file-con"
    assert safe_name("a.png", ["A.png"]) == "a-2.png"


def test_marks_stand_in_the_manifest_only_where_somebody_looked() -> None:
    assert "marks" not in json.loads(CAPTURE.manifest())["observations"]
    mark = MarkSeen(file="files/a.mp4", kind="aigc", state="found", detail="Label=1\u202e")
    seen = replace(CAPTURE.captured, observations=Observations(marks=(mark,)))
    body = json.loads(replace(CAPTURE, captured=seen).manifest())
    assert body["observations"]["marks"] == [
        {"file": "files/a.mp4", "kind": "aigc", "state": "found", "detail": "Label=1\\u{202E}"}
    ]


def test_what_the_page_showed_stands_with_its_place_only_where_it_was_found() -> None:
    assert "shown" not in json.loads(CAPTURE.manifest())["observations"]
    one = Shown(
        kind="ai_label", text="含AI生成\u202e", file="page.png", x=1, y=2, width=3, height=4
    )
    seen = replace(CAPTURE.captured, observations=Observations(shown=(one,)))
    body = json.loads(replace(CAPTURE, captured=seen).manifest())
    assert body["observations"]["shown"] == [
        {"kind": "ai_label", "text": "含AI生成\\u{202E}", "file": "page.png",
         "x": 1, "y": 2, "width": 3, "height": 4}
    ]  # fmt: skip
