"""Compatibility for ever: what any version packed is verified, and what was bent is rejected."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import kept_packs
from fakes.packed import bench, broken, flipped, rebagged
from holdfast.adapters.pack.openssl import find_openssl
from holdfast.core.job import Job
from holdfast.core.verdict import Verdict
from holdfast.usecases.verify import Options, verify

VERSIONS = sorted(path for path in kept_packs.KEPT.iterdir() if (path / "expected.json").is_file())
Files = dict[str, bytes]


@cache
def expected(version: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((version / "expected.json").read_text(encoding="utf-8"))
    return told


def known(version: Path) -> frozenset[str]:
    return frozenset(expected(version)["checkers"].values())


TARGETS = [
    pytest.param(version, name, id=f"{version.name}-{name}")
    for version in VERSIONS
    for name in expected(version)["targets"]
]
PACKS = [one for one in TARGETS if str(one.values[1]).endswith(".zip")]


SAID_SINCE = frozenset({"bag_readme"})
"""Of every pack, and by no checker in the oldest of them."""


def test_this_version_keeps_every_kind() -> None:
    assert VERSIONS
    kinds = {"stamped.zip", "selective.zip", "renewed.zip", "report.pdf"}
    for version in VERSIONS:
        assert set(expected(version)["targets"]) == kinds
        assert {path.name for path in version.iterdir()} == {*kinds, "expected.json"}


def holds(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The verdict, and every reservation, are as they were; more may be found good than then."""
    assert found["verdict"] == wanted["verdict"]
    for outcome in ("broken", "weak", "unchecked"):
        here = [rule for rule in found.get(outcome, []) if rule not in SAID_SINCE]
        assert here == wanted.get(outcome, []), outcome
    assert set(found.get("ok", [])) >= set(wanted.get("ok", []))


@pytest.mark.parametrize(("version", "name"), TARGETS)
def test_a_pack_of_any_version_says_what_it_said(version: Path, name: str) -> None:
    holds(kept_packs.found(version / name, known(version)), expected(version)["targets"][name])


@pytest.mark.skipif(not find_openssl(), reason="no OpenSSL here")
@pytest.mark.parametrize(("version", "name"), PACKS)
def test_the_checker_inside_says_the_same_of_its_own_pack(
    version: Path, name: str, tmp_path: Path
) -> None:
    pyz = tmp_path / "verify.pyz"
    pyz.write_bytes(kept_packs.checkers(version / name)["verify.pyz"])
    line = [sys.executable, "-I", "-S", str(pyz), "--practice", "--json", str(version / name)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    wanted = expected(version)["targets"][name]
    found = kept_packs.told(json.loads(done.stdout))
    # It is the very one in the pack, so it knows itself; all else is as the program said.
    holds(found, wanted)
    assert done.returncode == {"ok": 0, "weak": 0, "broken": 4, "unchecked": 5}[wanted["verdict"]]


# --- bent ----------------------------------------------------------------------------------------

CAPTURE = "data/exhibits/E0001/capture.json"
PAGE = "data/exhibits/E0001/files/page.html"
ENTRIES = "data/ledger/entries.jsonl"
HEAD = "data/ledger/checkpoint.txt"
OTS = "data/exhibits/E0001/proofs/capture.json.ots"
TSR = "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"
OTHER = "data/exhibits/E0001/proofs/capture.json.practice-tsa-yi.tsr"
RUN = "data/timestamps/headers/bitcoin-0-1.bin"
INCLUSION = "data/exhibits/E0001/inclusion.tlog-proof"
SIGNED = "tagmanifest-sha256.txt.minisig"


def bent(name: str, at: int | None = None) -> Callable[[Files], Files]:
    return lambda files: {**files, name: flipped(files[name], at)}


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {one: data for one, data in files.items() if one != name}


def with_(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: data}


def anew(change: Callable[[Files], Files]) -> Callable[[Files], Files]:
    """The same, under lists of the bag made anew: nothing of it shows there."""
    return lambda files: rebagged(change(files))


def shorter(files: Files) -> Files:
    lines = files[ENTRIES].splitlines(keepends=True)
    return {**files, ENTRIES: b"".join(lines[:-1])}


def later(files: Files) -> Files:
    return {**files, ENTRIES: files[ENTRIES].replace(b"T13:06", b"T14:06", 1)}


def swapped(files: Files) -> Files:
    return {**files, TSR: files[OTHER], OTHER: files[TSR]}


def renamed(files: Files) -> Files:
    return {**without(PAGE)(files), PAGE.replace("page", "Page"): files[PAGE]}


def resized(files: Files) -> Files:
    return {**files, HEAD: files[HEAD].replace(b"\n", b"\n0", 1)}


BENT: dict[str, tuple[Callable[[Files], Files], str, str]] = {
    "a byte of a file": (bent(PAGE), "file_changed", PAGE),
    "a byte of a file, listed anew": (anew(bent(PAGE)), "file_changed", PAGE),
    "a byte of a manifest, listed anew": (anew(bent(CAPTURE)), "file_changed", CAPTURE),
    "a file gone": (without(PAGE), "file_missing", PAGE),
    "a file gone, listed anew": (anew(without(PAGE)), "file_missing", PAGE),
    "a file more": (with_("data/x.txt", b"x"), "file_not_listed", "data/x.txt"),
    "a file more, listed anew": (
        anew(with_("data/x.txt", b"x")), "file_not_on_record", "data/x.txt",
    ),
    "a file under another name": (anew(renamed), "file_missing", PAGE),
    "the last line gone": (anew(shorter), "ledger_truncated", HEAD),
    "a line at another time": (anew(later), "checkpoint_root", ENTRIES),
    "a head of another size": (anew(resized), "checkpoint_malformed", HEAD),
    "a byte of a block's proof": (anew(bent(OTS)), "file_changed", OTS),
    "a proof gone": (anew(without(OTS)), "file_missing", OTS),
    "a byte of a token": (anew(bent(TSR)), "file_changed", TSR),
    "two tokens in each other's place": (anew(swapped), "file_changed", OTHER),
    "a byte of the blocks": (anew(bent(RUN, 84)), "headers_broken", RUN),
    "a byte of an inclusion proof": (anew(bent(INCLUSION, 0)), "inclusion_malformed", INCLUSION),
    "a byte of the case": (anew(bent("data/case.json")), "file_changed", "data/case.json"),
    "a byte of the list's signature": (bent(SIGNED, 0), "signature_malformed", SIGNED),
    "the list's signature gone": (without(SIGNED), "file_missing", SIGNED),
    "files to be fetched": (with_("fetch.txt", b"http://x 1 data/x\n"), "bag_fetch", "fetch.txt"),
    "a byte of the checker": (bent("verify.pyz"), "file_changed", "verify.pyz"),
    "a byte of the page to read": (bent("README.html"), "file_changed", "README.html"),
}  # fmt: skip


@cache
def files_of(version: Path) -> Files:
    with zipfile.ZipFile(version / "stamped.zip") as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def zipped(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(f"HF/{name}"), files[name])
    return out.getvalue()


def judged(version: Path, raw: bytes, room: Path) -> Verdict:
    pack = room / "bent.zip"
    pack.write_bytes(raw)
    looked = bench(known_verifiers=partial(known, version), now=kept_packs.WHEN)
    return verify([pack], Options(practice=True), bench=looked, job=Job())


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
@pytest.mark.parametrize("what", BENT)
def test_a_bent_pack_of_any_version_is_rejected_and_the_file_is_named(
    version: Path, what: str, tmp_path: Path
) -> None:
    change, rule, name = BENT[what]
    verdict = judged(version, zipped(change(files_of(version))), tmp_path)
    assert verdict.verdict == "broken"
    assert name in broken(verdict)
    assert (name, rule) in {
        (one.subject, one.rule) for one in verdict.findings if one.outcome == "broken"
    }


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_a_pack_that_was_only_packed_anew_is_said_to_be(version: Path, tmp_path: Path) -> None:
    verdict = judged(version, zipped(files_of(version)), tmp_path)
    assert (verdict.verdict, broken(verdict)) == ("weak", set())
    assert "zip_rewritten" in {finding.rule for finding in verdict.findings}
