"""What a traveller, or whoever passes it on to a group, reads before a trip."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import country_name, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.notifications.contacts.models import Contact, Trip
from services.notifications.contacts.service import is_unsubscribed
from services.notifications.delivery.models import Delivery
from services.notifications.messages.advisories import notices
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter, Notice
from services.notifications.messages.scene import context_of
from services.notifications.messages.sms import first_fitting
from services.notifications.preferences.links import preferences_url
from services.notifications.trips.materials import materials_for
from services.notifications.trips.models import TripPack
from services.notifications.trips.packs import trip_of
from services.notifications.trips.words import days_of, said

MOST_MATERIALS: Final = 5


def compose(session: Session, delivery: Delivery) -> Content | None:
    """The pack for one trip.

    Returns:
        ``None`` when the trip is off by now, or its traveller wants no more messages of the kind.
    """
    pack = session.get(TripPack, uuid.UUID(context_of(delivery)["pack"]))
    trip = trip_of(session, pack) if pack is not None else None
    if trip is None or is_unsubscribed(session, delivery.channel, delivery.address):
        return None
    contact = session.get_one(Contact, trip.contact_id)
    page = f"{settings().public_url}/advisories/{trip.country}"
    in_force = notices(session, [trip.country], utc_now())
    if delivery.channel == "sms":
        return _text(trip, in_force, page)
    country = country_name(trip.country)
    read = tuple(
        (
            localized(material.title),
            "\n".join(filter(None, (localized(material.summary), material.url))),
        )
        for material in materials_for(session, trip.country, MOST_MATERIALS)
    )
    return Letter(
        subject=_("Before you go to %(country)s on %(day)s")
        % {"country": country, "day": said(trip.departs_on)},
        greeting=_("Dear %(name)s,") % {"name": contact.name} if contact.name else "",
        lead=_lead(country, in_force),
        facts=(
            (_("Your trip"), days_of(trip.departs_on, trip.returns_on)),
            (_("Consular protection, day and night"), _("12308; from abroad +86 10 12308")),
            *read,
        ),
        paragraphs=(
            *_for_a_group(contact),
            _(
                "Please check that your passport is valid, keep a copy of it separately, and "
                "leave your route with your family. If your life is in danger, call the local "
                "police or ambulance first, then 12308."
            ),
        ),
        button=(_("All about %(country)s") % {"country": country}, page),
        notices=in_force,
        fine_print=_why(contact),
        stop=(_("Change or end what you receive"), preferences_url(delivery.id)),
    ).content()


def _lead(country: str, in_force: tuple[Notice, ...]) -> str:
    """The level stands in the first sentence: not everybody reads on to the advisories below."""
    if not in_force:
        return _("Here is what to know before the trip to %(country)s.") % {"country": country}
    return _(
        "Here is what to know before the trip to %(country)s. In force there now: %(level)s."
    ) % {"country": country, "level": in_force[0].level}


def _for_a_group(contact: Contact) -> tuple[str, ...]:
    if not contact.relays_for:
        return ()
    people = ngettext(
        "You speak for %(count)s traveller. Please pass this on.",
        "You speak for %(count)s travellers. Please pass this on to each of them.",
        contact.relays_for,
    )
    return (people % {"count": contact.relays_for},)


def _why(contact: Contact) -> tuple[str, ...]:
    if contact.holder:
        return (_("You receive this because you told us of this trip."),)
    return (_("You receive this because this trip was named when booking a session with us."),)


def _text(trip: Trip, in_force: tuple[Notice, ...], page: str) -> SmsContent:
    words = {
        "country": country_name(trip.country),
        "day": said(trip.departs_on),
        "level": in_force[0].level if in_force else "",
        "page": page,
    }
    if in_force:
        return SmsContent(
            first_fitting(
                _(
                    "%(country)s, %(day)s: advisory in force (%(level)s). Please read before you "
                    "go: %(page)s Help abroad: +86 10 12308."
                )
                % words,
                _("%(country)s: %(level)s. %(page)s Help: +86 10 12308.") % words,
            )
        )
    return SmsContent(
        first_fitting(
            _(
                "%(country)s, %(day)s: please read before you go: %(page)s Help abroad: "
                "+86 10 12308."
            )
            % words,
            _("Before you go to %(country)s: %(page)s Help: +86 10 12308.") % words,
        )
    )
