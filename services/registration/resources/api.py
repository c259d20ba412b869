"""Rooms and lecturers as JSON, for staff and programs."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.i18n import lazy
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import PageOut
from services.chassis.problems import FieldError, Invalid
from services.registration.database import database
from services.registration.resources import arranging, lecturers, venues
from services.registration.resources.schemas import (
    AvailabilityOut,
    LecturerIn,
    LecturerOut,
    ResourcesIn,
    ResourcesOut,
    VenueIn,
    VenueOut,
)
from services.registration.resources.week import availability_of

router = APIRouter(tags=["rooms and lecturers"])

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

LONGEST_LOOK = timedelta(days=92)


@router.get("/venues")
def list_venues(principal: Viewer, *, archived: bool = False) -> PageOut[VenueOut]:
    """The rooms of the caller's district, all of them."""
    return PageOut(items=venues.listed(principal, archived=archived), next_cursor=None)


@router.post("/venues", status_code=201)
def create_venue(wanted: VenueIn, principal: Editor, once: OncePerKey) -> VenueOut:
    """Enter a room."""
    return venues.create(principal, wanted, once)


@router.get("/venues/{venue_id}")
def get_venue(venue_id: uuid.UUID, principal: Viewer) -> VenueOut:
    """One room."""
    return venues.one(principal, venue_id)


@router.put("/venues/{venue_id}")
def edit_venue(venue_id: uuid.UUID, wanted: VenueIn, principal: Editor) -> VenueOut:
    """Write a room anew. With `version`, a newer one is not written over (409)."""
    return venues.edit(principal, venue_id, wanted)


@router.delete("/venues/{venue_id}")
def archive_venue(venue_id: uuid.UUID, principal: Editor) -> VenueOut:
    """Offer a room no longer. What is planned in it stays; nothing is deleted."""
    return venues.archive(principal, venue_id)


@router.post("/venues/{venue_id}/restore")
def restore_venue(venue_id: uuid.UUID, principal: Editor) -> VenueOut:
    """Offer a room again."""
    return venues.archive(principal, venue_id, archived=False)


@router.get("/lecturers")
def list_lecturers(principal: Viewer, *, archived: bool = False) -> PageOut[LecturerOut]:
    """The lecturers who speak in the caller's district, all of them."""
    return PageOut(items=lecturers.listed(principal, archived=archived), next_cursor=None)


@router.post("/lecturers", status_code=201)
def create_lecturer(wanted: LecturerIn, principal: Editor, once: OncePerKey) -> LecturerOut:
    """Enter a lecturer."""
    return lecturers.create(principal, wanted, once)


@router.get("/lecturers/{lecturer_id}")
def get_lecturer(lecturer_id: uuid.UUID, principal: Viewer) -> LecturerOut:
    """One lecturer, with hours and exceptions."""
    return lecturers.one(principal, lecturer_id)


@router.put("/lecturers/{lecturer_id}")
def edit_lecturer(lecturer_id: uuid.UUID, wanted: LecturerIn, principal: Editor) -> LecturerOut:
    """Write a lecturer anew. With `version`, a newer one is not written over (409)."""
    return lecturers.edit(principal, lecturer_id, wanted)


@router.delete("/lecturers/{lecturer_id}")
def archive_lecturer(lecturer_id: uuid.UUID, principal: Editor) -> LecturerOut:
    """Offer a lecturer no longer. What is planned stays; nothing is deleted."""
    return lecturers.archive(principal, lecturer_id)


@router.post("/lecturers/{lecturer_id}/restore")
def restore_lecturer(lecturer_id: uuid.UUID, principal: Editor) -> LecturerOut:
    """Offer a lecturer again."""
    return lecturers.archive(principal, lecturer_id, archived=False)


@router.get("/lecturers/{lecturer_id}/availability")
def availability(
    lecturer_id: uuid.UUID,
    principal: Viewer,
    first: Annotated[date, Query(alias="from", description="A day on the lecturer's clock.")],
    last: Annotated[date, Query(alias="to", description="Included; at most 92 days later.")],
) -> AvailabilityOut:
    """When a lecturer is available by the week, what of it is taken, and what is free."""
    if not timedelta(0) <= last - first <= LONGEST_LOOK or not 2000 <= first.year <= 2100:
        sentence = lazy("Please choose a last day that is at most 92 days after the first.")
        raise Invalid([FieldError("to", sentence)])
    with database.transaction() as session:
        lecturer = lecturers.seen(session, principal, lecturer_id)
        return availability_of(session, lecturer, first, last)


@router.get("/activities/{activity_id}/resources")
def get_resources(activity_id: uuid.UUID, principal: Viewer) -> ResourcesOut:
    """What an activity occupies."""
    return arranging.arranged(principal, activity_id)


@router.put("/activities/{activity_id}/resources")
def put_resources(activity_id: uuid.UUID, wanted: ResourcesIn, principal: Editor) -> ResourcesOut:
    """Choose where an activity takes place and who speaks. 409 `resource-busy` says who is not
    free; with `override_reason` it is planned all the same."""
    return arranging.arrange(principal, activity_id, wanted)
