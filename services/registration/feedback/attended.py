"""After the end: everyone who came is thanked once, with certificate and survey."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import publish
from services.registration.activities.models import Activity
from services.registration.certificates.models import Certificate
from services.registration.certificates.service import came
from services.registration.database import database
from services.registration.feedback.events import RegistrationAttended
from services.registration.feedback.models import Survey, Thanked
from services.registration.feedback.surveys import feedback_url
from services.registration.registrations.events import standing
from services.registration.registrations.models import Registration
from services.registration.registrations.seats import locked

# Time for the doors to hand in what they scanned without a network.
SETTLE = timedelta(minutes=15)
# A thank-you later than this would only surprise.
STALE = timedelta(days=14)
# Registrations that one transaction tells; the next one takes the rest.
AT_ONCE = 200


def thank(now: datetime | None = None) -> int:
    """Tell of everybody who came to an activity that has been over for a while.

    Each activity is a transaction of its own, and locked, so that two calls at the same time tell
    of nobody twice. Where there is neither a certificate nor a survey there is nothing to tell.

    Args:
        now: the moment from which is looked back (UTC); the present by default.

    Returns:
        How many registrations were told of.
    """
    moment = now or utc_now()
    with database.transaction() as session:
        due = session.scalars(
            sa.select(Activity.id).where(
                Activity.status.in_(("published", "completed")),
                Activity.ends_at.between(moment - STALE, moment - SETTLE),
                sa.exists().where(Registration.activity_id == Activity.id, _to_thank()),
            )
        ).all()
    return sum(_thank_all_of(activity_id, moment) for activity_id in due)


def _to_thank() -> sa.ColumnElement[bool]:
    return sa.and_(
        came(),
        Registration.erased_at.is_(None),
        ~sa.exists().where(Thanked.registration_id == Registration.id),
    )


def _thank_all_of(activity_id: uuid.UUID, now: datetime) -> int:
    with database.transaction() as session:
        activity = locked(session, activity_id)
        survey = session.get(Survey, activity_id)
        asked = survey is None or survey.asked
        registrations = session.scalars(
            sa.select(Registration)
            .where(Registration.activity_id == activity_id, _to_thank())
            .order_by(Registration.id)
            .limit(AT_ONCE)
        ).all()
        certified = set(
            session.scalars(
                sa.select(Certificate.registration_id).where(
                    Certificate.registration_id.in_([one.id for one in registrations]),
                    Certificate.revoked_at.is_(None),
                )
            )
        )
        told = 0
        for registration in registrations:
            session.add(Thanked(registration_id=registration.id, thanked_at=now))
            if asked or registration.id in certified:
                _tell(session, registration, activity, registration.id in certified, asked)
                told += 1
        return told


def _tell(
    session: Session,
    registration: Registration,
    activity: Activity,
    certified: bool,
    asked: bool,
) -> None:
    # Of two events with one version the second would be left as known already.
    registration.version += 1
    session.flush()
    links = {
        "certificate_url": f"{registration.manage_url}/certificate" if certified else None,
        "feedback_url": feedback_url(registration.id) if asked else None,
    }
    publish(session, RegistrationAttended.model_validate(standing(registration, activity) | links))
