"""The staff's pages for broadcasts: the list, one broadcast, writing it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.markdown import to_html
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.chassis.validation import field_errors
from services.notifications.broadcasts import labels, reading, trial, writing
from services.notifications.broadcasts.audience import Rules
from services.notifications.broadcasts.choices import activity_title, choices
from services.notifications.broadcasts.message import sms_text
from services.notifications.broadcasts.models import STATUS_NAMES, Status
from services.notifications.broadcasts.schemas import (
    Audience,
    AudienceOut,
    BroadcastForm,
    BroadcastIn,
    BroadcastOut,
    Channel,
    Message,
    TestIn,
)
from services.notifications.database import pages
from services.notifications.delivery import labels as states
from services.notifications.messages.sms import parts as sms_parts

router = APIRouter(prefix="/staff/broadcasts")

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]
Writer = Annotated[Principal, Depends(require("broadcasts.write"))]

# What a finished act says on the page that it leads to.
DONE = {
    "created": lazy("The draft is saved. Nothing is sent until somebody else has approved it."),
    "saved": lazy("Your changes are saved."),
    "tested": lazy("The trial is on its way."),
    "submitted": lazy("Submitted. Somebody else can approve it now."),
    "approved": lazy("Approved. Whom it reaches is fixed from now on."),
    "sent": lazy("It is being sent."),
    "paused": lazy("Paused. Messages in hand at that moment still go out."),
    "resumed": lazy("It goes on."),
    "cancelled": lazy("Cancelled. What had not gone out never will."),
}


@router.get("")
def index(
    request: Request, principal: Reader, status: str = "", cursor: str | None = None
) -> Response:
    """All broadcasts of the office, newest first."""
    wanted = [status] if status in set(Status) else []
    return pages.render(
        request,
        "broadcasts/list.html",
        page=reading.listed(principal, statuses=wanted, cursor=cursor),
        chosen=status if wanted else "",
        status_names=STATUS_NAMES,
        labels=labels,
        channel_names=states.CHANNEL_NAMES,
        may_write=principal.may("broadcasts.write"),
    )


@router.get("/new")
def new(request: Request, principal: Writer) -> Response:
    """An empty form."""
    form = Form({"urgency": "routine", "channels": ["email"], "timezone": city().timezone})
    return _form(request, principal, form)


@router.post("/new")
def create(request: Request, principal: Writer, typed: TypedForm) -> Response:
    """Save a first draft."""
    try:
        wanted = typed.parse(BroadcastForm)
        made = writing.create(principal, _without_version(wanted), once_per_form(request, typed))
    except Problem as problem:
        return _form_again(request, principal, typed, problem)
    return _to(made.id, "created")


class _Sketch(BaseModel):
    """What of a form that is still being filled decides whom it reaches, and the SMS in it."""

    urgency: str = "routine"
    channels: list[Channel] = []
    audience: Audience = Audience()


@router.post("/reach")
def reach(request: Request, principal: Writer, typed: TypedForm) -> Response:
    """Whom the choices made so far would reach. Changes nothing; the form asks as it is filled."""
    return pages.render(
        request, "broadcasts/reach.html", replacing=True, **_sketched(principal, typed.values())
    )


def _sketched(principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
    """The live panel for whatever stands in the form; nothing to show where it makes no sense."""
    found: AudienceOut | None = None
    try:
        sketch = _Sketch.model_validate(_nested(values))
        audience = sketch.audience
        if principal.district is not None:
            audience = audience.model_copy(update={"districts": [principal.district]})
        if sketch.channels:
            found = reading.reach_of(Rules(audience, sketch.urgency, sketch.channels))
    except ValueError:
        found = None  # the form's own check says what is wrong, when it is sent
    urgency = str(values.get("urgency", "routine"))
    texts = {tag: str(values.get(f"message.{tag}.sms", "")).strip() for tag in ("zh-CN", "en")}
    return {
        "reach": found,
        "urgency": urgency,
        "labels": labels,
        "channel_names": states.CHANNEL_NAMES,
        "sms": {
            tag: sms_parts(sms_text(text, tag, urgency, uuid.UUID(int=0)))
            for tag, text in texts.items()
            if text
        },
    }


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    lists = ("districts", "countries", "topics", "organisation_kinds")
    audience: dict[str, Any] = {name: _several(values.get(f"audience.{name}")) for name in lists}
    for name in ("activity_id", "travelling_on"):
        audience[name] = values.get(f"audience.{name}") or None
    return {
        "urgency": values.get("urgency", "routine"),
        "channels": _several(values.get("channels")),
        "audience": audience,
    }


def _several(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value if item]
    return [str(value)] if value else []


@router.get("/{broadcast_id}")
def show(request: Request, principal: Reader, broadcast_id: uuid.UUID, done: str = "") -> Response:
    """One broadcast, from top to bottom: whom, what, when, who approves, how it goes."""
    return page_of_one(request, principal, broadcast_id, notice=DONE.get(done))


def page_of_one(
    request: Request,
    principal: Principal,
    broadcast_id: uuid.UUID,
    *,
    status: int = 200,
    notice: object = None,
    problem: Problem | None = None,
    form: Form | None = None,
) -> Response:
    """The page of one broadcast, after a refused act with the reason on top."""
    standing = reading.standing(principal, broadcast_id)
    broadcast = standing.broadcast
    return pages.render(
        request,
        "broadcasts/show.html",
        status,
        broadcast=broadcast,
        reach=standing.reach,
        own=standing.own,
        texts=_texts(broadcast),
        notice=notice,
        problem=problem,
        form=form or Form(),
        acts=_acts(principal, broadcast),
        activity=activity_title(broadcast.audience.activity_id)
        if broadcast.audience.activity_id
        else None,
        labels=labels,
        states=states,
        now=utc_now(),
    )


def _texts(broadcast: BroadcastOut) -> list[dict[str, Any]]:
    """What is written, as a reader will see it: one entry for each language."""
    message: Message = broadcast.message
    found = []
    for tag in ("zh-CN", "en"):
        really, words = message.in_language(tag)
        sms = sms_text(words.sms, really, broadcast.urgency, broadcast.id)
        found.append(
            {
                "tag": tag,
                "really": really,
                "name": labels.LANGUAGE_NAMES[tag],
                "words": words,
                "html": to_html(words.body),
                "sms": sms,
                "sms_parts": sms_parts(sms),
            }
        )
    return found


def _acts(principal: Principal, broadcast: BroadcastOut) -> set[str]:
    """The acts that this person may do now, by name."""
    if not principal.may("broadcasts.write"):
        return set()
    by_status: dict[str, set[str]] = {
        Status.DRAFT: {"edit", "test", "submit", "cancel"},
        Status.SUBMITTED: {"edit", "test", "approve", "cancel"},
        Status.APPROVED: {"edit", "test", "send", "cancel"},
        Status.SCHEDULED: {"edit", "cancel"},
        Status.SENDING: {"pause", "cancel"},
        Status.PAUSED: {"resume", "cancel"},
    }
    return by_status.get(broadcast.status, set())


@router.get("/{broadcast_id}/progress")
def progress(
    request: Request, principal: Reader, broadcast_id: uuid.UUID, seen: str = ""
) -> Response:
    """The live part of the page. ``seen`` is the status that the page shows; when it has changed,
    the whole page is asked for again."""
    broadcast = reading.read(principal, broadcast_id)
    response = pages.render(
        request, "broadcasts/progress.html", broadcast=broadcast, states=states, labels=labels
    )
    if seen and seen != broadcast.status:
        response.headers["HX-Redirect"] = f"/staff/broadcasts/{broadcast_id}"
    return response


@router.get("/{broadcast_id}/edit")
def edit(request: Request, principal: Writer, broadcast_id: uuid.UUID) -> Response:
    """The form, filled with what is stored."""
    broadcast = reading.read(principal, broadcast_id)
    if "edit" not in _acts(principal, broadcast):
        return RedirectResponse(f"/staff/broadcasts/{broadcast_id}", 303)
    stored = BroadcastForm.model_validate(
        broadcast.model_dump(include=set(BroadcastForm.model_fields), by_alias=True)
    )
    return _form(request, principal, _filled(stored), broadcast)


@router.post("/{broadcast_id}/edit")
def save(
    request: Request, principal: Writer, broadcast_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Save the changes; what was submitted or approved is a draft again."""
    try:
        writing.edit(principal, broadcast_id, typed.parse(BroadcastForm))
    except Problem as problem:
        broadcast = reading.read(principal, broadcast_id)
        return _form_again(request, principal, typed, problem, broadcast)
    return _to(broadcast_id, "saved")


@router.post("/{broadcast_id}/test")
def test(
    request: Request, principal: Writer, broadcast_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Send a trial to the addresses typed, separated by commas, spaces or lines."""
    addresses = typed.text("to").replace(",", " ").replace("，", " ").replace("；", " ").split()
    try:
        wanted = _checked_trial(addresses)
        trial.send_trial(principal, broadcast_id, wanted)
    except Invalid as refused:
        return page_of_one(
            request, principal, broadcast_id, status=422, form=Form(typed.values(), refused)
        )
    return _to(broadcast_id, "tested")


def _checked_trial(addresses: list[str]) -> TestIn:
    try:
        return TestIn(to=addresses)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _form(
    request: Request,
    principal: Principal,
    form: Form,
    broadcast: BroadcastOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response:
    return pages.render(
        request,
        "broadcasts/form.html",
        status,
        form=form,
        replacing=False,
        broadcast=broadcast,
        problem=problem,
        choices=choices(principal, _several(form.values.get("audience.countries"))),
        **_sketched(principal, form.values),
    )


def _form_again(
    request: Request,
    principal: Principal,
    typed: Typed,
    problem: Problem,
    broadcast: BroadcastOut | None = None,
) -> Response:
    """The form with everything typed: beside the fields what is wrong with them, or a notice."""
    invalid = problem if isinstance(problem, Invalid) else None
    return _form(
        request,
        principal,
        Form(typed.values(), invalid),
        broadcast,
        status=problem.status,
        problem=None if invalid else problem,
    )


def _filled(stored: BroadcastForm) -> Form:
    """A form whose times are as a ``datetime-local`` field writes them, in the stored zone."""
    form = Form.of(stored)
    for name in ("send_at", "expires_at"):
        moment = getattr(stored, name)
        if moment is not None:
            local = moment.astimezone(ZoneInfo(stored.timezone))
            form.values[name] = f"{local:%Y-%m-%dT%H:%M}"
    return form


def _without_version(wanted: BroadcastForm) -> BroadcastIn:
    return BroadcastIn.model_validate(wanted.model_dump(exclude={"version"}))


def _to(broadcast_id: uuid.UUID, done: str) -> Response:
    return RedirectResponse(f"/staff/broadcasts/{broadcast_id}?done={done}", 303)
