"""Documents, packs, deadlines and the self-check on the command line."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import OK, UNAVAILABLE, VERDICT_CODES, Desk
from holdfast.core.canonical import one_line
from holdfast.core.verdict import Finding, Verdict


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast document``, ``export``, ``verify``, ``due`` and ``selfcheck``."""

    @app.command(help=desk.say("cli.document"))
    def document(
        kind: str,
        case: Annotated[str, typer.Option("--case")],
        out: Annotated[Path | None, typer.Option("--out")] = None,
    ) -> None:
        issued = desk.holdfast.document(kind, case, desk.lang, desk.job(), out)
        where = out or desk.holdfast.document_path(issued)
        desk.tell(f"{issued.number}  {where}")
        desk.give({"document": issued, "path": where})

    @app.command(help=desk.say("cli.export"))
    def export(
        case: Annotated[str, typer.Option("--case")],
        out: Annotated[Path, typer.Option("--out")],
        only: Annotated[str, typer.Option("--only", help=desk.say("cli.export.only"))] = "",
        without_parties: Annotated[
            bool, typer.Option("--without-parties", help=desk.say("cli.export.without_parties"))
        ] = False,
    ) -> None:
        chosen = tuple(number for number in only.replace(",", " ").split() if number)
        path = desk.holdfast.export(
            case, out, desk.job(), only=chosen, without_parties=without_parties
        )
        desk.tell(desk.say("cli.exported", path=path))
        desk.give({"pack": path})

    @app.command(help=desk.say("cli.verify"))
    def verify(
        targets: Annotated[list[str], typer.Argument(metavar="TARGET…")],
        headers: Annotated[Path | None, typer.Option(help=desk.say("cli.headers"))] = None,
        root: Annotated[Path | None, typer.Option(help=desk.say("cli.root"))] = None,
        chain: Annotated[Path | None, typer.Option(help=desk.say("cli.chain"))] = None,
        all_digests: Annotated[
            bool, typer.Option("--all-digests", help=desk.say("cli.all_digests"))
        ] = False,
        practice: Annotated[
            bool, typer.Option("--practice", help=desk.say("cli.count_practice"))
        ] = False,
        out: Annotated[
            Path | None, typer.Option("--out", help=desk.say("cli.verification"))
        ] = None,
        head: Annotated[
            list[str] | None,
            typer.Option("--head", metavar="SIZE:ROOT", help=desk.say("cli.verify.head")),
        ] = None,
    ) -> int:
        job = desk.job()
        try:
            looking = None if out is None else desk.holdfast.looking(targets, out, job)
            verdict = desk.holdfast.verify(
                targets,
                job,
                headers=headers,
                root=root,
                chain=chain,
                all_digests=all_digests,
                practice=practice,
                heads=tuple(head or ()),
            )
        except KeyboardInterrupt:
            desk.warn(desk.say("cli.verify.stopped"))
            raise
        _tell_verdict(desk, verdict)
        if looking is not None:
            paper = desk.holdfast.verification(verdict, looking, desk.lang, desk.job())
            desk.tell(desk.say("cli.verification.written", path=paper))
        desk.give(verdict.body())
        return VERDICT_CODES[verdict.verdict]

    @app.command(help=desk.say("cli.due"))
    def due(within: Annotated[int, typer.Option(metavar="DAYS")] = 30) -> None:
        found = desk.holdfast.due(within)
        ageing = desk.holdfast.renewals()
        back = [case.number for case in desk.holdfast.set_back]
        for number in back:
            desk.warn(desk.say("cli.set_back", case=number))
        for one in found:
            basis = desk.say(f"cli.basis.{one.follow_up.basis}")
            desk.tell(
                f"{one.follow_up.due}  {one.case.number}  {one.notice.document}"
                f"  {one.follow_up.term}  {desk.say('followup.' + one.follow_up.term)} ({basis})"
            )
        for old in ageing:
            desk.tell(
                desk.say(
                    "cli.renewal_due",
                    until=old.until[:10],
                    case=old.case.number,
                    count=old.count,
                    why=desk.say(f"renewal.{old.why}"),
                )
            )
        if not found and not ageing:
            desk.tell(desk.say("cli.nothing_due"))
        desk.give({"due": found, "renewals": ageing, "set_back": back})

    @app.command(help=desk.say("cli.selfcheck"))
    def selfcheck() -> int:
        checks = desk.holdfast.selfcheck(desk.job(), desk.lang)
        for check in checks:
            state = desk.say(f"cli.check.{check.outcome}")
            desk.tell(f"{state:8} {check.check}  {check.detail}".rstrip())
        desk.give({"version": desk.holdfast.version, "checks": checks})
        return UNAVAILABLE if any(check.outcome == "fail" for check in checks) else OK


def _tell_verdict(desk: Desk, verdict: Verdict) -> None:
    """One sentence, what to do, what was found or could not be checked, and what it shows not."""
    from holdfast.usecases.telling import advice

    say = desk.say
    rehearsed = any(finding.rule == "world_practice" for finding in verdict.findings)
    if rehearsed:
        desk.tell(say("world_practice"))
    practised = rehearsed and verdict.verdict == "ok"
    desk.tell(
        say("verdict.ok.practice" if practised else f"verdict.{verdict.verdict}{verdict.ending}")
    )
    if now := advice(verdict):
        desk.tell(say("cli.verify.now", advice=say(now)))
    for key, outcomes in (
        ("cli.verify.found", ("broken", "weak")),
        ("cli.verify.unchecked", ("unchecked",)),
        ("cli.verify.matches", ("ok",)),
    ):
        _tell_findings(desk, verdict, say(key), outcomes)
    if verdict.timestamps:
        desk.tell(say("cli.verify.stamps"))
    for seen in verdict.timestamps:
        state = say(f"status.{seen.status}")
        by = desk.words.fact(seen.by)
        kind = say(f"ui.witness.{seen.kind}")
        told = " · ".join(part for part in (kind, state, seen.time or "", by) if part)
        desk.tell(f"  {one_line(f'{seen.subject}: {told}')}")
    desk.tell(say("cli.verify.shows_not"))


def _tell_findings(desk: Desk, verdict: Verdict, title: str, outcomes: tuple[str, ...]) -> None:
    """Those of these outcomes, the worst first; of many that are alike the first is told."""
    found = [
        finding
        for outcome in outcomes
        for finding in verdict.findings
        if finding.outcome == outcome and finding.rule != "world_practice"
    ]
    if not found:
        return
    desk.tell(title)
    counts = Counter(map(_alike, found))
    told: set[tuple[str, ...]] = set()
    for finding in found:
        like = _alike(finding)
        if like in told:
            continue
        told.add(like)
        state = desk.say(f"outcome.{finding.outcome}")
        more = f" (+{counts[like] - 1})" if counts[like] > 1 else ""
        subject = f"{finding.subject}{more}: " if finding.subject else ""
        said = desk.say(finding.rule, detail=desk.words.fact(finding.detail))
        # What a pack says of itself must not look like a line of ours.
        desk.tell(f"  [{state}] {one_line(subject + said)}")


def _alike(finding: Finding) -> tuple[str, ...]:
    """What findings have in common that are told as one: nothing where anything is wrong."""
    match finding.outcome:
        case "ok":
            return (finding.rule,)
        case "unchecked":
            return (finding.rule, finding.detail)
        case _:
            return (finding.rule, finding.detail, finding.subject)
