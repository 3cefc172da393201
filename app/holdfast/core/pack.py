"""The pack: where everything lies in it, what may lie in it, and how a stranger checks it.

A pack is a BagIt 1.0 bag (RFC 8493).  Paths here are of two kinds: *names* are relative to the
bag's root (``data/case.json``), *paths* are relative to ``data/`` (``case.json``), as in ledger
refs and time-stamp subjects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from holdfast.core.canonical import moment
from holdfast.core.timestamp import Stamp, StampKind

PAYLOAD: Final = "data/"
BAG_DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

DECLARATION: Final = "bagit.txt"
BAG_INFO: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
README: Final = "README.html"
VERIFIER: Final = "verify.pyz"
BROWSER_VERIFIER: Final = "verify.html"
FETCH: Final = "fetch.txt"
SIGNATURE: Final = "tagmanifest-sha256.txt.minisig"
"""Over the tag manifest, and so over everything; the one file that no manifest can list."""

REQUIRED_TAGS: Final = (DECLARATION, BAG_INFO, MANIFEST, TAG_MANIFEST, README, VERIFIER)
TAGS: Final = (*REQUIRED_TAGS, BROWSER_VERIFIER, SIGNATURE)
"""Everything that may lie beside ``data/``."""

CASE_FILE: Final = "case.json"
ENTRIES: Final = "ledger/entries.jsonl"
HEAD: Final = "ledger/checkpoint.txt"
KEYS: Final = "ledger/key.txt"

MAX_MEMBERS: Final = 100_000

CASE_FORMAT: Final = "holdfast-case/1"

IMPORTED: Final = "imported-"
"""Begins the authority of a token that was obtained elsewhere; its root came with it."""


def payload(path: str) -> str:
    """The name in the bag of a path below ``data/``."""
    return PAYLOAD + path


def exhibit_folder(number: str) -> str:
    """``exhibits/E0001``."""
    return f"exhibits/{number}"


def capture_path(number: str) -> str:
    """``exhibits/E0001/capture.json``: the subject of an exhibit's time-stamps."""
    return f"exhibits/{number}/capture.json"


def inclusion_path(number: str) -> str:
    """``exhibits/E0001/inclusion.tlog-proof``."""
    return f"exhibits/{number}/inclusion.tlog-proof"


def checkpoint_path(size: int) -> str:
    """``ledger/checkpoints/27.txt``."""
    return f"ledger/checkpoints/{size}.txt"


def cosigned_path(size: int, key: str) -> str:
    """``ledger/checkpoints/27.cosigned-1a2b3c4d.txt``: a head with the cosignature of one key."""
    return f"ledger/checkpoints/{size}.cosigned-{key}.txt"


def root_path(authority: str) -> str:
    """``timestamps/<tsa>/root.pem``."""
    return f"timestamps/{authority}/root.pem"


def chain_path(authority: str) -> str:
    """``timestamps/<tsa>/chain.pem``."""
    return f"timestamps/{authority}/chain.pem"


RevocationForm = Literal["crl", "ocsp"]


def revocation_path(authority: str, sha256: str, form: RevocationForm) -> str:
    """``timestamps/<tsa>/revocation/<first of its SHA-256>.crl``: as it was published."""
    return f"timestamps/{authority}/revocation/{sha256[:16]}.{form}"


def headers_path(first: int, last: int) -> str:
    """``timestamps/headers/bitcoin-<from>-<to>.bin``: both heights included."""
    return f"timestamps/headers/bitcoin-{first}-{last}.bin"


ProofForm = Literal["ots", "tsr", "tsq"]


def proof_path(subject: str, form: ProofForm, authority: str = "") -> str:
    """Where a proof about ``subject`` lies.

    ``exhibits/E0001/files/page.png`` has its proofs in ``exhibits/E0001/proofs/files/``, anything
    else beside it.  ``authority`` is the TSA's id and belongs to ``tsr`` and ``tsq`` alone.
    """
    ending = form if form == "ots" else f"{authority}.{form}"
    hit = _EXHIBIT.fullmatch(subject)
    if hit is None:
        return f"{subject}.{ending}"
    return f"exhibits/{hit['number']}/proofs/{hit['rest']}.{ending}"


def stamp_path(stamp: Stamp) -> str:
    """Where the proof of a stamp lies."""
    if stamp.kind == "opentimestamps":
        return proof_path(stamp.subject.path, "ots")
    return proof_path(stamp.subject.path, "tsr", stamp.authority)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofName:
    """What the path of a proof says: about which subject, in which form, by whom."""

    subject: str
    form: ProofForm
    authority: str = ""

    @property
    def kind(self) -> StampKind:
        """The protocol it speaks."""
        return "opentimestamps" if self.form == "ots" else "rfc3161"


_EXHIBIT = re.compile(r"exhibits/(?P<number>E[0-9]{4,9})/(?P<rest>.+)")
_PROOF = re.compile(
    r"(?P<folder>exhibits/E[0-9]{4,9}/proofs|ledger/checkpoints)/(?P<rest>.+?)"
    r"\.(?:(?P<ots>ots)|(?P<authority>[A-Za-z0-9][A-Za-z0-9_-]*)\.(?P<form>tsr|tsq))"
)
_CHECKPOINT = re.compile(r"ledger/checkpoints/(?P<size>0|[1-9][0-9]{0,14})\.txt")
_CHAIN = re.compile(
    r"timestamps/(?P<authority>[A-Za-z0-9][A-Za-z0-9_-]*)/(?P<what>chain|root)\.pem"
)
_REVOCATION = re.compile(
    r"timestamps/(?P<authority>[A-Za-z0-9][A-Za-z0-9_-]*)/revocation/[0-9a-f]{16}\.(crl|ocsp)"
)
_HEADERS = re.compile(
    r"timestamps/headers/bitcoin-(?P<first>0|[1-9][0-9]{0,8})-(?P<last>0|[1-9][0-9]{0,8})\.bin"
)
_INCLUSION = re.compile(r"exhibits/(?P<number>E[0-9]{4,9})/inclusion\.tlog-proof")


def read_proof_name(path: str) -> ProofName | None:
    """What ``path`` says of itself if it is where a proof lies, else None."""
    hit = _PROOF.fullmatch(path)
    if hit is None:
        return None
    rest = hit["rest"]
    folder = hit["folder"].removesuffix("/proofs")
    if hit["ots"]:
        return ProofName(subject=f"{folder}/{rest}", form="ots")
    form: ProofForm = "tsr" if hit["form"] == "tsr" else "tsq"
    return ProofName(subject=f"{folder}/{rest}", form=form, authority=hit["authority"])


def read_checkpoint_path(path: str) -> int | None:
    """The size in the name of a checkpoint file, else None."""
    hit = _CHECKPOINT.fullmatch(path)
    return int(hit["size"]) if hit else None


def read_headers_path(path: str) -> tuple[int, int] | None:
    """The first and last height in the name of a header run, else None."""
    hit = _HEADERS.fullmatch(path)
    return (int(hit["first"]), int(hit["last"])) if hit else None


def read_certificates_path(path: str) -> tuple[str, str] | None:
    """The TSA's id and ``chain`` or ``root``, else None."""
    hit = _CHAIN.fullmatch(path)
    return (hit["authority"], hit["what"]) if hit else None


def read_revocation_path(path: str) -> str | None:
    """The TSA's id in the name of a revocation list or answer, else None."""
    hit = _REVOCATION.fullmatch(path)
    return hit["authority"] if hit else None


def read_inclusion_path(path: str) -> str | None:
    """The number of the exhibit whose inclusion proof this is, else None."""
    hit = _INCLUSION.fullmatch(path)
    return hit["number"] if hit else None


# --- what may lie in it --------------------------------------------------------------------------

Standing = Literal[
    "recorded",
    "ledger",
    "checkpoint",
    "inclusion",
    "proof",
    "certificates",
    "revocation",
    "headers",
    "stranger",
]


def standing(path: str, recorded: Iterable[str]) -> Standing:
    """Why a payload file may be there; ``stranger`` means that nothing on record speaks of it.

    ``recorded`` are the paths that the ledger vouches for: every ``capture.json`` (exhibit.sealed),
    the files of those manifests, documents (document.issued, notice.approved) and ``case.json``
    (pack.exported).  Everything else must verify itself, so that a re-made bag manifest hides
    nothing.
    """
    if path in recorded:
        return "recorded"
    if path in (ENTRIES, HEAD, KEYS):
        return "ledger"
    if read_checkpoint_path(path) is not None:
        return "checkpoint"
    if read_inclusion_path(path) is not None:
        return "inclusion"
    if read_proof_name(path) is not None:
        return "proof"
    if read_certificates_path(path) is not None:
        return "certificates"
    if read_revocation_path(path) is not None:
        return "revocation"
    if read_headers_path(path) is not None:
        return "headers"
    return "stranger"


# --- BagIt manifests -----------------------------------------------------------------------------

_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def write_manifest(digests: Iterable[tuple[str, str]]) -> bytes:
    """A BagIt manifest of (name, SHA-256 in hex), sorted by name."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(digests)).encode()


def read_manifest(raw: bytes) -> dict[str, str]:
    """SHA-256 by name.  Raises ValueError unless it is written as ``write_manifest`` writes."""
    digests: dict[str, str] = {}
    if not raw.isascii():
        raise ValueError("not ASCII")
    for line in raw.decode().removesuffix("\n").split("\n"):
        hit = _MANIFEST_LINE.fullmatch(line)
        if hit is None:
            raise ValueError("a line that is not a digest and a name")
        digests[hit[2]] = hit[1]
    if write_manifest(digests.items()) != raw:
        raise ValueError("a name twice, out of order, or no final line feed")
    return digests


# --- how a stranger checks it --------------------------------------------------------------------

System = Literal["linux", "macos", "windows"]
SYSTEMS: Final[tuple[System, ...]] = ("linux", "macos", "windows")

Checks = Literal[
    "payload", "tags", "bag", "rfc3161", "opentimestamps", "everything", "root", "signature"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, to be run from the bag's root.

    ``linux`` and ``macos`` are for a POSIX shell, ``windows`` for PowerShell.
    """

    checks: Checks
    system: System
    parts: tuple[str, ...]
    """Pieces between which the line may be broken; each is kept whole."""
    subject: str = ""
    """Name in the bag of what a time-stamp command is about."""
    expect: str = ""
    """What its output contains when all is well; empty when its exit code alone says so."""

    @property
    def line(self) -> str:
        """The command on one line."""
        return " ".join(self.parts)

    def lines(self, width: int) -> tuple[str, ...]:
        """The command broken, with the shell's own mark, into lines of at most ``width`` columns.

        A piece that is longer than that stays whole.
        """
        mark = " `" if self.system == "windows" else " \\"
        rows = [self.parts[0]]
        for part in self.parts[1:]:
            if len(rows[-1]) + 1 + len(part) + len(mark) > width:
                rows.append(part)
            else:
                rows[-1] += " " + part
        return (*(row + mark for row in rows[:-1]), rows[-1])


def commands(
    stamps: Sequence[Stamp],
    checkpoint: str,
    *,
    practice: bool,
    system: System = "linux",
) -> tuple[Command, ...]:
    """The commands that check a pack without us, in order, with real names.

    ``stamps`` are those to be checked, in the order wanted; the ones that are not complete are left
    out.  ``checkpoint`` is the path below ``data/`` of the checkpoint whose root is printed, from
    ``checkpoint_path`` or ``HEAD``.
    """
    complete = [
        stamp
        for stamp in stamps
        if stamp.time and stamp.status in ("confirmed", "one_source", "simulated")
    ]
    return (
        *_bag_commands(system),
        *(_token_command(stamp, system) for stamp in complete if stamp.kind == "rfc3161"),
        *(_ots_command(stamp, system) for stamp in complete if stamp.kind == "opentimestamps"),
        _verifier_command(system, practice=practice),
        _root_command(checkpoint, system),
    )


def _bag_commands(system: System) -> tuple[Command, ...]:
    python = _python(system)
    bag = (
        (python, "-m bagit", "--validate .")
        if system == "windows"
        else (
            "bagit.py",
            "--validate .",
        )
    )
    return (
        _manifest_command("payload", MANIFEST, system),
        _manifest_command("tags", TAG_MANIFEST, system),
        Command(checks="bag", system=system, parts=bag),
    )


def _manifest_command(checks: Checks, manifest: str, system: System) -> Command:
    parts: tuple[str, ...]
    match system:
        case "linux":
            parts = ("sha256sum", f"-c {manifest}")
        case "macos":
            parts = ("shasum -a 256", f"-c {manifest}")
        case _:
            parts = (
                f"Get-Content {manifest} |",
                "ForEach-Object { $sum, $name = $_ -split '\\s+', 2;",
                "if ((Get-FileHash -LiteralPath $name).Hash -eq $sum)",
                '{ "${name}: OK" } else { "${name}: FAILED" } }',
            )
    return Command(checks=checks, system=system, parts=parts, expect="OK")


def _token_command(stamp: Stamp, system: System) -> Command:
    subject = payload(stamp.subject.path)
    epoch = int(moment(stamp.time or "").timestamp())
    # The openssl that macOS brings is LibreSSL, whose ts has no -attime.
    openssl = '"$(brew --prefix openssl@3)/bin/openssl"' if system == "macos" else "openssl"
    return Command(
        checks="rfc3161",
        system=system,
        subject=subject,
        expect="Verification: OK",
        parts=(
            f"{openssl} ts -verify",
            f"-data {subject}",
            f"-in {payload(stamp_path(stamp))}{' -token_in' if stamp.bare else ''}",
            f"-CAfile {payload(root_path(stamp.authority))}",
            f"-untrusted {payload(chain_path(stamp.authority))}",
            f"-attime {epoch}",
        ),
    )


def _ots_command(stamp: Stamp, system: System) -> Command:
    subject = payload(stamp.subject.path)
    return Command(
        checks="opentimestamps",
        system=system,
        subject=subject,
        parts=("ots verify", f"-f {subject}", payload(stamp_path(stamp))),
    )


def _verifier_command(system: System, *, practice: bool) -> Command:
    flag = ("--practice",) if practice else ()
    return Command(checks="everything", system=system, parts=(_python(system), VERIFIER, *flag))


def _root_command(checkpoint: str, system: System) -> Command:
    """The command that turns the Base64 root of a checkpoint into the hex that documents print."""
    name = payload(checkpoint)
    parts: tuple[str, ...]
    match system:
        case "linux":
            parts = (f"sed -n 3p {name} |", "base64 -d |", "od -An -v -tx1")
        case "macos":
            parts = (f"sed -n 3p {name} |", "base64 -D |", "od -An -v -tx1")
        case _:
            parts = (
                "[BitConverter]::ToString([Convert]::FromBase64String(",
                f"(Get-Content {name})[2])).Replace('-', ' ').ToLower()",
            )
    return Command(checks="root", system=system, subject=name, parts=parts)


def signature_command(key: str, system: System) -> Command:
    """The command that checks the signed list of files; ``key`` is the public key of a minisign."""
    parts = (f"minisign -Vm {TAG_MANIFEST}", f"-P {key}")
    return Command(checks="signature", system=system, subject=SIGNATURE, parts=parts)


def _python(system: System) -> str:
    return "py" if system == "windows" else "python3"


# --- what is written -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """One file of a pack: bytes in memory, or a file that must still hash to ``sha256``."""

    name: str
    """In the bag, e.g. ``data/case.json``."""
    sha256: str
    size: int
    data: bytes | None = None
    at: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmeExhibit:
    """A line of the table in README.html.  Texts come from outside."""

    number: str
    title: str
    sealed: str
    sha256: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmeRoot:
    """A time-stamp authority whose root lies in the pack."""

    authority: str
    sha256: str
    """Of the root certificate's DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readme:
    """What README.html states."""

    case_number: str
    practice: bool
    origin: str
    lines: int
    """Of the ledger, which is the size of the head."""
    root: str
    """Of the head, hex."""
    made: str
    """Time of the ledger's last line, RFC 3339."""
    verifier_sha256: str
    """Of verify.pyz."""
    page_sha256: str
    """Of verify.html."""
    exhibits: tuple[ReadmeExhibit, ...]
    roots: tuple[ReadmeRoot, ...]
    commands: tuple[Command, ...]
    """For every system."""
    signing_key: str = ""
    """The installation's public key as minisign takes it; empty where nothing is signed."""
    left_out: tuple[str, ...] = ()
    """Numbers of the exhibits that a selective pack leaves out."""
    without_people: bool = False
    documents: bool = True
    """Whether reports and letters go along."""
