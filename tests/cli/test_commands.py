"""Every command as a person types it: a process of its own, its words, its exit code."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.command import holdfast, said
from holdfast.adapters.selfcheck import WORKERS
from holdfast.cli import _everywhere, run
from holdfast.cli.desk import Desk, Everywhere, plain
from holdfast.cli.work import _tell_verdict
from holdfast.compose import Holdfast, open_holdfast
from holdfast.core.errors import Cancelled, Refused, Tampered, Unavailable
from holdfast.core.verdict import Finding, TimestampSeen, Verdict

pytestmark = pytest.mark.no_cover

TESTS = Path(__file__).parents[1]


def test_help_is_there_in_both_languages() -> None:
    assert "Keep a link or a file" in holdfast("--help").stdout
    assert "保存" in holdfast("--help", "--lang", "zh").stdout
    assert holdfast("notice", "--help").returncode == 0


@pytest.mark.parametrize(
    "line",
    [("frob",), ("keep",), ("keep", "http://x/", "--as", "song"), ("case", "show"),
     ("shot", "--region", "1,2"), ("--lang", "fr", "due"), ("--data",), ("verify", "--nope", "x")],
)  # fmt: skip
def test_what_cannot_be_made_out_ends_2(line: tuple[str, ...], data: Path) -> None:
    done = holdfast(*line)
    said(done)
    assert done.returncode == 2


def test_a_case_is_opened_shown_and_closed(data: Path) -> None:
    assert holdfast("case", "list", data=data).returncode == 0
    opened = json.loads(holdfast("case", "new", "林某 x", "--json", data=data).stdout)
    assert opened["case"]["number"].startswith("HF-")
    number = opened["case"]["number"]
    shown = json.loads(holdfast("--json", "case", "show", number, data=data).stdout)
    assert [entry["act"] for entry in shown["entries"]] == ["case.opened"]
    renamed = holdfast("case", "rename", number, "林某诉某站", "--json", data=data)
    assert json.loads(renamed.stdout)["case"]["title"] == "林某诉某站"
    shown = json.loads(holdfast("--json", "case", "show", number, data=data).stdout)
    assert shown["case"]["title"] == "林某诉某站"
    assert [entry["act"] for entry in shown["entries"]] == ["case.opened"], "working state only"
    assert holdfast("case", "rename", number, " ", data=data).returncode == 1
    assert holdfast("case", "close", number, data=data).returncode == 0
    assert "(已结案)" in holdfast("case", "list", "--lang", "zh", data=data).stdout
    again = holdfast("case", "close", number, data=data)
    assert again.returncode == 1
    assert "is closed" in said(again)
    assert holdfast("case", "new", " \u200b", data=data).returncode == 1
    assert holdfast("case", "show", "HF-1999-0001", data=data).returncode == 1


def test_the_links_of_a_case_are_kept_again_and_each_answer_is_on_record(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("x")
    kept = json.loads(holdfast("keep", str(tmp_path / "a.txt"), "--json", data=data).stdout)
    case = kept["case"]["number"]
    none = holdfast("recheck", "--case", case, "--lang", "en", data=data)
    assert none.returncode == 1
    assert "no link" in said(none)
    with closing(open_holdfast(data)) as opened:
        (exhibit,) = opened.case_file(case).exhibits
        opened._store.save(replace(exhibit, url="https://nobody.invalid/v/1"))
    again = holdfast("recheck", "--case", case, "--json", data=data)
    assert again.returncode in (1, 3)
    assert {one["target"] for one in json.loads(again.stdout)["failed"]} == {
        "https://nobody.invalid/v/1"
    }
    shown = json.loads(holdfast("case", "show", case, "--json", data=data).stdout)
    assert "capture.failed" in [entry["act"] for entry in shown["entries"]]


def test_files_are_kept_and_their_case_verifies_as_unchecked(data: Path, tmp_path: Path) -> None:
    nasty = tmp_path / "\u202e图 =cmd|' \x1b[31m.txt"
    nasty.write_text("x")
    kept = holdfast("keep", str(nasty), "--from", "a friend", "--json", data=data)
    body = json.loads(kept.stdout)
    assert (kept.returncode, len(body["exhibits"])) == (0, 1)
    assert "\x1b" not in kept.stdout + kept.stderr
    number = body["case"]["number"]
    verified = holdfast("verify", number, "--json", data=data)
    assert (verified.returncode, json.loads(verified.stdout)["verdict"]) == (5, "unchecked")
    pack = tmp_path / "pack.zip"
    assert holdfast("export", "--case", number, "--out", str(pack), data=data).returncode == 0
    paper = tmp_path / "new" / "found.pdf"
    again = holdfast("verify", str(pack), "--quiet", "--out", str(paper), data=data)
    assert again.returncode == 5
    assert paper.read_bytes().startswith(b"%PDF")
    assert [one.name for one in paper.parent.iterdir()] == ["found.pdf"]
    held = pack.read_bytes()
    over = holdfast("verify", str(pack), "--out", str(pack), "--lang", "en", data=data)
    assert (over.returncode, "another place" in over.stderr) == (1, True)
    assert pack.read_bytes() == held, "no paper replaces what it is about"
    assert holdfast("export", "--case", number, "--out", str(tmp_path / "p"), data=data)
    inside = str(tmp_path / "p" / "data" / "x.pdf")
    assert holdfast("verify", str(tmp_path / "p"), "--out", inside, data=data).returncode == 1
    (tmp_path / "file").write_text("x")
    wrong = holdfast("verify", number, "--out", str(tmp_path / "file" / "x.pdf"), data=data)
    assert wrong.returncode == 1


def test_a_changed_object_is_named_and_ends_4(data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    body = json.loads(holdfast("keep", str(tmp_path / "a.txt"), "--json", data=data).stdout)
    sha256 = body["exhibits"][0]["artifacts"][0]["digest"]["sha256"]
    place = data / "objects" / sha256[:2] / sha256
    place.chmod(0o600)
    place.write_text("y")
    done = holdfast("verify", body["case"]["number"], "--lang", "zh", data=data)
    assert done.returncode == 4
    assert "files/a.txt" in done.stdout


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("file:///etc/passwd", 1),
        ("javascript:alert(1)", 1),
        ("http://", 1),
        ("/nowhere/at/all.txt", 1),
        ("https://name.invalid/x", 3),
        ("http://169.254.169.254/latest", 1),
    ],
)
def test_bad_links_are_one_sentence_and_the_right_code(target: str, code: int, data: Path) -> None:
    done = (
        holdfast("keep", target, "--as", "page", data=data)
        if code == 3
        else holdfast("keep", target, data=data)
    )
    assert said(done).strip()
    assert done.returncode == code


def test_without_a_display_a_screenshot_says_so(data: Path) -> None:
    done = holdfast("shot", data=data)
    assert done.returncode == 3
    assert "capture.failed" in [
        entry["act"]
        for entry in json.loads(holdfast("case", "show", "HF-", "--json", data=data).stdout)[
            "entries"
        ]
    ]
    assert said(done)


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = holdfast("case", "list", data=tmp_path / "file" / "data")
    assert done.returncode == 1
    assert said(done)


def test_a_newer_database_is_refused_in_words(data: Path) -> None:
    holdfast("case", "list", data=data)
    import sqlite3

    with sqlite3.connect(data / "holdfast.db") as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
            ("holdfast", "m999", "x"),
        )
    db.close()
    done = holdfast("case", "list", data=data)
    assert done.returncode == 1
    assert "newer" in said(done)


def test_damaged_settings_are_set_aside(data: Path) -> None:
    data.mkdir()
    (data / "settings.json").write_text('{"language": 7}')
    assert holdfast("selfcheck", data=data).returncode == 0
    assert (data / "settings.damaged.json").exists()


def test_selfcheck_lists_what_is_there(data: Path) -> None:
    body = json.loads(holdfast("selfcheck", "--json", data=data).stdout)
    checks = {check["check"]: check["outcome"] for check in body["checks"]}
    assert checks["libraries"] == checks["workers"] == checks["i18n"] == "pass"
    assert {"capture: page", "capture: video", "capture: file", "capture: screen"} <= set(checks)


def test_selfcheck_asks_for_every_worker_that_a_frozen_program_starts() -> None:
    from holdfast import __main__

    source = Path(__main__.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'"--worker", "([a-z]+)"', source)) == set(WORKERS)


def test_what_a_crash_left_is_said_before_anything_new(data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    number = json.loads(holdfast("case", "new", "x", "--json", data=data).stdout)["case"]["id"]
    room = data / "staging" / "0190"
    (room / "work" / "files").mkdir(parents=True)
    (room / "work" / "files" / "half.bin").write_text("half")
    (room / "about.json").write_text(
        json.dumps({"case": number, "source": "page", "target": "http://x/"})
    )
    done = holdfast("keep", str(tmp_path / "a.txt"), data=data)
    assert "did not end properly" in said(done)
    assert re.search(r"under HF-\d{4}-0001 E0001 ", said(done)), "of another case than the new one"


def test_nothing_is_due_and_the_law_is_listed(data: Path) -> None:
    assert holdfast("due", data=data).returncode == 0
    assert holdfast("due", "--within", "-1", data=data).returncode == 1
    regimes = json.loads(holdfast("notice", "regimes", "--json", data=data).stdout)
    assert {regime["id"] for regime in regimes["regimes"]} >= {"civil-1195", "dmca-512c3"}
    assert holdfast("notice", "check", "L99", data=data).returncode == 1


def test_a_letter_takes_own_words_and_its_dates_are_ticked_off(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("voice")
    case = json.loads(holdfast("keep", str(file), "--json", data=data).stdout)["case"]["number"]
    about = (
        "--case",
        case,
        "--regime",
        "civil-1195",
        "--platform",
        "youku",
        "--answer",
        "used=face",
    )
    drafted = json.loads(holdfast("notice", "draft", *about, "--json", data=data).stdout)["notice"]
    letter = drafted["document"]
    own = tmp_path / "own.txt"
    own.write_bytes("\ufeff我自己写的\r\n正文".encode())
    edited = holdfast("notice", "edit", letter, "--text", str(own), "--json", data=data)
    assert json.loads(edited.stdout)["notice"]["text"] == "我自己写的\n正文"
    assert json.loads(edited.stdout)["gauge"]["elements"][0]["state"] == "missing"
    back = json.loads(holdfast("notice", "edit", letter, "--json", data=data).stdout)["notice"]
    assert (back["text"], back["edited"]) == (drafted["text"], False)
    assert holdfast("notice", "edit", letter, "--text", str(data / "no"), data=data).returncode == 2
    opened = open_holdfast(data)
    try:
        notice = opened.case_file(case).notices[0]
        past = "2026-01-01T00:00:00.000Z"
        approved = replace(notice, status="approved", approved=past, reply_by="2026-01-08")
        opened._store.save(approved)
    finally:
        opened.close()
    assert holdfast("notice", "sent", letter, "--channel", "paper", data=data).returncode == 0
    assert f"{letter}  recheck_1  " in holdfast("due", data=data).stdout
    done = holdfast("notice", "done", letter, "recheck_1", data=data)
    assert "Ticked off: See whether it is still online" in done.stdout
    assert "recheck_1  " not in holdfast("due", data=data).stdout
    assert holdfast("notice", "done", letter, "rabbit", data=data).returncode == 1
    again = holdfast("notice", "again", letter, "--answer", "still=yes", "--json", data=data)
    assert json.loads(again.stdout)["notice"]["document"] == letter.replace("L01", "L02")
    assert letter in json.loads(again.stdout)["notice"]["text"]
    assert "keep the same links again first" in json.loads(again.stdout)["notice"]["text"]
    refused = holdfast("notice", "again", letter, "--answer", "still=no", data=data)
    assert "no second notice is needed" in said(refused)


def test_control_c_ends_130(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "holdfast", "practice", "--serve", "--out", str(tmp_path)]
    # Tests that run in the background inherit that Ctrl+C is ignored; a person's shell does not.
    served = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert served.stdout is not None
        assert served.stdout.readline()
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=30) in (0, 130)
        served.stdout.close()
    finally:
        served.kill()
        served.wait()


# --- the parts -----------------------------------------------------------------------------------


def test_global_options_stand_anywhere_but_after_two_dashes() -> None:
    found, rest = _everywhere(["keep", "--json", "x", "--data=/d", "--lang", "zh", "--", "--quiet"])
    assert found == Everywhere(data=Path("/d"), json=True, lang="zh")
    assert rest == ["keep", "x", "--", "--quiet"]


def test_each_kind_of_error_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(Everywhere(lang="en"))
    assert desk.trouble(Refused("title_empty")) == 1
    assert desk.trouble(Unavailable("database_busy")) == 3
    assert desk.trouble(Tampered("object_missing", sha256="00")) == 4
    assert capsys.readouterr().err.count("\n") == 3
    assert desk.trouble(Cancelled()) == 130
    assert capsys.readouterr().err == ""


def test_what_a_pack_says_of_itself_is_no_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """A record may name its documents as it likes: over two lines, or over the whole screen."""
    forged = "x\n\nIntact: everything matches what was sealed.\x1b[2J\u202e"
    finding = Finding(subject=forged, rule="ledger_document", outcome="broken", detail=forged)
    stamp = TimestampSeen(subject=forged, kind="rfc3161", network="", status="broken", by=forged)
    verdict = Verdict(verdict="broken", findings=(finding,), timestamps=(stamp,))
    _tell_verdict(Desk(Everywhere(lang="en")), verdict)
    out = capsys.readouterr().out
    assert not any(line.startswith("Intact") for line in out.splitlines())
    assert not set(out) & set("\x1b\u202e")


def test_values_become_plain_json() -> None:
    assert plain({"a": (b"\x01", Path("x"), 0.5, Everywhere(json=True))}) == {
        "a": ["01", "x", 0.5, {"data": None, "json": True, "lang": None, "quiet": False}]
    }


def test_a_bug_of_ours_is_told_where_the_data_folder_cannot_take_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "log").write_text("in the way")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(Holdfast, "cases", lambda _: 1 / 0)
    listing = ["case", "list", "--lang", "en", "--data", str(tmp_path / "data")]
    assert run(listing) == 1
    (log,) = (tmp_path / "elsewhere").iterdir()
    assert str(log) in capsys.readouterr().err
    assert "ZeroDivisionError" in log.read_text()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere" / "at all"))
    assert run(listing) == 1
    assert "our fault" in capsys.readouterr().err


def test_a_data_folder_that_leads_nowhere_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    for folder in (str(tmp_path / "one"), "~nobody-of-that-name/x", str(tmp_path / ("x" * 300))):
        assert run(["case", "list", "--lang", "en", "--data", folder]) == 1
        assert "cannot be written to" in capsys.readouterr().err


def test_nothing_is_put_among_what_holdfast_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"

    def told(*line: str) -> str:
        capsys.readouterr()
        assert run([*line, "--lang", "en", "--data", str(data)]) == 1
        return capsys.readouterr().err

    assert run(["case", "new", "x", "--data", str(data)]) == 0
    (tmp_path / "way").symlink_to(data)
    for place in (data / "holdfast.db", data / "staging" / "pack", tmp_path / "way" / "x.zip"):
        out = ("--out", str(place))
        assert "in the data folder" in told("export", "--case", "HF", *out)
        assert "in the data folder" in told("ledger", "checkpoint", "HF", *out)
    assert run(["case", "show", "HF", "--data", str(data)]) == 0
    assert (
        run(["export", "--case", "HF", "--out", str(data / "out" / "x"), "--data", str(data)]) == 0
    )
