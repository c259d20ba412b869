"""The answers, as they came."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

AnswerKind = Literal["safe", "help", "partly", "unclear"]
Via = Literal["link", "sms"]

KINDS: Final[tuple[AnswerKind, ...]] = ("help", "unclear", "partly", "safe")


class Answer(Base):
    """One answer to a broadcast that asks; of several by one person the last one counts.

    Attributes:
        delivery_id: the message that was answered.
        contact_id: whose it was, so that an answer by mail also counts for the same person's SMS.
        channel: of that message, and ``address_hash`` its address.
        answer: ``safe``; ``help``; ``partly`` (who speaks for a group has not reached all of them,
            or not all are safe); ``unclear`` (an SMS that a person has to read).
        note: what the person wrote with it.
        via: ``link`` or ``sms``.
    """

    __tablename__ = "answers"
    __table_args__ = (
        sa.Index("ix_answers_broadcast_id", "broadcast_id", "address_hash"),
        # Whose answers these are, when somebody is forgotten.
        sa.Index("ix_answers_delivery_id", "delivery_id"),
        sa.CheckConstraint("answer IN ('safe', 'help', 'partly', 'unclear')", name="answer_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    broadcast_id: Mapped[uuid.UUID]
    delivery_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID | None]
    channel: Mapped[str]
    address_hash: Mapped[str]
    answer: Mapped[str]
    note: Mapped[str | None] = mapped_column(Sealed)
    via: Mapped[str]
    answered_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Coverage(Base):
    """What an answer says about a group, by whoever receives for it: the numbers of one report.

    Attributes:
        group_size: how many they speak for, as it was known at that moment.
        reached: how many of them have the message; ``safe`` and ``need_help`` are among these.
    """

    __tablename__ = "coverages"

    answer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True
    )
    group_size: Mapped[int]
    reached: Mapped[int]
    safe: Mapped[int]
    need_help: Mapped[int]
