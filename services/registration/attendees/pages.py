"""The staff's pages of an activity's people: the list, the list on paper, and one of them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, localized, ngettext
from services.registration.activities.models import Activity
from services.registration.attendees import reading, service, words
from services.registration.attendees.filters import SORTS, SOURCES, Filters
from services.registration.attendees.reading import One, Roster
from services.registration.attendees.schemas import Channel
from services.registration.database import pages
from services.registration.questions.columns import columns
from services.registration.registrations import tickets
from services.registration.registrations.models import STATUS_NAMES

router = APIRouter(prefix="/staff/activities/{activity_id}/registrations")

Viewer = Annotated[Principal, Depends(require("registrations.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

# What a finished act says on the list; `%(count)s` registrations.
DONE = {
    "cancelled": lazy("Cancelled, and each person is told."),
    "asked": lazy("They are being asked whether they come."),
    "sent": lazy("It is being sent once more."),
    "changed": lazy("The changes are saved, and the person is told."),
    "corrected": lazy("Corrected. The confirmation goes to the new address."),
    "messaged": lazy("Your message is on its way."),
    "nothing": lazy("Nothing was chosen, so nothing was done."),
}
# More names than this are no list for paper.
MOST_ON_PAPER = 5_000


@router.get("")
def list_page(
    request: Request, activity_id: uuid.UUID, principal: Viewer, page: str = "1", done: str = ""
) -> HTMLResponse:
    """Everyone registered who matches the filters in the address, some at a time."""
    filters = Filters.read(request.query_params)
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    found = reading.roster(principal, activity_id, filters, number)
    return pages.render(
        request,
        "attendees/list.html",
        found=found,
        activity=found.activity,
        filters=filters,
        form=Form(filters.given),
        bulk=Form({"scope": "chosen"}),
        done=DONE.get(done),
        acts=_acts(principal, found),
        options=_options(found.activity),
        may_edit=principal.may("activities.edit"),
        may_register=principal.may("registrations.check-in") and found.activity.ends_at > utc_now(),
        status_names=STATUS_NAMES,
        status_tones=words.STATUS_TONES,
        spaced=tickets.spaced,
    )


def _acts(principal: Principal, found: Roster) -> list[tuple[str, str]]:
    """What this person may do with many at once."""
    acts: list[tuple[str, str]] = []
    if principal.may("activities.edit"):
        acts.append(("message", _("Write to them")))
        if found.activity.status == "published" and found.activity.ends_at > utc_now():
            acts.append(("ask", _("Ask whether they come")))
            acts.append(("cancel", _("Cancel their registrations")))
    if principal.may("contacts.view"):
        acts.append(("csv", _("Download as CSV")))
        acts.append(("xlsx", _("Download as XLSX (Excel)")))
    return acts


def _options(activity: Activity) -> dict[str, list[tuple[str, str]]]:
    """The choices of the filters."""
    return {
        "status": [(status, str(name)) for status, name in STATUS_NAMES.items()],
        "came": [("yes", _("Has come")), ("no", _("Has not come"))],
        "source": [(source, str(words.SOURCE_NAMES[source])) for source in SOURCES],
        "sort": [(sort, str(words.SORT_NAMES[sort])) for sort in SORTS],
        "question": columns(activity.questions),
    }


@router.get("/print")
def print_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """Everyone with a place, by name, with boxes to tick: for a door without a telephone."""
    activity, rows = reading.for_the_door(principal, activity_id)
    return pages.render(
        request,
        "attendees/print.html",
        activity=activity,
        rows=rows[:MOST_ON_PAPER],
        total=len(rows),
        people=sum(row.party_size for row in rows),
        printed_at=utc_now(),
        spaced=tickets.spaced,
    )


@router.get("/{registration_id}")
def one_page(
    request: Request,
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    principal: Viewer,
    done: str = "",
) -> HTMLResponse:
    """One registration: who, how many, what they answered, and what has happened to it."""
    found = reading.one(principal, activity_id, registration_id)
    row = found.registration
    live = row.status not in ("cancelled", "unverified") and row.erased_at is None
    begun = found.activity.starts_at <= utc_now() or row.checked_in_at is not None
    return pages.render(
        request,
        "attendees/one.html",
        found=found,
        registration=row,
        activity=found.activity,
        done=DONE.get(done),
        may_change=principal.may("activities.edit") and live,
        may_cancel=principal.may("activities.edit")
        and row.status != "cancelled"
        and row.erased_at is None
        and row.checked_in_at is None,
        may_print=principal.may("registrations.check-in") and live,
        begun=begun,
        status_names=STATUS_NAMES,
        status_tones=words.STATUS_TONES,
        source_names=words.SOURCE_NAMES,
        cause_names=words.CAUSE_NAMES,
        code=tickets.spaced(row.ticket_code),
    )


@router.get("/{registration_id}/cancel")
def cancel_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> Response:
    """Says what will happen to whom."""
    found = reading.one(principal, activity_id, registration_id)
    if found.registration.status == "cancelled":
        here = f"/staff/activities/{activity_id}/registrations/{registration_id}"
        return RedirectResponse(here, 303)
    return cancel_form(request, found, Form())


def cancel_form(request: Request, found: One, form: Form, *, status: int = 200) -> HTMLResponse:
    """The question before one registration is cancelled."""
    registration = found.registration
    consequences = [_("The person is told by the ways they gave, and gets no more reminders.")]
    if registration.seats_held:
        consequences.append(
            ngettext(
                "%(count)s place comes free and goes to the waiting list first.",
                "%(count)s places come free and go to the waiting list first.",
                registration.seats_held,
            )
            % {"count": registration.seats_held}
        )
    return pages.render(
        request,
        "attendees/cancel.html",
        status,
        title=_("Cancel the registration of %(name)s") % {"name": registration.name},
        text=localized(found.activity.title),
        consequences=consequences,
        button=_("Cancel the registration"),
        cancel_url=f"/staff/activities/{found.activity.id}/registrations/{registration.id}",
        danger=True,
        form=form,
    )


@router.get("/{registration_id}/send-again")
def send_again_page(
    request: Request, activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """Says what goes where."""
    found = reading.one(principal, activity_id, registration_id)
    registration = found.registration
    ways: list[Channel] = []
    if registration.email:
        ways.append("email")
    if registration.phone:
        ways.append("sms")
    names = _(", ").join(str(words.CHANNEL_NAMES[way]) for way in ways)
    return pages.render(
        request,
        "confirm.html",
        title=_("Send it to %(name)s once more") % {"name": registration.name},
        text=_("How the registration stands, with the link and, for a place, ticket and calendar."),
        consequences=[
            _("It goes out by: %(ways)s.") % {"ways": names}
            if ways
            else _("The person gave no address, so nothing goes out. Please print the ticket.")
        ],
        button=_("Send"),
        cancel_url=f"/staff/activities/{activity_id}/registrations/{registration_id}",
    )


@router.post("/{registration_id}/send-again")
def send_again(activity_id: uuid.UUID, registration_id: uuid.UUID, principal: Editor) -> Response:
    """Send it once more."""
    service.send_again(principal, activity_id, registration_id)
    here = f"/staff/activities/{activity_id}/registrations/{registration_id}"
    return RedirectResponse(f"{here}?done=sent", 303)
