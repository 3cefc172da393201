"""A pack of many exhibits verified, beside one pass of SHA-256 over the same bytes on one core."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rows import ROOM, ROOT, Row, apart, median_ratio, ratios

from holdfast.adapters import launch

sys.path.insert(0, str(ROOT / "tests"))

from fakes.checkpage import CheckPage, chromium
from fakes.packed import rehearsal

LIMIT = 1.15
PAGE_LIMIT = 3
EXHIBITS = 1000

_Told = dict[str, float]


def verifying(pairs: int = 5, gib: int = 2, exhibits: int = EXHIBITS) -> Iterator[Row]:
    """Wall seconds, pair by pair: all three verifiers, a folder and a ZIP.

    Hashing may use every core there is, and the floor uses one; what it costs all cores together
    is reported beside it.
    """
    ROOM.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        folder, archive = made(Path(name), gib, exhibits)
        yield from measured(folder, archive, pairs)


def made(home: Path, gib: int, exhibits: int) -> tuple[Path, Path]:
    """A practice case of so many exhibits, stamped and exported, as a folder and as a ZIP."""
    each = (gib << 30) // exhibits
    tail = os.urandom(each - 8)
    with rehearsal(home / "made") as case:
        for number in range(exhibits - 2):
            case.capture({"film.mp4": number.to_bytes(8, "big") + tail})
        case.stamp_all()
        return case.export(home / "pack"), case.export(home / "pack.zip")


def measured(folder: Path, archive: Path, pairs: int) -> Iterator[Row]:
    """The rows over a pack that is there."""
    pyz, page = folder / "verify.pyz", folder / "verify.html"
    for what, target in (("a folder", folder), ("a ZIP", archive)):
        claim = f"{EXHIBITS:,} exhibits in {what} verified"
        in_program, by_checker = partial(apart, _OURS, str(target)), partial(_checker, pyz, target)
        yield from _both(f"{claim} in the program", _paired(in_program, target, pairs))
        yield from _both(f"{claim} by `verify.pyz`", _paired(by_checker, target, pairs))
        with _opened(page) as opened:
            found = _paired(partial(_page, opened, target), target, pairs)
        yield _wall(f"{claim} by `verify.html` in {launch.find().name}", found, PAGE_LIMIT)


_FLOOR = """
import hashlib, json, sys, time
from pathlib import Path
wall, cpu = time.perf_counter(), time.process_time()
target = Path(sys.argv[1])
files = sorted(p for p in target.rglob("*") if p.is_file()) if target.is_dir() else [target]
sha256, buffer = hashlib.sha256(), memoryview(bytearray(1 << 20))
for path in files:
    with path.open("rb", buffering=0) as file:
        while got := file.readinto(buffer):
            sha256.update(buffer[:got])
print(json.dumps({"wall": time.perf_counter() - wall, "spent": time.process_time() - cpu}))
"""

_OURS = """
import json, sys, tempfile, time
from pathlib import Path
from holdfast.compose import open_holdfast
from holdfast.core.job import Job
with tempfile.TemporaryDirectory() as data:
    holdfast = open_holdfast(Path(data))
    holdfast.cases()
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = holdfast.verify([sys.argv[1]], Job(), practice=True)
    told = {"wall": time.perf_counter() - wall, "spent": time.process_time() - cpu}
    holdfast.close()
assert verdict.verdict == "ok", verdict.verdict
print(json.dumps(told))
"""
"""The verb as the window calls it, whose cases are open: what is imported at its first call is paid
for.
"""


@contextmanager
def _opened(page: Path) -> Iterator[CheckPage]:
    with chromium(ROOM / "chromium.log") as program:
        yield CheckPage(program, page, seconds=3600)


def _page(opened: CheckPage, target: Path) -> _Told:
    """From the choice of a pack in a page that is open until all of it is told."""
    start = time.perf_counter()
    told = opened.judged(target)
    wall = time.perf_counter() - start
    if told["phase"] != "done" or told["result"]["verdict"] != "ok":
        raise SystemExit(json.dumps(told)[:500])
    return {"wall": wall}


def _checker(pyz: Path, target: Path) -> _Told:
    """The whole process, as a stranger starts it."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(
        [sys.executable, str(pyz), str(target), "--practice", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode or json.loads(ran.stdout)["verdict"] != "ok":
        raise SystemExit(ran.stderr or ran.stdout[:500])
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "spent": spent}


def _paired(ours: Callable[[], _Told], target: Path, pairs: int) -> list[tuple[_Told, _Told]]:
    """Ours and the floor, right after one another; the files were read once before."""
    apart(_FLOOR, str(target))
    return [(ours(), apart(_FLOOR, str(target))) for _ in range(pairs)]


def _both(claim: str, found: list[tuple[_Told, _Told]]) -> Iterator[Row]:
    yield _wall(claim, found, LIMIT)
    yield Row(
        bench="verify",
        claim="the same in CPU seconds, all cores taken together",
        measured=ratios(*_apart("spent", found)),
        target="reported",
    )


def _wall(claim: str, found: list[tuple[_Told, _Told]], limit: float) -> Row:
    ours, floor = _apart("wall", found)
    return Row(
        bench="verify",
        claim=f"{claim} ÷ one pass of SHA-256 over the same bytes on one core",
        measured=ratios(ours, floor),
        target=f"≤ {limit}",
        met=median_ratio(ours, floor) <= limit,
    )


def _apart(what: str, found: list[tuple[_Told, _Told]]) -> tuple[list[float], list[float]]:
    return [ours[what] for ours, _ in found], [floor[what] for _, floor in found]
