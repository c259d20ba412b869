"""Certificates of attendance: their table."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.chassis.settings import settings
from services.registration.database import Base


class Certificate(Base):
    """Says that the person of a registration came; anybody may check it by its code.

    It has no name of its own: the name is read from the registration, so that one erasure is
    enough. ``revoked_reason`` is for staff; a reader of the certificate learns only that it holds
    no longer.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_reason IS NULL)"
            " AND (revoked_at IS NULL) = (revoked_by IS NULL)",
            name="revoked",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("registrations.id"), unique=True
    )
    code: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(Sealed)
    revoked_by: Mapped[uuid.UUID | None]

    @property
    def url(self) -> str:
        """The absolute address where anybody can check it."""
        return f"{settings().public_url}/certificates/{self.code}"
