"""The command line: one thin command a use-case, one module a room.

``--data``, ``--json``, ``--lang`` and ``--quiet`` may stand before or after the command.  With
``--json`` one object goes to standard output and everything else to standard error.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from holdfast.cli import (
    browse,
    case,
    chain,
    environment,
    exhibit,
    keep,
    ledger,
    notice,
    origin,
    people,
    phone,
    practice,
    record,
    series,
    settings,
    stamp,
    work,
)
from holdfast.cli.desk import CANCELLED, OK, REFUSED, USAGE, Desk, Everywhere
from holdfast.core.errors import HoldfastError

_MISTAKE: Any = typer.BadParameter.__mro__[2]
"""What a command line that cannot be made out raises: Click's own, or Typer's copy of it."""


def run(argv: Sequence[str]) -> int:
    """The exit code of the command in ``argv``.  No traceback ever reaches the person."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # both are text files
    try:
        everywhere, rest = _everywhere(list(argv))
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    desk = Desk(everywhere)
    try:
        return call(rest, desk)
    except KeyboardInterrupt:
        desk.stopped()
        return CANCELLED
    finally:
        desk.close()


def _everywhere(argv: list[str]) -> tuple[Everywhere, list[str]]:
    """The options that may stand anywhere, and the rest.  After ``--`` everything is the rest."""
    rest: list[str] = []
    found: dict[str, Any] = {}
    while argv:
        word = argv.pop(0)
        if word == "--":
            rest += [word, *argv]
            break
        name, given, value = word.partition("=")
        match name:
            case "--json" | "--quiet" if not given:
                found[name[2:]] = True
            case "--data" | "--lang":
                if not given and not argv:
                    raise ValueError(f"{name} needs a value")
                found[name[2:]] = value if given else argv.pop(0)
            case _:
                rest.append(word)
    if found.get("lang", "zh") not in ("zh", "en"):
        raise ValueError("--lang takes zh or en")
    if "data" in found:
        found["data"] = Path(found["data"])
    return Everywhere(**found), rest


# --- commands ------------------------------------------------------------------------------------


def call(argv: list[str], desk: Desk) -> int:
    """The command in ``argv`` is done, or why not was said; its exit code."""
    try:
        code = typer.main.get_command(_commands(desk)).main(
            argv, prog_name="holdfast", standalone_mode=False
        )
        return code if isinstance(code, int) else OK
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        return CANCELLED
    except HoldfastError as error:
        return desk.trouble(error)
    except Exception as error:  # noqa: BLE001  a sentence for the person, a log for us
        if isinstance(error, _MISTAKE):
            desk.warn(error.format_message())
            return USAGE
        return _our_bug(desk, error)


def _commands(desk: Desk) -> typer.Typer:
    """Every command there is, with its help in the language asked for."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=desk.say("cli.help"),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for room in (
        case,
        exhibit,
        people,
        keep,
        environment,
        stamp,
        work,
        ledger,
        notice,
        practice,
        browse,
        phone,
        origin,
        series,
        record,
        chain,
        settings,
    ):
        room.register(app, desk)
    return app


def _our_bug(desk: Desk, error: Exception) -> int:
    import tempfile
    import traceback

    told = "".join(traceback.format_exception(error))
    name = f"crash-{desk.holdfast.now():%Y%m%d-%H%M%S}.txt"
    log: Path | str = "–"
    # A data folder that cannot be written to may be the very trouble.
    for folder in (desk.holdfast.data / "log", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(told, encoding="utf-8")
        except OSError:
            continue
        log = folder / name
        break
    desk.warn(desk.say("cli.bug", log=log))
    return REFUSED
