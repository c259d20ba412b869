"""Contacts and the suppression list for staff's programs.

Whoever reads addresses here gets them in full, so each time is a line of the audit trail.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.notifications.contacts import editing, reading, suppressing
from services.notifications.contacts.filters import Filters
from services.notifications.contacts.schemas import (
    ContactChange,
    ContactLine,
    ContactOut,
    DrillIn,
    DrillOut,
    NewContact,
    Sought,
    SoughtOut,
    SuppressionIn,
    SuppressionOut,
)
from services.notifications.contacts.suppressing import Wanted

router = APIRouter(prefix="/contacts", tags=["contacts"])

Reader = Annotated[Principal, Depends(require("contacts.view"))]
Editor = Annotated[Principal, Depends(require("contacts.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


class Wishes(BaseModel):
    """What a list is narrowed by; what is not known counts as not given."""

    district: str = ""
    country: str = ""
    topic: str = ""
    kind: str = ""
    source: str = ""
    reach: str = ""
    list: str = ""
    relays: str = ""
    drill: str = ""
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT


@router.get("")
def listed(principal: Reader, wishes: Annotated[Wishes, Query()]) -> PageOut[ContactLine]:
    """The contacts of the caller's office that match, the newest first.

    An address is not looked for here, so that none stands in a log: `POST /contacts/search`.
    """
    filters = Filters.read(wishes.model_dump(exclude={"cursor", "limit"}))
    page = reading.listed(principal, filters, cursor=wishes.cursor, limit=wishes.limit).page
    reading.note_read(principal, "contacts", str(len(page.items)))
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=201)
def add(principal: Editor, body: NewContact, once: OncePerKey) -> ContactOut:
    """Add one contact, with the ground on which it may be written to."""
    return reading.one(principal, editing.add(principal, body, once))


@router.post("/search")
def search(principal: Reader, body: Sought) -> SoughtOut:
    """What there is for an e-mail address or telephone number: contacts, and messages to it."""
    found = reading.sought(principal, body.address)
    reading.note_read(principal, "contacts", f"searched, {len(found.contacts)}")
    return found


@router.post("/drill-list")
def drill_list(principal: Editor, body: DrillIn) -> DrillOut:
    """Put contacts on the drill list, or take them off."""
    return DrillOut(changed=editing.set_drill(principal, body.ids, on=body.on))


@router.get("/suppressions")
def suppressions(
    principal: Reader,
    *,
    reason: str = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[SuppressionOut]:
    """The addresses that nothing is sent to, the newest first."""
    page = suppressing.listed(principal, Wanted(reason=reason), cursor=cursor, limit=limit).page
    reading.note_read(principal, "suppressions", str(len(page.items)))
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/suppressions", status_code=201)
def block(principal: Editor, body: SuppressionIn) -> SuppressionOut:
    """Send nothing to an address from now on."""
    return suppressing.block(principal, body)


@router.post("/suppressions/undo", status_code=204)
def release(principal: Editor, body: SuppressionIn) -> None:
    """Send to an address again; `reason` says why it was wrong."""
    suppressing.release(principal, body)


@router.get("/{contact_id}")
def read(principal: Reader, contact_id: uuid.UUID) -> ContactOut:
    """A contact with everything that is known of it and was ever sent to its addresses."""
    found = reading.one(principal, contact_id)
    reading.note_read(principal, f"contact/{contact_id}")
    return found


@router.patch("/{contact_id}")
def change(principal: Editor, contact_id: uuid.UUID, body: ContactChange) -> ContactOut:
    """Change what is given, as far as it is staff's to change."""
    editing.change(principal, contact_id, body)
    return reading.one(principal, contact_id)


@router.delete("/{contact_id}", status_code=204)
def remove(principal: Editor, contact_id: uuid.UUID) -> None:
    """Delete a contact that staff made."""
    editing.remove(principal, contact_id)
