"""Cases on the command line."""

import json

import typer

from holdfast.cli.desk import (
    Desk,
)


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast case …``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.case"))
    app.add_typer(group, name="case")

    @group.command("new", help=desk.say("cli.case.new"))
    def new(title: str) -> None:
        case = desk.holdfast.open_case(title)
        desk.tell(f"{case.number}  {case.title}")
        desk.give({"case": case})

    @group.command("list", help=desk.say("cli.case.list"))
    def list_() -> None:
        cases = desk.holdfast.cases()
        for case in cases:
            mark = f" [{desk.say('cli.practice')}]" if case.world == "practice" else ""
            shut = f" ({desk.say('cli.closed')})" if case.closed else ""
            desk.tell(f"{case.number}  {case.title}{mark}{shut}")
        if not cases:
            desk.tell(desk.say("cli.no_cases"))
        desk.give({"cases": cases})

    @group.command("show", help=desk.say("cli.case.show"))
    def show(case: str) -> None:
        file = desk.holdfast.case_file(case)
        desk.tell(f"{file.case.number}  {file.case.title}")
        for exhibit in file.exhibits:
            mark = "" if exhibit.complete else f" ({desk.say('cli.incomplete')})"
            desk.tell(f"  {exhibit.number}  {exhibit.caption or exhibit.title}{mark}")
            desk.tell(f"         SHA-256 {exhibit.digest.sha256}")
        for stamp in file.stamps:
            state = desk.say(f"status.{stamp.status}")
            desk.tell(f"  {stamp.subject.path}  {stamp.kind} {stamp.authority}  {state}")
        for document in file.documents:
            desk.tell(f"  {document.number}  {document.kind} {document.lang}")
        desk.give(
            {
                name: getattr(file, name)
                for name in ("case", "exhibits", "attempts", "stamps", "documents", "notices")
            }
            | {"entries": [json.loads(entry.body) for entry in file.entries]}
        )

    @group.command("close", help=desk.say("cli.case.close"))
    def close(case: str) -> None:
        closed = desk.holdfast.close_case(case)
        desk.tell(desk.say("cli.closed_now", case=closed.number))
        desk.give({"case": closed})

    @group.command("rename", help=desk.say("cli.case.rename"))
    def rename(case: str, title: str) -> None:
        renamed = desk.holdfast.rename_case(case, title)
        desk.tell(f"{renamed.number}  {renamed.title}")
        desk.give({"case": renamed})
