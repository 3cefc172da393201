"""The window steps aside for a picture or a recording of the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from holdfast.ui.desk import Desk
from holdfast.ui.keeper import Keeper

if TYPE_CHECKING:
    from holdfast.compose.recording import Session
    from holdfast.ui.capture_bar import CaptureBar
    from holdfast.ui.pages.shot import RegionPicker

ASIDE_MS = 400
"""How long the desktop needs to draw itself once the window stepped aside."""


class Aside(Keeper):
    """Out of the way while the screen is pictured, recorded or a part of it drawn."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._pickers: list[RegionPicker] = []
        self._shot_case = self._record_case = ""
        self._bar: CaptureBar | None = None
        self._picked: Callable[[tuple[int, int, int, int]], None] = lambda _: None

    def _draw_region(self, then: Callable[[tuple[int, int, int, int]], None]) -> None:
        from holdfast.ui.pages.shot import pickers

        self._picked = then
        self.window().hide()
        QTimer.singleShot(ASIDE_MS, self, lambda: self._pick(pickers(self.desk)))

    def _pick(self, found: list[RegionPicker]) -> None:
        self._pickers = found
        for picker in found:
            picker.picked.connect(self._region)
            picker.left.connect(self._unpick)
            picker.show()
        if found:
            found[0].activateWindow()

    def _region(self, region: tuple[int, int, int, int]) -> None:
        self._drop_pickers()
        self._picked(region)

    def _unpick(self) -> None:
        self._drop_pickers()
        self.window().show()

    def _drop_pickers(self) -> None:
        for picker in self._pickers:
            picker.hide()
            picker.deleteLater()
        self._pickers = []

    def _shoot(self, monitor: int | None, region: tuple[int, int, int, int] | None) -> None:
        """The window steps aside, the picture is taken, the window is back."""
        holdfast, case = self.desk.holdfast, self._shot_case
        self.window().hide()

        def now() -> None:
            self._keeping(
                lambda job: [holdfast.shot(job, case, monitor, region)],
                self.desk.say("shot.target"),
                again=lambda: self._shoot(monitor, region),
            )
            self.desk.runner.named[-1].finished.connect(self.window().show)

        QTimer.singleShot(ASIDE_MS, self, now)

    def _record(self, target: str, box: object) -> None:
        """The window steps aside for the bar; when it is stopped, what was recorded is sealed."""
        holdfast, case = self.desk.holdfast, self._record_case
        if self._bar is not None:
            self._bar.activateWindow()
            return
        task = self.desk.runner.start(lambda _: holdfast.recording(target, case))
        task.succeeded.connect(lambda session: self._recording(session, target, box))
        task.failed.connect(lambda error: self._not_recorded(error, target, box))

    def _not_recorded(self, error: Exception, target: str, box: object) -> None:
        self.window().show()
        self.trouble(error, again=lambda: self._record(target, box))

    def _recording(self, session: Session, target: str, box: object) -> None:
        from holdfast.ui.capture_bar import CaptureBar, on_desktop

        script = target.partition(";script:")[2]
        bar = CaptureBar(self.desk, session, on_desktop(box), script)
        self._bar = bar
        bar.stopping.connect(self.window().show)
        self.window().hide()
        bar.show()
        self._keeping(
            lambda job: [session.run(job)],
            self.desk.say("record.target"),
            again=lambda: self._record(target, box),
        )
        self.desk.runner.named[-1].finished.connect(self._recorded)

    def _recorded(self) -> None:
        if self._bar is not None:
            self._bar.over()
            self._bar = None
        self.window().show()
