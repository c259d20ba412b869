"""Registering somebody who stands at the counter, and handing them their ticket on paper."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import LANGUAGES, language
from services.chassis.idempotency import OncePerKey, once_per_form
from services.chassis.problems import Invalid, Problem
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.activities.words import LANGUAGE_NAMES
from services.registration.database import pages
from services.registration.questions.asking import asked
from services.registration.registrations import refusals, service
from services.registration.registrations.models import manage_token
from services.registration.registrations.pages import sizes
from services.registration.registrations.schemas import (
    PRIVACY_VERSION,
    ProxyForm,
    ProxyIn,
    Registered,
)
from services.registration.registrations.slips import slip

router = APIRouter(prefix="/staff/activities/{activity_id}")
api = APIRouter(tags=["registrations"])

Clerk = Annotated[Principal, Depends(require("registrations.check-in"))]


@router.get("/register")
def form_page(request: Request, activity_id: uuid.UUID, principal: Clerk) -> HTMLResponse:
    """The form for somebody else."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    form = Form({"party_size": "1", "language": language()})
    refusal = refusals.at_the_counter(activity.status, activity.ends_at)
    return _form(request, activity, form, problem=refusal)


@router.post("/register")
def register(
    request: Request, activity_id: uuid.UUID, principal: Clerk, typed: TypedForm
) -> Response:
    """Register the person, then show the ticket to print."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    try:
        wanted = typed.parse(ProxyForm)
        done = service.register(
            activity_id, wanted, once_per_form(request, typed), source="staff", by=principal
        )
    except Invalid as invalid:
        return _form(request, activity, Form(typed.values(), invalid), status=422)
    except Problem as problem:
        form = Form(typed.values())
        return _form(request, activity, form, status=problem.status, problem=problem)
    return RedirectResponse(f"/staff/activities/{activity_id}/register/{done.id}", 303)


@router.get("/register/{registration_id}")
def slip_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Clerk
) -> HTMLResponse:
    """The ticket on paper, and the way to the next person."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    registration = service.look(manage_token(registration_id))
    if registration.activity_id != activity.id:
        raise refusals.no_such_registration()
    here = f"/staff/activities/{activity_id}"
    return slip(
        request,
        registration,
        registration.activity,
        back=here,
        more=f"{here}/register",
    )


@api.post("/activities/{activity_id}/registrations/on-behalf", status_code=201)
def register_by_call(
    activity_id: uuid.UUID, wanted: ProxyIn, principal: Clerk, once: OncePerKey
) -> Registered:
    """Register somebody who cannot do it alone; staff. E-mail and telephone may both be missing."""
    return service.register(activity_id, wanted, once, source="staff", by=principal)


def _form(
    request: Request,
    activity: ActivityOut,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "registrations/proxy.html",
        status,
        activity=activity,
        form=form,
        problem=problem,
        sizes=sizes(activity.max_party_size, activity.capacity),
        asked=asked(activity.questions),
        privacy_version=PRIVACY_VERSION,
        languages=[(tag, str(LANGUAGE_NAMES[tag])) for tag in LANGUAGES],
    )
