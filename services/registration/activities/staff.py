"""The staff's pages of activities: list, overview, form, publish, cancel."""

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
from services.registration.activities.schemas import ActivityOut, CancelIn
from services.registration.database import pages

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
    filters = catalogue.Filters(
        words=q,
        district=district if district in city().districts else None,
        kind=kind if kind in KIND_NAMES else None,
    )
    counts = catalogue.staff_counts(principal, filters)
    narrowed = filters.with_status(status)
    page = catalogue.staff_list(
        principal, narrowed, cursor=cursor, limit=ON_A_PAGE, newest_first=True
    )
    total = counts.get(narrowed.status, 0) if narrowed.status else sum(counts.values())
    return pages.render(
        request,
        "activities/staff_list.html",
        page=page,
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
    return _form_page(request, principal, Form(form.blank(principal.district, city().timezone)))


@router.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Write the draft, then show it."""
    try:
        made = service.create_activity(principal, form.read(typed), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, _again(typed, error), status=422)
    except Problem as problem:
        return _form_page(request, principal, _again(typed), status=problem.status, problem=problem)
    return RedirectResponse(f"/staff/activities/{made.id}", 303)


@router.get("/{activity_id}")
def overview_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One activity: its facts, its seats, and what may be done with it."""
    return pages.render(
        request,
        "activities/staff_activity.html",
        activity=catalogue.staff_activity(principal, str(activity_id)),
        attendance=catalogue.attendance(activity_id),
        **words.WORDS,
    )


@router.get("/{activity_id}/edit")
def edit_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form, filled. It carries the version that it was opened with."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return _form_page(request, principal, Form(form.filled(activity)), activity)


@router.post("/{activity_id}/edit")
def edit(request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Write the changes, unless somebody else wrote some since the form was opened."""
    try:
        service.edit_activity(principal, activity_id, form.read_patch(typed))
    except Invalid as error:
        activity = catalogue.staff_activity(principal, str(activity_id))
        return _form_page(request, principal, _again(typed, error), activity, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        activity = catalogue.staff_activity(principal, str(activity_id))
        again = _again(typed)
        # Sending the form once more, having compared, is then an edit over the present state.
        again.values["version"] = activity.version
        return _form_page(request, principal, again, activity, status=409, problem=problem)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


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


@router.get("/{activity_id}/cancel")
def cancel_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Ask for the reason, and say how many people will be told."""
    return _cancel_page(request, principal, activity_id, Form())


@router.post("/{activity_id}/cancel")
def cancel(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Call it off."""
    try:
        service.cancel_activity(principal, activity_id, typed.parse(CancelIn))
    except Invalid as error:
        return _cancel_page(request, principal, activity_id, _again(typed, error), status=422)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


def _again(typed: Typed, error: Invalid | None = None) -> Form:
    """Everything that was typed, with what is wrong with it."""
    return Form(typed.values(), error)


def _form_page(
    request: Request,
    principal: Principal,
    shown: Form,
    activity: ActivityOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
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
        reminder_choices=form.reminder_choices(shown.values.get("reminders", [])),
        **words.WORDS,
    )


def _cancel_page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    shown: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    activity = catalogue.staff_activity(principal, str(activity_id))
    told = catalogue.attendance(activity_id)
    consequences = [
        _("%(registrations)s registrations, for %(people)s people, are cancelled.")
        % {"registrations": told.registrations, "people": told.people},
        _("All of them are told the reason at once, by the way they chose."),
        _("The reminders that are still to come are withdrawn."),
        _("Its public page stays and says that it is cancelled, and why."),
        _("This cannot be undone."),
    ]
    if not told.registrations:
        consequences[:3] = [_("Nobody has registered yet, so nobody needs to be told.")]
    return pages.render(
        request,
        "activities/staff_cancel.html",
        status,
        title=_("Cancel this activity?"),
        text=localized(activity.title),
        consequences=consequences,
        button=_("Cancel the activity"),
        cancel_url=f"/staff/activities/{activity_id}",
        cancel_label=_("Keep it"),
        danger=True,
        form=shown,
    )
