"""Who a broadcast reaches: counted for whoever writes it, frozen when it is approved.

Everything happens inside PostgreSQL, in one statement that counts and that, at the approval, plans
as well. A contact is one registration, booking, subscription or row of a list, so one person may
be several contacts; what is counted and planned is an *address on a channel*, once each. Addresses
are compared by their keyed hashes, so a change of keys is followed by ``lingbao rekey`` before the
next broadcast; who stopped broadcasts is looked up again, under every key, before each message
goes.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.reference import city
from services.notifications.broadcasts.matching import (
    HASHES,
    Rules,
    conditions,
    decides,
    has_it_already,
)
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import AudienceOut, Channel, Excluded
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe
from services.notifications.delivery.models import DIGEST_LANES, Delivery
from services.notifications.rules.cap import capped

__all__ = ["Rules", "count", "freeze", "more_than", "unfreeze"]

# Planning a million messages takes longer than any statement of a page may.
PLANNING_SECONDS: Final = 600
# Memory of PostgreSQL, not ours: a million addresses are sorted without a file.
PLANNING_MEMORY: Final = "256MB"


def count(session: Session, rules: Rules) -> AudienceOut:
    """How many messages the rules amount to at this moment, and who is left out and why."""
    now = utc_now()
    return _counted(session, rules, _judged(rules, now), now)


def more_than(session: Session, rules: Rules, number: int) -> bool:
    """Whether the rules mean more contacts than ``number``, counted no further than that."""
    some = sa.select(Contact.id).where(*conditions(rules, _today(utc_now()))).limit(number + 1)
    found = session.scalar(sa.select(sa.func.count()).select_from(some.subquery()))
    return (found or 0) > number


def freeze(session: Session, broadcast: Broadcast, now: datetime) -> AudienceOut:
    """Plan one delivery per address; the addresses are copied sealed as they are.

    They stay where they are until the broadcast is ``sending``: a claim asks for that. Those of
    people who get a digest wait for it in a lane that no worker empties.

    Returns:
        What was planned, and who was left out. Planning the same broadcast twice violates its
        unique key.
    """
    session.execute(sa.text(f"SET LOCAL statement_timeout = '{PLANNING_SECONDS}s'"))
    rules = Rules.of(broadcast)
    judged = _judged(rules, now)
    return _counted(session, rules, judged, now, _planned(broadcast, judged, now))


def unfreeze(session: Session, broadcast: Broadcast) -> None:
    """Take the plan of an approved broadcast back: none of it has gone out."""
    session.execute(sa.text(f"SET LOCAL statement_timeout = '{PLANNING_SECONDS}s'"))
    session.execute(sa.delete(Delivery).where(Delivery.broadcast_id == broadcast.id))


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(city().timezone)).date()


def _addressed(rules: Rules, channel: Channel, now: datetime) -> sa.Select[*tuple[Any, ...]]:
    """The addresses on one channel of those who are meant."""
    today = _today(now)
    own = HASHES[channel]
    address = Contact.email if channel == "email" else Contact.phone
    paused = (
        sa.func.coalesce(Contact.paused_until > now, sa.false())
        if rules.considerate
        else sa.false()
    )
    # A digest is a mail, and gathers what can wait.
    gathers = rules.urgency == "routine" and not rules.drill and channel == "email"
    return sa.select(
        sa.literal(channel, sa.Text).label("channel"),
        Contact.id.label("contact_id"),
        Contact.language,
        sa.type_coerce(address, sa.Text).label("address"),  # sealed as it is
        own.label("address_hash"),
        Contact.holder.is_not_distinct_from(channel).label("held"),
        Contact.updated_at,
        # Who a contact is, for counting people: its first address among the chosen channels.
        sa.func.coalesce(*(HASHES[one] for one in rules.channels), "").label("person"),
        paused.label("paused"),
        (Contact.digest if gathers else sa.literal("at-once", sa.Text)).label("digest"),
    ).where(own.is_not(None), decides(rules, channel), *conditions(rules, today))


def _judged(rules: Rules, now: datetime) -> sa.CTE:
    """Every address of those who are meant, once per channel, with the reason for leaving it out.

    Of several contacts with one address its holder decides the language, else the newest.
    """
    addressed = sa.union_all(*(_addressed(rules, channel, now) for channel in rules.channels)).cte(
        "addressed"
    )
    once = (
        sa.select(addressed)
        .ext(postgresql.distinct_on(addressed.c.channel, addressed.c.address_hash))
        .order_by(
            addressed.c.channel,
            addressed.c.address_hash,
            addressed.c.held.desc(),
            addressed.c.updated_at.desc(),
            addressed.c.contact_id,
        )
        .cte("once")
    )
    reasons: list[tuple[sa.ColumnElement[bool], str]] = [
        (_noted(Unsubscribe, once), "unsubscribed"),
        (_noted(Suppression, once), "suppressed"),
        (once.c.paused, "paused"),
    ]
    limit = capped(now) if rules.urgency == "routine" and not rules.drill else None
    if limit is not None:
        reasons.append((sa.tuple_(once.c.channel, once.c.address_hash).in_(limit), "capped"))
    query = sa.select(once, sa.case(*reasons, else_=None).label("reason"))
    if rules.audience.of_broadcast is not None and rules.audience.whose == "failed":
        got = has_it_already(rules.audience.of_broadcast, once.c.channel, once.c.address_hash)
        query = query.where(~got)
    return query.cte("judged").prefix_with("MATERIALIZED")


def _noted(table: type[Unsubscribe | Suppression], once: sa.CTE) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        table.channel == once.c.channel, table.address_hash == once.c.address_hash
    )


def _planned(broadcast: Broadcast, judged: sa.CTE, now: datetime) -> sa.CTE:
    """The rows, written from the same list that is counted."""
    lane = sa.case(
        *((judged.c.digest == often, lane) for often, lane in DIGEST_LANES.items()),
        else_=broadcast.lane,
    )
    moment = sa.DateTime(timezone=True)
    columns: dict[str, Any] = {
        "id": sa.func.uuidv7(),
        "lane": lane,
        "kind": sa.literal("broadcast", sa.Text),
        "channel": judged.c.channel,
        "dedupe_key": sa.func.concat(
            f"broadcast/{broadcast.id}/", judged.c.channel, "/", judged.c.address_hash
        ),
        "contact_id": judged.c.contact_id,
        "broadcast_id": sa.literal(broadcast.id, sa.Uuid),
        "district": sa.literal(broadcast.district, sa.Text),
        "address": judged.c.address,
        "address_hash": judged.c.address_hash,
        "language": judged.c.language,
        "state": sa.literal("pending", sa.Text),
        "due_at": sa.literal(broadcast.send_at or now, moment),
        "expires_at": sa.literal(broadcast.expires_at, moment),
        "planned_at": sa.literal(now, moment),
    }
    return (
        sa.insert(Delivery)
        .from_select(
            list(columns),
            sa.select(*columns.values()).where(judged.c.reason.is_(None)),
            # Column defaults of the model would be asked once for the whole statement.
            include_defaults=False,
        )
        .cte("planned")
    )


def _counted(
    session: Session,
    rules: Rules,
    judged: sa.CTE,
    now: datetime,
    planned: sa.CTE | None = None,
) -> AudienceOut:
    session.execute(sa.text(f"SET LOCAL work_mem = '{PLANNING_MEMORY}'"))
    reached = judged.c.reason.is_(None)
    gathered = judged.c.digest != "at-once"
    query = sa.select(
        judged.c.channel,
        judged.c.language,
        judged.c.reason,
        gathered.label("gathered"),
        sa.func.count().label("number"),
    ).group_by(judged.c.channel, judged.c.language, judged.c.reason, gathered)
    people = sa.select(sa.func.count(judged.c.person.distinct()).filter(reached)).select_from(
        judged
    )
    if planned is not None:
        query = query.add_cte(planned)
    rows = session.execute(query.add_columns(people.scalar_subquery().label("people"))).all()
    by_channel: dict[str, int] = dict.fromkeys(rules.channels, 0)
    by_language: dict[str, int] = {"zh-CN": 0, "en": 0}
    excluded = dict.fromkeys(("unsubscribed", "suppressed", "paused", "capped"), 0)
    for row in rows:
        if row.reason is not None:
            excluded[row.reason] += row.number
            continue
        by_channel[row.channel] += row.number
        by_language[row.language] = by_language.get(row.language, 0) + row.number
    return AudienceOut(
        total=sum(by_channel.values()),
        people=rows[0].people if rows else 0,
        by_channel=by_channel,
        by_language=by_language,
        gathered=sum(row.number for row in rows if row.gathered and row.reason is None),
        excluded=Excluded(**excluded, no_address=_no_address(session, rules, now)),
    )


def _no_address(session: Session, rules: Rules, now: datetime) -> int:
    """How many contacts are meant and have no address on any of the channels."""
    today = _today(now)
    query = (
        sa.select(sa.func.count())
        .select_from(Contact)
        .where(
            *conditions(rules, today), *(HASHES[channel].is_(None) for channel in rules.channels)
        )
    )
    return session.scalar(query) or 0
