"""What was told to the other services of a quiz's results: its table."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base


class Tally(Base):
    """The results of a quiz as they were told last: of how many attempts, and in which version."""

    __tablename__ = "quiz_tallies"

    quiz_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("quizzes.id"), primary_key=True)
    version: Mapped[int]
    attempts: Mapped[int]
    told_at: Mapped[datetime]
