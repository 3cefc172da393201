"""A command in this very process: what it said, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.environment import ask_nobody
from holdfast.cli import run


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def body(self) -> Any:
        return json.loads(self.out)


@dataclass
class Line:
    """A data folder, and commands on it."""

    data: Path
    heard: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        ask_nobody(self.data)

    def __call__(self, *words: str) -> Said:
        code = run([*words, "--data", str(self.data), "--lang", "en", "--quiet"])
        told = self.heard.readouterr()
        assert "Traceback" not in told.out + told.err
        return Said(code, told.out, told.err)

    def case(self, *texts: str) -> str:
        """The number of a new case with a file for each text."""
        files = []
        for at, text in enumerate(texts):
            file = self.data.parent / f"{at}.txt"
            file.write_text(text)
            files.append(str(file))
        number = self("case", "new", "A case", "--json").body["case"]["number"]
        assert self("keep", *files, "--case", number).code == 0
        return str(number)
