from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from fakes.desk import Desk, FakeSource, desk
from holdfast.adapters.store import vault
from holdfast.adapters.store.keys import Keys
from holdfast.adapters.store.store import Store
from holdfast.adapters.store.vault import Vault
from holdfast.core.case import Case
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.evidence import Captured, Check, Digest, Exhibit, read_manifest
from holdfast.core.job import Job, Progress
from holdfast.core.timestamp import Stamp
from holdfast.usecases import preserve
from holdfast.usecases.preserve import Attempt

LINK = "http://drama.example/ep/12"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


@pytest.fixture
def case(at: Desk) -> Case:
    return at.store.open_case("a", "real")


def keep(at: Desk, case: Case, source: FakeSource, job: Job | None = None) -> Exhibit:
    return preserve.preserve(
        case, source, LINK, store=at.store, vault=at.vault, clock=at.clock, maker=at.maker,
        job=job or Job(),
    )  # fmt: skip


def acts(at: Desk, case: Case) -> list[str]:
    return [entry.act for entry in at.store.entries(case.id)]


def test_what_was_captured_is_sealed_whole(at: Desk, case: Case) -> None:
    exhibit = keep(at, case, FakeSource({"page.png": b"png", "page.txt": "字".encode()}))
    assert exhibit.number == "E0001"
    assert exhibit.title == r"第 12 集\u{202E}<img src=x>"
    manifest = at.vault.read(exhibit.digest.sha256)
    body = read_manifest(manifest)
    assert body["exhibit"] == "E0001"
    assert [f["path"] for f in json.loads(manifest)["files"]] == [
        "files/page.png",
        "files/page.txt",
    ]
    for artifact in exhibit.artifacts:
        assert at.vault.digest(artifact.digest.sha256, Job()) == artifact.digest
    *_, line = at.store.entries(case.id)
    assert (line.act, line.subject) == ("exhibit.sealed", "E0001")
    (ref,) = line.refs
    assert (ref.path, ref.sha256, ref.size) == (
        "exhibits/E0001/capture.json", exhibit.digest.sha256, len(manifest),
    )  # fmt: skip
    heads = at.store.checkpoints(case.id)
    assert [head.size for head in heads] == [1, 2]
    assert list(at.vault.abandoned()) == []


def test_the_ledger_holds_nothing_personal(at: Desk, case: Case) -> None:
    keep(at, case, FakeSource({"a.png": b"x"}))
    text = b"".join(at.store.bodies(case.id)).decode()
    assert "drama.example" not in text
    assert "第 12 集" not in text


def test_numbers_follow_each_other(at: Desk, case: Case) -> None:
    numbers = [keep(at, case, FakeSource({"a": bytes([n])})).number for n in range(3)]
    assert numbers == ["E0001", "E0002", "E0003"]


def test_every_witness_is_queued_for_manifest_originals_and_head(at: Desk, case: Case) -> None:
    keep(at, case, FakeSource({"a.png": b"x"}))
    queued = {(s.kind, s.authority, s.subject.path) for s in at.store.all(Stamp, case.id)}
    assert queued == {
        ("opentimestamps", "", "exhibits/E0001/capture.json"),
        ("opentimestamps", "", "exhibits/E0001/files/a.png"),
        ("opentimestamps", "", "ledger/checkpoints/2.txt"),
        ("rfc3161", "jia", "exhibits/E0001/capture.json"),
        ("rfc3161", "yi", "exhibits/E0001/capture.json"),
        ("rfc3161", "jia", "ledger/checkpoints/2.txt"),
        ("rfc3161", "yi", "ledger/checkpoints/2.txt"),
    }
    for stamp in at.store.all(Stamp, case.id):
        if stamp.subject.kind == "checkpoint":
            assert at.vault.read(stamp.subject.sha256).startswith(b"holdfast.local/")


def test_of_hundreds_of_originals_the_manifest_alone_is_shown(at: Desk, case: Case) -> None:
    files = {f"segment-{n}.mkv": bytes([n]) for n in range(preserve.FILES_STAMPED + 1)}
    exhibit = keep(at, case, FakeSource(files))
    kinds = {stamp.subject.kind for stamp in at.store.all(Stamp, case.id)}
    assert kinds == {"manifest", "checkpoint"}
    listed = json.loads(at.vault.read(exhibit.digest.sha256))["files"]
    assert len(listed) == preserve.FILES_STAMPED + 1
    assert all(one["sha256"] and one["sm3"] for one in listed)


def test_a_head_that_was_never_sent_gives_way_and_a_burst_of_tokens_has_an_end(
    at: Desk, case: Case
) -> None:
    for n in range(14):
        keep(at, case, FakeSource({"a": bytes([n])}))
    stamps = at.store.all(Stamp, case.id)
    heads = [s for s in stamps if s.subject.kind == "checkpoint"]
    assert {s.subject.path for s in heads} == {"ledger/checkpoints/15.txt"}
    assert len(heads) == 3
    tokens = [s for s in stamps if s.kind == "rfc3161" and s.subject.kind == "manifest"]
    assert len(tokens) == 20
    assert len([s for s in stamps if s.kind == "opentimestamps"]) == 14 * 2 + 1


def test_red_completeness_is_on_the_exhibit_and_on_the_ledger(at: Desk, case: Case) -> None:
    red = (Check(check="status", outcome="fail", detail="404"),)
    exhibit = keep(at, case, FakeSource({"a": b"x"}, checks=red))
    assert not exhibit.complete
    assert at.store.entries(case.id)[-1].facts["complete"] is False


def test_a_capture_that_leaves_nothing_is_a_line_all_the_same(at: Desk, case: Case) -> None:
    with pytest.raises(Unavailable, match="host_unknown"):
        keep(at, case, FakeSource({}, Unavailable("host_unknown")))
    assert acts(at, case) == ["case.opened", "capture.failed"]
    (attempt,) = at.store.all(Attempt, case.id)
    assert (attempt.code, attempt.target, attempt.exhibit) == ("host_unknown", LINK, "")
    assert list(at.vault.abandoned()) == []


def test_what_failed_is_settled_once_the_same_target_is_kept(at: Desk, case: Case) -> None:
    for error in (Unavailable("host_unknown"), Cancelled()):
        with pytest.raises(type(error)):
            keep(at, case, FakeSource({"a.png": b"x"} if error.code == "cancelled" else {}, error))
    with pytest.raises(Unavailable):
        preserve.preserve(
            case, FakeSource({}, Unavailable("host_slow")), f"{LINK}3", store=at.store,
            vault=at.vault, clock=at.clock, maker=at.maker, job=Job(),
        )  # fmt: skip
    kept = keep(at, case, FakeSource({"a": b"y"}))
    told = {(one.code, one.target): one.later for one in at.store.all(Attempt, case.id)}
    assert told == {
        ("host_unknown", LINK): kept.number,
        ("cancelled", LINK): "",
        ("host_slow", f"{LINK}3"): "",
    }


def test_an_unavailable_world_leaves_no_half_an_exhibit(at: Desk, case: Case) -> None:
    with pytest.raises(Unavailable):
        keep(at, case, FakeSource({"a": b"x"}, Unavailable("host_slow")))
    assert at.store.all(Exhibit, case.id) == ()


def test_cancelling_keeps_what_is_there_as_incomplete(at: Desk, case: Case) -> None:
    with pytest.raises(Cancelled):
        keep(at, case, FakeSource({"a.png": b"x", "con": b"y"}, Cancelled()))
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert not exhibit.complete
    assert {a.path for a in exhibit.artifacts} == {"files/a.png", "files/part-0002"}
    assert acts(at, case) == ["case.opened", "exhibit.sealed", "capture.failed"]
    (attempt,) = at.store.all(Attempt, case.id)
    assert (attempt.code, attempt.exhibit) == ("cancelled", "E0001")


def test_cancelling_while_sealing_keeps_it_too(at: Desk, case: Case) -> None:
    job = Job(lambda p: job.cancel() if p.stage == "sealing" else None)
    with pytest.raises(Cancelled):
        keep(at, case, FakeSource({"a.png": b"x"}), job)
    assert [e.complete for e in at.store.all(Exhibit, case.id)] == [False]


def test_cancelling_before_anything_is_there_is_a_line(at: Desk, case: Case) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        keep(at, case, FakeSource({"a": b"x"}), job)
    assert acts(at, case) == ["case.opened", "capture.failed"]


@pytest.mark.parametrize("name", ["../x", "a b", "CON"])
def test_unsafe_names_are_never_sealed(at: Desk, case: Case, name: str) -> None:
    with pytest.raises(Refused, match="name_unsafe"):
        keep(at, case, FakeSource({name: b"x"}))
    assert acts(at, case) == ["case.opened", "capture.failed"]


def test_a_capture_without_files_is_refused(at: Desk, case: Case) -> None:
    with pytest.raises(Refused, match="nothing_captured"):
        keep(at, case, FakeSource({}))


def test_a_full_disk_loses_nothing_that_was_sealed(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep(at, case, FakeSource({"a": b"x"}))
    real = os.fsync
    calls = 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="disk_full"):
        keep(at, case, FakeSource({"a": b"y"}))
    monkeypatch.undo()
    assert [e.number for e in at.store.all(Exhibit, case.id)] == ["E0001"]
    assert at.vault.read(first.artifacts[0].digest.sha256) == b"x"
    assert keep(at, case, FakeSource({"a": b"y"})).number == "E0002"


# --- kill -9 at each step ------------------------------------------------------------------------

DIES = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from fakes.desk import FakeSource, desk
from holdfast.adapters.store import store, vault
from holdfast.core.job import Job
from holdfast.usecases import preserve

step = int(sys.argv[4])
left = step

def dying(function):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        return function(*args, **kwargs)
    return wrapped

for owner, names in (
    (os, ["fsync", "link"]),
    (vault.Vault, ["keep", "keep_bytes", "_settle"]),
    (store.Store, ["append", "save", "head", "_rollback"]),
    (FakeSource, ["capture"]),
):
    for name in names:
        setattr(owner, name, dying(getattr(owner, name)))

with desk(Path(sys.argv[1])) as at:
    case = at.store.case(sys.argv[2])
    preserve.preserve(case, FakeSource({"a.png": b"x", "b.txt": b"y"}), "http://x/",
        store=at.store, vault=at.vault, clock=at.clock, maker=at.maker, job=Job())
"""


@pytest.mark.parametrize("step", [*range(1, 19), 21, 25, 29, 33, 43])
def test_killed_at_any_step_the_next_start_finds_and_says_everything(
    at: Desk, case: Case, step: int
) -> None:
    first = keep(at, case, FakeSource({"a": b"first"}))
    tests = str(Path(__file__).parents[1])
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(at.data), case.id, tests, str(step)], check=False
    )
    found = preserve.recover(
        store=at.store, vault=at.vault, clock=at.clock, maker=at.maker, job=Job()
    )
    exhibits = at.store.all(Exhibit, case.id)
    assert first in exhibits
    assert list(at.vault.abandoned()) == []
    if died.returncode == 0:
        assert len(exhibits) == 2
        return
    assert died.returncode == -9
    written = step > 4  # a room is made first; the fourth step is the capture itself
    second = [e for e in exhibits if e.number == "E0002"]
    if second and second[0].complete:
        assert found == ()  # it died after the transaction: sealed is sealed
    elif written:
        (attempt,) = found
        assert attempt.exhibit == "E0002"
        assert {a.path for a in second[0].artifacts} == {"files/a.png", "files/b.txt"}
        assert at.store.entries(case.id)[-1].act == "capture.recovered"
    else:
        assert [a.exhibit for a in found] == [""]
        assert at.store.entries(case.id)[-1].act == "capture.failed"
    for exhibit in exhibits:
        for artifact in exhibit.artifacts:
            assert at.vault.digest(artifact.digest.sha256, Job()) == artifact.digest
    assert (
        preserve.recover(store=at.store, vault=at.vault, clock=at.clock, maker=at.maker, job=Job())
        == ()
    )


def test_a_room_of_a_case_that_is_not_here_is_cleared_away(at: Desk) -> None:
    (at.data / "staging" / "odd").mkdir()
    assert (
        preserve.recover(store=at.store, vault=at.vault, clock=at.clock, maker=at.maker, job=Job())
        == ()
    )
    assert list(at.vault.abandoned()) == []


def test_progress_is_told_in_stages(at: Desk, case: Case) -> None:
    seen: list[Progress] = []
    keep(at, case, FakeSource({"a": b"x"}), Job(seen.append))
    assert [p.stage for p in seen][0] == "opening"
    assert seen[-1].stage == "sealing"


def abandon(at: Desk, about: dict[str, str], files: dict[str, bytes]) -> Path:
    """A room as a killed process leaves it."""
    room = at.data / "staging" / at.clock.new_id()
    for name, data in files.items():
        place = room / "work" / "files" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (room / "about.json").write_text(json.dumps(about))
    return room


def recovered(at: Desk, store: Store | None = None) -> tuple[Attempt, ...]:
    return preserve.recover(
        store=store or at.store, vault=at.vault, clock=at.clock, maker=at.maker, job=Job()
    )


def test_two_that_start_at_once_recover_what_was_cut_short_once(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandon(at, {"case": case.id, "source": "page", "target": LINK}, {"a": b"x"})
    other = Store(at.data, at.clock, Keys(at.data / "keys"))
    salvage, beside = preserve._salvage, []

    def meanwhile(*args: Any) -> Captured | None:
        beside.append(recovered(at, other))
        return salvage(*args)

    monkeypatch.setattr(preserve, "_salvage", meanwhile)
    (attempt,) = recovered(at)
    other.close()
    assert beside == [()]
    assert attempt.exhibit == "E0001"
    assert acts(at, case) == ["case.opened", "exhibit.sealed", "capture.recovered"]


def test_files_of_one_name_in_several_folders_are_all_recovered(at: Desk, case: Case) -> None:
    files = {"a/one.ts": b"1", "b/one.ts": b"2", "b/ONE.ts": b"3", "two.ts": b"4"}
    abandon(at, {"case": case.id, "source": "video", "target": LINK}, files)
    (attempt,) = recovered(at)
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert attempt.exhibit == exhibit.number
    kept = {at.vault.read(artifact.digest.sha256) for artifact in exhibit.artifacts}
    assert kept == set(files.values())


def test_what_cannot_be_recovered_stays_is_said_and_stops_nobody(at: Desk, case: Case) -> None:
    lost = abandon(at, {}, {"half.mkv": b"hours of work"})
    gone = abandon(at, {"case": "0190", "source": "page", "target": LINK}, {"a": b"x"})
    abandon(at, {"case": case.id, "source": "page", "target": LINK}, {"a": b"y"})
    for _ in range(2):
        first, second, *others = recovered(at)
        assert [one.left for one in (first, second)] == [str(lost / "work"), str(gone / "work")]
        assert {one.code for one in (first, second)} == {"case_unknown"}
        assert (lost / "work" / "files" / "half.mkv").read_bytes() == b"hours of work"
    assert others == []
    assert [one.number for one in at.store.all(Exhibit, case.id)] == ["E0001"]
    assert len(at.store.all(Attempt)) == 1


def test_what_there_was_no_room_to_seal_is_sealed_at_the_next_start(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_bytes = Vault.keep_bytes

    def full(_vault: Vault, _data: bytes) -> Digest:
        raise Refused("disk_full", name="capture.json")

    monkeypatch.setattr(Vault, "keep_bytes", full)
    with pytest.raises(Refused, match="disk_full"):
        keep(at, case, FakeSource({"a": b"an hour of film"}))
    monkeypatch.setattr(Vault, "keep_bytes", keep_bytes)
    (attempt,) = recovered(at)
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert (attempt.exhibit, exhibit.complete) == ("E0001", False)
    assert at.vault.read(exhibit.artifacts[0].digest.sha256) == b"an hour of film"
    assert acts(at, case)[1:] == ["capture.failed", "exhibit.sealed", "capture.recovered"]
    assert recovered(at) == ()


@pytest.mark.parametrize("why", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize("where", ["files", "objects"])
@pytest.mark.skipif(sys.platform != "linux", reason="it is asked which file a handle is of")
def test_what_the_vault_could_not_take_is_sealed_at_the_next_start(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch, where: str, why: int
) -> None:
    def failing(file: IO[bytes]) -> None:
        place = Path(f"/proc/self/fd/{file.fileno()}").readlink()
        if place.parent.name == where:
            raise OSError(why, os.strerror(why))

    monkeypatch.setattr(vault, "durable", failing)
    with pytest.raises(Refused, match="data_unwritable"):
        keep(at, case, FakeSource({"a": b"an hour of film"}))
    monkeypatch.undo()
    (attempt,) = recovered(at)
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert (attempt.exhibit, exhibit.complete) == ("E0001", False)
    assert at.vault.read(exhibit.artifacts[0].digest.sha256) == b"an hour of film"


def test_of_what_had_saved_nothing_the_next_start_has_nothing_to_say(at: Desk, case: Case) -> None:
    with pytest.raises(Refused, match="disk_full"):
        keep(at, case, FakeSource({}, Refused("disk_full", name="a")))
    assert recovered(at) == ()
    assert acts(at, case) == ["case.opened", "capture.failed"]


@pytest.mark.parametrize("while_telling", [False, True])
def test_what_found_the_database_held_by_another_is_sealed_at_the_next_start(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch, while_telling: bool
) -> None:
    custody, asked = Store.custody, 0

    def busy(store: Store, case_id: str) -> object:
        nonlocal asked
        asked += 1
        if asked == 1 or while_telling:
            raise Unavailable("database_busy")
        return custody(store, case_id)

    monkeypatch.setattr(Store, "custody", busy)
    with pytest.raises(Unavailable, match="database_busy"):
        keep(at, case, FakeSource({"a": b"a page that is gone by now"}))
    monkeypatch.setattr(Store, "custody", custody)
    (attempt,) = recovered(at)
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert (attempt.exhibit, exhibit.complete) == ("E0001", False)
    assert at.vault.read(exhibit.artifacts[0].digest.sha256) == b"a page that is gone by now"
    told = [] if while_telling else ["capture.failed"]
    assert acts(at, case)[1:] == [*told, "exhibit.sealed", "capture.recovered"]
    assert recovered(at) == ()


def test_what_was_cancelled_and_had_no_room_to_be_sealed_is_sealed_at_the_next_start(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_bytes = Vault.keep_bytes

    def full(_vault: Vault, _data: bytes) -> Digest:
        raise Refused("disk_full", name="capture.json")

    monkeypatch.setattr(Vault, "keep_bytes", full)
    with pytest.raises(Refused, match="disk_full"):
        keep(at, case, FakeSource({"a": b"an hour of film"}, Cancelled()))
    monkeypatch.setattr(Vault, "keep_bytes", keep_bytes)
    (attempt,) = recovered(at)
    (exhibit,) = at.store.all(Exhibit, case.id)
    assert (attempt.exhibit, exhibit.complete) == ("E0001", False)
    assert at.vault.read(exhibit.artifacts[0].digest.sha256) == b"an hour of film"


def test_a_recovery_that_is_cut_short_itself_is_said_at_the_next_start(
    at: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandon(at, {"case": case.id, "source": "page", "target": LINK}, {"a": b"x"})
    seal = preserve.seal

    def dies(*args: Any, **more: Any) -> Exhibit:
        seal(*args, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(preserve, "seal", dies)
    with pytest.raises(KeyboardInterrupt):
        recovered(at)
    monkeypatch.setattr(preserve, "seal", seal)
    (attempt,) = recovered(at)
    assert (attempt.exhibit, attempt.target) == ("E0001", LINK)
    assert acts(at, case) == ["case.opened", "exhibit.sealed", "capture.recovered"]
    assert recovered(at) == ()
