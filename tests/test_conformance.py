"""Genuine and crafted proofs get the answers that their indexes demand, from both our checkers.

Run as a program, it asks the other verifiers that are here (``judges.py``; HOLDFAST_JUDGES names
further Pythons that have some), keeps what they said in conformance_answers.json, and writes the
table into packaging/docs/verification.md.  As a test, it holds that table to the code.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.pack.openssl import find_openssl
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.resources import resource
from holdfast.adapters.timestamp.opentimestamps import OpenTimestampsChecker
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core.canonical import moment
from holdfast.core.certificates import read_certificates, write_pem
from holdfast.core.opentimestamps import MalformedProof, read_proof
from holdfast.core.rfc3161 import MalformedToken, read_response
from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT.parent / "shared" / "vectors"
OTS, TSR = VECTORS / "ots", VECTORS / "tsr"
DOCUMENT = ROOT / "packaging" / "docs" / "verification.md"
BEGIN, END = "<!-- conformance -->\n", "<!-- /conformance -->\n"
NOW = "2026-11-21T05:00:00.000Z"

ARCHIVER = b"4b7b4e39f12b8c725e6e603e6d4422500316df94211070682ef10260ff5759ef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ots:
    """A proof, the file beside it if it is there, and what must be said."""

    name: str
    status: str
    rule: str
    means: str
    target: str = ""
    headers: bool = False


CLIENT = (
    Ots(
        name="client/hello-world.txt.ots",
        target="client/hello-world.txt",
        headers=True,
        status="confirmed",
        rule="ots_confirmed",
        means="in block 358391, 2015-05-28T15:41:18Z, by two sources of its header",
    ),
    Ots(
        name="client/hello-world.txt.ots",
        target="client/hello-world.txt",
        status="unchecked",
        rule="ots_no_header",
        means="the same without a header: no time is claimed",
    ),
    Ots(
        name="client/hello-world.txt.ots",
        target="client/bad-stamp.txt",
        headers=True,
        status="broken",
        rule="ots_digest_differs",
        means="the same beside another file",
    ),
    Ots(
        name="client/bad-stamp.txt.ots",
        target="client/bad-stamp.txt",
        headers=True,
        status="broken",
        rule="ots_root_differs",
        means="well-formed, but that block does not hold it",
    ),
    Ots(
        name="client/incomplete.txt.ots",
        target="client/incomplete.txt",
        status="pending",
        rule="ots_pending",
        means="one calendar has promised",
    ),
    Ots(
        name="client/two-calendars.txt.ots",
        target="client/two-calendars.txt",
        status="pending",
        rule="ots_pending",
        means="two calendars have promised",
    ),
    Ots(
        name="client/unknown-notary.txt.ots",
        target="client/unknown-notary.txt",
        status="unchecked",
        rule="ots_unknown_attestation",
        means="a witness nobody knows: neither good nor broken",
    ),
    Ots(
        name="client/known-and-unknown-notary.txt.ots",
        target="client/known-and-unknown-notary.txt",
        status="pending",
        rule="ots_unknown_attestation",
        means="one promise, one unknown witness",
    ),
    Ots(
        name="client/bitcoin.pdf.ots",
        status="unchecked",
        rule="ots_digest_weak",
        means="SHA-1 names the file: said, and no header here",
    ),
    Ots(
        name="client/gdp2q25-2nd.pdf.ots",
        status="unchecked",
        rule="ots_no_header",
        means="block 912095, header not here",
    ),
    Ots(
        name="client/sha1/a-or-b.ots",
        target="client/sha1/a",
        status="unchecked",
        rule="ots_digest_shared",
        means="the SHAttered pair: it cannot say which of two files",
    ),
    Ots(
        name="client/sha1/a-or-b.ots",
        target="client/sha1/b",
        status="unchecked",
        rule="ots_digest_shared",
        means="the other of the two",
    ),
)


def malformed(name: str, means: str) -> Ots:
    return Ots(name=name, status="broken", rule="ots_malformed", means=means)


CRAFTED = (
    malformed("client/invalid/bad-major-version.ots", "version 1151"),
    malformed("client/invalid/exceeds-max-msg-length.ots", "a result of over 4096 octets"),
    malformed("client/invalid/invalid-file-digest-type.ots", "0xf3 is no file digest"),
    Ots(
        name="crafted/deep-255-ok.ots",
        status="unchecked",
        rule="ots_no_header",
        means="255 levels are allowed",
    ),
    malformed("crafted/deep-256-recursion.ots", "256 levels are not"),
    malformed("crafted/trailing-garbage.ots", "something after the end"),
    malformed("crafted/magic-only.ots", "ends after its mark"),
    malformed("crafted/empty-file.ots", "empty"),
    malformed("crafted/html-not-ots.ots", "a web page"),
    malformed("crafted/unknown-op-0x42.ots", "an operation that does not exist"),
    malformed("crafted/append-empty.ots", "appends nothing"),
    malformed("crafted/pending-bad-char.ots", "a calendar address with forbidden characters"),
    malformed("crafted/huge-varint-version-200k.ots", "a number of 200,000 octets"),
    Ots(
        name="crafted/pending-file-uri.ots",
        status="pending",
        rule="ots_pending",
        means="names `file:///…` as its calendar: read, never contacted",
    ),
    Ots(
        name="crafted/unknown-attestation.ots",
        status="unchecked",
        rule="ots_unknown_attestation",
        means="a witness nobody knows",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, what it is said to be about, the root it is held to, and what must be said."""

    name: str
    status: str
    rule: str
    means: str
    message: bytes | str = b"hello"
    """A string names a file of the vectors."""
    root: str = ""
    """A file of the vectors, its last certificate; empty: the roots that ship with the program."""
    chain: str = ""


def _local(name: str, status: str, rule: str, means: str, root: str = "root") -> Token:
    return Token(
        name=f"local-crafted/{name}.tsr",
        message="local-crafted/data.txt",
        root=f"local-crafted/{root}.pem",
        chain="local-crafted/untr.pem",
        status=status,
        rule=rule,
        means=means,
    )


def _client(name: str, status: str, rule: str, means: str, *, chain: bool = True) -> Token:
    bundle = f"rfc3161-client/{name.split('/', maxsplit=1)[0]}/ts_chain.pem"
    return Token(
        name=f"rfc3161-client/{name}.tsr",
        root=bundle,
        chain=bundle if chain else "",
        status=status,
        rule=rule,
        means=means,
    )


GENUINE = (
    Token(
        name="auto-archiver/digicert.tsr",
        message=ARCHIVER,
        status="confirmed",
        rule="token_good",
        means="DigiCert, 2025-03-24",
    ),
    Token(
        name="auto-archiver/valid_timestamp.tsr",
        message=ARCHIVER,
        status="confirmed",
        rule="token_good",
        means="IdenTrust, 2025-03-11",
    ),
    Token(
        name="auto-archiver/timestamp_token_http-timestamp-identrust-com",
        message=ARCHIVER,
        status="confirmed",
        rule="token_good",
        means="the same as a bare token",
    ),
    Token(
        name="auto-archiver/rfc3161-client-issue-104.tsr",
        status="confirmed",
        rule="token_good",
        means="IdenTrust, another message",
    ),
    Token(
        name="rfc3161-client/identrust/issue-104.tsr",
        status="confirmed",
        rule="token_good",
        means="the same bytes in their own project",
    ),
    Token(
        name="auto-archiver/digicert.tsr",
        message=ARCHIVER + b"!",
        status="broken",
        rule="token_imprint",
        means="about another message",
    ),
    Token(
        name="auto-archiver/self_signed.tsr",
        message=ARCHIVER,
        status="unchecked",
        rule="token_root_unknown",
        means="an authority whose root is not ours",
    ),
)
TEST_TSAS = (
    _client("sigstage/response-sha256", "confirmed", "token_good", "SHA-256"),
    _client("sigstage/response-sha384", "confirmed", "token_good", "SHA-384"),
    _client("sigstage/response-sha512", "confirmed", "token_good", "SHA-512"),
    _client(
        "sigstage/response-invalid-signature", "broken", "token_signature", "signature changed"
    ),
    _client(
        "sigstage/response-no-embedded-cert",
        "unchecked",
        "token_signer_absent",
        "its certificate is not in it",
        chain=False,
    ),
    _client(
        "sigstage/response-no-embedded-cert",
        "confirmed",
        "token_good",
        "the same with the certificate given",
    ),
    Token(
        name="rfc3161-client/sigstore.mock/response-expired.tsr",
        message="rfc3161-client/sigstore.mock/payload",
        root="rfc3161-client/sigstore.mock/ts_chain.pem",
        chain="rfc3161-client/sigstore.mock/ts_chain.pem",
        status="confirmed",
        rule="token_good",
        means="its chain ended since; valid when it was made",
    ),
    _client("test_tsa/response", "confirmed", "token_good", "chain given"),
    _client(
        "test_tsa/response-injected-certs",
        "confirmed",
        "token_good",
        "strangers among its certificates",
    ),
    _client("test_tsa/other_response", "broken", "token_chain", "signed under another root"),
)
LOCAL = (
    _local("rsa", "confirmed", "token_good", "RSA"),
    _local("rsa_sorted", "confirmed", "token_good", "RSA, certificates in DER order"),
    _local("ec", "confirmed", "token_good", "ECDSA"),
    _local("sm3", "confirmed", "token_good", "SM3 imprint"),
    _local("c_good", "confirmed", "token_good", "nothing wrong with it"),
    _local("c_grantedmods", "confirmed", "token_granted_with_mods", "granted with modifications"),
    _local("old", "confirmed", "token_good", "its certificate ended since", root="root_old"),
    _local("rogue", "broken", "token_chain", "a root of the same name that is not the root"),
    _local("rogue", "broken", "token_chain", "the same, held to a third root", root="root2"),
    _local("c_noeku", "broken", "token_key_usage", "signed by a key not made for time-stamps"),
    _local("c_softeku", "broken", "token_key_usage", "the purpose of the key is not critical"),
    _local("c_tampertime", "broken", "token_message_digest", "the time was changed"),
    _local("c_badsig", "broken", "token_signature", "the signature was changed"),
    _local("c_trunc", "broken", "token_not_der", "cut short"),
    _local("c_html", "broken", "token_not_der", "a web page"),
    _local("rejected", "broken", "token_refused", "the authority refused"),
)

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the vectors are not beside the repository"
)
needs_openssl = pytest.mark.skipif(not find_openssl(), reason="there is no openssl to ask")


# --- asking our code -----------------------------------------------------------------------------

Seen = tuple[TimestampSeen, tuple[Finding, ...]]


def ask_ots(one: Ots) -> Seen:
    lent = ProofHelp(headers=_headers() if one.headers else ())

    def digest(algorithm: str) -> bytes:
        if not one.target:
            raise LookupError("no subject")
        return hashlib.new(algorithm, (OTS / one.target).read_bytes()).digest()

    return OpenTimestampsChecker().check(one.name, digest, (OTS / one.name).read_bytes(), lent)


@cache
def _headers() -> tuple[tuple[str, int, bytes], ...]:
    known = json.loads((OTS / "chain" / "block-358391-header.json").read_text(encoding="utf-8"))
    raw = bytes.fromhex(known["header_hex"])
    return ("first source", 358391, raw), ("second source", 358391, raw)


def _message(one: Token) -> bytes:
    return one.message if isinstance(one.message, bytes) else (TSR / one.message).read_bytes()


def _roots(one: Token) -> tuple[bytes, ...]:
    if one.root:
        return (read_certificates((TSR / one.root).read_bytes())[-1],)
    return tuple(path.read_bytes() for path in sorted(resource("authorities").glob("*.pem")))


def ask_token(one: Token, checker: Rfc3161Checker | OpensslTokens) -> Seen:
    message = _message(one)
    lent = ProofHelp(
        roots=_roots(one),
        named_root=bool(one.root),
        chain=(TSR / one.chain).read_bytes() if one.chain else b"",
        now=NOW,
    )

    def digest(algorithm: str) -> bytes:
        return hashlib.new(algorithm, message).digest()

    return checker.check(one.name, digest, (TSR / one.name).read_bytes(), lent)


# --- the answers ---------------------------------------------------------------------------------


def label(one: Ots | Token) -> str:
    return f"{one.name}: {one.means}"


@needs_vectors
@pytest.mark.parametrize("one", [*CLIENT, *CRAFTED], ids=label)
def test_an_opentimestamps_vector_gets_its_answer(one: Ots) -> None:
    seen, findings = ask_ots(one)
    assert seen.status == one.status
    assert one.rule in {finding.rule for finding in findings}


@needs_vectors
@pytest.mark.parametrize("one", [*GENUINE, *TEST_TSAS, *LOCAL], ids=label)
def test_a_token_vector_gets_its_answer(one: Token) -> None:
    seen, findings = ask_token(one, Rfc3161Checker())
    assert seen.status == one.status
    assert one.rule in {finding.rule for finding in findings}


@needs_vectors
@needs_openssl
@pytest.mark.parametrize("one", [*GENUINE, *TEST_TSAS, *LOCAL], ids=label)
def test_the_checker_of_verify_pyz_gives_the_same_answer(one: Token) -> None:
    assert ask_token(one, OpensslTokens())[0].status == one.status


@needs_vectors
def test_no_vector_is_left_out() -> None:
    named = {OTS / one.name for one in (*CLIENT, *CRAFTED)}
    assert set(OTS.rglob("*.ots")) == named
    tokens = {TSR / one.name for one in (*GENUINE, *TEST_TSAS, *LOCAL)}
    assert set(TSR.rglob("*.tsr")) <= tokens


# --- the table in the documentation --------------------------------------------------------------


OTS_JUDGES = ("ots", "auto-archiver")
TSR_JUDGES = ("openssl ts", "rfc3161-client", "pyHanko", "auto-archiver")
RECORD = Path(__file__).with_name("conformance_answers.json")


def rows() -> Iterator[str]:
    said = recorded()
    yield "Other verifiers, each as its own manual has it used, on the same bytes:"
    yield ""
    for judge in dict.fromkeys((*OTS_JUDGES, *TSR_JUDGES)):
        yield f"- {_title(said, judge)}"
    yield ""
    yield from _table("OpenTimestamps vector", "headers", OTS_JUDGES)
    for ots in (*CLIENT, *CRAFTED):
        seen, findings = ask_ots(ots)
        held = "two" if ots.headers else "none"
        others = [_other(said, judge, ots) for judge in OTS_JUDGES]
        yield _row(f"`{ots.name}`", ots.means, held, (seen, findings), others)
    yield ""
    yield from _table("RFC 3161 vector", "held to", TSR_JUDGES)
    for token in (*GENUINE, *TEST_TSAS, *LOCAL):
        root = f"`{Path(token.root).name}`" if token.root else "shipped roots"
        others = [_other(said, judge, token) for judge in TSR_JUDGES]
        got = ask_token(token, Rfc3161Checker())
        yield _row(f"`{token.name}`", token.means, root, got, others)


def _table(what: str, held: str, judges: tuple[str, ...]) -> Iterator[str]:
    heads = [what, "what it is", held, "status", "findings", *judges]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"


def _row(name: str, means: str, held: str, got: Seen, others: list[str]) -> str:
    seen, findings = got
    rules = ", ".join(dict.fromkeys(f"`{finding.rule}`" for finding in findings))
    return f"| {' | '.join([name, means, held, seen.status, rules, *others])} |"


# --- other verifiers -----------------------------------------------------------------------------

Record = dict[str, dict[str, Any]]


@cache
def recorded() -> Record:
    """What each judge said when it was last asked, by judge: version and answers by vector."""
    found: Record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    return found


def _title(said: Record, judge: str) -> str:
    return f"{judge} {said[judge]['version']}" if judge in said else f"{judge}: not run"


def _other(said: Record, judge: str, one: Ots | Token) -> str:
    return str(said.get(judge, {}).get("answers", {}).get(label(one), "not run"))


def cases(room: Path) -> list[dict[str, Any]]:
    """Every vector as ``judges.py`` wants it; messages are written into ``room``."""
    known = json.loads((OTS / "chain" / "block-358391-header.json").read_text(encoding="utf-8"))
    header = {"height": 358391, "hash": known["hash"], "hex": known["header_hex"]}
    found: list[dict[str, Any]] = []
    for ots in (*CLIENT, *CRAFTED):
        about = {
            "target": str(OTS / ots.target) if ots.target else "",
            "digest": _digest(OTS / ots.name),
            "header": header if ots.headers else None,
        }
        found.append({"kind": "ots", "key": label(ots), "proof": str(OTS / ots.name), **about})
    for number, token in enumerate((*GENUINE, *TEST_TSAS, *LOCAL)):
        message = room / f"{number}.data"
        message.write_bytes(_message(token))
        chain = read_certificates((TSR / token.chain).read_bytes()) if token.chain else ()
        lent = {
            "message": str(message),
            "roots": [_pem(raw) for pem in _roots(token) for raw in read_certificates(pem)],
            "chain": [_pem(raw) for raw in chain],
        }
        stated = {"bare": False, "epoch": int(moment(NOW).timestamp())}
        try:
            read = read_response((TSR / token.name).read_bytes())
            stated = {"bare": read.bare, "epoch": int(read.info.gen_time.timestamp())}
        except MalformedToken:
            pass
        proof = str(TSR / token.name)
        found.append({"kind": "tsr", "key": label(token), "proof": proof, **lent, **stated})
    return found


def _pem(raw: bytes) -> str:
    return write_pem((raw,)).decode()


def _digest(path: Path) -> str:
    try:
        return read_proof(path.read_bytes()).digest.hex()
    except MalformedProof:
        return ""


def asked(pythons: Sequence[str]) -> Record:
    """What the judges in these Pythons say now."""
    found: Record = {}
    with tempfile.TemporaryDirectory() as room:
        question = json.dumps(cases(Path(room)))
        for python in pythons:
            done = subprocess.run(
                [python, str(Path(__file__).with_name("judges.py"))],
                input=question,
                capture_output=True,
                text=True,
                check=True,
                timeout=600,
            )
            found |= json.loads(done.stdout)
    return found


@needs_vectors
def test_every_judge_was_asked_about_every_vector() -> None:
    for judge, said in recorded().items():
        kinds = [*(CLIENT + CRAFTED if judge in OTS_JUDGES else ())]
        wanted = {label(one) for one in kinds}
        if judge in TSR_JUDGES:
            wanted |= {label(one) for one in (*GENUINE, *TEST_TSAS, *LOCAL)}
        assert set(said["answers"]) == wanted, judge


@needs_vectors
def test_judges_that_are_here_in_the_same_version_still_say_the_same() -> None:
    here = asked((sys.executable,))
    compared = 0
    for judge, said in here.items():
        if said["version"] == recorded().get(judge, {}).get("version"):
            assert said["answers"] == recorded()[judge]["answers"], judge
            compared += 1
    if not compared:
        pytest.skip("no judge of a recorded version is here")


def written(text: str, table: Callable[[], Iterator[str]]) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("no place for the table")
    return before + begin + "\n".join(table()) + "\n" + end + after


@needs_vectors
def test_the_documented_table_is_what_the_code_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert written(text, rows) == text


if __name__ == "__main__":
    more = os.environ.get("HOLDFAST_JUDGES", "")
    kept = recorded() | asked([sys.executable, *filter(None, more.split(os.pathsep))])
    RECORD.write_text(
        json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    recorded.cache_clear()
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), rows), encoding="utf-8")
