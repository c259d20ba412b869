"""A broadcast's recipients one by one: found by address, what happened to each, and as a file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.fields import Email, Phone
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.sheets import Format, Value, must_fit
from services.chassis.validation import sentence
from services.notifications.answers.labels import ANSWER_NAMES
from services.notifications.answers.models import Answer
from services.notifications.broadcasts.reading import counts_of, recipient, stored
from services.notifications.broadcasts.schemas import Channel, RecipientOut
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery.labels import CHANNEL_NAMES, STATE_NAMES, reply
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery

AT_ONCE: Final = 500

_email: TypeAdapter[str] = TypeAdapter(Email)
_phone: TypeAdapter[str] = TypeAdapter(Phone)


class Happening(BaseModel):
    """Something that happened to one message. ``at`` is UTC; ``reply`` as the server said it."""

    at: datetime
    state: str
    reply: str | None = None
    sender: str | None = None


class AnswerGiven(BaseModel):
    """What the recipient answered; ``note`` only for those who may see contacts."""

    at: datetime
    answer: str
    note: str | None
    via: str


class HistoryOut(BaseModel):
    """One recipient's message from its planning to its end, oldest first."""

    id: uuid.UUID
    contact_id: uuid.UUID | None
    channel: Channel
    address: str
    language: str
    state: str
    attempts: int
    planned_at: datetime
    expires_at: datetime | None
    happened: list[Happening]
    answers: list[AnswerGiven]


def find(principal: Principal, broadcast_id: uuid.UUID, typed: str) -> list[RecipientOut]:
    """The messages of a broadcast to one address, whatever became of them; masked.

    Args:
        typed: an e-mail address or a telephone number, as people write them.

    Raises:
        NotFound, Problem: there is no such broadcast, or it is another district's.
        Invalid: it is no address.
    """
    hashes = address_hashes(_address(typed))
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        found = session.scalars(
            sa.select(Delivery)
            .where(
                Delivery.broadcast_id == broadcast_id,
                Delivery.kind == "broadcast",
                Delivery.address_hash.in_(hashes),
            )
            .order_by(Delivery.id)
        )
        return [recipient(delivery, opened=False) for delivery in found]


def _address(typed: str) -> str:
    try:
        return (_email if "@" in typed else _phone).validate_python(typed)
    except ValidationError as error:
        raise Invalid([FieldError("address", sentence(error.errors()[0]))]) from error


def history(
    principal: Principal, broadcast_id: uuid.UUID, delivery_id: uuid.UUID, *, opened: bool
) -> HistoryOut:
    """What happened to one recipient's message.

    Args:
        opened: show notes of answers; the caller makes sure that they may be read.

    Raises:
        NotFound, Problem: there is none, or it is another district's.
    """
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        delivery = session.get(Delivery, delivery_id)
        if delivery is None or delivery.broadcast_id != broadcast_id:
            raise NotFound(lazy("There is no such message."))
        return HistoryOut(
            id=delivery.id,
            contact_id=delivery.contact_id,
            channel=delivery.channel,
            address=masked(delivery.channel, delivery.address),
            language=delivery.language,
            state=delivery.state,
            attempts=delivery.attempts,
            planned_at=delivery.planned_at,
            expires_at=delivery.expires_at,
            happened=[Happening.model_validate(entry) for entry in delivery.history],
            answers=_answers(session, delivery, opened=opened),
        )


def _answers(session: Session, delivery: Delivery, *, opened: bool) -> list[AnswerGiven]:
    found = session.scalars(
        sa.select(Answer)
        .where(
            Answer.broadcast_id == delivery.broadcast_id,
            Answer.address_hash == delivery.address_hash,
        )
        .order_by(Answer.answered_at, Answer.id)
    )
    return [
        AnswerGiven(
            at=one.answered_at, answer=one.answer, note=one.note if opened else None, via=one.via
        )
        for one in found
    ]


def export(
    principal: Principal, broadcast_id: uuid.UUID, form: Format
) -> tuple[str, list[str], Iterator[list[Value]]]:
    """A broadcast's recipients with addresses, states and answers, and a note of who took them.

    Returns:
        The broadcast's title, the headings, and the rows as they are read. Times are local to the
        broadcast's zone.

    Raises:
        NotFound, Problem: as :func:`find`; 409 ``too-many`` for a workbook.
    """
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        total = counts_of(session, broadcast_id).total
        must_fit(total, form)
        audit.record(
            session,
            principal,
            "broadcast.recipients-exported",
            f"broadcast/{broadcast_id}",
            district=broadcast.district,
            detail=f"{total} messages, {form}",
        )
        heads = [
            _("Channel"),
            _("Address"),
            _("Language"),
            _("State"),
            _("What the server said"),
            _("Attempts"),
            _("Handed over at"),
            _("Answer"),
            _("Answered at"),
            _("Note"),
        ]
        return broadcast.title, heads, _rows(broadcast_id, ZoneInfo(broadcast.timezone))


def _rows(broadcast_id: uuid.UUID, zone: ZoneInfo) -> Iterator[list[Value]]:
    """Some hundred at a time, each in a transaction of its own: a slow download holds none."""
    last = uuid.UUID(int=0)
    while True:
        with database.transaction() as session:
            batch = session.scalars(
                sa.select(Delivery)
                .where(Delivery.broadcast_id == broadcast_id, Delivery.id > last)
                .order_by(Delivery.id)
                .limit(AT_ONCE)
            ).all()
            answers = _last_answers(session, broadcast_id, [one.address_hash for one in batch])
        for delivery in batch:
            yield _row(delivery, answers.get(delivery.address_hash), zone)
        if len(batch) < AT_ONCE:
            return
        last = batch[-1].id


def _last_answers(
    session: Session, broadcast_id: uuid.UUID, hashes: list[str]
) -> dict[str, Answer]:
    found = session.scalars(
        sa.select(Answer)
        .where(Answer.broadcast_id == broadcast_id, Answer.address_hash.in_(hashes))
        .order_by(Answer.answered_at, Answer.id)
    )
    return {one.address_hash: one for one in found}


def _row(delivery: Delivery, answer: Answer | None, zone: ZoneInfo) -> list[Value]:
    def local(moment: datetime | None) -> datetime | None:
        """Spreadsheet programs know no zones: the hour of the broadcast's zone."""
        return moment and moment.astimezone(zone).replace(tzinfo=None, microsecond=0)

    return [
        str(CHANNEL_NAMES[delivery.channel]),
        delivery.address,
        delivery.language,
        str(STATE_NAMES[delivery.state]),
        reply(delivery.last_reply) if delivery.last_reply else None,
        delivery.attempts,
        local(delivery.sent_at),
        str(ANSWER_NAMES[answer.answer]) if answer else None,
        local(answer.answered_at) if answer else None,
        answer.note if answer else None,
    ]
