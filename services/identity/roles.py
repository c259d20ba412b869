"""Which roles are bound to a district, and who may give which."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import AfterValidator, ValidationInfo

from services.chassis.auth import DISTRICT_ROLES, ROLE_NAMES, Principal, Role
from services.chassis.fields import BlankIsNone, District, refuse
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import city, district_name

ROLES: tuple[str, ...] = get_args(Role)
CITY_ROLES = frozenset({"city-admin", "city-editor"})

# The same rule as `_fits_role`, kept by the database as well.
ROLE_FITS_DISTRICT = (
    "CASE WHEN role IN ('city-admin', 'city-editor') THEN district IS NULL "
    "WHEN role IN ('district-admin', 'district-editor') THEN district IS NOT NULL "
    "ELSE role IN ('check-in', 'viewer') END"
)


def _fits_role(district: str | None, info: ValidationInfo) -> str | None:
    role = info.data.get("role")
    if role in DISTRICT_ROLES and district is None:
        raise refuse("This role belongs to a district; please choose which.")
    if role in CITY_ROLES and district is not None:
        raise refuse("This role is for the whole city; please leave the district empty.")
    return district


# For a model whose field `role` stands before it; give it `validate_default=True`.
RoleDistrict = Annotated[District | None, BlankIsNone, AfterValidator(_fits_role)]


def must_be_allowed_to_give(principal: Principal, role: str, district: str | None) -> None:
    """Refuse to give a role that is not the principal's to give.

    Raises:
        Invalid: a district's administrator gives a role of the city.
        Problem: 403 ``other-district``.
    """
    if principal.district is not None and role in CITY_ROLES:
        raise Invalid([FieldError("role", lazy("Only the city office can give this role."))])
    principal.must_cover(district)


def role_options(principal: Principal) -> list[tuple[str, str]]:
    """The roles that the principal may give, for a form."""
    return [
        (role, str(ROLE_NAMES[role]))
        for role in ROLES
        if principal.district is None or role not in CITY_ROLES
    ]


def district_options(principal: Principal) -> list[tuple[str, str]]:
    """The districts that the principal may bind somebody to, for a form."""
    codes = city().districts if principal.district is None else [principal.district]
    return [(code, district_name(code)) for code in codes]
