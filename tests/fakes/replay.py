"""ReplayWeb.page in a real browser, as the judge of our archives.

It is only looked at, never shipped: its package is taken from the npm registry by its hash, into
the environment that the tests run in.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from fakes.site import Page
from holdfast.adapters.browser import Browser
from holdfast.adapters.tab import Tab

NAME = "replaywebpage-2.5.3.tgz"
INTEGRITY = (
    "nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ=="
)
PLACE = Path(sys.prefix) / "share" / "holdfast-judges" / NAME


def package() -> Path:
    """The package's archive; the test is skipped where it cannot be had."""
    if not PLACE.is_file():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed, so ReplayWeb.page cannot judge")
        with tempfile.TemporaryDirectory() as folder:
            try:
                subprocess.run(
                    ["npm", "pack", "--silent", "replaywebpage@2.5.3"],
                    cwd=folder,
                    check=True,
                    capture_output=True,
                    timeout=120,
                )
            except (OSError, subprocess.SubprocessError):
                pytest.skip("ReplayWeb.page could not be had from the npm registry")
            PLACE.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(folder) / NAME, PLACE)
    digest = hashlib.sha512(PLACE.read_bytes()).digest()
    if base64.b64encode(digest).decode() != INTEGRITY:
        pytest.skip(f"{PLACE.name} is not the package that it should be")
    return PLACE


def pages(wacz: Path, url: str) -> dict[str, Page | str]:
    """A site that shows ``url`` out of the archive."""
    script = {"Content-Type": "text/javascript"}
    with tarfile.open(package()) as bundle:
        parts = {}
        for name in ("ui.js", "sw.js"):
            file = bundle.extractfile(f"package/{name}")
            assert file is not None
            parts[name] = file.read()
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


def looked_at(tab: Tab, program: Browser, script: str, seconds: float = 40.0) -> Any:
    """What ``script`` returns of the replayed document ``d``, once it returns anything.

    It runs in the page's own world, where the player has put itself between page and network.
    """
    script = f"const f = {_INNER}; if (!f) return null; const d = f.contentDocument; {script}"
    question = {"expression": f"(() => {{ {script} }})()", "returnByValue": True}
    for _ in range(int(seconds * 2)):
        answer = program.call("Runtime.evaluate", question, tab.session)
        if found := answer.get("result", {}).get("value"):
            return found
        program.wait(lambda: False, 0.5)
    return None
