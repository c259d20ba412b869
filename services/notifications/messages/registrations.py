"""Messages about how a registration stands: from the code that verifies it to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import clock
from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.notifications.delivery.models import Delivery
from services.notifications.messages.advisories import notices
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.scene import (
    Scene,
    calendar,
    context_of,
    scene,
    taken_out,
    text,
    why,
)
from services.notifications.messages.sms import first_fitting


def unverified(session: Session, delivery: Delivery) -> Content | None:
    """The code that shows that this address is theirs, first of all; and a link that does it."""
    about = scene(session, delivery, "unverified")
    if about is None or about.registration.hold_expires_at is None:
        return None
    given = context_of(delivery)
    until = clock(about.registration.hold_expires_at, about.activity.timezone)
    what = about.words | {"code": given["code"], "url": given["url"], "until": until}
    if delivery.channel == "sms":
        point = _("%(code)s is your code for registering for “%(title)s”, good until %(until)s.")
        link = _("Or open: %(url)s")
        between = " " if delivery.language == "en" else ""
        return SmsContent(first_fitting(f"{point % what}{between}{link % what}", point % what))
    return Letter(
        subject=_("%(code)s is your code for registering: %(title)s") % what,
        greeting=about.greeting,
        lead=_("Your code is %(code)s. Please type it on the page, or press the button.") % what,
        facts=((_("Good until"), until), *about.facts),
        paragraphs=(
            _("Only then does your registration count. Please pass the code on to nobody."),
            _("If you have not registered for anything, you need not do anything."),
        ),
        button=(_("Confirm my registration"), given["url"]),
        fine_print=why(),
    ).content()


def confirmed(session: Session, delivery: Delivery) -> Content | None:
    """ "You are in": ticket, calendar entry, how to change it, advisories of its countries."""
    about = scene(session, delivery, "confirmed")
    if about is None or about.seen.status == "cancelled":
        return None
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("You are registered for “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
            _("Registered: %(title)s, %(when)s. Ticket: %(url)s"),
            _("Change or cancel: %(url)s"),
        )
    if about.registration.promoted:
        subject = _("A place has become free for you: %(title)s, %(when)s")
        lead = _("A place has become free, and it is yours: “%(title)s”.")
    else:
        subject = _("You are registered: %(title)s, %(when)s")
        lead = _("You are registered for “%(title)s”.")
    return _with_ticket(session, about, delivery, subject, lead)


def moved(session: Session, delivery: Delivery) -> Content | None:
    """Another date of the same thing: its ticket, and the entry in the calendar goes there too."""
    about = scene(session, delivery, "confirmed", "waiting")
    if about is None or about.seen.status == "cancelled":
        return None
    if about.registration.status == "waiting":
        return _waiting(
            session,
            about,
            delivery,
            _(
                "You are on the waiting list for “%(title)s” on %(when)s. Your place on the "
                "earlier date has been given back."
            ),
        )
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("Moved: “%(title)s”, now %(when)s, %(venue)s. Ticket code %(code)s."),
            _("Registered: %(title)s, %(when)s. Ticket: %(url)s"),
            _("Change or cancel: %(url)s"),
        )
    return _with_ticket(
        session,
        about,
        delivery,
        _("You have changed the date: %(title)s, %(when)s"),
        _("You are now registered for “%(title)s” on %(when)s, instead of the earlier date."),
    )


def _with_ticket(
    session: Session, about: Scene, delivery: Delivery, subject: str, lead: str
) -> Content:
    """The mail to somebody who has a place."""
    return Letter(
        subject=subject % about.words,
        greeting=about.greeting,
        lead=lead % about.words,
        facts=(*about.facts, about.ticket),
        paragraphs=(
            _("Please show the ticket code at the door; it is on the page below as a picture too."),
            _("If you cannot come, please cancel on that page, so that somebody else can."),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=why(),
    ).content(calendar(about, delivery, "REQUEST"))


def asked(session: Session, delivery: Delivery) -> Content | None:
    """Whether they are coming, which one press answers."""
    about = scene(session, delivery, "confirmed")
    if about is None or about.seen.status != "published" or not about.registration.asked:
        return None
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("Are you coming to “%(title)s”, %(when)s, %(venue)s?"),
            _("Are you coming? %(title)s, %(when)s. Confirm or cancel: %(url)s"),
            _("Confirm or cancel: %(url)s"),
            needs_link=True,
        )
    return Letter(
        subject=_("Are you coming? %(title)s, %(when)s") % about.words,
        greeting=about.greeting,
        lead=_("Please tell us whether you are coming to “%(title)s” on %(when)s.") % about.words,
        facts=(*about.facts, about.ticket),
        paragraphs=(_("One press confirms that you come, or gives your place to somebody else."),),
        button=(_("Confirm or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=why(),
    ).content(calendar(about, delivery, "REQUEST"))


def offered(session: Session, delivery: Delivery) -> Content | None:
    """A place is kept for them until a certain moment; the entry comes once they have it."""
    about = scene(session, delivery, "offered")
    if about is None or about.seen.status == "cancelled":
        return None
    if about.registration.hold_expires_at is None:
        raise ValueError("An offer has no end.")
    what = about.words | {"until": about.moment(about.registration.hold_expires_at)}
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("A place is kept for you until %(until)s: “%(title)s”, %(when)s."),
            _("Accept by %(until)s: %(title)s %(url)s"),
            _("Accept or decline: %(url)s"),
            needs_link=True,
            what=what,
        )
    return Letter(
        subject=_("Please accept your place by %(until)s: %(title)s") % what,
        greeting=about.greeting,
        lead=_("A place has become free for you: “%(title)s”. Please accept it by %(until)s.")
        % what,
        facts=about.facts,
        paragraphs=(
            _("Until then it is kept for you; after that it goes to the next on the list."),
            _("Your ticket and the calendar entry follow as soon as you have accepted."),
        ),
        button=(_("Accept or decline the place"), about.registration.manage_url),
        fine_print=why(),
    ).content()


def waiting(session: Session, delivery: Delivery) -> Content | None:
    """On the waiting list, at which place, and what happens next."""
    about = scene(session, delivery, "waiting")
    if about is None or about.seen.status == "cancelled":
        return None
    lead = _("“%(title)s” is full. You are on the waiting list.")
    return _waiting(session, about, delivery, lead)


def _waiting(session: Session, about: Scene, delivery: Delivery, lead: str) -> Content:
    if delivery.channel == "sms":
        return text(
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
        subject=_("You are on the waiting list: %(title)s, %(when)s") % about.words,
        greeting=about.greeting,
        lead=lead % about.words,
        facts=facts,
        paragraphs=(
            _(
                "When a place becomes free for you, we write at once and keep it for you for a "
                "while. Please accept it then."
            ),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        fine_print=why(),
    ).content(taken_out(session, about, delivery))


def cancelled(session: Session, delivery: Delivery) -> Content | None:
    """A registration is over; why, and what one may do."""
    about = scene(session, delivery, "cancelled")
    if about is None:
        return None
    subject, lead, paragraph = _ENDINGS.get(about.registration.cause or "", _as_asked)()
    if delivery.channel == "sms":
        return SmsContent(lead % about.words)
    button = (_("See the activity"), about.activity.url)
    quote = context_of(delivery).get("reason") or ""
    if about.registration.cause == "activity":
        button = (_("See other activities"), f"{settings().public_url}/activities")
        quote = about.activity.cancel_reason or ""
    return Letter(
        subject=subject % about.words,
        greeting=about.greeting,
        lead=lead % about.words,
        facts=about.facts,
        quote=quote,
        paragraphs=(paragraph,),
        button=button,
        fine_print=why(),
    ).content(taken_out(session, about, delivery))


# Subject, lead and what one may do.
Ending = tuple[str, str, str]


def _as_asked() -> Ending:
    return (
        _("Your registration is cancelled: %(title)s, %(when)s"),
        _("Your registration for “%(title)s” on %(when)s is cancelled, as you asked."),
        _("If this was a mistake, you can register again while there are places."),
    )


def _by_staff() -> Ending:
    return (
        _("Your registration is cancelled: %(title)s, %(when)s"),
        _("The organiser has cancelled your registration for “%(title)s” on %(when)s."),
        _("If this was a mistake, you can register again while there are places."),
    )


def _with_activity() -> Ending:
    return (
        _("Will not take place: %(title)s, %(when)s"),
        _("We are sorry: “%(title)s” on %(when)s will not take place."),
        _("You need not do anything. We hope to see you another time."),
    )


def _unanswered() -> Ending:
    return (
        _("Your place is no longer kept: %(title)s, %(when)s"),
        _(
            "The place that we kept for you was not accepted in time and has gone to the next on "
            "the list: “%(title)s”, %(when)s."
        ),
        _("If you would still like to come, you can join the waiting list again."),
    )


_ENDINGS: Final[dict[str, Callable[[], Ending]]] = {
    "registrant": _as_asked,
    "staff": _by_staff,
    "activity": _with_activity,
    "expired": _unanswered,
}
