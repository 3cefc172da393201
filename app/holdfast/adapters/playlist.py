"""What a streaming playlist says: HLS (RFC 8216) and DASH (ISO/IEC 23009-1), and nothing more.

Playlists come from strangers: every reader here stops at a size, a count and a depth, opens
nothing, and raises ValueError for what it cannot make out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

MOST_BYTES = 8 << 20
MOST_PIECES = 20_000
MOST_ALL = 2 * MOST_PIECES
"""Pieces of all tracks together."""
MOST_LISTS = 500
DEEPEST = 40
MOST_NODES = 100_000
LONGEST_URL = 8192
LONGEST_MS = 100 * 3600 * 1000

TrackKind: TypeAlias = Literal["video", "audio", "text", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes at an address: all of them, or ``length`` from ``start``."""

    url: str
    start: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """How the pieces from here on are encrypted."""

    method: str
    url: str = ""
    iv: bytes = b""
    """Empty: the piece's number is it."""
    form: str = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One segment."""

    part: Part
    milliseconds: int = 0
    number: int = 0
    key: Key | None = None
    init: Part | None = None
    break_before: bool = False
    """Whether its clock has nothing to do with that of the piece before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One way through a film: its pieces in order."""

    kind: TrackKind = ""
    name: str = ""
    bandwidth: int = 0
    pieces: tuple[Piece, ...] = ()
    ended: bool = True
    """Whether the list says that nothing comes after it."""
    protected: bool = False
    """Whether a key is needed that only a licence server gives."""

    @property
    def milliseconds(self) -> int:
        """How long the list says that it is; 0 where it does not say."""
        return sum(piece.milliseconds for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A media playlist that a master playlist names."""

    url: str
    kind: TrackKind = "video"
    bandwidth: int = 0
    group: str = ""
    """Of a rendition; of a variant, the group that its sound comes from."""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """A master playlist."""

    variants: tuple[Variant, ...] = ()
    renditions: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A DASH presentation."""

    tracks: tuple[Track, ...]
    milliseconds: int
    live: bool


_PLAIN = re.compile("[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*")
"""Names below a folder, which need not be taken apart sixty thousand times."""


def _address(text: str, base: str) -> str:
    """The http(s) address that ``text`` means at ``base``.  Raises ValueError."""
    if len(text) < 200 and _PLAIN.fullmatch(text) and len(base) + len(text) < LONGEST_URL:
        return _folder(base) + text
    return _joined(text, base)


@lru_cache(maxsize=64)
def _folder(base: str) -> str:
    """What stands before a plain name at ``base``.  Raises ValueError."""
    return _joined("x", base)[:-1]


def _joined(text: str, base: str) -> str:
    if len(text) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", text):
        raise ValueError("not an address")
    url = urljoin(base, text).partition("#")[0]
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > LONGEST_URL:
        raise ValueError("not a web address")
    return url


# --- HLS -----------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(r'([A-Z0-9-]{1,60})=("[^"\r\n]*"|[^",\s]*)(?:,|$)')
_SECONDS = re.compile(r"(\d{1,8})(?:\.(\d{1,9}))?")
_RANGE = re.compile(r"(\d{1,15})(?:@(\d{1,15}))?")


def is_hls(head: bytes) -> bool:
    """Whether a body that begins like this is an HLS playlist."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:7] == b"#EXTM3U"


def hls(raw: bytes, base: str) -> Master | Track:
    """The playlist ``raw`` that came from ``base``.  Raises ValueError."""
    if len(raw) > MOST_BYTES:
        raise ValueError("too long")
    lines = [line.strip() for line in raw.decode("utf-8-sig", "replace").splitlines()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise ValueError("not a playlist")
    if any(line.startswith(("#EXT-X-STREAM-INF", "#EXT-X-MEDIA:")) for line in lines):
        return _master(lines, base)
    return _Reading(base).read(lines)


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text[:20_000])}


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,15}", text) else 0


def _master(lines: list[str], base: str) -> Master:
    variants: list[Variant] = []
    renditions: list[Variant] = []
    waiting: dict[str, str] | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            waiting = _attributes(line.partition(":")[2])
        elif line.startswith("#EXT-X-MEDIA:"):
            said = _attributes(line.partition(":")[2])
            if said.get("TYPE") == "AUDIO" and said.get("URI"):
                renditions.append(
                    Variant(
                        url=_address(said["URI"], base),
                        kind="audio",
                        group=said.get("GROUP-ID", "")[:200],
                        chosen=said.get("DEFAULT") == "YES",
                    )
                )
        elif line and not line.startswith("#") and waiting is not None:
            variants.append(
                Variant(
                    url=_address(line, base),
                    bandwidth=_whole(waiting.get("BANDWIDTH", "")),
                    group=waiting.get("AUDIO", "")[:200],
                )
            )
            waiting = None
        if len(variants) + len(renditions) > MOST_LISTS:
            raise ValueError("too many playlists")
    if not variants:
        raise ValueError("a master playlist that names none")
    return Master(variants=tuple(variants), renditions=tuple(renditions))


@dataclass(slots=True)
class _Reading:
    """A media playlist, line after line."""

    base: str
    number: int = 0
    key: Key | None = None
    init: Part | None = None
    milliseconds: int = 0
    asked: tuple[int, int | None] | None = None
    broken: bool = False
    ended: bool = False
    after: dict[str, int] = field(default_factory=dict)
    """Where the last range of each address ended."""
    pieces: list[Piece] = field(default_factory=list)

    def read(self, lines: list[str]) -> Track:
        for line in lines:
            if line.startswith("#"):
                self._tag(*line.partition(":")[::2])
            elif line:
                self._piece(line)
        if not self.pieces:
            raise ValueError("a playlist without pieces")
        protected = any(one.key is not None and _licensed(one.key) for one in self.pieces)
        return Track(pieces=tuple(self.pieces), ended=self.ended, protected=protected)

    def _tag(self, tag: str, value: str) -> None:
        match tag:
            case "#EXTINF":
                found = _SECONDS.match(value)
                if found is None:
                    raise ValueError("a length that is no number")
                fraction = ((found[2] or "") + "000")[:3]
                self.milliseconds = int(found[1]) * 1000 + int(fraction)
            case "#EXT-X-BYTERANGE":
                self.asked = _range(value)
            case "#EXT-X-MEDIA-SEQUENCE":
                self.number = _whole(value)
            case "#EXT-X-DISCONTINUITY":
                self.broken = bool(self.pieces)
            case "#EXT-X-ENDLIST":
                self.ended = True
            case "#EXT-X-KEY":
                self.key = _key(_attributes(value), self.base)
            case "#EXT-X-MAP":
                said = _attributes(value)
                at = _range(said["BYTERANGE"]) if "BYTERANGE" in said else None
                self.init = Part(
                    url=_address(said.get("URI", ""), self.base),
                    start=None if at is None else at[1] or 0,
                    length=None if at is None else at[0],
                )

    def _piece(self, line: str) -> None:
        if len(self.pieces) >= MOST_PIECES:
            raise ValueError("too many pieces")
        url = _address(line, self.base)
        part = Part(url=url)
        if self.asked is not None:
            length, start = self.asked
            start = self.after.get(url, 0) if start is None else start
            self.after[url] = start + length
            part = Part(url=url, start=start, length=length)
        self.pieces.append(
            Piece(
                part=part,
                milliseconds=self.milliseconds,
                number=self.number,
                key=self.key,
                init=self.init,
                break_before=self.broken,
            )
        )
        if sum((self.milliseconds, self.number)) > 1 << 53:
            raise ValueError("a number out of reason")
        self.number += 1
        self.milliseconds, self.asked, self.broken = 0, None, False


def _range(text: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError("a range that is none")
    return int(found[1]), None if found[2] is None else int(found[2])


def _key(said: Mapping[str, str], base: str) -> Key | None:
    method = said.get("METHOD", "")[:40]
    if method in {"", "NONE"}:
        return None
    iv = said.get("IV", "")
    if iv and not re.fullmatch(r"0[xX][0-9A-Fa-f]{1,32}", iv):
        raise ValueError("an IV that is none")
    form = said.get("KEYFORMAT", "identity")[:200]
    url = said.get("URI", "")
    return Key(
        method=method,
        url=_address(url, base) if form == "identity" and url else "",
        iv=bytes.fromhex(iv[2:].rjust(32, "0")) if iv else b"",
        form=form,
    )


def _licensed(key: Key) -> bool:
    return key.method != "AES-128" or key.form != "identity"


# --- DASH ----------------------------------------------------------------------------------------

_DURATION = re.compile(
    r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:\.(\d{1,9}))?S)?)?"
)
_FIELD = re.compile(r"\$(RepresentationID|Number|Bandwidth|Time)?(?:%0(\d{1,2})d)?\$")


@dataclass(slots=True)
class _Node:
    tag: str
    said: dict[str, str]
    children: list[_Node] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[_Node]:
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> _Node | None:
        return next(iter(self.all(tag)), None)

    def number(self, name: str, default: int = 0) -> int:
        text = self.said.get(name, "")
        if text and not re.fullmatch(r"\d{1,18}", text):
            raise ValueError(f"{name} is no number")
        return int(text) if text else default


def _tree(raw: bytes) -> _Node:
    """The elements of an XML document that declares nothing of its own.  Raises ValueError."""
    from xml.parsers import expat

    root = _Node("", {})
    open_: list[_Node] = [root]
    count = 0

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_) > DEEPEST or count > MOST_NODES:
            raise ValueError("too deep or too long")
        plain = {name.rpartition(" ")[2]: value for name, value in said.items()}
        node = _Node(tag.rpartition(" ")[2], plain)
        open_[-1].children.append(node)
        open_.append(node)

    def text(data: str) -> None:
        if len(open_[-1].text) < LONGEST_URL:
            open_[-1].text += data

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: open_.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError("not well-formed") from error
    return root.children[0]


def is_dash(head: bytes) -> bool:
    """Whether a body that begins like this may be a DASH manifest."""
    return re.search(rb"<(?:[A-Za-z0-9]+:)?MPD[\s>]", head[:4096]) is not None


def dash(raw: bytes, base: str) -> Manifest:
    """The presentation ``raw`` that came from ``base``.  Raises ValueError."""
    if len(raw) > MOST_BYTES:
        raise ValueError("too long")
    root = _tree(raw)
    if root.tag != "MPD":
        raise ValueError("not a manifest")
    base = _moved(root, base)
    whole = _milliseconds(root.said.get("mediaPresentationDuration", ""))
    periods = root.all("Period")
    if not 0 < len(periods) <= MOST_LISTS:
        raise ValueError("no period, or too many")
    lengths = _lengths(periods, whole)
    tracks: list[Track] = []
    left = MOST_ALL
    for period, length in zip(periods, lengths, strict=True):
        for track in _period(period, base, length):
            # Counted on the way: one line can ask for every piece of a thousand tracks.
            left -= len(track.pieces)
            if len(tracks) >= MOST_LISTS or left < 0:
                raise ValueError("too many tracks")
            tracks.append(track)
    return Manifest(
        tracks=_chained(tracks),
        milliseconds=whole or sum(lengths),
        live=root.said.get("type") == "dynamic",
    )


def _lengths(periods: list[_Node], whole: int) -> list[int]:
    """Milliseconds of each period; 0 where it is not said."""
    starts: list[int] = []
    for period in periods:
        after = starts[-1] + _milliseconds(periods[len(starts) - 1].said.get("duration", "")) \
            if starts else 0  # fmt: skip
        starts.append(_milliseconds(period.said.get("start", "")) or after)
    ends = [*starts[1:], whole]
    return [
        _milliseconds(period.said.get("duration", "")) or max(0, end - start)
        for period, start, end in zip(periods, starts, ends, strict=True)
    ]


def _milliseconds(text: str) -> int:
    if not text:
        return 0
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("a length that is none")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    fraction = ((found[5] or "") + "000")[:3]
    length = ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000 + int(fraction)
    if length > LONGEST_MS:
        raise ValueError("a length out of reason")
    return length


def _moved(node: _Node, base: str) -> str:
    """Where addresses inside ``node`` start from."""
    found = node.first("BaseURL")
    return base if found is None or not found.text.strip() else _address(found.text.strip(), base)


def _chained(tracks: list[Track]) -> tuple[Track, ...]:
    """Tracks of the same name in periods after one another are one."""
    found: dict[tuple[str, str], Track] = {}
    for track in tracks:
        key = (track.kind, track.name)
        if key in found and track.pieces:
            before = found[key]
            first = replace(track.pieces[0], break_before=True)
            found[key] = replace(
                before,
                pieces=(*before.pieces, first, *track.pieces[1:]),
                protected=before.protected or track.protected,
            )
        else:
            found.setdefault(key, track)
    return tuple(found.values())


def _period(period: _Node, base: str, length: int) -> Iterator[Track]:
    base = _moved(period, base)
    for group in period.all("AdaptationSet"):
        here = _moved(group, base)
        for number, one in enumerate(group.all("Representation")[:MOST_LISTS]):
            kind = one.said.get("mimeType") or group.said.get("mimeType") or \
                group.said.get("contentType", "")  # fmt: skip
            said = _Stated(
                levels=(period, group, one),
                base=_moved(one, here),
                length=length,
                name=one.said.get("id", str(number))[:200],
                bandwidth=one.number("bandwidth"),
            )
            yield Track(
                kind=_kind(kind),
                name=said.name,
                bandwidth=said.bandwidth,
                pieces=tuple(said.pieces()),
                protected=any(node.all("ContentProtection") for node in (group, one)),
            )


def _kind(mime: str) -> TrackKind:
    first = mime.partition("/")[0]
    if first == "video" or first == "audio":
        return "video" if first == "video" else "audio"
    return "text"


@dataclass(slots=True, kw_only=True)
class _Stated:
    """What a representation says of its pieces, with what it inherits."""

    levels: tuple[_Node, ...]
    base: str
    length: int
    name: str
    bandwidth: int

    def pieces(self) -> list[Piece]:
        if self._nodes("SegmentTemplate"):
            return self._by_template(self._merged("SegmentTemplate"))
        if self._nodes("SegmentList"):
            return self._by_list(self._merged("SegmentList"))
        return [Piece(part=Part(url=self.base), milliseconds=self.length)]

    def _nodes(self, tag: str) -> list[_Node]:
        return [found for node in self.levels if (found := node.first(tag)) is not None]

    def _merged(self, tag: str) -> _Node:
        """The element with the attributes and children of those above it."""
        merged = _Node(tag, {})
        for node in self._nodes(tag):
            merged.said |= node.said
            names = {child.tag for child in node.children}
            kept = [child for child in merged.children if child.tag not in names]
            merged.children = [*kept, *node.children]
        return merged

    def _by_template(self, node: _Node) -> list[Piece]:
        media = node.said.get("media", "")
        scale, start = node.number("timescale", 1) or 1, node.number("startNumber", 1)
        init = node.said.get("initialization", "")
        first = Part(url=self._filled(init, 0, 0)) if init else None
        return [
            Piece(
                part=Part(url=self._filled(media, start + index, at)),
                milliseconds=min(lasts * 1000 // scale, LONGEST_MS),
                number=start + index,
                init=first,
            )
            for index, (at, lasts) in enumerate(self._times(node, scale))
        ]

    def _times(self, node: _Node, scale: int) -> list[tuple[int, int]]:
        """Start and length of each piece, in units of the timescale."""
        whole = self.length * scale // 1000
        lasts = node.number("duration")
        line = node.first("SegmentTimeline")
        if line is None:
            if not lasts or not whole:
                return []
            count = -(-whole // lasts)
            _few(count)
            return [(at * lasts, min(lasts, whole - at * lasts)) for at in range(count)]
        begin = node.number("presentationTimeOffset")
        found: list[tuple[int, int]] = []
        now = 0
        runs = line.all("S")
        for place, run in enumerate(runs):
            now, lasts = run.number("t", now), run.number("d")
            if not lasts:
                raise ValueError("a piece without length")
            again = run.said.get("r", "0")
            if not re.fullmatch(r"-?\d{1,9}", again):
                raise ValueError("r is no number")
            count = int(again) + 1
            if count <= 0:
                following = runs[place + 1] if place + 1 < len(runs) else None
                until = begin + whole if following is None else following.number("t", now)
                count = max(0, -(-(until - now) // lasts))
            _few(len(found) + count)
            found += [(now + step * lasts, lasts) for step in range(count)]
            now += count * lasts
        return found

    def _filled(self, template: str, number: int, at: int) -> str:
        values = {"Number": number, "Bandwidth": self.bandwidth, "Time": at}

        def put(found: re.Match[str]) -> str:
            if found[1] is None:
                return "$"
            if found[1] == "RepresentationID":
                return self.name
            return str(values[found[1]]).rjust(min(int(found[2] or 1), 20), "0")

        return _address(_FIELD.sub(put, template[:LONGEST_URL]), self.base)

    def _by_list(self, node: _Node) -> list[Piece]:
        scale = node.number("timescale", 1) or 1
        lasts = min(node.number("duration") * 1000 // scale, LONGEST_MS)
        found = node.first("Initialization")
        init = None if found is None else self._part(found, "sourceURL", "range")
        urls = node.all("SegmentURL")
        _few(len(urls))
        return [
            Piece(
                part=self._part(one, "media", "mediaRange"),
                milliseconds=lasts,
                number=number,
                init=init,
            )
            for number, one in enumerate(urls, 1)
        ]

    def _part(self, node: _Node, name: str, span: str) -> Part:
        said = node.said.get(name, "")
        url = _address(said, self.base) if said else self.base
        if not node.said.get(span):
            return Part(url=url)
        found = re.fullmatch(r"(\d{1,15})-(\d{1,15})", node.said[span])
        if found is None or int(found[2]) < int(found[1]):
            raise ValueError("a range that is none")
        return Part(url=url, start=int(found[1]), length=int(found[2]) - int(found[1]) + 1)


def _few(count: int) -> None:
    if count > MOST_PIECES:
        raise ValueError("too many pieces")
