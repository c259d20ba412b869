"""The waiting room before a fair queue opens, and in line."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Problem
from services.chassis.ratelimit import PublicRate
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.database import pages
from services.registration.rush import gate, waiting
from services.registration.rush.pressure import pressure_on

router = APIRouter()

# In these states nobody stands in line: the form's page says why.
_NO_LINE = ("full", "closed", "cancelled", "over")


@router.get("/activities/{slug}/queue")
def room(request: Request, slug: str) -> Response:
    """The waiting room: the way in, or how one stands in line."""
    activity = catalogue.one_activity(slug)
    view = waiting.view(activity.id, gate.place_of(request, activity.id))
    if activity.intake in _NO_LINE or (view.is_open and not view.queued):
        return RedirectResponse(f"/activities/{activity.slug}/register", 303)
    return _room(request, activity, view)


@router.post("/activities/{slug}/queue", dependencies=[PublicRate])
def join(request: Request, slug: str, typed: TypedForm) -> Response:
    """Take a place in line; the browser keeps it, and a second press takes no second one."""
    activity = catalogue.one_activity(slug)
    here = RedirectResponse(f"/activities/{activity.slug}/queue", 303)
    view = waiting.view(activity.id, gate.place_of(request, activity.id))
    if not _may_join(view):
        return here
    try:
        place_id = waiting.join(activity.id, gate.Brought.in_form(request, typed, activity.id))
    except Problem as problem:
        form = Form(typed.values())
        return _room(request, activity, view, form, problem, status=problem.status)
    gate.keep_place(here, activity.id, place_id)
    return here


@router.get("/activities/{activity_id}/queue/state")
def state(request: Request, activity_id: uuid.UUID) -> Response:
    """The part of the room that is fetched again and again: one row is read for it."""
    view = waiting.view(activity_id, gate.place_of(request, activity_id))
    pressure = pressure_on(activity_id)
    if _may_join(view) or pressure.full or (view.is_open and not view.queued):
        return Response(headers={"HX-Refresh": "true"})  # the whole page has another face now
    shown = _shown(view, activity_id, pressure.slug, pressure.timezone)
    return pages.render(request, "rush/state.html", **shown)


def _room(
    request: Request,
    activity: ActivityOut,
    view: waiting.View,
    form: Form | None = None,
    problem: Problem | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "rush/queue.html",
        status,
        activity=activity,
        form=form or Form(),
        problem=problem,
        **_shown(view, activity.id, activity.slug, activity.timezone),
    )


def _shown(view: waiting.View, activity_id: uuid.UUID, slug: str, zone: str) -> dict[str, Any]:
    offset = view.now.astimezone(ZoneInfo(zone)).utcoffset()
    return {
        "view": view,
        "joins": _may_join(view),
        "room_open": view.room_opens_at <= view.now,
        "activity_id": activity_id,
        "slug": slug,
        "zone": zone,
        "second": lambda moment: f"{moment.astimezone(ZoneInfo(zone)):%H:%M:%S}",
        "offset": int(offset.total_seconds()) if offset else 0,
    }


def _may_join(view: waiting.View) -> bool:
    """Whether the way in is shown: the room is open, and the visitor has no place that counts."""
    return view.queued and (view.standing is None or view.standing.state == "lapsed")
