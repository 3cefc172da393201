"""What ``pipx install .`` would install: everything it needs is in the wheel, not in the clone."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.acceptance import run, surroundings

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.no_cover]

CLONE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if run(*pip, "--version").returncode:
        pytest.skip("pip is not there")
    wheel = [*pip, "wheel", str(CLONE), "--no-deps", "--no-build-isolation", "--no-index"]
    made = run(*wheel, "-w", str(folder / "wheel"))
    assert made.returncode == 0, made.stderr
    (one,) = (folder / "wheel").glob("holdfast-*-py3-none-any.whl")
    install = [*pip, "install", "--no-deps", "--no-index", "--target", str(folder / "here")]
    done = run(*install, str(one))
    assert done.returncode == 0, done.stderr
    return folder / "here"


Installed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def installed(target: Path, tmp_path: Path) -> Installed:
    """The installed program, far from the clone; ``-S`` keeps the development set-up's path out."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        path = f"{target}:{sysconfig.get_paths()['purelib']}"
        done = subprocess.run(
            [sys.executable, "-S", *words],
            cwd=tmp_path,
            env=surroundings(PYTHONPATH=path, HOME=str(tmp_path / "home")),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return command


def test_it_is_the_installed_one(installed: Installed, target: Path) -> None:
    said = installed("-c", "import holdfast, sys; print(holdfast.__file__, *sys.path, sep='\\n')")
    where, *path = said.stdout.splitlines()
    assert Path(where).is_relative_to(target)
    assert not [entry for entry in path if entry in (str(CLONE / "app"), str(CLONE))]
    assert (target / "bin" / "holdfast").exists()


def test_the_wheel_brings_every_resource(target: Path) -> None:
    shipped = CLONE / "resources"
    there = {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()}
    here = target / "holdfast" / "resources"
    assert there
    assert there <= {path.relative_to(here) for path in here.rglob("*")}


def test_selfcheck_finds_everything(installed: Installed, tmp_path: Path) -> None:
    done = installed("-m", "holdfast", "selfcheck", "--json", "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    checks = {check["check"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}
    assert checks
    assert "fail" not in checks.values()


def test_it_keeps_writes_packs_and_verifies(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    ours = ["--data", str(tmp_path / "data"), "--lang", "zh", "--quiet"]
    done = installed("-m", "holdfast", "keep", "./a.txt", "--json", *ours)
    assert done.returncode == 0, done.stderr
    number = json.loads(done.stdout)["case"]["number"]
    report = [number, "--out", str(tmp_path / "report.pdf")]
    done = installed("-m", "holdfast", "document", "evidence-report", "--case", *report, *ours)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.pdf").read_bytes()[:5] == b"%PDF-"
    pack = str(tmp_path / "pack.zip")
    done = installed("-m", "holdfast", "export", "--case", number, "--out", pack, *ours)
    assert done.returncode == 0, done.stderr
    assert installed("-m", "holdfast", "verify", pack, *ours).returncode == 5
    assert installed("-m", "holdfast", "notice", "regimes", *ours).returncode == 0
