"""Films and sounds of a page: found in what it pulled and in what plays, kept as they came.

Pieces stand as originals; what was missing is asked for by us and marked so; a film put together
from pieces is a derivative that names them.  Nothing is encoded anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from holdfast.adapters import playlist
from holdfast.adapters.joiner import form_of
from holdfast.adapters.lookup import Lookups
from holdfast.adapters.playlist import Master, Part, Piece, Track, Variant
from holdfast.adapters.scripts import OWN
from holdfast.adapters.spool import Body
from holdfast.adapters.traffic import Exchange, Traffic
from holdfast.adapters.wacz import Joined, content_range
from holdfast.core.canonical import Json

MOST_FILMS = 40
MOST_PIECES = 3000
LARGEST = 10**12

Way: TypeAlias = Literal["file", "hls", "dash", "loose"]

ENDINGS = {
    "video/mp4": "mp4", "audio/mp4": "m4a", "video/mp2t": "ts", "video/webm": "webm",
    "audio/webm": "weba", "audio/mpeg": "mp3", "audio/aac": "aac", "audio/ogg": "ogg",
    "video/x-flv": "flv", "audio/wav": "wav", "audio/flac": "flac", "video/x-matroska": "mkv",
}  # fmt: skip
TYPES = {
    "mp4": "video/mp4", "mpegts": "video/mp2t", "matroska": "video/webm", "mp3": "audio/mpeg",
    "aac": "audio/aac", "ogg": "audio/ogg", "flv": "video/x-flv", "wav": "audio/wav",
    "flac": "audio/flac",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A player on the page."""

    tag: str
    url: str
    """What it plays; a blob when a script feeds it."""
    milliseconds: int = 0
    now: int = 0
    width: int = 0
    height: int = 0
    error: int = 0
    keys: bool = False
    """Whether it plays with a licence server's keys."""
    picture: str = ""
    """Its picture, small, as RGB in Base64; empty where the page may not be asked."""


# What plays, in our own world of the page: nothing of it is touched or started.
PROBE = """(() => {
  OWN
  const found = [], side = [64, 36];
  const picture = (e) => { try {
    if (e.tagName !== 'VIDEO' || e.readyState < 2) return '';
    const c = document.createElement('canvas'); [c.width, c.height] = side;
    const pen = c.getContext('2d'); pen.drawImage(e, 0, 0, ...side);
    const data = pen.getImageData(0, 0, ...side).data; let text = '';
    for (let i = 0; i < data.length; i += 4)
      text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
    return btoa(text);
  } catch { return ''; } };
  const walk = (root) => {
    for (const e of root.querySelectorAll('video, audio')) {
      if (found.length >= 50) return;
      const urls = [e.currentSrc || e.src,
        ...[...e.querySelectorAll('source')].map(s => s.src)].filter(Boolean).slice(0, 10);
      found.push({tag: e.tagName.toLowerCase(), urls: urls.map(u => String(u).slice(0, 8000)),
        ms: Number.isFinite(e.duration) ? Math.round(e.duration * 1000) : 0,
        now: Math.round(e.currentTime * 1000), width: e.videoWidth || 0, height: e.videoHeight || 0,
        error: e.error ? e.error.code : 0, keys: !!e.mediaKeys, picture: picture(e)});
    }
    for (const e of [...root.querySelectorAll('*')].slice(0, 20000)) {
      if (own(e).shadowRoot) walk(own(e).shadowRoot);
      if (e.tagName === 'IFRAME') { try { e.contentDocument && walk(e.contentDocument); } catch {} }
    }
  };
  walk(document); return found;
})()""".replace("OWN", OWN)
SIDE = (64, 36)


def bounded(told: object) -> int:
    """A number that a page or a file gave, where it can be one of milliseconds or pixels; else 0.

    Thirty years are longer than any film; what is beyond has no place in a record.
    """
    if isinstance(told, int | float) and 0 <= told <= LARGEST:
        return int(told)
    return 0


def elements_of(told: object) -> list[Element]:
    """The players that the probe told of; whatever does not fit is left out."""
    found = []
    for one in told if isinstance(told, list) else []:
        if not isinstance(one, dict):
            continue
        urls = [str(url) for url in one.get("urls") or [] if isinstance(url, str)]
        for url in dict.fromkeys(urls[:1] or [""]):
            found.append(
                Element(
                    tag="audio" if one.get("tag") == "audio" else "video",
                    url=url.partition("#")[0],
                    picture=str(one.get("picture") or ""),
                    keys=bool(one.get("keys")),
                    **{
                        name: bounded(one.get(said))
                        for name, said in (
                            ("milliseconds", "ms"), ("now", "now"), ("width", "width"),
                            ("height", "height"), ("error", "error"),
                        )
                    },
                )
            )  # fmt: skip
    return found


@dataclass(slots=True, kw_only=True)
class Held:
    """Bytes of one address: stretches of bodies after one another."""

    url: str
    parts: tuple[tuple[Body, int, int], ...]
    exchanges: tuple[Exchange, ...]
    whole: bool = True

    @property
    def ours(self) -> bool:
        """Whether any of it was asked for by us."""
        return any(one.source == "lookup" for one in self.exchanges)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(length for _, _, length in self.parts)

    @property
    def head(self) -> bytes:
        """How it begins."""
        body, start, length = self.parts[0]
        return body.head[start : start + length]


@dataclass(slots=True, kw_only=True)
class Film:
    """One film or sound, its pieces, and what came of joining them."""

    way: Way
    url: str
    number: int = 0
    tracks: list[Track] = field(default_factory=list)
    lists: list[Held] = field(default_factory=list)
    held: list[dict[Part, Held]] = field(default_factory=list)
    file: Held | None = None
    missing: list[str] = field(default_factory=list)
    protected: bool = False
    ended: bool = True
    stated: int = 0
    """Milliseconds that the playlist says."""
    element: Element | None = None
    path: str = ""
    """Of the whole film in the exhibit, original or joined; empty when there is none."""
    seen: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""
    pieces: list[dict[str, Json]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing that it is known to have is missing."""
        return not self.missing and (self.file is None or self.file.whole)


class Media:
    """Finds the films in what a page pulled."""

    def __init__(self, traffic: Traffic, lookups: Lookups, elements: list[Element]) -> None:
        self._traffic = traffic
        self._lookups = lookups
        self._elements = elements
        self._by_url: dict[str, list[Exchange]] = {}
        self._used: set[str] = set()
        self.joined: list[Joined] = []
        """Files that came in ranges and are whole together."""
        self.over = False
        """Whether there were more films or pieces than are kept."""
        for one in traffic.exchanges:
            self._note(one)

    def _note(self, one: Exchange) -> None:
        self._by_url.setdefault(one.url.partition("#")[0], []).append(one)

    def films(self) -> list[Film]:
        """Every film, its pieces as far as they could be had."""
        found = [*self._streams(), *self._files(), *self._loose()]
        self.over = self.over or len(found) > MOST_FILMS
        for number, film in enumerate(found[:MOST_FILMS], 1):
            film.number = number
            self._gather(film)
            film.element = self._player(film, found)
            if film.element is not None and film.element.keys:
                film.protected = True
        return found[:MOST_FILMS]

    # --- bytes -----------------------------------------------------------------------------------

    def _had(self, part: Part) -> Held | None:
        """The bytes, where the page or we have pulled them already."""
        known = self._by_url.get(part.url, [])
        for one in reversed(known):
            if one.body is None or not one.whole or one.status != 200 or one.method != "GET":
                continue
            start, length = part.start or 0, part.length
            if length is None:
                length = one.body.size - start
            if start + length <= one.body.size and length > 0:
                return Held(url=part.url, parts=((one.body, start, length),), exchanges=(one,))
        return self._covered(part, known)

    def _covered(self, part: Part, known: list[Exchange]) -> Held | None:
        """The bytes, put together from ranges."""
        spans = []
        total = 0
        for one in known:
            span = content_range(one) if one.status == 206 else None
            if span is not None and one.body is not None and one.body.size:
                # What was cut short is still good as far as it came.
                spans.append((span[0], min(span[1], span[0] + one.body.size), one))
                total = max(total, span[2])
        at = part.start or 0
        end = at + part.length if part.length is not None else total
        if not end:
            return None
        begin, parts, taken = at, [], []
        for start, stop, one in sorted(spans, key=lambda span: span[:2]):
            if start <= at < stop and one.body is not None:
                length = min(stop, end) - at
                parts.append((one.body, at - start, length))
                taken.append(one)
                at += length
            if at >= end:
                break
        if at < end or end <= begin:
            return None
        return Held(url=part.url, parts=tuple(parts), exchanges=tuple(taken))

    def _get(self, part: Part) -> Held | None:
        """The bytes, asked for by us where nobody has pulled them."""
        if (held := self._had(part)) is not None:
            return held
        span = None
        if part.start is not None and part.length is not None:
            span = (part.start, part.length)
        one = self._lookups.get(part.url, span)
        if one is None or one.body is None or not one.body.size:
            return None
        self._note(one)
        if (held := self._had(part)) is not None:
            return held
        if span is not None:
            return None
        cut = ((one.body, 0, one.body.size),)
        return Held(url=part.url, parts=cut, exchanges=(one,), whole=False)

    def _text(self, held: Held) -> bytes:
        spool = self._traffic.spool
        return b"".join(
            b"".join(spool.read(body, start, length)) for body, start, length in held.parts
        )

    # --- streams ---------------------------------------------------------------------------------

    def _streams(self) -> Iterator[Film]:
        lists: dict[str, tuple[Held, Master | Track]] = {}
        manifests: list[tuple[Held, playlist.Manifest]] = []
        for url in self._list_urls():
            held = self._get(Part(url=url))
            if held is None or held.size > playlist.MOST_BYTES:
                continue
            with suppress(ValueError):
                if playlist.is_hls(held.head):
                    lists[url] = (held, playlist.hls(self._text(held), url))
                    self._used.add(url)
                elif playlist.is_dash(held.head):
                    manifests.append((held, playlist.dash(self._text(held), url)))
                    self._used.add(url)
        for held, manifest in manifests:
            yield self._dash(held, manifest)
        named: set[str] = set()
        for url, (held, one) in list(lists.items()):
            if isinstance(one, Master):
                named |= {each.url for each in (*one.variants, *one.renditions)}
                if (film := self._master(url, held, one, lists)) is not None:
                    yield film
        for url, (held, one) in lists.items():
            if isinstance(one, Track):
                self._use(one)
                if url not in named:
                    yield self._hls(url, [held], [one])

    def _list_urls(self) -> list[str]:
        found = [
            url
            for url, known in self._by_url.items()
            for one in known
            if one.body is not None
            and (playlist.is_hls(one.body.head) or playlist.is_dash(one.body.head))
        ]
        played = [one.url for one in self._elements]
        # What a page wrote there need not be an address at all.
        found += [url for url in played if re.search(r"(?i)^[^?#]+\.(m3u8|mpd)([?#]|$)", url)]
        return list(dict.fromkeys(found))[:MOST_FILMS]

    def _use(self, track: Track) -> None:
        for piece in track.pieces:
            self._used.add(piece.part.url)
            if piece.init is not None:
                self._used.add(piece.init.url)
            if piece.key is not None:
                self._used.add(piece.key.url)

    def _pulled(self, track: Track) -> int:
        """How many of its pieces the page pulled."""
        return sum(piece.part.url in self._by_url for piece in track.pieces)

    def _master(
        self, url: str, held: Held, master: Master, lists: dict[str, tuple[Held, Master | Track]]
    ) -> Film | None:
        """The variant that played, or the best one, with its sound."""

        def pulled(one: Variant) -> tuple[int, int]:
            known = lists.get(one.url)
            count = self._pulled(known[1]) if known and isinstance(known[1], Track) else -1
            return count, one.bandwidth

        best = max(master.variants, key=pulled)
        chosen = [best]
        sounds = [one for one in master.renditions if best.group and one.group == best.group]
        if sounds:
            chosen.append(max(sounds, key=lambda one: (pulled(one)[0], one.chosen)))
        said = [held]
        tracks: list[Track] = []
        for one in chosen:
            found = self._get(Part(url=one.url))
            track: Master | Track | None = None
            if found is not None and found.size <= playlist.MOST_BYTES:
                with suppress(ValueError):
                    track = playlist.hls(self._text(found), one.url)
            if found is None or not isinstance(track, Track):
                film = self._hls(url, said, tracks)
                film.missing.append(one.url)
                return film
            self._used.add(one.url)
            said.append(found)
            tracks.append(track)
        return self._hls(url, said, tracks)

    def _hls(self, url: str, lists: list[Held], tracks: list[Track]) -> Film:
        for track in tracks:
            self._use(track)
        return Film(
            way="hls",
            url=url,
            tracks=tracks,
            lists=lists,
            protected=any(track.protected for track in tracks),
            ended=all(track.ended for track in tracks),
            stated=max((track.milliseconds for track in tracks), default=0),
        )

    def _dash(self, held: Held, manifest: playlist.Manifest) -> Film:
        chosen = []
        for track in manifest.tracks:
            self._use(track)
        for kind in ("video", "audio"):
            of_kind = [one for one in manifest.tracks if one.kind == kind and one.pieces]
            if of_kind:
                chosen.append(max(of_kind, key=lambda one: (self._pulled(one), one.bandwidth)))
        return Film(
            way="dash",
            url=held.url,
            tracks=chosen,
            lists=[held],
            protected=any(track.protected for track in manifest.tracks),
            ended=not manifest.live,
            stated=manifest.milliseconds,
        )

    # --- files -----------------------------------------------------------------------------------

    def _files(self) -> Iterator[Film]:
        urls = [one.url for one in self._elements if one.url.startswith(("http:", "https:"))]
        for url, known in self._by_url.items():
            if any(self._is_file(one) for one in known):
                urls.append(url)
        for url in dict.fromkeys(urls):
            if url not in self._used:
                self._used.add(url)
                yield Film(way="file", url=url)

    def _is_file(self, one: Exchange) -> bool:
        if one.source == "lookup" or one.status not in (200, 206):
            return False
        if one.kind == "Media" or one.media_type.startswith(("video/", "audio/")):
            return one.status == 206 or self._kind(one) in ("file", "")
        return self._kind(one) == "file" and bool(one.body and form_of(one.body.head))

    def _kind(self, one: Exchange) -> Literal["file", "init", "piece", ""]:
        """Whether a body is a file of its own or part of one; empty when it is no media."""
        if one.body is None:
            return ""
        form = form_of(one.body.head)
        if form == "mpegts":
            return "file" if one.kind == "Media" else "piece"
        if form != "mp4":
            return "file" if form in ("matroska", "mp3", "ogg", "flv", "wav", "flac") else ""
        boxes = self._boxes(one.body)
        if b"moov" in boxes:
            return "file" if boxes & {b"mdat", b"moof"} else "init"
        return "piece" if boxes & {b"moof", b"mdat"} else ""

    def _boxes(self, body: Body) -> set[bytes]:
        """The names of an MP4's outermost boxes."""
        found: set[bytes] = set()
        at = 0
        while at + 8 <= body.size and len(found) < 64:
            head = b"".join(self._traffic.spool.read(body, at, 16))
            size, name = int.from_bytes(head[:4], "big"), head[4:8]
            found.add(name)
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            if size < 8 or len(found) >= 64:
                break
            at += size
        return found

    def _loose(self) -> Iterator[Film]:
        """Pieces that no playlist names: a script of the page knew of them."""
        inits: dict[str, Held] = {}
        groups: dict[str, list[tuple[int, int, Held]]] = {}
        for one in self._traffic.page():
            if one.url in self._used or one.status != 200 or one.body is None or not one.whole:
                continue
            kind = self._kind(one)
            held = Held(url=one.url, parts=((one.body, 0, one.body.size),), exchanges=(one,))
            place = _shape(one.url)
            if kind == "init":
                inits[place] = held
            elif kind == "piece" and form_of(one.body.head):
                begin = _decode_time(one.body.head)
                groups.setdefault(place, []).append((begin, one.number, held))
        for place, pieces in list(groups.items())[:MOST_FILMS]:
            yield _assembled(pieces, inits.get(place) or _nearest(inits, place))

    # --- gathering -------------------------------------------------------------------------------

    def _gather(self, film: Film) -> None:
        """The film's pieces are there, or named as missing."""
        if film.way == "file":
            self._gather_file(film)
        if film.way in ("file", "loose"):
            return
        if sum(len(track.pieces) for track in film.tracks) > MOST_PIECES:
            self.over = True
            film.missing.append(f"{film.url}: more than {MOST_PIECES} pieces")
            return
        for track in film.tracks:
            had: dict[Part, Held] = {}
            for piece in track.pieces:
                wanted = [piece.part]
                if piece.init is not None:
                    wanted.insert(0, piece.init)
                if piece.key is not None and piece.key.url and not track.protected:
                    wanted.insert(0, Part(url=piece.key.url))
                for part in wanted:
                    if part in had or part.url in film.missing:
                        continue
                    held = self._get(part)
                    if held is None or not held.whole:
                        film.missing.append(part.url)
                    if held is not None:
                        had[part] = held
            film.held.append(had)
            first = next((had[p.init] for p in track.pieces if p.init in had), None)
            if first is not None and re.search(rb"encv|enca|pssh", first.head):
                film.protected = True

    def _gather_file(self, film: Film) -> None:
        film.file = self._get(Part(url=film.url))
        if film.file is None:
            film.missing.append(film.url)
            return
        film.protected = re.search(rb"encv|enca", film.file.head) is not None
        if len(film.file.parts) > 1:
            first = film.file.exchanges[0]
            self.joined.append(
                Joined(
                    url=film.url,
                    at=first.started,
                    media_type=first.media_type or "application/octet-stream",
                    parts=film.file.parts,
                )
            )

    def _player(self, film: Film, films: list[Film]) -> Element | None:
        """The player on the page that shows the film, where that is plain."""
        same = [one for one in self._elements if one.url in (film.url, *_urls(film))]
        if same:
            return same[0]
        fed = [one for one in self._elements if one.url.startswith("blob:") and one.milliseconds]
        streams = [one for one in films if one.way != "file"]
        if film.way != "file" and len(fed) == 1 and len(streams) == 1:
            return fed[0]
        near = [one for one in fed if film.stated and abs(one.milliseconds - film.stated) < 1000]
        return near[0] if film.way != "file" and len(near) == 1 else None


def _urls(film: Film) -> list[str]:
    return [held.url for held in film.lists]


def _shape(url: str) -> str:
    """An address without its numbers: pieces of one film share it."""
    parts = urlsplit(url)
    name = re.sub(r"\d+", "0", parts.path.rpartition("/")[2])
    return f"{parts.netloc}{parts.path.rpartition('/')[0]}/{name}"


def _nearest(inits: dict[str, Held], place: str) -> Held | None:
    """The one beginning that stands in the same folder."""
    folder = place.rpartition("/")[0]
    near = [held for at, held in inits.items() if at.rpartition("/")[0] == folder]
    return near[0] if len(near) == 1 else None


def _decode_time(head: bytes) -> int:
    """When a fragment is to be shown, on its own clock (ISO/IEC 14496-12, 8.8.12); else 0."""
    at = head.find(b"tfdt")
    if at < 0 or len(head) < at + 16:
        return 0
    long = head[at + 4] == 1
    return int.from_bytes(head[at + 8 : at + (16 if long else 12)], "big")


def _assembled(pieces: list[tuple[int, int, Held]], init: Held | None) -> Film:
    """A film of loose pieces, in the order of their own clock, else as they were pulled."""
    ordered = [held for _, _, held in sorted(pieces, key=lambda one: one[:2])]
    had = {Part(url=held.url): held for held in ordered}
    begin = None if init is None else Part(url=init.url)
    if begin is not None and init is not None:
        had[begin] = init
    track = Track(
        pieces=tuple(
            Piece(part=Part(url=held.url), number=number, init=begin)
            for number, held in enumerate(ordered, 1)
        ),
        ended=False,
    )
    return Film(way="loose", url=ordered[0].url, tracks=[track], held=[had], ended=False)
