"""Where a reading looks: this computer's files, variables and programs, and whom it may ask.

Tests put other ones in their stead.  Whatever is written down goes through ``plain``: the home
folder, the person's account name and passwords in addresses are left out.
"""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.adapters import child
from holdfast.adapters.environment.sources import Sources
from holdfast.core.canonical import one_line
from holdfast.core.environment import Fact, Reading
from holdfast.core.evidence import Outcome
from holdfast.ports import Clock

MOST_FACTS = 60
"""Raw values of one kind that are written down; the rest is counted."""
MOST_CHARACTERS = 400
HEARD_LIMIT = 1 << 20

_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")
_NOBODY = ("root", "administrator", "user", "admin")


def hear(command: Sequence[str], seconds: float) -> str:
    """What a program of the system says on its standard output; empty when it is not there.

    It is ended after ``seconds``.  Raises TimeoutError then, and OSError.
    """
    try:
        heard = child.started(list(command), errors=Path(os.devnull), talk=True)
    except FileNotFoundError:
        return ""
    try:
        out, _ = heard.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    finally:
        child.ended(heard)
    return out[:HEARD_LIMIT].decode(errors="replace")


def registry(key: str) -> Mapping[str, object]:
    """The values of a Windows registry key, ``HKCU`` or ``HKLM``; empty when there is none."""
    found: dict[str, object] = {}
    if sys.platform == "win32":
        import winreg

        root, _, path = key.partition("\\")
        top = winreg.HKEY_CURRENT_USER if root == "HKCU" else winreg.HKEY_LOCAL_MACHINE
        with suppress(FileNotFoundError), winreg.OpenKey(top, path) as at:
            for number in range(winreg.QueryInfoKey(at)[1]):
                name, value, _kind = winreg.EnumValue(at, number)
                found[name] = value
    return found


def registry_keys(key: str) -> tuple[str, ...]:
    """The names of the keys below a Windows registry key."""
    found: list[str] = []
    if sys.platform == "win32":
        import winreg

        root, _, path = key.partition("\\")
        top = winreg.HKEY_CURRENT_USER if root == "HKCU" else winreg.HKEY_LOCAL_MACHINE
        with suppress(FileNotFoundError), winreg.OpenKey(top, path) as at:
            found += [winreg.EnumKey(at, n) for n in range(winreg.QueryInfoKey(at)[0])]
    return tuple(found)


def windows_roots() -> Sequence[bytes]:
    """The root certificates that Windows trusts, DER; none elsewhere."""
    listed = getattr(ssl, "enum_certificates", None)
    if listed is None:
        return ()
    return tuple(der for der, kind, _ in listed("ROOT") if kind == "x509_asn")


def account() -> str:
    """The name under which the person is signed in here, or empty."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One computer, as readings see it."""

    clock: Clock
    data: Path
    """The data folder."""
    sources: Sources = field(default_factory=Sources)
    host: str = ""
    """The site that is being kept; empty when there is none."""
    silent: str = ""
    """Why nobody outside is asked: ``offline``, ``practice``; empty when they may be."""
    system: str = sys.platform
    root: Path = Path("/")
    """Where the system's own files begin."""
    home: Path = field(default_factory=Path.home)
    account: str = field(default_factory=account)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    hear: Callable[[Sequence[str], float], str] = hear
    registry: Callable[[str], Mapping[str, object]] = registry
    registry_keys: Callable[[str], tuple[str, ...]] = registry_keys
    roots: Callable[[], Sequence[bytes]] = windows_roots

    def at(self, *parts: str) -> Path:
        """A file of the system."""
        return self.root.joinpath(*parts)

    def plain(self, text: str) -> str:
        """One line, without the home folder, the account's name and passwords in addresses."""
        text = _CREDENTIALS.sub("…@", one_line(text))
        home = str(self.home)
        if len(home) > 1:
            text = re.sub(re.escape(home), "…", text, flags=re.IGNORECASE)
        if len(self.account) > 1 and self.account.lower() not in _NOBODY:
            own = rf"(?<![\w.-]){re.escape(self.account)}(?![\w-])"
            text = re.sub(own, "…", text, flags=re.IGNORECASE)
        return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"

    def fact(self, name: str, value: object) -> Fact:
        """A raw value without anything personal."""
        return Fact(name=name, value=self.plain(str(value)))

    def several(self, name: str, values: Sequence[object]) -> tuple[Fact, ...]:
        """Raw values of one name; what is too many is counted as ``more``."""
        facts = tuple(self.fact(name, value) for value in values[:MOST_FACTS])
        left = len(values) - len(facts)
        return (*facts, Fact(name="more", value=str(left))) if left > 0 else facts


def reading(item: str, outcome: Outcome, *facts: Fact | tuple[Fact, ...]) -> Reading:
    """A reading of these raw values, in order."""
    flat: list[Fact] = []
    for one in facts:
        flat.extend(one if isinstance(one, tuple) else (one,))
    return Reading(item=item, outcome=outcome, facts=tuple(flat))


def unread(item: str, reason: str, *facts: Fact) -> Reading:
    """An item that could not be looked at, and why."""
    return reading(item, "not_checked", Fact(name="reason", value=reason), facts)
