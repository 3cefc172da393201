"""What a proof is worth: with true headers, with none, and with headers that only look like it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import miner
from holdfast.adapters.resources import resource
from holdfast.core import practice
from holdfast.core.anchor import Anchor, best, check, judge
from holdfast.core.bitcoin import PERIOD, CheckpointTable, double_sha256
from holdfast.core.opentimestamps import MAGIC, Attestation, digest_of, read_proof
from holdfast.core.verdict import Finding, ProofHelp

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "ots"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the proof vectors are not beside the repository"
)
BITCOIN = bytes.fromhex("0588960d73d71901")


@pytest.fixture(scope="module")
def shipped() -> CheckpointTable:
    return CheckpointTable.parse(resource("authorities", "bitcoin-checkpoints.json").read_bytes())


@pytest.fixture(scope="module")
def headers() -> list[bytes]:
    return miner.chain(2 * PERIOD, root_at=lambda height: height.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def table(headers: list[bytes]) -> CheckpointTable:
    return miner.table(headers, 1)


def true_header() -> bytes:
    known = json.loads((VECTORS / "chain" / "block-358391-header.json").read_bytes())
    return bytes.fromhex(known["header_hex"])


def attested(height: int, root: bytes | None = None) -> Attestation:
    message = height.to_bytes(32, "big") if root is None else root
    return Attestation(kind="bitcoin", message=message, height=height, tag=BITCOIN, payload=b"")


def of_file(name: str) -> Callable[[str], bytes]:
    data = (VECTORS / name).read_bytes()
    return lambda algorithm: hashlib.new(algorithm, data).digest()


def looked_at(
    name: str, shipped: CheckpointTable, help: ProofHelp | None = None, target: str = ""
) -> tuple[str, str | None, list[tuple[str, str]]]:
    proof = (VECTORS / name).read_bytes()
    read = read_proof(proof)
    digest = of_file(target) if target else lambda _algorithm: read.digest
    seen, findings = check("file", digest, proof, help or ProofHelp(), shipped)
    return seen.status, seen.time, [(f.rule, f.outcome) for f in findings]


def by(*operators: str, height: int = 358391, raw: bytes = b"") -> ProofHelp:
    header = raw or true_header()
    return ProofHelp(headers=tuple((who, height, header) for who in operators))


# --- the genuine vectors, end to end --------------------------------------------------------------


@needs_vectors
def test_hello_world_is_in_the_true_block(shipped: CheckpointTable) -> None:
    name, target = "client/hello-world.txt.ots", "client/hello-world.txt"
    assert looked_at(name, shipped, by("A", "B"), target) == (
        "confirmed",
        "2015-05-28T15:41:18.000Z",
        [("ots_confirmed", "ok")],
    )
    assert looked_at(name, shipped, by("A"), target) == (
        "one_source",
        "2015-05-28T15:41:18.000Z",
        [("ots_one_source", "weak")],
    )
    assert looked_at(name, shipped, by("A", "A"), target)[0] == "one_source"
    assert looked_at(name, shipped, None, target) == (
        "unchecked",
        None,
        [("ots_no_header", "unchecked")],
    )


@needs_vectors
def test_what_to_compare_by_hand_is_the_merkle_root(shipped: CheckpointTable) -> None:
    proof = (VECTORS / "client/hello-world.txt.ots").read_bytes()
    _, (finding,) = check("f", of_file("client/hello-world.txt"), proof, ProofHelp(), shipped)
    assert finding.detail == (
        "block 358391, 8a1b66ecb7cbd07d8139a7e7d7f2c41aab1f5009b8364aaf61d03ad245e47e00"
    )


@needs_vectors
def test_bad_stamp_is_not_in_that_block(shipped: CheckpointTable) -> None:
    found = looked_at("client/bad-stamp.txt.ots", shipped, by("A", "B"), "client/bad-stamp.txt")
    assert found == ("broken", None, [("ots_root_differs", "broken")])


@needs_vectors
@pytest.mark.parametrize(
    ("name", "status", "rules"),
    [
        ("incomplete.txt", "pending", {"ots_pending"}),
        ("two-calendars.txt", "pending", {"ots_pending"}),
        ("unknown-notary.txt", "unchecked", {"ots_unknown_attestation"}),
        ("known-and-unknown-notary.txt", "pending", {"ots_pending", "ots_unknown_attestation"}),
    ],
)
def test_what_is_not_finished_or_not_known_is_neither_good_nor_broken(
    name: str, status: str, rules: set[str], shipped: CheckpointTable
) -> None:
    found, time, told = looked_at(f"client/{name}.ots", shipped, None, f"client/{name}")
    assert (found, time) == (status, None)
    assert {rule for rule, _ in told} == rules
    assert {outcome for _, outcome in told} == {"unchecked"}


@needs_vectors
def test_sha1_does_not_name_one_file(shipped: CheckpointTable) -> None:
    told = looked_at("client/bitcoin.pdf.ots", shipped)[2]
    assert told[0] == ("ots_digest_weak", "weak")
    for target in ("client/sha1/a", "client/sha1/b"):
        told = looked_at("client/sha1/a-or-b.ots", shipped, None, target)[2]
        assert ("ots_digest_shared", "weak") in told
        assert "broken" not in {outcome for _, outcome in told}


@needs_vectors
def test_a_changed_file_or_proof_is_broken(shipped: CheckpointTable) -> None:
    name = "client/hello-world.txt.ots"
    assert looked_at(name, shipped, by("A", "B"), "client/bad-stamp.txt")[::2] == (
        "broken",
        [("ots_digest_differs", "broken")],
    )
    proof = bytearray((VECTORS / name).read_bytes())
    digest = of_file("client/hello-world.txt")
    # The last sibling on the way to the root, before two hashes and the leaf.
    proof[proof.index(BITCOIN) - 4] ^= 1
    seen, findings = check("f", digest, bytes(proof), by("A", "B"), shipped)
    assert [f.rule for f in findings] == ["ots_root_differs"]
    assert seen.status == "broken"
    proof[len(MAGIC) + 2] ^= 1
    _, findings = check("f", digest, bytes(proof), by("A", "B"), shipped)
    assert [f.rule for f in findings] == ["ots_digest_differs"]


@needs_vectors
def test_another_height_is_another_block(shipped: CheckpointTable) -> None:
    (attestation,) = read_proof((VECTORS / "client/hello-world.txt.ots").read_bytes()).attestations
    moved = attested(358392, attestation.message)
    assert judge(moved, headers=[("A", 358391, true_header())], table=shipped).reason == "no_header"
    elsewhere = judge(moved, headers=[("A", 358392, true_header())], table=shipped)
    # The neighbour shares the target, so a lone header cannot tell; a second source would.
    assert elsewhere.status == "one_source"


@needs_vectors
@pytest.mark.parametrize("name", ["crafted/trailing-garbage.ots", "crafted/empty-file.ots"])
def test_a_malformed_proof_is_a_finding(name: str, shipped: CheckpointTable) -> None:
    proof = (VECTORS / name).read_bytes()
    seen, findings = check("f", lambda _: b"", proof, ProofHelp(), shipped)
    assert [(f.rule, f.outcome) for f in findings] == [("ots_malformed", "broken")]
    assert (seen.status, seen.network) == ("broken", "")


# --- one attestation, many headers ----------------------------------------------------------------


def test_a_run_to_a_checkpoint_confirms_by_itself(
    headers: list[bytes], table: CheckpointTable
) -> None:
    run = (PERIOD, miner.joined(headers[PERIOD:]))
    found = judge(attested(PERIOD + 7), run=run, table=table)
    assert (found.status, found.network, found.sources) == ("confirmed", "bitcoin", ())
    assert found.by == f"block {PERIOD + 7}"
    lines = [("file", PERIOD + at, raw) for at, raw in enumerate(headers[PERIOD : PERIOD + 9])]
    found = judge(attested(PERIOD + 7), headers=lines, table=table)
    assert (found.status, found.sources) == ("confirmed", ("file",))


def test_a_run_says_what_a_block_does_not_hold(
    headers: list[bytes], table: CheckpointTable
) -> None:
    run = (PERIOD, miner.joined(headers[PERIOD:]))
    wrong = attested(PERIOD + 7, bytes(32))
    found = judge(wrong, run=run, table=table)
    assert (found.status, found.reason, found.network) == ("broken", "root_differs", "bitcoin")
    # Two who agree with the proof against a run of the chain: nobody is believed.
    other = miner.mine(bytes(32), miner.START, miner.bits_of(headers[PERIOD]))
    agree = [("A", PERIOD + 7, other), ("B", PERIOD + 7, other)]
    found = judge(wrong, headers=agree, run=run, table=table)
    assert (found.status, found.reason) == ("unchecked", "sources_disagree")
    # One who also has something else says nothing new.
    found = judge(wrong, headers=[("A", PERIOD + 7, headers[PERIOD + 7])], run=run, table=table)
    assert (found.status, found.reason) == ("broken", "root_differs")


def test_a_run_that_does_not_link_or_reach_leaves_the_headers_to_speak(
    headers: list[bytes], table: CheckpointTable
) -> None:
    header = headers[PERIOD + 7]
    both = [("A", PERIOD + 7, header), ("B", PERIOD + 7, header)]
    apart = (PERIOD + 5, miner.joined(headers[PERIOD + 5 : PERIOD + 9]))
    short = (PERIOD, miner.joined(headers[PERIOD : PERIOD + 5]))
    for run in (apart, short, (PERIOD, bytes(79))):
        found = judge(attested(PERIOD + 7), headers=both, run=run, table=table)
        assert (found.status, found.sources) == ("confirmed", ("A", "B"))
    assert judge(attested(PERIOD + 7), run=apart, table=table).reason == "no_header"
    found = judge(attested(PERIOD + 7), run=(PERIOD, bytes(79)), table=table)
    assert (found.status, found.reason) == ("unchecked", "bad_run")
    wrong = attested(PERIOD + 7, bytes(32))
    found = judge(wrong, headers=both, run=(PERIOD, bytes(79)), table=table)
    assert (found.status, found.reason) == ("broken", "root_differs")


def test_headers_that_prove_nothing_are_broken_not_confirmed(
    headers: list[bytes], table: CheckpointTable, shipped: CheckpointTable
) -> None:
    height = PERIOD + 7
    lazy = miner.mine(
        bytes(32),
        miner.START,
        miner.bits_of(headers[PERIOD]),
        height.to_bytes(32, "big"),
        work=False,
    )
    cheap = miner.mine(bytes(32), miner.START, miner.EASY, height.to_bytes(32, "big"))
    cases = [
        (lazy, table, "no_work"),
        (cheap, shipped, "target_too_easy"),
        (b"x", table, "not_a_header"),
    ]
    for raw, known, reason in cases:
        found = judge(
            attested(height), headers=[("A", height, raw), ("B", height, raw)], table=known
        )
        assert (found.status, found.reason, found.network) == ("broken", reason, "")
    other = miner.mine(bytes(32), miner.START, miner.EASY, (PERIOD - 1).to_bytes(32, "big"))
    found = judge(attested(PERIOD - 1), headers=[("A", PERIOD - 1, other)], table=table)
    assert (found.status, found.reason) == ("broken", "not_in_chain")
    good = ("A", height, headers[height])
    found = judge(attested(height), headers=[good, ("B", height, lazy)], table=table)
    assert (found.status, found.reason) == ("one_source", "no_work")


def test_sources_that_disagree_confirm_nothing(
    headers: list[bytes], table: CheckpointTable
) -> None:
    height = PERIOD + 7
    bits = miner.bits_of(headers[PERIOD])
    elsewhere = miner.mine(bytes(32), miner.START, bits)
    sibling = miner.mine(bytes(32), miner.START, bits, height.to_bytes(32, "big"))
    for other in (elsewhere, sibling):
        found = judge(
            attested(height),
            headers=[("A", height, headers[height]), ("B", height, other)],
            table=table,
        )
        assert (found.status, found.reason) == ("unchecked", "sources_disagree")


def test_a_block_s_root_has_thirty_two_bytes(shipped: CheckpointTable) -> None:
    found = judge(attested(1, bytes(33)), table=shipped)
    assert (found.status, found.reason) == ("broken", "not_a_root")


def test_other_chains_are_named_and_not_checked(shipped: CheckpointTable) -> None:
    for kind, name in (("litecoin", "Litecoin"), ("ethereum", "Ethereum")):
        other = Attestation(kind=kind, message=bytes(32), height=5, tag=bytes(8), payload=b"")  # type: ignore[arg-type]  # the parameter is a plain str here
        found = judge(other, table=shipped)
        assert (found.status, found.reason, found.by) == (
            "unchecked",
            "unsupported_chain",
            f"{name} block 5",
        )


# --- the practice world ---------------------------------------------------------------------------


def practice_run(root: bytes) -> tuple[int, bytes]:
    block = miner.mine(double_sha256(practice.GENESIS_HEADER), miner.START, root=root)
    return 0, practice.GENESIS_HEADER + block


def practice_proof(digest: bytes) -> tuple[bytes, bytes]:
    """A proof that ends in a practice block, and the root it ends in."""
    mark = practice.PROOF_MARK
    root = hashlib.sha256(digest + mark).digest()
    body = b"\xf0" + bytes([len(mark)]) + mark + b"\x08\x00" + BITCOIN + b"\x01\x01"
    return MAGIC + b"\x01\x08" + digest + body, root


def test_practice_counts_only_where_it_is_asked_for(shipped: CheckpointTable) -> None:
    digest = hashlib.sha256(b"practice").digest()
    proof, root = practice_proof(digest)
    run = practice_run(root)
    for counts, outcome in ((False, "unchecked"), (True, "ok")):
        asked_with = ProofHelp(header_run=run, practice=counts)
        seen, (finding,) = check("f", lambda _: digest, proof, asked_with, shipped)
        assert (seen.status, seen.network, seen.by) == ("simulated", "practice", "block 1")
        assert (finding.rule, finding.outcome) == ("ots_simulated", outcome)


def test_practice_is_named_even_without_its_headers(shipped: CheckpointTable) -> None:
    digest = hashlib.sha256(b"practice").digest()
    proof, _ = practice_proof(digest)
    seen, _ = check("f", lambda _: digest, proof, ProofHelp(practice=True), shipped)
    assert (seen.status, seen.network) == ("unchecked", "practice")


def test_a_practice_header_alone_is_no_header_of_any_chain(shipped: CheckpointTable) -> None:
    digest = hashlib.sha256(b"practice").digest()
    proof, root = practice_proof(digest)
    alone = practice_run(root)[1][80:]
    # Linked to the genesis it names, it is practice; under another parent it is nothing.
    orphan = miner.mine(bytes(32), miner.START, root=root)
    linked = ProofHelp(headers=(("A", 1, alone), ("B", 1, alone)), practice=True)
    assert check("f", lambda _: digest, proof, linked, shipped)[0].status == "simulated"
    asked_with = ProofHelp(headers=(("A", 1, orphan), ("B", 1, orphan)), practice=True)
    seen, (finding,) = check("f", lambda _: digest, proof, asked_with, shipped)
    assert (seen.status, finding.rule) == ("broken", "ots_target_too_easy")


def test_a_practice_chain_does_not_speak_against_the_real_one(
    headers: list[bytes], table: CheckpointTable
) -> None:
    run = practice_run(bytes(32))
    both = [("A", 1, headers[1]), ("B", 1, headers[1])]
    assert judge(attested(1), headers=both, run=run, table=table).status == "confirmed"
    found = judge(attested(1), run=run, table=table)
    assert (found.status, found.network) == ("broken", "practice")
    # A stretch of the real chain that also differs is what counts.
    stretch = [("A", at, headers[at]) for at in range(3)]
    found = judge(attested(1, bytes(31) + b"\x07"), headers=stretch, run=run, table=table)
    assert (found.status, found.network) == ("broken", "bitcoin")
    both_runs = [("", at, headers[at]) for at in range(3)]
    found = judge(attested(1, bytes(31) + b"\x07"), headers=[*stretch, *both_runs], table=table)
    assert found.network == "bitcoin"


# --- a whole proof --------------------------------------------------------------------------------


def test_the_anchor_that_says_most_is_the_one_shown() -> None:
    order = [
        Anchor(status="confirmed", time="2020"),
        Anchor(status="confirmed", time="2021"),
        Anchor(status="one_source"),
        Anchor(status="simulated"),
        Anchor(status="unchecked", reason="no_header"),
        Anchor(status="pending"),
        Anchor(status="unchecked", reason="unknown_attestation"),
        Anchor(status="broken"),
    ]
    for start in range(len(order)):
        assert best(order[start:][::-1]) == order[start]


def test_one_broken_branch_is_told_beside_a_good_one(
    headers: list[bytes], table: CheckpointTable
) -> None:
    digest = hashlib.sha256((PERIOD + 1).to_bytes(32, "big")).digest()
    leaf = b"\x00" + BITCOIN + b"\x02\xe1\x0f"
    proof = MAGIC + b"\x01\x08" + digest + b"\xff" + leaf + b"\x08" + leaf
    chain = miner.chain(
        PERIOD + 3, root_at=lambda height: digest if height == PERIOD + 1 else bytes(32)
    )
    known = miner.table(chain, 1)
    asked_with = ProofHelp(header_run=(PERIOD, miner.joined(chain[PERIOD:])))
    seen, findings = check("f", lambda _: digest, proof, asked_with, known)
    assert seen.status == "confirmed"
    assert [(f.rule, f.outcome) for f in findings] == [
        ("ots_confirmed", "ok"),
        ("ots_root_differs", "broken"),
    ]


def test_a_hash_that_cannot_be_had_here_dates_nothing(shipped: CheckpointTable) -> None:
    leaf = b"\x00" + BITCOIN + b"\x01\x01"
    digest = digest_of("keccak256", b"data")
    proof = MAGIC + b"\x01\x67" + digest + leaf

    def missing(algorithm: str) -> bytes:
        return hashlib.new(algorithm, b"data").digest()

    seen, findings = check("f", missing, proof, ProofHelp(), shipped)
    assert seen.status == "unchecked"
    assert findings[0] == Finding(
        subject="f", rule="ots_digest_unknown", outcome="unchecked", detail="keccak256"
    )


def test_a_proof_without_its_file_is_weak(shipped: CheckpointTable) -> None:
    proof, _ = practice_proof(bytes(32))

    def nothing(algorithm: str) -> bytes:
        raise LookupError(algorithm)

    seen, findings = check("f", nothing, proof, ProofHelp(), shipped)
    assert (findings[0].rule, findings[0].outcome) == ("ots_no_subject", "weak")
    assert seen.status == "unchecked"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_finding_has_its_words(lang: str) -> None:
    import ast

    from holdfast.adapters.resources import words
    from holdfast.core import anchor, bitcoin

    said = words(lang).words
    literals = {
        node.value
        for module in (anchor, bitcoin)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    reasons = {
        node.value.value
        for node in ast.walk(ast.parse(Path(anchor.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword)
        and node.arg == "reason"
        and isinstance(node.value, ast.Constant)
    }
    reasons |= {"no_work", "target_too_easy", "not_in_chain", "not_a_header"} & literals
    for code in reasons | {"confirmed", "one_source", "simulated", "pending"}:
        assert f"ots_{code}" in said
    for rule in literals:
        if rule.startswith("ots_") and rule != "ots_":
            assert rule in said


@pytest.mark.parametrize(("lang", "said"), [("en", "may be two hours off"), ("zh", "两小时")])
def test_the_time_of_a_block_is_not_said_to_be_a_clock_s(lang: str, said: str) -> None:
    """A miner may write a time up to two hours from the true one, earlier or later."""
    from holdfast.adapters.resources import words

    assert said in words(lang)("ots_confirmed", detail="block 358391, 2015-05-28T15:41:18.000Z")
