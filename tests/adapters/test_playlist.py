"""Playlists of strangers: read strictly, and never more than they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters import playlist
from holdfast.adapters.playlist import Manifest, Master, Part, Track

BASE = "https://cdn.example.com/a/list.m3u8"


def media(text: str) -> Track:
    found = playlist.hls(f"#EXTM3U\n{text}".encode(), BASE)
    assert isinstance(found, Track)
    return found


def test_pieces_with_their_lengths_keys_beginnings_and_breaks() -> None:
    track = media(
        """#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@20"
#EXT-X-KEY:METHOD=AES-128,URI="/k?a=1,2",IV=0x01
#EXTINF:4.0041,a title, with commas
one.m4s
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=NONE
#EXTINF:2,
https://other.example.com/two.m4s#x
#EXT-X-ENDLIST
"""
    )
    one, two = track.pieces
    assert (track.ended, track.protected, track.milliseconds) == (True, False, 6004)
    assert one.part == Part(url="https://cdn.example.com/a/one.m4s")
    assert one.init == Part(url="https://cdn.example.com/a/init.mp4", start=20, length=100)
    assert one.key is not None
    assert (one.key.url, one.key.iv) == ("https://cdn.example.com/k?a=1,2", bytes(15) + b"\x01")
    assert (one.number, two.number) == (7, 8)
    assert (one.break_before, two.break_before, two.key) == (False, True, None)
    assert two.part.url == "https://other.example.com/two.m4s"


def test_ranges_follow_one_another_in_the_same_file() -> None:
    track = media(
        "#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\na.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:20\na.ts\n"
    )
    assert [(one.part.start, one.part.length) for one in track.pieces] == [(5, 10), (15, 20)]
    assert not track.ended


@pytest.mark.parametrize(
    "key",
    [
        'METHOD=SAMPLE-AES,URI="k"',
        'METHOD=AES-128,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
        'METHOD=SAMPLE-AES-CTR,URI="data:x",KEYFORMAT="urn:uuid:edef8ba9"',
    ],
)
def test_keys_of_a_licence_server_are_said_to_be(key: str) -> None:
    assert media(f"#EXT-X-KEY:{key}\n#EXTINF:1,\na.ts\n").protected


def test_a_master_names_variants_and_their_sound() -> None:
    found = playlist.hls(
        b"""#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",URI="words.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a",CODECS="avc1.42c00b,mp4a.40.2"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=9000
high.m3u8
""",
        BASE,
    )
    assert isinstance(found, Master)
    assert [(one.bandwidth, one.group) for one in found.variants] == [(1000, "a"), (9000, "")]
    assert [(one.kind, one.chosen) for one in found.renditions] == [("audio", True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no playlist",
        "#EXTM3U\n",
        "#EXTM3U\n#EXTINF:nan,\na.ts",
        "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd",
        "#EXTM3U\n#EXTINF:1,\njavascript:alert(1)",
        "#EXTM3U\n#EXTINF:1,\na b.ts",
        "#EXTM3U\n#EXTINF:1,\n" + "a" * 9000,
        "#EXTM3U\n#EXT-X-BYTERANGE:-1\na.ts",
        "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,IV=0xZZ\n#EXTINF:1,\na.ts",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        "#EXTM3U\n" + "#EXTINF:1,\na.ts\n" * (playlist.MOST_PIECES + 1),
        "#EXTM3U\n" + "#EXT-X-STREAM-INF:A=1\na.m3u8\n" * (playlist.MOST_LISTS + 1),
        "#EXTM3U\n" + " " * playlist.MOST_BYTES,
    ],
)
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        playlist.hls(text.encode(), BASE)


MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {root} mediaPresentationDuration="PT0H0M6.5S">
 <BaseURL>films/</BaseURL>
 <Period>{period}</Period></MPD>"""


def manifest(period: str, root: str = 'type="static"') -> Manifest:
    raw = MPD.format(period=period, root=root).encode()
    assert playlist.is_dash(raw)
    return playlist.dash(raw, "https://cdn.example.com/a/list.mpd")


def test_a_template_with_a_length() -> None:
    found = manifest(
        """<AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1000" duration="3000"
        startNumber="5" initialization="$RepresentationID$/i.mp4"
        media="$RepresentationID$/$Bandwidth$-$Number%04d$$$.m4s"/>
        <Representation id="v" bandwidth="77"/></AdaptationSet>"""
    )
    (track,) = found.tracks
    assert (found.milliseconds, found.live, track.kind, track.protected) == (
        6500, False, "video", False
    )  # fmt: skip
    place = "https://cdn.example.com/a/films/v"
    assert [one.part.url for one in track.pieces] == [f"{place}/77-000{n}$.m4s" for n in (5, 6, 7)]
    assert [one.milliseconds for one in track.pieces] == [3000, 3000, 500]
    assert track.pieces[0].init == Part(url=f"{place}/i.mp4")


def test_a_template_with_a_line_of_times_lists_and_whole_files() -> None:
    found = manifest(
        """<AdaptationSet contentType="audio"><SegmentTemplate timescale="10"
        presentationTimeOffset="100" media="$Time$.m4s">
        <SegmentTimeline><S t="100" d="20" r="1"/><S d="5"/><S t="150" d="10" r="-1"/>
        </SegmentTimeline></SegmentTemplate><Representation id="a"/></AdaptationSet>
        <AdaptationSet mimeType="video/mp4"><Representation id="l"><SegmentList duration="2">
        <Initialization range="0-9"/><SegmentURL media="1" mediaRange="10-19"/><SegmentURL
        media="2"/></SegmentList></Representation><Representation id="f"><BaseURL>one.mp4</BaseURL>
        </Representation><ContentProtection schemeIdUri="urn:x"/></AdaptationSet>"""
    )
    sound, listed, whole = found.tracks
    assert [one.part.url.rpartition("/")[2] for one in sound.pieces] == [
        f"{at}.m4s" for at in (100, 120, 140, 150, 160)
    ]
    assert listed.pieces[0].part == Part(
        url="https://cdn.example.com/a/films/1", start=10, length=10
    )
    assert listed.pieces[0].init == Part(url="https://cdn.example.com/a/films/", start=0, length=10)
    assert [one.part.url for one in whole.pieces] == ["https://cdn.example.com/a/films/one.mp4"]
    assert (sound.protected, listed.protected, whole.protected) == (False, True, True)


def test_periods_follow_one_another() -> None:
    raw = (
        b'<MPD type="dynamic"><Period duration="PT2S"><AdaptationSet mimeType="video/mp4">'
        b'<SegmentTemplate duration="1" media="a$Number$"/><Representation id="v"/>'
        b'</AdaptationSet></Period><Period duration="PT1S"><AdaptationSet mimeType="video/mp4">'
        b'<SegmentTemplate duration="1" media="b$Number$"/><Representation id="v"/>'
        b"</AdaptationSet></Period></MPD>"
    )
    found = playlist.dash(raw, "https://a.example/x/y.mpd")
    (track,) = found.tracks
    assert (found.live, found.milliseconds) == (True, 3000)
    assert [one.part.url[-2:] for one in track.pieces] == ["a1", "a2", "b1"]
    assert [one.break_before for one in track.pieces] == [False, False, True]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<MPD>",
        b"<html/>",
        b"<MPD/>",
        b'<!DOCTYPE MPD [<!ENTITY a "b">]><MPD><Period/></MPD>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><MPD><Period/></MPD>',
        b'<?xml version="1.0" encoding="x-none"?><MPD><Period/></MPD>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<MPD>" + b"<Period/>" * (playlist.MOST_LISTS + 1) + b"</MPD>",
        b"<MPD>" + b"<a/>" * (playlist.MOST_NODES + 1) + b"</MPD>",
        b'<MPD mediaPresentationDuration="soon"><Period/></MPD>',
        b'<MPD mediaPresentationDuration="P999999D"><Period/></MPD>',
        b"<MPD><BaseURL>file:///etc/</BaseURL><Period/></MPD>",
        b" " * (playlist.MOST_BYTES + 1),
    ],
)
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        playlist.dash(raw, "https://a.example/x.mpd")


@pytest.mark.parametrize(
    "inner",
    [
        '<SegmentTemplate duration="1" timescale="99999999999999" media="$Number$"/>',
        (
            '<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="999999999"/>'
            "</SegmentTimeline></SegmentTemplate>"
        ),
        (
            '<SegmentTemplate media="$Time$"><SegmentTimeline><S d="0"/></SegmentTimeline>'
            "</SegmentTemplate>"
        ),
        (
            '<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="x"/></SegmentTimeline>'
            "</SegmentTemplate>"
        ),
        '<SegmentTemplate duration="x" media="a"/>',
        '<SegmentTemplate duration="1" media="file:///etc/passwd"/>',
        '<SegmentList><SegmentURL mediaRange="9-1"/></SegmentList>',
    ],
)
def test_pieces_out_of_reason_are_refused(inner: str) -> None:
    with pytest.raises(ValueError):
        manifest(
            f'<AdaptationSet mimeType="video/mp4">{inner}<Representation id="v"/></AdaptationSet>'
        )


LINES = st.sampled_from(
    [
        "#EXTM3U", "#EXTINF:4,", "#EXTINF:99999999.999999999,", "#EXT-X-ENDLIST", "a.ts",
        "#EXT-X-BYTERANGE:5@0", "#EXT-X-BYTERANGE:5", '#EXT-X-MAP:URI="i"', "#EXT-X-MAP:URI=",
        '#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXT-X-MEDIA-SEQUENCE:999999999999999",
        "#EXT-X-DISCONTINUITY", "#EXT-X-STREAM-INF:BANDWIDTH=1", "http://[", "//", "\x00",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=40))
def test_any_list_of_lines_is_read_or_refused(lines: list[str]) -> None:
    raw = "\n".join(["#EXTM3U", *lines]).encode("utf-8", "surrogatepass")
    try:
        found = playlist.hls(raw, BASE)
    except ValueError:
        return
    if isinstance(found, Track):
        assert 0 < len(found.pieces) <= playlist.MOST_PIECES
        assert all(one.part.url.startswith(("http://", "https://")) for one in found.pieces)
        assert found.milliseconds >= 0
    else:
        assert found.variants


@given(st.binary(max_size=300))
def test_any_bytes_are_no_manifest_or_one(raw: bytes) -> None:
    for data in (raw, b"<MPD>" + raw + b"</MPD>", b"#EXTM3U\n" + raw):
        for read in (playlist.dash, playlist.hls):
            try:
                read(data, "https://a.example/x")
            except ValueError:
                continue


NUMBERS = st.one_of(st.integers(-5, 10**20).map(str), st.text(max_size=4))


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_any_numbers_in_a_template_are_read_or_refused(a: str, b: str, c: str, d: str) -> None:
    from xml.sax.saxutils import quoteattr

    a, b, c, d = (quoteattr(one) for one in (a, b, c, d))
    inner = (
        f"<SegmentTemplate timescale={a} duration={b} startNumber={c} media='$Number$.m4s'>"
        f"<SegmentTimeline><S d={d} r={c}/></SegmentTimeline></SegmentTemplate>"
    )
    try:
        found = manifest(
            f"<AdaptationSet mimeType='video/mp4'>{inner}<Representation id='v'/></AdaptationSet>"
        )
    except ValueError:
        return
    assert sum(len(track.pieces) for track in found.tracks) <= playlist.MOST_PIECES
