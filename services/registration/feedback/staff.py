"""What staff do with a survey: settle its questions before, look through its texts after."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from sqlalchemy.dialects import postgresql

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.fields import SingleLine, refuse
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.registration.activities import acts
from services.registration.activities.catalogue import covered
from services.registration.activities.events import ActivityState, state_of
from services.registration.database import database
from services.registration.feedback.models import Comment, Feedback, Survey
from services.registration.feedback.questions import OwnQuestion, SurveyIn, SurveyQuestion
from services.registration.feedback.surveys import is_asked, survey_of


class ModerateIn(BaseModel):
    """What becomes of a text; hiding one wants a reason, which stays with the staff."""

    state: Literal["shown", "hidden"]
    reason: Annotated[SingleLine, Field(max_length=200)] = Field(default="", validate_default=True)

    @field_validator("reason")
    @classmethod
    def _why(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("state") == "hidden" and not value:
            raise refuse("Please say why in a few words.")
        return value


def look(principal: Principal, activity_id: uuid.UUID) -> tuple[ActivityState, SurveyIn]:
    """An activity's survey as it is settled.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        survey = survey_of(session, activity_id)
        own = [SurveyQuestion.model_validate(one) for one in survey.questions] if survey else []
        return state_of(activity), SurveyIn(
            asked=is_asked(survey),
            own=[OwnQuestion.of(question) for question in own],
            version=survey.version if survey else 0,
        )


def settle(principal: Principal, activity_id: uuid.UUID, wanted: SurveyIn) -> None:
    """Write the survey, as long as nobody can have answered it.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``activity-over``,
            ``edited-meanwhile`` when ``wanted.version`` is not the newest.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        if activity.status in ("cancelled", "completed") or activity.ends_at <= utc_now():
            raise Problem(
                409,
                "activity-over",
                lazy("The survey can be changed until the activity ends."),
                lazy("Nothing was changed."),
            )
        questions = [question.model_dump(mode="json") for question in wanted.questions]
        insert = postgresql.insert(Survey).values(
            activity_id=activity_id, version=1, asked=wanted.asked, questions=questions
        )
        written = session.scalar(
            insert.on_conflict_do_update(
                index_elements=[Survey.activity_id],
                set_={
                    "asked": insert.excluded.asked,
                    "questions": insert.excluded.questions,
                    "version": Survey.version + 1,
                    "updated_at": utc_now(),
                },
                where=Survey.version == wanted.version,
            ).returning(Survey.version)
        )
        if written != wanted.version + 1:
            raise Problem(
                409,
                "edited-meanwhile",
                lazy("Somebody else has changed this survey since you opened it."),
                lazy("Please open it again and make your changes to its present state."),
            )
        acts.note(session, principal, "survey.edited", activity)


def moderate(
    principal: Principal, activity_id: uuid.UUID, comment_id: uuid.UUID, wanted: ModerateIn
) -> None:
    """Show a text to everybody who sees the results, or hide it.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        changed = session.execute(
            sa.update(Comment)
            .where(
                Comment.id == comment_id,
                Comment.feedback_id == Feedback.id,
                Feedback.activity_id == activity_id,
            )
            .values(
                state=wanted.state,
                hidden_reason=wanted.reason if wanted.state == "hidden" else None,
            )
            .returning(Comment.id)
            .execution_options(synchronize_session=False)
        )
        if changed.first() is None:
            raise NotFound(lazy("There is no such text; its writer may have taken it back."))
        acts.note(session, principal, f"comment.{wanted.state}", activity)
