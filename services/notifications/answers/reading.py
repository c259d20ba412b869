"""How the people whom a broadcast asked are: who needs help, who has not answered, who is safe.

A person counts once, also when they were asked by e-mail and by SMS; the last answer counts.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of, page_of_tiers
from services.notifications.answers.models import KINDS, Answer, Coverage
from services.notifications.broadcasts.reading import stored
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Channel, Delivery

Group = Literal["help", "unclear", "partly", "none", "safe", "unreached"]

# The order in which somebody on duty should look.
GROUPS: Final[tuple[Group, ...]] = ("help", "unclear", "partly", "none", "safe", "unreached")

# Handed over, so the person may have been asked.
ASKED: Final = ("accepted", "delivered", "unknown")


class CoverageOut(BaseModel):
    """What those who receive for groups reported, all groups together."""

    groups: int
    reported: int
    group_size: int
    reached: int
    safe: int
    need_help: int


class AnswersCount(BaseModel):
    """People by what they answered.

    Attributes:
        none: asked, and no answer yet.
        unreached: not asked, because no message to them could be handed over.
        coverage: ``None`` when nobody among them receives for a group.
    """

    help: int = 0
    unclear: int = 0
    partly: int = 0
    none: int = 0
    safe: int = 0
    unreached: int = 0
    coverage: CoverageOut | None = None


class AnswerLine(BaseModel):
    """One person in a group. ``name``, ``note`` and the full ``address`` need ``contacts.view``."""

    delivery_id: uuid.UUID
    contact_id: uuid.UUID | None
    name: str | None
    organisation: str | None
    channel: Channel
    address: str
    answer: str | None
    note: str | None
    via: str | None
    answered_at: datetime | None
    group_size: int | None
    reached: int | None
    safe: int | None
    need_help: int | None


def _person(
    contact_id: sa.SQLColumnExpression[uuid.UUID | None],
    address_hash: sa.SQLColumnExpression[str],
) -> sa.ColumnElement[str]:
    return sa.func.coalesce(sa.cast(contact_id, sa.Text), address_hash)


def _last_answers(broadcast_id: uuid.UUID) -> sa.Subquery:
    """The last answer of each person."""
    person = _person(Answer.contact_id, Answer.address_hash)
    return (
        sa.select(Answer.id, Answer.delivery_id, Answer.answer, person.label("person"))
        .where(Answer.broadcast_id == broadcast_id)
        .ext(postgresql.distinct_on(person))
        .order_by(person, Answer.answered_at.desc(), Answer.id.desc())
        .subquery("last_answers")
    )


def _silent(broadcast_id: uuid.UUID) -> sa.Subquery:
    """The people who have not answered: one message of each, a handed over one where there is."""
    person = _person(Delivery.contact_id, Delivery.address_hash)
    asked = Delivery.state.in_(ASKED)
    answered = sa.exists().where(
        Answer.broadcast_id == broadcast_id,
        sa.or_(
            Answer.address_hash == Delivery.address_hash,
            Answer.contact_id == Delivery.contact_id,
        ),
    )
    return (
        sa.select(Delivery.id, asked.label("asked"))
        .where(Delivery.broadcast_id == broadcast_id, Delivery.kind == "broadcast", ~answered)
        .ext(postgresql.distinct_on(person))
        .order_by(person, asked.desc(), Delivery.id)
        .subquery("silent")
    )


def counted(session: Session, broadcast_id: uuid.UUID) -> AnswersCount:
    """How many people stand where, in one look each for those who answered and who did not."""
    last = _last_answers(broadcast_id)
    rows = session.execute(sa.select(last.c.answer, sa.func.count()).group_by(last.c.answer))
    found = dict.fromkeys(KINDS, 0) | {row[0]: row[1] for row in rows}
    silent = _silent(broadcast_id)
    none, unreached = session.execute(
        sa.select(
            sa.func.count().filter(silent.c.asked), sa.func.count().filter(~silent.c.asked)
        ).select_from(silent)
    ).one()
    return AnswersCount.model_validate(
        found
        | {"none": none, "unreached": unreached, "coverage": _coverage(session, broadcast_id, last)}
    )


def _coverage(session: Session, broadcast_id: uuid.UUID, last: sa.Subquery) -> CoverageOut | None:
    groups, people = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Contact.relays_for), 0)).where(
            Contact.relays_for.is_not(None),
            sa.exists().where(
                Delivery.broadcast_id == broadcast_id, Delivery.contact_id == Contact.id
            ),
        )
    ).one()
    if not groups:
        return None

    def together(column: sa.SQLColumnExpression[int]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(column), 0)

    reported, reached, safe, need_help = session.execute(
        sa.select(
            sa.func.count(),
            together(Coverage.reached),
            together(Coverage.safe),
            together(Coverage.need_help),
        ).join(last, last.c.id == Coverage.answer_id)
    ).one()
    return CoverageOut(
        groups=groups,
        reported=reported,
        group_size=people,
        reached=reached,
        safe=safe,
        need_help=need_help,
    )


def count(principal: Principal, broadcast_id: uuid.UUID) -> AnswersCount:
    """How many people stand where.

    Raises:
        NotFound, Problem: there is no such broadcast, or it is another district's.
    """
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        return counted(session, broadcast_id)


def listed(
    principal: Principal,
    broadcast_id: uuid.UUID,
    group: Group,
    *,
    opened: bool = False,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AnswerLine]:
    """The people of one group: who answered, the newest answer first; of those who did not, first
    the ones who receive for many.

    Args:
        opened: addresses in full; the caller makes sure that they may be read. Names and notes are
            shown to whoever may see contacts.

    Raises:
        NotFound, Problem: as :func:`count`.
    """
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        if group in KINDS:
            last = _last_answers(broadcast_id)
            answers = page_of(
                session,
                sa.select(Answer).join(last, last.c.id == Answer.id).where(last.c.answer == group),
                [Answer.answered_at, Answer.id],
                cursor=cursor,
                limit=limit,
                descending=True,
            )
            return answers.map(
                lambda one: _line(
                    session, principal, session.get(Delivery, one.delivery_id), one, opened
                )
            )
        silent = _silent(broadcast_id)
        asked = silent.c.asked if group == "none" else ~silent.c.asked
        query = sa.select(Delivery).join(silent, silent.c.id == Delivery.id).where(asked)
        speaks_for_many = sa.exists().where(
            Contact.id == Delivery.contact_id, Contact.relays_for.is_not(None)
        )
        deliveries = page_of_tiers(
            session,
            [query.where(speaks_for_many), query.where(~speaks_for_many)],
            [Delivery.id],
            cursor=cursor,
            limit=limit,
        )
        return deliveries.map(lambda one: _line(session, principal, one, None, opened))


def _line(
    session: Session,
    principal: Principal,
    delivery: Delivery | None,
    answer: Answer | None,
    opened: bool,
) -> AnswerLine:
    may_see = principal.may("contacts.view")
    contact_id = delivery.contact_id if delivery else None
    contact = session.get(Contact, contact_id) if contact_id else None
    numbers = session.get(Coverage, answer.id) if answer else None
    address = delivery.address if delivery else ""
    channel = delivery.channel if delivery else (answer.channel if answer else "email")
    return AnswerLine.model_validate(
        {
            "delivery_id": answer.delivery_id if answer else delivery and delivery.id,
            "contact_id": contact_id,
            "name": contact.name if contact and may_see else None,
            "organisation": contact.organisation if contact else None,
            "channel": channel,
            "address": address if opened and may_see else masked(channel, address),
            "answer": answer.answer if answer else None,
            "note": answer.note if answer and may_see else None,
            "via": answer.via if answer else None,
            "answered_at": answer.answered_at if answer else None,
            "group_size": numbers.group_size if numbers else contact and contact.relays_for,
            "reached": numbers.reached if numbers else None,
            "safe": numbers.safe if numbers else None,
            "need_help": numbers.need_help if numbers else None,
        }
    )
