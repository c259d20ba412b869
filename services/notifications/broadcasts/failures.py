"""Why messages of a broadcast did not arrive: grouped by what the servers said, with examples."""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel

from services.chassis.auth import Principal
from services.notifications.broadcasts.reading import recipient, stored
from services.notifications.broadcasts.schemas import Channel, RecipientOut
from services.notifications.database import database
from services.notifications.delivery.models import Delivery

STATES: Final = ("failed", "bounced", "unknown", "expired", "suppressed")
MOST_REASONS: Final = 20
EXAMPLES: Final = 3

# A server puts a number of its own into each reply (a queue id, a time), which would make every
# reply a reason by itself. Codes such as 550 and 5.7.1 are short and stay.
_OWN_NUMBERS: Final = r"[[:alnum:]_-]*[[:digit:]][[:alnum:]_-]{5,}"


class FailureGroup(BaseModel):
    """Messages with the same fate for the same reason; the addresses of examples are masked."""

    state: str
    channel: Channel
    reason: str
    count: int
    examples: list[RecipientOut]


def failures(principal: Principal, broadcast_id: uuid.UUID) -> list[FailureGroup]:
    """The :data:`MOST_REASONS` most frequent reasons, the most frequent first.

    Raises:
        NotFound, Problem: there is no such broadcast, or it is another district's.
    """
    reason = sa.func.regexp_replace(
        sa.func.coalesce(Delivery.last_reply, ""), _OWN_NUMBERS, "…", "g"
    ).label("reason")
    alike = (Delivery.state, Delivery.channel, reason)
    judged = (
        sa.select(
            Delivery.id,
            reason,
            sa.func.count().over(partition_by=alike).label("number"),
            sa.func.row_number().over(partition_by=alike, order_by=Delivery.id).label("nth"),
        )
        .where(Delivery.broadcast_id == broadcast_id, Delivery.state.in_(STATES))
        .subquery()
    )
    query = (
        sa.select(Delivery, judged.c.reason, judged.c.number)
        .join(judged, judged.c.id == Delivery.id)
        .where(judged.c.nth <= EXAMPLES)
        .order_by(judged.c.number.desc(), Delivery.state, Delivery.channel, judged.c.reason)
        .limit(MOST_REASONS * EXAMPLES)
    )
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        groups: dict[tuple[str, str, str], FailureGroup] = {}
        for delivery, said, number in session.execute(query):
            example = recipient(delivery, opened=False)
            group = groups.setdefault(
                (delivery.state, delivery.channel, said),
                FailureGroup(
                    state=delivery.state,
                    channel=example.channel,
                    reason=said,
                    count=number,
                    examples=[],
                ),
            )
            group.examples.append(example)
    return list(groups.values())[:MOST_REASONS]
