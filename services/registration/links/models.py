"""When an address last asked, so that nobody can fill a stranger's inbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.registration.database import Base


class LinksAsked(Base):
    """One address (its keyed hash) and when it was last asked for."""

    __tablename__ = "links_asked"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
