"""The public page of an activity."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.registration.activities import catalogue, words
from services.registration.catalogue import structured
from services.registration.database import database, pages
from services.registration.feedback.results import public_summary
from services.registration.learning import quizzes
from services.registration.notices.service import (
    advisories_in_force,
    known_materials,
    materials_about,
)
from services.registration.packs import service as packs
from services.registration.resources.public import speakers_of
from services.registration.series.reading import other_dates

router = APIRouter()


@router.get("/activities/{slug}")
def activity_page(request: Request, slug: str) -> HTMLResponse:
    """One activity: the facts first, then what it is about and what goes with it."""
    activity = catalogue.one_activity(slug)
    with database.transaction() as session:
        advisories = advisories_in_force(session, activity.countries)
        attached = known_materials(session, activity.attachments) if activity.attachments else []
        about = materials_about(session, activity.topics, activity.countries)
        speakers = speakers_of(session, activity.id)
        dates = other_dates(session, activity)
        pack = packs.of_activity(session, activity.id)
        open_quizzes = quizzes.at_activity(session, activity)
        feedback = public_summary(session, activity.id, activity.series_id)
    return pages.render(
        request,
        "activities/activity.html",
        activity=activity,
        advisories=advisories,
        attached=attached,
        materials=[material for material in about if material.id not in activity.attachments],
        speakers=speakers,
        dates=dates,
        feedback=feedback,
        pack=pack,
        quizzes=open_quizzes,
        structured=structured.event(activity, [speaker.name for speaker in speakers]),
        **words.WORDS,
    )
