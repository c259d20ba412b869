"""What came back, as JSON: a list for staff, and a door for providers that hand it in."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.notifications.returns import reading
from services.notifications.returns.reading import ReturnOut
from services.notifications.returns.taking_in import take_in
from services.notifications.webhooks.signing import NotGenuine, verify

router = APIRouter(prefix="/returns", tags=["returns"])

Reader = Annotated[Principal, Depends(require("senders.view"))]
Editor = Annotated[Principal, Depends(require("contacts.edit"))]
_LONGEST_ADDRESS = 320


@router.post(
    "",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["raw"],
                        "properties": {
                            "raw": {"type": "string", "description": "The message, in base64."},
                            "recipient": {"type": "string"},
                        },
                    }
                },
            },
        }
    },
)
async def hand_in(request: Request) -> dict[str, str]:
    """Hand in a returned message: ``message/rfc822``, or JSON with ``raw`` in base64.

    Signed with ``LINGBAO_RETURNS_SECRET`` as Standard Webhooks say. The same message handed in
    twice is one. Answered as soon as it is kept.
    """
    body = await request.body()
    _must_be_genuine(request, body)
    raw, recipient = _message(request.headers.get("content-type", ""), body)
    fresh = await run_in_threadpool(take_in, raw, via="webhook", recipient=recipient)
    return {"status": "taken" if fresh else "known"}


@router.get("")
def index(
    principal: Reader,
    kind: str | None = None,
    delivery_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[ReturnOut]:
    """What came back, newest first. Addresses are masked."""
    page = reading.listed(principal, kind=kind, delivery_id=delivery_id, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/{return_id}/undo")
def undo(principal: Editor, return_id: uuid.UUID) -> ReturnOut:
    """Send to the address again that this message had suppressed."""
    return reading.undo(principal, return_id)


def _must_be_genuine(request: Request, body: bytes) -> None:
    secret = settings().returns_secret
    if secret is None:
        raise Problem(
            403,
            "returns-closed",
            lazy("Returned messages are not taken by this call here."),
            lazy("The operator opens it by setting LINGBAO_RETURNS_SECRET."),
        )
    try:
        verify([secret], request.headers, body, utc_now())
    except NotGenuine as error:
        raise Problem(
            401,
            "not-genuine",
            lazy("The signature of this call is missing, wrong or too old."),
            lazy("Sign it with the secret that was agreed, as Standard Webhooks say."),
        ) from error


def _message(content_type: str, body: bytes) -> tuple[bytes, str | None]:
    """The message in a body, and its envelope's recipient where that is told.

    Raises:
        Problem: 400 ``bad-request`` when it is JSON of another shape.
    """
    if not content_type.lower().startswith("application/json"):
        return body, None
    try:
        given: Any = json.loads(body)
        raw = base64.b64decode(given["raw"], validate=True)
        recipient = given.get("recipient")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise Problem(
            400,
            "bad-request",
            lazy("We could not read this request."),
            lazy("Send the message itself, or JSON with the message in base64 as “raw”."),
        ) from None
    return raw, recipient[:_LONGEST_ADDRESS] if isinstance(recipient, str) else None
