"""Proxies: in variables, in the desktop's settings, in the system's."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable

from holdfast.adapters.environment.place import Place, reading
from holdfast.core.environment import Fact, Reading

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "socks_proxy", "auto_proxy")
INTERNET = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY = r"HKLM\Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"


def proxy(place: Place, seconds: float) -> Reading:
    """Every proxy that is set, wherever it is set."""
    found = [
        place.fact("variable", f"{name}={value}")
        for name, value in sorted(place.variables.items())
        if name.lower() in VARIABLES and value.strip()
    ]
    ways: tuple[Callable[[Place, float], list[Fact]], ...] = (_gnome, _kde)
    if place.system == "darwin":
        ways = (_mac,)
    elif place.system == "win32":
        ways = (_windows, _winhttp)
    for way in ways:
        found += way(place, seconds)
    return reading(
        "proxy",
        "warn" if found else "pass",
        place.fact("set", len(found)),
        tuple(found),
    )


# --- Linux ---------------------------------------------------------------------------------------


def _gnome(place: Place, seconds: float) -> list[Fact]:
    if not place.variables.get("DBUS_SESSION_BUS_ADDRESS") and not place.variables.get(
        "XDG_CURRENT_DESKTOP"
    ):
        return []
    command = ["gsettings", "list-recursively", "org.gnome.system.proxy"]
    return [place.fact("gnome", text) for text in gnome(place.hear(command, min(seconds, 1.0)))]


def gnome(said: str) -> list[str]:
    """What ``gsettings list-recursively org.gnome.system.proxy`` says is in force."""
    known: dict[tuple[str, str], str] = {}
    for line in said.splitlines():
        parts = line.split(None, 2)
        if len(parts) == 3:
            section = parts[0].removeprefix("org.gnome.system.proxy").lstrip(".")
            known[section, parts[1]] = parts[2].strip().strip("'")
    mode = known.get(("", "mode"), "none")
    if mode == "auto":
        return [f"auto {known.get(('', 'autoconfig-url'), '')}".strip()]
    if mode != "manual":
        return []
    return [
        f"{section} {known[section, 'host']}:{known.get((section, 'port'), '0')}"
        for section in ("http", "https", "ftp", "socks")
        if known.get((section, "host"))
    ] or ["manual"]


def _kde(place: Place, _seconds: float) -> list[Fact]:
    folder = place.variables.get("XDG_CONFIG_HOME", "")
    at = (place.home / ".config" if not folder else place.root / folder) / "kioslaverc"
    try:
        text = at.read_text(encoding="utf-8", errors="replace")[: 1 << 16]
    except OSError:
        return []
    return [place.fact("kde", one) for one in kde(text)]


def kde(text: str) -> list[str]:
    """What KDE's ``kioslaverc`` says is in force: 1 by hand, 2 a script, 3 found, 4 variables."""
    known = configparser.RawConfigParser(strict=False)
    try:
        known.read_string(text)
    except configparser.Error:
        return []
    if not known.has_section("Proxy Settings"):
        return []
    held = known["Proxy Settings"]
    match held.get("ProxyType", "0").strip():
        case "1":
            keys = ("httpProxy", "httpsProxy", "ftpProxy", "socksProxy")
            return [f"{key} {held[key]}" for key in keys if held.get(key, "").strip()] or ["manual"]
        case "2":
            return [f"script {held.get('Proxy Config Script', '')}".strip()]
        case "3":
            return ["wpad"]
        case "4":
            return ["variables"]
    return []


# --- macOS ---------------------------------------------------------------------------------------


def _mac(place: Place, seconds: float) -> list[Fact]:
    return [place.fact("macos", one) for one in mac(place.hear(["scutil", "--proxy"], seconds))]


def mac(said: str) -> list[str]:
    """What ``scutil --proxy`` says is in force."""
    known = dict(re.findall(r"^\s*(\w+) : (.+?)\s*$", said, re.MULTILINE))
    found = [
        f"{kind} {known.get(kind + 'Proxy', '')}:{known.get(kind + 'Port', '')}"
        for kind in ("HTTP", "HTTPS", "SOCKS", "FTP")
        if known.get(f"{kind}Enable") == "1"
    ]
    if known.get("ProxyAutoConfigEnable") == "1":
        found.append(f"script {known.get('ProxyAutoConfigURLString', '')}".strip())
    if known.get("ProxyAutoDiscoveryEnable") == "1":
        found.append("wpad")
    return found


# --- Windows -------------------------------------------------------------------------------------


def _windows(place: Place, _seconds: float) -> list[Fact]:
    found = []
    for key in (INTERNET, POLICY):
        known = place.registry(key)
        if known.get("ProxyEnable") == 1:
            found.append(f"{known.get('ProxyServer', '')}")
        if known.get("AutoConfigURL"):
            found.append(f"script {known['AutoConfigURL']}")
    return [place.fact("windows", one) for one in found]


def _winhttp(place: Place, _seconds: float) -> list[Fact]:
    raw = place.registry(WINHTTP).get("WinHttpSettings")
    server = winhttp(raw) if isinstance(raw, bytes) else ""
    return [place.fact("winhttp", server)] if server else []


def winhttp(raw: bytes) -> str:
    """The proxy in the registry's WinHttpSettings: what ``netsh winhttp show proxy`` prints.

    Little-endian: size, counter, flags (2: a proxy), its length, itself.  Anything else is none.
    """
    flags, length = int.from_bytes(raw[8:12], "little"), int.from_bytes(raw[12:16], "little")
    if len(raw) < 16 or not flags & 2 or not 0 < length <= len(raw) - 16:
        return ""
    return raw[16 : 16 + length].decode("ascii", errors="replace")
