"""Recording the screen: a take that somebody steers, and what comes of it as an exhibit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.adapters.resources import words
from holdfast.compose.keeping import Failure, Keeping, Kept
from holdfast.core.errors import HoldfastError, Refused

if TYPE_CHECKING:
    from holdfast.adapters.capture.recording import Recording, Standing, Take
    from holdfast.adapters.lens import Keys
    from holdfast.adapters.x11 import Window
    from holdfast.core.case import Case
    from holdfast.core.job import Job
    from holdfast.core.not_before import NotBefore
    from holdfast.core.recording import Step
    from holdfast.core.words import Words
    from holdfast.ports import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown on the screen and on the title card while recording."""

    case: str
    block: str = ""
    """Height and hash of a Bitcoin block."""
    round: str = ""
    """A drand round and the beginning of its signature."""
    reason: str = ""
    """Why a value that nobody could know earlier is lacking."""

    def lines(self, say: Words) -> tuple[str, ...]:
        """The values that nobody could know earlier, or that there are none."""
        lines = []
        if self.block:
            lines.append(say("record.card.block", block=self.block))
        if self.round:
            lines.append(say("record.card.round", round=self.round))
        if not lines:
            key = f"record.card.reason.{self.reason}"
            reason = say(key) if key in say.words else self.reason
            lines.append(say("record.card.none", reason=reason))
        return tuple(lines)


class Session:
    """A recording from its beginning to its seal.  ``run`` does it; the rest steers it."""

    def __init__(self, workshop: Recordings, case: Case, target: str) -> None:
        self._workshop, self.case, self.target = workshop, case, target
        self._take: Take | None = None
        self._stopped = False
        self.shown: Shown | None = None
        """Known before the first frame."""

    @property
    def standing(self) -> Standing | None:
        """How it stands; None before the recorder was asked to begin."""
        return self._take.standing if self._take else None

    def run(self, job: Job) -> Kept:
        """It was recorded until it was stopped, and is sealed.  Waits for all of that."""
        return self._workshop.recorded(self, job)

    def begins(self, take: Take, shown: Shown) -> None:
        """The recorder is asked to begin now."""
        self._take, self.shown = take, shown
        if self._stopped:
            take.stop()

    def stop(self) -> None:
        """It ends and is sealed.  May be called from any thread, also before it has begun."""
        self._stopped = True
        if self._take is not None:
            self._take.stop()

    def pause(self, reason: str) -> None:
        """Nothing is recorded for a while; the reason is on record."""
        if self._take is not None:
            self._take.pause(reason)

    def resume(self) -> None:
        """It goes on."""
        if self._take is not None:
            self._take.resume()

    def mark(self, step: str = "") -> None:
        """This moment is on record."""
        if self._take is not None:
            self._take.mark(step)


class Recordings(Keeping):
    """Verbs that record the screen."""

    def recording(self, target: str, case: str = "") -> Session:
        """A recording of what ``target`` states (``record;monitor:1;audio``), not begun yet.

        Without a case one is opened.  Raises Refused.
        """
        from holdfast.core.recording import read_wish

        if read_wish(target) is None:
            raise Refused("record_target", target=target[:80])
        return Session(self, self._matter(case, ""), target)

    def script(self, name: str) -> tuple[Step, ...]:
        """The steps of a guided script; none for an unknown one."""
        from holdfast.core.recording import SCRIPTS

        return SCRIPTS.get(name, ())

    def windows(self) -> tuple[Window, ...]:
        """The windows that can be recorded, topmost first.  Raises Unavailable."""
        from holdfast.adapters.lens import windows

        return windows()

    def hotkeys(self, letters: str) -> Keys | None:
        """Ctrl+Shift and each letter, wherever the focus is; None where the system keeps them."""
        from holdfast.adapters.lens import hotkeys

        return hotkeys(letters)

    def hidden_from_capture(self, window: int) -> bool:
        """Whether a window of ours, by its system id, is kept out of every recording from now."""
        from holdfast.adapters.lens import hidden_from_capture

        return hidden_from_capture(window)

    def recorded(self, session: Session, job: Job) -> Kept:
        """What came of a session, once it is over."""
        from holdfast.core.recording import read_wish
        from holdfast.usecases import preserve

        case, target = session.case, session.target
        recordings: Recording = self.sources["recording"]  # type: ignore[assignment] # ids are the classes'
        wish = read_wish(target)
        assert wish is not None
        maker = self._maker
        watch: Watch | None = maker.watch(case.world) if maker.watch is not None else None
        try:
            job.step("opening")
            shown = _shown(case, watch.not_before(job) if watch is not None else None)
            take = recordings.take(wish, self._card(shown))
            session.begins(take, shown)
            exhibit = preserve.preserve(
                case,
                take,
                target,
                store=self._store,
                vault=self._vault,
                clock=self._clock,
                maker=maker,
                job=job,
                watch=watch,
            )
        except HoldfastError as error:
            failure = Failure(target=target, source="recording", error=error)
            return Kept(case=case, failed=(failure,))
        return Kept(case=case, exhibits=(exhibit,))

    def _card(self, shown: Shown) -> tuple[str, ...]:
        """The title card, in both languages: whoever watches may read only one."""
        local = self._clock.now().astimezone()
        offset = local.strftime("%z")
        time = f"{local:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"
        lines = []
        for lang in ("zh", "en"):
            say = words(lang)
            lines.append(say("record.card.title"))
            lines.append(say("record.card.case", case=shown.case))
            lines.append(say("record.card.time", time=time))
            lines += shown.lines(say)
        return tuple(lines)


def _shown(case: Case, found: NotBefore | None) -> Shown:
    if found is None:
        return Shown(case=case.number, reason="not asked")
    block = f"{found.bitcoin.height} {found.bitcoin.hash}" if found.bitcoin else ""
    drand = f"{found.drand.round} {found.drand.signature[:32]}" if found.drand else ""
    reason = found.reason if not block or not drand else ""
    return Shown(case=case.number, block=block, round=drand, reason=reason)
