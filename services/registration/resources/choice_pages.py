"""The staff's page “Room and lecturers” of an activity: who is free, and who is chosen."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid, Problem
from services.registration.activities import catalogue
from services.registration.database import database, pages
from services.registration.resources import arranging
from services.registration.resources.choosing import offer
from services.registration.resources.occupancy import Holder
from services.registration.resources.schemas import ResourcesIn
from services.registration.resources.spans import Span

router = APIRouter(prefix="/staff/activities")

Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("/{activity_id}/resources")
def choice_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Everybody and everything there is to choose, the free ones first."""
    return _page(request, principal, activity_id)


@router.post("/{activity_id}/resources")
def choose(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Plan what was chosen, or say what stands in the way."""
    shown = Form(typed.values())
    try:
        arranging.arrange(principal, activity_id, typed.parse(ResourcesIn))
    except Invalid as invalid:
        shown = Form(typed.values(), invalid)
        return _page(request, principal, activity_id, shown, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        if problem.errors:
            shown = Form(typed.values(), Invalid(problem.errors))
        return _page(request, principal, activity_id, shown, status=409, problem=problem)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


def _page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    shown: Form | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    activity = catalogue.staff_activity(principal, str(activity_id))
    times = [Span(activity.starts_at, activity.ends_at)]
    with database.transaction() as session:
        holder = Holder("activity", activity_id)
        offered = offer(session, principal, holder, times, activity.capacity)
        planned = arranging.occupancies(session, holder)
    values = {
        "version": activity.version,
        "venue_id": offered.venue_id,
        "lecturer_ids": offered.lecturer_ids,
    }
    form = shown or Form(values)
    if problem:
        # Sending the form once more, having compared, is then an edit over the present state.
        form.values["version"] = activity.version
    return pages.render(
        request,
        "resources/choice.html",
        status,
        activity=activity,
        offered=offered,
        reasons=[row for row in planned if row.override_reason],
        form=form,
        problem=problem,
    )
