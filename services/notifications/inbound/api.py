"""Calls from providers: how messages ended, and what people wrote back.

Aliyun and Tencent sign nothing, so the address that is entered with them ends in a token, made of
``LINGBAO_SECRET_KEYS`` and the provider's name; a gateway signs (Standard Webhooks). Whoever has
neither is told nothing more than that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from services.chassis.auth import Principal, require
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.problems import NotFound, Problem
from services.chassis.ratelimit import public_rate
from services.notifications.inbound import reading
from services.notifications.inbound.calls import PROVIDERS, Calls, Items
from services.notifications.inbound.heard import heard
from services.notifications.inbound.receipts import NotYet
from services.notifications.senders.sms.sender import FromPhone, Receipt

router = APIRouter(tags=["text messages"])

LARGEST_BODY: Final = 1024 * 1024
MOST_ITEMS: Final = 1000

Reader = Annotated[Principal, Depends(require("contacts.view"))]


@router.post("/receipts/{provider}")
async def receipts(request: Request, provider: str, token: str = "") -> Response:
    """How messages ended, as the provider tells it: one object or a list of them."""
    calls, items = await _genuine(request, provider, token)
    return await _taken(provider, calls, _understood(calls.receipts, items))


@router.post("/inbound/{provider}")
async def inbound(request: Request, provider: str, token: str = "") -> Response:
    """What people wrote back, as the provider tells it: one object or a list of them."""
    calls, items = await _genuine(request, provider, token)
    return await _taken(provider, calls, _understood(calls.messages, items))


@router.get("/inbound")
def index(
    principal: Reader,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[reading.Incoming]:
    """What people wrote that is neither an opt-out nor an answer, newest first. City roles only."""
    page = reading.listed(principal, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


async def _genuine(request: Request, provider: str, token: str) -> tuple[Calls, Items]:
    calls = PROVIDERS.get(provider)
    if calls is None:
        raise NotFound
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _not_understood()
    if not calls.is_genuine(token, request.headers, body):
        # Only guesses are counted: a provider that reports a great broadcast calls very often.
        await public_rate(request)
        raise Problem(401, "unauthenticated", lazy("This call is not genuine."))
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _not_understood() from error
    items = found if isinstance(found, list) else [found]
    if len(items) > MOST_ITEMS or not all(isinstance(item, dict) for item in items):
        raise _not_understood()
    return calls, items


def _understood(read: Any, items: Items) -> Sequence[Receipt | FromPhone]:  # noqa: ANN401
    try:
        told: Sequence[Receipt | FromPhone] = read(items)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise _not_understood() from error
    return told


def _not_understood() -> Problem:
    return Problem(422, "not-understood", lazy("This is not a call as we know it."))


async def _taken(provider: str, calls: Calls, told: Sequence[Receipt | FromPhone]) -> Response:
    """Store each in a transaction of its own; one that came too early makes the whole come again.

    Those that were stored are then told twice, which changes nothing.
    """
    early = False
    for one in told:
        try:
            await asyncio.to_thread(heard, provider, one)
        except NotYet:
            early = True
    if early:
        return JSONResponse({"detail": "Not yet."}, 503, headers={"Retry-After": "10"})
    return JSONResponse(dict(calls.thanks))
