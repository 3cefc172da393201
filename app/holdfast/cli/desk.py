"""What every command works with: exit codes, words, progress, and a way to say things."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from holdfast.compose import Holdfast, open_holdfast, system_language, words
from holdfast.core.canonical import visible
from holdfast.core.document import Lang
from holdfast.core.errors import Cancelled, HoldfastError, Tampered, Unavailable
from holdfast.core.job import Job, Progress
from holdfast.core.pace import Pace, rounded
from holdfast.core.words import Words

OK, REFUSED, USAGE, UNAVAILABLE, BROKEN, UNCHECKED, CANCELLED = 0, 1, 2, 3, 4, 5, 130
VERDICT_CODES = {"ok": OK, "weak": OK, "broken": BROKEN, "unchecked": UNCHECKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """What may stand before or after every command."""

    data: Path | None = None
    json: bool = False
    lang: Lang | None = None
    quiet: bool = False


class Desk:
    """What every command works with: Holdfast, words, and a way to say things."""

    def __init__(self, everywhere: Everywhere) -> None:
        self.everywhere = everywhere
        self._holdfast: Holdfast | None = None
        self._bar: Bar | None = None

    @property
    def holdfast(self) -> Holdfast:
        """Opened at the first need, so that usage errors touch no data."""
        if self._holdfast is None:
            self._holdfast = open_holdfast(self.everywhere.data)
        return self._holdfast

    def close(self) -> None:
        """Nothing is left open."""
        if self._holdfast is not None:
            self._holdfast.close()

    @property
    def lang(self) -> Lang:
        """Asked for, else as set, else the system's."""
        if self.everywhere.lang:
            return self.everywhere.lang
        chosen = self._holdfast.settings.language if self._holdfast else ""
        if chosen:
            return chosen
        return system_language()

    @property
    def words(self) -> Words:
        """The catalogues of the language that is spoken."""
        return words(self.lang)

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence of the catalogues."""
        return self.words(key, **facts)

    def job(self) -> Job:
        """Progress on standard error: a bar on a terminal, lines otherwise."""
        if self.everywhere.quiet:
            return Job()
        self._bar = Bar(self)
        return Job(self._bar.show)

    def tell(self, line: str = "") -> None:
        """A line for people, on standard output unless that carries JSON.  Never markup."""
        if self._bar is not None:
            self._bar.end()
        if not self.everywhere.quiet or not self.everywhere.json:
            print(visible(line), file=sys.stderr if self.everywhere.json else sys.stdout)

    def warn(self, line: str) -> None:
        """A line on standard error."""
        if self._bar is not None:
            self._bar.end()
        print(visible(line), file=sys.stderr)

    def stopped(self) -> None:
        """Whoever pressed Ctrl-C has a clean line to go on from."""
        if self._bar is not None:
            self._bar.end()

    def give(self, body: Mapping[str, object]) -> None:
        """The one JSON object, where it was asked for."""
        if self.everywhere.json:
            print(json.dumps(plain(body), ensure_ascii=False))

    def trouble(self, error: HoldfastError) -> int:
        """Why it did not work, in one sentence each; the exit code that says the same."""
        if isinstance(error, Cancelled):
            return CANCELLED
        self.warn(str(words(self.lang).trouble(error)))
        if isinstance(error, Unavailable):
            return UNAVAILABLE
        return BROKEN if isinstance(error, Tampered) else REFUSED


class Bar:
    """Progress as people read it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stage = ""
        self._told: set[str] = set()
        self._drawn = 0.0
        self._pace = Pace()
        self._terminal = sys.stderr.isatty()

    def show(self, progress: Progress) -> None:
        """The stage, and on a terminal how far it is."""
        stage = self._desk.say(f"stage.{progress.stage}")
        if not self._terminal:
            # Work that goes to and fro between two stages says each of them once.
            if stage not in self._told:
                print(stage, file=sys.stderr)
            self._told.add(stage)
            return
        now = time.monotonic()
        if stage == self._stage and now - self._drawn < 0.1:
            return
        self._stage, self._drawn = stage, now
        left = self._pace.left(now, progress.done, progress.total)
        if left is not None:
            unit, count = rounded(left)
            stage = f"{stage}, {self._desk.say(f'ui.verify.left.{unit}', count=count)}"
        share = f" {100 * progress.done // progress.total:3d} %" if progress.total else ""
        detail = visible(progress.detail)[:40]
        print(f"\r\x1b[K{stage}{share} {detail}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """What follows begins on a line of its own."""
        if self._terminal and self._stage:
            print("\r\x1b[K", end="", file=sys.stderr)
        self._stage = ""


def plain(value: object) -> Any:
    """A value as JSON knows it: dataclasses are objects, paths and bytes text."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return value.hex()
        case None | bool() | int() | float() | str():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return str(value)
