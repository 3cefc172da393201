"""The downloader's own process: yt-dlp behind a guard, one order in, lines of JSON out.

It runs as ``python -m holdfast.adapters.downloader`` (frozen: ``holdfast --worker downloader``) so
that a crash, a hang or a greedy file ends with it.  The guard is an audit hook: no connection into
this computer or its network, no other program but the script engine that yt-dlp needs for some
sites, and neither can be taken off again.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from holdfast.adapters import http
from holdfast.core.errors import Refused

Order: TypeAlias = Mapping[str, Any]

MOST_ENTRIES = 500
_REFERENCES = frozenset({"url", "url_transparent"})
_ENGINES = frozenset({"deno", "deno.exe"})
_SPAWNING = frozenset(
    {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty",
     "os.spawn", "pty.spawn", "os.startfile"}
)  # fmt: skip
_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class Inside(ConnectionRefusedError):
    """A connection that the guard did not let out."""


class Guard:
    """Judges every connection and every program that this process asks for."""

    def __init__(self, allow: frozenset[tuple[str, int]]) -> None:
        self._allow = allow
        self.reached: list[str] = []
        self.refused: list[str] = []

    def watch(self) -> None:
        """From now on, until the process ends."""
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _SENDING:
            self.judge(arguments[1])
        elif event in _SPAWNING:
            program = Path(os.fsdecode(arguments[0] or "")).name if arguments else ""
            if event != "subprocess.Popen" or program.lower() not in _ENGINES:
                raise PermissionError("no other programs here")

    def judge(self, address: object) -> None:
        """Nothing, when the address may be reached.  Raises Inside."""
        if address is None:
            return  # a datagram on a connection that was judged when it was made
        if not isinstance(address, tuple) or len(address) < 2:
            raise Inside("not an internet address")
        host, port = str(address[0]).partition("%")[0], int(address[1])
        try:
            found = ipaddress.ip_address(host)
            http.judge(found, host=host, inside=(str(found), port) in self._allow)
        except (ValueError, Refused) as error:
            self.refused.append(f"{host}:{port}")
            raise Inside(f"{host}:{port}") from error
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if shown not in self.reached:
            self.reached.append(shown)


class _Lines:
    """The way out: one JSON object a line."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, event: str, **facts: object) -> None:
        self._stream.write(json.dumps({"event": event, **facts}, default=str) + "\n")
        self._stream.flush()

    # yt-dlp's logger protocol.
    def debug(self, message: str) -> None:
        self.say("log", level="debug", text=message[:2000])

    def info(self, message: str) -> None:
        self.say("log", level="info", text=message[:2000])

    def warning(self, message: str) -> None:
        self.say("log", level="warning", text=message[:2000])

    def error(self, message: str) -> None:
        self.say("log", level="error", text=message[:2000])


def main() -> int:
    """One order from standard input is carried out; 0 when it was, else 1 with an error line."""
    # What libraries print must not stand between the lines.
    lines = _Lines(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    order: Order = json.loads(sys.stdin.readline())
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    guard = Guard(frozenset((str(host), int(port)) for host, port in order["allow"]))
    import yt_dlp
    import yt_dlp.globals

    yt_dlp.globals.plugin_dirs.value = []
    guard.watch()
    lines.say("tool", version=yt_dlp.version.__version__, sha256=package_sha256(yt_dlp.__file__))
    try:
        {"list": _list, "get": _get}[order["do"]](order, lines)
    except yt_dlp.utils.YoutubeDLError as error:
        lines.say("error", refused=guard.refused, reached=guard.reached, **_told(error))
        return 1
    except OSError as error:
        lines.say("error", kind="disk", number=error.errno or 0, text=str(error)[:500])
        return 1
    lines.say("done", reached=guard.reached, refused=guard.refused)
    return 0


def package_sha256(file: str) -> str:
    """SHA-256 over the sorted lines ``<sha256>  <path>`` of a package's Python files.

    ``find yt_dlp -name '*.py' | LC_ALL=C sort | xargs sha256sum | sha256sum`` gives the same, from
    the folder it was installed into.  Empty where the package has no files, as in a bundle.
    """
    root = Path(file).parent
    names = sorted((path.relative_to(root.parent).as_posix(), path) for path in root.rglob("*.py"))
    if not names:
        return ""
    whole = hashlib.sha256()
    for name, path in names:
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def _options(order: Order, lines: _Lines) -> dict[str, Any]:
    """What yt-dlp is told: originals only, nothing resumed, nothing from this computer."""
    cookies = str(order.get("cookies") or "")
    return {
        **({"cookiefile": cookies} if cookies else {}),
        "logger": lines,
        "noprogress": True,
        "quiet": True,
        "no_color": True,
        "proxy": "",
        "cachedir": False,
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "playlistend": MOST_ENTRIES,
        "socket_timeout": 20,
        "retries": 2,
        "extractor_retries": 1,
        "fragment_retries": 3,
        "file_access_retries": 1,
        "skip_unavailable_fragments": False,
        "continuedl": False,
        "overwrites": True,
        "updatetime": False,
        "fixup": "never",
        "hls_prefer_native": True,
        # There is no such program: originals stay as they came, and nothing else connects.
        "ffmpeg_location": str(Path(order.get("room", ".")) / "no-ffmpeg"),
        "format": "bv*,ba",
        "allow_multiple_video_streams": True,
        "writeinfojson": True,
        "clean_infojson": True,
        "writethumbnail": True,
        "writesubtitles": True,
        "subtitleslangs": ["all", "-live_chat"],
        "restrictfilenames": True,
        "windowsfilenames": True,
        "paths": {"home": str(order.get("room", "."))},
        "outtmpl": {
            "default": "video-%(playlist_index|1)s-%(format_id).40s.%(ext)s",
            "infojson": "video-%(playlist_index|1)s",
            "pl_infojson": "",
            "pl_thumbnail": "",
            "thumbnail": "cover-%(playlist_index|1)s.%(ext)s",
            "subtitle": "subtitles-%(playlist_index|1)s.%(ext)s",
        },
    }


def _list(order: Order, lines: _Lines) -> None:
    """The links of a series are told, without opening them; none when it is one video."""
    import yt_dlp

    with yt_dlp.YoutubeDL({**_options(order, lines), "noplaylist": False}) as ydl:
        info = ydl.extract_info(order["url"], download=False, process=True) or {}
    if info.get("_type") not in {"playlist", "multi_video"}:
        lines.say("entries", links=[])
        return
    entries = list(info.get("entries") or [])[:MOST_ENTRIES]
    # Videos that lie on this one page have no page of their own.
    links = [
        yt_dlp.utils.unsmuggle_url(str(entry.get("url") or ""))[0]
        for entry in entries
        if entry.get("_type") in _REFERENCES
    ]
    lines.say("entries", links=[link for link in links if link])


def _get(order: Order, lines: _Lines) -> None:
    """The video is in the room, with what the site said of it."""
    import yt_dlp
    from yt_dlp.utils import DownloadCancelled, match_filter_func

    limit = int(order["limit"])
    done: dict[str, int] = {}

    def progress(report: Mapping[str, Any]) -> None:
        done[str(report.get("filename"))] = int(report.get("downloaded_bytes") or 0)
        if sum(done.values()) > limit:
            raise DownloadCancelled("too large")
        total = report.get("total_bytes") or report.get("total_bytes_estimate")
        lines.say(
            "progress",
            done=int(report.get("downloaded_bytes") or 0),
            total=int(total) if total else None,
            finished=report.get("status") == "finished",
            file=Path(str(report.get("filename"))).name,
        )

    options = _options(order, lines) | {
        "progress_hooks": [progress],
        "max_filesize": limit,
        "match_filter": match_filter_func("!is_live"),
    }
    with yt_dlp.YoutubeDL(options) as ydl:
        info = ydl.extract_info(order["url"], download=True) or {}
        videos = [info]
        if info.get("_type") in {"playlist", "multi_video"}:
            videos = list(info.get("entries") or [])
            if any(video.get("_type") in _REFERENCES for video in videos):
                lines.say("error", kind="series", text="", count=len(videos))
                return
    for video in videos:
        lines.say("video", **_about(video))
    for file in sorted(Path(order["room"]).iterdir()):
        if file.suffix not in {".json", ".part", ".ytdl"} and not file.name.startswith(
            ("cover-", "subtitles-")
        ):
            lines.say("inspected", file=file.name, **inspected(file))


def _about(video: Mapping[str, Any]) -> dict[str, Any]:
    names = ("view_count", "like_count", "comment_count", "repost_count", "channel_follower_count")
    title, site = str(video.get("title") or ""), str(video.get("extractor_key") or "")
    if site == "HTML5MediaEmbed":
        title = title.removesuffix(" (1)")  # its count of the page's videos, not the page's words
    return {
        "title": title[:1000],
        "account": str(video.get("uploader") or video.get("channel") or "")[:200],
        "page": str(video.get("webpage_url") or "")[:8000],
        "site": site,
        "live": bool(video.get("is_live")),
        "duration_ms": int(float(video["duration"]) * 1000) if video.get("duration") else None,
        "counts": {name: video[name] for name in names if isinstance(video.get(name), int)},
        "formats": [
            str(one.get("format_id"))[:60] for one in video.get("requested_downloads") or []
        ],
    }


def inspected(file: Path) -> dict[str, Any]:
    """What a media file holds: tracks, length, and whether pictures can be seen in it."""
    import av
    import av.error

    facts: dict[str, Any] = {"video": False, "audio": False, "frames": 0, "duration_ms": None}
    facts |= {"width": 0, "height": 0, "colour": "", "broken": ""}
    try:
        # A file that is really a playlist must not lead anywhere.
        options = {"protocol_whitelist": "file", "enable_drefs": "0"}
        with av.open(str(file), options=options, metadata_errors="replace") as media:
            facts["audio"] = bool(media.streams.audio)
            if media.duration:
                facts["duration_ms"] = media.duration // 1000
            if media.streams.video:
                facts["video"] = True
                facts |= _pictures(media)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        facts["broken"] = f"{type(error).__name__}: {error}"[:200]
    return facts


def _pictures(media: Any) -> dict[str, Any]:
    """Frames from eight places of the film: how many could be read, and how bright they are."""
    stream = media.streams.video[0]
    low, high, count = 255, 0, 0
    for place in range(8):
        if media.duration and place:
            media.seek(media.duration * place // 8)
        for taken, frame in enumerate(media.decode(stream)):
            # Luma without the edges: a black film with a thin light border is still black.
            light = frame.reformat(width=64, height=36, format="gray").to_ndarray()[2:-2, 2:-2]
            low, high, count = min(low, int(light.min())), max(high, int(light.max())), count + 1
            if taken == 1:
                break
        if not media.duration:
            break
    colour = f"luma {low}-{high}" if count and high - low < 6 else ""
    return {"frames": count, "colour": colour, "width": stream.width, "height": stream.height}


def _told(error: Exception) -> dict[str, Any]:
    """What yt-dlp complained of, sorted by what a person can do about it."""
    from yt_dlp.utils import (
        DownloadCancelled,
        DownloadError,
        GeoRestrictedError,
        UnsupportedError,
    )

    cause: BaseException | None = error
    chain: list[BaseException] = []
    while cause is not None and cause not in chain:
        chain.append(cause)
        known = getattr(cause, "exc_info", None) if isinstance(cause, DownloadError) else None
        cause = (known[1] if known else None) or cause.__cause__ or cause.__context__
    text = str(error)[:500]
    status = next((int(one.status) for one in chain if hasattr(one, "status")), None)
    for kind, classes in (
        ("too_large", (DownloadCancelled,)),
        ("region", (GeoRestrictedError,)),
        ("unsupported", (UnsupportedError,)),
    ):
        if any(isinstance(one, classes) for one in chain):
            return {"kind": kind, "text": text}
    if any(isinstance(one, OSError) and one.errno == 28 for one in chain):
        return {"kind": "disk", "number": 28, "text": text}
    if status is not None:
        return {"kind": "http", "status": status, "text": text}
    lower = text.lower()
    for kind, words in (
        ("login", ("log in", "login", "cookies", "sign in", "registered users", "premium")),
        ("protected", ("drm",)),
        ("region", ("geo restrict", "your country", "your location")),
        ("removed", ("removed", "unavailable", "deleted", "not exist", "private video")),
        ("network", ("timed out", "connection", "resolve", "unreachable", "ssl", "transport")),
    ):
        if any(word in lower for word in words):
            return {"kind": kind, "text": text}
    return {"kind": "other", "text": text}


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        raise SystemExit(main())
