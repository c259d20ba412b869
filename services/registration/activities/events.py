"""What registration says about activities."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from services.chassis.events.envelope import Event
from services.registration.activities.models import Activity


class VenueState(BaseModel):
    """Where it takes place, in each language."""

    name: dict[str, str]
    address: dict[str, str]


class ActivityState(BaseModel):
    """An activity as others need to know it.

    Times are UTC with ``timezone`` (IANA) for showing them; ``reminders`` are lead times before
    the beginning (ISO 8601); ``url`` is the absolute address of the public page. ``cancel_reason``
    is here too, because order is promised per subject only: a registration that the cancellation
    ended may be heard of before the activity.
    """

    id: uuid.UUID
    version: int
    slug: str
    kind: str
    status: str
    title: dict[str, str]
    summary: dict[str, str]
    district: str
    venue: VenueState
    starts_at: datetime
    ends_at: datetime
    timezone: str
    reminders: list[str]
    topics: list[str]
    countries: list[str]
    url: str
    cancel_reason: str | None = None


def state_of(activity: Activity) -> ActivityState:
    """The activity as its events carry it."""
    return ActivityState(
        id=activity.id,
        version=activity.version,
        slug=activity.slug,
        kind=activity.kind,
        status=activity.status,
        title=activity.title,
        summary=activity.summary,
        district=activity.district,
        venue=VenueState(name=activity.venue_name, address=activity.venue_address),
        starts_at=activity.starts_at,
        ends_at=activity.ends_at,
        timezone=activity.timezone,
        reminders=activity.reminders,
        topics=activity.topics,
        countries=activity.countries,
        url=activity.url,
        cancel_reason=activity.cancel_reason,
    )


class ActivityPublished(Event):
    """An activity can be seen and registered for from now on."""

    type: ClassVar[str] = "activity.published.v1"
    subject_kind: ClassVar[str] = "activity"

    activity: ActivityState


class ActivityChanged(Event):
    """A published activity was edited. ``changed`` names what: ``time``, ``venue``, ``title``…

    Of another time or place those who registered are told, with ``note``, the staff's own words by
    language (may be empty). ``asks``: they are asked to confirm or cancel.
    """

    type: ClassVar[str] = "activity.changed.v1"
    subject_kind: ClassVar[str] = "activity"

    activity: ActivityState
    changed: list[str]
    note: dict[str, str]
    asks: bool


class ActivityCancelled(Event):
    """An activity will not take place. ``reason`` is the sentence that staff gave."""

    type: ClassVar[str] = "activity.cancelled.v1"
    subject_kind: ClassVar[str] = "activity"

    activity: ActivityState
    reason: str
