"""What follows from what the content service says about orders: each step goes out as a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, call_off, plan
from services.notifications.erasing.service import forget
from services.notifications.orders.schemas import (
    OrderContext,
    OrderLinksContext,
    OrderLinksTold,
    OrderTold,
)
from services.notifications.reminders.schemas import ErasedTold

LINKS: Final = "order-links"
# Whoever asked for the links has long asked again by then.
_LINKS_WITHIN: Final = timedelta(hours=6)
# For these one hears by text message only where there is no mail: nothing is to be done about them.
_QUIET: Final = ("order-packed", "order-returned")


def on_placed(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Say that the order has arrived, or what an organisation gets of what it asked for."""
    _tell(session, "order-placed", told)


def on_packed(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Say that it is packed, or lies ready to be fetched."""
    _tell(session, "order-ready" if told.state == "ready" else "order-packed", told)


def on_sent(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Say that it is on its way, and with whom."""
    _tell(session, "order-sent", told)


def on_delivered(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Ask whether it has come; whoever said so or fetched it needs no message."""
    if told.state == "delivered" and told.by_office:
        _tell(session, "order-delivered", told)
    else:
        call_off(session, [Delivery.order_id == told.subject_id])


def on_cancelled(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Say that it was cancelled, by the office with its reason."""
    _tell(session, "order-cancelled", told)


def on_returned(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Say that it did not reach them, why, and what they can do."""
    _tell(session, "order-returned", told)


def on_restored(session: Session, told: OrderTold, _envelope: Envelope) -> None:
    """Staff took back what they had marked: the message about it does not go out."""
    call_off(session, [Delivery.order_id == told.subject_id])


def on_erased(session: Session, told: ErasedTold, _envelope: Envelope) -> None:
    """Erase our copies of an order's personal data, and send nothing more about it."""
    forget(session, f"order/{told.subject_id}", Delivery.order_id == told.subject_id)


def on_links_asked(session: Session, told: OrderLinksTold, envelope: Envelope) -> None:
    """Send every link in one message to the address that was given."""
    plan(
        session,
        _addresses(told.email, told.phone),
        Planned(
            kind=LINKS,
            key=f"{LINKS}/{told.subject_id}",
            language=told.language,
            expires_at=envelope.time + _LINKS_WITHIN,
            context={
                # Opened: the column that it goes into is sealed as a whole.
                "items": [
                    item.model_dump(mode="json") | {"url": item.url}
                    for item in OrderLinksContext(items=told.items).items
                ]
            },
        ),
    )


def _tell(session: Session, kind: str, told: OrderTold) -> None:
    # What has not gone out yet is overtaken by what is so now.
    call_off(session, [Delivery.order_id == told.subject_id])
    quiet = kind in _QUIET and told.email
    plan(
        session,
        _addresses(told.email, None if quiet else told.phone),
        Planned(
            kind=kind,
            key=f"{kind}/{told.subject_id}/{told.version}",
            language=told.language,
            district=None if told.store == "city" else told.store,
            due_at=told.told_from,
            order_id=told.subject_id,
            context=OrderContext(
                number=told.number,
                state=told.state,
                name=told.name or "",
                organisation=told.organisation,
                items=told.items,
                desk=told.desk,
                carrier=told.carrier,
                tracking=told.tracking,
                reason=told.reason,
                url=told.url,
                by_office=told.by_office,
            ).model_dump(mode="json"),
        ),
    )


def _addresses(email: str | None, phone: str | None) -> list[Address]:
    found: list[Address] = []
    if email:
        found.append(Address("email", email))
    if phone:
        found.append(Address("sms", phone))
    return found
