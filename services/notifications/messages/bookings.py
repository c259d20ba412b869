"""Messages about a booking: received, other times proposed, accepted, declined, withdrawn.

A time that was agreed went out with a calendar entry. Whatever ends that agreement takes the entry
out of the calendar again; which time it was is read from the message that carried it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import country_name, date_line
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.notifications.bookings.schemas import BookingContext
from services.notifications.delivery.models import Delivery
from services.notifications.messages.advisories import notices
from services.notifications.messages.calendar import Entry, calendar_part
from services.notifications.messages.content import CalendarPart, Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.sms import first_fitting


def requested(_session: Session, delivery: Delivery) -> Content | None:
    """The request has arrived; an answer follows."""
    about = _about(delivery)
    lead = _(
        "We have received your request for a session. We will answer within three working days."
    )
    if delivery.channel == "sms":
        return _text(about, lead)
    return Letter(
        subject=_("We have received your request: %(kind)s") % {"kind": _kind(about)},
        greeting=_greeting(about),
        lead=lead,
        facts=_facts(about, _("Times you asked for"), about.proposed_times),
        button=(_("See your request"), about.manage_url),
        fine_print=_why(),
    ).content()


def proposed(session: Session, delivery: Delivery) -> Content | None:
    """Other times are offered; the page is where to choose."""
    about = _about(delivery)
    before = _agreed_before(session, delivery)
    lead = _("We would like to propose other times for your session. Please choose on the page.")
    if delivery.channel == "sms":
        return _text(about, lead)
    return Letter(
        subject=_("Please choose a time: %(kind)s") % {"kind": _kind(about)},
        greeting=_greeting(about),
        lead=lead,
        facts=_facts(about, _("Times we propose"), about.proposed_times),
        quote=about.answer or "",
        paragraphs=_given_up(about, before),
        button=(_("Choose a time"), about.manage_url),
        fine_print=_why(),
    ).content(_calendar(about, delivery, before, "CANCEL"))


def accepted(session: Session, delivery: Delivery) -> Content | None:
    """The session is agreed: when, and a calendar entry."""
    about = _about(delivery)
    if about.agreed_time is None:
        raise ValueError("A booking was accepted without a time.")
    when = date_line(about.agreed_time, None, about.timezone)
    if delivery.channel == "sms":
        return _text(
            about,
            _("Your session is agreed: %(kind)s, %(when)s.") % {"kind": _kind(about), "when": when},
        )
    return Letter(
        subject=_("Agreed: %(kind)s, %(when)s") % {"kind": _kind(about), "when": when},
        greeting=_greeting(about),
        lead=_("We look forward to seeing you on %(when)s.") % {"when": when},
        facts=_facts(about, _("When"), [about.agreed_time]),
        quote=about.answer or "",
        button=(_("See the details"), about.manage_url),
        notices=notices(session, about.destinations, utc_now()),
        fine_print=_why(),
    ).content(_calendar(about, delivery, about.agreed_time, "REQUEST"))


def declined(session: Session, delivery: Delivery) -> Content | None:
    """It cannot be, and why, in the words of staff."""
    about = _about(delivery)
    before = _agreed_before(session, delivery)
    lead = _("We are sorry that we cannot hold the session that you asked for.")
    if delivery.channel == "sms":
        return _text(about, lead)
    return Letter(
        subject=_("We cannot take your request: %(kind)s") % {"kind": _kind(about)},
        greeting=_greeting(about),
        lead=lead,
        facts=_facts(about),
        quote=about.answer or "",
        paragraphs=_given_up(about, before),
        button=(_("See your request"), about.manage_url),
        fine_print=_why(),
    ).content(_calendar(about, delivery, before, "CANCEL"))


def withdrawn(session: Session, delivery: Delivery) -> Content | None:
    """The organisation has taken its request back: so that it knows that this has arrived."""
    about = _about(delivery)
    before = _agreed_before(session, delivery)
    lead = _("You have taken back your request. You need not do anything else.")
    if delivery.channel == "sms":
        return _text(about, lead)
    return Letter(
        subject=_("You have taken back your request: %(kind)s") % {"kind": _kind(about)},
        greeting=_greeting(about),
        lead=lead,
        facts=_facts(about),
        paragraphs=_given_up(about, before),
        button=(_("See your request"), about.manage_url),
        fine_print=_why(),
    ).content(_calendar(about, delivery, before, "CANCEL"))


def _agreed_before(session: Session, delivery: Delivery) -> datetime | None:
    """The agreed time that last went out to this address, if it may have arrived."""
    invitation = session.scalars(
        sa.select(Delivery)
        .where(
            Delivery.booking_id == delivery.booking_id,
            Delivery.channel == delivery.channel,
            Delivery.kind == "booking-accepted",
            Delivery.state.in_(["sending", "accepted", "delivered", "unknown"]),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    ).first()
    return None if invitation is None else _about(invitation).agreed_time


def _given_up(about: BookingContext, before: datetime | None) -> tuple[str, ...]:
    if before is None:
        return ()
    when = _when(before, about.timezone)
    return (_("The time agreed before no longer holds: %(when)s.") % {"when": when},)


def _about(delivery: Delivery) -> BookingContext:
    return BookingContext.model_validate_json(delivery.context or "")


def _kind(about: BookingContext) -> str:
    if about.kind == "school_session":
        return _("Session at a school")
    return _("Visit to an enterprise")


def _greeting(about: BookingContext) -> str:
    return _("Dear %(name)s,") % {"name": about.name}


def _facts(
    about: BookingContext, label: str = "", times: Sequence[datetime] = ()
) -> tuple[tuple[str, str], ...]:
    rows = [(_("Organisation"), about.organisation), (_("What"), _kind(about))]
    if times:
        rows.append((label, "\n".join(_when(moment, about.timezone) for moment in times)))
    if about.headcount:
        rows.append((_("Number of people"), str(about.headcount)))
    if about.destinations:
        names = [country_name(code) for code in about.destinations]
        rows.append((_("Destinations"), _(", ").join(names)))
    return tuple(rows)


def _when(moment: datetime, zone: str) -> str:
    when = date_line(moment, None, zone)
    return when if zone == city().timezone else f"{when} ({zone})"


def _text(about: BookingContext, point: str) -> SmsContent:
    link = _("Details: %(url)s") % {"url": about.manage_url}
    return SmsContent(first_fitting(f"{point} {link}", point))


def _calendar(
    about: BookingContext,
    delivery: Delivery,
    starts_at: datetime | None,
    method: Literal["REQUEST", "CANCEL"],
) -> CalendarPart | None:
    """The entry of an agreed time; none where no time is or was agreed."""
    if starts_at is None:
        return None
    if delivery.booking_id is None:
        raise ValueError("A message about a booking names none.")
    return calendar_part(
        Entry(
            uid=delivery.booking_id,
            sequence=about.version,
            summary=_kind(about),
            location=about.organisation,
            description=about.manage_url,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=about.duration_minutes),
            timezone=about.timezone,
            attendee=(about.name, delivery.address),
            url=about.manage_url,
        ),
        method,
        utc_now(),
    )


def _why() -> tuple[str, ...]:
    return (_("You receive this because this address was given when booking."),)
