"""Run in namespaces of its own: a computer whose clock, hosts file, proxy and DNS were altered.

``unshare -n -m python altered.py ORDER`` where ORDER is JSON: how, and about which site.  Prints
the run as JSON.  Addresses of the internet are this computer's own here; nothing leaves it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fakes.clockwork import ntp, resolver
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.environment import Look
from holdfast.adapters.environment.place import Place
from holdfast.adapters.environment.sources import shipped

TRUE_TIME = "45.45.45.45"
SITE = "93.184.216.34"


def do(*command: str) -> None:
    subprocess.run(command, check=True)


def put(folder: Path, name: str, content: str, over: str) -> None:
    """The system's file ``over`` is another one, in this namespace only."""
    at = folder / name
    at.write_text(content)
    do("mount", "--bind", str(at), over)


def main(order: dict[str, Any]) -> None:
    known = shipped()
    folder = Path(order["folder"])
    do("ip", "link", "set", "lo", "up")
    for address in (TRUE_TIME, *(one.address for one in known.resolvers)):
        do("ip", "addr", "add", f"{address}/32", "dev", "lo")
    do("mount", "-t", "sysfs", "none", "/sys")
    if order.get("tunnel"):
        do("ip", "tuntap", "add", "office0", "mode", "tun")
        do("ip", "addr", "add", "198.18.0.1/30", "dev", "office0")
        do("ip", "link", "set", "office0", "up")
        do("ip", "route", "add", "default", "dev", "office0")
    put(folder, "hosts", order.get("hosts", "127.0.0.1 localhost\n"), "/etc/hosts")
    put(folder, "resolv.conf", "nameserver 127.0.0.1\noptions timeout:1\n", "/etc/resolv.conf")
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if order.get("root") and bundle.is_file():
        put(folder, "bundle.pem", bundle.read_text() + order["root"], str(bundle))
    clocks = {one.host: (TRUE_TIME,) for one in known.clocks}
    here = {**clocks, "drama.example": tuple(order.get("answers", (SITE,)))}
    there = {"drama.example": (SITE,), "redirected.example": (SITE,)}
    with ExitStack() as held:
        held.enter_context(ntp(order.get("ahead", 0), TRUE_TIME, 123))
        held.enter_context(resolver(here, "127.0.0.1", 53))
        for one in known.resolvers:
            held.enter_context(resolver(there, one.address, 53))
        place = Place(
            clock=SystemClock(),
            data=folder,
            sources=known,
            host=order["host"],
            home=Path("/nobody"),
        )
        print(json.dumps(Look(place).run().body()))


if __name__ == "__main__":
    os.environ.pop("SSL_CERT_FILE", None)
    main(json.loads(sys.argv[1]))
