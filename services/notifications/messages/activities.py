"""Messages about an activity to those who are registered: changed, soon, over; staff's own."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized, speaking
from services.chassis.markdown import to_html
from services.notifications.broadcasts.schemas import Message
from services.notifications.delivery.models import Delivery
from services.notifications.messages.advisories import notices
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.plain import to_plain
from services.notifications.messages.scene import calendar, context_of, scene, text, why
from services.notifications.messages.sms import first_fitting
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.schemas import ActivityState
from services.notifications.staff_messages.models import ActivityMessage


def changed(session: Session, delivery: Delivery) -> Content | None:
    """Time or place has changed: the new ones, the staff's words, and the calendar entry anew."""
    about = scene(session, delivery, "confirmed", "offered", "waiting")
    if about is None or about.seen.status == "cancelled":
        return None
    has_place = about.registration.status == "confirmed"
    asks = has_place and about.registration.asked
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("Changed: “%(title)s” now takes place on %(when)s, %(venue)s."),
            _("Changed: %(title)s, now %(when)s. %(url)s"),
            _("Does it suit you? Confirm or cancel: %(url)s")
            if asks
            else _("Change or cancel: %(url)s"),
            needs_link=asks,
        )
    return Letter(
        subject=_("New time or place: %(title)s, %(when)s") % about.words,
        greeting=about.greeting,
        lead=_("The time or the place of “%(title)s” has changed. This is what counts now.")
        % about.words,
        facts=(*about.facts, about.ticket) if has_place else about.facts,
        quote=localized(context_of(delivery).get("note")),
        paragraphs=(
            _("Does this suit you? Please confirm that you come, or cancel: one press does it.")
            if asks
            else _("If you cannot come any more, please cancel, so that somebody else can."),
        ),
        button=(
            _("Confirm or cancel") if asks else _("See, change or cancel"),
            about.registration.manage_url,
        ),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=why(),
    ).content(calendar(about, delivery, "REQUEST") if has_place else None)


def reminder(session: Session, delivery: Delivery) -> Content | None:
    """Soon: when, where, and the ticket code."""
    about = scene(session, delivery, "confirmed")
    if about is None or about.seen.status != "published" or about.seen.starts_at <= utc_now():
        return None
    if delivery.channel == "sms":
        return text(
            session,
            about,
            _("Reminder: “%(title)s”, %(when)s, %(venue)s. Ticket code %(code)s."),
            _("Reminder: %(title)s, %(when)s. Ticket: %(url)s"),
            _("Cannot come: %(url)s"),
        )
    return Letter(
        subject=_("Reminder: %(title)s, %(when)s") % about.words,
        greeting=about.greeting,
        lead=_("“%(title)s” begins on %(when)s.") % about.words,
        facts=(*about.facts, about.ticket),
        paragraphs=(
            _("Please show the ticket code at the door."),
            _("If you cannot come, please cancel, so that somebody else can."),
        ),
        button=(_("See, change or cancel"), about.registration.manage_url),
        notices=notices(session, about.activity.countries, utc_now()),
        fine_print=(_("You receive this because you asked to be reminded when registering."),),
    ).content()


def attended(session: Session, delivery: Delivery) -> Content | None:
    """Thanks to who came, their certificate, and a few questions."""
    about = scene(session, delivery, "confirmed")
    if about is None:
        return None
    given = context_of(delivery)
    certificate, feedback = given.get("certificate_url"), given.get("feedback_url")
    thanks = _("Thank you for coming to “%(title)s”.") % about.words
    if delivery.channel == "sms":
        between = " " if delivery.language == "en" else ""
        more = [
            wording % {"url": url}
            for wording, url in (
                (_("How was it? %(url)s"), feedback),
                (_("Your certificate: %(url)s"), certificate),
            )
            if url
        ]
        return SmsContent(
            first_fitting(between.join([thanks, *more]), between.join([thanks, *more[:1]]))
        )
    button = None
    if feedback:
        button = (_("Tell us how it was"), feedback)
    elif certificate:
        button = (_("Open your certificate"), certificate)
    return Letter(
        subject=_("Thank you for coming: %(title)s") % about.words,
        greeting=about.greeting,
        lead=thanks,
        facts=((_("Your certificate of attendance"), certificate),)
        if certificate and feedback
        else (),
        paragraphs=(_("A few short questions help us to do it better; they take two minutes."),)
        if feedback
        else (),
        button=button,
        fine_print=why(),
    ).content()


def from_staff(session: Session, delivery: Delivery) -> Content | None:
    """What staff wrote, in the reader's language or in the other one where theirs is empty."""
    sent = session.get(ActivityMessage, uuid.UUID(context_of(delivery)["message"]))
    registration = session.get(RegistrationSeen, delivery.registration_id)
    if sent is None or registration is None:
        return None
    language, words = Message.model_validate(sent.message).in_language(delivery.language)
    if delivery.channel == "sms":
        return SmsContent(words.sms) if words.sms else None
    if not words.subject:
        return None
    activity = session.get_one(ActivitySeen, sent.activity_id)
    with speaking(language):
        title = localized(ActivityState.model_validate(activity.state).title)
        return Letter(
            subject=words.subject,
            body=(to_plain(words.body), to_html(words.body)),
            button=(_("See your registration"), registration.manage_url),
            fine_print=(
                _("You receive this because you registered for “%(title)s”.") % {"title": title},
            ),
        ).content()
