"""Keeping on the command line."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli import environment
from holdfast.cli.desk import CANCELLED, OK, REFUSED, UNAVAILABLE, Desk
from holdfast.compose import Failure, Kept
from holdfast.core.errors import Cancelled, Refused, Unavailable
from holdfast.core.evidence import Received
from holdfast.core.job import Job
from holdfast.usecases.cases import standing_links


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast keep``, ``recheck`` and ``shot``."""
    in_case = Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))]

    @app.command(help=desk.say("cli.keep"))
    def keep(
        targets: Annotated[list[str], typer.Argument(metavar="URL|FILE…")],
        case: in_case = "",
        how: Annotated[str, typer.Option("--as", help=desk.say("cli.as"))] = "",
        source: Annotated[str, typer.Option("--from", help=desk.say("cli.from"))] = "",
        profile: Annotated[bool, typer.Option("--profile", help=desk.say("cli.profile"))] = False,
        close_banner: Annotated[
            bool, typer.Option("--close-banner", help=desk.say("cli.close_banner"))
        ] = False,
    ) -> int:
        if how not in ("", "page", "video", "file"):
            raise typer.BadParameter("page, video, file", param_hint="--as")
        if profile and (not case or how == "file"):
            raise typer.BadParameter("--case", param_hint="--profile")
        if how != "video" and not profile and _is_link(targets[0], how):
            desk.holdfast.expect_page()
        recovered(desk)
        kept: list[Kept] = []
        for target in targets:
            if profile:
                kept.append(desk.holdfast.keep_logged_in(target, desk.job(), case, how))
            else:
                kept.append(_keep(desk, target, case, how, source, close_banner=close_banner))
            case = case or kept[-1].case.number
        return report_kept(desk, kept)

    @app.command(help=desk.say("cli.recheck"))
    def recheck(
        case: Annotated[str, typer.Option("--case", help=desk.say("cli.recheck.case"))],
    ) -> int:
        file = desk.holdfast.case_file(case)
        links = standing_links(file)
        if not links:
            raise Refused("recheck_nothing", case=file.case.number)
        desk.holdfast.expect_page()
        recovered(desk)
        kept = [desk.holdfast.keep(link, desk.job(), file.case.id) for link in links]
        if any(one.exhibits for one in kept):
            for reminder in desk.holdfast.looks_due(file.case.id):
                desk.holdfast.followup_done(reminder)
        return report_kept(desk, kept)

    @app.command(help=desk.say("cli.shot"))
    def shot(
        case: in_case = "",
        monitor: Annotated[int | None, typer.Option(help=desk.say("cli.monitor"))] = None,
        region: Annotated[str, typer.Option(metavar="X,Y,W,H", help=desk.say("cli.region"))] = "",
        monitors: Annotated[
            bool, typer.Option("--monitors", help=desk.say("cli.monitors"))
        ] = False,
    ) -> int:
        if monitors:
            return _list_monitors(desk)
        recovered(desk)
        return report_kept(desk, [desk.holdfast.shot(desk.job(), case, monitor, _region(region))])


def _list_monitors(desk: Desk) -> int:
    found = desk.holdfast.monitors()
    for one in found:
        box = f"{one.width}x{one.height}+{one.left}+{one.top}"
        desk.tell(f"{one.number}  {box}  {one.name}".rstrip())
    desk.give({"monitors": list(found)})
    return OK


def _region(text: str) -> tuple[int, int, int, int] | None:
    if not text:
        return None
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("X,Y,W,H", param_hint="--region") from error
    return x, y, width, height


def _is_link(target: str, how: str) -> bool:
    if "://" in target or how in ("page", "video"):
        return how != "file"
    path = Path(target).expanduser()
    return how != "file" and not os.path.lexists(path) and os.sep not in target


def _keep(desk: Desk, target: str, case: str, how: str, source: str, *, close_banner: bool) -> Kept:
    if not _is_link(target, how):
        path = Path(target).expanduser()
        received = Received(source=source) if source else None
        return desk.holdfast.keep_files((path,), desk.job(), case, received)
    return desk.holdfast.keep(target, desk.job(), case, how, close_banner=close_banner)


def recovered(desk: Desk) -> None:
    """What a crash cut short is said before anything new begins."""
    attempts = desk.holdfast.recover(Job())
    numbers = {case.id: case.number for case in desk.holdfast.cases()} if attempts else {}
    for attempt in attempts:
        key = "recovered" if attempt.exhibit else "left" if attempt.left else "cut_short"
        exhibit = f"{numbers.get(attempt.case_id, '')} {attempt.exhibit}"
        told = {"exhibit": exhibit, "target": attempt.target, "path": attempt.left}
        desk.warn(desk.say(f"cli.{key}", **told))


def report_kept(desk: Desk, all_kept: Sequence[Kept]) -> int:
    """What was kept and what was not is said; the exit code."""
    codes: list[int] = []
    for kept in all_kept:
        desk.tell(f"{kept.case.number}  {kept.case.title}")
        for exhibit in kept.exhibits:
            desk.tell(f"  {exhibit.number}  {exhibit.title or exhibit.url}")
            desk.tell(f"         SHA-256 {exhibit.digest.sha256}")
            desk.tell(f"         {desk.say('status.queued')}")
            for check in desk.holdfast.red(exhibit, desk.lang):
                desk.warn(f"  {exhibit.number}: {desk.say('cli.incomplete')}: {check}")
        # Page and video of one link often fail alike; once is enough to read.
        alike = {(failure.target, failure.error.code): failure for failure in kept.failed}
        for failure in alike.values():
            _say_failure(desk, kept, failure)
        codes.append(code_of(kept))
    desk.give(
        {
            "case": all_kept[0].case,
            "exhibits": [exhibit for kept in all_kept for exhibit in kept.exhibits],
            "failed": [
                {"target": f.target, "source": f.source, "code": f.error.code}
                for kept in all_kept
                for f in kept.failed
            ],
        }
    )
    for matter in dict.fromkeys(kept.case.id for kept in all_kept if kept.exhibits):
        environment.check_after(desk, matter)
    return max(codes)


def _say_failure(desk: Desk, kept: Kept, failure: Failure) -> None:
    if kept.exhibits and failure.source == "video":
        desk.warn(
            desk.say("cli.no_video", why=desk.holdfast.words(desk.lang).trouble(failure.error))
        )
    else:
        desk.trouble(failure.error)


def code_of(kept: Kept) -> int:
    """Done when something whole was kept; else what the first failure says."""
    if any(isinstance(failure.error, Cancelled) for failure in kept.failed):
        return CANCELLED
    if any(exhibit.complete for exhibit in kept.exhibits):
        return OK
    if kept.exhibits or isinstance(kept.failed[0].error, Unavailable):
        return UNAVAILABLE
    return REFUSED
