"""The registrant's own pages behind their link: ticket, offer, change, another date, cancel."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, localized
from services.chassis.problems import FieldError, Invalid, LinkNotValid, Problem
from services.chassis.ratelimit import PublicRate
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.database import pages
from services.registration.feedback.afterwards import afterwards
from services.registration.learning import quizzes
from services.registration.packs import service as packs
from services.registration.questions.asking import asked, values_of
from services.registration.registrations import moving, service, tickets
from services.registration.registrations.calendar import MEDIA_TYPE, calendar_file
from services.registration.registrations.models import LIVE
from services.registration.registrations.pages import sizes
from services.registration.registrations.schemas import MoveIn, OwnPatch, OwnRegistration
from services.registration.registrations.slips import slip

router = APIRouter()


@router.get("/registrations/{token}")
def ticket_page(request: Request, token: str, new: str = "") -> HTMLResponse:
    """The ticket, what happens next, and the ways to change it. ``new``: just registered."""
    registration = service.look(token)
    begun = registration.activity.starts_at <= utc_now()
    stands = registration.status in LIVE and not begun
    return pages.render(
        request,
        "registrations/ticket.html",
        registration=registration,
        activity=registration.activity,
        token=token,
        new=bool(new),
        code=tickets.spaced(registration.ticket_code),
        begun=begun,
        has_other_dates=stands and bool(moving.other_dates(token)),
        after=afterwards(registration),
        quizzes=quizzes.on_ticket(registration),
        pack=packs.on_ticket(registration),
    )


@router.post("/registrations/{token}/accept", dependencies=[PublicRate])
def accept(request: Request, token: str) -> Response:
    """Take the places that were offered, then show the ticket."""
    return _done(request, token, service.accept, new=True)


@router.post("/registrations/{token}/keep", dependencies=[PublicRate])
def keep(request: Request, token: str) -> Response:
    """Say that the new time or place suits, then show the ticket."""
    return _done(request, token, service.keep)


def _done(
    request: Request, token: str, act: Callable[[str], OwnRegistration], *, new: bool = False
) -> Response:
    """Do it and show the ticket; a refusal is said above it."""
    try:
        act(token)
    except LinkNotValid:
        raise
    except Problem as problem:
        return pages.render(
            request,
            "registrations/refused_act.html",
            problem.status,
            problem=problem,
            registration=service.look(token),
            token=token,
        )
    return RedirectResponse(f"/registrations/{token}" + ("?new=1" if new else ""), 303)


@router.get("/registrations/{token}/move")
def move_page(request: Request, token: str) -> HTMLResponse:
    """The other dates of the series that have room."""
    return _move_form(request, token, Form())


@router.post("/registrations/{token}/move", dependencies=[PublicRate])
def move(request: Request, token: str, typed: TypedForm) -> Response:
    """Move to another date, then show the ticket."""
    chosen = typed.text("activity_id")
    if chosen not in {str(other.id) for other in moving.other_dates(token)}:
        missing = FieldError("activity_id", lazy("Please choose one of the dates."))
        return _move_form(request, token, Form(typed.values(), Invalid([missing])), status=422)
    try:
        wanted = typed.parse(MoveIn)
        moving.move(token, wanted.activity_id, wanted.answers)
    except LinkNotValid:
        raise
    except Invalid as invalid:
        questions, answers = moving.asked_there(token, uuid.UUID(chosen))
        form = Form(values_of(questions, answers) | typed.values(), invalid)
        return _move_form(request, token, form, status=422, questions=questions)
    except Problem as problem:
        form = Form(typed.values())
        return _move_form(request, token, form, status=problem.status, problem=problem)
    return RedirectResponse(f"/registrations/{token}?new=1", 303)


def _move_form(
    request: Request,
    token: str,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
    questions: Sequence[dict[str, Any]] = (),
) -> HTMLResponse:
    registration = service.look(token)
    return pages.render(
        request,
        "registrations/move.html",
        status,
        registration=registration,
        activity=registration.activity,
        token=token,
        form=form,
        problem=problem,
        dates=moving.other_dates(token),
        asked=asked(questions),
    )


@router.get("/registrations/{token}/print")
def print_page(request: Request, token: str) -> HTMLResponse:
    """The ticket on one sheet of paper."""
    registration = service.look(token)
    return slip(request, registration, registration.activity, back=f"/registrations/{token}")


@router.get("/registrations/{token}/qr.svg")
def qr_picture(token: str) -> Response:
    """The ticket code as a QR picture."""
    registration = service.look(token)
    return Response(
        tickets.picture(registration.ticket_code),
        media_type="image/svg+xml",
        headers={"Cache-Control": "private, max-age=3600"},
    )


@router.get("/registrations/{token}/calendar.ics")
def calendar_entry(token: str) -> Response:
    """The calendar file."""
    return Response(
        calendar_file(service.look(token), utc_now()),
        media_type=MEDIA_TYPE,
        headers={
            "Cache-Control": "private, no-cache",
            "Content-Disposition": 'attachment; filename="lingbao.ics"',
        },
    )


@router.get("/registrations/{token}/change")
def change_page(request: Request, token: str) -> HTMLResponse:
    """The form with what is stored."""
    registration = service.look(token)
    activity = catalogue.one_activity(str(registration.activity_id))
    values = {
        "name": registration.name,
        "party_size": str(registration.party_size),
        "children": str(registration.children),
        "companions": registration.companions,
        "reminders": registration.consents.reminders,
    }
    form = Form(values | values_of(activity.questions, registration.answers))
    return _change_form(request, token, activity, form)


@router.post("/registrations/{token}/change", dependencies=[PublicRate])
def change(request: Request, token: str, typed: TypedForm) -> Response:
    """Change name, party or answers, then show the ticket."""
    activity = catalogue.one_activity(str(service.look(token).activity_id))
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
        service.change(token, typed.parse(OwnPatch, **fields))
    except Invalid as invalid:
        return _change_form(request, token, activity, Form(typed.values(), invalid), status=422)
    except LinkNotValid:
        raise
    except Problem as problem:
        form = Form(typed.values())
        return _change_form(request, token, activity, form, status=problem.status, problem=problem)
    return RedirectResponse(f"/registrations/{token}", 303)


def _change_form(
    request: Request,
    token: str,
    activity: ActivityOut,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "registrations/change.html",
        status,
        activity=activity,
        token=token,
        form=form,
        problem=problem,
        asked=asked(activity.questions),
        sizes=sizes(activity.max_party_size, activity.capacity),
    )


@router.get("/registrations/{token}/cancel")
def cancel_page(request: Request, token: str) -> Response:
    """Asks first; a mail scanner that opens the link changes nothing."""
    registration = service.look(token)
    if registration.status == "cancelled":
        return RedirectResponse(f"/registrations/{token}", 303)
    return _cancel_form(request, token, registration)


@router.post("/registrations/{token}/cancel", dependencies=[PublicRate])
def cancel(request: Request, token: str) -> Response:
    """Cancel, then show that it is done."""
    service.cancel(token)
    return RedirectResponse(f"/registrations/{token}", 303)


def _cancel_form(request: Request, token: str, registration: OwnRegistration) -> HTMLResponse:
    consequences = {
        "confirmed": [
            _("Your places are offered to others at once."),
            _("We send you a message that confirms it, and no more reminders."),
        ],
        "offered": [
            _("The places are offered to the next on the waiting list."),
            _("We send you a message that confirms it."),
        ],
        "waiting": [
            _("You leave the waiting list; your position in it is lost."),
            _("We send you a message that confirms it."),
        ],
    }
    return pages.render(
        request,
        "confirm.html",
        title=_("Cancel your registration"),
        text=_("This cancels your registration for “%(title)s”.")
        % {"title": localized(registration.activity.title)},
        consequences=consequences.get(registration.status, []),
        button=_("Cancel the registration"),
        cancel_url=f"/registrations/{token}",
        cancel_label=_("Keep it"),
        danger=True,
    )
