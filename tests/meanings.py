"""Packs that say something else and are sealed again: every checker has to say the same of each.

    dev.py meanings                         a thousand of them, a new seed
    dev.py meanings --count 200 --seed 7    the same two hundred

Whoever has the key of a case can write what they like and take every care: values in the record
and in the files are others of their kind, lines are doubled, dropped or change places, files take
the content of others; then roots, signatures, proofs of inclusion and lists are made anew.  What
the program, ``verify.pyz`` and the script of ``verify.html`` say of it need not be *broken*; it has
to be one thing.  Exits 1 when it was not.
"""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251  the same packs again, from the same seed
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from campaign import Judge, browser, program, stranger
from fakes import checkengine
from fuzz.base import base, lines, resealed, ways
from holdfast.core.canonical import canonical

ACTS = (
    "case.opened", "exhibit.sealed", "exhibit.withdrawn", "exhibit.described", "capture.failed",
    "timestamp.pending", "timestamp.confirmed", "timestamp.failed", "timestamp.imported",
    "document.issued", "pack.exported", "checkpoint.cosigned", "key.rotated", "proofs.renewed",
    "environment.checked", "notice.sent", "case.closed",
)  # fmt: skip
USUAL = ("", "2026-11-25T00:00:00.000Z", "0" * 64, "E0001", "E0003", "real", "practice", *ACTS)
MEMBERS = ("kind", "path", "sha256", "key", "exhibit", "size", "withheld", "until", "why", "proof")


def _at(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        value = value[key]
    return value


@cache
def _texts() -> tuple[str, ...]:
    """Every text in the pack."""
    files = base()
    whole = [lines(files), *(json.loads(files[name]) for name in files if name.endswith(".json"))]
    found = {_at(one, way) for one in whole for way in ways(one) if isinstance(_at(one, way), str)}
    return tuple(sorted(found))


def _text(old: str, chance: random.Random) -> str:
    at = chance.randrange(len(old) + 1)
    return chance.choice(
        (
            chance.choice(_texts()),
            chance.choice(USUAL),
            old[:at] + chance.choice("0aZ-:T.+ 9éx") + old[at + 1 :],
            old + chance.choice("0x Z"),
            old[:-1],
            old.upper(),
            old[::-1],
        )
    )


def another(old: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    match old:
        case bool():
            return not old
        case int():
            return chance.choice((old + 1, old - 1, 2 * old, 0, 1, -1, 10**9))
        case str():
            return _text(old, chance)
        case []:
            return [chance.choice(_texts())]
        case list():
            at = chance.randrange(len(old))
            return [*old, old[at]] if chance.random() < 0.5 else [*old[:at], *old[at + 1 :]]
        case dict() if old and chance.random() < 0.5:
            gone = chance.choice(list(old))
            return {key: item for key, item in old.items() if key != gone}
        case dict():
            return {**old, chance.choice(MEMBERS): chance.choice((1, "x", None, *_texts()))}
        case _:
            return chance.choice((0, "", True, [], {}))


def _elsewhere(value: Any, chance: random.Random) -> Any:
    """The value with another one somewhere in it."""
    copy = json.loads(json.dumps(value))
    *way, last = chance.choice([way for way in ways(copy) if way])
    around = _at(copy, tuple(way))
    around[last] = another(around[last], chance)
    return copy


def meaning(chance: random.Random) -> dict[str, bytes]:
    """The base pack, with up to three changes of what it says, sealed again."""
    files = dict(base())
    entries = lines(files)
    named = [name for name in files if name.endswith(".json")]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
        at, other = (chance.randrange(len(entries)) for _ in range(2))
        match chance.choices(range(6), (55, 20, 7, 6, 6, 6))[0]:
            case 0:
                entries[at] = _elsewhere(entries[at], chance)
            case 1:
                name = chance.choice(named)
                files[name] = canonical(_elsewhere(json.loads(files[name]), chance))
            case 2:
                entries.insert(at, entries[other])
            case 3 if len(entries) > 1:
                del entries[at]
            case 4:
                entries[at], entries[other] = entries[other], entries[at]
            case _:
                files[chance.choice(list(files))] = files[chance.choice(list(files))]
    if chance.random() < 0.8:
        entries = [{**one, "seq": seq} for seq, one in enumerate(entries)]
    return resealed(files, entries)


def meanings(count: int, seed: int, room: Path) -> tuple[list[str], Counter[str]]:
    """Where checkers differed over so many packs, and what the packs were called."""
    chance, folder = random.Random(seed), room / "pack"
    differed, called = [], Counter[str]()
    with ExitStack() as open_:
        pyz = open_.enter_context(stranger(room / "verify.pyz"))
        judges: dict[str, Judge] = {"holdfast": program, "verify.pyz": pyz}
        if not checkengine.absent():
            judges["verify.html"] = open_.enter_context(browser(room / "verify.html"))
        for number in range(count):
            for name, data in meaning(chance).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            said = {name: judge(folder) for name, judge in judges.items()}
            verdict, broken = said["holdfast"]
            called[verdict] += 1
            differed += [
                f"#{number} {name} says {theirs}, not {verdict}, and differs in "
                f"{sorted(named ^ broken)}"
                for name, (theirs, named) in said.items()
                if (theirs, named) != (verdict, broken)
            ]
            shutil.rmtree(folder)
    return differed, called


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py meanings", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args(argv)
    if reason := checkengine.absent():
        print(f"verify.html is left out: {reason}")
    with tempfile.TemporaryDirectory() as room:
        differed, called = meanings(chosen.count, chosen.seed, Path(room))
    print(f"seed {chosen.seed}: {dict(called)}, {len(differed)} answers that differ")
    print("\n".join(differed[:100]))
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
