"""The one way our servers call an address that somebody typed in.

Promise: only machines on the public internet are asked, over TLS, at the ports that serve it, under a certificate of the name
that was typed. The name is looked up once for each call, every address it stands for is judged, and the connection goes to an address
that was judged: a name that answers otherwise a moment later leads nowhere. No redirection is followed, nothing of the environment's
proxies is used, an answer is read up to a limit, and a call ends after so many seconds however slowly it is answered.

`check` judges an address when it is written down, `call` judges it again each time.

Limit: what may be asked is only as public as our own network makes it; a house whose own servers have public addresses
closes them by its firewall. Networks that reach IPv4 only by NAT64 cannot call IPv4-only hosts, since those addresses could
lead anywhere.
"""

import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

PORTS = frozenset({443, 8443})
MOST_ADDRESSES = 16
CONNECT_SECONDS = 5.0
LOOK_UP_SECONDS = 5.0

# Public by name and yet a way to somewhere else: relays of 6to4, protocol assignments, overlays, documentation.
_CLOSED = [
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip
# All of IPv6 that is given to anybody; NAT64, mapped, compatible and translated addresses lie beyond it.
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_SAFE = "%/:=&?~+!$,;'@()*[]"


class Refused(ValueError):
    """The address must not be called. The text says why and what would do."""


class Unreachable(Exception):
    """The address may be called, and did not answer as HTTP does."""


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's on the internet."""
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address) and (known.scope_id or known not in _GLOBAL_6):
        return False
    if known.is_multicast or known.is_reserved or not known.is_global:
        return False
    return not any(known in net for net in _CLOSED if net.version == known.version)


def looked_up(host: str, port: int) -> list[str]:
    """Every address that the name stands for. Raises OSError, also when nobody answers in time."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(f"{host} is not known: {error}"))

    # The system's resolver knows no time limit; a thread that it holds is left behind.
    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=LOOK_UP_SECONDS)
    except queue.Empty:
        raise OSError(f"nobody says within {LOOK_UP_SECONDS:.0f} seconds where {host} is") from None
    if isinstance(found, OSError):
        raise found
    return found


@lru_cache(maxsize=1)
def _usual_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whom we may ask. `allows` judges each address that a name stands for.

    `lets_loopback`: this machine itself, at any port, over plain HTTP too; for development and tests.
    """

    resolves: Callable[[str, int], list[str]] = looked_up
    allows: Callable[[str], bool] = is_public
    trust: ssl.SSLContext = field(default_factory=_usual_trust)
    ports: frozenset[int] = PORTS
    lets_loopback: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`headers` by their names in lower case; `is_cut`: there was more of `body` than the caller wanted."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool


@dataclass(frozen=True, kw_only=True)
class _Target:
    host: str
    port: int
    path: str
    is_plain: bool
    addresses: list[str]


def check(*, address: str, reach: Reach | None = None) -> None:
    """Judge an address before it is kept. Raises Refused, also for a name that nobody knows."""
    try:
        _target(address, reach or _usual_reach())
    except OSError as error:
        raise Refused(f"{error}. Check the address for a slip and save it again.") from error


def call(
    *,
    method: str,
    address: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    most_bytes: int = 1024,
    seconds: float = 15,
    reach: Reach | None = None,
) -> Answer:
    """What the address answers, with at most so many bytes of it. Raises Refused and Unreachable.

    Must not run inside a transaction: it takes as long as it takes.
    """
    ends = time.monotonic() + seconds
    reach = reach or _usual_reach()
    try:
        target = _target(address, reach)
        sock = _connected(target, ends=ends)
        if not target.is_plain:
            sock = reach.trust.wrap_socket(
                sock, server_hostname=target.host, do_handshake_on_connect=False
            )
        with sock, _hanging_up(sock, ends=ends):
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection = _connection(sock, target, reach)
            connection.request(method, target.path, body=body, headers=dict(headers))
            with connection.getresponse() as response:
                return _answer(response, most_bytes)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= ends:
            raise Unreachable(f"It took longer than {seconds:.0f} seconds.") from error
        raise Unreachable(str(error) or type(error).__name__) from error


# Judging.


def _usual_reach() -> Reach:
    return Reach(lets_loopback=settings.OUTWARD_LOOPBACK)


def _target(address: str, reach: Reach) -> _Target:
    parts = _parted(address)
    host = _host_of(parts)
    is_plain = parts.scheme == "http"
    port = _port_of(parts) or (80 if is_plain else 443)
    addresses = reach.resolves(host, port)[:MOST_ADDRESSES]
    if not addresses:
        raise OSError(f"{host} stands for no address")
    if reach.lets_loopback and all(ipaddress.ip_address(each).is_loopback for each in addresses):
        return _Target(host=host, port=port, path=_path_of(parts), is_plain=is_plain, addresses=addresses)  # fmt: skip
    if is_plain:
        raise Refused("The address has to begin with https://.")
    for each in addresses:
        if not reach.allows(each):
            raise Refused(
                f"{host} leads to {each}, which is in a private network or in none. "
                "Give an address that everybody on the internet reaches."
            )
    if port not in reach.ports:
        known = " or ".join(map(str, sorted(reach.ports)))
        raise Refused(f"Port {port} is not called; have it answer at {known}.")
    return _Target(host=host, port=port, path=_path_of(parts), is_plain=False, addresses=addresses)


def _parted(address: str) -> SplitResult:
    if not address or any(each <= " " or each in "\\\x7f" for each in address):
        raise Refused("The address must have no spaces, line breaks or backslashes.")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Refused(f"This is no address: {error}.") from error
    if parts.scheme not in ("https", "http"):
        raise Refused("The address has to begin with https://.")
    if "@" in parts.netloc:
        raise Refused(
            "The address must have no user or password in it; the signature says who we are."
        )
    return parts


def _host_of(parts: SplitResult) -> str:
    """The host in ASCII. Raises Refused for one that means an IP address and does not look like it."""
    given = parts.hostname or ""
    try:
        host = given if ":" in given else given.encode("idna").decode().rstrip(".")
    except UnicodeError as error:
        raise Refused(f"{given} is no name of a host.") from error
    if not host or "%" in host:
        raise Refused("The address names no host.")
    if ":" not in host and _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise Refused(
                f"{host} is a number in disguise; write the name of the host instead."
            ) from error
    return host


def _port_of(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise Refused("The port is no number from 1 to 65535.") from error


def _path_of(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path


# Asking.


def _connected(target: _Target, *, ends: float) -> socket.socket:
    """To the first of the judged addresses that takes us."""
    failure: OSError = TimeoutError("it took too long")
    for address in target.addresses:
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection(
                (address, target.port), timeout=min(CONNECT_SECONDS, left)
            )
        except OSError as error:
            failure = error
    raise failure


@contextmanager
def _hanging_up(sock: socket.socket, *, ends: float) -> Iterator[None]:
    """When the time is over, whatever is waited for: a byte every few seconds would wait for ever otherwise."""
    left = max(ends - time.monotonic(), 0.001)
    sock.settimeout(left)
    timer = threading.Timer(left, _hang_up, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(sock: socket.socket) -> None:
    try:
        # The plain socket's own: that of TLS would forget its keys while they are read with.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _connection(sock: socket.socket, target: _Target, reach: Reach) -> http.client.HTTPConnection:
    """One that speaks over this socket and connects nowhere by itself."""
    connection: http.client.HTTPConnection
    if target.is_plain:
        connection = http.client.HTTPConnection(target.host, target.port)
    else:
        connection = http.client.HTTPSConnection(target.host, target.port, context=reach.trust)
    connection.sock = sock
    return connection


def _answer(response: http.client.HTTPResponse, most_bytes: int) -> Answer:
    read = _read(response, most_bytes)
    return Answer(
        status=response.status,
        reason=response.reason,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=read[:most_bytes],
        is_cut=len(read) > most_bytes,
    )


def _read(response: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """One byte more than wanted, if there is one."""
    read = b""
    while len(read) <= most_bytes and (piece := response.read1(65_536)):
        read += piece
    if len(read) <= most_bytes and response.length:
        raise http.client.IncompleteRead(read, response.length)
    return read
