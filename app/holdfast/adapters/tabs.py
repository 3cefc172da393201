"""The tabs of a visible browser, and what else there is in it, as the browser reports them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.adapters.archive import Archive
from holdfast.adapters.browser import Browser, Params
from holdfast.adapters.tab import Tab
from holdfast.core.browsing import Noticed, TabSeen, What
from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.errors import Unavailable
from holdfast.ports import Clock

MOST_TABS = 200
MOST_ASKED = 20
ASKED_SECONDS = 0.5
MOST_NOTED = 500
# What Chromium and its kin bring themselves: the PDF viewer, the store, reading aloud.
_BUILT_IN = frozenset(
    {
        "mhjfbmdgcfjbbpaeojofohoefgiehjai",
        "ahfgeienlihckogmohjhadlkjgocpleb",
        "nmmhkkegccagdldgiimedpiccmgmieda",
        "fignfifoniblkonapihmkfakmlgkbkcf",
        "neajdppkdcdipfabeoofebfddakdcjhd",
        "pkedcjkdefgpdelpbcmbmeomcjbeemfm",
        "ghbmnnjooekpmoecnnnilnnbdlolhkhi",
        "jdiccldimpdaibmpdkjnbmckianbfold",
    }
)
ENDS = ("browser_gone", "browser_garbled")
"""Troubles after which there is no browser any more."""
NEW_TAB = ("chrome://newtab", "chrome://new-tab-page", "edge://newtab", "chrome://omnibox-popup")
_INTERNAL = ("chrome:", "edge:", "chrome-untrusted:", "view-source:", "file:", "about:")
_SHOWN = (
    "[document.visibilityState === 'visible' ? (document.hasFocus() ? 2 : 1) : 0,"
    " String(document.title).slice(0, 300)]"
)


def noticed_in(kind: str, url: str) -> What | None:
    """What a target of the browser means to a reader of the evidence; None when nothing."""
    if url.startswith("devtools:"):
        return "devtools"
    if url.startswith("chrome-extension:"):
        return None if url.split("/", 3)[2:3] and url.split("/")[2] in _BUILT_IN else "extension"
    internal = kind == "page" and url.startswith(_INTERNAL)
    if internal and url != "about:blank" and not url.startswith(NEW_TAB):
        return "internal"
    return None


@dataclass(slots=True)
class Place:
    """One tab that the person has open."""

    id: str
    tab: Tab
    archive: Archive
    url: str = ""
    title: str = ""
    window: int = 0
    """The browser's number of its window; 0 until that is known."""
    since: int = 0
    """The turn at which its page was loaded."""


class Tabs:
    """What is open in ``program``, from the moment it ``watch``es."""

    def __init__(self, program: Browser, clock: Clock, agent: str, room: Path) -> None:
        """What the pages receive waits in ``room`` until it is kept or left."""
        self._program, self._clock, self._agent = program, clock, agent
        self._room = room
        self.places: dict[str, Place] = {}
        self._left: list[Place] = []
        self.noticed: list[Noticed] = []
        self.current = ""
        self._turn = 0
        self._known: dict[str, str] = {}
        self._whose: dict[int, str] = {}

    def watch(self) -> None:
        """Every tab is heard from its first byte on; no page downloads anything."""
        call = self._program.call
        self._program.listen(self.heard)
        call("Browser.setDownloadBehavior", {"behavior": "deny", "eventsEnabled": True})
        # Nobody is asked whether a page may reach into this network.
        for name in ("local-network-access", "local-network", "loopback-network"):
            denied = {"permission": {"name": name}, "setting": "denied"}
            self._program.send("Browser.setPermission", denied)
        call("Target.setDiscoverTargets", {"discover": True})
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        call("Target.setAutoAttach", {**attach, "filter": [{"type": "page"}]})

    def seen(self) -> tuple[TabSeen, ...]:
        """The tabs as they are shown to people."""
        if self.current not in self.places:
            self.current = next(reversed(self.places), "")
        return tuple(
            TabSeen(
                id=place.id,
                url=one_line(place.url),
                title=one_line(place.title),
                current=place.id == self.current,
            )
            for place in self.places.values()
        )

    def find_current(self) -> None:
        """Which tab the person looks at; the browser says it of none, so each page is asked."""
        best = 0
        for place in list(self.places.values())[:MOST_ASKED]:
            if place.tab.dialog or place.tab.crashed:
                continue
            question = {"expression": _SHOWN, "returnByValue": True}
            try:
                answer = place.tab.asked("Runtime.evaluate", question, ASKED_SECONDS)
                if not place.window:
                    where = {"targetId": place.id}
                    found = self._program.call("Browser.getWindowForTarget", where)
                    place.window = int(found.get("windowId", 0))
            except Unavailable as error:
                if error.code in ENDS:
                    raise
                continue
            match answer.get("result", {}).get("value"):
                case [int(seen), str(title)]:
                    place.title = title or place.title
                    if seen > best:
                        best, self.current = seen, place.id

    def heard(self, session: str, method: str, params: Params) -> None:
        match method:
            case "Target.attachedToTarget" if not session:
                self._attached(params)
            case "Target.targetCreated" | "Target.targetInfoChanged":
                self._changed(params["targetInfo"])
            case "Target.targetDestroyed":
                self._gone(str(params["targetId"]))
            case "Target.detachedFromTarget" if not session:
                self._gone(str(params.get("targetId", "")))
            case "Page.frameNavigated" if not params["frame"].get("parentId"):
                self._turn += 1
                for place in self.places.values():
                    if place.tab.hears(session):
                        place.since = self._turn
            case "Browser.downloadWillBegin":
                self._notice("download", str(params.get("url", "")), "")

    def _attached(self, params: Params) -> None:
        info, session = params["targetInfo"], str(params["sessionId"])
        target = str(info["targetId"])
        # A hidden tab of our own look-ups is announced here too, and is none of the person's.
        theirs = info.get("type") == "page" and target not in self.places
        if theirs and len(self.places) < MOST_TABS:
            tab = Tab(self._program, target=target, session=session)
            tab.user_agent = self._agent
            archive = Archive(self._program, tab, self._room, self._clock, private=True)
            self.places[target] = Place(target, tab, archive)
            self._changed(info)
        if params.get("waitingForDebugger"):
            self._program.send("Runtime.runIfWaitingForDebugger", {}, session)

    def _changed(self, info: Params) -> None:
        target, url = str(info["targetId"]), str(info.get("url", ""))[:8000]
        if place := self.places.get(target):
            place.url, place.title = url, str(info.get("title", ""))[:1000]
        what = noticed_in(str(info.get("type", "")), url)
        if what is not None and self._known.get(target) != url:
            self._known[target] = url
            self._notice(what, url, target)

    def _notice(self, what: What, url: str, target: str) -> None:
        if len(self.noticed) >= MOST_NOTED:
            return
        self._turn += 1
        # Whoever opens the tools reads an address that is long and says nothing more.
        shown = "devtools" if what == "devtools" else one_line(url[:2000])
        if what == "extension":
            shown = one_line("/".join(url.split("/")[:3])[:100])
        self.noticed.append(
            Noticed(
                what=what,
                at=rfc3339(self._clock.now()),
                url=shown,
                turn=self._turn,
                open=bool(target),
            )
        )
        if target:
            self._whose[len(self.noticed) - 1] = target

    def sweep(self) -> None:
        """Nothing is held of tabs that are gone; not while one of them is being kept."""
        while self._left:
            self._left.pop().archive.close()

    def _gone(self, target: str) -> None:
        if place := self.places.pop(target, None):
            place.tab.close()
            self._left.append(place)
        self._known.pop(target, None)
        for number, one in enumerate(self.noticed):
            if one.open and self._whose.get(number) == target:
                self.noticed[number] = replace(one, open=False)
