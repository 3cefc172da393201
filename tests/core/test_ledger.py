from __future__ import annotations

import base64
import hashlib
import tracemalloc

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core import ledger
from holdfast.core.ledger import (
    Checkpoint,
    Ref,
    Tree,
    VerifierKey,
    consistency_proof,
    consistent,
    inclusion_proof,
    leaf_hash,
    origin,
    read_checkpoint,
    read_entry,
    read_key,
    read_proof,
    root_from_inclusion,
    tree_root,
    tree_roots,
    world_of,
    write_entry,
    write_proof,
)

# The eight leaves every Certificate Transparency implementation is tried on (RFC 6962 examples).
KNOWN = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
LEAVES = [hashlib.sha256(bytes([n])).digest() for n in range(70)]


def entry(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "ledger": "L", "seq": 0, "at": "2026-11-21T00:00:00.000Z", "actor": "installation:00",
        "act": "case.opened", "subject": "HF-2026-0001",
        "refs": [Ref(path="a", size=1, sha256="0" * 64, sm3="1" * 64)],
        "facts": {"world": "real"}, "nonce": b"\0" * 16,
    }  # fmt: skip
    return write_entry(**{**fields, **changes}).body  # type: ignore[arg-type]  # any field


def test_roots_are_those_of_the_published_examples() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in KNOWN]
    assert tree_root([]).hex() == hashlib.sha256(b"").hexdigest()
    assert tree_root(leaves).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@pytest.mark.parametrize("size", [1023, 1024, 1025, 2047, 2048, 3073])
def test_a_wide_tree_has_the_root_that_the_standard_defines(size: int) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]

    def defined(some: list[bytes]) -> bytes:
        """RFC 9162 §2.1.1, as it is written there."""
        if len(some) == 1:
            return some[0]
        k = 1 << (len(some) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + defined(some[:k]) + defined(some[k:])).digest()

    assert tree_root(leaves) == defined(leaves) == tree_roots(leaves, [size])[size]


def test_every_leaf_is_proved_in_every_tree_and_no_other_leaf_is() -> None:
    for size in range(1, len(LEAVES)):
        root = tree_root(LEAVES[:size])
        for index in range(size):
            path = inclusion_proof(LEAVES[:size], index)
            assert root_from_inclusion(LEAVES[index], index, size, path) == root
            assert root_from_inclusion(LEAVES[-1], index, size, path) != root


@given(st.integers(1, 69), st.integers(0, 69), st.integers(-1, 1))
def test_a_path_of_another_length_is_refused_or_leads_elsewhere(
    size: int, index: int, change: int
) -> None:
    index %= size
    path = list(inclusion_proof(LEAVES[:size], index))
    root = tree_root(LEAVES[:size])
    if change > 0:
        path.append(LEAVES[-1])
    elif change < 0 and path:
        path.pop()
    else:
        return
    try:
        assert root_from_inclusion(LEAVES[index], index, size, path) != root
    except ValueError:
        pass


def test_a_path_that_cannot_fit_is_refused() -> None:
    path = inclusion_proof(LEAVES[:5], 1)
    with pytest.raises(ValueError, match="too long"):
        root_from_inclusion(LEAVES[1], 1, 5, (*path, LEAVES[-1]))
    with pytest.raises(ValueError, match="too short"):
        root_from_inclusion(LEAVES[1], 1, 5, path[:-1])


def test_the_proofs_of_a_long_log_share_what_they_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(600)]
    wanted = {(index, size) for size in (201, 512, 600) for index in range(0, size, 7)}
    alone = {(index, size): inclusion_proof(leaves[:size], index) for index, size in wanted}
    joined, join = [], ledger._node

    def counted(left: bytes, right: bytes) -> bytes:
        joined.append(left)
        return join(left, right)

    monkeypatch.setattr(ledger, "_node", counted)
    tree = Tree(leaves)
    assert {(index, size): tree.inclusion(index, size) for index, size in wanted} == alone
    assert len(joined) < len(leaves) + 3 * 12


def test_a_leaf_that_is_not_there_has_no_proof() -> None:
    with pytest.raises(ValueError):
        Tree(LEAVES[:3]).inclusion(0, 4)
    with pytest.raises(ValueError):
        inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(ValueError):
        root_from_inclusion(LEAVES[0], 3, 3, ())


def test_growth_is_proved_between_any_two_sizes() -> None:
    for second in range(1, 40):
        for first in range(1, second + 1):
            path = consistency_proof(LEAVES[:second], first)
            old, new = tree_root(LEAVES[:first]), tree_root(LEAVES[:second])
            assert consistent(first, second, old, new, path)
            if first < second:
                assert not consistent(first, second, new, new, path)
                assert not consistent(first, second, old, old, path)
                assert not consistent(first, second, old, new, path[:-1])
                assert not consistent(first, second, old, new, (*path, LEAVES[-1]))


def test_growth_from_nothing_or_backwards_is_not_proved() -> None:
    with pytest.raises(ValueError):
        consistency_proof(LEAVES[:2], 0)
    assert not consistent(0, 2, LEAVES[0], LEAVES[1], (LEAVES[2],))
    assert not consistent(3, 2, LEAVES[0], LEAVES[1], (LEAVES[2],))
    assert not consistent(2, 2, LEAVES[0], LEAVES[0], (LEAVES[2],))
    assert not consistent(1, 2, LEAVES[0], LEAVES[1], ())


def test_a_line_reads_back_and_its_leaf_is_its_hash() -> None:
    line = read_entry(entry())
    assert line.act == "case.opened"
    assert line.refs[0].path == "a"
    assert line.leaf == hashlib.sha256(b"\0" + line.body).digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"seq":0', b'"seq":-1'),
        (b'"seq":0', b'"seq":"0"'),
        (b'"nonce":"00', b'"nonce":"zz'),
        (b'"refs":[{', b'"refs":[1,{'),
        (b'"size":1', b'"size":-1'),
        (b'"act":"case.opened",', b""),
        (b"{", b"[{"),
    ],
)
def test_a_line_in_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(ValueError):
        read_entry(entry().replace(old, new, 1))
    with pytest.raises(ValueError):
        read_entry(b"[]")


def test_an_unknown_act_is_read_but_never_written() -> None:
    assert read_entry(entry().replace(b"case.opened", b"case.frobbed")).act == "case.frobbed"
    with pytest.raises(ValueError):
        entry(act="case.frobbed")
    with pytest.raises(ValueError):
        entry(nonce=b"short")


@given(st.data())
def test_no_byte_of_a_line_can_change_alone(data: st.DataObject) -> None:
    body = entry()
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != body[place]))
    assert leaf_hash(body[:place] + bytes([other]) + body[place + 1 :]) != leaf_hash(body)


# --- heads ---------------------------------------------------------------------------------------


def holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
NAME = origin("abc", "practice")
KEY = VerifierKey(name=NAME, public_key=PUBLIC)


def head(size: int = 3) -> Checkpoint:
    plain = Checkpoint(origin=NAME, size=size, root=LEAVES[0])
    return plain.signed(NAME, PUBLIC, PRIVATE.sign(plain.text))


def test_a_head_is_signed_read_back_and_checked() -> None:
    note = head().note
    assert note.decode().splitlines()[:4] == [
        "practice.holdfast.local/abc", "3", base64.b64encode(LEAVES[0]).decode(), "",
    ]  # fmt: skip
    assert read_checkpoint(note) == head()
    assert read_checkpoint(note).signed_by(KEY, holds)
    assert not read_checkpoint(note.replace(b"\n3\n", b"\n4\n")).signed_by(KEY, holds)
    assert not Checkpoint(origin=NAME, size=3, root=LEAVES[0]).signed_by(KEY, holds)
    assert not head().signed_by(VerifierKey(name=NAME, public_key=b"x" * 32), holds)


def test_the_world_stands_in_the_origin() -> None:
    assert world_of(origin("x", "practice")) == "practice"
    assert world_of(origin("x", "real")) == "real"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"a\n1\n" + base64.b64encode(b"short") + b"\n\n",
        b"a\n01\n" + base64.b64encode(LEAVES[0]) + b"\n\n",
        b"a\n1\n!!!\n\n",
        b"\n1\n" + base64.b64encode(LEAVES[0]) + b"\n\n",
        b"a\n1\n" + base64.b64encode(LEAVES[0]) + b"\n\nno signature\n",
        b"a\n1\n" + base64.b64encode(LEAVES[0]) + b"\n\n" + "— k =bad=\n".encode(),
        b"a\n1\n" + base64.b64encode(LEAVES[0]) + b"\next\n\n",
        b"\xff",
        b"x" * (1 << 20) + b"y",
    ],
)
def test_a_head_in_any_other_form_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_checkpoint(raw)


def test_a_key_line_reads_back() -> None:
    assert read_key(str(KEY)) == KEY
    for bad in ("", "a+b+c", str(KEY)[:-4], str(KEY).replace("abc", "abd"), "n+00000000+AAAA"):
        with pytest.raises(ValueError):
            read_key(bad)


def test_an_exhibits_own_proof_reads_back() -> None:
    path = inclusion_proof(LEAVES[:3], 1)
    assert read_proof(write_proof(1, path, head())) == (1, path, head())
    assert read_proof(write_proof(0, (), head())) == (0, (), head())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 1", b"index 01"),
        (b"tlog-proof@v1", b"tlog-proof@v9"),
        (b"\n\n", b"\n"),
        (b"=\n", b"\n"),
    ],
)
def test_a_proof_in_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    raw = write_proof(1, inclusion_proof(LEAVES[:3], 1), head())
    with pytest.raises(ValueError):
        read_proof(raw.replace(old, new, 1))
    with pytest.raises(ValueError):
        read_proof(b"x" * ((1 << 20) + 1))
    with pytest.raises(ValueError):
        read_proof(raw.replace(b"\n\n", b"\n" + base64.b64encode(b"short") + b"\n\n", 1))


def test_an_inclusion_proof_has_one_spelling() -> None:
    """Base64 can end in bits that nobody reads; found by the fuzzer."""
    steps = inclusion_proof([bytes([at]) * 32 for at in range(3)], 1)
    head = Checkpoint(origin="holdfast.local/x", size=3, root=bytes(32))
    raw = write_proof(1, steps, head)
    assert read_proof(raw) == (1, steps, head)
    loose = raw.replace(b"A=", b"B=", 1)
    assert loose != raw
    with pytest.raises(ValueError, match="one form"):
        read_proof(loose)


def test_a_size_is_a_number() -> None:
    line = entry().replace(b'"size":1', b'"size":true')
    with pytest.raises(ValueError, match="malformed ref"):
        read_entry(line)


def test_a_ledger_made_to_harm_takes_little_more_memory_than_its_bytes() -> None:
    body = write_entry(
        ledger="l", seq=0, at="2026-11-12T13:06:31.000Z", actor="a", act="exhibit.viewed",
        subject="s", refs=(), facts={"x": [[]] * 2000}, nonce=bytes(16),
    ).body  # fmt: skip
    copies = [bytes(bytearray(body)) for _ in range(100)]
    tracemalloc.start()
    held = [read_entry(copy) for copy in copies]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < sum(map(len, copies))
    assert held[-1].facts == {"x": [[]] * 2000}
