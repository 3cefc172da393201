"""Gives every input that is kept to its parser, within bounds, and says what was wrong.

From ``tests``: ``python -m fuzz.replay [TARGET…] [FILE…]`` prints JSON, one object a target;
``--giants SECONDS [TARGET…]`` tries what asks for much instead of what is kept.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
from pathlib import Path

from fuzz.bound import OCTETS, SECONDS, TooSlow, bounded
from fuzz.target import Target, targets


def trouble(target: Target, raw: bytes, seconds: float = SECONDS) -> str:
    """Why an input breaks the promise; empty when it does not."""
    before = peak()
    try:
        with bounded(seconds):
            target.run(raw)
    except TooSlow:
        return f"more than {seconds:g} s"
    except MemoryError:
        return "more than 256 MiB"
    except Exception as error:  # noqa: BLE001  whatever it is, a parser let it through
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/holdfast/" in frame.filename] or list(frames)
        at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        return f"{type(error).__name__} at {at}: {error}"[:300]
    # A parser that runs into the limit may take it for damage and go on.
    used = (peak() - before) >> 20
    return f"{used} MiB" if used >= OCTETS >> 20 else ""


def peak() -> int:
    """The most octets that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def warm(target: Target) -> None:
    """What is imported or computed once is no input's fault."""
    for raw in (b"", *target.seeds().values()):
        try:
            target.run(raw)
        except Exception:  # noqa: BLE001  said when it is replayed
            continue


def main(names: list[str]) -> None:
    if names[:1] == ["--giants"]:
        large(float(names[1]), names[2:])
    else:
        corpus(names)


def large(seconds: float, names: list[str]) -> None:
    from fuzz.giants import giants

    ready: set[str] = set()
    for name, what, raw in giants(names):
        if name not in ready:
            warm(targets()[name])
            ready.add(name)
        began = time.process_time()
        found = trouble(targets()[name], raw, seconds)
        spent = round(time.process_time() - began, 2)
        told = {"target": name, "input": what, "octets": len(raw), "seconds": spent}
        print(json.dumps({**told, "trouble": found}), flush=True)


def corpus(names: list[str]) -> None:
    files = [Path(name) for name in names if Path(name).is_file()]
    chosen = [targets()[name] for name in names if name in targets()]
    for target in chosen or targets().values():
        warm(target)
        began = time.process_time()
        inputs = {path.name: path.read_bytes() for path in files} or target.kept()
        found = {name: told for name, raw in inputs.items() if (told := trouble(target, raw))}
        told = {
            "target": target.name,
            "inputs": len(inputs),
            "seconds": round(time.process_time() - began, 2),
            "troubles": found,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
