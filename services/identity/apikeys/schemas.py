"""What goes into and comes out of the use cases about API keys."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.chassis.auth import ROLE_NAMES, Role
from services.chassis.fields import Name
from services.identity.roles import RoleDistrict


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="Whose key it is, as it stands in the audit trail.")
    role: Role
    district: RoleDistrict = Field(default=None, validate_default=True)


class KeyOut(BaseModel):
    """A key as a list shows it: everything but the key."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    role: str
    district: str | None
    created_by: uuid.UUID | None
    created_at: datetime
    revoked_at: datetime | None

    @property
    def role_name(self) -> str:
        """The role as people say it, in the language of the moment."""
        return str(ROLE_NAMES[self.role])


class IssuedKey(KeyOut):
    """A key that was just made, with the key itself. It is not shown again."""

    key: str
