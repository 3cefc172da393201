"""Films written into an exhibit: pieces as originals, the film put together as a derivative."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from holdfast.adapters import child
from holdfast.adapters.browser import Browser
from holdfast.adapters.footage import ENDINGS, SIDE, TYPES, Film, Held
from holdfast.adapters.joiner import form_of
from holdfast.adapters.playlist import Part, Track
from holdfast.adapters.traffic import Traffic
from holdfast.core.canonical import one_line

JOIN_SECONDS = 600.0
_ANSWER = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of a film in the exhibit."""

    at: Path
    path: str
    media_type: str
    name: str
    role: Literal["original", "derived"] = "original"
    derived_from: str | None = None


class Joiner:
    """The process that joins films and looks at them: a fresh one for every order."""

    def __init__(self, program: Browser, room: Path) -> None:
        self._program = program
        self._room = room
        self._ready: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """A process is there, or coming up, for the next order.  Raises OSError."""
        if self._ready is None:
            if getattr(sys, "frozen", False):
                command = [sys.executable, "--worker", "joiner"]
            else:
                command = [sys.executable, "-P", "-m", "holdfast.adapters.joiner"]
            errors = self._room / "joiner.err"
            self._ready = child.started(command, errors=errors, talk=True, folder=self._room)

    def stop(self) -> None:
        """No process is left."""
        if self._ready is not None:
            process, self._ready = self._ready, None
            child.ended(process)
            (self._room / "joiner.err").unlink(missing_ok=True)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """What the joiner answered; the browser is listened to meanwhile."""
        try:
            self.start()
        except OSError as error:
            return {"error": f"did not start: {error.strerror}"}
        process = self._ready
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order).encode() + b"\n")
                process.stdin.close()
            ended = self._program.wait(lambda: process.poll() is not None, JOIN_SECONDS)
            raw = process.stdout.read(_ANSWER) if ended else b""
        finally:
            self.stop()
        with suppress(ValueError):
            answer = json.loads(raw)
            if isinstance(answer, dict):
                return answer
        return {"error": "took too long" if not ended else "stopped without an answer"}


class Keeper:
    """Writes films into the exhibit's folder and has them joined and looked at."""

    def __init__(self, joiner: Joiner, traffic: Traffic, folder: Path, room: Path) -> None:
        self._joiner = joiner
        self._traffic = traffic
        self._folder = folder
        self._room = room
        self.files: list[Written] = []

    def keep(self, film: Film) -> None:
        """The film's files are there, and what a demuxer saw of it is known."""
        pictures = []
        if film.element is not None and film.element.picture:
            pictures = [
                {
                    "milliseconds": film.element.now,
                    "width": SIDE[0],
                    "height": SIDE[1],
                    "rgb": film.element.picture,
                }
            ]
        if film.way == "file":
            self._keep_file(film, pictures)
        else:
            self._keep_stream(film, pictures)

    def _keep_ranges(self, held: Held, film: Film) -> str:
        """The ranges that a file came in stand as they were received; where the first one does."""
        paths = []
        for number, one in enumerate(dict.fromkeys(one.number for one in held.exchanges), 1):
            exchange = next(each for each in held.exchanges if each.number == one)
            if exchange.body is not None:
                parts = ((exchange.body, 0, exchange.body.size),)
                alone = Held(url=held.url, parts=parts, exchanges=(exchange,))
                paths.append(f"files/media/{film.number}-range-{number}.bin")
                self._write(alone, paths[-1], "application/octet-stream", film, "range")
        return paths[0]

    def _write(
        self,
        held: Held,
        path: str,
        media_type: str,
        film: Film,
        what: str,
        parent: str | None = None,
    ) -> Path:
        """The bytes are a file of the exhibit; with a ``parent`` a derivative of it."""
        at = self._folder / path.removeprefix("files/")
        at.parent.mkdir(parents=True, exist_ok=True)
        with at.open("wb") as out:
            for body, start, length in held.parts:
                for block in self._traffic.spool.read(body, start, length):
                    out.write(block)
        self.files.append(
            Written(
                at=at,
                path=path,
                media_type=media_type,
                name=one_line(held.url[:300]),
                role="original" if parent is None else "derived",
                derived_from=parent,
            )
        )
        film.pieces.append(
            {
                "path": path,
                "what": what,
                "url": one_line(held.url[:8000]),
                "bytes": held.size,
                "whole": held.whole,
                "from": "lookup" if held.ours else "page",
                "put_together": parent is not None,
                "requests": [one.number for one in held.exchanges],
            }
        )
        return at

    def _keep_file(self, film: Film, pictures: list[dict[str, Any]]) -> None:
        held = film.file
        if held is None:
            return
        form = form_of(held.head)
        said = held.exchanges[0].media_type
        media_type = said if said in ENDINGS else TYPES.get(form, "application/octet-stream")
        film.path = f"files/media/{film.number}.{ENDINGS.get(media_type, 'bin')}"
        first = self._keep_ranges(held, film) if len(held.parts) > 1 else None
        at = self._write(held, film.path, media_type, film, "file", first)
        if form and not film.protected:
            order = {"do": "inspect", "at": str(at), "form": form, "pictures": pictures}
            self._take(film, self._joiner.ask(order))

    def _keep_stream(self, film: Film, pictures: list[dict[str, Any]]) -> None:
        # Every last part of a path is unique, for what a crash leaves is kept by it.
        here = f"files/media/{film.number}"
        ending = "mpd" if film.way == "dash" else "m3u8"
        kind = "application/dash+xml" if film.way == "dash" else "application/vnd.apple.mpegurl"
        for number, held in enumerate(film.lists, 1):
            name = "playlist" if len(film.lists) == 1 else f"playlist-{number}"
            self._write(held, f"{here}-{name}.{ending}", kind, film, "playlist")
        places: list[dict[Part, Path]] = []
        for number, (track, had) in enumerate(zip(film.tracks, film.held, strict=False), 1):
            stem = here if len(film.tracks) == 1 else f"{here}-{number}"
            places.append(self._keep_track(film, track, had, stem))
        if film.missing or film.protected or not places or not all(places):
            return
        self._join(film, places, pictures)

    def _keep_track(
        self, film: Film, track: Track, had: dict[Part, Held], stem: str
    ) -> dict[Part, Path]:
        places: dict[Part, Path] = {}
        keys = {Part(url=p.key.url) for p in track.pieces if p.key is not None and p.key.url}
        inits = {piece.init for piece in track.pieces if piece.init is not None}
        counts = {"key": 0, "init": 0, "segment": 0}
        for part, held in had.items():
            what = "key" if part in keys else "init" if part in inits else "segment"
            counts[what] += 1
            form = form_of(held.head)
            name = f"{counts[what]:04d}" if what == "segment" else f"{what}-{counts[what]}"
            ending = {"mp4": "m4s", "mpegts": "ts"}.get(form, form or "bin")
            media_type = TYPES.get(form, "application/octet-stream")
            path = f"{stem}-{name}.{'key' if what == 'key' else ending}"
            places[part] = self._write(held, path, media_type, film, what)
        return places

    def _join(
        self, film: Film, places: list[dict[Part, Path]], pictures: list[dict[str, Any]]
    ) -> None:
        work = self._room / "joining"
        work.mkdir(exist_ok=True)
        path = f"files/media/{film.number}.mp4"
        at = self._folder / path.removeprefix("files/")
        try:
            tracks = [
                _groups(track, place) for track, place in zip(film.tracks, places, strict=True)
            ]
            order = {
                "do": "join",
                "tracks": tracks,
                "work": str(work),
                "out": str(at),
                "pictures": pictures,
            }
            answer = self._joiner.ask(order)
        except ValueError as error:
            answer = {"error": str(error)}
        finally:
            for left in work.iterdir():
                left.unlink()
            work.rmdir()
        self._take(film, answer)
        if film.trouble:
            at.unlink(missing_ok=True)
            return
        film.path = path
        self.files.append(
            Written(
                at=at,
                path=path,
                media_type="video/mp4" if film.seen.get("video") else "audio/mp4",
                name=one_line(film.url[:300]),
                role="derived",
                derived_from=str(film.pieces[0]["path"]),
            )
        )

    @staticmethod
    def _take(film: Film, answer: dict[str, Any]) -> None:
        if "error" in answer:
            film.trouble = one_line(str(answer["error"])[:300])
        else:
            film.seen = answer


def _groups(track: Track, places: dict[Part, Path]) -> list[dict[str, Any]]:
    """The joiner's order for a track: pieces that share a clock and a beginning together."""
    groups: list[dict[str, Any]] = []
    before: Part | None = None
    for piece in track.pieces:
        if not groups or piece.break_before or piece.init != before:
            form = _form(places[piece.init or piece.part])
            groups.append({"form": form, "parts": []})
            if piece.init is not None:
                groups[-1]["parts"].append({"from": [_source(places[piece.init])]})
            before = piece.init
        part: dict[str, Any] = {"from": [_source(places[piece.part])]}
        if piece.key is not None:
            key = places[Part(url=piece.key.url)].read_bytes()
            if len(key) != 16:
                raise ValueError("a key that is none")
            iv = piece.key.iv or piece.number.to_bytes(16, "big")
            part |= {"key": key.hex(), "iv": iv.hex()}
            if piece.init is None:
                # Only deciphered does it show what it is; RFC 8216 leaves TS for such a list.
                groups[-1]["form"] = "mpegts"
        groups[-1]["parts"].append(part)
    if any(not group["form"] for group in groups):
        raise ValueError("no media that is known here")
    return groups


def _form(at: Path) -> str:
    with at.open("rb") as file:
        return form_of(file.read(4096))


def _source(at: Path) -> dict[str, Any]:
    return {"at": str(at), "start": 0, "length": at.stat().st_size}
