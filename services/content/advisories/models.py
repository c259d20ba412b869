"""The tables of advisories and of what was told of each."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import Sealed, utc_now
from services.content.database import Base
from services.content.publication import STATUS_CHECK, Publication

# What an advisory says, apart from how it stands.
CONTENT: Final = (
    "country",
    "region",
    "level",
    "word",
    "headline",
    "text",
    "advice",
    "source_url",
    "valid_from",
    "valid_until",
)


class Advisory(Publication, Base):
    """One advisory for a country, or for a region of it.

    Attributes:
        waiting: what a public advisory is to say once a second person has approved it, as JSON of
            the columns in :data:`CONTENT`; the columns go on saying what is public.
        writers: the ids of all who had a hand in what is not public yet; none of them approves it.
        submitted_at: since when it waits for a second person; every edit ends or begins that anew.
        submitted_by: who asked for it.
        return_note: why the second person gave it back.
        announced_at: when the public last saw a change of it.
    """

    __tablename__ = "advisories"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint("level IN ('blue', 'yellow', 'orange', 'red')", "level"),
        sa.CheckConstraint("word IN ('take-care', 'travel-with-caution', 'do-not-travel')", "word"),
        sa.CheckConstraint("valid_until IS NULL OR valid_until > valid_from", "valid"),
        sa.Index("ix_advisories_status_country", "status", "country"),
        sa.Index(
            "ix_advisories_submitted",
            "submitted_at",
            postgresql_where=sa.text("submitted_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_advisories_valid_until",
            "valid_until",
            postgresql_where=sa.text("status = 'published' AND valid_until IS NOT NULL"),
        ),
    )

    country: Mapped[str]
    region: Mapped[dict[str, str]]
    level: Mapped[str]
    word: Mapped[str]
    headline: Mapped[dict[str, str]]
    text: Mapped[dict[str, str]]
    advice: Mapped[dict[str, str]]
    source_url: Mapped[str | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    waiting: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    writers: Mapped[list[uuid.UUID]] = mapped_column(default=list, server_default="{}")
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[uuid.UUID | None]
    submitted_by_name: Mapped[str | None] = mapped_column(Sealed)
    return_note: Mapped[str | None]
    announced_at: Mapped[datetime | None]

    @property
    def in_force(self) -> bool:
        """Whether it is public, has begun and is not over, at this moment."""
        now = utc_now()
        return self.status == "published" and self.valid_from <= now and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return self.valid_until is not None and self.valid_until <= utc_now()

    def is_second(self, principal: Principal) -> bool:
        """Whether ``principal`` is another person than those who wrote or submitted it."""
        first = {*self.writers, self.submitted_by} - {None}
        return bool(first) and principal.id not in first

    def submit(self, principal: Principal) -> None:
        """Have it wait for a second person."""
        self.submitted_at = utc_now()
        self.submitted_by = principal.id
        self.submitted_by_name = principal.name
        self.return_note = None

    def written_on_by(self, principal: Principal) -> None:
        """Note that somebody changed what is not public yet: an approval has to be asked anew."""
        if principal.id not in self.writers:
            self.writers = [*self.writers, principal.id]
        self.end_waiting()

    def end_waiting(self, note: str | None = None) -> None:
        """Have it wait no longer; ``note`` says why it was given back."""
        self.submitted_at = None
        self.submitted_by = None
        self.submitted_by_name = None
        self.return_note = note


class AdvisoryVersion(Base):
    """What the public was told of an advisory, once.

    Attributes:
        message: how CAP calls it: ``Alert``, ``Update`` or ``Cancel``.
        act: what it was: ``published``, ``raised``, ``lowered``, ``changed`` or ``withdrawn``.
        content: the columns of :data:`CONTENT` as JSON; ``None`` where it was not kept (before
            there was this table).
        reason: why it was withdrawn.
        released_by_name: the second person, where there had to be one.
    """

    __tablename__ = "advisory_versions"
    __table_args__ = (
        sa.CheckConstraint("message IN ('Alert', 'Update', 'Cancel')", "message"),
        sa.CheckConstraint(
            "act IN ('published', 'raised', 'lowered', 'changed', 'withdrawn')", "act"
        ),
        sa.Index("ix_advisory_versions_country_at", "country", "at"),
    )

    advisory_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("advisories.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str]
    message: Mapped[str]
    act: Mapped[str]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str | None]
    at: Mapped[datetime]
    written_by_name: Mapped[str | None] = mapped_column(Sealed)
    released_by_name: Mapped[str | None] = mapped_column(Sealed)
