"""What follows from what registration says about a booking's pack: its contact gets a mail."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.contacts.models import Contact
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, call_off, plan
from services.notifications.packs.schemas import PackContext, PackTold

KIND: Final = "booking-pack"


def on_pack(session: Session, told: PackTold, _envelope: Envelope) -> None:
    """Send the contact the link, or say what is new behind it.

    By e-mail alone: a pack is to be opened, saved and passed on. Whoever gave a telephone number
    only finds it on the page of the booking.
    """
    if told.contact.email is None:
        return
    # What has not gone out yet is overtaken by this.
    call_off(session, [Delivery.booking_id == told.booking_id, Delivery.kind == KIND])
    plan(
        session,
        [Address("email", told.contact.email)],
        Planned(
            kind=KIND,
            key=f"{KIND}/{told.subject_id}/{told.version}",
            language=told.language,
            district=told.district,
            contact_id=session.scalar(
                sa.select(Contact.id).where(Contact.source == f"booking/{told.booking_id}")
            ),
            booking_id=told.booking_id,
            context=PackContext(
                news=told.news,
                name=told.contact.name,
                agreed_time=told.agreed_time,
                timezone=told.timezone,
                title=told.title,
                url=told.url,
                items=told.items,
                changes=told.changes,
            ).model_dump(mode="json"),
        ),
    )
