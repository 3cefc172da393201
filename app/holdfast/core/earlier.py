"""The letter that another one follows, and what the record holds of it since it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.core.evidence import Exhibit
from holdfast.core.notice import Notice, PlatformAnswer, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A first letter, those that were sent after it in the same matter, and what came of them."""

    first: Notice
    letters: tuple[Notice, ...]
    """Every one that was sent, the first one first."""
    submissions: tuple[Submission, ...]
    """How each was sent, in order of time."""
    answers: tuple[PlatformAnswer, ...]
    """What the platform answered to any of them, in order of time."""
    addresses: frozenset[str]
    """Where the content stood by those letters."""
    checks: tuple[Exhibit, ...]
    """What was kept again since, by number."""

    @property
    def papers(self) -> frozenset[str]:
        """Numbers of the exhibits that hold a receipt or an answer."""
        found = {one.receipt for one in self.submissions} | {one.exhibit for one in self.answers}
        return frozenset(found - {""})


def rechecks(
    addresses: frozenset[str], since: str, exhibits: Iterable[Exhibit]
) -> tuple[Exhibit, ...]:
    """The newest exhibit of each of ``addresses``, and of each kind, sealed after ``since``."""
    newest: dict[tuple[str, str], Exhibit] = {}
    for exhibit in exhibits:
        if exhibit.url in addresses and exhibit.sealed > since and not exhibit.withdrawn:
            newest[exhibit.url, exhibit.source] = exhibit
    return tuple(sorted(newest.values(), key=lambda exhibit: exhibit.number))
