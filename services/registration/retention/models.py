"""What is remembered of an erasure where the erased row itself has no place for it."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.database import Base


class ErasedBooking(Base):
    """A booking whose personal data is gone."""

    __tablename__ = "erased_bookings"

    booking_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("bookings.id"), primary_key=True)
    erased_at: Mapped[datetime]
