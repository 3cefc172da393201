"""Keeping the sixty free episodes of the practice series, against plain downloads.

Plain downloads are yt-dlp itself, which hashes, seals and records nothing: once as people run it,
a command for each link, and once as one command that is given every link.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from rows import ROOM, Row, median_ratio, ratios

EPISODES = 60
TARGET = 1.3

SITE = """
import sys
from pathlib import Path
from holdfast.adapters.clock import SystemClock
from holdfast.practice.world import PracticeWorld
with PracticeWorld.start(Path(sys.argv[1]), SystemClock()) as world:
    print(world.long_series_url, flush=True)
    sys.stdin.read()
"""
PLAIN = (
    sys.executable, "-m", "yt_dlp", "--ignore-config", "--no-plugin-dirs", "--quiet", "--proxy", "",
    "--no-cache-dir", "-o", "%(id)s-%(autonumber)s.%(ext)s",
)  # fmt: skip


def series(pairs: int = 1, episodes: int = EPISODES) -> Iterator[Row]:
    """A whole ``series keep`` beside both kinds of plain downloads, turn by turn."""
    ours, single, together = [], [], []
    with _site() as (url, room):
        links = [f"{url}/ep/{number}" for number in range(1, episodes + 1)]
        origin = url.partition("/series/")[0]
        for number in range(1, episodes + 1):
            # Films are drawn when they are first asked for; that is nobody's download.
            urlopen(f"{origin}/video/changjie-{number}.mp4").read()
        for turn in range(pairs):
            single.append(_timed(*([*PLAIN, "--", link] for link in links), room=room / f"a{turn}"))
            ours.append(_ours(url, episodes, room / f"b{turn}"))
            together.append(_timed([*PLAIN, "--", *links], room=room / f"c{turn}"))
    yield Row(
        bench="series",
        claim=f"keeping and sealing {episodes} episodes ÷ plain yt-dlp, one after another",
        measured=f"{ratios(ours, single)}; {ours[-1]:.1f} s",
        target=f"≤ {TARGET}",
        met=median_ratio(ours, single) <= TARGET,
    )
    yield Row(
        bench="series",
        claim="the same ÷ one yt-dlp that is given every link at once",
        measured=ratios(ours, together),
        target="reported",
    )


def _timed(*commands: list[str], room: Path) -> float:
    room.mkdir()
    begun = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=room, check=True, capture_output=True)
    wall = time.perf_counter() - begun
    shutil.rmtree(room)
    return wall


def _ours(url: str, episodes: int, room: Path) -> float:
    """Seconds of the command, list and all; it must have kept every episode whole."""
    command = [sys.executable, "-m", "holdfast", "--data", str(room), "--json", "--quiet"]
    begun = time.perf_counter()
    ran = subprocess.run(
        [*command, "series", "keep", url, "--episodes", f"1-{episodes}"],
        check=True,
        capture_output=True,
        text=True,
    )
    wall = time.perf_counter() - begun
    if ran.stdout.count('"state": "kept"') != episodes or '"complete": false' in ran.stdout:
        raise SystemExit("not every episode was kept whole")
    shutil.rmtree(room)
    return wall


@contextmanager
def _site() -> Iterator[tuple[str, Path]]:
    """The practice site in a process of its own, and a folder that is gone afterwards."""
    ROOM.mkdir(parents=True, exist_ok=True)
    room = ROOM / f"series-{time.monotonic_ns()}"
    room.mkdir()
    command = [sys.executable, "-c", SITE, str(room / "world")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as site:
        assert site.stdout is not None
        try:
            yield site.stdout.readline().strip(), room
        finally:
            site.communicate("")
            shutil.rmtree(room)
