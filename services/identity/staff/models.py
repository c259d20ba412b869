"""A member of staff."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import Sealed, new_id
from services.identity.database import Base
from services.identity.roles import ROLE_FITS_DISTRICT


class Staff(Base):
    """A person who may sign in. Rows are disabled, never deleted: the audit trail names them.

    Attributes:
        version: raised by every change, so that two people editing at once notice one another.
        email: the address in lower case.
        email_hash: its fingerprint, for equality.
        district: the GB/T 2260 code that the person is bound to; ``None`` for the whole city.
        password_hash: argon2id, with its parameters.
        disabled_at: since when the person may not sign in.
    """

    __tablename__ = "staff"
    __table_args__ = (sa.CheckConstraint(ROLE_FITS_DISTRICT, name="role_fits_district"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    email: Mapped[str] = mapped_column(Sealed)
    email_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(Sealed)
    role: Mapped[str]
    district: Mapped[str | None] = mapped_column(index=True)
    password_hash: Mapped[str]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    def principal(self, session_id: uuid.UUID) -> Principal:
        """This person as the caller behind one of their sign-in sessions."""
        return Principal(
            kind="staff",
            id=self.id,
            credential_id=session_id,
            name=self.name,
            role=self.role,
            district=self.district,
        )
