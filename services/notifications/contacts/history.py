"""What ever happened to an address: messages and why, consents, answers, why it is blocked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import localized
from services.notifications.answers.models import Answer
from services.notifications.broadcasts.models import Broadcast
from services.notifications.consents import service as consent_service
from services.notifications.contacts.addresses import Found, sent_to
from services.notifications.contacts.models import Suppression, SuppressionAct
from services.notifications.contacts.schemas import (
    AnswerOut,
    BlockOut,
    ConsentOut,
    MessageOut,
    Step,
    SuppressionActOut,
)
from services.notifications.contacts.suppressing import BY_STAFF
from services.notifications.delivery.models import Delivery
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.returns.models import ReturnedMessage

MOST_MESSAGES: Final = 100

_Shown = TypeVar("_Shown", Delivery, ReturnedMessage)


def messages(
    session: Session, principal: Principal, found: Sequence[Found], contact_id: uuid.UUID | None
) -> tuple[list[MessageOut], bool]:
    """The newest messages to some addresses, with what each was about.

    A district's staff see those of their district and those to this very contact.

    Returns:
        At most :data:`MOST_MESSAGES`, and whether there are older ones.
    """
    if not found:
        return [], False
    query = (
        sa.select(Delivery, Broadcast.title, ActivitySeen.state)
        .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .outerjoin(RegistrationSeen, RegistrationSeen.id == Delivery.registration_id)
        .outerjoin(ActivitySeen, ActivitySeen.id == RegistrationSeen.activity_id)
        .where(sa.or_(*map(sent_to, found)))
        .order_by(Delivery.planned_at.desc(), Delivery.id.desc())
        .limit(MOST_MESSAGES + 1)
    )
    if principal.district is not None:
        query = query.where(
            sa.or_(Delivery.district == principal.district, Delivery.contact_id == contact_id)
        )
    rows = session.execute(query).all()
    shown = [
        MessageOut(
            id=delivery.id,
            kind=delivery.kind,
            district=delivery.district,
            title=title or (localized(activity["title"]) if activity else None),
            broadcast_id=delivery.broadcast_id,
            channel=delivery.channel,
            state=delivery.state,
            reason=delivery.last_reply,
            sender=delivery.sender,
            planned_at=delivery.planned_at,
            sent_at=delivery.sent_at,
            history=[Step.model_validate(step) for step in delivery.history],
        )
        for delivery, title, activity in rows[:MOST_MESSAGES]
    ]
    return shown, len(rows) > MOST_MESSAGES


def consents(session: Session, found: Sequence[Found]) -> list[ConsentOut]:
    """What was agreed to and taken back for some addresses, the newest first."""
    lines = [
        ConsentOut(
            channel=one.channel,
            what=entry.what,
            given=entry.given,
            version=entry.version,
            source=entry.source,
            at=entry.at,
        )
        for one in found
        for entry in consent_service.history(session, one.channel, one.hashes)
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def answers(session: Session, principal: Principal, found: Sequence[Found]) -> list[AnswerOut]:
    """What some addresses answered to broadcasts of the caller's office, the newest first."""
    own = [
        sa.and_(Answer.channel == one.channel, Answer.address_hash.in_(one.hashes)) for one in found
    ]
    if not own:
        return []
    query = (
        sa.select(Answer, Broadcast.title)
        .join(Broadcast, Broadcast.id == Answer.broadcast_id)
        .where(sa.or_(*own))
        .order_by(Answer.answered_at.desc())
        .limit(MOST_MESSAGES)
    )
    if principal.district is not None:
        query = query.where(Broadcast.district == principal.district)
    return [
        AnswerOut(
            broadcast_id=answer.broadcast_id,
            title=title,
            answer=answer.answer,
            via=answer.via,
            note=answer.note,
            answered_at=answer.answered_at,
        )
        for answer, title in session.execute(query)
    ]


def blocks(session: Session, principal: Principal, found: Sequence[Found]) -> list[BlockOut]:
    """Why nothing is sent to some addresses at this moment, with what shows it.

    A district's staff are led to what is about messages of their own.
    """
    return [
        _block(session, principal, one, row)
        for one in found
        for row in session.scalars(
            sa.select(Suppression).where(
                Suppression.channel == one.channel, Suppression.address_hash.in_(one.hashes)
            )
        )
    ]


def _block(session: Session, principal: Principal, one: Found, row: Suppression) -> BlockOut:
    block = BlockOut(
        channel=one.channel, address=one.address, reason=row.reason, since=row.since, reply=None
    )
    if row.reason == BY_STAFF:
        acts = blocked(session, [one])
        said = next((act.reason for act in acts if act.act == "added"), None)
        return block.model_copy(update={"reply": said})
    returned = _newest(
        session,
        principal,
        ReturnedMessage,
        ReturnedMessage.address_hash.in_(one.hashes),
        ReturnedMessage.effect == "suppressed",
        ReturnedMessage.undone_at.is_(None),
    )
    refused = _newest(session, principal, Delivery, sent_to(one), Delivery.state == "bounced")
    shown = {
        "reply": returned.reply if returned else refused and refused.last_reply,
        "return_id": returned and returned.id,
        "delivery_id": refused and refused.id,
    }
    return block.model_copy(update=shown)


def _newest(
    session: Session,
    principal: Principal,
    table: type[_Shown],
    *where: sa.ColumnElement[bool],
) -> _Shown | None:
    own = [table.district == principal.district] if principal.district else []
    query = sa.select(table).where(*where, *own).order_by(table.id.desc()).limit(1)
    return session.scalar(query)


def blocked(session: Session, found: Sequence[Found]) -> list[SuppressionActOut]:
    """When staff blocked some addresses or undid that, the newest first."""
    own = [
        sa.and_(SuppressionAct.channel == one.channel, SuppressionAct.address_hash.in_(one.hashes))
        for one in found
    ]
    if not own:
        return []
    rows = session.scalars(
        sa.select(SuppressionAct).where(sa.or_(*own)).order_by(SuppressionAct.at.desc())
    )
    return [
        SuppressionActOut(
            channel=row.channel, act=row.act, reason=row.reason, by=row.by_name, at=row.at
        )
        for row in rows
    ]
