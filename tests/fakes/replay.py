"""ReplayWeb.page in a real browser, as the judge of our archives.

It is only looked at, never shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.site import Page
from holdfast.adapters.browser import Browser
from holdfast.adapters.tab import Tab

PLACE = Path(__file__).parents[2] / "build" / "judges" / "replaywebpage"
"""Where ``packaging/dev.py test`` puts it, held to its hash."""


def part(name: str) -> bytes:
    """One of its two scripts; the test is skipped where they cannot be had."""
    if not (PLACE / name).is_file():
        pytest.skip("ReplayWeb.page is not in build/judges: dev.py test brings it where npm is")
    return (PLACE / name).read_bytes()


def pages(wacz: Path, url: str) -> dict[str, Page | str]:
    """A site that shows ``url`` out of the archive."""
    script = {"Content-Type": "text/javascript"}
    parts = {name: part(name) for name in ("ui.js", "sw.js")}
    return {
        "/": f"<!doctype html><meta charset=utf-8><script src=/ui.js></script>"
        f"<replay-web-page source=/page.wacz replayBase=/replay/ embed=replayonly "
        f'url="{url}" style="display:block;height:800px"></replay-web-page>',
        "/ui.js": Page(parts["ui.js"], headers=script),
        "/replay/sw.js": Page(parts["sw.js"], headers=script),
        "/replay/ui.js": Page(parts["ui.js"], headers=script),
        "/page.wacz": Page(
            wacz.read_bytes(),
            headers={"Content-Type": "application/wacz", "Accept-Ranges": "bytes"},
        ),
    }


# The replayed page lies in frames within frames, and in shadows.
_INNER = """(() => { const walk = (root, deep) => { if (!root || deep > 8) return null;
  for (const e of root.querySelectorAll('*')) {
    if (e.shadowRoot) { const f = walk(e.shadowRoot, deep + 1); if (f) return f; }
    if (e.tagName === 'IFRAME' && e.contentDocument) {
      if (/mp_\\//.test(e.contentWindow.location.href)) return e;
      const f = walk(e.contentDocument, deep + 1); if (f) return f; } }
  return null; };
  return walk(document, 0); })()"""


# What the player itself says, for whoever reads of a failure.
_SHOWN = """(() => { const say = (root, deep) => !root || deep > 8 ? '' :
  [...root.querySelectorAll('*')].map(e => (e.tagName === 'IFRAME' ? `[${e.src}]` : '')
    + say(e.shadowRoot, deep + 1) + say(e.contentDocument, deep + 1)).join('')
    + (root.textContent || '').trim().slice(0, 400);
  return [navigator.serviceWorker.controller?.state, say(document, 0)].join(' '); })()"""


def looked_at(tab: Tab, program: Browser, script: str, seconds: float = 60.0) -> Any:
    """What ``script`` returns of the replayed document ``d``, once it returns anything.

    It runs in the page's own world, where the player has put itself between page and network.
    """
    script = f"const f = {_INNER}; if (!f) return null; const d = f.contentDocument; {script}"
    question = {"expression": f"(() => {{ {script} }})()", "returnByValue": True}
    turns = int(seconds * 2)
    for turn in range(turns):
        if turn == turns // 2:
            # Its worker now and then takes hold of no page at its first start; whoever looks
            # presses reload.
            program.call("Page.reload", {}, tab.session)
        answer = program.call("Runtime.evaluate", question, tab.session)
        if found := answer.get("result", {}).get("value"):
            return found
        program.wait(lambda: False, 0.5)
    shown = program.call(
        "Runtime.evaluate", {"expression": _SHOWN, "returnByValue": True}, tab.session
    )
    raise AssertionError(f"nothing in {seconds} s; the player shows {shown}")
