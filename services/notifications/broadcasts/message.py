"""What a broadcast's recipient gets, written for each delivery when it is sent."""

from __future__ import annotations

import json
import uuid
from typing import Final

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext, speaking
from services.chassis.markdown import to_html
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Message
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.unsubscribing.service import unsubscribe_token, unsubscribe_url

# Stands for the one thing in a mail that differs from recipient to recipient.
_TOKEN: Final = "UNSUBSCRIBETOKEN0000"  # noqa: S105 - a mark, no secret


def sms_text(text: str, language: str, urgency: str, delivery_id: uuid.UUID) -> str:
    """A broadcast as a text message, without the signature.

    The way to stop stands at its end, except in an emergency, where every character is the
    message's (docs/emergency-policy.md).
    """
    if not text or urgency == "emergency":
        return text
    with speaking(language):
        return gettext("%(text)s To stop: %(link)s") % {
            "text": text,
            "link": unsubscribe_url(unsubscribe_token(delivery_id)),
        }


def compose(session: Session, delivery: Delivery) -> Content | None:
    """A recipient's message in their language, or in the other one where theirs is not written.

    Returns:
        ``None`` when the broadcast is gone or its text has no such channel any more.
    """
    broadcast = session.get(Broadcast, delivery.broadcast_id)
    if broadcast is None:
        return None
    message = Message.model_validate(broadcast.message)
    return _content(message, broadcast.urgency, delivery, trial=False)


def compose_trial(_session: Session, delivery: Delivery) -> Content | None:
    """A trial's message, from the text that travels with it."""
    given = json.loads(delivery.context or "{}")
    message = Message.model_validate(given["message"])
    return _content(message, given["urgency"], delivery, trial=True)


def _content(message: Message, urgency: str, delivery: Delivery, *, trial: bool) -> Content | None:
    language, words = message.in_language(delivery.language)
    with speaking(language):
        mark = gettext("[Test] ") if trial else ""
        if delivery.channel == "sms":
            if not words.sms:
                return None
            return SmsContent(mark + sms_text(words.sms, language, urgency, delivery.id))
        if not words.subject:
            return None
        if urgency == "emergency":
            mark += gettext("[Emergency] ")
        link = unsubscribe_url(_TOKEN)
        letter = Letter(
            subject=mark + words.subject,
            body=(words.body, to_html(words.body)),
            fine_print=(
                gettext(
                    "You get this because you take part in something of ours and this is an "
                    "emergency."
                )
                if urgency == "emergency"
                else gettext("You get this because you agreed to receive advisories."),
            ),
            stop=(gettext("Stop these messages"), link),
        )
        return letter.content(
            headers=(
                # RFC 2369 and RFC 8058: the mail program can offer a button of its own.
                ("List-Unsubscribe", f"<{link}>"),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
                ("Precedence", "bulk"),
            ),
            slots={_TOKEN: unsubscribe_token(delivery.id)},
        )
