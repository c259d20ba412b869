"""The programme as a calendar to subscribe to (RFC 5545, RFC 7986)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.reference import city, topic_name
from services.registration.activities.models import KIND_NAMES, Activity

MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)


def calendar(activities: Sequence[Activity], name: str, address: str) -> bytes:
    """The document, in the language of the moment; the same bytes while nothing has changed.

    Args:
        name: what the calendar is called in the program that shows it.
        address: where it is fetched from.
    """
    found = Calendar()
    found.add("prodid", "-//Lingbao//Activities//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("name", name)
    found.add("x-wr-calname", name)  # what most programs read instead
    found.add("x-wr-timezone", city().timezone)
    found.add("source", address, parameters={"VALUE": "URI"})
    found.add("url", address)
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", "PT1H")
    for zone in sorted({activity.timezone for activity in activities}):
        found.add_component(_zone(zone))
    for activity in activities:
        found.add_component(_event(activity))
    return bytes(found.to_ical())


@functools.cache
def _zone(name: str) -> Timezone:
    """The rules of a zone; reckoned once, because it takes as long as fifty events."""
    return Timezone.from_tzid(name)


def _event(activity: Activity) -> Event:
    zone = ZoneInfo(activity.timezone)
    venue = (localized(activity.venue_name), localized(activity.venue_address))
    cancelled = activity.status == "cancelled"
    event = Event()
    event.add("uid", f"{activity.id}@lingbao")
    event.add("sequence", activity.version)
    event.add("dtstamp", activity.updated_at)
    event.add("created", activity.created_at)
    event.add("last-modified", activity.updated_at)
    event.add("dtstart", activity.starts_at.astimezone(zone))
    event.add("dtend", activity.ends_at.astimezone(zone))
    event.add("summary", localized(activity.title))
    event.add("location", ", ".join(part for part in venue if part))
    if activity.latitude is not None and activity.longitude is not None:
        event.add("geo", (activity.latitude, activity.longitude))
    event.add("description", "\n\n".join(_told(activity)))
    event.add("url", activity.url)
    event.add(
        "categories",
        [str(KIND_NAMES[activity.kind]), *(topic_name(topic) for topic in activity.topics)],
    )
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    # A public programme takes nobody's time until they register.
    event.add("transp", "TRANSPARENT")
    return event


def _told(activity: Activity) -> list[str]:
    cancelled = ""
    if activity.status == "cancelled":
        cancelled = _("This activity has been cancelled.") + (
            f" {activity.cancel_reason}" if activity.cancel_reason else ""
        )
    return [text for text in (cancelled, localized(activity.summary), activity.url) if text]
