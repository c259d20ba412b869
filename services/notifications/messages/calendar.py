"""Calendar parts: an invitation that programs take in, its changes and its cancellation.

RFC 5546: the same ``UID`` throughout, a ``SEQUENCE`` that rises with every message about it. Times
are in UTC; every program shows them in its owner's zone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vText

from services.chassis.settings import settings
from services.notifications.messages.content import CalendarPart

_PRODUCT = "-//Lingbao//Consular protection outreach//EN"


@dataclass(frozen=True)
class Entry:
    """One entry of somebody's calendar.

    Attributes:
        uid: the registration's or booking's id; the entry's for good.
        sequence: higher in every later message about it.
        attendee: their name and e-mail address.
        url: where they manage it.
    """

    uid: uuid.UUID
    sequence: int
    summary: str
    location: str
    description: str
    starts_at: datetime
    ends_at: datetime
    attendee: tuple[str, str]
    url: str


def calendar_part(
    entry: Entry, method: Literal["REQUEST", "CANCEL"], stamp: datetime
) -> CalendarPart:
    """The iCalendar object for an entry.

    Args:
        method: ``REQUEST`` enters or changes it, ``CANCEL`` takes it out.
        stamp: when this message is written (DTSTAMP).
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"{entry.uid}@lingbao")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.summary)
    event.add("location", entry.location)
    event.add("description", entry.description)
    event.add("url", entry.url)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _person(*parseaddr(settings().mail_from)))
    attendee = _person(*entry.attendee)
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    # They have registered already; nobody waits for an answer from a calendar program.
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return CalendarPart(method, calendar.to_ical().decode())


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if name:
        # A parameter's value may not hold a double quote or a control character (RFC 5545 §3.2).
        person.params["CN"] = vText(
            "".join(" " if ord(char) < 32 or char == '"' else char for char in name)
        )
    return person
