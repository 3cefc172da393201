"""What fuzzing found stays found: every kept input, and what asks for much, within its bounds.

The long runs are ``python3 packaging/dev.py fuzz``; here nothing is random and nobody is guided.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fuzz import target
from fuzz.bound import OCTETS, TooSlow, bounded

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the bounds are Linux's"),
    pytest.mark.xdist_group("fuzz"),
    pytest.mark.no_cover,
]

TESTS = Path(__file__).parent
PARSERS = sorted(path.stem for path in (TESTS / "fuzz" / "targets").glob("[a-z]*.py"))
PATIENCE_S = 5
"""Of a process's own time, for what takes less than one where nobody else computes; what is held
against it took from seconds to hours."""
LARGE = (
    "opentimestamps: forks",
    "opentimestamps: a number without an end",
    "der: identifiers",
    "der: deep",
    "canonical: small lists",
    "canonical: deep lists",
    "canonical: a large number",
    "checkpoint: keys",
    "checkpoint: blank lines",
    "enclosed: many keys",
    "playlist: long sets",
    "playlist: entities",
    "containers: many inflating texts",
    "zipform: many small bombs",
    "zipform: a huge directory",
    "pdf: an inflating attachment",
    "verify: keys and signatures",
    "verify: many lists",
)
"""Those that once were not answered, and a few of the oldest tricks; ``dev.py fuzz --giants`` tries
all that there are."""


def said(*words: str) -> list[dict[str, Any]]:
    """What a process that may take so much, and no more, says of inputs."""

    def limits() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (300, 300))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "app")])
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.replay", *words],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        preexec_fn=limits,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def replayed() -> dict[str, dict[str, Any]]:
    return {told["target"]: told for told in said()}


@pytest.mark.parametrize("parser", PARSERS)
def test_every_kept_input_is_answered_within_bounds(
    parser: str, replayed: dict[str, dict[str, Any]]
) -> None:
    told = replayed[parser]
    assert told["inputs"] >= 2
    assert told["troubles"] == {}


def test_what_asks_for_much_gets_an_answer_or_a_refusal() -> None:
    told = said("--giants", str(PATIENCE_S), *LARGE)
    assert {f"{one['target']}: {one['input']}" for one in told} == set(LARGE)
    assert [one for one in told if one["trouble"]] == []


def test_the_corpus_is_small_and_ours() -> None:
    files = [path for path in target.CORPUS.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".bin"}
    assert sum(path.stat().st_size for path in files) < 2_000_000
    if not target.VECTORS.is_dir():
        pytest.skip("the vectors of others are not beside the repository")
    theirs = {path.read_bytes() for path in target.VECTORS.rglob("*") if path.is_file()}
    assert not [path for path in files if path.read_bytes() in theirs - {b""}]


def test_a_parser_that_takes_too_long_or_too_much_would_be_told() -> None:
    with pytest.raises(TooSlow), bounded(seconds=0.01):
        while True:
            pass
    with pytest.raises(MemoryError), bounded(octets=OCTETS):
        bytearray(2 * OCTETS)


def test_an_input_that_breaks_a_promise_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.replay import trouble

    def wrong(data: bytes) -> None:
        raise KeyError(data)

    broken = target.Target(name="broken", run=wrong)
    assert trouble(broken, b"x").startswith("KeyError at test_fuzz.py")
