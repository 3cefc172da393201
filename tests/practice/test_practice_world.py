"""The world as a whole: the same again from its folder, after a kill, and on loopback only."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from fakes.clock import FakeClock
from fakes.practice import ask
from holdfast.core.errors import Refused, Unavailable
from holdfast.practice import server
from holdfast.practice.chain import CONFIRMATIONS
from holdfast.practice.memory import Memory
from holdfast.practice.server import HOST, Reply, Request, Service
from holdfast.practice.world import PracticeWorld

SERVE = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from fakes.clock import FakeClock
from holdfast.practice.world import PracticeWorld
world = PracticeWorld.start(Path({folder!r}), FakeClock())
print(world.authorities().calendars[0].url, flush=True)
sys.stdin.read()
"""


def in_another_program(folder: Path) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", SERVE.format(folder=str(folder), tests=tests)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def promised(url: str, digest: bytes = b"d" * 32) -> bytes:
    """The message that the calendar promised to bring into the chain."""
    from opentimestamps.core.serialize import BytesDeserializationContext
    from opentimestamps.core.timestamp import Timestamp

    body = ask(f"{url}/digest", "POST", digest).body
    stamp = Timestamp.deserialize(BytesDeserializationContext(body), digest)
    ((message, _),) = stamp.all_attestations()
    assert isinstance(message, bytes)
    return message


def test_opened_again_it_answers_the_same(tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        before = world.authorities(), world.rpc_url, world.site_url, world.ots_command("F")
        url = world.authorities().calendars[0].url
        kept, waiting = promised(url), b""
        world.mine()
        waiting = promised(url)
        proof = ask(f"{url}/timestamp/{kept.hex()}").body
        film = ask(world.site_url + "video/1.mp4").body
        tip = ask(f"{world.authorities().explorers[0].url}/blocks/tip/hash").text
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        assert before == (
            world.authorities(), world.rpc_url, world.site_url, world.ots_command("F"),
        )  # fmt: skip
        assert ask(f"{url}/timestamp/{kept.hex()}").body == proof
        assert ask(f"{url}/timestamp/{waiting.hex()}").status == 404
        assert ask(f"{world.authorities().explorers[1].url}/blocks/tip/hash").text == tip
        assert ask(world.site_url + "video/1.mp4").body == film
        world.mine()
        assert ask(f"{url}/timestamp/{waiting.hex()}").status == 200


def test_a_killed_world_keeps_what_it_promised(tmp_path: Path) -> None:
    other = in_another_program(tmp_path)
    assert other.stdout is not None
    url = other.stdout.readline().strip()
    messages = [promised(url, bytes([number]) * 32) for number in range(5)]
    other.kill()
    other.communicate()
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        assert world.authorities().calendars[0].url == url
        assert world.mine() == CONFIRMATIONS
        assert [ask(f"{url}/timestamp/{one.hex()}").status for one in messages] == [200] * 5


def test_killed_in_the_middle_of_a_block_it_has_the_whole_block_or_none(tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        url = world.authorities().calendars[0].url
        message = promised(url)
    program = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from fakes.clock import FakeClock
from holdfast.practice import chain
from holdfast.practice.world import PracticeWorld
world = PracticeWorld.start(Path({str(tmp_path)!r}), FakeClock())
chain._attest = lambda *_: os.kill(os.getpid(), 9)
world.mine(1)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        assert world.mine() == CONFIRMATIONS
        assert ask(f"{url}/timestamp/{message.hex()}").status == 200


def test_a_film_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "1.0000.part.mp4").write_bytes(b"half")
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        assert ask(world.site_url + "video/1.mp4").body[4:8] == b"ftyp"


def test_a_second_program_shares_the_world_that_is_open(tmp_path: Path) -> None:
    other = in_another_program(tmp_path)
    assert other.stdout is not None
    url = other.stdout.readline().strip()
    try:
        with PracticeWorld.start(tmp_path, FakeClock()) as world:
            assert world.authorities().calendars[0].url == url
            message = promised(url)
            world.mine()
            assert ask(f"{url}/timestamp/{message.hex()}").status == 200
        assert ask(f"{url}/").status == 200
    finally:
        other.communicate(input="")


def test_a_port_held_by_something_else_is_said(tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        port = int(world.site_url.rstrip("/").rpartition(":")[2])
    with socket.create_server((HOST, port)) as squatter:
        threading.Thread(target=lambda: squatter.accept()[0].close(), daemon=True).start()
        with pytest.raises(Unavailable) as caught:
            PracticeWorld.start(tmp_path, FakeClock())
    assert (caught.value.code, caught.value.facts) == ("practice_port_taken", {"port": port})
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        assert ask(world.site_url).status == 200


def test_what_was_opened_before_a_taken_port_is_closed_again(tmp_path: Path) -> None:
    with PracticeWorld.start(tmp_path, FakeClock()) as world:
        last = world.authorities().tsas[1].url
        first = world.site_url
    port = int(last.rstrip("/").rpartition(":")[2])
    with socket.create_server((HOST, port)) as squatter:
        threading.Thread(target=lambda: squatter.accept()[0].close(), daemon=True).start()
        with pytest.raises(Unavailable, match="practice_port_taken"):
            PracticeWorld.start(tmp_path, FakeClock())
    with pytest.raises(ConnectionRefusedError):
        ask(first)


def test_no_port_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HOST, 0)) as squatter:
        monkeypatch.setattr(server, "LOWEST_PORT", squatter.getsockname()[1])
        monkeypatch.setattr(server, "PORTS", 1)
        with pytest.raises(Unavailable, match="practice_no_port"):
            Service(lambda _: Reply(), world=1)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(Refused, match="practice_folder"):
        PracticeWorld.start(tmp_path / "file", FakeClock())
    (tmp_path / "room" / "practice.db").mkdir(parents=True)
    with pytest.raises(Refused, match="practice_folder"):
        PracticeWorld.start(tmp_path / "room", FakeClock())


def test_a_folder_that_another_program_will_not_let_go_of_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Memory(tmp_path).close()
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0))
    with closing(sqlite3.connect(tmp_path / "practice.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Refused, match="practice_folder"):
            PracticeWorld.start(tmp_path, FakeClock())


def test_a_damaged_or_newer_world_is_said(tmp_path: Path) -> None:
    for name, content in (("garbage", b"not a database" * 100), ("newer", b"")):
        room = tmp_path / name
        room.mkdir()
        if content:
            (room / "practice.db").write_bytes(content)
        else:
            memory = Memory(room)
            with memory.writing() as db:
                db.execute("PRAGMA user_version = 99")
            memory.close()
        with pytest.raises(Refused, match="practice_damaged"):
            PracticeWorld.start(room, FakeClock())


def test_what_fails_half_way_is_taken_back(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    with pytest.raises(sqlite3.Error), memory.writing():
        memory.remember(x=1)
        memory.remember(y="no number")  # type: ignore[arg-type]  # meant
    assert memory.setting("x") is None
    memory.close()


def listening(port: int) -> set[str]:
    """The local addresses that listen on a port, from the kernel."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                found.add(address)
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's socket table")
def test_nothing_listens_beyond_loopback(world: PracticeWorld) -> None:
    authorities = world.authorities()
    urls = [world.site_url, *(one.url for one in authorities.calendars),
        *(one.url for one in authorities.tsas), authorities.explorers[0].url]  # fmt: skip
    ports = {int(url.split(":")[2].split("/")[0]) for url in urls}
    assert len(ports) == 6
    for port in ports:
        assert listening(port) == {"0100007F"}


def test_no_other_address_can_be_asked_for() -> None:
    import inspect

    names = set(inspect.signature(Service).parameters)
    names |= set(inspect.signature(PracticeWorld.start).parameters)
    assert not names & {"host", "address", "bind", "interface"}
    assert HOST == "127.0.0.1"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example",
    '127.0.0.1:"><script>', "[::1]:80"],
)  # fmt: skip
def test_a_page_on_the_web_cannot_reach_in_by_a_name_of_its_own(
    world: PracticeWorld, host: str
) -> None:
    assert ask(world.site_url, headers={"Host": host}).status == 421


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1"])
def test_its_own_names_are_served(world: PracticeWorld, host: str) -> None:
    assert ask(world.site_url, headers={"Host": host}).status == 200


def raw(url: str, request: bytes) -> bytes:
    port = int(url.rstrip("/").rpartition(":")[2])
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.sendall(request)
        held = b""
        while part := connection.recv(65_536):
            held += part
    return held


def test_unsound_requests_are_refused(world: PracticeWorld) -> None:
    site = world.site_url
    long = b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert raw(site, long).startswith(b"HTTP/1.1 414")
    chunked = b"POST /complaint HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(site, chunked).startswith(b"HTTP/1.1 411")
    for length, status in ((b"-5", b"411"), (b"9" * 40, b"413"), ("９".encode(), b"411")):
        request = (
            b"POST /complaint HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
            + length
            + b"\r\n\r\n"
        )
        assert raw(site, request).startswith(b"HTTP/1.1 " + status)
    assert raw(site, b"GET http://127.0.0.1/404 HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 404")
    assert raw(site, b"BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").startswith(b"HTTP/1.1 501")


def test_a_bug_is_kept_for_tests_and_never_printed(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(_request: Request) -> Reply:
        raise ZeroDivisionError

    service = Service(broken, world=1)
    service.serve()
    assert not service.faults
    assert raw(service.url, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") == b""
    service.close()
    service.close()
    assert [type(fault) for fault in service.faults] == [ZeroDivisionError]
    assert capfd.readouterr() == ("", "")


def test_a_client_that_goes_away_is_no_bug() -> None:
    gone, done = threading.Event(), threading.Event()

    def large(_request: Request) -> Reply:
        gone.wait(20)
        return Reply(body=b"x" * 50_000_000)

    service = Service(large, world=1)
    finish = service._server.shutdown_request

    def finished(request: object) -> None:
        finish(request)  # type: ignore[arg-type]  # handed through as it came
        done.set()

    service._server.shutdown_request = finished  # type: ignore[method-assign]  # to see the end
    service.serve()
    with socket.create_connection((HOST, service.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    gone.set()
    assert done.wait(20)
    service.close()
    assert service.faults == []


def test_closing_ends_slow_answers_at_once(tmp_path: Path) -> None:
    world = PracticeWorld.start(tmp_path, FakeClock())
    answers: list[int] = []
    arrived = threading.Event()
    site = next(one for one in world._services if one.url + "/" == world.site_url)
    wrapped: Callable[[Request], Reply] = site.answer

    def noticed(request: Request) -> Reply:
        arrived.set()
        return wrapped(request)

    site.answer = noticed
    caller = threading.Thread(
        target=lambda: answers.append(ask(world.site_url + "slow?seconds=999").status)
    )
    caller.start()
    assert arrived.wait(20)
    world.close()
    world.close()
    caller.join(20)
    assert not caller.is_alive()
    assert answers == [200]
