"""Sending somebody the links to their registrations again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.links.schemas import LinkAsked, LinkOf

KIND: Final = "links"
# Whoever asked has long asked again by then.
WITHIN: Final = timedelta(hours=6)


def on_asked(session: Session, told: LinkAsked, envelope: Envelope) -> None:
    """Send every link in one message to the address that was given; none where there are none."""
    addresses: list[Address] = []
    if told.email:
        addresses.append(Address("email", told.email))
    if told.phone:
        addresses.append(Address("sms", told.phone))
    if not told.items:
        return
    plan(
        session,
        addresses,
        Planned(
            kind=KIND,
            key=f"{KIND}/{told.subject_id}/{envelope.sequence}",
            language=told.language,
            expires_at=envelope.time + WITHIN,
            context={"items": [_kept(item) for item in told.items]},
        ),
    )


def _kept(item: LinkOf) -> dict[str, Any]:
    """The item as JSON. The column that it goes into is sealed as a whole."""
    return item.model_dump(mode="json") | {"manage_url": item.manage_url}
