"""What would open somebody's account to a reader, and so stands in nothing that is handed on.

Headers are known by their names.  What a page carries in its own text, scripts and addresses is the
evidence itself and stays as it came, a key to somebody's account among it too.
"""

from __future__ import annotations

import re

WITHHELD = "[withheld]"
_OPENING = re.compile(
    r"cookie|authori[sz]ation|token|session|csrf|xsrf|secret|passw|jwt|api[-_]?key|ticket|credential"
    r"|(?:^|[-_])(?:auth|sid)(?:$|[-_])"
)
_NONE = ("access-control-", "sec-websocket-")


def opens(name: str) -> bool:
    """Whether the value of a header of that name may open an account."""
    lower = name.lower()
    return not lower.startswith(_NONE) and _OPENING.search(lower) is not None


def shown(name: str, value: str) -> str:
    """The value as a reader may see it."""
    return WITHHELD if opens(name) else value
