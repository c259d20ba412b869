"""Webhooks as JSON, for staff and programs."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.notifications.webhooks import service
from services.notifications.webhooks.schemas import (
    CallOut,
    EndpointChange,
    EndpointIn,
    EndpointMade,
    EndpointOut,
)

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Manager = Annotated[Principal, Depends(require("webhooks.manage"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@router.get("")
def index(
    _principal: Manager, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[EndpointOut]:
    """The systems that are told, newest first."""
    page = service.listed(cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create(principal: Manager, body: EndpointIn, once: OncePerKey) -> EndpointMade:
    """Tell a system from now on. Its secret is answered here and never shown again."""
    return service.create(principal, body, once)


@router.get("/{endpoint_id}")
def read(_principal: Manager, endpoint_id: uuid.UUID) -> EndpointOut:
    """One of them, without its secret."""
    return service.read(endpoint_id)


@router.patch("/{endpoint_id}")
def change(principal: Manager, endpoint_id: uuid.UUID, body: EndpointChange) -> EndpointOut:
    """Change what is given; ``is_active`` switches it off and on."""
    return service.change(principal, endpoint_id, body)


@router.delete("/{endpoint_id}", status_code=204)
def delete(principal: Manager, endpoint_id: uuid.UUID) -> None:
    """Tell it nothing more, and forget its calls."""
    service.delete(principal, endpoint_id)


@router.post("/{endpoint_id}/rotate")
def rotate(principal: Manager, endpoint_id: uuid.UUID, once: OncePerKey) -> EndpointMade:
    """A fresh secret; for a day the one before signs as well."""
    return service.rotate(principal, endpoint_id, once)


@router.post("/{endpoint_id}/test", status_code=202)
def test(_principal: Manager, endpoint_id: uuid.UUID) -> dict[str, str]:
    """Make a test call; it stands among the calls."""
    service.test(endpoint_id)
    return {"status": "planned"}


@router.get("/{endpoint_id}/calls")
def calls(
    _principal: Manager,
    endpoint_id: uuid.UUID,
    state: Literal["waiting", "calling", "done", "given-up"] | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[CallOut]:
    """Its calls with every attempt, newest first."""
    page = service.calls(endpoint_id, state=state, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/{endpoint_id}/calls/{call_id}/replay")
def replay(principal: Manager, endpoint_id: uuid.UUID, call_id: uuid.UUID) -> CallOut:
    """Make a call again that has ended."""
    return service.replay(principal, endpoint_id, call_id)
