"""The people of a case on the command line."""

from typing import Annotated

import typer

from holdfast.cli.desk import Desk
from holdfast.core.case import Party
from holdfast.core.notice import mask
from holdfast.usecases.people import LIMITS

ASK = "-"
"""In the place of an identity number: it is asked for, for other programs read command lines."""


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast people …``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.people"))
    app.add_typer(group, name="people")
    whose = Annotated[str, typer.Option("--case", metavar="CASE")]
    who_is_meant = Annotated[
        str, typer.Argument(metavar="ROLE|ID", help=desk.say("cli.people.who"))
    ]

    @group.command("list", help=desk.say("cli.people.list"))
    def list_(case: whose) -> None:
        found = desk.holdfast.people(case)
        for party in found:
            _tell(desk, party)
        if not found:
            desk.tell(desk.say("cli.people.none"))
        desk.give({"people": found})

    @group.command("set", help=desk.say("cli.people.set"))
    def set_(
        who: who_is_meant,
        case: whose,
        name: Annotated[str | None, typer.Option(help=desk.say("ui.people.name"))] = None,
        legal_name: Annotated[
            str | None, typer.Option(help=desk.say("ui.people.legal_name"))
        ] = None,
        id_type: Annotated[
            str | None, typer.Option(metavar="resident_card|passport|other_id")
        ] = None,
        id_number: Annotated[
            str | None, typer.Option(metavar=f"NUMBER|{ASK}", help=desk.say("cli.people.id_number"))
        ] = None,
        phone: Annotated[str | None, typer.Option(help=desk.say("ui.people.phone"))] = None,
        email: Annotated[str | None, typer.Option(help=desk.say("ui.people.email"))] = None,
        address: Annotated[str | None, typer.Option(help=desk.say("ui.people.address"))] = None,
    ) -> None:
        if id_number == ASK:
            id_number = typer.prompt(
                desk.say("ui.people.id_number"), default="", show_default=False, hide_input=True,
                err=True,
            )  # fmt: skip
        values = (name, legal_name, id_type, id_number, phone, email, address)
        given = {key: text for key, text in zip(LIMITS, values, strict=True) if text is not None}
        party = desk.holdfast.describe_party(case, who, given)
        _tell(desk, party)
        desk.give({"person": party})

    @group.command("remove", help=desk.say("cli.people.remove"))
    def remove(who: who_is_meant, case: whose) -> None:
        gone = desk.holdfast.remove_party(case, who)
        desk.tell(desk.say("cli.people.removed", name=gone.name or gone.legal_name))
        desk.give({"removed": gone})


def _tell(desk: Desk, party: Party) -> None:
    """Who it is; of an identity number no more than a letter shows."""
    desk.tell(f"{desk.say(f'ui.people.role.{party.role}')}  {party.id}")
    for name in LIMITS:
        text = str(getattr(party, name))
        if name == "id_type" and text:
            text = desk.say(f"notice.option.{text}")
        if text:
            shown = mask(text) if name == "id_number" else text
            desk.tell(f"  {desk.say(f'ui.people.{name}')}: {shown}")
