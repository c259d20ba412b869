"""One's own data behind one's link: what is held, the file, and its erasure."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.chassis.database import utc_now
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.ratelimit import PublicRate
from services.registration.database import pages
from services.registration.registrations.models import LIVE
from services.registration.retention import own_data

router = APIRouter(prefix="/registrations/{token}")


@router.get("/data")
def data_page(request: Request, token: str) -> HTMLResponse:
    """Everything that is held, in words."""
    held = own_data.show(token)
    return pages.render(
        request,
        "retention/data.html",
        held=held,
        registration=held.registration,
        activity=held.activity,
        answers=own_data.answers_in_words(held),
        token=token,
    )


@router.get("/data.json")
def data_file(token: str) -> Response:
    """The same to take along, machine-readable."""
    return Response(
        own_data.show(token).model_dump_json(indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="lingbao-data.json"'},
    )


@router.get("/erase")
def erase_page(request: Request, token: str) -> HTMLResponse:
    """Asks first; a mail scanner that opens the link changes nothing."""
    held = own_data.show(token)
    consequences = [
        _("Your name, your addresses, your answers and what you wrote about the activity go."),
        _("That somebody was there, and how many, stays in our counts, without you."),
        _("This link, and the certificate of attendance behind it, can no longer be opened."),
        _("This cannot be undone."),
    ]
    if held.registration.status in LIVE and held.activity.starts_at > utc_now():
        consequences.insert(0, _("Your registration is cancelled, and the places go to others."))
    return pages.render(
        request,
        "confirm.html",
        title=_("Erase your data"),
        text=localized(held.activity.title),
        consequences=consequences,
        button=_("Erase my data"),
        cancel_url=f"/registrations/{token}/data",
        cancel_label=_("Keep it"),
        danger=True,
    )


@router.post("/erase", dependencies=[PublicRate])
def erase(request: Request, token: str) -> HTMLResponse:
    """Erase, then say so; the page itself holds nothing any more."""
    own_data.erase_own(token)
    return pages.render(request, "retention/erased.html")
