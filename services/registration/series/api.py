"""Series as JSON: for everybody to read, for staff to write."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.registration.series import reading, service
from services.registration.series.schemas import OccurrencesIn, SeriesIn, SeriesOut, SeriesPatch

router = APIRouter(tags=["series"])

Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.post("/series", status_code=201)
def begin_series(wanted: SeriesIn, principal: Editor, once: OncePerKey) -> SeriesOut:
    """Repeat an activity: each date becomes an activity of its own, in one series with it.

    A date that a change of the clocks skips, that is past or that is there already is left out.
    """
    return service.begin(principal, wanted, once)


@router.get("/series/{slug}")
def get_series(slug: str) -> SeriesOut:
    """A series by the address of its page, with every occurrence that is or was published."""
    return reading.one_series(slug)


@router.patch("/series/{series_id}")
def describe(series_id: uuid.UUID, wanted: SeriesPatch, principal: Editor) -> SeriesOut:
    """Say what a series is, on its public page."""
    service.describe(principal, series_id, wanted)
    return reading.staff_series(principal, series_id)


@router.post("/series/{series_id}/publish")
def publish_drafts(series_id: uuid.UUID, principal: Editor) -> SeriesOut:
    """Publish every draft of a series that is not over. Doing it twice changes nothing."""
    service.publish_drafts(principal, series_id)
    return reading.staff_series(principal, series_id)


@router.post("/series/{series_id}/occurrences", status_code=201)
def add_occurrences(
    series_id: uuid.UUID, wanted: OccurrencesIn, principal: Editor, once: OncePerKey
) -> SeriesOut:
    """Add dates, each like the series' latest occurrence or like the one that is named."""
    return service.add_occurrences(principal, series_id, wanted, once)
