"""Coverage-guided fuzzing of every parser, in turns.

    dev.py fuzz                          a slice for each parser
    dev.py fuzz opentimestamps der       only these
    dev.py fuzz --minutes 60 der         an hour of this machine's time for each of these
    dev.py fuzz --keep                   what was found becomes the corpus, the smallest first
    dev.py fuzz --table                  how much was done so far
    dev.py fuzz --giants                 what asks for much, each within a second and 256 MiB

Everything lies in ``build/fuzz``: corpora that grow from run to run, findings (``found``), logs and
sums.  The processes are as polite as they can be, and may be stopped and continued.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
NAMES = sorted(path.stem for path in (TESTS / "fuzz" / "targets").glob("[a-z]*.py"))
SLICE_S = 600.0
"""Of processor time, before another parser has its turn."""
_COVERED = re.compile(rb"cov: (\d+) ft: (\d+) corp: (\d+)")


def slices(
    names: Sequence[str], minutes: float, longest: float = SLICE_S
) -> Iterator[tuple[str, float]]:
    """Turns of at most ``longest`` seconds, until each has had its minutes."""
    left = dict.fromkeys(names, minutes * 60)
    while any(left.values()):
        for name in names:
            if (seconds := min(longest, left[name])) > 0:
                left[name] -= seconds
                yield name, seconds


def one(name: str, seconds: float, home: Path, pids: Path | None) -> int:
    """A slice, in a process of its own; its exit code."""
    work = home / name
    work.mkdir(parents=True, exist_ok=True)
    past = _lines(work)
    # Every other turn begins from the vectors of others as well, in a corpus that is never kept.
    lent = len(past) % 2 == 1 and _has_vectors(name)
    line = [sys.executable, "-m", "fuzz.child", name, str(seconds), str(work), str(int(lent))]
    with (work / "log.txt").open("wb") as log:
        child = subprocess.Popen(
            line, cwd=TESTS, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            preexec_fn=lambda: os.nice(19),
        )  # fmt: skip
        if pids is not None:
            with pids.open("a") as file:
                file.write(f"{child.pid}\n")
        code = child.wait()
    if not lent:
        _note_coverage(work)
    print(row(name, home), flush=True)
    if code:
        print(f"{name} ended with {code}: see {work / 'log.txt'}", flush=True)
    return code


def _has_vectors(name: str) -> bool:
    text = (TESTS / "fuzz" / "targets" / f"{name}.py").read_text()
    return "vectors=(" in text and (ROOT.parent / "shared" / "vectors").is_dir()


def _note_coverage(work: Path) -> None:
    if hits := _COVERED.findall((work / "log.txt").read_bytes()):
        (work / "coverage.json").write_text(json.dumps([int(n) for n in hits[-1]]))


def _lines(work: Path) -> list[dict[str, float]]:
    return [json.loads(path.read_text()) for path in sorted((work / "slices").glob("*.json"))]


def row(name: str, home: Path) -> str:
    """One row of the table in verification.md."""
    work = home / name
    past = _lines(work)
    minutes = sum(one["seconds"] for one in past) / 60
    runs = int(sum(one["runs"] for one in past))
    covered = work / "coverage.json"
    edges = json.loads(covered.read_text())[0] if covered.exists() else 0
    findings = len(list((work / "found").glob("*"))) if (work / "found").is_dir() else 0
    return f"| `{name}` | {minutes:.1f} | {runs:,} | {edges:,} | {findings} |"


def keep(names: Sequence[str], home: Path) -> None:
    """The best of the corpora that grew from our own seeds replaces what was kept of them."""
    from fuzz.keeping import kept

    for name in names:
        print(f"{name}: {kept(name, home / name)}", flush=True)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__)
    parser.add_argument("parsers", nargs="*", metavar="PARSER", help=", ".join(NAMES))
    parser.add_argument("--minutes", type=float, default=SLICE_S / 60)
    parser.add_argument("--slice", type=float, default=SLICE_S / 60, help="minutes of a turn")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--home", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--pids", type=Path, help="where process ids are noted, to stop them")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--giants", action="store_true")
    chosen = parser.parse_args(argv)
    if unknown := set(chosen.parsers) - set(NAMES):
        parser.error(f"no parser is called {', '.join(sorted(unknown))}")
    names = chosen.parsers or NAMES
    if chosen.table:
        print("\n".join(row(name, chosen.home) for name in names))
        return 0
    if chosen.giants:
        line = [sys.executable, "-m", "fuzz.replay", "--giants", "1", *chosen.parsers]
        return subprocess.run(line, cwd=TESTS, check=False).returncode
    if chosen.keep:
        keep(names, chosen.home)
        return 0
    return _turns(names, chosen)


def _turns(names: Sequence[str], chosen: argparse.Namespace) -> int:
    waiting: SimpleQueue[tuple[str, float]] = SimpleQueue()
    for turn in slices(names, chosen.minutes, chosen.slice * 60):
        waiting.put(turn)
    codes: list[int] = []

    def work() -> None:
        while True:
            try:
                name, seconds = waiting.get_nowait()
            except Empty:
                return
            codes.append(one(name, seconds, chosen.home, chosen.pids))

    workers = [threading.Thread(target=work) for _ in range(chosen.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = [path for name in names for path in (chosen.home / name / "found").glob("*")]
    for path in found:
        print(f"found: {path}")
    return 1 if found or any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
