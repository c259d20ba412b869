"""Giving feedback by link: one answer for a registration, which may be changed until it closes."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.problems import LinkNotValid, Problem
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.feedback import questions
from services.registration.feedback.events import FeedbackGiven
from services.registration.feedback.models import Comment, Feedback
from services.registration.feedback.questions import Answers, SurveyQuestion
from services.registration.feedback.surveys import closes_at, is_asked, questions_of, survey_of
from services.registration.registrations.models import Registration


@dataclass(frozen=True)
class OpenSurvey:
    """A survey as the holder of its link sees it.

    Attributes:
        closes_at: until when it can be answered (UTC).
        given: what was answered before; ``None`` the first time.
    """

    activity: ActivityState
    questions: list[SurveyQuestion]
    closes_at: datetime
    given: Answers | None


def look(token: str) -> OpenSurvey:
    """The survey behind a link.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``survey-not-open``, ``survey-closed`` or ``not-attended``.
    """
    with database.transaction() as session:
        registration, activity = _open_for(session, token)
        stored = find(session, registration.id)
        return OpenSurvey(
            activity=state_of(activity),
            questions=questions_of(survey_of(session, activity.id)),
            closes_at=closes_at(activity),
            given=None if stored is None else given(session, stored),
        )


def give(token: str, typed: Mapping[str, str], *, may_be_quoted: bool) -> None:
    """Take an answer, or put it in the place of the earlier one from the same link.

    Args:
        typed: what was sent, by the question's id.
        may_be_quoted: whether the texts may stand on the public page, without a name.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: an answer cannot be taken, with a sentence for each.
        Problem: 409 ``survey-not-open``, ``survey-closed`` or ``not-attended``.
    """
    with database.transaction() as session:
        # Held until the commit, so that an erasure comes before this answer or finds it.
        registration, activity = _open_for(session, token, hold=True)
        asked = questions_of(survey_of(session, activity.id))
        answers = questions.read(asked, typed, may_be_quoted=may_be_quoted)
        feedback = _stored(session, registration.id, activity, answers)
        _keep_texts(session, feedback.id, answers)
        publish(
            session,
            FeedbackGiven(
                subject_id=feedback.id,
                version=feedback.version,
                activity_id=activity.id,
                numbers=answers.numbers,
            ),
        )


def _open_for(session: Session, token: str, *, hold: bool = False) -> tuple[Registration, Activity]:
    """The registration and its activity, when the survey can be answered; ``hold`` locks."""
    try:
        identifier = crypto.read_id("feedback", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error
    registration = session.get(Registration, identifier)
    if registration is None:
        raise LinkNotValid
    # Answers do not wait for one another, only for whoever locks the activity's row alone.
    share = {"read": True, "key_share": True} if hold else None
    activity = session.get_one(Activity, registration.activity_id, with_for_update=share)
    if hold:
        session.refresh(registration)
    if refusal := _refusal(session, registration, activity, utc_now()):
        raise refusal
    return registration, activity


def _refusal(
    session: Session, registration: Registration, activity: Activity, now: datetime
) -> Problem | None:
    if now < activity.ends_at:
        return Problem(
            409,
            "survey-not-open",
            lazy("The activity is not over yet."),
            lazy("Please come back to this page afterwards."),
        )
    asked = activity.status != "cancelled" and is_asked(survey_of(session, activity.id))
    if not asked or now >= closes_at(activity) or registration.erased_at is not None:
        return Problem(
            409,
            "survey-closed",
            lazy("This survey is closed."),
            lazy("Thank you for wanting to tell us how it was."),
        )
    if registration.status != "confirmed" or registration.checked_in_at is None:
        return Problem(
            409,
            "not-attended",
            lazy("This survey is for those who were there."),
            lazy("If you were, and were not counted at the door, please tell the office."),
        )
    return None


def marks(registration_id: uuid.UUID) -> list[str]:
    """The keyed hashes that stand for a registration, under every key, the newest first."""
    return crypto.fingerprints(f"feedback/{registration_id}")


def find(session: Session, registration_id: uuid.UUID) -> Feedback | None:
    """What a registration's people answered, for their own eyes."""
    return session.scalar(
        sa.select(Feedback).where(Feedback.mark.in_(marks(registration_id))).limit(1)
    )


def given(session: Session, feedback: Feedback) -> Answers:
    """A stored answer as it was given."""
    comments = session.scalars(
        sa.select(Comment).where(Comment.feedback_id == feedback.id).order_by(Comment.question)
    ).all()
    return Answers(
        numbers=feedback.answers,
        texts={comment.question: comment.text for comment in comments},
        may_be_quoted=any(comment.may_be_quoted for comment in comments),
    )


def forget(session: Session, registration_ids: Sequence[uuid.UUID]) -> None:
    """Take everything from answers that could lead to their writers: texts and marks.

    The numbers stay, and count as before.
    """
    for identifier in registration_ids:
        feedback = find(session, identifier)
        if feedback is not None:
            feedback.mark = secrets.token_hex(32)
            session.execute(sa.delete(Comment).where(Comment.feedback_id == feedback.id))
    session.flush()


def _stored(
    session: Session, registration_id: uuid.UUID, activity: Activity, answers: Answers
) -> Feedback:
    """The row with these numbers: a fresh one, or the one from the same link, changed.

    Of two first answers at the same moment one inserts, and the other finds and changes its row.
    """
    earlier = find(session, registration_id)
    fresh: dict[str, Any] = {
        "id": uuid.uuid4(),
        "version": 1,
        "activity_id": activity.id,
        "mark": earlier.mark if earlier else marks(registration_id)[0],
        "answers": answers.numbers,
        "given_on": utc_now().astimezone(ZoneInfo(activity.timezone)).date(),
    }
    insert = postgresql.insert(Feedback).values(fresh)
    return session.scalars(
        insert.on_conflict_do_update(
            index_elements=[Feedback.mark],
            set_={
                "answers": insert.excluded.answers,
                "given_on": insert.excluded.given_on,
                "version": Feedback.version + 1,
            },
        ).returning(Feedback),
        execution_options={"populate_existing": True},
    ).one()


def _keep_texts(session: Session, feedback_id: uuid.UUID, answers: Answers) -> None:
    """Write the texts. One that stays as it was keeps what staff decided about it."""
    kept = set()
    for comment in session.scalars(sa.select(Comment).where(Comment.feedback_id == feedback_id)):
        stays = answers.texts.get(comment.question) == comment.text
        if stays and comment.may_be_quoted == answers.may_be_quoted:
            kept.add(comment.question)
        else:
            session.delete(comment)
    session.flush()
    session.add_all(
        Comment(
            feedback_id=feedback_id,
            question=question,
            text=text,
            may_be_quoted=answers.may_be_quoted,
        )
        for question, text in answers.texts.items()
        if question not in kept
    )
    session.flush()
