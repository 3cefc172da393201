"""Letters on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from holdfast.cli.desk import OK, REFUSED, Desk
from holdfast.core.errors import Refused
from holdfast.core.notice import Notice, reply_passed


def register(app: typer.Typer, desk: Desk) -> None:
    """``holdfast notice …``."""
    group = typer.Typer(no_args_is_help=True, help=desk.say("cli.notice"))
    app.add_typer(group, name="notice")
    which = Annotated[str, typer.Argument(metavar="NOTICE")]

    def find(reference: str) -> Notice:
        """A notice by its document number (HF-…-L01) or id."""
        for case in desk.holdfast.cases():
            for notice in desk.holdfast.case_file(case.id).notices:
                if reference in (notice.id, notice.document):
                    return notice
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
        given = _answers(answers)
        notice = desk.holdfast.draft(case, regime, platform, given, desk.lang, desk.job())
        _written(desk, notice)

    @group.command("revise", help=desk.say("cli.notice.revise"))
    def revise(
        notice: which,
        answers: Annotated[
            list[str], typer.Option("--answer", metavar="KEY=VALUE", help=desk.say("cli.answer"))
        ],
    ) -> None:
        written = desk.holdfast.revise(find(notice).id, _answers(answers), desk.job())
        _written(desk, written)

    @group.command("discard", help=desk.say("cli.notice.discard"))
    def discard(notice: which) -> None:
        gone = desk.holdfast.discard(find(notice).id)
        desk.tell(desk.say("cli.discarded", notice=gone.document))
        desk.give({"discarded": gone.document})

    @group.command("form", help=desk.say("cli.notice.form"))
    def form(notice: which, field: Annotated[str, typer.Argument(metavar="[FIELD]")] = "") -> None:
        letter = find(notice)
        if field:
            value = desk.holdfast.full_value(letter.id, field)
            desk.tell(value)
            desk.give({"field": field, "value": value})
            return
        for entry in letter.form:
            desk.tell(f"{entry.id}  {entry.label}: {entry.text}")
        if not letter.form:
            desk.tell(desk.say("notice.no_form"))
        desk.give({"form": letter.form})

    @group.command("again", help=desk.say("cli.notice.again"))
    def again(
        notice: which,
        answers: Annotated[
            list[str], typer.Option("--answer", metavar="KEY=VALUE", help=desk.say("cli.answer"))
        ] = [],  # noqa: B006  typer copies it
    ) -> None:
        written = desk.holdfast.again(find(notice).id, _answers(answers), desk.job())
        _written(desk, written)

    @group.command("check", help=desk.say("cli.notice.check"))
    def check(notice: which) -> int:
        gauge = desk.holdfast.check(find(notice).id)
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

    @group.command("edit", help=desk.say("cli.notice.edit"))
    def edit(
        notice: which,
        text: Annotated[
            Path | None,
            typer.Option("--text", metavar="FILE", exists=True, dir_okay=False, readable=True),
        ] = None,
    ) -> None:
        own = text.read_bytes().decode("utf-8-sig", "backslashreplace") if text else ""
        written = desk.holdfast.edit(find(notice).id, own, desk.job())
        desk.tell(written.text)
        desk.give({"notice": written, "gauge": desk.holdfast.check(written.id)})

    @group.command("approve", help=desk.say("cli.notice.approve"))
    def approve(notice: which) -> None:
        approved = desk.holdfast.approve(find(notice).id, desk.job())
        desk.tell(desk.say("cli.approved", notice=approved.document))
        desk.give({"notice": approved})

    @group.command("export", help=desk.say("cli.notice.export"))
    def export(notice: which, out: Annotated[Path, typer.Option("--out")]) -> None:
        letter = find(notice)
        paths = desk.holdfast.notice_files(letter.id, out, desk.job())
        for path in paths:
            desk.tell(str(path))
        if reply_passed(letter, desk.holdfast.now().astimezone().date()):
            desk.warn(desk.say("notice.concern.reply_passed", date=letter.reply_by))
        desk.give({"files": paths})

    @group.command("sent", help=desk.say("cli.notice.sent"))
    def sent(
        notice: which,
        channel: Annotated[str, typer.Option("--channel", metavar="email|webform|paper")],
        when: Annotated[str, typer.Option("--when", metavar="TIME")] = "",
        receipt: Annotated[Path | None, typer.Option("--receipt")] = None,
    ) -> None:
        submission = desk.holdfast.sent(find(notice).id, channel, when, receipt)
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
        came = desk.holdfast.answer(find(notice).id, kind, when, note, letter, by)
        desk.tell(desk.say("cli.answered", time=came.received))
        desk.give({"answer": came})

    @group.command("done", help=desk.say("cli.notice.done"))
    def done(notice: which, term: Annotated[str, typer.Argument(metavar="TERM")]) -> None:
        letter = find(notice).id
        open_ = [
            running
            for case in desk.holdfast.cases()
            for running in desk.holdfast.case_file(case.id).followups
            if running.notice_id == letter and running.term == term
        ]
        if not open_:
            raise Refused("not_found", kind="term", id=term[:80])
        ticked = [desk.holdfast.followup_done(running.id) for running in open_]
        desk.tell(desk.say("cli.done", term=desk.say(f"followup.{term}")))
        desk.give({"followups": ticked})


def _answers(given: Sequence[str]) -> dict[str, str]:
    pairs = (item.partition("=") for item in given)
    return {name: value if sign else "yes" for name, sign, value in pairs}


def _written(desk: Desk, notice: Notice) -> None:
    """The letter as it reads now, and what is still asked."""
    desk.tell(notice.text)
    desk.give({"notice": notice, "gauge": desk.holdfast.check(notice.id)})
    for question in desk.holdfast.questions(notice.regime, notice.platform, notice.answers):
        if not notice.answers.get(question.id) and not question.party:
            desk.warn(f"{question.id}: {desk.say('notice.question.' + question.id)}")
