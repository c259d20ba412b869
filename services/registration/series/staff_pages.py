"""The staff's pages of series: repeating an activity, and one series with its dates."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.registration.activities import catalogue, words
from services.registration.activities.schemas import ActivityOut
from services.registration.database import pages
from services.registration.series import form, reading, service
from services.registration.series.dates import EVERY_NAMES, Dates
from services.registration.series.schemas import SeriesIn, SeriesPatch

router = APIRouter(prefix="/staff")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("/activities/{activity_id}/repeat")
def repeat_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """How the activity comes again."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return _repeat_form(request, activity, Form(form.BLANK))


@router.post("/activities/{activity_id}/repeat")
def repeat(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """First the dates that come of it, each with a box; then those that are ticked are made."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    if typed.text("change"):
        return _repeat_form(request, activity, Form(typed.values()))
    refused: Problem | None = None
    if typed.text("make"):
        try:
            return _made(request, activity, principal, typed)
        except Problem as problem:
            # What is wrong with the dates, or a room or a lecturer that is not free on them.
            if problem.status not in (409, 422):
                raise
            refused = problem
    try:
        dates = service.foresee(principal, activity_id, form.read(typed, activity))
    except Invalid as error:
        return _repeat_form(request, activity, Form(typed.values(), error), status=422)
    return _dates_page(request, activity, dates, typed, refused)


@router.get("/activities/series/{series_id}")
def series_page(request: Request, series_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One series: what it is, and where each date stands."""
    series = reading.staff_series(principal, series_id)
    now = utc_now()
    return pages.render(
        request,
        "series/staff_series.html",
        series=series,
        now=now,
        drafts=[one for one in series.occurrences if one.status == "draft" and one.ends_at > now],
        public=any(one.status != "draft" for one in series.occurrences),
        theirs=principal.covers(series.district),
        **words.WORDS,
    )


@router.get("/activities/series/{series_id}/edit")
def edit_page(request: Request, series_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What its public page says."""
    series = reading.staff_series(principal, series_id)
    principal.must_cover(series.district)
    values = {f"title.{tag}": text for tag, text in series.title.items()}
    values |= {f"summary.{tag}": text for tag, text in series.summary.items()}
    return _edit_form(request, principal, series_id, Form(values))


@router.post("/activities/series/{series_id}/edit")
def edit(request: Request, series_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Write it."""
    try:
        service.describe(principal, series_id, typed.parse(SeriesPatch))
    except Invalid as error:
        shown = Form(typed.values(), error)
        return _edit_form(request, principal, series_id, shown, status=422)
    return RedirectResponse(f"/staff/activities/series/{series_id}", 303)


@router.get("/activities/series/{series_id}/publish")
def publish_page(request: Request, series_id: uuid.UUID, principal: Editor) -> Response:
    """Ask before the public sees the drafts; without any there is nothing to ask."""
    series = reading.staff_series(principal, series_id)
    now = utc_now()
    drafts = [one for one in series.occurrences if one.status == "draft" and one.ends_at > now]
    if not drafts:
        return RedirectResponse(f"/staff/activities/series/{series_id}", 303)
    return pages.render(
        request,
        "confirm.html",
        title=_("Publish every draft of this series?"),
        text=localized(series.title),
        consequences=[
            _("%(count)s dates appear in the public list at once, and residents can register.")
            % {"count": len(drafts)},
            _("They cannot become drafts again. They can still be edited or cancelled."),
        ],
        button=_("Publish"),
        cancel_url=f"/staff/activities/series/{series_id}",
    )


@router.post("/activities/series/{series_id}/publish")
def publish(series_id: uuid.UUID, principal: Editor) -> Response:
    """Publish the drafts."""
    service.publish_drafts(principal, series_id)
    return RedirectResponse(f"/staff/activities/series/{series_id}", 303)


def _made(request: Request, activity: ActivityOut, principal: Principal, typed: Typed) -> Response:
    wanted = form.read_kept(typed, activity)
    made = service.begin(
        principal,
        SeriesIn(activity_id=activity.id, **wanted.model_dump(exclude={"like"})),
        once_per_form(request, typed),
    )
    return RedirectResponse(f"/staff/activities/series/{made.id}", 303)


def _repeat_form(
    request: Request, activity: ActivityOut, shown: Form, *, status: int = 200
) -> HTMLResponse:
    return pages.render(
        request,
        "series/staff_repeat.html",
        status,
        activity=activity,
        form=shown,
        rules=[(code, str(name)) for code, name in EVERY_NAMES.items()],
        by_hand=form.BY_HAND,
        **words.WORDS,
    )


def _dates_page(
    request: Request, activity: ActivityOut, dates: Dates, typed: Typed, refused: Problem | None
) -> HTMLResponse:
    """The dates, each ticked at first; and published when the one that is repeated is."""
    boxes = form.boxes(dates, activity.timezone)
    values = typed.values()
    if refused is None:
        values["keep"] = [clock for clock, _said in boxes]
        values["publish"] = activity.status == "published"
    return pages.render(
        request,
        "series/staff_dates.html",
        refused.status if refused else 200,
        activity=activity,
        boxes=boxes,
        left_out=form.said_left_out(dates, activity.timezone),
        form=Form(values, refused if isinstance(refused, Invalid) else None),
        problem=None if isinstance(refused, Invalid) else refused,
        **words.WORDS,
    )


def _edit_form(
    request: Request,
    principal: Principal,
    series_id: uuid.UUID,
    shown: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "series/staff_edit.html",
        status,
        series=reading.staff_series(principal, series_id),
        form=shown,
    )
