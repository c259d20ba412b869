"""The one message that says that broadcasts by SMS have stopped."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext as _
from services.chassis.i18n import speaking, words_of
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.senders.sms.numbers import is_abroad, mainland
from services.notifications.sms_registry.fitting import fitting, needs_template

KIND: Final = "sms-stopped"


def compose(_session: Session, _delivery: Delivery) -> Content | None:
    """What somebody reads who has sent an opt-out word."""
    return SmsContent(_text())


def language_for(phone: str) -> str:
    """In which language to answer a number of which nothing else is known."""
    return "zh-CN" if mainland(phone) else "en"


def is_possible(provider: str, phone: str) -> bool:
    """Whether the provider would send it; reads the registry in a transaction of its own."""
    if not needs_template(provider):
        return True
    with speaking(language_for(phone)), words_of(database.service):
        return fitting(_text(), provider, abroad=is_abroad(phone)) is not None


def _text() -> str:
    return _(
        "You will receive no more broadcasts by SMS on this number. Messages about your own "
        "registrations still come."
    )
