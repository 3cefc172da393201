"""Checkpoints, proof of growth and cosignatures on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Desk


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast ledger checkpoint|consistency|cosigned|cosignatures|new-key`` and ``cosign``."""
    ledger = typer.Typer(help=desk.say("cli.ledger"), no_args_is_help=True)
    app.add_typer(ledger, name="ledger")

    @ledger.command(help=desk.say("cli.ledger.checkpoint"))
    def checkpoint(
        case: str,
        out: Annotated[Path, typer.Option("--out")],
        since: Annotated[int | None, typer.Option(help=desk.say("cli.ledger.since"))] = None,
    ) -> None:
        path, size = desk.holdfast.checkpoint(case, out, since)
        desk.tell(desk.say("cli.ledger.saved", size=size, path=path))
        desk.give({"checkpoint": path, "size": size})

    @ledger.command(help=desk.say("cli.ledger.consistency"))
    def consistency(
        case: str,
        out: Annotated[Path, typer.Option("--out")],
        first: Annotated[
            str, typer.Option("--from", metavar="FILE|SIZE", help=desk.say("cli.ledger.from"))
        ],
        last: Annotated[
            str, typer.Option("--to", metavar="FILE|SIZE", help=desk.say("cli.ledger.to"))
        ] = "",
    ) -> None:
        path, proof = desk.holdfast.consistency(case, first, last, out)
        size = proof.checkpoint.size
        desk.tell(desk.say("cli.ledger.proved", first=proof.old, last=size, path=path))
        desk.give({"proof": path, "from": proof.old, "to": size})

    @ledger.command(help=desk.say("cli.ledger.cosigned"))
    def cosigned(
        case: str,
        file: Path,
        key: Annotated[
            str, typer.Option("--key", metavar="VKEY", help=desk.say("cli.ledger.cosigner"))
        ] = "",
    ) -> None:
        seen = desk.holdfast.cosigned(case, file, key)
        desk.tell(desk.say("cli.ledger.on_record", time=seen.time, key=seen.key))
        desk.give({"cosigned": seen})

    @ledger.command(help=desk.say("cli.ledger.cosignatures"))
    def cosignatures(case: str) -> None:
        found = desk.holdfast.cosignatures(case)
        for one in found:
            desk.tell(desk.say("cli.ledger.seen", size=one.size, time=one.time, key=one.key))
        if not found:
            desk.tell(desk.say("cli.ledger.seen.none"))
        desk.give({"cosignatures": found})

    @ledger.command("new-key", help=desk.say("cli.ledger.new_key"))
    def new_key() -> None:
        changed = desk.holdfast.change_key()
        desk.tell(desk.say("cli.ledger.new_key.done"))
        for number, key in changed:
            desk.tell(f"  {number}  {key}")
        desk.give({"keys": [{"case": number, "key": key} for number, key in changed]})

    @app.command(help=desk.say("cli.cosign"))
    def cosign(
        file: Path,
        out: Annotated[Path | None, typer.Option("--out")] = None,
        key: Annotated[
            Path | None, typer.Option("--key", metavar="FOLDER", help=desk.say("cli.cosign.key"))
        ] = None,
        log_key: Annotated[
            str, typer.Option("--log-key", metavar="KEY", help=desk.say("cli.cosign.log_key"))
        ] = "",
    ) -> None:
        known = log_key or desk.holdfast.log_key(file, key)
        path, size = desk.holdfast.cosign(file, out, key, log_key)
        record_key = desk.holdfast.log_key(file, key)
        desk.tell(desk.say("cli.cosigned", size=size, path=path))
        desk.tell(desk.say(f"cli.cosigned.{'key' if known else 'first'}", key=record_key))
        desk.give({"signed": path, "size": size, "log_key": record_key, "first_seen": not known})
