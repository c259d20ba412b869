"""The public page of a series: what it is, and every date."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.database import utc_now
from services.registration.activities import words
from services.registration.database import database, pages
from services.registration.feedback.results import public_summary
from services.registration.series import reading

router = APIRouter()


@router.get("/series/{slug}")
def series_page(request: Request, slug: str) -> HTMLResponse:
    """The dates that are to come, then those that are over."""
    series = reading.one_series(slug)
    now = utc_now()
    with database.transaction() as session:
        feedback = public_summary(session, None, series.id)
    return pages.render(
        request,
        "series/series.html",
        series=series,
        feedback=feedback,
        coming=[one for one in series.occurrences if one.ends_at > now],
        past=[one for one in reversed(series.occurrences) if one.ends_at <= now],
        **words.WORDS,
    )
