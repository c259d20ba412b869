"""Advisories in letters: those in force for the countries that somebody has to do with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.i18n import country_name, lazy, localized
from services.notifications.messages.letter import Notice
from services.notifications.reminders.models import AdvisorySeen

# The Ministry of Foreign Affairs' four colours and three reminder words.
COLOURS: Final = {
    "blue": lazy("Blue"),
    "yellow": lazy("Yellow"),
    "orange": lazy("Orange"),
    "red": lazy("Red"),
}
WORDS: Final = {
    "take-care": lazy("Take care"),
    "travel-with-caution": lazy("Travel with caution"),
    "do-not-travel": lazy("Do not travel for now"),
}
_SEVEREST_FIRST: Final = ("red", "orange", "yellow", "blue")


def notices(session: Session, countries: Sequence[str], now: datetime) -> tuple[Notice, ...]:
    """What is in force at ``now`` for the countries, the severest first."""
    if not countries:
        return ()
    found = session.scalars(
        sa.select(AdvisorySeen).where(
            AdvisorySeen.country.in_(countries),
            ~AdvisorySeen.withdrawn,
            AdvisorySeen.valid_from <= now,
            sa.or_(AdvisorySeen.valid_until.is_(None), AdvisorySeen.valid_until > now),
        )
    )
    ordered = sorted(found, key=lambda seen: (_SEVEREST_FIRST.index(seen.level), seen.country))
    return tuple(_notice(seen) for seen in ordered)


def _notice(seen: AdvisorySeen) -> Notice:
    place = country_name(seen.country)
    if region := localized(seen.region):
        place = f"{place} · {region}"
    return Notice(
        place=place,
        colour=seen.level,
        level=f"{WORDS[seen.word]} · {COLOURS[seen.level]}",
        headline=localized(seen.headline),
        url=seen.url,
    )
