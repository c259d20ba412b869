"""A broadcast and the moves it may make."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import Sealed, new_id
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.notifications.database import Base


class Status(StrEnum):
    """Where a broadcast stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


# Every move there is. What is approved and edited is a draft again; what has begun to go out is
# never edited; what is cancelled stays so.
MOVES: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SUBMITTED, Status.CANCELLED}),
    Status.SUBMITTED: frozenset({Status.DRAFT, Status.APPROVED, Status.CANCELLED}),
    # Submitted again: whom it reaches could not be frozen, so the approval lapsed (freezing.py).
    Status.APPROVED: frozenset(
        {Status.DRAFT, Status.SUBMITTED, Status.SCHEDULED, Status.SENDING, Status.CANCELLED}
    ),
    Status.SCHEDULED: frozenset({Status.DRAFT, Status.SUBMITTED, Status.SENDING, Status.CANCELLED}),
    Status.SENDING: frozenset({Status.PAUSED, Status.SENT, Status.CANCELLED}),
    Status.PAUSED: frozenset({Status.SENDING, Status.SENT, Status.CANCELLED}),
    # Somebody, or the policy for emergencies, sends again what nobody knows to have arrived.
    Status.SENT: frozenset({Status.SENDING}),
    Status.CANCELLED: frozenset(),
}

STATUS_NAMES = {
    Status.DRAFT: lazy("Draft"),
    Status.SUBMITTED: lazy("Waiting for approval"),
    Status.APPROVED: lazy("Approved, not sent"),
    Status.SCHEDULED: lazy("Scheduled"),
    Status.SENDING: lazy("Being sent"),
    Status.PAUSED: lazy("Paused"),
    Status.SENT: lazy("Sent"),
    Status.CANCELLED: lazy("Cancelled"),
}


# The kind of author that is no person: what it drafts needs one to submit and one to approve.
SYSTEM: Final = "system"


class Broadcast(Base):
    """A message to many people.

    Attributes:
        version: raised by every change of its content or status; a page shows the one it was made
            from.
        audience: the rules by which people are chosen (:class:`.schemas.Audience`).
        message: its texts by language (:class:`.schemas.Message`).
        timezone: the zone in which staff wrote and read ``send_at`` and ``expires_at``.
        district: whose it is (GB/T 2260); ``None`` for the city's.
        author_kind: ``staff``, ``key`` or :data:`SYSTEM`.
        author_id: who made it; ``writers`` are all who had a hand in its content.
        content_hash: of everything that an approver answers for; ``approved_hash`` is the one that
            was approved, and only that may be sent.
        total: how many messages the frozen audience amounts to; 0 before the approval.
        audience_seen: the counts of the frozen audience, kept as a record.
        freeze_due_at: while the worker draws up whom it reaches: when it is to begin, or to begin
            anew. Until it is done there are no deliveries, and it cannot be ``sending``.
        freeze_attempts: how often that was begun for this approval.
        approval_lapsed: why the last approval was taken back by itself (:mod:`.freezing`).
        stop_after: how many failed messages its author wants to pause it by itself; ``None`` for
            what is usual.
        error_limit: the same as it holds at this moment; ``None`` for never.
        drill: an exercise: everything happens, and only contacts on the drill list get it.
        asks: recipients are asked "I am safe" or "I need help".
        origin: what it was drafted from by itself, such as ``advisory/<id>/<version>``.
        template_version_id: the version of the template that its texts began as.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        sa.Index("ix_broadcasts_status", "status"),
        sa.Index(
            "ix_broadcasts_template_version_id",
            "template_version_id",
            postgresql_where=sa.text("template_version_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_broadcasts_starting", "send_at", postgresql_where=sa.text("status = 'scheduled'")
        ),
        sa.CheckConstraint(
            "status IN ({})".format(", ".join(f"'{status}'" for status in Status)),
            name="status_known",
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'scheduled', 'sending', 'paused', 'sent') "
            "OR approved_hash IS NOT DISTINCT FROM content_hash",
            name="approved_as_is",
        ),
        sa.Index(
            "ix_broadcasts_freezing",
            "freeze_due_at",
            postgresql_where=sa.text("freeze_due_at IS NOT NULL"),
        ),
        sa.CheckConstraint(
            "freeze_due_at IS NULL OR status IN ('approved', 'scheduled')",
            name="frozen_before_it_goes",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    title: Mapped[str]
    urgency: Mapped[str]
    channels: Mapped[list[str]]
    audience: Mapped[dict[str, Any]]
    message: Mapped[dict[str, Any]]
    send_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    timezone: Mapped[str]
    status: Mapped[str] = mapped_column(default=Status.DRAFT.value)
    district: Mapped[str | None]
    writers: Mapped[list[str]]
    author_kind: Mapped[str]
    author_id: Mapped[uuid.UUID]
    author_name: Mapped[str] = mapped_column(Sealed)
    submitted_by_id: Mapped[uuid.UUID | None]
    submitted_by_name: Mapped[str | None] = mapped_column(Sealed)
    submitted_at: Mapped[datetime | None]
    approved_by_id: Mapped[uuid.UUID | None]
    approved_by_name: Mapped[str | None] = mapped_column(Sealed)
    approved_at: Mapped[datetime | None]
    content_hash: Mapped[str]
    approved_hash: Mapped[str | None]
    total: Mapped[int] = mapped_column(server_default="0", default=0)
    audience_seen: Mapped[dict[str, Any] | None]
    freeze_due_at: Mapped[datetime | None]
    freeze_attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    approval_lapsed: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    stop_after: Mapped[int | None]
    error_limit: Mapped[int | None]
    drill: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    asks: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    origin: Mapped[str | None] = mapped_column(unique=True)
    template_version_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(
        server_default=sa.func.now(), onupdate=sa.func.now()
    )

    @property
    def lane(self) -> str:
        """The lane its deliveries take: an emergency overtakes everything else."""
        return "urgent" if self.urgency == "emergency" else "bulk"

    @property
    def freezing(self) -> bool:
        """Whether it is approved and the worker still draws up whom it reaches."""
        return self.freeze_due_at is not None

    @property
    def size(self) -> str:
        """How many messages it amounts to, for the audit trail."""
        return "recipients being drawn up" if self.freezing else f"{self.total} messages"

    @property
    def editable(self) -> bool:
        """Whether its content may still change: nothing of it has gone out."""
        return Status.DRAFT in MOVES[Status(self.status)] or self.status == Status.DRAFT

    def written_or_submitted_by(self, principal: Principal) -> bool:
        """Whether somebody had a hand in it, so that they cannot be the second pair of eyes.

        The id alone is compared, so a key and a member of staff never stand in for one another.
        """
        return str(principal.id) in self.writers or principal.id in (
            self.author_id,
            self.submitted_by_id,
        )

    def may_become(self, status: Status) -> bool:
        """Whether the move is one of :data:`MOVES`."""
        return status in MOVES[Status(self.status)]

    def become(self, status: Status) -> None:
        """Move on.

        Raises:
            Problem: 409 ``broadcast-state``: there is no such move from where it stands.
        """
        if not self.may_become(status):
            raise Problem(
                409,
                "broadcast-state",
                lazy(
                    "This broadcast stands at “%(now)s”, so this cannot be done now.",
                    now=STATUS_NAMES[Status(self.status)],
                ),
                lazy("Somebody may have acted in the meantime. Please look at it again."),
            )
        self.status = status.value
        self.version += 1
