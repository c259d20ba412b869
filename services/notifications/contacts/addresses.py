"""An address that somebody typed, to look for or to block."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.fields import Email, Phone
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.notifications.contacts.filters import own
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hashes
from services.notifications.delivery.models import Channel, Delivery

_email = TypeAdapter(Email)
_phone = TypeAdapter(Phone)


@dataclass(frozen=True)
class Found:
    """An address on its channel; ``hashes`` under every key, the newest first."""

    channel: Channel
    address: str
    hashes: list[str]


def typed(text: str) -> Found:
    """An e-mail address or a telephone number, normalised.

    Raises:
        Invalid: it is neither; field ``address``.
    """
    kind: TypeAdapter[str] = _email if "@" in text or "＠" in text else _phone
    try:
        address = kind.validate_python(text.strip())
    except ValidationError as error:
        sentence = lazy("Please write a whole e-mail address or telephone number.")
        raise Invalid([FieldError("address", sentence)]) from error
    return Found("email" if kind is _email else "sms", address, address_hashes(address))


def of_contact(contact: Contact) -> list[Found]:
    """The addresses that a contact has."""
    pairs: list[tuple[Channel, str | None]] = [("email", contact.email), ("sms", contact.phone)]
    return [
        Found(channel, address, address_hashes(address)) for channel, address in pairs if address
    ]


def has(found: Found) -> sa.ColumnElement[bool]:
    """The contacts that have an address."""
    column = Contact.email_hash if found.channel == "email" else Contact.phone_hash
    return column.in_(found.hashes)


def sent_to(found: Found) -> sa.ColumnElement[bool]:
    """The messages that went to an address."""
    return sa.and_(Delivery.channel == found.channel, Delivery.address_hash.in_(found.hashes))


def concerns(session: Session, principal: Principal, found: Found) -> bool:
    """Whether an address is the caller's to act on: of a contact or a message of their office."""
    if principal.district is None:
        return True
    return bool(
        session.scalar(
            sa.select(
                sa.or_(
                    sa.exists().where(has(found), own(principal)),
                    sa.exists().where(sent_to(found), Delivery.district == principal.district),
                )
            )
        )
    )
