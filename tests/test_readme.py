"""What the READMEs tell a newcomer to type exists, and what they point at is there."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.warm import begun

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, *sorted((ROOT / "packaging").rglob("*.md")), ROOT / "CHANGELOG.md"]


def commands(page: Path) -> list[list[str]]:
    """Every line of the code blocks, comments and prose left out."""
    found = []
    for block in re.findall(
        r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            if line.startswith(("python3 ", "holdfast", "pipx ", ".venv/")):
                found.append(shlex.split(line, comments=True))
    return found


def inline(page: Path) -> list[list[str]]:
    """Commands that stand in a sentence."""
    text = re.sub(
        r"^```\n.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    spans: list[str] = re.findall(r"`((?:holdfast|dev\.py) [^`]+)`", text)
    return [shlex.split(span) for span in spans]


def help_of(*words: str) -> str:
    ran = subprocess.run(
        begun([sys.executable, "-m", "holdfast", *words, "--help", "--lang", "en"]),
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inside = [target for target in targets if "://" not in target]
    assert [target for target in inside if not (page.parent / target).exists()] == []


def test_both_languages_tell_the_same_commands() -> None:
    first, second = (commands(page) for page in READMES)
    assert first
    assert first == second


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_the_set_up_script_is_one(page: Path) -> None:
    known = runpy.run_path(str(ROOT / "packaging" / "dev.py"))["COMMANDS"]
    told = [line[2] for line in commands(page) if line[:2] == ["python3", "packaging/dev.py"]]
    told += [line[1] for line in inline(page) if line[0] == "dev.py"]
    assert set(told) <= set(known)
    if page in READMES:
        assert set(told) >= {"practice", "test"}


def test_every_command_of_the_program_is_one() -> None:
    told = {tuple(line[1:2]) for page in READMES for line in (*commands(page), *inline(page))
            if line[0] == "holdfast" and len(line) > 1}  # fmt: skip
    overview = help_of()
    for (word,) in told:
        if word.startswith("-"):
            assert re.search(rf"\s{word}\b", overview), word
        else:
            assert re.search(rf"^  {word} ", overview, re.MULTILINE), word
            assert f"Usage: holdfast {word}" in help_of(word)
    assert {("verify",), ("keep",), ("selfcheck",)} <= told


def test_what_the_tree_is_said_to_hold_is_there() -> None:
    for page in READMES:
        rows = re.findall(r"^\| `([^`]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert rows
        assert [row for row in rows if not (ROOT / row).exists()] == []
