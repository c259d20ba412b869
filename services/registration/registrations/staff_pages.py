"""The staff's pages of an activity's registrations: the list, and cancelling one."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized, ngettext
from services.registration.database import pages
from services.registration.registrations import staff, tickets
from services.registration.registrations.models import MOVES, STATUS_NAMES, Status

router = APIRouter(prefix="/staff/activities/{activity_id}/registrations")

Viewer = Annotated[Principal, Depends(require("registrations.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

STATUS_TONES = {
    "unverified": "neutral",
    "confirmed": "good",
    "waiting": "wait",
    "cancelled": "neutral",
}


@router.get("")
def list_page(
    request: Request, activity_id: uuid.UUID, principal: Viewer, status: str = "", q: str = ""
) -> HTMLResponse:
    """Everyone registered, by status and by words. A status that we do not know is left."""
    wanted: Status | None = next((known for known in MOVES if known == status), None)
    found = staff.roster(principal, activity_id, status=wanted, words=q)
    return pages.render(
        request,
        "registrations/staff_list.html",
        found=found,
        activity=found.activity,
        form=Form({"status": wanted or "", "q": q}),
        narrowed=bool(wanted or q.strip()),
        may_cancel=principal.may("activities.edit"),
        statuses=[(code, str(name)) for code, name in STATUS_NAMES.items() if code != "unverified"],
        status_names=STATUS_NAMES,
        status_tones=STATUS_TONES,
        spaced=tickets.spaced,
    )


@router.get("/{registration_id}/cancel")
def cancel_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> Response:
    """Says what will happen to whom."""
    registration, activity = staff.one(principal, activity_id, registration_id)
    back = f"/staff/activities/{activity_id}/registrations"
    if registration.status == "cancelled":
        return RedirectResponse(back, 303)
    consequences = [_("The person is told by the ways they gave, and gets no more reminders.")]
    if registration.status == "confirmed":
        consequences.append(
            ngettext(
                "%(count)s place comes free and goes to the waiting list first.",
                "%(count)s places come free and go to the waiting list first.",
                registration.party_size,
            )
            % {"count": registration.party_size}
        )
    return pages.render(
        request,
        "confirm.html",
        title=_("Cancel the registration of %(name)s") % {"name": registration.name},
        text=localized(activity.title),
        consequences=consequences,
        button=_("Cancel the registration"),
        cancel_url=back,
        danger=True,
    )


@router.post("/{registration_id}/cancel")
def cancel(activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor) -> Response:
    """Cancel on the registrant's behalf."""
    staff.cancel(principal, activity_id, registration_id)
    return RedirectResponse(f"/staff/activities/{activity_id}/registrations", 303)
