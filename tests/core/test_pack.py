"""Where everything lies, and the commands that check it without us."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.core import pack
from holdfast.core.pack import Command, ProofName, commands
from holdfast.core.timestamp import Stamp, StampStatus, Subject

CAPTURE = "exhibits/E0001/capture.json"
PAGE = "exhibits/E0001/files/page.html"
HEAD = "ledger/checkpoints/27.txt"


@pytest.mark.parametrize(
    ("subject", "form", "authority", "path"),
    [
        (CAPTURE, "ots", "", "exhibits/E0001/proofs/capture.json.ots"),
        (CAPTURE, "tsr", "digicert", "exhibits/E0001/proofs/capture.json.digicert.tsr"),
        (PAGE, "ots", "", "exhibits/E0001/proofs/files/page.html.ots"),
        (PAGE, "tsq", "a-b_1", "exhibits/E0001/proofs/files/page.html.a-b_1.tsq"),
        (HEAD, "ots", "", "ledger/checkpoints/27.txt.ots"),
        (HEAD, "tsr", "digicert", "ledger/checkpoints/27.txt.digicert.tsr"),
    ],
)
def test_a_proof_lies_where_its_subject_says(
    subject: str, form: pack.ProofForm, authority: str, path: str
) -> None:
    assert pack.proof_path(subject, form, authority) == path
    assert pack.read_proof_name(path) == ProofName(subject=subject, form=form, authority=authority)


@given(st.from_regex(r"files/[a-z.]{1,20}(/[a-z.]{1,9})?", fullmatch=True), st.sampled_from("ab"))
def test_no_name_of_a_file_confuses_its_proof(rest: str, authority: str) -> None:
    subject = f"exhibits/E0001/{rest}"
    for form in ("ots", "tsr", "tsq"):
        who = "" if form == "ots" else authority
        read = pack.read_proof_name(pack.proof_path(subject, form, who))
        assert read == ProofName(subject=subject, form=form, authority=who)


def test_a_stamp_knows_where_its_proof_lies() -> None:
    assert pack.stamp_path(stamp("opentimestamps")) == "exhibits/E0001/proofs/capture.json.ots"
    assert pack.stamp_path(stamp("rfc3161")).endswith("proofs/capture.json.digicert.tsr")
    assert ProofName(subject="s", form="ots").kind == "opentimestamps"
    assert ProofName(subject="s", form="tsq", authority="a").kind == "rfc3161"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (CAPTURE, "recorded"),
        ("ledger/entries.jsonl", "ledger"),
        ("ledger/checkpoint.txt", "ledger"),
        ("ledger/key.txt", "ledger"),
        (HEAD, "checkpoint"),
        ("exhibits/E0001/inclusion.tlog-proof", "inclusion"),
        ("exhibits/E0001/proofs/capture.json.ots", "proof"),
        ("timestamps/digicert/root.pem", "certificates"),
        ("timestamps/headers/bitcoin-0-12.bin", "headers"),
        ("exhibits/E0001/files/extra.png", "stranger"),
        ("ledger/checkpoints/027.txt", "stranger"),
        ("ledger/notes.txt", "stranger"),
        ("timestamps/digicert/other.pem", "stranger"),
        ("timestamps/headers/bitcoin-00-12.bin", "stranger"),
        ("anything.txt", "stranger"),
    ],
)
def test_everything_has_a_reason_to_be_there(path: str, kind: str) -> None:
    assert pack.standing(path, {CAPTURE}) == kind


def test_paths_are_read_as_they_are_written() -> None:
    assert pack.read_checkpoint_path(pack.checkpoint_path(27)) == 27
    assert pack.read_headers_path(pack.headers_path(3, 9)) == (3, 9)
    assert pack.read_certificates_path(pack.root_path("x")) == ("x", "root")
    assert pack.read_certificates_path(pack.chain_path("x")) == ("x", "chain")
    assert pack.read_inclusion_path(pack.inclusion_path("E0001")) == "E0001"
    assert pack.capture_path("E0001") == f"{pack.exhibit_folder('E0001')}/capture.json"


def test_a_bag_manifest_has_one_form() -> None:
    digests = {"data/b": "0" * 64, "data/a": "f" * 64}
    raw = pack.write_manifest(digests.items())
    assert raw == f"{'f' * 64}  data/a\n{'0' * 64}  data/b\n".encode()
    assert pack.read_manifest(raw) == digests
    line = raw.splitlines(keepends=True)
    for bent in (
        b"",
        raw[:-1],
        line[1] + line[0],
        raw + line[1],
        raw.replace(b"  ", b" "),
        raw.replace(b"f", b"F"),
        raw.replace(b"data/a", b"data/ a"),
        raw + b"\n",
    ):
        with pytest.raises(ValueError):
            pack.read_manifest(bent)


# --- commands ------------------------------------------------------------------------------------


def stamp(kind: str, status: StampStatus = "confirmed", time: str | None = "x") -> Stamp:
    return Stamp(
        id="1",
        case_id="c",
        subject=Subject(kind="manifest", path=CAPTURE, sha256="0" * 64),
        kind="rfc3161" if kind == "rfc3161" else "opentimestamps",
        authority="digicert" if kind == "rfc3161" else "",
        world="real",
        status=status,
        time="2026-11-12T13:06:32.900Z" if time else None,
    )


def test_the_commands_are_those_of_the_formats_in_their_order() -> None:
    made = commands([stamp("opentimestamps"), stamp("rfc3161")], HEAD, practice=True)
    assert [command.line for command in made] == [
        "sha256sum -c manifest-sha256.txt",
        "sha256sum -c tagmanifest-sha256.txt",
        "bagit.py --validate .",
        (
            "openssl ts -verify -data data/exhibits/E0001/capture.json"
            " -in data/exhibits/E0001/proofs/capture.json.digicert.tsr"
            " -CAfile data/timestamps/digicert/root.pem"
            " -untrusted data/timestamps/digicert/chain.pem -attime 1794488792"
        ),
        (
            "ots verify -f data/exhibits/E0001/capture.json"
            " data/exhibits/E0001/proofs/capture.json.ots"
        ),
        "python3 verify.pyz --practice",
        "sed -n 3p data/ledger/checkpoints/27.txt | base64 -d | od -An -v -tx1",
    ]
    assert [command.checks for command in made] == [
        "payload",
        "tags",
        "bag",
        "rfc3161",
        "opentimestamps",
        "everything",
        "root",
    ]


@pytest.mark.parametrize("status", ["queued", "pending", "unchecked", "broken"])
def test_what_is_not_complete_has_no_command(status: StampStatus) -> None:
    made = commands([stamp("rfc3161", status)], HEAD, practice=False)
    assert "rfc3161" not in {command.checks for command in made}
    unfinished = commands([stamp("opentimestamps", "confirmed", None)], HEAD, practice=False)
    assert "opentimestamps" not in {command.checks for command in unfinished}
    assert made[-2].line == "python3 verify.pyz"


def test_each_system_has_its_own_form() -> None:
    made = {
        system: {
            command.checks: command.line
            for command in commands([stamp("rfc3161")], HEAD, practice=False, system=system)
        }
        for system in pack.SYSTEMS
    }
    assert made["macos"]["payload"] == "shasum -a 256 -c manifest-sha256.txt"
    assert "brew --prefix openssl" in made["macos"]["rfc3161"]
    assert "base64 -D" in made["macos"]["root"]
    assert "Get-FileHash" in made["windows"]["payload"]
    assert made["windows"]["bag"] == "py -m bagit --validate ."
    assert made["windows"]["everything"] == "py verify.pyz"
    assert "FromBase64String" in made["windows"]["root"]


def test_a_long_command_is_broken_where_a_shell_allows_it() -> None:
    (token,) = [
        command
        for command in commands([stamp("rfc3161")], HEAD, practice=False)
        if command.checks == "rfc3161"
    ]
    rows = token.lines(70)
    assert len(rows) > 2
    assert all(row.endswith(" \\") for row in rows[:-1])
    assert " ".join(row.removesuffix(" \\") for row in rows) == token.line
    assert Command(checks="root", system="linux", parts=("a", "b")).lines(70) == ("a b",)
    windows = Command(checks="root", system="windows", parts=("a" * 50, "b" * 50))
    assert windows.lines(70) == ("a" * 50 + " `", "b" * 50)


def test_a_token_alone_is_named_as_such_to_openssl() -> None:
    for bare in (False, True):
        one = replace(stamp("rfc3161"), bare=bare)
        (line,) = (c.line for c in commands([one], HEAD, practice=False) if c.checks == "rfc3161")
        assert (" -token_in -CAfile" in line) is bare


def test_what_was_published_lies_beside_the_chain() -> None:
    path = pack.revocation_path("digicert", "a1" * 32, "crl")
    assert path == "timestamps/digicert/revocation/a1a1a1a1a1a1a1a1.crl"
    assert pack.read_revocation_path(path) == "digicert"
    assert pack.standing(path, ()) == "revocation"
    for other in (f"{path}x", path.replace("a1a1", "A1A1"), path.replace(".crl", ".pem")):
        assert pack.read_revocation_path(other) is None
        assert pack.standing(other, ()) == "stranger"
