"""The staff's pages of activities: list, overview, form, publish."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.idempotency import once_per_form
from services.chassis.pages import with_query
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.registration.activities import catalogue, form, service, words
from services.registration.activities.models import KIND_NAMES, STATUS_NAMES
from services.registration.activities.schemas import ActivityOut
from services.registration.catalogue.filters import Filters
from services.registration.checkin import attendance as checkin
from services.registration.database import database, pages
from services.registration.notices.service import known_materials
from services.registration.resources.public import speakers_of
from services.registration.series.occurrences import chosen
from services.registration.series.reading import titles
from services.registration.series.scope import SCOPE_NAMES

router = APIRouter(prefix="/staff/activities")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

ON_A_PAGE = 30


@router.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    q: str = "",
    district: str = "",
    kind: str = "",
    status: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """Every activity that is theirs, the latest date first, with how many are in which state."""
    filters = Filters(
        words=q,
        district=district if district in city().districts else None,
        kind=kind if kind in KIND_NAMES else None,
    )
    counts = catalogue.staff_counts(principal, filters)
    narrowed = filters.with_status(status)
    page = catalogue.staff_list(
        principal, narrowed, cursor=cursor, limit=ON_A_PAGE, newest_first=True
    )
    with database.transaction() as session:
        series = titles(session, [activity.series_id for activity in page.items])
    total = counts.get(narrowed.status, 0) if narrowed.status else sum(counts.values())
    return pages.render(
        request,
        "activities/staff_list.html",
        page=page,
        series=series,
        counts=counts,
        total=total,
        chosen=narrowed.status,
        form=Form({"q": q, "district": district, "kind": kind, "status": status}),
        next_url=with_query(request, cursor=page.next_cursor) if page.next_cursor else None,
        kinds=words.kinds(),
        districts=words.districts(principal.district),
        statuses=[(code, str(name)) for code, name in STATUS_NAMES.items()],
        **words.WORDS,
    )


@router.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    return form_page(request, principal, Form(form.blank(principal.district, city().timezone)))


@router.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Write the draft, then show it."""
    try:
        made = service.create_activity(principal, form.read(typed), once_per_form(request, typed))
    except Invalid as error:
        return form_page(request, principal, again(typed, error), status=422)
    except Problem as problem:
        return form_page(request, principal, again(typed), status=problem.status, problem=problem)
    return RedirectResponse(f"/staff/activities/{made.id}", 303)


@router.get("/{activity_id}")
def overview_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One activity: its facts, its seats, and what may be done with it."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    with database.transaction() as session:
        series = titles(session, [activity.series_id])
        attached = known_materials(session, activity.attachments)
        speakers = speakers_of(session, activity_id)
    return pages.render(
        request,
        "activities/staff_activity.html",
        activity=activity,
        speakers=speakers,
        series=series[activity.series_id] if activity.series_id else None,
        attached=attached,
        attendance=catalogue.attendance(activity_id),
        came=checkin.told(activity_id),
        **words.WORDS,
    )


@router.get("/{activity_id}/publish")
def publish_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Ask before the public sees it."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return pages.render(
        request,
        "confirm.html",
        title=_("Publish this activity?"),
        text=localized(activity.title),
        consequences=[
            _("It appears in the public list at once, and residents can register."),
            _("It cannot become a draft again. It can still be edited or cancelled."),
        ],
        button=_("Publish"),
        cancel_url=f"/staff/activities/{activity_id}",
    )


@router.post("/{activity_id}/publish")
def publish(activity_id: uuid.UUID, principal: Editor) -> Response:
    """Publish the draft."""
    service.publish_activity(principal, activity_id)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


def again(typed: Typed, error: Invalid | None = None) -> Form:
    """Everything that was typed, with what is wrong with it."""
    return Form(typed.values(), error)


def form_page(
    request: Request,
    principal: Principal,
    shown: Form,
    activity: ActivityOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    """The form of a new activity, or of ``activity``."""
    with database.transaction() as session:
        library = known_materials(session)
    return pages.render(
        request,
        "activities/staff_form.html",
        status,
        form=shown,
        activity=activity,
        problem=problem,
        kinds=words.kinds(),
        districts=words.districts(principal.district),
        topics=words.topics(),
        languages=words.spoken(),
        audiences=[(code, str(name)) for code, name in words.AUDIENCE_NAMES.items()],
        library=[(str(material.id), localized(material.title)) for material in library],
        scopes=_scopes(principal, activity),
        reminder_choices=form.reminder_choices(shown.values.get("reminders", [])),
        **words.WORDS,
    )


def _scopes(principal: Principal, activity: ActivityOut | None) -> list[tuple[str, str]]:
    """What an edit may be meant for; nothing to choose when there is no other date."""
    if activity is None or activity.series_id is None:
        return []
    with database.transaction() as session:
        if len(chosen(session, principal, activity.id, "all")) == 1:
            return []
    return [(scope, str(name)) for scope, name in SCOPE_NAMES.items()]
