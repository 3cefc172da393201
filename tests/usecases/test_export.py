"""A case leaves as a pack that other people's programs accept, and refuse when it was changed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from fakes.packed import Rehearsal, broken, copied, flipped, judged, rehearsal, rules
from holdfast.adapters.pack import readme
from holdfast.core.canonical import parse
from holdfast.core.case import Party
from holdfast.core.errors import Refused, Tampered, Unavailable
from holdfast.core.evidence import Exhibit
from holdfast.core.ledger import LedgerEntry, read_proof
from holdfast.core.pack import Readme, ReadmeExhibit, commands
from holdfast.core.timestamp import Stamp
from holdfast.usecases import case_json, export
from holdfast.usecases.case_json import case_file_bytes
from holdfast.usecases.packing import Packing

BIN = Path(sys.executable).parent
CAPTURE = "data/exhibits/E0001/capture.json"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("case")) as made:
        yield made


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One that tests work on in copies."""
    with rehearsal(tmp_path_factory.mktemp("closed")) as made:
        made.store.close()
        yield made


@pytest.fixture(scope="module")
def pack(case: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return case.export(tmp_path_factory.mktemp("out") / "pack")


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pack, tmp_path / "copy"))


# --- what it is ----------------------------------------------------------------------------------


def test_the_same_ledger_head_gives_the_same_bytes(case: Rehearsal, tmp_path: Path) -> None:
    one = case.export(tmp_path / "one.zip")
    lines = len(case.store.entries(case.store.case(case.number).id))
    two = case.export(tmp_path / "two.zip")
    assert one.read_bytes() == two.read_bytes()
    assert len(case.store.entries(case.store.case(case.number).id)) == lines
    # Something new: one line more, and another pack.
    case.store.save(Party(id="p", case_id=case.store.case(case.number).id, role="platform"))
    three = case.export(tmp_path / "three.zip")
    assert three.read_bytes() != one.read_bytes()
    assert len(case.store.entries(case.store.case(case.number).id)) == lines + 1
    assert judged(one, three).verdict == "ok"


def test_everything_of_the_formats_is_in_it(case: Rehearsal, pack: Path) -> None:
    names = {path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()}
    heads = {name for name in names if name.startswith("data/ledger/checkpoints/")}
    assert heads
    assert names >= {
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "README.html",
        "verify.pyz",
        "data/case.json",
        CAPTURE,
        "data/exhibits/E0001/files/page.html",
        "data/exhibits/E0001/files/shot/full.png",
        "data/exhibits/E0001/inclusion.tlog-proof",
        "data/exhibits/E0001/proofs/capture.json.ots",
        "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr",
        "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsq",
        "data/exhibits/E0001/proofs/files/page.html.ots",
        "data/ledger/entries.jsonl",
        "data/ledger/checkpoint.txt",
        "data/ledger/key.txt",
        "data/timestamps/practice-tsa-jia/root.pem",
        "data/timestamps/practice-tsa-yi/chain.pem",
        f"data/documents/{case.number}-R1.pdf",
        f"data/ledger/checkpoints/{case.documents[0].checkpoint_size}.txt",
    }
    (run,) = [name for name in names if name.startswith("data/timestamps/headers/bitcoin-0-")]
    assert (pack / run).stat().st_size % 80 == 0
    assert not any("演" in name or "林" in name for name in names)


def test_an_exhibit_s_proof_leads_to_the_earliest_dated_head(pack: Path) -> None:
    raw = (pack / "data/exhibits/E0001/inclusion.tlog-proof").read_bytes()
    _, _, head = read_proof(raw)
    dated = {
        int(path.name.split(".")[0])
        for path in (pack / "data/ledger/checkpoints").glob("*.txt.ots")
    }
    assert head.size == min(dated)


def test_the_case_file_carries_the_persons_words_and_no_ledger_line_does(
    case: Rehearsal, pack: Path
) -> None:
    body = parse((pack / "data/case.json").read_bytes())
    assert isinstance(body, dict)
    assert body["format"] == "holdfast-case/1"
    assert body["title"] == "演练 <b>案件</b>"
    assert [party["name"] for party in body["parties"]][0] == "林某某"  # type: ignore[index,union-attr,call-overload] # as written
    assert "林某某" not in (pack / "data/ledger/entries.jsonl").read_text("utf-8")
    assert case_file_bytes(case.store.case(case.number), store=case.store).endswith(b"}")


def test_nouns_of_every_shape_have_a_canonical_form() -> None:
    assert case_json._plain({"宽": 2**60, "ok": True, "none": None, "f": 1.5}) == [
        {"name": "宽", "value": str(2**60)},
        {"name": "ok", "value": True},
        {"name": "none", "value": None},
        {"name": "f", "value": "1.5"},
    ]
    assert case_json._plain((1, "\ud800")) == [1, "\\u{D800}"]


# --- other people's programs ---------------------------------------------------------------------


class Commands(HTMLParser):
    """The commands in README.html, as a person would copy them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._in: tuple[str, str] | None = None
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "pre":
            self._in = (given.get("data-system") or "", given.get("data-checks") or "")
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        if self._in is not None:
            self.found.append((*self._in, data))
            self._in = None


def test_every_command_of_the_readme_runs_as_printed(
    case: Rehearsal, copy: Path, tmp_path: Path
) -> None:
    page = Commands((copy / "README.html").read_text("utf-8"))
    mine = list(dict.fromkeys(found for found in page.found if found[0] == "linux"))
    kinds = [checks for _, checks, _ in mine]
    assert list(dict.fromkeys(kinds)) == [
        "payload",
        "tags",
        "bag",
        "rfc3161",
        "opentimestamps",
        "everything",
        "root",
        "signature",
    ]
    home = tmp_path / "home"
    as_a_stranger(home, case)
    for _, checks, line in mine:
        if checks == "signature" and shutil.which("minisign") is None:
            continue  # tests/core/test_minisign.py says that it was skipped
        done = run(line, copy, home)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if checks == "rfc3161":
            assert "Verification: OK" in done.stdout + done.stderr
        if checks == "opentimestamps":
            assert "Success! Bitcoin block" in done.stdout + done.stderr
        if checks == "root":
            printed = "".join(done.stdout.split())
            assert f"<code>{printed}</code>" in (copy / "README.html").read_text("utf-8")
    assert judged(copy).verdict == "ok"


def as_a_stranger(home: Path, case: Rehearsal) -> None:
    """A home with a Bitcoin node in its configuration: the practice chain's."""
    (home / ".bitcoin").mkdir(parents=True)
    user, _, rest = case.world.rpc_url.removeprefix("http://").partition("@")
    name, _, password = user.partition(":")
    host, _, port = rest.partition(":")
    (home / ".bitcoin/bitcoin.conf").write_text(
        f"rpcuser={name}\nrpcpassword={password}\nrpcconnect={host}\nrpcport={port}\n"
    )


def run(line: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"},
    )


@pytest.mark.parametrize(
    ("checks", "name"),
    [
        ("payload", "data/exhibits/E0001/files/page.html"),
        ("tags", "README.html"),
        ("bag", "data/case.json"),
        ("rfc3161", CAPTURE),
        ("rfc3161", "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"),
        ("opentimestamps", CAPTURE),
        ("opentimestamps", "data/exhibits/E0001/proofs/capture.json.ots"),
        ("everything", "data/ledger/checkpoint.txt"),
    ],
)
def test_each_command_fails_after_one_byte_and_we_name_the_file(
    case: Rehearsal, copy: Path, tmp_path: Path, checks: str, name: str
) -> None:
    home = tmp_path / "home"
    as_a_stranger(home, case)
    page = Commands((copy / "README.html").read_text("utf-8"))
    line = next(found[2] for found in page.found if found[:2] == ("linux", checks))
    data = (copy / name).read_bytes()
    # In a token the signature, in a proof the digest: the rest may hold a second, whole branch.
    at = {"tsr": len(data) - 1, "ots": 40}.get(name.rpartition(".")[2])
    (copy / name).write_bytes(flipped(data, at))
    assert run(line, copy, home).returncode != 0
    assert name in broken(judged(copy))


def test_the_practice_worlds_own_ots_command_runs(case: Rehearsal, pack: Path) -> None:
    line = case.world.ots_command(
        pack / CAPTURE, pack / "data/exhibits/E0001/proofs/capture.json.ots"
    )
    done = subprocess.run(
        [str(BIN / "ots"), *shlex.split(line)[1:]], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_has_no_script_no_network_and_no_link_into_exhibits(pack: Path) -> None:
    html = (pack / "README.html").read_text("utf-8")
    page = Commands(html)
    assert not page.tags & {"script", "img", "iframe", "link", "object", "form", "input"}
    assert page.links == ["#en"]
    assert "default-src 'none'" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html
    assert "\u202e" not in html
    assert html.index("演练 PRACTICE") < html.index("<h1>")


def test_the_readme_of_a_real_case_says_nothing_of_practice() -> None:
    facts = Readme(
        case_number="HF-2026-0001",
        practice=False,
        origin="holdfast.local/x",
        lines=3,
        root="0" * 64,
        made="2026-01-01T00:00:00.000Z",
        verifier_sha256="1" * 64,
        page_sha256="2" * 64,
        exhibits=(
            ReadmeExhibit(number="E0001", title="=cmd|' {{x}}", sealed="", sha256="", files=1),
        ),
        roots=(),
        commands=commands((), "ledger/checkpoint.txt", practice=False),
    )
    html = readme.readme(facts).decode()
    assert "PRACTICE" not in html
    assert html.count("2" * 64) == 2
    assert "=cmd|&#x27; {{x}}" in html


# --- what can go wrong ---------------------------------------------------------------------------


def test_without_a_header_run_the_pack_still_leaves(case: Rehearsal, tmp_path: Path) -> None:
    def none(*_arguments: object) -> tuple[int, bytes]:
        raise Unavailable("header_run_missing", first=0, last=1)

    case.header_run = none  # type: ignore[method-assign] # this once
    try:
        verdict = judged(case.export(tmp_path / "pack"))
    finally:
        del case.header_run
    assert verdict.verdict == "ok"
    assert "ots_no_header" in rules(verdict)
    assert judged(case.export(tmp_path / "plain", headers=False)).verdict == "ok"


def test_an_object_that_changed_in_the_vault_stops_the_export(
    case: Rehearsal, tmp_path: Path
) -> None:
    exhibit = next(iter(case.store.all(Exhibit)))
    artifact = exhibit.artifacts[0]
    at = case.vault.path(artifact.digest.sha256)
    kept = at.read_bytes()
    at.chmod(0o600)
    at.write_bytes(flipped(kept))
    try:
        with pytest.raises(Tampered):
            case.export(tmp_path / "pack.zip")
        assert not list(tmp_path.iterdir())
        name = f"data/exhibits/{exhibit.number}/{artifact.path}"
        assert broken(judged(case.number, shelf=case.shelf)) == {name}
        at.unlink()
        with pytest.raises(Tampered):
            case.export(tmp_path / "pack.zip")
        assert name in broken(judged(case.number, shelf=case.shelf))
    finally:
        at.write_bytes(kept)
    assert judged(case.number, shelf=case.shelf).verdict == "ok"


def test_a_changed_manifest_in_the_vault_is_named(case: Rehearsal, tmp_path: Path) -> None:
    exhibit = next(iter(case.store.all(Exhibit)))
    at = case.vault.path(exhibit.digest.sha256)
    kept = at.read_bytes()
    at.chmod(0o600)
    at.write_bytes(flipped(kept))
    try:
        name = f"data/exhibits/{exhibit.number}/capture.json"
        assert name in broken(judged(case.number, shelf=case.shelf))
        at.unlink()
        assert name in broken(judged(case.number, shelf=case.shelf))
    finally:
        at.write_bytes(kept)


def test_an_unknown_case_is_refused(case: Rehearsal, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        export.export(
            "HF-1999-0001",
            tmp_path / "x.zip",
            store=case.store,
            vault=case.vault,
            format=None,  # type: ignore[arg-type] # never reached
            tsas=(),
            headers=None,
            job=None,  # type: ignore[arg-type] # never reached
        )


def test_a_broken_stamp_or_an_unknown_authority_spoils_no_pack(
    closed: Rehearsal, tmp_path: Path
) -> None:
    """An authority that is no longer listed leaves its token and chain, without a root."""
    with copied(closed, tmp_path / "case") as made:
        assert made.case is not None
        stamps = made.store.all(Stamp, made.case.id)
        bad = next(s for s in stamps if s.kind == "opentimestamps")
        garbage = made.vault.keep_bytes(b"garbage").sha256
        made.store.save(replace(bad, id="bad", status="broken", proof=garbage))
        twice = next(s for s in stamps if s.kind == "rfc3161")
        made.store.save(replace(twice, id="zzz"))
        made.authorities = replace(made.authorities, tsas=made.tsas[:1])
        out = made.export(tmp_path / "pack")
        assert judged(out).verdict == "ok"
        assert (out / "data/timestamps/practice-tsa-yi/chain.pem").is_file()
        assert not (out / "data/timestamps/practice-tsa-yi/root.pem").exists()
        page = Commands((out / "README.html").read_text("utf-8"))
        assert not any("tsa-yi" in line for _, _, line in page.found)


def test_a_case_without_stamps_leaves_and_is_unchecked(closed: Rehearsal, tmp_path: Path) -> None:
    with copied(closed, tmp_path / "case") as made:
        made.case = made.store.open_case("演练二", "practice")
        made.capture({"page.html": b"x"})
        out = made.export(tmp_path / "pack")
        verdict = judged(out)
        assert verdict.verdict == "unchecked"
        assert "exhibit_undated" in rules(verdict)
        raw = (out / "data/exhibits/E0001/inclusion.tlog-proof").read_bytes()
        assert read_proof(raw)[2].note == (out / "data/ledger/checkpoint.txt").read_bytes()
        empty = made.store.open_case("演练三", "practice")
        made.case = empty
        assert broken(judged(empty.number, shelf=made.shelf)) == set(), "nothing was done to it"
        assert "exhibit_none" in rules(judged(made.export(tmp_path / "empty.zip")))


def test_what_is_sealed_and_stamped_while_a_pack_is_made_does_not_spoil_it(
    closed: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copied(closed, tmp_path / "case") as made:
        on_record, gather = export._on_record, Packing.gather

        def sealed_after(*args: Any, **more: Any) -> Any:
            found = on_record(*args, **more)
            made.capture({"later.html": b"x"})
            return found

        def stamped_after(plan: Any) -> None:
            monkeypatch.setattr(Packing, "gather", gather)
            gather(plan)
            made.capture({"other.html": b"y"})
            made.stamp()

        monkeypatch.setattr(export, "_on_record", sealed_after)
        out = made.export(tmp_path / "pack")
        assert broken(judged(out)) == set()
        assert (out / "data" / "case.json").is_file()
        monkeypatch.setattr(Packing, "gather", stamped_after)
        assert broken(judged(made.export(tmp_path / "second"))) == set()


def test_json_of_a_verdict_is_the_documented_object(pack: Path) -> None:
    body = json.loads(json.dumps(judged(pack).body()))
    assert body.keys() == {"verdict", "findings", "timestamps"}
    assert body["verdict"] == "ok"
    for finding in body["findings"]:
        assert finding.keys() == {"subject", "rule", "outcome", "detail"}
    for seen in body["timestamps"]:
        assert seen.keys() == {"subject", "kind", "network", "status", "time", "by"}


def test_a_pack_of_many_exhibits_compares_no_two_lines(
    closed: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left out is known by number: lines held against lines made long cases take hours."""
    with copied(closed, tmp_path / "case") as made:
        for number in range(4):
            made.capture({"a.html": bytes([number])})
        compared: list[object] = []
        monkeypatch.setattr(
            LedgerEntry, "__eq__", lambda one, other: compared.append(1) or one is other
        )
        made.export(tmp_path / "pack.zip")
        assert compared == []
