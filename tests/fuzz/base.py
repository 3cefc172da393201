"""The pack that changed packs are made from, and whoever has its key and takes every care."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from fuzz.target import LENT
from holdfast.core import minisign
from holdfast.core.canonical import canonical, moment
from holdfast.core.exported import list_comment
from holdfast.core.ledger import (
    Checkpoint,
    VerifierKey,
    inclusion_proof,
    leaf_hash,
    read_checkpoint,
    read_entry,
    read_proof,
    tree_root,
    write_proof,
)
from holdfast.core.pack import (
    ENTRIES,
    HEAD,
    KEYS,
    MANIFEST,
    PAYLOAD,
    SIGNATURE,
    TAG_MANIFEST,
    VERIFIER,
    read_checkpoint_path,
    read_inclusion_path,
    write_manifest,
)

OWNER = hashlib.sha256(b"holdfast fuzz owner").digest()
"""The seed of the base pack's key: everybody has it."""

Lines = list[Any]


@cache
def base() -> Mapping[str, bytes]:
    """The files of the base pack; its checker is a stand-in, which is known here."""
    with zipfile.ZipFile(LENT / "pack.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def verifiers() -> frozenset[str]:
    return frozenset({hashlib.sha256(base()[VERIFIER]).hexdigest()})


@cache
def _signer() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(OWNER)


def public() -> bytes:
    return bytes(_signer().public_key().public_bytes_raw())


def lines(files: Mapping[str, bytes]) -> Lines:
    """The ledger's lines as values."""
    return [json.loads(line) for line in files[PAYLOAD + ENTRIES].splitlines()]


def ways(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a value."""
    yield at
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ways(item, (*at, key))


def resealed(files: Mapping[str, bytes], entries: Sequence[Any]) -> dict[str, bytes]:
    """The pack with these lines: refs, roots, signatures, inclusion proofs and lists made anew."""
    made = dict(files)
    bodies = [_body(_refitted(entry, made)) for entry in entries]
    leaves = [leaf_hash(body) for body in bodies]
    made[PAYLOAD + ENTRIES] = b"".join(body + b"\n" for body in bodies)
    if (PAYLOAD + KEYS) not in made:
        return rebagged(made)
    name = made[PAYLOAD + KEYS].partition(b"+")[0].decode("utf-8", "replace")
    for path in [name_ for name_ in made if name_.startswith(PAYLOAD)]:
        inside = path.removeprefix(PAYLOAD)
        size = len(leaves) if inside == HEAD else read_checkpoint_path(inside)
        if size is not None and size <= len(leaves):
            made[path] = _head(name, made[path], size, leaves)
        elif read_inclusion_path(inside) is not None:
            made[path] = _included(name, made[path], leaves)
    return rebagged(made)


def _refitted(entry: Any, files: Mapping[str, bytes]) -> Any:
    """The line with refs that fit the files as they are now."""
    refs = entry.get("refs") if isinstance(entry, dict) else None
    for ref in refs if isinstance(refs, list) else ():
        path = ref.get("path") if isinstance(ref, dict) else None
        data = files.get(f"{PAYLOAD}{path}") if isinstance(path, str) else None
        if data is not None:
            ref["size"], ref["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    return entry


def _body(entry: Any) -> bytes:
    try:
        return canonical(entry)
    except ValueError:
        return json.dumps(entry, ensure_ascii=True).encode()


def _head(name: str, old: bytes, size: int, leaves: Sequence[bytes]) -> bytes:
    try:
        origin = read_checkpoint(old).origin
    except ValueError:
        return old
    bare = Checkpoint(origin=origin, size=size, root=tree_root(leaves[:size]))
    return bare.signed(name, public(), _signer().sign(bare.text)).note


def _included(name: str, old: bytes, leaves: Sequence[bytes]) -> bytes:
    try:
        index, _, head = read_proof(old)
    except ValueError:
        return old
    if not index < head.size <= len(leaves):
        return old
    try:
        note = read_checkpoint(_head(name, head.note, head.size, leaves))
    except ValueError:
        # A key whose name no head can carry.
        return old
    return write_proof(index, inclusion_proof(leaves[: head.size], index), note)


def _said_along(files: Mapping[str, bytes]) -> str:
    """What belongs beside the signed list, as far as line and head can be read."""
    try:
        last = read_entry(files[PAYLOAD + ENTRIES].rstrip(b"\n").rpartition(b"\n")[2])
        head = read_checkpoint(files[PAYLOAD + HEAD])
        return list_comment(head, int(moment(last.at).timestamp()))
    except (KeyError, ValueError):
        return "again"


def rebagged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files under lists made anew, and the signature over them."""
    made = dict(files)
    body = {name: data for name, data in made.items() if name.startswith(PAYLOAD)}
    oxum = f"Payload-Oxum: {sum(map(len, body.values()))}.{len(body)}"
    told = made.get("bag-info.txt", b"").decode("utf-8", "replace").split("\n")
    kept = [oxum if line.startswith("Payload-Oxum:") else line for line in told]
    made["bag-info.txt"] = "\n".join(kept).encode()
    made[MANIFEST] = _list(body)
    unlisted = (TAG_MANIFEST, SIGNATURE)
    made[TAG_MANIFEST] = _list(
        {n: d for n, d in made.items() if n not in body and n not in unlisted}
    )
    if SIGNATURE in made:
        comment = _said_along(made)
        made[SIGNATURE] = minisign.sign(made[TAG_MANIFEST], comment, public(), _signer().sign).note
    return made


def _list(files: Mapping[str, bytes]) -> bytes:
    return write_manifest((name, hashlib.sha256(data).hexdigest()) for name, data in files.items())


def verifier_key(name: str) -> VerifierKey:
    return VerifierKey(name=name, public_key=public())
