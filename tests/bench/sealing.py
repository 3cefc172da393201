"""Sealing a big file against ``openssl dgst -sm3`` of the same file, pair by pair."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rows import ROOM, Row, apart, median_ratio, ratios

GIB = 1 << 30
MEMORY_MIB = 150
TARGET = 1.3

KEEP = """
import json, resource, sys, time
from pathlib import Path
from holdfast.adapters.store.vault import Vault
from holdfast.core.job import Job
vault = Vault(Path(sys.argv[2]))
start, cpu, mine = time.perf_counter(), time.process_time(), time.thread_time()
digest, size = vault.keep(Path(sys.argv[1]), Job())
wall, cpu = time.perf_counter() - start, time.process_time() - cpu
mine = time.thread_time() - mine
busier = max(mine, cpu - mine)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"wall": wall, "busier": busier, "peak": peak, "sm3": digest.sm3}))
"""


def sealing(pairs: int = 3, gib: int = 2, huge: int = 0) -> Iterator[Row]:
    """A file of ``gib`` GiB, then, if asked, the peak memory of one of ``huge`` GiB."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise SystemExit("openssl is needed to measure against")
    with _room((gib + huge) * 2 + 1) as room:
        ours, theirs, our_cpu, their_cpu = [], [], [], []
        busier, peaks = [], []
        file = _random(room / "big", gib)
        for _ in range(pairs):
            wall, cpu, said = _openssl(openssl, file)
            theirs.append(wall)
            their_cpu.append(cpu)
            done = _keep(file, room)
            if said != done["sm3"]:
                raise SystemExit("the two SM3 digests differ")
            ours.append(done["wall"])
            our_cpu.append(done["cpu"])
            busier.append(done["busier"])
            peaks.append(done["peak"])
        yield Row(
            bench="sealing",
            claim=f"sealing {gib} GiB ÷ `openssl dgst -sm3` of it, wall time",
            measured=ratios(ours, theirs),
            target=f"≤ {TARGET}",
            met=median_ratio(ours, theirs) <= TARGET,
        )
        yield Row(
            bench="sealing",
            claim="the same, CPU time of the busier of its two threads (both cores free)",
            measured=ratios(busier, their_cpu),
            target="reported",
        )
        yield Row(
            bench="sealing",
            claim="the same, CPU time of all threads (two digests and a copy against one digest)",
            measured=ratios(our_cpu, their_cpu),
            target="reported",
        )
        yield _memory(gib, max(peaks))
        file.unlink()
        if huge:
            # Holes read as zeros; hashing and writing them is the same work.
            with (room / "huge").open("wb") as empty:
                empty.truncate(huge * GIB)
            yield _memory(huge, _keep(room / "huge", room)["peak"])


def _memory(gib: int, peak: float) -> Row:
    return Row(
        bench="sealing",
        claim=f"peak memory of a process that seals {gib} GiB",
        measured=f"{peak:.0f} MiB",
        target=f"≤ {MEMORY_MIB} MiB",
        met=peak <= MEMORY_MIB,
    )


@contextmanager
def _room(gib: int) -> Iterator[Path]:
    """A folder with that much space, gone afterwards."""
    ROOM.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(ROOM).free < gib * GIB:
        raise SystemExit(f"sealing needs {gib} GiB of disk in {ROOM}")
    room = ROOM / f"sealing-{os.getpid()}"
    room.mkdir()
    try:
        yield room
    finally:
        shutil.rmtree(room)


def _random(at: Path, gib: int) -> Path:
    with at.open("wb", buffering=0) as file:
        for _ in range(gib * 64):
            file.write(os.urandom(GIB // 64))
        os.fsync(file.fileno())
    return at


def _openssl(openssl: str, file: Path) -> tuple[float, float, str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    ran = subprocess.run(
        [openssl, "dgst", "-sm3", "-r", str(file)], capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, ran.stdout.split()[0]


def _keep(file: Path, room: Path) -> dict[str, float]:
    vault = room / "vault"
    try:
        return apart(KEEP, str(file), str(vault))
    finally:
        shutil.rmtree(vault)
