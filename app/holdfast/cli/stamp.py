"""Time-stamps on the command line: send what waits, take in what was obtained elsewhere."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import OK, UNAVAILABLE, Desk


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast stamp`` and ``holdfast stamp import``."""
    group = typer.Typer(help=desk.say("cli.stamp"), rich_markup_mode=None)
    app.add_typer(group, name="stamp")

    @group.callback(invoke_without_command=True)
    def stamp(
        context: typer.Context,
        case: Annotated[str, typer.Option("--case", metavar="CASE")] = "",
        renew: Annotated[bool, typer.Option("--renew", help=desk.say("cli.stamp.renew"))] = False,
        now: Annotated[bool, typer.Option("--now", help=desk.say("cli.stamp.now"))] = False,
    ) -> int:
        if context.invoked_subcommand is not None:
            return OK
        renewed = desk.holdfast.renew(desk.job(), case) if renew else ()
        for number, count in renewed:
            desk.tell(desk.say("cli.renewed", case=number, count=count))
        if renew and not renewed:
            desk.tell(desk.say("cli.renewal_none"))
        run = desk.holdfast.stamp(desk.job(), case, now=now)
        desk.tell(desk.say("cli.stamped", **asdict(run)))
        told = {"renewed": [{"case": number, "count": count} for number, count in renewed]}
        desk.give({**asdict(run), **(told if renew else {})})
        return UNAVAILABLE if run.failed and not (run.confirmed or run.pending) else OK

    @group.command("import", help=desk.say("cli.import"))
    def take_in(
        token: Path,
        case: Annotated[
            str, typer.Option("--case", metavar="CASE", help=desk.say("cli.import.case"))
        ],
        root: Annotated[Path | None, typer.Option(help=desk.say("cli.import.root"))] = None,
        chain: Annotated[Path | None, typer.Option(help=desk.say("cli.import.chain"))] = None,
    ) -> None:
        found = desk.holdfast.import_token(case, token, desk.job(), root=root, chain=chain)
        about = found.exhibit or found.stamp.subject.path
        desk.tell(desk.say("import.about", subject=about))
        key = found.stamp.reason or found.stamp.status
        desk.tell(desk.say(f"import.{key}", time=found.stated, by=found.signer))
        desk.give(
            {
                "exhibit": found.exhibit,
                "subject": found.stamp.subject.path,
                "status": found.stamp.status,
                "reason": found.stamp.reason,
                "stated": found.stated,
                "by": found.signer,
                "sha256": found.stamp.proof,
                "findings": [asdict(finding) for finding in found.findings],
            }
        )
