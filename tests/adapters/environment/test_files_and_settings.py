"""Readings from files, settings and recorded words: hosts, proxies, tunnels, roots, programs.

The words of Windows and macOS are recorded or written after their documentation; no test here ran
on one of them.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.environment import hosts, machine, processes, proxy, roots, tunnel
from holdfast.adapters.environment.place import Place
from holdfast.adapters.environment.place import hear as heard
from holdfast.adapters.environment.sources import Program, shipped
from holdfast.core.environment import Reading

Make = Callable[..., Place]
Put = Callable[[str, str | bytes], Path]


def values(reading: Reading, name: str) -> list[str]:
    return [fact.value for fact in reading.facts if fact.name == name]


# --- nothing personal ----------------------------------------------------------------------------


def test_home_account_and_passwords_are_left_out(place: Make) -> None:
    here = place()
    told = here.plain(f"{here.home}/x http://xiaolin:secret@proxy:3128 xiaolin2 C:/Users/XIAOLIN/a")
    assert "xiaolin/" not in told.lower()
    assert "secret" not in told
    assert "http://…@proxy:3128" in told
    assert "xiaolin2" in told
    assert "C:/Users/…/a" in told


def test_a_common_account_name_hides_nothing(place: Make) -> None:
    here = place(account="root")
    elsewhere = f"/var/{here.account}/x"
    assert here.plain(elsewhere) == elsewhere
    assert len(place().plain("x" * 5000)) == 400
    assert place().plain("a\u202eb\nc") == "a\\u{202E}b c"


def test_too_many_values_are_counted(place: Make) -> None:
    facts = place().several("entry", list(range(100)))
    assert len(facts) == 61
    assert (facts[-1].name, facts[-1].value) == ("more", "40")


def test_a_program_of_the_system_is_heard_and_has_an_end() -> None:
    assert heard(["definitely-not-here"], 1) == ""
    assert heard([sys.executable, "-c", "print('hi')"], 20).strip() == "hi"
    with pytest.raises(TimeoutError):
        heard([sys.executable, "-c", "import time; time.sleep(60)"], 0.5)


# --- hosts ---------------------------------------------------------------------------------------

USUAL = """127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback # as Debian has it
fe00::0 ip6-localnet
ff02::1 ip6-allnodes
255.255.255.255 broadcasthost
127.0.1.1 own-machine.lan own-machine
0.0.0.0
not an address at all
"""


def test_what_systems_write_themselves_is_fine(place: Make, put: Put, monkeypatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "own-machine.lan")
    at = put("etc/hosts", USUAL)
    found = hosts.hosts(place(), 1)
    assert found.outcome == "pass"
    assert found.value("entries") == "0"
    assert found.value("sha256") == hashlib.sha256(at.read_bytes()).hexdigest()
    assert "own-machine" not in str(found)


def test_a_name_that_is_sent_elsewhere_is_to_be_explained(place: Make, put: Put) -> None:
    put("etc/hosts", USUAL + "203.0.113.9 WWW.Bank.example bank.example\n0.0.0.0 ads.example\n")
    found = hosts.hosts(place(host="drama.example"), 1)
    assert found.outcome == "warn"
    assert values(found, "entry") == [
        "127.0.1.1 own-machine.lan",
        "203.0.113.9 WWW.Bank.example bank.example",
        "0.0.0.0 ads.example",
    ]


def test_the_site_itself_sent_elsewhere_is_wrong_and_said_first(place: Make, put: Put) -> None:
    put("etc/hosts", "0.0.0.0 ads.example\n127.0.0.1 drama.example\n")
    found = hosts.hosts(place(host="drama.example"), 1)
    assert found.outcome == "fail"
    assert found.value("entry") == "127.0.0.1 drama.example"
    assert found.value("entries") == "2"


def test_no_hosts_file_redirects_nothing_and_a_huge_one_is_not_read(
    place: Make, put: Put, monkeypatch
) -> None:
    assert hosts.hosts(place(), 1).outcome == "pass"
    monkeypatch.setattr(hosts, "LIMIT", 10)
    put("etc/hosts", "x" * 20)
    assert hosts.hosts(place(), 1).value("reason") == "too_large"


def test_windows_keeps_its_hosts_elsewhere(place: Make, put: Put) -> None:
    put("Windows/System32/drivers/etc/hosts", "\ufeff# c\r\n10.0.0.1 a.example\r\n")
    found = hosts.hosts(place(system="win32", variables={"SystemRoot": "Windows"}), 1)
    assert values(found, "entry") == ["10.0.0.1 a.example"]


@given(st.text(max_size=300))
def test_any_hosts_file_is_read(text: str) -> None:
    for line, names in hosts.entries_of(text):
        assert names
        assert "\n" not in line


# --- proxies -------------------------------------------------------------------------------------


def test_variables_name_a_proxy_and_their_password_is_left_out(place: Make) -> None:
    variables = {"HTTPS_PROXY": "http://me:pw@10.0.0.1:8080", "no_proxy": "x", "http_proxy": " "}
    found = proxy.proxy(place(variables=variables), 1)
    assert found.outcome == "warn"
    assert values(found, "variable") == ["HTTPS_PROXY=http://…@10.0.0.1:8080"]


def test_no_proxy_is_fine(place: Make) -> None:
    assert proxy.proxy(place(), 1).outcome == "pass"


GNOME = """org.gnome.system.proxy autoconfig-url ''
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1']
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy.http host '127.0.0.1'
org.gnome.system.proxy.http port 7890
org.gnome.system.proxy.https host ''
org.gnome.system.proxy.https port 0
org.gnome.system.proxy.socks host '127.0.0.1'
org.gnome.system.proxy.socks port 7891
"""


def test_gnome(place: Make) -> None:
    here = place(variables={"XDG_CURRENT_DESKTOP": "GNOME"}, hear=lambda _c, _s: GNOME)
    assert values(proxy.proxy(here, 1), "gnome") == ["http 127.0.0.1:7890", "socks 127.0.0.1:7891"]
    assert proxy.gnome(GNOME.replace("'manual'", "'none'")) == []
    auto = GNOME.replace("'manual'", "'auto'").replace("url ''", "url 'http://wpad/x.pac'")
    assert proxy.gnome(auto) == ["auto http://wpad/x.pac"]
    assert proxy.gnome("org.gnome.system.proxy mode 'manual'") == ["manual"]
    assert proxy.gnome("") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[Proxy Settings]\nProxyType=1\nhttpProxy=http://127.0.0.1 7890\n",
         ["httpProxy http://127.0.0.1 7890"]),
        ("[Proxy Settings]\nProxyType=1\n", ["manual"]),
        ("[Proxy Settings]\nProxyType=2\nProxy Config Script=http://a/x.pac\n",
         ["script http://a/x.pac"]),
        ("[Proxy Settings]\nProxyType=3\n", ["wpad"]),
        ("[Proxy Settings]\nProxyType=4\n", ["variables"]),
        ("[Proxy Settings]\nProxyType=0\n", []),
        ("[Other]\na=1\n", []),
        ("no section", []),
    ],
)  # fmt: skip
def test_kde(place: Make, text: str, found: list[str]) -> None:
    here = place()
    (here.home / ".config").mkdir(parents=True)
    (here.home / ".config" / "kioslaverc").write_text(text)
    assert values(proxy.proxy(here, 1), "kde") == found


SCUTIL = """<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
  }
  HTTPEnable : 1
  HTTPPort : 7890
  HTTPProxy : 127.0.0.1
  HTTPSEnable : 0
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : http://a/x.pac
  ProxyAutoDiscoveryEnable : 1
}
"""


def test_macos(place: Make) -> None:
    here = place(system="darwin", hear=lambda _c, _s: SCUTIL)
    assert values(proxy.proxy(here, 1), "macos") == [
        "HTTP 127.0.0.1:7890",
        "script http://a/x.pac",
        "wpad",
    ]


def winhttp(server: bytes, flags: int = 3) -> bytes:
    return struct.pack("<III", 0x28, 0, flags) + struct.pack("<I", len(server)) + server


def test_windows(place: Make) -> None:
    known = {
        proxy.INTERNET: {"ProxyEnable": 1, "ProxyServer": "127.0.0.1:7890"},
        proxy.POLICY: {"AutoConfigURL": "http://a/x.pac"},
        proxy.WINHTTP: {"WinHttpSettings": winhttp(b"10.0.0.1:8080")},
    }
    here = place(system="win32", registry=lambda key: known.get(key, {}))
    found = proxy.proxy(here, 1)
    assert values(found, "windows") == ["127.0.0.1:7890", "script http://a/x.pac"]
    assert values(found, "winhttp") == ["10.0.0.1:8080"]


@given(st.binary(max_size=64))
def test_any_registry_value_is_read(raw: bytes) -> None:
    proxy.winhttp(raw)


def test_a_direct_winhttp_is_no_proxy() -> None:
    direct = bytes.fromhex("1800000000000000010000000000000000000000")
    assert proxy.winhttp(direct) == ""
    assert proxy.winhttp(winhttp(b"x", flags=1)) == ""
    assert proxy.winhttp(winhttp(b"x")[:-1]) == ""


# --- tunnels -------------------------------------------------------------------------------------

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0
tun0\t00000080\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
short
"""


def test_the_halves_of_everything_are_a_default_route() -> None:
    assert tunnel.linux_routes(ROUTES) == ["tun0", "tun0", "eth0"]
    zero = "0" * 32
    six = f"{zero} 00 {zero} 00 {zero} 00000400 00000001 00000000 00000001 wg0\n"
    rejecting = f"{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 eth0\n"
    assert tunnel.linux_routes6(six + rejecting + "short\n") == ["wg0"]
    said = "  0.0.0.0  0.0.0.0  192.168.1.1  192.168.1.5  25\n 10.0.0.0 255.0.0.0 a 10.8.0.2 1\n"
    assert tunnel.windows_routes(said, {"192.168.1.5": "WLAN"}) == ["WLAN"]


def adapters(monkeypatch: pytest.MonkeyPatch, **found: str) -> None:
    family = socket.AF_INET
    address = psutil._ntuples.snicaddr if hasattr(psutil, "_ntuples") else None
    if address is None:
        pytest.skip("this psutil names addresses in another way")
    made = {
        name: [address(family, at, None, None, None)] if at else [] for name, at in found.items()
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: made)
    monkeypatch.setattr(psutil, "net_if_stats", dict)


def test_a_tunnel_that_takes_everything_is_to_be_explained(
    place: Make, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters(monkeypatch, eth0="192.168.1.5", tun0="198.18.0.1", lo="127.0.0.1")
    put("proc/self/net/route", ROUTES)
    found = tunnel.tunnel(place(), 1)
    assert found.outcome == "warn"
    assert found.value("over") == "tun0"
    assert found.value("route") == "tun0, eth0"
    assert values(found, "made_up") == ["198.18.0.1"]


def test_an_unusual_name_is_known_by_its_kind(
    place: Make, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters(monkeypatch, office="10.1.1.1", house="10.2.2.2", eth0="10.3.3.3")
    put("sys/class/net/office/tun_flags", "0x1001")
    put("sys/class/net/house/uevent", "DEVTYPE=wireguard\nINTERFACE=house\n")
    put("sys/class/net/eth0/uevent", "INTERFACE=eth0\n")
    found = tunnel.tunnel(place(), 1)
    assert [one.split()[0] for one in values(found, "adapter")] == ["house", "office"]


def test_macos_tunnels_of_its_own_are_none(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "   route to: default\ninterface: utun4\n"
    adapters(monkeypatch, utun0="169.254.1.1", utun4="10.8.0.2", en0="192.168.1.5")
    found = tunnel.tunnel(place(system="darwin", hear=lambda _c, _s: said), 1)
    assert values(found, "adapter") == ["utun4 down 10.8.0.2"]
    assert found.value("over") == "utun4"


def test_windows_adapters_are_known_by_their_make(
    place: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters(monkeypatch, **{"以太网": "192.168.1.5", "本地连接 2": "10.8.0.2"})
    known = {
        f"{tunnel.ADAPTERS}\\0001": {"NetCfgInstanceId": "{A}", "DriverDesc": "Realtek PCIe"},
        f"{tunnel.ADAPTERS}\\0002": {"NetCfgInstanceId": "{B}", "DriverDesc": "TAP-Windows V9"},
        f"{tunnel.NETWORKS}\\{{A}}\\Connection": {"Name": "以太网"},
        f"{tunnel.NETWORKS}\\{{B}}\\Connection": {"Name": "本地连接 2"},
    }
    keys = {tunnel.ADAPTERS: ("0001", "0002"), tunnel.NETWORKS: ("{A}", "{B}", "Descriptions")}
    here = place(
        system="win32",
        registry=lambda key: known.get(key, {}),
        registry_keys=lambda key: keys.get(key, ()),
        hear=lambda _c, _s: "  0.0.0.0  0.0.0.0  10.8.0.1  10.8.0.2  25\n",
    )
    found = tunnel.tunnel(here, 1)
    assert values(found, "adapter") == ["本地连接 2 TAP-Windows V9 down 10.8.0.2"]
    assert found.value("over") == "本地连接 2"


# --- root certificates ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("root")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key",
         "-out", folder / "root.pem", "-days", "3", "-subj", "/CN=Mitm Root/O=Evil Corp"],
        check=True, capture_output=True,
    )  # fmt: skip
    return (folder / "root.pem").read_text()


def public_roots(count: int) -> str:
    import certifi

    blocks = Path(certifi.where()).read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    return "".join("-----BEGIN CERTIFICATE-----" + block for block in blocks[:count])


def test_an_added_root_is_named_with_its_digest_and_day(
    place: Make, put: Put, own_root: str
) -> None:
    put("etc/ssl/certs/ca-certificates.crt", public_roots(3) + own_root)
    put("usr/local/share/ca-certificates/mine.crt", own_root)
    found = roots.roots(place(), 2)
    assert found.outcome == "warn"
    assert (found.value("count"), found.value("added"), found.value("shipped")) == ("4", "1", "0")
    sha256 = hashlib.sha256(ssl.PEM_cert_to_DER_cert(own_root)).hexdigest()
    (said,) = values(found, "root")
    assert said.startswith(f"Mitm Root, Evil Corp; SHA-256 {sha256}; added 20")


def test_what_the_system_ships_is_counted_and_fine(place: Make, put: Put, own_root: str) -> None:
    put("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", public_roots(2) + own_root)
    put("usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit", own_root)
    found = roots.roots(place(), 2)
    assert (found.outcome, found.value("shipped"), found.value("added")) == ("pass", "1", "0")


def test_no_store_and_a_damaged_one(place: Make, put: Put) -> None:
    assert roots.roots(place(), 1).value("reason") == "no_store"
    broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"
    at = put("bundle.pem", public_roots(1) + broken)
    here = place(variables={"SSL_CERT_FILE": str(at)})
    assert roots.roots(here, 1).value("count") == "1"
    assert roots.subject(b"no certificate").startswith("(")


def test_macos_and_windows_stores(place: Make, own_root: str) -> None:
    der = ssl.PEM_cert_to_DER_cert(own_root)

    def hear(command: list[str], _seconds: float) -> str:
        return own_root if command[-1] == roots._MAC_ADDED else public_roots(2)

    found = roots.roots(place(system="darwin", hear=hear), 2)
    assert (found.value("count"), found.value("added")) == ("3", "1")
    windows = place(system="win32", roots=lambda: (der,))
    assert roots.roots(windows, 2).value("added") == "1"
    sha1 = hashlib.sha1(der).hexdigest().upper()
    known = place(system="win32", roots=lambda: (der,), registry_keys=lambda _key: (sha1,))
    assert roots.roots(known, 2).outcome == "pass"


# --- programs, the machine -----------------------------------------------------------------------


def test_known_programs_are_named_once_and_nothing_else_is() -> None:
    known = (
        Program(name="OBS Studio", kind="overlays", executables=frozenset({"obs64", "obs"})),
        Program(name="Charles", kind="intercepts", executables=frozenset({"charles"})),
    )
    names = ["OBS64.EXE", "obs", "secret-diary", "Charles.exe"]
    found = processes.recognised(names, known)
    assert [(one.name, name) for one, name in found] == [
        ("Charles", "Charles.exe"),
        ("OBS Studio", "OBS64.EXE"),
    ]


def test_programs_at_work_here(place: Make) -> None:
    from holdfast.adapters.environment.sources import Sources

    own = psutil.Process().name().lower()
    program = Program(name="Ours", kind="steers", executables=frozenset({own}))
    found = processes.processes(place(sources=Sources(programs=(program,))), 1)
    assert found.outcome == "warn"
    assert values(found, "program") == [f"Ours (steers): {psutil.Process().name()}"]
    assert processes.processes(place(), 1).outcome == "pass"


def test_the_system_names_itself_and_never_the_computer(place: Make, put: Put) -> None:
    put("etc/os-release", 'NAME="X"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    put("etc/timezone", "Asia/Shanghai\n")
    found = machine.system(place(), 1)
    assert found.value("os") == "Debian GNU/Linux 12 (bookworm)"
    assert found.value("zone").startswith("Asia/Shanghai UTC")
    assert socket.gethostname() not in [fact.value for fact in found.facts]


def test_windows_and_macos_name_themselves(place: Make) -> None:
    known = {"ProductName": "Windows 10 Pro", "CurrentBuild": "26100", "UBR": 1742,
             "DisplayVersion": "24H2", "TimeZoneKeyName": "China Standard Time"}  # fmt: skip
    found = machine.system(place(system="win32", registry=lambda _key: known), 1)
    assert found.value("os") == "Windows 11 Pro 24H2 26100.1742"
    assert found.value("zone").startswith("China Standard Time")
    mac = machine.system(place(system="darwin", hear=lambda _c, _s: "15.2\n"), 1)
    assert mac.value("os") == "macOS 15.2"


def test_the_build_can_be_computed_again(place: Make, tmp_path: Path) -> None:
    found = machine.program(place(), 1)
    assert found.outcome == "pass"
    assert len(found.value("sha256")) == 64
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("x")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("y")
    digest, count = machine.package_digest(tmp_path)
    line = hashlib.sha256(b"x").hexdigest() + "  a/x.py\n"
    assert (digest, count) == (hashlib.sha256(line.encode()).hexdigest(), 1)


def test_a_frozen_program_is_known_by_its_executable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    found = machine.build.__wrapped__()
    assert found.kind == "frozen"
    assert found.sha256 == hashlib.sha256(Path(sys.executable).read_bytes()).hexdigest()


def test_little_room_is_to_be_explained(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, outcome in ((1 << 20, "fail"), (1 << 30, "warn"), (1 << 40, "pass")):
        usage = shutil._ntuple_diskusage(1 << 41, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _at, usage=usage: usage)
        assert machine.disk(place(), 1).outcome == outcome


def test_displays(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Screen 0: minimum 8 x 8\nDP-1 connected primary 2560x1440+0+0 (normal) 1mm\n"
    said += "HDMI-1 connected 1920x1080+2560+0 (normal)\nDP-2 disconnected (normal)\n"
    here = place(variables={"DISPLAY": ":0"}, hear=lambda _c, _s: said)
    found = machine.displays(here, 1)
    assert values(found, "display") == ["2560x1440+0+0 DP-1", "1920x1080+2560+0 HDMI-1"]
    assert (found.value("count"), found.value("session")) == ("2", "x11")
    mac = "  Resolution: 3024 x 1964 Retina\n  UI Looks like: 1512 x 982\n"
    assert machine.mac_displays(mac) == ["3024 x 1964 Retina (1512 x 982)"]
    none = machine.displays(place(variables={"WAYLAND_DISPLAY": "wayland-0"}), 1)
    assert (none.value("reason"), none.value("session")) == ("no_display", "wayland")


def test_rights(place: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for high, outcome in ((True, "warn"), (False, "pass"), (None, "not_checked")):
        monkeypatch.setattr(machine, "elevated", lambda high=high: high)
        assert machine.rights(place(), 1).outcome == outcome


# --- the data ------------------------------------------------------------------------------------


def test_who_is_asked_is_enough_and_dated() -> None:
    from holdfast.adapters.environment import sources

    known = sources._own({"id": "x", "source": "s", "checked_on": "d", "note": "n"})
    assert known == {"id": "x"}
    with pytest.raises(ValueError, match="source"):
        sources._own({"id": "x", "checked_on": "d"})
    with pytest.raises(ValueError, match="kind"):
        sources._program({"name": "x", "kind": "evil", "executables": []})


def test_the_shipped_sources_are_whole() -> None:
    found = shipped()
    assert len(found.clocks) + len(found.dated) >= 3
    assert len({one.address for one in found.resolvers}) >= 2
    assert found.names
    names = [name for one in found.programs for name in one.executables]
    assert len(names) == len(set(names))
    assert not any(name.endswith(".exe") or name != name.lower() for name in names)
