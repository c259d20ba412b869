"""Changing a registration for somebody: name, party and answers; how they are reached; its end."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from services.chassis.fields import MultiLine
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid, Problem
from services.registration.activities.words import LANGUAGE_NAMES
from services.registration.attendees import reading, service
from services.registration.attendees.pages import Editor, cancel_form
from services.registration.attendees.reading import One
from services.registration.attendees.schemas import ContactIn
from services.registration.database import pages
from services.registration.questions.asking import asked, values_of
from services.registration.registrations import service as registrants
from services.registration.registrations.models import manage_token
from services.registration.registrations.pages import sizes
from services.registration.registrations.schemas import RegistrationPatch

router = APIRouter(prefix="/staff/activities/{activity_id}/registrations/{registration_id}")

LONGEST_REASON = 500


class ReasonIn(BaseModel):
    """Why staff cancel; it is told to the person."""

    reason: Annotated[MultiLine, Field(max_length=LONGEST_REASON)] = ""


@router.get("/change")
def change_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """The form with what is stored."""
    found = reading.one(principal, activity_id, registration_id)
    registration = found.registration
    values: dict[str, Any] = {
        "name": registration.name,
        "party_size": str(registration.party_size),
        "children": str(registration.children),
        "companions": registration.companions,
        "language": registration.language,
    }
    form = Form(values | values_of(found.activity.questions, registration.answers))
    return _change_form(request, found, form)


@router.post("/change")
def change(
    request: Request,
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Change it as the person would, and note who did it for them."""
    found = reading.one(principal, activity_id, registration_id)
    # An emptied field is as good as one left out; here it has to be said that it is needed.
    fields: dict[str, Any] = {
        "name": typed.text("name"),
        "party_size": typed.text("party_size") or None,
        # Whoever comes alone is not asked, so a script has taken the field away.
        "children": typed.text("children") or 0,
    }
    if not any(name.startswith("answers.") for name, _text in typed.fields):
        fields["answers"] = {}  # every box was unticked
    try:
        wanted = typed.parse(RegistrationPatch, **fields)
        registrants.change(manage_token(registration_id), wanted, by=principal)
    except Invalid as invalid:
        return _change_form(request, found, Form(typed.values(), invalid), status=422)
    except Problem as problem:
        form = Form(typed.values())
        return _change_form(request, found, form, status=problem.status, problem=problem)
    return _to(activity_id, registration_id, "changed")


def _change_form(
    request: Request,
    found: One,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    activity = found.activity
    return pages.render(
        request,
        "attendees/change.html",
        status,
        registration=found.registration,
        activity=activity,
        form=form,
        problem=problem,
        asked=asked(activity.questions),
        sizes=sizes(activity.max_party_size, activity.capacity),
        languages=[(tag, str(name)) for tag, name in LANGUAGE_NAMES.items()],
    )


@router.get("/contact")
def contact_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """How somebody is reached, to be corrected."""
    found = reading.one(principal, activity_id, registration_id)
    known = found.registration
    return _contact_form(request, found, Form({"phone": known.phone, "email": known.email}))


@router.post("/contact")
def correct_contact(
    request: Request,
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Correct it, and send the confirmation there."""
    try:
        wanted = typed.parse(ContactIn)
        service.correct_contact(principal, activity_id, registration_id, wanted)
    except Invalid as invalid:
        found = reading.one(principal, activity_id, registration_id)
        return _contact_form(request, found, Form(typed.values(), invalid), status=422)
    return _to(activity_id, registration_id, "corrected")


def _contact_form(request: Request, found: One, form: Form, *, status: int = 200) -> HTMLResponse:
    # A field shows what is in it; nothing is an empty text.
    form.values |= {name: form.values.get(name) or "" for name in ("phone", "email")}
    return pages.render(
        request,
        "attendees/contact.html",
        status,
        registration=found.registration,
        activity=found.activity,
        form=form,
    )


@router.post("/cancel")
def cancel(
    request: Request,
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Cancel on the registrant's behalf, with the reason that is told."""
    try:
        reason = typed.parse(ReasonIn).reason
    except Invalid as invalid:
        found = reading.one(principal, activity_id, registration_id)
        return cancel_form(request, found, Form(typed.values(), invalid), status=422)
    service.cancel(principal, activity_id, registration_id, reason)
    return _to(activity_id, registration_id, "cancelled")


def _to(activity_id: uuid.UUID, registration_id: uuid.UUID, done: str) -> Response:
    here = f"/staff/activities/{activity_id}/registrations/{registration_id}"
    return RedirectResponse(f"{here}?done={done}", 303)
