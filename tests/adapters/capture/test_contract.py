"""What every capture source promises, tried on each of them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from PIL import Image

from fakes import adb
from fakes.clock import FakeClock
from fakes.processes import lingering
from fakes.site import Page, html, serving
from holdfast.adapters.capture import Means, gathered, pieces
from holdfast.adapters.resources import words
from holdfast.core.canonical import moment
from holdfast.core.errors import Cancelled
from holdfast.core.evidence import (
    Artifact,
    Capture,
    Component,
    Digest,
    read_manifest,
    safe_path,
)
from holdfast.core.job import Job, Progress
from holdfast.ports import CaptureSource

IDS = ["file", "page", "phone", "recording", "screen", "series", "video"]


def test_these_pieces_are_there(means: Means) -> None:
    assert sorted(pieces(means)) == IDS


def test_discovery_is_never_empty_nor_doubled(means: Means) -> None:
    with pytest.raises(RuntimeError, match="no capture source"):
        gathered([], means)
    piece = ModuleType("piece")
    piece.PIECE = lambda _: SimpleNamespace(id="page")  # type: ignore[attr-defined]  # made here
    with pytest.raises(RuntimeError, match="page"):
        gathered([piece, piece], means)


@dataclass
class Try:
    source: CaptureSource
    target: str
    room: Path


@pytest.fixture(params=IDS)
def attempt(
    request: pytest.FixtureRequest,
    means: Means,
    tmp_path: Path,
    room: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Try]:
    """A source with something it can capture, everything temporary below ``tmp_path``."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    source = pieces(means)[request.param]
    match request.param:
        case "file":
            given = tmp_path / "给我的 film.mp4"
            given.write_bytes(b"bytes")
            yield Try(source, str(given), room)
        case "screen":
            request.getfixturevalue("display")
            yield Try(source, "all", room)
        case "phone":
            picture = io.BytesIO()
            Image.effect_noise((40, 60), 90).save(picture, "PNG")
            with adb.serving(monkeypatch, adb.FakePhone(screen=picture.getvalue())):
                yield Try(source, "phone::screen", room)
        case "recording":
            request.getfixturevalue("display")
            yield Try(source, "record:1;all", room)
        case "page":
            request.getfixturevalue("browser")
            with serving({"/": html("<p>一页可以保存的内容，十个字以上")}) as site:
                yield Try(source, site.url(), room)
        case "series":
            page = "<a href=/ep/1>第1集</a><a href=/ep/2>第2集</a>"
            with serving({"/": html(page, "一部剧")}) as site:
                yield Try(source, site.url("/"), room)
        case "video":
            pages = {
                "/": Page(request.getfixturevalue("bright"), headers={"Content-Type": "video/mp4"})
            }
            with serving(pages) as site:
                yield Try(source, site.url("/"), room)


class TestEverySource:
    def test_hands_over_what_can_be_sealed(self, attempt: Try) -> None:
        before = set(attempt.room.parent.rglob("*"))
        stages: list[Progress] = []
        assert attempt.source.suits(attempt.target)
        captured = attempt.source.capture(attempt.target, attempt.room, Job(stages.append))

        assert captured.source == attempt.source.id
        assert captured.target.typed
        assert any(file.role == "original" for file in captured.files)
        assert all(safe_path(file.path) for file in captured.files)
        assert all(file.path.startswith("files/") for file in captured.files)
        assert len({file.path.lower() for file in captured.files}) == len(captured.files)
        assert all(file.at.is_file() and file.media_type and file.name for file in captured.files)
        assert all(file.at.stat().st_size for file in captured.files if file.role == "original")
        times = [moment(file.obtained) for file in captured.files]
        assert moment(captured.started) <= min(times)
        assert max(times) <= moment(captured.finished)
        assert captured.completeness
        assert all(part.version for part in captured.components)
        assert {"opening", "saving"} <= {step.stage for step in stages}
        after = {
            path for path in attempt.room.parent.rglob("*") if attempt.room not in path.parents
        }
        assert after <= before, "it writes only below its room"

        manifest = Capture(
            id="c", case_id="k", world="real", exhibit="E0001", operator="o", captured=captured,
            artifacts=tuple(
                Artifact(path=file.path, name=file.name, role=file.role, size=1,
                         media_type=file.media_type, digest=Digest(sha256="00", sm3="11"),
                         obtained=file.obtained)
                for file in captured.files
            ),
            clock=FakeClock().reading(), tool=Component(name="holdfast", version="1"),
        ).manifest()  # fmt: skip
        assert read_manifest(manifest)["source"] == attempt.source.id

        for lang in ("zh", "en"):
            say = words(lang)
            for check in captured.completeness:
                assert say(f"check.{check.check}")
                assert say(f"check.outcome.{check.outcome}")
                if check.outcome in {"warn", "fail"}:
                    assert say(f"check.{check.check}.{check.outcome}", detail=check.detail)

    @pytest.mark.parametrize("stage", ["opening", "saving"])
    def test_leaves_nothing_behind_when_cancelled(self, attempt: Try, stage: str) -> None:
        def report(step: Progress) -> None:
            if step.stage == stage:
                job.cancel()

        job = Job(report)
        try:
            captured = attempt.source.capture(attempt.target, attempt.room, job)
        except Cancelled:
            left = [at for at in attempt.room.rglob("*") if at.is_file()]
            if attempt.source.id == "recording":
                # What was seen until then is evidence; use-cases seal it as incomplete.
                assert all(at.parent == attempt.room / "files" for at in left)
            else:
                assert left == []
        else:
            # The wish came at its last step; what it did is whole.
            assert captured.files
            assert attempt.source.id in {"file", "screen", "series"}
        assert lingering(str(attempt.room.parent)) == {}
        assert list((attempt.room.parent / "tmp").iterdir()) == []

    def test_names_what_it_works_with(self, attempt: Try) -> None:
        assert all(part.name for part in attempt.source.parts())
