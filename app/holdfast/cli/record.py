"""Recording the screen on the command line."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from holdfast.cli.desk import OK, Desk
from holdfast.cli.keep import recovered, report_kept
from holdfast.compose.recording import Session

_NUMBER = re.compile(r"[1-9]\d{0,11}|0x[0-9a-fA-F]{1,8}")


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast record``."""

    @app.command(help=desk.say("cli.record"))
    def record(
        case: Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))] = "",
        seconds: Annotated[
            int | None, typer.Option(min=1, max=86_400, help=desk.say("cli.record.seconds"))
        ] = None,
        monitor: Annotated[
            int | None, typer.Option(min=1, max=99, help=desk.say("cli.monitor"))
        ] = None,
        region: Annotated[str, typer.Option(metavar="X,Y,W,H", help=desk.say("cli.region"))] = "",
        window: Annotated[str, typer.Option(help=desk.say("cli.record.window"))] = "",
        audio: Annotated[bool, typer.Option("--audio", help=desk.say("cli.record.audio"))] = False,
        script: Annotated[str, typer.Option(help=desk.say("cli.record.script"))] = "",
        windows: Annotated[
            bool, typer.Option("--windows", help=desk.say("cli.record.windows"))
        ] = False,
    ) -> int:
        if windows:
            return _list_windows(desk)
        area = _area(monitor, region, window)
        if script and not desk.holdfast.script(script):
            raise typer.BadParameter("drama", param_hint="--script")
        recovered(desk)
        length = "" if seconds is None else f":{seconds}"
        target = f"record{length};{area}{';audio' if audio else ''}"
        target += f";script:{script}" if script else ""
        session = desk.holdfast.recording(target, case)
        desk.warn(desk.say("cli.record.running"))
        with _stopping(session, desk):
            kept = session.run(desk.job())
        standing = session.standing
        if standing is not None and kept.exhibits:
            desk.tell(
                desk.say(
                    "cli.record.summary",
                    seconds=round(standing.elapsed_ms / 1000),
                    frames=standing.frames,
                    dropped=standing.dropped,
                    gap=standing.gap_ms,
                )
            )
        return report_kept(desk, [kept])


def _area(monitor: int | None, region: str, window: str) -> str:
    """The part of the screen that the options name; all of it when they name none."""
    if (monitor is not None) + bool(region) + bool(window) > 1:
        raise typer.BadParameter("--monitor | --region | --window")
    if monitor is not None:
        return f"monitor:{monitor}"
    if window:
        if not _NUMBER.fullmatch(window):
            raise typer.BadParameter("--windows", param_hint="--window")
        return f"window:{int(window, 0)}"
    if region:
        if not re.fullmatch(r"-?\d{1,6},-?\d{1,6},\d{1,6},\d{1,6}", region):
            raise typer.BadParameter("X,Y,W,H", param_hint="--region")
        return f"region:{region}"
    return "all"


def _list_windows(desk: Desk) -> int:
    found = desk.holdfast.windows()
    for one in found:
        desk.tell(f"{one.id}  {one.width}x{one.height}+{one.left}+{one.top}  {one.title}")
    desk.give({"windows": list(found)})
    return OK


@contextmanager
def _stopping(session: Session, desk: Desk) -> Iterator[None]:
    """Ctrl+C, or a polite wish to end, stops and seals; a second Ctrl+C breaks off."""

    def stop(_: int, __: object) -> None:
        session.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        desk.warn(desk.say("cli.record.sealing"))

    before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
