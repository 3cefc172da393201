"""HLS and DASH playlists: ValueError or a bounded plan of web addresses."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from fuzz import mutators
from fuzz.target import Target
from holdfast.adapters import playlist

BASE = "https://video.example/show/12/"


def run(data: bytes) -> None:
    playlist.is_hls(data[:64])
    playlist.is_dash(data[:4096])
    with suppress(ValueError):
        found = playlist.hls(data, BASE)
        if isinstance(found, playlist.Track):
            _track(found)
        else:
            assert len(found.variants) + len(found.renditions) <= playlist.MOST_LISTS
            _web(one.url for one in (*found.variants, *found.renditions) if one.url)
    with suppress(ValueError):
        told = playlist.dash(data, BASE)
        for track in told.tracks:
            _track(track)


def _track(track: playlist.Track) -> None:
    assert len(track.pieces) <= playlist.MOST_PIECES
    assert track.milliseconds >= 0
    for piece in track.pieces:
        _web(one.url for one in (piece.part, piece.init) if one is not None)


def _web(urls: Iterable[str]) -> None:
    for url in urls:
        assert url.startswith(("http://", "https://")), url[:80]
        assert len(url) <= playlist.LONGEST_URL


TARGET = Target(
    name="playlist",
    run=run,
    mutate=mutators.lines,
    tokens=(
        b"#EXTM3U\n",
        b"#EXTINF:",
        b"#EXT-X-BYTERANGE:",
        b"#EXT-X-KEY:METHOD=AES-128,URI=",
        b"#EXT-X-MAP:URI=",
        b"#EXT-X-STREAM-INF:BANDWIDTH=",
        b"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=",
        b"#EXT-X-MEDIA-SEQUENCE:",
        b"#EXT-X-DISCONTINUITY\n",
        b"#EXT-X-ENDLIST\n",
        b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>",
        b"<Period>",
        b"<AdaptationSet mimeType='video/mp4'>",
        b"<Representation id='1' bandwidth='9'>",
        b"<SegmentTemplate media='$Number%05d$.m4s' timescale='1' duration='2'/>",
        b"<SegmentTimeline><S t='0' d='1' r='-1'/></SegmentTimeline>",
        b"<SegmentList>",
        b"<SegmentURL media='",
        b"<BaseURL>",
        b"PT1H2M3.5S",
        b"<!DOCTYPE",
        b"<!ENTITY",
        b"file:///etc/passwd",
    ),
    largest=32 << 10,
)
