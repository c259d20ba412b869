"""What was sent to one contact, and why, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.chassis.sheets import Value
from services.notifications.contacts.schemas import ContactOut
from services.notifications.delivery.labels import (
    CHANNEL_NAMES,
    STATE_NAMES,
    kind_name,
    reply,
)


def messages(contact: ContactOut) -> tuple[list[str], Iterator[list[Value]]]:
    """The messages that the contact's page shows, the newest first, a row for each.

    Returns:
        The headings, and the rows; times are the city's.
    """
    heads = [
        _("What"),
        _("Kind"),
        _("Channel"),
        _("State"),
        _("What the server said"),
        _("Sent by"),
        _("Planned at"),
        _("Handed over at"),
    ]
    zone = ZoneInfo(city().timezone)
    rows: Iterator[list[Value]] = (
        [
            one.title or kind_name(one.kind),
            kind_name(one.kind),
            str(CHANNEL_NAMES[one.channel]),
            str(STATE_NAMES[one.state]),
            reply(one.reason or ""),
            one.sender,
            _local(one.planned_at, zone),
            one.sent_at and _local(one.sent_at, zone),
        ]
        for one in contact.messages
    )
    return heads, rows


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
