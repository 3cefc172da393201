"""The downloader's own process: yt-dlp behind a guard, orders in, lines of JSON out.

It runs as ``python -m holdfast.adapters.downloader`` (frozen: ``holdfast --worker downloader``) so
that a crash, a hang or a greedy file ends with it.  The guard is an audit hook: no connection into
this computer or its network, no other program but the script engine that yt-dlp needs for some
sites, and neither can be taken off again.  What the guard lets through is told with the first order
and holds for every later one; each order ends with a line ``done`` or ``error``.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from holdfast.adapters import http
from holdfast.adapters.films import inspected, joined
from holdfast.core.errors import Refused
from holdfast.core.series import MOST_EPISODES
from holdfast.core.withheld import opens

Order: TypeAlias = Mapping[str, Any]

MOST_COMMENTS = 2000
COMMENT_SECONDS = 60.0
"""Comments are read for so long at most; what came by then is kept and said to be a part."""
_MEDIA = "video-"
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


class _IsSeries(Exception):
    """One exhibit was wanted and a list was found."""


def main() -> int:
    """Orders from standard input are carried out to their end; 0 when the last one was, else 1."""
    # What libraries print must not stand between the lines.
    lines = _Lines(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    order: Order = json.loads(sys.stdin.readline())
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    guard = Guard(frozenset((str(host), int(port)) for host, port in order["allow"]))
    if wheel := str(order.get("wheel") or ""):
        sys.path.insert(0, wheel)
    try:
        import yt_dlp
        import yt_dlp.globals
    except (ImportError, SyntaxError) as error:
        lines.say("error", kind="wheel", text=str(error)[:500])
        return 1
    yt_dlp.globals.plugin_dirs.value = []
    _bound_comments(lines)
    guard.watch()
    sha256 = str(order.get("wheel_sha256") or "") if wheel else package_sha256(yt_dlp.__file__)
    lines.say("tool", version=yt_dlp.version.__version__, sha256=sha256, wheel=bool(wheel))
    done = _carry_out(order, lines, guard)
    for line in sys.stdin:
        done = _carry_out(json.loads(line), lines, guard)
    return 0 if done else 1


def _carry_out(order: Order, lines: _Lines, guard: Guard) -> bool:
    import yt_dlp

    guard.reached, guard.refused = [], []
    try:
        {"list": _list, "get": _get, "about": _say_nothing}[order["do"]](order, lines)
    except yt_dlp.utils.YoutubeDLError as error:
        lines.say("error", refused=guard.refused, reached=guard.reached, **_told(error))
        return False
    except _IsSeries as error:
        lines.say("error", kind="series", text="", count=int(error.args[0]))
        return False
    except OSError as error:
        lines.say("error", kind="disk", number=error.errno or 0, text=str(error)[:500])
        return False
    lines.say("done", reached=guard.reached, refused=guard.refused)
    return True


def _say_nothing(order: Order, lines: _Lines) -> None:
    """Only which downloader this is."""


def _bound_comments(lines: _Lines) -> None:
    """No site's comments are read without end, and no trouble with them costs the video."""
    from yt_dlp.extractor.common import InfoExtractor
    from yt_dlp.utils import YoutubeDLError

    whole = InfoExtractor.extract_comments

    def limited(comments: Iterator[Any]) -> Iterator[Any]:
        end = time.monotonic() + COMMENT_SECONDS
        count = 0
        while count < MOST_COMMENTS and time.monotonic() < end:
            try:
                one = next(comments)
            except StopIteration:
                return
            except InfoExtractor.CommentsDisabled:
                raise
            except (YoutubeDLError, OSError, LookupError, TypeError, ValueError) as error:
                lines.warning(f"comments: {error}")
                break
            count += 1
            yield one
        # yt-dlp's own way of being told that this is enough: it keeps what it has.
        raise KeyboardInterrupt

    def bounded(self: Any, *args: Any, **named: Any) -> Any:
        read = self._get_comments
        self._get_comments = lambda *a, **k: limited(iter(read(*a, **k)))
        try:
            return whole(self, *args, **named)
        finally:
            del self._get_comments

    InfoExtractor.extract_comments = bounded


class _Progress:
    """Tells how far the files of one order are, and ends one that grows too large."""

    def __init__(self, limit: int, lines: _Lines) -> None:
        self._limit, self._lines = limit, lines
        self.done: dict[str, int] = {}

    def heard(self, report: Mapping[str, Any]) -> None:
        """One report of yt-dlp's."""
        from yt_dlp.utils import DownloadCancelled

        here = int(report.get("downloaded_bytes") or 0)
        self.done[str(report.get("filename"))] = here
        if sum(self.done.values()) > self._limit:
            raise DownloadCancelled("too large")
        total = report.get("total_bytes") or report.get("total_bytes_estimate")
        self._lines.say(
            "progress",
            done=here,
            total=int(total) if total else None,
            finished=report.get("status") == "finished",
            file=Path(str(report.get("filename"))).name,
        )


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
        "playlistend": MOST_EPISODES,
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
        "ffmpeg_location": str(Path(__file__) / "no-ffmpeg"),
        "format": "bv*,ba",
        "allow_multiple_video_streams": True,
        "writeinfojson": True,
        "clean_infojson": True,
        "writethumbnail": True,
        "getcomments": order["do"] == "get",
        "writesubtitles": True,
        "subtitleslangs": ["all", "-live_chat"],
        "restrictfilenames": True,
        "windowsfilenames": True,
        "paths": _places(Path(order.get("room", ".")).absolute()),
        "outtmpl": {
            "default": _MEDIA + "%(playlist_index|1)s-%(format_id).40s.%(ext)s",
            "infojson": "video-%(playlist_index|1)s",
            "pl_infojson": "",
            "pl_thumbnail": "",
            "thumbnail": "cover-%(playlist_index|1)s.%(ext)s",
            "subtitle": "subtitles-%(playlist_index|1)s.%(ext)s",
        },
    }


def _places(room: Path) -> dict[str, str]:
    """Where yt-dlp writes: into ``room``, and beside it what may hold keys to an account.

    Whatever ends us, nothing lies in the room that was not cleaned.
    """
    return {"home": str(room), "infojson": str(room.with_name(f"{room.name}-told"))}


def _list(order: Order, lines: _Lines) -> None:
    """The episodes of a series are told, without opening them; none when it is one video."""
    import yt_dlp

    with yt_dlp.YoutubeDL({**_options(order, lines), "noplaylist": False}) as ydl:
        info = ydl.extract_info(order["url"], download=False, process=True) or {}
    if info.get("_type") not in {"playlist", "multi_video"}:
        lines.say("entries", entries=[], about=_about(info))
        return
    entries = list(info.get("entries") or [])[: MOST_EPISODES + 1]
    # Videos that lie on this one page have no page of their own.
    told = [_entry(entry) for entry in entries if entry and entry.get("_type") in _REFERENCES]
    about = _about(info) | {"count": _whole(info.get("playlist_count"))}
    lines.say(
        "entries", entries=[one for one in told if one["url"]][:MOST_EPISODES], about=about,
        cut=len(entries) > MOST_EPISODES,
    )  # fmt: skip


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the list itself says of one episode."""
    import yt_dlp

    number = entry.get("episode_number")
    closed = entry.get("availability") in {"premium_only", "subscriber_only"}
    return _about(entry) | {
        "url": str(yt_dlp.utils.unsmuggle_url(str(entry.get("url") or ""))[0])[:8000],
        "number": _whole(number),
        "paid": closed,
        "published": str(entry.get("upload_date") or "")[:40],
        "timestamp": _whole(entry.get("timestamp")),
    }


def _whole(number: object) -> int | None:
    return number if isinstance(number, int) and 0 <= number < 1 << 40 else None


def _get(order: Order, lines: _Lines) -> None:
    """The video is in the room, with what the site said of it."""
    room = Path(order["room"])
    try:
        with _engine(order, lines) as ydl:
            info = ydl.extract_info(order["url"], download=True) or {}
            videos = [info]
            if info.get("_type") in {"playlist", "multi_video"}:
                videos = list(info.get("entries") or [])
                if any(video.get("_type") in _REFERENCES for video in videos):
                    raise _IsSeries(len(videos))
    finally:
        _tidied(room)
    for video in videos:
        lines.say("video", **_about(video))
    _look_into(room, lines)


_engines: dict[str, tuple[Any, _Progress]] = {}
"""The yt-dlp of the last order, by what it was told: making one takes longer than many a page."""


@contextlib.contextmanager
def _engine(order: Order, lines: _Lines) -> Iterator[Any]:
    """A yt-dlp that saves into the order's room; after trouble it is not used again."""
    import yt_dlp
    from yt_dlp.postprocessor.common import PostProcessor
    from yt_dlp.utils import match_filter_func

    class Tidying(PostProcessor):  # type: ignore[misc]  # yt-dlp brings no types
        """What is known of a video is in the room before its bytes come, which take longest."""

        def run(self, information: Any) -> tuple[list[str], Any]:
            _tidied(Path(self.get_param("paths")["home"]))
            return [], information

    told = json.dumps([order["limit"], order.get("cookies")])
    known = _engines.pop(told, None)
    if known is None:
        _engines.clear()
        progress = _Progress(int(order["limit"]), lines)
        more = {
            "progress_hooks": [progress.heard],
            "max_filesize": int(order["limit"]),
            "match_filter": match_filter_func("!is_live"),
        }
        known = yt_dlp.YoutubeDL(_options(order, lines) | more), progress
        known[0].add_post_processor(Tidying(), when="before_dl")
    ydl, progress = known
    ydl.params["paths"].update(_places(Path(order["room"])))
    progress.done.clear()
    yield ydl
    if order.get("cookies"):
        # What a browser was logged in with serves one order.
        ydl.close()
    else:
        _engines[told] = known


def _tidied(room: Path) -> None:
    """Comments lie in a file of their own, and nowhere stands what a browser was logged in with."""
    beside = Path(_places(room)["infojson"])
    for path in sorted(beside.glob("video-*.info.json")):
        try:
            info = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            # Cut off while it was written: what cannot be read cannot be cleaned either.
            path.unlink()
            continue
        comments = info.pop("comments", None)
        if comments:
            told = {"complete": info.get("comment_count") is not None, "comments": comments}
            at = room / path.name.replace(_MEDIA, "comments-", 1).replace(".info", "")
            at.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        clean = json.dumps(_without_secrets(info), ensure_ascii=False)
        (room / path.name).write_text(clean, encoding="utf-8")
        path.unlink()
    with contextlib.suppress(OSError):
        beside.rmdir()


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items() if not opens(name)}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def is_media(name: str) -> bool:
    """Whether a file of the room is the video itself, or a part of it."""
    return name.startswith(_MEDIA) and not name.endswith((".json", ".ytdl"))


def _look_into(room: Path, lines: _Lines) -> None:
    """What each film holds is told; picture and sound that came apart stand joined beside them."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(room.iterdir()):
        if is_media(file.name) and file.suffix != ".part":
            found[file.name] = inspected(file)
            lines.say("inspected", file=file.name, **found[file.name])
    places: dict[str, list[str]] = {}
    for name in found:
        places.setdefault(name.split("-")[1], []).append(name)
    for place, names in places.items():
        seen = next((n for n in names if found[n]["video"] and not found[n]["audio"]), "")
        heard = next((n for n in names if found[n]["audio"] and not found[n]["video"]), "")
        if seen and heard:
            made = joined(room / seen, room / heard, room / f"joined-{place}")
            if made is not None:
                lines.say("joined", file=made.name, video=seen, audio=heard)


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
        "duration_ms": _milliseconds(video.get("duration")),
        "counts": {name: video[name] for name in names if isinstance(video.get(name), int)},
        "formats": [
            str(one.get("format_id"))[:60] for one in video.get("requested_downloads") or []
        ],
    }


def _milliseconds(seconds: object) -> int | None:
    known = isinstance(seconds, int | float) and 0 < seconds < 10_000_000
    return int(float(seconds) * 1000) if known else None  # type: ignore[arg-type] # a number then


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
        ("cookies", ("fresh cookies",)),
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
