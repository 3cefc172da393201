"""verify.pyz: one file of Python that says what the program says."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.packed import bench, broken, finished, flipped, judged, rebagged, rules
from holdfast.adapters import resources
from holdfast.adapters.pack import offline, openssl, tokens, verifier
from holdfast.adapters.pack.offline import check, read_embedded
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.adapters.timestamp.rfc3161 import Rfc3161Checker
from holdfast.core.rfc3161 import read_response
from holdfast.core.verdict import ProofHelp, Verdict
from holdfast.core.words import Words

SHARED = Path(__file__).parents[3].parent / "shared"
PYZ = verifier.verify_pyz()
KNOWN = read_embedded(verifier.embedded())

needs_vectors = pytest.mark.skipif(
    not (SHARED / "vectors").is_dir(), reason="the shared vectors are not here"
)


@pytest.fixture
def pyz(tmp_path: Path) -> Path:
    path = tmp_path / "verify.pyz"
    path.write_bytes(PYZ)
    return path


def run(pyz: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """As a stranger would: no site packages, no environment of ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(pyz), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=pyz.parent,
    )


STRANGER = ("unshare", "--net", "runuser", "-u", "nobody", "--", "env", "-i", "/usr/bin/python3")
"""The system's own Python for an account without a home, where there is no network at all."""
OLD_ENOUGH = (*STRANGER, "-c", "import sys; sys.exit(sys.version_info < (3, 11))")


def test_another_account_without_a_network_verifies_a_pack_with_its_python_alone() -> None:
    try:
        can = subprocess.run(OLD_ENOUGH, capture_output=True, timeout=60).returncode == 0
    except OSError:
        can = False
    if not can:
        pytest.skip("no rights to become another account, or its Python is older than 3.11")
    pack = finished()
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / pack.number
        shutil.copytree(pack.folder, folder)
        for path in (Path(room), folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        line = [*STRANGER, "-I", "-S", str(folder / "verify.pyz"), "--practice", "--json"]
        ran = subprocess.run(line, capture_output=True, text=True, timeout=120, cwd=folder)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert json.loads(ran.stdout)["verdict"] == "ok"
        name = "data/exhibits/E0001/capture.json"
        (folder / name).write_bytes(pack.files[name] + b" ")
        told = json.loads(subprocess.run(line, capture_output=True, text=True, cwd=folder).stdout)
        assert told["verdict"] == "broken"
        assert name in {one["subject"] for one in told["findings"]}


def test_a_pack_that_broke_off_is_not_said_to_differ_from_what_was_sealed(
    pyz: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.zip"
    torn.write_bytes(finished().archive.read_bytes()[:5000])
    done = run(pyz, torn, "--lang", "en")
    assert done.returncode == 4
    assert done.stdout.startswith("It cannot be opened, so nothing in it was compared.")


# --- the file ------------------------------------------------------------------------------------


def test_it_is_the_same_bytes_every_time() -> None:
    verifier.verify_pyz.cache_clear()
    verifier.embedded.cache_clear()
    assert verifier.verify_pyz() == PYZ
    assert hashlib.sha256(PYZ).hexdigest() in verifier.known_verifiers()
    assert finished().files["verify.pyz"] == PYZ


def test_it_holds_only_core_and_the_pack_reader_with_lf() -> None:
    assert PYZ.startswith(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(io.BytesIO(PYZ)) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert b"\r" not in archive.read(info)
    allowed = re.compile(
        r"__main__\.py|holdfast/(__init__|adapters/__init__|usecases/(__init__|kept|targets|verify)"
        r"|core/\w+|adapters/pack/(__init__|hashing|members|offline|openssl|reader|tokens|zipform))\.py"
        r"|holdfast/adapters/pack/embedded\.json"
    )
    assert [name for name in names if not allowed.fullmatch(name)] == []


def test_it_imports_the_standard_library_alone() -> None:
    with zipfile.ZipFile(io.BytesIO(PYZ)) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                for node in ast.walk(ast.parse(archive.read(name))):
                    if isinstance(node, ast.Import):
                        found = [alias.name for alias in node.names]
                    elif isinstance(node, ast.ImportFrom):
                        found = [node.module or ""]
                    else:
                        continue
                    for module in found:
                        top = module.split(".")[0]
                        assert top == "holdfast" or top in sys.stdlib_module_names, (name, module)


def test_a_checkout_with_crlf_builds_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "elsewhere"
    for module in verifier.modules():
        source = verifier._source(module)
        place = home / source.relative_to(verifier._home())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(verifier, "_home", lambda: home)
    assert verifier.verify_pyz.__wrapped__() == PYZ


def test_a_frozen_program_carries_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "verify.pyz").write_bytes(b"as built")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(verifier, "resource", lambda *parts: tmp_path / parts[-1])
    assert verifier.verify_pyz.__wrapped__() == b"as built"


def imported(source: bytes) -> Iterator[str]:
    """Modules of ours that a source names; those under ``if TYPE_CHECKING`` are never loaded."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
            if node.test.id == "TYPE_CHECKING":
                continue
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("holdfast"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("holdfast"))
        waiting += ast.iter_child_nodes(node)


def test_its_list_of_modules_is_all_that_it_imports() -> None:
    found: set[str] = set()
    waiting = ["holdfast.adapters.pack.offline"]
    while waiting:
        module = waiting.pop()
        if module in found or not verifier._source(module).is_file():
            continue
        found.add(module)
        above = module.rpartition(".")[0]
        waiting += [above] if above else []
        waiting += imported(verifier._source(module).read_bytes())
    listed = verifier.modules()
    assert sorted(found) == list(listed), "resources/checker/modules.txt has to follow"


def test_a_module_that_is_imported_anywhere_is_seen() -> None:
    source = (
        b"import holdfast.core.errors\nimport os\nif TYPE_CHECKING:\n    import holdfast.ports\n"
        b"def f():\n    try:\n        from holdfast.core import pack\n    finally:\n        pass\n"
    )
    assert set(imported(source)) == {
        "holdfast.core.errors", "holdfast.core", "holdfast.core.pack",
    }  # fmt: skip


def test_an_old_python_is_told_so_in_one_sentence(pyz: Path) -> None:
    main = zipfile.ZipFile(io.BytesIO(PYZ)).read("__main__.py").decode()
    old = main.replace("sys.version_info < (3, 11)", "sys.version_info < (9, 0)")
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11" in done.stderr
    assert "Traceback" not in done.stderr


# --- what it says --------------------------------------------------------------------------------


def test_it_finds_its_own_folder_whole(tmp_path: Path) -> None:
    folder = finished().folder
    done = run(folder / "verify.pyz", "--practice", "--lang", "en")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PRACTICE 演练")
    assert lines[2].startswith("PRACTICE: everything matches")
    assert "What this does not show" in done.stdout


def test_without_practice_it_ends_five_and_says_practice_first(tmp_path: Path) -> None:
    done = run(finished().folder / "verify.pyz", "--lang", "zh")
    assert done.returncode == 5
    assert done.stdout.startswith("PRACTICE 演练")


def both(pyz: Path, *targets: Path) -> tuple[Verdict, dict[str, object], int]:
    done = run(pyz, *targets, "--json", "--practice", "--all-digests")
    return judged(*targets, all_digests=True), json.loads(done.stdout), done.returncode


def same(ours: Verdict, theirs: dict[str, object]) -> None:
    """The same verdict, the same findings, the same time-stamps."""
    assert json.loads(json.dumps(ours.body())) == theirs


@pytest.mark.parametrize(
    ("edit", "again"),
    [
        (lambda f: f, False),
        (lambda f: f | {"data/case.json": flipped(f["data/case.json"])}, False),
        (lambda f: {n: d for n, d in f.items() if not n.endswith("page.html")}, True),
        (lambda f: f | {"data/extra.txt": b"x"}, True),
        (lambda f: f | {"data/ledger/entries.jsonl": b""}, True),
    ],
)
def test_it_says_what_the_program_says(
    pyz: Path,
    tmp_path: Path,
    edit: Callable[[dict[str, bytes]], dict[str, bytes]],
    again: bool,
) -> None:
    files = edit(dict(finished().files))
    files = rebagged(files) if again else files
    folder = tmp_path / "pack"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    ours, theirs, code = both(pyz, folder)
    same(ours, theirs)
    assert code == offline.EXITS[ours.verdict]


def test_it_says_what_the_program_says_of_a_zip_and_of_loose_files(
    pyz: Path, tmp_path: Path
) -> None:
    folder = finished().folder / "data/exhibits/E0001"
    for target in (
        finished().archive,
        folder / "capture.json",
        folder / "proofs/capture.json.ots",
        folder / "proofs/capture.json.practice-tsa-jia.tsr",
    ):
        ours, theirs, _ = both(pyz, target)
        same(ours, theirs)


def test_its_help_explains_everything_that_can_be_said(pyz: Path) -> None:
    told = "".join(run(pyz, "--help").stdout.split())
    for lang in ("zh", "en"):
        spoken = resources.words(lang).words
        texts = [spoken[key] for key in spoken if key.startswith("verify_opt_")]
        assert len(texts) == 7
        assert [text for text in texts if "".join(text.split()) not in told] == []


def test_bad_requests_are_one_sentence(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in ((), (tmp_path / "absent",), (tmp_path / "empty",)):
        done = run(pyz, *arguments, "--lang", "en")
        assert done.returncode == 1
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert run(pyz, "--nonsense").returncode == 2


def test_a_name_that_would_write_over_the_screen_is_made_visible(pyz: Path, tmp_path: Path) -> None:
    at = tmp_path / "a\x1b[2J\x1b[HIntact: everything matches.\n\u202e.zip"
    with zipfile.ZipFile(at, "w") as archive:
        archive.writestr("holiday/photo.jpg", b"x")
    code, out, err = checked(pyz, at, "--lang", "en")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert "\u202e" not in err


def checked(pyz: Path, *arguments: str | Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = check([str(one) for one in arguments], pyz, KNOWN, out, err)
    return code, out.getvalue(), err.getvalue()


def test_in_one_process_it_says_the_same(pyz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    code, out, _ = checked(pyz, finished().folder, "--practice")
    assert code == 0
    assert out.startswith("PRACTICE 演练")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert checked(pyz, pyz.parent / "absent")[2].startswith("“")
    code, out, _ = checked(pyz, finished().folder / "data/case.json", "--lang", "en")
    assert code == 5
    assert "no time-stamp beside" in out
    monkeypatch.setattr(offline, "verify", interrupted)
    assert checked(pyz, pyz)[0] == 130


def interrupted(*_arguments: object, **_named: object) -> Verdict:
    raise KeyboardInterrupt


def test_progress_is_shown_on_a_terminal_only(pyz: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    assert check([str(finished().folder), "--practice"], pyz, KNOWN, io.StringIO(), err) == 0
    assert "100 %" in err.getvalue()


def test_it_runs_from_its_archive(
    pyz: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(pyz), "--lang", "en"])
    monkeypatch.setattr(offline.pkgutil, "get_data", lambda *_: verifier.embedded())
    assert offline.run() == 1
    assert "nothing to check" in capsys.readouterr().err


def test_every_rule_has_its_sentence_in_both_languages() -> None:
    """Rules are found in the sources themselves, so that none can be forgotten."""
    said = re.compile(
        r'"((?:bag|file|name|zip|pack|ledger|checkpoint|key|inclusion|exhibit|case|digest|proof'
        r'|headers|certificates|document|world|token)_[a-z0-9_]+)"'
    )
    home = Path(verifier.__file__).parents[2]
    sources = [*(home / "core").glob("*.py"), *(home / "adapters/pack").glob("*.py")]
    names = {"bag", "record", "witness", "judge", "reader", "tokens", "rfc3161", "verdict"}
    sources = [source for source in sources if source.stem in names]
    sources.append(home / "usecases/verify.py")
    found = {rule for source in sources for rule in said.findall(source.read_text("utf-8"))}
    # Keys of facts and codes of refusals look alike; they are checked where they belong.
    found -= {"case_id", "proof_sha256", "headers_unreadable", "certificates_unreadable"}
    assert len(found) > 60
    for lang in ("zh", "en"):
        words = resources.words(lang).words
        assert found - words.keys() == set()
        assert found - KNOWN.languages[lang].words.keys() == set()
        for outcome in ("ok", "ok.practice", "weak", "unchecked", "broken"):
            assert f"verdict.{outcome}" in words


def test_every_refusal_has_its_words() -> None:
    home = Path(verifier.__file__).parents[2]
    source = (home / "usecases/verify.py").read_text("utf-8")
    codes = set(re.findall(r'Refused\(\s*"(\w+)"', source))
    assert len(codes) > 5
    for lang in ("zh", "en"):
        said: Words = KNOWN.languages[lang]
        assert codes <= said.errors.keys()


# --- tokens by openssl ---------------------------------------------------------------------------

TSR = finished().files["data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"]
CAPTURE = finished().files["data/exhibits/E0001/capture.json"]


def digest(name: str) -> bytes:
    return hashlib.new(name, CAPTURE).digest()


def test_without_openssl_a_token_is_unchecked_and_said() -> None:
    seen, found = OpensslTokens((KNOWN.practice_roots,), "").check(
        "t", digest, TSR, ProofHelp(practice=True)
    )
    assert seen.status == "unchecked"
    assert [finding.rule for finding in found] == ["token_no_openssl"]
    # What needs no arithmetic is found all the same.
    seen, found = OpensslTokens((KNOWN.practice_roots,), "").check(
        "t", lambda _n: bytes(32), TSR, ProofHelp()
    )
    assert seen.status == "broken"


def test_a_token_with_a_certificate_between_is_one_question_to_openssl(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process costs more than all that it computes."""
    asked: list[str] = []

    def counted(arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        asked.append(arguments[1])
        return openssl.run(arguments)

    checker = OpensslTokens((KNOWN.practice_roots,))
    monkeypatch.setattr(tokens, "run", counted)
    seen, _ = checker.check("t", digest, TSR, ProofHelp(practice=True))
    assert seen.status == "simulated"
    assert len(seen.path) == 3
    assert asked == ["cms"]


def test_openssl_is_found_but_never_libressl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert openssl.find_openssl()
    openssl.find_openssl.cache_clear()
    try:
        other = tmp_path / "openssl"
        other.write_text("#!/bin/sh\necho LibreSSL 3.3.6\n")
        other.chmod(0o755)
        monkeypatch.setattr(openssl.shutil, "which", lambda _name: str(other))
        assert openssl.find_openssl() == ""
        openssl.find_openssl.cache_clear()
        other.write_text("not a program")
        assert openssl.find_openssl() == ""
    finally:
        openssl.find_openssl.cache_clear()


def test_a_help_that_cannot_be_read_is_unchecked() -> None:
    _, found = OpensslTokens().check("t", digest, TSR, ProofHelp(chain=b"nonsense"))
    assert [finding.rule for finding in found] == ["token_help_unreadable"]
    _, found = OpensslTokens().check("t", digest, TSR, ProofHelp(query=b"nonsense"))
    assert [finding.rule for finding in found] == ["query_not_der"]
    _, found = OpensslTokens().check("t", digest, b"nonsense", ProofHelp())
    assert [finding.outcome for finding in found] == ["broken"]


@needs_vectors
@pytest.mark.parametrize("named", [False, True])
def test_openssl_and_the_library_agree_on_every_token(named: bool) -> None:
    folder = SHARED / "vectors/tsr"
    data = (folder / "local-crafted/data.txt").read_bytes()
    lent = ProofHelp(
        roots=((folder / "local-crafted/root.pem").read_bytes(),)
        if named
        else verifier.pinned_roots(),
        named_root=named,
        chain=(folder / "local-crafted/int.pem").read_bytes() if named else b"",
        now="2030-01-01T00:00:00.000Z",
    )
    ours = OpensslTokens((KNOWN.practice_roots,))
    seen_any = set()
    for path in sorted(folder.rglob("*.tsr")):
        raw = path.read_bytes()

        def about(name: str, path: Path = path, raw: bytes = raw) -> bytes:
            if path.parent.name == "local-crafted":
                return hashlib.new(name, data).digest()
            info = read_response(raw).info
            if info.imprint_algorithm != name:
                raise ValueError(name)
            return info.imprint

        mine, theirs = (
            ours.check("x", about, raw, lent),
            Rfc3161Checker().check("x", about, raw, lent),
        )
        assert mine[0] == theirs[0], path.name
        seen_any.add(mine[0].status)
    assert {"confirmed", "broken"} <= seen_any


@needs_vectors
def test_a_genuine_bitcoin_proof_verifies_with_a_header_from_a_file(
    pyz: Path, tmp_path: Path
) -> None:
    """The true header of block 358391: one source, so weak; a forged proof is broken."""
    folder = SHARED / "vectors/ots"
    header = json.loads((folder / "chain/block-358391-header.json").read_text())
    raw = next(v for v in header.values() if isinstance(v, str) and len(v) == 160)
    headers = tmp_path / "headers.txt"
    headers.write_text(f"358391 {raw}\n")
    hello = folder / "client/hello-world.txt"
    done = run(pyz, hello, "--headers", headers, "--json")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["verdict"] == "weak"
    assert body["timestamps"][0]["status"] == "one_source"
    assert run(pyz, hello, "--json").returncode == 5
    bad = run(pyz, folder / "client/bad-stamp.txt", "--headers", headers, "--json")
    assert bad.returncode == 4
    headers.write_text("nonsense\n")
    assert run(pyz, hello, "--headers", headers).returncode == 1


def test_the_clock_and_the_bench_are_the_programs() -> None:
    """A token from tomorrow is said, in the file as in the program."""
    assert bench().now > datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    assert rules(judged(finished().folder)) == {"bag_readme", "digest_sm3_skipped"}
    assert not broken(judged(finished().folder))
