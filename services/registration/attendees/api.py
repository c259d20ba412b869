"""An activity's people as JSON and as files, for staff and their programs."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.chassis.auth import Principal
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.sheets import Format
from services.registration.attendees import exporting, messages, reading, service
from services.registration.attendees.bulk_pages import Exporter, download
from services.registration.attendees.change_pages import ReasonIn
from services.registration.attendees.filters import Filters
from services.registration.attendees.pages import Editor, Viewer
from services.registration.attendees.schemas import (
    ContactIn,
    ManyIn,
    ManyOut,
    MessageIn,
    SentMessage,
    Wanted,
)
from services.registration.attendees.selection import Selection
from services.registration.registrations import service as registrants
from services.registration.registrations.models import Status, manage_token
from services.registration.registrations.schemas import ListedRegistration, RegistrationPatch

router = APIRouter(tags=["registrations"], prefix="/activities/{activity_id}")


class ListQuery(Wanted):
    """The query of the list."""

    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT


def _now(
    principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID
) -> ListedRegistration:
    found = reading.one(principal, activity_id, registration_id)
    return ListedRegistration.model_validate(found.registration)


@router.get("/registrations")
def listed(
    activity_id: uuid.UUID,
    principal: Viewer,
    wanted: Annotated[ListQuery, Query()],
) -> PageOut[ListedRegistration]:
    """The registrations of an activity that match, the earliest first."""
    page = reading.listed(
        principal, activity_id, wanted.as_filters, cursor=wanted.cursor, limit=wanted.limit
    )
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/registrations/export", response_class=Response)
def export(
    activity_id: uuid.UUID,
    principal: Exporter,
    form: Annotated[Format, Query(alias="format")] = "csv",
    status: Status | None = None,
) -> Response:
    """The registrations of an activity as CSV or XLSX, a column for each question.

    409 `too-many`: a workbook has 20,000 rows at most; CSV has no bound.
    """
    selection = Selection("matching", (), Filters(status=status or ""))
    return download(exporting.export(principal, activity_id, selection, form), form)


@router.patch("/registrations/{registration_id}")
def change(
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    wanted: RegistrationPatch,
    principal: Editor,
) -> ListedRegistration:
    """Change a registration for somebody; what is left out stays, and they are told.

    409 types: `activity-full`, `registration-cancelled`, `registration-closed`.
    """
    reading.one(principal, activity_id, registration_id)
    registrants.change(manage_token(registration_id), wanted, by=principal)
    return _now(principal, activity_id, registration_id)


@router.put("/registrations/{registration_id}/contact")
def correct_contact(
    activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ContactIn, principal: Editor
) -> ListedRegistration:
    """Correct how somebody is reached; how their registration stands is sent there."""
    service.correct_contact(principal, activity_id, registration_id, wanted)
    return _now(principal, activity_id, registration_id)


@router.post("/registrations/{registration_id}/send-again", status_code=202)
def send_again(
    activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> ListedRegistration:
    """Send somebody once more how their registration stands."""
    service.send_again(principal, activity_id, registration_id)
    return _now(principal, activity_id, registration_id)


@router.post("/registrations/cancel-many")
def cancel_many(activity_id: uuid.UUID, wanted: ManyIn, principal: Editor) -> ManyOut:
    """Cancel many; each is told the reason. Those who came or have ended stay as they are.

    409 types: `too-many`, `list-changed`.
    """
    return _do_many(principal, activity_id, "cancel", wanted)


@router.post("/registrations/ask-many")
def ask_many(activity_id: uuid.UUID, wanted: ManyIn, principal: Editor) -> ManyOut:
    """Ask many whether they come; whoever does not answer keeps the place.

    Nobody is asked twice within ten minutes. 409 types: `too-many`, `list-changed`.
    """
    return _do_many(principal, activity_id, "ask", wanted)


def _do_many(
    principal: Principal, activity_id: uuid.UUID, act: service.Act, wanted: ManyIn
) -> ManyOut:
    return service.do_many(
        principal,
        activity_id,
        act,
        Selection.of_many(wanted),
        reason=wanted.reason,
        expected=wanted.expected,
        dry_run=wanted.dry_run,
    )


@router.post("/registrations/{registration_id}/cancel")
def cancel(
    activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ReasonIn, principal: Editor
) -> ListedRegistration:
    """Cancel for somebody, who is told the reason. Doing it twice changes nothing.

    409 types: `registration-closed` when the party is in the room already.
    """
    service.cancel(principal, activity_id, registration_id, wanted.reason)
    return _now(principal, activity_id, registration_id)


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
