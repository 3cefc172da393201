"""The checker inside ``verify.pyz``: one file, Python alone, no network, its own plain words.

It judges with the same core as the program.  What needs public-key arithmetic goes to the
``openssl`` program where there is one, and is otherwise said to be unchecked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import locale
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from holdfast.adapters.pack.openssl import OpensslSignatures, find_openssl
from holdfast.adapters.pack.reader import open_pack, read_digests
from holdfast.adapters.pack.tokens import OpensslTokens
from holdfast.core import anchor
from holdfast.core.bitcoin import CheckpointTable
from holdfast.core.canonical import one_line, rfc3339
from holdfast.core.drand import DrandChain
from holdfast.core.errors import Refused
from holdfast.core.job import Job, Progress
from holdfast.core.pack import DECLARATION
from holdfast.core.timestamp import StampKind
from holdfast.core.verdict import Finding, FindingOutcome, ProofHelp, TimestampSeen, Verdict
from holdfast.core.words import Trouble, Words
from holdfast.usecases.verify import Bench, Options, verify

EXITS: Mapping[str, int] = {"ok": 0, "weak": 0, "broken": 4, "unchecked": 5}
REFUSED, CANCELLED = 1, 130

_ORDER: tuple[FindingOutcome, ...] = ("broken", "weak", "unchecked", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What the checker knows of the world."""

    version: str
    roots: tuple[bytes, ...]
    practice_roots: bytes
    table: CheckpointTable
    beacons: tuple[DrandChain, ...]
    languages: Mapping[str, Words]


class OtsProofs:
    """Judges ``.ots`` proofs by the table that was built in."""

    def __init__(self, table: CheckpointTable) -> None:
        self._table = table

    @property
    def id(self) -> StampKind:
        """A StampKind."""
        return "opentimestamps"

    def check(
        self, subject: str, digest: Callable[[str], bytes], proof: bytes, help: ProofHelp
    ) -> tuple[TimestampSeen, tuple[Finding, ...]]:
        """As ``core.anchor.check``."""
        return anchor.check(subject, digest, proof, help, self._table)


def read_embedded(raw: bytes) -> Embedded:
    """What was built into the file."""
    content: dict[str, Any] = json.loads(raw)
    languages = {
        one["lang"]: Words(
            one["lang"],
            {entry["key"]: entry["text"] for entry in one["words"]},
            {
                entry["code"]: Trouble(what=entry["what"], why=entry["why"], now=entry["now"])
                for entry in one["errors"]
            },
        )
        for one in content["languages"]
    }
    return Embedded(
        version=content["version"],
        roots=tuple(pem.encode() for pem in content["roots"]),
        practice_roots=content["practice_roots"].encode(),
        table=CheckpointTable.parse(content["checkpoints"].encode()),
        beacons=tuple(DrandChain(**chain) for chain in content["beacons"]),
        languages=languages,
    )


def run() -> int:
    """The whole program; its exit code."""
    raw = pkgutil.get_data("holdfast.adapters.pack", "embedded.json")
    assert raw is not None
    archive = Path(sys.argv[0]).absolute()
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character must not end the check.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return check(sys.argv[1:], archive, read_embedded(raw), sys.stdout, sys.stderr)


def check(
    arguments: Sequence[str], archive: Path, known: Embedded, out: TextIO, err: TextIO
) -> int:
    """One run: what was found goes to ``out``, trouble to ``err``; the exit code.

    ``archive`` is the file that runs; its folder is the default target.
    """
    parser = _parser(known)
    asked = parser.parse_args(arguments)
    say = known.languages[asked.lang or _language()]
    targets = asked.targets or _own_folder(archive)
    try:
        verdict = verify(
            targets,
            Options(
                headers=asked.headers,
                root=asked.root,
                chain=asked.chain,
                all_digests=asked.all_digests,
                practice=asked.practice,
                heads=tuple(asked.head),
            ),
            bench=_bench(archive, known),
            job=Job(_progress(err)),
        )
    except Refused as refusal:
        err.write(f"{say.trouble(refusal)}\n")
        return REFUSED
    except KeyboardInterrupt:
        err.write("\n")
        return CANCELLED
    if asked.json:
        out.write(json.dumps(verdict.body(), ensure_ascii=False, indent=1) + "\n")
    else:
        out.write(_report(verdict, say))
    return EXITS[verdict.verdict]


def _parser(known: Embedded) -> argparse.ArgumentParser:
    def said(name: str) -> str:
        return " / ".join(words(f"verify_{name}") for words in known.languages.values())

    parser = argparse.ArgumentParser(
        prog="verify.pyz", description=said("usage"), allow_abbrev=False
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--practice", action="store_true", help=said("opt_practice"))
    parser.add_argument("--headers", type=Path, metavar="FILE", help=said("opt_headers"))
    parser.add_argument("--root", type=Path, metavar="PEM", help=said("opt_root"))
    parser.add_argument("--chain", type=Path, metavar="PEM", help=said("opt_chain"))
    parser.add_argument(
        "--head", action="append", default=[], metavar="SIZE:ROOT", help=said("opt_head")
    )
    parser.add_argument("--all-digests", action="store_true", help=said("opt_all_digests"))
    parser.add_argument("--json", action="store_true", help=said("opt_json"))
    parser.add_argument("--lang", choices=sorted(known.languages))
    parser.add_argument("--version", action="version", version=f"Holdfast {known.version}")
    return parser


def _own_folder(archive: Path) -> list[str]:
    folder = archive.parent
    return [str(folder)] if (folder / DECLARATION).is_file() else []


def _language() -> str:
    named = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if named.lower().startswith(("zh", "chinese")) else "en"


_PAGE = re.compile(rb"#![^\n]*\n# verify\.html ([0-9a-f]{64})\n")


def _own_verifiers(archive: Path) -> frozenset[str]:
    """SHA-256 of the file that runs, and of the page that it names."""
    if not archive.is_file():
        return frozenset()
    raw = archive.read_bytes()
    page = _PAGE.match(raw)
    own = hashlib.sha256(raw).hexdigest()
    return frozenset({own, page[1].decode()} if page else {own})


def _bench(archive: Path, known: Embedded) -> Bench:
    openssl = find_openssl()
    return Bench(
        checkers=(OtsProofs(known.table), OpensslTokens((known.practice_roots,))),
        table=known.table,
        roots=known.roots,
        known_verifiers=partial(_own_verifiers, archive),
        open_pack=open_pack,
        digests=_digests,
        beacons=known.beacons,
        home=Path(folder[0]) if (folder := _own_folder(archive)) else None,
        holds=OpensslSignatures(openssl) if openssl else None,
        now=rfc3339(datetime.now(UTC)),  # noqa: TID251 -- no clock of ours travels in the pack
    )


def _digests(
    path: Path, algorithms: Sequence[str], tick: Callable[[int], None]
) -> Mapping[str, bytes]:
    with path.open("rb", buffering=0) as file:
        return read_digests(file, algorithms, tick)


def _progress(err: TextIO) -> Callable[[Progress], None] | None:
    """A line that rewrites itself, on a terminal only."""
    if not err.isatty():
        return None
    shown = -1

    def report(progress: Progress) -> None:
        nonlocal shown
        percent = 100 * progress.done // progress.total if progress.total else 100
        if percent != shown:
            shown = percent
            err.write(f"\r{percent:3d} %{chr(13) if percent == 100 else ''}")
            err.flush()

    return report


def _now(verdict: Verdict) -> str:
    """What is to be done: only what waits is told to wait."""
    if verdict.verdict == "broken" or verdict.state == "practice":
        return verdict.state
    if verdict.verdict == "weak":
        taken_over = any(f.rule in ("key_late", "key_succeeded") for f in verdict.findings)
        return "key" if taken_over else "weak"
    if any(finding.rule == "token_no_openssl" for finding in verdict.findings):
        return "openssl"
    if verdict.state == "pending":
        return "unchecked"
    return "undated" if verdict.undated else "elsewhere"


def _report(verdict: Verdict, say: Words) -> str:
    """The verdict and everything beneath it, the worst first, for people."""
    lines = []
    findings = list(verdict.findings)
    if findings and findings[0].rule == "world_practice":
        lines += [say("world_practice"), ""]
        findings.pop(0)
    rehearsed = verdict.verdict == "ok" and len(findings) < len(verdict.findings)
    lines += [
        say("verdict.ok.practice" if rehearsed else f"verdict.{verdict.verdict}{verdict.ending}")
    ]
    if verdict.verdict != "ok":
        lines.append(say(f"verify_now_{_now(verdict)}"))
    lines.append("")
    for outcome in _ORDER:
        for finding in findings:
            if finding.outcome == outcome:
                word = say(f"verify_outcome_{outcome}")
                text = one_line(say(finding.rule, detail=say.fact(finding.detail)))
                subject = one_line(finding.subject)
                lines.append(f"[{word}] {subject + ': ' if subject else ''}{text}")
    lines += ["", say("verify_limits")]
    lines += [f"- {say(f'verify_limit_{what}')}" for what in ("origin", "maker", "court")]
    return "\n".join(lines) + "\n"
