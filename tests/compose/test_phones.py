"""Codes shown, filmed, imported and found; phones and marks through the whole house."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakes import adb as fake
from fakes.film import film
from fakes.labels import INNER
from holdfast.adapters.coded import _moment
from holdfast.compose import CodeShown, Holdfast, Kept, open_holdfast
from holdfast.core.canonical import rfc3339
from holdfast.core.errors import Refused
from holdfast.core.evidence import Received
from holdfast.core.job import Job
from holdfast.core.recording_code import RecordingCode


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Holdfast]:
    made = open_holdfast(tmp_path / "data")
    yield made
    made.close()


def photographed(shown: CodeShown, unit: int = 6, *, turned: float = 0) -> Image.Image:
    """The code as a camera sees it: on a page, a little turned, a little soft."""
    rows = shown.picture
    side = unit * (len(rows) + 8)
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                box = (x + 4) * unit, (y + 4) * unit, (x + 5) * unit, (y + 5) * unit
                image.paste(0, box)
    seen = Image.new("L", (640, 480), 170)
    seen.paste(image.rotate(turned, expand=True, fillcolor=255), (60, 30))
    return seen


def filmed(at: Path, pictures: Sequence[Image.Image | None], *, made: str = "") -> Path:
    """A film of one second a picture; None is grey."""
    import av
    import numpy as np

    options = {"movflags": "use_metadata_tags"}
    with av.open(str(at), "w", options=options) as out:
        if made:
            out.metadata["creation_time"] = made
            out.metadata["com.apple.quicktime.model"] = "Pictor 9"
        stream = out.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for picture in pictures:
            grey = picture or Image.new("L", (640, 480), 90)
            frame = np.stack([np.asarray(grey)] * 3, axis=-1)
            for _ in range(5):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    return at


def manifest(house: Holdfast, kept: Kept) -> dict[str, Any]:
    assert kept.failed == ()
    return dict(house.manifest(kept.exhibits[0]))


def checks(house: Holdfast, kept: Kept) -> dict[str, tuple[str, str]]:
    found = manifest(house, kept)["completeness"]
    return {one["check"]: (one["outcome"], one["detail"]) for one in found}


def record(house: Holdfast, kept: Kept, path: str) -> dict[str, Any]:
    (file,) = (one for one in kept.exhibits[0].artifacts if one.path == path)
    found: dict[str, Any] = json.loads(house.artifact(file.digest.sha256).read_bytes())
    return found


def test_a_code_is_filmed_and_found_with_its_time(house: Holdfast, tmp_path: Path) -> None:
    shown = house.phone_code(Job())
    made = rfc3339(house.now() + timedelta(minutes=1))
    pictures = [None, None, photographed(shown, turned=7), None]
    movie = filmed(tmp_path / "IMG_0001.mp4", pictures, made=made)
    kept = house.phone_import([movie], Job(), code=shown.code.shown.lower())
    assert kept.case.id == shown.case.id
    found = checks(house, kept)
    outcome, detail = found["code_seen"]
    assert outcome == "pass"
    assert shown.code.shown in detail
    assert "00:02." in detail
    assert shown.code.issued in found["code_time"][1]
    assert found["code_time"][0] == "pass"
    assert kept.exhibits[0].source == "file"
    body = manifest(house, kept)
    assert body["received"] is not None, "received, not captured"
    told = record(house, kept, "files/code.json")
    assert told["code"]["code"] == shown.code.shown
    assert 2000 <= told["seen"][0]["at_ms"] < 3000
    said = {(one["name"], one["value"]) for one in told["files_say"]}
    assert ("com.apple.quicktime.model", "Pictor 9") in said
    assert body["observations"]["marks"]


def test_a_code_in_a_picture(house: Holdfast, tmp_path: Path) -> None:
    shown = house.phone_code(Job())
    photographed(shown).save(tmp_path / "a.jpg", quality=60)
    kept = house.phone_import([tmp_path / "a.jpg"], Job(), shown.case.id)
    assert checks(house, kept)["code_seen"][0] == "pass"
    assert house.phone_codes(shown.case.id) == (), "it is used"


def test_not_detected_is_said_and_the_person_may_say_where(house: Holdfast, tmp_path: Path) -> None:
    shown = house.phone_code(Job())
    movie = filmed(tmp_path / "a.mp4", [None])
    kept = house.phone_import([movie], Job(), code=shown.code.code, said="0:03")
    found = checks(house, kept)
    assert found["code_seen"] == ("warn", "")
    assert found["code_time"][0] == "not_checked"
    assert kept.exhibits[0].complete, "a recording without a code is still whole"
    assert record(house, kept, "files/code.json")["said_to_be_at"] == "0:03"
    assert manifest(house, kept)["received"]["how"] == "0:03"
    assert [one.code.code for one in house.phone_codes(shown.case.id)] == [shown.code.code]


def test_a_used_an_expired_and_another_cases_code_are_told_apart(
    house: Holdfast, tmp_path: Path
) -> None:
    shown = house.phone_code(Job())
    photographed(shown).save(tmp_path / "a.png")
    file = tmp_path / "a.png"
    first = house.phone_import([file], Job(), shown.case.id)
    again = house.phone_import([file], Job(), shown.case.id)
    assert checks(house, again)["code_used"] == ("warn", first.exhibits[0].number)
    other = house.open_case("another")
    there = house.phone_import([file], Job(), other.id)
    assert checks(house, there)["code_case"] == ("warn", shown.code.shown)
    with pytest.raises(Refused, match="code_other_case"):
        house.phone_import([file], Job(), other.id, shown.code.code)
    old = replace(
        shown.code, used="", expires=rfc3339(house.now() - timedelta(hours=1)),
        issued=rfc3339(house.now() + timedelta(days=2)),
    )  # fmt: skip
    house._store.save(old)
    late = house.phone_import(
        [filmed(tmp_path / "b.mp4", [photographed(shown)], made=rfc3339(house.now()))],
        Job(), shown.case.id,
    )  # fmt: skip
    found = checks(house, late)
    assert found["code_expired"][0] == "warn"
    assert found["code_time"][0] == "warn", "the file says it is older than the code"


@pytest.mark.parametrize(
    ("code", "error"), [("no code", "code_malformed"), ("CCCC-CCCC", "code_unknown")]
)
def test_a_wrong_code_is_refused_before_anything(
    house: Holdfast, tmp_path: Path, code: str, error: str
) -> None:
    movie = filmed(tmp_path / "a.mp4", [None])
    with pytest.raises(Refused, match=error):
        house.phone_import([movie], Job(), code=code)
    assert house.cases() == ()


def test_missing_files_are_refused(house: Holdfast, tmp_path: Path) -> None:
    for paths in ([], [tmp_path / "nothing.mp4"]):
        with pytest.raises(Refused, match="file_missing"):
            house.phone_import(paths, Job())


def test_what_is_no_film_is_kept_and_not_looked_at(house: Holdfast, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))
    received = Received(source="a friend", how="by mail", when="2026-11-12")
    kept = house.phone_import([tmp_path / "a.mp4"], Job(), received=received)
    assert checks(house, kept)["code_seen"][0] == "not_checked"
    assert manifest(house, kept)["received"]["from"] == "a friend"


def test_codes_differ_and_wait_for_their_day(house: Holdfast) -> None:
    case = house.open_case("a")
    codes = [house.phone_code(Job(), case.id) for _ in range(5)]
    assert len({one.code.code for one in codes}) == 5
    assert len(house.phone_codes(case.id)) == 5
    gone = replace(codes[0].code, expires=rfc3339(house.now() - timedelta(seconds=1)))
    house._store.save(gone)
    assert len(house.phone_codes(case.id)) == 4
    assert len(house._store.all(RecordingCode, case.id)) == 5


def test_a_phone_is_listed_shot_and_recorded(
    house: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = io.BytesIO()
    Image.effect_noise((40, 60), 90).save(picture, "PNG")
    phone = fake.FakePhone(screen=picture.getvalue(), film=film(tmp_path / "f.mp4", seconds=1))
    with fake.serving(monkeypatch, phone):
        assert [one.serial for one in house.phones(Job())] == ["PIC0001"]
        shot = house.phone_shot(Job())
        assert shot.exhibits[0].source == "phone"
        recorded = house.phone_record(Job(), "PIC0001", 1, shot.case.id)
    assert recorded.exhibits[0].number == "E0002"
    body = manifest(house, recorded)
    assert {one["file"] for one in body["observations"]["marks"]} == {"files/segment-0001.mp4"}
    assert "marks" not in manifest(house, shot)["observations"], "we drew that one ourselves"


def test_marks_of_files_and_of_an_exhibit(house: Holdfast, tmp_path: Path) -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("AIGC", json.dumps({"AIGC": INNER}))
    file = tmp_path / "a.png"
    Image.new("RGB", (40, 30)).save(file, pnginfo=info)
    (seen,) = house.marks([file], Job())
    assert house.cases() == ()
    kept = house.keep_files([file], Job())
    (same,) = house.marks_of(house.manifest(kept.exhibits[0]))
    assert same["labels"] == seen["labels"]
    assert house.marks_of({"files": []}) == ()


@pytest.mark.parametrize(
    ("name", "value", "when"),
    [
        ("creation_time", "2026-11-12T13:06:31.000Z", "2026-11-12T13:06:31.000Z"),
        (
            "com.apple.quicktime.creationdate",
            "2026-11-12T21:06:31+0800",
            "2026-11-12T13:06:31.000Z",
        ),
        ("DateTimeOriginal", "2026:11:12 21:06:31", ""),
        ("creation_time", "2026-11-12 13:06:31", ""),
        ("creation_time", "yesterday", ""),
        ("make", "2026-11-12T13:06:31Z", ""),
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_no_moment(name: str, value: str, when: str) -> None:
    assert _moment(name, value) == when
