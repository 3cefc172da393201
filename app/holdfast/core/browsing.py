"""The evidence browser: its profile, its tabs, and what was noticed in it.

What is known of a profile is when it was made, how often it was used, and how many cookies it
holds: never what is in them, and never who is logged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.core.canonical import Json, moment, visible
from holdfast.core.evidence import Check, Outcome

How = Literal["page", "scroll", "shot"]
"""As it is now · scrolled to its end first · what can be seen."""
What = Literal["devtools", "extension", "internal", "download"]
Ended = Literal["", "closed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The browser profile of one case, used for nothing else."""

    case_id: str
    created: str = ""
    """RFC 3339; empty when that is not known any more."""
    used: int | None = None
    """How often it was opened, this time included; None when that is not known any more."""
    browser: str = ""
    """Product and version that opened it last."""
    last: str = ""
    cookies: int | None = None
    """How many it held when they were counted last."""

    def age_days(self, now: str) -> int | None:
        """Whole days from its making to ``now`` (RFC 3339); None when they cannot be told."""
        if not self.created:
            return None
        return max(0, (moment(now) - moment(self.created)).days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something in the browser that a reader of the evidence should know of."""

    what: What
    at: str
    """RFC 3339."""
    url: str
    turn: int
    """Which event of the session it was: tells before from after."""
    open: bool = True
    """Whether it still is."""

    def body(self) -> dict[str, Json]:
        """As it stands in a record."""
        return {"what": self.what, "at": self.at, "url": visible(self.url), "open": self.open}


@dataclass(frozen=True, slots=True, kw_only=True)
class TabSeen:
    """One tab of the browser.  Title and address are text from outside, made visible."""

    id: str
    url: str
    title: str
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Browse:
    """A session of the evidence browser as it stands."""

    case_id: str
    profile: Profile
    tabs: tuple[TabSeen, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    ended: Ended = ""
    """Why it is not open any more; empty while it is."""

    @property
    def current(self) -> TabSeen | None:
        """The tab that the person looks at."""
        return next((tab for tab in self.tabs if tab.current), None)


def judged(noticed: Sequence[Noticed], entered: Sequence[str], since: int) -> tuple[Check, ...]:
    """What the browser itself adds to the checks of a page that was loaded at turn ``since``.

    ``entered`` are addresses inside this network that a page held a connection to.
    """
    return (
        _devtools([one for one in noticed if one.what == "devtools"], since),
        _told("browser_extensions", [one.url for one in noticed if one.what == "extension"]),
        _told("browser_pages", [one.url for one in noticed if one.what == "internal"]),
        _told("inside_reached", entered, "fail"),
    )


def _devtools(opened: Sequence[Noticed], since: int) -> Check:
    """Red when they could have changed this page, amber when they were open before it came."""
    if not opened:
        return Check(check="devtools_opened", outcome="pass")
    close = any(one.open or one.turn >= since for one in opened)
    return Check(check="devtools_opened", outcome="fail" if close else "warn", detail=opened[-1].at)


def _told(name: str, what: Sequence[str], outcome: Outcome = "warn") -> Check:
    if not what:
        return Check(check=name, outcome="pass")
    return Check(check=name, outcome=outcome, detail="; ".join(dict.fromkeys(what))[:400])
