"""Which questions an activity's survey asks, and until when it can be answered."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.chassis.crypto import sign_id
from services.chassis.settings import settings
from services.registration.activities.models import Activity
from services.registration.feedback.models import Survey
from services.registration.feedback.questions import USUAL, SurveyQuestion

OPEN_FOR = timedelta(days=30)


def questions_of(survey: Survey | None) -> list[SurveyQuestion]:
    """What is asked: the usual questions, then the activity's own."""
    own = survey.questions if survey is not None else []
    return [*USUAL, *map(SurveyQuestion.model_validate, own)]


def survey_of(session: Session, activity_id: uuid.UUID) -> Survey | None:
    """What staff settled; ``None`` when they left it at the usual."""
    return session.get(Survey, activity_id)


def is_asked(survey: Survey | None) -> bool:
    """Whether people are asked at all; unless staff said otherwise they are."""
    return survey is None or survey.asked


def closes_at(activity: Activity) -> datetime:
    """Until when the survey can be answered, and an answer changed."""
    return activity.ends_at + OPEN_FOR


def feedback_url(registration_id: uuid.UUID) -> str:
    """The absolute address of the survey for one registration; the link is theirs alone."""
    return f"{settings().public_url}/feedback/{sign_id('feedback', registration_id)}"
