"""Root certificates this computer trusts that are in no public set.

The yardstick is Mozilla's list as certifi carries it, the same on every system, and what the
system's maker ships beside it.  A root beyond both may belong to an employer, a school, a virus
scanner or an interceptor; which of them is not for this program to say.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from holdfast.adapters.environment.place import Place, reading, unread
from holdfast.core.canonical import rfc3339
from holdfast.core.environment import Reading

LIMIT = 32 << 20
MOST_FILES = 1000
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLES = (
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
)
"""Debian and Ubuntu, Fedora, openSUSE, Alpine."""
_SHIPPED = ("usr/share/ca-certificates", "usr/share/pki/ca-trust-source", "usr/share/pki/trust")
"""What came with the system's own packages: Debian, Fedora, openSUSE."""
_ADDED = (
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/pki/trust/anchors",
    "etc/ca-certificates/trust-source/anchors",
)
"""Where people add roots of their own."""
_MAC_ADDED = "/Library/Keychains/System.keychain"
_MAC_SHIPPED = "/System/Library/Keychains/SystemRootCertificates.keychain"
_AUTHROOT = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\AuthRoot\Certificates"
"""Microsoft's public set, a key for each by SHA-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What one system trusts."""

    name: str
    trusted: Mapping[bytes, str]
    """DER of each root, and when it was added where that shows."""
    shipped: frozenset[str] = frozenset()
    """SHA-256 of those that came with the system."""


def roots(place: Place, seconds: float) -> Reading:
    """Each root beyond the public sets: subject, digest, and when it was added where that shows."""
    if place.system == "win32":
        store = _windows(place)
    elif place.system == "darwin":
        store = _mac(place, seconds)
    else:
        store = _linux(place)
    if not store.trusted:
        return unread("roots", "no_store")
    known, version = public()
    beyond = {der: at for der, at in store.trusted.items() if _sha256(der) not in known}
    added = {der: at for der, at in beyond.items() if _sha256(der) not in store.shipped}
    said = [
        "; ".join(part for part in (subject(der), f"SHA-256 {_sha256(der)}", at) if part)
        for der, at in added.items()
    ]
    return reading(
        "roots",
        "warn" if added else "pass",
        place.fact("store", store.name),
        place.fact("count", len(store.trusted)),
        place.fact("yardstick", f"certifi {version}"),
        place.fact("shipped", len(beyond) - len(added)),
        place.fact("added", len(added)),
        place.several("root", sorted(said)),
    )


@cache
def public() -> tuple[frozenset[str], str]:
    """SHA-256 of every root in the public set, and the set's version."""
    import certifi

    pem = Path(certifi.where()).read_bytes()
    return frozenset(_sha256(der) for der in _ders(pem)), certifi.__version__


def _sha256(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def _ders(pem: bytes) -> Iterator[bytes]:
    """Every certificate of a PEM file; what is not one is passed over."""
    for block in _PEM.findall(pem[:LIMIT]):
        try:
            der = ssl.PEM_cert_to_DER_cert(block.decode("ascii"))
        except ValueError:
            continue
        if der.startswith(b"\x30"):
            yield der


def subject(der: bytes) -> str:
    """Name, organisation and country of a certificate; its digest's beginning when unreadable."""
    from asn1crypto.x509 import Certificate

    try:
        named = Certificate.load(der).subject.native
    except (ValueError, TypeError, KeyError):
        named = {}
    keys = ("common_name", "organizational_unit_name", "organization_name", "country_name")
    parts = [str(named[key]) for key in keys if named.get(key)]
    return ", ".join(dict.fromkeys(parts)) or f"({_sha256(der)[:16]}…)"


def _linux(place: Place) -> Store:
    """The bundle in use, what packages brought, and when those added by hand were."""
    chosen = place.variables.get("SSL_CERT_FILE", "")
    bundles = [Path(chosen)] if chosen else [place.at(part) for part in _BUNDLES]
    for at in bundles:
        if at.is_file():
            with at.open("rb") as file:
                found = tuple(_ders(file.read(LIMIT)))
            added = {
                der: f"added {rfc3339(datetime.fromtimestamp(one.stat().st_mtime, UTC))}"
                for one in _files(place, _ADDED)
                for der in _ders(one.read_bytes())
            }
            shipped = frozenset(
                _sha256(der) for one in _files(place, _SHIPPED) for der in _ders(one.read_bytes())
            )
            trusted = {der: added.get(der, "") for der in found}
            return Store(name=str(at), trusted=trusted, shipped=shipped)
    return Store(name="", trusted={})


def _files(place: Place, folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for at in sorted(place.at(folder).rglob("*"))[:MOST_FILES]:
            if at.is_file() and at.stat().st_size < LIMIT:
                yield at


def _mac(place: Place, seconds: float) -> Store:
    command = ["security", "find-certificate", "-a", "-p"]
    added = tuple(_ders(place.hear([*command, _MAC_ADDED], seconds / 2).encode()))
    shipped = tuple(_ders(place.hear([*command, _MAC_SHIPPED], seconds / 2).encode()))
    return Store(
        name="macOS System, SystemRootCertificates",
        trusted=dict.fromkeys((*shipped, *added), ""),
        shipped=frozenset(map(_sha256, shipped)),
    )


def _windows(place: Place) -> Store:
    """The roots of the machine and of the person, as Windows hands them out."""
    found = tuple(place.roots())
    known = {key.lower() for key in place.registry_keys(_AUTHROOT)}
    # The registry names them by SHA-1, which tells nothing but which key is meant.
    shipped = (
        der for der in found if hashlib.sha1(der, usedforsecurity=False).hexdigest() in known
    )
    return Store(
        name="Windows ROOT",
        trusted=dict.fromkeys(found, ""),
        shipped=frozenset(map(_sha256, shipped)),
    )
