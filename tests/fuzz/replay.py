"""Gives every input that is kept to its parser, within bounds, and says what was wrong.

python -m fuzz.replay [TARGET…] [FILE…]      from ``tests``; prints JSON, one object a target
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

from fuzz.bound import TooSlow, bounded
from fuzz.target import Target, targets


def trouble(target: Target, raw: bytes) -> str:
    """Why an input breaks the promise; empty when it does not."""
    try:
        with bounded():
            target.run(raw)
    except TooSlow:
        return "more than a second"
    except MemoryError:
        return "more than 256 MiB"
    except Exception as error:  # noqa: BLE001  whatever it is, a parser let it through
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/holdfast/" in frame.filename] or list(frames)
        at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        return f"{type(error).__name__} at {at}: {error}"[:300]
    return ""


def warm(target: Target) -> None:
    """What is imported or computed once is no input's fault."""
    for raw in (b"", *target.seeds().values()):
        try:
            target.run(raw)
        except Exception:  # noqa: BLE001  said when it is replayed
            continue


def main(names: list[str]) -> None:
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
