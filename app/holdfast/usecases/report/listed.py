"""What documents say of the inventory of a series, and of how its counters went on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.core.canonical import Json, one_line
from holdfast.core.document import Field
from holdfast.core.evidence import Counter, Exhibit
from holdfast.core.series import Listed, Listing, amount, same_link
from holdfast.usecases.report.records import Records
from holdfast.usecases.report.telling import Fields, Teller, map_of, text_of

MOST_EPISODES = 100
"""Episodes that are printed one by one; all of them stand in the inventory."""
TITLE = 80


def series(records: Records, say: Teller) -> Fields:
    """The inventory of a series; empty when there is none that can be read."""
    listing = records.listing
    if listing is None:
        return {}
    free = sum(one.access == "free" for one in listing.episodes)
    unknown = sum(one.access == "unknown" for one in listing.episodes)
    parts = [say("series.listed", count=len(listing.episodes))]
    if listing.own:
        parts.append(say("series.own"))
    if listing.stated is not None:
        parts.append(say("series.stated", count=listing.stated))
    if listing.cut:
        parts.append(say("series.cut"))
    groups = list(dict.fromkeys(one.group for one in listing.episodes if one.group))
    if len(groups) > 1:
        parts.append(say("series.groups", count=len(groups)))
    rows: list[Field] = [_episode(one, say) for one in listing.episodes[:MOST_EPISODES]]
    return {
        "count": say.clauses(parts),
        "access": say("series.access", paid=listing.paid, free=free, unknown=unknown),
        "episodes": rows,
        "left": max(0, len(listing.episodes) - MOST_EPISODES),
    }


def _episode(one: Listed, say: Teller) -> Fields:
    return {
        "number": "" if one.number is None else str(one.number),
        "title": one_line(one.title)[:TITLE] or one_line(one.url)[:TITLE],
        "access": say(f"series.{one.access}"),
        "length": "" if one.duration_ms is None else say.code(one.duration_ms).partition(".")[0],
        "published": one_line(one.published)[:40],
        "counters": counted(one.counters, say),
    }


def counted(counters: Sequence[Counter], say: Teller) -> str:
    """Counters as they were shown."""
    return say.join(
        [
            say(
                "counter",
                name=say.known(f"doc.counter.{one.name}", one_line(one.name)[:40]),
                value=one_line(one.value)[:40],
            )
            for one in counters
        ]
    )


# --- over time -----------------------------------------------------------------------------------


def history(
    all_taken: Sequence[tuple[Exhibit, Mapping[str, Json], Records]], say: Teller
) -> dict[str, list[Field]]:
    """For each series exhibit, by number: every inventory of the same link, in order of time."""
    links: dict[str, list[tuple[str, str, Listing]]] = {}
    own: dict[str, str] = {}
    for exhibit, manifest, records in all_taken:
        url = same_link(text_of(map_of(manifest, "target"), "url"))
        if exhibit.source != "series" or records.listing is None or not url:
            continue
        own[exhibit.number] = url
        started = text_of(manifest, "started")
        links.setdefault(url, []).append((started, exhibit.number, records.listing))
    rows: dict[str, list[Field]] = {}
    for url, taken in links.items():
        rows[url] = [_taken(*one, say) for one in sorted(taken, key=lambda one: one[:2])]
    return {number: rows[url] for number, url in own.items()}


def _taken(started: str, number: str, listing: Listing, say: Teller) -> Fields:
    text = counted(listing.counters, say)
    if not text:
        text = _sums(listing, say)
    return {
        "at": say.local(started)[:19] if say.readable(started) else started,
        "number": number,
        "listed": len(listing.episodes),
        "paid": listing.paid,
        "counters": text,
    }


def _sums(listing: Listing, say: Teller) -> str:
    """Sums over the episodes where only they have counters; said to be ours."""
    sums: dict[str, int] = {}
    for one in listing.episodes:
        for counter in one.counters:
            number = amount(counter.value)
            if number is not None:
                sums[counter.name] = sums.get(counter.name, 0) + number
    told = counted([Counter(name=name, value=say.count(n)) for name, n in sums.items()], say)
    return say("series.sums", counters=told) if told else ""
