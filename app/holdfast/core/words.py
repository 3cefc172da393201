"""The catalogues of one language: every sentence a person reads, by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.core.canonical import one_line
from holdfast.core.errors import HoldfastError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error in words: what happened, why, and what to do now."""

    what: str
    why: str
    now: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.now) if part)


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences by key, ``{fact}`` filled by ``str.format``-like plain replacement."""

    lang: str
    words: Mapping[str, str]
    errors: Mapping[str, Trouble]

    def __call__(self, key: str, /, **facts: object) -> str:
        """The sentence of ``key`` with its facts filled in.  Raises KeyError for an unknown key."""
        return _fill(self.words[key], facts)

    def fact(self, text: str) -> str:
        """A fact as people say it: why something is unreadable, or a block, in their language."""
        if (own := self.words.get(f"reason.{text}")) is not None:
            return own
        said = self.words.get("fact_block", "block {height}")
        return _BLOCK.sub(lambda at: _fill(said, {"height": at[1]}), text)

    def trouble(self, error: HoldfastError) -> Trouble:
        """The three sentences of an error.

        Names of files and answers of strangers are among the facts, so each is one visible line.
        """
        words = self.errors[error.code]
        facts = {name: one_line(str(value)) for name, value in error.facts.items()}
        if "reason" in facts:
            facts["reason"] = self.fact(facts["reason"])
        return Trouble(
            what=_fill(words.what, facts),
            why=_fill(words.why, facts),
            now=_fill(words.now, facts),
        )


_BLOCK = re.compile(r"\bblock (\d+)\b")


def _fill(sentence: str, facts: Mapping[str, object]) -> str:
    for name, value in facts.items():
        sentence = sentence.replace("{" + name + "}", str(value))
    return sentence
