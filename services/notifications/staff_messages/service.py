"""Messages of staff to the people of an activity: a delivery for each address, once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.notifications.contacts.models import Contact
from services.notifications.delivery.service import Address, Planned, addresses_of, plan_all
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.projections import see_activity
from services.notifications.staff_messages.models import ActivityMessage
from services.notifications.staff_messages.schemas import MessageTold

KIND: Final = "activity-message"
_AT_ONCE: Final = 500


def on_messaged(session: Session, told: MessageTold, _envelope: Envelope) -> None:
    """Plan what staff wrote to each address of those whom they chose; nobody gets it twice."""
    # Registrations that are being handled hold this row, shared: after them each is either known
    # here, or finds this message when it comes.
    session.execute(
        sa.select(ActivitySeen.id).where(ActivitySeen.id == told.activity.id).with_for_update()
    )
    activity = see_activity(session, told.activity)
    message = ActivityMessage(
        id=told.subject_id,
        activity_id=activity.id,
        channels=list(told.channels),
        message=told.message.model_dump(mode="json", by_alias=True),
        awaited=[],
        planned=0,
        suppressed=0,
        no_address=0,
        # What is written about something to come is stale once it is over.
        expires_at=activity.ends_at if activity.ends_at > utc_now() else None,
    )
    session.add(message)
    awaited: list[uuid.UUID] = []
    for start in range(0, len(told.registration_ids), _AT_ONCE):
        wanted = told.registration_ids[start : start + _AT_ONCE]
        people = {
            registration.id: (registration, contact)
            for registration, contact in session.execute(
                sa.select(RegistrationSeen, Contact)
                .join(Contact, Contact.id == RegistrationSeen.contact_id)
                .where(RegistrationSeen.id.in_(wanted))
            )
        }
        awaited += [identifier for identifier in wanted if identifier not in people]
        _plan(session, message, activity, people.values())
    message.awaited = awaited


def tell_the_late(session: Session, registration: RegistrationSeen, contact: Contact) -> None:
    """Send a registration the messages that were for it before it was heard of here."""
    for message in session.scalars(
        sa.select(ActivityMessage)
        .where(ActivityMessage.awaited.contains([registration.id]))
        .order_by(ActivityMessage.id)
        .with_for_update()
    ):
        message.awaited = [one for one in message.awaited if one != registration.id]
        activity = session.get_one(ActivitySeen, message.activity_id)
        _plan(session, message, activity, [(registration, contact)])


def _plan(
    session: Session,
    message: ActivityMessage,
    activity: ActivitySeen,
    people: Iterable[tuple[RegistrationSeen, Contact]],
) -> None:
    """A key made of the address: who registered twice is written to once."""
    planned: list[tuple[Sequence[Address], Planned]] = []
    for registration, contact in people:
        addresses = [one for one in addresses_of(contact) if one.channel in message.channels]
        if not addresses:
            message.no_address += 1
        planned += [
            (
                [address],
                Planned(
                    kind=KIND,
                    key=f"{KIND}/{message.id}/{_hash(contact, address)}",
                    lane="bulk",
                    language=registration.language,
                    district=activity.state["district"],
                    expires_at=message.expires_at,
                    contact_id=contact.id,
                    registration_id=registration.id,
                    context={"message": str(message.id)},
                ),
            )
            for address in addresses
        ]
    made = plan_all(session, planned)
    message.planned += len(made)
    message.suppressed += sum(delivery.state == "suppressed" for delivery in made)


def _hash(contact: Contact, address: Address) -> str | None:
    return contact.email_hash if address.channel == "email" else contact.phone_hash
