#!/usr/bin/env python3
"""Two commands on a fresh machine; only Python 3.11 or newer and git have to be there.

    python3 packaging/dev.py practice    set up everything, then do the whole job once
    python3 packaging/dev.py test        set up everything, then pass all tests
    python3 packaging/dev.py run         set up everything, then open the window
    python3 packaging/dev.py bench       the measurements of packaging/docs/performance.md
    python3 packaging/dev.py campaign    ten thousand changes of a pack, each to be found
    python3 packaging/dev.py meanings    a thousand packs that say something else, sealed again
    python3 packaging/dev.py fuzz        every parser in turn, guided by coverage (Linux)
    python3 packaging/dev.py lock        write the hash lock anew from pyproject.toml

What follows the command is handed on.  A second run does no work that is already done.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "packaging" / "requirements" / "lock.txt"
PRACTICE = ROOT / "build" / "practice"

MEMORY = Path("/dev/shm")
ROOM = 8 << 30
"""Several times what a run of all tests leaves there."""

ATHERIS_VERSION = "3.0.0"

REPLAY_VERSION = "2.5.3"
REPLAY_SHA256 = "b7d35c39c4da9b7121c5a393911d8675d4cc6f19513c380191e16b086bea812c"

ONE_AT_A_TIME = Lock()
"""Two runs of apt refuse one another."""

# Qt's libraries, a virtual screen, a browser, fonts for the window, and the judges of our tests.
DEBIAN = (
    "adb ca-certificates chromium dbus ffmpeg firefox-esr fonts-noto-cjk iproute2 libdbus-1-3"
    " libegl1 libfontconfig1 libgl1 libglib2.0-0 libpulse0 libxcb-cursor0 libxcb-icccm4"
    " libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"
    " libxkbcommon-x11-0 libxkbcommon0 minisign nodejs openbox openssl poppler-utils pulseaudio"
    " pulseaudio-utils qpdf util-linux x11-utils x11-xserver-utils xauth xvfb"
).split()


def main(argv: list[str]) -> int:
    command, rest = (argv[0], argv[1:]) if argv else ("", [])
    if sys.version_info < (3, 11):
        print("Holdfast needs Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    if command not in COMMANDS:
        print(__doc__)
        return 0 if command in ("", "help", "-h", "--help") else 2
    if command != "lock":  # which mends a lock that cannot be installed
        set_up()
    return COMMANDS[command](rest)


# --- setting up ----------------------------------------------------------------------------------


def set_up() -> None:
    """System packages and Python's are fetched and unpacked beside one another."""
    with ThreadPoolExecutor() as beside:
        system = beside.submit(system_libraries)
        dependencies()
        system.result()


def dependencies() -> None:
    if not PYTHON.exists():
        say("making .venv")
        make_venv()
    done = VENV / "holdfast.stamp"
    wanted = fingerprint(LOCK, ROOT / "pyproject.toml")
    if done.exists() and done.read_text() == wanted:
        return
    say("installing the locked dependencies")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # The lock is whole.  An older pip takes coverage[toml] for a project of its own
    # and wants its newest release, for which the lock has no hash.
    locked = ["--no-deps", "--require-hashes", "-r", str(LOCK)]
    # uv takes an eighth of the time, but knows nothing of the indices that pip was told about.
    # Most of what is installed is never imported, and what is gets compiled then.
    if call([*pip, "--no-deps", "--require-hashes", "-r", str(the_installer())]) or call(
        [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON), *locked]
    ):
        say("uv could not; pip installs what is missing")
        run([*pip, "--no-compile", *locked])
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    done.write_text(wanted)


def the_installer() -> Path:
    """The lines of the lock that are about uv, in a file of their own."""
    lines = LOCK.read_text().split("\nuv==", 1)[1].splitlines()
    hashes = takewhile(lambda line: line.startswith("    "), lines[1:])
    path = VENV / "uv.txt"
    path.write_text("\n".join([f"uv=={lines[0]}", *hashes]) + "\n")
    return path


def make_venv() -> None:
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        install(["python3-venv"])
        run([sys.executable, "-m", "venv", str(VENV)])


def fingerprint(*files: Path) -> str:
    text = b"".join(file.read_bytes() for file in files) + str(VENV).encode()
    return hashlib.sha256(text + sys.version.encode()).hexdigest()


def system_libraries() -> None:
    """Missing Debian packages are installed where we may; elsewhere the line to run is printed."""
    if shutil.which("dpkg-query") is None:
        if sys.platform.startswith("linux") and not (VENV / "holdfast.told").exists():
            say("please install: Chromium, ffmpeg, Noto Sans CJK, Xvfb, poppler, qpdf")
            if VENV.exists():
                (VENV / "holdfast.told").touch()
        return
    missing = [name for name in DEBIAN if not installed(name)]
    if missing:
        install(missing)


def installed(name: str) -> bool:
    known = subprocess.run(
        ["dpkg-query", "-W", "-f=${db:Status-Abbrev}", name], capture_output=True, text=True
    )
    return known.stdout.startswith("ii")


def install(packages: list[str]) -> None:
    line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    rights: list[str] | None = []
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        sudo = shutil.which("sudo")
        may = sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0
        rights = [sudo, "-n"] if sudo and may else None
    if rights is None or shutil.which("apt-get") is None:
        say("please run once:  sudo " + " ".join(line))
        return
    say("installing system packages: " + " ".join(packages))
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with ONE_AT_A_TIME:
        for step in (["apt-get", "update", "-q"], line):
            made = subprocess.run([*rights, *step], env=quiet, capture_output=True, text=True)
            if made.returncode:
                say(f"{' '.join(step[:2])} failed: {(made.stderr or made.stdout)[-500:]}")


def judges() -> None:
    """ReplayWeb.page lies in build/judges, where tests replay our archives; it is never shipped."""
    where = ROOT / "build" / "judges" / "replaywebpage"
    if (where / "sw.js").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        say("npm is not here: no archive will be replayed in ReplayWeb.page")
        return
    where.mkdir(parents=True, exist_ok=True)
    name = f"replaywebpage-{REPLAY_VERSION}.tgz"
    line = [npm, "pack", "--silent", f"replaywebpage@{REPLAY_VERSION}"]
    packed = subprocess.run(line, cwd=where, capture_output=True, text=True)
    archive = where / name
    if packed.returncode or not archive.exists():
        say(f"npm pack failed: {packed.stderr[-300:]}")
        return
    if hashlib.sha256(archive.read_bytes()).hexdigest() != REPLAY_SHA256:
        archive.unlink()
        say("ReplayWeb.page is not the one that was expected, and is not used")
        return
    with tarfile.open(archive) as found:
        for wanted in ("ui.js", "sw.js"):
            member = found.extractfile(f"package/{wanted}")
            assert member is not None
            (where / wanted).write_bytes(member.read())
    archive.unlink()


# --- commands ------------------------------------------------------------------------------------


def practice(rest: list[str]) -> int:
    """The whole job on the practice site; --out DIR says where it is left."""
    out = [] if "--out" in rest or "--serve" in rest else ["--out", str(PRACTICE)]
    return call([str(BIN / "holdfast"), "practice", *out, *rest])


def test(rest: list[str]) -> int:
    """Style, types, then every test with coverage; fails at the first that does."""
    python = [str(PYTHON), "-m"]
    if rest:
        judges()
        return call([*python, "pytest", *rest])
    with ThreadPoolExecutor() as beside:
        # mypy leaves all processors but one to others, and what is kept of each file of the tests
        # as it is read is made once, where each worker would make it for itself.
        read, fetched = beside.submit(read_tests), beside.submit(judges)
        for step in (
            [*python, "ruff", "check", "app", "tests", "packaging"],
            [*python, "ruff", "format", "--check", "app", "tests", "packaging"],
            [*python, "mypy"],
        ):
            if code := said(step):
                return code
        fetched.result()
        if code := read.result():
            return code
    workers = ["-n", "3", "--dist", "loadgroup"]
    tests = ["-q", *workers, "--hypothesis-profile=whole", "--cov", "--cov-report="]
    with quick_room() as room:
        for step in (
            [*python, "pytest", *tests],
            [*python, "coverage", "report", "--fail-under=90"],
            [*python, "coverage", "report", "--include=*/holdfast/core/*", "--fail-under=100"],
        ):
            if code := said(step, **room):
                return code
    return 0


@contextmanager
def quick_room() -> Iterator[dict[str, str]]:
    """Variables that have tests write to memory where it is plenty: a disk is waited for at each
    of their files, and again when they are removed.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield {}
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, ignore_cleanup_errors=True) as room:
        Path(room).chmod(0o711)  # as /tmp is, for tests that become another account
        yield {"TMPDIR": room}


def said(step: list[str], **variables: str) -> int:
    """The exit code of a Python module, whose words are told first."""
    say(" ".join(step[2:]))
    return call(step, **variables)


def read_tests() -> int:
    """Every test is found; what stands in the way of that is printed."""
    line = [str(PYTHON), "-m", "pytest", "-qq", "--collect-only"]
    read = subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, text=True)
    if read.returncode:
        print(read.stdout, read.stderr, sep="\n", file=sys.stderr)
    return read.returncode


def window(rest: list[str]) -> int:
    return call([str(BIN / "holdfast"), *rest])


def bench(rest: list[str]) -> int:
    return call([str(PYTHON), str(ROOT / "tests" / "bench" / "run.py"), *rest])


def campaign(rest: list[str]) -> int:
    return call([str(PYTHON), str(ROOT / "tests" / "campaign.py"), *rest])


def meanings(rest: list[str]) -> int:
    return call([str(PYTHON), str(ROOT / "tests" / "meanings.py"), *rest])


def fuzz(rest: list[str]) -> int:
    """Coverage-guided runs; the guide lives in a venv of its own and is never locked or shipped."""
    home = ROOT / "build" / "fuzz" / "venv"
    python = home / BIN.name / PYTHON.name
    if not (home / "holdfast.stamp").exists():
        say(f"installing atheris {ATHERIS_VERSION} into build/fuzz/venv")
        run([sys.executable, "-m", "venv", "--clear", str(home)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run([*pip, f"atheris=={ATHERIS_VERSION}"])
        (home / "holdfast.stamp").touch()
    asked = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    ours = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    paths = os.pathsep.join([str(ROOT / "app"), str(ROOT / "tests"), ours])
    line = [str(python), "-m", "fuzz.run", *rest]
    where = environment() | {"PYTHONPATH": paths}
    return subprocess.run(line, cwd=ROOT / "tests", env=where).returncode


def lock(_rest: list[str]) -> int:
    """pyproject.toml's dependencies, resolved for every system, each with its hashes."""
    tool = VENV / "lock-tool"
    if not tool.exists():
        run([sys.executable, "-m", "venv", str(tool)])
        run([str(tool / BIN.name / "pip"), "install", "--quiet", "uv"])
    return call(
        [
            str(tool / BIN.name / "uv"),
            *"pip compile --quiet --universal --python-version 3.11 --generate-hashes".split(),
            *"--no-header --no-annotate --group dev pyproject.toml -o".split(),
            str(LOCK),
        ]
    )


COMMANDS = {
    "practice": practice,
    "test": test,
    "run": window,
    "bench": bench,
    "campaign": campaign,
    "meanings": meanings,
    "fuzz": fuzz,
    "lock": lock,
}


def call(line: list[str], **variables: str) -> int:
    return subprocess.run(line, cwd=ROOT, env=environment() | variables).returncode


def run(line: list[str]) -> None:
    subprocess.run(line, cwd=ROOT, check=True)


def environment() -> dict[str, str]:
    """Ours, with the venv's programs first; compiled once, as where it is installed."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONUTF8": "1", "PATH": path}


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
