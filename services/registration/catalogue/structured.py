"""What search engines read of an activity: ``schema.org/Event`` as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.chassis.i18n import localized
from services.chassis.reference import city, district_name
from services.chassis.settings import settings
from services.registration.activities.schemas import ActivityOut

_AVAILABILITY = {
    "open": "InStock",
    "waiting": "SoldOut",
    "full": "SoldOut",
    "not-open": "PreOrder",
    "closed": "Discontinued",
    "cancelled": "Discontinued",
    "over": "Discontinued",
}


def event(activity: ActivityOut, speakers: Sequence[dict[str, str]] = ()) -> Markup:
    """The text of a ``<script type="application/ld+json">``, in the language of the moment.

    Args:
        speakers: the names of those who speak, each by language.

    Returns:
        JSON in which nothing can end the element, whatever was typed.
    """
    text = json.dumps(_event(activity, speakers), ensure_ascii=False)
    # Inside a string of JSON these may be written as escapes, and nowhere else do they occur.
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped just above


def _event(activity: ActivityOut, speakers: Sequence[dict[str, str]]) -> dict[str, Any]:
    zone = ZoneInfo(activity.timezone)
    status = _status(activity)
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ExhibitionEvent" if activity.kind == "exhibition" else "EducationEvent",
        "@id": activity.url,
        "url": activity.url,
        "name": localized(activity.title),
        "description": localized(activity.summary),
        "startDate": activity.starts_at.astimezone(zone).isoformat(),
        "endDate": activity.ends_at.astimezone(zone).isoformat(),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "inLanguage": activity.languages,
        "isAccessibleForFree": True,
        "location": _place(activity),
        "organizer": {
            "@type": "GovernmentOrganization",
            "name": localized(city().office),
            "url": settings().public_url,
        },
        "offers": _offer(activity),
    }
    if status == "EventRescheduled":
        former = [moment.astimezone(zone).isoformat() for moment in activity.previous_starts]
        found["previousStartDate"] = former[0] if len(former) == 1 else former
    if activity.capacity is not None:
        found["maximumAttendeeCapacity"] = activity.capacity
        found["remainingAttendeeCapacity"] = max(activity.seats_left or 0, 0)
    if activity.picture_url:
        found["image"] = [activity.picture_url]
    if speakers:
        found["performer"] = [{"@type": "Person", "name": localized(name)} for name in speakers]
    return {name: value for name, value in found.items() if value not in ("", [])}


def _status(activity: ActivityOut) -> str:
    """``EventRescheduled`` goes with ``previousStartDate``, and with no other status does that.

    https://schema.org/EventRescheduled; another place alone changes the location, not the status.
    """
    if activity.status == "cancelled":
        return "EventCancelled"
    return "EventRescheduled" if activity.previous_starts else "EventScheduled"


def _place(activity: ActivityOut) -> dict[str, Any]:
    address = {
        "@type": "PostalAddress",
        "addressLocality": district_name(activity.district),
        "addressRegion": localized(city().name),
        "addressCountry": "CN",
    }
    if street := localized(activity.venue["address"]):
        address["streetAddress"] = street
    place: dict[str, Any] = {
        "@type": "Place",
        "name": localized(activity.venue["name"]),
        "address": address,
    }
    if activity.latitude is not None and activity.longitude is not None:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": activity.latitude,
            "longitude": activity.longitude,
        }
    return place


def _offer(activity: ActivityOut) -> dict[str, Any]:
    """A place costs nothing; when it may be taken, and whether there is one."""

    def at(moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(activity.timezone)).isoformat()

    offer = {
        "@type": "Offer",
        "url": activity.url,
        "price": "0",
        "priceCurrency": "CNY",
        "availability": f"https://schema.org/{_AVAILABILITY[activity.intake]}",
        "validThrough": at(activity.closes_at),
    }
    if activity.registration_opens_at is not None:
        offer["validFrom"] = at(activity.registration_opens_at)
    return offer
