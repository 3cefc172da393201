"""Dated data shipped with the program: law, addressees, authorities, people who can help.

Every file is read by one strict schema: an unknown key, a missing source, a wrong type or an empty
folder is an error of the build and never a guess.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from holdfast.adapters.resources import resource, table, words
from holdfast.core.document import Lang
from holdfast.core.drand import SCHEME, DrandChain
from holdfast.core.errors import Refused
from holdfast.core.evidence import World
from holdfast.core.notice import Bilingual, Contact, Platform, Regime, Rule
from holdfast.core.origin import Range, Registries
from holdfast.core.timestamp import Authorities, Calendar, Explorer, Tsa
from holdfast.core.words import Words

if TYPE_CHECKING:
    from cattrs import Converter

    from holdfast.core.lifetime import RenewalRule

Kind = TypeVar("Kind")

_DATED = ("source", "checked_on", "confidence", "note")
"""Keys that an authority may carry beside its own fields: where it was read, and when."""


class Catalog:
    """Everything under ``resources/`` that is a fact about the world.

    ``practice`` gives the authorities of the practice world, which exist only while it is served.
    """

    def __init__(self, practice: Callable[[], Authorities] | None = None) -> None:
        self._practice = practice

    def authorities(self, world: World) -> Authorities:
        """Whom that world asks for time-stamps.  Raises Refused(``practice_closed``)."""
        if world == "real":
            return _authorities()
        if self._practice is None:
            raise Refused("practice_closed")
        return self._practice()

    def registries(self) -> Registries:
        """Who knows who registered a domain or an address range."""
        return _registries()

    def regimes(self) -> tuple[Regime, ...]:
        """Every law under which a platform can be asked to act; never empty."""
        return _regimes()

    def platforms(self, world: World) -> tuple[Platform, ...]:
        """Every addressee of one world, by id, whoever is not on the list last; never empty."""
        found = sorted(_platforms(), key=lambda p: (not p.listed, p.id))
        return _nonempty(tuple(p for p in found if p.world == world), f"{world} platforms")

    def regime(self, id: str) -> Regime:
        """The law of that id.  Raises Refused."""
        return _named(self.regimes(), id, "regime_unknown")

    def platform(self, id: str) -> Platform:
        """The addressee of that id, of either world.  Raises Refused."""
        return _named(_platforms(), id, "platform_unknown")

    def rule(self, id: str) -> Rule:
        """The article of that id, whichever law names it.  Raises Refused."""
        return _named(
            tuple(rule for regime in self.regimes() for rule in regime.rules), id, "rule_unknown"
        )

    def contacts(self, lang: Lang) -> tuple[Contact, ...]:
        """People who can help, in the order in which they are to be shown."""
        entries = table("contacts.toml")
        _keys(entries, {"contact"}, "contacts.toml")
        return _nonempty(tuple(_contact(entry, lang) for entry in entries["contact"]), "contacts")

    def words(self, lang: Lang) -> Words:
        """The catalogues of one language."""
        return words(lang)


# --- reading -------------------------------------------------------------------------------------


@cache
def _regimes() -> tuple[Regime, ...]:
    read = {file: _read(file, Regime) for file in _files("regimes")}
    known = {regime.id: regime for regime in read.values()}
    return tuple(_checked(_with_rules(regime, known, file), file) for file, regime in read.items())


def _with_rules(regime: Regime, known: Mapping[str, Regime], file: Path) -> Regime:
    """The regime with the rules of the one it follows: an article's text stands in one place."""
    if not regime.follows:
        return regime
    before = known.get(regime.follows)
    if before is None or before.follows:
        raise ValueError(f"{file.name}: follows no regime that stands by itself")
    return replace(regime, rules=(*before.rules, *regime.rules))


@cache
def _platforms() -> tuple[Platform, ...]:
    known = {regime.id for regime in _regimes()}
    found = tuple(_read(file, Platform) for file in _files("platforms"))
    for platform in found:
        if not platform.regimes or set(platform.regimes) - known:
            raise ValueError(f"{platform.id}: regimes {platform.regimes} are not all known")
    return found


def _checked(regime: Regime, file: Path) -> Regime:
    """The regime, once everything it refers to is there."""
    rules = {rule.id for rule in regime.rules}
    used = {r.rule for r in regime.requirements} | {t.rule for t in regime.terms if t.rule}
    if used - rules:
        raise ValueError(f"{file.name}: no rule {', '.join(sorted(used - rules))}")
    if not any(requirement.need == "law" for requirement in regime.requirements):
        raise ValueError(f"{file.name}: a law that requires nothing")
    for term in regime.terms:
        if bool(term.days) == bool(term.business_days):
            raise ValueError(f"{file.name}: term {term.id} counts days of one kind")
        if term.basis == "statutory" and regime.rule(term.rule).status != "in_force":
            raise ValueError(f"{file.name}: term {term.id} rests on a draft")
    for part in (regime.rules, regime.requirements, regime.questions, regime.terms):
        ids = [item.id for item in part]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{file.name}: an id stands twice")
    return regime


@cache
def _authorities() -> Authorities:
    bitcoin = table("authorities", "bitcoin.toml")
    drand = table("authorities", "drand.toml")
    tsa = table("authorities", "tsa.toml")
    _keys(drand, {"beacon"}, "drand.toml")
    _keys(bitcoin, {"calendar", "explorer"}, "bitcoin.toml")
    _keys(tsa, {"tsa"}, "tsa.toml")
    return Authorities(
        world="real",
        calendars=_nonempty(
            tuple(_authority(entry, Calendar) for entry in bitcoin["calendar"]), "calendars"
        ),
        explorers=_nonempty(
            tuple(_authority(entry, Explorer) for entry in bitcoin["explorer"]), "explorers"
        ),
        beacons=_nonempty(tuple(_beacon(entry) for entry in drand["beacon"]), "beacons"),
        tsas=_nonempty(tuple(_authority(_with_pems(entry), Tsa) for entry in tsa["tsa"]), "tsas"),
    )


def _authority(entry: Mapping[str, Any], kind: type[Kind]) -> Kind:
    """One authority; its dated keys are checked and left behind."""
    for key in ("source", "checked_on"):
        if not entry.get(key):
            raise ValueError(f"{entry.get('id')}: {key} is missing")
    return _converter().structure({k: v for k, v in entry.items() if k not in _DATED}, kind)


@cache
def renewal_rule() -> RenewalRule:
    """Until when what time-stamps lean on is recommended, and how long before to renew them."""
    from holdfast.core.lifetime import Ageing, RenewalRule

    content = table("authorities", "ageing.toml")
    _keys(content, {"margin_days", "as_of", "algorithm"}, "ageing.toml")
    ageing = []
    for entry in content["algorithm"]:
        _keys(entry, {"id", "kind", "name", "bits", "until", "source"}, "ageing.toml")
        last = datetime.combine(entry["until"], datetime.max.time(), tzinfo=UTC)
        ageing.append(Ageing(**{**entry, "until": last.replace(microsecond=0)}))
    return RenewalRule(ageing=tuple(ageing), margin=timedelta(days=content["margin_days"]))


@cache
def _registries() -> Registries:
    content = table("authorities", "registries.toml")
    dated = {"as_of", "source", "whois_source", "suffix_source", "checked_on"}
    _keys(content, {*dated, "suffixes", "domain", "address"}, "registries.toml")
    if missing := dated - {key for key, value in content.items() if value}:
        raise ValueError(f"registries.toml: {', '.join(sorted(missing))} is missing")
    servers: dict[str, dict[str, str]] = {"rdap": {}, "whois": {}}
    ranges: list[tuple[Range, str]] = []
    for entry in content["domain"]:
        kind = "rdap" if "rdap" in entry else "whois"
        _keys(entry, {kind, "below"}, "registries.toml")
        for top in entry["below"]:
            if any(top in known for known in servers.values()):
                raise ValueError(f"registries.toml: {top} stands twice")
            servers[kind][top] = _server(kind, entry[kind])
    for entry in content["address"]:
        _keys(entry, {"rdap", "ranges"}, "registries.toml")
        url = _server("rdap", entry["rdap"])
        ranges.extend((ipaddress.ip_network(text), url) for text in entry["ranges"])
    return Registries(
        rdap=servers["rdap"],
        whois=servers["whois"],
        ranges=_nonempty(tuple(ranges), "address registries"),
        suffixes=frozenset(content["suffixes"]),
        as_of=content["as_of"],
    )


def _server(kind: str, text: str) -> str:
    """A base URL over https, or a bare host."""
    form = (
        r"https://[a-z0-9.-]+(/[a-z0-9.-]+)*/" if kind == "rdap" else r"[a-z0-9-]+(\.[a-z0-9-]+)+"
    )
    if not re.fullmatch(form, text):
        raise ValueError(f"registries.toml: {text} is no {kind} server")
    return text


def _beacon(entry: Mapping[str, Any]) -> DrandChain:
    """One chain of rounds, of the scheme that can be checked here, under the hash of its key."""
    if entry.get("scheme") != SCHEME:
        raise ValueError(f"{entry.get('id')}: another scheme than {SCHEME}")
    chain = _authority({k: v for k, v in entry.items() if k != "scheme"}, DrandChain)
    if not chain.holds_together():
        raise ValueError(f"{chain.id}: the hash is not that of these parameters")
    return chain


def _with_pems(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with ``root`` and ``chain`` as PEM bytes instead of names of files beside it."""
    whole = dict(entry)
    names = {"root": (entry["root"],), "chain": _several(entry.get("chain", ()))}
    for key, files in names.items():
        whole[key] = b"".join(_pem(name) for name in files)
    return whole


def _several(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple):
        return tuple(value)
    raise ValueError("chain names one file or several")


def _pem(name: str) -> bytes:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.pem", name):
        raise ValueError(f"{name} is not the name of a PEM file")
    raw = resource("authorities", name).read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in raw:
        raise ValueError(f"{name} holds no certificate")
    return raw


def _contact(entry: Mapping[str, Any], lang: Lang) -> Contact:
    whole = dict(entry)
    for key in ("name", "helps", "source"):
        whole[key] = _bilingual(entry[key])(lang)
    return _converter().structure(whole, Contact)


def _files(folder: str) -> tuple[Path, ...]:
    return _nonempty(tuple(sorted(resource(folder).glob("*.toml"))), folder)


def _read(file: Path, kind: type[Kind]) -> Kind:
    """One file as one noun.  Its id is the file's name, so that two can never be the same."""
    content = table(file.parent.name, file.name)
    if content.get("id", "").replace("_", "-") != file.stem:
        raise ValueError(f"{file.name} holds the id {content.get('id')}")
    singular = {"rule": "rules", "requirement": "requirements", "question": "questions"}
    singular["term"] = "terms"
    whole = {singular.get(key, key): value for key, value in content.items()}
    try:
        return _converter().structure(whole, kind)
    except ExceptionGroup as error:
        from cattrs import transform_error

        raise ValueError(f"{file.name}: {'; '.join(transform_error(error))}") from error


def _nonempty(found: tuple[Kind, ...], what: str) -> tuple[Kind, ...]:
    if not found:
        raise ValueError(f"this build contains no {what}")
    return found


class _Named(Protocol):
    @property
    def id(self) -> str: ...


NamedKind = TypeVar("NamedKind", bound=_Named)


def _named(items: tuple[NamedKind, ...], id: str, code: str) -> NamedKind:
    for item in items:
        if item.id == id:
            return item
    raise Refused(code, id=id[:80])


def _keys(entry: Mapping[str, Any], allowed: set[str], where: str) -> None:
    if set(entry) - allowed:
        raise ValueError(f"{where}: {', '.join(sorted(set(entry) - allowed))} is not known here")


UNKNOWN = "unknown"
"""How a file says that something is not known; the noun then holds nothing."""


@cache
def _converter() -> Converter:
    """Structures strictly: no extra keys, no coercion, ``unknown`` becomes nothing."""
    from cattrs import Converter

    made = Converter(forbid_extra_keys=True)
    made.register_structure_hook(str, lambda value, _: _text(value))
    made.register_structure_hook(bool, lambda value, _: _exactly(value, bool))
    made.register_structure_hook(int, lambda value, _: _exactly(value, int))
    made.register_structure_hook(bytes, lambda value, _: _exactly(value, bytes))
    made.register_structure_hook(date, lambda value, _: _exactly(value, date))
    made.register_structure_hook(int | None, lambda value, _: _limit(value))
    made.register_structure_hook(Bilingual, lambda value, _: _bilingual(value))
    return made


def _exactly(value: object, kind: type[Kind]) -> Kind:
    if type(value) is not kind:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def _text(value: object) -> str:
    found = _exactly(value, str)
    return "" if found == UNKNOWN else found


def _limit(value: object) -> int | None:
    return None if value == UNKNOWN else _exactly(value, int)


def _bilingual(value: object) -> Bilingual:
    if value == UNKNOWN:
        return Bilingual(zh="", en="")
    if not isinstance(value, dict) or set(value) != {f.name for f in fields(Bilingual)}:
        raise ValueError("a text in both languages")
    return Bilingual(zh=_exactly(value["zh"], str), en=_exactly(value["en"], str))
