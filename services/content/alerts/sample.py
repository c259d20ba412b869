"""Sample alerts: one that became a draft, the update that followed it, and a feed at rest."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.advisories import xml
from services.content.advisories.xml import add
from services.content.alerts import cap, feeds, taking_in
from services.content.alerts.models import CapAlert, CapFeed
from services.content.alerts.schemas import FeedIn
from services.content.database import database

_SENDER: Final = "samples@weather.example"
_FIRST: Final = "typhoon-1"
_SECOND: Final = "typhoon-2"


def load(principal: Principal) -> int:
    """Take the samples in that are not there yet.

    Returns:
        How many were new.
    """
    return _feed(principal) + _alerts(principal)


def _feed(principal: Principal) -> int:
    feed_id = uuid.uuid5(principal.id, "feed/weather")
    with database.transaction() as session:
        if session.get(CapFeed, feed_id) is not None:
            return 0
    wanted = FeedIn(
        name="菲律宾气象预警（示例）",
        url="https://weather.example/alerts.atom",
        country="PH",
        least_level="orange",
    )
    # Nothing answers at an address for examples, so it is not asked.
    feeds.add(principal, wanted, feed_id=feed_id, is_active=False)
    return 1


def _alerts(principal: Principal) -> int:
    with database.transaction() as session:
        if session.scalar(sa.select(sa.exists().where(CapAlert.sender == _SENDER))):
            return 0
    now = utc_now().replace(microsecond=0)
    began = now - timedelta(hours=7)
    taking_in.hand_in(principal, _alert(_FIRST, began, "Moderate", began))
    taking_in.hand_in(principal, _alert(_SECOND, now - timedelta(hours=1), "Severe", began))
    return 2


def _alert(identifier: str, sent: datetime, severity: str, first_sent: datetime) -> bytes:
    root = xml.root("alert", cap.NAMESPACE)
    add(root, "identifier", identifier)
    add(root, "sender", _SENDER)
    add(root, "sent", _moment(sent))
    add(root, "status", "Actual")
    add(root, "msgType", "Alert" if sent == first_sent else "Update")
    add(root, "scope", "Public")
    if sent != first_sent:
        add(root, "references", f"{_SENDER},{_FIRST},{_moment(first_sent)}")
    graver = severity == "Severe"
    info = add(root, "info")
    add(info, "language", "en")
    add(info, "category", "Met")
    add(info, "event", "Typhoon")
    add(info, "urgency", "Expected")
    add(info, "severity", severity)
    add(info, "certainty", "Likely")
    add(info, "expires", _moment(first_sent + timedelta(days=4)))
    headline = "Typhoon makes landfall tonight" if graver else "Typhoon expected in two days"
    add(info, "headline", f"{headline} (sample)")
    add(
        info,
        "description",
        "Strong wind and heavy rain in the north. Flights and ferries may be cancelled. "
        "This is sample data and does not describe the real situation.",
    )
    advice = "Stay indoors until the wind has passed." if graver else "Put off trips by sea."
    add(info, "instruction", advice)
    area = add(info, "area")
    add(area, "areaDesc", "Northern Luzon")
    geocode = add(area, "geocode")
    add(geocode, "valueName", "ISO 3166-1")
    add(geocode, "value", "PH")
    return xml.document(root)


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds")
