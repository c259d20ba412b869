"""The ticket on paper: for the registrant, and for whoever was registered at the counter."""

from __future__ import annotations

import base64

from fastapi import Request
from fastapi.responses import HTMLResponse

from services.registration.activities.events import ActivityState
from services.registration.database import pages
from services.registration.registrations import tickets
from services.registration.registrations.models import STATUS_NAMES
from services.registration.registrations.schemas import ListedRegistration, OwnRegistration


def slip(
    request: Request,
    registration: OwnRegistration | ListedRegistration,
    activity: ActivityState,
    *,
    back: str,
    more: str = "",
) -> HTMLResponse:
    """One sheet with everything that the door and the person need.

    Args:
        back: the page that it was opened from.
        more: where staff register the next person; empty for the registrant's own.
    """
    return pages.render(
        request,
        "registrations/slip.html",
        registration=registration,
        activity=activity,
        code=tickets.spaced(registration.ticket_code),
        qr=base64.b64encode(tickets.picture(registration.ticket_code)).decode(),
        status_names=STATUS_NAMES,
        back=back,
        more=more,
    )
