"""API keys as JSON."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.identity.apikeys import service
from services.identity.apikeys.schemas import IssuedKey, KeyOut, NewKey

router = APIRouter(tags=["API keys"])

Manager = Annotated[Principal, Depends(require("apikeys.manage"))]


@router.get("/apikeys")
def list_keys(
    _principal: Manager,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[KeyOut]:
    """The keys, newest first, without the keys themselves."""
    page = service.list_keys(cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/apikeys", status_code=201)
def create_key(principal: Manager, wanted: NewKey, once: OncePerKey) -> IssuedKey:
    """Make a key. It is answered here and never shown again."""
    return service.issue(principal, wanted, once)


@router.post("/apikeys/{key_id}/revoke")
def revoke_key(principal: Manager, key_id: uuid.UUID) -> KeyOut:
    """End a key, in every service."""
    return service.revoke_key(principal, key_id)
