"""The environment check on the command line: a table, and what is said about it."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated

import typer

from holdfast.cli.desk import OK, Desk
from holdfast.core.environment import EnvironmentCheck, EnvironmentRun, said
from holdfast.core.evidence import Outcome


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast environment``."""

    @app.command(help=desk.say("cli.environment"))
    def environment(
        case: Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))] = "",
        remark: Annotated[
            list[str] | None,
            typer.Option("--remark", metavar="ITEM=TEXT", help=desk.say("cli.environment.remark")),
        ] = None,
        about: Annotated[
            str,
            typer.Option(
                "--about", metavar="EXHIBIT|CHECK", help=desk.say("cli.environment.about")
            ),
        ] = "",
        earlier: Annotated[
            bool, typer.Option("--list", help=desk.say("cli.environment.list"))
        ] = False,
    ) -> int:
        remarks = _remarks(remark or ())
        if (about or earlier) and not case:
            raise typer.BadParameter("--case", param_hint="--about" if about else "--list")
        if earlier:
            return _list(desk, case)
        if about:
            if not remarks:
                raise typer.BadParameter("--remark", param_hint="--about")
            return _explained(desk, desk.holdfast.explain_environment(case, about, remarks))
        if remarks and not case:
            raise typer.BadParameter("--case", param_hint="--remark")
        run = desk.holdfast.environment(desk.job(), case)
        check: EnvironmentCheck | None = None
        if case:
            check = desk.holdfast.write_environment(case, remarks, desk.job())
            run = check.run
        _table(desk, run)
        desk.tell(desk.say("cli.environment.limits"))
        if check is not None:
            named = next(one.number for one in desk.holdfast.cases() if one.id == check.case_id)
            desk.tell(desk.say("cli.environment.written", case=named, sha256=check.sha256))
        desk.give(
            {
                **run.body(),
                "sentences": {one.item: said(one, desk.words) for one in run.readings},
                "recorded": None if check is None else {"id": check.id, "sha256": check.sha256},
            }
        )
        return OK


def _list(desk: Desk, case: str) -> int:
    """Every check in the case's record beside its captures."""
    found = desk.holdfast.environments(case)
    for check in found:
        desk.tell(f"{check.id}  {check.run.started}")
    if not found:
        desk.tell(desk.say("cli.environment.list.none"))
    desk.give({"checks": [{"id": one.id, **one.run.body()} for one in found]})
    return OK


def _explained(desk: Desk, check: EnvironmentCheck) -> int:
    """What was said about an earlier check is on record."""
    _table(desk, check.run)
    desk.tell(desk.say("cli.environment.explained", sha256=check.sha256))
    desk.give({**check.run.body(), "recorded": {"id": check.id, "sha256": check.sha256}})
    return OK


def check_after(desk: Desk, case: str) -> None:
    """This computer is looked at once more after a capture, and that is said."""
    check = desk.holdfast.check_after(case, desk.job())
    if check is not None:
        counts = check.run.counts
        desk.tell(
            desk.say(
                "cli.environment.after",
                fine=counts["pass"],
                explain=counts["warn"] + counts["fail"],
                unchecked=counts["not_checked"],
            )
        )


def _remarks(given: Sequence[str]) -> dict[str, str]:
    remarks = {}
    for one in given:
        item, found, text = one.partition("=")
        if not found or not item.strip():
            raise typer.BadParameter("ITEM=TEXT", param_hint="--remark")
        remarks[item.strip()] = text.strip()
    return remarks


MARKS: dict[Outcome, str] = {"pass": " ", "warn": "!", "fail": "!", "not_checked": "?"}


def _table(desk: Desk, run: EnvironmentRun) -> None:
    rows = [
        (
            desk.say(f"environment.item.{one.item}"),
            f"{MARKS[one.outcome]} {desk.say(f'environment.outcome.{one.outcome}')}",
            said(one, desk.words),
            one.remark,
        )
        for one in run.readings
    ]
    titles = tuple(desk.say(f"cli.environment.column.{name}") for name in ("item", "outcome"))
    first = max(map(_wide, [titles[0], *(row[0] for row in rows)])) + 2
    second = max(map(_wide, [titles[1], *(row[1] for row in rows)])) + 2
    seen = desk.say("cli.environment.column.seen")
    desk.tell(f"{_padded(titles[0], first)}{_padded('  ' + titles[1], second + 2)}{seen}")
    for item, outcome, sentence, remark in rows:
        desk.tell(f"{_padded(item, first)}{_padded(outcome, second + 2)}{sentence}")
        if remark:
            desk.tell(f"{' ' * (first + second + 2)}— {remark}")


def _wide(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, wide: int) -> str:
    return text + " " * max(0, wide - _wide(text))
