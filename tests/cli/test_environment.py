"""``holdfast environment``, and the check that follows every capture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.environment import ask_nobody
from holdfast.cli import environment
from holdfast.cli import run as command
from holdfast.compose import Holdfast, open_holdfast
from holdfast.core.environment import ITEMS
from holdfast.core.job import Job


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    ask_nobody(folder)
    (tmp_path / "a.txt").write_text("a")
    return folder


def told(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = command([*words, "--data", str(data)])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize(("lang", "name", "why"), [
    ("zh", "hosts 文件", "现在是离线状态，没有向外询问"),
    ("en", "Hosts file", "Offline: nobody was asked"),
])  # fmt: skip
def test_a_table_with_every_item(
    capsys: pytest.CaptureFixture[str], data: Path, lang: str, name: str, why: str
) -> None:
    code, out, _ = told(capsys, data, "environment", "--lang", lang)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == len(ITEMS) + 2
    assert any(line.startswith(name) for line in lines)
    assert why in out
    # The columns stand under one another, whatever the language.
    assert len({environment._wide(line[: line.index("  ")]) >= 2 for line in lines[:-1]}) == 1


def test_json_has_raw_values_and_sentences(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    code, out, _ = told(capsys, data, "environment", "--json", "--lang", "en")
    body: dict[str, Any] = json.loads(out)
    assert code == 0
    assert [one["item"] for one in body["readings"]] == list(ITEMS)
    assert set(body["sentences"]) == set(ITEMS)
    assert body["recorded"] is None


def test_a_case_takes_it_into_its_record_and_captures_carry_the_remark(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    _, out, _ = told(capsys, data, "case", "new", "x", "--json")
    number = json.loads(out)["case"]["number"]
    remark = ["--remark", "tunnel=office VPN", "--remark", "dns="]
    code, out, _ = told(capsys, data, "environment", "--case", number, *remark, "--lang", "en")
    assert code == 0
    assert f"Written into the record of {number}" in out
    assert "— office VPN" in out
    code, out, _ = told(
        capsys, data, "keep", str(tmp_path / "a.txt"), "--case", number, "--lang", "en"
    )
    assert code == 0
    assert "Checked again afterwards:" in out
    with opened(data) as holdfast:
        file = holdfast.case_file(number)
        around = holdfast.surroundings(file.exhibits[0])
        assert around is not None
        reading = around.before.reading("tunnel")
        assert reading is not None
        assert reading.remark == "office VPN"
        acts = [entry.act for entry in file.entries]
        assert acts == ["case.opened", *["environment.checked", "exhibit.sealed"] * 1,
                        "environment.checked"]  # fmt: skip
        assert [one.when for one in holdfast.environments(number)] == ["before", "after"]
        # Nothing was captured since, so there is nothing to look at again.
        assert holdfast.check_after(number, Job()) is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--remark", "tunnel=x"), 2),
        (("--case", "HF-2026-0001", "--remark", "tunnel"), 2),
        (("--case", "HF-2026-0001", "--remark", "=x"), 2),
        (("--case", "HF-1999-0001"), 1),
        (("--case", "HF-", "--remark", "weather=fine"), 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    capsys: pytest.CaptureFixture[str], data: Path, words: tuple[str, ...], code: int
) -> None:
    told(capsys, data, "case", "new", "x")
    found, _, err = told(capsys, data, "environment", *words)
    assert found == code
    assert "Traceback" not in err


def test_a_closed_case_takes_no_check(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    told(capsys, data, "case", "new", "x")
    told(capsys, data, "case", "close", "HF-")
    assert told(capsys, data, "environment", "--case", "HF-")[0] == 1


def test_a_failed_capture_needs_no_look_afterwards(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    told(capsys, data, "keep", "http://127.0.0.1:9/x", "--as", "page")
    with opened(data) as holdfast:
        (case,) = holdfast.cases()
        assert holdfast.environments(case.number) == ()


def test_an_end_that_was_asked_for_writes_nothing(data: Path, tmp_path: Path) -> None:
    with opened(data) as holdfast:
        kept = holdfast.keep_files([tmp_path / "a.txt"], Job())
        job = Job()
        job.cancel()
        assert holdfast.check_after(kept.case.number, job) is None
        assert holdfast.case_file(kept.case.number).entries[-1].act == "exhibit.sealed"


def test_the_practice_world_asks_nobody(data: Path) -> None:
    (data / "settings.json").unlink()
    with opened(data) as holdfast:
        case = holdfast._store.open_case("演练", "practice")
        run = holdfast.environment(Job(), case.number)
        for item in ("clock", "dns"):
            reading = run.reading(item)
            assert reading is not None
            assert reading.value("reason") == "practice"


def test_a_sites_name_is_taken_from_a_link_only(data: Path) -> None:
    with opened(data) as holdfast:
        for target, host in (
            ("https://Drama.Example:8443/v/1", "drama.example"),
            ("ftp://drama.example/", ""),
            ("/somewhere/file.txt", ""),
            ("monitor:1", ""),
            ("http://\x00", ""),
        ):
            assert holdfast._host(target) == host


class opened:  # noqa: N801  reads as a word
    """Holdfast on a data folder, closed at the end."""

    def __init__(self, data: Path) -> None:
        self.holdfast = open_holdfast(data)

    def __enter__(self) -> Holdfast:
        return self.holdfast

    def __exit__(self, *_: object) -> None:
        self.holdfast.close()
