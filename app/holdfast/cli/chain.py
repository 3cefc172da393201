"""Bitcoin's headers on the command line, and the history of a case's time-stamps."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Desk
from holdfast.compose.chain import ChainState

NONE = "none"


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast headers`` and ``holdfast stamps``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.blocks"))
    app.add_typer(group, name="headers")
    _headers(group, desk)

    @app.command(help=desk.say("cli.stamps"))
    def stamps(case: Annotated[str, typer.Option("--case")]) -> None:
        found = [(stamp, desk.holdfast.answers(stamp)) for stamp in desk.holdfast.stamps(case)]
        for stamp, answers in found:
            state = desk.say(f"status.{stamp.status}")
            due = (
                f"  ({desk.say('cli.stamps.next', next=stamp.next_try)})" if stamp.next_try else ""
            )
            who = stamp.authority or stamp.kind
            desk.tell(f"{stamp.subject.path}: {who} {state} {stamp.time or ''} {stamp.by}{due}")
            for heard in answers:
                desk.tell(
                    "  "
                    + desk.say(
                        "cli.stamps.answered",
                        at=heard.at,
                        asked=heard.asked,
                        status=heard.status,
                        size=len(heard.body),
                    )
                )
        if not found:
            desk.tell(desk.say("cli.stamps.none"))
        desk.give({"stamps": [{"stamp": stamp, "answers": heard} for stamp, heard in found]})


def _headers(app: typer.Typer, desk: Desk) -> None:
    @app.command(help=desk.say("cli.blocks.show"))
    def show() -> None:
        _report(desk, desk.holdfast.chain_state())

    @app.command(help=desk.say("cli.blocks.refresh"))
    def refresh() -> None:
        done = desk.holdfast.refresh_headers(desk.job())
        key = "chain.refreshed" if done.added else "chain.refreshed.nothing"
        facts = {"added": done.added, "headers": done.headers, "height": done.height}
        desk.tell(desk.say(key, sources=", ".join(done.sources), **facts))
        desk.give({**facts, "sources": done.sources})

    @app.command(help=desk.say("cli.blocks.node"))
    def node(
        address: Annotated[str, typer.Argument(metavar="URL|none")],
        user: Annotated[str, typer.Option("--user", help=desk.say("cli.blocks.node.user"))] = "",
        cookie: Annotated[
            Path | None, typer.Option("--cookie", help=desk.say("cli.blocks.node.cookie"))
        ] = None,
    ) -> None:
        # A password on the command line could be read by every other program.
        password = (
            typer.prompt(desk.say("cli.blocks.node.password"), hide_input=True, err=True)
            if user
            else ""
        )
        where = "" if address == NONE else address
        _report(desk, desk.holdfast.use_node(where, user, password, cookie))

    @app.command(help=desk.say("cli.blocks.electrum"))
    def electrum(address: Annotated[str, typer.Argument(metavar="HOST:PORT|none")]) -> None:
        _report(desk, desk.holdfast.use_electrum("" if address == NONE else address))


def _report(desk: Desk, state: ChainState) -> None:
    key = "chain.reach" if state.height > state.shipped else "chain.reach.shipped"
    desk.tell(desk.say(key, height=state.height, date=state.as_of[:10]))
    desk.tell(desk.say("chain.sources", sources=", ".join(state.sources)))
    desk.tell(desk.say("chain.node", address=state.node or desk.say("chain.none")))
    desk.tell(desk.say("chain.electrum", address=state.electrum or desk.say("chain.none")))
    desk.give({"chain": state})
