"""Whom the environment check asks, and which programs it knows: dated data under ``resources``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from holdfast.adapters.resources import table

Kind = Literal["intercepts", "steers", "overlays", "routes"]
_DATED = ("source", "checked_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ntp:
    """A time server, RFC 5905."""

    id: str
    host: str
    port: int = 123


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A site whose answers carry a Date (RFC 9110 §6.6.1)."""

    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """A public DNS resolver."""

    id: str
    address: str
    operator: str
    port: int = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that can change what is seen, or where traffic goes."""

    name: str
    kind: Kind
    executables: frozenset[str]
    """Lower case, without ``.exe``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everybody who may be asked.  Nobody, unless they are named."""

    clocks: tuple[Ntp, ...] = ()
    dated: tuple[Dated, ...] = ()
    resolvers: tuple[Resolver, ...] = ()
    names: tuple[str, ...] = ()
    """Looked up when no site is being kept."""
    programs: tuple[Program, ...] = ()
    inside: frozenset[str] = frozenset()
    """``host:port`` pairs that may lie on this computer: a test's own servers."""


def shipped() -> Sources:
    """What this build knows.  Raises ValueError when its data are not whole."""
    clock = table("authorities", "clock.toml")
    known = table("environment", "processes.toml")
    if set(clock) != {"ntp", "https", "resolver", "name"} or set(known) != {"program"}:
        raise ValueError("clock.toml and processes.toml hold what this version reads")
    return Sources(
        clocks=tuple(Ntp(**_own(entry)) for entry in clock["ntp"]),
        dated=tuple(Dated(**_own(entry)) for entry in clock["https"]),
        resolvers=tuple(Resolver(**_own(entry)) for entry in clock["resolver"]),
        names=tuple(_own(entry)["name"] for entry in clock["name"]),
        programs=tuple(_program(_own(entry)) for entry in known["program"]),
    )


def _own(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without the keys that say where and when it was read."""
    for key in _DATED:
        if not entry.get(key):
            raise ValueError(f"{entry.get('id') or entry.get('name')}: {key} is missing")
    return {key: value for key, value in entry.items() if key not in (*_DATED, "note")}


def _program(entry: Mapping[str, Any]) -> Program:
    if entry["kind"] not in get_args(Kind):
        raise ValueError(f"{entry['name']}: {entry['kind']} is no kind of program")
    names = frozenset(str(name).lower() for name in entry["executables"])
    return Program(name=entry["name"], kind=entry["kind"], executables=names)
