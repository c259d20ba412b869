"""An activity's people as JSON and as files, for staff and their programs."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.registration.attendees import exporting, messages, reading, service
from services.registration.attendees.bulk_pages import Exporter, download
from services.registration.attendees.change_pages import ReasonIn
from services.registration.attendees.exporting import Format
from services.registration.attendees.filters import Filters
from services.registration.attendees.pages import Editor, Viewer
from services.registration.attendees.schemas import MessageIn, SentMessage
from services.registration.attendees.selection import Selection
from services.registration.registrations.schemas import ListedRegistration

router = APIRouter(tags=["registrations"], prefix="/activities/{activity_id}")

StatusFilter = Literal["unverified", "confirmed", "offered", "waiting", "cancelled"]


@router.get("/registrations")
def listed(
    activity_id: uuid.UUID,
    principal: Viewer,
    status: StatusFilter | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[ListedRegistration]:
    """The registrations of an activity, the earliest first."""
    page = reading.listed(principal, activity_id, status=status, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/registrations/export", response_class=Response)
def export(
    activity_id: uuid.UUID,
    principal: Exporter,
    form: Annotated[Format, Query(alias="format")] = "csv",
    status: StatusFilter | None = None,
) -> Response:
    """The registrations of an activity as CSV or XLSX, a column for each question.

    409 `too-many`: a workbook has 20,000 rows at most; CSV has no bound.
    """
    selection = Selection("matching", (), Filters(status=status or ""))
    return download(exporting.export(principal, activity_id, selection, form), form)


@router.post("/registrations/{registration_id}/cancel")
def cancel(
    activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ReasonIn, principal: Editor
) -> ListedRegistration:
    """Cancel for somebody, who is told the reason. Doing it twice changes nothing.

    409 types: `registration-closed` when the party is in the room already.
    """
    service.cancel(principal, activity_id, registration_id, wanted.reason)
    found = reading.one(principal, activity_id, registration_id)
    return ListedRegistration.model_validate(found.registration)


@router.post("/messages", status_code=201)
def send(
    activity_id: uuid.UUID, wanted: MessageIn, principal: Editor, once: OncePerKey
) -> SentMessage:
    """Write to the people of an activity who stand as `statuses` say. 409 `nobody-reached`."""
    recipients = messages.by_status(wanted.statuses)
    return messages.send(principal, activity_id, recipients, wanted, once, statuses=wanted.statuses)


@router.get("/messages")
def sent(activity_id: uuid.UUID, principal: Viewer) -> PageOut[SentMessage]:
    """What was written to the people of an activity, the latest first."""
    return PageOut(items=messages.sent_to(principal, activity_id)[1], next_cursor=None)
