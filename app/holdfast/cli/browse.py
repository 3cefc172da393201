"""The evidence browser on the command line: a window to work in, and one word for each wish."""

import queue
import sys
import threading
from collections.abc import Iterator
from typing import Annotated, get_args

import typer

from holdfast.cli.desk import OK, Desk
from holdfast.cli.keep import code_of, recovered
from holdfast.compose import Kept
from holdfast.compose.browsing import Wish
from holdfast.core.errors import HoldfastError

WISHES: dict[str, Wish] = {"keep": "page", "scroll": "scroll", "video": "video", "shot": "shot"}
LOOK_SECONDS = 0.5
LONGEST = 8192


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast browse``."""

    @app.command(help=desk.say("cli.browse"))
    def browse(
        url: Annotated[str, typer.Argument(metavar="[URL]")] = "",
        case: Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))] = "",
        forget: Annotated[
            bool, typer.Option("--forget", help=desk.say("cli.browse.forget"))
        ] = False,
    ) -> int:
        if forget:
            if not case:
                raise typer.BadParameter("--case", param_hint="--forget")
            desk.holdfast.forget_profile(case)
            desk.tell(desk.say("cli.browse.forgotten"))
            desk.give({"case": case, "forgotten": True})
            return OK
        recovered(desk)
        state = desk.holdfast.browse(desk.job(), case, url)
        try:
            kept = _work(desk, state.case_id)
        finally:
            desk.holdfast.browse_end(state.case_id)
        return _report(desk, state.case_id, kept)


def _work(desk: Desk, case: str) -> list[Kept]:
    """Everything that was kept until the person was done."""
    _say_profile(desk, case)
    desk.tell(desk.say("cli.browse.words"))
    kept: list[Kept] = []
    for line in _lines(desk, case):
        word, _, rest = line.partition(" ")
        try:
            if word in WISHES:
                kept.append(desk.holdfast.browse_keep(case, WISHES[word], desk.job()))
                _say_kept(desk, kept[-1])
            elif word == "go" and rest:
                desk.holdfast.browse_to(case, rest.strip(), desk.job())
            elif word == "quit":
                break
            elif line:
                desk.tell(desk.say("cli.browse.words"))
        except HoldfastError as error:
            desk.trouble(error)
    return kept


def _lines(desk: Desk, case: str) -> Iterator[str]:
    """What is typed, line by line, until the end of it or of the browser."""
    typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in iter(lambda: sys.stdin.readline(LONGEST), ""):
            typed.put(line.strip())
        typed.put(None)

    # Nobody can be made to stop reading from a terminal; the thread ends with us.
    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = typed.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            state = desk.holdfast.browsing(case)
            if state is not None and state.ended:
                desk.warn(desk.say(f"cli.browse.{state.ended}"))
                return
            continue
        if line is None:
            return
        yield line


def _say_profile(desk: Desk, case: str) -> None:
    profile = desk.holdfast.case_profile(case)
    if profile is not None:
        days = profile.age_days(desk.holdfast.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        unknown = desk.say("cli.browse.unknown")
        desk.tell(
            desk.say(
                "cli.browse.profile",
                days=unknown if days is None else days,
                used=unknown if profile.used is None else profile.used,
                cookies=unknown if profile.cookies is None else profile.cookies,
            )
        )


def _say_kept(desk: Desk, kept: Kept) -> None:
    for exhibit in kept.exhibits:
        desk.tell(f"  {exhibit.number}  {exhibit.title or exhibit.url}")
        for check in desk.holdfast.red(exhibit, desk.lang):
            desk.warn(f"  {exhibit.number}: {desk.say('cli.incomplete')}: {check}")
    for failure in kept.failed:
        desk.trouble(failure.error)


def _report(desk: Desk, case: str, kept: list[Kept]) -> int:
    """The one object, and what the last word says of it all."""
    state = desk.holdfast.browsing(case)
    exhibits = [exhibit for one in kept for exhibit in one.exhibits]
    if not exhibits:
        desk.tell(desk.say("cli.browse.nothing"))
    desk.give(
        {
            "case": desk.holdfast.case_file(case).case,
            "exhibits": exhibits,
            "failed": [
                {"target": one.target, "source": one.source, "code": one.error.code}
                for single in kept
                for one in single.failed
            ],
            "profile": desk.holdfast.case_profile(case),
            "ended": state.ended if state is not None else "",
        }
    )
    return max((code_of(one) for one in kept), default=OK)


assert set(WISHES.values()) == set(get_args(Wish))
