"""The staff's pages about alerts of others: the inbox, an alert, handing one in, following one."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import Lazy, country_name, lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.content.advisories.pages import country_choices, history_words
from services.content.advisories.schemas import AdvisoryForm, AdvisoryPatch, WithdrawIn
from services.content.advisories.staff_pages import Editor, Viewer, filled, form_page
from services.content.alerts import handling, reading, taking_in
from services.content.alerts.cap import NotCap
from services.content.alerts.mapping import LEVEL_OF, WORD_OF
from services.content.alerts.models import LINK_NAMES, STATE_NAMES, STATE_TONES, State
from services.content.alerts.schemas import DraftIn
from services.content.alerts.xml_reading import MOST_BYTES, NotXml
from services.content.database import pages
from services.content.language import options
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/advisories/alerts")

PLACE = "/staff/advisories/alerts"
MESSAGE_NAMES = {
    "Alert": lazy("Warning"),
    "Update": lazy("Update"),
    "Cancel": lazy("Cancellation"),
    "Ack": lazy("Acknowledgement"),
    "Error": lazy("Error message"),
}
# What CAP 1.2 calls urgency, severity and certainty, in the words of people.
CAP_NAMES = {
    "Extreme": lazy("Extreme"),
    "Severe": lazy("Severe"),
    "Moderate": lazy("Moderate"),
    "Minor": lazy("Minor"),
    "Immediate": lazy("Immediate"),
    "Expected": lazy("Expected"),
    "Future": lazy("Future"),
    "Past": lazy("Past"),
    "Observed": lazy("Observed"),
    "Likely": lazy("Likely"),
    "Possible": lazy("Possible"),
    "Unlikely": lazy("Unlikely"),
    "Unknown": lazy("Unknown"),
}


async def _file(request: Request) -> bytes:
    file = (await request.form(max_fields=20, max_files=1)).get("file")
    return await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) else b""


@site.get("")
def inbox(
    request: Request, principal: Viewer, state: str = "open", cursor: str | None = None
) -> HTMLResponse:
    """The alerts that were taken in; at first those that a person has to look at."""
    chosen = next((one for one in get_args(State) if one == state), None)
    found = reading.listed(state=chosen, cursor=cursor)
    return pages.render(
        request,
        "alerts/inbox.html",
        alerts=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts(),
        form=Form({"state": chosen or "all"}),
        state_options=[*options(STATE_NAMES), ("all", str(lazy("All")))],
        mapping=[(name, LEVEL_OF[name], WORD_OF[LEVEL_OF[name]]) for name in LEVEL_OF],
        **_words(),
    )


@site.get("/new")
def new(request: Request, principal: Editor) -> HTMLResponse:
    """The form for handing an alert in."""
    return _upload_page(request, Form())


@site.post("/new")
def hand_in(
    request: Request, principal: Editor, data: Annotated[bytes, Depends(_file)]
) -> Response:
    """Take it in: a draft, or sentences about what is not right."""
    if not data:
        missing = Invalid([FieldError("file", lazy("Please choose a file."))])
        return _upload_page(request, Form({}, missing), 422)
    try:
        taken = taking_in.hand_in(principal, data)
    except NotXml as error:
        unread = Invalid([FieldError("file", error.sentence)])
        return _upload_page(request, Form({}, unread), 422)
    except NotCap as error:
        faulty = Invalid([FieldError("file", _what_is_wrong(error))])
        return _upload_page(request, Form({}, faulty), 422, error)
    return RedirectResponse(f"{PLACE}/{taken.id}{'' if taken.is_new else '?known=1'}", 303)


@site.get("/{alert_id:uuid}")
def one(request: Request, alert_id: uuid.UUID, principal: Viewer, known: str = "") -> HTMLResponse:
    """An alert: what it says, what it means for us, and what can be done with it."""
    return _alert_page(request, alert_id, Form(), known=bool(known))


@site.post("/{alert_id:uuid}/draft")
def write(request: Request, alert_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Write a draft from it for a country."""
    try:
        country = typed.parse(DraftIn).country
    except Invalid as error:
        return _alert_page(request, alert_id, Form(typed.values(), error), 422)
    advisory_id = handling.write(principal, alert_id, country)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


@site.post("/{alert_id:uuid}/set-aside")
def set_aside(alert_id: uuid.UUID, principal: Editor) -> Response:
    """Decide that it is not followed."""
    handling.set_aside(principal, alert_id)
    return RedirectResponse(f"{PLACE}/{alert_id}", 303)


@site.get("/{alert_id:uuid}/follow/{advisory_id:uuid}")
def follow_page(
    request: Request, alert_id: uuid.UUID, advisory_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """The advisory's form as it would follow an update; or the question before it is withdrawn."""
    advisory, wanted, alert = reading.proposed(alert_id, advisory_id)
    if alert.msg_type == "Cancel":
        form = Form({"reason": handling.reason_of(alert)})
        return _end_page(request, alert_id, advisory.country, form)
    return form_page(request, filled(wanted), advisory, follows=f"{PLACE}/{alert_id}")


@site.post("/{alert_id:uuid}/follow/{advisory_id:uuid}")
def follow(
    request: Request,
    alert_id: uuid.UUID,
    advisory_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Change or withdraw the advisory, and note that it has followed the alert."""
    advisory, _wanted, alert = reading.proposed(alert_id, advisory_id)
    here = f"{PLACE}/{alert_id}"
    try:
        if alert.msg_type == "Cancel":
            reason = typed.parse(WithdrawIn).reason
            handling.follow_end(principal, alert_id, advisory_id, reason)
        else:
            wanted = typed.parse(AdvisoryForm)
            patch = AdvisoryPatch(version=typed.version(), **wanted.model_dump())
            handling.follow_change(principal, alert_id, advisory_id, patch)
    except Invalid as error:
        form = Form(typed.values(), error)
        if alert.msg_type == "Cancel":
            return _end_page(request, alert_id, advisory.country, form, 422)
        return form_page(request, form, advisory, status=422, follows=here)
    except Problem as problem:
        if problem.status != 409 or alert.msg_type == "Cancel":
            raise
        form = Form(typed.values() | {"version": advisory.version})
        return form_page(request, form, advisory, problem, status=409, follows=here)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


def _words() -> dict[str, Any]:
    return history_words() | {
        "state_names": STATE_NAMES,
        "state_tones": STATE_TONES,
        "message_names": MESSAGE_NAMES,
        "cap_names": CAP_NAMES,
        "link_names": LINK_NAMES,
    }


def _what_is_wrong(error: NotCap) -> Lazy:
    if not error.faults[0].where:
        return error.faults[0].sentence
    return lazy(
        "It is not written as CAP 1.2 has it. Places: %(count)s, listed below.",
        count=len(error.faults),
    )


def _upload_page(
    request: Request, form: Form, status: int = 200, refused: NotCap | None = None
) -> HTMLResponse:
    faults = [fault for fault in refused.faults if fault.where] if refused else []
    return pages.render(
        request,
        "alerts/upload.html",
        status,
        form=form,
        faults=faults,
        most=MOST_BYTES // 1_000_000,
    )


def _alert_page(
    request: Request, alert_id: uuid.UUID, form: Form, status: int = 200, *, known: bool = False
) -> HTMLResponse:
    return pages.render(
        request,
        "alerts/one.html",
        status,
        kept=reading.for_staff(alert_id),
        form=form,
        known=known,
        choices=country_choices(),
        **_words(),
    )


def _end_page(
    request: Request, alert_id: uuid.UUID, country: str, form: Form, status: int = 200
) -> HTMLResponse:
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw the advisory for %(country)s?", country=country_name(country)),
        text=lazy("The alert that it was written from has been cancelled."),
        consequences=[
            lazy("It leaves the public pages at once."),
            lazy("The feed says for 30 days that it was withdrawn, with your reason."),
        ],
        back=f"{PLACE}/{alert_id}",
    )
