"""Surveys as JSON: settled and read by staff, answered by whoever holds a link."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.auth import Principal, require
from services.chassis.ratelimit import PublicRate
from services.registration.feedback import results, service, staff
from services.registration.feedback.questions import Answers, SurveyIn, SurveyQuestion
from services.registration.feedback.results import Results

router = APIRouter(tags=["feedback"])

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


class SurveyOut(BaseModel):
    """A survey as the holder of its link sees it; ``given`` is what they answered before."""

    activity: dict[str, str] = Field(description="The activity's title, by language.")
    questions: list[SurveyQuestion]
    closes_at: datetime
    given: Answers | None

    @classmethod
    def of(cls, survey: service.OpenSurvey) -> SurveyOut:
        """The answer for an open survey."""
        return cls(
            activity=survey.activity.title,
            questions=survey.questions,
            closes_at=survey.closes_at,
            given=survey.given,
        )


class AnswersIn(BaseModel):
    """Answers by the question's id: a number for a rating or a choice, else a text."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, int | str] = Field(max_length=100)
    may_be_quoted: bool = False


@router.get("/activities/{activity_id}/feedback")
def feedback(activity_id: uuid.UUID, principal: Viewer) -> Results:
    """How many answered, how often each answer was given, and the texts; never who."""
    return results.results(principal, activity_id).results


@router.post("/activities/{activity_id}/feedback/comments/{comment_id}")
def moderate(
    activity_id: uuid.UUID, comment_id: uuid.UUID, wanted: staff.ModerateIn, principal: Editor
) -> Results:
    """Show a text to everybody who sees the results, or hide it with a reason."""
    staff.moderate(principal, activity_id, comment_id, wanted)
    return results.results(principal, activity_id).results


@router.get("/activities/{activity_id}/survey")
def survey(activity_id: uuid.UUID, principal: Viewer) -> SurveyIn:
    """What is asked after the activity, besides the usual questions."""
    return staff.look(principal, activity_id)[1]


@router.put("/activities/{activity_id}/survey")
def settle(activity_id: uuid.UUID, wanted: SurveyIn, principal: Editor) -> SurveyIn:
    """Settle it, until the activity ends. 409 types: `activity-over`, `edited-meanwhile`."""
    staff.settle(principal, activity_id, wanted)
    return staff.look(principal, activity_id)[1]


@router.get("/feedback/{token}")
def open_survey(token: str) -> SurveyOut:
    """The survey behind a link. 409 types: `survey-not-open`, `survey-closed`, `not-attended`."""
    return SurveyOut.of(service.look(token))


@router.put("/feedback/{token}", dependencies=[PublicRate])
def give(token: str, wanted: AnswersIn) -> SurveyOut:
    """Answer it; until it closes, another answer takes the place of the first."""
    typed = {question: str(answer) for question, answer in wanted.answers.items()}
    service.give(token, typed, may_be_quoted=wanted.may_be_quoted)
    return SurveyOut.of(service.look(token))
