"""What every use case of advisories does with its row: lock it, judge it, note the act."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn

Act = Literal[
    "written",
    "changed",
    "change-held",
    "submitted",
    "returned",
    "discarded",
    "published",
    "withdrawn",
]


def locked(session: Session, advisory_id: uuid.UUID) -> Advisory:
    """The advisory, held until the end of the transaction.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Advisory, advisory_id, with_for_update=True)
    if row is None:
        raise _unknown()
    return row


def found(session: Session, advisory_id: uuid.UUID) -> Advisory:
    """The advisory, as it is at this moment.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Advisory, advisory_id)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> NotFound:
    return NotFound(lazy("There is no such advisory."))


def record(session: Session, principal: Principal, advisory: Advisory, act: Act) -> None:
    """Note an act of staff in the audit trail."""
    audit.record(
        session,
        principal,
        f"advisory.{act}",
        f"advisory/{advisory.id}",
        district=None,
        detail=f"{advisory.country} {advisory.level}",
    )


def must_last(content: AdvisoryIn) -> None:
    """Refuse what nobody would see.

    Raises:
        Problem: 409 ``already-over``.
    """
    if content.valid_until is not None and content.valid_until <= utc_now():
        raise Problem(
            409,
            "already-over",
            lazy("This advisory ends in the past, so nobody would see it."),
            lazy("Please choose a later end, or none."),
        )
