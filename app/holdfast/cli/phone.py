"""Phones, codes for recordings, and marks in media on the command line."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import OK, UNAVAILABLE, Desk
from holdfast.cli.keep import recovered, report_kept
from holdfast.compose import CodeShown
from holdfast.core.evidence import Received
from holdfast.core.marks_told import told


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast phone`` and ``holdfast marks``."""
    phone = typer.Typer(
        no_args_is_help=True, help=desk.say("cli.phone"), rich_markup_mode=None,
        add_completion=False,
    )  # fmt: skip
    app.add_typer(phone, name="phone")
    in_case = Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))]
    one = Annotated[str, typer.Option("--serial", help=desk.say("cli.phone.serial"))]

    @phone.command("list", help=desk.say("cli.phone.list"))
    def list_() -> int:
        found = desk.holdfast.phones(desk.job())
        for each in found:
            state = desk.say(f"phone.state.{each.state}")
            desk.tell(f"{each.serial}  {each.model or '-'}  {state}")
        if not found:
            desk.tell(desk.say("cli.phone.none"))
        desk.give({"phones": found})
        return OK if any(each.state == "device" for each in found) else UNAVAILABLE

    @phone.command(help=desk.say("cli.phone.shot"))
    def shot(case: in_case = "", serial: one = "") -> int:
        recovered(desk)
        return report_kept(desk, [desk.holdfast.phone_shot(desk.job(), serial, case)])

    @phone.command(help=desk.say("cli.phone.record"))
    def record(
        case: in_case = "",
        serial: one = "",
        seconds: Annotated[int, typer.Option(min=1, max=3600, metavar="N")] = 600,
    ) -> int:
        recovered(desk)
        desk.warn(desk.say("cli.phone.stop"))
        with stopped_by_hand() as stop:
            kept = desk.holdfast.phone_record(desk.job(), serial, seconds, case, stop)
        return report_kept(desk, [kept])

    @phone.command(help=desk.say("cli.phone.code"))
    def code(case: in_case = "") -> None:
        shown = desk.holdfast.phone_code(desk.job(), case)
        for line in drawn(shown.picture):
            desk.tell(line)
        for line in _facts(desk, shown):
            desk.tell(line)
        desk.give(
            {"code": shown.code.shown, "case": shown.case.number, "issued": shown.code.issued,
             "expires": shown.code.expires, "payload": shown.code.payload,
             "not_before": shown.code.not_before.body()}
        )  # fmt: skip

    @phone.command(help=desk.say("cli.phone.codes"))
    def codes(case: Annotated[str, typer.Option("--case", metavar="CASE")]) -> None:
        found = [one.code for one in desk.holdfast.phone_codes(case)]
        for one in found:
            told = {"issued": one.issued, "expires": one.expires}
            desk.tell(f"{one.shown}  {desk.say('cli.phone.code.time', **told)}")
        if not found:
            desk.tell(desk.say("cli.phone.codes.none"))
        desk.give({"codes": [{"code": one.shown, "expires": one.expires} for one in found]})

    @phone.command("import", help=desk.say("cli.phone.import"))
    def import_(
        files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
        case: in_case = "",
        code: Annotated[str, typer.Option(help=desk.say("cli.phone.its_code"))] = "",
        at: Annotated[str, typer.Option(metavar="MM:SS", help=desk.say("cli.phone.at"))] = "",
        source: Annotated[str, typer.Option("--from", help=desk.say("cli.from"))] = "",
    ) -> int:
        recovered(desk)
        received = Received(source=source, how=at) if source else None
        kept = desk.holdfast.phone_import(files, desk.job(), case, code, said=at, received=received)
        exit_code = report_kept(desk, [kept])
        for exhibit in kept.exhibits:
            for line in desk.holdfast.code_told(exhibit, desk.lang):
                desk.tell(f"  {exhibit.number}: {line}")
        return exit_code

    @app.command(help=desk.say("cli.marks"))
    def marks(files: Annotated[list[Path], typer.Argument(metavar="FILE…")]) -> None:
        found = desk.holdfast.marks(files, desk.job())
        words = desk.holdfast.words(desk.lang)
        for file in found:
            desk.tell(f"{file['path']}  ({file['format'] or '?'})")
            for line in told(file, words):
                desk.tell(f"  {line}")
        desk.tell(desk.say("mark.caution"))
        desk.give({"files": found})


def _facts(desk: Desk, shown: CodeShown) -> Iterator[str]:
    yield ""
    yield desk.say("cli.phone.code.is", code=shown.code.shown, case=shown.case.number)
    yield desk.say("cli.phone.code.time", issued=shown.code.issued, expires=shown.code.expires)
    block = shown.code.not_before.bitcoin
    if block is None:
        yield desk.say("phone.code.no_block")
    else:
        yield desk.say("phone.code.block", height=block.height, hash=block.hash[-16:])
    yield desk.say("cli.phone.code.next", code=shown.code.shown)
    yield desk.say("phone.code.limits")


@contextmanager
def stopped_by_hand() -> Iterator[threading.Event]:
    """The first Ctrl+C sets the event, so that a recording ends whole; a second one interrupts."""
    stop = threading.Event()

    def heard(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def drawn(picture: Sequence[Sequence[bool]]) -> Iterator[str]:
    """A picture of dark and light for a terminal, two rows a line, on a light margin.

    Light is drawn, dark is left: on a dark terminal it reads as it should; cameras read both.
    """
    wide = len(picture[0]) + 4
    light = [False] * wide
    rows = [light, light, *([False, False, *row, False, False] for row in picture), light, light]
    if len(rows) % 2:
        rows.append(light)
    signs = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(signs[pair] for pair in zip(upper, lower, strict=True))
