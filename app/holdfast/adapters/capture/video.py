"""A video by its link: the files as the site serves them, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import Literal

from holdfast.adapters import http
from holdfast.adapters.capture import Means
from holdfast.adapters.downloader import is_media
from holdfast.adapters.ytdlp import COUNTS, LARGEST, LOG_LINES, Line, Run, permitted, trouble
from holdfast.core.canonical import canonical, one_line, rfc3339, visible
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

VIDEO_FORMAT = "holdfast-video/1"
SILENT_DB = -60.0

# Where there is one video, its files need no numbers: video.mp4, info.json, cover.jpg.
_ALONE = re.compile(
    r"(?<=^video)-1-[^.]*|^video-1\.(?=info)|(?<=^cover)-1|(?<=^subtitles)-1|(?<=^comments)-1"
)
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


class Video:
    """Has yt-dlp bring a video into the room, in a process of its own."""

    id: Literal["video"] = "video"

    def __init__(
        self, means: Means, cookies: Callable[[Path, str], Path | None] | None = None
    ) -> None:
        self._means = means
        self._clock = means.clock
        self._loopback = means.loopback
        self._downloader = means.downloader
        self._cookies = cookies

    def logged_in(self, cookies: Callable[[Path, str], Path | None]) -> Video:
        """The same, but asked for with the cookies that ``cookies(room, link)`` writes.

        It gives the path of a Netscape file in the room, or None.  The file is read by the
        downloader only, gone when the capture ends, and never part of the evidence.
        """
        return Video(self._means, cookies)

    def staying(self) -> AbstractContextManager[None]:
        """Within this, one downloader serves every capture."""
        return self._downloader.staying()

    def suits(self, target: str) -> bool:
        """Whether ``target`` is a web link, or a shared message with one inside."""
        try:
            http.link(target)
        except Refused:
            return False
        return True

    def capture(self, target: str, room: Path, job: Job) -> Captured:
        """The video's original files, cover, subtitles, comments and description.

        Raises Refused and Unavailable where nothing could be kept: those of ``http.guard``, and
        ``video_series``, ``video_live``, ``video_too_large``, ``video_unsupported``,
        ``video_login``, ``video_cookies``, ``video_region``, ``video_removed``,
        ``video_protected``, ``video_failed``, ``http_status``, ``downloader_gone``, ``host_slow``,
        ``disk_full``, ``wheel_unusable``.
        """
        job.step("opening", detail=one_line(target[:200]))
        started = rfc3339(self._clock.now())
        allow = self._loopback | http.typed_pair(target)
        found, addresses = http.guard(target, allow=allow)
        folder = room / "files"
        folder.mkdir()
        order = {"do": "get", "url": found.url, "room": str(folder), "limit": LARGEST}
        cookies: Path | None = None
        try:
            cookies = self._cookies(room, found.url) if self._cookies is not None else None
            if cookies is not None:
                order["cookies"] = str(cookies)
            run = self._downloader.ask(order | permitted(allow, found, addresses), job)
            originals = _originals(folder)
            if not originals or (run.error or {}).get("kind") == "disk":
                raise _nothing(run, found.host)
            files = self._files(folder, run, room)
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
        finally:
            if cookies is not None:
                cookies.unlink(missing_ok=True)
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

    def _files(self, folder: Path, run: Run, room: Path) -> tuple[CapturedFile, ...]:
        """Everything in the folder under safe names, the downloader's own words as a record."""
        words = "\n".join((*run.log, *run.errors.splitlines()[-LOG_LINES:]))
        for place in (str(room), str(Path.home())):
            # Where this computer keeps things is nobody's business.
            words = words.replace(place, "…")
        (folder / "download.log").write_text(visible(words), encoding="utf-8")
        paths = _paths(folder, run)
        (folder / "video.json").write_bytes(_description(run, paths))
        paths["video.json"] = "files/video.json"
        title = visible(str(run.videos[0].get("title", ""))) if run.videos else ""
        parents = {one["file"]: paths[one["video"]] for one in run.joined}
        files = []
        for name, path in paths.items():
            role = _role(name)
            files.append(
                CapturedFile(
                    at=folder / name,
                    path=path,
                    media_type=_TYPES.get(Path(path).suffix.lower(), "application/octet-stream"),
                    obtained=rfc3339(self._clock.now()),
                    role=role,
                    # The downloader's name for it and the site's title, both from outside.
                    name=one_line(f"{title} [{name}]" if is_media(name) and title else name),
                    derived_from=parents.get(name),
                )
            )
        return tuple(files)


PIECE = Video


def _role(name: str) -> Role:
    """The site's bytes are originals; what was joined here names its parent; the rest records."""
    if name.startswith("joined-"):
        return "derived"
    return "original" if is_media(name) or name.startswith("subtitles-") else "record"


def _paths(folder: Path, run: Run) -> dict[str, str]:
    """Where each file of the folder goes, the video first, under safe names that are unlike.

    What is really an MPEG transport stream is called so, whatever the downloader named it.
    """
    names = sorted(
        (at.name for at in folder.iterdir()), key=lambda name: (not is_media(name), name)
    )
    alone = sum(is_media(name) for name in names) == 1
    taken: list[str] = ["video.json"]
    paths = {}
    for name in names:
        wanted = name.removesuffix(".part")
        if run.inspected.get(name, {}).get("container") == "mpegts":
            wanted = str(Path(wanted).with_suffix(".ts"))
        if alone:
            wanted = _ALONE.sub("", wanted, count=1)
        if wanted.lower() in (one.lower() for one in taken) or not safe_segment(wanted):
            wanted = safe_name(wanted, taken)
        taken.append(wanted)
        paths[name] = f"files/{wanted}"
    return paths


def _description(run: Run, paths: dict[str, str]) -> bytes:
    """``video.json``: what each media file is, and from which two a joined one was made."""
    return canonical(
        {
            "format": VIDEO_FORMAT,
            "files": [
                {
                    "path": paths[name],
                    "container": visible(str(seen.get("container", ""))),
                    "codecs": [visible(str(one)) for one in seen.get("codecs", [])],
                    "duration_ms": seen.get("duration_ms"),
                    "width": seen.get("width"),
                    "height": seen.get("height"),
                }
                for name, seen in run.inspected.items()
                if name in paths
            ],
            "joined": [
                {
                    "path": paths[one["file"]],
                    "from": [paths[one["video"]], paths[one["audio"]]],
                    "how": "packets copied; nothing encoded anew",
                }
                for one in run.joined
            ],
        }
    )


def _originals(folder: Path) -> dict[str, int]:
    """Name and size of each media file; what the downloader only needed on the way is gone."""
    found = {}
    for at in sorted(folder.iterdir()):
        size = at.stat().st_size
        if at.suffix == ".ytdl" or ".part-Frag" in at.name or size == 0:
            at.unlink()
        elif is_media(at.name):
            found[at.name] = size
    return found


# --- what came of it -----------------------------------------------------------------------------


def _nothing(run: Run, host: str) -> HoldfastError:
    """Why no file came of it."""
    if run.error is not None:
        return trouble(run.error, host)
    if any(video.get("live") for video in run.videos):
        return Refused("video_live", host=host)
    if any("max-filesize" in line for line in run.log):
        return Refused("video_too_large", gigabytes=LARGEST >> 30)
    return Unavailable("video_unsupported", host=host)


def _checks(run: Run, originals: dict[str, int]) -> tuple[Check, ...]:
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
        _end(films),
        _picture(films),
        _black(films),
        _frozen(films),
        _silence(seen),
    )


def _whole(run: Run, originals: dict[str, int]) -> Check:
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


def _length(run: Run, films: list[Line]) -> Check:
    said = [int(one["duration_ms"]) for one in run.videos if one.get("duration_ms")]
    found = [int(one["duration_ms"]) for one in films if one.get("duration_ms")]
    if not said or not found:
        detail = str(sum(found)) if found else ""
        return Check(check="video_length", outcome="not_checked", detail=detail)
    short = min(found) + max(2000, said[0] // 50) < min(said)
    outcome: Outcome = "fail" if short else "pass"
    return Check(check="video_length", outcome=outcome, detail=f"{min(found)}/{min(said)}")


def _end(films: list[Line]) -> Check:
    """Whether there is a picture near the end: a file that breaks off still states its length."""
    known = [one for one in films if one.get("duration_ms") and one.get("reached_ms") is not None]
    if not known:
        return Check(check="video_end", outcome="not_checked")
    worst = min(known, key=lambda one: int(one["reached_ms"]) - int(one["duration_ms"]))
    reached, length = int(worst["reached_ms"]), int(worst["duration_ms"])
    short = reached + max(2000, length // 20) < length
    return Check(
        check="video_end", outcome="fail" if short else "pass", detail=f"{reached}/{length}"
    )


def _share(films: list[Line], part: str, whole: str) -> tuple[float, str]:
    """The greatest share among the films, and it as ``part/whole``; 0 where nothing was seen."""
    known = [(int(one.get(part, 0)), int(one.get(whole, 0))) for one in films]
    return max(((a / b, f"{a}/{b}") for a, b in known if b), default=(0.0, ""))


def _black(films: list[Line]) -> Check:
    share, detail = _share(films, "black", "frames")
    if not detail:
        return Check(check="black_frames", outcome="not_checked")
    outcome: Outcome = "fail" if share >= 0.95 else "warn" if share >= 0.2 else "pass"
    return Check(check="black_frames", outcome=outcome, detail=detail)


def _frozen(films: list[Line]) -> Check:
    share, detail = _share(films, "same", "pairs")
    if not detail:
        return Check(check="frozen_picture", outcome="not_checked")
    outcome: Outcome = "fail" if share >= 0.98 else "warn" if share >= 0.6 else "pass"
    return Check(check="frozen_picture", outcome=outcome, detail=detail)


def _silence(seen: list[Line]) -> Check:
    loud = [float(one["loudness"]) for one in seen if one.get("loudness") is not None]
    if not loud:
        return Check(check="film_silence", outcome="not_checked")
    outcome: Outcome = "warn" if max(loud) < SILENT_DB else "pass"
    return Check(check="film_silence", outcome=outcome, detail=f"{max(loud):.0f} dB")


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
            for key, name in COUNTS.items()
            if key in counts
        ),
    )
