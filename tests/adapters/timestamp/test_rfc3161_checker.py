from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from fakes import tsa
from fakes.tsa import NOW, Authority, Pair, digest, issue, issue_signer, response
from holdfast.adapters import judgement, x509
from holdfast.adapters.resources import resource, table
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core import der
from holdfast.core.canonical import rfc3339
from holdfast.core.certificates import read_certificate, read_certificates
from holdfast.core.path import MAX_LINKS
from holdfast.core.practice import ROOT_FINGERPRINTS
from holdfast.core.rfc3161 import find_signer, make_query, read_response
from holdfast.core.verdict import Finding, ProofHelp, TimestampSeen
from holdfast.practice import keys
from holdfast.practice.tsa import reply

SHARED = Path(__file__).parents[3].parent / "shared" / "vectors" / "tsr"
needs_vectors = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")
ARCHIVER = b"4b7b4e39f12b8c725e6e603e6d4422500316df94211070682ef10260ff5759ef"


def pinned() -> tuple[bytes, ...]:
    """The roots of every authority that is shipped."""
    names = [entry["root"] for entry in table("authorities", "tsa.toml")["tsa"]]
    return tuple(resource("authorities", name).read_bytes() for name in names)


def check(
    raw: bytes, message: bytes | None = None, **help: Any
) -> tuple[TimestampSeen, tuple[Finding, ...]]:
    data = tsa.SUBJECT if message is None else message
    seen, findings = Rfc3161Checker().check(
        "E0001", lambda name: hashlib.new(name, data).digest(), raw, ProofHelp(**help)
    )
    # Tokens made here come bare, which is said each time.
    return seen, tuple(one for one in findings if one.rule != "token_bare")


def status_of(raw: bytes, message: bytes | None = None, **help: Any) -> str:
    return check(raw, message, **help)[0].status


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


# --- shipped roots and genuine tokens ------------------------------------------------------------


def test_each_shipped_root_is_one_certificate_with_the_fingerprint_that_is_written() -> None:
    written = resource("authorities", "tsa.toml").read_text(encoding="utf-8")
    for entry in table("authorities", "tsa.toml")["tsa"]:
        (raw,) = read_certificates(resource("authorities", entry["root"]).read_bytes())
        name = f'root = "{entry["root"]}"\n# SHA-256 {hashlib.sha256(raw).hexdigest()}\n'
        assert name in written
        root = read_certificate(raw)
        assert root.subject == root.issuer
        assert root.not_after > NOW + timedelta(days=3 * 365)


@needs_vectors
@pytest.mark.parametrize(
    ("name", "message", "network", "by", "time"),
    [
        (
            "digicert.tsr",
            ARCHIVER,
            "DigiCert Trusted Root G4",
            "DigiCert Timestamp 2024",
            "2025-03-24T11:17:47.000Z",
        ),
        (
            "valid_timestamp.tsr",
            ARCHIVER,
            "IdenTrust Commercial Root CA 1",
            "TrustID Timestamp Authority",
            "2025-03-11T10:43:58.000Z",
        ),
        (
            "timestamp_token_http-timestamp-identrust-com",
            ARCHIVER,
            "IdenTrust Commercial Root CA 1",
            "TrustID Timestamp Authority",
            "2025-03-11T10:43:58.000Z",
        ),
        (
            "rfc3161-client-issue-104.tsr",
            b"hello",
            "IdenTrust Commercial Root CA 1",
            "TrustID Timestamp Authority",
            "2025-03-11T08:52:08.000Z",
        ),
    ],
)
def test_genuine_tokens_lead_to_the_shipped_roots(
    name: str, message: bytes, network: str, by: str, time: str
) -> None:
    raw = (SHARED / "auto-archiver" / name).read_bytes()
    seen, findings = check(raw, message, roots=pinned(), now="2026-11-21T05:00:00.000Z")
    assert seen == TimestampSeen(
        subject="E0001", kind="rfc3161", network=network, status="confirmed", time=time, by=by
    )
    assert [(one.rule, one.outcome) for one in findings] == [("token_good", "ok")]
    assert status_of(raw, message + b"!", roots=pinned()) == "broken"


@needs_vectors
def test_an_authority_nobody_knows_is_unchecked_unless_a_root_was_named() -> None:
    raw = (SHARED / "auto-archiver/self_signed.tsr").read_bytes()
    seen, findings = check(raw, ARCHIVER, roots=pinned())
    assert (seen.status, seen.time, seen.network) == ("unchecked", None, "")
    assert [one.rule for one in findings] == ["token_root_unknown"]
    assert findings[0].detail == "TSA SINPE v3 · 2025-03-24T11:38:16.000Z"
    assert status_of(raw, ARCHIVER, roots=pinned()[:1], named_root=True) == "broken"
    assert status_of(raw, ARCHIVER) == "unchecked"


@needs_vectors
@pytest.mark.parametrize(
    ("name", "chain", "message", "status", "rules"),
    [
        ("sigstage/response-sha256", "", b"hello", "confirmed", ["token_good"]),
        ("sigstage/response-sha384", "", b"hello", "confirmed", ["token_good"]),
        ("sigstage/response-sha512", "", b"hello", "confirmed", ["token_good"]),
        ("sigstage/response-invalid-signature", "", b"hello", "broken", ["token_signature"]),
        ("sigstage/response-no-embedded-cert", "", b"hello", "unchecked", ["token_signer_absent"]),
        ("sigstage/response-no-embedded-cert", "chain", b"hello", "confirmed", ["token_good"]),
        ("sigstore.mock/response-expired", "chain", b"payload", "confirmed", ["token_good"]),
        ("sigstore.mock/response-expired", "chain", b"hello", "broken", ["token_imprint"]),
        ("test_tsa/response", "chain", b"hello", "confirmed", ["token_good"]),
        ("test_tsa/response-injected-certs", "chain", b"hello", "confirmed", ["token_good"]),
        ("test_tsa/response", "", b"hello", "broken", ["token_chain"]),
        ("test_tsa/other_response", "chain", b"hello", "broken", ["token_chain"]),
    ],
)
def test_tokens_of_test_authorities(
    name: str, chain: str, message: bytes, status: str, rules: Sequence[str]
) -> None:
    folder = SHARED / "rfc3161-client"
    raw = (folder / f"{name}.tsr").read_bytes()
    pem = (folder / name.split("/", maxsplit=1)[0] / "ts_chain.pem").read_bytes()
    if message == b"payload":
        message = (folder / "sigstore.mock/payload").read_bytes()
    root = read_certificates(pem)[-1]
    given = pem if chain else b""
    seen, findings = check(raw, message, roots=(root,), chain=given, named_root=True)
    assert seen.status == status
    assert [one.rule for one in findings] == rules


def test_a_root_file_in_der_will_do() -> None:
    root = resource("authorities", "identrust-commercial-root-ca-1.pem").read_bytes()
    assert read_certificates(read_certificates(root)[0]) == read_certificates(root)


LOCAL = {
    "rsa": ("root", "confirmed", ["token_good"]),
    "rsa_sorted": ("root", "confirmed", ["token_good"]),
    "ec": ("root", "confirmed", ["token_good"]),
    "sm3": ("root", "confirmed", ["token_good"]),
    "c_good": ("root", "confirmed", ["token_good"]),
    "c_grantedmods": ("root", "confirmed", ["token_good", "token_granted_with_mods"]),
    "old": ("root_old", "confirmed", ["token_good"]),
    "rogue": ("root", "broken", ["token_chain"]),
    "c_noeku": ("root", "broken", ["token_key_usage"]),
    "c_softeku": ("root", "broken", ["token_key_usage"]),
    "c_tampertime": (
        "root",
        "broken",
        ["token_message_digest", "token_signer_validity", "token_signature"],
    ),
    "c_badsig": ("root", "broken", ["token_signature"]),
    "c_trunc": ("root", "broken", ["token_not_der"]),
    "c_html": ("root", "broken", ["token_not_der"]),
    "rejected": ("root", "broken", ["token_refused"]),
}


def local(name: str) -> bytes:
    return (SHARED / "local-crafted" / name).read_bytes()


@needs_vectors
@pytest.mark.parametrize("name", LOCAL)
def test_local_tokens(name: str) -> None:
    root, status, rules = LOCAL[name]
    seen, findings = check(
        local(f"{name}.tsr"),
        local("data.txt"),
        roots=(local(f"{root}.pem"),),
        chain=local("untr.pem"),
        named_root=True,
        now="2026-11-21T05:00:00.000Z",
    )
    assert seen.status == status
    assert [one.rule for one in findings] == rules


@needs_vectors
@pytest.mark.parametrize("root", ["root.pem", "root2.pem"])
def test_a_root_that_the_token_brings_is_worth_nothing(root: str) -> None:
    given: dict[str, Any] = {"roots": (local(root),), "chain": local("rogue_root.pem")}
    assert status_of(local("rogue.tsr"), local("data.txt"), **given, named_root=True) == "broken"
    assert status_of(local("rogue.tsr"), local("data.txt"), **given) == "unchecked"


@needs_vectors
@pytest.mark.parametrize("name", ["rsa", "ec", "c_good", "old", "c_badsig", "c_noeku", "rogue"])
def test_openssl_agrees(name: str, tmp_path: Path) -> None:
    root, status, _ = LOCAL[name]
    folder = SHARED / "local-crafted"
    moment = read_response(local(f"{name}.tsr")).info.gen_time
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-data", str(folder / "data.txt"),
         "-in", str(folder / f"{name}.tsr"), "-CAfile", str(folder / f"{root}.pem"),
         "-untrusted", str(folder / "untr.pem"), "-attime", str(int(moment.timestamp()))],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ("Verification: OK" in said.stdout) == (status == "confirmed")


@needs_vectors
@pytest.mark.parametrize(
    ("name", "root", "bare"),
    [
        ("digicert.tsr", "digicert-trusted-root-g4.pem", ()),
        ("valid_timestamp.tsr", "identrust-commercial-root-ca-1.pem", ()),
        (
            "timestamp_token_http-timestamp-identrust-com",
            "identrust-commercial-root-ca-1.pem",
            ("-token_in",),
        ),
    ],
)
def test_openssl_agrees_about_genuine_tokens(
    name: str, root: str, bare: tuple[str, ...], tmp_path: Path
) -> None:
    path = SHARED / "auto-archiver" / name
    (tmp_path / "data").write_bytes(ARCHIVER)
    moment = read_response(path.read_bytes()).info.gen_time
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "data", "-in", str(path), *bare,
         "-CAfile", str(resource("authorities", root)), "-attime", str(int(moment.timestamp()))],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert "Verification: OK" in said.stdout


# --- crafted ones --------------------------------------------------------------------------------


def test_a_good_token_of_our_own(authority: Authority) -> None:
    seen, findings = check(authority.token(), roots=(authority.root.pem,))
    assert (seen.status, seen.network, seen.by) == ("confirmed", "Test root", "Test TSA")
    assert seen.time == rfc3339(NOW)
    assert findings[0].detail == f"Test TSA · {rfc3339(NOW)}"


@pytest.mark.parametrize(
    ("key", "options"),
    [
        (lambda: rsa.generate_private_key(65537, 2048), {}),
        (lambda: rsa.generate_private_key(65537, 2048), {"signature_algorithm": "sha256_rsa"}),
        (lambda: rsa.generate_private_key(65537, 2048), {"digest_algorithm": "sha512"}),
        (lambda: ec.generate_private_key(ec.SECP384R1()), {}),
        (ed25519.Ed25519PrivateKey.generate, {"digest_algorithm": "sha512"}),
    ],
)
def test_every_usual_kind_of_signature(
    authority: Authority, key: Any, options: dict[str, Any]
) -> None:
    signer = issue_signer(authority.middle, key=key())
    raw = tsa.token(signer, [authority.middle.der, signer.der], **options)
    assert status_of(raw, roots=(authority.root.pem,)) == "confirmed"


@pytest.mark.parametrize("good", [True, False])
def test_rsassa_pss_signatures(authority: Authority, good: bool) -> None:
    signer = issue_signer(authority.middle, key=rsa.generate_private_key(65537, 2048))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
    )

    def with_pss(one: dict[str, Any]) -> dict[str, Any]:
        data = one["signed_attrs"].untag().dump() + (b"" if good else b"!")
        return {
            **one,
            "signature_algorithm": {"algorithm": "rsassa_pss", "parameters": parameters},
            "signature": signer.key.sign(data, scheme, hashes.SHA256()),
        }

    raw = tsa.token(signer, [authority.middle.der, signer.der], change_signer=with_pss)
    expected = "confirmed" if good else "broken"
    assert status_of(raw, roots=(authority.root.pem,)) == expected


@pytest.mark.parametrize("salt", [-1, 1 << 31, 1 << 200])
def test_an_impossible_salt_is_uncheckable_and_no_error(authority: Authority, salt: int) -> None:
    """Nothing signs these parameters, so anybody can write them into a genuine token."""
    signer = issue_signer(authority.middle, key=rsa.generate_private_key(65537, 2048))
    parameters = algos.RSASSAPSSParams({"salt_length": salt})

    def with_salt(one: dict[str, Any]) -> dict[str, Any]:
        algorithm = {"algorithm": "rsassa_pss", "parameters": parameters}
        return {**one, "signature_algorithm": algorithm}

    raw = tsa.token(signer, [authority.middle.der, signer.der], change_signer=with_salt)
    assert status_of(raw, roots=(authority.root.pem,)) in ("unchecked", "broken")


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ({"signature_algorithm": "sha256_rsa"}, "bad"),
        ({"signature_algorithm": "ed25519"}, "bad"),
        ({"signature_algorithm": "1.2.156.10197.1.501"}, "uncheckable"),
        ({"signature_algorithm": "1.2.840.113549.1.1.10"}, "uncheckable"),
        ({"signature_algorithm": "sha384_ecdsa"}, "bad"),
    ],
)
def test_the_signature_algorithm_must_fit_the_key(
    authority: Authority, options: dict[str, Any], state: str
) -> None:
    def other(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": options["signature_algorithm"]}}

    token = read_response(authority.token(change_signer=other))
    signer = find_signer(token)
    assert signer is not None
    assert x509.check_signature(token, signer) == state


def test_a_hash_without_arithmetic_is_uncheckable_not_bad(authority: Authority) -> None:
    signer = issue_signer(authority.middle, key=rsa.generate_private_key(65537, 2048))

    def with_sm3(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "digest_algorithm": {"algorithm": "1.2.156.10197.1.401"}}

    raw = tsa.token(signer, [signer.der], change_signer=with_sm3)
    token = read_response(raw)
    found = find_signer(token)
    assert found is not None
    assert x509.check_signature(token, found) == "uncheckable"


def replaced(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert raw.count(old) >= 1
    assert len(old) == len(new)
    return raw.replace(old, new)


def test_an_sm2_signature_is_said_to_be_beyond_this_build(authority: Authority) -> None:
    # A P-256 key under the SM2 curve's name: what GB/T 32918 keys look like to a reader.
    curve = der.oid("1.2.840.10045.3.1.7")
    sm2 = der.oid("1.2.156.10197.1.301")

    def with_curve(raw: bytes) -> bytes:
        node = der.read(raw)

        def walk(one: der.Node) -> bytes:
            if one.raw == curve:
                return sm2
            if one.children:
                return der.element(one.tag, *(walk(child) for child in one.children))
            return one.raw

        return walk(node)

    chinese = with_curve(authority.signer.der)

    class Sm2(Pair):
        @property
        def der(self) -> bytes:
            return chinese

    signer = Sm2(authority.signer.certificate, authority.signer.key)

    def with_sm2(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "signature_algorithm": {"algorithm": "1.2.156.10197.1.501"}}

    raw = tsa.token(signer, [chinese], algorithm="1.2.156.10197.1.401", imprint=digest("sm3"),
                    change_signer=with_sm2)  # fmt: skip
    for named in (False, True):
        seen, findings = check(raw, roots=(authority.root.pem,), named_root=named)
        assert seen.status == "unchecked"
        assert [one.rule for one in findings] == ["token_signature_uncheckable"]
    assert status_of(raw, b"other", roots=(authority.root.pem,)) == "broken"


def test_a_certificate_made_for_another_end_breaks_the_path(authority: Authority) -> None:
    no_authority = issue("Not an authority", authority.root, authority=False)
    signer = issue_signer(no_authority)
    raw = tsa.token(signer, [no_authority.der, signer.der])
    seen, findings = check(raw, roots=(authority.root.pem,))
    assert seen.status == "broken"
    assert [one.rule for one in findings] == ["token_chain"]
    assert findings[0].detail


def test_a_path_longer_than_its_root_allows_is_broken() -> None:
    root = issue("Short root", depth=0)
    middle = issue("Middle", root)
    signer = issue_signer(middle)
    raw = tsa.token(signer, [middle.der, signer.der])
    assert status_of(raw, roots=(root.pem,)) == "broken"


def test_a_validator_that_stumbles_is_no_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyhanko_certvalidator

    # A chain of its own: how a path was judged is remembered.
    authority = Authority.make()

    def stumble(*_: object, **__: object) -> object:
        raise TypeError

    monkeypatch.setattr(pyhanko_certvalidator, "ValidationContext", stumble)
    seen, findings = check(authority.token(), roots=(authority.root.pem,), named_root=True)
    assert seen.status == "unchecked"
    assert [(one.rule, one.detail) for one in findings] == [("token_chain_unreadable", "TypeError")]


def test_a_key_that_is_not_for_signatures_is_refused(authority: Authority) -> None:
    signer = issue_signer(authority.middle, signs=False)
    raw = tsa.token(signer, [authority.middle.der, signer.der])
    seen, findings = check(raw, roots=(authority.root.pem,))
    assert seen.status == "broken"
    assert findings[0].detail == "the signer's key is not for signatures"


def test_every_certificate_of_the_path_was_valid_then() -> None:
    root = issue("Root")
    late = issue("Late", root, since=NOW + timedelta(days=1))
    ended = issue("Root", key=root.key, until=NOW - timedelta(days=1))
    for middle, trusted in ((late, root), (issue("Middle", root), ended)):
        signer = issue_signer(middle)
        raw = tsa.token(signer, [middle.der, signer.der])
        assert status_of(raw, roots=(trusted.pem,)) == "unchecked"
        assert status_of(raw, roots=(trusted.pem,), named_root=True) == "broken"


def test_the_right_one_of_several_roots_is_taken(authority: Authority) -> None:
    other = issue("Test root")
    both = other.pem + authority.root.pem
    assert check(authority.token(), roots=(both,))[0].status == "confirmed"
    assert check(authority.token(), roots=(other.pem,))[0].status == "unchecked"


def test_a_valid_path_is_preferred_to_one_with_trouble() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    short, long = (issue("Root", key=key, depth=depth) for depth in (0, 3))
    middle = issue("Middle", long)
    signer = issue_signer(middle)
    raw = tsa.token(signer, [middle.der, signer.der])
    assert status_of(raw, roots=(short.pem, long.pem)) == "confirmed"
    assert status_of(raw, roots=(short.pem,)) == "broken"


def test_a_crowd_of_certificates_that_sign_each_other_costs_little(authority: Authority) -> None:
    keys_ = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    crowd = [
        issue("Ring", Pair(issue("Ring", key=one).certificate, one), key=two).der
        for one in keys_
        for two in keys_
    ]
    signer = issue_signer(Pair(issue("Ring", key=keys_[0]).certificate, keys_[0]))
    raw = tsa.token(signer, [*crowd, signer.der])
    assert status_of(raw, roots=(authority.root.pem,)) == "unchecked"


def test_no_more_than_a_few_links_and_certificates_are_looked_at() -> None:
    chain = [issue("Link 0")]
    for number in range(1, MAX_LINKS + 2):
        chain.append(issue(f"Link {number}", chain[-1]))
    signer = issue_signer(chain[-1])
    root, links = chain[0], [one.der for one in chain[1:]]
    raw = tsa.token(signer, [*links, signer.der])
    assert status_of(raw, roots=(root.pem,)) == "unchecked"
    near = issue_signer(chain[3])
    raw = tsa.token(near, [*links[:3], near.der])
    assert status_of(raw, roots=(root.pem,)) == "confirmed"


def test_a_token_kept_with_its_question_must_answer_it(authority: Authority) -> None:
    question = make_query(digest("sha256"), 77)
    answer = authority.answer(question)
    roots = (authority.root.pem,)
    assert status_of(answer, roots=roots, query=question) == "confirmed"
    assert status_of(answer, roots=roots, query=make_query(digest("sha256"), 78)) == "broken"
    assert status_of(answer, roots=roots, query=b"junk") == "broken"


def test_help_that_cannot_be_read_leaves_the_token_unchecked(authority: Authority) -> None:
    given: tuple[dict[str, Any], ...] = (
        {"roots": (b"junk",)},
        {"chain": b"junk"},
        {"now": "yesterday"},
    )
    for one in given:
        seen, findings = check(authority.token(), **one)
        assert seen.status == "unchecked"
        assert [finding.rule for finding in findings] == ["token_help_unreadable"]


def test_a_question_that_is_none_is_said_whatever_else_cannot_be_read(
    authority: Authority,
) -> None:
    """As the checkers that travel in packs do: a question and a chain that changed places."""
    seen, findings = check(authority.token(), chain=b"junk", query=b"junk")
    assert seen.status == "broken"
    assert [finding.rule for finding in findings] == ["query_not_der"]


def test_strangers_in_a_token_are_passed_over(authority: Authority) -> None:
    """Neither a set entry that is no certificate, nor one of an unknown version, is in the way."""
    raw = authority.token()
    content, wrapper = der.read(raw).children
    parts = list(wrapper.children[0].children)
    signed = [node.raw for node in der.read(authority.middle.der).children]
    fields = [node.raw for node in der.read(authority.middle.der).children[0].children]
    version = der.element(0xA0, der.integer(9))
    odd = der.element(0x30, der.element(0x30, version, *fields[1:]), *signed[1:])
    junk = der.element(0x30, der.integer(1))
    certificates = der.element(0xA0, junk, odd, parts[3].content)
    data = der.element(0x30, *(p.raw for p in parts[:3]), certificates, parts[4].raw)
    crowded = der.element(0x30, content.raw, der.element(0xA0, data))
    assert status_of(crowded, roots=(authority.root.pem,)) == "confirmed"


def test_a_clock_behind_the_token_leaves_it_unchecked(authority: Authority) -> None:
    roots = (authority.root.pem,)
    seen, findings = check(authority.token(), roots=roots, now="2020-01-01T00:00:00.000Z")
    assert (seen.status, seen.time) == ("unchecked", None)
    assert [one.rule for one in findings] == ["token_future"]


# --- the practice world --------------------------------------------------------------------------


class Frozen:
    def now(self) -> Any:
        return NOW


def practice_token() -> bytes:
    return reply(make_query(digest("sha256"), 77), keys.witnesses()[0], NOW)


def test_the_shipped_practice_roots_are_those_of_the_practice_world() -> None:
    pem = resource("authorities", "practice-roots.pem").read_bytes()
    assert {hashlib.sha256(raw).hexdigest() for raw in read_certificates(pem)} == ROOT_FINGERPRINTS


@pytest.mark.parametrize("named", [False, True])
def test_practice_is_known_by_its_root_whoever_hands_it_over(named: bool) -> None:
    root = keys.pem(keys.witnesses()[0].root)
    for roots in ((root,), pinned(), ()):
        seen, findings = check(practice_token(), roots=roots, named_root=named)
        assert (seen.status, seen.network) == ("simulated", "practice")
        assert [(one.rule, one.outcome) for one in findings] == [("token_simulated", "unchecked")]


def test_practice_counts_only_where_it_is_asked_for() -> None:
    seen, findings = check(practice_token(), practice=True)
    assert (seen.status, seen.network) == ("simulated", "practice")
    assert [(one.rule, one.outcome) for one in findings] == [("token_simulated", "ok")]
    assert status_of(practice_token(), b"other", practice=True) == "broken"


# --- the second opinion --------------------------------------------------------------------------


def test_a_second_program_that_disagrees_is_heard(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "second_opinion", lambda *_: False)
    seen, findings = check(authority.token(), roots=(authority.root.pem,))
    assert seen.status == "confirmed"
    assert [(one.rule, one.outcome) for one in findings] == [
        ("token_good", "ok"),
        ("token_second_opinion", "weak"),
    ]


def opinion(raw: bytes, authority: Authority, root: Pair | None = None) -> bool | None:
    token = read_response(raw)
    chain = (authority.signer.der, authority.middle.der, (root or authority.root).der)
    return judgement.second_opinion(token, [read_certificate(one) for one in chain])


def test_the_second_program_judges_on_its_own(authority: Authority) -> None:
    assert opinion(authority.token(), authority) is True
    assert opinion(response(authority.token(), status=1), authority) is True
    assert opinion(authority.token(), authority, issue("Elsewhere")) is False
    other = Authority.make()
    assert opinion(other.token(), authority) is False
    bad = bytearray(authority.token())
    bad[-1] ^= 1
    assert opinion(bytes(bad), authority) is False


def test_what_the_second_program_cannot_read_is_silence(authority: Authority) -> None:
    assert opinion(authority.token(by_key_id=True), authority) is None


@needs_vectors
def test_the_second_program_reads_a_genuine_token_once_its_set_is_sorted() -> None:
    import rfc3161_client

    raw = (SHARED / "auto-archiver/digicert.tsr").read_bytes()
    with pytest.raises(ValueError):
        rfc3161_client.decode_timestamp_response(raw)
    _, findings = check(raw, ARCHIVER, roots=pinned())
    assert [one.rule for one in findings] == ["token_good"]


def test_an_ed448_key_cannot_pass_for_another(authority: Authority) -> None:
    signer = issue_signer(authority.middle, key=ed448.Ed448PrivateKey.generate())
    raw = authority.token()
    assert x509.check_signature(read_response(raw), read_certificate(signer.der)) == "bad"
