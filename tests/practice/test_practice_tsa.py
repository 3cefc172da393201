"""The practice authorities, judged by openssl."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, tsp

from fakes.clock import FakeClock
from fakes.practice import Got, ask
from holdfast.core.timestamp import Tsa
from holdfast.practice.world import PracticeWorld

QUERY = "application/timestamp-query"
JIA, YI = 0, 1


def openssl(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
    )


def stamp(tsa: Tsa, query: bytes, kind: str = QUERY) -> Got:
    return ask(tsa.url, "POST", query, {"Content-Type": kind})


def question(**changes: Any) -> bytes:
    fields = {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(b"x").digest(),
        },
        "nonce": 2**63 + 5,
        "cert_req": True,
        **changes,
    }
    return bytes(tsp.TimeStampReq(fields).dump())


def token(got: Got) -> Any:
    answer = tsp.TimeStampResp.load(got.body, strict=True)
    assert answer["status"]["status"].native == "granted"
    return answer["time_stamp_token"]["content"]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "F").write_bytes("证据".encode())
    return tmp_path


def test_openssl_verifies_what_openssl_asked(world: PracticeWorld, room: Path) -> None:
    for tsa in world.authorities().tsas:
        (room / "root.pem").write_bytes(tsa.root)
        (room / "chain.pem").write_bytes(tsa.chain)
        openssl("ts", "-query", "-data", "F", "-sha256", "-cert", "-out", "F.tsq", cwd=room)
        got = stamp(tsa, (room / "F.tsq").read_bytes())
        assert got.headers["content-type"] == "application/timestamp-reply"
        (room / "F.tsr").write_bytes(got.body)
        against = ["-in", "F.tsr", "-CAfile", "root.pem", "-untrusted", "chain.pem"]
        for subject in (["-data", "F"], ["-queryfile", "F.tsq"]):
            checked = openssl("ts", "-verify", *subject, *against, cwd=room)
            assert (checked.returncode, checked.stdout) == (0, "Verification: OK\n")
            assert "Warning" not in checked.stderr
        shown = openssl("ts", "-reply", "-in", "F.tsr", "-text", cwd=room).stdout
        assert f"Policy OID: {tsa.policies[0]}" in shown
        assert "PRACTICE" in shown
        (room / "F").write_bytes(b"changed")
        assert openssl("ts", "-verify", "-data", "F", *against, cwd=room).returncode != 0
        (room / "F").write_bytes("证据".encode())


def test_the_other_root_does_not_verify(world: PracticeWorld, room: Path) -> None:
    jia, yi = world.authorities().tsas
    openssl("ts", "-query", "-data", "F", "-sha256", "-cert", "-out", "F.tsq", cwd=room)
    (room / "F.tsr").write_bytes(stamp(jia, (room / "F.tsq").read_bytes()).body)
    (room / "root.pem").write_bytes(yi.root)
    (room / "chain.pem").write_bytes(jia.chain)
    checked = openssl("ts", "-verify", "-data", "F", "-in", "F.tsr", "-CAfile", "root.pem",
        "-untrusted", "chain.pem", cwd=room,
    )  # fmt: skip
    assert checked.returncode != 0


@pytest.mark.parametrize("hash_name", ["sha384", "sha512", "sm3"])
def test_other_hashes_are_stamped_too(world: PracticeWorld, room: Path, hash_name: str) -> None:
    tsa = world.authorities().tsas[YI]
    (room / "root.pem").write_bytes(tsa.root)
    openssl("ts", "-query", "-data", "F", f"-{hash_name}", "-cert", "-out", "F.tsq", cwd=room)
    (room / "F.tsr").write_bytes(stamp(tsa, (room / "F.tsq").read_bytes()).body)
    checked = openssl(
        "ts", "-verify", "-data", "F", "-in", "F.tsr", "-CAfile", "root.pem", cwd=room
    )
    assert checked.returncode == 0, checked.stderr


def test_the_nonce_comes_back_and_certificates_only_when_asked(world: PracticeWorld) -> None:
    tsa = world.authorities().tsas[JIA]
    with_both = token(stamp(tsa, question()))
    assert with_both["encap_content_info"]["content"].parsed["nonce"].native == 2**63 + 5
    assert len(with_both["certificates"]) == 2
    with_none = token(stamp(tsa, question(nonce=None, cert_req=False)))
    assert with_none["encap_content_info"]["content"].parsed["nonce"].native is None
    assert not with_none["certificates"].native


def test_serial_numbers_differ(world: PracticeWorld) -> None:
    tsa = world.authorities().tsas[JIA]
    serials = {
        token(stamp(tsa, question()))["encap_content_info"]["content"]
        .parsed["serial_number"]
        .native
        for _ in range(5)
    }
    assert len(serials) == 5


def test_the_time_is_the_clocks_and_never_earlier(world: PracticeWorld, clock: FakeClock) -> None:
    before = clock.time
    info = token(stamp(world.authorities().tsas[JIA], question()))["encap_content_info"]
    told = info["content"].parsed["gen_time"].native
    assert before <= told <= clock.time + timedelta(seconds=1)
    assert told.microsecond == 0


def test_the_profile_is_exact(world: PracticeWorld) -> None:
    signed = token(stamp(world.authorities().tsas[JIA], question()))
    (signer_info,) = signed["signer_infos"]
    kinds = {attribute["type"].native for attribute in signer_info["signed_attrs"]}
    assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}
    (signer,) = (
        one.chosen for one in signed["certificates"] if one.chosen.extended_key_usage_value
    )
    assert signer.extended_key_usage_value.native == ["time_stamping"]
    assert "extended_key_usage" in signer.critical_extensions
    (named,) = (
        attribute["values"][0]["certs"][0]["cert_hash"].native
        for attribute in signer_info["signed_attrs"]
        if attribute["type"].native == "signing_certificate_v2"
    )
    assert named == hashlib.sha256(signer.dump()).digest()
    assert isinstance(signed, cms.SignedData)


SHA1 = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": b"x" * 20}
SHORT = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x" * 31}
EXTENSION = [{"extn_id": "1.2.3.4", "critical": False, "extn_value": b"\x05\x00"}]


@pytest.mark.parametrize(
    ("query", "failure"),
    [
        (question(message_imprint=SHA1), "bad_alg"),
        (question(message_imprint=SHORT), "bad_data_format"),
        (question(req_policy="1.2.3.4"), "unaccepted_policy"),
        (question(extensions=EXTENSION), "unaccepted_extensions"),
        (question() + b"\x00", "bad_data_format"),
        (question()[:-3], "bad_data_format"),
        (b"", "bad_data_format"),
        (b"\x30\x84\xff\xff\xff\xff", "bad_data_format"),
        (b"<html>not a query</html>", "bad_data_format"),
        (question().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1), "bad_request"),
    ],
)
def test_what_is_refused_gets_a_status_and_no_token(
    world: PracticeWorld, query: bytes, failure: str
) -> None:
    got = stamp(world.authorities().tsas[JIA], query)
    assert got.status == 200
    (status,) = core.SequenceOf.load(got.body, strict=True, spec=tsp.PKIStatusInfo)
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {failure}


def test_its_own_policy_may_be_asked_for(world: PracticeWorld) -> None:
    tsa = world.authorities().tsas[JIA]
    info = token(stamp(tsa, question(req_policy=tsa.policies[0])))["encap_content_info"]
    assert info["content"].parsed["policy"].dotted == tsa.policies[0]


def test_http_manners(world: PracticeWorld) -> None:
    tsa = world.authorities().tsas[JIA]
    assert ask(tsa.url).status == 405
    assert stamp(tsa, question(), kind="text/plain").status == 415
    assert stamp(tsa, b"\x00" * 70_000).status == 413


def test_openssl_reads_a_refusal(world: PracticeWorld, room: Path) -> None:
    got = stamp(world.authorities().tsas[JIA], question(message_imprint=SHA1))
    (room / "F.tsr").write_bytes(got.body)
    shown = openssl("ts", "-reply", "-in", "F.tsr", "-text", cwd=room).stdout
    assert "Status: Rejected." in shown
    assert "unrecognized or unsupported algorithm identifier" in shown


def test_the_chain_names_the_issuer(world: PracticeWorld) -> None:
    from cryptography import x509

    for tsa in world.authorities().tsas:
        (issuer,) = x509.load_pem_x509_certificates(tsa.chain)
        root = x509.load_pem_x509_certificate(tsa.root)
        issuer.verify_directly_issued_by(root)
        root.verify_directly_issued_by(root)
        assert root.not_valid_after_utc > datetime(2045, 1, 1, tzinfo=UTC)
