"""Sending the links to somebody's orders to the address that was given then."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.fields import LanguageTag, OptionalEmail, OptionalPhone, refuse
from services.content.database import database
from services.content.orders.events import OrderLink, OrderLinksAskedFor
from services.content.orders.models import Order, OrderLinksAsked

# One message in this time, whoever asks and however often.
PAUSE = timedelta(minutes=5)
MOST_LINKS = 10


class LinksWanted(BaseModel):
    """The one address that was given when ordering."""

    model_config = ConfigDict(extra="forbid")

    phone: OptionalPhone = None
    email: OptionalEmail = Field(default=None, validate_default=True)
    language: LanguageTag = "zh-CN"

    @field_validator("email")
    @classmethod
    def _exactly_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "phone" in info.data and (value is None) == (info.data["phone"] is None):
            raise refuse("Please give the e-mail address or the telephone number, one of the two.")
        return value


def ask(wanted: LinksWanted) -> None:
    """Send the links, if there are any and none were sent a moment ago.

    The caller answers the same in every case: nobody learns whether an address is known.
    """
    if wanted.email:
        known, address = Order.email_hash, wanted.email.casefold()
    else:
        known, address = Order.phone_hash, wanted.phone or ""
    now = utc_now()
    with database.transaction() as session:
        orders = session.scalars(
            sa.select(Order)
            .where(known.in_(crypto.fingerprints(address)), Order.erased_at.is_(None))
            .order_by(Order.placed_at.desc())
            .limit(MOST_LINKS)
        ).all()
        if not orders or not _is_due(session, crypto.fingerprint(address), now):
            return
        publish(
            session,
            OrderLinksAskedFor(
                subject_id=new_id(),
                version=1,
                language=wanted.language,
                email=wanted.email,
                phone=wanted.phone,
                items=[
                    OrderLink(
                        number=order.number,
                        state=order.at,
                        placed_at=order.placed_at,
                        url=order.url,
                    )
                    for order in orders
                ],
            ),
        )


def _is_due(session: Session, address_hash: str, now: datetime) -> bool:
    """Whether the pause since the last message is over; if so, a new one begins."""
    asked = postgresql.insert(OrderLinksAsked).values(address_hash=address_hash, asked_at=now)
    begun = session.execute(
        asked.on_conflict_do_update(
            index_elements=[OrderLinksAsked.address_hash],
            set_={"asked_at": now},
            where=OrderLinksAsked.asked_at <= now - PAUSE,
        ).returning(OrderLinksAsked.address_hash)
    )
    return begun.first() is not None


def forget(session: Session, now: datetime) -> None:
    """Drop what no longer holds anybody back."""
    session.execute(sa.delete(OrderLinksAsked).where(OrderLinksAsked.asked_at <= now - PAUSE))
