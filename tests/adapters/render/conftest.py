from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.papers import SAMPLE
from holdfast.adapters.render.fonts import Font, FontBook
from holdfast.adapters.render.setting import INK, Line, TextStyle, atoms, break_lines, spans
from holdfast.core.document import Lang


@pytest.fixture(scope="session")
def serif(font_cache: Path) -> Font:
    return FontBook(font_cache).load({"serif": set(SAMPLE)})["serif"]


@pytest.fixture
def set_lines(serif: Font) -> Callable[..., list[Line]]:
    def set_lines(
        text: str, width: float, lang: Lang = "zh", style: TextStyle | None = None
    ) -> list[Line]:
        style = style or TextStyle(face="serif", size=10, leading=16, justify=lang == "zh")
        content = list(spans(text, "serif", INK))
        return break_lines(atoms(content, style.size, {"serif": serif}, lang), width, style)

    return set_lines
