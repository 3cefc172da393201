"""DNS over UDP and WHOIS over TCP, on loopback and nowhere else."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index] # always (host, port) here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet:
    """A client that hangs up is what these tests provoke."""

    def handle_error(self, *_: object) -> None:
        pass


class _Udp(_Quiet, socketserver.ThreadingUDPServer):
    daemon_threads = True


class _Tcp(_Quiet, socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def name_server(records: Mapping[tuple[str, str], str | None]) -> Iterator[dns.resolver.Resolver]:
    """A resolver whose one server knows ``records``: (name, type) → value.

    None is silence; any other name does not exist; a known name without that type is empty.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            raw, sock = self.request
            asked = dns.message.from_wire(raw)
            (question,) = asked.question
            name = question.name.to_text(omit_final_dot=True)
            kind = dns.rdatatype.to_text(question.rdtype)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            value = records.get((name, kind), "")
            if value is None:
                return
            if value:
                answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, value))
            elif not any(known == name for known, _ in records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            sock.sendto(answer.to_wire(), self.client_address)

    with _serving(_Udp(("127.0.0.1", 0), Handler)) as port:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = port
        yield resolver


@contextmanager
def whois(answer: Callable[[bytes], Iterator[bytes]]) -> Iterator[str]:
    """``127.0.0.1:port`` of a server that answers one line with what ``answer`` gives."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self) -> None:
            for part in answer(self.rfile.readline(1024)):
                self.wfile.write(part)
                self.wfile.flush()

    with _serving(_Tcp(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}"
