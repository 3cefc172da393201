"""What documents say of a page: who opened it, which copies there are, what its media say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core import marks_told
from holdfast.core.canonical import Json, one_line
from holdfast.core.document import Field
from holdfast.core.evidence import Exhibit
from holdfast.usecases.report.records import Records
from holdfast.usecases.report.telling import (
    BRIEF,
    Fields,
    Teller,
    brief_of,
    check_of,
    map_of,
    maps_of,
    number_of,
    texts_of,
)

MOST_FILMS = 6
MOST_SPOTS = 6
MOST_MARKED = 12
"""Groups of files whose marks are printed one by one."""
COMPARED = (
    "picture_height", "text_laid_out", "text_archived", "pdf_pages", "archive_whole",
    "media_archived", "media_picture",
)  # fmt: skip
"""Checks that hold one copy of a page against another."""
_COPIES = (
    ("page.png", "picture"), ("page.mhtml", "mhtml"), ("page.pdf", "pdf"), ("page.wacz", "wacz"),
    ("page-text.json", "text"),
)  # fmt: skip


def opened(records: Records, manifest: Mapping[str, Json], say: Teller) -> str:
    """Who opened the page, with which profile, and what was noticed in the browser."""
    body = records.of("browser.json")
    profile = map_of(body, "profile")
    by = "person" if brief_of(body, "opened_by") == "person" else "program"
    parts = []
    match brief_of(profile, "kind"):
        case "fresh":
            parts.append(say("opened.fresh"))
        case "case":
            parts += [say(f"opened.case.{by}"), *_profile(profile, say)]
        case _:
            return ""
    if brief_of(body, "extensions") == "off":
        parts.append(say("opened.extensions_off"))
    kept = brief_of(body, "kept")
    if kept in ("page", "scroll", "shot"):
        parts.append(say(f"opened.kept.{kept}"))
    tools = [one for one in maps_of(body, "noticed") if brief_of(one, "what") == "devtools"]
    if tools:
        times = [brief_of(one, "at") for one in tools]
        at = say.join([say.local(one) for one in times if say.readable(one)][:MOST_SPOTS])
        parts.append(say("opened.devtools", at=at or say("unknown")))
    elif brief_of(check_of(manifest, "devtools_opened"), "outcome") == "pass":
        parts.append(say("opened.no_devtools"))
    return say.clauses(parts)


def _profile(profile: Mapping[str, Json], say: Teller) -> list[str]:
    created, age = brief_of(profile, "created"), number_of(profile, "age_days")
    used, cookies = number_of(profile, "used"), number_of(profile, "cookies")
    parts = []
    if say.readable(created) and age is not None:
        parts.append(say("opened.created", at=say.local(created), days=age))
    else:
        parts.append(say("opened.created_unknown"))
    parts.append(say("opened.used", count=say("unknown") if used is None else used))
    parts.append(say("opened.cookies", count=say("unknown") if cookies is None else cookies))
    return parts


def copies(exhibit: Exhibit, manifest: Mapping[str, Json], say: Teller) -> str:
    """Which copies of the page there are, and whether they were held against each other."""
    there = {artifact.path.removeprefix("files/") for artifact in exhibit.artifacts}
    found = [say(f"copy.{name}") for file, name in _COPIES if file in there]
    if exhibit.source != "page" or len(found) < 2:
        return ""
    text = say("copies", names=say.join(found), count=len(found))
    outcomes = [brief_of(check_of(manifest, name), "outcome") for name in COMPARED]
    if any(outcome in ("pass", "warn", "fail") for outcome in outcomes):
        text += say("copies.compared")
    return text


def closed(records: Records, say: Teller) -> str:
    """That a banner was closed and both states are kept; empty when none was."""
    body = map_of(records.of("page.json"), "closed")
    button = brief_of(body, "button")
    if not body:
        return ""
    return say("closed", button=button[:100]) if button else say("closed.not")


def was_closed(records: Records) -> bool:
    """Whether something that lay over the page was closed and the page pictured again."""
    return bool(brief_of(map_of(records.of("page.json"), "closed"), "button"))


def films(records: Records, say: Teller) -> list[Field]:
    """The films and sounds that were caught in the page, a line each."""
    found = maps_of(records.of("media.json"), "films")
    told: list[Field] = [_film(one, say) for one in found[:MOST_FILMS]]
    if len(found) > MOST_FILMS:
        told.append(say("rec.more", count=len(found) - MOST_FILMS))
    return told


def _film(one: Mapping[str, Json], say: Teller) -> str:
    way = brief_of(one, "way")
    path, seen = brief_of(one, "path"), map_of(one, "seen")
    pieces = maps_of(one, "pieces")
    derived = way != "file" or any(brief_of(piece, "what") == "range" for piece in pieces)
    parts = [path or say("film.no_file"), say.known(f"doc.film.{way}", way)]
    originals = sum(not piece.get("put_together") for piece in pieces)
    if derived and path:
        parts.append(say("film.joined", count=originals))
    elif derived:
        parts.append(say("film.pieces", count=originals))
    if length := number_of(seen, "milliseconds"):
        parts.append(say("film.length", length=say.code(length)))
    if missing := len(texts_of(one, "missing")):
        parts.append(say("film.missing", count=missing))
    if one.get("protected"):
        parts.append(say("film.protected"))
    if trouble := brief_of(one, "trouble"):
        parts.append(say("film.trouble", why=trouble[:200]))
    return say.clauses(parts)


def spots(manifest: Mapping[str, Json], kind: str, say: Teller) -> list[str]:
    """Words that stood on the page, with their places in the pictures."""
    told = []
    for one in maps_of(map_of(manifest, "observations"), "shown"):
        if brief_of(one, "kind") != kind:
            continue
        text = say("spot", text=brief_of(one, "text"))
        file = brief_of(one, "file")
        x, y = number_of(one, "x"), number_of(one, "y")
        wide, high = number_of(one, "width"), number_of(one, "height")
        if file and None not in (x, y, wide, high):
            text += say("spot.place", file=file, x=x, y=y, width=wide, height=high)
        told.append(text)
    return told[:MOST_SPOTS]


def marks(records: Records, say: Teller) -> Fields:
    """Marks in pictures and films, files that say the same together; empty where nobody looked."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for file in maps_of(records.of("marks.json"), "files"):
        lines = _lines(file, say)
        groups.setdefault(lines, []).append(brief_of(file, "path"))
    if not groups:
        return {}
    # What says something stands before what does not; within that, as it was read.
    none = (say.words("mark.headline.none"), say.words("mark.headline.unread"))
    ordered = sorted(groups.items(), key=lambda one: one[0][0] in none)
    rows: list[Field] = [
        {
            "files": say.some(paths),
            "headline": lines[0],
            "lines": list(lines[1:]),
        }
        for lines, paths in ordered[:MOST_MARKED]
    ]
    left = sum(len(paths) for _, paths in ordered[MOST_MARKED:])
    return {"files": rows, "left": left, "caution": say.words("mark.caution")}


def _lines(file: Mapping[str, Json], say: Teller) -> tuple[str, ...]:
    try:
        told = [marks_told.headline(file, say.words), *marks_told.told(file, say.words)]
    except KeyError:
        # A fault or kind that has no words in this version.
        return (say("mark.unknown"),)
    return tuple(one_line(line)[:BRIEF] for line in told)


def unread(records: Records, say: Teller) -> str:
    """Records that are there and could not be read."""
    return say("unread", names=say.join(records.unread)) if records.unread else ""


def icp(manifest: Mapping[str, Json], say: Teller) -> list[str]:
    """Filing numbers that stood on the page."""
    return spots(manifest, "icp", say)


def labels(manifest: Mapping[str, Json], stated: str, say: Teller) -> Sequence[str]:
    """Each AI label that stood on the page with its place; ``stated`` where no place is known."""
    return spots(manifest, "ai_label", say) or ([say("spot", text=stated)] if stated else [])
