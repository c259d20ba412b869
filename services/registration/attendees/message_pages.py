"""Writing to the people of an activity: the form, the preview with how many it reaches, what went.

The form and the preview hand one another everything that was written and chosen.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.idempotency import once_per_form
from services.chassis.markdown import to_html
from services.chassis.problems import Invalid, Problem
from services.registration.activities.words import LANGUAGE_NAMES
from services.registration.attendees import messages, reading, service, words
from services.registration.attendees.messages import Recipients, by_choice, by_status, sms_parts
from services.registration.attendees.pages import Editor, Viewer
from services.registration.attendees.schemas import Letter, Message, MessageIn
from services.registration.attendees.selection import Selection
from services.registration.database import database, pages
from services.registration.notices.service import told_of
from services.registration.registrations.models import STATUS_NAMES

router = APIRouter(prefix="/staff/activities/{activity_id}/messages")

_WRITABLE = ("confirmed", "offered", "waiting", "cancelled")


@router.get("")
def index(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """What was sent, when, by whom and to how many."""
    activity, sent = messages.sent_to(principal, activity_id)
    with database.transaction() as session:
        advisories = told_of(session, activity.id)
    return pages.render(
        request,
        "attendees/messages.html",
        activity=activity,
        advisories=advisories,
        sent=[(message, _texts(message.message, message.channels)) for message in sent],
        status_names=STATUS_NAMES,
        channel_names=words.CHANNEL_NAMES,
        may_write=principal.may("activities.edit"),
    )


@router.get("/new")
def new(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """An empty form, to everyone with a place unless chosen otherwise."""
    form = Form({"statuses": ["confirmed"], "channels": ["email", "sms"]})
    return _form(request, principal, activity_id, form, None)


@router.post("/new")
def write(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """The form for those picked from the list; or the form again, to go on writing."""
    selection = _selection(typed)
    if selection is not None and not service.chosen(principal, activity_id, selection):
        return RedirectResponse(f"/staff/activities/{activity_id}/registrations?done=nothing", 303)
    begun = bool(typed.text("channels"))
    form = Form(typed.values() if begun else {"channels": ["email", "sms"]})
    return _form(request, principal, activity_id, form, selection)


@router.post("/preview")
def preview(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """How it will look and whom it reaches. Nothing is sent yet."""
    selection = _selection(typed)
    try:
        letter, recipients, _statuses = _read(typed, selection)
        messages.must_be_written(letter)
        reach = messages.reach(principal, activity_id, recipients, letter.channels)
    except Problem as problem:
        return _refused(request, principal, activity_id, typed, problem)
    return pages.render(
        request,
        "attendees/message_preview.html",
        activity=reading.activity(principal, activity_id),
        reach=reach,
        texts=_texts(letter.message, letter.channels),
        channel_names=words.CHANNEL_NAMES,
        form=Form(),
        fields=[(name, text) for name, text in typed.fields if name != "_once"],
    )


@router.post("/send")
def send(request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Send what was previewed, once."""
    selection = _selection(typed)
    try:
        letter, recipients, statuses = _read(typed, selection)
        messages.send(
            principal,
            activity_id,
            recipients,
            letter,
            once_per_form(request, typed),
            statuses=statuses,
        )
    except Problem as problem:
        return _refused(request, principal, activity_id, typed, problem)
    return RedirectResponse(f"/staff/activities/{activity_id}/messages", 303)


def _selection(typed: Typed) -> Selection | None:
    """Whom somebody picked from the list; ``None`` when it goes by how people stand."""
    return Selection.read(typed) if typed.text("scope") else None


def _read(typed: Typed, selection: Selection | None) -> tuple[Letter, Recipients, Sequence[str]]:
    if selection is not None:
        return typed.parse(Letter), by_choice(selection), ()
    wanted = typed.parse(MessageIn)
    return wanted, by_status(wanted.statuses), wanted.statuses


def _form(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    form: Form,
    selection: Selection | None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    activity = reading.activity(principal, activity_id)
    chosen = len(service.chosen(principal, activity_id, selection)) if selection else 0
    return pages.render(
        request,
        "attendees/message_form.html",
        status,
        activity=activity,
        form=form,
        problem=problem,
        selection=selection,
        chosen=chosen,
        statuses=[(one, str(STATUS_NAMES[one])) for one in _WRITABLE],
        channels=[(one, str(name)) for one, name in words.CHANNEL_NAMES.items()],
        back=f"/staff/activities/{activity_id}/registrations",
    )


def _refused(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    typed: Typed,
    problem: Problem,
) -> HTMLResponse:
    """The form with everything typed: beside the fields what is wrong with them, or a notice."""
    if problem.status in (403, 404):
        raise problem
    invalid = problem if isinstance(problem, Invalid) else None
    return _form(
        request,
        principal,
        activity_id,
        Form(typed.values(), invalid),
        _selection(typed),
        status=problem.status,
        problem=None if invalid else problem,
    )


def _texts(message: Message, channels: Sequence[str]) -> list[dict[str, Any]]:
    """What is written, as its readers will see it: one entry for each language."""
    return [
        {
            "tag": tag,
            "language": str(LANGUAGE_NAMES[tag]),
            "subject": text.subject if "email" in channels else "",
            "html": to_html(text.body) if "email" in channels else "",
            "sms": text.sms if "sms" in channels else "",
            "sms_parts": sms_parts(text.sms),
        }
        for tag, text in message.written.items()
    ]
