"""The whole job, done once in a process of its own, and what a stranger would do with its pack."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fakes.environment import ask_nobody

BIN = Path(sys.executable).parent
"""Where ``ots`` and ``bagit.py`` lie when they came with the development set-up."""


def need(*tools: str) -> None:
    """Skips the test, by name, when a tool is not there."""
    for tool in tools:
        if shutil.which(tool, path=f"{BIN}{os.pathsep}{os.environ['PATH']}") is None:
            pytest.skip(f"{tool} is not installed")


def surroundings(**changed: str) -> dict[str, str]:
    """An environment in which the printed commands are found, without anybody's display."""
    env = {**os.environ, "LANG": "C.UTF-8", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "PYTHONPATH"):
        env.pop(name, None)
    return env | changed


def run(*words: str, at: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """A command run to its end."""
    return subprocess.run(
        list(words), cwd=at, env=surroundings(**env), capture_output=True, text=True, timeout=300
    )


def holdfast(*words: str, at: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """A command of ours in a process of its own; never a traceback."""
    for option, value in pairwise(words):
        if option == "--data":
            ask_nobody((at or Path()) / value)
    done = run(sys.executable, "-m", "holdfast", *words, at=at, **env)
    assert "Traceback" not in done.stderr + done.stdout
    return done


@contextmanager
def painted_display() -> Iterator[str]:
    """The name of a fresh display whose root is a pattern, not one colour."""
    need("Xvfb")
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-retro", "-screen", "0", "800x600x24",
         "-nolisten", "tcp"],
        pass_fds=(theirs,),
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    try:
        with os.fdopen(ours) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class Rehearsed:
    """What ``practice --json --out`` left."""

    out: Path
    body: dict[str, Any]
    stdout: str
    stderr: str

    @property
    def data(self) -> Path:
        return self.out / "data"

    @property
    def pack(self) -> Path:
        return Path(self.body["pack"])

    @property
    def number(self) -> str:
        return str(self.body["case"])

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the pack by its name in the bag."""
        found = (path for path in self.pack.rglob("*") if path.is_file())
        return tuple(sorted(path.relative_to(self.pack).as_posix() for path in found))

    @cached_property
    def readme(self) -> str:
        return (self.pack / "README.html").read_text(encoding="utf-8")


def rehearse(out: Path) -> Rehearsed:
    """The whole job with a display, from the command line."""
    with painted_display() as display:
        done = holdfast("practice", "--json", "--lang", "en", "--out", str(out), DISPLAY=display)
    assert done.returncode == 0, done.stderr
    return Rehearsed(out=out, body=json.loads(done.stdout), stdout=done.stdout, stderr=done.stderr)


# --- a pack that somebody meddled with -----------------------------------------------------------

KINDS: Mapping[str, str] = {
    "declaration": r"bagit\.txt",
    "bag info": r"bag-info\.txt",
    "manifest": r"manifest-sha256\.txt",
    "tag manifest": r"tagmanifest-sha256\.txt",
    "tag manifest's signature": r"tagmanifest-sha256\.txt\.minisig",
    "readme": r"README\.html",
    "verifier": r"verify\.pyz",
    "page": r"verify\.html",
    "case file": r"data/case\.json",
    "capture manifest": r"data/exhibits/E0001/capture\.json",
    "original": r"data/exhibits/E[0-9]+/files/own-video-still\.jpg",
    "film": r"data/exhibits/E[0-9]+/files/video\.mp4",
    "log": r"data/exhibits/E[0-9]+/files/download\.log",
    "exhibit's anchor": r"data/exhibits/E0001/proofs/capture\.json\.ots",
    "file's anchor": r"data/exhibits/E[0-9]+/proofs/files/video\.mp4\.ots",
    "question": r"data/exhibits/E0001/proofs/capture\.json\.practice-tsa-jia\.tsq",
    "token": r"data/exhibits/E0001/proofs/capture\.json\.practice-tsa-jia\.tsr",
    "inclusion proof": r"data/exhibits/E0001/inclusion\.tlog-proof",
    "ledger": r"data/ledger/entries\.jsonl",
    "head": r"data/ledger/checkpoint\.txt",
    "checkpoint": r"data/ledger/checkpoints/[0-9]+\.txt",
    "checkpoint's anchor": r"data/ledger/checkpoints/[0-9]+\.txt\.ots",
    "checkpoint's question": r"data/ledger/checkpoints/[0-9]+\.txt\.practice-tsa-yi\.tsq",
    "checkpoint's token": r"data/ledger/checkpoints/[0-9]+\.txt\.practice-tsa-yi\.tsr",
    "key": r"data/ledger/key\.txt",
    "authority's chain": r"data/timestamps/practice-tsa-jia/chain\.pem",
    "authority's root": r"data/timestamps/practice-tsa-jia/root\.pem",
    "revocation list": r"data/timestamps/practice-tsa-jia/revocation/[0-9a-f]{16}\.crl",
    "revocation answer": r"data/timestamps/practice-tsa-jia/revocation/[0-9a-f]{16}\.ocsp",
    "block headers": r"data/timestamps/headers/.*\.bin",
    "report": r"data/documents/.*-R1\.pdf",
    "receipt": r"data/documents/.*-K1\.pdf",
    "letter": r"data/documents/.*-L01\.(?:docx)",
    "letter's text": r"data/documents/.*-L01\.txt",
    "mail": r"data/documents/.*-L01\.eml",
}
"""One file of each kind that a pack can hold."""


def one_of(files: tuple[str, ...], kind: str) -> str:
    """The first file of that kind; a kind without a file is a defect."""
    return next(name for name in files if re.fullmatch(KINDS[kind], name))


@contextmanager
def changed(pack: Path, name: str, at: int | None = None) -> Iterator[Path]:
    """One byte of a file is another one, as long as it lasts; in its middle unless said."""
    path = pack / name
    before = path.read_bytes()
    place = len(before) // 2 if at is None else at % len(before)
    path.write_bytes(before[:place] + _other(before[place]) + before[place + 1 :])
    try:
        yield pack
    finally:
        path.write_bytes(before)


def _other(byte: int) -> bytes:
    """Another byte; for a hex digit another digit, for sha256sum skips lines it cannot read."""
    if chr(byte) in "0123456789abcdef":
        return b"1" if byte == ord("0") else b"0"
    return bytes([byte ^ 1])


@contextmanager
def rebagged(pack: Path) -> Iterator[Path]:
    """The bag's own lists agree with what lies in it, as long as it lasts."""
    lists = [pack / "manifest-sha256.txt", pack / "tagmanifest-sha256.txt"]
    before = [path.read_bytes() for path in lists]
    files = [path for path in pack.rglob("*") if path.is_file() and path != lists[1]]
    payload = [path for path in files if path.is_relative_to(pack / "data")]
    _write_list(lists[0], pack, payload)
    _write_list(lists[1], pack, [path for path in files if path not in payload])
    try:
        yield pack
    finally:
        for path, data in zip(lists, before, strict=True):
            path.write_bytes(data)


def _write_list(at: Path, pack: Path, files: list[Path]) -> None:
    rows = sorted(
        (path.relative_to(pack).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    )
    at.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in rows), encoding="ascii")


# --- what is printed -----------------------------------------------------------------------------

_BEGINS = ("sha256sum ", "bagit.py ", "openssl ts ", "ots verify ", "python3 verify.pyz", "sed -n ")


@dataclass(frozen=True)
class Printed:
    """Commands of one page, for this system, in order."""

    commands: tuple[str, ...]

    def of(self, begin: str) -> tuple[str, ...]:
        return tuple(one for one in self.commands if one.startswith(begin))


def printed_in_html(page: str, lang: str) -> Printed:
    """The commands for Linux of one language of README.html."""
    section = re.search(rf'<section id="{lang}".*?</section>', page, re.DOTALL)
    assert section is not None
    found = re.findall(r'<pre data-system="linux"[^>]*>(.*?)</pre>', section[0], re.DOTALL)
    return Printed(tuple(html.unescape(one) for one in found))


def printed_in_pdf(path: Path, *how: str) -> Printed:
    """The commands for Linux of a report, from its text; a backslash carries on, as in a shell."""
    need("pdftotext")
    text = run("pdftotext", *how, str(path), "-").stdout.replace("\f", "\n")
    lines = iter(text.split("\n"))
    found: list[str] = []
    for line in map(str.strip, lines):
        if line.startswith("shasum "):
            break
        if not line.startswith(_BEGINS):
            continue
        while line.endswith("\\"):
            line = line + "\n" + next(lines).strip()
        found.append(line)
    return Printed(tuple(found))


def in_one_shell(commands: tuple[str, ...], at: Path, **env: str) -> list[tuple[int, str]]:
    """Exit code and output of each command, all typed into one shell in the bag's root."""
    mark = "=== the next command ==="
    lines = [f'{one}\nprintf "\\n%s\\n" "$?"; echo "{mark}"' for one in commands]
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1; set -o pipefail\n" + "\n".join(lines)],
        cwd=at, env=surroundings(**env), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    results = []
    for part in done.stdout.split(mark + "\n")[:-1]:
        said, _, code = part.rstrip("\n").rpartition("\n")
        results.append((int(code), said))
    assert len(results) == len(commands)
    return results


# --- the practice world, served by another process -----------------------------------------------


@dataclass(frozen=True)
class Served:
    """The world of a rehearsal, open."""

    lines: tuple[str, ...]
    ots: str
    """The command that it prints."""
    home: Path
    """A home folder whose bitcoin.conf names the practice node, for ``ots`` without options."""


@contextmanager
def served(rehearsed: Rehearsed, home: Path) -> Iterator[Served]:
    """``practice --serve`` runs in a process of its own, as long as it lasts."""
    words = [sys.executable, "-m", "holdfast", "practice", "--serve", "--lang", "en"]
    words += ["--out", str(rehearsed.out)]
    server = subprocess.Popen(
        words, stdout=subprocess.PIPE, env=surroundings(), text=True, encoding="utf-8"
    )
    assert server.stdout is not None
    try:
        lines: list[str] = []
        while not lines or " ots " not in lines[-1]:
            line = server.stdout.readline()
            assert line, "it ended before it had said its command"
            lines.append(line.rstrip("\n"))
        ots = lines[-1][lines[-1].index("ots ") :]
        _write_bitcoin_conf(home, ots)
        yield Served(lines=tuple(lines), ots=ots, home=home)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def _write_bitcoin_conf(home: Path, ots: str) -> None:
    node = re.search(r"--bitcoin-node (\S+)", ots)
    assert node is not None
    parts = urlsplit(node[1])
    (home / ".bitcoin").mkdir(parents=True)
    (home / ".bitcoin" / "bitcoin.conf").write_text(
        f"rpcconnect={parts.hostname}\nrpcport={parts.port}\n"
        f"rpcuser={parts.username}\nrpcpassword={parts.password}\n"
    )


def offline_data(data: Path) -> Path:
    """A data folder whose person asked for no network."""
    from holdfast.compose import open_holdfast

    desk = open_holdfast(data)
    desk.save_settings(replace(desk.settings, offline=True))
    desk.close()
    return data
