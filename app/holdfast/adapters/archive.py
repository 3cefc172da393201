"""What a page received, as files of its exhibit: ``page.wacz``, its films, and what is missing.

Made beside the page's tab before it opens a link; ``keep`` may be asked for more than once.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from holdfast.adapters import wacz
from holdfast.adapters.browser import Browser
from holdfast.adapters.filmkeeper import Joiner, Keeper
from holdfast.adapters.footage import PROBE, Element, Film, Held, Media, bounded, elements_of
from holdfast.adapters.lookup import Lookups
from holdfast.adapters.spool import Spool
from holdfast.adapters.tab import Tab
from holdfast.adapters.traffic import Exchange, Traffic, described, told
from holdfast.adapters.wacz import Joined
from holdfast.core import received
from holdfast.core.canonical import Json, canonical, one_line, rfc3339
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import CapturedFile, Check
from holdfast.core.received import BodySeen, FilmSeen
from holdfast.ports import Clock

MOST_HOSTS = 100
_TEXT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """What a page had received at a moment."""

    exchanges: tuple[Exchange, ...]
    elements: list[Element]
    media: Media
    films: list[Film]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The page that was kept, as the archive's list of pages names it."""

    url: str
    title: str
    text: str


class Archive:
    """Listens from now on, until it is closed; bodies wait in ``room`` meanwhile.

    ``private`` is for a browser in which somebody is logged in: what was asked for before the page
    that is kept is forgotten, and nothing that would open their account stands in the archive.
    """

    def __init__(
        self, program: Browser, tab: Tab, room: Path, clock: Clock, *, private: bool = False
    ) -> None:
        self._private = private
        self._program = program
        self._tab = tab
        self._room = room
        self._clock = clock
        self._traffic = Traffic(program, tab.session, room, tab.frame if private else "")
        self._joiner = Joiner(program, room)
        self._gathered: _Gathered | None = None

    def close(self) -> None:
        """Nothing is heard any more; what was not kept is gone."""
        self._joiner.stop()
        self._traffic.stop()

    def prepare(self) -> None:
        """A page begins to be kept."""
        self._gathered = None
        self.expect()

    def expect(self) -> None:
        """Where films have come already, who joins them comes up meanwhile."""
        kinds = (one.media_type.partition("/")[0] for one in self._traffic.exchanges)
        if not {"video", "audio"}.isdisjoint(kinds):
            with suppress(OSError):  # which is said of the film
                self._joiner.start()

    def gather(self, url: str) -> None:
        """What had come by now of the page at ``url`` is what will be kept, and what is missing of
        its films was asked for.
        """
        program, tab, traffic = self._program, self._tab, self._traffic
        elements = self._elements()
        traffic.settle()
        lookups = Lookups(program, tab, traffic, url)
        media = Media(traffic, lookups, elements)
        try:
            films = media.films()
        finally:
            lookups.close()
        traffic.settle()
        self._gathered = _Gathered(
            exchanges=tuple(traffic.exchanges), elements=elements, media=media, films=films
        )

    def keep(self, folder: Path, files: list[CapturedFile], page: Opened) -> tuple[Check, ...]:
        """``files`` has the archive, the films and their records, below ``folder``; the checks.

        What was gathered is kept; the page may change meanwhile.
        """
        assert self._gathered is not None
        traffic, media = self._traffic, self._gathered.media
        films, elements = self._gathered.films, self._gathered.elements
        keeper = Keeper(self._joiner, traffic, folder, self._room)
        for film in films:
            keeper.keep(film)
        joined = tuple(media.joined)
        found = self._written(folder, files, page, joined, self._certificates())
        for one in keeper.files:
            files.append(
                CapturedFile(
                    at=one.at,
                    path=one.path,
                    media_type=one.media_type,
                    obtained=rfc3339(self._clock.now()),
                    role=one.role,
                    name=one.name,
                    derived_from=one.derived_from,
                )
            )
        seen = tuple(self._film_seen(film, found) for film in films)
        if films or elements:
            self._record(files, folder, "media.json", _media_record(films, elements))
        bodies = self._bodies(folder, files, joined, found)
        same = self._same_document(found)
        archive = received.archive(found.records, found.problems, same)
        return (bodies, archive, *received.films(seen, media.over))

    def salvage(self, folder: Path, files: list[CapturedFile], page: Opened) -> tuple[Check, ...]:
        """As ``keep`` once the browser has ended: what had come by then, and no film joined.

        What ``keep`` had begun to write is written anew.
        """
        anew = ("files/page.wacz", "files/traffic.json")
        files[:] = [one for one in files if one.path not in anew]
        found = self._written(folder, files, page, (), {})
        bodies = self._bodies(folder, files, (), found)
        return (bodies, received.archive(found.records, found.problems, None))

    def _written(
        self,
        folder: Path,
        files: list[CapturedFile],
        page: Opened,
        joined: tuple[Joined, ...],
        certificates: dict[str, tuple[bytes, ...]],
    ) -> wacz.Read:
        """``page.wacz`` is there; what it holds, read back."""
        at = folder / "page.wacz"
        wacz.write(at, self._contents(page, joined, certificates), self._traffic.spool)
        self._add(files, at, "files/page.wacz", wacz.MEDIA_TYPE, "page.wacz")
        return wacz.read(at)

    def _bodies(
        self,
        folder: Path,
        files: list[CapturedFile],
        joined: tuple[Joined, ...],
        found: wacz.Read,
    ) -> Check:
        """What was asked for and what of it is not whole is on record; the check about it."""
        lacking = self._lacking(joined)
        self._record(files, folder, "traffic.json", self._traffic_record(lacking, found))
        return received.bodies(
            [BodySeen(place=told(one), trouble=one.trouble) for one in lacking],
            self._traffic.unrecorded,
        )

    @property
    def _exchanges(self) -> Sequence[Exchange]:
        return self._traffic.exchanges if self._gathered is None else self._gathered.exchanges

    # --- what is read ----------------------------------------------------------------------------

    def _elements(self) -> list[Element]:
        """Every player on the page and in its frames."""
        found = elements_of(self._tab.evaluate(PROBE))
        for frame in self._tab.in_frames(PROBE):
            found += elements_of(frame)
        return found

    def _contents(
        self,
        page: Opened,
        joined: tuple[Joined, ...],
        certificates: dict[str, tuple[bytes, ...]],
    ) -> wacz.Contents:
        exchanges = tuple(self._exchanges)
        document = self._document()
        first = document or next(iter(exchanges), None)
        return wacz.Contents(
            page=wacz.Page(
                url=document.url if document is not None else page.url,
                at=first.started if first is not None else rfc3339(self._clock.now()),
                title=one_line(page.title),
                text=page.text[:_TEXT],
            ),
            exchanges=exchanges,
            joined=joined,
            certificates=certificates,
            agent=self._tab.user_agent,
            private=self._private,
        )

    def _document(self) -> Exchange | None:
        """The exchange that brought the page itself."""
        document = self._tab.document
        if document is None:
            return None
        return next(
            (
                one
                for one in reversed(self._exchanges)
                if one.id == document.request and not one.redirect
            ),
            None,
        )

    def _certificates(self) -> dict[str, tuple[bytes, ...]]:
        """The chain of every host that was reached with TLS."""
        origins = {
            "/".join(one.url.split("/", 3)[:3])
            for one in self._exchanges
            if one.url.startswith("https:") and one.answer is not None
        }
        found = {}
        for origin in sorted(origins)[:MOST_HOSTS]:
            try:
                answer = self._program.call(
                    "Network.getCertificate", {"origin": origin}, self._tab.session
                )
            except Unavailable as error:
                if error.code == "browser_gone":
                    raise
                continue
            chain = tuple(base64.b64decode(one) for one in answer.get("tableNames", [])[:20])
            if chain:
                found[origin] = chain
        return found

    # --- what is judged --------------------------------------------------------------------------

    def _lacking(self, joined: tuple[Joined, ...]) -> list[Exchange]:
        """Bodies that are not whole and that nothing made good."""
        good = {one.url.partition("#")[0] for one in self._exchanges if one.whole and (
            one.status == 200 or wacz.full_range(one))}  # fmt: skip
        good |= {one.url for one in joined}
        return [
            one
            for one in self._exchanges
            if one.trouble not in ("", "blocked")
            and one.answer is not None
            and not (one.url.partition("#")[0] in good and one.trouble != "text")
        ]

    def _same_document(self, found: wacz.Read) -> bool | None:
        """Whether the archive's document is what the browser shows as its source."""
        document, shown = self._document(), self._tab.body()
        if document is None or document.body is None or not document.whole or not shown:
            return None
        if document.body.sha256 not in found.bodies.get(document.url, frozenset()):
            return False
        raw = b"".join(self._traffic.spool.read(document.body))
        if raw == shown:
            return True
        try:
            text = raw.decode(document.charset or "utf-8").removeprefix("\ufeff")
        except (LookupError, UnicodeError):
            return None
        return text == shown.decode("utf-8", "replace").removeprefix("\ufeff")

    def _film_seen(self, film: Film, found: wacz.Read) -> FilmSeen:
        shown = film.element.milliseconds if film.element is not None else 0
        differences = film.seen.get("differences") or [None]
        return FilmSeen(
            name=f"{film.number}",
            missing=tuple(one_line(url.rpartition("/")[2][:100]) for url in film.missing),
            cut=film.file is not None and not film.file.whole,
            ended=film.ended,
            protected=film.protected,
            streamed=film.way != "file",
            trouble=film.trouble,
            found_ms=bounded(film.seen.get("milliseconds")),
            stated_ms=max(shown, film.stated),
            difference=differences[0],
            archived=self._archived(film, found),
        )

    def _archived(self, film: Film, found: wacz.Read) -> bool | None:
        """Whether the archive holds the same bytes of whatever of the film came as one body."""
        if film.file is not None:
            kept = [film.file] if film.file.whole else []
        else:
            kept = [*film.lists, *(one for had in film.held for one in had.values())]
        same = [
            _digest(one, self._traffic.spool) in found.bodies.get(one.exchanges[0].url, frozenset())
            for one in kept
            if film.file is not None or _as_received(one)
        ]
        return all(same) if same else None

    # --- what is written -------------------------------------------------------------------------

    def _traffic_record(self, lacking: list[Exchange], found: wacz.Read) -> dict[str, Json]:
        return {
            "requests": [described(one) for one in self._exchanges],
            "not_recorded": self._traffic.unrecorded,
            "no_room": self._traffic.full,
            "not_whole": [told(one) for one in lacking],
            "archive": {"records": found.records, "problems": list(found.problems)},
        }

    def _record(
        self, files: list[CapturedFile], folder: Path, name: str, content: dict[str, Json]
    ) -> None:
        at = folder / name
        at.write_bytes(canonical(content))
        self._add(files, at, f"files/{name}", "application/json", name, record=True)

    def _add(
        self,
        files: list[CapturedFile],
        at: Path,
        path: str,
        media_type: str,
        name: str,
        *,
        record: bool = False,
    ) -> None:
        files.append(
            CapturedFile(
                at=at,
                path=path,
                media_type=media_type,
                obtained=rfc3339(self._clock.now()),
                role="record" if record else "original",
                name=name,
            )
        )


def _as_received(held: Held) -> bool:
    """Whether the bytes are one body from its beginning to its end."""
    body, start, length = held.parts[0]
    return len(held.parts) == 1 and start == 0 and length == body.size


def _digest(held: Held, spool: Spool) -> str:
    digest = sha256()
    for body, start, length in held.parts:
        for block in spool.read(body, start, length):
            digest.update(block)
    return digest.hexdigest()


def _media_record(films: list[Film], elements: list[Element]) -> dict[str, Json]:
    return {
        "players": [
            {
                "tag": one.tag,
                "url": one_line(one.url[:8000]),
                "milliseconds": one.milliseconds,
                "at": one.now,
                "width": one.width,
                "height": one.height,
                "error": one.error,
                "keys": one.keys,
                "picture": bool(one.picture),
            }
            for one in elements
        ],
        "films": [
            {
                "number": film.number,
                "way": film.way,
                "url": one_line(film.url[:8000]),
                "path": film.path or None,
                "pieces": film.pieces,
                "missing": [one_line(url[:8000]) for url in film.missing],
                "ended": film.ended,
                "protected": film.protected,
                "stated_ms": bounded(film.stated),
                "played_ms": film.element.milliseconds if film.element is not None else 0,
                "seen": _plain(film.seen),
                "trouble": film.trouble,
            }
            for film in films
        ],
    }


def _plain(seen: dict[str, Any]) -> dict[str, Json]:
    return {
        "milliseconds": bounded(seen.get("milliseconds")),
        "video": one_line(str(seen.get("video") or "")),
        "audio": one_line(str(seen.get("audio") or "")),
        "width": int(seen.get("width") or 0),
        "height": int(seen.get("height") or 0),
        "packets": int(seen.get("packets") or 0),
        "packets_in": int(seen.get("packets_in") or 0),
        "differences": list(seen.get("differences") or []),
    }
