"""What a target is: a parser, the inputs to begin with, and the promise that is checked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
LENT = HERE / "lent"
VECTORS = HERE.parents[1].parent / "shared" / "vectors"
"""Proofs of others: lent to a run where they are at hand, never kept."""


Plain = Callable[[bytes, int], bytes]
"""Changes octets anywhere, up to so many."""
Mutate = Callable[[bytes, int, int, Plain], bytes]
"""(input, most octets, seed, plain mutation) → another input."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One parser."""

    name: str
    run: Callable[[bytes], None]
    """Gives the parser an input.  Raises AssertionError where a promise is broken; whatever else
    it raises, the parser let through."""
    tokens: tuple[bytes, ...] = ()
    """Pieces that inputs are made of, for the mutator."""
    vectors: tuple[str, ...] = ()
    """Patterns below the vectors of files that this parser reads."""
    mutate: Mutate | None = None
    """Makes another input that is still readable; without it, octets are changed anywhere."""
    largest: int = 64 << 10
    """Octets of an input that a run tries."""
    prefix: bytes = b""
    """What has to stand before a vector to make it an input."""

    def kept(self) -> dict[str, bytes]:
        """The corpus, by file name."""
        folder = CORPUS / self.name
        found = sorted(folder.glob("*.bin")) if folder.is_dir() else []
        return {path.name: path.read_bytes() for path in found}

    def seeds(self) -> dict[str, bytes]:
        """Those of the corpus that ``fuzz.seeds`` made."""
        return {name: raw for name, raw in self.kept().items() if name.startswith("seed-")}

    def lent(self) -> dict[str, bytes]:
        """Vectors of others, where they lie beside the repository."""
        paths = [path for pattern in self.vectors for path in VECTORS.glob(pattern)]
        return {path.name: self.prefix + path.read_bytes() for path in paths if path.is_file()}


@cache
def targets() -> Mapping[str, Target]:
    """Every target, by name."""
    from fuzz import targets as package

    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        target = importlib.import_module(f"fuzz.targets.{module.name}").TARGET
        found[target.name] = target
    return found


def seeds_of(name: str) -> Iterator[bytes]:
    """The seeds of a target that is not loaded yet."""
    for path in sorted((CORPUS / name).glob("seed-*.bin")):
        yield path.read_bytes()


def records(data: bytes) -> Iterator[bytes]:
    """The pieces of an input that holds several: each behind its length in two octets.

    What is left over is the last one, so that every input means something.
    """
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def joined(*pieces: bytes) -> bytes:
    """What ``records`` takes apart again."""
    return b"".join(len(piece).to_bytes(2, "big") + piece for piece in pieces)
