"""Telling those who hold a pack that something in it is another than before.

Holders of an activity's pack are those registered for it. They hear of a new edition and of what
changes behind the link by e-mail, at the address that they gave for the activity, at most once a
day for a pack; the first edition stands on their ticket and sends nothing. Whoever gave a telephone
number only finds it there.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import LANGUAGES, gettext, lazy, localized, speaking
from services.registration.activities.events import state_of
from services.registration.activities.models import Activity
from services.registration.attendees.events import ActivityMessaged, WordsState
from services.registration.attendees.messages import MOST
from services.registration.bookings.models import Booking
from services.registration.packs.events import ChangeState
from services.registration.registrations.models import Registration

# Whoever came to hear about a journey has set out by then, or has been there.
FOLLOWED: Final = timedelta(days=30)
# Whoever waits for a place means to come; who has not shown that an address is theirs gets nothing.
_HOLDERS: Final = ("confirmed", "offered", "waiting")
_ACTS: Final = {
    "added": lazy("New: %(title)s"),
    "removed": lazy("Taken out: %(title)s"),
    "updated": lazy("Updated: %(title)s"),
    "gone": lazy("No longer valid: %(title)s"),
}


def tell_registered(
    session: Session, activity_id: uuid.UUID, url: str, changes: Sequence[ChangeState]
) -> None:
    """Have everybody registered for an activity told what is new in its pack.

    Nobody is told long after the activity, or when it was cancelled.
    """
    activity = session.get(Activity, activity_id)
    if activity is None or activity.status not in ("published", "completed"):
        return
    if activity.ends_at + FOLLOWED < utc_now():
        return
    holders = session.scalars(
        sa.select(Registration.id)
        # Whoever registered twice with one address reads it once.
        .ext(postgresql.distinct_on(Registration.email_hash))
        .where(
            Registration.activity_id == activity.id,
            Registration.status.in_(_HOLDERS),
            Registration.email_hash.is_not(None),
            Registration.erased_at.is_(None),
        )
        .order_by(Registration.email_hash, Registration.id)
    ).all()
    message = {tag: _words(activity, url, changes, tag) for tag in LANGUAGES}
    for start in range(0, len(holders), MOST):
        publish(
            session,
            ActivityMessaged(
                subject_id=new_id(),
                version=1,
                activity=state_of(activity),
                registration_ids=list(holders[start : start + MOST]),
                channels=["email"],
                message=message,
            ),
        )


def is_back(booking: Booking) -> bool:
    """Whether a group has returned, or has long set out where its return is not known."""
    if booking.returns_on is not None:
        return booking.returns_on < datetime.now(ZoneInfo(booking.timezone)).date()
    return booking.agreed_time is not None and booking.agreed_time + FOLLOWED < utc_now()


def _words(activity: Activity, url: str, changes: Sequence[ChangeState], tag: str) -> WordsState:
    with speaking(tag):
        words = {"title": localized(activity.title), "url": url}
        paragraphs = [
            gettext("Something in your pack for “%(title)s” is new or reads otherwise:") % words,
            "\n".join(f"- {_line(change)}" for change in changes),
            gettext("[Open the pack](%(url)s). The link is the same as before.") % words,
        ]
        return WordsState(
            subject=gettext("Your pack for “%(title)s” has changed") % words,
            body="\n\n".join(paragraphs),
            sms="",
        )


def _line(change: ChangeState) -> str:
    line = str(_ACTS.get(change.kind, _ACTS["updated"])) % {"title": localized(change.title)}
    said = localized(change.said)
    return f"{line} ({said})" if said else line
