"""Tunnels: adapters of VPNs and of programs that take all traffic, and what goes over them."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.adapters.environment.place import Place, reading
from holdfast.core.environment import Reading

MADE_UP = ipaddress.ip_network("198.18.0.0/15")
"""RFC 2544: programs in “fake-IP” mode answer every name from this range."""
NETWORKS = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
ADAPTERS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}"

_NAMES = re.compile(
    r"(?i)(tun|tap|wg|utun|ppp|ipsec|zt|tailscale|nordlynx|proton|mullvad|warp|meta$|mihomo|clash"
    r"|singbox|sing-box|outline|wintun|openvpn|vpn)"
)
_MODELS = re.compile(
    r"(?i)wintun|wireguard|tap-windows|tap-nordvpn|openvpn|clash|mihomo|meta tunnel|sing-?(box|tun)"
    r"|tailscale|zerotier|vpn|tunnel"
)
_ORDINARY = re.compile(r"(?i)teredo|isatap|6to4|wan miniport|hyper-v|bluetooth")
"""What Windows brings along."""

HALVES = {"0.0.0.0", "128.0.0.0"}  # noqa: S104  destinations, nothing is bound
"""Destination and mask of a default route, or of one half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One network adapter."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    model: str = ""


def tunnel(place: Place, seconds: float) -> Reading:
    """Every tunnel adapter, whether the default route goes over one, and made-up addresses."""
    known = _adapters(place)
    tunnels = [one for one in known if is_tunnel(one, place)]
    routed = [name for name in _default_routes(place, known, seconds) if name]
    over = [one.name for one in tunnels if one.name in routed]
    made_up = [
        address
        for one in known
        for address in one.addresses
        if ":" not in address and ipaddress.ip_address(address) in MADE_UP
    ]
    used = sum(one.up for one in tunnels)
    return reading(
        "tunnel",
        "warn" if tunnels or made_up else "pass",
        place.fact("adapters", len(tunnels)),
        place.fact("connected", used),
        place.fact("route", ", ".join(dict.fromkeys(routed))),
        place.fact("over", ", ".join(over) or "no"),
        place.several("adapter", [_said(one) for one in tunnels]),
        place.several("made_up", made_up),
    )


def _said(one: Adapter) -> str:
    state = "up" if one.up else "down"
    return " ".join(part for part in (one.name, one.model, state, *one.addresses) if part)


def _adapters(place: Place) -> list[Adapter]:
    import psutil  # type: ignore[import-untyped]  # it ships no types

    states = psutil.net_if_stats()
    models = _models(place) if place.system == "win32" else {}
    return [
        Adapter(
            name=name,
            up=name in states and states[name].isup,
            addresses=tuple(
                str(a.address).partition("%")[0]
                for a in addresses
                if a.family in (socket.AF_INET, socket.AF_INET6)
            ),
            model=models.get(name, ""),
        )
        for name, addresses in sorted(psutil.net_if_addrs().items())
    ]


def _models(place: Place) -> dict[str, str]:
    """The make of each adapter by the name that Windows shows."""
    makes = {}
    for key in place.registry_keys(ADAPTERS):
        known = place.registry(f"{ADAPTERS}\\{key}")
        makes[str(known.get("NetCfgInstanceId", ""))] = str(known.get("DriverDesc", ""))
    found = {}
    for key in place.registry_keys(NETWORKS):
        shown = place.registry(f"{NETWORKS}\\{key}\\Connection").get("Name")
        if shown and makes.get(key):
            found[str(shown)] = makes[key]
    return found


def is_tunnel(one: Adapter, place: Place) -> bool:
    """Whether an adapter carries a tunnel, as far as its system tells."""
    if place.system == "win32":
        made = bool(_MODELS.search(one.model)) or bool(_NAMES.match(one.name))
        return made and not _ORDINARY.search(f"{one.model} {one.name}")
    if place.system == "darwin":
        # macOS keeps several utun of its own, which have link-local addresses only.
        real = any(not ipaddress.ip_address(a).is_link_local for a in one.addresses)
        return bool(_NAMES.match(one.name)) and real
    about = place.at("sys", "class", "net", one.name)
    kind = about / "uevent"
    wireguard = kind.is_file() and "DEVTYPE=wireguard" in kind.read_text(errors="replace")
    return (about / "tun_flags").exists() or wireguard or bool(_NAMES.match(one.name))


# --- where everything goes by default ------------------------------------------------------------


def _default_routes(place: Place, known: Sequence[Adapter], seconds: float) -> list[str]:
    if place.system == "darwin":
        said = place.hear(["route", "-n", "get", "default"], seconds)
        return re.findall(r"interface:\s*(\S+)", said)
    if place.system == "win32":
        owners = {address: one.name for one in known for address in one.addresses}
        return windows_routes(place.hear(["route", "print", "-4"], seconds), owners)
    # The thread's own network, not the process's: they differ in namespaces.
    try:
        table = place.at("proc", "self", "net", "route").read_text(encoding="ascii")
    except OSError:
        table = ""
    try:
        more = place.at("proc", "self", "net", "ipv6_route").read_text(encoding="ascii")
    except OSError:
        more = ""
    return [*linux_routes(table), *linux_routes6(more)]


def linux_routes(table: str) -> list[str]:
    """Adapters of default routes in ``/proc/net/route``; halves of the whole count as well."""
    found = []
    for line in table.splitlines()[1:]:
        parts = line.split()
        if len(parts) < 8 or parts[1] not in ("00000000", "00000080"):
            continue
        # Little-endian: 0.0.0.0/0, 0.0.0.0/1 and 128.0.0.0/1.
        if parts[7] in ("00000000", "00000080"):
            found.append(parts[0])
    return found


def linux_routes6(table: str) -> list[str]:
    """Adapters of default routes in ``/proc/net/ipv6_route``; rejecting ones are none."""
    found = []
    for line in table.splitlines():
        parts = line.split()
        default = len(parts) == 10 and parts[1] in ("00", "01") and parts[9] != "lo"
        if default and not int(parts[8], 16) & 0x0200:
            found.append(parts[9])
    return found


def windows_routes(said: str, owners: Mapping[str, str]) -> list[str]:
    """Adapters of default routes in ``route print -4``, whose words differ by language."""
    found = []
    for line in said.splitlines():
        parts = line.split()
        if len(parts) == 5 and {*parts[:2]} <= HALVES and parts[4].isdecimal():
            found.append(owners.get(parts[3], parts[3]))
    return found
