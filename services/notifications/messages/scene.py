"""What every message about a registration speaks of, in the language of the moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import clock, date_line, day, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.notifications.contacts.models import Contact
from services.notifications.delivery.models import Delivery
from services.notifications.messages.calendar import Entry, calendar_part
from services.notifications.messages.content import CalendarPart, SmsContent
from services.notifications.messages.sms import first_fitting
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.schemas import ActivityState

# Messages that carry an invitation to somebody who has a place.
_INVITING = ("registration-confirmed", "registration-asked", "registration-moved")
_MAY_HAVE_ARRIVED = ("sending", "accepted", "delivered", "unknown")


@dataclass(frozen=True)
class Scene:
    """One registration and its activity, as they are known when a message is written."""

    registration: RegistrationSeen
    seen: ActivitySeen
    activity: ActivityState
    title: str
    when: str
    short_when: str
    venue: str
    where: str

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """When, where and how many."""
        people = self.registration.party_size
        party = ngettext("%(count)s person", "%(count)s people", people) % {"count": people}
        if children := self.registration.children:
            party += ngettext(
                ", %(count)s of them a child", ", %(count)s of them children", children
            ) % {"count": children}
        return (
            (_("When"), self.when),
            (_("Place"), self.where),
            (_("Places"), party),
        )

    @property
    def code(self) -> str:
        """The ticket code in two groups, as on the ticket: ``K7Q2 MX4R``."""
        code = self.registration.ticket_code
        return f"{code[:4]} {code[4:]}"

    @property
    def ticket(self) -> tuple[str, str]:
        """The code that is shown at the door."""
        return (_("Ticket code"), self.code)

    @property
    def greeting(self) -> str:
        """The first line."""
        return _("Dear %(name)s,") % {"name": self.registration.name}

    @property
    def words(self) -> dict[str, object]:
        """What sentences about it are filled with."""
        return {
            "title": self.title,
            "when": self.short_when,
            "venue": self.venue,
            "code": self.code,
            "url": self.registration.manage_url,
            "place": self.registration.waiting_position,
        }

    def moment(self, moment: datetime) -> str:
        """Another moment, as the activity's are written: in its zone, and which where not ours."""
        return _zoned(date_line(moment, None, self.activity.timezone), self.activity.timezone)


def scene(session: Session, delivery: Delivery, *statuses: str) -> Scene | None:
    """Read again, at the time of writing, what a delivery is about.

    Args:
        statuses: how the registration may stand for the message to be true.

    Returns:
        ``None`` when it stands otherwise, or was erased.
    """
    registration = session.get(RegistrationSeen, delivery.registration_id)
    if registration is None or registration.status not in statuses:
        return None
    seen = session.get_one(ActivitySeen, registration.activity_id)
    activity = ActivityState.model_validate(seen.state)
    zone = activity.timezone
    between = " " if delivery.language == "en" else ""
    venue = localized(activity.venue.name)
    address = localized(activity.venue.address)
    return Scene(
        registration=registration,
        seen=seen,
        activity=activity,
        title=localized(activity.title),
        when=_zoned(date_line(activity.starts_at, activity.ends_at, zone), zone),
        short_when=_zoned(
            f"{day(activity.starts_at, zone)}{between}{clock(activity.starts_at, zone)}", zone
        ),
        venue=venue or address,
        where=", ".join(part for part in (venue, address) if part)
        if delivery.language == "en"
        else "，".join(part for part in (venue, address) if part),
    )


def _zoned(when: str, zone: str) -> str:
    return when if zone == city().timezone else f"{when} ({zone})"


def context_of(delivery: Delivery) -> dict[str, Any]:
    """What was put aside for this message when it was planned."""
    found: dict[str, Any] = json.loads(delivery.context or "{}")
    return found


def text(
    session: Session,
    about: Scene,
    point: str,
    brief: str,
    link: str,
    *,
    needs_link: bool = False,
    what: dict[str, object] | None = None,
) -> SmsContent:
    """A text message within two parts where that can be.

    Who gave no e-mail address needs the link, which leads to the ticket and is the one way to
    change or cancel: when all of it is too long, ``brief`` keeps the link and drops the rest.
    Anybody else has the link in the mail, so theirs drops the link, unless it asks something.

    Args:
        needs_link: it asks for an answer, which the link leads to.
        what: what the sentences are filled with, when it is more than the scene's words.
    """
    words = what or about.words
    between = " " if about.registration.language == "en" else ""
    full = f"{point % words}{between}{link % words}"
    if needs_link or session.get_one(Contact, about.registration.contact_id).email is None:
        return SmsContent(first_fitting(full, brief % words))
    return SmsContent(first_fitting(full, point % words))


def calendar(
    about: Scene, delivery: Delivery, method: Literal["REQUEST", "CANCEL"]
) -> CalendarPart:
    """The calendar entry of a registration, to enter, to change or to take out."""
    registration = about.registration
    return calendar_part(
        Entry(
            uid=registration.id,
            sequence=registration.calendar_sequence,
            summary=about.title,
            location=about.where,
            description=_("Ticket code: %(code)s\n%(url)s")
            % {"code": about.code, "url": registration.manage_url},
            starts_at=about.activity.starts_at,
            ends_at=about.activity.ends_at,
            timezone=about.activity.timezone,
            attendee=(registration.name, delivery.address),
            url=registration.manage_url,
        ),
        method,
        utc_now(),
    )


def taken_out(session: Session, about: Scene, delivery: Delivery) -> CalendarPart | None:
    """The entry's cancellation, where one may have reached the person."""
    invitation = sa.exists().where(
        Delivery.registration_id == delivery.registration_id,
        Delivery.channel == "email",
        Delivery.kind.in_([*_INVITING, "activity-changed"]),
        Delivery.state.in_(_MAY_HAVE_ARRIVED),
        Delivery.id != delivery.id,
    )
    return calendar(about, delivery, "CANCEL") if session.scalar(sa.select(invitation)) else None


def why() -> tuple[str, ...]:
    """Why a mail about a registration came."""
    return (
        _(
            "You receive this because this address was given when registering. If it was not you, "
            "please ignore it."
        ),
    )
