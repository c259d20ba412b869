"""Writing a broadcast: the form, whom its choices would reach, saving it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.notifications.broadcasts import labels, reading, writing
from services.notifications.broadcasts.audience import Rules
from services.notifications.broadcasts.choices import broadcast_title, choices
from services.notifications.broadcasts.message import sms_frame, sms_text
from services.notifications.broadcasts.pages import acts_of
from services.notifications.broadcasts.schemas import (
    Audience,
    AudienceOut,
    BroadcastIn,
    BroadcastOut,
    Channel,
)
from services.notifications.broadcasts.typed import BroadcastForm
from services.notifications.database import pages
from services.notifications.delivery import labels as states
from services.notifications.messages import personal
from services.notifications.messages.sms import parts as sms_parts
from services.notifications.templates.materials import offered
from services.notifications.templates.service import texts_of

router = APIRouter(prefix="/staff/broadcasts")

Writer = Annotated[Principal, Depends(require("broadcasts.write"))]


@router.get("/new")
def new(request: Request, principal: Writer, template: uuid.UUID | None = None) -> Response:
    """An empty form, or one that begins with the texts of a version of a template."""
    begun: dict[str, Any] = {"channels": ["email"]}
    if template is not None:
        begun = texts_of(template, principal)
        for tag, words in begun.pop("message").items():
            begun |= {f"message.{tag}.{field}": text for field, text in words.items()}
    form = Form({"urgency": "routine", "timezone": city().timezone} | begun)
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
    drill: bool = False


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
            found = reading.reach_of(Rules(audience, sketch.urgency, sketch.channels, sketch.drill))
    except ValueError:
        found = None  # the form's own check says what is wrong, when it is sent
    urgency = str(values.get("urgency", "routine"))
    texts = {tag: str(values.get(f"message.{tag}.sms", "")).strip() for tag in ("zh-CN", "en")}
    return {
        "reach": found,
        "urgency": urgency,
        "drill": bool(values.get("drill")),
        "labels": labels,
        "channel_names": states.CHANNEL_NAMES,
        "sms": {
            tag: sms_parts(
                sms_text(
                    text,
                    tag,
                    urgency,
                    asks=bool(values.get("asks")),
                    drill=bool(values.get("drill")),
                )
            )
            for tag, text in texts.items()
            if text
        },
    }


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    lists = ("districts", "countries", "topics", "organisation_kinds")
    audience: dict[str, Any] = {name: _several(values.get(f"audience.{name}")) for name in lists}
    for name in ("activity_id", "travelling_on", "travelling_until", "of_broadcast", "whose"):
        audience[name] = values.get(f"audience.{name}") or None
    return {
        "urgency": values.get("urgency", "routine"),
        "channels": _several(values.get("channels")),
        "audience": audience,
        "drill": bool(values.get("drill")),
    }


def _several(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value if item]
    return [str(value)] if value else []


@router.get("/{broadcast_id}/edit")
def edit(request: Request, principal: Writer, broadcast_id: uuid.UUID) -> Response:
    """The form, filled with what is stored."""
    broadcast = reading.read(principal, broadcast_id)
    if "edit" not in acts_of(principal, broadcast):
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


def _form(
    request: Request,
    principal: Principal,
    form: Form,
    broadcast: BroadcastOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response:
    earlier = _identifier(form.values.get("audience.of_broadcast"))
    return pages.render(
        request,
        "broadcasts/form.html",
        status,
        form=form,
        replacing=False,
        broadcast=broadcast,
        problem=problem,
        choices=choices(principal, _several(form.values.get("audience.countries"))),
        earlier=broadcast_title(earlier) if earlier else None,
        frames={tag: sms_frame(tag) for tag in ("zh-CN", "en")},
        words=personal.WORDS,
        materials=offered(),
        **_sketched(principal, form.values),
    )


def _identifier(typed: object) -> uuid.UUID | None:
    """What stands in a hidden field; whatever else was sent there is refused when it is saved."""
    try:
        return uuid.UUID(str(typed))
    except ValueError:
        return None


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
