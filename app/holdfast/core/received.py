"""Whether what a page received, and the films in it, are all there: judged from facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.core.evidence import Check, Outcome

LONGEST = 400
"""Characters of a detail."""
SLACK_MS = 500
"""A film may be this much shorter than what was said, or a fiftieth of it."""
ALIKE = 24
"""Mean distance of two small pictures, 0 to 255, up to which they show the same."""
CUT = frozenset({"short", "broken", "too_large", "full"})
"""A body that ended before its end, or that was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySeen:
    """A body that was not had as it was sent."""

    place: str
    """Where it was asked for and what happened, in a few words of fact."""
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSeen:
    """A film or sound of the page."""

    name: str
    missing: tuple[str, ...] = ()
    cut: bool = False
    """Whether its file was cut off."""
    ended: bool = True
    """Whether it is known where it ends."""
    protected: bool = False
    ours: bool = False
    """Whether part of it was asked for by us."""
    streamed: bool = False
    """Whether it came in pieces that are to be joined."""
    trouble: str = ""
    """Why it could not be joined or read."""
    found_ms: int = 0
    stated_ms: int = 0
    difference: int | None = None
    """Mean distance between what played and the same moment of the film."""
    archived: bool | None = None
    """Whether the archive holds the same bytes; None where there is no whole file to compare."""


def bodies(seen: Sequence[BodySeen], unrecorded: int) -> Check:
    """Bodies that are not whole, one by one; red where one ended before its end."""
    lines = [one.place for one in seen]
    if unrecorded:
        lines.append(f"+{unrecorded} requests not recorded")
    if not lines:
        return Check(check="bodies_whole", outcome="pass")
    red = bool(unrecorded) or any(one.trouble in CUT for one in seen)
    return _told("bodies_whole", "fail" if red else "warn", lines)


def archive(records: int, problems: Sequence[str], document: bool | None) -> Check:
    """The archive, read again: its digests, and its document against what the browser showed."""
    if problems:
        return _told("archive_whole", "fail", problems)
    if document is False:
        return Check(check="archive_whole", outcome="fail", detail="document")
    outcome: Outcome = "warn" if document is None else "pass"
    return Check(check="archive_whole", outcome=outcome, detail=str(records))


def films(seen: Sequence[FilmSeen], over: bool) -> tuple[Check, ...]:
    """Every check of the films; a single one where there are none."""
    if not seen:
        return (Check(check="media_whole", outcome="not_checked"),)
    checks = [_whole(seen, over), _joined(seen), _length(seen), _picture(seen), _archived(seen)]
    if shut := [one.name for one in seen if one.protected]:
        checks.append(_told("media_protected", "warn", shut))
    return tuple(checks)


def _whole(seen: Sequence[FilmSeen], over: bool) -> Check:
    lacking = [f"{one.name}: {'; '.join(one.missing[:3]) or 'cut off'}"
               for one in seen if one.missing or one.cut]  # fmt: skip
    if over:
        lacking.append("more than is kept at once")
    if lacking:
        return _told("media_whole", "fail", lacking)
    if endless := [one.name for one in seen if not one.ended]:
        return _told("media_whole", "warn", endless)
    return Check(check="media_whole", outcome="pass", detail=str(len(seen)))


def _joined(seen: Sequence[FilmSeen]) -> Check:
    unread = [f"{one.name}: {one.trouble}" for one in seen if one.trouble]
    if unread:
        return _told("media_joined", "warn", unread)
    done = [one for one in seen if one.streamed and one.found_ms]
    outcome: Outcome = "pass" if done else "not_checked"
    return Check(check="media_joined", outcome=outcome, detail=str(len(done)) if done else "")


def _length(seen: Sequence[FilmSeen]) -> Check:
    known = [one for one in seen if one.found_ms and one.stated_ms]
    short = [
        f"{one.name}: {one.found_ms}/{one.stated_ms} ms"
        for one in known
        if one.found_ms + max(SLACK_MS, one.stated_ms // 50) < one.stated_ms
    ]
    if short:
        return _told("media_length", "fail", short)
    if not known:
        return Check(check="media_length", outcome="not_checked")
    return _told("media_length", "pass", [f"{one.found_ms}/{one.stated_ms} ms" for one in known])


def _picture(seen: Sequence[FilmSeen]) -> Check:
    known = [(one.name, one.difference) for one in seen if one.difference is not None]
    other = [f"{name}: {far}" for name, far in known if far > ALIKE]
    if other:
        return _told("media_picture", "warn", other)
    if not known:
        return Check(check="media_picture", outcome="not_checked")
    return _told("media_picture", "pass", [str(far) for _, far in known])


def _archived(seen: Sequence[FilmSeen]) -> Check:
    known = [one for one in seen if one.archived is not None]
    if other := [one.name for one in known if not one.archived]:
        return _told("media_archived", "fail", other)
    outcome: Outcome = "pass" if known else "not_checked"
    return Check(check="media_archived", outcome=outcome, detail=str(len(known)) if known else "")


def _told(check: str, outcome: Outcome, lines: Sequence[str]) -> Check:
    shown = "; ".join(dict.fromkeys(lines))
    detail = f"{len(lines)}: {shown}" if outcome in ("fail", "warn") else shown
    if len(detail) > LONGEST:
        detail = f"{detail[: LONGEST - 1]}…"
    return Check(check=check, outcome=outcome, detail=detail)
