"""Everything that is kept from the window, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.core.job import Job
from holdfast.ui.desk import Desk
from holdfast.ui.rooms import Rooms

if TYPE_CHECKING:
    from holdfast.compose import Kept
    from holdfast.usecases.cases import CaseFile
    from holdfast.usecases.series import SeriesFile


class Keeper(Rooms):
    """Keeps in the background and shows what came of it to whoever still looks."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._unchecked: set[str] = set()
        """Cases with captures after which this computer was not looked at yet."""

    def keep(
        self,
        links: Sequence[str],
        case: str = "",
        *,
        done: Sequence[str] = (),
        how: str = "",
        logged_in: bool = False,
        close_banner: bool = False,
    ) -> None:
        """These links are kept, one after the other, all in one case.

        ``done`` names reminders that this fulfils; ``how`` is ``page`` or ``video`` where only that
        is wanted; ``logged_in`` uses the case's own browser;
        ``close_banner`` keeps the page alone, once as it is and once with that closed.
        """
        holdfast = self.desk.holdfast

        def work(job: Job) -> list[Kept]:
            all_kept: list[Kept] = []
            matter = case
            for link in links:
                if logged_in:
                    kept = holdfast.keep_logged_in(link, job, matter, choose=len(links) == 1)
                elif close_banner:
                    kept = holdfast.keep(link, job, matter, "page", close_banner=True)
                else:
                    # Of one link a series is offered; of many nobody wants to be asked each time.
                    kept = holdfast.keep(link, job, matter, how, choose=len(links) == 1)
                matter = matter or kept.case.id
                all_kept.append(kept)
            if any(kept.exhibits for kept in all_kept):
                for reminder in done:
                    holdfast.followup_done(reminder)
            return all_kept

        shown = (
            links[0]
            if len(links) == 1
            else self.desk.say("keeping.several", first=links[0], count=len(links))
        )
        self._keeping(
            work,
            shown,
            again=lambda: self.keep(
                links, case, done=done, how=how, logged_in=logged_in, close_banner=close_banner
            ),
        )

    def keep_files(self, paths: Sequence[Path], case: str = "", source: str = "") -> None:
        """These files are kept as received, from ``source`` where the person said so."""
        if not paths:
            return
        from holdfast.core.evidence import Received

        holdfast, received = self.desk.holdfast, Received(source=source) if source else None
        shown = ", ".join(path.name for path in paths[:5])
        self._keeping(
            lambda job: [holdfast.keep_files(paths, job, case, received)],
            shown,
            again=lambda: self.keep_files(paths, case, source),
        )

    def _keeping(
        self,
        work: Callable[[Job], list[Kept]],
        shown: str,
        *,
        again: Callable[[], None],
    ) -> None:
        from holdfast.ui.pages.keeping import Keep

        task = self.desk.runner.start(work, "task.keeping")
        keep = Keep(task=task, target=shown)
        task.succeeded.connect(lambda done: self._kept(done, shown, again))
        task.failed.connect(lambda error: self._not_kept(error, shown, again))
        task.finished.connect(self._kept_or_not)
        self.page("keeping")
        self._open("keeping", keep)

    def _watching(self) -> bool:
        """Whether the person still looks at the keeping, so that its end may take its place."""
        return self._here in ("keeping", "shot", "record", "phone")

    def _kept(self, done: list[Kept], shown: str, again: Callable[[], None]) -> None:
        self.desk.changed.emit()
        exhibits = [exhibit for kept in done for exhibit in kept.exhibits]
        failed = [failure for kept in done for failure in kept.failed]
        failed = [failure for failure in failed if failure.error.code != "cancelled"]
        self.stamp_now()
        series = next((kept.series for kept in done if kept.series), "")
        if series and len(done) == 1 and self._watching():
            self._open("series", (done[0].case.id, series))
        elif exhibits:
            case = done[0].case.id
            self._unchecked.add(case)
            self.strip.say(self.desk.say("strip.kept", count=len(exhibits)))
            login = next((one for one in failed if one.error.code == "video_login"), None)
            if self._watching() and login is not None:
                self.trouble(
                    login.error, target=login.target, kept=exhibits, case=case, again=again
                )
            elif self._watching():
                numbers = [exhibit.number for exhibit in exhibits]
                self._open("receipt", (case, numbers, [failure.error for failure in failed]))
        elif failed:
            first = failed[0]
            self._not_kept(first.error, first.target or shown, again, case=done[0].case.id)
        elif self._watching():
            self.strip.say(self.desk.say("strip.cancelled"))
            self._open("today", "")

    def _not_kept(
        self, error: Exception, shown: str, again: Callable[[], None], case: str = ""
    ) -> None:
        self.desk.changed.emit()
        self.trouble(error, target=shown, again=again, case=case)

    def _check_after(self) -> None:
        """Where nothing is being kept any more, this computer is looked at once more.

        It runs behind everything else, and what comes of it is a line in the record.
        """
        if self.desk.runner.named or not self._unchecked:
            return
        holdfast, cases = self.desk.holdfast, tuple(self._unchecked)
        self._unchecked.clear()

        def work(job: Job) -> bool:
            checks = [holdfast.check_after(case, job) for case in cases]
            return any(checks)

        task = self.desk.runner.start(work, writes=False)
        task.succeeded.connect(lambda done: self.desk.changed.emit() if done else None)

    def _kept_or_not(self) -> None:
        self._check_after()
        if self._here == "keeping" and not self.desk.runner.named:
            self._open("today", "")

    def practise(self) -> None:
        """The whole job once, in the practice world."""
        from holdfast.ui.pages.keeping import Keep

        holdfast, lang = self.desk.holdfast, self.desk.lang
        task = self.desk.runner.start(
            lambda job: holdfast.practise(None, job, lang), "task.practise"
        )
        task.succeeded.connect(self._practised)
        task.failed.connect(lambda error: self.trouble(error, again=self.practise, practice=True))
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.finished.connect(self._kept_or_not)
        target = self.desk.say("practise.target")
        keep = Keep(task=task, target=target, practice=True, title="practise.title")
        self._open("keeping", keep)

    def _practised(self, run: object) -> None:
        case = getattr(run, "case", "")
        if self._watching():
            self._open("case", (getattr(case, "id", case), ""))

    def _links_to(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep(what[1], what[0])

    def _links_only(self, what: object) -> None:
        """Only the pages of links are kept, or only their videos."""
        if isinstance(what, tuple):
            self.keep(what[1], what[0], how=what[2])

    def _closed(self, what: object) -> None:
        """A page is kept once more, and what lay over it is closed after it was kept as it is."""
        if isinstance(what, tuple):
            self.keep(what[1], what[0], close_banner=True)

    def _links_in(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep(what[1], what[0], logged_in=True)

    def _recheck(self, what: object) -> None:
        """The links of a case are kept once more; a reminder is done then, or all that are due."""
        if not isinstance(what, tuple):
            return
        from holdfast.usecases.cases import standing_links

        case, follow_up = what
        holdfast = self.desk.holdfast

        def work(_: Job) -> tuple[CaseFile, tuple[str, ...]]:
            known = (follow_up,) if follow_up else holdfast.looks_due(case)
            return holdfast.case_file(case), known

        task = self.desk.runner.start(work, writes=False)
        task.failed.connect(self.trouble)

        def again(found: tuple[CaseFile, tuple[str, ...]]) -> None:
            file, done = found
            links = standing_links(file)
            if links:
                self.keep(links, case, done=done)
            else:
                self._open("case", (case, ""))

        task.succeeded.connect(again)

    def _again(self, what: object) -> None:
        """The next letter after one that was sent is begun, or taken up again, and shown."""
        if not isinstance(what, tuple):
            return
        case, letter = what
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(lambda job: holdfast.again(letter, {}, job), "task.recording")
        task.succeeded.connect(lambda notice: self._open("letter", (case, notice.id)))
        task.failed.connect(self.trouble)

    def _done(self, what: object) -> None:
        """A date that only the person can say is over is ticked off when they say so."""
        from holdfast.ui.ask import ask

        if not isinstance(what, tuple) or not ask(self, self.desk, "next.due.done.ask"):
            return
        holdfast, follow_up = self.desk.holdfast, what[1]
        task = self.desk.runner.start(lambda _: holdfast.followup_done(follow_up), "task.recording")
        task.succeeded.connect(lambda _: self.desk.changed.emit())
        task.failed.connect(self.trouble)

    def _list(self, what: object) -> None:
        """The episodes of a link are listed in a case, and shown."""
        if not isinstance(what, tuple):
            return
        from holdfast.ui.pages.keeping import Keep

        case, link = what
        holdfast = self.desk.holdfast
        task = self.desk.runner.start(
            lambda job: holdfast.inventory(link, job, case), "task.listing"
        )
        task.succeeded.connect(self._listed)
        task.failed.connect(
            lambda error: self.trouble(
                error, target=link, again=lambda: self._list((case, link)), case=case
            )
        )
        task.finished.connect(self._kept_or_not)
        self._open("keeping", Keep(task=task, target=link))

    def _listed(self, file: SeriesFile) -> None:
        self.desk.changed.emit()
        self.stamp_now()
        if self._watching():
            self._open("series", (file.series.case_id, file.series.id))

    def _files_to(self, what: object) -> None:
        if isinstance(what, tuple):
            self.keep_files(what[1], what[0], *what[2:])
