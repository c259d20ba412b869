"""The JSON calls about materials."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from services.chassis.auth import Principal, authenticate, require
from services.chassis.fields import Country, Topic
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.materials import reading, service, version_reading
from services.content.materials.kinds import Audience, Kind
from services.content.materials.reading import Filters, Lack
from services.content.materials.schemas import (
    MaterialIn,
    MaterialOut,
    MaterialPatch,
    MaterialSummary,
    WithdrawIn,
)
from services.content.materials.versions import VersionOut, VersionSummary
from services.content.publication import Status

api = APIRouter(tags=["materials"])

Editor = Annotated[Principal, Depends(require("materials.edit"))]
Viewer = Annotated[Principal, Depends(require("materials.view"))]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/materials")
def list_materials(
    request: Request,
    *,
    kind: Kind | None = None,
    topic: Topic | None = None,
    country: Country | None = None,
    audience: Audience | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    status: Status | None = None,
    lack: Lack | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[MaterialSummary]:
    """The library, the newest first; ``country`` finds also what is for every destination.

    ``status`` and ``lack`` are for staff: everything of theirs in that state, and what lacks a
    review in time (``review``) or a language.
    """
    filters = Filters(
        kind=kind, topic=topic, country=country, audience=audience, words=q, lack=lack
    )
    if status is None and lack is None:
        found = reading.list_public(filters, cursor=cursor, limit=limit)
    else:
        principal = require("materials.view")(request)
        found = reading.list_for_staff(
            principal, filters, status=status, cursor=cursor, limit=limit
        )
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/materials/{reference}")
def get_material(reference: str, request: Request) -> MaterialOut:
    """A published material by its id or slug; for staff also a draft of theirs."""
    # A browser's ageing session must not turn a public call into a refusal, so only a key counts.
    caller = authenticate(request) if "authorization" in request.headers else None
    if caller is not None and caller.may("materials.view"):
        return reading.get_for_staff(caller, reference).material
    return reading.get_public(reference)


@api.post("/materials", status_code=201)
def create_material(wanted: MaterialIn, principal: Editor, once: OncePerKey) -> MaterialOut:
    """Write a draft."""
    return service.create(principal, wanted, once)


@api.patch("/materials/{material_id:uuid}")
def edit_material(material_id: uuid.UUID, patch: MaterialPatch, principal: Editor) -> MaterialOut:
    """Change some fields; a public material is told of again, at its higher version."""
    return service.edit(principal, material_id, patch)


@api.post("/materials/{material_id:uuid}/publish")
def publish_material(material_id: uuid.UUID, principal: Editor) -> MaterialOut:
    """Put it into the public library and tell the other services."""
    return service.publish(principal, material_id)


@api.post("/materials/{material_id:uuid}/withdraw")
def withdraw_material(material_id: uuid.UUID, wanted: WithdrawIn, principal: Editor) -> MaterialOut:
    """Take it out of the library and tell the other services."""
    return service.withdraw(principal, material_id, wanted.reason)


@api.get("/materials/{material_id:uuid}/versions")
def list_versions(material_id: uuid.UUID, principal: Viewer) -> PageOut[VersionSummary]:
    """Every version of a material that is kept, the newest first."""
    return PageOut(items=version_reading.list_versions(principal, material_id), next_cursor=None)


@api.get("/materials/{material_id:uuid}/versions/{number}")
def get_version(material_id: uuid.UUID, number: Number, principal: Viewer) -> VersionOut:
    """A material as it was then."""
    return version_reading.get_version(principal, material_id, number)[0]


@api.post("/materials/{material_id:uuid}/versions/{number}/restore")
def restore_version(material_id: uuid.UUID, number: Number, principal: Editor) -> MaterialOut:
    """Make an older version's texts and facts the present ones, as a version of its own."""
    return service.restore(principal, material_id, number)
