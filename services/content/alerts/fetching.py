"""Asking a feed: only outside, only so much, only what is new. No transaction is open meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

import httpcore2
import httpx2

from services.chassis.outgoing import NOT_FOUND, NotAllowed, guarded_client
from services.content.alerts import cap
from services.content.alerts.failures import Failed, of_status
from services.content.alerts.feed_format import Entry, entries, joined
from services.content.alerts.xml_reading import MOST_BYTES, NotXml, parse

TIMEOUT_SECONDS: Final = 15.0
# One answer may take this long in all, however slowly it trickles; after this long no further
# alert is begun, so that a feed is done with before another worker would take it for abandoned.
ONE_SECONDS: Final = 20.0
BEGIN_SECONDS: Final = 60.0
# New alerts that are read at one time; the rest comes with the next.
MOST_AT_ONCE: Final = 25
_MOST_HOPS: Final = 3
_ACCEPT: Final = "application/cap+xml, application/atom+xml, application/rss+xml, application/xml"


@dataclass(frozen=True)
class Known:
    """What we have of a feed already."""

    url: str
    etag: str | None
    last_modified: str | None
    seen: Mapping[str, str]


@dataclass
class Fetched:
    """What a feed had for us.

    Attributes:
        alerts: those that are new.
        seen: what it lists now and was read, with the times that it gives.
        more: there is more that is new.
        again: an alert's server did not answer; it is to be asked again.
        unread: the first alert that could not be read, and why; empty when all could.
    """

    etag: str | None = None
    last_modified: str | None = None
    alerts: list[cap.Alert] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    more: bool = False
    again: bool = False
    unread: str = ""


def fetch(known: Known) -> Fetched | None:
    """Ask a feed; ``None``: nothing is new since the last time.

    Raises:
        Failed: it could not be read.
    """
    return asyncio.run(_ask(known))


async def _ask(known: Known) -> Fetched | None:
    headers = {"user-agent": "lingbao-alerts", "accept": _ACCEPT}
    async with guarded_client(timeout=TIMEOUT_SECONDS, headers=headers) as client:
        return await _read(client, known)


async def _read(client: httpx2.AsyncClient, known: Known) -> Fetched | None:
    began = time.monotonic()
    asked: dict[str, str] = {}
    # A tag may have any bytes (RFC 9110, 8.8.3), a request's headers here are plain.
    if known.etag and known.etag.isascii():
        asked["if-none-match"] = known.etag
    if known.last_modified and known.last_modified.isascii():
        asked["if-modified-since"] = known.last_modified
    response, body = await _get(client, known.url, asked)
    if response.status_code == 304:
        return None
    found = Fetched(response.headers.get("etag"), response.headers.get("last-modified"))
    tried = 0
    # New ones first: of one without a time nobody knows whether it has changed, so such are read
    # again each time, as far as there is room.
    listed = entries(_parsed(body), str(response.url))
    for entry in sorted(listed, key=lambda one: one.url in known.seen):
        before = known.seen.get(entry.url)
        if before and before == entry.updated:
            found.seen[entry.url] = before
        elif tried == MOST_AT_ONCE or time.monotonic() - began > BEGIN_SECONDS:
            if before is not None:
                found.seen[entry.url] = before
            found.more = found.more or before != entry.updated
        else:
            tried += 1
            await _take(client, entry, found)
    return found


async def _take(client: httpx2.AsyncClient, entry: Entry, found: Fetched) -> None:
    """One alert; that it cannot be read keeps nobody from the others."""
    root = entry.alert
    try:
        if root is None:
            _response, body = await _get(client, entry.url, {})
            root = _parsed(body)
        found.alerts.append(cap.read(root))
        found.seen[entry.url] = entry.updated
    except Failed as failed:
        found.again = True
        found.unread = found.unread or f"{entry.url} ({failed.detail or failed.kind})"
    except cap.NotCap as error:
        first = error.faults[0]
        found.unread = found.unread or f"{entry.url} {first.where}: {first.sentence}"
        found.seen[entry.url] = entry.updated


def _parsed(body: bytes) -> ET.Element:
    try:
        return parse(body)
    except NotXml as error:
        raise Failed("not-xml", str(error.sentence)) from error


async def _get(
    client: httpx2.AsyncClient, url: str, headers: dict[str, str]
) -> tuple[httpx2.Response, bytes]:
    """An answer and its body, at most as large as we read; each hop is judged like the first.

    Raises:
        Failed: there was none, or not one of use.
    """
    here = url
    for _hop in range(_MOST_HOPS):
        response, body = await _once(client, here, headers)
        if not response.has_redirect_location:
            break
        here = joined(here, response.headers["location"])
        if not here.startswith(("http://", "https://")):
            raise Failed("moved", here)
    else:
        raise Failed("moved", here)
    if response.status_code not in (200, 304):
        raise of_status(response.status_code)
    return response, body


async def _once(
    client: httpx2.AsyncClient, url: str, headers: dict[str, str]
) -> tuple[httpx2.Response, bytes]:
    body = b""
    try:
        async with (
            asyncio.timeout(ONE_SECONDS),
            client.stream("GET", url, headers=headers) as response,
        ):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise Failed("too-large")
            return response, body
    except NotAllowed as error:
        raise Failed("inside") from error
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise Failed("no-answer") from error
    except (httpx2.HTTPError, httpx2.InvalidURL, httpcore2.ProtocolError, ValueError) as error:
        raise Failed("no-such-name" if NOT_FOUND in str(error) else "unreachable") from error
