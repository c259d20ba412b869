"""Messages about a registration: confirmed, waiting, changed, cancelled, and reminders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import clock, date_line, day, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.chassis.settings import settings
from services.notifications.contacts.models import Contact
from services.notifications.delivery.models import Delivery
from services.notifications.messages.advisories import notices
from services.notifications.messages.calendar import Entry, calendar_part
from services.notifications.messages.content import CalendarPart, Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.sms import first_fitting
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.schemas import ActivityState


@dataclass(frozen=True)
class Scene:
    """What a message about a registration speaks of, in the language of the moment."""

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
        return (
            (_("When"), self.when),
            (_("Place"), self.where),
            (
                _("Places"),
                ngettext("%(count)s person", "%(count)s people", people) % {"count": people},
            ),
        )

    @property
    def ticket(self) -> tuple[str, str]:
        """The code that is shown at the door."""
        return (_("Ticket code"), self.registration.ticket_code)

    @property
    def greeting(self) -> str:
        """The first line."""
        return _("Dear %(name)s,") % {"name": self.registration.name}


def scene(session: Session, delivery: Delivery) -> Scene:
    """Read again, at the time of writing, what a delivery is about."""
    registration = session.get_one(RegistrationSeen, delivery.registration_id)
    seen = session.get_one(ActivitySeen, registration.activity_id)
    activity = ActivityState.model_validate(seen.state)
    zone = activity.timezone
    when = date_line(activity.starts_at, activity.ends_at, zone)
    if zone != city().timezone:
        when = f"{when} ({zone})"
    between = " " if delivery.language == "en" else ""
    venue = localized(activity.venue.name)
    address = localized(activity.venue.address)
    return Scene(
        registration=registration,
        seen=seen,
        activity=activity,
        title=localized(activity.title),
        when=when,
        short_when=f"{day(activity.starts_at, zone)}{between}{clock(activity.starts_at, zone)}",
        venue=venue or address,
        where=", ".join(part for part in (venue, address) if part)
        if delivery.language == "en"
        else "，".join(part for part in (venue, address) if part),
    )


def confirmed(session: Session, delivery: Delivery) -> Content | None:
    """ "You are in": ticket, calendar entry, how to change it, advisories of its countries."""
    about = scene(session, delivery)
    if about.registration.status != "confirmed" or about.seen.status == "cancelled":
        return None
    what = {"title": about.title, "when": about.short_when}
    if delivery.channel == "sms":
        return _text(
            session,
            about,
            _("You are registered for “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
            _("Registered: %(title)s, %(when)s. Ticket: %(url)s"),
            _("Change or cancel: %(url)s"),
        )
    promoted = about.registration.promoted
    return Letter(
        subject=(
            _("A place has become free for you: %(title)s, %(when)s")
            if promoted
            else _("You are registered: %(title)s, %(when)s")
        )
        % what,
        greeting=about.greeting,
        lead=(
            _("A place has become free, and it is yours: “%(title)s”.")
            if promoted
            else _("You are registered for “%(title)s”.")
        )
        % what,
        facts=(*about.facts, about.ticket),
        paragraphs=(
            _("Please show the ticket code at the door; it is on the page below as a picture too."),
            _("If you cannot come, please cancel on that page, so that somebody else can."),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=_why(),
    ).content(_calendar(about, delivery, "REQUEST"))


def waiting(session: Session, delivery: Delivery) -> Content | None:
    """On the waiting list, at which place, and what happens next."""
    about = scene(session, delivery)
    if about.registration.status != "waiting" or about.seen.status == "cancelled":
        return None
    what = {
        "title": about.title,
        "when": about.short_when,
        "place": about.registration.waiting_position,
    }
    if delivery.channel == "sms":
        return _text(
            session,
            about,
            _("You are on the waiting list for “%(title)s”, %(when)s. We will write to you."),
            _("Waiting list: %(title)s, %(when)s. %(url)s"),
            _("Change or cancel: %(url)s"),
        )
    facts = about.facts
    if about.registration.waiting_position is not None:
        facts = (*facts, (_("Your place on the list"), str(about.registration.waiting_position)))
    return Letter(
        subject=_("You are on the waiting list: %(title)s, %(when)s") % what,
        greeting=about.greeting,
        lead=_("“%(title)s” is full. You are on the waiting list.") % what,
        facts=facts,
        paragraphs=(
            _("When a place becomes free for you, we write at once. You need not do anything."),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        fine_print=_why(),
    ).content()


def cancelled(session: Session, delivery: Delivery) -> Content | None:
    """A registration is over: by the person, by staff, or because the activity is cancelled."""
    about = scene(session, delivery)
    if about.registration.status != "cancelled":
        return None
    what = {"title": about.title, "when": about.short_when}
    cause = about.registration.cause
    if cause == "activity":
        subject = _("Will not take place: %(title)s, %(when)s")
        lead = _("We are sorry: “%(title)s” on %(when)s will not take place.")
        paragraphs: tuple[str, ...] = (
            _("You need not do anything. We hope to see you another time."),
        )
        button = (_("See other activities"), f"{settings().public_url}/activities")
    else:
        subject = _("Your registration is cancelled: %(title)s, %(when)s")
        lead = (
            _("The organiser has cancelled your registration for “%(title)s” on %(when)s.")
            if cause == "staff"
            else _("Your registration for “%(title)s” on %(when)s is cancelled, as you asked.")
        )
        paragraphs = (_("If this was a mistake, you can register again while there are places."),)
        button = (_("See the activity"), about.activity.url)
    if delivery.channel == "sms":
        return SmsContent(lead % what)
    return Letter(
        subject=subject % what,
        greeting=about.greeting,
        lead=lead % what,
        facts=about.facts,
        quote=(about.activity.cancel_reason or "") if cause == "activity" else "",
        paragraphs=paragraphs,
        button=button,
        fine_print=_why(),
    ).content(_calendar(about, delivery, "CANCEL") if _was_invited(session, delivery) else None)


def changed(session: Session, delivery: Delivery) -> Content | None:
    """Time or place has changed: the new ones, and the calendar entry anew."""
    about = scene(session, delivery)
    status = about.registration.status
    if status not in ("confirmed", "waiting") or about.seen.status == "cancelled":
        return None
    what = {"title": about.title, "when": about.short_when}
    if delivery.channel == "sms":
        return _text(
            session,
            about,
            _("Changed: “%(title)s” now takes place on %(when)s, %(venue)s."),
            _("Changed: %(title)s, now %(when)s. %(url)s"),
            _("Change or cancel: %(url)s"),
        )
    return Letter(
        subject=_("New time or place: %(title)s, %(when)s") % what,
        greeting=about.greeting,
        lead=_("The time or the place of “%(title)s” has changed. This is what counts now.") % what,
        facts=(*about.facts, about.ticket) if status == "confirmed" else about.facts,
        paragraphs=(_("If you cannot come any more, please cancel, so that somebody else can."),),
        button=(_("See, change or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=_why(),
    ).content(_calendar(about, delivery, "REQUEST") if status == "confirmed" else None)


def reminder(session: Session, delivery: Delivery) -> Content | None:
    """Soon: when, where, and the ticket code."""
    about = scene(session, delivery)
    still_on = about.registration.status == "confirmed" and about.seen.status == "published"
    if not still_on or about.seen.starts_at <= utc_now():
        return None
    what = {"title": about.title, "when": about.short_when}
    if delivery.channel == "sms":
        return _text(
            session,
            about,
            _("Reminder: “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
            _("Reminder: %(title)s, %(when)s. Ticket: %(url)s"),
            _("Cannot come: %(url)s"),
        )
    return Letter(
        subject=_("Reminder: %(title)s, %(when)s") % what,
        greeting=about.greeting,
        lead=_("“%(title)s” begins on %(when)s.") % what,
        facts=(*about.facts, about.ticket),
        paragraphs=(
            _("Please show the ticket code at the door."),
            _("If you cannot come, please cancel, so that somebody else can."),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=(_("You receive this because you asked to be reminded when registering."),),
    ).content()


def _text(session: Session, about: Scene, point: str, brief: str, link: str) -> SmsContent:
    """A text message within two parts where that can be.

    Who gave no e-mail address needs the link, which leads to the ticket and is the one way to
    change or cancel: when all of it is too long, ``brief`` keeps the link and drops the rest.
    Anybody else has the link in the mail, so theirs drops the link.
    """
    values = {
        "title": about.title,
        "when": about.short_when,
        "venue": about.venue,
        "code": about.registration.ticket_code,
        "url": about.registration.manage_url,
    }
    between = " " if about.registration.language == "en" else ""
    full = f"{point % values}{between}{link % values}"
    if session.get_one(Contact, about.registration.contact_id).email is None:
        return SmsContent(first_fitting(full, brief % values))
    return SmsContent(first_fitting(full, point % values))


def _calendar(
    about: Scene, delivery: Delivery, method: Literal["REQUEST", "CANCEL"]
) -> CalendarPart:
    registration = about.registration
    return calendar_part(
        Entry(
            uid=registration.id,
            # Either may rise without the other; their sum rises whenever one of them does.
            sequence=registration.version + about.seen.calendar_sequence,
            summary=about.title,
            location=about.where,
            description=_("Ticket code: %(code)s\n%(url)s")
            % {"code": registration.ticket_code, "url": registration.manage_url},
            starts_at=about.activity.starts_at,
            ends_at=about.activity.ends_at,
            attendee=(registration.name, delivery.address),
            url=registration.manage_url,
        ),
        method,
        utc_now(),
    )


def _was_invited(session: Session, delivery: Delivery) -> bool:
    """Whether a calendar entry may have reached the person, which is now to be taken out."""
    invitation = sa.exists().where(
        Delivery.registration_id == delivery.registration_id,
        Delivery.channel == "email",
        Delivery.kind.in_(["registration-confirmed", "activity-changed"]),
        Delivery.state.in_(["sending", "accepted", "delivered", "unknown"]),
    )
    return bool(session.scalar(sa.select(invitation)))


def _why() -> tuple[str, ...]:
    return (
        _(
            "You receive this because this address was given when registering. If it was not you, "
            "please ignore it."
        ),
    )
