"""verify.html over what packs, ledgers and tokens can say: the same findings as verify.pyz."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import (
    ObjectIdentifier,
    ReasonFlags,
    UnrecognizedExtension,
    load_der_x509_certificate,
)

from fakes import miner, tsa
from fakes.checkengine import Engine, engine
from fakes.packed import (
    OWNERS,
    Rehearsal,
    Remembering,
    finished,
    judged,
    look,
    rebagged,
    rehearsal,
)
from fakes.revocation import crl
from fakes.signers import Signer
from fakes.tsa import Authority, Pair
from holdfast.adapters.cosigner import Cosigner
from holdfast.adapters.pack import offline, verifier
from holdfast.adapters.pack.packs import Packs
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.store.vault import hasher
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import cosignature, ed25519, minisign
from holdfast.core.bitcoin import display, parse_header
from holdfast.core.canonical import Json, canonical, parse
from holdfast.core.errors import HoldfastError
from holdfast.core.evidence import Exhibit
from holdfast.core.growth import write_growth
from holdfast.core.job import Job
from holdfast.core.ledger import (
    Checkpoint,
    Ref,
    VerifierKey,
    inclusion_proof,
    leaf_hash,
    read_checkpoint,
    read_entry,
    tree_root,
    write_entry,
    write_proof,
)
from holdfast.core.pack import SIGNATURE, TAG_MANIFEST, cosigned_path
from holdfast.core.rfc3161 import read_response
from holdfast.core.verdict import MOST_TOLD
from holdfast.practice import keys
from holdfast.usecases import custody, export, imported
from holdfast.usecases.verify import Options, verify

Files = dict[str, bytes]
Line = tuple[str, dict[str, Json], tuple[Ref, ...]]

ENTRIES, HEAD = "data/ledger/entries.jsonl", "data/ledger/checkpoint.txt"
LATER = "2030-01-01T00:00:00.000Z"
AUTHORITY = Authority.make()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkers")
    (folder / "verify.html").write_bytes(verifier.verify_html())
    (folder / "verify.pyz").write_bytes(verifier.verify_pyz())
    return folder


@pytest.fixture(scope="module")
def node(home: Path) -> Iterator[Engine]:
    with engine(home / "verify.html") as running:
        yield running


@cache
def checkers() -> tuple[Any, ...]:
    """Those of verify.pyz; what openssl said once about a token it need not say again."""
    known = offline.read_embedded(verifier.embedded())
    tokens = OpensslTokens((known.practice_roots,))
    return Remembering(offline.OtsProofs(known.table)), Remembering(tokens)


class Both:
    """The page and verify.pyz, asked about the same pack."""

    def __init__(self, node: Engine, home: Path, room: Path) -> None:
        self.node, self.room, self.number = node, room, 0
        known = offline.read_embedded(verifier.embedded())
        made = offline._bench(home / "verify.pyz", known)
        assert made.holds is not None
        self.bench = replace(made, checkers=checkers(), holds=cache(made.holds))

    def written(self, files: Mapping[str, bytes]) -> Path:
        self.number += 1
        at = self.room / f"pack{self.number}"
        for name, data in files.items():
            (at / name).parent.mkdir(parents=True, exist_ok=True)
            (at / name).write_bytes(data)
        return at

    def say(
        self,
        what: Path | Mapping[str, bytes],
        *,
        now: str = LATER,
        practice: bool = True,
        kept: Sequence[Path] = (),
        heads: Sequence[str] = (),
    ) -> dict[str, str]:
        """What both found: outcomes by rule.  Fails where they differ."""
        pack = what if isinstance(what, Path) else self.written(what)
        bench = replace(self.bench, now=now)
        options = Options(practice=practice, heads=tuple(heads))
        body = verify([pack, *kept], options, bench=bench, job=Job()).body()
        told = self.node.judged(pack, now=now, practice=practice, kept=kept, heads=heads)
        assert "result" in told, told
        page = told["result"]
        ours = json.loads(json.dumps(body))
        assert _found(page) == _found(ours)
        assert page["verdict"] == ours["verdict"]
        assert _seen(page) == _seen(ours)
        good = [f for f in ours["findings"] if f["outcome"] != "broken"]
        assert [f for f in page["findings"] if f["outcome"] != "broken"] == good
        return {f["rule"]: f["outcome"] for f in ours["findings"]} | {"": ours["verdict"]}


def _found(body: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {(f["subject"], f["rule"], f["outcome"]) for f in body["findings"]}


def _seen(body: Mapping[str, Any]) -> set[tuple[str, ...]]:
    keys_ = ("subject", "kind", "network", "status", "time", "by")
    return {tuple(str(t[key]) for key in keys_) for t in body["timestamps"]}


@pytest.fixture(scope="module")
def both(node: Engine, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(node, home, tmp_path_factory.mktemp("packs"))


# --- packs that the program makes ----------------------------------------------------------------


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("case")) as made:
        yield made


def exported(case: Rehearsal, out: Path, **how: Any) -> Path:
    return export.export(
        case.number,
        out,
        store=case.store,
        vault=case.vault,
        format=Packs(hasher),
        tsas=case.tsas,
        headers=case.header_run,
        job=Job(),
        **how,
    )


def take(case: Rehearsal, room: Path, raw: bytes, *, root: bytes = b"") -> None:
    (room / "t.tsa").write_bytes(raw)
    (room / "root.pem").write_bytes(root)
    means = imported.Means(
        store=case.store,
        vault=case.vault,
        clock=case.clock,
        checker=Rfc3161Checker(),
        roots=verifier.pinned_roots(),
        digests=Packs(hasher).digests,
    )
    path = room / "root.pem" if root else None
    with pytest.MonkeyPatch.context() as patch:
        # The practice case for once counts as one of the real world, so that it may hold the token.
        patch.setattr(imported, "_is_of_another_world", lambda *_: False)
        imported.import_token(
            case.number, room / "t.tsa", root=path, chain=None, means=means, job=Job()
        )


def about(case: Rehearsal, algorithm: str = "sha256", **options: Any) -> bytes:
    """A token of a strange authority about the first file."""
    assert case.case is not None
    exhibit = min(case.store.all(Exhibit, case.case.id), key=lambda one: one.number)
    data = case.vault.path(exhibit.artifacts[0].digest.sha256).read_bytes()
    named = {"sm3": "1.2.156.10197.1.401"}.get(algorithm, algorithm)
    return AUTHORITY.token(
        algorithm=named,
        imprint=hashlib.new(algorithm, data).digest(),
        gen_time=case.clock.now(),
        **options,
    )


def sm2(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "signature_algorithm": {"algorithm": "1.2.156.10197.1.501"}}


@pytest.mark.no_cover
def test_what_a_case_lives_through(both: Both, case: Rehearsal, tmp_path: Path) -> None:
    """Chosen exhibits, imported tokens, a second device, renewal, and the time after that."""
    part = exported(case, tmp_path / "part", only=("E0002",), without_parties=True)
    told = both.say(part)
    assert (told[""], told["ledger_withheld"]) == ("ok", "unchecked")
    entries = part / ENTRIES
    bodies = entries.read_bytes().split(b"\n")
    at = next(n for n, body in enumerate(bodies) if b'"act":"timestamp.confirmed"' in body)
    bodies[at] = b'{"withheld":"' + leaf_hash(bodies[at]).hex().encode() + b'"}'
    entries.write_bytes(b"\n".join(bodies))
    assert both.say(part)["withheld_otherwise"] == "broken"

    take(case, tmp_path, about(case), root=AUTHORITY.root.pem)
    take(case, tmp_path, tsa.response(about(case, "sha512")))
    hash_known = "sm3" in hashlib.algorithms_available
    if hash_known:
        take(case, tmp_path, about(case, "sm3", change_signer=sm2), root=AUTHORITY.root.pem)
    request = custody.request(case.number, None, store=case.store)
    signed = Cosigner(tmp_path / "second", case.clock).sign("request", write_growth(request))
    custody.cosigned(case.number, "s", signed.note, "", store=case.store, vault=case.vault)
    case.capture({"later.txt": b"later"})
    case.stamp_all()
    pack = exported(case, tmp_path / "pack")
    told = both.say(pack)
    for rule in ("cosigned_holds", "signature_holds", "token_bare", "revocation_good"):
        assert told[rule] == "ok", rule
    for rule in ("token_root_named", "certificates_root_named", "token_root_unknown"):
        assert told[rule] == "unchecked", rule
    assert (told[""], "token_signature_uncheckable" in told) == ("ok", hash_known)
    assert both.say(pack, practice=False)[""] == "unchecked"
    assert "renewal_holds" not in both.say(pack, now="2044-12-31T00:00:00.500Z")
    told = both.say(pack, now="2050-01-01T00:00:00.000Z")
    assert (told["renewal_holds"], told["renewal_absent"]) == ("ok", "unchecked")
    cosigned = next(pack.rglob("*.cosigned-*.txt"))
    cosigned.write_bytes(cosigned.read_bytes()[:-8] + b"AAAAAA=\n")
    assert both.say(pack)["file_changed"] == "broken"


def test_a_time_that_nothing_kept_has_lapsed(both: Both) -> None:
    """No later head over the lines that confirmed the tokens, and no anchor of anything."""
    lone = {name: data for name, data in finished().files.items() if not name.endswith(".ots")}
    told = both.say(rebagged(lone), now="2050-01-01T00:00:00.000Z")
    assert (told["exhibit_lapsed"], told["renewal_absent"]) == ("weak", "unchecked")


# --- ledgers made to order, all of them signed ---------------------------------------------------


def lines() -> list[bytes]:
    return finished().files[ENTRIES].split(b"\n")[:-1]


def owner() -> Any:
    stated = parse(lines()[-1])
    assert isinstance(stated, dict)
    facts: Any = stated["facts"]
    return OWNERS[facts["manifest_key"]]


def head_of(bodies: Sequence[bytes]) -> Checkpoint:
    before = read_checkpoint(finished().files[HEAD])
    root = tree_root([leaf_hash(body) for body in bodies])
    bare = Checkpoint(origin=before.origin, size=len(bodies), root=root)
    return bare.signed(bare.origin, owner().public, owner().sign(bare.text))


def grown(*more: Line, files: Mapping[str, bytes] | None = None) -> Files:
    """The pack with more lines on its ledger, by somebody who has its key."""
    last, bodies = read_entry(lines()[-1]), lines()
    for act, facts, refs in more:
        entry = write_entry(
            ledger=last.ledger,
            seq=len(bodies),
            at=last.at,
            actor=last.actor,
            act=act,
            subject=last.subject,
            refs=refs,
            facts=facts,
            nonce=bytes(16),
        )
        bodies.append(entry.body)
    made = dict(finished().files if files is None else files)
    made[ENTRIES] = b"".join(body + b"\n" for body in bodies)
    made[HEAD] = head_of(bodies).note
    return rebagged(made)


def ref(path: str, data: bytes) -> Ref:
    sha256 = hashlib.sha256(data).hexdigest()
    return Ref(path=path, size=len(data), sha256=sha256, sm3=hashlib.new("sm3", data).hexdigest())


SECOND = Signer("second")
KEY = cosignature.cosigner("w/1", SECOND.public)
SIZE = 5


def by_itself() -> Files:
    """The record's own key in the place of a second one."""
    key = cosignature.cosigner("w/1", owner().public)
    whole = head_of(lines()[:SIZE])
    bare = replace(whole, signatures=())
    told = owner().sign(cosignature.message(bare, 1_800_000_000))
    note = cosignature.cosigned(bare, key, 1_800_000_000, told).note
    path = cosigned_path(SIZE, key.id.hex())
    line: Line = ("checkpoint.cosigned", {"key": str(key), "size": SIZE}, (ref(path, note),))
    return grown(line, files={**finished().files, f"data/{path}": note})


def cosigned(
    *, root: bytes = b"", seconds: int = 1_800_000_000, origin: str = "", by: Signer = SECOND
) -> bytes:
    whole = head_of(lines()[:SIZE])
    bare = Checkpoint(origin=origin or whole.origin, size=SIZE, root=root or whole.root)
    told = by.sign(cosignature.message(bare, seconds))
    return cosignature.cosigned(bare, KEY, seconds, told).note


def with_note(note: bytes, facts: dict[str, Json] | None = None, *, there: bool = True) -> Files:
    path = cosigned_path(SIZE, KEY.id.hex())
    stated: dict[str, Json] = {"key": str(KEY), "size": SIZE}
    files = {**finished().files, **({f"data/{path}": note} if there else {})}
    line = ("checkpoint.cosigned", stated if facts is None else facts, (ref(path, note),))
    return grown(line, files=files)


def of_true_lines() -> Files:
    """A sound cosignature on the head over one line, whose number of lines is stated as true."""
    head = head_of(lines()[:1])
    bare = replace(head, signatures=())
    told = SECOND.sign(cosignature.message(bare, 1_800_000_000))
    note = cosignature.cosigned(bare, KEY, 1_800_000_000, told).note
    path = f"ledger/checkpoints/True.cosigned-{KEY.id.hex()}.txt"
    stated: dict[str, Json] = {"key": str(KEY), "size": True}
    files = {**finished().files, f"data/{path}": note}
    return grown(("checkpoint.cosigned", stated, (ref(path, note),)), files=files)


COSIGNED: tuple[tuple[str, Callable[[], Files]], ...] = (
    ("cosigned_holds", lambda: with_note(cosigned())),
    ("cosigned_other_root", lambda: with_note(cosigned(root=bytes(32)))),
    ("cosigned_signature", lambda: with_note(cosigned(by=Signer("other")))),
    ("cosigned_signature", lambda: with_note(cosigned(seconds=1 << 50))),
    ("checkpoint_other", lambda: with_note(cosigned(origin="holdfast.local/x"))),
    ("checkpoint_malformed", lambda: with_note(b"no note")),
    ("cosigned_malformed", lambda: with_note(cosigned(), {"key": "no key", "size": SIZE})),
    ("cosigned_malformed", lambda: with_note(cosigned(), {"key": str(KEY), "size": "5"})),
    ("cosigned_malformed", lambda: with_note(cosigned(), {"key": str(KEY), "size": 6})),
    ("file_missing", lambda: with_note(cosigned(), there=False)),
    ("cosigned_malformed", lambda: of_true_lines()),
)


def test_a_record_is_no_second_key_of_its_own(both: Both) -> None:
    told = both.say(by_itself())
    assert (told["cosigned_own"], told[""], "cosigned_holds" in told) == ("unchecked", "ok", False)


@pytest.mark.parametrize(("rule", "made"), COSIGNED)
def test_cosignatures(both: Both, rule: str, made: Callable[[], Files]) -> None:
    assert both.say(made())[rule] == ("ok" if rule.endswith("holds") else "broken")


RECORD: dict[str, Json] = {"format": "x", "run": {"a": [1, "\u5f20", True, None]}}
SHA = hashlib.sha256(canonical(RECORD)).hexdigest()
CHECKED: Line = ("environment.checked", {"sha256": SHA}, ())
ODD: Line = ("environment.checked", {"sha256": ["a"]}, ())
NAMED_ODDLY: Line = ("environment.checked", {"sha256": "True"}, ())


def exports(**facts: Json) -> Line:
    """The last export line once more, with other facts."""
    last = read_entry(lines()[-1])
    stated = {**last.facts, **facts}
    return "pack.exported", {k: v for k, v in stated.items() if v is not ...}, last.refs


def with_case(environment: Json) -> Files:
    body = parse(finished().files["data/case.json"])
    assert isinstance(body, dict)
    data = canonical({**body, "environment": environment})
    files = {**finished().files, "data/case.json": data}
    act, facts, _ = exports()
    return grown(ODD, NAMED_ODDLY, CHECKED, (act, facts, (ref("case.json", data),)), files=files)


@pytest.mark.parametrize(
    ("checks", "good"),
    [
        ([{"sha256": SHA, "earlier": [], "record": RECORD}], True),
        ([{"sha256": SHA, "earlier": [SHA], "record": RECORD}], True),
        ([{"sha256": SHA, "earlier": ["e" * 64], "record": RECORD}], False),
        ([{"sha256": SHA, "earlier": [True], "record": RECORD}], False),
        ([{"sha256": SHA, "earlier": [], "record": {"format": "y"}}], False),
        ([{"sha256": "", "earlier": []}], False),
        (["nonsense", {"sha256": 1, "earlier": {}, "record": RECORD}], False),
        ("nonsense", True),
    ],
)
def test_environment_checks(both: Both, checks: Json, good: bool) -> None:
    told = both.say(with_case(checks))
    assert (told.get("environment_not_on_record"), told[""]) == (
        (None, "ok") if good else ("broken", "broken")
    )


@pytest.mark.parametrize("named", ["01930000-0000-7000-8000-00000000000c", 1])
def test_exhibits_of_another_case_are_not_this_one_s(both: Both, named: Json) -> None:
    """Whoever has the keys of two cases put one's exhibits, stamped, into the other's record."""
    body = parse(finished().files["data/case.json"])
    assert isinstance(body, dict)
    data = canonical({**body, "id": named})
    files = {**finished().files, "data/case.json": data}
    act, facts, _ = exports()
    told = both.say(grown((act, facts, (ref("case.json", data),)), files=files))
    assert told["case_other" if named == 1 else "exhibit_other"] == "broken"


TOKEN = "exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"


ELSEWHERE = "exhibits/E0009/proofs/capture.json.ots"


def renewed(path: str, data: bytes) -> Line:
    return "proofs.renewed", {}, (ref(path, data),)


def without_signature() -> Files:
    files = grown(exports(manifest_key=...))
    del files[SIGNATURE]
    return files


LOG_KEYS = "data/ledger/key.txt"
PROOF = "data/exhibits/E0001/inclusion.tlog-proof"


def spelled_otherwise(base64: bytes) -> bytes:
    """The same 32 octets: the last digit before the mark has two bits that say nothing."""
    digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return base64[:-2] + digits[digits.index(base64[-2]) ^ 1 :][:1] + b"="


def signed_as(change: Callable[[bytes], bytes]) -> Callable[[], Files]:
    return lambda: {**finished().files, SIGNATURE: change(finished().files[SIGNATURE])}


def with_bag_info(line: bytes) -> Files:
    """One line more in what the bag says of itself, beside those that are so."""
    files = finished().files
    return rebagged({**files, "bag-info.txt": files["bag-info.txt"] + line + b"\n"})


def withheld(at: int, stated: Json = ...) -> Files:
    files = finished().files if stated is ... else grown(exports(withheld=stated))
    bodies = files[ENTRIES].split(b"\n")[:-1]
    bodies[at] = b'{"withheld":"' + leaf_hash(bodies[at]).hex().encode() + b'"}'
    return rebagged({**files, ENTRIES: b"".join(body + b"\n" for body in bodies)})


def moved() -> Files:
    """The line that sealed an exhibit says that it lies beyond the last."""
    raw = finished().files[ENTRIES]
    line = next(body for body in raw.split(b"\n") if b'"act":"exhibit.sealed"' in body)
    far = re.sub(rb'"seq":[0-9]+', b'"seq":4000', line)
    return rebagged({**finished().files, ENTRIES: raw.replace(line, far)})


def run_upon_run() -> Files:
    """Headers with their work, after every checkpoint, each a run of its own."""
    easy = miner.mine(bytes(32), miner.START)
    folder = "data/timestamps/headers"
    return {f"{folder}/bitcoin-{at}-{at}.bin": easy for at in range(10**8, 10**8 + 30)}


def replaced(*, again: bool = False, new: bool = False) -> Files:
    """The ledger names another key, and perhaps the first one again; then somebody signs a head."""
    name, other = read_checkpoint(finished().files[HEAD]).origin, Signer("new computer")
    first = VerifierKey(name=name, public_key=owner().public)
    second = VerifierKey(name=name, public_key=other.public)
    named = [
        str(second),
        *([str(first)] if again else ()),
        *([str(second)] if again and new else ()),
    ]
    keys = f"{first}\n{second}\n".encode()
    files = grown(
        *(("key.rotated", {"key": key}, ()) for key in named),
        files={**finished().files, LOG_KEYS: keys},
    )
    if not new:
        return files
    head = read_checkpoint(files[HEAD])
    bare = Checkpoint(origin=head.origin, size=head.size, root=head.root)
    files[HEAD] = bare.signed(name, other.public, other.sign(bare.text)).note
    return rebagged(files)


def issued(data: bytes) -> Line:
    return "document.issued", {"kind": "evidence-report"}, (ref("documents/x.pdf", data),)


def with_size(size: Any) -> Files:
    """A document of one byte, whose line states its size as something else."""
    made = grown(issued(b"x"), files={**finished().files, "data/documents/x.pdf": b"x"})
    *bodies, last = made[ENTRIES].split(b"\n")[:-1]
    stated: Any = parse(last)
    stated["refs"][0]["size"] = size
    bodies.append(canonical(stated))
    made[ENTRIES] = b"".join(body + b"\n" for body in bodies)
    return rebagged({**made, HEAD: head_of(bodies).note})


def signed_with(comment: str) -> Files:
    """The list signed by the key that may, with something else signed along."""
    files = finished().files
    note = minisign.sign(files[TAG_MANIFEST], comment, owner().public, owner().sign).note
    return {**files, SIGNATURE: note}


LEDGERS: tuple[tuple[str, str, Callable[[], Files]], ...] = (
    ("bag_match", "ok", lambda: grown(renewed(TOKEN, finished().files[f"data/{TOKEN}"]))),
    ("file_changed", "broken", lambda: grown(renewed(TOKEN, b"another"))),
    ("file_missing", "broken", lambda: grown(renewed(ELSEWHERE, b""))),
    ("renewal_malformed", "broken", lambda: grown(renewed("case.json", b""))),
    ("checkpoint_signature", "broken", replaced),
    ("ledger_match", "ok", lambda: replaced(new=True)),
    ("withheld_otherwise", "broken", lambda: grown(exports(withheld=[[1, 1]]))),
    ("withheld_otherwise", "broken", lambda: grown(exports(withheld=None))),
    ("withheld_otherwise", "broken", lambda: grown(exports(only=["E0001"]))),
    ("bag_match", "ok", lambda: grown(exports(only=["E0001", "E0002"]))),
    ("withheld_otherwise", "broken", lambda: withheld(2)),
    ("withheld_otherwise", "broken", lambda: withheld(1, stated=[[True, 1]])),
    ("signature_other_key", "broken", lambda: grown(exports(manifest_key="RWQ"))),
    ("signature_other_key", "broken", lambda: grown(exports(manifest_key=[1]))),
    ("file_not_on_record", "broken", lambda: grown(exports(manifest_key=...))),
    ("bag_match", "ok", without_signature),
    ("bag_info_other", "broken", lambda: with_bag_info(b"Bagging-Date: 1999-01-01")),
    ("bag_info_other", "broken", lambda: with_bag_info(b"BAGGING-DATE: 1999-01-01")),
    ("bag_info_other", "broken", lambda: with_bag_info(b"External-Identifier: HF-1")),
    ("bag_info_other", "broken", lambda: with_bag_info(b" 1999-01-01")),
    ("bag_info_other", "broken", lambda: with_bag_info(b"payload-oxum: 1.1")),
    ("bag_info_other", "broken", lambda: with_bag_info(b"X: y\rBagging-Date: 1999-01-01")),
    ("bag_info_beside", "unchecked", lambda: with_bag_info(b"Contact-Name: x")),
    ("bag_readme", "unchecked", lambda: rebagged({
        **finished().files, "README.html": b"Certified by the court.",
    })),
    ("proof_stranger", "broken", lambda: rebagged({
        **finished().files, "data/ledger/checkpoints/3.txt.ots.ots": b"anything at all",
    })),
    ("file_changed", "broken", lambda: grown(
        issued(b"first"), issued(b"second"),
        files={**finished().files, "data/documents/x.pdf": b"second"},
    )),
    ("bag_match", "ok", lambda: grown(
        issued(b"x"), issued(b"x"), files={**finished().files, "data/documents/x.pdf": b"x"},
    )),
    ("ledger_line", "broken", lambda: with_size(True)),
    ("file_changed", "broken", lambda: with_size(2)),
    ("ledger_no_export", "broken", lambda: grown(("pack.exported", {}, ()))),
    ("ledger_opening", "broken", lambda: withheld(0, stated=[[0, 0]])),
    ("ledger_opening", "broken", lambda: grown(("case.opened", {"key": None}, ()))),
    ("signature_comment", "broken", lambda: signed_with("notarised")),
    ("file_changed", "broken", lambda: grown(
        exports(certificates=[{"path": "timestamps/practice-tsa-jia/root.pem", "sha256": "0"}])
    )),
    ("file_missing", "broken", lambda: grown(
        exports(certificates=[{"path": "timestamps/x/root.pem", "sha256": "0"}, "x"])
    )),
    ("file_missing", "broken", lambda: grown((
        "timestamp.imported",
        {"kind": "rfc3161", "authority": "imported-x", "proof_sha256": "0" * 64}, (),
    ))),
    ("signature_malformed", "broken", signed_as(lambda raw: raw[:-4])),
    ("signature_malformed", "broken", signed_as(lambda raw: raw.replace(b"=\n", b"\n"))),
    ("signature_malformed", "broken", signed_as(lambda raw: b"\xff" + raw)),
    ("signature_broken", "broken", signed_as(lambda raw: raw.replace(b"file:", b"File:"))),
    ("file_too_large", "broken", signed_as(lambda raw: raw * 99)),
    ("key_malformed", "broken", lambda: rebagged({
        **finished().files, LOG_KEYS: finished().files[LOG_KEYS] + b"x\n" * 64
    })),
    ("inclusion_malformed", "broken", lambda: rebagged({
        **finished().files, PROOF: b"\n".join(
            spelled_otherwise(line) if at == 2 else line
            for at, line in enumerate(finished().files[PROOF].split(b"\n"))
        )
    })),
    ("headers_broken", "broken", lambda: rebagged({**finished().files, **run_upon_run()})),
    ("inclusion_malformed", "broken", moved),
    ("key_malformed", "broken", lambda: rebagged(
        {**finished().files, "data/ledger/key.txt": finished().files["data/ledger/key.txt"] * 70}
    )),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "outcome", "made"), LEDGERS)
def test_ledgers(both: Both, rule: str, outcome: str, made: Callable[[], Files]) -> None:
    told = both.say(made())
    assert (told[rule], told[""] == "broken") == (outcome, outcome == "broken")


def written_on(*, agreed: bool, stated: Json = None) -> Files:
    """The record goes on under another key, which the one before has signed for or has not."""
    before = head_of(lines())
    key = VerifierKey(name=before.origin, public_key=SECOND.public)
    added = b"%s\n" % str(key).encode()
    files = {**finished().files, LOG_KEYS: finished().files[LOG_KEYS] + added}
    made = grown(
        ("key.rotated", {"key": str(key) if stated is None else stated}, ()),
        ("document.issued", {"kind": "evidence-report"}, (ref("documents/x.pdf", b"x"),)),
        files={**files, "data/documents/x.pdf": b"x"},
    )
    head = read_checkpoint(made[HEAD])
    bare = head if agreed else replace(head, signatures=())
    made[HEAD] = bare.signed(head.origin, SECOND.public, SECOND.sign(head.text)).note
    return rebagged(made)


@pytest.mark.parametrize(("agreed", "verdict"), [(True, "ok"), (False, "weak")])
def test_another_key_takes_over(both: Both, agreed: bool, verdict: str) -> None:
    """Whoever has a pack could write on in it, and the rest of it would be as genuine as before."""
    told = both.say(written_on(agreed=agreed))
    assert (told["ledger_match"], told[""]) == ("ok", verdict)
    assert told.get("key_succeeded") == (None if agreed else "weak")


def test_what_names_no_key_takes_over_nothing(both: Both) -> None:
    told = both.say(written_on(agreed=False, stated=["x"]))
    assert "key_succeeded" not in told
    assert (told["key_other"], told["checkpoint_signature"]) == ("broken", "broken")


def test_who_was_replaced_does_not_come_back(both: Both) -> None:
    """The key before was named again, and signed on: a thief who has it could say so as well."""
    told = both.say(replaced(again=True))
    assert (told["ledger_match"], told["key_succeeded"], told[""]) == ("ok", "weak", "weak")
    assert both.say(replaced(again=True, new=True))["key_succeeded"] == "weak"


def unnamed(*, opening: bool, named: bool) -> Files:
    """Somebody else's record, its first key kept out of sight, written on and signed by a stranger.

    ``opening`` is whether its first line is withheld, else that line names no key.
    """
    bodies = lines()
    if opening:
        bodies[0] = b'{"withheld":"' + leaf_hash(bodies[0]).hex().encode() + b'"}'
    else:
        first: Any = parse(bodies[0])
        bodies[0] = canonical({**first, "facts": {**first["facts"], "key": None}})
    last = read_entry(bodies[-1])
    key = VerifierKey(name=read_checkpoint(finished().files[HEAD]).origin, public_key=SECOND.public)
    facts = {**last.facts, "manifest_key": None, "withheld": [[0, 0]] if opening else []}
    for act, more, refs in (
        *((("key.rotated", {"key": str(key)}, ()),) if named else ()),
        ("document.issued", {}, (ref("documents/x.pdf", b"forged"),)),
        ("pack.exported", facts, last.refs),
    ):
        entry = write_entry(
            ledger=last.ledger, seq=len(bodies), at=last.at, actor=last.actor, act=act,
            subject=last.subject, refs=refs, facts=more, nonce=bytes(16),
        )  # fmt: skip
        bodies.append(entry.body)
    first_leaf = leaf_hash(lines()[0]) if opening else leaf_hash(bodies[0])
    leaves = [first_leaf, *map(leaf_hash, bodies[1:])]
    bare = Checkpoint(origin=key.name, size=len(bodies), root=tree_root(leaves))
    head = bare.signed(key.name, SECOND.public, SECOND.sign(bare.text))
    kept = {
        name: data
        for name, data in finished().files.items()
        if name != SIGNATURE and not name.startswith("data/ledger/checkpoints/")
    }
    for at, body in enumerate(bodies):
        if b'"act":"exhibit.sealed"' in body:
            path = f"data/exhibits/{read_entry(body).subject}/inclusion.tlog-proof"
            kept[path] = write_proof(at, inclusion_proof(leaves, at), head)
    return rebagged({
        **kept,
        ENTRIES: b"".join(body + b"\n" for body in bodies),
        HEAD: head.note,
        LOG_KEYS: f"{key}\n".encode(),
        "data/documents/x.pdf": b"forged",
    })  # fmt: skip


@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_a_key_that_is_kept_out_of_sight_is_taken_over_by_nobody(
    both: Both, opening: bool, named: bool
) -> None:
    """A stranger withheld the line that opened a record, and all of it was called intact."""
    told = both.say(unnamed(opening=opening, named=named))
    assert told["key_late"] == "weak"
    assert told.get("ledger_opening") == ("broken" if opening else None)
    assert told["ledger_match"] == "ok"


def beyond() -> Files:
    """A head over more lines than a number of JavaScript tells apart, named as over one less."""
    head = Checkpoint(origin=head_of(lines()).origin, size=2**53, root=bytes(32))
    return rebagged({**finished().files, f"data/ledger/checkpoints/{2**53 + 1}.txt": head.note})


def test_a_number_of_lines_that_is_not_exact_everywhere_is_none(both: Both, tmp_path: Path) -> None:
    assert both.say(beyond())["file_not_on_record"] == "broken"
    kept = tmp_path / "kept.txt"
    kept.write_bytes(replace(head_of(lines()), size=2**53 + 1).note)
    assert both.say(finished().archive, kept=[kept])["kept_malformed"] == "broken"
    with pytest.raises(HoldfastError, match="head_unreadable"):
        both.say(finished().archive, heads=[f"{2**53 + 1}:{'0' * 64}"])


# --- much of it ----------------------------------------------------------------------------------


def test_a_bag_that_says_much_of_itself_takes_no_longer_for_each_export(both: Both) -> None:
    """A megabyte of empty lines was gone through once for every line that exports something."""
    last, bodies = read_entry(lines()[-1]), lines()
    for number in range(4000):
        entry = write_entry(
            ledger=last.ledger,
            seq=len(bodies),
            at=last.at,
            actor=last.actor,
            act=last.act,
            subject=f"HF-{number}",
            refs=(),
            facts={},
            nonce=bytes(16),
        )
        bodies.append(entry.body)
    ledger = b"".join(body + b"\n" for body in bodies)
    files = rebagged({**finished().files, ENTRIES: ledger, HEAD: head_of(bodies).note})
    took = []
    for told in (b"\n", b"\n" * (1 << 20)):
        pack = both.written({**files, "bag-info.txt": told})
        began = both.node.worked()
        assert both.node.judged(pack)["result"]["verdict"] == "broken"
        took.append(both.node.worked() - began)
    assert took[1] < 3 * took[0] + 2


@pytest.mark.no_cover
def test_many_lines_about_one_proof_take_no_longer_for_each() -> None:
    facts: dict[str, Json] = {"kind": "opentimestamps", "authority": ""}
    made = grown(
        *(
            ("timestamp.confirmed", {**facts, "proof_sha256": str(number)}, ())
            for number in range(40_000)
        )
    )
    began = time.process_time()
    assert look(made).verdict == "broken"
    assert time.process_time() - began < 8


def test_a_cosignature_is_computed_once_for_all_lines_about_it(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, path = cosigned(), cosigned_path(SIZE, KEY.id.hex())
    line: Line = ("checkpoint.cosigned", {"key": str(KEY), "size": SIZE}, (ref(path, note),))
    made = grown(*[line] * 100, files={**finished().files, f"data/{path}": note})
    assert both.say(made)["cosigned_holds"] == "ok"
    computed: list[bytes] = []
    real = ed25519.verify

    def counted(key: bytes, signature: bytes, message: bytes) -> bool:
        computed.append(key)
        return real(key, signature, message)

    monkeypatch.setattr(ed25519, "verify", counted)
    assert look(made).verdict == "ok"
    assert computed.count(SECOND.public) == 1


@pytest.mark.parametrize("one", ["A", "\U0001f600"])
def test_a_fact_is_told_no_longer_than_somebody_reads(both: Both, one: str) -> None:
    """A record may name a document with half a million characters; the paper took half a minute."""
    path = "documents/" + one * 500_000
    proof = f"ledger/checkpoints/{one * 500_000}.ots"
    pack = both.written(grown(("document.issued", {}, (ref(path, b""),)), renewed(proof, b"")))
    told = both.say(pack)
    assert (told["ledger_document"], told["file_missing"]) == ("broken", "broken")
    for found in (both.node.judged(pack)["result"], judged(pack).body()):
        texts = [text for f in found["findings"] for text in (f["subject"], f["detail"])]
        assert max(map(len, texts)) == MOST_TOLD + 1


# --- clocks --------------------------------------------------------------------------------------


def sealed_with(**told: Json) -> Files:
    """The pack with a manifest that says otherwise, its line and the head made anew."""
    path = "exhibits/E0001/capture.json"
    body = parse(finished().files[f"data/{path}"])
    assert isinstance(body, dict)
    data = canonical({**body, **told})
    one = ref(path, data)
    refs: Json = [{"path": path, "size": one.size, "sha256": one.sha256, "sm3": one.sm3}]
    bodies = []
    for line in lines():
        stated: Any = parse(line)
        if stated["act"] == "exhibit.sealed" and stated["subject"] == "E0001":
            stated = {**stated, "refs": refs}
        bodies.append(canonical(stated))
    files = {**finished().files, f"data/{path}": data, HEAD: head_of(bodies).note}
    return rebagged({**files, ENTRIES: b"".join(body + b"\n" for body in bodies)})


@pytest.mark.parametrize(
    ("system", "behind"),
    [
        ("2020-01-01T00:00:00.000Z", True),
        ("2020-01-01T00:00:00.12345Z", True),
        ("0001-01-01T00:00:00.000Z", True),
        ("0000-01-01T00:00:00.000Z", False),
        ("9999-12-31T23:59:59.999Z", False),
        ("2020-06-30T23:59:60.000Z", False),
        ("2020-01-01T24:00:00.000Z", False),
        ("2020-02-30T00:00:00.000Z", False),
    ],
)
def test_a_clock_is_read_as_by_the_core(both: Both, system: str, behind: bool) -> None:
    """What is no time in one calendar is none in another: there is no year 0, no 24 o'clock."""
    easy = miner.mine(bytes(32), miner.START)
    block: Json = {"height": 50, "hash": display(parse_header(easy).hash), "header": easy.hex()}
    told = both.say(
        sealed_with(
            clock={"system": system, "offset_ms": 0},
            not_before={"network": "practice", "bitcoin": block},
        )
    )
    assert told["not_before_block_alone"] == "unchecked"
    assert told.get("not_before_clock") == ("weak" if behind else None)


# --- revocation ----------------------------------------------------------------------------------


ODD_REASON = (UnrecognizedExtension(ObjectIdentifier("2.5.29.21"), b"\x0a\x01\x0b"), False)
"""One that no standard knows."""


def revoked(
    year: int,
    reason: ReasonFlags | None,
    *,
    key: Any = None,
    name: str = "crl",
    entry: Sequence[Any] = (),
) -> Files:
    """The first practice authority withdraws its signer's certificate."""
    witness = keys.witnesses()[0]
    held = read_response(finished().files[f"data/{TOKEN}"]).certificates
    own = next(
        one for one in map(load_der_x509_certificate, held) if one.subject == witness.signer.subject
    )
    since = datetime(year, 1, 1, tzinfo=UTC)
    raw = crl(
        Pair(witness.issuer, witness.issuer_key),
        [(Pair(own, witness.key), since, reason)],
        made=since + timedelta(hours=1),
        until=since + timedelta(days=1),
        key=key,
        entry=entry,
    )
    return published(raw, name)


LIST = "data/timestamps/practice-tsa-jia/revocation/0123456789abcdef.crl"


def published(raw: bytes, form: str = "crl", authority: str = "practice-tsa-jia") -> Files:
    at = f"data/timestamps/{authority}/revocation/0123456789abcdef.{form}"
    return rebagged({**finished().files, at: raw})


def twice(first: ReasonFlags, second: ReasonFlags) -> Files:
    """The same withdrawal in two lists that give two reasons."""
    other = LIST.replace("0123", "1123")
    return rebagged({
        **finished().files,
        LIST: revoked(2040, first)[LIST],
        other: revoked(2040, second)[LIST],
    })  # fmt: skip


def again(first: ReasonFlags, second: ReasonFlags) -> Files:
    """The same withdrawal twice in one list, with two reasons."""
    witness = keys.witnesses()[0]
    held = read_response(finished().files[f"data/{TOKEN}"]).certificates
    own = next(
        one for one in map(load_der_x509_certificate, held) if one.subject == witness.signer.subject
    )
    since = datetime(2040, 1, 1, tzinfo=UTC)
    pair = Pair(own, witness.key)
    raw = crl(
        Pair(witness.issuer, witness.issuer_key),
        [(pair, since, first), (pair, since, second)],
        made=since + timedelta(hours=1),
        until=since + timedelta(days=1),
    )
    return published(raw)


def late() -> Files:
    """Of the first practice authority there is only a list from after its certificate's end."""
    witness = keys.witnesses()[0]
    made = witness.signer.not_valid_after_utc + timedelta(hours=1)
    raw = crl(Pair(witness.issuer, witness.issuer_key), made=made, until=made + timedelta(hours=1))
    folder = LIST.rpartition("/")[0]
    kept = {name: data for name, data in finished().files.items() if not name.startswith(folder)}
    return rebagged({**kept, LIST: raw})


REVOKED: tuple[tuple[str, str, Callable[[], Files]], ...] = (
    ("token_revoked", "broken", lambda: revoked(2021, ReasonFlags.superseded)),
    ("token_revoked", "broken", lambda: revoked(2040, ReasonFlags.key_compromise)),
    ("token_revoked", "broken", lambda: revoked(2040, None)),
    ("token_revoked_later", "ok", lambda: revoked(2040, ReasonFlags.superseded)),
    ("token_revoked", "broken", lambda: twice(
        ReasonFlags.superseded, ReasonFlags.key_compromise
    )),
    ("token_revoked", "broken", lambda: twice(
        ReasonFlags.key_compromise, ReasonFlags.superseded
    )),
    ("token_revoked", "broken", lambda: again(
        ReasonFlags.key_compromise, ReasonFlags.superseded
    )),
    ("token_revoked", "broken", lambda: again(
        ReasonFlags.superseded, ReasonFlags.key_compromise
    )),
    ("revocation_absent", "unchecked", late),
    ("file_not_on_record", "broken", lambda: revoked(
        2021, None, key=tsa.issue("Other").key
    )),
    ("revocation_malformed", "broken", lambda: revoked(2021, None, entry=[ODD_REASON])),
    ("revocation_malformed", "broken", lambda: published(b"junk")),
    ("revocation_malformed", "broken", lambda: published(b"\x30\x00", "ocsp")),
    ("file_too_large", "broken", lambda: published(bytes(1 << 21))),
    ("file_not_on_record", "broken", lambda: published(b"junk", authority="nobody")),
    ("pack_too_many", "broken", lambda: rebagged({
        **finished().files, **{
            f"data/timestamps/practice-tsa-jia/revocation/{at:016x}.crl": raw
            for raw in [revoked(2040, ReasonFlags.superseded)[LIST]]
            for at in range(65)
        },
    })),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "outcome", "made"), REVOKED)
def test_revocation(both: Both, rule: str, outcome: str, made: Callable[[], Files]) -> None:
    assert both.say(made())[rule] == outcome


def test_a_chain_of_nothing_but_controls_is_read_as_by_the_core(both: Both) -> None:
    """The page took it for an empty one, and the tokens beside it for good."""
    chain = "data/timestamps/practice-tsa-jia/chain.pem"
    told = both.say(rebagged({**finished().files, chain: b"\x00\x1f"}))
    assert told["token_help_unreadable"] == "unchecked"


# --- kept heads ----------------------------------------------------------------------------------


def test_heads_that_somebody_kept(both: Both, tmp_path: Path) -> None:
    bodies = lines()
    head = head_of(bodies[:SIZE])
    other = replace(head, root=bytes(32), signatures=())
    fork = other.signed(head.origin, owner().public, owner().sign(other.text))
    newer = replace(head, size=len(bodies) + 1, signatures=())
    ahead = newer.signed(head.origin, owner().public, owner().sign(newer.text))
    stranger = replace(head, origin=f"practice.holdfast.local/{'0' * 36}")
    proof = f"old {SIZE}\n".encode()
    notes = {
        "kept_holds": head.note,
        "kept_fork": fork.note,
        "kept_other_key": other.note,
        "kept_newer": ahead.note,
        "kept_alone": stranger.note,
        "kept_malformed": head.note.replace(b"\n", b"\r\n"),
        "kept_inconsistent": proof + b"\n" + head_of(bodies).note,
    }
    for rule, note in notes.items():
        path = tmp_path / f"{rule}.txt"
        path.write_bytes(note)
        kept = [path]
        if rule == "kept_inconsistent":
            kept.append(tmp_path / "kept_holds.txt")
        assert rule in both.say(finished().archive, kept=kept), rule


def test_a_key_that_was_replaced_vouches_for_no_kept_head(both: Both, tmp_path: Path) -> None:
    """What a thief of an old key signed was told as two genuine records."""
    pack = written_on(agreed=True)
    size = len(pack[ENTRIES].splitlines())
    bare = Checkpoint(origin=head_of(lines()).origin, size=size, root=bytes(32))
    for by, rule in ((owner(), "kept_other_key"), (SECOND, "kept_fork")):
        note = tmp_path / f"{rule}.txt"
        note.write_bytes(bare.signed(bare.origin, by.public, by.sign(bare.text)).note)
        assert both.say(pack, kept=[note])[rule] == "broken"


def test_growth_from_every_head_to_the_last(both: Both, tmp_path: Path) -> None:
    from holdfast.core.growth import grown as proved

    bodies = lines()
    leaves = [leaf_hash(body) for body in bodies]
    for old in (1, 2, 3, 4, 7, 8, len(bodies) - 1, len(bodies)):
        growth = proved(leaves, old, head_of(bodies))
        newer, older = tmp_path / f"new{old}.txt", tmp_path / f"old{old}.txt"
        newer.write_bytes(write_growth(growth))
        older.write_bytes(head_of(bodies[:old]).note)
        told = both.say(finished().archive, kept=[newer, older])
        assert (told["kept_consistent"], told["kept_holds"]) == ("ok", "ok")


def test_heads_as_documents_print_them(both: Both) -> None:
    head = head_of(lines()[:SIZE])
    printed = f"{SIZE}:\u3000{head.root.hex()[:32]} {head.root.hex()[32:].upper()}"
    assert both.say(finished().archive, heads=[printed])["kept_holds"] == "ok"
    assert both.say(finished().archive, heads=[f"{SIZE}:{'0' * 64}"])["kept_fork"] == "broken"
    with pytest.raises(HoldfastError, match="head_unreadable"):
        both.say(finished().archive, heads=["05:00"])
    told = both.node.judged(finished().archive, heads=["05:00"])
    assert told["result"] == {"refused": "head_unreadable", "head": "05:00"}
