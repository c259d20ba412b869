"""How many registrations one contact may have at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from services.chassis import crypto
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.registration.activities.models import Activity
from services.registration.registrations.models import Registration


def is_within() -> sa.ColumnElement[bool]:
    """Whether a contact has fewer live registrations of activities to come than it may.

    The values of its parameters are :func:`values_for`. Read no further than it takes to know.
    Two registrations at the same moment may both pass at the limit; it keeps one address from
    taking what is meant for many, and need not be exact.
    """
    most = sa.bindparam("limit_most", type_=sa.Integer)
    hashes = postgresql.ARRAY(sa.String)
    standing = (
        sa.select(sa.literal(1))
        .select_from(Registration)
        .join(_Coming, _Coming.id == Registration.activity_id)
        .where(
            # One index for each kind of address.
            sa.or_(
                Registration.email_hash == sa.any_(sa.bindparam("limit_emails", type_=hashes)),
                Registration.phone_hash == sa.any_(sa.bindparam("limit_phones", type_=hashes)),
            ),
            Registration.status != "cancelled",
            _Coming.starts_at > sa.bindparam("limit_now", type_=sa.DateTime(timezone=True)),
        )
        .limit(most)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(standing).scalar_subquery() < most


# Beside the activity that the places are taken of.
_Coming = aliased(Activity)


def values_for(email: str | None, phone: str | None, now: datetime) -> dict[str, Any]:
    """The parameters of :func:`is_within` for a contact; what begins after ``now`` is to come."""
    return {
        "limit_emails": crypto.fingerprints(email) if email else [],
        "limit_phones": crypto.fingerprints(phone) if phone else [],
        "limit_most": settings().most_registrations,
        "limit_now": now,
    }


def must_be_within(session: Session, email: str | None, phone: str | None, now: datetime) -> None:
    """Refuse a contact that has as many live registrations of activities to come as it may.

    Args:
        now: what begins later is to come (UTC).

    Raises:
        Problem: 409 ``too-many-registrations``.
    """
    if session.scalars(sa.select(is_within()), values_for(email, phone, now)).one():
        return
    raise Problem(
        409,
        "too-many-registrations",
        lazy(
            "With this e-mail address or telephone number there are %(most)s registrations "
            "already for activities to come.",
            most=settings().most_registrations,
        ),
        lazy("Please cancel one that you do not need, or ask our staff to register you."),
    )
