"""Verification from the outside: one file of any kind, with or without a proof beside it.

The first octet says under which name it lies and what lies beside it.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from fakes.packed import bench
from fuzz.base import verifiers
from fuzz.target import LENT, Target
from holdfast.adapters.pack.attachments import pdf_attachments
from holdfast.adapters.timestamp.opentimestamps import OpenTimestampsChecker
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core.errors import Refused
from holdfast.core.job import Job
from holdfast.usecases.verify import Bench, Options, verify

NAMES = (
    "f.zip", "f.ots", "f.tsr", "f.pdf", "f.txt", "f.txt.ots", "f.txt.tsr", "f.txt.a.tsr",
    "f.tsa", "capture.json", "f.bin", "f.txt.tsq",
)  # fmt: skip


@cache
def room() -> Path:
    memory = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix="holdfast-fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@cache
def _bench() -> Bench:
    return bench(
        checkers=(OpenTimestampsChecker(), Rfc3161Checker()),
        known_verifiers=verifiers,
        roots=((LENT / "root.pem").read_bytes(),),
        attachments=pdf_attachments,
    )


def run(data: bytes) -> None:
    kind, body = (data[0], data[1:]) if data else (0, b"")
    name = NAMES[kind % len(NAMES)]
    folder = room()
    files = {name: body}
    if name.startswith("f.txt."):
        files["f.txt"] = b"what was kept"
        if name.endswith(".tsq"):
            files["f.txt.tsr"] = body
    for one, content in files.items():
        (folder / one).write_bytes(content)
    options = Options(practice=bool(kind & 64), root=LENT / "root.pem" if kind & 128 else None)
    try:
        for target in (name, "f.txt" if "f.txt" in files else name):
            verdict = verify([folder / target], options, bench=_bench(), job=Job())
            json.dumps(verdict.body()).encode()
            assert verdict.findings
    except Refused:
        return
    finally:
        for one in files:
            (folder / one).unlink()


TARGET = Target(
    name="verify",
    run=run,
    tokens=(b"PK\x03\x04", b"%PDF-1.7", b"holdfast.local/", b"old 1\n"),
    vectors=("ots/**/*.ots",),
    prefix=b"\x01",
    largest=96 << 10,
)
