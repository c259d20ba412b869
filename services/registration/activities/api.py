"""Activities as JSON: the public catalogue, and what staff do with a key or a session."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.chassis.auth import Principal, authenticate, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import PageOut
from services.registration.activities import catalogue, service
from services.registration.activities.schemas import (
    ActivityIn,
    ActivityOut,
    ActivityPatch,
    CancelIn,
    CatalogueQuery,
)
from services.registration.catalogue.filters import Filters

router = APIRouter(tags=["activities"])

Editor = Annotated[Principal, Depends(require("activities.edit"))]


def staff_caller(request: Request) -> Principal | None:
    """Whoever calls with a key, if they may see activities of every state.

    A cookie alone does not count: a member of staff who reads the public catalogue reads what the
    public reads.
    """
    if "authorization" not in request.headers:
        return None
    principal = authenticate(request)
    return principal if principal and principal.may("activities.view") else None


Caller = Annotated[Principal | None, Depends(staff_caller)]


@router.get("/activities")
def list_activities(
    request: Request, caller: Caller, wanted: Annotated[CatalogueQuery, Query()]
) -> PageOut[ActivityOut]:
    """The catalogue, the next activity first. Without `from` it begins now.

    With `status`, staff see those of their own activities that are of that state.
    """
    filters = Filters.of(wanted)
    if wanted.status is not None:
        caller = caller or require("activities.view")(request)
        page = catalogue.staff_list(caller, filters, cursor=wanted.cursor, limit=wanted.limit)
    else:
        page = catalogue.list_activities(filters, cursor=wanted.cursor, limit=wanted.limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/activities/{reference}")
def get_activity(reference: str, caller: Caller) -> ActivityOut:
    """One activity by its id or by the address of its page. Drafts are shown to staff alone."""
    return catalogue.one_activity(reference, caller)


@router.post("/activities", status_code=201)
def create_activity(wanted: ActivityIn, principal: Editor, once: OncePerKey) -> ActivityOut:
    """Write a new activity. It is a draft until it is published."""
    return service.create_activity(principal, wanted, once)


@router.patch("/activities/{activity_id}")
def edit_activity(activity_id: uuid.UUID, patch: ActivityPatch, principal: Editor) -> ActivityOut:
    """Change the parts that are given. With `version`, a newer one is not written over (409)."""
    return service.edit_activity(principal, activity_id, patch)


@router.post("/activities/{activity_id}/publish")
def publish_activity(activity_id: uuid.UUID, principal: Editor) -> ActivityOut:
    """Show a draft to the public and take registrations."""
    return service.publish_activity(principal, activity_id)


@router.post("/activities/{activity_id}/cancel")
def cancel_activity(activity_id: uuid.UUID, wanted: CancelIn, principal: Editor) -> ActivityOut:
    """Call a published activity off; every registrant is told the reason."""
    return service.cancel_activity(principal, activity_id, wanted)
