"""One long page with its video: from the command to what is kept, against two peers.

Each is a program of its own, run one after the other in every round on the same page.  Scoop
(harvard-lil/scoop) keeps a WACZ with picture, PDF and video; single-file-cli one HTML file.  They
are installed below ``build/bench/peers`` when npm and their sources can be had, and left out, with
a word, when not.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from rows import ROOM, ROOT, Row, median_ratio, ratios

TARGET = 0.7
CARDS = 40
SECONDS = 8
HEIGHT = 12_500
PEERS = ROOM / "peers"
SCOOP = "https://github.com/harvard-lil/scoop"
LIMIT = 300


def long_page(pairs: int) -> Iterator[Row]:
    """Our time by that of each peer, in rounds."""
    with tempfile.TemporaryDirectory() as made:
        room = Path(made)
        with _site(room) as url:
            # Each has been used before: a round that is not counted sets up what is set up once.
            data = room / "data"
            runs: dict[str, Callable[[Path], object]] = {"ours": lambda _: _ours(url, data)}
            if chromium := shutil.which("chromium") or shutil.which("google-chrome"):
                runs |= _peers(url, Path(chromium))
            times: dict[str, list[float]] = {name: [] for name in runs}
            kept: dict[str, object] = {}
            for round_ in range(pairs + 1):
                for name, run in runs.items():
                    at = room / f"{name}-{round_}"
                    at.mkdir()
                    began = time.perf_counter()
                    kept[name] = run(at)
                    if round_:
                        times[name].append(time.perf_counter() - began)
    for peer in ("Scoop", "single-file-cli"):
        claim = f"{HEIGHT:,} px page with video, sealed, by {peer}"
        if peer not in times:
            yield Row(bench="page", claim=claim, measured="not installed here", target="")
            continue
        seconds = f"; {_median(times['ours']):.1f} s, {_median(times[peer]):.1f} s"
        yield Row(
            bench="page",
            claim=claim,
            measured=ratios(times["ours"], times[peer]) + seconds,
            target=f"≤ {TARGET}",
            met=median_ratio(times["ours"], times[peer]) <= TARGET,
        )
    for name, what in kept.items():
        yield Row(bench="page", claim=f"kept by {name}", measured=str(what), target="")


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


# --- what runs -----------------------------------------------------------------------------------


def _run(command: list[str], **more: object) -> str:
    environment = {**os.environ, **{key: str(value) for key, value in more.items()}}
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=LIMIT
    )
    if ran.returncode:
        raise SystemExit(f"{command}: {ran.returncode}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")
    return ran.stdout


def _ours(url: str, data: Path) -> str:
    keep = [sys.executable, "-m", "holdfast", "keep", url, "--as", "page", "--json"]
    # The round that is not counted leaves the modules compiled, as an installation does.
    done = _run([*keep, "--data", str(data)], PYTHONDONTWRITEBYTECODE="")
    (exhibit,) = json.loads(done)["exhibits"]
    if not exhibit["complete"]:
        raise SystemExit("our own capture of the page is not complete")
    return ", ".join(Path(one["path"]).name for one in exhibit["artifacts"])


def _peers(url: str, chromium: Path) -> dict[str, Callable[[Path], object]]:
    found: dict[str, Callable[[Path], object]] = {}
    if scoop := _scoop(chromium):
        found["Scoop"] = lambda at: _scoop_run(scoop, url, at)
    if single := _single_file():
        found["single-file-cli"] = lambda at: _single_run(single, chromium, url, at)
    return found


def _single_file() -> Path | None:
    folder = PEERS / "single-file"
    program = folder / "node_modules" / ".bin" / "single-file"
    if not program.exists() and shutil.which("npm"):
        folder.mkdir(parents=True, exist_ok=True)
        _installed(["npm", "install", "--prefix", str(folder), "single-file-cli"])
    return program if program.exists() else None


def _single_run(program: Path, chromium: Path, url: str, at: Path) -> str:
    out = at / "page.html"
    _run(
        [
            str(program),
            url,
            str(out),
            f"--browser-executable-path={chromium}",
            "--browser-arg=--no-sandbox",
            "--browser-headless",
        ]
    )
    if not out.exists():  # which it sometimes says nothing about
        return _single_run(program, chromium, url, at)
    return f"one HTML file of {out.stat().st_size:,} bytes"


def _scoop(chromium: Path) -> Path | None:
    """Scoop's sources with what it needs around them, or None."""
    folder = PEERS / "scoop"
    if not shutil.which("npm"):
        return None
    if not folder.exists():
        _installed(["git", "clone", "--depth", "1", SCOOP, str(folder)])
    if not folder.exists():
        return None
    if not (folder / "node_modules").exists():
        install = ["npm", "install", "--ignore-scripts", "--omit=dev", "--prefix", str(folder)]
        _installed(install, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD="1")
    listed = folder / "node_modules" / "playwright-core" / "browsers.json"
    if not listed.exists():
        return None
    for browser in json.loads(listed.read_text())["browsers"]:
        revision = browser["revision"]
        if browser["name"] == "chromium":
            _script(
                PEERS / "browsers" / f"chromium-{revision}" / "chrome-linux" / "chrome",
                f'exec {chromium} --no-sandbox "$@"',
            )
        if browser["name"] == "chromium-headless-shell":
            shell = f"chromium_headless_shell-{revision}"
            _script(
                PEERS / "browsers" / shell / "chrome-linux" / "headless_shell",
                f'exec {chromium} --no-sandbox "$@"',
            )
    _script(folder / "executables" / "crip", "exit 0")
    _script(folder / "executables" / "yt-dlp", f'exec {sys.executable} -m yt_dlp "$@"')
    return folder


def _scoop_run(folder: Path, url: str, at: Path) -> str:
    out = at / "page.wacz"
    resolver = url.rsplit("/", 1)[0] + "/ip"
    _run(
        [
            "node",
            str(folder / "bin" / "cli.js"),
            url,
            "-o",
            str(out),
            "--blocklist",
            "/https?:\\/\\/blocked/",
            "--capture-certificates-as-attachment",
            "false",
            "--public-ip-resolver-endpoint",
            resolver,
        ],
        PLAYWRIGHT_BROWSERS_PATH=PEERS / "browsers",
    )
    return f"a WACZ of {out.stat().st_size:,} bytes" if out.exists() else "nothing"


def _installed(command: list[str], **more: str) -> None:
    """It was tried; what is not there afterwards is left out."""
    try:
        subprocess.run(command, check=False, env={**os.environ, **more}, timeout=LIMIT,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return


def _script(at: Path, line: str) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    at.chmod(at.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


# --- the page ------------------------------------------------------------------------------------


@contextmanager
def _site(room: Path) -> Iterator[str]:
    """The address of the page, served on this computer while it is needed."""
    film = _film(room / "film.mp4")
    picture = _picture()
    page = _html().encode()
    files = {
        "/page": ("text/html; charset=utf-8", page),
        "/film.mp4": ("video/mp4", film),
        "/ip": ("text/plain", b"192.0.2.1"),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            # Scoop's proxy sends whole addresses (RFC 9112 §3.2.2).
            path = urlsplit(self.path).path
            if path.startswith("/card-"):
                kind, body = "image/jpeg", picture
            elif path in files:
                kind, body = files[path]
            else:
                self.send_error(404)
                return
            total, start, end = len(body), 0, len(body) - 1
            wanted = self.headers.get("Range", "")
            if wanted.startswith("bytes=") and "," not in wanted:
                first, _, last = wanted[6:].partition("-")
                start, end = int(first or 0), min(int(last or end), end)
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Accept-Ranges", "bytes")
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
            self.send_header("Content-Length", str(end - start + 1))
            self.end_headers()
            self.wfile.write(body[start : end + 1])

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/page"
        finally:
            server.shutdown()
            thread.join()


def _html() -> str:
    text = "第三集 渡口重逢，三年不见的两个人在桃花开的时候又站在了一起。" * 4
    head = 500
    card = (HEIGHT - head) // CARDS
    cards = "".join(
        f"<article style='height:{card}px;overflow:hidden;box-sizing:border-box;padding:12px'>"
        f"<img src=/card-{n}.jpg width=240 height=160 loading=lazy style='float:left'>"
        f"<h2>第 {n + 1} 集</h2><p>{text}</p></article>"
        for n in range(CARDS)
    )
    video = "<video src=/film.mp4 width=640 height=360 muted autoplay controls></video>"
    return (
        "<!doctype html><meta charset=utf-8><title>桃花渡 第三集</title><body style='margin:0'>"
        f"<section style='height:{head}px'><h1>桃花渡</h1>{video}</section>{cards}"
    )


def _picture() -> bytes:
    import io

    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(7).integers(0, 255, (8, 12, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((480, 320), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def _film(at: Path) -> bytes:
    sys.path.insert(0, str(ROOT / "tests"))
    from fakes.film import film

    return film(at, seconds=SECONDS)
