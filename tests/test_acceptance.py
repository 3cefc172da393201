"""The main job as it is promised: done once, for real, then looked at with other people's tools.

One rehearsal in a process of its own serves all tests here.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.acceptance import (
    KINDS,
    Printed,
    Rehearsed,
    Served,
    changed,
    holdfast,
    in_one_shell,
    need,
    offline_data,
    one_of,
    printed_in_html,
    printed_in_pdf,
    rebagged,
    rehearse,
    run,
    served,
)
from fakes.checkengine import Engine, engine

pytestmark = [pytest.mark.xdist_group("acceptance"), pytest.mark.no_cover]

SAID = {"weak", "broken"}
OUTCOMES = {"ok", "weak", "broken", "unchecked"}
SUBJECT = "data/exhibits/E0001/capture.json"
ANCHOR = "data/exhibits/E0001/proofs/capture.json.ots"
TOKEN = "data/exhibits/E0001/proofs/capture.json.practice-tsa-jia.tsr"


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    return rehearse(tmp_path_factory.mktemp("rehearsal") / "out 演练")


@pytest.fixture(scope="session")
def world(rehearsed: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(rehearsed, tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="session")
def copy(rehearsed: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack that tests may meddle with, if they put back what they change."""
    return shutil.copytree(rehearsed.pack, tmp_path_factory.mktemp("copy") / rehearsed.number)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of somebody else, who works without a network."""
    return offline_data(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(scope="session")
def page(rehearsed: Rehearsed) -> Iterator[Engine]:
    """verify.html as it lies in the pack."""
    with engine(rehearsed.pack / "verify.html") as running:
        yield running


def said_by_the_page(page: Engine, body: Mapping[str, Any], pack: Path) -> bool:
    """Whether the page says of a pack what the program said; it computes no pairings."""
    found = {(f["subject"], f["rule"], f["outcome"]) for f in body["findings"]}
    rounds = {one for one in found if one[1] == "not_before_round"}
    unchecked = {(name, "not_before_round_unchecked", "unchecked") for name, _, _ in rounds}
    told = page.judged(pack)["result"]
    theirs = {(f["subject"], f["rule"], f["outcome"]) for f in told["findings"]}
    assert theirs == found - rounds | unchecked
    return bool(told["verdict"] == body["verdict"])


def verified(
    target: Path, data: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Exit code and object of ``holdfast verify --json``."""
    from holdfast.cli import run as command

    capsys.readouterr()
    code = command(["verify", str(target), "--json", "--quiet", "--data", str(data), *options])
    return code, json.loads(capsys.readouterr().out)


# --- the object, and what it names ---------------------------------------------------------------


def test_the_object_is_the_one_that_is_promised(rehearsed: Rehearsed) -> None:
    assert rehearsed.stdout.count("\n") == 1
    body = rehearsed.body
    assert list(body) == [
        "case", "exhibits", "documents", "notices", "pack", "verify", "seconds",
    ]  # fmt: skip
    assert re.fullmatch(r"HF-[0-9]{4}-[0-9]{4}", body["case"])
    assert all(re.fullmatch(r"E[0-9]{4}", number) for number in body["exhibits"])
    assert list(body["verify"]) == ["verdict", "findings", "timestamps"]
    assert body["verify"]["verdict"] == "ok"
    assert body["verify"]["findings"][0]["rule"] == "world_practice"
    for finding in body["verify"]["findings"]:
        assert list(finding) == ["subject", "rule", "outcome", "detail"]
        assert finding["outcome"] in OUTCOMES
    for seen in body["verify"]["timestamps"]:
        assert list(seen) == ["subject", "kind", "network", "status", "time", "by"]
        assert (seen["network"], seen["status"]) == ("practice", "simulated")
    assert {seen["kind"] for seen in body["verify"]["timestamps"]} == {"opentimestamps", "rfc3161"}
    assert all(isinstance(seconds, float | int) for seconds in body["seconds"].values())


def test_every_kind_of_capture_took_part(rehearsed: Rehearsed) -> None:
    need("chromium")
    sources = []
    for number in rehearsed.body["exhibits"]:
        manifest = json.loads((rehearsed.pack / f"data/exhibits/{number}/capture.json").read_text())
        sources.append(manifest["source"])
        assert [one for one in manifest["completeness"] if one["outcome"] == "fail"] == []
    assert sources == ["page", "video", "page", "screen", "file"]


def test_the_picture_of_the_screen_is_one(rehearsed: Rehearsed) -> None:
    from PIL import Image

    shots = list(rehearsed.pack.glob("data/exhibits/*/files/screen.png"))
    assert len(shots) == 1
    with Image.open(shots[0]) as picture:
        assert picture.size == (800, 600)
        assert picture.mode == "RGB"
        assert picture.getcolors(1) is None


def test_documents_notices_and_pack_lie_where_it_says(rehearsed: Rehearsed) -> None:
    documents = [Path(path) for path in rehearsed.body["documents"]]
    notices = [Path(path) for path in rehearsed.body["notices"]]
    assert {path.name for path in documents} == {
        f"{kind}.{lang}.pdf"
        for kind in ("receipt", "evidence-list", "evidence-report")
        for lang in ("zh", "en")
    }
    assert {path.suffix for path in notices} == {".pdf", ".docx", ".txt", ".eml"}
    in_pack = {path.read_bytes() for path in (rehearsed.pack / "data" / "documents").iterdir()}
    for path in documents + notices:
        assert path.read_bytes() in in_pack
    for path in (path for path in documents + notices if path.suffix == ".pdf"):
        assert path.read_bytes()[:5] == b"%PDF-"


def test_every_sheet_says_practice(rehearsed: Rehearsed) -> None:
    need("pdftotext")
    for path in rehearsed.pack.glob("data/documents/*.pdf"):
        sheets = run("pdftotext", str(path), "-").stdout.split("\f")[:-1]
        assert sheets
        for sheet in sheets:
            assert "演练" in sheet or "PRACTICE" in sheet, path.name
    for path in rehearsed.pack.glob("data/documents/*.txt"):
        assert "PRACTICE 演练" in path.read_text(encoding="utf-8"), path.name
    assert "PRACTICE 演练" in (rehearsed.pack / "bag-info.txt").read_text(encoding="utf-8")


def test_it_says_in_words_where_everything_lies(rehearsed: Rehearsed) -> None:
    for path in (*rehearsed.body["documents"], *rehearsed.body["notices"], rehearsed.body["pack"]):
        assert path in rehearsed.stderr
    assert "PRACTICE" in rehearsed.stderr
    again = shlex.join(["holdfast", "practice", "--out", str(rehearsed.out), "--serve"])
    assert again in rehearsed.stderr


def test_a_bare_machine_leaves_out_what_it_has_no_means_for(tmp_path: Path) -> None:
    """No browser and no screen: said, on record, and still done."""
    done = holdfast(
        "practice", "--json", "--lang", "en", "--out", str(tmp_path), PATH=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert (body["exhibits"], body["verify"]["verdict"]) == (["E0001", "E0002"], "ok")
    assert "left out: page" in done.stderr
    assert "left out: screen" in done.stderr
    lines = (Path(body["pack"]) / "data/ledger/entries.jsonl").read_text().splitlines()
    assert [json.loads(line)["act"] for line in lines].count("capture.failed") == 3


# --- the pack as it lies, with other people's tools ----------------------------------------------


def test_the_lists_agree(rehearsed: Rehearsed) -> None:
    need("sha256sum")
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = run("sha256sum", "-c", name, at=rehearsed.pack)
        assert done.returncode == 0, done.stderr
        assert {line.rpartition(": ")[2] for line in done.stdout.splitlines()} == {"OK"}
    done = run("bagit.py", "--validate", ".", at=rehearsed.pack)
    assert done.returncode == 0, done.stderr


def test_the_unmodified_client_verifies_against_the_served_chain(
    rehearsed: Rehearsed, world: Served
) -> None:
    assert any(str(rehearsed.pack) in line for line in world.lines)
    done = run("bash", "-c", world.ots, at=rehearsed.pack)
    assert done.returncode == 0, done.stderr
    assert "Success! Bitcoin block" in done.stderr


@pytest.mark.parametrize("name", [SUBJECT, ANCHOR])
def test_the_client_does_not_verify_what_was_changed(name: str, copy: Path, world: Served) -> None:
    # Byte 40 of a proof lies within the digest that it is about (31 of magic, version, operation).
    with changed(copy, name, 40):
        done = run("bash", "-c", world.ots, at=copy)
    assert done.returncode != 0
    assert "Success" not in done.stderr


def test_openssl_verifies_every_token_and_nothing_changed(rehearsed: Rehearsed, copy: Path) -> None:
    commands = printed_in_html(rehearsed.readme, "en").of("openssl ts ")
    assert len(commands) == len(list(rehearsed.pack.rglob("*.tsr")))
    for code, said in in_one_shell(commands, rehearsed.pack):
        assert (code, "Verification: OK" in said) == (0, True), said
    mine = next(one for one in commands if f"-in {TOKEN} " in one)
    # A token ends with its signature; openssl passes over certificates that it does not need.
    for name, at in ((SUBJECT, None), (TOKEN, -1)):
        with changed(copy, name, at):
            ((code, said),) = in_one_shell((mine,), copy)
        assert code != 0
        assert "Verification: OK" not in said


def test_the_page_in_the_pack_says_the_same(
    rehearsed: Rehearsed, page: Engine, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, body = verified(rehearsed.pack, elsewhere, capsys, "--practice")
    assert (code, body["verdict"]) == (0, "ok")
    assert said_by_the_page(page, body, rehearsed.pack)


def test_the_pack_verifies_itself(rehearsed: Rehearsed) -> None:
    done = run("python3", "verify.pyz", "--practice", at=rehearsed.pack)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("python3", "verify.pyz", at=rehearsed.pack)
    assert done.returncode == 5
    assert done.stdout.lstrip().startswith("PRACTICE 演练")


@pytest.mark.parametrize(
    "kind", ["capture manifest", "film", "ledger", "token", "exhibit's anchor", "report"]
)
def test_the_pack_finds_by_itself_what_was_changed(
    kind: str, rehearsed: Rehearsed, copy: Path
) -> None:
    name = one_of(rehearsed.files, kind)
    with changed(copy, name):
        done = run("python3", "verify.pyz", "--practice", at=copy)
    assert done.returncode == 4
    assert name in done.stdout


def test_without_practice_nothing_simulated_counts(
    rehearsed: Rehearsed, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, body = verified(rehearsed.pack, elsewhere, capsys)
    assert (code, body["verdict"]) == (5, "unchecked")
    assert body["findings"][0]["rule"] == "world_practice"
    done = holdfast("verify", str(rehearsed.pack), "--lang", "zh", "--data", str(elsewhere))
    assert done.returncode == 5
    assert done.stdout.startswith("PRACTICE 演练")


# --- one byte ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_one_byte_changed_is_found_and_named(
    kind: str,
    rehearsed: Rehearsed,
    copy: Path,
    page: Engine,
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the bag's own lists, with sha256sum and bagit, and by us."""
    name = one_of(rehearsed.files, kind)
    with changed(copy, name):
        lists = [
            run("sha256sum", "-c", one, at=copy)
            for one in ("manifest-sha256.txt", "tagmanifest-sha256.txt")
        ]
        bag = run("bagit.py", "--validate", ".", at=copy)
        code, body = verified(copy, elsewhere, capsys, "--practice")
        assert said_by_the_page(page, body, copy)
    # What signs the lists stands in none of them.
    assert any(one.returncode for one in lists) or name.endswith(".minisig")
    if "manifest" not in name:
        assert f"{name}: FAILED" in lists[0].stdout + lists[1].stdout
    assert bag.returncode != 0 or name.startswith("tagmanifest-sha256.txt")
    assert code == 4
    assert name in {one["subject"] for one in body["findings"] if one["outcome"] == "broken"}


def test_every_file_of_a_pack_is_of_a_kind_that_is_tried(rehearsed: Rehearsed) -> None:
    tried = {_kind(one_of(rehearsed.files, kind)) for kind in KINDS}
    assert {_kind(name) for name in rehearsed.files} <= tried


def _kind(name: str) -> str:
    """What the file is by its folder and ending; names of exhibits, files and authorities go."""
    if "/files/" in name and "/proofs/" not in name:
        return "data/exhibits/*/files/*"
    name = re.sub(r"practice-tsa-(jia|yi)", "*", re.sub(r"E[0-9]{4}", "*", name))
    name = re.sub(r"proofs/files/.*\.", "proofs/files/*.", name)
    name = re.sub(r"checkpoints/[0-9]+", "checkpoints/*", name)
    name = re.sub(r"revocation/[0-9a-f]{16}", "revocation/*", name)
    return re.sub(r"documents/.*\.", "documents/*.", name)


ON_NO_LEDGER = {
    "readme", "verifier", "page", "declaration", "bag info", "manifest", "tag manifest",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(KINDS) - ON_NO_LEDGER))
def test_a_bag_that_was_made_again_hides_nothing(
    kind: str,
    rehearsed: Rehearsed,
    copy: Path,
    page: Engine,
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = one_of(rehearsed.files, kind)
    # The easy work of a practice chain proves some other last block too; the first is a constant.
    with changed(copy, name, 4 if kind == "block headers" else None), rebagged(copy):
        assert run("sha256sum", "--status", "-c", "manifest-sha256.txt", at=copy).returncode == 0
        code, body = verified(copy, elsewhere, capsys, "--practice")
        assert said_by_the_page(page, body, copy)
    found = {one["subject"] for one in body["findings"] if one["outcome"] == "broken"}
    assert (code, name in found) == (4, True), found


@pytest.mark.parametrize("name", ["verify.pyz", "verify.html"])
def test_a_verifier_that_nobody_knows_is_said(
    name: str, copy: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with changed(copy, name), rebagged(copy):
        code, body = verified(copy, elsewhere, capsys, "--practice")
    # Whoever puts another checker in cannot sign the list anew.
    assert (code, body["verdict"]) == (4, "broken")
    said = {(f["outcome"], f["subject"]) for f in body["findings"] if f["outcome"] in SAID}
    assert said == {
        ("weak", name),
        ("broken", "tagmanifest-sha256.txt"),
        ("broken", "tagmanifest-sha256.txt.minisig"),
    }


def test_missing_and_extra_files_are_named(
    rehearsed: Rehearsed, copy: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = one_of(rehearsed.files, "log")
    (copy / gone).rename(copy.parent / "gone")
    try:
        code, body = verified(copy, elsewhere, capsys, "--practice")
        assert code == 4
        assert gone in {one["subject"] for one in body["findings"] if one["outcome"] == "broken"}
        with rebagged(copy):
            code, body = verified(copy, elsewhere, capsys, "--practice")
        assert code == 4
        assert gone in {one["subject"] for one in body["findings"] if one["outcome"] == "broken"}
    finally:
        (copy.parent / "gone").rename(copy / gone)
    extra = copy / "data" / "documents" / "extra.pdf"
    extra.write_bytes(b"%PDF-")
    try:
        with rebagged(copy):
            code, body = verified(copy, elsewhere, capsys, "--practice")
    finally:
        extra.unlink()
    assert code == 4
    named = {one["subject"] for one in body["findings"] if one["outcome"] == "broken"}
    assert "data/documents/extra.pdf" in named


@pytest.mark.parametrize("lines", [1, 20])
def test_a_ledger_cut_short_is_found_under_a_bag_made_again(
    lines: int, copy: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy / "data/ledger/entries.jsonl"
    before = path.read_bytes()
    path.write_bytes(b"".join(before.splitlines(keepends=True)[:-lines]))
    try:
        with rebagged(copy):
            code, body = verified(copy, elsewhere, capsys, "--practice")
    finally:
        path.write_bytes(before)
    assert (code, body["verdict"]) == (4, "broken")
    assert any(
        one["subject"].startswith("data/ledger/")
        for one in body["findings"]
        if one["outcome"] == "broken"
    )


# --- the commands that are printed ---------------------------------------------------------------


def test_the_commands_of_the_readme_run_as_printed(rehearsed: Rehearsed, world: Served) -> None:
    zh, en = (printed_in_html(rehearsed.readme, lang) for lang in ("zh", "en"))
    assert zh == en
    assert len(en.of("ots verify ")) == len(list(rehearsed.pack.rglob("*.ots")))
    _run_as_printed(en, rehearsed.pack, world)
    (root,) = en.of("sed -n ")
    ((_, said),) = in_one_shell((root,), rehearsed.pack)
    assert f"<code>{re.sub(r'[^0-9a-f]', '', said)}</code>" in rehearsed.readme


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_commands_of_the_report_run_as_printed(
    lang: str, rehearsed: Rehearsed, world: Served
) -> None:
    report = rehearsed.out / "documents" / f"evidence-report.{lang}.pdf"
    printed = printed_in_pdf(report, "-layout")
    assert printed == printed_in_pdf(report, "-raw")
    _run_as_printed(printed, rehearsed.pack, world)
    (root,) = printed.of("sed -n ")
    ((_, said),) = in_one_shell((root,), rehearsed.pack)
    text = re.sub(r"\s", "", run("pdftotext", "-layout", str(report), "-").stdout)
    number = re.sub(r"\s", "", said)
    assert re.fullmatch(r"[0-9a-f]{64}", number)
    assert number in text


def _run_as_printed(printed: Printed, pack: Path, world: Served) -> None:
    """Every kind of command is there, and each ends as the page says it should."""
    for begin in ("sha256sum -c manifest", "sha256sum -c tagmanifest", "bagit.py ", "openssl ts ",
                  "ots verify ", "python3 verify.pyz --practice", "sed -n "):  # fmt: skip
        assert printed.of(begin), begin
    results = in_one_shell(printed.commands, pack, HOME=str(world.home))
    for command, (code, said) in zip(printed.commands, results, strict=True):
        assert code == 0, f"{command}\n{said}"
        assert "FAILED" not in said
        if command.startswith("ots "):
            assert "Success! Bitcoin block" in said


# --- anywhere, any time --------------------------------------------------------------------------


def test_exported_again_it_is_the_same_to_the_byte(
    rehearsed: Rehearsed, tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from holdfast.cli import run as command

    for name in ("one", "two", "one.zip", "two.zip"):
        words = ["export", "--case", rehearsed.number, "--out", str(tmp_path / name)]
        assert command([*words, "--quiet", "--data", str(rehearsed.data)]) == 0
    capsys.readouterr()
    for folder in ("one", "two"):
        _same_tree(tmp_path / folder, rehearsed)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        assert packed.namelist() == sorted(f"{rehearsed.number}/{n}" for n in rehearsed.files)
        for name in rehearsed.files:
            assert packed.read(f"{rehearsed.number}/{name}") == (rehearsed.pack / name).read_bytes()
    code, body = verified(tmp_path / "one.zip", elsewhere, capsys, "--practice")
    assert (code, body["verdict"]) == (0, "ok")
    code, body = verified(tmp_path / "two", elsewhere, capsys, "--practice")
    assert (code, body["verdict"]) == (0, "ok")


def _same_tree(folder: Path, rehearsed: Rehearsed) -> None:
    found = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    assert found == list(rehearsed.files)
    same, different, trouble = filecmp.cmpfiles(folder, rehearsed.pack, found, shallow=False)
    assert (different, trouble) == ([], [])
    assert len(same) == len(found)


def _cut_off() -> list[str]:
    """What runs a command with no network at all, not even loopback."""
    need("unshare")
    for words in (["unshare", "-n"], ["unshare", "-r", "-n"]):
        if run(*words, "true").returncode == 0:
            return words
    pytest.skip("this machine does not let us cut the network off")


def test_with_the_network_cut_it_verifies_from_folder_and_zip(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    alone = _cut_off()
    zipped = tmp_path / "pack.zip"
    words = ["export", "--case", rehearsed.number, "--out", str(zipped)]
    assert holdfast(*words, "--data", str(rehearsed.data)).returncode == 0
    for target in (rehearsed.pack, zipped):
        line = [sys.executable, "-m", "holdfast", "verify", str(target), "--practice", "--json"]
        done = run(*alone, *line, "--data", str(tmp_path / "data"))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["verdict"] == "ok"
        done = run(*alone, "python3", str(rehearsed.pack / "verify.pyz"), "--practice", str(target))
        assert done.returncode == 0, done.stdout


def test_somebody_else_needs_only_python(rehearsed: Rehearsed) -> None:
    """Another account, another folder, an empty home, no packages, no environment."""
    import tempfile

    python = next(
        (found for name in ("/usr/bin/python3.11", "/usr/bin/python3") if (found := _plain(name))),
        sys.executable,
    )
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "received"
        shutil.copytree(rehearsed.pack, other)
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [python, "-I", "-S", str(other / "verify.pyz"), "--practice"],
            cwd="/",
            env={"HOME": "/nonexistent", "LANG": "C.UTF-8"},
            capture_output=True,
            timeout=120,
            **nobody,
        )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert done.stdout.decode().lstrip().startswith("PRACTICE 演练")


def _plain(name: str) -> str:
    """That interpreter, if it is there and new enough."""
    if not Path(name).exists():
        return ""
    said = run(name, "-c", "import sys; print(sys.version_info >= (3, 11))").stdout
    return name if said.strip() == "True" else ""


def test_a_case_verifies_where_it_was_made(
    rehearsed: Rehearsed, capsys: pytest.CaptureFixture[str]
) -> None:
    from holdfast.cli import run as command

    line = ["verify", rehearsed.number, "--practice", "--json", "--quiet"]
    assert command([*line, "--data", str(rehearsed.data)]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "ok"
    report = str(rehearsed.out / "documents" / "evidence-report.en.pdf")
    assert command(["verify", report, "--practice", "--json", "--data", str(rehearsed.data)]) == 0
    capsys.readouterr()
