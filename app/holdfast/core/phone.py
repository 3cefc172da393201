"""What an Android phone says of itself, read from the answers of its own programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from holdfast.core.canonical import Json, one_line
from holdfast.core.evidence import Check, Outcome

PROPERTIES = (
    "ro.product.manufacturer",
    "ro.product.brand",
    "ro.product.model",
    "ro.product.device",
    "ro.build.fingerprint",
    "ro.build.version.release",
    "ro.build.version.sdk",
    "ro.build.version.security_patch",
    "ro.build.tags",
    "ro.build.type",
    "ro.debuggable",
    "ro.secure",
    "ro.boot.verifiedbootstate",
    "ro.boot.flash.locked",
    "ro.boot.vbmeta.device_state",
    "ro.kernel.qemu",
    "persist.sys.timezone",
    "persist.sys.locale",
)
"""What is kept of the phone's properties; the rest names the owner's network and SIM."""
ROOT_FILES = (
    "/system/bin/su",
    "/system/xbin/su",
    "/sbin/su",
    "/su/bin/su",
    "/vendor/bin/su",
    "/data/local/xbin/su",
    "/data/local/bin/su",
    "/debug_ramdisk/su",
    "/sbin/magisk",
    "/data/adb/magisk",
)
CLOCK_MS = 5000
"""Further off than this a phone's clock is amber."""
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,99}")
PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+){1,20}")

State = Literal["device", "unauthorized", "offline", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone as adb lists it."""

    serial: str
    state: State
    said: str = ""
    """The state in adb's own word."""
    model: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that was in front, and how it got onto the phone."""

    package: str
    activity: str = ""
    version_name: str = ""
    version_code: str = ""
    installer: str = ""
    first_installed: str = ""
    last_updated: str = ""
    """As the phone writes it, in its own time zone."""
    apk_sha256: str = ""
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """SHA-256 of the signers' certificates by signing scheme."""
    certificate_note: str = ""
    """Why there is none; empty when there is."""

    def body(self) -> dict[str, Json]:
        """As it stands in the record."""
        return {
            "package": self.package,
            "activity": self.activity,
            "version_name": self.version_name,
            "version_code": self.version_code,
            "installer": self.installer,
            "first_installed": self.first_installed,
            "last_updated": self.last_updated,
            "apk_sha256": self.apk_sha256,
            "certificates": [
                {"scheme": scheme, "sha256": list(found)}
                for scheme, found in sorted(self.certificates.items())
            ],
            "certificate_note": self.certificate_note,
        }


def listed(answer: str) -> tuple[Phone, ...]:
    """The phones in the answer to ``adb devices -l``."""
    found = []
    _, _, lines = answer.partition("List of devices attached")
    for line in lines.splitlines()[:200]:
        serial, _, rest = line.strip().partition(" ")
        words = rest.split()
        if not words or not SERIAL.fullmatch(serial):
            continue
        states: dict[str, State] = {
            "device": "device",
            "unauthorized": "unauthorized",
            "authorizing": "unauthorized",
            "offline": "offline",
        }
        told = dict(word.split(":", 1) for word in words[1:] if ":" in word)
        found.append(
            Phone(
                serial=serial,
                state=states.get(words[0], "other"),
                said=one_line(words[0])[:40],
                model=one_line(told.get("model", "").replace("_", " "))[:80],
                product=one_line(told.get("product", ""))[:80],
            )
        )
    return tuple(found)


_PROPERTY = re.compile(r"^\[([^\]]{1,100})\]: \[(.{0,400})\]\s*$", re.MULTILINE)


def properties(answer: str) -> dict[str, str]:
    """PROPERTIES out of the answer to ``getprop``; what is not told is not there."""
    told = dict(_PROPERTY.findall(answer))
    return {name: one_line(told[name])[:200] for name in PROPERTIES if name in told}


_IN_FRONT = (
    re.compile(r"(?:topR|mR|R)esumedActivity[=:] ?ActivityRecord\{(.{0,300})"),
    re.compile(r"mCurrentFocus=Window\{(.{0,300})"),
    re.compile(r"mFocusedApp=.{0,20}ActivityRecord\{(.{0,300})"),
)  # fmt: skip
_COMPONENT = re.compile(r"([A-Za-z][\w.]{1,200})/([\w.$]{1,300})")


def in_front(answer: str) -> tuple[str, str]:
    """Package and activity that the person sees, from ``dumpsys activity`` or ``window``; or two
    empty words.
    """
    for pattern in _IN_FRONT:
        for hit in pattern.finditer(answer):
            named = _COMPONENT.search(hit[1])
            if named and PACKAGE.fullmatch(named[1]):
                return named[1], named[2]
    return "", ""


_FACTS = {
    "versionName": "version_name",
    "versionCode": "version_code",
    "installerPackageName": "installer",
    "firstInstallTime": "first_installed",
    "lastUpdateTime": "last_updated",
}


def installed(answer: str, package: str) -> dict[str, str]:
    """What ``dumpsys package`` says of one package, by App's own names."""
    _, begun, part = answer.partition(f"Package [{package}]")
    found: dict[str, str] = {}
    if not begun:
        return found
    part = part.partition("\n  Package [")[0][:200_000]
    for name, ours in _FACTS.items():
        hit = re.search(rf"\b{name}=([^\n]{{1,120}})", part)
        if hit:
            value = hit[1].split(" minSdk")[0] if name == "versionCode" else hit[1]
            found[ours] = one_line(value)
    return found


def root_checks(told: Mapping[str, str], files: str | None) -> tuple[Check, ...]:
    """Signs that somebody opened the phone's system: facts as found, each a question, no verdict.

    ``files`` is what ``ls`` said of ROOT_FILES; None when it could not be asked.
    """
    there = [] if files is None else [f for f in ROOT_FILES if f in files.split()]
    signs = [*there]
    for name, odd in (
        ("ro.debuggable", ("1",)),
        ("ro.secure", ("0",)),
        ("ro.boot.verifiedbootstate", ("orange", "yellow", "red")),
        ("ro.boot.flash.locked", ("0",)),
        ("ro.boot.vbmeta.device_state", ("unlocked",)),
        ("ro.kernel.qemu", ("1",)),
    ):
        if told.get(name) in odd:
            signs.append(f"{name}={told[name]}")
    tags = told.get("ro.build.tags", "")
    if "test-keys" in tags or "dev-keys" in tags:
        signs.append(f"ro.build.tags={tags}")
    outcome: Outcome = "warn" if signs else "pass"
    if not signs and (files is None or not told):
        outcome = "not_checked"
    return (Check(check="phone_root", outcome=outcome, detail=", ".join(signs)[:300]),)


def clock_check(offset_ms: int | None) -> Check:
    """Whether the phone's clock agrees with ours."""
    if offset_ms is None:
        return Check(check="phone_clock", outcome="not_checked")
    far = abs(offset_ms) > CLOCK_MS
    seconds = f"{offset_ms / 1000:+.1f}"
    return Check(check="phone_clock", outcome="warn" if far else "pass", detail=seconds)


def app_check(before: App | None, after: str) -> Check:
    """Whether the same app was in front all the time; ``after`` is its package at the end."""
    if before is None or not before.package or not after:
        return Check(check="phone_app", outcome="not_checked")
    if before.package != after:
        detail = f"{before.package} → {after}"
        return Check(check="phone_app", outcome="warn", detail=detail)
    return Check(check="phone_app", outcome="pass", detail=before.package)
