"""The staff's pages of rooms: the list, the form, the week of one."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Problem
from services.registration.activities import words
from services.registration.database import database, pages
from services.registration.resources import form, venues
from services.registration.resources.models import Venue
from services.registration.resources.schemas import VenueOut
from services.registration.resources.showing import STRIP, archive_question, written
from services.registration.resources.week import monday_of, week_of, zone_of

router = APIRouter(prefix="/staff/venues")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("")
def venues_page(request: Request, principal: Viewer, archived: str = "") -> HTMLResponse:
    """The rooms, by district."""
    return pages.render(
        request,
        "resources/venues.html",
        venues=venues.listed(principal, archived=bool(archived)),
        archived=bool(archived),
    )


@router.get("/new")
def new_venue_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    return _venue_form(request, principal, Form({"district": principal.district or ""}))


@router.post("/new")
def create_venue(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Enter the room, then show its week."""

    def act() -> str:
        once = once_per_form(request, typed)
        made = venues.create(principal, form.read_venue(typed), once)
        return f"/staff/venues/{made.id}"

    return written(act, typed, lambda **shown: _venue_form(request, principal, **shown))


@router.get("/{venue_id}")
def venue_page(
    request: Request, venue_id: uuid.UUID, principal: Viewer, week: str = ""
) -> HTMLResponse:
    """One room: its facts and its week."""
    venue = venues.one(principal, venue_id)
    with database.transaction() as session:
        room = session.get_one(Venue, venue_id)
        shown = week_of(session, principal, room, monday_of(week, zone_of(room)))
    return pages.render(request, "resources/venue.html", venue=venue, week=shown, **STRIP)


@router.get("/{venue_id}/edit")
def edit_venue_page(request: Request, venue_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form, filled. It carries the version that it was opened with."""
    venue = venues.one(principal, venue_id)
    return _venue_form(request, principal, Form(form.venue_values(venue)), venue)


@router.post("/{venue_id}/edit")
def edit_venue(
    request: Request, venue_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Write the changes, unless somebody else wrote some since the form was opened."""

    def act() -> str:
        venues.edit(principal, venue_id, form.read_venue(typed))
        return f"/staff/venues/{venue_id}"

    def again(**shown: Any) -> HTMLResponse:  # noqa: ANN401 - passed on
        venue = venues.one(principal, venue_id)
        return _venue_form(request, principal, venue=venue, **shown)

    return written(act, typed, again)


@router.get("/{venue_id}/archive")
def archive_venue_page(request: Request, venue_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Ask before a room is no longer offered."""
    venue = venues.one(principal, venue_id)
    here = f"/staff/venues/{venue_id}"
    return archive_question(request, _("Archive this room?"), localized(venue.name), here)


@router.post("/{venue_id}/archive")
def archive_venue(venue_id: uuid.UUID, principal: Editor) -> Response:
    """Offer a room no longer."""
    venues.archive(principal, venue_id)
    return RedirectResponse("/staff/venues", 303)


@router.post("/{venue_id}/restore")
def restore_venue(venue_id: uuid.UUID, principal: Editor) -> Response:
    """Offer a room again."""
    venues.archive(principal, venue_id, archived=False)
    return RedirectResponse(f"/staff/venues/{venue_id}", 303)


def _venue_form(
    request: Request,
    principal: Principal,
    shown: Form,
    venue: VenueOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    if problem and venue:
        shown.values["version"] = venue.version
    return pages.render(
        request,
        "resources/venue_form.html",
        status,
        form=shown,
        venue=venue,
        problem=problem,
        districts=words.districts(principal.district),
    )
