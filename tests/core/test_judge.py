"""A real practice pack, bent in every way a hostile person would think of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fakes import miner
from fakes.packed import (
    MemoryPack,
    broken,
    finished,
    flipped,
    look,
    rebagged,
    rules,
    terms,
)
from holdfast.adapters.pack.verifier import pinned_roots
from holdfast.core import bag
from holdfast.core.bag import SMALL_FILE, Contents, Seen, Unreadable
from holdfast.core.bitcoin import PERIOD, CheckpointTable, bits_of, double_sha256, target_of
from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.certificates import read_certificates, write_pem
from holdfast.core.errors import Cancelled
from holdfast.core.job import Job
from holdfast.core.judge import LooseProof, judge_case, judge_file, judge_pack
from holdfast.core.ledger import (
    Checkpoint,
    Ref,
    VerifierKey,
    inclusion_proof,
    leaf_hash,
    read_checkpoint,
    tree_root,
    write_proof,
)
from holdfast.core.record import Record, judge_files
from holdfast.core.verdict import ProofHelp, Verdict

ENTRIES = "data/ledger/entries.jsonl"
HEAD = "data/ledger/checkpoint.txt"
KEYS = "data/ledger/key.txt"
CAPTURE = "data/exhibits/E0001/capture.json"
PAGE = "data/exhibits/E0001/files/page.html"
INCLUSION = "data/exhibits/E0001/inclusion.tlog-proof"
OTS = "data/exhibits/E0001/proofs/capture.json.ots"
TSR = "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"
TSQ = "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsq"
ROOT = "data/timestamps/practice-tsa-jia/root.pem"
CHAIN = "data/timestamps/practice-tsa-jia/chain.pem"

Files = dict[str, bytes]
MANIFEST_KEY = re.compile(rb',"manifest_key":"[^"]+"')
"""How the export line says whose signature lies in the pack."""


def pack() -> Files:
    return dict(finished().files)


def stamped_head(files: Files) -> str:
    return next(
        name
        for name in sorted(files)
        if name.startswith("data/ledger/checkpoints/") and name + ".ots" in files
    )


def headers(files: Files) -> str:
    return next(name for name in files if name.startswith("data/timestamps/headers/"))


# --- whole ---------------------------------------------------------------------------------------


def test_a_practice_pack_is_whole_and_says_first_that_it_is_practice() -> None:
    verdict = look(pack())
    assert verdict.verdict == "ok"
    assert verdict.findings[0].rule == "world_practice"
    assert rules(verdict) == {"bag_readme", "digest_sm3_skipped"}
    assert {seen.status for seen in verdict.timestamps} == {"simulated"}
    assert {seen.network for seen in verdict.timestamps} == {"practice"}


def test_without_practice_nothing_simulated_counts() -> None:
    verdict = look(pack(), help=ProofHelp(roots=pinned_roots()))
    assert verdict.verdict == "unchecked"
    assert verdict.findings[0].rule == "world_practice"
    assert verdict.findings[0].outcome == "unchecked"
    assert "exhibit_rehearsed" in rules(verdict)
    assert not broken(verdict)


def test_sm3_is_recomputed_when_asked_and_said_when_not() -> None:
    assert rules(look(pack(), all_digests=True)) == {"bag_readme"}
    held = MemoryPack(pack())
    held.missing_hashes.add("sm3")
    verdict = judge_pack(held, terms(all_digests=True), Job())
    assert rules(verdict) == {"bag_readme", "digest_sm3_unavailable"}


@pytest.mark.parametrize("name", ["verify.pyz", "verify.html"])
def test_a_checker_that_is_not_known_is_a_reservation(name: str) -> None:
    verdict = look(rebagged(pack() | {name: b"print('all is well')"}))
    assert verdict.verdict == "weak"
    assert rules(verdict) == {"pack_verifier_unknown", "bag_readme", "digest_sm3_skipped"}


def test_a_pack_from_before_there_was_a_page_is_whole() -> None:
    files = pack()
    del files["verify.html"]
    assert look(rebagged(files)).verdict == "ok"


def test_a_bag_made_again_is_the_same_bag() -> None:
    files = pack()
    assert look(rebagged(files)).verdict == "ok"


# --- every file, bent ----------------------------------------------------------------------------


def said(name: str) -> str:
    """The name without what is another one every time: which hash a revocation list has."""
    return re.sub(r"[0-9a-f]{16}", "x", name)


def names() -> list[str]:
    """One of each kind of file."""
    files = sorted(finished().files, key=lambda name: (said(name), name))
    return [name for name in files if "E0002" not in name and "-yi" not in name]


@pytest.mark.parametrize("name", names(), ids=said)
def test_one_byte_changed_is_found_and_named(name: str) -> None:
    files = pack()
    verdict = look(files | {name: flipped(files[name])})
    assert verdict.verdict == "broken"
    assert name in broken(verdict)


@pytest.mark.parametrize("name", names(), ids=said)
def test_a_file_removed_or_renamed_is_found_and_named(name: str) -> None:
    files = pack()
    data = files.pop(name)
    assert name in broken(look(files))
    renamed = look(files | {f"{name}x": data})
    assert {name, f"{name}x"} <= broken(renamed)


@pytest.mark.parametrize("name", names(), ids=said)
def test_two_files_swapped_are_found_and_named(name: str) -> None:
    files = pack()
    other = "data/exhibits/E0002/files/video.mp4"
    files[name], files[other] = files[other], files[name]
    assert {name, other} <= broken(look(files))


UNSIGNED = {
    # Written from the rest, and vouching for nothing by themselves.
    "README.html",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    # Made anew by whoever has the key; tests/usecases/test_custody.py changes it by itself.
    "tagmanifest-sha256.txt.minisig",
    "verify.pyz",
    "verify.html",
    "bag-info.txt",
    # Its work is only practice; a real run would not hold.
    headers(pack()),
}


@pytest.mark.parametrize("name", [name for name in names() if name not in UNSIGNED], ids=said)
def test_a_bag_made_again_hides_no_changed_byte(name: str) -> None:
    files = pack()
    verdict = look(rebagged(files | {name: flipped(files[name])}))
    assert verdict.verdict == "broken"
    assert name in broken(verdict)


@pytest.mark.parametrize(
    "name",
    [name for name in names() if name not in UNSIGNED and not name.endswith(".tsq")],
    ids=said,
)
def test_a_bag_made_again_hides_no_removed_file(name: str) -> None:
    files = pack()
    del files[name]
    verdict = look(rebagged(files))
    assert verdict.verdict == "broken"
    assert name in broken(verdict)


@pytest.mark.parametrize(
    "name",
    [
        "data/exhibits/E0001/files/extra.png",
        "data/exhibits/E0001/proofs/files/extra.png.ots",
        "data/exhibits/E0003/capture.json",
        "data/exhibits/E0009/inclusion.tlog-proof",
        "data/documents/HF-2026-0001-R9.pdf",
        "data/timestamps/other/root.pem",
        "data/ledger/checkpoints/2.txt.ots",
        "data/note.txt",
        "note.txt",
        "fetch.txt",
    ],
)
def test_a_bag_made_again_hides_no_added_file(name: str) -> None:
    verdict = look(rebagged(pack() | {name: b"something that was not there"}))
    assert verdict.verdict == "broken"
    assert name in broken(verdict)


def test_proofs_swapped_between_subjects_are_found() -> None:
    files = pack()
    other = "data/exhibits/E0002/proofs/capture.json.ots"
    files[OTS], files[other] = files[other], files[OTS]
    assert {OTS, other} <= broken(look(rebagged(files)))


def test_a_proof_that_the_record_never_confirmed_is_judged_for_what_it_is() -> None:
    """Somebody may add a proof; one about other bytes is broken for itself."""
    files = pack()
    ledger = [line for line in files[ENTRIES].splitlines() if b"timestamp.confirmed" not in line]
    resealed = resigned(files, ledger)
    resealed[OTS] = files["data/exhibits/E0002/proofs/capture.json.ots"]
    verdict = look(rebagged(resealed))
    assert OTS in broken(verdict)
    assert "ots_digest_differs" in rules(verdict)


def test_question_and_answer_of_another_authority_do_not_fit() -> None:
    files = pack()
    files[TSQ] = files[TSQ.replace("-jia", "-yi")]
    verdict = look(rebagged(files))
    assert {TSQ, TSR} <= broken(verdict)
    assert "token_nonce" in rules(verdict)


def test_a_question_without_an_answer_has_no_place() -> None:
    files = pack()
    files[TSQ.replace("jia", "bing")] = files[TSQ]
    assert TSQ.replace("jia", "bing") in broken(look(rebagged(files)))


# --- the bag -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("bagit.txt", b"BagIt-Version: 0.97\n", "bag_declaration"),
        ("bag-info.txt", b"Payload-Oxum: 1.1\n", "bag_info"),
        ("bag-info.txt", b"\xff\xfe", "bag_info"),
        ("manifest-sha256.txt", b"nonsense\n", "bag_manifest"),
        ("tagmanifest-sha256.txt", b"\xff", "bag_manifest"),
    ],
)
def test_a_bag_that_says_something_else_is_broken(name: str, data: bytes, rule: str) -> None:
    verdict = look(pack() | {name: data})
    assert rule in rules(verdict, ("broken",))
    assert name in broken(verdict)


def test_a_bag_that_lists_names_beyond_it_is_broken() -> None:
    files = rebagged(pack())
    files["manifest-sha256.txt"] += f"{'0' * 64}  verify.pyz\n".encode()
    assert "verify.pyz" in broken(look(files))


def test_a_date_that_the_record_does_not_know_is_broken() -> None:
    files = pack()
    files["bag-info.txt"] = files["bag-info.txt"].replace(b"2026-11-1", b"2025-11-1")
    assert "bag-info.txt" in broken(look(rebagged(files)))


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 7])
def test_what_is_no_name_where_a_name_belongs_is_never_an_error(value: Json) -> None:
    """A key or a case that is a list cannot even be compared as others are."""
    files = pack()
    lines = [parse(line) for line in files[ENTRIES].splitlines()]
    manifest = canonical({**parse(files[CAPTURE]), "case": value})  # type: ignore[dict-item] # ours
    for line in lines:
        assert isinstance(line, dict)
        if line["act"] == "case.opened":
            line["facts"]["key"] = value
        if line["act"] == "exhibit.sealed" and line["subject"] == "E0001":
            line["refs"][0] |= {
                "sha256": hashlib.sha256(manifest).hexdigest(),
                "size": len(manifest),
            }
    files |= {ENTRIES: b"".join(canonical(line) + b"\n" for line in lines), CAPTURE: manifest}
    assert look(rebagged(files)).verdict == "broken"


@pytest.mark.parametrize("how", ["size", "digests", "read", "unsteady"])
@pytest.mark.parametrize(
    "name",
    [CAPTURE, ENTRIES, HEAD, "bagit.txt", "bag-info.txt", "manifest-sha256.txt", OTS, ROOT, CHAIN,
     "data/case.json", headers(pack()), INCLUSION, KEYS, TSQ],
)  # fmt: skip
def test_what_cannot_be_read_is_broken_and_never_an_error(name: str, how: str) -> None:
    held = MemoryPack(pack())
    held.unreadable[name] = how
    verdict = judge_pack(held, terms(), Job())
    assert verdict.verdict == "broken"
    assert name in broken(verdict)


def test_what_the_container_did_wrong_stands_in_the_verdict() -> None:
    from holdfast.core.verdict import Finding

    trouble = Finding(subject="../evil", rule="name_dangerous", outcome="broken")
    verdict = judge_pack(MemoryPack(pack(), (trouble,)), terms(), Job())
    assert broken(verdict) == {"../evil"}


def test_far_too_large_files_are_not_read() -> None:
    files = pack()
    files[INCLUSION] = bytes(2 << 20)
    verdict = look(rebagged(files))
    assert "file_too_large" in rules(verdict)
    assert Unreadable("rule").detail == ""


# --- the ledger ----------------------------------------------------------------------------------

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def resigned(
    files: Mapping[str, bytes],
    lines: list[bytes],
    *,
    key: Ed25519PrivateKey | None = None,
    own_key: bool = True,
) -> Files:
    """The ledger written again by somebody with another key who takes every care.

    Lines are numbered anew, the head is signed, the key file and the opening line name that key,
    and each exhibit's inclusion proof leads to the new head.
    """
    key = key or SIGNER
    made = dict(files)
    was = read_checkpoint(files[HEAD])
    vkey = VerifierKey(name=was.origin, public_key=key.public_key().public_bytes_raw())
    bodies: list[bytes] = []
    for seq, line in enumerate(lines):
        body: Json = parse(line)
        assert isinstance(body, dict)
        body["seq"] = seq
        if body["act"] == "case.opened" and own_key:
            body["facts"] = {**body["facts"], "key": str(vkey)}
        bodies.append(canonical(body))
    made[ENTRIES] = b"".join(body + b"\n" for body in bodies)
    leaves = [leaf_hash(body) for body in bodies]
    head = Checkpoint(origin=was.origin, size=len(leaves), root=tree_root(leaves))
    head = head.signed(was.origin, vkey.public_key, key.sign(head.text))
    made[HEAD] = head.note
    made[KEYS] = f"{vkey}\n".encode()
    for seq, body in enumerate(bodies):
        value = parse(body)
        assert isinstance(value, dict)
        if value["act"] == "exhibit.sealed":
            proof = write_proof(seq, inclusion_proof(leaves, seq), head)
            made[f"data/exhibits/{value['subject']}/inclusion.tlog-proof"] = proof
    return made


def lines(files: Mapping[str, bytes]) -> list[bytes]:
    return files[ENTRIES].splitlines()


def edited(line: bytes, edit: Callable[[dict[str, Json]], None]) -> bytes:
    body = parse(line)
    assert isinstance(body, dict)
    edit(body)
    return canonical(body)


def test_a_truncated_ledger_is_found() -> None:
    files = pack()
    files[ENTRIES] = b"".join(line + b"\n" for line in lines(files)[:-1])
    verdict = look(rebagged(files))
    assert "ledger_truncated" in rules(verdict)
    assert HEAD in broken(verdict)


def test_a_line_after_the_head_is_found() -> None:
    files = pack()
    last = lines(files)[-1]
    files[ENTRIES] += edited(last, lambda body: body.update(seq=len(lines(files)))) + b"\n"
    assert "ledger_after_head" in rules(look(rebagged(files)))


@pytest.mark.parametrize(
    "bend",
    [
        lambda raw: b"",
        lambda raw: raw[:-1],
        lambda raw: raw + b"\n",
        lambda raw: b"{}\n" + raw,
        lambda raw: raw.replace(b'"v":1', b'"v":2', 1),
        lambda raw: raw.replace(b'{"act"', b'{ "act"', 1),
    ],
)
def test_an_unreadable_ledger_is_broken(bend: Callable[[bytes], bytes]) -> None:
    files = pack()
    files[ENTRIES] = bend(files[ENTRIES])
    verdict = look(rebagged(files))
    assert verdict.verdict == "broken"
    assert ENTRIES in broken(verdict)


def test_lines_out_of_order_or_of_another_ledger_are_found() -> None:
    files = pack()
    listed = lines(files)
    listed[3], listed[4] = listed[4], listed[3]
    files[ENTRIES] = b"".join(line + b"\n" for line in listed)
    assert "ledger_order" in rules(look(rebagged(files)))


def test_a_ledger_signed_again_does_not_carry_the_stamped_heads() -> None:
    """An uncomfortable line is left out, everything is re-made: the stamped head gives it away."""
    files = pack()
    head = stamped_head(files)
    listed = lines(files)
    del listed[1]
    verdict = look(rebagged(resigned(files, listed)))
    assert verdict.verdict == "broken"
    assert head in broken(verdict)
    assert "checkpoint_root" in rules(verdict)


def test_another_key_than_the_record_names_is_found() -> None:
    files = pack()
    verdict = look(rebagged(resigned(files, lines(files), own_key=False)))
    assert {KEYS, HEAD} <= broken(verdict)
    assert {"key_other", "checkpoint_signature"} <= rules(verdict)


def test_an_unsigned_head_is_a_reservation() -> None:
    files = pack()
    head = read_checkpoint(files[HEAD])
    files[HEAD] = replace(head, signatures=()).note
    verdict = look(rebagged(files))
    assert verdict.verdict == "weak"
    assert "checkpoint_unsigned" in rules(verdict)


def test_a_ledger_that_never_had_a_key_may_go_without() -> None:
    """The keyring was locked from the first line on: said, and nothing is broken for it."""
    files = pack()
    del files["tagmanifest-sha256.txt.minisig"]
    plain = [MANIFEST_KEY.sub(b"", line) for line in lines(files)]
    listed = [edited(plain[0], lambda b: b["facts"].update(key=None)), *plain[1:]]  # type: ignore[union-attr,call-arg,arg-type] # facts is an object
    made = resigned(files, listed, own_key=False)
    stamped = stamped_head(files)
    for name in [n for n in made if n.startswith(stamped) or n == KEYS]:
        del made[name]
    made[HEAD] = replace(read_checkpoint(made[HEAD]), signatures=()).note
    for number in ("E0001", "E0002"):
        name = f"data/exhibits/{number}/inclusion.tlog-proof"
        made[name] = made[name].split(b"\n\n")[0] + b"\n\n" + made[HEAD]
    verdict = look(rebagged(made))
    # The record says that the head was stamped, so its absence is what is broken.
    assert {name for name in broken(verdict) if not name.startswith(stamped)} == set()
    assert "checkpoint_unsigned" in rules(verdict)


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        (HEAD, b"nothing\n", "checkpoint_malformed"),
        (KEYS, b"nothing\n", "key_malformed"),
        (KEYS, b"\xff\xfe\n", "key_malformed"),
        (KEYS, finished().files[KEYS] * 65, "key_malformed"),
        (INCLUSION, b"nothing\n", "inclusion_malformed"),
        ("data/ledger/checkpoints/2.txt", b"nothing", "checkpoint_malformed"),
        ("data/timestamps/headers/bitcoin-0-7.bin", bytes(80), "headers_size"),
        ("data/timestamps/headers/bitcoin-5-5.bin", bytes(80), "headers_broken"),
    ],
)
def test_malformed_parts_of_the_record_are_broken(name: str, data: bytes, rule: str) -> None:
    verdict = look(rebagged(pack() | {name: data}))
    assert rule in rules(verdict, ("broken",))
    assert name in broken(verdict)


def test_of_header_runs_without_end_a_few_are_tried() -> None:
    """Headers with their work, after every checkpoint: each would be tried with every proof."""
    easy = miner.mine(bytes(32), 2_000_000_000)
    folder = "data/timestamps/headers"
    more = {f"{folder}/bitcoin-{at}-{at}.bin": easy for at in range(10**8, 10**8 + 30)}
    verdict = look(rebagged({**pack(), **more}))
    over = [f.subject for f in verdict.findings if (f.rule, f.detail) == ("headers_broken", "> 16")]
    assert len(over) == 31 - 16


def test_a_checkpoint_under_another_size_is_found() -> None:
    files = pack()
    files["data/ledger/checkpoints/2.txt"] = files[stamped_head(files)]
    assert "checkpoint_other" in rules(look(rebagged(files)))


def test_a_checkpoint_of_another_ledger_is_found() -> None:
    files = pack()
    head = read_checkpoint(files[HEAD])
    other = replace(head, origin="practice.holdfast.local/0", signatures=())
    files[HEAD] = other.note
    assert "checkpoint_other" in rules(look(rebagged(files)))


def test_a_line_that_says_it_is_another_is_found() -> None:
    """Also one that would lie beyond the last."""
    files = pack()
    line = next(b for b in files[ENTRIES].split(b"\n") if b'"act":"exhibit.sealed"' in b)
    moved = re.sub(rb'"seq":[0-9]+', b'"seq":4000', line)
    verdict = look(rebagged({**files, ENTRIES: files[ENTRIES].replace(line, moved)}))
    assert {"ledger_order", "inclusion_malformed"} <= rules(verdict, ("broken",))


def test_an_inclusion_proof_for_another_line_is_found() -> None:
    files = pack()
    files[INCLUSION] = files[INCLUSION.replace("E0001", "E0002")]
    verdict = look(rebagged(files))
    assert INCLUSION in broken(verdict)


def test_an_inclusion_proof_to_a_head_that_is_not_there_is_found() -> None:
    """It leads somewhere, but nothing in the pack stands for that root."""
    files = pack()
    leaves = [leaf_hash(line) for line in lines(files)]
    head = Checkpoint(
        origin=read_checkpoint(files[HEAD]).origin, size=4, root=tree_root(leaves[:4])
    )
    seq = next(n for n, line in enumerate(lines(files)) if b"exhibit.sealed" in line)
    files[INCLUSION] = write_proof(seq, inclusion_proof(leaves[:4], seq), head)
    verdict = look(rebagged(files))
    assert INCLUSION in broken(verdict)
    assert "inclusion_differs" in rules(verdict)


# --- what the lines say --------------------------------------------------------------------------


def relined(
    act: str, edit: Callable[[dict[str, Json]], None], files: Files | None = None
) -> Verdict:
    """The verdict after the first line of an act was edited and everything made again."""
    files = files or pack()
    listed = lines(files)
    at = next(n for n, line in enumerate(listed) if f'"act":"{act}"'.encode() in line)
    listed[at] = edited(listed[at], edit)
    return look(rebagged(resigned(files, listed)))


@pytest.mark.parametrize(
    ("act", "change", "rule"),
    [
        ("exhibit.sealed", {"subject": "E01"}, "ledger_exhibit"),
        ("exhibit.sealed", {"subject": "E0002"}, "ledger_exhibit"),
        ("exhibit.sealed", {"refs": []}, "ledger_exhibit"),
        ("pack.exported", {"refs": []}, "ledger_no_export"),
        ("pack.exported", {"act": "case.closed"}, "ledger_no_export"),
    ],
)
def test_impossible_lines_are_found(act: str, change: dict[str, Json], rule: str) -> None:
    assert rule in rules(relined(act, lambda body: body.update(change)))


def test_a_document_outside_its_folder_is_found() -> None:
    def elsewhere(body: dict[str, Json]) -> None:
        body["refs"][0]["path"] = "../../etc/passwd"  # type: ignore[index,call-overload] # as written

    assert "ledger_document" in rules(relined("document.issued", elsewhere))


def test_facts_of_another_shape_vouch_for_nothing_and_break_nothing() -> None:
    """A later version may write more; what is not understood is passed over."""

    def other(body: dict[str, Json]) -> None:
        body["facts"] = {"certificates": [{"path": 1}, 2], "format": "bagit"}

    assert "file_changed" not in rules(relined("pack.exported", other))
    assert "ledger_order" not in rules(relined("timestamp.confirmed", lambda b: b.update(facts={})))

    def none(body: dict[str, Json]) -> None:
        body["facts"] = {"certificates": "none"}

    assert "file_changed" not in rules(relined("pack.exported", none))


def with_capture(edit: Callable[[dict[str, Json]], None]) -> Verdict:
    """E0001's manifest is edited and sealed as if it had always been so."""
    files = pack()
    raw = edited(files[CAPTURE], edit)
    files[CAPTURE] = raw

    def seal(body: dict[str, Json]) -> None:
        ref = body["refs"][0]  # type: ignore[index,call-overload] # as written
        ref.update(size=len(raw), sha256=hashlib.sha256(raw).hexdigest())  # type: ignore[union-attr] # as written

    return relined("exhibit.sealed", seal, files)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"format": "holdfast-capture/2"}, "exhibit_manifest"),
        ({"files": "none"}, "exhibit_manifest"),
        ({"files": [{"path": "../x", "size": 1, "sha256": "", "sm3": ""}]}, "exhibit_manifest"),
        ({"files": [1]}, "exhibit_manifest"),
        ({"files": []}, "file_not_on_record"),
        ({"exhibit": "E0002"}, "exhibit_other"),
        ({"world": "real"}, "exhibit_other"),
        ({"case": "another"}, "exhibit_other"),
    ],
)
def test_a_manifest_that_does_not_fit_is_found(change: dict[str, Json], rule: str) -> None:
    assert rule in rules(with_capture(lambda body: body.update(change)))


def test_a_changed_manifest_is_not_what_the_witnesses_saw() -> None:
    verdict = with_capture(lambda body: body.update(started="2020-01-01T00:00:00.000Z"))
    assert {OTS, TSR} <= broken(verdict)
    assert CAPTURE not in broken(verdict)


def test_of_a_changed_file_and_its_proof_only_the_file_is_blamed() -> None:
    files = pack()
    assert broken(look(rebagged(files | {PAGE: files[PAGE] + b"!"}))) == {PAGE}


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"{}", "case_other"),
        (b"[]", "case_other"),
        (b'{"format":"holdfast-case/1","ledger":"x","world":"practice"}', "case_other"),
        (b"{ }", "case_unreadable"),
    ],
)
def test_a_case_file_of_another_case_is_found(data: bytes, rule: str) -> None:
    def exported(body: dict[str, Json]) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        body["refs"][0].update(size=len(data), sha256=sha256)  # type: ignore[index,call-overload,union-attr] # as written

    verdict = relined("pack.exported", exported, pack() | {"data/case.json": data})
    assert rule in rules(verdict)


def test_sm3_alone_differing_is_found() -> None:
    def other(body: dict[str, Json]) -> None:
        body["refs"][0]["sm3"] = "0" * 64  # type: ignore[index,call-overload] # as written

    files = pack()
    listed = lines(files)
    at = next(n for n, line in enumerate(listed) if b'"act":"document.issued"' in line)
    listed[at] = edited(listed[at], other)
    made = rebagged(resigned(files, listed))
    assert "digest_sm3_differs" not in rules(look(made))
    assert "digest_sm3_differs" in rules(look(made, all_digests=True))


def test_withheld_lines_are_counted_and_still_prove_the_rest() -> None:
    files = pack()
    listed = lines(files)
    for at, line in enumerate(listed):
        if b'"act":"document.issued"' in line or at == 0:
            listed[at] = f'{{"withheld":"{leaf_hash(line).hex()}"}}'.encode()
    files[ENTRIES] = b"".join(line + b"\n" for line in listed)
    document = next(name for name in files if name.startswith("data/documents/"))
    del files[document]
    verdict = look(rebagged(files))
    # The lines still prove the rest, and the pack was exported whole: somebody took them out.
    assert "ledger_withheld" in rules(verdict)
    assert rules(verdict, ("broken",)) >= {"withheld_otherwise"}
    assert "checkpoint_root" not in rules(verdict)


def test_a_ledger_of_withheld_lines_alone_shows_nothing() -> None:
    files = pack()
    shut = [f'{{"withheld":"{leaf_hash(line).hex()}"}}'.encode() for line in lines(files)]
    kept = {
        name: data
        for name, data in files.items()
        if not name.startswith(("data/exhibits", "data/documents", "data/timestamps", "data/case"))
    }
    kept[ENTRIES] = b"".join(line + b"\n" for line in shut)
    verdict = look(rebagged(kept))
    assert {"exhibit_none", "ledger_withheld", "ledger_no_export"} <= rules(verdict)
    # Without a head not even the ledger's name is known.
    del kept[HEAD]
    assert HEAD in broken(look(rebagged(kept)))


# --- witnesses -----------------------------------------------------------------------------------


def as_real(files: Files) -> Files:
    """The ledger claims to be of the real world, everything else as it was."""
    made = dict(files)
    listed = [
        edited(line, lambda body: body["facts"].update(world="real"))  # type: ignore[union-attr,call-arg,arg-type] # facts is an object
        if b'"act":"case.opened"' in line
        else line
        for line in lines(files)
    ]
    was = read_checkpoint(files[HEAD])
    made[HEAD] = replace(was, origin=was.origin.removeprefix("practice.")).note
    return resigned(made, listed)


def test_practice_witnesses_in_a_real_record_are_broken() -> None:
    files = as_real(pack())
    verdict = look(rebagged(files), help=ProofHelp(roots=pinned_roots()))
    assert "world_mixed" in rules(verdict, ("broken",))
    assert {OTS, TSR, ROOT, headers(files)} <= broken(verdict)


def test_a_real_witness_in_a_practice_record_is_broken() -> None:
    real = {"status": "confirmed", "network": "bitcoin", "time": "2026-01-01T00:00:00.000Z"}
    verdict = look(pack(), checkers=(Says(**real), terms().checker("rfc3161")))
    assert OTS in broken(verdict)
    assert "world_mixed" in rules(verdict)


class Says:
    """A checker that says what a test wants to hear."""

    def __init__(self, id: str = "opentimestamps", **seen: str) -> None:
        self.id = id
        self.seen = seen
        self.asked: list[ProofHelp] = []

    def check(
        self, subject: str, digest: object, proof: bytes, help: ProofHelp
    ) -> tuple[object, tuple[object, ...]]:
        from holdfast.core.verdict import TimestampSeen

        self.asked.append(help)
        said = {"network": "", "status": "unchecked", **self.seen}
        if help.headers:
            said |= {"network": "bitcoin", "status": "confirmed"}
        time = said.pop("time", "2026-01-01T00:00:00.000Z")
        return TimestampSeen(subject=subject, kind=self.id, time=time, **said), ()


def real_pack() -> Files:
    """A pack of the real world without any practice witness in it."""
    files = as_real(pack())
    kept = {
        name: data
        for name, data in files.items()
        if ".practice-tsa" not in name and "timestamps/" not in name
    }
    return rebagged(kept)


def test_one_source_alone_makes_the_verdict_weak() -> None:
    only = Says(status="one_source", network="bitcoin")
    verdict = look(real_pack(), checkers=(only,))
    assert "exhibit_one_source" in rules(verdict)


def test_a_confirmed_witness_dates_every_exhibit_it_covers() -> None:
    early = Says(status="confirmed", network="bitcoin")
    verdict = look(real_pack(), checkers=(early,))
    dated = [finding for finding in verdict.findings if finding.rule == "exhibit_dated"]
    assert [finding.subject for finding in dated] == ["E0001", "E0002"]
    assert {finding.detail for finding in dated} == {"2026-01-01T00:00:00.000Z"}


def test_explorers_are_asked_only_where_a_header_is_wanting() -> None:
    asked: list[int] = []

    def ask(height: int) -> list[tuple[str, int, bytes]]:
        asked.append(height)
        return [("somebody", height, bytes(80))]

    wanting = Says(network="")
    look(real_pack(), checkers=(wanting,), ask=ask)
    assert asked
    settled = Says(status="confirmed", network="bitcoin")
    asked.clear()
    look(real_pack(), checkers=(settled,), ask=ask)
    look(pack(), checkers=(Says(network="practice"), terms().checker("rfc3161")), ask=ask)
    assert not asked
    garbage = LooseProof(name="x.ots", kind="opentimestamps", raw=b"no proof")
    judge_file("x", None, (garbage,), terms(checkers=(Says(),), ask=ask))
    assert not asked


def test_a_practice_witness_stays_simulated_whoever_calls_it_confirmed() -> None:
    loud = Says(status="confirmed", network="practice")
    verdict = judge_file("x", None, (loose(OTS),), terms(checkers=(loud,)))
    assert [seen.status for seen in verdict.timestamps] == ["simulated"]


def test_digests_that_were_not_taken_on_the_way_are_read_again() -> None:
    held = MemoryPack({"data/a": b"a"})
    contents = Contents(held, Seen(), Job(), sm3=False)
    assert contents.digest("data/a", "sha512") == hashlib.sha512(b"a").digest()
    held.missing_hashes.add("sha384")
    with pytest.raises(ValueError, match="sha384"):
        contents.digest("data/a", "sha384")
    with pytest.raises(KeyError):
        contents.sha256("data/nothing")


class _Threads(MemoryPack):
    """A pack whose files are hashed on several cores; ``hashing`` is that work, once begun."""

    hashing: Generator[tuple[str, Mapping[str, bytes] | Unreadable], None, None]

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.asked: list[str] = []

    def digests(
        self, name: str, algorithms: Sequence[str], tick: Callable[[int], None]
    ) -> Mapping[str, bytes]:
        self.asked.append(name)
        return super().digests(name, algorithms, tick)

    def each_digest(
        self,
        names: Sequence[str],
        algorithms: Sequence[str],
        tick: Callable[[str, int], None],
    ) -> Generator[tuple[str, Mapping[str, bytes] | Unreadable], None, None]:
        self.hashing = (
            (name, self.digests(name, algorithms, partial(tick, name))) for name in names
        )
        return self.hashing


def test_who_cancels_while_the_record_is_judged_is_heard() -> None:
    """Heads with many signatures took minutes, and nobody was asked meanwhile."""
    job = Job()

    class Cancelling(MemoryPack):
        def read(self, name: str, limit: int) -> bytes:
            if name == "data/ledger/entries.jsonl":
                job.cancel()
            return super().read(name, limit)

    kinds = (".ots", ".tsr", ".tsq")
    plain = {name: data for name, data in pack().items() if not name.endswith(kinds)}
    with pytest.raises(Cancelled):
        judge_pack(Cancelling(plain), terms(), job)


def test_who_cancels_while_the_small_files_are_hashed_ends_the_large_ones_too() -> None:
    held, job = _Threads({"data/large": bytes(SMALL_FILE + 1), "data/small": b"a"}), Job()
    whole = Contents(held, Seen(), job, sm3=False)
    assert "data/large" in whole
    job.cancel()
    with pytest.raises(Cancelled):
        Contents(held, Seen(), job, sm3=False)
    assert list(held.hashing) == []


def test_what_is_judged_is_hashed_before_what_is_only_compared() -> None:
    sizes = {
        "data/exhibits/E0001/files/dated.mp4": 1, "data/exhibits/E0001/files/large.mp4": 9,
        "data/exhibits/E0001/files/small.mp4": 2, "data/ledger/entries.jsonl": 3,
        "manifest-sha256.txt": 1,
    }  # fmt: skip
    held = _Threads({name: bytes(SMALL_FILE + size) for name, size in sizes.items()})
    held.files["data/exhibits/E0001/proofs/files/dated.mp4.ots"] = bytes(SMALL_FILE + 1)
    Contents(held, Seen(), Job(), sm3=False)
    assert [name.rpartition("/")[2] for name, _ in held.hashing] == [
        "dated.mp4.ots", "entries.jsonl", "manifest-sha256.txt",
        "dated.mp4", "large.mp4", "small.mp4",
    ]  # fmt: skip


def test_everything_else_is_judged_while_contents_are_hashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bag, "SMALL_FILE", -1)
    held = _Threads(
        {name: raw for name, raw in real_pack().items() if "/proofs/files/" not in name}
    )
    hashed: list[str] = []

    class Watching(Says):
        def check(
            self, subject: str, digest: object, proof: bytes, help: ProofHelp
        ) -> tuple[object, tuple[object, ...]]:
            hashed.extend(held.asked)
            return super().check(subject, digest, proof, help)

    heard = Watching(status="confirmed", network="bitcoin")
    judge_pack(held, terms(checkers=(heard,)), Job())
    assert CAPTURE in hashed
    assert PAGE not in hashed
    assert PAGE in held.asked


def test_a_file_that_two_manifest_lines_tell_differently_is_changed() -> None:
    record = Record(
        ledger="", world="real", entries=(), leaves=(), exhibits=(), checkpoints={},
        recorded=frozenset(), changed=frozenset(), certificates={}, proofs={},
        files={"exhibits/E0001/files/a": [_said(b"a"), _said(b"b")]},
    )  # fmt: skip
    seen = Seen()
    contents = Contents(MemoryPack({"data/exhibits/E0001/files/a": b"a"}), seen, Job(), sm3=False)
    assert not record.holds("exhibits/E0001/files/a", contents)
    judge_files(contents, record, seen)
    assert [finding.rule for finding in seen.findings] == ["file_changed"]


def _said(data: bytes) -> Ref:
    sha256 = hashlib.sha256(data).hexdigest()
    return Ref(path="exhibits/E0001/files/a", size=len(data), sha256=sha256, sm3="")


def test_the_persons_own_run_is_tried_beside_the_packs() -> None:
    own = (0, bytes(80))
    heard = Says(network="practice")
    lent = ProofHelp(roots=pinned_roots(), header_run=own)
    look(pack(), checkers=(heard, terms().checker("rfc3161")), help=lent)
    assert {lent.header_run for lent in heard.asked} >= {own}
    assert len({lent.header_run for lent in heard.asked}) == 2


def test_a_run_that_leads_nowhere_is_said() -> None:
    from holdfast.core import bitcoin

    files = real_pack()
    genesis = bytes.fromhex(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
        "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
    )
    assert bitcoin.parse_header(genesis).has_work
    # Under its own height it leads to the real chain; under another it is a contradiction.
    files["data/timestamps/headers/bitcoin-0-0.bin"] = genesis
    verdict = look(rebagged(files), checkers=(Says(),))
    assert "headers_linked" in rules(verdict, ("ok",))
    del files["data/timestamps/headers/bitcoin-0-0.bin"]
    files["data/timestamps/headers/bitcoin-5-5.bin"] = genesis
    verdict = look(rebagged(files), checkers=(Says(),))
    assert "headers_unlinked" in rules(verdict, ("unchecked",))


def test_the_end_of_a_run_that_is_cheap_today_is_said_to_lead_nowhere() -> None:
    mined = miner.chain(PERIOD)
    forged = miner.mine(double_sha256(mined[-1]), miner.START)
    later = bits_of((target_of(miner.EASY) or 0) // 100)
    aged = CheckpointTable(
        hashes=(double_sha256(mined[-1]), bytes(32), bytes(31) + b"\1"),
        bits=(miner.EASY, miner.EASY, miner.EASY, later),
        genesis=double_sha256(mined[0]),
        limit=miner.EASY,
    )
    files = real_pack()
    name = f"data/timestamps/headers/bitcoin-{PERIOD - 2}-{PERIOD}.bin"
    files[name] = miner.joined([*mined[-2:], forged])
    told = {
        (one.rule, one.outcome, one.detail)
        for one in look(rebagged(files), checkers=(Says(),), table=aged).findings
        if one.subject == name
    }
    assert told == {
        ("headers_linked", "ok", f"{PERIOD - 2}–{PERIOD - 1}"),
        ("headers_unlinked", "unchecked", f"{PERIOD}–{PERIOD}"),
    }


def test_roots_that_are_not_ours_are_said_and_not_trusted() -> None:
    """A pack with another root under the authority's name, in a ledger that never named any."""
    files = pack()
    listed = [
        edited(line, lambda body: body.update(facts={"format": "bagit"}))
        if b'"act":"pack.exported"' in line
        else line
        for line in lines(files)
    ]
    made = resigned(files, listed)
    pinned = write_pem(read_certificates(pinned_roots()[0]))
    lent = replace(terms().help, roots=())
    made[ROOT] = pinned
    assert "certificates_root_unknown" in rules(look(rebagged(made), help=lent))
    assert "certificates_root_unknown" not in rules(look(rebagged(made)))
    made[ROOT] = pinned + pinned
    assert ROOT in broken(look(rebagged(made)))
    made[ROOT] = b"no certificate"
    assert "certificates_malformed" in rules(look(rebagged(made)))


# --- a case, a file ------------------------------------------------------------------------------


def test_a_case_may_have_lines_after_its_head_and_needs_no_bag() -> None:
    files = {n: d for n, d in pack().items() if n.startswith("data/") and n != "data/case.json"}
    del files[INCLUSION]
    last = lines(files)[-1]
    files[ENTRIES] += edited(last, lambda body: body.update(seq=len(lines(files)))) + b"\n"
    assert judge_case(MemoryPack(files), terms(), Job()).verdict == "ok"
    files[PAGE] += b"!"
    assert broken(judge_case(MemoryPack(files), terms(), Job())) == {PAGE}


def sha256_of(data: bytes) -> Callable[[str], bytes]:
    def digest(name: str) -> bytes:
        return hashlib.new(name, data).digest()

    return digest


def loose(name: str, **more: bytes | None) -> LooseProof:
    files = finished().files
    kind = "opentimestamps" if name.endswith(".ots") else "rfc3161"
    return LooseProof(name=name, kind=kind, raw=files[name], **more)  # type: ignore[arg-type] # a StampKind


def test_a_file_with_its_proofs_is_dated() -> None:
    data = finished().files[CAPTURE]
    token = loose(TSR, query=finished().files[TSQ])
    verdict = judge_file("capture.json", sha256_of(data), (token, loose(OTS)), terms())
    assert verdict.verdict == "ok"
    assert verdict.findings[0].rule == "world_practice"
    shy = judge_file("capture.json", sha256_of(data), (token,), terms(help=ProofHelp()))
    assert shy.verdict == "unchecked"
    other = judge_file("capture.json", sha256_of(data + b"!"), (token,), terms())
    assert other.verdict == "broken"


def test_a_file_s_token_lapses_as_one_in_a_pack_does() -> None:
    """Whoever has the key of a certificate that has ended can make tokens of any earlier time."""
    data = finished().files[CAPTURE]
    late = ProofHelp(practice=True, now="2050-01-01T00:00:00.000Z")
    token = loose(TSR, query=finished().files[TSQ])
    verdict = judge_file("capture.json", sha256_of(data), (token,), terms(help=late))
    assert verdict.verdict == "weak"
    assert {"exhibit_lapsed", "renewal_absent"} <= rules(verdict)
    unsure = judge_file(
        "capture.json", sha256_of(data), (token,), terms(help=replace(late, practice=False))
    )
    assert (unsure.verdict, "exhibit_lapsed" in rules(unsure)) == ("unchecked", False)
    files = finished().files
    run = replace(late, header_run=(0, files[headers(files)]))
    both = judge_file("capture.json", sha256_of(data), (token, loose(OTS)), terms(help=run))
    assert (both.verdict, "exhibit_lapsed" in rules(both)) == ("ok", False)
    soon = replace(late, now="2044-12-31T00:00:00.000Z")
    assert judge_file("c", sha256_of(data), (token,), terms(help=soon)).verdict == "ok"


def test_a_lone_proof_is_weak_at_best() -> None:
    assert judge_file("t", None, (loose(TSR),), terms()).verdict == "weak"
    verdict = judge_file("o", None, (loose(OTS),), terms())
    assert {"proof_without_file", "ots_no_subject"} <= rules(verdict)
    assert judge_file("o", None, (), terms()).verdict == "unchecked"


def test_a_lone_token_is_asked_about_its_own_imprint_only() -> None:
    class Odd:
        id = "rfc3161"

        def check(self, subject: str, digest: Callable[[str], bytes], *_: object) -> object:
            with pytest.raises(ValueError):
                digest("sha512")
            assert len(digest("sha256")) == 32
            return Says(id="rfc3161", status="one_source").check(subject, None, b"", ProofHelp())

    verdict = judge_file("t", None, (loose(TSR),), terms(checkers=(Odd(),)))
    assert verdict.verdict == "weak"
