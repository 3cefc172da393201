"""Folders, files alone, and several things at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.packed import Rehearsal, broken, finished, flipped, judged, rehearsal, rules
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.job import Job, Progress
from holdfast.core.verdict import Finding, TimestampSeen, Verdict
from holdfast.usecases import kept, targets
from holdfast.usecases.case_view import kept_here
from holdfast.usecases.targets import Thing, sort_targets, weight
from holdfast.usecases.telling import advice, line, sentence, shows
from holdfast.usecases.verify import Shelf

EXHIBIT = finished().folder / "data/exhibits/E0001"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsal(tmp_path_factory.mktemp("made")) as case:
        yield case


def labels(folder: Path) -> dict[str, int]:
    return {thing.label: len(thing.proofs) for thing in sort_targets([folder], Job()).things}


def with_proof(folder: Path, name: str = "letter.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    shutil.copy(EXHIBIT / "capture.json", file)
    shutil.copy(EXHIBIT / "proofs/capture.json.practice-tsa-jia.tsr", folder / f"{name}.jia.tsr")
    return file


# --- folders -------------------------------------------------------------------------------------


def test_a_folder_is_opened_and_everything_in_it_looked_at(tmp_path: Path) -> None:
    shutil.copytree(finished().folder, tmp_path / "sent" / "pack")
    shutil.copy(finished().archive, tmp_path / "sent" / "again.zip")
    with_proof(tmp_path / "deep" / "er")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert labels(tmp_path) == {"deep/er/letter.json": 1, "sent/again.zip": 0, "sent/pack": 0}
    verdict = judged(tmp_path)
    assert verdict.verdict == "ok", [f for f in verdict.findings if f.outcome == "broken"]
    assert {f.subject.split("/")[0] for f in verdict.findings if f.subject} == {"sent", "deep"}
    assert "sent/pack/data/ledger/entries.jsonl" in {f.subject for f in verdict.findings}
    whole = tmp_path / "sent" / "pack" / "data/exhibits/E0001/capture.json"
    whole.chmod(0o600)
    whole.write_bytes(flipped(whole.read_bytes()))
    named = broken(judged(tmp_path))
    assert "sent/pack/data/exhibits/E0001/capture.json" in named
    assert not any("again.zip" in name for name in named)


def test_files_that_nothing_speaks_of_are_one_finding(tmp_path: Path, made: Rehearsal) -> None:
    for number in range(8):
        (tmp_path / f"{number}.jpg").write_bytes(bytes([number]))
    shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path)
    (tmp_path / "torn.ots").write_bytes(bytes((1 << 20) + 1))
    with_proof(tmp_path)
    for shelf in (None, made.shelf):
        verdict = judged(tmp_path, shelf=shelf)
        assert verdict.verdict == "unchecked"
        (told,) = [f for f in verdict.findings if f.rule == "folder_unknown"]
        assert told.detail == "9: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg …"
        (refused,) = [f for f in verdict.findings if f.rule == "folder_refused"]
        assert refused.subject == "torn.ots"
        assert advice(verdict) == "ui.verify.practice.now"


def test_links_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    shutil.copytree(finished().folder, secret / "pack")
    with_proof(secret)
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "pack").symlink_to(secret / "pack")
    (folder / "up").symlink_to("..")
    (folder / "letter.json").symlink_to(secret / "letter.json")
    shutil.copy(secret / "letter.json.jia.tsr", folder)
    os.mkfifo(folder / "pipe")
    found = sort_targets([folder], Job())
    assert [thing.label for thing in found.things] == ["letter.json.jia.tsr"]
    said = {finding.rule: finding.detail for finding in found.findings}
    assert said == {"folder_link": "3: letter.json, pack, up", "folder_unread": "1: pipe"}
    assert "proof_without_file" in rules(judged(folder))
    # No link on the way between a proof and its file is followed either.
    (folder / "files").symlink_to(secret)
    (folder / "proofs" / "files").mkdir(parents=True)
    moved = shutil.copy(secret / "letter.json.jia.tsr", folder / "proofs" / "files")
    assert "proof_without_file" in rules(judged(moved))


def test_a_folder_ends_where_the_limits_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*["d"] * 16)
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"")
    (found,) = sort_targets([tmp_path], Job()).findings
    assert (found.rule, found.outcome) == ("folder_too_many", "unchecked")
    monkeypatch.setattr(targets, "MOST_FILES", 3)
    for number in range(9):
        (tmp_path / f"a{number}").write_bytes(b"")
    sorted_ = sort_targets([tmp_path], Job())
    assert len(sorted_.things) == 3
    assert sorted_.findings[0].detail == "3"


def test_what_cannot_be_listed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "a").write_bytes(b"a")
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert {f.rule: f.detail for f in judged(tmp_path).findings}["folder_unread"] == "1: shut"


@pytest.mark.parametrize("listed", [False, True])
def test_a_folder_that_may_not_be_entered_is_said_to_be_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    (shut / "a").write_bytes(b"a")
    real_stat, real_scandir = Path.stat, os.scandir

    def stat(self: Path, **more: bool) -> os.stat_result:
        if self.parent == shut:
            raise PermissionError(13, "Permission denied")
        return real_stat(self, **more)

    def scandir(path: str | Path) -> object:
        if Path(path) == shut and not listed:
            raise PermissionError(13, "Permission denied")
        return real_scandir(path)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "scandir", scandir)
    assert kept.sort_kept([shut / "a"], ()).rest == (str(shut / "a"),)
    if not listed:
        (told,) = judged(shut).findings
        assert (told.rule, told.detail) == ("folder_unread", "1: shut")
    with pytest.raises(Refused) as caught:
        judged(shut / "a")
    assert caught.value.code == "verify_unreadable", "it may well be there"


def test_a_folder_of_links_alone_is_not_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "film.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    verdict = judged(tmp_path / "sent")
    assert verdict.verdict == "unchecked"
    assert [f.rule for f in verdict.findings] == ["folder_link"]
    assert advice(verdict) == "ui.verify.unseen.now"


def test_a_head_of_a_very_long_name_is_read_all_the_same(tmp_path: Path) -> None:
    head = tmp_path / f"{'x' * 250}.txt"
    shutil.copy(finished().folder / "data/ledger/checkpoint.txt", head)
    found = judged(finished().folder, head).findings
    assert "kept_holds" in {finding.rule for finding in found}


def test_an_empty_folder_holds_nothing_to_check(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    (tmp_path / ".DS_Store").write_bytes(b"")
    with pytest.raises(Refused) as caught:
        judged(tmp_path)
    assert caught.value.code == "verify_empty"


def test_looking_through_a_folder_can_be_stopped(tmp_path: Path) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        sort_targets([tmp_path], job)


def test_a_database_is_for_the_program(tmp_path: Path) -> None:
    (tmp_path / "holdfast.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    (tmp_path / "holdfast.db-wal").write_bytes(b"")
    for target in (tmp_path, tmp_path / "holdfast.db"):
        verdict = judged(target)
        assert (verdict.verdict, rules(verdict)) == ("unchecked", {"copy_elsewhere"})


# --- several things at once ----------------------------------------------------------------------


def test_a_proof_from_elsewhere_is_put_to_the_file_it_came_with(tmp_path: Path) -> None:
    file = with_proof(tmp_path / "a")
    proof = file.with_name("letter.json.jia.tsr")
    elsewhere = tmp_path / "b" / proof.name
    elsewhere.parent.mkdir()
    proof.rename(elsewhere)
    verdict = judged(file, elsewhere)
    assert verdict.verdict == "ok"
    assert [seen.subject for seen in verdict.timestamps] == ["letter.json"]
    # Beside its file it is looked at once, whether or not it was dropped as well.
    elsewhere.rename(proof)
    assert len(judged(file, proof).timestamps) == 1
    # Two files of that name: it is not known of which it speaks.
    other = tmp_path / "c" / "letter.json"
    other.parent.mkdir()
    shutil.copy(file, other)
    alone = shutil.copy(proof, tmp_path / "c.d.jia.tsr")
    proof.rename(elsewhere)
    verdict = judged(file, other, elsewhere, Path(alone))
    assert "proof_without_file" in rules(verdict)


def test_every_finding_says_which_of_several_it_is_about(tmp_path: Path) -> None:
    file = with_proof(tmp_path)
    verdict = judged(finished().archive, file)
    subjects = {f.subject for f in verdict.findings if f.rule != "world_practice"}
    assert "pack.zip/data/ledger/entries.jsonl" in subjects
    assert {seen.subject for seen in verdict.timestamps} >= {"letter.json"}


def test_progress_over_several_things_is_one(tmp_path: Path) -> None:
    file = with_proof(tmp_path)
    told: list[Progress] = []
    from fakes.packed import bench
    from holdfast.usecases.verify import Options, verify

    verify([finished().archive, file], Options(), bench=bench(), job=Job(told.append))
    steps = [(one.done, one.total) for one in told if one.stage == "checking"]
    assert steps == sorted(steps)
    assert len({total for _, total in steps}) == 1
    assert weight(Thing(named=str(tmp_path / "absent")), Job()) == 0


# --- a file alone --------------------------------------------------------------------------------


def shelf_of(made: Rehearsal) -> Shelf:
    return replace(
        made.shelf,
        kept=lambda sha256: kept_here(sha256, store=made.store, vault=made.vault),
        cases=lambda: (made.case,) if made.case is not None else (),
    )


def test_a_file_of_an_exhibit_is_found_on_record(made: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "copy-of-film.bin"
    file.write_bytes(bytes(range(256)) * 400)
    verdict = judged(file, shelf=shelf_of(made))
    assert verdict.verdict == "ok"
    (told,) = [f for f in verdict.findings if f.rule == "file_on_record"]
    assert (told.subject, told.detail) == (
        "copy-of-film.bin",
        f"{made.number}, E0002, files/video.mp4",
    )
    assert made.case is not None
    exhibit = made.store.exhibit(made.case.id, "E0001")
    file.write_bytes(made.vault.read(exhibit.digest.sha256))
    (told,) = [f for f in judged(file, shelf=shelf_of(made)).findings if f.rule == "file_on_record"]
    assert told.detail == f"{made.number}, E0001, capture.json"
    file.write_bytes(b"never seen")
    verdict = judged(file, shelf=shelf_of(made))
    assert [(f.rule, f.detail) for f in verdict.findings] == [("file_unknown", "1")]


def test_a_table_alone_vouches_for_nothing(made: Rehearsal) -> None:
    assert made.case is not None
    exhibit = made.store.exhibit(made.case.id, "E0002")
    (film,) = exhibit.artifacts
    sha256 = "ab" * 32
    try:
        made.store.save(
            replace(exhibit, artifacts=(replace(film, digest=replace(film.digest, sha256=sha256)),))
        )
        assert kept_here(sha256, store=made.store, vault=made.vault) is None
        gone = replace(exhibit, digest=replace(exhibit.digest, sha256="cd" * 32))
        made.store.save(gone)
        assert kept_here(film.digest.sha256, store=made.store, vault=made.vault) is None
    finally:
        made.store.save(exhibit)


# --- what to do now ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "rule", "key"),
    [
        ("ok", "bag_match", ""),
        ("weak", "copy_older", "ui.verify.older.now"),
        ("weak", "proof_without_file", "ui.verify.file.now"),
        ("weak", "key_succeeded", "ui.verify.key.now"),
        ("broken", "file_changed", "ui.verify.broken.now"),
        ("broken", "copy_read", "ui.verify.copy.now"),
        ("broken", "copy_damaged", "ui.verify.copy.now"),
        ("unchecked", "kept_alone", "ui.ledger.alone.now"),
        ("unchecked", "kept_between", "ui.ledger.between.now"),
        ("unchecked", "copy_of_newer", "ui.verify.newer.now"),
        ("unchecked", "copy_objects_absent", "ui.verify.objects.now"),
        ("unchecked", "file_unknown", "ui.verify.alone.now"),
        ("unchecked", "document_unknown", "ui.verify.alone.now"),
        ("unchecked", "folder_unread", "ui.verify.unseen.now"),
        ("unchecked", "exhibit_undated", "ui.verify.undated.now"),
        ("unchecked", "token_root_unknown", "ui.verify.unchecked.now"),
        ("weak", "exhibit_one_source", "ui.verify.weak.now"),
        ("weak", "token_accuracy", "ui.verify.weak.now"),
        ("weak", "pack_verifier_unknown", "ui.verify.weak.ask.now"),
        ("weak", "checkpoint_unsigned", "ui.verify.weak.ask.now"),
        ("weak", "zip_rewritten", "ui.verify.weak.ask.now"),
        ("weak", "kept_in_vault", "ui.verify.vault.now"),
    ],
)
def test_what_to_do_follows_from_what_was_found(verdict: str, rule: str, key: str) -> None:
    finding = Finding(subject="x", rule=rule, outcome=verdict)  # type: ignore[arg-type] # listed
    assert advice(Verdict(verdict=verdict, findings=(finding,))) == key  # type: ignore[arg-type] # listed


def test_what_only_waits_is_told_to_wait() -> None:
    seen = TimestampSeen(subject="x", kind="opentimestamps", network="", status="pending")
    verdict = Verdict(verdict="unchecked", timestamps=(seen,))
    assert advice(verdict) == "ui.verify.pending.now"


# --- what may be said ----------------------------------------------------------------------------


def found(verdict: str, rule: str, status: str = "") -> Verdict:
    """A verdict over one finding and at most one time-stamp."""
    finding = Finding(subject="x", rule=rule, outcome=verdict)  # type: ignore[arg-type] # listed
    time = "2026-01-01T00:00:00.000Z" if status == "confirmed" else None
    stamp = TimestampSeen(subject="x", kind="rfc3161", network="", status=status, time=time)
    seen = (stamp,) if status else ()
    recorded = rule in ("ledger_match", "file_changed")
    return Verdict(verdict=verdict, findings=(finding,), timestamps=seen, recorded=recorded)  # type: ignore[arg-type] # listed


@pytest.mark.parametrize(
    ("verdict", "top", "may"),
    [
        (found("ok", "ledger_match", "confirmed"), "ok", "whole"),
        (found("ok", "ledger_match"), "ok.plain", "whole"),
        (found("broken", "file_changed", "confirmed"), "broken", "broken"),
        (found("unchecked", "ledger_match", "pending"), "pending", "whole"),
        (found("ok", "token_good", "confirmed"), "ok.loose", "loose"),
        (found("weak", "proof_without_file", "confirmed"), "weak.loose", "loose"),
        (found("weak", "proof_without_file"), "weak.loose.plain", "nothing"),
        (found("broken", "token_imprint"), "broken.loose", "loose.broken"),
        (found("broken", "pack_unreadable"), "broken.unopened", "nothing"),
        (found("unchecked", "ots_pending", "pending"), "pending.loose", "nothing"),
        (found("unchecked", "file_unknown"), "unchecked", "nothing"),
        (found("unchecked", "kept_alone"), "unchecked", "nothing"),
    ],
)
def test_only_a_record_says_what_was_sealed(verdict: Verdict, top: str, may: str) -> None:
    assert sentence(verdict) == f"ui.verify.{top}"
    assert shows(verdict) == f"ui.verify.shows.{may}"
    more = {"pending.loose": ".loose", "broken.unopened": ".unopened"}.get(top, "")
    assert line(verdict) == f"ui.verify.{verdict.state}{more}.line"


def test_what_cannot_be_opened_is_not_said_to_differ_from_what_was_sealed(tmp_path: Path) -> None:
    torn = tmp_path / "holiday.zip"
    torn.write_bytes(bytes(5000))
    verdict = judged(torn)
    assert (verdict.verdict, rules(verdict)) == ("broken", {"pack_unreadable"})
    assert sentence(verdict) == "ui.verify.broken.unopened"
    assert not verdict.recorded
