"""How often one address may send a public form or call.

Counted in the memory of each web process: no other part has to answer before a resident is served,
and with several processes the limit is so many times as wide, which still stops a flood.
"""

from __future__ import annotations

import functools
import ipaddress

from fastapi import Depends, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings


@functools.cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


@functools.cache
def _rate() -> RateLimitItem:
    return parse(settings().public_rate)


@functools.cache
def _room_rate() -> RateLimitItem:
    return parse(settings().room_rate)


@functools.cache
def _room_begin_rate() -> RateLimitItem:
    return parse(settings().room_begin_rate)


def client_address(request: Request) -> str:
    """The address of the person, believing ``X-Forwarded-For`` only from trusted proxies."""
    peer = request.client.host if request.client else "127.0.0.1"
    # Every such header counts: a proxy may add one of its own below what a visitor made up.
    chain = ",".join(request.headers.getlist("x-forwarded-for"))
    hops = [hop.strip() for hop in chain.split(",") if hop.strip()]
    while hops and _trusted(peer):
        peer = hops.pop()
    return peer


@functools.lru_cache(maxsize=4096)
def _trusted(address: str) -> bool:
    return any(
        _address(address) in ipaddress.ip_network(proxy, strict=False)
        for proxy in settings().trusted_proxies
    )


@functools.lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        # What is no address is nobody we trust, and all such share one count.
        return ipaddress.ip_address("::")
    # A socket for both families shows IPv4 as ::ffff:a.b.c.d.
    return getattr(found, "ipv4_mapped", None) or found


def _counted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """What shares one count: an IPv4 address, or the /64 that one household is given whole."""
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


def is_local(request: Request) -> bool:
    """Whether somebody on the machine itself is asking: its operator, a test or a bench."""
    return _address(client_address(request)).is_loopback


async def public_rate(request: Request) -> None:
    """A FastAPI dependency for every public form and call that writes.

    It only counts in memory, and to wait for a thread of the pool would cost more than that.

    Raises:
        Problem: 429 ``too-many-requests``.
    """
    _count(request, _rate())


async def room_rate(request: Request) -> None:
    """The same for what a whole room does at once behind one address, such as taking a quiz.

    Raises:
        Problem: 429 ``too-many-requests``.
    """
    _count(request, _room_rate(), "room")


async def room_begin_rate(request: Request) -> None:
    """The same for what each person in a room does once, such as beginning a quiz.

    Raises:
        Problem: 429 ``too-many-requests``.
    """
    _count(request, _room_begin_rate(), "room-begin")


def count_miss(request: Request) -> None:
    """Count a guess that missed (a short code that nobody gave out) like a public form.

    Whoever types the right one is never counted, so a room is not held back.

    Raises:
        Problem: 429 ``too-many-requests``.
    """
    _count(request, _rate(), "miss")


def stop_guessing(request: Request) -> None:
    """Refuse an address that has missed too often (:func:`count_miss`), whatever it says now.

    Were the right one let through, the count would stop nobody: one guesses on, past all refusals.

    Raises:
        Problem: 429 ``too-many-requests``.
    """
    address = _address(client_address(request))
    if not is_local(request) and not _limiter().test(_rate(), "miss", _counted(address)):
        raise _too_many()


def _count(request: Request, rate: RateLimitItem, *what: str) -> None:
    address = _address(client_address(request))
    if not is_local(request) and not _limiter().hit(rate, *what, _counted(address)):
        raise _too_many()


def _too_many() -> Problem:
    return Problem(
        429,
        "too-many-requests",
        lazy("Too many requests came from your network just now."),
        lazy("Please wait a minute and send it again. Nothing has been lost."),
    )


PublicRate = Depends(public_rate)
RoomRate = Depends(room_rate)
RoomBeginRate = Depends(room_begin_rate)
