"""One exhibit on the command line: what it is, what the person says of it, whether it stands."""

from typing import Annotated

import typer

from holdfast.cli.desk import Desk
from holdfast.core.marks_told import told


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast exhibit …``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.exhibit"))
    app.add_typer(group, name="exhibit")
    which = Annotated[str, typer.Argument(metavar="EXHIBIT")]
    whose = Annotated[str, typer.Option("--case", metavar="CASE")]

    @group.command("show", help=desk.say("cli.exhibit.show"))
    def show(exhibit: which, case: whose) -> None:
        found = desk.holdfast.exhibit(case, exhibit)
        manifest = desk.holdfast.manifest(found)
        marks = desk.holdfast.marks_of(manifest)
        gone = f"  ({desk.say('ui.evidence.withdrawn')})" if found.withdrawn else ""
        desk.tell(f"{found.number}  {found.caption or found.title or found.url}{gone}")
        if found.purpose:
            desk.tell(f"  {desk.say('ui.evidence.purpose')}: {found.purpose}")
        desk.tell(f"  SHA-256 {found.digest.sha256}")
        files = [(one, desk.holdfast.artifact(one.digest.sha256)) for one in found.artifacts]
        for one, path in files:
            desk.tell(f"  {one.path}  {one.size}  {path}")
        for check in desk.holdfast.red(found, desk.lang):
            desk.tell(f"  {desk.say('cli.incomplete')}: {check}")
        for file in marks:
            desk.tell(f"  {file.get('path')}")
            for line in told(file, desk.words):
                desk.tell(f"    {line}")
        if marks:
            desk.tell(f"  {desk.say('mark.caution')}")
        paths = [{"path": one.path, "at": path} for one, path in files]
        desk.give({"exhibit": found, "manifest": manifest, "marks": marks, "files": paths})

    @group.command("describe", help=desk.say("cli.exhibit.describe"))
    def describe(
        exhibit: which,
        case: whose,
        caption: Annotated[str | None, typer.Option(help=desk.say("ui.evidence.name"))] = None,
        purpose: Annotated[str | None, typer.Option(help=desk.say("ui.evidence.purpose"))] = None,
    ) -> None:
        if caption is None and purpose is None:
            raise typer.BadParameter("--caption | --purpose")
        described = desk.holdfast.describe(case, exhibit, caption, purpose)
        desk.tell(f"{described.number}  {described.caption or described.title}")
        if described.purpose:
            desk.tell(f"  {desk.say('ui.evidence.purpose')}: {described.purpose}")
        desk.give({"exhibit": described})

    @group.command("withdraw", help=desk.say("cli.exhibit.withdraw"))
    def withdraw(exhibit: which, case: whose) -> None:
        gone = desk.holdfast.withdraw(case, exhibit)
        desk.tell(desk.say("cli.exhibit.withdrawn", number=gone.number))
        desk.give({"exhibit": gone})
