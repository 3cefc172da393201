"""Holdfast: the use-cases with their world attached.  The only wiring there is.

A room of verbs is a module here; ``Holdfast`` is all of them over one world.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.adapters.resources import words
from holdfast.compose.browsing import Browsing
from holdfast.compose.custody import CustodyVerbs
from holdfast.compose.keeping import Failure, Kept
from holdfast.compose.letters import Letters
from holdfast.compose.machine import Machine
from holdfast.compose.papers import Papers
from holdfast.compose.phones import CodeShown, Phones
from holdfast.compose.recording import Recordings
from holdfast.compose.series import Downloads, SeriesVerbs
from holdfast.compose.surroundings import Surroundings
from holdfast.compose.tokens import Tokens
from holdfast.core.errors import Refused
from holdfast.core.job import Job

if TYPE_CHECKING:
    from holdfast.core.document import Lang
    from holdfast.practice.rehearsal import Rehearsal

__all__ = [
    "CodeShown",
    "Failure",
    "Holdfast",
    "Kept",
    "default_data",
    "download",
    "join",
    "media",
    "open_holdfast",
    "record_screen",
    "system_language",
    "words",
]


def default_data() -> Path:
    """Where data lies on this system unless the person says otherwise."""
    from platformdirs import user_data_path

    return user_data_path("Holdfast", appauthor=False)


def join() -> int:
    """The joiner's own process: one order in, one line of JSON out."""
    from holdfast.adapters.joiner import main

    return main()


def download() -> int:
    """The downloader's own process: orders in, JSON lines out."""
    from holdfast.adapters.downloader import main

    return main()


def media() -> int:
    """The process that opens untrusted media: an order in, JSON lines out."""
    from holdfast.adapters.media import main

    return main()


def record_screen() -> int:
    """The recorder's own process: orders in, segments and JSON lines out."""
    from holdfast.adapters.recorder import main

    return main()


def system_language() -> Lang:
    """The language of this system, as far as we have it."""
    import locale

    named = locale.getlocale()[0] or os.environ.get("LANG", "")
    return "zh" if named.lower().startswith(("zh", "chinese")) else "en"


def open_holdfast(data: Path | None = None) -> Holdfast:
    """Holdfast on a data folder.  Raises Refused when it cannot be written to."""
    folder = data or default_data()
    try:
        folder = folder.expanduser().resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, RuntimeError) as error:
        # RuntimeError is for links that lead to themselves, and for nobody's home.
        reason = getattr(error, "strerror", None) or str(error)
        raise Refused("data_unwritable", path=str(folder), reason=reason) from error
    return Holdfast(folder)


class Holdfast(
    Recordings,
    Browsing,
    SeriesVerbs,
    Phones,
    Surroundings,
    Downloads,
    CustodyVerbs,
    Tokens,
    Papers,
    Letters,
    Machine,
):
    """Every verb, ready to be called by the window and by the command line."""

    def practise(self, out: Path | None, job: Job, lang: Lang = "zh") -> Rehearsal:
        """The whole job was done once in a practice case of this data folder; papers in ``out``."""
        from holdfast.practice.rehearsal import rehearse
        from holdfast.usecases import cases

        world = self._practice_world()
        case = cases.open_case(words(lang)("practice.case"), "practice", store=self._store)
        where = out or self.data / "out" / f"practice-{case.number}"
        return rehearse(self, case, world, where, job)

    def serve_practice(self, where: Path, lang: Lang) -> tuple[str, ...]:
        """The practice world is open; lines that say where, and how ``ots`` verifies against it."""
        say = words(lang)
        world = self._practice_world()
        lines = [say("practice.serving"), f"{say('practice.site')}: {world.site_url}"]
        subject = Path("data/exhibits/E0001/capture.json")
        proof = Path("data/exhibits/E0001/proofs/capture.json.ots")
        for case in self.cases():
            if case.world == "practice":
                lines.append(f"{case.number}: {where / case.number}")
        lines.append(f"{say('practice.ots')}: {world.ots_command(subject, proof)}")
        return tuple(lines)
