"""What a measurement says: one row of the table in packaging/docs/performance.md."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOM = ROOT / "build" / "bench"
"""Where big files lie while something is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One claim, what it is held to, and what was measured."""

    bench: str
    claim: str
    measured: str
    target: str
    met: bool | None = None
    """None for what is only reported."""

    def line(self) -> str:
        """As a row of a Markdown table."""
        mark = {True: "met", False: "MISSED", None: "–"}[self.met]
        return f"| {self.claim} | {self.measured} | {self.target} | {mark} |"


def ratios(first: Sequence[float], second: Sequence[float]) -> str:
    """The median of the paired ratios, and their range."""
    each = sorted(a / b for a, b in zip(first, second, strict=True))
    return f"{statistics.median(each):.2f} ({each[0]:.2f}–{each[-1]:.2f}, {len(each)} pairs)"


def median_ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """The median over pairs that were measured right after one another."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds (user and system, all threads) of one piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def apart(script: str, *arguments: str) -> dict[str, float]:
    """What a script in a fresh interpreter prints as JSON, and the CPU seconds it used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    if ran.returncode:
        raise SystemExit(ran.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**found, "cpu": spent}
