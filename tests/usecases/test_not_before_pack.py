"""Not before, from a capture in the practice world to a pack that a stranger checks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.desk import FakeSource
from fakes.packed import Rehearsal, bench, finished, rehearsal
from holdfast.adapters import bls
from holdfast.adapters.timestamp.beacon import Beacon
from holdfast.adapters.timestamp.headers import Esplora
from holdfast.core.environment import EnvironmentRun
from holdfast.core.errors import Unavailable
from holdfast.core.evidence import World
from holdfast.core.job import Job
from holdfast.core.not_before import NotBefore
from holdfast.core.verdict import Finding, Verdict
from holdfast.practice import beacon as signer
from holdfast.usecases import preserve
from holdfast.usecases.verify import Options, verify

pytestmark = pytest.mark.no_cover

RUN = EnvironmentRun(started="", finished="", readings=())


class Around:
    """A watch that saw nothing but the newest values."""

    def __init__(self, values: NotBefore) -> None:
        self._values = values

    def before(self, _job: Job) -> EnvironmentRun:
        return RUN

    def not_before(self, _job: Job) -> NotBefore:
        return self._values

    def sealing(self, _job: Job) -> EnvironmentRun:
        return RUN


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("rehearsal")) as it:
        yield it


def newest(made: Rehearsal) -> NotBefore:
    source = Beacon(made.clock, lambda authorities, s: Esplora(authorities, seconds=s))
    return source.latest(made.authorities, Job())


def keep(made: Rehearsal, values: NotBefore) -> str:
    assert made.case is not None
    number = preserve.preserve(
        made.case,
        FakeSource({"page.html": b"<p>x"}),
        "https://drama.example/ep/13",
        store=made.store,
        vault=made.vault,
        clock=made.clock,
        maker=made.maker,
        job=Job(),
        watch=Around(values),
    ).number
    made.stamp_all()
    return number


def judged(pack: Path) -> Verdict:
    return verify([pack], Options(practice=True), bench=bench(signed=bls.signed), job=Job())


def about(verdict: Verdict, number: str) -> dict[str, Finding]:
    subject = f"data/exhibits/{number}/capture.json"
    return {f.rule: f for f in verdict.findings if f.subject == subject}


def test_values_of_the_practice_world_hold_in_a_practice_pack(
    made: Rehearsal, tmp_path: Path
) -> None:
    values = newest(made)
    assert values.network == "practice"
    number = keep(made, values)
    verdict = judged(made.export(tmp_path / "pack"))
    assert verdict.verdict == "ok"
    found = about(verdict, number)
    assert found["not_before_block"].outcome == "ok"
    assert found["not_before_round"].outcome == "ok"
    # Those that were captured without a watch say nothing about it.
    assert about(verdict, "E0001") == {}


def test_the_offline_checker_says_what_it_cannot_check(made: Rehearsal, tmp_path: Path) -> None:
    number = keep(made, newest(made))
    pack = made.export(tmp_path / "pack")
    done = subprocess.run(
        [sys.executable, "verify.pyz", "--json", "--practice"],
        capture_output=True,
        text=True,
        cwd=pack,
        timeout=120,
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (0, "ok")
    rules = {
        one["rule"]: one["outcome"]
        for one in told["findings"]
        if one["subject"] == f"data/exhibits/{number}/capture.json"
    }
    assert rules["not_before_block"] == "ok"
    assert rules["not_before_round_unchecked"] == "unchecked"


def test_a_round_that_was_not_yet_is_a_contradiction(made: Rehearsal, tmp_path: Path) -> None:
    values = newest(made)
    assert values.drand is not None
    later = values.drand.round + 10**7
    future = replace(values.drand, round=later, signature=signer.sign(later).hex())
    number = keep(made, replace(values, drand=future))
    verdict = judged(made.export(tmp_path / "pack"))
    assert verdict.verdict == "broken"
    assert about(verdict, number)["not_before_contradiction"].outcome == "broken"
    assert about(verdict, number)["not_before_clock"].outcome == "weak"


def test_practice_values_called_real_are_broken(made: Rehearsal, tmp_path: Path) -> None:
    number = keep(made, replace(newest(made), network="bitcoin"))
    verdict = judged(made.export(tmp_path / "pack"))
    assert verdict.verdict == "broken"
    assert about(verdict, number)["world_mixed"].outcome == "broken"


def test_a_run_that_does_not_reach_so_far_back_still_serves_the_proofs(
    made: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = newest(made)
    assert values.bitcoin is not None
    keep(made, replace(values, bitcoin=replace(values.bitcoin, height=10**6)))
    asked: list[tuple[int, ...]] = []

    def run(
        _self: Rehearsal, world: World, heights: tuple[int, ...], job: Job
    ) -> tuple[int, bytes]:
        asked.append(heights)
        if 10**6 in heights:
            raise Unavailable("header_run_too_long", blocks=10**6)
        return Esplora(made.authorities).run(heights, job)

    monkeypatch.setattr(Rehearsal, "header_run", run)
    pack = made.export(tmp_path / "pack")
    assert len(asked) == 2
    assert list((pack / "data" / "timestamps" / "headers").iterdir())


def test_a_pack_without_such_values_says_nothing_about_them() -> None:
    verdict = judged(finished().folder)
    assert not [f for f in verdict.findings if f.rule.startswith("not_before")]
