"""What every page works with: Holdfast, the bridge to threads, words, and the look."""

from __future__ import annotations

import locale
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QObject, Signal
from PySide6.QtWidgets import QApplication

from holdfast.core.errors import HoldfastError
from holdfast.core.words import Trouble, Words
from holdfast.ui.agenda import Agenda, look_ahead
from holdfast.ui.runner import Runner
from holdfast.ui.theme import Look

if TYPE_CHECKING:
    from holdfast.compose import Holdfast

Lang = Literal["zh", "en"]


class Desk(QObject):
    """One for the whole window.  ``changed`` when something in the data became another."""

    changed = Signal()
    chosen = Signal()
    """The settings are others now."""

    wanted = Signal(str, object)
    """A place to go to, and with what."""

    looked_ahead = Signal(object)
    """The agenda, after it was read again."""

    def __init__(self, holdfast: Holdfast, runner: Runner, look: Look) -> None:
        super().__init__()
        self.holdfast, self.runner, self.look = holdfast, runner, look
        self.words: Words = holdfast.words(self.lang)
        self.agenda = Agenda()
        self._looking = self._look_again = False

    @property
    def lang(self) -> Lang:
        """The language that is spoken now."""
        chosen = self.holdfast.settings.language
        return chosen or system_language()

    def wear(self) -> None:
        """Language, scheme and text size of the settings are in force everywhere."""
        settings = self.holdfast.settings
        self.words = self.holdfast.words(self.lang)
        self.look.wear(theme=settings.theme, text_scale=settings.text_scale, lang=self.lang)
        for window in QApplication.topLevelWidgets():
            QCoreApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))

    def choose(self, **choices: Any) -> None:
        """These settings hold from now on and are saved; words and look follow at once."""
        before = self.holdfast.settings
        after = replace(before, **choices)
        if after == before:
            return
        self.holdfast.save_settings(after)
        self.chosen.emit()
        if {"language", "theme", "text_scale"} & choices.keys():
            self.wear()

    def look_ahead(self) -> None:
        """The agenda is read again, once for however many wishes came meanwhile."""
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        task = self.runner.start(lambda job: look_ahead(self.holdfast, job), writes=False)
        task.succeeded.connect(self._looked)
        task.finished.connect(self._look_done)

    def _looked(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.looked_ahead.emit(agenda)

    def _look_done(self) -> None:
        self._looking = False
        if self._look_again:
            self._look_again = False
            self.look_ahead()

    def say(self, key: str, **facts: object) -> str:
        """The window's own sentence of ``key``, else the one that every room shares."""
        own = f"ui.{key}"
        return self.words(own if own in self.words.words else key, **facts)

    def knows(self, key: str) -> bool:
        """Whether there is a sentence of ``key``."""
        return f"ui.{key}" in self.words.words or key in self.words.words

    def say_or(self, key: str, otherwise: str, **facts: object) -> str:
        """The sentence of ``key``, or ``otherwise`` when no catalogue knows it."""
        return self.say(key, **facts) if self.knows(key) else otherwise

    def trouble(self, error: Exception) -> Trouble:
        """The three sentences of any error; one that is not ours to foresee is our mistake."""
        if isinstance(error, HoldfastError) and error.code in self.words.errors:
            return self.words.trouble(error)
        return Trouble(
            what=self.say("trouble.bug.what"),
            why=self.say("trouble.bug.why", kind=type(error).__name__),
            now=self.say("trouble.bug.now"),
        )


def system_language() -> Lang:
    """Chinese where the system speaks it, else English."""
    spoken = (
        os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    )
    if not spoken:
        spoken = locale.getlocale()[0] or QLocale.system().name()
    return "zh" if spoken.lower().startswith(("zh", "chinese")) else "en"
