"""Every vector gets its answer; whatever we accept, the reference library reads the same way."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import pytest
from Cryptodome.Hash import RIPEMD160, keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimestamps.core.dubious.notary import EthereumBlockHeaderAttestation
from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    LitecoinBlockHeaderAttestation,
    PendingAttestation,
    UnknownAttestation,
)
from opentimestamps.core.op import (
    OpAppend,
    OpHexlify,
    OpKECCAK256,
    OpPrepend,
    OpReverse,
    OpRIPEMD160,
    OpSHA1,
    OpSHA256,
)
from opentimestamps.core.serialize import (
    BytesDeserializationContext,
    BytesSerializationContext,
    DeserializationError,
)
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from holdfast.core import opentimestamps as ots
from holdfast.core.opentimestamps import MalformedProof, digest_of, read_proof, read_timestamp

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "ots"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the proof vectors are not beside the repository"
)

HEAD = ots.MAGIC + b"\x01\x08" + bytes(32)
BITCOIN = bytes.fromhex("0588960d73d71901")
PENDING = bytes.fromhex("83dfe30d2ef90c8e")
LEAF = b"\x00" + BITCOIN + b"\x03\xf7\xef\x15"


def vector(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def summary(raw: bytes) -> list[tuple[str, int | str]]:
    return [(a.kind, a.height or a.uri or a.tag.hex()) for a in read_proof(raw).attestations]


ALICE = ("pending", "https://alice.btc.calendar.opentimestamps.org")
BOB = ("pending", "https://bob.btc.calendar.opentimestamps.org")
UNKNOWN = ("unknown", "0102030405060708")


@needs_vectors
@pytest.mark.parametrize(
    ("name", "algorithm", "begins", "attested"),
    [
        ("client/hello-world.txt.ots", "sha256", "03ba204e", [("bitcoin", 358391)]),
        ("client/bad-stamp.txt.ots", "sha256", "7e3717bb", [("bitcoin", 358391)]),
        ("client/incomplete.txt.ots", "sha256", "05c4f616", [ALICE]),
        ("client/two-calendars.txt.ots", "sha256", "efaa174f", [ALICE, BOB]),
        ("client/unknown-notary.txt.ots", "sha256", "dcc21d1d", [UNKNOWN]),
        ("client/known-and-unknown-notary.txt.ots", "sha256", "d288b2ee", [BOB, UNKNOWN]),
        ("client/bitcoin.pdf.ots", "sha1", "8de2fdb0", [("bitcoin", 465751)]),
        ("client/gdp2q25-2nd.pdf.ots", "sha256", "c70972a1", [("bitcoin", 912095)]),
        (
            "client/sha1/a-or-b.ots",
            "sha1",
            "f92d74e3",
            [
                ("pending", "https://finney.calendar.eternitywall.com"),
                ("bitcoin", 466906),
                BOB,
                ALICE,
            ],
        ),
        ("crafted/deep-255-ok.ots", "sha256", "", [("bitcoin", 358391)]),
        ("crafted/pending-file-uri.ots", "sha256", "", [("pending", "file:///etc/passwd")]),
        ("crafted/unknown-attestation.ots", "sha256", "", None),
    ],
)
def test_genuine_and_crafted_proofs_say_what_they_say(
    name: str, algorithm: str, begins: str, attested: list[tuple[str, int | str]] | None
) -> None:
    proof = read_proof(vector(name))
    assert proof.digest_algorithm == algorithm
    assert proof.digest.hex().startswith(begins)
    if attested is None:
        assert [a.kind for a in proof.attestations] == ["unknown"]
    else:
        assert summary(vector(name)) == attested


@needs_vectors
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("client/invalid/bad-major-version.ots", "version 1151"),
        ("client/invalid/exceeds-max-msg-length.ots", "too long"),
        ("client/invalid/invalid-file-digest-type.ots", "known hash"),
        ("crafted/deep-256-recursion.ots", "nested too deeply"),
        ("crafted/trailing-garbage.ots", "follows the proof"),
        ("crafted/magic-only.ots", "ends too early"),
        ("crafted/empty-file.ots", "not an OpenTimestamps"),
        ("crafted/html-not-ots.ots", "not an OpenTimestamps"),
        ("crafted/unknown-op-0x42.ots", "operation 0x42"),
        ("crafted/append-empty.ots", "too short"),
        ("crafted/pending-bad-char.ots", "forbidden character"),
        ("crafted/huge-varint-version-200k.ots", "number is too large"),
    ],
)
def test_malformed_proofs_are_named_so(name: str, reason: str) -> None:
    with pytest.raises(MalformedProof, match=reason):
        read_proof(vector(name))


@needs_vectors
def test_roots_of_genuine_proofs_are_those_of_the_blocks() -> None:
    roots = {
        "client/hello-world.txt.ots": "007ee445",
        "client/bitcoin.pdf.ots": "76086b72",
    }
    for name, begins in roots.items():
        (attestation,) = read_proof(vector(name)).attestations
        assert attestation.message.hex().startswith(begins)


@needs_vectors
def test_every_file_that_exists_for_a_vector_has_the_digest_of_its_proof() -> None:
    seen = 0
    for proof in VECTORS.glob("client/*.txt.ots"):
        target = proof.with_suffix("")
        if target.exists():
            read = read_proof(proof.read_bytes())
            assert digest_of(read.digest_algorithm, target.read_bytes()) == read.digest
            seen += 1
    assert seen >= 6


def test_a_digest_that_is_cut_short_is_malformed() -> None:
    for size in (0, 19, 31):
        with pytest.raises(MalformedProof, match="ends too early"):
            read_proof(ots.MAGIC + b"\x01\x08" + bytes(size))


def test_size_is_looked_at_before_anything_else() -> None:
    with pytest.raises(MalformedProof, match="longer"):
        read_proof(bytes(ots.MAX_PROOF + 1))
    with pytest.raises(MalformedProof, match="longer"):
        read_timestamp(bytes(ots.MAX_PROOF + 1), b"")
    with pytest.raises(MalformedProof, match="longer"):
        read_timestamp(LEAF, bytes(ots.MAX_MESSAGE + 1))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "ends too early"),
        (b"\xff", "ends too early"),
        (b"\xf0\x05ab", "ends too early"),
        (b"\x00" + BITCOIN + b"\x04\xf7\xef\x15\x00", "follows the proof"),
        (b"\x00" + BITCOIN + b"\x04\xf7\xef\x95\x00", "shortest"),
        (b"\x00" + BITCOIN + b"\x83\x00\xf7\xef\x15", "shortest"),
        (b"\x00" + BITCOIN + b"\x06\xff\xff\xff\xff\xff\x00", "too large"),
        (b"\x00" + BITCOIN + b"\x05\xff\xff\xff\xff\x1f", "too large"),
        (b"\x00" + PENDING + b"\x03\x03ab", "ends too early"),
        (b"\x00" + PENDING + b"\x04\x02abc", "follows the proof"),
        (b"\x00" + bytes(8) + b"\x81\x40" + bytes(8193), "too short or too long"),
        (b"\x00" + PENDING + b"\xeb\x07\xe9\x07" + b"a" * 1001, "too short or too long"),
        (b"\xff" + LEAF + LEAF, "stands twice"),
        (b"\xff\x08" + LEAF + b"\x08" + LEAF, "stands twice"),
        (b"\xff\xf0\x01a" + LEAF + b"\xf0\x01a" + LEAF, "stands twice"),
        (b"\xff\xff" + LEAF, "operation 0xff"),
    ],
)
def test_other_spellings_and_lost_branches_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedProof, match=reason):
        read_proof(HEAD + body)


def test_branches_may_stand_in_any_order_and_all_of_them_count() -> None:
    one, other = b"\xf0\x01b" + LEAF, b"\xf0\x01a\x08" + LEAF
    found = read_proof(HEAD + b"\xff" + one + other).attestations
    assert [len(a.message) for a in found] == [33, 32]


def test_limits_are_the_format_s_own() -> None:
    address = b"a" * 1000
    assert read_proof(HEAD + b"\x00" + PENDING + b"\xea\x07\xe8\x07" + address).attestations[0].uri
    read_proof(HEAD + b"\x00" + bytes(8) + b"\x80\x40" + bytes(8192))
    (top,) = read_proof(HEAD + b"\x00" + BITCOIN + b"\x05\xff\xff\xff\xff\x0f").attestations
    assert top.height == 2**32 - 1
    whole = b"\xe0\x1f" + bytes(4064)
    read_proof(HEAD + b"\xf0" + whole + LEAF)
    with pytest.raises(MalformedProof, match="grows too long"):
        read_proof(HEAD + b"\xf0" + whole + b"\xf1\x01a" + LEAF)
    with pytest.raises(MalformedProof, match="grows too long"):
        read_proof(HEAD + b"\xf0" + whole + b"\xf3" + LEAF)


def test_a_subtree_keeps_to_the_levels_and_the_work_that_are_left() -> None:
    tree = b"\x08" * 9 + LEAF
    assert read_timestamp(tree, bytes(32), levels=10)
    with pytest.raises(MalformedProof, match="nested"):
        read_timestamp(tree, bytes(32), levels=9)
    assert read_timestamp(tree, bytes(32), work=9 * 96)
    with pytest.raises(MalformedProof, match="work"):
        read_timestamp(tree, bytes(32), work=9 * 96 - 1)


def test_a_proof_has_not_more_leaves_than_anybody_would_look_up() -> None:
    leaves = [b"\x00" + bytes(7) + bytes([at]) + b"\x00" for at in range(ots.MAX_ATTESTATIONS + 1)]
    most = HEAD + b"\xff".join([b"", *leaves[2:]]) + leaves[0]
    assert len(read_proof(most).attestations) == ots.MAX_ATTESTATIONS
    with pytest.raises(MalformedProof, match="more attestations"):
        read_proof(HEAD + b"\xff".join([b"", *leaves[1:]]) + leaves[0])


@pytest.mark.parametrize("slow", [b"\x03", b"\x67"])
def test_work_for_the_slow_hashes_is_bounded(slow: bytes) -> None:
    calls = 0
    step = b"\xf3" * 6 + slow

    def branch(number: int) -> bytes:
        return b"\xf1\x02" + number.to_bytes(2, "big") + step * 35 + LEAF

    bomb = HEAD + b"".join(b"\xff" + branch(n) for n in range(50)) + branch(50)
    original = ots._UNARY[slow[0]]

    def counted(message: bytes) -> bytes:
        nonlocal calls
        calls += 1
        return original(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ots._UNARY, slow[0], counted)
        with pytest.raises(MalformedProof, match="work"):
            read_proof(bomb)
    assert calls < 1000


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 135, 136, 137, 271, 4096])
def test_hashes_written_out_here_are_the_real_ones(size: int) -> None:
    data = bytes(at * 7 % 256 for at in range(size))
    assert digest_of("ripemd160", data) == RIPEMD160.new(data).digest()
    assert digest_of("keccak256", data) == keccak.new(digest_bits=256, data=data).digest()
    assert digest_of("sha256", data) == hashlib.sha256(data).digest()
    assert digest_of("sha1", data) == hashlib.sha1(data).digest()


# --- against the reference library ---------------------------------------------------------------

URI = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-._/:", max_size=40)
UNKNOWN_TAG = st.binary(min_size=8, max_size=8).filter(
    lambda tag: tag not in ots._CHAINS and tag != PENDING
)
ATTESTATION = st.one_of(
    st.builds(BitcoinBlockHeaderAttestation, st.integers(0, 2**32 - 1)),
    st.builds(LitecoinBlockHeaderAttestation, st.integers(0, 2**32 - 1)),
    st.builds(EthereumBlockHeaderAttestation, st.integers(0, 2**32 - 1)),
    st.builds(PendingAttestation, URI),
    st.builds(UnknownAttestation, UNKNOWN_TAG, st.binary(max_size=40)),
)
OPERATION = st.one_of(
    st.builds(OpAppend, st.binary(min_size=1, max_size=40)),
    st.builds(OpPrepend, st.binary(min_size=1, max_size=40)),
    st.sampled_from([OpSHA1(), OpSHA256(), OpRIPEMD160(), OpKECCAK256(), OpReverse(), OpHexlify()]),
)
SHAPE = st.recursive(
    st.tuples(st.lists(ATTESTATION, min_size=1, max_size=3), st.just([])),
    lambda deeper: st.tuples(
        st.lists(ATTESTATION, max_size=2),
        st.lists(st.tuples(OPERATION, deeper), min_size=1, max_size=3),
    ),
    max_leaves=8,
)
FILE_HASH = st.sampled_from(
    [(OpSHA256(), 32), (OpSHA1(), 20), (OpRIPEMD160(), 20), (OpKECCAK256(), 32)]
)


def grow(stamp: Timestamp, shape: Any) -> None:
    attestations, branches = shape
    stamp.attestations.update(attestations)
    for operation, deeper in branches:
        if len(stamp.msg) < 1000:
            grow(stamp.ops.add(operation), deeper)
    if not stamp.attestations and not stamp.ops:
        stamp.attestations.add(BitcoinBlockHeaderAttestation(1))


@pytest.fixture(autouse=True)
def _reverse_is_still_in_the_format() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield


def written(detached: DetachedTimestampFile) -> bytes:
    context = BytesSerializationContext()
    detached.serialize(context)
    return bytes(context.getbytes())


def as_tuples(found: Any) -> list[tuple[bytes, bytes, bytes]]:
    rows = []
    for message, attestation in found:
        context = BytesSerializationContext()
        attestation.serialize(context)
        rows.append((message, attestation.TAG, bytes(context.getbytes())[8:]))
    return sorted(rows)


def ours(raw: bytes) -> list[tuple[bytes, bytes, bytes]]:
    rows = []
    for a in read_proof(raw).attestations:
        size = len(a.payload)
        prefix = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        rows.append((a.message, a.tag, prefix + a.payload))
    return sorted(rows)


@settings(max_examples=120, deadline=None)
@given(FILE_HASH, st.binary(min_size=32, max_size=32), SHAPE)
def test_what_the_library_writes_we_read_alike(
    file_hash: tuple[Any, int], digest: bytes, shape: Any
) -> None:
    operation, size = file_hash
    stamp = Timestamp(digest[:size])
    grow(stamp, shape)
    raw = written(DetachedTimestampFile(operation, stamp))
    read = read_proof(raw)
    assert read.digest == digest[:size]
    assert read.digest_algorithm == operation.TAG_NAME
    assert ours(raw) == as_tuples(stamp.all_attestations())


def library(raw: bytes) -> DetachedTimestampFile | None:
    try:
        return DetachedTimestampFile.deserialize(BytesDeserializationContext(raw))
    except (DeserializationError, ValueError, TypeError, AssertionError, RecursionError):
        return None


CHANGE = st.lists(st.tuples(st.integers(0, 2000), st.integers(-3, 255)), min_size=1, max_size=3)
"""Where, and what: an octet, or cut there, or an octet gone, or one twice."""


def changed(raw: bytes, change: list[tuple[int, int]]) -> bytes:
    made = bytearray(raw)
    for at, octet in change:
        at %= len(made)
        if octet == -1:
            del made[at:]
            made += b"\x00"
        elif octet == -2:
            made.insert(at, made[at])
        elif octet == -3 and len(made) > 1:
            del made[at]
        else:
            made[at] = octet & 0xFF
    return bytes(made)


REASONS = {
    "longer than a proof may be": "over 1 MiB",
    "a number is too large": "a height or length of more than 32 bits",
    "a number is not written in its shortest form": "another spelling, which the library drops",
    "a branch stands twice": "its second copy would vanish when the library parses it",
    "asks for more work than a proof needs": "a bomb",
    "has more attestations than a proof needs": "each may cost somebody a look-up",
}
"""Everything that we refuse and the library may accept, and why."""


def compare(raw: bytes) -> str:
    """What we accept the library accepts with the same attestations; what only it accepts has a
    listed reason.  The answer says which it was.
    """
    theirs = library(raw)
    reason, mine = "", []
    try:
        mine = ours(raw)
    except MalformedProof as error:
        reason = str(error)
    if reason and theirs is not None:
        assert reason in REASONS
        # A spelling is refused because the library itself would not write it.
        spelling = "shortest" in reason or "twice" in reason
        assert not spelling or written(theirs) != raw
    if reason:
        return "refused"
    assert theirs is not None
    assert mine == as_tuples(theirs.timestamp.all_attestations())
    # One spelling: the same tree written by the library has the same octets but for the order of
    # branches, so the same length, and is the same tree to us.
    again = written(theirs)
    assert len(again) == len(raw)
    assert ours(again) == mine
    return "read"


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=32, max_size=32), SHAPE, CHANGE)
def test_damaged_proofs_are_read_alike_or_refused_for_a_listed_reason(
    digest: bytes, shape: Any, change: list[tuple[int, int]]
) -> None:
    stamp = Timestamp(digest)
    grow(stamp, shape)
    raw = written(DetachedTimestampFile(OpSHA256(), stamp))
    assert compare(raw) == "read"
    compare(changed(raw, change))


GENUINE = sorted(VECTORS.glob("**/*.ots")) if VECTORS.is_dir() else []


@needs_vectors
@settings(max_examples=400, deadline=None)
@given(st.sampled_from(GENUINE or [Path()]), CHANGE)
def test_mutated_vectors_are_read_alike_or_refused_for_a_listed_reason(
    vector: Path, change: list[tuple[int, int]]
) -> None:
    raw = vector.read_bytes()[:2000]
    if raw:
        compare(changed(raw, change))


@needs_vectors
def test_every_single_octet_of_a_genuine_proof_was_changed_once() -> None:
    raw = vector("client/two-calendars.txt.ots")
    told = {compare(changed(raw, [(at, raw[at] ^ 1)])) for at in range(len(raw))}
    assert told == {"read", "refused"}


@needs_vectors
@pytest.mark.parametrize("name", [path.relative_to(VECTORS).as_posix() for path in GENUINE])
def test_vectors_that_are_accepted_are_written_again_octet_for_octet(name: str) -> None:
    raw = vector(name)
    try:
        read_proof(raw)
    except MalformedProof:
        return
    theirs = library(raw)
    assert theirs is not None
    again = written(theirs)
    # The proof of the SHAttered pair was written by a client that sorts branches in another way.
    assert again == raw or (name == "client/sha1/a-or-b.ots" and sorted(again) == sorted(raw))


def test_chains_that_are_not_checked_are_named() -> None:
    for tag, kind in (("30fe8087b5c7ead7", "ethereum"), ("06869a0d73d71b45", "litecoin")):
        raw = HEAD + b"\x00" + bytes.fromhex(tag) + b"\x03\xf7\xef\x15"
        (found,) = read_proof(raw).attestations
        assert (found.kind, found.height) == (kind, 358391)
        assert compare(raw) == "read"
        for payload in (b"", b"\x80", b"\x01\x01", b"\xff" * 9, b"hello"):
            raw = HEAD + b"\x00" + bytes.fromhex(tag) + bytes([len(payload)]) + payload
            assert compare(raw) == "refused"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_nothing_but_malformed_ever_escapes(tail: bytes) -> None:
    for raw in (tail, ots.MAGIC + tail, HEAD + tail):
        try:
            read_proof(raw)
        except MalformedProof:
            continue


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "http://[::1]/"]
)
def test_an_address_in_a_proof_is_read_and_nothing_more(address: str) -> None:
    payload = bytes((len(address),)) + address.encode()
    raw = HEAD + b"\x00" + PENDING + bytes((len(payload),)) + payload
    if "[" in address:
        with pytest.raises(MalformedProof, match="forbidden character"):
            read_proof(raw)
    else:
        assert summary(raw) == [("pending", address)]


def test_a_number_without_an_end_is_refused_at_once() -> None:
    for number in (b"\xff" * 200_000, b"\x80" * 200_000, b"\xff" * 4 + b"\x7f"):
        with pytest.raises(MalformedProof, match="number"):
            read_proof(ots.MAGIC + number)
