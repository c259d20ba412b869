"""The form by which one registers. What lies behind one's own link is in ``own_pages.py``."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import language
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.database import pages
from services.registration.questions.asking import asked
from services.registration.registrations import refusals, service
from services.registration.registrations.models import manage_token
from services.registration.registrations.schemas import (
    PRIVACY_VERSION,
    RegistrationForm,
)
from services.registration.rush import gate

router = APIRouter()


@router.get("/activities/{slug}/register")
def form_page(request: Request, slug: str) -> Response:
    """The form, or why nobody can register now, or the way to the waiting room."""
    activity = catalogue.one_activity(slug)
    if (way := gate.before_form(request, activity)) is not None:
        return way
    refusal = refusals.of_intake(activity.intake, activity.registration_opens_at, activity.timezone)
    if refusal is not None:
        return pages.render(
            request, "registrations/refused.html", activity=activity, problem=refusal
        )
    return _form(request, activity, Form({"party_size": "1"}))


@router.post("/activities/{slug}/register", dependencies=[PublicRate])
def register(request: Request, slug: str, typed: TypedForm) -> Response:
    """Register, then show the ticket."""
    activity = catalogue.one_activity(slug)
    try:
        wanted = typed.parse(RegistrationForm, language=language())
        once = once_per_form(request, typed)
        brought = gate.Brought.in_form(request, typed, activity.id)
        with gate.passed(request, activity.id, once, brought):
            done = service.register(activity.id, wanted, once)
    except Invalid as invalid:
        return _form(request, activity, Form(typed.values(), invalid), status=422)
    except Problem as problem:
        return _form(
            request, activity, Form(typed.values()), status=problem.status, problem=problem
        )
    next_step = "/verify" if done.status == "unverified" else "?new=1"
    return RedirectResponse(f"/registrations/{manage_token(done.id)}{next_step}", 303)


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
        "registrations/form.html",
        status,
        activity=activity,
        form=form,
        problem=problem,
        sizes=sizes(activity.max_party_size, activity.capacity),
        asked=asked(activity.questions),
        privacy_version=PRIVACY_VERSION,
        works=gate.asks_for_work(request, activity.id),
    )


def sizes(most: int, capacity: int | None) -> list[tuple[str, str]]:
    """The sizes of party that a form offers."""
    return [(str(size), str(size)) for size in range(1, min(most, capacity or most) + 1)]
