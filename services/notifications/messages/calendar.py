"""Calendar parts: an invitation that programs take in, its changes and its cancellation.

RFC 5546: the same ``UID`` throughout, a ``SEQUENCE`` that rises with every message about it. Times
are those of the place, with its zone written out (VTIMEZONE), so that an entry stays at its hour
when a country changes its clocks.
"""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from services.chassis.settings import settings
from services.notifications.messages.content import CalendarPart

_PRODUCT = "-//Lingbao//Consular protection outreach//EN"
# Written with a Z, without a zone of their own (RFC 5545 §3.3.5).
_NO_ZONES = ("UTC", "Etc/UTC", "Zulu", "Etc/Zulu")


@dataclass(frozen=True)
class Entry:
    """One entry of somebody's calendar.

    Attributes:
        uid: the registration's or booking's id; the entry's for good.
        sequence: higher in every later message about it.
        timezone: the zone of the place (IANA).
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
    timezone: str
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
    zone = ZoneInfo(entry.timezone)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
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
    if entry.timezone not in _NO_ZONES:
        calendar.add_component(_zone(entry.timezone, entry.starts_at.year))
    calendar.add_component(event)
    return CalendarPart(method, calendar.to_ical().decode())


@functools.lru_cache(maxsize=32)
def _zone(name: str, year: int) -> Timezone:
    """The zone's rules around a year: its whole history would be longer than the mail."""
    return Timezone.from_tzid(name, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if name:
        # A parameter's value may not hold a double quote or a control character (RFC 5545 §3.2).
        person.params["CN"] = vText(
            "".join(" " if ord(char) < 32 or char == '"' else char for char in name)
        )
    return person
