"""The one door to the network: every address is looked up, judged and pinned before it is used.

A link is judged by what its name resolves to, not by how it is spelt, and the connection goes to
the address that was judged.  Redirects are never followed here, environment proxies never used.
Loopback and private addresses are open only where a caller names ``host:port`` and the host is
written as an address or as ``localhost``: a public name that leads inside is refused all the same.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import quote, urlsplit

import holdfast
from holdfast.core.canonical import one_line
from holdfast.core.errors import Refused, Unavailable
from holdfast.core.links import web_links

if TYPE_CHECKING:
    import httpcore

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

LOOKUP_SECONDS = 10.0
MAX_LINK = 8192

# Cloud services that know secrets, on addresses that Python may call global: Azure's wire server,
# and the IETF's protocol assignments (RFC 6890), where Oracle's metadata lies.
_SECRETS = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.0.0.0/24"))
# RFC 2544; proxies in "fake-IP" mode answer every name from this range.
_MADE_UP = ipaddress.ip_network("198.18.0.0/15")
# RFC 3879; given up, and still what virtual machines call their host by. Python calls it global.
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BARE = re.compile(
    r"(?i)(?P<inside>localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\])(:\d+)?([/?#]|$)"
    r"|www\.[^\s/:?#@\\]+(:\d+)?([/?#]|$)|[^\s/:?#@\\]+\.[^\s/:?#@\\.]{2,}(:\d+)?/"
)
# Everything a path or query may carry as it stands (RFC 3986); the rest is percent-encoded.
_AS_IT_STANDS = "/?#[]@!$&'()*+,;=:%-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A web address taken apart: only http and https, host in lower-case ASCII."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as sent to the server."""
    fragment: str = ""
    """What follows ``#``: never sent, but a browser needs it."""

    @property
    def pair(self) -> str:
        """``host:port``, the form in which exemptions are named."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address in ASCII without its fragment; a default port is left out."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{_bracketed(self.host)}{port}{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order received."""
    body: bytes
    address: str
    """IP address and port that were reached."""

    def header(self, name: str) -> str:
        """The first header of that lower-case name, or empty."""
        return next((value for key, value in self.headers if key == name), "")


def link(text: str) -> Link:
    """The web address that ``text`` is, or that the shared message in ``text`` carries.

    Apps share a sentence with a link inside; a bare ``www.example.com/…`` is read as https.
    Raises Refused: ``link_malformed``, ``link_not_web``, ``link_credentials``.
    """
    text = text.strip()
    if not text or len(text) > MAX_LINK:
        raise Refused("link_malformed", link=one_line(text[:80]))
    shared = web_links(text)
    if len(shared) == 1 and not _SCHEME.match(text):
        text = shared[0]
    named = _SCHEME.match(text)
    if bare := _BARE.match(text):
        text = f"{'http' if bare['inside'] else 'https'}://{text}"
    elif named and named[1].lower() not in _PORTS:
        raise Refused("link_not_web", scheme=named[1].lower()[:20])
    return _take_apart(text)


def _take_apart(text: str) -> Link:
    malformed = Refused("link_malformed", link=one_line(text[:80]))
    # A lone surrogate is a byte of the command line that is no text.
    if re.search(r"[\x00-\x20\x7f\\\ud800-\udfff]", text):
        raise malformed
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise malformed from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise malformed
    if "@" in parts.netloc:
        raise Refused("link_credentials", host=one_line(parts.hostname[:80]))
    path = quote(parts.path or "/", safe=_AS_IT_STANDS)
    query = "?" + quote(parts.query, safe=_AS_IT_STANDS) if parts.query else ""
    return Link(
        scheme=parts.scheme,
        host=_ascii_host(parts.hostname, "[" in parts.netloc, malformed),
        port=port or _PORTS[parts.scheme],
        target=path + query,
        fragment=quote(parts.fragment, safe=_AS_IT_STANDS),
    )


def _ascii_host(host: str, bracketed: bool, malformed: Refused) -> str:
    if bracketed:
        if "%" in host:
            # A zone means something on one computer only, and Python takes any text for one.
            raise malformed
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise malformed from error
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise malformed from error
    host = host.lower()
    if not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", host) or len(host) > 253:
        raise malformed
    return host


def typed_pair(text: str) -> frozenset[str]:
    """The ``host:port`` that a person typed, if they wrote an address or ``localhost``.

    Such a pair may be private; see ``guard``.  Raises Refused as ``link``.
    """
    found = link(text)
    return frozenset({found.pair}) if _names_an_address(found.host) else frozenset()


def _names_an_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def guard(url: str, *, allow: frozenset[str] = frozenset()) -> tuple[Link, tuple[Address, ...]]:
    """The link taken apart and every address it leads to, all of them permitted.

    ``allow`` holds ``host:port`` pairs that may be loopback or private.  Raises Refused
    (``link_private``, ``link_made_up`` and those of ``link``) or Unavailable (``host_unknown``).
    """
    found = link(url)
    return found, resolve(found.host, found.port, allow=allow)


def resolve(
    host: str, port: int, *, allow: frozenset[str] = frozenset(), seconds: float = LOOKUP_SECONDS
) -> tuple[Address, ...]:
    """Every address of ``host``, each judged; one that is not permitted refuses the name.

    Raises Refused (``link_private``, ``link_made_up``) or Unavailable (``host_unknown``).
    """
    inside = f"{_bracketed(host)}:{port}" in allow and _names_an_address(host)
    found = _look_up(host, port, seconds)
    for address in found:
        judge(address, host=host, inside=inside)
    return found


def _look_up(host: str, port: int, seconds: float) -> tuple[Address, ...]:
    pool = ThreadPoolExecutor(1, thread_name_prefix="lookup")
    try:
        answers = pool.submit(
            socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        ).result(timeout=seconds)
    except (OSError, UnicodeError, LookupTimeout) as error:
        raise Unavailable("host_unknown", host=host) from error
    finally:
        pool.shutdown(wait=False)
    found = dict.fromkeys(
        ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers
    )
    if not found:
        raise Unavailable("host_unknown", host=host)
    return tuple(found)


def judge(address: Address, *, host: str, inside: bool) -> None:
    """Nothing, when ``address`` may be connected to; ``inside`` permits loopback and private ones.

    Raises Refused(``link_private``), or ``link_made_up`` for the answers of a fake-IP proxy.
    """
    real = _embedded(address)
    if real in _MADE_UP:
        raise Refused("link_made_up", host=host, address=str(address))
    never = (
        real.is_multicast
        or real.is_link_local
        or real.is_unspecified
        or (real.is_reserved and not real.is_loopback)
        or any(real in network for network in _SECRETS)
    )
    if never or not (inside or (real.is_global and real not in _SITE_LOCAL)):
        raise Refused("link_private", host=host, address=str(address))


def reached(url: str, address: str, *, allow: frozenset[str] = frozenset()) -> bool:
    """Whether ``address``, an IP in text form that served ``url``, may have been reached.

    A browser looks names up by itself: one that changed its mind after ``guard`` shows here.
    """
    try:
        found = link(url)
        inside = found.pair in allow and _names_an_address(found.host)
        judge(ipaddress.ip_address(address.strip("[]")), host=found.host, inside=inside)
    except (ValueError, Refused):
        return False
    return True


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to (mapped, 6to4, Teredo, NAT64), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    limit: int = 1 << 20,
    timeout: float = 30.0,
    allow_loopback: frozenset[str] = frozenset(),
) -> Reply:
    """One request, one answer of at most ``limit`` bytes, within ``timeout`` seconds in all.

    Any HTTP status is a Reply, redirects too.  ``allow_loopback`` names ``host:port`` pairs that
    may lie on this computer.  Raises Refused as ``guard``, and Unavailable: ``host_unknown``,
    ``host_unreachable``, ``host_slow``, ``host_certificate``, ``host_garbled``, ``host_too_much``.
    """
    end = time.monotonic() + timeout
    found, addresses = guard(url, allow=allow_loopback)
    import httpcore

    wire = _Wire(found, addresses, end)
    sent = {"host": found.pair if found.port != _PORTS[found.scheme] else _bracketed(found.host)}
    sent |= {"accept-encoding": "identity", "user-agent": f"holdfast/{holdfast.__version__}"}
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    if body or method in {"POST", "PUT"}:
        sent["content-length"] = str(len(body))
    with (
        _told_apart(found, timeout),
        httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context() if found.scheme == "https" else None,
            network_backend=cast("httpcore.NetworkBackend", wire),
        ) as pool,
        pool.stream(method, found.url, headers=list(sent.items()), content=body) as answer,
    ):
        received = bytearray()
        for chunk in answer.iter_stream():
            received += chunk
            if len(received) > limit:
                raise Unavailable("host_too_much", host=found.host, limit=limit)
        return Reply(
            status=answer.status,
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in answer.headers
            ),
            body=bytes(received),
            address=wire.reached,
        )


def ask(
    host: str,
    port: int,
    question: bytes,
    *,
    limit: int = 64 << 10,
    timeout: float = 10.0,
    allow: frozenset[str] = frozenset(),
) -> tuple[bytes, str]:
    """What is answered to one plain ``question`` (RFC 3912) until the other side ends, and where.

    At most ``limit`` bytes, within ``timeout`` seconds in all; the address is judged as any other.
    Raises Refused as ``resolve``, and Unavailable: ``host_unknown``, ``host_unreachable``,
    ``host_slow``, ``host_too_much``.
    """
    end = time.monotonic() + timeout
    address = resolve(host, port, allow=allow, seconds=timeout)[0]
    received = bytearray()
    try:
        with socket.create_connection((str(address), port), _left(end)) as wire:
            wire.sendall(question)
            while True:
                wire.settimeout(_left(end))
                if not (chunk := wire.recv(16 << 10)):
                    return bytes(received), f"{_bracketed(str(address))}:{port}"
                received += chunk
                if len(received) > limit:
                    raise Unavailable("host_too_much", host=host, limit=limit)
    except TimeoutError as error:
        raise Unavailable("host_slow", host=host, seconds=int(timeout)) from error
    except OSError as error:
        raise Unavailable("host_unreachable", host=host) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _told_apart(found: Link, timeout: float) -> Iterator[None]:
    """The library's troubles as ours."""
    import httpcore

    try:
        yield
    except ssl.SSLError as error:
        raise Unavailable("host_certificate", host=found.host) from error
    except httpcore.TimeoutException as error:
        raise Unavailable("host_slow", host=found.host, seconds=int(timeout)) from error
    except httpcore.ConnectError as error:
        if isinstance(_origin(error), ssl.SSLError):
            raise Unavailable("host_certificate", host=found.host) from error
        raise Unavailable("host_unreachable", host=found.host) from error
    except (httpcore.ProtocolError, ValueError) as error:
        raise Unavailable("host_garbled", host=found.host) from error
    except (httpcore.NetworkError, OSError) as error:
        raise Unavailable("host_unreachable", host=found.host) from error


def _origin(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return error


class _Wire:
    """Reaches only the addresses that were judged, and has only until ``end`` (monotonic)."""

    def __init__(self, found: Link, addresses: tuple[Address, ...], end: float) -> None:
        self._found = found
        self._addresses = addresses
        self._end = end
        self.reached = ""

    def connect_tcp(self, host: str, port: int, *_: object, **__: object) -> _Stream:
        import httpcore

        if (host, port) != (self._found.host, self._found.port):
            raise httpcore.ConnectError("another host than the one that was judged")
        trouble: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                inner = httpcore.SyncBackend().connect_tcp(str(address), port, _left(self._end))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
                continue
            self.reached = f"{_bracketed(str(address))}:{port}"
            return _Stream(inner, self._end)
        raise trouble


class _Stream:
    """A stream whose every wait ends at the one deadline, so that a slow drip does not last.

    The library offers its own timeouts for each read and write; the deadline stands instead.
    """

    def __init__(self, inner: httpcore.NetworkStream, end: float) -> None:
        self._inner = inner
        self._end = end

    def read(self, max_bytes: int, *_: object, **__: object) -> bytes:
        return self._inner.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, *_: object, **__: object) -> None:
        self._inner.write(buffer, _left(self._end))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        *_: object,
        **__: object,
    ) -> _Stream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._end))
        return _Stream(inner, self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(end: float) -> float:
    import httpcore

    remaining = end - time.monotonic()
    if remaining <= 0:
        raise httpcore.ReadTimeout("deadline")
    return remaining
