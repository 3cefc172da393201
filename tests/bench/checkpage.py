"""verify.html over a large pack against one pass of SHA-256 over the same bytes."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rows import ROOM, ROOT, Row, median_ratio, ratios

from holdfast.adapters import launch
from holdfast.adapters.pack.verifier import verify_html
from holdfast.adapters.pack.writer import write_pack
from holdfast.core.job import Job
from holdfast.core.pack import PackFile

sys.path.insert(0, str(ROOT / "tests"))

TARGET = 3.0
MEMBER = 2 << 20


def page_check(pairs: int = 3, gib: int = 2) -> Iterator[Row]:
    """Wall seconds, pair by pair: the page in Chromium, and one core over the same file."""
    from fakes.checkpage import CheckPage, chromium

    ROOM.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        home = Path(name)
        page, pack = home / "verify.html", home / "pack.zip"
        page.write_bytes(verify_html())
        _written(home, pack, (gib << 30) // MEMBER)
        ours, theirs = [], []
        with chromium(home / "log") as program:
            opened = CheckPage(program, page, seconds=3600)
            for _ in range(pairs):
                start = time.perf_counter()
                with pack.open("rb") as file:
                    hashlib.file_digest(file, "sha256")
                theirs.append(time.perf_counter() - start)
                start = time.perf_counter()
                told = opened.judged(pack)
                ours.append(time.perf_counter() - start)
                # It holds no ledger, so what is measured is the reading of every file.
                assert told["phase"] == "done", json.dumps(told)[:300]
        count = (gib << 30) // MEMBER
        yield Row(
            bench="checker",
            claim=f"verify.html in {launch.find().name} over {count:,} files of 2 MiB ÷ SHA-256",
            measured=ratios(ours, theirs),
            target=f"≤ {TARGET:.0f}",
            met=median_ratio(ours, theirs) <= TARGET,
        )


def _written(home: Path, pack: Path, count: int) -> None:
    at = home / "member"
    at.write_bytes(secrets.token_bytes(MEMBER))
    sha256 = hashlib.sha256(at.read_bytes()).hexdigest()
    files = [
        PackFile(name=f"data/exhibits/E{n:04d}/files/film.mp4", sha256=sha256, size=MEMBER, at=at)
        for n in range(1, count + 1)
    ]
    mark = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    named = hashlib.sha256(mark).hexdigest()
    files.append(PackFile(name="bagit.txt", sha256=named, size=len(mark), data=mark))
    write_pack(files, pack, "HF-2026-0001", Job())
