"""Addresses of other systems, and each call that was or will be made to them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class WebhookEndpoint(Base):
    """An address of another system, and what it is told.

    Attributes:
        url: sealed, because many systems take a token in it.
        events: the types of events it is told of.
        secret: signs its calls (``whsec_…``), sealed.
        old_secret: the one before, which signs as well until ``old_secret_until``.
        is_active: whether calls are planned and made.
        failing_since: since when no call has succeeded; ``None`` while it is well.
        disabled_at: when we switched it off ourselves, after failing for too long or because it
            said so (410); ``None`` when staff did.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    url: Mapped[str] = mapped_column(Sealed)
    events: Mapped[list[str]]
    secret: Mapped[str] = mapped_column(Sealed)
    old_secret: Mapped[str | None] = mapped_column(Sealed)
    old_secret_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class WebhookCall(Base):
    """One event for one endpoint.

    Attributes:
        event_id: of the CloudEvent; one call for each event and endpoint.
        body: what is sent, byte for byte the same with each attempt; no personal data.
        state: ``waiting``, ``calling``, ``done``, ``given-up``.
        due_at: not called before.
        lease_until: while ``calling``: until when its worker may be trusted to be alive.
        attempts: how often it was claimed since it was planned or replayed.
        tries: what happened, oldest first: ``{"at", "status", "said", "ms"}``.
    """

    __tablename__ = "webhook_calls"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_id"),
        sa.Index(
            "ix_webhook_calls_waiting",
            "endpoint_id",
            "due_at",
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        sa.Index(
            "ix_webhook_calls_lease", "lease_until", postgresql_where=sa.text("state = 'calling'")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'calling', 'done', 'given-up')", name="state_known"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    endpoint_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey(WebhookEndpoint.id, ondelete="CASCADE")
    )
    event_id: Mapped[uuid.UUID]
    event_type: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    due_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    tries: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    planned_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)
    ended_at: Mapped[datetime | None]
