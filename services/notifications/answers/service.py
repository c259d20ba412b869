"""Answering a broadcast that asks: by the link of a message, or by SMS.

A link names one delivery; whoever has it answers for its recipient, as often as they like, and the
last answer counts. One whose contact receives for a group reports how the group is.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.crypto import TokenError, read_id, sign_id
from services.chassis.i18n import language
from services.chassis.idempotency import Once
from services.chassis.problems import LinkNotValid
from services.chassis.settings import settings
from services.notifications.answers.models import Answer, AnswerKind, Coverage, Via
from services.notifications.answers.words import Numbers, kind_of, kind_of_numbers, numbers_of
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Message
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.messages import personal
from services.notifications.templates import liquid

_PURPOSE: Final = "answer"
# An SMS says not what it answers; after so long it is about something else.
SMS_WITHIN: Final = timedelta(days=7)
LONGEST_NOTE: Final = 500
# The message may have arrived, so it may be answered.
_MAY_HAVE_ARRIVED: Final = ("sending", "accepted", "delivered", "unknown")


@dataclass(frozen=True)
class Standing:
    """What the page of a link shows.

    Attributes:
        subject: of the message that asks, in the reader's language.
        trial: the link came with a trial, so there is nothing to answer.
        countries: where the broadcast is about, for the numbers to call there.
        group_size: for how many they receive; ``None`` for themselves alone.
        last: what they answered last, and when; its numbers where they speak for a group.
    """

    subject: str
    urgency: str
    drill: bool
    trial: bool
    timezone: str
    countries: list[str]
    group_size: int | None
    last: Answer | None
    numbers: Coverage | None


def answer_url(delivery_id: uuid.UUID) -> str:
    """The link by which the recipient of a message answers; nothing is stored for it."""
    return f"{settings().public_url}/answer/{sign_id(_PURPOSE, delivery_id)}"


def standing(token: str) -> Standing:
    """How things stand for a link.

    Raises:
        LinkNotValid: it is forged or damaged, its message is no longer kept, or asks nothing.
    """
    with database.transaction() as session:
        delivery, broadcast = _asked(session, token)
        if broadcast is None:
            return Standing("", "routine", False, True, "UTC", [], None, None, None)
        last = _last(session, delivery)
        tag, words = Message.model_validate(broadcast.message).in_language(language())
        return Standing(
            # Whoever has the link sees the page, so its personal words name nobody.
            subject=liquid.render(
                words.subject or words.sms, personal.nothing(), personal.fallbacks(tag)
            ),
            urgency=broadcast.urgency,
            drill=broadcast.drill,
            trial=False,
            timezone=broadcast.timezone,
            countries=list(broadcast.audience.get("countries", [])),
            group_size=_group_size(session, delivery),
            last=last,
            numbers=session.get(Coverage, last.id) if last else None,
        )


def give(token: str, answer: Literal["safe", "help"], words: str, once: Once) -> None:
    """Answer for oneself.

    Raises:
        LinkNotValid: as :func:`standing`.
    """
    with database.transaction() as session:
        delivery, broadcast = _asked(session, token)
        if broadcast is None or once.first_answer(session) is not None:
            return
        note(session, delivery, answer, via="link", note=words)
        once.keep(session, {"answer": answer})


def report(token: str, numbers: Numbers, words: str, once: Once) -> None:
    """Report for the group that the recipient receives for.

    Raises:
        LinkNotValid: as :func:`standing`, or the recipient speaks for no group.
    """
    with database.transaction() as session:
        delivery, broadcast = _asked(session, token)
        if broadcast is None or once.first_answer(session) is not None:
            return
        group_size = _group_size(session, delivery)
        if group_size is None:
            raise LinkNotValid
        _note_numbers(session, delivery, numbers, group_size, via="link", words=words)
        once.keep(session, {"reached": numbers.reached})


def note(
    session: Session,
    delivery: Delivery,
    answer: AnswerKind,
    *,
    via: Via,
    note: str = "",
    at: datetime | None = None,
) -> Answer:
    """Write an answer down, in the caller's transaction; earlier ones are kept.

    Args:
        delivery: the message that is answered; it belongs to a broadcast.
        at: when it was given; now, unless told otherwise.
    """
    made = Answer(
        broadcast_id=delivery.broadcast_id,
        delivery_id=delivery.id,
        contact_id=delivery.contact_id,
        channel=delivery.channel,
        address_hash=delivery.address_hash,
        answer=answer,
        note=note.strip()[:LONGEST_NOTE] or None,
        via=via,
    )
    if at is not None:
        made.answered_at = at
    session.add(made)
    session.flush()
    return made


def from_sms(session: Session, phone: str, text: str, at: datetime) -> bool:
    """Take an SMS as the answer to the newest broadcast that asked this number lately.

    What it says is told by its words (:mod:`.words`); a text that says neither is kept as
    ``unclear``, so that somebody on duty reads it. Words that stop messages are not answers: the
    caller looks for those first.

    Args:
        phone: E.164.
        at: when the SMS came (UTC).

    Returns:
        Whether it was an answer. ``False``: nothing was asked of this number, or it is empty.
    """
    if not text.strip():
        return False
    delivery = session.scalar(
        sa.select(Delivery)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .where(
            Broadcast.asks,
            Broadcast.started_at > at - SMS_WITHIN,
            Delivery.kind == "broadcast",
            Delivery.channel == "sms",
            Delivery.address_hash.in_(address_hashes(phone)),
            # One that waits to go once more may have come the first time.
            sa.or_(
                Delivery.state.in_(_MAY_HAVE_ARRIVED),
                sa.and_(Delivery.state == "pending", Delivery.repeated),
            ),
        )
        .order_by(Broadcast.started_at.desc(), Delivery.id.desc())
        .limit(1)
    )
    if delivery is None:
        return False
    group_size = _group_size(session, delivery)
    numbers = numbers_of(text) if group_size is not None else None
    if group_size is not None and numbers is not None:
        _note_numbers(session, delivery, numbers, group_size, via="sms", words=text, at=at)
    else:
        note(session, delivery, kind_of(text), via="sms", note=text, at=at)
    return True


def _note_numbers(
    session: Session,
    delivery: Delivery,
    numbers: Numbers,
    group_size: int,
    *,
    via: Via,
    words: str,
    at: datetime | None = None,
) -> None:
    kind = kind_of_numbers(numbers, group_size)
    answer = note(session, delivery, kind, via=via, note=words, at=at)
    session.add(
        Coverage(
            answer_id=answer.id,
            group_size=group_size,
            reached=numbers.reached,
            safe=numbers.safe,
            need_help=numbers.need_help,
        )
    )


def _asked(session: Session, token: str) -> tuple[Delivery, Broadcast | None]:
    """The message of a link and its broadcast; no broadcast for a trial."""
    try:
        identifier = read_id(_PURPOSE, token)
    except TokenError as error:
        raise LinkNotValid from error
    delivery = session.get(Delivery, identifier)
    if delivery is None:
        raise LinkNotValid
    if delivery.kind != "broadcast":
        return delivery, None
    broadcast = session.get(Broadcast, delivery.broadcast_id)
    if broadcast is None or not broadcast.asks:
        raise LinkNotValid
    return delivery, broadcast


def _group_size(session: Session, delivery: Delivery) -> int | None:
    contact = session.get(Contact, delivery.contact_id) if delivery.contact_id else None
    return contact.relays_for if contact else None


def _last(session: Session, delivery: Delivery) -> Answer | None:
    return session.scalar(
        sa.select(Answer)
        .where(
            Answer.broadcast_id == delivery.broadcast_id,
            Answer.address_hash == delivery.address_hash,
        )
        .order_by(Answer.answered_at.desc(), Answer.id.desc())
        .limit(1)
    )
