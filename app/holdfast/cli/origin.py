"""Where an exhibit came from, on the command line."""

from typing import Annotated

import typer

from holdfast.cli.desk import Desk
from holdfast.core.origin import Row, rows, sentence


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast origin``."""

    @app.command(help=desk.say("cli.origin"))
    def origin(
        exhibit: str,
        case: Annotated[str, typer.Option(metavar="CASE", help=desk.say("cli.origin.case"))],
    ) -> None:
        found, record = desk.holdfast.origin_record(case, exhibit)
        told = rows(record)
        desk.tell(f"{found.number}  {found.caption or found.title}")
        for row in told:
            desk.tell(f"  {_line(row, desk)}")
        if not told:
            desk.tell(desk.say("origin.none"))
        if any(row.separate and not row.missing for row in told):
            desk.tell(desk.say("origin.note.separate"))
        desk.give({"exhibit": found.number, "origin": record})


def _line(row: Row, desk: Desk) -> str:
    return f"{desk.say(f'origin.row.{row.key}')}: {sentence(row, desk.say, str)}"
