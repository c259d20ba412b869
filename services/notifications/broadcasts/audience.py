"""Who a broadcast reaches: counted for whoever writes it, frozen when it is approved.

Everything happens inside PostgreSQL. A contact is one registration or booking, so one person may be
several contacts; what is counted and planned is an *address on a channel*, once each. Addresses are
compared by their keyed hashes, so a change of keys is followed by ``lingbao rekey`` before the next
broadcast; who stopped broadcasts is looked up again, under every key, before each message goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Audience, AudienceOut, Channel, Excluded
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe
from services.notifications.delivery.models import Delivery
from services.notifications.reminders.models import RegistrationSeen

# A registration counts as "registered" while it holds a place or waits for one.
_REGISTERED = ("confirmed", "offered", "waiting")

_channels = TypeAdapter(list[Channel])


@dataclass(frozen=True)
class Rules:
    """What decides who is meant."""

    audience: Audience
    urgency: str
    channels: Sequence[Channel]

    @classmethod
    def of(cls, broadcast: Broadcast) -> Rules:
        """The rules of a stored broadcast."""
        return cls(
            Audience.model_validate(broadcast.audience),
            broadcast.urgency,
            _channels.validate_python(broadcast.channels),
        )


def _matching(rules: Rules) -> sa.CTE:
    """Contacts that the rules mean, with or without an address.

    Routine and important messages go to those who asked for them. An emergency goes to everyone
    who may be reached in one (docs/emergency-policy.md).
    """
    audience = rules.audience
    query = sa.select(
        Contact.id,
        Contact.language,
        Contact.email,
        Contact.email_hash,
        Contact.phone,
        Contact.phone_hash,
        Contact.updated_at,
    )
    emergency = rules.urgency == "emergency"
    query = query.where(Contact.reachable if emergency else Contact.wants_broadcasts)
    for column, wanted in (
        (Contact.districts, audience.districts),
        (Contact.countries, audience.countries),
        (Contact.topics, audience.topics),
    ):
        if wanted:
            query = query.where(column.overlap(wanted))
    if audience.organisation_kinds:
        query = query.where(Contact.organisation_kind.in_(audience.organisation_kinds))
    if (day := audience.travelling_on) is not None:
        # Without a date of return a person is abroad from the day of departure on.
        query = query.where(
            Contact.departs_on <= day,
            sa.or_(Contact.returns_on.is_(None), Contact.returns_on >= day),
        )
    if audience.activity_id is not None:
        query = query.where(
            sa.exists().where(
                RegistrationSeen.contact_id == Contact.id,
                RegistrationSeen.activity_id == audience.activity_id,
                RegistrationSeen.status.in_(_REGISTERED),
            )
        )
    return query.cte("matching")


def _addresses(rules: Rules) -> tuple[sa.CTE, sa.CTE]:
    """The matching contacts, and every address of theirs once per channel, judged.

    Of several contacts with one address the newest decides the language.
    """
    matching = _matching(rules)
    columns = {
        "email": (matching.c.email, matching.c.email_hash),
        "sms": (matching.c.phone, matching.c.phone_hash),
    }
    # Who a contact is, for counting people: its first address among the chosen channels.
    person = sa.func.coalesce(*(columns[channel][1] for channel in rules.channels), "")
    addressed = sa.union_all(
        *(
            sa.select(
                sa.literal(channel, sa.Text).label("channel"),
                matching.c.id.label("contact_id"),
                matching.c.language,
                sa.type_coerce(columns[channel][0], sa.Text).label("address"),
                columns[channel][1].label("address_hash"),
                matching.c.updated_at,
                person.label("person"),
            ).where(columns[channel][1].is_not(None))
            for channel in rules.channels
        )
    ).cte("addressed")
    once = (
        sa.select(addressed)
        .ext(postgresql.distinct_on(addressed.c.channel, addressed.c.address_hash))
        .order_by(
            addressed.c.channel,
            addressed.c.address_hash,
            addressed.c.updated_at.desc(),
            addressed.c.contact_id,
        )
        .cte("once")
    )
    unsubscribed = sa.exists().where(
        Unsubscribe.channel == once.c.channel, Unsubscribe.address_hash == once.c.address_hash
    )
    suppressed = sa.exists().where(
        Suppression.channel == once.c.channel, Suppression.address_hash == once.c.address_hash
    )
    judged = sa.select(
        once, unsubscribed.label("unsubscribed"), suppressed.label("suppressed")
    ).cte("judged")
    return matching, judged


def count(session: Session, rules: Rules) -> AudienceOut:
    """How many messages the rules amount to at this moment, and who is left out and why."""
    matching, judged = _addresses(rules)
    reached = ~judged.c.unsubscribed & ~judged.c.suppressed
    rows = session.execute(
        sa.select(
            judged.c.channel,
            judged.c.language,
            sa.func.count().filter(reached).label("reached"),
            sa.func.count().filter(judged.c.unsubscribed).label("unsubscribed"),
            sa.func.count()
            .filter(judged.c.suppressed & ~judged.c.unsubscribed)
            .label("suppressed"),
        ).group_by(judged.c.channel, judged.c.language)
    ).all()
    people = session.scalar(sa.select(sa.func.count(judged.c.person.distinct())).where(reached))
    hashes = {"email": matching.c.email_hash, "sms": matching.c.phone_hash}
    no_address = session.scalar(
        sa.select(sa.func.count())
        .select_from(matching)
        .where(*(hashes[channel].is_(None) for channel in rules.channels))
    )
    by_channel: dict[str, int] = dict.fromkeys(rules.channels, 0)
    by_language: dict[str, int] = {"zh-CN": 0, "en": 0}
    for row in rows:
        by_channel[row.channel] += row.reached
        by_language[row.language] = by_language.get(row.language, 0) + row.reached
    return AudienceOut(
        total=sum(by_channel.values()),
        people=people or 0,
        by_channel=by_channel,
        by_language=by_language,
        excluded=Excluded(
            unsubscribed=sum(row.unsubscribed for row in rows),
            suppressed=sum(row.suppressed for row in rows),
            no_address=no_address or 0,
        ),
    )


def freeze(session: Session, broadcast: Broadcast, now: datetime) -> int:
    """Plan one delivery per address, in one statement; the addresses are copied sealed as they are.

    They stay where they are until the broadcast is ``sending``: a claim asks for that.

    Returns:
        How many were planned. Planning the same broadcast twice violates its unique key.
    """
    _, judged = _addresses(Rules.of(broadcast))
    chosen = sa.select(
        sa.func.uuidv7(),
        sa.literal(broadcast.lane, sa.Text),
        sa.literal("broadcast", sa.Text),
        judged.c.channel,
        sa.func.concat(f"broadcast/{broadcast.id}/", judged.c.channel, "/", judged.c.address_hash),
        judged.c.contact_id,
        sa.literal(broadcast.id, sa.Uuid),
        sa.literal(broadcast.district, sa.Text),
        judged.c.address,
        judged.c.address_hash,
        judged.c.language,
        sa.literal("pending", sa.Text),
        sa.literal(broadcast.send_at or now, sa.DateTime(timezone=True)),
        sa.literal(broadcast.expires_at, sa.DateTime(timezone=True)),
        sa.literal(now, sa.DateTime(timezone=True)),
    ).where(~judged.c.unsubscribed, ~judged.c.suppressed)
    planned = session.execute(
        sa.insert(Delivery).from_select(
            [
                "id",
                "lane",
                "kind",
                "channel",
                "dedupe_key",
                "contact_id",
                "broadcast_id",
                "district",
                "address",
                "address_hash",
                "language",
                "state",
                "due_at",
                "expires_at",
                "planned_at",
            ],
            chosen,
            # Column defaults of the model would be asked once for the whole statement.
            include_defaults=False,
        ),
        execution_options={"preserve_rowcount": True},  # kept for INSERT only when asked for
    )
    return planned.rowcount  # type: ignore[attr-defined,no-any-return]


def unfreeze(session: Session, broadcast: Broadcast) -> None:
    """Take the plan of an approved broadcast back: none of it has gone out."""
    session.execute(sa.delete(Delivery).where(Delivery.broadcast_id == broadcast.id))
