"""A registration as a calendar file (RFC 5545), for the registrant to add by hand."""

from __future__ import annotations

from datetime import datetime

from icalendar import Calendar, Event

from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.registration.registrations.schemas import OwnRegistration
from services.registration.registrations.tickets import spaced

MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def calendar_file(registration: OwnRegistration, now: datetime) -> bytes:
    """The file, in the language of the moment.

    The ``UID`` is that of the invitations sent by mail, so a calendar keeps one entry of both.
    ``SEQUENCE`` stays 0: the mails count it, and a file never overrides what came later.

    Args:
        now: when it is made (UTC).
    """
    activity = registration.activity
    venue = [localized(activity.venue.name), localized(activity.venue.address)]
    event = Event()
    event.add("uid", f"{registration.id}@lingbao")
    event.add("sequence", 0)
    event.add("dtstamp", now)
    event.add("dtstart", activity.starts_at)
    event.add("dtend", activity.ends_at)
    event.add("summary", localized(activity.title))
    event.add("location", ", ".join(part for part in venue if part))
    event.add(
        "description",
        _("Ticket code: %(code)s") % {"code": spaced(registration.ticket_code)}
        + f"\n{registration.manage_url}",
    )
    event.add("url", registration.manage_url)
    event.add(
        "status",
        {"confirmed": "CONFIRMED", "cancelled": "CANCELLED"}.get(registration.status, "TENTATIVE"),
    )
    calendar = Calendar()
    calendar.add("prodid", "-//Lingbao//Registration//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
