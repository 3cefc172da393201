"""Marks are read from the very bytes that were kept, and stand beside them as a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from holdfast.core.canonical import Json, one_line, rfc3339
from holdfast.core.errors import Refused
from holdfast.core.evidence import Artifact, Captured
from holdfast.core.job import Job
from holdfast.core.marks import looked_at
from holdfast.ports import Clock, MediaFile, MediaReader, Vault

RECORD = "files/marks.json"


def with_marks(
    captured: Captured,
    artifacts: tuple[Artifact, ...],
    reader: MediaReader,
    vault: Vault,
    clock: Clock,
    job: Job,
) -> tuple[Captured, tuple[Artifact, ...]]:
    """What was captured with its marks among the observations, and their record among the files.

    Both as they were where there is no picture, film or sound that came from elsewhere.
    """
    files = tuple(
        MediaFile(path=a.path, at=vault.path(a.digest.sha256), media_type=a.media_type)
        for a in artifacts
        if looked_at(captured.source, a.path, a.role, a.media_type)
    )
    taken = {a.path.casefold() for a in artifacts}
    if not files or RECORD in taken:
        return captured, artifacts
    found = reader.read(files, job)
    record = Artifact(
        path=RECORD,
        name="marks.json",
        role="record",
        size=len(found.record),
        media_type="application/json",
        digest=vault.keep_bytes(found.record),
        obtained=rfc3339(clock.now()),
    )
    seen = replace(captured.observations, marks=found.seen)
    return replace(captured, observations=seen), (*artifacts, record)


def explain(
    paths: Sequence[Path], kind: Mapping[Path, str], reader: MediaReader, job: Job
) -> tuple[Mapping[str, Json], ...]:
    """What stands in these files, one map each; nothing is kept.

    Raises Refused(``file_missing``).
    """
    files = []
    for path in paths:
        if not path.is_file():
            raise Refused("file_missing", name=one_line(path.name))
        files.append(MediaFile(path=one_line(path.name), at=path, media_type=kind[path]))
    return reader.read(files, job).files
