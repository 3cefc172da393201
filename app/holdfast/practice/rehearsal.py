"""The whole job once, from a link to a verified pack, in the practice world."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from holdfast.core.case import Case
from holdfast.core.document import Issued, Lang
from holdfast.core.errors import HoldfastError
from holdfast.core.evidence import Exhibit, Received
from holdfast.core.job import Job
from holdfast.core.notice import Notice
from holdfast.core.verdict import Verdict
from holdfast.core.words import Words
from holdfast.practice.world import PracticeWorld

DOCUMENTS: tuple[tuple[str, Lang], ...] = (
    ("receipt", "zh"),
    ("receipt", "en"),
    ("evidence-list", "zh"),
    ("evidence-list", "en"),
    ("evidence-report", "zh"),
    ("evidence-report", "en"),
)
REGIME, PLATFORM = "civil-1195", "practice"

ANSWERS: Mapping[Lang, Mapping[str, str]] = {
    "zh": {
        "used": "face",
        "agreed": "no",
        "name": "林某 Lin（演练 PRACTICE）",
        "id_type": "resident_card",
        "id_number": "110101200001010000",
        "email": "practice@example.invalid",
        "phone": "000-0000-0000",
        "title": "《桃花渡》第 3 集",
        "account": "桃花剧场🌸",
        "features": "脸型、眉形、发簪与桃红汉服的搭配",
        "recognition": "评论区有人认出",
    },
    "en": {
        "used": "face",
        "agreed": "no",
        "name": "林某 Lin（演练 PRACTICE）",
        "id_type": "resident_card",
        "id_number": "110101200001010000",
        "email": "practice@example.invalid",
        "phone": "000-0000-0000",
        "title": "Peach Blossom Ferry, episode 3",
        "account": "桃花剧场🌸",
        "features": "shape of the face and brows, hairpin worn with a peach-coloured hanfu",
        "recognition": "viewers recognised her in the comments",
    },
}


class Kept(Protocol):
    """What keeping something brought."""

    @property
    def exhibits(self) -> tuple[Exhibit, ...]: ...
    @property
    def failed(self) -> Sequence[Failure]: ...


class Failure(Protocol):
    """What could not be kept."""

    @property
    def source(self) -> str: ...
    @property
    def error(self) -> HoldfastError: ...


class Verbs(Protocol):
    """The verbs that the rehearsal uses: those of the window and the command line."""

    def keep(self, target: str, job: Job, case: str = ..., how: str = ...) -> Kept: ...
    def keep_files(
        self, paths: Sequence[Path], job: Job, case: str = ..., received: Received | None = ...
    ) -> Kept: ...
    def shot(self, job: Job, case: str = ...) -> Kept: ...
    def check_after(self, case: str, job: Job) -> object: ...
    def stamp(self, job: Job, case: str = ...) -> object: ...
    def document(
        self, kind: str, case: str, lang: Lang, job: Job, out: Path | None = ...
    ) -> Issued: ...
    def draft(
        self,
        case: str,
        regime: str,
        platform: str,
        answers: Mapping[str, str | Sequence[str]],
        lang: Lang,
        job: Job,
    ) -> Notice: ...
    def approve(self, notice: str, job: Job) -> Notice: ...
    def notice_files(self, notice: str, out_dir: Path, job: Job) -> tuple[Path, ...]: ...
    def export(self, case: str, out: Path, job: Job) -> Path: ...
    def verify(self, targets: Sequence[str], job: Job, *, practice: bool = ...) -> Verdict: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What the whole job left, and where."""

    case: Case
    exhibits: tuple[Exhibit, ...]
    left_out: tuple[tuple[str, HoldfastError], ...]
    documents: tuple[Path, ...]
    notices: tuple[Path, ...]
    pack: Path
    verdict: Verdict
    seconds: Mapping[str, float]
    serve: str
    """The command that re-opens this world."""

    def body(self) -> dict[str, object]:
        """The object that ``practice --json`` prints."""
        return {
            "case": self.case.number,
            "exhibits": [exhibit.number for exhibit in self.exhibits],
            "documents": [str(path) for path in self.documents],
            "notices": [str(path) for path in self.notices],
            "pack": str(self.pack),
            "verify": self.verdict.body(),
            "seconds": dict(self.seconds),
        }

    def lines(self, words: Words) -> list[str]:
        """The same for people."""
        total = f"{sum(self.seconds.values()):.0f}"
        kept = words("practice.kept", count=len(self.exhibits), seconds=total)
        left_out = [
            words("practice.left_out", source=source, why=words.trouble(error).what)
            for source, error in self.left_out
        ]
        practised = ".practice" if self.verdict.verdict == "ok" else ""
        return [
            f"{words('world_practice')} {words('practice.done')}",
            f"{self.case.number}  {kept}",
            *left_out,
            *(f"{words('practice.report')}: {path}" for path in self.documents),
            *(f"{words('practice.notice')}: {path}" for path in self.notices),
            f"{words('practice.pack')}: {self.pack}",
            words(f"verdict.{self.verdict.verdict}{practised}"),
            words("practice.again", serve=self.serve),
        ]


class _Watch:
    """How long each stage took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.seconds[stage] = round(self.seconds.get(stage, 0) + now - self._began, 3)
        self._began = now


def rehearse(verbs: Verbs, case: Case, world: PracticeWorld, out: Path, job: Job) -> Rehearsal:
    """Everything a person would do, done once in ``case``; the papers lie in ``out``.

    What this machine has no browser or no screen for is left out, on record, and said.
    """
    watch = _Watch()
    out.mkdir(parents=True, exist_ok=True)
    exhibits, left_out = _capture(verbs, case, world, out, job)
    watch.lap("capture")
    _stamp(verbs, case, world, job)
    watch.lap("stamp")
    notices = _write_notices(verbs, case, out / "notices", job)
    watch.lap("notify")
    documents = []
    for kind, language in DOCUMENTS:
        name = f"{kind}.{language}.pdf"
        verbs.document(kind, case.id, language, job, out / "documents" / name)
        documents.append(out / "documents" / name)
    watch.lap("document")
    _stamp(verbs, case, world, job)
    watch.lap("stamp")
    pack = verbs.export(case.id, out / case.number, job)
    watch.lap("export")
    verdict = verbs.verify([str(pack)], job, practice=True)
    watch.lap("verify")
    return Rehearsal(
        case=case,
        exhibits=exhibits,
        left_out=left_out,
        documents=tuple(documents),
        notices=notices,
        pack=pack,
        verdict=verdict,
        seconds=watch.seconds,
        serve=shlex.join(["holdfast", "practice", "--out", str(out), "--serve"]),
    )


def _capture(
    verbs: Verbs, case: Case, world: PracticeWorld, out: Path, job: Job
) -> tuple[tuple[Exhibit, ...], tuple[tuple[str, HoldfastError], ...]]:
    from holdfast.practice import film

    photo = out / "material" / "own-video-still.jpg"
    photo.parent.mkdir(exist_ok=True)
    photo.write_bytes(film.still(film.original(), 4))
    every = [
        verbs.keep(world.episode_url, job, case.id),
        verbs.keep(world.account_url, job, case.id, "page"),
        verbs.shot(job, case.id),
        verbs.keep_files([photo], job, case.id, Received(source="演练 PRACTICE")),
    ]
    verbs.check_after(case.id, job)
    exhibits = tuple(exhibit for kept in every for exhibit in kept.exhibits)
    failed = tuple((f.source, f.error) for kept in every for f in kept.failed)
    return exhibits, failed


def _stamp(verbs: Verbs, case: Case, world: PracticeWorld, job: Job) -> None:
    """Asked for, buried in the chain, and fetched complete: in the practice world nobody waits."""
    verbs.stamp(job, case.id)
    job.step("mining")
    world.mine()
    verbs.stamp(job, case.id)


def _write_notices(verbs: Verbs, case: Case, out: Path, job: Job) -> tuple[Path, ...]:
    paths: list[Path] = []
    for lang, answers in ANSWERS.items():
        draft = verbs.draft(case.id, REGIME, PLATFORM, answers, lang, job)
        approved = verbs.approve(draft.id, job)
        paths += verbs.notice_files(approved.id, out, job)
    return tuple(paths)
