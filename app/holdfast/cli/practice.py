"""The rehearsal on the command line."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import OK, VERDICT_CODES, Desk


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast practice``."""

    @app.command(help=desk.say("cli.practise"))
    def practice(
        out: Annotated[Path | None, typer.Option("--out", metavar="DIR")] = None,
        serve: Annotated[bool, typer.Option("--serve", help=desk.say("cli.serve"))] = False,
    ) -> int:
        where = (out or Path("holdfast-practice")).expanduser().resolve()
        desk.everywhere = replace(desk.everywhere, data=where / "data")
        if serve:
            return _serve(desk, where)
        done = desk.holdfast.practise(where, desk.job(), desk.lang)
        for line in done.lines(desk.holdfast.words(desk.lang)):
            desk.tell(line)
        desk.give(done.body())
        return VERDICT_CODES[done.verdict.verdict]


def _serve(desk: Desk, where: Path) -> int:
    """The practice world answers until somebody stops it."""
    for line in desk.holdfast.serve_practice(where, desk.lang):
        desk.tell(line)
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return OK
