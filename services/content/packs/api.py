"""The JSON calls about packs."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.packs import reading, service
from services.content.packs.pages import zip_answer
from services.content.packs.schemas import (
    EditionOut,
    EditionSummary,
    PackForHolder,
    PackIn,
    PackOut,
    PackPatch,
    PackSummary,
    WithdrawIn,
)
from services.content.publication import Status

api = APIRouter(tags=["packs"])

Editor = Annotated[Principal, Depends(require("materials.edit"))]
Viewer = Annotated[Principal, Depends(require("materials.view"))]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/packs")
def list_packs(
    principal: Viewer,
    *,
    status: Status | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    holding: Annotated[str, Query(max_length=60)] = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[PackSummary]:
    """The caller's packs, the newest first; ``holding`` (``material/{id}``, ``country/TH``) finds
    the published ones that hold something."""
    found = reading.list_for_staff(
        principal, status=status, words=q, holding=holding, cursor=cursor, limit=limit
    )
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.post("/packs", status_code=201)
def create_pack(wanted: PackIn, principal: Editor, once: OncePerKey) -> PackOut:
    """Begin a pack; without ``items`` they are proposed from the occasion."""
    return service.create(principal, wanted, once)


@api.get("/packs/{pack_id:uuid}")
def get_pack(pack_id: uuid.UUID, principal: Viewer) -> PackOut:
    """A pack as staff work on it."""
    return reading.get_for_staff(principal, pack_id).pack


@api.patch("/packs/{pack_id:uuid}")
def edit_pack(pack_id: uuid.UUID, patch: PackPatch, principal: Editor) -> PackOut:
    """Change some fields; ``items`` replaces the whole list, in its order."""
    return service.edit(principal, pack_id, patch)


@api.post("/packs/{pack_id:uuid}/publish")
def publish_pack(pack_id: uuid.UUID, principal: Editor) -> PackOut:
    """Give it out as its next edition."""
    return service.publish(principal, pack_id)


@api.post("/packs/{pack_id:uuid}/withdraw")
def withdraw_pack(pack_id: uuid.UUID, wanted: WithdrawIn, principal: Editor) -> PackOut:
    """Take it back."""
    return service.withdraw(principal, pack_id, wanted.reason)


@api.get("/packs/{pack_id:uuid}/editions")
def list_editions(pack_id: uuid.UUID, principal: Viewer) -> PageOut[EditionSummary]:
    """Every edition, the newest first."""
    return PageOut(items=reading.list_editions(principal, pack_id), next_cursor=None)


@api.get("/packs/{pack_id:uuid}/editions/{number}")
def get_edition(pack_id: uuid.UUID, number: Number, principal: Viewer) -> EditionOut:
    """A pack as it was given out then, with all that its items said."""
    return reading.get_edition(principal, pack_id, number)[0]


@api.get("/packs/by-link/{token}")
def open_pack(token: str) -> PackForHolder:
    """A pack by the last part of its link, as everything in it reads today."""
    return reading.open_link(token)


@api.get("/packs/by-link/{token}/zip", response_class=StreamingResponse)
def get_zip(token: str) -> StreamingResponse:
    """A pack as a ZIP: pages, texts, files and their SHA-256."""
    return zip_answer(reading.open_link(token))
