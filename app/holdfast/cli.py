"""The command line: one thin command a use-case.

``--data``, ``--json``, ``--lang`` and ``--quiet`` may stand before or after the command.  With
``--json`` one object goes to standard output and everything else to standard error.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from holdfast.compose import Failure, Holdfast, Kept, open_holdfast, system_language, words
from holdfast.core.canonical import visible
from holdfast.core.document import Lang
from holdfast.core.errors import Cancelled, HoldfastError, Refused, Tampered, Unavailable
from holdfast.core.evidence import Received
from holdfast.core.job import Job, Progress

_MISTAKE: Any = typer.BadParameter.__mro__[2]
"""What a command line that cannot be made out raises: Click's own, or Typer's copy of it."""

OK, REFUSED, USAGE, UNAVAILABLE, BROKEN, UNCHECKED, CANCELLED = 0, 1, 2, 3, 4, 5, 130
_VERDICT_CODES = {"ok": OK, "weak": OK, "broken": BROKEN, "unchecked": UNCHECKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """What may stand before or after every command."""

    data: Path | None = None
    json: bool = False
    lang: Lang | None = None
    quiet: bool = False


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


class Desk:
    """What every command works with: Holdfast, words, and a way to say things."""

    def __init__(self, everywhere: Everywhere) -> None:
        self.everywhere = everywhere
        self._holdfast: Holdfast | None = None
        self._bar: Bar | None = None

    @property
    def holdfast(self) -> Holdfast:
        """Opened at the first need, so that usage errors touch no data."""
        if self._holdfast is None:
            self._holdfast = open_holdfast(self.everywhere.data)
        return self._holdfast

    def close(self) -> None:
        """Nothing is left open."""
        if self._holdfast is not None:
            self._holdfast.close()

    @property
    def lang(self) -> Lang:
        """Asked for, else as set, else the system's."""
        if self.everywhere.lang:
            return self.everywhere.lang
        chosen = self._holdfast.settings.language if self._holdfast else ""
        if chosen:
            return chosen
        return system_language()

    def say(self, key: str, /, **facts: object) -> str:
        """A sentence of the catalogues."""
        return words(self.lang)(key, **facts)

    def job(self) -> Job:
        """Progress on standard error: a bar on a terminal, lines otherwise."""
        if self.everywhere.quiet:
            return Job()
        self._bar = Bar(self)
        return Job(self._bar.show)

    def tell(self, line: str = "") -> None:
        """A line for people, on standard output unless that carries JSON.  Never markup."""
        if self._bar is not None:
            self._bar.end()
        if not self.everywhere.quiet or not self.everywhere.json:
            print(visible(line), file=sys.stderr if self.everywhere.json else sys.stdout)

    def warn(self, line: str) -> None:
        """A line on standard error."""
        if self._bar is not None:
            self._bar.end()
        print(visible(line), file=sys.stderr)

    def give(self, body: Mapping[str, object]) -> None:
        """The one JSON object, where it was asked for."""
        if self.everywhere.json:
            print(json.dumps(plain(body), ensure_ascii=False))

    def trouble(self, error: HoldfastError) -> int:
        """Why it did not work, in one sentence each; the exit code that says the same."""
        if isinstance(error, Cancelled):
            return CANCELLED
        self.warn(str(words(self.lang).trouble(error)))
        if isinstance(error, Unavailable):
            return UNAVAILABLE
        return BROKEN if isinstance(error, Tampered) else REFUSED


class Bar:
    """Progress as people read it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stage = ""
        self._drawn = 0.0
        self._terminal = sys.stderr.isatty()

    def show(self, progress: Progress) -> None:
        """The stage, and on a terminal how far it is."""
        stage = self._desk.say(f"stage.{progress.stage}")
        if not self._terminal:
            if stage != self._stage:
                print(stage, file=sys.stderr)
            self._stage = stage
            return
        now = time.monotonic()
        if stage == self._stage and now - self._drawn < 0.1:
            return
        self._stage, self._drawn = stage, now
        share = f" {100 * progress.done // progress.total:3d} %" if progress.total else ""
        detail = visible(progress.detail)[:40]
        print(f"\r\x1b[K{stage}{share} {detail}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """What follows begins on a line of its own."""
        if self._terminal and self._stage:
            print("\r\x1b[K", end="", file=sys.stderr)
        self._stage = ""


def plain(value: object) -> Any:
    """A value as JSON knows it: dataclasses are objects, paths and bytes text."""
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return value.hex()
        case None | bool() | int() | float() | str():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return str(value)


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
    for register in (_case, _capture, _work, _notice, _practice):
        register(app, desk)
    return app


def _our_bug(desk: Desk, error: Exception) -> int:
    import traceback

    folder = desk.holdfast.data / "log"
    folder.mkdir(exist_ok=True)
    log = folder / f"crash-{desk.holdfast.now():%Y%m%d-%H%M%S}.txt"
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    desk.warn(desk.say("cli.bug", log=log))
    return REFUSED


def _case(app: typer.Typer, desk: Desk) -> None:
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.case"))
    app.add_typer(group, name="case")

    @group.command("new", help=desk.say("cli.case.new"))
    def new(title: str) -> None:
        case = desk.holdfast.open_case(title)
        desk.tell(f"{case.number}  {case.title}")
        desk.give({"case": case})

    @group.command("list", help=desk.say("cli.case.list"))
    def list_() -> None:
        cases = desk.holdfast.cases()
        for case in cases:
            mark = f" [{desk.say('cli.practice')}]" if case.world == "practice" else ""
            shut = f" ({desk.say('cli.closed')})" if case.closed else ""
            desk.tell(f"{case.number}  {case.title}{mark}{shut}")
        if not cases:
            desk.tell(desk.say("cli.no_cases"))
        desk.give({"cases": cases})

    @group.command("show", help=desk.say("cli.case.show"))
    def show(case: str) -> None:
        file = desk.holdfast.case_file(case)
        desk.tell(f"{file.case.number}  {file.case.title}")
        for exhibit in file.exhibits:
            mark = "" if exhibit.complete else f" ({desk.say('cli.incomplete')})"
            desk.tell(f"  {exhibit.number}  {exhibit.caption or exhibit.title}{mark}")
            desk.tell(f"         SHA-256 {exhibit.digest.sha256}")
        for stamp in file.stamps:
            state = desk.say(f"status.{stamp.status}")
            desk.tell(f"  {stamp.subject.path}  {stamp.kind} {stamp.authority}  {state}")
        for document in file.documents:
            desk.tell(f"  {document.number}  {document.kind} {document.lang}")
        desk.give(
            {
                name: getattr(file, name)
                for name in ("case", "exhibits", "attempts", "stamps", "documents", "notices")
            }
            | {"entries": [json.loads(entry.body) for entry in file.entries]}
        )

    @group.command("close", help=desk.say("cli.case.close"))
    def close(case: str) -> None:
        closed = desk.holdfast.close_case(case)
        desk.tell(desk.say("cli.closed_now", case=closed.number))
        desk.give({"case": closed})


def _capture(app: typer.Typer, desk: Desk) -> None:
    in_case = Annotated[str, typer.Option("--case", help=desk.say("cli.in_case"))]

    @app.command(help=desk.say("cli.keep"))
    def keep(
        targets: Annotated[list[str], typer.Argument(metavar="URL|FILE…")],
        case: in_case = "",
        how: Annotated[str, typer.Option("--as", help=desk.say("cli.as"))] = "",
        source: Annotated[str, typer.Option("--from", help=desk.say("cli.from"))] = "",
    ) -> int:
        if how not in ("", "page", "video", "file"):
            raise typer.BadParameter("page, video, file", param_hint="--as")
        _recovered(desk)
        kept: list[Kept] = []
        for target in targets:
            kept.append(_keep(desk, target, case, how, source))
            case = case or kept[-1].case.number
        return _report_kept(desk, kept)

    @app.command(help=desk.say("cli.shot"))
    def shot(
        case: in_case = "",
        monitor: Annotated[int | None, typer.Option(help=desk.say("cli.monitor"))] = None,
        region: Annotated[str, typer.Option(metavar="X,Y,W,H", help=desk.say("cli.region"))] = "",
    ) -> int:
        _recovered(desk)
        return _report_kept(desk, [desk.holdfast.shot(desk.job(), case, monitor, _region(region))])


def _region(text: str) -> tuple[int, int, int, int] | None:
    if not text:
        return None
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("X,Y,W,H", param_hint="--region") from error
    return x, y, width, height


def _keep(desk: Desk, target: str, case: str, how: str, source: str) -> Kept:
    path = Path(target).expanduser()
    is_link = "://" in target or how in ("page", "video")
    if how == "file" or (not is_link and (path.exists() or os.sep in target)):
        received = Received(source=source) if source else None
        return desk.holdfast.keep_files((path,), desk.job(), case, received)
    return desk.holdfast.keep(target, desk.job(), case, how)


def _recovered(desk: Desk) -> None:
    """What a crash cut short is said before anything new begins."""
    for attempt in desk.holdfast.recover(Job()):
        key = "cli.recovered" if attempt.exhibit else "cli.cut_short"
        desk.warn(desk.say(key, exhibit=attempt.exhibit, target=attempt.target))


def _report_kept(desk: Desk, all_kept: Sequence[Kept]) -> int:
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
        codes.append(_code(kept))
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
    return max(codes)


def _say_failure(desk: Desk, kept: Kept, failure: Failure) -> None:
    if kept.exhibits and failure.source == "video":
        desk.warn(
            desk.say("cli.no_video", why=desk.holdfast.words(desk.lang).trouble(failure.error))
        )
    else:
        desk.trouble(failure.error)


def _code(kept: Kept) -> int:
    """Done when something whole was kept; else what the first failure says."""
    if any(isinstance(failure.error, Cancelled) for failure in kept.failed):
        return CANCELLED
    if any(exhibit.complete for exhibit in kept.exhibits):
        return OK
    if kept.exhibits or isinstance(kept.failed[0].error, Unavailable):
        return UNAVAILABLE
    return REFUSED


def _work(app: typer.Typer, desk: Desk) -> None:

    @app.command(help=desk.say("cli.stamp"))
    def stamp(case: Annotated[str, typer.Option("--case")] = "") -> int:
        run = desk.holdfast.stamp(desk.job(), case)
        desk.tell(desk.say("cli.stamped", **asdict(run)))
        desk.give(asdict(run))
        return UNAVAILABLE if run.failed and not (run.confirmed or run.pending) else OK

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
        case: Annotated[str, typer.Option("--case")], out: Annotated[Path, typer.Option("--out")]
    ) -> None:
        path = desk.holdfast.export(case, out, desk.job())
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
    ) -> int:
        verdict = desk.holdfast.verify(
            targets,
            desk.job(),
            headers=headers,
            root=root,
            chain=chain,
            all_digests=all_digests,
            practice=practice,
        )
        words = desk.holdfast.words(desk.lang)
        rehearsed = any(finding.rule == "world_practice" for finding in verdict.findings)
        if rehearsed:
            desk.tell(words("world_practice"))
        practised = rehearsed and verdict.verdict == "ok"
        desk.tell(words("verdict.ok.practice" if practised else f"verdict.{verdict.verdict}"))
        for finding in verdict.findings:
            if finding.outcome != "ok" and finding.rule != "world_practice":
                state = words(f"outcome.{finding.outcome}")
                subject = f"{finding.subject}: " if finding.subject else ""
                desk.tell(f"  [{state}] {subject}{words(finding.rule, detail=finding.detail)}")
        for seen in verdict.timestamps:
            state = words(f"status.{seen.status}")
            desk.tell(f"  {seen.subject}: {seen.kind} {state} {seen.time or ''} {seen.by}".rstrip())
        desk.give(verdict.body())
        return _VERDICT_CODES[verdict.verdict]

    @app.command(help=desk.say("cli.due"))
    def due(within: Annotated[int, typer.Option(metavar="DAYS")] = 30) -> None:
        found = desk.holdfast.due(within)
        for one in found:
            basis = desk.say(f"cli.basis.{one.follow_up.basis}")
            desk.tell(
                f"{one.follow_up.due}  {one.case.number}  {one.notice.document}"
                f"  {desk.say('followup.' + one.follow_up.term)} ({basis})"
            )
        if not found:
            desk.tell(desk.say("cli.nothing_due"))
        desk.give({"due": found})

    @app.command(help=desk.say("cli.selfcheck"))
    def selfcheck() -> int:
        checks = desk.holdfast.selfcheck(desk.job(), desk.lang)
        for check in checks:
            state = desk.say(f"cli.check.{check.outcome}")
            desk.tell(f"{state:8} {check.check}  {check.detail}".rstrip())
        desk.give({"version": desk.holdfast.version, "checks": checks})
        return UNAVAILABLE if any(check.outcome == "fail" for check in checks) else OK


def _notice(app: typer.Typer, desk: Desk) -> None:
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.notice"))
    app.add_typer(group, name="notice")
    which = Annotated[str, typer.Argument(metavar="NOTICE")]

    def find(reference: str) -> str:
        """A notice by its document number (HF-…-L01) or id."""
        for case in desk.holdfast.cases():
            for notice in desk.holdfast.case_file(case.id).notices:
                if reference in (notice.id, notice.document):
                    return notice.id
        raise Refused("not_found", kind="notice", id=reference[:80])

    @group.command("regimes", help=desk.say("cli.notice.regimes"))
    def regimes() -> None:
        for regime in desk.holdfast.regimes():
            desk.tell(f"{regime.id}  {regime.names(desk.lang)}")
            desk.tell(f"    {regime.short(desk.lang)}")
        for platform in desk.holdfast.platforms():
            desk.tell(
                f"  {platform.id}  {platform.names(desk.lang)}: {', '.join(platform.regimes)}"
            )
        desk.give({"regimes": desk.holdfast.regimes(), "platforms": desk.holdfast.platforms()})

    @group.command("draft", help=desk.say("cli.notice.draft"))
    def draft(
        case: Annotated[str, typer.Option("--case")],
        regime: Annotated[str, typer.Option("--regime")],
        platform: Annotated[str, typer.Option("--platform")],
        answers: Annotated[
            list[str], typer.Option("--answer", metavar="KEY=VALUE", help=desk.say("cli.answer"))
        ] = [],  # noqa: B006  typer copies it
    ) -> None:
        pairs = (item.partition("=") for item in answers)
        given = {name: value if sign else "yes" for name, sign, value in pairs}
        notice = desk.holdfast.draft(case, regime, platform, given, desk.lang, desk.job())
        desk.tell(notice.text)
        desk.give({"notice": notice, "gauge": desk.holdfast.check(notice.id)})
        for question in desk.holdfast.questions(regime, platform, notice.answers):
            if not notice.answers.get(question.id) and not question.party:
                desk.warn(f"{question.id}: {desk.say('notice.question.' + question.id)}")

    @group.command("check", help=desk.say("cli.notice.check"))
    def check(notice: which) -> int:
        gauge = desk.holdfast.check(find(notice))
        for element in gauge.elements:
            state = desk.say(f"cli.element.{element.state}")
            name = desk.say(f"notice.element.{element.id}")
            desk.tell(f"{state}  {name}  ({element.article(desk.lang)})")
        for question in gauge.unconfirmed:
            name = desk.say(f"notice.question.{question}")
            desk.tell(f"{desk.say('cli.element.unconfirmed')}  {name}")
        for concern in gauge.concerns:
            desk.tell(f"!  {desk.say('notice.concern.' + concern.code, **concern.facts)}")
        desk.give({"gauge": gauge, "ready": gauge.ready})
        return OK if gauge.ready else REFUSED

    @group.command("approve", help=desk.say("cli.notice.approve"))
    def approve(notice: which) -> None:
        approved = desk.holdfast.approve(find(notice), desk.job())
        desk.tell(desk.say("cli.approved", notice=approved.document))
        desk.give({"notice": approved})

    @group.command("export", help=desk.say("cli.notice.export"))
    def export(notice: which, out: Annotated[Path, typer.Option("--out")]) -> None:
        paths = desk.holdfast.notice_files(find(notice), out, desk.job())
        for path in paths:
            desk.tell(str(path))
        desk.give({"files": paths})

    @group.command("sent", help=desk.say("cli.notice.sent"))
    def sent(
        notice: which,
        channel: Annotated[str, typer.Option("--channel", metavar="email|webform|paper")],
        when: Annotated[str, typer.Option("--when", metavar="TIME")] = "",
        receipt: Annotated[Path | None, typer.Option("--receipt")] = None,
    ) -> None:
        submission = desk.holdfast.sent(find(notice), channel, when, receipt)
        desk.tell(desk.say("cli.sent", time=submission.sent))
        desk.give({"submission": submission})

    @group.command("answer", help=desk.say("cli.notice.answer"))
    def answer(
        notice: which,
        kind: Annotated[
            Literal["removed", "refused", "more_asked", "counter_statement", "other"],
            typer.Option("--kind"),
        ],
        when: Annotated[str, typer.Option("--when", metavar="TIME")] = "",
        note: Annotated[str, typer.Option("--note")] = "",
        letter: Annotated[Path | None, typer.Option("--letter")] = None,
        by: Annotated[str, typer.Option("--by", metavar="DATE")] = "",
    ) -> None:
        came = desk.holdfast.answer(find(notice), kind, when, note, letter, by)
        desk.tell(desk.say("cli.answered", time=came.received))
        desk.give({"answer": came})


def _practice(app: typer.Typer, desk: Desk) -> None:

    @app.command(help=desk.say("cli.practise"))
    def practice(
        out: Annotated[Path | None, typer.Option("--out", metavar="DIR")] = None,
        serve: Annotated[bool, typer.Option("--serve", help=desk.say("cli.serve"))] = False,
    ) -> int:
        where = (out or Path("holdfast-practice")).expanduser().resolve()
        desk.everywhere = replace(desk.everywhere, data=where / "data")
        if serve:
            return _serve(desk, where)
        done = desk.holdfast.practise(where, desk.job(), desk.lang)
        for line in done.lines(desk.holdfast.words(desk.lang)):
            desk.tell(line)
        desk.give(done.body())
        return _VERDICT_CODES[done.verdict.verdict]


def _serve(desk: Desk, where: Path) -> int:
    """The practice world answers until somebody stops it."""
    for line in desk.holdfast.serve_practice(where, desk.lang):
        desk.tell(line)
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return OK
