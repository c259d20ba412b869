"""Which contacts the rules of a broadcast mean, as SQL.

Two things are told apart. What somebody *chose* (districts, countries, topics, trips, a pause) is
read from the contact itself. What is *known* of somebody (a registration, the organisation they
speak for) counts for the holder of the address too, whose own contact knows nothing of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import InstrumentedAttribute, aliased

from services.notifications.answers.models import Answer
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Audience, Channel
from services.notifications.contacts.models import Contact, Trip
from services.notifications.delivery.models import Delivery
from services.notifications.reminders.models import RegistrationSeen

# How long before the departure a country begins to matter to a traveller: when one packs, not when
# one books. Until the day of return it does.
BEFORE_DEPARTURE: Final = timedelta(days=30)

# A registration counts as "registered" while it holds a place or waits for one.
_REGISTERED = ("confirmed", "offered", "waiting")
_DID_NOT_GO = ("failed", "expired")
_WENT = ("accepted", "delivered", "unknown")

_channels = TypeAdapter(list[Channel])

HASHES: Final[dict[str, InstrumentedAttribute[str | None]]] = {
    "email": Contact.email_hash,
    "sms": Contact.phone_hash,
}


@dataclass(frozen=True)
class Rules:
    """What decides who is meant.

    Attributes:
        drill: only contacts on the drill list, with or without a consent.
    """

    audience: Audience
    urgency: str
    channels: Sequence[Channel]
    drill: bool = False

    @classmethod
    def of(cls, broadcast: Broadcast) -> Rules:
        """The rules of a stored broadcast."""
        return cls(
            Audience.model_validate(broadcast.audience),
            broadcast.urgency,
            _channels.validate_python(broadcast.channels),
            broadcast.drill,
        )

    @property
    def considerate(self) -> bool:
        """Whether pauses and what the holder of an address chose hold: not in what cannot wait."""
        return self.urgency != "emergency" and not self.drill


def conditions(rules: Rules, today: date) -> list[sa.ColumnElement[bool]]:
    """What must hold of a contact.

    Routine and important messages go to those who asked for them. An emergency goes to everyone
    who may be reached in one (docs/emergency-policy.md).

    Args:
        today: the date in the city's zone.
    """
    audience = rules.audience
    found: list[sa.ColumnElement[bool]] = [_consenting(rules)]
    for column, wanted in (
        (Contact.districts, audience.districts),
        (Contact.topics, audience.topics),
    ):
        if wanted:
            found.append(column.overlap(wanted))
    if audience.travelling_on is not None:
        until = audience.travelling_until or audience.travelling_on
        found.append(_abroad(audience.travelling_on, until, audience.countries))
    elif audience.countries:
        # A country matters to those who follow it, and to travellers from shortly before they go.
        found.append(
            sa.or_(
                Contact.countries.overlap(audience.countries),
                _abroad(today, today + BEFORE_DEPARTURE, audience.countries),
            )
        )
    if audience.organisation_kinds:
        found.append(
            _known_of(
                sa.select(Contact.id).where(
                    Contact.organisation_kind.in_(audience.organisation_kinds)
                )
            )
        )
    if audience.activity_id is not None:
        registered = sa.select(RegistrationSeen.contact_id).where(
            RegistrationSeen.activity_id == audience.activity_id,
            RegistrationSeen.status.in_(_REGISTERED),
        )
        found.append(_known_of(registered))
    if audience.of_broadcast is not None:
        found += _of_earlier(audience.of_broadcast, audience.whose)
    return found


def _consenting(rules: Rules) -> sa.ColumnElement[bool]:
    if rules.drill:
        return Contact.on_drill_list.is_(True)
    wanted = Contact.reachable if rules.urgency == "emergency" else Contact.wants_broadcasts
    return wanted.is_(True)


def _abroad(first: date, last: date, countries: Sequence[str]) -> sa.ColumnElement[bool]:
    """On a trip on any day of a span; without a date of return, from the day of departure on."""
    trip = [
        Trip.contact_id == Contact.id,
        Trip.departs_on <= last,
        sa.or_(Trip.returns_on.is_(None), Trip.returns_on >= first),
    ]
    if countries:
        trip.append(Trip.country.in_(countries))
    return sa.exists().where(*trip)


def _known_of(contacts: sa.Select[uuid.UUID]) -> sa.ColumnElement[bool]:
    """One of these contacts, or the holder of an address that one of them gave."""
    known = contacts.cte()
    other, holder = aliased(Contact), aliased(Contact)
    holders = (
        sa.select(holder.id)
        .join(other, (holder.holder == channel) & (own == given))
        .join(known, known.c[0] == other.id)
        for channel, own, given in (
            ("email", holder.email_hash, other.email_hash),
            ("sms", holder.phone_hash, other.phone_hash),
        )
    )
    return Contact.id.in_(sa.union(sa.select(known.c[0]), *holders))


def _of_earlier(broadcast_id: uuid.UUID, whose: str | None) -> list[sa.ColumnElement[bool]]:
    """A message of the earlier broadcast went, or failed to go, to one of the contact's addresses.

    Who has answered from one address is not asked again at another.
    """
    sent = [Delivery.broadcast_id == broadcast_id, Delivery.kind == "broadcast"]
    if whose == "failed":
        sent.append(Delivery.state.in_(_DID_NOT_GO))
    elif whose == "unanswered":
        sent.append(Delivery.state.in_(_WENT))
    found = [
        sa.or_(
            *(
                sa.exists().where(*sent, Delivery.channel == channel, Delivery.address_hash == own)
                for channel, own in HASHES.items()
            )
        )
    ]
    if whose == "unanswered":
        found += [
            ~sa.exists().where(Answer.broadcast_id == broadcast_id, Answer.address_hash == own)
            for own in HASHES.values()
        ]
    return found


def has_it_already(
    broadcast_id: uuid.UUID, channel: sa.ColumnElement[str], address_hash: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Whether an address got a broadcast, may have got it, or is still to get it."""
    return sa.exists().where(
        Delivery.broadcast_id == broadcast_id,
        Delivery.kind == "broadcast",
        Delivery.channel == channel,
        Delivery.address_hash == address_hash,
        Delivery.state.in_((*_WENT, "pending", "sending")),
    )


def decides(rules: Rules, channel: Channel) -> sa.ColumnElement[bool]:
    """Whether a contact may choose for its address on ``channel``.

    Once the holder of an address has said what they want, others who typed it choose nothing.
    """
    if not rules.considerate:
        return sa.true()
    holder = aliased(Contact)
    own = holder.email_hash if channel == "email" else holder.phone_hash
    return sa.or_(
        Contact.holder.is_not_distinct_from(channel),
        ~sa.exists().where(holder.holder == channel, own == HASHES[channel]),
    )
