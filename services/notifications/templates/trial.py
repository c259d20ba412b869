"""Sending a template, marked as a test, to a few addresses that somebody types."""

from __future__ import annotations

import json
import uuid
from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.fields import Email, Phone
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import sentence
from services.notifications.broadcasts.schemas import Message, TestIn, TestOut
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import kick
from services.notifications.templates.reading import stored, version_of

KIND: Final = "template-test"

_email: TypeAdapter[str] = TypeAdapter(Email)
_phone: TypeAdapter[str] = TypeAdapter(Phone)


def send_trial(principal: Principal, template_id: uuid.UUID, wanted: TestIn) -> TestOut:
    """Send the newest version, in each of its languages, to somebody made up at those addresses.

    Raises:
        NotFound, Problem: there is none, or it is another district's.
        Invalid: an address is none, or of a channel that nothing is written for.
    """
    with database.transaction() as session:
        template = stored(session, template_id, principal)
        message = Message.model_validate(version_of(session, template.id, template.version).message)
        planned = [
            _plan(
                session,
                message,
                channel=channel,
                address=address,
                language=tag,
                district=template.district or principal.district,
            )
            for channel, address in dict.fromkeys(_read(text) for text in wanted.to)
            for tag in message.languages
            if _is_written(message, tag, channel)
        ]
        if not planned:
            raise Invalid(
                [FieldError("to", lazy("This template has no text for these addresses."))]
            )
        kick(session, "transactional")
        audit.record(
            session,
            principal,
            "template.tested",
            f"template/{template.id}",
            district=template.district,
            detail=f"{len(planned)} messages",
        )
        return TestOut(planned=len(planned))


def _is_written(message: Message, tag: str, channel: str) -> bool:
    words = message.in_language(tag)[1]
    return bool(words.subject if channel == "email" else words.sms)


def _read(text: str) -> tuple[str, str]:
    """An address with its channel."""
    channel = "email" if "@" in text else "sms"
    try:
        return channel, (_email if channel == "email" else _phone).validate_python(text)
    except ValidationError as error:
        raise Invalid([FieldError("to", sentence(error.errors()[0]))]) from error


def _plan(
    session: Session,
    message: Message,
    *,
    channel: str,
    address: str,
    language: str,
    district: str | None,
) -> Delivery:
    identifier = new_id()
    delivery = Delivery(
        id=identifier,
        lane="transactional",
        kind=KIND,
        channel=channel,
        dedupe_key=f"{KIND}/{identifier}",
        district=district,
        address=address,
        address_hash=address_hash(address),
        language=language,
        context=json.dumps(
            {"urgency": "routine", "message": message.model_dump(mode="json")},
            ensure_ascii=False,
        ),
    )
    session.add(delivery)
    return delivery
