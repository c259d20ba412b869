"""People to broadcast to, and the way of a broadcast from draft to approved."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.crypto import fingerprint
from services.notifications.broadcasts import sending, writing
from services.notifications.broadcasts.schemas import BroadcastIn, BroadcastOut
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from tests.conftest import principal

MESSAGE = {
    "zh-CN": {
        "subject": "泰国南部洪水",
        "body": "请**远离**河岸。",
        "sms": "泰国南部洪水，请远离河岸。",
    },
    "en": {"subject": "Floods in southern Thailand", "body": "Stay **away**.", "sms": "Stay away."},
}


def person(email: str | None = None, **changes: Any) -> uuid.UUID:
    """A contact who agreed to receive advisories, unless ``changes`` say otherwise."""
    phone = changes.pop("phone", None)
    fields: dict[str, Any] = {
        "source": f"registration/{uuid.uuid4()}",
        "language": "zh-CN",
        "email": email,
        "email_hash": fingerprint(email) if email else None,
        "phone": phone,
        "phone_hash": fingerprint(phone) if phone else None,
        "districts": ["110102"],
        "countries": ["TH"],
        "topics": ["travel"],
        "organisation_kind": None,
        "consents": {},
        "wants_broadcasts": True,
        "reachable": True,
    }
    with database.transaction() as session:
        contact = Contact(**fields | changes)
        session.add(contact)
        session.flush()
        return contact.id


def people(number: int, **changes: Any) -> list[str]:
    """So many contacts with an e-mail address each; their addresses."""
    addresses = [f"person{index}@example.com" for index in range(number)]
    for address in addresses:
        person(address, **changes)
    return addresses


def body(**changes: Any) -> dict[str, Any]:
    """A broadcast as the API takes it."""
    return {
        "title": "Floods",
        "urgency": "routine",
        "channels": ["email"],
        "audience": {"districts": ["110102"]},
        "message": MESSAGE,
        "send_at": None,
        "expires_at": None,
    } | changes


def author(district: str | None = None) -> Principal:
    return principal("district-editor" if district else "city-editor", district)


def draft(by: Principal | None = None, **changes: Any) -> BroadcastOut:
    """A stored draft."""
    return writing.create(by or author(), BroadcastIn.model_validate(body(**changes)))


def approved(**changes: Any) -> BroadcastOut:
    """A broadcast that one person wrote and another approved."""
    writer = author()
    made = draft(writer, **changes)
    writing.submit(writer, made.id)
    return writing.approve(author(), made.id)


def sent(**changes: Any) -> BroadcastOut:
    """One that has gone out, as far as it could."""
    broadcast = approved(**changes)
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    lanes.run_lane("bulk", sending.look_after)
    return broadcast


def let(broadcast: BroadcastOut, address: str, **values: Any) -> None:
    """Let something have become of the message to an address."""
    with database.transaction() as session:
        for delivery in session.scalars(
            sa.select(Delivery).where(Delivery.broadcast_id == broadcast.id)
        ):
            if delivery.address == address:
                session.execute(
                    sa.update(Delivery)
                    .where(Delivery.id == delivery.id)
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
