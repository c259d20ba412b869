"""Trying a broadcast out: to a few addresses that somebody types, before it goes to many."""

from __future__ import annotations

import json
import uuid

from pydantic import TypeAdapter, ValidationError

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.fields import Email, Phone
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import sentence
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.reading import stored
from services.notifications.broadcasts.schemas import Message, TestIn, TestOut
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import kick

KIND = "broadcast-test"

_email: TypeAdapter[str] = TypeAdapter(Email)
_phone: TypeAdapter[str] = TypeAdapter(Phone)


def send_trial(principal: Principal, broadcast_id: uuid.UUID, wanted: TestIn) -> TestOut:
    """Send what is written now, in each of its languages, marked as a test.

    The text travels with the trial, so it shows what was written when it was asked for. Trials are
    not among the broadcast's recipients and never in its counts.

    Raises:
        NotFound, Problem: there is none, or it is another district's.
        Invalid: an address is none, or is of a channel that this broadcast does not use.
    """
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        addresses = _read(wanted.to, broadcast)
        languages = Message.model_validate(broadcast.message).languages
        for channel, address in addresses:
            for language in languages:
                identifier = new_id()
                session.add(
                    Delivery(
                        id=identifier,
                        lane="transactional",
                        kind=KIND,
                        channel=channel,
                        dedupe_key=f"{KIND}/{identifier}",
                        district=broadcast.district,
                        address=address,
                        address_hash=address_hash(address),
                        language=language,
                        context=json.dumps(
                            {
                                "urgency": broadcast.urgency,
                                "message": broadcast.message,
                                "drill": broadcast.drill,
                                "asks": broadcast.asks,
                            },
                            ensure_ascii=False,
                        ),
                    )
                )
        kick(session, "transactional")
        audit.record(
            session,
            principal,
            "broadcast.tested",
            f"broadcast/{broadcast.id}",
            district=broadcast.district,
            detail=f"{len(addresses)} addresses",
        )
        return TestOut(planned=len(addresses) * len(languages))


def _read(typed: list[str], broadcast: Broadcast) -> list[tuple[str, str]]:
    """The addresses, each with its channel, once each."""
    found: dict[tuple[str, str], None] = {}
    for text in typed:
        channel = "email" if "@" in text else "sms"
        if channel not in broadcast.channels:
            raise Invalid(
                [
                    FieldError(
                        "to",
                        lazy("This broadcast does not go by e-mail.")
                        if channel == "email"
                        else lazy(
                            "“%(text)s” is no e-mail address, and this broadcast does not go "
                            "by SMS.",
                            text=text,
                        ),
                    )
                ]
            )
        try:
            address = (_email if channel == "email" else _phone).validate_python(text)
        except ValidationError as error:
            raise Invalid([FieldError("to", sentence(error.errors()[0]))]) from error
        found[channel, address] = None
    return list(found)
