"""The right values on a computer whose clock, hosts file, proxy, DNS, routes and roots were really
altered: namespaces of this computer, with servers of its own on the internet's addresses.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2]
NAMESPACES = ["unshare", "--net", "--mount"]


def need_namespaces() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("namespaces need Linux and root")
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("unshare or ip is not installed")
    if subprocess.run([*NAMESPACES, "mount", "-t", "sysfs", "none", "/sys"]).returncode:
        pytest.skip("this computer gives no namespaces")


def looked(tmp_path: Path, host: str = "drama.example", **order: Any) -> dict[str, Any]:
    need_namespaces()
    variables = order.pop("variables", {})
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    order |= {"folder": str(tmp_path), "host": host}
    done = subprocess.run(
        [*NAMESPACES, sys.executable, "-m", "fakes.altered", json.dumps(order)],
        capture_output=True,
        text=True,
        cwd=TESTS,
        env=kept | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])} | variables,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    return {one["item"]: one for one in body["readings"]}


def values(reading: dict[str, Any], name: str) -> list[str]:
    return [one["value"] for one in reading["values"] if one["name"] == name]


def test_a_computer_on_which_nothing_was_altered(tmp_path: Path) -> None:
    found = looked(tmp_path)
    outcomes = {
        item: found[item]["outcome"] for item in ("clock", "hosts", "proxy", "tunnel", "dns")
    }
    assert outcomes == dict.fromkeys(outcomes, "pass")
    assert abs(int(values(found["clock"], "offset_ms")[0])) < 1000
    assert int(values(found["clock"], "agreeing")[0]) >= 3
    assert values(found["dns"], "answer") == ["93.184.216.34"]
    assert values(found["dns"], "resolvers") == ["3"]


def test_a_clock_that_is_five_minutes_behind(tmp_path: Path) -> None:
    clock = looked(tmp_path, ahead=300)["clock"]
    assert clock["outcome"] == "fail"
    assert -301_000 < int(values(clock, "offset_ms")[0]) < -299_000
    assert int(values(clock, "agreeing")[0]) >= 3


def test_a_hosts_file_that_redirects_the_site(tmp_path: Path) -> None:
    line = "10.11.12.13 redirected.example www.redirected.example"
    found = looked(tmp_path, "redirected.example", hosts=f"127.0.0.1 localhost\n{line}\n")
    assert found["hosts"]["outcome"] == "fail"
    assert values(found["hosts"], "entry") == [line]
    assert found["dns"]["outcome"] == "fail"
    assert values(found["dns"], "reason") == ["private"]
    assert values(found["dns"], "answer") == ["10.11.12.13"]


def test_a_resolver_that_makes_addresses_up(tmp_path: Path) -> None:
    dns = looked(tmp_path, answers=["198.18.0.7"])["dns"]
    assert (dns["outcome"], values(dns, "reason")) == ("fail", ["made_up"])
    assert any(one.endswith("93.184.216.34") for one in values(dns, "resolver"))


def test_a_resolver_that_says_something_else(tmp_path: Path) -> None:
    dns = looked(tmp_path, answers=["151.101.1.1"])["dns"]
    assert (dns["outcome"], values(dns, "reason")) == ("warn", ["differs"])


def test_a_tunnel_that_takes_everything(tmp_path: Path) -> None:
    tunnel = looked(tmp_path, tunnel=True)["tunnel"]
    assert tunnel["outcome"] == "warn"
    assert values(tunnel, "over") == ["office0"]
    assert values(tunnel, "made_up") == ["198.18.0.1"]
    (adapter,) = values(tunnel, "adapter")
    assert adapter.startswith("office0 ")


def test_a_proxy_in_the_variables(tmp_path: Path) -> None:
    variables = {"HTTPS_PROXY": "http://someone:secret@10.0.0.9:8080"}
    proxy = looked(tmp_path, variables=variables)["proxy"]
    assert proxy["outcome"] == "warn"
    assert values(proxy, "variable") == ["HTTPS_PROXY=http://…@10.0.0.9:8080"]


def test_a_root_that_somebody_added(tmp_path: Path) -> None:
    if not Path("/etc/ssl/certs/ca-certificates.crt").is_file():
        pytest.skip("no bundle of roots where Debian has it")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key",
         "-out", tmp_path / "root.pem", "-days", "3", "-subj", "/CN=Somebody in the middle"],
        check=True, capture_output=True,
    )  # fmt: skip
    pem = (tmp_path / "root.pem").read_text()
    roots = looked(tmp_path, root=pem)["roots"]
    assert roots["outcome"] == "warn"
    sha256 = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    assert f"Somebody in the middle; SHA-256 {sha256}" in values(roots, "root")
