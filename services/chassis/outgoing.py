"""Calls to addresses that somebody typed: they reach the outside, never what is inside.

An address on a form can name the machine itself, a database beside it or a cloud's metadata service
(server-side request forgery, OWASP API7:2023). What counts is not how it is written but where the
connection goes, so names are resolved here, every address found is judged, and the connection is
made to exactly the address that was judged: a name that answers otherwise the second time (DNS
rebinding) changes nothing, and decimal, octal or mapped spellings are what they resolve to.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore2
import httpx2

from services.chassis.settings import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What goes wrong before a server is reached, in words that a caller may translate.
INSIDE: Final = "The address leads inside our own network, where calls must not go."
NOT_FOUND: Final = "The name cannot be found."
NOT_IN_TIME: Final = "No answer in time."
# IPv4 addresses in IPv6 clothes, as translators on the way read them (RFC 6052).
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Special ones that Python 3.11's tables do not know, or take for global: IETF protocol assignments
# (RFC 6890), old 6to4 relays (RFC 7526), site-local addresses as old intranets still have them
# (RFC 3879), documentation (RFC 9637).
_ALSO_SPECIAL: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20")
)

SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


class NotAllowed(Exception):
    """A call would have gone to an address that is not outside. Nothing was sent."""


def is_allowed(address: Address) -> bool:
    """Whether a call may go to an address.

    Not to private, loopback, link-local, multicast or reserved ones (the IANA special-purpose
    registries), in whatever clothes, unless ``LINGBAO_OUTGOING_ALLOW`` lists their network.
    """
    return all(_is_outside(one) or _is_listed(one) for one in _meanings(address))


def check_host(host: str) -> None:
    """Refuse at once a host that is written as an address which is not allowed.

    For forms: it looks nothing up. A name passes; where it leads is judged with each connection.

    Raises:
        NotAllowed: it is such an address.
    """
    literal = _literal(host)
    if literal is not None and not is_allowed(literal):
        raise NotAllowed(INSIDE)


def guarded_client(**options: Any) -> httpx2.AsyncClient:  # noqa: ANN401 - passed on
    """An HTTP client whose every connection is judged. It follows no redirects and no proxies.

    Args:
        options: what ``httpx2.AsyncClient`` takes, but for its transport: ``timeout``, ``headers``.
    """
    return httpx2.AsyncClient(
        **options, transport=_GuardedTransport(), follow_redirects=False, trust_env=False
    )


def _literal(host: str) -> Address | None:
    bare = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        # Also 2130706433, 0x7f.1 and 0177.0.0.1, which resolvers take for 127.0.0.1.
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeEncodeError):
        return None


def _meanings(address: Address) -> list[Address]:
    """An address and every IPv4 address that a tunnel or translator would take it for."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    mapped = address.ipv4_mapped
    if mapped is not None:
        return [mapped]
    found: list[Address] = [address]
    if address in _TRANSLATED:
        found.append(ipaddress.IPv4Address(address.packed[-4:]))
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found += address.teredo
    return found


def _is_outside(address: Address) -> bool:
    if any(address in network for network in _ALSO_SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_listed(address: Address) -> bool:
    return any(
        address in ipaddress.ip_network(network, strict=False)
        for network in settings().outgoing_allow
    )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom we trust; read once, because it takes longer than many a call."""
    return httpx2.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx2.AsyncHTTPTransport):
    """The usual transport on a network of ours."""

    def __init__(self) -> None:
        context = _certificates()
        super().__init__(verify=context)
        # httpx2 has no argument for it; httpcore2's pool has, and documents it.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            network_backend=_GuardedNetwork(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
        )


class _GuardedNetwork(httpcore2.AnyIOBackend):
    """Resolves a name itself, judges what it found, and connects to that."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to ``host``; TLS is checked against the name all the same.

        Raises:
            NotAllowed: one of its addresses is not allowed. A name that leads inside with one of
                them is not trusted with the others.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await _resolved(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(NOT_IN_TIME) from error
        for address in addresses:
            if not is_allowed(ipaddress.ip_address(address.partition("%")[0])):
                raise NotAllowed(INSIDE)
        for address in addresses[:-1]:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue  # it may answer at its next address
        return await super().connect_tcp(
            addresses[-1], port, timeout, local_address, socket_options
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: a socket file is inside by its nature."""
        raise NotAllowed(INSIDE)


async def _resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, as the resolver orders them, each once."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise httpcore2.ConnectError(NOT_FOUND) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
