"""An RFC 3161 token verified by us and by ``openssl ts -verify``, one after the other."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rows import ROOT, Row, median_ratio, ratios

from holdfast.adapters import x509
from holdfast.adapters.pack.openssl import find_openssl
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.resources import resource
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import certificates
from holdfast.core.rfc3161 import make_query, read_response
from holdfast.core.verdict import ProofHelp
from holdfast.practice import keys, tsa

LIMIT = 2.0
EACH = 20
"""Tokens a measurement: one alone is too short for the clock."""
GENUINE = ROOT.parent / "shared" / "vectors" / "tsr" / "auto-archiver" / "digicert.tsr"
MESSAGE = b"4b7b4e39f12b8c725e6e603e6d4422500316df94211070682ef10260ff5759ef"


REMEMBERED = (certificates._known_certificate, x509._key_stands_behind, x509._judged)
"""What is kept of an authority's chain from one of its tokens to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A token, what it is about, and the root it leads to."""

    name: str
    raw: bytes
    message: bytes
    root: bytes


def tokens(pairs: int) -> Iterator[Row]:
    """Ours in the program and ours in ``verify.pyz``, each beside the program openssl."""
    if not find_openssl():
        raise SystemExit("there is no openssl to measure against")
    with tempfile.TemporaryDirectory() as folder:
        for sample in samples():
            theirs = _openssl(sample, Path(folder))
            yield from _rows(sample, theirs, pairs)


def samples() -> Iterator[Sample]:
    """One of the practice world (ECDSA), and a genuine one (RSA) where the vectors are."""
    witness = keys.witnesses()[0]
    query = make_query(hashlib.sha256(MESSAGE).digest(), 1 << 63)
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 -- the token of a measurement
    raw = tsa.reply(query, witness, now)
    yield Sample(name="ECDSA P-256", raw=raw, message=MESSAGE, root=keys.pem(witness.root))
    if GENUINE.is_file():
        root = resource("authorities", "digicert-trusted-root-g4.pem").read_bytes()
        yield Sample(name="DigiCert, RSA", raw=GENUINE.read_bytes(), message=MESSAGE, root=root)


def _openssl(sample: Sample, folder: Path) -> Callable[[], object]:
    for name, data in (("data", sample.message), ("tsr", sample.raw), ("root.pem", sample.root)):
        (folder / name).write_bytes(data)
    moment = int(read_response(sample.raw).info.gen_time.timestamp())
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "tsr", "-CAfile", "root.pem"]

    def run() -> None:
        done = subprocess.run(
            [*command, "-attime", str(moment)], cwd=folder, capture_output=True, check=False
        )
        if b"Verification: OK" not in done.stdout:
            raise SystemExit(f"openssl does not accept the token: {done.stderr!r}")

    return run


def _rows(sample: Sample, theirs: Callable[[], object], pairs: int) -> Iterator[Row]:
    lent = ProofHelp(roots=(sample.root,), named_root=True, practice=True)

    def digest(name: str) -> bytes:
        return hashlib.new(name, sample.message).digest()

    checkers: Mapping[str, Rfc3161Checker | OpensslTokens] = {
        "in the program": Rfc3161Checker(),
        "in the program, the first of its chain": Rfc3161Checker(),
        "in verify.pyz": OpensslTokens(),
    }
    for where, checker in checkers.items():
        first_time = "first" in where

        def ours(
            checker: Rfc3161Checker | OpensslTokens = checker, first_time: bool = first_time
        ) -> None:
            if first_time:
                for remembered in REMEMBERED:
                    remembered.cache_clear()
            seen, _ = checker.check("t", digest, sample.raw, lent)
            if seen.status not in ("confirmed", "simulated"):
                raise SystemExit(f"we do not accept the token: {seen.status}")

        ours()
        measured = [(_spent(ours), _spent(theirs)) for _ in range(pairs)]
        first, second = ([pair[at] for pair in measured] for at in (0, 1))
        # The first of a chain pays for the whole chain, and an authority has one chain.
        held = not first_time
        yield Row(
            bench="tokens",
            claim=f"RFC 3161 token ({sample.name}) verified {where} / `openssl ts -verify`, CPU",
            measured=ratios(first, second),
            target=f"≤ {LIMIT}" if held else "reported",
            met=median_ratio(first, second) <= LIMIT if held else None,
        )


def _spent(work: Callable[[], object]) -> float:
    """CPU seconds of several, those of programs that were started included."""
    before = _cpu()
    for _ in range(EACH):
        work()
    return _cpu() - before


def _cpu() -> float:
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system
