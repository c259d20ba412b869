"""What the form of a broadcast offers: districts, topics, and countries that somebody follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import country_name, date_line, localized, ngettext
from services.chassis.reference import TOPICS, city, topic_name
from services.notifications.broadcasts.labels import ORGANISATIONS, URGENCIES
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery.labels import CHANNEL_NAMES
from services.notifications.reminders.models import ActivitySeen

Options = list[tuple[str, str]]

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


def choices(principal: Principal, chosen_countries: Sequence[str] = ()) -> Choices:
    """What the caller may choose from at this moment.

    Countries are those that somebody follows, most followed first, and those already chosen;
    another one would reach nobody.
    """
    with database.transaction() as session:
        followed = _followed_countries(session)
        activities = _activities(session, principal.district)
    for code in chosen_countries:
        followed.setdefault(code, 0)
    return Choices(
        urgencies=[(key, str(name), str(hint)) for key, (name, hint) in URGENCIES.items()],
        channels=[(key, str(name)) for key, name in CHANNEL_NAMES.items()],
        districts=[
            (code, localized(names))
            for code, names in city().districts.items()
            if principal.covers(code)
        ],
        countries=[(code, _followers(code, number)) for code, number in followed.items()],
        topics=[(code, topic_name(code)) for code in TOPICS],
        organisations=[(key, str(name)) for key, name in ORGANISATIONS.items()],
        activities=activities,
    )


def _followers(code: str, number: int) -> str:
    count = ngettext("%(count)s contact", "%(count)s contacts", number) % {"count": number}
    return f"{country_name(code)} · {count}"


def _followed_countries(session: Session) -> dict[str, int]:
    # In a FROM, PostgreSQL takes a function as lateral by itself: one row for each country.
    follows = sa.func.unnest(Contact.countries).table_valued("country", name="follows")
    follows = follows.render_derived()
    rows = session.execute(
        sa.select(follows.c.country, sa.func.count().label("followers"))
        .select_from(Contact)
        .join(follows, sa.true())
        .group_by(follows.c.country)
        .order_by(sa.func.count().desc(), follows.c.country)
    )
    return {row.country: row.followers for row in rows}


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
