"""A campaign against a pack: thousands of small changes, each of which every checker has to find.

    dev.py campaign                         ten thousand changes, a new seed
    dev.py campaign --count 500 --seed 7    the same five hundred, if the pack is of the same sizes

One byte is changed, taken away or put in; a file is taken away, put in, renamed, swapped with
another, or cut short, anywhere in a pack of the practice world.  After each change the pack is
verified by the program, by ``verify.pyz`` in a process of its own, and by the script of
``verify.html`` in node; each has to call it broken and to name the file, and all have to say the
same.  Exits 1 when one did not.
"""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251  the same changes again, from the same seed
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fakes import checkengine
from fakes.packed import CHECKERS, bench, finished
from holdfast.adapters.pack import verifier
from holdfast.core.job import Job
from holdfast.usecases.verify import Bench, Options, verify

KINDS = ("change", "take", "put", "cut", "remove", "add", "rename", "swap", "copy")


@dataclass(frozen=True)
class Change:
    """One change of a pack."""

    kind: str
    names: frozenset[str]
    """The files that have to be named; one of them is enough where two changed places."""
    told: str


class Pack:
    """A pack that is changed in one place and put back as it was."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        self.folder = folder
        self._files = dict(files)
        self._names = sorted(self._files)
        self._sizes = [max(1, len(self._files[name])) for name in self._names]

    @contextmanager
    def changed(self, chance: random.Random) -> Iterator[Change]:
        """The pack with one change; afterwards it is whole again."""
        kind = chance.choice(KINDS)
        made: Change | None = None
        while made is None:
            made = getattr(self, f"_{kind}")(chance)
        try:
            yield made
        finally:
            for name in made.names:
                self._write(name, self._files.get(name))

    def _write(self, name: str, data: bytes | None) -> None:
        at = self.folder / name
        if data is None:
            at.unlink(missing_ok=True)
            return
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)

    def _some(self, chance: random.Random) -> str:
        """A file: half of the time any, half of the time as likely as it is large."""
        if chance.random() < 0.5:
            return chance.choice(self._names)
        return chance.choices(self._names, self._sizes)[0]

    def _change(self, chance: random.Random) -> Change | None:
        name = self._some(chance)
        data = bytearray(self._files[name])
        if not data:
            return None
        at = chance.randrange(len(data))
        data[at] ^= chance.randrange(1, 256)
        self._write(name, bytes(data))
        return Change("change", frozenset({name}), f"byte {at} of {name} is {data[at]:#04x}")

    def _take(self, chance: random.Random) -> Change | None:
        name = self._some(chance)
        data = self._files[name]
        if not data:
            return None
        at = chance.randrange(len(data))
        self._write(name, data[:at] + data[at + 1 :])
        return Change("take", frozenset({name}), f"{name} without its byte {at}")

    def _put(self, chance: random.Random) -> Change:
        name = self._some(chance)
        data = self._files[name]
        at = chance.randrange(len(data) + 1)
        self._write(name, data[:at] + bytes([chance.randrange(256)]) + data[at:])
        return Change("put", frozenset({name}), f"{name} with a byte more at {at}")

    def _cut(self, chance: random.Random) -> Change | None:
        name = self._some(chance)
        data = self._files[name]
        if not data:
            return None
        at = chance.randrange(len(data))
        self._write(name, data[:at])
        return Change("cut", frozenset({name}), f"{name} ends at {at}")

    def _remove(self, chance: random.Random) -> Change:
        name = chance.choice(self._names)
        self._write(name, None)
        return Change("remove", frozenset({name}), f"{name} is gone")

    def _new_name(self, chance: random.Random) -> str:
        beside = chance.choice(self._names)
        folder = beside.rpartition("/")[0]
        name = f"{chance.choice('abcxyz')}{chance.randrange(10**6)}.{chance.choice(('txt', 'ots'))}"
        return f"{folder}/{name}" if folder else name

    def _add(self, chance: random.Random) -> Change:
        name = self._new_name(chance)
        self._write(name, chance.randbytes(chance.randrange(200)))
        return Change("add", frozenset({name}), f"{name} is new")

    def _rename(self, chance: random.Random) -> Change:
        old, new = chance.choice(self._names), self._new_name(chance)
        self._write(new, self._files[old])
        self._write(old, None)
        return Change("rename", frozenset({old, new}), f"{old} is now {new}")

    def _swap(self, chance: random.Random) -> Change | None:
        one, other = chance.sample(self._names, 2)
        if self._files[one] == self._files[other]:
            return None
        self._write(one, self._files[other])
        self._write(other, self._files[one])
        return Change("swap", frozenset({one, other}), f"{one} and {other} changed places")

    def _copy(self, chance: random.Random) -> Change | None:
        """One file has the content of another, of the same kind where there is one."""
        name = chance.choice(self._names)
        ending = Path(name).suffix
        alike = [n for n in self._names if n != name and Path(n).suffix == ending]
        other = chance.choice(alike or self._names)
        if self._files[other] == self._files[name]:
            return None
        self._write(name, self._files[other])
        return Change("copy", frozenset({name}), f"{name} has the content of {other}")


Said = set[tuple[str, str]]
Judge = Callable[[Path], tuple[str, Said]]
"""What a checker calls a pack, and what it names as broken: file and rule."""


def _broken(findings: Iterable[Mapping[str, str]]) -> Said:
    return {(f["subject"], f["rule"]) for f in findings if f["outcome"] == "broken"}


@cache
def _bench() -> Bench:
    return bench(checkers=CHECKERS)


def program(pack: Path) -> tuple[str, Said]:
    """The program's own answer; the same proof about the same bytes is computed once."""
    verdict = verify([pack], Options(practice=True), bench=_bench(), job=Job())
    return verdict.verdict, {(f.subject, f.rule) for f in verdict.findings if f.outcome == "broken"}


_STRANGER = """
import dataclasses, io, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import pkgutil
from holdfast.adapters.pack import offline
# The same token about the same bytes is given to openssl once.
asked, tokens = {}, offline.OpensslTokens.check
def check(self, subject, digest, proof, help):
    key = (subject, digest("sha256"), proof, dataclasses.replace(help, now=""))
    if key not in asked:
        asked[key] = tokens(self, subject, digest, proof, help)
    return asked[key]
offline.OpensslTokens.check = check
known = offline.read_embedded(pkgutil.get_data("holdfast.adapters.pack", "embedded.json"))
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    target = [line.rstrip("\\n"), "--practice", "--json"]
    code = offline.check(target, Path(sys.argv[1]), known, out, err)
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


@contextmanager
def stranger(pyz: Path) -> Iterator[Judge]:
    """verify.pyz in a process without anything of ours, which answers again and again."""
    pyz.write_bytes(verifier.verify_pyz())
    command = [sys.executable, "-I", "-S", "-c", _STRANGER, str(pyz)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(pack: Path) -> tuple[str, Said]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{pack}\n")
            process.stdin.flush()
            code, out, err = json.loads(process.stdout.readline())
            if not out:
                return f"ended {code}: {err}", set()
            told = json.loads(out)
            return told["verdict"], _broken(told["findings"])

        try:
            yield ask
        finally:
            process.stdin.close()


@contextmanager
def browser(page: Path) -> Iterator[Judge]:
    """The script of verify.html, as the page runs it."""
    page.write_bytes(verifier.verify_html())
    with checkengine.engine(page) as running:

        def ask(pack: Path) -> tuple[str, Said]:
            answer = running.judged(pack)
            told = answer.get("result", {})
            if "verdict" not in told:
                return f"ended: {answer}", set()
            return told["verdict"], _broken(told["findings"])

        yield ask


def campaign(
    count: int, seed: int, room: Path, tell: Callable[[int, Counter[str]], None]
) -> list[str]:
    """What some checker did not find, or did not name, of so many changes; empty is right."""
    chance = random.Random(seed)
    whole = finished()
    folder = room / whole.number
    shutil.copytree(whole.folder, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    pack, missed, kinds = Pack(folder, whole.files), [], Counter[str]()
    with ExitStack() as open_:
        pyz = open_.enter_context(stranger(room / "verify.pyz"))
        judges: dict[str, Judge] = {"holdfast": program, "verify.pyz": pyz}
        if not checkengine.absent():
            judges["verify.html"] = open_.enter_context(browser(room / "verify.html"))
        for name, judge in judges.items():
            verdict, broken = judge(folder)
            if verdict != "ok" or broken:
                raise SystemExit(f"{name} calls the whole pack {verdict}: {broken}")
        for number in range(count):
            with pack.changed(chance) as change:
                kinds[change.kind] += 1
                said: dict[str, Said] = {}
                for name, judge in judges.items():
                    verdict, said[name] = judge(folder)
                    named = {subject for subject, _ in said[name]}
                    if verdict != "broken":
                        missed.append(f"#{number} {name}: {verdict}: {change.told}")
                    elif not change.names & named:
                        missed.append(f"#{number} {name} names {sorted(named)}: {change.told}")
                for name, broken in said.items():
                    if odd := sorted(broken ^ said["holdfast"]):
                        missed.append(f"#{number} {name} differs in {odd}: {change.told}")
            tell(number + 1, kinds)
        for name, judge in judges.items():
            if judge(folder)[0] != "ok":
                raise SystemExit(f"{name}: the pack was not put back as it was")
    return missed


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py campaign", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args(argv)
    began = time.monotonic()
    if reason := checkengine.absent():
        print(f"verify.html is left out: {reason}")

    def tell(number: int, kinds: Counter[str]) -> None:
        if number % 500 == 0 or number == chosen.count:
            print(
                f"{number:,} changes in {time.monotonic() - began:.0f} s {dict(kinds)}", flush=True
            )

    with tempfile.TemporaryDirectory() as room:
        missed = campaign(chosen.count, chosen.seed, Path(room), tell)
    print(f"seed {chosen.seed}: {len(missed)} not found, not named or named otherwise")
    for line in missed[:100]:
        print(line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
