"""Finds the program's own data in a repository, a wheel and a frozen bundle alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import holdfast

if TYPE_CHECKING:
    from holdfast.core.words import Trouble, Words


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder.  Raises FileNotFoundError."""
    package = Path(holdfast.__file__).resolve().parent
    for base in (package / "resources", package.parent.parent / "resources"):
        if base.is_dir():
            found = base.joinpath(*parts)
            if not found.exists():
                raise FileNotFoundError(found)
            return found
    raise FileNotFoundError("resources")


def table(*parts: str) -> dict[str, Any]:
    """A shipped TOML file."""
    import tomllib

    return tomllib.loads(resource(*parts).read_text(encoding="utf-8"))


@cache
def words(lang: str) -> Words:
    """The catalogues of ``lang``: every ``i18n/<lang>/*.toml`` merged; a key stands only once."""
    import tomllib

    from holdfast.core.words import Trouble, Words

    sentences: dict[str, str] = {}
    errors: dict[str, Trouble] = {}
    for file in sorted(resource("i18n", lang).glob("*.toml")):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        for key, sentence in content.get("words", {}).items():
            if sentences.setdefault(key, sentence) is not sentence:
                raise ValueError(f"{key} stands twice in the {lang} catalogues")
        for code, three in content.get("errors", {}).items():
            if code in errors:
                raise ValueError(f"error {code} stands twice in the {lang} catalogues")
            errors[code] = Trouble(**three)
    return Words(lang, sentences, errors)
