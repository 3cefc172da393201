"""Servers that tell the time and where names lead, as a test wants them to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.environment.sntp import PACKET, stamp

Answer = Callable[[bytes], bytes | None]


@contextmanager
def _udp(answer: Answer, address: str, port: int) -> Iterator[int]:
    """A UDP server; its port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    wire = socket.socket(family, socket.SOCK_DGRAM)
    wire.bind((address, port))
    wire.settimeout(0.1)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                raw, who = wire.recvfrom(4096)
            except TimeoutError:
                continue
            reply = answer(raw)
            if reply is not None:
                wire.sendto(reply, who)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield wire.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        wire.close()


def ntp_answer(raw: bytes, ahead: float, *, stratum: int = 2, head: int = 4 << 3 | 4) -> bytes:
    """What a server whose clock is ``ahead`` seconds off answers."""
    asked = PACKET.unpack_from(raw)[-1]
    now = (stamp(SystemClock().now()) + int(ahead * 2**32)) % 2**64
    return PACKET.pack(head, stratum, 0, -20, 655, 655, b"TEST", now, asked, now, now)


@contextmanager
def ntp(
    ahead: float = 0.0, address: str = "127.0.0.1", port: int = 0, answer: Answer | None = None
) -> Iterator[int]:
    """A time server whose clock is ``ahead`` seconds off; its port."""
    with _udp(answer or (lambda raw: ntp_answer(raw, ahead)), address, port) as at:
        yield at


@contextmanager
def resolver(
    names: Mapping[str, tuple[str, ...]],
    address: str = "127.0.0.1",
    port: int = 0,
    rcode: dns.rcode.Rcode = dns.rcode.NXDOMAIN,
) -> Iterator[int]:
    """A name server that knows these names; others get ``rcode``.  Its port."""

    def answer(raw: bytes) -> bytes:
        question = dns.message.from_wire(raw)
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        asked = question.question[0]
        known = names.get(asked.name.to_text(omit_final_dot=True).lower())
        if known is None:
            reply.set_rcode(rcode)
        elif asked.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            six = asked.rdtype == dns.rdatatype.AAAA
            fit = [one for one in known if (":" in one) == six]
            if fit:
                reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", asked.rdtype, *fit))
        return reply.to_wire()

    with _udp(answer, address, port) as at:
        yield at
