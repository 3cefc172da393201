"""What of an exhibit is drawn in a document."""

from __future__ import annotations

import re

from holdfast.core.document import Field
from holdfast.core.evidence import Artifact, Exhibit
from holdfast.usecases.report import pages
from holdfast.usecases.report.records import Records
from holdfast.usecases.report.telling import Teller

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff")
MOST_PICTURES = 12
"""Pictures of received files that are printed for one exhibit."""
MOST_FILMS = 3
"""Films of one exhibit whose frames are printed."""

_SLICED = re.compile(r"files/page(?:-[0-9]+)?\.png")
_CAUGHT = re.compile(r"files/media/[0-9]+\.[a-z0-9]{2,4}")


def pictures_of(
    exhibit: Exhibit, records: Records, say: Teller
) -> tuple[dict[str, Field], dict[str, str]]:
    """Figures, long pages and films, and the SHA-256 of each by the name it is drawn."""
    figures: list[Field] = []
    slices: list[Field] = []
    films: list[Field] = []
    drawn: dict[str, str] = {}
    left = 0
    closed = pages.was_closed(records)
    filmed = _films(exhibit)
    for at, artifact in enumerate(exhibit.artifacts):
        name = f"{exhibit.number}-{at}"
        path = f"{exhibit.number}/{artifact.path}"
        if artifact.role == "record":
            continue
        if artifact in filmed:
            films.append(
                {
                    "image": name,
                    "path": path,
                    "sha256": artifact.digest.sha256,
                    "derived": artifact.role == "derived",
                }
            )
        elif exhibit.source == "page" and _SLICED.fullmatch(artifact.path):
            slices.append({"image": name, "path": path})
        elif artifact.media_type in PICTURES:
            if len(figures) >= MOST_PICTURES or not _worth(exhibit, artifact, closed=closed):
                left += 1
                continue
            number = f"{int(exhibit.number[1:])}-{len(figures) + 1}"
            what = _what(exhibit, artifact, say, closed=closed)
            figures.append({"image": name, "path": path, "n": number, "what": what})
        else:
            continue
        drawn[name] = artifact.digest.sha256
    return {"figures": figures, "slices": slices, "films": films, "left": left}, drawn


def _films(exhibit: Exhibit) -> list[Artifact]:
    """The films whose frames are printed: of recordings the viewing copies, where there are any."""
    films = [
        artifact
        for artifact in exhibit.artifacts
        if artifact.media_type.startswith("video/") and artifact.role != "record"
    ]
    if exhibit.source == "page":
        return [one for one in films if _CAUGHT.fullmatch(one.path)][:MOST_FILMS]
    if exhibit.source in ("recording", "phone"):
        views = [one for one in films if one.role == "derived"]
        screen = [one for one in films if "/card-" not in one.path]
        return views[:MOST_FILMS] or screen[:1]
    return films[:1]


def _worth(exhibit: Exhibit, artifact: Artifact, *, closed: bool) -> bool:
    """Of a page what could be seen at once, after a banner was closed too; of others everything."""
    if exhibit.source != "page":
        return True
    printed = ("files/viewport.png", "files/closed-viewport.png")
    return artifact.path in (printed if closed else printed[:1])


def _what(exhibit: Exhibit, artifact: Artifact, say: Teller, *, closed: bool) -> str:
    """What a picture shows; where a banner was closed, before or after."""
    what = say(f"figure.{exhibit.source}")
    if not closed or exhibit.source != "page":
        return what
    return say("figure.after" if "/closed-" in artifact.path else "figure.before", what=what)
