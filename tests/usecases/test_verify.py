"""What a person may put before the checker, and what it answers."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from fakes.packed import (
    Rehearsal,
    bench,
    broken,
    finished,
    flipped,
    judged,
    rehearsal,
    rules,
)
from holdfast.adapters.pack import attachments
from holdfast.adapters.pack.attachments import pdf_attachments
from holdfast.adapters.pack.verifier import pinned_roots
from holdfast.core.errors import Refused, Tampered
from holdfast.core.job import Job
from holdfast.core.verdict import Finding
from holdfast.usecases import verify as verify_
from holdfast.usecases.packing import Packing
from holdfast.usecases.telling import sentence
from holdfast.usecases.verify import Options, Shelf, verify

EXHIBIT = finished().folder / "data/exhibits/E0001"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("case")) as made:
        yield made


def refused(*targets: Path | str, **options: object) -> str:
    with pytest.raises(Refused) as caught:
        judged(*targets, **options)  # type: ignore[arg-type] # by name
    return caught.value.code


# --- files and proofs ----------------------------------------------------------------------------


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A file with its proofs beside it, as other programs leave them."""
    shutil.copy(EXHIBIT / "capture.json", tmp_path / "capture.json")
    shutil.copy(EXHIBIT / "proofs/capture.json.ots", tmp_path)
    for end in ("tsr", "tsq"):
        shutil.copy(EXHIBIT / f"proofs/capture.json.practice-tsa-jia.{end}", tmp_path)
    shutil.copy(EXHIBIT / "proofs/capture.json.practice-tsa-yi.tsr", tmp_path / "capture.json.tsr")
    shutil.copy(EXHIBIT / "proofs/capture.json.practice-tsa-yi.tsr", tmp_path / "capture.json.tsa")
    return tmp_path / "capture.json"


def test_a_file_is_judged_with_every_proof_beside_it(loose: Path) -> None:
    verdict = judged(loose)
    assert verdict.verdict == "ok"
    assert len(verdict.timestamps) == 4
    assert judged(loose, practice=False).verdict == "unchecked"
    loose.write_bytes(flipped(loose.read_bytes()))
    verdict = judged(loose)
    assert verdict.verdict == "broken"
    assert len(broken(verdict)) == 4


@pytest.mark.parametrize("end", ["ots", "tsr", "tsa", "practice-tsa-jia.tsr"])
def test_a_proof_finds_its_file(loose: Path, end: str) -> None:
    proof = loose.with_name(f"capture.json.{end}")
    verdict = judged(proof)
    assert len(verdict.timestamps) == 1
    assert verdict.timestamps[0].subject == "capture.json"
    assert "proof_without_file" not in rules(verdict)
    loose.unlink()
    alone = judged(proof)
    assert "proof_without_file" in rules(alone)
    assert alone.verdict in ("weak", "unchecked")


def test_proofs_lie_where_a_pack_has_them() -> None:
    assert len(judged(EXHIBIT / "capture.json").timestamps) == 3
    assert len(judged(EXHIBIT / "files/page.html").timestamps) == 1
    assert len(judged(EXHIBIT / "files/shot/full.png").timestamps) == 1
    seen = judged(EXHIBIT / "proofs/files/shot/full.png.ots").timestamps[0]
    assert seen.subject == "full.png"


def test_a_proof_of_a_proof_is_not_a_proof_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "a.txt.ots").write_bytes(b"about a.txt")
    verdict = judged(tmp_path / "a")
    assert verdict.verdict == "unchecked"
    assert rules(verdict) == {"proof_absent"}


def test_a_file_that_nothing_speaks_of_is_unchecked(tmp_path: Path) -> None:
    for name, rule in (
        ("x.pdf", "document_unknown"),
        ("x.txt", "proof_absent"),
        ("x", "proof_absent"),
    ):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
        verdict = judged(tmp_path / name)
        assert verdict.verdict == "unchecked"
        assert rules(verdict) == {rule}


def test_a_pack_under_another_name_is_a_pack(tmp_path: Path) -> None:
    shutil.copy(finished().archive, tmp_path / "evidence.dat")
    verdict = judged(tmp_path / "evidence.dat")
    assert (verdict.verdict, verdict.loose) == ("ok", False)


def test_a_time_stamp_on_a_pack_does_not_vouch_for_what_is_in_it(
    case: Rehearsal, tmp_path: Path
) -> None:
    """Anybody can have the bytes of a changed pack stamped, and lay the proof beside it."""
    name = f"{finished().number}/data/exhibits/E0001/files/page.html"
    at = tmp_path / "pack.zip"
    with zipfile.ZipFile(finished().archive) as before, zipfile.ZipFile(at, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            after.writestr(info, flipped(data) if info.filename == name else data)
    number = case.capture({"pack.zip": at.read_bytes()})
    case.stamp_all()
    out = case.export(tmp_path / "out")
    proof = tmp_path / "pack.zip.ots"
    shutil.copy(out / f"data/exhibits/{number}/proofs/files/pack.zip.ots", proof)
    (headers,) = out.glob("data/timestamps/headers/*.bin")
    for targets in ([at], [proof], [at, proof], [tmp_path]):
        verdict = judged(*targets, headers=headers)
        assert verdict.verdict == "broken"
        assert "ots_simulated" in rules(verdict, ("ok",))
        assert "file_changed" in rules(verdict, ("broken",))


@pytest.mark.parametrize("top", ["../", "HF-2026-0001 /", ""])
def test_a_time_stamp_on_a_pack_that_may_not_be_read_does_not_vouch_for_it(
    case: Rehearsal, tmp_path: Path, top: str
) -> None:
    """Alone it was broken; with a proof beside it, it was a file that existed, and all was well."""
    at = tmp_path / "pack.zip"
    with zipfile.ZipFile(at, "w") as after:
        for name, data in finished().files.items():
            after.writestr(zipfile.ZipInfo(f"{top}{name}"), data)
        if not top:
            # Every mark of a pack stands there twice.
            for name in ("bagit.txt", "manifest-sha256.txt", "data/ledger/entries.jsonl"):
                with pytest.warns(UserWarning, match="Duplicate"):
                    after.writestr(zipfile.ZipInfo(name), b"")
    proof, headers = stamped(case, at, tmp_path)
    for targets in ([at], [proof], [tmp_path]):
        assert judged(*targets, headers=headers).verdict == "broken"


def test_a_zip_that_cannot_be_opened_is_said_beside_its_time_stamp(
    case: Rehearsal, tmp_path: Path
) -> None:
    """Other programs open what says that it has too many parts."""
    at = tmp_path / "pack.zip"
    raw = bytearray(finished().archive.read_bytes())
    raw[-14:-10] = b"\xff\x7f\xff\x7f"
    raw[-10:-6] = b"\xff\xff\xff\x7f"
    at.write_bytes(raw)
    proof, headers = stamped(case, at, tmp_path)
    for targets in ([at], [proof], [tmp_path]):
        verdict = judged(*targets, headers=headers)
        assert verdict.verdict == "unchecked"
        assert "pack_too_many" in rules(verdict, ("unchecked",))


def test_a_pack_that_lies_deeper_in_a_zip_is_not_called_broken(
    case: Rehearsal, tmp_path: Path
) -> None:
    """Somebody packed the folder around it: every file was said to be missing from it."""
    at = tmp_path / "pack.zip"
    with zipfile.ZipFile(at, "w") as after:
        for name, data in finished().files.items():
            after.writestr(f"Desktop/pack/{name}", data)
    with pytest.raises(Refused) as refused:
        judged(at)
    assert refused.value.code == "verify_pack_deeper"
    assert refused.value.facts["folder"] == "pack"
    found = Finding(subject="pack.zip", rule="pack_deeper", outcome="unchecked", detail="pack")
    (tmp_path / "other.txt").write_bytes(b"beside it")
    assert found in judged(tmp_path).findings
    # A time-stamp on it does not vouch for what was not looked at.
    proof, headers = stamped(case, at, tmp_path)
    for targets in ([at], [proof], [tmp_path]):
        verdict = judged(*targets, headers=headers)
        assert verdict.verdict == "unchecked"
        assert {"pack_deeper", "ots_simulated"} <= rules(verdict, ("unchecked", "ok"))


def stamped(case: Rehearsal, at: Path, room: Path) -> tuple[Path, Path]:
    """The proof of a file, beside it, and the headers that it needs."""
    number = case.capture({at.name: at.read_bytes()})
    case.stamp_all()
    out = case.export(room.parent / f"{room.name}-out")
    proof = room / f"{at.name}.ots"
    shutil.copy(out / f"data/exhibits/{number}/proofs/files/{proof.name}", proof)
    (headers,) = out.glob("data/timestamps/headers/*.bin")
    return proof, headers


def test_a_question_that_is_none_speaks_of_no_record(loose: Path) -> None:
    """Its rule begins as none of those that were listed, so a record was spoken of."""
    loose.with_name("capture.json.practice-tsa-jia.tsq").write_bytes(b"junk")
    verdict = judged(loose)
    assert "query_not_der" in rules(verdict, ("broken",))
    assert verdict.loose
    assert sentence(verdict) == "ui.verify.broken.loose"


def test_a_time_stamp_on_a_whole_pack_is_said_with_it(case: Rehearsal, tmp_path: Path) -> None:
    number = case.capture({"pack.zip": finished().archive.read_bytes()})
    case.stamp_all()
    out = case.export(tmp_path / "out")
    at = shutil.copy(finished().archive, tmp_path / "pack.zip")
    shutil.copy(out / f"data/exhibits/{number}/proofs/files/pack.zip.ots", tmp_path)
    (headers,) = out.glob("data/timestamps/headers/*.bin")
    verdict = judged(at, headers=headers)
    assert verdict.verdict == "ok"
    assert {"ledger_match", "ots_simulated"} <= rules(verdict, ("ok",))
    assert "pack.zip" in {seen.subject for seen in verdict.timestamps}


def test_several_targets_give_the_worst(loose: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"")
    verdict = judged(finished().archive, loose, odd)
    assert verdict.verdict == "unchecked"
    assert verdict.findings[0].rule == "world_practice"
    assert [f.rule for f in verdict.findings].count("world_practice") == 1


# --- options -------------------------------------------------------------------------------------


def test_a_root_that_was_named_is_the_only_one(loose: Path, tmp_path: Path) -> None:
    other = tmp_path / "root.pem"
    other.write_bytes(pinned_roots()[0])
    token = loose.with_name("capture.json.practice-tsa-jia.tsr")
    verdict = judged(token, root=other)
    # Practice stays practice, whatever root is named.
    assert {seen.status for seen in verdict.timestamps} <= {"simulated", "broken"}
    chain = finished().folder / "data/timestamps/practice-tsa-jia/chain.pem"
    root = finished().folder / "data/timestamps/practice-tsa-jia/root.pem"
    assert judged(token, root=root, chain=chain).verdict == "ok"


def test_headers_from_a_file_are_used(loose: Path, tmp_path: Path) -> None:
    proof = loose.with_name("capture.json.ots")
    assert judged(proof).verdict == "unchecked"
    (run,) = (finished().folder / "data/timestamps/headers").iterdir()
    assert judged(proof, headers=run).verdict == "ok"
    raw = run.read_bytes()
    lines = tmp_path / "headers.txt"
    lines.write_text(
        "".join(f"{n} {raw[80 * n : 80 * n + 80].hex()}\n" for n in range(len(raw) // 80))
    )
    assert judged(proof, headers=lines).verdict == "ok"


# --- what is refused -----------------------------------------------------------------------------


def test_bad_requests_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_bytes(b"nonsense")
    assert refused() == "verify_nothing"
    assert refused(tmp_path / "absent") == "verify_missing"
    assert refused("a\0b") == "verify_missing"
    assert refused(empty) == "verify_empty"
    assert refused(finished().folder, root=nonsense) == "certificates_unreadable"
    assert refused(finished().folder, chain=nonsense) == "certificates_unreadable"
    assert refused(finished().folder, headers=nonsense) == "headers_unreadable"
    assert refused(finished().folder, headers=tmp_path / "absent") == "verify_missing"
    assert refused(finished().folder, headers=empty) == "verify_unreadable"
    large = tmp_path / "large.ots"
    large.write_bytes(bytes((1 << 20) + 1))
    assert refused(large) == "verify_too_large"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "verify_no_file"
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    assert refused(tmp_path / "link") == "verify_no_file"


def test_a_file_that_cannot_be_read_is_refused(loose: Path) -> None:
    def shut(*_arguments: object) -> dict[str, bytes]:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(Refused) as caught:
        verify((loose,), Options(), bench=bench(digests=shut), job=Job())
    assert caught.value.code == "verify_unreadable"


def test_a_hash_that_cannot_be_computed_is_unchecked(loose: Path) -> None:
    proof = loose.with_name("capture.json.practice-tsa-jia.tsr")
    verdict = verify(
        (proof,), Options(practice=True), bench=bench(digests=lambda *_: {}), job=Job()
    )
    assert "token_hash_unknown" in rules(verdict)


def test_folders_that_may_not_be_listed_hold_no_proofs(
    loose: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", shut)
    assert rules(judged(loose)) == {"proof_absent"}


# --- this computer's own cases -------------------------------------------------------------------


def test_a_case_is_verified_in_its_vault(case: Rehearsal) -> None:
    verdict = judged(case.number, shelf=case.shelf)
    assert verdict.verdict == "ok"
    assert verdict.findings[0].rule == "world_practice"
    assert judged(case.number, shelf=case.shelf, all_digests=True).verdict == "ok"
    assert judged(case.number, shelf=case.shelf, practice=False).verdict == "unchecked"
    with pytest.raises(Refused):
        judged("HF-1999-0001", shelf=case.shelf)


def test_an_issued_document_is_found_on_record(case: Rehearsal, tmp_path: Path) -> None:
    document = tmp_path / "report.pdf"
    document.write_bytes(case.vault.read(case.documents[0].sha256))
    verdict = judged(document, shelf=case.shelf)
    assert verdict.verdict == "ok"
    assert verdict.findings[0].rule == "world_practice"
    (told,) = [f for f in verdict.findings if f.rule == "document_on_record"]
    assert told.detail == f"{case.number}, {case.number}-R1.pdf"
    document.write_bytes(flipped(document.read_bytes()))
    assert rules(judged(document, shelf=case.shelf)) == {"document_unknown"}


def with_attachments(path: Path, files: dict[str, bytes]) -> Path:
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, data in files.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(document, data, filename=name)
        document.save(path)
    return path


def test_what_a_strange_pdf_carries_is_judged_and_itself_is_not(tmp_path: Path) -> None:
    capture = (EXHIBIT / "capture.json").read_bytes()
    carried = {
        "E0001-capture.json": capture,
        "E0001-capture.json.jia.tsr": (
            EXHIBIT / "proofs/capture.json.practice-tsa-jia.tsr"
        ).read_bytes(),
        "E0001-capture.json.ots": (EXHIBIT / "proofs/capture.json.ots").read_bytes(),
        "..%2fevil": b"x",
    }
    looked = bench(attachments=pdf_attachments)
    options = Options(practice=True)
    path = with_attachments(tmp_path / "report.pdf", carried)
    verdict = verify((path,), options, bench=looked, job=Job())
    assert verdict.verdict == "unchecked"
    assert verdict.findings[0].rule == "world_practice"
    assert "document_unknown" in rules(verdict)
    assert len(verdict.timestamps) == 2
    bare = with_attachments(tmp_path / "bare.pdf", {"E0001-capture.json": capture})
    for practice, outcome in ((True, "ok"), (False, "unchecked")):
        told = verify((bare,), Options(practice=practice), bench=looked, job=Job()).findings[0]
        assert (told.rule, told.outcome) == ("world_practice", outcome)
    carried["E0001-capture.json"] = flipped(capture)
    path = with_attachments(tmp_path / "bent.pdf", carried)
    verdict = verify((path,), options, bench=looked, job=Job())
    assert broken(verdict) == {"E0001-capture.json.jia.tsr", "E0001-capture.json.ots"}


def test_attachments_of_what_is_no_pdf_or_too_much_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "odd.pdf"
    odd.write_bytes(b"%PDF-1.7 and nothing else")
    assert pdf_attachments(odd) == {}
    assert pdf_attachments(tmp_path / "absent.pdf") == {}
    path = with_attachments(tmp_path / "many.pdf", {"a": b"1" * 9, "b": b"2", "c": b"3"})
    assert pdf_attachments(path) == {"a": b"1" * 9, "b": b"2", "c": b"3"}
    monkeypatch.setattr(attachments, "MAX_FILE", 5)
    assert set(pdf_attachments(path)) == {"b", "c"}
    monkeypatch.setattr(attachments, "MAX_FILES", 2)
    assert set(pdf_attachments(path)) == {"b"}
    monkeypatch.setattr(attachments, "MAX_PDF", 10)
    assert pdf_attachments(path) == {}


def spelled(at: Path, *named: tuple[str, str, Sequence[bytes]]) -> Path:
    """A PDF with attachments by key, shown name, and one content or two."""
    with pikepdf.new() as document:
        document.add_blank_page()
        listed = pikepdf.Array()
        for key, shown, contents in named:
            streams = [document.make_stream(data) for data in contents]
            held = pikepdf.Dictionary(dict(zip(("/F", "/UF"), streams, strict=False)))
            spec = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F=shown, UF=shown, EF=held)
            listed.extend([pikepdf.String(key), document.make_indirect(spec)])
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=listed))
        document.save(at)
    return at


def test_what_a_viewer_may_show_another_file_for_is_passed_over(tmp_path: Path) -> None:
    """Of two attachments of one name the last was judged, and a viewer shows both."""
    path = tmp_path / "odd.pdf"
    for named, found in (
        ([("a", "a", [b"1"])], {"a"}),
        ([("a", "a", [b"1"]), ("a", "a", [b"2"]), ("b", "b", [b"3"])], {"b"}),
        ([("a", "a", [b"1"]), ("b", "a", [b"2"]), ("c", "c", [b"3"])], {"c"}),
        ([("a", "b", [b"1"])], set()),
        ([("a", "a", [b"1", b"2"])], set()),
        ([("a", "a", [])], set()),
    ):
        assert set(pdf_attachments(spelled(path, *named))) == found


def test_a_case_that_contradicts_its_record_is_broken(case: Rehearsal) -> None:
    def damaged(_case: object) -> object:
        raise Tampered("ledger_unreadable", reason="x")

    shelf = Shelf(find=case.shelf.find, view=damaged, issued=case.shelf.issued)  # type: ignore[arg-type] # raises
    verdict = judged(case.number, shelf=shelf)
    assert verdict.verdict == "broken"
    assert rules(verdict) == {"case_damaged"}


def test_objects_that_cannot_be_opened_are_broken(
    case: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert case.case is not None
    view = case.shelf.view(case.case)
    name = "data/exhibits/E0001/capture.json"
    at = view._files[name].at  # type: ignore[attr-defined] # a CaseView
    real = Path.open

    def shut(self: Path, *rest: object, **more: object) -> object:
        if self == at:
            raise PermissionError(13, "Permission denied")
        return real(self, *rest, **more)  # type: ignore[call-overload] # as given

    monkeypatch.setattr(Path, "open", shut)
    shelf = Shelf(find=case.shelf.find, view=lambda _case: view, issued=case.shelf.issued)
    assert name in broken(judged(case.number, shelf=shelf))
    from holdfast.core.bag import Unreadable

    with pytest.raises(Unreadable):
        view.read(name, 10)
    with pytest.raises(Unreadable):
        view.read("data/ledger/entries.jsonl", 10)
    monkeypatch.undo()
    real_stat = Path.stat

    def gone(self: Path, **more: bool) -> os.stat_result:
        if self == at:
            raise FileNotFoundError(2, "No such file")
        return real_stat(self, **more)

    monkeypatch.setattr(Path, "stat", gone)
    with pytest.raises(Unreadable):
        view.size(name)
    assert view.digests("data/ledger/entries.jsonl", ("nonsense",), lambda _n: None) == {}


def test_a_vault_that_may_not_be_entered_is_told_and_no_bug(
    case: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, stat_, open_ = case.data / "objects", Path.stat, Path.open

    def shut(self: Path) -> None:
        if objects in self.parents:
            raise PermissionError(13, "Permission denied")

    def stat(self: Path, **more: bool) -> os.stat_result:
        shut(self)
        return stat_(self, **more)

    def opened(self: Path, *rest: object, **more: object) -> object:
        shut(self)
        return open_(self, *rest, **more)  # type: ignore[call-overload] # as given

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(Path, "open", opened)
    verdict = judged(case.number, shelf=case.shelf)
    assert "data/exhibits/E0001/capture.json" in broken(verdict)
    assert case.case is not None
    with pytest.raises(Tampered, match="object_unreadable"):
        Packing(case.case, case.store, case.vault, case.tsas).gather()


def test_an_attachment_is_hashed_once_however_many_proofs_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    new = hashlib.new

    def counted(name: str, data: bytes, **how: bool) -> Any:
        hashed.append(len(data))
        return new(name, data, **how)

    capture = (EXHIBIT / "capture.json").read_bytes()
    proof = (EXHIBIT / "proofs/capture.json.practice-tsa-jia.tsr").read_bytes()
    carried = {"a": capture, **{f"a.b{at}.tsr": proof for at in range(5)}}
    path = with_attachments(tmp_path / "many.pdf", carried)
    monkeypatch.setattr(verify_.hashlib, "new", counted)
    verdict = verify(
        (path,), Options(practice=True), bench=bench(attachments=pdf_attachments), job=Job()
    )
    assert len(verdict.timestamps) == 5
    assert hashed.count(len(capture)) == 1
