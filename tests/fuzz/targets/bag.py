"""Lists of a bag and the names in it: what a path says of itself leads to that path again."""

from __future__ import annotations

from contextlib import suppress

from fuzz import mutators
from fuzz.target import Target
from holdfast.core import pack
from holdfast.core.evidence import safe_name, safe_path, safe_segment
from holdfast.core.exported import spans


def run(data: bytes) -> None:
    with suppress(ValueError):
        listed = pack.read_manifest(data)
        assert pack.write_manifest(listed.items()) == data
    with suppress(UnicodeDecodeError):
        for line in data.decode().split("\n")[:64]:
            _path(line)
    numbers = sorted(set(data[:64]))
    assert [n for first, last in spans(numbers) for n in range(first, last + 1)] == numbers  # type: ignore[misc]  # pairs


def _path(path: str) -> None:
    standing = pack.standing(path, frozenset({"exhibits/E0001/capture.json"}))
    if (proof := pack.read_proof_name(path)) is not None:
        again = pack.proof_path(proof.subject, proof.form, proof.authority)
        # A proof below an exhibit's "proofs" has one subject; a name elsewhere may be no place.
        assert standing == "proof"
        assert again == path or not path.startswith("exhibits/") or "/proofs/" in proof.subject
    if (size := pack.read_checkpoint_path(path)) is not None:
        assert pack.checkpoint_path(size) == path
    if (heights := pack.read_headers_path(path)) is not None:
        assert pack.headers_path(*heights) == path
    if (certificates := pack.read_certificates_path(path)) is not None:
        authority, what = certificates
        assert path in (pack.chain_path(authority), pack.root_path(authority)), what
    if (number := pack.read_inclusion_path(path)) is not None:
        assert pack.inclusion_path(number) == path
    if safe_path(path):
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert "\\" not in path
        assert path.isascii()
    assert safe_segment(safe_name(path))


TARGET = Target(
    name="bag",
    run=run,
    mutate=mutators.lines,
    tokens=(
        b"0" * 64 + b"  data/",
        b"exhibits/E0001/proofs/files/",
        b"ledger/checkpoints/",
        b"timestamps/headers/bitcoin-",
        b"timestamps/",
        b"/revocation/",
        b".tsr",
        b".tsq",
        b".ots",
        b"/chain.pem",
        b"/root.pem",
        b"inclusion.tlog-proof",
        b"../",
        b"CON",
        b"nul.txt",
        b"\n",
    ),
    largest=16 << 10,
)
