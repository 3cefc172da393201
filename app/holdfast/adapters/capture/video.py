"""A video by its link: the files as the site serves them, and what it says of them."""

from __future__ import annotations

import errno
import json
import queue
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import IO, Any, Literal, TypeAlias
from urllib.parse import urljoin

from holdfast.adapters import child, http, series
from holdfast.adapters.capture import Means
from holdfast.core.canonical import one_line, rfc3339, visible
from holdfast.core.errors import HoldfastError, Refused, Unavailable
from holdfast.core.evidence import (
    Captured,
    CapturedFile,
    Check,
    Component,
    Counter,
    Network,
    Observations,
    Outcome,
    Role,
    Target,
    safe_name,
    safe_segment,
)
from holdfast.core.job import Job

Line: TypeAlias = dict[str, Any]

LARGEST = 50 << 30
"""Bytes of one capture."""
SILENCE_SECONDS = 120.0
LONGEST_SECONDS = 6 * 3600.0
LOG_LINES = 2000
_LINE = 1 << 20

# Where there is one video, its files need no numbers: video.mp4, info.json, cover.jpg.
_ALONE = re.compile(r"(?<=^video)-1-[^.]*|^video-1\.(?=info)|(?<=^cover)-1|(?<=^subtitles)-1")
_COUNTS = {
    "view_count": "plays",
    "like_count": "likes",
    "comment_count": "comments",
    "repost_count": "shares",
    "channel_follower_count": "followers",
}
_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".flv": "video/x-flv",
    ".ts": "video/mp2t",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".json": "application/json",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".log": "text/plain",
}


@dataclass(slots=True)
class _Run:
    """What the downloader has said so far."""

    tool: Component = Component(name="yt-dlp", version="")  # noqa: RUF009 -- frozen
    links: tuple[str, ...] = ()
    videos: list[Line] = field(default_factory=list)
    inspected: dict[str, Line] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    reached: tuple[str, ...] = ()
    error: Line | None = None
    done: bool = False
    stage: str = "opening"
    here: int = 0
    total: int | None = None
    file: str = ""

    def hear(self, line: Line) -> None:
        """One line is taken in."""
        match line.get("event"):
            case "tool":
                self.tool = Component(
                    name="yt-dlp", version=one_line(line["version"]), sha256=line["sha256"]
                )
            case "progress":
                self.stage, self.here = "saving", int(line["done"])
                self.total, self.file = line.get("total"), one_line(line["file"])
                if line.get("finished"):
                    self.sizes[line["file"]] = (self.here, self.total)
            case "log":
                if len(self.log) < LOG_LINES:
                    self.log.append(f"{line['level']}: {one_line(line['text'])}")
            case "entries":
                self.links = tuple(str(link) for link in line["links"])
            case "video":
                self.videos.append(line)
            case "inspected":
                self.inspected[line["file"]] = line
            case "error":
                self.error = line
            case "done":
                self.done = True
        self.reached = tuple(line.get("reached", self.reached))


class Video:
    """Has yt-dlp bring a video into the room, in a process of its own."""

    id: Literal["video"] = "video"

    def __init__(
        self, means: Means, cookies: Callable[[Path, str], Path | None] | None = None
    ) -> None:
        self._means = means
        self._clock = means.clock
        self._loopback = means.loopback
        self._cookies = cookies

    def logged_in(self, cookies: Callable[[Path, str], Path | None]) -> Video:
        """The same, but asked for with the cookies that ``cookies(room, link)`` writes.

        It gives the path of a Netscape file in the room, or None.  The file is read by the
        downloader only, gone when the capture ends, and never part of the evidence.
        """
        return Video(self._means, cookies)

    def suits(self, target: str) -> bool:
        """Whether ``target`` is a web link, or a shared message with one inside."""
        try:
            http.link(target)
        except Refused:
            return False
        return True

    def entries(self, target: str, job: Job) -> tuple[str, ...]:
        """The links of every episode when ``target`` is a series; empty when it is one video.

        What yt-dlp does not know is read for a feed, or for numbered links below the page itself.
        Raises Refused and Unavailable as ``capture``, but for a page that it cannot make out.
        """
        allow = self._loopback | http.typed_pair(target)
        found, addresses = http.guard(target, allow=allow)
        order = {"do": "list", "url": found.url, **_permitted(allow, found, addresses)}
        with TemporaryDirectory(prefix="holdfast-") as folder:
            run = self._ask(order, Path(folder), job)
        if run.error is None:
            return tuple(link for link in run.links if self.suits(link))
        if run.error["kind"] != "unsupported":
            raise _trouble(run.error, found.host)
        job.step("opening", detail=found.host)
        return _read_page(found.url, allow)

    def _ask(self, order: Line, folder: Path, job: Job) -> _Run:
        """As ``_ask``, with the cookies that were written for it, and are gone afterwards."""
        cookies = self._cookies(folder, str(order["url"])) if self._cookies is not None else None
        if cookies is None:
            return _ask(order, folder / "worker.err", job)
        try:
            return _ask({**order, "cookies": str(cookies)}, folder / "worker.err", job)
        finally:
            cookies.unlink(missing_ok=True)

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The video's original files, cover, subtitles and description.

        Raises Refused and Unavailable where nothing could be kept: those of ``http.guard``, and
        ``video_series``, ``video_live``, ``video_too_large``, ``video_unsupported``,
        ``video_login``, ``video_region``, ``video_removed``, ``video_protected``, ``video_failed``,
        ``http_status``, ``downloader_gone``, ``host_slow``, ``disk_full``.
        """
        job.step("opening", detail=one_line(target[:200]))
        started = rfc3339(self._clock.now())
        allow = self._loopback | http.typed_pair(target)
        found, addresses = http.guard(target, allow=allow)
        folder = room / "files"
        folder.mkdir()
        order = {"do": "get", "url": found.url, "room": str(folder), "limit": LARGEST}
        try:
            run = self._ask(order | _permitted(allow, found, addresses), room, job)
            originals = _originals(folder)
            if not originals or (run.error or {}).get("kind") == "disk":
                raise _nothing(run, found.host)
            files = self._files(folder, run, room)
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        finally:
            (room / "worker.err").unlink(missing_ok=True)
        first = run.videos[0] if run.videos else {}
        return Captured(
            source="video",
            target=Target(typed=target, url=found.url, final_url=one_line(first.get("page", ""))),
            files=files,
            started=started,
            finished=rfc3339(self._clock.now()),
            components=(run.tool, Component(name="av", version=version("av"))),
            network=Network(
                address=run.reached[0] if run.reached else "",
                dns=tuple(str(address) for address in addresses),
            ),
            completeness=_checks(run, originals),
            observations=_observed(first),
        )

    def parts(self) -> tuple[Component, ...]:
        return tuple(Component(name=name, version=version(name)) for name in ("yt-dlp", "av"))

    def _files(self, folder: Path, run: _Run, room: Path) -> tuple[CapturedFile, ...]:
        """Everything in the folder under safe names, the downloader's own words as a record."""
        errors = (room / "worker.err").read_bytes()[-_LINE:].decode("utf-8", "replace")
        words = "\n".join((*run.log, *errors.splitlines()[-LOG_LINES:]))
        for place in (str(room), str(Path.home())):
            words = words.replace(
                place, "…"
            )  # where this computer keeps things is nobody's business
        (folder / "download.log").write_text(visible(words), encoding="utf-8")
        taken: list[str] = []
        files = []
        alone = sum(_is_original(at.name) for at in folder.iterdir()) == 1
        title = visible(str(run.videos[0].get("title", ""))) if run.videos else ""
        for at in sorted(folder.iterdir(), key=lambda at: (not _is_original(at.name), at.name)):
            wanted = at.name.removesuffix(".part")
            if alone:
                wanted = _ALONE.sub("", wanted, count=1)
            if wanted.lower() in (name.lower() for name in taken) or not safe_segment(wanted):
                wanted = safe_name(wanted, taken)
            taken.append(wanted)
            role: Role = "original" if _is_original(at.name) else "record"
            # The downloader's name for it and the site's title, both from outside.
            name = f"{title} [{at.name}]" if role == "original" and title else at.name
            files.append(
                CapturedFile(
                    at=at,
                    path=f"files/{wanted}",
                    media_type=_TYPES.get(Path(wanted).suffix.lower(), "application/octet-stream"),
                    obtained=rfc3339(self._clock.now()),
                    role=role,
                    name=one_line(name),
                )
            )
        return tuple(files)


PIECE = Video


def _is_original(name: str) -> bool:
    return name.startswith("video-") and not name.endswith(".json")


def _originals(folder: Path) -> dict[str, int]:
    """Name and size of each media file; what the downloader only needed on the way is gone."""
    found = {}
    for at in sorted(folder.iterdir()):
        size = at.stat().st_size
        if at.suffix == ".ytdl" or ".part-Frag" in at.name or size == 0:
            at.unlink()
        elif _is_original(at.name):
            found[at.name] = size
    return found


def _permitted(
    allow: frozenset[str], found: http.Link, addresses: tuple[http.Address, ...]
) -> dict[str, Any]:
    """The addresses inside that the worker may reach, with their ports."""
    pairs = {(str(address), found.port) for address in addresses if found.pair in allow}
    for pair in allow - {found.pair}:
        host, _, port = pair.rpartition(":")
        try:
            inside = http.resolve(host.strip("[]"), int(port), allow=allow)
        except HoldfastError:
            continue
        pairs |= {(str(address), int(port)) for address in inside}
    return {"allow": sorted(pairs)}


# --- the worker ----------------------------------------------------------------------------------


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", "downloader"]
    # -P: nothing is imported from the folder the program happens to be started in.
    return [sys.executable, "-P", "-m", "holdfast.adapters.downloader"]


def _ask(order: Line, errors: Path, job: Job) -> _Run:
    """What a worker said of one order, until its end; it is gone then, whatever happened.

    Its standard error is in ``errors``.  Raises Unavailable(``downloader_gone``, ``host_slow``).
    """
    with ExitStack() as undo:
        pool = undo.enter_context(ThreadPoolExecutor(1, thread_name_prefix="downloader"))
        try:
            process = child.started(_command(), errors=errors, talk=True, folder=errors.parent)
        except OSError as error:
            raise Unavailable("downloader_gone") from error
        undo.callback(child.ended, process)
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.close()
        lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        pool.submit(_read, process.stdout, lines)
        run = _listen(lines, http.link(order["url"]).host, job)
    if run.error is None and not run.done:
        raise Unavailable("downloader_gone")
    return run


def _listen(lines: queue.SimpleQueue[Line | None], host: str, job: Job) -> _Run:
    run = _Run()
    begun = heard = time.monotonic()
    while True:
        job.step(run.stage, run.here, run.total, run.file)
        now = time.monotonic()
        if now - heard > SILENCE_SECONDS or now - begun > LONGEST_SECONDS:
            raise Unavailable("host_slow", host=host, seconds=int(now - begun))
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return run
        heard = now
        run.hear(line)


def _read(stream: IO[bytes], lines: queue.SimpleQueue[Line | None]) -> None:
    """Every line of ``stream`` goes into ``lines``, and None at its end."""
    try:
        while raw := stream.readline(_LINE):
            line = json.loads(raw)
            lines.put(line if isinstance(line, dict) else {})
    except ValueError:
        pass  # cut off in the middle: the end all the same
    finally:
        lines.put(None)


# --- what came of it -----------------------------------------------------------------------------


def _trouble(error: Line, host: str) -> HoldfastError:
    """The worker's error as one of ours."""
    if refused := error.get("refused"):
        return Refused("link_private", host=host, address=one_line(str(refused[0])))
    kind = str(error["kind"])
    match kind:
        case "http":
            return Unavailable("http_status", host=host, status=int(error["status"]))
        case "network":
            return Unavailable("host_unreachable", host=host)
        case "disk" if error.get("number") == errno.ENOSPC:
            return Refused("disk_full", name=host)
        case "series":
            return Refused("video_series", count=int(error["count"]))
        case "too_large":
            return Refused("video_too_large", gigabytes=LARGEST >> 30)
        case "unsupported" | "login" | "region" | "removed" | "protected":
            return Unavailable(f"video_{kind}", host=host)
    return Unavailable("video_failed", host=host, reason=one_line(str(error["text"]))[:300])


def _nothing(run: _Run, host: str) -> HoldfastError:
    """Why no file came of it."""
    if run.error is not None:
        return _trouble(run.error, host)
    if any(video.get("live") for video in run.videos):
        return Refused("video_live", host=host)
    if any("max-filesize" in line for line in run.log):
        return Refused("video_too_large", gigabytes=LARGEST >> 30)
    return Unavailable("video_unsupported", host=host)


def _checks(run: _Run, originals: dict[str, int]) -> tuple[Check, ...]:
    """What is complete about the files and what is not; ``originals`` are names and sizes."""
    seen = list(run.inspected.values())
    films = [one for one in seen if one.get("video")]
    return (
        _whole(run, originals),
        Check(check="video_track", outcome="pass" if films else "fail"),
        Check(
            check="audio_track",
            outcome="pass" if any(one.get("audio") for one in seen) else "warn",
        ),
        _frames(films),
        _length(run, films),
        _picture(films),
    )


def _whole(run: _Run, originals: dict[str, int]) -> Check:
    if run.error is not None:
        return Check(check="download_whole", outcome="fail", detail=str(run.error["kind"]))
    for name, size in originals.items():
        _, total = run.sizes.get(name, (0, None))
        if name.endswith(".part") or (total is not None and size != total):
            return Check(check="download_whole", outcome="fail", detail=f"{size}/{total or '?'}")
    known = all(run.sizes.get(name, (0, None))[1] is not None for name in originals)
    outcome: Outcome = "pass" if known else "not_checked"
    return Check(check="download_whole", outcome=outcome, detail=str(sum(originals.values())))


def _frames(films: list[Line]) -> Check:
    if not films:
        return Check(check="video_frames", outcome="not_checked")
    broken = next((one["broken"] for one in films if one["broken"]), "")
    frames = min(int(one["frames"]) for one in films)
    outcome: Outcome = "fail" if broken or frames == 0 else "pass"
    return Check(check="video_frames", outcome=outcome, detail=one_line(broken) or str(frames))


def _length(run: _Run, films: list[Line]) -> Check:
    said = [int(one["duration_ms"]) for one in run.videos if one.get("duration_ms")]
    found = [int(one["duration_ms"]) for one in films if one.get("duration_ms")]
    if not said or not found:
        detail = str(sum(found)) if found else ""
        return Check(check="video_length", outcome="not_checked", detail=detail)
    short = min(found) + max(2000, said[0] // 50) < min(said)
    outcome: Outcome = "fail" if short else "pass"
    return Check(check="video_length", outcome=outcome, detail=f"{min(found)}/{min(said)}")


def _picture(films: list[Line]) -> Check:
    if not films:
        return Check(check="picture_content", outcome="not_checked")
    colour = next((str(one["colour"]) for one in films if one["colour"]), "")
    return Check(check="picture_content", outcome="fail" if colour else "pass", detail=colour)


def _observed(video: Line) -> Observations:
    counts = video.get("counts", {})
    return Observations(
        title=one_line(str(video.get("title", ""))),
        account=one_line(str(video.get("account", ""))),
        counters=tuple(
            Counter(name=name, value=str(counts[key]))
            for key, name in _COUNTS.items()
            if key in counts
        ),
    )


# --- series that the downloader does not know ----------------------------------------------------


def _read_page(url: str, allow: frozenset[str]) -> tuple[str, ...]:
    try:
        page, url = _followed(url, allow)
        if feed := series.feed_of(page.decode("utf-8", "replace"), url):
            found, feed = _followed(feed, allow)
            if links := series.episodes_in(found, feed):
                return links
    except Unavailable:
        return ()
    return series.episodes_in(page, url) or series.episodes_of(page.decode("utf-8", "replace"), url)


def _followed(url: str, allow: frozenset[str]) -> tuple[bytes, str]:
    """The body at ``url`` or where it redirects to, every hop judged anew, and its address."""
    for _ in range(6):
        reply = http.fetch(url, limit=series.MOST_BYTES, allow_loopback=allow)
        lead = reply.header("location")
        if reply.status not in {301, 302, 303, 307, 308} or not lead:
            return (reply.body if reply.status == 200 else b""), url
        url = urljoin(url, lead)
    raise Unavailable("page_redirects", host=http.link(url).host)
