"""Staff as JSON."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.chassis.auth import PERMISSIONS, AnyStaff, Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.identity.staff import service
from services.identity.staff.schemas import NewStaff, StaffFilter, StaffOut

router = APIRouter(tags=["staff"])

Manager = Annotated[Principal, Depends(require("people.manage"))]


class Me(BaseModel):
    """Who is calling, and what they may do."""

    kind: str
    id: uuid.UUID
    name: str
    role: str
    district: str | None
    permissions: list[str]


@router.get("/me")
def me(principal: AnyStaff) -> Me:
    """The principal behind the API key or the session."""
    return Me(
        kind=principal.kind,
        id=principal.id,
        name=principal.name,
        role=principal.role,
        district=principal.district,
        permissions=sorted(PERMISSIONS[principal.role]),
    )


@router.get("/staff")
def list_staff(
    principal: Manager,
    wanted: Annotated[StaffFilter, Depends()],
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[StaffOut]:
    """The people whom the caller may see, newest first."""
    page = service.list_staff(principal, wanted, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/staff", status_code=201)
def add_staff(principal: Manager, wanted: NewStaff, once: OncePerKey) -> StaffOut:
    """Add a person, who may sign in from then on."""
    return service.add(principal, wanted, once)
