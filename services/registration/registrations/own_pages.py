"""The registrant's own pages behind their link: the ticket, change and cancel."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.registration.activities import catalogue
from services.registration.database import pages
from services.registration.registrations import service, tickets
from services.registration.registrations.calendar import MEDIA_TYPE, calendar_file
from services.registration.registrations.pages import sizes
from services.registration.registrations.schemas import OwnRegistration, RegistrationPatch

router = APIRouter()


@router.get("/registrations/{token}")
def ticket_page(request: Request, token: str, new: str = "") -> HTMLResponse:
    """The ticket, what happens next, and the ways to change it. ``new``: just registered."""
    registration = service.look(token)
    return pages.render(
        request,
        "registrations/ticket.html",
        registration=registration,
        activity=registration.activity,
        token=token,
        new=bool(new),
        code=tickets.spaced(registration.ticket_code),
        begun=registration.activity.starts_at <= utc_now(),
    )


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
    values = {"name": registration.name, "party_size": str(registration.party_size)}
    return _change_form(request, token, registration, Form(values))


@router.post("/registrations/{token}/change", dependencies=[PublicRate])
def change(request: Request, token: str, typed: TypedForm) -> Response:
    """Change name or party, then show the ticket."""
    registration = service.look(token)
    try:
        # An emptied field is as good as one left out; here it has to be said that it is needed.
        fields = {"name": typed.text("name"), "party_size": typed.text("party_size") or None}
        service.change(token, typed.parse(RegistrationPatch, **fields))
    except Invalid as invalid:
        return _change_form(request, token, registration, Form(typed.values(), invalid), status=422)
    except Problem as problem:
        form = Form(typed.values())
        return _change_form(
            request, token, registration, form, status=problem.status, problem=problem
        )
    return RedirectResponse(f"/registrations/{token}", 303)


def _change_form(
    request: Request,
    token: str,
    registration: OwnRegistration,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    activity = catalogue.one_activity(str(registration.activity_id))
    return pages.render(
        request,
        "registrations/change.html",
        status,
        registration=registration,
        activity=registration.activity,
        token=token,
        form=form,
        problem=problem,
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
