"""What goes into and comes out of the use cases about staff."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from services.chassis.auth import ROLE_NAMES, Role
from services.chassis.fields import BlankIsNone, District, Email, Name, refuse
from services.identity.roles import RoleDistrict
from services.identity.staff.passwords import NewPassword, resembles


class NewStaff(BaseModel):
    """A person to be added."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Email
    role: Role
    district: RoleDistrict = Field(default=None, validate_default=True)
    password: NewPassword = Field(description="At least 12 characters; kept as argon2id alone.")

    @field_validator("password")
    @classmethod
    def _not_known(cls, password: str, info: ValidationInfo) -> str:
        if resembles(password, info.data.get("email", ""), info.data.get("name", "")):
            raise refuse("Please choose a password that is not the person's name or address.")
        return password


class StaffChange(BaseModel):
    """A person's new name, role and district."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    district: RoleDistrict = Field(default=None, validate_default=True)
    version: int = Field(description="The version that was read before editing.")


class NewPasswordOnly(BaseModel):
    """A password that an administrator sets for somebody."""

    password: NewPassword


class StaffOut(BaseModel):
    """A member of staff as administrators see them."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    name: str
    email: str
    role: str
    district: str | None
    disabled_at: datetime | None
    created_at: datetime

    @property
    def role_name(self) -> str:
        """The role as people say it, in the language of the moment."""
        return str(ROLE_NAMES[self.role])


class StaffFilter(BaseModel):
    """Which people a list shows."""

    role: Annotated[Role | None, BlankIsNone] = None
    district: Annotated[District | None, BlankIsNone] = None
    state: Annotated[
        Literal["active", "disabled", "all"], BeforeValidator(lambda value: value or "active")
    ] = "active"
