"""The message that asks an address whether it wants to subscribe."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.scene import context_of
from services.notifications.subscribing.models import Subscription
from services.notifications.subscribing.service import token_of


def compose(session: Session, delivery: Delivery) -> Content | None:
    """A mail with a link, or an SMS with a code; ``None`` once it was confirmed or is too old."""
    given = context_of(delivery)
    subscription = session.get(Subscription, uuid.UUID(given["subscription"]))
    if subscription is None or subscription.confirmed_at is not None:
        return None
    if delivery.channel == "sms":
        return SmsContent(
            _(
                "%(code)s is your code to receive safety reminders, good for two days. If you did "
                "not ask for it, please ignore it."
            )
            % {"code": given["code"]}
        )
    return Letter(
        subject=_("Please confirm: safety reminders for this address"),
        lead=_("Somebody, probably you, asked for safety reminders to this address."),
        paragraphs=(
            _(
                "To receive them, please open the page below and confirm. Nothing is sent before "
                "you do."
            ),
            _(
                "If it was not you, you need not do anything: no reminders will come, and in two "
                "days we forget this address."
            ),
        ),
        button=(
            _("Look and confirm"),
            f"{settings().public_url}/subscribe/{token_of(subscription.id)}",
        ),
        fine_print=(
            _(
                "You receive this because this address was typed on our page. We send at most a "
                "few such messages an hour, whoever asks."
            ),
        ),
    ).content()
