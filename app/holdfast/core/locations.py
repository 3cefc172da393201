"""The content a letter is about: what it is called, where it stands, what it showed of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core.canonical import Json, moment, one_line
from holdfast.core.document import Field
from holdfast.core.evidence import Exhibit
from holdfast.core.links import links_in
from holdfast.core.pen import Pen, Sources, written_instant

TITLE_LIMIT = 120
COUNTER_LIMIT = 80


def content_items(sources: Sources, pen: Pen) -> list[Field]:
    """One row per address; without any, one per exhibit.

    Beside content that has an address, an exhibit without one (a screenshot, the person's own
    picture) is something enclosed, not one more place where the content stands.
    """
    rows: dict[str, list[Exhibit]] = {}
    loose: list[Exhibit] = []
    for exhibit in sources.exhibits:
        url = _address(exhibit, sources)
        (rows.setdefault(url, []) if url else loose).append(exhibit)
    links = links_in(pen.given("link"))
    if not rows and links:
        rows, loose = {link: list(loose) for link in links}, []
    for link in links:
        rows.setdefault(link, [])
    found: list[Field] = []
    for url, exhibits in rows.items() if rows else [("", [exhibit]) for exhibit in loose]:
        account = pen.given("account") or _account(exhibits, sources)
        where = url or pen("no_address")
        found.append(
            {
                "n": str(len(found) + 1),
                "what": _what(exhibits, pen, first=not found),
                "where": where,
                "account": pen("account", account=account) if account else "",
                "exhibits": pen.join(e.number for e in exhibits) or "—",
            }
        )
    return found


def _what(exhibits: Sequence[Exhibit], pen: Pen, *, first: bool) -> str:
    """What stands at one address; the person's own title and time-codes belong to the first."""
    named = next((e.caption or e.title for e in exhibits), "")
    if first:
        named = pen.given("title") or named
    what = one_line(named)[:TITLE_LIMIT] or pen("untitled")
    codes = pen.given("timecodes") if first else ""
    return pen("what_at", what=what, timecodes=codes) if codes else what


def _address(exhibit: Exhibit, sources: Sources) -> str:
    target = sources.manifests.get(exhibit.number, {}).get("target")
    reached = target.get("final_url") if isinstance(target, Mapping) else None
    return one_line(reached) if isinstance(reached, str) and reached else exhibit.url


def _account(exhibits: Sequence[Exhibit], sources: Sources) -> str:
    for exhibit in exhibits:
        seen = _observations(exhibit, sources).get("account")
        if isinstance(seen, str) and seen:
            return one_line(seen)[:80]
    return ""


def _observations(exhibit: Exhibit, sources: Sources) -> Mapping[str, Json]:
    found = sources.manifests.get(exhibit.number, {}).get("observations")
    return found if isinstance(found, Mapping) else {}


def observed(sources: Sources, pen: Pen) -> list[Field]:
    """When each page could be opened, and what it then said of itself; complete captures only."""
    lines: list[Field] = []
    for exhibit in sources.exhibits:
        seen = _observations(exhibit, sources)
        started = sources.manifests.get(exhibit.number, {}).get("started")
        if exhibit.source != "page" or not exhibit.complete or seen.get("status") != 200:
            continue
        at = written_instant(moment(str(started)), sources.offset_minutes, pen)
        line = pen("observed", exhibit=exhibit.number, at=at)
        shown = _counters(seen.get("counters"), pen)
        lines.append({"text": line + (pen("counters", counters=pen.join(shown)) if shown else "")})
    return lines


def _counters(counters: Json, pen: Pen) -> list[str]:
    """Each number as it was shown, with its name in the language where it is a known one."""
    shown = []
    for counter in counters if isinstance(counters, Sequence) else ():
        if isinstance(counter, Mapping):
            name = one_line(str(counter["name"]))[:COUNTER_LIMIT]
            value = one_line(str(counter["value"]))[:COUNTER_LIMIT]
            known = pen.words.words.get(f"letter.counter.{name}", name)
            shown.append(pen("counter", name=known, value=value))
    return shown
