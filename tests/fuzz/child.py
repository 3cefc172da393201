"""One slice of a coverage-guided run of one target; ``fuzz.run`` starts it.

    python -m fuzz.child TARGET SECONDS WORK LENT(0|1)

The coverage guide is atheris, which nothing else here needs.  A finding does not end the slice: its
input is kept below WORK/found under the place where it came out, and the slice goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["holdfast"]):
    from fuzz.bound import SECONDS, TooSlow, bounded
    from fuzz.target import targets

    ALL = targets()

STARTED = time.monotonic_ns()
GUIDED = 4.0
"""How much slower code is that tells where it is."""


def main(name: str, seconds: float, work: Path, *, lent: bool) -> None:
    target = ALL[name]
    corpus, found = work / ("lent" if lent else "own"), work / "found"
    seeds = work / ("seeds-lent" if lent else "seeds")
    for folder in (corpus, found, seeds, work / "slices"):
        folder.mkdir(parents=True, exist_ok=True)
    for label, raw in {**target.kept(), **(target.lent() if lent else {})}.items():
        (seeds / label).write_bytes(raw)
        try:
            target.run(raw)
        except BaseException:  # noqa: BLE001  said when the run comes to it
            continue
    words = work / "words.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.tokens))
    known = {path.name.partition(".")[0] for path in found.iterdir()}
    count, began, findings = 0, time.process_time(), 0

    def one(data: bytes) -> None:
        nonlocal count, findings
        count += 1
        if count & 63 == 0:
            spent = time.process_time() - began
            if spent > seconds or count & 1023 == 0:
                # Said on the way as well, for whoever is stopped.
                _told(work, count, spent, findings)
            if spent > seconds:
                sys.stderr.flush()
                os._exit(0)
        try:
            with bounded(SECONDS * GUIDED):
                target.run(data)
        except BaseException as error:  # noqa: BLE001  whatever a parser lets through
            place = _place(error)
            if place not in known:
                known.add(place)
                findings += 1
                digest = hashlib.sha256(data).hexdigest()[:16]
                (found / f"{place}.{digest}.bin").write_bytes(data)
                print(f"FOUND {name} {place} {error!r:.200}", file=sys.stderr, flush=True)

    flags = [
        f"-dict={words}", f"-max_len={target.largest}", "-timeout=100000", "-rss_limit_mb=4096",
        "-print_pcs=0", "-reduce_inputs=1", f"-artifact_prefix={work}/", str(corpus), str(seeds),
    ]  # fmt: skip
    if not target.tokens:
        flags.pop(0)
    more = {}
    if (mutate := target.mutate) is not None:
        more["custom_mutator"] = lambda data, most, seed: mutate(data, most, seed, atheris.Mutate)
    atheris.Setup([sys.argv[0], *flags], one, **more)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02X}" for octet in word)


def _place(error: BaseException) -> str:
    """Where an error came out: the last frame of ours, and its kind."""
    at, trace = "somewhere", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/holdfast/" in code.co_filename or "/targets/" in code.co_filename:
            at = f"{Path(code.co_filename).stem}-{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__
    # Where the second is over is chance.
    return kind if isinstance(error, TooSlow) else f"{kind}-{at}"


def _told(work: Path, count: int, seconds: float, findings: int) -> None:
    line = {"runs": count, "seconds": round(seconds, 1), "findings": findings}
    (work / "slices" / f"{STARTED}-{os.getpid()}.json").write_text(json.dumps(line))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]), lent=sys.argv[4] == "1")
