"""Hearing of bookings, so that a pack can be made in time."""

from __future__ import annotations

import uuid
from datetime import date

from pydantic import AwareDatetime, Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events import Envelope, Payload, Subscription
from services.chassis.events.inbox import Handlers
from services.content.bookings_seen.models import BookingSeen


class OrganisationHeard(Payload):
    """What kind of organisation asks, and where it is (GB/T 2260); its name stays sealed."""

    kind: str
    district: str | None = None


class BookingNews(Payload):
    """What is read of every ``booking.*`` event that tells how a booking stands."""

    subject_id: uuid.UUID
    version: int
    kind: str
    status: str
    organisation: OrganisationHeard
    agreed_time: AwareDatetime | None = None
    timezone: str
    headcount: int
    destinations: list[str] = Field(default_factory=list)
    departs_on: date | None = None
    topics: list[str] = Field(default_factory=list)


def remember(session: Session, news: BookingNews, _envelope: Envelope) -> None:
    """Keep the booking's latest state."""
    values = news.model_dump(exclude={"subject_id", "organisation"}) | {
        "id": news.subject_id,
        "organisation_kind": news.organisation.kind,
        "district": news.organisation.district,
    }
    insert = postgresql.insert(BookingSeen).values(values)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[BookingSeen.id],
            set_={name: insert.excluded[name] for name in values if name != "id"},
        )
    )


_HEARD = Subscription(BookingNews, remember)

HANDLERS: Handlers = {
    "booking.accepted.v1": _HEARD,
    "booking.proposed.v1": _HEARD,
    "booking.declined.v1": _HEARD,
    "booking.withdrawn.v1": _HEARD,
}
