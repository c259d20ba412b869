"""An API key."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.identity.database import Base
from services.identity.roles import ROLE_FITS_DISTRICT
from services.identity.staff.models import Staff


class ApiKey(Base):
    """A program's key. The key itself is signed, not kept: this row is what it stands for.

    Attributes:
        created_by: the member of staff who made it; ``None`` for the command line or a program.
    """

    __tablename__ = "api_keys"
    __table_args__ = (sa.CheckConstraint(ROLE_FITS_DISTRICT, name="role_fits_district"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    role: Mapped[str]
    district: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey(Staff.id), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    revoked_at: Mapped[datetime | None]

    @property
    def principal(self) -> Principal:
        """The key as a caller."""
        return Principal(
            kind="key",
            id=self.id,
            credential_id=self.id,
            name=self.name,
            role=self.role,
            district=self.district,
        )
