"""Series on the command line, and the downloader that serves them."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import OK, REFUSED, UNAVAILABLE, Desk
from holdfast.cli.keep import recovered
from holdfast.compose.series import DownloaderState
from holdfast.core.errors import HoldfastError, Unavailable
from holdfast.core.series import Episode, total
from holdfast.usecases.series import SeriesFile


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast series`` and ``holdfast ytdlp``."""
    series = typer.Typer(no_args_is_help=True, help=desk.say("cli.series"))
    app.add_typer(series, name="series")
    _series(series, desk)
    ytdlp = typer.Typer(no_args_is_help=True, help=desk.say("cli.ytdlp"))
    app.add_typer(ytdlp, name="ytdlp")
    _ytdlp(ytdlp, desk)


def _series(app: typer.Typer, desk: Desk) -> None:
    in_case = Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))]

    own = Annotated[bool, typer.Option("--profile", help=desk.say("cli.profile"))]

    def inventory(url: str, case: str, *, profile: bool) -> SeriesFile:
        if profile and not case:
            raise typer.BadParameter("--case", param_hint="--profile")
        recovered(desk)
        if profile:
            return desk.holdfast.inventory_logged_in(url, desk.job(), case)
        return desk.holdfast.inventory(url, desk.job(), case)

    @app.command("list", help=desk.say("cli.series.list"))
    def show(
        what: Annotated[str, typer.Argument(metavar="URL|CASE")],
        case: in_case = "",
        profile: own = False,
    ) -> int:
        if "://" in what or "." in what:
            return _report(desk, (inventory(what, case, profile=profile),))
        found = desk.holdfast.series(what)
        if not found:
            desk.tell(desk.say("cli.series.none"))
        return _report(desk, found)

    @app.command(help=desk.say("cli.series.keep"))
    def keep(
        url: Annotated[str, typer.Argument(metavar="URL")],
        case: in_case = "",
        episodes: Annotated[str, typer.Option(help=desk.say("cli.series.episodes"))] = "",
        pages: Annotated[bool, typer.Option("--pages", help=desk.say("cli.series.pages"))] = False,
        gap: Annotated[float, typer.Option(min=0, help=desk.say("cli.series.gap"))] = 0.0,
        profile: own = False,
    ) -> int:
        file = inventory(url, case, profile=profile)
        desk.holdfast.choose_episodes(file.series.id, episodes, pages=pages, gap_ms=int(gap * 1000))
        return _report(desk, (desk.holdfast.keep_episodes(file.series.id, desk.job()),))

    @app.command(help=desk.say("cli.series.resume"))
    def resume(
        case: str,
        again: Annotated[bool, typer.Option("--again", help=desk.say("cli.series.again"))] = False,
    ) -> int:
        recovered(desk)
        found = [
            desk.holdfast.keep_episodes(file.series.id, desk.job(), again=again)
            for file in desk.holdfast.series(case)
            if again or any(one.state in ("queued", "running") for one in file.episodes)
        ]
        return _report(desk, found or desk.holdfast.series(case))

    @app.command(help=desk.say("cli.series.pause"))
    def pause(case: str) -> int:
        paused = [desk.holdfast.pause_series(file.series.id) for file in desk.holdfast.series(case)]
        desk.tell(desk.say("cli.series.paused" if paused else "cli.series.none"))
        desk.give({"series": paused})
        return OK


def _report(desk: Desk, files: "list[SeriesFile] | tuple[SeriesFile, ...]") -> int:
    """Every series with its episodes is said; the exit code."""
    cases = {case.id: case for case in desk.holdfast.cases()}
    codes = [OK]
    for file in files:
        number = cases[file.series.case_id].number
        last = file.inventories[-1] if file.inventories else None
        counted = desk.say(
            "cli.series.counted",
            count=len(file.episodes),
            paid=sum(one.listed.access == "paid" for one in file.episodes),
        )
        if last is not None and last.stated is not None:
            counted += f" ({desk.say('cli.series.stated', stated=last.stated)})"
        desk.tell(f"{number}  {file.series.title}  {counted}")
        if file.series.own:
            desk.tell(f"  {desk.say('cli.series.own')}")
        for one in file.inventories:
            plays = total(one, "plays")
            desk.tell(f"  {one.exhibit}  {one.taken}  {'' if plays is None else f'{plays:,}'}")
        for episode in file.episodes:
            _tell(desk, episode)
        codes.append(_code(desk, file, number))
    desk.give({"series": [_body(file) for file in files]})
    return max(codes)


def _tell(desk: Desk, one: Episode) -> None:
    listed = one.listed
    number = str(listed.number if listed.number is not None else one.place)
    state = desk.say(f"state.episode.{one.state}")
    if not one.whole:
        state += f" ({desk.say('cli.series.incomplete')})"
    access = desk.say(f"access.{listed.access}")
    counters = " ".join(counter.value for counter in listed.counters[:1])
    line = f"  {number:>4}  {state}  {one.exhibit:5}  {access}  {counters:>10}  {listed.title}"
    desk.tell(line.rstrip())
    if one.state == "failed":
        three = desk.holdfast.words(desk.lang).trouble(_error(one))
        desk.warn(f"        {three.what} {three.now}")


def _error(one: Episode) -> HoldfastError:
    return Unavailable(one.code, **dict(one.facts))


def _code(desk: Desk, file: SeriesFile, number: str) -> int:
    """Done; or that something waits or failed, with what stopped it."""
    waits = sum(one.state in ("queued", "running") for one in file.episodes)
    if file.series.code:
        desk.warn(desk.say("cli.series.stopped"))
        failed = [one for one in file.episodes if one.code == file.series.code]
        facts = dict(failed[-1].facts) if failed else {"name": file.series.title}
        desk.warn(
            str(desk.holdfast.words(desk.lang).trouble(Unavailable(file.series.code, **facts)))
        )
    if waits and file.series.state == "paused":
        desk.warn(desk.say("cli.series.left", left=waits, case=number))
        return UNAVAILABLE
    if any(one.state == "failed" for one in file.episodes):
        return UNAVAILABLE
    return OK


def _body(file: SeriesFile) -> dict[str, object]:
    return {
        "id": file.series.id,
        "case": file.series.case_id,
        "url": file.series.url,
        "title": file.series.title,
        "state": file.series.state,
        "code": file.series.code,
        "logged_in": file.series.own,
        "inventories": [
            {
                "exhibit": one.exhibit,
                "taken": one.taken,
                "listed": one.listed,
                "paid": one.paid,
                "stated": one.stated,
                "counters": {counter.name: counter.value for counter in one.counters},
            }
            for one in file.inventories
        ],
        "episodes": [
            one.listed.body()
            | {
                "state": one.state,
                "exhibit": one.exhibit,
                "page": one.page,
                "complete": one.whole,
                "code": one.code,
            }
            for one in file.episodes
        ],
    }


# --- the downloader ------------------------------------------------------------------------------


def _ytdlp(app: typer.Typer, desk: Desk) -> None:
    @app.command(help=desk.say("cli.ytdlp.show"))
    def show() -> int:
        return _state(desk, desk.holdfast.downloader())

    @app.command(help=desk.say("cli.ytdlp.update"))
    def update(
        file: Annotated[Path | None, typer.Argument(metavar="FILE.whl")] = None,
        fetch: Annotated[bool, typer.Option("--fetch", help=desk.say("cli.ytdlp.fetch"))] = False,
        bundled: Annotated[
            bool, typer.Option("--bundled", help=desk.say("cli.ytdlp.bundled"))
        ] = False,
        index: Annotated[str, typer.Option(metavar="URL", help=desk.say("cli.ytdlp.index"))] = "",
    ) -> int:
        if (file is not None) + fetch + bundled != 1:
            raise typer.BadParameter(desk.say("cli.ytdlp.one"), param_hint="FILE.whl")
        if file is not None:
            return _state(desk, desk.holdfast.use_downloader(file.expanduser(), desk.job()))
        if fetch:
            return _state(desk, desk.holdfast.fetch_downloader(desk.job(), index))
        return _state(desk, desk.holdfast.bundled_downloader())


def _state(desk: Desk, state: DownloaderState) -> int:
    key = "ytdlp.bundled" if not state.newer else "ytdlp.newer" if state.sound else "ytdlp.unsound"
    version = state.newer or state.bundled
    desk.tell(desk.say(key, version=version, bundled=state.bundled))
    if state.sha256:
        desk.tell(f"SHA-256 {state.sha256}")
    desk.give({"downloader": state})
    return OK if state.sound else REFUSED
