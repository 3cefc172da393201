"""Streams as sites serve them: HLS in TS and fMP4, encrypted, DASH; and pages that play them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from fakes.film import film
from fakes.site import Page, html

WORDS = "<p>这里有足够多的文字，不止十个字。</p>"
SECONDS = 6
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".ts": "video/mp2t",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".key": "application/octet-stream",
}
CODECS = 'video/mp4; codecs="avc1.42c00b,mp4a.40.2"'

Way = Literal["ts", "fmp4", "aes", "dash"]


def stream(folder: Path, way: Way, at: str) -> dict[str, Page]:
    """The files of a stream of SECONDS seconds in pieces of about one second, below ``at``."""
    import av

    folder.mkdir()
    whole = folder / "whole.mp4"
    film(whole, seconds=SECONDS, every=10)
    out = folder / "out"
    out.mkdir()
    name, options = "list.m3u8", {"hls_time": "1", "hls_list_size": "0"}
    match way:
        case "ts":
            options |= {"hls_segment_filename": str(out / "%d.ts")}
        case "fmp4":
            options |= {
                "hls_segment_type": "fmp4",
                "hls_fmp4_init_filename": "init.mp4",
                "hls_segment_filename": str(out / "%d.m4s"),
            }
        case "aes":
            (out / "a.key").write_bytes(os.urandom(16))
            told = folder / "told"
            told.write_text(f"a.key\n{out / 'a.key'}\n")
            options |= {
                "hls_segment_filename": str(out / "%d.ts"),
                "hls_key_info_file": str(told),
            }
        case "dash":
            name = "list.mpd"
            options = {"seg_duration": "1", "use_template": "1", "use_timeline": "1"}
            options |= {
                "init_seg_name": "init-$RepresentationID$.m4s",
                "media_seg_name": "$RepresentationID$-$Number%03d$.m4s",
            }
    form = "dash" if way == "dash" else "hls"
    with (
        av.open(str(whole)) as source,
        av.open(str(out / name), "w", format=form, options=options) as sink,
    ):
        streams = {one.index: sink.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                sink.mux(packet)
    return {
        f"{at}/{one.name}": Page(
            one.read_bytes(), headers={"Content-Type": TYPES[one.suffix], "Accept-Ranges": "bytes"}
        )
        for one in out.iterdir()
    }


def asking(*urls: str) -> str:
    """A page whose script pulls these, as a player would, and plays none."""
    lines = "".join(f"await fetch('{url}').then(r => r.arrayBuffer());" for url in urls)
    return html(f"{WORDS}<script>(async () => {{ {lines} }})()</script>")


def feeding(init: str, *pieces: str) -> str:
    """A page whose script feeds a player from pieces that it fetches itself."""
    urls = ",".join(f"'{url}'" for url in (init, *pieces))
    return html(f"""{WORDS}<video id=v muted></video><script>
    const source = new MediaSource(), v = document.getElementById('v');
    v.src = URL.createObjectURL(source);
    source.addEventListener('sourceopen', async () => {{
      const buffer = source.addSourceBuffer('{CODECS}');
      for (const url of [{urls}]) {{
        buffer.appendBuffer(await (await fetch(url)).arrayBuffer());
        await new Promise(done => buffer.addEventListener('updateend', done, {{once: true}}));
      }}
      source.endOfStream();
      v.currentTime = 2;
    }});
    </script>""")
