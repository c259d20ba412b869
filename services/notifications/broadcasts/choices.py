"""What the form of a broadcast offers: districts, topics, countries that matter to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import country_name, date_line, lazy, localized
from services.chassis.reference import TOPICS, city, topic_name
from services.notifications.broadcasts.labels import ORGANISATIONS, URGENCIES, WHOSE_NAMES
from services.notifications.broadcasts.models import Broadcast
from services.notifications.contacts.models import Contact, Trip
from services.notifications.database import database
from services.notifications.delivery.labels import CHANNEL_NAMES
from services.notifications.reminders.models import ActivitySeen

Options = list[tuple[str, str]]

# The first part of a zone's name (IANA); others are old names and fixed offsets.
_CONTINENTS = {
    "Africa": lazy("Africa"),
    "America": lazy("America"),
    "Antarctica": lazy("Antarctica"),
    "Asia": lazy("Asia"),
    "Atlantic": lazy("Atlantic Ocean"),
    "Australia": lazy("Australia"),
    "Europe": lazy("Europe"),
    "Indian": lazy("Indian Ocean"),
    "Pacific": lazy("Pacific Ocean"),
}

# More than fit into a list that a person reads.
MOST_ACTIVITIES = 100


@dataclass(frozen=True)
class Choices:
    """The options of each field, as ``(value, words)``."""

    urgencies: list[tuple[str, str, str]]
    channels: Options
    districts: Options
    countries: Options
    topics: Options
    organisations: Options
    activities: Options
    zones: list[tuple[str, str | Options]]
    whose: Options


def choices(principal: Principal, chosen_countries: Sequence[str] = ()) -> Choices:
    """What the caller may choose from at this moment.

    Countries are those that somebody follows or has a trip to that is not over, with most people
    first, and those already chosen; another one would reach nobody.
    """
    with database.transaction() as session:
        concerned = _countries_of_contacts(session)
        activities = _activities(session, principal.district)
    for code in chosen_countries:
        concerned.setdefault(code, 0)
    return Choices(
        urgencies=[(key, str(name), str(hint)) for key, (name, hint) in URGENCIES.items()],
        channels=[(key, str(name)) for key, name in CHANNEL_NAMES.items()],
        districts=[
            (code, localized(names))
            for code, names in city().districts.items()
            if principal.covers(code)
        ],
        countries=[(code, _contacts(code, number)) for code, number in concerned.items()],
        topics=[(code, topic_name(code)) for code in TOPICS],
        organisations=[(key, str(name)) for key, name in ORGANISATIONS.items()],
        activities=activities,
        zones=_zones(),
        whose=[(key, str(name)) for key, name in WHOSE_NAMES.items()],
    )


def _zones() -> list[tuple[str, str | Options]]:
    """Every place whose clock may be meant, by continent; the city's own first."""
    home = city().timezone
    by_continent: dict[str, Options] = {}
    for name in sorted(available_timezones()):
        continent, _, place = name.partition("/")
        if continent in _CONTINENTS and name != home:
            by_continent.setdefault(continent, []).append((name, place.replace("_", " ")))
    own = (home, f"{localized(city().name)} · {home}")
    return [own, *((str(_CONTINENTS[name]), found) for name, found in by_continent.items())]


def _contacts(code: str, number: int) -> str:
    return f"{country_name(code)} ({number:,})" if number else country_name(code)


def _countries_of_contacts(session: Session) -> dict[str, int]:
    # In a FROM, PostgreSQL takes a function as lateral by itself: one row for each country.
    follows = sa.func.unnest(Contact.countries).table_valued("country", name="follows")
    follows = follows.render_derived()
    today = utc_now().astimezone(ZoneInfo(city().timezone)).date()
    # A UNION counts once who both follows a country and travels there.
    concerned = sa.union(
        sa.select(follows.c.country, Contact.id).select_from(Contact).join(follows, sa.true()),
        sa.select(Trip.country, Trip.contact_id).where(
            sa.or_(Trip.returns_on.is_(None), Trip.returns_on >= today)
        ),
    ).subquery()
    rows = session.execute(
        sa.select(concerned.c.country, sa.func.count().label("contacts"))
        .group_by(concerned.c.country)
        .order_by(sa.func.count().desc(), concerned.c.country)
    )
    return {row.country: row.contacts for row in rows}


def _activities(session: Session, district: str | None) -> Options:
    """What is still to come, soonest first."""
    query = (
        sa.select(ActivitySeen)
        .where(ActivitySeen.ends_at > utc_now(), ActivitySeen.status == "published")
        .order_by(ActivitySeen.starts_at)
        .limit(MOST_ACTIVITIES)
    )
    if district is not None:
        query = query.where(ActivitySeen.state["district"].astext == district)
    return [
        (
            str(seen.id),
            f"{localized(seen.state['title'])} · "
            f"{date_line(seen.starts_at, seen.ends_at, seen.state['timezone'])}",
        )
        for seen in session.scalars(query)
    ]


def activity_title(activity_id: object) -> str:
    """What an activity is called, for reading a stored rule; its id when it is not known."""
    with database.transaction() as session:
        seen = session.get(ActivitySeen, activity_id)
        return localized(seen.state["title"]) if seen else str(activity_id)


def broadcast_title(broadcast_id: object) -> str:
    """What an earlier broadcast is called, for reading a stored rule."""
    with database.transaction() as session:
        found = session.get(Broadcast, broadcast_id)
        return found.title if found else str(broadcast_id)
