"""Where an exhibit came from, from capture to command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.desk import FakeSource
from fakes.warm import begun
from holdfast.compose import open_holdfast
from holdfast.core.errors import Refused
from holdfast.core.job import Job

PAGE = json.dumps(
    {"document": {"headers": [{"name": "date", "value": "Mon, 01 Jan 2001 00:00:00 GMT"}]}}
).encode()


def holdfast(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "holdfast", *words, "--data", str(data)]
    settings = {**os.environ, "LANG": "C.UTF-8"}
    return subprocess.run(begun(line), capture_output=True, text=True, env=settings, timeout=120)


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


@pytest.fixture
def case(tmp_path: Path) -> str:
    """A case with a page and a file, kept while nobody is asked."""
    opened = open_holdfast(tmp_path / "data")
    try:
        opened.save_settings(replace(opened.settings, offline=True))
        (tmp_path / "a.txt").write_text("x")
        page = FakeSource({"page.txt": "© 京ICP备16025439号".encode(), "page.json": PAGE})
        opened.__dict__["sources"] = {**opened.sources, "page": page}
        kept = opened.keep("https://www.example.com/v/12", Job(), how="page")
        opened.keep_files([tmp_path / "a.txt"], Job(), kept.case.id)
        assert [row.key for row in opened.origin(kept.exhibits[0])] == [
            "date_behind",
            "icp",
            "lookups",
        ]
        with pytest.raises(Refused):
            opened.origin_record(kept.case.number, "E0009")
    finally:
        opened.close()
    return kept.case.number


def test_where_it_came_from_is_told_and_given(case: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = holdfast("origin", "E0001", "--case", case, "--lang", "en", data=data)
    said(told)
    assert told.returncode == 0
    assert "Mon, 01 Jan 2001 00:00:00 GMT" in told.stdout
    assert "京ICP备16025439号, line 1/1 of" in told.stdout
    assert "not obtained: working offline" in told.stdout
    chinese = holdfast("origin", "E0001", "--case", case, "--lang", "zh", data=data).stdout
    assert "未取得：处于离线状态" in chinese
    given = json.loads(holdfast("origin", "E0001", "--case", case, "--json", data=data).stdout)
    assert given["exhibit"] == "E0001"
    assert given["origin"]["not_asked"] == "offline"
    assert given["origin"]["host"] == "www.example.com"


def test_a_file_came_from_nowhere_on_the_network(case: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    told = holdfast("origin", "E0002", "--case", case, "--lang", "en", data=data)
    assert (told.returncode, "Nothing was looked up" in told.stdout) == (0, True)
    given = json.loads(holdfast("origin", "E0002", "--case", case, "--json", data=data).stdout)
    assert given["origin"] == {}


def test_an_exhibit_that_is_not_there_is_refused(case: str, tmp_path: Path) -> None:
    done = holdfast("origin", "E0009", "--case", case, data=tmp_path / "data")
    assert done.returncode == 1
    assert said(done)
