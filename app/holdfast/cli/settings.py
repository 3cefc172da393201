"""Settings and people who can help, on the command line."""

from typing import Annotated

import typer

from holdfast.cli.desk import Desk
from holdfast.core.settings import BY_NAME


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast settings …`` and ``holdfast contacts``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.settings"))
    app.add_typer(group, name="settings")

    @group.command("show", help=desk.say("cli.settings.show"))
    def show() -> None:
        _tell(desk)

    @group.command("set", help=desk.say("cli.settings.set"))
    def set_(
        name: Annotated[str, typer.Argument(metavar="|".join(BY_NAME))],
        value: Annotated[str, typer.Argument(metavar="VALUE", help=desk.say("cli.settings.value"))],
    ) -> None:
        desk.holdfast.choose(name, value)
        _tell(desk)

    @app.command(help=desk.say("cli.contacts"))
    def contacts() -> None:
        found = desk.holdfast.contacts(desk.lang)
        for one in found:
            desk.tell(f"{one.name}: {one.helps}")
            reach = " · ".join(part for part in (one.phone, one.email, one.web) if part)
            desk.tell(f"  {reach}")
            checked = one.checked_on.isoformat()
            desk.tell(f"  {desk.say('cli.contacts.source', source=one.source, checked=checked)}")
        desk.give({"contacts": found})


def _tell(desk: Desk) -> None:
    """What is chosen, and everybody who can be asked for time-stamps."""
    settings, services = desk.holdfast.settings, desk.holdfast.services()
    told: dict[str, object] = {}
    for name in BY_NAME:
        value = told[name] = getattr(settings, name)
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, tuple):
            value = ", ".join(value)
        desk.tell(f"{name}: {value}")
    for one in services:
        desk.tell(f"  {one}  {desk.say('cli.settings.off') if one in settings.disabled else ''}")
    desk.give({"settings": told, "services": services})
