"""The JSON calls about advisories, the Atom feed and the CAP messages."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.chassis.auth import Principal, authenticate, require
from services.chassis.fields import Country
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.advisories import atom, cap, reading, service
from services.content.advisories.schemas import AdvisoryIn, AdvisoryOut, AdvisoryPatch, WithdrawIn
from services.content.advisories.words import Level
from services.content.publication import Status

api = APIRouter(tags=["advisories"])

Editor = Annotated[Principal, Depends(require("advisories.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/advisories")
def list_advisories(
    request: Request,
    *,
    country: Country | None = None,
    level: Level | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[AdvisoryOut]:
    """What is in force now, the newest first. ``status`` is for staff: everything in that state."""
    if status is None:
        found = reading.list_in_force(country=country, level=level, cursor=cursor, limit=limit)
    else:
        require("advisories.view")(request)
        found = reading.list_for_staff(
            status=status, country=country, level=level, cursor=cursor, limit=limit
        )
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/advisories.atom", response_class=Response)
def feed() -> Response:
    """The advisories in force and those withdrawn of late, as Atom (RFC 4287); ``?lang=en``."""
    return Response(
        atom.feed(reading.for_feed()),
        media_type=atom.MEDIA_TYPE,
        headers={"Cache-Control": "public, max-age=300", "Vary": "Accept-Language, Cookie"},
    )


@api.get("/advisories/{advisory_id:uuid}.cap", response_class=Response)
def cap_message(advisory_id: uuid.UUID) -> Response:
    """The latest announcement of an advisory as CAP 1.2, in both languages."""
    return Response(
        cap.message(reading.get_public(advisory_id)),
        media_type=cap.MEDIA_TYPE,
        headers={"Cache-Control": "public, max-age=60"},
    )


@api.get("/advisories/{advisory_id:uuid}")
def get_advisory(advisory_id: uuid.UUID, request: Request) -> AdvisoryOut:
    """A published or withdrawn advisory; for staff also a draft."""
    # A browser's ageing session must not turn a public call into a refusal, so only a key counts.
    caller = authenticate(request) if "authorization" in request.headers else None
    if caller is not None and caller.may("advisories.view"):
        return reading.get_for_staff(advisory_id).advisory
    return reading.get_public(advisory_id).advisory


@api.post("/advisories", status_code=201)
def create_advisory(wanted: AdvisoryIn, principal: Editor, once: OncePerKey) -> AdvisoryOut:
    """Write a draft."""
    return service.create(principal, wanted, once)


@api.patch("/advisories/{advisory_id:uuid}")
def edit_advisory(advisory_id: uuid.UUID, patch: AdvisoryPatch, principal: Editor) -> AdvisoryOut:
    """Change some fields; a public advisory is told of again, at its higher version."""
    return service.edit(principal, advisory_id, patch)


@api.post("/advisories/{advisory_id:uuid}/publish")
def publish_advisory(advisory_id: uuid.UUID, principal: Editor) -> AdvisoryOut:
    """Make it public and tell the other services."""
    return service.publish(principal, advisory_id)


@api.post("/advisories/{advisory_id:uuid}/withdraw")
def withdraw_advisory(advisory_id: uuid.UUID, wanted: WithdrawIn, principal: Editor) -> AdvisoryOut:
    """Take it back and tell the other services."""
    return service.withdraw(principal, advisory_id, wanted.reason)
