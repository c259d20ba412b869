"""The tables that the chassis keeps in every service's own database."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import ChassisBase, Sealed


class OutboxRow(ChassisBase):
    """An event to be told. ``unconfirmed`` names the services that have not confirmed it yet."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "due_at", postgresql_where=sa.text("unconfirmed <> '{}'")),
    )

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    type: Mapped[str]
    envelope: Mapped[dict[str, Any]]
    unconfirmed: Mapped[list[str]]
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)


class InboxRow(ChassisBase):
    """An event that was handled: its id makes a second delivery change nothing."""

    __tablename__ = "inbox"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    stale: Mapped[bool]
    handled_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)


class SubjectSeen(ChassisBase):
    """The newest version of a subject that was handled; older ones are left."""

    __tablename__ = "subjects_seen"

    source: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)


class RevokedCredential(ChassisBase):
    """A sign-in session or API key that was ended before its time."""

    __tablename__ = "revoked_credentials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class IdempotencyKey(ChassisBase):
    """The first answer to a creating call, kept so that the same call gets it again."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    answer: Mapped[str | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)
