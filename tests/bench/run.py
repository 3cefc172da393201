"""The measurements of packaging/docs/performance.md.

    python3 packaging/dev.py bench                      all of them
    python3 packaging/dev.py bench ledger window        only these
    python3 packaging/dev.py bench --huge 10            sealing also measures 10 GiB
    python3 packaging/dev.py bench --write              the table goes into performance.md

Each compares with something in the same run, so that a slow machine changes both sides.  Exits 1
when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from page import long_page
from recording import recording
from rows import ROOT, Row
from sealing import sealing
from series import series
from stamping import stamping
from tokens import tokens
from tree import ledger_root
from verifying import verifying
from window import first_window

TABLE = ROOT / "packaging" / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"


def main(argv: list[str]) -> int:
    chosen = _arguments().parse_args(argv)
    benches: dict[str, Callable[[], Iterator[Row]]] = {
        "sealing": lambda: sealing(chosen.pairs or 3, chosen.gib, chosen.huge),
        "window": lambda: first_window(chosen.pairs or 15),
        "stamping": stamping,
        "series": lambda: series(chosen.pairs or 1),
        "ledger": lambda: ledger_root(chosen.pairs or 15),
        "recording": lambda: recording(chosen.pairs or 3),
        "tokens": lambda: tokens(chosen.pairs or 7),
        "page": lambda: long_page(chosen.pairs or 5),
        "verify": lambda: verifying(chosen.pairs or 5, chosen.gib),
    }
    rows: list[Row] = []
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    for name in chosen.bench or benches:
        for row in benches[name]():
            print(f"{row.bench:9} {row.line()}", flush=True)
            rows.append(row)
    if chosen.write:
        _write(rows, load)
    return 1 if any(row.met is False for row in rows) else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    names = (
        *("sealing", "window", "stamping", "ledger", "series", "recording", "page", "tokens"),
        "verify",
    )
    parser.add_argument("bench", nargs="*", choices=(*names, []), help=", ".join(names))
    parser.add_argument("--pairs", type=int, default=0, help="how often each pair is measured")
    parser.add_argument("--gib", type=int, default=2, help="size of the sealed file")
    parser.add_argument("--huge", type=int, default=0, metavar="GIB", help="and of a second one")
    parser.add_argument("--write", action="store_true", help=f"into {TABLE.relative_to(ROOT)}")
    return parser


def _write(rows: list[Row], load: float) -> None:
    """The table stands between its two marks; everything around it stays."""
    text = TABLE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{TABLE} has no place for the table")
    day = datetime.now(UTC).date()  # noqa: TID251  a table is dated by the machine it ran on
    lines = [
        f"Measured {day}: {_machine()}; load average {load:.1f} when it began.",
        "",
        "| what | measured: median (range) | target | |",
        "|---|---|---|---|",
        *(row.line() for row in rows),
        "",
    ]
    TABLE.write_text(before + BEGIN + "\n".join(lines) + END + after, encoding="utf-8")


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()},"
        f" Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
